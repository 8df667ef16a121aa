//! Members of campuses: rows and queries.

use diesel::prelude::*;

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race};
use super::schema::{accounts, campuses, members};
use crate::domain::ids::{AccountId, CampusId};
use crate::domain::people::access::Role;
use crate::domain::time::Instant;

text_column!(Role);

/// A member, with what the office knows of the person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct MemberRow {
    /// Where.
    pub campus: CampusId,
    /// Who.
    pub account: AccountId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Raised by every change.
    pub revision: i64,
    /// Since when.
    pub created: Instant,
    /// When the role last changed.
    pub updated: Instant,
}

/// A campus and what an account is there.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct MembershipRow {
    /// Where.
    pub campus: CampusId,
    /// Its name.
    pub campus_name: String,
    /// As what.
    pub role: Role,
}

macro_rules! member_columns {
    () => {
        (
            members::campus_id,
            members::account_id,
            accounts::name,
            accounts::email,
            members::role,
            members::revision,
            members::created_at,
            members::updated_at,
        )
    };
}

/// The member `account` of `campus`, if it is one.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, campus: CampusId, account: AccountId) -> Result<Option<MemberRow>, StoreError> {
    Ok(members::table
        .inner_join(accounts::table)
        .filter(members::campus_id.eq(campus).and(members::account_id.eq(account)))
        .select(member_columns!())
        .get_result(conn)
        .optional()?)
}

/// The members of `campus` by the age of their accounts, from the one after `after`.
///
/// # Errors
/// The database's.
pub fn list_of_campus(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    let mut query = members::table
        .inner_join(accounts::table)
        .filter(members::campus_id.eq(campus))
        .select(member_columns!())
        .order(members::account_id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(members::account_id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The memberships of `account`, by the age of the campus; at most `limit`.
///
/// # Errors
/// The database's.
pub fn list_of_account(conn: &mut Conn, account: AccountId, limit: i64) -> Result<Vec<MembershipRow>, StoreError> {
    Ok(members::table
        .inner_join(campuses::table)
        .filter(members::account_id.eq(account))
        .select((members::campus_id, campuses::name, members::role))
        .order(members::campus_id)
        .limit(limit)
        .load(conn)?)
}

/// How many coordinators `campus` has besides `account`.
///
/// # Errors
/// The database's.
pub fn count_other_coordinators(conn: &mut Conn, campus: CampusId, account: AccountId) -> Result<i64, StoreError> {
    Ok(members::table
        .filter(members::campus_id.eq(campus))
        .filter(members::role.eq(Role::Coordinator))
        .filter(members::account_id.ne(account))
        .count()
        .get_result(conn)?)
}

/// Keeps a new member, who must have been looked for.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    campus: CampusId,
    account: AccountId,
    role: Role,
    now: Instant,
) -> Result<(), StoreError> {
    diesel::insert_into(members::table)
        .values((
            members::campus_id.eq(campus),
            members::account_id.eq(account),
            members::role.eq(role),
            members::revision.eq(1_i64),
            members::created_at.eq(now),
            members::updated_at.eq(now),
        ))
        .execute(conn)
        .map_err(lost_race)?;
    Ok(())
}

/// Gives a member another role.
///
/// # Errors
/// The database's.
pub fn set_role(
    conn: &mut Conn,
    campus: CampusId,
    account: AccountId,
    role: Role,
    now: Instant,
) -> Result<(), StoreError> {
    diesel::update(members::table.find((campus, account)))
        .set((members::role.eq(role), members::revision.eq(members::revision + 1), members::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Takes a member off.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut Conn, campus: CampusId, account: AccountId) -> Result<(), StoreError> {
    diesel::delete(members::table.find((campus, account))).execute(conn)?;
    Ok(())
}
