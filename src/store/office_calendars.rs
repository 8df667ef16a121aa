//! The calendars of career offices, each as the document that came in.
//!
//! Absent on purpose: what stands for an office that has set none, which is the use cases' to say.

use diesel::prelude::*;

use super::columns::Json;
use super::db::{Conn, StoreError, lost_race};
use super::documents::corrupt;
use super::policy_document::OfficeCalendarDocument;
use super::schema::office_calendars;
use crate::domain::{ids::CampusId, scheduling::office_calendar::OfficeCalendar, time::Instant, time::Zone};

/// The calendar of an office as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeCalendarRow {
    /// Whose.
    pub campus_id: CampusId,
    /// The document.
    pub document: OfficeCalendarDocument,
    /// Raised each time another document takes its place.
    pub revision: i64,
    /// When it was first set.
    pub created_at: Instant,
    /// When it was last set.
    pub updated_at: Instant,
}

impl OfficeCalendarRow {
    /// The calendar on the clocks of `zone`.
    ///
    /// # Errors
    /// A document that the domain no longer takes.
    pub fn read(&self, zone: Zone) -> Result<OfficeCalendar, StoreError> {
        self.document.read(zone).map_err(|fault| corrupt(format!("office calendar of {}", self.campus_id), fault))
    }
}

/// The calendar of a campus's office, if it has set one.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, campus: CampusId) -> Result<Option<OfficeCalendarRow>, StoreError> {
    let found: Option<(Json<OfficeCalendarDocument>, i64, Instant, Instant)> = office_calendars::table
        .find(campus)
        .select((
            office_calendars::document,
            office_calendars::revision,
            office_calendars::created_at,
            office_calendars::updated_at,
        ))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(Json(document), revision, created_at, updated_at)| OfficeCalendarRow {
        campus_id: campus,
        document,
        revision,
        created_at,
        updated_at,
    }))
}

/// Keeps the first calendar of an office.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &OfficeCalendarRow) -> Result<(), StoreError> {
    diesel::insert_into(office_calendars::table)
        .values((
            office_calendars::campus_id.eq(row.campus_id),
            office_calendars::document.eq(Json(row.document.clone())),
            office_calendars::revision.eq(row.revision),
            office_calendars::created_at.eq(row.created_at),
            office_calendars::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
        .map_err(lost_race)?;
    Ok(())
}

/// Keeps another calendar in place of the one before.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &OfficeCalendarRow) -> Result<(), StoreError> {
    diesel::update(office_calendars::table.find(row.campus_id))
        .set((
            office_calendars::document.eq(Json(row.document.clone())),
            office_calendars::revision.eq(row.revision),
            office_calendars::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}
