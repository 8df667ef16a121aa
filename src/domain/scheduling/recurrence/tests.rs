//! What a series must do: the RFC's examples, published workshops, nights on which clocks change, and a plain model.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

fn window(zone: &str, from: &str, until: &str) -> LocalWindow {
    LocalWindow::new(at(from), at(until), zone.parse().unwrap(), Some(Fold::Earlier)).unwrap()
}

fn starts(series: &Series) -> String {
    let said = series.occurrences.iter().map(|o| o.starts().format("%m-%dT%H:%M").to_string());
    said.collect::<Vec<_>>().join(" ")
}

fn days(first: &str, rule: &str) -> String {
    let first = window("America/New_York", &format!("{first}T09:00"), &format!("{first}T10:00"));
    let made = series(first, rule, 200, &[]).unwrap();
    let said = made.occurrences.iter().map(|o| o.starts().format("%y-%m-%d").to_string());
    said.collect::<Vec<_>>().join(" ")
}

/// RFC 5545, section 3.8.5.3, its examples by day, week and month from 1997 on.
#[test]
fn the_examples_of_the_rfc() {
    let check = |first: &str, rule: &str, expect: &str| assert_eq!(days(first, rule), expect, "{rule}");
    check("1997-09-02", "FREQ=DAILY;COUNT=3", "97-09-02 97-09-03 97-09-04");
    check("1997-09-02", "FREQ=DAILY;INTERVAL=10;COUNT=5", "97-09-02 97-09-12 97-09-22 97-10-02 97-10-12");
    check("1997-09-02", "FREQ=WEEKLY;WKST=SU;INTERVAL=2;COUNT=3", "97-09-02 97-09-16 97-09-30");
    check("1997-09-02", "FREQ=WEEKLY;UNTIL=19970923T130000Z", "97-09-02 97-09-09 97-09-16 97-09-23");
    check("1997-09-02", "FREQ=WEEKLY;UNTIL=19970923T125959Z", "97-09-02 97-09-09 97-09-16");
    check(
        "1997-09-02",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "97-09-02 97-09-04 97-09-16 97-09-18 97-09-30 97-10-02 97-10-14 97-10-16",
    );
    check("1997-09-05", "FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "97-09-05 97-10-03 97-11-07 97-12-05");
    check("1997-09-07", "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "97-09-07 97-09-28 97-11-02 97-11-30");
    check("1997-09-22", "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "97-09-22 97-10-20 97-11-17");
    check("1997-09-28", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "97-09-28 97-10-29 97-11-28");
    check("1997-09-02", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "97-09-02 97-09-15 97-10-02 97-10-15");
    check("1998-02-13", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4", "98-02-13 98-03-13 98-11-13 99-08-13");
    check("1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "97-09-04 97-10-07 97-11-06");
    check("1997-09-29", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "97-09-29 97-10-30 97-11-27");
    check("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "97-08-05 97-08-10 97-08-19 97-08-24");
    check("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "97-08-05 97-08-17 97-08-19 97-08-31");
    check("2007-01-15", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "07-01-15 07-01-30 07-02-15 07-03-15 07-03-30");
    check("2027-01-31", "rrule:freq=monthly;count=4", "27-01-31 27-03-31 27-05-31 27-07-31");
    check("2027-01-30", "FREQ=DAILY;BYMONTH=1;BYDAY=SA,SU;UNTIL=20280102", "27-01-30 27-01-31 28-01-01 28-01-02");
}

/// Worcester State, Backpack to Briefcase, in the candidate year 2019: two evenings, then four talks at 13:00. The
/// lengths of the talks were not published; an hour is chosen.
#[test]
fn worcester_is_two_short_series() {
    let zone = "America/New_York";
    let evenings = series(window(zone, "2019-02-25T18:00", "2019-02-25T19:00"), "FREQ=DAILY;COUNT=2", 200, &[]);
    assert_eq!(starts(&evenings.unwrap()), "02-25T18:00 02-26T18:00");
    let talks = window(zone, "2019-02-27T13:00", "2019-02-27T14:00");
    let talks = series(talks, "FREQ=WEEKLY;BYDAY=MO,TU,WE;COUNT=4", 200, &[]).unwrap();
    assert_eq!(starts(&talks), "02-27T13:00 03-04T13:00 03-05T13:00 03-06T13:00");
}

#[test]
fn the_wall_clock_stays_when_the_clocks_change() {
    let made = window("America/New_York", "2027-03-04T18:00", "2027-03-04T19:30");
    let made = series(made, "FREQ=WEEKLY;COUNT=3", 200, &[]).unwrap();
    let instants: Vec<_> = made.occurrences.iter().map(|o| o.window().start().to_string()).collect();
    assert_eq!(instants, ["2027-03-04T23:00:00Z", "2027-03-11T23:00:00Z", "2027-03-18T22:00:00Z"]);
    assert!(made.occurrences.iter().all(|o| o.ends().time() == at("2027-03-04T19:30").time()));
}

#[test]
fn what_the_clocks_skip_is_said_and_what_they_show_twice_is_the_earlier() {
    let skips = |zone: &str, from: &str, until: &str, wall: &str, before: &str, after: &str, left: &str| {
        let made = series(window(zone, from, until), "FREQ=WEEKLY;COUNT=3", 200, &[]).unwrap();
        let why = Skipped::ByTheClocks { wall: at(wall), before: at(before), after: at(after) };
        assert_eq!(made.skipped, [(at(wall).date(), why)], "{zone}");
        assert_eq!(starts(&made), left);
    };
    let before = "2027-03-14T01:59";
    let after = "2027-03-14T03:00";
    let left = "03-07T02:30 03-21T02:30";
    skips("America/New_York", "2027-03-07T02:30", "2027-03-07T04:00", "2027-03-14T02:30", before, after, left);
    let left = "03-07T01:00 03-21T01:00";
    skips("America/New_York", "2027-03-07T01:00", "2027-03-07T02:30", "2027-03-14T02:30", before, after, left);
    let (before, after, left) = ("2027-10-03T01:59", "2027-10-03T02:30", "09-26T02:15 10-10T02:15");
    skips("Australia/Lord_Howe", "2027-09-26T02:15", "2027-09-26T04:00", "2027-10-03T02:15", before, after, left);

    let twice = |zone: &str, from: &str, until: &str, minutes: i64| {
        let made = series(window(zone, from, until), "FREQ=WEEKLY;COUNT=3", 200, &[]).unwrap();
        assert_eq!((made.earlier_taken.as_slice(), made.skipped.len()), ([1].as_slice(), 0), "{zone}");
        assert_eq!(made.occurrences[1].window().length().num_minutes(), minutes);
    };
    twice("America/New_York", "2027-10-31T01:30", "2027-10-31T02:30", 120);
    twice("Australia/Melbourne", "2027-03-28T01:30", "2027-03-28T02:30", 60);
    twice("Australia/Lord_Howe", "2027-03-28T01:45", "2027-03-28T02:30", 75);
    let steady =
        series(window("Asia/Kolkata", "2027-03-28T02:30", "2027-03-28T03:30"), "FREQ=DAILY;COUNT=200", 200, &[]);
    let steady = steady.unwrap();
    assert_eq!((steady.occurrences.len(), steady.skipped.len(), steady.earlier_taken.len()), (200, 0, 0));
}

#[test]
fn days_off_are_left_out_by_name_and_count() {
    let off = |date: &str, name: &str| DayOff { date: date.parse().unwrap(), name: name.to_owned() };
    let days = [off("2027-03-16", "Spring break"), off("2027-03-18", "Spring break"), off("2027-03-20", "A fair")];
    let first = window("America/New_York", "2027-03-11T18:00", "2027-03-11T19:00");
    let made = series(first, "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=5", 200, &days).unwrap();
    assert_eq!(starts(&made), "03-11T18:00 03-23T18:00 03-25T18:00");
    let skipped: Vec<_> = made.skipped.iter().map(|(date, why)| format!("{date} {why}")).collect();
    assert_eq!(skipped, ["2027-03-16 It falls on Spring break.", "2027-03-18 It falls on Spring break."]);

    let night = window("America/New_York", "2027-03-18T22:00", "2027-03-19T01:00");
    assert_eq!(series(night, "FREQ=DAILY;COUNT=4", 200, &days).unwrap().skipped.len(), 3);
    let until_midnight = window("America/New_York", "2027-03-19T22:00", "2027-03-20T00:00");
    assert_eq!(series(until_midnight, "FREQ=DAILY;COUNT=1", 200, &days).unwrap().skipped.len(), 0);
}

#[test]
fn rules_that_cannot_be_are_refused_by_their_part() {
    let check = |rule: &str, field: &str, code: &str, said: &str| {
        let first = window("America/New_York", "2027-03-02T18:00", "2027-03-02T19:00");
        let invalid = series(first, rule, 100, &[]).unwrap_err();
        assert_eq!((invalid.field.as_str(), invalid.code), (field, code), "{rule}: {invalid}");
        assert!(invalid.detail.contains(said), "{rule}: {invalid}");
    };
    check("", "rule", "required", "empty");
    check("every Tuesday", "rule", "malformed", "EVERY TUESDAY");
    check("FREQ=WEEKLY;COUNT=3;", "rule", "malformed", "\"\"");
    check("FREQ=WEEKLY;COUNT=3;X", "rule", "malformed", "\"X\"");
    check("FREQ=WEEKLY;COUNT=3;FOO=1", "rule", "unknown_part", "FOO");
    check("FREQ=WEEKLY;COUNT=3;COUNT=3", "rule/COUNT", "twice", "COUNT");
    check("FREQ=WEEKLY", "rule", "endless", "COUNT or UNTIL");
    check("FREQ=WEEKLY;COUNT=3;UNTIL=20270401", "rule/UNTIL", "twice", "both");
    check("COUNT=3", "rule/FREQ", "required", "how often");
    check("FREQ=HOURLY;COUNT=3", "rule/FREQ", "not_supported", "HOURLY");
    check("FREQ=YEARLY;COUNT=3", "rule/FREQ", "not_supported", "YEARLY");
    check("FREQ=OFTEN;COUNT=3", "rule/FREQ", "malformed", "OFTEN");
    check("FREQ=WEEKLY;BYHOUR=9;COUNT=3", "rule/BYHOUR", "not_supported", "BYHOUR=9");
    check("FREQ=WEEKLY;BYDAY=2TU;COUNT=3", "rule/BYDAY", "not_supported", "MONTHLY");
    check("FREQ=WEEKLY;BYDAY=TUE;COUNT=3", "rule/BYDAY", "malformed", "TUE");
    check("FREQ=WEEKLY;BYDAY=É;COUNT=3", "rule/BYDAY", "malformed", "É");
    check("FREQ=MONTHLY;BYDAY=6TU;COUNT=3", "rule/BYDAY", "malformed", "6TU");
    check("FREQ=WEEKLY;BYDAY=;COUNT=3", "rule/BYDAY", "required", "no value");
    check("FREQ=WEEKLY;BYMONTHDAY=2;COUNT=3", "rule/BYMONTHDAY", "not_supported", "WEEKLY");
    check("FREQ=MONTHLY;BYMONTHDAY=0;COUNT=3", "rule/BYMONTHDAY", "malformed", "\"0\"");
    check("FREQ=MONTHLY;BYMONTHDAY=-32;COUNT=3", "rule/BYMONTHDAY", "malformed", "-32");
    check("FREQ=MONTHLY;BYSETPOS=1;COUNT=3", "rule/BYSETPOS", "required", "BYDAY");
    check("FREQ=WEEKLY;INTERVAL=0;COUNT=3", "rule/INTERVAL", "malformed", "\"0\"");
    check("FREQ=WEEKLY;INTERVAL=+2;COUNT=3", "rule/INTERVAL", "malformed", "+2");
    check("FREQ=WEEKLY;COUNT=0", "rule/COUNT", "malformed", "\"0\"");
    check("FREQ=WEEKLY;COUNT=101", "rule/COUNT", "too_many", "101 is more than 100");
    check("FREQ=DAILY;UNTIL=20271231", "rule/UNTIL", "too_many", "more than 100");
    check("FREQ=DAILY;UNTIL=2027-12-31", "rule/UNTIL", "malformed", "2027-12-31");
    check("FREQ=DAILY;UNTIL=20270431", "rule/UNTIL", "malformed", "20270431");
    check("FREQ=DAILY;UNTIL=20270301", "first", "not_in_rule", "gives none");
    check("FREQ=WEEKLY;WKST=XX;COUNT=3", "rule/WKST", "malformed", "XX");
    check(
        "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
        "first",
        "not_in_rule",
        "Tuesday 2 March 2027 is no date that the rule gives; its first is Wednesday 3 March",
    );
    check("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "first", "not_in_rule", "none");
    check("FREQ=DAILY;BYMONTH=3;BYMONTHDAY=2;BYDAY=TU;COUNT=50", "rule/COUNT", "too_few", "in 40 years, not 50");
    let long = window("America/New_York", "2027-03-02T18:00", "2027-03-03T18:01");
    assert_eq!(series(long, "FREQ=DAILY;COUNT=2", 200, &[]).unwrap_err().code, "overlaps");
    assert_eq!(series(long, "FREQ=DAILY;COUNT=2", 201, &[]).unwrap_err().field, "limit");
}

proptest! {
    /// A plain model: look at every day and ask whether its week, month and weekday are meant.
    #[test]
    fn every_day_that_is_meant_is_given_and_no_other(
        begin in 0..3000_u64, weekly in any::<bool>(), interval in 1..5_u16, others in prop::collection::btree_set(0..7_u8, 0..4),
        sunday in any::<bool>(), count in 1..60_usize,
    ) {
        let begin = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Days::new(begin);
        let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let number = |date: NaiveDate| u8::try_from(date.weekday().num_days_from_monday()).unwrap();
        let mut wanted = others;
        wanted.insert(number(begin));
        let by_day: Vec<_> = wanted.iter().map(|day| names[usize::from(*day)]).collect();
        let (freq, wkst) = (if weekly { "WEEKLY" } else { "MONTHLY" }, if sunday { "SU" } else { "MO" });
        let rule = format!("FREQ={freq};INTERVAL={interval};BYDAY={};WKST={wkst};COUNT={count}", by_day.join(","));
        let period = |date: NaiveDate| if weekly {
            (i64::from(date.num_days_from_ce()) - i64::from(!sunday)).div_euclid(7)
        } else {
            i64::from(date.year()) * 12 + i64::from(date.month0())
        };
        let meant = |date: &NaiveDate| {
            (period(*date) - period(begin)) % i64::from(interval) == 0 && wanted.contains(&number(*date))
        };
        let expect: Vec<_> = begin.iter_days().filter(meant).take(count).collect();
        let noon = begin.and_hms_opt(12, 0, 0).unwrap();
        let first = LocalWindow::new(noon, noon + chrono::TimeDelta::hours(1), Zone::UTC, None).unwrap();
        let made = series(first, &rule, 200, &[]).unwrap();
        let got: Vec<_> = made.occurrences.iter().map(|o| o.starts().date()).collect();
        prop_assert_eq!(got, expect, "{} {}", begin, rule);
    }

    #[test]
    fn no_text_makes_it_fail(rule in "(FREQ=(DAILY|WEEKLY|MONTHLY);)?([A-Z]{1,8}=[-+0-9A-Z,é]{0,8};?){0,4}(COUNT=[0-9]{1,5})?") {
        let first = window("America/New_York", "2027-03-02T18:00", "2027-03-02T19:00");
        if let Ok(made) = series(first, &rule, 200, &[]) {
            prop_assert!(made.occurrences.len() + made.skipped.len() <= 200);
            prop_assert_eq!(made.occurrences[0], first);
        }
    }
}
