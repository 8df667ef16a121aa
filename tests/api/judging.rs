//! Cancellations judged by the version of the policy that a booking keeps: on the last second that is in time and on the
//! next, across a holiday and a change of the clocks, by whom and how. The rules are of kinds that offices have published;
//! their numbers and the calendar are chosen.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    a_newer_version_changes_nothing_for_what_is_booked,
    each_kind_of_cut_off_holds_to_the_second,
    twenty_four_hours_are_hours_when_the_clocks_change,
    the_page_says_what_cancelling_comes_to,
    the_office_hears_it_by_telephone_or_sets_it_aside,
    what_the_office_ends_is_not_judged,
    nobody_is_late_for_a_time_they_could_not_know
);

async fn puts_in_force(world: &World, until: Value, late: &str) -> String {
    let document = json!({ "rules": [{ "key": "events", "cancel": { "until": until, "late": late } }] });
    let path = format!("/v1/campuses/{}/policies", world.campus_id());
    world.coordinator().post(&path, json!({ "document": document })).await.expect(201).id()
}

fn hours(hours: u32) -> Value {
    json!({ "kind": "hours_before", "hours": hours })
}

async fn cancels(client: &Client, booking: &Response, body: Value) -> Response {
    client.post(&format!("/v1/bookings/{}/cancel", booking.id()), body).await
}

/// Working days from nine to five, and a holiday on Wednesday 3 March 2027.
async fn sets_calendar(world: &World) {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let days = days.map(|day| json!({ "day": day, "hours": [{ "from": "09:00", "until": "17:00" }] }));
    let holidays = json!([{ "name": "Founders' Day", "first": "2027-03-03" }]);
    let calendar = json!({ "working_days": days, "holidays": holidays, "terms": [] });
    let path = format!("/v1/campuses/{}/office-calendar", world.campus_id());
    let put = world.coordinator().request("PUT", &path).header("If-Match", "*").json(&calendar);
    put.send().await.expect(200);
}

async fn a_newer_version_changes_nothing_for_what_is_booked(world: &World) {
    let event = world.event(&json!({})).await;
    let (one, other) = (world.slot(&event, "12:30", 5).await, world.slot(&event, "13:30", 5).await);
    let portal = world.portal().await;
    let before = portal.books(&one, "Ada Before").await.expect(201);
    assert_eq!(before.json["policy_id"], Value::Null);
    let said = portal.get(&format!("/v1/bookings/{}/policy", before.id())).await.expect(200).json;
    assert_eq!((&said["now"], &said["rule"]), (&json!("on_time"), &Value::Null));
    assert_eq!(
        said["says"],
        json!(["You may cancel until it starts, Thursday 4 March 2027, 12:30 (America/New_York)."])
    );
    let lenient = puts_in_force(world, hours(2), "refused").await;
    let booked = portal.books(&one, "Ben Lenient").await.expect(201);
    assert_eq!(booked.json["policy_id"], json!(lenient));
    let moved = portal.books(&one, "Cara Moved").await.expect(201);
    let strict = puts_in_force(world, hours(48), "refused").await;
    let held = portal.holds(&one, "Dan Strict").await.expect(201);
    assert_eq!(held.json["policy_id"], json!(strict), "a hold keeps what is in force, and its place after it");
    let body = json!({ "slot_id": other });
    let moved = portal.post(&format!("/v1/bookings/{}/move", moved.id()), body).await.expect(200);
    assert_eq!(moved.json["policy_id"], json!(lenient), "a move is the same booking");
    let late = portal.booking_does(&held.id(), "confirm").await.expect(200);

    world.set_clock("2027-03-04T15:30:00Z");
    let refused = cancels(&portal, &late, json!({})).await.refused(409, "too_late_to_cancel");
    assert_eq!(refused.json["rule"], "events");
    let kept = portal.get(&format!("/v1/bookings/{}", late.id())).await.expect(200);
    assert_eq!((&kept.json["state"], &kept.json["late"]), (&json!("confirmed"), &json!(false)), "nothing half done");
    let done = cancels(&portal, &booked, json!({})).await.expect(200);
    assert_eq!((&done.json["state"], &done.json["late"]), (&json!("cancelled"), &json!(false)));
    world.set_clock("2027-03-04T16:00:00Z");
    cancels(&portal, &moved, json!({})).await.expect(200);
    let done = cancels(&portal, &before, json!({})).await.expect(200);
    assert_eq!(done.json["late"], false, "no version that came later judges it");
}

/// Each with the last instant in time for 12:30 on Thursday 4 March in New York.
async fn each_kind_of_cut_off_holds_to_the_second(world: &World) {
    sets_calendar(world).await;
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 20).await;
    let portal = world.portal().await;
    let mut in_hours = hours(24);
    in_hours["office_hours_only"] = json!(true);
    let kinds = [
        // The second business day before a Thursday, were Wednesday no holiday, would be Tuesday.
        (json!({ "kind": "business_day_before", "days": 2, "at": "17:00" }), "2027-03-01T22:00:00Z"),
        // The day itself falls on the holiday, so the office is last open on Tuesday until five.
        (in_hours, "2027-03-02T22:00:00Z"),
        (json!({ "kind": "calendar_before", "count": 1, "unit": "days", "at": "12:00" }), "2027-03-03T17:00:00Z"),
        (hours(24), "2027-03-03T17:30:00Z"),
    ];
    let mut booked = Vec::new();
    for (number, (until, last)) in kinds.into_iter().enumerate() {
        puts_in_force(world, until.clone(), "allowed").await;
        let books = async |who: &str| portal.books(&slot, &format!("{who} Kind{number}")).await.expect(201);
        booked.push((until, last, books("Early").await, books("Late").await));
    }
    // An older version counts by the office's hours, so the calendar keeps them, as long as a place is ahead that keeps it.
    let without = json!({ "working_days": [{ "day": "monday" }], "holidays": [], "terms": [] });
    let path = format!("/v1/campuses/{}/office-calendar", world.campus_id());
    let put = world.coordinator().request("PUT", &path).header("If-Match", "*").json(&without);
    let refused = put.send().await.refused(422, "invalid_fields");
    assert!(refused.text().contains("version 2 of the policy"), "{}", refused.text());
    for (until, last, early, late) in booked {
        world.set_clock(last);
        let done = cancels(&portal, &early, json!({})).await.expect(200);
        assert_eq!(done.json["late"], false, "{until} at {last}");
        world.set_clock(&last.replace(":00Z", ":01Z"));
        let done = cancels(&portal, &late, json!({})).await.expect(200);
        assert_eq!((&done.json["state"], &done.json["late"]), (&json!("cancelled"), &json!(true)), "{until}");
    }
}

/// The clocks go forward on 14 March 2027: 24 hours before Sunday noon it is eleven on Saturday, the day before it is noon.
async fn twenty_four_hours_are_hours_when_the_clocks_change(world: &World) {
    let sunday = json!({ "starts_local": "2027-03-14T12:00", "ends_local": "2027-03-14T18:00" });
    let event = world.event(&sunday).await;
    let slot = world.slot(&event, "12:00", 5).await;
    let portal = world.portal().await;
    puts_in_force(world, hours(24), "allowed").await;
    let (hour, too_late) = (portal.books(&slot, "Hal Hours").await, portal.books(&slot, "Tom Tardy").await);
    puts_in_force(world, json!({ "kind": "calendar_before", "count": 1, "unit": "days", "at": "12:00" }), "allowed")
        .await;
    let day = portal.books(&slot, "Dot Day").await.expect(201);
    world.set_clock("2027-03-13T16:00:00Z");
    assert_eq!(cancels(&portal, &hour, json!({})).await.expect(200).json["late"], false);
    world.set_clock("2027-03-13T16:00:01Z");
    assert_eq!(cancels(&portal, &too_late, json!({})).await.expect(200).json["late"], true);
    world.set_clock("2027-03-13T17:00:00Z");
    assert_eq!(cancels(&portal, &day, json!({})).await.expect(200).json["late"], false);
}

async fn link(world: &World, address: &str) -> String {
    let letters = world.letters_to(address).await;
    let text = &letters.first().expect("a letter").text;
    text[text.find("/p/").expect("a link")..].split_whitespace().next().unwrap().to_owned()
}

async fn presses(world: &World, link: &str) -> Response {
    let form = "application/x-www-form-urlencoded";
    world.nobody().request("POST", link).body(form, "answer=cancel".to_owned()).send().await
}

async fn the_page_says_what_cancelling_comes_to(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 5).await;
    let portal = world.portal().await;
    puts_in_force(world, hours(24), "allowed").await;
    let lenient = portal.books(&slot, "Lena Lenient").await.expect(201);
    puts_in_force(world, hours(24), "refused").await;
    let strict = portal.books(&slot, "Stan Strict").await.expect(201);
    let (to_lena, to_stan) =
        (link(world, "lena.lenient@example.edu").await, link(world, "stan.strict@example.edu").await);
    let page = async |link: &str| world.nobody().get(link).await.expect(200).text();
    for link in [&to_lena, &to_stan] {
        let page = page(link).await;
        assert!(page.contains("You may cancel until Wednesday 3 March 2027, 12:30"), "{page}");
        assert!(page.contains("value=\"cancel\""), "{page}");
    }
    // The letter said so first.
    let letter = world.letters_to("stan.strict@example.edu").await.remove(0);
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("You may cancel until Wednesday 3 March 2027, 12:30"), "{part}");
    }
    let explain =
        async |booking: &Response| portal.get(&format!("/v1/bookings/{}/policy", booking.id())).await.expect(200).json;
    let said = explain(&strict).await;
    assert_eq!((&said["now"], &said["policy_id"]), (&json!("on_time"), &strict.json["policy_id"]));
    assert_eq!((&said["rule"], &said["version"]), (&json!("events"), &json!(2)));
    assert_eq!(said["ways"][0], json!({ "channel": "online", "until": "2027-03-03T17:30:00Z" }));
    assert!(said["says"][0].as_str().unwrap().starts_with("You may cancel until Wednesday 3 March 2027, 12:30"));
    world.set_clock("2027-03-03T17:30:01Z");
    let lena = page(&to_lena).await;
    assert!(lena.contains("cancelling now counts as late") && lena.contains("value=\"cancel\""), "{lena}");
    let stan = page(&to_stan).await;
    assert!(stan.contains("later cancellations are not taken") && !stan.contains("value=\"cancel\""), "{stan}");
    let said = explain(&strict).await;
    assert_eq!((&said["now"], &said["ways"]), (&json!("refused"), &json!([])));
    assert!(said["says"].to_string().contains("later cancellations are not taken"), "{said}");
    assert_eq!(explain(&lenient).await["now"], "late");
    let refused = presses(world, &to_stan).await.expect(409).text();
    assert_eq!(refused.matches("later cancellations are not taken").count(), 1, "said once: {refused}");
    let kept = portal.get(&format!("/v1/bookings/{}", strict.id())).await.expect(200);
    assert_eq!(kept.json["state"], "confirmed");
    assert!(presses(world, &to_lena).await.expect(200).text().contains("given back"));
    assert!(presses(world, &to_lena).await.expect(200).text().contains("given back"), "a second click");
    let said = explain(&lenient).await;
    assert_eq!(
        (&said["now"], &said["says"][0]),
        (&json!("over"), &json!("It is cancelled; there is nothing to cancel."))
    );
    let given = portal.get(&format!("/v1/bookings/{}", lenient.id())).await.expect(200);
    assert_eq!((&given.json["state"], &given.json["late"]), (&json!("cancelled"), &json!(true)));
}

async fn the_office_hears_it_by_telephone_or_sets_it_aside(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let by_phone = json!({ "until": hours(24), "late": "refused", "channels": ["phone"] });
    let document = json!({ "rules": [{ "key": "by_phone", "cancel": by_phone }] });
    let path = format!("/v1/campuses/{}/policies", world.campus_id());
    office.post(&path, json!({ "document": document })).await.expect(201);
    let one = portal.books(&slot, "Ola One").await.expect(201);
    let two = portal.books(&slot, "Tia Two").await.expect(201);
    let refused = cancels(&portal, &one, json!({})).await.refused(409, "too_late_to_cancel");
    assert!(refused.text().contains("It can still be cancelled by phone until Wednesday"), "{}", refused.text());
    for (field, value) in [("channel", "phone"), ("override_reason", "Ill.")] {
        let refused = cancels(&portal, &one, json!({ field: value })).await.refused(422, "invalid_fields");
        refused.points_at(&format!("/{field}"), "not_allowed");
    }
    let refused = cancels(office, &one, json!({ "channel": "pigeon" })).await.refused(422, "invalid_fields");
    refused.points_at("/channel", "unknown_value");
    let refused = cancels(office, &one, json!({ "override_reason": "Ill." })).await.refused(422, "invalid_fields");
    refused.points_at("/channel", "required");
    let in_time = json!({ "channel": "phone", "override_reason": "Ill." });
    let done = cancels(office, &one, in_time.clone()).await.expect(200);
    assert_eq!((&done.json["late"], &done.json["override_reason"]), (&json!(false), &Value::Null), "none was needed");

    world.set_clock("2027-03-04T15:00:00Z");
    cancels(office, &two, json!({ "channel": "phone" })).await.refused(409, "too_late_to_cancel");
    let done = cancels(office, &two, in_time).await.expect(200);
    assert_eq!((&done.json["state"], &done.json["late"]), (&json!("cancelled"), &json!(false)));
    assert_eq!(done.json["override_reason"], "Ill.");
}

async fn what_the_office_ends_is_not_judged(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let portal = world.portal().await;
    puts_in_force(world, hours(48), "refused").await;
    let removed = portal.books(&slot, "Rita Removed").await.expect(201);
    let held = portal.holds(&slot, "Hugo Held").await.expect(201);
    let off = portal.books(&slot, "Otto Off").await.expect(201);
    world.set_clock("2027-03-04T15:00:00Z");
    let held = portal.get(&format!("/v1/bookings/{}", held.id())).await.expect(200);
    assert_eq!(held.json["late"], false);
    let promised = portal.holds(&slot, "Hedy Held").await.expect(201);
    assert_eq!(
        cancels(&portal, &promised, json!({})).await.expect(200).json["late"],
        false,
        "a hold is no promise yet"
    );
    let done = cancels(world.coordinator(), &removed, json!({ "reason": "The room is too small." })).await.expect(200);
    assert_eq!((&done.json["state"], &done.json["late"]), (&json!("cancelled"), &json!(false)));
    let cancel = format!("/v1/events/{}/cancel", event.id());
    world.coordinator().post(&cancel, json!({ "reason": "The building is closed." })).await.expect(200);
    let off = portal.get(&format!("/v1/bookings/{}", off.id())).await.expect(200);
    assert_eq!((&off.json["state"], &off.json["late"]), (&json!("cancelled"), &json!(false)));
}

async fn nobody_is_late_for_a_time_they_could_not_know(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let portal = world.portal().await;
    puts_in_force(world, hours(24), "allowed").await;
    let given_up = portal.books(&slot, "Nell Notice").await.expect(201);
    let too_late = portal.books(&slot, "Lars Later").await.expect(201);
    let explain =
        async |booking: &Response| portal.get(&format!("/v1/bookings/{}/policy", booking.id())).await.expect(200).json;
    let moves = async |day: &str| {
        let path = format!("/v1/events/{}", event.id());
        let etag = world.coordinator().get(&path).await.expect(200).etag();
        let hours = json!({ "starts_local": format!("{day}T12:00"), "ends_local": format!("{day}T18:00") });
        let put = world.coordinator().request("POST", &format!("{path}/reschedule")).header("If-Match", &etag);
        put.json(&hours).send().await.expect(200);
    };
    // On Tuesday noon the fair of Thursday is put to Wednesday: the last instant in time is half an hour away.
    world.set_clock("2027-03-02T17:00:00Z");
    moves("2027-03-03").await;
    assert_eq!(explain(&given_up).await["rule"], "events", "there was time enough");
    moves("2027-03-04").await;
    // An hour later it would be late at once.
    world.set_clock("2027-03-02T18:00:00Z");
    moves("2027-03-03").await;
    let said = explain(&given_up).await;
    let says = "It was moved at short notice, so you may cancel until it starts, Wednesday 3 March 2027, 12:30 \
                (America/New_York).";
    assert_eq!((&said["now"], &said["says"]), (&json!("on_time"), &json!([says])));
    let page = world.nobody().get(&link(world, "nell.notice@example.edu").await).await.expect(200).text();
    assert!(page.contains("It was moved at short notice"), "{page}");
    assert_eq!(cancels(&portal, &given_up, json!({})).await.expect(200).json["late"], false);
    // Moved away again in good time, it is judged as before.
    moves("2027-03-05").await;
    world.set_clock("2027-03-05T12:00:00Z");
    assert_eq!(explain(&too_late).await["now"], "late");
    assert_eq!(cancels(&portal, &too_late, json!({})).await.expect(200).json["late"], true);
}
