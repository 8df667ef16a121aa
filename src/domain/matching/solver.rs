//! The core of matching: people, jobs, pairs, and the best plan this house can find, with a proof of how good it is.
//!
//! A job is one role of one need: a window, a venue, open seats of which the first few (those below the minimum) are
//! worth more. A pair is a person who may do a job, with a fit. A plan takes pairs so that no job has more people than
//! seats, nobody does two jobs that clash (travel included) and nobody exceeds a week's or a month's cap. Its value is
//! the worth of the seats filled plus the fit of the pairs.
//!
//! # The bound
//! Give each job `j` a price `λⱼ`, a reward for whoever does it, and forget how many seats there are. For any prices
//!
//! ```text
//! bound(λ) = Σⱼ Σ over open seats k of max(0, worth(j, k) − λⱼ)  +  Σ over people of their best schedule,
//! ```
//!
//! where a pair counts `fit + λⱼ` in a schedule, is at least the value of every plan: for a plan with `nⱼ` people in
//! job `j` write its value as `Σⱼ (worth of nⱼ seats − nⱼ λⱼ) + Σ (fit + λⱼ)`; the first sum is at most the first sum
//! above, the second at most the second. That is Lagrangian duality; the best prices give the value of the linear
//! relaxation in which each person takes a mixture of schedules. Arithmetic is in whole ticks of 1/64, so no rounding
//! weakens the proof. `schedule` says how a best schedule is found, `prices` how prices are, `plan` how a plan is mended.
//!
//! # Method
//! Greedy plan, prices by sign steps, plan again from the schedules at these prices, prices by Polyak steps towards that
//! plan's value, plan from the averaged schedules, and ejection chains where a person's best schedule is worth more than
//! what the person holds, or a seat is open. Everything is counted in steps, never in time: the same input gives the
//! same plan on every machine.
//!
//! Sources: Held and Karp, *The travelling-salesman problem and minimum spanning trees* (1970), for the bound; Polyak,
//! *Minimization of unsmooth functionals* (1969), and Riedmiller and Braun, *RPROP* (1993), for the steps; Kleinberg and
//! Tardos, *Algorithm Design* (2005), ch. 6, for weighted interval scheduling; Glover, *Ejection chains* (1996).
//!
//! Absent on purpose: ids, names and rules of eligibility, which the caller has turned into pairs; exact search.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use super::{plan::Plan, prices::Prices, travel::TravelRule, travel::Venue};
use crate::domain::time::Window;

/// Ticks in one unit of value.
pub(super) const TICKS: i64 = 64;

/// One role of one need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job {
    /// Seats to be filled.
    pub open: u32,
    /// How many of them the minimum asks for.
    pub urgent: u32,
    /// What each of the urgent seats is worth; no less than `worth`.
    pub urgent_worth: i64,
    /// What each further seat is worth.
    pub worth: i64,
    /// When.
    pub window: Window,
    /// Where.
    pub venue: Venue,
}

impl Job {
    /// What the next seat is worth when `taken` are taken; `None` when all are.
    pub(super) const fn next_seat(&self, taken: u32) -> Option<i64> {
        if taken >= self.open {
            None
        } else if taken < self.urgent {
            Some(self.urgent_worth)
        } else {
            Some(self.worth)
        }
    }

    /// What the last of `taken` seats is worth.
    pub(super) const fn last_seat(&self, taken: u32) -> i64 {
        if taken <= self.urgent { self.urgent_worth } else { self.worth }
    }
}

/// How much a person still takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// Jobs left in each week that a pair names.
    pub weeks: Vec<u32>,
    /// Jobs left in each month that a pair names.
    pub months: Vec<u32>,
}

/// A person who may do a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the person.
    pub person: usize,
    /// Index of the job.
    pub job: usize,
    /// How well they fit.
    pub fit: u32,
    /// Index of the week among the person's weeks.
    pub week: usize,
    /// Index of the month among the person's months.
    pub month: usize,
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
}

/// One pair in its person's order of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub pair: usize,
    pub person: usize,
    pub job: usize,
    pub start: i64,
    pub end: i64,
    /// In ticks.
    pub fit: i64,
    pub week: usize,
    pub month: usize,
}

/// The instance put in order: each person's pairs by start, each job's by fit.
pub(super) struct Board<'a> {
    pub instance: &'a Instance,
    pub items: Vec<Item>,
    /// Where each person's items begin; one more at the end.
    pub person_at: Vec<usize>,
    /// Items of all jobs, the best fit first.
    by_job: Vec<usize>,
    job_at: Vec<usize>,
}

impl<'a> Board<'a> {
    fn new(instance: &'a Instance) -> Self {
        let mut items: Vec<Item> = Vec::with_capacity(instance.pairs.len());
        for (index, pair) in instance.pairs.iter().enumerate() {
            let (Some(job), Some(room)) = (instance.jobs.get(pair.job), instance.people.get(pair.person)) else {
                continue;
            };
            let left = |periods: &[u32], at: usize| periods.get(at).is_some_and(|&left| left > 0);
            if job.open > 0 && left(&room.weeks, pair.week) && left(&room.months, pair.month) {
                items.push(Item {
                    pair: index,
                    person: pair.person,
                    job: pair.job,
                    start: job.window.start().unix(),
                    end: job.window.end().unix(),
                    fit: i64::from(pair.fit) * TICKS,
                    week: pair.week,
                    month: pair.month,
                });
            }
        }
        items.sort_by_key(|i| (i.person, i.start, i.end, i.job, -i.fit, i.pair));
        items.dedup_by_key(|i| (i.person, i.job));
        let starts = |of: &dyn Fn(&Item) -> usize, count: usize| {
            let mut at = vec![0; count + 1];
            for item in &items {
                at[of(item) + 1] += 1;
            }
            for i in 0..count {
                at[i + 1] += at[i];
            }
            at
        };
        let person_at = starts(&|i| i.person, instance.people.len());
        let job_at = starts(&|i| i.job, instance.jobs.len());
        let mut by_job: Vec<usize> = (0..items.len()).collect();
        by_job.sort_by_key(|&i| (items[i].job, -items[i].fit, i));
        Self { instance, items, person_at, by_job, job_at }
    }

    /// The items of a person, by start.
    pub fn of_person(&self, person: usize) -> std::ops::Range<usize> {
        self.person_at[person]..self.person_at[person + 1]
    }

    /// The items of a job, the best fit first.
    pub fn of_job(&self, job: usize) -> &[usize] {
        &self.by_job[self.job_at[job]..self.job_at[job + 1]]
    }

    pub fn job(&self, item: usize) -> &Job {
        &self.instance.jobs[self.items[item].job]
    }

    /// Whether one person cannot do both.
    pub fn clash(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.job(a), self.job(b));
        self.instance.travel.clash((a.window, a.venue), (b.window, b.venue))
    }
}

/// The best plan found, and a bound on all plans.
#[must_use]
pub fn solve(instance: &Instance) -> Solution {
    let board = Board::new(instance);
    let mut plan = Plan::new(&board);
    plan.fill_greedily();
    let mut prices = Prices::new(&board);
    prices.step_by_sign(48);
    improve(&mut plan, &board, &prices);
    if prices.bound() > plan.value() {
        // Some fifteen million items looked at, whatever the size.
        let rounds = (15_000_000 / (board.items.len() + 1)).clamp(60, 400);
        prices.step_towards(plan.value(), rounds);
        improve(&mut plan, &board, &prices);
    }
    let taken = plan.pairs();
    Solution { taken, value: plan.value() / TICKS, bound: prices.bound().div_euclid(TICKS) }
}

/// Mends the plan at these prices, and a plan made from their schedules; keeps the better one.
fn improve<'a>(plan: &mut Plan<'a>, board: &'a Board<'a>, prices: &Prices<'a>) {
    let mut other = Plan::new(board);
    other.fill_in_order(&prices.order());
    other.mend(prices);
    plan.mend(prices);
    if other.value() > plan.value() {
        *plan = other;
    }
}
