//! Chains of exchanges that make a plan better, and prices that show where none can.
//!
//! An open seat that has a price is filled by somebody whose own seat is filled by somebody else, and so on (*pull*);
//! somebody takes a better seat whose holder moves on (*push*). Along a chain the parts of the distance between plan and
//! bound change by known amounts, so the best chain is a shortest path, found by Dijkstra's search and cut where it can win
//! nothing more. Every search also teaches: the prices of all jobs that it settled nearer than its end can move by what
//! they are nearer without any of these exchanges paying (Kuhn, 1955; Munkres, 1957). What takes more than an exchange
//! of one seat at a time is tried whole: a person's best schedule, and chains for whom it displaces (*adopt*; after
//! Glover, *Ejection chains*, 1996).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::board::{Board, NONE, index};
use super::plan::{Plan, load_cost};
use super::prices::reward;
use super::schedule::{Scratch, best};

/// Within the attempt at a whole schedule, searches settle at most so many jobs.
const SHALLOW: u32 = 10;
/// Searches for short chains settle at most so many jobs.
const NEAR: u32 = 30;
/// What all searches of one hunt may settle before they stay near: that much, and that much more for each job.
const PURSE: usize = 100_000;
const PURSE_PER_JOB: usize = 40;
/// Somebody displaced tries so many other seats.
const WISHES: usize = 6;
/// How far a schedule's search branches here.
const FAIR: u32 = 50;
/// The plan is gone through at most so often.
const PASSES: u32 = 12;

/// A step of a chain: who takes what, who leaves what.
#[derive(Debug, Clone, Copy)]
struct Step {
    before: u32,
    person: u32,
    take: u32,
    leave: [u32; 2],
    /// The job that is a seat short (pull) or a person too many (push) after the step.
    job: u32,
    /// What the chain has cost so far, in ticks; it wins where it ends below nothing.
    cost: i64,
}

/// The best end of a chain that a search has met.
#[derive(Clone, Copy)]
struct End {
    cost: i64,
    step: u32,
}

/// The search for chains, its prices and its memory.
pub(super) struct Hunt<'a> {
    board: &'a Board<'a>,
    pub price: Vec<i64>,
    reward: Vec<i64>,
    /// A search settles at most so many jobs.
    deep: u32,
    /// After so many settled jobs in all, searches stay near.
    purse: usize,
    /// Whether whole schedules out of reach make their seats dearer: worth its time where prices settle afterwards.
    pub outbids: bool,
    /// Chains have at most so many steps.
    long: u32,
    /// Items that nobody may be made to leave, and such as nobody may take: where there are any, a flag per item.
    pub pinned: Vec<bool>,
    pub barred: Vec<bool>,
    /// Whether prices move with what searches learn.
    learns: bool,
    steps: Vec<Step>,
    heap: BinaryHeap<(Reverse<i64>, Reverse<u32>)>,
    /// The jobs settled by the search under way, and at what cost.
    settled: Vec<(u32, i64)>,
    seen: Vec<u32>,
    /// The least cost at which the search under way has reached each job so far, and which search that was.
    reached: Vec<(u32, i64)>,
    stamp: u32,
    choices: Vec<[u32; 2]>,
    scratch: Scratch,
}

impl<'a> Hunt<'a> {
    pub fn new(board: &'a Board<'a>, price: &[i64], deep: u32) -> Self {
        Self {
            board,
            price: price.to_vec(),
            reward: reward(board, price),
            deep,
            purse: PURSE + PURSE_PER_JOB * board.jobs(),
            outbids: false,
            long: u32::MAX,
            pinned: Vec::new(),
            barred: Vec::new(),
            learns: true,
            steps: Vec::new(),
            heap: BinaryHeap::new(),
            settled: Vec::new(),
            seen: vec![0; board.jobs()],
            reached: vec![(0, 0); board.jobs()],
            stamp: 0,
            choices: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// A hunt for chains of at most `long` steps that leave the pinned items (one flag per item), and the prices, as they are.
    pub fn short(board: &'a Board<'a>, price: &[i64], long: u32, pinned: Vec<bool>) -> Self {
        let barred = vec![false; pinned.len()];
        Self { long, pinned, barred, learns: false, ..Self::new(board, price, NEAR) }
    }

    fn profit(&self, item: u32) -> i64 {
        self.board.profit(item, &self.reward)
    }

    fn job_of(&self, item: u32) -> u32 {
        self.board.items[item as usize].job
    }

    fn is_pinned(&self, item: u32) -> bool {
        item != NONE && self.pinned.get(item as usize).copied().unwrap_or_default()
    }

    /// Looks for chains until none is found that wins.
    pub fn mend(&mut self, plan: &mut Plan<'a>) {
        let mut picks = Vec::new();
        for _ in 0..PASSES {
            plan.forget_log();
            let was = plan.value();
            for job in 0..index(self.board.jobs()) {
                while plan.open(job) && plan.next_price(&self.price, job) > 0 && self.pull(plan, job) {}
            }
            for person in 0..self.board.people() {
                self.better(plan, person, &mut picks);
            }
            if plan.value() == was {
                return;
            }
        }
    }

    /// Gives a person what they would rather have, seat by seat and then as a whole, where that wins.
    fn better(&mut self, plan: &mut Plan<'a>, person: usize, picks: &mut Vec<u32>) {
        if self.board.of_person(person).is_empty() {
            return;
        }
        let wish = best(self.board, person, &self.reward, FAIR, &mut self.scratch, picks).value;
        if self.held(plan, person) >= wish {
            return;
        }
        picks.sort_unstable();
        for &item in picks.iter() {
            if !plan.holds(item) {
                self.push(plan, item);
            }
        }
        if self.held(plan, person) < wish {
            let deep = std::mem::replace(&mut self.deep, SHALLOW);
            self.adopt(plan, person, picks);
            self.deep = NEAR;
            self.outbid(plan, person, picks);
            self.deep = if self.purse == 0 { NEAR } else { deep };
        }
    }

    fn held(&self, plan: &Plan<'_>, person: usize) -> i64 {
        let held: i64 = plan.of_person(person).iter().map(|&item| self.profit(item)).sum();
        held - plan.load_of(index(person))
    }

    fn begin(&mut self) {
        self.purse = self.purse.saturating_sub(self.settled.len());
        if self.purse == 0 {
            self.deep = self.deep.min(NEAR);
        }
        self.steps.clear();
        self.heap.clear();
        self.settled.clear();
        self.stamp += 1;
    }

    fn step(&mut self, step: Step) -> u32 {
        self.steps.push(step);
        index(self.steps.len() - 1)
    }

    /// The cheapest step whose job is not settled yet, which it then is; `None` where no chain can win more than `end`.
    fn settle(&mut self, end: End) -> Option<(u32, Step)> {
        while let Some((Reverse(cost), Reverse(at))) = self.heap.pop() {
            let step = self.steps[at as usize];
            if cost >= end.cost {
                return None;
            }
            let seen = &mut self.seen[step.job as usize];
            if *seen == self.stamp {
                continue;
            }
            if index(self.settled.len()) >= self.deep {
                self.heap.push((Reverse(cost), Reverse(at)));
                return None;
            }
            *seen = self.stamp;
            self.settled.push((step.job, cost));
            return Some((at, step));
        }
        None
    }

    /// Whether the search has come to this job as cheaply before.
    fn is_reached(&self, job: u32, cost: i64) -> bool {
        let (stamp, least) = self.reached[job as usize];
        stamp == self.stamp && least <= cost
    }

    /// Goes on from this step, unless its job was reached as cheaply before.
    fn go_on(&mut self, at: u32) {
        let Step { job, cost, .. } = self.steps[at as usize];
        if !self.is_reached(job, cost) {
            self.reached[job as usize] = (self.stamp, cost);
            self.heap.push((Reverse(cost), Reverse(at)));
        }
    }

    fn is_settled(&self, job: u32) -> bool {
        self.seen[job as usize] == self.stamp
    }

    fn on_path(&self, mut at: u32, person: u32) -> bool {
        while at != NONE {
            if self.steps[at as usize].person == person {
                return true;
            }
            at = self.steps[at as usize].before;
        }
        false
    }

    fn length(&self, mut at: u32) -> u32 {
        let mut length = 0;
        while at != NONE {
            length += 1;
            at = self.steps[at as usize].before;
        }
        length
    }

    /// What a search has learnt: prices move, down (`-1`) where seats were to be filled, up (`1`) where they are sought.
    fn learn(&mut self, end: End, sign: i64) {
        if !self.learns {
            return;
        }
        // Where the search was cut short, only what is nearer than the first job not settled is known.
        let cut = self.heap.peek().map_or(0, |(Reverse(cost), _)| *cost);
        let cut = if index(self.settled.len()) >= self.deep { cut } else { 0 };
        let end = end.cost.min(cut).min(0);
        for &(job, cost) in &self.settled {
            if cost < end {
                let job = job as usize;
                self.price[job] = (self.price[job] + sign * (end - cost)).max(0);
                self.reward[job] = self.board.top[job] - self.price[job];
            }
        }
    }

    /// What it costs to leave these seats empty, and what those who leave them lose.
    fn cost_of_leaving(&self, plan: &Plan<'_>, leave: [u32; 2]) -> [(i64, i64); 2] {
        leave.map(|item| match item {
            NONE => (0, 0),
            item => (plan.left_price(&self.price, item), self.profit(item)),
        })
    }

    /// Fills an open seat along the best chain, if one wins.
    pub fn pull(&mut self, plan: &mut Plan<'a>, job: u32) -> bool {
        let lost = plan.next_price(&self.price, job);
        self.begin();
        let root = self.step(Step { before: NONE, person: NONE, take: NONE, leave: [NONE; 2], job, cost: -lost });
        self.heap.push((Reverse(-lost), Reverse(root)));
        let mut end = End { cost: 0, step: NONE };
        while let Some((at, step)) = self.settle(end) {
            // The first step is the seat itself.
            let full = self.long != u32::MAX && self.length(at) > self.long;
            for &item in self.board.of_job(step.job as usize) {
                let cost = step.cost - self.profit(item);
                let person = self.board.items[item as usize].person;
                let may = !full && cost < end.cost && !self.barred.get(item as usize).copied().unwrap_or_default();
                if may && !plan.holds(item) && !self.on_path(at, person) {
                    self.pull_by(plan, (at, item, cost), &mut end);
                }
            }
        }
        self.learn(end, -1);
        end.step != NONE && self.act(plan, end.step)
    }

    /// The steps by which a person takes `item`, at `cost` before anything is left for it.
    fn pull_by(&mut self, plan: &Plan<'_>, (before, item, cost): (u32, u32, i64), end: &mut End) {
        let person = self.board.items[item as usize].person;
        let mut choices = std::mem::take(&mut self.choices);
        plan.choices(item, NONE, &mut choices);
        for &leave in &choices {
            if leave.iter().any(|&i| self.is_pinned(i)) {
                continue;
            }
            let [(empty, lost), (other_empty, other_lost)] = self.cost_of_leaving(plan, leave);
            let cost = cost + lost + other_lost + plan.load_more(person, item, leave);
            let all = cost + empty + other_empty;
            if all < end.cost {
                let step = self.step(Step { before, person, take: item, leave, job: NONE, cost: all });
                *end = End { cost: all, step };
            }
            // Or one of the seats left is filled again, while the other stays empty.
            for (left, other_empty) in [(leave[0], other_empty), (leave[1], empty)] {
                let cost = cost + other_empty;
                if left == NONE || cost >= end.cost {
                    continue;
                }
                let job = self.job_of(left);
                if !self.is_settled(job) && !self.is_reached(job, cost) {
                    let step = self.step(Step { before, person, take: item, leave, job, cost });
                    self.go_on(step);
                }
            }
        }
        self.choices = choices;
    }

    /// Gives somebody a seat they would rather have, along the best chain of those who move on, if one wins.
    fn push(&mut self, plan: &mut Plan<'a>, item: u32) -> bool {
        let (job, gain) = (self.job_of(item), self.profit(item));
        let person = self.board.items[item as usize].person;
        self.begin();
        let mut end = End { cost: 0, step: NONE };
        let mut choices = std::mem::take(&mut self.choices);
        plan.choices(item, NONE, &mut choices);
        for &leave in &choices {
            if leave.iter().any(|&i| self.is_pinned(i)) {
                continue;
            }
            let sum: i64 = self.cost_of_leaving(plan, leave).into_iter().map(|(empty, lost)| empty + lost).sum();
            let cost = sum - gain + plan.load_more(person, item, leave);
            self.steps.push(Step { before: NONE, person, take: item, leave, job, cost });
        }
        self.choices = choices;
        for at in 0..index(self.steps.len()) {
            self.arrive(plan, at, &mut end);
        }
        self.spread(plan, &mut end);
        self.learn(end, 1);
        end.step != NONE && self.act(plan, end.step)
    }

    /// From each job reached, the cheapest first, its holders move on.
    fn spread(&mut self, plan: &Plan<'_>, end: &mut End) {
        while let Some((at, step)) = self.settle(*end) {
            for &leaves in plan.of_job(step.job) {
                let person = self.board.items[leaves as usize].person;
                if !self.is_pinned(leaves) && !self.on_path(at, person) {
                    self.move_on(plan, (at, step), leaves, end);
                }
            }
        }
    }

    /// Where a person's best schedule stays out of reach, the seats in it are too cheap: they, and all that their holders
    /// would move on to, become dearer, as far as nobody who holds one would leave.
    fn outbid(&mut self, plan: &Plan<'_>, person: usize, schedule: &[u32]) {
        if !self.outbids {
            return;
        }
        let wish = schedule.iter().map(|&item| self.profit(item)).sum::<i64>()
            - load_cost(self.board, person, schedule.iter());
        let mut slack = wish - self.held(plan, person);
        for &item in schedule {
            let job = self.job_of(item);
            if slack <= 0 || plan.holds(item) || plan.open(job) {
                continue;
            }
            let was = self.price[job as usize];
            self.begin();
            let person = self.board.items[item as usize].person;
            let root = self.step(Step { before: NONE, person, take: item, leave: [NONE; 2], job, cost: -slack });
            self.heap.push((Reverse(-slack), Reverse(root)));
            let mut end = End { cost: 0, step: NONE };
            self.spread(plan, &mut end);
            self.learn(end, 1);
            slack -= self.price[job as usize] - was;
        }
    }

    /// Somebody has come to a job: the chain ends where a seat is open, else it goes on.
    fn arrive(&mut self, plan: &Plan<'_>, at: u32, end: &mut End) {
        let Step { job, cost, .. } = self.steps[at as usize];
        if plan.open(job) {
            let cost = cost - plan.next_price(&self.price, job);
            if cost < end.cost {
                *end = End { cost, step: at };
            }
        } else if cost < end.cost {
            self.go_on(at);
        }
    }

    /// The ways in which the holder of `leaves` makes room: for nothing, or for another seat.
    fn move_on(&mut self, plan: &Plan<'_>, (before, from): (u32, Step), leaves: u32, end: &mut End) {
        let person = self.board.items[leaves as usize].person;
        let saved = plan.load_more(person, NONE, [leaves, NONE]);
        let lost = from.cost + self.profit(leaves);
        if lost + saved < end.cost {
            let cost = lost + saved;
            let step = self.step(Step { before, person, take: NONE, leave: [leaves, NONE], job: NONE, cost });
            *end = End { cost, step };
        }
        for other in self.board.of_person(person as usize) {
            let other = index(other);
            let to = self.job_of(other);
            let bonus = if plan.open(to) { plan.next_price(&self.price, to) } else { 0 };
            let cost = lost - self.profit(other) + plan.load_more(person, other, [leaves, NONE]);
            let worse = cost - bonus >= end.cost || (!plan.open(to) && self.is_reached(to, cost));
            if worse || plan.holds(other) || self.is_settled(to) {
                continue;
            }
            let mut choices = std::mem::take(&mut self.choices);
            plan.choices(other, leaves, &mut choices);
            for &[also, second] in &choices {
                if second != NONE || self.is_pinned(also) {
                    continue;
                }
                let [(empty, its), _] = self.cost_of_leaving(plan, [also, NONE]);
                let leave = [leaves, also];
                let more = plan.load_more(person, other, leave);
                let cost = lost - self.profit(other) + more + empty + its;
                if plan.open(to) || !self.is_reached(to, cost) {
                    let at = self.step(Step { before, person, take: other, leave, job: to, cost });
                    self.arrive(plan, at, end);
                }
            }
            self.choices = choices;
        }
    }

    /// Does the steps of a chain; takes them back where the whole wins nothing after all.
    fn act(&self, plan: &mut Plan<'a>, last: u32) -> bool {
        let (was, mark) = (plan.value(), plan.mark());
        let mut path = Vec::new();
        let mut at = last;
        while at != NONE {
            path.push(self.steps[at as usize]);
            at = self.steps[at as usize].before;
        }
        for item in path.iter().flat_map(|step| step.leave) {
            if item != NONE && plan.holds(item) {
                plan.lift(item);
            }
        }
        for take in path.iter().map(|step| step.take).filter(|&take| take != NONE) {
            if !plan.free(take) {
                plan.back(mark);
                return false;
            }
            plan.put(take);
        }
        if plan.value() <= was {
            plan.back(mark);
        }
        plan.value() > was
    }

    /// Gives somebody their best schedule whole; whoever has to make room and whatever seats fall open are looked after by
    /// chains. Taken back where all that wins nothing.
    fn adopt(&mut self, plan: &mut Plan<'a>, person: usize, schedule: &[u32]) {
        let (was, mark) = (plan.value(), plan.mark());
        let mut opened = Vec::new();
        for item in plan.of_person(person).to_vec() {
            if !schedule.contains(&item) {
                plan.lift(item);
                opened.push(self.job_of(item));
            }
        }
        let mut displaced = Vec::new();
        for &item in schedule.iter().filter(|&&item| item != NONE) {
            if plan.holds(item) {
                continue;
            }
            let job = self.job_of(item);
            if !plan.open(job) {
                let Some(&least) = plan.of_job(job).iter().min_by_key(|&&i| (self.profit(i), i)) else { continue };
                plan.lift(least);
                displaced.push(self.board.items[least as usize].person);
            }
            if plan.free(item) {
                plan.put(item);
            }
        }
        for other in displaced {
            let of_other = self.board.of_person(other as usize).map(index);
            let mut wishes: Vec<u32> = of_other.filter(|&i| !plan.holds(i) && self.profit(i) > 0).collect();
            wishes.sort_unstable_by_key(|&i| (Reverse(self.profit(i)), i));
            for item in wishes.into_iter().take(WISHES) {
                if !plan.holds(item) {
                    self.push(plan, item);
                }
            }
        }
        for job in opened {
            if plan.open(job) && plan.next_price(&self.price, job) > 0 {
                self.pull(plan, job);
            }
        }
        if plan.value() <= was {
            plan.back(mark);
        }
    }
}
