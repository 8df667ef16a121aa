//! What feeds ask the database beyond the lists that others use too.
//!
//! Absent on purpose: which entries a feed shows and in what words, and the counters it is cached by (`feed_revisions`).

use std::collections::HashMap;

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::documents::{corrupt, position_out, when_out, zone_out};
use super::schema::{assignments, campus_request_roles, campus_requests, campuses, events, volunteers};
use crate::domain::scheduling::event::EventState;
use crate::domain::{
    ids::{AssignmentId, CampusId, VolunteerId},
    matching::{
        assignment::AssignmentState,
        campus_request::{Kind, Mode, NeedState},
    },
    notice::{self, CalendarMark, Engagement},
    people::place::Position,
    time::{Instant, Window, Zone},
};

/// A campus, as far as feeds of needs show it.
#[derive(Debug, Clone, PartialEq)]
pub struct CampusFacts {
    /// Its name.
    pub name: String,
    /// Its clocks.
    pub zone: Zone,
    /// Where it is.
    pub position: Option<Position>,
}

/// The campuses of these ids.
///
/// # Errors
/// The database's.
pub fn list_campuses(conn: &mut Conn, ids: &[CampusId]) -> Result<HashMap<CampusId, CampusFacts>, StoreError> {
    let rows: Vec<(CampusId, String, String, Option<f64>, Option<f64>)> = campuses::table
        .filter(campuses::id.eq_any(ids))
        .select((campuses::id, campuses::name, campuses::time_zone, campuses::lat, campuses::lon))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, name, zone, lat, lon)| {
            let facts = CampusFacts { name, zone: zone_out(id, &zone)?, position: position_out(id, lat, lon)? };
            Ok((id, facts))
        })
        .collect()
}

/// The last instant up to `now` at which the time to decide on an approved need ran out.
///
/// # Errors
/// The database's.
pub fn last_deadline(conn: &mut Conn, now: Instant) -> Result<Option<Instant>, StoreError> {
    let last = campus_requests::table
        .filter(campus_requests::state.eq(NeedState::Approved))
        .filter(campus_requests::decide_by.le(now))
        .select(campus_requests::decide_by)
        .order(campus_requests::decide_by.desc())
        .first(conn)
        .optional()?;
    Ok(last)
}

/// The volunteer whose private feed has the address with this hash.
///
/// # Errors
/// The database's.
pub fn find_volunteer(conn: &mut Conn, token_hash: &str) -> Result<Option<VolunteerId>, StoreError> {
    let found = volunteers::table.filter(volunteers::feed_token_hash.eq(token_hash)).select(volunteers::id);
    Ok(found.get_result(conn).optional()?)
}

/// The person a private feed is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The name that others see.
    pub name: String,
    /// The reader's clocks.
    pub zone: Zone,
    /// When the profile was last changed.
    pub changed: Instant,
}

/// The reader of a volunteer's feed.
///
/// # Errors
/// The database's.
pub fn find_reader(conn: &mut Conn, id: VolunteerId) -> Result<Option<Reader>, StoreError> {
    let row: Option<(String, String, Instant)> = volunteers::table
        .find(id)
        .select((volunteers::display_name, volunteers::time_zone, volunteers::updated_at))
        .get_result(conn)
        .optional()?;
    row.map(|(name, zone, changed)| Ok(Reader { name, zone: zone_out(id, &zone)?, changed })).transpose()
}

/// An assignment as its volunteer's calendar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Engaged {
    /// Where it is in its life.
    pub state: AssignmentState,
    /// What was promised.
    pub engagement: Engagement,
    /// Its calendar entry.
    pub mark: CalendarMark,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = assignments)]
struct AssignmentColumns {
    id: AssignmentId,
    state: String,
    calendar_sequence: i32,
    changed_at: Instant,
    created_at: Instant,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = campus_requests)]
struct NeedColumns {
    title: String,
    purpose: String,
    kind: Kind,
    mode: Mode,
    place: Option<String>,
    time_zone: String,
    starts_local: String,
    ends_local: String,
    starts_at: Instant,
    ends_at: Instant,
}

/// A volunteer's assignments at all campuses that touch `window`, given back, taken away and called off ones included;
/// their UIDs end in `host`.
///
/// # Errors
/// The database's.
pub fn list_engaged(
    conn: &mut Conn,
    volunteer: VolunteerId,
    window: Window,
    host: &str,
) -> Result<Vec<Engaged>, StoreError> {
    let rows: Vec<(AssignmentColumns, NeedColumns, String, String)> = assignments::table
        .inner_join(campus_requests::table)
        .inner_join(campus_request_roles::table)
        .inner_join(campuses::table)
        .filter(assignments::volunteer_id.eq(volunteer))
        .filter(assignments::starts_at.lt(window.end()))
        .filter(assignments::ends_at.gt(window.start()))
        .order((assignments::starts_at, assignments::id))
        .select((AssignmentColumns::as_select(), NeedColumns::as_select(), campus_request_roles::name, campuses::name))
        .load(conn)?;
    let postponed: Vec<AssignmentId> = assignments::table
        .inner_join(campus_requests::table.inner_join(events::table))
        .filter(assignments::volunteer_id.eq(volunteer))
        .filter(events::state.eq(EventState::Postponed))
        .select(assignments::id)
        .load(conn)?;
    let read = |(row, need, role, campus): (AssignmentColumns, NeedColumns, String, String)| {
        let waits = postponed.contains(&row.id);
        engaged(&row, need, role, campus, host).map(|mut engaged| {
            engaged.engagement.postponed = waits;
            engaged
        })
    };
    rows.into_iter().map(read).collect()
}

fn engaged(
    row: &AssignmentColumns,
    need: NeedColumns,
    role: String,
    campus: String,
    host: &str,
) -> Result<Engaged, StoreError> {
    let local = (need.starts_local.as_str(), need.ends_local.as_str());
    let when = when_out(row.id, &need.time_zone, local, (need.starts_at, need.ends_at))?;
    let engagement = Engagement {
        campus: notice::Campus { name: campus, contact: None },
        title: need.title,
        purpose: need.purpose,
        kind: need.kind,
        role,
        when,
        mode: need.mode,
        place: need.place,
        postponed: false,
    };
    let mark = CalendarMark {
        uid: format!("{}@{host}", row.id),
        sequence: row.calendar_sequence.try_into().unwrap_or_default(),
        created: row.created_at,
        changed: row.changed_at,
    };
    let state = row.state.parse().map_err(|unknown| corrupt(row.id, unknown))?;
    Ok(Engaged { state, engagement, mark })
}
