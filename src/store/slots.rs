//! Slots as rows.

use std::ops::Deref;

use diesel::dsl::{not, sum};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::bookings::takes_a_place;
use super::columns::text_column;
use super::db::{AT_ONCE, Conn, StoreError, natively};
use super::documents::{corrupt, wall_in, when_out};
use super::schema::{bookings, slots};
use crate::domain::{
    ids::{EventId, SlotId},
    scheduling::slot::{Seating, Slot, SlotState},
    time::{Instant, Window},
};

text_column!(SlotState);

diesel::define_sql_function! {
    /// The first, or the second where the first is null.
    fn coalesce(value: Nullable<BigInt>, otherwise: BigInt) -> BigInt;
}

/// A slot as kept. Reads as its [`Slot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRow {
    /// The slot.
    pub slot: Slot,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl SlotRow {
    /// A slot that was never kept before.
    #[must_use]
    pub const fn new(slot: Slot, now: Instant) -> Self {
        Self { slot, revision: 1, created_at: now, updated_at: now }
    }

    /// The same row with a changed slot.
    #[must_use]
    pub fn changed(&self, slot: Slot, now: Instant) -> Self {
        Self { slot, revision: self.revision + 1, created_at: self.created_at, updated_at: now }
    }
}

impl Deref for SlotRow {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        &self.slot
    }
}

/// Keeps a new slot.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &SlotRow) -> Result<(), StoreError> {
    diesel::insert_into(slots::table).values(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// Keeps new slots.
///
/// # Errors
/// The database's.
pub fn insert_many(conn: &mut Conn, rows: &[SlotRow]) -> Result<(), StoreError> {
    for rows in rows.chunks(AT_ONCE) {
        let columns: Vec<Columns> = rows.iter().map(Columns::from).collect();
        natively!(conn, conn => diesel::insert_into(slots::table).values(&columns).execute(conn))?;
    }
    Ok(())
}

/// The slots of an event that have one of these ids or one of these starts.
///
/// # Errors
/// The database's.
pub fn list_known(
    conn: &mut Conn,
    event: EventId,
    ids: &[SlotId],
    starts: &[Instant],
) -> Result<Vec<SlotRow>, StoreError> {
    // Two questions, each with its index, in place of one with an `or` that has none.
    let of_event = || slots::table.filter(slots::event_id.eq(event)).select(Columns::as_select());
    let mut found: Vec<Columns> =
        of_event().filter(slots::starts_at.eq_any(starts.to_vec())).order(slots::id).load(conn)?;
    if !ids.is_empty() {
        let known: std::collections::HashSet<SlotId> = found.iter().map(|columns| columns.id).collect();
        let named: Vec<Columns> = of_event().filter(slots::id.eq_any(ids.to_vec())).load(conn)?;
        found.extend(named.into_iter().filter(|columns| !known.contains(&columns.id)));
    }
    found.into_iter().map(Columns::read).collect()
}

/// Keeps a changed slot.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &SlotRow) -> Result<(), StoreError> {
    diesel::update(slots::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The slots of these events, in order of their start.
///
/// # Errors
/// The database's.
pub fn list_of_events(conn: &mut Conn, events: &[EventId]) -> Result<Vec<SlotRow>, StoreError> {
    let rows = slots::table.filter(slots::event_id.eq_any(events.to_vec()));
    let found: Vec<Columns> = rows.order((slots::starts_at, slots::id)).select(Columns::as_select()).load(conn)?;
    found.into_iter().map(Columns::read).collect()
}

/// The slot of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: SlotId) -> Result<Option<SlotRow>, StoreError> {
    let columns: Option<Columns> = slots::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// A slot, as far as it matters to who looks through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// Which one.
    pub id: SlotId,
    /// Where it is in its life.
    pub state: SlotState,
    /// When.
    pub window: Window,
    /// Places for students.
    pub capacity: u32,
}

/// All slots of an event in order of their start.
///
/// # Errors
/// The database's.
pub fn outlines(conn: &mut Conn, event: EventId) -> Result<Vec<Outline>, StoreError> {
    type Line = (SlotId, SlotState, Instant, Instant, i64);
    let found: Vec<Line> = slots::table
        .filter(slots::event_id.eq(event))
        .order((slots::starts_at, slots::id))
        .select((slots::id, slots::state, slots::starts_at, slots::ends_at, slots::capacity))
        .load(conn)?;
    let read = |(id, state, start, end, capacity): Line| {
        let window = Window::new(start, end).map_err(|_| corrupt(id, "it ends before it starts"))?;
        Ok(Outline { id, state, window, capacity: u32::try_from(capacity).unwrap_or_default() })
    };
    found.into_iter().map(read).collect()
}

/// Which slots of an event are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SlotFilter {
    /// Those that start at this time or later.
    pub from: Option<Instant>,
    /// Those that start before this time.
    pub until: Option<Instant>,
    /// Those that are open, not deserted and have a free place at this time, or only the others.
    pub free: Option<(bool, Instant)>,
    /// A place counts as free only where somebody sits, if somebody is wanted there at all.
    pub staffed_only: bool,
}

/// Where a slot stands in its event's list: by its start, then by its id.
pub type Place = (Instant, SlotId);

/// The slots of an event in order of their start, after the given place.
///
/// # Errors
/// The database's.
pub fn list_of_event(
    conn: &mut Conn,
    event: EventId,
    filter: SlotFilter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<SlotRow>, StoreError> {
    let mut query = slots::table
        .filter(slots::event_id.eq(event))
        .order((slots::starts_at, slots::id))
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if let Some((starts_at, id)) = after {
        query = query.filter(slots::starts_at.gt(starts_at).or(slots::starts_at.eq(starts_at).and(slots::id.gt(id))));
    }
    if let Some(from) = filter.from {
        query = query.filter(slots::starts_at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(slots::starts_at.lt(until));
    }
    if let Some((free, now)) = filter.free {
        let taken = bookings::table
            .filter(bookings::slot_id.eq(slots::id))
            .filter(takes_a_place!(now))
            .select(sum(bookings::party))
            .single_value();
        let closed = slots::state.ne(SlotState::Open).or(slots::unstaffed_since.is_not_null());
        let empty = slots::seats.gt(0).and(slots::seated.eq(0));
        let full = slots::capacity.le(coalesce(taken, 0));
        query = match (free, filter.staffed_only) {
            (true, false) => query.filter(not(closed.or(full))),
            (true, true) => query.filter(not(closed.or(full).or(empty))),
            (false, false) => query.filter(closed.or(full)),
            (false, true) => query.filter(closed.or(full).or(empty)),
        };
    }
    query.load(conn)?.into_iter().map(Columns::read).collect()
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = slots, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Columns {
    id: SlotId,
    event_id: EventId,
    state: SlotState,
    place: Option<String>,
    time_zone: String,
    starts_local: String,
    ends_local: String,
    starts_at: Instant,
    ends_at: Instant,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
    label: Option<String>,
    capacity: i64,
    seats: i64,
    seated: i64,
    unstaffed_since: Option<Instant>,
    part: Option<String>,
}

impl From<&SlotRow> for Columns {
    fn from(row: &SlotRow) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            state: row.state,
            place: row.place.clone(),
            time_zone: row.when.zone().name().to_owned(),
            starts_local: wall_in(row.when.starts()),
            ends_local: wall_in(row.when.ends()),
            starts_at: row.when.window().start(),
            ends_at: row.when.window().end(),
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            label: row.label.clone(),
            capacity: row.capacity.into(),
            seats: row.seating.seats.into(),
            seated: row.seating.seated.into(),
            unstaffed_since: row.seating.unstaffed_since,
            part: row.part.clone(),
        }
    }
}

impl Columns {
    pub(super) fn read(self) -> Result<SlotRow, StoreError> {
        let local = (self.starts_local.as_str(), self.ends_local.as_str());
        let when = when_out(self.id, &self.time_zone, local, (self.starts_at, self.ends_at))?;
        Ok(SlotRow {
            slot: Slot {
                id: self.id,
                event_id: self.event_id,
                state: self.state,
                label: self.label,
                capacity: self.capacity.try_into().unwrap_or_default(),
                place: self.place,
                part: self.part,
                when,
                seating: Seating {
                    seats: self.seats.try_into().unwrap_or_default(),
                    seated: self.seated.try_into().unwrap_or_default(),
                    unstaffed_since: self.unstaffed_since,
                },
            },
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
