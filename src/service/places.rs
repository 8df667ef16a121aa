//! What booking, the waitlist and the office's own changes do alike to a student's place: admit, confirm, give back, pass
//! on, tell, and write down.
//!
//! Every step runs inside the transaction of the use case that takes it, so that a place which comes free goes to those
//! who wait before anybody else can see it free. Absent on purpose: rights, which the use cases have looked at before.

use std::collections::HashMap;

use serde_json::json;

use super::access::Actor;
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use super::judging;
use super::outbox;
use crate::auth::link::LinkFor;
use crate::domain::ids::{BookingId, EventId, OwnerId, PlaceLogId, SlotId, WaitlistEntryId};
use crate::domain::letter::Person;
use crate::domain::matching::campus_request::Mode;
use crate::domain::notice::{DoorPass, HeldEnd, News, Notice, PlaceEnd, Recipient};
use crate::domain::scheduling::booking::{Asked, BookingRefused, BookingState, Commitment, DOORS_OPEN};
use crate::domain::scheduling::door::{DoorCode, let_in};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::waitlist::{EntryState, answer_by};
use crate::domain::time::Instant;
use crate::store::bookings::{self, Booked, BookingRow, Had};
use crate::store::place_log::{self, PlaceLogRow};
use crate::store::places::{self as abouts, PlaceAbout};
use crate::store::students::StudentRow;
use crate::store::waitlist_entries::{self, EntryRow, Waiting};

/// Who did something to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A campus's program, on behalf of a student.
    Portal,
    /// The career office.
    Office,
    /// The student, through the link of a letter.
    Student,
    /// Whoever is at the door with the day's link.
    Door,
    /// Nobody: time or a rule.
    Rule,
}

impl By {
    /// The actor, as the log names them.
    #[must_use]
    pub const fn of(actor: &Actor) -> Self {
        if actor.is_portal() { Self::Portal } else { Self::Office }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Office => "office",
            Self::Student => "student",
            Self::Door => "door",
            Self::Rule => "rule",
        }
    }
}

/// Writes down what happened to a place.
pub(super) fn note(tx: &mut Tx<'_>, row: &BookingRow, what: &str, by: By, reason: &str) -> Result<(), ServiceError> {
    let line = PlaceLogRow {
        id: PlaceLogId::mint(),
        event_id: row.event_id,
        at: tx.now,
        what: what.to_owned(),
        student_id: row.student_id,
        slot_id: Some(row.slot_id),
        booking_id: Some(row.id),
        entry_id: row.waitlist_entry_id,
        by_whom: by.as_str().to_owned(),
        reason: reason.to_owned(),
    };
    Ok(place_log::insert(tx.conn, &line)?)
}

/// Writes down what happened to somebody who waits.
pub(super) fn note_entry(
    tx: &mut Tx<'_>,
    row: &EntryRow,
    slot: Option<SlotId>,
    what: &str,
    by: By,
    reason: &str,
) -> Result<(), ServiceError> {
    let line = PlaceLogRow {
        id: PlaceLogId::mint(),
        event_id: row.event_id,
        at: tx.now,
        what: what.to_owned(),
        student_id: row.student_id,
        slot_id: slot,
        booking_id: row.booking_id,
        entry_id: Some(row.id),
        by_whom: by.as_str().to_owned(),
        reason: reason.to_owned(),
    };
    Ok(place_log::insert(tx.conn, &line)?)
}

/// Places that would have been given by now, in a dry run: the database does not know of them.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    taken: HashMap<SlotId, u32>,
    of_student: HashMap<String, Vec<Had>>,
}

impl Planned {
    /// Counts a place as given.
    pub(crate) fn give(&mut self, about: &PlaceAbout, student: &StudentRow, booking: BookingId) {
        *self.taken.entry(about.slot.id).or_default() += 1;
        let commitment =
            Commitment { title: about.title.clone(), window: about.slot.when.window(), venue: about.venue };
        self.of_student.entry(student.external_ref.clone()).or_default().push(Had {
            booking,
            slot: about.slot.id,
            event: about.event,
            entry: None,
            state: BookingState::Confirmed,
            commitment,
        });
    }
}

/// What a student has to do with a slot, read once.
struct Standing {
    had: Vec<Had>,
    attended: Vec<crate::domain::ids::EventId>,
}

impl Standing {
    /// `known` says whether the student may have anything at all; `moving` is a place that will be given up.
    fn of(
        tx: &mut Tx<'_>,
        about: &PlaceAbout,
        student: &StudentRow,
        known: bool,
        moving: Option<BookingId>,
    ) -> Result<Self, ServiceError> {
        if !known {
            return Ok(Self { had: Vec::new(), attended: Vec::new() });
        }
        let longest = crate::domain::matching::travel::TravelRule::default().longest();
        let since = about.slot.when.window().start().plus(-longest);
        let mut had = bookings::list_of_student(tx.conn, student.id, about.event, since, tx.now)?;
        had.retain(|place| Some(place.booking) != moving);
        let attended = bookings::attended(tx.conn, student.id, &about.rules.after_events)?;
        Ok(Self { had, attended })
    }

    fn commitments(&self) -> Vec<Commitment> {
        self.had.iter().map(|place| place.commitment.clone()).collect()
    }

    fn asked<'a>(
        &'a self,
        about: &PlaceAbout,
        student: &'a StudentRow,
        commitments: &'a [Commitment],
        now: Instant,
    ) -> Asked<'a> {
        let in_event = self.had.iter().filter(|place| place.event == about.event).count();
        Asked {
            now,
            event: about.state,
            slot: about.slot.state,
            seating: about.slot.seating,
            window: about.slot.when.window(),
            venue: about.venue,
            student: &student.student,
            commitments,
            attended: &self.attended,
            already: self.had.iter().any(|place| place.slot == about.slot.id),
            in_event: u32::try_from(in_event).unwrap_or(u32::MAX),
            capacity: about.slot.capacity.into(),
            taken: 0,
            waiting: 0,
        }
    }
}

/// Requires that a student may have a place of the slot, and that one is free and promised to nobody who waits.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    moving: Option<BookingId>,
) -> Result<(), ServiceError> {
    admit_beside(tx, about, student, known, moving, &Planned::default())
}

/// The same, with places that are given only in mind.
pub(super) fn admit_beside(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    moving: Option<BookingId>,
    planned: &Planned,
) -> Result<(), ServiceError> {
    let mut standing = Standing::of(tx, about, student, known, moving)?;
    standing.had.extend(planned.of_student.get(&student.external_ref).into_iter().flatten().cloned());
    let commitments = standing.commitments();
    let asked = standing.asked(about, student, &commitments, tx.now);
    about.rules.may_ask(&asked).map_err(|refused| refusal(about, &refused))?;
    let (id, window) = (about.slot.id, about.slot.when.window());
    let taken = bookings::count_taken(tx.conn, id, tx.now)? + planned.taken.get(&id).copied().unwrap_or_default();
    let mut waiting = waitlist_entries::count_suited(tx.conn, about.event, window.start())?;
    if waiting > 0 && taken < about.slot.capacity.into() {
        // Only where a place is free does it matter which slots those who wait have named; thousands may wait.
        let wishes = waitlist_entries::wishes(tx.conn, about.event)?;
        waiting = u32::try_from(wishes.iter().filter(|wish| wish.takes(id, window)).count()).unwrap_or(u32::MAX);
    }
    about.rules.admit(&Asked { taken, waiting, ..asked }).map_err(|refused| refusal(about, &refused))
}

/// Requires everything of a student but that a place is free.
pub(super) fn may_ask(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    moving: Option<BookingId>,
) -> Result<Result<(), BookingRefused>, ServiceError> {
    let standing = Standing::of(tx, about, student, known, moving)?;
    let commitments = standing.commitments();
    Ok(about.rules.may_ask(&standing.asked(about, student, &commitments, tx.now)))
}

/// Whether a student who came without a place may go in; with `over` the office sets aside what it may.
pub(super) fn may_enter(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    over: bool,
) -> Result<Result<(), BookingRefused>, ServiceError> {
    let standing = Standing::of(tx, about, student, known, None)?;
    let commitments = standing.commitments();
    let asked = standing.asked(about, student, &commitments, tx.now);
    let taken = bookings::count_taken(tx.conn, about.slot.id, tx.now)?;
    let waiting = if taken < about.slot.capacity.into() { waiting_before(tx, about, student)? } else { 0 };
    Ok(let_in(&about.rules, &Asked { taken, waiting, ..asked }, over))
}

/// How many wait before this student for what the slot could give them. Where it is too late to ask anybody, nobody does.
fn waiting_before(tx: &mut Tx<'_>, about: &PlaceAbout, student: &StudentRow) -> Result<u32, ServiceError> {
    let (id, window) = (about.slot.id, about.slot.when.window());
    let asked_until = answer_by(tx.now, window.start(), about.rules.waitlist_offer_minutes, about.zone);
    if asked_until.is_none() || waitlist_entries::count_suited(tx.conn, about.event, window.start())? == 0 {
        return Ok(0);
    }
    let queue = waitlist_entries::queue(tx.conn, about.event)?;
    let before = queue.iter().take_while(|waiting| waiting.row.student_id != student.id);
    Ok(u32::try_from(before.filter(|waiting| waiting.row.wish.takes(id, window)).count()).unwrap_or(u32::MAX))
}

/// The place of an event that a student has and may be checked in to now, the earliest.
pub(super) fn place_now(tx: &mut Tx<'_>, event: EventId, student: &StudentRow) -> Result<Option<Had>, ServiceError> {
    let now = tx.now;
    let had = bookings::list_of_student(tx.conn, student.id, event, now, now)?;
    let open = |place: &Had| {
        let window = place.commitment.window;
        place.event == event
            && place.state != BookingState::Held
            && window.start().plus(-DOORS_OPEN) <= now
            && now < window.end()
    };
    Ok(had.into_iter().filter(open).min_by_key(|place| place.commitment.window.start()))
}

/// What stood in the way, as the API says it.
pub(super) fn refusal(about: &PlaceAbout, refused: &BookingRefused) -> ServiceError {
    match refused {
        BookingRefused::Event(state) => ServiceError::refused(
            Code::SlotClosed,
            format!("The event is {state}; places are booked once it is published."),
        )
        .with("state", state.as_str()),
        BookingRefused::Slot(state) => {
            ServiceError::refused(Code::SlotClosed, format!("The slot is {state}.")).with("state", state.as_str())
        }
        BookingRefused::Unstaffed(since) => ServiceError::refused(
            Code::SlotUnstaffed,
            match since {
                Some(since) => format!("Whoever sat there left at {since}; nobody has taken the seat yet."),
                None => "Nobody sits there yet, and this event takes students only where somebody does.".to_owned(),
            },
        ),
        BookingRefused::HasBegun(start) => ServiceError::refused(Code::HasBegun, format!("It began at {start}.")),
        BookingRefused::DoorsShut(opens) => {
            ServiceError::refused(Code::TooEarly, format!("People are let in from {opens} on."))
        }
        BookingRefused::Over(end) => ServiceError::refused(Code::IsOver, format!("The slot ended at {end}.")),
        BookingRefused::NotYet(opens) => {
            ServiceError::refused(Code::BookingClosed, format!("Booking opens at {opens}."))
                .with("opens_at", opens.to_string())
        }
        BookingRefused::Closed(closes) => {
            ServiceError::refused(Code::BookingClosed, format!("Booking closed at {closes}."))
                .with("opens_at", serde_json::Value::Null)
        }
        BookingRefused::Already => ServiceError::refused(Code::AlreadyBooked, "The student has a place in this slot."),
        BookingRefused::NotEligible(refusals) => {
            let words: Vec<&str> = refusals.iter().map(|(_, detail)| detail.as_str()).collect();
            let list: Vec<_> =
                refusals.iter().map(|(rule, detail)| json!({ "rule": rule, "detail": detail })).collect();
            ServiceError::refused(Code::NotEligible, words.join(" ")).with("refusals", list)
        }
        BookingRefused::Limit(most) => ServiceError::refused(
            Code::LimitReached,
            format!("One student may have {most} of the places of \u{201c}{}\u{201d} at a time.", about.title),
        )
        .with("max_per_person", *most),
        BookingRefused::Overlap(other) => overlap(other),
        BookingRefused::Full { waiting } => {
            let capacity = about.slot.capacity;
            let detail = match waiting {
                0 => format!("All {capacity} places are taken or held."),
                _ => format!("What is free of {capacity} places goes first to {waiting} who wait."),
            };
            ServiceError::refused(Code::SlotFull, detail).with("waiting", *waiting)
        }
    }
}

fn overlap(other: &Commitment) -> ServiceError {
    ServiceError::refused(
        Code::Overlap,
        format!(
            "The student is expected at \u{201c}{}\u{201d} from {} to {}; no time is left between, the way included.",
            other.title,
            other.window.start(),
            other.window.end()
        ),
    )
}

/// What is said where only the schema's wall knew of another place.
pub(super) fn walled() -> ServiceError {
    ServiceError::refused(Code::Overlap, "The student has another place at that time.")
}

/// A new booking of the slot.
pub(super) fn fresh(about: &PlaceAbout, student: &StudentRow, owner: OwnerId, now: Instant) -> BookingRow {
    let window = about.slot.when.window();
    BookingRow {
        id: BookingId::mint(),
        campus_id: about.campus,
        event_id: about.event,
        slot_id: about.slot.id,
        student_id: student.id,
        waitlist_entry_id: None,
        owner_id: owner,
        state: BookingState::Confirmed,
        held_until: None,
        late: false,
        marked_from: None,
        state_reason: None,
        starts_at: window.start(),
        ends_at: window.end(),
        checked_in_at: None,
        calendar_sequence: 0,
        changed_at: now,
        revision: 1,
        created_at: now,
        updated_at: now,
        override_reason: None,
        policy_id: about.policy,
        code: DoorCode::mint(),
        walk_in: false,
        released_at: None,
    }
}

/// The student as the reader of a letter. Nothing is known of their clocks but the place's.
pub(super) fn reader(student: &StudentRow) -> Recipient {
    Recipient { person: Person::new(&student.name, student.email.clone()), zone: None }
}

/// Tells a student how their place stands, with an invite.
pub(super) fn tell(tx: &mut Tx<'_>, booked: &Booked) -> Result<(), ServiceError> {
    tell_news(tx, booked, None)
}

/// Tells a student how their place stands and what has become of its time, with an invite.
pub(super) fn tell_news(tx: &mut Tx<'_>, booked: &Booked, news: Option<News>) -> Result<(), ServiceError> {
    let sealed = tx.app.links.seal(LinkFor::Booking, booked.row.id.uuid());
    let notice = Notice::PlaceConfirmed {
        place: booked.about.facts(),
        mark: booked.row.mark(&tx.app.site.host),
        link: format!("{}/p/{sealed}", tx.app.site.base_url),
        cancelling: judging::by_link(tx, booked)?.says,
        news,
        pass: pass(tx.app, &booked.about, &booked.row.code),
    };
    outbox::post(tx, Some(booked.row.campus_id), &reader(&booked.student), &notice)
}

/// What a student shows at the door, where there is one to come to.
pub(super) fn pass(app: &App, about: &PlaceAbout, code: &DoorCode) -> Option<DoorPass> {
    (about.mode == Mode::InPerson && about.state != EventState::Postponed)
        .then(|| DoorPass { code: code.clone(), link: format!("{}/door/{}/{code}", app.site.base_url, about.event) })
}

/// Puts a student into another slot; the calendar entry stays the same one. Whoever is allowed to, and that there is room,
/// was looked at before.
pub(super) fn shift(
    tx: &mut Tx<'_>,
    booked: &Booked,
    about: PlaceAbout,
    by: By,
    instead: bool,
) -> Result<Booked, ServiceError> {
    let window = about.slot.when.window();
    let row = BookingRow {
        slot_id: about.slot.id,
        starts_at: window.start(),
        ends_at: window.end(),
        // Nothing is set aside for the new place.
        override_reason: None,
        ..booked.row.into_state(booked.row.state.relocate()?, tx.now).touched(tx.now)
    };
    if !bookings::update(tx.conn, &row)? {
        return Err(walled());
    }
    let moved = Booked { row, about, ..booked.clone() };
    tell_news(tx, &moved, instead.then_some(News::Instead))?;
    let why = if instead { " Nobody sits there any more." } else { "" };
    note(tx, &moved.row, "moved", by, &format!("From the slot {}.{why}", booked.about.slot.id))?;
    Ok(moved)
}

/// Tells a student that their place is gone, and takes it out of their calendar.
fn tell_of_end(tx: &mut Tx<'_>, booked: &Booked, end: PlaceEnd) -> Result<(), ServiceError> {
    let notice = Notice::PlaceCancelled { place: booked.about.facts(), mark: booked.row.mark(&tx.app.site.host), end };
    outbox::post(tx, Some(booked.row.campus_id), &reader(&booked.student), &notice)
}

/// Ends a booking, whoever ends it, and passes its place on unless the slot itself is off. A hold ends without a letter:
/// nobody was told of it, or the one it was offered to is told of that.
pub(super) fn end(
    tx: &mut Tx<'_>,
    booked: &Booked,
    by: By,
    why: PlaceEnd,
    reason: &str,
) -> Result<Booked, ServiceError> {
    let state = booked.row.state.cancel()?;
    let told = booked.row.state == BookingState::Confirmed;
    let state_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    let row = BookingRow { state_reason, held_until: None, ..booked.row.into_state(state, tx.now) };
    let row = if told { row.touched(tx.now) } else { row };
    bookings::update(tx.conn, &row)?;
    let off = matches!(why, PlaceEnd::CalledOff { .. });
    let ended = Booked { row, ..booked.clone() };
    if told {
        tell_of_end(tx, &ended, why)?;
    }
    note(tx, &ended.row, "cancelled", by, reason)?;
    if !off {
        pass_on(tx, &ended.about)?;
    }
    Ok(ended)
}

/// The most slots of one event that are looked at together.
const ALL_SLOTS: i64 = 25_000;
/// How many of those who wait are read at once.
const SOME_WAITING: i64 = 100;

/// Those who wait for an event in their order, read as far as it takes: thousands may wait where one is served.
#[derive(Debug)]
struct Queue {
    event: EventId,
    read: Vec<Waiting>,
    last: Option<waitlist_entries::Place>,
    is_read: bool,
}

impl Queue {
    const fn of(event: EventId) -> Self {
        Self { event, read: Vec::new(), last: None, is_read: false }
    }

    /// The one at this place of the queue.
    fn get(&mut self, tx: &mut Tx<'_>, at: usize) -> Result<Option<&Waiting>, ServiceError> {
        while at >= self.read.len() && !self.is_read {
            let state = Some(EntryState::Waiting);
            let some = waitlist_entries::list_of_event(tx.conn, self.event, state, self.last, SOME_WAITING)?;
            self.is_read = some.is_empty();
            self.last = some.last().map(|waiting| (waiting.row.created_at, waiting.row.id)).or(self.last);
            self.read.extend(some);
        }
        Ok(self.read.get(at))
    }
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
        queue.read.extend(waiting.filter(|waiting| waiting.row.state == EntryState::Waiting));
    }
    queue.read.sort_by_key(|waiting| (waiting.row.created_at, waiting.row.id));
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
    let free = u32::from(about.slot.capacity).saturating_sub(taken) as usize;
    let deadline = answer_by(tx.now, window.start(), about.rules.waitlist_offer_minutes, about.zone);
    let Some(deadline) = deadline.filter(|_| free > 0) else { return Ok(0) };
    let (mut offered, mut at) = (0, 0);
    while offered < free
        && let Some(waiting) = queue.get(tx, at)?
    {
        if !waiting.row.wish.takes(id, window) {
            at += 1;
            continue;
        }
        let waiting = waiting.clone();
        match may_ask(tx, about, &waiting.student, true, None)? {
            Ok(()) => {
                offer(tx, about, &waiting, deadline, before.contains(&waiting.row.id))?;
                offered += 1;
                queue.read.remove(at);
            }
            // Nobody can have a place here: nobody is passed over.
            Err(
                BookingRefused::Event(_)
                | BookingRefused::Slot(_)
                | BookingRefused::Unstaffed(_)
                | BookingRefused::HasBegun(_),
            ) => break,
            Err(refused) => {
                let why = match refusal(about, &refused) {
                    ServiceError::Refused(refused) => refused.detail,
                    _ => String::new(),
                };
                note_entry(tx, &waiting.row, Some(id), "skipped", By::Rule, &why)?;
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
        ..fresh(about, &waiting.student, owner, tx.now)
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
        place: about.facts(),
        deadline,
        link: format!("{}/p/{sealed}", tx.app.site.base_url),
        thread: entry.id.to_string(),
        again,
    };
    outbox::post(tx, Some(about.campus), &reader(&waiting.student), &notice)?;
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
    outbox::post(tx, Some(about.campus), &reader(student), &notice)
}

/// Writes to everybody with a place in the slot that something about it has changed; each keeps their calendar entry.
pub(super) fn tell_of_change(tx: &mut Tx<'_>, slot: SlotId) -> Result<(), ServiceError> {
    for booked in bookings::list_live(tx.conn, slot)? {
        if booked.row.state != BookingState::Confirmed {
            continue;
        }
        let row = booked.row.into_state(booked.row.state, tx.now).touched(tx.now);
        bookings::update(tx.conn, &row)?;
        tell(tx, &Booked { row, ..booked })?;
    }
    Ok(())
}

/// Ends every booking of a slot that does not take place. Each student gets one letter; whoever was being asked is told.
pub(super) fn call_off(tx: &mut Tx<'_>, slot: SlotId, reason: &str, held: HeldEnd) -> Result<(), ServiceError> {
    for booked in bookings::list_live(tx.conn, slot)? {
        if booked.row.state.cancel().is_err() {
            continue;
        }
        let why = PlaceEnd::CalledOff { reason: Some(reason.to_owned()) };
        end(tx, &booked, By::Office, why, reason)?;
        back_into_queue(tx, &booked, held)?;
    }
    Ok(())
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
