//! What a rule must do: the RFC's examples, refusals by part, and a plain model.

use proptest::prelude::*;

use super::*;
use crate::domain::time::{Fold, Zone};

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

fn window(zone: &str, from: &str, until: &str) -> LocalWindow {
    LocalWindow::new(at(from), at(until), zone.parse().unwrap(), Some(Fold::Earlier)).unwrap()
}

fn days(first: &str, rule: &str) -> String {
    let first = window("America/New_York", &format!("{first}T09:00"), &format!("{first}T10:00"));
    let made = dates(first, rule, 200).unwrap();
    made.iter().map(|date| date.format("%y-%m-%d").to_string()).collect::<Vec<_>>().join(" ")
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

#[test]
fn rules_that_cannot_be_are_refused_by_their_part() {
    let check = |rule: &str, field: &str, code: &str, said: &str| {
        let first = window("America/New_York", "2027-03-02T18:00", "2027-03-02T19:00");
        let invalid = dates(first, rule, 100).unwrap_err();
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
    let first = window("America/New_York", "2027-03-02T18:00", "2027-03-02T19:00");
    assert_eq!(dates(first, "FREQ=DAILY;COUNT=2", 201).unwrap_err().field, "limit");
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
        prop_assert_eq!(dates(first, &rule, 200).unwrap(), expect, "{} {}", begin, rule);
    }

    #[test]
    fn no_text_makes_it_fail(rule in "(FREQ=(DAILY|WEEKLY|MONTHLY);)?([A-Z]{1,8}=[-+0-9A-Z,é]{0,8};?){0,4}(COUNT=[0-9]{1,5})?") {
        let first = window("America/New_York", "2027-03-02T18:00", "2027-03-02T19:00");
        if let Ok(made) = dates(first, &rule, 200) {
            prop_assert!(made.len() <= 200);
            prop_assert_eq!(made[0], first.starts().date());
        }
    }
}
