//! Sessions, their refresh tokens, and the links that begin them: rows and queries.
//!
//! Tokens are kept as hashes, and each is used by an update that at most one caller can win.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{refresh_tokens, sessions, sign_in_links};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::time::Instant;

/// A refresh token and the session it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct RefreshRow {
    /// The session.
    pub session: SessionId,
    /// Whose session.
    pub account: AccountId,
    /// When the token was used, if it was.
    pub used: Option<Instant>,
    /// Until when it is good.
    pub expires: Instant,
    /// When the session was ended, if it was.
    pub ended: Option<Instant>,
}

/// A sign-in link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct LinkRow {
    /// Who signs in by it.
    pub account: AccountId,
    /// Until when it is good.
    pub expires: Instant,
    /// When it was used, if it was.
    pub used: Option<Instant>,
}

/// Keeps a new session.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    id: SessionId,
    account: AccountId,
    now: Instant,
    expires: Instant,
) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::account_id.eq(account),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires),
        ))
        .execute(conn)?;
    Ok(())
}

/// Keeps the next refresh token of a session, which lives as long, and drops those that have run out.
///
/// # Errors
/// The database's.
pub fn prolong(
    conn: &mut Conn,
    id: SessionId,
    token_hash: &str,
    now: Instant,
    expires: Instant,
) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(id)).set(sessions::expires_at.eq(expires)).execute(conn)?;
    let old = refresh_tokens::table.filter(refresh_tokens::session_id.eq(id).and(refresh_tokens::expires_at.le(now)));
    diesel::delete(old).execute(conn)?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(token_hash),
            refresh_tokens::session_id.eq(id),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(expires),
        ))
        .execute(conn)?;
    Ok(())
}

/// The refresh token of this hash, if there is one.
///
/// # Errors
/// The database's.
pub fn find_refresh_token(conn: &mut Conn, token_hash: &str) -> Result<Option<RefreshRow>, StoreError> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select((
            sessions::id,
            sessions::account_id,
            refresh_tokens::used_at,
            refresh_tokens::expires_at,
            sessions::ended_at,
        ))
        .get_result(conn)
        .optional()?)
}

/// Uses a refresh token up; answers whether it was still unused.
///
/// # Errors
/// The database's.
pub fn use_refresh_token(conn: &mut Conn, token_hash: &str, now: Instant) -> Result<bool, StoreError> {
    let unused = refresh_tokens::table.find(token_hash).filter(refresh_tokens::used_at.is_null());
    Ok(diesel::update(unused).set(refresh_tokens::used_at.eq(now)).execute(conn)? == 1)
}

/// Ends a session, if it has not ended.
///
/// # Errors
/// The database's.
pub fn end(conn: &mut Conn, id: SessionId, now: Instant) -> Result<(), StoreError> {
    let alive = sessions::table.find(id).filter(sessions::ended_at.is_null());
    diesel::update(alive).set(sessions::ended_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Ends every session of an account; answers how many were alive.
///
/// # Errors
/// The database's.
pub fn end_all_of(conn: &mut Conn, account: AccountId, now: Instant) -> Result<usize, StoreError> {
    let alive = sessions::table.filter(sessions::account_id.eq(account).and(sessions::ended_at.is_null()));
    Ok(diesel::update(alive).set(sessions::ended_at.eq(now)).execute(conn)?)
}

/// Keeps a sign-in link.
///
/// # Errors
/// The database's.
pub fn insert_link(
    conn: &mut Conn,
    token_hash: &str,
    account: AccountId,
    now: Instant,
    expires: Instant,
) -> Result<(), StoreError> {
    diesel::insert_into(sign_in_links::table)
        .values((
            sign_in_links::token_hash.eq(token_hash),
            sign_in_links::account_id.eq(account),
            sign_in_links::issued_at.eq(now),
            sign_in_links::expires_at.eq(expires),
        ))
        .execute(conn)?;
    Ok(())
}

/// How many links were made for `account` after `since`.
///
/// # Errors
/// The database's.
pub fn count_links_since(conn: &mut Conn, account: AccountId, since: Instant) -> Result<i64, StoreError> {
    let made = sign_in_links::table.filter(sign_in_links::account_id.eq(account));
    Ok(made.filter(sign_in_links::issued_at.gt(since)).count().get_result(conn)?)
}

/// The sign-in link of this hash, if there is one.
///
/// # Errors
/// The database's.
pub fn find_link(conn: &mut Conn, token_hash: &str) -> Result<Option<LinkRow>, StoreError> {
    Ok(sign_in_links::table
        .find(token_hash)
        .select((sign_in_links::account_id, sign_in_links::expires_at, sign_in_links::used_at))
        .get_result(conn)
        .optional()?)
}

/// Uses a sign-in link up; answers whether it was still unused.
///
/// # Errors
/// The database's.
pub fn use_link(conn: &mut Conn, token_hash: &str, now: Instant) -> Result<bool, StoreError> {
    let unused = sign_in_links::table.find(token_hash).filter(sign_in_links::used_at.is_null());
    Ok(diesel::update(unused).set(sign_in_links::used_at.eq(now)).execute(conn)? == 1)
}

/// Drops sessions and links that ran out or were ended before `then`; answers how many.
///
/// # Errors
/// The database's.
pub fn forget_before(conn: &mut Conn, then: Instant) -> Result<usize, StoreError> {
    let over = sessions::table.filter(sessions::expires_at.lt(then).or(sessions::ended_at.lt(then)));
    let sessions = diesel::delete(over).execute(conn)?;
    let links = diesel::delete(sign_in_links::table.filter(sign_in_links::expires_at.lt(then))).execute(conn)?;
    Ok(sessions + links)
}
