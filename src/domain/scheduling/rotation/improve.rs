//! Better liked meetings for as many: swaps that lose no meeting.
//!
//! A student moves to a station liked better, in a free round or in exchange with somebody who sits there; where the
//! rounds do not fit as they stand, both pairs are placed anew with an exchange of columns. A swap is made when it
//! raises the sum of a concave function of each student's satisfaction, so that a step for the least satisfied counts
//! most (proportional fairness in the small: Kelly, Maulloo and Tan 1998). Absent on purpose: a proof of the best; the
//! bound beside the plan says what is left.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use super::{
    board::{Board, Dice},
    draft::Draft,
    fill::place,
};

/// Seats looked at before stopping.
const WORK: usize = 120_000_000;
/// Passes at most.
const PASSES: usize = 12;
/// The satisfaction of somebody who got the best of everything.
pub(super) const WHOLE: i64 = 1_000;

/// The sum of scores of a student's meetings.
pub(super) fn total(draft: &Draft, student: usize) -> i64 {
    let board = draft.board;
    draft.day[student].iter().map(|&slot| board.score(student, board.slots[slot].station).max(0)).sum()
}

/// The greatest sum of scores of `count` meetings.
pub(super) fn dream(board: &Board, student: usize, count: usize) -> i64 {
    board.liked[student].iter().take(count).map(|&station| board.score(student, station)).sum()
}

/// What a student has of what could be had alone, in thousandths.
pub(super) fn satisfaction(total: i64, dream: i64) -> i64 {
    if dream <= 0 { WHOLE } else { (total * WHOLE / dream).min(WHOLE) }
}

struct Search<'d, 'b> {
    draft: &'d mut Draft<'b>,
    total: Vec<i64>,
    dream: Vec<i64>,
    work: usize,
}

/// Swaps until none helps or the work is done.
pub(super) fn improve(draft: &mut Draft, dice: &mut Dice) {
    let board = draft.board;
    let students = 0..board.students();
    let total = students.clone().map(|student| total(draft, student)).collect();
    let dream = students.clone().map(|student| dream(board, student, draft.day[student].len())).collect();
    let mut search = Search { draft, total, dream, work: 0 };
    let mut order: Vec<usize> = students.collect();
    dice.shuffle(&mut order);
    for _ in 0..PASSES {
        // The least satisfied choose first.
        order.sort_by_key(|&student| satisfaction(search.total[student], search.dream[student]));
        let mut swaps = 0;
        for &student in &order {
            for slot in search.draft.day[student].clone() {
                swaps += usize::from(search.better(student, slot, dice));
            }
        }
        if swaps == 0 || search.work > WORK {
            break;
        }
    }
}

impl Search<'_, '_> {
    /// What a change of `by` in a student's total is worth: the concave function q(2 - q) of satisfaction q.
    fn gain(&self, student: usize, by: i64) -> i64 {
        let (total, dream) = (self.total[student], self.dream[student].max(1));
        // u(x) = x (2d - x) / d^2, so u(x + by) - u(x) = by (2d - 2x - by) / d^2.
        by * (2 * dream - 2 * total - by) * 1_000_000 / (dream * dream)
    }

    /// The best improvement of one meeting, done.
    fn better(&mut self, student: usize, slot: usize, dice: &mut Dice) -> bool {
        let board = self.draft.board;
        if self.work > WORK || board.is_fixed(student, slot) || !self.draft.day[student].contains(&slot) {
            return false;
        }
        let here = board.slots[slot].station;
        let held = board.score(student, here);
        // As it stands first; the dearer placing anew for the swaps that would gain most.
        let mut best: Option<(i64, usize, Option<usize>)> = None;
        let mut anew: Vec<(i64, usize, usize)> = Vec::new();
        for &station in &board.liked[student] {
            let rise = board.score(student, station) - held;
            let own = self.gain(student, rise);
            if rise <= 0 || best.is_some_and(|(gain, ..)| gain >= own + 1_000_000) {
                break;
            }
            for there in board.of_station[station].clone() {
                self.work += 1;
                let could = self.draft.could(student, there, Some(slot));
                if could && self.draft.has_room(there) {
                    if best.is_none_or(|(gain, ..)| own > gain) {
                        best = Some((own, there, None));
                    }
                    continue;
                }
                for &other in &self.draft.seated[there] {
                    let score = board.score(other, here);
                    if score < 0 || other == student || board.is_fixed(other, there) {
                        continue;
                    }
                    let gain = own + self.gain(other, score - board.score(other, station));
                    if gain <= 0 || best.is_some_and(|(least, ..)| gain <= least) {
                        continue;
                    }
                    if could && self.draft.could(other, slot, Some(there)) {
                        best = Some((gain, there, Some(other)));
                    } else {
                        anew.push((gain, there, other));
                    }
                }
            }
        }
        anew.retain(|&(gain, ..)| best.is_none_or(|(least, ..)| gain > least));
        anew.sort_unstable_by_key(|&(gain, there, other)| (-gain, there, other));
        for (_, there, other) in anew.into_iter().take(TRIES) {
            self.work += 50;
            if self.anew((student, slot), (other, there), dice) {
                return true;
            }
        }
        let Some((_, there, other)) = best.filter(|(gain, ..)| *gain > 0) else { return false };
        self.draft.take(student, slot);
        if let Some(other) = other {
            self.draft.take(other, there);
            self.draft.put(other, slot);
            self.count(other, there, slot);
        }
        self.draft.put(student, there);
        self.count(student, slot, there);
        true
    }

    /// The two exchange their stations, in whatever rounds can be had.
    fn anew(&mut self, (student, slot): (usize, usize), (other, there): (usize, usize), dice: &mut Dice) -> bool {
        let board = self.draft.board;
        let (here, station) = (board.slots[slot].station, board.slots[there].station);
        if self.draft.day[student]
            .iter()
            .any(|&held| held != slot && board.kin[board.slots[held].station] == board.kin[station])
            || self.draft.day[other]
                .iter()
                .any(|&held| held != there && board.kin[board.slots[held].station] == board.kin[here])
        {
            return false;
        }
        let done = self.draft.all_or_nothing(|draft| {
            draft.take(student, slot);
            draft.take(other, there);
            place(draft, student, station, dice) && place(draft, other, here, dice)
        });
        if done {
            self.count(student, slot, there);
            self.count(other, there, slot);
        }
        done
    }

    fn count(&mut self, student: usize, from: usize, to: usize) {
        let board = self.draft.board;
        let score = |slot: usize| board.score(student, board.slots[slot].station).max(0);
        self.total[student] += score(to) - score(from);
    }
}

/// Exchanges placed anew that are tried for one meeting.
const TRIES: usize = 6;
