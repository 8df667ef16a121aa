//! Offers, in JSON: what the office does with them, and what their volunteers answer.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::problem::Problem;
use super::route_table;
use super::wire::present;
use super::wire::skills::id;
use super::wire::times::{WhenView, instant};
use crate::domain::ids::{CampusRequestId, OfferId, RoleId, VolunteerId};
use crate::domain::refusal::{Invalid, prose};
use crate::domain::time::Instant;
use crate::http::assignments::AssignmentView;
use crate::service::answers;
use crate::service::app::App;
use crate::service::error::ServiceError;
use crate::service::offers::{self, Offered};

route_table! {
    "/v1/campus-requests/{campus_request_id}/offers" => { get list_of_need, post create }
    "/v1/volunteers/{volunteer_id}/offers" => { get list_of_volunteer }
    "/v1/offers/{offer_id}" => { get find }
    "/v1/offers/{offer_id}/accept" => { post accept }
    "/v1/offers/{offer_id}/decline" => { post decline }
    "/v1/offers/{offer_id}/withdraw" => { post withdraw }
}

/// The filters of the lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
    pub(super) state: Option<String>,
}

/// Which seat, for whom, until when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferBody {
    volunteer_id: String,
    role_id: String,
    #[serde(default, deserialize_with = "present")]
    deadline: Option<String>,
}

impl OfferBody {
    fn read(&self) -> Result<(VolunteerId, RoleId, Option<Instant>), Vec<Invalid>> {
        let volunteer = id("volunteer_id", &self.volunteer_id);
        let role = id("role_id", &self.role_id);
        let deadline = self.deadline.as_deref().map(|at| instant("deadline", at)).transpose();
        match (volunteer, role, deadline) {
            (Ok(volunteer), Ok(role), Ok(deadline)) => Ok((volunteer, role, deadline)),
            (volunteer, role, deadline) => {
                Err([volunteer.err(), role.err(), deadline.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// Why, where a person will read it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    reason: String,
}

impl ReasonBody {
    /// The reason: 1 to 500 characters.
    ///
    /// # Errors
    /// [`Invalid`] for `reason`.
    pub fn read(&self) -> Result<String, Invalid> {
        prose("reason", &self.reason, 1, 500)
    }
}

/// An offer, out.
#[derive(Debug, Serialize)]
pub struct OfferView {
    id: String,
    campus_id: String,
    campus_request_id: String,
    role_id: String,
    role_name: String,
    volunteer_id: String,
    display_name: String,
    state: &'static str,
    deadline: String,
    wave: i32,
    score: i32,
    decline_reason: Option<String>,
    title: String,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&Offered> for OfferView {
    fn from(Offered { row, about }: &Offered) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            campus_request_id: row.campus_request_id.to_string(),
            role_id: row.role_id.to_string(),
            role_name: about.role.name.clone(),
            volunteer_id: row.volunteer_id.to_string(),
            display_name: about.volunteer.display_name.clone(),
            state: row.state.as_str(),
            deadline: row.deadline.to_string(),
            wave: row.wave,
            score: row.score,
            decline_reason: row.decline_reason.clone(),
            title: about.need.title.clone(),
            place: about.need.place.clone(),
            when: about.when.into(),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct AcceptedView {
    offer: OfferView,
    assignment: AssignmentView,
}

fn shown(offer: &Offered) -> Reply {
    Reply::ok(&OfferView::from(offer)).etag(offer.row.revision)
}

/// The offers of a need.
async fn list_of_need(ctx: Ctx<ListQuery>, At(need): At<CampusRequestId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = offers::list_of_need(tx, actor, need, state, page.after(), page.fetch())?;
        Ok(Reply::ok(&page.list(rows.iter().map(OfferView::from).collect(), |view: &OfferView| view.id.clone())))
    })
    .await
}

/// The offers to a volunteer, of all campuses.
async fn list_of_volunteer(ctx: Ctx<ListQuery>, At(volunteer): At<VolunteerId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = offers::list_of_volunteer(tx, actor, volunteer, state, page.after(), page.fetch())?;
        Ok(Reply::ok(&page.list(rows.iter().map(OfferView::from).collect(), |view: &OfferView| view.id.clone())))
    })
    .await
}

/// Offers a seat.
async fn create(ctx: Ctx, At(need): At<CampusRequestId>, Body { value, digest }: Body<OfferBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(need.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        let (volunteer, role, deadline) = value.read()?;
        let offer = offers::create(tx, actor, need, volunteer, role, deadline)?;
        let location = format!("/v1/offers/{}", offer.row.id);
        Ok(Reply::created(&OfferView::from(&offer), location).etag(offer.row.revision))
    })
    .await
}

/// One offer.
async fn find(ctx: Ctx, At(id): At<OfferId>) -> Answer {
    ctx.read(move |tx, actor| Ok(shown(&offers::find(tx, actor, id)?))).await
}

/// The volunteer says yes. Where that is no longer possible, the answer names what else there is to do.
async fn accept(ctx: Ctx, At(id): At<OfferId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let app = ctx.app.clone();
    let turn = turn(&app, id).await?;
    let answer = ctx.act(digest, move |tx, actor| {
        let accepted = answers::accept(tx, actor, id)?;
        let view = AcceptedView {
            offer: (&accepted.offer).into(),
            assignment: AssignmentView::new(&accepted.assignment, tx.app),
        };
        Ok(Reply::ok(&view).etag(accepted.offer.row.revision))
    });
    let answer = answer.await;
    drop(turn);
    match answer {
        Err(problem) if answers::calls_for_alternatives(problem.code) => {
            Err(with_alternatives(&app, id, problem).await)
        }
        answer => answer,
    }
}

/// The turn of those who answer offers of one need.
async fn turn(app: &App, id: OfferId) -> Result<Option<tokio::sync::MutexGuard<'_, ()>>, ServiceError> {
    if !app.takes_turns() {
        return Ok(None);
    }
    let need = app.read(move |tx| answers::need_of(tx, id)).await?;
    Ok(app.turn(need).await)
}

async fn with_alternatives(app: &App, id: OfferId, mut problem: Problem) -> Problem {
    match app.read(move |tx| answers::alternatives(tx, id)).await {
        Ok(others) => {
            let each = |other: &answers::Alternative| {
                json!({
                    "campus_request_id": other.need.to_string(),
                    "title": other.title,
                    "starts_at": other.starts_at.to_string(),
                })
            };
            problem.extra.insert("alternatives".to_owned(), others.iter().map(each).collect());
            problem
        }
        // The refusal is what matters; it goes out without them.
        Err(fault) => {
            tracing::warn!(error = ?fault, "alternatives could not be looked for");
            problem
        }
    }
}

/// The volunteer says no.
async fn decline(ctx: Ctx, At(id): At<OfferId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = turn(&app, id).await?;
    ctx.act(digest, move |tx, actor| {
        let reason = value.read()?;
        Ok(shown(&answers::decline(tx, actor, id, &reason)?))
    })
    .await
}

/// The office takes it back.
async fn withdraw(ctx: Ctx, At(id): At<OfferId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let reason = value.read()?;
        Ok(shown(&offers::withdraw(tx, actor, id, &reason)?))
    })
    .await
}
