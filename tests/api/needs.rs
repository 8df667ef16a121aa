//! A need's life: posted by a professor, decided by the office, called off or closed.

use futures_util::future::join_all;
use rostrum::domain::letter::LetterKind::{self, Cancellation, Confirmation, Offer, OfferClosed, VolunteerApproved};
use serde_json::{Value, json};

use crate::support::arrange::{first_role, need_body};
use crate::support::databases::{Backend, on_both};
use crate::support::world::World;
use crate::volunteers::{NOBODYS, said};

on_both!(World: two_approvals_make_one_event, the_office_asks_back_and_approves, a_requester_sees_their_own, needs_in_pages, time_ends_what_came_to_nothing, what_is_called_off_lets_everybody_go, a_closed_need_keeps_its_people_until_the_event_is_off);

const PROFESSOR: &str = "professor.york@example.edu";

async fn the_office_asks_back_and_approves(world: &World) {
    let (office, professor) = (world.coordinator(), world.requester());
    let draft = world.draft(&json!({})).await;
    let path = format!("/v1/campus-requests/{}", draft.id());
    assert_eq!(draft.header("Location"), Some(path.as_str()));
    assert_eq!((&draft.json["state"], &draft.json["fill"]), (&json!("draft"), &json!("unfilled")));
    assert_eq!(draft.json["starts_at"], "2027-02-25T17:00:00Z");
    assert_eq!(draft.json["decide_by"], draft.json["starts_at"], "unless told, by the start");
    assert_eq!(draft.json["requested_by"]["name"], "The Requester");
    assert_eq!((&draft.json["priority"], &draft.json["language"]), (&json!(3), &json!("en")));

    // A draft cannot be decided on, and a requester decides nothing.
    assert_eq!(office.need_does(&draft.id(), "approve", None).await.refused(409, "wrong_state").status, 409);
    let _ = professor.need_does(&draft.id(), "submit", None).await.expect(200);
    let question = json!({ "question": "Which room?" });
    for (verb, body) in
        [("approve", None), ("ask-back", Some(question.clone())), ("decline", Some(json!({ "reason": "No." })))]
    {
        let _ = professor.need_does(&draft.id(), verb, body).await.refused(403, "forbidden");
    }
    let asked = office.need_does(&draft.id(), "ask-back", Some(question)).await.expect(200);
    assert_eq!((&asked.json["state"], &asked.json["state_reason"]), (&json!("needs_info"), &json!("Which room?")));

    let change = json!({ "place": "Room 101", "roles": [
        { "name": "Greeter", "min": 0, "max": 1 }, { "name": "Interviewer", "min": 10, "max": 12 }
    ]});
    let changed = professor.patch(&path, &asked.etag(), change).await.expect(200);
    assert_eq!(changed.json["place"], "Room 101");
    let names: Vec<_> = changed.json["roles"].as_array().unwrap().iter().map(|role| &role["name"]).collect();
    assert_eq!(names, ["Greeter", "Interviewer"], "in the order they were given");
    assert_eq!(changed.json["roles"][1]["id"], first_role(&draft), "a role of the same name is the same role");
    let submitted = professor.need_does(&draft.id(), "submit", None).await.expect(200);
    assert_eq!(submitted.json["state_reason"], Value::Null);

    let body = json!({});
    let approve = format!("{path}/approve");
    let approved = office.request("POST", &approve).json(&body).key("once").send().await.expect(200);
    let replayed = office.request("POST", &approve).json(&body).key("once").send().await.expect(200);
    assert_eq!(replayed.json, approved.json);
    assert_eq!(replayed.header("Idempotent-Replayed"), Some("true"));
    assert_eq!(approved.json["state"], "approved");
    let event = approved.json["event_id"].as_str().expect("mock interviews take place").to_owned();
    let shown = world.nobody().get(&format!("/v1/events/{event}")).await.expect(200);
    assert_eq!((&shown.json["state"], &shown.json["kind"]), (&json!("published"), &json!("mock_interviews")));
    assert_eq!((&shown.json["starts_local"], &shown.json["place"]), (&json!("2027-02-25T12:00"), &json!("Room 101")));
    let slots = world.nobody().all(&format!("/v1/events/{event}/slots")).await;
    assert_eq!((slots.len(), &slots[0]["state"], &slots[0]["fill"]), (1, &json!("open"), &json!("unfilled")));
    assert_eq!(slots[0]["roles"][1]["role_id"], approved.json["roles"][1]["id"]);

    let _ = professor.patch(&path, "*", json!({ "title": "Other" })).await.refused(409, "wrong_state");
    let kinds: Vec<_> = world.letters_to(PROFESSOR).await.iter().map(|letter| letter.kind).collect();
    assert_eq!(kinds, [LetterKind::NeedReturned, LetterKind::NeedApproved]);
}

async fn two_approvals_make_one_event(world: &World) {
    let need = world.submitted_need(&json!({})).await;
    let id = need.id();
    let approvals = (0..8).map(|_| world.coordinator().need_does(&id, "approve", None));
    let mut answers: Vec<u16> = join_all(approvals).await.iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
    let events = world.nobody().all(&format!("/v1/campuses/{}/events", world.campus_id())).await;
    assert_eq!(events.len(), 1);
    assert_eq!(world.letters_to(PROFESSOR).await.len(), 1);
}

#[actix_web::test]
async fn the_kind_says_whether_anything_takes_place() {
    let world = World::open(Backend::Sqlite).await;
    for (kind, event) in
        [("job_fair", true), ("class_visit", true), ("advisory_board", false), ("alumni_referral", false)]
    {
        let need = world.approved_need(&json!({ "kind": kind })).await;
        assert_eq!(need.json["event_id"].is_string(), event, "{kind}");
    }
    let quiet = world.submitted_need(&json!({})).await;
    let body = Some(json!({ "publish": false }));
    let quiet = world.coordinator().need_does(&quiet.id(), "approve", body).await.expect(200);
    let event = format!("/v1/events/{}", quiet.json["event_id"].as_str().unwrap());
    assert_eq!(world.requester().get(&event).await.expect(200).json["state"], "draft");
    let _ = world.nobody().get(&event).await.refused(404, "not_found");
    world.close().await;
}

async fn a_requester_sees_their_own(world: &World) {
    let office = world.coordinator();
    let own = world.draft(&json!({})).await;
    let theirs = office.post_need(world.campus_id(), need_body(&json!({ "title": "The office's" }))).await.expect(201);
    let professor = world.requester();
    let list = format!("/v1/campuses/{}/campus-requests", world.campus_id());
    let titles = |needs: Vec<Value>| needs.iter().map(|need| need["title"].clone()).collect::<Vec<_>>();
    assert_eq!(titles(professor.all(&list).await), ["Professional critiquing event"]);
    assert_eq!(titles(office.all(&list).await), ["Professional critiquing event", "The office's"]);

    let absent = said(&professor.get(&format!("/v1/campus-requests/{NOBODYS}")).await.refused(404, "not_found"));
    let other = world.another_campus("Foreign College").await;
    let path = format!("/v1/campus-requests/{}", theirs.id());
    for stranger in [professor, &other.coordinator, &world.person("Ada Example").await] {
        assert_eq!(said(&stranger.get(&path).await.refused(404, "not_found")), absent);
        let _ = stranger.patch(&path, "*", json!({ "title": "Mine" })).await.refused(404, "not_found");
        for (verb, body) in [
            ("submit", None),
            ("approve", None),
            ("ask-back", Some(json!({ "question": "?" }))),
            ("decline", Some(json!({ "reason": "No." }))),
            ("withdraw", None),
            ("cancel", Some(json!({ "reason": "No." }))),
            ("close", None),
        ] {
            let _ = stranger.need_does(&theirs.id(), verb, body).await.refused(404, "not_found");
        }
    }
    let _ = other.coordinator.get(&list).await.refused(404, "not_found");
    let _ = other.coordinator.post_need(world.campus_id(), need_body(&json!({}))).await.refused(404, "not_found");

    // The office does not withdraw what it did not ask for, and a requester does, before the decision.
    let _ = office.need_does(&own.id(), "withdraw", None).await.refused(403, "forbidden");
    let reason = Some(json!({ "reason": "The class was moved." }));
    let withdrawn = professor.need_does(&own.id(), "withdraw", reason).await.expect(200);
    assert_eq!(withdrawn.json["state_reason"], "The class was moved.");
    let again = professor.need_does(&own.id(), "withdraw", None).await.refused(409, "wrong_state");
    assert_eq!(again.json["state"], "withdrawn");
    let second = world.submitted_need(&json!({})).await;
    let declined = office.need_does(&second.id(), "decline", Some(json!({ "reason": "No room." }))).await.expect(200);
    assert_eq!((&declined.json["state"], &declined.json["state_reason"]), (&json!("declined"), &json!("No room.")));
    let letters = world.letters_to(PROFESSOR).await;
    assert_eq!(letters.iter().map(|letter| letter.kind).collect::<Vec<_>>(), [LetterKind::NeedDeclined]);
    // Who decides on their own need needs no letter about it.
    let _ = office.need_does(&theirs.id(), "submit", None).await.expect(200);
    let _ = office.need_does(&theirs.id(), "approve", None).await.expect(200);
    assert!(world.letters_to("office.york@example.edu").await.is_empty());
}

async fn needs_in_pages(world: &World) {
    let office = world.coordinator();
    for (title, kind) in [("one", "podcast"), ("two", "workshop"), ("three", "podcast")] {
        let _ = world.draft(&json!({ "title": title, "kind": kind })).await;
    }
    let list = format!("/v1/campuses/{}/campus-requests", world.campus_id());
    let titles =
        |needs: &[Value]| needs.iter().map(|need| need["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(titles(&office.all(&format!("{list}?limit=2")).await), ["one", "two", "three"]);
    assert_eq!(titles(&office.all(&format!("{list}?kind=podcast&limit=1")).await), ["one", "three"]);
    assert!(office.all(&format!("{list}?state=approved")).await.is_empty());
    let first = office.get(&format!("{list}?limit=1&kind=podcast")).await.expect(200);
    let cursor = first.json["next"].as_str().unwrap().split("cursor=").nth(1).unwrap().to_owned();
    let _ = office.get(&format!("{list}?limit=1&cursor={cursor}")).await.refused(400, "invalid_cursor");
    let _ = office.get(&format!("{list}?kind=fair")).await.refused(400, "invalid_parameter");
    let _ = office.get(&format!("{list}?limit=0")).await.refused(400, "invalid_parameter");
    let _ = office.get(&format!("{list}?sort=title")).await.refused(400, "unknown_parameter");
}

#[actix_web::test]
async fn a_wrong_need_is_pointed_at() {
    let world = World::open(Backend::Sqlite).await;
    let role = |name: &str, min: i64, max: i64| json!({ "name": name, "min": min, "max": max });
    let cases = [
        (json!({ "title": "Fair\r\nATTENDEE:mailto:x@example.edu" }), "/title", "control_character"),
        (json!({ "title": "x".repeat(201) }), "/title", "too_long"),
        (json!({ "purpose": "\u{1b}[2J" }), "/purpose", "control_character"),
        (json!({ "kind": "party" }), "/kind", "unknown_value"),
        (json!({ "timing": "term" }), "/timing", "unknown_value"),
        (json!({ "mode": "hybrid" }), "/mode", "unknown_value"),
        (json!({ "place": null }), "/place", "required"),
        (json!({ "position": { "lat": 0, "lon": 181 } }), "/position/lon", "out_of_range"),
        (json!({ "starts_local": "25 February 2027" }), "/starts_local", "invalid_format"),
        (json!({ "starts_local": "2027-02-25T12:00Z" }), "/starts_local", "invalid_format"),
        (json!({ "ends_local": "2027-02-25T12:00" }), "/ends_local", "reversed"),
        (json!({ "ends_local": "2027-02-24T12:00" }), "/ends_local", "reversed"),
        (
            json!({ "starts_local": "2027-03-14T02:30", "ends_local": "2027-03-14T05:00" }),
            "/starts_local",
            "time_skipped",
        ),
        (
            json!({ "starts_local": "2027-03-14T00:30", "ends_local": "2027-03-14T02:00" }),
            "/ends_local",
            "time_skipped",
        ),
        (
            json!({ "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T05:00" }),
            "/starts_local",
            "time_twice",
        ),
        (json!({ "fold": "both" }), "/fold", "unknown_value"),
        (json!({ "time_zone": "America/Springfield" }), "/time_zone", "unknown_zone"),
        (json!({ "starts_local": "2026-02-25T12:00" }), "/starts_local", "in_the_past"),
        (json!({ "decide_by": "2027-02-25T12:00:01-05:00" }), "/decide_by", "after_start"),
        (json!({ "decide_by": "2026-12-31T12:00:00Z" }), "/decide_by", "in_the_past"),
        (json!({ "decide_by": "next week" }), "/decide_by", "invalid_format"),
        (json!({ "roles": [] }), "/roles", "required"),
        (json!({ "roles": [role("A", 1, 1), role("a", 1, 1)] }), "/roles/1", "repeated"),
        (json!({ "roles": [role("A", 3, 2)] }), "/roles/0/min", "above_max"),
        (json!({ "roles": [role("A", 0, 0)] }), "/roles/0/max", "out_of_range"),
        (json!({ "roles": [role("A", 1, 501)] }), "/roles/0/max", "out_of_range"),
        (json!({ "roles": [role("A", -1, 5)] }), "/roles/0/min", "out_of_range"),
        (json!({ "roles": [role("A\n", 1, 5)] }), "/roles/0/name", "control_character"),
        (json!({ "required_skills": [{ "name": "A", "level": "guru" }] }), "/required_skills/0/level", "unknown_value"),
        (json!({ "language": "en-US" }), "/language", "not_a_language"),
        (json!({ "priority": 6 }), "/priority", "out_of_range"),
        (json!({ "priority": -1 }), "/priority", "out_of_range"),
        (json!({ "state": "approved" }), "/state", "unknown_field"),
    ];
    for (change, pointer, code) in cases {
        let refused = world.requester().post_need(world.campus_id(), need_body(&change)).await;
        refused.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let list = format!("/v1/campuses/{}/campus-requests", world.campus_id());
    assert!(world.coordinator().all(&list).await.is_empty(), "a refusal changes nothing");

    let night = json!({ "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T05:00", "fold": "later" });
    let need = world.draft(&night).await;
    assert_eq!(need.json["starts_at"], "2027-11-07T06:30:00Z");
    let path = format!("/v1/campus-requests/{}", need.id());
    let professor = world.requester();
    for (change, pointer, code) in [
        (json!({ "ends_local": "2027-11-07T04:00" }), "/starts_local", "time_twice"),
        (json!({ "title": null }), "/title", "wrong_type"),
        (json!({ "decide_by": "2027-11-08T00:00:00Z" }), "/decide_by", "after_start"),
        (json!({ "starts_local": "2026-11-05T00:00" }), "/starts_local", "in_the_past"),
    ] {
        professor.patch(&path, &need.etag(), change).await.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let moved = json!({ "starts_local": "2027-11-06T12:00", "ends_local": "2027-11-06T13:00", "place": null, "mode": "virtual" });
    let moved = professor.patch(&path, &need.etag(), moved).await.expect(200);
    assert_eq!(moved.json["decide_by"], moved.json["starts_at"], "what was the start stays the start");
    assert_eq!(moved.json["place"], Value::Null);
    let _ = professor.patch(&path, &need.etag(), json!({ "title": "Late" })).await.refused(412, "stale");
    world.close().await;
}

/// The kinds of the letters that somebody got, oldest first.
pub async fn told(world: &World, volunteer: &str) -> Vec<LetterKind> {
    world.letters_to(&format!("{volunteer}@example.edu")).await.iter().map(|letter| letter.kind).collect()
}

async fn what_is_called_off_lets_everybody_go(world: &World) {
    let office = world.coordinator();
    let need = world.approved_need(&json!({})).await;
    let (ada, bo) = (world.volunteer("Ada Example").await, world.volunteer("Bo Example").await);
    let seat = world.assignment(&need, &ada).await;
    let offer = world.offer(&need, &bo).await;
    let path = format!("/v1/campus-requests/{}", need.id());
    let seen = office.get(&path).await.expect(200);
    assert_eq!((&seen.json["roles"][0]["filled"], &seen.json["roles"][0]["offered"]), (&json!(1), &json!(1)));
    assert_eq!(seen.etag(), need.etag(), "who comes is no change of the need");

    let reason = Some(json!({ "reason": "Snow." }));
    let _ = world.requester().need_does(&need.id(), "cancel", reason.clone()).await.refused(403, "forbidden");
    let cancelled = office.need_does(&need.id(), "cancel", reason.clone()).await.expect(200);
    assert_eq!((&cancelled.json["state"], &cancelled.json["state_reason"]), (&json!("cancelled"), &json!("Snow.")));
    assert_eq!((&cancelled.json["fill"], &cancelled.json["roles"][0]["offered"]), (&json!("unfilled"), &json!(0)));
    let event = format!("/v1/events/{}", need.json["event_id"].as_str().unwrap());
    let shown = world.nobody().get(&event).await.expect(200);
    assert_eq!((&shown.json["state"], &shown.json["calendar_sequence"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(shown.json["state_reason"], "Snow.");
    assert_eq!(world.nobody().all(&format!("{event}/slots")).await[0]["state"], "cancelled");
    let again = office.need_does(&need.id(), "cancel", reason).await.refused(409, "wrong_state");
    assert_eq!(again.json["state"], "cancelled");

    let seat = ada.get(&format!("/v1/assignments/{}", seat["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&seat.json["state"], &seat.json["calendar_sequence"]), (&json!("cancelled"), &json!(1)));
    let offer = bo.get(&format!("/v1/offers/{}", offer.id())).await.expect(200);
    assert_eq!(offer.json["state"], "superseded");
    let _ = bo.accept(&offer.id()).await.refused(409, "offer_not_open");
    assert_eq!(told(world, "ada.example").await, [VolunteerApproved, Offer, Confirmation, Cancellation]);
    assert_eq!(told(world, "bo.example").await, [VolunteerApproved, Offer, OfferClosed]);
}

async fn a_closed_need_keeps_its_people_until_the_event_is_off(world: &World) {
    let office = world.coordinator();
    let need = world.approved_need(&json!({})).await;
    let (ada, bo) = (world.volunteer("Ada Example").await, world.volunteer("Bo Example").await);
    let seat = world.assignment(&need, &ada).await;
    let seat = format!("/v1/assignments/{}", seat["id"].as_str().unwrap());
    let offer = world.offer(&need, &bo).await;
    let closed = office.need_does(&need.id(), "close", None).await.expect(200);
    assert_eq!((&closed.json["state"], &closed.json["fill"]), (&json!("closed"), &json!("partial")));
    assert_eq!(bo.get(&format!("/v1/offers/{}", offer.id())).await.expect(200).json["state"], "superseded");
    assert_eq!(ada.get(&seat).await.expect(200).json["state"], "confirmed");
    let event = format!("/v1/events/{}", closed.json["event_id"].as_str().unwrap());
    assert_eq!(world.nobody().get(&event).await.expect(200).json["state"], "published", "it takes place all the same");

    let _ = office.post(&format!("{event}/cancel"), json!({ "reason": "Snow." })).await.expect(200);
    assert_eq!(ada.get(&seat).await.expect(200).json["state"], "cancelled");
    assert_eq!(told(world, "ada.example").await.last(), Some(&LetterKind::Cancellation));
    let need = office.get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!(need.json["state"], "closed");
}

async fn time_ends_what_came_to_nothing(world: &World) {
    let undecided = world.submitted_need(&json!({ "decide_by": "2027-02-01T00:00:00Z" })).await;
    let unmet = world.approved_need(&json!({})).await;
    let draft = world.draft(&json!({})).await;
    let state = async |id: &str| {
        let path = format!("/v1/campus-requests/{id}");
        world.coordinator().get(&path).await.expect(200).json["state"].clone()
    };
    world.set_clock("2027-01-31T23:59:59Z");
    world.tick().await;
    assert_eq!(state(&undecided.id()).await, "submitted");
    world.set_clock("2027-02-01T00:00:00Z");
    world.tick().await;
    assert_eq!(state(&undecided.id()).await, "expired");
    world.set_clock("2027-02-25T17:00:00Z");
    world.tick().await;
    assert_eq!((state(&unmet.id()).await, state(&draft.id()).await), (json!("expired"), json!("draft")));
    let _ = world.requester().need_does(&draft.id(), "submit", None).await.refused(409, "has_begun");
}
