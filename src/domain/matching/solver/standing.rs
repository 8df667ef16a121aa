//! A plan that stands while things change: somebody declines, and the seat is filled again at once by the shortest chain.

use super::board::{Board, NONE, index};
use super::chains::Hunt;
use super::plan::Plan;
use super::prices::rent;
use super::schedule::{Scratch, best};
use super::{EXACT, Instance, Solution, TICKS, prices};

/// What a decline has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Pairs no longer in the plan, the one declined first.
    pub out: Vec<usize>,
    /// Pairs new in the plan.
    pub put: Vec<usize>,
    /// What the plan is worth now.
    pub value: i64,
    /// No plan without the declined pair is worth more.
    pub bound: i64,
}

/// An instance in order, which a plan can stand on.
pub struct Prepared<'a>(Board<'a>);

impl<'a> Prepared<'a> {
    /// Puts the instance in order.
    #[must_use]
    pub fn new(instance: &'a Instance) -> Self {
        Self(Board::new(instance))
    }
}

/// A plan, its prices and its pins.
pub struct Standing<'a> {
    board: &'a Board<'a>,
    plan: Plan<'a>,
    hunt: Hunt<'a>,
    /// What each person's best schedule is worth at the prices, and the sum of that and the rents; in ticks.
    worth: Vec<i64>,
    bound: i64,
    /// The item of each pair.
    item_of: Vec<u32>,
    reward: Vec<i64>,
    scratch: Scratch,
    picks: Vec<u32>,
}

/// More pairs than these, the one declined included, are not changed for one decline.
pub const MOST_CHANGED: usize = 5;

impl<'a> Standing<'a> {
    /// The plan found for this instance; pairs for which `pinned` holds are accepted and stay.
    #[must_use]
    pub fn new(prepared: &'a Prepared<'a>, solution: &Solution, pinned: impl Fn(usize) -> bool) -> Self {
        let board = &prepared.0;
        let mut item_of = vec![NONE; board.instance.pairs.len()];
        for (at, item) in board.items.iter().enumerate() {
            item_of[item.pair as usize] = index(at);
        }
        let mut plan = Plan::new(board);
        for item in solution.taken.iter().filter_map(|&pair| item_of.get(pair).copied()) {
            if item != NONE {
                plan.put(item);
            }
        }
        let reward = prices::reward(board, &solution.prices);
        let (mut scratch, mut picks) = (Scratch::default(), Vec::new());
        let worth: Vec<i64> = (0..board.people())
            .map(|person| best(board, person, &reward, EXACT, &mut scratch, &mut picks).upper)
            .collect();
        let rents: i64 = solution.prices.iter().enumerate().map(|(job, &price)| rent(board, job, price)).sum();
        let pinned = board.items.iter().map(|item| pinned(item.pair as usize)).collect();
        let bound = rents + worth.iter().sum::<i64>();
        let hunt = Hunt::short(board, &solution.prices, 2, pinned);
        Self { board, plan, hunt, worth, bound, item_of, reward, scratch, picks }
    }

    /// Pairs that are in the plan, ascending.
    #[must_use]
    pub fn taken(&self) -> Vec<usize> {
        let mut taken: Vec<usize> =
            self.plan.items().iter().map(|&item| self.board.items[item as usize].pair as usize).collect();
        taken.sort_unstable();
        taken
    }

    /// No plan without the declined pairs is worth more.
    #[must_use]
    pub const fn bound(&self) -> i64 {
        self.bound.div_euclid(TICKS)
    }

    /// Somebody accepts: from now on nobody moves them from there.
    pub fn accept(&mut self, pair: usize) {
        if let Some(&item) = self.item_of.get(pair).filter(|&&item| item != NONE) {
            self.hunt.pinned[item as usize] = true;
        }
    }

    /// Somebody declines a seat of the plan, and is not asked for it again: the seat is filled by the best chain of at most
    /// two steps and [`MOST_CHANGED`] pairs, if one wins. `None` where the pair is not in the plan.
    pub fn decline(&mut self, pair: usize) -> Option<Change> {
        let item = *self.item_of.get(pair)?;
        if item == NONE || !self.plan.holds(item) {
            return None;
        }
        let job = self.board.items[item as usize].job;
        self.hunt.barred[item as usize] = true;
        self.plan.forget_log();
        self.plan.lift(item);
        self.lower_bound_of(self.board.items[item as usize].person as usize);
        let mark = self.plan.mark();
        if self.hunt.pull(&mut self.plan, job) && self.plan.since(0).len() > MOST_CHANGED {
            self.plan.back(mark);
        }
        if self.plan.mark() == mark {
            self.fill(job);
        }
        let pairs = |put: bool| {
            let log = self.plan.since(0).iter().filter(move |(_, p)| *p == put);
            log.map(|&(item, _)| self.board.items[item as usize].pair as usize).collect()
        };
        let (value, bound) = (self.plan.value() / TICKS, self.bound.div_euclid(TICKS));
        Some(Change { out: pairs(false), put: pairs(true), value, bound })
    }

    /// Gives an open seat to the best of those who are free.
    fn fill(&mut self, job: u32) {
        for &item in self.board.of_job(job as usize) {
            if !self.hunt.barred[item as usize] && self.plan.free(item) {
                let (was, mark) = (self.plan.value(), self.plan.mark());
                self.plan.put(item);
                if self.plan.value() < was {
                    self.plan.back(mark);
                }
                return;
            }
        }
    }

    /// The bound without what this person has declined.
    fn lower_bound_of(&mut self, person: usize) {
        let declined = self.board.of_person(person).filter(|&item| self.hunt.barred[item]);
        let jobs: Vec<usize> = declined.map(|item| self.board.items[item].job as usize).collect();
        let was: Vec<i64> = jobs.iter().map(|&job| std::mem::replace(&mut self.reward[job], i64::MIN / 8)).collect();
        let now = best(self.board, person, &self.reward, EXACT, &mut self.scratch, &mut self.picks).upper;
        for (job, was) in jobs.into_iter().zip(was) {
            self.reward[job] = was;
        }
        self.bound += now - self.worth[person];
        self.worth[person] = now;
    }
}
