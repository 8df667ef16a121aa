//! How often someone may try a password, a token or ask for a link: per e-mail address and per client address.
//!
//! A leaky bucket each (governor's GCRA), kept in memory: a limit that a restart forgets, and that each of several nodes
//! keeps for itself, still turns millions of guesses into dozens. There is a fixed number of buckets, and a secret hash
//! chooses among them, so that a flood of made-up addresses cannot fill the memory. Absent on purpose: locking an
//! account, which would let anyone lock anyone out; the way by link has buckets of its own.

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::letter::Email;

/// How many tries a minute; so many may also come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// For one e-mail address; for passwords and for links each.
    pub per_email: NonZeroU32,
    /// For one client address; a whole campus may stand behind one.
    pub per_address: NonZeroU32,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self { per_email: number(10), per_address: number(600) }
    }
}

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attempt<'a> {
    /// To open an account.
    Account,
    /// A password for this address.
    Password(&'a Email),
    /// To have a link sent to this address.
    Letter(&'a Email),
    /// A refresh token or the token of a link.
    Token,
    /// A code at the door.
    Code,
}

/// Too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// In so many whole seconds, at least one, the next try is heard.
    pub seconds: u64,
}

impl fmt::Display for TooOften {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Try again in {} {}.", self.seconds, if self.seconds == 1 { "second" } else { "seconds" })
    }
}

impl std::error::Error for TooOften {}

/// More than enough that two who try seldom share one.
const BUCKETS: u64 = 1 << 16;

type Buckets<C> = RateLimiter<u64, HashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The buckets of all who try.
pub struct Attempts<C: Clock = MonotonicClock> {
    clock: C,
    choose: RandomState,
    emails: Buckets<C>,
    addresses: Buckets<C>,
}

impl Attempts {
    /// Empty buckets.
    #[must_use]
    pub fn new(limits: AttemptLimits) -> Self {
        Self::by_clock(limits, &MonotonicClock)
    }
}

impl<C: Clock + Clone> Attempts<C> {
    fn by_clock(limits: AttemptLimits, clock: &C) -> Self {
        let buckets = |most| RateLimiter::new(Quota::per_minute(most), HashMapStateStore::default(), clock.clone());
        Self {
            emails: buckets(limits.per_email),
            addresses: buckets(limits.per_address),
            choose: RandomState::new(),
            clock: clock.clone(),
        }
    }

    /// Counts `attempt` by the client at `address`, where it is known.
    ///
    /// # Errors
    /// [`TooOften`] when it is one too many.
    pub fn count(&self, attempt: Attempt<'_>, address: Option<IpAddr>) -> Result<(), TooOften> {
        if let Some(address) = address {
            self.pour(&self.addresses, network(address))?;
        }
        match attempt {
            Attempt::Account | Attempt::Token | Attempt::Code => Ok(()),
            Attempt::Password(_) | Attempt::Letter(_) => self.pour(&self.emails, attempt),
        }
    }

    fn pour(&self, buckets: &Buckets<C>, key: impl Hash) -> Result<(), TooOften> {
        let bucket = self.choose.hash_one(key) % BUCKETS;
        buckets.check_key(&bucket).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            TooOften { seconds: (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1) }
        })
    }
}

impl<C: Clock> fmt::Debug for Attempts<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

/// The part of an address that one client cannot change at will: all of an IPv4 address, 64 bits of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn attempts(per_email: u32, per_address: u32) -> (Attempts<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let limits = AttemptLimits {
            per_email: NonZeroU32::new(per_email).unwrap(),
            per_address: NonZeroU32::new(per_address).unwrap(),
        };
        (Attempts::by_clock(limits, &clock), clock)
    }

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    #[test]
    fn an_email_address_has_so_many_tries_a_minute() {
        let (attempts, clock) = attempts(2, 100);
        let (ada, eve) = (email("ada@example.edu"), email("eve@example.edu"));
        let check = |attempt, expect: Result<(), u64>| {
            assert_eq!(attempts.count(attempt, None).map_err(|often| often.seconds), expect);
        };
        check(Attempt::Password(&ada), Ok(()));
        check(Attempt::Password(&ada), Ok(()));
        check(Attempt::Password(&ada), Err(30));
        // Neither another address nor the other way in is in the way.
        check(Attempt::Password(&eve), Ok(()));
        check(Attempt::Letter(&ada), Ok(()));
        clock.advance(Duration::from_millis(29_500));
        check(Attempt::Password(&ada), Err(1));
        clock.advance(Duration::from_millis(500));
        check(Attempt::Password(&ada), Ok(()));
        check(Attempt::Password(&ada), Err(30));
    }

    #[test]
    fn a_client_address_has_so_many_tries_whatever_it_tries() {
        let (attempts, _) = attempts(100, 2);
        let check = |address: &str, expect: bool| {
            let address = address.parse().unwrap();
            assert_eq!(attempts.count(Attempt::Token, Some(address)).is_ok(), expect, "{address}");
        };
        check("192.0.2.1", true);
        check("::ffff:192.0.2.1", true);
        check("192.0.2.1", false);
        check("192.0.2.2", true);
        // One subscriber has all addresses of a network of 64 bits.
        check("2001:db8:0:1::1", true);
        check("2001:db8:0:1:ffff::2", true);
        check("2001:db8:0:1::3", false);
        check("2001:db8:0:2::1", true);
        assert!(attempts.count(Attempt::Account, Some("192.0.2.1".parse().unwrap())).is_err());
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        assert_eq!(TooOften { seconds: 30 }.to_string(), "Try again in 30 seconds.");
        assert_eq!(TooOften { seconds: 1 }.to_string(), "Try again in 1 second.");
    }
}
