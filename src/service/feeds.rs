//! Feeds: calendars that people subscribe to, rendered once and answered from memory.
//!
//! Finished bytes are kept for each feed, and for each set of filters. They are served without a question as long as this
//! process has written nothing since and they were looked at within a second. Otherwise one cheap read asks whether the
//! feed's revision has moved, for other nodes write too; only then, or when the clock alone changes what is to be seen,
//! is the calendar rendered again, on a reading lane. [`agendas`] says what each feed shows. Absent on purpose: HTTP, and
//! rights: a feed is public, or whoever knows its address may read it.

pub mod agendas;

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant as Stopwatch};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use self::agendas::{NeedsFilter, Shown, day};
use super::app::{App, Tx};
use super::error::ServiceError;
use crate::auth::secret;
use crate::calendar::ics;
use crate::domain::agenda::Agenda;
use crate::domain::ids::{CampusId, VolunteerId};
use crate::domain::time::Instant;
use crate::store::{feed_revisions, feeds};

/// How long kept bytes are served without asking the database, where this process has not written: what another node
/// wrote is seen within it.
const UNASKED: Duration = Duration::from_secs(1);
/// The most octets that are kept of all feeds together.
const MOST_OCTETS: u64 = 64 << 20;
/// About how many feeds are kept; only memory is laid out by it.
const FEEDS: usize = 1_000;
/// The cache's parts, each behind a lock of its own. A feed larger than one part is rendered each time.
const PARTS: usize = 4;
/// What a kept feed takes beside its octets.
const OVERHEAD: u64 = 512;
/// Feeds that are looked at together at most; those that share a turn wait for each other.
const TURNS: usize = 32;

/// Which feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The published events of a campus.
    Campus(CampusId),
    /// What the volunteer has promised whose secret address has this hash.
    Volunteer(String),
    /// The open needs that pass a filter.
    Needs(NeedsFilter),
}

impl Feed {
    /// The private feed behind the secret `token`.
    pub fn of_token(token: &str) -> Self {
        Self::Volunteer(secret::hash(token))
    }
}

/// A feed as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The calendar.
    pub bytes: Bytes,
    /// Names these bytes and no others, in double quotes.
    pub etag: String,
    /// When what is shown last changed.
    pub changed: Instant,
}

impl Finished {
    fn of(agenda: &Agenda, changed: Instant) -> Self {
        let bytes = ics::render(agenda);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes)));
        Self { bytes: bytes.into(), etag, changed }
    }
}

/// The revision of a feed and when it was reached; none where nothing was ever shown.
type Stamp = Option<(i64, Instant)>;

/// A finished feed, and how long it holds.
struct Kept {
    finished: Arc<Finished>,
    stamp: Stamp,
    day: i64,
    until: Instant,
    /// What [`App::writes`] said before the database was last asked, and when that was.
    writes: AtomicU64,
    asked: AtomicU64,
}

impl Kept {
    /// Whether time alone has not changed it.
    fn holds(&self, now: Instant) -> bool {
        day(now) == self.day && now < self.until
    }

    fn is_fresh(&self, app: &App) -> bool {
        let age = uptime().saturating_sub(self.asked.load(Ordering::Acquire));
        self.writes.load(Ordering::Acquire) == app.writes()
            && u128::from(age) < UNASKED.as_millis()
            && self.holds(app.clock.now())
    }

    /// Says that the database was asked, after `writes` and at `asked`.
    fn asked(&self, writes: u64, asked: u64) {
        self.writes.store(writes, Ordering::Release);
        self.asked.store(asked, Ordering::Release);
    }
}

/// Milliseconds since this was first asked.
fn uptime() -> u64 {
    static SINCE: LazyLock<Stopwatch> = LazyLock::new(Stopwatch::now);
    u64::try_from(SINCE.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Finished feeds, within a bound of memory.
pub struct Shelf {
    kept: Cache<Feed, Arc<Kept>, Weight>,
    /// Who renders: callers that miss the same feed wait for the first of them.
    turns: [tokio::sync::Mutex<()>; TURNS],
    hasher: DefaultHashBuilder,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Feed, Arc<Kept>> for Weight {
    fn weight(&self, _: &Feed, kept: &Arc<Kept>) -> u64 {
        OVERHEAD + kept.finished.bytes.len() as u64
    }
}

impl Default for Shelf {
    fn default() -> Self {
        let mut options = OptionsBuilder::new();
        options.shards(PARTS).estimated_items_capacity(FEEDS).weight_capacity(MOST_OCTETS);
        let hasher = DefaultHashBuilder::default();
        let kept = match options.build() {
            Ok(options) => Cache::with_options(options, Weight, hasher.clone(), DefaultLifecycle::default()),
            // Only for want of a number, and all are given.
            Err(_) => Cache::with_weighter(FEEDS, MOST_OCTETS, Weight),
        };
        Self { kept, turns: std::array::from_fn(|_| tokio::sync::Mutex::new(())), hasher }
    }
}

impl Shelf {
    fn fresh(&self, app: &App, feed: &Feed) -> Option<Arc<Finished>> {
        let kept = self.kept.get(feed).filter(|kept| kept.is_fresh(app))?;
        Some(Arc::clone(&kept.finished))
    }

    fn turn(&self, feed: &Feed) -> Option<&tokio::sync::Mutex<()>> {
        let turn = usize::try_from(self.hasher.hash_one(feed) % TURNS as u64).unwrap_or_default();
        self.turns.get(turn)
    }
}

/// The feed as it stands.
///
/// # Errors
/// [`ServiceError::NotFound`] for a campus that is none or a secret that opens nothing; the lane's.
pub async fn find(app: &App, feed: Feed) -> Result<Arc<Finished>, ServiceError> {
    let shelf = app.shelf();
    if let Some(finished) = shelf.fresh(app, &feed) {
        return Ok(finished);
    }
    let _turn = match shelf.turn(&feed) {
        Some(turn) => Some(turn.lock().await),
        None => None,
    };
    if let Some(finished) = shelf.fresh(app, &feed) {
        return Ok(finished);
    }
    // What is written after these two were taken is asked for again, however the read falls out.
    let (writes, asked) = (app.writes(), uptime());
    let (wanted, known) = (feed.clone(), shelf.kept.get(&feed));
    let found = app.read(move |tx| look(tx, &wanted, known.as_ref())).await;
    if matches!(found, Err(ServiceError::NotFound)) {
        shelf.kept.remove(&feed);
    }
    let kept = found?;
    kept.asked(writes, asked);
    let finished = Arc::clone(&kept.finished);
    shelf.kept.insert(feed, kept);
    Ok(finished)
}

/// What was kept, if it still holds, or the feed rendered anew.
fn look(tx: &mut Tx<'_>, feed: &Feed, known: Option<&Arc<Kept>>) -> Result<Arc<Kept>, ServiceError> {
    let subject = Subject::of(tx, feed)?;
    let stamp = feed_revisions::find(tx.conn, &subject.scope())?;
    if let Some(known) = known.filter(|known| known.stamp == stamp && known.holds(tx.now)) {
        return Ok(Arc::clone(known));
    }
    let shown = subject.show(tx)?;
    // The clock, too, changes what is shown, by whole days.
    let changed =
        [Some(shown.changed), stamp.map(|(_, at)| at), Some(agendas::today(tx.now))].into_iter().flatten().max();
    Ok(Arc::new(Kept {
        finished: Arc::new(Finished::of(&shown.agenda, changed.unwrap_or(shown.changed))),
        stamp,
        day: day(tx.now),
        until: shown.until,
        writes: AtomicU64::new(0),
        asked: AtomicU64::new(0),
    }))
}

/// Whom or what a feed is about.
enum Subject<'f> {
    Campus(CampusId),
    Volunteer(VolunteerId),
    Needs(&'f NeedsFilter),
}

impl<'f> Subject<'f> {
    fn of(tx: &mut Tx<'_>, feed: &'f Feed) -> Result<Self, ServiceError> {
        Ok(match feed {
            Feed::Campus(id) => Self::Campus(*id),
            Feed::Needs(filter) => Self::Needs(filter),
            Feed::Volunteer(hash) => {
                Self::Volunteer(feeds::find_volunteer(tx.conn, hash)?.ok_or(ServiceError::NotFound)?)
            }
        })
    }

    fn scope(&self) -> String {
        match self {
            Self::Campus(id) => feed_revisions::campus(*id),
            Self::Volunteer(id) => feed_revisions::volunteer(*id),
            Self::Needs(_) => feed_revisions::NEEDS.to_owned(),
        }
    }

    fn show(&self, tx: &mut Tx<'_>) -> Result<Shown, ServiceError> {
        match self {
            Self::Campus(id) => agendas::of_campus(tx, *id),
            Self::Volunteer(id) => agendas::of_volunteer(tx, *id),
            Self::Needs(filter) => agendas::of_needs(tx, filter),
        }
    }
}
