//! A roster of students in slots.
//!
//! Who is in the slot already is left there, without another letter. Who had the place and left it, by giving it back or
//! by a move, is not put there again: a file that is sent a second time must not undo what people did meanwhile.

use std::collections::{HashMap, HashSet};

use super::students::{StudentFacts, known_of, row_of};
use super::{Done, Line, OfLine, Outcome, settled};
use crate::domain::ids::{BookingId, EventId, SlotId, StudentId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::slot::SlotState;
use crate::domain::time::Instant;
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::bookings::event_of;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::events::EventRow;
use crate::service::places::{By, Planned, Terms, admit, fresh, note, tell, walled};
use crate::service::queue::has_a_place;
use crate::store::bookings::{Booked, BookingRow};
use crate::store::places::PlaceAbout;
use crate::store::slots::SlotRow;
use crate::store::students::StudentRow;
use crate::store::{bookings, place_log, places as abouts, slots, students};

/// How many lines share a transaction; each that books asks several questions and writes a letter.
pub const GROUP: usize = 50;

/// A student's place as a roster has it.
#[derive(Debug, Clone)]
pub struct PlaceFacts {
    /// Which booking, where the roster says so: one that was given out before.
    pub id: Option<BookingId>,
    /// Who.
    pub student: StudentFacts,
    /// Where.
    pub slot: SlotNamed,
    /// How many places, the student's own included.
    pub party: i64,
}

/// How a roster names a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SlotNamed {
    /// By its id.
    Id(SlotId),
    /// By its start, and its label where several start together.
    Start(Instant, Option<String>),
}

/// The event, if the actor may book places of it.
///
/// # Errors
/// Not found; those of [`crate::service::access::require`].
pub fn event(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<EventRow, ServiceError> {
    event_of(tx, actor, event, Action::BookPlaces)
}

/// What a group has found and made.
struct Group {
    known: HashMap<String, StudentRow>,
    slots: Vec<SlotRow>,
    abouts: HashMap<SlotId, PlaceAbout>,
    there: Vec<BookingRow>,
    left: HashSet<(StudentId, SlotId)>,
    keep: bool,
}

impl Group {
    fn of(tx: &mut Tx<'_>, event: &EventRow, lines: &[Line<PlaceFacts>], keep: bool) -> Result<Self, ServiceError> {
        let read = || lines.iter().filter_map(|line| line.read.as_ref().ok());
        let known = known_of(tx, event.campus_id, read().map(|facts| &facts.student))?;
        let (mut ids, mut starts) = (Vec::new(), Vec::new());
        for facts in read() {
            match &facts.slot {
                SlotNamed::Id(id) => ids.push(*id),
                SlotNamed::Start(start, _) => starts.push(*start),
            }
        }
        let people: Vec<StudentId> = known.values().map(|row| row.id).collect();
        Ok(Self {
            slots: slots::list_known(tx.conn, event.id, &ids, &starts)?,
            there: bookings::list_of_students_in(tx.conn, event.id, &people)?,
            left: place_log::list_given(tx.conn, event.id, &people)?.into_iter().collect(),
            abouts: HashMap::new(),
            known,
            keep,
        })
    }

    fn slot(&self, named: &SlotNamed) -> Result<SlotId, Invalid> {
        let (start, label) = match named {
            SlotNamed::Id(id) => {
                let found = self.slots.iter().find(|row| row.id == *id).map(|row| row.id);
                let unknown = || Invalid::new("slot_id", "unknown_reference", format!("the event has no slot {id}"));
                return found.ok_or_else(unknown);
            }
            SlotNamed::Start(start, label) => (start, label.as_deref().map(str::trim).filter(|text| !text.is_empty())),
        };
        let same = |row: &&SlotRow| {
            let named = row.label.as_deref().unwrap_or_default().to_lowercase();
            row.when.window().start() == *start && label.is_none_or(|label| named == label.to_lowercase())
        };
        let mut found: Vec<&SlotRow> = self.slots.iter().filter(same).collect();
        // What was called off and made anew is meant as it is now.
        if found.iter().any(|row| row.state != SlotState::Cancelled) {
            found.retain(|row| row.state != SlotState::Cancelled);
        }
        match found.as_slice() {
            [one] => Ok(one.id),
            [] => {
                let called = label.map(|label| format!(" called {label:?}")).unwrap_or_default();
                let detail = format!("the event has no slot{called} that starts at {start}");
                Err(Invalid::new("slot_label", "unknown_reference", detail))
            }
            many => {
                let detail = format!("{} slots fit; name one by its label or its id", many.len());
                Err(Invalid::new("slot_label", "ambiguous", detail))
            }
        }
    }
}

/// Does a group of lines, or only looks.
///
/// # Errors
/// Those of [`event()`]; the database's.
pub fn step(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    lines: &[Line<PlaceFacts>],
    planned: &mut Planned,
    keep: bool,
) -> Result<Vec<Done>, ServiceError> {
    let event = event(tx, actor, id)?;
    let mut group = Group::of(tx, &event, lines, keep)?;
    let mut done = Vec::with_capacity(lines.len());
    for line in lines {
        let of_line = one(tx, actor, &event, line, planned, &mut group);
        done.push(settled(line.number, of_line)?);
    }
    Ok(done)
}

fn one(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: &EventRow,
    line: &Line<PlaceFacts>,
    planned: &mut Planned,
    group: &mut Group,
) -> OfLine {
    let facts = line.read.as_ref().map_err(Clone::clone)?;
    let slot = group.slot(&facts.slot)?;
    let before = group.known.get(facts.student.key()).cloned();
    let student = row_of(&facts.student, before.as_ref(), event.campus_id, tx)?;
    let changed = before.as_ref().is_none_or(|before| before.revision != student.revision);
    if let Some(there) = there(group, facts, &student, slot, tx.now)? {
        if changed {
            remember(tx, before.as_ref(), &student, group)?;
            return Ok(Outcome::Updated(there.uuid()));
        }
        return Ok(Outcome::Unchanged(there.uuid()));
    }
    if group.left.contains(&(student.id, slot)) {
        let detail = "The student had this place and left it; book it by hand if that is meant.";
        return Err(ServiceError::refused(Code::PlaceLeft, detail));
    }
    let about = match group.abouts.get(&slot) {
        Some(about) => about.clone(),
        None => abouts::find(tx.conn, slot)?.ok_or(ServiceError::NotFound)?,
    };
    let party = about.rules.party(facts.party)?;
    let terms = Terms { party, planned: Some(planned), ..Terms::ALONE };
    let waited = admit(tx, &about, &student, before.is_some(), terms)?;
    group.abouts.insert(slot, about.clone());
    let mut row = fresh(tx, &about, &student, actor.owner())?;
    row.party = i32::try_from(party).unwrap_or(1);
    if !group.keep {
        planned.give(&about, &student, row.id, party);
        return Ok(Outcome::Created(None));
    }
    if changed {
        remember(tx, before.as_ref(), &student, group)?;
    }
    if !bookings::insert_among_others(tx.conn, &mut row)? {
        return Err(walled());
    }
    group.there.push(row.clone());
    let booked = Booked { row, student, about };
    tell(tx, &booked)?;
    if waited && before.is_some() {
        has_a_place(tx, &booked, By::of(actor))?;
    }
    note(tx, &booked.row, "booked", By::of(actor), "")?;
    Ok(Outcome::Created(Some(booked.row.id.uuid())))
}

/// The booking that a line means, if it was made before: by its id in whatever state, or the place that the student has.
fn there(
    group: &Group,
    facts: &PlaceFacts,
    student: &StudentRow,
    slot: SlotId,
    now: Instant,
) -> Result<Option<BookingId>, ServiceError> {
    let own = || group.there.iter().filter(|row| row.student_id == student.id);
    if let Some(id) = facts.id {
        let unknown = || Invalid::new("id", "unknown_reference", format!("the student has no booking {id} here"));
        let row = own().find(|row| row.id == id).ok_or_else(unknown)?;
        if row.slot_id != slot {
            let detail =
                format!("the booking is of the slot {}; move it with POST /v1/bookings/{id}/move", row.slot_id);
            return Err(Invalid::new("slot_id", "differs", detail).into());
        }
        return Ok(Some(id));
    }
    let came = |row: &&BookingRow| {
        row.slot_id == slot
            && match row.state {
                BookingState::Confirmed
                | BookingState::CheckedIn
                | BookingState::Attended
                | BookingState::NoShow
                | BookingState::Excused => true,
                BookingState::Held | BookingState::Cancelled => false,
            }
    };
    let held = |row: &BookingRow| row.slot_id == slot && row.state == BookingState::Held && row.held_until > Some(now);
    if let Some(row) = own().find(came) {
        return Ok(Some(row.id));
    }
    if own().any(held) {
        let detail = "A place of this slot is held for the student; confirm it, or wait until the hold runs out.";
        return Err(ServiceError::refused(Code::AlreadyBooked, detail));
    }
    Ok(None)
}

/// Keeps what a line says of its student.
fn remember(
    tx: &mut Tx<'_>,
    before: Option<&StudentRow>,
    student: &StudentRow,
    group: &mut Group,
) -> Result<(), ServiceError> {
    if !group.keep {
        return Ok(());
    }
    match before {
        Some(_) => students::update(tx.conn, student)?,
        None => students::insert(tx.conn, student)?,
    }
    group.known.insert(student.external_ref.clone(), student.clone());
    Ok(())
}
