//! What no plan can exceed, and what counting shows to be impossible.
//!
//! Two relaxations, each a greatest flow. By hours: the rounds fall into groups that all share an instant, found by the
//! fewest points that stab all intervals (Gallai; Golumbic, Algorithmic Graph Theory, ch. 8), and nobody sits twice in
//! a group. By stations: nobody meets a station twice. The least cut of each is a set of students and the few places
//! they must share (Hall 1935; Ford and Fulkerson 1956), which is the reason to be said. Absent on purpose: ways
//! between sites and runs, which only lower what is possible.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use crate::domain::time::Window;

use super::{board::Board, flow::Network, shortfall::Shortfall};

/// Rounds less than this many seconds apart are said as one session.
const SESSION_BREAK: i64 = 15 * 60;

/// The bounds of one board.
pub(super) struct Bounds<'a> {
    board: &'a Board,
    /// For each student, the most that the own times and stations leave.
    pub reach: Vec<usize>,
    /// The group of each slot.
    group: Vec<usize>,
    /// The places of each group.
    offered: Vec<usize>,
}

/// A network of students and what they share, with its flow.
struct Sharing {
    network: Network,
    flow: usize,
    source: usize,
    students: usize,
}

/// Students who must share too little.
struct Part {
    students: Vec<usize>,
    /// What they share: groups of rounds, or stations.
    shared: Vec<usize>,
    /// How many places of it they want after all others are used.
    wanted: usize,
}

impl<'a> Bounds<'a> {
    pub fn new(board: &'a Board) -> Self {
        // Fixed meetings may stand closer than the rest asks.
        let rest = if board.fixed.is_empty() { board.rest } else { 0 };
        let mut order: Vec<usize> = (0..board.slots.len()).collect();
        order.sort_by_key(|&slot| board.slots[slot].end);
        // A round keeps its student up to the end of the rest; of those that share the instant before the first of them
        // ends so, one student has one.
        let (mut group, mut offered, mut stab) = (vec![0; order.len()], Vec::<usize>::new(), i64::MIN);
        for &slot in &order {
            let round = &board.slots[slot];
            if offered.is_empty() || round.start >= stab {
                stab = round.end + rest;
                offered.push(0);
            }
            group[slot] = offered.len() - 1;
            if let Some(places) = offered.last_mut() {
                *places += round.capacity;
            }
        }
        let reach = (0..board.students()).map(|student| reach(board, student, &order, rest)).collect();
        Self { board, reach, group, offered }
    }

    /// No plan has more meetings when each student has at most `goals`.
    pub fn most(&self, goals: &[usize]) -> usize {
        let goals = self.reachable(goals);
        self.by_hours(&goals).flow.min(self.by_stations(&goals).flow)
    }

    /// What counting shows to be impossible about the minima.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let minima: Vec<usize> = self.board.wants.iter().map(|want| want.min).collect();
        let alone = self.reach.iter().zip(&minima).enumerate().filter(|(_, (reach, needs))| reach < needs);
        let mut found: Vec<Shortfall> =
            alone.map(|(student, (&reach, &needs))| Shortfall::Student { student, reach, needs }).collect();
        let goals = self.reachable(&minima);
        let wanted: usize = goals.iter().sum();
        let hours = self.by_hours(&goals);
        if hours.flow < wanted {
            found.extend(hours.cut(&goals).into_iter().map(|Part { students, shared, wanted }| {
                let offered: usize = shared.iter().map(|&group| self.offered[group]).sum();
                let more_stations = wanted.saturating_sub(offered).div_ceil(shared.len());
                Shortfall::Hours { windows: self.sessions(&shared), offered, wanted, students, more_stations }
            }));
        }
        let stations = self.by_stations(&goals);
        if stations.flow < wanted {
            found.extend(stations.cut(&goals).into_iter().map(|Part { students, shared, wanted }| {
                let offered = shared.iter().map(|&station| self.board.places[station]).sum();
                Shortfall::Stations { stations: shared, offered, wanted, students }
            }));
        }
        found
    }

    fn reachable(&self, goals: &[usize]) -> Vec<usize> {
        goals.iter().zip(&self.reach).map(|(goal, reach)| *goal.min(reach)).collect()
    }

    fn by_hours(&self, goals: &[usize]) -> Sharing {
        let mut in_group = vec![usize::MAX; self.offered.len()];
        Sharing::new(goals, &self.offered, |student, shared| {
            for &station in &self.board.liked[student] {
                for slot in self.board.of_station[station].clone() {
                    let group = self.group[slot];
                    if in_group[group] != student && self.board.may(student, slot) {
                        in_group[group] = student;
                        shared.push(group);
                    }
                }
            }
        })
    }

    fn by_stations(&self, goals: &[usize]) -> Sharing {
        let board = self.board;
        Sharing::new(goals, &board.places, |student, shared| shared.extend(&board.liked[student]))
    }

    /// The times of groups, in sessions.
    fn sessions(&self, groups: &[usize]) -> Vec<Window> {
        let slots = self.board.slots.iter().zip(&self.group).filter(|(_, group)| groups.contains(group));
        let mut columns: Vec<usize> = slots.map(|(slot, _)| slot.column).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut sessions: Vec<Window> = Vec::new();
        for column in columns {
            let window = self.board.columns[column];
            match sessions.last_mut() {
                Some(last) if window.start().unix() - last.end().unix() < SESSION_BREAK => {
                    *last = Window::new(last.start(), last.end().max(window.end())).unwrap_or(*last);
                }
                Some(_) | None => sessions.push(window),
            }
        }
        sessions
    }
}

impl Sharing {
    /// The source's side of the least cut, in its connected parts.
    fn cut(mut self, goals: &[usize]) -> Vec<Part> {
        let reached = self.network.reached(self.source);
        let mut parts: Vec<Part> = Vec::new();
        for (student, &goal) in goals.iter().enumerate() {
            if !reached[student] {
                continue;
            }
            let heads = self.network.heads(student);
            let mut shared: Vec<usize> =
                heads.iter().filter(|&&at| reached[at]).map(|&at| at - self.students).collect();
            shared.sort_unstable();
            if shared.is_empty() {
                continue;
            }
            let elsewhere = heads.len() - shared.len();
            let mut part = Part { students: vec![student], shared, wanted: goal.saturating_sub(elsewhere) };
            // Parts that share something become one.
            let meets = |known: &Part| known.shared.iter().any(|at| part.shared.binary_search(at).is_ok());
            let (joined, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(meets);
            parts = others;
            for known in joined {
                part.students.extend(known.students);
                part.shared.extend(known.shared);
                part.wanted += known.wanted;
            }
            part.students.sort_unstable();
            part.shared.sort_unstable();
            part.shared.dedup();
            parts.push(part);
        }
        parts
    }

    fn new(goals: &[usize], shared: &[usize], mut add_shares: impl FnMut(usize, &mut Vec<usize>)) -> Self {
        let (students, source) = (goals.len(), goals.len() + shared.len());
        let mut network = Network::new(source + 2);
        let mut list = Vec::new();
        for (student, &goal) in goals.iter().enumerate() {
            network.join(source, student, goal);
            list.clear();
            add_shares(student, &mut list);
            for &at in &list {
                network.join(student, students + at, 1);
            }
        }
        for (at, &places) in shared.iter().enumerate() {
            network.join(students + at, source + 1, places);
        }
        let flow = network.greatest(source, source + 1);
        Self { network, flow, source, students }
    }
}

/// The most rounds one after another, and no more than there are stations to meet (interval scheduling by earliest end:
/// Kleinberg and Tardos, ch. 4). Never less than what is fixed, which may break the rule of employers.
fn reach(board: &Board, student: usize, by_end: &[usize], rest: i64) -> usize {
    let fixed = board.fixed_of(student);
    let mut kin: Vec<usize> = board.liked[student].iter().map(|&station| board.kin[station]).collect();
    kin.sort_unstable();
    if fixed == 0 {
        kin.dedup();
    }
    let (mut count, mut free_from) = (0, i64::MIN);
    for &slot in by_end {
        let round = &board.slots[slot];
        if round.start >= free_from && board.may(student, slot) {
            count += 1;
            free_from = round.end + rest;
        }
    }
    count.min(kin.len()).max(fixed)
}
