//! How volunteers stand at campuses.
//!
//! Absent on purpose: the profile, which is the volunteer's own; lists show its name and headline.

use diesel::prelude::*;

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race};
use super::schema::{campus_volunteers, volunteers};
use crate::domain::{
    ids::{AccountId, CampusId, VolunteerId},
    people::volunteer::Standing,
    time::Instant,
};

text_column!(Standing);

/// How one volunteer stands at one campus.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = campus_volunteers, primary_key(campus_id, volunteer_id), treat_none_as_null = true)]
pub struct CampusVolunteerRow {
    /// At which campus.
    pub campus_id: CampusId,
    /// Who.
    pub volunteer_id: VolunteerId,
    /// How.
    pub state: Standing,
    /// The volunteer's word to the office; may be empty.
    pub note: String,
    /// Why the volunteer is paused or suspended.
    pub reason: Option<String>,
    /// Raised by every change.
    pub revision: i64,
    /// When the volunteer applied.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// The same with what a list shows of the person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Listed {
    /// How the volunteer stands.
    pub row: CampusVolunteerRow,
    /// The volunteer's name.
    pub display_name: String,
    /// The volunteer's headline; may be empty.
    pub headline: String,
    /// The volunteer's account.
    pub account_id: AccountId,
}

/// Keeps an application, which must have been looked for: a second of the same person is a lost race.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &CampusVolunteerRow) -> Result<(), StoreError> {
    diesel::insert_into(campus_volunteers::table).values(row).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps a changed standing.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &CampusVolunteerRow) -> Result<(), StoreError> {
    diesel::update(campus_volunteers::table.find((row.campus_id, row.volunteer_id))).set(row).execute(conn)?;
    Ok(())
}

/// How a volunteer stands at a campus; `None` for one who has not applied.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, campus: CampusId, volunteer: VolunteerId) -> Result<Option<Listed>, StoreError> {
    let row = campus_volunteers::table
        .inner_join(volunteers::table)
        .filter(campus_volunteers::campus_id.eq(campus))
        .filter(campus_volunteers::volunteer_id.eq(volunteer))
        .select(LISTED)
        .get_result(conn)
        .optional()?;
    Ok(row)
}

/// Everybody who has applied at a campus, oldest profile first, after the given one.
///
/// # Errors
/// The database's.
pub fn list_of_campus(
    conn: &mut Conn,
    campus: CampusId,
    state: Option<Standing>,
    after: Option<VolunteerId>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let mut query = campus_volunteers::table
        .inner_join(volunteers::table)
        .filter(campus_volunteers::campus_id.eq(campus))
        .order(campus_volunteers::volunteer_id)
        .select(LISTED)
        .limit(limit)
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(campus_volunteers::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(campus_volunteers::volunteer_id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Where a volunteer has applied, and how it stands there.
///
/// # Errors
/// The database's.
pub fn list_of_volunteer(conn: &mut Conn, volunteer: VolunteerId) -> Result<Vec<CampusVolunteerRow>, StoreError> {
    let rows = campus_volunteers::table
        .filter(campus_volunteers::volunteer_id.eq(volunteer))
        .order(campus_volunteers::campus_id)
        .select(CampusVolunteerRow::as_select())
        .load(conn)?;
    Ok(rows)
}

type OfRow = (
    campus_volunteers::campus_id,
    campus_volunteers::volunteer_id,
    campus_volunteers::state,
    campus_volunteers::note,
    campus_volunteers::reason,
    campus_volunteers::revision,
    campus_volunteers::created_at,
    campus_volunteers::updated_at,
);

const LISTED: (OfRow, volunteers::display_name, volunteers::headline, volunteers::account_id) = (
    (
        campus_volunteers::campus_id,
        campus_volunteers::volunteer_id,
        campus_volunteers::state,
        campus_volunteers::note,
        campus_volunteers::reason,
        campus_volunteers::revision,
        campus_volunteers::created_at,
        campus_volunteers::updated_at,
    ),
    volunteers::display_name,
    volunteers::headline,
    volunteers::account_id,
);
