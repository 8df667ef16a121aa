//! Those who wait for a place of an event, in their order: what is offered to them when a place comes free, and how many
//! come before somebody else.
//!
//! Every step runs inside the transaction of the use case that takes it, so that a place which comes free goes to those
//! who wait before anybody else can see it free. Absent on purpose: joining and answering, which are use cases of
//! [`super::waitlist`].

use std::collections::HashMap;

use super::app::Tx;
use super::error::ServiceError;
use super::places::{By, Standing, fresh, may_ask, note_entry, reader, refusal};
use super::{outbox, standings};
use crate::auth::link::LinkFor;
use crate::domain::ids::{EventId, OwnerId, SlotId, StudentId, WaitlistEntryId};
use crate::domain::notice::{HeldEnd, Notice, PlaceFacts};
use crate::domain::scheduling::booking::{BookingRefused, BookingState};
use crate::domain::scheduling::policy::{Hindrance, PolicyRefused};
use crate::domain::scheduling::slot::SlotState;
use crate::domain::scheduling::waitlist::{EntryState, answer_by};
use crate::domain::time::Instant;
use crate::store::bookings::{self, Booked, BookingRow};
use crate::store::places::{self as abouts, PlaceAbout};
use crate::store::slots;
use crate::store::students::StudentRow;
use crate::store::waitlist_entries::{self, EntryRow, Waiting};

/// The most slots of one event that are looked at together.
const ALL_SLOTS: i64 = 25_000;
/// How many of those who wait are read at once.
const SOME_WAITING: i64 = 100;

/// One who waits, and what of theirs bears on the slots of the event: read when it is first asked for.
#[derive(Debug)]
struct InLine {
    waiting: Waiting,
    standing: Option<Standing>,
    /// What of the policies keeps them from every place of the event.
    blocked: Option<PolicyRefused>,
    is_noted: bool,
}

impl From<Waiting> for InLine {
    fn from(waiting: Waiting) -> Self {
        Self { waiting, standing: None, blocked: None, is_noted: false }
    }
}

/// Those who wait for an event in their order, read as far as it takes: thousands may wait where one is served. Each is
/// looked up once, however many slots are offered, and is said once to be passed over.
#[derive(Debug)]
struct Queue {
    event: EventId,
    read: Vec<InLine>,
    last: Option<waitlist_entries::Place>,
    is_read: bool,
}

impl Queue {
    const fn of(event: EventId) -> Self {
        Self { event, read: Vec::new(), last: None, is_read: false }
    }

    /// The one at this place of the queue.
    fn get(&mut self, tx: &mut Tx<'_>, at: usize) -> Result<Option<&mut InLine>, ServiceError> {
        while at >= self.read.len() && !self.is_read {
            let state = Some(EntryState::Waiting);
            let some = waitlist_entries::list_of_event(tx.conn, self.event, state, None, self.last, SOME_WAITING)?;
            self.is_read = some.is_empty();
            self.last = some.last().map(|waiting| (waiting.row.created_at, waiting.row.id)).or(self.last);
            self.read.extend(some.into_iter().map(InLine::from));
        }
        Ok(self.read.get_mut(at))
    }

    /// How many who stand before this student could be given a place of the slot now; counted as far as `most`.
    fn before(
        &mut self,
        tx: &mut Tx<'_>,
        about: &PlaceAbout,
        student: Option<StudentId>,
        most: u32,
    ) -> Result<u32, ServiceError> {
        let (id, window) = (about.slot.id, about.slot.when.window());
        if answer_by(tx.now, window.start(), about.rules.waitlist_offer_minutes, about.zone).is_none() {
            return Ok(0);
        }
        let (mut before, mut at) = (0, 0);
        while before < most
            && let Some(one) = self.get(tx, at)?
            && Some(one.waiting.row.student_id) != student
        {
            at += 1;
            if !one.waiting.row.wish.takes(id, window) {
                continue;
            }
            // A party that does not fit into what is left comes after those who do.
            let party = one.waiting.row.places();
            if party > most - before {
                continue;
            }
            match one.may_have(tx, about)? {
                Ok(()) => before += party,
                Err(refused) if refused.is_for_all() => break,
                Err(_) => {}
            }
        }
        Ok(before)
    }
}

impl InLine {
    /// Whether they could have a place of the slot, if one is free.
    fn may_have(&mut self, tx: &mut Tx<'_>, about: &PlaceAbout) -> Result<Result<(), BookingRefused>, ServiceError> {
        if self.standing.is_none() {
            self.standing = Some(Standing::from_now(tx, about, &self.waiting.student)?);
        }
        let standing = self.standing.as_ref().map(|standing| standing.may_ask(about, &self.waiting.student, tx.now));
        if let Some(Err(refused)) = standing {
            return Ok(Err(refused));
        }
        let hindered = match self.blocked.clone() {
            None => standings::hindrance(tx, about, &self.waiting.student, true)?,
            blocked => blocked,
        };
        self.blocked = hindered.clone().filter(|hindered| matches!(hindered.why, Hindrance::Blocked(_)));
        Ok(hindered.map_or(Ok(()), |hindered| Err(BookingRefused::Policy(Box::new(hindered)))))
    }
}

/// How many stand before this student and could be given a place of the slot now; counted as far as `most`. Whoever could
/// not have it, or could not be asked any more, keeps nobody from it.
pub(super) fn waiting_before(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: StudentId,
    most: u32,
) -> Result<u32, ServiceError> {
    Queue::of(about.event).before(tx, about, Some(student), most)
}

/// The first of these slots that has a place which is promised to nobody and which the student may have.
pub(super) fn first_unpromised(
    tx: &mut Tx<'_>,
    event: EventId,
    roomy: &[(SlotId, u32)],
    (student, known): (&StudentRow, bool),
    party: u32,
) -> Result<Option<PlaceAbout>, ServiceError> {
    let mut queue = Queue::of(event);
    for (slot, free) in roomy {
        let Some(about) = abouts::find(tx.conn, *slot)? else { continue };
        match may_ask(tx, &about, student, known, None)? {
            Ok(()) if queue.before(tx, &about, Some(student.id), *free)? + party <= *free => return Ok(Some(about)),
            // What speaks against one slot here speaks against all of them.
            Err(BookingRefused::Event(_) | BookingRefused::NotYet(_) | BookingRefused::Limit(_)) => return Ok(None),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(None)
}

/// Offers what is free in a slot to those who wait, in their order, each place to one. Whoever cannot have it now is
/// passed over and stays where they are; the log says why.
pub(super) fn pass_on(tx: &mut Tx<'_>, about: &PlaceAbout) -> Result<usize, ServiceError> {
    let taken = bookings::count_taken(tx.conn, about.slot.id, tx.now)?;
    hand_out(tx, about, taken, &mut Queue::of(about.event), &[])
}

/// As [`pass_on`], for many slots of one event, in their order; some of those who wait may have had a place held for them
/// at another time.
pub(super) fn pass_on_many(
    tx: &mut Tx<'_>,
    event: EventId,
    slots: &[SlotId],
    before: &[WaitlistEntryId],
) -> Result<usize, ServiceError> {
    let mut queue = Queue::of(event);
    if slots.is_empty() || queue.get(tx, 0)?.is_none() {
        return Ok(0);
    }
    let all = abouts::list_of_event(tx.conn, event, ALL_SLOTS)?;
    let all: HashMap<SlotId, PlaceAbout> = all.into_iter().map(|about| (about.slot.id, about)).collect();
    let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
    let mut offered = 0;
    for about in slots.iter().filter_map(|slot| all.get(slot)) {
        let taken = taken.get(&about.slot.id).copied().unwrap_or_default();
        offered += hand_out(tx, about, taken, &mut queue, before)?;
    }
    Ok(offered)
}

/// As [`pass_on`], for every slot of an event that has room: what stood in the way of those who wait may be gone.
pub(super) fn pass_on_all(tx: &mut Tx<'_>, event: EventId) -> Result<usize, ServiceError> {
    if Queue::of(event).get(tx, 0)?.is_none() {
        return Ok(0);
    }
    let roomy: Vec<SlotId> = roomy(tx, event)?.into_iter().map(|(slot, _)| slot).collect();
    pass_on_many(tx, event, &roomy, &[])
}

/// The open slots to come of an event that have free places, with how many.
fn roomy(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<(SlotId, u32)>, ServiceError> {
    let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
    let slots = slots::outlines(tx.conn, event)?.into_iter();
    let to_come = slots.filter(|slot| slot.state == SlotState::Open && tx.now < slot.window.start());
    let left = to_come.map(|slot| {
        let taken = taken.get(&slot.id).copied().unwrap_or_default();
        (slot.id, slot.capacity.saturating_sub(taken))
    });
    Ok(left.filter(|(_, free)| *free > 0).collect())
}

/// The slots of an event with room that somebody who waits could have: nobody was there to ask them when what stood in
/// their way went. Changes nothing.
pub(super) fn overlooked(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<SlotId>, ServiceError> {
    let mut queue = Queue::of(event);
    let opens = abouts::find_rules(tx.conn, event)?.opens_at;
    if opens.is_some_and(|opens| tx.now < opens) || queue.get(tx, 0)?.is_none() {
        return Ok(Vec::new());
    }
    let roomy: HashMap<SlotId, u32> = roomy(tx, event)?.into_iter().collect();
    if roomy.is_empty() {
        return Ok(Vec::new());
    }
    let mut slots = Vec::new();
    for about in abouts::list_of_event(tx.conn, event, ALL_SLOTS)? {
        let free = roomy.get(&about.slot.id).copied().unwrap_or_default();
        if free > 0 && queue.before(tx, &about, None, free)? > 0 {
            slots.push(about.slot.id);
        }
    }
    Ok(slots)
}

/// As [`pass_on`], to these alone: those who had these very places.
pub(super) fn pass_on_to(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    these: &[WaitlistEntryId],
) -> Result<usize, ServiceError> {
    if these.is_empty() {
        return Ok(0);
    }
    let mut queue = Queue { is_read: true, ..Queue::of(about.event) };
    for entry in these {
        let waiting = waitlist_entries::find(tx.conn, *entry)?;
        queue.read.extend(waiting.filter(|waiting| waiting.row.state == EntryState::Waiting).map(InLine::from));
    }
    queue.read.sort_by_key(|one| (one.waiting.row.created_at, one.waiting.row.id));
    let taken = bookings::count_taken(tx.conn, about.slot.id, tx.now)?;
    hand_out(tx, about, taken, &mut queue, &[])
}

/// Offers what is free beside the places taken; whoever is offered one leaves the queue.
fn hand_out(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    taken: u32,
    queue: &mut Queue,
    before: &[WaitlistEntryId],
) -> Result<usize, ServiceError> {
    let (id, window) = (about.slot.id, about.slot.when.window());
    let mut free = u32::from(about.slot.capacity).saturating_sub(taken);
    let deadline = answer_by(tx.now, window.start(), about.rules.waitlist_offer_minutes, about.zone);
    let Some(deadline) = deadline.filter(|_| free > 0) else { return Ok(0) };
    let (mut offered, mut at) = (0, 0);
    while free > 0
        && let Some(one) = queue.get(tx, at)?
    {
        if !one.waiting.row.wish.takes(id, window) {
            at += 1;
            continue;
        }
        let party = one.waiting.row.places();
        match one.may_have(tx, about)? {
            Ok(()) if party > free => {
                if !std::mem::replace(&mut one.is_noted, true) {
                    let why = format!("They want {party} places together, and {free} are free.");
                    note_entry(tx, &one.waiting.row, Some(id), "skipped", By::Rule, &why)?;
                }
                at += 1;
            }
            Ok(()) => {
                let waiting = queue.read.remove(at).waiting;
                offer(tx, about, &waiting, deadline, before.contains(&waiting.row.id))?;
                (offered, free) = (offered + 1, free - party);
            }
            // Nobody is passed over where nobody can have a place.
            Err(refused) if refused.is_for_all() => break,
            Err(refused) => {
                if !std::mem::replace(&mut one.is_noted, true) {
                    let why = match refusal(about, &refused) {
                        ServiceError::Refused(refused) => refused.detail,
                        _ => String::new(),
                    };
                    note_entry(tx, &one.waiting.row, Some(id), "skipped", By::Rule, &why)?;
                }
                at += 1;
            }
        }
    }
    Ok(offered)
}

/// Holds a place for one who waits, and writes to them.
fn offer(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    waiting: &Waiting,
    deadline: Instant,
    again: bool,
) -> Result<(), ServiceError> {
    let owner = OwnerId::from_uuid(waiting.row.id.uuid());
    let mut held = BookingRow {
        waitlist_entry_id: Some(waiting.row.id),
        state: BookingState::Held,
        held_until: Some(deadline),
        party: waiting.row.party,
        ..fresh(tx, about, &waiting.student, owner)?
    };
    bookings::insert(tx.conn, &mut held)?;
    let entry = EntryRow {
        booking_id: Some(held.id),
        offer_deadline: Some(deadline),
        ..waiting.row.into_state(waiting.row.state.offer()?, tx.now)
    };
    waitlist_entries::update(tx.conn, &entry)?;
    let sealed = tx.app.links.seal(LinkFor::Entry, entry.id.uuid());
    let notice = Notice::PlaceOffered {
        place: PlaceFacts { party: waiting.row.places(), ..about.facts() },
        deadline,
        link: format!("{}/p/{sealed}", tx.app.site.base_url),
        thread: entry.id.to_string(),
        again,
    };
    outbox::post(tx, Some(waiting.row.campus_id), &reader(&waiting.student), &notice)?;
    note_entry(tx, &entry, Some(about.slot.id), "offered", By::Rule, "")
}

/// Tells one who waits that the place held for them is gone.
pub(super) fn tell_offer_closed(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    entry: WaitlistEntryId,
    why: HeldEnd,
) -> Result<(), ServiceError> {
    let notice = Notice::PlaceOfferClosed { place: about.facts(), why, thread: entry.to_string() };
    outbox::post(tx, Some(student.campus_id), &reader(student), &notice)
}

/// Whoever was being offered a place that is gone waits again where they stood: the place is gone, the wish is not. Whose
/// time to answer had passed is told that instead.
pub(super) fn back_into_queue(tx: &mut Tx<'_>, booked: &Booked, why: HeldEnd) -> Result<(), ServiceError> {
    if let Some(waiting) = put_back(tx, booked)? {
        tell_offer_closed(tx, &booked.about, &waiting.student, waiting.row.id, why)?;
    }
    Ok(())
}

/// As [`back_into_queue`], where those who wait again are told by the caller: answers them.
pub(super) fn put_back(tx: &mut Tx<'_>, booked: &Booked) -> Result<Option<Waiting>, ServiceError> {
    let Some(entry) = booked.row.waitlist_entry_id.filter(|_| booked.row.state == BookingState::Held) else {
        return Ok(None);
    };
    let Some(waiting) = waitlist_entries::find(tx.conn, entry)? else { return Ok(None) };
    if waiting.row.state != EntryState::Offered {
        return Ok(None);
    }
    if waiting.row.offer_deadline.is_some_and(|deadline| deadline <= tx.now) {
        let row = waiting.row.into_state(waiting.row.state.expire()?, tx.now);
        waitlist_entries::update(tx.conn, &row)?;
        note_entry(tx, &row, Some(booked.row.slot_id), "offer_expired", By::Rule, "")?;
        tell_offer_closed(tx, &booked.about, &waiting.student, entry, HeldEnd::Expired)?;
        return Ok(None);
    }
    let row = waiting.row.into_state(EntryState::Waiting, tx.now);
    let row = EntryRow { booking_id: None, offer_deadline: None, ..row };
    waitlist_entries::update(tx.conn, &row)?;
    Ok(Some(Waiting { row, ..waiting }))
}

/// Whoever has a place now that they wished for waits no longer.
pub(super) fn has_a_place(tx: &mut Tx<'_>, booked: &Booked, by: By) -> Result<(), ServiceError> {
    let window = booked.about.slot.when.window();
    leave(tx, booked, by, "Has a place that was wished for.", |row| row.wish.takes(booked.row.slot_id, window))
}

/// Whoever waited for the event and was let in at its door waits no longer, whatever they wished for.
pub(super) fn is_in(tx: &mut Tx<'_>, booked: &Booked, by: By) -> Result<(), ServiceError> {
    leave(tx, booked, by, "Let in at the door.", |_| true)
}

fn leave(
    tx: &mut Tx<'_>,
    booked: &Booked,
    by: By,
    why: &str,
    when: impl FnOnce(&EntryRow) -> bool,
) -> Result<(), ServiceError> {
    let waiting = waitlist_entries::find_waiting(tx.conn, booked.row.event_id, booked.row.student_id)?;
    let Some(row) = waiting.filter(when) else { return Ok(()) };
    let left = row.into_state(row.state.leave()?, tx.now);
    waitlist_entries::update(tx.conn, &left)?;
    note_entry(tx, &left, Some(booked.row.slot_id), "left", by, why)
}
