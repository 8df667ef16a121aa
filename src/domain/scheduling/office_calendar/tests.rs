//! Business days, office hours and terms, by table and by definition.

use chrono::NaiveDateTime;
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn hours(from: &str, until: &str) -> DayHours {
    DayHours::parse(from, until).unwrap()
}

fn week(hours: &[DayHours]) -> Vec<WorkingDay> {
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    days.into_iter().map(|day| WorkingDay { day, hours: hours.to_vec() }).collect()
}

fn holiday(name: &str, first: &str, last: &str) -> Holiday {
    Holiday::new(name, date(first), date(last)).unwrap()
}

fn term(name: &str, year: &str, first: &str, last: &str) -> Term {
    Term::new(name, year, date(first), date(last)).unwrap()
}

fn office() -> OfficeCalendar {
    let holidays = vec![
        holiday("Thanksgiving", "2026-11-26", "2026-11-27"),
        holiday("Founders\u{2019} Day", "2027-03-01", "2027-03-01"),
    ];
    let terms = vec![
        term("Fall 2026", "2026-27", "2026-08-24", "2026-12-18"),
        term("Spring 2027", "2026-27", "2027-01-19", "2027-05-14"),
        term("Fall 2027", "2027-28", "2027-08-23", "2027-12-17"),
    ];
    let hours = [hours("08:00", "12:00"), hours("13:00", "17:00")];
    OfficeCalendar::new("America/New_York".parse().unwrap(), week(&hours), holidays, terms).unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

#[test]
fn the_two_ways_of_counting_business_days() {
    let check = |from: &str, n: u16, nth: &str, clear: &str| {
        assert_eq!(office().business_day_before(date(from), n), Some(date(nth)), "{n} before {from}");
        assert_eq!(office().business_day_with_clear(date(from), n), Some(date(clear)), "{n} clear before {from}");
    };
    check("2027-03-05", 1, "2027-03-04", "2027-03-03");
    // Monday 1 March is a holiday, 27 and 28 February a weekend.
    check("2027-03-04", 2, "2027-03-02", "2027-02-26");
    check("2027-03-02", 1, "2027-02-26", "2027-02-25");
    // From a Sunday, and over the four days of Thanksgiving.
    check("2027-03-07", 1, "2027-03-05", "2027-03-04");
    check("2026-11-30", 1, "2026-11-25", "2026-11-24");
    assert_eq!(office().business_day_after(date("2027-02-26"), 1), Some(date("2027-03-02")));
    assert_eq!(office().business_day_before(date("2027-03-06"), 0), Some(date("2027-03-06")));
}

#[test]
fn a_calendar_that_is_all_holidays_has_no_business_day() {
    let years = (2010..2030).map(|year| holiday("Closed", &format!("{year}-01-01"), &format!("{year}-12-31")));
    let closed = OfficeCalendar::new(Zone::UTC, week(&[hours("08:00", "17:00")]), years.collect(), vec![]).unwrap();
    assert_eq!(closed.business_day_before(date("2029-06-01"), 1), None);
    assert_eq!(closed.office_instant_at_or_before(Zone::UTC.day_start(date("2029-06-01"))), None);
}

#[test]
fn the_last_office_instant() {
    let office = office();
    let check = |at: &str, expect: &str| {
        let at = office.zone().at_or_after(wall(at));
        let found = office.office_instant_at_or_before(at).unwrap();
        assert_eq!(found.wall(office.zone()), wall(expect), "{at}");
    };
    check("2027-03-04T09:30", "2027-03-04T09:30");
    check("2027-03-04T12:30", "2027-03-04T12:00");
    check("2027-03-04T17:00", "2027-03-04T17:00");
    check("2027-03-04T17:01", "2027-03-04T17:00");
    check("2027-03-04T07:59", "2027-03-03T17:00");
    // Over a holiday and a weekend.
    check("2027-03-01T10:00", "2027-02-26T17:00");
}

#[test]
fn hours_that_the_clocks_skip_are_none() {
    let sunday = WorkingDay { day: Weekday::Sun, hours: vec![hours("00:00", "01:00"), hours("02:00", "03:00")] };
    let office = OfficeCalendar::new("America/New_York".parse().unwrap(), vec![sunday], vec![], vec![]).unwrap();
    let found = |at: &str| {
        let at = office.zone().at_or_after(wall(at));
        office.office_instant_at_or_before(at).unwrap().wall(office.zone()).to_string()
    };
    assert_eq!(found("2027-03-14T12:00"), "2027-03-14 01:00:00");
    assert_eq!(found("2027-03-21T12:00"), "2027-03-21 03:00:00");
}

#[test]
fn a_break_lies_in_no_term_and_counts_with_the_next() {
    let check = |at: &str, term: Option<&str>, year: Option<&str>, counted: (Option<&str>, Option<&str>)| {
        let (office, at) = (office(), date(at));
        assert_eq!(office.term_on(at).map(Term::name), term, "{at}");
        assert_eq!(office.academic_year_on(at).map(|year| year.label.as_str()), year, "{at}");
        let (by_term, by_year) = (office.counting_term(at), office.counting_year(at));
        assert_eq!((by_term.name.as_deref(), by_year.name.as_deref()), counted, "{at}");
        assert!(by_term.holds(at) && by_year.holds(at), "{at}");
    };
    check("2026-07-01", None, None, (Some("Fall 2026"), Some("2026-27")));
    check("2026-12-18", Some("Fall 2026"), Some("2026-27"), (Some("Fall 2026"), Some("2026-27")));
    check("2026-12-25", None, Some("2026-27"), (Some("Spring 2027"), Some("2026-27")));
    check("2027-05-15", None, None, (Some("Fall 2027"), Some("2027-28")));
    check("2027-12-18", None, None, (None, None));
    let open = office().counting_term(date("2028-02-01"));
    assert_eq!(open, CountingPeriod { name: None, first: Some(date("2027-12-18")), last: None });
}

#[test]
fn what_cannot_be_a_calendar_is_refused_by_name() {
    let check = |days: Vec<WorkingDay>, holidays: usize, terms: Vec<Term>, field: &str, code: &str| {
        let holidays = vec![holiday("Day", "2027-01-01", "2027-01-01"); holidays];
        let fault = OfficeCalendar::new(Zone::UTC, days, holidays, terms).unwrap_err();
        assert_eq!((fault.field.as_str(), fault.code), (field, code));
    };
    let twice = |day| WorkingDay { day, hours: vec![] };
    check(vec![], 0, vec![], "working_days", "required");
    check(vec![twice(Weekday::Mon), twice(Weekday::Mon)], 0, vec![], "working_days/1/day", "repeated");
    check(
        week(&[hours("08:00", "12:00"), hours("11:00", "17:00")]),
        0,
        vec![],
        "working_days/0/hours/1/from",
        "overlaps",
    );
    check(week(&[]), 401, vec![], "holidays", "too_many");
    let terms = [("A", "2027-01-01", "2027-02-01"), ("A", "2027-02-01", "2027-03-01")];
    let overlapping = terms.map(|(year, first, last)| term("T", year, first, last)).to_vec();
    check(week(&[]), 0, overlapping, "terms/1/first", "overlaps");
    let returning =
        [("A", "2027-01-01", "2027-02-01"), ("B", "2027-03-01", "2027-04-01"), ("A", "2027-05-01", "2027-06-01")];
    let returning = returning.map(|(year, first, last)| term("T", year, first, last)).to_vec();
    check(week(&[]), 0, returning, "terms/2/academic_year", "repeated");
    let fault = |first: &str, last: &str| Holiday::new("Day", date(first), date(last)).unwrap_err();
    assert_eq!(
        (fault("2027-01-02", "2027-01-01").field.as_str(), fault("2027-01-02", "2027-01-01").code),
        ("last", "reversed")
    );
    assert_eq!(fault("2027-01-01", "2028-01-02").code, "too_long");
    assert_eq!(fault("1066-10-14", "1066-10-14").code, "out_of_range");
}

fn any_calendar() -> impl Strategy<Value = OfficeCalendar> {
    let days = prop::sample::subsequence(
        vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun],
        1..=7,
    );
    let holidays = prop::collection::vec((0_u64..60, 0_u64..4), 0..6);
    let zone = prop::sample::select(vec!["America/New_York", "UTC", "Pacific/Chatham", "Australia/Lord_Howe"]);
    (zone, days, holidays, 0_u16..40, 1_u16..20, 0_u16..10).prop_map(|(zone, days, holidays, from, long, gap)| {
        let (open, close) = (from * 15, (from + long) * 15);
        let second = DayHours::new(close + gap * 15, close + gap * 15 + 60).unwrap();
        let hours = vec![DayHours::new(open, close).unwrap(), second];
        let working = days.into_iter().map(|day| WorkingDay { day, hours: hours.clone() }).collect();
        let start = date("2027-10-01");
        let holiday = |(at, long)| {
            let first = start + Days::new(at);
            Holiday::new("Day", first, first + Days::new(long)).unwrap()
        };
        let holidays = holidays.into_iter().map(holiday).collect();
        OfficeCalendar::new(zone.parse().unwrap(), working, holidays, vec![]).unwrap()
    })
}

proptest! {
    /// n whole business days lie between the day that is found and the date, and the day after it would leave fewer.
    #[test]
    fn clear_business_days_are_clear(office in any_calendar(), at in 0_u64..70, n in 1_u16..12) {
        let day = date("2027-10-01") + Days::new(at);
        let found = office.business_day_with_clear(day, n).unwrap();
        let between = |from: NaiveDate| from.iter_days().skip(1).take_while(|d| *d < day).filter(|d| office.is_business_day(*d)).count();
        prop_assert!(office.is_business_day(found));
        prop_assert_eq!(between(found), usize::from(n));
        // The other reading: the day found is the (n + 1)-th before.
        prop_assert_eq!(office.business_day_before(day, n + 1), Some(found));
    }

    /// Nothing later, up to the instant asked for, is an instant of office hours; by the minute, over changes of the clocks.
    #[test]
    fn no_later_minute_is_open(office in any_calendar(), minute in 0_i64..60 * 24 * 60) {
        let at = Zone::UTC.day_start(date("2027-10-02")).plus(TimeDelta::minutes(minute));
        let found = office.office_instant_at_or_before(at).unwrap();
        prop_assert!(found <= at);
        let open = |at: Instant| {
            let wall = at.wall(office.zone());
            let minute = i64::from(chrono::Timelike::num_seconds_from_midnight(&wall)) / 60;
            office.is_business_day(wall.date())
                && office.working_days().iter().any(|day| day.day == wall.weekday()
                    && day.hours.iter().any(|h| i64::from(h.from()) <= minute && minute < i64::from(h.until())))
        };
        let mut later = at;
        // Open minutes after the one that was found can only be a second pass of hours on the night the clocks go back.
        while later > found {
            let second_pass = later.plus(TimeDelta::hours(-1)).wall(office.zone()) == later.wall(office.zone())
                || later.plus(TimeDelta::minutes(-30)).wall(office.zone()) == later.wall(office.zone());
            prop_assert!(!open(later) || second_pass, "{} is open, {} was found for {}", later, found, at);
            later = later.plus(TimeDelta::minutes(-1));
        }
    }
}
