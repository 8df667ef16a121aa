//! Series of events as rows: what was asked for, and which dates of the rule are not as it has them.
//!
//! The meetings are events, which know their series. Absent on purpose: what stands now of each meeting, which is the
//! event's own.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError, lost_race};
use super::schema::{event_series, events};
use crate::domain::ids::{CampusId, EventSeriesId};
use crate::domain::scheduling::event_series::SeriesState;
use crate::domain::time::Instant;

text_column!(SeriesState);

/// A date on which no meeting takes place, or not as the rule has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffDate {
    /// The date, as `2027-03-18`.
    pub date: String,
    /// The reason, for programs.
    pub reason: String,
    /// The same in a sentence.
    pub detail: String,
    /// On which date it takes place instead.
    pub moved_to: Option<String>,
}

/// A series as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSeriesRow {
    /// Which series.
    pub id: EventSeriesId,
    /// Whose.
    pub campus_id: CampusId,
    /// What it is called.
    pub title: String,
    /// What the public should know; may be empty.
    pub description: String,
    /// Where it is in its life.
    pub state: SeriesState,
    /// Why it was ended.
    pub state_reason: Option<String>,
    /// When its first meeting was to begin.
    pub starts_at: Instant,
    /// What was asked for, as it came in.
    pub asked: Value,
    /// The dates that are not as the rule has them.
    pub left_out: Vec<OffDate>,
    /// Raised by every change of the series as a whole.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = event_series, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Columns {
    id: EventSeriesId,
    campus_id: CampusId,
    title: String,
    description: String,
    state: SeriesState,
    state_reason: Option<String>,
    starts_at: Instant,
    asked: Json<Value>,
    left_out: Json<Vec<OffDate>>,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&EventSeriesRow> for Columns {
    fn from(row: &EventSeriesRow) -> Self {
        Self {
            id: row.id,
            campus_id: row.campus_id,
            title: row.title.clone(),
            description: row.description.clone(),
            state: row.state,
            state_reason: row.state_reason.clone(),
            starts_at: row.starts_at,
            asked: Json(row.asked.clone()),
            left_out: Json(row.left_out.clone()),
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Columns> for EventSeriesRow {
    fn from(columns: Columns) -> Self {
        Self {
            id: columns.id,
            campus_id: columns.campus_id,
            title: columns.title,
            description: columns.description,
            state: columns.state,
            state_reason: columns.state_reason,
            starts_at: columns.starts_at,
            asked: columns.asked.0,
            left_out: columns.left_out.0,
            revision: columns.revision,
            created_at: columns.created_at,
            updated_at: columns.updated_at,
        }
    }
}

/// Keeps a new series.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &EventSeriesRow) -> Result<(), StoreError> {
    diesel::insert_into(event_series::table).values(Columns::from(row)).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps a changed series.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &EventSeriesRow) -> Result<(), StoreError> {
    diesel::update(event_series::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The series of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: EventSeriesId) -> Result<Option<EventSeriesRow>, StoreError> {
    let found: Option<Columns> =
        event_series::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    Ok(found.map(EventSeriesRow::from))
}

/// The series of a campus in order of their first meeting, after the given one; those without a published meeting only
/// where `unpublished` says so.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    campus: CampusId,
    unpublished: bool,
    after: Option<(Instant, EventSeriesId)>,
    limit: i64,
) -> Result<Vec<EventSeriesRow>, StoreError> {
    let mut query = event_series::table
        .filter(event_series::campus_id.eq(campus))
        .order((event_series::starts_at, event_series::id))
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if !unpublished {
        let shown = events::table
            .filter(events::series_id.eq(event_series::id.nullable()))
            .filter(events::published_at.is_not_null());
        query = query.filter(diesel::dsl::exists(shown));
    }
    if let Some((start, id)) = after {
        let later = event_series::starts_at.eq(start).and(event_series::id.gt(id));
        query = query.filter(event_series::starts_at.gt(start).or(later));
    }
    Ok(query.load::<Columns>(conn)?.into_iter().map(EventSeriesRow::from).collect())
}
