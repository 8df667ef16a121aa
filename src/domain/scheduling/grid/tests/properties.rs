//! What holds for every grid.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::SlotId,
    scheduling::{
        grid::{Break, Changes, Existing, FixedStart, PlannedSlot, expand, reconcile},
        slot::SlotState,
    },
    time::{Fold, Window},
};

/// Nights and days, also those on which clocks change, with up to three sessions each.
fn grids() -> impl Strategy<Value = Grid> {
    let zones = prop::sample::select(vec![
        ("America/New_York", "2027-03-14"),
        ("America/New_York", "2027-11-07"),
        ("Australia/Melbourne", "2027-10-03"),
        ("Australia/Lord_Howe", "2027-04-04"),
        ("Asia/Kolkata", "2027-04-04"),
    ]);
    let pattern = prop_oneof![
        (1..=60_u16, 0..=20_u16, 0..=20_u16).prop_map(|(a, b, c)| in_turn(a, b, c)),
        (1..=60_u16).prop_map(|period_minutes| Pattern::Bell { period_minutes }),
        (prop::collection::btree_set(0..48_u32, 1..5), 1..=30_u16).prop_map(|(at, interview_minutes)| {
            let at = at.into_iter().map(|half| NaiveTime::from_hms_opt(half / 2, half % 2 * 30, 0).unwrap());
            let starts = at.map(|at| FixedStart { session: None, at }).collect();
            Pattern::FixedStarts { length: PlaceLength { interview_minutes, feedback_minutes: 0 }, starts }
        }),
    ];
    let some_hours = || (0..1400_u16, 1..=40_u16).prop_map(|(from, long)| DayHours::new(from, from + long).unwrap());
    let sessions = prop::collection::vec(1..=6_u32, 1..=3);
    let lunches = prop::collection::vec(prop::option::of(0..2_usize), 1..=4);
    (zones, sessions, pattern, prop::collection::vec(some_hours(), 0..=4), [some_hours(), some_hours()], lunches)
        .prop_map(|((zone, date), lengths, pattern, breaks, lunch_blocks, lunches)| {
            // One begins every seven hours, the first at midnight.
            let at = |n: usize, long: u32| {
                let from = 7 * u32::try_from(n).unwrap();
                session("one", zone, date, &format!("{from:02}:00"), &format!("{:02}:00", from + long.max(4)))
            };
            let sessions = lengths.iter().enumerate().map(|(n, long)| at(n, *long)).collect();
            let seats = lunches.iter().enumerate().map(|(n, lunch)| Table { lunch: *lunch, ..table(&format!("T{n}")) });
            Grid {
                breaks: breaks.into_iter().map(|hours| Break { session: None, hours }).collect(),
                lunch_blocks: lunch_blocks.to_vec(),
                fold: Some(Fold::Earlier),
                ..grid(sessions, pattern, seats.collect())
            }
        })
}

fn existing(slot: &PlannedSlot, people: (u16, u16)) -> Existing {
    Existing {
        id: SlotId::mint(),
        label: slot.label.clone(),
        place: slot.place.clone(),
        building: slot.building,
        part: slot.part.clone(),
        when: slot.when,
        interview_ends: slot.interview_ends,
        capacity: slot.capacity,
        seats: slot.seats,
        taken: people.0,
        staffed: people.1,
        state: SlotState::Open,
    }
}

/// What is there after the changes: who it was, where and when, in order.
fn applied(existing: &[Existing], wanted: &[PlannedSlot], changes: &Changes) -> Vec<(String, Window, u16, u16)> {
    let after = |slot: &Existing| (slot.label.clone(), slot.when.window(), slot.capacity, slot.seats);
    let planned = |to: usize| {
        let slot = &wanted[to];
        (slot.label.clone(), slot.when.window(), slot.capacity, slot.seats)
    };
    let stays = |id: &SlotId| changes.keep.contains(id) || changes.blocked.iter().any(|blocked| blocked.slot == *id);
    let mut all: Vec<_> = existing.iter().filter(|slot| stays(&slot.id)).map(after).collect();
    all.extend(changes.change.iter().map(|change| planned(change.to)));
    all.extend(changes.add.iter().map(|to| planned(*to)));
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn places_lie_in_their_session_outside_breaks_and_never_over_one_another(plan in grids()) {
        let Ok(made) = expand(&plan) else { return Ok(()) };
        for slot in &made.slots {
            let window = slot.when.window();
            prop_assert!(plan.sessions[slot.session].when.window().covers(window));
            prop_assert!(window.start() < slot.interview_ends && slot.interview_ends <= window.end());
            prop_assert_eq!((slot.when.starts(), slot.when.ends()),
                (window.start().wall(slot.when.zone()), window.end().wall(slot.when.zone())));
            // Minute by minute on the wall: no place shows a minute of a break, save one that the clocks show twice.
            let lunch = plan.tables[slot.table].lunch.map(|chosen| plan.lunch_blocks[chosen]);
            for hours in plan.breaks.iter().map(|pause| pause.hours).chain(lunch) {
                let mut at = window.start();
                while at < window.end() {
                    let wall = at.wall(slot.when.zone());
                    let minute = u16::try_from((wall - wall.date().and_time(NaiveTime::MIN)).num_minutes()).unwrap();
                    let twice = slot.when.zone().at(wall, None).is_err();
                    prop_assert!(twice || minute < hours.from() || hours.until() <= minute, "{} {:?}", wall, hours);
                    at = at.plus(chrono::TimeDelta::minutes(1));
                }
            }
        }
        for table in 0..plan.tables.len() {
            let mut of: Vec<_> = made.slots.iter().filter(|s| s.table == table).map(|s| s.when.window()).collect();
            of.sort();
            prop_assert!(of.windows(2).all(|two| !two[0].overlaps(two[1])));
        }
        // With one place after another, the time that is left over is too short for a place.
        if let Pattern::InTurn { length, .. } = &plan.pattern {
            let place = u32::from(length.interview_minutes + length.feedback_minutes);
            prop_assert!(made.left_over.iter().all(|left| left.at_end_minutes < place));
        }
    }

    #[test]
    fn with_nobody_in_it_a_plan_becomes_what_is_wanted(before in grids(), after in grids()) {
        let (Ok(before), Ok(after)) = (expand(&before), expand(&after)) else { return Ok(()) };
        let there: Vec<_> = before.slots.iter().map(|slot| existing(slot, (0, 0))).collect();
        let changes = reconcile(&there, &after.slots);
        prop_assert!(changes.is_clear());
        let mut wanted: Vec<_> =
            after.slots.iter().map(|s| (s.label.clone(), s.when.window(), s.capacity, s.seats)).collect();
        wanted.sort();
        prop_assert_eq!(applied(&there, &after.slots, &changes), wanted);
    }

    #[test]
    fn nothing_with_people_is_lost_shortened_or_overlapped(
        before in grids(), mut after in grids(), people in prop::collection::vec((0..3_u16, 0..3_u16), 1..20), same in any::<bool>(),
    ) {
        if same {
            after = Grid { sessions: before.sessions.clone(), ..after };
        }
        let (Ok(before), Ok(after)) = (expand(&before), expand(&after)) else { return Ok(()) };
        let there: Vec<_> =
            before.slots.iter().zip(people.iter().cycle()).map(|(slot, people)| existing(slot, *people)).collect();
        let changes = reconcile(&there, &after.slots);
        let all = applied(&there, &after.slots, &changes);
        for slot in there.iter().filter(|slot| slot.taken + slot.staffed > 0) {
            let kept = |(label, window, capacity, _): &(String, Window, u16, u16)| {
                *label == slot.label && window.covers(slot.when.window())
                    && (*capacity >= slot.taken || *capacity == slot.capacity)
            };
            prop_assert!(all.iter().any(kept), "{:?}", slot.when);
            prop_assert!(!changes.remove.contains(&slot.id));
        }
        prop_assert!(all.windows(2).all(|two| two[0].0 != two[1].0 || !two[0].1.overlaps(two[1].1)));
        let told = changes.keep.len() + changes.change.len() + changes.remove.len() + changes.blocked.len();
        prop_assert_eq!(told, there.len());
        let done = changes.add.len() + changes.change.len() + changes.held_back.len()
            + changes.blocked.iter().filter(|b| b.to.is_some()).count();
        prop_assert!(done <= after.slots.len() && after.slots.len() <= done + changes.keep.len());
    }
}
