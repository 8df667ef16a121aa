//! What a series must do: published workshops, holidays, nights on which clocks change, and meetings that follow one.

use chrono::NaiveDate;

use super::*;
use crate::domain::{
    scheduling::office_calendar::{Holiday, WorkingDay},
    time::Zone,
};

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn window(zone: &str, from: &str, until: &str) -> LocalWindow {
    LocalWindow::new(at(from), at(until), zone.parse().unwrap(), Some(Fold::Earlier)).unwrap()
}

/// An office that works Monday to Friday, with these holidays.
fn office(zone: &str, holidays: &[(&str, &str, &str)]) -> OfficeCalendar {
    use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
    let days = [Mon, Tue, Wed, Thu, Fri].map(|day| WorkingDay { day, hours: Vec::new() });
    let holiday = |(name, first, last): &(&str, &str, &str)| Holiday::new(name, date(first), date(last)).unwrap();
    let holidays = holidays.iter().map(holiday).collect();
    OfficeCalendar::new(zone.parse().unwrap(), days.to_vec(), holidays, Vec::new()).unwrap()
}

/// The meetings, what is left out, and what is blocked, in a line each.
fn told(plan: &Plan) -> [String; 3] {
    let meetings = plan.meetings.iter().map(|meeting| meeting.when.starts().format("%m-%dT%H:%M").to_string());
    let off = |off: &Off| match off.moved_to {
        Some(to) => format!("{} {} to {to}", off.date, off.why.as_str()),
        None => format!("{} {}", off.date, off.why.as_str()),
    };
    let joined = |list: Vec<String>| list.join(", ");
    [
        meetings.collect::<Vec<_>>().join(" "),
        joined(plan.left_out.iter().map(off).collect()),
        joined(plan.blocked.iter().map(off).collect()),
    ]
}

struct Wish<'a> {
    zone: &'a str,
    from: &'a str,
    until: &'a str,
    rule: &'a str,
    fold: Option<Fold>,
    on_holiday: OnHoliday,
    holidays: &'a [(&'a str, &'a str, &'a str)],
}

const NY: &str = "America/New_York";
const WEEKLY: Wish<'_> = Wish {
    zone: NY,
    from: "2027-03-04T18:00",
    until: "2027-03-04T19:30",
    rule: "FREQ=WEEKLY;COUNT=3",
    fold: None,
    on_holiday: OnHoliday::Refuse,
    holidays: &[],
};

fn planned(wish: &Wish<'_>) -> Plan {
    plan(&Asked {
        first: window(wish.zone, wish.from, wish.until),
        rule: Some(wish.rule),
        fold: wish.fold,
        excluded: &[],
        exceptions: &[],
        extra: &[],
        on_holiday: wish.on_holiday,
        calendar: &office(wish.zone, wish.holidays),
    })
    .unwrap()
}

#[test]
fn the_wall_clock_stays_when_the_clocks_change() {
    let made = planned(&WEEKLY);
    let instants: Vec<_> = made.meetings.iter().map(|m| m.when.window().start().to_string()).collect();
    assert_eq!(instants, ["2027-03-04T23:00:00Z", "2027-03-11T23:00:00Z", "2027-03-18T22:00:00Z"]);
    assert!(made.meetings.iter().all(|m| m.when.ends().time() == at("2027-03-04T19:30").time()));
}

#[test]
fn what_the_clocks_skip_or_show_twice_is_named_and_not_guessed() {
    let check = |zone, from, until, fold, expect: &str| {
        let made = planned(&Wish { zone, from, until, fold, ..WEEKLY });
        assert_eq!(told(&made)[2], expect, "{zone} {from} {fold:?}");
        assert_eq!(made.meetings.len(), if expect.is_empty() { 3 } else { 2 });
    };
    check(NY, "2027-03-07T02:30", "2027-03-07T04:00", None, "2027-03-14 time_skipped");
    check(NY, "2027-03-07T01:00", "2027-03-07T02:30", None, "2027-03-14 time_skipped");
    check("Australia/Lord_Howe", "2027-09-26T02:15", "2027-09-26T04:00", Some(Fold::Later), "2027-10-03 time_skipped");
    check(NY, "2027-10-31T01:30", "2027-10-31T02:30", None, "2027-11-07 time_twice");
    check(NY, "2027-10-31T01:30", "2027-10-31T02:30", Some(Fold::Earlier), "");
    check("Australia/Melbourne", "2027-03-28T01:30", "2027-03-28T02:30", None, "2027-04-04 time_twice");
    check("Asia/Kolkata", "2027-03-28T02:30", "2027-03-28T03:30", None, "");
    let skipped = planned(&Wish { from: "2027-03-07T02:30", until: "2027-03-07T04:00", ..WEEKLY });
    let said = skipped.blocked[0].why.to_string();
    assert_eq!(said, "The clocks skip 2027-03-14 02:30: they go from 2027-03-14 01:59 to 2027-03-14 03:00.");
    let later = Wish { from: "2027-10-31T01:30", until: "2027-10-31T02:30", fold: Some(Fold::Later), ..WEEKLY };
    assert_eq!(planned(&later).meetings[1].when.window().length().num_minutes(), 60, "the later of the two is meant");
}

#[test]
fn a_holiday_is_skipped_moved_or_refused_as_was_said() {
    let holidays: &[_] = &[("Spring break", "2027-03-08", "2027-03-12"), ("Founders' day", "2027-03-15", "2027-03-15")];
    let check = |on_holiday, expect: [&str; 3]| {
        assert_eq!(told(&planned(&Wish { on_holiday, holidays, ..WEEKLY })), expect, "{on_holiday}");
    };
    let two = "03-04T18:00 03-18T18:00";
    check(OnHoliday::Skip, [two, "2027-03-11 holiday", ""]);
    check(OnHoliday::Refuse, [two, "", "2027-03-11 holiday"]);
    // The weekend and the holiday after it are no business days.
    check(OnHoliday::Move, ["03-04T18:00 03-16T18:00 03-18T18:00", "2027-03-11 holiday to 2027-03-16", ""]);
    let night = Wish { until: "2027-03-05T01:00", holidays: &[("Snow day", "2027-03-12", "2027-03-12")], ..WEEKLY };
    assert_eq!(told(&planned(&night))[2], "2027-03-11 holiday", "a night that reaches into it");
    let to_midnight = Wish { until: "2027-03-05T00:00", ..night };
    assert_eq!(told(&planned(&to_midnight))[2], "", "midnight is not the next day");
    // Put to the next business day it would meet the following meeting: that is somebody's to decide.
    let daily = Wish {
        rule: "FREQ=WEEKLY;BYDAY=TH,FR;COUNT=2",
        on_holiday: OnHoliday::Move,
        holidays: &[("Snow day", "2027-03-04", "2027-03-04")],
        ..WEEKLY
    };
    assert_eq!(told(&planned(&daily))[1..], ["2027-03-04 holiday to 2027-03-05", "2027-03-05 overlaps"]);
}

/// Worcester State, Backpack to Briefcase, in the candidate year 2019: two evenings and four afternoons by one rule, with
/// hours of their own, and two meetings on a Thursday beside it. Ends that were not published are chosen.
#[test]
fn worcester_is_one_rule_with_exceptions() {
    let of = |day: &str, from: &str, until: &str| window(NY, &format!("{day}T{from}"), &format!("{day}T{until}"));
    let exceptions = [
        (date("2019-02-26"), Some(of("2019-02-26", "18:00", "19:00"))),
        (date("2019-02-27"), Some(of("2019-02-27", "13:00", "14:00"))),
        (date("2019-03-04"), Some(of("2019-03-04", "13:00", "14:00"))),
        (date("2019-03-05"), Some(of("2019-03-05", "13:00", "14:00"))),
        (date("2019-03-06"), Some(of("2019-03-06", "13:00", "15:00"))),
    ];
    let made = plan(&Asked {
        first: of("2019-02-25", "18:00", "20:00"),
        rule: Some("FREQ=WEEKLY;BYDAY=MO,TU,WE;COUNT=6"),
        fold: None,
        excluded: &[],
        exceptions: &exceptions,
        extra: &[of("2019-03-07", "16:00", "17:30"), of("2019-03-07", "18:00", "20:00")],
        on_holiday: OnHoliday::Refuse,
        calendar: &office(NY, &[]),
    });
    let [meetings, ..] = told(&made.unwrap());
    let expect = "02-25T18:00 02-26T18:00 02-27T13:00 03-04T13:00 03-05T13:00 03-06T13:00 03-07T16:00 03-07T18:00";
    assert_eq!(meetings, expect);
}

#[test]
fn what_was_said_of_a_date_stands_and_must_be_about_one() {
    let calendar = office(NY, &[("Spring break", "2027-03-08", "2027-03-12")]);
    let first = window(NY, "2027-03-04T18:00", "2027-03-04T19:00");
    let asked = Asked {
        first,
        rule: Some("FREQ=WEEKLY;COUNT=4"),
        fold: None,
        excluded: &[date("2027-03-18")],
        exceptions: &[(date("2027-03-11"), Some(window(NY, "2027-03-11T20:00", "2027-03-11T21:00")))],
        extra: &[window(NY, "2027-03-12T18:00", "2027-03-12T19:00")],
        on_holiday: OnHoliday::Refuse,
        calendar: &calendar,
    };
    let made = plan(&asked).unwrap();
    let expect = ["03-04T18:00 03-11T20:00 03-12T18:00 03-25T18:00", "2027-03-18 excluded", ""];
    assert_eq!(told(&made), expect);
    let holidays: Vec<_> = made.meetings.iter().map(|meeting| meeting.holiday.as_deref()).collect();
    assert_eq!(holidays, [None, Some("Spring break"), Some("Spring break"), None], "named, since it was said");

    let faults = |asked: Asked<'_>| {
        let faults = plan(&asked).unwrap_err();
        faults.into_iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect::<Vec<_>>()
    };
    let friday = [date("2027-03-05"), date("2027-03-25"), date("2027-03-25")];
    assert_eq!(
        faults(Asked { excluded: &friday, ..asked }),
        ["excluded_dates/0 not_in_rule", "excluded_dates/2 repeated"]
    );
    let both = [date("2027-03-11")];
    assert_eq!(faults(Asked { excluded: &both, ..asked }), ["exceptions/0/date repeated"]);
    assert_eq!(faults(Asked { rule: Some("FREQ=WEEKLY;BYDAY=MO;COUNT=4"), ..asked }), ["starts_local not_in_rule"]);
    assert_eq!(faults(Asked { rule: Some("FREQ=WEEKLY;COUNT=101"), ..asked }), ["rule too_many"]);
    assert_eq!(faults(Asked { rule: Some("FREQ=MONTHLY;BYDAY=TH;BYMONTHDAY=4;COUNT=40"), ..asked })[2], "rule too_far");
    let far = [window(NY, "2030-03-12T18:00", "2030-03-12T19:00")];
    assert_eq!(faults(Asked { extra: &far, ..asked }), ["extra_meetings/0/starts_local too_far"]);
    let all = [date("2027-03-04")];
    let nothing = Asked { rule: None, excluded: &all, exceptions: &[], extra: &[], ..asked };
    assert_eq!(faults(nothing), ["rule too_few"]);
}

#[test]
fn those_after_one_follow_it() {
    let calendar = office(NY, &[("Spring break", "2027-03-22", "2027-03-26")]);
    let of = |day: &str, from: &str, until: &str| window(NY, &format!("{day}T{from}"), &format!("{day}T{until}"));
    let others = [of("2027-03-11", "18:00", "19:00"), of("2027-03-18", "18:00", "20:00")];
    let check = |to: LocalWindow, fold, on_holiday, expect: [&str; 2]| {
        let from = of("2027-03-04", "18:00", "19:00");
        let how = Following { from, to, fold, on_holiday, calendar: &calendar };
        let got = follow(&how, &others).into_iter().map(|one| match one {
            Ok(when) => format!("{} {}", when.starts().format("%m-%dT%H:%M"), when.ends().format("%H:%M")),
            Err(why) => why.as_str().to_owned(),
        });
        assert_eq!(got.collect::<Vec<_>>(), expect, "{to:?}");
    };
    let refuse = OnHoliday::Refuse;
    check(of("2027-03-04", "17:00", "18:30"), None, refuse, ["03-11T17:00 18:30", "03-18T17:00 19:30"]);
    check(of("2027-03-08", "18:00", "19:00"), None, refuse, ["03-15T18:00 19:00", "holiday"]);
    check(of("2027-03-08", "18:00", "19:00"), None, OnHoliday::Move, ["03-15T18:00 19:00", "03-29T18:00 20:00"]);
    check(of("2027-03-07", "02:30", "03:30"), None, refuse, ["time_skipped", "03-21T02:30 04:30"]);
    check(of("2027-03-04", "18:00", "19:00"), None, refuse, ["03-11T18:00 19:00", "03-18T18:00 20:00"]);
}

#[test]
fn zones_without_changes_are_left_alone() {
    let daily = Wish {
        zone: "Asia/Kolkata",
        from: "2027-03-28T02:30",
        until: "2027-03-28T03:30",
        rule: "FREQ=DAILY;COUNT=100",
        ..WEEKLY
    };
    let made = planned(&daily);
    assert_eq!((made.meetings.len(), made.blocked.len()), (100, 0));
    let zone: Zone = "Asia/Kolkata".parse().unwrap();
    assert!(made.meetings.iter().all(|meeting| meeting.when.window().start().wall(zone) == meeting.when.starts()));
}
