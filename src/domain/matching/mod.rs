//! Needs and the people who meet them: who may be asked, how well each fits, and the best plan for all seats together.
//!
//! [`propose`] is the one door: facts in, a plan out, feasible always and with a bound that no plan can exceed, so that
//! everybody sees how good it is. It is pure and deterministic; the order in which the facts come does not matter. What
//! stands behind the door (`solver`, with the mathematics in its head) may change.
//!
//! A filled seat is worth 10,000 × priority, one that the minimum asks for twice that; a pair adds its score, 1 to 1000:
//! seats come first, those below a minimum before all, and fit decides among equals. Absent on purpose: sending offers,
//! the clock, and rows; the caller gives the needs that are open and the facts of the moment.

pub mod assignment;
pub mod campus_request;
pub mod eligibility;
pub mod need_state;
pub mod score;
pub mod solver;
#[cfg(test)]
mod tests;
pub mod travel;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use crate::domain::{
    ids::{CampusRequestId, RoleId, VolunteerId},
    matching::{
        campus_request::{CampusRequest, Kind},
        eligibility::{Period, Prospect, Terrain, held_in_periods, is_eligible},
        score::{fit, score},
        solver::{Instance, Job, Pair, Room, Span, gap_percent},
        travel::Venue,
    },
    time::Window,
};

/// What a seat is worth per step of priority.
const SEAT: i64 = 10_000;
/// How many times as much a seat is worth that the minimum asks for.
const URGENT: i64 = 2;

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

/// What there is to plan for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problem {
    /// The open needs.
    pub needs: Vec<OpenNeed>,
    /// The volunteers who might come.
    pub people: Vec<Prospect>,
    /// The campus on the map.
    pub terrain: Terrain,
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

/// Seats of a role that the plan leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSeats {
    /// The need.
    pub campus_request_id: CampusRequestId,
    /// The role.
    pub role_id: RoleId,
    /// How many.
    pub missing: u16,
    /// Whether the role stays below its minimum.
    pub below_minimum: bool,
}

/// A plan, and how good it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Who should sit where, by need and role.
    pub seats: Vec<ProposedSeat>,
    /// What stays open, by need and role.
    pub open_seats: Vec<OpenSeats>,
    /// The seats there were to fill.
    pub seats_wanted: u32,
    /// The seats the plan fills.
    pub seats_filled: u32,
    /// What the plan is worth.
    pub value: i64,
    /// No plan for these facts is worth more.
    pub bound: i64,
    /// By how much, at most, the plan falls short of the best, in percent of the bound.
    pub gap_percent: f64,
}

/// A role with seats to fill, and the need it belongs to.
struct Seats<'a> {
    need: &'a OpenNeed,
    role: RoleId,
    min: u16,
    taken: u16,
    open: u16,
}

/// The best plan found for all open seats together.
#[must_use]
pub fn propose(problem: &Problem) -> Proposal {
    let mut needs: Vec<&OpenNeed> = problem.needs.iter().collect();
    needs.sort_by_key(|need| need.request.id);
    needs.dedup_by_key(|need| need.request.id);
    let mut people: Vec<&Prospect> = problem.people.iter().collect();
    people.sort_by_key(|who| who.volunteer.id());
    people.dedup_by_key(|who| who.volunteer.id());

    let seats: Vec<Seats<'_>> = needs.iter().flat_map(|need| seats_of(need)).collect();
    let instance = Instance {
        jobs: seats.iter().map(|seats| job(seats, &problem.terrain)).collect(),
        travel: problem.terrain.travel,
        ..pairs(&seats, &people, &problem.terrain)
    };
    let solution = solver::solve(&instance);
    let mut filled = vec![0_u16; seats.len()];
    let mut taken: Vec<&Pair> = solution.taken.iter().filter_map(|&at| instance.pairs.get(at)).collect();
    taken.sort_by_key(|pair| (pair.job, Reverse(pair.fit), pair.person));
    let mut proposed = Vec::with_capacity(taken.len());
    for pair in taken {
        let (Some(seats), Some(who), Some(filled)) =
            (seats.get(pair.job as usize), people.get(pair.person as usize), filled.get_mut(pair.job as usize))
        else {
            continue;
        };
        *filled += 1;
        let score = score(&seats.need.request, who, &problem.terrain);
        proposed.push(ProposedSeat {
            campus_request_id: seats.need.request.id,
            role_id: seats.role,
            volunteer_id: who.volunteer.id(),
            fit: score.total,
            reasons: score.reasons(),
        });
    }
    let open_seats = seats.iter().zip(&filled).filter(|(seats, filled)| seats.open > **filled);
    let open_seats = open_seats.map(|(seats, &filled)| OpenSeats {
        campus_request_id: seats.need.request.id,
        role_id: seats.role,
        missing: seats.open - filled,
        below_minimum: seats.taken.saturating_add(filled) < seats.min,
    });
    Proposal {
        open_seats: open_seats.collect(),
        seats_wanted: seats.iter().map(|seats| u32::from(seats.open)).sum(),
        seats_filled: filled.iter().map(|&filled| u32::from(filled)).sum(),
        seats: proposed,
        value: solution.value,
        bound: solution.bound,
        gap_percent: gap_percent(solution.value, solution.bound),
    }
}

fn seats_of(need: &OpenNeed) -> impl Iterator<Item = Seats<'_>> {
    need.request.roles.iter().filter_map(move |role| {
        let taken = need.taken(role.id());
        let open = role.max().saturating_sub(taken);
        (open > 0).then_some(Seats { need, role: role.id(), min: role.min(), taken, open })
    })
}

fn job(seats: &Seats<'_>, terrain: &Terrain) -> Job {
    let request = &seats.need.request;
    let worth = SEAT * i64::from(request.priority);
    Job {
        open: u32::from(seats.open),
        urgent: u32::from(seats.min.saturating_sub(seats.taken)),
        urgent_worth: URGENT * worth,
        worth,
        spans: vec![span(request.when.window())],
        venue: Venue::of(request, terrain.campus),
    }
}

/// Who may take which seats, and the room each person has left.
fn pairs(seats: &[Seats<'_>], people: &[&Prospect], terrain: &Terrain) -> Instance {
    // Roles of one need stand side by side; whether somebody may is asked once for all of them.
    let mut by_kind: HashMap<Kind, Vec<(u32, &[Seats<'_>])>> = HashMap::new();
    let mut first = 0_u32;
    for roles in seats.chunk_by(|a, b| a.need.request.id == b.need.request.id) {
        if let Some(one) = roles.first() {
            by_kind.entry(one.need.request.kind).or_default().push((first, roles));
        }
        first = first.saturating_add(u32::try_from(roles.len()).unwrap_or(u32::MAX));
    }
    let mut instance = Instance::default();
    for (person, who) in (0..).zip(people) {
        let (mut room, mut index) = (Room::default(), BTreeMap::new());
        // A volunteer's kinds are in order and without repeats, so the pairs are too.
        for &(first, roles) in who.volunteer.kinds.iter().filter_map(|kind| by_kind.get(kind)).flatten() {
            let Some(need) = roles.first().map(|one| &one.need.request) else { continue };
            if !is_eligible(need, who, terrain) {
                continue;
            }
            let fit = u32::from(fit(need, who, terrain));
            let (week, month) = Period::of(need.when.window().start(), who.volunteer.zone());
            let (in_week, in_month) = held_in_periods(need, who);
            let caps = who.volunteer.caps;
            let week = *index.entry(week).or_insert_with(|| add(&mut room.caps, caps.per_week, in_week));
            let month = *index.entry(month).or_insert_with(|| add(&mut room.caps, caps.per_month, in_month));
            instance.pairs.extend((first..).zip(roles).map(|(job, _)| Pair { person, job, fit, caps: [week, month] }));
        }
        instance.people.push(room);
    }
    instance
}

/// Notes a period with what is left of its cap, and gives its index.
fn add(caps: &mut Vec<u32>, cap: u8, held: usize) -> u16 {
    caps.push(u32::from(cap).saturating_sub(u32::try_from(held).unwrap_or(u32::MAX)));
    u16::try_from(caps.len() - 1).unwrap_or(solver::FREE)
}

fn span(window: Window) -> Span {
    Span { start: window.start().unix(), end: window.end().unix() }
}
