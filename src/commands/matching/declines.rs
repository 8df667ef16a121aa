//! A plan that stands while volunteers decline: `rostrum match --declined FILE`.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::season::Season;
use super::{MatchFault, read};
use crate::domain::matching::solver::standing::{Prepared, Standing};
use crate::domain::matching::solver::{Solution, gap_percent};

/// What is printed about declines. Times are wall-clock microseconds, repair and new bound together.
#[derive(Serialize)]
pub struct Declines {
    /// Pairs of the plan that declined.
    declined: usize,
    /// Lines that name a pair which was not in the plan when its turn came.
    not_held: usize,
    /// After how many of the declines no fewer seats were filled than before.
    filled_again: usize,
    /// The most pairs that one decline changed, itself included.
    most_changed: usize,
    median_us: f64,
    p99_us: f64,
    /// The plan that stands at the end.
    seats: usize,
    value: i64,
    /// No plan without the declined pairs is worth more.
    bound: i64,
    gap_percent: f64,
}

/// Lets the pairs of the file decline one after the other; answers the plan that stands then, and what happened.
///
/// # Errors
/// A file that cannot be read, or a line that is no pair of the season.
pub fn repair(season: &Season, solution: &Solution, path: &Path) -> Result<(Vec<usize>, Declines), MatchFault> {
    let fault = |what: String| MatchFault(format!("{}: {what}", path.display()));
    let leaving = season.read_plan(&read(path)?).map_err(fault)?;
    let prepared = Prepared::new(&season.instance);
    let mut standing = Standing::new(&prepared, solution, |_| false);
    let (mut times, mut filled_again, mut most_changed) = (Vec::with_capacity(leaving.len()), 0, 0);
    let (mut value, lines) = (solution.value, leaving.len());
    for pair in leaving {
        let started = Instant::now();
        let Some(change) = standing.decline(pair) else { continue };
        times.push(started.elapsed().as_secs_f64() * 1e6);
        filled_again += usize::from(change.put.len() >= change.out.len());
        most_changed = most_changed.max(change.out.len() + change.put.len());
        value = change.value;
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let (taken, bound) = (standing.taken(), standing.bound());
    let declines = Declines {
        declined: times.len(),
        not_held: lines - times.len(),
        filled_again,
        most_changed,
        median_us: at(50).copied().unwrap_or_default(),
        p99_us: at(99).copied().unwrap_or_default(),
        seats: taken.len(),
        value,
        bound,
        gap_percent: gap_percent(value, bound),
    };
    Ok((taken, declines))
}
