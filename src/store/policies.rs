//! The versions of what campuses ask of those who book. A version is written once and never changed.

use diesel::prelude::*;

use super::columns::Json;
use super::db::{Conn, StoreError, lost_race};
use super::documents::corrupt;
use super::policy_document::PolicyDocument;
use super::schema::{campuses, policies};
use crate::domain::{
    ids::{CampusId, PolicyId},
    scheduling::policy::Policy,
    time::Instant,
};

/// One version as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Which version of all.
    pub id: PolicyId,
    /// Whose.
    pub campus_id: CampusId,
    /// Which version of this campus, from 1.
    pub version: i32,
    /// The document.
    pub document: PolicyDocument,
    /// When it was made, and came into force.
    pub created_at: Instant,
    /// Whether it is the one that holds.
    pub in_force: bool,
}

impl PolicyRow {
    /// The policy.
    ///
    /// # Errors
    /// A document that the domain no longer takes.
    pub fn read(&self) -> Result<Policy, StoreError> {
        self.document.read().map_err(|fault| corrupt(format!("policy {}", self.id), fault))
    }
}

/// One version without its document, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLine {
    /// Which version of all.
    pub id: PolicyId,
    /// Whose.
    pub campus_id: CampusId,
    /// Which version of this campus.
    pub version: i32,
    /// When it was made.
    pub created_at: Instant,
    /// Whether it is the one that holds.
    pub in_force: bool,
}

/// The version of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: PolicyId) -> Result<Option<PolicyRow>, StoreError> {
    type Found = (CampusId, i32, Json<PolicyDocument>, Instant, Option<PolicyId>);
    let found: Option<Found> = policies::table
        .inner_join(campuses::table)
        .filter(policies::id.eq(id))
        .select((policies::campus_id, policies::version, policies::document, policies::created_at, campuses::policy_id))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(campus_id, version, Json(document), created_at, now)| PolicyRow {
        id,
        campus_id,
        version,
        document,
        created_at,
        in_force: now == Some(id),
    }))
}

/// The version that holds at a campus, if it has one.
///
/// # Errors
/// The database's.
pub fn in_force(conn: &mut Conn, campus: CampusId) -> Result<Option<PolicyRow>, StoreError> {
    let id: Option<Option<PolicyId>> =
        campuses::table.find(campus).select(campuses::policy_id).get_result(conn).optional()?;
    id.flatten().map_or(Ok(None), |id| find(conn, id))
}

/// The versions of a campus, newest first, before the given number.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, campus: CampusId, before: Option<i32>, limit: i64) -> Result<Vec<PolicyLine>, StoreError> {
    type Line = (PolicyId, i32, Instant, Option<PolicyId>);
    let mut query = policies::table
        .inner_join(campuses::table)
        .filter(policies::campus_id.eq(campus))
        .order(policies::version.desc())
        .select((policies::id, policies::version, policies::created_at, campuses::policy_id))
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(policies::version.lt(before));
    }
    let lines: Vec<Line> = query.load(conn)?;
    let line = |(id, version, created_at, now): Line| PolicyLine {
        id,
        campus_id: campus,
        version,
        created_at,
        in_force: now == Some(id),
    };
    Ok(lines.into_iter().map(line).collect())
}

/// The number of the newest version of a campus; 0 where there is none.
///
/// # Errors
/// The database's.
pub fn newest(conn: &mut Conn, campus: CampusId) -> Result<i32, StoreError> {
    let newest: Option<i32> = policies::table
        .filter(policies::campus_id.eq(campus))
        .select(diesel::dsl::max(policies::version))
        .get_result(conn)?;
    Ok(newest.unwrap_or(0))
}

/// Keeps a new version and puts it in force. Two with one number are a lost race: the job runs again.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &PolicyRow) -> Result<(), StoreError> {
    diesel::insert_into(policies::table)
        .values((
            policies::id.eq(row.id),
            policies::campus_id.eq(row.campus_id),
            policies::version.eq(row.version),
            policies::document.eq(Json(row.document.clone())),
            policies::created_at.eq(row.created_at),
        ))
        .execute(conn)
        .map_err(lost_race)?;
    diesel::update(campuses::table.find(row.campus_id)).set(campuses::policy_id.eq(Some(row.id))).execute(conn)?;
    Ok(())
}
