//! Whole lists for spreadsheets: the students of a campus, the slots and the bookings of an event.
//!
//! A list is read page by page, so that no reading lane is held for long; each thing stands in it once, as it was when its
//! page was read. Absent on purpose: the form of the file, which is the door's.

use super::access::{Actor, Caller, require};
use super::app::{App, Tx};
use super::bookings::{self, Booked, BookingFilter};
use super::code::Code;
use super::error::ServiceError;
use super::events::{self, SlotPlace, SlotSeats, SlotsAsked};
use super::hours;
use super::sharing::seen;
use super::students::{self, StudentRow};
use crate::domain::ids::{CampusId, EventId};
use crate::domain::people::access::Action;
use crate::store::campuses;

/// How many lines are read at a time.
const PAGE: i64 = 1_000;
/// The most lines of a file.
const MOST: usize = 50_000;

/// Reads page after page until one is not full. `page` reads what stands behind the last item of the page before.
async fn pages<T, F>(app: &App, caller: &Caller, page: F) -> Result<Vec<T>, ServiceError>
where
    T: Clone + Send + 'static,
    F: Fn(&mut Tx<'_>, &Actor, Option<&T>) -> Result<Vec<T>, ServiceError> + Clone + Send + 'static,
{
    let mut all: Vec<T> = Vec::new();
    loop {
        let (page, caller, last) = (page.clone(), caller.clone(), all.last().cloned());
        let found = app.read(move |tx| {
            let actor = caller.enter(tx)?;
            page(tx, &actor, last.as_ref())
        });
        let found = found.await?;
        let full = i64::try_from(found.len()).is_ok_and(|found| found >= PAGE);
        all.extend(found);
        if all.len() > MOST {
            let detail = format!("The list has more than {MOST} lines; read it as JSON, page by page.");
            return Err(ServiceError::refused(Code::TooManyLines, detail));
        }
        if !full {
            return Ok(all);
        }
    }
}

/// The students of a campus, and what the campus is called in addresses.
///
/// # Errors
/// Those of [`require`]; `too_many_lines`.
pub async fn students(app: &App, caller: &Caller, campus: CampusId) -> Result<(String, Vec<StudentRow>), ServiceError> {
    let name = caller.clone();
    let name = app.read(move |tx| {
        let actor = name.enter(tx)?;
        require(tx, &actor, campus, Action::BookPlaces)?;
        Ok(campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?.slug)
    });
    let name = name.await?;
    let rows = pages(app, caller, move |tx, actor, last: Option<&StudentRow>| {
        students::list(tx, actor, campus, None, last.map(|row| row.id), PAGE)
    });
    Ok((name, rows.await?))
}

/// The ledger of hours of a campus, and what the campus is called in addresses.
///
/// # Errors
/// Those of [`require`]; `too_many_lines`.
pub async fn hours(app: &App, caller: &Caller, campus: CampusId) -> Result<(String, Vec<hours::Entry>), ServiceError> {
    let name = caller.clone();
    let name = app.read(move |tx| {
        let actor = name.enter(tx)?;
        require(tx, &actor, campus, Action::ManageVolunteers)?;
        Ok(campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?.slug)
    });
    let name = name.await?;
    let rows = pages(app, caller, move |tx, actor, last: Option<&hours::Entry>| {
        hours::list_of_campus(tx, actor, campus, hours::Asked::default(), last.map(|(row, _)| row.id), PAGE)
    });
    Ok((name, rows.await?))
}

/// The title of an event, for those who may see who has its places.
async fn title(app: &App, caller: &Caller, event: EventId) -> Result<String, ServiceError> {
    let caller = caller.clone();
    app.read(move |tx| {
        let actor = caller.enter(tx)?;
        Ok(seen(tx, &actor, event, Action::BookPlaces)?.0.event.title)
    })
    .await
}

/// The slots of an event, and its title.
///
/// # Errors
/// Not found; those of [`require`]; `too_many_lines`.
pub async fn slots(app: &App, caller: &Caller, event: EventId) -> Result<(String, Vec<SlotSeats>), ServiceError> {
    let title = title(app, caller, event).await?;
    let rows = pages(app, caller, move |tx, actor, last: Option<&SlotSeats>| {
        seen(tx, actor, event, Action::BookPlaces)?;
        let after = last.map(|slot| SlotPlace { at: slot.row.when.window().start(), id: slot.row.id });
        events::list_slots(tx, Some(actor), event, SlotsAsked::default(), after, PAGE)
    });
    Ok((title, rows.await?))
}

/// The bookings of an event, and its title.
///
/// # Errors
/// Not found; those of [`require`]; `too_many_lines`.
pub async fn bookings(app: &App, caller: &Caller, event: EventId) -> Result<(String, Vec<Booked>), ServiceError> {
    let title = title(app, caller, event).await?;
    let rows = pages(app, caller, move |tx, actor, last: Option<&Booked>| {
        bookings::list(tx, actor, event, &BookingFilter::default(), last.map(|booked| booked.row.id), PAGE)
    });
    Ok((title, rows.await?))
}
