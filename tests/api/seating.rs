//! Both sides of a slot: volunteers sit down where somebody is missed, and when one leaves, substitutes are asked and no
//! student is lost. The event is the published one of Penn State York (15 minutes of interview and 5 of feedback from noon
//! to two); its tables and everybody there are chosen.

use rostrum::domain::letter::LetterKind;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::{Volunteer, World};

on_both!(World:
    a_volunteer_drops_out_two_hours_before,
    whoever_has_no_table_takes_over_and_no_student_notices,
    where_nothing_is_left_students_are_told,
    whoever_is_moved_meets_somebody_else,
    students_come_where_somebody_sits,
    the_office_seats_people_by_its_own_word,
    a_grid_that_is_made_again_keeps_its_people,
    whoever_was_being_offered_the_place_waits_again,
    an_offer_that_ran_out_is_not_made_good,
    another_rhythm_brings_nobody_back,
    nobody_books_what_is_being_left,
    while_it_is_postponed_places_are_kept,
    a_claim_outlives_the_close_of_booking,
    who_does_not_come_leaves_no_student_alone
);

/// A need for interviewers, approved, with a grid of so many tables, six places each; and its event.
async fn programme(world: &World, interviewers: u32, tables: u32) -> (Response, String) {
    let roles =
        json!([{ "name": "Interviewer", "min": 1, "max": interviewers }, { "name": "Host", "min": 0, "max": 2 }]);
    let need = world.approved_need(&json!({ "roles": roles })).await;
    let event = need.json["event_id"].as_str().unwrap().to_owned();
    set_grid(world, &event, tables, 1).await.expect(200);
    (need, event)
}

async fn set_grid(world: &World, event: &str, tables: u32, seats: u32) -> Response {
    let tables: Vec<Value> = (1..=tables).map(|n| json!({ "label": format!("Table {n}"), "seats": seats })).collect();
    let body = json!({ "grid": {
        "sessions": [{ "name": "Noon", "starts_local": "2027-02-25T12:00", "ends_local": "2027-02-25T14:00" }],
        "pattern": { "kind": "in_turn", "interview_minutes": 15, "feedback_minutes": 5 },
        "tables": tables,
    } });
    let path = format!("/v1/events/{event}/grid");
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await
}

/// The slot of a table at a time on the wall.
async fn slot(world: &World, event: &str, table: &str, at: &str) -> Value {
    let slots = world.nobody().all(&format!("/v1/events/{event}/slots?limit=100")).await;
    let found =
        slots.into_iter().find(|slot| slot["label"] == table && slot["starts_local"].as_str().unwrap().ends_with(at));
    found.unwrap_or_else(|| panic!("no {table} at {at}"))
}

async fn books(
    world: &World,
    portal: &crate::support::clients::Client,
    event: &str,
    at: (&str, &str),
    name: &str,
) -> Response {
    let slot = slot(world, event, at.0, at.1).await;
    portal.books(slot["id"].as_str().unwrap(), name).await.expect(201)
}

/// The tables of an event, each with the names of who sits there; and who has none.
async fn seating(world: &World, event: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let plan = world.coordinator().get(&format!("/v1/events/{event}/seating")).await.expect(200);
    let names = |people: &Value| {
        people.as_array().unwrap().iter().map(|who| who["display_name"].as_str().unwrap().to_owned()).collect()
    };
    let tables = plan.json["tables"].as_array().unwrap().iter();
    let tables = tables.map(|table| (table["table"].as_str().unwrap().to_owned(), names(&table["people"]))).collect();
    (tables, names(&plan.json["spares"]))
}

async fn alarms(world: &World) -> Vec<Value> {
    let mut items = world.coordinator().all(&format!("/v1/campuses/{}/attention", world.campus_id())).await;
    items.retain(|item| item["kind"] == "slots_unstaffed");
    items
}

fn mail(name: &str) -> String {
    format!("{}@example.edu", crate::support::world::handle(name))
}

async fn kinds(world: &World, name: &str) -> Vec<LetterKind> {
    world.letters_to(&mail(name)).await.iter().map(|letter| letter.kind).collect()
}

fn id(assignment: &Value) -> &str {
    assignment["id"].as_str().unwrap()
}

async fn a_volunteer_drops_out_two_hours_before(world: &World) {
    let (ada, ben, cyd) = (world.volunteer("Ada").await, world.volunteer("Ben").await, world.volunteer("Cyd").await);
    let _ = world.volunteer("Dov").await;
    let (need, event) = programme(world, 2, 2).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let _ = world.assignment(&need, &ben).await;
    let table = |n: u32, who: &[&str]| (format!("Table {n}"), who.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(seating(world, &event).await, (vec![table(1, &["Ada"]), table(2, &["Ben"])], vec![]));
    let told = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert!(told.text.contains("You sit at Table 1."), "{}", told.text);
    let own = ada.get(&format!("/v1/assignments/{}/seating", id(&ada_sits))).await.expect(200);
    assert_eq!(own.json["slots"].as_array().unwrap().len(), 6);

    // Four students have places with Ada, at noon and after; Ben is free at 12:20 and at 13:40 alone.
    let portal = world.portal().await;
    let mut places = Vec::new();
    for (at, name) in [("12:00", "Nina Noon"), ("12:20", "Toni Twenty"), ("13:00", "Otto One"), ("13:40", "Lena Last")]
    {
        places.push(books(world, &portal, &event, ("Table 1", at), name).await);
    }
    for (at, name) in [("12:00", "Bea B"), ("12:40", "Bob B"), ("13:00", "Bix B"), ("13:20", "Boz B")] {
        books(world, &portal, &event, ("Table 2", at), name).await;
    }
    let _ = books(world, &portal, &event, ("Table 1", "13:20"), "Kim Keeps").await;
    let first = slot(world, &event, "Table 1", "12:00").await;

    world.set_clock("2027-02-25T15:00:00Z");
    assert_eq!(alarms(world).await, [] as [Value; 0]);
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);

    // Cyd and Dov are asked at once: there is no time to ask one after the other.
    for name in ["Cyd", "Dov"] {
        assert_eq!(kinds(world, name).await.last(), Some(&LetterKind::Offer), "{name}");
    }
    // Nina goes to 12:20 with Ben, Otto to 13:40; nothing begins soon after for the others, who wait.
    let mut now = Vec::new();
    for place in &places {
        now.push(portal.get(&format!("/v1/bookings/{}", place.id())).await.expect(200).json);
    }
    let starts = |booking: &Value| booking["starts_at"].as_str().unwrap().to_owned();
    let states: Vec<&str> = now.iter().map(|booking| booking["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["confirmed", "cancelled", "confirmed", "cancelled"]);
    assert_eq!([starts(&now[0]), starts(&now[2])], ["2027-02-25T17:20:00Z", "2027-02-25T18:40:00Z"]);
    assert!(now.iter().all(|booking| booking["calendar_sequence"] == 1), "{now:?}");
    for (place, now) in places.iter().zip(&now) {
        assert_eq!(place.json["calendar_uid"], now["calendar_uid"], "one entry for life");
    }
    let waiting = portal.all(&format!("/v1/events/{event}/waitlist?state=waiting")).await;
    let refs: Vec<&str> = waiting.iter().map(|entry| entry["student"]["external_ref"].as_str().unwrap()).collect();
    assert_eq!(refs, ["toni.twenty", "lena.last", "kim.keeps"], "in the order of their bookings");
    // One letter each, and those of Ben hear nothing.
    for (name, expect) in [
        ("Nina Noon", LetterKind::PlaceConfirmation),
        ("Otto One", LetterKind::PlaceConfirmation),
        ("Toni Twenty", LetterKind::PlaceCancellation),
        ("Lena Last", LetterKind::PlaceCancellation),
        ("Kim Keeps", LetterKind::PlaceCancellation),
    ] {
        assert_eq!(kinds(world, name).await, [LetterKind::PlaceConfirmation, expect], "{name}");
    }
    assert_eq!(kinds(world, "Bob B").await, [LetterKind::PlaceConfirmation]);
    let moved = world.letters_to(&mail("Nina Noon")).await.pop().unwrap();
    assert!(moved.text.contains("another place instead") && moved.text.contains("12:20"), "{}", moved.text);
    let waits = world.letters_to(&mail("Toni Twenty")).await.pop().unwrap();
    assert!(waits.text.contains("you are in the queue"), "{}", waits.text);

    // The office sees one alarm; nobody books what nobody sits at.
    let [alarm] = alarms(world).await.try_into().expect("one alarm");
    assert_eq!(alarm["subject"], json!({ "type": "event", "id": event }));
    assert!(alarm["detail"].as_str().unwrap().starts_with("Nobody sits at Table 1: 6 slots"), "{alarm}");
    let deserted = slot(world, &event, "Table 1", "12:00").await;
    assert_eq!((&deserted["seated"], &deserted["unstaffed_since"]), (&json!(0), &json!("2027-02-25T15:00:00Z")));
    let refused = portal.books(first["id"].as_str().unwrap(), "Late Comer").await.refused(409, "slot_unstaffed");
    assert_eq!(refused.json["alternatives"], json!([]), "nothing is free");

    // Cyd says yes: the table is Cyd's, and those who had the places are asked first, each for their own.
    let offer = cyd.all(&format!("/v1/volunteers/{}/offers?state=sent", cyd.id)).await;
    let _ = cyd.accept(offer[0]["id"].as_str().unwrap()).await.expect(200);
    assert_eq!(seating(world, &event).await, (vec![table(1, &["Cyd"]), table(2, &["Ben"])], vec![]));
    assert_eq!(alarms(world).await, [] as [Value; 0]);
    assert_eq!(kinds(world, "Dov").await.last(), Some(&LetterKind::OfferClosed), "one was needed");
    let offered = portal.all(&format!("/v1/events/{event}/waitlist?state=offered")).await;
    assert_eq!(offered.len(), 3);
    for (name, at) in [("toni.twenty", "17:20"), ("lena.last", "18:40"), ("kim.keeps", "18:20")] {
        let entry = offered.iter().find(|entry| entry["student"]["external_ref"] == name).unwrap();
        let _ = portal.entry_does(entry["id"].as_str().unwrap(), "accept").await.expect(200);
        let held = portal.get(&format!("/v1/bookings/{}", entry["booking_id"].as_str().unwrap())).await.expect(200);
        assert_eq!(
            (&held.json["state"], starts(&held.json)),
            (&json!("confirmed"), format!("2027-02-25T{at}:00Z")),
            "{name}"
        );
    }
    let _ = portal.books(first["id"].as_str().unwrap(), "Late Comer").await.expect(201);
}

async fn whoever_has_no_table_takes_over_and_no_student_notices(world: &World) {
    let (ada, ben, cyd) = (world.volunteer("Ada").await, world.volunteer("Ben").await, world.volunteer("Cyd").await);
    let (need, event) = programme(world, 3, 2).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let _ = world.assignment(&need, &ben).await;
    let _ = world.assignment(&need, &cyd).await;
    let (_, spares) = seating(world, &event).await;
    assert_eq!(spares, ["Cyd"]);
    let portal = world.portal().await;
    let place = books(world, &portal, &event, ("Table 1", "12:00"), "Nina Noon").await;
    let remove = format!("/v1/assignments/{}/remove", id(&ada_sits));
    let _ = world.coordinator().post(&remove, json!({ "reason": "A double booking." })).await.expect(200);

    let (tables, spares) = seating(world, &event).await;
    assert_eq!((tables[0].1.as_slice(), spares), (["Cyd".to_owned()].as_slice(), vec![]));
    assert_eq!(kinds(world, "Nina Noon").await, [LetterKind::PlaceConfirmation], "nothing has changed for Nina");
    let kept = portal.get(&format!("/v1/bookings/{}", place.id())).await.expect(200);
    assert_eq!(kept.json, place.json);
    let told = world.letters_to("cyd@example.edu").await.pop().unwrap();
    assert!(told.text.contains("You sit at Table 1."), "{}", told.text);
    assert_eq!(alarms(world).await, [] as [Value; 0]);
}

async fn whoever_is_moved_meets_somebody_else(world: &World) {
    let (need, event) = programme(world, 3, 3).await;
    let mut sits = Vec::new();
    for name in ["Ada", "Ben", "Cyd"] {
        let volunteer = world.volunteer(name).await;
        sits.push((world.assignment(&need, &volunteer).await, volunteer));
    }
    let portal = world.portal().await;
    let moved = books(world, &portal, &event, ("Table 1", "12:20"), "Nina Noon").await;
    let _ = books(world, &portal, &event, ("Table 2", "13:00"), "Nina Noon").await;
    let _ = books(world, &portal, &event, ("Table 3", "12:20"), "Otto One").await;
    let (seat, ada) = &sits[0];
    let _ = ada.release(id(seat), "I am ill.").await.expect(200);
    // At her own time she could only meet Ben, whom she meets anyway.
    let now = portal.get(&format!("/v1/bookings/{}", moved.id())).await.expect(200);
    assert_eq!((&now.json["label"], &now.json["starts_local"]), (&json!("Table 3"), &json!("2027-02-25T12:40")));
    assert_eq!(kinds(world, "Nina Noon").await.len(), 3, "two invites, and the other place");
}

async fn where_nothing_is_left_students_are_told(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let place = books(world, &portal, &event, ("Table 1", "12:20"), "Nina Noon").await;
    let hold = slot(world, &event, "Table 1", "12:40").await;
    let hold = portal.holds(hold["id"].as_str().unwrap(), "Hanno Hold").await.expect(201);
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);

    let gone = portal.get(&format!("/v1/bookings/{}", place.id())).await.expect(200);
    assert_eq!(gone.json["state"], "cancelled");
    let letters = world.letters_to(&mail("Nina Noon")).await;
    let [_, told] = letters.as_slice() else { panic!("two letters: {letters:?}") };
    assert!(told.text.contains("there is no other place that day"), "{}", told.text);
    assert!(told.calendar.as_ref().unwrap().bytes.contains("METHOD:CANCEL"));
    assert_eq!(portal.all(&format!("/v1/events/{event}/waitlist")).await, [] as [Value; 0]);
    let _ = portal.booking_does(&hold.id(), "confirm").await.refused(409, "slot_unstaffed");
    let log = world.coordinator().all(&format!("/v1/events/{event}/place-log")).await;
    let why = log.iter().find(|line| line["what"] == "cancelled").unwrap();
    assert_eq!((&why["by"], &why["reason"]), (&json!("rule"), &json!("Nobody sits there any more.")));
}

async fn students_come_where_somebody_sits(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 2, 1).await;
    let portal = world.portal().await;
    let early = books(world, &portal, &event, ("Table 1", "12:00"), "Nina Noon").await;
    let rules = format!("/v1/events/{event}/booking-rules");
    let put = world.coordinator().request("PUT", &rules).header("If-Match", "*").json(&json!({ "staffed_only": true }));
    assert_eq!(put.send().await.expect(200).json["staffed_only"], true);
    let second = slot(world, &event, "Table 1", "12:20").await["id"].as_str().unwrap().to_owned();
    let refused = portal.books(&second, "Otto One").await.refused(409, "slot_unstaffed");
    assert_eq!(refused.json["alternatives"], json!([]), "nowhere is better");
    let free = format!("/v1/events/{event}/slots?free=true");
    assert_eq!(world.nobody().all(&free).await, [] as [Value; 0]);
    assert_eq!(world.nobody().all(&free.replace("true", "false")).await.len(), 7, "the need's own takes no students");
    assert_eq!(alarms(world).await, [] as [Value; 0], "there is time");
    world.set_clock("2027-02-23T12:00:00Z");
    let [alarm] = alarms(world).await.try_into().expect("one alarm");
    assert!(alarm["detail"].as_str().unwrap().contains("1 student is in them"), "{alarm}");

    let _ = world.assignment(&need, &ada).await;
    assert_eq!(world.nobody().all(&free).await.len(), 5);
    let _ = portal.books(&second, "Otto One").await.expect(201);
    assert_eq!(alarms(world).await, [] as [Value; 0]);
    let kept = portal.get(&format!("/v1/bookings/{}", early.id())).await.expect(200);
    assert_eq!(kept.json["state"], "confirmed");
}

async fn the_office_seats_people_by_its_own_word(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let (need, event) = programme(world, 3, 2).await;
    let (ada_sits, ben_sits) = (world.assignment(&need, &ada).await, world.assignment(&need, &ben).await);
    let host = json!({ "volunteer_id": world.volunteer("Hal").await.id, "role_id": need.json["roles"][1]["id"] });
    let assign = format!("/v1/campus-requests/{}/assignments", need.id());
    let host = world.coordinator().post(&assign, host).await.expect(201);
    assert_eq!(seating(world, &event).await.1, ["Hal"], "only the first role sits by itself");
    let portal = world.portal().await;
    let place = books(world, &portal, &event, ("Table 1", "12:00"), "Nina Noon").await;
    let path = format!("/v1/events/{event}/seating");
    let seat = |body: Value| world.coordinator().post(&path, body);

    let swap = json!({ "seats": [
        { "assignment_id": id(&ada_sits), "table": "table 2" }, { "assignment_id": id(&ben_sits), "table": "Table 1" }
    ] });
    let _ = seat(swap).await.expect(200);
    let (tables, _) = seating(world, &event).await;
    assert_eq!([tables[0].1[0].as_str(), tables[1].1[0].as_str()], ["Ben", "Ada"]);
    let told = world.letters_to("ben@example.edu").await.pop().unwrap();
    assert!(told.text.contains("You sit at Table 1."), "{}", told.text);
    assert_eq!(kinds(world, "Nina Noon").await.len(), 1);

    let alone = json!({ "seats": [{ "assignment_id": id(&ben_sits), "slot_ids": [] }] });
    let blocked = seat(alone.clone()).await.refused(409, "seating_blocked");
    assert_eq!(blocked.json["slot_ids"], json!([place.json["slot_id"]]));
    assert_eq!(seating(world, &event).await.0, tables, "nothing was changed");
    let crowd = json!({ "seats": [{ "assignment_id": host.id(), "table": "Table 1" }] });
    let _ = seat(crowd).await.refused(409, "seats_full");
    let one = slot(world, &event, "Table 1", "12:00").await["id"].clone();
    let two = slot(world, &event, "Table 2", "12:00").await["id"].clone();
    let torn = json!({ "seats": [{ "assignment_id": id(&ben_sits), "slot_ids": [one, two] }] });
    let _ = seat(torn).await.points_at("/seats/0/slot_ids", "overlaps");
    let nobody = json!({ "seats": [{ "assignment_id": event, "table": "Table 1" }] });
    let _ = seat(nobody).await.points_at("/seats/0/assignment_id", "unknown_reference");
    let nowhere = json!({ "seats": [{ "assignment_id": id(&ben_sits), "table": "Table 9" }] });
    let _ = seat(nowhere).await.points_at("/seats/0/table", "unknown_reference");
    let _ =
        seat(json!({ "seats": [{ "assignment_id": id(&ben_sits) }] })).await.points_at("/seats/0/table", "required");

    // By the office's word the student goes to the other table.
    let mut rebook = alone;
    rebook["rebook"] = json!(true);
    let _ = seat(rebook).await.expect(200);
    let moved = portal.get(&format!("/v1/bookings/{}", place.id())).await.expect(200);
    assert_eq!((&moved.json["state"], &moved.json["slot_id"]), (&json!("confirmed"), &two));
    assert_eq!(kinds(world, "Nina Noon").await.len(), 2);
    let spare: Volunteer = ben;
    let own = spare.get(&format!("/v1/assignments/{}/seating", id(&ben_sits))).await.expect(200);
    assert_eq!(own.json["slots"], json!([]));
    assert_eq!(first_role(&need), ben_sits["role_id"].as_str().unwrap());
}

async fn a_grid_that_is_made_again_keeps_its_people(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let roles = json!([{ "name": "Interviewer", "min": 1, "max": 2 }]);
    let need = world.approved_need(&json!({ "roles": roles })).await;
    let event = need.json["event_id"].as_str().unwrap().to_owned();
    let _ = world.assignment(&need, &ada).await;
    // Whoever came before there were tables sits down when there are some.
    set_grid(world, &event, 1, 1).await.expect(200);
    let _ = world.assignment(&need, &ben).await;
    assert_eq!(
        seating(world, &event).await,
        (vec![("Table 1".to_owned(), vec!["Ada".to_owned()])], vec!["Ben".to_owned()])
    );
    set_grid(world, &event, 2, 1).await.expect(200);
    let (tables, spares) = seating(world, &event).await;
    assert_eq!((tables[1].1.as_slice(), spares), (["Ben".to_owned()].as_slice(), vec![]));
    let told = |who: &'static str| async move {
        let email = world.letters_to(&mail(who)).await.into_iter().filter(|one| one.kind == LetterKind::Confirmation);
        email.map(|letter| letter.text).collect::<Vec<String>>()
    };
    let (to_ada, to_ben) = (told("Ada").await, told("Ben").await);
    assert_eq!((to_ada.len(), to_ben.len()), (2, 2), "each heard that they are in, and where they sit by now");
    assert!(to_ada[1].contains("Table 1") && to_ben[1].contains("Table 2"), "{} {}", to_ada[1], to_ben[1]);
    // A table that somebody sits at does not vanish.
    let refused = set_grid(world, &event, 1, 1).await.refused(409, "grid_blocked");
    let blocked = &refused.json["changes"]["blocked"];
    assert_eq!((&blocked["count"], &blocked["items"][0]["volunteers"]), (&json!(6), &json!(1)));
    // Another rhythm makes other slots at the same tables, with the same people.
    let body = json!({ "grid": {
        "sessions": [{ "name": "Noon", "starts_local": "2027-02-25T12:00", "ends_local": "2027-02-25T14:00" }],
        "pattern": { "kind": "bell", "period_minutes": 30 },
        "tables": [{ "label": "Table 1" }, { "label": "Table 2" }],
    } });
    let path = format!("/v1/events/{event}/grid");
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await.expect(200);
    let plan = world.coordinator().get(&format!("/v1/events/{event}/seating")).await.expect(200);
    for (table, name) in [(0, "Ada"), (1, "Ben")] {
        let table = &plan.json["tables"][table];
        assert_eq!((&table["slots"], &table["unstaffed_slots"]), (&json!(4), &json!(0)), "{table}");
        assert_eq!((&table["people"][0]["display_name"], &table["people"][0]["slots"]), (&json!(name), &json!(4)));
    }
    assert_eq!((told("Ada").await.len(), told("Ben").await.len()), (2, 2), "their tables are the same");
    let seat = slot(world, &event, "Table 1", "12:00").await;
    let target = format!("/v1/slots/{}", seat["id"].as_str().unwrap());
    let none = world.coordinator().request("PATCH", &target).header("If-Match", "*").json(&json!({ "seats": 0 }));
    let _ = none.send().await.refused(409, "seats_below_seated");
}

async fn whoever_was_being_offered_the_place_waits_again(world: &World) {
    let ada = world.volunteer("Ada").await;
    let _ = world.volunteer("Cyd").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let mut first = None;
    for at in ["12:00", "12:20", "12:40", "13:00", "13:20", "13:40"] {
        let booked = books(world, &portal, &event, ("Table 1", at), &format!("Student {}", at.replace(':', " "))).await;
        first.get_or_insert(booked.id());
    }
    world.advance_minutes(1);
    let event_response = world.nobody().get(&format!("/v1/events/{event}")).await.expect(200);
    let entry = portal.queues(&event_response, "Willa Waits", &json!({})).await.expect(201);
    let _ = portal.booking_does(&first.unwrap(), "cancel").await.expect(200);
    let path = format!("/v1/waitlist/{}", entry.id());
    assert_eq!(portal.get(&path).await.expect(200).json["state"], "offered");
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);
    let again = portal.get(&path).await.expect(200);
    assert_eq!((&again.json["state"], &again.json["booking_id"]), (&json!("waiting"), &Value::Null));
    assert_eq!(again.json["position"], 6, "those who had booked have the older claims");
    let told = world.letters_to(&mail("Willa Waits")).await.pop().unwrap();
    assert_eq!(told.kind, LetterKind::PlaceOfferClosed);
    assert!(
        told.text.contains("whoever was to meet you there cannot come. You stand where you stood"),
        "{}",
        told.text
    );
}

async fn an_offer_that_ran_out_is_not_made_good(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let mut ids = Vec::new();
    for at in ["12:00", "12:20", "12:40", "13:00", "13:20", "13:40"] {
        ids.push(
            books(world, &portal, &event, ("Table 1", at), &format!("Student {}", at.replace(':', " "))).await.id(),
        );
    }
    let event_response = world.nobody().get(&format!("/v1/events/{event}")).await.expect(200);
    let entry = portal.queues(&event_response, "Willa Waits", &json!({})).await.expect(201);
    let _ = portal.booking_does(&ids[0], "cancel").await.expect(200);
    let path = format!("/v1/waitlist/{}", entry.id());
    let offered = portal.get(&path).await.expect(200);
    // The time to answer passes, and before anybody has marked that, the volunteer leaves.
    world.set_clock(offered.json["offer_deadline"].as_str().unwrap());
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);
    let now = portal.get(&path).await.expect(200);
    assert_eq!(now.json["state"], "expired", "they let the time pass");
    assert_eq!(kinds(world, "Willa Waits").await, [LetterKind::PlaceOffer, LetterKind::PlaceOfferClosed]);
    let last = world.letters_to(&mail("Willa Waits")).await.pop().unwrap();
    assert!(last.text.contains("The time to answer is over"), "{}", last.text);
}

async fn nobody_books_what_is_being_left(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let mut ids = Vec::new();
    for at in ["12:00", "12:20", "12:40", "13:00", "13:20", "13:40"] {
        ids.push(slot(world, &event, "Table 1", at).await["id"].as_str().unwrap().to_owned());
    }
    let early = ["Early One", "Early Two"];
    for (slot, name) in ids.iter().zip(early) {
        let _ = portal.books(slot, name).await.expect(201);
    }
    let names: Vec<String> = (0..12).map(|n| format!("Student {n}")).collect();
    let knocks = names.iter().enumerate().map(|(n, name)| portal.books(&ids[2 + n % 4], name));
    let (answers, left) =
        futures_util::future::join(futures_util::future::join_all(knocks), ada.release(id(&ada_sits), "I am ill."))
            .await;
    let _ = left.expect(200);
    for answer in &answers {
        assert!([201, 409].contains(&answer.status), "{}", answer.text());
    }
    let live = portal.all(&format!("/v1/events/{event}/bookings?state=confirmed")).await;
    assert_eq!(live, [] as [Value; 0], "whoever was faster was told, whoever was later refused");
    for name in early {
        assert_eq!(kinds(world, name).await, [LetterKind::PlaceConfirmation, LetterKind::PlaceCancellation]);
    }
    for (name, answer) in names.iter().zip(&answers) {
        let expect: &[LetterKind] = match answer.status {
            201 => &[LetterKind::PlaceConfirmation, LetterKind::PlaceCancellation],
            _ => &[],
        };
        assert_eq!(kinds(world, name).await, expect, "{name}");
    }
}

async fn while_it_is_postponed_places_are_kept(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let place = books(world, &portal, &event, ("Table 1", "12:20"), "Nina Noon").await;
    let postpone = format!("/v1/events/{event}/postpone");
    world.coordinator().post(&postpone, json!({ "reason": "Snow." })).await.expect(200);
    // Ada leaves after the day that was said first; the event is still to come.
    world.set_clock("2027-02-26T15:00:00Z");
    let _ = ada.release(id(&ada_sits), "I have moved away.").await.expect(200);
    let path = format!("/v1/bookings/{}", place.id());
    assert_eq!(portal.get(&path).await.expect(200).json["state"], "confirmed", "nothing is lost while it has no time");
    let before = kinds(world, "Nina Noon").await;
    assert_eq!(before.len(), 2, "the invite, and that it is postponed");

    let again = json!({ "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T14:00" });
    let move_to = format!("/v1/events/{event}/reschedule");
    world.coordinator().request("POST", &move_to).header("If-Match", "*").json(&again).send().await.expect(200);
    let slot = slot(world, &event, "Table 1", "12:20").await;
    assert_eq!((&slot["seated"], &slot["starts_local"]), (&json!(0), &json!("2027-03-04T12:20")));
    assert_eq!(
        portal.get(&path).await.expect(200).json["state"],
        "cancelled",
        "nobody sits there, and nobody is asked"
    );
    let told = kinds(world, "Nina Noon").await;
    assert_eq!(
        told[before.len()..],
        [LetterKind::PlaceCancellation],
        "one letter, and none of a time that is not hers"
    );
}

async fn another_rhythm_brings_nobody_back(world: &World) {
    let ada = world.volunteer("Ada").await;
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);
    let body = json!({ "grid": {
        "sessions": [{ "name": "Noon", "starts_local": "2027-02-25T12:00", "ends_local": "2027-02-25T14:00" }],
        "pattern": { "kind": "bell", "period_minutes": 30 },
        "tables": [{ "label": "Table 1" }, { "label": "Table 2" }],
    } });
    let path = format!("/v1/events/{event}/grid");
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await.expect(200);
    // Neither a slot that stayed nor one that is new has anybody at the table that Ada left.
    for at in ["12:00", "12:30"] {
        let left = slot(world, &event, "Table 1", at).await;
        let _ = portal.books(left["id"].as_str().unwrap(), "Otto One").await.refused(409, "slot_unstaffed");
    }
    let fresh = slot(world, &event, "Table 2", "12:30").await;
    let _ = portal.books(fresh["id"].as_str().unwrap(), "Otto One").await.expect(201);
}

async fn a_claim_outlives_the_close_of_booking(world: &World) {
    let (ada, cyd) = (world.volunteer("Ada").await, world.volunteer("Cyd").await);
    let (need, event) = programme(world, 1, 1).await;
    let ada_sits = world.assignment(&need, &ada).await;
    let portal = world.portal().await;
    let _ = books(world, &portal, &event, ("Table 1", "12:20"), "Nina Noon").await;
    let rules = format!("/v1/events/{event}/booking-rules");
    let closes = json!({ "closes_minutes_before": 1440 });
    world.coordinator().request("PUT", &rules).header("If-Match", "*").json(&closes).send().await.expect(200);
    world.set_clock("2027-02-25T15:00:00Z");
    let _ = ada.release(id(&ada_sits), "I am ill.").await.expect(200);
    let offer = cyd.all(&format!("/v1/volunteers/{}/offers?state=sent", cyd.id)).await;
    let _ = cyd.accept(offer[0]["id"].as_str().unwrap()).await.expect(200);
    let offered = portal.all(&format!("/v1/events/{event}/waitlist?state=offered")).await;
    let refs: Vec<&str> = offered.iter().map(|entry| entry["student"]["external_ref"].as_str().unwrap()).collect();
    assert_eq!(refs, ["nina.noon"], "whoever had the place may have it again, though booking has closed");
    let other = slot(world, &event, "Table 1", "13:00").await;
    let _ = portal.books(other["id"].as_str().unwrap(), "Late Comer").await.refused(409, "booking_closed");
}

async fn who_does_not_come_leaves_no_student_alone(world: &World) {
    let (need, event) = programme(world, 2, 2).await;
    let portal = world.portal().await;
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let seat = world.assignment(&need, &ada).await["id"].as_str().unwrap().to_owned();
    let _ = world.assignment(&need, &ben).await;
    let of_ada = seating(world, &event).await.0.iter().position(|(_, who)| who == &["Ada"]).unwrap();
    let tables = ["Table 1", "Table 2"];
    let (hers, his) = (tables[of_ada], tables[1 - of_ada]);
    // One place of hers is over by the time it is marked, and two are ahead; at his table one of the same times is free.
    books(world, &portal, &event, (hers, "12:00"), "Early").await;
    let moved = books(world, &portal, &event, (hers, "13:00"), "Mara").await;
    let told = books(world, &portal, &event, (hers, "13:40"), "Noor").await;
    for (at, name) in [("13:20", "Fay"), ("13:40", "Gus")] {
        books(world, &portal, &event, (his, at), name).await;
    }
    world.set_clock("2027-02-25T17:30:00Z");
    let office = world.coordinator();
    let letters = world.letters_to("ada@example.edu").await.len();
    let missed = office.act(&format!("/v1/assignments/{seat}/no-show")).await.expect(200);
    assert_eq!(missed.json["state"], "no_show");
    let (people, spares) = seating(world, &event).await;
    assert_eq!(people[1 - of_ada].1, ["Ben"]);
    assert_eq!(spares, Vec::<String>::new());
    let mara = office.get(&format!("/v1/bookings/{}", moved.id())).await.expect(200);
    assert_eq!((&mara.json["state"], &mara.json["label"]), (&json!("confirmed"), &json!(his)));
    assert_eq!(mara.json["calendar_uid"], moved.json["calendar_uid"]);
    let noor = office.get(&format!("/v1/bookings/{}", told.id())).await.expect(200);
    let kept = noor.json["state"] == "confirmed" && noor.json["label"] == json!(his);
    assert!(kept || noor.json["state"] == "cancelled", "{}", noor.text());
    for name in ["mara", "noor"] {
        assert_eq!(
            world.letters_to(&format!("{name}@example.edu")).await.len(),
            2,
            "one of the booking, one of the news"
        );
    }
    assert_eq!(world.letters_to("early@example.edu").await.len(), 1);
    assert_eq!(world.letters_to("ada@example.edu").await.len(), letters, "who did not come is not written to");

    // She was there all the time, at the wrong door: she sits down where somebody is missed.
    let back = office.act(&format!("/v1/assignments/{seat}/undo")).await.expect(200);
    assert_eq!(back.json["state"], "confirmed");
    let (people, _) = seating(world, &event).await;
    assert_eq!(people[of_ada].1, ["Ada"]);
    office.act(&format!("/v1/assignments/{seat}/check-in")).await.expect(200);
}
