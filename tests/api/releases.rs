//! Places of those who have not come: released once, free for whoever is there, theirs again while nobody else has them.

use serde_json::{Value, json};

use crate::door::Phone;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    a_place_that_nobody_claims_goes_to_whoever_is_there,
    whoever_comes_late_has_the_place_while_nobody_else_does,
    only_what_the_rule_means_is_released,
    two_workers_release_a_place_once,
);

/// An event whose places are released ten minutes after their start.
async fn strict(world: &World) -> Response {
    let event = world.event(&json!({})).await;
    world.booking_rules(&event, json!({ "release_after_minutes": 10 })).await.expect(200);
    event
}

async fn state(world: &World, booking: &Response) -> Value {
    world.coordinator().get(&format!("/v1/bookings/{}", booking.id())).await.expect(200).json["state"].clone()
}

async fn released(world: &World, event: &Response) -> usize {
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    log.iter().filter(|line| line["what"] == "released" && line["by"] == "rule").count()
}

fn code(booking: &Response) -> Value {
    json!({ "code": booking.json["code"] })
}

async fn a_place_that_nobody_claims_goes_to_whoever_is_there(world: &World) {
    let event = strict(world).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let kim = portal.books(&slot, "Kim Student").await.expect(201);
    let (codes, walk_ins) =
        (format!("/v1/events/{}/check-ins", event.id()), format!("/v1/events/{}/walk-ins", event.id()));
    let wanda = json!({ "student": { "name": "Wanda", "email": "wanda@example.edu" } });
    world.set_clock("2027-03-04T17:39:59Z");
    office.post(&codes, code(&kim)).await.expect(200);
    world.tick().await;
    assert_eq!(state(world, &sam).await, "confirmed");
    office.post(&walk_ins, wanda.clone()).await.refused(409, "slot_full");
    let letters = world.letters().await.len();

    world.set_clock("2027-03-04T17:40:00Z");
    world.tick().await;
    assert_eq!((state(world, &sam).await, state(world, &kim).await), (json!("no_show"), json!("checked_in")));
    let came = office.post(&walk_ins, wanda).await.expect(201);
    assert_eq!(came.json["slot_id"], json!(slot));
    assert_eq!((released(world, &event).await, world.letters().await.len()), (1, letters), "nobody is written to");

    // Too late for Sam, at the door as for the office.
    office.post(&codes, code(&sam)).await.refused(409, "slot_full");
    office.booking_does(&sam.id(), "undo").await.refused(409, "slot_full");
    let door = Phone::of_door(world, &event, 60).await;
    let page = format!("/door/{}/{}", event.id(), sam.json["code"].as_str().unwrap());
    assert!(door.sees(&page).await.expect(200).text().contains("Not here by 12:40"));
    assert!(door.presses(&page, "answer=here").await.expect(409).text().contains("gone to somebody else"));
}

async fn whoever_comes_late_has_the_place_while_nobody_else_does(world: &World) {
    let event = strict(world).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let kim = portal.books(&slot, "Kim Student").await.expect(201);
    world.set_clock("2027-03-04T17:45:00Z");
    world.tick().await;
    let door = Phone::of_door(world, &event, 60).await;
    let page = format!("/door/{}/{}", event.id(), sam.json["code"].as_str().unwrap());
    assert!(door.presses(&page, "answer=here").await.expect(200).text().contains("Here since 12:45"));
    assert_eq!(state(world, &sam).await, "checked_in");
    // The office takes the mark back, and the rule does not set it again.
    assert_eq!(office.booking_does(&kim.id(), "undo").await.expect(200).json["state"], "confirmed");
    world.advance_minutes(5);
    world.tick().await;
    assert_eq!((state(world, &kim).await, released(world, &event).await), (json!("confirmed"), 2));
    world.set_clock("2027-03-04T18:00:00Z");
    let over = portal.post(&format!("/v1/events/{}/check-ins", event.id()), code(&kim)).await;
    over.refused(409, "is_over");
}

async fn only_what_the_rule_means_is_released(world: &World) {
    let portal = world.portal().await;
    let lax = world.event(&json!({})).await;
    let kept = portal.books(&world.slot(&lax, "12:30", 1).await, "Sam Student").await.expect(201);
    let event = strict(world).await;
    let later = portal.books(&world.slot(&event, "13:00", 1).await, "Kim Student").await.expect(201);
    let held = portal.holds(&world.slot(&event, "13:30", 1).await, "Lee Student").await.expect(201);
    let off = strict(world).await;
    let postponed = portal.books(&world.slot(&off, "12:30", 1).await, "Max Student").await.expect(201);
    let path = format!("/v1/events/{}/postpone", off.id());
    world.coordinator().post(&path, json!({ "reason": "Snow." })).await.expect(200);
    let wrong = world.booking_rules(&event, json!({ "release_after_minutes": 0 })).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/release_after_minutes");
    world.set_clock("2027-03-04T17:50:00Z");
    world.tick().await;
    for booking in [&kept, &later, &postponed] {
        assert_eq!(state(world, booking).await, "confirmed");
    }
    assert_eq!((state(world, &held).await, released(world, &event).await), (json!("cancelled"), 0));
    // What is over by the time anybody looks is left to the office.
    world.set_clock("2027-03-04T19:00:00Z");
    world.tick().await;
    assert_eq!((state(world, &later).await, released(world, &event).await), (json!("confirmed"), 0));
}

async fn two_workers_release_a_place_once(world: &World) {
    let event = strict(world).await;
    let slot = world.slot(&event, "12:30", 30).await;
    let portal = world.portal().await;
    for number in 0..12 {
        portal.books(&slot, &format!("Student {number}")).await.expect(201);
    }
    world.set_clock("2027-03-04T17:40:00Z");
    tokio::join!(world.tick(), world.tick(), world.tick());
    assert_eq!(released(world, &event).await, 12);
}
