//! Who goes where when the office makes other slots: the plan is checked as a whole before anything is done, and everybody
//! in it is moved with one letter, the calendar entry staying the same one.

use std::collections::HashMap;

use super::{MoveAsked, same};
use crate::domain::ids::{BookingId, SlotId, StudentId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::{BookingRefused, BookingState};
use crate::domain::scheduling::grid::{
    Booked as Held, Changes, Existing, Move, MoveFault, MoveRefused, Moves, PlannedSlot, Travel, reconcile_with,
};
use crate::domain::scheduling::slot::SlotState;
use crate::domain::time::Instant;
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::service::events::EventRow;
use crate::service::places::{By, Shifted, may_ask, refusal, shift};
use crate::store::bookings::{self, Booked};
use crate::store::{grids, places as abouts};

/// What makes the wanted slots once everybody went where the plan says.
///
/// # Errors
/// Every move that cannot be.
pub(super) fn moved(
    tx: &mut Tx<'_>,
    event: &EventRow,
    (existing, wanted): (&[Existing], &[PlannedSlot]),
    travel: &Travel,
    asked: &[MoveAsked],
) -> Result<(Changes, Vec<(Booked, usize)>), ServiceError> {
    let fault = |number: usize, field: &str, code, detail: String| {
        Invalid::new(format!("moves/{number}/{field}"), code, detail)
    };
    let live = bookings::list_live_of_event(tx.conn, event.id)?;
    let (mut moving, mut faults) = (Vec::new(), Vec::new());
    for (number, step) in asked.iter().enumerate() {
        let booked = live.iter().find(|booked| {
            let (row, slot) = (&booked.row, booked.row.slot_id);
            row.id == step.booking && row.state == BookingState::Confirmed && existing.iter().any(|one| one.id == slot)
        });
        let to = wanted
            .iter()
            .position(|slot| same(&slot.label) == same(&step.table) && slot.when.window().start() == step.start);
        match (booked, to) {
            (Some(booked), Some(to)) => moving.push((booked.clone(), to)),
            (None, _) => {
                let detail = format!("{} is no confirmed place to come in a slot that the grid made", step.booking);
                faults.push(fault(number, "booking_id", "unknown_reference", detail));
            }
            (Some(_), None) => {
                let detail = format!("the grid makes no slot at the table {:?} at {}", step.table, step.start);
                faults.push(fault(number, "table", "unknown_reference", detail));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let mut people: HashMap<StudentId, usize> = HashMap::new();
    for (booked, _) in &moving {
        let next = people.len();
        people.entry(booked.row.student_id).or_insert(next);
    }
    let is_in_grid = |slot: SlotId| existing.iter().any(|one| one.id == slot);
    let theirs: Vec<&Booked> = live
        .iter()
        .filter(|booked| people.contains_key(&booked.row.student_id) && is_in_grid(booked.row.slot_id))
        .collect();
    let place_of = |booked: &Booked| theirs.iter().position(|other| other.row.id == booked.row.id);
    let mut engaged = Vec::new();
    for (student, person) in &people {
        let had = bookings::list_of_student(tx.conn, *student, event.id, tx.now, tx.now)?;
        let elsewhere = had.into_iter().filter(|had| !is_in_grid(had.slot));
        engaged.extend(elsewhere.map(|had| (*person, had.commitment.window, None)));
    }
    let held: Vec<Held> = theirs
        .iter()
        .map(|booked| Held {
            person: people.get(&booked.row.student_id).copied().unwrap_or_default(),
            slot: booked.row.slot_id,
            places: booked.row.places().try_into().unwrap_or(1),
        })
        .collect();
    let steps: Vec<Move> =
        moving.iter().map(|(booked, to)| Move { booking: place_of(booked).unwrap_or(usize::MAX), to: *to }).collect();
    let moves = Moves { bookings: &held, engaged: &engaged, moves: &steps };
    let refused = |refused: Vec<MoveRefused>| {
        let said = |MoveRefused { index, fault: why }: MoveRefused| match why {
            MoveFault::MovedTwice => fault(index, "booking_id", "duplicate", "it is moved before".to_owned()),
            MoveFault::NoSuchBooking => {
                fault(index, "booking_id", "unknown_reference", "it is no place of the grid".to_owned())
            }
            MoveFault::NoSuchSlot => {
                fault(index, "table", "unknown_reference", "the grid makes no such slot".to_owned())
            }
            MoveFault::NotAvailable => {
                fault(index, "table", "not_available", "the slot is closed, or others stand in its way".to_owned())
            }
            MoveFault::Full { wanted, capacity } => {
                let detail = format!("{wanted} would have a place there, and it has {capacity}");
                fault(index, "table", "full", detail)
            }
            MoveFault::Clash(other) => {
                let detail = format!("the student is expected elsewhere from {} to {}", other.start(), other.end());
                fault(index, "table", "overlap", detail)
            }
        };
        ServiceError::Invalid(refused.into_iter().map(said).collect())
    };
    let changes = reconcile_with(existing, wanted, travel, &moves).map_err(refused)?;
    Ok((changes, moving))
}

/// Puts everybody where the plan says, once the slots are there; answers who was.
pub(super) fn move_people(
    tx: &mut Tx<'_>,
    event: &EventRow,
    moving: &[(Booked, usize)],
    wanted: &[PlannedSlot],
) -> Result<Vec<BookingId>, ServiceError> {
    if moving.is_empty() {
        return Ok(Vec::new());
    }
    let there = grids::list_slots(tx.conn, event.id)?;
    let there = there.iter().filter(|slot| slot.row.state != SlotState::Cancelled);
    let there: HashMap<(String, Instant), SlotId> =
        there.map(|slot| ((same(&slot.table), slot.row.when.window().start()), slot.row.id)).collect();
    let mut moved = Vec::with_capacity(moving.len());
    for (booked, to) in moving {
        let planned = wanted.get(*to).map(|to| (same(&to.label), to.when.window().start()));
        let slot = planned.and_then(|planned| there.get(&planned)).ok_or(ServiceError::NotFound)?;
        let about = abouts::find(tx.conn, *slot)?.ok_or(ServiceError::NotFound)?;
        // What else they have, at other events and the way there included.
        if let Err(refused @ BookingRefused::Overlap(_)) =
            may_ask(tx, &about, &booked.student, true, Some(booked.row.id))?
        {
            return Err(refusal(&about, &refused));
        }
        shift(tx, booked, about, By::Office, Shifted::Planned)?;
        moved.push(booked.row.id);
    }
    Ok(moved)
}
