//! The inbound door over HTTP: a mail server, or a provider's hook, posts a letter as it came.
//!
//! The key may come as a Bearer token or as the password of Basic authentication, since many hooks know no more than an
//! address with a password in it. A letter that means nothing to us is answered 200 all the same: a refusal would have it
//! sent again for days. Absent on purpose: what letters mean.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::body;
use super::ctx::Answer;
use super::problem::Problem;
use super::route_table;
use crate::auth::attempts::Attempt;
use crate::service::app::App;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::inbound::{self, Posted};

route_table! {
    "/v1/inbound-letters" => { post receive }
}

/// The most octets of a letter in whatever it is wrapped.
const MOST: usize = 512 * 1024;

/// What hooks that speak JSON send; what else they say is not asked for.
#[derive(Debug, Deserialize)]
struct Hook {
    #[serde(rename = "RawEmail")]
    raw_email: String,
}

#[derive(Debug, Serialize)]
struct ReceivedView {
    outcome: &'static str,
    detail: String,
}

async fn receive(req: HttpRequest, payload: Payload) -> Answer {
    let app = req.app_data::<Data<App>>().map(|app| app.get_ref().clone());
    let app = app.ok_or_else(|| Problem::new(Code::Internal, "The service is not put together."))?;
    if app.inbound.key_hash.is_none() {
        return Err(Problem::not_found());
    }
    if !key(&req).is_some_and(|key| app.inbound.takes(&key)) {
        app.attempts.count(Attempt::Token, req.peer_addr().map(|peer| peer.ip())).map_err(ServiceError::from)?;
        let said = "This takes the key of the inbound door, as Bearer token or as password of Basic authentication.";
        return Err(Problem::new(Code::Unauthenticated, said));
    }
    let octets = body::read(&req, &mut payload.into_inner(), MOST).await?.to_vec();
    let posted = match body::media_type_of(&req).essence.as_str() {
        "message/rfc822" | "message/global" => Posted::Letter(octets),
        "multipart/form-data" => {
            let given = req.headers().get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok());
            Posted::Form { media: given.unwrap_or_default().to_owned(), octets }
        }
        "application/json" => Posted::Letter(body::parse::<Hook>(&octets)?.raw_email.into_bytes()),
        _ => {
            let said =
                "Send message/rfc822, multipart/form-data with email or body-mime, or application/json with RawEmail.";
            return Err(Problem::new(Code::UnsupportedMediaType, said));
        }
    };
    match inbound::receive(&app, posted).await? {
        Ok(done) => Ok(HttpResponse::Ok().json(ReceivedView { outcome: done.outcome.as_str(), detail: done.detail })),
        Err(fault) => Err(Problem::new(Code::UnreadableLetter, inbound::sentence(&fault.to_string()))),
    }
}

/// The key that the request brings.
fn key(req: &HttpRequest) -> Option<String> {
    let given = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = given.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(rest).ok()).flatten()?;
    let pair = String::from_utf8(pair).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}
