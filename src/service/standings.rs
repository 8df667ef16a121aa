//! Where students stand under the policies of a campus, and what of it keeps them from a place.
//!
//! Offences are no records of their own: they are the bookings that were cancelled late, missed or begun late, each
//! weighed by the version of the policy that it keeps. So a mark that is taken back, and one that the office excuses, is
//! forgiven by that alone, and nothing can disagree. Whether somebody may book is asked of the version in force, and of
//! those that the offences were made under. A campus without a policy asks nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::access::{Actor, require};
use super::app::Tx;
use super::bookings;
use super::error::ServiceError;
use super::office_calendars;
use crate::domain::ids::{BookingId, PolicyId, StudentId};
use crate::domain::people::access::Action;
use crate::domain::refusal::WrongState;
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::office_calendar::OfficeCalendar;
use crate::domain::scheduling::policy::booking::{Booked as Held, BookingVerdict};
use crate::domain::scheduling::policy::consequences::OffenceKind;
use crate::domain::scheduling::policy::cutoff::Channel;
use crate::domain::scheduling::policy::standing::{Offence, RuleStanding, Standing};
use crate::domain::scheduling::policy::{Hindrance, Policy, PolicyRefused, Rule, explain, standing_of};
use crate::domain::time::{Instant, Zone};
use crate::store::bookings::{self as booking_rows, Booked, BookingRow};
use crate::store::places::PlaceAbout;
use crate::store::students::{self, StudentRow};
use crate::store::{campuses, policies};

/// Versions of policies that were read: none ever changes.
pub(super) type ReadPolicies = Mutex<HashMap<PolicyId, Arc<Policy>>>;

/// The most versions that are remembered.
const MOST_READ: usize = 1_000;

/// A version of a policy.
pub(super) fn policy(tx: &mut Tx<'_>, id: PolicyId) -> Result<Arc<Policy>, ServiceError> {
    let known = tx.app.read_policies().lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
    if let Some(policy) = known {
        return Ok(policy);
    }
    let policy = Arc::new(policies::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?.read()?);
    let mut read = tx.app.read_policies().lock().unwrap_or_else(PoisonError::into_inner);
    if read.len() >= MOST_READ {
        read.clear();
    }
    read.insert(id, policy.clone());
    Ok(policy)
}

/// The version of the policy that is in force for a student: that of their own campus, whoever runs the event.
pub(super) fn in_force_for(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
) -> Result<Option<PolicyId>, ServiceError> {
    if student.campus_id == about.campus {
        return Ok(about.policy);
    }
    Ok(campuses::policy_of(tx.conn, student.campus_id)?)
}

/// What of the policies of their campus keeps a student from a place.
pub(super) fn hindrance(
    tx: &mut Tx<'_>,
    about: &PlaceAbout,
    student: &StudentRow,
    known: bool,
) -> Result<Option<PolicyRefused>, ServiceError> {
    let Some(id) = in_force_for(tx, about, student)? else { return Ok(None) };
    let in_force = policy(tx, id)?;
    let tags = about.rules.tags();
    let mut calendar = None;
    if let Some(rule) = in_force.rule_for(Some(about.kind), &tags)
        && let Some(booking) = rule.booking()
    {
        let calendar = read_once(tx, student, &mut calendar)?;
        let refused = |why| Some(PolicyRefused { policy: id, rule: rule.key().to_owned(), why });
        match booking.judge(calendar, about.slot.when, Channel::Online, tx.now) {
            BookingVerdict::Open => {}
            BookingVerdict::NotYet(opens) => return Ok(refused(Hindrance::NotYet(opens))),
            BookingVerdict::Closed => {
                let closed = booking.closes_at(calendar, about.slot.when, Channel::Online);
                return Ok(refused(Hindrance::Closed(closed)));
            }
        }
        if known && !booking.limits().is_empty() {
            let same = |other: &Booked| {
                in_force.rule_for(Some(other.about.kind), &other.about.rules.tags()).map(Rule::key) == Some(rule.key())
            };
            let held = |other: Booked| Held {
                event: other.row.event_id,
                start: other.row.starts_at,
                over: other.row.ends_at <= tx.now,
            };
            let had = booking_rows::list_had(tx.conn, student.id, tx.now)?;
            let had: Vec<Held> = had.into_iter().filter(same).map(held).collect();
            let asked = Held { event: about.event, start: about.slot.when.window().start(), over: false };
            if let Some(limit) = booking.limit_reached(calendar, asked, &had) {
                return Ok(refused(Hindrance::Limit(limit)));
            }
        }
    }
    if !known {
        return Ok(None);
    }
    let offences = booking_rows::list_offences(tx.conn, student.id)?;
    if offences.is_empty() {
        return Ok(None);
    }
    let calendar = read_once(tx, student, &mut calendar)?;
    for (version, standing) in by_version(tx, &offences, calendar)? {
        let policy = policy(tx, version)?;
        if let Some((rule, force)) = standing.blocks(&policy, Some(about.kind), &tags) {
            let why = Hindrance::Blocked(force.clone());
            return Ok(Some(PolicyRefused { policy: version, rule: rule.to_owned(), why }));
        }
    }
    Ok(None)
}

fn read_once<'c>(
    tx: &mut Tx<'_>,
    student: &StudentRow,
    calendar: &'c mut Option<OfficeCalendar>,
) -> Result<&'c OfficeCalendar, ServiceError> {
    let read = match calendar.take() {
        Some(read) => read,
        None => office_calendars::find(tx, student.campus_id)?.calendar,
    };
    Ok(calendar.insert(read))
}

/// What a booking is as an offence, under a policy.
fn offence(policy: &Policy, booked: &Booked) -> Option<Offence> {
    let (row, start) = (&booked.row, booked.row.starts_at);
    let rule = policy.rule_for(Some(booked.about.kind), &booked.about.rules.tags())?;
    let (kind, at) = match row.state {
        BookingState::Cancelled if row.as_no_show => (OffenceKind::NoShow, row.changed_at),
        BookingState::Cancelled if row.late => (OffenceKind::LateCancellation, row.changed_at),
        BookingState::NoShow => (OffenceKind::NoShow, start),
        BookingState::CheckedIn | BookingState::Attended => {
            let came = row.checked_in_at?;
            // Without a word on how late one may come, nobody is late.
            rule.arrival()?.judge(booked.about.slot.when, came)?;
            (OffenceKind::LateArrival, came)
        }
        BookingState::Held | BookingState::Confirmed | BookingState::Excused | BookingState::Cancelled => return None,
    };
    Some(Offence {
        rule: rule.key().to_owned(),
        kind,
        start,
        at,
        tier: booked.about.rules.policy_tier,
        handed_in: row.handed_in_at,
        excused: false,
    })
}

/// The standing under each version of the policy that one of the bookings keeps. Those of other versions count with the
/// others and bring nothing of their own there.
fn by_version(
    tx: &mut Tx<'_>,
    offending: &[Booked],
    calendar: &OfficeCalendar,
) -> Result<Vec<(PolicyId, Standing)>, ServiceError> {
    let mut versions: Vec<PolicyId> = offending.iter().filter_map(|booked| booked.row.policy_id).collect();
    versions.sort_unstable();
    versions.dedup();
    let mut all = Vec::with_capacity(versions.len());
    for version in versions {
        let policy = policy(tx, version)?;
        // A place in the list stays that of its booking: what is none under this version is excused there.
        let none = |booked: &Booked| Offence {
            rule: String::new(),
            kind: OffenceKind::NoShow,
            start: booked.row.starts_at,
            at: booked.row.starts_at,
            tier: None,
            handed_in: None,
            excused: true,
        };
        let offences: Vec<Offence> =
            offending.iter().map(|booked| offence(&policy, booked).unwrap_or_else(|| none(booked))).collect();
        let own =
            |place: usize| offending.get(place).is_some_and(|booked: &Booked| booked.row.policy_id == Some(version));
        all.push((version, standing_of(&policy, &offences, &own, calendar, tx.now)));
    }
    Ok(all)
}

/// Something that a student did against the policy that the booking keeps.
#[derive(Debug, Clone)]
pub struct Done {
    /// The booking.
    pub booked: Booked,
    /// What it was, and under which rule.
    pub offence: Offence,
    /// The version.
    pub policy: PolicyId,
}

/// Where a student stands under one rule of one version.
#[derive(Debug, Clone)]
pub struct Under {
    /// The version.
    pub policy: PolicyId,
    /// How they stand.
    pub standing: RuleStanding,
    /// The same in sentences.
    pub says: Vec<String>,
}

/// Where a student stands.
#[derive(Debug, Clone)]
pub struct StudentStanding {
    /// Who.
    pub student: StudentRow,
    /// What they did, in the order of the bookings.
    pub done: Vec<Done>,
    /// By version and rule, where anything counts or is in force. Its places are those of [`Self::places`].
    pub under: Vec<Under>,
    /// The bookings that were looked at, as the standings number them.
    pub places: Vec<BookingId>,
    /// The clocks of the campus.
    pub zone: Zone,
    /// When it was looked at.
    pub at: Instant,
}

/// Where a student stands, for the office and the campus's portals.
///
/// # Errors
/// Not found; those of [`require`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: StudentId) -> Result<StudentStanding, ServiceError> {
    let student = students::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, student.campus_id, Action::BookPlaces)?;
    let zone = campuses::find(tx.conn, student.campus_id)?.ok_or(ServiceError::NotFound)?.settings.zone;
    let calendar = office_calendars::find(tx, student.campus_id)?.calendar;
    let offending = booking_rows::list_offences(tx.conn, id)?;
    let mut under = Vec::new();
    for (version, standing) in by_version(tx, &offending, &calendar)? {
        let policy = policy(tx, version)?;
        for standing in standing.rules {
            let consequences = policy.rule(&standing.rule).and_then(Rule::consequences);
            let Some(consequences) = consequences else { continue };
            if standing.count > 0 || !standing.in_force.is_empty() {
                let says = explain::standing(&standing, consequences, zone);
                under.push(Under { policy: version, standing, says });
            }
        }
    }
    let places = offending.iter().map(|booked| booked.row.id).collect();
    let mut done = Vec::new();
    for booked in offending {
        let Some(version) = booked.row.policy_id else { continue };
        if let Some(offence) = offence(policy(tx, version)?.as_ref(), &booked) {
            done.push(Done { booked, offence, policy: version });
        }
    }
    Ok(StudentStanding { student, done, under, places, zone, at: tx.now })
}

/// Notes that what the policy asks for after an offence came in.
///
/// # Errors
/// Those of [`bookings::find`]; `wrong_state` for a booking that is no offence, or for which it came in before.
pub fn hand_in(tx: &mut Tx<'_>, actor: &Actor, id: BookingId) -> Result<Booked, ServiceError> {
    let booked = bookings::own(tx, actor, id, Action::MarkPlaces)?;
    let offends = match booked.row.policy_id {
        Some(version) => offence(policy(tx, version)?.as_ref(), &booked).is_some(),
        None => false,
    };
    if !offends || booked.row.handed_in_at.is_some() {
        return Err(WrongState { from: booked.row.state.as_str(), verb: "hand_in" }.into());
    }
    let row = BookingRow { handed_in_at: Some(tx.now), ..booked.row.into_state(booked.row.state, tx.now) };
    booking_rows::update(tx.conn, &row)?;
    super::places::note(tx, &row, "handed_in", super::places::By::Office, "")?;
    Ok(Booked { row, ..booked })
}
