//! What waves are good for: the time until seats are filled and how often people are asked, for waves as the service sizes
//! them, for asking one person for each seat at a time, and for asking everybody at once.
//!
//! A simulation of invented volunteers, the same for each of the three ways: everybody has a chance of saying yes (15 to
//! 85 %), of which only past answers are known; one in five never answers, the others take half a day on average, some of
//! them two days. Once all seats are filled, whoever is still asked is told that no answer is needed. Nothing here is measured in time, so the figures
//! are the same on every machine: `cargo bench --bench waves`.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the length of the list they index")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small numbers and figures for people"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::TimeDelta;
use rostrum::domain::matching::waves::{Answers, how_many, rounds};
use rostrum::domain::time::Instant;

const SEATS: usize = 8;
const CANDIDATES: usize = 40;
const SEASONS: u64 = 2_000;
/// Hours to answer.
const ANSWER: i64 = 72;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    OneByOne,
    Waves,
    AllAtOnce,
}

#[derive(Default)]
struct Told {
    filled: usize,
    asked: usize,
    turned_away: usize,
    full: Vec<i64>,
}

/// A candidate: what is known of them, what they would say, and after how many hours.
struct Candidate {
    known: Answers,
    yes: bool,
    after: Option<i64>,
}

/// Splitmix64 (Steele, Lea and Flood, 2014).
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = ((z ^ (z >> 31)) >> 11) as f64;
        part / 9_007_199_254_740_992.0
    }
}

fn candidates(season: u64) -> Vec<Candidate> {
    let mut lot = Lot(season);
    let one = |_| {
        let chance = 0.15 + 0.7 * lot.next();
        let silent = lot.next() < 0.2;
        let real = if silent { 0.0 } else { chance };
        let mut known = Answers::default();
        for _ in 0..(lot.next() * 9.0).floor() as u32 {
            known.ended += 1;
            known.accepted += u32::from(lot.next() < 0.8 * chance);
        }
        let mean = if lot.next() < 0.25 { 48.0 } else { 12.0 };
        let hours = (-mean * (1.0 - lot.next()).ln()).ceil() as i64;
        let yes = lot.next() < real;
        Candidate { known, yes, after: (!silent && hours < ANSWER).then_some(hours) }
    };
    (0..CANDIDATES).map(one).collect()
}

/// One season, in which it has to be known after `last` hours who comes.
fn season(way: Way, number: u64, last: i64, told: &mut Told) {
    let people = candidates(number);
    let (mut next, mut filled, mut wave) = (0, 0, Answers::default());
    // Hours at which somebody answers, or the time for it has passed; the soonest first.
    let mut open: BinaryHeap<(std::cmp::Reverse<i64>, std::cmp::Reverse<usize>)> = BinaryHeap::new();
    let mut now = 0;
    loop {
        let seats = SEATS.saturating_sub(filled + open.len());
        if seats > 0 && now < last && next < CANDIDATES {
            let chances: Vec<f64> = people[next..].iter().map(|who| who.known.chance(wave)).collect();
            let left = rounds(hour(now), hour(last), TimeDelta::hours(ANSWER));
            let many = match way {
                Way::OneByOne => seats.min(chances.len()),
                Way::Waves => how_many(seats, &chances, left),
                Way::AllAtOnce => chances.len(),
            };
            for (who, one) in people.iter().enumerate().skip(next).take(many) {
                let answers = one.after.unwrap_or(ANSWER);
                open.push((Reverse((now + answers).min(last)), Reverse(who)));
            }
            told.asked += many;
            next += many;
        }
        let Some((Reverse(at), Reverse(who))) = open.pop() else { break };
        now = at;
        wave.ended += 1;
        if people[who].after.is_some() && people[who].yes && now < last {
            wave.accepted += 1;
            filled += 1;
        }
        if filled == SEATS {
            // Whoever is still asked is told that no answer is needed any more.
            told.turned_away += open.len();
            told.full.push(now);
            break;
        }
    }
    told.filled += filled;
}

fn hour(at: i64) -> Instant {
    Instant::from_unix(at * 3600)
}

fn main() {
    println!("{SEATS} seats, {CANDIDATES} candidates, {SEASONS} seasons, {ANSWER} hours to answer\n");
    println!(
        "| days left | way | seats filled | all filled | median hours until then | asked for a seat | turned away for a seat |"
    );
    println!("|---|---|---|---|---|---|---|");
    for days in [2, 4, 8, 16, 32] {
        for (way, name) in [(Way::OneByOne, "one by one"), (Way::Waves, "waves"), (Way::AllAtOnce, "all at once")] {
            let mut told = Told::default();
            for number in 0..SEASONS {
                season(way, number, days * 24, &mut told);
            }
            told.full.sort_unstable();
            let seats = SEATS as f64 * SEASONS as f64;
            let median = told.full.get(told.full.len() / 2).map_or_else(|| "—".to_owned(), ToString::to_string);
            println!(
                "| {days} | {name} | {:.1} % | {:.1} % | {median} | {:.2} | {:.2} |",
                told.filled as f64 / seats * 100.0,
                told.full.len() as f64 / SEASONS as f64 * 100.0,
                told.asked as f64 / seats,
                told.turned_away as f64 / seats,
            );
        }
    }
}
