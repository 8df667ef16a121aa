//! Events as rows.
//!
//! Lists are in order of their start; the id breaks ties. Absent on purpose: the seats, which are the need's.

use std::collections::HashMap;
use std::ops::Deref;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::documents::{corrupt, position_out, wall_in, when_out};
use super::schema::{event_campuses, events};
use crate::domain::{
    ids::{CampusId, CampusRequestId, EventId, EventSeriesId},
    matching::campus_request::Mode,
    people::place::Position,
    scheduling::event::{Event, EventKind, EventState},
    scheduling::event_part::EventPart,
    scheduling::sharing::SharingState,
    time::{Instant, Window, Zone},
};

text_column!(EventKind, EventState);

/// An event as kept. Reads as its [`Event`].
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// The event.
    pub event: Event,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl EventRow {
    /// An event that was never kept before.
    #[must_use]
    pub const fn new(event: Event, now: Instant) -> Self {
        Self { event, revision: 1, created_at: now, updated_at: now }
    }

    /// The same row with a changed event.
    #[must_use]
    pub fn changed(&self, event: Event, now: Instant) -> Self {
        Self { event, revision: self.revision + 1, created_at: self.created_at, updated_at: now }
    }
}

impl Deref for EventRow {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

/// Keeps a new event.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &EventRow) -> Result<(), StoreError> {
    diesel::insert_into(events::table).values(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The events of these series, in order of their start.
///
/// # Errors
/// The database's.
pub fn list_of_series(conn: &mut Conn, series: &[EventSeriesId]) -> Result<Vec<EventRow>, StoreError> {
    let rows: Vec<Columns> = events::table
        .filter(events::series_id.eq_any(series.to_vec()))
        .order((events::starts_at, events::id))
        .select(Columns::as_select())
        .load(conn)?;
    rows.into_iter().map(Columns::read).collect()
}

/// How many meetings these series have, when the first of them begins and when the last is over; of those called off none,
/// and of those never published only where `unpublished` says so.
///
/// # Errors
/// The database's.
pub fn spans_of_series(
    conn: &mut Conn,
    series: &[EventSeriesId],
    unpublished: bool,
) -> Result<HashMap<EventSeriesId, (usize, Instant, Instant)>, StoreError> {
    let mut query = events::table
        .filter(events::series_id.eq_any(series.to_vec()))
        .filter(events::state.ne(EventState::Cancelled))
        .select((events::series_id, events::starts_at, events::ends_at))
        .into_boxed();
    if !unpublished {
        query = query.filter(events::published_at.is_not_null());
    }
    let mut spans = HashMap::new();
    for (series, starts, ends) in query.load::<(Option<EventSeriesId>, Instant, Instant)>(conn)? {
        let Some(series) = series else { continue };
        let span = spans.entry(series).or_insert((0, starts, ends));
        *span = (span.0 + 1, span.1.min(starts), span.2.max(ends));
    }
    Ok(spans)
}

/// The events going on whose places are released, and how many minutes after the start.
///
/// # Errors
/// The database's.
pub fn list_releasing(conn: &mut Conn, now: Instant) -> Result<Vec<(EventId, i32)>, StoreError> {
    let found: Vec<(EventId, Option<i32>)> = events::table
        .filter(events::release_after_minutes.is_not_null())
        .filter(events::ends_at.gt(now))
        .filter(events::starts_at.le(now))
        .filter(events::state.eq_any([EventState::Published, EventState::InProgress]))
        .select((events::id, events::release_after_minutes))
        .load(conn)?;
    Ok(found.into_iter().filter_map(|(event, minutes)| Some((event, minutes?))).collect())
}

/// Keeps a changed event.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &EventRow) -> Result<(), StoreError> {
    diesel::update(events::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The event of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: EventId) -> Result<Option<EventRow>, StoreError> {
    let columns: Option<Columns> = events::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// Where the event of this id is in its life.
///
/// # Errors
/// The database's.
pub fn find_state(conn: &mut Conn, id: EventId) -> Result<Option<EventState>, StoreError> {
    Ok(events::table.find(id).select(events::state).get_result(conn).optional()?)
}

/// The condition under which a campus books in an event of another that everybody sees.
macro_rules! shared_with {
    ($campus:expr) => {{
        let joined = event_campuses::table
            .filter(event_campuses::campus_id.eq($campus))
            .filter(event_campuses::state.eq(SharingState::Joined))
            .select(event_campuses::event_id);
        events::id.eq_any(joined).and(events::published_at.is_not_null())
    }};
}

/// Which events of a campus are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFilter {
    /// Whose.
    pub campus_id: CampusId,
    /// In one state, or in any.
    pub state: Option<EventState>,
    /// Whether those that were never published are listed too.
    pub unpublished: bool,
}

/// Events in order of their start, after the given one.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    filter: EventFilter,
    after: Option<(Instant, EventId)>,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let mut query = events::table
        .filter(events::campus_id.eq(filter.campus_id).or(shared_with!(filter.campus_id)))
        .order((events::starts_at, events::id))
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(events::state.eq(state));
    }
    if !filter.unpublished {
        query = query.filter(events::published_at.is_not_null());
    }
    if let Some((start, id)) = after {
        query = query.filter(events::starts_at.gt(start).or(events::starts_at.eq(start).and(events::id.gt(id))));
    }
    query.load(conn)?.into_iter().map(Columns::read).collect()
}

/// The events of a campus that have been published and touch `window`, in order of their start.
///
/// # Errors
/// The database's.
pub fn list_public_within(conn: &mut Conn, campus: CampusId, window: Window) -> Result<Vec<EventRow>, StoreError> {
    let rows: Vec<Columns> = events::table
        .filter(events::campus_id.eq(campus).or(shared_with!(campus)))
        .filter(events::published_at.is_not_null())
        .filter(events::starts_at.lt(window.end()))
        .filter(events::ends_at.gt(window.start()))
        .order((events::starts_at, events::id))
        .select(Columns::as_select())
        .load(conn)?;
    rows.into_iter().map(Columns::read).collect()
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = events, treat_none_as_null = true)]
struct Columns {
    id: EventId,
    campus_id: CampusId,
    campus_request_id: Option<CampusRequestId>,
    kind: EventKind,
    state: EventState,
    title: String,
    description: String,
    mode: Mode,
    place: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    time_zone: String,
    starts_local: String,
    ends_local: String,
    starts_at: Instant,
    ends_at: Instant,
    calendar_sequence: i32,
    state_reason: Option<String>,
    published_at: Option<Instant>,
    changed_at: Instant,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
    series_id: Option<EventSeriesId>,
    presenter: Option<String>,
    parts: Option<Json<Vec<PartDocument>>>,
}

/// A part of an event, on the clocks of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PartDocument {
    key: String,
    title: String,
    audience: String,
    place: Option<String>,
    starts_local: String,
    ends_local: String,
    /// Seconds since 1970.
    starts: i64,
    ends: i64,
}

impl From<&EventPart> for PartDocument {
    fn from(part: &EventPart) -> Self {
        Self {
            key: part.key.clone(),
            title: part.title.clone(),
            audience: part.audience.as_str().to_owned(),
            place: part.place.clone(),
            starts_local: wall_in(part.when.starts()),
            ends_local: wall_in(part.when.ends()),
            starts: part.when.window().start().unix(),
            ends: part.when.window().end().unix(),
        }
    }
}

impl PartDocument {
    fn read(self, event: EventId, zone: Zone) -> Result<EventPart, StoreError> {
        let local = (self.starts_local.as_str(), self.ends_local.as_str());
        let at = (Instant::from_unix(self.starts), Instant::from_unix(self.ends));
        let when = when_out(event, zone.name(), local, at)?;
        let audience = self.audience.parse().map_err(|unknown| corrupt(event, unknown))?;
        Ok(EventPart { key: self.key, title: self.title, audience, place: self.place, when })
    }
}

impl From<&EventRow> for Columns {
    fn from(row: &EventRow) -> Self {
        Self {
            id: row.id,
            campus_id: row.campus_id,
            campus_request_id: row.campus_request_id,
            kind: row.kind,
            state: row.state,
            title: row.title.clone(),
            description: row.description.clone(),
            mode: row.mode,
            place: row.place.clone(),
            lat: row.position.map(Position::lat),
            lon: row.position.map(Position::lon),
            time_zone: row.when.zone().name().to_owned(),
            starts_local: wall_in(row.when.starts()),
            ends_local: wall_in(row.when.ends()),
            starts_at: row.when.window().start(),
            ends_at: row.when.window().end(),
            calendar_sequence: i32::try_from(row.calendar_sequence).unwrap_or(i32::MAX),
            state_reason: row.state_reason.clone(),
            published_at: row.published_at,
            changed_at: row.changed_at,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            series_id: row.series_id,
            presenter: row.presenter.clone(),
            parts: (!row.parts.is_empty()).then(|| Json(row.parts.iter().map(PartDocument::from).collect())),
        }
    }
}

impl Columns {
    fn read(self) -> Result<EventRow, StoreError> {
        let local = (self.starts_local.as_str(), self.ends_local.as_str());
        let when = when_out(self.id, &self.time_zone, local, (self.starts_at, self.ends_at))?;
        let parts = self.parts.map(|Json(parts)| parts).unwrap_or_default();
        let parts = parts.into_iter().map(|part| part.read(self.id, when.zone())).collect::<Result<_, _>>()?;
        let event = Event {
            id: self.id,
            campus_id: self.campus_id,
            campus_request_id: self.campus_request_id,
            series_id: self.series_id,
            kind: self.kind,
            state: self.state,
            state_reason: self.state_reason,
            title: self.title,
            description: self.description,
            mode: self.mode,
            place: self.place,
            position: position_out(self.id, self.lat, self.lon)?,
            presenter: self.presenter,
            when,
            parts,
            calendar_sequence: self.calendar_sequence.try_into().unwrap_or_default(),
            published_at: self.published_at,
            changed_at: self.changed_at,
        };
        Ok(EventRow { event, revision: self.revision, created_at: self.created_at, updated_at: self.updated_at })
    }
}
