//! Time's door: one loop, whose steps tests can call one by one, and a second one beside it that makes plans, since a plan
//! may take longer than a letter should wait.
//!
//! They wake when a write may have left a letter or somebody asks for a plan, and every few seconds otherwise. A step that
//! fails is logged and tried again with the next turn; nothing it does is lost by that, since what is due lies in the
//! database. Several nodes may run it at once: each step decides by a guarded update.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::service::app::App;
use crate::service::error::ServiceError;
use crate::service::{
    bookings, campus_requests, idempotency, inbound, matching_runs, mending, offers, outbox, releasing, sessions,
    waitlist,
};

/// How long the loop sleeps when nothing wakes it.
const TURN: Duration = Duration::from_secs(5);
/// How long it takes at the least until all queues are gone through again.
const SWEEP: Duration = Duration::from_secs(60);
/// How many turns pass between two rounds of housekeeping.
const HOUSEKEEPING: u32 = 720;

/// The loops that run.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// Starts the loops.
pub fn start(app: App) -> Running {
    let (stop, stopped) = watch::channel(false);
    let tasks = [tokio::spawn(round(app.clone(), stopped.clone())), tokio::spawn(make_plans(app, stopped))];
    Running { stop, tasks }
}

async fn make_plans(app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        // A run that is under way when the service stops is begun again by whoever starts next.
        tokio::select! {
            () = plan(&app) => {}
            _ = stopped.changed() => return,
        }
        tokio::select! {
            () = app.plan_waits() => {}
            () = tokio::time::sleep(TURN) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn round(app: App, mut stopped: watch::Receiver<bool>) {
    let (mut turn, mut swept): (u32, Option<tokio::time::Instant>) = (0, None);
    report("letters taken over", outbox::take_over(&app).await);
    while !*stopped.borrow() {
        tick(&app).await;
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            swept = Some(tokio::time::Instant::now());
            sweep(&app).await;
        }
        if turn.is_multiple_of(HOUSEKEEPING) {
            report("housekeeping", housekeeping(&app).await);
        }
        turn = turn.wrapping_add(1);
        tokio::select! {
            () = app.mail_waits() => {}
            () = tokio::time::sleep(TURN) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Running {
    /// Lets the turn under way end, but waits no longer than `patience`.
    pub async fn stop(self, patience: Duration) {
        // The loops may have ended already: then nobody listens.
        let _ = self.stop.send(true);
        let both = futures_util::future::join_all(self.tasks);
        if tokio::time::timeout(patience, both).await.is_err() {
            tracing::warn!("the worker was not waited for any longer");
        }
    }
}

/// One turn: all that is due now.
pub async fn tick(app: &App) {
    report("offers expired", offers::expire_due(app).await);
    report("needs ended", campus_requests::expire_overdue(app).await);
    report("holds ended", bookings::expire_holds(app).await);
    report("places passed on", waitlist::expire_due(app).await);
    report("places released", releasing::release_due(app).await);
    report("letters taken in", inbound::collect(app).await);
    report("letters", outbox::deliver_due(app).await);
}

/// Makes the plans that somebody waits for, and by night brings drafts up to date.
pub async fn plan(app: &App) {
    report("plans made", matching_runs::run_due(app).await);
    report("drafts mended", mending::mend_by_night(app).await);
}

/// Goes through what nothing announces: those who wait for what was shut to them when it came free.
pub async fn sweep(app: &App) {
    report("free places passed on", waitlist::pass_on_overlooked(app).await);
}

/// Drops what is kept no longer.
///
/// # Errors
/// The database's.
pub async fn housekeeping(app: &App) -> Result<usize, ServiceError> {
    app.write(|tx| Ok(idempotency::forget_old(tx)? + sessions::forget_old(tx)?)).await
}

fn report(step: &'static str, done: Result<usize, ServiceError>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(step, count, "done"),
        Err(fault) => tracing::error!(step, error = ?fault, "a step failed and will be tried again"),
    }
}
