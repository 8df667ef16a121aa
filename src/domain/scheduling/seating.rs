//! Seating: where a volunteer sits, and who of the students they leave behind goes where.
//!
//! A volunteer keeps one table for as long as they are there; whoever comes newly goes where somebody is missed most.
//! Students whose volunteer is gone are moved to a place that begins when theirs did or soon after, never earlier: nobody
//! may be late because of a letter they have not read. Absent on purpose: who may have which place, which is booking's,
//! and who is asked to take over, which is matching's.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::domain::{
    ids::SlotId,
    scheduling::slot::{Seating, Slot},
    time::{Instant, Window},
};

/// How much later than theirs the place may begin to which a student is moved without being asked.
pub const MOVED_AT_MOST: TimeDelta = TimeDelta::minutes(60);

/// A slot at which volunteers sit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Which slot.
    pub slot: SlotId,
    /// Its table in the event's grid; slots made by hand have none.
    pub table: Option<String>,
    /// When.
    pub window: Window,
    /// The volunteers it wants and has.
    pub seating: Seating,
}

impl Station {
    /// The station that a slot is.
    #[must_use]
    pub fn new(slot: &Slot, table: Option<String>) -> Self {
        Self { slot: slot.id, table, window: slot.when.window(), seating: slot.seating }
    }

    /// How much somebody is missed: where the last one left (one such slot weighs more than any table of others), where
    /// nobody is, and only then the second seat.
    fn lack(&self) -> u32 {
        match self.seating {
            Seating { unstaffed_since: Some(_), .. } => 100_000,
            Seating { seated: 0, .. } => 2,
            Seating { .. } => 1,
        }
    }
}

/// Where somebody who is there during `present` sits: one table of a grid from beginning to end, or slots made by hand one
/// after the other. Of several tables the one where most is missed, of equal ones the one that begins first, then by its
/// name. Seats that are taken, slots that lie outside and those that are over at `now` are left out.
#[must_use]
pub fn sit(stations: &[Station], present: Window, now: Instant) -> Vec<SlotId> {
    let mut tables: BTreeMap<Option<&str>, Vec<&Station>> = BTreeMap::new();
    let free = stations.iter().filter(|station| {
        station.seating.seated < station.seating.seats && present.covers(station.window) && now < station.window.end()
    });
    for station in free {
        tables.entry(station.table.as_deref()).or_default().push(station);
    }
    let mut best: Option<(u32, Instant, Vec<SlotId>)> = None;
    for stations in tables.values() {
        let kept = in_turn(stations);
        let lack = kept.iter().map(|station| station.lack()).fold(0_u32, u32::saturating_add);
        let Some(first) = kept.first().map(|station| station.window.start()) else { continue };
        // Tables come in the order of their names: only a better one takes over.
        let better = best.as_ref().is_none_or(|(most, begins, _)| lack > *most || (lack == *most && first < *begins));
        if better {
            best = Some((lack, first, kept.iter().map(|station| station.slot).collect()));
        }
    }
    best.map(|(_, _, slots)| slots).unwrap_or_default()
}

/// Stations one after the other, none over another; of two at the same time the one where more is missed.
fn in_turn<'s>(stations: &[&'s Station]) -> Vec<&'s Station> {
    let mut sorted: Vec<&Station> = stations.to_vec();
    sorted.sort_by_key(|station| {
        (station.window.start(), std::cmp::Reverse(station.lack()), station.window.end(), station.slot)
    });
    let mut kept: Vec<&Station> = Vec::with_capacity(sorted.len());
    for station in sorted {
        if kept.last().is_none_or(|last| last.window.end() <= station.window.start()) {
            kept.push(station);
        }
    }
    kept
}

/// How well a place suits somebody whose own began at `own`: how much later it begins. `None` where it begins earlier, too
/// late, or by `now`.
#[must_use]
pub fn suits(own: Instant, start: Instant, now: Instant) -> Option<TimeDelta> {
    let later = TimeDelta::seconds(start.unix().saturating_sub(own.unix()));
    (now < start && TimeDelta::zero() <= later && later <= MOVED_AT_MOST).then_some(later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    fn window(from: i64, until: i64) -> Window {
        Window::new(Instant::from_unix(from), Instant::from_unix(until)).unwrap()
    }

    fn station(table: &str, from: i64, seats: u16, seated: u16, left: bool) -> Station {
        let unstaffed_since = left.then(|| Instant::from_unix(0));
        Station {
            slot: SlotId::mint(),
            table: Some(table.to_owned()).filter(|table| !table.is_empty()),
            window: window(from * HOUR, (from + 1) * HOUR),
            seating: Seating { seats, seated, unstaffed_since },
        }
    }

    fn tables_of(stations: &[Station], slots: &[SlotId]) -> Vec<(String, i64)> {
        let of = |slot: &SlotId| stations.iter().find(|station| station.slot == *slot).unwrap();
        let named =
            |station: &Station| (station.table.clone().unwrap_or_default(), station.window.start().unix() / HOUR);
        slots.iter().map(of).map(named).collect()
    }

    #[test]
    fn a_newcomer_goes_where_somebody_is_missed_most() {
        let check = |stations: &[Station], expect: &[(&str, i64)]| {
            let sits = sit(stations, window(0, 10 * HOUR), Instant::from_unix(HOUR));
            let expect: Vec<(String, i64)> = expect.iter().map(|(table, at)| ((*table).to_owned(), *at)).collect();
            assert_eq!(tables_of(stations, &sits), expect);
        };
        check(&[], &[]);
        check(&[station("1", 2, 1, 1, false)], &[]);
        check(&[station("1", 2, 0, 0, false)], &[]);
        let fresh = [station("2", 2, 1, 0, false), station("1", 2, 1, 0, false), station("1", 3, 1, 0, false)];
        check(&fresh, &[("1", 2), ("1", 3)]);
        let left = [station("1", 2, 1, 0, false), station("2", 2, 1, 0, true)];
        check(&left, &[("2", 2)]);
        let many = [
            station("1", 2, 1, 0, false),
            station("1", 3, 1, 0, false),
            station("1", 4, 1, 0, false),
            station("2", 2, 1, 0, true),
        ];
        check(&many, &[("2", 2)]);
        let second_seat = [station("1", 2, 2, 1, false), station("2", 2, 1, 0, false)];
        check(&second_seat, &[("2", 2)]);
        let over = [station("1", 0, 1, 0, true), station("2", 5, 1, 0, false)];
        check(&over, &[("2", 5)]);
        let beyond = [station("1", 10, 1, 0, true)];
        check(&beyond, &[]);
        let by_hand = [station("", 2, 1, 0, false), station("", 2, 1, 0, false), station("", 4, 1, 0, false)];
        check(&by_hand, &[("", 2), ("", 4)]);
    }

    #[test]
    fn nobody_is_moved_to_an_earlier_place_or_far() {
        let at = Instant::from_unix;
        let check = |start: i64, expect: Option<i64>| {
            assert_eq!(suits(at(10_000), at(start), at(9_000)).map(|later| later.num_seconds()), expect, "{start}");
        };
        check(10_000, Some(0));
        check(9_999, None);
        check(13_600, Some(3_600));
        check(13_601, None);
        assert_eq!(suits(at(10_000), at(10_000), at(10_000)), None, "it begins now");
    }

    proptest! {
        #[test]
        fn nobody_sits_in_two_places_or_on_a_taken_seat(
            drawn in proptest::collection::vec((0..4_u8, 0..8_i64, 0..3_u16, 0..3_u16, any::<bool>()), 0..24),
            from in 0..8_i64,
            lasts in 1..8_i64,
        ) {
            let stations: Vec<Station> = drawn
                .into_iter()
                .map(|(table, at, seats, seated, left)| {
                    let table = if table == 0 { String::new() } else { table.to_string() };
                    station(&table, at, seats, seated, left && seated == 0)
                })
                .collect();
            let present = window(from * HOUR, (from + lasts) * HOUR);
            let sits = sit(&stations, present, Instant::from_unix(0));
            let chosen: Vec<&Station> =
                sits.iter().map(|slot| stations.iter().find(|station| station.slot == *slot).unwrap()).collect();
            for (number, station) in chosen.iter().enumerate() {
                prop_assert!(station.seating.seated < station.seating.seats);
                prop_assert!(present.covers(station.window));
                prop_assert_eq!(&station.table, &chosen[0].table, "one table");
                for other in &chosen[number + 1..] {
                    prop_assert!(!station.window.overlaps(other.window));
                }
            }
            let seats_free = stations.iter().any(|station| {
                station.seating.seated < station.seating.seats && present.covers(station.window)
            });
            prop_assert_eq!(sits.is_empty(), !seats_free, "whoever could sit somewhere sits");
        }
    }
}
