//! The rules one by one, on days small enough to be checked in the head. Every plan also passes the checker.

use super::make::{bell, circles, minutes, of, planned, rotation, round, station, student};
use crate::domain::{
    scheduling::rotation::{
        Meeting, Rotation, Round, Rules, RunLimit, Shortfall, Station, Student, Target, Wish, add, feasibility, plan,
        ranked,
    },
    time::Zone,
};

fn meeting(student: usize, station: usize, round: usize) -> Meeting {
    Meeting { student, station, round }
}

/// How many meetings come of a change to a day of one student and two stations, with rounds of ten minutes from 0 and
/// from 10 at both.
fn of_two(change: impl FnOnce(&mut Rotation)) -> usize {
    let mut day = rotation(vec![station(bell(0, 10, 2)), station(bell(0, 10, 2))], vec![student(0, 2)]);
    change(&mut day);
    planned(&day).meetings.len()
}

#[test]
fn each_rule_binds_and_only_where_it_should() {
    let rules = |rules: Rules| of_two(|day| day.rules = rules);
    assert_eq!(of_two(|_| {}), 2);
    assert_eq!(rules(Rules { rest_minutes: 1, ..Rules::default() }), 1);
    assert_eq!(rules(Rules { forbidden: vec![(0, 1)], ..Rules::default() }), 1);
    assert_eq!(rules(Rules { run: Some(RunLimit { interviews: 1, pause_minutes: 1 }), ..Rules::default() }), 1);
    assert_eq!(rules(Rules { run: Some(RunLimit { interviews: 2, pause_minutes: 60 }), ..Rules::default() }), 2);
    assert_eq!(of_two(|day| day.students[0].available = vec![minutes(0, 19)]), 1);
    assert_eq!(of_two(|day| day.students[0].available = vec![minutes(0, 5), minutes(5, 20)]), 2);
    assert_eq!(of_two(|day| day.students[0].max = 1), 1);
    assert_eq!(of_two(|day| day.stations.iter_mut().for_each(|s| s.rounds.truncate(1))), 1);
    let employers = |once_per_employer: bool| {
        move |day: &mut Rotation| {
            day.stations.iter_mut().for_each(|s| s.employer = Some("Example & Sons".to_owned()));
            day.rules.once_per_employer = once_per_employer;
        }
    };
    assert_eq!((of_two(employers(false)), of_two(employers(true))), (2, 1));
    let majors = |only_majors_served: bool| {
        move |day: &mut Rotation| {
            day.stations[1].majors = vec!["history".to_owned()];
            day.rules.only_majors_served = only_majors_served;
        }
    };
    assert_eq!((of_two(majors(false)), of_two(majors(true))), (2, 1));
}

#[test]
fn the_way_between_two_buildings_is_left_free() {
    let apart = |minutes: u32, gap: i64| {
        of_two(|day| {
            day.stations[1].site = 1;
            day.stations[0].rounds = vec![round(0, 10)];
            day.stations[1].rounds = vec![round(10 + gap, 20 + gap)];
            day.rules.rest_minutes = 5;
            day.rules.travel_minutes = vec![vec![0, minutes], vec![1, 0]];
        })
    };
    // Fifteen minutes of way, five between interviews: the longer of the two counts, and in the direction gone.
    assert_eq!((apart(15, 5), apart(15, 14), apart(15, 15)), (1, 1, 2));
    assert_eq!((apart(0, 4), apart(0, 5)), (1, 2));
}

#[test]
fn rounds_need_not_be_aligned() {
    // 25+5, 20+10 and ten minutes on a bell: one student fits in all three only as 0-25, 30-50, 50-60.
    let stations = vec![
        station(vec![round(0, 25), round(30, 55)]),
        station(vec![round(0, 20), round(30, 50)]),
        station(vec![round(50, 60)]),
    ];
    let made = planned(&rotation(stations, vec![student(3, 3)]));
    assert_eq!(made.meetings, [meeting(0, 0, 0), meeting(0, 1, 1), meeting(0, 2, 0)]);
    assert!(made.quality.is_proven_full());
}

#[test]
fn a_group_shares_a_round() {
    let group = Round { capacity: 4, ..round(0, 30) };
    let made = planned(&rotation(vec![station(vec![group])], vec![student(0, 1); 6]));
    assert_eq!(made.meetings.len(), 4);
    // Three in a group, four alumni in turn: twelve students, everybody meets all.
    let table = || station(bell(0, 20, 4).into_iter().map(|round| Round { capacity: 3, ..round }).collect());
    let made = planned(&rotation((0..4).map(|_| table()).collect(), vec![student(4, 4); 12]));
    assert_eq!(made.meetings.len(), 48);
}

#[test]
fn lunch_and_early_leave_are_kept() {
    // Each table has its own lunch, one leaves at noon; 3 + 3 + 2 places for four students who want two each.
    let stations = vec![
        station(vec![round(660, 690), round(690, 720), round(780, 810)]),
        station(vec![round(660, 690), round(750, 780), round(780, 810)]),
        station(bell(660, 30, 2)),
    ];
    let made = planned(&rotation(stations, vec![student(2, 2); 4]));
    assert_eq!((made.meetings.len(), made.shortfalls.len()), (8, 0));
}

#[test]
fn a_round_that_nobody_can_come_to_is_no_place() {
    let mut day = rotation(vec![station(bell(0, 10, 3)), station(bell(0, 10, 3))], vec![student(1, 2); 3]);
    day.students.iter_mut().for_each(|student| student.available = vec![minutes(0, 20)]);
    let quality = planned(&day).quality;
    assert_eq!((quality.meetings, quality.meetings_bound), (4, 4));
}

#[test]
fn everybody_reaches_the_minimum_before_anybody_gets_more() {
    // Ten places: the four who need two get them though the first in the list would like five.
    let stations = (0..5).map(|_| station(bell(0, 10, 2))).collect();
    let students = vec![student(0, 5), student(2, 3), student(2, 2), student(2, 2), student(2, 2)];
    for seed in 0..10 {
        let made = plan(&rotation(Vec::clone(&stations), students.clone()), seed).unwrap();
        assert_eq!(made.quality.minima, 8, "seed {seed}");
        assert_eq!((made.meetings.len(), made.quality.meetings_bound), (10, 10), "seed {seed}");
    }
}

#[test]
fn fixed_meetings_stay_and_walk_ins_find_the_rest() {
    let mut day = circles(2, 4, [0, 100], 10);
    // The second session's last student, of the second circle, comes late.
    let late = day.students.pop().unwrap();
    day.rules.forbidden.retain(|&(who, _)| who < 15);
    let made = planned(&day);
    assert_eq!(made.meetings.len(), 60);
    let (with, again) = add(&day, &made, late, &[0, 1, 2, 3], 7).unwrap();
    assert_eq!(again.meetings.len(), 64);
    assert!(made.meetings.iter().all(|told| again.meetings.contains(told)));
    assert_eq!(super::checker::faults(&with, &again.meetings), Vec::<String>::new());
    let met: Vec<usize> = of(&again, 15).iter().map(|m| m.station).collect();
    assert_eq!(met, [4, 5, 6, 7]);
    assert_eq!(add(&day, &made, student(1, 1), &[8], 7).unwrap_err().code, "out_of_range");
}

#[test]
fn what_was_told_stands_even_against_the_rules() {
    let mut day = rotation(vec![station(bell(0, 10, 2)), station(bell(0, 10, 2))], vec![student(0, 1), student(1, 2)]);
    day.rules.forbidden = vec![(0, 0)];
    day.rules.rest_minutes = 30;
    day.fixed = vec![meeting(0, 0, 0), meeting(0, 1, 1)];
    let made = planned(&day);
    assert_eq!(of(&made, 0), day.fixed);
    assert_eq!(of(&made, 1).len(), 1);
}

#[test]
fn wishes_are_honoured_and_shared_fairly() {
    // Two tables, one round each, both students would like the first; one says so more strongly.
    let wish = |weight: u16| vec![Wish { target: Target::Station(0), weight }];
    let tables = vec![station(bell(0, 10, 1)), station(bell(0, 10, 1))];
    let keen = |weight: u16| Student { wishes: wish(weight), ..student(1, 1) };
    let everyone = rotation(tables, vec![keen(10), keen(100)]);
    let made = planned(&everyone);
    assert_eq!(made.meetings, [meeting(0, 1, 0), meeting(1, 0, 0)]);
    assert_eq!(made.quality.preference, 120);
    // By tag, and by major where nothing else is said.
    let mut tagged = rotation(vec![station(bell(0, 10, 1)), station(bell(0, 10, 1))], vec![student(1, 1)]);
    tagged.stations[1].tags = vec!["energy".to_owned()];
    tagged.students[0].wishes = vec![Wish { target: Target::Tag("energy".to_owned()), weight: 50 }];
    assert_eq!(planned(&tagged).meetings, [meeting(0, 1, 0)]);
    tagged.stations[1].tags.clear();
    tagged.stations[1].majors = vec!["history".to_owned()];
    assert_eq!(planned(&tagged).meetings, [meeting(0, 0, 0)]);
    let weights: Vec<u16> = ranked(&[4, 2, 9, 1]).iter().map(|wish| wish.weight).collect();
    assert_eq!(weights, [100, 75, 50, 25]);
}

#[test]
fn what_cannot_be_is_said_before_planning() {
    let sentences = |day: &Rotation| -> Vec<(usize, String)> {
        let found = feasibility(day).unwrap();
        assert!(found.iter().all(Shortfall::is_proven));
        found.iter().map(|shortfall| (shortfall.short_by(), shortfall.sentence(Zone::UTC))).collect()
    };
    // 56 places in the second session, 74 are wanted; the first suffices.
    let both = || station([bell(540, 10, 8), bell(720, 10, 8)].concat());
    let come = |start: i64| Student { available: vec![minutes(start, start + 80)], ..student(1, 3) };
    let students = [vec![come(540); 30], vec![come(720); 74]].concat();
    let mut day = rotation((0..7).map(|_| both()).collect(), students);
    let short = [(
        18,
        "Student-places short by 18: Monday 1 March 2027, 12:00 to 13:20 (UTC) there are 56 places, 74 are wanted by 74 \
         students; at least 3 more interviewers are needed there."
            .to_owned(),
    )];
    assert_eq!(sentences(&day), short);
    let made = planned(&day);
    assert_eq!((made.quality.minima, made.quality.minima_bound, made.meetings.len()), (86, 86, 112));
    assert_eq!(made.shortfalls.iter().filter(|s| !s.is_proven()).count(), 18);
    // Three more would indeed do.
    day.stations.extend((0..3).map(|_| both()));
    assert_eq!(sentences(&day), []);
    assert_eq!(planned(&day).shortfalls, []);

    // One student's own hours.
    let mut day = rotation(vec![station(bell(0, 10, 4)), station(bell(0, 10, 4))], vec![student(2, 2), student(2, 2)]);
    day.students[1].available = vec![minutes(0, 15)];
    let alone = (1, "Student 1 can have 1 interview one after another but needs 2.".to_owned());
    assert_eq!(sentences(&day), [alone]);

    // A station that too many depend on, though there are hours enough.
    let mut day = rotation(vec![station(bell(0, 10, 2)), station(bell(0, 10, 6))], vec![student(1, 1); 4]);
    day.rules.forbidden = vec![(0, 1), (1, 1), (2, 1)];
    let few =
        "Student-places short by 1: station 0 offers 2 places, 3 are wanted by 3 students who can meet few others.";
    assert_eq!(sentences(&day), [(1, few.to_owned())]);
}

#[test]
fn what_counting_cannot_see_is_reported_as_missed() {
    // The way between the two buildings is too long for both interviews.
    let mut day = rotation(vec![station(bell(0, 10, 1)), station(bell(15, 10, 1))], vec![student(2, 2)]);
    day.stations[1].site = 1;
    day.rules.travel_minutes = vec![vec![0, 15], vec![15, 0]];
    assert_eq!(feasibility(&day).unwrap(), []);
    let made = planned(&day);
    assert_eq!(made.shortfalls, [Shortfall::Missed { student: 0, got: 1, needs: 2 }]);
    let said = "Student 0 has 1 interview in this plan but needs 2; no way was found.";
    assert_eq!(made.shortfalls[0].sentence(Zone::UTC), said);
}

#[test]
fn what_cannot_be_planned_is_refused_by_name() {
    let check = |change: fn(&mut Rotation), expect: (&str, &str)| {
        let mut day = rotation(vec![station(bell(0, 10, 2)), station(bell(0, 10, 2))], vec![student(1, 2); 3]);
        change(&mut day);
        let refused = plan(&day, 1).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.code), expect, "{refused}");
        assert_eq!(feasibility(&day).unwrap_err(), refused);
    };
    check(|day| day.students = vec![student(0, 0); 5_001], ("students", "too_many"));
    check(|day| day.stations = vec![Station::default(); 501], ("stations", "too_many"));
    check(|day| day.stations[1].rounds = bell(0, 1, 201), ("stations/1/rounds", "too_many"));
    check(|day| day.stations[1].rounds[1] = round(5, 15), ("stations/1/rounds", "overlap"));
    check(|day| day.stations[0].rounds[1].capacity = 0, ("stations/0/rounds/1/capacity", "out_of_range"));
    check(|day| day.stations[0].site = 1, ("stations/0/site", "out_of_range"));
    check(|day| day.rules.travel_minutes = vec![vec![0, 1]], ("rules/travel_minutes", "not_square"));
    check(|day| day.students[2].min = 3, ("students/2/min", "reversed"));
    check(|day| day.students[2].max = 201, ("students/2/max", "out_of_range"));
    check(|day| day.students[2].wishes = ranked(&[2]), ("students/2/wishes/0/target", "out_of_range"));
    check(|day| day.rules.forbidden = vec![(3, 0)], ("rules/forbidden/0", "out_of_range"));
    check(
        |day| day.rules.run = Some(RunLimit { interviews: 0, pause_minutes: 5 }),
        ("rules/run/interviews", "out_of_range"),
    );
    check(|day| day.fixed = vec![meeting(0, 0, 2)], ("fixed/0", "out_of_range"));
    check(|day| day.fixed = vec![meeting(0, 0, 0), meeting(0, 0, 1)], ("fixed/1", "duplicate"));
    check(|day| day.fixed = vec![meeting(0, 0, 0), meeting(0, 1, 0)], ("fixed", "overlap"));
    check(|day| day.fixed = vec![meeting(0, 0, 0), meeting(1, 0, 0)], ("fixed", "full"));
}

#[test]
fn a_meeting_moves_so_that_another_fits_in_beside_it() {
    let stations = vec![
        station(vec![Round { capacity: 2, ..round(20, 35) }, round(45, 55)]),
        station(vec![round(10, 20), round(30, 40)]),
    ];
    let comes = |min, max, from, until| Student { available: vec![minutes(from, until)], ..student(min, max) };
    let mut day = rotation(stations, vec![comes(0, 1, 15, 40), comes(1, 2, 10, 55), comes(1, 1, 25, 40)]);
    day.rules.forbidden = vec![(0, 0)];
    day.rules.run = Some(RunLimit { interviews: 1, pause_minutes: 1 });
    for seed in 0..50 {
        let made = plan(&day, seed).unwrap();
        assert_eq!((made.quality.minima, made.meetings.len()), (2, 3), "seed {seed}");
    }
}
