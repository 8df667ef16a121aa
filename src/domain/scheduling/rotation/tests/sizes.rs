//! Days of real size: filled completely where that is possible. `benches/rotation.rs` measures them.

use super::make::{bell_day, circles, first_come, hidden, planned};
use crate::domain::scheduling::rotation::{feasibility, plan};

/// University of Wollongong, Career Ahead, as published: 7 circles of 8 alumni, two sessions of 8 rounds of 10 minutes
/// from 14:50 and 16:30, 896 interviews.
#[test]
fn the_day_of_seven_circles_is_filled_completely() {
    let day = circles(7, 8, [890, 990], 10);
    assert_eq!(feasibility(&day).unwrap(), vec![]);
    for seed in 0..20 {
        let made = plan(&day, seed).unwrap();
        assert_eq!((made.meetings.len(), made.shortfalls.len()), (896, 0), "seed {seed}");
        assert!(made.quality.is_proven_full());
    }
    planned(&day);
}

#[test]
fn a_hidden_full_plan_is_found_to_99_in_100() {
    for aligned in [true, false] {
        for spare in [2, 5, 10] {
            let (mut found, mut hid) = (0, 0);
            for seed in 0..4 {
                let (day, meetings) = hidden(60, 20, 9, spare, aligned, seed);
                hid += meetings;
                found += planned(&day).meetings.len();
            }
            println!("hidden plans, aligned {aligned}, spare {spare}/10: {found} of {hid}");
            assert!(found * 100 >= hid * 99, "aligned {aligned}, spare {spare}: {found} of {hid}");
        }
    }
}

#[test]
fn a_plan_is_never_behind_first_come_first_served() {
    for (students, stations) in [(60, 14), (90, 14), (150, 30)] {
        let day = bell_day(students, stations, 3);
        let (made, (meetings, preference)) = (planned(&day), first_come(&day));
        assert!(made.meetings.len() >= meetings, "{students} x {stations}: {} of {meetings}", made.meetings.len());
        assert!(made.quality.preference > preference, "{students} x {stations}: {:?}, {preference}", made.quality);
    }
}
