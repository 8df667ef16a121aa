//! Which campuses share an event with the one that runs it, as rows.

use diesel::prelude::*;

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race};
use super::schema::{campuses, event_campuses};
use crate::domain::ids::{CampusId, EventId};
use crate::domain::scheduling::sharing::SharingState;
use crate::domain::time::Instant;

text_column!(SharingState);

/// How a campus stands to an event of another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = event_campuses, treat_none_as_null = true)]
pub struct EventCampusRow {
    /// Which event.
    pub event_id: EventId,
    /// Which campus.
    pub campus_id: CampusId,
    /// How it stands.
    pub state: SharingState,
    /// When it was last asked.
    pub invited_at: Instant,
    /// When it answered.
    pub answered_at: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// Keeps a new row.
pub fn insert(conn: &mut Conn, row: &EventCampusRow) -> Result<(), StoreError> {
    diesel::insert_into(event_campuses::table).values(row.clone()).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps a changed row. A lost race, when somebody was faster: the job runs again.
pub fn update(conn: &mut Conn, row: &EventCampusRow) -> Result<(), StoreError> {
    let before =
        event_campuses::table.find((row.event_id, row.campus_id)).filter(event_campuses::revision.eq(row.revision - 1));
    match diesel::update(before).set(row.clone()).execute(conn)? {
        0 => Err(StoreError::race("how a campus stands to an event was changed meanwhile")),
        _ => Ok(()),
    }
}

/// How this campus stands to this event.
pub fn find(conn: &mut Conn, event: EventId, campus: CampusId) -> Result<Option<EventCampusRow>, StoreError> {
    let row = event_campuses::table.find((event, campus)).select(EventCampusRow::as_select());
    Ok(row.get_result(conn).optional()?)
}

/// The campuses that book for their students in an event of another.
pub fn joined(conn: &mut Conn, event: EventId) -> Result<Vec<CampusId>, StoreError> {
    Ok(event_campuses::table
        .filter(event_campuses::event_id.eq(event))
        .filter(event_campuses::state.eq(SharingState::Joined))
        .order(event_campuses::campus_id)
        .select(event_campuses::campus_id)
        .load(conn)?)
}

/// All campuses that were ever asked to share an event, and what they are called.
pub fn list_of_event(conn: &mut Conn, event: EventId) -> Result<Vec<(EventCampusRow, String)>, StoreError> {
    Ok(event_campuses::table
        .inner_join(campuses::table)
        .filter(event_campuses::event_id.eq(event))
        .order((event_campuses::invited_at, event_campuses::campus_id))
        .select((EventCampusRow::as_select(), campuses::name))
        .load(conn)?)
}

/// How a campus stands to the events of others, by the events' ids, after the given one.
pub fn list_of_campus(
    conn: &mut Conn,
    campus: CampusId,
    state: Option<SharingState>,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<EventCampusRow>, StoreError> {
    let mut query = event_campuses::table
        .filter(event_campuses::campus_id.eq(campus))
        .order(event_campuses::event_id)
        .select(EventCampusRow::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(event_campuses::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(event_campuses::event_id.gt(after));
    }
    Ok(query.load(conn)?)
}
