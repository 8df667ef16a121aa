//! The lines of rosters: the columns they have, and what stands in them.
//!
//! What a table has no column for, and an object no member, is left as it is; an empty cell and null say that there is
//! nothing.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::domain::refusal::Invalid;
use crate::domain::time::Zone;
use crate::http::sheet::cells::parted;
use crate::http::sheet::columns::{Cells, Column};
use crate::http::wire::present;
use crate::http::wire::skills::id;
use crate::http::wire::times::{shown, starts, window};
use crate::service::imports::Line;
use crate::service::imports::bookings::{PlaceFacts, SlotNamed};
use crate::service::imports::slots::SlotFacts;
use crate::service::imports::students::StudentFacts;

/// A line of a roster, from a table or from JSON.
pub trait Read: DeserializeOwned + Serialize + Send + 'static {
    /// What it is read with.
    type With;
    /// What it says.
    type Facts;
    /// The columns of its table.
    const COLUMNS: &'static [Column];

    /// The line as a table has it.
    fn of(cells: Cells<'_>) -> Self;

    /// What it says.
    ///
    /// # Errors
    /// Every field that cannot be.
    fn facts(&self, with: &Self::With) -> Result<Self::Facts, Vec<Invalid>>;

    /// The same with its number.
    fn as_line(&self, number: u64, with: &Self::With) -> Line<Self::Facts> {
        Line { number, read: self.facts(with) }
    }
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A line with more cells than there are columns is shifted somewhere, and nobody knows where.
fn aligned(beyond: usize) -> Result<(), Vec<Invalid>> {
    if beyond == 0 {
        return Ok(());
    }
    let detail = format!("{beyond} cells stand beyond the last column; a separator in a cell needs quotation marks");
    Err(vec![Invalid::new("", "too_many_cells", detail)])
}

/// A student, in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentLine {
    external_ref: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    majors: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    year: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip)]
    beyond: usize,
}

const EXTERNAL_REF: Column = Column::required(
    "external_ref",
    &["student_id", "student_no", "student_number", "id_number", "reference", "ref", "matriculation_number"],
);
const NAMES: &[&str] = &["student", "student_name", "full_name"];
const EMAILS: &[&str] = &["e_mail", "mail", "email_address", "e_mail_address", "student_email"];
const MAJORS: Column = Column::optional("majors", &["major", "programme", "program", "field_of_study", "course"]);
const YEAR: Column = Column::optional("year", &["class_year", "year_of_study", "class", "level"]);
const GROUPS: Column = Column::optional("groups", &["group", "cohort", "cohorts", "tags"]);

impl StudentLine {
    fn of_cells(cells: Cells<'_>) -> Self {
        Self {
            external_ref: cells.get("external_ref").unwrap_or_default(),
            name: cells.get("name"),
            email: cells.get("email"),
            majors: cells.get("majors").map(|cell| parted(&cell)),
            year: cells.get("year").map(filled),
            groups: cells.get("groups").map(|cell| parted(&cell)),
            beyond: cells.beyond(),
        }
    }

    fn student(&self) -> StudentFacts {
        StudentFacts {
            external_ref: self.external_ref.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            majors: self.majors.clone(),
            year: self.year.clone(),
            groups: self.groups.clone(),
        }
    }
}

impl Read for StudentLine {
    type With = ();
    type Facts = StudentFacts;
    const COLUMNS: &'static [Column] = &[
        EXTERNAL_REF,
        Column::required("name", NAMES),
        Column::required("email", EMAILS),
        MAJORS,
        YEAR,
        GROUPS,
        Column::ignored("id"),
        Column::ignored("created_at"),
        Column::ignored("updated_at"),
    ];

    fn of(cells: Cells<'_>) -> Self {
        Self::of_cells(cells)
    }

    fn facts(&self, (): &()) -> Result<StudentFacts, Vec<Invalid>> {
        aligned(self.beyond)?;
        Ok(self.student())
    }
}

/// A number of places: of a table, what stands there.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Count {
    Number(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(Self::Number)
    }
}

impl Count {
    fn read(&self, field: &str) -> Result<i64, Invalid> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) if text.is_empty() => Err(Invalid::new(field, "required", "it must not be empty")),
            Self::Text(text) => {
                let wrong = |_| Invalid::new(field, "invalid_format", format!("{} is no whole number", shown(text)));
                text.parse().map_err(wrong)
            }
        }
    }
}

/// A slot, in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotLine {
    id: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    label: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    part: Option<Option<String>>,
    starts_local: String,
    ends_local: String,
    time_zone: Option<String>,
    fold: Option<String>,
    capacity: Count,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    seats: Option<Count>,
    #[serde(skip)]
    beyond: usize,
}

const STARTS: Column =
    Column::optional("starts_local", &["starts", "start", "starts_at_local", "from", "begin", "begins"]);
const DATE: Column = Column::optional("date", &["day"]);
const START_TIME: Column = Column::optional("start_time", &["starts_time", "time", "from_time"]);
const ZONE: Column = Column::optional("time_zone", &["timezone", "zone", "tz"]);
const FOLD: Column = Column::optional("fold", &[]);

impl Read for SlotLine {
    type With = Zone;
    type Facts = SlotFacts;
    const COLUMNS: &'static [Column] = &[
        Column::optional("id", &["slot_id"]),
        Column::optional("label", &["slot_label", "slot", "table", "room_label"]),
        Column::optional("place", &["room", "location", "where"]),
        Column::optional("part", &[]),
        STARTS,
        Column::optional("ends_local", &["ends", "end", "ends_at_local", "until", "to"]),
        DATE,
        START_TIME,
        Column::optional("end_time", &["ends_time", "until_time", "to_time"]),
        ZONE,
        FOLD,
        Column::required("capacity", &["places", "size"]),
        Column::optional("seats", &["volunteers", "interviewers"]),
        Column::ignored("starts_at"),
        Column::ignored("ends_at"),
        Column::ignored("state"),
        Column::ignored("taken"),
        Column::ignored("free"),
    ];

    fn of(cells: Cells<'_>) -> Self {
        Self {
            id: cells.get("id").and_then(filled),
            label: cells.get("label").map(filled),
            place: cells.get("place").map(filled),
            part: cells.get("part").map(filled),
            starts_local: wall_of(cells, "starts_local", "start_time"),
            ends_local: wall_of(cells, "ends_local", "end_time"),
            time_zone: cells.get("time_zone").and_then(filled),
            fold: cells.get("fold").and_then(filled),
            capacity: Count::Text(cells.get("capacity").unwrap_or_default()),
            seats: cells.get("seats").map(Count::Text),
            beyond: cells.beyond(),
        }
    }

    fn facts(&self, usual: &Zone) -> Result<SlotFacts, Vec<Invalid>> {
        aligned(self.beyond)?;
        let zone = self.time_zone.as_deref().unwrap_or(usual.name());
        let read = (
            self.id.as_deref().map(|given| id("id", given)).transpose(),
            window(&self.starts_local, &self.ends_local, zone, self.fold.as_deref()),
            self.capacity.read("capacity"),
            self.seats.as_ref().map(|seats| seats.read("seats")).transpose(),
        );
        match read {
            (Ok(id), Ok(when), Ok(capacity), Ok(seats)) => Ok(SlotFacts {
                id,
                label: self.label.clone(),
                place: self.place.clone(),
                part: self.part.clone(),
                when,
                capacity,
                seats,
            }),
            (id, when, capacity, seats) => {
                let others = [id.err(), capacity.err(), seats.err()].into_iter().flatten();
                Err(when.err().unwrap_or_default().into_iter().chain(others).collect())
            }
        }
    }
}

/// A student's place, in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceLine {
    id: Option<String>,
    external_ref: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    majors: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    year: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    party: Option<Count>,
    slot_id: Option<String>,
    slot_label: Option<String>,
    starts_local: Option<String>,
    time_zone: Option<String>,
    fold: Option<String>,
    #[serde(skip)]
    beyond: usize,
}

impl Read for PlaceLine {
    type With = Zone;
    type Facts = PlaceFacts;
    const COLUMNS: &'static [Column] = &[
        Column::optional("id", &["booking_id", "booking"]),
        EXTERNAL_REF,
        Column::optional("name", NAMES),
        Column::optional("email", EMAILS),
        MAJORS,
        YEAR,
        GROUPS,
        Column::optional("party", &["party_size", "people"]),
        Column::optional("slot_id", &[]),
        Column::optional("slot_label", &["slot", "label", "table"]),
        STARTS,
        DATE,
        START_TIME,
        ZONE,
        FOLD,
        Column::ignored("place"),
        Column::ignored("ends_local"),
        Column::ignored("starts_at"),
        Column::ignored("ends_at"),
        Column::ignored("state"),
        Column::ignored("held_until"),
        Column::ignored("late"),
        Column::ignored("code"),
        Column::ignored("walk_in"),
        Column::ignored("checked_in_at"),
        Column::ignored("created_at"),
        Column::ignored("updated_at"),
    ];

    fn of(cells: Cells<'_>) -> Self {
        let student = StudentLine::of_cells(cells);
        Self {
            id: cells.get("id").and_then(filled),
            external_ref: student.external_ref,
            // An empty cell of somebody who is known says nothing here: a list for the door need not repeat addresses.
            name: student.name.and_then(filled),
            email: student.email.and_then(filled),
            majors: student.majors,
            year: student.year,
            groups: student.groups,
            party: cells.get("party").and_then(filled).map(Count::Text),
            slot_id: cells.get("slot_id").and_then(filled),
            slot_label: cells.get("slot_label").and_then(filled),
            starts_local: filled(wall_of(cells, "starts_local", "start_time")),
            time_zone: cells.get("time_zone").and_then(filled),
            fold: cells.get("fold").and_then(filled),
            beyond: student.beyond,
        }
    }

    fn facts(&self, usual: &Zone) -> Result<PlaceFacts, Vec<Invalid>> {
        aligned(self.beyond)?;
        let student = StudentFacts {
            external_ref: self.external_ref.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            majors: self.majors.clone(),
            year: self.year.clone(),
            groups: self.groups.clone(),
        };
        let booking = self.id.as_deref().map(|given| id("id", given)).transpose();
        let slot = match (&self.slot_id, &self.starts_local) {
            (Some(slot), _) => id("slot_id", slot).map(SlotNamed::Id).map_err(|fault| vec![fault]),
            (None, Some(from)) => {
                let zone = self.time_zone.as_deref().unwrap_or(usual.name());
                starts(from, zone, self.fold.as_deref()).map(|at| SlotNamed::Start(at, self.slot_label.clone()))
            }
            (None, None) => {
                let detail = "name the slot by its slot_id, or by its starts_local and its slot_label";
                Err(vec![Invalid::new("slot_id", "required", detail)])
            }
        };
        let party = self.party.as_ref().map_or(Ok(1), |party| party.read("party"));
        match (booking, slot, party) {
            (Ok(id), Ok(slot), Ok(party)) => Ok(PlaceFacts { id, student, slot, party }),
            (id, slot, party) => {
                Err(id.err().into_iter().chain(slot.err().unwrap_or_default()).chain(party.err()).collect())
            }
        }
    }
}

/// A wall time from one column, or from a date and a time of day in two.
fn wall_of(cells: Cells<'_>, whole: &str, clock: &str) -> String {
    if let Some(text) = cells.get(whole).and_then(filled) {
        return tidy(&text);
    }
    let (date, clock) = (cells.get("date").unwrap_or_default(), cells.get(clock).unwrap_or_default());
    if date.is_empty() && clock.is_empty() { String::new() } else { tidy(&format!("{date} {clock}")) }
}

/// A wall time as spreadsheets write it, `2027-03-04 9:30 AM`, in our form where only one thing can be meant. The order of
/// day and month in `3/4/2027` is nobody's to guess, and stays what it is.
fn tidy(text: &str) -> String {
    let Some((date, clock)) = text.trim().split_once([' ', 'T']) else { return text.to_owned() };
    let clock = clock.trim().to_lowercase();
    let (digits, half) =
        match clock.strip_suffix("am").map(|rest| (rest, 0)).or(clock.strip_suffix("pm").map(|rest| (rest, 12))) {
            Some((rest, half)) => (rest.trim(), Some(half)),
            None => (clock.as_str(), None),
        };
    let mut parts = digits.split(':');
    let hour: Option<u8> = parts.next().filter(|hour| (1..=2).contains(&hour.len())).and_then(|hour| hour.parse().ok());
    let rest: Vec<&str> = parts.collect();
    let hour = match (hour, half) {
        (Some(hour @ 1..=12), Some(half)) => Some(hour % 12 + half),
        (hour, None) => hour,
        _ => None,
    };
    match (hour, rest.as_slice()) {
        (Some(hour), [minutes]) => format!("{date}T{hour:02}:{minutes}"),
        (Some(hour), [minutes, seconds]) => format!("{date}T{hour:02}:{minutes}:{seconds}"),
        (Some(hour), []) if half.is_some() => format!("{date}T{hour:02}:00"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_times_are_read_as_spreadsheets_write_them() {
        let check = |text: &str, expect: &str| assert_eq!(tidy(text), expect, "{text}");
        check("2027-03-04T12:30", "2027-03-04T12:30");
        check("2027-03-04 12:30", "2027-03-04T12:30");
        check("2027-03-04 9:30", "2027-03-04T09:30");
        check("2027-03-04 9:30:00", "2027-03-04T09:30:00");
        check("2027-03-04 9:30 AM", "2027-03-04T09:30");
        check("2027-03-04 12:05 am", "2027-03-04T00:05");
        check("2027-03-04 12:05pm", "2027-03-04T12:05");
        check("2027-03-04 1 pm", "2027-03-04T13:00");
        check("2027-03-04 13 pm", "2027-03-04 13 pm");
        check("2027-03-04 noon", "2027-03-04 noon");
        check("3/4/2027 12:30", "3/4/2027T12:30");
        check("soon", "soon");
    }
}
