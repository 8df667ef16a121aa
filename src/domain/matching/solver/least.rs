//! The least prices at which a plan stands: nobody would rather take one more seat, or exchange some of theirs for one.
//!
//! Prices begin at what open seats allow and rise where somebody would, to where they would not; whoever holds such a seat
//! then has less of it, may want another, and so on to a fixed point (Bellman and Ford's method on the exchanges). Where a
//! plan can still be bettered this finds no end, so people are looked at a limited number of times.

use std::collections::VecDeque;

use super::board::{Board, index};
use super::plan::{Plan, load_cost};
use super::prices::{lack, reward};
use super::{FREE, TICKS};

/// Everybody is looked at no more often than this.
const LOOKS: u32 = 30;

/// The least prices that support `plan`, in ticks.
pub(super) fn prices(board: &Board<'_>, plan: &Plan<'_>) -> Vec<i64> {
    let (low, high) = limits(board, plan);
    let mut price: Vec<i64> = low.iter().zip(&high).map(|(low, high)| *low.min(high)).collect();
    let mut reward = reward(board, &price);
    let mut queue: VecDeque<u32> = (0..index(board.people())).collect();
    let mut waiting = vec![true; board.people()];
    let mut looks = vec![0_u32; board.people()];
    while let Some(person) = queue.pop_front() {
        let at = person as usize;
        waiting[at] = false;
        looks[at] += 1;
        if looks[at] > LOOKS {
            continue;
        }
        let mut mine: Vec<(i64, u32)> =
            plan.of_person(at).iter().map(|&item| (board.profit(item, &reward), item)).collect();
        mine.sort_unstable();
        for item in board.of_person(at).map(index) {
            let job = board.items[item as usize].job;
            let (gain, to) = (board.profit(item, &reward), job as usize);
            if plan.holds(item) || gain <= 0 || price[to] >= high[to] {
                continue;
            }
            let wins = gain - loss(board, at, item, &mine);
            if wins > 0 {
                price[to] = (price[to] + wins).min(high[to]);
                reward[to] = board.top[to] - price[to];
                for &holder in plan.of_job(job) {
                    let holder = board.items[holder as usize].person;
                    if !std::mem::replace(&mut waiting[holder as usize], true) {
                        queue.push_back(holder);
                    }
                }
            }
        }
    }
    price
}

/// What a price can be while the plan stands: no less than open seats beyond the minimum ask, no more than open seats or
/// the holder to whom it is worth least allow.
fn limits(board: &Board<'_>, plan: &Plan<'_>) -> (Vec<i64>, Vec<i64>) {
    let limit = |job: usize| {
        let one = &board.instance.jobs[job];
        let holders = plan.of_job(index(job));
        let (filled, lack) = (index(holders.len()), lack(board, job));
        let low = if filled > one.urgent { lack } else { 0 };
        let open = if filled < one.urgent.min(one.open) { 0 } else { lack };
        let worth = |&item: &u32| {
            let one = &board.items[item as usize];
            let person = one.person as usize;
            // What the last engagement of their period costs the holder, they save without this one.
            let mine = plan.of_person(person);
            let saved =
                load_cost(board, person, mine.iter()) - load_cost(board, person, mine.iter().filter(|&&i| i != item));
            board.top[job] + i64::from(one.fit) * TICKS - saved
        };
        let held = holders.iter().map(worth).min().unwrap_or(i64::MAX);
        (low, if filled < one.open { held.min(open) } else { held })
    };
    (0..board.jobs()).map(limit).unzip()
}

/// The least that a person loses of what is held (`mine`, the cheapest first) to take `item`, load included.
fn loss(board: &Board<'_>, person: usize, item: u32, mine: &[(i64, u32)]) -> i64 {
    let one = &board.items[item as usize];
    let clashes = |other: u32| board.clash(one.job, board.items[other as usize].job);
    let (gone, stay): (Vec<(i64, u32)>, Vec<(i64, u32)>) = mine.iter().partition(|(_, other)| clashes(*other));
    let mut lost: i64 = gone.iter().map(|(worth, _)| worth).sum();
    let mut dropped = 0;
    for cap in one.caps.into_iter().filter(|&cap| cap != FREE) {
        let under = stay.iter().filter(|(_, other)| board.items[*other as usize].caps.contains(&cap));
        let over = (under.clone().count() + 1).saturating_sub(board.cap(person, cap) as usize);
        lost += under.take(over).map(|(worth, _)| worth).sum::<i64>();
        dropped += over;
    }
    if board.instance.fairness > 0 {
        let all = mine.iter().map(|(_, other)| other);
        // Which give way matters little for the load: as many as have to, the cheapest first.
        let left = stay.iter().skip(dropped).map(|(_, other)| other).chain([&item]);
        lost += load_cost(board, person, left) - load_cost(board, person, all);
    }
    lost
}
