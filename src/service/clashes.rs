//! Who has something else at the time to which a place or a seat is taken: for the plan of a move, and for the attention
//! list, from which an overlap goes when either side of it does.
//!
//! Two queries for everybody, not two for each. Absent on purpose: what to do about it, which is the office's.

use std::collections::{HashMap, HashSet};

use super::app::Tx;
use super::error::ServiceError;
use crate::domain::ids::{BookingId, SlotId, StudentId, VolunteerId};
use crate::domain::matching::travel::{TravelRule, Venue};
use crate::domain::time::{Instant, Window};
use crate::store::assignments::Assigned;
use crate::store::bookings::{self, Booked};
use crate::store::engagements::{self, Whose};

/// Something else that a person has at that time, the way included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clash {
    /// What it is called; another campus's engagements are not named.
    pub title: Option<String>,
    /// When it is.
    pub window: Window,
}

impl Clash {
    /// The same in a sentence about `name`.
    pub fn sentence(&self, name: &str) -> String {
        let what = self
            .title
            .as_ref()
            .map_or_else(|| "another engagement".to_owned(), |title| format!("\u{201c}{title}\u{201d}"));
        format!("{name} is expected at {what} from {} to {} as well.", self.window.start(), self.window.end())
    }
}

/// From the first start to the last end, and the longest way before and after.
fn span(windows: impl Iterator<Item = Window> + Clone) -> Option<Window> {
    let (start, end) = (windows.clone().map(Window::start).min()?, windows.map(Window::end).max()?);
    let way = TravelRule::default().longest();
    Window::new(start.plus(-way), end.plus(way)).ok()
}

/// For each of these places, taken to this time: the first other place in its student's way. `moving` are slots that are
/// taken elsewhere at the same time, and when they are to be.
pub(super) fn of_bookings(
    tx: &mut Tx<'_>,
    moved: &[(&Booked, Window)],
    moving: &HashMap<SlotId, Window>,
) -> Result<Vec<Option<Clash>>, ServiceError> {
    let Some(span) = span(moved.iter().map(|(_, window)| *window).chain(moving.values().copied())) else {
        return Ok(Vec::new());
    };
    let students: HashSet<StudentId> = moved.iter().map(|(booked, _)| booked.row.student_id).collect();
    let students: Vec<StudentId> = students.into_iter().collect();
    let here: HashSet<BookingId> = moved.iter().map(|(booked, _)| booked.row.id).collect();
    // What a student has elsewhere, and what is moved as well, at its new time.
    let mut all: HashMap<StudentId, Vec<(BookingId, String, Window, Venue)>> = HashMap::new();
    for (student, had) in bookings::list_of_students(tx.conn, &students, span, tx.now)? {
        if !here.contains(&had.booking) {
            let other = had.commitment;
            let window = moving.get(&had.slot).copied().unwrap_or(other.window);
            all.entry(student).or_default().push((had.booking, other.title, window, other.venue));
        }
    }
    for (booked, window) in moved {
        let other = (booked.row.id, booked.about.title.clone(), *window, booked.about.venue);
        all.entry(booked.row.student_id).or_default().push(other);
    }
    let travel = TravelRule::default();
    let clash = |(booked, window): &(&Booked, Window)| {
        let others = all.get(&booked.row.student_id)?;
        let (_, title, window, _) = others
            .iter()
            .filter(|(id, ..)| *id != booked.row.id)
            .find(|(_, _, other, venue)| travel.clash((*window, booked.about.venue), (*other, *venue)))?;
        Some(Clash { title: Some(title.clone()), window: *window })
    };
    Ok(moved.iter().map(clash).collect())
}

/// For each of these seats, taken to this time: the first other engagement in its volunteer's way, at any campus.
pub(super) fn of_assignments(
    tx: &mut Tx<'_>,
    moved: &[(&Assigned, Window)],
) -> Result<Vec<Option<Clash>>, ServiceError> {
    let Some(span) = span(moved.iter().map(|(_, window)| *window)) else { return Ok(Vec::new()) };
    let people: HashSet<VolunteerId> = moved.iter().map(|(assigned, _)| assigned.row.volunteer_id).collect();
    let people: Vec<VolunteerId> = people.into_iter().collect();
    let held = engagements::list_held(tx.conn, Whose::People(&people), span)?;
    let travel = TravelRule::default();
    let clash = |(assigned, window): &(&Assigned, Window)| {
        let other = held
            .iter()
            .filter(|other| other.volunteer == assigned.row.volunteer_id)
            .filter(|other| other.need != assigned.row.campus_request_id)
            .find(|other| travel.clash((*window, assigned.about.venue), (other.window, other.venue)))?;
        let own = other.campus == assigned.row.campus_id;
        Some(Clash { title: own.then(|| other.title.clone()), window: other.window })
    };
    Ok(moved.iter().map(clash).collect())
}

/// The order in which rows are moved so that nobody's two places meet on the way: the last first when all go forward.
pub(super) fn in_order<T>(rows: &mut [T], forward: bool, start: impl Fn(&T) -> Instant) {
    rows.sort_by_key(|row| start(row));
    if forward {
        rows.reverse();
    }
}
