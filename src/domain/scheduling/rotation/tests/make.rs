//! Rotations for tests: small ones by hand, large ones from a seed.

use chrono::TimeDelta;

use crate::domain::{
    scheduling::rotation::{
        Meeting, Rotation, RotationPlan, Round, Rules, Station, Student, Target, Wish, board::Dice, plan,
        tests::checker::faults,
    },
    time::{Instant, Window, Zone},
};

/// A window in minutes of the day.
pub fn minutes(start: i64, end: i64) -> Window {
    let at = |minute: i64| Instant::from_unix(1_803_859_200 + minute * 60);
    Window::new(at(start), at(end)).unwrap()
}

/// One round for one student.
pub fn round(start: i64, end: i64) -> Round {
    Round { window: minutes(start, end), capacity: 1 }
}

/// Rounds on a bell, without gaps.
pub fn bell(start: i64, length: i64, count: i64) -> Vec<Round> {
    (0..count).map(|i| round(start + i * length, start + (i + 1) * length)).collect()
}

pub fn station(rounds: Vec<Round>) -> Station {
    Station { rounds, ..Station::default() }
}

/// Somebody who is there all day.
pub fn student(min: u32, max: u32) -> Student {
    Student { min, max, available: vec![minutes(0, 1440)], ..Student::default() }
}

pub fn rotation(stations: Vec<Station>, students: Vec<Student>) -> Rotation {
    Rotation { zone: Zone::UTC, stations, students, rules: Rules::default(), fixed: vec![] }
}

/// The plan, after the checker and its own bounds have judged it.
pub fn planned(rotation: &Rotation) -> RotationPlan {
    let made = plan(rotation, 1).unwrap();
    assert_eq!(faults(rotation, &made.meetings), Vec::<String>::new());
    let quality = made.quality;
    assert_eq!(quality.meetings, made.meetings.len());
    assert!(quality.meetings <= quality.meetings_bound && quality.minima <= quality.minima_bound, "{quality:?}");
    assert!(quality.preference <= quality.preference_bound, "{quality:?}");
    made
}

/// The day of circles: each circle's students of either session meet all its interviewers.
pub fn circles(circles: usize, per_circle: usize, starts: [i64; 2], length: i64) -> Rotation {
    let rounds = i64::try_from(per_circle).unwrap();
    let both = || station(starts.iter().flat_map(|&start| bell(start, length, rounds)).collect());
    let stations: Vec<Station> = (0..circles * per_circle).map(|_| both()).collect();
    let mut students = Vec::new();
    let mut forbidden = Vec::new();
    for start in starts {
        for at in 0..circles * per_circle {
            let others = (0..stations.len()).filter(|station| station / per_circle != at / per_circle);
            forbidden.extend(others.map(|station| (students.len(), station)));
            let here = vec![minutes(start, start + length * rounds)];
            let all = u32::try_from(per_circle).unwrap();
            students.push(Student { available: here, ..student(all, all) });
        }
    }
    Rotation { rules: Rules { forbidden, ..Rules::default() }, ..rotation(stations, students) }
}

const INDUSTRIES: [&str; 8] =
    ["accounting", "biotech", "construction", "design", "energy", "finance", "health", "software"];

/// Three weighted industries for each student, one to two for each station; two sites half of the time.
pub fn wishes(rotation: &mut Rotation, dice: &mut Dice) {
    for station in &mut rotation.stations {
        station.tags = (0..=dice.below(2)).map(|_| INDUSTRIES[dice.below(8)].to_owned()).collect();
    }
    for student in &mut rotation.students {
        let tags = [100, 60, 30].map(|weight| (INDUSTRIES[dice.below(8)], weight));
        let wish = |(tag, weight): (&str, u16)| Wish { target: Target::Tag(tag.to_owned()), weight };
        student.wishes = tags.into_iter().map(wish).collect();
    }
}

/// A day on a bell: 2 to 3 interviews each, two sessions of 8 rounds; a quarter of the students come to one session
/// only, a tenth of the stations leaves after the first.
pub fn bell_day(students: usize, stations: usize, seed: u64) -> Rotation {
    let dice = &mut Dice::new(seed);
    let sessions = [(540, 8), (720, 8)];
    let some = |dice: &mut Dice| {
        let stays = if dice.below(10) == 0 { 1 } else { 2 };
        station(sessions.iter().take(stays).flat_map(|&(start, count)| bell(start, 20, count)).collect())
    };
    let stations = (0..stations).map(|_| some(dice)).collect();
    let comes = |dice: &mut Dice| match dice.below(8) {
        0 => vec![minutes(540, 700)],
        1 => vec![minutes(720, 880)],
        _ => vec![minutes(540, 880)],
    };
    let students = (0..students).map(|_| Student { available: comes(dice), ..student(2, 3) }).collect();
    let mut made = rotation(stations, students);
    wishes(&mut made, dice);
    made
}

/// A day whose full plan is hidden: every place is used by it, each student needs exactly what the plan gives, comes
/// when it says and at a `spare` share (in tenths) of all other times, and may meet its stations and that share of
/// others.
pub fn hidden(
    students: usize,
    stations: usize,
    rounds: i64,
    spare: usize,
    aligned: bool,
    seed: u64,
) -> (Rotation, usize) {
    let dice = &mut Dice::new(seed);
    let shift = |dice: &mut Dice| if aligned { 0 } else { i64::try_from(dice.below(4)).unwrap() * 5 };
    let stations: Vec<Station> = (0..stations).map(|_| station(bell(540 + shift(dice), 20, rounds))).collect();
    let mut free: Vec<Vec<i64>> = vec![vec![]; students];
    let mut met: Vec<Vec<usize>> = vec![vec![]; students];
    let mut meetings = 0;
    for round in 0..usize::try_from(rounds).unwrap() {
        for (at, station) in stations.iter().enumerate() {
            let window = station.rounds[round].window;
            let start = (window.start().unix() - minutes(0, 1).start().unix()) / 60;
            let fits =
                |who: usize| !met[who].contains(&at) && free[who].iter().all(|other| (other - start).abs() >= 20);
            let turn = dice.below(students);
            let least = (0..students).map(|i| (i + turn) % students).filter(|&who| fits(who));
            if let Some(who) = least.min_by_key(|&who| met[who].len()) {
                met[who].push(at);
                free[who].push(start);
                meetings += 1;
            }
        }
    }
    let mut forbidden = Vec::new();
    let mut list = Vec::new();
    for who in 0..students {
        let also = (0..rounds).map(|round| 540 + round * 20).filter(|_| dice.below(10) < spare);
        let starts: Vec<i64> = free[who].iter().copied().chain(also).collect();
        let available = starts.iter().map(|&start| minutes(start, start + 20)).collect();
        let count = u32::try_from(met[who].len()).unwrap();
        list.push(Student { available, ..student(count, count) });
        let never = (0..stations.len()).filter(|at| !met[who].contains(at));
        forbidden.extend(never.filter(|_| dice.below(10) >= spare).map(|at| (who, at)));
    }
    (Rotation { rules: Rules { forbidden, ..Rules::default() }, ..rotation(stations, list) }, meetings)
}

/// First come, first served, in order of the list: each takes the first places that fit, the best liked station first.
/// The baseline that a plan is measured against. It keeps ways and rests; the days here have no longest run.
pub fn first_come(rotation: &Rotation) -> (usize, i64) {
    let mut seats: Vec<Vec<u32>> =
        rotation.stations.iter().map(|s| s.rounds.iter().map(|r| r.capacity).collect()).collect();
    let forbidden: std::collections::BTreeSet<(usize, usize)> = rotation.rules.forbidden.iter().copied().collect();
    let (mut meetings, mut preference) = (0, 0);
    for (who, student) in rotation.students.iter().enumerate() {
        let worth = |at: usize| {
            let tags = &rotation.stations[at].tags;
            let likes = |wish: &&Wish| matches!(&wish.target, Target::Tag(tag) if tags.contains(tag));
            20 + student.wishes.iter().filter(likes).map(|wish| i64::from(wish.weight) * 8 / 10).max().unwrap_or(0)
        };
        let mut order: Vec<usize> =
            (0..rotation.stations.len()).filter(|&at| !forbidden.contains(&(who, at))).collect();
        order.sort_by_key(|&at| -worth(at));
        let mut day: Vec<(Window, usize)> = Vec::new();
        for at in order {
            let near = |(held, from): (Window, usize), window: Window| {
                let way = rotation.rules.travel_minutes.get(from).map_or(0, |row| row[rotation.stations[at].site]);
                held.clashes(window, TimeDelta::minutes(i64::from(way.max(rotation.rules.rest_minutes))))
            };
            if day.len() == usize::try_from(student.max).unwrap() {
                break;
            }
            let rounds = rotation.stations[at].rounds.iter().enumerate();
            let fits = |window: Window| {
                student.available.iter().any(|w| w.covers(window)) && !day.iter().any(|&held| near(held, window))
            };
            let found = rounds.filter(|(i, _)| seats[at][*i] > 0).find(|(_, round)| fits(round.window));
            if let Some((i, round)) = found {
                seats[at][i] -= 1;
                day.push((round.window, rotation.stations[at].site));
                meetings += 1;
                preference += worth(at);
            }
        }
    }
    (meetings, preference)
}

/// The meeting of a student in a plan, if there is one.
pub fn of(plan: &RotationPlan, student: usize) -> Vec<Meeting> {
    plan.meetings.iter().copied().filter(|m| m.student == student).collect()
}
