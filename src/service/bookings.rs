//! Bookings: a portal or the office books, holds, confirms, moves and cancels for a student; the student cancels through
//! the link of a letter; the office marks who came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::access::{Actor, require};
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use super::judging::{self, Lateness};
use super::places::{self, By, Shifted, Terms, admit, end, fresh, note, tell, walled};
use super::queue::{has_a_place, pass_on, pass_on_all};
use super::{sharing, students};
use crate::domain::ids::{BookingId, CampusId, EventId, PlaceLogId, SlotId};
use crate::domain::notice::{DoorPass, PlaceEnd};
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, WrongState, prose};
use crate::domain::scheduling::booking::{BookingRefused, BookingState, DOORS_OPEN, Student};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::policy::cutoff::Channel;
use crate::domain::scheduling::slot::SlotState;
use crate::domain::time::Instant;
use crate::store::bookings::{self, BookingRow};
use crate::store::place_log::{self, PlaceLogRow};
use crate::store::places::PlaceAbout;
use crate::store::slots::SlotRow;
use crate::store::{events, places as abouts, slots};

pub use crate::store::bookings::{Booked, BookingFilter};

/// The most alternatives that a refusal names.
const ALTERNATIVES: i64 = 10;

/// The slot, if the actor may book it, and for students of which campus; and the replay if the same was asked before. A slot
/// that is not public is nothing to a portal.
fn bookable(
    tx: &mut Tx<'_>,
    actor: &Actor,
    slot: SlotId,
    campus: Option<CampusId>,
) -> Result<(PlaceAbout, CampusId), ServiceError> {
    let about = abouts::find(tx.conn, slot)?.ok_or(ServiceError::NotFound)?;
    if actor.is_portal() && !about.public {
        return Err(ServiceError::NotFound);
    }
    let home = sharing::home(tx, actor, (about.event, about.campus), campus, Action::BookPlaces)?;
    if home != about.campus && !about.public {
        return Err(ServiceError::NotFound);
    }
    Ok((about, home))
}

/// A slot with a free place, and how many it has.
pub type Free = (SlotRow, u32);

/// How the student is read from what was sent: after the rights, so that strangers learn nothing of its faults.
pub type ReadStudent<'a> = &'a dyn Fn() -> Result<Student, Vec<Invalid>>;

/// What is asked of a slot.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// For whom.
    pub student: ReadStudent<'a>,
    /// For a student of which campus, where the actor works at several that share the event.
    pub campus: Option<CampusId>,
    /// How many places, the student's own included.
    pub party: i64,
    /// Whether the place is only held, for some minutes.
    pub hold: bool,
    /// Why the office books whatever the campus's policy says.
    pub aside: Option<&'a str>,
}

/// Books a place for a student, or holds it.
///
/// # Errors
/// Not found; those of [`sharing::home`]; the student's; what stands in the way.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, slot: SlotId, asked: Wanted<'_>) -> Result<Booked, ServiceError> {
    let (about, home) = bookable(tx, actor, slot, asked.campus)?;
    let (hold, aside) = (asked.hold, set_aside(actor, asked.aside)?);
    let (student, known) = students::know(tx, home, &(asked.student)()?)?;
    let party = about.rules.party(asked.party)?;
    let terms = Terms { party, aside: aside.is_some(), ..Terms::ALONE };
    let waited = admit(tx, &about, &student, known, terms)?;
    let mut row = fresh(tx, &about, &student, actor.owner())?;
    row.party = i32::try_from(party).unwrap_or(1);
    row.override_reason.clone_from(&aside);
    if hold {
        row.state = BookingState::Held;
        row.held_until = Some(tx.now.plus(chrono::TimeDelta::minutes(i64::from(about.rules.hold_minutes))));
    }
    if !bookings::insert(tx.conn, &mut row)? {
        return Err(walled());
    }
    let booked = Booked { row, student, about };
    if !hold {
        tell(tx, &booked)?;
        if waited && known {
            has_a_place(tx, &booked, By::of(actor))?;
        }
    }
    let why = aside.unwrap_or_default();
    note(tx, &booked.row, if hold { "held" } else { "booked" }, By::of(actor), &why)?;
    Ok(booked)
}

/// Why the office sets the campus's policy aside, if it does.
fn set_aside(actor: &Actor, reason: Option<&str>) -> Result<Option<String>, Invalid> {
    let Some(reason) = reason else { return Ok(None) };
    if actor.is_portal() {
        return Err(Invalid::new("override_reason", "not_allowed", "only the office may say so"));
    }
    prose("override_reason", reason, 1, 500).map(Some)
}

/// Looks whether [`create`] would be refused, and changes nothing. Under a rush most are, and they need not wait for those
/// who are not. Answers the event, whose bookings are made in turns.
///
/// # Errors
/// Those of [`create`].
pub fn look(tx: &mut Tx<'_>, actor: &Actor, slot: SlotId, asked: Wanted<'_>) -> Result<EventId, ServiceError> {
    let (about, home) = bookable(tx, actor, slot, asked.campus)?;
    let aside = set_aside(actor, asked.aside)?;
    let (student, known) = students::seen(tx, home, &(asked.student)()?)?;
    let party = about.rules.party(asked.party)?;
    let terms = Terms { party, aside: aside.is_some(), ..Terms::ALONE };
    admit(tx, &about, &student, known, terms)?;
    Ok(about.event)
}

/// Asks those who wait for what the event of a slot has free; answers how many were asked.
///
/// # Errors
/// The database's.
pub async fn ask_first(app: &App, slot: SlotId) -> Result<usize, ServiceError> {
    let Some(event) = app.read(move |tx| Ok(abouts::event_of(tx.conn, slot)?)).await? else { return Ok(0) };
    let turn = app.turn(event.uuid()).await;
    let asked = app.write(move |tx| pass_on_all(tx, event)).await;
    drop(turn);
    asked
}

/// Free slots by event, since which write of this process and which second they are so: thousands who are refused in the
/// same moment are told the same. The places are hints; whoever follows one is decided on anew.
pub(super) type Hints = Mutex<HashMap<EventId, (u64, Instant, Arc<Vec<Free>>)>>;

/// The most events whose free slots are remembered.
const MOST_HINTS: usize = 1_000;

/// Other slots of the same event with a free place, in order of their start; as they were at most a second ago.
///
/// # Errors
/// The database's.
pub async fn alternatives(app: &App, slot: SlotId) -> Result<Arc<Vec<Free>>, ServiceError> {
    let event = app.read(move |tx| Ok(abouts::event_of(tx.conn, slot)?)).await?;
    match event {
        Some(event) => hinted(app, event).await,
        None => Ok(Arc::default()),
    }
}

/// The slots of an event with a free place, as they were at most a second ago.
///
/// # Errors
/// The database's.
pub(super) async fn hinted(app: &App, event: EventId) -> Result<Arc<Vec<Free>>, ServiceError> {
    let (writes, now) = (app.writes(), app.clock.now());
    let remembered = app.hints().lock().unwrap_or_else(PoisonError::into_inner).get(&event).cloned();
    if let Some((_, _, free)) = remembered.filter(|(when, at, _)| *when == writes && *at == now) {
        return Ok(free);
    }
    let free = Arc::new(app.read(move |tx| free_slots(tx, event)).await?);
    let mut hints = app.hints().lock().unwrap_or_else(PoisonError::into_inner);
    if hints.len() >= MOST_HINTS {
        hints.clear();
    }
    hints.insert(event, (writes, now, free.clone()));
    Ok(free)
}

/// The slots of an event that begin later than now and have a free place.
///
/// # Errors
/// The database's.
fn free_slots(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<Free>, ServiceError> {
    let staffed_only = abouts::find_rules(tx.conn, event)?.staffed_only;
    let filter = slots::SlotFilter { from: Some(tx.now), until: None, free: Some((true, tx.now)), staffed_only };
    let rows = slots::list_of_event(tx.conn, event, filter, None, ALTERNATIVES)?;
    let mut free = Vec::with_capacity(rows.len());
    for row in rows {
        let taken = bookings::count_taken(tx.conn, row.id, tx.now)?;
        let left = u32::from(row.capacity).saturating_sub(taken);
        free.push((row, left));
    }
    Ok(free)
}

/// The booking, if the actor may book for its student, and the replay if the same was asked before.
pub(super) fn own(tx: &mut Tx<'_>, actor: &Actor, id: BookingId, action: Action) -> Result<Booked, ServiceError> {
    let booked = bookings::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    sharing::require_for(tx, actor, booked.row.campus_id, booked.about.campus, action)?;
    Ok(booked)
}

/// A booking.
///
/// # Errors
/// Not found; those of [`require`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: BookingId) -> Result<Booked, ServiceError> {
    own(tx, actor, id, Action::BookPlaces)
}

/// The bookings of an event: all for the office that runs it, those of their own students for others.
///
/// # Errors
/// Not found; those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    filter: &BookingFilter,
    after: Option<BookingId>,
    most: i64,
) -> Result<Vec<Booked>, ServiceError> {
    let (_, campuses) = sharing::seen(tx, actor, event, Action::BookPlaces)?;
    Ok(bookings::list_of_event(tx.conn, event, filter, campuses.as_deref(), after, most)?)
}

/// The campus of an event, if the actor may do `action` there.
pub(super) fn event_of(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    action: Action,
) -> Result<events::EventRow, ServiceError> {
    let event = events::find(tx.conn, event)?.ok_or(ServiceError::NotFound)?;
    if actor.is_portal() && !event.is_public() {
        return Err(ServiceError::NotFound);
    }
    require(tx, actor, event.campus_id, action)?;
    Ok(event)
}

/// A hold becomes a place.
///
/// # Errors
/// Those of [`find`]; `hold_of_another`, `hold_expired`, `has_begun`, `wrong_state`.
pub fn confirm(tx: &mut Tx<'_>, actor: &Actor, id: BookingId) -> Result<Booked, ServiceError> {
    let booked = own(tx, actor, id, Action::BookPlaces)?;
    let state = booked.row.state.confirm()?;
    if booked.row.owner_id != actor.owner() {
        return Err(ServiceError::refused(Code::HoldOfAnother, "The hold was made by somebody else."));
    }
    if let Some(until) = booked.row.held_until.filter(|until| *until <= tx.now) {
        return Err(ServiceError::refused(Code::HoldExpired, format!("The hold ran out at {until}.")));
    }
    let taken = take(tx, &booked, state, By::of(actor))?;
    has_a_place(tx, &taken, By::of(actor))?;
    Ok(taken)
}

/// Turns a live hold into a place, and tells the student.
pub(super) fn take(tx: &mut Tx<'_>, booked: &Booked, state: BookingState, by: By) -> Result<Booked, ServiceError> {
    if booked.row.starts_at <= tx.now {
        return Err(ServiceError::refused(Code::HasBegun, format!("It began at {}.", booked.row.starts_at)));
    }
    if booked.about.slot.seating.is_deserted() {
        let refused = BookingRefused::Unstaffed(booked.about.slot.seating.unstaffed_since);
        return Err(places::refusal(&booked.about, &refused));
    }
    let row = BookingRow { held_until: None, ..booked.row.into_state(state, tx.now) };
    if !bookings::update(tx.conn, &row)? {
        return Err(walled());
    }
    let taken = Booked { row, ..booked.clone() };
    tell(tx, &taken)?;
    note(tx, &taken.row, "confirmed", by, "")?;
    Ok(taken)
}

/// How and why a place is given back.
#[derive(Debug, Clone, Default)]
pub struct Cancelling {
    /// Why; may be empty. The student will read it.
    pub reason: String,
    /// How the student told the office. Without it the office takes the student out itself.
    pub channel: Option<Channel>,
    /// Why the office takes it as in time whatever the policy says.
    pub override_reason: Option<String>,
}

/// How a cancellation reaches us and why the policy is set aside, if it is. What a student did is judged; what the office
/// does by itself is not.
fn way(actor: &Actor, asked: &Cancelling) -> Result<(Option<Channel>, Option<String>), ServiceError> {
    if actor.is_portal() {
        let only = |field: &str| Invalid::new(field, "not_allowed", "only the office may say so");
        return match (asked.channel, &asked.override_reason) {
            (Some(_), _) => Err(only("channel").into()),
            (None, Some(_)) => Err(only("override_reason").into()),
            (None, None) => Ok((Some(Channel::Online), None)),
        };
    }
    let Some(reason) = &asked.override_reason else { return Ok((asked.channel, None)) };
    let reason = prose("override_reason", reason, 1, 500)?;
    if asked.channel.is_none() {
        let detail = "without it the office cancels by itself, and there is nothing to set aside";
        return Err(Invalid::new("channel", "required", detail).into());
    }
    Ok((asked.channel, Some(reason)))
}

/// Gives a place back, as late where the policy that the booking keeps says so.
///
/// # Errors
/// Those of [`find`]; `wrong_state`; the fields'; `has_begun`, `too_late_to_cancel` for what a student does.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: BookingId, asked: &Cancelling) -> Result<Booked, ServiceError> {
    let booked = own(tx, actor, id, Action::BookPlaces)?;
    let reason = prose("reason", &asked.reason, 0, 500)?;
    let (channel, override_reason) = way(actor, asked)?;
    if booked.row.state == BookingState::Held && booked.row.waitlist_entry_id.is_some() {
        let detail = "The place is being offered to one who waits; decline that offer instead.";
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", "held"));
    }
    let why = if actor.is_portal() {
        PlaceEnd::GivenBack
    } else {
        PlaceEnd::Removed { reason: Some(reason.clone()).filter(|reason| !reason.is_empty()) }
    };
    booked.row.state.cancel()?;
    if channel.is_some() && booked.row.state == BookingState::Confirmed && has_begun(&booked, tx.now) {
        return Err(begun(&booked));
    }
    let judged = channel.map_or(Ok(Lateness::OnTime), |channel| judging::lateness(tx, &booked, channel));
    let before = booked.row.clone();
    let row = match (judged, override_reason) {
        // What is in time needs no reason, and keeps none.
        (Ok(Lateness::OnTime), _) => before,
        (Ok(_) | Err(ServiceError::Refused(_)), Some(reason)) => BookingRow { override_reason: Some(reason), ..before },
        (judged, _) => judged?.onto(before),
    };
    end(tx, &Booked { row, ..booked }, By::of(actor), why, &reason)
}

/// The booking that a link in a letter speaks for.
///
/// # Errors
/// Not found.
pub fn behind(tx: &mut Tx<'_>, id: BookingId) -> Result<Booked, ServiceError> {
    bookings::find(tx.conn, id)?.ok_or(ServiceError::NotFound)
}

/// What the student shows at the door, where there is one to come to.
#[must_use]
pub fn pass(app: &App, booked: &Booked) -> Option<DoorPass> {
    places::pass(app, &booked.about, &booked.row.code)
}

/// Whether a place has begun. One that is postponed has not, whatever was said before.
#[must_use]
pub fn has_begun(booked: &Booked, now: Instant) -> bool {
    booked.about.state != EventState::Postponed && booked.row.starts_at <= now
}

fn begun(booked: &Booked) -> ServiceError {
    ServiceError::refused(Code::HasBegun, format!("It began at {}.", booked.row.starts_at))
}

/// Whoever has the link gives the place back.
///
/// # Errors
/// Not found; `wrong_state`; `has_begun`; `too_late_to_cancel`.
pub fn cancel_by_link(tx: &mut Tx<'_>, id: BookingId) -> Result<Booked, ServiceError> {
    let booked = behind(tx, id)?;
    booked.row.state.cancel()?;
    if has_begun(&booked, tx.now) {
        return Err(begun(&booked));
    }
    let row = judging::lateness(tx, &booked, Channel::Online)?.onto(booked.row.clone());
    end(tx, &Booked { row, ..booked }, By::Student, PlaceEnd::GivenBack, "")
}

/// Moves a student to another slot of the same event, in one step: the calendar entry stays the same one, and the log keeps
/// the reason, if there is one.
///
/// # Errors
/// Those of [`find`]; `wrong_state`; `unknown_reference` for a slot of another event; what stands in the way there.
pub fn relocate(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: BookingId,
    slot: SlotId,
    reason: &str,
) -> Result<Booked, ServiceError> {
    let booked = own(tx, actor, id, Action::BookPlaces)?;
    let reason = prose("reason", reason, 0, 500)?;
    booked.row.state.relocate()?;
    let about = abouts::find(tx.conn, slot)?.filter(|about| about.event == booked.row.event_id);
    let Some(about) = about else {
        let detail = format!("the event has no slot {slot}");
        return Err(Invalid::new("slot_id", "unknown_reference", detail).into());
    };
    if booked.row.starts_at <= tx.now {
        return Err(ServiceError::refused(Code::HasBegun, format!("It began at {}.", booked.row.starts_at)));
    }
    if about.slot.id == booked.row.slot_id {
        return Err(places::refusal(&about, &BookingRefused::Already));
    }
    // A move gives the earlier place back: where that would be late, only the office moves anybody.
    if actor.is_portal() && judging::lateness(tx, &booked, Channel::Online)? != Lateness::OnTime {
        let detail = "It is too late to give this place back in time, and so to move it; the office can.";
        return Err(ServiceError::refused(Code::TooLateToCancel, detail));
    }
    let waited = admit(tx, &about, &booked.student, true, Terms::moving(&booked.row))?;
    let moved = places::shift(tx, &booked, about, By::of(actor), Shifted::Asked(&reason))?;
    if waited {
        has_a_place(tx, &moved, By::of(actor))?;
    }
    pass_on(tx, &booked.about)?;
    Ok(moved)
}

/// A mark of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The student is there.
    CheckedIn,
    /// The student was there.
    Attended,
    /// The student did not come.
    NoShow,
    /// The student did not come, for this reason, which counts.
    Excused(String),
}

/// What has no time yet has no day on which somebody could come.
pub(super) fn on_its_day(booked: &Booked) -> Result<(), ServiceError> {
    if booked.about.state == EventState::Postponed {
        let detail = "The event is postponed; who came is marked once it has its new time and its day has come.";
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", booked.about.state.as_str()));
    }
    Ok(())
}

/// Marks whether a student came.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`, also while the event is postponed; `too_early`; the reason's.
pub fn mark(tx: &mut Tx<'_>, actor: &Actor, id: BookingId, mark: &Mark) -> Result<Booked, ServiceError> {
    let booked = own(tx, actor, id, Action::MarkPlaces)?;
    if let Mark::Excused(reason) = mark
        && booked.row.state == BookingState::Cancelled
        && booked.row.late
    {
        return forgive(tx, booked, reason);
    }
    on_its_day(&booked)?;
    let start = booked.row.starts_at;
    let (state, from, what) = match mark {
        Mark::CheckedIn => (booked.row.state.check_in()?, Some(start.plus(-DOORS_OPEN)), "checked_in"),
        Mark::Attended => (booked.row.state.attend()?, Some(start), "attended"),
        Mark::NoShow => (booked.row.state.miss()?, Some(start), "no_show"),
        Mark::Excused(_) => (booked.row.state.excuse()?, None, "excused"),
    };
    if let Some(from) = from.filter(|from| tx.now < *from) {
        return Err(ServiceError::refused(Code::TooEarly, format!("This is possible from {from} on.")));
    }
    let reason = match mark {
        Mark::Excused(reason) => Some(prose("reason", reason, 1, 500)?),
        Mark::CheckedIn | Mark::Attended | Mark::NoShow => None,
    };
    set_mark(tx, booked, state, (what, By::Office), reason.as_deref())
}

/// A late cancellation for which there was a reason that counts was not late.
fn forgive(tx: &mut Tx<'_>, booked: Booked, reason: &str) -> Result<Booked, ServiceError> {
    let reason = prose("reason", reason, 1, 500)?;
    let row = BookingRow {
        late: false,
        as_no_show: false,
        override_reason: Some(reason.clone()),
        ..booked.row.into_state(booked.row.state, tx.now)
    };
    bookings::update(tx.conn, &row)?;
    note(tx, &row, "excused", By::Office, &reason)?;
    Ok(Booked { row, ..booked })
}

/// Keeps a mark that may be set. `what` and by whom are what the log says.
pub(super) fn set_mark(
    tx: &mut Tx<'_>,
    booked: Booked,
    state: BookingState,
    (what, by): (&str, By),
    reason: Option<&str>,
) -> Result<Booked, ServiceError> {
    let came = (state == BookingState::CheckedIn).then_some(tx.now).or(booked.row.checked_in_at);
    let row = BookingRow {
        marked_from: Some(booked.row.state),
        checked_in_at: came,
        state_reason: reason.map(ToOwned::to_owned).or_else(|| booked.row.state_reason.clone()),
        ..booked.row.into_state(state, tx.now)
    };
    bookings::update(tx.conn, &row)?;
    note(tx, &row, what, by, reason.unwrap_or_default())?;
    let marked = Booked { row, ..booked };
    if !marked.row.state.is_expected() {
        pass_on(tx, &marked.about)?;
    }
    Ok(marked)
}

/// Takes the last mark back.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state` where there is none, or while the event is postponed; `slot_closed` where
/// the event or the slot is off; `already_booked`, `slot_full` where the place has gone to the student again or to another.
pub fn undo(tx: &mut Tx<'_>, actor: &Actor, id: BookingId) -> Result<Booked, ServiceError> {
    let booked = own(tx, actor, id, Action::MarkPlaces)?;
    on_its_day(&booked)?;
    let wrong = || ServiceError::from(WrongState { from: booked.row.state.as_str(), verb: "undo" });
    let state = booked.row.marked_from.filter(|_| booked.row.state.is_mark()).ok_or_else(wrong)?;
    let revived = !BookingState::SEATED.contains(&booked.row.state) && BookingState::SEATED.contains(&state);
    if revived {
        may_be_revived(tx, &booked)?;
    }
    let back = state == BookingState::Confirmed;
    let mut row = BookingRow {
        // What was marked before the mark that goes is known only for one step.
        marked_from: (state == BookingState::CheckedIn).then_some(BookingState::Confirmed),
        checked_in_at: booked.row.checked_in_at.filter(|_| !back),
        ..booked.row.into_state(state, tx.now)
    };
    // Nobody told who was excused of another time that the slot has had since.
    let window = booked.about.slot.when.window();
    let moved = revived && (row.starts_at, row.ends_at) != (window.start(), window.end());
    if moved {
        row = BookingRow { starts_at: window.start(), ends_at: window.end(), ..row.touched(tx.now) };
    }
    if !bookings::update(tx.conn, &row)? {
        return Err(walled());
    }
    note(tx, &row, "undone", By::Office, &format!("It was {}.", booked.row.state.as_str().replace('_', " ")))?;
    let undone = Booked { row, ..booked };
    if moved {
        tell(tx, &undone)?;
    }
    Ok(undone)
}

/// Requires that a place which was given up for good is there to be taken again.
pub(super) fn may_be_revived(tx: &mut Tx<'_>, booked: &Booked) -> Result<(), ServiceError> {
    if booked.about.state == EventState::Cancelled {
        return Err(places::refusal(&booked.about, &BookingRefused::Event(booked.about.state)));
    }
    if booked.about.slot.state == SlotState::Cancelled {
        return Err(places::refusal(&booked.about, &BookingRefused::Slot(booked.about.slot.state)));
    }
    let start = booked.about.slot.when.window().start();
    let had = bookings::list_of_student(tx.conn, booked.student.id, booked.row.event_id, start, tx.now)?;
    if let Some(other) = had.iter().find(|place| place.slot == booked.row.slot_id) {
        let refused = ServiceError::refused(Code::AlreadyBooked, "The student has another place in this slot by now.");
        return Err(refused.with("booking_id", other.booking.to_string()));
    }
    let taken = bookings::count_taken(tx.conn, booked.row.slot_id, tx.now)?;
    if taken + booked.row.places() > booked.about.slot.capacity.into() {
        let refused = ServiceError::refused(Code::SlotFull, "The place has gone to somebody else.");
        return Err(refused.with("waiting", 0));
    }
    Ok(())
}

/// What happened to the places of an event, with the campus's names for the students.
///
/// # Errors
/// Not found; those of [`require`].
pub fn log(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    after: Option<PlaceLogId>,
    most: i64,
) -> Result<Vec<(PlaceLogRow, String)>, ServiceError> {
    event_of(tx, actor, event, Action::MarkPlaces)?;
    Ok(place_log::list(tx.conn, event, after, most)?)
}

/// Ends the holds that have run out, each in a transaction of its own; answers how many. Their places were free before.
///
/// # Errors
/// The database's.
pub async fn expire_holds(app: &App) -> Result<usize, ServiceError> {
    let mut ended = 0;
    while let Some(id) = app.read(|tx| Ok(bookings::find_hold_due(tx.conn, tx.now)?)).await? {
        app.write(move |tx| {
            let Some(booked) = bookings::find(tx.conn, id)? else { return Ok(()) };
            let due = booked.row.state == BookingState::Held && booked.row.held_until.is_some_and(|at| at <= tx.now);
            if due {
                let row = BookingRow {
                    state_reason: Some("The hold ran out.".to_owned()),
                    ..booked.row.into_state(booked.row.state.cancel()?, tx.now)
                };
                bookings::update(tx.conn, &row)?;
                note(tx, &row, "hold_expired", By::Rule, "")?;
                pass_on(tx, &booked.about)?;
            }
            Ok(())
        })
        .await?;
        ended += 1;
    }
    Ok(ended)
}
