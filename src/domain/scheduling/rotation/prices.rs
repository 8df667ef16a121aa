//! A bound on how far wishes can be met, from prices for places.
//!
//! At any prices the worth of all places, plus what each student would gain by buying alone, exceeds every plan (linear
//! duality). Good prices come of an auction: each student bids for the stations that are worth most, each station keeps
//! its highest bids, and its price is the least of them once it is full (Bertsekas 1988, for transportation: Bertsekas
//! and Castañon 1989). The bound is then at most one step per place above the best that ignores the clock. Absent on
//! purpose: the clock and the employers, which only lower what is possible.

#![expect(clippy::indexing_slicing, reason = "indices are minted from the lengths of the lists they index")]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::board::Board;

/// Prices are in thousandths of a point of score.
const POINT: i64 = 1_000;
/// The least raise of a bid.
const RAISE: i64 = POINT;
/// Looks at a pair before the prices are taken as they are.
const WORK: usize = 150_000_000;

/// No plan in which each student has at most `most` meetings has a greater sum of scores.
pub(super) fn preference_bound(board: &Board, most: &[usize]) -> i64 {
    let free = vec![0; board.stations()];
    value(board, most, &auction(board, most)).min(value(board, most, &free)).div_euclid(POINT)
}

fn auction(board: &Board, most: &[usize]) -> Vec<i64> {
    let mut prices: Vec<i64> = board.places.iter().map(|&places| if places == 0 { i64::MAX } else { 0 }).collect();
    let mut kept: Vec<BinaryHeap<Reverse<(i64, usize)>>> = vec![BinaryHeap::new(); board.stations()];
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); board.students()];
    let mut waiting: VecDeque<usize> = (0..board.students()).collect();
    let mut work = 0;
    while let Some(student) = waiting.pop_front() {
        while held[student].len() < most[student] && work < WORK {
            let (mut best, mut second) = ((0, None), 0);
            for &station in &board.liked[student] {
                let score = board.score(student, station) * POINT;
                work += 1;
                if score <= second {
                    break;
                }
                let worth = score.saturating_sub(prices[station]);
                if worth > second && !held[student].contains(&station) {
                    if worth > best.0 {
                        second = best.0;
                        best = (worth, Some(station));
                    } else {
                        second = worth;
                    }
                }
            }
            let (worth, Some(station)) = best else { break };
            let bids = &mut kept[station];
            bids.push(Reverse((prices[station] + worth - second + RAISE, student)));
            held[student].push(station);
            if bids.len() > board.places[station]
                && let Some(Reverse((_, loser))) = bids.pop()
            {
                held[loser].retain(|&lost| lost != station);
                waiting.push_back(loser);
            }
            if bids.len() == board.places[station]
                && let Some(Reverse((least, _))) = bids.peek()
            {
                prices[station] = *least;
            }
        }
    }
    prices
}

/// The worth of all places at these prices, with what each student would gain by buying alone.
fn value(board: &Board, most: &[usize], prices: &[i64]) -> i64 {
    let count = |places: usize| i64::try_from(places).unwrap_or(i64::MAX);
    let places = board.places.iter().zip(prices).filter(|(places, _)| **places > 0);
    let mut value: i64 = places.map(|(&places, price)| price * count(places)).sum();
    for (student, liked) in board.liked.iter().enumerate() {
        let gain = |&station: &usize| board.score(student, station) * POINT - prices[station];
        let mut gains: Vec<i64> = liked.iter().map(gain).filter(|&gain| gain > 0).collect();
        gains.sort_unstable_by_key(|&gain| Reverse(gain));
        value += gains.iter().take(most[student]).sum::<i64>();
    }
    value
}
