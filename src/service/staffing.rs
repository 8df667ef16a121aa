//! How seats change hands: asked for, taken, vacated, passed on. The steps that offers, proposals and assignments share.
//!
//! Every step runs inside the transaction of the use case that takes it, so a seat that comes free is passed on before
//! anybody else can see it free. Absent on purpose: rights, which the use cases have looked at before.

use std::collections::HashMap;

use serde_json::json;

use super::app::Tx;
use super::attention;
use super::code::Code;
use super::error::ServiceError;
use super::matching::{self, Seen};
use super::outbox;
use crate::auth::secret::Secret;
use crate::domain::ids::{AssignmentId, CampusRequestId, OfferId, RoleId};
use crate::domain::letter::Person;
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::campus_request::NeedRole;
use crate::domain::matching::eligibility::{Commitment, Failed, Past, Rule, Terrain, check};
use crate::domain::matching::score::score;
use crate::domain::matching::travel::Venue;
use crate::domain::notice::{CancelCause, Engagement, Notice, OfferEnd, Recipient};
use crate::domain::people::campus::Campus;
use crate::domain::time::Instant;
use crate::store::assignments::{self, Assigned, AssignmentRow};
use crate::store::campus_requests::{self, CampusRequestRow, Seats};
use crate::store::columns::Json;
use crate::store::db::StoreError;
use crate::store::engagements::{Whose, engagement_of};
use crate::store::offers::{self, OfferRow, Offered};
use crate::store::{accounts, feed_revisions};

/// How many open offers of one need are looked at together. A need has at most 20 roles of 500 seats.
const ALL_OFFERS: i64 = 10_000;

/// A need with its campus and its seats, while they are dealt out.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The need.
    pub need: CampusRequestRow,
    /// Its campus.
    pub campus: Campus,
    /// The campus on the map.
    pub terrain: Terrain,
    seats: HashMap<RoleId, Seats>,
}

impl Ground {
    /// The ground of a need that was found.
    ///
    /// # Errors
    /// The database's.
    pub fn of(tx: &mut Tx<'_>, need: CampusRequestRow, campus: Campus) -> Result<Self, ServiceError> {
        let seats = campus_requests::seats(tx.conn, &[need.id], tx.now)?;
        Ok(Self { terrain: matching::terrain(&campus), need, campus, seats })
    }

    fn seats(&self, role: RoleId) -> Seats {
        self.seats.get(&role).copied().unwrap_or_default()
    }

    /// The seats of a role that are neither taken nor held.
    #[must_use]
    pub fn open(&self, role: &NeedRole) -> u32 {
        let Seats { filled, offered } = self.seats(role.id());
        u32::from(role.max()).saturating_sub(filled + offered)
    }

    /// The seats of all roles that are neither taken nor held.
    #[must_use]
    pub fn open_at_all(&self) -> u32 {
        self.need.roles.iter().map(|role| self.open(role)).sum()
    }

    fn engagement(&self, role: &NeedRole) -> Engagement {
        engagement_of(&self.need, self.campus.for_letters(), role.name())
    }

    /// When an offer made now is to be answered: after the campus's usual hours, but before the decision is due and in
    /// any case before it begins.
    fn usual_deadline(&self, now: Instant) -> Instant {
        usual_deadline(
            now,
            now.plus(self.campus.settings.offer_hours.length()),
            self.need.decide_by,
            self.need.when.window().start(),
        )
    }
}

fn usual_deadline(now: Instant, usual: Instant, decide_by: Instant, start: Instant) -> Instant {
    // Where the decision is overdue the start is what is left to go by.
    let last = if decide_by > now { decide_by.min(start) } else { start };
    usual.min(last)
}

/// What keeps somebody from a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The need takes nobody: its state.
    NotOpen(&'static str),
    /// It has begun.
    Begun(Instant),
    /// The role has no seat left: its name, the seats taken, held, and all there are.
    Full(String, Seats, u16),
    /// The person may not: every rule that says so.
    Person(Vec<Failed>),
}

impl Obstacle {
    /// The problem's code.
    #[must_use]
    pub fn code(&self) -> Code {
        let Self::Person(failed) = self else {
            return match self {
                Self::NotOpen(_) => Code::WrongState,
                Self::Begun(_) => Code::HasBegun,
                Self::Full(..) => Code::SeatsFull,
                Self::Person(_) => Code::NotEligible,
            };
        };
        let fails = |rule: Rule| failed.iter().any(|one| one.rule == rule);
        if fails(Rule::AlreadyAssigned) {
            Code::AlreadyAssigned
        } else if fails(Rule::AlreadyAsked) {
            Code::AlreadyOffered
        } else if fails(Rule::NotApprovedHere) {
            Code::NotApproved
        } else if failed.iter().all(|one| one.rule == Rule::Clash) {
            Code::Overlap
        } else {
            Code::NotEligible
        }
    }

    /// The sentence with its values.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NotOpen(state) => {
                format!("The need is {}; people are asked for approved needs.", state.replace('_', " "))
            }
            Self::Begun(start) => format!("It began at {start}."),
            Self::Full(role, seats, max) => format!(
                "The role {role:?} has {max} seats: {} taken, {} held by open offers.",
                seats.filled, seats.offered
            ),
            Self::Person(failed) => failed.iter().map(|one| one.detail.as_str()).collect::<Vec<_>>().join(" "),
        }
    }

    /// The refusal of a use case.
    #[must_use]
    pub fn refusal(&self) -> ServiceError {
        let refused = ServiceError::refused(self.code(), self.detail());
        match self {
            Self::NotOpen(state) => refused.with("state", *state),
            Self::Begun(_) | Self::Full(..) => refused,
            Self::Person(failed) => {
                let each = |one: &Failed| json!({ "rule": one.rule.as_str(), "detail": one.detail });
                refused.with("refusals", failed.iter().map(each).collect::<Vec<_>>())
            }
        }
    }
}

/// How a seat is to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an offer: seats that others are asked for are not to be had.
    Offer,
    /// By the office's word.
    Assign,
    /// By the office's word, the rules about the person set aside for a reason.
    Override,
}

/// What keeps `who` from a seat in `role`, if anything does.
#[must_use]
pub fn obstacle(ground: &Ground, who: &Seen, role: &NeedRole, way: Way, now: Instant) -> Option<Obstacle> {
    let (need, start) = (&ground.need, ground.need.when.window().start());
    if !need.state.is_open() {
        return Some(Obstacle::NotOpen(need.state.as_str()));
    }
    if start <= now {
        return Some(Obstacle::Begun(start));
    }
    let mut failed = check(need, &who.prospect, &ground.terrain);
    if way == Way::Override {
        // Consent stands above the office's reasons: nobody is engaged at a campus that has not approved them.
        failed.retain(|one| matches!(one.rule, Rule::AlreadyAssigned | Rule::NotApprovedHere));
    }
    if !failed.is_empty() {
        return Some(Obstacle::Person(failed));
    }
    let seats = ground.seats(role.id());
    let gone = match way {
        Way::Offer => seats.filled + seats.offered,
        Way::Assign | Way::Override => seats.filled,
    };
    (gone >= u32::from(role.max())).then(|| Obstacle::Full(role.name().to_owned(), seats, role.max()))
}

/// Holds a seat for `who` and writes to them. The caller has looked for obstacles.
///
/// # Errors
/// The database's.
pub fn ask(
    tx: &mut Tx<'_>,
    ground: &mut Ground,
    who: &mut Seen,
    role: &NeedRole,
    deadline: Option<Instant>,
    wave: i32,
) -> Result<OfferId, ServiceError> {
    let secret = Secret::mint();
    let score = score(&ground.need, &who.prospect, &ground.terrain);
    let row = OfferRow {
        id: OfferId::mint(),
        campus_id: ground.campus.id,
        campus_request_id: ground.need.id,
        role_id: role.id(),
        volunteer_id: who.prospect.volunteer.id(),
        state: OfferState::Sent,
        deadline: deadline.unwrap_or_else(|| ground.usual_deadline(tx.now)),
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
        thread: row.id.to_string(),
    };
    let to = recipient(tx, who)?;
    outbox::post(tx, Some(ground.campus.id), &to, &notice)?;
    ground.seats.entry(role.id()).or_default().offered += 1;
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
    let notice =
        Notice::Confirmation { engagement, mark: row.mark(&tx.app.site.host), by_office: row.offer_id.is_none() };
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
/// wave. Where nobody is left, the need comes to the coordinator's attention. A need for which nobody was ever asked is
/// staffed by hand and left alone; so is one that has begun or takes nobody.
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
    let people = matching::people(tx, ground.campus.id, Whose::Campus(ground.campus.id), &[&ground.need.need])?;
    let mut next = matching::ranked(&ground.need, &people, &ground.terrain).into_iter().cloned();
    let mut short = false;
    for (role, seats) in wanted {
        for _ in 0..seats {
            match next.next() {
                Some(mut who) => {
                    ask(tx, &mut ground, &mut who, &role, None, wave + 1)?;
                }
                None => short = true,
            }
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

/// Writes to everybody who has a seat of a need that was changed: the same calendar entry, its sequence raised.
///
/// # Errors
/// The database's.
pub fn tell_of_change(tx: &mut Tx<'_>, need: CampusRequestId) -> Result<(), ServiceError> {
    for assigned in assignments::list_live(tx.conn, assignments::Of::Need(need), tx.now)? {
        let row = assigned.row.touched(tx.now);
        if !assignments::update(tx.conn, &row)? {
            return Err(ServiceError::refused(Code::WrongState, "An assignment has changed meanwhile."));
        }
        let (engagement, mark) = (assigned.about.engagement(), row.mark(&tx.app.site.host));
        let notice = Notice::Confirmation { engagement, mark, by_office: row.offer_id.is_none() };
        outbox::post(tx, Some(row.campus_id), &assigned.about.recipient(), &notice)?;
        feed_revisions::bump(tx.conn, &feed_revisions::volunteer(row.volunteer_id), tx.now)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_answered_before_the_decision_and_before_the_start() {
        let at = Instant::from_unix;
        let check = |usual, decide_by, start, expect| {
            assert_eq!(usual_deadline(at(100), at(usual), at(decide_by), at(start)), at(expect));
        };
        check(200, 500, 900, 200);
        check(600, 500, 900, 500);
        check(600, 100, 900, 600);
        check(600, 50, 300, 300);
        check(1000, 950, 900, 900);
    }

    #[test]
    fn an_obstacle_names_the_rule_that_weighs_most() {
        let failed = |rules: &[Rule]| {
            Obstacle::Person(rules.iter().map(|&rule| Failed { rule, detail: "It is so.".to_owned() }).collect())
        };
        let check = |rules: &[Rule], expect: Code| assert_eq!(failed(rules).code(), expect, "{rules:?}");
        check(&[Rule::Clash], Code::Overlap);
        check(&[Rule::Clash, Rule::Clash], Code::Overlap);
        check(&[Rule::Clash, Rule::Unavailable], Code::NotEligible);
        check(&[Rule::CapReached], Code::NotEligible);
        check(&[Rule::NotApprovedHere, Rule::KindNotAccepted], Code::NotApproved);
        check(&[Rule::NotApprovedHere, Rule::AlreadyAssigned], Code::AlreadyAssigned);
        check(&[Rule::AlreadyAsked, Rule::Unavailable], Code::AlreadyOffered);
        assert_eq!(Obstacle::NotOpen("draft").code(), Code::WrongState);
    }
}
