//! Sessions over HTTP: signing in by password or by link, going on, signing out, and the page behind a link.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::accounts::AccountView;
use super::body::{Body, Empty};
use super::ctx::{Answer, Ctx, NoQuery, Reply};
use super::pages::{self, MessagePage, SignedInPage};
use super::problem::Problem;
use super::route_table;
use super::wire::both;
use crate::auth::password::Password;
use crate::domain::people::account::{check_password, email_of};
use crate::domain::refusal::Invalid;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::sessions::{self, Opened};

route_table! {
    "/v1/sessions" => { post create }
    "/v1/sessions/refresh" => { post refresh }
    "/v1/sessions/end" => { post end }
    "/v1/sign-in-links" => { post create_link }
    "/v1/sign-in-links/exchange" => { post exchange_link }
    "/sign-in/{token}" => { get show_page, post submit_page }
}

/// An address and its password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionBody {
    email: String,
    password: String,
}

/// The refresh token of a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    refresh_token: String,
}

/// Whom to send a link to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInLinkBody {
    email: String,
}

/// The token of a link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInExchangeBody {
    token: String,
}

/// A session with its tokens.
#[derive(Serialize)]
struct SessionView {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    account: AccountView,
}

impl From<Opened> for SessionView {
    fn from(opened: Opened) -> Self {
        Self {
            access_token: opened.access_token,
            token_type: "Bearer",
            expires_in: opened.expires_in,
            refresh_token: opened.refresh_token.reveal().to_owned(),
            account: AccountView::from(&opened.account),
        }
    }
}

/// What is said of a link, whether one was sent or not.
#[derive(Serialize)]
struct SignInLinkSent {
    detail: &'static str,
}

/// Signs in by password.
async fn create(ctx: Ctx, Body { value, .. }: Body<SessionBody>) -> Answer {
    let email = email_of("email", &value.email).map_err(|one| vec![one]);
    let password = check_password("password", &value.password).map_err(|one| vec![one]);
    let (email, ()) = both(email, password)?;
    let opened = sessions::sign_in(&ctx.app, email, Password::new(value.password), ctx.peer).await?;
    Ok(HttpResponse::Created().json(SessionView::from(opened)))
}

/// Goes on with a session.
async fn refresh(ctx: Ctx, Body { value, .. }: Body<RefreshBody>) -> Answer {
    check_secret("refresh_token", &value.refresh_token)?;
    let opened = sessions::refresh(&ctx.app, &value.refresh_token, ctx.peer).await?;
    Ok(HttpResponse::Ok().json(SessionView::from(opened)))
}

/// Signs out.
async fn end(ctx: Ctx, _: Body<Empty>) -> Answer {
    ctx.write(|tx, actor| sessions::end(tx, actor).map(|()| Reply::no_content())).await
}

/// Sends a link.
async fn create_link(ctx: Ctx, Body { value, .. }: Body<SignInLinkBody>) -> Answer {
    let email = email_of("email", &value.email).map_err(ServiceError::from)?;
    sessions::send_link(&ctx.app, email, ctx.peer).await?;
    let detail = "If this address has an account, a letter with a link is on its way.";
    Ok(HttpResponse::Accepted().json(SignInLinkSent { detail }))
}

/// Signs in by a link's token.
async fn exchange_link(ctx: Ctx, Body { value, .. }: Body<SignInExchangeBody>) -> Answer {
    check_secret("token", &value.token)?;
    let opened = sessions::exchange_link(&ctx.app, &value.token, ctx.peer).await?;
    Ok(HttpResponse::Created().json(SessionView::from(opened)))
}

/// The page behind a link: it shows a button and uses nothing up.
async fn show_page(ctx: Ctx<NoQuery>, req: HttpRequest) -> Answer {
    let token = req.match_info().query("token").to_owned();
    let works = ctx.app.read(move |tx| sessions::link_works(tx, &token)).await?;
    Ok(if works { page(StatusCode::OK, pages::sign_in()) } else { gone() })
}

/// What the button does.
async fn submit_page(ctx: Ctx<NoQuery>, req: HttpRequest) -> Answer {
    let token = req.match_info().query("token");
    let opened = match sessions::exchange_link(&ctx.app, token, ctx.peer).await {
        Ok(opened) => opened,
        Err(ServiceError::Refused(refused)) if refused.code == Code::InvalidSignInLink => return Ok(gone()),
        Err(fault) => return Err(fault.into()),
    };
    let signed_in = SignedInPage {
        name: opened.account.name,
        access_token: opened.access_token,
        minutes: TimeDelta::seconds(opened.expires_in).num_minutes(),
        refresh_token: opened.refresh_token.reveal().to_owned(),
    };
    Ok(page(StatusCode::OK, pages::signed_in(&signed_in)))
}

fn gone() -> HttpResponse {
    let message = MessagePage {
        title: "This link does not sign in",
        paragraphs: &[
            "It has been used already, it is too old, or it was cut off on its way.",
            "Ask for a new one; it comes to the same address.",
        ],
        link: None,
    };
    page(StatusCode::NOT_FOUND, pages::message(&message))
}

fn page(status: StatusCode, html: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    for header in pages::HEADERS {
        response.insert_header(*header);
    }
    response.insert_header(("Content-Security-Policy", pages::security_policy()));
    response.body(html)
}

/// A secret of ours has a form; what has another is no try at one.
fn check_secret(field: &str, text: &str) -> Result<(), Problem> {
    let visible = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
    let fault = match text.len() {
        0 => Invalid::new(field, "required", "it must not be empty"),
        1..=19 => Invalid::new(field, "too_short", "it has fewer than 20 characters"),
        20..=200 if text.bytes().all(visible) => return Ok(()),
        20..=200 => Invalid::new(field, "invalid_format", "it has characters other than letters, digits, - and _"),
        _ => Invalid::new(field, "too_long", "it has more than 200 characters"),
    };
    Err(ServiceError::from(fault).into())
}
