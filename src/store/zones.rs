//! The time zones in use, which `doctor` compares with the system's tables.

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{campus_requests, campuses, events, volunteers};

/// The names of all zones in use, in order.
///
/// # Errors
/// The database's.
pub fn list_in_use(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = campuses::table.select(campuses::time_zone).distinct().load(conn)?;
    names.extend(volunteers::table.select(volunteers::time_zone).distinct().load::<String>(conn)?);
    names.extend(campus_requests::table.select(campus_requests::time_zone).distinct().load::<String>(conn)?);
    names.extend(events::table.select(events::time_zone).distinct().load::<String>(conn)?);
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
