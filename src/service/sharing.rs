//! Events that several campuses share: the campus that runs one invites others, which book for their own students and see
//! those alone. All draw from the same places; each student's place is made, judged and explained under the policy of their
//! own campus.
//!
//! Whoever runs the event sees everybody in it, as the door has to. Absent on purpose: the guests' rights to anything else of
//! the event, such as its slots and its rules.

use super::access::{Actor, require, role_at};
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::events::{self, EventRow, manageable};
use super::waitlist;
use crate::domain::ids::{CampusId, EventId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::sharing::{MOST_CAMPUSES, SharingState};
use crate::store::event_campuses::{self, EventCampusRow};
use crate::store::{campuses, feed_revisions};

/// The most unanswered invitations that wait for an office's attention.
const MOST_OPEN: i64 = 200;

/// At which campus the actor books for students of an event that `host` runs. Whoever works at several says at which by
/// `asked`.
///
/// # Errors
/// Not found for whoever works at none of them; those of [`require`]; `unknown_reference`, `required`.
pub(super) fn home(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (event, host): (EventId, CampusId),
    asked: Option<CampusId>,
    action: Action,
) -> Result<CampusId, ServiceError> {
    let is_hosts = role_at(tx, actor, host)?.is_some();
    let at = if is_hosts && asked.is_none_or(|asked| asked == host) {
        host
    } else {
        let guests = own_guests(tx, actor, event)?;
        match (asked, guests.as_slice()) {
            (_, []) if !is_hosts => return Err(ServiceError::NotFound),
            (Some(asked), guests) if guests.contains(&asked) => asked,
            (Some(asked), _) => {
                let detail = format!("you book for no students of the campus {asked} here");
                return Err(Invalid::new("campus_id", "unknown_reference", detail).into());
            }
            (None, [only]) => *only,
            (None, _) => {
                let detail = "you work at several campuses that share this event; say for whose student";
                return Err(Invalid::new("campus_id", "required", detail).into());
            }
        }
    };
    require(tx, actor, at, action)?;
    Ok(at)
}

/// The campuses that share an event of another and at which the actor has a role.
fn own_guests(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Vec<CampusId>, ServiceError> {
    let mut own = Vec::new();
    for campus in event_campuses::joined(tx.conn, event)? {
        if role_at(tx, actor, campus)?.is_some() {
            own.push(campus);
        }
    }
    Ok(own)
}

/// Requires that the actor may do `action` to the place or the wish of a student of `home`: the student's own office and
/// portals may, and the office that runs the event.
///
/// # Errors
/// Those of [`require`].
pub(super) fn require_for(
    tx: &mut Tx<'_>,
    actor: &Actor,
    home: CampusId,
    host: CampusId,
    action: Action,
) -> Result<(), ServiceError> {
    let runs_it = home != host && !actor.is_portal() && role_at(tx, actor, host)?.is_some();
    require(tx, actor, if runs_it { host } else { home }, action).map(drop)
}

/// An event and whose students the actor sees in it: everybody, for the office that runs it; otherwise those of the actor's
/// own campuses.
///
/// # Errors
/// Not found; those of [`require`].
pub(super) fn seen(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    action: Action,
) -> Result<(EventRow, Option<Vec<CampusId>>), ServiceError> {
    let event = crate::store::events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if actor.is_portal() && !event.is_public() {
        return Err(ServiceError::NotFound);
    }
    if role_at(tx, actor, event.campus_id)?.is_some() {
        require(tx, actor, event.campus_id, action)?;
        let own = actor.is_portal().then(|| vec![event.campus_id]);
        return Ok((event, own));
    }
    let own = own_guests(tx, actor, id)?;
    let Some(first) = own.first().filter(|_| event.is_public()) else { return Err(ServiceError::NotFound) };
    require(tx, actor, *first, action)?;
    Ok((event, Some(own)))
}

/// How a campus stands to an event of another.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// How it stands.
    pub row: EventCampusRow,
    /// What the campus is called.
    pub campus: String,
    /// The event.
    pub event: EventRow,
    /// What the campus is called that runs it.
    pub host: String,
}

fn name(tx: &mut Tx<'_>, campus: CampusId) -> Result<String, ServiceError> {
    Ok(campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?.settings.name)
}

fn whole(tx: &mut Tx<'_>, row: EventCampusRow, event: EventRow) -> Result<Sharing, ServiceError> {
    let (campus, host) = (name(tx, row.campus_id)?, name(tx, event.campus_id)?);
    Ok(Sharing { row, campus, event, host })
}

/// Asks a campus to share an event.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state` for an event that is over or a campus that is asked or in already;
/// `unknown_reference`, `too_many`.
pub fn invite(tx: &mut Tx<'_>, actor: &Actor, id: EventId, campus: CampusId) -> Result<Sharing, ServiceError> {
    let event = manageable(tx, actor, id)?;
    event.state.change()?;
    if campus == event.campus_id || campuses::find(tx.conn, campus)?.is_none() {
        let detail = format!("there is no other campus {campus}");
        return Err(Invalid::new("campus_id", "unknown_reference", detail).into());
    }
    if let Some(before) = event_campuses::find(tx.conn, id, campus)? {
        let again = EventCampusRow { invited_at: tx.now, answered_at: None, ..before.clone() };
        let row = keep(tx, &event, &again, before.state.invite()?)?;
        return whole(tx, row, event);
    }
    let others = event_campuses::list_of_event(tx.conn, id)?.len();
    if others >= MOST_CAMPUSES {
        let detail = format!("{others} campuses were asked already, at most {MOST_CAMPUSES} are");
        return Err(Invalid::new("campus_id", "too_many", detail).into());
    }
    let row = EventCampusRow {
        event_id: id,
        campus_id: campus,
        state: SharingState::Invited,
        invited_at: tx.now,
        answered_at: None,
        revision: 1,
        updated_at: tx.now,
    };
    event_campuses::insert(tx.conn, &row)?;
    whole(tx, row, event)
}

fn keep(
    tx: &mut Tx<'_>,
    event: &EventRow,
    row: &EventCampusRow,
    state: SharingState,
) -> Result<EventCampusRow, ServiceError> {
    let row = EventCampusRow { state, revision: row.revision + 1, updated_at: tx.now, ..row.clone() };
    event_campuses::update(tx.conn, &row)?;
    if event.is_public() {
        feed_revisions::bump(tx.conn, &feed_revisions::campus(row.campus_id), tx.now)?;
    }
    Ok(row)
}

/// What a campus says to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Yes.
    Accept,
    /// No.
    Decline,
    /// No more; the campus that runs the event may say so as well.
    End,
}

/// Answers an invitation, or ends the sharing. Students keep their places; those who wait wait no more.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`.
pub fn answer(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    campus: CampusId,
    verb: Verb,
) -> Result<Sharing, ServiceError> {
    let before = event_campuses::find(tx.conn, id, campus)?.ok_or(ServiceError::NotFound)?;
    let event = crate::store::events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let runs_it = role_at(tx, actor, campus)?.is_none() && role_at(tx, actor, event.campus_id)?.is_some();
    require(tx, actor, if runs_it { event.campus_id } else { campus }, Action::ManageEvents)?;
    if runs_it && verb != Verb::End {
        let detail = "Only the campus that was asked answers.".to_owned();
        return Err(ServiceError::refused(Code::Forbidden, detail));
    }
    let state = match verb {
        Verb::Accept => before.state.accept()?,
        Verb::Decline => before.state.decline()?,
        Verb::End => before.state.end()?,
    };
    let row = keep(tx, &event, &EventCampusRow { answered_at: Some(tx.now), ..before }, state)?;
    if state == SharingState::Ended {
        waitlist::close_of_campus(tx, id, campus)?;
    }
    whole(tx, row, event)
}

/// The campuses that share an event: for the campus that runs it all that were ever asked, for a campus that was asked itself
/// besides those that have joined, which everybody sees.
///
/// # Errors
/// Those of [`events::find`].
pub fn list(tx: &mut Tx<'_>, actor: Option<&Actor>, id: EventId) -> Result<Vec<Sharing>, ServiceError> {
    let event = events::find(tx, actor, id)?;
    let runs_it = events::sees_all(tx, actor, event.campus_id)?;
    let host = name(tx, event.campus_id)?;
    let mut found = Vec::new();
    for (row, campus) in event_campuses::list_of_event(tx.conn, id)? {
        let seen = runs_it || row.state == SharingState::Joined || events::sees_all(tx, actor, row.campus_id)?;
        if seen {
            found.push(Sharing { row, campus, event: event.clone(), host: host.clone() });
        }
    }
    Ok(found)
}

/// The invitations to events to come that a campus has not answered.
pub(super) fn list_open(tx: &mut Tx<'_>, campus: CampusId) -> Result<Vec<Sharing>, ServiceError> {
    let rows = event_campuses::list_of_campus(tx.conn, campus, Some(SharingState::Invited), None, MOST_OPEN)?;
    let mut found = Vec::new();
    for row in rows {
        let event = crate::store::events::find(tx.conn, row.event_id)?.ok_or(ServiceError::NotFound)?;
        if !event.state.is_final() && tx.now < event.when.window().end() {
            found.push(whole(tx, row, event)?);
        }
    }
    Ok(found)
}

/// How a campus stands to the events of others, for its members.
///
/// # Errors
/// Those of [`require`].
pub fn list_of_campus(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    state: Option<SharingState>,
    after: Option<EventId>,
    most: i64,
) -> Result<Vec<Sharing>, ServiceError> {
    require(tx, actor, campus, Action::SeeEvents)?;
    let rows = event_campuses::list_of_campus(tx.conn, campus, state, after, most)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let event = crate::store::events::find(tx.conn, row.event_id)?.ok_or(ServiceError::NotFound)?;
        found.push(whole(tx, row, event)?);
    }
    Ok(found)
}
