//! Rotations: many interviewers, many students, a few interviews each, on a bell or at each table's own times.
//!
//! [`plan`] is the one door: a [`Rotation`] in, a [`RotationPlan`] out that breaks no rule, beside it how good it is
//! and could at most be, and what is missing and why. [`feasibility`] says before any planning what counting shows to
//! be impossible. The minima come first, then the number of meetings, then the wishes, those of the least satisfied
//! first. The same rotation and seed give the same plan; no step depends on a clock.
//!
//! How it is done stands in the heads of `fill` (bipartite edge colouring and augmenting paths), `eject` (what those
//! leave), `improve` (wishes), `bounds` (flows and their cuts) and `prices` (how far wishes can be met). Absent on
//! purpose: names, letters and rows; drawing lots for prizes; the choice of who comes at all.

mod board;
mod bounds;
mod draft;
mod eject;
mod fill;
mod flow;
mod improve;
mod input;
mod prices;
mod shortfall;
mod state;
#[cfg(test)]
mod tests;

pub use input::{
    DEAREST, MOST_IN_A_GROUP, MOST_ROUNDS, MOST_STATIONS, MOST_STUDENTS, Meeting, Rotation, Round, Rules, RunLimit,
    Station, Student, Target, Wish, ranked,
};
pub use shortfall::Shortfall;
pub use state::RotationState;

use crate::domain::refusal::Invalid;

use self::{
    board::{Board, Dice},
    bounds::Bounds,
    draft::Draft,
};

/// Who meets whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationPlan {
    /// All meetings, the fixed ones too, in order of student, station and round.
    pub meetings: Vec<Meeting>,
    /// What falls short of the minima: what counting proves, then each student whom the plan leaves below.
    pub shortfalls: Vec<Shortfall>,
    /// How good the plan is, beside what no plan can exceed.
    pub quality: Quality,
}

/// How good a plan is, beside what no plan can exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Meetings in the plan.
    pub meetings: usize,
    /// No plan has more.
    pub meetings_bound: usize,
    /// Meetings that count towards somebody's minimum.
    pub minima: usize,
    /// No plan has more of them.
    pub minima_bound: usize,
    /// Sum of the scores, 0 to 100 each: how well the stations met suit those who meet them.
    pub preference: i64,
    /// No plan has a greater sum.
    pub preference_bound: i64,
    /// What students have of the best that as many interviews could give them alone, in thousandths: the mean.
    pub satisfaction_mean: i64,
    /// The same for the least satisfied tenth: nine in ten have at least this.
    pub satisfaction_tenth: i64,
    /// The same for the least satisfied.
    pub satisfaction_least: i64,
}

impl Quality {
    /// Whether no plan brings more people to their minima, and none that does has more meetings.
    #[must_use]
    pub const fn is_proven_full(&self) -> bool {
        self.meetings == self.meetings_bound && self.minima == self.minima_bound
    }
}

/// What counting shows to be impossible, before anything is planned. Empty does not promise that a plan exists: ways,
/// rests and runs may still forbid it.
///
/// # Errors
/// [`Invalid`] as for [`Rotation::validate`].
pub fn feasibility(rotation: &Rotation) -> Result<Vec<Shortfall>, Invalid> {
    rotation.validate()?;
    let board = Board::new(rotation);
    Ok(Bounds::new(&board).shortfalls())
}

/// The plan of a rotation; `seed` decides between equals.
///
/// # Errors
/// [`Invalid`] as for [`Rotation::validate`].
pub fn plan(rotation: &Rotation, seed: u64) -> Result<RotationPlan, Invalid> {
    rotation.validate()?;
    let board = Board::new(rotation);
    let bounds = Bounds::new(&board);
    let dice = &mut Dice::new(seed);
    let mut draft = Draft::new(&board);
    let goals = |of: &dyn Fn(usize, &board::Want) -> usize| -> Vec<usize> {
        let wants = board.wants.iter().zip(&bounds.reach).enumerate();
        wants.map(|(student, (want, &reach))| of(student, want).min(reach)).collect()
    };
    // The minima first, so that nobody gets more before everybody has them; then all that can be had. What is fixed
    // beyond a minimum stands already.
    let (minima, maxima) = (goals(&|_, want| want.min), goals(&|_, want| want.max));
    let first = goals(&|student, want| want.min.max(board.fixed_of(student)));
    let (minima_bound, meetings_bound) = (bounds.most(&minima), bounds.most(&maxima));
    let first_bound = if first == minima { minima_bound } else { bounds.most(&first) };
    for (goals, most) in [(&first, first_bound), (&maxima, meetings_bound)] {
        if fill::fill(&mut draft, goals, dice) > 0 {
            eject::eject(&mut draft, goals, most, dice);
        }
    }
    improve::improve(&mut draft, dice);
    let quality = quality(&draft, &maxima, minima_bound, meetings_bound);
    let mut shortfalls = bounds.shortfalls();
    let missed = board.wants.iter().zip(&draft.day).enumerate().filter(|(_, (want, day))| day.len() < want.min);
    let missed: Vec<Shortfall> = missed
        .filter(|(student, (want, day))| {
            bounds.reach.get(*student).is_none_or(|&reach| day.len() < reach.min(want.min))
        })
        .map(|(student, (want, day))| Shortfall::Missed { student, got: day.len(), needs: want.min })
        .collect();
    shortfalls.extend(missed);
    Ok(RotationPlan { meetings: meetings(&draft), shortfalls, quality })
}

/// A student walks in, who must not meet the stations `forbidden`: the rotation with the student in it, last, and all
/// meetings of `plan` fixed, and its plan. Places that are still free go to the newcomer's minimum first; then others
/// may gain a meeting too, up to their own most.
///
/// # Errors
/// [`Invalid`] as for [`Rotation::validate`].
pub fn add(
    rotation: &Rotation,
    plan: &RotationPlan,
    student: Student,
    forbidden: &[usize],
    seed: u64,
) -> Result<(Rotation, RotationPlan), Invalid> {
    let mut rotation = rotation.clone();
    let newcomer = rotation.students.len();
    rotation.students.push(student);
    rotation.rules.forbidden.extend(forbidden.iter().map(|&station| (newcomer, station)));
    rotation.fixed.clone_from(&plan.meetings);
    let plan = self::plan(&rotation, seed)?;
    Ok((rotation, plan))
}

fn meetings(draft: &Draft) -> Vec<Meeting> {
    let slots = draft.board.slots.iter().zip(&draft.seated);
    let mut meetings: Vec<Meeting> = slots
        .flat_map(|(slot, seated)| {
            seated.iter().map(|&student| Meeting { student, station: slot.station, round: slot.round })
        })
        .collect();
    meetings.sort_unstable();
    meetings
}

fn quality(draft: &Draft, maxima: &[usize], minima_bound: usize, meetings_bound: usize) -> Quality {
    let board = draft.board;
    let wants = board.wants.iter().zip(&draft.day);
    let mut preference = 0;
    let mut satisfied: Vec<i64> = Vec::with_capacity(board.students());
    for (student, day) in draft.day.iter().enumerate().filter(|(_, day)| !day.is_empty()) {
        let total = improve::total(draft, student);
        preference += total;
        satisfied.push(improve::satisfaction(total, improve::dream(board, student, day.len())));
    }
    satisfied.sort_unstable();
    let count = i64::try_from(satisfied.len()).unwrap_or(i64::MAX);
    Quality {
        meetings: draft.meetings,
        meetings_bound,
        minima: wants.map(|(want, day)| want.min.min(day.len())).sum(),
        minima_bound,
        preference,
        preference_bound: prices::preference_bound(board, maxima),
        satisfaction_mean: satisfied.iter().sum::<i64>().checked_div(count).unwrap_or(improve::WHOLE),
        satisfaction_tenth: satisfied.get(satisfied.len() / 10).copied().unwrap_or(improve::WHOLE),
        satisfaction_least: satisfied.first().copied().unwrap_or(improve::WHOLE),
    }
}
