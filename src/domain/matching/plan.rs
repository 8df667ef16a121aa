//! A plan in the making: always feasible, changed by taking and giving up single pairs, mended by ejection chains.
//!
//! [`Plan::mend`] looks where the bound says something may be gained: at open seats, and at people whose best schedule at
//! the prices is worth more than what they hold. Taking a pair may push out who holds the seat, and what the person holds
//! that clashes or fills the cap; each seat so opened, and each person pushed out, is found something else, along chains
//! of bounded depth; a chain that gains nothing is undone. The work is counted, so that it ends soon on any input.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use super::{
    prices::Prices,
    solver::{Board, Item, TICKS},
};

/// Feasibility questions a mend may ask, beside fifty per pair.
const WORK: usize = 2_000_000;
/// People pushed out of other jobs that are tried for one seat.
const TRIES: usize = 6;
const DEPTH: u32 = 3;

#[derive(Clone)]
pub(super) struct Plan<'a> {
    board: &'a Board<'a>,
    held: Vec<bool>,
    by_person: Vec<Vec<usize>>,
    by_job: Vec<Vec<usize>>,
    weeks: Vec<Vec<u32>>,
    months: Vec<Vec<u32>>,
    /// In ticks.
    value: i64,
    /// What was done since the start of the outermost chain: taken or given up, and which item.
    log: Vec<(bool, usize)>,
    /// People whom the running chain has settled.
    settled: Vec<bool>,
    work: usize,
}

impl<'a> Plan<'a> {
    pub fn new(board: &'a Board<'a>) -> Self {
        let people = &board.instance.people;
        Self {
            board,
            held: vec![false; board.items.len()],
            by_person: vec![Vec::new(); people.len()],
            by_job: vec![Vec::new(); board.instance.jobs.len()],
            weeks: people.iter().map(|room| room.weeks.clone()).collect(),
            months: people.iter().map(|room| room.months.clone()).collect(),
            value: 0,
            log: Vec::new(),
            settled: vec![false; people.len()],
            work: 0,
        }
    }

    pub fn value(&self) -> i64 {
        self.value
    }

    /// The pairs taken, ascending.
    pub fn pairs(&self) -> Vec<usize> {
        let mut pairs: Vec<usize> = self.by_person.iter().flatten().map(|&i| self.board.items[i].pair).collect();
        pairs.sort_unstable();
        pairs
    }

    /// Takes what is possible, in this order.
    pub fn fill_in_order(&mut self, order: &[usize]) {
        for &item in order {
            if self.fits(item) {
                self.take(item);
            }
        }
        self.log.clear();
    }

    /// Takes what is possible, the seats of greatest worth first, of these the jobs with the fewest people per seat.
    pub fn fill_greedily(&mut self) {
        let jobs = &self.board.instance.jobs;
        for urgent in [true, false] {
            let mut order: Vec<usize> = (0..jobs.len()).collect();
            order.sort_by_key(|&j| {
                let job = &jobs[j];
                let per_seat = self.board.of_job(j).len() * 100 / usize::try_from(job.open.max(1)).unwrap_or(1);
                (-(if urgent { job.urgent_worth } else { job.worth }), per_seat, j)
            });
            for j in order {
                let seats = if urgent { jobs[j].urgent.min(jobs[j].open) } else { jobs[j].open };
                for &item in self.board.of_job(j) {
                    if self.taken(j) >= seats {
                        break;
                    }
                    if self.fits(item) {
                        self.take(item);
                    }
                }
            }
        }
        self.log.clear();
    }

    /// Gains what chains can gain.
    pub fn mend(&mut self, prices: &Prices<'_>) {
        let limit = WORK + 50 * self.board.items.len();
        self.work = 0;
        for _ in 0..12 {
            let before = self.value;
            self.mend_open_seats(prices, limit);
            self.mend_people(prices, limit);
            if self.value == before || self.work > limit || prices.bound() - self.value < TICKS {
                break;
            }
        }
    }

    fn mend_open_seats(&mut self, prices: &Prices<'_>, limit: usize) {
        let jobs = self.board.instance.jobs.len();
        let mut order: Vec<usize> = (0..jobs).filter(|&j| self.next_seat(j).is_some()).collect();
        order.sort_by_key(|&j| (self.next_seat(j).map(|worth| -worth), j));
        for j in order {
            // Those who lose least by doing this instead of what their best schedule holds come first.
            let mut candidates: Vec<usize> = self.board.of_job(j).iter().copied().filter(|&i| !self.held[i]).collect();
            candidates.sort_by_key(|&i| (self.loss(i, prices), i));
            for item in candidates.into_iter().take(40) {
                if self.next_seat(j).is_none() || self.work > limit {
                    break;
                }
                self.chain(item);
            }
        }
    }

    /// What a person would give up to do this, at the prices, and no more than the items in the way.
    fn loss(&mut self, item: usize, prices: &Prices<'_>) -> i64 {
        let person = self.board.items[item].person;
        self.work += self.by_person[person].len();
        let in_the_way = self.by_person[person].iter().filter(|&&other| self.board.clash(item, other));
        in_the_way.map(|&other| prices.profit(other)).sum::<i64>() - prices.profit(item)
    }

    fn mend_people(&mut self, prices: &Prices<'_>, limit: usize) {
        for &item in prices.picks() {
            if self.work > limit {
                break;
            }
            let person = self.board.items[item].person;
            if self.held[item] {
                continue;
            }
            let held: i64 = self.by_person[person].iter().map(|&i| prices.profit(i)).sum();
            if held < prices.value_of(person) {
                self.chain(item);
            }
        }
    }

    fn chain(&mut self, item: usize) {
        if !self.held[item] {
            self.log.clear();
            self.replace(item, DEPTH);
        }
    }

    /// Takes the item, pushing out what is in the way, and finds something else for what was pushed out. Undone, and
    /// `false`, unless something is gained.
    fn replace(&mut self, item: usize, depth: u32) -> bool {
        let (mark, before) = (self.log.len(), self.value);
        let Item { person, job, week, month, .. } = self.board.items[item];
        let mut pushed = None;
        if self.next_seat(job).is_none() {
            // The holder with the least fit, first of those with the same.
            let holders = self.by_job[job].iter().copied();
            let free = holders.filter(|&h| !self.settled[self.board.items[h].person]);
            let Some(weakest) = free.min_by_key(|&h| (self.board.items[h].fit, h)) else { return false };
            pushed = Some(self.board.items[weakest].person);
            self.give_up(weakest);
        }
        let mut opened = Vec::new();
        let in_the_way: Vec<usize> =
            self.by_person[person].iter().copied().filter(|&other| self.board.clash(item, other)).collect();
        self.work += self.by_person[person].len() + 1;
        for other in in_the_way {
            opened.push(self.board.items[other].job);
            self.give_up(other);
        }
        let week_full = |plan: &Self| plan.weeks[person][week] == 0;
        let month_full = |plan: &Self| plan.months[person][month] == 0;
        for (full, week_only) in [(&week_full as &dyn Fn(&Self) -> bool, true), (&month_full, false)] {
            if full(self) {
                let same = |i: &Item| if week_only { i.week == week } else { i.month == month };
                let held = self.by_person[person].iter().copied().filter(|&i| same(&self.board.items[i]));
                let Some(least) = held.min_by_key(|&i| (self.worth_held(i), i)) else {
                    self.undo(mark);
                    return false;
                };
                opened.push(self.board.items[least].job);
                self.give_up(least);
            }
        }
        self.take(item);
        self.settled[person] = true;
        if depth > 0 {
            for job in opened {
                self.refill(job, depth - 1);
            }
            if let Some(person) = pushed {
                self.rehome(person);
            }
        }
        self.settled[person] = false;
        if self.value > before {
            return true;
        }
        self.undo(mark);
        false
    }

    /// Finds somebody for a free seat.
    fn refill(&mut self, job: usize, depth: u32) {
        if self.next_seat(job).is_none() {
            return;
        }
        let board = self.board;
        let free = |plan: &Self, i: usize| !plan.held[i] && !plan.settled[board.items[i].person];
        for &item in board.of_job(job) {
            if free(self, item) && self.fits(item) {
                self.take(item);
                return;
            }
        }
        if depth > 0 {
            let mut tried = 0;
            for &item in board.of_job(job) {
                if tried == TRIES {
                    return;
                }
                if free(self, item) {
                    tried += 1;
                    if self.replace(item, depth - 1) {
                        return;
                    }
                }
            }
        }
    }

    /// Finds a free seat for somebody who lost one.
    fn rehome(&mut self, person: usize) {
        if self.settled[person] {
            return;
        }
        let mut best: Option<(i64, usize)> = None;
        for item in self.board.of_person(person) {
            let Some(seat) = self.next_seat(self.board.items[item].job) else { continue };
            let worth = seat * TICKS + self.board.items[item].fit;
            if best.is_none_or(|(most, _)| worth > most) && self.fits(item) {
                best = Some((worth, item));
            }
        }
        if let Some((_, item)) = best {
            self.take(item);
        }
    }

    fn taken(&self, job: usize) -> u32 {
        u32::try_from(self.by_job[job].len()).unwrap_or(u32::MAX)
    }

    fn next_seat(&self, job: usize) -> Option<i64> {
        self.board.instance.jobs[job].next_seat(self.taken(job))
    }

    /// What is lost when the item is given up.
    fn worth_held(&self, item: usize) -> i64 {
        let job = self.board.items[item].job;
        self.board.instance.jobs[job].last_seat(self.taken(job)) * TICKS + self.board.items[item].fit
    }

    /// Whether the item can be taken as things stand.
    fn fits(&mut self, item: usize) -> bool {
        let Item { person, job, week, month, .. } = self.board.items[item];
        self.work += 1;
        !self.held[item]
            && self.next_seat(job).is_some()
            && self.weeks[person][week] > 0
            && self.months[person][month] > 0
            && !self.by_person[person].iter().any(|&other| self.board.clash(item, other))
    }

    fn take(&mut self, item: usize) {
        self.put(item);
        self.log.push((true, item));
    }

    fn give_up(&mut self, item: usize) {
        self.lift(item);
        self.log.push((false, item));
    }

    fn undo(&mut self, mark: usize) {
        while self.log.len() > mark {
            match self.log.pop() {
                Some((true, item)) => self.lift(item),
                Some((false, item)) => self.put(item),
                None => return,
            }
        }
    }

    fn put(&mut self, item: usize) {
        let Item { person, job, week, month, .. } = self.board.items[item];
        self.held[item] = true;
        self.by_person[person].push(item);
        self.by_job[job].push(item);
        self.weeks[person][week] -= 1;
        self.months[person][month] -= 1;
        self.value += self.worth_held(item);
    }

    fn lift(&mut self, item: usize) {
        self.value -= self.worth_held(item);
        let Item { person, job, week, month, .. } = self.board.items[item];
        self.held[item] = false;
        self.by_person[person].retain(|&i| i != item);
        self.by_job[job].retain(|&i| i != item);
        self.weeks[person][week] += 1;
        self.months[person][month] += 1;
    }
}
