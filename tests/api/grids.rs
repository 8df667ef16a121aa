//! Grids: slots made by the rule that a programme prints, made again around the people in them, and previewed before
//! anybody is invited. Dates that were not published, and all tables, are chosen.

use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    wollongong_rings_for_nine_hundred_places_and_keeps_who_booked,
    san_diego_has_four_evenings_in_one_event,
    a_booked_slot_hears_of_its_new_room_and_room_goes_to_those_who_wait,
    nossal_falls_short_by_the_day_although_the_total_suffices,
    who_goes_where_is_said_with_the_grid,
    who_leaves_is_said_with_fewer_places,
    what_cannot_be_is_pointed_at
);

async fn set(world: &World, event: &str, grid: &Value, dry_run: bool) -> Response {
    let path = format!("/v1/events/{event}/grid");
    let body = json!({ "grid": grid, "dry_run": dry_run });
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await
}

fn counts(answer: &Value) -> [u64; 5] {
    ["keep", "change", "add", "remove", "blocked"].map(|list| answer[list]["count"].as_u64().unwrap())
}

async fn slots(world: &World, event: &str) -> Vec<Value> {
    world.coordinator().all(&format!("/v1/events/{event}/slots?limit=100")).await
}

fn circles(circles: usize) -> Vec<Value> {
    let seats = (1..=circles).flat_map(|circle| (1..=8).map(move |seat| (circle, seat)));
    seats.map(|(circle, seat)| json!({ "label": format!("Circle {circle}, seat {seat}") })).collect()
}

/// University of Wollongong, Career Ahead: a bell every ten minutes, 7 circles of 8 alumni, 8 rounds, two sessions.
async fn wollongong_rings_for_nine_hundred_places_and_keeps_who_booked(world: &World) {
    let event = world
        .event(&json!({ "time_zone": "Australia/Sydney",
            "starts_local": "2027-09-09T14:30", "ends_local": "2027-09-09T18:00" }))
        .await;
    let by_hand = world.slot(&event, "14:30", 3).await;
    let mut grid = json!({
        "sessions": [
            { "name": "Session 1", "starts_local": "2027-09-09T14:50", "ends_local": "2027-09-09T16:10" },
            { "name": "Session 2", "starts_local": "2027-09-09T16:30", "ends_local": "2027-09-09T17:50" },
        ],
        "pattern": { "kind": "bell", "period_minutes": 10 },
        "tables": circles(7),
    });
    world.coordinator().get(&format!("/v1/events/{}/grid", event.id())).await.expect(404);
    let tried = set(world, &event.id(), &grid, true).await.expect(200);
    assert_eq!((counts(&tried.json), &tried.json["done"]), ([0, 0, 896, 0, 0], &json!(false)));
    assert_eq!(tried.json["add"]["items"].as_array().unwrap().len(), 200, "a list is cut, its count is not");
    assert_eq!(tried.etag(), event.etag(), "a dry run changes nothing");
    assert_eq!(slots(world, &event.id()).await.len(), 1);

    let done = set(world, &event.id(), &grid, false).await.expect(200);
    assert_eq!((counts(&done.json), &done.json["done"]), ([0, 0, 896, 0, 0], &json!(true)));
    assert_eq!(slots(world, &event.id()).await.len(), 897);
    assert_ne!(done.etag(), event.etag());
    let path = format!("/v1/events/{}/grid", event.id());
    let kept = world.requester().get(&path).await.expect(200);
    assert_eq!((kept.etag(), &kept.json["grid"]["tables"][55]["label"]), (done.etag(), &json!("Circle 7, seat 8")));
    let stale = json!({ "grid": grid });
    world.coordinator().request("PUT", &path).json(&stale).send().await.refused(428, "precondition_required");
    let old = event.etag();
    world.coordinator().request("PUT", &path).header("If-Match", &old).json(&stale).send().await.refused(412, "stale");

    // One table fewer, while somebody sits there.
    let last = slots(world, &event.id()).await.into_iter().find(|slot| slot["label"] == "Circle 7, seat 8").unwrap();
    let portal = world.portal().await;
    let booking = portal.books(last["id"].as_str().unwrap(), "Sam Student").await.expect(201);
    grid["tables"].as_array_mut().unwrap().pop();
    let refused = set(world, &event.id(), &grid, false).await.refused(409, "grid_blocked");
    assert_eq!(counts(&refused.json["changes"]), [880, 0, 0, 15, 1]);
    let blocked = &refused.json["changes"]["blocked"]["items"][0];
    assert_eq!((&blocked["slot_id"], &blocked["students"]), (&last["id"], &json!(1)));
    assert_eq!(blocked["hindrances"], json!(["unwanted"]));
    assert!(blocked["detail"].as_str().unwrap().contains("holds 1 student"), "{blocked}");
    assert_eq!(slots(world, &event.id()).await.len(), 897, "nothing half done");
    let tried = set(world, &event.id(), &grid, true).await.expect(200);
    assert_eq!(counts(&tried.json), counts(&refused.json["changes"]));

    portal.booking_does(&booking.id(), "cancel").await.expect(200);
    let done = set(world, &event.id(), &grid, false).await.expect(200);
    assert_eq!(counts(&done.json), [880, 0, 0, 16, 0]);
    let left = slots(world, &event.id()).await;
    let off: Vec<_> = left.iter().filter(|slot| slot["state"] == "cancelled").collect();
    assert_eq!((left.len(), off.len()), (882, 1), "the one that was booked once stays in the books");
    assert_eq!(off[0]["id"], last["id"]);
    assert!(left.iter().any(|slot| slot["id"] == by_hand.as_str() && slot["state"] == "open"));
    let again = set(world, &event.id(), &grid, false).await.expect(200);
    assert_eq!(counts(&again.json), [880, 0, 0, 0, 0], "the same again changes nothing");
}

/// University of San Diego School of Law: three evenings and a Friday morning, 20 minutes and 10 of feedback. One event
/// is chosen, so that a student's limit and the waitlist hold for all four days.
async fn san_diego_has_four_evenings_in_one_event(world: &World) {
    let event = world
        .event(&json!({ "time_zone": "America/Los_Angeles",
            "starts_local": "2027-01-26T18:00", "ends_local": "2027-01-29T12:00" }))
        .await;
    let evening = |name: &str, day: u8| json!({ "name": name, "starts_local": format!("2027-01-{day}T18:00"), "ends_local": format!("2027-01-{day}T20:00") });
    let friday = json!({ "name": "Friday", "starts_local": "2027-01-29T10:00", "ends_local": "2027-01-29T12:00" });
    let grid = json!({
        "sessions": [evening("Tuesday", 26), evening("Wednesday", 27), evening("Thursday", 28), friday],
        "pattern": { "kind": "in_turn", "interview_minutes": 20, "feedback_minutes": 10 },
        "tables": [{ "label": "Table 1" }, { "label": "Table 2" }, { "label": "Table 3" }],
    });
    set(world, &event.id(), &grid, false).await.expect(200);
    let slots = slots(world, &event.id()).await;
    assert_eq!(slots.len(), 4 * 3 * 4);
    for day in ["2027-01-26", "2027-01-27", "2027-01-28", "2027-01-29"] {
        let at = slots.iter().filter(|slot| slot["label"] == "Table 2");
        let starts = at.filter_map(|slot| slot["starts_local"].as_str()).filter(|start| start.starts_with(day));
        assert_eq!(starts.count(), 4, "{day}");
    }
}

async fn a_booked_slot_hears_of_its_new_room_and_room_goes_to_those_who_wait(world: &World) {
    let event = world.event(&json!({})).await;
    let grid = |place: &str, capacity: u32, interview: u32| {
        json!({
            "sessions": [{ "name": "Afternoon", "starts_local": "2027-03-04T12:30", "ends_local": "2027-03-04T13:30" }],
            "pattern": { "kind": "fixed_starts", "interview_minutes": interview, "starts": [{ "at": "12:30" }] },
            "tables": [{ "label": "Table 1", "place": place, "capacity": capacity }],
        })
    };
    set(world, &event.id(), &grid("Room 1", 1, 20), false).await.expect(200);
    let slot = slots(world, &event.id()).await[0]["id"].as_str().unwrap().to_owned();
    let portal = world.portal().await;
    let booking = portal.books(&slot, "Sam Student").await.expect(201);
    portal.queues(&event, "Kim Student", &json!({})).await.expect(201);
    let done = set(world, &event.id(), &grid("Room 2", 2, 30), false).await.expect(200);
    assert_eq!(counts(&done.json), [0, 1, 0, 0, 0]);
    let now = portal.get(&format!("/v1/bookings/{}", booking.id())).await.expect(200);
    assert_eq!((&now.json["calendar_sequence"], &now.json["ends_at"]), (&json!(1), &json!("2027-03-04T18:00:00Z")));
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 2);
    assert_eq!(world.letters_to("kim.student@example.edu").await.len(), 1, "new room is offered to who waits");
    let shorter = set(world, &event.id(), &grid("Room 2", 2, 15), false).await.refused(409, "grid_blocked");
    assert_eq!(shorter.json["changes"]["blocked"]["items"][0]["hindrances"], json!(["shortened"]));
    let smaller = set(world, &event.id(), &grid("Room 2", 1, 30), false).await.refused(409, "grid_blocked");
    assert_eq!(smaller.json["changes"]["blocked"]["items"][0]["hindrances"], json!(["fewer_places"]));
}

/// Nossal High School: 10 to 12 interviewers, of whom 5 and 8 came; ten-minute places on two days.
async fn nossal_falls_short_by_the_day_although_the_total_suffices(world: &World) {
    let event = world
        .event(&json!({ "time_zone": "Australia/Melbourne",
            "starts_local": "2027-04-01T09:00", "ends_local": "2027-04-02T13:00" }))
        .await;
    let tables: Vec<Value> = (1..=12).map(|table| json!({ "label": format!("Table {table}") })).collect();
    let grid = json!({
        "sessions": [
            { "name": "Thursday", "starts_local": "2027-04-01T10:00", "ends_local": "2027-04-01T13:00" },
            { "name": "Friday", "starts_local": "2027-04-02T09:00", "ends_local": "2027-04-02T12:00" },
        ],
        "pattern": { "kind": "in_turn", "interview_minutes": 10 },
        "tables": tables,
    });
    let path = format!("/v1/events/{}/feasibility", event.id());
    let asked = json!({ "volunteers_in_total": { "min": 10, "max": 14 }, "volunteers_per_session": { "min": 6, "max": 12 },
        "known_volunteers": [5, 8], "students_per_session": [100, 100] });
    world.coordinator().post(&path, asked.clone()).await.expect(404);
    let mut with_grid = asked.clone();
    with_grid["grid"] = grid.clone();
    let preview = world.coordinator().post(&path, with_grid).await.expect(200);
    assert_eq!((&preview.json["feasible"], &preview.json["places"]), (&json!(false), &json!(234)));
    let thursday = preview.json["findings"].as_array().unwrap().iter();
    let thursday = thursday.filter(|found| found["session"] == 0 && found["severity"] == "blocking");
    let kinds: Vec<_> = thursday.map(|found| (found["kind"].as_str().unwrap(), found["short"].clone())).collect();
    assert_eq!(kinds, [("places_in_session", json!(10)), ("volunteers_in_session", json!(1))]);
    let said = preview.json["findings"][1]["detail"].as_str().unwrap();
    assert!(said.ends_with("although 13 in total suffice."), "{said}");
    assert!(slots(world, &event.id()).await.is_empty(), "a preview makes nothing");

    set(world, &event.id(), &grid, false).await.expect(200);
    let kept = world.coordinator().post(&path, asked).await.expect(200);
    assert_eq!(kept.json, preview.json);
    let both = json!({ "students_in_total": 3, "students_per_session": [1] });
    let both = world.coordinator().post(&path, both).await.refused(422, "invalid_fields");
    assert_eq!(both.json["errors"][0]["pointer"], "/students_per_session");
}

async fn what_cannot_be_is_pointed_at(world: &World) {
    let event = world.event(&json!({ "starts_local": "2027-03-13T12:00", "ends_local": "2027-03-14T18:00" })).await;
    let session = |from: &str, until: &str| json!({ "name": "One", "starts_local": from, "ends_local": until });
    let good = json!({
        "sessions": [session("2027-03-13T12:30", "2027-03-13T13:30")],
        "pattern": { "kind": "bell", "period_minutes": 10 },
        "tables": [{ "label": "Table 1" }],
    });
    let check = async |part: &str, value: Value, pointer: &str, code: &str| {
        let mut grid = good.clone();
        grid[part] = value;
        let wrong = set(world, &event.id(), &grid, true).await.refused(422, "invalid_fields");
        assert_eq!(
            (&wrong.json["errors"][0]["pointer"], &wrong.json["errors"][0]["code"]),
            (&json!(pointer), &json!(code))
        );
    };
    let overlap = [session("2027-03-13T12:30", "2027-03-13T13:30"), session("2027-03-13T13:00", "2027-03-13T14:00")];
    check("sessions", json!(overlap), "/grid/sessions/1/starts_local", "overlaps").await;
    let empty = [session("2027-03-13T12:30", "2027-03-13T12:30")];
    check("sessions", json!(empty), "/grid/sessions/0/ends_local", "reversed").await;
    let skipped = [session("2027-03-14T02:30", "2027-03-14T04:00")];
    check("sessions", json!(skipped), "/grid/sessions/0/starts_local", "time_skipped").await;
    let outside = [session("2027-03-14T17:00", "2027-03-14T19:00")];
    check("sessions", json!(outside), "/grid/sessions/0/ends_local", "outside_event").await;
    let none = json!([{ "label": "Table 1", "capacity": 0 }]);
    check("tables", none, "/grid/tables/0/capacity", "out_of_range").await;
    let many = json!([{ "label": "Table 1", "capacity": 10_000_000 }]);
    check("tables", many, "/grid/tables/0/capacity", "out_of_range").await;
    let twice = json!([{ "label": "Table 1" }, { "label": "table 1" }]);
    check("tables", twice, "/grid/tables/1/label", "twice").await;
    check("pattern", json!({ "kind": "bell", "period_minutes": 0 }), "/grid/pattern/period_minutes", "out_of_range")
        .await;
    assert!(slots(world, &event.id()).await.is_empty());
}

fn two_tables(labels: &[&str], capacity: u32) -> Value {
    let tables: Vec<Value> = labels.iter().map(|label| json!({ "label": label, "capacity": capacity })).collect();
    json!({
        "sessions": [{ "name": "Afternoon", "starts_local": "2027-03-04T12:00", "ends_local": "2027-03-04T13:30" }],
        "pattern": { "kind": "in_turn", "interview_minutes": 30 },
        "tables": tables,
    })
}

async fn who_goes_where_is_said_with_the_grid(world: &World) {
    let event = world.event(&json!({})).await;
    set(world, &event.id(), &two_tables(&["Table 1", "Table 2"], 1), false).await.expect(200);
    let there = slots(world, &event.id()).await;
    let at = |label: &str, time: &str| {
        let is = |slot: &&Value| slot["label"] == label && slot["starts_local"] == format!("2027-03-04T{time}");
        there.iter().find(is).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let portal = world.portal().await;
    let ann = portal.books(&at("Table 2", "12:30"), "Ann Moved").await.expect(201);
    let ben = portal.books(&at("Table 1", "12:00"), "Ben Stays").await.expect(201);
    let cy = portal.books(&at("Table 2", "13:00"), "Cy Moved").await.expect(201);
    let one = two_tables(&["Table 1"], 1);
    let sends = async |moves: Value, dry_run: bool| {
        let path = format!("/v1/events/{}/grid", event.id());
        let body = json!({ "grid": one, "moves": moves, "dry_run": dry_run });
        world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await
    };
    let step = |booking: &Response, table: &str, time: &str| json!({ "booking_id": booking.id(), "table": table, "starts_local": format!("2027-03-04T{time}") });
    let refused = sends(json!([]), false).await.refused(409, "grid_blocked");
    assert_eq!(refused.json["changes"]["blocked"]["count"], 2);
    let part = sends(json!([step(&ann, "Table 1", "12:30")]), false).await.refused(409, "grid_blocked");
    assert_eq!(part.json["changes"]["blocked"]["count"], 1, "Cy is in the way still");
    for (moves, pointer, code) in [
        (json!([step(&ann, "Table 1", "12:00")]), "/moves/0/table", "full"),
        (json!([step(&ann, "Table 1", "12:30"), step(&cy, "Table 1", "12:30")]), "/moves/0/table", "full"),
        (json!([step(&ann, "Table 9", "12:30")]), "/moves/0/table", "unknown_reference"),
        (json!([step(&ann, "Table 1", "12:45")]), "/moves/0/table", "unknown_reference"),
        (json!([step(&event, "Table 1", "12:30")]), "/moves/0/booking_id", "unknown_reference"),
        (json!([step(&ann, "Table 1", "12:30"), step(&ann, "Table 1", "13:00")]), "/moves/1/booking_id", "duplicate"),
        (
            json!([{ "booking_id": "x", "table": "Table 1", "starts_local": "soon" }]),
            "/moves/0/starts_local",
            "invalid_format",
        ),
    ] {
        sends(moves, false).await.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let all = json!([step(&ann, "table 1", "12:30"), step(&cy, "Table 1", "13:00")]);
    let tried = sends(all.clone(), true).await.expect(200);
    assert_eq!((counts(&tried.json), &tried.json["moves"]["count"]), ([3, 0, 0, 3, 0], &json!(2)));
    let line = &tried.json["moves"]["items"][0];
    assert_eq!((&line["name"], &line["from_slot_id"]), (&json!("Ann Moved"), &json!(at("Table 2", "12:30"))));
    assert_eq!(world.letters_to("ann.moved@example.edu").await.len(), 1, "a dry run moves nobody");

    sends(all, false).await.expect(200);
    for (was, slot) in [(&ann, at("Table 1", "12:30")), (&cy, at("Table 1", "13:00")), (&ben, at("Table 1", "12:00"))] {
        let now = portal.get(&format!("/v1/bookings/{}", was.id())).await.expect(200);
        assert_eq!((&now.json["slot_id"], &now.json["calendar_uid"]), (&json!(slot), &was.json["calendar_uid"]));
        let moved = was.id() != ben.id();
        assert_eq!(now.json["calendar_sequence"], json!(u32::from(moved)));
    }
    assert_eq!(world.letters_to("ann.moved@example.edu").await.len(), 2);
    assert_eq!(world.letters_to("ben.stays@example.edu").await.len(), 1);
    let left = slots(world, &event.id()).await;
    let open = left.iter().filter(|slot| slot["state"] == "open").count();
    assert_eq!((open, left.len()), (3, 5), "what somebody ever booked stays as cancelled");
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let moved: Vec<&Value> = log.iter().filter(|line| line["what"] == "moved").collect();
    assert_eq!(moved.len(), 2);
    assert!(moved.iter().all(|line| line["reason"].as_str().unwrap().ends_with("The office has made other slots.")));
}

async fn who_leaves_is_said_with_fewer_places(world: &World) {
    let event = world.event(&json!({})).await;
    let (from, to) = (world.slot(&event, "12:30", 3).await, world.slot(&event, "13:30", 1).await);
    let portal = world.portal().await;
    let mut booked = Vec::new();
    for name in ["Ann Stays", "Ben Moved", "Cy Late"] {
        booked.push(portal.books(&from, name).await.expect(201));
    }
    portal.books(&from, "Dora Waits").await.refused(409, "slot_full");
    let changes = async |capacity: u32, moves: Value| {
        let path = format!("/v1/slots/{from}");
        let body = json!({ "capacity": capacity, "moves": moves });
        world.coordinator().request("PATCH", &path).header("If-Match", "*").json(&body).send().await
    };
    let step = |booking: &Response, slot: &str| json!({ "booking_id": booking.id(), "slot_id": slot });
    let refused = changes(2, json!([])).await.refused(409, "capacity_below_taken");
    assert_eq!(refused.json["taken"], 3);
    let ben = step(&booked[1], &to);
    let refused = changes(1, json!([ben])).await.refused(409, "capacity_below_taken");
    assert_eq!(refused.json["taken"], 2, "two would be left");
    let both = json!([ben, step(&booked[2], &to)]);
    changes(1, both).await.refused(409, "slot_full");
    for (moves, pointer, code) in [
        (json!([step(&booked[1], &from)]), "/moves/0/slot_id", "unknown_reference"),
        (json!([step(&event, &to)]), "/moves/0/booking_id", "unknown_reference"),
        (json!([ben, ben]), "/moves/1/booking_id", "duplicate"),
    ] {
        changes(2, moves).await.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let nothing = portal.get(&format!("/v1/bookings/{}", booked[1].id())).await.expect(200);
    assert_eq!((&nothing.json["slot_id"], &nothing.json["revision"]), (&json!(from), &json!(1)), "nothing half done");
    let done = changes(2, json!([ben])).await.expect(200);
    assert_eq!((&done.json["capacity"], &done.json["taken"]), (&json!(2), &json!(2)));
    let moved = portal.get(&format!("/v1/bookings/{}", booked[1].id())).await.expect(200);
    assert_eq!((&moved.json["slot_id"], &moved.json["calendar_sequence"]), (&json!(to), &json!(1)));
    assert_eq!(world.letters_to("ben.moved@example.edu").await.len(), 2);
    // By hand a move has a reason, and the log keeps it.
    let room = world.slot(&event, "14:30", 1).await;
    let path = format!("/v1/bookings/{}/move", booked[2].id());
    world.coordinator().post(&path, json!({ "slot_id": room, "reason": "The train is late." })).await.expect(200);
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let line = log.iter().rfind(|line| line["what"] == "moved").unwrap();
    assert!(line["reason"].as_str().unwrap().ends_with("The train is late."), "{line}");
}
