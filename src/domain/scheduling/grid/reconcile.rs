//! From the slots that are there to the slots that are wanted.
//!
//! A slot is known again by its table's label and its start. One with people in it, booked students or assigned
//! volunteers, is never removed, shortened, carried to another building or made smaller than what it holds: it stays as
//! it is, and the plan says who stands in the way. What would then lie over it at the same table is held back. Students
//! may be moved first, by a plan that is checked as a whole. Absent on purpose: moving volunteers, who are asked, and
//! the letters that a change owes its people.

use std::collections::{HashMap, HashSet};

use super::{PlannedSlot, Travel};
use crate::domain::{
    ids::SlotId,
    scheduling::slot::SlotState,
    time::{Instant, LocalWindow, Window},
    wording,
};

/// A slot that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Which slot it is.
    pub id: SlotId,
    /// The label of its table.
    pub label: String,
    /// Where, in words.
    pub place: Option<String>,
    /// In which building of the grid.
    pub building: Option<usize>,
    /// The part of the event that it belongs to, by its key.
    pub part: Option<String>,
    /// When.
    pub when: LocalWindow,
    /// When the interview ends and the feedback begins.
    pub interview_ends: Instant,
    /// Students at a time.
    pub capacity: u16,
    /// Interviewers at a time.
    pub seats: u16,
    /// Live bookings and holds of students.
    pub taken: u16,
    /// Assigned volunteers and those who are being asked.
    pub staffed: u16,
    /// Where it is in its life; a cancelled slot is not looked at.
    pub state: SlotState,
}

/// What makes the wanted slots of the existing ones. Every existing slot that is not cancelled stands in exactly one of
/// `keep`, `change`, `remove` and `blocked`; every wanted one in `keep`, `change`, `add`, `blocked` or `held_back`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Slots that stay as they are.
    pub keep: Vec<SlotId>,
    /// Slots that get a new end, size or place.
    pub change: Vec<Change>,
    /// Wanted slots, by their index, that are new.
    pub add: Vec<usize>,
    /// Slots without people that nobody wants.
    pub remove: Vec<SlotId>,
    /// Slots that stay as they are although something else is wanted, and why.
    pub blocked: Vec<Blocked>,
    /// Wanted slots, by their index, that wait until a blocked slot at their table gives way.
    pub held_back: Vec<usize>,
}

impl Changes {
    /// Whether the result is all that is wanted.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.blocked.is_empty() && self.held_back.is_empty()
    }
}

/// A slot that becomes what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which slot.
    pub slot: SlotId,
    /// The wanted slot, by its index.
    pub to: usize,
    /// How many people are in it, students and volunteers, who have to hear of it.
    pub people: u32,
}

/// A slot that people keep from changing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Which slot.
    pub slot: SlotId,
    /// The wanted slot at the same table and start, by its index, if there is one.
    pub to: Option<usize>,
    /// How many students are in it, after the moves.
    pub students: u16,
    /// How many volunteers are in it.
    pub volunteers: u16,
    /// What stands in the way: never empty.
    pub hindrances: Vec<Hindrance>,
    /// The same in a sentence.
    pub sentence: String,
}

/// What people stand in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// The slot would go.
    Unwanted,
    /// It would end earlier, at this instant.
    Shortened(Instant),
    /// It would be in another building.
    AnotherBuilding,
    /// It would take fewer students, this many.
    FewerPlaces(u16),
    /// It would take fewer volunteers, this many.
    FewerSeats(u16),
}

/// Which students go where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moves<'a> {
    /// The live bookings of all who are moved, and whatever else they hold in these slots.
    pub bookings: &'a [Booked],
    /// What else the people are engaged in: who, when, in which building.
    pub engaged: &'a [(usize, Window, Option<usize>)],
    /// The plan.
    pub moves: &'a [Move],
}

/// A live booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Whose, by a number that the caller gives each person.
    pub person: usize,
    /// In which existing slot.
    pub slot: SlotId,
    /// How many places it takes, from 1.
    pub places: u16,
}

/// One booking goes to another slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The booking, by its index.
    pub booking: usize,
    /// The wanted slot, by its index.
    pub to: usize,
}

/// A move that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveRefused {
    /// The move, by its index.
    pub index: usize,
    /// Why.
    pub fault: MoveFault,
}

/// Why a move cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveFault {
    /// There is no such booking, or its slot is not there.
    NoSuchBooking,
    /// There is no such wanted slot.
    NoSuchSlot,
    /// The booking is moved already.
    MovedTwice,
    /// The target is closed, or will not be as wanted because people block it.
    NotAvailable,
    /// The target would hold `wanted` students and takes `capacity`.
    Full {
        /// How many would be in it.
        wanted: u32,
        /// How many it takes.
        capacity: u16,
    },
    /// The person would be in two places at once, the way between them included; the other one is this.
    Clash(Window),
}

/// What makes `wanted` of `existing` without moving anybody.
#[must_use]
pub fn reconcile(existing: &[Existing], wanted: &[PlannedSlot]) -> Changes {
    plan(existing, wanted, &HashMap::new()).0
}

/// What makes `wanted` of `existing` when students are moved first.
///
/// # Errors
/// Every [`MoveRefused`]; then nothing is to be done, also not with the rest of the moves.
pub fn reconcile_with(
    existing: &[Existing],
    wanted: &[PlannedSlot],
    travel: &Travel,
    moves: &Moves,
) -> Result<Changes, Vec<MoveRefused>> {
    let (at, targets) = (by_start(existing), by_wanted(existing, wanted));
    let mut refused = Vec::new();
    let mut seen = HashSet::new();
    let mut shift: HashMap<SlotId, (u16, u16)> = HashMap::new();
    let mut arriving: HashMap<usize, u32> = HashMap::new();
    for (index, step) in moves.moves.iter().enumerate() {
        let booked = moves.bookings.get(step.booking);
        let places = booked.map_or(1, |booked| booked.places);
        let fault = match booked.and_then(|booked| at.get(&booked.slot)) {
            None => MoveFault::NoSuchBooking,
            Some(_) if step.to >= wanted.len() => MoveFault::NoSuchSlot,
            Some(_) if !seen.insert(step.booking) => MoveFault::MovedTwice,
            Some(from) => {
                let out = &mut shift.entry(from.id).or_default().1;
                *out = out.saturating_add(places);
                if let Some(target) = targets.get(&step.to) {
                    let into = &mut shift.entry(target.id).or_default().0;
                    *into = into.saturating_add(places);
                }
                *arriving.entry(step.to).or_default() += u32::from(places);
                continue;
            }
        };
        refused.push(MoveRefused { index, fault });
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let (changes, students) = plan(existing, wanted, &shift);
    let stuck: HashSet<usize> =
        changes.held_back.iter().copied().chain(changes.blocked.iter().filter_map(|b| b.to)).collect();
    // Who would be where in the end: bookings, and what else each person is engaged in.
    let going: HashMap<usize, usize> = moves.moves.iter().map(|step| (step.booking, step.to)).collect();
    let reshaped: HashMap<SlotId, usize> = changes.change.iter().map(|change| (change.slot, change.to)).collect();
    let mut days: HashMap<usize, Vec<(Option<usize>, Window, Option<usize>)>> = HashMap::new();
    for (i, booked) in moves.bookings.iter().enumerate() {
        let planned = going.get(&i).or_else(|| reshaped.get(&booked.slot)).and_then(|to| wanted.get(*to));
        let place = planned.map(|slot| (slot.when.window(), slot.building));
        let place = place.or_else(|| at.get(&booked.slot).map(|slot| (slot.when.window(), slot.building)));
        days.entry(booked.person).or_default().extend(place.map(|(window, building)| (Some(i), window, building)));
    }
    for (person, window, building) in moves.engaged {
        days.entry(*person).or_default().push((None, *window, *building));
    }
    for (index, step) in moves.moves.iter().enumerate() {
        let (Some(target), Some(booked)) = (wanted.get(step.to), moves.bookings.get(step.booking)) else { continue };
        let mut fault = |fault| refused.push(MoveRefused { index, fault });
        let there = targets.get(&step.to);
        let held = there.and_then(|slot| students.get(&slot.id)).copied().map(u32::from);
        let held = held.unwrap_or_else(|| arriving.get(&step.to).copied().unwrap_or_default());
        if held > u32::from(target.capacity) {
            fault(MoveFault::Full { wanted: held, capacity: target.capacity });
        } else if stuck.contains(&step.to) || there.is_some_and(|slot| slot.state != SlotState::Open) {
            fault(MoveFault::NotAvailable);
        }
        let window = target.when.window();
        let others = days.get(&booked.person).into_iter().flatten().filter(|(i, ..)| *i != Some(step.booking));
        let mut clashes =
            others.filter(|(_, other, place)| window.clashes(*other, travel.gap(target.building, *place)));
        if let Some((_, other, _)) = clashes.next() {
            fault(MoveFault::Clash(*other));
        }
    }
    if refused.is_empty() { Ok(changes) } else { Err(refused) }
}

fn is_there(slot: &Existing) -> bool {
    match slot.state {
        SlotState::Open | SlotState::Closed => true,
        SlotState::Cancelled => false,
    }
}

fn by_start(existing: &[Existing]) -> HashMap<SlotId, &Existing> {
    existing.iter().filter(|slot| is_there(slot)).map(|slot| (slot.id, slot)).collect()
}

/// For each wanted slot the existing one of the same table and start; of several the one with the most people.
fn by_wanted<'a>(existing: &'a [Existing], wanted: &[PlannedSlot]) -> HashMap<usize, &'a Existing> {
    let key = |label: &str, when: LocalWindow| (table(label), when.window().start());
    let places: HashMap<_, usize> = wanted.iter().enumerate().map(|(i, w)| (key(&w.label, w.when), i)).collect();
    let mut matched: HashMap<usize, &Existing> = HashMap::new();
    for slot in existing.iter().filter(|slot| is_there(slot)) {
        if let Some(&to) = places.get(&key(&slot.label, slot.when)) {
            let best = matched.entry(to).or_insert(slot);
            if people(slot, slot.taken) > people(best, best.taken) {
                *best = slot;
            }
        }
    }
    matched
}

/// Labels that differ in case alone are one table.
fn table(label: &str) -> String {
    label.trim().to_lowercase()
}

fn people(slot: &Existing, students: u16) -> u32 {
    u32::from(students) + u32::from(slot.staffed)
}

/// The plan, and how many students each slot holds after the moves (`shift`: how many come in and go out).
fn plan(
    existing: &[Existing],
    wanted: &[PlannedSlot],
    shift: &HashMap<SlotId, (u16, u16)>,
) -> (Changes, HashMap<SlotId, u16>) {
    let targets = by_wanted(existing, wanted);
    let to_of: HashMap<SlotId, usize> = targets.iter().map(|(to, slot)| (slot.id, *to)).collect();
    let mut changes = Changes::default();
    let mut students = HashMap::new();
    let mut standing: HashMap<String, Vec<Window>> = HashMap::new();
    let mut open = Vec::new();
    for slot in existing.iter().filter(|slot| is_there(slot)) {
        let (into, out) = shift.get(&slot.id).copied().unwrap_or_default();
        let held = slot.taken.saturating_sub(out).saturating_add(into);
        students.insert(slot.id, held);
        let to = to_of.get(&slot.id).copied();
        let planned = to.and_then(|to| wanted.get(to).map(|planned| (to, planned)));
        let hindrances = hindrances(slot, held, planned.map(|(_, planned)| planned));
        if !hindrances.is_empty() {
            standing.entry(table(&slot.label)).or_default().push(slot.when.window());
            let sentence = in_words(slot, held, &hindrances);
            let (students, volunteers) = (held, slot.staffed);
            changes.blocked.push(Blocked { slot: slot.id, to, students, volunteers, hindrances, sentence });
            continue;
        }
        match planned {
            None => changes.remove.push(slot.id),
            Some((_, planned)) if is_as(slot, planned) => changes.keep.push(slot.id),
            Some((to, planned)) => open.push((to, planned, Some((slot, people(slot, held))))),
        }
    }
    let new = wanted.iter().enumerate().filter(|(to, _)| !targets.contains_key(to));
    open.extend(new.map(|(to, planned)| (to, planned, None)));
    // A slot that is held back stands as it was, and may hold back its neighbour in turn.
    loop {
        let before = open.len();
        open.retain(|(to, planned, slot)| {
            let table = table(&planned.label);
            let free = standing.get(&table).is_none_or(|s| !s.iter().any(|w| w.overlaps(planned.when.window())));
            if !free {
                changes.held_back.push(*to);
                if let Some((slot, _)) = slot {
                    changes.keep.push(slot.id);
                    standing.entry(table).or_default().push(slot.when.window());
                }
            }
            free
        });
        if open.len() == before {
            break;
        }
    }
    for (to, _, slot) in open {
        match slot {
            None => changes.add.push(to),
            Some((slot, people)) => changes.change.push(Change { slot: slot.id, to, people }),
        }
    }
    changes.held_back.sort_unstable();
    (changes, students)
}

fn is_as(slot: &Existing, planned: &PlannedSlot) -> bool {
    slot.when.window() == planned.when.window()
        && slot.interview_ends == planned.interview_ends
        && (&slot.label, &slot.place) == (&planned.label, &planned.place)
        && (slot.building, &slot.part) == (planned.building, &planned.part)
        && (slot.capacity, slot.seats) == (planned.capacity, planned.seats)
}

fn hindrances(slot: &Existing, students: u16, planned: Option<&PlannedSlot>) -> Vec<Hindrance> {
    let somebody = people(slot, students) > 0;
    let Some(planned) = planned else {
        return if somebody { vec![Hindrance::Unwanted] } else { Vec::new() };
    };
    let end = planned.when.window().end();
    let found = [
        (somebody && end < slot.when.window().end()).then_some(Hindrance::Shortened(end)),
        (somebody && planned.building != slot.building).then_some(Hindrance::AnotherBuilding),
        (planned.capacity < slot.capacity && students > planned.capacity)
            .then_some(Hindrance::FewerPlaces(planned.capacity)),
        (planned.seats < slot.seats && slot.staffed > planned.seats).then_some(Hindrance::FewerSeats(planned.seats)),
    ];
    found.into_iter().flatten().collect()
}

fn in_words(slot: &Existing, students: u16, hindrances: &[Hindrance]) -> String {
    let zone = slot.when.zone();
    let wishes = hindrances.iter().map(|hindrance| match hindrance {
        Hindrance::Unwanted => "be removed".to_owned(),
        Hindrance::Shortened(end) => format!("end at {}", end.wall(zone).format("%H:%M")),
        Hindrance::AnotherBuilding => "go to another building".to_owned(),
        Hindrance::FewerPlaces(places) => format!("be limited to {places} for students"),
        Hindrance::FewerSeats(seats) => format!("be limited to {seats} for volunteers"),
    });
    format!(
        "{} at {:?} holds {students} {} and {} {}, so it cannot {}.",
        wording::at_the_place(slot.when),
        slot.label,
        if students == 1 { "student" } else { "students" },
        slot.staffed,
        if slot.staffed == 1 { "volunteer" } else { "volunteers" },
        wishes.collect::<Vec<_>>().join(", nor ")
    )
}
