//! The last hand on every answer: a request id, problems in full, headers for safety, and one line in the log.

use std::panic::AssertUnwindSafe;
use std::time::Instant as Stopwatch;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};
use futures_util::FutureExt;

use super::problem::Problem;
use crate::service::app::App;
use crate::service::code::Code;

/// The header that names a request in answers and logs.
const REQUEST_ID: &str = "X-Request-Id";

/// Finishes the answer to each request.
///
/// # Errors
/// Never for a refusal; only where the framework itself cannot answer.
pub async fn finish(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let since = Stopwatch::now();
    let request_id = request_id(&req);
    let base_url = req.app_data::<web::Data<App>>().map(|app| app.site.base_url.clone()).unwrap_or_default();
    let (method, path) = (req.method().clone(), req.path().to_owned());
    // A clone of the request kept over the call would stop actix from routing it, so what is needed later is copied.
    let answered = AssertUnwindSafe(next.call(req)).catch_unwind().await;
    let mut response = match answered {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(fault)) => return Err(Finished::of(&fault, &base_url, &path, &request_id).into()),
        Err(_panic) => {
            tracing::error!(request_id, method = %method, "a handler panicked");
            let problem = Problem::new(Code::Internal, "Something went wrong on our side. Nothing was changed.");
            return Err(Finished::new(&problem, &base_url, &path, &request_id).into());
        }
    };
    let problem = response.response().extensions().get::<Problem>().cloned();
    let problem = problem.or_else(|| foreign(response.response()));
    if let Some(problem) = problem {
        let instance = safe_path(&path);
        let body = problem.body(&base_url, &instance, &request_id);
        let (req, refused) = response.into_parts();
        let mut full = HttpResponse::build(refused.status());
        for (name, value) in refused.headers() {
            if name != header::CONTENT_LENGTH {
                full.append_header((name.clone(), value.clone()));
            }
        }
        full.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        full.insert_header((header::CACHE_CONTROL, "no-store"));
        response = ServiceResponse::new(req, full.body(body));
    } else if let Some(tag) = not_modified(&response) {
        let (req, _) = response.into_parts();
        response = ServiceResponse::new(req, HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    safe_headers(&mut response, &request_id);
    tracing::info!(
        request_id,
        method = %method,
        route = response.request().match_pattern().as_deref().unwrap_or("none"),
        status = response.status().as_u16(),
        micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    Ok(response)
}

/// The caller's own id, if it is harmless, or a new one.
fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get(REQUEST_ID).and_then(|given| given.to_str().ok());
    let harmless = |given: &&str| {
        (8..=64).contains(&given.len()) && given.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    given.filter(harmless).map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// The most letters of a path that `instance` gives back.
const LONGEST_INSTANCE: usize = 1000;

/// The path as `instance` gives it: secrets in page addresses are left out, and what is overlong is cut.
fn safe_path(path: &str) -> String {
    for secret in ["/o/", "/p/", "/day/", "/door/", "/sign-in/", "/feeds/volunteers/"] {
        if path.starts_with(secret) {
            return format!("{secret}***");
        }
    }
    path.chars().take(LONGEST_INSTANCE).collect()
}

/// A problem in place of an answer that the framework gave by itself.
fn foreign(response: &HttpResponse<BoxBody>) -> Option<Problem> {
    let fault = response.error()?;
    let said = fault.to_string();
    let problem = match response.status() {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(Code::MethodNotAllowed, "This address does not take this method.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge, "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Code::UnsupportedMediaType, "Send application/json."),
        status if status.is_client_error() => Problem::new(Code::BadRequest, format!("{said}.")),
        _ => {
            tracing::error!(error = %said, "a fault in the framework");
            Problem::new(Code::Internal, "Something went wrong on our side.")
        }
    };
    Some(problem)
}

/// The validator of a GET that the caller has already, if so.
fn not_modified(response: &ServiceResponse<BoxBody>) -> Option<header::HeaderValue> {
    let req = response.request();
    if req.method() != Method::GET || response.status() != StatusCode::OK {
        return None;
    }
    let tag = response.headers().get(header::ETAG)?;
    let strong = tag.to_str().ok()?;
    let known = req.headers().get(header::IF_NONE_MATCH)?.to_str().ok()?;
    let same = |given: &str| given == "*" || given.strip_prefix("W/").unwrap_or(given) == strong;
    known.split(',').map(str::trim).any(same).then(|| tag.clone())
}

fn safe_headers(response: &mut ServiceResponse<BoxBody>, request_id: &str) {
    let headers = response.headers_mut();
    let mut say = |name: header::HeaderName, value: &str| {
        if let (false, Ok(value)) = (headers.contains_key(&name), header::HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    say(header::HeaderName::from_static("x-request-id"), request_id);
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::REFERRER_POLICY, "no-referrer");
    say(header::X_FRAME_OPTIONS, "DENY");
    say(header::CACHE_CONTROL, "no-store");
    say(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
}

/// A problem that is written out already, for where no answer is left to write it into.
#[derive(Debug)]
struct Finished {
    status: StatusCode,
    body: Vec<u8>,
    request_id: String,
}

impl Finished {
    fn new(problem: &Problem, base_url: &str, path: &str, request_id: &str) -> Self {
        Self {
            status: problem.status_code(),
            body: problem.body(base_url, &safe_path(path), request_id),
            request_id: request_id.to_owned(),
        }
    }

    fn of(fault: &Error, base_url: &str, path: &str, request_id: &str) -> Self {
        let problem = fault.as_error::<Problem>().cloned();
        let problem = problem.or_else(|| foreign(&fault.error_response()));
        let problem = problem.unwrap_or_else(|| Problem::new(Code::Internal, "Something went wrong on our side."));
        Self::new(&problem, base_url, path, request_id)
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "request {}", self.request_id)
    }
}

impl ResponseError for Finished {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status)
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REQUEST_ID, self.request_id.as_str()))
            .body(self.body.clone())
    }
}
