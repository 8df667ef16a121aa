//! What the day of an event shows, in a few queries however many slots it has.

use std::collections::HashMap;

use diesel::prelude::*;

use super::columns::Json;
use super::db::{Conn, StoreError};
use super::documents::corrupt;
use super::schema::{assignments, bookings, campus_request_roles, campus_requests, slots, students, volunteers};
use super::slots::{Columns as SlotColumns, SlotRow};
use crate::domain::ids::{BookingId, CampusRequestId, EventId, RoleId, SlotId};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::day::{Guest, Helper};
use crate::domain::time::{Instant, Window};

/// A slot with the table and the building that a grid made it for.
pub type Placed = (SlotRow, Option<String>, Option<String>);

/// The slots of an event that have places for students and begin from `from` and before `until`, in order of their start.
pub fn slots_of(
    conn: &mut Conn,
    event: EventId,
    within: Option<Window>,
    limit: i64,
) -> Result<Vec<Placed>, StoreError> {
    let mut query = slots::table
        .filter(slots::event_id.eq(event))
        .filter(slots::capacity.gt(0))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), slots::grid_table, slots::grid_building))
        .limit(limit)
        .into_boxed();
    if let Some(window) = within {
        query = query.filter(slots::starts_at.ge(window.start())).filter(slots::starts_at.lt(window.end()));
    }
    let found: Vec<(SlotColumns, Option<String>, Option<String>)> = query.load(conn)?;
    found.into_iter().map(|(slot, table, building)| Ok((slot.read()?, table, building))).collect()
}

/// What is read of a booking that is shown.
type Shown = (SlotId, BookingId, BookingState, Option<Instant>, Option<Instant>, bool, i32);

/// Puts a guest into their slot, unless their hold has run out by `now`.
fn push(
    guests: &mut HashMap<SlotId, Vec<Guest>>,
    (slot, booking, state, held_until, arrived, walk_in, party): Shown,
    (name, majors, year): (String, Vec<String>, Option<String>),
    now: Instant,
) {
    if state == BookingState::Held && held_until.is_none_or(|until| until <= now) {
        return;
    }
    let places = u32::try_from(party).unwrap_or(1);
    guests.entry(slot).or_default().push(Guest { booking, state, name, majors, year, arrived, walk_in, places });
}

/// Who is in which slot of an event: live holds, places and whoever did not come; not those who gave their place back.
pub fn guests_of(conn: &mut Conn, event: EventId, now: Instant) -> Result<HashMap<SlotId, Vec<Guest>>, StoreError> {
    let found: Vec<(Shown, (String, Json<Vec<String>>, Option<String>))> = bookings::table
        .inner_join(students::table)
        .filter(bookings::event_id.eq(event))
        .filter(bookings::state.ne(BookingState::Cancelled))
        .order(bookings::id)
        .select((
            (
                bookings::slot_id,
                bookings::id,
                bookings::state,
                bookings::held_until,
                bookings::checked_in_at,
                bookings::walk_in,
                bookings::party,
            ),
            (students::name, students::majors, students::year),
        ))
        .load(conn)?;
    let mut guests = HashMap::new();
    for (shown, (name, Json(majors), year)) in found {
        push(&mut guests, shown, (name, majors, year), now);
    }
    Ok(guests)
}

/// How the places of each slot of an event stand: guests of whom nothing is said.
pub fn nameless_guests_of(
    conn: &mut Conn,
    event: EventId,
    now: Instant,
) -> Result<HashMap<SlotId, Vec<Guest>>, StoreError> {
    let found: Vec<(SlotId, BookingId, BookingState, Option<Instant>, i32)> = bookings::table
        .filter(bookings::event_id.eq(event))
        .filter(bookings::state.ne(BookingState::Cancelled))
        .order(bookings::id)
        .select((bookings::slot_id, bookings::id, bookings::state, bookings::held_until, bookings::party))
        .load(conn)?;
    let mut guests = HashMap::new();
    for (slot, booking, state, held_until, party) in found {
        push(&mut guests, (slot, booking, state, held_until, None, false, party), Default::default(), now);
    }
    Ok(guests)
}

/// A role of a need that an event came of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOfEvent {
    /// Which role.
    pub id: RoleId,
    /// The slot of the need.
    pub slot: Option<SlotId>,
    /// What it is called.
    pub name: String,
    /// When.
    pub window: Window,
    /// The fewest.
    pub min: u32,
}

/// The roles of the needs of an event, in the order of the needs.
pub fn roles_of(conn: &mut Conn, event: EventId) -> Result<Vec<RoleOfEvent>, StoreError> {
    type Line = (CampusRequestId, Option<SlotId>, Instant, Instant, RoleId, String, i32);
    let found: Vec<Line> = campus_request_roles::table
        .inner_join(campus_requests::table)
        .filter(campus_requests::event_id.eq(event))
        .order((campus_requests::id, campus_request_roles::position))
        .select((
            campus_requests::id,
            campus_requests::slot_id,
            campus_requests::starts_at,
            campus_requests::ends_at,
            campus_request_roles::id,
            campus_request_roles::name,
            campus_request_roles::min_seats,
        ))
        .load(conn)?;
    let read = |(need, slot, from, until, id, name, min): Line| {
        let window = Window::new(from, until).map_err(|_| corrupt(need, "it ends before it starts"))?;
        Ok(RoleOfEvent { id, slot, name, window, min: u32::try_from(min).unwrap_or_default() })
    };
    found.into_iter().map(read).collect()
}

/// The volunteers of an event who are expected, are there, were there or did not come; each with their role.
pub fn helpers_of(conn: &mut Conn, event: EventId) -> Result<Vec<(RoleId, Helper)>, StoreError> {
    type Line = (RoleId, AssignmentState, Instant, Instant, String, String);
    let shown =
        AssignmentState::ALL.iter().copied().filter(|state| state.counts() || *state == AssignmentState::NoShow);
    let found: Vec<Line> = assignments::table
        .inner_join(campus_requests::table)
        .inner_join(campus_request_roles::table)
        .inner_join(volunteers::table)
        .filter(campus_requests::event_id.eq(event))
        .filter(assignments::state.eq_any(shown))
        .order((assignments::starts_at, volunteers::display_name, assignments::id))
        .select((
            assignments::role_id,
            assignments::state,
            assignments::starts_at,
            assignments::ends_at,
            volunteers::display_name,
            campus_request_roles::name,
        ))
        .load(conn)?;
    let read = |(id, state, from, until, name, role): Line| {
        let window = Window::new(from, until).map_err(|_| corrupt(id, "an assignment ends before it starts"))?;
        Ok((id, Helper { name, role, window, state }))
    };
    found.into_iter().map(read).collect()
}
