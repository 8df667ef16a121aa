//! Profiles of volunteers: made and changed by their owners, read by the campuses where they applied.
//!
//! Absent on purpose: how a volunteer stands at a campus, which is `campus_volunteers`.

use super::access::{Actor, own_volunteer, role_at, volunteer_of};
use super::app::Tx;
use super::attention;
use super::code::Code;
use super::error::{Seen, ServiceError};
use crate::domain::ids::{CampusId, VolunteerId};
use crate::domain::people::access::{Action, may};
use crate::domain::people::volunteer::{Profile, Volunteer};
use crate::domain::refusal::Invalid;
use crate::store::{campus_volunteers, feed_revisions, volunteers};

pub use crate::store::volunteers::VolunteerRow;

/// Makes the actor's profile. Every account has one at the most.
///
/// # Errors
/// `profile_exists`; the field that is wrong.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, profile: Profile) -> Result<VolunteerRow, ServiceError> {
    tx.entitled()?;
    if let Some(id) = volunteer_of(tx, actor)? {
        return Err(ServiceError::refused(
            Code::ProfileExists,
            format!("Your profile is at /v1/volunteers/{id}. Change that one."),
        ));
    }
    let row = VolunteerRow {
        volunteer: Volunteer::new(VolunteerId::mint(), profile)?,
        account_id: actor.account,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    volunteers::insert(tx.conn, &row)?;
    Ok(row)
}

/// The profile, for its owner and for coordinators of a campus where its owner applied.
///
/// # Errors
/// Not found, for everybody else too.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: VolunteerId) -> Result<VolunteerRow, ServiceError> {
    let row = volunteers::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if row.account_id == actor.account {
        return Ok(row);
    }
    for standing in campus_volunteers::list_of_volunteer(tx.conn, id)? {
        if manages_volunteers(tx, actor, standing.campus_id)? {
            return Ok(row);
        }
    }
    Err(ServiceError::NotFound)
}

fn manages_volunteers(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId) -> Result<bool, ServiceError> {
    Ok(role_at(tx, actor, campus)?.is_some_and(|role| may(role, Action::ManageVolunteers)))
}

/// Changes the actor's own profile. Seats that were taken stay: where one and the new profile disagree, the campus finds
/// it on its attention list, and no longer once they agree again.
///
/// # Errors
/// Not found for everybody else; `precondition_required`, `stale`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: VolunteerId,
    seen: &Seen,
    change: impl FnOnce(Profile) -> Result<Profile, Vec<Invalid>>,
) -> Result<VolunteerRow, ServiceError> {
    own_volunteer(tx, actor, id)?;
    let before = volunteers::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    seen.agrees(before.revision)?;
    let volunteer = Volunteer::new(id, change(before.volunteer.clone().into_profile())?)?;
    if volunteer == before.volunteer {
        return Ok(before);
    }
    let row = VolunteerRow { volunteer, revision: before.revision + 1, updated_at: tx.now, ..before };
    volunteers::update(tx.conn, &row)?;
    attention::availability_changed(tx, &row.volunteer)?;
    feed_revisions::bump(tx.conn, &feed_revisions::volunteer(id), tx.now)?;
    Ok(row)
}

/// Gives the actor's private feed a new address, of which `hash` is kept; the former one stops working.
///
/// # Errors
/// Not found for everybody else.
pub fn rotate_feed(tx: &mut Tx<'_>, actor: &Actor, id: VolunteerId, hash: &str) -> Result<(), ServiceError> {
    own_volunteer(tx, actor, id)?;
    volunteers::set_feed_token(tx.conn, id, hash)?;
    feed_revisions::bump(tx.conn, &feed_revisions::volunteer(id), tx.now)?;
    Ok(())
}
