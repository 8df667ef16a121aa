//! The core of matching: people, jobs, pairs, and the best plan this house can find, with a proof of how good it is.
//!
//! A job is one role of one need: its times, its place, open seats of which the first few (those below the minimum) may be
//! worth more. A pair is a person who may do a job, with a fit. A plan takes pairs so that no job has more people than
//! seats, nobody does two jobs that clash (travel included) and nobody exceeds a cap. Its value is the worth of the seats
//! filled plus the fit of the pairs, less what load costs.
//!
//! # The bound
//! Give each job `j` a price `pⱼ ≥ 0` that whoever does it pays, and forget how many seats there are. For any prices
//!
//! ```text
//! bound(p) = Σⱼ Σ over open seats k of max(0, pⱼ − (worth of the first seat − worth(j, k)))
//!          + Σ over people of their best schedule,
//! ```
//!
//! where a pair counts `worth of the first seat + fit − pⱼ` in a schedule, is at least the value of every plan: split a
//! plan's value into what its seats bring at these prices, at most the first sum, and what its people's schedules bring,
//! at most the second. That is Lagrangian duality (Held and Karp, 1970); the best prices give the value of the linear
//! relaxation in which each person takes a mixture of schedules. Arithmetic is in whole ticks of 1/5040, so no rounding
//! weakens the proof, and [`certificate`] checks it with nothing but the rules.
//!
//! The distance between a plan and the bound is a sum of parts that are never negative: what each person's schedule is
//! worth less than their best at the prices, and the prices of open seats. So the prices show where a plan can be mended.
//!
//! # Method
//! 1. **Turns** (`prices`): one person after the other takes the best schedule at the prices of the moment; a seat asked
//!    for too often becomes dearer at once, one that is left becomes cheaper, by steps that shrink: an auction without
//!    exclusion (Bertsekas, *The auction algorithm*, 1988), in the manner of incremental subgradients (Nedić and Bertsekas, 2001).
//! 2. **Chains** (`chains`): from the plan that everybody's last choice makes, each open seat that still has a price and
//!    each person who would rather sit elsewhere starts a shortest-path search over exchanges. A chain that wins is done;
//!    else the prices along the way move until nothing there can win (the Hungarian method of Kuhn and Munkres).
//! 3. **Settling** (`prices`): single prices move to their best while all others stay; after that 2 begins again, from
//!    the plan there is and from fresh ones made at prices shaken a little.
//!
//! How a best schedule is found stands in `schedule`. Everything is counted in steps, never in time: the same input gives
//! the same plan on every machine and with any number of threads. Looks at all people at once are shared out to threads;
//! turns and chains are not, since each step needs what the one before has changed.
//!
//! Absent on purpose: ids, names and rules of eligibility, which the caller has turned into pairs; the clock.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

mod board;
pub mod certificate;
mod chains;
pub mod explain;
mod least;
mod plan;
mod prices;
mod schedule;
pub mod standing;

use std::collections::HashMap;

use self::{
    board::Board,
    chains::Hunt,
    plan::Plan,
    prices::{Prices, Turns},
};
use crate::domain::matching::travel::{TravelRule, Venue};

/// Ticks in one unit of value: divisible by all numbers up to ten, so that prices of ties are whole.
pub const TICKS: i64 = 5040;

/// Counts against no cap.
pub const FREE: u16 = u16::MAX;

/// A stretch of time in seconds, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first second.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
}

/// One role of one need.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Seats to be filled.
    pub open: u32,
    /// How many of them the minimum asks for.
    pub urgent: u32,
    /// What each of the urgent seats is worth; no less than `worth`.
    pub urgent_worth: i64,
    /// What each further seat is worth.
    pub worth: i64,
    /// When: whoever does it is there each time. Nothing, where it has no fixed time.
    pub spans: Vec<Span>,
    /// Where.
    pub venue: Venue,
}

impl Job {
    /// What the first seat is worth.
    pub(crate) const fn top(&self) -> i64 {
        if self.urgent > 0 { self.urgent_worth } else { self.worth }
    }
}

/// How much a person still takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// Jobs left under each cap that a pair names.
    pub caps: Vec<u32>,
    /// Engagements that count before the first of the plan, whatever the period; matters where load costs.
    pub load: u32,
    /// Engagements that count before the first of the plan under each of the caps; none where the list ends.
    pub held: Vec<u32>,
}

impl Room {
    /// The load before the first of the plan that counts under this cap.
    pub(crate) fn before(&self, cap: u16) -> u32 {
        self.load.saturating_add(self.held.get(usize::from(cap)).copied().unwrap_or(0))
    }
}

/// A person who may do a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the person.
    pub person: u32,
    /// Index of the job.
    pub job: u32,
    /// How well they fit.
    pub fit: u32,
    /// The person's caps it counts against: a narrow one (a week) and a wider one (a month), or [`FREE`].
    pub caps: [u16; 2],
}

/// Everything a plan depends on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Instance {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The people.
    pub people: Vec<Room>,
    /// Who may do what. A person and a job that stand here twice, with different fits, are one pair with the better fit.
    pub pairs: Vec<Pair>,
    /// How clashes are reckoned.
    pub travel: TravelRule,
    /// What an engagement costs per engagement that its person already has under the same (wider) cap: 0 for nothing.
    pub fairness: i64,
}

impl Instance {
    /// No plan fills more seats than this: each job at most its seats and its pairs, each person at most what the
    /// narrow caps leave of their pairs.
    #[must_use]
    pub fn most_seats(&self) -> u64 {
        let mut of_job = vec![0_u64; self.jobs.len()];
        let mut of_cap: HashMap<(u32, u16), u64> = HashMap::new();
        for pair in &self.pairs {
            if let Some(many) = of_job.get_mut(pair.job as usize) {
                *many += 1;
            }
            *of_cap.entry((pair.person, pair.caps[0])).or_default() += 1;
        }
        let jobs = self.jobs.iter().zip(of_job).map(|(job, many)| u64::from(job.open).min(many)).sum::<u64>();
        let cap = |person: u32, cap: u16| {
            let room = self.people.get(person as usize);
            room.and_then(|room| room.caps.get(usize::from(cap))).map_or(u64::MAX, |&cap| u64::from(cap))
        };
        let people = of_cap.into_iter().map(|((person, at), many)| many.min(cap(person, at))).sum::<u64>();
        jobs.min(people)
    }
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Turns of everybody.
    pub turns: u32,
    /// Rounds of chains and settling after them.
    pub rounds: u32,
    /// Fresh plans in each round.
    pub fresh: u32,
    /// Whether prices settle in each round.
    pub settle: bool,
    /// Threads for looks at all people at once.
    pub threads: usize,
    /// Which of equally good ways is tried first; any number gives a sound plan.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { turns: 100, rounds: 8, fresh: 3, settle: true, threads: 1, seed: 1 }
    }
}

impl Effort {
    /// What suits an instance of so many pairs: fewer fresh plans where one takes long.
    #[must_use]
    pub fn for_pairs(pairs: usize) -> Self {
        let base = Self::default();
        match pairs {
            0..50_000 => base,
            50_000..500_000 => Self { rounds: 1, fresh: 0, ..base },
            _ => Self { rounds: 1, fresh: 0, settle: false, ..base },
        }
    }
}

/// Where a search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub step: u32,
    /// Steps there are at most.
    pub steps: u32,
    /// What the best plan so far is worth.
    pub value: i64,
    /// No plan is worth more, as far as is known; `i64::MAX` before that is known.
    pub bound: i64,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Come to an end with what there is.
    Home,
}

/// A plan with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Indices of the pairs taken, ascending.
    pub taken: Vec<usize>,
    /// What the plan is worth.
    pub value: i64,
    /// No plan is worth more.
    pub bound: i64,
    /// The prices that prove it, in ticks, one per job.
    pub prices: Vec<i64>,
}

impl Solution {
    /// By how much, at most, the plan falls short of the best, in percent of the bound.
    #[must_use]
    pub fn gap_percent(&self) -> f64 {
        gap_percent(self.value, self.bound)
    }
}

/// By how much `value` may fall short of the best, in percent of `bound`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
pub fn gap_percent(value: i64, bound: i64) -> f64 {
    if bound <= value || bound <= 0 { 0.0 } else { (bound - value) as f64 / bound as f64 * 100.0 }
}

/// The best plan found.
#[must_use]
pub fn solve(instance: &Instance) -> Solution {
    solve_with(instance, Effort::for_pairs(instance.pairs.len()), &mut |_| Go::On)
}

/// The best plan found with this effort; `watch` hears of each step and may end the search early.
#[must_use]
pub fn solve_with(instance: &Instance, effort: Effort, watch: &mut dyn FnMut(Progress) -> Go) -> Solution {
    let board = Board::new(instance);
    let mut search = Search::new(&board, effort);
    let (price, held, go) = search.turns(watch);
    search.begin(price, &held);
    if go == Go::On {
        search.rounds(watch);
    }
    search.solution()
}

/// The best plan found from one that stood before the facts changed: pairs of `before` that the rules no longer allow are
/// dropped, and its prices, which prove a bound whatever the facts, are where the search goes on.
#[must_use]
pub fn resume(
    instance: &Instance,
    before: &Solution,
    effort: Effort,
    watch: &mut dyn FnMut(Progress) -> Go,
) -> Solution {
    let board = Board::new(instance);
    let mut search = Search::new(&board, effort);
    let mut price = before.prices.clone();
    price.resize(board.jobs(), 0);
    for price in &mut price {
        *price = (*price).max(0);
    }
    let mut held = vec![Vec::new(); board.people()];
    let mut item_of = vec![board::NONE; instance.pairs.len()];
    for (item, one) in (0..).zip(&board.items) {
        item_of[one.pair as usize] = item;
    }
    for item in before.taken.iter().filter_map(|&pair| item_of.get(pair).copied()).filter(|&item| item != board::NONE) {
        held[board.items[item as usize].person as usize].push(item);
    }
    search.begin(price, &held);
    search.rounds(watch);
    search.solution()
}

/// What each person's best schedule is worth at most at these prices (in ticks, one per job), in units of value.
#[must_use]
pub fn best_schedules(instance: &Instance, prices: &[i64]) -> Vec<i64> {
    let board = Board::new(instance);
    let mut price = prices.to_vec();
    price.resize(board.jobs(), 0);
    let reward = prices::reward(&board, &price);
    let (mut scratch, mut picks) = (schedule::Scratch::default(), Vec::new());
    let worth = |person| schedule::best(&board, person, &reward, EXACT, &mut scratch, &mut picks).upper;
    (0..board.people()).map(worth).map(|ticks| ticks.div_euclid(TICKS)).collect()
}

/// A search under way.
struct Search<'a> {
    board: &'a Board<'a>,
    effort: Effort,
    plan: Plan<'a>,
    best: Prices,
}

/// How far a schedule's search branches while prices still move, and where the bound is taken.
const QUICK: u32 = 0;
const EXACT: u32 = 1_000;
/// Searches for chains settle at most so many jobs.
const DEEP: u32 = 5_000;
/// By how many units prices are shaken for a fresh plan.
const SHAKE: u64 = 10;

impl<'a> Search<'a> {
    fn new(board: &'a Board<'a>, effort: Effort) -> Self {
        let best = Prices { price: vec![0; board.jobs()], bound: i64::MAX };
        Self { board, effort, plan: Plan::new(board), best }
    }

    fn steps(&self) -> u32 {
        self.effort.turns + self.effort.rounds
    }

    fn progress(&self, step: u32) -> Progress {
        let bound = if self.best.bound == i64::MAX { i64::MAX } else { self.best.bound.div_euclid(TICKS) };
        Progress { step, steps: self.steps(), value: self.plan.value() / TICKS, bound }
    }

    fn turns(&mut self, watch: &mut dyn FnMut(Progress) -> Go) -> (Vec<i64>, Vec<Vec<u32>>, Go) {
        let mut turns = Turns::new(self.board, self.effort);
        for turn in 0..self.effort.turns {
            turns.take(turn);
            if watch(self.progress(turn + 1)) == Go::Home {
                return (turns.price, turns.held, Go::Home);
            }
        }
        (turns.price, turns.held, Go::On)
    }

    fn begin(&mut self, price: Vec<i64>, held: &[Vec<u32>]) {
        let bound = prices::bound(self.board, &price, EXACT, self.effort.threads);
        self.plan.take_all(&price, held);
        self.best = Prices { price, bound };
    }

    fn proven(&self) -> bool {
        self.best.bound.div_euclid(TICKS) <= self.plan.value() / TICKS
    }

    fn rounds(&mut self, watch: &mut dyn FnMut(Progress) -> Go) {
        let mut at = self.best.clone();
        for round in 0..self.effort.rounds {
            let was = (self.best.bound, self.plan.value());
            let mut hunt = Hunt::new(self.board, &at.price, DEEP);
            hunt.outbids = self.effort.settle;
            hunt.mend(&mut self.plan);
            at.bound = prices::bound(self.board, &hunt.price, EXACT, self.effort.threads);
            at.price = hunt.price;
            if at.bound < self.best.bound {
                self.best = at.clone();
            } else {
                at = self.best.clone();
            }
            if self.effort.settle && !self.proven() {
                at = prices::settle(self.board, &at);
                if at.bound < self.best.bound {
                    self.best = at.clone();
                }
            }
            if self.effort.fresh > 0 && !self.proven() {
                let price = least::prices(self.board, &self.plan);
                let bound = prices::bound(self.board, &price, EXACT, self.effort.threads);
                let least = prices::settle(self.board, &Prices { price, bound });
                if least.bound < self.best.bound {
                    self.best = least.clone();
                    at = least;
                }
            }
            for fresh in 0..self.effort.fresh {
                if !self.proven() {
                    self.fresh(round, fresh);
                }
            }
            let go = watch(self.progress(self.effort.turns + round + 1));
            if go == Go::Home || self.proven() {
                return;
            }
            if was == (self.best.bound, self.plan.value()) {
                // Nothing moves here; a little elsewhere something may.
                at.price = prices::shaken(&self.best.price, SHAKE, self.effort.seed + u64::from(round));
            }
        }
    }

    /// Another plan, from what everybody would take at prices shaken a little; the better one stays.
    fn fresh(&mut self, round: u32, fresh: u32) {
        let shake = if fresh == 0 { 0 } else { SHAKE };
        let seed = self.effort.seed.wrapping_mul(1_000_003) + u64::from(round * 64 + fresh);
        let price = prices::shaken(&self.best.price, shake, seed);
        let picks = prices::picks(self.board, &price, self.effort.threads);
        let mut other = Plan::new(self.board);
        other.take_all(&price, &picks);
        let mut hunt = Hunt::new(self.board, &self.best.price, DEEP);
        hunt.outbids = self.effort.settle;
        hunt.mend(&mut other);
        if other.value() > self.plan.value() {
            self.plan = other;
        }
    }

    fn solution(self) -> Solution {
        let mut taken: Vec<usize> =
            self.plan.items().iter().map(|&item| self.board.items[item as usize].pair as usize).collect();
        taken.sort_unstable();
        Solution {
            taken,
            value: self.plan.value() / TICKS,
            bound: self.best.bound.div_euclid(TICKS),
            prices: self.best.price,
        }
    }
}
