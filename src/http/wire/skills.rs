//! What people can do and when they are free, in JSON; words of closed lists, and ids.

use std::str::FromStr;

use chrono::Weekday;
use serde::{Deserialize, Serialize};

use super::times::{date, shown};
use crate::domain::people::availability::{Availability, DatedException, DayHours, WeeklyHours};
use crate::domain::people::volunteer::{Level, Skill};
use crate::domain::refusal::Invalid;
use crate::domain::time::Zone;
use crate::domain::words::UnknownName;

/// Reads a word of a closed list.
///
/// # Errors
/// [`Invalid`] with `unknown_value`.
pub fn word<T: FromStr<Err = UnknownName>>(field: &str, text: &str) -> Result<T, Invalid> {
    text.parse().map_err(|UnknownName { list, .. }| {
        Invalid::new(field, "unknown_value", format!("{} is no {list}", shown(text)))
    })
}

/// Reads an id.
///
/// # Errors
/// [`Invalid`] with `invalid_format`.
pub fn id<T: FromStr>(field: &str, text: &str) -> Result<T, Invalid> {
    text.parse().map_err(|_| Invalid::new(field, "invalid_format", format!("{} is no id (a UUID)", shown(text))))
}

/// Reads a list of 1 to `most` ids, none of them twice.
///
/// # Errors
/// [`Invalid`] with `required`, `too_many`, `invalid_format` or `repeated`.
pub fn ids<T: FromStr + PartialEq + std::fmt::Display>(
    field: &str,
    texts: &[String],
    most: usize,
) -> Result<Vec<T>, Invalid> {
    if texts.is_empty() {
        return Err(Invalid::new(field, "required", "name at least one"));
    }
    if texts.len() > most {
        return Err(Invalid::new(field, "too_many", format!("{} entries, at most {most} are taken", texts.len())));
    }
    let mut seen = std::collections::HashSet::with_capacity(texts.len());
    let mut ids: Vec<T> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let one: T = id(&format!("{field}/{at}"), text)?;
        if !seen.insert(text) {
            return Err(Invalid::new(format!("{field}/{at}"), "repeated", format!("{one} stands in the list twice")));
        }
        ids.push(one);
    }
    Ok(ids)
}

/// Reads each item of a list; a fault names its place in it.
///
/// # Errors
/// The first item's that is wrong.
pub fn each<T, U>(field: &str, items: &[T], read: impl Fn(&T) -> Result<U, Invalid>) -> Result<Vec<U>, Invalid> {
    let read = items.iter().enumerate().map(|(at, item)| read(item).map_err(|fault| fault.within(at).within(field)));
    read.collect()
}

/// A skill, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillBody {
    name: String,
    level: String,
}

impl SkillBody {
    /// The skill it names.
    ///
    /// # Errors
    /// [`Invalid`] for `name` or `level`.
    pub fn read(&self) -> Result<Skill, Invalid> {
        Skill::new(&self.name, word::<Level>("level", &self.level)?)
    }
}

impl From<&Skill> for SkillBody {
    fn from(skill: &Skill) -> Self {
        Self { name: skill.name().to_owned(), level: skill.level().as_str().to_owned() }
    }
}

/// Skills as they go out.
#[must_use]
pub fn skills(skills: &[Skill]) -> Vec<SkillBody> {
    skills.iter().map(SkillBody::from).collect()
}

/// The days of the week as they are written, from Monday.
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

/// Hours that return every week, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyHoursBody {
    day: String,
    from: String,
    until: String,
}

/// Hours of one date, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedExceptionBody {
    date: String,
    available: bool,
    from: String,
    until: String,
}

/// When a volunteer is free, both ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityBody {
    weekly: Vec<WeeklyHoursBody>,
    exceptions: Vec<DatedExceptionBody>,
}

impl AvailabilityBody {
    /// The hours it gives, on the clocks of `zone`.
    ///
    /// # Errors
    /// [`Invalid`] for the first entry that is wrong.
    pub fn read(&self, zone: Zone) -> Result<Availability, Invalid> {
        let weekly = each("weekly", &self.weekly, |hours| {
            let day = DAYS.iter().find(|(name, _)| *name == hours.day).map(|(_, day)| *day);
            let day = day.ok_or_else(|| {
                Invalid::new("day", "unknown_value", format!("{} is no day from monday to sunday", shown(&hours.day)))
            })?;
            Ok(WeeklyHours { day, hours: DayHours::parse(&hours.from, &hours.until)? })
        })?;
        let exceptions = each("exceptions", &self.exceptions, |exception| {
            let hours = DayHours::parse(&exception.from, &exception.until)?;
            Ok(DatedException { date: date("date", &exception.date)?, available: exception.available, hours })
        })?;
        Availability::new(zone, weekly, exceptions)
    }
}

impl From<&Availability> for AvailabilityBody {
    fn from(availability: &Availability) -> Self {
        let weekly = availability.weekly().iter().map(|weekly| WeeklyHoursBody {
            day: DAYS.iter().find(|(_, day)| *day == weekly.day).map_or("", |(name, _)| name).to_owned(),
            from: weekly.hours.from_clock(),
            until: weekly.hours.until_clock(),
        });
        let exceptions = availability.exceptions().iter().map(|exception| DatedExceptionBody {
            date: exception.date.format("%Y-%m-%d").to_string(),
            available: exception.available,
            from: exception.hours.from_clock(),
            until: exception.hours.until_clock(),
        });
        Self { weekly: weekly.collect(), exceptions: exceptions.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::VolunteerId, matching::campus_request::Kind};

    #[test]
    fn hours_go_in_and_come_out_again() {
        let text = r#"{"weekly":[{"day":"sunday","from":"20:00","until":"24:00"}],
            "exceptions":[{"date":"2027-02-25","available":false,"from":"00:00","until":"24:00"}]}"#;
        let body: AvailabilityBody = serde_json::from_str(text).unwrap();
        assert_eq!(AvailabilityBody::from(&body.read(Zone::UTC).unwrap()), body);
    }

    #[test]
    fn a_wrong_entry_is_pointed_at() {
        let check = |text: &str, field: &str, code: &str| {
            let body: AvailabilityBody = serde_json::from_str(text).unwrap();
            let invalid = body.read(Zone::UTC).unwrap_err();
            assert_eq!((invalid.field.as_str(), invalid.code), (field, code));
        };
        check(
            r#"{"weekly":[{"day":"Sunday","from":"20:00","until":"24:00"}],"exceptions":[]}"#,
            "weekly/0/day",
            "unknown_value",
        );
        check(
            r#"{"weekly":[{"day":"sunday","from":"20:00","until":"19:00"}],"exceptions":[]}"#,
            "weekly/0/until",
            "reversed",
        );
        check(
            r#"{"weekly":[],"exceptions":[{"date":"2027-02-29","available":true,"from":"08:00","until":"9:00"}]}"#,
            "exceptions/0/until",
            "not_a_time",
        );
        assert_eq!(word::<Kind>("kind", "fair").unwrap_err().detail, "\"fair\" is no kind of need");
        assert_eq!(id::<VolunteerId>("volunteer_id", "7").unwrap_err().code, "invalid_format");
    }
}
