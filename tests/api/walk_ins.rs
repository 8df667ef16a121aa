//! Walk-ins: whoever comes without a place is let in where there is room, once, and nobody is overtaken without a reason.

use serde_json::json;

use crate::door::Phone;
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    whoever_comes_without_a_place_is_let_in_where_there_is_room,
    what_stands_in_the_way_of_a_walk_in_is_named,
    nobody_who_waits_is_overtaken_without_a_reason,
    the_last_place_is_given_to_one_walk_in,
    whoever_was_offered_a_place_has_it_by_being_there,
    who_is_there_already_hears_when_it_is_called_off,
    a_phone_of_the_door_lets_somebody_in_once
);

async fn whoever_comes_without_a_place_is_let_in_where_there_is_room(world: &World) {
    let event = world.event(&json!({})).await;
    let first = world.slot(&event, "12:30", 1).await;
    let second = world.slot(&event, "13:00", 2).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    portal.books(&first, "Sam Student").await.expect(201);
    let path = format!("/v1/events/{}/walk-ins", event.id());
    let wanda = json!({ "student": { "name": "Wanda Walker", "email": "Wanda.Walker@example.edu" } });
    world.set_clock("2027-03-04T14:59:59Z");
    office.post(&path, wanda.clone()).await.refused(409, "slot_full");
    world.set_clock("2027-03-04T17:35:00Z");
    // The first slot is full, the next one is not.
    let came = portal.post(&path, wanda.clone()).await.expect(201);
    assert_eq!((&came.json["slot_id"], &came.json["state"]), (&json!(second), &json!("checked_in")));
    assert_eq!((&came.json["walk_in"], &came.json["checked_in_at"]), (&json!(true), &json!("2027-03-04T17:35:00Z")));
    assert!(came.json["student"]["external_ref"].as_str().unwrap().starts_with("walk-in-"), "{}", came.json);
    assert_eq!(world.letters_to("wanda.walker@example.edu").await.len(), 1, "it begins later: an invite");
    let twice = portal.post(&path, wanda).await.refused(409, "already_booked");
    assert_eq!(twice.json["booking_id"], json!(came.id()), "asked twice, let in once");

    // Whom the campus knows needs no more than that; what it knows stays.
    let known = json!({ "student": { "external_ref": "sam.student" } });
    let sam = office.post(&path, known).await.refused(409, "already_booked");
    assert!(sam.json["detail"].as_str().unwrap().contains("2027-03-04T17:30:00Z"), "{}", sam.json);
    portal.books(&world.slot(&event, "16:00", 1).await, "Kim Student").await.expect(201);
    let kim = json!({ "student": { "email": "kim.student@example.edu", "name": "Kimberley" } });
    let kim = office.post(&path, kim).await.expect(201);
    assert_eq!((&kim.json["student"]["name"], &kim.json["slot_id"]), (&json!("Kim Student"), &json!(second)));
    office.post(&path, json!({ "student": student("Lee") })).await.refused(422, "invalid_fields");

    // The mark can be taken back as any other, and it shows in what the office takes home.
    let back = office.booking_does(&kim.id(), "undo").await.expect(200);
    assert_eq!((&back.json["state"], &back.json["walk_in"]), (&json!("confirmed"), &json!(true)));
    let table = office.get(&format!("/v1/events/{}/bookings.csv", event.id())).await.expect(200).text();
    assert!(table.contains("\"walk_in\"") && table.contains("\"yes\""), "{table}");
    let sheet = office.get(&format!("/v1/events/{}/day-sheet", event.id())).await.expect(200).text();
    assert!(sheet.contains("12:35, walk-in"), "{sheet}");
    let log = office.all(&format!("/v1/events/{}/place-log", event.id())).await;
    assert!(log.iter().any(|line| line["what"] == "walked_in" && line["by"] == "portal"), "{log:?}");

    // Half an hour has half of its time left at a quarter to: then it is still worth it, and a minute later no more.
    let late = world.slot(&event, "14:00", 1).await;
    let join = |name: &str| json!({ "student": { "name": name, "email": format!("{name}@example.edu") } });
    world.set_clock("2027-03-04T19:16:00Z");
    office.post(&path, join("ann")).await.refused(409, "slot_full");
    world.set_clock("2027-03-04T19:15:00Z");
    assert_eq!(office.post(&path, join("ann")).await.expect(201).json["slot_id"], json!(late));
    assert!(world.letters_to("ann@example.edu").await.is_empty(), "whoever goes in now needs no letter");
}

async fn what_stands_in_the_way_of_a_walk_in_is_named(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let path = format!("/v1/events/{}/walk-ins", event.id());
    let into = |slot: &str, name: &str| json!({ "student": { "name": name, "email": format!("{name}@example.edu") }, "slot_id": slot });
    office.post(&path, into(&slot, "ann")).await.refused(409, "too_early");
    world.booking_rules(&event, json!({ "majors": ["Nursing"], "closes_minutes_before": 60 })).await.expect(200);
    let elsewhere = world.event(&json!({ "title": "Fair" })).await;
    let there = world.slot(&elsewhere, "12:30", 1).await;
    let later = world.slot(&event, "14:00", 1).await;
    portal.books(&there, "Sam Student").await.expect(201);
    world.set_clock("2027-03-04T17:31:00Z");
    let wrong = office.post(&path, into(&there, "ann")).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/slot_id");
    for (body, pointer) in [
        (json!({ "student": {} }), "/student/email"),
        (json!({ "student": { "email": "new@example.edu" } }), "/student/name"),
        (json!({ "student": { "external_ref": "nobody-knows", "name": "New" } }), "/student/email"),
        (json!({ "student": { "name": "New", "email": "nowhere" } }), "/student/email"),
        (json!({ "student": { "name": "New", "email": "n@example.edu" }, "slot_id": "x" }), "/slot_id"),
    ] {
        let wrong = office.post(&path, body).await.refused(422, "invalid_fields");
        assert_eq!(wrong.json["errors"][0]["pointer"], pointer);
    }
    office.post(&path, into(&slot, "ann")).await.refused(409, "not_eligible");
    world.booking_rules(&event, json!({ "closes_minutes_before": 60 })).await.expect(200);
    let sam = json!({ "student": { "external_ref": "sam.student" }, "slot_id": slot });
    portal.post(&path, sam.clone()).await.refused(409, "overlap");
    let mut over = sam;
    over["override_reason"] = json!("The other one is off for him.");
    portal.post(&path, over.clone()).await.refused(403, "forbidden");
    let came = office.post(&path, over.clone()).await.expect(201);
    assert_eq!(came.json["override_reason"], "The other one is off for him.");
    // No reason makes room, nor two places of one.
    office.post(&path, over).await.refused(409, "already_booked");
    let mut full = into(&slot, "ann");
    full["override_reason"] = json!("She came from far away.");
    office.post(&path, full).await.refused(409, "slot_full");
    office.act(&format!("/v1/slots/{later}/close")).await.expect(200);
    office.post(&path, into(&later, "ann")).await.refused(409, "slot_closed");
    world.set_clock("2027-03-04T18:00:00Z");
    office.post(&path, into(&slot, "ann")).await.refused(409, "is_over");
}

async fn nobody_who_waits_is_overtaken_without_a_reason(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "14:00", 1).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let taken = portal.books(&slot, "Sam Student").await.expect(201);
    // Wim waits for it, is passed over because of something else at that time, and then has time again: he is still first.
    let wim = portal.queues(&event, "Wim Student", &json!({})).await.expect(201);
    let elsewhere = world.event(&json!({ "title": "Fair" })).await;
    let fair = portal.books(&world.slot(&elsewhere, "14:00", 1).await, "Wim Student").await.expect(201);
    world.set_clock("2027-03-04T17:30:00Z");
    portal.booking_does(&taken.id(), "cancel").await.expect(200);
    portal.booking_does(&fair.id(), "cancel").await.expect(200);
    let path = format!("/v1/events/{}/walk-ins", event.id());
    let ann = json!({ "student": { "name": "Ann", "email": "ann@example.edu" } });
    let behind = office.post(&path, ann.clone()).await.refused(409, "slot_full");
    assert_eq!(behind.json["waiting"], 1);
    // Nobody can be asked any more five minutes before; then whoever is there may have it.
    world.set_clock("2027-03-04T18:55:00Z");
    let came = office.post(&path, ann).await.expect(201);
    office.booking_does(&came.id(), "undo").await.expect(200);
    office.booking_does(&came.id(), "cancel").await.expect(200);
    // Whoever waits and comes in waits no longer.
    office.post(&path, json!({ "student": { "external_ref": "wim.student" } })).await.expect(201);
    assert_eq!(portal.get(&format!("/v1/waitlist/{}", wim.id())).await.expect(200).json["state"], "left");
}

async fn whoever_was_offered_a_place_has_it_by_being_there(world: &World) {
    let event = world.event(&json!({})).await;
    let (first, second) = (world.slot(&event, "14:00", 1).await, world.slot(&event, "14:30", 1).await);
    let (portal, office) = (world.portal().await, world.coordinator());
    let sam = portal.books(&first, "Sam Student").await.expect(201).id();
    let kim = portal.books(&second, "Kim Student").await.expect(201).id();
    let ada = portal.queues(&event, "Ada Student", &json!({ "slot_ids": [first] })).await.expect(201).id();
    let ben = portal.queues(&event, "Ben Student", &json!({ "slot_ids": [second] })).await.expect(201).id();
    let next = portal.queues(&event, "Cy Student", &json!({ "slot_ids": [second] })).await.expect(201).id();
    world.set_clock("2027-03-04T17:30:00Z");
    for booking in [&sam, &kim] {
        portal.booking_does(booking, "cancel").await.expect(200);
    }
    let path = format!("/v1/events/{}/walk-ins", event.id());
    let who = |who: &str, slot: Option<&str>| json!({ "student": { "external_ref": who }, "slot_id": slot });
    let came = office.post(&path, who("ada.student", None)).await.expect(201);
    assert_eq!((&came.json["slot_id"], &came.json["state"]), (&json!(first), &json!("checked_in")));
    let entry = |entry: &str| format!("/v1/waitlist/{entry}");
    assert_eq!(portal.get(&entry(&ada)).await.expect(200).json["state"], "accepted");

    // Let in elsewhere, Ben leaves the place that was held for him to the next.
    let third = world.slot(&event, "15:00", 1).await;
    world.set_clock("2027-03-04T18:00:00Z");
    office.post(&path, who("ben.student", Some(&third))).await.expect(201);
    assert_eq!(portal.get(&entry(&ben)).await.expect(200).json["state"], "declined");
    assert_eq!(portal.get(&entry(&next)).await.expect(200).json["state"], "offered");
    let taken = office.all(&format!("/v1/events/{}/bookings", event.id())).await;
    let count = taken.iter().filter(|booking| booking["state"] == "checked_in").count();
    assert_eq!(count, 2);

    // A number typed wrongly does not make the same person a second one.
    let typo = json!({ "student": { "external_ref": "bne", "name": "Ben", "email": "ben.student@example.edu" } });
    let typo = office.post(&path, typo).await.refused(422, "invalid_fields");
    assert_eq!(typo.json["errors"][0]["pointer"], "/student/external_ref");
}

async fn who_is_there_already_hears_when_it_is_called_off(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "14:00", 2).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let sam = portal.books(&slot, "Sam Student").await.expect(201).id();
    world.set_clock("2027-03-04T18:00:00Z");
    office.booking_does(&sam, "check-in").await.expect(200);
    office.post(&format!("/v1/slots/{slot}/cancel"), json!({ "reason": "The room is locked." })).await.expect(200);
    assert_eq!(portal.get(&format!("/v1/bookings/{sam}")).await.expect(200).json["state"], "cancelled");
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert!(letter.text.contains("The room is locked."), "{}", letter.text);
}

async fn the_last_place_is_given_to_one_walk_in(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 3).await;
    world.set_clock("2027-03-04T17:20:00Z");
    let path = format!("/v1/events/{}/walk-ins", event.id());
    let bodies: Vec<_> = (0..16)
        .map(|number| json!({ "student": { "name": "Somebody", "email": format!("s{number}@example.edu") } }))
        .collect();
    let portal = world.portal().await;
    let answers = futures_util::future::join_all(bodies.iter().map(|body| portal.post(&path, body.clone()))).await;
    let let_in = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(let_in, 3);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
    assert_eq!(world.nobody().get(&format!("/v1/slots/{slot}")).await.expect(200).json["taken"], 3);
}

async fn a_phone_of_the_door_lets_somebody_in_once(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    world.slot(&event, "13:00", 5).await;
    world.set_clock("2027-03-04T17:25:00Z");
    let path = format!("/door/{}/walk-ins", event.id());
    Phone::of_nobody(world).presses(&path, "name=Ann&email=ann%40example.edu").await.expect(403);
    let door = Phone::of_door(world, &event, 60).await;
    let desk = door.sees(&format!("/door/{}", event.id())).await.expect(200).text();
    assert!(desk.contains("12:30 to 13:00, Table at 12:30 (1 free)") && desk.contains(&slot), "{desk}");
    for (form, said) in [
        ("name=Ann", "say who came"),
        ("name=Ann&email=nowhere", "no e-mail address"),
        ("name=Ann&email=ann%40example.edu&slot_id=x", "no such slot"),
        ("name=Ann&email=ann%40example.edu&force=1", "not ours"),
    ] {
        let wrong = door.presses(&path, form).await.expect(422).text();
        assert!(wrong.contains(said) && wrong.contains("value=\"Ann\""), "{said}: {wrong}");
    }
    let form = "name=Ann&email=ann%40example.edu&external_ref=&slot_id=";
    assert!(door.presses(&path, form).await.expect(200).text().contains("Here since 12:25"));
    let again = door.presses(&path, form).await.expect(409).text();
    assert!(again.contains("check them in there"), "{again}");
    let full =
        door.presses(&path, &format!("name=Bea&email=bea%40example.edu&slot_id={slot}")).await.expect(409).text();
    assert!(full.contains("All 1 places are taken") && full.contains("value=\"Bea\""), "{full}");
    let bookings = world.coordinator().all(&format!("/v1/events/{}/bookings", event.id())).await;
    assert_eq!(bookings.len(), 1);
}
