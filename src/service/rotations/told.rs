//! A plan in the words of those who read it: ids in place of numbers, and labels and names of the campus in sentences.

use std::collections::HashMap;

use super::asked::Work;
use super::day::Day;
use crate::domain::ids::StudentId;
use crate::domain::scheduling::rotation::{Meeting, RotationPlan, Shortfall};
use crate::store::rotations::{Figures, PlannedInterview, RotationDocument, ShortfallLine};

/// How a sentence begins that is about one student. Names are not kept with a plan; who shows it puts the name here.
pub const THE_STUDENT: &str = "The student";

/// What is kept and shown of a plan.
pub(super) fn document(work: &Work, day: &Day, made: &RotationPlan) -> RotationDocument {
    let windows: HashMap<_, _> = day.slots.iter().map(|slot| (slot.row.id, slot.row.when.window())).collect();
    let interview = |meeting: &Meeting| {
        let slot = *work.slots.get(meeting.station)?.get(meeting.round)?;
        let window = windows.get(&slot)?;
        Some(PlannedInterview {
            student: *work.students.get(meeting.student)?,
            slot,
            table: work.labels.get(meeting.station)?.clone(),
            starts: window.start(),
            ends: window.end(),
            booked: work.booked.contains(meeting),
        })
    };
    let mut meetings = made.meetings.clone();
    let start = |meeting: &Meeting| {
        let round = work.rotation.stations.get(meeting.station)?.rounds.get(meeting.round)?;
        Some(round.window.start())
    };
    meetings.sort_by_key(|meeting| (meeting.student, start(meeting), meeting.station));
    let quality = &made.quality;
    let rounds = work.rotation.stations.iter().flat_map(|station| &station.rounds);
    let least = work.rotation.students.iter().map(|student| student.min);
    RotationDocument {
        students: work.everybody.iter().map(|row| row.id).collect(),
        interviews: meetings.iter().filter_map(interview).collect(),
        figures: Figures {
            students: work.students.len(),
            tables: work.labels.len(),
            places: rounds.map(|round| usize::try_from(round.capacity).unwrap_or(0)).sum(),
            meetings: quality.meetings,
            meetings_bound: quality.meetings_bound,
            wanted: least.map(|least| usize::try_from(least).unwrap_or(0)).sum(),
            minima: quality.minima,
            minima_bound: quality.minima_bound,
            preference: quality.preference,
            preference_bound: quality.preference_bound,
            satisfaction_mean: quality.satisfaction_mean,
            satisfaction_tenth: quality.satisfaction_tenth,
            satisfaction_least: quality.satisfaction_least,
        },
        shortfalls: made.shortfalls.iter().map(|shortfall| line(work, shortfall)).collect(),
        left_out: work.left_out.clone(),
    }
}

fn line(work: &Work, shortfall: &Shortfall) -> ShortfallLine {
    let ids = |numbers: &[usize]| -> Vec<StudentId> {
        numbers.iter().filter_map(|number| work.students.get(*number).copied()).collect()
    };
    let short_by = shortfall.short_by();
    let base = ShortfallLine {
        kind: String::new(),
        short_by,
        offered: 0,
        wanted: 0,
        more_tables: None,
        students: Vec::new(),
        tables: Vec::new(),
        hours: Vec::new(),
        detail: String::new(),
    };
    match shortfall {
        Shortfall::Student { student, reach, needs } => ShortfallLine {
            kind: "student".to_owned(),
            offered: *reach,
            wanted: *needs,
            students: ids(&[*student]),
            detail: format!(
                "{THE_STUDENT} can have {} one after another at the tables and in the time there is, and needs {needs}.",
                interviews(*reach)
            ),
            ..base
        },
        Shortfall::Hours { windows, offered, wanted, students, more_stations } => ShortfallLine {
            kind: "hours".to_owned(),
            offered: *offered,
            wanted: *wanted,
            more_tables: Some(*more_stations),
            students: ids(students),
            hours: windows.iter().map(|window| (window.start().unix(), window.end().unix())).collect(),
            detail: shortfall.sentence(work.rotation.zone),
            ..base
        },
        Shortfall::Stations { stations, offered, wanted, students } => {
            let tables: Vec<String> = stations.iter().filter_map(|at| work.labels.get(*at).cloned()).collect();
            let said = if tables.len() > 8 { format!("{} tables", tables.len()) } else { tables.join(", ") };
            ShortfallLine {
                kind: "tables".to_owned(),
                offered: *offered,
                wanted: *wanted,
                students: ids(students),
                detail: format!(
                    "Student-places short by {short_by}: {said} together offer {offered} places, {wanted} are wanted by {} \
                     students who can meet few others.",
                    students.len()
                ),
                tables,
                ..base
            }
        }
        Shortfall::Missed { student, got, needs } => ShortfallLine {
            kind: "missed".to_owned(),
            offered: *got,
            wanted: *needs,
            students: ids(&[*student]),
            detail: format!(
                "{} has {} in this plan and needs {needs}; no way was found.",
                THE_STUDENT,
                interviews(*got)
            ),
            ..base
        },
    }
}

fn interviews(count: usize) -> String {
    if count == 1 { "1 interview".to_owned() } else { format!("{count} interviews") }
}
