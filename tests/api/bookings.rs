//! Students' places: booked by a portal, held, confirmed, moved, given back, called off and marked on the day; never more
//! of them than there are.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use rostrum::domain::letter::Letter;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    a_place_is_booked_and_given_back_through_its_link,
    the_last_place_has_one_holder,
    one_student_books_once,
    a_hold_frees_itself,
    what_stands_in_the_way_is_named,
    nobody_is_in_two_places,
    a_move_keeps_the_calendar_entry,
    a_mark_is_not_taken_back_into_nothing,
    a_portal_gives_back_nothing_that_has_begun,
    the_day_is_marked_and_marks_are_taken_back,
    a_slot_keeps_its_people,
    what_is_called_off_is_told_once,
    a_portal_sees_its_own_campus_until_it_is_revoked,
    slots_are_found_by_time_and_room
);

/// A line of the calendar in a letter, by its name.
fn line<'l>(letter: &'l Letter, name: &str) -> &'l str {
    let calendar = &letter.calendar.as_ref().expect("a calendar").bytes;
    calendar.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {calendar}"))
}

fn link(letter: &Letter) -> String {
    let start = letter.text.find("/p/").unwrap_or_else(|| panic!("no link in {}", letter.text));
    letter.text[start..].split_whitespace().next().unwrap().to_owned()
}

fn tally(answers: &[Response]) -> BTreeMap<u16, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
    tally
}

async fn presses(world: &World, link: &str, answer: &str) -> Response {
    let body = format!("answer={answer}");
    world.nobody().request("POST", link).body("application/x-www-form-urlencoded", body).send().await
}

async fn a_place_is_booked_and_given_back_through_its_link(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let portal = world.portal().await;
    let booked = portal.books(&slot, "Sam Student").await.expect(201);
    assert_eq!((&booked.json["state"], &booked.json["calendar_sequence"]), (&json!("confirmed"), &json!(0)));
    assert_eq!(booked.json["starts_at"], "2027-03-04T17:30:00Z");
    let free = world.nobody().get(&format!("/v1/slots/{slot}")).await.expect(200);
    assert_eq!((&free.json["taken"], &free.json["free"]), (&json!(1), &json!(1)), "anybody sees how many are left");

    let letters = world.letters_to("sam.student@example.edu").await;
    let [invite] = letters.as_slice() else { panic!("one letter: {letters:?}") };
    assert_eq!(line(invite, "METHOD"), "METHOD:REQUEST");
    assert_eq!(line(invite, "UID"), format!("UID:{}", booked.json["calendar_uid"].as_str().unwrap()));
    assert!(line(invite, "LOCATION").contains("Table at 12:30"), "{}", line(invite, "LOCATION"));

    let link = link(invite);
    let page = world.nobody().get(&link).await.expect(200);
    assert!(page.text().contains("Sam Student") && page.text().contains("value=\"cancel\""), "{}", page.text());
    let before = portal.get(&format!("/v1/bookings/{}", booked.id())).await.expect(200);
    assert_eq!(before.json["state"], "confirmed", "looking changes nothing");
    presses(world, &link, "nonsense").await.expect(422);
    assert!(presses(world, &link, "cancel").await.expect(200).text().contains("given back"));
    assert!(presses(world, &link, "cancel").await.expect(200).text().contains("given back"), "a second click");
    let after = portal.get(&format!("/v1/bookings/{}", booked.id())).await.expect(200);
    assert_eq!((&after.json["state"], &after.json["calendar_sequence"]), (&json!("cancelled"), &json!(1)));
    let letters = world.letters_to("sam.student@example.edu").await;
    let [_, off] = letters.as_slice() else { panic!("two letters: {letters:?}") };
    assert_eq!((line(off, "METHOD"), line(off, "SEQUENCE")), ("METHOD:CANCEL", "SEQUENCE:1"));
    assert_eq!(line(off, "UID"), line(invite, "UID"));
    world.nobody().get("/p/b00000000000000000000000000000000nonsense").await.expect(404);
    portal.books(&slot, "Sam Student").await.expect(201);
}

async fn the_last_place_has_one_holder(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let other = world.slot(&event, "13:00", 3).await;
    let portal = world.portal().await;
    let names: Vec<String> = (0..64).map(|number| format!("Student {number}")).collect();
    let answers = join_all(names.iter().map(|name| portal.books(&slot, name))).await;
    assert_eq!(tally(&answers), BTreeMap::from([(201, 1), (409, 63)]));
    let lost = answers.into_iter().find(|answer| answer.status == 409).unwrap();
    let lost = lost.refused(409, "slot_full");
    assert_eq!(lost.json["alternatives"][0]["slot_id"], json!(other));
    assert_eq!(lost.json["alternatives"][0]["free"], 3);
    let booked = world.coordinator().all(&format!("/v1/events/{}/bookings", event.id())).await;
    assert_eq!(booked.len(), 1);
    let letters: Vec<_> = world.letters().await.into_iter().filter(|letter| letter.calendar.is_some()).collect();
    assert_eq!(letters.len(), 1, "one winner, one invite");
}

async fn one_student_books_once(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 64).await;
    let portal = world.portal().await;
    let answers = join_all((0..32).map(|_| portal.books(&slot, "Sam Student"))).await;
    assert_eq!(tally(&answers), BTreeMap::from([(201, 1), (409, 31)]));
    let students = portal.all(&format!("/v1/campuses/{}/students", world.campus_id())).await;
    assert_eq!(students.len(), 1, "one student, whoever was first");
    // The same request under one key has one effect and one answer.
    let body = json!({ "student": student("Kim Student") });
    let path = format!("/v1/slots/{slot}/bookings");
    let same = || portal.request("POST", &path).header("Idempotency-Key", "kim-1").json(&body).send();
    let answers = join_all((0..8).map(|_| same())).await;
    assert_eq!(tally(&answers), BTreeMap::from([(201, 8)]));
    assert!(answers.iter().all(|answer| answer.id() == answers[0].id()));
}

async fn a_hold_frees_itself(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let (portal, rival) = (world.portal().await, world.portal().await);
    let hold = portal.holds(&slot, "Sam Student").await.expect(201);
    assert_eq!((&hold.json["state"], &hold.json["held_until"]), (&json!("held"), &json!("2027-01-11T15:10:00Z")));
    rival.books(&slot, "Kim Student").await.refused(409, "slot_full");
    rival.booking_does(&hold.id(), "confirm").await.refused(409, "hold_of_another");
    assert!(world.letters_to("sam.student@example.edu").await.is_empty(), "a hold is told to nobody");
    world.advance_minutes(10);
    // No worker has looked at the hold yet.
    rival.books(&slot, "Kim Student").await.expect(201);
    portal.booking_does(&hold.id(), "confirm").await.refused(409, "hold_expired");
    world.tick().await;
    let gone = portal.get(&format!("/v1/bookings/{}", hold.id())).await.expect(200);
    assert_eq!((&gone.json["state"], &gone.json["state_reason"]), (&json!("cancelled"), &json!("The hold ran out.")));

    let next = world.slot(&event, "13:00", 1).await;
    let hold = portal.holds(&next, "Sam Student").await.expect(201);
    let done = portal.booking_does(&hold.id(), "confirm").await.expect(200);
    assert_eq!((&done.json["state"], &done.json["held_until"]), (&json!("confirmed"), &Value::Null));
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 1);
    portal.booking_does(&hold.id(), "confirm").await.refused(409, "wrong_state");
}

async fn what_stands_in_the_way_is_named(world: &World) {
    let event = world.event(&json!({})).await;
    let portal = world.portal().await;
    let rules = |changes: Value| {
        let event = event.clone();
        async move { world.booking_rules(&event, changes).await }
    };
    let first = world.slot(&event, "12:30", 9).await;
    let second = world.slot(&event, "13:00", 9).await;
    rules(json!({ "opens_at": "2027-02-01T14:00:00Z" })).await.expect(200);
    let early = portal.books(&first, "Sam Student").await.refused(409, "booking_closed");
    assert_eq!(early.json["opens_at"], "2027-02-01T14:00:00Z");
    rules(json!({ "majors": ["Nursing"], "years": ["junior"] })).await.expect(200);
    let wrong = portal.books(&first, "Sam Student").await.refused(409, "not_eligible");
    assert_eq!(wrong.json["refusals"][0]["rule"], "major");
    rules(json!({ "max_per_person": 1, "closes_minutes_before": 60 })).await.expect(200);
    portal.books(&first, "Sam Student").await.expect(201);
    portal.books(&first, "Sam Student").await.refused(409, "already_booked");
    portal.books(&second, "Sam Student").await.refused(409, "limit_reached");
    world.coordinator().act(&format!("/v1/slots/{second}/close")).await.expect(200);
    portal.books(&second, "Kim Student").await.refused(409, "slot_closed");
    world.set_clock("2027-03-04T16:30:00Z");
    portal.books(&first, "Kim Student").await.refused(409, "booking_closed");
    world.set_clock("2027-03-04T17:30:00Z");
    portal.books(&first, "Kim Student").await.refused(409, "has_begun");

    let mut body = json!({ "student": student("Kim Student") });
    body["student"]["email"] = json!("nobody");
    body["student"]["name"] = json!("K\r\nBcc: x");
    let wrong = portal.post(&format!("/v1/slots/{first}/bookings"), body).await.refused(422, "invalid_fields");
    let pointers: Vec<_> = wrong.json["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, [json!("/student/name"), json!("/student/email")]);
    for (field, value) in [("hold_minutes", json!(0)), ("max_per_person", json!(51)), ("majors", json!(["", "x"]))] {
        let wrong = rules(json!({ field: value })).await.refused(422, "invalid_fields");
        assert!(wrong.json["errors"][0]["pointer"].as_str().unwrap().starts_with(&format!("/{field}")), "{wrong:?}");
    }
    let unknown = rules(json!({ "after_events": [event.id()] })).await.refused(422, "invalid_fields");
    assert_eq!(unknown.json["errors"][0]["pointer"], "/after_events/0");
}

async fn nobody_is_in_two_places(world: &World) {
    let here = world.event(&json!({})).await;
    let there = world.event(&json!({ "title": "Fair", "position": { "lat": 40.8, "lon": -77.86 } })).await;
    let portal = world.portal().await;
    let slots = [world.slot(&here, "12:30", 9).await, world.slot(&there, "12:45", 9).await];
    let answers = join_all(slots.iter().map(|slot| portal.books(slot, "Sam Student"))).await;
    assert_eq!(tally(&answers), BTreeMap::from([(201, 1), (409, 1)]));
    answers.into_iter().find(|answer| answer.status == 409).unwrap().refused(409, "overlap");
    // From one town to the other takes longer than the half hour between the two slots.
    portal.books(&world.slot(&here, "14:00", 9).await, "Kim Student").await.expect(201);
    let far = portal.books(&world.slot(&there, "15:00", 9).await, "Kim Student").await;
    assert!(far.refused(409, "overlap").json["detail"].as_str().unwrap().contains("the way included"));
    portal.books(&world.slot(&here, "14:30", 9).await, "Kim Student").await.expect(201);
}

async fn a_move_keeps_the_calendar_entry(world: &World) {
    let event = world.event(&json!({})).await;
    let (from, to) = (world.slot(&event, "12:30", 1).await, world.slot(&event, "12:45", 1).await);
    let portal = world.portal().await;
    let booked = portal.books(&from, "Sam Student").await.expect(201);
    let path = format!("/v1/bookings/{}/move", booked.id());
    let moved = portal.post(&path, json!({ "slot_id": to })).await.expect(200);
    assert_eq!((&moved.json["slot_id"], &moved.json["calendar_sequence"]), (&json!(to), &json!(1)));
    assert_eq!(moved.json["calendar_uid"], booked.json["calendar_uid"]);
    let letters = world.letters_to("sam.student@example.edu").await;
    let [first, second] = letters.as_slice() else { panic!("two letters: {letters:?}") };
    assert_eq!((line(second, "METHOD"), line(second, "SEQUENCE")), ("METHOD:REQUEST", "SEQUENCE:1"));
    assert_eq!(line(first, "UID"), line(second, "UID"));
    assert!(second.subject.starts_with("Changed"), "{}", second.subject);
    assert_eq!(link(first), link(second), "the link in the first letter still works");

    portal.books(&from, "Kim Student").await.expect(201);
    portal.post(&path, json!({ "slot_id": from })).await.refused(409, "slot_full");
    portal.post(&path, json!({ "slot_id": to })).await.refused(409, "already_booked");
    let foreign = world.slot(&world.event(&json!({})).await, "15:00", 1).await;
    let wrong = portal.post(&path, json!({ "slot_id": foreign })).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/slot_id");
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let what: Vec<_> = log.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["booked", "moved", "booked"]);
    assert!(log[1]["reason"].as_str().unwrap().contains(&from), "{}", log[1]);
}

async fn the_day_is_marked_and_marks_are_taken_back(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booking = portal.books(&slot, "Sam Student").await.expect(201).id();
    let office = world.coordinator();
    office.booking_does(&booking, "check-in").await.refused(409, "too_early");
    world.set_clock("2027-03-04T15:30:00Z");
    portal.booking_does(&booking, "check-in").await.refused(403, "forbidden");
    let there = office.booking_does(&booking, "check-in").await.expect(200);
    assert_eq!(
        (&there.json["state"], &there.json["checked_in_at"]),
        (&json!("checked_in"), &json!("2027-03-04T15:30:00Z"))
    );
    office.booking_does(&booking, "attended").await.refused(409, "too_early");
    let back = office.booking_does(&booking, "undo").await.expect(200);
    assert_eq!((&back.json["state"], &back.json["checked_in_at"]), (&json!("confirmed"), &Value::Null));
    office.booking_does(&booking, "undo").await.refused(409, "wrong_state");
    world.set_clock("2027-03-04T17:45:00Z");
    assert_eq!(office.booking_does(&booking, "no-show").await.expect(200).json["state"], "no_show");
    let excuse = format!("/v1/bookings/{booking}/excuse");
    let excused = office.post(&excuse, json!({ "reason": "Ill." })).await.expect(200);
    assert_eq!((&excused.json["state"], &excused.json["state_reason"]), (&json!("excused"), &json!("Ill.")));
    assert_eq!(office.booking_does(&booking, "undo").await.expect(200).json["state"], "no_show");
    office.booking_does(&booking, "undo").await.refused(409, "wrong_state");
    portal.booking_does(&booking, "cancel").await.refused(409, "wrong_state");
}

async fn a_mark_is_not_taken_back_into_nothing(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let portal = world.portal().await;
    let office = world.coordinator();
    let booking = portal.books(&slot, "Sam Student").await.expect(201).id();
    let excuse = json!({ "reason": "Ill." });
    office.post(&format!("/v1/bookings/{booking}/excuse"), excuse.clone()).await.expect(200);
    let again = portal.books(&slot, "Sam Student").await.expect(201).id();
    let refused = office.booking_does(&booking, "undo").await.refused(409, "already_booked");
    assert_eq!(refused.json["booking_id"], json!(again));
    portal.booking_does(&again, "cancel").await.expect(200);

    // The slot has another time by now: so has the place, and the student hears of it.
    let later = json!({ "starts_local": "2027-03-11T12:00", "ends_local": "2027-03-11T18:00", "reason": "Snow." });
    let path = format!("/v1/events/{}/reschedule", event.id());
    office.request("POST", &path).header("If-Match", "*").json(&later).send().await.expect(200);
    let letters = world.letters_to("sam.student@example.edu").await.len();
    let back = office.booking_does(&booking, "undo").await.expect(200);
    assert_eq!((&back.json["state"], &back.json["starts_at"]), (&json!("confirmed"), &json!("2027-03-11T17:30:00Z")));
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), letters + 1);

    office.post(&format!("/v1/bookings/{booking}/excuse"), excuse).await.expect(200);
    office.post(&format!("/v1/slots/{slot}/cancel"), json!({ "reason": "Too few." })).await.expect(200);
    office.booking_does(&booking, "undo").await.refused(409, "slot_closed");
}

async fn a_portal_gives_back_nothing_that_has_begun(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 1).await;
    let portal = world.portal().await;
    let booking = portal.books(&slot, "Sam Student").await.expect(201).id();
    world.set_clock("2027-03-04T17:30:00Z");
    portal.booking_does(&booking, "cancel").await.refused(409, "has_begun");
    let told = json!({ "reason": "Called.", "channel": "phone" });
    let cancel = format!("/v1/bookings/{booking}/cancel");
    world.coordinator().post(&cancel, told).await.refused(409, "has_begun");
    assert_eq!(world.coordinator().booking_does(&booking, "no-show").await.expect(200).json["state"], "no_show");
}

async fn a_slot_keeps_its_people(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 3).await;
    let portal = world.portal().await;
    for name in ["Sam Student", "Kim Student"] {
        portal.books(&slot, name).await.expect(201);
    }
    let path = format!("/v1/slots/{slot}");
    let office = world.coordinator();
    let less = office.patch(&path, "*", json!({ "capacity": 1 })).await.refused(409, "capacity_below_taken");
    assert_eq!((&less.json["taken"], &less.json["capacity"]), (&json!(2), &json!(1)));
    assert_eq!(office.patch(&path, "*", json!({ "capacity": 2 })).await.expect(200).json["free"], 0);
    office.patch(&path, "\"1\"", json!({ "capacity": 5 })).await.refused(412, "stale");
    for wrong in [-1, 501, 10_000_000] {
        office.patch(&path, "*", json!({ "capacity": wrong })).await.refused(422, "invalid_fields");
    }
    office.patch(&path, "*", json!({ "place": "Library, room 4" })).await.expect(200);
    for who in ["sam.student@example.edu", "kim.student@example.edu"] {
        let letters = world.letters_to(who).await;
        let [_, moved] = letters.as_slice() else { panic!("two letters: {letters:?}") };
        assert_eq!(line(moved, "SEQUENCE"), "SEQUENCE:1");
        assert!(line(moved, "LOCATION").contains("Library\\, room 4"), "{}", line(moved, "LOCATION"));
    }
    let outside = json!({ "starts_local": "2027-03-04T17:45", "ends_local": "2027-03-04T18:15", "capacity": 1 });
    let outside = office.post(&format!("/v1/events/{}/slots", event.id()), outside).await;
    assert_eq!(outside.refused(422, "invalid_fields").json["errors"][0]["code"], "outside_event");
    let empty = json!({ "starts_local": "2027-03-04T13:00", "ends_local": "2027-03-04T13:00" });
    office.post(&format!("/v1/events/{}/slots", event.id()), empty).await.refused(422, "invalid_fields");
}

async fn what_is_called_off_is_told_once(world: &World) {
    let event = world.event(&json!({})).await;
    let (one, two) = (world.slot(&event, "12:30", 3).await, world.slot(&event, "13:00", 3).await);
    let portal = world.portal().await;
    portal.books(&one, "Sam Student").await.expect(201);
    portal.books(&two, "Kim Student").await.expect(201);
    let held = portal.holds(&two, "Lee Student").await.expect(201);
    let reason = json!({ "reason": "The room is flooded." });
    let off = world.coordinator().post(&format!("/v1/slots/{one}/cancel"), reason.clone()).await.expect(200);
    assert_eq!((&off.json["state"], &off.json["taken"]), (&json!("cancelled"), &json!(0)));
    world.coordinator().post(&format!("/v1/events/{}/cancel", event.id()), reason).await.expect(200);
    for who in ["sam.student@example.edu", "kim.student@example.edu"] {
        let letters = world.letters_to(who).await;
        let [_, off] = letters.as_slice() else { panic!("two letters: {letters:?}") };
        assert_eq!(line(off, "METHOD"), "METHOD:CANCEL");
        assert!(off.text.contains("The room is flooded."), "{}", off.text);
    }
    assert!(world.letters_to("lee.student@example.edu").await.is_empty());
    let held = portal.get(&format!("/v1/bookings/{}", held.id())).await.expect(200);
    assert_eq!(held.json["state"], "cancelled");
    portal.books(&two, "Max Student").await.refused(409, "slot_closed");
}

async fn a_portal_sees_its_own_campus_until_it_is_revoked(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 3).await;
    let portal = world.portal().await;
    let booking = portal.books(&slot, "Sam Student").await.expect(201).id();
    let elsewhere = world.another_campus("Elsewhere").await;
    let path = format!("/v1/campuses/{}/portals", elsewhere.id);
    let made = elsewhere.coordinator.post(&path, json!({ "name": "Their portal" })).await.expect(201);
    let theirs = world.nobody().with_token(made.json["key"].as_str().unwrap());
    theirs.get(&format!("/v1/bookings/{booking}")).await.refused(404, "not_found");
    theirs.books(&slot, "Sam Student").await.refused(404, "not_found");
    theirs.get(&format!("/v1/campuses/{}/students", world.campus_id())).await.refused(404, "not_found");
    portal.get("/v1/me").await.refused(403, "forbidden");
    portal.get(&format!("/v1/campuses/{}/portals", world.campus_id())).await.refused(403, "forbidden");
    let draft = world.coordinator();
    let body = json!({
        "kind": "workshop", "title": "Not yet", "mode": "virtual",
        "starts_local": "2027-03-05T12:00", "ends_local": "2027-03-05T13:00",
    });
    let draft = draft.post(&format!("/v1/campuses/{}/events", world.campus_id()), body).await.expect(201);
    portal.get(&format!("/v1/events/{}/bookings", draft.id())).await.refused(404, "not_found");

    let portals = world.coordinator().all(&format!("/v1/campuses/{}/portals", world.campus_id())).await;
    assert!(portals.iter().all(|portal| portal.get("key").is_none()), "a key is shown once");
    let id = portals[0]["id"].as_str().unwrap();
    world.coordinator().delete(&format!("/v1/portals/{id}"), "*").await.expect(204);
    portal.get(&format!("/v1/bookings/{booking}")).await.refused(401, "invalid_token");
    world
        .nobody()
        .with_token("rsk_nonsense")
        .get(&format!("/v1/bookings/{booking}"))
        .await
        .refused(401, "invalid_token");
}

async fn slots_are_found_by_time_and_room(world: &World) {
    let event = world.event(&json!({})).await;
    let late = world.slot(&event, "15:00", 1).await;
    let early = world.slot(&event, "12:30", 1).await;
    let none = world.slot(&event, "13:30", 0).await;
    let path = format!("/v1/events/{}/slots", event.id());
    let nobody = world.nobody();
    let ids =
        |slots: &[Value]| -> Vec<String> { slots.iter().map(|slot| slot["id"].as_str().unwrap().to_owned()).collect() };
    assert_eq!(ids(&nobody.all(&path).await), [&*early, &*none, &*late], "in order of their start");
    assert_eq!(ids(&nobody.all(&format!("{path}?limit=1")).await), [&*early, &*none, &*late]);
    assert_eq!(ids(&nobody.all(&format!("{path}?free=true")).await), [&*early, &*late]);
    world.portal().await.books(&early, "Sam Student").await.expect(201);
    assert_eq!(ids(&nobody.all(&format!("{path}?free=true")).await), [&*late]);
    assert_eq!(ids(&nobody.all(&format!("{path}?free=false")).await), [&*early, &*none]);
    let between = format!("{path}?from=2027-03-04T18:30:00Z&until=2027-03-04T20:00:00Z");
    assert_eq!(ids(&nobody.all(&between).await), [&*none]);
    nobody.get(&format!("{path}?from=soon")).await.refused(400, "invalid_parameter");
}
