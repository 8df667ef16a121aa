//! The JSON format `career-match-1`: a season as facts, and the rules of eligibility that it means.
//!
//! Times are minutes of the Unix clock; a volunteer's week is in local time with a fixed offset; day 0 is Monday. Who may do
//! what is found through an index: volunteers by campus, mode and kind, each with the distance; skills as bits, one per
//! skill and level; busy times merged and in order. Needs are shared out to threads; the pairs come out by need and then
//! volunteer, whatever their number.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::season::{MOST, SEAT, Season};
use crate::domain::matching::solver::{FREE, Job, Pair, Room, Span};
use crate::domain::matching::travel::{Distance, TravelRule, Venue};
use crate::domain::people::place::Position;

const DAY: i64 = 24 * 60;
/// 1 January 1970 was a Thursday.
const EPOCH_WEEKDAY: i64 = 3;

#[derive(Deserialize)]
struct Facts {
    format: String,
    campuses: Vec<Campus>,
    requests: Vec<Request>,
    volunteers: Vec<Volunteer>,
}

#[derive(Deserialize)]
struct Campus {
    id: u32,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct Request {
    id: u32,
    kind: String,
    campus: u32,
    prio: i64,
    need: u32,
    min: u32,
    intervals: Vec<(i64, i64)>,
    period: u16,
    required: Vec<(u32, u8)>,
    preferred: Vec<u32>,
    mode: Mode,
    lat: f64,
    lon: f64,
    lang: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Virtual,
    InPerson,
}

#[derive(Deserialize)]
struct Volunteer {
    id: u32,
    home: u32,
    campuses: Vec<u32>,
    anywhere: bool,
    lat: f64,
    lon: f64,
    max_km: f64,
    skills: Vec<(u32, u8)>,
    kinds: Vec<String>,
    favourite: String,
    modes: Vec<Mode>,
    tz: i64,
    weekly: Vec<(i64, i64, i64)>,
    busy: Vec<(i64, i64)>,
    capacity: Vec<u32>,
    langs: Vec<String>,
    exclude_campus: Vec<u32>,
    past_load: u32,
}

/// Reads a season; the fault names the field and the value.
pub fn read(text: &str, threads: usize) -> Result<Season, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let facts: Facts = serde_path_to_error::deserialize(&mut json).map_err(|fault| fault.to_string())?;
    json.end().map_err(|fault| fault.to_string())?;
    if facts.format != "career-match-1" {
        return Err(format!("format: {:?} is not \"career-match-1\"", facts.format));
    }
    let campuses = campuses(&facts)?;
    let mut season = Season {
        volunteers: facts.volunteers.iter().map(|v| v.id).collect(),
        needs: facts.requests.iter().map(|r| r.id).collect(),
        minimum: facts.requests.iter().map(|r| r.min).collect(),
        ..Season::default()
    };
    distinct("requests", &season.needs)?;
    distinct("volunteers", &season.volunteers)?;
    for (at, request) in facts.requests.iter().enumerate() {
        season.instance.jobs.push(job(request).map_err(|fault| format!("requests[{at}].{fault}"))?);
        if !campuses.contains_key(&request.campus) {
            return Err(format!("requests[{at}].campus: there is no campus {}", request.campus));
        }
    }
    let mut people = Vec::with_capacity(facts.volunteers.len());
    for (at, volunteer) in facts.volunteers.iter().enumerate() {
        people.push(Known::of(volunteer).map_err(|fault| format!("volunteers[{at}].{fault}"))?);
        season.instance.people.push(Room {
            caps: volunteer.capacity.clone(),
            load: volunteer.past_load,
            ..Room::default()
        });
    }
    season.instance.travel = TravelRule { distance: Distance::Flat, ..TravelRule::default() };
    season.instance.pairs = pairs(&facts, &campuses, &people, threads)?;
    Ok(season)
}

fn distinct(what: &str, ids: &[u32]) -> Result<(), String> {
    let mut seen = HashSet::new();
    match ids.iter().position(|id| !seen.insert(*id)) {
        Some(at) => Err(format!("{what}[{at}].id: {} stands there twice", ids.get(at).copied().unwrap_or_default())),
        None => Ok(()),
    }
}

fn campuses(facts: &Facts) -> Result<HashMap<u32, Position>, String> {
    let mut campuses = HashMap::new();
    for (at, campus) in facts.campuses.iter().enumerate() {
        let position = position(campus.lat, campus.lon).map_err(|fault| format!("campuses[{at}].{fault}"))?;
        if campuses.insert(campus.id, position).is_some() {
            return Err(format!("campuses[{at}].id: {} stands there twice", campus.id));
        }
    }
    Ok(campuses)
}

fn position(lat: f64, lon: f64) -> Result<Position, String> {
    Position::new(lat, lon).map_err(|fault| format!("{}: {}", fault.field, fault.detail))
}

/// `from` before `to`, and both near enough to be times.
fn in_order(field: &str, (from, to): (i64, i64)) -> Result<(), String> {
    if from.abs() > MOST || to.abs() > MOST {
        return Err(format!("{field}: {from} to {to} is no time in minutes"));
    }
    if from >= to {
        return Err(format!("{field}: {from} to {to} does not end after it starts"));
    }
    Ok(())
}

fn job(request: &Request) -> Result<Job, String> {
    if !(0..=1_000_000).contains(&request.prio) {
        return Err(format!("prio: {} is not between 0 and 1000000", request.prio));
    }
    if request.need > 1_000_000 {
        return Err(format!("need: {} is above 1000000", request.need));
    }
    for (at, &interval) in request.intervals.iter().enumerate() {
        in_order(&format!("intervals[{at}]"), interval)?;
    }
    let place = position(request.lat, request.lon)?;
    let worth = SEAT * request.prio;
    Ok(Job {
        open: request.need,
        urgent: request.min.min(request.need),
        urgent_worth: worth,
        worth,
        spans: request.intervals.iter().map(|&(start, end)| Span { start: start * 60, end: end * 60 }).collect(),
        venue: if request.mode == Mode::InPerson { Venue::At(Some(place)) } else { Venue::Virtual },
    })
}

/// A volunteer, made ready to be asked for many needs.
struct Known {
    levels: BTreeMap<u32, u8>,
    /// A bit per skill and level that the volunteer reaches.
    skills: Vec<u64>,
    place: Position,
    /// Merged and in order.
    busy: Vec<(i64, i64)>,
    weekly: [Vec<(i64, i64)>; 7],
}

/// Levels are 1 to 5, skills are numbered from 0 to at most this.
const MOST_SKILLS: u32 = 100_000;

/// The bit of a skill at a level, if there is such a one.
fn bit((skill, level): (u32, u8)) -> Option<(usize, u64)> {
    if skill >= MOST_SKILLS || !(1..=5).contains(&level) {
        return None;
    }
    let bit = skill as usize * 5 + usize::from(level) - 1;
    Some((bit / 64, 1 << (bit % 64)))
}

impl Known {
    fn of(volunteer: &Volunteer) -> Result<Self, String> {
        let mut skills = Vec::new();
        let mut levels = BTreeMap::new();
        for (at, &(skill, level)) in volunteer.skills.iter().enumerate() {
            if bit((skill, level)).is_none() {
                return Err(format!(
                    "skills[{at}]: {skill} at level {level} is not a skill below {MOST_SKILLS} at level 1 to 5"
                ));
            }
            levels.insert(skill, level);
        }
        for (&skill, &level) in &levels {
            for (word, mask) in (1..=level).filter_map(|reached| bit((skill, reached))) {
                if skills.len() <= word {
                    skills.resize(word + 1, 0);
                }
                if let Some(word) = skills.get_mut(word) {
                    *word |= mask;
                }
            }
        }
        let mut weekly: [Vec<(i64, i64)>; 7] = Default::default();
        for (at, &(day, from, to)) in volunteer.weekly.iter().enumerate() {
            in_order(&format!("weekly[{at}]"), (from, to))?;
            let day = usize::try_from(day).ok().and_then(|day| weekly.get_mut(day));
            day.ok_or_else(|| {
                format!("weekly[{at}]: {day:?} is no day from 0, Monday, to 6", day = volunteer.weekly.get(at))
            })?
            .push((from, to));
        }
        let mut busy = volunteer.busy.clone();
        for (at, &interval) in busy.iter().enumerate() {
            in_order(&format!("busy[{at}]"), interval)?;
        }
        busy.sort_unstable();
        busy.dedup_by(|next, last| {
            let joins = next.0 <= last.1;
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        if !(volunteer.max_km >= 0.0 && volunteer.max_km <= 50_000.0) {
            return Err(format!("max_km: {} is not between 0 and 50000", volunteer.max_km));
        }
        if volunteer.tz.abs() > DAY {
            return Err(format!("tz: {} minutes is no offset", volunteer.tz));
        }
        if let Some(most) = volunteer.capacity.iter().find(|&&most| most > 1_000_000) {
            return Err(format!("capacity: {most} is above 1000000"));
        }
        if volunteer.past_load > 1_000_000 {
            return Err(format!("past_load: {} is above 1000000", volunteer.past_load));
        }
        Ok(Self { levels, skills, place: position(volunteer.lat, volunteer.lon)?, busy, weekly })
    }

    fn knows(&self, required: &[(usize, u64)]) -> bool {
        required.iter().all(|&(word, mask)| self.skills.get(word).is_some_and(|skills| skills & mask == mask))
    }

    /// Whether this time lies within one window of the week, and off every busy one.
    fn is_free(&self, offset: i64, (start, end): (i64, i64)) -> bool {
        let local = start + offset;
        let day = local.div_euclid(DAY);
        let from = local - day * DAY;
        let to = from + (end - start);
        let weekday = usize::try_from((day + EPOCH_WEEKDAY).rem_euclid(7)).unwrap_or_default();
        let open = self.weekly.get(weekday).is_some_and(|hours| hours.iter().any(|&(x, y)| x <= from && to <= y));
        let before = self.busy.partition_point(|&(_, until)| until <= start);
        open && self.busy.get(before).is_none_or(|&(from, _)| from >= end)
    }
}

/// The volunteers of one campus, mode and kind, with the distance to the campus.
type Index<'f> = HashMap<(u32, Mode, &'f str), Vec<(u32, f64)>>;

fn index<'f>(facts: &'f Facts, campuses: &HashMap<u32, Position>, people: &[Known]) -> Index<'f> {
    let mut index: Index<'f> = HashMap::new();
    for ((at, volunteer), known) in (0..).zip(&facts.volunteers).zip(people) {
        for campus in &facts.campuses {
            let Some(&place) = campuses.get(&campus.id) else { continue };
            if volunteer.exclude_campus.contains(&campus.id) {
                continue;
            }
            let distance = Distance::Flat.km(known.place, place);
            let near = volunteer.modes.contains(&Mode::InPerson) && distance <= volunteer.max_km;
            let linked = volunteer.anywhere || volunteer.campuses.contains(&campus.id);
            let afar = volunteer.modes.contains(&Mode::Virtual) && linked;
            for (mode, _) in [(Mode::InPerson, near), (Mode::Virtual, afar)].into_iter().filter(|(_, may)| *may) {
                for kind in &volunteer.kinds {
                    let list = index.entry((campus.id, mode, kind)).or_default();
                    if list.last().is_none_or(|last| last.0 != at) {
                        list.push((at, distance));
                    }
                }
            }
        }
    }
    index
}

fn pairs(
    facts: &Facts,
    campuses: &HashMap<u32, Position>,
    people: &[Known],
    threads: usize,
) -> Result<Vec<Pair>, String> {
    let index = index(facts, campuses, people);
    let needs = facts.requests.len();
    let threads = threads.clamp(1, needs.max(1));
    let piece = |from: usize, to: usize| -> Result<Vec<Pair>, String> {
        let mut pairs = Vec::new();
        for (at, request) in facts.requests.iter().enumerate().take(to).skip(from) {
            let key = (request.campus, request.mode, request.kind.as_str());
            if let Some(list) = index.get(&key) {
                of_need(facts, people, (at, request), list, &mut pairs)?;
            }
        }
        Ok(pairs)
    };
    std::thread::scope(|scope| {
        let piece = &piece;
        let bounds = (0..threads).map(|t| (needs * t / threads, needs * (t + 1) / threads));
        let handles: Vec<_> = bounds.map(|(from, to)| scope.spawn(move || piece(from, to))).collect();
        let mut all = Vec::new();
        for handle in handles {
            match handle.join() {
                Ok(pairs) => all.append(&mut pairs?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

fn of_need(
    facts: &Facts,
    people: &[Known],
    (at, request): (usize, &Request),
    list: &[(u32, f64)],
    pairs: &mut Vec<Pair>,
) -> Result<(), String> {
    let required: Option<Vec<(usize, u64)>> = request.required.iter().map(|&skill| bit(skill)).collect();
    let required = required.ok_or_else(|| format!("requests[{at}].required: a skill or level that cannot be"))?;
    for &(who, distance) in list {
        let (Some(volunteer), Some(known)) = (facts.volunteers.get(who as usize), people.get(who as usize)) else {
            continue;
        };
        if !known.knows(&required)
            || !volunteer.langs.contains(&request.lang)
            || !request.intervals.iter().all(|&interval| known.is_free(volunteer.tz, interval))
        {
            continue;
        }
        if usize::from(request.period) >= volunteer.capacity.len() {
            let period = request.period;
            return Err(format!(
                "volunteers[{who}].capacity: says nothing of period {period}, which requests[{at}] is in"
            ));
        }
        let job = u32::try_from(at).unwrap_or(u32::MAX);
        let fit = fit(request, volunteer, known, distance);
        pairs.push(Pair { person: who, job, fit, caps: [request.period, FREE] });
    }
    Ok(())
}

/// How well the two go together: 1 to 1000.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 999")]
#[expect(clippy::cast_precision_loss, reason = "a few skills")]
fn fit(request: &Request, volunteer: &Volunteer, known: &Known, distance: f64) -> u32 {
    let level = |skill: &u32| f64::from(known.levels.get(skill).copied().unwrap_or_default());
    let mut fit = if request.preferred.is_empty() {
        200.0
    } else {
        400.0 * request.preferred.iter().map(level).sum::<f64>() / (5.0 * request.preferred.len() as f64)
    };
    fit += if request.required.is_empty() {
        90.0
    } else {
        let above = request.required.iter().map(|(skill, least)| (level(skill) - f64::from(*least)) / 4.0);
        180.0 * above.sum::<f64>() / request.required.len() as f64
    };
    fit += if request.mode == Mode::InPerson { 200.0 * (1.0 - distance / volunteer.max_km.max(1e-9)) } else { 140.0 };
    fit += if request.campus == volunteer.home { 60.0 } else { 0.0 };
    fit += if request.kind == volunteer.favourite { 80.0 } else { 0.0 };
    fit += 80.0 / (1.0 + f64::from(volunteer.past_load));
    1 + fit.clamp(0.0, 999.0) as u32
}
