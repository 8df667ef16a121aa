//! The rotation made ready for search: rounds in one list, scores and availability as tables.
//!
//! Rounds with equal windows share a column, the bell's rounds of an aligned day. Absent on purpose: any choice;
//! nothing here changes while a plan is made.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::{collections::BTreeMap, ops::Range};

use crate::domain::time::Window;

use super::input::{Rotation, Station, Student, Target};

/// What a served major is worth in a score; the dearest wish is worth the rest of 100.
const MAJOR: u16 = 20;

/// A round at a station, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub station: usize,
    /// Its place in the station's own list.
    pub round: usize,
    pub start: i64,
    pub end: i64,
    /// 0 where nobody is there.
    pub capacity: usize,
    pub column: usize,
    site: usize,
}

/// How many interviews a student gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub min: usize,
    pub max: usize,
}

pub(super) struct Board {
    pub slots: Vec<Slot>,
    /// The slots of each station, in order of time.
    pub of_station: Vec<Range<usize>>,
    /// Places at each station in all rounds that somebody can come to.
    pub places: Vec<usize>,
    /// Distinct windows, in order of time.
    pub columns: Vec<Window>,
    pub wants: Vec<Want>,
    /// Stations that count as one for "nobody twice".
    pub kin: Vec<usize>,
    /// Per student the stations that may be met, the best liked first.
    pub liked: Vec<Vec<usize>>,
    /// (student, slot) of meetings that never move, in order.
    pub fixed: Vec<(usize, usize)>,
    /// The longest run, and the seconds that end one.
    pub run: Option<(usize, i64)>,
    pub rest: i64,
    /// Per student and station 0 to 100, or -1 where they may not meet.
    scores: Vec<i16>,
    open: Vec<u64>,
    words: usize,
    /// Seconds from site to site, the rest included.
    gaps: Vec<Vec<i64>>,
}

impl Board {
    /// The board of a rotation that has been validated.
    pub fn new(rotation: &Rotation) -> Self {
        let (columns, slots, of_station) = slots(&rotation.stations);
        let words = columns.len().div_ceil(64);
        let rest = i64::from(rotation.rules.rest_minutes) * 60;
        let travel = rotation.rules.travel_minutes.iter();
        let mut gaps: Vec<Vec<i64>> =
            travel.map(|row| row.iter().map(|&minutes| rest.max(i64::from(minutes) * 60)).collect()).collect();
        if gaps.is_empty() {
            gaps.push(vec![rest]);
        }
        // A way within a site, if one is given, counts like any other.
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let mut board = Self {
            places: Vec::new(),
            kin: kin(rotation),
            wants: rotation.students.iter().map(|s| Want { min: count(s.min), max: count(s.max) }).collect(),
            liked: Vec::new(),
            fixed: Vec::new(),
            run: rotation.rules.run.map(|run| (count(run.interviews), i64::from(run.pause_minutes) * 60)),
            rest,
            scores: Vec::with_capacity(rotation.students.len() * rotation.stations.len()),
            open: vec![0; rotation.students.len() * words],
            words,
            gaps,
            columns,
            slots,
            of_station,
        };
        for (at, student) in rotation.students.iter().enumerate() {
            board.open_columns(at, student);
            board.score_stations(rotation, student);
        }
        for &(student, station) in &rotation.rules.forbidden {
            board.scores[student * rotation.stations.len() + station] = -1;
        }
        board.fix(rotation);
        board.count_places();
        board.liked = (0..rotation.students.len()).map(|student| board.liked_by(student)).collect();
        board
    }

    pub fn students(&self) -> usize {
        self.wants.len()
    }

    pub fn stations(&self) -> usize {
        self.of_station.len()
    }

    /// How well a station suits a student, 0 to 100; -1 where they may not meet.
    pub fn score(&self, student: usize, station: usize) -> i64 {
        i64::from(self.scores[student * self.stations() + station])
    }

    /// Whether the student may sit there, as far as the two alone are concerned.
    pub fn may(&self, student: usize, slot: usize) -> bool {
        self.is_open(student, self.slots[slot].column) && self.score(student, self.slots[slot].station) >= 0
    }

    /// Whether the student can come in the column.
    pub fn is_open(&self, student: usize, column: usize) -> bool {
        self.open[student * self.words + column / 64] >> (column % 64) & 1 == 1
    }

    /// Whether one student can sit in both.
    pub fn compatible(&self, one: usize, other: usize) -> bool {
        let (a, b) = (&self.slots[one], &self.slots[other]);
        let (first, then) = if a.start <= b.start { (a, b) } else { (b, a) };
        then.start >= first.end + self.gaps[first.site][then.site] && self.kin[a.station] != self.kin[b.station]
    }

    /// The slot of a station in a column.
    pub fn slot_at(&self, station: usize, column: usize) -> Option<usize> {
        let of = self.of_station[station].clone();
        let at = self.slots[of.clone()].binary_search_by_key(&column, |slot| slot.column).ok()?;
        Some(of.start + at)
    }

    pub fn is_fixed(&self, student: usize, slot: usize) -> bool {
        !self.fixed.is_empty() && self.fixed.binary_search(&(student, slot)).is_ok()
    }

    /// How many meetings of the student never move.
    pub fn fixed_of(&self, student: usize) -> usize {
        let until = |end: usize| self.fixed.partition_point(|&(who, _)| who < end);
        until(student + 1) - until(student)
    }

    fn open_columns(&mut self, at: usize, student: &Student) {
        let windows = merged(&student.available);
        for (column, window) in self.columns.iter().enumerate() {
            let after = windows.partition_point(|&(start, _)| start <= window.start().unix());
            let covers = after.checked_sub(1).is_some_and(|i| window.end().unix() <= windows[i].1);
            self.open[at * self.words + column / 64] |= u64::from(covers) << (column % 64);
        }
    }

    fn score_stations(&mut self, rotation: &Rotation, student: &Student) {
        let mut named: BTreeMap<usize, u16> = BTreeMap::new();
        let mut tagged: BTreeMap<&str, u16> = BTreeMap::new();
        for wish in &student.wishes {
            let weight = match &wish.target {
                Target::Station(station) => named.entry(*station).or_default(),
                Target::Tag(tag) => tagged.entry(tag).or_default(),
            };
            *weight = wish.weight.max(*weight);
        }
        for (at, station) in rotation.stations.iter().enumerate() {
            let tags = station.tags.iter().filter_map(|tag| tagged.get(tag.as_str()));
            let wish = named.get(&at).into_iter().chain(tags).max().copied().unwrap_or(0);
            let served = station.majors.is_empty() || student.majors.iter().any(|m| station.majors.contains(m));
            let score = wish * (100 - MAJOR) / 100 + if served { MAJOR } else { 0 };
            let refused = rotation.rules.only_majors_served && !served;
            self.scores.push(if refused { -1 } else { i16::try_from(score).unwrap_or(100) });
        }
    }

    /// Takes the fixed meetings as they are: what stands was allowed by whoever said so.
    fn fix(&mut self, rotation: &Rotation) {
        let mut count = vec![0; self.students()];
        for meeting in &rotation.fixed {
            let of = self.of_station[meeting.station].clone();
            let Some(slot) = of.into_iter().find(|&slot| self.slots[slot].round == meeting.round) else { continue };
            let (student, column) = (meeting.student, self.slots[slot].column);
            let stations = self.stations();
            let score = &mut self.scores[student * stations + meeting.station];
            *score = (*score).max(0);
            self.open[student * self.words + column / 64] |= 1 << (column % 64);
            self.fixed.push((student, slot));
            count[student] += 1;
        }
        self.fixed.sort_unstable();
        for (want, count) in self.wants.iter_mut().zip(count) {
            want.max = want.max.max(count);
        }
    }

    /// A round at which nobody is there offers no place.
    fn count_places(&mut self) {
        let mut anybody = vec![0; self.words];
        for student in self.open.chunks(self.words.max(1)) {
            anybody.iter_mut().zip(student).for_each(|(all, open)| *all |= open);
        }
        for slot in &mut self.slots {
            if anybody[slot.column / 64] >> (slot.column % 64) & 1 == 0 {
                slot.capacity = 0;
            }
        }
        let places = |of: &Range<usize>| self.slots[of.clone()].iter().map(|slot| slot.capacity).sum();
        self.places = self.of_station.iter().map(places).collect();
    }

    /// Only stations that are there when the student is.
    fn liked_by(&self, student: usize) -> Vec<usize> {
        let there = |station: usize| self.of_station[station].clone().any(|slot| self.may(student, slot));
        let mut liked: Vec<usize> = (0..self.stations()).filter(|&station| there(station)).collect();
        liked.sort_by_key(|&station| -self.score(student, station));
        liked
    }
}

fn slots(stations: &[Station]) -> (Vec<Window>, Vec<Slot>, Vec<Range<usize>>) {
    let mut columns: Vec<Window> = stations.iter().flat_map(|s| s.rounds.iter().map(|round| round.window)).collect();
    columns.sort_unstable();
    columns.dedup();
    let (mut slots, mut of_station) = (Vec::new(), Vec::new());
    for (at, station) in stations.iter().enumerate() {
        let from = slots.len();
        slots.extend(station.rounds.iter().enumerate().map(|(round, given)| Slot {
            station: at,
            round,
            start: given.window.start().unix(),
            end: given.window.end().unix(),
            capacity: usize::try_from(given.capacity).unwrap_or(usize::MAX),
            column: columns.binary_search(&given.window).unwrap_or(0),
            site: station.site,
        }));
        slots[from..].sort_by_key(|slot| slot.column);
        of_station.push(from..slots.len());
    }
    (columns, slots, of_station)
}

fn kin(rotation: &Rotation) -> Vec<usize> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let stations = rotation.stations.iter().enumerate();
    stations
        .map(|(at, station)| match &station.employer {
            Some(employer) if rotation.rules.once_per_employer => *first.entry(employer).or_insert(at),
            Some(_) | None => at,
        })
        .collect()
}

/// Windows that touch become one, so that a round may lie across two.
fn merged(windows: &[Window]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = windows.iter().map(|w| (w.start().unix(), w.end().unix())).collect();
    spans.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

/// Numbers that look random and depend on the seed alone (`SplitMix64`: Steele, Lea and Flood, OOPSLA 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    pub fn shuffle(&mut self, list: &mut [usize]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}
