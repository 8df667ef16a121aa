//! A plan that keeps the rules at every moment, and what it would take to change it.

use std::cmp::Reverse;

use super::board::{Board, NONE, index};
use super::prices::{lack, reward};
use super::schedule::counted_under;
use super::{FREE, TICKS};

/// What the load of these engagements costs their person, in ticks.
pub(super) fn load_cost<'a>(board: &Board<'_>, person: usize, items: impl Iterator<Item = &'a u32>) -> i64 {
    let fairness = board.instance.fairness;
    if fairness == 0 {
        return 0;
    }
    let mut counts: Vec<(u16, i64)> = Vec::new();
    let mut cost = 0;
    for &item in items {
        let under = counted_under(board.items[item as usize].caps);
        let at = counts.iter().position(|(cap, _)| *cap == under).unwrap_or_else(|| {
            counts.push((under, i64::from(board.instance.people[person].before(under))));
            counts.len() - 1
        });
        cost += fairness * TICKS * counts[at].1;
        counts[at].1 += 1;
    }
    cost
}

/// Who holds what.
#[derive(Clone)]
pub(super) struct Plan<'a> {
    board: &'a Board<'a>,
    held: Vec<bool>,
    by_person: Vec<Vec<u32>>,
    by_job: Vec<Vec<u32>>,
    /// In ticks.
    value: i64,
    /// What was put (`true`) and lifted since the log was cleared.
    log: Vec<(u32, bool)>,
}

impl<'a> Plan<'a> {
    pub fn new(board: &'a Board<'a>) -> Self {
        Self {
            board,
            held: vec![false; board.items.len()],
            by_person: vec![Vec::new(); board.people()],
            by_job: vec![Vec::new(); board.jobs()],
            value: 0,
            log: Vec::new(),
        }
    }

    /// In ticks.
    pub const fn value(&self) -> i64 {
        self.value
    }

    pub fn holds(&self, item: u32) -> bool {
        self.held[item as usize]
    }

    pub fn of_person(&self, person: usize) -> &[u32] {
        &self.by_person[person]
    }

    pub fn of_job(&self, job: u32) -> &[u32] {
        &self.by_job[job as usize]
    }

    /// The items held, ascending.
    pub fn items(&self) -> Vec<u32> {
        (0..).zip(&self.held).filter(|(_, held)| **held).map(|(at, _)| at).collect()
    }

    pub fn put(&mut self, item: u32) {
        let one = self.board.items[item as usize];
        let (person, job) = (one.person as usize, one.job as usize);
        self.value += i64::from(one.fit) * TICKS + self.seat_worth(job, self.by_job[job].len());
        self.value -= self.load_cost(item);
        self.held[item as usize] = true;
        self.by_person[person].push(item);
        self.by_job[job].push(item);
        self.log.push((item, true));
    }

    pub fn lift(&mut self, item: u32) {
        let one = self.board.items[item as usize];
        let (person, job) = (one.person as usize, one.job as usize);
        self.held[item as usize] = false;
        self.by_person[person].retain(|&i| i != item);
        self.by_job[job].retain(|&i| i != item);
        self.value -= i64::from(one.fit) * TICKS + self.seat_worth(job, self.by_job[job].len());
        self.value += self.load_cost(item);
        self.log.push((item, false));
    }

    /// A point to which [`Plan::back`] leads.
    pub const fn mark(&self) -> usize {
        self.log.len()
    }

    pub fn forget_log(&mut self) {
        self.log.clear();
    }

    /// What was put and lifted since `mark`, in that order.
    pub fn since(&self, mark: usize) -> &[(u32, bool)] {
        &self.log[mark..]
    }

    /// Takes back everything since `mark`.
    pub fn back(&mut self, mark: usize) {
        while self.log.len() > mark {
            let Some((item, put)) = self.log.pop() else { return };
            if put {
                self.lift(item);
            } else {
                self.put(item);
            }
            self.log.pop();
        }
    }

    fn seat_worth(&self, job: usize, nth: usize) -> i64 {
        let one = &self.board.instance.jobs[job];
        TICKS * if nth < one.urgent as usize { one.urgent_worth } else { one.worth }
    }

    /// What `item` costs its person on top of what is held, in ticks.
    fn load_cost(&self, item: u32) -> i64 {
        let instance = self.board.instance;
        if instance.fairness == 0 {
            return 0;
        }
        let one = &self.board.items[item as usize];
        let under = counted_under(one.caps);
        let same = |&&i: &&u32| counted_under(self.board.items[i as usize].caps) == under;
        let now = self.by_person[one.person as usize].iter().filter(same).count();
        let load = i64::from(instance.people[one.person as usize].before(under)) + i64::from(index(now));
        instance.fairness * TICKS * load
    }

    /// What the load of a person costs, in ticks.
    pub fn load_of(&self, person: u32) -> i64 {
        load_cost(self.board, person as usize, self.by_person[person as usize].iter())
    }

    /// How much more the load of a person costs when they take one item ([`NONE`] for nothing) and leave others, in ticks.
    pub fn load_more(&self, person: u32, take: u32, leave: [u32; 2]) -> i64 {
        if self.board.instance.fairness == 0 {
            return 0;
        }
        let mine = &self.by_person[person as usize];
        let stays = mine.iter().filter(|i| !leave.contains(i));
        let then = stays.chain(std::iter::once(&take).filter(|take| **take != NONE));
        load_cost(self.board, person as usize, then) - self.load_of(person)
    }

    /// Whether a job has an open seat.
    pub fn open(&self, job: u32) -> bool {
        self.by_job[job as usize].len() < self.board.instance.jobs[job as usize].open as usize
    }

    /// What the `nth` seat of a job (from 0) costs at these prices, in ticks.
    fn seat_price(&self, price: &[i64], job: u32, nth: usize) -> i64 {
        let urgent = self.board.instance.jobs[job as usize].urgent as usize;
        let lack = if nth < urgent { 0 } else { lack(self.board, job as usize) };
        (price[job as usize] - lack).max(0)
    }

    /// What the next seat of a job costs.
    pub fn next_price(&self, price: &[i64], job: u32) -> i64 {
        self.seat_price(price, job, self.by_job[job as usize].len())
    }

    /// What the seat of a held item costs, were it left open.
    pub fn left_price(&self, price: &[i64], item: u32) -> i64 {
        let job = self.board.items[item as usize].job;
        self.seat_price(price, job, self.by_job[job as usize].len().saturating_sub(1))
    }

    fn room(&self, person: usize, cap: u16, gone: impl Fn(u32) -> bool) -> bool {
        cap == FREE || {
            let counts = |&&i: &&u32| !gone(i) && self.board.items[i as usize].caps.contains(&cap);
            index(self.by_person[person].iter().filter(counts).count()) < self.board.cap(person, cap)
        }
    }

    /// Whether an item can be put as things are.
    pub fn free(&self, item: u32) -> bool {
        let one = self.board.items[item as usize];
        let person = one.person as usize;
        self.open(one.job)
            && self.by_person[person].iter().all(|&i| !self.board.clash(one.job, self.board.items[i as usize].job))
            && one.caps.into_iter().all(|cap| self.room(person, cap, |_| false))
    }

    /// The choices of at most two held items that would have to go so that `item` keeps its person's rules, were `but`
    /// gone already; one that is all [`NONE`] where nothing has to.
    pub fn choices(&self, item: u32, but: u32, out: &mut Vec<[u32; 2]>) {
        out.clear();
        let board = self.board;
        let one = &board.items[item as usize];
        let person = one.person as usize;
        let mine = &self.by_person[person];
        let mut clash = [NONE; 2];
        let mut clashes = 0;
        for &other in mine {
            if other != but && board.clash(one.job, board.items[other as usize].job) {
                if clashes == 2 {
                    return;
                }
                clash[clashes] = other;
                clashes += 1;
            }
        }
        let fits = |gone: [u32; 2]| {
            let gone = |i: u32| i == but || gone.contains(&i);
            one.caps.into_iter().all(|cap| self.room(person, cap, gone))
        };
        if fits(clash) {
            out.push(clash);
            return;
        }
        if clashes == 2 {
            return;
        }
        let counts = |i: u32| one.caps.iter().any(|&cap| cap != FREE && board.items[i as usize].caps.contains(&cap));
        for &first in mine {
            if first == but || first == clash[0] || !counts(first) {
                continue;
            }
            let mut gone = clash;
            gone[clashes] = first;
            if fits(gone) {
                out.push(gone);
            } else if clashes == 0 {
                let rest = mine.iter().filter(|&&second| second > first && second != but && counts(second));
                out.extend(rest.map(|&second| [first, second]).filter(|&both| fits(both)));
            }
        }
    }

    /// Takes what everybody would have; where a seat is asked for too often, those to whom it is worth most get it.
    pub fn take_all(&mut self, price: &[i64], wishes: &[Vec<u32>]) {
        let reward = reward(self.board, price);
        let mut order: Vec<u32> = wishes.iter().flatten().copied().collect();
        order.sort_unstable_by_key(|&i| (Reverse(self.board.profit(i, &reward)), i));
        for item in order {
            if self.free(item) {
                self.put(item);
            }
        }
        self.fill();
    }

    /// Gives every open seat that somebody free can take to the best of them.
    fn fill(&mut self) {
        let board = self.board;
        let open = (0..index(board.items.len()))
            .filter(|&i| !self.held[i as usize] && self.open(board.items[i as usize].job) && self.free(i));
        let mut order: Vec<u32> = open.collect();
        order.sort_by_cached_key(|&i| {
            let one = &board.items[i as usize];
            let seat = self.seat_worth(one.job as usize, self.by_job[one.job as usize].len());
            Reverse(i64::from(one.fit) * TICKS + seat)
        });
        for item in order {
            if self.free(item) {
                let was = self.value;
                self.put(item);
                if self.value < was {
                    self.lift(item);
                }
            }
        }
    }
}
