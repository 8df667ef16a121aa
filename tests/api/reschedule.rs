//! Another time for an event: postponed, put to another time with everybody in it, and on again.

use futures_util::future::join_all;
use rostrum::domain::letter::{CalendarMethod, Letter, LetterKind};
use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    everybody_moves_with_the_event_and_hears_of_it_once,
    who_is_not_concerned_hears_nothing,
    what_is_postponed_has_its_people_and_no_time,
    what_is_postponed_may_be_on_after_all,
    a_volunteer_is_asked_whether_the_new_time_suits,
    whoever_was_there_already_is_to_come_again,
    who_now_overlaps_is_named_and_keeps_both,
    places_back_to_back_move_past_one_another,
    a_grid_moves_with_its_slots,
    the_nights_the_clocks_change,
    whoever_waits_keeps_their_turn_and_their_hours,
    two_offices_at_once_are_told_apart,
    portals_book_while_the_office_moves,
    what_cannot_be_moved_is_pointed_at,
);

async fn puts(client: &Client, event: &Response, body: Value) -> Response {
    let path = format!("/v1/events/{}/reschedule", event.id());
    client.request("POST", &path).header("If-Match", "*").json(&body).send().await
}

async fn postpones(world: &World, event: &Response) -> Response {
    let path = format!("/v1/events/{}/postpone", event.id());
    world.coordinator().post(&path, json!({ "reason": "The hall is flooded." })).await
}

fn day(day: &str) -> Value {
    json!({ "starts_local": format!("{day}T12:00"), "ends_local": format!("{day}T18:00"), "reason": "The hall is flooded." })
}

/// One line of the calendar in a letter.
#[track_caller]
fn says(letter: &Letter, property: &str) -> String {
    let calendar = letter.calendar.as_ref().expect("an invite");
    assert_eq!(calendar.method, CalendarMethod::Request);
    let unfolded = calendar.bytes.replace("\r\n ", "");
    // The zone has a DTSTART of its own.
    let event = unfolded.split("BEGIN:VEVENT").nth(1).unwrap_or_default().to_owned();
    event.lines().find(|line| line.starts_with(property)).unwrap_or_default().to_owned()
}

async fn everybody_moves_with_the_event_and_hears_of_it_once(world: &World) {
    let event = world.event(&json!({})).await;
    let slots = [world.slot(&event, "12:30", 2).await, world.slot(&event, "14:00", 2).await];
    let portal = world.portal().await;
    let sam = portal.books(&slots[0], "Sam Student").await.expect(201);
    let kim = portal.books(&slots[1], "Kim Student").await.expect(201);
    let held = portal.holds(&slots[1], "Hal Student").await.expect(201);
    let before = world.letters().await.len();

    let mut body = day("2027-03-11");
    body["dry_run"] = json!(true);
    body["place"] = json!("Library");
    let tried = puts(world.coordinator(), &event, body.clone()).await.expect(200);
    assert_eq!((&tried.json["done"], &tried.json["slots"]["count"]), (&json!(false), &json!(2)));
    let told: Vec<&str> =
        tried.json["told"]["items"].as_array().unwrap().iter().map(|told| told["name"].as_str().unwrap()).collect();
    assert_eq!(told, ["Sam Student", "Kim Student"]);
    assert_eq!(tried.json["event"]["starts_local"], "2027-03-11T12:00");
    let still = world.nobody().get(&format!("/v1/events/{}", event.id())).await.expect(200);
    assert_eq!((&still.json, world.letters().await.len()), (&event.json, before), "a dry run changes nothing");
    assert_eq!(tried.etag(), event.etag());

    body["dry_run"] = json!(false);
    let done = puts(world.coordinator(), &event, body.clone()).await.expect(200);
    assert_eq!(done.json["done"], true);
    let now = world.nobody().get(&format!("/v1/events/{}", event.id())).await.expect(200);
    assert_eq!((&now.json, now.etag()), (&done.json["event"], done.etag()));
    assert_eq!((&now.json["calendar_sequence"], &now.json["calendar_uid"]), (&json!(1), &event.json["calendar_uid"]));
    assert_eq!((&now.json["state"], &now.json["place"]), (&json!("published"), &json!("Library")));
    let slot = world.nobody().get(&format!("/v1/slots/{}", slots[0])).await.expect(200);
    assert_eq!((&slot.json["starts_local"], &slot.json["place"]), (&json!("2027-03-11T12:30"), &json!("Library")));
    let moved = portal.get(&format!("/v1/bookings/{}", sam.id())).await.expect(200);
    assert_eq!((&moved.json["starts_local"], &moved.json["state"]), (&json!("2027-03-11T12:30"), &json!("confirmed")));
    assert_eq!(moved.json["calendar_uid"], sam.json["calendar_uid"]);
    let ended = portal.booking_does(&held.id(), "confirm").await;
    assert_eq!(ended.status, 409, "nobody agreed to the new time: {}", ended.text());

    let letters = world.letters().await;
    assert_eq!(letters.len(), before + 2, "one letter each");
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::PlaceConfirmation);
    assert!(letter.subject.starts_with("New time: "), "{}", letter.subject);
    assert!(letter.text.contains("It was to be") && letter.text.contains("The hall is flooded."), "{}", letter.text);
    assert_eq!(says(&letter, "UID"), format!("UID:{}", sam.json["calendar_uid"].as_str().unwrap()));
    assert_eq!(says(&letter, "SEQUENCE"), "SEQUENCE:1");
    assert_eq!(says(&letter, "DTSTART"), "DTSTART;TZID=America/New_York:20270311T123000");
    assert_eq!(says(&letter, "STATUS"), "STATUS:CONFIRMED");
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    assert_eq!(log.iter().filter(|line| line["what"] == "rescheduled").count(), 2);

    // The same again, which a second office might send, changes nothing and tells nobody.
    let again = puts(world.coordinator(), &event, body).await.expect(200);
    assert_eq!((again.etag(), &again.json["told"]["count"]), (done.etag(), &json!(0)));
    assert_eq!(world.letters().await.len(), before + 2);
    portal.booking_does(&kim.id(), "cancel").await.expect(200);
}

async fn who_is_not_concerned_hears_nothing(world: &World) {
    let event = world.event(&json!({})).await;
    let (slot, other) = (world.slot(&event, "12:30", 2).await, world.slot(&event, "14:00", 2).await);
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let held = portal.holds(&other, "Hal Student").await.expect(201);
    let before = world.letters().await.len();
    // The event goes on for longer: no place is at another time.
    let body = json!({ "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T19:00" });
    let done = puts(world.coordinator(), &event, body).await.expect(200);
    assert_eq!((&done.json["done"], &done.json["told"]["count"]), (&json!(true), &json!(0)));
    assert_eq!(world.letters().await.len(), before);
    let kept = portal.get(&format!("/v1/bookings/{}", sam.id())).await.expect(200);
    assert_eq!((kept.json["calendar_sequence"].clone(), kept.etag()), (json!(0), sam.etag()));
    let _ = portal.booking_does(&held.id(), "confirm").await.expect(200);
    // Another hall: who goes there is told once, and what is held stays so.
    let third = portal.holds(&other, "Ida Student").await.expect(201);
    let body = json!({ "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T19:00", "place": "Gym" });
    let done = puts(world.coordinator(), &event, body).await.expect(200);
    assert_eq!(done.json["told"]["count"], 2);
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert!(letter.text.contains("Gym"), "{}", letter.text);
    let _ = portal.booking_does(&third.id(), "confirm").await.expect(200);
}

async fn what_is_postponed_has_its_people_and_no_time(world: &World) {
    let event = world.event(&json!({})).await;
    let (slot, other) = (world.slot(&event, "12:30", 1).await, world.slot(&event, "14:00", 1).await);
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let fill = portal.books(&other, "Kim Student").await.expect(201);
    let entry = portal.queues(&event, "Wim Student", &json!({ "slot_ids": [other] })).await.expect(201);
    portal.booking_does(&fill.id(), "cancel").await.expect(200);
    assert_eq!(portal.get(&format!("/v1/waitlist/{}", entry.id())).await.json["state"], "offered");
    let before = world.letters().await.len();

    let off = postpones(world, &event).await.expect(200);
    assert_eq!((&off.json["state"], &off.json["state_reason"]), (&json!("postponed"), &json!("The hall is flooded.")));
    assert_eq!(off.json["calendar_sequence"], 1);
    postpones(world, &event).await.refused(409, "wrong_state");
    let letters = world.letters().await;
    assert_eq!(letters.len(), before + 2, "Sam, and Wim who was being asked");
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert!(
        letter.subject.starts_with("Postponed: ") && letter.text.contains("The hall is flooded."),
        "{}",
        letter.text
    );
    assert!(letter.text.contains("not yet known; it was to be"), "{}", letter.text);
    assert_eq!(
        (says(&letter, "STATUS").as_str(), says(&letter, "SEQUENCE").as_str()),
        ("STATUS:TENTATIVE", "SEQUENCE:1")
    );
    assert_eq!(says(&letter, "SUMMARY"), "SUMMARY:Postponed: Mock interviews");
    assert_eq!(says(&letter, "TRANSP"), "TRANSP:TRANSPARENT");
    let feed = world.nobody().get(&format!("/feeds/campuses/{}/events.ics", world.campus_id())).await.expect(200);
    assert!(feed.text().contains("SUMMARY:Postponed: Mock interviews"), "{}", feed.text());
    assert!(feed.text().contains("STATUS:TENTATIVE"));

    // Nobody is booked, waits or is offered anything.
    portal.books(&other, "Kim Student").await.refused(409, "slot_closed");
    portal.queues(&event, "Kim Student", &json!({})).await.refused(409, "slot_closed");
    let waits = portal.get(&format!("/v1/waitlist/{}", entry.id())).await.expect(200);
    assert_eq!((&waits.json["state"], &waits.json["position"]), (&json!("waiting"), &json!(1)));
    // Sam is free for other things at the old time.
    let another = world.event(&json!({ "title": "Fair" })).await;
    let at_old = world.slot(&another, "12:30", 1).await;
    portal.books(&at_old, "Sam Student").await.expect(201);

    // Past the old time it has still not begun, and what was kept is moved; Wim is offered the place anew.
    world.set_clock("2027-03-05T15:00:00Z");
    world.tick().await;
    for verb in ["check-in", "attended", "no-show", "undo"] {
        let early = world.coordinator().booking_does(&sam.id(), verb).await.refused(409, "wrong_state");
        assert_eq!(early.json["state"], "postponed", "{verb}");
    }
    let excuse = format!("/v1/bookings/{}/excuse", sam.id());
    world.coordinator().post(&excuse, json!({ "reason": "Ill." })).await.refused(409, "wrong_state");
    let before = world.letters().await.len();
    let done = puts(world.coordinator(), &event, day("2027-03-11")).await.expect(200);
    assert_eq!(
        (&done.json["event"]["state"], &done.json["event"]["state_reason"]),
        (&json!("published"), &Value::Null)
    );
    assert_eq!(done.json["event"]["calendar_sequence"], 2);
    let now = portal.get(&format!("/v1/bookings/{}", sam.id())).await.expect(200);
    assert_eq!((&now.json["calendar_sequence"], &now.json["override_reason"]), (&json!(2), &Value::Null));
    assert_eq!(portal.get(&format!("/v1/waitlist/{}", entry.id())).await.json["state"], "offered");
    assert_eq!(world.letters().await.len(), before + 2);
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert_eq!(
        (says(&letter, "STATUS").as_str(), says(&letter, "SEQUENCE").as_str()),
        ("STATUS:CONFIRMED", "SEQUENCE:2")
    );
}

async fn what_is_postponed_may_be_on_after_all(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    postpones(world, &event).await.expect(200);
    let publish = format!("/v1/events/{}/publish", event.id());
    let on = world.coordinator().act(&publish).await.expect(200);
    assert_eq!((&on.json["state"], &on.json["calendar_sequence"]), (&json!("published"), &json!(2)));
    let letters = world.letters_to("sam.student@example.edu").await;
    assert_eq!(letters.len(), 3);
    assert!(letters[2].subject.starts_with("Takes place after all: "), "{}", letters[2].subject);
    assert_eq!(says(&letters[2], "SEQUENCE"), "SEQUENCE:2");
    let now = portal.get(&format!("/v1/bookings/{}", sam.id())).await.expect(200);
    assert_eq!((&now.json["starts_at"], &now.json["override_reason"]), (&sam.json["starts_at"], &Value::Null));
    postpones(world, &event).await.expect(200);
    world.set_clock("2027-03-04T17:00:00Z");
    world.coordinator().act(&publish).await.refused(409, "has_begun");
}

async fn whoever_was_there_already_is_to_come_again(world: &World) {
    let need = world.approved_need(&json!({})).await;
    let ada = world.volunteer("Ada").await;
    let seat = world.assignment(&need, &ada).await["id"].as_str().unwrap().to_owned();
    let event = world.coordinator().get(&format!("/v1/events/{}", need.json["event_id"].as_str().unwrap())).await;
    let does = async |verb: &str| world.coordinator().post(&format!("/v1/assignments/{seat}/{verb}"), json!({})).await;
    world.set_clock("2027-02-25T16:45:00Z");
    does("check-in").await.expect(200);
    postpones(world, &event).await.expect(200);
    let off = ada.get(&format!("/v1/assignments/{seat}")).await.expect(200);
    assert_eq!((&off.json["state"], &off.json["checked_in_at"]), (&json!("confirmed"), &Value::Null));
    let later = json!({ "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T14:00" });
    puts(world.coordinator(), &event, later).await.expect(200);
    let asked = ada.get(&format!("/v1/assignments/{seat}")).await.expect(200);
    assert_eq!(asked.json["state"], "reconfirm_pending", "the new day may not suit");
    world.set_clock("2027-03-04T16:45:00Z");
    let came = does("check-in").await.expect(200);
    assert_eq!(came.json["checked_in_at"], "2027-03-04T16:45:00Z");
    world.set_clock("2027-03-04T19:00:00Z");
    assert_eq!(does("check-out").await.expect(200).json["state"], "completed");
}

async fn a_volunteer_is_asked_whether_the_new_time_suits(world: &World) {
    let need = world.approved_need(&json!({})).await;
    let (ada, ben, eve) = (world.volunteer("Ada").await, world.volunteer("Ben").await, world.volunteer("Eve").await);
    let (seat, other) = (world.assignment(&need, &ada).await, world.assignment(&need, &eve).await);
    let offer = world.offer(&need, &ben).await;
    let event = world.coordinator().get(&format!("/v1/events/{}", need.json["event_id"].as_str().unwrap())).await;
    let before = world.letters().await.len();
    let body = json!({ "starts_local": "2027-01-12T12:00", "ends_local": "2027-01-12T14:00", "reason": "Snow." });
    let done = puts(world.coordinator(), &event, body).await.expect(200);
    let told = done.json["told"]["items"].as_array().unwrap();
    assert_eq!((told.len(), &told[2]["kind"]), (3, &json!("offer")));
    // The offer's three days would run past the new start: the need is decided as long before it as before, or at it.
    assert_eq!(told[2]["deadline"], "2027-01-12T17:00:00Z");
    assert_eq!(world.letters().await.len(), before + 3, "one letter each");
    let letter = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert_eq!((letter.kind, says(&letter, "SEQUENCE").as_str()), (LetterKind::Confirmation, "SEQUENCE:1"));
    assert_eq!(says(&letter, "UID"), format!("UID:{}", seat["calendar_uid"].as_str().unwrap()));
    assert_eq!(says(&letter, "STATUS"), "STATUS:TENTATIVE");
    assert!(letter.text.contains("Snow."), "{}", letter.text);
    let path = format!("/v1/assignments/{}", seat["id"].as_str().unwrap());
    let asked = ada.get(&path).await.expect(200);
    assert_eq!(
        (&asked.json["state"], &asked.json["starts_local"]),
        (&json!("reconfirm_pending"), &json!("2027-01-12T12:00"))
    );
    ben.act(&format!("{path}/reconfirm")).await.refused(404, "not_found");
    world.coordinator().act(&format!("{path}/reconfirm")).await.refused(404, "not_found");

    // The page behind the link: a look changes nothing, an answer counts once.
    let link = letter.text.split("/p/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let page = format!("/p/{link}");
    assert!(world.nobody().get(&page).await.expect(200).text().contains("Does it still suit you?"));
    assert_eq!(ada.get(&path).await.json["state"], "reconfirm_pending");
    let say = async |link: &str, answer: &str| {
        let form = format!("answer={answer}");
        world.nobody().request("POST", link).body("application/x-www-form-urlencoded", form).send().await
    };
    assert!(say(&page, "accept").await.expect(200).text().contains("You are expected."));
    assert!(say(&page, "accept").await.expect(200).text().contains("You are expected."));
    assert_eq!(ada.get(&path).await.json["state"], "confirmed");
    ada.act(&format!("{path}/reconfirm")).await.refused(409, "wrong_state");
    let letter = world.letters_to("eve@example.edu").await.pop().unwrap();
    let link = letter.text.split("/p/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(say(&format!("/p/{link}"), "decline").await.expect(200).text().contains("given your seat back"));
    let gone = eve.get(&format!("/v1/assignments/{}", other["id"].as_str().unwrap())).await;
    assert_eq!(gone.json["state"], "released");

    // The offer's new letter has a link that answers; the first link still does.
    let letters = world.letters_to("ben@example.edu").await;
    let newest = letters.last().unwrap();
    assert!(newest.subject.starts_with("Can you help at a new time?"), "{}", newest.subject);
    let links: Vec<String> = letters
        .iter()
        .filter(|letter| letter.kind == LetterKind::Offer)
        .map(|letter| format!("/o/{}", letter.text.split("/o/").nth(1).unwrap().split_whitespace().next().unwrap()))
        .collect();
    assert_eq!(links.len(), 2);
    for link in &links {
        assert!(world.nobody().get(link).await.expect(200).text().contains("12 January 2027"));
    }
    say(&links[1], "accept").await.expect(200);
    assert_eq!(ben.get(&format!("/v1/offers/{}", offer.id())).await.json["state"], "accepted");

    // Postponed, the seats stay, and nobody new is asked.
    let event = world.coordinator().get(&format!("/v1/events/{}", event.id())).await;
    let asked = world.volunteer("Fay").await;
    postpones(world, &event).await.expect(200);
    let role = crate::support::arrange::first_role(&need);
    let body = json!({ "volunteer_id": asked.id, "role_id": role });
    world
        .coordinator()
        .post(&format!("/v1/campus-requests/{}/offers", need.id()), body)
        .await
        .refused(409, "wrong_state");
    assert_eq!(ada.get(&path).await.json["state"], "confirmed");
    let feed = ada.act(&format!("/v1/volunteers/{}/feed-token", ada.id)).await.expect(201);
    let feed = feed.json["feed_url"].as_str().unwrap().split_once("/feeds/").unwrap().1.to_owned();
    let feed = world.nobody().get(&format!("/feeds/{feed}")).await.expect(200).text().replace("\r\n ", "");
    assert!(feed.contains("SUMMARY:Postponed: ") && feed.contains("STATUS:TENTATIVE"), "{feed}");
    // Past the old start the need waits with its event and does not expire.
    world.set_clock("2027-01-20T15:00:00Z");
    world.tick().await;
    let need = world.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!(need.json["state"], "approved");
}

async fn who_now_overlaps_is_named_and_keeps_both(world: &World) {
    let (event, other) = (
        world.event(&json!({})).await,
        world
            .event(&json!({ "title": "Fair", "starts_local": "2027-03-11T12:00", "ends_local": "2027-03-11T18:00" }))
            .await,
    );
    let (slot, busy) = (world.slot(&event, "12:30", 1).await, world.slot(&other, "12:30", 1).await);
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let fair = portal.books(&busy, "Sam Student").await.expect(201);
    let done = puts(world.coordinator(), &event, day("2027-03-11")).await.expect(200);
    let conflict = &done.json["conflicts"]["items"][0];
    assert_eq!(
        (&conflict["kind"], &conflict["id"], &conflict["other_title"]),
        (&json!("booking"), &json!(sam.id()), &json!("Fair"))
    );
    for booking in [&sam, &fair] {
        let now = portal.get(&format!("/v1/bookings/{}", booking.id())).await.expect(200);
        assert_eq!((&now.json["state"], &now.json["starts_local"]), (&json!("confirmed"), &json!("2027-03-11T12:30")));
    }
    let attention = format!("/v1/campuses/{}/attention", world.campus_id());
    let items = world.coordinator().all(&attention).await;
    assert_eq!((items.len(), &items[0]["kind"]), (1, &json!("booking_overlap")));
    assert!(items[0]["detail"].as_str().unwrap().starts_with("Sam Student is expected at"), "{}", items[0]);
    portal.booking_does(&fair.id(), "cancel").await.expect(200);
    assert!(world.coordinator().all(&attention).await.is_empty(), "it goes by itself");

    let week = |title: &str, day: &str| json!({ "title": title, "starts_local": format!("{day}T12:00"), "ends_local": format!("{day}T14:00") });
    let (first, second) =
        (world.approved_need(&week("One", "2027-04-01")).await, world.approved_need(&week("Two", "2027-04-08")).await);
    let ada = world.volunteer("Ada").await;
    let (one, _) = (world.assignment(&first, &ada).await, world.assignment(&second, &ada).await);
    let event = world.coordinator().get(&format!("/v1/events/{}", first.json["event_id"].as_str().unwrap())).await;
    let body = json!({ "starts_local": "2027-04-08T13:00", "ends_local": "2027-04-08T15:00" });
    let done = puts(world.coordinator(), &event, body).await.expect(200);
    let conflict = &done.json["conflicts"]["items"][0];
    assert_eq!(
        (&conflict["kind"], &conflict["name"], &conflict["other_title"]),
        (&json!("assignment"), &json!("Ada"), &json!("Two"))
    );
    let items = world.coordinator().all(&attention).await;
    assert_eq!((items.len(), &items[0]["kind"]), (1, &json!("assignment_overlap")));
    ada.release(one["id"].as_str().unwrap(), "Two it is.").await.expect(200);
    let items = world.coordinator().all(&attention).await;
    assert!(items.iter().all(|item| item["kind"] != "assignment_overlap"), "{items:?}");
}

async fn places_back_to_back_move_past_one_another(world: &World) {
    let event = world.event(&json!({})).await;
    let slots = [
        world.slot(&event, "12:30", 1).await,
        world.slot(&event, "13:00", 1).await,
        world.slot(&event, "13:30", 1).await,
    ];
    let portal = world.portal().await;
    for slot in &slots {
        portal.books(slot, "Sam Student").await.expect(201);
    }
    // Half an hour later, and an hour earlier: each place goes where the next one was.
    for (start, end, first) in [("12:30", "18:30", "13:00"), ("11:30", "17:30", "12:00")] {
        let body = json!({ "starts_local": format!("2027-03-04T{start}"), "ends_local": format!("2027-03-04T{end}") });
        let done = puts(world.coordinator(), &event, body).await.expect(200);
        assert_eq!((&done.json["conflicts"]["count"], &done.json["told"]["count"]), (&json!(0), &json!(3)));
        let slot = world.nobody().get(&format!("/v1/slots/{}", slots[0])).await.expect(200);
        assert_eq!(slot.json["starts_local"], format!("2027-03-04T{first}"));
    }
}

async fn a_grid_moves_with_its_slots(world: &World) {
    let event = world.event(&json!({})).await;
    let path = format!("/v1/events/{}/grid", event.id());
    let grid = json!({
        "sessions": [{ "name": "Afternoon", "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T17:00" }],
        "pattern": { "kind": "in_turn", "interview_minutes": 20, "feedback_minutes": 10 },
        "breaks": [{ "from": "14:00", "until": "14:30" }],
        "lunch_blocks": [{ "from": "12:30", "until": "13:30" }],
        "tables": [{ "label": "Table 1", "lunch": 0 }, { "label": "Table 2", "place": "Room 5" }],
    });
    let set = async |grid: &Value| {
        let body = json!({ "grid": grid });
        world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await
    };
    let made = set(&grid).await.expect(200);
    let wanted = made.json["slots"].as_u64().unwrap();
    let first = world.coordinator().all(&format!("/v1/events/{}/slots?limit=100", event.id())).await[0].clone();
    let portal = world.portal().await;
    portal.books(first["id"].as_str().unwrap(), "Sam Student").await.expect(201);

    // Over the night on which the clocks go forward, an hour and a half earlier in the day, in another hall.
    let body = json!({ "starts_local": "2027-03-15T10:30", "ends_local": "2027-03-15T16:30", "place": "Library" });
    let done = puts(world.coordinator(), &event, body).await.expect(200);
    assert_eq!((&done.json["slots"]["count"], &done.json["unmovable"]["count"]), (&json!(wanted), &json!(0)));
    let kept = world.coordinator().get(&path).await.expect(200);
    assert_eq!(kept.json["grid"]["lunch_blocks"][0], json!({ "from": "11:00", "until": "12:00" }));
    let again = set(&kept.json["grid"]).await.expect(200);
    let counts = ["keep", "change", "add", "remove", "blocked"].map(|list| again.json[list]["count"].as_u64().unwrap());
    assert_eq!(counts, [wanted, 0, 0, 0, 0], "made again, nothing changes");
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 2);

    // A lunch over midnight cannot be written down: nothing is done, and it is said.
    let late = json!({ "starts_local": "2027-03-15T23:00", "ends_local": "2027-03-16T05:00" });
    let refused = puts(world.coordinator(), &event, late).await.refused(409, "slots_unmovable");
    assert_eq!(refused.json["plan"]["unmovable"]["items"][0]["reason"], "grid");
}

async fn the_nights_the_clocks_change(world: &World) {
    // Zone, an ordinary night, the night, and what becomes of a slot from 02:00 to 02:30.
    let nights = [
        ("America/New_York", "2027-03-13", "2027-03-14", "time_skipped"),
        ("America/New_York", "2027-11-06", "2027-11-07", "moved"),
        ("Australia/Melbourne", "2027-10-02", "2027-10-03", "time_skipped"),
        ("Australia/Melbourne", "2027-04-03", "2027-04-04", "time_twice"),
        ("Australia/Lord_Howe", "2027-10-02", "2027-10-03", "time_skipped"),
        ("Australia/Lord_Howe", "2027-04-03", "2027-04-04", "moved"),
        ("America/Phoenix", "2027-03-13", "2027-03-14", "moved"),
    ];
    let portal = world.portal().await;
    for (number, (zone, before, night, expect)) in nights.into_iter().enumerate() {
        let hours = |day: &str| json!({ "starts_local": format!("{day}T00:00"), "ends_local": format!("{day}T08:00"), "time_zone": zone });
        let event = world.event(&hours(before)).await;
        let (at_two, at_six) = (world.slot(&event, "02:00", 1).await, world.slot(&event, "06:00", 1).await);
        let name = format!("Student {number}");
        let booking = portal.books(&at_six, &name).await.expect(201);
        let letters = world.letters().await.len();
        let answer = puts(world.coordinator(), &event, hours(night)).await;
        if expect == "moved" {
            answer.expect(200);
        } else {
            let refused = answer.refused(409, "slots_unmovable");
            let unmovable = &refused.json["plan"]["unmovable"];
            assert_eq!((&unmovable["count"], &unmovable["items"][0]["slot_id"]), (&json!(1), &json!(at_two)), "{zone}");
            assert_eq!(unmovable["items"][0]["reason"], expect, "{zone} {night}");
            let still = world.nobody().get(&format!("/v1/slots/{at_six}")).await.expect(200);
            assert_eq!(still.json["starts_local"], format!("{before}T06:00"), "nothing half done");
            assert_eq!(world.letters().await.len(), letters);
            // Whoever says which is meant is not asked again; what is skipped must give way.
            if expect == "time_skipped" {
                world
                    .coordinator()
                    .post(&format!("/v1/slots/{at_two}/cancel"), json!({ "reason": "Too early." }))
                    .await
                    .expect(200);
            }
            let mut body = hours(night);
            body["fold"] = json!("later");
            puts(world.coordinator(), &event, body).await.expect(200);
        }
        let moved = portal.get(&format!("/v1/bookings/{}", booking.id())).await.expect(200);
        assert_eq!(moved.json["starts_local"], format!("{night}T06:00"), "{zone}: the wall clock is kept");
        assert_eq!(world.letters().await.len(), letters + 1, "{zone}");
    }
    // The event's own ends are asked for as everywhere.
    let event = world.event(&json!({})).await;
    let skipped = json!({ "starts_local": "2027-03-14T02:30", "ends_local": "2027-03-14T09:00" });
    let wrong = puts(world.coordinator(), &event, skipped).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["code"], "time_skipped");
}

async fn whoever_waits_keeps_their_turn_and_their_hours(world: &World) {
    let event = world.event(&json!({})).await;
    let (early, late) = (world.slot(&event, "12:30", 1).await, world.slot(&event, "16:00", 1).await);
    let portal = world.portal().await;
    portal.books(&early, "Sam Student").await.expect(201);
    let kim = portal.books(&late, "Kim Student").await.expect(201);
    let afternoon = json!({ "from": "2027-03-04T20:00:00Z" });
    let entry = portal.queues(&event, "Wim Student", &afternoon).await.expect(201);
    puts(world.coordinator(), &event, day("2027-03-18")).await.expect(200);
    let now = portal.get(&format!("/v1/waitlist/{}", entry.id())).await.expect(200);
    // Three in the afternoon, by summer time since the 14th.
    assert_eq!((&now.json["from"], &now.json["state"]), (&json!("2027-03-18T19:00:00Z"), &json!("waiting")));
    portal.booking_does(&kim.id(), "cancel").await.expect(200);
    let offered = portal.get(&format!("/v1/waitlist/{}", entry.id())).await.expect(200);
    assert_eq!(offered.json["state"], "offered");
    let before = world.letters_to("wim.student@example.edu").await.len();
    // While it is held for Wim, it moves again: the offer is made anew, in one letter.
    puts(world.coordinator(), &event, day("2027-03-25")).await.expect(200);
    let again = portal.get(&format!("/v1/waitlist/{}", entry.id())).await.expect(200);
    assert_eq!(again.json["state"], "offered");
    let letters = world.letters_to("wim.student@example.edu").await;
    assert_eq!(letters.len(), before + 1);
    assert!(letters.last().unwrap().text.contains("at another time now"), "{}", letters.last().unwrap().text);
    portal.entry_does(&entry.id(), "accept").await.expect(200);
}

async fn two_offices_at_once_are_told_apart(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let path = format!("/v1/events/{}/reschedule", event.id());
    world.coordinator().post(&path, day("2027-03-11")).await.refused(428, "precondition_required");
    let (office, tag) = (world.coordinator(), event.etag());
    let (first, second) = (day("2027-03-11"), day("2027-03-12"));
    let answers = join_all(
        [&first, &second].map(|body| office.request("POST", &path).header("If-Match", &tag).json(body).send()),
    )
    .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "one of them is told that the other was faster");
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 2);
    let now = portal.get(&format!("/v1/bookings/{}", sam.id())).await.expect(200);
    assert_eq!(now.json["calendar_sequence"], 1);

    // A repetition under the same key is the same answer and no second letter.
    let again = |key: &str| {
        office
            .request("POST", &path)
            .header("If-Match", "*")
            .header("Idempotency-Key", key)
            .json(&day("2027-03-18"))
            .send()
    };
    let (one, two) = (again("a-key").await.expect(200), again("a-key").await.expect(200));
    assert_eq!((one.json, two.header("Idempotent-Replayed")), (two.json.clone(), Some("true")));
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 3);
}

async fn portals_book_while_the_office_moves(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 64).await;
    let portal = world.portal().await;
    let names: Vec<String> = (0..24).map(|number| format!("Student {number}")).collect();
    let booked = join_all(names.iter().map(|name| portal.books(&slot, name)));
    let (booked, moved) =
        futures_util::future::join(booked, puts(world.coordinator(), &event, day("2027-03-11"))).await;
    moved.expect(200);
    let now = world.nobody().get(&format!("/v1/slots/{slot}")).await.expect(200);
    assert_eq!(now.json["starts_local"], "2027-03-11T12:30");
    for (name, answer) in names.iter().zip(booked) {
        let id = answer.expect(201).id();
        let booking = portal.get(&format!("/v1/bookings/{id}")).await.expect(200);
        assert_eq!(booking.json["starts_at"], now.json["starts_at"], "{name} goes where the slot went");
        let letters = world.letters_to(&format!("{}@example.edu", name.to_lowercase().replace(' ', "."))).await;
        let newest = letters.last().unwrap();
        assert_eq!(says(newest, "DTSTART"), "DTSTART;TZID=America/New_York:20270311T123000", "{name}");
        let sequence = booking.json["calendar_sequence"].as_u64().unwrap();
        assert_eq!((letters.len() as u64, says(newest, "SEQUENCE")), (sequence + 1, format!("SEQUENCE:{sequence}")));
    }
}

async fn what_cannot_be_moved_is_pointed_at(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "17:00", 1).await;
    let check = async |body: Value, pointer: &str, code: &str| {
        let wrong = puts(world.coordinator(), &event, body).await.refused(422, "invalid_fields");
        assert_eq!(
            (&wrong.json["errors"][0]["pointer"], &wrong.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    };
    let with = |name: &str, value: Value| {
        let mut body = day("2027-03-11");
        body[name] = value;
        body
    };
    check(day("2027-01-04"), "/starts_local", "in_the_past").await;
    check(with("place", Value::Null), "/place", "required").await;
    check(with("time_zone", json!("Mars/Olympus")), "/time_zone", "unknown_zone").await;
    check(with("reason", json!("")), "/reason", "required").await;
    check(with("when", json!("soon")), "/when", "unknown_field").await;
    let short = json!({ "starts_local": "2027-03-11T12:00", "ends_local": "2027-03-11T16:00" });
    let refused = puts(world.coordinator(), &event, short).await.refused(409, "slots_unmovable");
    let unmovable = &refused.json["plan"]["unmovable"]["items"][0];
    assert_eq!((&unmovable["slot_id"], &unmovable["reason"]), (&json!(slot), &json!("outside_event")));
    world.set_clock("2027-03-04T17:00:00Z");
    puts(world.coordinator(), &event, day("2027-03-11")).await.refused(409, "has_begun");
    postpones(world, &event).await.refused(409, "has_begun");
}
