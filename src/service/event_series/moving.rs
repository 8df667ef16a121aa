//! One meeting put to another time, room or presenter and those after it with it; and the end of a series.
//!
//! Each meeting goes through the same use case as a single event, so that ids and calendar entries stay; each person gets
//! one letter about all of theirs.

use super::{EventSeriesRow, OffDate, Series, find, managed, raised};
use crate::domain::ids::{EventId, EventSeriesId};
use crate::domain::refusal::{Invalid, prose};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::event_series::{Following, Off, OnHoliday, Why, follow};
use crate::domain::time::{Fold, LocalWindow};
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::code::Code;
use crate::service::error::{Seen, ServiceError};
use crate::service::events::call_off;
use crate::service::reschedule::{MoveGrid, NewTime, Plan, carry_all};
use crate::service::{clashes, office_calendars, outbox};
use crate::store::events::{self, EventRow};

/// What is to change about one meeting and those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHours {
    /// When that one is to be; where nothing is said, as it was.
    pub when: Option<LocalWindow>,
    /// Which of two equal wall times is meant, for all of them.
    pub fold: Option<Fold>,
    /// Another place for all of them, or none; where nothing is said, each keeps its own.
    pub place: Option<Option<String>>,
    /// Another presenter, likewise.
    pub presenter: Option<Option<String>>,
    /// What becomes of one that comes to lie on a holiday.
    pub on_holiday: OnHoliday,
    /// Why, for everybody who is told.
    pub reason: Option<String>,
}

/// How the change is read: after the rights, on the clocks of the first of the meetings.
pub type ReadHours<'a> = &'a dyn Fn(&EventRow) -> Result<NewHours, Vec<Invalid>>;

/// What a change of several meetings comes to.
#[derive(Debug, Clone)]
pub struct MovePlan {
    /// The series as it is now.
    pub row: EventSeriesRow,
    /// Each meeting as it was, and what its change comes to, in order of time.
    pub meetings: Vec<(EventRow, Plan)>,
    /// Meetings whose new time somebody has to decide about.
    pub blocked: Vec<(EventRow, OffDate)>,
    /// Whether it was done.
    pub done: bool,
}

impl MovePlan {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.blocked.is_empty() && self.meetings.iter().all(|(_, plan)| plan.stuck.is_empty())
    }
}

/// Puts a meeting and those after it to other hours, another place or another presenter, or says what that would come to.
/// What is postponed or called off stays as it is. Nothing is done while a meeting is blocked, nor in a dry run.
///
/// # Errors
/// Not found; those of the rights; `precondition_required`, `stale`, `wrong_state`, `has_begun`; every field that is wrong.
pub fn reschedule(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventSeriesId,
    from: EventId,
    seen: &Seen,
    (read, move_grid): (ReadHours<'_>, MoveGrid<'_>),
    dry_run: bool,
) -> Result<MovePlan, ServiceError> {
    let row = managed(tx, actor, id)?;
    seen.agrees(row.revision)?;
    let meetings = events::list_of_series(tx.conn, &[id])?;
    let first = named(&meetings, from)?.clone();
    let new = read(&first)?;
    let calendar = office_calendars::find(tx, row.campus_id)?.calendar;
    let (was, to) = (first.when, new.when.unwrap_or(first.when));
    let mut moves = vec![(first.clone(), to)];
    let others: Vec<EventRow> = meetings
        .into_iter()
        .filter(|other| other.id != first.id && was.window().start() <= other.when.window().start())
        .filter(|other| matches!(other.state, EventState::Draft | EventState::Published))
        .filter(|other| tx.now < other.when.window().start())
        .collect();
    let how = Following { from: was, to, fold: new.fold, on_holiday: new.on_holiday, calendar: &calendar };
    let times: Vec<LocalWindow> = others.iter().map(|other| other.when).collect();
    let mut blocked = Vec::new();
    for (other, time) in others.into_iter().zip(follow(&how, &times)) {
        match time {
            Ok(time) => moves.push((other, time)),
            Err(why) => blocked.push((other.clone(), named_date(&other, why))),
        }
    }
    let stopped = dry_run || !blocked.is_empty();
    let time = |when| NewTime {
        when,
        fold: new.fold,
        place: new.place.clone(),
        presenter: new.presenter.clone(),
        reason: new.reason.clone(),
    };
    let mut moves: Vec<(EventRow, NewTime)> = moves.into_iter().map(|(event, when)| (event, time(when))).collect();
    // Nobody's two places meet on the way.
    let forward = was.window().start() < to.window().start();
    clashes::in_order(&mut moves, forward, |(event, _)| event.when.window().start());
    let plans = outbox::together(tx, &id.to_string(), |tx| carry_all(tx, &moves, move_grid, stopped))?;
    let mut meetings: Vec<(EventRow, Plan)> = moves.into_iter().map(|(event, _)| event).zip(plans).collect();
    meetings.sort_by_key(|(event, _)| event.when.window());
    let mut plan = MovePlan { row, meetings, blocked, done: false };
    plan.done = !stopped && plan.is_clear();
    if plan.done && plan.meetings.iter().any(|(before, plan)| plan.event.revision != before.revision) {
        plan.row = raised(tx, plan.row)?;
    }
    Ok(plan)
}

fn named(meetings: &[EventRow], from: EventId) -> Result<&EventRow, Invalid> {
    meetings
        .iter()
        .find(|event| event.id == from)
        .ok_or_else(|| Invalid::new("from_event_id", "unknown_reference", format!("the series has no meeting {from}")))
}

fn named_date(event: &EventRow, why: Why) -> OffDate {
    super::shown(&Off { date: event.when.starts().date(), why, moved_to: None })
}

/// Calls off the meetings that have not begun, from one of them on or all; each student gets one letter about all of
/// theirs.
///
/// # Errors
/// Not found; those of the rights; `precondition_required`, `stale`; `wrong_state` where nothing is left to call off; the
/// field that is wrong.
pub fn end(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventSeriesId,
    seen: &Seen,
    from: Option<EventId>,
    reason: &str,
) -> Result<Series, ServiceError> {
    let row = managed(tx, actor, id)?;
    seen.agrees(row.revision)?;
    let reason = prose("reason", reason, 1, 500)?;
    let state = row.state.end()?;
    let mut meetings = events::list_of_series(tx.conn, &[id])?;
    let since = from.map(|from| named(&meetings, from).map(|event| event.when.window().start())).transpose()?;
    meetings.retain(|event| event.state.cancel().is_ok() && !event.has_begun(tx.now));
    meetings.retain(|event| since.is_none_or(|since| since <= event.when.window().start()));
    // A draft whose time has passed is in nobody's calendar and no part of what follows.
    meetings.retain(|event| event.state == EventState::Postponed || tx.now < event.when.window().start());
    if meetings.is_empty() {
        let detail = "No meeting of the series is left that could be called off.";
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", row.state.as_str()));
    }
    outbox::together(tx, &id.to_string(), |tx| {
        for event in &meetings {
            call_off(tx, event, &reason)?;
        }
        Ok(())
    })?;
    raised(tx, EventSeriesRow { state, state_reason: Some(reason), ..row })?;
    find(tx, Some(actor), id)
}
