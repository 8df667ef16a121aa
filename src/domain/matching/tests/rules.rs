//! Eligibility and score, as tables.

use super::super::{
    campus_request::{Kind, Mode},
    eligibility::{Exclusion, Failed, Past, Prospect, Rule, Terrain, check, is_eligible},
    score::{PartName, fit, score},
    travel::Venue,
};
use super::{campus, commitment, need, prospect, skill, window};
use crate::domain::people::{
    place::Position,
    volunteer::{Caps, InPerson, Level, Standing},
};

fn terrain() -> Terrain {
    Terrain { campus: Some(campus()), ..Terrain::default() }
}

#[test]
fn who_meets_every_rule_is_eligible() {
    let (need, who) = (need(|_| {}), prospect(|_| {}));
    assert_eq!(check(&need, &who, &terrain()), []);
    assert!(is_eligible(&need, &who, &terrain()));
}

#[test]
fn each_rule_fails_by_name_and_says_by_what() {
    let need = need(|_| {});
    let check = |who: Prospect, expect: &[(Rule, &str)]| {
        let failed = check(&need, &who, &terrain());
        let failed: Vec<(Rule, &str)> = failed.iter().map(|Failed { rule, detail }| (*rule, detail.as_str())).collect();
        assert_eq!(failed, expect);
        assert!(!is_eligible(&need, &who, &terrain()));
    };
    let with = |change: fn(&mut Prospect)| {
        let mut who = prospect(|_| {});
        change(&mut who);
        who
    };
    check(with(|w| w.standing = None), &[(Rule::NotApprovedHere, "Has not applied at this campus.")]);
    check(
        with(|w| w.standing = Some(Standing::Paused)),
        &[(Rule::NotApprovedHere, "Is paused at this campus, not approved.")],
    );
    check(prospect(|p| p.kinds = vec![Kind::JobFair]), &[(Rule::KindNotAccepted, "Does not take on mock interviews.")]);
    check(
        prospect(|p| p.languages = vec!["fr".to_owned(), "de".to_owned()]),
        &[(Rule::LanguageMissing, "Speaks de, fr; it is held in en.")],
    );
    check(prospect(|p| p.skills.clear()), &[(Rule::SkillMissing, "Lacks interviewing (practised).")]);
    check(
        prospect(|p| p.skills = vec![skill("interviewing", Level::Foundation)]),
        &[(Rule::SkillMissing, "Has interviewing at foundation; practised is required.")],
    );
    check(prospect(|p| p.in_person = None), &[(Rule::ModeNotOffered, "Does not come in person.")]);
    let home = Position::new(40.037, -76.728).unwrap();
    check(
        prospect(|p| p.in_person = Some(InPerson { home, travel_km: 10 })),
        &[(Rule::TooFar, "Travels up to 10 km; it is 10.0 km away.")],
    );
    check(
        prospect(|p| p.caps.per_week = 0),
        &[(Rule::CapReached, "Takes 0 in a week and has 0 in that of 22 February 2027.")],
    );
    check(
        with(|w| w.exclusions = vec![Exclusion { need: None, reason: "Asked us to wait.".to_owned() }]),
        &[(Rule::Excluded, "Is excluded: Asked us to wait.")],
    );
}

#[test]
fn hours_outside_those_given_are_named_on_the_volunteers_clock() {
    let need = need(|b| b.when = window(3, 17, 2));
    let failed = check(&need, &prospect(|_| {}), &terrain());
    let detail = "Has given no hours for Thursday 25 February 2027, 18:00 (America/New_York).";
    assert_eq!(failed, [Failed { rule: Rule::Unavailable, detail: detail.to_owned() }]);
}

#[test]
fn an_engagement_clashes_with_its_way_and_keeps_another_campuses_secret() {
    let need = need(|_| {});
    let here = Venue::At(Some(campus()));
    let across = Venue::At(Some(Position::new(40.197, -76.728).unwrap()));
    let check = |day: i64, from: u32, venue: Venue, title: Option<&str>, expect: Option<&str>| {
        let mut who = prospect(|_| {});
        who.commitments = vec![commitment(window(day, from, 1), venue, title)];
        let failed = check(&need, &who, &terrain());
        assert_eq!(failed.first().map(|f| (f.rule, f.detail.as_str())), expect.map(|d| (Rule::Clash, d)));
        assert_eq!(failed.is_empty(), is_eligible(&need, &who, &terrain()));
    };
    check(3, 11, here, None, None);
    check(3, 14, here, None, None);
    check(3, 13, here, None, Some("Is engaged elsewhere at that time."));
    check(3, 11, Venue::Virtual, None, Some("Is engaged elsewhere at that time."));
    let said = "Is engaged in \u{201c}Career fair\u{201d}, Thursday 25 February 2027, 11:00 to 12:00 (America/New_York); \
                no time is left between, travel included.";
    check(3, 11, across, Some("Career fair"), Some(said));
    check(3, 10, across, Some("Career fair"), None);
}

#[test]
fn caps_count_by_the_volunteers_own_calendar() {
    let need = need(|_| {});
    let cap = |days: &[i64], per_week: u8, per_month: u8| {
        let mut who = prospect(|p| p.caps = Caps { per_week, per_month });
        who.commitments =
            days.iter().map(|&day| commitment(window(day, 9, 1), Venue::At(Some(campus())), None)).collect();
        let failed = check(&need, &who, &terrain()).into_iter().map(|f| (f.rule, f.detail)).collect::<Vec<_>>();
        assert!(failed.iter().all(|(rule, _)| *rule == Rule::CapReached));
        failed.into_iter().map(|(_, detail)| detail).collect::<Vec<_>>()
    };
    let week = "Takes 2 in a week and has 2 in that of 22 February 2027.";
    let month = "Takes 2 in a month and has 2 in February 2027.";
    assert_eq!(cap(&[0, 4], 2, 9), [week]);
    // Sunday before and Monday after are other weeks; Monday 1 March is another month too.
    assert_eq!(cap(&[-1, 7], 1, 9), [""; 0]);
    assert_eq!(cap(&[-1, -8, 7], 5, 2), [month]);
    assert_eq!(cap(&[0, 4], 2, 2), [week, month]);
}

#[test]
fn what_passed_before_keeps_away_from_that_need_alone() {
    let (asked, other) = (need(|_| {}), need(|_| {}));
    let check = |past: Past, rule: Rule| {
        let mut who = prospect(|_| {});
        who.past = vec![(asked.id, past)];
        assert_eq!(check(&asked, &who, &terrain()).iter().map(|f| f.rule).collect::<Vec<_>>(), [rule]);
        assert_eq!(check(&other, &who, &terrain()), []);
    };
    check(Past::Asked, Rule::AlreadyAsked);
    check(Past::Assigned, Rule::AlreadyAssigned);
    check(Past::Declined, Rule::DeclinedBefore);
    check(Past::Unanswered, Rule::DeclinedBefore);
    check(Past::Released, Rule::DeclinedBefore);
    check(Past::Removed, Rule::DeclinedBefore);
}

#[test]
fn all_failed_rules_are_named_together() {
    let need = need(|b| b.mode = Mode::Virtual);
    let mut who = prospect(|p| {
        p.kinds.clear();
        p.skills.clear();
    });
    who.standing = Some(Standing::Applied);
    let rules: Vec<Rule> = check(&need, &who, &terrain()).iter().map(|f| f.rule).collect();
    assert_eq!(rules, [Rule::NotApprovedHere, Rule::KindNotAccepted, Rule::ModeNotOffered, Rule::SkillMissing]);
}

#[test]
fn a_need_without_a_position_takes_place_on_its_campus() {
    let need = need(|b| b.position = None);
    let home = Position::new(41.0, -76.728).unwrap();
    let who = prospect(|p| p.in_person = Some(InPerson { home, travel_km: 40 }));
    assert_eq!(check(&need, &who, &terrain()).iter().map(|f| f.rule).collect::<Vec<_>>(), [Rule::TooFar]);
    assert_eq!(check(&need, &who, &Terrain::default()), []);
}

#[test]
fn a_score_shows_its_parts() {
    let need = need(|_| {});
    let mut who = prospect(|_| {});
    who.commitments = vec![commitment(window(0, 9, 1), Venue::At(Some(campus())), None)];
    let score = score(&need, &who, &terrain());
    let parts: Vec<(PartName, u16, u16)> = score.parts.iter().map(|p| (p.name, p.points, p.max)).collect();
    assert_eq!(
        parts,
        [
            (PartName::RequiredSkills, 350, 350),
            (PartName::PreferredSkills, 100, 200),
            (PartName::Distance, 150, 200),
            (PartName::Load, 75, 150),
            (PartName::Credentials, 50, 100),
        ]
    );
    assert_eq!(score.total, parts.iter().map(|p| p.1).sum::<u16>());
    assert_eq!(score.total, fit(&need, &who, &terrain()));
    assert_eq!(PartName::ALL.iter().map(|name| name.most()).sum::<u16>(), 1000);
    assert_eq!(
        score.reasons(),
        [
            "Required: interviewing at expert (practised required).",
            "10.0 km from home, travels up to 40.",
            "Of what is preferred has accounting; lacks nursing.",
            "Has 1 of 2 engagements in that week and 1 of 3 in that month.",
            "Holds CPRW.",
        ]
    );
}

#[test]
fn who_is_nearer_and_better_scores_higher() {
    let need = need(|_| {});
    let usual = fit(&need, &prospect(|_| {}), &terrain());
    let nearer = prospect(|p| p.in_person = Some(InPerson { home: campus(), travel_km: 40 }));
    let weaker = prospect(|p| p.skills = vec![skill("interviewing", Level::Practised)]);
    assert!(fit(&need, &nearer, &terrain()) > usual);
    assert!(fit(&need, &weaker, &terrain()) < usual);
}
