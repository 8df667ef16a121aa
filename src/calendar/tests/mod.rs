//! The calendar, read back by other means than it was written with.

mod ics;
mod read;
mod text;
mod vtimezone;

use chrono::NaiveDateTime;

use crate::domain::{
    agenda::{Agenda, Entry, Method, Status},
    letter::{Email, Person},
    time::{Fold, LocalWindow, Zone},
};

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn person(name: &str, email: &str) -> Person {
    Person::new(name, Email::parse(email).unwrap())
}

/// Two hours from `starts`, on the clocks of `place`.
fn two_hours(starts: &str, place: &str) -> LocalWindow {
    let starts: NaiveDateTime = starts.parse().unwrap();
    LocalWindow::new(starts, starts + chrono::TimeDelta::hours(2), zone(place), Some(Fold::Later)).unwrap()
}

fn entry(number: usize, when: LocalWindow) -> Entry {
    Entry {
        uid: format!("entry-{number}@rostrum.example.edu"),
        sequence: 1,
        status: Status::Confirmed,
        summary: format!("Mock interviews {number}"),
        description: None,
        location: None,
        position: None,
        url: None,
        categories: Vec::new(),
        when,
        changed: "2026-11-20T10:00:00Z".parse().unwrap(),
        created: "2026-11-01T09:30:00Z".parse().unwrap(),
        organizer: None,
        attendee: None,
        transparent: false,
    }
}

fn agenda(method: Method, entries: Vec<Entry>) -> Agenda {
    Agenda {
        name: "Career office, York".to_owned(),
        description: Some("What the career office puts on".to_owned()),
        zone: zone("America/New_York"),
        method,
        entries,
    }
}
