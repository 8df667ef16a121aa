//! What follows under a policy from places that were cancelled late, missed or begun late: who is kept from booking, until
//! when, and what ends it. The rules are of kinds that offices have published; their numbers are chosen.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    a_place_not_used_blocks_for_a_while_and_a_mark_taken_back_does_not,
    points_add_up_to_a_threshold_and_a_reason_forgives,
    what_is_handed_in_ends_what_waited_for_it,
    tiers_are_those_of_the_events,
    whoever_is_blocked_is_passed_over_in_the_queue,
    a_policy_says_when_and_how_often_one_may_book,
    each_version_brings_what_follows_from_its_own_bookings,
    a_late_move_is_the_offices,
);

async fn puts_in_force(world: &World, rules: Value) -> String {
    let path = format!("/v1/campuses/{}/policies", world.campus_id());
    world.coordinator().post(&path, json!({ "document": { "rules": rules } })).await.expect(201).id()
}

/// Late cancellations and places not used count for a year; from `at` on these actions follow.
fn offences(at: u32, actions: &Value) -> Value {
    json!({
        "counted": { "kind": "rolling_days", "days": 365 },
        "ladder": {
            "kind": "offences",
            "counts": ["late_cancellation", "no_show"],
            "steps": [{ "at": at, "actions": actions }],
        },
    })
}

fn four_weeks() -> Value {
    json!([{ "kind": "restrict", "from": "blocked", "lasting": { "kind": "for", "count": 4, "unit": "weeks" } }])
}

fn day_before(late: &str) -> Value {
    json!({ "until": { "kind": "hours_before", "hours": 24 }, "late": late })
}

async fn standing(client: &Client, booking: &Response) -> Value {
    let student = booking.json["student"]["id"].as_str().unwrap();
    client.get(&format!("/v1/students/{student}/standing")).await.expect(200).json
}

/// A slot a week after that of [`World::slot`], on 11 March 2027.
async fn next_week(world: &World, changes: &Value) -> (Response, String) {
    let mut body = json!({ "starts_local": "2027-03-11T12:00", "ends_local": "2027-03-11T18:00" });
    for (name, value) in changes.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let event = world.event(&body).await;
    let slot = world.slot(&event, "12:30", 5).await;
    (event, slot)
}

async fn excuses(world: &World, booking: &Response) -> Response {
    world.coordinator().post(&format!("/v1/bookings/{}/excuse", booking.id()), json!({ "reason": "Ill." })).await
}

async fn a_place_not_used_blocks_for_a_while_and_a_mark_taken_back_does_not(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    puts_in_force(world, json!([{ "key": "events", "consequences": offences(1, &four_weeks()) }])).await;
    let slot = world.slot(&world.event(&json!({})).await, "12:30", 5).await;
    let (_, later) = next_week(world, &json!({})).await;
    let missed = portal.books(&slot, "Sam Student").await.expect(201);
    let clean = standing(&portal, &missed).await;
    assert_eq!((&clean["offences"], &clean["rules"], &clean["name"]), (&json!([]), &json!([]), &json!("Sam Student")));
    world.set_clock("2027-03-04T17:45:00Z");
    office.booking_does(&missed.id(), "no-show").await.expect(200);

    let refused = portal.books(&later, "Sam Student").await.refused(409, "blocked_by_policy");
    // Four weeks on the clock of the campus, which has gone forward meanwhile.
    assert_eq!((&refused.json["rule"], &refused.json["until"]), (&json!("events"), &json!("2027-04-01T16:30:00Z")));
    let stands = standing(&portal, &missed).await;
    assert_eq!((&stands["offences"][0]["kind"], &stands["rules"][0]["count"]), (&json!("no_show"), &json!(1)));
    let force = &stands["rules"][0]["in_force"][0];
    assert_eq!((&force["restriction"], &force["booking_ids"]), (&json!("blocked"), &json!([missed.id()])));
    portal.books(&later, "Kim Student").await.expect(201);

    // The office books all the same, for a reason that is kept; nobody else can.
    let mut body = json!({ "student": student("Sam Student"), "override_reason": "It was our mistake." });
    let path = format!("/v1/slots/{later}/bookings");
    let wrong = portal.post(&path, body.clone()).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/override_reason");
    let set_aside = office.post(&path, body.clone()).await.expect(201);
    assert_eq!(set_aside.json["override_reason"], "It was our mistake.");
    office.booking_does(&set_aside.id(), "cancel").await.expect(200);
    body["override_reason"] = json!("");
    office.post(&path, body).await.refused(422, "invalid_fields");

    office.booking_does(&missed.id(), "undo").await.expect(200);
    portal.books(&later, "Sam Student").await.expect(201);
    assert_eq!(standing(&portal, &missed).await["offences"], json!([]));
}

async fn points_add_up_to_a_threshold_and_a_reason_forgives(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    let points = json!({
        "counted": { "kind": "rolling_days", "days": 180 },
        "ladder": {
            "kind": "points",
            "bands": [{ "within_hours": 24, "points": 1 }, { "within_hours": 2, "points": 3 }],
            "no_show": 5,
            "steps": [{ "at": 4, "actions": four_weeks() }],
        },
    });
    puts_in_force(world, json!([{ "key": "points", "cancel": day_before("allowed"), "consequences": points }])).await;
    let event = world.event(&json!({})).await;
    let (early, late) = (world.slot(&event, "12:30", 5).await, world.slot(&event, "15:00", 5).await);
    let (_, next) = next_week(world, &json!({})).await;
    let one = portal.books(&early, "Sam Student").await.expect(201);
    let two = portal.books(&late, "Sam Student").await.expect(201);
    world.set_clock("2027-03-04T12:00:00Z");
    let cancelled = portal.booking_does(&one.id(), "cancel").await.expect(200);
    assert_eq!(cancelled.json["late"], true);
    assert_eq!(standing(&portal, &one).await["rules"][0]["count"], 1);
    let spare = portal.books(&next, "Sam Student").await.expect(201);
    portal.booking_does(&spare.id(), "cancel").await.expect(200);
    world.set_clock("2027-03-04T18:30:00Z");
    portal.booking_does(&two.id(), "cancel").await.expect(200);
    let stands = standing(&portal, &one).await;
    assert_eq!((&stands["rules"][0]["count"], stands["offences"].as_array().unwrap().len()), (&json!(4), 2));
    portal.books(&next, "Sam Student").await.refused(409, "blocked_by_policy");

    // There was a reason for the second: it is late no more, and three points are gone.
    let forgiven = excuses(world, &two).await.expect(200);
    assert_eq!((&forgiven.json["state"], &forgiven.json["late"]), (&json!("cancelled"), &json!(false)));
    assert_eq!(standing(office, &one).await["rules"][0]["count"], 1);
    portal.books(&next, "Sam Student").await.expect(201);
}

async fn what_is_handed_in_ends_what_waited_for_it(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    let letter = json!([{
        "kind": "hand_in", "what": ["apology_letter"], "within": { "business_days": 2 }, "blocked": "until_in",
    }]);
    puts_in_force(world, json!([{ "key": "events", "consequences": offences(1, &letter) }])).await;
    let slot = world.slot(&world.event(&json!({})).await, "12:30", 5).await;
    let (_, later) = next_week(world, &json!({})).await;
    let missed = portal.books(&slot, "Sam Student").await.expect(201);
    office.booking_does(&missed.id(), "handed-in").await.refused(409, "wrong_state");
    world.set_clock("2027-03-04T17:45:00Z");
    office.booking_does(&missed.id(), "no-show").await.expect(200);
    let refused = portal.books(&later, "Sam Student").await.refused(409, "blocked_by_policy");
    assert_eq!(refused.json["until"], Value::Null);
    // Thursday; the end of Monday is two business days on, and that is midnight in New York.
    assert_eq!(standing(&portal, &missed).await["rules"][0]["in_force"][0]["due"], "2027-03-09T04:59:59Z");
    office.booking_does(&missed.id(), "handed-in").await.expect(200);
    office.booking_does(&missed.id(), "handed-in").await.refused(409, "wrong_state");
    let stands = standing(&portal, &missed).await;
    assert_eq!(stands["offences"][0]["handed_in_at"], "2027-03-04T17:45:00Z");
    portal.books(&later, "Sam Student").await.expect(201);
}

async fn tiers_are_those_of_the_events(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    let tiers = json!({
        "counted": { "kind": "rolling_days", "days": 365 },
        "ladder": {
            "kind": "tiers",
            "counts": ["no_show"],
            "tiers": [
                { "steps": [{ "at": 1, "actions": [{ "kind": "warning" }] }] },
                { "steps": [{ "at": 1, "actions": [{ "kind": "restrict", "from": "blocked_from_all", "lasting": { "kind": "for_good" } }] }] },
            ],
        },
    });
    let rule = json!([{ "key": "employers", "applies_to": { "tags": ["employer_interview"] }, "consequences": tiers }]);
    puts_in_force(world, rule).await;
    let event = world.event(&json!({})).await;
    let untagged = world.event(&json!({ "title": "Workshop" })).await;
    world.booking_rules(&event, json!({ "policy_tags": ["employer_interview"], "policy_tier": 2 })).await.expect(200);
    let (_, later) = next_week(world, &json!({})).await;
    let sam = portal.books(&world.slot(&event, "12:30", 5).await, "Sam Student").await.expect(201);
    let kim = portal.books(&world.slot(&untagged, "12:30", 5).await, "Kim Student").await.expect(201);
    world.set_clock("2027-03-04T17:45:00Z");
    for booking in [&sam, &kim] {
        office.booking_does(&booking.id(), "no-show").await.expect(200);
    }
    portal.books(&later, "Kim Student").await.expect(201);
    assert_eq!(standing(&portal, &kim).await["offences"], json!([]), "no rule speaks of such an event");
    portal.books(&later, "Sam Student").await.refused(409, "blocked_by_policy");
    let stands = standing(&portal, &sam).await;
    assert_eq!((&stands["rules"][0]["tier"], &stands["rules"][0]["rule"]), (&json!(2), &json!("employers")));
    let path = format!("/v1/events/{}/booking-rules", event.id());
    let wrong = json!({ "policy_tags": ["Employer interview"], "policy_tier": 11 });
    let wrong = office.request("PUT", &path).header("If-Match", "*").json(&wrong).send().await;
    let wrong = wrong.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/policy_tags/0");
}

async fn whoever_is_blocked_is_passed_over_in_the_queue(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    puts_in_force(world, json!([{ "key": "events", "consequences": offences(1, &four_weeks()) }])).await;
    let slot = world.slot(&world.event(&json!({})).await, "12:30", 5).await;
    let (event, later) = next_week(world, &json!({})).await;
    let missed = portal.books(&slot, "Sam Student").await.expect(201);
    let mut taken = Vec::new();
    for number in 0..5 {
        taken.push(portal.books(&later, &format!("Student {number}")).await.expect(201).id());
    }
    let sam = portal.queues(&event, "Sam Student", &json!({})).await.expect(201).id();
    let kim = portal.queues(&event, "Kim Student", &json!({})).await.expect(201).id();
    world.set_clock("2027-03-04T17:45:00Z");
    office.booking_does(&missed.id(), "no-show").await.expect(200);
    portal.booking_does(&taken[0], "cancel").await.expect(200);
    let state =
        async |entry: &str| portal.get(&format!("/v1/waitlist/{entry}")).await.expect(200).json["state"].clone();
    assert_eq!((state(&sam).await, state(&kim).await), (json!("waiting"), json!("offered")));
    let log = office.all(&format!("/v1/events/{}/place-log", event.id())).await;
    let skipped = log.iter().find(|line| line["what"] == "skipped").expect("a line about who was passed over");
    assert_eq!(skipped["external_ref"], "sam.student");
    assert!(skipped["reason"].as_str().unwrap().contains("until"), "{skipped}");
    // Excused, Sam is asked for the next place.
    excuses(world, &missed).await.expect(200);
    portal.booking_does(&taken[1], "cancel").await.expect(200);
    assert_eq!(state(&sam).await, "offered");
}

async fn a_policy_says_when_and_how_often_one_may_book(world: &World) {
    let portal = world.portal().await;
    let booking = json!({
        "opens": { "kind": "calendar_before", "count": 30, "unit": "days", "at": "09:00" },
        "closes": { "kind": "hours_before", "hours": 2 },
        "limits": [{ "at_most": 1, "per": "week" }],
    });
    puts_in_force(world, json!([{ "key": "interviews", "booking": booking }])).await;
    let slot = world.slot(&world.event(&json!({})).await, "12:30", 5).await;
    let same = world.slot(&world.event(&json!({ "title": "Again" })).await, "15:00", 5).await;
    let (_, next) = next_week(world, &json!({})).await;
    let early = portal.books(&slot, "Sam Student").await.refused(409, "booking_closed");
    assert_eq!((&early.json["opens_at"], &early.json["rule"]), (&json!("2027-02-02T14:00:00Z"), &json!("interviews")));
    world.set_clock("2027-02-12T14:00:00Z");
    portal.books(&slot, "Sam Student").await.expect(201);
    let twice = portal.books(&same, "Sam Student").await.refused(409, "limit_reached");
    assert_eq!((&twice.json["max_per_person"], &twice.json["rule"]), (&json!(1), &json!("interviews")));
    portal.books(&next, "Sam Student").await.expect(201);
    world.set_clock("2027-03-04T15:30:00Z");
    portal.books(&slot, "Kim Student").await.expect(201);
    world.set_clock("2027-03-04T15:30:01Z");
    let late = portal.books(&slot, "Lee Student").await.refused(409, "booking_closed");
    assert!(late.json["detail"].as_str().unwrap().contains("2027-03-04T15:30:00Z"), "{}", late.json);
}

async fn each_version_brings_what_follows_from_its_own_bookings(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    let rule = |actions: Value| json!([{ "key": "events", "consequences": offences(1, &actions) }]);
    let mild = puts_in_force(world, rule(json!([{ "kind": "warning" }]))).await;
    let slot = world.slot(&world.event(&json!({})).await, "12:30", 5).await;
    let other = world.slot(&world.event(&json!({ "title": "Fair" })).await, "15:00", 5).await;
    let (_, later) = next_week(world, &json!({})).await;
    let before = portal.books(&slot, "Sam Student").await.expect(201);
    let strict = puts_in_force(world, rule(four_weeks())).await;
    let after = portal.books(&other, "Sam Student").await.expect(201);
    world.set_clock("2027-03-04T20:15:00Z");
    office.booking_does(&before.id(), "no-show").await.expect(200);
    let spare = portal.books(&later, "Sam Student").await.expect(201);
    portal.booking_does(&spare.id(), "cancel").await.expect(200);
    office.booking_does(&after.id(), "no-show").await.expect(200);
    portal.books(&later, "Sam Student").await.refused(409, "blocked_by_policy");
    let stands = standing(&portal, &before).await;
    let by: Vec<(&Value, &Value)> = stands["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| (&rule["policy_id"], &rule["in_force"][0]["restriction"]))
        .collect();
    assert_eq!(by, [(&json!(mild), &Value::Null), (&json!(strict), &json!("blocked"))]);
}

async fn a_late_move_is_the_offices(world: &World) {
    let (portal, office) = (world.portal().await, world.coordinator());
    puts_in_force(world, json!([{ "key": "events", "cancel": day_before("refused") }])).await;
    let event = world.event(&json!({})).await;
    let (from, to) = (world.slot(&event, "12:30", 5).await, world.slot(&event, "15:00", 5).await);
    let booked = portal.books(&from, "Sam Student").await.expect(201).id();
    let path = format!("/v1/bookings/{booked}/move");
    world.set_clock("2027-03-03T17:30:01Z");
    portal.post(&path, json!({ "slot_id": to })).await.refused(409, "too_late_to_cancel");
    office.post(&path, json!({ "slot_id": to })).await.expect(200);
    // From the later place there is time enough to go back.
    portal.post(&path, json!({ "slot_id": from })).await.expect(200);
}
