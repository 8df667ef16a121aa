//! How a plan spreads the engagements.

use super::Layout;
use crate::domain::matching::solver::Pair;

/// How engagements are spread over those who might have had some.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Loads {
    /// Volunteers for whom the rules allow at least one seat.
    pub people: u32,
    /// Those of them with an engagement, held or planned.
    pub engaged: u32,
    /// The most engagements of one of them, held and planned.
    pub greatest: u32,
    /// The Gini coefficient of their engagements (Gini, 1912): 0 where all have the same, towards 1 where one has all.
    pub gini: f64,
}

impl Loads {
    pub(super) fn of(layout: &Layout<'_>, taken: &[&Pair]) -> Self {
        let mut loads: Vec<Option<u32>> = vec![None; layout.people.len()];
        for pair in &layout.instance.pairs {
            let (at, held) = (pair.person as usize, layout.people.get(pair.person as usize));
            let held = held.and_then(|who| who.seen.first()).map_or(0, |(_, seen)| seen.commitments.len());
            if let Some(load) = loads.get_mut(at) {
                load.get_or_insert_with(|| u32::try_from(held).unwrap_or(u32::MAX));
            }
        }
        for pair in taken {
            if let Some(Some(load)) = loads.get_mut(pair.person as usize) {
                *load = load.saturating_add(1);
            }
        }
        Self::count(loads.into_iter().flatten().collect())
    }

    fn count(mut loads: Vec<u32>) -> Self {
        loads.sort_unstable();
        let number = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        Self {
            people: number(loads.len()),
            engaged: number(loads.iter().filter(|load| **load > 0).count()),
            greatest: loads.last().copied().unwrap_or(0),
            gini: gini(&loads),
        }
    }
}

/// Of loads in ascending order.
fn gini(loads: &[u32]) -> f64 {
    let sum: f64 = loads.iter().map(|&load| f64::from(load)).sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let (many, weighted) = loads.iter().fold((0.0, 0.0), |(many, weighted), &load| {
        let rank = many + 1.0;
        (rank, weighted + rank * f64::from(load))
    });
    2.0 * weighted / (many * sum) - (many + 1.0) / many
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_counted() {
        let check = |loads: &[u32], people, engaged, greatest, gini: f64| {
            let got = Loads::count(loads.to_vec());
            assert_eq!((got.people, got.engaged, got.greatest), (people, engaged, greatest), "{loads:?}");
            assert!((got.gini - gini).abs() < 1e-9, "{loads:?}: {}", got.gini);
        };
        check(&[], 0, 0, 0, 0.0);
        check(&[0, 0], 2, 0, 0, 0.0);
        check(&[2, 2, 2], 3, 3, 2, 0.0);
        check(&[0, 0, 0, 4], 4, 1, 4, 0.75);
        check(&[3, 1], 2, 2, 3, 0.25);
    }
}
