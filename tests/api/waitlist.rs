//! Who waits: a place that comes free goes to the queue before anybody else can have it, in order, held until a deadline
//! in waking hours, and every skip has a reason.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    a_freed_place_goes_to_the_first_who_waits,
    an_offer_that_runs_out_goes_to_the_next,
    room_that_is_made_goes_to_the_queue_first,
    whoever_cannot_have_it_is_passed_over_with_a_reason,
    nobody_waits_for_what_is_free,
    a_wish_names_the_places_that_would_do,
    the_link_takes_or_leaves_the_place,
    whoever_cannot_have_a_place_keeps_nobody_from_it,
    what_stood_in_the_way_is_looked_at_again,
    those_who_waited_for_the_opening_come_first_and_shut_nobody_out,
    new_slots_and_wider_rules_serve_those_who_wait,
    shortly_before_the_start_a_free_place_is_for_whoever_comes,
    whoever_books_what_they_wished_for_waits_no_longer,
    nobody_slips_in_between,
    the_office_moves_somebody_up_for_a_reason
);

async fn log(world: &World, event: &str) -> Vec<(String, String)> {
    let lines = world.coordinator().all(&format!("/v1/events/{event}/place-log")).await;
    let said = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines.iter().map(|line| (said(line, "what"), said(line, "external_ref"))).collect()
}

async fn state(world: &World, entry: &str) -> Value {
    world.coordinator().get(&format!("/v1/waitlist/{entry}")).await.expect(200).json
}

async fn a_freed_place_goes_to_the_first_who_waits(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201);
    let first = portal.queues(&event, "Kim Student", &json!({})).await.expect(201);
    assert_eq!((&first.json["state"], &first.json["position"]), (&json!("waiting"), &json!(1)));
    let second = portal.queues(&event, "Lee Student", &json!({})).await.expect(201);
    assert_eq!(second.json["position"], 2);
    portal.queues(&event, "Kim Student", &json!({})).await.refused(409, "already_waiting");

    portal.booking_does(&booked.id(), "cancel").await.expect(200);
    // Noon less two hours in New York: twelve hours later it is night, so the answer is due at nine.
    let offered = state(world, &first.id()).await;
    assert_eq!((&offered["state"], &offered["offer_deadline"]), (&json!("offered"), &json!("2027-01-12T14:00:00Z")));
    assert_eq!(state(world, &second.id()).await["position"], 1);
    portal.books(&slot, "Max Student").await.refused(409, "slot_full");
    let letters = world.letters_to("kim.student@example.edu").await;
    assert!(letters.len() == 1 && letters[0].text.contains("held for you"), "{letters:?}");
    let done = portal.entry_does(&first.id(), "accept").await.expect(200);
    assert_eq!(done.json["state"], "accepted");
    let booking = portal.get(&format!("/v1/bookings/{}", done.json["booking_id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&booking.json["state"], &booking.json["waitlist_entry_id"]), (&json!("confirmed"), &json!(first.id())));
    assert!(world.letters_to("kim.student@example.edu").await[1].calendar.is_some(), "a confirmation with an invite");
    portal.entry_does(&first.id(), "accept").await.refused(409, "wrong_state");
    assert_eq!(portal.entry_does(&second.id(), "leave").await.expect(200).json["state"], "left");
}

async fn an_offer_that_runs_out_goes_to_the_next(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201);
    let first = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let second = portal.queues(&event, "Lee Student", &json!({})).await.expect(201).id();
    portal.booking_does(&booked.id(), "cancel").await.expect(200);
    world.set_clock("2027-01-12T14:00:00Z");
    portal.entry_does(&first, "accept").await.refused(409, "offer_expired");
    world.tick().await;
    assert_eq!(state(world, &first).await["state"], "expired");
    assert_eq!(state(world, &second).await["state"], "offered");
    portal.entry_does(&first, "accept").await.refused(409, "offer_expired");
    let letters = world.letters_to("kim.student@example.edu").await;
    assert!(letters.len() == 2 && letters[1].text.contains("time to answer is over"), "{letters:?}");
    let words: Vec<_> = log(world, &event.id()).await.into_iter().map(|(what, _)| what).collect();
    assert_eq!(words, ["booked", "joined", "joined", "cancelled", "offered", "offer_expired", "offered"]);
    assert_eq!(portal.entry_does(&second, "decline").await.expect(200).json["state"], "declined");
    portal.books(&slot, "Max Student").await.expect(201);
}

async fn room_that_is_made_goes_to_the_queue_first(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    portal.books(&slot, "Sam Student").await.expect(201);
    let waiting = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let more = world.coordinator().patch(&format!("/v1/slots/{slot}"), "*", json!({ "capacity": 3 })).await.expect(200);
    assert_eq!((&more.json["taken"], &more.json["free"]), (&json!(2), &json!(1)));
    assert_eq!(state(world, &waiting).await["state"], "offered");
    portal.books(&slot, "Max Student").await.expect(201);
    portal.books(&slot, "Lee Student").await.refused(409, "slot_full");
}

async fn whoever_cannot_have_it_is_passed_over_with_a_reason(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let elsewhere = world.slot(&world.event(&json!({ "title": "Fair" })).await, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201);
    let busy = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let next = portal.queues(&event, "Lee Student", &json!({})).await.expect(201).id();
    portal.books(&elsewhere, "Kim Student").await.expect(201);
    portal.booking_does(&booked.id(), "cancel").await.expect(200);
    assert_eq!(state(world, &busy).await["state"], "waiting", "who was passed over keeps their place in the queue");
    assert_eq!(state(world, &next).await["state"], "offered");
    let lines = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let skipped = lines.iter().find(|line| line["what"] == "skipped").expect("a line about who was passed over");
    assert_eq!((&skipped["external_ref"], &skipped["by"]), (&json!("kim.student"), &json!("rule")));
    assert!(skipped["reason"].as_str().unwrap().contains("Fair"), "{skipped}");
}

async fn nobody_waits_for_what_is_free(world: &World) {
    let event = world.event(&json!({})).await;
    let portal = world.portal().await;
    portal.queues(&event, "Kim Student", &json!({})).await.refused(409, "has_begun");
    let slot = world.slot(&event, "12:30", 1).await;
    let free = portal.queues(&event, "Kim Student", &json!({})).await.refused(409, "places_free");
    assert_eq!(free.json["alternatives"][0]["slot_id"], json!(slot));
    portal.books(&slot, "Sam Student").await.expect(201);
    portal.queues(&event, "Kim Student", &json!({})).await.expect(201);
    let wrong = json!({ "from": "2027-03-04T20:00:00Z", "until": "2027-03-04T19:00:00Z", "slot_ids": ["x"] });
    let wrong = portal.queues(&event, "Lee Student", &wrong).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/slot_ids/0");
    world.set_clock("2027-03-04T17:30:00Z");
    portal.queues(&event, "Max Student", &json!({})).await.refused(409, "has_begun");
}

async fn a_wish_names_the_places_that_would_do(world: &World) {
    let event = world.event(&json!({})).await;
    let (early, late) = (world.slot(&event, "12:30", 1).await, world.slot(&event, "15:00", 1).await);
    let portal = world.portal().await;
    let first = portal.books(&early, "Sam Student").await.expect(201).id();
    let second = portal.books(&late, "Kim Student").await.expect(201).id();
    let afternoon = json!({ "from": "2027-03-04T19:00:00Z" });
    let patient = portal.queues(&event, "Lee Student", &afternoon).await.expect(201).id();
    let any = portal.queues(&event, "Max Student", &json!({ "slot_ids": [early, late] })).await.expect(201).id();
    portal.booking_does(&first, "cancel").await.expect(200);
    assert_eq!(state(world, &patient).await["state"], "waiting", "the morning would not do");
    assert_eq!(state(world, &any).await["state"], "offered");
    portal.booking_does(&second, "cancel").await.expect(200);
    assert_eq!(state(world, &patient).await["state"], "offered");
}

async fn the_link_takes_or_leaves_the_place(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201).id();
    for name in ["Kim Student", "Lee Student"] {
        portal.queues(&event, name, &json!({})).await.expect(201);
    }
    portal.booking_does(&booked, "cancel").await.expect(200);
    let link = async |who: &str| {
        let letters = world.letters_to(who).await;
        let text = &letters.last().expect("an offer's letter").text;
        text[text.find("/p/").unwrap()..].split_whitespace().next().unwrap().to_owned()
    };
    let press = async |link: &str, answer: &str| {
        let body = format!("answer={answer}");
        world.nobody().request("POST", link).body("application/x-www-form-urlencoded", body).send().await
    };
    let first = link("kim.student@example.edu").await;
    let page = world.nobody().get(&first).await.expect(200);
    assert!(page.text().contains("value=\"accept\"") && page.text().contains("value=\"decline\""), "{}", page.text());
    assert!(press(&first, "decline").await.expect(200).text().contains("goes to the next"));
    press(&first, "accept").await.expect(409);
    let second = link("lee.student@example.edu").await;
    assert!(press(&second, "accept").await.expect(200).text().contains("The place is yours"));
    assert!(press(&second, "accept").await.expect(200).text().contains("The place is yours"), "a second click");
    let taken = world.nobody().get(&format!("/v1/slots/{slot}")).await.expect(200);
    assert_eq!(taken.json["taken"], 1);
}

/// Kim waits for the slot while Sam has it, is elsewhere when Sam gives it back, and stays in the queue.
async fn kim_is_passed_over(world: &World) -> (Response, String, String, String) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let elsewhere = world.slot(&world.event(&json!({ "title": "Fair" })).await, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201);
    let busy = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let fair = portal.books(&elsewhere, "Kim Student").await.expect(201).id();
    portal.booking_does(&booked.id(), "cancel").await.expect(200);
    assert_eq!(state(world, &busy).await["state"], "waiting");
    (event, slot, busy, fair)
}

async fn whoever_cannot_have_a_place_keeps_nobody_from_it(world: &World) {
    let (event, slot, busy, _) = kim_is_passed_over(world).await;
    world.sweep().await;
    let portal = world.portal().await;
    let free = portal.queues(&event, "Lee Student", &json!({})).await.refused(409, "places_free");
    assert_eq!(free.json["alternatives"][0]["slot_id"], json!(slot));
    portal.books(&slot, "Lee Student").await.expect(201);
    assert_eq!(state(world, &busy).await["position"], 1);
    let skips = log(world, &event.id()).await.into_iter().filter(|(what, _)| what == "skipped").count();
    assert_eq!(skips, 1, "looking again and again says nothing new");
}

async fn what_stood_in_the_way_is_looked_at_again(world: &World) {
    let (event, slot, busy, fair) = kim_is_passed_over(world).await;
    let portal = world.portal().await;
    portal.booking_does(&fair, "cancel").await.expect(200);
    world.sweep().await;
    assert_eq!(state(world, &busy).await["state"], "offered");
    portal.entry_does(&busy, "decline").await.expect(200);
    world.sweep().await;

    // Nobody has come by since the way was clear: the next who wants the place finds it promised.
    let again = portal.books(&slot, "Sam Student").await.expect(201).id();
    let waits = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let elsewhere = world.slot(&world.event(&json!({ "title": "Fair" })).await, "12:30", 1).await;
    let fair = portal.books(&elsewhere, "Kim Student").await.expect(201).id();
    portal.booking_does(&again, "cancel").await.expect(200);
    portal.booking_does(&fair, "cancel").await.expect(200);
    let refused = portal.books(&slot, "Lee Student").await.refused(409, "slot_full");
    assert_eq!((&refused.json["free"], &refused.json["waiting"]), (&json!(0), &json!(0)), "{}", refused.json);
    assert_eq!(state(world, &waits).await["state"], "offered");
}

async fn those_who_waited_for_the_opening_come_first_and_shut_nobody_out(world: &World) {
    let event = world.event(&json!({})).await;
    world.booking_rules(&event, json!({ "opens_at": "2027-01-20T14:00:00Z" })).await.expect(200);
    let first = world.slot(&event, "12:30", 1).await;
    let second = world.slot(&event, "13:00", 1).await;
    let third = world.slot(&event, "13:30", 1).await;
    let portal = world.portal().await;
    let early = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let late = portal.queues(&event, "Lee Student", &json!({ "slot_ids": [third] })).await.expect(201).id();
    portal.books(&second, "Max Student").await.refused(409, "booking_closed");
    world.sweep().await;
    assert_eq!(state(world, &early).await["state"], "waiting", "nobody is asked before it opens");
    world.set_clock("2027-01-20T14:00:00Z");
    portal.books(&second, "Max Student").await.expect(201);
    for entry in [&early, &late] {
        assert_eq!(state(world, entry).await["state"], "offered");
    }
    portal.books(&first, "Ned Student").await.refused(409, "slot_full");
    portal.books(&third, "Ned Student").await.refused(409, "slot_full");
}

async fn new_slots_and_wider_rules_serve_those_who_wait(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    portal.books(&slot, "Sam Student").await.expect(201);
    let kim = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let lee = portal.queues(&event, "Lee Student", &json!({})).await.expect(201).id();
    let new = world.slot(&event, "14:00", 1).await;
    assert_eq!(state(world, &kim).await["state"], "offered");
    let shown = world.nobody().get(&format!("/v1/slots/{new}")).await.expect(200);
    assert_eq!((&shown.json["taken"], &shown.json["free"]), (&json!(1), &json!(0)));
    portal.books(&new, "Max Student").await.refused(409, "slot_full");
    portal.entry_does(&kim, "accept").await.expect(200);

    // Closed a whole day before by the rules, then not: who waits is asked at once.
    world.set_clock("2027-03-04T12:00:00Z");
    world.booking_rules(&event, json!({ "closes_minutes_before": 1440 })).await.expect(200);
    let late = world.slot(&event, "16:00", 1).await;
    assert_eq!(state(world, &lee).await["state"], "waiting");
    world.booking_rules(&event, json!({})).await.expect(200);
    let offered = state(world, &lee).await;
    assert_eq!(offered["state"], "offered");
    let booking = portal.get(&format!("/v1/bookings/{}", offered["booking_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(booking.json["slot_id"], json!(late));
}

async fn shortly_before_the_start_a_free_place_is_for_whoever_comes(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201).id();
    let waits = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    world.set_clock("2027-03-04T17:21:00Z");
    portal.booking_does(&booked, "cancel").await.expect(200);
    assert_eq!(state(world, &waits).await["state"], "waiting", "nine minutes are too few to be asked and to answer");
    portal.books(&slot, "Max Student").await.expect(201);
}

async fn whoever_books_what_they_wished_for_waits_no_longer(world: &World) {
    let event = world.event(&json!({})).await;
    let (early, late) = (world.slot(&event, "12:30", 1).await, world.slot(&event, "15:00", 1).await);
    let portal = world.portal().await;
    for (slot, name) in [(&early, "Sam Student"), (&late, "Max Student")] {
        portal.books(slot, name).await.expect(201);
    }
    let any = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let only = portal.queues(&event, "Lee Student", &json!({ "slot_ids": [late] })).await.expect(201).id();
    world.set_clock("2027-03-04T17:21:00Z");
    let bookings = portal.all(&format!("/v1/events/{}/bookings", event.id())).await;
    portal.booking_does(bookings[0]["id"].as_str().unwrap(), "cancel").await.expect(200);
    portal.books(&early, "Kim Student").await.expect(201);
    assert_eq!(state(world, &any).await["state"], "left");
    let more = world.slot(&event, "13:30", 1).await;
    portal.books(&more, "Lee Student").await.expect(201);
    assert_eq!(state(world, &only).await["state"], "waiting", "another place than the one that is wished for");
}

/// While a place is given back, many try to book it; it goes to the one who waits, whoever comes first.
async fn nobody_slips_in_between(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201).id();
    let waiting = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    let names: Vec<String> = (0..24).map(|number| format!("Student {number}")).collect();
    let (gone, answers) = tokio::join!(
        portal.booking_does(&booked, "cancel"),
        join_all(names.iter().map(|name| portal.books(&slot, name)))
    );
    gone.expect(200);
    for answer in answers {
        answer.refused(409, "slot_full");
    }
    assert_eq!(state(world, &waiting).await["state"], "offered");
}

async fn the_office_moves_somebody_up_for_a_reason(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let booked = portal.books(&slot, "Ann Booked").await.expect(201);
    let mut waiting = Vec::new();
    for name in ["Ben First", "Cy Second", "Dora Third"] {
        waiting.push(portal.queues(&event, name, &json!({})).await.expect(201));
    }
    let up = format!("/v1/waitlist/{}/move-up", waiting[2].id());
    portal.post(&up, json!({ "reason": "Mine." })).await.refused(403, "forbidden");
    office.post(&up, json!({ "reason": "" })).await.refused(422, "invalid_fields").points_at("/reason", "required");
    let moved = office.post(&up, json!({ "reason": "Has no other free day." })).await.expect(200);
    assert_eq!(moved.json["position"], 1);
    let again = office.post(&up, json!({ "reason": "Has no other free day." })).await.expect(200);
    assert_eq!(again.json["revision"], moved.json["revision"], "the first cannot be more than the first");
    let queue = portal.all(&format!("/v1/events/{}/waitlist", event.id())).await;
    let names: Vec<&str> = queue.iter().map(|entry| entry["student"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Dora Third", "Ben First", "Cy Second"]);
    let log = office.all(&format!("/v1/events/{}/place-log", event.id())).await;
    let line = log.iter().find(|line| line["what"] == "moved_up").unwrap();
    assert_eq!((&line["reason"], &line["by"]), (&json!("Has no other free day."), &json!("office")));
    portal.booking_does(&booked.id(), "cancel").await.expect(200);
    let offered = portal.get(&format!("/v1/waitlist/{}", waiting[2].id())).await.expect(200);
    assert_eq!(offered.json["state"], "offered");
    office.post(&up, json!({ "reason": "Again." })).await.refused(409, "wrong_state");
}
