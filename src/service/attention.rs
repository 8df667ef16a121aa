//! What waits for a coordinator, computed from what is: an item goes by itself when its cause does.
//!
//! That person's attention is the scarce resource: nothing stands here that solves itself, and nothing twice.

use std::collections::HashMap;

use chrono::TimeDelta;
use uuid::Uuid;

use super::access::{self, Actor};
use super::app::Tx;
use super::clashes;
use super::error::ServiceError;
use super::seating::{self, StationRow};
use super::sharing;
use crate::domain::ids::{AssignmentId, BookingId, CampusId, CampusRequestId, EventId};
use crate::domain::people::access::Action;
use crate::domain::people::hours::GOING;
use crate::domain::people::volunteer::Volunteer;
use crate::domain::time::Instant;
use crate::domain::wording;
use crate::domain::words::words;
use crate::store::assignments::{self, Of};
use crate::store::attention_items::{self, Place};
use crate::store::campus_requests::{self, CampusRequestRow};
use crate::store::{bookings, seatings};

/// How long before the decision is due a role below its minimum comes to attention.
const NOTICE: TimeDelta = TimeDelta::hours(72);

words! {
    /// Why something waits.
    pub enum AttentionKind("kind of attention item") {
        /// A need was submitted, and nobody has decided.
        NeedAwaitingDecision = "need_awaiting_decision",
        /// Open seats, and nobody left to ask.
        NeedOutOfCandidates = "need_out_of_candidates",
        /// A role has fewer people than it needs, and time runs out.
        NeedBelowMinimum = "need_below_minimum",
        /// Somebody has applied.
        VolunteerAwaitingApproval = "volunteer_awaiting_approval",
        /// A letter was refused for good.
        LetterUndeliverable = "letter_undeliverable",
        /// Somebody's new hours and a seat that person holds disagree.
        AvailabilityConflict = "availability_conflict",
        /// Nobody sits at slots of an event that want somebody.
        SlotsUnstaffed = "slots_unstaffed",
        /// An event was put to a time at which a student has another place.
        BookingOverlap = "booking_overlap",
        /// An event was put to a time at which a volunteer has another engagement.
        AssignmentOverlap = "assignment_overlap",
        /// Somebody was checked in, it is over, and nobody wrote down when they went.
        CheckOutMissing = "check_out_missing",
        /// Another campus asks this one to share an event.
        EventInvitation = "event_invitation",
    }
}

impl AttentionKind {
    /// What its subject is.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::NeedAwaitingDecision | Self::NeedOutOfCandidates | Self::NeedBelowMinimum => "campus_request",
            Self::VolunteerAwaitingApproval => "volunteer",
            Self::LetterUndeliverable => "letter",
            Self::SlotsUnstaffed | Self::EventInvitation => "event",
            Self::AvailabilityConflict | Self::AssignmentOverlap | Self::CheckOutMissing => "assignment",
            Self::BookingOverlap => "booking",
        }
    }
}

/// Something that waits for a coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionItem {
    /// Where it stands in the list, and why it is there.
    pub key: Key,
    /// What it is about.
    pub title: String,
    /// What there is to say.
    pub detail: String,
}

/// The order of the list: oldest first, then by subject, then by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Since when it waits.
    pub since: Instant,
    /// What it is about.
    pub subject: Uuid,
    /// Why it waits.
    pub kind: AttentionKind,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.since.unix(), self.subject, self.kind)
    }
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKey;

impl std::str::FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(NotAKey);
        let (since, subject, kind) = (next()?, next()?, next()?);
        Ok(Self {
            since: Instant::from_unix(since.parse().map_err(|_| NotAKey)?),
            subject: subject.parse().map_err(|_| NotAKey)?,
            kind: kind.parse().map_err(|_| NotAKey)?,
        })
    }
}

/// What waits at a campus, the longest first, after the given place; at most `limit`.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<AttentionItem>, ServiceError> {
    access::require(tx, actor, campus, Action::SeeAttention)?;
    let from = after.map(|key| Place { since: key.since, subject: key.subject });
    // One more than asked for: the item at the place itself may be among them.
    let fetch = limit + 1;
    let mut items = needs(tx, campus)?;
    for (id, title, decide_by, since) in attention_items::list_undecided(tx.conn, campus, from, fetch)? {
        let detail = format!("Submitted, and to be decided by {decide_by}.");
        items.push(item(AttentionKind::NeedAwaitingDecision, id.uuid(), since, title, detail));
    }
    for (id, name, note, since) in attention_items::list_applicants(tx.conn, campus, from, fetch)? {
        let note = if note.is_empty() { "Has applied as a volunteer.".to_owned() } else { note };
        items.push(item(AttentionKind::VolunteerAwaitingApproval, id.uuid(), since, name, note));
    }
    for (id, subject, to, fault, since) in attention_items::list_undeliverable(tx.conn, campus, from, fetch)? {
        let detail = format!("Could not be delivered to {to}: {}", fault.as_deref().unwrap_or("no reason was given"));
        items.push(item(AttentionKind::LetterUndeliverable, id.uuid(), since, subject, detail));
    }
    for (id, title, detail, since) in attention_items::list_conflicts(tx.conn, campus, tx.now)? {
        items.push(item(AttentionKind::AvailabilityConflict, id.uuid(), since, title, detail));
    }
    for (id, name, title, since) in attention_items::list_not_checked_out(tx.conn, campus, tx.now.plus(-GOING))? {
        let detail = format!("{name} was checked in and never out. It ended at {since}; the hours wait for that.");
        items.push(item(AttentionKind::CheckOutMissing, id.uuid(), since, title, detail));
    }
    for sharing in sharing::list_open(tx, campus)? {
        let (event, since) = (&sharing.event, sharing.row.invited_at);
        let when = wording::at_the_place(event.when);
        let detail = format!("{} asks this campus to share it, {when}. Nobody has answered.", sharing.host);
        items.push(item(AttentionKind::EventInvitation, event.id.uuid(), since, event.title.clone(), detail));
    }
    items.extend(unstaffed(tx, campus)?);
    items.extend(overlaps(tx, campus)?);
    items.retain(|item| after.is_none_or(|after| item.key > after));
    items.sort_by_key(|item| item.key);
    items.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(items)
}

/// The slots at which nobody sits, event by event.
fn unstaffed(tx: &mut Tx<'_>, campus: CampusId) -> Result<Vec<AttentionItem>, ServiceError> {
    let alarms = seatings::alarms(tx.conn, campus, tx.now, tx.now.plus(NOTICE))?;
    let mut events: Vec<EventId> = alarms.iter().map(|alarm| alarm.event).collect();
    events.sort();
    events.dedup();
    let mut items = Vec::with_capacity(events.len());
    for event in events {
        let of = || alarms.iter().filter(|alarm| alarm.event == event);
        let taken = bookings::count_taken_in(tx.conn, event, tx.now)?;
        let students: u32 = of().filter_map(|alarm| taken.get(&alarm.station.row.id)).sum();
        let since = of().map(|alarm| alarm.since(NOTICE)).min().unwrap_or(tx.now);
        let stations: Vec<StationRow> = of().map(|alarm| alarm.station.clone()).collect();
        let (Some(first), Some(title)) = (stations.first(), of().map(|alarm| alarm.title.clone()).next()) else {
            continue;
        };
        let at = wording::at_the_place(first.row.when);
        let tables = seating::named(&stations).unwrap_or_else(|| "slots without a name".to_owned());
        let slots = match stations.len() {
            1 => format!("{at}, one slot"),
            more => format!("{more} slots, the first {at}"),
        };
        let students = match students {
            0 => "no students are left in them".to_owned(),
            1 => "1 student is in them".to_owned(),
            more => format!("{more} students are in them"),
        };
        let detail = format!("Nobody sits at {tables}: {slots}; {students}.");
        items.push(item(AttentionKind::SlotsUnstaffed, event.uuid(), since, title, detail));
    }
    Ok(items)
}

fn item(kind: AttentionKind, subject: Uuid, since: Instant, title: String, detail: String) -> AttentionItem {
    AttentionItem { key: Key { since, subject, kind }, title, detail }
}

/// The places and seats that an event took to a time at which their people have something else, as long as they have.
fn overlaps(tx: &mut Tx<'_>, campus: CampusId) -> Result<Vec<AttentionItem>, ServiceError> {
    let kept = attention_items::list_overlaps(tx.conn, campus, AttentionKind::BookingOverlap.as_str())?;
    let since: HashMap<BookingId, Instant> = kept.into_iter().collect();
    let ids: Vec<BookingId> = since.keys().copied().collect();
    let places = bookings::list_expected(tx.conn, &ids, tx.now)?;
    let mut items = Vec::new();
    let moved = places.iter().map(|booked| (booked, booked.about.slot.when.window()));
    for (booked, clash) in places.iter().zip(clashes::of_bookings(tx, &moved.collect::<Vec<_>>(), &HashMap::new())?) {
        if let (Some(clash), Some(since)) = (clash, since.get(&booked.row.id)) {
            let detail = clash.sentence(&booked.student.name);
            let (id, title) = (booked.row.id.uuid(), booked.about.title.clone());
            items.push(item(AttentionKind::BookingOverlap, id, *since, title, detail));
        }
    }
    let kept = attention_items::list_overlaps(tx.conn, campus, AttentionKind::AssignmentOverlap.as_str())?;
    let since: HashMap<AssignmentId, Instant> = kept.into_iter().collect();
    let ids: Vec<AssignmentId> = since.keys().copied().collect();
    let seats = assignments::list_live_of(tx.conn, &ids, tx.now)?;
    let moved = seats.iter().map(|assigned| (assigned, assigned.about.when.window()));
    for (assigned, clash) in seats.iter().zip(clashes::of_assignments(tx, &moved.collect::<Vec<_>>())?) {
        if let (Some(clash), Some(since)) = (clash, since.get(&assigned.row.id)) {
            let detail = clash.sentence(&assigned.about.volunteer.display_name);
            let (id, title) = (assigned.row.id.uuid(), assigned.about.need.title.clone());
            items.push(item(AttentionKind::AssignmentOverlap, id, *since, title, detail));
        }
    }
    Ok(items)
}

/// The open needs that will not come right by themselves.
fn needs(tx: &mut Tx<'_>, campus: CampusId) -> Result<Vec<AttentionItem>, ServiceError> {
    let mut needs = campus_requests::list_open(tx.conn, Some(campus), tx.now)?;
    let due = |need: &CampusRequestRow| need.decide_by.plus(-NOTICE) <= tx.now;
    needs.retain(|need| need.out_of_candidates_at.is_some() || due(need));
    let ids: Vec<CampusRequestId> = needs.iter().map(|need| need.id).collect();
    let seats = campus_requests::seats(tx.conn, &ids, tx.now)?;
    let mut items = Vec::new();
    for need in needs {
        let seats = |role: &crate::domain::matching::campus_request::NeedRole| {
            seats.get(&role.id()).copied().unwrap_or_default()
        };
        let open: u32 = need
            .roles
            .iter()
            .map(|role| u32::from(role.max()).saturating_sub(seats(role).filled + seats(role).offered))
            .sum();
        if let Some(since) = need.out_of_candidates_at
            && open > 0
        {
            let detail = format!("{open} open {}, and nobody left to ask.", if open == 1 { "seat" } else { "seats" });
            items.push(item(AttentionKind::NeedOutOfCandidates, need.id.uuid(), since, need.title.clone(), detail));
        }
        let short: Vec<String> = need
            .roles
            .iter()
            .filter(|role| seats(role).filled < u32::from(role.min()))
            .map(|role| format!("{}: {} of at least {}", role.name(), seats(role).filled, role.min()))
            .collect();
        if due(&need) && !short.is_empty() {
            let detail = format!("To be decided by {}. {}.", need.decide_by, short.join("; "));
            let since = need.decide_by.plus(-NOTICE).max(need.created_at);
            items.push(item(AttentionKind::NeedBelowMinimum, need.id.uuid(), since, need.title.clone(), detail));
        }
    }
    Ok(items)
}

/// Notes which seats ahead a volunteer's new hours no longer cover. The seats stay as they are: whether the person comes
/// is for people to settle. Where rules were set aside for a seat, hours were too.
///
/// # Errors
/// The database's.
pub fn availability_changed(tx: &mut Tx<'_>, volunteer: &Volunteer) -> Result<(), ServiceError> {
    for assigned in assignments::list_live(tx.conn, Of::Volunteer(volunteer.id()), tx.now)? {
        let (row, when) = (&assigned.row, assigned.about.when);
        match volunteer.availability.first_gap(when.window()) {
            Some(gap) if row.override_reason.is_none() => {
                let gap = wording::instant(gap, when.zone());
                let detail = format!("{} holds a seat and has given no hours for {gap}.", volunteer.display_name);
                let title = &assigned.about.need.title;
                attention_items::keep_conflict(tx.conn, row.campus_id, row.id, title, &detail, tx.now)?;
            }
            Some(_) | None => attention_items::forget(tx.conn, row.id)?,
        }
    }
    Ok(())
}

/// Forgets what was noted about a seat that is given up.
///
/// # Errors
/// The database's.
pub fn forget(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<(), ServiceError> {
    Ok(attention_items::forget(tx.conn, assignment)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_by_age_and_read_as_written() {
        let key = |since, kind| Key { since: Instant::from_unix(since), subject: Uuid::nil(), kind };
        let order = [
            key(1, AttentionKind::LetterUndeliverable),
            key(2, AttentionKind::NeedAwaitingDecision),
            key(2, AttentionKind::NeedBelowMinimum),
        ];
        assert!(order.is_sorted());
        for key in order {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for wrong in ["", "1", "1.2.3", "x.00000000-0000-0000-0000-000000000000.letter_undeliverable"] {
            assert_eq!(wrong.parse::<Key>(), Err(NotAKey), "{wrong}");
        }
    }
}
