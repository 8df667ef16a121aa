//! Whether it can be staffed: what a need or a grid asks for against what is known, before anybody is invited.
//!
//! Programmes print needs as ranges, "10 to 12 interviewers", and mean all days together or each of them; both can be
//! said here, also at once, and a total that suffices hides no session that falls short. [`preview()`] names what is
//! missing, where, how much, and how many volunteers more would close it. Volunteers are counted, not named: who is
//! eligible is for the matching, which is absent on purpose, as is a promise that students come evenly.

mod supply;
#[cfg(test)]
mod tests;

pub use supply::{Places, SessionSupply, Supply, TableSupply};

use std::cmp::Reverse;

use crate::domain::{refusal::Invalid, wording, words::words};

words! {
    /// How much a finding matters, the worst first.
    pub enum Severity("severity of a finding") {
        /// It cannot take place as it is wanted.
        Blocking = "blocking",
        /// It can, but the need contradicts itself or leaves no reserve.
        Warning = "warning",
        /// Worth knowing.
        Note = "note",
    }

    /// What was found.
    pub enum FindingKind("kind of finding") {
        /// Fewer volunteers than the minimum of all sessions together.
        VolunteersInTotal = "volunteers_in_total",
        /// Fewer volunteers than the minimum of one session.
        VolunteersInSession = "volunteers_in_session",
        /// Fewer places than the students need in all sessions together.
        PlacesInTotal = "places_in_total",
        /// Fewer places than the students of one session need.
        PlacesInSession = "places_in_session",
        /// One student cannot have that many interviews one after another.
        RoundsTooFew = "rounds_too_few",
        /// Even when the minimum of volunteers comes, the students do not find places.
        MinimumTooSmall = "minimum_too_small",
        /// A session would be short if the students came evenly spread.
        UnevenlySpread = "unevenly_spread",
        /// Volunteers for whom a session has no seat.
        SeatsTooFew = "seats_too_few",
        /// The minimum is reached, the maximum is not.
        BelowMaximum = "below_maximum",
        /// More volunteers than the maximum.
        AboveMaximum = "above_maximum",
        /// The students find the interviews they need at least, not those they may have.
        FewerInterviews = "fewer_interviews",
    }
}

/// How many are wanted at least and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    min: u32,
    max: u32,
}

impl Range {
    /// At least `min` (0 to 100,000) and at most `max` (1 to 100,000).
    ///
    /// # Errors
    /// [`Invalid`] for `max` or `min`.
    pub fn new(min: u32, max: u32) -> Result<Self, Invalid> {
        if !(1..=100_000).contains(&max) {
            return Err(Invalid::new("max", "out_of_range", format!("{max} is not between 1 and 100000")));
        }
        if min > max {
            return Err(Invalid::new("min", "above_max", format!("the minimum {min} is above the maximum {max}")));
        }
        Ok(Self { min, max })
    }

    /// With fewer it does not work.
    #[must_use]
    pub const fn min(self) -> u32 {
        self.min
    }

    /// More are not wanted.
    #[must_use]
    pub const fn max(self) -> u32 {
        self.max
    }
}

/// What is asked for. A need may say either range of volunteers, both, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Volunteers for all sessions together.
    pub in_total: Option<Range>,
    /// Volunteers for each session.
    pub per_session: Option<Range>,
    /// Students who are expected.
    pub students: Students,
    /// Interviews that each student has.
    pub interviews: Range,
}

/// Students who are expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Students {
    /// It is not known how many.
    Unknown,
    /// So many, each free to come to any session.
    InTotal(u32),
    /// So many to each session, in their order; sessions beyond the list expect nobody.
    PerSession(Vec<u32>),
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
    /// Which session, by its index; `None` for all together.
    pub session: Option<usize>,
    /// How many volunteers, places, rounds or seats are wanted.
    pub wanted: u32,
    /// How many there are.
    pub found: u32,
    /// The difference of the two, in either direction.
    pub short: u32,
    /// How many volunteers more would close it; `None` where more volunteers do not help or are not needed.
    pub volunteers: Option<u32>,
    /// The same in a sentence.
    pub sentence: String,
}

/// What can be said before anybody is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Whether nothing blocks it.
    pub feasible: bool,
    /// Different people known.
    pub volunteers: u32,
    /// Places for students with those who are known.
    pub places: u32,
    /// The worst first; of equal severity the larger shortage first.
    pub findings: Vec<Finding>,
}

/// What `demand` comes to with `supply`.
#[must_use]
pub fn preview(demand: &Demand, supply: &Supply) -> Preview {
    let total = supply.people.unwrap_or_else(|| supply.sessions.iter().fold(0, |sum, s| sum.saturating_add(s.known)));
    let given: Vec<u32> = supply.sessions.iter().map(|s| s.places.with(s.known)).collect();
    let places = given.iter().fold(0, |sum: u32, n| sum.saturating_add(*n));
    let mut book = Book { supply, given: &given, total, places, findings: Vec::new() };
    if let Some(range) = demand.in_total {
        book.volunteers(None, range, total, false);
    }
    if let Some(range) = demand.per_session {
        let enough = demand.in_total.is_some_and(|range| total >= range.min);
        for (i, session) in supply.sessions.iter().enumerate() {
            book.volunteers(Some(i), range, session.known, enough);
        }
    }
    for (i, session) in supply.sessions.iter().enumerate() {
        book.seats(i, session);
    }
    book.students(demand);
    let mut findings = book.findings;
    findings.sort_by_key(|f| (f.severity, Reverse(f.short), f.session));
    Preview { feasible: findings.iter().all(|f| f.severity != Severity::Blocking), volunteers: total, places, findings }
}

/// What is found while the parts are gone through.
struct Book<'a> {
    supply: &'a Supply,
    given: &'a [u32],
    total: u32,
    places: u32,
    findings: Vec<Finding>,
}

impl Book<'_> {
    fn add(
        &mut self,
        (severity, kind): (Severity, FindingKind),
        session: Option<usize>,
        (wanted, found): (u32, u32),
        volunteers: Option<u32>,
        sentence: String,
    ) {
        let short = wanted.abs_diff(found);
        self.findings.push(Finding { severity, kind, session, wanted, found, short, volunteers, sentence });
    }

    fn called(&self, session: Option<usize>) -> String {
        session.and_then(|i| self.supply.sessions.get(i)).map_or_else(
            || "All sessions together".to_owned(),
            |s| format!("\u{201c}{}\u{201d}, {},", s.name, wording::at_the_place(s.when)),
        )
    }

    fn volunteers(&mut self, session: Option<usize>, range: Range, found: u32, total_suffices: bool) {
        let (min, max, of) = (range.min, range.max, self.called(session));
        let verb = if session.is_some() { "has" } else { "have" };
        if found < min {
            let kind = session.map_or(FindingKind::VolunteersInTotal, |_| FindingKind::VolunteersInSession);
            let more = if min - found == 1 { "1 more is".to_owned() } else { format!("{} more are", min - found) };
            let though =
                if total_suffices { format!(", although {} in total suffice", self.total) } else { String::new() };
            let sentence = format!("{of} {verb} {found} of at least {min} volunteers: {more} needed{though}.");
            self.add((Severity::Blocking, kind), session, (min, found), Some(min - found), sentence);
        } else if found < max {
            let sentence = format!("{of} {verb} {found} volunteers, enough; up to {max} are wanted.");
            let kind = (Severity::Note, FindingKind::BelowMaximum);
            self.add(kind, session, (max, found), Some(max - found), sentence);
        } else if found > max {
            let sentence = format!("{of} {verb} {found} volunteers; {max} are wanted at most.");
            self.add((Severity::Note, FindingKind::AboveMaximum), session, (max, found), None, sentence);
        }
    }

    fn seats(&mut self, i: usize, session: &SessionSupply) {
        let Some(seats) = session.places.seats().filter(|seats| session.known > *seats) else { return };
        let of = self.called(Some(i));
        let sentence = format!("{of} has {seats} seats for the {} volunteers who are known.", session.known);
        self.add((Severity::Note, FindingKind::SeatsTooFew), Some(i), (session.known, seats), None, sentence);
    }

    fn students(&mut self, demand: &Demand) {
        let each = demand.interviews;
        match &demand.students {
            Students::Unknown => {}
            Students::InTotal(students) => {
                let wanted = students.saturating_mul(each.min);
                self.rounds(None, each.min, self.supply.sessions.iter().map(|s| s.rounds).sum());
                self.places_in_total(wanted, demand);
                if self.places >= wanted {
                    self.spread(*students, each.min);
                    self.wishes(*students, each);
                }
            }
            Students::PerSession(groups) => {
                let all = groups.iter().take(self.given.len()).fold(0, |sum: u32, n| sum.saturating_add(*n));
                let suffices = self.places >= all.saturating_mul(each.min);
                for (i, (session, students)) in self.supply.sessions.iter().zip(groups).enumerate() {
                    if *students > 0 {
                        self.rounds(Some(i), each.min, session.rounds);
                    }
                    let wanted = students.saturating_mul(each.min);
                    let kind = (Severity::Blocking, FindingKind::PlacesInSession);
                    self.places_in_session(kind, i, (*students, wanted), suffices);
                }
                let beyond = groups.iter().skip(self.given.len()).any(|students| *students > 0);
                let unmet = self.findings.iter().any(|f| f.severity == Severity::Blocking);
                if beyond {
                    let more = groups.iter().skip(self.given.len()).fold(0, |sum: u32, n| sum.saturating_add(*n));
                    let sentence = format!("{more} students are expected in sessions that there are not.");
                    self.add((Severity::Blocking, FindingKind::PlacesInTotal), None, (more, 0), None, sentence);
                } else if !unmet {
                    self.wishes(all, each);
                }
            }
        }
    }

    fn rounds(&mut self, session: Option<usize>, wanted: u32, found: Option<u32>) {
        let Some(found) = found.filter(|found| *found < wanted) else { return };
        let of = self.called(session);
        let verb = if session.is_some() { "lets" } else { "let" };
        let sentence = format!("{of} {verb} one student have {found} interviews; {wanted} are wanted.");
        self.add((Severity::Blocking, FindingKind::RoundsTooFew), session, (wanted, found), None, sentence);
    }

    fn places_in_total(&mut self, wanted: u32, demand: &Demand) {
        let found = self.places;
        if found < wanted {
            let more = self.supply.volunteers_for(wanted);
            let sentence = format!("There are {found} places; {wanted} are needed: {}.", closing(wanted - found, more));
            self.add((Severity::Blocking, FindingKind::PlacesInTotal), None, (wanted, found), more, sentence);
        }
        let Some(range) = demand.in_total else { return };
        let at_minimum = self.supply.places_of(range.min);
        if at_minimum < wanted {
            let enough = self.supply.least_for(wanted);
            let takes =
                enough.map_or_else(|| "no number of volunteers suffices".to_owned(), |n| format!("it takes {n}"));
            let sentence = format!(
                "The minimum of {} volunteers makes at most {at_minimum} places; {wanted} are needed: {takes}.",
                range.min
            );
            let more = enough.map(|n| n.saturating_sub(range.min));
            self.add((Severity::Warning, FindingKind::MinimumTooSmall), None, (wanted, at_minimum), more, sentence);
        }
    }

    fn places_in_session(
        &mut self,
        kind: (Severity, FindingKind),
        i: usize,
        (students, wanted): (u32, u32),
        total_suffices: bool,
    ) {
        let (Some(session), Some(&found)) = (self.supply.sessions.get(i), self.given.get(i)) else { return };
        if found >= wanted {
            return;
        }
        let more = session.places.volunteers_for(wanted).map(|n| n.saturating_sub(session.known));
        let though =
            if total_suffices { format!(", although {} in total suffice", self.places) } else { String::new() };
        let of = self.called(Some(i));
        let expects = if kind.0 == Severity::Blocking { "expects" } else { "would, evenly spread, expect" };
        let sentence = format!(
            "{of} {expects} {students} students, who need {wanted} places, and has {found}{though}: {}.",
            closing(wanted - found, more)
        );
        self.add(kind, Some(i), (wanted, found), more, sentence);
    }

    /// Students who choose freely may come evenly; a session that could not take its share is worth knowing.
    fn spread(&mut self, students: u32, each: u32) {
        let Ok(sessions @ 2..) = u32::try_from(self.given.len()) else { return };
        let share = students.div_ceil(sessions);
        for i in 0..self.given.len() {
            let kind = (Severity::Note, FindingKind::UnevenlySpread);
            self.places_in_session(kind, i, (share, share.saturating_mul(each)), true);
        }
    }

    fn wishes(&mut self, students: u32, each: Range) {
        let (wanted, found) = (students.saturating_mul(each.max), self.places);
        if each.max > each.min && found < wanted {
            let more = self.supply.volunteers_for(wanted);
            let sentence = format!(
                "Every student finds {} interviews; for {} each there are {found} of {wanted} places: {}.",
                each.min,
                each.max,
                closing(wanted - found, more)
            );
            self.add((Severity::Note, FindingKind::FewerInterviews), None, (wanted, found), more, sentence);
        }
    }
}

fn closing(short: u32, more: Option<u32>) -> String {
    match more {
        None => format!("{short} are missing, which more volunteers alone do not close"),
        Some(1) => format!("{short} are missing, which 1 volunteer more closes"),
        Some(more) => format!("{short} are missing, which {more} volunteers more close"),
    }
}
