//! What a rotation is planned from, and what of it is refused.
//!
//! Students and stations are named by their place in the lists, rounds by their place in their station's list; the
//! caller keeps the ids. Times are instants, so that rounds of two stations need not begin together. Absent on purpose:
//! where the lists come from, and names of people, which no sentence made here needs.

use std::collections::BTreeSet;

use crate::domain::{
    refusal::Invalid,
    time::{Window, Zone},
};

/// More students than this are refused.
pub const MOST_STUDENTS: usize = 5_000;
/// More stations than this are refused.
pub const MOST_STATIONS: usize = 500;
/// More rounds at one station than this are refused.
pub const MOST_ROUNDS: usize = 200;
/// More students in one group than this are refused.
pub const MOST_IN_A_GROUP: u32 = 30;
/// The weight of the dearest wish.
pub const DEAREST: u16 = 100;

/// One round at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// When.
    pub window: Window,
    /// How many students it takes: 1, or a group, up to [`MOST_IN_A_GROUP`].
    pub capacity: u32,
}

/// An interviewer, or a pair of them, at one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Station {
    /// Which site (building) it is at: a row of [`Rules::travel_minutes`].
    pub site: usize,
    /// Whom it speaks for, where nobody is to meet one employer twice; see [`Rules::once_per_employer`].
    pub employer: Option<String>,
    /// What a wish can name, such as industries.
    pub tags: Vec<String>,
    /// The majors it serves; empty for all.
    pub majors: Vec<String>,
    /// The rounds it is present in, in any order; they do not overlap.
    pub rounds: Vec<Round>,
}

/// What a wish is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One station.
    Station(usize),
    /// Every station with this tag.
    Tag(String),
}

/// What a student would like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What for.
    pub target: Target,
    /// How much, from 1 to [`DEAREST`].
    pub weight: u16,
}

/// Stations in order of preference as wishes: the first weighs [`DEAREST`], the others less in equal steps.
#[must_use]
pub fn ranked(stations: &[usize]) -> Vec<Wish> {
    let length = u16::try_from(stations.len()).unwrap_or(DEAREST).clamp(1, DEAREST);
    let weight = |rank: u16| (DEAREST - rank.min(length - 1) * DEAREST / length).max(1);
    stations.iter().zip(0..).map(|(&at, rank)| Wish { target: Target::Station(at), weight: weight(rank) }).collect()
}

/// Somebody to be interviewed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Student {
    /// What the student reads.
    pub majors: Vec<String>,
    /// What the student would like; the dearest wish that a station meets counts.
    pub wishes: Vec<Wish>,
    /// Everybody is brought to this number of interviews before anybody gets more.
    pub min: u32,
    /// No more interviews than this.
    pub max: u32,
    /// When the student can come; a round must lie wholly inside one window, or inside two that touch.
    pub available: Vec<Window>,
}

/// A longest run of interviews without a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimit {
    /// At most this many in a run, at least 1.
    pub interviews: u32,
    /// A gap of at least this many minutes ends a run.
    pub pause_minutes: u32,
}

/// The rules of the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Minutes from the site of the row to the site of the column; empty when everything is at one site. Between two
    /// interviews lies the way or the rest, whichever is longer.
    pub travel_minutes: Vec<Vec<u32>>,
    /// The least minutes between two interviews of one student.
    pub rest_minutes: u32,
    /// A longest run of interviews without a pause, if any.
    pub run: Option<RunLimit>,
    /// Whether nobody meets two stations of one employer.
    pub once_per_employer: bool,
    /// Whether stations meet only the majors they serve; otherwise these are merely preferred.
    pub only_majors_served: bool,
    /// Pairs (student, station) that must not meet.
    pub forbidden: Vec<(usize, usize)>,
}

/// One student at one station in one of its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meeting {
    /// Place in [`Rotation::students`].
    pub student: usize,
    /// Place in [`Rotation::stations`].
    pub station: usize,
    /// Place in [`Station::rounds`].
    pub round: usize,
}

/// Everything there is to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The clocks that sentences speak of.
    pub zone: Zone,
    /// The interviewers.
    pub stations: Vec<Station>,
    /// Those who are to meet them.
    pub students: Vec<Student>,
    /// The rules of the day.
    pub rules: Rules,
    /// Meetings that people have been told of. They never move, whatever the other rules say of them.
    pub fixed: Vec<Meeting>,
}

impl Rotation {
    /// Refuses what cannot be planned.
    ///
    /// # Errors
    /// [`Invalid`] with `too_many`, `out_of_range`, `reversed`, `overlap`, `not_square`, `duplicate` or `full`, and the
    /// path of the value at fault.
    pub fn validate(&self) -> Result<(), Invalid> {
        at_most("students", self.students.len(), MOST_STUDENTS)?;
        at_most("stations", self.stations.len(), MOST_STATIONS)?;
        let sites = self.sites()?;
        for (at, station) in self.stations.iter().enumerate() {
            station.validate(sites).map_err(|refused| refused.within(at).within("stations"))?;
        }
        for (at, student) in self.students.iter().enumerate() {
            student.validate(self.stations.len()).map_err(|refused| refused.within(at).within("students"))?;
        }
        if self.rules.run.is_some_and(|run| run.interviews == 0) {
            return Err(out_of_range("rules/run/interviews", "a run of 0 interviews leaves none"));
        }
        for (at, &(student, station)) in self.rules.forbidden.iter().enumerate() {
            if student >= self.students.len() || station >= self.stations.len() {
                let detail = format!("there is no student {student} or no station {station}");
                return Err(out_of_range(&format!("rules/forbidden/{at}"), detail));
            }
        }
        self.validate_fixed()
    }

    /// How many sites there are.
    fn sites(&self) -> Result<usize, Invalid> {
        let travel = &self.rules.travel_minutes;
        at_most("rules/travel_minutes", travel.len(), MOST_STATIONS)?;
        match travel.iter().position(|row| row.len() != travel.len()) {
            Some(row) => {
                let detail = format!("row {row} has another length than the {} rows", travel.len());
                Err(Invalid::new("rules/travel_minutes", "not_square", detail))
            }
            None => Ok(travel.len().max(1)),
        }
    }

    fn validate_fixed(&self) -> Result<(), Invalid> {
        let mut pairs = BTreeSet::new();
        let mut held: Vec<(usize, Window)> = Vec::with_capacity(self.fixed.len());
        let mut seats: Vec<(usize, usize)> = Vec::with_capacity(self.fixed.len());
        for (at, meeting) in self.fixed.iter().enumerate() {
            let field = format!("fixed/{at}");
            let Meeting { student, station, round } = *meeting;
            let Some(found) = self.stations.get(station).and_then(|station| station.rounds.get(round)) else {
                return Err(out_of_range(&field, format!("station {station} has no round {round}")));
            };
            if student >= self.students.len() {
                return Err(out_of_range(&field, format!("there is no student {student}")));
            }
            if !pairs.insert((student, station)) {
                let detail = format!("student {student} meets station {station} twice");
                return Err(Invalid::new(field, "duplicate", detail));
            }
            held.push((student, found.window));
            seats.push((station, round));
        }
        held.sort_unstable();
        for pair in held.windows(2) {
            if let [(student, first), (other, second)] = pair
                && student == other
                && first.overlaps(*second)
            {
                let detail = format!("student {student} would be in two places at {}", second.start());
                return Err(Invalid::new("fixed", "overlap", detail));
            }
        }
        seats.sort_unstable();
        for group in seats.chunk_by(|a, b| a == b) {
            let Some(&(station, round)) = group.first() else { continue };
            let capacity = self.stations.get(station).and_then(|s| s.rounds.get(round)).map_or(0, |r| r.capacity);
            if group.len() > usize::try_from(capacity).unwrap_or(usize::MAX) {
                let detail =
                    format!("round {round} of station {station} takes {capacity}, {} are fixed there", group.len());
                return Err(Invalid::new("fixed", "full", detail));
            }
        }
        Ok(())
    }
}

impl Station {
    fn validate(&self, sites: usize) -> Result<(), Invalid> {
        at_most("rounds", self.rounds.len(), MOST_ROUNDS)?;
        if self.site >= sites {
            return Err(out_of_range("site", format!("it is {}, and there are {sites} sites", self.site)));
        }
        for (at, round) in self.rounds.iter().enumerate() {
            if round.capacity == 0 || round.capacity > MOST_IN_A_GROUP {
                let detail = format!("it is {}; 1 to {MOST_IN_A_GROUP} is taken", round.capacity);
                return Err(out_of_range(&format!("rounds/{at}/capacity"), detail));
            }
        }
        let mut windows: Vec<Window> = self.rounds.iter().map(|round| round.window).collect();
        windows.sort_unstable();
        for pair in windows.windows(2) {
            if let [first, second] = pair
                && first.overlaps(*second)
            {
                return Err(Invalid::new("rounds", "overlap", format!("two rounds overlap at {}", second.start())));
            }
        }
        Ok(())
    }
}

impl Student {
    fn validate(&self, stations: usize) -> Result<(), Invalid> {
        if self.min > self.max {
            return Err(Invalid::new("min", "reversed", format!("{} is more than the most, {}", self.min, self.max)));
        }
        let most = u32::try_from(MOST_ROUNDS).unwrap_or(u32::MAX);
        if self.max > most {
            return Err(out_of_range("max", format!("it is {}; 0 to {most} is taken", self.max)));
        }
        at_most("available", self.available.len(), MOST_ROUNDS)?;
        at_most("wishes", self.wishes.len(), MOST_STATIONS)?;
        for (at, wish) in self.wishes.iter().enumerate() {
            if wish.weight == 0 || wish.weight > DEAREST {
                let detail = format!("it is {}; 1 to {DEAREST} is taken", wish.weight);
                return Err(out_of_range(&format!("wishes/{at}/weight"), detail));
            }
            if let Target::Station(station) = wish.target
                && station >= stations
            {
                return Err(out_of_range(&format!("wishes/{at}/target"), format!("there is no station {station}")));
            }
        }
        Ok(())
    }
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), Invalid> {
    if count > most {
        return Err(Invalid::new(field, "too_many", format!("there are {count}, at most {most} are taken")));
    }
    Ok(())
}

fn out_of_range(field: &str, detail: impl Into<String>) -> Invalid {
    Invalid::new(field, "out_of_range", detail)
}
