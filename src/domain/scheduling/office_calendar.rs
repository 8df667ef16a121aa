//! The calendar of a career office: its working days and hours, its holidays and its terms, on the clocks of its campus.
//!
//! A business day is a working weekday that no holiday holds. Two ways of counting business days are in print and both are
//! here: the n-th one before a date, and the one with n clear business days between. A date between two terms lies in no
//! term; where something has to be counted all the same, the break counts with the term that follows it, and after the last
//! term that is known the count stays open. Absent on purpose: the hours of single persons, which are their availability,
//! and the current time.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};

use crate::domain::{
    people::availability::DayHours,
    refusal::{Invalid, line},
    time::{Instant, Zone},
};

/// The most stretches of office hours on one day.
const MOST_HOURS: usize = 8;
/// The most holidays.
const MOST_HOLIDAYS: usize = 400;
/// The most terms.
const MOST_TERMS: usize = 100;
/// The most days that one holiday or one term lasts.
const LONGEST_SPAN: i64 = 366;
/// The years within which dates are taken.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;
/// How many days are searched for a business day before the search is given up.
const FARTHEST: u64 = 4_000;

/// A weekday on which the office works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDay {
    /// The day of the week.
    pub day: Weekday,
    /// Its office hours, in order and apart; none where they are not published.
    pub hours: Vec<DayHours>,
}

/// A stretch of dates on which the office does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    name: String,
    first: NaiveDate,
    last: NaiveDate,
}

/// A semester, quarter or summer session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    name: String,
    academic_year: String,
    first: NaiveDate,
    last: NaiveDate,
}

/// An academic year, from the first day of its first term to the last day of its last; the breaks between belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcademicYear {
    /// What it is called, such as `2026-27`.
    pub label: String,
    /// Its first date.
    pub first: NaiveDate,
    /// Its last date.
    pub last: NaiveDate,
}

/// The dates that are counted together with a date: a term or an academic year, and the break before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountingPeriod {
    /// The term or year; `None` after the last one that is known.
    pub name: Option<String>,
    /// Its first date; `None` where nothing is known before it.
    pub first: Option<NaiveDate>,
    /// Its last date; `None` after the last term or year that is known.
    pub last: Option<NaiveDate>,
}

impl CountingPeriod {
    /// Whether the date is counted here.
    #[must_use]
    pub fn holds(&self, date: NaiveDate) -> bool {
        self.first.is_none_or(|first| first <= date) && self.last.is_none_or(|last| date <= last)
    }
}

/// A span of dates that is not reversed, not longer than a year, and in our centuries.
fn span(first: NaiveDate, last: NaiveDate) -> Result<(), Invalid> {
    for (field, date) in [("first", first), ("last", last)] {
        if !YEARS.contains(&date.year()) {
            let detail = format!("{date} is not in the years {} to {}", YEARS.start(), YEARS.end());
            return Err(Invalid::new(field, "out_of_range", detail));
        }
    }
    if last < first {
        return Err(Invalid::new("last", "reversed", format!("{last} is before the first day, {first}")));
    }
    let days = (last - first).num_days() + 1;
    if days > LONGEST_SPAN {
        return Err(Invalid::new(
            "last",
            "too_long",
            format!("it lasts {days} days, at most {LONGEST_SPAN} are taken"),
        ));
    }
    Ok(())
}

impl Holiday {
    /// The holiday of this name (1 to 100 characters) from its first to its last date, both included.
    ///
    /// # Errors
    /// [`Invalid`] for `name`, `first` or `last`.
    pub fn new(name: &str, first: NaiveDate, last: NaiveDate) -> Result<Self, Invalid> {
        let name = line("name", name, 1, 100)?;
        span(first, last)?;
        Ok(Self { name, first, last })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its first date.
    #[must_use]
    pub const fn first(&self) -> NaiveDate {
        self.first
    }

    /// Its last date.
    #[must_use]
    pub const fn last(&self) -> NaiveDate {
        self.last
    }
}

impl Term {
    /// The term of this name (1 to 100 characters) in the academic year of that label (1 to 40 characters).
    ///
    /// # Errors
    /// [`Invalid`] for `name`, `academic_year`, `first` or `last`.
    pub fn new(name: &str, academic_year: &str, first: NaiveDate, last: NaiveDate) -> Result<Self, Invalid> {
        let (name, academic_year) = (line("name", name, 1, 100)?, line("academic_year", academic_year, 1, 40)?);
        span(first, last)?;
        Ok(Self { name, academic_year, first, last })
    }

    /// What it is called, such as `Fall 2026`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The label of its academic year.
    #[must_use]
    pub fn academic_year(&self) -> &str {
        &self.academic_year
    }

    /// Its first date.
    #[must_use]
    pub const fn first(&self) -> NaiveDate {
        self.first
    }

    /// Its last date.
    #[must_use]
    pub const fn last(&self) -> NaiveDate {
        self.last
    }
}

/// When a career office works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeCalendar {
    zone: Zone,
    working_days: Vec<WorkingDay>,
    holidays: Vec<Holiday>,
    terms: Vec<Term>,
    years: Vec<AcademicYear>,
}

impl OfficeCalendar {
    /// The calendar on the clocks of `zone`. Holidays may overlap; terms are given in order and may not.
    ///
    /// # Errors
    /// [`Invalid`] with the path of the entry: `working_days` (`required`, `too_many`, `repeated`, and `overlaps` for its
    /// hours), `holidays` (`too_many`), `terms` (`too_many`, `overlaps`, `repeated` for an academic year that comes back).
    pub fn new(
        zone: Zone,
        working_days: Vec<WorkingDay>,
        holidays: Vec<Holiday>,
        terms: Vec<Term>,
    ) -> Result<Self, Invalid> {
        if working_days.is_empty() {
            return Err(Invalid::new("working_days", "required", "an office works on at least one day of the week"));
        }
        for (field, count, most) in [("holidays", holidays.len(), MOST_HOLIDAYS), ("terms", terms.len(), MOST_TERMS)] {
            if count > most {
                return Err(Invalid::new(field, "too_many", format!("{count} entries, at most {most} are taken")));
            }
        }
        for (index, here) in working_days.iter().enumerate() {
            let at = format!("working_days/{index}");
            if working_days.iter().take(index).any(|other| other.day == here.day) {
                return Err(Invalid::new(format!("{at}/day"), "repeated", format!("{} stands here twice", here.day)));
            }
            hours_in_order(&here.hours).map_err(|fault| fault.within(&at))?;
        }
        let years = years_of(&terms)?;
        Ok(Self { zone, working_days, holidays, terms, years })
    }

    /// The zone whose clocks are meant.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The working weekdays.
    #[must_use]
    pub fn working_days(&self) -> &[WorkingDay] {
        &self.working_days
    }

    /// The holidays.
    #[must_use]
    pub fn holidays(&self) -> &[Holiday] {
        &self.holidays
    }

    /// The terms, in order.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether any office hours are known.
    #[must_use]
    pub fn has_office_hours(&self) -> bool {
        self.working_days.iter().any(|day| !day.hours.is_empty())
    }

    /// The first holiday in the list that holds the date.
    #[must_use]
    pub fn holiday_on(&self, date: NaiveDate) -> Option<&Holiday> {
        self.holidays.iter().find(|holiday| holiday.first <= date && date <= holiday.last)
    }

    /// Whether the office works on that date.
    #[must_use]
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        self.works_on(date.weekday()).is_some() && self.holiday_on(date).is_none()
    }

    /// The holidays that cost a working weekday strictly between two dates, each with its first such date.
    #[must_use]
    pub fn holidays_between(&self, after: NaiveDate, before: NaiveDate) -> Vec<(NaiveDate, &Holiday)> {
        let mut found: Vec<(NaiveDate, &Holiday)> = Vec::new();
        let dates = after.iter_days().skip(1).take_while(|date| *date < before);
        for date in dates.filter(|date| self.works_on(date.weekday()).is_some()) {
            if let Some(holiday) = self.holiday_on(date)
                && found.last().is_none_or(|(_, last)| *last != holiday)
            {
                found.push((date, holiday));
            }
        }
        found
    }

    /// The `n`-th business day before the date, counted from 1; the date itself does not count. For 0, the date itself.
    /// `None` when no such day is found within some eleven years.
    #[must_use]
    pub fn business_day_before(&self, date: NaiveDate, n: u16) -> Option<NaiveDate> {
        self.nth(date, n, NaiveDate::checked_sub_days)
    }

    /// The `n`-th business day after the date, counted likewise.
    #[must_use]
    pub fn business_day_after(&self, date: NaiveDate, n: u16) -> Option<NaiveDate> {
        self.nth(date, n, NaiveDate::checked_add_days)
    }

    /// The last business day that leaves `n` whole business days between itself and the date.
    #[must_use]
    pub fn business_day_with_clear(&self, date: NaiveDate, n: u16) -> Option<NaiveDate> {
        self.business_day_before(date, n.checked_add(1)?)
    }

    /// The instant itself when the office is open then, otherwise when it last closed before. Opening and closing
    /// instants both count as open, so that "until 17:00" can be kept at 17:00. `None` without office hours, or when none
    /// are found within some eleven years.
    #[must_use]
    pub fn office_instant_at_or_before(&self, at: Instant) -> Option<Instant> {
        let mut date = at.wall(self.zone).date();
        for _ in 0..FARTHEST {
            let hours = self.works_on(date.weekday()).filter(|_| self.holiday_on(date).is_none());
            for stretch in hours.iter().flat_map(|day| day.hours.iter().rev()) {
                let [opens, closes] = [stretch.from(), stretch.until()].map(|minute| self.minute_of(date, minute));
                // Hours that the clocks skip altogether are none.
                if opens < closes && opens <= at {
                    return Some(closes.min(at));
                }
            }
            date = date.pred_opt()?;
        }
        None
    }

    /// The last second of the date.
    #[must_use]
    pub fn day_end(&self, date: NaiveDate) -> Instant {
        let next = date.succ_opt().unwrap_or(date);
        self.zone.day_start(next).plus(TimeDelta::seconds(-1))
    }

    /// The term that holds the date; `None` between terms.
    #[must_use]
    pub fn term_on(&self, date: NaiveDate) -> Option<&Term> {
        self.terms.iter().find(|term| term.first <= date && date <= term.last)
    }

    /// The academic year that holds the date; the breaks between its terms belong to it, those around it do not.
    #[must_use]
    pub fn academic_year_on(&self, date: NaiveDate) -> Option<&AcademicYear> {
        self.years.iter().find(|year| year.first <= date && date <= year.last)
    }

    /// The term with which the date is counted: its own, or in a break the one that follows.
    #[must_use]
    pub fn counting_term(&self, date: NaiveDate) -> CountingPeriod {
        counting(self.terms.iter().map(|term| (term.name.as_str(), term.last)), date)
    }

    /// The academic year with which the date is counted, likewise.
    #[must_use]
    pub fn counting_year(&self, date: NaiveDate) -> CountingPeriod {
        counting(self.years.iter().map(|year| (year.label.as_str(), year.last)), date)
    }

    fn works_on(&self, day: Weekday) -> Option<&WorkingDay> {
        self.working_days.iter().find(|working| working.day == day)
    }

    fn nth(&self, date: NaiveDate, n: u16, step: fn(NaiveDate, Days) -> Option<NaiveDate>) -> Option<NaiveDate> {
        if n == 0 {
            return Some(date);
        }
        let dates = (1..=FARTHEST).map_while(|days| step(date, Days::new(days)));
        dates.filter(|date| self.is_business_day(*date)).nth(usize::from(n) - 1)
    }

    /// The instant at which that minute of the date is shown; 1440 is the midnight that ends it.
    fn minute_of(&self, date: NaiveDate, minute: u16) -> Instant {
        self.zone.at_or_after(date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute)))
    }
}

fn hours_in_order(hours: &[DayHours]) -> Result<(), Invalid> {
    if hours.len() > MOST_HOURS {
        let detail = format!("{} stretches, at most {MOST_HOURS} are taken", hours.len());
        return Err(Invalid::new("hours", "too_many", detail));
    }
    for (index, (one, next)) in hours.iter().zip(hours.iter().skip(1)).enumerate() {
        if next.from() < one.until() {
            let detail = format!("it opens at {}, before the stretch above closes", next.from_clock());
            return Err(Invalid::new(format!("hours/{}/from", index + 1), "overlaps", detail));
        }
    }
    Ok(())
}

fn years_of(terms: &[Term]) -> Result<Vec<AcademicYear>, Invalid> {
    let mut years: Vec<AcademicYear> = Vec::new();
    let mut ended: Option<NaiveDate> = None;
    for (index, term) in terms.iter().enumerate() {
        if let Some(last) = ended.filter(|last| term.first <= *last) {
            let detail = format!("{} begins on {}, when the term above lasts until {last}", term.name, term.first);
            return Err(Invalid::new(format!("terms/{index}/first"), "overlaps", detail));
        }
        ended = Some(term.last);
        match years.iter().position(|year| year.label == term.academic_year) {
            Some(known) if known + 1 < years.len() => {
                let detail = format!("another academic year lies between the terms of {}", term.academic_year);
                return Err(Invalid::new(format!("terms/{index}/academic_year"), "repeated", detail));
            }
            Some(_) => {
                if let Some(year) = years.last_mut() {
                    year.last = term.last;
                }
            }
            None => years.push(AcademicYear { label: term.academic_year.clone(), first: term.first, last: term.last }),
        }
    }
    Ok(years)
}

fn counting<'a>(spans: impl Iterator<Item = (&'a str, NaiveDate)>, date: NaiveDate) -> CountingPeriod {
    let mut first = None;
    for (name, last) in spans {
        if date <= last {
            return CountingPeriod { name: Some(name.to_owned()), first, last: Some(last) };
        }
        first = last.succ_opt();
    }
    CountingPeriod { name: None, first, last: None }
}

#[cfg(test)]
mod tests;
