//! What a grid must do, on programmes as they are printed and on many that are made up.

mod programmes;
mod properties;
mod reconciling;
mod refusals;

use chrono::{NaiveDateTime, NaiveTime};

use super::{Expansion, Grid, Pattern, PlaceLength, Session, Table, Travel};
use crate::domain::{people::availability::DayHours, time::LocalWindow};

pub(in crate::domain::scheduling) fn session(name: &str, zone: &str, date: &str, from: &str, until: &str) -> Session {
    let at = |time: &str| NaiveDateTime::parse_from_str(&format!("{date}T{time}"), "%Y-%m-%dT%H:%M").unwrap();
    let when = LocalWindow::new(at(from), at(until), zone.parse().unwrap(), None).unwrap();
    Session { name: name.to_owned(), when, part: None }
}

pub(in crate::domain::scheduling) fn table(label: &str) -> Table {
    Table { label: label.to_owned(), place: None, building: None, capacity: 1, seats: 1, lunch: None }
}

pub(in crate::domain::scheduling) fn tables(count: usize) -> Vec<Table> {
    (1..=count).map(|n| table(&format!("Table {n}"))).collect()
}

pub(in crate::domain::scheduling) fn in_turn(interview: u16, feedback: u16, turnover: u16) -> Pattern {
    let length = PlaceLength { interview_minutes: interview, feedback_minutes: feedback };
    Pattern::InTurn { length, turnover_minutes: turnover }
}

pub(in crate::domain::scheduling) fn grid(sessions: Vec<Session>, pattern: Pattern, tables: Vec<Table>) -> Grid {
    Grid { sessions, pattern, breaks: vec![], lunch_blocks: vec![], tables, travel: Travel::default(), fold: None }
}

fn hours(from: &str, until: &str) -> DayHours {
    DayHours::parse(from, until).unwrap()
}

fn clock(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

/// The places of one table in one session: `10:00-10:30 10:30-11:00`.
fn line_of(made: &Expansion, session: usize, table: usize) -> String {
    let of = made.slots.iter().filter(|slot| (slot.session, slot.table) == (session, table));
    let said = of.map(|slot| format!("{}-{}", slot.when.starts().format("%H:%M"), slot.when.ends().format("%H:%M")));
    said.collect::<Vec<_>>().join(" ")
}
