//! Calendar feeds over HTTP: GET and HEAD, with validators, for programs that ask every hour for years.
//!
//! The handlers take what they need from the request and nothing else: most answers come from memory, and an answer that
//! the program has already is a 304 without a calendar. Absent on purpose: tokens of people who have signed in; the
//! private feed's address is its secret, and is written to no log.

use actix_web::http::header::{self, HeaderMap, HttpDate};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ctx::{Answer, NoQuery, wrong_query};
use super::problem::Problem;
use super::route_table;
use crate::domain::people::place::Position;
use crate::domain::people::volunteer::{Level, Skill, language};
use crate::domain::time::Instant;
use crate::service::app::App;
use crate::service::code::Code;
use crate::service::feeds::agendas::{Near, NeedsFilter, SkillName};
use crate::service::feeds::{self, Feed, Finished};

route_table! {
    "/feeds/campuses/{campus_id}/events.ics" => { get campus, head campus }
    "/feeds/volunteers/{token}.ics" => { get volunteer, head volunteer }
    "/feeds/needs.ics" => { get needs, head needs }
}

/// How a feed may be kept by others, and what it is called as a file.
struct Manner {
    cache: &'static str,
    file: &'static str,
}

const EVENTS: Manner = Manner { cache: PUBLIC, file: "inline; filename=\"events.ics\"" };
const ENGAGEMENTS: Manner = Manner { cache: "private, no-cache", file: "inline; filename=\"engagements.ics\"" };
const NEEDS: Manner = Manner { cache: PUBLIC, file: "inline; filename=\"needs.ics\"" };
const PUBLIC: &str = "public, max-age=300";

/// The published events of a campus.
async fn campus(req: HttpRequest) -> Answer {
    query::<NoQuery>(&req)?;
    let id = req.match_info().get("campus_id").and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)?;
    answer(&req, Feed::Campus(id), &EVENTS).await
}

/// What a volunteer has promised.
async fn volunteer(req: HttpRequest) -> Answer {
    query::<NoQuery>(&req)?;
    let token = req.match_info().get("token").ok_or_else(Problem::not_found)?;
    answer(&req, Feed::of_token(token), &ENGAGEMENTS).await
}

/// The open needs that pass a filter.
async fn needs(req: HttpRequest) -> Answer {
    let filter = query::<NeedsQuery>(&req)?.read()?;
    answer(&req, Feed::Needs(filter), &NEEDS).await
}

/// The filter, as it comes in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeedsQuery {
    campus_id: Option<String>,
    kind: Option<String>,
    skill: Option<String>,
    mode: Option<String>,
    near: Option<String>,
    within_km: Option<String>,
    language: Option<String>,
}

impl NeedsQuery {
    fn read(self) -> Result<NeedsFilter, Problem> {
        let near = match (&self.near, &self.within_km) {
            (Some(near), Some(km)) => Some(Near::new(position(near)?, kilometres(km)?)),
            (None, None) => None,
            (Some(near), None) => return Err(alone("near", near, "within_km")),
            (None, Some(km)) => return Err(alone("within_km", km, "near")),
        };
        Ok(NeedsFilter {
            campus: word("campus_id", self.campus_id, "the id of a campus")?,
            kind: word("kind", self.kind, "a kind of need, such as mock_interviews")?,
            skill: self.skill.map(|name| skill(&name)).transpose()?,
            mode: word("mode", self.mode, "in_person or virtual")?,
            near,
            language: self.language.map(|text| tag(&text)).transpose()?,
        })
    }
}

fn wrong(parameter: &str, value: &str, takes: &str) -> Problem {
    let shown: String = value.chars().take(100).collect();
    Problem::new(Code::InvalidParameter, format!("{parameter} is {shown:?}; it takes {takes}."))
}

fn alone(parameter: &str, value: &str, other: &str) -> Problem {
    let shown: String = value.chars().take(100).collect();
    Problem::new(Code::InvalidParameter, format!("{parameter} is {shown:?}, but {other} is missing; they go together."))
}

fn word<T: std::str::FromStr>(parameter: &str, value: Option<String>, takes: &str) -> Result<Option<T>, Problem> {
    value.map(|value| value.parse().map_err(|_| wrong(parameter, &value, takes))).transpose()
}

fn skill(name: &str) -> Result<SkillName, Problem> {
    let skill =
        Skill::new(name, Level::Foundation).map_err(|_| wrong("skill", name, "1 to 80 characters in one line"))?;
    Ok(SkillName::of(&skill))
}

fn tag(text: &str) -> Result<String, Problem> {
    // In a query one language has one spelling, so that the same feed has one address.
    let read = language("language", text).ok().filter(|read| read == text);
    read.ok_or_else(|| wrong("language", text, "a tag of two or three lower-case letters, such as en"))
}

fn position(text: &str) -> Result<Position, Problem> {
    let position = text.split_once(',').and_then(|(lat, lon)| Some((degrees(lat)?, degrees(lon)?)));
    let position = position.and_then(|(lat, lon)| Position::new(lat, lon).ok());
    position.ok_or_else(|| wrong("near", text, "latitude and longitude in degrees, such as 39.95,-76.71"))
}

/// Up to three digits, and eight after the point.
fn degrees(text: &str) -> Option<f64> {
    let size = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = size.split_once('.').unwrap_or((size, "0"));
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| digits(whole, 3) && digits(rest, 8))
}

fn kilometres(text: &str) -> Result<u16, Problem> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    let km = text.parse().ok().filter(|km| plain && (1..=20_000).contains(km));
    km.ok_or_else(|| wrong("within_km", text, "a whole number from 1 to 20000"))
}

fn query<Q: DeserializeOwned>(req: &HttpRequest) -> Result<Q, Problem> {
    let read = web::Query::<Q>::from_query(req.query_string()).map_err(|fault| wrong_query(&fault.to_string()))?;
    Ok(read.into_inner())
}

async fn answer(req: &HttpRequest, feed: Feed, manner: &Manner) -> Answer {
    let app = req.app_data::<web::Data<App>>();
    let app = app.ok_or_else(|| Problem::new(Code::Internal, "The service is not put together."))?;
    let finished = feeds::find(app, feed).await?;
    let known = is_known(req.headers(), &finished);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, finished.etag.as_str()))
        .insert_header((header::LAST_MODIFIED, http_date(finished.changed)))
        .insert_header((header::CACHE_CONTROL, manner.cache));
    if known {
        return Ok(response.finish());
    }
    // The answer to HEAD announces the length of what it leaves out.
    Ok(response
        .insert_header((header::CONTENT_TYPE, "text/calendar; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, manner.file))
        .body(finished.bytes.clone()))
}

fn http_date(at: Instant) -> HttpDate {
    HttpDate::from(std::time::SystemTime::from(at.utc()))
}

/// Whether the program holds these very bytes, by tag or else by date.
fn is_known(headers: &HeaderMap, finished: &Finished) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).peekable();
    if tags.peek().is_some() {
        return tags.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim).any(|tag| {
            // Weak comparison: a proxy may have weakened the tag on its way.
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == finished.etag
        });
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
    // What is no date is left aside, as RFC 9110 has it.
    since.and_then(|since| since.parse::<HttpDate>().ok()).is_some_and(|since| http_date(finished.changed) <= since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<NeedsFilter, Problem> {
        let query = web::Query::<NeedsQuery>::from_query(query).map_err(|fault| wrong_query(&fault.to_string()))?;
        query.into_inner().read()
    }

    #[test]
    fn a_wrong_filter_is_named_with_its_value() {
        let check = |query: &str, code: Code, said: &[&str]| {
            let problem = read(query).unwrap_err();
            assert_eq!(problem.code, code, "{query}: {problem}");
            assert!(said.iter().all(|said| problem.detail.contains(said)), "{query}: {problem}");
        };
        check("colour=red", Code::UnknownParameter, &["colour"]);
        check("kind=fair", Code::InvalidParameter, &["kind", "fair"]);
        check("kind=", Code::InvalidParameter, &["kind"]);
        check("kind=workshop&kind=podcast", Code::InvalidParameter, &["kind"]);
        check("mode=Virtual", Code::InvalidParameter, &["mode", "Virtual"]);
        check("campus_id=7", Code::InvalidParameter, &["campus_id", "7"]);
        check("skill=%0D%0AX:1", Code::InvalidParameter, &["skill"]);
        check("language=EN", Code::InvalidParameter, &["language", "EN"]);
        check("language=english", Code::InvalidParameter, &["language", "english"]);
        check("near=39.95,-76.71", Code::InvalidParameter, &["near", "within_km is missing"]);
        check("within_km=5", Code::InvalidParameter, &["within_km", "near is missing"]);
        check("within_km=0&near=0,0", Code::InvalidParameter, &["within_km", "0"]);
        check("within_km=%2B5&near=0,0", Code::InvalidParameter, &["within_km", "+5"]);
        check("within_km=20001&near=0,0", Code::InvalidParameter, &["within_km", "20001"]);
        for near in
            ["91,0", "0,181", "0", "0,0,0", "nan,0", "1e1,0", "inf,0", ",", "5.,0", ".5,0", "--5,0", "0,0.123456789"]
        {
            check(&format!("within_km=5&near={near}"), Code::InvalidParameter, &["near", near]);
        }
    }

    #[test]
    fn filters_that_mean_the_same_are_the_same() {
        let same = |a: &str, b: &str| assert_eq!(read(a).unwrap(), read(b).unwrap(), "{a} {b}");
        same("skill=Interview%20Coaching&language=en", "language=en&skill=interview+coaching");
        same("near=39.95,-76.71&within_km=50", "within_km=50&near=39.95000001,-76.710");
        same("", "");
        assert_ne!(read("near=39.95,-76.71&within_km=50").unwrap(), read("near=39.95,-76.71&within_km=51").unwrap());
    }

    #[test]
    fn what_the_program_holds_is_recognised() {
        let at = Instant::from_unix(1_800_000_000);
        let finished = Finished { bytes: web::Bytes::new(), etag: "\"abc\"".to_owned(), changed: at };
        let check = |given: &[(header::HeaderName, &str)], expect: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.append(name.clone(), header::HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_known(&headers, &finished), expect, "{given:?}");
        };
        let (tag, since) = (header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE);
        check(&[], false);
        for given in ["\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"", "\"x\",W/\"abc\" , \"y\""] {
            check(&[(tag.clone(), given)], true);
        }
        for given in ["abc", "\"ab\"", "", "\"abc", "w/\"abc\""] {
            check(&[(tag.clone(), given)], false);
        }
        check(&[(tag.clone(), "\"x\""), (tag.clone(), "\"abc\"")], true);
        let (before, then, later) =
            ("Fri, 15 Jan 2027 07:59:59 GMT", "Fri, 15 Jan 2027 08:00:00 GMT", "Sat, 16 Jan 2027 08:00:00 GMT");
        check(&[(since.clone(), then)], true);
        check(&[(since.clone(), later)], true);
        check(&[(since.clone(), "Friday, 15-Jan-27 08:00:00 GMT")], true);
        check(&[(since.clone(), before)], false);
        check(&[(since.clone(), "yesterday")], false);
        check(&[(since.clone(), later), (tag.clone(), "\"x\"")], false);
        check(&[(since, before), (tag, "\"abc\"")], true);
    }
}
