//! One person's best schedule at given prices: weighted interval scheduling with travel and caps.
//!
//! Jobs in order of their start make a chain in which each follows its predecessor in time, travel included; the best
//! chain is found in one pass (Kleinberg and Tardos, ch. 6). The chain asks only neighbours whether they clash: with
//! travel the clash graph is no interval order (a call between two far places clashes with neither, though they clash
//! with one another), so this is a relaxation, which is what a bound may be; plans check all. Where a cap can bind, the
//! chain counts: per stretch within one week and one month the best chain of exactly `c` jobs, and over the stretches a
//! small knapsack that carries the counts of the running week and month. Clashes across midnight between two stretches
//! are let pass there, again a relaxation.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::ops::Range;

use super::solver::Board;

const NONE: usize = usize::MAX;
/// Worse than any chain, and far from overflow.
const NEVER: i64 = i64::MIN / 4;

/// Items of one person that lie in one week and one month, or all of them where no cap can bind.
struct Stretch {
    items: Range<usize>,
    /// The week and its cap, where it can bind.
    week: Option<(usize, usize)>,
    /// The month and its cap, where it can bind.
    month: Option<(usize, usize)>,
}

impl Stretch {
    /// How many jobs are counted at most; `None` when nobody counts.
    fn layers(&self) -> Option<usize> {
        let cap = match (self.week, self.month) {
            (None, None) => return None,
            (Some((_, cap)), None) | (None, Some((_, cap))) => cap,
            (Some((_, a)), Some((_, b))) => a.min(b),
        };
        Some(cap.min(self.items.len()))
    }
}

/// The schedules of all people, prepared once for many prices.
pub(super) struct Schedules<'a> {
    board: &'a Board<'a>,
    stretches: Vec<Stretch>,
    stretch_at: Vec<usize>,
    /// Within each stretch, items by their end.
    by_end: Vec<usize>,
    /// For each item, the earlier ones of its stretch that end less than the person's longest way before it, and fit.
    near: Vec<usize>,
    near_at: Vec<usize>,
    /// Per person, no way between two of the jobs is longer.
    longest: Vec<i64>,
}

/// Memory for one schedule at a time, kept from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// Best chain that ends with an item, per number of jobs, and the item before.
    chain: Vec<(i64, usize)>,
    /// Best chain of a stretch per number of jobs, and its last item.
    best: Vec<(i64, usize)>,
    /// The knapsack over the stretches: value, jobs taken in this stretch, state before.
    states: Vec<(i64, usize, usize)>,
    /// The best chains that end so early that any way can be made, per number of jobs.
    early: Vec<(i64, usize)>,
    /// The best states a stretch can begin with.
    begin: Vec<(i64, usize)>,
    /// Where each stretch begins in `chain` and in `best`.
    marks: Vec<(usize, usize)>,
}

impl<'a> Schedules<'a> {
    pub fn new(board: &'a Board<'a>) -> Self {
        let people = board.instance.people.len();
        let mut made = Self {
            board,
            stretches: Vec::new(),
            stretch_at: vec![0],
            by_end: (0..board.items.len()).collect(),
            near: Vec::new(),
            near_at: vec![0],
            longest: Vec::with_capacity(people),
        };
        for person in 0..people {
            made.cut(person);
            let longest = made.longest_way(board.of_person(person));
            made.longest.push(longest);
            for at in made.stretch_at[person]..made.stretches.len() {
                let items = made.stretches[at].items.clone();
                made.by_end[items.clone()].sort_by_key(|&i| (board.items[i].end, i));
                for i in items.clone() {
                    made.find_near(items.clone(), i, longest);
                    made.near_at.push(made.near.len());
                }
            }
            made.stretch_at.push(made.stretches.len());
        }
        made
    }

    /// Cuts a person's items into stretches.
    fn cut(&mut self, person: usize) {
        let (items, room) = (self.board.of_person(person), &self.board.instance.people[person]);
        let (mut in_week, mut in_month) = (vec![0_u32; room.weeks.len()], vec![0_u32; room.months.len()]);
        for item in &self.board.items[items.clone()] {
            in_week[item.week] += 1;
            in_month[item.month] += 1;
        }
        let binds = |count: &[u32], left: &[u32], at: usize| {
            (count[at] > left[at]).then(|| (at, usize::try_from(left[at]).unwrap_or(usize::MAX)))
        };
        let caps = |i: usize| {
            let item = &self.board.items[i];
            (binds(&in_week, &room.weeks, item.week), binds(&in_month, &room.months, item.month))
        };
        let mut first = items.start;
        for i in items.clone() {
            if i + 1 == items.end || caps(i) != caps(i + 1) {
                let (week, month) = caps(i);
                self.stretches.push(Stretch { items: first..i + 1, week, month });
                first = i + 1;
            }
        }
    }

    /// A bound on the way between any two of these items, in seconds: twice the way from the first place, or a change.
    fn longest_way(&self, items: Range<usize>) -> i64 {
        let (instance, board) = (self.board.instance, self.board);
        let mut venues = items.map(|i| board.job(i).venue);
        let Some(first) = venues.next() else { return 0 };
        // Way(a, b) ≤ base + way(a, first) + way(first, b), and a change or an unknown place is never longer than both.
        let base = i64::from(instance.travel.base_minutes.max(instance.travel.change_minutes)) * 60;
        let mut differ = false;
        let farthest = venues.map(|v| {
            differ |= v != first;
            instance.travel.gap(first, v).num_seconds()
        });
        let farthest = farthest.max().unwrap_or(0);
        let one_site = match first {
            super::travel::Venue::Virtual => !differ,
            super::travel::Venue::At(known) => !differ && known.is_some(),
        };
        if one_site { 0 } else { instance.travel.longest().num_seconds().min(2 * farthest + 2 * base) }
    }

    fn find_near(&mut self, stretch: Range<usize>, i: usize, longest: i64) {
        let (board, by_end) = (self.board, &self.by_end[stretch]);
        let start = board.items[i].start;
        let from = by_end.partition_point(|&j| board.items[j].end + longest <= start);
        let before = by_end[from..].iter().take_while(|&&j| board.items[j].end <= start);
        self.near.extend(before.filter(|&&j| !board.clash(i, j)));
    }

    /// The best schedule of a person when item `i` counts `fit + price of its job`: its value, its items into `picks`.
    pub fn best(&self, person: usize, price: &[i64], scratch: &mut Scratch, picks: &mut Vec<usize>) -> i64 {
        let stretches = &self.stretches[self.stretch_at[person]..self.stretch_at[person + 1]];
        if let [only] = stretches
            && only.layers().is_none()
        {
            scratch.chain.clear();
            scratch.best.clear();
            self.chain(only, self.longest[person], price, scratch);
            let (value, last) = scratch.best[1];
            if value <= 0 {
                return 0;
            }
            trace(&scratch.chain, only.items.start, 0, 1, (0, last), picks);
            return value;
        }
        self.knapsack(stretches, self.longest[person], price, scratch, picks)
    }

    /// The best chains of a stretch, appended to the scratch: per item and layer, and per number of jobs from 0.
    fn chain(&self, stretch: &Stretch, longest: i64, price: &[i64], scratch: &mut Scratch) {
        let layers = stretch.layers();
        let width = layers.unwrap_or(1);
        let Scratch { chain, best, early, .. } = scratch;
        let (base, first) = (chain.len(), stretch.items.start);
        let cell = |item: usize, layer: usize| base + (item - first) * width + layer;
        chain.resize(base + stretch.items.len() * width, (NEVER, NONE));
        let best_base = best.len();
        best.push((0, NONE));
        best.resize(best_base + width + 1, (NEVER, NONE));
        early.clear();
        early.resize(width, (NEVER, NONE));
        let mut ended = stretch.items.start;
        for i in stretch.items.clone() {
            let item = &self.board.items[i];
            while ended < stretch.items.end && self.board.items[self.by_end[ended]].end + longest <= item.start {
                let j = self.by_end[ended];
                for (layer, best) in early.iter_mut().enumerate() {
                    if chain[cell(j, layer)].0 > best.0 {
                        *best = (chain[cell(j, layer)].0, j);
                    }
                }
                ended += 1;
            }
            let worth = item.fit + price[item.job];
            if worth <= 0 {
                continue;
            }
            let near = &self.near[self.near_at[i]..self.near_at[i + 1]];
            for layer in 0..width {
                // Counting, a chain of n + 1 jobs goes on from one of n; else from any, or from nothing.
                let mut before = if layer == 0 { (0, NONE) } else { early[layer - 1] };
                if layers.is_none() && early[0].0 > before.0 {
                    before = early[0];
                }
                if layers.is_none() || layer > 0 {
                    for &j in near {
                        let value = chain[cell(j, layer.saturating_sub(1))].0;
                        if value > before.0 {
                            before = (value, j);
                        }
                    }
                }
                if before.0 > NEVER {
                    let value = worth + before.0;
                    chain[cell(i, layer)] = (value, before.1);
                    if value > best[best_base + layer + 1].0 {
                        best[best_base + layer + 1] = (value, i);
                    }
                }
            }
        }
    }

    fn knapsack(
        &self,
        stretches: &[Stretch],
        longest: i64,
        price: &[i64],
        scratch: &mut Scratch,
        picks: &mut Vec<usize>,
    ) -> i64 {
        scratch.chain.clear();
        scratch.best.clear();
        scratch.states.clear();
        let cap = |period: Option<(usize, usize)>, items: usize| period.map_or(0, |(_, cap)| cap.min(items));
        let all: usize = stretches.iter().map(|s| s.items.len()).sum();
        scratch.marks.clear();
        scratch.states.push((0, 0, NONE));
        let (mut before, mut before_months, mut last) = (0..1, 1, None::<&Stretch>);
        for stretch in stretches {
            let (bests, states) = (scratch.best.len(), scratch.states.len());
            scratch.marks.push((scratch.chain.len(), bests));
            self.chain(stretch, longest, price, scratch);
            let (weeks, months) = (cap(stretch.week, all) + 1, cap(stretch.month, all) + 1);
            let same = |a: Option<(usize, usize)>, b: Option<(usize, usize)>| a.is_some() && a == b;
            let (same_week, same_month) =
                last.map_or((false, false), |l| (same(l.week, stretch.week), same(l.month, stretch.month)));
            // Where this stretch begins: the counts so far, of the week and the month that go on.
            scratch.begin.clear();
            scratch.begin.resize(weeks * months, (NEVER, NONE));
            for at in before.clone() {
                let (in_week, in_month) = ((at - before.start) / before_months, (at - before.start) % before_months);
                let (week, month) = (if same_week { in_week } else { 0 }, if same_month { in_month } else { 0 });
                let to = &mut scratch.begin[week * months + month];
                if scratch.states[at].0 > to.0 {
                    *to = (scratch.states[at].0, at);
                }
            }
            let most = stretch.layers();
            for to in 0..weeks * months {
                let (in_week, in_month) = (to / months, to % months);
                let mut found = (NEVER, 0, NONE);
                for jobs in 0..=most.unwrap_or(1) {
                    let back = |tracked: bool, count: usize| if tracked { count.checked_sub(jobs) } else { Some(0) };
                    let from = (back(stretch.week.is_some(), in_week), back(stretch.month.is_some(), in_month));
                    let (Some(week), Some(month)) = from else { break };
                    let (value, at) = scratch.begin[week * months + month];
                    let total = value + scratch.best[bests + jobs].0;
                    if value > NEVER && total > found.0 && scratch.best[bests + jobs].0 > NEVER {
                        found = (total, jobs, at);
                    }
                }
                scratch.states.push(found);
            }
            (before, before_months, last) = (states..scratch.states.len(), months, Some(stretch));
        }
        let Some(mut state) = before.max_by_key(|&at| (scratch.states[at].0, std::cmp::Reverse(at))) else { return 0 };
        let value = scratch.states[state].0;
        for (stretch, &(chains, bests)) in stretches.iter().zip(&scratch.marks).rev() {
            let (_, jobs, from) = scratch.states[state];
            if jobs > 0 {
                let width = stretch.layers().unwrap_or(1);
                let item = scratch.best[bests + jobs].1;
                trace(&scratch.chain, stretch.items.start, chains, width, (jobs - 1, item), picks);
            }
            state = from;
        }
        value
    }
}

/// Follows a chain back from its last item; the layer falls with each step where there is more than one.
fn trace(chain: &[(i64, usize)], first: usize, base: usize, width: usize, end: (usize, usize), picks: &mut Vec<usize>) {
    let (mut layer, mut item) = end;
    while item != NONE {
        picks.push(item);
        item = chain[base + (item - first) * width + layer].1;
        layer = layer.saturating_sub(1);
    }
}
