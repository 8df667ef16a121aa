//! The hours that volunteers give: how long somebody stayed, and when that may be said.
//!
//! Hours come of a check-in and a check-out; nothing is guessed. Whoever notes it only afterwards says the time; whoever
//! forgot it has it put right by the office's word. Absent on purpose: what hours are worth.

use chrono::TimeDelta;

use crate::domain::refusal::Invalid;
use crate::domain::time::{Instant, Window};
use crate::domain::words::words;

/// How long before the start of an engagement its volunteer may be checked in; whoever sets up comes early.
pub const EARLIEST: TimeDelta = TimeDelta::hours(12);
/// How long after its end "now" is still taken for the time at which a volunteer went.
pub const GOING: TimeDelta = TimeDelta::hours(2);
/// The longest stay that is taken for one.
pub const LONGEST_STAY: TimeDelta = TimeDelta::hours(16);
/// The most minutes of one line that the office writes.
pub const MOST_MINUTES: i64 = 60_000;

words! {
    /// Why a line stands in the ledger of hours.
    pub enum HoursKind("kind of hours entry") {
        /// A volunteer came and went.
        Accrual = "accrual",
        /// A check-out was taken back.
        Reversal = "reversal",
        /// The office's word, with its reason.
        Adjustment = "adjustment",
    }
}

/// When a volunteer came: as given, or now.
///
/// # Errors
/// [`Invalid`] for `at`: in the future, earlier than [`EARLIEST`], or needed because the engagement is over.
pub fn came(at: Option<Instant>, booked: Window, now: Instant) -> Result<Instant, Invalid> {
    let came = match at {
        Some(at) => past(at, now)?,
        None if booked.end() <= now => {
            let detail = format!("it ended at {}; say when the volunteer came", booked.end());
            return Err(Invalid::new("at", "required", detail));
        }
        None => now,
    };
    let (first, end) = (booked.start().plus(-EARLIEST), booked.end());
    if came < first || end <= came {
        let detail = format!("it is {came}; from {first} on and before {end} somebody can come");
        return Err(Invalid::new("at", "out_of_range", detail));
    }
    Ok(came)
}

/// When a volunteer who came at `came` went, as given or now; and the minutes of the stay, to the nearest.
///
/// # Errors
/// [`Invalid`] for `at`: in the future, before `came`, after a stay of more than [`LONGEST_STAY`], or needed because the
/// engagement has been over for more than [`GOING`].
pub fn went(at: Option<Instant>, came: Instant, booked: Window, now: Instant) -> Result<(Instant, i64), Invalid> {
    let last = came.plus(LONGEST_STAY);
    let went = match at {
        Some(at) => past(at, now)?,
        None if booked.end().plus(GOING) < now || last < now => {
            let detail = format!("it ended at {}; say when the volunteer went", booked.end());
            return Err(Invalid::new("at", "required", detail));
        }
        None => now,
    };
    if went < came {
        return Err(Invalid::new("at", "reversed", format!("{went} is before {came}, when the volunteer came")));
    }
    if last < went {
        let detail = format!("it is {went}; a stay of more than {} hours is not taken", LONGEST_STAY.num_hours());
        return Err(Invalid::new("at", "out_of_range", detail));
    }
    Ok((went, (went.unix() - came.unix() + 30).div_euclid(60)))
}

fn past(at: Instant, now: Instant) -> Result<Instant, Invalid> {
    if now < at { Err(Invalid::new("at", "in_the_future", format!("{at} is still to come"))) } else { Ok(at) }
}

/// Minutes that the office adds or takes away.
///
/// # Errors
/// [`Invalid`] for 0, for more than [`MOST_MINUTES`], and for what would leave less than nothing of `total`.
pub fn adjustment(minutes: i64, total: i64) -> Result<i64, Invalid> {
    if minutes == 0 || !(-MOST_MINUTES..=MOST_MINUTES).contains(&minutes) {
        let detail = format!("it is {minutes}; from 1 to {MOST_MINUTES} are taken, or as many less");
        return Err(Invalid::new("minutes", "out_of_range", detail));
    }
    if total.saturating_add(minutes) < 0 {
        let detail = format!("it is {minutes}, and the volunteer has {total} minutes at this campus");
        return Err(Invalid::new("minutes", "out_of_range", detail));
    }
    Ok(minutes)
}

/// "7 hours 5 minutes".
#[must_use]
pub fn in_words(minutes: i64) -> String {
    let part = |number: i64, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    match (minutes / 60, minutes % 60) {
        (0, rest) => part(rest, "minute"),
        (hours, 0) => part(hours, "hour"),
        (hours, rest) => format!("{} {}", part(hours, "hour"), part(rest, "minute")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes after noon of some day.
    fn at(minutes: i64) -> Instant {
        Instant::from_unix(1_803_556_800 + minutes * 60)
    }

    fn two_hours() -> Window {
        Window::new(at(0), at(120)).unwrap()
    }

    #[test]
    fn who_comes_is_noted_now_or_afterwards_with_the_time() {
        let check = |given: Option<i64>, now: i64, expect: Result<i64, &str>| {
            let came = came(given.map(at), two_hours(), at(now)).map_err(|fault| fault.code);
            assert_eq!(came, expect.map(at), "{given:?} at {now}");
        };
        check(None, -10, Ok(-10));
        check(None, 119, Ok(119));
        check(None, 120, Err("required"));
        check(Some(5), 600, Ok(5));
        check(Some(120), 600, Err("out_of_range"));
        check(Some(20), 10, Err("in_the_future"));
        check(None, -720, Ok(-720));
        check(None, -721, Err("out_of_range"));
    }

    #[test]
    fn a_stay_is_measured_and_never_guessed() {
        let check = |given: Option<i64>, now: i64, expect: Result<(i64, i64), &str>| {
            let went = went(given.map(at), at(-30), two_hours(), at(now)).map_err(|fault| fault.code);
            assert_eq!(went, expect.map(|(went, minutes)| (at(went), minutes)), "{given:?} at {now}");
        };
        check(None, 125, Ok((125, 155)));
        check(None, 240, Ok((240, 270)));
        check(None, 241, Err("required"));
        check(Some(130), 5_000, Ok((130, 160)));
        check(Some(-31), 0, Err("reversed"));
        check(Some(-30), 0, Ok((-30, 0)));
        check(Some(930), 5_000, Ok((930, 960)));
        check(Some(931), 5_000, Err("out_of_range"));
        check(Some(1), 0, Err("in_the_future"));
        let (from, until) = (Instant::from_unix(0), Instant::from_unix(89));
        assert_eq!(went(Some(until), from, Window::new(from, until).unwrap(), until), Ok((until, 1)));
        let until = Instant::from_unix(90);
        assert_eq!(went(Some(until), from, Window::new(from, until).unwrap(), until), Ok((until, 2)));
    }

    #[test]
    fn a_stay_over_the_night_of_the_clocks_is_as_long_as_it_was() {
        // New York, 14 March 2027: from 01:30 to 03:30 on the wall is one hour.
        let zone: crate::domain::time::Zone = "America/New_York".parse().unwrap();
        let wall = |hour| chrono::NaiveDate::from_ymd_opt(2027, 3, 14).unwrap().and_hms_opt(hour, 30, 0).unwrap();
        let (from, until) = (zone.at(wall(1), None).unwrap(), zone.at(wall(3), None).unwrap());
        assert_eq!(went(None, from, Window::new(from, until).unwrap(), until), Ok((until, 60)));
    }

    #[test]
    fn the_office_leaves_nobody_with_less_than_nothing() {
        let check = |minutes, total, expect: Result<i64, ()>| {
            assert_eq!(adjustment(minutes, total).map_err(drop), expect, "{minutes} of {total}");
        };
        check(30, 0, Ok(30));
        check(-30, 30, Ok(-30));
        check(-31, 30, Err(()));
        check(0, 30, Err(()));
        check(MOST_MINUTES, i64::MAX, Ok(MOST_MINUTES));
        check(MOST_MINUTES + 1, 0, Err(()));
        check(i64::MIN, i64::MAX, Err(()));
    }

    #[test]
    fn hours_are_said_in_words() {
        let check = |minutes, expect: &str| assert_eq!(in_words(minutes), expect);
        check(0, "0 minutes");
        check(1, "1 minute");
        check(60, "1 hour");
        check(61, "1 hour 1 minute");
        check(425, "7 hours 5 minutes");
    }
}
