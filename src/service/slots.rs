//! Slots: made and changed by the office; who may book them; opened, closed and called off.

use super::access::{Actor, require};
use super::app::Tx;
use super::bookings::event_of;
use super::code::Code;
use super::error::{Seen, ServiceError};
use super::events::{self, EventRow, SlotSeats};
use super::places::{By, Shifted, Terms, admit, call_off, shift, tell_of_change};
use super::queue::{pass_on, pass_on_all};
use crate::domain::ids::{BookingId, EventId, SlotId};
use crate::domain::notice::HeldEnd;
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, line, prose};
use crate::domain::scheduling::booking::{BookingRules, BookingState};
use crate::domain::scheduling::slot::{Seating, Slot, SlotChange, SlotRefused, SlotState, places, seats as seat_count};
use crate::domain::time::{Instant, LocalWindow, Window, Zone};
use crate::store::bookings::Booked;
use crate::store::slots::SlotRow;
use crate::store::{bookings, events as event_rows, feed_revisions, places as abouts, slots};

/// A slot to be made.
#[derive(Debug, Clone)]
pub struct NewSlot {
    /// What tells it from the others.
    pub label: Option<String>,
    /// Where; the event's place when nothing is said.
    pub place: Option<String>,
    /// The part of the event that it belongs to, by its key.
    pub part: Option<String>,
    /// When.
    pub when: LocalWindow,
    /// Places for students.
    pub capacity: i64,
    /// Seats for volunteers at a time.
    pub seats: i64,
}

/// The clocks of the event, for slots that name none.
///
/// # Errors
/// Not found; those of [`require`].
pub fn usual_zone(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Zone, ServiceError> {
    Ok(event_of(tx, actor, event, Action::ManagePlaces)?.when.zone())
}

/// Makes a slot of an event. Its places go first to those who wait.
///
/// # Errors
/// Not found; those of [`require`]; every field that is wrong; `outside_event`; `wrong_state`.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, event: EventId, new: &NewSlot) -> Result<SlotSeats, ServiceError> {
    let event = event_of(tx, actor, event, Action::ManagePlaces)?;
    event.state.change()?;
    let slot = fresh(&event, new, tx.now)?;
    let row = SlotRow::new(slot, tx.now);
    slots::insert(tx.conn, &row)?;
    free(tx, row.id)?;
    feed_revisions::bump(tx.conn, &feed_revisions::campus(event.campus_id), tx.now)?;
    seats(tx, &event, row)
}

/// A new slot of an event by these facts.
///
/// # Errors
/// Every field that is wrong; `outside_event`.
pub(super) fn fresh(event: &EventRow, new: &NewSlot, now: Instant) -> Result<Slot, ServiceError> {
    let read = (
        new.label.as_deref().map(|label| line("label", label, 1, 100)).transpose(),
        new.place.as_deref().map(|place| line("place", place, 1, 300)).transpose(),
        places("capacity", new.capacity),
        seat_count("seats", new.seats),
        within(event, new.when, now),
        new.part.as_deref().map_or(Ok(()), |part| in_part(event, part, new.when.window())),
    );
    let (label, place, capacity, seats) = match read {
        (Ok(label), Ok(place), Ok(capacity), Ok(seats), Ok(()), Ok(())) => (label, place, capacity, seats),
        (label, place, capacity, seats, when, part) => {
            let faults = [label.err(), place.err(), capacity.err(), seats.err(), when.err(), part.err()];
            return Err(faults.into_iter().flatten().collect::<Vec<_>>().into());
        }
    };
    Ok(Slot {
        id: SlotId::mint(),
        event_id: event.id,
        state: SlotState::Open,
        label,
        capacity,
        place: place.or_else(|| event.place.clone()),
        part: new.part.clone(),
        when: new.when,
        seating: Seating::wanting(seats),
    })
}

/// Requires that a slot at this time lies ahead and within its event.
pub(super) fn within(event: &EventRow, when: LocalWindow, now: Instant) -> Result<(), Invalid> {
    let (all, this) = (event.when.window(), when.window());
    if this.start() <= now {
        return Err(Invalid::new("starts_local", "in_the_past", format!("{} is not after now, {now}", this.start())));
    }
    if all.covers(this) {
        return Ok(());
    }
    let field = if this.start() < all.start() { "starts_local" } else { "ends_local" };
    let detail = format!("the event takes place from {} to {}", all.start(), all.end());
    Err(Invalid::new(field, "outside_event", detail))
}

/// Requires that the event has this part and that a slot at this time lies within it.
///
/// # Errors
/// [`Invalid`] with `unknown_reference` or `outside_part`.
pub(super) fn in_part(event: &EventRow, key: &str, slot: Window) -> Result<(), Invalid> {
    let Some(part) = event.part(key) else {
        return Err(Invalid::new("part", "unknown_reference", format!("the event has no part {key:?}")));
    };
    let all = part.when.window();
    if all.covers(slot) {
        return Ok(());
    }
    Err(Invalid::new("part", "outside_part", format!("the part {key:?} goes from {} to {}", all.start(), all.end())))
}

/// A slot, for everybody who may read its event.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, actor: Option<&Actor>, id: SlotId) -> Result<SlotSeats, ServiceError> {
    let slot = slots::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let event = events::find(tx, actor, slot.event_id)?;
    seats(tx, &event, slot)
}

fn seats(tx: &mut Tx<'_>, event: &EventRow, row: SlotRow) -> Result<SlotSeats, ServiceError> {
    let taken = bookings::count_taken(tx.conn, row.id, tx.now)?;
    let roles = events::roles_of(tx, event, row.id)?;
    Ok(SlotSeats { row, roles, taken })
}

/// The slot and its event, if the actor may manage it, and the replay if the same was asked before.
fn managed(tx: &mut Tx<'_>, actor: &Actor, id: SlotId) -> Result<(SlotRow, EventRow), ServiceError> {
    let slot = slots::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let event = event_rows::find(tx.conn, slot.event_id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, event.campus_id, Action::ManagePlaces)?;
    Ok((slot, event))
}

/// Changes a slot's label, place or number of places, and moves those who have to leave it. A new place is told to everybody
/// who has one of its places; places that come free go to those who wait.
///
/// # Errors
/// Not found; those of [`require`]; `precondition_required`, `stale`, `wrong_state`, `capacity_below_taken`,
/// `seats_below_seated`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: SlotId,
    seen: &Seen,
    change: &SlotChange,
    moves: &[(BookingId, SlotId)],
) -> Result<SlotSeats, ServiceError> {
    let (before, event) = managed(tx, actor, id)?;
    seen.agrees(before.revision)?;
    let leaving = leaving(tx, &before, moves)?;
    let left = leaving.iter().map(|(booked, _)| booked.row.places()).sum();
    let taken = bookings::count_taken(tx.conn, id, tx.now)?.saturating_sub(left);
    let slot = changed(&before, change, taken)?;
    if let Some(part) = slot.part.as_deref().filter(|_| slot.part != before.part) {
        in_part(&event, part, slot.when.window())?;
    }
    if slot == before.slot && leaving.is_empty() {
        return seats(tx, &event, before);
    }
    let elsewhere = slot.place != before.place || slot.label != before.label;
    let grown = slot.capacity > before.capacity;
    let row = if slot == before.slot { before } else { keep(tx, &event, &before, slot)? };
    for (booked, to) in &leaving {
        let about = abouts::find(tx.conn, *to)?.ok_or(ServiceError::NotFound)?;
        admit(tx, &about, &booked.student, true, Terms::moving(&booked.row))?;
        shift(tx, booked, about, By::Office, Shifted::Planned)?;
    }
    if elsewhere {
        tell_of_change(tx, id)?;
    }
    if grown || !leaving.is_empty() {
        free(tx, id)?;
    }
    seats(tx, &event, row)
}

/// Those who leave a slot by the office's plan, and where they go.
fn leaving(
    tx: &mut Tx<'_>,
    slot: &SlotRow,
    moves: &[(BookingId, SlotId)],
) -> Result<Vec<(Booked, SlotId)>, ServiceError> {
    let (mut leaving, mut faults): (Vec<(Booked, SlotId)>, Vec<Invalid>) = (Vec::new(), Vec::new());
    for (number, (booking, to)) in moves.iter().enumerate() {
        let fault = |field: &str, code, detail: String| Invalid::new(format!("moves/{number}/{field}"), code, detail);
        let there = bookings::find(tx.conn, *booking)?
            .filter(|booked| booked.row.slot_id == slot.id && booked.row.state == BookingState::Confirmed);
        let known = slots::find(tx.conn, *to)?.is_some_and(|to| to.event_id == slot.event_id && to.id != slot.id);
        match there {
            None => {
                let detail = format!("{booking} is no confirmed place of this slot");
                faults.push(fault("booking_id", "unknown_reference", detail));
            }
            Some(_) if leaving.iter().any(|(other, _)| other.row.id == *booking) => {
                faults.push(fault("booking_id", "duplicate", format!("{booking} is moved before")));
            }
            Some(_) if !known => {
                faults.push(fault("slot_id", "unknown_reference", format!("the event has no other slot {to}")));
            }
            Some(booked) => leaving.push((booked, *to)),
        }
    }
    if faults.is_empty() { Ok(leaving) } else { Err(faults.into()) }
}

/// The slot with other words or other room.
///
/// # Errors
/// `wrong_state`, `capacity_below_taken`; the field that is wrong.
pub(super) fn changed(before: &Slot, change: &SlotChange, taken: u32) -> Result<Slot, ServiceError> {
    before.change(change, taken).map_err(|refused| match refused {
        SlotRefused::State(wrong) => ServiceError::from(wrong),
        SlotRefused::Field(invalid) => ServiceError::from(invalid),
        SlotRefused::Taken { taken, capacity } => ServiceError::refused(
            Code::CapacityBelowTaken,
            format!("{taken} places are taken or held, and {capacity} would be left."),
        )
        .with("taken", taken)
        .with("capacity", capacity),
        SlotRefused::Seated { seated, seats } => ServiceError::refused(
            Code::SeatsBelowSeated,
            format!("{seated} volunteers sit there, and {seats} seats would be left."),
        )
        .with("seated", seated),
    })
}

/// Offers what is free to those who wait.
fn free(tx: &mut Tx<'_>, id: SlotId) -> Result<(), ServiceError> {
    if let Some(about) = abouts::find(tx.conn, id)? {
        pass_on(tx, &about)?;
    }
    Ok(())
}

fn keep(tx: &mut Tx<'_>, event: &EventRow, before: &SlotRow, slot: Slot) -> Result<SlotRow, ServiceError> {
    let row = before.changed(slot, tx.now);
    slots::update(tx.conn, &row)?;
    feed_revisions::bump(tx.conn, &feed_revisions::campus(event.campus_id), tx.now)?;
    Ok(row)
}

/// Takes nobody else.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`.
pub fn close(tx: &mut Tx<'_>, actor: &Actor, id: SlotId) -> Result<SlotSeats, ServiceError> {
    let (before, event) = managed(tx, actor, id)?;
    let slot = Slot { state: before.state.close()?, ..before.slot.clone() };
    let row = keep(tx, &event, &before, slot)?;
    seats(tx, &event, row)
}

/// Takes people again, those who wait first.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`.
pub fn open(tx: &mut Tx<'_>, actor: &Actor, id: SlotId) -> Result<SlotSeats, ServiceError> {
    let (before, event) = managed(tx, actor, id)?;
    let slot = Slot { state: before.state.open()?, ..before.slot.clone() };
    let row = keep(tx, &event, &before, slot)?;
    free(tx, id)?;
    seats(tx, &event, row)
}

/// Calls a slot off. Everybody with a place gets one letter.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`; the reason's.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: SlotId, reason: &str) -> Result<SlotSeats, ServiceError> {
    let (before, event) = managed(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    let slot = Slot { state: before.state.cancel()?, ..before.slot.clone() };
    let row = keep(tx, &event, &before, slot)?;
    call_off(tx, id, &reason, HeldEnd::CalledOff)?;
    seats(tx, &event, row)
}

/// Who may book places of an event, for everybody who may read it, and the event's revision.
///
/// # Errors
/// Not found.
pub fn rules(tx: &mut Tx<'_>, actor: Option<&Actor>, event: EventId) -> Result<(BookingRules, i64), ServiceError> {
    let event = events::find(tx, actor, event)?;
    Ok((abouts::find_rules(tx.conn, event.id)?, event.revision))
}

/// Says who may book places of an event. Who has a place keeps it; those who wait are asked first where the rules let
/// them in now.
///
/// # Errors
/// Not found; those of [`require`]; `precondition_required`, `stale`; every field that is wrong.
pub fn set_rules(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    seen: &Seen,
    rules: BookingRules,
) -> Result<(BookingRules, i64), ServiceError> {
    let event = event_of(tx, actor, event, Action::ManagePlaces)?;
    seen.agrees(event.revision)?;
    event.state.change()?;
    let rules = BookingRules::new(rules)?;
    for (number, other) in rules.after_events.iter().enumerate() {
        let known = event_rows::find(tx.conn, *other)?.is_some_and(|other| other.campus_id == event.campus_id);
        if !known || *other == event.id {
            let detail = format!("there is no other event {other} at this campus");
            return Err(Invalid::new(format!("after_events/{number}"), "unknown_reference", detail).into());
        }
    }
    let row = event.changed(event.event.clone(), tx.now);
    event_rows::update(tx.conn, &row)?;
    abouts::set_rules(tx.conn, event.id, &rules)?;
    pass_on_all(tx, event.id)?;
    Ok((rules, row.revision))
}
