//! Series: the same hours again and again, by a rule as calendars write it.
//!
//! [`series()`] takes the first occurrence and an RRULE (RFC 5545, section 3.3.10) and answers every occurrence on the
//! campus's wall clock: 18:00 stays 18:00 when the clocks change. What falls on a holiday or into an hour that the clocks
//! skip is left out and said, and still counts towards `COUNT`, as the RFC has it for exceptions. The rule is read here
//! and not by the `rrule` crate (0.14): that one moves an occurrence in a skipped hour silently by an hour, reads
//! `FREQ=WEEKLY;BYDAY=2MO` as every day, answers `COUNT=0` with nothing, and brings five regular-expression and error
//! crates. Absent on purpose: seconds to hours, years, `BYWEEKNO`, `BYYEARDAY`, several rules, endless series.

mod rule;
#[cfg(test)]
mod tests;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};

use self::rule::{Bound, Rule};
use crate::domain::{
    refusal::{Invalid, line},
    time::{Fold, LocalWindow, LocalWindowFault, WallFault, Zone},
};

/// A series has at most this many occurrences, those left out included.
pub const MOST_OCCURRENCES: u16 = 200;
/// No occurrence is looked for beyond this many days (40 years) after the first.
const HORIZON_DAYS: u64 = 40 * 366;

/// A day on which nothing takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOff {
    /// The date on the campus's wall.
    pub date: NaiveDate,
    /// Why: 1 to 100 characters, "Spring break".
    pub name: String,
}

/// Every occurrence of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// In order of time; may be empty when every one is left out.
    pub occurrences: Vec<LocalWindow>,
    /// What is left out, in order of time.
    pub skipped: Vec<(NaiveDate, Skipped)>,
    /// Occurrences, by their index, of which the clocks show the start or the end twice: the earlier is taken.
    pub earlier_taken: Vec<usize>,
}

/// Why an occurrence is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// It touches a day off of this name.
    DayOff(String),
    /// The clocks jump over its start or its end.
    ByTheClocks {
        /// The time that is skipped.
        wall: NaiveDateTime,
        /// The last whole minute before the jump.
        before: NaiveDateTime,
        /// The first time after the jump.
        after: NaiveDateTime,
    },
    /// The clocks go back over the whole of it, so that it would end before it begins.
    NoLength,
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DayOff(name) => write!(f, "It falls on {name}."),
            Self::ByTheClocks { wall, before, after } => {
                let said = |wall: &NaiveDateTime| wall.format("%H:%M").to_string();
                write!(f, "The clocks skip {}: they go from {} to {}.", said(wall), said(before), said(after))
            }
            Self::NoLength => f.write_str("The clocks leave it no length."),
        }
    }
}

/// Every occurrence of `rule`, of which `first` is the first, in the zone of `first`; at most `limit` (1 to
/// [`MOST_OCCURRENCES`]), those left out included.
///
/// # Errors
/// [`Invalid`] names the part of the rule, such as `rule/BYDAY`: malformed, not supported, without an end, `first` not
/// being of the rule, fewer occurrences than `COUNT` in 40 years, too many, or occurrences that overlap.
pub fn series(first: LocalWindow, rule: &str, limit: u16, off: &[DayOff]) -> Result<Series, Invalid> {
    if !(1..=MOST_OCCURRENCES).contains(&limit) {
        let detail = format!("{limit} is not between 1 and {MOST_OCCURRENCES}");
        return Err(Invalid::new("limit", "out_of_range", detail));
    }
    for (i, day) in off.iter().enumerate() {
        line(&format!("skip/{i}/name"), &day.name, 1, 100)?;
    }
    let rule = Rule::parse(rule)?;
    let mut made = Series::default();
    let mut last: Option<LocalWindow> = None;
    for date in dates(first, &rule, limit)? {
        let (starts, ends) = on(first, date);
        if let Some(day) = off.iter().find(|day| starts.date() <= day.date && touches(day.date, starts, ends)) {
            made.skipped.push((date, Skipped::DayOff(day.name.trim().to_owned())));
            continue;
        }
        let window = match local(first, starts, ends) {
            Ok((window, twice)) => {
                made.earlier_taken.extend(twice.then_some(made.occurrences.len()));
                window
            }
            Err(why) => {
                made.skipped.push((date, why));
                continue;
            }
        };
        if let Some(before) = last.filter(|before| before.window().overlaps(window.window())) {
            let detail = format!(
                "the occurrence of {} is not over when that of {} begins",
                before.starts().format("%Y-%m-%dT%H:%M"),
                window.starts().format("%Y-%m-%dT%H:%M")
            );
            return Err(Invalid::new("first", "overlaps", detail));
        }
        last = Some(window);
        made.occurrences.push(window);
    }
    Ok(made)
}

/// The dates of the rule, days off and skipped hours included.
fn dates(first: LocalWindow, rule: &Rule, limit: u16) -> Result<Vec<NaiveDate>, Invalid> {
    let begin = first.starts().date();
    let horizon = begin.checked_add_days(Days::new(HORIZON_DAYS)).unwrap_or(NaiveDate::MAX);
    let wanted = match rule.bound {
        Bound::Count(count) if count > limit => {
            return Err(Invalid::new("rule/COUNT", "too_many", format!("{count} is more than {limit} occurrences")));
        }
        Bound::Count(count) => Some(usize::from(count)),
        Bound::UntilDate(_) | Bound::UntilWall(_) | Bound::UntilInstant(_) => None,
    };
    let mut found = Vec::new();
    'periods: for period in rule.periods(begin).take_while(|period| period.start <= horizon) {
        for date in rule.days_of(&period, begin).into_iter().filter(|date| *date >= begin) {
            if !rule.bound.takes(on(first, date).0, first.zone()) || wanted.is_some_and(|wanted| found.len() >= wanted)
            {
                break 'periods;
            }
            if found.len() >= usize::from(limit) {
                let detail = format!("it gives more than {limit} occurrences");
                return Err(Invalid::new("rule/UNTIL", "too_many", detail));
            }
            found.push(date);
        }
    }
    match found.first() {
        Some(date) if *date == begin => {}
        other => {
            let next = other.map_or_else(|| "it gives none".to_owned(), |date| format!("its first is {}", said(*date)));
            let detail = format!("{} is no date that the rule gives; {next}", said(begin));
            return Err(Invalid::new("first", "not_in_rule", detail));
        }
    }
    match wanted {
        Some(wanted) if found.len() < wanted => {
            let detail = format!("the rule gives {} occurrences in 40 years, not {wanted}", found.len());
            Err(Invalid::new("rule/COUNT", "too_few", detail))
        }
        Some(_) | None => Ok(found),
    }
}

/// The wall times of the first occurrence, on another date.
fn on(first: LocalWindow, date: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
    let starts = date.and_time(first.starts().time());
    (starts, starts + (first.ends() - first.starts()))
}

fn touches(day: NaiveDate, starts: NaiveDateTime, ends: NaiveDateTime) -> bool {
    day == starts.date() || day.and_time(chrono::NaiveTime::MIN) < ends
}

/// The occurrence at these wall times, and whether the clocks show one of them twice.
fn local(first: LocalWindow, starts: NaiveDateTime, ends: NaiveDateTime) -> Result<(LocalWindow, bool), Skipped> {
    if starts == first.starts() {
        // The first was agreed on as it is, also where it is the later of two.
        return Ok((first, false));
    }
    let zone = first.zone();
    let by_the_clocks = |wall, fault| match fault {
        WallFault::Skipped { before, after } => Skipped::ByTheClocks { wall, before, after },
        WallFault::Twice { .. } => Skipped::NoLength,
    };
    let window = LocalWindow::new(starts, ends, zone, Some(Fold::Earlier)).map_err(|fault| match fault {
        LocalWindowFault::Start(fault) => by_the_clocks(starts, fault),
        LocalWindowFault::End(fault) => by_the_clocks(ends, fault),
        LocalWindowFault::Reversed => Skipped::NoLength,
    })?;
    Ok((window, [starts, ends].into_iter().any(|wall| is_twice(wall, zone))))
}

fn is_twice(wall: NaiveDateTime, zone: Zone) -> bool {
    matches!(zone.at(wall, None), Err(WallFault::Twice { .. }))
}

fn said(date: NaiveDate) -> String {
    format!("{} {} {}", date.format("%A"), date.day(), date.format("%B %Y"))
}
