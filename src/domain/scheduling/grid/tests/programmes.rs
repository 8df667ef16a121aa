//! Published programmes as grids. Dates that were not published are chosen and marked so.

use super::*;
use crate::domain::scheduling::grid::{Break, FixedStart, expand};

/// University of Wollongong, Career Ahead: a bell every ten minutes; 7 circles of 8 alumni, 8 rounds, two sessions.
#[test]
fn wollongong_rings_a_bell_for_fifty_six_tables() {
    let zone = "Australia/Sydney";
    let date = "2027-09-09"; // chosen
    let sessions =
        vec![session("session 1", zone, date, "14:50", "16:10"), session("session 2", zone, date, "16:30", "17:50")];
    let seats = (1..=7).flat_map(|circle| (1..=8).map(move |seat| table(&format!("Circle {circle}, seat {seat}"))));
    let made = expand(&grid(sessions, Pattern::Bell { period_minutes: 10 }, seats.collect())).unwrap();
    assert_eq!(made.slots.len(), 7 * 8 * 8 * 2);
    assert!(made.left_over.is_empty());
    let first = "14:50-15:00 15:00-15:10 15:10-15:20 15:20-15:30 15:30-15:40 15:40-15:50 15:50-16:00 16:00-16:10";
    assert_eq!((line_of(&made, 0, 0).as_str(), line_of(&made, 0, 55).as_str()), (first, first));
    assert!(line_of(&made, 1, 0).starts_with("16:30-16:40") && line_of(&made, 1, 0).ends_with("17:40-17:50"));
    let bells: Vec<_> = made.slots.iter().take(9).map(|slot| slot.bell.unwrap()).collect();
    assert_eq!(bells, [1, 2, 3, 4, 5, 6, 7, 8, 1]);
    let slot = &made.slots[0];
    assert_eq!(slot.interview_ends, slot.when.window().end());
    assert_eq!(slot.when.window().start().to_string(), "2027-09-09T04:50:00Z");
}

/// University of San Diego School of Law: three evenings and a Friday morning, 20 minutes in a place of 30.
#[test]
fn san_diego_has_four_places_a_table_on_each_of_four_days() {
    let zone = "America/Los_Angeles";
    let sessions = vec![
        session("Tuesday", zone, "2023-01-24", "18:00", "20:00"), // the year is one of the candidates
        session("Wednesday", zone, "2023-01-25", "18:00", "20:00"),
        session("Thursday", zone, "2023-01-26", "18:00", "20:00"),
        session("Friday", zone, "2023-01-27", "10:00", "12:00"),
    ];
    let made = expand(&grid(sessions, in_turn(20, 10, 0), tables(3))).unwrap(); // the number of tables is chosen
    assert_eq!(made.slots.len(), 4 * 3 * 4);
    assert_eq!(line_of(&made, 0, 2), "18:00-18:30 18:30-19:00 19:00-19:30 19:30-20:00");
    assert_eq!(line_of(&made, 3, 0), "10:00-10:30 10:30-11:00 11:00-11:30 11:30-12:00");
    for slot in &made.slots {
        let feedback = slot.when.window().end().unix() - slot.interview_ends.unix();
        assert_eq!((feedback, slot.bell), (600, None));
    }
}

/// Nossal High School: 18 ten-minute places a volunteer on each of two days; daylight saving ended two days later.
#[test]
fn nossal_has_eighteen_places_a_table_and_day() {
    let zone = "Australia/Melbourne";
    let sessions = vec![
        session("Thursday", zone, "2022-03-31", "10:00", "13:00"),
        session("Friday", zone, "2022-04-01", "09:00", "12:00"),
    ];
    let made = expand(&grid(sessions, in_turn(10, 0, 0), tables(8))).unwrap();
    assert_eq!(made.slots.len(), 2 * 8 * 18);
    assert_eq!(made.slots[0].when.window().start().to_string(), "2022-03-30T23:00:00Z");
    assert!(line_of(&made, 1, 7).ends_with("11:50-12:00"));
}

/// Cal Poly fall fair: interviews at the tables, 13:30 to 16:30 on both days.
#[test]
fn cal_poly_interviews_at_its_tables_after_the_fair() {
    let zone = "America/Los_Angeles";
    let day = |date| session("optional interviews at the table", zone, date, "13:30", "16:30");
    // Length, turnover and the number of tables were not published.
    let made = expand(&grid(vec![day("2015-10-07"), day("2015-10-08")], in_turn(25, 0, 5), tables(4))).unwrap();
    assert_eq!(made.slots.len(), 2 * 4 * 6);
    let six = "13:30-13:55 14:00-14:25 14:30-14:55 15:00-15:25 15:30-15:55 16:00-16:25";
    assert_eq!(line_of(&made, 1, 3), six);
    assert!(made.left_over.is_empty(), "the turnover after the last place is not left over");
}

/// Penn State York: 15 minutes and 5 of feedback from 12:00 to 14:00 on a leap day, ten professionals.
#[test]
fn york_has_sixty_places_on_a_leap_day() {
    let sessions = vec![session("critiquing", "America/New_York", "2024-02-29", "12:00", "14:00")];
    let made = expand(&grid(sessions, in_turn(15, 5, 0), tables(10))).unwrap();
    assert_eq!(made.slots.len(), 60);
    assert_eq!(line_of(&made, 0, 0), "12:00-12:20 12:20-12:40 12:40-13:00 13:00-13:20 13:20-13:40 13:40-14:00");
}

/// Worcester State: portraits for a profile, 13:00 to 15:00 and 16:00 to 17:30, as printed starts for groups.
#[test]
fn worcester_takes_portraits_at_printed_times() {
    let zone = "America/New_York";
    let sessions = vec![
        session("Sheehan Hall lobby", zone, "2019-03-06", "13:00", "15:00"), // the year is one of the candidates
        session("Exhibit area", zone, "2019-03-07", "16:00", "17:30"),
    ];
    let start = |session, at| FixedStart { session: Some(session), at: clock(at) };
    let length = PlaceLength { interview_minutes: 30, feedback_minutes: 0 }; // chosen
    let starts = vec![start(0, "13:00"), start(0, "14:15"), start(1, "16:00"), start(1, "16:45")];
    let camera = Table { capacity: 4, ..table("Camera") };
    let made = expand(&grid(sessions, Pattern::FixedStarts { length, starts }, vec![camera])).unwrap();
    assert_eq!(
        (line_of(&made, 0, 0).as_str(), line_of(&made, 1, 0).as_str()),
        ("13:00-13:30 14:15-14:45", "16:00-16:30 16:45-17:15")
    );
    assert!(made.slots.iter().all(|slot| slot.capacity == 4));
    assert_eq!((made.left_over_minutes(0), made.left_over_minutes(1)), (15, 15));
}

#[test]
fn a_table_chooses_its_lunch_and_all_share_the_breaks() {
    let sessions = vec![session("day", "America/Chicago", "2027-04-12", "09:00", "15:10")];
    let with_lunch = |label, lunch| Table { lunch: Some(lunch), ..table(label) };
    let mut plan = grid(sessions, in_turn(40, 20, 0), vec![with_lunch("A", 0), with_lunch("B", 1), table("C")]);
    plan.lunch_blocks = vec![hours("11:00", "12:00"), hours("12:00", "13:00")];
    plan.breaks = vec![Break { session: None, hours: hours("10:30", "10:45") }];
    let made = expand(&plan).unwrap();
    assert_eq!(line_of(&made, 0, 0), "09:00-10:00 12:00-13:00 13:00-14:00 14:00-15:00");
    assert_eq!(line_of(&made, 0, 1), "09:00-10:00 10:45-11:45 13:00-14:00 14:00-15:00");
    assert_eq!(line_of(&made, 0, 2), "09:00-10:00 10:45-11:45 11:45-12:45 12:45-13:45 13:45-14:45");
    let left: Vec<_> = made.left_over.iter().map(|l| (l.table, l.at_end_minutes, l.before_breaks_minutes)).collect();
    assert_eq!(left, [(0, 10, 30 + 15), (1, 10, 30 + 15), (2, 25, 30)]);

    plan.pattern = Pattern::Bell { period_minutes: 30 };
    let made = expand(&plan).unwrap();
    let bells: Vec<_> = made.slots.iter().filter(|slot| slot.table == 0).filter_map(|slot| slot.bell).collect();
    assert_eq!(bells, [1, 2, 3, 7, 8, 9, 10, 11], "the bells at 10:45, 11:15 and 11:45 ring for the others");
}

#[test]
fn a_grid_over_a_change_of_the_clocks_has_places_of_equal_length() {
    let check = |zone: &str, date: &str, until: &str, places: usize, line: &str| {
        let made = expand(&grid(vec![session("night", zone, date, "00:30", until)], in_turn(30, 0, 0), tables(1)));
        let made = made.unwrap();
        assert_eq!((made.slots.len(), line_of(&made, 0, 0).as_str()), (places, line), "{zone} {date}");
        assert!(made.slots.iter().all(|slot| slot.when.window().length().num_minutes() == 30));
        assert!(made.slots.windows(2).all(|two| two[0].when.window().end() == two[1].when.window().start()));
    };
    check("America/New_York", "2027-03-14", "03:30", 4, "00:30-01:00 01:00-01:30 01:30-03:00 03:00-03:30");
    check(
        "America/New_York",
        "2027-11-07",
        "02:30",
        6,
        "00:30-01:00 01:00-01:30 01:30-01:00 01:00-01:30 01:30-02:00 02:00-02:30",
    );
    check("Australia/Melbourne", "2027-10-03", "03:30", 4, "00:30-01:00 01:00-01:30 01:30-03:00 03:00-03:30");
    check(
        "Australia/Melbourne",
        "2027-04-04",
        "03:00",
        7,
        "00:30-01:00 01:00-01:30 01:30-02:00 02:00-02:30 02:30-02:00 02:00-02:30 02:30-03:00",
    );
    check("Australia/Lord_Howe", "2027-10-03", "03:00", 4, "00:30-01:00 01:00-01:30 01:30-02:30 02:30-03:00");
    check("Australia/Lord_Howe", "2027-04-04", "02:00", 4, "00:30-01:00 01:00-01:30 01:30-01:30 01:30-02:00");
    check("Asia/Kolkata", "2027-03-14", "02:30", 4, "00:30-01:00 01:00-01:30 01:30-02:00 02:00-02:30");
}
