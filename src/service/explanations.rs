//! Why a plan is as it is, by the facts as they are now: read here, reckoned by the domain outside of the transaction.

use std::collections::HashMap;

use super::access::{self, Actor};
use super::app::Tx;
use super::error::ServiceError;
use super::matching::{self, Counts};
use super::planning;
use crate::domain::ids::{CampusRequestId, ProposalId, RoleId, VolunteerId};
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::eligibility::{Prospect, Terrain, is_eligible};
use crate::domain::matching::explanation::{Told, WhatIf, what_if, why};
use crate::domain::matching::plan::{Problem, Proposal, Scope, Wishes};
use crate::domain::matching::reinforcement::{Reinforcement, one_more};
use crate::domain::people::access::Action;
use crate::domain::people::campus::Campus;
use crate::store::engagements::Whose;
use crate::store::proposals::{self, ProposalRow};
use crate::store::{campus_requests, campuses};

/// A plan and the facts of now.
#[derive(Debug, Clone)]
pub struct Ground {
    problem: Problem,
    plan: Proposal,
}

/// The plan of a proposal, and the facts of its campus as they are now.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn ground(tx: &mut Tx<'_>, actor: &Actor, id: ProposalId) -> Result<Ground, ServiceError> {
    let row = proposals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, row.campus_id, Action::Staff)?;
    let mut problem = planning::facts(tx, &[row.campus_id], &Scope::default(), row.plan.fairness)?;
    // What is asked is how good a pair is, not where it was before.
    problem.wishes = Wishes { fairness: row.plan.fairness, keep: Vec::new() };
    Ok(Ground { problem, plan: row.plan })
}

/// Somebody and why they do not have a seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The need.
    pub need: CampusRequestId,
    /// Their name.
    pub display_name: String,
    /// Why.
    pub told: Told,
}

impl Ground {
    /// Why somebody does not have a seat of a role; `None` where the campus has no open seat of that role now, or nobody of
    /// that id.
    #[must_use]
    pub fn explain(&self, role: RoleId, volunteer: VolunteerId) -> Option<Explained> {
        let told = why(&self.problem, &self.plan, role, volunteer)?;
        let needs = || self.problem.sites.iter().flat_map(|site| &site.needs);
        let need = needs().find(|need| need.request.role(role).is_some())?.request.id;
        let people = || self.problem.sites.iter().flat_map(|site| &site.people);
        let who = people().find(|who| who.volunteer.id() == volunteer)?;
        Some(Explained { need, display_name: who.volunteer.display_name.clone(), told })
    }

    /// Where one more volunteer would help most.
    #[must_use]
    pub fn reinforcements(&self) -> Vec<Reinforcement> {
        one_more(&self.problem, &self.plan)
    }
}

/// A need and everybody who has applied at its campus.
#[derive(Debug, Clone)]
pub struct Moved {
    need: CampusRequest,
    people: Vec<Prospect>,
    terrain: Terrain,
}

/// A need as it might be moved.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn moved(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<Moved, ServiceError> {
    let need = campus_requests::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?.need;
    access::require(tx, actor, need.campus_id, Action::Staff)?;
    let campus = matching::campus_of(tx, need.campus_id)?;
    let people = matching::people(tx, campus.id, Whose::Campus(campus.id), &[&need], Counts::Held)?;
    let people = people.into_iter().map(|seen| seen.prospect).collect();
    Ok(Moved { terrain: matching::terrain(&campus), need, people })
}

impl Moved {
    /// The need.
    #[must_use]
    pub const fn id(&self) -> CampusRequestId {
        self.need.id
    }

    /// How many may come now.
    #[must_use]
    pub fn eligible(&self) -> usize {
        self.people.iter().filter(|who| is_eligible(&self.need, who, &self.terrain)).count()
    }

    /// What an hour earlier or later, and the other mode, would do.
    #[must_use]
    pub fn changes(&self) -> Vec<WhatIf> {
        what_if(&self.need, &self.people, &self.terrain)
    }

    /// Everybody's names.
    #[must_use]
    pub fn names(&self) -> HashMap<VolunteerId, &str> {
        self.people.iter().map(|who| (who.volunteer.id(), who.volunteer.display_name.as_str())).collect()
    }
}

/// All that the picture of a plan shows.
#[derive(Debug, Clone)]
pub struct Pictured {
    /// The proposal.
    pub row: ProposalRow,
    /// Its needs, by their start.
    pub needs: Vec<CampusRequest>,
    /// Its campus.
    pub campus: Campus,
}

/// A plan to be drawn.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn pictured(tx: &mut Tx<'_>, actor: &Actor, id: ProposalId) -> Result<Pictured, ServiceError> {
    let row = proposals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, row.campus_id, Action::Staff)?;
    let campus = campuses::find(tx.conn, row.campus_id)?.ok_or(ServiceError::NotFound)?;
    let seated = row.plan.seats.iter().map(|seat| seat.campus_request_id);
    let open = row.plan.open_seats.iter().map(|open| open.campus_request_id);
    let mut ids: Vec<CampusRequestId> = seated.chain(open).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = campus_requests::list_by_ids(tx.conn, &ids)?;
    let mut needs: Vec<CampusRequest> = found.into_iter().map(|row| row.need).collect();
    needs.sort_by_key(|need| (need.when.window().start(), need.id));
    Ok(Pictured { row, needs, campus })
}
