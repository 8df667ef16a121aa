//! Exclusions, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::PageQuery;
use super::wire::skills::id;
use crate::domain::ids::{CampusId, CampusRequestId, ExclusionId};
use crate::service::exclusions::{self, Named};

route_table! {
    "/v1/campuses/{campus_id}/exclusions" => { get list, post create }
    "/v1/exclusions/{exclusion_id}" => { get read, delete lift }
}

/// Whom to keep from what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionBody {
    volunteer_id: String,
    campus_request_id: Option<String>,
    reason: String,
}

/// An exclusion, out.
#[derive(Debug, Serialize)]
struct ExclusionView {
    id: String,
    campus_id: String,
    volunteer_id: String,
    display_name: String,
    campus_request_id: Option<String>,
    reason: String,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<Named> for ExclusionView {
    fn from((row, display_name): Named) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            volunteer_id: row.volunteer_id.to_string(),
            display_name,
            campus_request_id: row.campus_request_id.map(|need| need.to_string()),
            reason: row.reason,
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// The exclusions of a campus.
async fn list(ctx: Ctx<PageQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = exclusions::list(tx, actor, campus, page.after(), page.fetch())?;
        let views = rows.into_iter().map(ExclusionView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &ExclusionView| view.id.clone())))
    })
    .await
}

/// Keeps somebody away.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<ExclusionBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let volunteer = id("volunteer_id", &value.volunteer_id)?;
        let need: Option<CampusRequestId> =
            value.campus_request_id.as_deref().map(|need| id("campus_request_id", need)).transpose()?;
        let named = exclusions::create(tx, actor, campus, volunteer, need, &value.reason)?;
        let (revision, location) = (named.0.revision, format!("/v1/exclusions/{}", named.0.id));
        Ok(Reply::created(&ExclusionView::from(named), location).etag(revision))
    })
    .await
}

/// Shows one.
async fn read(ctx: Ctx, At(id): At<ExclusionId>) -> Answer {
    ctx.read(move |tx, actor| {
        let named = exclusions::find(tx, actor, id)?;
        let revision = named.0.revision;
        Ok(Reply::ok(&ExclusionView::from(named)).etag(revision))
    })
    .await
}

/// Lifts one.
async fn lift(ctx: Ctx, At(id): At<ExclusionId>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        exclusions::delete(tx, actor, id, &seen)?;
        Ok(Reply::no_content())
    })
    .await
}
