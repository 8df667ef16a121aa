//! What counts against a person, and what is in force until when.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    scheduling::{
        event::EventKind,
        policy::{
            Parts, Policy, Rule, Scope,
            consequences::{
                Action, BlockedWhile, HandInTime, Lasting, Money, OffenceKind, Requirement, Restriction, Step,
            },
            cutoff::{CalendarSpan, CalendarUnit},
            explain,
            ladder::{Band, Consequences, CountingTime, Escalation, Ladder, Tier},
            standing::{Ends, InForce, Offence, RuleStanding, standing, standing_of},
        },
    },
    time::Instant,
};

const LATE: OffenceKind = OffenceKind::LateCancellation;
const NO_SHOW: OffenceKind = OffenceKind::NoShow;

fn step(at: i64, action: Action) -> Step {
    Step::new(at, false, vec![action]).unwrap()
}

fn keep(lasting: Lasting) -> Action {
    Action::Restrict { from: Restriction::Blocked, lasting }
}

fn letter(blocked: BlockedWhile) -> Action {
    Action::hand_in(vec![Requirement::ApologyLetter], Some(HandInTime::business_days(5).unwrap()), blocked).unwrap()
}

fn policy(counted: CountingTime, ladder: Ladder) -> Policy {
    let consequences = Some(Consequences { counted, ladder });
    let scope = Scope::new(vec![], vec!["interview".to_owned()]).unwrap();
    Policy::new(vec![Rule::new("interviews", scope, Parts { consequences, ..Parts::default() }).unwrap()], vec![])
        .unwrap()
}

fn offences(counted: CountingTime, steps: Vec<Step>) -> Policy {
    policy(counted, Ladder::offences(vec![LATE, NO_SHOW], steps).unwrap())
}

fn no_show(start: &str) -> Offence {
    let at = at(start);
    Offence { rule: "interviews".to_owned(), kind: NO_SHOW, start: at, at, tier: None, handed_in: None, excused: false }
}

fn late(start: &str, cancelled: &str) -> Offence {
    Offence { kind: LATE, at: at(cancelled), ..no_show(start) }
}

fn only(policy: &Policy, given: &[Offence], now: &str) -> RuleStanding {
    standing(policy, given, &office(), at(now)).rules.remove(0)
}

fn ends(standing: &RuleStanding) -> Vec<Ends> {
    standing.in_force.iter().map(|force| force.ends).collect()
}

#[test]
fn the_first_blocks_until_a_letter_the_second_a_month_the_third_for_good() {
    let month = CalendarSpan::new(1, CalendarUnit::Months).unwrap();
    let steps = vec![
        step(1, letter(BlockedWhile::UntilIn)),
        step(2, keep(Lasting::For(month))),
        step(3, keep(Lasting::ForGood)),
    ];
    let policy = offences(CountingTime::ForEver, steps);
    let mut given = vec![no_show("2027-02-01T10:00")];
    let first = only(&policy, &given, "2027-02-02T10:00");
    assert_eq!((first.count, ends(&first)), (1, vec![Ends::WhenHandedIn]));
    // Five business days after Monday 1 February.
    assert_eq!(first.in_force[0].due, Some(at("2027-02-08T23:59:59")));

    given[0].handed_in = Some(at("2027-02-03T09:00"));
    assert_eq!(ends(&only(&policy, &given, "2027-02-03T08:59:59")), [Ends::WhenHandedIn]);
    assert_eq!(ends(&only(&policy, &given, "2027-02-03T09:00")), []);

    // A month to the same wall time, over a change of the clocks.
    given.push(no_show("2027-03-01T10:00"));
    assert_eq!(ends(&only(&policy, &given, "2027-03-02T10:00")), [Ends::At(at("2027-04-01T10:00"))]);
    assert_eq!(ends(&only(&policy, &given, "2027-04-01T10:00")), []);

    given.push(no_show("2027-05-03T10:00"));
    let third = only(&policy, &given, "2030-01-01T10:00");
    assert_eq!((ends(&third), &third.in_force[0].offences), (vec![Ends::Never], &vec![0, 1, 2]));
    // What is excused counts for nothing, and neither does what has not happened yet.
    given[1].excused = true;
    assert_eq!(only(&policy, &given, "2030-01-01T10:00").count, 2);
    assert_eq!(only(&policy, &given, "2027-04-01T10:00").count, 1);
}

#[test]
fn points_go_by_how_late() {
    let bands = vec![Band::new(72, 1).unwrap(), Band::new(24, 2).unwrap()];
    let ladder = Ladder::points(bands, Some(5), None, vec![step(5, keep(Lasting::RestOfTerm))]).unwrap();
    let policy = policy(CountingTime::Term, ladder);
    let check = |given: &[Offence], count: u32, expect: &[Ends]| {
        let found = only(&policy, given, "2027-03-20T10:00");
        assert_eq!((found.count, ends(&found).as_slice()), (count, expect), "{given:?}");
    };
    let rest = [Ends::At(at("2027-05-15T00:00"))];
    // 72 hours before is on time by this rule, a second later is not; so with 24.
    check(&[late("2027-03-04T10:00", "2027-03-01T10:00")], 0, &[]);
    check(&[late("2027-03-04T10:00", "2027-03-01T10:00:01")], 1, &[]);
    check(&[late("2027-03-04T10:00", "2027-03-03T10:00")], 1, &[]);
    check(&[late("2027-03-04T10:00", "2027-03-03T10:00:01")], 2, &[]);
    check(&[no_show("2027-03-04T10:00")], 5, &rest);
    let two = late("2027-03-04T10:00", "2027-03-04T09:00");
    check(&[two.clone(), two.clone()], 4, &[]);
    check(&[two.clone(), two.clone(), late("2027-03-12T10:00", "2027-03-10T10:00")], 5, &rest);
    // Those of the fall do not count in the spring.
    check(&[late("2026-12-03T10:00", "2026-12-03T09:00"), two.clone(), two], 4, &[]);
}

#[test]
fn what_counts_together() {
    let warn = || vec![step(2, Action::Warning)];
    let check = |counted: CountingTime, now: &str, expect: u32| {
        let given = ["2026-12-10T10:00", "2026-12-29T10:00", "2027-02-01T10:00"].map(no_show);
        assert_eq!(only(&offences(counted, warn()), &given, now).count, expect, "{counted:?} {now}");
    };
    check(CountingTime::Term, "2026-12-18T10:00", 1);
    // The break counts with the spring.
    check(CountingTime::Term, "2027-01-04T10:00", 1);
    check(CountingTime::Term, "2027-03-01T10:00", 2);
    check(CountingTime::AcademicYear, "2027-03-01T10:00", 3);
    check(CountingTime::AcademicYear, "2027-06-01T10:00", 0);
    check(CountingTime::ForEver, "2036-06-01T10:00", 3);
    let days = CountingTime::rolling_days(60).unwrap();
    check(days, "2027-02-01T10:00", 2 + 1);
    check(days, "2027-02-08T09:59:59", 3);
    check(days, "2027-02-08T10:00", 2);
}

#[test]
fn what_a_term_does_not_hold_is_for_the_office() {
    let policy = offences(CountingTime::Term, vec![step(1, keep(Lasting::RestOfTerm))]);
    let in_break = only(&policy, &[no_show("2027-01-04T10:00")], "2027-01-05T10:00");
    assert_eq!(ends(&in_break), [Ends::At(at("2027-05-15T00:00"))]);
    let after_all = only(&policy, &[no_show("2028-02-01T10:00")], "2028-02-02T10:00");
    assert_eq!((after_all.count, ends(&after_all)), (1, vec![Ends::Undetermined]));
}

#[test]
fn a_block_outlasts_the_count() {
    let days = CalendarSpan::new(60, CalendarUnit::Days).unwrap();
    let policy = offences(CountingTime::Term, vec![step(1, keep(Lasting::For(days)))]);
    // Sixty days from 14 December.
    let spring = only(&policy, &[no_show("2026-12-14T10:00")], "2027-02-01T10:00");
    assert_eq!((spring.count, ends(&spring)), (0, vec![Ends::At(at("2027-02-12T10:00"))]));
    assert_eq!(ends(&only(&policy, &[no_show("2026-12-14T10:00")], "2027-02-12T10:00")), []);
}

#[test]
fn three_without_a_letter_move_the_next_up_a_tier() {
    let tier = |action, escalation: Option<(i64, bool)>| Tier {
        steps: vec![step(1, action)],
        escalation: escalation.map(|(k, without)| Escalation::new(k, without).unwrap()),
    };
    let tiers = vec![
        tier(letter(BlockedWhile::Never), Some((3, true))),
        tier(Action::other("apology").unwrap(), Some((2, false))),
        tier(Action::CaseByCase, None),
    ];
    let policy = policy(CountingTime::ForEver, Ladder::tiers(vec![LATE, NO_SHOW], tiers).unwrap());
    let day = |n: usize| format!("2027-02-{n:02}T10:00");
    let last_action = |tiers: &[(u8, bool)]| {
        let offence = |(index, &(tier, handed)): (usize, &(u8, bool))| Offence {
            tier: Some(tier),
            handed_in: handed.then(|| at(&day(index + 1))),
            ..no_show(&day(index + 1))
        };
        let given: Vec<Offence> = tiers.iter().enumerate().map(offence).collect();
        let found = only(&policy, &given, "2027-02-28T10:00");
        let last = at(&day(tiers.len()));
        let led = |force: &&InForce| force.since == last || force.offences.contains(&(tiers.len() - 1));
        found.in_force.iter().rfind(led).map(|force| force.action.clone())
    };
    let none = (1, false);
    assert_eq!(last_action(&[none, none, none]), Some(letter(BlockedWhile::Never)));
    assert_eq!(last_action(&[none, none, none, none]), Some(Action::other("apology").unwrap()));
    assert_eq!(last_action(&[(1, true), none, none, none]), Some(letter(BlockedWhile::Never)));
    // Those that were moved up count as tier 2.
    assert_eq!(last_action(&[none, none, none, none, none, (2, false)]), Some(Action::CaseByCase));
    assert_eq!(last_action(&[(2, false), (2, true), (2, false)]), Some(Action::CaseByCase));
    assert_eq!(last_action(&[(9, false)]), Some(Action::CaseByCase));
}

#[test]
fn who_is_blocked_may_not_book_these() {
    let policy = offences(
        CountingTime::ForEver,
        vec![step(1, Action::Warning), step(2, letter(BlockedWhile::OnceOverdue)), step(3, keep(Lasting::ForGood))],
    );
    let check = |count: usize, now: &str, tags: &[&str], expect: bool| {
        let given = vec![no_show("2027-02-01T10:00"); count];
        let standing = standing(&policy, &given, &office(), at(now));
        let blocked = standing.blocks(&policy, Some(EventKind::Workshop), tags).is_some();
        assert_eq!(blocked, expect, "{count} {now}");
    };
    check(0, "2027-02-02T10:00", &["interview"], false);
    check(1, "2027-02-02T10:00", &["interview"], false);
    check(2, "2027-02-08T23:59:59", &["interview"], false);
    check(2, "2027-02-09T00:00", &["interview"], true);
    check(3, "2027-02-02T10:00", &["interview"], true);
    check(3, "2027-02-02T10:00", &[], false);
}

#[test]
fn what_another_version_brings_is_left_to_it() {
    let term = |step: Step| offences(CountingTime::ForEver, vec![step]);
    let (mild, strict) = (term(step(2, Action::Warning)), term(step(2, keep(Lasting::ForGood))));
    // The first two were booked under the mild version, the third under the strict one.
    let given = ["2027-02-01T10:00", "2027-02-02T10:00", "2027-02-03T10:00"].map(no_show);
    let look = |policy: &Policy, brings: &dyn Fn(usize) -> bool, given: &[Offence]| {
        standing_of(policy, given, brings, &office(), at("2027-02-04T10:00")).rules.remove(0)
    };
    let before = look(&strict, &|place| place > 1, &given[..2]);
    assert_eq!((before.count, ends(&before)), (2, vec![]), "the strict version judges none of its own yet");
    assert_eq!(ends(&look(&mild, &|place| place < 2, &given)), [Ends::Noted]);
    let after = look(&strict, &|place| place > 1, &given);
    assert_eq!((after.count, ends(&after)), (3, vec![Ends::Never]), "those of before count with it");
    assert_eq!(after.in_force[0].offences, [0, 1, 2]);
}

#[test]
fn what_the_office_may_do_blocks_nobody_by_itself() {
    let steps = vec![Step::new(1, true, vec![keep(Lasting::ForGood)]).unwrap()];
    let policy = offences(CountingTime::ForEver, steps);
    let standing = standing(&policy, &[no_show("2027-02-01T10:00")], &office(), at("2027-02-02T10:00"));
    assert_eq!(standing.blocks(&policy, None, &["interview"]), None);
    assert_eq!(standing.rules[0].in_force.len(), 1);
}

#[test]
fn each_fee_is_owed_and_the_same_block_is_one() {
    let fee = Action::Fee(Money::new("50.00", "USD").unwrap());
    let both = Step::new(1, false, vec![fee, keep(Lasting::RestOfTerm)]).unwrap();
    let given = [no_show("2027-02-01T10:00"), no_show("2027-02-02T10:00")];
    let found = only(&offences(CountingTime::ForEver, vec![both]), &given, "2027-02-03T10:00");
    let rest = Ends::At(at("2027-05-15T00:00"));
    assert_eq!(ends(&found), [Ends::Noted, rest, Ends::Noted]);
    assert_eq!(found.in_force[1].offences, [0, 1]);
}

#[test]
fn a_student_reads_where_they_stand() {
    let policy =
        offences(CountingTime::Term, vec![step(1, letter(BlockedWhile::UntilIn)), step(2, keep(Lasting::RestOfTerm))]);
    let consequences = policy.rules()[0].consequences().unwrap();
    let read = |given: &[Offence]| explain::standing(&only(&policy, given, "2027-02-10T10:00"), consequences, zone());
    let period = "in a term (a break counts with the term after it)";
    assert_eq!(read(&[]), [format!("Nothing counts against you {period}.")]);
    let given = [no_show("2027-02-01T10:00"), no_show("2027-02-02T10:00")];
    assert_eq!(
        read(&given),
        [
            format!("Two offences count against you {period}."),
            "You owe a letter of apology (copy to the office), due the end of Monday 8 February 2027 \
             (America/New_York), and cannot book until that is done."
                .to_owned(),
            "You cannot book these until Saturday 15 May 2027, 00:00 (America/New_York).".to_owned(),
        ]
    );
    assert_eq!(
        explain::rule(&policy.rules()[0]),
        [
            format!("What counts {period}: cancelling late and not coming."),
            "From the first offence on: you owe a letter of apology (copy to the office) within five business days, \
             and cannot book until that is done."
                .to_owned(),
            "From the second offence on: you cannot book these for the rest of the term.".to_owned(),
        ]
    );
}

proptest! {
    /// The order in which offences are given makes no difference; the count is that of a plain filter.
    #[test]
    fn the_count_is_that_of_the_definition(days in prop::collection::vec((0_i64..500, any::<bool>()), 0..14), now in 0_i64..500, rolling in 1_i64..200) {
        let instant = |day: i64| at("2026-09-01T10:00").plus(chrono::TimeDelta::days(day));
        let offence = |&(day, excused): &(i64, bool)| Offence { start: instant(day), at: instant(day), excused, ..no_show("2027-02-01T10:00") };
        let given: Vec<Offence> = days.iter().map(offence).collect();
        let mut reversed = given.clone();
        reversed.reverse();
        let steps = || vec![step(2, keep(Lasting::ForGood))];
        for counted in [CountingTime::rolling_days(rolling).unwrap(), CountingTime::Term, CountingTime::ForEver] {
            let policy = offences(counted, steps());
            let found = standing(&policy, &given, &office(), instant(now)).rules.remove(0);
            let turned = standing(&policy, &reversed, &office(), instant(now)).rules.remove(0);
            prop_assert_eq!((found.count, ends(&found)), (turned.count, ends(&turned)));
            let together = |one: Instant, two: Instant| match counted {
                CountingTime::Term => office().counting_term(one.wall(zone()).date()) == office().counting_term(two.wall(zone()).date()),
                CountingTime::RollingDays(n) => (one.unix() - two.unix()) < i64::from(n) * 86_400,
                CountingTime::AcademicYear | CountingTime::ForEver => true,
            };
            let counts = |at: Instant| given.iter().filter(|o| !o.excused && o.at <= at && together(at, o.at)).count();
            prop_assert_eq!(found.count as usize, counts(instant(now)));
            // For good as soon as at some offence two stood together.
            let blocked = given.iter().any(|o| !o.excused && o.at <= instant(now) && counts(o.at) >= 2);
            prop_assert_eq!(!found.in_force.is_empty(), blocked);
        }
    }
}
