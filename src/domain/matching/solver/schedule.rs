//! One person's best schedule at given prices.
//!
//! Jobs in order of their start make a chain in which each follows its predecessor in time, travel included; the best
//! chain of exactly `c` jobs for each `c` up to the cap is found in one pass (Kleinberg and Tardos, *Algorithm Design*,
//! ch. 6, with a layer per count). Jobs that count against one narrow cap are chained together; chains that share a wide
//! cap are combined by a knapsack over their counts; what has no time is added by its worth.
//!
//! That pass is a relaxation: it asks only neighbours whether they clash, sees only the first span of a job, and lets
//! chains of different caps overlap. With travel the clash graph is no interval order (a call between two far places
//! clashes with neither, though they clash with one another). Where the schedule found breaks a rule after all, the
//! search branches: with one of the jobs that clash, or without it. So the value is exact, or, where the number of
//! branches is limited, an upper bound with the best schedule met on the way.

use super::board::{Board, Item, NONE, index};
use super::{FREE, TICKS};

/// Worse than any schedule, and far from overflow.
const NEVER: i64 = i64::MIN / 4;

/// An item worth taking at the prices of the moment.
#[derive(Debug, Clone, Copy)]
struct Cand {
    profit: i64,
    start: i64,
    end: i64,
    item: u32,
    job: u32,
    site: u32,
    caps: [u16; 2],
    many: bool,
}

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Best {
    /// No schedule is worth more, in ticks.
    pub upper: i64,
    /// What the schedule found is worth.
    pub value: i64,
}

/// Memory for one person at a time, kept from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    cands: Vec<Cand>,
    picks: Vec<u32>,
    dp: Relaxation,
}

/// The best schedule of `person` where an item is worth its fit and the reward of its job, with at most `branches`
/// branches: its items into `out` (replacing what is there), in no special order.
pub(super) fn best(
    board: &Board<'_>,
    person: usize,
    reward: &[i64],
    branches: u32,
    scratch: &mut Scratch,
    out: &mut Vec<u32>,
) -> Best {
    let range = board.of_person(person);
    let Scratch { cands, picks, dp } = scratch;
    cands.clear();
    let first = range.start;
    for (at, item) in board.items[range].iter().enumerate() {
        let profit = i64::from(item.fit) * TICKS + reward[item.job as usize];
        if profit > 0 {
            cands.push(cand(board, item, first + at, profit));
        }
    }
    out.clear();
    best_of(board, person, cands, branches, dp, picks, out)
}

fn cand(board: &Board<'_>, item: &Item, at: usize, profit: i64) -> Cand {
    let slot = &board.slots[item.job as usize];
    Cand {
        profit,
        start: slot.start,
        end: slot.end,
        item: index(at),
        job: item.job,
        site: slot.site,
        caps: item.caps,
        many: slot.many,
    }
}

/// The best schedule that contains `with` (an item) and otherwise only items that pay; `None` where nothing could.
pub(super) fn best_with(
    board: &Board<'_>,
    person: usize,
    with: usize,
    reward: &[i64],
    branches: u32,
    scratch: &mut Scratch,
) -> i64 {
    let range = board.of_person(person);
    let Scratch { cands, picks, dp } = scratch;
    let forced = board.items[with];
    let own = i64::from(forced.fit) * TICKS + reward[forced.job as usize];
    cands.clear();
    let first = range.start;
    for (at, item) in board.items[range].iter().enumerate() {
        let profit = i64::from(item.fit) * TICKS + reward[item.job as usize];
        if profit > 0 && first + at != with && !board.clash(item.job, forced.job) {
            cands.push(cand(board, item, first + at, profit));
        }
    }
    let mut used = Used::default();
    let node = Node { board, person };
    let own = own - node.cost(forced.caps, &used);
    used.add(forced.caps);
    let mut out = Vec::new();
    own + node.search(cands.clone(), used, branches, dp, picks, &mut out).upper
}

fn best_of(
    board: &Board<'_>,
    person: usize,
    cands: &[Cand],
    branches: u32,
    dp: &mut Relaxation,
    picks: &mut Vec<u32>,
    out: &mut Vec<u32>,
) -> Best {
    let node = Node { board, person };
    picks.clear();
    let value = dp.solve(board, person, cands, &Used::default(), picks);
    if node.fault(cands, picks, &Used::default()).is_none() {
        out.extend(picks.iter().map(|&c| cands[c as usize].item));
        return Best { upper: value, value };
    }
    node.search(cands.to_vec(), Used::default(), branches, dp, picks, out)
}

/// How often each cap is used by what is taken already, and how much load is counted under it.
#[derive(Debug, Clone, Default)]
pub(super) struct Used {
    caps: Vec<(u16, u32)>,
    loads: Vec<(u16, u32)>,
}

impl Used {
    fn of(&self, cap: u16) -> u32 {
        number(&self.caps, cap)
    }

    fn load(&self, caps: [u16; 2]) -> u32 {
        number(&self.loads, counted_under(caps))
    }

    fn add(&mut self, caps: [u16; 2]) {
        for cap in caps.into_iter().filter(|&cap| cap != FREE) {
            add(&mut self.caps, cap);
        }
        add(&mut self.loads, counted_under(caps));
    }
}

fn number(list: &[(u16, u32)], cap: u16) -> u32 {
    list.iter().find(|(c, _)| *c == cap).map_or(0, |(_, n)| *n)
}

fn add(list: &mut Vec<(u16, u32)>, cap: u16) {
    match list.iter_mut().find(|(c, _)| *c == cap) {
        Some((_, n)) => *n += 1,
        None => list.push((cap, 1)),
    }
}

/// The cap under which the cost of load is counted: the wider, where there is one.
pub(super) const fn counted_under(caps: [u16; 2]) -> u16 {
    if caps[1] == FREE { caps[0] } else { caps[1] }
}

struct Node<'a, 'b> {
    board: &'a Board<'b>,
    person: usize,
}

/// What is wrong with a schedule of the relaxation: the candidate to branch on.
type Fault = u32;

impl Node<'_, '_> {
    /// What one more job under these caps costs whoever has `used` so much already.
    fn cost(&self, caps: [u16; 2], used: &Used) -> i64 {
        let before = self.board.instance.people[self.person].before(counted_under(caps)) + used.load(caps);
        self.board.instance.fairness * TICKS * i64::from(before)
    }

    fn left(&self, cap: u16, used: &Used) -> u32 {
        self.board.cap(self.person, cap).saturating_sub(used.of(cap))
    }

    /// The pick that breaks most rules, if any does.
    fn fault(&self, cands: &[Cand], picks: &mut [u32], used: &Used) -> Option<Fault> {
        picks.sort_unstable_by_key(|&c| (cands[c as usize].start, cands[c as usize].item));
        let far = self.board.longest[self.person];
        let mut worst: Option<(u32, i64, u32)> = None;
        let any_many = picks.iter().any(|&c| cands[c as usize].many);
        for (at, &a) in picks.iter().enumerate() {
            let one = &cands[a as usize];
            let mut clashes = 0;
            if any_many {
                for &b in picks.iter() {
                    if a != b && self.board.clash(one.job, cands[b as usize].job) {
                        clashes += 1;
                    }
                }
            } else {
                for &b in &picks[at + 1..] {
                    let other = &cands[b as usize];
                    if one.start == i64::MIN || other.start >= one.end.saturating_add(far) {
                        break;
                    }
                    if self.board.clash(one.job, other.job) {
                        clashes += 1;
                    }
                }
            }
            for cap in one.caps {
                if cap != FREE && self.board.straddles[self.person] {
                    let many = picks.iter().filter(|&&b| cands[b as usize].caps.contains(&cap)).count();
                    if index(many) > self.left(cap, used) {
                        clashes += 1;
                    }
                }
            }
            if clashes > 0 && worst.is_none_or(|w| (clashes, one.profit) > (w.0, w.1)) {
                worst = Some((clashes, one.profit, a));
            }
        }
        worst.map(|(_, _, a)| a)
    }

    /// Best first would need a heap; depth first with the better child first meets good schedules early.
    fn search(
        &self,
        cands: Vec<Cand>,
        used: Used,
        branches: u32,
        dp: &mut Relaxation,
        picks: &mut Vec<u32>,
        out: &mut Vec<u32>,
    ) -> Best {
        struct Open {
            cands: Vec<Cand>,
            used: Used,
            fixed: Vec<u32>,
            worth: i64,
        }
        let mut found: (i64, Vec<u32>) = (NEVER, Vec::new());
        let mut upper = NEVER;
        let mut left = branches;
        let mut stack = vec![Open { cands, used, fixed: Vec::new(), worth: 0 }];
        while let Some(open) = stack.pop() {
            picks.clear();
            let value = open.worth + dp.solve(self.board, self.person, &open.cands, &open.used, picks);
            if value <= found.0 {
                continue;
            }
            let Some(branch) = self.fault(&open.cands, picks, &open.used) else {
                let taken = picks.iter().map(|&c| open.cands[c as usize].item);
                found = (value, open.fixed.iter().copied().chain(taken).collect());
                continue;
            };
            if left == 0 {
                upper = upper.max(value);
                if found.0 == NEVER {
                    found = self.mended(&open.cands, picks, &open.used, open.worth, &open.fixed);
                }
                continue;
            }
            left -= 1;
            let on = open.cands[branch as usize];
            let mut without = open.cands.clone();
            without.remove(branch as usize);
            let mut used = open.used.clone();
            let cost = self.cost(on.caps, &used);
            used.add(on.caps);
            let mut with = without.clone();
            with.retain(|c| {
                !self.board.clash(c.job, on.job)
                    && c.caps.into_iter().all(|cap| cap == FREE || self.left(cap, &used) > 0)
            });
            let mut fixed = open.fixed.clone();
            fixed.push(on.item);
            stack.push(Open { cands: without, used: open.used, fixed: open.fixed, worth: open.worth });
            let worth = open.worth + on.profit - cost;
            stack.push(Open { cands: with, used, fixed, worth });
        }
        out.clear();
        out.extend_from_slice(&found.1);
        Best { upper: upper.max(found.0), value: found.0 }
    }

    /// The picks that keep the rules when the better are taken first.
    fn mended(&self, cands: &[Cand], picks: &mut [u32], used: &Used, worth: i64, fixed: &[u32]) -> (i64, Vec<u32>) {
        picks.sort_unstable_by_key(|&c| std::cmp::Reverse((cands[c as usize].profit, cands[c as usize].item)));
        let (mut kept, mut used, mut worth): (Vec<&Cand>, Used, i64) = (Vec::new(), used.clone(), worth);
        for &c in picks.iter() {
            let one = &cands[c as usize];
            let free = one.caps.into_iter().all(|cap| cap == FREE || self.left(cap, &used) > 0);
            if free && kept.iter().all(|k| !self.board.clash(k.job, one.job)) {
                worth += one.profit - self.cost(one.caps, &used);
                used.add(one.caps);
                kept.push(one);
            }
        }
        (worth, fixed.iter().copied().chain(kept.iter().map(|k| k.item)).collect())
    }
}

/// The pass over the chains, and its memory.
#[derive(Default)]
struct Relaxation {
    /// Best chain that ends with a candidate, per number of jobs, and the candidate before.
    cells: Vec<(i64, u32)>,
    /// The best chains that end so early that any way can be made, per number of jobs.
    safe: Vec<(i64, u32)>,
    /// Candidates that may still be too near.
    pending: Vec<u32>,
    /// Candidates without a time, the best first.
    loose: Vec<u32>,
    /// Of one class: per number of jobs, the best worth, the last of its chain, and how many of the loose.
    class: Vec<(i64, u32, u32)>,
    /// The best of `class` for any number of jobs.
    parts: Vec<Part>,
    /// `class` of all parts of one wide cap, one after another.
    curves: Vec<(i64, u32, u32)>,
    /// The knapsack's rows: worth and how many jobs of the part.
    rows: Vec<(i64, u32)>,
}

/// The candidates of one class that have a time, and where their cells are.
#[derive(Clone, Copy)]
struct Run<'c> {
    cands: &'c [Cand],
    first: usize,
    base: usize,
    /// Cells per candidate.
    width: usize,
    /// The longest way of the person.
    far: i64,
}

impl Run<'_> {
    /// The cells of candidate `i`.
    const fn row(&self, i: usize) -> std::ops::Range<usize> {
        let from = self.base + (i - self.first) * self.width;
        from..from + self.width
    }
}

/// A run of candidates with the same caps.
#[derive(Debug, Clone, Copy)]
struct Part {
    first: u32,
    cells: u32,
    width: u32,
    curve: u32,
    curve_len: u32,
    loose: u32,
    row: u32,
}

impl Relaxation {
    /// The worth of the best relaxed schedule; its candidates into `picks`.
    fn solve(&mut self, board: &Board<'_>, person: usize, cands: &[Cand], used: &Used, picks: &mut Vec<u32>) -> i64 {
        let mut total = 0;
        let mut from = 0;
        while from < cands.len() {
            let wide = cands[from].caps[1];
            let mut to = from + 1;
            while to < cands.len() && cands[to].caps[1] == wide {
                to += 1;
            }
            if wide == FREE {
                // Nothing binds the classes together.
                let mut at = from;
                while at < to {
                    let end = class_end(cands, at, to);
                    total += self.group(board, person, cands, at..end, FREE, used, picks);
                    at = end;
                }
            } else {
                total += self.group(board, person, cands, from..to, wide, used, picks);
            }
            from = to;
        }
        total
    }

    /// The best of all candidates under one wide cap, or of one class where there is none.
    #[expect(clippy::too_many_arguments, reason = "the state of one pass")]
    fn group(
        &mut self,
        board: &Board<'_>,
        person: usize,
        cands: &[Cand],
        range: std::ops::Range<usize>,
        wide: u16,
        used: &Used,
        picks: &mut Vec<u32>,
    ) -> i64 {
        self.cells.clear();
        self.loose.clear();
        self.parts.clear();
        self.curves.clear();
        self.rows.clear();
        let room = |cap: u16| {
            let left = if cap == FREE { u32::MAX } else { board.cap(person, cap).saturating_sub(used.of(cap)) };
            usize::try_from(left).unwrap_or(usize::MAX)
        };
        let most = room(wide);
        let fair = board.instance.fairness * TICKS;
        let under = [cands[range.start].caps[0], wide];
        let before =
            i64::from(board.instance.people[person].before(counted_under(under))) + i64::from(used.load(under));
        let cost = |count: usize| {
            let n = i64::try_from(count).unwrap_or(0);
            fair.saturating_mul(before * n + n * (n - 1) / 2)
        };
        if fair == 0
            && let Some(value) = Self::top(board, cands, &range, room(cands[range.start].caps[0]).min(most), picks)
        {
            return value;
        }
        let mut at = range.start;
        while at < range.end {
            let end = class_end(cands, at, range.end);
            let narrow = room(cands[at].caps[0]).min(most);
            self.chain(board, person, cands, at..end, narrow, fair != 0);
            at = end;
        }
        if let [only] = self.parts[..] {
            let curve = &self.curves[only.curve as usize..(only.curve + only.curve_len) as usize];
            let best =
                curve.iter().enumerate().map(|(n, c)| (c.0 - cost(n), n)).max_by_key(|b| (b.0, std::cmp::Reverse(b.1)));
            let Some((value, jobs)) = best else { return 0 };
            if value <= 0 {
                return 0;
            }
            self.trace(&only, jobs, picks);
            return value;
        }
        // rows[p][c]: the best worth of the parts so far with c jobs in all.
        let all: usize = self.parts.iter().map(|p| p.curve_len as usize - 1).sum();
        let width = all.min(most) + 1;
        let mut previous: Option<usize> = None;
        for p in 0..self.parts.len() {
            let part = self.parts[p];
            let row = self.rows.len();
            self.parts[p].row = index(row);
            for count in 0..width {
                let mut found = (NEVER, 0);
                for jobs in 0..(part.curve_len as usize).min(count + 1) {
                    let rest = match previous {
                        None if count == jobs => 0,
                        None => continue,
                        Some(row) => self.rows[row + count - jobs].0,
                    };
                    let value = rest + self.curves[part.curve as usize + jobs].0;
                    if rest > NEVER && value > found.0 {
                        found = (value, index(jobs));
                    }
                }
                self.rows.push(found);
            }
            previous = Some(row);
        }
        let Some(last) = previous else { return 0 };
        let best =
            (0..width).map(|c| (self.rows[last + c].0 - cost(c), c)).max_by_key(|b| (b.0, std::cmp::Reverse(b.1)));
        let Some((value, mut count)) = best else { return 0 };
        if value <= 0 {
            return 0;
        }
        for p in (0..self.parts.len()).rev() {
            let part = self.parts[p];
            let jobs = self.rows[part.row as usize + count].1 as usize;
            if jobs > 0 {
                self.trace(&part, jobs, picks);
            }
            count -= jobs;
        }
        value
    }

    /// The most valuable candidates of one class, where they happen to go together: then nothing beats them.
    fn top(
        board: &Board<'_>,
        cands: &[Cand],
        range: &std::ops::Range<usize>,
        most: usize,
        picks: &mut Vec<u32>,
    ) -> Option<i64> {
        let caps = cands[range.start].caps;
        if most > 8 || (caps[1] != FREE && cands[range.end - 1].caps != caps) {
            return None;
        }
        let mut best = [(0_i64, NONE); 8];
        let mut n = 0;
        for (at, cand) in range.clone().zip(&cands[range.clone()]) {
            if n == most && (n == 0 || cand.profit <= best[n - 1].0) {
                continue;
            }
            let mut to = if n < most { n } else { n - 1 };
            while to > 0 && best[to - 1].0 < cand.profit {
                best[to] = best[to - 1];
                to -= 1;
            }
            best[to] = (cand.profit, index(at));
            n = (n + 1).min(most);
        }
        let best = &best[..n];
        for (i, a) in best.iter().enumerate() {
            let one = &cands[a.1 as usize];
            for b in &best[..i] {
                let other = &cands[b.1 as usize];
                let timed = one.start != i64::MIN && other.start != i64::MIN;
                let single = !one.many && !other.many;
                let apart = || single && (follows(board, one, other) || follows(board, other, one));
                if timed && !apart() && board.clash(one.job, other.job) {
                    return None;
                }
            }
        }
        picks.extend(best.iter().map(|b| b.1));
        Some(best.iter().map(|b| b.0).sum())
    }

    /// The best chains of one class, at most `most` jobs, as a curve over the number of jobs.
    fn chain(
        &mut self,
        board: &Board<'_>,
        person: usize,
        cands: &[Cand],
        range: std::ops::Range<usize>,
        most: usize,
        counted: bool,
    ) {
        let n = range.len();
        let loose_at = self.loose.len();
        let mut timed = range.start;
        while timed < range.end && cands[timed].start == i64::MIN {
            self.loose.push(index(timed));
            timed += 1;
        }
        self.loose[loose_at..].sort_by_key(|&c| (std::cmp::Reverse(cands[c as usize].profit), c));
        let curve_at = self.curves.len();
        let chained = timed..range.end;
        // One layer will do where the cap cannot bind and nobody counts.
        let plain = n <= most && !counted && cands[range.start].caps[1] == FREE;
        let width = if plain { 1 } else { most.min(chained.len()) };
        let base = self.cells.len();
        self.cells.resize(base + chained.len() * width, (NEVER, NONE));
        self.safe.clear();
        self.safe.resize(width, (NEVER, NONE));
        self.pending.clear();
        self.class.clear();
        self.class.push((0, NONE, 0));
        self.class.resize(width + 1, (NEVER, NONE, 0));
        let run = Run { cands, first: chained.start, base, width, far: board.longest[person] };
        if width > 0 {
            for i in chained.clone() {
                self.settle_early(run, i);
                if plain {
                    self.extend_plain(board, run, i);
                } else {
                    self.extend_counted(board, run, i);
                }
                self.pending.push(index(i));
            }
        }
        self.add_loose(cands, loose_at, plain, n.min(most));
        self.parts.push(Part {
            first: index(chained.start),
            cells: index(base),
            width: index(width),
            curve: index(curve_at),
            curve_len: index(self.curves.len() - curve_at),
            loose: index(loose_at),
            row: 0,
        });
    }

    /// What ended so long before candidate `i` begins that any way can be made is pending no more.
    fn settle_early(&mut self, run: Run<'_>, i: usize) {
        let (start, safe, cells) = (run.cands[i].start, &mut self.safe, &self.cells);
        self.pending.retain(|&j| {
            if run.cands[j as usize].end + run.far > start {
                return true;
            }
            for (best, cell) in safe.iter_mut().zip(&cells[run.row(j as usize)]) {
                if cell.0 > best.0 {
                    *best = (cell.0, j);
                }
            }
            false
        });
    }

    /// The best chain of any length that ends with candidate `i`.
    fn extend_plain(&mut self, board: &Board<'_>, run: Run<'_>, i: usize) {
        let one = &run.cands[i];
        let mut before = if self.safe[0].0 > 0 { self.safe[0] } else { (0, NONE) };
        for &j in &self.pending {
            let worth = self.cells[run.row(j as usize).start].0;
            if worth > before.0 && follows(board, &run.cands[j as usize], one) {
                before = (worth, j);
            }
        }
        let cell = (before.0 + one.profit, before.1);
        self.cells[run.row(i).start] = cell;
        if cell.0 > self.class[1].0 {
            self.class[1] = (cell.0, index(i), 0);
        }
    }

    /// The best chain of each length that ends with candidate `i`.
    fn extend_counted(&mut self, board: &Board<'_>, run: Run<'_>, i: usize) {
        let one = &run.cands[i];
        let row = run.row(i).start;
        self.cells[row] = (one.profit, NONE);
        for layer in 1..run.width {
            if self.safe[layer - 1].0 > NEVER {
                self.cells[row + layer] = (self.safe[layer - 1].0 + one.profit, self.safe[layer - 1].1);
            }
        }
        for &j in &self.pending {
            if follows(board, &run.cands[j as usize], one) {
                let from = run.row(j as usize).start;
                for layer in 1..run.width {
                    let worth = self.cells[from + layer - 1].0;
                    if worth > NEVER && worth + one.profit > self.cells[row + layer].0 {
                        self.cells[row + layer] = (worth + one.profit, j);
                    }
                }
            }
        }
        for (class, cell) in self.class[1..].iter_mut().zip(&self.cells[row..]) {
            if cell.0 > class.0 {
                *class = (cell.0, index(i), 0);
            }
        }
    }

    /// The curve of a class: its chains, and on top what has no time.
    fn add_loose(&mut self, cands: &[Cand], loose_at: usize, plain: bool, most: usize) {
        let loose = &self.loose[loose_at..];
        if plain {
            let sum: i64 = loose.iter().map(|&c| cands[c as usize].profit).sum();
            let best = if self.class.len() > 1 && self.class[1].0 > 0 { self.class[1] } else { (0, NONE, 0) };
            self.curves.push((best.0 + sum, best.1, index(loose.len())));
            return;
        }
        if loose.is_empty() {
            self.curves.extend_from_slice(&self.class);
            return;
        }
        for count in 0..=most {
            let mut found = (NEVER, NONE, 0);
            let mut sum = 0;
            for with in 0..=loose.len().min(count) {
                if with > 0 {
                    sum += cands[loose[with - 1] as usize].profit;
                }
                if let Some(class) = self.class.get(count - with)
                    && class.0 > NEVER
                    && class.0 + sum > found.0
                {
                    found = (class.0 + sum, class.1, index(with));
                }
            }
            self.curves.push(found);
        }
    }

    /// The candidates of a part's best chain of `jobs` jobs.
    fn trace(&self, part: &Part, jobs: usize, picks: &mut Vec<u32>) {
        let (_, last, loose) = self.curves[part.curve as usize + jobs];
        let from = part.loose as usize;
        picks.extend_from_slice(&self.loose[from..from + loose as usize]);
        let (mut at, width) = (last, part.width as usize);
        // In a plain chain every count is in the one layer.
        let mut layer = jobs.saturating_sub(loose as usize).saturating_sub(1);
        while at != NONE {
            picks.push(at);
            at = self.cells[part.cells as usize + (at - part.first) as usize * width + layer].1;
            layer = layer.saturating_sub(1);
        }
    }
}

fn class_end(cands: &[Cand], at: usize, to: usize) -> usize {
    let caps = cands[at].caps;
    let mut end = at + 1;
    while end < to && cands[end].caps == caps {
        end += 1;
    }
    end
}

/// Whether `then` can follow `one` as neighbour; only the first spans are chained, all are asked.
fn follows(board: &Board<'_>, one: &Cand, then: &Cand) -> bool {
    if one.end > then.start {
        return false;
    }
    if one.many || then.many {
        return !board.clash(one.job, then.job);
    }
    then.start - one.end >= board.gap(one.site, then.site)
}
