//! Regenerating a grid with people in it.

use super::*;
use crate::domain::{
    ids::SlotId,
    scheduling::{
        grid::{
            Booked, Existing, Hindrance, Move, MoveFault, MoveRefused, Moves, PlannedSlot, Way, expand, reconcile,
            reconcile_with,
        },
        slot::SlotState,
    },
    time::{Instant, Window},
};

fn made(from: &str, until: &str, pattern: Pattern, tables: Vec<Table>) -> Vec<PlannedSlot> {
    expand(&grid(vec![session("day", "Europe/Dublin", "2027-04-12", from, until)], pattern, tables)).unwrap().slots
}

fn there(slots: &[PlannedSlot]) -> Vec<Existing> {
    let of = |slot: &PlannedSlot| Existing {
        id: SlotId::mint(),
        label: slot.label.clone(),
        place: slot.place.clone(),
        building: slot.building,
        part: slot.part.clone(),
        when: slot.when,
        interview_ends: slot.interview_ends,
        capacity: slot.capacity,
        seats: slot.seats,
        taken: 0,
        staffed: 0,
        state: SlotState::Open,
    };
    slots.iter().map(of).collect()
}

fn one() -> Vec<Table> {
    vec![Table { capacity: 3, seats: 2, building: Some(0), ..table("A") }]
}

/// The grids here have no ways, so buildings are put in afterwards.
fn hour(pattern: Pattern, tables: Vec<Table>) -> Vec<PlannedSlot> {
    let buildings: Vec<_> = tables.iter().map(|table| table.building).collect();
    let tables = tables.into_iter().map(|table| Table { building: None, ..table }).collect();
    let mut slots = made("10:00", "11:00", pattern, tables);
    for slot in &mut slots {
        slot.building = buildings[slot.table];
    }
    slots
}

#[test]
fn people_block_what_would_hurt_them_and_nothing_else() {
    let check = |taken: u16, staffed: u16, to: fn(&mut PlannedSlot), expect: &[Hindrance], said: &str| {
        let mut wanted = hour(in_turn(60, 0, 0), one());
        let mut before = there(&wanted);
        (before[0].taken, before[0].staffed) = (taken, staffed);
        to(&mut wanted[0]);
        let changes = reconcile(&before, &wanted);
        assert!(changes.add.is_empty() && changes.remove.is_empty() && changes.held_back.is_empty());
        if expect.is_empty() {
            assert_eq!((changes.change.len(), changes.change[0].people), (1, u32::from(taken + staffed)));
        } else {
            assert_eq!(changes.blocked[0].hindrances, expect);
            assert!(changes.blocked[0].sentence.ends_with(said), "{}", changes.blocked[0].sentence);
        }
    };
    let shorter = |slot: &mut PlannedSlot| {
        let when = slot.when.window();
        let end = when.start().plus(chrono::TimeDelta::minutes(45));
        let window = Window::new(when.start(), end).unwrap();
        slot.when = LocalWindow::kept(slot.when.starts(), end.wall(slot.when.zone()), slot.when.zone(), window);
    };
    let end: Instant = "2027-04-12T09:45:00Z".parse().unwrap();
    check(0, 0, shorter, &[], "");
    check(1, 0, shorter, &[Hindrance::Shortened(end)], "holds 1 student and 0 volunteers, so it cannot end at 10:45.");
    check(0, 1, shorter, &[Hindrance::Shortened(end)], "holds 0 students and 1 volunteer, so it cannot end at 10:45.");
    check(2, 2, |slot| slot.capacity = 2, &[], "");
    check(3, 2, |slot| slot.capacity = 2, &[Hindrance::FewerPlaces(2)], "so it cannot be limited to 2 for students.");
    check(3, 2, |slot| slot.seats = 1, &[Hindrance::FewerSeats(1)], "so it cannot be limited to 1 for volunteers.");
    check(3, 1, |slot| slot.seats = 1, &[], "");
    check(3, 2, |slot| slot.place = Some("Room 2".to_owned()), &[], "");
    check(0, 2, |slot| slot.building = Some(1), &[Hindrance::AnotherBuilding], "so it cannot go to another building.");
    check(4, 0, |slot| slot.capacity = 5, &[], "");
}

#[test]
fn a_blocked_slot_holds_back_what_would_lie_over_it() {
    // From three places of 20 minutes to two of 30; somebody sits in the second.
    let mut before = there(&hour(in_turn(20, 0, 0), one()));
    before[1].taken = 1;
    let wanted = hour(in_turn(30, 0, 0), one());
    let changes = reconcile(&before, &wanted);
    assert_eq!(changes.blocked.len(), 1);
    assert_eq!((changes.blocked[0].slot, changes.blocked[0].to, changes.blocked[0].students), (before[1].id, None, 1));
    assert_eq!(changes.blocked[0].hindrances, [Hindrance::Unwanted]);
    assert_eq!(
        changes.blocked[0].sentence,
        "Monday 12 April 2027, 10:20 to 10:40 (Europe/Dublin) at \"A\" holds 1 student and 0 volunteers, so it cannot be \
         removed."
    );
    assert_eq!((changes.keep, changes.held_back), (vec![before[0].id], vec![0, 1]));
    assert_eq!(changes.remove, [before[2].id]);
    assert!(changes.add.is_empty() && changes.change.is_empty());
}

#[test]
fn cancelled_slots_are_not_looked_at_and_closed_ones_are() {
    let wanted = hour(in_turn(60, 0, 0), one());
    let mut before = there(&wanted);
    before[0].state = SlotState::Cancelled;
    before[0].taken = 2;
    assert_eq!(reconcile(&before, &wanted).add, [0]);
    before[0].state = SlotState::Closed;
    assert_eq!(reconcile(&before, &wanted).keep, [before[0].id]);
    assert_eq!(reconcile(&before, &[]).blocked.len(), 1);
}

#[test]
fn moves_make_a_smaller_slot_fit() {
    let two = |capacity| vec![Table { capacity, ..table("A") }, Table { capacity, ..table("B") }];
    let mut before = there(&hour(in_turn(30, 0, 0), two(3)));
    before[0].taken = 3;
    let wanted = hour(in_turn(30, 0, 0), two(2));
    assert_eq!(reconcile(&before, &wanted).blocked[0].hindrances, [Hindrance::FewerPlaces(2)]);
    let bookings: Vec<_> = (0..3).map(|person| Booked { person, slot: before[0].id, places: 1 }).collect();
    let go = |moves: &[Move], engaged: &[(usize, Window, Option<usize>)]| {
        reconcile_with(&before, &wanted, &Travel::default(), &Moves { bookings: &bookings, engaged, moves })
    };
    let to = |booking, to| Move { booking, to };
    let fault = |index, fault| Err(vec![MoveRefused { index, fault }]);
    let changes = go(&[to(1, 2)], &[]).unwrap();
    assert!(changes.is_clear());
    assert_eq!(changes.change.iter().find(|c| c.slot == before[0].id).unwrap().people, 2);
    assert_eq!(go(&[to(9, 2)], &[]), fault(0, MoveFault::NoSuchBooking));
    assert_eq!(go(&[to(0, 9)], &[]), fault(0, MoveFault::NoSuchSlot));
    assert_eq!(go(&[to(0, 2), to(0, 3)], &[]), fault(1, MoveFault::MovedTwice));
    let full = MoveFault::Full { wanted: 3, capacity: 2 };
    let all = go(&[to(0, 2), to(1, 2), to(2, 2)], &[]).unwrap_err();
    assert_eq!(all.iter().map(|refused| refused.fault).collect::<Vec<_>>(), [full; 3]);
    let busy = wanted[2].when.window();
    assert_eq!(go(&[to(0, 2)], &[(0, busy, None)]), fault(0, MoveFault::Clash(busy)));
    assert!(go(&[to(0, 2)], &[(1, busy, None)]).is_ok());
    assert!(go(&[to(0, 1)], &[]).unwrap().is_clear(), "back to back is no clash");
}

#[test]
fn a_move_into_a_blocked_slot_or_across_buildings_is_refused() {
    let two = |seats| {
        vec![
            Table { capacity: 2, building: Some(0), ..table("A") },
            Table { capacity: 2, seats, building: Some(1), ..table("B") },
        ]
    };
    let mut before = there(&hour(in_turn(25, 0, 5), two(2)));
    (before[0].taken, before[3].staffed) = (2, 2);
    // The person of the bookings sits at A from 10:00 to 10:25; B is another building, 15 minutes away.
    let travel = Travel {
        buildings: vec!["Hall".to_owned(), "Library".to_owned()],
        ways: vec![Way { from: 0, to: 1, minutes: 15 }],
    };
    let bookings =
        [Booked { person: 7, slot: before[0].id, places: 1 }, Booked { person: 8, slot: before[0].id, places: 1 }];
    let go = |wanted: &[PlannedSlot], to: usize, engaged: &[(usize, Window, Option<usize>)]| {
        let moves = [Move { booking: 0, to }];
        reconcile_with(&before, wanted, &travel, &Moves { bookings: &bookings, engaged, moves: &moves })
    };
    let wanted = hour(in_turn(25, 0, 5), two(1));
    let refused = go(&wanted, 3, &[]).unwrap_err();
    assert_eq!(refused, [MoveRefused { index: 0, fault: MoveFault::NotAvailable }]);
    let same = hour(in_turn(25, 0, 5), two(2));
    let first = same[0].when.window();
    let engaged = [(7, first, Some(0))];
    assert!(go(&same, 1, &engaged).unwrap().is_clear());
    assert_eq!(go(&same, 3, &engaged).unwrap_err()[0].fault, MoveFault::Clash(first));
    assert_eq!(go(&same, 2, &engaged).unwrap_err()[0].fault, MoveFault::Clash(first));
}

#[test]
fn nobody_is_moved_into_a_slot_that_the_person_is_in_already() {
    let slots = hour(in_turn(30, 0, 0), vec![Table { capacity: 3, ..table("A") }]);
    let mut before = there(&slots);
    (before[0].taken, before[1].taken) = (1, 1);
    let bookings =
        [Booked { person: 0, slot: before[0].id, places: 1 }, Booked { person: 0, slot: before[1].id, places: 1 }];
    let moves = [Move { booking: 0, to: 1 }];
    let moves = Moves { bookings: &bookings, engaged: &[], moves: &moves };
    let refused = reconcile_with(&before, &slots, &Travel::default(), &moves).unwrap_err();
    assert_eq!(refused[0].fault, MoveFault::Clash(slots[1].when.window()));
}
