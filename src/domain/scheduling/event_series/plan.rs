//! From what was asked to the meetings: the dates of the rule, what differs, holidays, and the clocks.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::{Asked, FARTHEST, MOST_DAYS, MOST_MEETINGS, Meeting, Of, Off, OnHoliday, Plan, Why};
use crate::domain::{
    refusal::Invalid,
    scheduling::{office_calendar::OfficeCalendar, recurrence},
    time::{Fold, LocalWindow, LocalWindowFault, WallFault, Zone},
};

/// The series as it would be.
///
/// # Errors
/// Every field that cannot be: the rule's, `starts_local` where the first meeting is not of the rule, dates in
/// `excluded_dates` and `exceptions` that the rule does not give (`not_in_rule`) or that stand there twice (`repeated`),
/// and `extra_meetings` that are too many or too far.
pub fn plan(asked: &Asked<'_>) -> Result<Plan, Vec<Invalid>> {
    let dates = match asked.rule {
        Some(rule) => recurrence::dates(asked.first, rule, MOST_MEETINGS).map_err(|fault| vec![pointed(fault)])?,
        None => vec![asked.first.starts().date()],
    };
    fits(asked, &dates)?;
    let mut plan = Plan::default();
    for date in dates {
        of_rule(asked, date, &mut plan);
    }
    for (number, when) in asked.extra.iter().enumerate() {
        let holiday = touched(asked.calendar, when.starts(), when.ends());
        plan.meetings.push(Meeting { of: Of::Extra(number), when: *when, holiday });
    }
    plan.meetings.sort_by_key(|meeting| meeting.when.window());
    let apart = plan.meetings.iter().zip(plan.meetings.iter().skip(1));
    let overlapping = apart.filter(|(one, next)| one.when.window().overlaps(next.when.window()));
    plan.blocked.extend(overlapping.map(|(one, next)| Off {
        date: next.when.starts().date(),
        why: Why::Overlaps { other: one.when.starts() },
        moved_to: None,
    }));
    plan.blocked.sort_by_key(|off| off.date);
    if plan.meetings.is_empty() && plan.blocked.is_empty() {
        let detail = "no meeting is left: every date is excluded or a holiday";
        return Err(vec![Invalid::new("rule", "too_few", detail)]);
    }
    Ok(plan)
}

/// A fault of the rule, at the field of the request that holds it.
fn pointed(fault: Invalid) -> Invalid {
    match fault.field.split_once('/') {
        Some((field, part)) => Invalid::new(field, fault.code, format!("{part}: {}", fault.detail)),
        None if fault.field == "first" => Invalid { field: "starts_local".to_owned(), ..fault },
        None => fault,
    }
}

/// Requires that what was said of single dates is about dates that there are, and that all of it is near enough.
fn fits(asked: &Asked<'_>, dates: &[NaiveDate]) -> Result<(), Vec<Invalid>> {
    let mut faults = Vec::new();
    let said = asked.excluded.iter().enumerate().map(|(number, date)| (format!("excluded_dates/{number}"), *date));
    let differ =
        asked.exceptions.iter().enumerate().map(|(number, (date, _))| (format!("exceptions/{number}/date"), *date));
    let mut seen = Vec::new();
    for (field, date) in said.chain(differ) {
        if !dates.contains(&date) {
            faults.push(Invalid::new(field, "not_in_rule", format!("the rule has no meeting on {date}")));
        } else if seen.contains(&date) {
            faults.push(Invalid::new(field, "repeated", format!("{date} stands here twice")));
        }
        seen.push(date);
    }
    if dates.len() + asked.extra.len() > usize::from(MOST_MEETINGS) {
        let detail = format!("with the rule they are more than {MOST_MEETINGS} meetings");
        faults.push(Invalid::new("extra_meetings", "too_many", detail));
    }
    let begin = asked.first.starts().date();
    let far = |date: NaiveDate| (date - begin).num_days().abs() > MOST_DAYS;
    let too_far = |field: String, date: NaiveDate| {
        let detail = format!("{date} is more than {MOST_DAYS} days away from the first meeting, {begin}");
        Invalid::new(field, "too_far", detail)
    };
    faults.extend(dates.last().copied().filter(|last| far(*last)).map(|last| too_far("rule".to_owned(), last)));
    let moved = asked.exceptions.iter().enumerate().filter_map(|(number, (_, when))| {
        Some((format!("exceptions/{number}/starts_local"), (*when)?.starts().date()))
    });
    let extra = asked
        .extra
        .iter()
        .enumerate()
        .map(|(number, when)| (format!("extra_meetings/{number}/starts_local"), when.starts().date()));
    faults.extend(moved.chain(extra).filter(|(_, date)| far(*date)).map(|(field, date)| too_far(field, date)));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Puts the meeting of a date of the rule into the plan, or says why it is not there.
fn of_rule(asked: &Asked<'_>, date: NaiveDate, plan: &mut Plan) {
    let off = |why| Off { date, why, moved_to: None };
    if asked.excluded.contains(&date) {
        plan.left_out.push(off(Why::Excluded));
        return;
    }
    let exception = asked.exceptions.iter().position(|(of, _)| *of == date);
    let of = exception.map_or(Of::Rule, Of::Exception);
    let own = exception.and_then(|number| asked.exceptions.get(number)).and_then(|(_, when)| *when);
    if let Some(when) = own {
        let holiday = touched(asked.calendar, when.starts(), when.ends());
        plan.meetings.push(Meeting { of, when, holiday });
        return;
    }
    let (starts, ends) = recurrence::on(asked.first, date);
    let place = |at: NaiveDate, plan: &mut Plan| match local(asked, at) {
        Ok(when) => plan.meetings.push(Meeting { of, when, holiday: None }),
        Err(why) => plan.blocked.push(off(why)),
    };
    let Some(holiday) = touched(asked.calendar, starts, ends) else {
        place(date, plan);
        return;
    };
    match asked.on_holiday {
        OnHoliday::Skip => plan.left_out.push(off(Why::Holiday(holiday))),
        OnHoliday::Refuse => plan.blocked.push(off(Why::Holiday(holiday))),
        OnHoliday::Move => match next_business_day(asked.calendar, (starts, ends)) {
            Some(next) => {
                plan.left_out.push(Off { moved_to: Some(next), ..off(Why::Holiday(holiday)) });
                place(next, plan);
            }
            None => plan.blocked.push(off(Why::Holiday(holiday))),
        },
    }
}

/// The meeting of the rule on a date, on the clocks of the first.
fn local(asked: &Asked<'_>, date: NaiveDate) -> Result<LocalWindow, Why> {
    if date == asked.first.starts().date() {
        // The first was said as it is, also where it is the later of two.
        return Ok(asked.first);
    }
    let (starts, ends) = recurrence::on(asked.first, date);
    on_the_clocks(starts, ends, asked.first.zone(), asked.fold)
}

/// The window between two wall times, or what the clocks do to it.
pub(super) fn on_the_clocks(
    starts: NaiveDateTime,
    ends: NaiveDateTime,
    zone: Zone,
    fold: Option<Fold>,
) -> Result<LocalWindow, Why> {
    let fault = |wall, fault| match fault {
        WallFault::Skipped { before, after } => Why::Skipped { wall, before, after },
        WallFault::Twice { .. } => Why::Twice { wall },
    };
    LocalWindow::new(starts, ends, zone, fold).map_err(|wrong| match wrong {
        LocalWindowFault::Start(wrong) => fault(starts, wrong),
        LocalWindowFault::End(wrong) => fault(ends, wrong),
        LocalWindowFault::Reversed => Why::NoLength,
    })
}

/// The first holiday that these hours touch. What ends at midnight does not touch the day that begins then.
pub(super) fn touched(calendar: &OfficeCalendar, starts: NaiveDateTime, ends: NaiveDateTime) -> Option<String> {
    let days = starts.date().iter_days().take_while(|day| *day == starts.date() || day.and_time(NaiveTime::MIN) < ends);
    days.take(10).find_map(|day| calendar.holiday_on(day)).map(|holiday| holiday.name().to_owned())
}

/// These hours on the next business day on which they touch no holiday.
pub(super) fn next_business_day(
    calendar: &OfficeCalendar,
    (starts, ends): (NaiveDateTime, NaiveDateTime),
) -> Option<NaiveDate> {
    let clear = |day: &NaiveDate| {
        let at = day.and_time(starts.time());
        touched(calendar, at, at + (ends - starts)).is_none()
    };
    (1..=FARTHEST).filter_map(|n| calendar.business_day_after(starts.date(), n)).find(clear)
}
