//! Events and their slots: shown to everybody once published, changed and called off by the office.
//!
//! Absent on purpose: making events by hand; they come of approved needs.

use std::collections::HashMap;
use std::str::FromStr;

use super::access::{Actor, require, role_at};
use super::app::Tx;
use super::error::{Seen, ServiceError};
use super::staffing;
use crate::domain::ids::{CampusId, EventId, RoleId, SlotId};
use crate::domain::matching::campus_request::{Brief, CampusRequest, Fill, NeedRole};
use crate::domain::notice::CancelCause;
use crate::domain::people::access::{Action, may};
use crate::domain::refusal::prose;
use crate::domain::scheduling::event::{ChangeRefused, EventChange, EventState};
use crate::domain::scheduling::slot::Slot;
use crate::domain::time::Instant;
use crate::store::campus_requests::{CampusRequestRow, Seats};
use crate::store::events::EventFilter;
use crate::store::slots::SlotRow;
use crate::store::{campus_requests, campuses, events, feed_revisions, slots};

pub use crate::store::events::EventRow;

/// The most slots of one event that are changed with it.
const ALL_SLOTS: i64 = 10_000;

/// Where an event stands in a list: by its start, then by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPlace {
    starts_at: Instant,
    id: EventId,
}

impl EventPlace {
    /// The place of an event.
    pub fn of(event: &EventRow) -> Self {
        Self { starts_at: event.when.window().start(), id: event.id }
    }
}

impl std::fmt::Display for EventPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.starts_at, self.id)
    }
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for EventPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (starts_at, id) = text.split_once('/').ok_or(NoPlace)?;
        Ok(Self { starts_at: starts_at.parse().map_err(|_| NoPlace)?, id: id.parse().map_err(|_| NoPlace)? })
    }
}

/// The events of a campus in order of their start: all for members, those that were published for others.
///
/// # Errors
/// Not found for a campus that is none.
pub fn list(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    campus: CampusId,
    state: Option<EventState>,
    after: Option<EventPlace>,
    most: i64,
) -> Result<Vec<EventRow>, ServiceError> {
    campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?;
    let filter = EventFilter { campus_id: campus, state, unpublished: sees_all(tx, actor, campus)? };
    Ok(events::list(tx.conn, filter, after.map(|place| (place.starts_at, place.id)), most)?)
}

fn sees_all(tx: &mut Tx<'_>, actor: Option<&Actor>, campus: CampusId) -> Result<bool, ServiceError> {
    let Some(actor) = actor else { return Ok(false) };
    Ok(role_at(tx, actor, campus)?.is_some_and(|role| may(role, Action::SeeEvents)))
}

/// The event; one that was never published for members alone.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, actor: Option<&Actor>, id: EventId) -> Result<EventRow, ServiceError> {
    let event = events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if event.is_public() || sees_all(tx, actor, event.campus_id)? {
        return Ok(event);
    }
    Err(ServiceError::NotFound)
}

/// A slot and the seats for volunteers in it.
#[derive(Debug, Clone)]
pub struct SlotSeats {
    /// The slot.
    pub row: SlotRow,
    /// The roles wanted, and of each how many seats are gone.
    pub roles: Vec<(NeedRole, Seats)>,
}

impl SlotSeats {
    /// How far its seats are taken.
    pub fn fill(&self) -> Fill {
        Fill::of(self.roles.iter().map(|(role, seats)| (seats.filled, role.min(), role.max())))
    }
}

/// The slots of an event, for everybody who may read it.
///
/// # Errors
/// Those of [`find`].
pub fn list_slots(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    id: EventId,
    after: Option<SlotId>,
    most: i64,
) -> Result<Vec<SlotSeats>, ServiceError> {
    let event = find(tx, actor, id)?;
    let need = need_of(tx, &event)?;
    let seats: HashMap<RoleId, Seats> = match &need {
        Some(need) => campus_requests::seats(tx.conn, &[need.id], tx.now)?,
        None => HashMap::new(),
    };
    let roles = |slot: SlotId| match &need {
        Some(need) if need.slot_id == Some(slot) => {
            need.roles.iter().map(|role| (role.clone(), seats.get(&role.id()).copied().unwrap_or_default())).collect()
        }
        _ => Vec::new(),
    };
    let rows = slots::list_of_event(tx.conn, id, after, most)?;
    Ok(rows.into_iter().map(|row| SlotSeats { roles: roles(row.id), row }).collect())
}

/// Changes an event's words or place. A new place is its slots' as well.
///
/// # Errors
/// Those of [`manageable`]; `precondition_required`, `stale`, `wrong_state`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    seen: &Seen,
    change: &EventChange,
) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    seen.agrees(before.revision)?;
    let event = before.change(change, tx.now).map_err(|refused| match refused {
        ChangeRefused::State(wrong) => ServiceError::from(wrong),
        ChangeRefused::Field(invalid) => ServiceError::from(invalid),
    })?;
    if event == before.event {
        return Ok(before);
    }
    if event.place != before.place {
        for slot in slots::list_of_event(tx.conn, id, None, ALL_SLOTS)? {
            let moved = Slot { place: event.place.clone(), ..slot.slot.clone() };
            slots::update(tx.conn, &slot.changed(moved, tx.now))?;
        }
        if let Some(need) = need_of(tx, &before)? {
            relocate(tx, &need, event.place.clone())?;
        }
    }
    keep(tx, &before.changed(event, tx.now))
}

fn need_of(tx: &mut Tx<'_>, event: &EventRow) -> Result<Option<CampusRequestRow>, ServiceError> {
    Ok(event.campus_request_id.map(|need| campus_requests::find(tx.conn, need)).transpose()?.flatten())
}

/// Moves the need to its event's new place. Whoever has a seat gets the same calendar entry with its sequence raised.
fn relocate(tx: &mut Tx<'_>, row: &CampusRequestRow, place: Option<String>) -> Result<(), ServiceError> {
    let brief = Brief { place, ..row.need.clone().into_brief() };
    let need = CampusRequest::new(row.id, row.campus_id, row.state, brief)?;
    let moved = CampusRequestRow { need, revision: row.revision + 1, updated_at: tx.now, ..row.clone() };
    campus_requests::update(tx.conn, &moved)?;
    feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    staffing::tell_of_change(tx, row.id)
}

/// Shows an event to everybody.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state`.
pub fn publish(tx: &mut Tx<'_>, actor: &Actor, id: EventId) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    let event = before.publish(tx.now)?;
    keep(tx, &before.changed(event, tx.now))
}

/// Calls an event off, with its slots and the need that made it. Everybody who was asked or has a seat gets a letter.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state`; the reason's.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: EventId, reason: &str) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    before.state.cancel()?;
    match need_of(tx, &before)? {
        Some(need) if need.state.cancel().is_ok() => {
            super::campus_requests::call_off(tx, &need, &reason)?;
        }
        // A need that was closed keeps its state; those who have its seats do not.
        Some(need) => {
            let cause = CancelCause::EventCancelled { reason: Some(reason.clone()) };
            staffing::release_all(tx, need.id, &cause)?;
        }
        None => {}
    }
    call_off(tx, &before, &reason)
}

/// Cancels an event and its slots, if that is still possible.
pub(super) fn call_off(tx: &mut Tx<'_>, before: &EventRow, reason: &str) -> Result<EventRow, ServiceError> {
    let Ok(event) = before.cancel(reason, tx.now) else { return Ok(before.clone()) };
    for slot in slots::list_of_event(tx.conn, before.id, None, ALL_SLOTS)? {
        if let Ok(state) = slot.state.cancel() {
            slots::update(tx.conn, &slot.changed(Slot { state, ..slot.slot.clone() }, tx.now))?;
        }
    }
    keep(tx, &before.changed(event, tx.now))
}

/// The event, if the actor may manage it, and the replay if the same was asked before. One that was never published is
/// nothing to strangers, and neither is the right to change a published one.
fn manageable(tx: &mut Tx<'_>, actor: &Actor, id: EventId) -> Result<EventRow, ServiceError> {
    let event = events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, event.campus_id, Action::ManageEvents)?;
    Ok(event)
}

fn keep(tx: &mut Tx<'_>, row: &EventRow) -> Result<EventRow, ServiceError> {
    events::update(tx.conn, row)?;
    feed_revisions::bump(tx.conn, &feed_revisions::campus(row.campus_id), tx.now)?;
    Ok(row.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_list_is_read_as_it_is_written() {
        let place = EventPlace { starts_at: Instant::from_unix(1_800_000_000), id: EventId::mint() };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "/", "2027-02-25T17:00:00Z", &format!("soon/{}", place.id), "2027-02-25T17:00:00Z/7"] {
            assert_eq!(wrong.parse::<EventPlace>(), Err(NoPlace), "{wrong}");
        }
    }
}
