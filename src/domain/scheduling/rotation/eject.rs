//! The last missing meetings: places are taken from others, who then look for new ones.
//!
//! Ejection with guided counters (Nagata and Bräysy 2009, after Glover's ejection chains): who cannot be seated takes
//! the place whose holders were hard to seat least often, and these wait in turn; a place just lost is barred for a
//! while (tabu search, Glover 1989). The best plan on the way is kept. It knows only the rules of `Draft`, so it works
//! for rounds that are not aligned, ways between sites, rests and runs alike. Absent on purpose: the clock; the work is
//! counted instead, so that the same input gives the same plan.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::collections::{HashMap, VecDeque};

use super::{board::Dice, draft::Draft};

/// Seats looked at before giving up: at most this many, and on a small day this many for each goal and round.
const WORK: usize = 30_000_000;
const WORK_EACH: usize = 500;
/// What a step costs beside the looks, for each student too.
const STEP: usize = 64;

/// At least for so many steps, and for fewer than twice as many, a lost place is not taken back.
const BARRED: usize = 4;

/// What a plan lacks: first to the minima, then to the goals, each then as its squares, since one student who lacks two
/// is worse than two who lack one.
fn lack(draft: &Draft, goals: &[usize]) -> (usize, usize, usize, usize) {
    let wants = draft.board.wants.iter();
    draft.day.iter().zip(wants).zip(goals).fold((0, 0, 0, 0), |sum, ((day, want), &goal)| {
        let below = want.min.min(goal).saturating_sub(day.len());
        let short = goal.saturating_sub(day.len());
        (sum.0 + below, sum.1 + short, sum.2 + below * below, sum.3 + short * short)
    })
}

/// Works towards `goals` until they are met, the best plan has `enough` meetings, or the work is done.
pub(super) fn eject(draft: &mut Draft, goals: &[usize], enough: usize, dice: &mut Dice) {
    let mut best = (lack(draft, goals), draft.day.clone());
    let mut best_meetings = draft.meetings;
    let missing = |student: usize| goals[student].saturating_sub(draft.day[student].len());
    let mut pool: Vec<usize> = (0..goals.len()).flat_map(|student| vec![student; missing(student)]).collect();
    dice.shuffle(&mut pool);
    let mut pool = VecDeque::from(pool);
    let limit = (goals.iter().sum::<usize>() * draft.seated.len() * WORK_EACH).clamp(WORK / 300, WORK);
    let mut search = Search { hard: vec![1; goals.len()], barred: HashMap::new(), step: 0, work: 0 };
    while let Some(student) = next(draft, &mut pool, search.step.is_multiple_of(2)) {
        if search.work > limit || best_meetings >= enough {
            break;
        }
        search.step += 1;
        search.work += STEP + goals.len();
        let Some(seat) = search.cheapest(draft, student, dice) else {
            // Everything is barred or fixed; others go first, and after many turns what is missing stays missing.
            search.hard[student] += 1;
            search.work += limit / 1_000;
            pool.push_back(student);
            continue;
        };
        let until = search.step + BARRED + dice.below(BARRED);
        if seat.cost > 0 {
            search.hard[student] += 1;
            for held in blockers(draft, student, seat.slot).into_iter().chain(seat.paused) {
                draft.take(student, held);
                search.barred.insert((student, held), until);
                pool.push_back(student);
            }
            if let Some(evicted) = seat.evicted {
                draft.take(evicted, seat.slot);
                search.barred.insert((evicted, seat.slot), until);
                pool.push_back(evicted);
            }
        }
        draft.put(student, seat.slot);
        let now = lack(draft, goals);
        if now < best.0 {
            best = (now, draft.day.clone());
            best_meetings = draft.meetings;
        }
    }
    restore(draft, best.1);
}

/// Whoever has waited longest; every other time among those below their minimum. Always these would mean never anybody
/// else, when one of them cannot be helped.
fn next(draft: &Draft, pool: &mut VecDeque<usize>, minima: bool) -> Option<usize> {
    let below = |&student: &usize| draft.day[student].len() < draft.board.wants[student].min;
    let at = if minima { pool.iter().position(below).unwrap_or(0) } else { 0 };
    pool.remove(at)
}

/// What one student holds that stands in the way of a slot.
fn blockers(draft: &Draft, student: usize, slot: usize) -> Vec<usize> {
    draft.day[student].iter().copied().filter(|&held| !draft.board.compatible(held, slot)).collect()
}

/// A slot for a student, what it costs, and who would lose it.
#[derive(Clone, Copy)]
struct Seat {
    cost: usize,
    slot: usize,
    evicted: Option<usize>,
    /// What the student gives up so that a run ends.
    paused: Option<usize>,
}

struct Search {
    /// How often each student could be seated only at somebody's cost.
    hard: Vec<usize>,
    /// Slots that a student has just lost, and until which step they are not taken back.
    barred: HashMap<(usize, usize), usize>,
    step: usize,
    work: usize,
}

impl Search {
    fn cheapest(&mut self, draft: &Draft, student: usize, dice: &mut Dice) -> Option<Seat> {
        let board = draft.board;
        let mut best: Option<Seat> = None;
        let mut ties = 0;
        for &station in &board.liked[student] {
            for slot in board.of_station[station].clone() {
                self.work += 1;
                let least = best.map_or(usize::MAX, |seat| seat.cost);
                let Some(seat) = self.seat(draft, student, slot, least) else { continue };
                ties = if seat.cost < least { 1 } else { ties + usize::from(seat.cost == least) };
                if seat.cost < least || (seat.cost == least && dice.below(ties) == 0) {
                    best = Some(seat);
                }
            }
        }
        best
    }

    fn seat(&self, draft: &Draft, student: usize, slot: usize, least: usize) -> Option<Seat> {
        let board = draft.board;
        if !board.may(student, slot) {
            return None;
        }
        let mut cost = 0;
        for &held in &draft.day[student] {
            if !board.compatible(held, slot) {
                if board.is_fixed(student, held) {
                    return None;
                }
                cost += self.weight(draft, student);
            }
        }
        let mut evicted = None;
        if !draft.has_room(slot) {
            let movable = draft.seated[slot].iter().copied();
            let movable = movable.filter(|&who| who != student && !board.is_fixed(who, slot));
            let who = movable.min_by_key(|&who| self.weight(draft, who))?;
            cost += self.weight(draft, who);
            evicted = Some(who);
        }
        if cost > least || self.barred.get(&(student, slot)).is_some_and(|&until| until > self.step) {
            return None;
        }
        let mut paused = None;
        if !draft.keeps_run(student, slot, |held| !board.compatible(held, slot)) {
            // A run that would grow too long is broken by giving up one of its other meetings.
            let breaks = |&gone: &usize| {
                board.compatible(gone, slot)
                    && !board.is_fixed(student, gone)
                    && draft.keeps_run(student, slot, |held| held == gone || !board.compatible(held, slot))
            };
            paused = Some(draft.day[student].iter().copied().find(breaks)?);
            cost += self.weight(draft, student);
        }
        Some(Seat { cost, slot, evicted, paused })
    }

    /// What it costs that a student loses a place.
    fn weight(&self, draft: &Draft, student: usize) -> usize {
        let needed = draft.day[student].len() <= draft.board.wants[student].min;
        self.hard[student] * if needed { 4 } else { 1 }
    }
}

fn restore(draft: &mut Draft, days: Vec<Vec<usize>>) {
    for (student, day) in days.iter().enumerate() {
        for slot in draft.day[student].clone() {
            if !day.contains(&slot) {
                draft.take(student, slot);
            }
        }
    }
    for (student, day) in days.into_iter().enumerate() {
        for slot in day {
            if !draft.day[student].contains(&slot) {
                draft.put(student, slot);
            }
        }
    }
}
