//! How volunteers come to a campus: they apply, and the office approves, pauses, suspends and takes back.
//!
//! Absent on purpose: seats. What somebody has promised stays, whatever becomes of their standing.

use super::access::{Actor, require, volunteer_of};
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::outbox;
use crate::domain::ids::{CampusId, VolunteerId};
use crate::domain::letter::Person;
use crate::domain::notice::{Notice, Recipient};
use crate::domain::people::access::Action;
use crate::domain::people::volunteer::Standing;
use crate::domain::refusal::{WrongState, prose};
use crate::store::campus_volunteers::CampusVolunteerRow;
use crate::store::{accounts, campus_volunteers, campuses, volunteers};

pub use crate::store::campus_volunteers::Listed;

/// The actor asks a campus to be taken, with a word to the office (up to 1,000 characters).
///
/// # Errors
/// Not found for a campus that is none; `no_volunteer_profile`, `already_applied`; the note's.
pub fn apply(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, note: &str) -> Result<Listed, ServiceError> {
    campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?;
    tx.entitled()?;
    let Some(volunteer) = volunteer_of(tx, actor)? else {
        return Err(ServiceError::refused(
            Code::NoVolunteerProfile,
            "You have no volunteer profile. Make one at POST /v1/volunteers, then apply.",
        ));
    };
    if let Some(before) = campus_volunteers::find(tx.conn, campus, volunteer)? {
        let state = before.row.state.as_str();
        return Err(ServiceError::refused(
            Code::AlreadyApplied,
            format!("You have applied to this campus already; you are {state} there."),
        )
        .with("state", state));
    }
    let row = CampusVolunteerRow {
        campus_id: campus,
        volunteer_id: volunteer,
        state: Standing::Applied,
        note: prose("note", note, 0, 1000)?,
        reason: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    campus_volunteers::insert(tx.conn, &row)?;
    found(tx, campus, volunteer)
}

/// How a volunteer stands at a campus, for its coordinators and for the volunteer.
///
/// # Errors
/// Not found, for strangers too; `forbidden` for other members.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, volunteer: VolunteerId) -> Result<Listed, ServiceError> {
    let listed = campus_volunteers::find(tx.conn, campus, volunteer)?;
    if let Some(own) = listed.as_ref().filter(|listed| listed.account_id == actor.account) {
        return Ok(own.clone());
    }
    require(tx, actor, campus, Action::ManageVolunteers)?;
    listed.ok_or(ServiceError::NotFound)
}

/// Everybody who has applied at a campus.
///
/// # Errors
/// Those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    state: Option<Standing>,
    after: Option<VolunteerId>,
    most: i64,
) -> Result<Vec<Listed>, ServiceError> {
    require(tx, actor, campus, Action::ManageVolunteers)?;
    Ok(campus_volunteers::list_of_campus(tx.conn, campus, state, after, most)?)
}

/// The office takes an applicant, who hears of it by letter.
///
/// # Errors
/// Those of [`require`]; `wrong_state`.
pub fn approve(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
) -> Result<Listed, ServiceError> {
    let listed = moved(tx, actor, campus, volunteer, Standing::approve, None)?;
    let campus_told = campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?;
    let account = accounts::find(tx.conn, listed.account_id)?.ok_or(ServiceError::NotFound)?;
    let zone = volunteers::find(tx.conn, volunteer)?.map(|row| row.zone());
    let to = Recipient { person: Person::new(&listed.display_name, account.email), zone };
    let notice = Notice::VolunteerApproved { campus: campus_told.for_letters(), feed_link: None };
    outbox::post(tx, Some(campus), &to, &notice)?;
    Ok(listed)
}

/// The office will not ask for a while.
///
/// # Errors
/// Those of [`require`]; `wrong_state`; the reason's.
pub fn pause(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
    reason: &str,
) -> Result<Listed, ServiceError> {
    moved(tx, actor, campus, volunteer, Standing::pause, Some(reason))
}

/// The office will not ask at all.
///
/// # Errors
/// Those of [`require`]; `wrong_state`; the reason's.
pub fn suspend(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
    reason: &str,
) -> Result<Listed, ServiceError> {
    moved(tx, actor, campus, volunteer, Standing::suspend, Some(reason))
}

/// The office asks again.
///
/// # Errors
/// Those of [`require`]; `wrong_state`.
pub fn resume(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
) -> Result<Listed, ServiceError> {
    moved(tx, actor, campus, volunteer, Standing::resume, None)
}

fn moved(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    volunteer: VolunteerId,
    verb: fn(Standing) -> Result<Standing, WrongState>,
    reason: Option<&str>,
) -> Result<Listed, ServiceError> {
    require(tx, actor, campus, Action::ManageVolunteers)?;
    let mut row = found(tx, campus, volunteer)?.row;
    row.state = verb(row.state)?;
    row.reason = reason.map(|reason| prose("reason", reason, 1, 500)).transpose()?;
    row.revision += 1;
    row.updated_at = tx.now;
    campus_volunteers::update(tx.conn, &row)?;
    found(tx, campus, volunteer)
}

fn found(tx: &mut Tx<'_>, campus: CampusId, volunteer: VolunteerId) -> Result<Listed, ServiceError> {
    campus_volunteers::find(tx.conn, campus, volunteer)?.ok_or(ServiceError::NotFound)
}
