//! RFC 9457: every refusal and every fault as `application/problem+json`, the framework's own included.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::domain::refusal::Invalid;
use crate::service::code::Code;
use crate::service::error::{ServiceError, StoreError};

/// A refusal on its way out. [`finish`](super::finish) gives it its `type`, `instance` and `request_id`.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What programs branch on.
    pub code: Code,
    /// What stood in the way, with its value.
    pub detail: String,
    /// The fields at fault.
    pub errors: Vec<Invalid>,
    /// Further members.
    pub extra: Map<String, Value>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem in a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut headers = Vec::new();
        match code.status() {
            401 => headers.push(("WWW-Authenticate", challenge(code))),
            503 => headers.push(("Retry-After", "1".to_owned())),
            _ => {}
        }
        Self { code, detail: detail.into(), errors: Vec::new(), extra: Map::new(), headers }
    }

    /// The same problem with one more member for programs.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(member.to_owned(), value.into());
        self
    }

    /// Absent and foreign alike.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here, or nothing that you may know of.")
    }

    /// The whole answer, in JSON.
    pub fn body(&self, base_url: &str, instance: &str, request_id: &str) -> Vec<u8> {
        let mut members = self.extra.clone();
        members.insert("type".into(), format!("{base_url}/problems/{}", self.code.as_str()).into());
        members.insert("title".into(), self.code.title().into());
        members.insert("status".into(), self.code.status().into());
        members.insert("detail".into(), cut(&self.detail, LONGEST_DETAIL).into());
        members.insert("instance".into(), instance.into());
        members.insert("code".into(), self.code.as_str().into());
        members.insert("request_id".into(), request_id.into());
        if !self.errors.is_empty() {
            let said = |one: &Invalid| {
                json!({
                    "pointer": cut(&pointer(&one.field), LONGEST_POINTER),
                    "detail": cut(&one.detail, LONGEST_DETAIL),
                    "code": one.code,
                })
            };
            let errors: Vec<Value> = self.errors.iter().map(said).collect();
            members.insert("errors".into(), errors.into());
        }
        serde_json::to_vec(&members).unwrap_or_default()
    }
}

/// The longest detail and pointer that go out: what was sent is named, and need not come back whole.
const LONGEST_DETAIL: usize = 1000;
const LONGEST_POINTER: usize = 300;

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn challenge(code: Code) -> String {
    match code {
        Code::InvalidToken | Code::TokenExpired | Code::SessionEnded => {
            format!("Bearer realm=\"rostrum\", error=\"invalid_token\", error_description=\"{}\"", code.title())
        }
        _ => "Bearer realm=\"rostrum\"".to_owned(),
    }
}

/// RFC 6901, from a path whose parts are joined by `/`. A `~` in a field's name is escaped; our names hold no slash.
fn pointer(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("/{}", field.replace('~', "~0")) }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        let response = response.finish();
        let mut response = response;
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(fault: ServiceError) -> Self {
        match fault {
            ServiceError::Refused(refused) => {
                let mut problem = Self::new(refused.code, refused.detail);
                problem.extra = refused.extra;
                if let Some(seconds) = refused.retry_after {
                    problem.headers.retain(|(name, _)| *name != "Retry-After");
                    problem.headers.push(("Retry-After", seconds.to_string()));
                }
                if let Some(revision) = refused.revision {
                    problem.headers.push(("ETag", format!("\"{revision}\"")));
                }
                problem
            }
            ServiceError::NotFound => Self::not_found(),
            ServiceError::Invalid(errors) => {
                let detail = match errors.as_slice() {
                    [one] => format!("{one}."),
                    many => format!("{} fields hold what they cannot; `errors` lists them.", many.len()),
                };
                Self { errors, ..Self::new(Code::InvalidFields, detail) }
            }
            // `App::act` answers replays itself; one that came here was not asked for.
            ServiceError::Replay(_) => Self::new(Code::Internal, "Something went wrong on our side."),
            ServiceError::Store(StoreError::Busy) => {
                Self::new(Code::Overloaded, "More is asked for than can be done just now. Nothing was changed.")
            }
            ServiceError::Store(fault @ (StoreError::Unreachable(_) | StoreError::Migration(_))) => {
                tracing::error!(error = %fault, "the database is not available");
                Self::new(Code::Unavailable, "The database cannot be reached just now.")
            }
            ServiceError::Store(fault) if fault.is_lost_race() => {
                tracing::warn!(error = %fault, "a write lost its race too often");
                Self::new(Code::Overloaded, "Too many want the same thing just now. Nothing was changed.")
            }
            ServiceError::Store(fault) => {
                tracing::error!(error = %fault, "a fault below the services");
                Self::new(Code::Internal, "Something went wrong on our side. Nothing was changed.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_and_what() {
        let invalid = Invalid::new("roles/2/min", "over_max", "12 is more than max, 10");
        let problem = Problem::from(ServiceError::from(invalid));
        let body: Value = serde_json::from_slice(&problem.body("http://site.example", "/v1/x", "r1")).unwrap();
        assert_eq!(body["type"], "http://site.example/problems/invalid_fields");
        assert_eq!(body["status"], 422);
        assert_eq!(body["errors"][0]["pointer"], "/roles/2/min");
        assert_eq!((&body["instance"], &body["request_id"]), (&json!("/v1/x"), &json!("r1")));
    }

    #[test]
    fn no_cause_reaches_the_client() {
        let fault = StoreError::Corrupt("secret column".to_owned());
        let problem = Problem::from(ServiceError::from(fault));
        assert_eq!(problem.code, Code::Internal);
        assert!(!problem.detail.contains("secret"));
    }
}
