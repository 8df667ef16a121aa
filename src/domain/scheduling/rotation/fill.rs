//! Filling the places: one more meeting for a student, at the cost of moves but of nobody's meeting.
//!
//! Three ways, each tried when the one before fails. A free round that fits. Then, where rounds are aligned, the
//! exchange of two columns along an alternating chain, by which every bipartite graph is coloured with as many colours
//! as its largest degree (König 1916; Schrijver, Combinatorial Optimization, ch. 20): when nothing but the bell binds,
//! any pair for which both have a free round can meet, one to one. Then an augmenting path through the stations (Berge
//! 1957), in which each student on the way hands a station to the one before. Together they reach the greatest number
//! of meetings where rounds are aligned and one to one, everybody is there all the time and no other rule binds;
//! otherwise the problem is NP-hard (Even, Itai and Shamir 1976) and `eject` goes on from here.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::collections::VecDeque;

use super::{board::Dice, draft::Draft};

/// Paths that are tried for one meeting before giving up.
const PATHS: usize = 24;

/// Gives everybody one meeting after another up to `goals`, taking turns; those who chose last choose first in the next
/// turn. Answers how many students stay below.
pub(super) fn fill(draft: &mut Draft, goals: &[usize], dice: &mut Dice) -> usize {
    let mut order: Vec<usize> = (0..goals.len()).collect();
    dice.shuffle(&mut order);
    let mut stuck = vec![false; goals.len()];
    for level in 1..=goals.iter().copied().max().unwrap_or(0) {
        for &student in &order {
            if !stuck[student] && draft.day[student].len() < level.min(goals[student]) {
                stuck[student] = !one_more(draft, student, dice);
            }
        }
        order.reverse();
    }
    (0..goals.len()).filter(|&student| draft.day[student].len() < goals[student]).count()
}

/// One more meeting for the student, if one of the three ways leads to it.
pub(super) fn one_more(draft: &mut Draft, student: usize, dice: &mut Dice) -> bool {
    let board = draft.board;
    let liked = &board.liked[student];
    liked.iter().any(|&station| seat(draft, student, station, dice))
        || liked.iter().any(|&station| exchange(draft, student, station))
        || augment(draft, student, dice)
}

/// A meeting of the two in a free round, or by an exchange of columns.
pub(super) fn place(draft: &mut Draft, student: usize, station: usize, dice: &mut Dice) -> bool {
    seat(draft, student, station, dice) || exchange(draft, student, station)
}

/// A free round that fits; which of several, the dice say.
fn seat(draft: &mut Draft, student: usize, station: usize, dice: &mut Dice) -> bool {
    if !draft.station_has_room(station) {
        return false;
    }
    let of = draft.board.of_station[station].clone();
    let turn = dice.below(of.len());
    let mut slots = of.clone().skip(turn).chain(of.take(turn));
    let Some(slot) = slots.find(|&slot| draft.fits(student, slot)) else { return false };
    draft.put(student, slot);
    true
}

/// The student meets the station in a column where it is full: one who sits there moves to a column where it has room.
fn exchange(draft: &mut Draft, student: usize, station: usize) -> bool {
    if !draft.station_has_room(station) {
        return false;
    }
    let board = draft.board;
    let of = board.of_station[station].clone();
    for at in of.clone() {
        if draft.has_room(at) || !draft.could(student, at, None) {
            continue;
        }
        for free in of.clone() {
            if !draft.has_room(free) {
                continue;
            }
            let columns = (board.slots[at].column, board.slots[free].column);
            if draft.all_or_nothing(|draft| chain(draft, student, station, columns)) {
                return true;
            }
        }
    }
    false
}

/// Follows the chain: the student comes to the station's first column, who sat there goes to its second, whom that one
/// met there is met in the first instead, and so on until a place is free.
fn chain(draft: &mut Draft, student: usize, station: usize, (first, second): (usize, usize)) -> bool {
    let board = draft.board;
    let (mut student, mut station) = (student, station);
    let mut touched = Vec::new();
    for _ in 0..=2 * board.students() {
        touched.push(student);
        let Some(at) = board.slot_at(station, first) else { return false };
        if draft.has_room(at) {
            draft.put(student, at);
            return touched.iter().all(|&student| draft.day_holds(student));
        }
        let Some(other) = board.slot_at(station, second) else { return false };
        let moves = |who: usize| who != student && board.may(who, other) && !board.is_fixed(who, at);
        let Some(next) = draft.seated[at].iter().copied().find(|&who| moves(who)) else { return false };
        draft.take(next, at);
        draft.put(student, at);
        let held = draft.day[next].iter().copied().find(|&held| board.slots[held].column == second);
        if held.is_some_and(|held| board.is_fixed(next, held)) || !draft.has_room(other) {
            return false;
        }
        draft.put(next, other);
        let Some(held) = held else {
            touched.push(next);
            return touched.iter().all(|&student| draft.day_holds(student));
        };
        draft.take(next, held);
        (student, station) = (next, board.slots[held].station);
    }
    false
}

/// An augmenting path in the graph of students and stations, tried in earnest as each free station is found.
fn augment(draft: &mut Draft, student: usize, dice: &mut Dice) -> bool {
    let board = draft.board;
    if (0..board.stations()).all(|station| !draft.station_has_room(station)) {
        return false;
    }
    // For each station the student who asks for it; for each student the slot given up, and to whom.
    let mut asks = vec![usize::MAX; board.stations()];
    let mut gives = vec![None; board.students()];
    let mut seen = vec![false; board.students()];
    seen[student] = true;
    let mut queue = VecDeque::from([student]);
    let mut tries = 0;
    while let Some(who) = queue.pop_front() {
        for &station in &board.liked[who] {
            if asks[station] != usize::MAX || draft.day[who].iter().any(|&held| board.slots[held].station == station) {
                continue;
            }
            if draft.station_has_room(station) {
                tries += 1;
                if draft.all_or_nothing(|draft| walk(draft, who, station, &gives, dice)) {
                    return true;
                }
                if tries == PATHS {
                    return false;
                }
                continue;
            }
            asks[station] = who;
            for slot in board.of_station[station].clone() {
                for &other in &draft.seated[slot] {
                    if !seen[other] && !board.is_fixed(other, slot) {
                        seen[other] = true;
                        gives[other] = Some((slot, who));
                        queue.push_back(other);
                    }
                }
            }
        }
    }
    false
}

/// Walks a path back: each gets the station found for it and hands its former one to the student before.
fn walk(draft: &mut Draft, from: usize, station: usize, gives: &[Option<(usize, usize)>], dice: &mut Dice) -> bool {
    let (mut who, mut wanted) = (from, station);
    loop {
        let gift = gives[who];
        if let Some((slot, _)) = gift {
            draft.take(who, slot);
        }
        if !place(draft, who, wanted, dice) {
            return false;
        }
        let Some((slot, former)) = gift else { return true };
        (who, wanted) = (former, draft.board.slots[slot].station);
    }
}
