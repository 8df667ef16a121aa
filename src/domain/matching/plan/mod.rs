//! The best plan for all open seats of one campus, or of several that share volunteers, and how good it is.
//!
//! A filled seat is worth 10,000 × priority, one that the minimum asks for twice that; a pair adds its score, 1 to 1000:
//! seats come first, those below a minimum before all, and fit decides among equals. Where fairness is wished for, the
//! second engagement of a volunteer in a month costs so many points, the third twice as many, and so on; what is held
//! already counts, and newcomers are taken to have as much as others. A seat that a plan before gave to somebody stays
//! with them unless another is better by more than [`KEEP`] points, so that plans made again do not shuffle people about.

mod layout;
mod loads;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::layout::{Layout, Seats};
pub use self::loads::Loads;
use crate::domain::{
    ids::{CampusId, CampusRequestId, RoleId, VolunteerId},
    matching::{
        campus_request::CampusRequest,
        eligibility::{Prospect, Rule, Terrain, first_fault},
        score::score,
        solver::{self, Effort, Go, Pair, Progress, Solution, TICKS, certificate, gap_percent},
    },
    time::Instant,
};

/// What a seat is worth per step of priority.
const SEAT: i64 = 10_000;
/// How many times as much a seat is worth that the minimum asks for.
const URGENT: i64 = 2;
/// The points by which somebody must be better than who has a seat in the plan before.
pub const KEEP: u32 = 100;

/// Up to so many pairs a plan that was mended and is not proven to be the best is tried once more from nothing.
const AFRESH: usize = 50_000;

/// A need with its seats.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenNeed {
    /// The need.
    pub request: CampusRequest,
    /// How many seats of each role are taken: assignments that count, and open offers. A role not named has none.
    pub taken: Vec<(RoleId, u16)>,
}

impl OpenNeed {
    fn taken(&self, role: RoleId) -> u16 {
        self.taken.iter().filter(|(id, _)| *id == role).fold(0, |sum, (_, taken)| sum.saturating_add(*taken))
    }
}

/// What one campus brings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Site {
    /// Its open needs.
    pub needs: Vec<OpenNeed>,
    /// The volunteers who might come, as it sees them. Those it has not approved are left out.
    pub people: Vec<Prospect>,
    /// The campus on the map.
    pub terrain: Terrain,
}

/// What a plan is to heed beside the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// What an engagement costs, in points, per engagement that its volunteer has in the month already: 0 to 10,000.
    pub fairness: u16,
    /// Who had which seat in a plan before.
    pub keep: Vec<(RoleId, VolunteerId)>,
}

/// Which needs a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Only these.
    pub only: Option<Vec<CampusRequestId>>,
    /// Only those that begin then or later.
    pub from: Option<Instant>,
    /// Only those that begin before then.
    pub until: Option<Instant>,
}

impl Scope {
    /// Whether a need is one of them.
    #[must_use]
    pub fn holds(&self, need: &CampusRequest) -> bool {
        let start = need.when.window().start();
        self.only.as_ref().is_none_or(|only| only.contains(&need.id))
            && self.from.is_none_or(|from| from <= start)
            && self.until.is_none_or(|until| start < until)
    }
}

/// What there is to plan for. Travel is reckoned as at the first campus.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problem {
    /// Which needs were asked for; those of the sites are among them.
    pub scope: Scope,
    /// The campuses.
    pub sites: Vec<Site>,
    /// What is wished for.
    pub wishes: Wishes,
}

/// A seat and who should have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedSeat {
    /// The need.
    pub campus_request_id: CampusRequestId,
    /// The role.
    pub role_id: RoleId,
    /// Who.
    pub volunteer_id: VolunteerId,
    /// The score of the two, 1 to 1000.
    pub fit: u16,
    /// What speaks for it, the strongest first.
    pub reasons: Vec<String>,
}

/// Seats of a role that the plan leaves open, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSeats {
    /// The need.
    pub campus_request_id: CampusRequestId,
    /// The role.
    pub role_id: RoleId,
    /// How many.
    pub missing: u16,
    /// Whether the role stays below its minimum.
    pub below_minimum: bool,
    /// How many of them no plan can fill: there are not so many people whom the rules allow.
    pub impossible: u16,
    /// How many volunteers may take it by the rules. Those who are not in it are better placed elsewhere.
    pub eligible: u32,
    /// How many of the others fail which rule first, the most frequent first.
    pub refusals: Vec<(Rule, u32)>,
}

/// What a further seat of a role would bring, and what its first one does. Where the two are far apart, whoever has a seat
/// there is wanted elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatPrice {
    /// The need.
    pub campus_request_id: CampusRequestId,
    /// The role.
    pub role_id: RoleId,
    /// What a further seat would bring, in ticks of the solver: what somebody else would bring to one that is filled.
    pub ticks: i64,
    /// What the first open seat is worth, without a fit, in points.
    pub worth: i64,
}

impl SeatPrice {
    /// In points of value.
    #[must_use]
    pub const fn points(self) -> i64 {
        self.ticks.div_euclid(TICKS)
    }

    /// Whether people are scarce there: whoever has a seat would fill another one elsewhere.
    #[must_use]
    pub const fn is_contested(self) -> bool {
        self.worth - self.points() >= SEAT / 2
    }
}

/// A plan, and how good it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// Who should sit where, by need and role.
    pub seats: Vec<ProposedSeat>,
    /// What stays open, by need and role.
    pub open_seats: Vec<OpenSeats>,
    /// The seats there were to fill.
    pub seats_wanted: u32,
    /// The seats the plan fills.
    pub seats_filled: u32,
    /// No plan fills more.
    pub seats_provable: u32,
    /// The scores of the plan's pairs, added up.
    pub fit: i64,
    /// What the plan is worth.
    pub value: i64,
    /// No plan for these facts is worth more.
    pub bound: i64,
    /// By how much, at most, the plan falls short of the best, in percent of the bound.
    pub gap_percent: f64,
    /// The prices that prove it, by need and role.
    pub prices: Vec<SeatPrice>,
    /// How the engagements are spread.
    pub loads: Loads,
    /// The weight of fairness it was made with.
    pub fairness: u16,
    /// Which needs it is for.
    pub scope: Scope,
}

/// What became of a plan's seats when it was mended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// How many seats stayed with whom they were given to.
    pub kept: u32,
    /// The seats given anew, by their place in the new plan.
    pub added: Vec<usize>,
    /// The seats taken away, by their place in the plan before.
    pub dropped: Vec<usize>,
}

/// The best plan found for all open seats together.
#[must_use]
pub fn propose(problem: &Problem) -> Proposal {
    propose_with(problem, 1, &mut |_| Go::On)
}

/// The best plan found for all open seats together, with so many threads; `watch` hears of each step and may end the
/// search early. The plan does not depend on the threads.
#[must_use]
pub fn propose_with(problem: &Problem, threads: usize, watch: &mut dyn FnMut(Progress) -> Go) -> Proposal {
    let layout = Layout::new(problem);
    let effort = Effort { threads, ..Effort::for_pairs(layout.instance.pairs.len()) };
    let solution = solver::solve_with(&layout.instance, effort, watch);
    written(&layout, &solution)
}

/// A plan that was made of other facts, mended: what the rules no longer allow is dropped, what came free is filled, and
/// the rest stays where it is if the wishes say so.
#[must_use]
pub fn mend(problem: &Problem, before: &Proposal, watch: &mut dyn FnMut(Progress) -> Go) -> Proposal {
    let layout = Layout::new(problem);
    let effort = Effort::for_pairs(layout.instance.pairs.len());
    let mut solution = solver::resume(&layout.instance, &layout.carried_over(before), effort, watch);
    if solution.bound > solution.value && layout.instance.pairs.len() < AFRESH {
        // Prices that come from other facts may be far from the best; where it costs little, fresh ones are tried too.
        let fresh = solver::solve_with(&layout.instance, effort, watch);
        if fresh.bound < solution.bound {
            (solution.bound, solution.prices) = (fresh.bound, fresh.prices);
        }
        if fresh.value > solution.value {
            (solution.value, solution.taken) = (fresh.value, fresh.taken);
        }
    }
    written(&layout, &solution)
}

/// What is left of a plan by these facts, with nothing new in it.
#[must_use]
pub fn stripped(problem: &Problem, before: &Proposal) -> Proposal {
    let layout = Layout::new(problem);
    let mut solution = layout.carried_over(before);
    // The plan of before keeps the rules among its own pairs, unless caps have shrunk: then the last give way.
    while let Err(_broken) = certificate::value(&layout.instance, &solution.taken) {
        solution.taken.pop();
    }
    if let Ok(checked) = certificate::check(&layout.instance, &solution.taken, &solution.prices) {
        (solution.value, solution.bound) = (checked.value, checked.bound);
    }
    written(&layout, &solution)
}

fn written(layout: &Layout<'_>, solution: &Solution) -> Proposal {
    let mut filled = vec![0_u16; layout.seats.len()];
    let mut taken: Vec<&Pair> = solution.taken.iter().filter_map(|&at| layout.instance.pairs.get(at)).collect();
    taken.sort_by_key(|pair| (pair.job, Reverse(pair.fit), pair.person));
    let mut proposed = Vec::with_capacity(taken.len());
    for pair in &taken {
        let (job, person) = (pair.job as usize, pair.person as usize);
        let (Some(seats), Some(filled), Some(site)) = (layout.seats.get(job), filled.get_mut(job), layout.site_of(job))
        else {
            continue;
        };
        let Some(who) = layout.people.get(person).and_then(|who| who.seen_by(site)) else { continue };
        *filled += 1;
        let score = score(&seats.need.request, who, &seats.site.terrain);
        proposed.push(ProposedSeat {
            campus_request_id: seats.need.request.id,
            role_id: seats.role,
            volunteer_id: who.volunteer.id(),
            fit: score.total,
            reasons: score.reasons(),
        });
    }
    let candidates = candidates(layout);
    let of_all = layout.seats.iter().zip(&filled).zip(&candidates);
    let open_seats = of_all.filter(|((seats, filled), _)| seats.open > **filled);
    let open_seats = open_seats.map(|((seats, &filled), &eligible)| left_open(seats, filled, eligible));
    let prices = layout.seats.iter().zip(&solution.prices).map(|(seats, &ticks)| SeatPrice {
        campus_request_id: seats.need.request.id,
        role_id: seats.role,
        ticks,
        worth: first_worth(seats),
    });
    Proposal {
        open_seats: open_seats.collect(),
        seats_wanted: layout.seats.iter().map(|seats| u32::from(seats.open)).sum(),
        seats_filled: filled.iter().map(|&filled| u32::from(filled)).sum(),
        seats_provable: u32::try_from(layout.instance.most_seats()).unwrap_or(u32::MAX),
        fit: proposed.iter().map(|seat| i64::from(seat.fit)).sum(),
        seats: proposed,
        value: solution.value,
        bound: solution.bound,
        gap_percent: gap_percent(solution.value, solution.bound),
        prices: prices.collect(),
        loads: Loads::of(layout, &taken),
        fairness: layout.problem.wishes.fairness,
        scope: layout.problem.scope.clone(),
    }
}

/// What the first open seat is worth.
fn first_worth(seats: &Seats<'_>) -> i64 {
    let worth = SEAT * i64::from(seats.need.request.priority);
    if seats.taken < seats.min { URGENT * worth } else { worth }
}

/// How many pairs there are for each job.
fn candidates(layout: &Layout<'_>) -> Vec<u32> {
    let mut many = vec![0_u32; layout.seats.len()];
    for pair in &layout.instance.pairs {
        if let Some(many) = many.get_mut(pair.job as usize) {
            *many += 1;
        }
    }
    many
}

fn left_open(seats: &Seats<'_>, filled: u16, eligible: u32) -> OpenSeats {
    let mut refusals: BTreeMap<Rule, u32> = BTreeMap::new();
    for who in &seats.site.people {
        if let Some(rule) = first_fault(&seats.need.request, who, &seats.site.terrain) {
            *refusals.entry(rule).or_default() += 1;
        }
    }
    let mut refusals: Vec<(Rule, u32)> = refusals.into_iter().collect();
    refusals.sort_by_key(|&(rule, many)| (Reverse(many), rule));
    OpenSeats {
        campus_request_id: seats.need.request.id,
        role_id: seats.role,
        missing: seats.open - filled,
        below_minimum: seats.taken.saturating_add(filled) < seats.min,
        impossible: seats.open.saturating_sub(u16::try_from(eligible).unwrap_or(u16::MAX)),
        eligible,
        refusals,
    }
}

impl Proposal {
    /// What has changed since a plan for the same needs.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Changes {
        let key = |seat: &ProposedSeat| (seat.role_id, seat.volunteer_id);
        let beyond = |these: &Self, those: &Self| -> Vec<usize> {
            let known: BTreeSet<(RoleId, VolunteerId)> = those.seats.iter().map(key).collect();
            let new = these.seats.iter().enumerate().filter(|(_, seat)| !known.contains(&key(seat)));
            new.map(|(at, _)| at).collect()
        };
        let (added, dropped) = (beyond(self, before), beyond(before, self));
        let kept = u32::try_from(self.seats.len() - added.len()).unwrap_or(u32::MAX);
        Changes { kept, added, dropped }
    }

    /// The part of a plan for several campuses that is one campus's. Value, bound, gap and loads are of the whole.
    #[must_use]
    pub fn part(&self, problem: &Problem, campus: CampusId) -> Self {
        let needs = problem.sites.iter().flat_map(|site| &site.needs);
        let ids: std::collections::HashSet<CampusRequestId> =
            needs.filter(|need| need.request.campus_id == campus).map(|need| need.request.id).collect();
        let seats: Vec<ProposedSeat> =
            self.seats.iter().filter(|seat| ids.contains(&seat.campus_request_id)).cloned().collect();
        let open_seats: Vec<OpenSeats> =
            self.open_seats.iter().filter(|open| ids.contains(&open.campus_request_id)).cloned().collect();
        let seats_filled = u32::try_from(seats.len()).unwrap_or(u32::MAX);
        let missing: u32 = open_seats.iter().map(|open| u32::from(open.missing)).sum();
        let impossible: u32 = open_seats.iter().map(|open| u32::from(open.impossible)).sum();
        Self {
            seats_wanted: seats_filled + missing,
            seats_filled,
            seats_provable: (seats_filled + missing - impossible).min(self.seats_provable),
            fit: seats.iter().map(|seat| i64::from(seat.fit)).sum(),
            prices: self.prices.iter().filter(|price| ids.contains(&price.campus_request_id)).copied().collect(),
            seats,
            open_seats,
            ..self.clone()
        }
    }
}
