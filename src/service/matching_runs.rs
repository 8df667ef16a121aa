//! Matching runs: plans made beside everything else, watched while they are made, called off if need be.
//!
//! A run is a row from the moment it is asked for, so that nothing is lost with the process that works on it: whoever finds
//! it left behind begins it again. [`work`] reads the facts, plans outside of any transaction, and keeps the plan in one
//! that looks at the facts again. Absent on purpose: the plan itself, which is a proposal like any other.

mod work;

use super::access::{self, Actor};
use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::planning;
use crate::domain::ids::{CampusId, MatchingRunId};
use crate::domain::matching::plan::Scope;
use crate::domain::matching::run::{Asked, RunState};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::store::matching_runs;

pub use self::work::run_due;
pub use crate::store::matching_runs::MatchingRunRow;

/// Asks for a run.
///
/// # Errors
/// `not_found`, `forbidden`; `matching_under_way` where a campus has a run that has not come to an end; those of
/// [`planning::facts`] for the needs; `reversed` and `in_the_past` for the times.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campuses: &[CampusId],
    asked: &Asked,
) -> Result<MatchingRunRow, ServiceError> {
    for &campus in campuses {
        access::require(tx, actor, campus, Action::Staff)?;
    }
    if let (Some(from), Some(until)) = (asked.from, asked.until)
        && until <= from
    {
        return Err(Invalid::new("until", "reversed", format!("{until} is not after {from}")).into());
    }
    match asked.deadline {
        Some(_) if !asked.send => {
            return Err(Invalid::new("deadline", "needs_send", "a deadline is for offers; say send: true").into());
        }
        Some(at) if at <= tx.now => {
            return Err(
                Invalid::new("deadline", "in_the_past", format!("{at} is not ahead; it is {} now", tx.now)).into()
            );
        }
        Some(_) | None => {}
    }
    for &campus in campuses {
        if let Some(&live) = matching_runs::list_live(tx.conn, campus)?.first() {
            return Err(ServiceError::refused(
                Code::MatchingUnderWay,
                format!(
                    "Campus {campus} has a matching run that has not come to an end; watch that one or call it off."
                ),
            )
            .with("matching_run_id", live.to_string()));
        }
    }
    if asked.needs.is_some() {
        // What is wrong with the list is said at once, not by a run that fails.
        planning::facts(tx, campuses, &scope(asked), asked.fairness)?;
    }
    let mut campuses: Vec<_> = campuses.iter().map(|&campus| (campus, None)).collect();
    campuses.sort_unstable();
    let row = MatchingRunRow {
        id: MatchingRunId::mint(),
        campuses,
        asked_by: actor.account,
        asked: asked.clone(),
        state: RunState::Waiting,
        step: 0,
        steps: 0,
        value: None,
        bound: None,
        outcome: None,
        failure: None,
        attempts: 0,
        leased_until: None,
        created_at: tx.now,
        started_at: None,
        finished_at: None,
    };
    matching_runs::insert(tx.conn, &row)?;
    Ok(row)
}

/// Which needs a run is for.
fn scope(asked: &Asked) -> Scope {
    Scope { only: asked.needs.clone(), from: asked.from, until: asked.until }
}

/// One run.
///
/// # Errors
/// `not_found`, `forbidden` unless the actor may staff all its campuses.
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: MatchingRunId) -> Result<MatchingRunRow, ServiceError> {
    let row = matching_runs::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    for &(campus, _) in &row.campuses {
        access::require(tx, actor, campus, Action::Staff)?;
    }
    Ok(row)
}

/// The runs of a campus, the latest first.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    before: Option<MatchingRunId>,
    limit: i64,
) -> Result<Vec<MatchingRunRow>, ServiceError> {
    access::require(tx, actor, campus, Action::Staff)?;
    Ok(matching_runs::list(tx.conn, campus, actor.account, before, limit)?)
}

/// Calls a run off. Whoever works on it hears of it within seconds, and keeps nothing.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_state` once it has come to an end.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: MatchingRunId) -> Result<MatchingRunRow, ServiceError> {
    let row = find(tx, actor, id)?;
    let ended =
        MatchingRunRow { state: row.state.cancel()?, leased_until: None, finished_at: Some(tx.now), ..row.clone() };
    if !matching_runs::update(tx.conn, &ended, row.state, row.attempts)? {
        return Err(ServiceError::refused(Code::WrongState, "The run has come to an end meanwhile."));
    }
    Ok(ended)
}
