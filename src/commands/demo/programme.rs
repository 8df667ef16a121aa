//! The published programme that the demo staffs, and what had to be chosen beside it.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Told;

const FILE: &str = include_str!("programme.json");
/// So many days must lie ahead, for the letters to make sense.
const LEAD: i64 = 21;

/// The facts and the choices.
#[derive(Debug, Deserialize)]
pub struct Programme {
    /// As published.
    pub published: Published,
    /// Where the campus lies.
    pub general_knowledge: Knowledge,
    /// What an example needs and the source lacks.
    pub chosen: Chosen,
}

/// As published.
#[derive(Debug, Deserialize)]
pub struct Published {
    /// Whose it was.
    pub institution: String,
    /// Who arranged it.
    pub unit: String,
    /// What it was called.
    pub title: String,
    /// Where.
    pub city: String,
    /// In which state of the union.
    pub state: String,
    /// By which clocks.
    pub time_zone: String,
    /// When it was.
    #[serde(deserialize_with = "date")]
    pub date: NaiveDate,
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub until: String,
    /// In person.
    pub mode: String,
    /// In which house.
    pub venue: String,
    /// How long an interview was.
    pub interview_minutes: u32,
    /// And the talk after it.
    pub feedback_minutes: u32,
    /// How many people it took.
    pub volunteers_needed: u16,
    /// What people.
    pub volunteers_background: String,
    /// How it went.
    pub rules: Vec<String>,
    /// Who says so.
    pub source_url: String,
}

/// What everybody can look up.
#[derive(Debug, Deserialize)]
pub struct Knowledge {
    /// The campus on the map.
    pub position: Place,
}

/// A place on the map.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Place {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

/// What the source lacks.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    /// The one role.
    pub role: String,
    /// What nobody may lack.
    pub required_skill: Value,
    /// What is welcome.
    pub preferred_skills: Value,
    /// How many days before all seats should be taken.
    pub decide_days_before: u64,
    /// How long an offer stays open.
    pub offer_hours: i64,
}

impl Programme {
    /// The programme as it lies in the source.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read() -> Told<Self> {
        Ok(serde_json::from_str(FILE)?)
    }

    /// The day it takes place again: the last Thursday of February, as in 2024, of the first year in which that lies far
    /// enough ahead of `today`.
    ///
    /// # Errors
    /// When the calendar ends.
    pub fn day(&self, today: NaiveDate) -> Told<NaiveDate> {
        let (month, weekday) = (self.published.date.month(), self.published.date.weekday());
        let days = (0..=2).filter_map(|later| last_of(today.year() + later, month, weekday));
        let mut ahead = days.filter(|day| day.signed_duration_since(today).num_days() >= LEAD);
        ahead.next().ok_or_else(|| "there is no such day ahead".into())
    }

    /// The need, as the API takes it.
    pub fn need(&self, day: NaiveDate) -> Value {
        let Self { published, general_knowledge, chosen } = self;
        let decide_by = day.checked_sub_days(Days::new(chosen.decide_days_before)).unwrap_or(day);
        json!({
            "kind": "mock_interviews",
            "title": published.title,
            "purpose": format!(
                "{} minutes of interview and {} of feedback for each student.\n{}.",
                published.interview_minutes,
                published.feedback_minutes,
                published.rules.join(".\n"),
            ),
            "mode": published.mode,
            "place": format!("{}, {}", published.venue, published.institution),
            "position": { "lat": general_knowledge.position.lat, "lon": general_knowledge.position.lon },
            "starts_local": format!("{day}T{}", published.from),
            "ends_local": format!("{day}T{}", published.until),
            "time_zone": published.time_zone,
            "roles": [{ "name": chosen.role, "min": published.volunteers_needed, "max": published.volunteers_needed }],
            "required_skills": [chosen.required_skill],
            "preferred_skills": chosen.preferred_skills,
            "language": "en",
            "decide_by": format!("{decide_by}T17:00:00Z"),
            "priority": 4,
        })
    }
}

fn date<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// The last such weekday of a month.
fn last_of(year: i32, month: u32, weekday: Weekday) -> Option<NaiveDate> {
    (1..=5).rev().find_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_are_those_published() {
        let Published { date, volunteers_needed, interview_minutes, feedback_minutes, .. } =
            Programme::read().unwrap().published;
        assert_eq!((volunteers_needed, interview_minutes, feedback_minutes), (10, 15, 5));
        assert_eq!(date.weekday(), Weekday::Thu);
        assert_eq!(last_of(2024, 2, Weekday::Thu), Some(date), "it was the last Thursday of February");
    }

    #[test]
    fn it_moves_to_the_same_weekday_of_the_coming_year() {
        let programme = Programme::read().unwrap();
        let check = |today: &str, expect: &str| {
            assert_eq!(programme.day(today.parse().unwrap()).unwrap(), expect.parse().unwrap(), "on {today}");
        };
        check("2026-11-22", "2027-02-25");
        check("2027-02-04", "2027-02-25");
        check("2027-02-05", "2028-02-24");
        check("2028-12-31", "2029-02-22");
    }
}
