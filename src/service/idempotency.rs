//! Answers kept under a caller's Idempotency-Key, in the transaction of the effect they answer for.
//!
//! The replay comes after the rights and before any decision: `access` calls [`Tx::entitled`](super::app::Tx::entitled)
//! once the actor may, and a known key ends the use case there. Two requests with one key that race are one after the
//! other in the database, so the second finds the first's answer. A refusal has no effect and is not kept.

use diesel::prelude::*;

use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use crate::store::columns::Json;
use crate::store::db::Conn;
use crate::store::schema::idempotency_keys;

/// How long an answer is kept, in days.
pub const KEPT_DAYS: i64 = 7;

/// One request as its key sees it.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// Actor, method and path: where the key counts.
    pub scope: String,
    /// The caller's key, 1 to 255 visible characters.
    pub key: String,
    /// SHA-256 of the body.
    pub fingerprint: String,
}

/// An answer as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The HTTP status.
    pub status: u16,
    /// `Location`, `ETag` and the like.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The answer kept for `keyed`, if any.
///
/// # Errors
/// `idempotency_key_reused` when the key came with another body before.
pub fn find(conn: &mut Conn, keyed: &Keyed) -> Result<Option<Stored>, ServiceError> {
    type Kept = (String, i32, Json<Vec<(String, String)>>, Vec<u8>);
    let row: Option<Kept> = idempotency_keys::table
        .filter(idempotency_keys::scope.eq(&keyed.scope).and(idempotency_keys::key.eq(&keyed.key)))
        .select((
            idempotency_keys::fingerprint,
            idempotency_keys::status,
            idempotency_keys::headers,
            idempotency_keys::body,
        ))
        .get_result(conn)
        .optional()?;
    match row {
        None => Ok(None),
        Some((fingerprint, ..)) if fingerprint != keyed.fingerprint => Err(ServiceError::refused(
            Code::IdempotencyKeyReused,
            format!("The Idempotency-Key {:?} came with another body before.", keyed.key),
        )),
        Some((_, status, Json(headers), body)) => {
            Ok(Some(Stored { status: u16::try_from(status).unwrap_or(200), headers, body }))
        }
    }
}

/// Keeps `answer` for `keyed`.
///
/// # Errors
/// The database's.
pub fn keep(tx: &mut Tx<'_>, keyed: &Keyed, answer: &Stored) -> Result<(), ServiceError> {
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::scope.eq(&keyed.scope),
            idempotency_keys::key.eq(&keyed.key),
            idempotency_keys::fingerprint.eq(&keyed.fingerprint),
            idempotency_keys::status.eq(i32::from(answer.status)),
            idempotency_keys::headers.eq(Json(answer.headers.clone())),
            idempotency_keys::body.eq(&answer.body),
            idempotency_keys::created_at.eq(tx.now),
        ))
        .execute(tx.conn)
        .map_err(|fault| match fault {
            // Two nodes raced with one key: the loser starts again and finds the winner's answer.
            diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, info) => {
                diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::SerializationFailure, info)
            }
            other => other,
        })?;
    Ok(())
}

/// Drops what was kept for longer than [`KEPT_DAYS`]; answers how many.
///
/// # Errors
/// The database's.
pub fn forget_old(tx: &mut Tx<'_>) -> Result<usize, ServiceError> {
    let before = tx.now.plus(chrono::TimeDelta::days(-KEPT_DAYS));
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before))).execute(tx.conn)?)
}
