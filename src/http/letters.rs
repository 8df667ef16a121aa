//! The outbox, as the office sees it.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use crate::domain::ids::{CampusId, LetterId};
use crate::service::outbox::{self, LetterRow};

route_table! {
    "/v1/campuses/{campus_id}/letters" => { get list }
    "/v1/letters/{letter_id}/retry" => { post retry }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
}

/// A letter, out.
#[derive(Debug, Serialize)]
struct LetterView {
    id: String,
    kind: &'static str,
    to_name: String,
    subject: String,
    state: &'static str,
    attempts: i32,
    last_error: Option<String>,
    message_id: String,
    created_at: String,
    sent_at: Option<String>,
}

impl From<LetterRow> for LetterView {
    fn from(row: LetterRow) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.as_str(),
            to_name: row.to_name,
            subject: row.subject,
            state: row.state.as_str(),
            attempts: row.attempts,
            last_error: row.last_error,
            message_id: format!("<{}>", row.message_id),
            created_at: row.created_at.to_string(),
            sent_at: row.sent_at.map(|at| at.to_string()),
        }
    }
}

/// The letters of a campus, oldest first.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = outbox::list(tx, actor, campus, state, page.after(), page.fetch())?;
        let views = rows.into_iter().map(LetterView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &LetterView| view.id.clone())))
    })
    .await
}

/// Sends a letter again that was given up.
async fn retry(ctx: Ctx, At(id): At<LetterId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| outbox::retry(tx, actor, id).map(|row| Reply::ok(&LetterView::from(row)))).await
}
