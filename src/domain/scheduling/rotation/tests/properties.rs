//! What holds for every rotation: no rule is broken, no bound is passed, the same seed gives the same plan, and on tiny
//! days nothing better exists.

use proptest::prelude::*;

use super::make::{minutes, planned, rotation, round, station, student};
use crate::domain::scheduling::rotation::{
    Meeting, Rotation, Round, Rules, RunLimit, Shortfall, Station, Student, Target, Wish, add, plan,
    tests::checker::faults,
};

/// Days of a few students and stations, rounds aligned or not, with every rule now and then.
fn days(students: usize, stations: usize, rounds: usize) -> impl Strategy<Value = Rotation> {
    let rounds = (0..4_i64, proptest::collection::vec((0..3_i64, 1..3_u32, 2..4_i64), 0..=rounds));
    let station = (rounds, 0..2_usize, 0..3_u8, 0..3_u8).prop_map(|((shift, rounds), site, employer, tag)| {
        let mut at = shift * 5;
        let rounds = rounds.into_iter().map(|(gap, capacity, length)| {
            let start = at + gap * 5;
            at = start + length * 5;
            Round { capacity, ..round(start, at) }
        });
        Station {
            site,
            employer: (employer > 0).then(|| employer.to_string()),
            tags: vec![tag.to_string()],
            majors: if tag == 0 { vec!["history".to_owned()] } else { vec![] },
            rounds: rounds.collect(),
        }
    });
    let student = (0..3_u32, 0..2_u32, 0..8_i64, 2..14_i64, 0..3_u8, any::<bool>()).prop_map(
        |(min, more, from, length, tag, reads)| Student {
            available: vec![minutes(from * 5, (from + length) * 5)],
            wishes: vec![Wish { target: Target::Tag(tag.to_string()), weight: 40 }],
            majors: if reads { vec!["history".to_owned()] } else { vec![] },
            ..student(min, min + more)
        },
    );
    let run = proptest::option::of((1..3_u32, 1..12_u32));
    let rules = (0..3_u32, 0..3_u32, run, any::<bool>(), any::<bool>()).prop_map(
        |(way, rest, run, once_per_employer, only_majors_served)| Rules {
            travel_minutes: vec![vec![0, way * 5], vec![way * 5, 0]],
            rest_minutes: rest * 3,
            run: run.map(|(interviews, pause_minutes)| RunLimit { interviews, pause_minutes }),
            once_per_employer,
            only_majors_served,
            forbidden: vec![(0, 0)],
        },
    );
    let stations = proptest::collection::vec(station, 1..=stations);
    let students = proptest::collection::vec(student, 1..=students);
    (stations, students, rules)
        .prop_map(|(stations, students, rules)| Rotation { rules, ..rotation(stations, students) })
}

/// The most that any plan reaches, by trying all: meetings towards a minimum, then meetings.
fn brute_force(day: &Rotation) -> (usize, usize) {
    let mut all = Vec::new();
    for student in 0..day.students.len() {
        for (at, station) in day.stations.iter().enumerate() {
            all.extend((0..station.rounds.len()).map(|round| Meeting { student, station: at, round }));
        }
    }
    all.retain(|&meeting| faults(day, &[meeting]).is_empty());
    let mut best = (0, 0);
    extend(day, &all, &mut Vec::new(), &mut best);
    best
}

fn extend(day: &Rotation, rest: &[Meeting], taken: &mut Vec<Meeting>, best: &mut (usize, usize)) {
    *best = (*best).max((towards_minima(day, taken), taken.len()));
    for (at, &meeting) in rest.iter().enumerate() {
        taken.push(meeting);
        // The rules only forbid, so every part of a good set is good and each is reached one by one.
        if faults(day, taken).is_empty() {
            extend(day, &rest[at + 1..], taken, best);
        }
        taken.pop();
    }
}

fn towards_minima(day: &Rotation, meetings: &[Meeting]) -> usize {
    let count = |who: usize| meetings.iter().filter(|m| m.student == who).count();
    let min = |student: &Student| usize::try_from(student.min).unwrap();
    day.students.iter().enumerate().map(|(who, student)| count(who).min(min(student))).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_keeps_the_rules_and_its_bounds(day in days(14, 6, 6), seed in any::<u64>()) {
        let made = planned(&day);
        prop_assert_eq!(&made, &plan(&day, 1).unwrap());
        let other = plan(&day, seed).unwrap();
        prop_assert_eq!(faults(&day, &other.meetings), Vec::<String>::new());
        prop_assert_eq!(made.quality.minima, towards_minima(&day, &made.meetings));
        let proven = made.shortfalls.iter().filter(|s| s.is_proven()).map(Shortfall::short_by).max().unwrap_or(0);
        let wanted: usize = day.students.iter().map(|s| usize::try_from(s.min).unwrap()).sum();
        prop_assert!(made.quality.minima + proven <= wanted);
    }

    #[test]
    fn on_a_tiny_day_nothing_better_exists(day in days(4, 3, 2)) {
        let made = planned(&day);
        let best = brute_force(&day);
        prop_assert!(best.0 <= made.quality.minima_bound && best.1 <= made.quality.meetings_bound);
        prop_assert_eq!((made.quality.minima, made.meetings.len()), best);
    }

    #[test]
    fn a_walk_in_moves_nobody(day in days(10, 5, 5)) {
        let made = planned(&day);
        let (with, again) = add(&day, &made, student(1, 2), &[0], 3).unwrap();
        prop_assert_eq!(faults(&with, &again.meetings), Vec::<String>::new());
        prop_assert!(made.meetings.iter().all(|told| again.meetings.contains(told)));
        prop_assert!(again.quality.meetings <= again.quality.meetings_bound);
        prop_assert!(again.quality.preference <= again.quality.preference_bound);
    }
}

#[test]
fn the_checker_sees_each_fault() {
    let mut day =
        rotation(vec![station(vec![round(0, 10), round(10, 20)]), station(vec![round(5, 15)])], vec![student(0, 1); 2]);
    day.students[1].available = vec![minutes(0, 10)];
    let meeting = |student, station, round| Meeting { student, station, round };
    let check = |day: &Rotation, meetings: &[Meeting], part: &str| {
        let found = faults(day, meetings);
        assert!(found.iter().any(|fault| fault.contains(part)), "{part}: {found:?}");
    };
    assert_eq!(faults(&day, &[meeting(0, 0, 1), meeting(1, 0, 0)]), Vec::<String>::new());
    check(&day, &[meeting(0, 0, 0), meeting(1, 0, 0)], "2 sit in round 0");
    check(&day, &[meeting(0, 0, 0), meeting(0, 1, 0)], "-300 seconds between");
    check(&day, &[meeting(0, 0, 0), meeting(0, 0, 1)], "has 2 interviews");
    check(&day, &[meeting(0, 0, 0), meeting(0, 0, 1)], "student 0 meets");
    check(&day, &[meeting(1, 0, 1)], "is away");
    day.rules.forbidden = vec![(0, 0)];
    check(&day, &[meeting(0, 0, 1)], "is forbidden");
    day.stations[0].majors = vec!["history".to_owned()];
    day.rules.only_majors_served = true;
    check(&day, &[meeting(0, 0, 1)], "another major");
    day.rules.run = Some(RunLimit { interviews: 1, pause_minutes: 5 });
    check(&day, &[meeting(0, 0, 0), meeting(0, 0, 1)], "2 in a run");
    day.fixed = vec![meeting(1, 1, 0)];
    check(&day, &[], "told and is gone");
}
