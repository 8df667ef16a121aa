//! What happened to places, line by line; written once and never changed, so that every move and every skip has its
//! reason.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{place_log, students};
use crate::domain::ids::{BookingId, EventId, PlaceLogId, SlotId, StudentId, WaitlistEntryId};
use crate::domain::time::Instant;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = place_log)]
pub struct PlaceLogRow {
    /// Which line it is.
    pub id: PlaceLogId,
    /// Of which event.
    pub event_id: EventId,
    /// When.
    pub at: Instant,
    /// What happened, such as `moved`.
    pub what: String,
    /// To whom.
    pub student_id: StudentId,
    /// Which slot.
    pub slot_id: Option<SlotId>,
    /// Which booking.
    pub booking_id: Option<BookingId>,
    /// Which entry of the waitlist.
    pub entry_id: Option<WaitlistEntryId>,
    /// By whom: `portal`, `office`, `student` or `rule`.
    pub by_whom: String,
    /// Why; may be empty.
    pub reason: String,
}

/// Writes a line.
pub fn insert(conn: &mut Conn, row: &PlaceLogRow) -> Result<(), StoreError> {
    diesel::insert_into(place_log::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// The lines of an event with the campus's name for the student, oldest first, after the given one.
pub fn list(
    conn: &mut Conn,
    event: EventId,
    after: Option<PlaceLogId>,
    limit: i64,
) -> Result<Vec<(PlaceLogRow, String)>, StoreError> {
    let mut query = place_log::table
        .inner_join(students::table)
        .filter(place_log::event_id.eq(event))
        .order(place_log::id)
        .select((PlaceLogRow::as_select(), students::external_ref))
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(place_log::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Which of these students were given which slots of an event, whatever became of it.
pub fn list_given(
    conn: &mut Conn,
    event: EventId,
    students: &[StudentId],
) -> Result<Vec<(StudentId, SlotId)>, StoreError> {
    if students.is_empty() {
        return Ok(Vec::new());
    }
    let given: Vec<(StudentId, Option<SlotId>)> = place_log::table
        .filter(place_log::event_id.eq(event))
        .filter(place_log::student_id.eq_any(students.to_vec()))
        .filter(place_log::what.eq_any(["booked", "confirmed", "moved"]))
        .select((place_log::student_id, place_log::slot_id))
        .distinct()
        .load(conn)?;
    Ok(given.into_iter().filter_map(|(student, slot)| Some((student, slot?))).collect())
}
