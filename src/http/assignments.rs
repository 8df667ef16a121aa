//! Assignments, in JSON.

use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::offers::{ListQuery, ReasonBody};
use super::page::filter;
use super::route_table;
use super::wire::present;
use super::wire::skills::id;
use super::wire::times::WhenView;
use crate::domain::ids::{AssignmentId, CampusRequestId, RoleId, VolunteerId};
use crate::domain::refusal::{Invalid, prose};
use crate::service::app::App;
use crate::service::assignments::{self, Assigned};
use crate::service::error::ServiceError;

route_table! {
    "/v1/campus-requests/{campus_request_id}/assignments" => { get list_of_need, post create }
    "/v1/volunteers/{volunteer_id}/assignments" => { get list_of_volunteer }
    "/v1/assignments/{assignment_id}" => { get find }
    "/v1/assignments/{assignment_id}/reconfirm" => { post reconfirm }
    "/v1/assignments/{assignment_id}/release" => { post release }
    "/v1/assignments/{assignment_id}/remove" => { post remove }
}

/// Which seat, for whom, and why rules are set aside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentBody {
    volunteer_id: String,
    role_id: String,
    #[serde(default, deserialize_with = "present")]
    override_reason: Option<String>,
}

impl AssignmentBody {
    fn read(&self) -> Result<(VolunteerId, RoleId, Option<String>), Vec<Invalid>> {
        let volunteer = id("volunteer_id", &self.volunteer_id);
        let role = id("role_id", &self.role_id);
        let reason = self.override_reason.as_deref().map(|why| prose("override_reason", why, 1, 500)).transpose();
        match (volunteer, role, reason) {
            (Ok(volunteer), Ok(role), Ok(reason)) => Ok((volunteer, role, reason)),
            (volunteer, role, reason) => {
                Err([volunteer.err(), role.err(), reason.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// An assignment, out.
#[derive(Debug, Serialize)]
pub struct AssignmentView {
    id: String,
    campus_id: String,
    campus_request_id: String,
    role_id: String,
    role_name: String,
    event_id: Option<String>,
    slot_id: Option<String>,
    volunteer_id: String,
    display_name: String,
    state: &'static str,
    state_reason: Option<String>,
    override_reason: Option<String>,
    title: String,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    calendar_uid: String,
    calendar_sequence: u32,
    checked_in_at: Option<String>,
    checked_out_at: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl AssignmentView {
    /// The assignment as this site shows it.
    #[must_use]
    pub fn new(Assigned { row, about }: &Assigned, app: &App) -> Self {
        let mark = row.mark(&app.site.host);
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            campus_request_id: row.campus_request_id.to_string(),
            role_id: row.role_id.to_string(),
            role_name: about.role.name.clone(),
            event_id: about.need.event_id.map(|id| id.to_string()),
            slot_id: about.need.slot_id.map(|id| id.to_string()),
            volunteer_id: row.volunteer_id.to_string(),
            display_name: about.volunteer.display_name.clone(),
            state: row.state.as_str(),
            state_reason: row.state_reason.clone(),
            override_reason: row.override_reason.clone(),
            title: about.need.title.clone(),
            place: about.need.place.clone(),
            when: about.when.into(),
            calendar_uid: mark.uid,
            calendar_sequence: mark.sequence,
            checked_in_at: row.checked_in_at.map(|at| at.to_string()),
            checked_out_at: row.checked_out_at.map(|at| at.to_string()),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

fn shown(assigned: &Assigned, app: &App) -> Reply {
    Reply::ok(&AssignmentView::new(assigned, app)).etag(assigned.row.revision)
}

/// The assignments of a need.
async fn list_of_need(ctx: Ctx<ListQuery>, At(need): At<CampusRequestId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = assignments::list_of_need(tx, actor, need, state, page.after(), page.fetch())?;
        let views = rows.iter().map(|row| AssignmentView::new(row, tx.app)).collect();
        Ok(Reply::ok(&page.list(views, |view: &AssignmentView| view.id.clone())))
    })
    .await
}

/// The assignments of a volunteer, of all campuses.
async fn list_of_volunteer(ctx: Ctx<ListQuery>, At(volunteer): At<VolunteerId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = assignments::list_of_volunteer(tx, actor, volunteer, state, page.after(), page.fetch())?;
        let views = rows.iter().map(|row| AssignmentView::new(row, tx.app)).collect();
        Ok(Reply::ok(&page.list(views, |view: &AssignmentView| view.id.clone())))
    })
    .await
}

/// The office gives a seat by its own word.
async fn create(ctx: Ctx, At(need): At<CampusRequestId>, Body { value, digest }: Body<AssignmentBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(need.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        let (volunteer, role, reason) = value.read()?;
        let assigned = assignments::create(tx, actor, need, volunteer, role, reason)?;
        let location = format!("/v1/assignments/{}", assigned.row.id);
        Ok(Reply::created(&AssignmentView::new(&assigned, tx.app), location).etag(assigned.row.revision))
    })
    .await
}

/// One assignment.
async fn find(ctx: Ctx, At(id): At<AssignmentId>) -> Answer {
    ctx.read(move |tx, actor| Ok(shown(&assignments::find(tx, actor, id)?, tx.app))).await
}

/// The volunteer comes in spite of a change.
async fn reconfirm(ctx: Ctx, At(id): At<AssignmentId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(shown(&assignments::reconfirm(tx, actor, id)?, tx.app))).await
}

/// The turn of those who change places of the event that an assignment is about: whoever leaves moves its students.
pub(super) async fn turn(app: &App, id: AssignmentId) -> Result<Option<MutexGuard<'_, ()>>, ServiceError> {
    if !app.takes_turns() {
        return Ok(None);
    }
    match app.read(move |tx| assignments::event_of(tx, id)).await? {
        Some(event) => Ok(app.turn(event.uuid()).await),
        None => Ok(None),
    }
}

/// The volunteer gives the seat back.
async fn release(ctx: Ctx, At(id): At<AssignmentId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = turn(&app, id).await?;
    ctx.act(digest, move |tx, actor| {
        let reason = value.read()?;
        Ok(shown(&assignments::release(tx, actor, id, &reason)?, tx.app))
    })
    .await
}

/// The office takes the volunteer off.
async fn remove(ctx: Ctx, At(id): At<AssignmentId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = turn(&app, id).await?;
    ctx.act(digest, move |tx, actor| {
        let reason = value.read()?;
        Ok(shown(&assignments::remove(tx, actor, id, &reason)?, tx.app))
    })
    .await
}
