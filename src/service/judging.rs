//! A cancellation as the campus's policy judges it: by the version that the booking keeps, never by a newer one.
//!
//! Absent on purpose: places that the office's own change ends, which no student answers for, and holds, which nobody has
//! said yes to yet.

use std::sync::Arc;

use super::access::Actor;
use super::app::Tx;
use super::bookings;
use super::code::Code;
use super::error::ServiceError;
use super::{office_calendars, standings};
use crate::domain::ids::{BookingId, PolicyId};
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::office_calendar::OfficeCalendar;
use crate::domain::scheduling::policy::cutoff::Channel;
use crate::domain::scheduling::policy::{CancelVerdict, Policy, Rule, explain, judge_cancel, still_taken};
use crate::domain::time::Instant;
use crate::store::bookings::{Booked, BookingRow};
use crate::store::places::PlaceAbout;
use crate::store::{campuses, policies};

/// The policy that a booking keeps, and the calendar by which it counts now. `None` for a booking of no policy and for
/// what nobody can be late for: as long as it is postponed, and where it was moved at such short notice that giving it back
/// would have been late at once.
fn kept(tx: &mut Tx<'_>, booked: &Booked) -> Result<Option<(Arc<Policy>, OfficeCalendar)>, ServiceError> {
    let has_a_time = booked.about.state != EventState::Postponed && !booked.row.moved_closer;
    let Some(id) = booked.row.policy_id.filter(|_| has_a_time) else { return Ok(None) };
    let policy = standings::policy(tx, id)?;
    let calendar = office_calendars::find(tx, booked.row.campus_id)?.calendar;
    Ok(Some((policy, calendar)))
}

/// The rule about cancelling a booking, if its policy has one for such an event.
fn rule<'p>(policy: &'p Policy, booked: &Booked) -> Option<&'p Rule> {
    policy.rule_for(Some(booked.about.kind), &booked.about.rules.tags()).filter(|rule| rule.cancel().is_some())
}

/// What a cancellation that is taken comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lateness {
    /// It is in time.
    OnTime,
    /// It is late.
    Late,
    /// It is so late that it counts as not coming.
    AsNoShow,
}

impl Lateness {
    /// The booking with what its cancellation comes to.
    pub fn onto(self, row: BookingRow) -> BookingRow {
        BookingRow { late: self != Self::OnTime, as_no_show: self == Self::AsNoShow, ..row }
    }
}

/// Whether a cancellation by this channel is late.
///
/// # Errors
/// `too_late_to_cancel`, which says until when it was possible and how it still is.
pub(super) fn lateness(tx: &mut Tx<'_>, booked: &Booked, channel: Channel) -> Result<Lateness, ServiceError> {
    if booked.row.state == BookingState::Held {
        return Ok(Lateness::OnTime);
    }
    let Some((policy, calendar)) = kept(tx, booked)? else { return Ok(Lateness::OnTime) };
    let Some(rule) = rule(&policy, booked) else { return Ok(Lateness::OnTime) };
    let start = booked.about.slot.when;
    match judge_cancel(rule, &calendar, start, channel, tx.now) {
        CancelVerdict::OnTime => Ok(Lateness::OnTime),
        CancelVerdict::Late => Ok(Lateness::Late),
        CancelVerdict::LateAsNoShow => Ok(Lateness::AsNoShow),
        CancelVerdict::Refused(_) => {
            let said = explain::cancelling_now(rule, &calendar, start, channel, tx.now);
            Err(ServiceError::refused(Code::TooLateToCancel, said.unwrap_or_default()).with("rule", rule.key()))
        }
    }
}

/// The row of a place that somebody else than its student puts where `about` is. Nobody is late for a time they could not
/// know: where giving it back there would not be in time now, by whatever channel, it may be given back until it starts.
pub(super) fn moved(tx: &mut Tx<'_>, row: BookingRow, about: &PlaceAbout) -> Result<BookingRow, ServiceError> {
    let Some(id) = row.policy_id else { return Ok(row) };
    let policy = standings::policy(tx, id)?;
    let rule = policy.rule_for(Some(about.kind), &about.rules.tags()).filter(|rule| rule.cancel().is_some());
    let Some(rule) = rule else { return Ok(BookingRow { moved_closer: false, ..row }) };
    let calendar = office_calendars::find(tx, row.campus_id)?.calendar;
    let when = about.slot.when;
    let mut ways = Channel::ALL.iter();
    let in_time = ways.any(|channel| judge_cancel(rule, &calendar, when, *channel, tx.now) == CancelVerdict::OnTime);
    Ok(BookingRow { moved_closer: !in_time, ..row })
}

/// What a student reads about giving a place back through the link of the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByLink {
    /// Until when it is in time and what doing it now comes to, in sentences. None where no rule says anything about it.
    pub says: Vec<String>,
    /// Whether it is taken now.
    pub taken: bool,
}

/// Whether a place may be given back through the link of the letter, and what follows.
///
/// # Errors
/// The database's.
pub fn by_link(tx: &mut Tx<'_>, booked: &Booked) -> Result<ByLink, ServiceError> {
    let free = ByLink { says: Vec::new(), taken: true };
    if booked.row.state != BookingState::Confirmed {
        return Ok(free);
    }
    let Some((policy, calendar)) = kept(tx, booked)? else {
        let says = if booked.row.moved_closer { vec![until_start(tx, booked)?] } else { Vec::new() };
        return Ok(ByLink { says, taken: true });
    };
    let Some(rule) = rule(&policy, booked) else { return Ok(free) };
    let start = booked.about.slot.when;
    let verdict = judge_cancel(rule, &calendar, start, Channel::Online, tx.now);
    // Once it is too late, only what is so now: a day that has gone by helps nobody.
    let says = match explain::cancelling_now(rule, &calendar, start, Channel::Online, tx.now) {
        Some(now) => vec![now],
        None => explain::cancelling(rule, &calendar, start, Channel::Online),
    };
    Ok(ByLink { says, taken: !matches!(verdict, CancelVerdict::Refused(_)) })
}

/// What giving a place back comes to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The version that the booking keeps.
    pub policy: Option<(PolicyId, i32)>,
    /// The rule of it that speaks of cancelling, by its key.
    pub rule: Option<String>,
    /// What it comes to now: `on_time`, `late`, `counts_as_no_show`, `refused`, or `over` where there is nothing to cancel.
    pub now: &'static str,
    /// By which channels it is still taken, and until when by each.
    pub ways: Vec<(Channel, Instant)>,
    /// All of it in sentences.
    pub says: Vec<String>,
}

/// Until when a place may be given back, how, and what follows otherwise, for those who may see the booking; as if the
/// student did it online.
///
/// # Errors
/// Those of [`bookings::find`].
pub fn explain(tx: &mut Tx<'_>, actor: &Actor, id: BookingId) -> Result<Explained, ServiceError> {
    let booked = bookings::find(tx, actor, id)?;
    let (start, state) = (booked.about.slot.when, booked.row.state);
    let open = matches!(state, BookingState::Held | BookingState::Confirmed) && !bookings::has_begun(&booked, tx.now);
    let policy = match booked.row.policy_id {
        Some(id) => policies::find(tx.conn, id)?.map(|row| (row.id, row.version)),
        None => None,
    };
    if !open {
        let says = match state {
            BookingState::Held | BookingState::Confirmed => format!("It began at {}.", booked.row.starts_at),
            ended => format!("It is {}; there is nothing to cancel.", ended.as_str().replace('_', " ")),
        };
        return Ok(Explained { policy, rule: None, now: "over", ways: Vec::new(), says: vec![says] });
    }
    let judged = if state == BookingState::Held { None } else { kept(tx, &booked)? };
    let rule = judged.as_ref().and_then(|(policy, calendar)| Some((rule(policy, &booked)?, calendar)));
    let Some((rule, calendar)) = rule else {
        let says = until_start(tx, &booked)?;
        let ways = Channel::ALL.iter().map(|channel| (*channel, start.window().start())).collect();
        return Ok(Explained { policy, rule: None, now: "on_time", ways, says: vec![says] });
    };
    let now = match judge_cancel(rule, calendar, start, Channel::Online, tx.now) {
        CancelVerdict::OnTime => "on_time",
        CancelVerdict::Late => "late",
        CancelVerdict::LateAsNoShow => "counts_as_no_show",
        CancelVerdict::Refused(_) => "refused",
    };
    let mut says = explain::cancelling(rule, calendar, start, Channel::Online);
    says.extend(explain::cancelling_now(rule, calendar, start, Channel::Online, tx.now));
    let ways = still_taken(rule, calendar, start, tx.now);
    Ok(Explained { policy, rule: Some(rule.key().to_owned()), now, ways, says })
}

/// Until when a place may be given back that no rule says anything about.
fn until_start(tx: &mut Tx<'_>, booked: &Booked) -> Result<String, ServiceError> {
    let zone = campuses::find(tx.conn, booked.row.campus_id)?.ok_or(ServiceError::NotFound)?.settings.zone;
    let start = booked.about.slot.when;
    Ok(if booked.about.state == EventState::Postponed {
        "It is postponed; you may cancel until its new time is known and it starts.".to_owned()
    } else if booked.row.moved_closer {
        explain::until_start_as_moved(start, zone)
    } else {
        explain::until_start(start, zone)
    })
}
