//! The facts for a plan, read in one transaction; what comes of it is kept in another.
//!
//! Planning may take seconds, so nothing is held while it goes on: `proposals` and `matching_runs` read here, let the
//! domain plan, and look again.

use chrono::TimeDelta;

use super::app::Tx;
use super::error::ServiceError;
use super::ground::Obstacle;
use super::matching::{self, Counts};
use crate::domain::ids::{CampusId, CampusRequestId, ProposalId, RoleId, VolunteerId};
use crate::domain::matching::assignment::ProposalState;
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::plan::{OpenNeed, Problem, Proposal, Scope, Site, Wishes};
use crate::domain::refusal::Invalid;
use crate::store::campus_requests::{self, CampusRequestRow, Seats};
use crate::store::engagements::Whose;
use crate::store::proposals::{self, ProposalRow};

/// A draft older than this no longer says who should stay where they are.
pub const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// The facts for a plan of these needs of these campuses.
///
/// # Errors
/// `unknown_reference` for a need that is none of the campuses', `wrong_state` and `has_begun` for one that takes nobody.
pub fn facts(tx: &mut Tx<'_>, campuses: &[CampusId], scope: &Scope, fairness: u16) -> Result<Problem, ServiceError> {
    let problem = facts_now(tx, campuses, scope, fairness)?;
    let known =
        |id: &CampusRequestId| problem.sites.iter().flat_map(|site| &site.needs).any(|need| need.request.id == *id);
    let asked = scope.only.iter().flatten().enumerate();
    for (at, &id) in asked.into_iter().filter(|(_, id)| !known(id)) {
        // One that is open and not among them is out of the time that was asked for.
        if let Some(why) = why_not(tx, campuses, at, id)? {
            return Err(why);
        }
    }
    Ok(problem)
}

/// The facts for a plan of those of these needs that take somebody now.
///
/// # Errors
/// The database's.
pub fn facts_now(
    tx: &mut Tx<'_>,
    campuses: &[CampusId],
    scope: &Scope,
    fairness: u16,
) -> Result<Problem, ServiceError> {
    let mut sites = Vec::with_capacity(campuses.len());
    let mut keep: Vec<(RoleId, VolunteerId)> = Vec::new();
    for &campus in campuses {
        let mut needs = campus_requests::list_open(tx.conn, Some(campus), tx.now)?;
        needs.retain(|need| scope.holds(&need.need));
        sites.push(site(tx, campus, needs)?);
        if let Some(draft) = proposals::latest_draft(tx.conn, campus, tx.now.plus(-REMEMBERED))? {
            keep.extend(draft.plan.seats.iter().map(|seat| (seat.role_id, seat.volunteer_id)));
        }
    }
    keep.sort_unstable();
    keep.dedup();
    Ok(Problem { scope: scope.clone(), sites, wishes: Wishes { fairness, keep } })
}

fn site(tx: &mut Tx<'_>, campus: CampusId, needs: Vec<CampusRequestRow>) -> Result<Site, ServiceError> {
    let ids: Vec<CampusRequestId> = needs.iter().map(|need| need.id).collect();
    let seats = campus_requests::seats(tx.conn, &ids, tx.now)?;
    let open: Vec<&CampusRequest> = needs.iter().map(|need| &need.need).collect();
    let people = matching::people(tx, campus, Whose::Campus(campus), &open, Counts::HeldAndAsked)?;
    let terrain = matching::terrain(&matching::campus_of(tx, campus)?);
    let taken = |need: &CampusRequest| {
        let gone = need.roles.iter().filter_map(|role| {
            let Seats { filled, offered } = seats.get(&role.id()).copied()?;
            Some((role.id(), u16::try_from(filled + offered).unwrap_or(u16::MAX)))
        });
        gone.collect()
    };
    let needs = needs.into_iter().map(|row| OpenNeed { taken: taken(&row.need), request: row.need }).collect();
    Ok(Site { needs, people: people.into_iter().map(|seen| seen.prospect).collect(), terrain })
}

fn why_not(
    tx: &mut Tx<'_>,
    campuses: &[CampusId],
    at: usize,
    id: CampusRequestId,
) -> Result<Option<ServiceError>, ServiceError> {
    let need = campus_requests::find(tx.conn, id)?.filter(|need| campuses.contains(&need.campus_id));
    Ok(match need {
        None => {
            let field = format!("campus_request_ids/{at}");
            Some(Invalid::new(field, "unknown_reference", format!("the campus has no need {id}")).into())
        }
        Some(need) if !need.state.is_open() => Some(Obstacle::NotOpen(need.state.as_str()).refusal()),
        Some(need) => {
            let start = need.when.window().start();
            (start <= tx.now).then(|| Obstacle::Begun(start).refusal())
        }
    })
}

/// Keeps one campus's part of a plan as a draft.
///
/// # Errors
/// The database's.
pub fn keep(
    tx: &mut Tx<'_>,
    campus: CampusId,
    problem: &Problem,
    plan: &Proposal,
) -> Result<ProposalRow, ServiceError> {
    let plan = plan.part(problem, campus);
    let people = problem.sites.iter().flat_map(|site| &site.people);
    let known: std::collections::HashMap<VolunteerId, &str> =
        people.map(|who| (who.volunteer.id(), who.volunteer.display_name.as_str())).collect();
    let names = plan.seats.iter().map(|seat| known.get(&seat.volunteer_id).copied().unwrap_or_default().to_owned());
    let row = ProposalRow {
        id: ProposalId::mint(),
        campus_id: campus,
        state: ProposalState::Draft,
        names: names.collect(),
        plan,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    proposals::insert(tx.conn, &row)?;
    Ok(row)
}
