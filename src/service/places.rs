//! What booking, the waitlist and the office's own changes do alike to a student's place: admit, confirm, give back, tell,
//! and write down. What becomes free is passed on by [`super::queue`].
//!
//! Every step runs inside the transaction of the use case that takes it, so that a place which comes free goes to those
//! who wait before anybody else can see it free. Absent on purpose: rights, which the use cases have looked at before.

use std::collections::HashMap;

use serde_json::json;

use super::access::Actor;
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use super::outbox;
use super::queue::{back_into_queue, pass_on, waiting_before};
use super::{judging, standings};
use crate::auth::link::LinkFor;
use crate::domain::ids::{BookingId, EventId, OwnerId, PlaceLogId, SlotId};
use crate::domain::letter::Person;
use crate::domain::matching::campus_request::Mode;
use crate::domain::matching::travel::TravelRule;
use crate::domain::notice::{DoorPass, HeldEnd, News, Notice, PlaceEnd, Recipient};
use crate::domain::scheduling::booking::{Asked, BookingRefused, BookingState, Commitment, DOORS_OPEN};
use crate::domain::scheduling::door::{DoorCode, let_in};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::policy::standing::Ends;
use crate::domain::scheduling::policy::{Hindrance, PolicyRefused, explain};
use crate::domain::time::{Instant, Zone};
use crate::store::bookings::{self, Booked, BookingRow, Had};
use crate::store::place_log::{self, PlaceLogRow};
use crate::store::places::PlaceAbout;
use crate::store::students::StudentRow;
use crate::store::waitlist_entries::{self, EntryRow};

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
    pub(crate) fn give(&mut self, about: &PlaceAbout, student: &StudentRow, booking: BookingId, party: u32) {
        *self.taken.entry(about.slot.id).or_default() += party;
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

/// What a student has that bears on a slot, read once.
#[derive(Debug)]
pub(super) struct Standing {
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
        let mut standing = Self::since(tx, about, student, about.slot.when.window().start())?;
        standing.had.retain(|place| Some(place.booking) != moving);
        Ok(standing)
    }

    /// What a known student has that bears on any slot of the event still to come.
    pub(super) fn from_now(tx: &mut Tx<'_>, about: &PlaceAbout, student: &StudentRow) -> Result<Self, ServiceError> {
        Self::since(tx, about, student, tx.now)
    }

    fn since(tx: &mut Tx<'_>, about: &PlaceAbout, student: &StudentRow, start: Instant) -> Result<Self, ServiceError> {
        let since = start.plus(-TravelRule::default().longest());
        let had = bookings::list_of_student(tx.conn, student.id, about.event, since, tx.now)?;
        let attended = bookings::attended(tx.conn, student.id, &about.rules.after_events)?;
        Ok(Self { had, attended })
    }

    /// Everything but whether a place is free.
    pub(super) fn may_ask(&self, about: &PlaceAbout, student: &StudentRow, now: Instant) -> Result<(), BookingRefused> {
        let commitments = self.commitments();
        about.rules.may_ask(&self.asked(about, student, &commitments, now))
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
            party: 1,
        }
    }
}

/// On which terms somebody asks for a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'p> {
    /// The place that is given up for it, whose policy holds then.
    pub moving: Option<BookingId>,
    /// How many places are wanted together.
    pub party: u32,
    /// Places that are given only in mind.
    pub planned: Option<&'p Planned>,
    /// Whether the campus's policy has no say.
    pub aside: bool,
}

impl Terms<'_> {
    /// One place, for whoever gives none up.
    pub const ALONE: Self = Self { moving: None, party: 1, planned: None, aside: false };

    /// As many places as this one takes, which is given up for them.
    pub fn moving(row: &BookingRow) -> Self {
        Self { moving: Some(row.id), party: row.places(), ..Self::ALONE }
    }
}

/// Requires that a student may have a place of the slot, and that one is free and promised to nobody who waits. Answers
/// whether anybody waits for such a place; it may be the student.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    terms: Terms<'_>,
) -> Result<bool, ServiceError> {
    let Terms { moving, party, planned, aside } = terms;
    let none = Planned::default();
    let planned = planned.unwrap_or(&none);
    let mut standing = Standing::of(tx, about, student, known, moving)?;
    standing.had.extend(planned.of_student.get(&student.external_ref).into_iter().flatten().cloned());
    let commitments = standing.commitments();
    let asked = standing.asked(about, student, &commitments, tx.now);
    about.rules.may_ask(&asked).map_err(|refused| refusal(about, &refused))?;
    // Whoever moves keeps the policy of the booking, and gives up as much as they get.
    if moving.is_none() && !aside {
        let hindered = standings::hindrance(tx, about, student, known)?;
        hindered.map_or(Ok(()), |hindered| Err(refusal(about, &BookingRefused::Policy(Box::new(hindered)))))?;
    }
    let id = about.slot.id;
    let taken = bookings::count_taken(tx.conn, id, tx.now)? + planned.taken.get(&id).copied().unwrap_or_default();
    let waiting = waitlist_entries::count_suited(tx.conn, about.event, about.slot.when.window().start())?;
    let free = u32::from(about.slot.capacity).saturating_sub(taken);
    // Only where a place is free does it matter who of those who wait could have it; thousands may wait.
    let before = if waiting > 0 && free > 0 { waiting_before(tx, about, student.id, free)? } else { 0 };
    let before = if free == 0 { waiting } else { before };
    about.rules.admit(&Asked { taken, waiting: before, party, ..asked }).map_err(|refused| refusal(about, &refused))?;
    Ok(waiting > 0)
}

/// Requires everything of a student but that a place is free.
pub(super) fn may_ask(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
    moving: Option<BookingId>,
) -> Result<Result<(), BookingRefused>, ServiceError> {
    Ok(Standing::of(tx, about, student, known, moving)?.may_ask(about, student, tx.now))
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
    let free = u32::from(about.slot.capacity).saturating_sub(taken);
    let waiting = if free > 0 { waiting_before(tx, about, student.id, free)? } else { 0 };
    let let_in = let_in(&about.rules, &Asked { taken, waiting, ..asked }, over);
    if over || let_in.is_err() {
        return Ok(let_in);
    }
    // Somebody who stands there is not kept out by when booking opens or closes, but by what they did and have.
    let hindered = standings::hindrance(tx, about, student, known)?.filter(|hindered| match hindered.why {
        Hindrance::NotYet(_) | Hindrance::Closed(_) => false,
        Hindrance::Limit(_) | Hindrance::Blocked(_) => true,
    });
    Ok(hindered.map_or(Ok(()), |hindered| Err(BookingRefused::Policy(Box::new(hindered)))))
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
        BookingRefused::Policy(refused) => by_policy(refused, about.zone),
        BookingRefused::Full { free, waiting } => {
            let capacity = about.slot.capacity;
            let detail = match (free, waiting) {
                (0, 0) => format!("All {capacity} places are taken or held."),
                (0, _) => format!("All {capacity} places are taken or held, and {waiting} wait."),
                _ => format!("What is free of {capacity} places goes first to {waiting} who wait."),
            };
            ServiceError::refused(Code::SlotFull, detail).with("waiting", *waiting).with("free", *free)
        }
    }
}

/// What a policy says against a booking.
fn by_policy(refused: &PolicyRefused, zone: Zone) -> ServiceError {
    let said = match &refused.why {
        Hindrance::NotYet(opens) => {
            let detail = format!("Under the campus's policy, booking opens at {opens}.");
            ServiceError::refused(Code::BookingClosed, detail).with("opens_at", opens.to_string())
        }
        Hindrance::Closed(closed) => {
            let detail = match closed {
                Some(closed) => format!("Under the campus's policy, booking closed at {closed}."),
                None => "Under the campus's policy, this cannot be booked; ask the office.".to_owned(),
            };
            ServiceError::refused(Code::BookingClosed, detail).with("opens_at", serde_json::Value::Null)
        }
        Hindrance::Limit(limit) => {
            ServiceError::refused(Code::LimitReached, explain::limit(limit)).with("max_per_person", limit.at_most())
        }
        Hindrance::Blocked(force) => {
            let until = match force.ends {
                Ends::At(end) => Some(end.to_string()),
                Ends::WhenHandedIn | Ends::Noted | Ends::Never | Ends::Undetermined => None,
            };
            ServiceError::refused(Code::BlockedByPolicy, explain::in_force(force, zone)).with("until", until)
        }
    };
    said.with("rule", refused.rule.clone())
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

/// A new booking of the slot, by the student's own campus and under its policy.
pub(super) fn fresh(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    owner: OwnerId,
) -> Result<BookingRow, ServiceError> {
    let (window, now) = (about.slot.when.window(), tx.now);
    Ok(BookingRow {
        id: BookingId::mint(),
        campus_id: student.campus_id,
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
        policy_id: standings::in_force_for(tx, about, student)?,
        code: DoorCode::mint(),
        walk_in: false,
        released_at: None,
        as_no_show: false,
        handed_in_at: None,
        moved_closer: false,
        party: 1,
    })
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
        place: booked.facts(),
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

/// Why a student is put into another slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shifted<'a> {
    /// The student asked for it, or the office for them; with what was said about it.
    Asked(&'a str),
    /// The office changes its slots and has said who goes where.
    Planned,
    /// Nobody sits at the former slot any more.
    Instead,
}

/// Puts a student into another slot; the calendar entry stays the same one. Whoever is allowed to, and that there is room,
/// was looked at before.
pub(super) fn shift(
    tx: &mut Tx<'_>,
    booked: &Booked,
    about: PlaceAbout,
    by: By,
    why: Shifted<'_>,
) -> Result<Booked, ServiceError> {
    let window = about.slot.when.window();
    let row = BookingRow {
        slot_id: about.slot.id,
        starts_at: window.start(),
        ends_at: window.end(),
        // Nothing is set aside for the new place.
        override_reason: None,
        moved_closer: false,
        ..booked.row.into_state(booked.row.state.relocate()?, tx.now).touched(tx.now)
    };
    let row = match why {
        Shifted::Asked(_) => row,
        Shifted::Planned | Shifted::Instead => judging::moved(tx, row, &about)?,
    };
    if !bookings::update(tx.conn, &row)? {
        return Err(walled());
    }
    let moved = Booked { row, about, ..booked.clone() };
    let (news, why) = match why {
        Shifted::Asked(why) => (None, why),
        Shifted::Planned => (None, "The office has made other slots."),
        Shifted::Instead => (Some(News::Instead), "Nobody sits there any more."),
    };
    tell_news(tx, &moved, news)?;
    let reason = format!("From the slot {}. {why}", booked.about.slot.id);
    note(tx, &moved.row, "moved", by, reason.trim_end())?;
    Ok(moved)
}

/// Tells a student that their place is gone, and takes it out of their calendar.
fn tell_of_end(tx: &mut Tx<'_>, booked: &Booked, end: PlaceEnd) -> Result<(), ServiceError> {
    let notice = Notice::PlaceCancelled { place: booked.facts(), mark: booked.row.mark(&tx.app.site.host), end };
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

/// Writes to everybody with a place in the slot that something about it has changed; each keeps their calendar entry.
pub(super) fn tell_of_change(tx: &mut Tx<'_>, slot: SlotId) -> Result<(), ServiceError> {
    tell_others_of_change(tx, slot, &[])
}

/// The same, but not to those who were told by now.
pub(super) fn tell_others_of_change(tx: &mut Tx<'_>, slot: SlotId, told: &[BookingId]) -> Result<(), ServiceError> {
    for booked in bookings::list_live(tx.conn, slot)? {
        if booked.row.state != BookingState::Confirmed || told.contains(&booked.row.id) {
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
    for mut booked in bookings::list_live(tx.conn, slot)? {
        if booked.row.state == BookingState::CheckedIn && tx.now < booked.row.starts_at {
            // Whoever is there already for what has not begun hears that it does not take place, as the others do.
            booked.row =
                BookingRow { state: BookingState::Confirmed, marked_from: None, checked_in_at: None, ..booked.row };
        }
        if booked.row.state.cancel().is_err() {
            continue;
        }
        let why = PlaceEnd::CalledOff { reason: Some(reason.to_owned()) };
        end(tx, &booked, By::Office, why, reason)?;
        back_into_queue(tx, &booked, held)?;
    }
    Ok(())
}
