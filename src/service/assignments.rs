//! Assignments: seats taken. Who sees them, the office's own word, and how they end.

use super::access::{self, Actor};
use super::app::Tx;
use super::error::ServiceError;
use super::ground::{Ground, Way, obstacle};
use super::matching::{self, Counts};
use super::offers::{known, role_of};
use super::{seating, staffing};
use crate::domain::ids::{AssignmentId, CampusRequestId, EventId, RoleId, VolunteerId};
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::eligibility::Past;
use crate::domain::notice::CancelCause;
use crate::domain::people::access::{Action, Role};
use crate::store::assignments::{self, Of};
use crate::store::engagements::Whose;
use crate::store::{campus_requests, offers};

pub use crate::store::assignments::Assigned;

/// One assignment: for the office, for the requester whose need it is, and for its volunteer.
///
/// # Errors
/// `not_found`.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if assigned.about.volunteer.account_id != actor.account {
        let role = access::require(tx, actor, assigned.row.campus_id, Action::SeeAssignments)?;
        if role == Role::Requester && assigned.about.need.requested_by != actor.account {
            return Err(ServiceError::NotFound);
        }
    }
    Ok(assigned)
}

/// The assignments of a need: for the office, and for the requester whose need it is.
///
/// # Errors
/// `not_found`.
pub fn list_of_need(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: CampusRequestId,
    state: Option<AssignmentState>,
    after: Option<AssignmentId>,
    limit: i64,
) -> Result<Vec<Assigned>, ServiceError> {
    let found = campus_requests::find(tx.conn, need)?.ok_or(ServiceError::NotFound)?;
    let role = access::require(tx, actor, found.campus_id, Action::SeeAssignments)?;
    if role == Role::Requester && found.requested_by != actor.account {
        return Err(ServiceError::NotFound);
    }
    Ok(assignments::list(tx.conn, Of::Need(need), state, after, limit)?)
}

/// The assignments of a volunteer, who asks.
///
/// # Errors
/// `not_found`.
pub fn list_of_volunteer(
    tx: &mut Tx<'_>,
    actor: &Actor,
    volunteer: VolunteerId,
    state: Option<AssignmentState>,
    after: Option<AssignmentId>,
    limit: i64,
) -> Result<Vec<Assigned>, ServiceError> {
    access::own_volunteer(tx, actor, volunteer)?;
    Ok(assignments::list(tx.conn, Of::Volunteer(volunteer), state, after, limit)?)
}

/// The office gives a seat by its own word; the volunteer hears of it exactly as those who accept. A reason sets rules
/// about the person aside.
///
/// # Errors
/// `not_found`, `forbidden`; the fields'; whatever stands between the volunteer and the seat.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: CampusRequestId,
    volunteer: VolunteerId,
    role: RoleId,
    override_reason: Option<String>,
) -> Result<Assigned, ServiceError> {
    let need = campus_requests::find(tx.conn, need)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, need.campus_id, Action::Staff)?;
    let role = role_of(&need, role)?;
    known(tx, &need, volunteer)?;
    let people = matching::people(tx, need.campus_id, Whose::People(&[volunteer]), &[&need.need], Counts::Held)?;
    let Some(who) = people.into_iter().next() else { return Err(ServiceError::NotFound) };
    let campus = matching::campus_of(tx, need.campus_id)?;
    let ground = Ground::of(tx, need, campus)?;
    let way = if override_reason.is_some() { Way::Override } else { Way::Assign };
    if let Some(why) = obstacle(&ground, &who, &role, way, tx.now) {
        return Err(why.refusal());
    }
    if who.prospect.past.contains(&(ground.need.id, Past::Asked)) {
        close_offer_to(tx, ground.need.id, volunteer)?;
    }
    let id = staffing::assign(tx, &ground, &who, &role, override_reason)?;
    staffing::settle(tx, ground.need.id)?;
    assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)
}

/// What somebody was asked is answered by the office's word; the confirmation says so, and no other letter is needed.
fn close_offer_to(tx: &mut Tx<'_>, need: CampusRequestId, volunteer: VolunteerId) -> Result<(), ServiceError> {
    let asked = offers::list(tx.conn, offers::Of::Volunteer(volunteer), Some(OfferState::Sent), None, 1000, tx.now)?;
    for offer in asked.iter().filter(|offer| offer.row.campus_request_id == need) {
        offers::close(tx.conn, offer.row.id, offer.row.state.supersede()?, None, tx.now)?;
    }
    Ok(())
}

/// The volunteer gives the seat back.
///
/// # Errors
/// `not_found` for everybody else; `wrong_state` unless it is ahead.
pub fn release(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId, reason: &str) -> Result<Assigned, ServiceError> {
    let assigned = assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if assigned.about.volunteer.account_id != actor.account {
        return Err(ServiceError::NotFound);
    }
    tx.entitled()?;
    let state = assigned.row.state.release()?;
    end(tx, assigned, state, reason, CancelCause::Released)
}

/// The assignment that a link in a letter speaks for.
///
/// # Errors
/// `not_found`.
pub fn behind(tx: &mut Tx<'_>, id: AssignmentId) -> Result<Assigned, ServiceError> {
    assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)
}

/// The event that an assignment is about, to take turns by. Nobody is told of it.
///
/// # Errors
/// The database's.
pub fn event_of(tx: &mut Tx<'_>, id: AssignmentId) -> Result<Option<EventId>, ServiceError> {
    Ok(assignments::find(tx.conn, id)?.and_then(|assigned| assigned.about.need.event_id))
}

/// The volunteer comes in spite of the change.
///
/// # Errors
/// `not_found` for everybody else; `wrong_state` unless asked.
pub fn reconfirm(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = behind(tx, id)?;
    if assigned.about.volunteer.account_id != actor.account {
        return Err(ServiceError::NotFound);
    }
    tx.entitled()?;
    stay(tx, assigned)
}

/// Whoever has the link comes in spite of the change.
///
/// # Errors
/// `not_found`; `wrong_state` unless asked.
pub fn reconfirm_by_link(tx: &mut Tx<'_>, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = behind(tx, id)?;
    stay(tx, assigned)
}

/// The calendar entry is certain again; a letter brings it up to date.
fn stay(tx: &mut Tx<'_>, assigned: Assigned) -> Result<Assigned, ServiceError> {
    let state = assigned.row.state.reconfirm()?;
    let row = staffing::keep_with_news(tx, &assigned, state, None)?;
    Ok(Assigned { row, about: assigned.about })
}

/// Whoever has the link gives the seat back.
///
/// # Errors
/// `not_found`; `wrong_state` unless it is ahead.
pub fn release_by_link(tx: &mut Tx<'_>, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = behind(tx, id)?;
    let state = assigned.row.state.release()?;
    end(tx, assigned, state, "The new time does not suit.", CancelCause::Released)
}

/// The volunteer's calendar program declines the invite, which gives the seat back.
///
/// # Errors
/// `not_found`; `wrong_state` unless it is ahead.
pub fn release_by_calendar(tx: &mut Tx<'_>, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = behind(tx, id)?;
    let state = assigned.row.state.release()?;
    end(tx, assigned, state, "Declined in a calendar program.", CancelCause::Released)
}

/// The office takes the volunteer off; the rest goes on.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` unless it is ahead.
pub fn remove(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId, reason: &str) -> Result<Assigned, ServiceError> {
    let assigned = assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, assigned.row.campus_id, Action::Staff)?;
    let state = assigned.row.state.remove()?;
    end(tx, assigned, state, reason, CancelCause::Removed { reason: Some(reason.to_owned()) })
}

fn end(
    tx: &mut Tx<'_>,
    assigned: Assigned,
    state: AssignmentState,
    reason: &str,
    cause: CancelCause,
) -> Result<Assigned, ServiceError> {
    let row = staffing::vacate(tx, &assigned, state, Some(reason.to_owned()), cause)?;
    staffing::reopen(tx, row.campus_request_id, row.role_id)?;
    seating::make_good(tx, row.campus_request_id)?;
    Ok(Assigned { row, about: assigned.about })
}
