//! The proof of how good a plan is, and a checker that knows only the rules.
//!
//! A certificate is one price per job. [`check`] reads the plan against every rule, and reckons from the prices what no
//! plan can exceed (the head of [`super`] says why). It shares nothing with the search but the instance: a person's best
//! schedule is found here by the plainest means. Jobs that all clash with one another and count against the same caps are
//! a clique, of which one can be done at most; the best of each clique, the most valuable first and as many as the caps
//! allow, are worth at least as much as the best schedule; where two of them clash, both ways of going on are tried.
//! Where that takes too long the bound is what is proven so far: looser, never wrong.

use std::cmp::Reverse;
use std::fmt;

use super::{FREE, Instance, Job, Pair, TICKS};

/// Tries for one person's schedule; most need one.
const TRIES: u32 = 20_000;

/// What a plan and its prices prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// What the plan is worth.
    pub value: i64,
    /// No plan is worth more.
    pub bound: i64,
}

/// Why a plan or a certificate is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// There is no such pair.
    NoPair(usize),
    /// A pair is taken twice, or a person has two pairs for one job.
    Twice(Pair),
    /// A job has more people than seats.
    Overfull(usize),
    /// A person has more under a cap than it allows.
    OverCap(Pair),
    /// A person is in two places at once.
    Clash(Pair, Pair),
    /// There is not one price for each job.
    Prices(usize),
    /// A price is below nothing.
    Negative(usize),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPair(at) => write!(f, "there is no pair {at}"),
            Self::Twice(pair) => write!(f, "volunteer {} has need {} twice", pair.person, pair.job),
            Self::Overfull(job) => write!(f, "need {job} has more people than seats"),
            Self::OverCap(pair) => {
                write!(f, "volunteer {} has more than a cap allows, need {} included", pair.person, pair.job)
            }
            Self::Clash(a, b) => write!(f, "volunteer {} cannot do both needs {} and {}", a.person, a.job, b.job),
            Self::Prices(found) => write!(f, "there are {found} prices, not one for each need"),
            Self::Negative(job) => write!(f, "the price of need {job} is below nothing"),
        }
    }
}

/// Reads a plan (indices of pairs) and prices (in ticks) against the instance.
///
/// # Errors
/// [`Broken`] says what is wrong, the first thing found.
pub fn check(instance: &Instance, taken: &[usize], prices: &[i64]) -> Result<Checked, Broken> {
    if prices.len() != instance.jobs.len() {
        return Err(Broken::Prices(prices.len()));
    }
    if let Some(job) = prices.iter().position(|&price| price < 0) {
        return Err(Broken::Negative(job));
    }
    Ok(Checked { value: value(instance, taken)?, bound: bound(instance, prices).div_euclid(TICKS) })
}

/// What a plan is worth, if it keeps every rule.
///
/// # Errors
/// [`Broken`] as for [`check`].
pub fn value(instance: &Instance, taken: &[usize]) -> Result<i64, Broken> {
    let find = |&at: &usize| instance.pairs.get(at).copied().ok_or(Broken::NoPair(at));
    let mut mine: Vec<Pair> = taken.iter().map(find).collect::<Result<_, _>>()?;
    mine.sort_by_key(|pair| (pair.person, pair.job));
    let mut filled = vec![0_u32; instance.jobs.len()];
    let mut value = 0;
    for of_one in mine.chunk_by(|a, b| a.person == b.person) {
        let Some(room) = of_one.first().and_then(|pair| instance.people.get(pair.person as usize)) else { continue };
        for (at, pair) in of_one.iter().enumerate() {
            let Some(job) = instance.jobs.get(pair.job as usize) else { return Err(Broken::NoPair(at)) };
            filled[pair.job as usize] += 1;
            value += i64::from(pair.fit);
            let before = &of_one[..at];
            if before.iter().any(|other| other.job == pair.job) {
                return Err(Broken::Twice(*pair));
            }
            if let Some(other) = before.iter().find(|other| clash(instance, &instance.jobs[other.job as usize], job)) {
                return Err(Broken::Clash(*other, *pair));
            }
            let so_far = |cap: u16| before.iter().filter(|other| other.caps.contains(&cap)).count();
            let most = |cap: u16| room.caps.get(usize::from(cap)).map_or(0, |&most| most as usize);
            let over = |cap: u16| cap != FREE && so_far(cap) >= most(cap);
            if pair.caps.into_iter().any(over) {
                return Err(Broken::OverCap(*pair));
            }
            let load = before.iter().filter(|other| counted(other) == counted(pair)).count();
            value -= instance.fairness * i64::try_from(load + room.before(counted(pair)) as usize).unwrap_or(i64::MAX);
        }
    }
    for (at, (job, &filled)) in instance.jobs.iter().zip(&filled).enumerate() {
        if filled > job.open {
            return Err(Broken::Overfull(at));
        }
        let urgent = i64::from(filled.min(job.urgent));
        value += job.urgent_worth * urgent + job.worth * (i64::from(filled) - urgent);
    }
    Ok(value)
}

/// The cap under which load is counted.
fn counted(pair: &Pair) -> u16 {
    if pair.caps[1] == FREE { pair.caps[0] } else { pair.caps[1] }
}

fn clash(instance: &Instance, a: &Job, b: &Job) -> bool {
    let far = instance.travel.longest().num_seconds();
    let mut gap = None;
    a.spans.iter().any(|x| {
        b.spans.iter().any(|y| {
            let nearer = |gap: i64| x.start < y.end.saturating_add(gap) && y.start < x.end.saturating_add(gap);
            nearer(far) && nearer(*gap.get_or_insert_with(|| instance.travel.gap(a.venue, b.venue).num_seconds()))
        })
    })
}

/// What no plan can exceed, in ticks, by these prices.
fn bound(instance: &Instance, prices: &[i64]) -> i64 {
    let rent = |(job, &price): (&Job, &i64)| {
        let urgent = i64::from(job.urgent.min(job.open));
        let lack = TICKS * (job.top() - job.worth);
        urgent * price + (i64::from(job.open) - urgent) * (price - lack).max(0)
    };
    let rents: i64 = instance.jobs.iter().zip(prices).map(rent).sum();
    // A pair that names a person or a cap that is not there is none.
    let known = |pair: &Pair| {
        let room = instance.people.get(pair.person as usize);
        room.is_some_and(|room| pair.caps.iter().all(|&cap| cap == FREE || room.caps.len() > usize::from(cap)))
    };
    let profit = |pair: &Pair| match instance.jobs.get(pair.job as usize) {
        Some(job) if job.open > 0 && known(pair) => {
            (i64::from(pair.fit) + job.top()) * TICKS - prices[pair.job as usize]
        }
        _ => 0,
    };
    let mut worthy: Vec<(i64, Pair)> =
        instance.pairs.iter().map(|pair| (profit(pair), *pair)).filter(|(profit, _)| *profit > 0).collect();
    worthy.sort_unstable_by_key(|(profit, pair)| (pair.person, pair.job, Reverse(*profit)));
    worthy.dedup_by_key(|(_, pair)| (pair.person, pair.job));
    let mut tries = Tries { instance, left: 0 };
    let of_people = worthy.chunk_by_mut(|a, b| a.1.person == b.1.person).map(|mine| tries.of_person(mine));
    rents + of_people.sum::<i64>()
}

struct Tries<'a> {
    instance: &'a Instance,
    left: u32,
}

impl Tries<'_> {
    fn of_person(&mut self, mine: &mut [(i64, Pair)]) -> i64 {
        self.left = TRIES;
        mine.sort_by_key(|(_, pair)| (pair.caps, self.job(*pair).spans.iter().map(|span| span.start).min()));
        self.best(mine, &[], 0, i64::MIN)
    }

    fn job(&self, pair: Pair) -> &Job {
        &self.instance.jobs[pair.job as usize]
    }

    fn clash(&self, a: Pair, b: Pair) -> bool {
        clash(self.instance, self.job(a), self.job(b))
    }

    /// At most this is the best schedule worth that has all of `fixed` (worth `sum`) and else only some of `open`; where
    /// it is not above `found`, nobody asks how much.
    fn best(&mut self, open: &[(i64, Pair)], fixed: &[Pair], sum: i64, found: i64) -> i64 {
        let Some(person) = fixed.first().or(open.first().map(|(_, pair)| pair)) else { return sum };
        let room = &self.instance.people[person.person as usize];
        // The best of each clique.
        let mut cliques: Vec<Vec<(i64, Pair)>> = Vec::new();
        for &(profit, pair) in open {
            match cliques.last_mut() {
                Some(last) if last.iter().all(|(_, p)| p.caps == pair.caps && self.clash(*p, pair)) => {
                    last.push((profit, pair));
                }
                _ => cliques.push(vec![(profit, pair)]),
            }
        }
        let top = |clique: &Vec<(i64, Pair)>| {
            clique.iter().copied().max_by_key(|(profit, pair)| (*profit, Reverse(pair.job)))
        };
        let mut tops: Vec<(i64, Pair)> = cliques.iter().filter_map(top).collect();
        tops.sort_by_key(|(profit, pair)| (Reverse(*profit), pair.job));
        // As many as the caps allow. Narrow caps are kept apart by the wide cap they stand under, which may allow too much.
        let mut picks: Vec<(i64, Pair)> = Vec::new();
        let mut total = sum;
        for (profit, pair) in tops {
            let have = || fixed.iter().copied().chain(picks.iter().map(|(_, pair)| *pair));
            let under = |what: usize, same: &dyn Fn(Pair) -> bool| {
                let most = room.caps.get(usize::from(pair.caps[what])).map_or(usize::MAX, |&most| most as usize);
                have().filter(|&other| same(other)).count() < most
            };
            let load = have().filter(|other| counted(other) == counted(&pair)).count();
            let load = load + room.before(counted(&pair)) as usize;
            let gain = profit - self.instance.fairness * TICKS * i64::try_from(load).unwrap_or(0);
            let wide = |other: Pair| other.caps[1] == pair.caps[1];
            if gain > 0 && under(0, &|other| other.caps == pair.caps) && (pair.caps[1] == FREE || under(1, &wide)) {
                total += gain;
                picks.push((profit, pair));
            }
        }
        if total <= found || self.left == 0 {
            return total;
        }
        let over = |pair: Pair| {
            let same = picks.iter().map(|(_, pair)| pair).chain(fixed).filter(|other| other.caps[0] == pair.caps[0]);
            room.caps.get(usize::from(pair.caps[0])).is_some_and(|&most| same.count() > most as usize)
        };
        let faulty = |(at, &(_, pair)): (usize, &(i64, Pair))| {
            let clashes = picks.iter().enumerate().any(|(other, p)| other != at && self.clash(p.1, pair));
            clashes || over(pair)
        };
        let Some((_, &(profit, on))) = picks.iter().enumerate().find(|&pick| faulty(pick)) else { return total };
        self.left -= 1;
        let rest: Vec<(i64, Pair)> = open.iter().copied().filter(|(_, pair)| pair.job != on.job).collect();
        let load = fixed.iter().filter(|other| counted(other) == counted(&on)).count();
        let load = load + room.before(counted(&on)) as usize;
        let cost = self.instance.fairness * TICKS * i64::try_from(load).unwrap_or(0);
        let with: Vec<Pair> = fixed.iter().copied().chain([on]).collect();
        let full = |cap: u16| {
            let used = with.iter().filter(|other| cap != FREE && other.caps.contains(&cap)).count();
            room.caps.get(usize::from(cap)).is_some_and(|&most| used >= most as usize)
        };
        let go_on = |(_, pair): &(i64, Pair)| !self.clash(*pair, on) && !pair.caps.into_iter().any(full);
        let go_with: Vec<(i64, Pair)> = rest.iter().copied().filter(go_on).collect();
        let value = self.best(&go_with, &with, sum + profit - cost, found);
        value.max(self.best(&rest, fixed, sum, found.max(value)))
    }
}
