//! A place in every meeting of a series for one student.

use std::collections::HashMap;

use serde_json::json;

use super::EventSeriesRow;
use crate::domain::ids::{EventId, EventSeriesId};
use crate::domain::people::access::Action;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::slot::SlotState;
use crate::service::access::{Actor, require};
use crate::service::app::Tx;
use crate::service::bookings::ReadStudent;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::places::{By, Terms, admit, fresh, note, tell, walled};
use crate::service::queue::has_a_place;
use crate::service::{outbox, students};
use crate::store::bookings::{self, Booked};
use crate::store::events::EventRow;
use crate::store::places::PlaceAbout;
use crate::store::{event_series, events, places as abouts};

/// A meeting in which the student could not have a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// The meeting.
    pub event: EventRow,
    /// What stands in the way, for programs.
    pub code: Code,
    /// The same in a sentence.
    pub detail: String,
}

/// What a student has of a series now.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesBooked {
    /// The series.
    pub row: EventSeriesRow,
    /// The places, those from before included, in order of time.
    pub booked: Vec<Booked>,
    /// How many of them are new.
    pub new: usize,
    /// The meetings without one.
    pub missed: Vec<Missed>,
}

/// Books a place for a student in every meeting that is still to come. Where one cannot be had, none is, unless `partial`
/// says that the others will do. One letter carries an invite for each.
///
/// # Errors
/// Not found; those of the rights; the student's; `series_not_free` with the meetings that stand in the way.
pub fn book(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventSeriesId,
    student: ReadStudent<'_>,
    partial: bool,
) -> Result<SeriesBooked, ServiceError> {
    let row = event_series::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let meetings = events::list_of_series(tx.conn, &[id])?;
    if actor.is_portal() && !meetings.iter().any(|event| event.is_public()) {
        return Err(ServiceError::NotFound);
    }
    require(tx, actor, row.campus_id, Action::BookPlaces)?;
    let (student, mut known) = students::know(tx, row.campus_id, &student()?)?;
    let ahead: Vec<EventRow> = meetings
        .into_iter()
        .filter(|event| match event.state {
            EventState::Published => tx.now < event.when.window().start(),
            EventState::Postponed => true,
            EventState::Draft | EventState::InProgress | EventState::Completed | EventState::Cancelled => false,
        })
        .collect();
    let ids: Vec<EventId> = ahead.iter().map(|event| event.id).collect();
    let mut had: HashMap<EventId, Booked> = HashMap::new();
    for booked in bookings::list_of_student_in(tx.conn, student.id, &ids)? {
        had.insert(booked.row.event_id, booked);
    }
    let mut done = SeriesBooked { row, booked: Vec::new(), new: 0, missed: Vec::new() };
    outbox::together(tx, &id.to_string(), |tx| {
        for event in ahead {
            if let Some(booked) = had.remove(&event.id) {
                done.booked.push(booked);
                continue;
            }
            match place(tx, &event, |tx, about| admit(tx, about, &student, known, Terms::ALONE).map(drop))? {
                Ok(about) => {
                    let row = fresh(tx, &about, &student, actor.owner())?;
                    let mut booked = Booked { row, student: student.clone(), about };
                    if !bookings::insert(tx.conn, &mut booked.row)? {
                        return Err(walled());
                    }
                    tell(tx, &booked)?;
                    has_a_place(tx, &booked, By::of(actor))?;
                    note(tx, &booked.row, "booked", By::of(actor), "With the series.")?;
                    known = true;
                    done.new += 1;
                    done.booked.push(booked);
                }
                Err((code, detail)) => done.missed.push(Missed { event, code, detail }),
            }
        }
        Ok(())
    })?;
    if !done.missed.is_empty() && (!partial || done.new == 0) {
        return Err(not_free(&done.missed));
    }
    if done.new == 0 && done.booked.is_empty() {
        return Err(ServiceError::refused(Code::HasBegun, "No meeting of the series is still to come."));
    }
    if done.new == 0 {
        let detail = "The student has a place in every meeting that is still to come.";
        return Err(ServiceError::refused(Code::AlreadyBooked, detail));
    }
    Ok(done)
}

fn not_free(missed: &[Missed]) -> ServiceError {
    let each = |missed: &Missed| {
        json!({
            "event_id": missed.event.id.to_string(),
            "starts_at": missed.event.when.window().start().to_string(),
            "code": missed.code.as_str(),
            "detail": missed.detail,
        })
    };
    let detail = format!("In {} meetings the student cannot have a place; nothing was booked.", missed.len());
    let list: Vec<_> = missed.iter().map(each).collect();
    ServiceError::refused(Code::SeriesNotFree, detail).with("missed", list)
}

/// The slot of a meeting in which a place can be had: one that lasts as long as the meeting. Otherwise what stands in the
/// way at the last that was looked at.
fn place(
    tx: &mut Tx<'_>,
    event: &EventRow,
    may: impl Fn(&mut Tx<'_>, &PlaceAbout) -> Result<(), ServiceError>,
) -> Result<Result<PlaceAbout, (Code, String)>, ServiceError> {
    let mut refused = (Code::SlotClosed, "Nothing can be booked that lasts as long as this meeting.".to_owned());
    for about in abouts::list_of_event(tx.conn, event.id, MOST_SLOTS)? {
        let whole = about.slot.when.window() == event.when.window();
        if !whole || about.slot.capacity == 0 || about.slot.state == SlotState::Cancelled {
            continue;
        }
        match may(tx, &about) {
            Ok(()) => return Ok(Ok(about)),
            Err(ServiceError::Refused(why)) => refused = (why.code, why.detail),
            Err(fault) => return Err(fault),
        }
    }
    Ok(Err(refused))
}

/// The most slots of one meeting that are looked at.
const MOST_SLOTS: i64 = 100;
