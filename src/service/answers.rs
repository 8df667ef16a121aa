//! What volunteers answer to offers: yes, and the assignment is made in the same transaction; no, and the seat goes to the
//! next.
//!
//! Accepting is what hundreds may do in the same second, so it reads what it decides by and no more: one offer with what
//! it is about, one standing, the seats taken, and what this volunteer holds. Absent on purpose: the alternatives, which
//! are looked for afterwards, outside of the write.

use chrono::TimeDelta;

use super::access::Actor;
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::matching::{self, Counts};
use super::staffing;
use crate::auth::link::LinkFor;
use crate::auth::secret;
use crate::domain::ids::{AssignmentId, CampusRequestId, OfferId, VolunteerId};
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::campus_request::NeedState;
use crate::domain::matching::eligibility::{Past, Period, is_eligible};
use crate::domain::people::volunteer::Standing;
use crate::domain::time::{Instant, Window};
use crate::store::assignments::{self, AssignmentRow};
use crate::store::engagements::{self, EngagedRow, Whose};
use crate::store::offers::{self, Offered};
use crate::store::{campus_requests, campus_volunteers};

pub use crate::store::assignments::Assigned;

/// The most alternatives that a refusal names.
const ALTERNATIVES: usize = 10;
/// How far from a need its week and month reach, at the most.
const NEAR: TimeDelta = TimeDelta::days(40);

/// An offer that was accepted, and the assignment that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The offer.
    pub offer: Offered,
    /// The assignment.
    pub assignment: Assigned,
}

/// The offer behind a link.
///
/// # Errors
/// `not_found` for a secret that is none of ours.
pub fn behind(tx: &mut Tx<'_>, secret: &str) -> Result<Offered, ServiceError> {
    if let Some((LinkFor::Offer, id)) = tx.app.links.open(secret) {
        return offers::find(tx.conn, OfferId::from_uuid(id), tx.now)?.ok_or(ServiceError::NotFound);
    }
    offers::find_by_token(tx.conn, &secret::hash(secret), tx.now)?.ok_or(ServiceError::NotFound)
}

/// The need that an offer is about, to take turns by; nil for an offer that is none. Nobody is told of it.
///
/// # Errors
/// The database's.
pub fn need_of(tx: &mut Tx<'_>, id: OfferId) -> Result<uuid::Uuid, ServiceError> {
    Ok(offers::find_need(tx.conn, id)?.map(CampusRequestId::uuid).unwrap_or_default())
}

/// The volunteer's own offer.
fn own(tx: &mut Tx<'_>, actor: &Actor, id: OfferId) -> Result<Offered, ServiceError> {
    let offer = offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)?;
    if offer.about.volunteer.account_id != actor.account {
        return Err(ServiceError::NotFound);
    }
    tx.entitled()?;
    Ok(offer)
}

/// The volunteer says yes.
///
/// # Errors
/// `not_found` for everybody else; what stands in the way now.
pub fn accept(tx: &mut Tx<'_>, actor: &Actor, id: OfferId) -> Result<Accepted, ServiceError> {
    let offer = own(tx, actor, id)?;
    say_yes(tx, offer)
}

/// Whoever has the link says yes.
///
/// # Errors
/// `not_found` for a secret that is none of ours; what stands in the way now.
pub fn accept_by_link(tx: &mut Tx<'_>, secret: &str) -> Result<Accepted, ServiceError> {
    let offer = behind(tx, secret)?;
    say_yes(tx, offer)
}

/// The volunteer says no.
///
/// # Errors
/// `not_found` for everybody else; `wrong_state` unless it is open.
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, id: OfferId, reason: &str) -> Result<Offered, ServiceError> {
    let offer = own(tx, actor, id)?;
    say_no(tx, offer, Some(reason))
}

/// Whoever has the link says no.
///
/// # Errors
/// `not_found` for a secret that is none of ours; `wrong_state` unless it is open.
pub fn decline_by_link(tx: &mut Tx<'_>, secret: &str, reason: Option<&str>) -> Result<Offered, ServiceError> {
    let offer = behind(tx, secret)?;
    say_no(tx, offer, reason)
}

fn say_no(tx: &mut Tx<'_>, mut offer: Offered, reason: Option<&str>) -> Result<Offered, ServiceError> {
    offer.row.state = offer.row.state.decline()?;
    if !offers::close(tx.conn, offer.row.id, offer.row.state, reason, tx.now)? {
        return Err(not_open(OfferState::Superseded));
    }
    answered(&mut offer, reason, tx.now);
    staffing::fill(tx, offer.row.campus_request_id, &[offer.row.role_id])?;
    Ok(offer)
}

/// The row as the statement that closed it left it.
fn answered(offer: &mut Offered, reason: Option<&str>, now: Instant) {
    let row = &mut offer.row;
    row.decline_reason = reason.map(str::to_owned);
    row.answered_at = Some(now);
    row.revision += 1;
    row.updated_at = now;
}

fn not_open(state: OfferState) -> ServiceError {
    let why = match state {
        OfferState::Sent => "The offer is open.",
        OfferState::Accepted => "You have accepted this offer already.",
        OfferState::Declined => "You have declined this offer.",
        OfferState::Expired => "The time to answer this offer is over.",
        OfferState::Withdrawn => "The career office has taken this offer back.",
        OfferState::Superseded => "This help is no longer needed.",
    };
    ServiceError::refused(Code::OfferNotOpen, why).with("state", state.as_str())
}

fn say_yes(tx: &mut Tx<'_>, mut offer: Offered) -> Result<Accepted, ServiceError> {
    let window = offer.about.when.window();
    if window.start() <= tx.now && matches!(offer.row.state, OfferState::Sent | OfferState::Expired) {
        return Err(ServiceError::refused(Code::HasBegun, format!("It began at {}.", window.start())));
    }
    let accepted = offer.row.state.accept().map_err(|_| not_open(offer.row.state))?;
    match offer.about.need.state {
        NeedState::Approved | NeedState::Fulfilled => {}
        NeedState::Draft
        | NeedState::Submitted
        | NeedState::NeedsInfo
        | NeedState::Closed
        | NeedState::Declined
        | NeedState::Withdrawn
        | NeedState::Cancelled
        | NeedState::Expired => return Err(not_open(OfferState::Superseded)),
    }
    let taken = assignments::count_taken(tx.conn, offer.row.campus_request_id)?;
    let taken = taken.get(&offer.row.role_id).copied().unwrap_or_default();
    let seats = i64::from(offer.about.role.max_seats);
    if taken >= seats {
        return Err(ServiceError::refused(
            Code::OfferTakenElsewhere,
            format!("All {seats} seats of the role {:?} have been taken meanwhile.", offer.about.role.name),
        ));
    }
    may_come(tx, &offer)?;
    if !offers::close(tx.conn, offer.row.id, accepted, None, tx.now)? {
        return Err(not_open(OfferState::Superseded));
    }
    offer.row.state = accepted;
    answered(&mut offer, None, tx.now);
    let row = AssignmentRow {
        id: AssignmentId::mint(),
        campus_id: offer.row.campus_id,
        campus_request_id: offer.row.campus_request_id,
        role_id: offer.row.role_id,
        offer_id: Some(offer.row.id),
        volunteer_id: offer.row.volunteer_id,
        state: AssignmentState::Confirmed,
        starts_at: window.start(),
        ends_at: window.end(),
        override_reason: None,
        state_reason: None,
        calendar_sequence: 0,
        changed_at: tx.now,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
        checked_in_at: None,
        checked_out_at: None,
        marked_from: None,
    };
    staffing::seat(tx, &row, offer.about.engagement(), &offer.about.recipient())?;
    if taken + 1 == seats {
        staffing::settle(tx, offer.row.campus_request_id)?;
    }
    let assignment = Assigned { row, about: offer.about.clone() };
    Ok(Accepted { offer, assignment })
}

/// Requires that the campus still takes the volunteer, and that the volunteer's calendar and caps have room.
fn may_come(tx: &mut Tx<'_>, offer: &Offered) -> Result<(), ServiceError> {
    let (row, about) = (&offer.row, &offer.about);
    let standing = campus_volunteers::find(tx.conn, row.campus_id, row.volunteer_id)?.map(|listed| listed.row.state);
    if standing != Some(Standing::Approved) {
        let standing = standing.map_or("unknown", Standing::as_str);
        return Err(ServiceError::refused(
            Code::NotApproved,
            format!("You are {standing} at this campus, not approved."),
        ));
    }
    let window = about.when.window();
    let near = Window::new(window.start().plus(-NEAR), window.end().plus(NEAR)).unwrap_or(window);
    let held = engagements::list_held(tx.conn, Whose::People(&[row.volunteer_id]), near)?;
    let others: Vec<&EngagedRow> = held.iter().filter(|other| other.need != row.campus_request_id).collect();
    let travel = crate::domain::matching::travel::TravelRule::default();
    if let Some(other) = others.iter().find(|other| travel.clash((window, about.venue), (other.window, other.venue))) {
        return Err(ServiceError::refused(
            Code::Overlap,
            format!(
                "You are expected at \u{201c}{}\u{201d} from {} to {}; no time is left between, travel included.",
                other.title,
                other.window.start(),
                other.window.end()
            ),
        ));
    }
    let (week, month) = Period::of(window.start(), about.zone);
    let count = |within: &dyn Fn((Period, Period)) -> bool| {
        others.iter().filter(|other| within(Period::of(other.window.start(), about.zone))).count()
    };
    let caps = [
        ("week", count(&|(of, _)| of == week), about.volunteer.max_per_week),
        ("month", count(&|(_, of)| of == month), about.volunteer.max_per_month),
    ];
    for (period, held, cap) in caps {
        if held >= usize::try_from(cap).unwrap_or_default() {
            return Err(ServiceError::refused(
                Code::CapReached,
                format!("You take {cap} engagements a {period} and have {held} in that of this one."),
            ));
        }
    }
    Ok(())
}

/// Another need that would be glad of the volunteer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The need.
    pub need: CampusRequestId,
    /// Its title.
    pub title: String,
    /// When it begins.
    pub starts_at: Instant,
}

/// The refusals of an answer to which alternatives belong.
#[must_use]
pub const fn calls_for_alternatives(code: Code) -> bool {
    matches!(
        code,
        Code::OfferNotOpen
            | Code::OfferTakenElsewhere
            | Code::Overlap
            | Code::CapReached
            | Code::NotApproved
            | Code::HasBegun
    )
}

/// What the volunteer of an offer could do instead: the campus's other needs with an open seat for which the volunteer is
/// eligible, or is being asked already; the soonest first.
///
/// # Errors
/// The database's.
pub fn alternatives(tx: &mut Tx<'_>, id: OfferId) -> Result<Vec<Alternative>, ServiceError> {
    let offer = offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)?;
    let (campus, volunteer): (_, VolunteerId) = (offer.row.campus_id, offer.row.volunteer_id);
    let mut needs = campus_requests::list_open(tx.conn, Some(campus), tx.now)?;
    needs.retain(|need| need.id != offer.row.campus_request_id);
    let open: Vec<_> = needs.iter().map(|need| &need.need).collect();
    let people = matching::people(tx, campus, Whose::People(&[volunteer]), &open, Counts::Held)?;
    let Some(who) = people.first() else { return Ok(Vec::new()) };
    let terrain = matching::terrain(&matching::campus_of(tx, campus)?);
    let ids: Vec<CampusRequestId> = needs.iter().map(|need| need.id).collect();
    let seats = campus_requests::seats(tx.conn, &ids, tx.now)?;
    let glad = needs.iter().filter(|need| {
        let asked = who.prospect.past.contains(&(need.id, Past::Asked));
        let free = need.roles.iter().any(|role| {
            let gone = seats.get(&role.id()).copied().unwrap_or_default();
            gone.filled + gone.offered < u32::from(role.max())
        });
        asked || (free && is_eligible(need, &who.prospect, &terrain))
    });
    let alternatives = glad.map(|need| Alternative {
        need: need.id,
        title: need.title.clone(),
        starts_at: need.when.window().start(),
    });
    Ok(alternatives.take(ALTERNATIVES).collect())
}
