//! The instance put in order for the engine: each person's pairs by cap and start, each job's by fit, ways looked up.

use std::{cmp::Reverse, collections::HashMap};

use super::{FREE, Instance, Job, Pair, Span, TICKS};
use crate::domain::matching::travel::{TravelRule, Venue};

/// No cap, no item, no place in time.
pub(super) const NONE: u32 = u32::MAX;
/// Below this many sites every way is reckoned once and looked up.
const TABLE: usize = 512;

/// One pair, in its person's order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub pair: u32,
    pub person: u32,
    pub job: u32,
    pub fit: u32,
    /// The caps it counts against, among its person's: the narrower and the wider; [`super::FREE`] for none.
    pub caps: [u16; 2],
}

/// What the clock and the map know of a job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Start and end of the first span, in seconds; what has no time starts at `i64::MIN` and ends there.
    pub start: i64,
    pub end: i64,
    pub site: u32,
    /// Whether there are further spans.
    pub many: bool,
}

impl Slot {
    pub const fn timed(&self) -> bool {
        self.start != i64::MIN
    }
}

/// The time from site to site.
struct Ways {
    rule: TravelRule,
    sites: Vec<Venue>,
    table: Vec<i32>,
    longest: i64,
}

impl Ways {
    fn new(rule: TravelRule, sites: Vec<Venue>) -> Self {
        let longest = rule.longest().num_seconds();
        let mut ways = Self { rule, sites, table: Vec::new(), longest };
        let n = ways.sites.len();
        if n <= TABLE {
            let mut table = vec![0; n * n];
            for a in 0..n {
                for b in 0..a {
                    let gap = i32::try_from(ways.reckon(a, b)).unwrap_or(i32::MAX);
                    (table[a * n + b], table[b * n + a]) = (gap, gap);
                }
                // The same unknown place is not the same site.
                table[a * n + a] = i32::try_from(ways.reckon(a, a)).unwrap_or(i32::MAX);
            }
            ways.table = table;
        }
        ways
    }

    fn reckon(&self, a: usize, b: usize) -> i64 {
        self.rule.gap(self.sites[a], self.sites[b]).num_seconds()
    }

    fn gap(&self, a: u32, b: u32) -> i64 {
        let (a, b) = (a as usize, b as usize);
        match self.table.get(a * self.sites.len() + b) {
            Some(&gap) => i64::from(gap),
            None => self.reckon(a, b),
        }
    }
}

/// The instance in order.
pub(super) struct Board<'a> {
    pub instance: &'a Instance,
    pub items: Vec<Item>,
    person_at: Vec<u32>,
    /// Items of all jobs, the best fit first.
    by_job: Vec<u32>,
    job_at: Vec<u32>,
    pub slots: Vec<Slot>,
    ways: Ways,
    /// Per person, no way between two of the jobs is longer.
    pub longest: Vec<i64>,
    /// Per person, whether jobs under one narrow cap count against different wide ones.
    pub straddles: Vec<bool>,
    /// Per job, what a pair's fit is raised by, in ticks: the worth of its first seat.
    pub top: Vec<i64>,
}

impl<'a> Board<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        let (slots, sites) = slots(&instance.jobs);
        let items = items(instance, &slots);
        let person_at = starts(items.iter().map(|i| i.person), instance.people.len());
        let job_at = starts(items.iter().map(|i| i.job), instance.jobs.len());
        let mut by_job = vec![0; items.len()];
        let mut next = job_at.clone();
        for (at, item) in (0..).zip(&items) {
            let to = &mut next[item.job as usize];
            by_job[*to as usize] = at;
            *to += 1;
        }
        for job in 0..instance.jobs.len() {
            by_job[job_at[job] as usize..job_at[job + 1] as usize]
                .sort_unstable_by_key(|&i: &u32| (Reverse(items[i as usize].fit), i));
        }
        let ways = Ways::new(instance.travel, sites);
        let top = instance.jobs.iter().map(|job| TICKS * job.top()).collect();
        let (longest, straddles) = (Vec::new(), Vec::new());
        let mut board = Self { instance, items, person_at, by_job, job_at, slots, ways, longest, straddles, top };
        board.longest = (0..instance.people.len()).map(|person| board.longest_way(person)).collect();
        board.straddles = (0..instance.people.len()).map(|person| board.straddle(person)).collect();
        board
    }

    /// How many jobs there are.
    pub const fn jobs(&self) -> usize {
        self.slots.len()
    }

    /// How many people there are.
    pub const fn people(&self) -> usize {
        self.longest.len()
    }

    /// The items of a person.
    pub fn of_person(&self, person: usize) -> std::ops::Range<usize> {
        self.person_at[person] as usize..self.person_at[person + 1] as usize
    }

    /// The items of a job, the best fit first.
    pub fn of_job(&self, job: usize) -> &[u32] {
        &self.by_job[self.job_at[job] as usize..self.job_at[job + 1] as usize]
    }

    /// What an item brings its person where jobs have these rewards, in ticks.
    pub fn profit(&self, item: u32, reward: &[i64]) -> i64 {
        let one = &self.items[item as usize];
        i64::from(one.fit) * TICKS + reward[one.job as usize]
    }

    /// How much of a cap a person has; what counts against no cap has no end.
    pub fn cap(&self, person: usize, cap: u16) -> u32 {
        self.instance.people[person].caps.get(usize::from(cap)).copied().unwrap_or(u32::MAX)
    }

    /// The time from one job's place to another's, in seconds.
    pub fn gap(&self, a: u32, b: u32) -> i64 {
        self.ways.gap(a, b)
    }

    /// Whether nobody can do both of two jobs.
    pub fn clash(&self, a: u32, b: u32) -> bool {
        if a == b {
            return true;
        }
        let (one, other) = (&self.slots[a as usize], &self.slots[b as usize]);
        if !one.timed() || !other.timed() {
            return false;
        }
        if !one.many && !other.many {
            return self.meet(Span { start: one.start, end: one.end }, one.site, other);
        }
        let (all, others) = (&self.instance.jobs[a as usize].spans, &self.instance.jobs[b as usize].spans);
        let far = self.ways.longest;
        let mut gap = None;
        all.iter().any(|x| {
            others.iter().any(|y| {
                if x.start >= y.end.saturating_add(far) || y.start >= x.end.saturating_add(far) {
                    return false;
                }
                let gap = *gap.get_or_insert_with(|| self.gap(one.site, other.site));
                x.start < y.end.saturating_add(gap) && y.start < x.end.saturating_add(gap)
            })
        })
    }

    fn meet(&self, span: Span, site: u32, other: &Slot) -> bool {
        let far = self.ways.longest;
        if span.start >= other.end.saturating_add(far) || other.start >= span.end.saturating_add(far) {
            return false;
        }
        let gap = self.gap(site, other.site);
        span.start < other.end.saturating_add(gap) && other.start < span.end.saturating_add(gap)
    }

    fn straddle(&self, person: usize) -> bool {
        let mut caps: Vec<[u16; 2]> = self.items[self.of_person(person)].iter().map(|i| i.caps).collect();
        caps.sort_unstable();
        caps.dedup();
        caps.windows(2).any(|w| w[0][0] == w[1][0] && w[0][0] != FREE)
    }

    fn longest_way(&self, person: usize) -> i64 {
        let mut sites: Vec<u32> =
            self.items[self.of_person(person)].iter().map(|i| self.slots[i.job as usize].site).collect();
        sites.sort_unstable();
        sites.dedup();
        // Beyond a few dozen sites the rule's own limit is near enough.
        if sites.len() > 64 {
            return self.ways.longest;
        }
        let pairs = sites.iter().flat_map(|&a| sites.iter().map(move |&b| (a, b)));
        pairs.map(|(a, b)| self.gap(a, b)).max().unwrap_or(0)
    }
}

/// Where each job stands in time and space, and the sites there are.
fn slots(jobs: &[Job]) -> (Vec<Slot>, Vec<Venue>) {
    let mut sites: Vec<Venue> = Vec::new();
    let mut known: HashMap<(u8, u64, u64), u32> = HashMap::new();
    let slot = |job: &Job| {
        let key = match job.venue {
            Venue::Virtual => (0, 0, 0),
            Venue::At(None) => (1, 0, 0),
            Venue::At(Some(at)) => (2, at.lat().to_bits(), at.lon().to_bits()),
        };
        let site = *known.entry(key).or_insert_with(|| {
            sites.push(job.venue);
            index(sites.len() - 1)
        });
        let first = job.spans.iter().min_by_key(|span| span.start);
        let (start, end) = first.map_or((i64::MIN, i64::MIN), |span| (span.start, span.end));
        Slot { start, end, site, many: job.spans.len() > 1 }
    };
    (jobs.iter().map(slot).collect(), sites)
}

/// The pairs that can ever be taken, by person, caps and start.
fn items(instance: &Instance, slots: &[Slot]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(instance.pairs.len());
    for (at, pair) in instance.pairs.iter().enumerate() {
        let (job, room) = (instance.jobs.get(pair.job as usize), instance.people.get(pair.person as usize));
        let (Some(job), Some(room)) = (job, room) else { continue };
        let closed = |cap: u16| cap != FREE && room.caps.get(usize::from(cap)).is_none_or(|&left| left == 0);
        if job.open > 0 && !pair.caps.into_iter().any(closed) {
            let Pair { person, job, fit, caps } = *pair;
            items.push(Item { pair: index(at), person, job, fit, caps });
        }
    }
    let key = |i: &Item| (i.caps[1], i.caps[0], slots[i.job as usize].start, i.job, Reverse(i.fit), i.pair);
    if !items.is_sorted_by_key(|i| i.person) {
        items.sort_by_key(|i| i.person);
    }
    for of_one in items.chunk_by_mut(|a, b| a.person == b.person) {
        of_one.sort_unstable_by_key(key);
    }
    // The same pair twice counts once, with the better fit. Where its caps differ the copies are apart.
    if has_copies(&items, instance.jobs.len()) {
        let mut best: HashMap<(u32, u32), (u32, Reverse<u32>)> = HashMap::new();
        for item in &items {
            let this = (item.fit, Reverse(item.pair));
            let best = best.entry((item.person, item.job)).or_insert(this);
            *best = (*best).max(this);
        }
        items.retain(|item| best.get(&(item.person, item.job)).is_some_and(|best| best.1.0 == item.pair));
    }
    items
}

fn has_copies(items: &[Item], jobs: usize) -> bool {
    let mut last = vec![NONE; jobs];
    items.iter().any(|item| std::mem::replace(&mut last[item.job as usize], item.person) == item.person)
}

/// Where each of `many` numbers begins in a list of them, once it is in order; one more at the end.
fn starts(numbers: impl Iterator<Item = u32>, many: usize) -> Vec<u32> {
    let mut at = vec![0_u32; many + 1];
    for number in numbers {
        at[number as usize + 1] += 1;
    }
    for i in 0..many {
        at[i + 1] += at[i];
    }
    at
}

/// The number of a place in a list; lists here are shorter than four thousand million.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}
