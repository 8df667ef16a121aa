//! Exclusions: which volunteer is kept from which need, or from a whole campus.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{exclusions, volunteers};
use crate::domain::{
    ids::{CampusId, CampusRequestId, ExclusionId, VolunteerId},
    time::Instant,
};

/// An exclusion as kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = exclusions)]
pub struct ExclusionRow {
    /// Which exclusion it is.
    pub id: ExclusionId,
    /// Whose rule it is.
    pub campus_id: CampusId,
    /// Who is kept away.
    pub volunteer_id: VolunteerId,
    /// From which need; `None` for all of the campus.
    pub campus_request_id: Option<CampusRequestId>,
    /// Why, for the office alone.
    pub reason: String,
    /// An exclusion is made and lifted, never changed: 1.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// The same.
    pub updated_at: Instant,
}

/// Keeps a new exclusion.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &ExclusionRow) -> Result<(), StoreError> {
    diesel::insert_into(exclusions::table).values(row).execute(conn)?;
    Ok(())
}

/// Lifts an exclusion.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut Conn, id: ExclusionId) -> Result<(), StoreError> {
    diesel::delete(exclusions::table.find(id)).execute(conn)?;
    Ok(())
}

/// The exclusion of this id, with the volunteer's name.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: ExclusionId) -> Result<Option<(ExclusionRow, String)>, StoreError> {
    let row = exclusions::table
        .inner_join(volunteers::table)
        .filter(exclusions::id.eq(id))
        .select((OF_ROW, volunteers::display_name))
        .get_result(conn)
        .optional()?;
    Ok(row)
}

/// Whether the same exclusion stands already.
///
/// # Errors
/// The database's.
pub fn stands(
    conn: &mut Conn,
    campus: CampusId,
    volunteer: VolunteerId,
    need: Option<CampusRequestId>,
) -> Result<bool, StoreError> {
    let all = list_all(conn, campus)?;
    Ok(all.iter().any(|row| row.volunteer_id == volunteer && row.campus_request_id == need))
}

/// The exclusions of a campus with the volunteers' names, oldest first, after the given one.
///
/// # Errors
/// The database's.
pub fn list_of_campus(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<ExclusionId>,
    limit: i64,
) -> Result<Vec<(ExclusionRow, String)>, StoreError> {
    let mut query = exclusions::table
        .inner_join(volunteers::table)
        .filter(exclusions::campus_id.eq(campus))
        .order(exclusions::id)
        .select((OF_ROW, volunteers::display_name))
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(exclusions::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Every exclusion of a campus.
///
/// # Errors
/// The database's.
pub fn list_all(conn: &mut Conn, campus: CampusId) -> Result<Vec<ExclusionRow>, StoreError> {
    let all = exclusions::table.filter(exclusions::campus_id.eq(campus)).order(exclusions::id);
    Ok(all.select(ExclusionRow::as_select()).load(conn)?)
}

type OfRow = (
    exclusions::id,
    exclusions::campus_id,
    exclusions::volunteer_id,
    exclusions::campus_request_id,
    exclusions::reason,
    exclusions::revision,
    exclusions::created_at,
    exclusions::updated_at,
);

const OF_ROW: OfRow = (
    exclusions::id,
    exclusions::campus_id,
    exclusions::volunteer_id,
    exclusions::campus_request_id,
    exclusions::reason,
    exclusions::revision,
    exclusions::created_at,
    exclusions::updated_at,
);
