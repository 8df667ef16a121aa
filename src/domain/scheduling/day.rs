//! The day of an event as those who run it look at it: tables and times, who is expected, who is there, who is missing.
//!
//! Values and their order, nothing else: [`panels`] sorts what was loaded into days, tables and lanes, and the pages draw
//! it. Absent on purpose: sizes and colours.

use chrono::NaiveDate;

use crate::domain::{
    ids::{BookingId, SlotId},
    matching::assignment::AssignmentState,
    scheduling::{booking::BookingState, event_part::EventPart, slot::SlotState},
    time::{Instant, Window, Zone},
};

/// An event with all that is known of its day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// What the event is called.
    pub title: String,
    /// What takes place, in words.
    pub kind: String,
    /// Whose it is.
    pub campus: String,
    /// Where.
    pub place: Option<String>,
    /// When, from the first part to the last.
    pub window: Window,
    /// The clocks of the place.
    pub zone: Zone,
    /// The time at which this was looked at.
    pub now: Instant,
    /// The parts of the event, in order of their start.
    pub programme: Vec<EventPart>,
    /// The slots with places for students, in order of their start.
    pub slots: Vec<DaySlot>,
    /// The roles of volunteers, as far as needs name them.
    pub seats: Vec<Seat>,
    /// The volunteers who are or were expected.
    pub helpers: Vec<Helper>,
    /// Whether there are more slots than are looked at together.
    pub more: bool,
}

/// A slot and who is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct DaySlot {
    /// Which slot.
    pub id: SlotId,
    /// Its table: the grid's, its own label, or its place.
    pub table: String,
    /// The building of the table.
    pub building: Option<String>,
    /// When.
    pub window: Window,
    /// Where it is in its life.
    pub state: SlotState,
    /// How many places.
    pub capacity: u32,
    /// Who is in it, and whoever was expected and did not come.
    pub guests: Vec<Guest>,
    /// How many volunteers are missing here, where that is known.
    pub short: u32,
}

/// A student in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The booking.
    pub booking: BookingId,
    /// How the booking stands; a hold that has run out is not there.
    pub state: BookingState,
    /// Who.
    pub name: String,
    /// What they study, and in which year.
    pub majors: Vec<String>,
    /// How far they are.
    pub year: Option<String>,
    /// When they came.
    pub arrived: Option<Instant>,
    /// Whether they came without a place and were let in.
    pub walk_in: bool,
    /// How many places they have, from 1.
    pub places: u32,
}

/// A role and how many of its seats are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The slot that it is for.
    pub slot: Option<SlotId>,
    /// What it is called.
    pub role: String,
    /// When.
    pub window: Window,
    /// The fewest with whom it works.
    pub min: u32,
    /// How many are taken.
    pub taken: u32,
}

impl Seat {
    /// How many are missing.
    #[must_use]
    pub const fn short(&self) -> u32 {
        self.min.saturating_sub(self.taken)
    }
}

/// A volunteer on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// The name that others see.
    pub name: String,
    /// As what.
    pub role: String,
    /// When.
    pub window: Window,
    /// How the assignment stands.
    pub state: AssignmentState,
}

impl DaySlot {
    /// The places by how they stand, in the order in which they are drawn; together never more than the capacity. One who
    /// did not come shows while nobody else has the place.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        let rank = |state: BookingState| match state {
            BookingState::Attended => Some((0, Look::Attended)),
            BookingState::CheckedIn => Some((1, Look::Here)),
            BookingState::Confirmed => Some((2, Look::Taken)),
            BookingState::Held => Some((3, Look::Held)),
            BookingState::NoShow => Some((4, Look::NoShow)),
            BookingState::Excused => Some((5, Look::Excused)),
            BookingState::Cancelled => None,
        };
        let mut parts: Vec<_> = self
            .guests
            .iter()
            .filter_map(|guest| rank(guest.state).map(|(rank, look)| (rank, Part { look, guest: Some(guest) })))
            // Whoever comes along stands beside the one who booked.
            .flat_map(|(rank, part)| (0..part.guest.map_or(1, |guest| guest.places)).map(move |_| (rank, part)))
            .collect();
        parts.sort_by_key(|(rank, _)| *rank);
        let capacity = self.capacity as usize;
        let mut parts: Vec<_> = parts.into_iter().map(|(_, part)| part).take(capacity).collect();
        let free = match self.state {
            SlotState::Open => Look::Free,
            SlotState::Closed => Look::Closed,
            SlotState::Cancelled => Look::Off,
        };
        parts.resize(capacity, Part { look: free, guest: None });
        parts
    }

    /// How many places are taken or held now.
    #[must_use]
    pub fn taken(&self) -> usize {
        let there = self.guests.iter().filter(|guest| guest.state == BookingState::Held || seated(guest.state));
        there.map(|guest| guest.places as usize).sum()
    }
}

fn seated(state: BookingState) -> bool {
    BookingState::SEATED.contains(&state)
}

/// How a place looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    /// Nobody has it.
    Free,
    /// It is held for a few minutes, or for one who waits.
    Held,
    /// A student is expected.
    Taken,
    /// The student is there.
    Here,
    /// The student was there to the end.
    Attended,
    /// The student did not come.
    NoShow,
    /// The student did not come, for a reason that counts.
    Excused,
    /// Nobody else is taken.
    Closed,
    /// It does not take place.
    Off,
}

impl Look {
    /// Every one, as a legend shows them.
    pub const ALL: &'static [Self] = &[
        Self::Free,
        Self::Held,
        Self::Taken,
        Self::Here,
        Self::Attended,
        Self::NoShow,
        Self::Excused,
        Self::Closed,
        Self::Off,
    ];

    /// In a word or two.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Held => "held",
            Self::Taken => "taken",
            Self::Here => "checked in",
            Self::Attended => "attended",
            Self::NoShow => "no-show",
            Self::Excused => "excused",
            Self::Closed => "closed",
            Self::Off => "cancelled",
        }
    }
}

/// One place of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'d> {
    /// How it stands.
    pub look: Look,
    /// Who has it.
    pub guest: Option<&'d Guest>,
}

/// One day of the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel<'d> {
    /// Which day, on the clocks of the place.
    pub date: NaiveDate,
    /// From the first part or slot to the last.
    pub window: Window,
    /// The parts of the event that begin on it, so that no two in one lane overlap.
    pub programme: Vec<Vec<&'d EventPart>>,
    /// The tables, in their order.
    pub tables: Vec<Table<'d>>,
}

/// A table on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<'d> {
    /// Its name.
    pub name: &'d str,
    /// Its building.
    pub building: Option<&'d str>,
    /// Its slots, so that no two in one lane overlap; nearly always there is one lane.
    pub lanes: Vec<Vec<&'d DaySlot>>,
}

/// The days of an event, each with its tables: buildings and tables in the order in which a person would say them.
#[must_use]
pub fn panels(day: &Day) -> Vec<Panel<'_>> {
    let mut panels: Vec<Panel<'_>> = Vec::new();
    let mut slots: Vec<&DaySlot> = day.slots.iter().collect();
    slots.sort_by_key(|slot| (slot.window.start(), slot.window.end(), slot.id));
    for slot in slots {
        let date = slot.window.start().wall(day.zone).date();
        let at = panels.iter().position(|panel| panel.date == date).unwrap_or_else(|| {
            panels.push(Panel { date, window: slot.window, programme: Vec::new(), tables: Vec::new() });
            panels.len() - 1
        });
        if let Some(panel) = panels.get_mut(at) {
            panel.window = spanning(panel.window, slot.window);
            seat(&mut panel.tables, slot);
        }
    }
    for part in &day.programme {
        let (date, window) = (part.when.starts().date(), part.when.window());
        let at = panels.iter().position(|panel| panel.date == date).unwrap_or_else(|| {
            panels.push(Panel { date, window, programme: Vec::new(), tables: Vec::new() });
            panels.len() - 1
        });
        if let Some(panel) = panels.get_mut(at) {
            panel.window = spanning(panel.window, window);
            lay(&mut panel.programme, part, |part| part.when.window());
        }
    }
    panels.sort_by_key(|panel| panel.date);
    for panel in &mut panels {
        panel.tables.sort_by_cached_key(|table| (table.building.map(natural), natural(table.name)));
    }
    panels
}

fn spanning(one: Window, other: Window) -> Window {
    let (start, end) = (one.start().min(other.start()), one.end().max(other.end()));
    Window::new(start, end).unwrap_or(one)
}

fn seat<'d>(tables: &mut Vec<Table<'d>>, slot: &'d DaySlot) {
    let (name, building) = (slot.table.as_str(), slot.building.as_deref());
    let Some(table) = tables.iter_mut().find(|table| table.name == name && table.building == building) else {
        tables.push(Table { name, building, lanes: vec![vec![slot]] });
        return;
    };
    lay(&mut table.lanes, slot, |slot| slot.window);
}

/// Puts what comes in order of its start into the first lane that is free by then: only the last of a lane may be in the
/// way.
fn lay<'d, T>(lanes: &mut Vec<Vec<&'d T>>, one: &'d T, when: impl Fn(&T) -> Window) {
    let start = when(one).start();
    match lanes.iter_mut().find(|lane| lane.last().is_none_or(|last| when(last).end() <= start)) {
        Some(lane) => lane.push(one),
        None => lanes.push(vec![one]),
    }
}

/// A key under which `Table 2` stands before `Table 10`: the text in pieces, its numbers as numbers.
fn natural(text: &str) -> Vec<(u64, String)> {
    let mut key = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let words = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (word, after) = after.split_at(words);
        // What begins with words stands after every number.
        key.push((number.parse().unwrap_or(u64::MAX), word.to_lowercase()));
        rest = after;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(table: &str, from: &str, until: &str, capacity: u32) -> DaySlot {
        DaySlot {
            id: SlotId::mint(),
            table: table.to_owned(),
            building: None,
            window: Window::new(from.parse().unwrap(), until.parse().unwrap()).unwrap(),
            state: SlotState::Open,
            capacity,
            guests: Vec::new(),
            short: 0,
        }
    }

    fn guest(state: BookingState) -> Guest {
        Guest {
            booking: BookingId::mint(),
            state,
            name: String::new(),
            majors: Vec::new(),
            year: None,
            arrived: None,
            walk_in: false,
            places: 1,
        }
    }

    #[test]
    fn tables_stand_as_a_person_counts_them() {
        let mut names = ["Table 10", "table 2", "Table 1", "Circle", "12", "3", "Table 2b"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ["3", "12", "Circle", "Table 1", "table 2", "Table 2b", "Table 10"]);
    }

    #[test]
    fn each_evening_is_a_panel_and_overlaps_have_lanes() {
        let day = Day {
            title: String::new(),
            kind: String::new(),
            campus: String::new(),
            place: None,
            window: Window::new(Instant::from_unix(0), Instant::from_unix(1)).unwrap(),
            zone: "America/New_York".parse().unwrap(),
            now: Instant::from_unix(0),
            programme: Vec::new(),
            // The second begins on the fourth of March in New York and on the fifth in UTC.
            slots: vec![
                slot("B", "2027-03-04T18:00:00Z", "2027-03-04T19:00:00Z", 1),
                slot("B", "2027-03-05T02:00:00Z", "2027-03-05T03:00:00Z", 1),
                slot("A", "2027-03-05T18:00:00Z", "2027-03-05T19:00:00Z", 1),
                slot("A", "2027-03-05T18:30:00Z", "2027-03-05T19:30:00Z", 1),
                slot("A", "2027-03-05T19:00:00Z", "2027-03-05T20:00:00Z", 1),
            ],
            seats: Vec::new(),
            helpers: Vec::new(),
            more: false,
        };
        let panels = panels(&day);
        let shape: Vec<Vec<Vec<usize>>> = panels
            .iter()
            .map(|panel| panel.tables.iter().map(|table| table.lanes.iter().map(Vec::len).collect()).collect())
            .collect();
        assert_eq!(shape, [vec![vec![2]], vec![vec![2, 1]]]);
        assert_eq!(panels[0].window.end().to_string(), "2027-03-05T03:00:00Z");
    }

    #[test]
    fn a_place_that_went_to_another_shows_the_other() {
        let mut slot = slot("A", "2027-03-04T18:00:00Z", "2027-03-04T19:00:00Z", 2);
        slot.guests = vec![guest(BookingState::NoShow), guest(BookingState::Cancelled), guest(BookingState::Confirmed)];
        let looks = |slot: &DaySlot| slot.parts().iter().map(|part| part.look).collect::<Vec<_>>();
        assert_eq!((looks(&slot), slot.taken()), (vec![Look::Taken, Look::NoShow], 1));
        slot.guests.push(guest(BookingState::CheckedIn));
        assert_eq!((looks(&slot), slot.taken()), (vec![Look::Here, Look::Taken], 2));
        slot.guests.clear();
        slot.state = SlotState::Closed;
        assert_eq!(looks(&slot), [Look::Closed; 2]);
    }
}
