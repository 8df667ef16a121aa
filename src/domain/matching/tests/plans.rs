//! Whole proposals, from facts.

use std::collections::HashMap;

use chrono::Datelike;
use proptest::prelude::*;

use super::super::{
    campus_request::{CampusRequest, Kind, Mode, NeedRole},
    eligibility::{Prospect, Terrain, check},
    plan::{OpenNeed, Problem, Proposal, Scope, Site, Wishes, mend, propose, stripped},
    solver::Go,
    travel::{TravelRule, Venue},
};
use super::{campus, commitment, need, prospect, window};
use crate::domain::{
    ids::RoleId,
    people::{
        place::Position,
        volunteer::{Caps, InPerson, Standing},
    },
};

fn open(request: CampusRequest) -> OpenNeed {
    OpenNeed { request, taken: Vec::new() }
}

fn roles(list: &[(&str, u16, u16)]) -> Vec<NeedRole> {
    list.iter().map(|&(name, min, max)| NeedRole::new(RoleId::mint(), name, min, max).unwrap()).collect()
}

fn problem(needs: Vec<OpenNeed>, people: Vec<Prospect>) -> Problem {
    let terrain = Terrain { campus: Some(campus()), travel: TravelRule::default() };
    Problem { sites: vec![Site { needs, people, terrain }], wishes: Wishes::default(), scope: Scope::default() }
}

/// Reads a proposal by the rules alone and recounts it.
fn verify(problem: &Problem, proposal: &Proposal) {
    let problem = &problem.sites[0];
    let needs: HashMap<_, _> = problem.needs.iter().map(|n| (n.request.id, n)).collect();
    let people: HashMap<_, _> = problem.people.iter().map(|p| (p.volunteer.id(), p)).collect();
    let mut value = 0;
    let mut missing = Vec::new();
    for need in &problem.needs {
        for role in &need.request.roles {
            let taken: u16 = need.taken.iter().filter(|t| t.0 == role.id()).map(|t| t.1).sum();
            let added = proposal.seats.iter().filter(|s| s.role_id == role.id()).count();
            let added = u16::try_from(added).unwrap();
            assert!(taken + added <= role.max().max(taken), "too many people");
            let worth = 10_000 * i64::from(need.request.priority);
            value += (taken..taken + added).map(|at| if at < role.min() { 2 * worth } else { worth }).sum::<i64>();
            if taken + added < role.max() {
                missing.push((role.id(), role.max() - taken - added, taken + added < role.min()));
            }
        }
    }
    for (at, seat) in proposal.seats.iter().enumerate() {
        let (need, who) = (&needs[&seat.campus_request_id].request, people[&seat.volunteer_id]);
        assert_eq!(check(need, who, &problem.terrain), [], "not eligible");
        assert!(!seat.reasons.is_empty() && (1..=1000).contains(&seat.fit));
        value += i64::from(seat.fit);
        let mine = proposal.seats.iter().filter(|s| s.volunteer_id == seat.volunteer_id);
        let mine: Vec<_> = mine.map(|s| &needs[&s.campus_request_id].request).collect();
        for other in proposal.seats[..at].iter().filter(|s| s.volunteer_id == seat.volunteer_id) {
            let other = &needs[&other.campus_request_id].request;
            let venue = |need| Venue::of(need, problem.terrain.campus);
            let gap = problem.terrain.travel.gap(venue(need), venue(other));
            assert!(!need.when.window().clashes(other.when.window(), gap), "two at once");
        }
        let dates = mine.iter().map(|n| n.when.window()).chain(who.commitments.iter().map(|c| c.window));
        let dates: Vec<_> = dates.map(|w| w.start().wall(who.volunteer.zone()).date()).collect();
        for date in &dates {
            let week = dates.iter().filter(|d| d.iso_week() == date.iso_week()).count();
            let month = dates.iter().filter(|d| (d.year(), d.month()) == (date.year(), date.month())).count();
            let held = who.commitments.len();
            assert!(week <= usize::from(who.volunteer.caps.per_week).max(held), "week too full");
            assert!(month <= usize::from(who.volunteer.caps.per_month).max(held), "month too full");
        }
    }
    let mut said: Vec<_> = proposal.open_seats.iter().map(|o| (o.role_id, o.missing, o.below_minimum)).collect();
    said.sort();
    missing.sort();
    assert_eq!(said, missing);
    assert_eq!(proposal.value, value);
    assert!(proposal.value <= proposal.bound);
    assert_eq!(proposal.seats_filled as usize, proposal.seats.len());
    let open: u32 = proposal.open_seats.iter().map(|o| u32::from(o.missing)).sum();
    assert_eq!(proposal.seats_wanted, proposal.seats_filled + open);
    assert!((0.0..=100.0).contains(&proposal.gap_percent));
}

#[test]
fn ten_of_twelve_seats_are_filled_by_ten_volunteers() {
    let people = (0..10).map(|_| prospect(|_| {})).collect();
    let problem = problem(vec![open(need(|_| {}))], people);
    let proposal = propose(&problem);
    verify(&problem, &proposal);
    assert_eq!((proposal.seats_wanted, proposal.seats_filled), (12, 10));
    assert_eq!(proposal.open_seats.iter().map(|o| (o.missing, o.below_minimum)).collect::<Vec<_>>(), [(2, false)]);
    assert!(proposal.gap_percent < 1e-9, "{}", proposal.gap_percent);
}

#[test]
fn a_minimum_comes_before_a_further_seat_of_the_same_priority() {
    let (big, small) = (need(|b| b.roles = roles(&[("a", 1, 9)])), need(|b| b.roles = roles(&[("b", 2, 2)])));
    let (big_id, small_id) = (big.id, small.id);
    let problem = problem(vec![open(big), open(small)], (0..3).map(|_| prospect(|_| {})).collect());
    let proposal = propose(&problem);
    verify(&problem, &proposal);
    let at = |id| proposal.seats.iter().filter(|s| s.campus_request_id == id).count();
    assert_eq!((at(big_id), at(small_id)), (1, 2));
}

#[test]
fn nobody_has_two_roles_of_one_need_and_seats_taken_stay_taken() {
    let request = need(|b| b.roles = roles(&[("speaker", 1, 1), ("host", 1, 2)]));
    let taken = vec![(request.roles[1].id(), 1)];
    let problem = problem(vec![OpenNeed { request, taken }], vec![prospect(|_| {})]);
    let proposal = propose(&problem);
    verify(&problem, &proposal);
    assert_eq!((proposal.seats_wanted, proposal.seats_filled), (2, 1));
    assert!(proposal.open_seats.iter().all(|o| !o.below_minimum));
    assert_eq!(proposal.bound, proposal.value);
}

#[test]
fn nothing_gives_an_empty_plan() {
    let proposal = propose(&Problem::default());
    assert_eq!((proposal.seats.len(), proposal.seats_wanted, proposal.value, proposal.bound), (0, 0, 0, 0));
    let nobody = problem(vec![open(need(|_| {}))], Vec::new());
    let proposal = propose(&nobody);
    verify(&nobody, &proposal);
    assert_eq!((proposal.seats_wanted, proposal.seats_filled, proposal.bound), (12, 0, 0));
    assert!(proposal.open_seats[0].below_minimum);
}

type NeedFacts = (i64, u32, i64, bool, usize, u8, u16, u16, u16);

fn any_need() -> impl Strategy<Value = OpenNeed> {
    let facts = (0_i64..16, 8_u32..16, 1_i64..4, any::<bool>(), 0_usize..3, 1_u8..=5, 0_u16..4, 1_u16..4, 0_u16..3);
    facts.prop_map(|(day, from, hours, afar, place, priority, min, max, taken): NeedFacts| {
        let request = need(|b| {
            b.when = window(day, from, hours);
            b.mode = if afar { Mode::Virtual } else { Mode::InPerson };
            let places = [Some(campus()), None, Some(Position::new(40.1, -76.9).unwrap())];
            b.position = places[place];
            b.priority = priority;
            b.kind = if priority % 2 == 0 { Kind::Workshop } else { Kind::MockInterviews };
            b.roles = roles(&[("speaker", min.min(max), max), ("host", 0, 1)]);
        });
        let taken = vec![(request.roles[0].id(), taken)];
        OpenNeed { request, taken }
    })
}

fn any_prospect() -> impl Strategy<Value = Prospect> {
    let facts =
        (0_u8..4, 0_u8..6, any::<bool>(), 0_u32..60, 0_usize..8, prop::collection::vec((0_i64..16, 8_u32..16), 0..3));
    facts.prop_map(|(per_week, per_month, afar, travel_km, kind, busy)| {
        let mut who = prospect(|p| {
            p.caps = Caps { per_week, per_month };
            p.virtual_ok = afar;
            p.in_person = Some(InPerson { travel_km, ..p.in_person.unwrap() });
            if kind == 0 {
                p.kinds = vec![Kind::Workshop];
            }
        });
        if kind == 1 {
            who.standing = Some(Standing::Paused);
        }
        let busy = busy.into_iter().map(|(day, from)| commitment(window(day, from, 1), Venue::Virtual, None));
        who.commitments = busy.collect();
        who
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_proposal_keeps_the_rules_and_its_order_does_not_matter(
        needs in prop::collection::vec(any_need(), 0..12),
        people in prop::collection::vec(any_prospect(), 0..14),
    ) {
        let mut problem = problem(needs, people);
        let proposal = propose(&problem);
        verify(&problem, &proposal);
        problem.sites[0].needs.reverse();
        problem.sites[0].people.reverse();
        prop_assert_eq!(propose(&problem), proposal);
    }

    /// What is left of a plan keeps the rules of the new facts, and mending makes it no worse.
    #[test]
    fn every_mended_plan_keeps_the_rules(
        needs in prop::collection::vec(any_need(), 0..12),
        people in prop::collection::vec(any_prospect(), 0..14),
        gone in 0_usize..3,
    ) {
        let before = problem(needs, people);
        let plan = propose(&before);
        let mut now = before.clone();
        let site = &mut now.sites[0];
        site.needs = site.needs.drain(..).enumerate().filter(|(at, _)| at % 3 != gone).map(|(_, need)| need).collect();
        for (at, who) in site.people.iter_mut().enumerate() {
            if at % 4 == gone {
                who.standing = Some(Standing::Paused);
            }
        }
        let (left, mended) = (stripped(&now, &plan), mend(&now, &plan, &mut |_| Go::On));
        verify(&now, &left);
        verify(&now, &mended);
        prop_assert!(left.value <= mended.value && mended.bound <= left.bound);
        prop_assert!(left.seats.iter().all(|seat| plan.seats.contains(seat)), "nothing new");
        prop_assert!(mended.value >= propose(&now).value * 99 / 100);
        prop_assert_eq!(mend(&before, &plan, &mut |_| Go::On).value, plan.value);
    }
}
