//! Proposals: the best plan for all open seats together, kept as it was made, sent when a coordinator says so.
//!
//! Small plans are made while the caller waits, between two transactions: one that reads the facts, one that keeps the
//! plan. Whatever may take longer is a matching run. What changed until the plan is sent is looked at again pair by pair
//! when it is sent.

use std::collections::{HashMap, HashSet};

use super::access::{self, Actor};
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::ground::{Ground, Way, obstacle};
use super::matching::{self, Counts, Seen};
use super::offers::deadline;
use super::planning;
use super::staffing::{self, Asking};
use crate::domain::ids::{CampusId, CampusRequestId, OfferId, ProposalId, VolunteerId};
use crate::domain::matching::assignment::ProposalState;
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::plan::{Problem, Proposal, ProposedSeat, Scope};
use crate::domain::matching::run::Asked;
use crate::domain::matching::waves;
use crate::domain::people::access::Action;
use crate::domain::refusal::WrongState;
use crate::domain::time::Instant;
use crate::store::campus_requests::{self, CampusRequestRow};
use crate::store::engagements::{self, Whose};
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
    let scope = Scope { only: only.map(<[_]>::to_vec), ..Scope::default() };
    planning::facts(tx, &[campus], &scope, Asked::USUAL_FAIRNESS)
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

/// Makes every seat of a draft an offer with a letter, but for those that stopped being possible. Where little time is
/// left some more are asked beside them, as many as [`waves::how_many`] says; whoever answers first has the seat.
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
    let people = people.into_iter().map(|seen| (seen.prospect.volunteer.id(), seen)).collect();
    let planned = row.plan.seats.iter().map(|seat| seat.volunteer_id).collect();
    let mut sending = Sending { people, planned, deadline: given, made: Vec::new(), skipped: Vec::new() };
    for seats in row.plan.seats.chunk_by(|a, b| a.role_id == b.role_id) {
        let ground = seats.first().and_then(|seat| grounds.get_mut(&seat.campus_request_id));
        if let Some(ground) = ground {
            sending.role(tx, ground, seats)?;
        }
    }
    let Sending { made, skipped, .. } = sending;
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

/// A proposal on its way out.
struct Sending {
    people: HashMap<VolunteerId, Seen>,
    /// Whoever has a seat in the plan, anywhere.
    planned: HashSet<VolunteerId>,
    deadline: Option<Instant>,
    made: Vec<OfferId>,
    skipped: Vec<Skipped>,
}

impl Sending {
    /// Asks those who have the seats of one role in the plan, but for those for whom that stopped being possible; and, where
    /// time is short, some beside them whom the plan needs nowhere.
    fn role(&mut self, tx: &mut Tx<'_>, ground: &mut Ground, seats: &[ProposedSeat]) -> Result<(), ServiceError> {
        let Some(role) = seats.first().and_then(|seat| ground.need.role(seat.role_id).cloned()) else { return Ok(()) };
        let wave = offers::last_wave(tx.conn, ground.need.id)?.max(1);
        let others = self.others(tx, ground, seats)?;
        let asking = Asking { deadline: self.deadline, wave, shared: !others.is_empty() };
        for seat in seats {
            let Some(who) = self.people.get_mut(&seat.volunteer_id) else { continue };
            let stop = |code, detail| Skipped { need: ground.need.id, volunteer: seat.volunteer_id, code, detail };
            if let Some(why) = obstacle(ground, who, &role, Way::Offer, tx.now) {
                self.skipped.push(stop(why.code(), why.detail()));
            } else if who.answers.is_enough() {
                let detail = format!("Was asked {} times in the last seven days.", who.answers.lately);
                self.skipped.push(stop(Code::NotEligible, detail));
            } else {
                self.made.push(staffing::ask(tx, ground, who, &role, asking)?);
            }
        }
        for id in others {
            if let Some(who) = self.people.get_mut(&id) {
                self.made.push(staffing::ask(tx, ground, who, &role, asking)?);
            }
        }
        Ok(())
    }

    /// Whom to ask beside those of the plan: nobody where there is time to ask one after the other.
    fn others(
        &self,
        tx: &mut Tx<'_>,
        ground: &Ground,
        seats: &[ProposedSeat],
    ) -> Result<Vec<VolunteerId>, ServiceError> {
        if !ground.need.state.is_open() || ground.postponed || ground.need.when.window().start() <= tx.now {
            return Ok(Vec::new());
        }
        let so_far = engagements::answers_of(tx.conn, ground.need.id, tx.now)?;
        let rounds = ground.rounds(tx.now, self.deadline);
        let chance = |id: &VolunteerId| self.people.get(id).map_or(0.0, |who| who.answers.chance(so_far));
        let mut chances: Vec<f64> = seats.iter().map(|seat| chance(&seat.volunteer_id)).collect();
        // Whether one more would be asked, were there one.
        chances.push(0.5);
        if waves::how_many(seats.len(), &chances, rounds) == seats.len() {
            return Ok(Vec::new());
        }
        chances.pop();
        let free = |who: &&Seen| !self.planned.contains(&who.prospect.volunteer.id()) && !who.answers.is_enough();
        let free: Vec<Seen> = self.people.values().filter(free).cloned().collect();
        let others: Vec<VolunteerId> = matching::ranked(&ground.need, &free, &ground.terrain)
            .into_iter()
            .map(|who| who.prospect.volunteer.id())
            .collect();
        chances.extend(others.iter().map(chance));
        let all = waves::how_many(seats.len(), &chances, rounds);
        Ok(others.into_iter().take(all.saturating_sub(seats.len())).collect())
    }
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
