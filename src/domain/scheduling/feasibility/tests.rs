//! What a preview must say, on needs as they were published.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    scheduling::grid::{
        Pattern, expand,
        tests::{grid, in_turn, session, table, tables},
    },
    time::LocalWindow,
};
use FindingKind as K;
use Severity::{Blocking, Note, Warning};

fn range(min: u32, max: u32) -> Range {
    Range::new(min, max).unwrap()
}

fn demand(students: Students) -> Demand {
    Demand { in_total: None, per_session: None, students, interviews: range(1, 1) }
}

fn brief(preview: &Preview) -> Vec<(Severity, FindingKind, Option<usize>, u32, Option<u32>)> {
    preview.findings.iter().map(|f| (f.severity, f.kind, f.session, f.short, f.volunteers)).collect()
}

/// Nossal High School: 5 and 8 volunteers came of 10 to 12, 18 ten-minute places each, at least 200 students. How many
/// tables there are was not published, so everybody has one.
fn nossal() -> Supply {
    let zone = "Australia/Melbourne";
    let days = [
        (session("Thursday", zone, "2022-03-31", "10:00", "13:00"), 5),
        (session("Friday", zone, "2022-04-01", "09:00", "12:00"), 8),
    ];
    let of = |(day, known): (_, u32)| {
        let day: crate::domain::scheduling::grid::Session = day;
        let made = expand(&grid(vec![day.clone()], in_turn(10, 0, 0), tables(1))).unwrap();
        let places = u32::try_from(made.slots.len()).unwrap();
        let (name, when): (String, LocalWindow) = (day.name, day.when);
        SessionSupply {
            name,
            when,
            known,
            places: Places::AnyTable(TableSupply { seats: 1, places }),
            rounds: Some(places),
        }
    };
    Supply { sessions: days.into_iter().map(of).collect(), people: None }
}

/// As published: the 10 to 12 are for the two days together.
#[test]
fn nossal_suffices_in_total_and_says_what_is_thin() {
    let wanted = Demand { in_total: Some(range(10, 12)), ..demand(Students::InTotal(200)) };
    let preview = preview(&wanted, &nossal());
    assert!(preview.feasible);
    assert_eq!((preview.volunteers, preview.places), (13, 234));
    assert_eq!(
        brief(&preview),
        [
            (Warning, K::MinimumTooSmall, None, 20, Some(2)),
            (Note, K::UnevenlySpread, Some(0), 10, Some(1)),
            (Note, K::AboveMaximum, None, 1, None),
        ]
    );
    assert_eq!(
        preview.findings[0].sentence,
        "The minimum of 10 volunteers makes at most 180 places; 200 are needed: it takes 12."
    );
    assert_eq!(
        preview.findings[1].sentence,
        "\u{201c}Thursday\u{201d}, Thursday 31 March 2022, 10:00 to 13:00 (Australia/Melbourne), would, evenly spread, \
         expect 100 students, who need 100 places, and has 90, although 234 in total suffice: 10 are missing, which 1 \
         volunteer more closes."
    );
}

/// The other reading: each day needs 10 to 12.
#[test]
fn nossal_read_by_the_day_is_short_on_both_days() {
    let wanted = Demand { per_session: Some(range(10, 12)), ..demand(Students::InTotal(200)) };
    let preview = preview(&wanted, &nossal());
    assert!(!preview.feasible);
    assert_eq!(
        brief(&preview),
        [
            (Blocking, K::VolunteersInSession, Some(0), 5, Some(5)),
            (Blocking, K::VolunteersInSession, Some(1), 2, Some(2)),
            (Note, K::UnevenlySpread, Some(0), 10, Some(1)),
        ]
    );
    assert_eq!(
        preview.findings[0].sentence,
        "\u{201c}Thursday\u{201d}, Thursday 31 March 2022, 10:00 to 13:00 (Australia/Melbourne), has 5 of at least 10 \
         volunteers: 5 more are needed."
    );
}

#[test]
fn a_total_that_suffices_hides_no_session_that_does_not() {
    let both = Demand {
        in_total: Some(range(10, 14)),
        per_session: Some(range(6, 8)),
        ..demand(Students::PerSession(vec![100, 100]))
    };
    let preview = preview(&both, &nossal());
    assert!(!preview.feasible);
    assert_eq!(
        brief(&preview),
        [
            (Blocking, K::PlacesInSession, Some(0), 10, Some(1)),
            (Blocking, K::VolunteersInSession, Some(0), 1, Some(1)),
            (Note, K::BelowMaximum, None, 1, Some(1)),
        ]
    );
    assert!(preview.findings[0].sentence.contains("although 234 in total suffice: 10 are missing"));
    assert!(preview.findings[1].sentence.ends_with("1 more is needed, although 13 in total suffice."));
}

/// Penn State York: seven of ten professionals secured.
#[test]
fn york_lacks_three() {
    let sessions = vec![session("critiquing", "America/New_York", "2024-02-29", "12:00", "14:00")];
    let plan = grid(sessions, in_turn(15, 5, 0), tables(10));
    let supply = Supply::of_grid(&plan, &expand(&plan).unwrap(), &[7]);
    let preview = preview(&Demand { in_total: Some(range(10, 10)), ..demand(Students::InTotal(60)) }, &supply);
    assert_eq!((preview.feasible, preview.places), (false, 42));
    assert_eq!(
        brief(&preview),
        [(Blocking, K::PlacesInTotal, None, 18, Some(3)), (Blocking, K::VolunteersInTotal, None, 3, Some(3))]
    );
}

/// University of Wollongong: 56 alumni take both sessions; each of 56 students a session has eight interviews.
#[test]
fn wollongong_fits_to_the_last_place() {
    let (zone, date) = ("Australia/Sydney", "2027-09-09"); // chosen
    let sessions =
        vec![session("session 1", zone, date, "14:50", "16:10"), session("session 2", zone, date, "16:30", "17:50")];
    let plan = grid(sessions, Pattern::Bell { period_minutes: 10 }, tables(56));
    let supply = Supply { people: Some(56), ..Supply::of_grid(&plan, &expand(&plan).unwrap(), &[56, 56]) };
    let wanted = |students, interviews| Demand {
        in_total: Some(range(56, 56)),
        per_session: Some(range(56, 56)),
        students: Students::PerSession(vec![students, 56]),
        interviews,
    };
    let exact = preview(&wanted(56, range(8, 8)), &supply);
    assert_eq!((exact.feasible, exact.places, exact.findings.len()), (true, 896, 0));
    let one_more = preview(&wanted(57, range(8, 8)), &supply);
    assert_eq!(brief(&one_more), [(Blocking, K::PlacesInSession, Some(0), 8, None)], "all tables are taken");
    let nine = preview(&wanted(40, range(9, 9)), &supply);
    assert!(brief(&nine).contains(&(Blocking, K::RoundsTooFew, Some(0), 1, None)));
    let wish = preview(&wanted(56, range(7, 9)), &supply);
    assert_eq!((wish.feasible, brief(&wish)), (true, vec![(Note, K::FewerInterviews, None, 112, None)]));
}

#[test]
fn tables_with_two_interviewers_need_both() {
    let mut seats = tables(2);
    seats.push(crate::domain::scheduling::grid::Table { seats: 2, capacity: 5, ..table("Panel") });
    let plan = grid(vec![session("s", "UTC", "2027-04-12", "10:00", "12:00")], in_turn(20, 0, 0), seats);
    let with = |known| Supply::of_grid(&plan, &expand(&plan).unwrap(), &[known]);
    let check = |known: u32, places: u32, more: Option<u32>| {
        let preview = preview(&demand(Students::InTotal(36)), &with(known));
        assert_eq!((preview.places, preview.findings.first().and_then(|f| f.volunteers)), (places, more), "{known}");
    };
    check(0, 0, Some(3));
    check(1, 6, Some(2));
    check(2, 30, Some(1));
    check(3, 36, None);
    check(4, 42, None);
    let crowded = preview(&demand(Students::Unknown), &with(5));
    assert_eq!(brief(&crowded), [(Note, K::SeatsTooFew, Some(0), 1, None)]);
    let never = preview(&demand(Students::InTotal(43)), &with(0));
    assert_eq!(brief(&never), [(Blocking, K::PlacesInTotal, None, 43, None)]);
}

#[test]
fn a_talk_in_a_room_needs_no_volunteer_for_its_places() {
    let day = session("talk", "UTC", "2027-04-12", "10:00", "12:00");
    let talk = SessionSupply { name: day.name, when: day.when, known: 0, places: Places::Room(40), rounds: Some(1) };
    let supply = Supply { sessions: vec![talk], people: None };
    let of =
        |students| preview(&Demand { in_total: Some(range(1, 1)), ..demand(Students::InTotal(students)) }, &supply);
    assert_eq!(brief(&of(40)), [(Blocking, K::VolunteersInTotal, None, 1, Some(1))]);
    assert_eq!(of(41).findings.iter().filter(|f| f.volunteers.is_none()).count(), 2);
    let absent = preview(&demand(Students::PerSession(vec![10, 5])), &supply);
    assert_eq!(brief(&absent), [(Blocking, K::PlacesInTotal, None, 5, None)]);
}

proptest! {
    /// The volunteers that a finding asks for close it, and one fewer does not.
    #[test]
    fn as_many_more_as_are_said_close_it(
        known in prop::collection::vec(0..12_u32, 1..4), count in 1..12_usize, seats in 1..3_u16, students in 0..400_u32,
    ) {
        let each = TableSupply { seats, places: 6 };
        let day = session("s", "UTC", "2027-04-12", "10:00", "12:00");
        let of = |known: &u32| SessionSupply {
            name: day.name.clone(), when: day.when, known: *known, places: Places::Tables(vec![each; count]), rounds: None,
        };
        let supply = Supply { sessions: known.iter().map(of).collect(), people: None };
        let most = 6 * u32::try_from(count * known.len()).unwrap();
        let preview = preview(&demand(Students::InTotal(students)), &supply);
        prop_assert_eq!(preview.feasible, preview.places >= students);
        let Some(found) = preview.findings.iter().find(|f| f.kind == K::PlacesInTotal) else { return Ok(()) };
        prop_assert_eq!(found.volunteers.is_some(), students <= most);
        let Some(more) = found.volunteers else { return Ok(()) };
        // Every way to spread that many over the sessions.
        let best = |extra: u32| {
            let mut best = vec![0; usize::try_from(extra).unwrap() + 1];
            for session in &supply.sessions {
                for at in (0..best.len()).rev() {
                    best[at] = (0..=at).map(|here| {
                        best[at - here] + session.places.with(session.known + u32::try_from(here).unwrap())
                    }).max().unwrap();
                }
            }
            best[usize::try_from(extra).unwrap()]
        };
        prop_assert!(best(more) >= students);
        prop_assert!(more == 0 || best(more - 1) < students || seats > 1);
    }
}
