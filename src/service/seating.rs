//! Seating: volunteers at the slots of an event, and what becomes of the students when one leaves.
//!
//! Whoever takes a seat in the need of an event sits down at a table where somebody is missed. When the last one leaves a
//! slot, whoever is there without a table takes over; failing that, each student gets a place that begins then or soon
//! after, or waits with the claim that the booking gave, or is told: all of it in the transaction in which the volunteer
//! leaves, with one letter each. Absent on purpose: who is asked to take over, which is staffing's.

mod deserted;
mod sitting;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::access::{Actor, require};
use super::app::Tx;
use super::bookings::event_of;
use super::code::Code;
use super::error::ServiceError;
use super::staffing;
use crate::domain::ids::{AssignmentId, EventId, SlotId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::slot::Seating;
use crate::store::{assignments, bookings, seatings};

use deserted::displace_all;
pub(super) use deserted::make_good;
pub(super) use sitting::{follow_tables, named, place_of, sit_down, stand_up, tables_of, tell_of_tables};
use sitting::{leave, occupy, welcome};

pub use crate::store::seatings::{Sitter, StationRow};

/// A table, or a slot made by hand, and who sits there.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is called.
    pub name: Option<String>,
    /// The most volunteers that one of its slots wants.
    pub seats: u16,
    /// Its slots, in order of time.
    pub slots: Vec<StationRow>,
    /// How many students have a place there.
    pub students: u32,
    /// Who sits there, and at how many of the slots.
    pub people: Vec<(Sitter, usize)>,
}

/// Who sits where at an event.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Its tables in order of their names, then slots made by hand.
    pub tables: Vec<Table>,
    /// Who is expected and has no table.
    pub spares: Vec<Sitter>,
}

/// Who sits where at an event.
///
/// # Errors
/// Not found; those of [`require`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Plan, ServiceError> {
    let event = event_of(tx, actor, event, Action::Staff)?;
    plan(tx, event.id)
}

fn plan(tx: &mut Tx<'_>, event: EventId) -> Result<Plan, ServiceError> {
    let sitters = seatings::sitters(tx.conn, event)?;
    let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
    let mut at: HashMap<SlotId, Vec<AssignmentId>> = HashMap::new();
    for (slot, assignment) in seatings::list(tx.conn, event)? {
        at.entry(slot).or_default().push(assignment);
    }
    let mut tables: BTreeMap<(bool, String, Option<SlotId>), Vec<StationRow>> = BTreeMap::new();
    for station in seatings::stations(tx.conn, event)? {
        let by_hand = station.table.is_none();
        let name = station.table.clone().or_else(|| station.row.label.clone()).unwrap_or_default();
        tables.entry((by_hand, name, by_hand.then_some(station.row.id))).or_default().push(station);
    }
    let of = |((_, name, _), slots): ((bool, String, Option<SlotId>), Vec<StationRow>)| {
        let sits_at = |sitter: &Sitter, slot| at.get(&slot).is_some_and(|at| at.contains(&sitter.assignment));
        let people = sitters
            .iter()
            .map(|sitter| (sitter.clone(), slots.iter().filter(|station| sits_at(sitter, station.row.id)).count()));
        Table {
            name: Some(name).filter(|name| !name.is_empty()),
            seats: slots.iter().map(|station| station.row.seating.seats).max().unwrap_or_default(),
            students: slots.iter().filter_map(|station| taken.get(&station.row.id)).sum(),
            people: people.filter(|(_, slots)| *slots > 0).collect(),
            slots,
        }
    };
    let tables: Vec<Table> = tables.into_iter().map(of).collect();
    let seated: HashSet<AssignmentId> = at.into_values().flatten().collect();
    let spares = sitters.iter().filter(|sitter| !seated.contains(&sitter.assignment)).cloned().collect();
    Ok(Plan { tables, spares })
}

/// Requires that the actor may seat people at an event, before what was sent is looked at.
///
/// # Errors
/// Not found; those of [`require`].
pub fn may_set(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<(), ServiceError> {
    event_of(tx, actor, event, Action::Staff).map(drop)
}

/// Where the office wants somebody to sit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// At every slot of this table that is still to come.
    Table(String),
    /// At these slots.
    Slots(Vec<SlotId>),
}

/// Seats people by the office's word: each of those named sits there and nowhere else; who is not named stays. Whoever has
/// another seat afterwards gets one letter. Students may be left alone only with `rebook`, and are looked after then.
///
/// # Errors
/// Not found; those of [`require`]; the fields'; `seats_full`; `seating_blocked`.
pub fn set(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    seats: &[(AssignmentId, Seat)],
    rebook: bool,
) -> Result<Plan, ServiceError> {
    let event = event_of(tx, actor, event, Action::Staff)?;
    let sitters: HashMap<AssignmentId, Sitter> =
        seatings::sitters(tx.conn, event.id)?.into_iter().map(|sitter| (sitter.assignment, sitter)).collect();
    let mut stations: HashMap<SlotId, StationRow> = seatings::stations(tx.conn, event.id)?
        .into_iter()
        .filter(|station| tx.now < station.row.when.window().end())
        .map(|station| (station.row.id, station))
        .collect();
    let before = stations.clone();
    let mut wanted = Vec::with_capacity(seats.len());
    let mut faults = Vec::new();
    for (number, (assignment, seat)) in seats.iter().enumerate() {
        match read_seat(*assignment, seat, &sitters, &stations) {
            Ok(slots) => wanted.push((*assignment, slots)),
            Err(fault) => faults.push(fault.within(number).within("seats")),
        }
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let sat: HashSet<(SlotId, AssignmentId)> = seatings::list(tx.conn, event.id)?.into_iter().collect();
    for (slot, assignment) in &sat {
        let goes = wanted.iter().any(|(who, slots)| who == assignment && !slots.contains(slot));
        if let Some(station) = stations.get_mut(slot).filter(|_| goes) {
            station.row.slot.seating = leave(tx, *assignment, *slot, station.row.seating)?;
        }
    }
    for (assignment, slots) in &wanted {
        for slot in slots.iter().filter(|slot| !sat.contains(&(**slot, *assignment))) {
            let Some(station) = stations.get_mut(slot) else { continue };
            station.row.slot.seating = occupy(tx, *assignment, *slot, station.row.seating)?;
        }
    }
    let crowded = |station: &&StationRow| station.row.seating.seated > station.row.seating.seats;
    if let Some(station) = stations.values().filter(crowded).min_by_key(|station| station.row.id) {
        let (Seating { seats, seated, .. }, at) = (station.row.seating, station.row.when.window().start());
        let name = station.row.label.as_deref().unwrap_or("the slot");
        let detail = format!("{seated} would sit at {name:?} at {at}, which has seats for {seats}.");
        return Err(ServiceError::refused(Code::SeatsFull, detail).with("slot_id", station.row.id.to_string()));
    }
    let taken = bookings::count_taken_in(tx.conn, event.id, tx.now)?;
    let alone: Vec<&StationRow> = stations
        .values()
        .filter(|station| station.row.seating.is_deserted() && taken.contains_key(&station.row.id))
        .filter(|station| before.get(&station.row.id).is_some_and(|before| !before.row.seating.is_deserted()))
        .collect();
    if !alone.is_empty() && !rebook {
        let students: u32 = alone.iter().filter_map(|station| taken.get(&station.row.id)).sum();
        let mut slots: Vec<String> = alone.iter().map(|station| station.row.id.to_string()).collect();
        slots.sort();
        let detail = format!(
            "{students} students at {} slots would be left alone. With `rebook` each gets another place, waits, or is told.",
            slots.len()
        );
        return Err(ServiceError::refused(Code::SeatingBlocked, detail).with("slot_ids", slots));
    }
    let mut again: Vec<SlotId> = before
        .values()
        .filter(|before| !before.row.seating.is_staffed())
        .filter(|before| stations.get(&before.row.id).is_some_and(|now| now.row.seating.is_staffed()))
        .map(|before| before.row.id)
        .collect();
    again.sort();
    welcome(tx, &again)?;
    for (assignment, slots) in &wanted {
        let sits: HashSet<SlotId> = slots.iter().copied().collect();
        let sat: HashSet<SlotId> = sat
            .iter()
            .filter(|(slot, who)| who == assignment && stations.contains_key(slot))
            .map(|(slot, _)| *slot)
            .collect();
        if sits != sat {
            staffing::tell_one_of_change(tx, *assignment)?;
        }
    }
    // While it is postponed places are kept as they are; once there is a time they are looked after.
    if let Some(need) = event.campus_request_id
        && event.state != EventState::Postponed
    {
        displace_all(tx, need, event.id)?;
    }
    plan(tx, event.id)
}

/// The slots that a seat means, in order of time.
fn read_seat(
    assignment: AssignmentId,
    seat: &Seat,
    sitters: &HashMap<AssignmentId, Sitter>,
    stations: &HashMap<SlotId, StationRow>,
) -> Result<Vec<SlotId>, Invalid> {
    let Some(sitter) = sitters.get(&assignment) else {
        let detail = format!("nobody is expected at this event by the assignment {assignment}");
        return Err(Invalid::new("assignment_id", "unknown_reference", detail));
    };
    let there = |station: &StationRow| {
        let window = station.row.when.window();
        sitter.starts_at <= window.start() && window.end() <= sitter.ends_at
    };
    let mut chosen: Vec<&StationRow> = match seat {
        Seat::Table(name) => {
            let same = |table: &String| table.trim().to_lowercase() == name.trim().to_lowercase();
            let at = |station: &&StationRow| station.table.as_ref().or(station.row.label.as_ref()).is_some_and(same);
            let chosen: Vec<&StationRow> = stations.values().filter(at).filter(|station| there(station)).collect();
            if chosen.is_empty() {
                let detail = format!("the event has no table {name:?} with seats while {} is there", sitter.name);
                return Err(Invalid::new("table", "unknown_reference", detail));
            }
            chosen
        }
        Seat::Slots(slots) => {
            let mut chosen = Vec::with_capacity(slots.len());
            for (number, slot) in slots.iter().enumerate() {
                let pointer = format!("slot_ids/{number}");
                match stations.get(slot) {
                    Some(station) if there(station) => chosen.push(station),
                    Some(_) => {
                        let detail =
                            format!("{} is there from {} to {}", sitter.name, sitter.starts_at, sitter.ends_at);
                        return Err(Invalid::new(pointer, "outside_presence", detail));
                    }
                    None => {
                        let detail = format!("the event has no slot {slot} to come that wants volunteers");
                        return Err(Invalid::new(pointer, "unknown_reference", detail));
                    }
                }
            }
            chosen
        }
    };
    chosen.sort_by_key(|station| (station.row.when.window().start(), station.row.id));
    chosen.dedup_by_key(|station| station.row.id);
    let overlap = chosen
        .iter()
        .zip(chosen.iter().skip(1))
        .find(|(one, next)| next.row.when.window().start() < one.row.when.window().end());
    if let Some((one, next)) = overlap {
        let (one, next) = (one.row.when.window(), next.row.when.window());
        let detail = format!("{} would sit in two places: until {} and from {}", sitter.name, one.end(), next.start());
        return Err(Invalid::new("slot_ids", "overlaps", detail));
    }
    Ok(chosen.into_iter().map(|station| station.row.id).collect())
}

/// Where an assignment sits: for the office and for the volunteer, and how many students have a place at each slot.
///
/// # Errors
/// Not found; those of [`require`].
pub fn find_own(
    tx: &mut Tx<'_>,
    actor: &Actor,
    assignment: AssignmentId,
) -> Result<Vec<(StationRow, u32)>, ServiceError> {
    let assigned = assignments::find(tx.conn, assignment)?.ok_or(ServiceError::NotFound)?;
    if assigned.about.volunteer.account_id != actor.account {
        require(tx, actor, assigned.row.campus_id, Action::Staff)?;
    }
    let mut found = Vec::new();
    for station in seatings::list_of(tx.conn, assignment)? {
        let taken = bookings::count_taken(tx.conn, station.row.id, tx.now)?;
        found.push((station, taken));
    }
    Ok(found)
}
