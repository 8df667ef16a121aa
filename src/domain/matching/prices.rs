//! Prices that make the bound small.
//!
//! The bound is convex in the prices, and its slope at a job is the number of schedules that hold the job minus its
//! seats. First each price takes steps of its own against the sign of its slope, longer while the sign holds and shorter
//! when it turns (RPROP); then all take Polyak steps towards the value of a known plan, deflected by the step before and
//! scaled by the length each price's own steps had. A price that crosses the worth of a seat stops there: that is where
//! the slope jumps and the best price often lies. Absent on purpose: an exact method; any prices prove a bound.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use super::{
    schedule::{Schedules, Scratch},
    solver::{Board, Job, TICKS},
};

/// What an average is counted in: a pair that is always picked has this much.
const ALWAYS: i64 = 1 << 20;

/// A bound within one part in so many of a known plan is close enough.
const CLOSE: i64 = 50_000;

/// Prices of all jobs, and the best schedules at the best of them.
pub(super) struct Prices<'a> {
    board: &'a Board<'a>,
    schedules: Schedules<'a>,
    scratch: Scratch,
    price: Vec<i64>,
    step: Vec<i64>,
    /// Schedules that hold each job, at `price`.
    wanted: Vec<i64>,
    /// How often each item was picked lately.
    average: Vec<i64>,
    picks: Vec<usize>,
    best: Best,
}

/// The smallest bound so far.
#[derive(Clone)]
struct Best {
    bound: i64,
    price: Vec<i64>,
    /// Items in the best schedules, person by person.
    picks: Vec<usize>,
    /// The value of each person's best schedule.
    value: Vec<i64>,
}

impl<'a> Prices<'a> {
    /// Prices at which each job pays what its last seat is worth.
    pub fn new(board: &'a Board<'a>) -> Self {
        let jobs = &board.instance.jobs;
        let price: Vec<i64> = jobs.iter().map(|job| job.last_seat(job.open) * TICKS).collect();
        let step = price.iter().map(|price| (price.abs() / 16).max(TICKS)).collect();
        let people = board.instance.people.len();
        let mut made = Self {
            board,
            schedules: Schedules::new(board),
            scratch: Scratch::default(),
            wanted: vec![0; jobs.len()],
            average: vec![0; board.items.len()],
            picks: Vec::new(),
            best: Best { bound: i64::MAX, price: price.clone(), picks: Vec::new(), value: vec![0; people] },
            price,
            step,
        };
        made.look(1);
        made
    }

    /// The smallest bound found, in ticks.
    pub fn bound(&self) -> i64 {
        self.best.bound
    }

    /// The value of a person's best schedule, and what an item counts in it.
    pub fn value_of(&self, person: usize) -> i64 {
        self.best.value[person]
    }

    /// What an item counts in a schedule, at the best prices.
    pub fn profit(&self, item: usize) -> i64 {
        let item = &self.board.items[item];
        item.fit + self.best.price[item.job]
    }

    /// The items of the best schedules at the best prices.
    pub fn picks(&self) -> &[usize] {
        &self.best.picks
    }

    /// All items, those first that were picked most often lately.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.board.items.len()).collect();
        order.sort_by_key(|&i| (-self.average[i], -self.profit(i), i));
        order
    }

    /// Steps of each price against the sign of its slope.
    pub fn step_by_sign(&mut self, rounds: usize) {
        let mut before = vec![0_i64; self.price.len()];
        for _ in 0..rounds {
            for (j, before) in before.iter_mut().enumerate() {
                let slope = self.slope(j).signum();
                match slope * *before {
                    1 => self.step[j] = (self.step[j] * 13 / 10).min(1 << 40),
                    -1 => self.step[j] = (self.step[j] / 2).max(1),
                    _ => {}
                }
                *before = slope;
                self.move_to(j, self.price[j] - slope * self.step[j]);
            }
            self.look(3);
        }
    }

    /// Polyak steps towards `target`, the value of a known plan, in ticks.
    pub fn step_towards(&mut self, target: i64, rounds: usize) {
        self.price.clone_from(&self.best.price);
        let scale: Vec<f64> = self.step.iter().map(|&step| float(step.clamp(TICKS, 1000 * TICKS)).sqrt()).collect();
        let mut course = vec![0.0_f64; self.price.len()];
        let (mut pace, mut idle) = (1.0_f64, 0);
        let mut bound = self.look(4);
        for _ in 0..rounds {
            if self.best.bound - target < TICKS.max(self.best.bound / CLOSE) || pace < 0.002 {
                break;
            }
            let mut length = 0.0;
            for j in 0..self.price.len() {
                course[j] = float(self.slope(j)) + 0.6 * course[j];
                length += scale[j] * course[j] * course[j];
            }
            if length <= 0.0 {
                break;
            }
            let step = pace * float(bound - target) / length;
            for j in 0..self.price.len() {
                self.move_to(j, self.price[j] - whole(step * scale[j] * course[j]));
            }
            let least = self.best.bound;
            bound = self.look(4);
            if self.best.bound < least {
                idle = 0;
            } else {
                idle += 1;
            }
            if idle == 8 {
                (pace, idle) = (pace / 2.0, 0);
                self.price.clone_from(&self.best.price);
                course.fill(0.0);
                bound = self.look(4);
            }
        }
    }

    /// Schedules that want the job beyond its seats; negative where seats stay empty; 0 where the worth of a seat equals
    /// the price and either will do.
    fn slope(&self, job: usize) -> i64 {
        let (at, wanted) = (self.price[job], self.wanted[job]);
        let Job { open, urgent, urgent_worth, worth, .. } = self.board.instance.jobs[job];
        let urgent = i64::from(urgent.min(open));
        let seats = |counts: fn(i64, i64) -> bool| {
            let further = i64::from(open) - urgent;
            (if counts(urgent_worth * TICKS, at) { urgent } else { 0 })
                + if counts(worth * TICKS, at) { further } else { 0 }
        };
        wanted - wanted.clamp(seats(|worth, price| worth > price), seats(|worth, price| worth >= price))
    }

    /// Moves a price, but not past the worth of a seat, and not where nothing changes any more.
    fn move_to(&mut self, job: usize, to: i64) {
        let from = self.price[job];
        let Job { urgent_worth, worth, .. } = self.board.instance.jobs[job];
        let crossed = |mark: i64| (from < mark && mark < to) || (to < mark && mark < from);
        let marks = [urgent_worth * TICKS, worth * TICKS];
        let first = marks.into_iter().filter(|&mark| crossed(mark)).min_by_key(|mark| (mark - from).abs());
        self.price[job] = first.unwrap_or(to).clamp(-2000 * TICKS, urgent_worth.max(worth) * TICKS);
    }

    /// Finds all best schedules at the current prices; the newest picks count one part in `2^memory` of the averages.
    fn look(&mut self, memory: u32) -> i64 {
        self.picks.clear();
        self.wanted.fill(0);
        self.average.iter_mut().for_each(|average| *average -= *average >> memory);
        let mut bound = self.board.instance.jobs.iter().zip(&self.price).map(|(job, &price)| kept(job, price)).sum();
        let mut value = Vec::with_capacity(self.board.instance.people.len());
        for person in 0..self.board.instance.people.len() {
            let best = self.schedules.best(person, &self.price, &mut self.scratch, &mut self.picks);
            value.push(best);
            bound += best;
        }
        for &i in &self.picks {
            self.wanted[self.board.items[i].job] += 1;
            self.average[i] += ALWAYS >> memory;
        }
        if bound < self.best.bound {
            self.best = Best { bound, price: self.price.clone(), picks: self.picks.clone(), value };
        }
        bound
    }
}

/// What the seats of a job are worth beyond its price: the job's part of the bound.
fn kept(job: &Job, price: i64) -> i64 {
    let urgent = job.urgent.min(job.open);
    let beyond = |worth: i64| (worth * TICKS - price).max(0);
    i64::from(urgent) * beyond(job.urgent_worth) + i64::from(job.open - urgent) * beyond(job.worth)
}

#[expect(clippy::cast_precision_loss, reason = "directions and lengths of steps need no exactness")]
fn float(ticks: i64) -> f64 {
    ticks as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and prices are clamped")]
fn whole(ticks: f64) -> i64 {
    ticks.clamp(-1e12, 1e12).round() as i64
}
