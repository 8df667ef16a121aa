//! One meeting put to another time, and those after it by as much.

use super::plan::{next_business_day, on_the_clocks, touched};
use super::{OnHoliday, Why};
use crate::domain::{
    scheduling::office_calendar::OfficeCalendar,
    time::{Fold, LocalWindow},
};

/// How the meetings after one follow it.
#[derive(Debug, Clone, Copy)]
pub struct Following<'a> {
    /// When the first of them was to be.
    pub from: LocalWindow,
    /// When it is to be.
    pub to: LocalWindow,
    /// Which of two equal wall times is meant.
    pub fold: Option<Fold>,
    /// What becomes of one that comes to lie on a holiday. None is ever skipped: there may be people in it.
    pub on_holiday: OnHoliday,
    /// When the office works.
    pub calendar: &'a OfficeCalendar,
}

/// The new times of meetings, each with the old one: all begin and end as much later on the wall clock as the first does.
/// What cannot be is said instead: what the clocks skip or show twice, a holiday where nothing was said of holidays, and
/// meetings that would overlap.
#[must_use]
pub fn follow(how: &Following<'_>, others: &[LocalWindow]) -> Vec<Result<LocalWindow, Why>> {
    let mut all: Vec<_> = others.iter().map(|when| after(how, *when)).collect();
    let mut taken = vec![how.to];
    for one in &mut all {
        let Ok(when) = one else { continue };
        match taken.iter().find(|other| other.window().overlaps(when.window())) {
            Some(other) => *one = Err(Why::Overlaps { other: other.starts() }),
            None => taken.push(*when),
        }
    }
    all
}

fn after(how: &Following<'_>, when: LocalWindow) -> Result<LocalWindow, Why> {
    let (later, longer) = (how.to.starts() - how.from.starts(), how.to.ends() - how.from.ends());
    if later.is_zero() && longer.is_zero() && how.from.zone() == how.to.zone() {
        return Ok(when);
    }
    // What went by other clocks goes by those of the first from now on.
    let zone = how.from.zone();
    let (starts, ends) = if when.zone() == zone {
        (when.starts(), when.ends())
    } else {
        (when.window().start().wall(zone), when.window().end().wall(zone))
    };
    let (mut new_starts, mut new_ends) = (starts + later, ends + longer);
    if new_starts.date() != starts.date()
        && let Some(holiday) = touched(how.calendar, new_starts, new_ends)
    {
        let next = match how.on_holiday {
            OnHoliday::Move => next_business_day(how.calendar, (new_starts, new_ends)),
            OnHoliday::Skip | OnHoliday::Refuse => None,
        };
        let day = next.ok_or(Why::Holiday(holiday))?;
        (new_starts, new_ends) =
            (day.and_time(new_starts.time()), day.and_time(new_starts.time()) + (new_ends - new_starts));
    }
    on_the_clocks(new_starts, new_ends, how.to.zone(), how.fold)
}
