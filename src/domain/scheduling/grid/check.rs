//! Whether the parts of a grid can be, one by one; what only shows when slots are made is for the expansion.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use chrono::TimeDelta;

use super::{Grid, MOST_PLACES, Pattern, Session, Table, Travel};
use crate::domain::{
    refusal::{Invalid, line},
    wording,
};

const MOST_HOURS: i64 = 24;

/// The first part at fault.
pub(super) fn grid(grid: &Grid) -> Result<(), Invalid> {
    sessions(&grid.sessions)?;
    pattern(&grid.pattern, grid.sessions.len())?;
    between("breaks", grid.breaks.len(), 0, 50)?;
    for (i, pause) in grid.breaks.iter().enumerate() {
        known("session", "sessions", pause.session, grid.sessions.len()).map_err(|e| e.within(i).within("breaks"))?;
    }
    between("lunch_blocks", grid.lunch_blocks.len(), 0, 20)?;
    travel(&grid.travel).map_err(|e| e.within("travel"))?;
    between("tables", grid.tables.len(), 1, 500)?;
    let mut labels = HashMap::new();
    for (i, item) in grid.tables.iter().enumerate() {
        let label = table(item, grid).map_err(|e| e.within(i).within("tables"))?;
        if let Some(other) = labels.insert(label.to_lowercase(), i) {
            let detail = format!("tables {other} and {i} are both called {label:?}");
            return Err(Invalid::new(format!("tables/{i}/label"), "twice", detail));
        }
    }
    Ok(())
}

fn sessions(sessions: &[Session]) -> Result<(), Invalid> {
    between("sessions", sessions.len(), 1, 60)?;
    let zone = sessions.first().map(|s| s.when.zone());
    for (i, session) in sessions.iter().enumerate() {
        let field = |part: &str| format!("sessions/{i}/{part}");
        line(&field("name"), &session.name, 1, 100)?;
        if session.when.window().length() > TimeDelta::hours(MOST_HOURS) {
            let detail = format!(
                "{} lasts {} minutes; a session has at most {MOST_HOURS} hours",
                wording::at_the_place(session.when),
                session.when.window().length().num_minutes()
            );
            return Err(Invalid::new(field("when"), "too_long", detail));
        }
        if Some(session.when.zone()) != zone {
            let detail = format!("{} is not the zone of the first session", session.when.zone());
            return Err(Invalid::new(field("when"), "another_zone", detail));
        }
    }
    let mut order: Vec<_> = sessions.iter().enumerate().collect();
    order.sort_by_key(|(_, session)| session.when.window());
    let neighbours = order.iter().zip(order.iter().skip(1));
    let mut overlapping = neighbours.filter(|((_, a), (_, b))| a.when.window().overlaps(b.when.window()));
    match overlapping.next() {
        None => Ok(()),
        Some((&(a, first), &(b, second))) => Err(Invalid::new(
            format!("sessions/{}/when", a.max(b)),
            "overlaps",
            format!(
                "{:?}, {}, overlaps {:?}, {}",
                second.name,
                wording::at_the_place(second.when),
                first.name,
                wording::at_the_place(first.when)
            ),
        )),
    }
}

fn pattern(pattern: &Pattern, sessions: usize) -> Result<(), Invalid> {
    let length = match pattern {
        Pattern::Bell { period_minutes } => {
            return between("pattern/period_minutes", *period_minutes, 1, 480);
        }
        Pattern::InTurn { length, turnover_minutes } => {
            between("pattern/turnover_minutes", *turnover_minutes, 0, 240)?;
            length
        }
        Pattern::FixedStarts { length, starts } => {
            between("pattern/starts", starts.len(), 1, 500)?;
            for (i, start) in starts.iter().enumerate() {
                known("session", "sessions", start.session, sessions)
                    .map_err(|e| e.within(i).within("pattern/starts"))?;
            }
            length
        }
    };
    between("pattern/interview_minutes", length.interview_minutes, 0, 480)?;
    between("pattern/feedback_minutes", length.feedback_minutes, 0, 240)?;
    if length.interview_minutes + length.feedback_minutes == 0 {
        let detail = "0 minutes of interview and 0 of feedback make a place of no length";
        return Err(Invalid::new("pattern/interview_minutes", "no_length", detail));
    }
    Ok(())
}

fn table(table: &Table, grid: &Grid) -> Result<String, Invalid> {
    let label = line("label", &table.label, 1, 60)?;
    if let Some(place) = &table.place {
        line("place", place, 1, 300)?;
    }
    known("building", "travel/buildings", table.building, grid.travel.buildings.len())?;
    between("capacity", table.capacity, 1, MOST_PLACES)?;
    between("seats", table.seats, 1, 50)?;
    known("lunch", "lunch_blocks", table.lunch, grid.lunch_blocks.len())?;
    Ok(label)
}

fn travel(travel: &Travel) -> Result<(), Invalid> {
    let count = travel.buildings.len();
    between("buildings", count, 0, 20)?;
    for (i, name) in travel.buildings.iter().enumerate() {
        line(&format!("buildings/{i}"), name, 1, 100)?;
    }
    let mut seen = HashSet::new();
    for (i, way) in travel.ways.iter().enumerate() {
        let within = |e: Invalid| e.within(i).within("ways");
        known("from", "buildings", Some(way.from), count).map_err(within)?;
        known("to", "buildings", Some(way.to), count).map_err(within)?;
        between("minutes", way.minutes, 0, 240).map_err(within)?;
        if way.from == way.to {
            let detail = format!("the way leads from building {} to itself", way.from);
            return Err(within(Invalid::new("to", "same", detail)));
        }
        if !seen.insert((way.from.min(way.to), way.from.max(way.to))) {
            let detail = format!("the way between buildings {} and {} is given twice", way.from, way.to);
            return Err(within(Invalid::new("to", "twice", detail)));
        }
    }
    let mut pairs = (0..count).flat_map(|b| (0..b).map(move |a| (a, b)));
    match pairs.find(|pair| !seen.contains(pair)) {
        None => Ok(()),
        Some((a, b)) => {
            Err(Invalid::new("ways", "required", format!("the way between buildings {a} and {b} is not given")))
        }
    }
}

/// Whether the value lies in the range, both ends included.
fn between<T: Copy + PartialOrd + Display>(field: &str, value: T, min: T, max: T) -> Result<(), Invalid> {
    if value < min || value > max {
        return Err(Invalid::new(field, "out_of_range", format!("{value} is not between {min} and {max}")));
    }
    Ok(())
}

fn known(field: &str, list: &str, index: Option<usize>, count: usize) -> Result<(), Invalid> {
    match index.filter(|index| *index >= count) {
        None => Ok(()),
        Some(index) => {
            Err(Invalid::new(field, "unknown", format!("{index} is not in {list}, which has {count}, counted from 0")))
        }
    }
}
