//! Why a plan is as it is: why somebody does not have a seat and what it would cost to choose them all the same, and who
//! might come if a need were moved.
//!
//! What is said to cost something is proven by the plan's prices, whatever else would be rearranged (the head of
//! [`solver`](super::solver) says how).

use chrono::TimeDelta;

use super::campus_request::{CampusRequest, Mode};
use super::eligibility::{Commitment, Failed, Period, Prospect, Terrain, check, is_eligible};
use super::plan::{Layout, Problem, Proposal};
use super::score::{Score, score};
use super::solver::{Pair, Solution, TICKS, certificate, explain};
use crate::domain::ids::{CampusRequestId, RoleId, VolunteerId};
use crate::domain::time::LocalWindow;
use crate::domain::words::words;

/// An engagement that counts against somebody: held already, or in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The need.
    pub need: CampusRequestId,
    /// What to call it; `None` when it belongs to a campus that is nobody's business here.
    pub title: Option<String>,
    /// Whether it is in the plan, not held yet.
    pub planned: bool,
}

/// The first that holds of a volunteer and a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// The plan gives them the seat.
    Seated,
    /// By these rules they may not.
    Rules(Vec<Failed>),
    /// The plan has them elsewhere at the time.
    Clash(Other),
    /// With what they hold and what the plan gives them, they have as much as they take in this week or month.
    Cap {
        /// Which week or month.
        period: Period,
        /// What it is used by.
        used_by: Vec<Other>,
    },
    /// Others bring more to the seat, or they bring more elsewhere: by so many points in all, 0 where it is all the same.
    Outbid(i64),
}

/// Why somebody does not have a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The reason.
    pub why: WhyNot,
    /// How well the two fit, where the rules allow it.
    pub score: Option<Score>,
    /// What somebody else would bring to the seat, in points.
    pub seat_price: i64,
    /// Every plan in which they have the seat is worth at least so many points less.
    pub costs_at_least: i64,
}

/// Why `volunteer` does not have a seat of `role` in the plan that was made for this; `None` where the facts know no open
/// seat of that role or nobody of that id.
#[must_use]
pub fn why(problem: &Problem, proposal: &Proposal, role: RoleId, volunteer: VolunteerId) -> Option<Told> {
    let layout = Layout::new(problem);
    let job = layout.seats.iter().position(|seats| seats.role == role)?;
    let (seats, site) = (layout.seats.get(job)?, layout.site_of(job)?);
    let solution = layout.carried_over(proposal);
    let price = solution.prices.get(job).map_or(0, |ticks| ticks.div_euclid(TICKS));
    let Some(pair) = layout.pair_of(role, volunteer) else {
        let who = seats.site.people.iter().find(|who| who.volunteer.id() == volunteer)?;
        let failed = check(&seats.need.request, who, &seats.site.terrain);
        return Some(Told { why: WhyNot::Rules(failed), score: None, seat_price: price, costs_at_least: 0 });
    };
    let value = certificate::value(&layout.instance, &solution.taken).unwrap_or(solution.value);
    let told = explain::explain(&layout.instance, &Solution { value, ..solution.clone() }, pair)?;
    let at = layout.instance.pairs.get(pair)?.person as usize;
    let who = layout.people.get(at)?;
    let planned = |pair: &Pair| {
        let need = &layout.seats.get(pair.job as usize)?.need.request;
        Some(Other { need: need.id, title: Some(need.title.clone()), planned: true })
    };
    let why = match told.because {
        explain::Because::Taken => WhyNot::Seated,
        explain::Because::NoPair => no_room(&layout, pair, who.seen_by(site)?)?,
        explain::Because::Clash(other) => WhyNot::Clash(layout.instance.pairs.get(other).and_then(planned)?),
        explain::Because::Cap(cap) => {
            let period = *who.periods.get(usize::from(cap))?;
            let under = |pair: &&Pair| pair.person as usize == at && pair.caps.contains(&cap);
            let mine = solution.taken.iter().filter_map(|&taken| layout.instance.pairs.get(taken)).filter(under);
            let mut used_by = held_in(period, who.seen_by(site)?);
            used_by.extend(mine.filter_map(planned));
            WhyNot::Cap { period, used_by }
        }
        explain::Because::Outbid(margin) => WhyNot::Outbid(margin),
    };
    let score = who.seen_by(site).map(|who| score(&seats.need.request, who, &seats.site.terrain));
    Some(Told { why, score, seat_price: told.seat_price, costs_at_least: told.costs_at_least })
}

/// What keeps a pair out that the rules allow one by one: a cap of which nothing is left.
fn no_room(layout: &Layout<'_>, pair: usize, who: &Prospect) -> Option<WhyNot> {
    let pair = layout.instance.pairs.get(pair)?;
    let (room, person) = (layout.instance.people.get(pair.person as usize)?, layout.people.get(pair.person as usize)?);
    let full = pair.caps.into_iter().find(|&cap| room.caps.get(usize::from(cap)) == Some(&0))?;
    let period = *person.periods.get(usize::from(full))?;
    Some(WhyNot::Cap { period, used_by: held_in(period, who) })
}

fn held_in(period: Period, who: &Prospect) -> Vec<Other> {
    let zone = who.volunteer.zone();
    let within = |held: &&Commitment| {
        let (week, month) = Period::of(held.window.start(), zone);
        week == period || month == period
    };
    let other = |held: &Commitment| Other { need: held.need, title: held.title.clone(), planned: false };
    who.commitments.iter().filter(within).map(other).collect()
}

words! {
    /// How a need might be changed.
    pub enum Change("change of a need") {
        /// It begins and ends an hour earlier.
        HourEarlier = "hour_earlier",
        /// It begins and ends an hour later.
        HourLater = "hour_later",
        /// It takes place at a place.
        InPerson = "in_person",
        /// It takes place from afar.
        Virtual = "virtual",
    }
}

/// What a change would do to the list of those who may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf {
    /// The change.
    pub change: Change,
    /// Who might come then and may not now.
    pub gained: Vec<VolunteerId>,
    /// Who may come now and might not then.
    pub lost: Vec<VolunteerId>,
}

/// What an hour earlier or later, and the other mode, would do. A time that the clocks skip is left out.
#[must_use]
pub fn what_if(need: &CampusRequest, people: &[Prospect], terrain: &Terrain) -> Vec<WhatIf> {
    let now: Vec<bool> = people.iter().map(|who| is_eligible(need, who, terrain)).collect();
    let told = |&change: &Change| {
        let changed = changed(need, change)?;
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        for (who, &was) in people.iter().zip(&now) {
            match (was, is_eligible(&changed, who, terrain)) {
                (false, true) => gained.push(who.volunteer.id()),
                (true, false) => lost.push(who.volunteer.id()),
                (true, true) | (false, false) => {}
            }
        }
        Some(WhatIf { change, gained, lost })
    };
    Change::ALL.iter().filter_map(told).collect()
}

fn changed(need: &CampusRequest, change: Change) -> Option<CampusRequest> {
    let mut brief = need.clone().into_brief();
    let by = |hours: i64| {
        let (starts, ends) = (need.when.starts(), need.when.ends());
        LocalWindow::new(starts + TimeDelta::hours(hours), ends + TimeDelta::hours(hours), need.when.zone(), None).ok()
    };
    match change {
        Change::HourEarlier => brief.when = by(-1)?,
        Change::HourLater => brief.when = by(1)?,
        Change::InPerson if need.mode == Mode::Virtual => {
            brief.mode = Mode::InPerson;
            // Where does not matter to who may come: the campus, if nothing else is said.
            brief.place = brief.place.or_else(|| Some("The campus".to_owned()));
        }
        Change::Virtual if need.mode == Mode::InPerson => brief.mode = Mode::Virtual,
        Change::InPerson | Change::Virtual => return None,
    }
    brief.decide_by = brief.decide_by.min(brief.when.window().start());
    CampusRequest::new(need.id, need.campus_id, need.state, brief).ok()
}
