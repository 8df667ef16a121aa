//! Events as the public sees them, and as the office changes them.

use serde_json::{Value, json};

use crate::support::databases::on_both;
use crate::support::world::World;
use crate::volunteers::{NOBODYS, said};

on_both!(World: a_new_place_reaches_everybody_who_comes, events_are_public_once_published, an_event_is_changed_and_called_off);

async fn events_are_public_once_published(world: &World) {
    let (office, nobody) = (world.coordinator(), world.nobody());
    let list = format!("/v1/campuses/{}/events", world.campus_id());
    let at = |day: &str| json!({ "title": day, "starts_local": format!("{day}T12:00"), "ends_local": format!("{day}T14:00") });
    for day in ["2027-03-03", "2027-03-01", "2027-03-02"] {
        let _ = world.approved_need(&at(day)).await;
    }
    let hidden = world.submitted_need(&at("2027-02-28")).await;
    let hidden = office.need_does(&hidden.id(), "approve", Some(json!({ "publish": false }))).await.expect(200);
    let hidden = format!("/v1/events/{}", hidden.json["event_id"].as_str().unwrap());
    let titles = |events: Vec<Value>| events.iter().map(|event| event["title"].clone()).collect::<Vec<_>>();
    let public = ["2027-03-01", "2027-03-02", "2027-03-03"];
    assert_eq!(titles(nobody.all(&format!("{list}?limit=1")).await), public, "by their start, page after page");
    assert_eq!(titles(world.person("Ada Example").await.all(&list).await), public);
    assert_eq!(world.requester().all(&format!("{list}?limit=3")).await.len(), 4);
    assert!(nobody.all(&format!("{list}?state=draft")).await.is_empty());
    assert_eq!(office.all(&format!("{list}?state=draft")).await.len(), 1);
    let _ = nobody.get(&format!("/v1/campuses/{NOBODYS}/events")).await.refused(404, "not_found");
    let _ = nobody.with_token("no.such.token").get(&list).await.refused(401, "invalid_token");

    // A draft is nothing to others, byte for byte; a draft that is called off stays so.
    let absent = said(&nobody.get(&format!("/v1/events/{NOBODYS}")).await.refused(404, "not_found"));
    let other = world.another_campus("Foreign College").await;
    for stranger in [&nobody, &other.coordinator] {
        assert_eq!(said(&stranger.get(&hidden).await.refused(404, "not_found")), absent);
        let _ = stranger.get(&format!("{hidden}/slots")).await.refused(404, "not_found");
    }
    for verb in ["publish", "cancel"] {
        let body = (verb == "cancel").then(|| json!({ "reason": "No." }));
        let _ = other.coordinator.does(&format!("{hidden}/{verb}"), body.clone()).await.refused(404, "not_found");
        let _ = world.requester().does(&format!("{hidden}/{verb}"), body).await.refused(403, "forbidden");
    }
    let _ = other.coordinator.patch(&hidden, "*", json!({ "title": "Ours" })).await.refused(404, "not_found");
    let _ = world.requester().patch(&hidden, "*", json!({ "title": "Mine" })).await.refused(403, "forbidden");
    let _ = office.post(&format!("{hidden}/cancel"), json!({ "reason": "Never mind." })).await.expect(200);
    let _ = nobody.get(&hidden).await.refused(404, "not_found");
    assert_eq!(nobody.all(&list).await.len(), 3);
}

async fn an_event_is_changed_and_called_off(world: &World) {
    let office = world.coordinator();
    let need = world.submitted_need(&json!({})).await;
    let need = office.need_does(&need.id(), "approve", Some(json!({ "publish": false }))).await.expect(200);
    let path = format!("/v1/events/{}", need.json["event_id"].as_str().unwrap());
    let draft = office.get(&path).await.expect(200);
    assert_eq!(draft.json["description"], "", "the need's purpose is between the office and its volunteers");
    assert!(draft.json["calendar_uid"].as_str().unwrap().starts_with(&format!("{}@", draft.id())));
    let published = office.act(&format!("{path}/publish")).await.expect(200);
    assert_eq!(office.act(&format!("{path}/publish")).await.refused(409, "wrong_state").json["state"], "published");
    assert_eq!(published.json["calendar_sequence"], 0, "nobody had it in a calendar before");

    let words = json!({ "title": "Practice", "description": "Bring your\r\nrésumé." });
    let renamed = office.patch(&path, &published.etag(), words).await.expect(200);
    assert_eq!(renamed.json["description"], "Bring your\nrésumé.");
    assert_eq!(renamed.json["calendar_sequence"], 0);
    let moved = office.patch(&path, &renamed.etag(), json!({ "place": "Library" })).await.expect(200);
    assert_eq!((&moved.json["place"], &moved.json["calendar_sequence"]), (&json!("Library"), &json!(1)));
    assert_eq!(office.all(&format!("{path}/slots")).await[0]["place"], "Library");
    let _ = office.patch(&path, &renamed.etag(), json!({ "place": "Gym" })).await.refused(412, "stale");
    for (change, pointer, code) in [
        (json!({ "place": null }), "/place", "required"),
        (json!({ "title": "a\u{2028}b" }), "/title", "control_character"),
        (json!({ "title": "" }), "/title", "required"),
        (json!({ "description": "x".repeat(5001) }), "/description", "too_long"),
        (json!({ "starts_local": "2027-03-01T12:00" }), "/starts_local", "unknown_field"),
    ] {
        office.patch(&path, &moved.etag(), change).await.refused(422, "invalid_fields").points_at(pointer, code);
    }

    let cancelled = office.post(&format!("{path}/cancel"), json!({ "reason": "Snow." })).await.expect(200);
    assert_eq!((&cancelled.json["state"], &cancelled.json["calendar_sequence"]), (&json!("cancelled"), &json!(2)));
    let need = office.get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&need.json["state"], &need.json["state_reason"]), (&json!("cancelled"), &json!("Snow.")));
    assert_eq!(office.all(&format!("{path}/slots")).await[0]["state"], "cancelled");
    let late = office.patch(&path, &cancelled.etag(), json!({ "title": "Late" })).await.refused(409, "wrong_state");
    assert_eq!(late.json["state"], "cancelled");
}

async fn a_new_place_reaches_everybody_who_comes(world: &World) {
    let office = world.coordinator();
    let need = world.approved_need(&json!({})).await;
    let ada = world.volunteer("Ada Example").await;
    let seat = world.assignment(&need, &ada).await;
    let path = format!("/v1/events/{}", need.json["event_id"].as_str().unwrap());
    let event = office.get(&path).await.expect(200);
    let event = office.patch(&path, &event.etag(), json!({ "title": "Practice" })).await.expect(200);
    let letters = world.letters_to("ada.example@example.edu").await.len();
    let _ = office.patch(&path, &event.etag(), json!({ "place": "Library" })).await.expect(200);

    let need = office.get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!(need.json["place"], "Library");
    let moved = ada.get(&format!("/v1/assignments/{}", seat["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&moved.json["place"], &moved.json["state"]), (&json!("Library"), &json!("confirmed")));
    assert_eq!((&moved.json["calendar_sequence"], &moved.json["calendar_uid"]), (&json!(1), &seat["calendar_uid"]));
    let letters = world.letters_to("ada.example@example.edu").await.split_off(letters);
    assert_eq!(letters.len(), 1, "a new title is no reason to write, a new place is");
    let letter = &letters[0];
    assert!(letter.subject.starts_with("Changed: "), "{}", letter.subject);
    assert!(letter.text.contains("Something has changed") && letter.text.contains("Library"), "{}", letter.text);
    let entry = &letter.calendar.as_ref().expect("an invite").bytes;
    for line in ["METHOD:REQUEST", "SEQUENCE:1", "LOCATION:Library"] {
        assert!(entry.contains(line), "{line} in {entry}");
    }
}
