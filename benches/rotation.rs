//! Who meets whom and when: how long a plan of a day takes, how many meetings it makes of at most how many, and how far
//! wishes are met of at most how far, for days from a published one (University of Wollongong, Career Ahead: 56 alumni, 112
//! students, 896 interviews) up to 2,000 students and 300 interviewers.
//!
//! `cargo bench --bench rotation` prints a table. Beside each plan stands first come, first served on the same day, in the
//! order of the list and without wishes: how many meetings it makes, and how many times its time a plan takes.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot run says why and ends"
)]

use std::time::Instant as Stopwatch;

use rostrum::domain::scheduling::rotation::{Rotation, Round, Rules, Station, Student, Target, Wish, plan};
use rostrum::domain::time::{Instant, Window, Zone};

/// Small numbers that look drawn by lot and are the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }
}

fn minutes(start: i64, end: i64) -> Window {
    let at = |minute: i64| Instant::from_unix(1_803_859_200 + minute * 60);
    Window::new(at(start), at(end)).expect("it ends after it starts")
}

fn bell(start: i64, length: i64, count: i64) -> Vec<Round> {
    let round = |i: i64| Round { window: minutes(start + i * length, start + (i + 1) * length), capacity: 1 };
    (0..count).map(round).collect()
}

fn rotation(stations: Vec<Station>, students: Vec<Student>, forbidden: Vec<(usize, usize)>) -> Rotation {
    let rules = Rules { forbidden, ..Rules::default() };
    Rotation { zone: Zone::UTC, stations, students, rules, fixed: Vec::new() }
}

/// Seven circles of eight alumni; each student of either session meets the eight of one circle, ten minutes each.
fn career_ahead() -> Rotation {
    let rounds = || [bell(890, 10, 8), bell(990, 10, 8)].concat();
    let stations: Vec<Station> = (0..56).map(|_| Station { rounds: rounds(), ..Station::default() }).collect();
    let (mut students, mut forbidden) = (Vec::new(), Vec::new());
    for start in [890, 990] {
        for at in 0..56_usize {
            let others = (0..56).filter(|station| station / 8 != at / 8);
            forbidden.extend(others.map(|station| (students.len(), station)));
            let available = vec![minutes(start, start + 80)];
            students.push(Student { min: 8, max: 8, available, ..Student::default() });
        }
    }
    rotation(stations, students, forbidden)
}

/// Two to three interviews each on a bell of twenty minutes, three wishes for industries; a tenth of the interviewers
/// leaves early, a quarter of the students comes to one of the two sessions only.
fn bell_day(students: usize, stations: usize) -> Rotation {
    let mut lot = Lot(1);
    let industry = |lot: &mut Lot| format!("industry {}", lot.below(8));
    let station = |lot: &mut Lot| {
        let rounds = if lot.below(10) == 0 { bell(540, 20, 8) } else { [bell(540, 20, 8), bell(720, 20, 8)].concat() };
        Station { rounds, tags: vec![industry(lot)], ..Station::default() }
    };
    let stations = (0..stations).map(|_| station(&mut lot)).collect();
    let student = |lot: &mut Lot| {
        let available = vec![match lot.below(8) {
            0 => minutes(540, 700),
            1 => minutes(720, 880),
            _ => minutes(540, 880),
        }];
        let wishes = [100, 60, 30].map(|weight| Wish { target: Target::Tag(industry(lot)), weight }).to_vec();
        Student { min: 2, max: 3, available, wishes, ..Student::default() }
    };
    let students = (0..students).map(|_| student(&mut lot)).collect();
    rotation(stations, students, Vec::new())
}

/// Each takes the first places that fit, in the order of the list.
fn first_come(day: &Rotation) -> usize {
    let mut taken: Vec<Vec<bool>> = day.stations.iter().map(|station| vec![false; station.rounds.len()]).collect();
    let mut meetings = 0;
    for (who, student) in day.students.iter().enumerate() {
        let mut mine: Vec<Window> = Vec::new();
        for (at, station) in day.stations.iter().enumerate() {
            if mine.len() == usize::try_from(student.max).expect("few") || day.rules.forbidden.contains(&(who, at)) {
                continue;
            }
            let fits = |window: Window| {
                student.available.iter().any(|here| here.covers(window))
                    && !mine.iter().any(|other| other.overlaps(window))
            };
            let free = station.rounds.iter().enumerate().find(|(i, round)| !taken[at][*i] && fits(round.window));
            if let Some((i, round)) = free {
                taken[at][i] = true;
                mine.push(round.window);
                meetings += 1;
            }
        }
    }
    meetings
}

fn main() {
    println!("{:<24} {:>10} {:>16} {:>12} {:>9} {:>14}", "day", "time", "meetings", "first come", "wishes", "its time");
    let days = [
        ("56 x 112, 8 each", career_ahead()),
        ("42 x 200, 2 to 3", bell_day(200, 42)),
        ("150 x 1,000, 2 to 3", bell_day(1_000, 150)),
        ("300 x 2,000, 2 to 3", bell_day(2_000, 300)),
    ];
    for (name, day) in days {
        let since = Stopwatch::now();
        let greedy = first_come(&day);
        let simple = since.elapsed();
        let since = Stopwatch::now();
        let made = plan(&day, 1).expect("the day is sound");
        let took = since.elapsed();
        let quality = made.quality;
        let wishes = quality.preference as f64 / (quality.preference_bound as f64).max(1.0);
        println!(
            "{name:<24} {took:>10.1?} {:>7} of {:>5} {greedy:>12} {:>8.1}% {:>13.1}x",
            quality.meetings,
            quality.meetings_bound,
            wishes * 100.0,
            took.as_secs_f64() / simple.as_secs_f64()
        );
    }
}
