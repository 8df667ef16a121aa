//! What becomes of the students when the last volunteer leaves their slot.

use std::collections::{HashMap, HashSet};

use super::sitting::{ahead, settle_in};
use crate::domain::ids::{AssignmentId, CampusRequestId, EventId, SlotId, WaitlistEntryId};
use crate::domain::matching::assignment::OfferState;
use crate::domain::matching::campus_request::NeedRole;
use crate::domain::notice::{HeldEnd, PlaceEnd};
use crate::domain::scheduling::booking::{BookingRules, BookingState};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::seating::suits;
use crate::domain::scheduling::slot::SlotState;
use crate::domain::scheduling::waitlist::{EntryState, Wish};
use crate::domain::time::Instant;
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::service::places::{By, Shifted, end, may_ask, note_entry, shift};
use crate::service::queue::back_into_queue;
use crate::service::staffing;
use crate::store::bookings::{self, Booked};
use crate::store::places::PlaceAbout;
use crate::store::waitlist_entries::{self, EntryRow};
use crate::store::{campus_requests, events, offers, places as abouts, seatings};

/// The most slots of one event that are looked at together.
const ALL_SLOTS: i64 = 20_000;
/// How many open offers of one need are looked at.
const MOST_ASKED: i64 = 100;

/// Looks after the students of all slots of a need's event that everybody has left: whoever has no table takes over, and
/// otherwise each student gets another place, waits, or is told. For the use cases after which somebody is gone.
///
/// # Errors
/// The database's.
pub(in crate::service) fn make_good(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    let Some(need) = campus_requests::find(tx.conn, need)? else { return Ok(()) };
    let Some(event) = need.event_id else { return Ok(()) };
    if seatings::deserted(tx.conn, event, tx.now)?.is_empty() {
        return Ok(());
    }
    // While it is postponed places are kept as they are; once there is a time this is asked again.
    match events::find(tx.conn, event)?.map(|event| event.state) {
        Some(EventState::Published | EventState::InProgress) => {}
        Some(EventState::Draft | EventState::Postponed | EventState::Completed | EventState::Cancelled) | None => {
            return Ok(());
        }
    }
    let seated: HashSet<AssignmentId> = ahead(tx, event)?.into_iter().map(|(_, who)| who).collect();
    let first = need.roles.first().map(NeedRole::id);
    for spare in seatings::sitters(tx.conn, event)? {
        if Some(spare.role) == first && !seated.contains(&spare.assignment) {
            let wanting = seatings::wanting(tx.conn, need.id, tx.now)?;
            if !settle_in(tx, spare.assignment, (spare.starts_at, spare.ends_at), &wanting)?.is_empty() {
                staffing::tell_one_of_change(tx, spare.assignment)?;
            }
        }
    }
    displace_all(tx, need.id, event)
}

/// Looks after the students of all slots that everybody has left.
///
/// # Errors
/// The database's.
pub(super) fn displace_all(tx: &mut Tx<'_>, need: CampusRequestId, event: EventId) -> Result<(), ServiceError> {
    let asked = offers::list_unanswered(tx.conn, need, MOST_ASKED, tx.now)?;
    let asked = asked.iter().any(|offer| offer.row.state == OfferState::Sent);
    let deserted = seatings::deserted(tx.conn, event, tx.now)?;
    displace(tx, event, &deserted, asked)
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
                    back_into_queue(tx, &booked, HeldEnd::Deserted)?;
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
            shift(tx, &booked, about, By::Rule, Shifted::Instead)?;
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

fn same(table: &str) -> String {
    table.trim().to_lowercase()
}

/// The staffed slots of an event, and what is free in each.
struct Room {
    slots: Vec<PlaceAbout>,
    free: HashMap<SlotId, u32>,
    /// The tables of all slots, by which it is known whom a student meets already.
    tables: HashMap<SlotId, String>,
}

impl Room {
    fn of(tx: &mut Tx<'_>, event: EventId) -> Result<Self, ServiceError> {
        let mut slots = abouts::list_of_event(tx.conn, event, ALL_SLOTS)?;
        let tables =
            slots.iter().filter_map(|about| Some((about.slot.id, same(about.slot.label.as_deref()?)))).collect();
        slots.retain(|about| about.slot.state == SlotState::Open && about.slot.seating.seated > 0);
        let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
        let free = |about: &PlaceAbout| {
            let taken = taken.get(&about.slot.id).copied().unwrap_or_default();
            (about.slot.id, u32::from(about.slot.capacity).saturating_sub(taken))
        };
        let free = slots.iter().map(free).collect();
        Ok(Self { slots, free, tables })
    }

    /// The place that suits the student best, and takes it: rather a later one than a table where they meet somebody
    /// anyway. That booking has closed meanwhile does not count against one who had a place.
    fn instead(&mut self, tx: &mut Tx<'_>, booked: &Booked) -> Result<Option<PlaceAbout>, ServiceError> {
        let own = booked.row.starts_at;
        let mut suited: Vec<_> = self
            .slots
            .iter()
            .filter(|about| self.free.get(&about.slot.id).is_some_and(|free| *free >= booked.row.places()))
            .filter_map(|about| Some((suits(own, about.slot.when.window().start(), tx.now)?, about)))
            .collect();
        if suited.is_empty() {
            return Ok(None);
        }
        let had = bookings::list_of_student(tx.conn, booked.student.id, booked.row.event_id, own, tx.now)?;
        let had = had.iter().filter(|had| had.booking != booked.row.id);
        let met: HashSet<&String> = had.filter_map(|had| self.tables.get(&had.slot)).collect();
        let again = |about: &PlaceAbout| self.tables.get(&about.slot.id).is_some_and(|table| met.contains(table));
        suited.sort_by_key(|(later, about)| (again(about), *later, about.slot.id));
        for (_, about) in suited {
            let rules = BookingRules { opens_at: None, closes_minutes_before: 0, ..about.rules.clone() };
            let mut about = about.clone();
            about.rules = rules;
            if may_ask(tx, &about, &booked.student, true, Some(booked.row.id))?.is_ok() {
                if let Some(free) = self.free.get_mut(&about.slot.id) {
                    *free = free.saturating_sub(booked.row.places());
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
    let wish = wish_of(booked, tx.now);
    let queue = waitlist_entries::queue(tx.conn, booked.row.event_id)?;
    if let Some(waiting) = queue.into_iter().find(|waiting| waiting.row.student_id == booked.student.id) {
        // Who waits already waits for this as well, since the older of the two.
        let held = &waiting.row.wish;
        let wish = Wish {
            from: held.from.zip(wish.from).map(|(one, other)| one.min(other)),
            until: held.until.zip(wish.until).map(|(one, other)| one.max(other)),
            slots: Vec::new(),
        };
        let created_at = waiting.row.created_at.min(booked.row.created_at);
        let row = EntryRow { wish, created_at, ..waiting.row.into_state(EntryState::Waiting, tx.now) };
        return Ok(waitlist_entries::update(tx.conn, &row)?);
    }
    if waitlist_entries::is_waiting(tx.conn, booked.row.event_id, booked.student.id)? {
        return Ok(());
    }
    let row = EntryRow {
        id: WaitlistEntryId::mint(),
        campus_id: booked.row.campus_id,
        event_id: booked.row.event_id,
        student_id: booked.student.id,
        wish,
        party: booked.row.party,
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
