//! The shapes of what is kept as JSON inside a row, and of wall times in text columns.
//!
//! Each document has a way in that cannot fail and a way back that says what is unreadable. Absent on purpose: rules;
//! what is kept went through the domain's doors, and goes through them again when it is read.

use chrono::{NaiveDate, NaiveDateTime, Weekday};
use serde::{Deserialize, Serialize};

use super::db::StoreError;
use crate::domain::{
    people::{
        availability::{Availability, DatedException, DayHours, WeeklyHours},
        place::Position,
        volunteer::Skill,
    },
    refusal::Invalid,
    time::{Instant, LocalWindow, Window, Zone},
};

/// What is in row `id` and cannot be read.
pub(super) fn corrupt(id: impl std::fmt::Display, why: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{id}: {why}"))
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SkillDocument {
    name: String,
    level: String,
}

pub(super) fn skills_in(skills: &[Skill]) -> Vec<SkillDocument> {
    skills.iter().map(|s| SkillDocument { name: s.name().to_owned(), level: s.level().as_str().to_owned() }).collect()
}

pub(super) fn skills_out(documents: &[SkillDocument]) -> Result<Vec<Skill>, Invalid> {
    let skill = |d: &SkillDocument| {
        let level = d.level.parse().map_err(|unknown| Invalid::new("level", "unknown_value", format!("{unknown}")))?;
        Skill::new(&d.name, level)
    };
    documents.iter().map(skill).collect()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AvailabilityDocument {
    weekly: Vec<WeeklyDocument>,
    exceptions: Vec<ExceptionDocument>,
}

/// Days are numbered from Monday, 0; hours are minutes since 00:00.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct WeeklyDocument {
    day: u8,
    from: u16,
    until: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ExceptionDocument {
    date: String,
    available: bool,
    from: u16,
    until: u16,
}

pub(super) fn availability_in(availability: &Availability) -> AvailabilityDocument {
    let weekly = availability.weekly().iter().map(|w| WeeklyDocument {
        day: u8::try_from(w.day.num_days_from_monday()).unwrap_or_default(),
        from: w.hours.from(),
        until: w.hours.until(),
    });
    let exceptions = availability.exceptions().iter().map(|e| ExceptionDocument {
        date: e.date.format("%Y-%m-%d").to_string(),
        available: e.available,
        from: e.hours.from(),
        until: e.hours.until(),
    });
    AvailabilityDocument { weekly: weekly.collect(), exceptions: exceptions.collect() }
}

pub(super) fn availability_out(zone: Zone, document: &AvailabilityDocument) -> Result<Availability, Invalid> {
    let weekly = document.weekly.iter().map(|w| {
        let day = Weekday::try_from(w.day)
            .map_err(|_| Invalid::new("day", "out_of_range", format!("{} is no day of the week", w.day)))?;
        Ok(WeeklyHours { day, hours: DayHours::new(w.from, w.until)? })
    });
    let exceptions = document.exceptions.iter().map(|e| {
        let date = NaiveDate::parse_from_str(&e.date, "%Y-%m-%d")
            .map_err(|_| Invalid::new("date", "invalid_format", format!("{:?} is no date", e.date)))?;
        Ok(DatedException { date, available: e.available, hours: DayHours::new(e.from, e.until)? })
    });
    Availability::new(zone, weekly.collect::<Result<_, Invalid>>()?, exceptions.collect::<Result<_, Invalid>>()?)
}

const WALL: &str = "%Y-%m-%dT%H:%M:%S";

pub(super) fn wall_in(wall: NaiveDateTime) -> String {
    wall.format(WALL).to_string()
}

/// The two wall times, zone and instants of a row.
pub(super) fn when_out(
    id: impl std::fmt::Display,
    zone: &str,
    (starts_local, ends_local): (&str, &str),
    (starts_at, ends_at): (Instant, Instant),
) -> Result<LocalWindow, StoreError> {
    let wall = |text: &str| NaiveDateTime::parse_from_str(text, WALL).map_err(|fault| corrupt(&id, fault));
    let window = Window::new(starts_at, ends_at).map_err(|_| corrupt(&id, "it ends before it starts"))?;
    Ok(LocalWindow::kept(wall(starts_local)?, wall(ends_local)?, zone_out(&id, zone)?, window))
}

pub(super) fn zone_out(id: impl std::fmt::Display, zone: &str) -> Result<Zone, StoreError> {
    zone.parse().map_err(|_| corrupt(id, format!("there is no time zone {zone:?}")))
}

pub(super) fn position_out(
    id: impl std::fmt::Display,
    lat: Option<f64>,
    lon: Option<f64>,
) -> Result<Option<Position>, StoreError> {
    let position = lat.zip(lon).map(|(lat, lon)| Position::new(lat, lon)).transpose();
    position.map_err(|invalid| corrupt(id, invalid))
}
