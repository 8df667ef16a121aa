//! Portals as rows. Of a key only the hash is kept.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::portals;
use crate::domain::ids::{CampusId, PortalId};
use crate::domain::time::Instant;

/// An API client of a campus.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = portals)]
pub struct PortalRow {
    /// Which portal it is.
    pub id: PortalId,
    /// Whose.
    pub campus_id: CampusId,
    /// What the campus calls it.
    pub name: String,
    /// The hash of its key.
    pub key_hash: String,
    /// When its key stopped working.
    pub revoked_at: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// Keeps a new portal.
pub fn insert(conn: &mut Conn, row: &PortalRow) -> Result<(), StoreError> {
    diesel::insert_into(portals::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// The portal of this id.
pub fn find(conn: &mut Conn, id: PortalId) -> Result<Option<PortalRow>, StoreError> {
    Ok(portals::table.find(id).select(PortalRow::as_select()).get_result(conn).optional()?)
}

/// The portal whose key has this hash and works.
pub fn find_by_key(conn: &mut Conn, hash: &str) -> Result<Option<(PortalId, CampusId)>, StoreError> {
    let live = portals::table.filter(portals::key_hash.eq(hash)).filter(portals::revoked_at.is_null());
    Ok(live.select((portals::id, portals::campus_id)).get_result(conn).optional()?)
}

/// The portals of a campus, oldest first, after the given one.
pub fn list(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<PortalId>,
    limit: i64,
) -> Result<Vec<PortalRow>, StoreError> {
    let mut query = portals::table
        .filter(portals::campus_id.eq(campus))
        .order(portals::id)
        .select(PortalRow::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(portals::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Ends a portal's key, if it still works.
pub fn revoke(conn: &mut Conn, row: &PortalRow, now: Instant) -> Result<(), StoreError> {
    diesel::update(portals::table.find(row.id).filter(portals::revoked_at.is_null()))
        .set((portals::revoked_at.eq(now), portals::revision.eq(row.revision + 1), portals::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}
