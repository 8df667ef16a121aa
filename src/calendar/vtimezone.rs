//! VTIMEZONE: what the clocks of a zone do over the horizon of a calendar.
//!
//! The zone's offsets come from chrono-tz, which has no list of transitions, so they are found by stepping and bisecting.
//! Where the clocks follow a yearly rule this writes one STANDARD and one DAYLIGHT with `RRULE:FREQ=YEARLY;…BYDAY`, which
//! every program reads; where they stand still, one STANDARD; where they follow no rule (Ramadan, a change of law), one
//! observance for each transition. A jump forward is DAYLIGHT, whatever the law calls it: programs expect that, and it
//! differs in Dublin and Casablanca. What is absent on purpose: anything outside the horizon.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use ical::{
    parser::ical::component::{IcalTimeZone, IcalTimeZoneTransition, IcalTimeZoneTransitionType},
    property::Property,
};

use super::text::{raw, text};
use crate::domain::time::{Instant, Window, Zone};

/// Offsets are looked at so far apart; no zone changes twice within it.
const STEP: i64 = 7 * DAY;
const DAY: i64 = 86_400;
/// What is defined beyond the first and the last instant used.
const MARGIN: i64 = 31 * DAY;
/// Looked at beyond that, to find a rule and not a coincidence.
const YEAR: i64 = 400 * DAY;
/// The tables hold no transitions outside of 1840 and 2110.
const TABLES: (i64, i64) = (-4_102_444_800, 4_418_064_000);

/// Whether `zone` is UTC by one of its names and needs no definition.
#[must_use]
pub fn is_utc(zone: Zone) -> bool {
    matches!(zone.name(), "UTC" | "UCT" | "Universal" | "Zulu" | "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu")
}

/// The definition of `zone`, right for every instant of `used`.
#[must_use]
pub fn vtimezone(zone: Zone, used: Window) -> IcalTimeZone {
    let (first, last) = (used.start().unix() - MARGIN, used.end().unix() + MARGIN);
    let jumps = jumps(zone, first - YEAR, last + YEAR);
    let observances = still(zone, first, &jumps)
        .or_else(|| yearly(&jumps, first, last + YEAR))
        .or_else(|| yearly(&jumps, first, last))
        .unwrap_or_else(|| one_by_one(zone, &jumps, first, last));
    IcalTimeZone {
        properties: vec![text("TZID", zone.name())],
        transitions: observances.iter().map(|observance| observance.written(zone)).collect(),
    }
}

/// The clocks of a zone go from one offset to another, in seconds east of Greenwich.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    /// The first second of the new offset.
    pub(super) at: i64,
    from: i32,
    to: i32,
}

impl Jump {
    const fn is_forward(self) -> bool {
        self.to > self.from
    }

    /// What the clocks would have shown.
    fn wall(self) -> NaiveDateTime {
        utc(self.at).naive_utc() + TimeDelta::seconds(i64::from(self.from))
    }
}

fn utc(at: i64) -> DateTime<Utc> {
    Instant::from_unix(at).utc()
}

/// The offset of `zone` at a second since 1970, in seconds east of Greenwich.
pub(super) fn offset(zone: Zone, at: i64) -> i32 {
    zone.tz().offset_from_utc_datetime(&utc(at).naive_utc()).fix().local_minus_utc()
}

fn jumps(zone: Zone, first: i64, last: i64) -> Vec<Jump> {
    jumps_of(|at| offset(zone, at), first, last)
}

/// The jumps that an offset makes after `first` and up to `last`.
pub(super) fn jumps_of(offset: impl Fn(i64) -> i32, first: i64, last: i64) -> Vec<Jump> {
    let (first, last) = (first.max(TABLES.0), last.min(TABLES.1));
    let mut jumps = Vec::new();
    let mut before = first;
    let mut from = offset(first);
    while before < last {
        let after = (before + STEP).min(last);
        let to = offset(after);
        if to != from {
            let (mut low, mut high) = (before, after);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(middle) == from { low = middle } else { high = middle }
            }
            jumps.push(Jump { at: high, from, to });
        }
        (before, from) = (after, to);
    }
    jumps
}

/// One part of the definition: from `onset` on, and again by `rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Observance {
    /// Whether this is DAYLIGHT.
    daylight: bool,
    onset: NaiveDateTime,
    from: i32,
    to: i32,
    /// An instant at which it holds, for its name.
    sample: i64,
    rule: Option<Rule>,
}

/// The clocks never move: one STANDARD from the beginning of time.
fn still(zone: Zone, first: i64, jumps: &[Jump]) -> Option<Vec<Observance>> {
    jumps.is_empty().then(|| vec![since_ever(offset(zone, first), first)])
}

/// A STANDARD that holds from before `first` on.
fn since_ever(to: i32, first: i64) -> Observance {
    let onset = DateTime::UNIX_EPOCH.naive_utc().min(utc(first - YEAR).naive_utc());
    Observance { daylight: false, onset, from: to, to, sample: first, rule: None }
}

/// One STANDARD and one DAYLIGHT that recur, if these make exactly the jumps from the last two before `first` up to `last`.
fn yearly(jumps: &[Jump], first: i64, last: i64) -> Option<Vec<Observance>> {
    let before = jumps.iter().filter(|jump| jump.at <= first).count();
    let until = jumps.iter().filter(|jump| jump.at <= last).count();
    let span = jumps.get(before.checked_sub(2)?..until)?;
    let recurring = |daylight: bool| {
        let of_kind: Vec<Jump> = span.iter().copied().filter(|jump| jump.is_forward() == daylight).collect();
        let onset = *of_kind.first()?;
        let rule = Rule::of(&of_kind, last)?;
        let (from, to) = (onset.from, onset.to);
        Some(Observance { daylight, onset: onset.wall(), from, to, sample: onset.at, rule: Some(rule) })
    };
    Some(vec![recurring(false)?, recurring(true)?])
}

/// An observance for the state at `first` and one for each jump after it.
fn one_by_one(zone: Zone, jumps: &[Jump], first: i64, last: i64) -> Vec<Observance> {
    let single = |jump: &Jump| Observance {
        daylight: jump.is_forward(),
        onset: jump.wall(),
        from: jump.from,
        to: jump.to,
        sample: jump.at,
        rule: None,
    };
    let initial = jumps.iter().rev().find(|jump| jump.at <= first).map(single);
    let inside = jumps.iter().filter(|jump| (first + 1..=last).contains(&jump.at));
    let mut all: Vec<_> = initial.into_iter().chain(inside.map(single)).collect();
    if all.first().is_none_or(|earliest| earliest.sample > first) {
        all.insert(0, since_ever(offset(zone, first), first));
    }
    // Some programs need a STANDARD, whatever the last jump was; for one that holds throughout the name does no harm.
    if all.iter().all(|observance| observance.daylight) {
        all.iter_mut().take(1).for_each(|earliest| earliest.daylight = false);
    }
    all
}

/// On which day of each year the clocks jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    month: u32,
    weekday: chrono::Weekday,
    day: Day,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// The first, second, … such weekday of the month.
    Nth(u32),
    /// The last one.
    Last,
    /// The one in the seven days that begin with this one.
    From(u32),
}

impl Rule {
    /// The rule that makes exactly these jumps, all of one kind, and no other up to `last`.
    fn of(jumps: &[Jump], last: i64) -> Option<Self> {
        let first = jumps.first()?;
        let onset = first.wall();
        let (month, weekday) = (onset.month(), onset.weekday());
        let latest = jumps.iter().map(|jump| jump.wall().day()).max()?;
        let candidates = [Day::Last, Day::Nth((onset.day() - 1) / 7 + 1), Day::From(latest.saturating_sub(6).max(1))];
        let explains = |rule: &Self| {
            let mut years = onset.year()..;
            let alike = jumps.iter().zip(&mut years).all(|(jump, year)| {
                (jump.from, jump.to) == (first.from, first.to)
                    && rule.date(year).map(|date| date.and_time(onset.time())) == Some(jump.wall())
            });
            let next = years.next().and_then(|year| rule.date(year)).map(|date| date.and_time(onset.time()));
            alike && next.is_none_or(|next| next.and_utc().timestamp() - i64::from(first.from) > last)
        };
        candidates.into_iter().map(|day| Self { month, weekday, day }).find(explains)
    }

    /// The day of `year`.
    fn date(self, year: i32) -> Option<NaiveDate> {
        let Self { month, weekday, day } = self;
        match day {
            Day::Nth(nth) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, u8::try_from(nth).ok()?),
            Day::Last => NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
                .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)),
            Day::From(day) => {
                let from = NaiveDate::from_ymd_opt(year, month, day)?;
                let wait = weekday.days_since(from.weekday());
                from.checked_add_days(chrono::Days::new(wait.into())).filter(|date| date.month() == month)
            }
        }
    }

    fn written(self) -> String {
        let weekday = match self.weekday {
            chrono::Weekday::Mon => "MO",
            chrono::Weekday::Tue => "TU",
            chrono::Weekday::Wed => "WE",
            chrono::Weekday::Thu => "TH",
            chrono::Weekday::Fri => "FR",
            chrono::Weekday::Sat => "SA",
            chrono::Weekday::Sun => "SU",
        };
        let month = self.month;
        match self.day {
            Day::Nth(nth) => format!("FREQ=YEARLY;BYMONTH={month};BYDAY={nth}{weekday}"),
            Day::Last => format!("FREQ=YEARLY;BYMONTH={month};BYDAY=-1{weekday}"),
            Day::From(day) => {
                let days: Vec<_> = (day..=(day + 6).min(31)).map(|day| day.to_string()).collect();
                format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={};BYDAY={weekday}", days.join(","))
            }
        }
    }
}

impl Observance {
    fn written(&self, zone: Zone) -> IcalTimeZoneTransition {
        let name = zone.tz().offset_from_utc_datetime(&utc(self.sample).naive_utc()).to_string();
        let mut properties: Vec<Property> = vec![
            raw("DTSTART", wall(self.onset)),
            raw("TZOFFSETFROM", utc_offset(self.from)),
            raw("TZOFFSETTO", utc_offset(self.to)),
            text("TZNAME", &name),
        ];
        properties.extend(self.rule.map(|rule| raw("RRULE", rule.written())));
        let transition =
            if self.daylight { IcalTimeZoneTransitionType::DAYLIGHT } else { IcalTimeZoneTransitionType::STANDARD };
        IcalTimeZoneTransition { transition, properties }
    }
}

/// `20270314T020000`.
pub(super) fn wall(at: NaiveDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    // By hand, since a feed has five of these in each entry and formatting them would take longer than all its texts.
    let year = date.year().unsigned_abs();
    let mut text = String::with_capacity(16);
    for number in [year / 100, year % 100, date.month(), date.day()] {
        push_two_digits(&mut text, number);
    }
    text.push('T');
    for number in [time.hour(), time.minute(), time.second()] {
        push_two_digits(&mut text, number);
    }
    text
}

fn push_two_digits(text: &mut String, number: u32) {
    text.extend([number / 10 % 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit, 10)));
}

/// `-0500`, with seconds where there are any, as in old local mean times.
fn utc_offset(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes, seconds) = (offset.abs() / 3600, offset.abs() / 60 % 60, offset.abs() % 60);
    let mut text = format!("{sign}{hours:02}{minutes:02}");
    if seconds != 0 {
        let _ = write!(text, "{seconds:02}");
    }
    text
}
