//! What is asked of a rotation, and the domain's rotation that it comes to on the day as it stands.
//!
//! What is booked by now is fixed. Who has a place elsewhere, or is on the way there, is not free; whom the event is not
//! for is left out and named.

use std::collections::{HashMap, HashSet};

use super::super::app::Tx;
use super::super::error::ServiceError;
use super::super::events::EventRow;
use super::day::Day;
use super::tables::{Tables, same};
use crate::domain::ids::{SlotId, StudentId};
use crate::domain::matching::travel::TravelRule;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::BookingRules;
use crate::domain::scheduling::grid::Travel;
use crate::domain::scheduling::rotation::{Meeting, Rotation, Rules, RunLimit, Student};
use crate::domain::time::{Instant, Window};
use crate::store::bookings as booking_rows;
use crate::store::places as abouts;
use crate::store::rotations::LeftOutLine;
use crate::store::students::{self, StudentRow};
use crate::store::waitlist_entries;

/// The most students of one rotation.
pub const MOST_STUDENTS: usize = 2_000;

/// Whom a rotation is for.
#[derive(Debug, Clone)]
pub enum Who {
    /// These.
    Students(Vec<StudentId>),
    /// Everybody of the campus who fits; all where a list is empty.
    Everybody {
        /// Whoever studies one of these.
        majors: Vec<String>,
        /// Whoever is in one of these years.
        years: Vec<String>,
        /// Whoever is in one of these groups.
        groups: Vec<String>,
    },
    /// Everybody on the event's waitlist, within the times of their wishes.
    Waiting,
}

/// What is to be known about a table.
#[derive(Debug, Clone, Default)]
pub struct TableFacts {
    /// Its label.
    pub label: String,
    /// What wishes can name.
    pub tags: Vec<String>,
    /// The majors it serves; all when empty.
    pub majors: Vec<String>,
    /// Whom it speaks for.
    pub employer: Option<String>,
    /// It takes no more than its first so many rounds.
    pub most_rounds: Option<usize>,
}

/// What a wish is for.
#[derive(Debug, Clone)]
pub enum WishFor {
    /// The table with this label.
    Table(String),
    /// Tables with this tag.
    Tag(String),
}

/// What holds for one student.
#[derive(Debug, Clone)]
pub struct OneStudent {
    /// Who.
    pub student: StudentId,
    /// How many interviews at least and at most, where it differs.
    pub wants: Option<(u32, u32)>,
    /// What they would like, and how much.
    pub wishes: Vec<(WishFor, u16)>,
    /// When they can come; always when empty.
    pub free: Vec<Window>,
    /// The only tables they may meet; all when empty.
    pub only: Vec<String>,
    /// Tables they must not meet.
    pub never: Vec<String>,
}

/// What is asked of a rotation.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// For whom.
    pub who: Who,
    /// How many interviews each is to have at least and at most.
    pub wants: (u32, u32),
    /// The least minutes between two interviews of one student.
    pub rest_minutes: u32,
    /// A longest run of interviews.
    pub run: Option<RunLimit>,
    /// Whether tables meet only the majors they serve.
    pub only_majors_served: bool,
    /// What is to be known about tables.
    pub tables: Vec<TableFacts>,
    /// What holds for single students.
    pub each: Vec<OneStudent>,
    /// Meetings that are to be, whatever the rules say of them.
    pub fixed: Vec<(StudentId, SlotId)>,
    /// Decides between equal plans.
    pub seed: u64,
}

/// Those a rotation is for, in order, and when those who wait can come.
pub(super) struct Chosen {
    pub students: Vec<StudentRow>,
    pub free: HashMap<StudentId, Vec<Window>>,
    pub left_out: Vec<LeftOutLine>,
    pub rules: BookingRules,
}

/// Finds the students that are meant, and leaves out those whom the event is not for.
///
/// # Errors
/// Students that the campus does not know; too many; the database's.
pub(super) fn choose(tx: &mut Tx<'_>, event: &EventRow, wanted: &Wanted) -> Result<Chosen, ServiceError> {
    let (mut found, mut free) = (Vec::new(), HashMap::new());
    match &wanted.who {
        Who::Students(ids) => found = listed(tx, event, ids)?,
        Who::Everybody { majors, years, groups } => {
            let fits = BookingRules {
                majors: majors.clone(),
                years: years.clone(),
                groups: groups.clone(),
                ..BookingRules::default()
            };
            let mut after = None;
            loop {
                let page = students::list(tx.conn, event.campus_id, None, after, 1_000)?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                found.extend(page.into_iter().filter(|row| fits.not_eligible(&row.student, &[]).is_empty()));
                if found.len() > MOST_STUDENTS {
                    break;
                }
            }
        }
        Who::Waiting => {
            let slots: HashMap<SlotId, Window> = crate::store::grids::list_slots(tx.conn, event.id)?
                .iter()
                .map(|slot| (slot.row.id, slot.row.when.window()))
                .collect();
            let all = event.when.window();
            for waiting in waitlist_entries::queue(tx.conn, event.id)? {
                // The students of a guest are planned by nobody but their own campus.
                if waiting.row.campus_id != event.campus_id {
                    continue;
                }
                let wish = &waiting.row.wish;
                let from = wish.from.map_or(all.start(), |from| from.max(all.start()));
                let times: Vec<Window> = if wish.slots.is_empty() {
                    // A wish says when a place may start, not when it must be over.
                    let last = slots.values().filter(|slot| wish.until.is_none_or(|until| slot.start() < until));
                    let until = last.map(|slot| slot.end()).max().unwrap_or(from);
                    Window::new(from, until).into_iter().collect()
                } else {
                    let named = wish.slots.iter().filter_map(|slot| Some((*slot, *slots.get(slot)?)));
                    named.filter(|(slot, window)| wish.takes(*slot, *window)).map(|(_, window)| window).collect()
                };
                free.insert(waiting.student.id, times);
                found.push(waiting.student);
            }
        }
    }
    if found.len() > MOST_STUDENTS {
        let detail = format!("it means more than {MOST_STUDENTS} students; plan them in parts");
        return Err(Invalid::new("students", "too_many", detail).into());
    }
    let rules = abouts::find_rules(tx.conn, event.id)?;
    let (mut students, mut left_out) = (Vec::with_capacity(found.len()), Vec::new());
    for row in found {
        let attended = booking_rows::attended(tx.conn, row.id, &rules.after_events)?;
        let refusals = rules.not_eligible(&row.student, &attended);
        if !refusals.is_empty() {
            let words: Vec<&str> = refusals.iter().map(|(_, detail)| detail.as_str()).collect();
            let detail = words.join(" ");
            left_out.push(LeftOutLine { student: row.id, reason: "not_eligible".to_owned(), detail });
        }
        students.push(row);
    }
    Ok(Chosen { students, free, left_out, rules })
}

fn listed(tx: &mut Tx<'_>, event: &EventRow, ids: &[StudentId]) -> Result<Vec<StudentRow>, ServiceError> {
    let rows = students::list_by_ids(tx.conn, event.campus_id, ids)?;
    let mut by_id: HashMap<StudentId, StudentRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let (mut found, mut faults, mut seen) = (Vec::with_capacity(ids.len()), Vec::new(), HashSet::new());
    for (at, id) in ids.iter().enumerate() {
        let field = || format!("students/student_ids/{at}");
        if !seen.insert(*id) {
            faults.push(Invalid::new(field(), "twice", format!("{id} stands in the list before")));
        } else if let Some(row) = by_id.remove(id) {
            found.push(row);
        } else {
            faults.push(Invalid::new(field(), "unknown_reference", format!("the campus knows no student {id}")));
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults.into()) }
}

/// The domain's rotation, and what its numbers stand for.
pub(super) struct Work {
    pub rotation: Rotation,
    /// Those who take part, as [`Rotation::students`] counts them.
    pub students: Vec<StudentId>,
    /// Everybody it is for, those left out included.
    pub everybody: Vec<StudentRow>,
    /// The label of each station.
    pub labels: Vec<String>,
    /// The slot of each round of each station.
    pub slots: Vec<Vec<SlotId>>,
    /// Meetings that are booked.
    pub booked: HashSet<Meeting>,
    pub left_out: Vec<LeftOutLine>,
}

impl Work {
    /// # Errors
    /// What is wrong with what is asked; `wrong_state` where there are no tables.
    pub fn new(
        day: &Day,
        travel: &Travel,
        wanted: &Wanted,
        chosen: Chosen,
        now: Instant,
    ) -> Result<Self, ServiceError> {
        let Chosen { students: everybody, free, left_out, rules } = chosen;
        if let Some(most) = rules.max_per_person.filter(|most| wanted.wants.1 > *most) {
            let detail = format!("it is {}, and the event's booking rules allow {most} places to one", wanted.wants.1);
            return Err(Invalid::new("wants/most", "out_of_range", detail).into());
        }
        let out: HashSet<StudentId> = left_out.iter().map(|line| line.student).collect();
        let taking: Vec<&StudentRow> = everybody.iter().filter(|row| !out.contains(&row.id)).collect();
        let numbers: HashMap<StudentId, usize> = taking.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
        let mut tables = Tables::new(day, travel, wanted)?;
        let (fixed, booked, busy) = tables.fill(day, &numbers, &rules, now);
        let fixed = tables.also_fixed(wanted, &numbers, fixed)?;
        let each = each(wanted, &numbers, &tables)?;
        let mut forbidden = Vec::new();
        let students = taking.iter().enumerate().map(|(at, row)| {
            let one = each.get(&at).copied();
            if let Some(one) = one {
                forbidden.extend(tables.forbidden(one).into_iter().map(|station| (at, station)));
            }
            let own = one.map(|one| one.free.clone()).filter(|free| !free.is_empty());
            let base =
                own.or_else(|| free.get(&row.id).cloned()).unwrap_or_else(|| tables.all_day.into_iter().collect());
            let mine = busy.get(&row.id).cloned().unwrap_or_default();
            let (min, max) = one.and_then(|one| one.wants).unwrap_or(wanted.wants);
            let others = u32::try_from(mine.len()).unwrap_or(u32::MAX);
            let max = rules.max_per_person.map_or(max, |most| max.min(most.saturating_sub(others)));
            let mut held = mine;
            let rule = TravelRule::default();
            for other in day.elsewhere.get(&row.id).into_iter().flatten() {
                let gap = tables.venue.map_or_else(chrono::TimeDelta::zero, |venue| rule.gap(venue, other.venue));
                let around = Window::new(other.window.start().plus(-gap), other.window.end().plus(gap));
                held.extend(around);
            }
            Student {
                majors: row.majors.iter().map(|major| same(major)).collect(),
                wishes: one.map(|one| tables.wishes(one)).unwrap_or_default(),
                min: min.min(max),
                max,
                available: without(base, &held),
            }
        });
        let students: Vec<Student> = students.collect();
        let rules = Rules {
            travel_minutes: tables.travel_minutes(travel),
            rest_minutes: wanted.rest_minutes,
            run: wanted.run,
            once_per_employer: wanted.tables.iter().any(|table| table.employer.is_some()),
            only_majors_served: wanted.only_majors_served,
            forbidden,
        };
        let zone = tables.zone;
        let rotation = Rotation { zone, stations: tables.stations, students, rules, fixed };
        let students = taking.iter().map(|row| row.id).collect();
        Ok(Self { rotation, students, labels: tables.labels, slots: tables.slots, booked, left_out, everybody })
    }
}

/// What holds for single students, by their number.
fn each<'a>(
    wanted: &'a Wanted,
    numbers: &HashMap<StudentId, usize>,
    tables: &Tables,
) -> Result<HashMap<usize, &'a OneStudent>, ServiceError> {
    let (mut found, mut faults) = (HashMap::new(), Vec::new());
    for (at, one) in wanted.each.iter().enumerate() {
        let named = one.wishes.iter().filter_map(|(wish, _)| match wish {
            WishFor::Table(label) => Some(label),
            WishFor::Tag(_) => None,
        });
        let unknown = named.chain(&one.only).chain(&one.never).find(|label| tables.find(label).is_none());
        if let Some(label) = unknown {
            let detail = format!("the grid has no table {label:?}");
            faults.push(Invalid::new(format!("each/{at}"), "unknown_reference", detail));
        }
        match numbers.get(&one.student) {
            Some(&number) if found.insert(number, one).is_none() => {}
            Some(_) => {
                let detail = format!("{} stands in the list before", one.student);
                faults.push(Invalid::new(format!("each/{at}/student_id"), "twice", detail));
            }
            None => {
                let detail = format!("{} is none of those it is for", one.student);
                faults.push(Invalid::new(format!("each/{at}/student_id"), "unknown_reference", detail));
            }
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults.into()) }
}

/// What is left of some time without what is held.
fn without(free: Vec<Window>, held: &[Window]) -> Vec<Window> {
    held.iter().fold(free, |free, held| {
        let cut = |window: Window| {
            if !window.overlaps(*held) {
                return vec![window];
            }
            let before = Window::new(window.start(), held.start().min(window.end()));
            let after = Window::new(held.end().max(window.start()), window.end());
            before.into_iter().chain(after).collect()
        };
        free.into_iter().flat_map(cut).collect()
    })
}
