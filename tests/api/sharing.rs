//! An event that several campuses share: one runs it, the others book for their own students and see those alone; all draw
//! from the same places. Three colleges that share a fair are invented.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::{Campus, World};

on_both!(World:
    a_fair_of_two_colleges,
    each_student_under_the_policy_of_their_own_campus,
    the_last_place_goes_to_one_of_two_campuses,
    who_ends_it_keeps_what_students_have,
    whoever_works_at_two_guests_says_for_whom,
    what_sharing_cannot_be_is_pointed_at,
);

async fn invites(world: &World, event: &Response, campus: &str) -> Response {
    let path = format!("/v1/events/{}/campuses", event.id());
    world.coordinator().post(&path, json!({ "campus_id": campus })).await
}

async fn answers(client: &Client, event: &Response, campus: &str, verb: &str) -> Response {
    client.act(&format!("/v1/events/{}/campuses/{campus}/{verb}", event.id())).await
}

/// A campus that has joined an event, with a portal of its own.
async fn guest(world: &World, event: &Response, name: &str) -> (Campus, Client) {
    let campus = world.another_campus(name).await;
    invites(world, event, &campus.id).await.expect(201);
    answers(&campus.coordinator, event, &campus.id, "accept").await.expect(200);
    let path = format!("/v1/campuses/{}/portals", campus.id);
    let made = campus.coordinator.post(&path, json!({ "name": "Their portal" })).await.expect(201);
    let portal = world.nobody().with_token(made.json["key"].as_str().unwrap());
    (campus, portal)
}

async fn bookings(client: &Client, event: &Response) -> Vec<Value> {
    client.all(&format!("/v1/events/{}/bookings", event.id())).await
}

fn names(bookings: &[Value]) -> Vec<&str> {
    bookings.iter().map(|booking| booking["student"]["name"].as_str().unwrap()).collect()
}

async fn a_fair_of_two_colleges(world: &World) {
    let event = world.event(&json!({ "kind": "job_fair", "title": "Fair of two colleges" })).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let hers = portal.books(&slot, "Ada Host").await.expect(201);
    let neighbour = world.another_campus("Neighbour College").await;
    let path = format!("/v1/campuses/{}/portals", neighbour.id);
    let made = neighbour.coordinator.post(&path, json!({ "name": "Their portal" })).await.expect(201);
    let theirs = world.nobody().with_token(made.json["key"].as_str().unwrap());

    // Before anybody has said yes they are strangers, and so is an invitation.
    theirs.books(&slot, "Ben Guest").await.refused(404, "not_found");
    let list = format!("/v1/campuses/{}/events", neighbour.id);
    let invited = invites(world, &event, &neighbour.id).await.expect(201);
    assert_eq!(
        (&invited.json["state"], &invited.json["campus_name"]),
        (&json!("invited"), &json!("Neighbour College"))
    );
    theirs.books(&slot, "Ben Guest").await.refused(404, "not_found");
    let attention = format!("/v1/campuses/{}/attention", neighbour.id);
    let waits = neighbour.coordinator.get(&attention).await.expect(200).json["items"][0].clone();
    assert_eq!((&waits["kind"], &waits["subject"]["id"]), (&json!("event_invitation"), &json!(event.id())));
    assert_eq!(neighbour.coordinator.all(&list).await.len(), 0);
    let public = format!("/v1/events/{}/campuses", event.id());
    assert_eq!(world.nobody().get(&public).await.expect(200).json["items"], json!([]), "nobody has joined");
    let asked = neighbour.coordinator.get(&public).await.expect(200);
    assert_eq!(asked.json["items"][0]["state"], "invited");
    let joined = answers(&neighbour.coordinator, &event, &neighbour.id, "accept").await.expect(200);
    assert_eq!((&joined.json["state"], &joined.json["host_campus_id"]), (&json!("joined"), &json!(world.campus_id())));
    assert_eq!(neighbour.coordinator.get(&attention).await.expect(200).json["items"], json!([]));
    assert_eq!(world.nobody().get(&public).await.expect(200).json["items"][0]["campus_id"], json!(neighbour.id));
    assert_eq!(neighbour.coordinator.all(&list).await[0]["id"], json!(event.id()));
    let feed = format!("/feeds/campuses/{}/events.ics", neighbour.id);
    assert!(world.nobody().get(&feed).await.expect(200).text().contains("SUMMARY:Fair of two colleges"));

    // Each books for their own and sees their own, and the office that runs it sees everybody.
    let his = theirs.books(&slot, "Ben Guest").await.expect(201);
    assert_eq!(his.json["campus_id"], json!(neighbour.id));
    assert_eq!(world.letters_to("ben.guest@example.edu").await.len(), 1);
    assert_eq!(names(&bookings(office, &event).await), ["Ada Host", "Ben Guest"]);
    assert_eq!(names(&bookings(&portal, &event).await), ["Ada Host"], "a portal knows its own students");
    assert_eq!(names(&bookings(&theirs, &event).await), ["Ben Guest"]);
    assert_eq!(names(&bookings(&neighbour.coordinator, &event).await), ["Ben Guest"]);
    for (client, booking) in [(&theirs, &hers), (&neighbour.coordinator, &hers), (&portal, &his)] {
        client.get(&format!("/v1/bookings/{}", booking.id())).await.refused(404, "not_found");
        client.booking_does(&booking.id(), "cancel").await.refused(404, "not_found");
    }
    let table = theirs.get(&format!("/v1/events/{}/bookings.csv", event.id())).await.expect(200).text();
    assert!(table.contains("Ben Guest") && !table.contains("Ada Host"), "{table}");
    for path in ["day-sheet", "place-log", "grid"] {
        let path = format!("/v1/events/{}/{path}", event.id());
        neighbour.coordinator.get(&path).await.refused(404, "not_found");
    }
    let change = neighbour.coordinator.request("PATCH", &format!("/v1/slots/{slot}")).header("If-Match", "*");
    change.json(&json!({ "capacity": 9 })).send().await.refused(404, "not_found");

    // One queue for all, in which each sees their own; a place that comes free goes to the first.
    theirs.books(&slot, "Cy Guest").await.refused(409, "slot_full");
    let waits = theirs.queues(&event, "Cy Guest", &json!({})).await.expect(201);
    portal.queues(&event, "Dora Host", &json!({})).await.expect(201);
    let waiting = format!("/v1/events/{}/waitlist", event.id());
    assert_eq!((theirs.all(&waiting).await.len(), office.all(&waiting).await.len()), (1, 2));
    portal.get(&format!("/v1/waitlist/{}", waits.id())).await.refused(404, "not_found");
    portal.booking_does(&hers.id(), "cancel").await.expect(200);
    let waits = theirs.get(&format!("/v1/waitlist/{}", waits.id())).await.expect(200);
    assert_eq!(waits.json["state"], "offered", "the guest stood first");
    theirs.act(&format!("/v1/waitlist/{}/accept", waits.id())).await.expect(200);

    // The day is the host's: who came is marked by whoever runs it, and excused by either office.
    world.set_clock("2027-03-04T17:35:00Z");
    office.booking_does(&his.id(), "check-in").await.expect(200);
    let cy = bookings(&theirs, &event).await.pop().unwrap();
    let excuse = format!("/v1/bookings/{}/excuse", cy["id"].as_str().unwrap());
    neighbour.coordinator.post(&excuse, json!({ "reason": "Ill." })).await.expect(200);
}

async fn each_student_under_the_policy_of_their_own_campus(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let (campus, theirs) = guest(world, &event, "Strict College").await;
    let document = json!({ "rules": [{ "key": "strict", "cancel": {
        "until": { "kind": "hours_before", "hours": 48 }, "late": "refused" } }] });
    let path = format!("/v1/campuses/{}/policies", campus.id);
    let policy = campus.coordinator.post(&path, json!({ "document": document })).await.expect(201);
    let portal = world.portal().await;
    let free = portal.books(&slot, "Ada Host").await.expect(201);
    let bound = theirs.books(&slot, "Ben Guest").await.expect(201);
    assert_eq!((&free.json["policy_id"], &bound.json["policy_id"]), (&Value::Null, &json!(policy.id())));
    let letter = world.letters_to("ben.guest@example.edu").await.remove(0);
    assert!(letter.text.contains("You may cancel until Tuesday 2 March 2027, 12:30"), "{}", letter.text);
    world.set_clock("2027-03-03T15:00:00Z");
    portal.booking_does(&free.id(), "cancel").await.expect(200);
    theirs.booking_does(&bound.id(), "cancel").await.refused(409, "too_late_to_cancel");
    let path = format!("/v1/bookings/{}/policy", bound.id());
    assert_eq!(campus.coordinator.get(&path).await.expect(200).json["rule"], "strict");
}

async fn the_last_place_goes_to_one_of_two_campuses(world: &World) {
    let event = world.event(&json!({})).await;
    let (_, theirs) = guest(world, &event, "Neighbour College").await;
    let portal = world.portal().await;
    for round in 0..8 {
        let slot = world.slot(&event, &format!("1{}:00", 2 + round % 6), 1).await;
        let (one, other) = (format!("Host {round}"), format!("Guest {round}"));
        let (one, other) = futures_util::future::join(portal.books(&slot, &one), theirs.books(&slot, &other)).await;
        let mut status = [one.status, other.status];
        status.sort_unstable();
        assert_eq!(status, [201, 409], "{} {}", one.text(), other.text());
    }
}

async fn who_ends_it_keeps_what_students_have(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let (campus, theirs) = guest(world, &event, "Neighbour College").await;
    let has = theirs.books(&slot, "Ben Guest").await.expect(201);
    let waits = theirs.queues(&event, "Cy Guest", &json!({})).await.expect(201);
    answers(&campus.requester, &event, &campus.id, "end").await.refused(403, "forbidden");
    let ended = answers(world.coordinator(), &event, &campus.id, "end").await.expect(200);
    assert_eq!(ended.json["state"], "ended");
    theirs.books(&slot, "Dan Guest").await.refused(404, "not_found");
    theirs.get(&format!("/v1/events/{}/bookings", event.id())).await.refused(404, "not_found");
    let waits = theirs.get(&format!("/v1/waitlist/{}", waits.id())).await.expect(200);
    assert_eq!(waits.json["state"], "closed");
    assert_eq!(campus.coordinator.all(&format!("/v1/campuses/{}/events", campus.id)).await.len(), 0);
    // What the student has can still be given back.
    theirs.booking_does(&has.id(), "cancel").await.expect(200);
    invites(world, &event, &campus.id).await.expect(201);
    answers(&campus.coordinator, &event, &campus.id, "decline").await.expect(200);
    theirs.books(&slot, "Dan Guest").await.refused(404, "not_found");
    let path = format!("/v1/campuses/{}/event-invitations?state=declined", campus.id);
    assert_eq!(campus.coordinator.all(&path).await[0]["event_id"], json!(event.id()));
}

async fn whoever_works_at_two_guests_says_for_whom(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let (one, _) = guest(world, &event, "One College").await;
    let (other, _) = guest(world, &event, "Other College").await;
    let members = format!("/v1/campuses/{}/members", other.id);
    let me = one.coordinator.get("/v1/me").await.expect(200);
    let body = json!({ "email": me.json["account"]["email"], "name": "Works Twice", "role": "coordinator" });
    other.coordinator.post(&members, body).await.expect(201);
    let twice = world.another_session(&one.coordinator).await;
    let path = format!("/v1/slots/{slot}/bookings");
    let books = async |name: &str, campus: Option<&str>| {
        let mut body = json!({ "student": student(name) });
        if let Some(campus) = campus {
            body["campus_id"] = json!(campus);
        }
        twice.post(&path, body).await
    };
    books("Ann Of One", None).await.refused(422, "invalid_fields").points_at("/campus_id", "required");
    for campus in [&one.id, &other.id] {
        let booked = books(&format!("Ann Of {}", &campus[24..]), Some(campus)).await.expect(201);
        assert_eq!(booked.json["campus_id"], json!(campus));
    }
    let stranger = books("Ann Of None", Some(world.campus_id())).await.refused(422, "invalid_fields");
    stranger.points_at("/campus_id", "unknown_reference");
    assert_eq!(bookings(&twice, &event).await.len(), 2, "those of both");
}

async fn what_sharing_cannot_be_is_pointed_at(world: &World) {
    let event = world.event(&json!({})).await;
    let own = invites(world, &event, world.campus_id()).await.refused(422, "invalid_fields");
    own.points_at("/campus_id", "unknown_reference");
    let none = invites(world, &event, &event.id()).await.refused(422, "invalid_fields");
    none.points_at("/campus_id", "unknown_reference");
    let campus = world.another_campus("Neighbour College").await;
    for verb in ["accept", "decline", "end"] {
        answers(&campus.coordinator, &event, &campus.id, verb).await.refused(404, "not_found");
    }
    invites(world, &event, &campus.id).await.expect(201);
    invites(world, &event, &campus.id).await.refused(409, "wrong_state");
    answers(world.coordinator(), &event, &campus.id, "accept").await.refused(403, "forbidden");
    answers(&campus.coordinator, &event, &campus.id, "accept").await.expect(200);
    answers(&campus.coordinator, &event, &campus.id, "accept").await.refused(409, "wrong_state");
    let cancel = format!("/v1/events/{}/cancel", event.id());
    world.coordinator().post(&cancel, json!({ "reason": "Snow." })).await.expect(200);
    let third = world.another_campus("Third College").await;
    invites(world, &event, &third.id).await.refused(409, "wrong_state");
    // A draft is the host's own: it may ask others beforehand, and they wait until it is published.
    let path = format!("/v1/campuses/{}/events", world.campus_id());
    let body = json!({ "kind": "job_fair", "title": "Fair", "mode": "virtual",
        "starts_local": "2027-03-05T12:00", "ends_local": "2027-03-05T18:00" });
    let draft = world.coordinator().post(&path, body).await.expect(201);
    let slot = world.slot(&draft, "12:30", 1).await;
    let (third, theirs) = guest(world, &draft, "Fourth College").await;
    theirs.books(&slot, "Ben Guest").await.refused(404, "not_found");
    let body = json!({ "student": student("Ben Guest") });
    third.coordinator.post(&format!("/v1/slots/{slot}/bookings"), body).await.refused(404, "not_found");
    assert_eq!(third.coordinator.all(&format!("/v1/campuses/{}/events", third.id)).await.len(), 0);
}
