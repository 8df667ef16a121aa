//! How well an eligible volunteer fits a need: five parts, each visible, together 1 to 1000.
//!
//! | part | most | full when |
//! |---|---|---|
//! | `required_skills` | 350 | each required skill is held at expert level, or none is required |
//! | `preferred_skills` | 200 | each preferred skill is held at its level, or none is named |
//! | `distance` | 200 | next door or from afar; nothing at the edge of the travel distance |
//! | `load` | 150 | nothing else in the volunteer's week and month |
//! | `credentials` | 100 | two credentials or more |
//!
//! What everybody eligible has alike (the language, the hours) is a rule and earns no points. Absent on purpose: anything
//! about the person that is not said in the profile, and any learning from the past. [`fit`] is the total alone, without
//! a text being made; it is what plans are reckoned with.

use super::{
    campus_request::{CampusRequest, Mode},
    eligibility::{Prospect, Terrain, held_in_periods, km_from_home},
};
use crate::domain::{people::volunteer::Level, words::words};

words! {
    /// What a score is made of.
    pub enum PartName("part of a score") {
        /// Mastery beyond what is required.
        RequiredSkills = "required_skills",
        /// What would be welcome.
        PreferredSkills = "preferred_skills",
        /// The way from home.
        Distance = "distance",
        /// Room in the volunteer's week and month.
        Load = "load",
        /// Certificates held.
        Credentials = "credentials",
    }
}

impl PartName {
    /// The most points it gives.
    #[must_use]
    pub const fn most(self) -> u16 {
        match self {
            Self::RequiredSkills => 350,
            Self::PreferredSkills | Self::Distance => 200,
            Self::Load => 150,
            Self::Credentials => 100,
        }
    }
}

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub name: PartName,
    /// The points given.
    pub points: u16,
    /// The points there are.
    pub max: u16,
    /// Why, in a sentence.
    pub detail: String,
}

/// A score with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// 1 to 1000: the sum of the parts, and at least 1.
    pub total: u16,
    /// In the order of [`PartName::ALL`].
    pub parts: Vec<Part>,
}

impl Score {
    /// The sentences of the parts that gave something, those that gave the greatest share first.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut given: Vec<&Part> = self.parts.iter().filter(|part| part.points > 0).collect();
        given.sort_by_key(|part| std::cmp::Reverse(u32::from(part.points) * 1000 / u32::from(part.max)));
        given.into_iter().map(|part| part.detail.clone()).collect()
    }
}

/// The score with its parts in words.
#[must_use]
pub fn score(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Score {
    let part = |&name: &PartName| {
        let detail = detail(name, need, who, terrain);
        Part { name, points: points(name, need, who, terrain), max: name.most(), detail }
    };
    Score { total: fit(need, who, terrain), parts: PartName::ALL.iter().map(part).collect() }
}

/// The total alone.
#[must_use]
pub fn fit(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> u16 {
    PartName::ALL.iter().map(|&name| points(name, need, who, terrain)).sum::<u16>().max(1)
}

fn points(name: PartName, need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> u16 {
    let max = name.most();
    match name {
        PartName::RequiredSkills => {
            let ranks = need.required_skills.iter().map(|wanted| {
                let held = who.volunteer.level_of(wanted).map_or(0, Level::rank);
                // What is required counts half; every level is worth a part of the other half.
                3 + u32::from(held)
            });
            share(max, ranks.sum(), 6 * count(need.required_skills.len()))
        }
        PartName::PreferredSkills => {
            let matched = need.preferred_skills.iter().map(|wanted| match who.volunteer.level_of(wanted) {
                Some(held) if held >= wanted.level() => 2,
                Some(_) => 1,
                None => 0,
            });
            share(max, matched.sum(), 2 * count(need.preferred_skills.len()))
        }
        PartName::Distance => match (need.mode, km_from_home(need, who, terrain), who.volunteer.in_person) {
            (Mode::Virtual, _, _) => max,
            (Mode::InPerson, Some(km), Some(from)) => {
                let limit = f64::from(from.travel_km.max(1));
                share(max, per_mille((limit - km) / limit), 1000)
            }
            (Mode::InPerson, _, _) => max / 2,
        },
        PartName::Load => {
            let (in_week, in_month) = held_in_periods(need, who);
            let room = |held: usize, cap: u8| per_mille(1.0 - f64::from(count(held)) / f64::from(cap.max(1)));
            share(
                max,
                room(in_week, who.volunteer.caps.per_week).min(room(in_month, who.volunteer.caps.per_month)),
                1000,
            )
        }
        PartName::Credentials => share(max, count(who.volunteer.credentials.len()).min(2), 2),
    }
}

fn detail(name: PartName, need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> String {
    match name {
        PartName::RequiredSkills if need.required_skills.is_empty() => "No skill is required.".to_owned(),
        PartName::RequiredSkills => {
            let held = need.required_skills.iter().map(|wanted| match who.volunteer.level_of(wanted) {
                Some(level) => format!("{} at {level} ({} required)", wanted.name(), wanted.level()),
                None => format!("no {}", wanted.name()),
            });
            format!("Required: {}.", held.collect::<Vec<_>>().join(", "))
        }
        PartName::PreferredSkills if need.preferred_skills.is_empty() => "No skill is preferred.".to_owned(),
        PartName::PreferredSkills => {
            let has = |yes: bool| {
                let those = need.preferred_skills.iter().filter(move |w| who.volunteer.level_of(w).is_some() == yes);
                those.map(|wanted| wanted.name().to_owned()).collect::<Vec<_>>()
            };
            match (has(true), has(false)) {
                (some, none) if none.is_empty() => format!("Has all that is preferred: {}.", some.join(", ")),
                (some, none) if some.is_empty() => format!("Has nothing of what is preferred: {}.", none.join(", ")),
                (some, none) => format!("Of what is preferred has {}; lacks {}.", some.join(", "), none.join(", ")),
            }
        }
        PartName::Distance => match (need.mode, km_from_home(need, who, terrain), who.volunteer.in_person) {
            (Mode::Virtual, _, _) => "Takes part from afar.".to_owned(),
            (Mode::InPerson, Some(km), Some(from)) => {
                format!("{km:.1} km from home, travels up to {}.", from.travel_km)
            }
            (Mode::InPerson, _, _) => "The distance is not known.".to_owned(),
        },
        PartName::Load => {
            let (in_week, in_month) = held_in_periods(need, who);
            let caps = who.volunteer.caps;
            let (week, month) = (caps.per_week, caps.per_month);
            format!("Has {in_week} of {week} engagements in that week and {in_month} of {month} in that month.")
        }
        PartName::Credentials => match who.volunteer.credentials.as_slice() {
            [] => "Names no credential.".to_owned(),
            some => format!("Holds {}.", some.join(", ")),
        },
    }
}

/// `max` points, in the proportion of `part` to `whole`; all of them when there is nothing to have.
fn share(max: u16, part: u32, whole: u32) -> u16 {
    if whole == 0 {
        return max;
    }
    u16::try_from(u64::from(max) * u64::from(part.min(whole)) / u64::from(whole)).unwrap_or(max)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
fn per_mille(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 1000.0).round() as u32
}
