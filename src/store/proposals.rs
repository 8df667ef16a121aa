//! Proposals as rows: a plan for many seats, kept as it was made.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::documents::corrupt;
use super::matching_runs::LoadsDocument;
use super::schema::{matching_run_campuses, proposals};
use crate::domain::ids::{CampusId, CampusRequestId, MatchingRunId, ProposalId, RoleId, VolunteerId};
use crate::domain::matching::assignment::ProposalState;
use crate::domain::matching::eligibility::Rule;
use crate::domain::matching::plan::{OpenSeats, Proposal, ProposedSeat, Scope, SeatPrice};
use crate::domain::time::Instant;

text_column!(ProposalState);

/// A proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposalRow {
    /// Which proposal it is.
    pub id: ProposalId,
    /// Whose.
    pub campus_id: CampusId,
    /// Whether its offers went out.
    pub state: ProposalState,
    /// The plan.
    pub plan: Proposal,
    /// The names of those who have a seat in it, in the order of the seats.
    pub names: Vec<String>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// Keeps a new proposal.
pub fn insert(conn: &mut Conn, row: &ProposalRow) -> Result<(), StoreError> {
    diesel::insert_into(proposals::table)
        .values((
            proposals::id.eq(row.id),
            proposals::campus_id.eq(row.campus_id),
            proposals::state.eq(row.state),
            proposals::plan.eq(Json(PlanDocument::from(row))),
            proposals::revision.eq(row.revision),
            proposals::created_at.eq(row.created_at),
            proposals::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The proposal of this id.
pub fn find(conn: &mut Conn, id: ProposalId) -> Result<Option<ProposalRow>, StoreError> {
    let found: Option<(CampusId, ProposalState, Json<PlanDocument>, i64, Instant, Instant)> = proposals::table
        .find(id)
        .select((
            proposals::campus_id,
            proposals::state,
            proposals::plan,
            proposals::revision,
            proposals::created_at,
            proposals::updated_at,
        ))
        .get_result(conn)
        .optional()?;
    let Some((campus_id, state, Json(document), revision, created_at, updated_at)) = found else { return Ok(None) };
    let names = document.seats.iter().map(|seat| seat.display_name.clone()).collect();
    let plan = document.read().ok_or_else(|| corrupt(id, "its plan names what is no id"))?;
    Ok(Some(ProposalRow { id, campus_id, state, plan, names, revision, created_at, updated_at }))
}

/// The latest draft of a campus that was made after `since`, if there is one.
pub fn latest_draft(conn: &mut Conn, campus: CampusId, since: Instant) -> Result<Option<ProposalRow>, StoreError> {
    let id: Option<ProposalId> = proposals::table
        .filter(proposals::campus_id.eq(campus))
        .filter(proposals::state.eq(ProposalState::Draft))
        .filter(proposals::created_at.gt(since))
        .order(proposals::id.desc())
        .limit(1)
        .select(proposals::id)
        .load(conn)?
        .pop();
    id.map_or(Ok(None), |id| find(conn, id))
}

/// The latest draft of each campus, of those made after `since`: which it is, its campus, and when it was last changed.
pub fn latest_drafts(conn: &mut Conn, since: Instant) -> Result<Vec<(ProposalId, CampusId, Instant)>, StoreError> {
    let mut drafts: Vec<(ProposalId, CampusId, Instant)> = proposals::table
        .filter(proposals::state.eq(ProposalState::Draft))
        .filter(proposals::created_at.gt(since))
        .order((proposals::campus_id.asc(), proposals::id.desc()))
        .select((proposals::id, proposals::campus_id, proposals::updated_at))
        .load(conn)?;
    drafts.dedup_by_key(|(_, campus, _)| *campus);
    Ok(drafts)
}

/// The drafts that were made together with this one, for other campuses.
pub fn siblings(conn: &mut Conn, id: ProposalId) -> Result<Vec<ProposalRow>, StoreError> {
    let run = matching_run_campuses::table
        .filter(matching_run_campuses::proposal_id.eq(id))
        .select(matching_run_campuses::matching_run_id);
    let ids: Vec<ProposalId> = matching_run_campuses::table
        .inner_join(proposals::table)
        .filter(matching_run_campuses::matching_run_id.eq_any(run.load::<MatchingRunId>(conn)?))
        .filter(proposals::state.eq(ProposalState::Draft))
        .filter(proposals::id.ne(id))
        .order(proposals::id)
        .select(proposals::id)
        .load(conn)?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(find(conn, id)?);
    }
    Ok(rows)
}

/// Keeps another plan for a draft; answers whether it still was the draft of the revision before.
pub fn update(conn: &mut Conn, row: &ProposalRow) -> Result<bool, StoreError> {
    let before = proposals::table
        .filter(proposals::id.eq(row.id))
        .filter(proposals::state.eq(ProposalState::Draft))
        .filter(proposals::revision.eq(row.revision - 1));
    let updated = diesel::update(before)
        .set((
            proposals::plan.eq(Json(PlanDocument::from(row))),
            proposals::revision.eq(row.revision),
            proposals::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(updated == 1)
}

/// Notes that the offers of a draft went out; answers whether this was the one who did it.
pub fn send(conn: &mut Conn, id: ProposalId, now: Instant) -> Result<bool, StoreError> {
    let draft = proposals::table.filter(proposals::id.eq(id)).filter(proposals::state.eq(ProposalState::Draft));
    let sent = diesel::update(draft)
        .set((
            proposals::state.eq(ProposalState::Sent),
            proposals::sent_at.eq(Some(now)),
            proposals::revision.eq(proposals::revision + 1),
            proposals::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(sent == 1)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PlanDocument {
    seats: Vec<SeatDocument>,
    open_seats: Vec<OpenDocument>,
    seats_wanted: u32,
    seats_filled: u32,
    #[serde(default)]
    seats_provable: u32,
    #[serde(default)]
    fit: i64,
    value: i64,
    bound: i64,
    gap_percent: f64,
    #[serde(default)]
    prices: Vec<PriceDocument>,
    #[serde(default)]
    loads: LoadsDocument,
    #[serde(default)]
    fairness: u16,
    #[serde(default)]
    scope: ScopeDocument,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct ScopeDocument {
    only: Option<Vec<String>>,
    from: Option<String>,
    until: Option<String>,
}

impl From<&Scope> for ScopeDocument {
    fn from(scope: &Scope) -> Self {
        Self {
            only: scope.only.as_ref().map(|only| only.iter().map(ToString::to_string).collect()),
            from: scope.from.map(|at| at.to_string()),
            until: scope.until.map(|at| at.to_string()),
        }
    }
}

impl ScopeDocument {
    fn read(self) -> Option<Scope> {
        let needs = |only: Vec<String>| only.iter().map(|id| id.parse().ok()).collect::<Option<_>>();
        let instant = |at: Option<String>| at.map_or(Some(None), |at| at.parse().ok().map(Some));
        Some(Scope {
            only: self.only.map_or(Some(None), |only| needs(only).map(Some))?,
            from: instant(self.from)?,
            until: instant(self.until)?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SeatDocument {
    campus_request_id: String,
    role_id: String,
    volunteer_id: String,
    display_name: String,
    score: u16,
    reasons: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OpenDocument {
    campus_request_id: String,
    role_id: String,
    missing: u16,
    below_minimum: bool,
    #[serde(default)]
    impossible: u16,
    #[serde(default)]
    eligible: u32,
    #[serde(default)]
    refusals: Vec<(String, u32)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PriceDocument {
    campus_request_id: String,
    role_id: String,
    ticks: i64,
    #[serde(default)]
    worth: i64,
}

impl From<&ProposalRow> for PlanDocument {
    fn from(row: &ProposalRow) -> Self {
        let seats = row.plan.seats.iter().zip(&row.names).map(|(seat, name)| SeatDocument {
            campus_request_id: seat.campus_request_id.to_string(),
            role_id: seat.role_id.to_string(),
            volunteer_id: seat.volunteer_id.to_string(),
            display_name: name.clone(),
            score: seat.fit,
            reasons: seat.reasons.clone(),
        });
        let open_seats = row.plan.open_seats.iter().map(|open| OpenDocument {
            campus_request_id: open.campus_request_id.to_string(),
            role_id: open.role_id.to_string(),
            missing: open.missing,
            below_minimum: open.below_minimum,
            impossible: open.impossible,
            eligible: open.eligible,
            refusals: open.refusals.iter().map(|(rule, many)| (rule.as_str().to_owned(), *many)).collect(),
        });
        let prices = row.plan.prices.iter().map(|price| PriceDocument {
            campus_request_id: price.campus_request_id.to_string(),
            role_id: price.role_id.to_string(),
            ticks: price.ticks,
            worth: price.worth,
        });
        Self {
            seats: seats.collect(),
            open_seats: open_seats.collect(),
            seats_wanted: row.plan.seats_wanted,
            seats_filled: row.plan.seats_filled,
            seats_provable: row.plan.seats_provable,
            fit: row.plan.fit,
            value: row.plan.value,
            bound: row.plan.bound,
            gap_percent: row.plan.gap_percent,
            prices: prices.collect(),
            loads: row.plan.loads.into(),
            fairness: row.plan.fairness,
            scope: (&row.plan.scope).into(),
        }
    }
}

impl PlanDocument {
    fn read(self) -> Option<Proposal> {
        let need = |id: &str| id.parse::<CampusRequestId>().ok();
        let role = |id: &str| id.parse::<RoleId>().ok();
        let seats = self.seats.into_iter().map(|seat| {
            Some(ProposedSeat {
                campus_request_id: need(&seat.campus_request_id)?,
                role_id: role(&seat.role_id)?,
                volunteer_id: seat.volunteer_id.parse::<VolunteerId>().ok()?,
                fit: seat.score,
                reasons: seat.reasons,
            })
        });
        let open_seats = self.open_seats.into_iter().map(|open| {
            Some(OpenSeats {
                campus_request_id: need(&open.campus_request_id)?,
                role_id: role(&open.role_id)?,
                missing: open.missing,
                below_minimum: open.below_minimum,
                impossible: open.impossible,
                eligible: open.eligible,
                refusals: open
                    .refusals
                    .into_iter()
                    .map(|(rule, many)| Some((rule.parse::<Rule>().ok()?, many)))
                    .collect::<Option<_>>()?,
            })
        });
        let prices = self.prices.into_iter().map(|price| {
            Some(SeatPrice {
                campus_request_id: need(&price.campus_request_id)?,
                role_id: role(&price.role_id)?,
                ticks: price.ticks,
                worth: price.worth,
            })
        });
        Some(Proposal {
            seats: seats.collect::<Option<_>>()?,
            open_seats: open_seats.collect::<Option<_>>()?,
            seats_wanted: self.seats_wanted,
            seats_filled: self.seats_filled,
            seats_provable: self.seats_provable,
            fit: self.fit,
            value: self.value,
            bound: self.bound,
            gap_percent: self.gap_percent,
            prices: prices.collect::<Option<_>>()?,
            loads: self.loads.into(),
            fairness: self.fairness,
            scope: self.scope.read()?,
        })
    }
}
