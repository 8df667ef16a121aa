//! Connections, and the lanes that closures travel to reach one.
//!
//! Threads own connections and take closures from a bounded queue. On SQLite there are a few `query_only` readers and
//! one writer with **group commit**: it drains what waits, gives each job a savepoint of its own, commits them all with
//! one fsync and only then answers. On PostgreSQL every job is a transaction of its own, `SERIALIZABLE` and tried again
//! a bounded number of times when it loses a race.
//!
//! The one meaning of a write: the closure behaves as if it were alone, and it may run again; so it only queries.
//! Absent on purpose: pools, async drivers, and any knowledge of what the closures do.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Stopwatch};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection, PgConnection, SqliteConnection};
use tokio::sync::oneshot;

pub use connection::{Conn, MultiBackend};

#[allow(missing_docs, reason = "the derive writes public items without documentation")]
mod connection {
    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// The embedded one.
        Sqlite(SqliteConnection),
        /// The served one.
        Postgres(PgConnection),
    }
}

/// How many rows one statement inserts: many, so that a served database is asked seldom; few enough that no statement
/// has more values than either database binds.
pub const AT_ONCE: usize = 500;

/// Runs the same statement on either connection by itself: what the enum of both cannot do, such as inserting many rows.
macro_rules! natively {
    ($either:expr, $conn:ident => $run:expr) => {
        match $either {
            $crate::store::db::Conn::Sqlite($conn) => $run,
            $crate::store::db::Conn::Postgres($conn) => $run,
        }
    };
}
pub(super) use natively;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server's URL or connection string; it may hold a password and is never shown.
    Postgres(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres:***"),
        }
    }
}

/// How many lanes, and how long they are.
#[derive(Debug, Clone, Copy)]
pub struct Lanes {
    /// Reader threads; on PostgreSQL as many again for those who only look whether they would be refused. 1 to 64.
    pub readers: usize,
    /// Writer threads on PostgreSQL. 1 to 64. SQLite always has one.
    pub writers: usize,
    /// How many closures may wait in each lane before a caller is told to come back.
    pub queue: usize,
    /// The most jobs that share one commit on SQLite. 1 gives one commit a job, which is for measuring.
    pub group: usize,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { readers: 3, writers: 12, queue: 4096, group: 256 }
    }
}

/// What went wrong below the services.
#[derive(Debug)]
pub enum StoreError {
    /// The database's word.
    Diesel(DieselError),
    /// The lane is full or closed; the caller should come back.
    Busy,
    /// The database could not be opened.
    Unreachable(String),
    /// A migration failed.
    Migration(String),
    /// The job panicked. Its own changes are undone, those of its group stand.
    Panicked(String),
    /// A row holds what this version cannot read.
    Corrupt(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Diesel(fault) => write!(f, "database: {fault}"),
            Self::Busy => f.write_str("the lane to the database is full"),
            Self::Unreachable(why) => write!(f, "database unreachable: {why}"),
            Self::Migration(why) => write!(f, "migration: {why}"),
            Self::Panicked(what) => write!(f, "a job panicked: {what}"),
            Self::Corrupt(what) => write!(f, "unreadable row: {what}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<DieselError> for StoreError {
    fn from(fault: DieselError) -> Self {
        Self::Diesel(fault)
    }
}

impl StoreError {
    /// Whether a job that failed so may succeed when it runs again from the start.
    #[must_use]
    pub fn is_lost_race(&self) -> bool {
        matches!(
            self,
            Self::Diesel(DieselError::DatabaseError(
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection,
                _
            ))
        ) || matches!(self, Self::Diesel(DieselError::BrokenTransactionManager))
            || matches!(self, Self::Diesel(fault) if is_deadlock(fault))
    }

    /// What a job answers that found out too late that another was faster: it runs again from its start.
    #[must_use]
    pub fn race(what: &str) -> Self {
        let kind = DatabaseErrorKind::SerializationFailure;
        Self::Diesel(DieselError::DatabaseError(kind, Box::new(what.to_owned())))
    }
}

/// Whether two jobs waited for each other and this one was ended for it. Diesel has no kind for that and hands on no
/// SQLSTATE, so that its words must do.
fn is_deadlock(fault: &DieselError) -> bool {
    matches!(fault, DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) if info.message() == "deadlock detected")
}

/// Whether `fault` says that the unique key or exclusion `constraint` stood in the way. SQLite names columns, never the
/// constraint, so `columns` is what it would say: `offers.token_hash`.
#[must_use]
pub fn violates(fault: &DieselError, constraint: &str, columns: &str) -> bool {
    let DieselError::DatabaseError(_, info) = fault else { return false };
    info.constraint_name().is_some_and(|name| name == constraint)
        || info.message().contains(constraint)
        || info.message().ends_with(columns)
}

/// What the insert of a row says whose unique key was looked for before: when the key is there all the same, another
/// was faster, and the job runs again from its start.
pub fn lost_race(fault: DieselError) -> StoreError {
    match fault {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, info).into()
        }
        other => other.into(),
    }
}

/// An error type that can carry the database's faults through a job.
pub trait Failure: From<StoreError> + Send + 'static {
    /// The database's fault inside, if it is one.
    fn store(&self) -> Option<&StoreError>;
}

impl Failure for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// What becomes of a job's changes.
enum Verdict {
    Keep,
    Undo,
    Again,
}

/// A closure on its way through a lane, its types forgotten.
trait Job: Send {
    /// Whether the one who asked has gone away.
    fn abandoned(&self) -> bool;
    fn run(&mut self, conn: &mut Conn) -> Verdict;
    /// Puts a fault in place of the result.
    fn fail(&mut self, fault: StoreError);
    fn answer(self: Box<Self>);
}

struct Errand<F, T, E> {
    work: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Errand<F, T, E>
where
    F: FnMut(&mut Conn) -> Result<T, E> + Send,
    T: Send,
    E: Failure,
{
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, conn: &mut Conn) -> Verdict {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)));
        let (verdict, result) = match outcome {
            Ok(Ok(value)) => (Verdict::Keep, Ok(value)),
            Ok(Err(fault)) if fault.store().is_some_and(StoreError::is_lost_race) => (Verdict::Again, Err(fault)),
            Ok(Err(fault)) => (Verdict::Undo, Err(fault)),
            Err(panic) => (Verdict::Undo, Err(StoreError::Panicked(words(panic.as_ref())).into())),
        };
        self.result = Some(result);
        verdict
    }

    fn fail(&mut self, fault: StoreError) {
        self.result = Some(Err(fault.into()));
    }

    fn answer(self: Box<Self>) {
        let Self { result, reply, .. } = *self;
        // The one who asked may have gone away: then there is nobody to tell.
        let _ = reply.send(result.unwrap_or_else(|| Err(StoreError::Busy.into())));
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a word".to_owned())
}

/// The database: cheap to clone, closed when the last clone is dropped or by [`Db::close`].
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    readers: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    /// On PostgreSQL alone.
    peeks: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    writers: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Db {
    /// Opens the lanes. The database must have been migrated.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when a connection cannot be made.
    pub fn open(location: &Location, lanes: Lanes) -> Result<Self, StoreError> {
        let (read_in, read_out) = sync_channel(lanes.queue);
        let (write_in, write_out) = sync_channel(lanes.queue);
        let (peek_in, peek_out) = sync_channel(lanes.queue);
        let (read_out, write_out) = (Arc::new(Mutex::new(read_out)), Arc::new(Mutex::new(write_out)));
        let peek_out = Arc::new(Mutex::new(peek_out));
        let mut threads = Vec::new();
        let mut start = |name: String, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name).spawn(run);
            thread.map(|thread| threads.push(thread)).map_err(|fault| StoreError::Unreachable(fault.to_string()))
        };
        match location {
            Location::Sqlite(path) => {
                let writer = open_sqlite(path, Access::Write)?;
                start("sqlite-writer".into(), Box::new(move || group_commits(writer, &write_out, lanes.group)))?;
                for number in 0..lanes.readers.max(1) {
                    let (reader, jobs) = (open_sqlite(path, Access::Read)?, read_out.clone());
                    start(format!("sqlite-reader-{number}"), Box::new(move || sqlite_reads(reader, &jobs)))?;
                }
            }
            Location::Postgres(url) => {
                for number in 0..lanes.readers.max(1) {
                    let (conn, jobs, url) = (open_postgres(url)?, read_out.clone(), url.clone());
                    start(
                        format!("postgres-reader-{number}"),
                        Box::new(move || postgres_transactions(conn, &url, &jobs, READ)),
                    )?;
                }
                for number in 0..lanes.readers.max(1) {
                    let (conn, jobs, url) = (open_postgres(url)?, peek_out.clone(), url.clone());
                    start(
                        format!("postgres-peeker-{number}"),
                        Box::new(move || postgres_transactions(conn, &url, &jobs, READ)),
                    )?;
                }
                for number in 0..lanes.writers.max(1) {
                    let (conn, jobs, url) = (open_postgres(url)?, write_out.clone(), url.clone());
                    start(
                        format!("postgres-writer-{number}"),
                        Box::new(move || postgres_transactions(conn, &url, &jobs, WRITE)),
                    )?;
                }
            }
        }
        Ok(Self {
            inner: Arc::new(Inner {
                location: location.clone(),
                readers: Mutex::new(Some(read_in)),
                peeks: Mutex::new(Some(peek_in)),
                writers: Mutex::new(Some(write_in)),
                threads: Mutex::new(threads),
            }),
        })
    }

    /// Where the data is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Runs `work` on one consistent view of the data; it cannot write.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Busy`] when too many wait.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        travel(&self.inner.readers, work).await
    }

    /// As [`Db::read`], for those who only look whether what they want would be refused. On PostgreSQL thousands do so at
    /// once when booking opens; in a lane of their own they stand in nobody's way who reads.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Busy`] when too many wait.
    pub async fn peek<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        match self.inner.location {
            Location::Sqlite(_) => self.read(work).await,
            Location::Postgres(_) => travel(&self.inner.peeks, work).await,
        }
    }

    /// Runs `work` as if it were alone and answers once its changes are durable. When it fails or panics, none are kept.
    /// It may run more than once.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Busy`] when too many wait.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        travel(&self.inner.writers, work).await
    }

    /// Lets the lanes finish what waits and closes the connections. Blocks until they are closed.
    pub fn close(&self) {
        for lane in [&self.inner.readers, &self.inner.peeks, &self.inner.writers] {
            lane.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        let threads = std::mem::take(&mut *self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A lane's thread does not panic; were it to, the others must be waited for all the same.
            let _ = thread.join();
        }
    }
}

async fn travel<T, E, F>(lane: &Mutex<Option<SyncSender<Box<dyn Job>>>>, work: F) -> Result<T, E>
where
    F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Failure,
{
    let (reply, answer) = oneshot::channel();
    let job: Box<dyn Job> = Box::new(Errand { work, result: None, reply });
    let sent = match &*lane.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(lane) => lane.try_send(job).map_err(|fault| match fault {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => StoreError::Busy,
        }),
        None => Err(StoreError::Busy),
    };
    sent?;
    answer.await.unwrap_or_else(|_| Err(StoreError::Busy.into()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Opens one connection of its own, for migrations and for commands; it may write.
///
/// # Errors
/// [`StoreError::Unreachable`] with the database's words.
pub fn connect(location: &Location) -> Result<Conn, StoreError> {
    match location {
        Location::Sqlite(path) => open_sqlite(path, Access::Write),
        Location::Postgres(url) => open_postgres(url),
    }
}

/// Asks for a sign of life and answers which database gave it: `sqlite` or `postgres`.
///
/// # Errors
/// The database's.
pub fn probe(conn: &mut Conn) -> Result<&'static str, StoreError> {
    conn.batch_execute("select 1")?;
    Ok(match conn {
        Conn::Sqlite(_) => "sqlite",
        Conn::Postgres(_) => "postgres",
    })
}

fn open_sqlite(path: &Path, access: Access) -> Result<Conn, StoreError> {
    let unreachable = |fault: &dyn std::fmt::Display| StoreError::Unreachable(format!("{}: {fault}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|fault| unreachable(&fault))?;
    }
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(|fault| unreachable(&fault))?;
    // `busy_timeout` comes first: the change to WAL may have to wait for another process.
    conn.batch_execute(
        "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; \
         pragma cache_size = -8000; pragma mmap_size = 134217728;",
    )
    .map_err(|fault| unreachable(&fault))?;
    if access == Access::Read {
        // Not for the writer: a journal of savepoints that is held in memory is walked from its start whenever one ends,
        // so that a change of many rows would take time by the square of their number.
        conn.batch_execute("pragma query_only = on; pragma temp_store = memory;")
            .map_err(|fault| unreachable(&fault))?;
    }
    Ok(Conn::Sqlite(conn))
}

fn open_postgres(url: &str) -> Result<Conn, StoreError> {
    let conn = PgConnection::establish(url).map_err(|fault| StoreError::Unreachable(fault.to_string()))?;
    let mut conn = Conn::Postgres(conn);
    // Only some roles may. Without it a server that speaks another language than English has its deadlocks answered as
    // faults instead of being tried again.
    let _ = conn.batch_execute("set lc_messages = 'C'");
    conn.batch_execute("set time zone 'UTC'; set client_min_messages = warning; set statement_timeout = '30s'")?;
    Ok(conn)
}

/// How long a group may collect jobs before it commits.
const GROUP_TIME: Duration = Duration::from_millis(20);

type Jobs = Arc<Mutex<Receiver<Box<dyn Job>>>>;

fn next_job(jobs: &Jobs) -> Option<Box<dyn Job>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn group_commits(mut conn: Conn, jobs: &Jobs, most: usize) {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(first) = jobs.recv() {
        let mut group = Vec::new();
        let begun = begin(&mut conn, "BEGIN IMMEDIATE");
        let since = Stopwatch::now();
        let mut next = Some(first);
        let mut broken = begun.err();
        while let Some(mut job) = next.take() {
            if !job.abandoned() {
                match &broken {
                    Some(fault) => job.fail(StoreError::Unreachable(fault.to_string())),
                    None => broken = in_savepoint(&mut conn, job.as_mut()).err(),
                }
                group.push(job);
            }
            if group.len() < most.max(1) && since.elapsed() < GROUP_TIME {
                next = jobs.try_recv().ok();
            }
        }
        let ended = match broken {
            None => commit(&mut conn),
            Some(fault) => {
                // The whole group is undone: none of it may be acknowledged.
                rollback_all(&mut conn);
                Err(fault)
            }
        };
        if let Err(fault) = ended {
            tracing::error!(error = %fault, jobs = group.len(), "a group was not committed");
            rollback_all(&mut conn);
            for job in &mut group {
                job.fail(StoreError::Unreachable(fault.to_string()));
            }
        }
        for job in group {
            job.answer();
        }
    }
}

/// Runs one job of a group in its own savepoint. An error means that the group as a whole can no longer be trusted.
fn in_savepoint(conn: &mut Conn, job: &mut dyn Job) -> Result<(), DieselError> {
    <Conn as Connection>::TransactionManager::begin_transaction(conn)?;
    let verdict = job.run(conn);
    // A job that panicked or leaked a transaction may have left deeper ones open: they go with it.
    while depth(conn) > 2 {
        <Conn as Connection>::TransactionManager::rollback_transaction(conn)?;
    }
    match verdict {
        Verdict::Keep if depth(conn) == 2 => <Conn as Connection>::TransactionManager::commit_transaction(conn),
        Verdict::Keep => Err(DieselError::BrokenTransactionManager),
        Verdict::Undo | Verdict::Again => <Conn as Connection>::TransactionManager::rollback_transaction(conn),
    }
}

fn begin(conn: &mut Conn, sql: &str) -> Result<(), DieselError> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sql),
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sql),
    }
}

fn commit(conn: &mut Conn) -> Result<(), DieselError> {
    match conn {
        Conn::Sqlite(_) => <Conn as Connection>::TransactionManager::commit_transaction(conn),
        // PostgreSQL answers the COMMIT of a transaction that a fault has ended with a ROLLBACK, and calls that a
        // success. A statement before it, on the same way, fails there.
        Conn::Postgres(conn) => conn.batch_execute("SELECT 1; COMMIT"),
    }
}

fn depth_of<C>(conn: &mut C) -> u32
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
{
    AnsiTransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .ok()
        .flatten()
        .map_or(0, std::num::NonZeroU32::get)
}

fn depth(conn: &mut Conn) -> u32 {
    match conn {
        Conn::Sqlite(conn) => depth_of(conn),
        Conn::Postgres(conn) => depth_of(conn),
    }
}

fn rollback_all(conn: &mut Conn) {
    while depth(conn) > 0 {
        if <Conn as Connection>::TransactionManager::rollback_transaction(conn).is_err() {
            break;
        }
    }
}

fn sqlite_reads(mut conn: Conn, jobs: &Jobs) {
    while let Some(mut job) = next_job(jobs) {
        if job.abandoned() {
            continue;
        }
        match begin(&mut conn, "BEGIN DEFERRED") {
            Ok(()) => {
                job.run(&mut conn);
                rollback_all(&mut conn);
            }
            Err(fault) => job.fail(fault.into()),
        }
        job.answer();
    }
}

const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const WRITE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// How often a job that loses its race runs again. Every round has a winner; but where several nodes want one slot, one of
/// them may lose many rounds before it is its turn, and nobody should be told to come back for that.
const TRIES: u32 = 120;

fn postgres_transactions(mut conn: Conn, url: &str, jobs: &Jobs, sql: &str) {
    while let Some(mut job) = next_job(jobs) {
        if job.abandoned() {
            continue;
        }
        for attempt in 1..=TRIES {
            match one_transaction(&mut conn, sql, job.as_mut()) {
                Ok(Verdict::Keep | Verdict::Undo) => break,
                Ok(Verdict::Again) => {}
                Err(fault) => {
                    let again = StoreError::Diesel(fault);
                    if !again.is_lost_race() && !matches!(&again, StoreError::Diesel(fault) if is_gone(fault)) {
                        job.fail(again);
                        break;
                    }
                    job.fail(again);
                }
            }
            if is_broken(&mut conn) {
                match open_postgres(url) {
                    Ok(fresh) => conn = fresh,
                    Err(fault) => {
                        job.fail(fault);
                        break;
                    }
                }
            }
            std::thread::sleep(back_off(attempt));
        }
        job.answer();
    }
}

fn one_transaction(conn: &mut Conn, sql: &str, job: &mut dyn Job) -> Result<Verdict, DieselError> {
    begin(conn, sql)?;
    let verdict = job.run(conn);
    match verdict {
        Verdict::Keep if depth(conn) == 1 => {
            if let Err(fault) = commit(conn) {
                rollback_all(conn);
                let fault = StoreError::Diesel(fault);
                // A lost race is undone for certain. Of any other failure nobody knows whether it came before or after
                // the commit, so the job does not run again: the caller's Idempotency-Key makes a second try safe.
                if matches!(
                    fault,
                    StoreError::Diesel(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
                ) {
                    job.fail(fault);
                    return Ok(Verdict::Again);
                }
                job.fail(StoreError::Unreachable(fault.to_string()));
                return Ok(Verdict::Undo);
            }
        }
        Verdict::Keep => {
            rollback_all(conn);
            return Err(DieselError::BrokenTransactionManager);
        }
        Verdict::Undo | Verdict::Again => rollback_all(conn),
    }
    Ok(verdict)
}

/// Whether the connection was lost before the job began.
fn is_gone(fault: &DieselError) -> bool {
    matches!(fault, DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _))
}

fn is_broken(conn: &mut Conn) -> bool {
    <Conn as Connection>::TransactionManager::is_broken_transaction_manager(conn)
        || conn.batch_execute("select 1").is_err()
}

/// A short wait that grows and is spread out, so that those who collided do not collide again.
fn back_off(attempt: u32) -> Duration {
    let spread = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    Duration::from_micros((u64::from(attempt.min(8)) * 4 * spread).min(20_000))
}
