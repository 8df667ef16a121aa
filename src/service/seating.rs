//! Seating: volunteers at the slots of an event, and what becomes of the students when one leaves.
//!
//! Whoever takes a seat in the need of an event sits down at a table where somebody is missed. When the last one leaves a
//! slot, whoever is there without a table takes over; failing that, each student gets a place that begins then or soon
//! after, or waits with the claim that the booking gave, or is told: all of it in the transaction in which the volunteer
//! leaves, with one letter each. Absent on purpose: who is asked to take over, which is staffing's.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::access::{Actor, require};
use super::app::Tx;
use super::bookings::event_of;
use super::code::Code;
use super::error::ServiceError;
use super::events::EventRow;
use super::places::{By, back_into_queue, end, may_ask, note_entry, pass_on, pass_on_to, shift};
use super::staffing;
use crate::domain::ids::{AssignmentId, CampusRequestId, EventId, SlotId, WaitlistEntryId};
use crate::domain::notice::PlaceEnd;
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::{BookingRules, BookingState};
use crate::domain::scheduling::seating::{Station, sit, suits};
use crate::domain::scheduling::slot::{Seating, SlotState};
use crate::domain::scheduling::waitlist::{EntryState, Wish};
use crate::domain::time::{Instant, Window};
use crate::store::assignments::AssignmentRow;
use crate::store::bookings::{self, Booked};
use crate::store::places::PlaceAbout;
use crate::store::seatings;
use crate::store::waitlist_entries::{self, EntryRow};
use crate::store::{assignments, campus_requests, offers, places as abouts};

pub use crate::store::seatings::{Sitter, StationRow};

/// The most slots of one event that are looked at together.
const ALL_SLOTS: i64 = 20_000;
/// How many open offers of one need are looked at.
const ANY: i64 = 1;

/// Seats whoever has just taken a seat in a need, where somebody is missed; answers where. Only the first role of a need
/// sits by itself, the others by the office's word. Those who wait for a slot that is no longer deserted are asked.
///
/// # Errors
/// The database's.
pub(super) fn sit_down(tx: &mut Tx<'_>, row: &AssignmentRow) -> Result<Vec<StationRow>, ServiceError> {
    let wanting = seatings::wanting(tx.conn, row.campus_request_id, tx.now)?;
    if wanting.is_empty() {
        return Ok(wanting);
    }
    let need = campus_requests::find(tx.conn, row.campus_request_id)?;
    let first = need.and_then(|need| need.roles.first().map(crate::domain::matching::campus_request::NeedRole::id));
    if first != Some(row.role_id) {
        return Ok(Vec::new());
    }
    settle_in(tx, row.id, (row.starts_at, row.ends_at), &wanting)
}

/// Seats an assignment at the best of these stations.
fn settle_in(
    tx: &mut Tx<'_>,
    assignment: AssignmentId,
    (from, until): (Instant, Instant),
    wanting: &[StationRow],
) -> Result<Vec<StationRow>, ServiceError> {
    let Ok(present) = Window::new(from, until) else { return Ok(Vec::new()) };
    let stations: Vec<Station> =
        wanting.iter().map(|station| Station::new(&station.row.slot, station.table.clone())).collect();
    let mut seated = Vec::new();
    for slot in sit(&stations, present, tx.now) {
        let Some(station) = wanting.iter().find(|station| station.row.id == slot) else { continue };
        occupy(tx, assignment, slot, station.row.seating)?;
        seated.push(station.clone());
    }
    let again: Vec<SlotId> =
        seated.iter().filter(|station| station.row.seating.is_deserted()).map(|station| station.row.id).collect();
    welcome(tx, &again)?;
    Ok(seated)
}

fn occupy(tx: &mut Tx<'_>, assignment: AssignmentId, slot: SlotId, before: Seating) -> Result<Seating, ServiceError> {
    let seating = before.with(before.seated.saturating_add(1), tx.now);
    seatings::insert(tx.conn, slot, assignment, seating, tx.now)?;
    Ok(seating)
}

fn leave(tx: &mut Tx<'_>, assignment: AssignmentId, slot: SlotId, before: Seating) -> Result<Seating, ServiceError> {
    let seating = before.with(before.seated.saturating_sub(1), tx.now);
    seatings::delete(tx.conn, slot, assignment, seating)?;
    Ok(seating)
}

/// Somebody sits here again: each place is offered first to whoever had it, and what is left to all who wait.
fn welcome(tx: &mut Tx<'_>, slots: &[SlotId]) -> Result<(), ServiceError> {
    let mut open = Vec::with_capacity(slots.len());
    for slot in slots {
        if let Some(about) = abouts::find(tx.conn, *slot)? {
            let claims = seatings::claims(tx.conn, *slot)?;
            pass_on_to(tx, &about, Some(&claims))?;
            open.push(about);
        }
    }
    for about in open {
        pass_on(tx, &about)?;
    }
    Ok(())
}

/// Takes an assignment that has ended away from where it sits, as far as that is not over. [`make_good`] looks after the
/// students.
///
/// # Errors
/// The database's.
pub(super) fn stand_up(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<(), ServiceError> {
    for station in seatings::list_of(tx.conn, assignment)? {
        if tx.now < station.row.when.window().end() {
            leave(tx, assignment, station.row.id, station.row.seating)?;
        }
    }
    Ok(())
}

/// What the places of an assignment are called, for its volunteer.
///
/// # Errors
/// The database's.
pub(super) fn place_of(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<Option<String>, ServiceError> {
    Ok(named(&seatings::list_of(tx.conn, assignment)?))
}

/// The tables of these slots, each once; slots made by hand by their labels.
pub(super) fn named(stations: &[StationRow]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for station in stations {
        let Some(name) = station.table.as_deref().or(station.row.label.as_deref()) else { continue };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Looks after the students of all slots of a need's event that everybody has left: whoever has no table takes over, and
/// otherwise each student gets another place, waits, or is told. For the use cases after which somebody is gone.
///
/// # Errors
/// The database's.
pub(super) fn make_good(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    let Some(need) = campus_requests::find(tx.conn, need)? else { return Ok(()) };
    let Some(event) = need.event_id else { return Ok(()) };
    if seatings::deserted(tx.conn, event, tx.now)?.is_empty() {
        return Ok(());
    }
    let seated: HashSet<AssignmentId> = ahead(tx, event)?.into_iter().map(|(_, who)| who).collect();
    let first = need.roles.first().map(crate::domain::matching::campus_request::NeedRole::id);
    for spare in seatings::sitters(tx.conn, event)? {
        if Some(spare.role) == first && !seated.contains(&spare.assignment) {
            let wanting = seatings::wanting(tx.conn, need.id, tx.now)?;
            if !settle_in(tx, spare.assignment, (spare.starts_at, spare.ends_at), &wanting)?.is_empty() {
                staffing::tell_one_of_change(tx, spare.assignment)?;
            }
        }
    }
    let deserted = seatings::deserted(tx.conn, event, tx.now)?;
    let asked = !offers::list_unanswered(tx.conn, need.id, ANY, tx.now)?.is_empty();
    displace(tx, event, &deserted, asked)
}

/// Who sits where in slots that are not over.
fn ahead(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<(SlotId, AssignmentId)>, ServiceError> {
    let stations = seatings::stations(tx.conn, event)?;
    let over: HashSet<SlotId> = stations
        .iter()
        .filter(|station| station.row.when.window().end() <= tx.now)
        .map(|station| station.row.id)
        .collect();
    let mut seated = seatings::list(tx.conn, event)?;
    seated.retain(|(slot, _)| !over.contains(slot));
    Ok(seated)
}

/// Moves the students of deserted slots, the oldest booking first; `asked` says whether anybody may yet take over.
fn displace(tx: &mut Tx<'_>, event: EventId, deserted: &[SlotId], asked: bool) -> Result<(), ServiceError> {
    let mut students = Vec::new();
    for slot in deserted {
        for booked in bookings::list_live(tx.conn, *slot)? {
            match booked.row.state {
                BookingState::Confirmed => students.push(booked),
                BookingState::Held if booked.row.waitlist_entry_id.is_some() => {
                    let why = PlaceEnd::Deserted { waits: true };
                    end(tx, &booked, By::Rule, why, "Nobody sits there any more.")?;
                    back_into_queue(tx, &booked)?;
                }
                // A hold cannot be confirmed while nobody sits there, and ends by itself; who is there is there.
                BookingState::Held
                | BookingState::CheckedIn
                | BookingState::Attended
                | BookingState::NoShow
                | BookingState::Excused
                | BookingState::Cancelled => {}
            }
        }
    }
    if students.is_empty() {
        return Ok(());
    }
    students.sort_by_key(|booked| (booked.row.created_at, booked.row.id));
    let mut room = Room::of(tx, event)?;
    for booked in students {
        if let Some(about) = room.instead(tx, &booked)? {
            shift(tx, &booked, about, By::Rule, true)?;
        } else {
            let waits = asked || room.goes_on(&booked, tx.now);
            if waits {
                queue_up(tx, &booked)?;
            }
            end(tx, &booked, By::Rule, PlaceEnd::Deserted { waits }, "Nobody sits there any more.")?;
        }
    }
    Ok(())
}

/// The staffed slots of an event, and what is free in each.
struct Room {
    slots: Vec<PlaceAbout>,
    free: HashMap<SlotId, u32>,
}

impl Room {
    fn of(tx: &mut Tx<'_>, event: EventId) -> Result<Self, ServiceError> {
        let mut slots = abouts::list_of_event(tx.conn, event, ALL_SLOTS)?;
        slots.retain(|about| about.slot.state == SlotState::Open && about.slot.seating.seated > 0);
        let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
        let free = |about: &PlaceAbout| {
            let taken = taken.get(&about.slot.id).copied().unwrap_or_default();
            (about.slot.id, u32::from(about.slot.capacity).saturating_sub(taken))
        };
        let free = slots.iter().map(free).collect();
        Ok(Self { slots, free })
    }

    /// The place that suits the student best, and takes it. That booking has closed meanwhile does not count against one
    /// who had a place.
    fn instead(&mut self, tx: &mut Tx<'_>, booked: &Booked) -> Result<Option<PlaceAbout>, ServiceError> {
        let own = booked.row.starts_at;
        let mut suited: Vec<_> = self
            .slots
            .iter()
            .filter(|about| self.free.get(&about.slot.id).is_some_and(|free| *free > 0))
            .filter_map(|about| Some((suits(own, about.slot.when.window().start(), tx.now)?, about)))
            .collect();
        suited.sort_by_key(|(later, about)| (*later, about.slot.id));
        for (_, about) in suited {
            let rules = BookingRules { opens_at: None, closes_minutes_before: 0, ..about.rules.clone() };
            let mut about = about.clone();
            about.rules = rules;
            if may_ask(tx, &about, &booked.student, true, Some(booked.row.id))?.is_ok() {
                if let Some(free) = self.free.get_mut(&about.slot.id) {
                    *free -= 1;
                }
                return Ok(Some(about));
            }
        }
        Ok(None)
    }

    /// Whether anything with somebody in it begins later on the student's day.
    fn goes_on(&self, booked: &Booked, now: Instant) -> bool {
        let day = wish_of(booked, now);
        self.slots.iter().any(|about| day.takes(about.slot.id, about.slot.when.window()))
    }
}

/// Any place of that day that is still to come.
fn wish_of(booked: &Booked, now: Instant) -> Wish {
    let when = booked.about.slot.when;
    let until = when.starts().date().succ_opt().map(|next| when.zone().day_start(next));
    Wish { from: Some(now), until, slots: Vec::new() }
}

/// Puts a student whose place is lost on the waitlist. The claim is as old as the booking.
fn queue_up(tx: &mut Tx<'_>, booked: &Booked) -> Result<(), ServiceError> {
    if waitlist_entries::is_waiting(tx.conn, booked.row.event_id, booked.student.id)? {
        return Ok(());
    }
    let row = EntryRow {
        id: WaitlistEntryId::mint(),
        campus_id: booked.row.campus_id,
        event_id: booked.row.event_id,
        student_id: booked.student.id,
        wish: wish_of(booked, tx.now),
        state: EntryState::Waiting,
        booking_id: None,
        offer_deadline: None,
        revision: 1,
        created_at: booked.row.created_at,
        updated_at: tx.now,
    };
    waitlist_entries::insert(tx.conn, &row)?;
    note_entry(tx, &row, Some(booked.row.slot_id), "joined", By::Rule, "Nobody sits there any more.")
}

/// Who sits at which tables of an event's grid, before it is made again.
///
/// # Errors
/// The database's.
pub(super) fn tables_of(tx: &mut Tx<'_>, event: EventId) -> Result<HashSet<(AssignmentId, String)>, ServiceError> {
    let tables: HashMap<SlotId, String> = seatings::stations(tx.conn, event)?
        .into_iter()
        .filter_map(|station| Some((station.row.id, station.table?)))
        .collect();
    let sits = seatings::list(tx.conn, event)?;
    Ok(sits.into_iter().filter_map(|(slot, who)| Some((who, tables.get(&slot)?.clone()))).collect())
}

/// Seats whoever sat at a table of a grid at its new slots as well, and whoever came before there were slots where somebody
/// is missed. For a grid that was made, or made again.
///
/// # Errors
/// The database's.
pub(super) fn follow_tables(
    tx: &mut Tx<'_>,
    event: &EventRow,
    sat: &HashSet<(AssignmentId, String)>,
) -> Result<(), ServiceError> {
    let sitters = seatings::sitters(tx.conn, event.id)?;
    if sitters.is_empty() {
        return Ok(());
    }
    let same = |table: &str| table.trim().to_lowercase();
    let mut stations = seatings::stations(tx.conn, event.id)?;
    stations.retain(|station| tx.now < station.row.when.window().end());
    for sitter in &sitters {
        let tables: Vec<String> =
            sat.iter().filter(|(who, _)| *who == sitter.assignment).map(|(_, table)| same(table)).collect();
        if tables.is_empty() {
            continue;
        }
        let mut taken: Vec<Window> = Vec::new();
        let sits: HashSet<SlotId> =
            seatings::list_of(tx.conn, sitter.assignment)?.iter().map(|station| station.row.id).collect();
        taken.extend(stations.iter().filter(|s| sits.contains(&s.row.id)).map(|s| s.row.when.window()));
        for station in &mut stations {
            let window = station.row.when.window();
            let there = sitter.starts_at <= window.start() && window.end() <= sitter.ends_at;
            let theirs = station.table.as_deref().is_some_and(|table| tables.contains(&same(table)));
            let room = station.row.seating.seated < station.row.seating.seats;
            if there && theirs && room && !sits.contains(&station.row.id) && !taken.iter().any(|t| t.overlaps(window)) {
                station.row.slot.seating = occupy(tx, sitter.assignment, station.row.id, station.row.seating)?;
                taken.push(window);
            }
        }
    }
    let seated: HashSet<AssignmentId> = ahead(tx, event.id)?.into_iter().map(|(_, who)| who).collect();
    for sitter in sitters.iter().filter(|sitter| !seated.contains(&sitter.assignment)) {
        if let Some(assigned) = assignments::find(tx.conn, sitter.assignment)? {
            sit_down(tx, &assigned.row)?;
        }
    }
    Ok(())
}

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
        .filter(|before| before.row.seating.is_deserted())
        .filter(|before| stations.get(&before.row.id).is_some_and(|now| !now.row.seating.is_deserted()))
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
    if let Some(need) = event.campus_request_id {
        let deserted = seatings::deserted(tx.conn, event.id, tx.now)?;
        let asked = !offers::list_unanswered(tx.conn, need, ANY, tx.now)?.is_empty();
        displace(tx, event.id, &deserted, asked)?;
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
    let overlap =
        chosen.array_windows::<2>().find(|[one, next]| next.row.when.window().start() < one.row.when.window().end());
    if let Some([one, next]) = overlap {
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
