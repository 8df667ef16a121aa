//! The demo's way in: a small JSON client for the real HTTP API on loopback. Nothing here knows the service from within.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use awc::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Told;

/// Larger than any answer the demo asks for.
const LARGEST: usize = 8 << 20;

/// A caller: nobody, or somebody with an access token.
#[derive(Clone)]
pub struct Caller {
    client: awc::Client,
    base: Rc<str>,
    token: Option<Rc<str>>,
    calls: Rc<Cell<u32>>,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// What an address answered, as text.
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub text: String,
}

impl Caller {
    /// Somebody who has not signed in.
    pub fn nobody(base: &str) -> Self {
        let client = awc::Client::builder().timeout(Duration::from_secs(60)).finish();
        Self { client, base: base.into(), token: None, calls: Rc::default() }
    }

    /// The same client with an access token.
    pub fn signed_in(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// How many requests were made, by this caller and all that came of it.
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// GET.
    ///
    /// # Errors
    /// What the service said no with.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Told<T> {
        self.json(Method::GET, path, None).await
    }

    /// GET, page by page to the end.
    ///
    /// # Errors
    /// What the service said no with.
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Told<Vec<T>> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page: Page<T> = self.get(&path).await?;
            all.extend(page.items);
            next = page.next;
        }
        Ok(all)
    }

    /// POST, with a key that makes a repetition harmless.
    ///
    /// # Errors
    /// What the service said no with.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Told<T> {
        self.json(Method::POST, path, Some(body)).await
    }

    async fn json<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<Value>) -> Told<T> {
        let said = format!("{method} {path}");
        let mut request = self.client.request(method, self.address(path));
        if let Some(token) = &self.token {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        let sent = match body {
            Some(body) => {
                request = request.insert_header(("Idempotency-Key", uuid::Uuid::now_v7().to_string()));
                request.send_json(&body)
            }
            None => request.send(),
        };
        let Answered { status, text } = self.answered(sent).await.map_err(|fault| format!("{said}: {fault}"))?;
        if !status.is_success() {
            let problem: Value = serde_json::from_str(&text).unwrap_or_default();
            return Err(format!("{said} answered {status}: {problem}").into());
        }
        serde_json::from_str(&text).map_err(|fault| format!("{said} answered what cannot be read: {fault}").into())
    }

    /// Looks at a page or a feed, as a browser or a calendar program does.
    ///
    /// # Errors
    /// When there is no answer, or another status than 200.
    pub async fn look(&self, path: &str) -> Told<String> {
        let Answered { status, text } = self.answered(self.client.get(self.address(path)).send()).await?;
        if status != StatusCode::OK {
            return Err(format!("GET {path} answered {status}").into());
        }
        Ok(text)
    }

    /// Sends a page's form, as a browser does.
    ///
    /// # Errors
    /// When there is no answer, or another status than 200.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Told<String> {
        let Answered { status, text } = self.answered(self.client.post(self.address(path)).send_form(&form)).await?;
        if status != StatusCode::OK {
            return Err(format!("POST {path} answered {status}").into());
        }
        Ok(text)
    }

    async fn answered(&self, sent: awc::SendClientRequest) -> Told<Answered> {
        self.calls.set(self.calls.get() + 1);
        let mut answer = sent.await.map_err(|fault| fault.to_string())?;
        let body = answer.body().limit(LARGEST).await.map_err(|fault| fault.to_string())?;
        Ok(Answered { status: answer.status(), text: String::from_utf8(body.to_vec())? })
    }

    /// `path` on this service; an address of this service as letters give it is taken too.
    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }
}
