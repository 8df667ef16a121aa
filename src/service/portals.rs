//! Portals: programs that book on behalf of a campus's students. A key is shown once, when it is made.

use super::access::{Actor, PORTAL_KEY, require};
use super::app::Tx;
use super::error::{Seen, ServiceError};
use crate::auth::secret::{self, Secret};
use crate::domain::ids::{CampusId, PortalId};
use crate::domain::people::access::Action;
use crate::domain::refusal::line;
use crate::store::portals;

pub use crate::store::portals::PortalRow;

/// Makes a portal and answers it with its key.
///
/// # Errors
/// Those of [`require`]; the name's.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    name: &str,
) -> Result<(PortalRow, String), ServiceError> {
    require(tx, actor, campus, Action::ManagePortals)?;
    let name = line("name", name, 1, 100)?;
    let key = format!("{PORTAL_KEY}{}", Secret::mint().reveal());
    let row = PortalRow {
        id: PortalId::mint(),
        campus_id: campus,
        name,
        key_hash: secret::hash(&key),
        revoked_at: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    portals::insert(tx.conn, &row)?;
    Ok((row, key))
}

/// The portals of a campus, those that were revoked included.
///
/// # Errors
/// Those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    after: Option<PortalId>,
    most: i64,
) -> Result<Vec<PortalRow>, ServiceError> {
    require(tx, actor, campus, Action::ManagePortals)?;
    Ok(portals::list(tx.conn, campus, after, most)?)
}

/// Ends a portal's key. One that was revoked stays so.
///
/// # Errors
/// Those of [`require`]; `precondition_required`, `stale`.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, id: PortalId, seen: &Seen) -> Result<(), ServiceError> {
    let row = portals::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, row.campus_id, Action::ManagePortals)?;
    seen.agrees(row.revision)?;
    Ok(portals::revoke(tx.conn, &row, tx.now)?)
}
