//! Offers: seats held for one volunteer until a deadline. What the office does with them, and time; what volunteers
//! answer is in `answers`.

use super::access::{self, Actor};
use super::app::{App, Tx};
use super::error::ServiceError;
use super::ground::{Ground, Way, obstacle};
use super::matching::{self, Counts};
use super::staffing::{self, Asking};
use crate::domain::ids::{CampusRequestId, OfferId, RoleId, VolunteerId};
use crate::domain::matching::assignment::OfferState;
use crate::domain::matching::campus_request::{CampusRequest, NeedRole};
use crate::domain::notice::OfferEnd;
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::time::Instant;
use crate::store::engagements::Whose;
use crate::store::offers::{self, Of};
use crate::store::{campus_requests, campus_volunteers};

pub use crate::store::offers::Offered;

/// How many offers of one need expire in one transaction.
const HANDFUL: i64 = 50;

/// Reads the deadline that a coordinator sets: ahead of now, not after the start.
///
/// # Errors
/// [`Invalid`] for `deadline`.
pub fn deadline(given: Option<Instant>, start: Instant, now: Instant) -> Result<Option<Instant>, Invalid> {
    match given {
        Some(at) if at <= now => {
            Err(Invalid::new("deadline", "in_the_past", format!("{at} is not ahead; it is {now} now")))
        }
        Some(at) if at > start => {
            Err(Invalid::new("deadline", "after_start", format!("{at} is after the start, {start}")))
        }
        given => Ok(given),
    }
}

/// The role of a need that a body names.
///
/// # Errors
/// [`Invalid`] with `unknown_reference`.
pub fn role_of(need: &CampusRequest, id: RoleId) -> Result<NeedRole, Invalid> {
    let role = need.role(id).cloned();
    role.ok_or_else(|| Invalid::new("role_id", "unknown_reference", format!("the need has no role {id}")))
}

/// Requires that a volunteer whom a body names has applied at the campus.
///
/// # Errors
/// [`Invalid`] with `unknown_reference`.
pub fn known(tx: &mut Tx<'_>, need: &CampusRequest, id: VolunteerId) -> Result<(), ServiceError> {
    if campus_volunteers::find(tx.conn, need.campus_id, id)?.is_some() {
        return Ok(());
    }
    let detail = format!("the campus knows no volunteer {id}");
    Err(Invalid::new("volunteer_id", "unknown_reference", detail).into())
}

/// Offers a seat.
///
/// # Errors
/// `not_found`, `forbidden`; the fields'; whatever stands between the volunteer and the seat.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: CampusRequestId,
    volunteer: VolunteerId,
    role: RoleId,
    given: Option<Instant>,
) -> Result<Offered, ServiceError> {
    let need = campus_requests::find(tx.conn, need)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, need.campus_id, Action::Staff)?;
    let role = role_of(&need, role)?;
    known(tx, &need, volunteer)?;
    let start = need.when.window().start();
    // Where it has begun there is no deadline to be had, and that is what to say.
    let given = if start > tx.now { deadline(given, start, tx.now)? } else { given };
    let people = matching::people(tx, need.campus_id, Whose::People(&[volunteer]), &[&need.need], Counts::Held)?;
    let Some(mut who) = people.into_iter().next() else { return Err(ServiceError::NotFound) };
    let campus = matching::campus_of(tx, need.campus_id)?;
    let mut ground = Ground::of(tx, need, campus)?;
    if let Some(why) = obstacle(&ground, &who, &role, Way::Offer, tx.now) {
        return Err(why.refusal());
    }
    // The first who are asked are the first wave; who is asked beside a later one belongs to it.
    let wave = offers::last_wave(tx.conn, ground.need.id)?.max(1);
    let id = staffing::ask(tx, &mut ground, &mut who, &role, Asking { deadline: given, wave, shared: false })?;
    staffing::note_shortage(tx, &ground, false)?;
    offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)
}

/// One offer, for the office and for its volunteer.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: OfferId) -> Result<Offered, ServiceError> {
    let offer = offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)?;
    if offer.about.volunteer.account_id != actor.account {
        access::require(tx, actor, offer.row.campus_id, Action::Staff)?;
    }
    Ok(offer)
}

/// The offers of a need, for the office.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn list_of_need(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: CampusRequestId,
    state: Option<OfferState>,
    after: Option<OfferId>,
    limit: i64,
) -> Result<Vec<Offered>, ServiceError> {
    let found = campus_requests::find(tx.conn, need)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, found.campus_id, Action::Staff)?;
    Ok(offers::list(tx.conn, Of::Need(need), state, after, limit, tx.now)?)
}

/// The offers to a volunteer, who asks.
///
/// # Errors
/// `not_found`.
pub fn list_of_volunteer(
    tx: &mut Tx<'_>,
    actor: &Actor,
    volunteer: VolunteerId,
    state: Option<OfferState>,
    after: Option<OfferId>,
    limit: i64,
) -> Result<Vec<Offered>, ServiceError> {
    access::own_volunteer(tx, actor, volunteer)?;
    Ok(offers::list(tx.conn, Of::Volunteer(volunteer), state, after, limit, tx.now)?)
}

/// Takes an offer back; its volunteer is told why. The seat is the office's to give: it is not passed on.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` unless it is open.
pub fn withdraw(tx: &mut Tx<'_>, actor: &Actor, id: OfferId, reason: &str) -> Result<Offered, ServiceError> {
    let offer = offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, offer.row.campus_id, Action::Staff)?;
    let state = offer.row.state.withdraw()?;
    let end = OfferEnd::Withdrawn { reason: Some(reason.to_owned()) };
    if !staffing::end_offer(tx, &offer, state, end)? {
        return Err(ServiceError::NotFound);
    }
    offers::find(tx.conn, id, tx.now)?.ok_or(ServiceError::NotFound)
}

/// Closes the offers whose deadline has passed, tells their volunteers and passes the seats on: one need a transaction,
/// so that nothing waits long for it. Answers how many were closed.
///
/// # Errors
/// The database's.
pub async fn expire_due(app: &App) -> Result<usize, ServiceError> {
    let mut closed = 0;
    // Looked for first, so that a turn in which nothing is due writes nothing.
    while app.read(|tx| Ok(offers::find_need_due(tx.conn, tx.now)?.is_some())).await? {
        closed += app.write(expire_one_need).await?;
    }
    Ok(closed)
}

fn expire_one_need(tx: &mut Tx<'_>) -> Result<usize, ServiceError> {
    let Some(need) = offers::find_need_due(tx.conn, tx.now)? else { return Ok(0) };
    let due = offers::list_unanswered(tx.conn, need, HANDFUL, tx.now)?;
    let mut freed = Vec::new();
    for offer in due.iter().filter(|offer| offer.row.state == OfferState::Expired) {
        if staffing::end_offer(tx, offer, OfferState::Expired, OfferEnd::Expired)? {
            freed.push(offer.row.role_id);
        }
    }
    staffing::fill(tx, need, &freed)?;
    Ok(freed.len())
}
