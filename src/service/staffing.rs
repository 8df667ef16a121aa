//! How seats change hands: asked for, taken, vacated, passed on. The steps that offers, proposals and assignments share.
//!
//! Every step runs inside the transaction of the use case that takes it, so a seat that comes free is passed on before
//! anybody else can see it free. Absent on purpose: rights, which the use cases have looked at before.

use std::collections::VecDeque;

use super::app::Tx;
use super::attention;
use super::code::Code;
use super::error::ServiceError;
use super::ground::Ground;
use super::matching::{self, Counts, Seen};
use super::outbox;
use super::seating;
use crate::auth::link::LinkFor;
use crate::auth::secret::Secret;
use crate::domain::ids::{AssignmentId, CampusRequestId, OfferId, RoleId};
use crate::domain::letter::Person;
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::campus_request::NeedRole;
use crate::domain::matching::eligibility::{Commitment, Past};
use crate::domain::matching::score::score;
use crate::domain::matching::travel::Venue;
use crate::domain::matching::waves;
use crate::domain::notice::{CancelCause, Engagement, News, Notice, OfferEnd, Recipient};
use crate::domain::scheduling::event::EventState;
use crate::domain::time::Instant;
use crate::store::assignments::{self, Assigned, AssignmentRow};
use crate::store::campus_requests;
use crate::store::columns::Json;
use crate::store::db::StoreError;
use crate::store::engagements::{self, Whose};
use crate::store::offers::{self, OfferRow, Offered};
use crate::store::{accounts, events, feed_revisions};

/// How many open offers of one need are looked at together. A need has at most 20 roles of 500 seats.
const ALL_OFFERS: i64 = 10_000;

/// In which manner somebody is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// When to answer; `None` after the campus's usual hours.
    pub deadline: Option<Instant>,
    /// In which wave.
    pub wave: i32,
    /// Whether others are asked for the same seat, so that the first to answer has it.
    pub shared: bool,
}

/// Holds a seat for `who` and writes to them, at night in the morning after. The caller has looked for obstacles.
///
/// # Errors
/// The database's.
pub fn ask(
    tx: &mut Tx<'_>,
    ground: &mut Ground,
    who: &mut Seen,
    role: &NeedRole,
    asking: Asking,
) -> Result<OfferId, ServiceError> {
    let Asking { deadline, wave, shared } = asking;
    let zone = who.prospect.volunteer.zone();
    let (quiet, last) = (tx.app.quiet, deadline.unwrap_or_else(|| ground.last_moment(tx.now)));
    let written = quiet.map_or(tx.now, |quiet| quiet.when_to_write(tx.now, zone, last));
    let secret = Secret::mint();
    let score = score(&ground.need, &who.prospect, &ground.terrain);
    let row = OfferRow {
        id: OfferId::mint(),
        campus_id: ground.campus.id,
        campus_request_id: ground.need.id,
        role_id: role.id(),
        volunteer_id: who.prospect.volunteer.id(),
        state: OfferState::Sent,
        deadline: deadline.unwrap_or_else(|| ground.usual_deadline(written, zone, quiet)),
        wave,
        score: score.total.into(),
        reasons: Json(score.reasons()),
        token_hash: secret.hash(),
        decline_reason: None,
        answered_at: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    offers::insert(tx.conn, &row)?;
    let notice = Notice::Offer {
        engagement: ground.engagement(role),
        deadline: row.deadline,
        link: format!("{}/o/{}", tx.app.site.base_url, secret.reveal()),
        reasons: row.reasons.0.clone(),
        shared,
        thread: row.id.to_string(),
    };
    let to = recipient(tx, who)?;
    outbox::post_later(tx, Some(ground.campus.id), &to, &notice, written)?;
    ground.hold(role.id());
    who.answers.lately += 1;
    who.prospect.past.push((ground.need.id, Past::Asked));
    who.prospect.commitments.push(Commitment {
        need: ground.need.id,
        title: Some(ground.need.title.clone()),
        window: ground.need.when.window(),
        venue: Venue::of(&ground.need, ground.terrain.campus),
    });
    Ok(row.id)
}

fn recipient(tx: &mut Tx<'_>, who: &Seen) -> Result<Recipient, ServiceError> {
    let volunteer = &who.prospect.volunteer;
    let account = accounts::find(tx.conn, who.account)?
        .ok_or_else(|| StoreError::Corrupt(format!("volunteer {} has no account", volunteer.id())))?;
    Ok(Recipient { person: Person::new(&volunteer.display_name, account.email), zone: Some(volunteer.zone()) })
}

/// Gives a seat: keeps the assignment and confirms it with an invite. The caller has looked for obstacles.
///
/// # Errors
/// `overlap` where only the schema's wall knew of it; the database's.
pub fn seat(tx: &mut Tx<'_>, row: &AssignmentRow, engagement: Engagement, to: &Recipient) -> Result<(), ServiceError> {
    if !assignments::insert(tx.conn, row)? {
        return Err(ServiceError::refused(Code::Overlap, "Another engagement is in the way at that time."));
    }
    let table = seating::named(&seating::sit_down(tx, row)?);
    let (mark, by_office) = (row.mark(&tx.app.site.host), row.offer_id.is_none());
    let notice = Notice::Confirmation { engagement, mark, by_office, table, news: None, link: None };
    outbox::post(tx, Some(row.campus_id), to, &notice)?;
    feed_revisions::bump(tx.conn, &feed_revisions::volunteer(row.volunteer_id), tx.now)?;
    Ok(())
}

/// The assignment that gives `who` a seat by the office's word, confirmed by letter.
///
/// # Errors
/// Those of [`seat`].
pub fn assign(
    tx: &mut Tx<'_>,
    ground: &Ground,
    who: &Seen,
    role: &NeedRole,
    override_reason: Option<String>,
) -> Result<AssignmentId, ServiceError> {
    let window = ground.need.when.window();
    let row = AssignmentRow {
        id: AssignmentId::mint(),
        campus_id: ground.campus.id,
        campus_request_id: ground.need.id,
        role_id: role.id(),
        offer_id: None,
        volunteer_id: who.prospect.volunteer.id(),
        state: AssignmentState::Confirmed,
        starts_at: window.start(),
        ends_at: window.end(),
        override_reason,
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
    let to = recipient(tx, who)?;
    seat(tx, &row, ground.engagement(role), &to)?;
    Ok(row.id)
}

/// Says that a need is fulfilled, if every seat is now taken, and lets go of those still asked for seats that are gone.
///
/// # Errors
/// The database's.
pub fn settle(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    let Some(need) = campus_requests::find(tx.conn, need)? else { return Ok(()) };
    let seats = campus_requests::seats(tx.conn, &[need.id], tx.now)?;
    let seats = |role: &NeedRole| seats.get(&role.id()).copied().unwrap_or_default();
    let full = |role: &NeedRole| seats(role).filled >= u32::from(role.max());
    if need.roles.iter().any(|role| full(role) && seats(role).offered > 0) {
        for offer in offers::list_unanswered(tx.conn, need.id, ALL_OFFERS, tx.now)? {
            if need.role(offer.row.role_id).is_some_and(full) && offer.row.state == OfferState::Sent {
                end_offer(tx, &offer, OfferState::Superseded, OfferEnd::NoLongerNeeded)?;
            }
        }
    }
    if need.roles.iter().all(full) && need.state.is_open() {
        let fulfilled = need.moved(need.state.fulfil()?, None, tx.now);
        campus_requests::update(tx.conn, &fulfilled)?;
        feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    }
    Ok(())
}

/// Closes an open offer without its volunteer's answer, and tells them. Answers whether it was open.
///
/// # Errors
/// The database's.
pub fn end_offer(tx: &mut Tx<'_>, offer: &Offered, state: OfferState, end: OfferEnd) -> Result<bool, ServiceError> {
    if !offers::close(tx.conn, offer.row.id, state, None, tx.now)? {
        return Ok(false);
    }
    let (engagement, thread) = (offer.about.engagement(), offer.row.id.to_string());
    let notice = Notice::OfferClosed { engagement, end, thread };
    outbox::post(tx, Some(offer.row.campus_id), &offer.about.recipient(), &notice)?;
    Ok(true)
}

/// Ends a live assignment and takes it out of its volunteer's calendar, and nobody else's.
///
/// # Errors
/// `wrong_state` where it was changed meanwhile; the database's.
pub fn vacate(
    tx: &mut Tx<'_>,
    assigned: &Assigned,
    state: AssignmentState,
    reason: Option<String>,
    cause: CancelCause,
) -> Result<AssignmentRow, ServiceError> {
    let row = assigned.row.ended(state, reason, tx.now);
    if !assignments::update(tx.conn, &row)? {
        return Err(ServiceError::refused(Code::WrongState, "The assignment has changed meanwhile."));
    }
    let (engagement, mark) = (assigned.about.engagement(), row.mark(&tx.app.site.host));
    let notice = Notice::Cancellation { engagement, mark, cause };
    outbox::post(tx, Some(row.campus_id), &assigned.about.recipient(), &notice)?;
    feed_revisions::bump(tx.conn, &feed_revisions::volunteer(row.volunteer_id), tx.now)?;
    attention::forget(tx, row.id)?;
    seating::stand_up(tx, row.id)?;
    Ok(row)
}

/// Opens a fulfilled need again of which a seat was vacated, and passes the seat on.
///
/// # Errors
/// The database's.
pub fn reopen(tx: &mut Tx<'_>, need: CampusRequestId, role: RoleId) -> Result<(), ServiceError> {
    let Some(row) = campus_requests::find(tx.conn, need)? else { return Ok(()) };
    if let Ok(state) = row.state.reopen() {
        campus_requests::update(tx.conn, &row.moved(state, None, tx.now))?;
        feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    }
    fill(tx, need, &[role])
}

/// Passes seats that came free (each named by its role) to the next best candidates who were not asked before: the next
/// wave, as large as [`waves::how_many`] says. Where nobody is left, the need comes to the coordinator's
/// attention. A need for which nobody was ever asked is staffed by hand and left alone; so is one that has begun, is
/// postponed or takes nobody.
///
/// # Errors
/// The database's.
pub fn fill(tx: &mut Tx<'_>, need: CampusRequestId, freed: &[RoleId]) -> Result<(), ServiceError> {
    let Some(need) = campus_requests::find(tx.conn, need)? else { return Ok(()) };
    if !need.state.is_open() || need.when.window().start() <= tx.now {
        return Ok(());
    }
    let wave = offers::last_wave(tx.conn, need.id)?;
    if wave == 0 {
        return Ok(());
    }
    let campus = matching::campus_of(tx, need.campus_id)?;
    let mut ground = Ground::of(tx, need, campus)?;
    if ground.postponed {
        return Ok(());
    }
    let roles: Vec<NeedRole> = ground.need.roles.clone();
    let wanted: Vec<(NeedRole, u32)> = roles
        .into_iter()
        .map(|role| {
            let freed = freed.iter().filter(|id| **id == role.id()).count();
            let seats = ground.open(&role).min(u32::try_from(freed).unwrap_or(u32::MAX));
            (role, seats)
        })
        .filter(|(_, seats)| *seats > 0)
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let people = matching::people(
        tx,
        ground.campus.id,
        Whose::Campus(ground.campus.id),
        &[&ground.need.need],
        Counts::HeldAndAsked,
    )?;
    let mut next: Vec<Seen> = matching::ranked(&ground.need, &people, &ground.terrain).into_iter().cloned().collect();
    next.retain(|who| !who.answers.is_enough());
    let mut next = VecDeque::from(next);
    let so_far = engagements::answers_of(tx.conn, ground.need.id, tx.now)?;
    let rounds = ground.rounds(tx.now, None);
    let mut short = false;
    for (role, seats) in wanted {
        let chances: Vec<f64> = next.iter().map(|who| who.answers.chance(so_far)).collect();
        let seats = usize::try_from(seats).unwrap_or(usize::MAX);
        let asked = waves::how_many(seats, &chances, rounds);
        short |= asked < seats;
        let asking = Asking { deadline: None, wave: wave + 1, shared: asked > seats };
        for mut who in next.drain(..asked.min(next.len())).collect::<Vec<_>>() {
            ask(tx, &mut ground, &mut who, &role, asking)?;
        }
    }
    note_shortage(tx, &ground, short)
}

/// Writes down since when a need has open seats and nobody to ask, or that it has no longer.
///
/// # Errors
/// The database's.
pub fn note_shortage(tx: &mut Tx<'_>, ground: &Ground, short: bool) -> Result<(), ServiceError> {
    let since = ground.need.out_of_candidates_at;
    let over = ground.open_at_all() == 0;
    match since {
        None if short && !over => campus_requests::set_out_of_candidates(tx.conn, ground.need.id, Some(tx.now))?,
        Some(_) if over => campus_requests::set_out_of_candidates(tx.conn, ground.need.id, None)?,
        None | Some(_) => {}
    }
    Ok(())
}

/// Lets everybody go from a need that does not take place: cancels its live assignments and closes its open offers, each
/// with a letter. For the use cases that call a need or its event off.
///
/// # Errors
/// The database's.
pub fn release_all(tx: &mut Tx<'_>, need: CampusRequestId, cause: &CancelCause) -> Result<(), ServiceError> {
    supersede_offers(tx, need)?;
    let reason = match cause {
        CancelCause::Released => None,
        CancelCause::Removed { reason } | CancelCause::EventCancelled { reason } => reason.clone(),
    };
    for assigned in assignments::list_live(tx.conn, assignments::Of::Need(need), tx.now)? {
        let state = assigned.row.state.cancel()?;
        vacate(tx, &assigned, state, reason.clone(), cause.clone())?;
    }
    Ok(())
}

/// Keeps a live assignment in `state` and writes to its volunteer what has become of it: the same calendar entry, its
/// sequence raised. Who is asked whether it still suits gets a link to say so.
///
/// # Errors
/// `wrong_state` where it was changed meanwhile; the database's.
pub fn keep_with_news(
    tx: &mut Tx<'_>,
    assigned: &Assigned,
    state: AssignmentState,
    news: Option<News>,
) -> Result<AssignmentRow, ServiceError> {
    let row = AssignmentRow { state, ..assigned.row.touched(tx.now) };
    if !assignments::update(tx.conn, &row)? {
        return Err(ServiceError::refused(Code::WrongState, "An assignment has changed meanwhile."));
    }
    let postponed = match (&news, assigned.about.need.event_id) {
        (Some(News::Postponed { .. }), _) => true,
        (Some(News::Rescheduled { .. } | News::Resumed { .. } | News::Instead), _) | (None, None) => false,
        (None, Some(event)) => events::find(tx.conn, event)?.is_some_and(|event| event.state == EventState::Postponed),
    };
    let link = (state == AssignmentState::ReconfirmPending && !postponed).then(|| {
        let sealed = tx.app.links.seal(LinkFor::Assignment, row.id.uuid());
        format!("{}/p/{sealed}", tx.app.site.base_url)
    });
    let engagement = Engagement { postponed, ..assigned.about.engagement() };
    let (mark, by_office) = (row.mark(&tx.app.site.host), row.offer_id.is_none());
    let table = seating::place_of(tx, row.id)?;
    let notice = Notice::Confirmation { engagement, mark, by_office, table, news, link };
    outbox::post(tx, Some(row.campus_id), &assigned.about.recipient(), &notice)?;
    feed_revisions::bump(tx.conn, &feed_revisions::volunteer(row.volunteer_id), tx.now)?;
    Ok(row)
}

/// Writes to everybody who has a seat of a need that was changed: the same calendar entry, its sequence raised.
///
/// # Errors
/// The database's.
pub fn tell_of_change(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    for assigned in assignments::list_live(tx.conn, assignments::Of::Need(need), tx.now)? {
        keep_with_news(tx, &assigned, assigned.row.state, None)?;
    }
    Ok(())
}

/// The same for one assignment, whose table has changed.
///
/// # Errors
/// The database's.
pub fn tell_one_of_change(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<(), ServiceError> {
    match assignments::find(tx.conn, assignment)? {
        Some(assigned) => keep_with_news(tx, &assigned, assigned.row.state, None).map(drop),
        None => Ok(()),
    }
}

/// Closes the open offers of a need that takes nobody any more, each with a letter; those who have a seat keep it.
///
/// # Errors
/// The database's.
pub fn supersede_offers(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    for offer in offers::list_unanswered(tx.conn, need, ALL_OFFERS, tx.now)? {
        let (state, end) = match offer.row.state {
            OfferState::Sent => (OfferState::Superseded, OfferEnd::NoLongerNeeded),
            _ => (OfferState::Expired, OfferEnd::Expired),
        };
        end_offer(tx, &offer, state, end)?;
    }
    Ok(())
}
