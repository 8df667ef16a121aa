//! Another time for an event: postponed, put to another time, or on again; and everybody in it moved with it.
//!
//! The event, its slots and places, its need and seats keep their ids and calendar UIDs; each person gets one letter about
//! each entry in their calendar, with its sequence raised. What was not settled is not carried to a time nobody agreed
//! to: holds end, and places held for those who wait are offered to them anew. Who now overlaps keeps both, is named, and
//! stands on the attention list. Absent on purpose: the reading of the grid's document, which is the door's.

mod work;

use std::collections::HashMap;

use serde_json::Value;

use self::work::Work;
use super::access::Actor;
use super::app::Tx;
use super::code::Code;
use super::error::{Seen, ServiceError};
use super::events::{EventRow, keep, manageable, need_of};
use super::places::{By, note, tell_news, walled};
use super::queue::{put_back, tell_offer_closed};
use super::staffing;
use crate::domain::ids::{EventId, SlotId, WaitlistEntryId};
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::campus_request::Mode;
use crate::domain::notice::{HeldEnd, News, OfferEnd};
use crate::domain::refusal::{Invalid, line, prose};
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::event::{EventState, presented};
use crate::domain::scheduling::event_part::EventPart;
use crate::domain::scheduling::reschedule::{Shift, Unmovable};
use crate::domain::time::{Fold, Instant, LocalWindow, Window};
use crate::store::assignments::{self, Assigned, AssignmentRow};
use crate::store::bookings::{self, Booked, BookingRow};
use crate::store::feed_revisions;
use crate::store::offers;
use crate::store::slots::SlotRow;

/// Why a place or a seat may overlap while its event has no time.
const POSTPONED: &str = "The event is postponed.";
/// Why one may overlap after its event was put to another time.
const RESCHEDULED: &str = "The event was put to another time.";
/// The most open offers of one need that are looked at together.
const ALL_OFFERS: i64 = 10_000;

/// Another time for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTime {
    /// When.
    pub when: LocalWindow,
    /// Which of two equal wall times is meant, for the slots as well.
    pub fold: Option<Fold>,
    /// Another place, or none; where nothing is said, the same.
    pub place: Option<Option<String>>,
    /// Another presenter, or none; where nothing is said, the same.
    pub presenter: Option<Option<String>>,
    /// Why, for everybody who is told.
    pub reason: Option<String>,
}

/// How the new time is read: after the rights, on the clocks of the event.
pub type ReadTime<'a> = &'a dyn Fn(&EventRow) -> Result<NewTime, Vec<Invalid>>;

/// Moves the document of a grid with its event, or says that its hours would run over midnight.
pub type MoveGrid<'a> = &'a dyn Fn(&Value, &Shift) -> Option<Value>;

/// A slot and its new time.
#[derive(Debug, Clone)]
pub struct MovedSlot {
    /// The slot as it was.
    pub row: SlotRow,
    /// When it is to be.
    pub to: LocalWindow,
}

/// Something that cannot be moved, so that nothing is.
#[derive(Debug, Clone)]
pub struct Stuck {
    /// The slot; none for the event's grid.
    pub slot: Option<SlotRow>,
    /// The reason, for programs.
    pub reason: &'static str,
    /// The same in a sentence.
    pub detail: String,
}

/// Somebody who is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// What of theirs it is about: `booking`, `assignment`, `offer` or `waitlist_entry`.
    pub kind: &'static str,
    /// Its id.
    pub id: uuid::Uuid,
    /// The person's name.
    pub name: String,
    /// Until when an offer is to be answered.
    pub deadline: Option<Instant>,
}

/// Somebody who has something else at the new time.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// `booking` or `assignment`.
    pub kind: &'static str,
    /// Its id.
    pub id: uuid::Uuid,
    /// The person's name.
    pub name: String,
    /// What else they have; not named where it is another campus's.
    pub other: Option<String>,
    /// When that is.
    pub window: Window,
    /// The same in a sentence.
    pub detail: String,
}

/// What another time comes to.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The event as it is now, or would be.
    pub event: EventRow,
    /// The slots that move.
    pub slots: Vec<MovedSlot>,
    /// What cannot be moved.
    pub stuck: Vec<Stuck>,
    /// Who is told, once each.
    pub told: Vec<Told>,
    /// Who has something else at the new time.
    pub conflicts: Vec<Conflict>,
    /// Whether it was done.
    pub done: bool,
}

/// Says that an event does not take place at its time, while another is not known yet. Its people keep their places and
/// seats, and are free meanwhile.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state`, `has_begun`; the reason's.
pub fn postpone(tx: &mut Tx<'_>, actor: &Actor, id: EventId, reason: &str) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    let event = before.postpone(&reason, tx.now)?;
    not_begun(&before, tx.now)?;
    let row = keep(tx, &before.changed(event, tx.now))?;
    let news = News::Postponed { reason: reason.clone() };
    let live = bookings::list_live_of_event(tx.conn, id)?;
    for entry in let_go_of_holds(tx, &live, POSTPONED)? {
        tell_those_who_wait(tx, &live, entry)?;
    }
    for booked in live.iter().filter(|booked| booked.row.state.is_expected()) {
        let kept = BookingRow { override_reason: Some(POSTPONED.to_owned()), ..still_to_come(booked, tx.now) };
        keep_place(tx, booked.clone(), kept, &news, "postponed", &reason)?;
    }
    if let Some(need) = need_of(tx, &before)? {
        for assigned in assignments::list_live_of_need(tx.conn, need.id)? {
            let assigned = not_there_yet(assigned)?;
            let kept = set_aside(&assigned, POSTPONED);
            staffing::keep_with_news(tx, &kept, assigned.row.state, Some(news.clone()))?;
        }
        for offer in offers::list_unanswered(tx.conn, need.id, ALL_OFFERS, tx.now)? {
            if offer.row.state == OfferState::Sent {
                staffing::end_offer(
                    tx,
                    &offer,
                    OfferState::Superseded,
                    OfferEnd::Postponed { reason: reason.clone() },
                )?;
            }
        }
        feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    }
    Ok(row)
}

/// Puts an event to another time, or says what that would come to. Nothing is done while a slot cannot be moved, nor in a
/// dry run.
///
/// # Errors
/// Those of [`manageable`]; `precondition_required`, `stale`, `wrong_state`, `has_begun`; every field that is wrong.
pub fn reschedule(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    seen: &Seen,
    read: ReadTime<'_>,
    move_grid: MoveGrid<'_>,
    dry_run: bool,
) -> Result<Plan, ServiceError> {
    let before = manageable(tx, actor, id)?;
    seen.agrees(before.revision)?;
    let new = read(&before)?;
    carry(tx, &before, &new, move_grid, dry_run)
}

/// What was postponed takes place as it was said first.
pub(super) fn resume(tx: &mut Tx<'_>, before: &EventRow) -> Result<EventRow, ServiceError> {
    let start = before.when.window().start();
    if start <= tx.now {
        let detail = format!("It would have begun at {start}; give it another time.");
        return Err(ServiceError::refused(Code::HasBegun, detail));
    }
    let same = NewTime { when: before.when, fold: None, place: None, presenter: None, reason: None };
    let plan = carry(tx, before, &same, &|document, _| Some(document.clone()), false)?;
    match plan.stuck.first() {
        None => Ok(plan.event),
        Some(stuck) => Err(ServiceError::refused(Code::SlotsUnmovable, stuck.detail.clone())),
    }
}

/// As [`reschedule`], once the rights were looked at.
pub(super) fn carry(
    tx: &mut Tx<'_>,
    before: &EventRow,
    new: &NewTime,
    move_grid: MoveGrid<'_>,
    dry_run: bool,
) -> Result<Plan, ServiceError> {
    let mut plans = carry_all(tx, &[(before.clone(), new.clone())], move_grid, dry_run)?;
    plans.pop().ok_or(ServiceError::NotFound)
}

/// Puts several events to other times at once, or says what that would come to; who is moved in more than one is looked at
/// where all of theirs are to be. Nothing is done while anything in one of them cannot be moved.
///
/// # Errors
/// As [`reschedule`], of the first event that refuses.
pub(super) fn carry_all(
    tx: &mut Tx<'_>,
    moves: &[(EventRow, NewTime)],
    move_grid: MoveGrid<'_>,
    dry_run: bool,
) -> Result<Vec<Plan>, ServiceError> {
    let mut works = Vec::with_capacity(moves.len());
    for (before, new) in moves {
        before.state.reschedule()?;
        not_begun(before, tx.now)?;
        let (place, presenter) = (read_place(before, new)?, read_presenter(before, new)?);
        let start = new.when.window().start();
        if start <= tx.now {
            let detail = format!("{start} is not after now, {}", tx.now);
            return Err(Invalid::new("starts_local", "in_the_past", detail).into());
        }
        let reason = new.reason.as_deref().map(|reason| prose("reason", reason, 1, 500)).transpose()?;
        let event = before.reschedule(new.when, place, presenter, tx.now)?;
        let changes = event != before.event;
        let row = if changes { before.changed(event, tx.now) } else { before.clone() };
        let work = if changes { Some(Work::plan(tx, before, &row, new.fold, move_grid)?) } else { None };
        works.push((before, work, reason));
    }
    let times: HashMap<SlotId, Window> =
        works.iter().filter_map(|(_, work, _)| work.as_ref()).flat_map(Work::new_times).collect();
    for (_, work, _) in &mut works {
        if let Some(work) = work {
            work.find_conflicts(tx, &times)?;
            work.name_who_is_told();
        }
    }
    let stuck = works.iter().any(|(_, work, _)| work.as_ref().is_some_and(|work| !work.plan.stuck.is_empty()));
    let mut plans = Vec::with_capacity(works.len());
    for (before, work, reason) in works {
        plans.push(match work {
            None => Plan::nothing(before.clone()),
            Some(work) if dry_run || stuck => work.plan,
            Some(work) => work.carry_out(tx, before, reason.as_deref())?,
        });
    }
    Ok(plans)
}

/// What is said of something that was at one time and is at another, or at the same.
fn news_of(before: &EventRow, from: LocalWindow, to: LocalWindow, reason: Option<&str>) -> News {
    let reason = reason.map(ToOwned::to_owned);
    if before.state == EventState::Postponed && from == to {
        News::Resumed { reason }
    } else {
        News::Rescheduled { from, reason }
    }
}

impl Plan {
    /// Moves the parts of the event, or says why one cannot be moved.
    fn move_parts(&mut self, before: &EventRow, shift: &Shift) {
        let mut parts = Vec::with_capacity(before.parts.len());
        for part in &before.parts {
            let whole = part.when.window() == before.when.window();
            let to = if whole { Ok(self.event.when) } else { shift.window(part.when) };
            match to.and_then(|to| {
                let inside = self.event.when.window().covers(to.window());
                if inside { Ok(to) } else { Err(Unmovable::Outside) }
            }) {
                Ok(when) => parts.push(EventPart { when, ..part.clone() }),
                Err(why) => self.stuck.push(Stuck {
                    slot: None,
                    reason: why.as_str(),
                    detail: format!("The part {:?} cannot be moved so far. {why}", part.title),
                }),
            }
        }
        parts.sort_by_key(|part| (part.when.window().start(), part.when.window().end()));
        self.event.event.parts = parts;
    }

    const fn nothing(event: EventRow) -> Self {
        Self { event, slots: Vec::new(), stuck: Vec::new(), told: Vec::new(), conflicts: Vec::new(), done: true }
    }
}

fn not_begun(event: &EventRow, now: Instant) -> Result<(), ServiceError> {
    if !event.has_begun(now) {
        return Ok(());
    }
    let start = event.when.window().start();
    Err(ServiceError::refused(Code::HasBegun, format!("It began at {start}.")))
}

fn read_place(event: &EventRow, new: &NewTime) -> Result<Option<String>, Invalid> {
    match &new.place {
        Some(Some(place)) => line("place", place, 1, 300).map(Some),
        Some(None) if event.mode == Mode::InPerson => {
            Err(Invalid::new("place", "required", "what takes place in person needs a place"))
        }
        Some(None) => Ok(None),
        None => Ok(event.place.clone()),
    }
}

fn read_presenter(event: &EventRow, new: &NewTime) -> Result<Option<String>, Invalid> {
    match &new.presenter {
        Some(presenter) => presenter.as_deref().map(presented).transpose(),
        None => Ok(event.presenter.clone()),
    }
}

/// Ends the holds of an event: nobody has agreed to its new time yet. Answers the entries of the waitlist that had one;
/// they wait again, where they stood.
fn let_go_of_holds(tx: &mut Tx<'_>, live: &[Booked], why: &str) -> Result<Vec<WaitlistEntryId>, ServiceError> {
    let mut waiting = Vec::new();
    for booked in live.iter().filter(|booked| booked.row.state == BookingState::Held) {
        let row = BookingRow {
            state_reason: Some(why.to_owned()),
            held_until: None,
            ..booked.row.into_state(booked.row.state.cancel()?, tx.now)
        };
        bookings::update(tx.conn, &row)?;
        note(tx, &row, "cancelled", By::Office, why)?;
        waiting.extend(put_back(tx, booked)?.map(|back| back.row.id));
    }
    Ok(waiting)
}

/// Tells one who waits again that the place held for them is not held any more.
fn tell_those_who_wait(tx: &mut Tx<'_>, live: &[Booked], entry: WaitlistEntryId) -> Result<(), ServiceError> {
    let Some(booked) = live.iter().find(|booked| booked.row.waitlist_entry_id == Some(entry)) else { return Ok(()) };
    tell_offer_closed(tx, &booked.about, &booked.student, entry, HeldEnd::Moved)
}

/// The row of a place whose student is still to come: who was checked in for the old time is not for the new one.
fn still_to_come(booked: &Booked, now: Instant) -> BookingRow {
    let row = booked.row.into_state(BookingState::Confirmed, now).touched(now);
    BookingRow { checked_in_at: None, marked_from: None, ..row }
}

/// A volunteer who is still to come: who was checked in for the old time is not for the new one.
fn not_there_yet(assigned: Assigned) -> Result<Assigned, ServiceError> {
    if assigned.row.state != AssignmentState::CheckedIn {
        return Ok(assigned);
    }
    let state = assigned.row.state.unmark(assigned.row.marked_from)?;
    Ok(Assigned { row: AssignmentRow { state, checked_in_at: None, marked_from: None, ..assigned.row }, ..assigned })
}

fn keep_place(
    tx: &mut Tx<'_>,
    booked: Booked,
    row: BookingRow,
    news: &News,
    what: &str,
    reason: &str,
) -> Result<(), ServiceError> {
    if !bookings::update(tx.conn, &row)? {
        return Err(walled());
    }
    note(tx, &row, what, By::Office, reason)?;
    tell_news(tx, &Booked { row, ..booked }, Some(news.clone()))
}

/// The same assignment, which may overlap for this reason; what the office said itself stands.
fn set_aside(assigned: &Assigned, why: &str) -> Assigned {
    let reason = assigned.row.override_reason.clone().filter(|reason| !is_ours(reason));
    let row = AssignmentRow { override_reason: reason.or_else(|| Some(why.to_owned())), ..assigned.row.clone() };
    Assigned { row, about: assigned.about.clone() }
}

fn is_ours(reason: &str) -> bool {
    [POSTPONED, RESCHEDULED].contains(&reason)
}
