//! A recurrence rule: its parts as text, and the days it names.

use std::{collections::HashMap, str::FromStr};

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::domain::{
    refusal::{Invalid, line},
    time::{Fold, Instant, WallFault, Zone},
};

const SUPPORTED: [&str; 9] =
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"];
/// Parts that the RFC knows and nobody here needs.
const UNSUPPORTED: [&str; 5] = ["BYSECOND", "BYMINUTE", "BYHOUR", "BYYEARDAY", "BYWEEKNO"];

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
}

/// Where a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// After so many.
    Count(u16),
    /// With this date.
    UntilDate(NaiveDate),
    /// With this time on the wall.
    UntilWall(NaiveDateTime),
    /// With this instant.
    UntilInstant(Instant),
}

impl Bound {
    /// Whether what starts at this time on the wall lies within; ends are included, as the RFC has it.
    pub fn takes(self, starts: NaiveDateTime, zone: Zone) -> bool {
        match self {
            Self::Count(_) => true,
            Self::UntilDate(last) => starts.date() <= last,
            Self::UntilWall(last) => starts <= last,
            Self::UntilInstant(last) => match zone.at(starts, Some(Fold::Earlier)) {
                Ok(at) => at <= last,
                Err(WallFault::Skipped { .. } | WallFault::Twice { .. }) => zone.at_or_after(starts) <= last,
            },
        }
    }
}

/// A weekday, or the nth of its kind in a month, counted from the end when negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByDay {
    nth: Option<i8>,
    day: Weekday,
}

/// One step of the rule: the days from `start` up to `end`.
pub(super) struct Period {
    pub start: NaiveDate,
    end: NaiveDate,
}

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: u16,
    pub bound: Bound,
    by_day: Vec<ByDay>,
    by_month_day: Vec<i8>,
    by_month: Vec<u8>,
    by_set_pos: Vec<i16>,
    week_start: Weekday,
}

impl Rule {
    /// Reads `FREQ=WEEKLY;BYDAY=TU,TH;COUNT=8`, with or without `RRULE:` before it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = line("rule", text, 1, 500)?.to_ascii_uppercase();
        let mut parts = HashMap::new();
        for part in text.strip_prefix("RRULE:").unwrap_or(&text).split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(Invalid::new("rule", "malformed", format!("{part:?} is no part such as FREQ=WEEKLY")));
            };
            if UNSUPPORTED.contains(&name) {
                let detail = format!("{part} is not supported; a series repeats its first hours by day, week or month");
                return Err(Invalid::new(format!("rule/{name}"), "not_supported", detail));
            }
            if !SUPPORTED.contains(&name) {
                let detail = format!("{name:?} is none of {}", SUPPORTED.join(", "));
                return Err(Invalid::new("rule", "unknown_part", detail));
            }
            if value.is_empty() {
                return Err(Invalid::new(format!("rule/{name}"), "required", "it has no value"));
            }
            if parts.insert(name, value).is_some() {
                return Err(Invalid::new(format!("rule/{name}"), "twice", format!("{name} stands in the rule twice")));
            }
        }
        let frequency = frequency(parts.get("FREQ").copied())?;
        let interval = match parts.get("INTERVAL") {
            None => 1,
            Some(value) => number("INTERVAL", value, 1, 366)?,
        };
        let rule = Self {
            frequency,
            interval,
            bound: bound(&parts)?,
            by_day: list(&parts, "BYDAY", by_day)?,
            by_month_day: list(&parts, "BYMONTHDAY", |value| counted("BYMONTHDAY", value, 31))?,
            by_month: list(&parts, "BYMONTH", |value| number("BYMONTH", value, 1, 12))?,
            by_set_pos: list(&parts, "BYSETPOS", |value| counted("BYSETPOS", value, 366))?,
            week_start: match parts.get("WKST") {
                None => Weekday::Mon,
                Some(value) => weekday(value).ok_or_else(|| malformed("WKST", value, "a weekday such as MO"))?,
            },
        };
        rule.fits_together()
    }

    fn fits_together(self) -> Result<Self, Invalid> {
        let refused = |part: &str, code, detail: &str| Err(Invalid::new(format!("rule/{part}"), code, detail));
        if self.frequency != Frequency::Monthly && self.by_day.iter().any(|by| by.nth.is_some()) {
            return refused("BYDAY", "not_supported", "a number before a weekday needs FREQ=MONTHLY");
        }
        if self.frequency == Frequency::Weekly && !self.by_month_day.is_empty() {
            return refused("BYMONTHDAY", "not_supported", "days of the month do not go with FREQ=WEEKLY");
        }
        let selects = !(self.by_day.is_empty() && self.by_month_day.is_empty() && self.by_month.is_empty());
        if !self.by_set_pos.is_empty() && !selects {
            return refused("BYSETPOS", "required", "it chooses among days that BYDAY, BYMONTHDAY or BYMONTH name");
        }
        Ok(self)
    }

    /// The steps from that of `begin` on, without end.
    pub fn periods(&self, begin: NaiveDate) -> impl Iterator<Item = Period> {
        let (frequency, interval) = (self.frequency, u32::from(self.interval));
        let start = match frequency {
            Frequency::Daily => Some(begin),
            Frequency::Weekly => {
                begin.checked_sub_days(Days::new(u64::from(begin.weekday().days_since(self.week_start))))
            }
            Frequency::Monthly => begin.with_day(1),
        };
        let after = move |date: NaiveDate, steps: u32| match frequency {
            Frequency::Daily => date.checked_add_days(Days::new(u64::from(steps))),
            Frequency::Weekly => date.checked_add_days(Days::new(u64::from(steps) * 7)),
            Frequency::Monthly => date.checked_add_months(Months::new(steps)),
        };
        std::iter::successors(start, move |date| after(*date, interval))
            .map_while(move |start| after(start, 1).map(|end| Period { start, end }))
    }

    /// The days of one step, in order; a day of the first occurrence stands in for parts that are not given.
    pub fn days_of(&self, period: &Period, begin: NaiveDate) -> Vec<NaiveDate> {
        let days = period.start.iter_days().take_while(|day| *day < period.end);
        let days: Vec<_> = days.filter(|day| self.names(*day, begin)).collect();
        if self.by_set_pos.is_empty() {
            return days;
        }
        let chosen = |at: usize| {
            let forward = i16::try_from(at + 1).unwrap_or(i16::MAX);
            let backward = -i16::try_from(days.len() - at).unwrap_or(i16::MAX);
            self.by_set_pos.contains(&forward) || self.by_set_pos.contains(&backward)
        };
        days.iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, day)| *day).collect()
    }

    fn names(&self, day: NaiveDate, begin: NaiveDate) -> bool {
        let by_month = self.by_month.is_empty() || self.by_month.iter().any(|m| u32::from(*m) == day.month());
        let by_month_day = self.by_month_day.is_empty() || self.by_month_day.iter().any(|n| is_nth(*n, 1, day));
        let by_day = self.by_day.is_empty()
            || self.by_day.iter().any(|by| by.day == day.weekday() && by.nth.is_none_or(|n| is_nth(n, 7, day)));
        let as_begin = match self.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => !self.by_day.is_empty() || day.weekday() == begin.weekday(),
            Frequency::Monthly => !(self.by_day.is_empty() && self.by_month_day.is_empty()) || day.day() == begin.day(),
        };
        by_month && by_month_day && by_day && as_begin
    }
}

/// Whether the day is in the nth stretch of `length` days of its month, counted from the end when negative.
fn is_nth(n: i8, length: u32, day: NaiveDate) -> bool {
    let from = if n > 0 { day.day0() } else { u32::from(day.num_days_in_month()) - day.day() };
    from / length + 1 == u32::from(n.unsigned_abs())
}

fn frequency(value: Option<&str>) -> Result<Frequency, Invalid> {
    let refused = |code, detail: String| Err(Invalid::new("rule/FREQ", code, detail));
    match value {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some(other @ ("SECONDLY" | "MINUTELY" | "HOURLY")) => {
            refused("not_supported", format!("{other} is more often than once a day; that is a grid"))
        }
        Some("YEARLY") => refused("not_supported", "YEARLY is not supported; DAILY, WEEKLY and MONTHLY are".to_owned()),
        Some(other) => refused("malformed", format!("{other:?} is none of DAILY, WEEKLY, MONTHLY")),
        None => refused("required", "the rule says not how often: FREQ=DAILY, WEEKLY or MONTHLY".to_owned()),
    }
}

fn bound(parts: &HashMap<&str, &str>) -> Result<Bound, Invalid> {
    match (parts.get("COUNT"), parts.get("UNTIL")) {
        (Some(_), Some(_)) => {
            Err(Invalid::new("rule/UNTIL", "twice", "COUNT and UNTIL both end the series; one of them may stand"))
        }
        (None, None) => Err(Invalid::new("rule", "endless", "the series has no end: COUNT or UNTIL is needed")),
        (Some(count), None) => Ok(Bound::Count(number("COUNT", count, 1, u16::MAX)?)),
        (None, Some(until)) => {
            until_of(until).ok_or_else(|| malformed("UNTIL", until, "a date such as 20270430 or 20270430T180000Z"))
        }
    }
}

fn until_of(text: &str) -> Option<Bound> {
    // Exactly these lengths, for the parser would take shorter years and a sign.
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let day = NaiveDate::parse_from_str(date, "%Y%m%d").ok().filter(|_| digits(date, 8))?;
    let Some(time) = time else { return Some(Bound::UntilDate(day)) };
    let (time, utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let wall = day.and_time(NaiveTime::parse_from_str(time, "%H%M%S").ok().filter(|_| digits(time, 6))?);
    Some(if utc { Bound::UntilInstant(Instant::from(wall.and_utc())) } else { Bound::UntilWall(wall) })
}

fn list<T>(
    parts: &HashMap<&str, &str>,
    name: &str,
    read: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    parts.get(name).map_or_else(|| Ok(Vec::new()), |value| value.split(',').map(read).collect())
}

fn by_day(text: &str) -> Result<ByDay, Invalid> {
    let refused = || malformed("BYDAY", text, "a weekday such as TU, or 1MO to 5MO, -1FR to -5FR");
    let (nth, day) = text.split_at_checked(text.len().saturating_sub(2)).ok_or_else(refused)?;
    let day = weekday(day).ok_or_else(refused)?;
    if nth.is_empty() {
        return Ok(ByDay { nth: None, day });
    }
    counted("BYDAY", nth, 5).map(|nth| ByDay { nth: Some(nth), day }).map_err(|_| refused())
}

fn weekday(text: &str) -> Option<Weekday> {
    match text {
        "MO" => Some(Weekday::Mon),
        "TU" => Some(Weekday::Tue),
        "WE" => Some(Weekday::Wed),
        "TH" => Some(Weekday::Thu),
        "FR" => Some(Weekday::Fri),
        "SA" => Some(Weekday::Sat),
        "SU" => Some(Weekday::Sun),
        _ => None,
    }
}

/// A number without a sign.
fn number<T: FromStr + PartialOrd + std::fmt::Display + Copy>(
    part: &str,
    text: &str,
    min: T,
    max: T,
) -> Result<T, Invalid> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let read = text.parse().ok().filter(|n| digits && *n >= min && *n <= max);
    read.ok_or_else(|| malformed(part, text, &format!("a number from {min} to {max}")))
}

/// A number from 1 to `most`, or from the end with a minus.
fn counted<T: FromStr + PartialOrd + Default + std::ops::Neg<Output = T> + Copy + std::fmt::Display>(
    part: &str,
    text: &str,
    most: T,
) -> Result<T, Invalid> {
    let read = text.parse().ok().filter(|n: &T| *n != T::default() && *n <= most && *n >= -most);
    read.ok_or_else(|| malformed(part, text, &format!("a number from 1 to {most} or from -{most} to -1")))
}

fn malformed(part: &str, text: &str, wanted: &str) -> Invalid {
    Invalid::new(format!("rule/{part}"), "malformed", format!("{text:?} is not {wanted}"))
}
