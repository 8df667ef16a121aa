//! What every handler gets: the house, the caller, the query, and the ways into a use case.

use std::ops::ControlFlow;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::page::Page;
use super::problem::Problem;
use crate::auth::secret;
use crate::auth::token::TokenFault;
use crate::service::access::{Actor, Caller, PORTAL_KEY};
use crate::service::app::{App, Tx};
use crate::service::code::Code;
use crate::service::error::{Seen, ServiceError};
use crate::service::idempotency::{Keyed, Stored};

/// What a handler answers.
pub type Answer = Result<HttpResponse, Problem>;

/// Of an operation that takes no query.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// A request, read as far as all operations have in common.
#[derive(Clone)]
pub struct Ctx<Q = NoQuery> {
    /// The house.
    pub app: App,
    /// The query.
    pub query: Q,
    /// The caller's network address, where known.
    pub peer: Option<std::net::IpAddr>,
    cookies: Vec<String>,
    caller: Result<Caller, Problem>,
    portals_too: bool,
    key: Option<String>,
    seen: Seen,
    method: String,
    path: String,
    raw_query: String,
}

/// The header under which a caller names a request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl<Q: DeserializeOwned + 'static> FromRequest for Ctx<Q> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::read_request(req))
    }
}

impl<Q: DeserializeOwned> Ctx<Q> {
    fn read_request(req: &HttpRequest) -> Result<Self, Problem> {
        let app = req.app_data::<web::Data<App>>().map(|app| app.get_ref().clone());
        let app = app.ok_or_else(|| Problem::new(Code::Internal, "The service is not put together."))?;
        let query = web::Query::<Q>::from_query(req.query_string()).map_err(|fault| wrong_query(&fault.to_string()))?;
        Ok(Self {
            caller: caller(req, &app),
            portals_too: false,
            app,
            query: query.into_inner(),
            peer: req.peer_addr().map(|peer| peer.ip()),
            cookies: cookies(req),
            key: idempotency_key(req)?,
            seen: seen(req)?,
            method: req.method().to_string(),
            path: req.path().to_owned(),
            raw_query: req.query_string().to_owned(),
        })
    }
}

impl<Q> Ctx<Q> {
    /// What If-Match says.
    pub fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// The value of a cookie that the caller holds.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.cookies.iter().flat_map(|header| header.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The page of a list that is asked for.
    ///
    /// # Errors
    /// Those of [`Page::new`].
    pub fn page(&self, limit: Option<u32>, cursor: Option<&str>) -> Result<Page, Problem> {
        Page::new(&self.path, &self.raw_query, limit, cursor)
    }

    /// Reads as the caller, who must have signed in.
    ///
    /// # Errors
    /// The caller's token's, the use case's.
    pub async fn read<F>(self, work: F) -> Answer
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Reply, ServiceError> + Send + 'static,
    {
        Ok(self.find(work).await?.into_response(false))
    }

    /// Reads as the caller, who must have signed in, what is not an answer yet.
    ///
    /// # Errors
    /// The caller's token's, the use case's.
    pub async fn find<T, F>(self, mut work: F) -> Result<T, Problem>
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let (app, caller) = (self.app.clone(), self.caller()?);
        let found = app.read(move |tx| {
            let actor = caller.enter(tx)?;
            work(tx, &actor)
        });
        Ok(found.await?)
    }

    /// Reads for anybody; a caller who has signed in is known. A token that is sent must be sound. Those who have not signed
    /// in and ask for the same at the same time share one read.
    ///
    /// # Errors
    /// The caller's token's, the use case's.
    pub async fn read_public<F>(self, mut work: F) -> Answer
    where
        F: FnMut(&mut Tx<'_>, Option<&Actor>) -> Result<Reply, ServiceError> + Send + 'static,
    {
        let caller = match self.caller {
            Ok(caller) => caller,
            Err(problem) if problem.code == Code::Unauthenticated => {
                let what = format!("{}?{}", self.path, self.raw_query);
                let found = self.app.read_shared(&what, move |tx| Ok(work(tx, None)?.0)).await?;
                return Ok(Reply::clone_of(found).into_response(false));
            }
            Err(problem) => return Err(problem),
        };
        let found = self.app.read(move |tx| {
            let actor = caller.enter(tx)?;
            work(tx, Some(&actor))
        });
        Ok(found.await?.into_response(false))
    }

    /// Writes as the caller, once for each call: PATCH and DELETE, which If-Match guards.
    ///
    /// # Errors
    /// The caller's token's, the use case's.
    pub async fn write<F>(self, mut work: F) -> Answer
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Reply, ServiceError> + Send + 'static,
    {
        let (app, caller) = (self.app.clone(), self.caller()?);
        let reply = app.write(move |tx| {
            let actor = caller.enter(tx)?;
            work(tx, &actor)
        });
        Ok(reply.await?.into_response(false))
    }

    /// Acts as the caller, once for each Idempotency-Key: POST. `digest` is the body's.
    ///
    /// # Errors
    /// The caller's token's, the use case's.
    pub async fn act<F>(self, digest: String, mut work: F) -> Answer
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<Reply, ServiceError> + Send + 'static,
    {
        let caller = self.caller()?;
        let keyed = self.keyed(&caller, &digest);
        let (stored, replayed) = self
            .app
            .act(keyed, move |tx| {
                let actor = caller.enter(tx)?;
                work(tx, &actor).map(|reply| reply.0)
            })
            .await?;
        Ok(Reply(stored).into_response(replayed))
    }

    /// Keeps an answer to what was done before, in transactions of its own, under the caller's key; without one nothing is
    /// written. Where another request under the same key was faster, that one's answer stands.
    ///
    /// # Errors
    /// The caller's token's, the lane's.
    pub async fn keep_answer(self, digest: String, reply: Reply) -> Answer {
        let caller = self.caller()?;
        let Some(keyed) = self.keyed(&caller, &digest) else { return Ok(reply.into_response(false)) };
        let stored = reply.0;
        let (stored, replayed) = self
            .app
            .act(Some(keyed), move |tx| {
                tx.entitled()?;
                Ok(stored.clone())
            })
            .await?;
        Ok(Reply(stored).into_response(replayed))
    }

    /// Looks whether what would be done is refused, and what doing it takes, before anybody waits for their turn to do it.
    /// Breaks with what was answered before under the same key, if it was.
    ///
    /// # Errors
    /// The caller's token's, those of `work`.
    pub async fn peek<T, F>(&self, digest: &str, mut work: F) -> Result<ControlFlow<HttpResponse, T>, Problem>
    where
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let caller = self.caller()?;
        let keyed = self.keyed(&caller, digest);
        let before = self.app.peek(keyed, move |tx| {
            let actor = caller.enter(tx)?;
            work(tx, &actor)
        });
        Ok(before.await?.map_break(|stored| Reply(stored).into_response(true)))
    }

    /// The request under its key, if it has one.
    fn keyed(&self, caller: &Caller, digest: &str) -> Option<Keyed> {
        let who = match caller {
            Caller::Person(bearer) => bearer.account.to_string(),
            Caller::Portal(hash) => hash.clone(),
        };
        self.key.as_ref().map(|key| Keyed {
            scope: format!("{who} {} {}", self.method, self.path),
            key: key.clone(),
            fingerprint: digest.to_owned(),
        })
    }

    /// Acts for anybody, without a key: what answers with secrets must not be kept.
    ///
    /// # Errors
    /// The use case's.
    pub async fn act_public<F>(self, mut work: F) -> Answer
    where
        F: FnMut(&mut Tx<'_>) -> Result<Reply, ServiceError> + Send + 'static,
    {
        Ok(self.app.write(move |tx| work(tx)).await?.into_response(false))
    }

    /// The caller of an operation that has more to do than one transaction.
    ///
    /// # Errors
    /// What is wrong with the caller's token; `forbidden` for a portal where only people are let in.
    pub fn caller(&self) -> Result<Caller, Problem> {
        match self.caller.clone()? {
            Caller::Portal(_) if !self.portals_too => Err(Problem::new(
                Code::Forbidden,
                "A portal's key opens students, bookings and the waitlist; this takes a person's access token.",
            )),
            caller => Ok(caller),
        }
    }

    /// The same request, of an operation that portals may call as well as people.
    #[must_use]
    pub fn for_portals_too(self) -> Self {
        Self { portals_too: true, ..self }
    }
}

/// An answer, finished inside the transaction that it tells of.
pub struct Reply(Stored);

impl Reply {
    /// 200 with a view.
    pub fn ok<V: Serialize>(view: &V) -> Self {
        Self::json(200, view)
    }

    /// 201 with a view and where it is to be found.
    pub fn created<V: Serialize>(view: &V, location: String) -> Self {
        Self::json(201, view).header("Location", location)
    }

    /// 201 with a view that is nowhere else to be found.
    pub fn made<V: Serialize>(view: &V) -> Self {
        Self::json(201, view)
    }

    /// 202 with a view.
    pub fn accepted<V: Serialize>(view: &V) -> Self {
        Self::json(202, view)
    }

    /// 207 with what became of each of many.
    pub fn many<V: Serialize>(view: &V) -> Self {
        Self::json(207, view)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self(Stored { status: 204, headers: Vec::new(), body: Vec::new() })
    }

    /// 200 with what is not JSON, such as a picture.
    pub fn media(content_type: &str, body: Vec<u8>) -> Self {
        Self(Stored { status: 200, headers: vec![("Content-Type".into(), content_type.into())], body })
    }

    /// The answer that many share.
    fn clone_of(shared: Arc<Stored>) -> Self {
        Self(Arc::unwrap_or_clone(shared))
    }

    /// The same answer with the strong validator of `revision`.
    #[must_use]
    pub fn etag(self, revision: i64) -> Self {
        self.header("ETag", format!("\"{revision}\""))
    }

    fn json<V: Serialize>(status: u16, view: &V) -> Self {
        match serde_json::to_vec(view) {
            Ok(body) => {
                Self(Stored { status, headers: vec![("Content-Type".into(), "application/json".into())], body })
            }
            Err(fault) => {
                tracing::error!(error = %fault, "a view could not be written");
                Self(Stored { status: 500, headers: Vec::new(), body: Vec::new() })
            }
        }
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer as it goes out.
    pub fn into_response(self, replayed: bool) -> HttpResponse {
        let status = actix_web::http::StatusCode::from_u16(self.0.status)
            .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.0.headers {
            response.insert_header((name.as_str(), value.as_str()));
        }
        if replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        if self.0.body.is_empty() { response.finish() } else { response.body(self.0.body) }
    }
}

fn caller(req: &HttpRequest, app: &App) -> Result<Caller, Problem> {
    let Some(given) = req.headers().get(header::AUTHORIZATION) else {
        return Err(Problem::new(Code::Unauthenticated, "There is no access token. Send Authorization: Bearer …"));
    };
    let token = given.to_str().ok().and_then(|given| {
        let (scheme, token) = given.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let Some(token) = token else {
        return Err(Problem::new(Code::InvalidToken, "Authorization holds no Bearer token."));
    };
    if token.starts_with(PORTAL_KEY) {
        return Ok(Caller::Portal(secret::hash(token)));
    }
    app.tokens.verify(token, app.clock.now()).map(Caller::Person).map_err(|fault| match fault {
        TokenFault::Expired => Problem::new(Code::TokenExpired, "The access token has expired."),
        TokenFault::Invalid => Problem::new(Code::InvalidToken, "The access token is not valid."),
    })
}

/// What the caller's cookies say; the only ones we set are read by [`Ctx::cookie`].
fn cookies(req: &HttpRequest) -> Vec<String> {
    req.headers().get_all(header::COOKIE).filter_map(|given| given.to_str().ok()).map(ToOwned::to_owned).collect()
}

/// The key, bare or quoted as the draft standard has it.
fn idempotency_key(req: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(given) = req.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let wrong = || {
        Problem::new(
            Code::InvalidHeader,
            "Idempotency-Key takes 1 to 255 visible ASCII characters, bare or in double quotes.",
        )
    };
    let given = given.to_str().map_err(|_| wrong())?.trim();
    let key = given.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(given);
    let visible = key.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'"');
    if (1..=255).contains(&key.len()) && visible { Ok(Some(key.to_owned())) } else { Err(wrong()) }
}

fn seen(req: &HttpRequest) -> Result<Seen, Problem> {
    let Some(given) = req.headers().get(header::IF_MATCH) else { return Ok(Seen::Nothing) };
    let wrong = || Problem::new(Code::InvalidHeader, "If-Match takes the ETag of a revision, such as \"3\", or *.");
    let given = given.to_str().map_err(|_| wrong())?.trim();
    if given == "*" {
        return Ok(Seen::Any);
    }
    let mut revisions = Vec::new();
    for tag in given.split(',').map(str::trim) {
        // A weak validator never matches strongly; one that is not ours names no revision. Neither is a fault.
        let quoted = tag.strip_prefix("W/").unwrap_or(tag);
        let inner = quoted.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(wrong)?;
        if let (Ok(revision), false) = (inner.parse(), tag.starts_with("W/")) {
            revisions.push(revision);
        }
    }
    Ok(Seen::Revisions(revisions))
}

/// A query that cannot be read, from what the framework says of it.
pub fn wrong_query(said: &str) -> Problem {
    let said = said.strip_prefix("Query deserialize error: ").unwrap_or(said);
    if said.contains("unknown field") {
        let name = said.split('`').nth(1).unwrap_or_default();
        return Problem::new(Code::UnknownParameter, format!("There is no query parameter {name:?} here: {said}."));
    }
    Problem::new(Code::InvalidParameter, format!("A query parameter cannot be read: {said}."))
}
