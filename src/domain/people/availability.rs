//! When a volunteer can be asked: weekly hours on the volunteer's own wall clock, and dates that differ.
//!
//! An instant is covered when the clock on the volunteer's wall shows an hour that was given, and no more than that: on
//! the night the clocks go back, hours until 01:30 cover both passes of 01:00 to 01:30 and nothing between; on the night
//! they jump, the hours skipped are not missing. Hours that touch join, also at midnight. "Not on that date" beats
//! "also on that date", which beats the week. Absent on purpose: engagements, which are clashes and not unavailability.

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeDelta, TimeZone, Weekday};

use crate::domain::{
    refusal::Invalid,
    time::{Instant, Window, Zone},
};

const DAY_MINUTES: u16 = 24 * 60;
const DAY_SECONDS: i64 = 24 * 60 * 60;
const MAX_HOURS: usize = 100;
const MAX_EXCEPTIONS: usize = 400;
/// No zone changes its clocks twice within this many seconds.
const STRIDE: i64 = 12 * 60 * 60;

/// A stretch of one day by the wall clock, in minutes since 00:00; `24:00` is 1440. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayHours {
    from: u16,
    until: u16,
}

impl DayHours {
    /// The whole day.
    pub const WHOLE_DAY: Self = Self { from: 0, until: DAY_MINUTES };

    /// The hours from minute `from` up to minute `until`, both counted from 00:00.
    ///
    /// # Errors
    /// [`Invalid`] with `out_of_range` or `reversed`.
    pub fn new(from: u16, until: u16) -> Result<Self, Invalid> {
        if until > DAY_MINUTES {
            return Err(Invalid::new("until", "out_of_range", "a day ends at 24:00"));
        }
        if from >= until {
            let detail = format!(
                "{} is not after {}; hours that cross midnight are given as two entries",
                clock(until),
                clock(from)
            );
            return Err(Invalid::new("until", "reversed", detail));
        }
        Ok(Self { from, until })
    }

    /// Reads two clock times, `HH:MM` each; the second may be `24:00`.
    ///
    /// # Errors
    /// [`Invalid`] with `not_a_time`, `out_of_range` or `reversed`.
    pub fn parse(from: &str, until: &str) -> Result<Self, Invalid> {
        let read = |field: &str, text: &str| {
            minutes(text).ok_or_else(|| {
                Invalid::new(field, "not_a_time", format!("{text:?} is no time of day such as 09:30 or 24:00"))
            })
        };
        Self::new(read("from", from)?, read("until", until)?)
    }

    /// The minute it starts at.
    #[must_use]
    pub const fn from(self) -> u16 {
        self.from
    }

    /// The first minute after it.
    #[must_use]
    pub const fn until(self) -> u16 {
        self.until
    }

    /// Its start as `HH:MM`.
    #[must_use]
    pub fn from_clock(self) -> String {
        clock(self.from)
    }

    /// Its end as `HH:MM`, `24:00` at midnight.
    #[must_use]
    pub fn until_clock(self) -> String {
        clock(self.until)
    }

    fn seconds(self) -> (i64, i64) {
        (i64::from(self.from) * 60, i64::from(self.until) * 60)
    }
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

/// Hours that return every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyHours {
    /// The day of the week.
    pub day: Weekday,
    /// The hours of that day.
    pub hours: DayHours,
}

/// Hours of one date that differ from the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedException {
    /// The date on the volunteer's wall.
    pub date: NaiveDate,
    /// Whether the hours are given in addition, or taken away.
    pub available: bool,
    /// The hours of that date.
    pub hours: DayHours,
}

/// All hours of one volunteer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    zone: Zone,
    weekly: Vec<WeeklyHours>,
    exceptions: Vec<DatedException>,
}

impl Availability {
    /// The hours given, on the wall clock of `zone`. Without any hours a volunteer is never available.
    ///
    /// # Errors
    /// [`Invalid`] with `too_many` for more than 100 weekly hours or 400 exceptions.
    pub fn new(zone: Zone, weekly: Vec<WeeklyHours>, exceptions: Vec<DatedException>) -> Result<Self, Invalid> {
        let check = |field: &str, count: usize, limit: usize| {
            if count <= limit {
                return Ok(());
            }
            Err(Invalid::new(field, "too_many", format!("{count} entries, at most {limit} are taken")))
        };
        check("weekly", weekly.len(), MAX_HOURS)?;
        check("exceptions", exceptions.len(), MAX_EXCEPTIONS)?;
        Ok(Self { zone, weekly, exceptions })
    }

    /// Every hour of every day.
    #[must_use]
    pub fn always(zone: Zone) -> Self {
        let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        let weekly = days.into_iter().map(|day| WeeklyHours { day, hours: DayHours::WHOLE_DAY }).collect();
        Self { zone, weekly, exceptions: Vec::new() }
    }

    /// The zone whose wall clock is meant.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The hours that return every week.
    #[must_use]
    pub fn weekly(&self) -> &[WeeklyHours] {
        &self.weekly
    }

    /// The dates that differ.
    #[must_use]
    pub fn exceptions(&self) -> &[DatedException] {
        &self.exceptions
    }

    /// Whether every instant of `window` is covered.
    #[must_use]
    pub fn covers(&self, window: Window) -> bool {
        self.first_gap(window).is_none()
    }

    /// The first instant of `window` that is not covered.
    #[must_use]
    pub fn first_gap(&self, window: Window) -> Option<Instant> {
        let (mut at, end) = (window.start().unix(), window.end().unix());
        while at < end {
            // A piece within which the clocks run evenly.
            let offset = self.offset(at);
            let until = self.even_until(at, end, offset);
            if let Some(gap) = self.first_wall_gap(at + offset, until + offset) {
                return Some(Instant::from_unix(gap - offset));
            }
            at = until;
        }
        None
    }

    /// Seconds by which the wall clock is ahead of UTC at this instant.
    fn offset(&self, at: i64) -> i64 {
        let utc = Instant::from_unix(at).utc().naive_utc();
        i64::from(self.zone.tz().offset_from_utc_datetime(&utc).fix().local_minus_utc())
    }

    /// The first instant after `at` with another offset, or the end of a stride, or `end`.
    fn even_until(&self, at: i64, end: i64, offset: i64) -> i64 {
        let end = end.min(at + STRIDE);
        if self.offset(end - 1) == offset {
            return end;
        }
        let (mut same, mut other) = (at, end - 1);
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            if self.offset(middle) == offset { same = middle } else { other = middle }
        }
        other
    }

    /// The first second of a stretch of wall time, given in seconds as if the wall showed UTC, that no hours cover.
    fn first_wall_gap(&self, start: i64, end: i64) -> Option<i64> {
        let mut at = start;
        while at < end {
            let Some(date) = date_of(at) else { return Some(at) };
            let midnight = at - at.rem_euclid(DAY_SECONDS);
            let day_end = end.min(midnight + DAY_SECONDS);
            if let Some(gap) = self.first_gap_of_day(date, at - midnight, day_end - midnight) {
                return Some(midnight + gap);
            }
            at = day_end;
        }
        None
    }

    fn first_gap_of_day(&self, date: NaiveDate, start: i64, end: i64) -> Option<i64> {
        let dated = |available: bool| {
            let those = self.exceptions.iter().filter(move |e| e.date == date && e.available == available);
            those.map(|e| e.hours.seconds())
        };
        let weekly = self.weekly.iter().filter(|w| w.day == date.weekday()).map(|w| w.hours.seconds());
        let taken = dated(false).filter(|&(from, until)| from < end && start < until).map(|(from, _)| from.max(start));
        let first_taken = taken.min().unwrap_or(end);
        let mut at = start;
        while at < first_taken {
            let given = weekly.clone().chain(dated(true)).filter(|&(from, until)| from <= at && at < until);
            match given.map(|(_, until)| until).max() {
                Some(until) => at = until,
                None => return Some(at),
            }
        }
        (first_taken < end).then_some(first_taken)
    }
}

fn date_of(wall_seconds: i64) -> Option<NaiveDate> {
    DateTime::UNIX_EPOCH.naive_utc().checked_add_signed(TimeDelta::try_seconds(wall_seconds)?).map(|wall| wall.date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{Fold, LocalWindow};
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn hours(from: &str, until: &str) -> DayHours {
        DayHours::parse(from, until).unwrap()
    }

    fn week(zone_name: &str, entries: &[(Weekday, &str, &str)]) -> Availability {
        let weekly = entries.iter().map(|&(day, from, until)| WeeklyHours { day, hours: hours(from, until) }).collect();
        Availability::new(zone(zone_name), weekly, Vec::new()).unwrap()
    }

    fn window(zone_name: &str, starts: &str, ends: &str) -> Window {
        let wall = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        LocalWindow::new(wall(starts), wall(ends), zone(zone_name), Some(Fold::Earlier)).unwrap().window()
    }

    #[test]
    fn hours_are_half_open_and_join() {
        let a = week("America/New_York", &[(Weekday::Thu, "09:00", "12:00"), (Weekday::Thu, "12:00", "17:00")]);
        let check = |from: &str, until: &str, expect: bool| {
            let asked = window("America/New_York", &format!("2027-02-25T{from}"), &format!("2027-02-25T{until}"));
            assert_eq!(a.covers(asked), expect, "{from} {until}");
        };
        check("09:00", "17:00", true);
        check("11:30", "12:30", true);
        check("08:59", "10:00", false);
        check("16:00", "17:01", false);
        check("17:00", "18:00", false);
    }

    #[test]
    fn midnight_is_no_wall() {
        let a = week("Europe/Berlin", &[(Weekday::Fri, "20:00", "24:00"), (Weekday::Sat, "00:00", "02:00")]);
        assert!(a.covers(window("Europe/Berlin", "2027-02-26T22:00", "2027-02-27T02:00")));
        let gap = a.first_gap(window("Europe/Berlin", "2027-02-26T22:00", "2027-02-27T03:00")).unwrap();
        assert_eq!(gap.wall(zone("Europe/Berlin")).to_string(), "2027-02-27 02:00:00");
        assert!(Availability::always(zone("Asia/Kathmandu")).covers(window(
            "UTC",
            "2027-01-01T00:00",
            "2028-01-01T00:00"
        )));
    }

    #[test]
    fn the_volunteers_own_clock_decides() {
        let a = week("America/Los_Angeles", &[(Weekday::Mon, "09:00", "17:00")]);
        assert!(a.covers(window("America/New_York", "2027-03-08T12:00", "2027-03-08T14:00")));
        assert!(!a.covers(window("America/New_York", "2027-03-08T09:00", "2027-03-08T11:00")));
        // Monday in Los Angeles is already Tuesday in Auckland.
        assert!(a.covers(window("Pacific/Auckland", "2027-03-09T08:00", "2027-03-09T10:00")));
    }

    #[test]
    fn the_night_the_clocks_jump_misses_nothing() {
        let a = week("America/New_York", &[(Weekday::Sun, "00:00", "02:00"), (Weekday::Sun, "03:00", "06:00")]);
        assert!(a.covers(window("America/New_York", "2027-03-14T00:00", "2027-03-14T06:00")));
        assert!(!a.covers(window("America/New_York", "2027-03-21T00:00", "2027-03-21T06:00")));
    }

    #[test]
    fn the_night_the_clocks_go_back_counts_both_passes() {
        let a = week("America/New_York", &[(Weekday::Sun, "00:00", "01:30")]);
        let zone = zone("America/New_York");
        let night = window("America/New_York", "2027-11-07T00:00", "2027-11-07T03:00");
        let gap = a.first_gap(night).unwrap();
        assert_eq!(gap, night.start().plus(TimeDelta::minutes(90)));
        let second_pass = gap.plus(TimeDelta::minutes(30));
        assert_eq!(second_pass.wall(zone).to_string(), "2027-11-07 01:00:00");
        assert!(a.covers(Window::new(second_pass, second_pass.plus(TimeDelta::minutes(30))).unwrap()));
        assert!(!a.covers(Window::new(second_pass, second_pass.plus(TimeDelta::minutes(31))).unwrap()));
        assert!(Availability::always(zone).covers(night));
    }

    #[test]
    fn dates_beat_the_week_and_no_beats_yes() {
        let date = NaiveDate::from_ymd_opt(2027, 2, 25).unwrap();
        let exception = |available, from, until| DatedException { date, available, hours: hours(from, until) };
        let weekly = vec![WeeklyHours { day: Weekday::Thu, hours: hours("09:00", "12:00") }];
        let exceptions = vec![exception(true, "08:00", "14:00"), exception(false, "10:00", "10:30")];
        let a = Availability::new(zone("UTC"), weekly, exceptions).unwrap();
        let asked = |from: &str, until: &str| {
            a.covers(window("UTC", &format!("2027-02-25T{from}"), &format!("2027-02-25T{until}")))
        };
        assert!(asked("08:00", "10:00") && asked("10:30", "14:00"));
        assert!(!asked("09:00", "11:00") && !asked("10:00", "10:15"));
        assert!(!a.covers(window("UTC", "2027-03-04T12:00", "2027-03-04T13:00")));
    }

    #[test]
    fn clock_times_are_read_strictly() {
        let check = |from: &str, until: &str, expect: Result<(u16, u16), (&str, &str)>| {
            let got = DayHours::parse(from, until);
            let got = got.as_ref().map(|h| (h.from(), h.until())).map_err(|i| (i.field.as_str(), i.code));
            assert_eq!(got, expect, "{from} {until}");
        };
        check("09:00", "24:00", Ok((540, 1440)));
        check("24:00", "24:00", Err(("until", "reversed")));
        check("22:00", "02:00", Err(("until", "reversed")));
        check("9:00", "10:00", Err(("from", "not_a_time")));
        check("09:00", "24:01", Err(("until", "not_a_time")));
        check("09:00", "10:60", Err(("until", "not_a_time")));
        check("+9:00", "10:00", Err(("from", "not_a_time")));
    }

    fn any_availability() -> impl Strategy<Value = Availability> {
        let day = (0_u8..7).prop_map(|n| Weekday::try_from(n).unwrap());
        // Quarters of an hour, so that stretches often touch.
        let hours = (0_u16..96, 1_u16..=96).prop_map(|(a, b)| DayHours::new(a * 15, (a + b).min(96) * 15).unwrap());
        let weekly =
            prop::collection::vec((day, hours.clone()).prop_map(|(day, hours)| WeeklyHours { day, hours }), 0..12);
        let exception = (0_i64..12, any::<bool>(), hours).prop_map(|(day, available, hours)| DatedException {
            date: NaiveDate::from_ymd_opt(2027, 11, 1).unwrap() + TimeDelta::days(day),
            available,
            hours,
        });
        let zone = prop::sample::select(vec!["America/New_York", "UTC", "Asia/Kathmandu", "Pacific/Chatham"]);
        (zone, weekly, prop::collection::vec(exception, 0..4))
            .prop_map(|(name, weekly, exceptions)| Availability::new(self::zone(name), weekly, exceptions).unwrap())
    }

    proptest! {
        /// The definition, minute by minute, around the night of 7 November 2027.
        #[test]
        fn a_window_is_covered_when_each_of_its_minutes_is(a in any_availability(), from in 0_i64..14_000, length in 1_i64..600) {
            let start = Instant::from_unix(1_793_491_200 + 5 * 3600 + from * 60); // 2026-11-01
            let start = start.plus(TimeDelta::days(365));
            let asked = Window::new(start, start.plus(TimeDelta::minutes(length))).unwrap();
            let shown = |at: Instant| {
                let wall = at.wall(a.zone());
                let second = i64::from(chrono::Timelike::num_seconds_from_midnight(&wall));
                let within = |h: DayHours| h.seconds().0 <= second && second < h.seconds().1;
                let dated = |yes| a.exceptions.iter().any(|e| e.date == wall.date() && e.available == yes && within(e.hours));
                let weekly = a.weekly.iter().any(|w| w.day == wall.weekday() && within(w.hours));
                !dated(false) && (dated(true) || weekly)
            };
            let gap = (0..length).map(|m| start.plus(TimeDelta::minutes(m))).find(|at| !shown(*at));
            prop_assert_eq!(a.first_gap(asked), gap);
        }
    }
}
