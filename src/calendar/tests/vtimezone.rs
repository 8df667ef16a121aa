use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use ical::generator::Emitter;

use super::{
    super::{text::Wire, vtimezone::vtimezone},
    zone,
};
use crate::domain::time::{Instant, Window, Zone};

/// Zones whose clocks follow no yearly rule, which take more than one observance of a kind.
const UNRULY: [&str; 4] = ["Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"];

fn window(first: &str, last: &str) -> Window {
    let day = |text: &str| Instant::from(text.parse::<NaiveDate>().unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc());
    Window::new(day(first), day(last)).unwrap()
}

/// A VTIMEZONE as a program reads it that knows nothing of chrono-tz.
struct Reader {
    /// UTC and wall time of each onset, and the offset from then on; in order.
    onsets: Vec<(NaiveDateTime, NaiveDateTime, i32)>,
    standards: usize,
    daylights: usize,
}

impl Reader {
    fn of(text: &str, until: i32) -> Self {
        let mut reader = Self { onsets: Vec::new(), standards: 0, daylights: 0 };
        for part in text.replace("\r\n ", "").split("BEGIN:").skip(2) {
            let value = |name: &str| {
                part.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::to_owned)
            };
            let is_daylight = part.starts_with("DAYLIGHT");
            *(if is_daylight { &mut reader.daylights } else { &mut reader.standards }) += 1;
            let (from, to) = (seconds(&value("TZOFFSETFROM").unwrap()), seconds(&value("TZOFFSETTO").unwrap()));
            assert!(!is_daylight || to > from, "DAYLIGHT is a jump forward");
            let start = NaiveDateTime::parse_from_str(&value("DTSTART").unwrap(), "%Y%m%dT%H%M%S").unwrap();
            let mut walls = vec![start];
            if let Some(rule) = value("RRULE") {
                let years = start.year()..=until;
                let expanded = years.flat_map(|year| expand(&rule, year)).map(|date| date.and_time(start.time()));
                walls = expanded.filter(|wall| *wall >= start).collect();
                assert_eq!(walls[0], start, "DTSTART is the rule's first date");
            }
            reader.onsets.extend(walls.into_iter().map(|wall| (wall - TimeDelta::seconds(from.into()), wall, to)));
        }
        reader.onsets.sort_unstable();
        reader
    }

    fn at(&self, utc: NaiveDateTime) -> i32 {
        self.onsets.iter().rev().find(|(onset, ..)| *onset <= utc).expect("defined this early").2
    }

    fn at_wall(&self, wall: NaiveDateTime) -> i32 {
        self.onsets.iter().rev().find(|(_, onset, _)| *onset <= wall).expect("defined this early").2
    }
}

fn seconds(offset: &str) -> i32 {
    let (sign, digits) = offset.split_at(1);
    let part = |at: usize| digits.get(at..at + 2).map_or(0, |part| part.parse::<i32>().unwrap());
    (if sign == "-" { -1 } else { 1 }) * (part(0) * 3600 + part(2) * 60 + part(4))
}

/// The dates of `year` that `FREQ=YEARLY;BYMONTH=…;[BYMONTHDAY=…;]BYDAY=…` names.
fn expand(rule: &str, year: i32) -> Vec<NaiveDate> {
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    assert_eq!(part("FREQ"), Some("YEARLY"));
    let month: u32 = part("BYMONTH").unwrap().parse().unwrap();
    let (nth, day) = part("BYDAY").unwrap().split_at(part("BYDAY").unwrap().len() - 2);
    let weekday: Weekday = match day {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        other => panic!("{other}"),
    };
    let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
    let mut days: Vec<NaiveDate> = (0..31).map(|day| first + Days::new(day)).collect();
    days.retain(|date| date.month() == month && date.weekday() == weekday);
    if let Some(of_month) = part("BYMONTHDAY") {
        let of_month: Vec<u32> = of_month.split(',').map(|day| day.parse().unwrap()).collect();
        days.retain(|date| of_month.contains(&date.day()));
    }
    match nth.parse::<i32>() {
        Ok(-1) => days.last().copied().into_iter().collect(),
        Ok(nth) => days.get(usize::try_from(nth - 1).unwrap()).copied().into_iter().collect(),
        Err(_) => days,
    }
}

fn truth(zone: Zone, utc: NaiveDateTime) -> i32 {
    zone.tz().offset_from_utc_datetime(&utc).fix().local_minus_utc()
}

fn hours(from: NaiveDateTime, until: NaiveDateTime, step: i64) -> impl Iterator<Item = NaiveDateTime> {
    std::iter::successors(Some(from), move |at| Some(*at + TimeDelta::hours(step))).take_while(move |at| *at <= until)
}

/// Reads back what is written for `used` and compares it with chrono-tz throughout, each minute around each change.
fn check(zone: Zone, used: Window, step: i64) -> Reader {
    let text = Wire(&vtimezone(zone, used)).generate();
    super::text::check_lines(&text);
    let reader = Reader::of(&text, used.end().utc().year() + 2);
    assert!(reader.standards >= 1, "{zone}: no STANDARD\n{text}");
    let agree = |utc: NaiveDateTime| {
        let expect = truth(zone, utc);
        assert_eq!(reader.at(utc), expect, "{zone} at {utc}Z\n{text}");
        let wall = utc + TimeDelta::seconds(expect.into());
        if zone.tz().from_local_datetime(&wall).single().is_some() {
            assert_eq!(reader.at_wall(wall), expect, "{zone} at {wall} local\n{text}");
        }
    };
    let day = TimeDelta::days(2);
    let (from, until) = (used.start().utc().naive_utc() - day, used.end().utc().naive_utc() + day);
    for utc in hours(from, until, step) {
        agree(utc);
        let next = utc + TimeDelta::hours(step);
        if truth(zone, utc) != truth(zone, next) {
            let minutes = (next - utc).num_minutes();
            (-90..minutes + 90).for_each(|minute| agree(utc + TimeDelta::minutes(minute)));
        }
    }
    reader
}

#[test]
fn two_years_of_every_zone() {
    for tz in chrono_tz::TZ_VARIANTS {
        let zone = zone(tz.name());
        let reader = check(zone, window("2026-08-01", "2028-08-01"), 6);
        if !UNRULY.contains(&zone.name()) {
            assert!(reader.standards == 1 && reader.daylights <= 1, "{zone} has more than one observance of a kind");
        }
    }
}

#[test]
fn one_day_of_every_zone_in_every_season() {
    for tz in chrono_tz::TZ_VARIANTS {
        let zone = zone(tz.name());
        for month in (0..96).step_by(7) {
            let first = NaiveDate::from_ymd_opt(2022, 1, 9).unwrap() + chrono::Months::new(month);
            let first = Instant::from(first.and_hms_opt(9, 0, 0).unwrap().and_utc());
            check(zone, Window::new(first, first.plus(TimeDelta::hours(3))).unwrap(), 12);
        }
    }
}

/// Feeds reach from 90 days before today to 400 days after it.
#[test]
fn the_horizon_of_feeds_is_simple_in_every_zone() {
    for tz in chrono_tz::TZ_VARIANTS.iter().filter(|tz| !UNRULY.contains(&tz.name())) {
        let zone = zone(tz.name());
        for today in ["2026-12-01", "2027-03-20", "2027-07-01", "2027-10-20", "2028-12-31"] {
            let today: DateTime<Utc> = today.parse::<NaiveDate>().unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
            let (from, until) = (today - TimeDelta::days(90), today + TimeDelta::days(400));
            let reader = check(zone, Window::new(from.into(), until.into()).unwrap(), 12);
            assert!(reader.standards == 1 && reader.daylights <= 1, "{zone} from {from}");
        }
    }
}

#[test]
fn a_change_of_law_within_the_horizon() {
    for (name, first, last) in [
        ("America/Mexico_City", "2021-01-01", "2024-01-01"),
        ("America/Asuncion", "2023-06-01", "2026-01-01"),
        ("Asia/Almaty", "2023-01-01", "2025-01-01"),
        ("Pacific/Apia", "2010-01-01", "2022-06-01"),
        ("Africa/Cairo", "2008-01-01", "2027-01-01"),
        ("America/Sao_Paulo", "2014-01-01", "2021-01-01"),
        ("America/New_York", "2004-01-01", "2010-01-01"),
        ("America/Nuuk", "2022-01-01", "2026-01-01"),
        ("Antarctica/Troll", "2004-01-01", "2008-01-01"),
        ("Europe/Amsterdam", "1930-01-01", "1950-01-01"),
        ("America/New_York", "1850-01-01", "1920-01-01"),
        ("America/New_York", "2090-01-01", "2120-01-01"),
    ] {
        check(zone(name), window(first, last), 3);
    }
}

#[test]
fn the_zones_that_catch_others() {
    let written = |name: &str| {
        let text = Wire(&vtimezone(zone(name), window("2027-01-10", "2027-12-20"))).generate();
        text.replace("\r\n ", "").lines().skip(2).collect::<Vec<_>>().join("|")
    };
    let check = |name: &str, expect: &str| assert_eq!(written(name), expect, "{name}");
    check(
        "America/New_York",
        "BEGIN:STANDARD|DTSTART:20261101T020000|TZOFFSETFROM:-0400|TZOFFSETTO:-0500|TZNAME:EST|\
         RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU|END:STANDARD|\
         BEGIN:DAYLIGHT|DTSTART:20260308T020000|TZOFFSETFROM:-0500|TZOFFSETTO:-0400|TZNAME:EDT|\
         RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU|END:DAYLIGHT|END:VTIMEZONE",
    );
    check(
        "Australia/Melbourne",
        "BEGIN:STANDARD|DTSTART:20260405T030000|TZOFFSETFROM:+1100|TZOFFSETTO:+1000|TZNAME:AEST|\
         RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU|END:STANDARD|\
         BEGIN:DAYLIGHT|DTSTART:20261004T020000|TZOFFSETFROM:+1000|TZOFFSETTO:+1100|TZNAME:AEDT|\
         RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU|END:DAYLIGHT|END:VTIMEZONE",
    );
    check(
        "Australia/Lord_Howe",
        "BEGIN:STANDARD|DTSTART:20260405T020000|TZOFFSETFROM:+1100|TZOFFSETTO:+1030|TZNAME:+1030|\
         RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU|END:STANDARD|\
         BEGIN:DAYLIGHT|DTSTART:20261004T020000|TZOFFSETFROM:+1030|TZOFFSETTO:+1100|TZNAME:+11|\
         RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU|END:DAYLIGHT|END:VTIMEZONE",
    );
    check(
        "Europe/Dublin",
        "BEGIN:STANDARD|DTSTART:20261025T020000|TZOFFSETFROM:+0100|TZOFFSETTO:+0000|TZNAME:GMT|\
         RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU|END:STANDARD|\
         BEGIN:DAYLIGHT|DTSTART:20260329T010000|TZOFFSETFROM:+0000|TZOFFSETTO:+0100|TZNAME:IST|\
         RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU|END:DAYLIGHT|END:VTIMEZONE",
    );
    check(
        "Asia/Kathmandu",
        "BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETFROM:+0545|TZOFFSETTO:+0545|TZNAME:+0545|END:STANDARD|END:VTIMEZONE",
    );
    let casablanca = written("Africa/Casablanca");
    assert!(!casablanca.contains("RRULE"), "Ramadan keeps no yearly rule: {casablanca}");
    assert_eq!(casablanca.matches("BEGIN:").count(), 3, "before, during and after Ramadan: {casablanca}");
}
