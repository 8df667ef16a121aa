//! Slots as rows.

use std::ops::Deref;

use diesel::prelude::*;

use super::columns::text_column;
use super::db::{Conn, StoreError};
use super::documents::{wall_in, when_out};
use super::schema::slots;
use crate::domain::{
    ids::{EventId, SlotId},
    scheduling::slot::{Slot, SlotState},
    time::Instant,
};

text_column!(SlotState);

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

/// Keeps a changed slot.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &SlotRow) -> Result<(), StoreError> {
    diesel::update(slots::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The slot of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: SlotId) -> Result<Option<SlotRow>, StoreError> {
    let columns: Option<Columns> = slots::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// The slots of an event, oldest first, after the given one.
///
/// # Errors
/// The database's.
pub fn list_of_event(
    conn: &mut Conn,
    event: EventId,
    after: Option<SlotId>,
    limit: i64,
) -> Result<Vec<SlotRow>, StoreError> {
    let mut query = slots::table
        .filter(slots::event_id.eq(event))
        .order(slots::id)
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(slots::id.gt(after));
    }
    query.load(conn)?.into_iter().map(Columns::read).collect()
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = slots, treat_none_as_null = true)]
struct Columns {
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
        }
    }
}

impl Columns {
    fn read(self) -> Result<SlotRow, StoreError> {
        let local = (self.starts_local.as_str(), self.ends_local.as_str());
        let when = when_out(self.id, &self.time_zone, local, (self.starts_at, self.ends_at))?;
        Ok(SlotRow {
            slot: Slot { id: self.id, event_id: self.event_id, state: self.state, place: self.place, when },
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
