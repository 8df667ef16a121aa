//! Every published rule about time or consequence, as `tests/programmes/policies.json` has it. The sources print no worked
//! examples; the expected instants here are computed by hand, on a calendar of ours with Monday 1 March 2027 a holiday.

use chrono::{NaiveDateTime, TimeDelta};
use serde::Deserialize;

use super::{PolicyDocument, calendar};
use crate::domain::{
    scheduling::{
        office_calendar::OfficeCalendar,
        policy::{
            Policy,
            booking::{BookingVerdict, LeadTime, Refund},
            cancel_until,
            cancelling::{CancelVerdict, judge_cancel},
            consequences::{Action, OffenceKind, Requirement, Restriction},
            cutoff::Channel,
            explain,
            ladder::Ladder,
            standing::{Ends, Offence, standing},
        },
    },
    time::{Fold, Instant, LocalWindow, Zone},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Programme {
    id: String,
    institution: String,
    source_url: String,
    document: PolicyDocument,
    chosen: Vec<String>,
    not_expressed: Vec<String>,
}

fn programmes() -> Vec<Programme> {
    let text = include_str!("../../../../tests/programmes/policies.json");
    serde_json::from_str(text).unwrap()
}

fn read(id: &str) -> Policy {
    programmes().iter().find(|programme| programme.id == id).unwrap().document.read().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .unwrap()
}

struct Office(OfficeCalendar);

impl Office {
    fn of(zone: &str) -> Self {
        Self(calendar(zone))
    }

    fn zone(&self) -> Zone {
        self.0.zone()
    }

    fn at(&self, text: &str) -> Instant {
        self.zone().at(wall(text), Some(Fold::Earlier)).unwrap()
    }

    fn start(&self, text: &str) -> LocalWindow {
        let starts = wall(text);
        LocalWindow::new(starts, starts + TimeDelta::hours(1), self.zone(), Some(Fold::Earlier)).unwrap()
    }
}

const EAST: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const WEST: &str = "America/Los_Angeles";

#[test]
fn every_published_policy_is_read_explained_and_kept_as_it_was() {
    let all = programmes();
    assert_eq!(all.len(), 27);
    let office = Office::of(EAST);
    for programme in &all {
        let policy = programme.document.read().unwrap_or_else(|fault| panic!("{}: {fault}", programme.id));
        policy.fits(&office.0).unwrap_or_else(|fault| panic!("{}: {fault}", programme.id));
        for rule in policy.rules() {
            let said = explain::rule(rule);
            assert!(
                !said.is_empty() && said.iter().all(|line| line.ends_with('.') && !line.contains("  ")),
                "{said:?}"
            );
        }
        assert!(policy.lead_times().iter().map(explain::lead_time).all(|line| line.ends_with('.')));
        let again: PolicyDocument = serde_json::from_str(&serde_json::to_string(&programme.document).unwrap()).unwrap();
        assert_eq!(again, programme.document);
        let told = programme.chosen.iter().chain(&programme.not_expressed).chain([&programme.institution]);
        assert!(told.into_iter().all(|text| !text.is_empty()) && programme.source_url.starts_with("http"));
    }
    let mut ids: Vec<&str> = all.iter().map(|programme| programme.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
}

#[test]
fn published_cut_offs_by_hand() {
    let check = |id: &str, tags: &[&str], zone: &str, channel: Channel, starts: &str, expect: Option<&str>| {
        let (policy, office) = (read(id), Office::of(zone));
        let kind = tags.is_empty().then(|| "mock_interviews".parse().unwrap());
        let rule = policy.rule_for(kind, tags).unwrap();
        let found = cancel_until(rule, &office.0, office.start(starts), channel).map(|at| at.wall(office.zone()));
        assert_eq!(found, expect.map(wall), "{id} {starts}");
    };
    let (online, phone, email) = (Channel::Online, Channel::Phone, Channel::Email);
    let interview: &[&str] = &["employer_interview"];
    // 1. One hour before an appointment.
    check("usf-no-show-guidelines", &["appointment"], EAST, online, "2027-03-04T10:00", Some("2027-03-04T09:00"));
    // 2. 24 hours before anything else, over the night the clocks jump (02:00 to 03:00 on 14 March).
    check("usf-no-show-guidelines", interview, EAST, online, "2027-03-14T10:00", Some("2027-03-13T09:00"));
    // 3. 48 hours, over the night they go back (02:00 to 01:00 on 7 November).
    check("usc-spur-no-show", &["job_shadow"], EAST, online, "2027-11-08T09:00", Some("2027-11-06T10:00"));
    // 4, 5, 6. One business day before, by phone until 17:00 and by e-mail until 23:59, over a weekend and a holiday.
    check("berkeley-interviews-old", interview, WEST, phone, "2027-03-08T10:00", Some("2027-03-05T17:00"));
    check("berkeley-interviews-old", interview, WEST, email, "2027-03-08T10:00", Some("2027-03-05T23:59"));
    check("berkeley-interviews-old", interview, WEST, phone, "2027-03-02T10:00", Some("2027-02-26T17:00"));
    check("berkeley-interviews-old", interview, WEST, online, "2027-03-08T10:00", None);
    // 7. 24 hours, on a Sunday too.
    check("berkeley-interviews-new", &["coffee_chat"], WEST, online, "2027-03-08T10:00", Some("2027-03-07T10:00"));
    // 8. 72 hours, where the points begin.
    check("cbu-points", interview, CENTRAL, online, "2027-03-04T09:00", Some("2027-03-01T09:00"));
    // 9. Three days before is wall time, whatever the clocks do; 02:30 on 14 March is skipped.
    check("uark-tiers", &["fair"], CENTRAL, online, "2027-03-16T10:00", Some("2027-03-13T10:00"));
    check("uark-tiers", &["fair"], CENTRAL, online, "2027-03-17T02:30", Some("2027-03-14T03:00"));
    // 10 to 13.
    check("ohio-dominican", &["appointment"], EAST, online, "2027-03-02T13:30", Some("2027-03-01T13:30"));
    check("montana-state", interview, MOUNTAIN, online, "2027-03-10T13:00", Some("2027-03-08T13:00"));
    check("ole-miss", interview, CENTRAL, online, "2027-03-15T08:00", Some("2027-03-13T07:00"));
    check("evansville", interview, CENTRAL, online, "2027-02-26T15:15", Some("2027-02-24T15:15"));
    // 14, 15. 24 hours for practice, 48 for employers.
    check("nova-southeastern", &[], EAST, online, "2027-03-04T11:00", Some("2027-03-03T11:00"));
    check("nova-southeastern", interview, EAST, online, "2027-03-04T11:00", Some("2027-03-02T11:00"));
    // 16. One week before, in writing.
    check("st-ambrose-fair", &["employer_at_fair"], CENTRAL, email, "2027-03-04T09:00", Some("2027-02-25T23:59:59"));
    check("st-ambrose-fair", &["employer_at_fair"], CENTRAL, phone, "2027-03-04T09:00", None);
    // 17.
    check("brooklyn-mentors", &["mentor_meeting"], EAST, online, "2027-03-14T14:00", Some("2027-03-13T13:00"));
    // Where nothing is published about cancelling, until the start.
    check("ou", interview, CENTRAL, online, "2027-03-04T09:00", Some("2027-03-04T09:00"));
}

#[test]
fn published_lead_times_by_hand() {
    let check = |id: &str, audience: &str, zone: &str, starts: &str, expect: &str| {
        let (policy, office) = (read(id), Office::of(zone));
        let lead = policy.lead_times().iter().find(|lead| lead.audience() == audience).unwrap();
        let found = LeadTime::until(lead).instant(&office.0, office.start(starts), Channel::Online);
        assert_eq!(found.map(|at| at.wall(office.zone())), Some(wall(expect)), "{id} {audience}");
    };
    check("gwu-info-sessions", "information session", EAST, "2027-03-04T10:00", "2027-02-18T10:00");
    // A month before the 31st is the last of February.
    check("byui-guest-speakers", "classroom", MOUNTAIN, "2027-03-31T10:00", "2027-02-28T23:59:59");
    check("byui-guest-speakers", "campus-wide", MOUNTAIN, "2027-03-04T10:00", "2026-09-04T23:59:59");
    check("nsu-law-rooms", "law school", EAST, "2027-03-08T18:00", "2027-02-26T23:59:59");
    check("nsu-law-rooms", "main campus", EAST, "2027-03-08T18:00", "2027-02-19T23:59:59");
    check("nsu-law-rooms", "off campus, no payment", EAST, "2027-03-08T18:00", "2027-02-26T23:59:59");
    check("nsu-law-rooms", "off campus with deposit", EAST, "2027-03-08T18:00", "2027-01-22T23:59:59");
    let virtual_fair = "turning a fair in person into a virtual one";
    check("handshake-virtual-fairs", virtual_fair, EAST, "2027-03-04T10:00", "2027-02-11T23:59:59");
}

fn offences(rule: &str, office: &Office, given: &[(OffenceKind, &str, &str)]) -> Vec<Offence> {
    let offence = |&(kind, start, at): &(OffenceKind, &str, &str)| Offence {
        rule: rule.to_owned(),
        kind,
        start: office.at(start),
        at: office.at(at),
        tier: None,
        handed_in: None,
        excused: false,
    };
    given.iter().map(offence).collect()
}

#[test]
fn published_consequences_by_hand() {
    let (late, no_show) = (OffenceKind::LateCancellation, OffenceKind::NoShow);
    let check = |id: &str, given: &[(OffenceKind, &str, &str)], now: &str, count: u32, expect: &[(Action, Ends)]| {
        let (policy, office) = (read(id), Office::of(CENTRAL));
        let rule = policy.rules().iter().find(|rule| rule.consequences().is_some()).unwrap().key().to_owned();
        let found = standing(&policy, &offences(&rule, &office, given), &office.0, office.at(now));
        let found = found.rules.iter().find(|standing| standing.rule == rule).unwrap();
        let in_force: Vec<_> = found.in_force.iter().map(|force| (force.action.clone(), force.ends)).collect();
        assert_eq!((found.count, in_force.as_slice()), (count, expect), "{id} {given:?}");
    };
    let ends = |text: &str| Ends::At(Office::of(CENTRAL).at(text));
    let rule_actions = |id: &str, step: usize| {
        let policy = read(id);
        let steps: Vec<_> = policy
            .rules()
            .iter()
            .filter_map(|rule| rule.consequences())
            .flat_map(|consequences| match &consequences.ladder {
                Ladder::Offences { steps, .. } | Ladder::Points { steps, .. } => steps.clone(),
                Ladder::Tiers { tiers, .. } => tiers.iter().flat_map(|tier| tier.steps.clone()).collect(),
            })
            .collect();
        steps[step].actions().to_vec()
    };
    let missed = |date: &'static str| (no_show, date, date);
    let (one, two, three) = ("2027-02-01T10:00", "2027-02-08T10:00", "2027-02-15T10:00");
    // Points: 60 hours before is one, 20 hours before two; five end the semester on 14 May.
    let cancelled = [(late, one, "2027-01-29T22:00"), (late, two, "2027-02-07T14:00")];
    check("cbu-points", &cancelled, three, 3, &[]);
    let rest = rule_actions("cbu-points", 0)[0].clone();
    let third = [cancelled[0], cancelled[1], (late, three, "2027-02-15T09:00")];
    check("cbu-points", &third, three, 5, &[(rest.clone(), ends("2027-05-15T00:00"))]);
    check("cbu-points", &[missed(one)], two, 5, &[(rest, ends("2027-05-15T00:00"))]);
    // The third missed appointment leaves drop-in help for the semester.
    check("usf-no-show-guidelines", &[missed(one), missed(two)], three, 2, &[]);
    let drop_in = rule_actions("usf-no-show-guidelines", 0)[0].clone();
    assert!(matches!(drop_in, Action::Restrict { from: Restriction::DropInOnly, .. }));
    let thrice = [missed(one), missed(two), missed(three)];
    check("usf-no-show-guidelines", &thrice, three, 3, &[(drop_in, ends("2027-05-15T00:00"))]);
    // Letter, one month, for good. The first letter is never written.
    let [letter, month, good] = [0, 1, 2].map(|step| rule_actions("montana-state", step)[0].clone());
    let first = (letter, Ends::WhenHandedIn);
    check("montana-state", &[missed(one)], one, 1, std::slice::from_ref(&first));
    let second = [missed(one), missed(two)];
    check("montana-state", &second, "2027-03-08T09:59", 2, &[first.clone(), (month, ends("2027-03-08T10:00"))]);
    check("montana-state", &second, "2027-03-08T10:00", 2, std::slice::from_ref(&first));
    check("montana-state", &thrice, "2030-01-01T10:00", 3, &[first, (good, Ends::Never)]);
    // The rest of the academic year at the second.
    let shadow = rule_actions("usc-spur-no-show", 1)[0].clone();
    let apology = rule_actions("usc-spur-no-show", 0)[0].clone();
    let expect = [(apology, Ends::WhenHandedIn), (shadow, ends("2027-05-15T00:00"))];
    check("usc-spur-no-show", &second, three, 2, &expect);
    // 50 USD each time, which stands as long as it counts.
    let fee = rule_actions("uis-fair", 0)[0].clone();
    check("uis-fair", &[missed(one)], two, 1, &[(fee, Ends::Noted)]);
}

#[test]
fn three_letters_not_written_move_the_fourth_up() {
    let (policy, office) = (read("uark-tiers"), Office::of(CENTRAL));
    let starts = ["2027-02-01T10:00", "2027-02-08T10:00", "2027-02-15T10:00", "2027-02-22T10:00"];
    let given = starts.map(|at| (OffenceKind::NoShow, at, at));
    let mut given = offences("events", &office, &given);
    let asked = |given: &[Offence]| {
        let found = standing(&policy, given, &office.0, office.at("2027-02-23T10:00"));
        let force = found.rules[0].in_force.iter().rfind(|force| force.since == office.at(starts[3])).cloned();
        force.map(|force| force.action)
    };
    assert!(matches!(asked(&given), Some(Action::Other(_))), "tier 2 asks for the letter to employers and more");
    given[0].handed_in = Some(office.at("2027-02-03T10:00"));
    let Some(Action::HandIn { what, .. }) = asked(&given) else { panic!("tier 1 asks for a letter") };
    assert_eq!(what, [Requirement::ExplanationLetter]);
}

#[test]
fn cancelling_on_the_day_is_a_no_show() {
    let (policy, office) = (read("montana-state"), Office::of(MOUNTAIN));
    let rule = policy.rule_for(None, &["employer_interview"]).unwrap();
    let check = |now: &str, expect: CancelVerdict| {
        let start = office.start("2027-03-10T13:00");
        assert_eq!(judge_cancel(rule, &office.0, start, Channel::Phone, office.at(now)), expect, "{now}");
    };
    check("2027-03-08T13:00", CancelVerdict::OnTime);
    check("2027-03-08T13:00:01", CancelVerdict::Late);
    check("2027-03-09T23:59:59", CancelVerdict::Late);
    check("2027-03-10T00:00", CancelVerdict::LateAsNoShow);
}

#[test]
fn published_refunds_and_openings_by_hand() {
    let check = |id: &str, zone: &str, now: &str, percent: Option<u16>, less: Option<&str>| {
        let (policy, office) = (read(id), Office::of(zone));
        let payment = policy.rules()[0].payment().unwrap();
        let found = payment.refund(&office.0, office.start("2027-03-31T09:00"), office.at(now));
        assert_eq!(found.map(Refund::percent), percent, "{id} {now}");
        assert_eq!(found.and_then(Refund::less).map(ToString::to_string).as_deref(), less, "{id} {now}");
    };
    check("osu-tulsa-fair", CENTRAL, "2027-03-01T23:00", Some(100), None);
    check("osu-tulsa-fair", CENTRAL, "2027-03-02T00:00", Some(50), None);
    check("osu-tulsa-fair", CENTRAL, "2027-03-21T10:00", Some(50), None);
    check("osu-tulsa-fair", CENTRAL, "2027-03-22T10:00", Some(0), None);
    check("carleton-ca-fairs", "America/Toronto", "2027-03-17T10:00", Some(100), Some("50.00 CAD"));
    check("carleton-ca-fairs", "America/Toronto", "2027-03-18T10:00", Some(0), None);

    let (policy, office) = (read("careerfairplus-virtual-fairs"), Office::of(EAST));
    let booking = policy.rules()[0].booking().unwrap();
    let judge = |now: &str| booking.judge(&office.0, office.start("2027-03-04T10:00"), Channel::Online, office.at(now));
    assert_eq!(judge("2027-02-18T09:59"), BookingVerdict::NotYet(office.at("2027-02-18T10:00")));
    assert_eq!(judge("2027-02-18T10:00"), BookingVerdict::Open);
    assert_eq!(judge("2027-03-04T09:01"), BookingVerdict::Closed);
}
