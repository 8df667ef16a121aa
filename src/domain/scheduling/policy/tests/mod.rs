//! The policy: cut-offs, verdicts, standing and words. Its contradictions and the published programmes are tried where
//! policies are read from documents.

mod cutoffs;
mod standings;

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use crate::domain::{
    people::availability::DayHours,
    scheduling::office_calendar::{Holiday, OfficeCalendar, Term, WorkingDay},
    time::{Fold, Instant, LocalWindow, Zone},
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .unwrap()
}

fn zone() -> Zone {
    "America/New_York".parse().unwrap()
}

fn at(text: &str) -> Instant {
    zone().at(wall(text), Some(Fold::Earlier)).unwrap()
}

/// An hour that starts then.
fn start(text: &str) -> LocalWindow {
    let starts = wall(text);
    LocalWindow::new(starts, starts + chrono::TimeDelta::hours(1), zone(), Some(Fold::Earlier)).unwrap()
}

/// Monday to Friday, 08:00 to 12:00 and 13:00 to 17:00.
fn office() -> OfficeCalendar {
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let hours = [("08:00", "12:00"), ("13:00", "17:00")].map(|(from, until)| DayHours::parse(from, until).unwrap());
    let working = days.map(|day| WorkingDay { day, hours: hours.to_vec() }).to_vec();
    let founders = Holiday::new("Founders\u{2019} Day", date("2027-03-01"), date("2027-03-01")).unwrap();
    let term = |name, year, first, last| Term::new(name, year, date(first), date(last)).unwrap();
    let terms = vec![
        term("Fall 2026", "2026-27", "2026-08-24", "2026-12-18"),
        term("Spring 2027", "2026-27", "2027-01-19", "2027-05-14"),
        term("Fall 2027", "2027-28", "2027-08-23", "2027-12-17"),
    ];
    OfficeCalendar::new(zone(), working, vec![founders], terms).unwrap()
}
