//! Grids: slots made by a rule, as programmes print it.
//!
//! A programme says "two evenings, 18:00 to 20:00, 20 minutes and 10 of feedback, twelve tables"; [`expand()`] makes the
//! slots of it and says what time is left over. Regenerating is [`reconcile()`]: it compares what is there with what is
//! wanted and never takes a slot from the people in it. Lengths are elapsed time, breaks and fixed starts are times on the
//! wall, so a grid over a change of the clocks has places of equal length. Absent on purpose: ids and states of new
//! slots, who sits where, and rotations of students, which are for those who book.

mod check;
mod expand;
mod reconcile;
#[cfg(test)]
pub(in crate::domain::scheduling) mod tests;

pub use expand::expand;
pub use reconcile::{
    Blocked, Booked, Change, Changes, Existing, Hindrance, Move, MoveFault, MoveRefused, Moves, reconcile,
    reconcile_with,
};

use crate::domain::{
    people::availability::DayHours,
    time::{Fold, Instant, LocalWindow},
};
use chrono::{NaiveTime, TimeDelta};

/// A grid makes at most this many slots.
pub const MOST_SLOTS: usize = 20_000;
/// A slot takes at most this many students.
pub const MOST_PLACES: u16 = 500;

/// The rule by which slots are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// 1 to 60 stretches of time, in any order, none over another, all in one zone.
    pub sessions: Vec<Session>,
    /// How a session is divided.
    pub pattern: Pattern,
    /// Up to 50 breaks at which nobody sits.
    pub breaks: Vec<Break>,
    /// Up to 20 blocks out of which a table chooses its lunch.
    pub lunch_blocks: Vec<DayHours>,
    /// 1 to 500 tables, no label twice.
    pub tables: Vec<Table>,
    /// The buildings and the ways between them.
    pub travel: Travel,
    /// Which of two equal wall times breaks, lunch blocks and fixed starts mean; `None` refuses such a time.
    pub fold: Option<Fold>,
}

/// One stretch of time: "session 1", at most 24 hours long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// When, as printed.
    pub when: LocalWindow,
    /// The part of the event that its slots belong to, by its key.
    pub part: Option<String>,
}

/// How a session is divided into places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// One place after another at each table.
    InTurn {
        /// The length of a place.
        length: PlaceLength,
        /// Minutes after a place that belong to none: 0 to 240.
        turnover_minutes: u16,
    },
    /// Places at printed times.
    FixedStarts {
        /// The length of a place.
        length: PlaceLength,
        /// The printed times: 1 to 500.
        starts: Vec<FixedStart>,
    },
    /// A bell rings for all tables at once; there is no gap, and a table at lunch misses rounds.
    Bell {
        /// Minutes from bell to bell: 1 to 480.
        period_minutes: u16,
    },
}

/// The length of a place: "20 + 10" is 20 minutes of interview in a place of 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceLength {
    /// Minutes of interview: 0 to 480.
    pub interview_minutes: u16,
    /// Minutes of feedback, which belong to the place and not to the interview: 0 to 240.
    pub feedback_minutes: u16,
}

/// A printed start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedStart {
    /// In which session; `None` in every one.
    pub session: Option<usize>,
    /// The time on the wall.
    pub at: NaiveTime,
}

/// A time at which no table sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// In which session; `None` in every one that it touches.
    pub session: Option<usize>,
    /// The hours on the wall.
    pub hours: DayHours,
}

/// A table, booth, circle seat or room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name, by which a slot is known again: 1 to 60 characters.
    pub label: String,
    /// Where, in words: up to 300 characters.
    pub place: Option<String>,
    /// In which of the grid's buildings; `None` where ways do not matter.
    pub building: Option<usize>,
    /// Students at a time: 1 to 500.
    pub capacity: u16,
    /// Interviewers at a time: 1 to 50.
    pub seats: u16,
    /// Which of the grid's lunch blocks it takes.
    pub lunch: Option<usize>,
}

/// The buildings of a grid and how long people walk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Travel {
    /// Names of 1 to 100 characters, up to 20.
    pub buildings: Vec<String>,
    /// One way for each pair of buildings.
    pub ways: Vec<Way>,
}

/// The way between two buildings, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// One building.
    pub from: usize,
    /// The other.
    pub to: usize,
    /// Minutes from door to door: 0 to 240.
    pub minutes: u16,
}

impl Travel {
    /// How long it takes from one building to another: nothing within one, nor where a building is not said.
    #[must_use]
    pub fn gap(&self, a: Option<usize>, b: Option<usize>) -> TimeDelta {
        let (Some(a), Some(b)) = (a, b) else { return TimeDelta::zero() };
        let between = |way: &&Way| (way.from, way.to) == (a, b) || (way.from, way.to) == (b, a);
        let minutes = if a == b { 0 } else { self.ways.iter().find(between).map_or(0, |way| way.minutes) };
        TimeDelta::minutes(i64::from(minutes))
    }
}

/// A slot that the grid wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSlot {
    /// Which session it lies in.
    pub session: usize,
    /// Which table it belongs to.
    pub table: usize,
    /// The label of that table.
    pub label: String,
    /// Where, in words.
    pub place: Option<String>,
    /// In which building.
    pub building: Option<usize>,
    /// The part of the event that it belongs to, by its key.
    pub part: Option<String>,
    /// The whole place, feedback included.
    pub when: LocalWindow,
    /// When the interview ends and the feedback begins; the end of the place where there is none.
    pub interview_ends: Instant,
    /// Students at a time.
    pub capacity: u16,
    /// Interviewers at a time.
    pub seats: u16,
    /// Which bell of the session begins it, from 1; `None` without a bell.
    pub bell: Option<u16>,
}

/// The time of one table in one session that makes no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOver {
    /// Which session.
    pub session: usize,
    /// Which table.
    pub table: usize,
    /// Whole minutes between the last place (and its turnover) and the end of the session.
    pub at_end_minutes: u32,
    /// Whole minutes that are too few for a place before breaks and lunch.
    pub before_breaks_minutes: u32,
}

/// What a grid comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// By session, table and start.
    pub slots: Vec<PlannedSlot>,
    /// Where time is left over: by session and table, those without any left out.
    pub left_over: Vec<LeftOver>,
}

impl Expansion {
    /// The longest time that any table loses in a session, in minutes.
    #[must_use]
    pub fn left_over_minutes(&self, session: usize) -> u32 {
        let of = self.left_over.iter().filter(|left| left.session == session);
        of.map(|left| left.at_end_minutes.saturating_add(left.before_breaks_minutes)).max().unwrap_or(0)
    }
}
