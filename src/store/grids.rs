//! The rules by which slots are made, and which slots are a grid's own.
//!
//! The rule is kept as the document that came in; what it means is the domain's. Absent on purpose: slots made by hand,
//! which no grid knows.

use diesel::prelude::*;
use serde_json::Value;

use super::columns::Json;
use super::db::{AT_ONCE, Conn, StoreError, natively};
use super::schema::{grids, slots};
use super::slots::{Columns, SlotRow};
use crate::domain::{
    ids::{EventId, SlotId},
    time::Instant,
};

/// The rule of an event as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// The document.
    pub document: Value,
    /// Raised each time another document takes its place.
    pub revision: i64,
    /// When it was last set.
    pub updated_at: Instant,
}

/// The rule of an event, if it has one.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, event: EventId) -> Result<Option<GridRow>, StoreError> {
    let found: Option<(Json<Value>, i64, Instant)> = grids::table
        .find(event)
        .select((grids::document, grids::revision, grids::updated_at))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(Json(document), revision, updated_at)| GridRow { document, revision, updated_at }))
}

/// Keeps the rule of an event in place of the one before.
///
/// # Errors
/// The database's.
pub fn set(conn: &mut Conn, event: EventId, document: &Value, now: Instant) -> Result<(), StoreError> {
    match find(conn, event)? {
        Some(before) => diesel::update(grids::table.find(event))
            .set((
                grids::document.eq(Json(document.clone())),
                grids::revision.eq(before.revision + 1),
                grids::updated_at.eq(now),
            ))
            .execute(conn)?,
        None => diesel::insert_into(grids::table)
            .values((
                grids::event_id.eq(event),
                grids::document.eq(Json(document.clone())),
                grids::revision.eq(1_i64),
                grids::created_at.eq(now),
                grids::updated_at.eq(now),
            ))
            .execute(conn)?,
    };
    Ok(())
}

/// A slot that a grid made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridSlot {
    /// The slot.
    pub row: SlotRow,
    /// The label of its table when it was made, by which it is known again.
    pub table: String,
    /// The name of its building.
    pub building: Option<String>,
}

/// The slots of an event that its grid made, in order of their start.
///
/// # Errors
/// The database's.
pub fn list_slots(conn: &mut Conn, event: EventId) -> Result<Vec<GridSlot>, StoreError> {
    let found: Vec<(Columns, Option<String>, Option<String>)> = slots::table
        .filter(slots::event_id.eq(event))
        .filter(slots::grid_table.is_not_null())
        .order((slots::starts_at, slots::id))
        .select((Columns::as_select(), slots::grid_table, slots::grid_building))
        .load(conn)?;
    let read = |(columns, table, building): (Columns, Option<String>, _)| {
        columns.read().map(|row| GridSlot { row, table: table.unwrap_or_default(), building })
    };
    found.into_iter().map(read).collect()
}

/// Keeps new slots of a grid.
///
/// # Errors
/// The database's.
pub fn insert_slots(conn: &mut Conn, made: &[GridSlot]) -> Result<(), StoreError> {
    let values = |slot: &GridSlot| {
        (
            Columns::from(&slot.row),
            slots::grid_table.eq(Some(slot.table.clone())),
            slots::grid_building.eq(slot.building.clone()),
        )
    };
    for made in made.chunks(AT_ONCE) {
        let rows: Vec<_> = made.iter().map(values).collect();
        natively!(conn, conn => diesel::insert_into(slots::table).values(rows).execute(conn))?;
    }
    Ok(())
}

/// Keeps a changed slot of a grid.
///
/// # Errors
/// The database's.
pub fn update_slot(conn: &mut Conn, slot: &GridSlot) -> Result<(), StoreError> {
    super::slots::update(conn, &slot.row)?;
    diesel::update(slots::table.find(slot.row.id))
        .set((slots::grid_table.eq(Some(slot.table.clone())), slots::grid_building.eq(slot.building.clone())))
        .execute(conn)?;
    Ok(())
}

/// Forgets a slot in which nobody ever had a place.
///
/// # Errors
/// The database's.
pub fn delete_slot(conn: &mut Conn, id: SlotId) -> Result<(), StoreError> {
    diesel::delete(slots::table.find(id)).execute(conn)?;
    Ok(())
}

/// The slots of an event in which somebody has or had a place.
///
/// # Errors
/// The database's.
pub fn ever_booked(conn: &mut Conn, event: EventId) -> Result<Vec<SlotId>, StoreError> {
    use super::schema::bookings;
    Ok(bookings::table.filter(bookings::event_id.eq(event)).select(bookings::slot_id).distinct().load(conn)?)
}
