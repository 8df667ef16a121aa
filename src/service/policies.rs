//! What a campus asks of those who book, in versions: made by the office, read by anybody, and in words.
//!
//! A version is never changed. The newest is in force. Absent so far: judging bookings by it.

use super::access::{Actor, require};
use super::app::Tx;
use super::campuses;
use super::error::ServiceError;
use super::office_calendars;
use crate::domain::ids::{CampusId, PolicyId};
use crate::domain::people::access::Action;
use crate::domain::scheduling::policy::{Policy, explain};
use crate::store::policies;

pub use crate::store::policies::{PolicyLine, PolicyRow};
pub use crate::store::policy_document::PolicyDocument;

/// One version, and what it says in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worded {
    /// The version.
    pub row: PolicyRow,
    /// Of each rule the sentences.
    pub rules: Vec<Vec<String>>,
    /// Of each lead time the sentence.
    pub lead_times: Vec<String>,
}

impl Worded {
    fn of(row: PolicyRow, policy: &Policy) -> Self {
        Self {
            rules: policy.rules().iter().map(explain::rule).collect(),
            lead_times: policy.lead_times().iter().map(explain::lead_time).collect(),
            row,
        }
    }
}

/// Makes the next version, in force from now on.
///
/// # Errors
/// Not found; those of [`require`]; the document's, where it contradicts itself; `no_office_hours` and `no_terms` where
/// it counts by what the office's calendar does not have.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    document: &PolicyDocument,
) -> Result<Worded, ServiceError> {
    require(tx, actor, campus, Action::ManageCampus)?;
    let within = |fault: crate::domain::refusal::Invalid| fault.within("document");
    let policy = document.read().map_err(within)?;
    let calendar = office_calendars::find(tx, campus)?.calendar;
    policy.fits(&calendar).map_err(within)?;
    let row = PolicyRow {
        id: PolicyId::mint(),
        campus_id: campus,
        version: policies::newest(tx.conn, campus)? + 1,
        document: document.clone(),
        created_at: tx.now,
        in_force: true,
    };
    policies::insert(tx.conn, &row)?;
    Ok(Worded::of(row, &policy))
}

/// A version, for anybody.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, id: PolicyId) -> Result<Worded, ServiceError> {
    let row = policies::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let policy = row.read()?;
    Ok(Worded::of(row, &policy))
}

/// The versions of a campus, newest first, for anybody.
///
/// # Errors
/// Not found.
pub fn list(
    tx: &mut Tx<'_>,
    campus: CampusId,
    before: Option<i32>,
    most: i64,
) -> Result<Vec<PolicyLine>, ServiceError> {
    campuses::find(tx, campus)?;
    Ok(policies::list(tx.conn, campus, before, most)?)
}
