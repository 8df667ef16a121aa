//! What cannot be, by field and value.

use super::*;
use crate::domain::{
    scheduling::grid::{Break, FixedStart, Way, expand},
    time::Fold,
};

const ZONE: &str = "America/New_York";

fn sound() -> Grid {
    let sessions = vec![
        session("morning", ZONE, "2027-03-13", "09:00", "12:00"),
        session("night", ZONE, "2027-03-14", "00:00", "06:00"),
    ];
    let mut plan = grid(sessions, in_turn(20, 10, 0), tables(2));
    plan.lunch_blocks = vec![hours("11:00", "11:30")];
    plan.travel.buildings = vec!["Hall".to_owned(), "Library".to_owned()];
    plan.travel.ways = vec![Way { from: 0, to: 1, minutes: 15 }];
    plan
}

fn check(change: impl Fn(&mut Grid), field: &str, code: &str, said: &str) {
    let mut plan = sound();
    change(&mut plan);
    let invalid = expand(&plan).unwrap_err();
    assert_eq!((invalid.field.as_str(), invalid.code), (field, code), "{invalid}");
    assert!(invalid.detail.contains(said), "{invalid} lacks {said:?}");
}

fn fixed(session: Option<usize>, at: &[&str]) -> Pattern {
    let length = PlaceLength { interview_minutes: 20, feedback_minutes: 10 };
    let starts = at.iter().map(|at| FixedStart { session, at: clock(at) }).collect();
    Pattern::FixedStarts { length, starts }
}

#[test]
fn parts_out_of_their_range_are_named() {
    assert!(expand(&sound()).is_ok());
    check(|g| g.sessions.clear(), "sessions", "out_of_range", "0 is not");
    check(|g| g.sessions[1].name = "a\nb".to_owned(), "sessions/1/name", "control_character", "U+000A");
    check(|g| g.tables.clear(), "tables", "out_of_range", "0 is not");
    check(|g| g.tables[1].label = "TABLE 1".to_owned(), "tables/1/label", "twice", "0 and 1");
    check(|g| g.tables[1].label = " ".to_owned(), "tables/1/label", "required", "empty");
    check(|g| g.tables[0].capacity = 0, "tables/0/capacity", "out_of_range", "0 is not between 1 and 500");
    check(|g| g.tables[0].capacity = 501, "tables/0/capacity", "out_of_range", "501");
    check(|g| g.tables[0].seats = 0, "tables/0/seats", "out_of_range", "0 is not");
    check(|g| g.tables[0].lunch = Some(1), "tables/0/lunch", "unknown", "1 is not in lunch_blocks");
    check(|g| g.tables[0].building = Some(2), "tables/0/building", "unknown", "2 is not");
    check(|g| g.travel.ways.clear(), "travel/ways", "required", "buildings 0 and 1");
    check(|g| g.travel.ways[0].to = 0, "travel/ways/0/to", "same", "building 0");
    check(|g| g.travel.ways.push(Way { from: 1, to: 0, minutes: 5 }), "travel/ways/1/to", "twice", "1 and 0");
    check(|g| g.pattern = in_turn(0, 0, 5), "pattern/interview_minutes", "no_length", "0 minutes");
    check(|g| g.pattern = in_turn(481, 0, 5), "pattern/interview_minutes", "out_of_range", "481");
    check(|g| g.pattern = Pattern::Bell { period_minutes: 0 }, "pattern/period_minutes", "out_of_range", "0 is not");
    check(
        |g| g.breaks.push(Break { session: Some(2), hours: hours("10:00", "11:00") }),
        "breaks/0/session",
        "unknown",
        "2 is not",
    );
}

#[test]
fn sessions_must_hold_together() {
    let swap = |g: &mut Grid| g.sessions.insert(0, session("late", ZONE, "2027-03-13", "11:30", "13:00"));
    check(swap, "sessions/1/when", "overlaps", "\"late\"");
    let other = |g: &mut Grid| g.sessions[0] = session("far", "America/Chicago", "2027-03-13", "09:00", "12:00");
    check(other, "sessions/1/when", "another_zone", "America/New_York");
    let short = |g: &mut Grid| g.sessions[0] = session("short", ZONE, "2027-03-13", "09:00", "09:29");
    check(short, "sessions/0/when", "too_short", "29 minutes; a place needs 30");
    let swallowed = |g: &mut Grid| {
        g.breaks = [("09:00", "10:45"), ("11:10", "12:00")]
            .map(|(from, until)| Break { session: Some(0), hours: hours(from, until) })
            .to_vec();
    };
    check(swallowed, "sessions/0/when", "swallowed_by_breaks", "30 minutes");
    let outside = |g: &mut Grid| g.breaks.push(Break { session: Some(0), hours: hours("13:00", "14:00") });
    check(outside, "breaks/0", "outside_session", "13:00 to 14:00");
    let hungry = |g: &mut Grid| {
        g.sessions.truncate(1);
        g.lunch_blocks[0] = hours("08:00", "13:00");
        g.tables[1].lunch = Some(0);
    };
    check(hungry, "tables/1/lunch", "no_place_left", "lunch");
    let many = |g: &mut Grid| {
        g.pattern = in_turn(1, 0, 0);
        g.tables = tables(60);
    };
    check(many, "tables", "too_many_slots", "20000");
}

#[test]
fn printed_starts_must_fit() {
    check(|g| g.pattern = fixed(Some(0), &[]), "pattern/starts", "out_of_range", "0 is not");
    check(|g| g.pattern = fixed(Some(0), &["09:00"]), "pattern/starts", "required", "night");
    check(|g| g.pattern = fixed(None, &["09:00"]), "pattern/starts/0", "outside_session", "09:00 does not begin");
    check(
        |g| g.pattern = fixed(Some(0), &["09:00", "11:31"]),
        "pattern/starts/1",
        "outside_session",
        "11:31 does not end",
    );
    check(|g| g.pattern = fixed(Some(0), &["10:29", "10:00"]), "pattern/starts/0", "overlaps", "10:00 (America");
    check(|g| g.pattern = fixed(Some(1), &["02:15"]), "pattern/starts", "required", "morning");
    let skipped = |g: &mut Grid| {
        g.sessions.remove(0);
        g.pattern = fixed(None, &["02:15"]);
    };
    check(skipped, "pattern/starts/0", "time_skipped", "from 2027-03-14T01:59 to 2027-03-14T03:00");
    let within = |g: &mut Grid| {
        g.sessions.truncate(1);
        g.pattern = fixed(None, &["10:00"]);
        g.breaks.push(Break { session: None, hours: hours("10:20", "10:40") });
    };
    check(within, "pattern/starts/0", "within_break", "10:00 meets a break");
    let skipped_break = |g: &mut Grid| g.breaks.push(Break { session: None, hours: hours("02:00", "02:30") });
    check(skipped_break, "breaks/0", "time_skipped", "2027-03-14T02:00");
}

#[test]
fn a_break_elsewhere_in_the_night_does_not_fail_and_a_time_shown_twice_is_asked_for() {
    let mut plan = sound();
    plan.sessions[1] = session("late", ZONE, "2027-03-14", "09:00", "12:00");
    plan.breaks = vec![Break { session: None, hours: hours("02:00", "02:30") }];
    assert!(expand(&plan).is_ok());

    let mut plan = grid(vec![session("night", ZONE, "2027-11-07", "00:00", "03:00")], in_turn(30, 0, 0), tables(1));
    plan.breaks = vec![Break { session: None, hours: hours("01:00", "01:30") }];
    assert_eq!(expand(&plan).unwrap_err().code, "time_twice");
    let mut at = |fold| {
        plan.fold = Some(fold);
        line_of(&expand(&plan).unwrap(), 0, 0)
    };
    assert_eq!(
        at(Fold::Earlier),
        "00:00-00:30 00:30-01:00 01:30-01:00 01:00-01:30 01:30-02:00 02:00-02:30 02:30-03:00"
    );
    assert_eq!(at(Fold::Later), "00:00-00:30 00:30-01:00 01:00-01:30 01:30-01:00 01:30-02:00 02:00-02:30 02:30-03:00");
}
