//! What every use case has at hand: the database, the clock, the site's address, the tokens' key.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

use super::bookings::Hints;
use super::error::ServiceError;
use super::feeds::Shelf;
use super::idempotency::{self, Keyed, Stored};
use super::inbound::Door;
use super::outbox::Aside;
use super::shared_reads::SharedReads;
use super::standings::ReadPolicies;
use crate::auth::attempts::Attempts;
use crate::auth::link::{LinkFor, Links};
use crate::auth::password::Passwords;
use crate::auth::token::Tokens;
use crate::domain::letter::Email;
use crate::domain::matching::waves::Quiet;
use crate::domain::notice::Site;
use crate::domain::time::Instant;
use crate::mail::transport::Transport;
use crate::store::db::{self, Conn, Db, Location};

/// Where the time comes from. It ticks in whole seconds.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// A clock that stands where it is put, for tests and rehearsals: seconds since 1970.
    Standing(Arc<AtomicI64>),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Instant {
        match self {
            Self::System => Instant::from(chrono::Utc::now()),
            Self::Standing(at) => Instant::from_unix(at.load(Ordering::Relaxed)),
        }
    }
}

/// All that a running Rostrum is made of; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// Bumped by each committed write of this process. Caches of finished bytes ask it before they answer.
    writes: AtomicU64,
    /// Rung when a write may have put a letter into the outbox.
    mail: Notify,
    /// Rung when a plan is asked for.
    plans: Notify,
    /// Whether the service is about to stop.
    closing: AtomicBool,
    /// Finished calendar feeds.
    shelf: Shelf,
    /// Free slots of events, as refusals name them.
    hints: Hints,
    /// Versions of policies, read.
    read_policies: ReadPolicies,
    /// Public reads that are waited for.
    shared: SharedReads,
    /// Who writes about one thing waits here for their turn, where that helps.
    turns: [tokio::sync::Mutex<()>; TURNS],
}

/// How many things are told apart when turns are taken; two that share a place only wait for one another.
const TURNS: usize = 256;

/// The parts of an [`App`].
pub struct Parts {
    /// The lanes to the database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Our address, as links and letters give it.
    pub site: Site,
    /// The maker and reader of access tokens.
    pub tokens: Tokens,
    /// The maker and reader of the links in students' letters.
    pub links: Links,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// Counts how often someone tries to get in.
    pub attempts: Attempts,
    /// The way out for letters.
    pub transport: Transport,
    /// When volunteers are not written to, nor have to answer; `None` where that is no matter.
    pub quiet: Option<Quiet>,
    /// By what letters come in.
    pub inbound: Door,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            writes: AtomicU64::new(0),
            mail: Notify::new(),
            plans: Notify::new(),
            closing: AtomicBool::new(false),
            shelf: Shelf::default(),
            hints: Hints::default(),
            read_policies: ReadPolicies::default(),
            shared: SharedReads::default(),
            turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
        }))
    }

    /// The address to which programs answer about `id`, where somebody reads what they say: the site's own with a seal
    /// behind a plus.
    #[must_use]
    pub fn answers_to(&self, what: LinkFor, id: uuid::Uuid) -> Option<Email> {
        if !self.inbound.is_open() {
            return None;
        }
        let (local, domain) = self.site.from.email().as_str().split_once('@')?;
        Email::parse(&format!("{local}+{}@{domain}", self.links.seal_address(what, id))).ok()
    }

    /// Runs a use case that only reads, on one consistent view of the data.
    ///
    /// # Errors
    /// Those of the use case; the lane's.
    pub async fn read<T, F>(&self, mut work: F) -> Result<T, ServiceError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        self.db.read(move |conn| work(&mut Tx::new(&app, conn, None))).await
    }

    /// Runs a use case that only reads and whose answer is the same for everybody who asks for `what`: once for all who ask
    /// at the same time, as [`SharedReads`] tells.
    ///
    /// # Errors
    /// Those of the use case; the lane's.
    pub async fn read_shared<F>(&self, what: &str, work: F) -> Result<Arc<Stored>, ServiceError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<Stored, ServiceError> + Send + 'static,
    {
        self.0.shared.join(what, || self.read(work)).await
    }

    /// Runs a use case that writes. It behaves as if it were alone, may run again, and is durable when this answers.
    ///
    /// # Errors
    /// Those of the use case; the lane's.
    pub async fn write<T, F>(&self, mut work: F) -> Result<T, ServiceError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        let done = self.db.write(move |conn| work(&mut Tx::new(&app, conn, None))).await;
        self.written(done.is_ok());
        done
    }

    /// Runs a use case that writes and whose answer is kept under the caller's key, if there is one. The flag says that
    /// the answer is a replay.
    ///
    /// # Errors
    /// Those of the use case; the lane's.
    pub async fn act<F>(&self, keyed: Option<Keyed>, mut work: F) -> Result<(Stored, bool), ServiceError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<Stored, ServiceError> + Send + 'static,
    {
        let app = self.clone();
        let done = self
            .db
            .write(move |conn| {
                let mut tx = Tx::new(&app, conn, keyed.clone());
                let answer = work(&mut tx)?;
                if let Some(keyed) = tx.keyed.take() {
                    idempotency::keep(&mut tx, &keyed, &answer)?;
                }
                Ok(answer)
            })
            .await;
        self.written(done.is_ok());
        match done {
            Ok(answer) => Ok((answer, false)),
            Err(ServiceError::Replay(stored)) => Ok((*stored, true)),
            Err(fault) => Err(fault),
        }
    }

    /// Looks whether a use case that writes would be refused, and what it needs to know, on a view of the data and without
    /// waiting for a turn. Breaks with what was answered before under the caller's key, if it was.
    ///
    /// # Errors
    /// Those of `work`; the lane's.
    pub async fn peek<T, F>(&self, keyed: Option<Keyed>, mut work: F) -> Result<ControlFlow<Stored, T>, ServiceError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        match self.db.peek(move |conn| work(&mut Tx::new(&app, conn, keyed.clone()))).await {
            Ok(found) => Ok(ControlFlow::Continue(found)),
            Err(ServiceError::Replay(stored)) => Ok(ControlFlow::Break(*stored)),
            Err(fault) => Err(fault),
        }
    }

    fn written(&self, committed: bool) {
        if committed {
            self.0.writes.fetch_add(1, Ordering::Release);
            self.0.mail.notify_one();
        }
    }

    /// Waits until nobody else of this process writes about `thing`. On `PostgreSQL`, where each write is a transaction of
    /// its own, dozens that want seats of one need at once would undo one another and run again and again; in turns each
    /// runs once. On `SQLite` the one writer is the turn, and many share a commit: there nobody waits here.
    pub async fn turn(&self, thing: uuid::Uuid) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if !self.takes_turns() {
            return None;
        }
        let place = usize::from(thing.as_bytes().last().copied().unwrap_or_default());
        Some(self.0.turns.get(place)?.lock().await)
    }

    /// Whether [`App::turn`] ever waits.
    pub fn takes_turns(&self) -> bool {
        match self.db.location() {
            Location::Sqlite(_) => false,
            Location::Postgres(_) => true,
        }
    }

    /// How many writes this process has committed. Whoever keeps finished bytes compares it before serving them.
    pub fn writes(&self) -> u64 {
        self.0.writes.load(Ordering::Acquire)
    }

    /// The finished calendar feeds.
    pub fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    /// The free slots of events, as far as they were looked for since the last write.
    pub(super) fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// The versions of policies that were read before.
    pub(super) fn read_policies(&self) -> &ReadPolicies {
        &self.0.read_policies
    }

    /// Resolves when a write may have left a letter to send.
    pub async fn mail_waits(&self) {
        self.0.mail.notified().await;
    }

    /// Says that somebody waits for a plan.
    pub fn ask_for_plan(&self) {
        self.0.plans.notify_one();
    }

    /// Resolves when somebody waits for a plan.
    pub async fn plan_waits(&self) {
        self.0.plans.notified().await;
    }

    /// Says that the service is about to stop: answers that go on by themselves come to an end.
    pub fn close(&self) {
        self.0.closing.store(true, Ordering::Release);
    }

    /// Whether the service is about to stop.
    pub fn is_closing(&self) -> bool {
        self.0.closing.load(Ordering::Acquire)
    }
}

/// One transaction on its way through a use case.
pub struct Tx<'c> {
    /// The connection.
    pub conn: &'c mut Conn,
    /// The time at which the transaction began; one value throughout.
    pub now: Instant,
    /// The rest of the house.
    pub app: &'c App,
    keyed: Option<Keyed>,
    /// What is to be said of places, put aside until all of it is known: see `outbox::together`.
    pub(super) aside: Option<Vec<Aside>>,
}

impl<'c> Tx<'c> {
    fn new(app: &'c App, conn: &'c mut Conn, keyed: Option<Keyed>) -> Self {
        Self { conn, now: app.clock.now(), app, keyed, aside: None }
    }

    /// Asks the database for a sign of life and answers which one it is: `sqlite` or `postgres`.
    ///
    /// # Errors
    /// The database's.
    pub fn probe(&mut self) -> Result<&'static str, ServiceError> {
        Ok(db::probe(self.conn)?)
    }

    /// Says that the actor may do what was asked for. If the same request was answered before, that answer ends the use
    /// case here, as an error that [`App::act`] turns into the replay.
    ///
    /// # Errors
    /// [`ServiceError::Replay`], or the refusal of a key that came with another body.
    pub fn entitled(&mut self) -> Result<(), ServiceError> {
        let Some(keyed) = &self.keyed else { return Ok(()) };
        match idempotency::find(self.conn, keyed)? {
            Some(stored) => Err(ServiceError::Replay(Box::new(stored))),
            None => Ok(()),
        }
    }
}
