//! Instants, windows and wall clocks.
//!
//! The wall clock and its IANA zone are the truth a person agreed to; the instant is derived from them. A wall time that
//! the clocks skip is refused with its two neighbours, one that occurs twice is asked for. Instants tick in whole
//! seconds. Windows are half-open: back to back is no conflict. What is absent on purpose: the current time, which is
//! always an argument.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A point in time, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// The first instant that is written with four digits of year: 0001-01-01T00:00:00Z.
const EARLIEST: i64 = -62_135_596_800;
/// The last such instant: 9999-12-31T23:59:59Z.
const LATEST: i64 = 253_402_300_799;

impl Instant {
    /// Seconds since 1970-01-01T00:00:00Z; clamped to the years 1 to 9999, beyond which no calendar goes.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        if seconds < EARLIEST {
            Self(EARLIEST)
        } else if seconds > LATEST {
            Self(LATEST)
        } else {
            Self(seconds)
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The same instant in chrono's terms.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// What the clocks of `zone` show at this instant.
    #[must_use]
    pub fn wall(self, zone: Zone) -> NaiveDateTime {
        self.utc().with_timezone(&zone.0).naive_local()
    }

    /// This instant moved by `by`, which may be negative.
    #[must_use]
    pub const fn plus(self, by: TimeDelta) -> Self {
        Self::from_unix(self.0.saturating_add(by.num_seconds()))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self::from_unix(at.timestamp())
    }
}

/// RFC 3339 in UTC: `2027-02-25T17:00:00Z`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// A text that is no RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnInstant;

impl FromStr for Instant {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        DateTime::parse_from_rfc3339(text).map(|at| Self::from_unix(at.timestamp())).map_err(|_| NotAnInstant)
    }
}

/// A span of time from its start up to, but not including, its end; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    start: Instant,
    end: Instant,
}

/// A window whose end is not after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReversedWindow;

impl Window {
    /// The window between two instants.
    ///
    /// # Errors
    /// [`ReversedWindow`] unless `end` is after `start`.
    pub fn new(start: Instant, end: Instant) -> Result<Self, ReversedWindow> {
        if start < end { Ok(Self { start, end }) } else { Err(ReversedWindow) }
    }

    /// Its first instant.
    #[must_use]
    pub const fn start(self) -> Instant {
        self.start
    }

    /// The first instant after it.
    #[must_use]
    pub const fn end(self) -> Instant {
        self.end
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        TimeDelta::seconds(self.end.0 - self.start.0)
    }

    /// Whether the two share an instant. Back to back they do not.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether the two overlap or lie closer together than `gap`.
    #[must_use]
    pub fn clashes(self, other: Self, gap: TimeDelta) -> bool {
        self.start < other.end.plus(gap) && other.start < self.end.plus(gap)
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// A name that the time-zone tables do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Its IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The zone in chrono-tz's terms.
    #[must_use]
    pub const fn tz(self) -> Tz {
        self.0
    }

    /// The instant at which the clocks of this zone show `wall`.
    ///
    /// # Errors
    /// [`WallFault::Skipped`] when the clocks jump over that time, [`WallFault::Twice`] when they show it twice and `fold`
    /// does not say which is meant.
    pub fn at(self, wall: NaiveDateTime, fold: Option<Fold>) -> Result<Instant, WallFault> {
        match (self.0.from_local_datetime(&wall), fold) {
            (chrono::LocalResult::Single(at), _) => Ok(Instant::from_unix(at.timestamp())),
            (chrono::LocalResult::Ambiguous(first, _), Some(Fold::Earlier)) => {
                Ok(Instant::from_unix(first.timestamp()))
            }
            (chrono::LocalResult::Ambiguous(_, second), Some(Fold::Later)) => {
                Ok(Instant::from_unix(second.timestamp()))
            }
            (chrono::LocalResult::Ambiguous(first, second), None) => Err(WallFault::Twice {
                earlier: first.offset().fix().to_string(),
                later: second.offset().fix().to_string(),
            }),
            (chrono::LocalResult::None, _) => Err(self.skipped(wall)),
        }
    }

    /// The first instant at which the clocks of this zone show `wall` or, where they skip it, the first after the jump.
    /// For rules such as "from 00:00 on that day", which must not fail on the night the clocks change.
    #[must_use]
    pub fn at_or_after(self, wall: NaiveDateTime) -> Instant {
        match self.at(wall, Some(Fold::Earlier)) {
            Ok(at) => at,
            Err(WallFault::Skipped { after, .. }) => {
                self.at(after, Some(Fold::Earlier)).unwrap_or_else(|_| Instant::from(wall.and_utc()))
            }
            Err(WallFault::Twice { .. }) => Instant::from(wall.and_utc()),
        }
    }

    /// Midnight at the start of `date`, or the first instant of that date where midnight is skipped.
    #[must_use]
    pub fn day_start(self, date: NaiveDate) -> Instant {
        self.at_or_after(date.and_time(chrono::NaiveTime::MIN))
    }

    fn skipped(self, wall: NaiveDateTime) -> WallFault {
        let offset = |probe: NaiveDateTime| self.0.offset_from_utc_datetime(&probe).fix().local_minus_utc();
        // Every jump in the tables is at most a day; the offsets a day and a half away are those on its two sides.
        let (before, after) = (offset(wall - TimeDelta::hours(36)), offset(wall + TimeDelta::hours(36)));
        let jump = |side: i32| wall - TimeDelta::seconds(i64::from(side));
        let (mut low, mut high) = (jump(after) - TimeDelta::hours(36), jump(before) + TimeDelta::hours(36));
        while high - low > TimeDelta::seconds(1) {
            let middle = low + (high - low) / 2;
            let middle = middle.and_utc().timestamp();
            let Some(middle) = DateTime::from_timestamp(middle, 0).map(|at| at.naive_utc()) else { break };
            if offset(middle) == before { low = middle } else { high = middle }
        }
        WallFault::Skipped {
            before: high + TimeDelta::seconds(i64::from(before)) - TimeDelta::minutes(1),
            after: high + TimeDelta::seconds(i64::from(after)),
        }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Tz::from_str(name).map(Self).map_err(|_| UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of two equal wall times is meant on the night the clocks go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// The first of the two.
    Earlier,
    /// The second of the two.
    Later,
}

/// Why a wall time names no instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WallFault {
    /// The clocks jump over it.
    Skipped {
        /// The last whole minute before the jump.
        before: NaiveDateTime,
        /// The first time after the jump.
        after: NaiveDateTime,
    },
    /// The clocks show it twice, with these offsets from UTC.
    Twice {
        /// The offset in force the first time, such as `-04:00`.
        earlier: String,
        /// The offset in force the second time.
        later: String,
    },
}

/// A window as people agreed on it: two wall times in one zone, and the instants they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalWindow {
    starts: NaiveDateTime,
    ends: NaiveDateTime,
    zone: Zone,
    window: Window,
}

/// Why two wall times make no window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalWindowFault {
    /// The start names no instant.
    Start(WallFault),
    /// The end names no instant.
    End(WallFault),
    /// The end is not after the start.
    Reversed,
}

impl LocalWindow {
    /// The window between two wall times of one zone; `fold` decides for either that occurs twice.
    ///
    /// # Errors
    /// [`LocalWindowFault`] names the end at fault.
    pub fn new(
        starts: NaiveDateTime,
        ends: NaiveDateTime,
        zone: Zone,
        fold: Option<Fold>,
    ) -> Result<Self, LocalWindowFault> {
        let start = zone.at(starts, fold).map_err(LocalWindowFault::Start)?;
        let end = zone.at(ends, fold).map_err(LocalWindowFault::End)?;
        let window = Window::new(start, end).map_err(|ReversedWindow| LocalWindowFault::Reversed)?;
        Ok(Self { starts, ends, zone, window })
    }

    /// What was kept, put together again: the instants that were derived when the window was made still hold, even if
    /// the tables have changed since.
    #[must_use]
    pub const fn kept(starts: NaiveDateTime, ends: NaiveDateTime, zone: Zone, window: Window) -> Self {
        Self { starts, ends, zone, window }
    }

    /// The wall time at which it starts.
    #[must_use]
    pub const fn starts(self) -> NaiveDateTime {
        self.starts
    }

    /// The wall time at which it ends.
    #[must_use]
    pub const fn ends(self) -> NaiveDateTime {
        self.ends
    }

    /// The zone of both wall times.
    #[must_use]
    pub const fn zone(self) -> Zone {
        self.zone
    }

    /// The instants meant.
    #[must_use]
    pub const fn window(self) -> Window {
        self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    #[test]
    fn a_skipped_time_is_refused_with_its_neighbours() {
        let check = |zone: &str, at: &str, before: &str, after: &str| {
            let zone: Zone = zone.parse().unwrap();
            let fault = zone.at(wall(at), None).unwrap_err();
            assert_eq!(fault, WallFault::Skipped { before: wall(before), after: wall(after) }, "{zone} {at}");
        };
        check("America/New_York", "2027-03-14T02:30", "2027-03-14T01:59", "2027-03-14T03:00");
        check("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T01:59", "2027-10-03T02:30");
        check("Australia/Melbourne", "2027-10-03T02:00", "2027-10-03T01:59", "2027-10-03T03:00");
    }

    #[test]
    fn a_time_that_occurs_twice_is_asked_for() {
        let zone: Zone = "America/New_York".parse().unwrap();
        let at = wall("2027-11-07T01:30");
        assert_eq!(
            zone.at(at, None),
            Err(WallFault::Twice { earlier: "-04:00".to_owned(), later: "-05:00".to_owned() })
        );
        let (first, second) = (zone.at(at, Some(Fold::Earlier)).unwrap(), zone.at(at, Some(Fold::Later)).unwrap());
        assert_eq!(second.unix() - first.unix(), 3600);
        assert_eq!((first.wall(zone), second.wall(zone)), (at, at));
    }

    #[test]
    fn back_to_back_is_no_conflict() {
        let window = |a, b| Window::new(Instant::from_unix(a), Instant::from_unix(b)).unwrap();
        assert!(!window(0, 10).overlaps(window(10, 20)));
        assert!(window(0, 11).overlaps(window(10, 20)));
        assert!(window(0, 10).clashes(window(15, 20), TimeDelta::seconds(6)));
        assert!(!window(0, 10).clashes(window(15, 20), TimeDelta::seconds(5)));
        assert_eq!(Window::new(Instant::from_unix(5), Instant::from_unix(5)), Err(ReversedWindow));
    }
}
