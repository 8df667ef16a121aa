//! Feed revisions: one counter for each thing a calendar can show, raised by every write that changes what it shows.
//!
//! A feed is rendered once for a revision and answered from cache until the counter moves. Absent on purpose: what the
//! feeds hold; a revision may move although nothing that is shown has changed, never the other way round.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::db::{Conn, StoreError};
use super::schema::feed_revisions;
use crate::domain::{
    ids::{CampusId, VolunteerId},
    time::Instant,
};

/// The scope of every feed of open needs.
pub const NEEDS: &str = "needs";

/// The scope of a campus's feed.
#[must_use]
pub fn campus(id: CampusId) -> String {
    format!("campus:{id}")
}

/// The scope of a volunteer's feed.
#[must_use]
pub fn volunteer(id: VolunteerId) -> String {
    format!("volunteer:{id}")
}

/// Says that what feeds of this scope show has changed now.
///
/// # Errors
/// The database's.
pub fn bump(conn: &mut Conn, scope: &str, now: Instant) -> Result<(), StoreError> {
    macro_rules! natively {
        ($conn:expr) => {
            diesel::insert_into(feed_revisions::table)
                .values((
                    feed_revisions::scope.eq(scope),
                    feed_revisions::revision.eq(1_i64),
                    feed_revisions::changed_at.eq(now),
                ))
                .on_conflict(feed_revisions::scope)
                .do_update()
                .set((
                    feed_revisions::revision.eq(feed_revisions::revision + 1_i64),
                    feed_revisions::changed_at.eq(excluded(feed_revisions::changed_at)),
                ))
                .execute($conn)
        };
    }
    match conn {
        Conn::Sqlite(conn) => natively!(conn),
        Conn::Postgres(conn) => natively!(conn),
    }?;
    Ok(())
}

/// The revision of a scope and when it was reached; `None` when nothing has ever been shown there.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, scope: &str) -> Result<Option<(i64, Instant)>, StoreError> {
    let row = feed_revisions::table
        .find(scope)
        .select((feed_revisions::revision, feed_revisions::changed_at))
        .get_result(conn)
        .optional()?;
    Ok(row)
}
