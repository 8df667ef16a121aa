//! Recurrence: the dates that a rule gives, as calendars write it.
//!
//! [`dates()`] takes the first occurrence and an RRULE (RFC 5545, section 3.3.10) and answers every date of it, the first
//! included. The rule is read here and not by the `rrule` crate (0.14): that one moves an occurrence in a skipped hour
//! silently by an hour, reads `FREQ=WEEKLY;BYDAY=2MO` as every day, answers `COUNT=0` with nothing, and brings five
//! regular-expression and error crates. Absent on purpose: seconds to hours, years, `BYWEEKNO`, `BYYEARDAY`, several
//! rules, endless series; and what becomes of a date that is a holiday or has no such hour, which is the series' to say.

mod rule;
#[cfg(test)]
mod tests;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};

use self::rule::{Bound, Rule};
use crate::domain::{refusal::Invalid, time::LocalWindow};

/// A rule gives at most this many dates.
pub const MOST_OCCURRENCES: u16 = 200;
/// No date is looked for beyond this many days (40 years) after the first.
const HORIZON_DAYS: u64 = 40 * 366;

/// Every date of `rule`, of which that of `first` is the first; at most `limit` (1 to [`MOST_OCCURRENCES`]).
///
/// # Errors
/// [`Invalid`] names the part of the rule, such as `rule/BYDAY`: malformed, not supported, without an end, `first` not
/// being of the rule, fewer dates than `COUNT` in 40 years, or too many.
pub fn dates(first: LocalWindow, rule: &str, limit: u16) -> Result<Vec<NaiveDate>, Invalid> {
    if !(1..=MOST_OCCURRENCES).contains(&limit) {
        let detail = format!("{limit} is not between 1 and {MOST_OCCURRENCES}");
        return Err(Invalid::new("limit", "out_of_range", detail));
    }
    let rule = Rule::parse(rule)?;
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
#[must_use]
pub fn on(first: LocalWindow, date: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
    let starts = date.and_time(first.starts().time());
    (starts, starts + (first.ends() - first.starts()))
}

fn said(date: NaiveDate) -> String {
    format!("{} {} {}", date.format("%A"), date.day(), date.format("%B %Y"))
}
