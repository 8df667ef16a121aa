//! Series of events: the same hours again and again, each meeting an event of its own.
//!
//! [`plan()`] takes what the office asks for (the first meeting, a rule, dates that are left out, meetings that differ,
//! meetings beside the rule) and answers every meeting on the wall clock: 18:00 stays 18:00 when the clocks change. A date
//! on which no meeting can be, or that nobody decided about, is named and not guessed at: a holiday by what was said of
//! holidays, a time that the clocks skip, one that they show twice, two meetings that overlap. Absent on purpose: rooms,
//! presenters and titles, which the use case puts to the meetings; people.

mod following;
mod plan;
#[cfg(test)]
mod tests;

pub use following::{Following, follow};
pub use plan::plan;

use chrono::{NaiveDate, NaiveDateTime};

use crate::domain::{
    refusal::WrongState,
    scheduling::office_calendar::OfficeCalendar,
    time::{Fold, LocalWindow},
    words::words,
};

/// The most meetings of one series, those left out included.
pub const MOST_MEETINGS: u16 = 100;
/// The most days (two years) from the first meeting to the last.
pub const MOST_DAYS: i64 = 2 * 366;
/// How many business days are looked at for a meeting that falls on a holiday.
const FARTHEST: u16 = 20;

words! {
    /// What becomes of a meeting that falls on a holiday of the campus.
    pub enum OnHoliday("answer to holidays") {
        /// It is left out.
        Skip = "skip",
        /// It takes place on the next business day, at the same hours.
        Move = "move_to_next_business_day",
        /// Nothing is done, and the meeting is named.
        Refuse = "refuse",
    }

    /// Where a series is in its life.
    pub enum SeriesState("state of a series") {
        /// It takes place.
        Running = "running",
        /// What was still to come was called off.
        Ended = "ended",
    }
}

impl SeriesState {
    /// What was still to come does not take place.
    ///
    /// # Errors
    /// [`WrongState`] once it was ended.
    pub fn end(self) -> Result<Self, WrongState> {
        match self {
            Self::Running => Ok(Self::Ended),
            Self::Ended => Err(WrongState { from: self.as_str(), verb: "end" }),
        }
    }
}

/// What a series is to be.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The first meeting.
    pub first: LocalWindow,
    /// The rule of the others, as calendars write it; without one there are the first and those beside the rule.
    pub rule: Option<&'a str>,
    /// Which of two equal wall times is meant, on every date.
    pub fold: Option<Fold>,
    /// Dates of the rule on which there is no meeting.
    pub excluded: &'a [NaiveDate],
    /// Meetings of the rule that differ: by their date, and their hours where those differ too.
    pub exceptions: &'a [(NaiveDate, Option<LocalWindow>)],
    /// Meetings beside the rule.
    pub extra: &'a [LocalWindow],
    /// What becomes of a meeting of the rule that falls on a holiday. One whose hours were said stays where it was put.
    pub on_holiday: OnHoliday,
    /// When the office works.
    pub calendar: &'a OfficeCalendar,
}

/// Which of what was asked for a meeting comes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The rule.
    Rule,
    /// The exception of this number.
    Exception(usize),
    /// The meeting beside the rule of this number.
    Extra(usize),
}

/// A meeting of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Where it comes from.
    pub of: Of,
    /// When it is.
    pub when: LocalWindow,
    /// The holiday on which it takes place all the same, since its hours were said.
    pub holiday: Option<String>,
}

/// A date of the rule on which no meeting takes place, or not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    /// The date.
    pub date: NaiveDate,
    /// Why.
    pub why: Why,
    /// On which date it takes place instead.
    pub moved_to: Option<NaiveDate>,
}

/// Why a date is not as the rule has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The office said so.
    Excluded,
    /// It touches a holiday of this name.
    Holiday(String),
    /// The clocks jump over its start or its end.
    Skipped {
        /// The time that is skipped.
        wall: NaiveDateTime,
        /// The last whole minute before the jump.
        before: NaiveDateTime,
        /// The first time after the jump.
        after: NaiveDateTime,
    },
    /// The clocks show its start or its end twice, and nobody said which is meant.
    Twice {
        /// The time in question.
        wall: NaiveDateTime,
    },
    /// The clocks leave it no length.
    NoLength,
    /// Another meeting of the series is not over when it begins.
    Overlaps {
        /// When that one begins.
        other: NaiveDateTime,
    },
}

impl Why {
    /// The reason, for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::Holiday(_) => "holiday",
            Self::Skipped { .. } => "time_skipped",
            Self::Twice { .. } => "time_twice",
            Self::NoLength => "no_length",
            Self::Overlaps { .. } => "overlaps",
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |wall: &NaiveDateTime| wall.format("%Y-%m-%d %H:%M").to_string();
        match self {
            Self::Excluded => f.write_str("It was left out when the series was made."),
            Self::Holiday(name) => write!(f, "It falls on {name}."),
            Self::Skipped { wall, before, after } => {
                write!(f, "The clocks skip {}: they go from {} to {}.", said(wall), said(before), said(after))
            }
            Self::Twice { wall } => write!(f, "The clocks show {} twice; say which is meant.", said(wall)),
            Self::NoLength => f.write_str("The clocks leave it no length."),
            Self::Overlaps { other } => {
                write!(
                    f,
                    "The meeting of {} is not over when this one begins, or begins before this one ends.",
                    said(other)
                )
            }
        }
    }
}

/// A series as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The meetings, in order of time.
    pub meetings: Vec<Meeting>,
    /// The dates of the rule that are left out or put to another date, in order.
    pub left_out: Vec<Off>,
    /// The dates that somebody has to decide about, in order; while there are any nothing is done.
    pub blocked: Vec<Off>,
}
