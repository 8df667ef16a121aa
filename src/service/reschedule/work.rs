//! An event with all that is in it, looked at before it is moved and while it is.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    ALL_OFFERS, Conflict, MoveGrid, MovedSlot, Plan, RESCHEDULED, Stuck, Told, is_ours, keep_place, let_go_of_holds,
    news_of, not_there_yet, set_aside, still_to_come, tell_those_who_wait,
};
use crate::auth::link::LinkFor;
use crate::domain::ids::{EventId, SlotId};
use crate::domain::matching::assignment::OfferState;
use crate::domain::matching::campus_request::{CampusRequest, NeedState};
use crate::domain::notice::{News, Notice};
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::reschedule::{Shift, Unmovable};
use crate::domain::scheduling::slot::{Slot, SlotState};
use crate::domain::scheduling::waitlist::{EntryState, Wish};
use crate::domain::time::{Fold, Instant, LocalWindow, Window};
use crate::service::app::Tx;
use crate::service::attention::AttentionKind;
use crate::service::clashes::{self, Clash, in_order};
use crate::service::error::ServiceError;
use crate::service::events::{ALL_SLOTS, EventRow, keep, need_of};
use crate::service::outbox;
use crate::service::places::{By, note, note_entry, tell_news, walled};
use crate::service::queue::pass_on_many;
use crate::service::{judging, seating, staffing};
use crate::store::assignments::{self, Assigned};
use crate::store::bookings::{self, Booked, BookingRow};
use crate::store::campus_requests::{self, CampusRequestRow};
use crate::store::offers::{self, Offered};
use crate::store::slots::{self, SlotFilter, SlotRow};
use crate::store::waitlist_entries::{self, EntryRow};
use crate::store::{attention_items, campuses, feed_revisions, grids, places as abouts};

/// The event at its new time with all that is in it, before and while it is moved.
pub(super) struct Work {
    pub(super) plan: Plan,
    shift: Shift,
    document: Option<Value>,
    /// The slots with another time, place or presenter, or with a time again.
    touched: HashSet<SlotId>,
    /// Who has a place there, or one that is held and gets another time.
    live: Vec<Booked>,
    need: Option<(CampusRequestRow, LocalWindow)>,
    seats: Vec<Assigned>,
    asked: Vec<(Offered, Instant)>,
}

impl Work {
    pub(super) fn plan(
        tx: &mut Tx<'_>,
        before: &EventRow,
        event: &EventRow,
        fold: Option<Fold>,
        move_grid: MoveGrid<'_>,
    ) -> Result<Self, ServiceError> {
        let shift = Shift::between(before.when, event.when, fold);
        // Every time is said anew, where there was none.
        let resumed = before.state == EventState::Postponed;
        let need = need_of(tx, before)?.filter(|need| takes_place(need.state)).map(|need| {
            let when = if need.when == before.when { Ok(event.when) } else { shift.window(need.when) };
            (need, when)
        });
        let fault = need.as_ref().and_then(|(_, when)| when.as_ref().err()).map(|why| Stuck {
            slot: None,
            reason: why.as_str(),
            detail: format!("The hours for which volunteers are wanted cannot be moved so far. {why}"),
        });
        let need = need.map(|(need, when)| (need, when.unwrap_or(event.when)));
        let led_otherwise = before.presenter != event.presenter;
        let elsewhere = |place: &Option<String>| *place == before.place && *place != event.place;
        let need = need.filter(|(need, when)| resumed || *when != need.when || elsewhere(&need.place));
        let (seats, open) = match &need {
            Some((need, _)) => (
                assignments::list_live_of_need(tx.conn, need.id)?,
                offers::list_unanswered(tx.conn, need.id, ALL_OFFERS, tx.now)?,
            ),
            None => (Vec::new(), Vec::new()),
        };
        let (mut touched, mut kept, mut retimed) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut live = bookings::list_live_of_event(tx.conn, before.id)?;
        let mut plan = Plan { done: false, ..Plan::nothing(event.clone()) };
        plan.stuck.extend(fault);
        for row in slots::list_of_event(tx.conn, before.id, SlotFilter::default(), None, ALL_SLOTS)? {
            // What was called off stays where it was.
            if row.state == SlotState::Cancelled {
                continue;
            }
            let inside = |to: LocalWindow| plan.event.when.window().covers(to.window());
            // What is the whole of the event is so at its new time, also where that is longer or shorter.
            let whole = row.when.window() == before.when.window();
            let to = if whole { Ok(plan.event.when) } else { shift.window(row.when) };
            match to {
                Ok(to) if inside(to) => {
                    if resumed || to != row.when {
                        retimed.insert(row.id);
                    }
                    if retimed.contains(&row.id) || elsewhere(&row.place) || led_otherwise {
                        touched.insert(row.id);
                    } else {
                        kept.insert(row.id);
                    }
                    plan.slots.push(MovedSlot { row, to });
                }
                Ok(_) => plan.stuck.push(stuck(row, &Unmovable::Outside)),
                Err(why) => plan.stuck.push(stuck(row, &why)),
            }
        }
        live.retain(|booked| match booked.row.state {
            BookingState::Held => retimed.contains(&booked.row.slot_id),
            _ => !kept.contains(&booked.row.slot_id),
        });
        plan.move_parts(before, &shift);
        let document = grids::find(tx.conn, before.id)?.map(|grid| grid.document);
        let document = match document {
            Some(document) if !shift.is_nothing() => {
                let moved = move_grid(&document, &shift);
                if moved.is_none() {
                    let detail = "The hours of the event's grid cannot be moved so far; set the grid anew.".to_owned();
                    plan.stuck.push(Stuck { slot: None, reason: "grid", detail });
                }
                moved
            }
            Some(_) | None => None,
        };
        let mut work = Self { plan, shift, document, touched, live, need, seats, asked: Vec::new() };
        work.find_deadlines(tx, open)?;
        Ok(work)
    }

    /// An offer keeps its deadline or gets the usual one from now, whichever is later, but none after the decision.
    fn find_deadlines(&mut self, tx: &mut Tx<'_>, open: Vec<Offered>) -> Result<(), ServiceError> {
        let Some((need, when)) = &self.need else { return Ok(()) };
        let campus = campuses::find(tx.conn, need.campus_id)?.ok_or(ServiceError::NotFound)?;
        let usual = tx.now.plus(campus.settings.offer_hours.length());
        let last = decide_by(need, *when, tx.now);
        self.asked = open
            .into_iter()
            .filter(|offer| offer.row.state == OfferState::Sent)
            .map(|offer| {
                let deadline = offer.row.deadline.max(usual).min(last);
                (offer, deadline)
            })
            .collect();
        Ok(())
    }

    fn expected(&self) -> impl Iterator<Item = &Booked> {
        self.live.iter().filter(|booked| booked.row.state.is_expected())
    }

    /// Each slot that moves: when it was, and when it is to be.
    fn times(&self) -> HashMap<SlotId, (LocalWindow, LocalWindow)> {
        self.plan.slots.iter().map(|moved| (moved.row.id, (moved.row.when, moved.to))).collect()
    }

    /// Each slot that moves, and when it is to be.
    pub(super) fn new_times(&self) -> impl Iterator<Item = (SlotId, Window)> + '_ {
        self.plan.slots.iter().map(|moved| (moved.row.id, moved.to.window()))
    }

    /// Those of whom something else is in the way, by what of theirs is moved.
    fn overlapping(&self) -> HashSet<uuid::Uuid> {
        self.plan.conflicts.iter().map(|conflict| conflict.id).collect()
    }

    /// `moving` are the slots of all events that move at once, and when they are to be.
    pub(super) fn find_conflicts(
        &mut self,
        tx: &mut Tx<'_>,
        moving: &HashMap<SlotId, Window>,
    ) -> Result<(), ServiceError> {
        let times = self.times();
        let places: Vec<(&Booked, Window)> =
            self.expected().filter_map(|booked| Some((booked, times.get(&booked.row.slot_id)?.1.window()))).collect();
        let conflict = |kind, id, name: &str, clash: Clash| Conflict {
            kind,
            id,
            name: name.to_owned(),
            detail: clash.sentence(name),
            other: clash.title,
            window: clash.window,
        };
        let mut conflicts = Vec::new();
        for ((booked, _), clash) in places.iter().zip(clashes::of_bookings(tx, &places, moving)?) {
            conflicts.extend(clash.map(|clash| conflict("booking", booked.row.id.uuid(), &booked.student.name, clash)));
        }
        if let Some((_, when)) = &self.need {
            let seats: Vec<(&Assigned, Window)> = self.seats.iter().map(|seat| (seat, when.window())).collect();
            for ((seat, _), clash) in seats.iter().zip(clashes::of_assignments(tx, &seats)?) {
                let name = &seat.about.volunteer.display_name;
                conflicts.extend(clash.map(|clash| conflict("assignment", seat.row.id.uuid(), name, clash)));
            }
        }
        self.plan.conflicts = conflicts;
        Ok(())
    }

    pub(super) fn name_who_is_told(&mut self) {
        let told = |kind, id, name: &str, deadline| Told { kind, id, name: name.to_owned(), deadline };
        let places = self.live.iter().filter_map(|booked| {
            let name = &booked.student.name;
            match (booked.row.state.is_expected(), booked.row.waitlist_entry_id) {
                (true, _) => Some(told("booking", booked.row.id.uuid(), name, None)),
                (false, Some(entry)) => Some(told("waitlist_entry", entry.uuid(), name, None)),
                // A portal's hold ends; its student was told nothing yet.
                (false, None) => None,
            }
        });
        let seats = self
            .seats
            .iter()
            .map(|seat| told("assignment", seat.row.id.uuid(), &seat.about.volunteer.display_name, None));
        let asked = self.asked.iter().map(|(offer, deadline)| {
            told("offer", offer.row.id.uuid(), &offer.about.volunteer.display_name, Some(*deadline))
        });
        self.plan.told = places.chain(seats).chain(asked).collect();
    }

    pub(super) fn carry_out(
        mut self,
        tx: &mut Tx<'_>,
        before: &EventRow,
        reason: Option<&str>,
    ) -> Result<Plan, ServiceError> {
        let event = keep(tx, &self.plan.event)?;
        for moved in &self.plan.slots {
            let place = if moved.row.place == before.place { event.place.clone() } else { moved.row.place.clone() };
            let slot = Slot { when: moved.to, place, ..moved.row.slot.clone() };
            if slot != moved.row.slot {
                slots::update(tx.conn, &moved.row.changed(slot, tx.now))?;
            }
        }
        if let Some(document) = &self.document {
            grids::set(tx.conn, before.id, document, tx.now)?;
        }
        self.move_opening(tx, &event)?;
        let waiting = let_go_of_holds(tx, &self.live, RESCHEDULED)?;
        let left_alone = self.move_places(tx, before, reason)?;
        self.move_need(tx, before, &event, reason)?;
        self.move_wishes(tx, before.id)?;
        if event.state == EventState::Published {
            let moved: Vec<SlotId> = self.plan.slots.iter().map(|moved| moved.row.id).collect();
            pass_on_many(tx, before.id, &moved, &waiting)?;
        }
        for entry in waiting {
            let still = waitlist_entries::find(tx.conn, entry)?;
            if still.is_some_and(|still| still.row.state == EntryState::Waiting) {
                tell_those_who_wait(tx, &self.live, entry)?;
            }
        }
        self.keep_overlaps(tx, &event)?;
        // Who left while nothing could be done for the students.
        if let Some((need, _)) = &self.need {
            seating::make_good(tx, need.id)?;
        }
        for (was, news) in left_alone {
            if let Some(booked) = bookings::find(tx.conn, was.id)?
                && booked.row == was
            {
                tell_news(tx, &booked, Some(news))?;
            }
        }
        self.plan.done = true;
        self.plan.event = event;
        Ok(self.plan)
    }

    /// A booking that would open only when the event has begun opens as long before it as it was to.
    fn move_opening(&self, tx: &mut Tx<'_>, event: &EventRow) -> Result<(), ServiceError> {
        let mut rules = abouts::find_rules(tx.conn, event.id)?;
        if let Some(opens) = rules.opens_at.filter(|opens| *opens >= event.when.window().start()) {
            rules.opens_at = Some(self.shift.instant(opens));
            abouts::set_rules(tx.conn, event.id, &rules)?;
        }
        Ok(())
    }

    /// Moves the places and tells their students; answers those of slots that everybody has left, who are told once it is
    /// known what becomes of them.
    fn move_places(
        &self,
        tx: &mut Tx<'_>,
        before: &EventRow,
        reason: Option<&str>,
    ) -> Result<Vec<(BookingRow, News)>, ServiceError> {
        // Read again: the letters tell of the slot as it is now.
        let mut places = bookings::list_live_of_event(tx.conn, before.id)?;
        places.retain(|booked| booked.row.state.is_expected() && self.touched.contains(&booked.row.slot_id));
        let mut left_alone = Vec::new();
        let forward = self.plan.event.when.window().start() > before.when.window().start();
        in_order(&mut places, forward, |booked| booked.row.starts_at);
        let (times, overlapping) = (self.times(), self.overlapping());
        for booked in places {
            let Some((from, to)) = times.get(&booked.row.slot_id).copied() else { continue };
            let overlaps = overlapping.contains(&booked.row.id.uuid());
            let row = BookingRow {
                starts_at: to.window().start(),
                ends_at: to.window().end(),
                override_reason: overlaps.then(|| RESCHEDULED.to_owned()),
                ..still_to_come(&booked, tx.now)
            };
            let row = if from == to { row } else { judging::moved(tx, row, &booked.about)? };
            let news = news_of(before, from, to, reason);
            if booked.about.slot.seating.is_deserted() {
                if !bookings::update(tx.conn, &row)? {
                    return Err(walled());
                }
                note(tx, &row, "rescheduled", By::Office, reason.unwrap_or_default())?;
                left_alone.push((row, news));
            } else {
                keep_place(tx, booked, row, &news, "rescheduled", reason.unwrap_or_default())?;
            }
        }
        Ok(left_alone)
    }

    fn move_need(
        &self,
        tx: &mut Tx<'_>,
        before: &EventRow,
        event: &EventRow,
        reason: Option<&str>,
    ) -> Result<(), ServiceError> {
        let Some((row, when)) = &self.need else { return Ok(()) };
        let mut brief = row.need.clone().into_brief();
        let was = brief.when;
        brief.decide_by = decide_by(row, *when, tx.now);
        brief.when = *when;
        if brief.place == before.place {
            brief.place.clone_from(&event.place);
        }
        let need = CampusRequest::new(row.id, row.campus_id, row.state, brief)?;
        let moved = CampusRequestRow { need, revision: row.revision + 1, updated_at: tx.now, ..row.clone() };
        campus_requests::update(tx.conn, &moved)?;
        feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
        let news = news_of(before, was, *when, reason);
        let overlapping = self.overlapping();
        // Read again: the letters tell of the need as it is now.
        for assigned in assignments::list_live_of_need(tx.conn, row.id)? {
            let stays = was.window() == when.window();
            let assigned = if stays { assigned } else { not_there_yet(assigned)? };
            let state = if stays { assigned.row.state } else { assigned.row.state.ask_again()? };
            let mut kept = set_aside(&assigned, RESCHEDULED);
            if !overlapping.contains(&assigned.row.id.uuid()) {
                kept.row.override_reason = assigned.row.override_reason.clone().filter(|reason| !is_ours(reason));
            }
            (kept.row.starts_at, kept.row.ends_at) = (when.window().start(), when.window().end());
            staffing::keep_with_news(tx, &kept, state, Some(news.clone()))?;
        }
        for (offer, deadline) in &self.asked {
            offers::set_deadline(tx.conn, offer.row.id, *deadline, tx.now)?;
            let Some(now) = offers::find(tx.conn, offer.row.id, tx.now)? else { continue };
            let sealed = tx.app.links.seal(LinkFor::Offer, offer.row.id.uuid());
            let notice = Notice::OfferRescheduled {
                engagement: now.about.engagement(),
                from: was,
                reason: reason.map(ToOwned::to_owned),
                deadline: *deadline,
                link: format!("{}/o/{sealed}", tx.app.site.base_url),
                thread: offer.row.id.to_string(),
            };
            outbox::post(tx, Some(offer.row.campus_id), &now.about.recipient(), &notice)?;
        }
        Ok(())
    }

    /// Who waits for a place "on Thursday afternoon" of the event does so at the same hours of its new time.
    fn move_wishes(&self, tx: &mut Tx<'_>, event: EventId) -> Result<(), ServiceError> {
        if self.shift.is_nothing() {
            return Ok(());
        }
        for waiting in waitlist_entries::queue(tx.conn, event)? {
            let wish = &waiting.row.wish;
            if wish.from.is_none() && wish.until.is_none() {
                continue;
            }
            let moved = |at: Option<Instant>| at.map(|at| self.shift.instant(at));
            let wish = Wish { from: moved(wish.from), until: moved(wish.until), slots: wish.slots.clone() };
            let row = EntryRow { wish, ..waiting.row.into_state(waiting.row.state, tx.now) };
            waitlist_entries::update(tx.conn, &row)?;
            note_entry(tx, &row, None, "rescheduled", By::Rule, "")?;
        }
        Ok(())
    }

    fn keep_overlaps(&self, tx: &mut Tx<'_>, event: &EventRow) -> Result<(), ServiceError> {
        for conflict in &self.plan.conflicts {
            let kind = match conflict.kind {
                "booking" => AttentionKind::BookingOverlap,
                _ => AttentionKind::AssignmentOverlap,
            };
            let words = (event.title.as_str(), conflict.detail.as_str());
            let kind = (kind.as_str(), kind.subject());
            attention_items::keep_overlap(tx.conn, event.campus_id, kind, conflict.id, words, tx.now)?;
        }
        Ok(())
    }
}

fn stuck(row: SlotRow, why: &Unmovable) -> Stuck {
    Stuck { slot: Some(row), reason: why.as_str(), detail: why.to_string() }
}

/// Whether something still takes place for a need.
const fn takes_place(state: NeedState) -> bool {
    match state {
        NeedState::Draft
        | NeedState::Submitted
        | NeedState::NeedsInfo
        | NeedState::Approved
        | NeedState::Fulfilled
        | NeedState::Closed => true,
        NeedState::Declined | NeedState::Withdrawn | NeedState::Cancelled | NeedState::Expired => false,
    }
}

/// By when a need is decided at its new time: as long before it as it was to be; at the start where that is past.
fn decide_by(need: &CampusRequestRow, when: LocalWindow, now: Instant) -> Instant {
    let (was, start) = (need.when.window().start(), when.window().start());
    let moved = need.decide_by.plus(chrono::TimeDelta::seconds(start.unix() - was.unix()));
    if moved > now { moved.min(start) } else { start }
}
