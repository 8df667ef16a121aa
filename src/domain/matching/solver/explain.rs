//! Why a pair is not in the plan, and what it would cost to take it all the same.
//!
//! A plan with the pair can be worth no more than the bound less what the pair's person gives up for it at the prices
//! (reduced-cost reasoning, as in Dantzig's simplex method): so the cost is proven, whatever else would be rearranged.

use super::board::{Board, index};
use super::schedule::{Scratch, best, best_with};
use super::{EXACT, FREE, Instance, Solution, TICKS, prices};

/// The first that holds of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It is in the plan.
    Taken,
    /// It is no pair: a rule, a cap of nothing, or a need without seats is in the way.
    NoPair,
    /// The person has this other pair, and cannot do both.
    Clash(usize),
    /// The person has as much as this cap allows.
    Cap(u16),
    /// Others are worth more there, and the person more elsewhere: by this much in all, 0 where it is all the same.
    Outbid(i64),
}

/// A pair, explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Why it is not in the plan.
    pub because: Because,
    /// What a seat of the need costs at the prices: what somebody else would bring there.
    pub seat_price: i64,
    /// Every plan with this pair is worth at least so much less than the plan there is.
    pub costs_at_least: i64,
}

/// Explains one pair (its index) of an instance and the plan found for it; `None` where there is no such index.
#[must_use]
pub fn explain(instance: &Instance, solution: &Solution, pair: usize) -> Option<Explanation> {
    let one = *instance.pairs.get(pair)?;
    let board = Board::new(instance);
    let seat_price = solution.prices.get(one.job as usize).map_or(0, |price| price.div_euclid(TICKS));
    let known = (one.person as usize) < board.people();
    let of_person = if known { board.of_person(one.person as usize) } else { 0..0 };
    let Some(item) = of_person.into_iter().find(|&item| board.items[item].job == one.job) else {
        return Some(Explanation { because: Because::NoPair, seat_price, costs_at_least: 0 });
    };
    let mine: Vec<usize> =
        solution.taken.iter().copied().filter(|&at| instance.pairs[at].person == one.person).collect();
    if mine.iter().any(|&at| instance.pairs[at].job == one.job) {
        return Some(Explanation { because: Because::Taken, seat_price, costs_at_least: 0 });
    }
    let reward = prices::reward(&board, &solution.prices);
    let mut scratch = Scratch::default();
    let free = best(&board, one.person as usize, &reward, EXACT, &mut scratch, &mut Vec::new());
    let with = best_with(&board, one.person as usize, item, &reward, EXACT, &mut scratch);
    // The bound is taken from upper bounds of all schedules, so this person's may be replaced by that with the pair.
    let given_up = (free.upper - with).max(0);
    let bound = prices::bound(&board, &solution.prices, EXACT, 1);
    let costs_at_least = (solution.value - (bound - given_up).div_euclid(TICKS)).max(0);
    let clash = mine.iter().copied().find(|&at| board.clash(one.job, instance.pairs[at].job));
    let full = |cap: &u16| {
        let under = mine.iter().filter(|&&at| instance.pairs[at].caps.contains(cap)).count();
        *cap != FREE && index(under) >= board.cap(one.person as usize, *cap)
    };
    let because = match (clash, one.caps.iter().copied().find(full)) {
        (Some(other), _) => Because::Clash(other),
        (None, Some(cap)) => Because::Cap(cap),
        (None, None) => Because::Outbid(given_up.div_euclid(TICKS)),
    };
    Some(Explanation { because, seat_price, costs_at_least })
}
