//! How volunteers stand at a campus, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty, Pair};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use super::wire::ReasonBody;
use crate::domain::ids::{CampusId, VolunteerId};
use crate::service::campus_volunteers::{self, Listed};

route_table! {
    "/v1/campuses/{campus_id}/volunteers" => { get list, post apply }
    "/v1/campuses/{campus_id}/volunteers/{volunteer_id}" => { get read }
    "/v1/campuses/{campus_id}/volunteers/{volunteer_id}/approve" => { post approve }
    "/v1/campuses/{campus_id}/volunteers/{volunteer_id}/pause" => { post pause }
    "/v1/campuses/{campus_id}/volunteers/{volunteer_id}/suspend" => { post suspend }
    "/v1/campuses/{campus_id}/volunteers/{volunteer_id}/resume" => { post resume }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
}

/// An application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampusVolunteerBody {
    #[serde(default)]
    note: String,
}

/// How a volunteer stands, out.
#[derive(Debug, Serialize)]
struct CampusVolunteerView {
    campus_id: String,
    volunteer_id: String,
    display_name: String,
    headline: String,
    state: &'static str,
    state_reason: Option<String>,
    note: String,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<Listed> for CampusVolunteerView {
    fn from(listed: Listed) -> Self {
        let Listed { row, display_name, headline, .. } = listed;
        Self {
            campus_id: row.campus_id.to_string(),
            volunteer_id: row.volunteer_id.to_string(),
            display_name,
            headline,
            state: row.state.as_str(),
            state_reason: row.reason,
            note: row.note,
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

fn ok(listed: Listed) -> Reply {
    let revision = listed.row.revision;
    Reply::ok(&CampusVolunteerView::from(listed)).etag(revision)
}

/// Everybody who has applied.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = campus_volunteers::list(tx, actor, campus, state, page.after(), page.fetch())?;
        let views = rows.into_iter().map(CampusVolunteerView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &CampusVolunteerView| view.volunteer_id.clone())))
    })
    .await
}

/// The caller applies.
async fn apply(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<CampusVolunteerBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let listed = campus_volunteers::apply(tx, actor, campus, &value.note)?;
        let (revision, location) =
            (listed.row.revision, format!("/v1/campuses/{campus}/volunteers/{}", listed.row.volunteer_id));
        Ok(Reply::created(&CampusVolunteerView::from(listed), location).etag(revision))
    })
    .await
}

/// How one stands.
async fn read(ctx: Ctx, Pair(campus, volunteer): Pair<CampusId, VolunteerId>) -> Answer {
    ctx.read(move |tx, actor| campus_volunteers::find(tx, actor, campus, volunteer).map(ok)).await
}

/// The office takes somebody.
async fn approve(
    ctx: Ctx,
    Pair(campus, volunteer): Pair<CampusId, VolunteerId>,
    Body { digest, .. }: Body<Empty>,
) -> Answer {
    ctx.act(digest, move |tx, actor| campus_volunteers::approve(tx, actor, campus, volunteer).map(ok)).await
}

/// The office will not ask for a while.
async fn pause(
    ctx: Ctx,
    Pair(campus, volunteer): Pair<CampusId, VolunteerId>,
    Body { value, digest }: Body<ReasonBody>,
) -> Answer {
    ctx.act(digest, move |tx, actor| campus_volunteers::pause(tx, actor, campus, volunteer, &value.reason).map(ok))
        .await
}

/// The office will not ask at all.
async fn suspend(
    ctx: Ctx,
    Pair(campus, volunteer): Pair<CampusId, VolunteerId>,
    Body { value, digest }: Body<ReasonBody>,
) -> Answer {
    ctx.act(digest, move |tx, actor| campus_volunteers::suspend(tx, actor, campus, volunteer, &value.reason).map(ok))
        .await
}

/// The office asks again.
async fn resume(
    ctx: Ctx,
    Pair(campus, volunteer): Pair<CampusId, VolunteerId>,
    Body { digest, .. }: Body<Empty>,
) -> Answer {
    ctx.act(digest, move |tx, actor| campus_volunteers::resume(tx, actor, campus, volunteer).map(ok)).await
}
