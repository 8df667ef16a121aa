//! Working on a run: the facts read, the plan made beside the lanes, the facts looked at again, the plan kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;

use super::scope;
use crate::domain::ids::CampusId;
use crate::domain::matching::plan::{Problem, Proposal, mend, propose_with, stripped};
use crate::domain::matching::run::{Asked, MOST_ATTEMPTS, Outcome, RunState, Trade, in_words};
use crate::domain::matching::solver::{Go, Progress};
use crate::domain::people::access::Action;
use crate::service::access;
use crate::service::app::{App, Tx};
use crate::service::error::{ServiceError, StoreError};
use crate::service::planning;
use crate::service::proposals;
use crate::store::matching_runs::{self, MatchingRunRow};

/// How often progress is written down, and whether to go on is asked.
const BEAT: Duration = Duration::from_millis(500);
/// Whoever has not said for so long that they work on a run no longer does.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often a plan is mended because facts have changed, before it is kept with what is left of it.
const MENDS: u32 = 3;

/// Works on all runs that wait, one after the other; answers how many.
///
/// # Errors
/// The database's. The run under way is begun again by whoever comes next.
pub async fn run_due(app: &App) -> Result<usize, ServiceError> {
    let mut done = 0;
    while app.read(|tx| Ok(matching_runs::next(tx.conn, tx.now)?.is_some())).await? {
        if let Some(run) = app.write(claim).await? {
            work(app, run).await?;
            done += 1;
        }
    }
    Ok(done)
}

/// Takes the run that is next; `None` where it has been begun too often, or somebody was faster.
fn claim(tx: &mut Tx<'_>) -> Result<Option<MatchingRunRow>, ServiceError> {
    let Some(row) = matching_runs::next(tx.conn, tx.now)? else { return Ok(None) };
    if row.attempts >= MOST_ATTEMPTS {
        let why = format!("Nobody has come to an end with it in {MOST_ATTEMPTS} attempts.");
        matching_runs::update(tx.conn, &failed(tx, &row, why), row.state, row.attempts)?;
        return Ok(None);
    }
    let claimed = MatchingRunRow {
        state: RunState::Running,
        attempts: row.attempts + 1,
        leased_until: Some(tx.now.plus(LEASE)),
        started_at: Some(tx.now),
        ..row.clone()
    };
    Ok(matching_runs::update(tx.conn, &claimed, row.state, row.attempts)?.then_some(claimed))
}

fn failed(tx: &Tx<'_>, row: &MatchingRunRow, why: String) -> MatchingRunRow {
    MatchingRunRow {
        state: RunState::Failed,
        failure: Some(why),
        leased_until: None,
        finished_at: Some(tx.now),
        ..row.clone()
    }
}

/// What a run came to.
enum End {
    /// A refusal: the run has failed, with a sentence.
    Refused(String),
    /// Somebody has called it off, or taken it over.
    Gone,
    /// The plan is kept.
    Kept,
}

async fn work(app: &App, run: MatchingRunRow) -> Result<(), ServiceError> {
    let id = run.id;
    match attempt(app, &run).await {
        Ok(End::Kept) => tracing::info!(run = %id, "a matching run has finished"),
        Ok(End::Gone) => tracing::info!(run = %id, "a matching run was called off"),
        Ok(End::Refused(why)) => {
            tracing::info!(run = %id, why, "a matching run has failed");
            app.write(move |tx| {
                let row = failed(tx, &run, why.clone());
                matching_runs::update(tx.conn, &row, RunState::Running, run.attempts)?;
                Ok(())
            })
            .await?;
        }
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// The sentence of a refusal; the database's faults stay faults.
fn refused<T>(done: Result<T, ServiceError>) -> Result<Result<T, String>, ServiceError> {
    match done {
        Ok(value) => Ok(Ok(value)),
        Err(ServiceError::Refused(refused)) => Ok(Err(refused.detail)),
        Err(ServiceError::NotFound) => Ok(Err("Who asked for it may no longer staff all its campuses.".to_owned())),
        Err(ServiceError::Invalid(invalid)) => {
            let all: Vec<String> = invalid.iter().map(ToString::to_string).collect();
            Ok(Err(format!("{}.", all.join("; "))))
        }
        Err(fault @ (ServiceError::Replay(_) | ServiceError::Store(_))) => Err(fault),
    }
}

async fn attempt(app: &App, run: &MatchingRunRow) -> Result<End, ServiceError> {
    let asked_for = run.clone();
    let problem = match refused(app.read(move |tx| facts(tx, &asked_for)).await)? {
        Ok(problem) => Arc::new(problem),
        Err(why) => return Ok(End::Refused(why)),
    };
    let Some((plan, trade)) = planned(app, run, Arc::clone(&problem)).await? else { return Ok(End::Gone) };
    let (mut problem, mut plan, mut mended) = (problem, Arc::new(plan), false);
    for mends in 0..=MENDS {
        let keeping = Keeping { run: run.clone(), trade: trade.clone(), mended, at_last: mends == MENDS };
        let (then, made) = (Arc::clone(&problem), Arc::clone(&plan));
        let kept = app.write(move |tx| keeping.keep(tx, &then, &made)).await;
        match refused(kept)? {
            Err(why) => return Ok(End::Refused(why)),
            Ok(Kept::Gone) => return Ok(End::Gone),
            Ok(Kept::Done) => return Ok(End::Kept),
            Ok(Kept::Changed(now)) => {
                mended = true;
                problem = Arc::from(now);
                let (now, before) = (Arc::clone(&problem), Arc::clone(&plan));
                plan = Arc::new(beside(move || mend(&now, &before, &mut |_| Go::On)).await?);
            }
        }
    }
    Ok(End::Gone)
}

/// The facts of a run, as whoever asked for it may see them.
fn facts(tx: &mut Tx<'_>, run: &MatchingRunRow) -> Result<Problem, ServiceError> {
    let actor = access::on_behalf_of(run.asked_by);
    let campuses: Vec<CampusId> = run.campuses.iter().map(|&(campus, _)| campus).collect();
    for &campus in &campuses {
        access::require(tx, &actor, campus, Action::Staff)?;
    }
    planning::facts(tx, &campuses, &scope(&run.asked), run.asked.fairness)
}

/// Something that takes long, beside the lanes.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|fault| StoreError::Corrupt(format!("a plan could not be made: {fault}")).into())
}

/// What planner and watcher tell one another.
#[derive(Default)]
struct Watch {
    progress: Mutex<Option<Progress>>,
    stop: AtomicBool,
}

impl Watch {
    fn hear(&self, progress: Progress) -> Go {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
        if self.stop.load(Ordering::Relaxed) { Go::Home } else { Go::On }
    }
}

/// Whoever no longer waits for a plan lets the planner come to an end.
struct Patience(Arc<Watch>);

impl Drop for Patience {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

/// Plans, and writes down meanwhile how far it is; `None` where the run was called off.
async fn planned(
    app: &App,
    run: &MatchingRunRow,
    problem: Arc<Problem>,
) -> Result<Option<(Proposal, Vec<Trade>)>, ServiceError> {
    let watch = Arc::new(Watch::default());
    let (asked, heard) = (run.asked.clone(), Arc::clone(&watch));
    let _waiting = Patience(Arc::clone(&watch));
    let mut plan = std::pin::pin!(beside(move || plan_all(&problem, &asked, &heard)));
    loop {
        tokio::select! {
            done = &mut plan => {
                let done = done?;
                return Ok((!watch.stop.load(Ordering::Relaxed)).then_some(done));
            }
            () = tokio::time::sleep(BEAT) => {
                let progress = *watch.progress.lock().unwrap_or_else(PoisonError::into_inner);
                let before = run.clone();
                let goes_on = app.write(move |tx| beat(tx, &before, progress)).await?;
                watch.stop.fetch_or(!goes_on, Ordering::Relaxed);
            }
        }
    }
}

fn plan_all(problem: &Problem, asked: &Asked, watch: &Watch) -> (Proposal, Vec<Trade>) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = propose_with(problem, threads, &mut |progress| watch.hear(progress));
    if !asked.trade {
        return (plan, Vec::new());
    }
    let trade = Asked::TRADES.map(|fairness| {
        let mut other = problem.clone();
        other.wishes.fairness = fairness;
        let stop = &mut |_| if watch.stop.load(Ordering::Relaxed) { Go::Home } else { Go::On };
        Trade::of(fairness, &propose_with(&other, threads, stop))
    });
    (plan, trade.to_vec())
}

/// Writes down how far it is; answers whether to go on.
fn beat(tx: &mut Tx<'_>, run: &MatchingRunRow, progress: Option<Progress>) -> Result<bool, ServiceError> {
    let mut row = MatchingRunRow { leased_until: Some(tx.now.plus(LEASE)), ..run.clone() };
    if let Some(progress) = progress {
        row = shown(row, progress);
    }
    Ok(matching_runs::update(tx.conn, &row, RunState::Running, run.attempts)?)
}

fn shown(row: MatchingRunRow, progress: Progress) -> MatchingRunRow {
    let number = |many: u32| i32::try_from(many).unwrap_or(i32::MAX);
    let known = progress.bound < i64::MAX;
    MatchingRunRow {
        step: number(progress.step),
        steps: number(progress.steps),
        value: known.then_some(progress.value),
        bound: known.then_some(progress.bound),
        ..row
    }
}

/// What came of keeping.
enum Kept {
    Done,
    /// The run was called off or taken over.
    Gone,
    /// These are the facts now.
    Changed(Box<Problem>),
}

/// A run whose plan is to be kept.
struct Keeping {
    run: MatchingRunRow,
    trade: Vec<Trade>,
    mended: bool,
    /// Whether to keep what is left rather than mend once more.
    at_last: bool,
}

impl Keeping {
    fn keep(&self, tx: &mut Tx<'_>, then: &Problem, plan: &Proposal) -> Result<Kept, ServiceError> {
        let current = matching_runs::find(tx.conn, self.run.id)?;
        let mine = |row: &MatchingRunRow| row.state == RunState::Running && row.attempts == self.run.attempts;
        let Some(run) = current.filter(mine) else { return Ok(Kept::Gone) };
        let now = facts(tx, &run)?;
        if now != *then && !self.at_last {
            return Ok(Kept::Changed(Box::new(now)));
        }
        let left = (now != *then).then(|| stripped(&now, plan));
        let plan = left.as_ref().unwrap_or(plan);
        let (mut campuses, mut offers, mut skipped) = (run.campuses.clone(), 0, 0);
        for (campus, proposal) in &mut campuses {
            let row = planning::keep(tx, *campus, &now, plan)?;
            *proposal = Some(row.id);
            if run.asked.send {
                let actor = access::on_behalf_of(run.asked_by);
                let sent = proposals::send(tx, &actor, row.id, run.asked.deadline)?;
                offers += sent.offers.len();
                skipped += sent.skipped.len();
            }
        }
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        let kept =
            plan.seats.iter().filter(|seat| now.wishes.keep.contains(&(seat.role_id, seat.volunteer_id))).count();
        let outcome = Outcome {
            summary: in_words(plan),
            seats_wanted: plan.seats_wanted,
            seats_filled: plan.seats_filled,
            seats_provable: plan.seats_provable,
            fit: plan.fit,
            kept: count(kept),
            mended: self.mended || left.is_some(),
            loads: plan.loads,
            offers: count(offers),
            skipped: count(skipped),
            trade: self.trade.clone(),
        };
        let steps = run.steps.max(run.step).max(1);
        let row = MatchingRunRow {
            campuses,
            state: RunState::Finished,
            step: steps,
            steps,
            value: Some(plan.value),
            bound: Some(plan.bound),
            outcome: Some(outcome),
            leased_until: None,
            finished_at: Some(tx.now),
            ..run
        };
        if matching_runs::update(tx.conn, &row, RunState::Running, self.run.attempts)? {
            Ok(Kept::Done)
        } else {
            Err(StoreError::race("a matching run was changed meanwhile").into())
        }
    }
}
