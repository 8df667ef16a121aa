//! An office's calendar as a document.

use chrono::{NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::read::each;
use crate::domain::{
    people::availability::DayHours,
    refusal::Invalid,
    scheduling::office_calendar::{Holiday, OfficeCalendar, Term, WorkingDay},
    time::Zone,
};

/// When an office works; see [`OfficeCalendar`]. The zone is the campus's and stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeCalendarDocument {
    /// The weekdays on which it works.
    pub working_days: Vec<WorkingDayDocument>,
    /// The dates on which it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<HolidayDocument>,
    /// Its terms, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<TermDocument>,
}

/// A working weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingDayDocument {
    /// `monday` to `sunday`.
    pub day: String,
    /// Its office hours, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<HoursDocument>,
}

/// Hours of a day, `HH:MM` each; the second may be `24:00`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursDocument {
    /// When it opens.
    pub from: String,
    /// When it closes.
    pub until: String,
}

/// A holiday; without `last` it is one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayDocument {
    /// What it is called.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub first: String,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermDocument {
    /// What it is called.
    pub name: String,
    /// The label of its academic year.
    pub academic_year: String,
    /// `YYYY-MM-DD`.
    pub first: String,
    /// `YYYY-MM-DD`.
    pub last: String,
}

impl OfficeCalendarDocument {
    /// The calendar on the clocks of `zone`.
    ///
    /// # Errors
    /// [`Invalid`] with the path of the field.
    pub fn read(&self, zone: Zone) -> Result<OfficeCalendar, Invalid> {
        let working_days = each("working_days", &self.working_days, |day| {
            let hours = each("hours", &day.hours, |hours| DayHours::parse(&hours.from, &hours.until))?;
            Ok(WorkingDay { day: weekday(&day.day)?, hours })
        })?;
        let holidays = each("holidays", &self.holidays, |holiday| {
            let first = date("first", &holiday.first)?;
            let last = holiday.last.as_deref().map_or(Ok(first), |last| date("last", last))?;
            Holiday::new(&holiday.name, first, last)
        })?;
        let terms = each("terms", &self.terms, |term| {
            Term::new(&term.name, &term.academic_year, date("first", &term.first)?, date("last", &term.last)?)
        })?;
        OfficeCalendar::new(zone, working_days, holidays, terms)
    }
}

fn date(field: &str, text: &str) -> Result<NaiveDate, Invalid> {
    let well_formed = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let read = if well_formed { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Invalid::new(field, "not_a_date", format!("{shown:?} is no date such as 2027-02-25"))
    })
}

fn weekday(text: &str) -> Result<Weekday, Invalid> {
    match text {
        "monday" => Ok(Weekday::Mon),
        "tuesday" => Ok(Weekday::Tue),
        "wednesday" => Ok(Weekday::Wed),
        "thursday" => Ok(Weekday::Thu),
        "friday" => Ok(Weekday::Fri),
        "saturday" => Ok(Weekday::Sat),
        "sunday" => Ok(Weekday::Sun),
        _ => {
            let shown: String = text.chars().take(40).collect();
            Err(Invalid::new("day", "unknown_value", format!("{shown:?} is no day such as monday")))
        }
    }
}
