//! Reading what comes in: a JSON body with a limit, a deadline and errors that point at the field; ids in the path.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::domain::refusal::Invalid;
use crate::service::code::Code;

/// The most octets of a JSON body.
pub const MOST_JSON: usize = 256 * 1024;
/// The most octets of a form.
pub const MOST_FORM: usize = 16 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// SHA-256 of `octets`, in base64url.
pub fn digest(octets: &[u8]) -> String {
    use base64::Engine as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
}

/// A JSON body, read, and the digest of its octets.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of the octets, for the Idempotency-Key.
    pub digest: String,
}

/// A body that says nothing: `{}` or no body at all.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, mut payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let octets = read(&req, &mut payload, MOST_JSON).await?;
            if !octets.is_empty() {
                media_type(&req, "application/json")?;
            }
            let text: &[u8] = if octets.is_empty() { b"{}" } else { &octets };
            Ok(Self { value: parse(text)?, digest: digest(&octets) })
        })
    }
}

/// A form of the pages, read.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, mut payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let octets = read(&req, &mut payload, MOST_FORM).await?;
            media_type(&req, "application/x-www-form-urlencoded")?;
            let text = std::str::from_utf8(&octets)
                .map_err(|_| Problem::new(Code::BadRequest, "The form is not in UTF-8."))?;
            actix_web::web::Query::<T>::from_query(text)
                .map(|form| Self(form.into_inner()))
                .map_err(|fault| Problem::new(Code::InvalidFields, format!("The form cannot be read: {fault}.")))
        })
    }
}

/// The octets of a body, at most so many and within the time that one may take.
///
/// # Errors
/// `body_too_large`, `request_timeout`, `bad_request`.
pub(super) async fn read(req: &HttpRequest, payload: &mut Payload, most: usize) -> Result<BytesMut, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge, format!("The body is larger than {most} octets."));
    let announced = req.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let arrive = async {
        let mut octets = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk =
                chunk.map_err(|fault| Problem::new(Code::BadRequest, format!("The body broke off: {fault}.")))?;
            if octets.len() + chunk.len() > most {
                return Err(too_large());
            }
            octets.extend_from_slice(&chunk);
        }
        Ok(octets)
    };
    tokio::time::timeout(PATIENCE, arrive).await.unwrap_or_else(|_| {
        Err(Problem::new(Code::RequestTimeout, format!("The body did not arrive within {} s.", PATIENCE.as_secs())))
    })
}

/// What a request says of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// Type and subtype, in small letters; empty where nothing is said.
    pub essence: String,
    /// The charset, if one is named.
    pub charset: Option<String>,
}

impl MediaType {
    /// Whether it names no other charset than UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.charset.as_ref().is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
    }
}

/// What Content-Type says.
pub(super) fn media_type_of(req: &HttpRequest) -> MediaType {
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    });
    MediaType { essence, charset }
}

/// Requires the media type, in UTF-8 if it names a charset.
fn media_type(req: &HttpRequest, expected: &str) -> Result<(), Problem> {
    let said = media_type_of(req);
    if said.essence == expected && said.is_utf8() {
        return Ok(());
    }
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let given = if given.is_empty() { "nothing".to_owned() } else { format!("{given:?}") };
    Err(Problem::new(Code::UnsupportedMediaType, format!("Content-Type says {given}; send {expected} in UTF-8.")))
}

/// Reads JSON.
///
/// # Errors
/// `invalid_json`; `invalid_fields`, which points at the field.
pub(super) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    // What is no JSON at all is told before a field of it is found wrong.
    serde_json::from_slice::<serde::de::IgnoredAny>(text)
        .map_err(|fault| Problem::new(Code::InvalidJson, format!("The body is not one JSON document: {fault}.")))?;
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|fault| unread(&fault))
}

/// Tells text that is no JSON from JSON that says what it cannot.
fn unread(fault: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let cause = fault.inner();
    if !cause.is_data() {
        return Problem::new(Code::InvalidJson, format!("The body is not JSON: {cause}."));
    }
    let path: Vec<String> = fault
        .path()
        .iter()
        .filter_map(|segment| match segment {
            serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
            serde_path_to_error::Segment::Map { key } => Some(key.clone()),
            serde_path_to_error::Segment::Enum { variant } => Some(variant.clone()),
            serde_path_to_error::Segment::Unknown => None,
        })
        .collect();
    let said = cause.to_string();
    // serde_json adds where it stopped reading, which helps nobody once the field is named.
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said).to_owned();
    let named = said.split('`').nth(1).unwrap_or_default();
    let (code, path) = if said.starts_with("unknown field") {
        // serde_path_to_error already ends the path with the unknown key.
        ("unknown_field", path.join("/"))
    } else if said.starts_with("missing field") {
        ("required", [path.as_slice(), &[named.to_owned()]].concat().join("/"))
    } else if said.starts_with("duplicate field") {
        ("repeated", [path.as_slice(), &[named.to_owned()]].concat().join("/"))
    } else if said.starts_with("unknown variant") {
        ("unknown_value", path.join("/"))
    } else if said.starts_with("invalid type") {
        ("wrong_type", path.join("/"))
    } else if said.starts_with("invalid value") {
        ("out_of_range", path.join("/"))
    } else {
        ("invalid_format", path.join("/"))
    };
    let invalid = Invalid::new(path, code, said);
    Problem { errors: vec![invalid.clone()], ..Problem::new(Code::InvalidFields, format!("{invalid}.")) }
}

/// The one id of a path. What is no id names nothing: 404.
#[derive(Debug, Clone, Copy)]
pub struct At<T>(pub T);

/// Two ids of a path.
#[derive(Debug, Clone, Copy)]
pub struct Pair<A, B>(pub A, pub B);

impl<A: std::str::FromStr, B: std::str::FromStr> FromRequest for Pair<A, B> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parts: Vec<&str> = req.match_info().iter().map(|(_, part)| part).collect();
        let pair = match parts.as_slice() {
            [first, second] => first.parse().ok().zip(second.parse().ok()),
            _ => None,
        };
        std::future::ready(pair.map(|(first, second)| Self(first, second)).ok_or_else(Problem::not_found))
    }
}

impl<T: std::str::FromStr> FromRequest for At<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut parts = req.match_info().iter().map(|(_, part)| part);
        let only = parts.next().filter(|_| parts.next().is_none());
        std::future::ready(only.and_then(|part| part.parse().ok()).map(Self).ok_or_else(Problem::not_found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read by serde")]
    struct Outer {
        title: String,
        roles: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read by serde")]
    struct Inner {
        max: u16,
    }

    #[test]
    fn a_wrong_body_is_pointed_at() {
        let check = |text: &str, code: Code, field: Option<(&str, &str)>| {
            let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code, "{text}: {problem}");
            let found = problem.errors.first().map(|one| (one.field.as_str(), one.code));
            assert_eq!(found, field, "{text}: {problem}");
        };
        check("{", Code::InvalidJson, None);
        check("{} {}", Code::InvalidJson, None);
        check(r#"{"colour" 1}"#, Code::InvalidJson, None);
        check("{}", Code::InvalidFields, Some(("title", "required")));
        check(r#"{"title":"a","roles":[]} x"#, Code::InvalidJson, None);
        check(r#"{"title":1,"roles":[]}"#, Code::InvalidFields, Some(("title", "wrong_type")));
        check(r#"{"title":"a"}"#, Code::InvalidFields, Some(("roles", "required")));
        check(
            r#"{"title":"a","roles":[{"max":1},{"max":-1}]}"#,
            Code::InvalidFields,
            Some(("roles/1/max", "out_of_range")),
        );
        check(r#"{"title":"a","roles":[{"mox":1}]}"#, Code::InvalidFields, Some(("roles/0/mox", "unknown_field")));
        check(r#"{"title":"a","title":"b","roles":[]}"#, Code::InvalidFields, Some(("title", "repeated")));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        check(&deep, Code::InvalidFields, Some(("0", "wrong_type")));
        check(&format!(r#"{{"title":{deep}}}"#), Code::InvalidFields, Some(("title", "wrong_type")));
    }
}
