//! Drafts brought up to date: what the rules no longer allow goes, what came free is filled, the rest stays where it is.
//!
//! Like planning: the facts are read in one transaction, the plan is mended outside of any, and kept in another, if the
//! draft is still the one that was read. A coordinator asks for it, and at night it is done for the latest draft of each
//! campus, so that nobody finds in the morning what stopped being possible in the evening.

use std::collections::HashMap;

use chrono::Timelike as _;

use super::access::{self, Actor};
use super::app::{App, Tx};
use super::code::Code;
use super::error::{ServiceError, StoreError};
use super::matching;
use super::planning::{self, REMEMBERED};
use crate::domain::ids::{CampusRequestId, ProposalId, VolunteerId};
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::eligibility::Commitment;
use crate::domain::matching::plan::{Changes, Problem, mend};
use crate::domain::matching::solver::Go;
use crate::domain::matching::travel::Venue;
use crate::domain::people::access::Action;
use crate::domain::time::{Instant, Zone};
use crate::store::proposals::{self, ProposalRow};
use crate::store::{campus_requests, campuses};

/// A draft, and the facts as they are now.
#[derive(Debug, Clone)]
pub struct Draft {
    row: ProposalRow,
    problem: Problem,
}

/// A draft brought up to date.
#[derive(Debug, Clone)]
pub struct Mended {
    /// The draft as it was.
    pub before: ProposalRow,
    /// The draft as it is to be; its times are those of before.
    pub row: ProposalRow,
    /// What is different.
    pub changes: Changes,
}

/// A draft and the facts for its needs.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` once it was sent.
pub fn draft(tx: &mut Tx<'_>, actor: &Actor, id: ProposalId) -> Result<Draft, ServiceError> {
    let row = proposals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, row.campus_id, Action::Staff)?;
    row.state.mend()?;
    read(tx, row)
}

fn read(tx: &mut Tx<'_>, row: ProposalRow) -> Result<Draft, ServiceError> {
    let mut problem = planning::facts_now(tx, &[row.campus_id], &row.plan.scope, row.plan.fairness)?;
    problem.wishes.keep = row.plan.seats.iter().map(|seat| (seat.role_id, seat.volunteer_id)).collect();
    problem.wishes.keep.sort_unstable();
    engage(tx, &row, &mut problem)?;
    Ok(Draft { row, problem })
}

/// What the drafts of other campuses, made in the same run, have people do is taken for held.
fn engage(tx: &mut Tx<'_>, row: &ProposalRow, problem: &mut Problem) -> Result<(), ServiceError> {
    for other in proposals::siblings(tx.conn, row.id)? {
        let ids: Vec<CampusRequestId> = other.plan.seats.iter().map(|seat| seat.campus_request_id).collect();
        let needs = campus_requests::list_by_ids(tx.conn, &ids)?;
        let needs: HashMap<CampusRequestId, &CampusRequest> = needs.iter().map(|row| (row.id, &row.need)).collect();
        let terrain = matching::terrain(&matching::campus_of(tx, other.campus_id)?);
        for seat in &other.plan.seats {
            let Some(need) = needs.get(&seat.campus_request_id) else { continue };
            let people = problem.sites.iter_mut().flat_map(|site| &mut site.people);
            for who in people.filter(|who| who.volunteer.id() == seat.volunteer_id) {
                let (window, venue) = (need.when.window(), Venue::of(need, terrain.campus));
                who.commitments.push(Commitment { need: need.id, title: None, window, venue });
            }
        }
    }
    Ok(())
}

/// From when until when drafts are mended by night, on the campus's clocks.
const NIGHT: (u32, u32) = (2, 5);

/// Whether it is night at the campus, and a draft was not changed since it began.
fn is_due(changed: Instant, now: Instant, zone: Zone) -> bool {
    let (from, until) = NIGHT;
    let wall = now.wall(zone);
    let begun = wall.date().and_hms_opt(from, 0, 0).map(|at| zone.at_or_after(at));
    (from..until).contains(&wall.hour()) && begun.is_some_and(|begun| changed < begun && begun <= now)
}

impl Draft {
    /// Whether there is a need left to plan for.
    fn is_open(&self) -> bool {
        self.problem.sites.iter().any(|site| !site.needs.is_empty())
    }

    /// Mends the plan: takes as long as planning, and belongs outside of a transaction.
    #[must_use]
    pub fn mended(self) -> Mended {
        let plan = mend(&self.problem, &self.row.plan, &mut |_| Go::On);
        let changes = plan.changes_since(&self.row.plan);
        let people = self.problem.sites.iter().flat_map(|site| &site.people);
        let known: HashMap<VolunteerId, &str> =
            people.map(|who| (who.volunteer.id(), who.volunteer.display_name.as_str())).collect();
        let name = |id: &VolunteerId| known.get(id).copied().unwrap_or_default().to_owned();
        let names = plan.seats.iter().map(|seat| name(&seat.volunteer_id)).collect();
        let row = ProposalRow { plan, names, revision: self.row.revision + 1, ..self.row.clone() };
        Mended { before: self.row, row, changes }
    }
}

/// Keeps a draft brought up to date.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` where it was sent or mended meanwhile.
pub fn keep(tx: &mut Tx<'_>, actor: &Actor, mended: &Mended) -> Result<ProposalRow, ServiceError> {
    access::require(tx, actor, mended.row.campus_id, Action::Staff)?;
    let row = ProposalRow { updated_at: tx.now, ..mended.row.clone() };
    if !proposals::update(tx.conn, &row)? {
        return Err(ServiceError::refused(Code::WrongState, "The proposal was sent or mended meanwhile."));
    }
    Ok(row)
}

/// Brings the latest draft of each campus up to date where it is night; answers how many there were.
///
/// # Errors
/// The database's.
pub async fn mend_by_night(app: &App) -> Result<usize, ServiceError> {
    let due = app.read(|tx| {
        let mut due = Vec::new();
        for (id, campus, changed) in proposals::latest_drafts(tx.conn, tx.now.plus(-REMEMBERED))? {
            let zone = campuses::find(tx.conn, campus)?.map(|campus| campus.settings.zone);
            if zone.is_some_and(|zone| is_due(changed, tx.now, zone)) {
                due.push(id);
            }
        }
        Ok(due)
    });
    let mut done = 0;
    for id in due.await? {
        let draft = app.read(move |tx| proposals::find(tx.conn, id)?.map(|row| read(tx, row)).transpose()).await?;
        let Some(draft) = draft.filter(Draft::is_open) else { continue };
        let mended = tokio::task::spawn_blocking(move || draft.mended()).await;
        let mended = mended.map_err(|fault| StoreError::Corrupt(format!("a plan could not be mended: {fault}")))?;
        // Whoever sent or mended it meanwhile knew better.
        let kept = app.write(move |tx| {
            let row = ProposalRow { updated_at: tx.now, ..mended.row.clone() };
            Ok(proposals::update(tx.conn, &row)?)
        });
        done += usize::from(kept.await?);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_due_once_a_night_on_the_clocks_of_its_campus() {
        let zone: Zone = "America/New_York".parse().unwrap();
        let check = |changed: &str, now: &str, expect| {
            assert_eq!(is_due(changed.parse().unwrap(), now.parse().unwrap(), zone), expect, "{changed} {now}");
        };
        check("2027-01-11T20:00:00Z", "2027-01-12T06:59:59Z", false);
        check("2027-01-11T20:00:00Z", "2027-01-12T07:00:00Z", true);
        check("2027-01-11T20:00:00Z", "2027-01-12T09:59:59Z", true);
        check("2027-01-11T20:00:00Z", "2027-01-12T10:00:00Z", false);
        check("2027-01-12T07:00:00Z", "2027-01-12T07:00:05Z", false);
        check("2027-01-12T06:59:59Z", "2027-01-12T07:00:05Z", true);
        // The night without an hour from two to three.
        check("2027-03-13T20:00:00Z", "2027-03-14T06:59:59Z", false);
        check("2027-03-13T20:00:00Z", "2027-03-14T07:00:00Z", true);
        check("2027-03-14T07:00:00Z", "2027-03-14T08:30:00Z", false);
    }
}
