//! Keeping a volunteer from one need or from a whole campus. Seats that have been taken stay.

use super::access::{Actor, require};
use super::app::Tx;
use super::code::Code;
use super::error::{Seen, ServiceError};
use crate::domain::ids::{CampusId, CampusRequestId, ExclusionId, VolunteerId};
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, prose};
use crate::store::{campus_requests, campus_volunteers, exclusions};

pub use crate::store::exclusions::ExclusionRow;

/// An exclusion and the name of whom it keeps away.
pub type Named = (ExclusionRow, String);

/// Keeps `volunteer` from `need`, or from every need of `campus`.
///
/// # Errors
/// Those of [`require`]; `unknown_reference` for a volunteer or need that is not this campus's; `exclusion_exists`.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
    need: Option<CampusRequestId>,
    reason: &str,
) -> Result<Named, ServiceError> {
    require(tx, actor, campus, Action::ManageExclusions)?;
    let Some(listed) = campus_volunteers::find(tx.conn, campus, volunteer)? else {
        let detail = format!("no volunteer {volunteer} has applied at this campus");
        return Err(Invalid::new("volunteer_id", "unknown_reference", detail).into());
    };
    if let Some(id) = need
        && campus_requests::find(tx.conn, id)?.is_none_or(|need| need.campus_id != campus)
    {
        let detail = format!("there is no need {id} at this campus");
        return Err(Invalid::new("campus_request_id", "unknown_reference", detail).into());
    }
    let reason = prose("reason", reason, 1, 500)?;
    if exclusions::stands(tx.conn, campus, volunteer, need)? {
        let detail = format!("{} is kept away already.", listed.display_name);
        return Err(ServiceError::refused(Code::ExclusionExists, detail));
    }
    let row = ExclusionRow {
        id: ExclusionId::mint(),
        campus_id: campus,
        volunteer_id: volunteer,
        campus_request_id: need,
        reason,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    exclusions::insert(tx.conn, &row)?;
    Ok((row, listed.display_name))
}

/// The exclusion, for coordinators of its campus.
///
/// # Errors
/// Not found, for strangers too; `forbidden`.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: ExclusionId) -> Result<Named, ServiceError> {
    let named = exclusions::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, named.0.campus_id, Action::ManageExclusions)?;
    Ok(named)
}

/// The exclusions of a campus.
///
/// # Errors
/// Those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    after: Option<ExclusionId>,
    most: i64,
) -> Result<Vec<Named>, ServiceError> {
    require(tx, actor, campus, Action::ManageExclusions)?;
    Ok(exclusions::list_of_campus(tx.conn, campus, after, most)?)
}

/// Lifts an exclusion.
///
/// # Errors
/// Those of [`find`]; `precondition_required`, `stale`.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, id: ExclusionId, seen: &Seen) -> Result<(), ServiceError> {
    let (row, _) = find(tx, actor, id)?;
    seen.agrees(row.revision)?;
    Ok(exclusions::delete(tx.conn, id)?)
}
