//! Walk-ins: whoever comes without a place and is let in, into a slot that is named or the next one with a free place, and
//! is checked in at once.
//!
//! There is never more than a slot holds, and nobody twice in it. Whoever is not among those it is for, has something else
//! at that time, or stands behind others who wait, is let in only by the office and for a reason that is kept. Absent on
//! purpose: cut-offs and the hours of booking, which are for those who book from afar.

use super::access::{Actor, require};
use super::app::Tx;
use super::bookings::{event_of, set_mark};
use super::code::Code;
use super::error::ServiceError;
use super::places::{self, By, fresh, may_enter, note, refusal, tell, walled};
use super::queue;
use super::waitlist;
use crate::domain::ids::{CampusId, EventId, OwnerId, SlotId, StudentId};
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, prose};
use crate::domain::scheduling::booking::{BookingRefused, BookingState, DOORS_OPEN, Student};
use crate::domain::scheduling::door::is_worth_joining;
use crate::domain::scheduling::slot::SlotState;
use crate::store::bookings::{self, Booked, BookingRow};
use crate::store::events::{self, EventRow};
use crate::store::places::{self as abouts, PlaceAbout};
use crate::store::students::{self, StudentRow};
use crate::store::waitlist_entries;

/// Who came, as far as they said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walker {
    /// The campus's own name for them; enough by itself for somebody it knows.
    pub external_ref: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// Where letters reach them.
    pub email: Option<String>,
}

/// Where they are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// Into this slot.
    Slot(SlotId),
    /// Into the next one with a free place.
    Next,
}

/// The most slots among which the next free place is looked for.
const MOST_SLOTS: i64 = 1_000;

/// Lets somebody in who has no place. A reason sets aside what only the office may set aside.
///
/// # Errors
/// Not found; those of the rights; who they are; what stands in the way.
pub fn let_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    walker: &Walker,
    into: Result<Into, Invalid>,
    reason: Option<&str>,
) -> Result<Booked, ServiceError> {
    let event = event_of(tx, actor, event, Action::CheckIn)?;
    if reason.is_some() {
        require(tx, actor, event.campus_id, Action::MarkPlaces)?;
    }
    let reason = reason.map(|reason| prose("override_reason", reason, 1, 500)).transpose()?;
    enter(tx, &event, walker, into?, reason.as_deref(), (By::of(actor), actor.owner()))
}

/// Lets somebody in at the door, for whoever has the day's link. Nothing is set aside there.
///
/// # Errors
/// As [`let_in`].
pub fn let_in_at_door(tx: &mut Tx<'_>, event: EventId, walker: &Walker, into: Into) -> Result<Booked, ServiceError> {
    let event = events::find(tx.conn, event)?.ok_or(ServiceError::NotFound)?;
    let owner = OwnerId::from_uuid(event.id.uuid());
    enter(tx, &event, walker, into, None, (By::Door, owner))
}

/// The slots whose doors are open and that have free places, with how many.
///
/// # Errors
/// The database's.
pub fn free_now(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<(PlaceAbout, u32)>, ServiceError> {
    let open = abouts::list_open(tx.conn, event, (tx.now, tx.now.plus(DOORS_OPEN)), MOST_SLOTS)?;
    let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
    let free = open.into_iter().filter_map(|about| {
        let taken = taken.get(&about.slot.id).copied().unwrap_or_default();
        let free = u32::from(about.slot.capacity).saturating_sub(taken);
        (free > 0).then_some((about, free))
    });
    Ok(free.collect())
}

fn enter(
    tx: &mut Tx<'_>,
    event: &EventRow,
    walker: &Walker,
    into: Into,
    reason: Option<&str>,
    (by, owner): (By, OwnerId),
) -> Result<Booked, ServiceError> {
    let (student, known) = who(tx, event.campus_id, walker)?;
    let over = reason.is_some();
    if known && let Some(booked) = by_offer(tx, event.id, &student, into, by)? {
        return Ok(booked);
    }
    let about = match into {
        Into::Slot(slot) => {
            let about = abouts::find(tx.conn, slot)?
                .filter(|about| about.event == event.id)
                .ok_or_else(|| Invalid::new("slot_id", "unknown_reference", format!("the event has no slot {slot}")))?;
            may_enter(tx, &about, &student, known, over)?.map_err(|refused| refusal(&about, &refused))?;
            about
        }
        Into::Next => next(tx, event.id, &student, known, over)?,
    };
    if !known {
        students::insert(tx.conn, &student)?;
    }
    let mut row = BookingRow {
        state: BookingState::CheckedIn,
        marked_from: Some(BookingState::Confirmed),
        checked_in_at: Some(tx.now),
        walk_in: true,
        override_reason: reason.map(str::to_owned),
        ..fresh(tx, &about, &student, owner)?
    };
    if !bookings::insert(tx.conn, &mut row)? {
        return Err(walled());
    }
    let booked = Booked { row, student, about };
    queue::is_in(tx, &booked, by)?;
    // Whoever goes in now needs no letter; whoever is let in for later has something to put into the calendar.
    if tx.now < booked.row.starts_at {
        tell(tx, &booked)?;
    }
    note(tx, &booked.row, "walked_in", by, reason.unwrap_or_default())?;
    Ok(booked)
}

/// A place that is held for the student, who waited for one: being there takes it. Held elsewhere than where the student
/// goes in, it goes to the next.
fn by_offer(
    tx: &mut Tx<'_>,
    event: EventId,
    student: &StudentRow,
    into: Into,
    by: By,
) -> Result<Option<Booked>, ServiceError> {
    let Some(entry) = waitlist_entries::find_offered(tx.conn, event, student.id)? else { return Ok(None) };
    let (waiting, held) = waitlist::behind(tx, entry)?;
    if waiting.row.offer_deadline.is_none_or(|deadline| deadline <= tx.now) {
        return Ok(None);
    }
    let opens = held.row.starts_at.plus(-DOORS_OPEN);
    let meant = match into {
        Into::Slot(slot) => slot == held.row.slot_id,
        Into::Next => opens <= tx.now,
    };
    if !meant {
        let state = waiting.row.state.decline()?;
        waitlist::let_go(tx, waiting, state, "declined", by)?;
        return Ok(None);
    }
    if tx.now < opens {
        return Err(refusal(&held.about, &BookingRefused::DoorsShut(opens)));
    }
    waitlist::say_yes(tx, waiting, by)?;
    let taken = bookings::find(tx.conn, held.row.id)?.ok_or(ServiceError::NotFound)?;
    let state = taken.row.state.check_in()?;
    set_mark(tx, taken, state, ("checked_in", by), None).map(Some)
}

/// The slot with the next free place that this student may have.
fn next(
    tx: &mut Tx<'_>,
    event: EventId,
    student: &StudentRow,
    known: bool,
    over: bool,
) -> Result<PlaceAbout, ServiceError> {
    if known && let Some(place) = places::place_now(tx, event, student)? {
        // Pressed twice, or expected anyway: a second place is not what is meant.
        let start = place.commitment.window.start();
        let detail = format!("The student has a place of this event that begins at {start}; check them in there.");
        let refused = ServiceError::refused(Code::AlreadyBooked, detail);
        return Err(refused.with("booking_id", place.booking.to_string()));
    }
    let mut stood = None;
    for (about, _) in free_now(tx, event)? {
        if about.slot.state != SlotState::Open || !is_worth_joining(about.slot.when.window(), tx.now) {
            continue;
        }
        match may_enter(tx, &about, student, known, over)? {
            Ok(()) => return Ok(about),
            // What speaks against the student speaks so at every slot.
            Err(refused @ (BookingRefused::NotEligible(_) | BookingRefused::Limit(_) | BookingRefused::Event(_))) => {
                return Err(refusal(&about, &refused));
            }
            Err(refused) => {
                stood.get_or_insert_with(|| refusal(&about, &refused));
            }
        }
    }
    Err(stood.unwrap_or_else(|| {
        let detail = "No place is free now, and none of the slots that begin within two hours has one.";
        ServiceError::refused(Code::SlotFull, detail).with("waiting", 0)
    }))
}

/// The student who came: one whom the campus knows, or somebody new.
fn who(tx: &mut Tx<'_>, campus: CampusId, walker: &Walker) -> Result<(StudentRow, bool), ServiceError> {
    let known = match (&walker.external_ref, &walker.email) {
        (Some(known), _) => students::find_by_ref(tx.conn, campus, known.trim())?,
        (None, Some(email)) => students::find_by_email(tx.conn, campus, &email.trim().to_lowercase())?,
        (None, None) => {
            let detail = "say who came: an e-mail address, or an external_ref that the campus knows";
            return Err(Invalid::new("student/email", "required", detail).into());
        }
    };
    if let Some(known) = known {
        return Ok((known, true));
    }
    if let (Some(unknown), Some(email)) = (&walker.external_ref, &walker.email)
        && let Some(there) = students::find_by_email(tx.conn, campus, &email.trim().to_lowercase())?
    {
        let detail =
            format!("the campus knows no {unknown:?}, but this e-mail address is that of {}", there.external_ref);
        return Err(Invalid::new("student/external_ref", "unknown_reference", detail).into());
    }
    let id = StudentId::mint();
    let required = |field: &'static str, value: &Option<String>| {
        let detail = "whom the campus does not know yet comes with a name and an e-mail address";
        value.clone().ok_or_else(|| Invalid::new(format!("student/{field}"), "required", detail))
    };
    let (name, email) = match (required("name", &walker.name), required("email", &walker.email)) {
        (Ok(name), Ok(email)) => (name, email),
        (name, email) => return Err([name.err(), email.err()].into_iter().flatten().collect::<Vec<_>>().into()),
    };
    let external_ref = walker.external_ref.clone().unwrap_or_else(|| format!("walk-in-{id}"));
    let student = Student::new(&external_ref, &name, &email, &[], None, &[])
        .map_err(|faults| faults.into_iter().map(|fault| fault.within("student")).collect::<Vec<_>>())?;
    let row = StudentRow { id, campus_id: campus, student, revision: 1, created_at: tx.now, updated_at: tx.now };
    Ok((row, false))
}
