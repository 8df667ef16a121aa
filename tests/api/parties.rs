//! Parties: one booking that takes several places, where the event's rules let people come together; and those who wait for
//! as many at once.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    a_party_takes_as_many_places_as_it_has_people,
    whoever_waits_together_is_asked_once_there_is_room_for_all,
    a_party_stays_together_when_it_moves,
    a_roster_keeps_parties,
);

async fn books(client: &Client, slot: &str, name: &str, party: i64) -> Response {
    let body = json!({ "student": student(name), "party": party });
    client.post(&format!("/v1/slots/{slot}/bookings"), body).await
}

async fn free(world: &World, slot: &str) -> Value {
    world.nobody().get(&format!("/v1/slots/{slot}")).await.expect(200).json["free"].clone()
}

async fn a_party_takes_as_many_places_as_it_has_people(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 5).await;
    let portal = world.portal().await;
    let alone = books(&portal, &slot, "Ada Alone", 2).await.refused(422, "invalid_fields");
    alone.points_at("/party", "out_of_range");
    world.booking_rules(&event, json!({ "max_party": 11 })).await.refused(422, "invalid_fields");
    world.booking_rules(&event, json!({ "max_party": 4 })).await.expect(200);
    for wrong in [0, -1, 5, 10_000_000_000] {
        let refused = books(&portal, &slot, "Ada Alone", wrong).await.refused(422, "invalid_fields");
        refused.points_at("/party", "out_of_range");
    }
    let three = books(&portal, &slot, "Cy Three", 3).await.expect(201);
    assert_eq!((&three.json["party"], &free(world, &slot).await), (&json!(3), &json!(2)));
    let refused = books(&portal, &slot, "Dan Three", 3).await.refused(409, "slot_full");
    assert_eq!((&refused.json["free"], &refused.json["alternatives"][0]["free"]), (&json!(2), &json!(2)));
    books(&portal, &slot, "Eve Two", 2).await.expect(201);
    let full = portal.get(&format!("/v1/events/{}/slots?free=true", event.id())).await.expect(200);
    assert_eq!(full.json["items"], json!([]));
    let letter = world.letters_to("cy.three@example.edu").await.remove(0);
    assert!(letter.text.contains("For:   3 people") && letter.html.contains("3 people"), "{}", letter.text);
    let link = &letter.text[letter.text.find("/p/").unwrap()..];
    let page = world.nobody().get(link.split_whitespace().next().unwrap()).await.expect(200).text();
    assert!(page.contains("<dt>People</dt><dd>3</dd>"), "{page}");
    let smaller = world.coordinator().request("PATCH", &format!("/v1/slots/{slot}")).header("If-Match", "*");
    let smaller = smaller.json(&json!({ "capacity": 4 })).send().await.refused(409, "capacity_below_taken");
    assert_eq!(smaller.json["taken"], 5);
    let path = format!("/v1/events/{}/schedule.svg?names=true", event.id());
    let picture = world.coordinator().get(&path).await.expect(200).text();
    assert!(picture.contains("5 of 5 places taken; Cy Three; Eve Two") && picture.contains(">5&#x2f;5<"), "{picture}");
    let sheet = world.coordinator().get(&format!("/v1/events/{}/day-sheet", event.id())).await.expect(200).text();
    assert_eq!(
        (sheet.matches("Cy Three").count(), sheet.matches(">3 people<").count()),
        (2, 2),
        "by table and by time"
    );

    // Late, the whole party comes or nobody.
    world.set_clock("2027-03-04T17:35:00Z");
    world.coordinator().booking_does(&three.id(), "no-show").await.expect(200);
    assert_eq!(free(world, &slot).await, 3);
    world.coordinator().booking_does(&three.id(), "undo").await.expect(200);
    assert_eq!(free(world, &slot).await, 0);
}

async fn whoever_waits_together_is_asked_once_there_is_room_for_all(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 3).await;
    world.booking_rules(&event, json!({ "max_party": 3 })).await.expect(200);
    let portal = world.portal().await;
    let mut booked = Vec::new();
    for name in ["Ann One", "Ben One", "Cy One"] {
        booked.push(portal.books(&slot, name).await.expect(201));
    }
    portal.queues(&event, "Zoe Four", &json!({ "party": 4 })).await.refused(422, "invalid_fields");
    let small = world.slot(&event, "16:00", 1).await;
    let never = portal.queues(&event, "Zoe Two", &json!({ "party": 2, "slot_ids": [small] })).await;
    never.refused(409, "has_begun");
    portal.books(&small, "Yan One").await.expect(201);
    let two = portal.queues(&event, "Dora Two", &json!({ "party": 2 })).await.expect(201);
    let one = portal.queues(&event, "Emil One", &json!({})).await.expect(201);
    assert_eq!((&two.json["party"], &one.json["party"]), (&json!(2), &json!(1)));
    let state = async |entry: &Response| {
        portal.get(&format!("/v1/waitlist/{}", entry.id())).await.expect(200).json["state"].clone()
    };
    // One place is too few for the first, so the next is asked; the log says why.
    portal.booking_does(&booked[0].id(), "cancel").await.expect(200);
    assert_eq!((state(&two).await, state(&one).await), (json!("waiting"), json!("offered")));
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let skipped = log.iter().find(|line| line["what"] == "skipped").unwrap();
    assert_eq!(skipped["reason"], "They want 2 places together, and 1 are free.");
    // What another leaves is promised to nobody as long as it is one: whoever comes alone may have it.
    portal.entry_does(&one.id(), "decline").await.expect(200);
    portal.booking_does(&booked[1].id(), "cancel").await.expect(200);
    assert_eq!(state(&two).await, "offered", "now there is room for both");
    portal.books(&slot, "Fay Late").await.refused(409, "slot_full");
    portal.entry_does(&two.id(), "accept").await.expect(200);
    assert_eq!(free(world, &slot).await, 0);
    let letters = world.letters_to("dora.two@example.edu").await;
    assert!(letters.iter().all(|letter| letter.text.contains("2 people")), "offered and confirmed");
}

async fn a_party_stays_together_when_it_moves(world: &World) {
    let event = world.event(&json!({})).await;
    let (from, to) = (world.slot(&event, "12:30", 3).await, world.slot(&event, "13:30", 3).await);
    world.booking_rules(&event, json!({ "max_party": 3 })).await.expect(200);
    let portal = world.portal().await;
    let three = books(&portal, &from, "Cy Three", 3).await.expect(201);
    let in_the_way = portal.books(&to, "Ann One").await.expect(201);
    let goes = async || portal.post(&format!("/v1/bookings/{}/move", three.id()), json!({ "slot_id": to })).await;
    goes().await.refused(409, "slot_full");
    portal.booking_does(&in_the_way.id(), "cancel").await.expect(200);
    let moved = goes().await.expect(200);
    assert_eq!((&moved.json["party"], &free(world, &to).await), (&json!(3), &json!(0)));
    assert_eq!(free(world, &from).await, 3);
}

async fn a_roster_keeps_parties(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 5).await;
    world.booking_rules(&event, json!({ "max_party": 3 })).await.expect(200);
    let path = format!("/v1/events/{}/bookings/import", event.id());
    let line = |name: &str, party: Value| {
        let mut line = student(name);
        (line["slot_id"], line["party"]) = (json!(slot), party);
        line
    };
    let body =
        json!({ "items": [line("Cy Three", json!(3)), line("Dan Four", json!(4)), line("Eve Three", json!(3))] });
    let report = world.coordinator().post(&path, body).await.expect(207);
    assert_eq!(report.json["counts"], json!({ "created": 1, "updated": 0, "unchanged": 0, "refused": 2 }));
    let table = world.coordinator().get(&format!("/v1/events/{}/bookings.csv", event.id())).await.expect(200).text();
    assert!(table.contains("\"party\"") && table.contains("\"3\""), "{table}");
    let again = world.coordinator().request("POST", &path).body("text/csv", table).send().await.expect(207);
    assert_eq!(again.json["counts"], json!({ "created": 0, "updated": 0, "unchanged": 1, "refused": 0 }));
}
