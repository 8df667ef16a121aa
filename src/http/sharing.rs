//! Events that several campuses share, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty, Pair};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use super::wire::skills::id;
use super::wire::times::WhenView;
use crate::domain::ids::{CampusId, EventId};
use crate::service::sharing::{self, Sharing, Verb};

route_table! {
    "/v1/events/{event_id}/campuses" => { get list, post invite }
    "/v1/events/{event_id}/campuses/{campus_id}/accept" => { post accept }
    "/v1/events/{event_id}/campuses/{campus_id}/decline" => { post decline }
    "/v1/events/{event_id}/campuses/{campus_id}/end" => { post end }
    "/v1/campuses/{campus_id}/event-invitations" => { get list_of_campus }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
}

/// Which campus is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteBody {
    campus_id: String,
}

/// How a campus stands to an event of another, out.
#[derive(Debug, Serialize)]
struct SharingView {
    event_id: String,
    title: String,
    kind: &'static str,
    event_state: &'static str,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    host_campus_id: String,
    host_name: String,
    campus_id: String,
    campus_name: String,
    state: &'static str,
    invited_at: String,
    answered_at: Option<String>,
    revision: i64,
}

impl From<Sharing> for SharingView {
    fn from(sharing: Sharing) -> Self {
        let (row, event) = (sharing.row, sharing.event);
        Self {
            event_id: event.id.to_string(),
            title: event.title.clone(),
            kind: event.kind.as_str(),
            event_state: event.state.as_str(),
            place: event.place.clone(),
            when: event.when.into(),
            host_campus_id: event.campus_id.to_string(),
            host_name: sharing.host,
            campus_id: row.campus_id.to_string(),
            campus_name: sharing.campus,
            state: row.state.as_str(),
            invited_at: row.invited_at.to_string(),
            answered_at: row.answered_at.map(|at| at.to_string()),
            revision: row.revision,
        }
    }
}

#[derive(Debug, Serialize)]
struct SharingsView {
    items: Vec<SharingView>,
}

/// The campuses that share an event.
async fn list(ctx: Ctx, At(event): At<EventId>) -> Answer {
    ctx.read_public(move |tx, actor| {
        let found = sharing::list(tx, actor, event)?;
        Ok(Reply::ok(&SharingsView { items: found.into_iter().map(SharingView::from).collect() }))
    })
    .await
}

/// Asks a campus to share an event.
async fn invite(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<InviteBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let campus = id("campus_id", &value.campus_id)?;
        let sharing = sharing::invite(tx, actor, event, campus)?;
        let revision = sharing.row.revision;
        Ok(Reply::made(&SharingView::from(sharing)).etag(revision))
    })
    .await
}

async fn answered(ctx: Ctx, (event, campus): (EventId, CampusId), digest: String, verb: Verb) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let sharing = sharing::answer(tx, actor, event, campus, verb)?;
        let revision = sharing.row.revision;
        Ok(Reply::ok(&SharingView::from(sharing)).etag(revision))
    })
    .await
}

/// The campus books for its students.
async fn accept(ctx: Ctx, Pair(event, campus): Pair<EventId, CampusId>, Body { digest, .. }: Body<Empty>) -> Answer {
    answered(ctx, (event, campus), digest, Verb::Accept).await
}

/// The campus does not take part.
async fn decline(ctx: Ctx, Pair(event, campus): Pair<EventId, CampusId>, Body { digest, .. }: Body<Empty>) -> Answer {
    answered(ctx, (event, campus), digest, Verb::Decline).await
}

/// The campus books no more.
async fn end(ctx: Ctx, Pair(event, campus): Pair<EventId, CampusId>, Body { digest, .. }: Body<Empty>) -> Answer {
    answered(ctx, (event, campus), digest, Verb::End).await
}

/// How a campus stands to the events of others.
async fn list_of_campus(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = sharing::list_of_campus(tx, actor, campus, state, page.after(), page.fetch())?;
        let page = page.list(rows, |sharing| sharing.row.event_id.to_string());
        Ok(Reply::ok(&page.map(SharingView::from)))
    })
    .await
}
