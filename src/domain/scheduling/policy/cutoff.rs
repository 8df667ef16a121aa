//! Until when: the kinds of rule that career offices print, and the instant each means for one start.
//!
//! Hours are elapsed time; days, weeks and months are dates of the campus's calendar, with a time on its clocks. The result
//! is the last instant at which something may still be done, that instant included, and never after the start. Absent on
//! purpose: what happens afterwards.

use chrono::{Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike};

use super::count;
use crate::domain::{
    refusal::Invalid,
    scheduling::office_calendar::OfficeCalendar,
    time::{Instant, LocalWindow},
    words::words,
};

/// The most hours before a start: 90 days.
const MOST_HOURS: i64 = 2_160;
/// The most calendar days, weeks or months before a start.
const MOST_COUNT: i64 = 366;
/// The most business days.
const MOST_BUSINESS_DAYS: i64 = 60;
/// More hours than any rule reaches back.
const UNBOUNDED: i64 = i64::MAX;

words! {
    /// How somebody cancels or books.
    pub enum Channel("channel") {
        /// In the booking system.
        Online = "online",
        /// By telephone.
        Phone = "phone",
        /// By e-mail.
        Email = "email",
        /// By a letter on paper.
        Letter = "letter",
        /// At the office's desk.
        InPerson = "in_person",
    }

    /// A unit of the calendar.
    pub enum CalendarUnit("unit of the calendar") {
        /// Calendar days.
        Days = "days",
        /// Seven calendar days each.
        Weeks = "weeks",
        /// Calendar months; from the 31st, the last day of a shorter month.
        Months = "months",
    }
}

/// A number of calendar days, weeks or months, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarSpan {
    count: u16,
    unit: CalendarUnit,
}

impl CalendarSpan {
    /// From 1 to 366 of the unit.
    ///
    /// # Errors
    /// [`Invalid`] for `count`.
    pub fn new(number: i64, unit: CalendarUnit) -> Result<Self, Invalid> {
        Ok(Self { count: count("count", number, 1, MOST_COUNT)?, unit })
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.count
    }

    /// Of what.
    #[must_use]
    pub const fn unit(self) -> CalendarUnit {
        self.unit
    }

    /// That long before the date.
    #[must_use]
    pub fn before(self, date: NaiveDate) -> Option<NaiveDate> {
        match self.unit {
            CalendarUnit::Days => date.checked_sub_days(Days::new(self.count.into())),
            CalendarUnit::Weeks => date.checked_sub_days(Days::new(u64::from(self.count) * 7)),
            CalendarUnit::Months => date.checked_sub_months(Months::new(self.count.into())),
        }
    }

    /// That long after the date.
    #[must_use]
    pub fn after(self, date: NaiveDate) -> Option<NaiveDate> {
        match self.unit {
            CalendarUnit::Days => date.checked_add_days(Days::new(self.count.into())),
            CalendarUnit::Weeks => date.checked_add_days(Days::new(u64::from(self.count) * 7)),
            CalendarUnit::Months => date.checked_add_months(Months::new(self.count.into())),
        }
    }

    /// The fewest and the most days that it can be.
    #[must_use]
    pub fn days(self) -> (i64, i64) {
        let (fewest, most) = match self.unit {
            CalendarUnit::Days => (1, 1),
            CalendarUnit::Weeks => (7, 7),
            CalendarUnit::Months => (28, 31),
        };
        (i64::from(self.count) * fewest, i64::from(self.count) * most)
    }
}

/// A time on a day that a rule has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOnDay {
    /// The wall time at which it starts.
    AsStart,
    /// The last second of the day.
    EndOfDay,
    /// A clock time, in whole minutes.
    At(NaiveTime),
}

impl TimeOnDay {
    /// Reads `HH:MM` from 00:00 to 23:59, `same_time` or `end_of_day`.
    ///
    /// # Errors
    /// [`Invalid`] with `not_a_time` for the field.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        match text {
            "same_time" => Ok(Self::AsStart),
            "end_of_day" => Ok(Self::EndOfDay),
            clock if clock.len() == 5 => {
                let time = NaiveTime::parse_from_str(clock, "%H:%M").ok().filter(|time| time.second() == 0);
                time.map(Self::At).ok_or_else(|| not_a_time(field, text))
            }
            _ => Err(not_a_time(field, text)),
        }
    }
}

fn not_a_time(field: &str, text: &str) -> Invalid {
    let shown: String = text.chars().take(40).collect();
    let detail = format!("{shown:?} is no time of day such as 17:00, nor same_time or end_of_day");
    Invalid::new(field, "not_a_time", detail)
}

/// A time on a day, and other times for some channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTimes {
    at: TimeOnDay,
    by_channel: Vec<(Channel, TimeOnDay)>,
}

impl DayTimes {
    /// The time `at`, and for those channels another.
    ///
    /// # Errors
    /// [`Invalid`] with `repeated` for `at_by_channel`.
    pub fn new(at: TimeOnDay, by_channel: Vec<(Channel, TimeOnDay)>) -> Result<Self, Invalid> {
        for (index, (channel, _)) in by_channel.iter().enumerate() {
            if by_channel.iter().take(index).any(|(other, _)| other == channel) {
                let field = format!("at_by_channel/{channel}");
                return Err(Invalid::new(field, "repeated", format!("{channel} has two times")));
            }
        }
        Ok(Self { at, by_channel })
    }

    /// One time for all channels.
    #[must_use]
    pub const fn all(at: TimeOnDay) -> Self {
        Self { at, by_channel: Vec::new() }
    }

    /// The time for a channel.
    #[must_use]
    pub fn of(&self, channel: Channel) -> TimeOnDay {
        self.by_channel.iter().find(|(other, _)| *other == channel).map_or(self.at, |(_, time)| *time)
    }

    /// The time for channels without one of their own.
    #[must_use]
    pub const fn for_the_rest(&self) -> TimeOnDay {
        self.at
    }

    /// The channels with a time of their own.
    #[must_use]
    pub fn by_channel(&self) -> &[(Channel, TimeOnDay)] {
        &self.by_channel
    }
}

/// How a cut-off is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// At any time before the start.
    AnyTime,
    /// This many elapsed hours before the start.
    Hours(u16),
    /// On the date that many days, weeks or months before.
    Calendar(CalendarSpan, DayTimes),
    /// On the n-th business day before.
    BusinessDay(u16, DayTimes),
    /// On the last business day that leaves n whole business days between.
    ClearBusinessDays(u16, DayTimes),
    /// On the day of the start.
    OnTheDay(DayTimes),
}

/// A rule that says until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cutoff {
    reach: Reach,
    office_hours_only: bool,
}

impl Cutoff {
    /// Until the start.
    #[must_use]
    pub const fn any_time() -> Self {
        Self::of(Reach::AnyTime)
    }

    /// From 1 to 2,160 elapsed hours before the start.
    ///
    /// # Errors
    /// [`Invalid`] for `hours`: `after_start` below zero, otherwise `out_of_range`.
    pub fn hours_before(hours: i64) -> Result<Self, Invalid> {
        Ok(Self::of(Reach::Hours(before("hours", hours, MOST_HOURS)?)))
    }

    /// On the date from 1 to 366 calendar units before.
    ///
    /// # Errors
    /// [`Invalid`] for `count`, likewise.
    pub fn calendar_before(number: i64, unit: CalendarUnit, times: DayTimes) -> Result<Self, Invalid> {
        let span = CalendarSpan { count: before("count", number, MOST_COUNT)?, unit };
        Ok(Self::of(Reach::Calendar(span, times)))
    }

    /// On the n-th business day before, from 1 to 60.
    ///
    /// # Errors
    /// [`Invalid`] for `days`, likewise.
    pub fn business_day_before(n: i64, times: DayTimes) -> Result<Self, Invalid> {
        Ok(Self::of(Reach::BusinessDay(before("days", n, MOST_BUSINESS_DAYS)?, times)))
    }

    /// On the last business day that leaves from 1 to 60 whole business days between.
    ///
    /// # Errors
    /// [`Invalid`] for `days`, likewise.
    pub fn clear_business_days(n: i64, times: DayTimes) -> Result<Self, Invalid> {
        Ok(Self::of(Reach::ClearBusinessDays(before("days", n, MOST_BUSINESS_DAYS)?, times)))
    }

    /// At a clock time on the day of the start; where that lies after the start, the start is the end.
    ///
    /// # Errors
    /// [`Invalid`] with `after_start` for a time that is no clock time: the end of the day is after every start.
    pub fn on_the_day(times: DayTimes) -> Result<Self, Invalid> {
        let all = std::iter::once(("at".to_owned(), times.at));
        let each = times.by_channel.iter().map(|(channel, time)| (format!("at_by_channel/{channel}"), *time));
        for (field, time) in all.chain(each) {
            match time {
                TimeOnDay::At(_) => {}
                TimeOnDay::AsStart | TimeOnDay::EndOfDay => {
                    let detail = "on the day of the start only a clock time such as 08:00 lies before the start";
                    return Err(Invalid::new(field, "after_start", detail));
                }
            }
        }
        Ok(Self::of(Reach::OnTheDay(times)))
    }

    const fn of(reach: Reach) -> Self {
        Self { reach, office_hours_only: false }
    }

    /// The same, moved back to the last instant of office hours where it lies outside them.
    #[must_use]
    pub fn only_in_office_hours(self) -> Self {
        Self { office_hours_only: true, ..self }
    }

    /// How it is found.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whether it is moved back into office hours.
    #[must_use]
    pub const fn is_only_in_office_hours(&self) -> bool {
        self.office_hours_only
    }

    /// The last instant for this start and channel. Every date and clock time is that of the calendar's campus.
    /// `None` when the calendar has no such business day or no office hours before it.
    #[must_use]
    pub fn instant(&self, calendar: &OfficeCalendar, start: LocalWindow, channel: Channel) -> Option<Instant> {
        let begins = start.window().start();
        let wall = begins.wall(calendar.zone());
        let on = |date: NaiveDate, times: &DayTimes| match times.of(channel) {
            TimeOnDay::AsStart => calendar.zone().at_or_after(date.and_time(wall.time())),
            TimeOnDay::EndOfDay => calendar.day_end(date),
            TimeOnDay::At(clock) => calendar.zone().at_or_after(date.and_time(clock)),
        };
        let found = match &self.reach {
            Reach::AnyTime => begins,
            Reach::Hours(hours) => begins.plus(TimeDelta::hours(-i64::from(*hours))),
            Reach::Calendar(span, times) => on(span.before(wall.date())?, times),
            Reach::BusinessDay(n, times) => on(calendar.business_day_before(wall.date(), *n)?, times),
            Reach::ClearBusinessDays(n, times) => on(calendar.business_day_with_clear(wall.date(), *n)?, times),
            Reach::OnTheDay(times) => on(wall.date(), times),
        };
        let found = found.min(begins);
        if self.office_hours_only { calendar.office_instant_at_or_before(found) } else { Some(found) }
    }

    /// The fewest and the most hours before a start that it can be, whatever the start and the calendar; an hour is
    /// allowed for a change of the clocks.
    pub(super) fn hours(&self) -> (i64, i64) {
        let (least, most) = match &self.reach {
            Reach::AnyTime => (0, 0),
            Reach::Hours(hours) => (i64::from(*hours), i64::from(*hours)),
            Reach::Calendar(span, _) => ((span.days().0 - 1) * 24 - 1, (span.days().1 + 1) * 24 + 1),
            Reach::BusinessDay(n, _) => ((i64::from(*n) - 1) * 24 - 1, UNBOUNDED),
            Reach::ClearBusinessDays(n, _) => (i64::from(*n) * 24 - 1, UNBOUNDED),
            Reach::OnTheDay(_) => (0, 25),
        };
        (least.max(0), if self.office_hours_only { UNBOUNDED } else { most })
    }

    /// Whether it lies after `other` for every start, as far as the two can be compared.
    pub(super) fn always_after(&self, other: &Self) -> bool {
        let by_count = match (&self.reach, &other.reach) {
            (Reach::Calendar(one, _), Reach::Calendar(two, _)) => one.days().1 < two.days().0,
            (Reach::BusinessDay(one, _), Reach::BusinessDay(two, _))
            | (Reach::ClearBusinessDays(one, _), Reach::ClearBusinessDays(two, _)) => one < two,
            (
                Reach::AnyTime
                | Reach::Hours(_)
                | Reach::Calendar(..)
                | Reach::BusinessDay(..)
                | Reach::ClearBusinessDays(..)
                | Reach::OnTheDay(_),
                _,
            ) => false,
        };
        (by_count && !self.office_hours_only) || self.hours().1 < other.hours().0
    }

    pub(super) const fn counts_business_days(&self) -> bool {
        matches!(self.reach, Reach::BusinessDay(..) | Reach::ClearBusinessDays(..))
    }
}

fn before(field: &str, number: i64, most: i64) -> Result<u16, Invalid> {
    if number < 0 {
        let detail = format!("{number} lies after the start; give the number before it, from 1 to {most}");
        return Err(Invalid::new(field, "after_start", detail));
    }
    count(field, number, 1, most)
}
