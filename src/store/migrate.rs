//! Bringing a database up to date. The migrations are compiled in; each database has its own, twins by name.

use diesel::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::db::{Conn, StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Serialises the migrations of several nodes that start at once: any number that is ours alone.
const LOCK: &str = "select pg_advisory_lock(7310012)";
const UNLOCK: &str = "select pg_advisory_unlock(7310012)";

/// Applies what is pending and answers the names of what was applied.
///
/// # Errors
/// [`StoreError::Migration`] with the database's words.
pub fn up(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let applied = match conn {
        Conn::Sqlite(conn) => sqlite_up(conn),
        Conn::Postgres(conn) => {
            diesel::connection::SimpleConnection::batch_execute(conn, LOCK)?;
            let applied = conn.run_pending_migrations(POSTGRES).map(|done| names(&done));
            diesel::connection::SimpleConnection::batch_execute(conn, UNLOCK)?;
            applied
        }
    };
    applied.map_err(|fault| StoreError::Migration(fault.to_string()))
}

/// Whoever comes first applies all that is pending in one transaction; who comes at the same time waits for that and finds
/// nothing left to do.
fn sqlite_up(conn: &mut SqliteConnection) -> diesel::migration::Result<Vec<String>> {
    if !conn.has_pending_migration(SQLITE)? {
        return Ok(Vec::new());
    }
    conn.immediate_transaction(|conn| conn.run_pending_migrations(SQLITE).map(|done| names(&done)))
}

/// Takes every migration back, newest first.
///
/// # Errors
/// [`StoreError::Migration`] with the database's words.
pub fn down(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    match conn {
        Conn::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map(|done| names(&done)),
        Conn::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map(|done| names(&done)),
    }
    .map_err(|fault| StoreError::Migration(fault.to_string()))
}

/// The names of the migrations that wait.
///
/// # Errors
/// [`StoreError::Migration`] with the database's words.
pub fn pending(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    match conn {
        Conn::Sqlite(conn) => {
            conn.pending_migrations(SQLITE).map(|all| all.iter().map(|one| one.name().to_string()).collect())
        }
        Conn::Postgres(conn) => {
            conn.pending_migrations(POSTGRES).map(|all| all.iter().map(|one| one.name().to_string()).collect())
        }
    }
    .map_err(|fault| StoreError::Migration(fault.to_string()))
}

fn names(done: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    done.iter().map(ToString::to_string).collect()
}
