//! A plan in the making: who sits where, and every change undone when it leads nowhere.
//!
//! `fits` and `could` are the rules of the day in one place; what breaks none of them may be put. Absent on purpose:
//! any judgement of what is worth putting.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use super::board::Board;

/// One step of a search.
#[derive(Debug, Clone, Copy)]
enum Step {
    Put(usize, usize),
    Take(usize, usize),
}

pub(super) struct Draft<'a> {
    pub board: &'a Board,
    /// The slots of each student, in no order.
    pub day: Vec<Vec<usize>>,
    /// The students in each slot, in no order.
    pub seated: Vec<Vec<usize>>,
    /// Places taken at each station.
    pub taken: Vec<usize>,
    /// How many meetings there are.
    pub meetings: usize,
    steps: Vec<Step>,
    recording: bool,
}

impl<'a> Draft<'a> {
    /// A plan of the fixed meetings.
    pub fn new(board: &'a Board) -> Self {
        let mut draft = Self {
            board,
            day: vec![Vec::new(); board.students()],
            seated: vec![Vec::new(); board.slots.len()],
            taken: vec![0; board.stations()],
            meetings: 0,
            steps: Vec::new(),
            recording: false,
        };
        for &(student, slot) in &board.fixed {
            draft.put(student, slot);
        }
        draft
    }

    pub fn has_room(&self, slot: usize) -> bool {
        self.seated[slot].len() < self.board.slots[slot].capacity
    }

    pub fn station_has_room(&self, station: usize) -> bool {
        self.taken[station] < self.board.places[station]
    }

    pub fn put(&mut self, student: usize, slot: usize) {
        self.day[student].push(slot);
        self.seated[slot].push(student);
        self.taken[self.board.slots[slot].station] += 1;
        self.meetings += 1;
        if self.recording {
            self.steps.push(Step::Put(student, slot));
        }
    }

    pub fn take(&mut self, student: usize, slot: usize) {
        self.day[student].retain(|&held| held != slot);
        self.seated[slot].retain(|&who| who != student);
        self.taken[self.board.slots[slot].station] -= 1;
        self.meetings -= 1;
        if self.recording {
            self.steps.push(Step::Take(student, slot));
        }
    }

    /// Does all that `attempt` does, or nothing when it answers `false`.
    pub fn all_or_nothing(&mut self, attempt: impl FnOnce(&mut Self) -> bool) -> bool {
        let (mark, outer) = (self.steps.len(), self.recording);
        self.recording = true;
        let done = attempt(self);
        self.recording = false;
        if !done {
            while self.steps.len() > mark {
                match self.steps.pop() {
                    Some(Step::Put(student, slot)) => self.take(student, slot),
                    Some(Step::Take(student, slot)) => self.put(student, slot),
                    None => {}
                }
            }
        }
        self.recording = outer;
        if !outer {
            self.steps.clear();
        }
        done
    }

    /// Whether the student could sit there if `without` were free again; who sits there now is left aside.
    pub fn could(&self, student: usize, slot: usize, without: Option<usize>) -> bool {
        let board = self.board;
        board.may(student, slot)
            && self.day[student].iter().all(|&held| Some(held) == without || board.compatible(held, slot))
            && self.keeps_run(student, slot, |held| Some(held) == without)
    }

    /// Whether the student may be put there at once.
    pub fn fits(&self, student: usize, slot: usize) -> bool {
        self.has_room(slot) && self.could(student, slot, None)
    }

    /// Whether the longest run holds with `slot` and without what `leaves` names. A run is broken by a pause; fixed
    /// meetings alone may break the rule, but nothing is added to such a run.
    pub fn keeps_run(&self, student: usize, slot: usize, leaves: impl Fn(usize) -> bool) -> bool {
        let Some((most, pause)) = self.board.run else { return true };
        let slots = &self.board.slots;
        let mut day: Vec<usize> = self.day[student].iter().copied().filter(|&held| !leaves(held)).collect();
        day.push(slot);
        day.sort_unstable_by_key(|&held| slots[held].start);
        let mut runs = day.chunk_by(|&a, &b| slots[b].start - slots[a].end < pause);
        runs.all(|run| run.len() <= most || !run.contains(&slot))
    }

    /// Whether the student's day keeps all rules, asked after several changes.
    pub fn day_holds(&self, student: usize) -> bool {
        let board = self.board;
        self.day[student].iter().all(|&slot| board.is_fixed(student, slot) || self.could(student, slot, Some(slot)))
    }
}
