//! How many to ask at once, when to write to them, and by when they should answer.
//!
//! Whoever is asked holds a seat until they answer. With time enough each seat is one person's question at a time; with
//! little time several are asked for one seat, and whoever answers first has it. How many follows from how often the
//! people at hand have said yes before and from how many rounds of asking the time left allows: if each round is expected
//! to fill the share `1 − 0.1^(1/rounds)` of the open seats, at the end nine of ten stand filled whatever the luck of
//! single rounds. What is expected of a round is reckoned exactly, from the distribution of the number of those who say yes
//! (Poisson's binomial). Nobody is asked for one seat with more than two others: each of them may come too late.
//!
//! Absent on purpose: who is asked, which is the plan's and the score's to say.

use chrono::{Days, NaiveTime, TimeDelta};

use crate::domain::time::{Instant, Zone};

/// For one seat at most so many are asked at once.
pub const MOST_PER_SEAT: usize = 3;
/// Nobody is asked more often than this within [`ASKS_WITHIN`] without a person of the office choosing to.
pub const MOST_ASKS: u32 = 5;
/// See [`MOST_ASKS`].
pub const ASKS_WITHIN: TimeDelta = TimeDelta::days(7);
/// The share of seats that may stay open when all rounds are over.
const LEFT_OPEN: f64 = 0.1;
/// Answers that count as if they had been given before the first, half of them yes.
const PRIOR: f64 = 2.0;

/// What somebody has answered so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// How often they said yes.
    pub accepted: u32,
    /// How often they answered, or let the time for it pass.
    pub ended: u32,
    /// How often they were asked within [`ASKS_WITHIN`].
    pub lately: u32,
}

impl Answers {
    /// Whether they have been asked enough for now.
    #[must_use]
    pub const fn is_enough(self) -> bool {
        self.lately >= MOST_ASKS
    }

    /// How probably they say yes, between 0 and 1, for a need whose earlier waves were answered like `wave`: those
    /// answers stand for what is not known of the person.
    #[must_use]
    pub fn chance(self, wave: Self) -> f64 {
        let usual = (f64::from(wave.accepted) + PRIOR / 2.0) / (f64::from(wave.ended) + PRIOR);
        (f64::from(self.accepted) + PRIOR * usual) / (f64::from(self.ended) + PRIOR)
    }
}

/// How many rounds of asking the time until `last` allows when each takes `answer`; at least 1.
#[must_use]
pub fn rounds(now: Instant, last: Instant, answer: TimeDelta) -> u32 {
    let (left, each) = (last.unix() - now.unix(), answer.num_seconds().max(1));
    u32::try_from(left / each).unwrap_or(u32::MAX).max(1)
}

/// How many of the candidates, whose chances of saying yes stand in the order in which they would be asked, to ask at once
/// for so many seats, with so many rounds left: at least one for each seat, as long as there are candidates.
#[must_use]
pub fn how_many(seats: usize, chances: &[f64], rounds: u32) -> usize {
    let most = chances.len().min(seats.saturating_mul(MOST_PER_SEAT));
    let each = f64::from(rounds.max(1));
    let wanted = (1.0 - LEFT_OPEN.powf(1.0 / each)) * count(seats);
    // How probably so many of those asked so far say yes; the last stands for all seats and more.
    let mut yes = vec![0.0; seats + 1];
    if let Some(none) = yes.first_mut() {
        *none = 1.0;
    }
    for (asked, &chance) in chances.iter().enumerate().take(most) {
        let filled: f64 = yes.iter().enumerate().map(|(many, share)| count(many) * share).sum();
        if asked >= seats && filled >= wanted {
            return asked;
        }
        let mut before = 0.0;
        let last = yes.len() - 1;
        for (many, share) in yes.iter_mut().enumerate() {
            let stays = if many == last { *share } else { *share * (1.0 - chance) };
            let next = *share * chance;
            *share = stays + before;
            before = next;
        }
    }
    most
}

fn count(many: usize) -> f64 {
    f64::from(u32::try_from(many).unwrap_or(u32::MAX))
}

/// The hours of the night, on everybody's own clock, in which nobody is written to and nobody has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    from: NaiveTime,
    until: NaiveTime,
}

/// How long after the end of the night something may be answered that would have had to be answered in it.
const FORENOON: TimeDelta = TimeDelta::hours(2);
/// Where waiting for the morning would leave less time than this, it is written in the night.
const LEAST: TimeDelta = TimeDelta::hours(2);

impl Default for Quiet {
    /// From 21:00 until 8:00.
    fn default() -> Self {
        let hour = |of_day| NaiveTime::from_hms_opt(of_day, 0, 0).unwrap_or_default();
        Self { from: hour(21), until: hour(8) }
    }
}

impl Quiet {
    /// The night from one time of the evening until another of the morning; `None` unless midnight lies in it.
    #[must_use]
    pub fn new(from: NaiveTime, until: NaiveTime) -> Option<Self> {
        (from > until).then_some(Self { from, until })
    }

    /// When to write to somebody in this zone about what has to be answered by `last`: now, or in the morning if it is night.
    #[must_use]
    pub fn when_to_write(self, now: Instant, zone: Zone, last: Instant) -> Instant {
        let wall = now.wall(zone);
        let day = if wall.time() >= self.from { wall.date().checked_add_days(Days::new(1)) } else { Some(wall.date()) };
        if wall.time() >= self.until && wall.time() < self.from {
            return now;
        }
        let morning = day.map_or(now, |day| zone.at_or_after(day.and_time(self.until)));
        if morning.plus(LEAST) > last { now } else { morning }
    }

    /// A deadline in the waking hours of this zone: one that falls into the night is moved to the forenoon after, where
    /// `last` allows it, or else to the evening before, where that is still ahead of `written`.
    #[must_use]
    pub fn awake(self, deadline: Instant, zone: Zone, written: Instant, last: Instant) -> Instant {
        let wall = deadline.wall(zone);
        if wall.time() >= self.until && wall.time() <= self.from {
            return deadline;
        }
        let late = wall.time() > self.from;
        let next = if late { wall.date().checked_add_days(Days::new(1)) } else { Some(wall.date()) };
        let before = if late { Some(wall.date()) } else { wall.date().checked_sub_days(Days::new(1)) };
        let forenoon = next.map(|day| zone.at_or_after(day.and_time(self.until)).plus(FORENOON));
        let evening = before.map(|day| zone.at_or_after(day.and_time(self.from)));
        let forenoon = forenoon.filter(|at| *at <= last);
        forenoon.or_else(|| evening.filter(|at| *at >= written.plus(LEAST))).unwrap_or(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn york() -> Zone {
        "America/New_York".parse().unwrap()
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn with_time_each_seat_is_asked_once_and_without_several_are() {
        let check = |seats, chance: f64, many: usize, rounds, expect| {
            assert_eq!(how_many(seats, &vec![chance; many], rounds), expect, "{seats} {chance} {many} {rounds}");
        };
        check(1, 0.5, 9, 9, 1);
        check(1, 0.5, 9, 4, 1);
        check(1, 0.5, 9, 3, 2);
        check(1, 0.5, 9, 2, 2);
        check(1, 0.5, 9, 1, 3);
        check(1, 0.9, 9, 1, 1);
        check(1, 0.05, 9, 1, MOST_PER_SEAT);
        check(1, 0.05, 2, 1, 2);
        check(10, 0.5, 60, 9, 10);
        check(10, 0.5, 60, 4, 10);
        check(10, 0.5, 60, 3, 11);
        check(10, 0.5, 60, 1, 20);
        check(10, 0.1, 60, 1, 30);
        check(10, 1.0, 60, 1, 10);
        check(10, 0.5, 4, 1, 4);
        check(0, 0.5, 9, 1, 0);
        check(3, 0.5, 0, 1, 0);
    }

    /// Against a count of all outcomes: the number asked is the least that is expected to fill the share.
    #[test]
    fn what_a_round_fills_is_reckoned_exactly() {
        let chances = [0.9, 0.3, 0.6, 0.2, 0.5, 0.7, 0.4];
        let expected = |asked: usize, seats: usize| -> f64 {
            (0..1_u32 << asked)
                .map(|outcome| {
                    let of = |at: usize| outcome >> at & 1 == 1;
                    let share: f64 =
                        (0..asked).map(|at| if of(at) { chances[at] } else { 1.0 - chances[at] }).product();
                    share * f64::from(outcome.count_ones()).min(count(seats))
                })
                .sum()
        };
        for seats in 1..=3 {
            for rounds in 1..=6 {
                let wanted = (1.0 - LEFT_OPEN.powf(1.0 / f64::from(rounds))) * count(seats);
                let most = (seats * MOST_PER_SEAT).min(chances.len());
                let least = (seats..most).find(|&asked| expected(asked, seats) >= wanted - 1e-9).unwrap_or(most);
                assert_eq!(how_many(seats, &chances, rounds), least, "{seats} {rounds}");
            }
        }
    }

    #[test]
    fn a_chance_is_learnt_from_the_person_and_from_the_wave() {
        let (nothing, refused) = (Answers::default(), Answers { accepted: 0, ended: 8, lately: 0 });
        let near = |got: f64, expect: f64| assert!((got - expect).abs() < 1e-9, "{got} {expect}");
        near(nothing.chance(nothing), 0.5);
        near(nothing.chance(refused), 0.1);
        near(refused.chance(nothing), 0.1);
        near(Answers { accepted: 8, ended: 8, lately: 0 }.chance(nothing), 0.9);
        assert!(Answers { lately: MOST_ASKS, ..nothing }.is_enough() && !nothing.is_enough());
    }

    #[test]
    fn rounds_are_what_the_time_allows() {
        let check = |until: i64, expect| {
            let (now, each) = (Instant::from_unix(0), TimeDelta::hours(72));
            assert_eq!(rounds(now, Instant::from_unix(until * 3600), each), expect, "{until}");
        };
        check(-5, 1);
        check(0, 1);
        check(71, 1);
        check(144, 2);
        check(24 * 365, 121);
    }

    #[test]
    fn nobody_is_written_to_at_night_unless_there_is_no_other_time() {
        let check = |now: &str, last: &str, expect: &str| {
            assert_eq!(Quiet::default().when_to_write(at(now), york(), at(last)), at(expect), "{now}");
        };
        let far = "2027-03-31T12:00:00Z";
        check("2027-01-11T15:00:00Z", far, "2027-01-11T15:00:00Z");
        // 07:59 and 21:00 in York.
        check("2027-01-11T12:59:00Z", far, "2027-01-11T13:00:00Z");
        check("2027-01-12T02:00:00Z", far, "2027-01-12T13:00:00Z");
        // It has to be answered before ten in the morning.
        check("2027-01-12T02:00:00Z", "2027-01-12T14:59:00Z", "2027-01-12T02:00:00Z");
        check("2027-01-12T02:00:00Z", "2027-01-12T15:00:00Z", "2027-01-12T13:00:00Z");
        // The night the clocks go forward: 8 o'clock is an hour earlier in UTC.
        check("2027-03-14T05:00:00Z", far, "2027-03-14T12:00:00Z");
    }

    #[test]
    fn nobody_has_to_answer_at_night() {
        let check = |deadline: &str, last: &str, expect: &str| {
            let written = at("2027-01-11T15:00:00Z");
            assert_eq!(Quiet::default().awake(at(deadline), york(), written, at(last)), at(expect), "{deadline}");
        };
        let far = "2027-03-31T12:00:00Z";
        check("2027-01-14T15:00:00Z", far, "2027-01-14T15:00:00Z");
        // Three in the morning becomes ten; where that is too late, nine in the evening before.
        check("2027-01-14T08:00:00Z", far, "2027-01-14T15:00:00Z");
        check("2027-01-14T08:00:00Z", "2027-01-14T14:00:00Z", "2027-01-14T02:00:00Z");
        // Eleven in the evening becomes ten the next day.
        check("2027-01-14T04:00:00Z", far, "2027-01-14T15:00:00Z");
        check("2027-01-14T04:00:00Z", "2027-01-14T05:00:00Z", "2027-01-14T02:00:00Z");
        // Written the same evening: it stays.
        check("2027-01-11T16:59:00Z", "2027-01-11T17:00:00Z", "2027-01-11T16:59:00Z");
    }
}
