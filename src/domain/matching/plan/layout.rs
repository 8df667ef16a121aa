//! Facts laid out for the solver: a job for each role with open seats, a person for each volunteer, a pair for each who may.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{OpenNeed, Problem, SEAT, Site, URGENT};
use crate::domain::{
    ids::{RoleId, VolunteerId},
    matching::{
        campus_request::Kind,
        eligibility::{Period, Prospect, held_in_periods, is_eligible},
        score::fit,
        solver::{FREE, Instance, Job, Pair, Room, Solution, Span},
        travel::Venue,
    },
    people::volunteer::Standing,
    time::Window,
};

/// A role with seats to fill, and the need it belongs to.
pub(in super::super) struct Seats<'a> {
    pub site: &'a Site,
    pub need: &'a OpenNeed,
    pub role: RoleId,
    pub min: u16,
    pub taken: u16,
    pub open: u16,
}

/// A volunteer, seen by one campus or several.
pub(in super::super) struct Person<'a> {
    pub id: VolunteerId,
    /// By the index of the site.
    pub seen: Vec<(usize, &'a Prospect)>,
    /// The weeks and months in which there is something for them, each with its cap of the solver's.
    pub periods: Vec<Period>,
}

impl<'a> Person<'a> {
    /// As the campus of a need sees them.
    pub fn seen_by(&self, site: usize) -> Option<&'a Prospect> {
        self.seen.iter().find(|(at, _)| *at == site).map(|(_, who)| *who)
    }
}

/// Facts laid out, with the way back.
pub(in super::super) struct Layout<'a> {
    pub problem: &'a Problem,
    /// The jobs of the instance.
    pub seats: Vec<Seats<'a>>,
    /// The people of the instance.
    pub people: Vec<Person<'a>>,
    pub instance: Instance,
}

impl<'a> Layout<'a> {
    pub fn new(problem: &'a Problem) -> Self {
        let mut seats = Vec::new();
        for site in &problem.sites {
            let mut needs: Vec<&OpenNeed> = site.needs.iter().collect();
            needs.sort_by_key(|need| need.request.id);
            needs.dedup_by_key(|need| need.request.id);
            seats.extend(needs.into_iter().flat_map(|need| seats_of(site, need)));
        }
        let mut seen: BTreeMap<VolunteerId, Vec<(usize, &Prospect)>> = BTreeMap::new();
        for (at, site) in problem.sites.iter().enumerate() {
            for who in site.people.iter().filter(|who| who.standing == Some(Standing::Approved)) {
                let views = seen.entry(who.volunteer.id()).or_default();
                if views.last().is_none_or(|(last, _)| *last != at) {
                    views.push((at, who));
                }
            }
        }
        let person = |(id, seen)| Person { id, seen, periods: Vec::new() };
        let people: Vec<Person<'a>> = seen.into_iter().map(person).collect();
        let travel = problem.sites.first().map_or_else(Default::default, |site| site.terrain.travel);
        let instance = Instance {
            jobs: seats.iter().map(job).collect(),
            travel,
            fairness: i64::from(problem.wishes.fairness),
            ..Instance::default()
        };
        let mut layout = Self { problem, seats, people, instance };
        layout.pair();
        layout
    }

    /// The index of the campus whose need this is.
    pub fn site_of(&self, job: usize) -> Option<usize> {
        let site = self.seats.get(job)?.site;
        self.problem.sites.iter().position(|other| std::ptr::eq(other, site))
    }

    /// Who may take which seats, and the room each person has left.
    fn pair(&mut self) {
        // Roles of one need stand side by side; whether somebody may is asked once for all of them.
        let mut by_kind: HashMap<(usize, Kind), Vec<(u32, &[Seats<'_>])>> = HashMap::new();
        let mut first = 0_u32;
        for roles in self.seats.chunk_by(|a, b| a.need.request.id == b.need.request.id) {
            if let (Some(one), Some(site)) = (roles.first(), self.site_of(first as usize)) {
                by_kind.entry((site, one.need.request.kind)).or_default().push((first, roles));
            }
            first = first.saturating_add(u32::try_from(roles.len()).unwrap_or(u32::MAX));
        }
        let kept: BTreeSet<(RoleId, VolunteerId)> = self.problem.wishes.keep.iter().copied().collect();
        let usual = self.usual_load();
        let mut pairs = Vec::new();
        let mut rooms = Vec::with_capacity(self.people.len());
        for (person, who) in (0..).zip(&mut self.people) {
            let newcomer = who.seen.iter().any(|(_, seen)| seen.newcomer);
            let mut room = Room { load: if newcomer { usual } else { 0 }, ..Room::default() };
            let mut index: HashMap<Period, u16> = HashMap::new();
            for &(site, seen) in &who.seen {
                let kinds = seen.volunteer.kinds.iter();
                for &(first, roles) in kinds.filter_map(|kind| by_kind.get(&(site, *kind))).flatten() {
                    let Some(Seats { need, site, .. }) = roles.first() else { continue };
                    if !is_eligible(&need.request, seen, &site.terrain) {
                        continue;
                    }
                    let fit = u32::from(fit(&need.request, seen, &site.terrain));
                    let (week, month) = Period::of(need.request.when.window().start(), seen.volunteer.zone());
                    let (in_week, in_month) = held_in_periods(&need.request, seen);
                    let caps = seen.volunteer.caps;
                    let mut cap = |period: Period, cap: u8, held: usize| {
                        *index.entry(period).or_insert_with(|| {
                            let held = u32::try_from(held).unwrap_or(u32::MAX);
                            room.caps.push(u32::from(cap).saturating_sub(held));
                            room.held.push(held);
                            who.periods.push(period);
                            u16::try_from(room.caps.len() - 1).unwrap_or(FREE)
                        })
                    };
                    let caps = [cap(week, caps.per_week, in_week), cap(month, caps.per_month, in_month)];
                    pairs.extend((first..).zip(roles).map(|(job, seats)| {
                        let kept = kept.contains(&(seats.role, who.id));
                        Pair { person, job, fit: fit + if kept { super::KEEP } else { 0 }, caps }
                    }));
                }
            }
            rooms.push(room);
        }
        self.instance.people = rooms;
        self.instance.pairs = pairs;
    }

    /// The engagements that those who are no newcomers have at the middle, rounded up: what newcomers are taken to have, so
    /// that a wish for fairness does not send them everything at once.
    fn usual_load(&self) -> u32 {
        let settled = self.people.iter().filter(|who| who.seen.iter().all(|(_, seen)| !seen.newcomer));
        let mut loads: Vec<usize> =
            settled.filter_map(|who| who.seen.first().map(|(_, seen)| seen.commitments.len())).collect();
        loads.sort_unstable();
        loads.get(loads.len() / 2).map_or(1, |&load| u32::try_from(load).unwrap_or(u32::MAX).max(1))
    }

    /// The pair of a volunteer and a role.
    pub fn pair_of(&self, role: RoleId, volunteer: VolunteerId) -> Option<usize> {
        let job = u32::try_from(self.seats.iter().position(|seats| seats.role == role)?).ok()?;
        let person = u32::try_from(self.people.binary_search_by_key(&volunteer, |who| who.id).ok()?).ok()?;
        self.instance.pairs.iter().position(|pair| pair.person == person && pair.job == job)
    }

    /// A plan that was made of other facts, as far as these facts know it: its pairs and the prices of its seats.
    pub fn carried_over(&self, before: &super::Proposal) -> Solution {
        let job: HashMap<RoleId, u32> = (0..).zip(&self.seats).map(|(at, seats)| (seats.role, at)).collect();
        let person: HashMap<VolunteerId, u32> = (0..).zip(&self.people).map(|(at, who)| (who.id, at)).collect();
        let pairs: HashMap<(u32, u32), usize> =
            (0..).zip(&self.instance.pairs).map(|(at, pair)| ((pair.person, pair.job), at)).collect();
        let find = |seat: &super::ProposedSeat| {
            pairs.get(&(*person.get(&seat.volunteer_id)?, *job.get(&seat.role_id)?)).copied()
        };
        let mut prices = vec![0; self.seats.len()];
        for one in &before.prices {
            if let Some(price) = job.get(&one.role_id).and_then(|&job| prices.get_mut(job as usize)) {
                *price = one.ticks.max(0);
            }
        }
        let mut taken: Vec<usize> = before.seats.iter().filter_map(find).collect();
        taken.sort_unstable();
        Solution { taken, value: before.value, bound: before.bound, prices }
    }
}

fn seats_of<'a>(site: &'a Site, need: &'a OpenNeed) -> impl Iterator<Item = Seats<'a>> {
    need.request.roles.iter().filter_map(move |role| {
        let taken = need.taken(role.id());
        let open = role.max().saturating_sub(taken);
        (open > 0).then_some(Seats { site, need, role: role.id(), min: role.min(), taken, open })
    })
}

fn job(seats: &Seats<'_>) -> Job {
    let request = &seats.need.request;
    let worth = SEAT * i64::from(request.priority);
    Job {
        open: u32::from(seats.open),
        urgent: u32::from(seats.min.saturating_sub(seats.taken)),
        urgent_worth: URGENT * worth,
        worth,
        spans: vec![span(request.when.window())],
        venue: Venue::of(request, seats.site.terrain.campus),
    }
}

fn span(window: Window) -> Span {
    Span { start: window.start().unix(), end: window.end().unix() }
}
