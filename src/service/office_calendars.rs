//! When a campus's career office works: read by anybody, set by the office, and asked by whatever counts business days.
//!
//! An office that has set nothing works Monday to Friday, without holidays, hours or terms; answers say so.

use chrono::NaiveDate;

use super::access::{Actor, require};
use super::app::Tx;
use super::campuses;
use super::error::{Seen, ServiceError};
use crate::domain::ids::CampusId;
use crate::domain::people::access::Action;
use crate::domain::people::campus::Campus;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::office_calendar::OfficeCalendar;
use crate::domain::time::Instant;
use crate::store::office_calendars::{self, OfficeCalendarRow};
use crate::store::policy_document::WorkingDayDocument;
use crate::store::{bookings, policies};

pub use crate::store::policy_document::OfficeCalendarDocument;

/// The revision of the calendar that stands for an office which has set none.
const UNSET: i64 = 1;

/// The calendar that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub campus: CampusId,
    /// As it was set, or what stands instead.
    pub document: OfficeCalendarDocument,
    /// The same, read.
    pub calendar: OfficeCalendar,
    /// Which one.
    pub revision: i64,
    /// When it was set; `None` for what stands where nothing was set.
    pub set_at: Option<Instant>,
}

/// What stands where nothing was set.
fn usual() -> OfficeCalendarDocument {
    let day = |day: &str| WorkingDayDocument { day: day.to_owned(), hours: Vec::new() };
    OfficeCalendarDocument {
        working_days: ["monday", "tuesday", "wednesday", "thursday", "friday"].map(day).to_vec(),
        holidays: Vec::new(),
        terms: Vec::new(),
    }
}

fn standing(tx: &mut Tx<'_>, campus: &Campus) -> Result<Standing, ServiceError> {
    let zone = campus.settings.zone;
    if let Some(row) = office_calendars::find(tx.conn, campus.id)? {
        let (calendar, set_at) = (row.read(zone)?, Some(row.updated_at));
        return Ok(Standing { campus: campus.id, calendar, document: row.document, revision: row.revision, set_at });
    }
    let document = usual();
    let calendar = document.read(zone)?;
    Ok(Standing { campus: campus.id, document, calendar, revision: UNSET, set_at: None })
}

/// The calendar of a campus's office, for anybody.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, campus: CampusId) -> Result<Standing, ServiceError> {
    let campus = campuses::find(tx, campus)?;
    standing(tx, &campus)
}

/// Sets the calendar of a campus's office in place of the one before.
///
/// # Errors
/// Not found; those of [`require`]; `stale`; the document's; `no_office_hours` and `no_terms` where the policy in force
/// counts by what the calendar does not have.
pub fn set(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    seen: &Seen,
    document: &OfficeCalendarDocument,
) -> Result<Standing, ServiceError> {
    require(tx, actor, campus, Action::ManageCampus)?;
    let campus = campuses::find(tx, campus)?;
    let before = standing(tx, &campus)?;
    seen.agrees(before.revision)?;
    let calendar = document.read(campus.settings.zone)?;
    if let Some(policy) = policies::in_force(tx.conn, campus.id)? {
        policy.read()?.fits(&calendar).map_err(|fault| lacking(policy.version, &fault))?;
    }
    // Bookings ahead are judged by the version they keep, which counts by this calendar too.
    for kept in bookings::list_policies_kept(tx.conn, campus.id, tx.now)? {
        if let Some(policy) = policies::find(tx.conn, kept)? {
            policy.read()?.fits(&calendar).map_err(|fault| lacking(policy.version, &fault))?;
        }
    }
    if before.set_at.is_some() && before.document == *document {
        return Ok(before);
    }
    let row = OfficeCalendarRow {
        campus_id: campus.id,
        document: document.clone(),
        revision: before.revision + 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    match before.set_at {
        Some(_) => office_calendars::update(tx.conn, &row)?,
        None => office_calendars::insert(tx.conn, &row)?,
    }
    Ok(Standing {
        campus: campus.id,
        document: row.document,
        calendar,
        revision: row.revision,
        set_at: Some(row.updated_at),
    })
}

/// What a policy misses in a calendar, pointed at there.
fn lacking(version: i32, fault: &Invalid) -> Invalid {
    let field = if fault.code == "no_terms" { "terms" } else { "working_days" };
    Invalid::new(field, fault.code, format!("version {version} of the policy, at {fault}"))
}

/// A date in the calendar of an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeDay {
    /// Whether the office works: a working weekday that no holiday holds.
    pub works: bool,
    /// The holiday that holds the date, by its name.
    pub holiday: Option<String>,
}

/// What a date, on the clocks of the campus, is to its office.
///
/// # Errors
/// Not found.
pub fn day(tx: &mut Tx<'_>, campus: CampusId, date: NaiveDate) -> Result<OfficeDay, ServiceError> {
    let calendar = find(tx, campus)?.calendar;
    let holiday = calendar.holiday_on(date).map(|holiday| holiday.name().to_owned());
    Ok(OfficeDay { works: calendar.is_business_day(date), holiday })
}
