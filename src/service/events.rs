//! Events and their slots: shown to everybody once published, changed and called off by the office.
//!
//! An event comes of an approved need, or is made by hand. Absent on purpose: what happens inside a slot, which is the
//! slots' and the bookings'.

use super::access::{Actor, require, role_at};
use super::app::Tx;
use super::code::Code;
use super::dated::Dated;
use super::error::{Seen, ServiceError};
use super::{places, staffing, waitlist};
use crate::domain::ids::{CampusId, EventId, EventSeriesId, SlotId};
use crate::domain::matching::campus_request::{Brief, CampusRequest, Fill, Mode, NeedRole};
use crate::domain::notice::{CancelCause, HeldEnd};
use crate::domain::people::access::{Action, may};
use crate::domain::people::place::Position;
use crate::domain::refusal::{Invalid, line, prose};
use crate::domain::scheduling::event::{ChangeRefused, Event, EventChange, EventKind, EventState, presented};
use crate::domain::scheduling::event_part::{self, EventPart};
use crate::domain::scheduling::slot::{Slot, SlotState};
use crate::domain::time::{Instant, LocalWindow, Zone};
use crate::domain::wording;
use crate::store::campus_requests::{CampusRequestRow, Seats};
use crate::store::events::EventFilter;
use crate::store::slots::{SlotFilter, SlotRow};
use crate::store::{bookings, campus_requests, campuses, event_campuses, events, feed_revisions, slots};

pub use crate::store::events::EventRow;

/// The most slots of one event that are changed with it.
pub(super) const ALL_SLOTS: i64 = 20_000;

/// The most slots that a refusal names.
const MOST_NAMED: usize = 20;

/// Where an event stands in a list.
pub type EventPlace = Dated<EventId>;

/// Where a slot stands in its event's list.
pub type SlotPlace = Dated<SlotId>;

/// The events of a campus in order of their start: all for members, those that were published for others.
///
/// # Errors
/// Not found for a campus that is none.
pub fn list(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    campus: CampusId,
    state: Option<EventState>,
    after: Option<EventPlace>,
    most: i64,
) -> Result<Vec<EventRow>, ServiceError> {
    campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?;
    let filter = EventFilter { campus_id: campus, state, unpublished: sees_all(tx, actor, campus)? };
    Ok(events::list(tx.conn, filter, after.map(Dated::parts), most)?)
}

pub(super) fn sees_all(tx: &mut Tx<'_>, actor: Option<&Actor>, campus: CampusId) -> Result<bool, ServiceError> {
    let Some(actor) = actor else { return Ok(false) };
    Ok(role_at(tx, actor, campus)?.is_some_and(|role| may(role, Action::SeeEvents)))
}

/// The event; one that was never published for members alone.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, actor: Option<&Actor>, id: EventId) -> Result<EventRow, ServiceError> {
    let event = events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    if event.is_public() || sees_all(tx, actor, event.campus_id)? {
        return Ok(event);
    }
    Err(ServiceError::NotFound)
}

/// A slot, the seats for volunteers in it and the places for students.
#[derive(Debug, Clone)]
pub struct SlotSeats {
    /// The slot.
    pub row: SlotRow,
    /// The roles wanted, and of each how many seats are gone.
    pub roles: Vec<(NeedRole, Seats)>,
    /// How many of its places for students are taken or held.
    pub taken: u32,
}

impl SlotSeats {
    /// How far its seats are taken.
    pub fn fill(&self) -> Fill {
        Fill::of(self.roles.iter().map(|(role, seats)| (seats.filled, role.min(), role.max())))
    }
}

/// Which slots are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SlotsAsked {
    /// Those that start at this time or later.
    pub from: Option<Instant>,
    /// Those that start before this time.
    pub until: Option<Instant>,
    /// Only those with a free place, or only the others.
    pub free: Option<bool>,
}

/// The slots of an event in order of their start, for everybody who may read it.
///
/// # Errors
/// Those of [`find`].
pub fn list_slots(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    id: EventId,
    asked: SlotsAsked,
    after: Option<SlotPlace>,
    most: i64,
) -> Result<Vec<SlotSeats>, ServiceError> {
    let event = find(tx, actor, id)?;
    let filter = SlotFilter {
        from: asked.from,
        until: asked.until,
        free: asked.free.map(|free| (free, tx.now)),
        staffed_only: asked.free.is_some() && crate::store::places::find_rules(tx.conn, id)?.staffed_only,
    };
    let rows = slots::list_of_event(tx.conn, id, filter, after.map(Dated::parts), most)?;
    let taken = bookings::count_taken_in(tx.conn, id, tx.now)?;
    let need = need_of(tx, &event)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let roles = match &need {
            Some(need) if need.slot_id == Some(row.id) => roles(tx, need)?,
            _ => Vec::new(),
        };
        let taken = taken.get(&row.id).copied().unwrap_or_default();
        found.push(SlotSeats { row, roles, taken });
    }
    Ok(found)
}

/// The roles of the need that a slot is for, and how many of their seats are gone.
pub(super) fn roles_of(
    tx: &mut Tx<'_>,
    event: &EventRow,
    slot: SlotId,
) -> Result<Vec<(NeedRole, Seats)>, ServiceError> {
    match need_of(tx, event)? {
        Some(need) if need.slot_id == Some(slot) => roles(tx, &need),
        _ => Ok(Vec::new()),
    }
}

fn roles(tx: &mut Tx<'_>, need: &CampusRequestRow) -> Result<Vec<(NeedRole, Seats)>, ServiceError> {
    let seats = campus_requests::seats(tx.conn, &[need.id], tx.now)?;
    let role = |role: &NeedRole| (role.clone(), seats.get(&role.id()).copied().unwrap_or_default());
    Ok(need.roles.iter().map(role).collect())
}

/// An event made by hand, a draft.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What takes place.
    pub kind: EventKind,
    /// What it is called.
    pub title: String,
    /// What the public should know; may be empty.
    pub description: String,
    /// At a place or from afar.
    pub mode: Mode,
    /// Where, in words.
    pub place: Option<String>,
    /// Where on the globe.
    pub position: Option<Position>,
    /// Who speaks or leads.
    pub presenter: Option<String>,
    /// When.
    pub when: LocalWindow,
}

impl NewEvent {
    /// The draft that it makes.
    ///
    /// # Errors
    /// Every field that is wrong, the start included where it has passed.
    pub(super) fn draft(
        &self,
        campus: CampusId,
        series: Option<EventSeriesId>,
        now: Instant,
    ) -> Result<Event, Vec<Invalid>> {
        let read = (
            line("title", &self.title, 1, 200),
            prose("description", &self.description, 0, 5_000),
            match (&self.place, self.mode) {
                (Some(place), _) => line("place", place, 1, 300).map(Some),
                (None, Mode::InPerson) => {
                    Err(Invalid::new("place", "required", "what takes place in person needs a place"))
                }
                (None, Mode::Virtual) => Ok(None),
            },
            self.presenter.as_deref().map(presented).transpose(),
        );
        let (title, description, place, presenter) = match read {
            (Ok(title), Ok(description), Ok(place), Ok(presenter)) => (title, description, place, presenter),
            (a, b, c, d) => return Err([a.err(), b.err(), c.err(), d.err()].into_iter().flatten().collect()),
        };
        let start = self.when.window().start();
        if start <= now {
            let detail = format!("{start} is not after now, {now}");
            return Err(vec![Invalid::new("starts_local", "in_the_past", detail)]);
        }
        Ok(Event {
            id: EventId::mint(),
            campus_id: campus,
            campus_request_id: None,
            series_id: series,
            kind: self.kind,
            state: EventState::Draft,
            state_reason: None,
            title,
            description,
            mode: self.mode,
            place,
            position: self.position,
            presenter,
            when: self.when,
            parts: Vec::new(),
            calendar_sequence: 0,
            published_at: None,
            changed_at: now,
        })
    }
}

/// The clocks of the campus, for events that name none.
///
/// # Errors
/// Those of [`require`].
pub fn usual_zone(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId) -> Result<Zone, ServiceError> {
    require(tx, actor, campus, Action::ManageEvents)?;
    Ok(campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?.settings.zone)
}

/// Makes an event that no need asked for.
///
/// # Errors
/// Those of [`require`]; every field that is wrong.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, new: &NewEvent) -> Result<EventRow, ServiceError> {
    require(tx, actor, campus, Action::ManageEvents)?;
    let event = new.draft(campus, None, tx.now)?;
    let row = EventRow::new(event, tx.now);
    events::insert(tx.conn, &row)?;
    Ok(row)
}

/// Changes an event's words, place or presenter. A new place is its slots' as well.
///
/// # Errors
/// Those of [`manageable`]; `precondition_required`, `stale`, `wrong_state`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    seen: &Seen,
    change: &EventChange,
) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    seen.agrees(before.revision)?;
    let event = before.change(change, tx.now).map_err(|refused| match refused {
        ChangeRefused::State(wrong) => ServiceError::from(wrong),
        ChangeRefused::Field(invalid) => ServiceError::from(invalid),
    })?;
    if event == before.event {
        return Ok(before);
    }
    let mut moved_slots = Vec::new();
    if event.place != before.place {
        // A slot with a place of its own, a room or a table, stays there.
        for slot in slots::list_of_event(tx.conn, id, SlotFilter::default(), None, ALL_SLOTS)? {
            if slot.place == before.place {
                let moved = Slot { place: event.place.clone(), ..slot.slot.clone() };
                slots::update(tx.conn, &slot.changed(moved, tx.now))?;
                moved_slots.push(slot.id);
            }
        }
        if let Some(need) = need_of(tx, &before)? {
            relocate(tx, &need, event.place.clone())?;
        }
    }
    let row = keep(tx, &before.changed(event, tx.now))?;
    let otherwise = row.presenter != before.presenter;
    let concerned =
        if otherwise { slots::list_of_event(tx.conn, id, SlotFilter::default(), None, ALL_SLOTS)? } else { Vec::new() };
    moved_slots
        .extend(concerned.iter().map(|slot| slot.id).filter(|slot| !moved_slots.contains(slot)).collect::<Vec<_>>());
    for slot in moved_slots {
        places::tell_of_change(tx, slot)?;
    }
    Ok(row)
}

/// Says into which parts an event is divided, in place of those before. A part that slots belong to stays, and around them.
///
/// # Errors
/// Those of [`manageable`]; `precondition_required`, `stale`, `wrong_state`; every field that is wrong; `part_in_use`, with
/// the slots that would belong to no part or lie outside theirs.
pub fn divide(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    seen: &Seen,
    parts: Vec<EventPart>,
) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    seen.agrees(before.revision)?;
    before.state.change()?;
    let parts = event_part::programme(parts, before.when)?;
    let event = before.divide(parts, tx.now)?;
    if event == before.event {
        return Ok(before);
    }
    let left_out_of = |slot: &SlotRow| {
        let part = slot.part.as_deref()?;
        match event.part(part) {
            None => Some(format!("{part:?} is no part any more")),
            Some(to) if to.when.window().covers(slot.when.window()) => None,
            Some(_) => Some(format!("it lies outside {part:?}")),
        }
    };
    let slots = slots::list_of_event(tx.conn, id, SlotFilter::default(), None, ALL_SLOTS)?;
    let left_out = slots.iter().filter(|slot| slot.state != SlotState::Cancelled);
    let left_out: Vec<(&SlotRow, String)> = left_out.filter_map(|slot| Some((slot, left_out_of(slot)?))).collect();
    if let Some((slot, why)) = left_out.first() {
        let when = wording::at_the_place(slot.when);
        let detail = format!("{} slots would be left out, the first at {when}: {why}.", left_out.len());
        let ids: Vec<String> = left_out.iter().take(MOST_NAMED).map(|(slot, _)| slot.id.to_string()).collect();
        return Err(ServiceError::refused(Code::PartInUse, detail).with("slot_ids", ids));
    }
    keep(tx, &before.changed(event, tx.now))
}

pub(super) fn need_of(tx: &mut Tx<'_>, event: &EventRow) -> Result<Option<CampusRequestRow>, ServiceError> {
    Ok(event.campus_request_id.map(|need| campus_requests::find(tx.conn, need)).transpose()?.flatten())
}

/// Moves the need to its event's new place. Whoever has a seat gets the same calendar entry with its sequence raised.
fn relocate(tx: &mut Tx<'_>, row: &CampusRequestRow, place: Option<String>) -> Result<(), ServiceError> {
    let brief = Brief { place, ..row.need.clone().into_brief() };
    let need = CampusRequest::new(row.id, row.campus_id, row.state, brief)?;
    let moved = CampusRequestRow { need, revision: row.revision + 1, updated_at: tx.now, ..row.clone() };
    campus_requests::update(tx.conn, &moved)?;
    feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    staffing::tell_of_change(tx, row.id)
}

/// Shows an event to everybody; what was postponed takes place as it was said first, and everybody hears of it.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state`; `has_begun` where what was postponed would have begun by now.
pub fn publish(tx: &mut Tx<'_>, actor: &Actor, id: EventId) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    let event = before.publish(tx.now)?;
    if before.state == EventState::Postponed {
        return super::reschedule::resume(tx, &before);
    }
    keep(tx, &before.changed(event, tx.now))
}

/// Calls an event off, with its slots and the need that made it. Everybody who was asked or has a seat gets a letter.
///
/// # Errors
/// Those of [`manageable`]; `wrong_state`; the reason's.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: EventId, reason: &str) -> Result<EventRow, ServiceError> {
    let before = manageable(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    before.state.cancel()?;
    match need_of(tx, &before)? {
        Some(need) if need.state.cancel().is_ok() => {
            super::campus_requests::call_off(tx, &need, &reason)?;
        }
        // A need that was closed keeps its state; those who have its seats do not.
        Some(need) => {
            let cause = CancelCause::EventCancelled { reason: Some(reason.clone()) };
            staffing::release_all(tx, need.id, &cause)?;
        }
        None => {}
    }
    call_off(tx, &before, &reason)
}

/// Cancels an event and its slots, if that is still possible.
pub(super) fn call_off(tx: &mut Tx<'_>, before: &EventRow, reason: &str) -> Result<EventRow, ServiceError> {
    let Ok(event) = before.cancel(reason, tx.now) else { return Ok(before.clone()) };
    for slot in slots::list_of_event(tx.conn, before.id, SlotFilter::default(), None, ALL_SLOTS)? {
        if let Ok(state) = slot.state.cancel() {
            slots::update(tx.conn, &slot.changed(Slot { state, ..slot.slot.clone() }, tx.now))?;
            places::call_off(tx, slot.id, reason, HeldEnd::Over)?;
        }
    }
    waitlist::close_all(tx, before.id, reason)?;
    keep(tx, &before.changed(event, tx.now))
}

/// The event, if the actor may manage it, and the replay if the same was asked before. One that was never published is
/// nothing to strangers, and neither is the right to change a published one.
pub(super) fn manageable(tx: &mut Tx<'_>, actor: &Actor, id: EventId) -> Result<EventRow, ServiceError> {
    let event = events::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, event.campus_id, Action::ManageEvents)?;
    Ok(event)
}

pub(super) fn keep(tx: &mut Tx<'_>, row: &EventRow) -> Result<EventRow, ServiceError> {
    events::update(tx.conn, row)?;
    feed_revisions::bump(tx.conn, &feed_revisions::campus(row.campus_id), tx.now)?;
    for guest in event_campuses::joined(tx.conn, row.id)? {
        feed_revisions::bump(tx.conn, &feed_revisions::campus(guest), tx.now)?;
    }
    Ok(row.clone())
}
