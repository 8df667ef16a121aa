//! Rotations and their plans, in JSON.

use std::collections::HashMap;

use serde::Serialize;

use super::times::WhenView;
use crate::domain::ids::StudentId;
use crate::domain::time::{Instant, LocalWindow, Window, Zone};
use crate::service::rotations::{Kept, Planned, PlannedInterview, ShortfallLine, THE_STUDENT};
use crate::service::students::StudentRow;

/// One interview, out.
#[derive(Debug, Serialize)]
struct InterviewView {
    slot_id: String,
    table: String,
    #[serde(flatten)]
    when: WhenView,
    booked: bool,
}

/// A student of the plan, out.
#[derive(Debug, Serialize)]
struct StudentView {
    student_id: String,
    external_ref: Option<String>,
    name: Option<String>,
    interviews: Vec<InterviewView>,
}

/// How good a plan is, out.
#[derive(Debug, Serialize)]
struct FiguresView {
    students: usize,
    tables: usize,
    places: usize,
    interviews: usize,
    interviews_at_most: usize,
    least_wanted: usize,
    least_given: usize,
    least_given_at_most: usize,
    wishes: i64,
    wishes_at_most: i64,
    satisfaction_mean: i64,
    satisfaction_tenth: i64,
    satisfaction_least: i64,
}

/// Some hours, out.
#[derive(Debug, Serialize)]
struct HoursView {
    starts_at: String,
    ends_at: String,
}

/// Something that falls short, out.
#[derive(Debug, Serialize)]
struct ShortfallView {
    kind: String,
    short_by: usize,
    offered: usize,
    wanted: usize,
    more_tables: Option<usize>,
    student_ids: Vec<String>,
    tables: Vec<String>,
    hours: Vec<HoursView>,
    detail: String,
}

impl ShortfallView {
    /// Names are not kept with a plan: they are looked up where it is shown.
    fn of(line: &ShortfallLine, everybody: &HashMap<StudentId, &StudentRow>) -> Self {
        let named = || {
            let [one] = line.students.as_slice() else { return None };
            let row = everybody.get(one)?;
            let said = line.detail.strip_prefix(THE_STUDENT)?;
            Some(format!("{} ({}){said}", row.name, row.external_ref))
        };
        let hours = |(from, until): &(i64, i64)| HoursView {
            starts_at: Instant::from_unix(*from).to_string(),
            ends_at: Instant::from_unix(*until).to_string(),
        };
        Self {
            kind: line.kind.clone(),
            short_by: line.short_by,
            offered: line.offered,
            wanted: line.wanted,
            more_tables: line.more_tables,
            student_ids: line.students.iter().map(ToString::to_string).collect(),
            tables: line.tables.clone(),
            hours: line.hours.iter().map(hours).collect(),
            detail: named().unwrap_or_else(|| line.detail.clone()),
        }
    }
}

/// A student whom the plan leaves out.
#[derive(Debug, Serialize)]
struct LeftOutView {
    student_id: String,
    reason: String,
    detail: String,
}

/// A plan, out.
#[derive(Debug, Serialize)]
pub struct PlanView {
    event_id: String,
    complete: bool,
    figures: FiguresView,
    shortfalls: Vec<ShortfallView>,
    left_out: Vec<LeftOutView>,
    students: Vec<StudentView>,
}

impl From<&Planned> for PlanView {
    fn from(planned: &Planned) -> Self {
        let (plan, zone) = (&planned.plan, planned.zone);
        let rows: HashMap<StudentId, _> = planned.students.iter().map(|row| (row.id, row)).collect();
        let mut theirs: HashMap<StudentId, Vec<InterviewView>> = HashMap::new();
        for one in &plan.interviews {
            theirs.entry(one.student).or_default().extend(interview(one, zone));
        }
        let student = |id: &StudentId| StudentView {
            student_id: id.to_string(),
            external_ref: rows.get(id).map(|row| row.external_ref.clone()),
            name: rows.get(id).map(|row| row.name.clone()),
            interviews: theirs.remove(id).unwrap_or_default(),
        };
        let students = plan.students.iter().map(student).collect();
        let figures = &plan.figures;
        Self {
            event_id: planned.event.to_string(),
            complete: plan.shortfalls.is_empty() && plan.left_out.is_empty(),
            figures: FiguresView {
                students: figures.students,
                tables: figures.tables,
                places: figures.places,
                interviews: figures.meetings,
                interviews_at_most: figures.meetings_bound,
                least_wanted: figures.wanted,
                least_given: figures.minima,
                least_given_at_most: figures.minima_bound,
                wishes: figures.preference,
                wishes_at_most: figures.preference_bound,
                satisfaction_mean: figures.satisfaction_mean,
                satisfaction_tenth: figures.satisfaction_tenth,
                satisfaction_least: figures.satisfaction_least,
            },
            shortfalls: plan.shortfalls.iter().map(|line| ShortfallView::of(line, &rows)).collect(),
            left_out: plan
                .left_out
                .iter()
                .map(|line| LeftOutView {
                    student_id: line.student.to_string(),
                    reason: line.reason.clone(),
                    detail: line.detail.clone(),
                })
                .collect(),
            students,
        }
    }
}

fn interview(one: &PlannedInterview, zone: Zone) -> Option<InterviewView> {
    let window = Window::new(one.starts, one.ends).ok()?;
    let when = LocalWindow::kept(one.starts.wall(zone), one.ends.wall(zone), zone, window);
    Some(InterviewView {
        slot_id: one.slot.to_string(),
        table: one.table.clone(),
        when: when.into(),
        booked: one.booked,
    })
}

/// A rotation that is kept, out.
#[derive(Debug, Serialize)]
pub struct RotationView {
    id: String,
    campus_id: String,
    state: &'static str,
    asked: serde_json::Value,
    #[serde(flatten)]
    plan: PlanView,
    applied_at: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&Kept> for RotationView {
    fn from(kept: &Kept) -> Self {
        let row = &kept.row;
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            state: row.state.as_str(),
            asked: row.asked.clone(),
            plan: PlanView::from(&kept.planned),
            applied_at: row.applied_at.map(|at| at.to_string()),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}
