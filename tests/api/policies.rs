//! When a career office works and what it asks of those who book: set, refused, versioned, and read in words. The
//! published programmes are those of `tests/programmes/policies.json`; the calendar they are set against is chosen.

use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    an_office_says_when_it_works,
    a_calendar_that_cannot_be_is_pointed_at,
    every_published_policy_goes_through_the_door_and_comes_back,
    a_policy_that_contradicts_itself_is_pointed_at,
    a_policy_and_the_calendar_must_fit,
    versions_are_numbered_without_gap_or_clash
);

fn calendar_path(world: &World) -> String {
    format!("/v1/campuses/{}/office-calendar", world.campus_id())
}

fn policies_path(world: &World) -> String {
    format!("/v1/campuses/{}/policies", world.campus_id())
}

async fn set_calendar(world: &World, seen: &str, calendar: &Value) -> Response {
    world.coordinator().request("PUT", &calendar_path(world)).header("If-Match", seen).json(calendar).send().await
}

async fn post_policy(world: &World, document: &Value) -> Response {
    world.coordinator().post(&policies_path(world), json!({ "document": document })).await
}

/// Monday to Friday, nine to five, with a holiday, and two terms in one academic year.
fn calendar() -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let days = days.map(|day| json!({ "day": day, "hours": [{ "from": "09:00", "until": "17:00" }] }));
    json!({
        "working_days": days,
        "holidays": [{ "name": "Founders' Day", "first": "2027-03-03" }],
        "terms": [
            { "name": "Fall", "academic_year": "2026-27", "first": "2026-08-24", "last": "2026-12-11" },
            { "name": "Spring", "academic_year": "2026-27", "first": "2027-01-11", "last": "2027-05-07" },
        ],
    })
}

fn hours_before(hours: u32, late: &str) -> Value {
    json!({ "rules": [{ "key": "events", "cancel": { "until": { "kind": "hours_before", "hours": hours }, "late": late } }] })
}

/// The same without what says no more than its absence.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let said = members.iter().map(|(name, value)| (name.clone(), bare(value)));
            let empty = |value: &Value| value.is_null() || *value == json!(false) || *value == json!([]);
            Value::Object(said.filter(|(_, value)| !empty(value)).collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

async fn an_office_says_when_it_works(world: &World) {
    let nobody = world.nobody();
    let usual = nobody.get(&calendar_path(world)).await.expect(200);
    assert_eq!((&usual.json["is_default"], &usual.json["updated_at"]), (&json!(true), &Value::Null));
    let days: Vec<_> = usual.json["calendar"]["working_days"].as_array().unwrap().iter().map(|d| &d["day"]).collect();
    assert_eq!(days, ["monday", "tuesday", "wednesday", "thursday", "friday"]);
    assert_eq!(usual.etag(), "\"1\"");

    let path = calendar_path(world);
    let coordinator = world.coordinator();
    coordinator.request("PUT", &path).json(&calendar()).send().await.refused(428, "precondition_required");
    set_calendar(world, "\"7\"", &calendar()).await.refused(412, "stale");
    let set = set_calendar(world, &usual.etag(), &calendar()).await.expect(200);
    assert_eq!((&set.json["is_default"], set.etag().as_str()), (&json!(false), "\"2\""));
    assert_eq!(set.json["time_zone"], "America/New_York");
    assert_eq!(nobody.get(&path).await.expect(200).json["calendar"], calendar());
    assert_eq!(set_calendar(world, "*", &calendar()).await.expect(200).etag(), "\"2\"", "the same changes nothing");
    set_calendar(world, "\"1\"", &calendar()).await.refused(412, "stale");
    let mut other = calendar();
    other["holidays"] = json!([]);
    assert_eq!(set_calendar(world, "\"2\"", &other).await.expect(200).etag(), "\"3\"");

    let id = world.campus_id().parse().unwrap();
    let day = |date: &str| {
        let date = date.parse().unwrap();
        world.app.read(move |tx| rostrum::service::office_calendars::day(tx, id, date))
    };
    assert!(day("2027-03-03").await.unwrap().works, "the holiday is gone");
    set_calendar(world, "*", &calendar()).await.expect(200);
    let holiday = day("2027-03-03").await.unwrap();
    assert_eq!((holiday.works, holiday.holiday.as_deref()), (false, Some("Founders' Day")));
    assert!(day("2027-03-04").await.unwrap().works);
    let sunday = day("2027-03-07").await.unwrap();
    assert_eq!((sunday.works, sunday.holiday), (false, None));
}

async fn a_calendar_that_cannot_be_is_pointed_at(world: &World) {
    let check = async |name: &str, value: Value, pointer: &str, code: &str| {
        let mut wrong = calendar();
        wrong[name] = value;
        set_calendar(world, "*", &wrong).await.refused(422, "invalid_fields").points_at(pointer, code);
    };
    check("working_days", json!([]), "/working_days", "required").await;
    check("working_days", json!([{ "day": "someday" }]), "/working_days/0/day", "unknown_value").await;
    let twice = json!([{ "day": "monday" }, { "day": "monday" }]);
    check("working_days", twice, "/working_days/1/day", "repeated").await;
    let no_date = json!([{ "name": "Leap", "first": "2027-02-29" }]);
    check("holidays", no_date, "/holidays/0/first", "not_a_date").await;
    let back = json!([{ "name": "Break", "first": "2027-02-20", "last": "2027-02-19" }]);
    check("holidays", back, "/holidays/0/last", "reversed").await;
    let terms = json!([
        { "name": "One", "academic_year": "2027", "first": "2027-01-11", "last": "2027-05-07" },
        { "name": "Two", "academic_year": "2027", "first": "2027-05-07", "last": "2027-06-07" },
    ]);
    check("terms", terms, "/terms/1/first", "overlaps").await;
    check("closed", json!([]), "/closed", "unknown_field").await;
    let stands = world.nobody().get(&calendar_path(world)).await.expect(200);
    assert_eq!(stands.json["is_default"], true, "nothing half done");
}

async fn every_published_policy_goes_through_the_door_and_comes_back(world: &World) {
    set_calendar(world, "*", &calendar()).await.expect(200);
    let programmes: Vec<Value> = serde_json::from_str(include_str!("../programmes/policies.json")).unwrap();
    assert_eq!(programmes.len(), 27);
    for (index, programme) in programmes.iter().enumerate() {
        let (name, document) = (&programme["id"], &programme["document"]);
        let made = post_policy(world, document).await.expect(201);
        assert_eq!(made.json["version"], index + 1, "{name}");
        assert_eq!(made.header("location"), Some(format!("/v1/policies/{}", made.id()).as_str()));
        let read = world.nobody().get(&format!("/v1/policies/{}", made.id())).await.expect(200);
        assert_eq!(read.json, made.json, "{name}");
        assert_eq!(bare(&read.json["document"]), bare(document), "{name}");
        let keys = |rules: &Value, key: &str| -> Vec<Value> {
            rules.as_array().into_iter().flatten().map(|rule| rule[key].clone()).collect()
        };
        assert_eq!(keys(&read.json["rules_in_words"], "rule"), keys(&document["rules"], "key"), "{name}");
        for rule in read.json["rules_in_words"].as_array().unwrap() {
            assert!(!rule["says"].as_array().unwrap().is_empty(), "{name} says nothing of {}", rule["rule"]);
        }
        let leads = document["lead_times"].as_array().map_or(0, Vec::len);
        assert_eq!(read.json["lead_times_in_words"].as_array().unwrap().len(), leads, "{name}");
    }
    let mut listed = Vec::new();
    let mut next = Some(format!("{}?limit=10", policies_path(world)));
    while let Some(path) = next {
        let page = world.nobody().get(&path).await.expect(200);
        listed.extend(page.json["items"].as_array().unwrap().clone());
        next = page.json["next"].as_str().map(str::to_owned);
    }
    let versions: Vec<_> = listed.iter().map(|line| line["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=27).rev().collect::<Vec<_>>(), "newest first, each once");
    let in_force: Vec<_> = listed.iter().filter(|line| line["in_force"] == true).map(|line| &line["version"]).collect();
    assert_eq!(in_force, [27]);
}

async fn a_policy_that_contradicts_itself_is_pointed_at(world: &World) {
    let check = async |document: Value, pointer: &str, code: &str| {
        post_policy(world, &document).await.refused(422, "invalid_fields").points_at(pointer, code);
    };
    check(json!({}), "/document/rules", "required").await;
    check(hours_before(0, "allowed"), "/document/rules/0/cancel/until/hours", "out_of_range").await;
    check(hours_before(24, "perhaps"), "/document/rules/0/cancel/late", "unknown_value").await;
    let mut never = hours_before(24, "refused");
    never["rules"][0]["cancel"]["no_show_after"] = json!({ "kind": "hours_before", "hours": 2 });
    check(never.clone(), "/document/rules/0/cancel/no_show_after", "unreachable").await;
    never["rules"][0]["cancel"]["late"] = json!("allowed");
    never["rules"][0]["cancel"]["no_show_after"]["hours"] = json!(48);
    check(never, "/document/rules/0/cancel/no_show_after", "reversed").await;
    let mut twice = hours_before(24, "allowed");
    let again = twice["rules"][0].clone();
    twice["rules"].as_array_mut().unwrap().push(again);
    check(twice.clone(), "/document/rules/1/key", "repeated").await;
    twice["rules"][1]["key"] = json!("others");
    check(twice, "/document/rules/1/applies_to", "overlaps").await;
    let body = json!({ "document": hours_before(24, "allowed"), "from": "2027-01-01" });
    let unknown = world.coordinator().post(&policies_path(world), body).await;
    unknown.refused(422, "invalid_fields").points_at("/from", "unknown_field");
    let list = world.nobody().get(&policies_path(world)).await.expect(200);
    assert_eq!(list.json["items"], json!([]), "nothing half done");
    world.nobody().get("/v1/policies/01a19a60-8d00-7c20-8b5a-df32844e5021").await.refused(404, "not_found");
}

async fn a_policy_and_the_calendar_must_fit(world: &World) {
    let mut in_hours = hours_before(24, "allowed");
    in_hours["rules"][0]["cancel"]["until"]["office_hours_only"] = json!(true);
    let refused = post_policy(world, &in_hours).await.refused(422, "invalid_fields");
    refused.points_at("/document/rules/0/cancel/until/office_hours_only", "no_office_hours");
    let mut by_term = hours_before(24, "allowed");
    by_term["rules"][0]["booking"] = json!({ "limits": [{ "at_most": 2, "per": "term" }] });
    let refused = post_policy(world, &by_term).await.refused(422, "invalid_fields");
    refused.points_at("/document/rules/0/booking/limits", "no_terms");

    set_calendar(world, "*", &calendar()).await.expect(200);
    post_policy(world, &in_hours).await.expect(201);
    post_policy(world, &by_term).await.expect(201);
    let mut without = calendar();
    without["terms"] = json!([]);
    let refused =
        set_calendar(world, "*", &without).await.refused(422, "invalid_fields").points_at("/terms", "no_terms");
    assert!(refused.text().contains("version 2 of the policy, at rules/0/booking/limits"), "{}", refused.text());
    post_policy(world, &hours_before(24, "refused")).await.expect(201);
    set_calendar(world, "*", &without).await.expect(200);
}

/// Ten at once: every number from 1 to 10 stands once, and exactly one version is in force, the newest.
async fn versions_are_numbered_without_gap_or_clash(world: &World) {
    let document = hours_before(24, "allowed");
    let posts = (0..10).map(|_| post_policy(world, &document));
    let mut versions: Vec<u64> = Vec::new();
    for made in futures_util::future::join_all(posts).await {
        versions.push(made.expect(201).json["version"].as_u64().unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=10).collect::<Vec<_>>());
    let list = world.nobody().get(&policies_path(world)).await.expect(200);
    let in_force: Vec<_> =
        list.json["items"].as_array().unwrap().iter().filter(|line| line["in_force"] == true).collect();
    assert_eq!((in_force.len(), &in_force[0]["version"]), (1, &json!(10)));

    let path = policies_path(world);
    let send = async |document: &Value| {
        let request = world.coordinator().request("POST", &path).key("once");
        request.json(&json!({ "document": document })).send().await
    };
    let first = send(&document).await.expect(201);
    let again = send(&document).await.expect(201);
    assert_eq!((again.id(), again.header("idempotent-replayed")), (first.id(), Some("true")));
    send(&hours_before(48, "allowed")).await.refused(422, "idempotency_key_reused");
}
