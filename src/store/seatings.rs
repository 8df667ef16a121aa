//! Who sits where: assignments at slots, and what each slot has of the volunteers it wants.
//!
//! How many sit at a slot is kept with the slot, since booking reads it under load. Absent on purpose: who should sit
//! where, which is the domain's.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{assignments, bookings, campus_requests, events, seatings, slots, volunteers, waitlist_entries};
use super::slots::{Columns as SlotColumns, SlotRow};
use crate::domain::ids::{
    AssignmentId, CampusId, CampusRequestId, EventId, RoleId, SlotId, VolunteerId, WaitlistEntryId,
};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::slot::{Seating, SlotState};
use crate::domain::scheduling::waitlist::EntryState;
use crate::domain::time::Instant;

/// A slot that wants volunteers, and its table in the event's grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationRow {
    /// The slot.
    pub row: SlotRow,
    /// The table, unless the slot was made by hand.
    pub table: Option<String>,
}

fn read(found: Vec<(SlotColumns, Option<String>)>) -> Result<Vec<StationRow>, StoreError> {
    found.into_iter().map(|(slot, table)| slot.read().map(|row| StationRow { row, table })).collect()
}

/// The slots of a need's event that have a free seat and are not over, in order of their start.
pub fn wanting(conn: &mut Conn, need: CampusRequestId, now: Instant) -> Result<Vec<StationRow>, StoreError> {
    let event = campus_requests::table.find(need).select(campus_requests::event_id).single_value();
    let found = slots::table
        .filter(slots::event_id.nullable().eq(event))
        .filter(slots::seated.lt(slots::seats))
        .filter(slots::state.ne(SlotState::Cancelled))
        .filter(slots::ends_at.gt(now))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), slots::grid_table))
        .load(conn)?;
    read(found)
}

/// The slots of an event that want volunteers, in order of their start; those that were called off left out.
pub fn stations(conn: &mut Conn, event: EventId) -> Result<Vec<StationRow>, StoreError> {
    let found = slots::table
        .filter(slots::event_id.eq(event))
        .filter(slots::seats.gt(0))
        .filter(slots::state.ne(SlotState::Cancelled))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), slots::grid_table))
        .load(conn)?;
    read(found)
}

/// Somebody who sits somewhere, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sitter {
    /// The assignment.
    pub assignment: AssignmentId,
    /// Who.
    pub volunteer: VolunteerId,
    /// Their name.
    pub name: String,
    /// For which need.
    pub need: CampusRequestId,
    /// As what.
    pub role: RoleId,
    /// From when they are there.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
}

/// Everybody with a live seat in the need of an event, the longest assigned first.
pub fn sitters(conn: &mut Conn, event: EventId) -> Result<Vec<Sitter>, StoreError> {
    let live = AssignmentState::ALL.iter().copied().filter(|state| state.is_live());
    let found: Vec<(AssignmentId, VolunteerId, String, CampusRequestId, RoleId, Instant, Instant)> = assignments::table
        .inner_join(campus_requests::table)
        .inner_join(volunteers::table)
        .filter(campus_requests::event_id.eq(event))
        .filter(assignments::state.eq_any(live))
        .order(assignments::id)
        .select((
            assignments::id,
            volunteers::id,
            volunteers::display_name,
            assignments::campus_request_id,
            assignments::role_id,
            assignments::starts_at,
            assignments::ends_at,
        ))
        .load(conn)?;
    let sitter = |(assignment, volunteer, name, need, role, starts_at, ends_at)| Sitter {
        assignment,
        volunteer,
        name,
        need,
        role,
        starts_at,
        ends_at,
    };
    Ok(found.into_iter().map(sitter).collect())
}

/// Who sits where at an event, slots that were called off left out.
pub fn list(conn: &mut Conn, event: EventId) -> Result<Vec<(SlotId, AssignmentId)>, StoreError> {
    Ok(seatings::table
        .inner_join(slots::table)
        .filter(slots::event_id.eq(event))
        .filter(slots::state.ne(SlotState::Cancelled))
        .order((slots::starts_at, seatings::slot_id, seatings::assignment_id))
        .select((seatings::slot_id, seatings::assignment_id))
        .load(conn)?)
}

/// Where an assignment sits, in order of time.
pub fn list_of(conn: &mut Conn, assignment: AssignmentId) -> Result<Vec<StationRow>, StoreError> {
    let found = seatings::table
        .inner_join(slots::table)
        .filter(seatings::assignment_id.eq(assignment))
        .filter(slots::state.ne(SlotState::Cancelled))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), slots::grid_table))
        .load(conn)?;
    read(found)
}

/// Seats an assignment at a slot, which then has this many.
pub fn insert(
    conn: &mut Conn,
    slot: SlotId,
    assignment: AssignmentId,
    seating: Seating,
    now: Instant,
) -> Result<(), StoreError> {
    diesel::insert_into(seatings::table)
        .values((seatings::slot_id.eq(slot), seatings::assignment_id.eq(assignment), seatings::created_at.eq(now)))
        .execute(conn)?;
    set(conn, slot, seating)
}

/// Takes an assignment away from a slot, which then has this many.
pub fn delete(conn: &mut Conn, slot: SlotId, assignment: AssignmentId, seating: Seating) -> Result<(), StoreError> {
    diesel::delete(seatings::table.find((slot, assignment))).execute(conn)?;
    set(conn, slot, seating)
}

fn set(conn: &mut Conn, slot: SlotId, seating: Seating) -> Result<(), StoreError> {
    diesel::update(slots::table.find(slot))
        .set((slots::seated.eq(i64::from(seating.seated)), slots::unstaffed_since.eq(seating.unstaffed_since)))
        .execute(conn)?;
    Ok(())
}

/// The slots of an event that everybody has left and that still lie ahead, in order of their start.
pub fn deserted(conn: &mut Conn, event: EventId, now: Instant) -> Result<Vec<SlotId>, StoreError> {
    Ok(slots::table
        .filter(slots::event_id.eq(event))
        .filter(slots::unstaffed_since.is_not_null())
        .filter(slots::state.ne(SlotState::Cancelled))
        .filter(slots::starts_at.gt(now))
        .order((slots::starts_at, slots::id))
        .select(slots::id)
        .load(conn)?)
}

/// Who waits because their place in this slot was lost with the volunteer; the oldest claim first. The claim of such an
/// entry dates from the booking.
pub fn claims(conn: &mut Conn, slot: SlotId) -> Result<Vec<WaitlistEntryId>, StoreError> {
    let same = waitlist_entries::student_id
        .eq(bookings::student_id)
        .and(waitlist_entries::event_id.eq(bookings::event_id))
        .and(waitlist_entries::created_at.eq(bookings::created_at));
    Ok(bookings::table
        .inner_join(waitlist_entries::table.on(same))
        .filter(bookings::slot_id.eq(slot))
        .filter(bookings::state.eq(BookingState::Cancelled))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .order((waitlist_entries::created_at, waitlist_entries::id))
        .select(waitlist_entries::id)
        .load(conn)?)
}

/// A slot that a campus's attention belongs to: nobody sits there, and it is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The event.
    pub event: EventId,
    /// Its title.
    pub title: String,
    /// The slot and its table.
    pub station: StationRow,
}

impl Alarm {
    /// Since when it has been alarming: since it was left, or since `notice` before it begins.
    #[must_use]
    pub fn since(&self, notice: chrono::TimeDelta) -> Instant {
        let row = &self.station.row;
        row.seating.unstaffed_since.unwrap_or_else(|| row.when.window().start().plus(-notice).max(row.created_at))
    }
}

/// The slots of a campus at which nobody sits: those that were left, and those of events with a need that begin before
/// `soon` and have students; in order of their start.
pub fn alarms(conn: &mut Conn, campus: CampusId, now: Instant, soon: Instant) -> Result<Vec<Alarm>, StoreError> {
    let has_students = diesel::dsl::exists(
        bookings::table
            .filter(bookings::slot_id.eq(slots::id))
            .filter(bookings::state.eq_any([BookingState::Confirmed, BookingState::CheckedIn])),
    );
    let never = slots::starts_at.lt(soon).and(events::campus_request_id.is_not_null()).and(has_students);
    let found: Vec<(EventId, String, SlotColumns, Option<String>)> = slots::table
        .inner_join(events::table)
        .filter(events::campus_id.eq(campus))
        .filter(events::state.eq_any([EventState::Published, EventState::InProgress]))
        .filter(slots::state.ne(SlotState::Cancelled))
        .filter(slots::seats.gt(0))
        .filter(slots::seated.eq(0))
        .filter(slots::ends_at.gt(now))
        .filter(slots::unstaffed_since.is_not_null().or(never))
        .order((slots::starts_at, slots::id))
        .select((events::id, events::title, SlotColumns::as_select(), slots::grid_table))
        .load(conn)?;
    let alarm = |(event, title, slot, table): (EventId, String, SlotColumns, Option<String>)| {
        slot.read().map(|row| Alarm { event, title, station: StationRow { row, table } })
    };
    found.into_iter().map(alarm).collect()
}
