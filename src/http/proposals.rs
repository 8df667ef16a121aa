//! Proposals, in JSON.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::offers::OfferView;
use super::problem::Problem;
use super::route_table;
use super::wire::present;
use super::wire::skills::ids;
use super::wire::times::instant;
use crate::domain::ids::{CampusId, CampusRequestId, ProposalId};
use crate::domain::matching::plan::{Loads, propose};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::service::access;
use crate::service::code::Code;
use crate::service::mending::{self, Mended};
use crate::service::proposals::{self, ProposalRow, Sent};

route_table! {
    "/v1/campuses/{campus_id}/proposals" => { post create }
    "/v1/proposals/{proposal_id}" => { get find }
    "/v1/proposals/{proposal_id}/send" => { post send }
    "/v1/proposals/{proposal_id}/mend" => { post mend }
}

/// The most needs that a proposal names.
const MOST_NEEDS: usize = 500;

/// What to plan for: these needs, or all that are open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalBody {
    #[serde(default, deserialize_with = "present")]
    campus_request_ids: Option<Vec<String>>,
}

impl ProposalBody {
    fn read(&self) -> Result<Option<Vec<CampusRequestId>>, Invalid> {
        self.campus_request_ids.as_deref().map(|texts| ids("campus_request_ids", texts, MOST_NEEDS)).transpose()
    }
}

/// How to send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendBody {
    #[serde(default, deserialize_with = "present")]
    deadline: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProposalView {
    id: String,
    campus_id: String,
    state: &'static str,
    seats: Vec<SeatView>,
    open_seats: Vec<OpenView>,
    seats_wanted: u32,
    seats_filled: u32,
    seats_provable: u32,
    fit: i64,
    value: i64,
    bound: i64,
    gap_percent: f64,
    seat_prices: Vec<PriceView>,
    loads: LoadsView,
    revision: i64,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct SeatView {
    campus_request_id: String,
    role_id: String,
    volunteer_id: String,
    display_name: String,
    score: u16,
    reasons: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OpenView {
    campus_request_id: String,
    role_id: String,
    missing: u16,
    below_minimum: bool,
    impossible: u16,
    eligible: u32,
    refusals: Vec<RefusalCountView>,
}

#[derive(Debug, Serialize)]
struct RefusalCountView {
    rule: &'static str,
    volunteers: u32,
}

#[derive(Debug, Serialize)]
struct PriceView {
    campus_request_id: String,
    role_id: String,
    points: i64,
    worth: i64,
    contested: bool,
}

/// How engagements are spread.
#[derive(Debug, PartialEq, Serialize)]
pub struct LoadsView {
    people: u32,
    engaged: u32,
    greatest: u32,
    gini: f64,
}

impl From<Loads> for LoadsView {
    fn from(loads: Loads) -> Self {
        Self { people: loads.people, engaged: loads.engaged, greatest: loads.greatest, gini: loads.gini }
    }
}

impl From<&ProposalRow> for ProposalView {
    fn from(row: &ProposalRow) -> Self {
        let seats = row.plan.seats.iter().zip(&row.names).map(|(seat, name)| SeatView {
            campus_request_id: seat.campus_request_id.to_string(),
            role_id: seat.role_id.to_string(),
            volunteer_id: seat.volunteer_id.to_string(),
            display_name: name.clone(),
            score: seat.fit,
            reasons: seat.reasons.clone(),
        });
        let open_seats = row.plan.open_seats.iter().map(|open| OpenView {
            campus_request_id: open.campus_request_id.to_string(),
            role_id: open.role_id.to_string(),
            missing: open.missing,
            below_minimum: open.below_minimum,
            impossible: open.impossible,
            eligible: open.eligible,
            refusals: open
                .refusals
                .iter()
                .map(|&(rule, volunteers)| RefusalCountView { rule: rule.as_str(), volunteers })
                .collect(),
        });
        let prices = row.plan.prices.iter().map(|price| PriceView {
            campus_request_id: price.campus_request_id.to_string(),
            role_id: price.role_id.to_string(),
            points: price.points(),
            worth: price.worth,
            contested: price.is_contested(),
        });
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            state: row.state.as_str(),
            seats: seats.collect(),
            open_seats: open_seats.collect(),
            seats_wanted: row.plan.seats_wanted,
            seats_filled: row.plan.seats_filled,
            seats_provable: row.plan.seats_provable,
            fit: row.plan.fit,
            value: row.plan.value,
            bound: row.plan.bound,
            gap_percent: row.plan.gap_percent,
            seat_prices: prices.collect(),
            loads: row.plan.loads.into(),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct SentView {
    proposal: ProposalView,
    offers: Vec<OfferView>,
    skipped: Vec<SkippedView>,
}

#[derive(Debug, Serialize)]
struct MendedView {
    proposal: ProposalView,
    kept: u32,
    added: Vec<ChangedSeatView>,
    dropped: Vec<ChangedSeatView>,
}

#[derive(Debug, Serialize)]
struct ChangedSeatView {
    campus_request_id: String,
    role_id: String,
    volunteer_id: String,
    display_name: String,
}

impl MendedView {
    fn of(row: &ProposalRow, mended: &Mended) -> Self {
        let seats = |row: &ProposalRow, some: &[usize]| -> Vec<ChangedSeatView> {
            let of = |&at: &usize| {
                let (seat, name) = (row.plan.seats.get(at)?, row.names.get(at)?);
                Some(ChangedSeatView {
                    campus_request_id: seat.campus_request_id.to_string(),
                    role_id: seat.role_id.to_string(),
                    volunteer_id: seat.volunteer_id.to_string(),
                    display_name: name.clone(),
                })
            };
            some.iter().filter_map(of).collect()
        };
        Self {
            proposal: row.into(),
            kept: mended.changes.kept,
            added: seats(row, &mended.changes.added),
            dropped: seats(&mended.before, &mended.changes.dropped),
        }
    }
}

#[derive(Debug, Serialize)]
struct SkippedView {
    campus_request_id: String,
    volunteer_id: String,
    code: &'static str,
    detail: String,
}

impl From<&Sent> for SentView {
    fn from(sent: &Sent) -> Self {
        let skipped = sent.skipped.iter().map(|one| SkippedView {
            campus_request_id: one.need.to_string(),
            volunteer_id: one.volunteer.to_string(),
            code: one.code.as_str(),
            detail: one.detail.clone(),
        });
        Self {
            proposal: (&sent.proposal).into(),
            offers: sent.offers.iter().map(OfferView::from).collect(),
            skipped: skipped.collect(),
        }
    }
}

/// Plans all open seats together: facts from one transaction, the plan made beside the lanes, kept in another.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<ProposalBody>) -> Answer {
    let facts = ctx.peek(&digest, move |tx, actor| {
        access::require(tx, actor, campus, Action::Staff)?;
        let only = value.read()?;
        proposals::facts(tx, actor, campus, only.as_deref())
    });
    let facts = match facts.await? {
        ControlFlow::Continue(facts) => facts,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let (plan, facts) = beside(move || (propose(&facts), facts)).await?;
    ctx.act(digest, move |tx, actor| {
        let row = proposals::keep(tx, actor, campus, &facts, &plan)?;
        Ok(Reply::created(&ProposalView::from(&row), format!("/v1/proposals/{}", row.id)).etag(row.revision))
    })
    .await
}

/// Planning, beside the lanes.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|fault| {
        tracing::error!(error = %fault, "a plan could not be made");
        Problem::new(Code::Internal, "Something went wrong on our side. Nothing was changed.")
    })
}

/// Brings a draft up to date: facts from one transaction, mended beside the lanes, kept in another.
async fn mend(ctx: Ctx, At(id): At<ProposalId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let draft = match ctx.peek(&digest, move |tx, actor| mending::draft(tx, actor, id)).await? {
        ControlFlow::Continue(draft) => draft,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let mended = beside(move || draft.mended()).await?;
    ctx.act(digest, move |tx, actor| {
        let row = mending::keep(tx, actor, &mended)?;
        Ok(Reply::ok(&MendedView::of(&row, &mended)).etag(row.revision))
    })
    .await
}

/// One proposal, as it was made or last mended.
async fn find(ctx: Ctx, At(id): At<ProposalId>) -> Answer {
    ctx.read(move |tx, actor| {
        let row = proposals::find(tx, actor, id)?;
        Ok(Reply::ok(&ProposalView::from(&row)).etag(row.revision))
    })
    .await
}

/// Sends the offers of a draft.
async fn send(ctx: Ctx, At(id): At<ProposalId>, Body { value, digest }: Body<SendBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let deadline = value.deadline.as_deref().map(|at| instant("deadline", at)).transpose()?;
        let sent = proposals::send(tx, actor, id, deadline)?;
        Ok(Reply::ok(&SentView::from(&sent)).etag(sent.proposal.revision))
    })
    .await
}
