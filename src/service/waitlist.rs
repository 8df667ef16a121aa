//! The waitlist: who waits for a place of an event, and what they answer when one is held for them.

use std::sync::Arc;

use chrono::TimeDelta;

use super::access::{Actor, require};
use super::app::{App, Tx};
use super::bookings::{Free, hinted, take};
use super::code::Code;
use super::error::ServiceError;
use super::places::{By, note_entry, refusal};
use super::queue::{self, first_unpromised, pass_on, tell_offer_closed};
use super::{sharing, students};
use crate::domain::ids::{CampusId, EventId, SlotId, WaitlistEntryId};
use crate::domain::notice::HeldEnd;
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, WrongState, prose};
use crate::domain::scheduling::booking::{BookingRefused, Student};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::slot::SlotState;
use crate::domain::scheduling::waitlist::{EntryState, Wish};
use crate::store::bookings::{self, Booked, BookingRow};
use crate::store::events::{self, EventRow};
use crate::store::places::PlaceAbout;
use crate::store::slots::{self, Outline};
use crate::store::students::StudentRow;
use crate::store::waitlist_entries::{self, EntryRow};
use crate::store::{places as abouts, waitlist_entries as entries};

pub use crate::store::waitlist_entries::Waiting;

/// Requires that the actor may put students on the waitlist, before what they sent is looked at.
///
/// # Errors
/// Not found; those of the rights.
pub fn may_join(tx: &mut Tx<'_>, actor: &Actor, event: EventId, campus: Option<CampusId>) -> Result<(), ServiceError> {
    joinable(tx, actor, event, campus).map(drop)
}

/// The event, and for students of which campus the actor may put somebody on its waitlist.
fn joinable(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    campus: Option<CampusId>,
) -> Result<(EventRow, CampusId), ServiceError> {
    let event = events::find(tx.conn, event)?.ok_or(ServiceError::NotFound)?;
    let home = sharing::home(tx, actor, (event.id, event.campus_id), campus, Action::BookPlaces)?;
    if (actor.is_portal() || home != event.campus_id) && !event.is_public() {
        return Err(ServiceError::NotFound);
    }
    Ok((event, home))
}

/// Puts a student on the waitlist of an event.
///
/// # Errors
/// Not found; those of the rights; `slot_closed`, `has_begun`, `not_eligible`, `already_waiting`, `places_free`;
/// `unknown_reference` for a slot of another event.
pub fn join(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    (student, campus): (&Student, Option<CampusId>),
    (wish, party): (&Wish, i64),
) -> Result<Waiting, ServiceError> {
    let (event, home) = joinable(tx, actor, event, campus)?;
    match event.state {
        EventState::Published | EventState::InProgress => {}
        EventState::Draft | EventState::Postponed | EventState::Completed | EventState::Cancelled => {
            let detail = format!("The event is {}.", event.state);
            return Err(ServiceError::refused(Code::SlotClosed, detail).with("state", event.state.as_str()));
        }
    }
    let party = abouts::find_rules(tx.conn, event.id)?.party(party)?;
    let slots = slots::outlines(tx.conn, event.id)?;
    if let Some((number, slot)) =
        wish.slots.iter().enumerate().find(|(_, wished)| slots.iter().all(|slot| slot.id != **wished))
    {
        let detail = format!("the event has no slot {slot}");
        return Err(Invalid::new(format!("slot_ids/{number}"), "unknown_reference", detail).into());
    }
    let fits: Vec<Outline> = slots
        .into_iter()
        .filter(|slot| slot.capacity >= party && slot.state != SlotState::Cancelled && tx.now < slot.window.start())
        .filter(|slot| wish.takes(slot.id, slot.window))
        .collect();
    let first = fits.first().map(|slot| abouts::find(tx.conn, slot.id)).transpose()?.flatten();
    let Some(first) = first else {
        return Err(ServiceError::refused(Code::HasBegun, "No slot that would do is still to come."));
    };
    let (student, known) = students::know(tx, home, student)?;
    if known && waitlist_entries::is_waiting(tx.conn, event.id, student.id)? {
        return Err(ServiceError::refused(Code::AlreadyWaiting, "The student waits for a place of this event."));
    }
    let attended = bookings::attended(tx.conn, student.id, &first.rules.after_events)?;
    let refusals = first.rules.not_eligible(&student.student, &attended);
    if !refusals.is_empty() {
        return Err(refusal(&first, &BookingRefused::NotEligible(refusals)));
    }
    if let Some(free) = free_for(tx, event.id, &fits, (&student, known), party)? {
        let detail = format!("The slot at {} has a free place.", free.slot.when.window().start());
        return Err(ServiceError::refused(Code::PlacesFree, detail));
    }
    let row = EntryRow {
        id: WaitlistEntryId::mint(),
        campus_id: home,
        event_id: event.id,
        student_id: student.id,
        wish: wish.clone(),
        party: i32::try_from(party).unwrap_or(1),
        state: EntryState::Waiting,
        booking_id: None,
        offer_deadline: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    entries::insert(tx.conn, &row)?;
    note_entry(tx, &row, None, "joined", By::of(actor), "")?;
    Ok(Waiting { row, student })
}

/// The first of these slots that has a place which is promised to nobody and which the student may have. When booking
/// opens all are full at once and thousands join: who else waits is read only where a place is left over.
fn free_for(
    tx: &mut Tx<'_>,
    event: EventId,
    fits: &[Outline],
    who: (&StudentRow, bool),
    party: u32,
) -> Result<Option<PlaceAbout>, ServiceError> {
    let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
    let left = fits.iter().map(|slot| {
        let taken = taken.get(&slot.id).copied().unwrap_or_default();
        (slot.id, slot.capacity.saturating_sub(taken))
    });
    let roomy: Vec<(SlotId, u32)> = left.filter(|(_, free)| *free >= party).collect();
    first_unpromised(tx, event, &roomy, who, party)
}

/// The slots of an event with a free place.
///
/// # Errors
/// The database's.
pub async fn alternatives(app: &App, event: EventId) -> Result<Arc<Vec<Free>>, ServiceError> {
    hinted(app, event).await
}

/// The entry, if the actor may act for its student, and the replay if the same was asked before.
fn own(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let waiting = entries::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let event = events::find(tx.conn, waiting.row.event_id)?.ok_or(ServiceError::NotFound)?;
    sharing::require_for(tx, actor, waiting.row.campus_id, event.campus_id, Action::BookPlaces)?;
    Ok(waiting)
}

/// An entry.
///
/// # Errors
/// Not found; those of the rights.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    own(tx, actor, id)
}

/// Where an entry stands in the queue, from 1; `None` unless it waits.
///
/// # Errors
/// The database's.
pub fn position(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<Option<i64>, ServiceError> {
    match waiting.row.state {
        EntryState::Waiting => Ok(Some(entries::count_before(tx.conn, &waiting.row)? + 1)),
        EntryState::Offered
        | EntryState::Accepted
        | EntryState::Expired
        | EntryState::Declined
        | EntryState::Left
        | EntryState::Closed => Ok(None),
    }
}

/// The entries of an event in order of the queue.
///
/// # Errors
/// Not found; those of the rights.
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    state: Option<EntryState>,
    after: Option<super::dated::Dated<WaitlistEntryId>>,
    most: i64,
) -> Result<Vec<Waiting>, ServiceError> {
    let (_, campuses) = sharing::seen(tx, actor, event, Action::BookPlaces)?;
    let after = after.map(super::dated::Dated::parts);
    Ok(entries::list_of_event(tx.conn, event, state, campuses.as_deref(), after, most)?)
}

/// The entry that a link in a letter speaks for, and the place that was held for it.
///
/// # Errors
/// Not found.
pub fn behind(tx: &mut Tx<'_>, id: WaitlistEntryId) -> Result<(Waiting, Booked), ServiceError> {
    let waiting = entries::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let booked = held(tx, &waiting)?;
    Ok((waiting, booked))
}

fn held(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<Booked, ServiceError> {
    let booking = waiting.row.booking_id.ok_or(ServiceError::NotFound)?;
    bookings::find(tx.conn, booking)?.ok_or(ServiceError::NotFound)
}

/// The student takes the place.
///
/// # Errors
/// Not found; those of the rights; `wrong_state`, `offer_expired`, `has_begun`.
pub fn accept(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let waiting = own(tx, actor, id)?;
    say_yes(tx, waiting, By::of(actor))
}

/// Whoever has the link takes the place.
///
/// # Errors
/// As [`accept`].
pub fn accept_by_link(tx: &mut Tx<'_>, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let (waiting, _) = behind(tx, id)?;
    say_yes(tx, waiting, By::Student)
}

pub(super) fn say_yes(tx: &mut Tx<'_>, waiting: Waiting, by: By) -> Result<Waiting, ServiceError> {
    let state = match waiting.row.state.accept() {
        Ok(state) => state,
        Err(_) if waiting.row.state == EntryState::Expired => return Err(expired(&waiting.row)),
        Err(wrong) => return Err(wrong.into()),
    };
    if waiting.row.offer_deadline.is_none_or(|deadline| deadline <= tx.now) {
        return Err(expired(&waiting.row));
    }
    let booked = held(tx, &waiting)?;
    take(tx, &booked, booked.row.state.confirm()?, by)?;
    let row = waiting.row.into_state(state, tx.now);
    entries::update(tx.conn, &row)?;
    note_entry(tx, &row, Some(booked.row.slot_id), "accepted", by, "")?;
    Ok(Waiting { row, ..waiting })
}

fn expired(row: &EntryRow) -> ServiceError {
    let when = row.offer_deadline.map(|deadline| format!(" at {deadline}")).unwrap_or_default();
    ServiceError::refused(Code::OfferExpired, format!("The time to answer ended{when}."))
}

/// The student does not want the place; it goes to the next.
///
/// # Errors
/// Not found; those of the rights; `wrong_state`.
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let waiting = own(tx, actor, id)?;
    let state = waiting.row.state.decline()?;
    let_go(tx, waiting, state, "declined", By::of(actor))
}

/// Whoever has the link does not want the place.
///
/// # Errors
/// As [`decline`].
pub fn decline_by_link(tx: &mut Tx<'_>, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let (waiting, _) = behind(tx, id)?;
    let state = waiting.row.state.decline()?;
    let_go(tx, waiting, state, "declined", By::Student)
}

/// The student does not wait any more; a place that was held goes to the next.
///
/// # Errors
/// Not found; those of the rights; `wrong_state`.
pub fn leave(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId) -> Result<Waiting, ServiceError> {
    let waiting = own(tx, actor, id)?;
    let state = waiting.row.state.leave()?;
    let_go(tx, waiting, state, "left", By::of(actor))
}

/// Puts one who waits before everybody else who does, by the decision of the office that runs the event; the log keeps why.
///
/// # Errors
/// Not found; those of the rights; `wrong_state` for one who does not wait; the reason's.
pub fn move_up(tx: &mut Tx<'_>, actor: &Actor, id: WaitlistEntryId, reason: &str) -> Result<Waiting, ServiceError> {
    let waiting = entries::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let event = events::find(tx.conn, waiting.row.event_id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, event.campus_id, Action::ManagePlaces)?;
    let reason = prose("reason", reason, 1, 500)?;
    if waiting.row.state != EntryState::Waiting {
        return Err(WrongState { from: waiting.row.state.as_str(), verb: "move_up" }.into());
    }
    // The claim becomes older than the oldest.
    let first = entries::list_of_event(tx.conn, event.id, Some(EntryState::Waiting), None, None, 1)?;
    let Some(first) = first.first().filter(|first| first.row.id != id) else { return Ok(waiting) };
    let created_at = first.row.created_at.plus(-TimeDelta::seconds(1));
    let row = EntryRow { created_at, ..waiting.row.into_state(EntryState::Waiting, tx.now) };
    entries::update(tx.conn, &row)?;
    note_entry(tx, &row, None, "moved_up", By::of(actor), &reason)?;
    Ok(Waiting { row, ..waiting })
}

/// Ends an entry, and frees the place that was held for it.
pub(super) fn let_go(
    tx: &mut Tx<'_>,
    waiting: Waiting,
    state: EntryState,
    what: &str,
    by: By,
) -> Result<Waiting, ServiceError> {
    let was_offered = waiting.row.state == EntryState::Offered;
    let row = waiting.row.into_state(state, tx.now);
    entries::update(tx.conn, &row)?;
    let freed = if was_offered { Some(held(tx, &waiting)?) } else { None };
    note_entry(tx, &row, freed.as_ref().map(|booked| booked.row.slot_id), what, by, "")?;
    if let Some(booked) = freed {
        let gone = BookingRow {
            state_reason: Some("The place was not taken.".to_owned()),
            held_until: None,
            ..booked.row.into_state(booked.row.state.cancel()?, tx.now)
        };
        bookings::update(tx.conn, &gone)?;
        if state == EntryState::Expired {
            tell_offer_closed(tx, &booked.about, &waiting.student, row.id, HeldEnd::Expired)?;
        }
        pass_on(tx, &booked.about)?;
    }
    Ok(Waiting { row, ..waiting })
}

/// Ends the entries of a campus that books no more in an event of another. What is being offered stays so.
pub(super) fn close_of_campus(tx: &mut Tx<'_>, event: EventId, campus: CampusId) -> Result<(), ServiceError> {
    for waiting in entries::queue(tx.conn, event)? {
        if waiting.row.campus_id != campus || waiting.row.state != EntryState::Waiting {
            continue;
        }
        let row = waiting.row.into_state(waiting.row.state.close()?, tx.now);
        entries::update(tx.conn, &row)?;
        note_entry(tx, &row, None, "closed", By::Office, "The campus shares the event no more.")?;
    }
    Ok(())
}

/// Ends every entry of an event that does not take place.
pub(super) fn close_all(tx: &mut Tx<'_>, event: EventId, reason: &str) -> Result<(), ServiceError> {
    for waiting in entries::queue(tx.conn, event)? {
        let row = waiting.row.into_state(waiting.row.state.close()?, tx.now);
        entries::update(tx.conn, &row)?;
        note_entry(tx, &row, None, "closed", By::Office, reason)?;
    }
    Ok(())
}

/// Marks the offers whose time to answer has passed, and passes their places on, each in a transaction of its own;
/// answers how many.
///
/// # Errors
/// The database's.
pub async fn expire_due(app: &App) -> Result<usize, ServiceError> {
    let mut ended = 0;
    while let Some(id) = app.read(|tx| Ok(entries::find_due(tx.conn, tx.now)?)).await? {
        app.write(move |tx| {
            let Some(waiting) = entries::find(tx.conn, id)? else { return Ok(()) };
            let due = waiting.row.offer_deadline.is_some_and(|deadline| deadline <= tx.now);
            if let Ok(state) = waiting.row.state.expire()
                && due
            {
                let_go(tx, waiting, state, "offer_expired", By::Rule)?;
            }
            Ok(())
        })
        .await?;
        ended += 1;
    }
    Ok(ended)
}

/// Asks those who wait for what has room and was shut to them when it came free: before booking opened, or while they had
/// something else then. Answers how many.
///
/// # Errors
/// The database's.
pub async fn pass_on_overlooked(app: &App) -> Result<usize, ServiceError> {
    let mut asked = 0;
    for event in app.read(|tx| Ok(entries::list_events_waited_for(tx.conn, tx.now)?)).await? {
        let slots = app.read(move |tx| queue::overlooked(tx, event)).await?;
        if !slots.is_empty() {
            let turn = app.turn(event.uuid()).await;
            asked += app.write(move |tx| queue::pass_on_many(tx, event, &slots, &[])).await?;
            drop(turn);
        }
    }
    Ok(asked)
}
