//! A season read from a file: the instance for the solver, and the numbers by which the file calls people and needs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use super::{MatchFault, core_file, facts, read};
use crate::domain::matching::solver::certificate::Broken;
use crate::domain::matching::solver::{Instance, Job, Pair, TICKS};

/// What a seat is worth per step of priority; the fit of a pair, 1 to 1000, comes on top.
pub const SEAT: i64 = 10_000;

/// Every number in a season is at most this; so that sums stay far from overflow.
pub const MOST: i64 = 1 << 40;

/// A season.
#[derive(Debug, Default)]
pub struct Season {
    pub instance: Instance,
    /// What the file calls each volunteer and each need.
    pub volunteers: Vec<u32>,
    pub needs: Vec<u32>,
    /// The fewest people with whom each need takes place.
    pub minimum: Vec<u32>,
}

impl Season {
    /// Reads either format; which it is, its first letter says.
    pub fn read(path: &Path, threads: usize) -> Result<Self, MatchFault> {
        let text = read(path)?;
        let season =
            if text.trim_start().starts_with('{') { facts::read(&text, threads) } else { core_file::read(&text) };
        let season = season.and_then(|season| season.small_enough().map(|()| season));
        season.map_err(|fault| MatchFault(format!("{}: {fault}", path.display())))
    }

    /// Whether all that can be earned adds up to a number that fits.
    fn small_enough(&self) -> Result<(), String> {
        let worth = |job: &Job| i128::from(job.open) * i128::from(job.top().max(job.worth));
        let seats: i128 = self.instance.jobs.iter().map(worth).sum();
        let fits: i128 = self.instance.pairs.iter().map(|pair| i128::from(pair.fit)).sum();
        if (seats + fits) * i128::from(TICKS) > i128::from(i64::MAX / 16) {
            return Err(format!("the seats and fits are worth {} in all, too much to reckon with", seats + fits));
        }
        Ok(())
    }

    /// A plan as text: one `volunteer need` a line.
    pub fn plan_text(&self, taken: &[usize]) -> String {
        let mut text = String::new();
        for pair in taken.iter().filter_map(|&at| self.instance.pairs.get(at)) {
            let (volunteer, need) = (self.volunteers.get(pair.person as usize), self.needs.get(pair.job as usize));
            if let (Some(volunteer), Some(need)) = (volunteer, need) {
                let _ = writeln!(text, "{volunteer} {need}");
            }
        }
        text
    }

    /// The pairs of a plan.
    pub fn read_plan(&self, text: &str) -> Result<Vec<usize>, String> {
        let index = |names: &[u32]| -> HashMap<u32, u32> { names.iter().copied().zip(0..).collect() };
        let (volunteers, needs) = (index(&self.volunteers), index(&self.needs));
        let pairs: HashMap<(u32, u32), usize> =
            self.instance.pairs.iter().enumerate().map(|(at, pair)| ((pair.person, pair.job), at)).collect();
        let line = |(at, line): (usize, &str)| {
            let fault = |what: &str| format!("line {}: {line:?} {what}", at + 1);
            let (volunteer, need) = line.trim().split_once(' ').ok_or_else(|| fault("is not `volunteer need`"))?;
            let find = |names: &HashMap<u32, u32>, name: &str| names.get(&name.trim().parse().ok()?).copied();
            let volunteer = find(&volunteers, volunteer).ok_or_else(|| fault("names no volunteer of the season"))?;
            let need = find(&needs, need).ok_or_else(|| fault("names no need of the season"))?;
            pairs.get(&(volunteer, need)).copied().ok_or_else(|| fault("is a pair that the rules do not allow"))
        };
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(line).collect()
    }

    /// The pair of a volunteer and a need, as the file calls them; `None` where the rules do not allow it.
    pub fn find(&self, volunteer: u32, need: u32) -> Result<Option<usize>, &'static str> {
        let place = |names: &[u32], name: u32| names.iter().position(|&other| other == name);
        let person = place(&self.volunteers, volunteer).ok_or("there is no such volunteer")?;
        let job = place(&self.needs, need).ok_or("there is no such need")?;
        let is = |pair: &Pair| (pair.person as usize, pair.job as usize) == (person, job);
        Ok(self.instance.pairs.iter().position(is))
    }

    /// What the file calls the need of a pair.
    pub fn need_of(&self, pair: usize) -> Option<u32> {
        self.needs.get(self.instance.pairs.get(pair)?.job as usize).copied()
    }

    /// What a checker found, with the names of the file.
    pub fn in_words(&self, broken: &Broken) -> String {
        let volunteer = |at: u32| self.volunteers.get(at as usize).copied().unwrap_or(at);
        let need = |at: usize| self.needs.get(at).copied().unwrap_or_default();
        let named = |mut pair: Pair| {
            pair.person = volunteer(pair.person);
            pair.job = need(pair.job as usize);
            pair
        };
        match broken {
            Broken::NoPair(_) | Broken::Prices(_) => broken.to_string(),
            Broken::Twice(pair) => Broken::Twice(named(*pair)).to_string(),
            Broken::OverCap(pair) => Broken::OverCap(named(*pair)).to_string(),
            Broken::Clash(a, b) => Broken::Clash(named(*a), named(*b)).to_string(),
            Broken::Overfull(job) => Broken::Overfull(need(*job) as usize).to_string(),
            Broken::Negative(job) => Broken::Negative(need(*job) as usize).to_string(),
        }
    }

    /// The needs that have people, but fewer than their minimum.
    pub fn short(&self, taken: &[usize]) -> Vec<usize> {
        let mut filled = vec![0_u32; self.instance.jobs.len()];
        for pair in taken.iter().filter_map(|&at| self.instance.pairs.get(at)) {
            if let Some(filled) = filled.get_mut(pair.job as usize) {
                *filled += 1;
            }
        }
        let short = |at: &usize| filled.get(*at).zip(self.minimum.get(*at)).is_some_and(|(f, m)| 0 < *f && f < m);
        (0..filled.len()).filter(short).collect()
    }
}
