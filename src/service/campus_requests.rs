//! Needs: posted by members, decided by the office, and the events they make.
//!
//! A requester sees and moves their own needs, a coordinator all of the campus. What happens to a need is told to the
//! one who asked by letter, unless they did it themselves. Absent on purpose: seats and the people on them (`staffing`).

use std::collections::HashMap;

use super::access::{Actor, require, role_at};
use super::app::{App, Tx};
use super::code::Code;
use super::error::{Seen, ServiceError};
use super::{outbox, staffing};
use crate::domain::ids::{AccountId, CampusId, CampusRequestId, EventId, RoleId, SlotId};
use crate::domain::letter::Person;
use crate::domain::matching::campus_request::{Brief, CampusRequest, Fill, Kind, NeedRole, NeedState};
use crate::domain::notice::{self, CancelCause, Notice, Recipient};
use crate::domain::people::access::{Action, may};
use crate::domain::refusal::{Invalid, prose};
use crate::domain::scheduling::event::Event;
use crate::domain::scheduling::slot::Slot;
use crate::store::campus_requests::{CampusRequestFilter, CampusRequestRow, Seats};
use crate::store::events::EventRow;
use crate::store::slots::SlotRow;
use crate::store::{accounts, campus_requests, campuses, events, feed_revisions, slots};

/// A need as its readers see it. Reads as its row.
#[derive(Debug, Clone)]
pub struct Need {
    /// What is kept.
    pub row: CampusRequestRow,
    /// The name of the one who asks.
    pub requester: String,
    /// The seats that are gone, of roles of which any are.
    pub seats: HashMap<RoleId, Seats>,
}

impl std::ops::Deref for Need {
    type Target = CampusRequestRow;

    fn deref(&self) -> &CampusRequestRow {
        &self.row
    }
}

impl Need {
    /// The seats of a role that are gone.
    pub fn seats_of(&self, role: &NeedRole) -> Seats {
        self.seats.get(&role.id()).copied().unwrap_or_default()
    }

    /// How far its seats are taken.
    pub fn fill(&self) -> Fill {
        Fill::of(self.roles.iter().map(|role| (self.seats_of(role).filled, role.min(), role.max())))
    }
}

/// Posts a need as a draft.
///
/// # Errors
/// Those of [`require`]; the field that is wrong.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, brief: Brief) -> Result<Need, ServiceError> {
    require(tx, actor, campus, Action::PostNeeds)?;
    let need = CampusRequest::new(CampusRequestId::mint(), campus, NeedState::Draft, brief)?;
    lies_ahead(tx, &need)?;
    let row = CampusRequestRow {
        need,
        requested_by: actor.account,
        state_reason: None,
        event_id: None,
        slot_id: None,
        out_of_candidates_at: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    campus_requests::insert(tx.conn, &row)?;
    seen_by_readers(tx, row)
}

fn lies_ahead(tx: &Tx<'_>, need: &CampusRequest) -> Result<(), ServiceError> {
    let start = need.when.window().start();
    for (field, at) in [("starts_local", start), ("decide_by", need.decide_by)] {
        if at <= tx.now {
            let detail = format!("{at} has passed; it is {} now", tx.now);
            return Err(Invalid::new(field, "in_the_past", detail).into());
        }
    }
    Ok(())
}

/// The need, for coordinators of its campus and for its requester.
///
/// # Errors
/// Not found, for everybody else too.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<Need, ServiceError> {
    let row = visible(tx, actor, id)?;
    seen_by_readers(tx, row)
}

/// The needs of a campus: all for coordinators, their own for requesters.
///
/// # Errors
/// Those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    (state, kind): (Option<NeedState>, Option<Kind>),
    after: Option<CampusRequestId>,
    most: i64,
) -> Result<Vec<Need>, ServiceError> {
    let role = require(tx, actor, campus, Action::PostNeeds)?;
    let requested_by = (!may(role, Action::DecideNeeds)).then_some(actor.account);
    let filter = CampusRequestFilter { campus_id: campus, requested_by, state, kind };
    let rows = campus_requests::list(tx.conn, filter, after, most)?;
    let names = campus_requests::requesters(tx.conn, &rows)?;
    let ids: Vec<CampusRequestId> = rows.iter().map(|row| row.id).collect();
    let seats = campus_requests::seats(tx.conn, &ids, tx.now)?;
    let needs = rows.into_iter().map(|row| {
        let requester = names.get(&row.requested_by).map(|(name, _)| name.clone()).unwrap_or_default();
        let of_need = |role: &NeedRole| Some((role.id(), *seats.get(&role.id())?));
        Need { seats: row.roles.iter().filter_map(of_need).collect(), requester, row }
    });
    Ok(needs.collect())
}

/// Changes a need that was not decided on yet. Roles that keep their name keep their id.
///
/// # Errors
/// Those of [`find`]; `precondition_required`, `stale`, `wrong_state`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CampusRequestId,
    seen: &Seen,
    change: impl FnOnce(Brief) -> Result<Brief, Vec<Invalid>>,
) -> Result<Need, ServiceError> {
    let row = visible(tx, actor, id)?;
    seen.agrees(row.revision)?;
    if !row.state.is_editable() {
        let state = row.state.as_str();
        let detail = format!("The need is {}; it is changed until the office has decided.", state.replace('_', " "));
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", state));
    }
    let mut brief = change(row.need.clone().into_brief())?;
    brief.roles = with_former_ids(brief.roles, &row.roles)?;
    let need = CampusRequest::new(id, row.campus_id, row.state, brief)?;
    if need == row.need {
        return seen_by_readers(tx, row);
    }
    lies_ahead(tx, &need)?;
    let new_roles = need.roles != row.roles;
    let row = CampusRequestRow { need, revision: row.revision + 1, updated_at: tx.now, ..row };
    campus_requests::update(tx.conn, &row)?;
    if new_roles {
        campus_requests::replace_roles(tx.conn, id, &row.roles)?;
    }
    seen_by_readers(tx, row)
}

/// Puts a need before the office.
///
/// # Errors
/// Those of [`find`]; `wrong_state`; `has_begun` once its time has passed.
pub fn submit(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<Need, ServiceError> {
    let row = visible(tx, actor, id)?;
    let state = row.state.submit()?;
    in_time(tx, &row)?;
    if row.decide_by <= tx.now {
        let detail = format!("It was to be decided by {}. Change that first.", row.decide_by);
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", row.state.as_str()));
    }
    keep(tx, row.moved(state, None, tx.now))
}

/// The office says yes. A need of a kind that takes place makes its event with one slot, which everybody sees at once
/// unless `publish` is false. From now on volunteers can be asked.
///
/// # Errors
/// Those of [`find`]; `forbidden`, `wrong_state`; `has_begun` once its time has passed.
pub fn approve(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId, publish: bool) -> Result<Need, ServiceError> {
    let row = decidable(tx, actor, id)?;
    let state = row.state.approve()?;
    in_time(tx, &row)?;
    let mut row = row.moved(state, None, tx.now);
    if let Some(event) = Event::of_need(EventId::mint(), &row, tx.now) {
        let event = if publish { event.publish(tx.now)? } else { event };
        let slot = Slot::whole(SlotId::mint(), &event);
        (row.event_id, row.slot_id) = (Some(event.id), Some(slot.id));
        events::insert(tx.conn, &EventRow::new(event, tx.now))?;
        slots::insert(tx.conn, &SlotRow::new(slot, tx.now))?;
    }
    let need = keep(tx, row)?;
    feeds_changed(tx, need.campus_id)?;
    tell_requester(tx, actor, &need, |campus, title, thread| Notice::NeedApproved {
        campus,
        title,
        when: need.when,
        thread,
    })?;
    Ok(need)
}

/// The office has a question first.
///
/// # Errors
/// Those of [`find`]; `forbidden`, `wrong_state`; the question's.
pub fn ask_back(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId, question: &str) -> Result<Need, ServiceError> {
    let row = decidable(tx, actor, id)?;
    let question = prose("question", question, 1, 500)?;
    let need = keep(tx, row.moved(row.state.ask_back()?, Some(question.clone()), tx.now))?;
    tell_requester(tx, actor, &need, |campus, title, thread| Notice::NeedReturned { campus, title, question, thread })?;
    Ok(need)
}

/// The office says no.
///
/// # Errors
/// Those of [`find`]; `forbidden`, `wrong_state`; the reason's.
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId, reason: &str) -> Result<Need, ServiceError> {
    let row = decidable(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    let need = keep(tx, row.moved(row.state.decline()?, Some(reason.clone()), tx.now))?;
    tell_requester(tx, actor, &need, |campus, title, thread| Notice::NeedDeclined { campus, title, reason, thread })?;
    Ok(need)
}

/// The one who asked takes it back, before the office has said yes.
///
/// # Errors
/// Those of [`find`]; `forbidden` for anybody but the one who asked; `wrong_state`; the reason's.
pub fn withdraw(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CampusRequestId,
    reason: Option<&str>,
) -> Result<Need, ServiceError> {
    let row = visible(tx, actor, id)?;
    if row.requested_by != actor.account {
        let detail = "Only the one who asked withdraws a need; the office declines or cancels it.";
        return Err(ServiceError::refused(Code::Forbidden, detail));
    }
    let reason = reason.map(|reason| prose("reason", reason, 1, 500)).transpose()?;
    keep(tx, row.moved(row.state.withdraw()?, reason, tx.now))
}

/// The office calls off what was approved: the need, its event and slot, the open offers and the seats that were taken.
/// Everybody concerned gets a letter.
///
/// # Errors
/// Those of [`find`]; `forbidden`, `wrong_state`; the reason's.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId, reason: &str) -> Result<Need, ServiceError> {
    let row = decidable(tx, actor, id)?;
    let reason = prose("reason", reason, 1, 500)?;
    let row = call_off(tx, &row, &reason)?;
    if let Some(event) = row.event_id.map(|event| events::find(tx.conn, event)).transpose()?.flatten() {
        super::events::call_off(tx, &event, &reason)?;
    }
    seen_by_readers(tx, row)
}

/// Cancels a need and lets everybody go who was asked or has a seat.
pub(super) fn call_off(
    tx: &mut Tx<'_>,
    row: &CampusRequestRow,
    reason: &str,
) -> Result<CampusRequestRow, ServiceError> {
    let row = row.moved(row.state.cancel()?, Some(reason.to_owned()), tx.now);
    campus_requests::update(tx.conn, &row)?;
    staffing::release_all(tx, row.id, &CancelCause::EventCancelled { reason: Some(reason.to_owned()) })?;
    feeds_changed(tx, row.campus_id)?;
    Ok(row)
}

/// Nobody else is asked; seats that have been taken stay.
///
/// # Errors
/// Those of [`find`]; `forbidden`, `wrong_state`.
pub fn close(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<Need, ServiceError> {
    let row = decidable(tx, actor, id)?;
    let state = row.state.close()?;
    staffing::supersede_offers(tx, row.id)?;
    let need = keep(tx, row.moved(state, None, tx.now))?;
    feeds_changed(tx, need.campus_id)?;
    Ok(need)
}

/// Ends what came to nothing in time; answers how many needs did. Undecided ones expire when their decision is overdue;
/// approved ones when they begin, unless enough people come: then they are closed.
///
/// # Errors
/// The database's.
pub async fn expire_overdue(app: &App) -> Result<usize, ServiceError> {
    let mut ended = 0;
    // Looked for first, so that a turn in which nothing is due writes nothing.
    while app.read(|tx| Ok(!campus_requests::list_overdue(tx.conn, tx.now, 1)?.is_empty())).await? {
        ended += app.write(expire_some).await?;
    }
    Ok(ended)
}

fn expire_some(tx: &mut Tx<'_>) -> Result<usize, ServiceError> {
    let overdue = campus_requests::list_overdue(tx.conn, tx.now, 100)?;
    let count = overdue.len();
    for row in overdue {
        let need = seen_by_readers(tx, row)?;
        let enough = matches!(need.fill(), Fill::Viable | Fill::Filled);
        let state = if need.state == NeedState::Approved && enough { need.state.close() } else { need.state.expire() };
        let row = need.moved(state?, None, tx.now);
        staffing::supersede_offers(tx, row.id)?;
        campus_requests::update(tx.conn, &row)?;
        feeds_changed(tx, row.campus_id)?;
    }
    Ok(count)
}

/// The need, if the actor may know of it, and the replay if the same was asked before.
fn visible(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<CampusRequestRow, ServiceError> {
    allowed(tx, actor, id, Action::PostNeeds)
}

/// The need, if the actor may decide on it, and the replay if the same was asked before.
fn decidable(tx: &mut Tx<'_>, actor: &Actor, id: CampusRequestId) -> Result<CampusRequestRow, ServiceError> {
    allowed(tx, actor, id, Action::DecideNeeds)
}

/// Another requester's need is absent for a requester; what may not be done to one's own is forbidden.
fn allowed(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CampusRequestId,
    action: Action,
) -> Result<CampusRequestRow, ServiceError> {
    let row = campus_requests::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let role = role_at(tx, actor, row.campus_id)?.ok_or(ServiceError::NotFound)?;
    if row.requested_by != actor.account && !may(role, Action::DecideNeeds) {
        return Err(ServiceError::NotFound);
    }
    require(tx, actor, row.campus_id, action)?;
    Ok(row)
}

/// The roles, each with the id it had before under the same name.
fn with_former_ids(roles: Vec<NeedRole>, former: &[NeedRole]) -> Result<Vec<NeedRole>, Invalid> {
    let keep = |role: NeedRole| match former.iter().find(|before| before.name() == role.name()) {
        Some(before) => NeedRole::new(before.id(), role.name(), role.min(), role.max()),
        None => Ok(role),
    };
    roles.into_iter().map(keep).collect()
}

fn in_time(tx: &Tx<'_>, row: &CampusRequestRow) -> Result<(), ServiceError> {
    let start = row.when.window().start();
    if start > tx.now {
        return Ok(());
    }
    Err(ServiceError::refused(Code::HasBegun, format!("It was to begin at {start}; it is {} now.", tx.now)))
}

fn keep(tx: &mut Tx<'_>, row: CampusRequestRow) -> Result<Need, ServiceError> {
    campus_requests::update(tx.conn, &row)?;
    seen_by_readers(tx, row)
}

fn seen_by_readers(tx: &mut Tx<'_>, row: CampusRequestRow) -> Result<Need, ServiceError> {
    let seats = campus_requests::seats(tx.conn, &[row.id], tx.now)?;
    let mut names = campus_requests::requesters(tx.conn, std::slice::from_ref(&row))?;
    let requester = names.remove(&row.requested_by).map(|(name, _)| name).unwrap_or_default();
    Ok(Need { row, requester, seats })
}

fn feeds_changed(tx: &mut Tx<'_>, campus: CampusId) -> Result<(), ServiceError> {
    feed_revisions::bump(tx.conn, &feed_revisions::campus(campus), tx.now)?;
    Ok(feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?)
}

/// Writes to the one who asked, unless they have done it themselves.
fn tell_requester(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: &Need,
    notice: impl FnOnce(notice::Campus, String, String) -> Notice,
) -> Result<(), ServiceError> {
    let requester: AccountId = need.requested_by;
    if requester == actor.account {
        return Ok(());
    }
    let (Some(account), Some(campus)) = (accounts::find(tx.conn, requester)?, campuses::find(tx.conn, need.campus_id)?)
    else {
        return Ok(());
    };
    let to = Recipient { person: Person::new(&account.name, account.email), zone: Some(campus.settings.zone) };
    let notice = notice(campus.for_letters(), need.title.clone(), need.id.to_string());
    outbox::post(tx, Some(campus.id), &to, &notice)
}
