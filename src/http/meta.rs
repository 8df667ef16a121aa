//! What is said of the service itself: that it lives, that it is ready, its contract, and what its problems mean.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::body::At;
use super::ctx::{Answer, Ctx};
use super::pages::{self, MessagePage, ProblemPage};
use super::problem::Problem;
use super::{reference, route_table};
use crate::service::app::{App, Tx};
use crate::service::code::Code;
use crate::service::error::ServiceError;

route_table! {
    "/healthz" => { get healthz }
    "/readyz" => { get readyz }
    "/openapi.yaml" => { get openapi }
    "/docs" => { get docs }
    "/problems/{code}" => { get problem_page }
}

/// The contract, as it lies in the source.
pub const OPENAPI: &str = include_str!("../../openapi.yaml");

#[derive(Serialize)]
struct HealthView {
    status: &'static str,
}

#[derive(Serialize)]
struct ReadyView {
    status: &'static str,
    database: &'static str,
}

/// Whether the process lives.
async fn healthz(_: Ctx) -> Answer {
    Ok(HttpResponse::Ok().json(HealthView { status: "ok" }))
}

/// Whether it can serve: both lanes reach the database.
async fn readyz(ctx: Ctx) -> Answer {
    match database(&ctx.app).await {
        Ok(database) => Ok(HttpResponse::Ok().json(ReadyView { status: "ready", database })),
        Err(fault) => {
            tracing::error!(error = ?fault, "not ready");
            Err(Problem::new(Code::Unavailable, "The database cannot be reached just now."))
        }
    }
}

fn probe(tx: &mut Tx<'_>) -> Result<&'static str, ServiceError> {
    tx.probe()
}

async fn database(app: &App) -> Result<&'static str, ServiceError> {
    app.read(probe).await
}

/// The contract.
async fn openapi(_: Ctx) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/yaml"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(OPENAPI))
}

/// The contract as a page.
async fn docs(_: Ctx, request: HttpRequest) -> Answer {
    let held = request.headers().get(header::IF_NONE_MATCH).and_then(|held| held.to_str().ok());
    Ok(reference::answer(held))
}

/// What a problem means, for people who follow its `type`.
async fn problem_page(_: Ctx, At(code): At<String>) -> Answer {
    if let Ok(code) = code.parse::<Code>() {
        return Ok(html(pages::problem(&explained(code)), 200));
    }
    let page = MessagePage { title: "There is no such problem", paragraphs: &[NO_PROBLEM], link: None };
    Ok(html(pages::message(&page), 404))
}

const NO_PROBLEM: &str = "Rostrum has no problem of this name. The contract at /openapi.yaml lists those it has.";

fn explained(code: Code) -> ProblemPage<'static> {
    ProblemPage {
        code: code.as_str(),
        status: code.status(),
        title: code.title(),
        meaning: code.title(),
        what_to_do: code.help(),
    }
}

/// A page as an answer.
pub fn html(page: String, status: u16) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::OK);
    let mut answer = HttpResponse::build(status);
    for header in pages::HEADERS {
        answer.insert_header(*header);
    }
    answer.insert_header((header::CONTENT_SECURITY_POLICY, pages::security_policy())).body(page)
}
