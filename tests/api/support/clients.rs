//! The people of the stories, as clients of the service. Whatever they ask, the answer is held against the contract.

use std::time::Duration;

use awc::http::Method;
use rostrum::auth::token::Bearer;
use rostrum::service::app::App;
use serde_json::Value;

use super::contract::{Exchange, contract};

/// Somebody who calls the service, signed in or not.
#[derive(Clone)]
pub struct Client {
    base_url: String,
    http: awc::Client,
    token: Token,
}

/// What a caller shows.
#[derive(Clone)]
enum Token {
    Nothing,
    /// This one, good or not.
    Fixed(String),
    /// Always a fresh one of the same session, so that a story may let hours go by.
    Fresh(App, Bearer),
}

/// A request that is being put together.
pub struct Request<'c> {
    client: &'c Client,
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<(String, Vec<u8>)>,
}

/// An answer, which the contract allows.
#[derive(Debug, Clone)]
pub struct Response {
    /// What was asked, for messages.
    pub asked: String,
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The body, where it is JSON; else null.
    pub json: Value,
}

impl Client {
    /// Somebody without a token.
    pub fn new(base_url: &str) -> Self {
        let connector = awc::Connector::new().limit(512).timeout(Duration::from_secs(20));
        let http =
            awc::Client::builder().connector(connector).timeout(Duration::from_secs(60)).disable_redirects().finish();
        Self { base_url: base_url.to_owned(), http, token: Token::Nothing }
    }

    /// The same caller with this access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Token::Fixed(token.to_owned()), ..self.clone() }
    }

    /// The same caller, signed in as `bearer` for as long as the session lives.
    #[must_use]
    pub fn signed_in(&self, app: &App, bearer: Bearer) -> Self {
        Self { token: Token::Fresh(app.clone(), bearer), ..self.clone() }
    }

    /// Who is signed in.
    pub fn bearer(&self) -> Option<Bearer> {
        match &self.token {
            Token::Fresh(_, bearer) => Some(*bearer),
            Token::Nothing | Token::Fixed(_) => None,
        }
    }

    /// The access token.
    pub fn token(&self) -> Option<String> {
        match &self.token {
            Token::Nothing => None,
            Token::Fixed(token) => Some(token.clone()),
            Token::Fresh(app, bearer) => Some(app.tokens.issue(*bearer, app.clock.now())),
        }
    }

    /// GET.
    pub async fn get(&self, target: &str) -> Response {
        self.request("GET", target).send().await
    }

    /// HEAD.
    pub async fn head(&self, target: &str) -> Response {
        self.request("HEAD", target).send().await
    }

    /// POST with a JSON body.
    pub async fn post(&self, target: &str, body: Value) -> Response {
        self.request("POST", target).json(&body).send().await
    }

    /// POST without a body.
    pub async fn act(&self, target: &str) -> Response {
        self.request("POST", target).send().await
    }

    /// PATCH with a JSON body, of the revision that `etag` names.
    pub async fn patch(&self, target: &str, etag: &str, body: Value) -> Response {
        self.request("PATCH", target).header("If-Match", etag).json(&body).send().await
    }

    /// DELETE of the revision that `etag` names.
    pub async fn delete(&self, target: &str, etag: &str) -> Response {
        self.request("DELETE", target).header("If-Match", etag).send().await
    }

    /// All items of a list, page after page.
    pub async fn all(&self, target: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), Some(target.to_owned()));
        while let Some(target) = next {
            let page = self.get(&target).await.expect(200);
            items.extend(page.json["items"].as_array().unwrap().iter().cloned());
            next = page.json["next"].as_str().map(ToOwned::to_owned);
            assert!(items.len() < 10_000, "{target} has no end");
        }
        items
    }

    /// Any request.
    pub fn request(&self, method: &str, target: &str) -> Request<'_> {
        Request {
            client: self,
            method: method.parse().unwrap(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }
}

impl Request<'_> {
    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an Idempotency-Key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With a form, as a browser sends it.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|octet| match octet {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(octet).to_string(),
                    b' ' => "+".to_owned(),
                    other => format!("%{other:02X}"),
                })
                .collect()
        };
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    /// With any body.
    #[must_use]
    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((kind.to_owned(), body.into()));
        self
    }

    /// Sends it and holds the answer against the contract.
    pub async fn send(self) -> Response {
        let Self { client, method, target, headers, body } = self;
        let mut request = client.http.request(method.clone(), format!("{}{target}", client.base_url));
        if let Some(token) = client.token() {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        if let Some((kind, _)) = body.as_ref().filter(|(kind, _)| !kind.is_empty()) {
            request = request.insert_header(("Content-Type", kind.as_str()));
        }
        for (name, value) in &headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        let sent = body.as_ref().map_or_else(Vec::new, |(_, body)| body.clone());
        let answer = if body.is_some() { request.send_body(sent).await } else { request.send().await };
        let mut answer = answer.unwrap_or_else(|fault| panic!("{method} {target} got no answer: {fault}"));
        let octets = if method == Method::HEAD {
            Vec::new()
        } else {
            let octets = answer.body().limit(64 << 20).await;
            octets.unwrap_or_else(|fault| panic!("{method} {target}: the answer broke off: {fault}")).to_vec()
        };
        let headers: Vec<_> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let status = answer.status().as_u16();
        contract().check(&Exchange {
            method: method.as_str(),
            target: &target,
            sent: body.as_ref().map(|(kind, body)| (kind.as_str(), body.as_slice())),
            status,
            headers: &headers,
            body: &octets,
        });
        let json = serde_json::from_slice(&octets).unwrap_or(Value::Null);
        Response { asked: format!("{method} {target}"), status, headers, body: octets, json }
    }
}

impl Response {
    /// The same answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} was answered {}: {}", self.asked, self.status, self.text());
        self
    }

    /// The same answer, which must be this problem.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let found = (self.status, self.json["code"].as_str().unwrap_or_default());
        assert_eq!(found, (status, code), "{}: {}", self.asked, self.text());
        self
    }

    /// The same answer, which must point at this field with this code.
    #[track_caller]
    pub fn points_at(self, pointer: &str, code: &str) -> Self {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let found = errors.iter().any(|error| error["pointer"] == pointer && error["code"] == code);
        assert!(found, "{} should point at {pointer} with {code}: {}", self.asked, self.text());
        self
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.headers.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("{} has no ETag", self.asked)).to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The id of what was answered.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("{} has no id: {}", self.asked, self.text())).to_owned()
    }
}
