//! Public reads that many ask for at the same time, done once for all of them.
//!
//! When booking opens, hundreds look at the same list of slots and the same picture of the day. Whoever asks while nobody
//! has begun to read the same thing joins those who wait for it; of one thing one read runs at a time. Nothing is kept: a
//! read that answers begins after its question came, so nobody is told less than had been acknowledged to anybody by then,
//! on one node or on many. That is what sets it apart from a cache, and why it needs no rule for when it is stale.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::error::ServiceError;
use super::idempotency::Stored;

/// How many things are told apart when turns are taken; two that share a place only wait for one another.
const PLACES: usize = 64;

/// From how many waiting reads of one place on those that everybody has left are swept out.
const MANY: usize = 64;

/// A read that has not begun, and later its answer.
type Flight = Arc<OnceCell<Arc<Stored>>>;

#[derive(Default)]
struct Place {
    /// Of the things of this place one is read at a time.
    turn: tokio::sync::Mutex<()>,
    /// What nobody has begun to read, by what it is.
    next: Mutex<HashMap<String, Flight>>,
}

impl Place {
    /// The read of `what` that has not begun.
    fn join(&self, what: &str) -> Flight {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.len() >= MANY {
            next.retain(|_, flight| Arc::strong_count(flight) > 1);
        }
        next.entry(what.to_owned()).or_default().clone()
    }

    /// Takes nobody else along: what is written from here on, the read may miss.
    fn begin(&self, what: &str, flight: &Flight) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.get(what).is_some_and(|next| Arc::ptr_eq(next, flight)) {
            next.remove(what);
        }
    }
}

/// The reads that are waited for.
pub struct SharedReads {
    places: [Place; PLACES],
    hasher: RandomState,
}

impl Default for SharedReads {
    fn default() -> Self {
        Self { places: std::array::from_fn(|_| Place::default()), hasher: RandomState::new() }
    }
}

impl SharedReads {
    /// Answers what `read` answers, or what somebody else's read of the same thing does that began after this was called.
    /// A read that fails is answered to the one who ran it; the others run their own.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn join<F, R>(&self, what: &str, read: F) -> Result<Arc<Stored>, ServiceError>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<Stored, ServiceError>>,
    {
        let place = usize::try_from(self.hasher.hash_one(what) % PLACES as u64).unwrap_or_default();
        let Some(place) = self.places.get(place) else { return read().await.map(Arc::new) };
        let flight = place.join(what);
        let answer = flight.get_or_try_init(|| async {
            let _turn = place.turn.lock().await;
            place.begin(what, &flight);
            read().await.map(Arc::new)
        });
        answer.await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::{join_all, poll_immediate};
    use tokio::sync::Notify;

    use super::*;

    fn said(number: usize) -> Stored {
        Stored { status: 200, headers: Vec::new(), body: number.to_string().into() }
    }

    /// The world that is read, how often it was read, and a gate in front of the end of each read.
    #[derive(Default)]
    struct World {
        stands: AtomicUsize,
        reads: AtomicUsize,
        gate: Notify,
    }

    impl World {
        async fn read(&self) -> Result<Stored, ServiceError> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let stands = self.stands.load(Ordering::SeqCst);
            self.gate.notified().await;
            Ok(said(stands))
        }
    }

    #[tokio::test]
    async fn who_asks_while_it_is_read_waits_for_the_next_read() {
        let (reads, world) = (SharedReads::default(), World::default());
        let ask = || reads.join("list", || world.read());
        let first = ask();
        tokio::pin!(first);
        // The first begins, and has looked at the world before it changed.
        assert!(poll_immediate(first.as_mut()).await.is_none());
        world.stands.store(1, Ordering::SeqCst);
        let later: Vec<_> = (0..20).map(|_| ask()).collect();
        let later = join_all(later);
        tokio::pin!(later);
        assert!(poll_immediate(later.as_mut()).await.is_none());
        world.gate.notify_one();
        assert_eq!(first.await.unwrap().body, b"0");
        assert!(poll_immediate(later.as_mut()).await.is_none());
        world.gate.notify_one();
        for answer in later.await {
            assert_eq!(answer.unwrap().body, b"1", "it began after they asked");
        }
        assert_eq!(world.reads.load(Ordering::SeqCst), 2, "twenty asked, and it was read once for them");
    }

    #[tokio::test]
    async fn who_goes_away_takes_nobody_along() {
        let (reads, world) = (SharedReads::default(), World::default());
        let ask = || reads.join("list", || world.read());
        let mut gone = Box::pin(ask());
        let stays = ask();
        tokio::pin!(stays);
        assert!(poll_immediate(gone.as_mut()).await.is_none());
        assert!(poll_immediate(stays.as_mut()).await.is_none());
        drop(gone);
        assert!(poll_immediate(stays.as_mut()).await.is_none());
        world.gate.notify_one();
        assert_eq!(stays.await.unwrap().body, b"0");
    }

    #[tokio::test]
    async fn a_failure_is_its_own() {
        let reads = SharedReads::default();
        let none = reads.join("list", || async { Err(ServiceError::NotFound) }).await;
        assert!(matches!(none, Err(ServiceError::NotFound)));
        assert_eq!(reads.join("list", || async { Ok(said(3)) }).await.unwrap().body, b"3");
    }

    #[tokio::test]
    async fn what_everybody_has_left_is_swept_out() {
        let reads = SharedReads::default();
        let place = reads.places.first().unwrap();
        for number in 0..10 * MANY {
            drop(place.join(&number.to_string()));
        }
        assert!(place.next.lock().unwrap().len() <= MANY);
    }
}
