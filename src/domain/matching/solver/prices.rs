//! Good prices for the seats, and with them the bound.

#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "steps and noise need no last digit")]

use super::board::Board;
use super::schedule::{Scratch, best, best_with};
use super::{Effort, QUICK, TICKS};

/// Prices in ticks, one per job, and what they prove.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    pub price: Vec<i64>,
    /// No plan is worth more, in ticks.
    pub bound: i64,
}

/// What a job's seats bring at a price, in ticks: each seat its price less what it lacks to the worth of the first.
pub(super) fn rent(board: &Board<'_>, job: usize, price: i64) -> i64 {
    let one = &board.instance.jobs[job];
    let urgent = i64::from(one.urgent.min(one.open));
    urgent * price.max(0) + (i64::from(one.open) - urgent) * (price - lack(board, job)).max(0)
}

/// How much less a seat beyond the minimum is worth than the first, in ticks.
pub(super) fn lack(board: &Board<'_>, job: usize) -> i64 {
    board.top[job] - TICKS * board.instance.jobs[job].worth
}

/// What a pair's fit is raised by when it pays the price of its job, in ticks.
pub(super) fn reward(board: &Board<'_>, price: &[i64]) -> Vec<i64> {
    board.top.iter().zip(price).map(|(top, price)| top - price).collect()
}

/// Seats on offer at a price.
fn seats(board: &Board<'_>, job: usize, price: i64) -> u32 {
    let one = &board.instance.jobs[job];
    if price > lack(board, job) { one.open } else { one.urgent.min(one.open) }
}

/// Asks everybody with a pair for their best schedule: `hear` gets the person, the bound of its worth and its items. People
/// are shared out to threads; each thread makes its own `T`, and these come back in the order of the people.
fn ask<T: Send>(
    board: &Board<'_>,
    price: &[i64],
    branches: u32,
    threads: usize,
    make: impl Fn() -> T + Sync,
    hear: impl Fn(&mut T, usize, i64, &[u32]) + Sync,
) -> Vec<T> {
    let reward = reward(board, price);
    let people = board.people();
    let piece = |from: usize, to: usize| {
        let (mut scratch, mut picks, mut heard) = (Scratch::default(), Vec::new(), make());
        for person in from..to {
            if !board.of_person(person).is_empty() {
                let found = best(board, person, &reward, branches, &mut scratch, &mut picks);
                hear(&mut heard, person, found.upper, &picks);
            }
        }
        heard
    };
    let threads = threads.clamp(1, people.max(1));
    if threads == 1 {
        return vec![piece(0, people)];
    }
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|t| {
                let piece = &piece;
                scope.spawn(move || piece(people * t / threads, people * (t + 1) / threads))
            })
            .collect();
        let join = |handle: std::thread::ScopedJoinHandle<'_, T>| match handle.join() {
            Ok(heard) => heard,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        handles.into_iter().map(join).collect()
    })
}

/// No plan is worth more than this, in ticks; `branches` per person make it tighter, fewer make it looser but as true.
pub(super) fn bound(board: &Board<'_>, price: &[i64], branches: u32, threads: usize) -> i64 {
    let rents: i64 = price.iter().enumerate().map(|(job, &price)| rent(board, job, price)).sum();
    let sums = ask(board, price, branches, threads, || 0_i64, |sum, _, upper, _| *sum += upper);
    rents + sums.into_iter().sum::<i64>()
}

/// What everybody would take at these prices.
pub(super) fn picks(board: &Board<'_>, price: &[i64], threads: usize) -> Vec<Vec<u32>> {
    let heard = ask(board, price, 20, threads, Vec::new, |all, person, _, picks| all.push((person, picks.to_vec())));
    let mut wishes = vec![Vec::new(); board.people()];
    for (person, picks) in heard.into_iter().flatten() {
        wishes[person] = picks;
    }
    wishes
}

/// Prices moved up or down by at most `by` units each, by a generator of Knuth's (MMIX).
pub(super) fn shaken(price: &[i64], by: u64, seed: u64) -> Vec<i64> {
    let mut state = seed;
    let shake = |&price: &i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = ((state >> 33) % (2 * by + 1)).cast_signed() - by.cast_signed();
        if price > 0 { (price + noise * TICKS).max(0) } else { price }
    };
    price.iter().map(shake).collect()
}

/// Prices by turns: one person after the other takes the best schedule, and prices answer at once.
pub(super) struct Turns<'a> {
    board: &'a Board<'a>,
    effort: Effort,
    pub price: Vec<i64>,
    /// What each person took last.
    pub held: Vec<Vec<u32>>,
    reward: Vec<i64>,
    wanted: Vec<u32>,
    /// When a job's price last moved, and when a person last looked.
    moved: Vec<u64>,
    looked: Vec<u64>,
    clock: u64,
    first: f64,
    stride: usize,
    scratch: Scratch,
    picks: Vec<u32>,
}

impl<'a> Turns<'a> {
    /// The last step is so many times smaller than the first.
    const RANGE: f64 = 3_000.0;

    pub fn new(board: &'a Board<'a>, effort: Effort) -> Self {
        let people = board.people();
        let jobs = board.jobs();
        let mean = board.top.iter().map(|&top| top as f64).sum::<f64>() / (jobs.max(1) as f64);
        // Neighbours in the list are asked far apart: about the golden section of the list, and no common divisor.
        let near = (people * 618 / 1000 + usize::try_from(effort.seed % 64).unwrap_or(0)).max(1);
        let stride = (near..=near + people).find(|&s| gcd(s, people) == 1).unwrap_or(1);
        Self {
            board,
            effort,
            price: vec![0; jobs],
            held: vec![Vec::new(); people],
            reward: board.top.clone(),
            wanted: vec![0; jobs],
            moved: vec![0; jobs],
            looked: vec![0; people],
            clock: 0,
            first: mean * 0.22,
            stride,
            scratch: Scratch::default(),
            picks: Vec::new(),
        }
    }

    /// Everybody's turn once.
    pub fn take(&mut self, turn: u32) {
        let people = self.board.people();
        let last = f64::from(self.effort.turns.max(2) - 1);
        let step = (self.first * Self::RANGE.powf(-f64::from(turn) / last)).max(2.0);
        let (rise, fall) = (step as i64, (step * 0.5) as i64);
        self.clock += 1;
        for nth in 0..people {
            self.one((nth * self.stride + turn as usize * 7_919) % people, rise, fall);
        }
        for job in 0..self.board.jobs() {
            let short = i64::from(seats(self.board, job, self.price[job])) - i64::from(self.wanted[job]);
            if short > 0 && self.price[job] > 0 {
                self.set(job, self.price[job] - fall * short.min(3));
            }
        }
    }

    fn set(&mut self, job: usize, to: i64) {
        self.price[job] = to.max(0);
        self.reward[job] = self.board.top[job] - self.price[job];
        self.moved[job] = self.clock;
    }

    fn one(&mut self, person: usize, rise: i64, fall: i64) {
        let board = self.board;
        let items = &board.items[board.of_person(person)];
        // Where no price has moved since the last look, the answer would be the same.
        let stale = |i: &super::board::Item| self.moved[i.job as usize] > self.looked[person];
        if items.is_empty() || (self.looked[person] > 0 && !items.iter().any(stale)) {
            return;
        }
        self.looked[person] = self.clock;
        self.clock += 1;
        best(board, person, &self.reward, QUICK, &mut self.scratch, &mut self.picks);
        let job_of = |item: u32| board.items[item as usize].job as usize;
        let before = std::mem::take(&mut self.held[person]);
        let now = std::mem::take(&mut self.picks);
        for &item in &before {
            self.wanted[job_of(item)] -= 1;
        }
        for &item in &now {
            self.wanted[job_of(item)] += 1;
        }
        for &item in &now {
            let job = job_of(item);
            if self.wanted[job] > seats(board, job, self.price[job]) {
                self.set(job, self.price[job] + rise);
            }
        }
        for &item in &before {
            let job = job_of(item);
            if self.price[job] > 0 && self.wanted[job] < seats(board, job, self.price[job]) {
                self.set(job, self.price[job] - fall);
            }
        }
        (self.held[person], self.picks) = (now, before);
    }
}

const fn gcd(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// How far a schedule's search branches while single prices settle.
const FAIR: u32 = 50;

/// Moves single prices to where the bound is least while all others stay: where a seat is wanted by too many or too few,
/// its price goes between what the last who gets it and the first who does not would pay.
pub(super) fn settle(board: &Board<'_>, start: &Prices) -> Prices {
    let mut settling = Settling::new(board, &start.price);
    for _ in 0..2 {
        let mut any = false;
        for job in 0..board.jobs() {
            any |= settling.one(job);
        }
        if !any {
            break;
        }
    }
    let Settling { price, worth, .. } = settling;
    let rents: i64 = price.iter().enumerate().map(|(job, &price)| rent(board, job, price)).sum();
    Prices { bound: rents + worth.iter().sum::<i64>(), price }
}

struct Settling<'a> {
    board: &'a Board<'a>,
    price: Vec<i64>,
    reward: Vec<i64>,
    /// What each person's best schedule is worth, at most, and what is in it.
    worth: Vec<i64>,
    wants: Vec<Vec<u32>>,
    wanted: Vec<u32>,
    scratch: Scratch,
    picks: Vec<u32>,
}

impl<'a> Settling<'a> {
    fn new(board: &'a Board<'a>, price: &[i64]) -> Self {
        let mut new = Self {
            board,
            price: price.to_vec(),
            reward: reward(board, price),
            worth: vec![0; board.people()],
            wants: vec![Vec::new(); board.people()],
            wanted: vec![0; board.jobs()],
            scratch: Scratch::default(),
            picks: Vec::new(),
        };
        for person in (0..board.people()).filter(|&person| !board.of_person(person).is_empty()) {
            new.worth[person] = new.ask(person);
            new.wants[person].clone_from(&new.picks);
            for &item in &new.picks {
                new.wanted[board.items[item as usize].job as usize] += 1;
            }
        }
        new
    }

    fn ask(&mut self, person: usize) -> i64 {
        best(self.board, person, &self.reward, FAIR, &mut self.scratch, &mut self.picks).upper
    }

    /// What each who may would pay for a seat of this job, the most first.
    fn bids(&mut self, job: usize) -> Vec<i64> {
        let board = self.board;
        let now = self.price[job];
        let mut bids = Vec::with_capacity(board.of_job(job).len());
        for &item in board.of_job(job) {
            let person = board.items[item as usize].person as usize;
            let (with, without) = if self.wants[person].contains(&item) {
                let was = std::mem::replace(&mut self.reward[job], i64::MIN / 8);
                let without = self.ask(person);
                self.reward[job] = was;
                (self.worth[person], without)
            } else {
                let with = best_with(board, person, item as usize, &self.reward, FAIR, &mut self.scratch);
                (with, self.worth[person])
            };
            bids.push(now + with - without);
        }
        bids.sort_unstable_by(|a, b| b.cmp(a));
        bids
    }

    /// Where the price of this job is best while all others stay.
    fn target(&mut self, job: usize) -> i64 {
        let bids = self.bids(job);
        let one = &self.board.instance.jobs[job];
        let lack = lack(self.board, job);
        // Between the last who gets one of `k` seats and the first who does not.
        let level = |k: u32| {
            let bid = |k: usize| bids.get(k).copied().unwrap_or(0).max(0);
            let low = bid(k as usize);
            if k == 0 { low } else { low.midpoint(bid(k as usize - 1)) }
        };
        let all = level(one.open);
        if all > lack { all } else { level(one.urgent.min(one.open)).min(lack) }
    }

    /// Settles one price where it is not in balance; says whether the bound fell.
    fn one(&mut self, job: usize) -> bool {
        let board = self.board;
        let now = self.price[job];
        let on_offer = seats(board, job, now);
        if self.wanted[job] == on_offer || (self.wanted[job] < on_offer && now == 0) {
            return false;
        }
        let to = self.target(job);
        if to == now {
            return false;
        }
        (self.price[job], self.reward[job]) = (to, board.top[job] - to);
        let mut change = rent(board, job, to) - rent(board, job, now);
        let mut news = Vec::with_capacity(board.of_job(job).len());
        for &item in board.of_job(job) {
            let person = board.items[item as usize].person as usize;
            let worth = self.ask(person);
            change += worth - self.worth[person];
            news.push((person, worth, self.picks.clone()));
        }
        // With few branches the worths are bounds, so that a step can fail.
        if change > 0 {
            (self.price[job], self.reward[job]) = (now, board.top[job] - now);
            return false;
        }
        for (person, worth, picks) in news {
            for &item in &self.wants[person] {
                self.wanted[board.items[item as usize].job as usize] -= 1;
            }
            for &item in &picks {
                self.wanted[board.items[item as usize].job as usize] += 1;
            }
            self.worth[person] = worth;
            self.wants[person] = picks;
        }
        change < 0
    }
}
