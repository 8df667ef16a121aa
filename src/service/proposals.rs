//! Proposals: the best plan for all open seats together, kept as it was made, sent when a coordinator says so.
//!
//! Small plans are made while the caller waits, between two transactions: one that reads the facts, one that keeps the
//! plan. Whatever may take longer is a matching run. What changed until the plan is sent is looked at again pair by pair
//! when it is sent.

use std::collections::HashMap;

use super::access::{self, Actor};
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::ground::{Ground, Way, obstacle};
use super::matching::{self, Counts, Seen};
use super::offers::deadline;
use super::planning::{self, Which};
use super::staffing;
use crate::domain::ids::{CampusId, CampusRequestId, ProposalId, VolunteerId};
use crate::domain::matching::assignment::ProposalState;
use crate::domain::matching::campus_request::{CampusRequest, NeedRole};
use crate::domain::matching::plan::{Problem, Proposal};
use crate::domain::matching::run::Asked;
use crate::domain::people::access::Action;
use crate::domain::refusal::WrongState;
use crate::domain::time::Instant;
use crate::store::campus_requests::{self, CampusRequestRow};
use crate::store::engagements::Whose;
use crate::store::offers::{self, Offered};
use crate::store::proposals;

pub use crate::store::proposals::ProposalRow;

/// The facts for a plan of these needs, or of all open needs of the campus.
///
/// # Errors
/// `not_found`, `forbidden`; those of [`planning::facts`].
pub fn facts(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    only: Option<&[CampusRequestId]>,
) -> Result<Problem, ServiceError> {
    access::require(tx, actor, campus, Action::Staff)?;
    let which = Which { only: only.map(<[_]>::to_vec), ..Which::default() };
    planning::facts(tx, &[campus], &which, Asked::USUAL_FAIRNESS)
}

/// Keeps a plan as a draft.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    facts: &Problem,
    plan: &Proposal,
) -> Result<ProposalRow, ServiceError> {
    access::require(tx, actor, campus, Action::Staff)?;
    planning::keep(tx, campus, facts, plan)
}

/// One proposal, as it was made.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: ProposalId) -> Result<ProposalRow, ServiceError> {
    let row = proposals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, row.campus_id, Action::Staff)?;
    Ok(row)
}

/// What came of sending a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The proposal.
    pub proposal: ProposalRow,
    /// The offers that went out.
    pub offers: Vec<Offered>,
    /// The seats that became no offer.
    pub skipped: Vec<Skipped>,
}

/// A seat of the plan that became no offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The need.
    pub need: CampusRequestId,
    /// Who was to have the seat.
    pub volunteer: VolunteerId,
    /// The rule in the way.
    pub code: Code,
    /// The sentence with its values.
    pub detail: String,
}

/// Makes every seat of a draft an offer with a letter, but for those that stopped being possible.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` for a proposal that was sent; the deadline's.
pub fn send(tx: &mut Tx<'_>, actor: &Actor, id: ProposalId, given: Option<Instant>) -> Result<Sent, ServiceError> {
    let row = proposals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, row.campus_id, Action::Staff)?;
    row.state.send()?;
    let mut grounds = grounds(tx, &row)?;
    for ground in grounds.values() {
        let start = ground.need.when.window().start();
        if start > tx.now {
            deadline(given, start, tx.now)?;
        }
    }
    let needs: Vec<CampusRequest> = grounds.values().map(|ground| ground.need.need.clone()).collect();
    let needs: Vec<&CampusRequest> = needs.iter().collect();
    let people = matching::people(tx, row.campus_id, Whose::Campus(row.campus_id), &needs, Counts::HeldAndAsked)?;
    let mut people: HashMap<VolunteerId, Seen> =
        people.into_iter().map(|seen| (seen.prospect.volunteer.id(), seen)).collect();
    let (mut made, mut skipped, mut waves) = (Vec::new(), Vec::new(), HashMap::new());
    for seat in &row.plan.seats {
        let Some(ground) = grounds.get_mut(&seat.campus_request_id) else { continue };
        let role: Option<NeedRole> = ground.need.role(seat.role_id).cloned();
        let (Some(role), Some(who)) = (role, people.get_mut(&seat.volunteer_id)) else { continue };
        if let Some(why) = obstacle(ground, who, &role, Way::Offer, tx.now) {
            skipped.push(Skipped {
                need: seat.campus_request_id,
                volunteer: seat.volunteer_id,
                code: why.code(),
                detail: why.detail(),
            });
            continue;
        }
        let wave = match waves.get(&ground.need.id) {
            Some(&wave) => wave,
            None => offers::last_wave(tx.conn, ground.need.id)?.max(1),
        };
        waves.insert(ground.need.id, wave);
        made.push(staffing::ask(tx, ground, who, &role, given, wave)?);
    }
    for ground in grounds.values() {
        // The plan found nobody for what it left open; what was skipped is the coordinator's to plan again.
        let left_open = row.plan.open_seats.iter().any(|open| open.campus_request_id == ground.need.id);
        staffing::note_shortage(tx, ground, left_open && ground.need.state.is_open())?;
    }
    if !proposals::send(tx.conn, id, tx.now)? {
        return Err(WrongState { from: ProposalState::Sent.as_str(), verb: "send" }.into());
    }
    let mut offers = Vec::with_capacity(made.len());
    for id in made {
        offers.extend(offers::find(tx.conn, id, tx.now)?);
    }
    let proposal = ProposalRow { state: ProposalState::Sent, revision: row.revision + 1, updated_at: tx.now, ..row };
    Ok(Sent { proposal, offers, skipped })
}

/// The needs of a plan, each with its seats as they are now.
fn grounds(tx: &mut Tx<'_>, row: &ProposalRow) -> Result<HashMap<CampusRequestId, Ground>, ServiceError> {
    let campus = matching::campus_of(tx, row.campus_id)?;
    let planned = row.plan.seats.iter().map(|seat| seat.campus_request_id);
    let mut ids: Vec<CampusRequestId> =
        planned.chain(row.plan.open_seats.iter().map(|o| o.campus_request_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut grounds = HashMap::with_capacity(ids.len());
    for id in ids {
        let need: Option<CampusRequestRow> = campus_requests::find(tx.conn, id)?;
        if let Some(need) = need {
            grounds.insert(id, Ground::of(tx, need, campus.clone())?);
        }
    }
    Ok(grounds)
}
