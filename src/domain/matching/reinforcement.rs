//! Where one more volunteer would help most: which skills, hours, places and kinds of need.
//!
//! At a plan's prices one more volunteer brings at most their best schedule, whatever else would be rearranged (the head of
//! [`solver`](super::solver) says why). So somebody is imagined who fits perfectly, may be asked for all needs of one sort
//! and nothing else, and takes [`CAPS`]; what their best schedule is worth is what such a person could bring at most.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike, Weekday};

use super::campus_request::{CampusRequest, Kind, Mode};
use super::eligibility::Period;
use super::plan::{Layout, Problem, Proposal, Seats};
use super::solver::{Instance, Pair, Room, best_schedules};
use crate::domain::people::place::Position;

/// Engagements in a week and in a month that the imagined volunteer takes.
pub const CAPS: [u32; 2] = [2, 4];
/// The best score of a pair.
const BEST_FIT: u32 = 1000;
/// Of each sort at most so many are named.
const MOST: usize = 10;
/// Parts of the day, on the clocks of the place: from the first hour to before the last.
const PARTS: [(u32, u32); 3] = [(6, 12), (12, 17), (17, 22)];

/// What a volunteer might bring.
#[derive(Debug, Clone, PartialEq)]
pub enum Asset {
    /// These skills, each with its level in words, and all hours, places and kinds.
    Skills(Vec<String>),
    /// These hours, and all skills.
    Hours {
        /// The day.
        day: Weekday,
        /// The first hour, on the clocks of the place.
        from: u32,
        /// The hour after the last.
        until: u32,
    },
    /// Taking part from afar only.
    FromAfar,
    /// Coming to this place only; `None` where it is not known where that is.
    Place(Option<Position>),
    /// Needs of this kind only.
    Kind(Kind),
}

/// What one more volunteer with this would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Reinforcement {
    /// What they bring.
    pub asset: Asset,
    /// Seats that the plan leaves open and that they might take.
    pub open_seats: u32,
    /// With them no plan is worth more than before by more than so many points.
    pub at_most: i64,
}

/// The most helpful assets first; within each sort at most ten, none that brings nothing.
#[must_use]
pub fn one_more(problem: &Problem, proposal: &Proposal) -> Vec<Reinforcement> {
    let layout = Layout::new(problem);
    let prices = layout.carried_over(proposal).prices;
    let mut filled: BTreeMap<_, u32> = BTreeMap::new();
    for seat in &proposal.seats {
        *filled.entry(seat.role_id).or_default() += 1;
    }
    let left = |seats: &Seats<'_>| u32::from(seats.open).saturating_sub(filled.get(&seats.role).copied().unwrap_or(0));
    let options = options(&layout);
    let mut instance = Instance {
        jobs: layout.instance.jobs.clone(),
        ..Instance { travel: layout.instance.travel, ..Instance::default() }
    };
    for (person, (_, jobs)) in (0..).zip(&options) {
        let (mut room, mut caps) = (Room::default(), BTreeMap::new());
        for &job in jobs {
            let Some(seats) = layout.seats.get(job as usize) else { continue };
            let when = seats.need.request.when;
            let (week, month) = Period::of(when.window().start(), when.zone());
            let mut cap = |period: Period, most: u32| {
                *caps.entry(period).or_insert_with(|| {
                    room.caps.push(most);
                    u16::try_from(room.caps.len() - 1).unwrap_or(super::solver::FREE)
                })
            };
            let caps = [cap(week, CAPS[0]), cap(month, CAPS[1])];
            instance.pairs.push(Pair { person, job, fit: BEST_FIT, caps });
        }
        instance.people.push(room);
    }
    let worth = best_schedules(&instance, &prices);
    let told = options.into_iter().zip(worth).filter(|(_, at_most)| *at_most > 0).map(|((asset, jobs), at_most)| {
        let open_seats = jobs.iter().filter_map(|&job| layout.seats.get(job as usize)).map(left).sum();
        Reinforcement { asset, open_seats, at_most }
    });
    let mut told: Vec<Reinforcement> = told.collect();
    told.sort_by_key(|one| std::cmp::Reverse((one.at_most, one.open_seats)));
    let mut of_sort = [0; 5];
    told.retain(|one| {
        let many = of_sort.get_mut(one.asset.sort());
        many.is_some_and(|many| {
            *many += 1;
            *many <= MOST
        })
    });
    told
}

impl Asset {
    const fn sort(&self) -> usize {
        match self {
            Self::Skills(_) => 0,
            Self::Hours { .. } => 1,
            Self::FromAfar | Self::Place(_) => 2,
            Self::Kind(_) => 3,
        }
    }
}

/// What might be brought, each with the jobs that it opens.
fn options(layout: &Layout<'_>) -> Vec<(Asset, Vec<u32>)> {
    let needs = || (0_u32..).zip(layout.seats.iter().map(|seats| &seats.need.request));
    let jobs = |may: &dyn Fn(&CampusRequest) -> bool| needs().filter(|(_, need)| may(need)).map(|(at, _)| at).collect();
    let mut options = Vec::new();
    let mut wanted: Vec<&CampusRequest> = needs().map(|(_, need)| need).collect();
    wanted.sort_by_cached_key(|need| skills(need));
    wanted.dedup_by_key(|need| skills(need));
    for one in wanted {
        let has = |need: &CampusRequest| {
            let held = |wanted| one.required_skills.iter().any(|s| s.same_name(wanted) && s.level() >= wanted.level());
            need.required_skills.iter().all(held)
        };
        options.push((Asset::Skills(skills(one)), jobs(&has)));
    }
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    for (day, (from, until)) in days.into_iter().flat_map(|day| PARTS.map(|part| (day, part))) {
        let within = |need: &CampusRequest| {
            let (starts, ends) = (need.when.starts(), need.when.ends());
            let ends_by = ends.hour() * 60 + ends.minute() <= until * 60;
            starts.date() == ends.date() && starts.weekday() == day && starts.hour() >= from && ends_by
        };
        options.push((Asset::Hours { day, from, until }, jobs(&within)));
    }
    options.push((Asset::FromAfar, jobs(&|need| need.mode == Mode::Virtual)));
    let mut places: Vec<Option<Position>> = Vec::new();
    for seats in layout.seats.iter().filter(|seats| seats.need.request.mode == Mode::InPerson) {
        let place = seats.need.request.position.or(seats.site.terrain.campus);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    for place in places {
        let there = |seats: &Seats<'_>| {
            seats.need.request.mode == Mode::InPerson
                && seats.need.request.position.or(seats.site.terrain.campus) == place
        };
        let jobs = (0_u32..).zip(&layout.seats).filter(|(_, seats)| there(seats)).map(|(at, _)| at).collect();
        options.push((Asset::Place(place), jobs));
    }
    for &kind in Kind::ALL {
        options.push((Asset::Kind(kind), jobs(&|need| need.kind == kind)));
    }
    options
}

/// The skills that a need asks for, in order.
fn skills(need: &CampusRequest) -> Vec<String> {
    let mut skills: Vec<String> = need.required_skills.iter().map(ToString::to_string).collect();
    skills.sort_by_key(|name| name.to_lowercase());
    skills
}
