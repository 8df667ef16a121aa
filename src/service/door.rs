//! The door: whoever shows a code is checked in by those who may, which are the office, a portal, and a phone that holds
//! the day's link.
//!
//! A code finds a booking and gives no right. Absent on purpose: marks by hand and their undo, which are the bookings'.

use super::access::Actor;
use super::app::Tx;
use super::bookings::{event_of, may_be_revived, on_its_day, set_mark};
use super::code::Code;
use super::error::ServiceError;
use super::places::By;
use crate::domain::ids::EventId;
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, WrongState};
use crate::domain::scheduling::door::{AtDoor, DoorCode};
use crate::domain::time::Instant;
use crate::store::bookings;
use crate::store::events::{self, EventRow};

pub use crate::store::bookings::Booked;

/// How whoever has this booking stands at the door.
#[must_use]
pub fn standing(booked: &Booked, now: Instant) -> AtDoor {
    let (row, times) = (&booked.row, (booked.row.starts_at, booked.row.ends_at));
    AtDoor::of(row.state, booked.about.state, times, (row.checked_in_at, row.released_at), now)
}

/// Checks in whoever shows this code.
///
/// # Errors
/// Not found; those of the rights; `invalid_fields` for what is no code, or none of this event; `already_checked_in`,
/// `too_early`, `is_over`, `wrong_state`; `slot_full`, `already_booked` where a place that was released has gone.
pub fn check_in(tx: &mut Tx<'_>, actor: &Actor, event: EventId, code: &str) -> Result<Booked, ServiceError> {
    let event = event_of(tx, actor, event, Action::CheckIn)?;
    let code: DoorCode =
        code.parse().map_err(|wrong| Invalid::new("code", "invalid_code", format!("{wrong}; this is {code:?}")))?;
    let unknown = || Invalid::new("code", "unknown_reference", format!("nobody at this event has the code {code}"));
    let booked = bookings::find_by_code(tx.conn, event.id, &code)?.ok_or_else(unknown)?;
    come(tx, booked, By::of(actor))
}

/// The event whose door it is.
///
/// # Errors
/// Not found.
pub fn event(tx: &mut Tx<'_>, event: EventId) -> Result<EventRow, ServiceError> {
    events::find(tx.conn, event)?.ok_or(ServiceError::NotFound)
}

/// Who has this code, for a phone of the door.
///
/// # Errors
/// Not found.
pub fn by_code(tx: &mut Tx<'_>, event: EventId, code: &DoorCode) -> Result<Booked, ServiceError> {
    bookings::find_by_code(tx.conn, event, code)?.ok_or(ServiceError::NotFound)
}

/// Checks in whoever shows this code to a phone of the door.
///
/// # Errors
/// Those of [`check_in`]; not found for a code of nobody.
pub fn check_in_at_door(tx: &mut Tx<'_>, event: EventId, code: &DoorCode) -> Result<Booked, ServiceError> {
    let booked = by_code(tx, event, code)?;
    come(tx, booked, By::Door)
}

fn come(tx: &mut Tx<'_>, booked: Booked, by: By) -> Result<Booked, ServiceError> {
    match standing(&booked, tx.now) {
        AtDoor::Expected => {
            let state = booked.row.state.check_in()?;
            set_mark(tx, booked, state, ("checked_in", by), None)
        }
        AtDoor::Late(_) => {
            may_be_revived(tx, &booked)?;
            let state = booked.row.state.come_late()?;
            set_mark(tx, booked, state, ("checked_in", by), None)
        }
        AtDoor::Here(since) => {
            let when = since.map(|at| format!(" at {at}")).unwrap_or_default();
            let refused = ServiceError::refused(Code::AlreadyCheckedIn, format!("The student was checked in{when}."));
            Err(refused.with("checked_in_at", since.map(|at| at.to_string())))
        }
        AtDoor::TooEarly(opens) => {
            let start = booked.row.starts_at;
            let detail = format!("The place begins at {start}; this is possible from {opens} on.");
            Err(ServiceError::refused(Code::TooEarly, detail))
        }
        AtDoor::Over(end) => Err(ServiceError::refused(Code::IsOver, format!("The slot ended at {end}."))),
        AtDoor::Postponed => Err(on_its_day(&booked).err().unwrap_or(ServiceError::NotFound)),
        AtDoor::Missed | AtDoor::Excused | AtDoor::GivenBack | AtDoor::Held => {
            Err(WrongState { from: booked.row.state.as_str(), verb: "check_in" }.into())
        }
    }
}
