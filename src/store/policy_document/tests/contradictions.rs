//! What contradicts itself is refused, by the path of the field and the rule.

use super::{OfficeCalendarDocument, PolicyDocument, calendar, policy};
use crate::domain::time::Zone;

/// Refused by this field and this rule.
fn check(text: &str, field: &str, code: &str) {
    let fault = policy(text).read().expect_err(text);
    assert_eq!((fault.field.as_str(), fault.code), (field, code), "{text}: {fault}");
}

/// A policy of one rule with this part.
fn part(part: &str, field: &str, code: &str) {
    check(&format!(r#"{{ "rules": [{{ "key": "a", {part} }}] }}"#), &format!("rules/0/{field}"), code);
}

/// A rule with this ladder.
fn ladder(ladder: &str, field: &str, code: &str) {
    let text = format!(r#""consequences": {{ "counted": {{ "kind": "term" }}, "ladder": {ladder} }}"#);
    part(&text, &format!("consequences/ladder/{field}"), code);
}

fn warn(at: i64) -> String {
    format!(r#"{{ "at": {at}, "actions": [{{ "kind": "warning" }}] }}"#)
}

#[test]
fn an_empty_or_endless_policy() {
    check("{}", "rules", "required");
    check(r#"{ "rules": [{ "key": "a" }] }"#, "rules/0", "required");
    let many = vec![r#"{ "key": "a", "arrival": { "early_minutes": 5 } }"#; 51].join(",");
    check(&format!(r#"{{ "rules": [{many}] }}"#), "rules", "too_many");
}

#[test]
fn cut_offs() {
    let until = |until: &str, field: &str, code: &str| {
        part(
            &format!(r#""cancel": {{ "until": {until}, "late": "allowed" }}"#),
            &format!("cancel/until/{field}"),
            code,
        );
    };
    until(r#"{ "kind": "hours_before", "hours": -2 }"#, "hours", "after_start");
    until(r#"{ "kind": "hours_before", "hours": 0 }"#, "hours", "out_of_range");
    until(r#"{ "kind": "hours_before", "hours": 2161 }"#, "hours", "out_of_range");
    until(r#"{ "kind": "hours_before", "hours": 65560 }"#, "hours", "out_of_range");
    until(r#"{ "kind": "calendar_before", "count": 2, "unit": "years" }"#, "unit", "unknown_value");
    until(r#"{ "kind": "calendar_before", "count": 2, "unit": "days", "at": "24:00" }"#, "at", "not_a_time");
    until(r#"{ "kind": "calendar_before", "count": 2, "unit": "days", "at": "9:00" }"#, "at", "not_a_time");
    until(r#"{ "kind": "business_day_before", "days": 61 }"#, "days", "out_of_range");
    until(r#"{ "kind": "clear_business_days", "days": -1 }"#, "days", "after_start");
    until(
        r#"{ "kind": "business_day_before", "days": 1, "at_by_channel": { "fax": "17:00" } }"#,
        "at_by_channel",
        "unknown_value",
    );
    until(
        r#"{ "kind": "business_day_before", "days": 1, "at_by_channel": { "phone": "5 pm" } }"#,
        "at_by_channel/phone",
        "not_a_time",
    );
    until(r#"{ "kind": "on_the_day", "at": "end_of_day" }"#, "at", "after_start");
}

#[test]
fn cancelling() {
    let cancel = |rest: &str, field: &str, code: &str| {
        let text = format!(r#""cancel": {{ "until": {{ "kind": "hours_before", "hours": 48 }}, {rest} }}"#);
        part(&text, &format!("cancel/{field}"), code);
    };
    cancel(r#""late": "maybe""#, "late", "unknown_value");
    let no_show = r#""no_show_after": { "kind": "calendar_before", "count": 5, "unit": "days" }"#;
    cancel(&format!(r#""late": "allowed", {no_show}"#), "no_show_after", "reversed");
    cancel(&format!(r#""late": "refused", {no_show}"#), "no_show_after", "unreachable");
    cancel(r#""late": "allowed", "channels": ["phone", "phone"]"#, "channels/1", "repeated");
    cancel(r#""late": "allowed", "channels": ["fax"]"#, "channels/0", "unknown_value");
}

#[test]
fn booking_and_arriving() {
    part(r#""booking": {}"#, "booking", "required");
    part(r#""booking": { "limits": [{ "at_most": 0, "per": "term" }] }"#, "booking/limits/0/at_most", "out_of_range");
    let twice = r#""booking": { "limits": [{ "at_most": 1, "per": "term" }, { "at_most": 2, "per": "term" }] }"#;
    part(twice, "booking/limits/1/per", "repeated");
    let reversed = r#""booking": { "opens": { "kind": "calendar_before", "count": 7, "unit": "days" },
        "closes": { "kind": "calendar_before", "count": 2, "unit": "weeks" } }"#;
    part(reversed, "booking/opens", "reversed");
    let same = r#""booking": { "opens": { "kind": "hours_before", "hours": 9 },
        "closes": { "kind": "hours_before", "hours": 9 } }"#;
    part(same, "booking/opens", "reversed");
    part(r#""booking": { "opens": { "kind": "any_time_before_start" } }"#, "booking/opens", "unreachable");
    part(r#""arrival": {}"#, "arrival", "required");
    part(r#""arrival": { "late_minutes": 10 }"#, "arrival/then", "required");
    part(r#""arrival": { "early_minutes": 0 }"#, "arrival/early_minutes", "out_of_range");
}

#[test]
fn steps_and_what_follows() {
    let offences = |steps: &str| format!(r#"{{ "kind": "offences", "counts": ["no_show"], "steps": [{steps}] }}"#);
    ladder(&offences(""), "steps", "required");
    ladder(&offences(&warn(0)), "steps/0/at", "out_of_range");
    ladder(&offences(&[warn(2), warn(1)].join(",")), "steps/1/at", "out_of_order");
    ladder(&offences(&[warn(2), warn(2)].join(",")), "steps/1/at", "out_of_order");
    ladder(&offences(&(1..=21).map(warn).collect::<Vec<_>>().join(",")), "steps", "too_many");
    ladder(&offences(r#"{ "at": 1, "actions": [] }"#), "steps/0/actions", "required");
    let action = |action: &str, field: &str, code: &str| {
        let step = format!(r#"{{ "at": 1, "actions": [{{ "kind": "warning" }}, {action}] }}"#);
        ladder(&offences(&step), &format!("steps/0/actions/{field}"), code);
    };
    action(r#"{ "kind": "warning" }"#, "1", "repeated");
    action(r#"{ "kind": "hand_in", "what": [], "blocked": "never" }"#, "1/what", "required");
    action(r#"{ "kind": "hand_in", "what": ["essay"], "blocked": "never" }"#, "1/what/0", "unknown_value");
    action(r#"{ "kind": "hand_in", "what": ["proof"], "blocked": "once_overdue" }"#, "1/blocked", "unreachable");
    let both =
        r#"{ "kind": "hand_in", "what": ["proof"], "within": { "hours": 1, "business_days": 1 }, "blocked": "never" }"#;
    action(both, "1/within/business_days", "repeated");
    let days = r#"{ "kind": "restrict", "from": "blocked", "lasting": { "kind": "for", "count": 0, "unit": "days" } }"#;
    action(days, "1/lasting/count", "out_of_range");
    action(r#"{ "kind": "fee", "fee": { "amount": "0.00", "currency": "USD" } }"#, "1/fee/amount", "out_of_range");
    action(r#"{ "kind": "fee", "fee": { "amount": "-5", "currency": "USD" } }"#, "1/fee/amount", "out_of_range");
    action(r#"{ "kind": "fee", "fee": { "amount": "5", "currency": "usd" } }"#, "1/fee/currency", "unknown_value");
    action(r#"{ "kind": "notify", "whom": " " }"#, "1/whom", "required");
}

#[test]
fn points_and_tiers() {
    let points = |bands: &str, rest: &str| {
        format!(r#"{{ "kind": "points", "bands": [{bands}], {rest} "steps": [{}] }}"#, warn(5))
    };
    let band = |hours: i64, points: i64| format!(r#"{{ "within_hours": {hours}, "points": {points} }}"#);
    ladder(&points("", ""), "steps", "unreachable");
    ladder(&points(&[band(24, 1), band(24, 2)].join(","), ""), "bands/1/within_hours", "overlaps");
    ladder(&points(&[band(24, 1), band(72, 2)].join(","), ""), "bands/1/within_hours", "out_of_order");
    ladder(&points(&[band(72, 2), band(24, 1)].join(","), ""), "bands/1/points", "out_of_order");
    ladder(&points(&band(24, 2), r#""no_show": 1,"#), "no_show", "out_of_order");
    let unreachable = |hours: i64, late: &str, field: &str| {
        let bands = points(&[band(72, 1), band(24, 2)].join(","), "");
        let text = format!(
            r#""cancel": {{ "until": {{ "kind": "hours_before", "hours": {hours} }}, "late": "{late}" }},
            "consequences": {{ "counted": {{ "kind": "term" }}, "ladder": {bands} }}"#
        );
        part(&text, field, "unreachable");
    };
    unreachable(24, "allowed", "consequences/ladder/bands/0/within_hours");
    unreachable(72, "refused", "consequences/ladder/bands");
    let tiers = |tiers: &str| format!(r#"{{ "kind": "tiers", "counts": ["no_show"], "tiers": [{tiers}] }}"#);
    ladder(&tiers(""), "tiers", "required");
    let last = format!(r#"{{ "steps": [{}], "escalation": {{ "offences": 2 }} }}"#, warn(1));
    ladder(&tiers(&last), "tiers/0/escalation", "unreachable");
    ladder(&tiers(&format!(r#"{{ "steps": [{}, {}] }}"#, warn(1), warn(1))), "tiers/0/steps/1/at", "out_of_order");
}

#[test]
fn paying_and_lead_times() {
    part(r#""payment": {}"#, "payment", "required");
    let refunds = |bands: &str, field: &str, code: &str| {
        part(&format!(r#""payment": {{ "refunds": [{bands}] }}"#), &format!("payment/refunds/{field}"), code);
    };
    let refund = |days: i64, percent: i64| {
        format!(r#"{{ "at_least": {{ "count": {days}, "unit": "days" }}, "percent": {percent} }}"#)
    };
    refunds(&[refund(10, 50), refund(30, 0)].join(","), "1/at_least", "out_of_order");
    refunds(&[refund(10, 50), refund(10, 0)].join(","), "1/at_least", "overlaps");
    refunds(&[refund(30, 50), refund(10, 60)].join(","), "1/percent", "out_of_order");
    refunds(&refund(30, 101), "0/percent", "out_of_range");
    refunds(r#"{ "percent": 0, "less": { "amount": "5", "currency": "USD" } }"#, "0/less", "unreachable");
    let lead = r#"{ "audience": "hall", "until": { "kind": "hours_before", "hours": 9 }, "shorter": "refused" }"#;
    check(&format!(r#"{{ "lead_times": [{lead}, {lead}] }}"#), "lead_times/1/audience", "repeated");
    let at_once = r#"{ "audience": "hall", "until": { "kind": "any_time_before_start" }, "shorter": "refused" }"#;
    check(&format!(r#"{{ "lead_times": [{at_once}] }}"#), "lead_times/0/until", "unreachable");
}

#[test]
fn two_rules_for_the_same_are_refused_and_the_most_specific_holds() {
    let rule = |key: &str, applies_to: &str| {
        format!(r#"{{ "key": "{key}", "applies_to": {applies_to}, "arrival": {{ "early_minutes": 5 }} }}"#)
    };
    let refused = |one: &str, two: &str, expect: Option<&str>| {
        let text = format!(r#"{{ "rules": [{}, {}] }}"#, rule("a", one), rule("b", two));
        let fault = policy(&text).read().err();
        assert_eq!(fault.as_ref().map(|fault| fault.field.as_str()), expect, "{text}");
    };
    refused("{}", "{}", Some("rules/1/applies_to"));
    refused(r#"{ "kinds": ["workshop", "podcast"] }"#, r#"{ "kinds": ["podcast"] }"#, Some("rules/1/applies_to"));
    refused(r#"{ "tags": ["x"] }"#, r#"{ "tags": ["y", "x"] }"#, Some("rules/1/applies_to"));
    refused(r#"{ "tags": ["x"] }"#, r#"{ "tags": ["y"] }"#, None);
    refused(r#"{ "kinds": ["podcast"] }"#, r#"{ "kinds": ["podcast"], "tags": ["x"] }"#, None);
    refused(r#"{ "kinds": ["picnic"] }"#, "{}", Some("rules/0/applies_to/kinds/0"));
    refused(r#"{ "tags": ["Not A Tag"] }"#, "{}", Some("rules/0/applies_to/tags/0"));

    let all = [
        rule("everything", "{}"),
        rule("workshops", r#"{ "kinds": ["workshop"] }"#),
        rule("x", r#"{ "tags": ["x"] }"#),
        rule("y", r#"{ "tags": ["y"] }"#),
        rule("x_workshops", r#"{ "kinds": ["workshop"], "tags": ["x"] }"#),
    ];
    let all = policy(&format!(r#"{{ "rules": [{}] }}"#, all.join(","))).read().unwrap();
    let check = |kind: Option<&str>, tags: &[&str], expect: &str| {
        let kind = kind.map(|kind| kind.parse().unwrap());
        assert_eq!(all.rule_for(kind, tags).map(|rule| rule.key().to_owned()).as_deref(), Some(expect));
    };
    check(Some("podcast"), &[], "everything");
    check(None, &["z"], "everything");
    check(Some("workshop"), &[], "workshops");
    check(Some("podcast"), &["y", "x"], "x");
    check(Some("workshop"), &["y"], "y");
    check(Some("workshop"), &["y", "x"], "x_workshops");
}

#[test]
fn a_policy_must_fit_the_offices_calendar() {
    let bare: OfficeCalendarDocument = serde_json::from_str(r#"{ "working_days": [{ "day": "monday" }] }"#).unwrap();
    let bare = bare.read(Zone::UTC).unwrap();
    let check = |text: &str, field: &str, code: &str| {
        let policy = policy(text).read().unwrap();
        let fault = policy.fits(&bare).expect_err(text);
        assert_eq!((fault.field.as_str(), fault.code), (field, code));
        assert_eq!(policy.fits(&calendar("UTC")), Ok(()));
    };
    check(
        r#"{ "rules": [{ "key": "a", "cancel": { "late": "refused",
            "until": { "kind": "hours_before", "hours": 24, "office_hours_only": true } } }] }"#,
        "rules/0/cancel/until/office_hours_only",
        "no_office_hours",
    );
    check(
        r#"{ "rules": [{ "key": "a", "booking": { "limits": [{ "at_most": 1, "per": "academic_year" }] } }] }"#,
        "rules/0/booking/limits",
        "no_terms",
    );
    check(
        r#"{ "rules": [{ "key": "a", "consequences": { "counted": { "kind": "for_ever" }, "ladder": {
            "kind": "offences", "counts": ["no_show"], "steps": [{ "at": 1, "actions": [
            { "kind": "restrict", "from": "blocked", "lasting": { "kind": "rest_of_term" } }] }] } } }] }"#,
        "rules/0/consequences/ladder",
        "no_terms",
    );
}

#[test]
fn a_calendar_is_refused_by_path_too() {
    let check = |text: &str, field: &str, code: &str| {
        let document: OfficeCalendarDocument = serde_json::from_str(text).unwrap();
        let fault = document.read(Zone::UTC).expect_err(text);
        assert_eq!((fault.field.as_str(), fault.code), (field, code), "{text}");
    };
    check(r#"{ "working_days": [] }"#, "working_days", "required");
    check(r#"{ "working_days": [{ "day": "Mon" }] }"#, "working_days/0/day", "unknown_value");
    check(
        r#"{ "working_days": [{ "day": "monday", "hours": [{ "from": "17:00", "until": "08:00" }] }] }"#,
        "working_days/0/hours/0/until",
        "reversed",
    );
    let monday = r#""working_days": [{ "day": "monday" }]"#;
    let holidays = |date: &str| format!(r#"{{ {monday}, "holidays": [{{ "name": "Day", "first": "{date}" }}] }}"#);
    check(&holidays("2027-02-29"), "holidays/0/first", "not_a_date");
    check(&holidays("27-02-01"), "holidays/0/first", "not_a_date");
    check(&holidays("+2027-2-1"), "holidays/0/first", "not_a_date");
    let terms = r#""terms": [{ "name": "T", "academic_year": "Y", "first": "2027-02-01", "last": "2027-01-01" }]"#;
    check(&format!("{{ {monday}, {terms} }}"), "terms/0/last", "reversed");
}

#[test]
fn unknown_fields_are_refused() {
    for text in [
        r#"{ "rule": [] }"#,
        r#"{ "rules": [{ "key": "a", "cancle": {} }] }"#,
        r#"{ "rules": [{ "key": "a", "cancel": { "late": "allowed", "until": { "kind": "any_time_before_start", "hours": 1 } } }] }"#,
        r#"{ "rules": [{ "key": "a", "cancel": { "late": "allowed", "until": { "kind": "hours_after", "hours": 1 } } }] }"#,
        r#"{ "rules": [{ "key": "a", "consequences": { "counted": { "kind": "term", "days": 3 },
            "ladder": { "kind": "offences", "counts": [], "steps": [] } } }] }"#,
    ] {
        assert!(serde_json::from_str::<PolicyDocument>(text).is_err(), "{text}");
    }
}
