//! Volunteers come to a campus: a profile of one's own, an application, and what the office makes of it.

use futures_util::future::join_all;
use rostrum::domain::letter::LetterKind;
use serde_json::{Value, json};

use crate::support::arrange::profile_body;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World: new_hours_touch_no_seat, one_account_makes_one_profile, a_profile_belongs_to_its_owner, a_campus_takes_a_volunteer, an_exclusion_is_made_and_lifted);

/// An id that names nothing.
pub const NOBODYS: &str = "01890000-0000-7000-8000-000000000000";

/// What an answer says, but for the address and the id of the request.
pub fn said(answer: &Response) -> Value {
    let mut said = answer.json.clone();
    let members = said.as_object_mut().unwrap();
    members.remove("instance");
    members.remove("request_id");
    said
}

async fn one_account_makes_one_profile(world: &World) {
    let ada = world.person("Ada Example").await;
    let sorted = |answers: Vec<Response>| {
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        statuses
    };
    let body = profile_body("Ada Example", &json!({}));
    let made = join_all((0..6).map(|_| ada.post("/v1/volunteers", body.clone()))).await;
    assert_eq!(sorted(made), [201, 409, 409, 409, 409, 409]);
    let list = format!("/v1/campuses/{}/volunteers", world.campus_id());
    let applied = join_all((0..6).map(|_| ada.act(&list))).await;
    assert_eq!(sorted(applied), [201, 409, 409, 409, 409, 409]);
}

async fn a_profile_belongs_to_its_owner(world: &World) {
    let ada = world.person("Ada Example").await;
    let body = profile_body("  Ada Example ", &json!({ "languages": ["es", "en"], "in_person": null }));
    let created = ada.request("POST", "/v1/volunteers").json(&body).key("first").send().await.expect(201);
    assert_eq!(created.json["display_name"], "Ada Example");
    assert_eq!(created.json["languages"], json!(["en", "es"]));
    assert_eq!(created.json["in_person"], Value::Null);
    let path = format!("/v1/volunteers/{}", created.id());
    assert_eq!(created.header("Location"), Some(path.as_str()));

    let again = ada.request("POST", "/v1/volunteers").json(&body).key("first").send().await.expect(201);
    assert_eq!((again.id(), again.header("Idempotent-Replayed")), (created.id(), Some("true")));
    let _ = ada.post("/v1/volunteers", body.clone()).await.refused(409, "profile_exists");

    let read = ada.get(&path).await.expect(200);
    assert_eq!((read.etag(), &read.json), (created.etag(), &created.json));

    let change =
        json!({ "headline": "Coach", "time_zone": "Europe/Dublin", "caps": { "per_week": 1, "per_month": 2 } });
    let changed = ada.patch(&path, &read.etag(), change).await.expect(200);
    assert_eq!((&changed.json["headline"], &changed.json["revision"]), (&json!("Coach"), &json!(2)));
    assert_eq!(changed.json["availability"], read.json["availability"], "hours stay where they are on the wall");
    let _ = ada.patch(&path, &read.etag(), json!({ "headline": "No" })).await.refused(412, "stale");
    let _ = ada.request("PATCH", &path).json(&json!({})).send().await.refused(428, "precondition_required");
    let same = ada.patch(&path, &changed.etag(), json!({ "headline": "Coach" })).await.expect(200);
    assert_eq!(same.etag(), changed.etag(), "a change that changes nothing is none");

    let first = ada.act(&format!("{path}/feed-token")).await.expect(201).json["feed_url"].clone();
    let second = ada.act(&format!("{path}/feed-token")).await.expect(201).json["feed_url"].clone();
    assert_ne!(first, second);

    // For everybody else it is not there, until its owner asks their campus.
    let absent = said(&world.coordinator().get(&format!("/v1/volunteers/{NOBODYS}")).await.refused(404, "not_found"));
    let other = world.another_campus("Foreign College").await;
    for stranger in [world.coordinator(), world.requester(), &other.coordinator, &world.person("Bo Example").await] {
        assert_eq!(said(&stranger.get(&path).await.refused(404, "not_found")), absent);
        let _ = stranger.patch(&path, "\"2\"", json!({ "headline": "Mine" })).await.refused(404, "not_found");
        let _ = stranger.act(&format!("{path}/feed-token")).await.refused(404, "not_found");
    }
    let _ = world.nobody().get(&path).await.refused(401, "unauthenticated");
    let _ = ada.act(&format!("/v1/campuses/{}/volunteers", world.campus_id())).await.expect(201);
    let _ = world.coordinator().get(&path).await.expect(200);
    let _ = world.requester().get(&path).await.refused(404, "not_found");
    let _ = other.coordinator.get(&path).await.refused(404, "not_found");
    let _ = world.coordinator().patch(&path, "*", json!({ "headline": "Ours" })).await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_wrong_profile_is_pointed_at() {
    let world = World::open(crate::support::databases::Backend::Sqlite).await;
    let ada = world.person("Ada Example").await;
    let cases = [
        (json!({ "display_name": "Ada\r\nBcc: bo@example.edu" }), "/display_name", "control_character"),
        (json!({ "display_name": " " }), "/display_name", "required"),
        (json!({ "display_name": "x".repeat(121) }), "/display_name", "too_long"),
        (json!({ "headline": "x".repeat(201) }), "/headline", "too_long"),
        (json!({ "skills": [{ "name": "Coaching", "level": "master" }] }), "/skills/0/level", "unknown_value"),
        (json!({ "skills": [{ "name": "", "level": "expert" }] }), "/skills/0/name", "required"),
        (
            json!({ "skills": [{ "name": "A", "level": "expert" }, { "name": "a", "level": "expert" }] }),
            "/skills/1",
            "repeated",
        ),
        (json!({ "kinds": ["fair"] }), "/kinds/0", "unknown_value"),
        (json!({ "languages": ["english"] }), "/languages/0", "not_a_language"),
        (json!({ "languages": [] }), "/languages", "required"),
        (
            json!({ "in_person": { "home": { "lat": 91, "lon": 0 }, "travel_km": 5 } }),
            "/in_person/home/lat",
            "out_of_range",
        ),
        (
            json!({ "in_person": { "home": { "lat": 9, "lon": 0 }, "travel_km": -5 } }),
            "/in_person/travel_km",
            "out_of_range",
        ),
        (json!({ "caps": { "per_week": 101, "per_month": 101 } }), "/caps/per_week", "out_of_range"),
        (json!({ "caps": { "per_week": 1.5, "per_month": 9 } }), "/caps/per_week", "wrong_type"),
        (json!({ "time_zone": "Mars/Olympus" }), "/time_zone", "unknown_zone"),
        (json!({ "nickname": "A" }), "/nickname", "unknown_field"),
        (
            json!({ "availability": { "weekly": [{ "day": "friday", "from": "22:00", "until": "02:00" }], "exceptions": [] } }),
            "/availability/weekly/0/until",
            "reversed",
        ),
        (
            json!({ "availability": { "weekly": [], "exceptions": [{ "date": "2027-02-30", "available": true, "from": "08:00", "until": "09:00" }] } }),
            "/availability/exceptions/0/date",
            "invalid_format",
        ),
    ];
    for (change, pointer, code) in cases {
        let refused = ada.post("/v1/volunteers", profile_body("Ada Example", &change)).await;
        refused.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let created = ada.post("/v1/volunteers", profile_body("Ada Example", &json!({}))).await.expect(201);
    let path = format!("/v1/volunteers/{}", created.id());
    for (change, pointer, code) in [
        (json!({ "display_name": null }), "/display_name", "wrong_type"),
        (json!({ "skills": "all" }), "/skills", "wrong_type"),
        (json!({ "time_zone": "EST5EDT6" }), "/time_zone", "unknown_zone"),
    ] {
        ada.patch(&path, &created.etag(), change).await.refused(422, "invalid_fields").points_at(pointer, code);
    }
    assert_eq!(ada.get(&path).await.expect(200).json["revision"], 1, "a refusal changes nothing");
    world.close().await;
}

async fn a_campus_takes_a_volunteer(world: &World) {
    let ada = world.person("Ada Example").await;
    let list = format!("/v1/campuses/{}/volunteers", world.campus_id());
    let _ = ada.act(&list).await.refused(409, "no_volunteer_profile");
    let _ = ada.act(&format!("/v1/campuses/{NOBODYS}/volunteers")).await.refused(404, "not_found");
    let id = ada.post("/v1/volunteers", profile_body("Ada Example", &json!({}))).await.expect(201).id();
    let note = json!({ "note": "Glad to\r\nhelp." });
    let applied = ada.post(&list, note.clone()).await.expect(201);
    assert_eq!((&applied.json["state"], &applied.json["note"]), (&json!("applied"), &json!("Glad to\nhelp.")));
    let path = format!("{list}/{id}");
    assert_eq!(applied.header("Location"), Some(path.as_str()));
    assert_eq!(ada.post(&list, note).await.refused(409, "already_applied").status, 409);

    // The office decides; nobody else does.
    let _ = ada.get(&path).await.expect(200);
    for (who, status, code) in [(world.requester(), 403, "forbidden"), (&ada, 404, "not_found")] {
        let _ = who.act(&format!("{path}/approve")).await.refused(status, code);
        let _ = who.get(&list).await.refused(status, code);
    }
    let office = world.coordinator();
    let _ = office.act(&format!("{path}/resume")).await.refused(409, "wrong_state");
    let approved = office.act(&format!("{path}/approve")).await.expect(200);
    assert_eq!((&approved.json["state"], &approved.json["revision"]), (&json!("approved"), &json!(2)));
    let again = office.act(&format!("{path}/approve")).await.refused(409, "wrong_state");
    assert_eq!(again.json["state"], "approved");
    let letters = world.letters_to("ada.example@example.edu").await;
    assert_eq!(letters.iter().map(|letter| letter.kind).collect::<Vec<_>>(), [LetterKind::VolunteerApproved]);

    let _ = office.post(&format!("{path}/pause"), json!({ "reason": " " })).await.refused(422, "invalid_fields");
    let _ = office.act(&format!("{path}/pause")).await.refused(422, "invalid_fields");
    let paused = office.post(&format!("{path}/pause"), json!({ "reason": "On leave." })).await.expect(200);
    assert_eq!((&paused.json["state"], &paused.json["state_reason"]), (&json!("paused"), &json!("On leave.")));
    let resumed = office.act(&format!("{path}/resume")).await.expect(200);
    assert_eq!((&resumed.json["state"], &resumed.json["state_reason"]), (&json!("approved"), &Value::Null));
    let _ = office.post(&format!("{path}/suspend"), json!({ "reason": "Did not come." })).await.expect(200);
    assert_eq!(world.letters_to("ada.example@example.edu").await.len(), 1, "standing is told once");

    let bo = world.applicant_with("Bo Example", &json!({})).await;
    let all: Vec<Value> = office.all(&format!("{list}?limit=1")).await;
    let found: Vec<_> = all.iter().map(|one| (one["volunteer_id"].as_str().unwrap(), &one["state"])).collect();
    assert_eq!(found, [(id.as_str(), &json!("suspended")), (bo.id.as_str(), &json!("applied"))]);
    assert_eq!(office.all(&format!("{list}?state=applied")).await.len(), 1);
    let _ = office.get(&format!("{list}?state=tired")).await.refused(400, "invalid_parameter");
    let _ = office.get(&format!("{path}x")).await.refused(404, "not_found");
    let other = world.another_campus("Foreign College").await;
    let absent = said(&other.coordinator.get(&format!("/v1/campuses/{}/volunteers/{NOBODYS}", other.id)).await);
    assert_eq!(said(&other.coordinator.get(&path).await.refused(404, "not_found")), absent);
    let _ = other.coordinator.act(&format!("{path}/approve")).await.refused(404, "not_found");
}

async fn an_exclusion_is_made_and_lifted(world: &World) {
    let office = world.coordinator();
    let ada = world.volunteer("Ada Example").await;
    let need = world.draft(&json!({})).await;
    let list = format!("/v1/campuses/{}/exclusions", world.campus_id());
    let body = json!({ "volunteer_id": ada.id, "campus_request_id": need.id(), "reason": "A relative." });
    let one = office.post(&list, body.clone()).await.expect(201);
    assert_eq!((&one.json["display_name"], &one.json["revision"]), (&json!("Ada Example"), &json!(1)));
    let _ = office.post(&list, body).await.refused(409, "exclusion_exists");
    let whole = json!({ "volunteer_id": ada.id, "reason": "Asked for it." });
    let whole = office.post(&list, whole).await.expect(201);
    assert_eq!(office.all(&format!("{list}?limit=1")).await.len(), 2);

    let other = world.another_campus("Foreign College").await;
    let foreign = other.coordinator.post_need(&other.id, crate::support::arrange::need_body(&json!({}))).await;
    for (body, pointer, code) in [
        (json!({ "volunteer_id": NOBODYS, "reason": "?" }), "/volunteer_id", "unknown_reference"),
        (json!({ "volunteer_id": "7", "reason": "?" }), "/volunteer_id", "invalid_format"),
        (
            json!({ "volunteer_id": ada.id, "campus_request_id": foreign.id(), "reason": "?" }),
            "/campus_request_id",
            "unknown_reference",
        ),
        (json!({ "volunteer_id": ada.id, "reason": "" }), "/reason", "required"),
    ] {
        office.post(&list, body).await.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let path = format!("/v1/exclusions/{}", one.id());
    assert_eq!(office.get(&path).await.expect(200).json, one.json);
    let _ = world.requester().get(&path).await.refused(403, "forbidden");
    let _ = ada.get(&path).await.refused(404, "not_found");
    let _ = other.coordinator.delete(&path, "*").await.refused(404, "not_found");
    let _ = office.request("DELETE", &path).send().await.refused(428, "precondition_required");
    let _ = office.delete(&path, "\"7\"").await.refused(412, "stale");
    let _ = office.delete(&path, &one.etag()).await.expect(204);
    let _ = office.get(&path).await.refused(404, "not_found");
    let _ = office.delete(&format!("/v1/exclusions/{}", whole.id()), "*").await.expect(204);
}

async fn new_hours_touch_no_seat(world: &World) {
    let office = world.coordinator();
    let need = world.approved_need(&json!({})).await;
    let ada = world.volunteer("Ada Example").await;
    let seat = world.assignment(&need, &ada).await;
    let seat = format!("/v1/assignments/{}", seat["id"].as_str().unwrap());
    let before = ada.get(&seat).await.expect(200);
    let attention = format!("/v1/campuses/{}/attention", world.campus_id());
    assert!(office.all(&attention).await.is_empty());

    let path = format!("/v1/volunteers/{}", ada.id);
    let profile = ada.get(&path).await.expect(200);
    let mut hours = profile.json["availability"].clone();
    hours["exceptions"] = json!([{ "date": "2027-02-25", "available": false, "from": "13:00", "until": "24:00" }]);
    let changed = ada.patch(&path, &profile.etag(), json!({ "availability": hours })).await.expect(200);
    assert_eq!(ada.get(&seat).await.expect(200).json, before.json);
    let items = office.all(&attention).await;
    let found: Vec<_> = items.iter().map(|item| (&item["kind"], &item["subject"]["id"])).collect();
    assert_eq!(found, [(&json!("availability_conflict"), &before.json["id"])]);

    let hours = profile.json["availability"].clone();
    let _ = ada.patch(&path, &changed.etag(), json!({ "availability": hours })).await.expect(200);
    assert!(office.all(&attention).await.is_empty(), "they agree again");
}
