//! Series of events: made by a rule, booked as a whole, changed from one meeting on, ended early.

use std::collections::BTreeSet;

use rostrum::domain::letter::{CalendarMethod, CalendarPart, LetterKind};
use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    worcester_state_backpack_to_briefcase,
    a_weekly_series_keeps_its_hour_and_heeds_holidays,
    the_nights_the_clocks_change_are_asked_about,
    this_and_following_moves_with_everybody_in_it,
    only_this_meeting_moves,
    what_follows_avoids_holidays,
    a_series_ends_early_and_each_student_hears_once,
    all_meetings_or_those_that_can_be_had,
    the_last_places_of_a_series_go_to_one,
    drafts_are_the_campuses_own,
    what_a_series_cannot_be_is_pointed_at,
);

fn path(world: &World) -> String {
    format!("/v1/campuses/{}/event-series", world.campus_id())
}

/// Three Tuesdays from one to two in New York, 9 to 23 March 2027; the clocks change on the 14th. `changes` replaces
/// members of the body.
fn tuesdays(changes: &Value) -> Value {
    let mut body = json!({
        "kind": "workshop",
        "title": "Resume workshop",
        "mode": "in_person",
        "place": "Sheehan Hall 109",
        "capacity": 5,
        "starts_local": "2027-03-09T13:00",
        "ends_local": "2027-03-09T14:00",
        "rule": "FREQ=WEEKLY;COUNT=3",
        "publish": true,
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

async fn tries(world: &World, series: &Value) -> Response {
    world.coordinator().post(&path(world), json!({ "series": series, "dry_run": true })).await
}

async fn makes(world: &World, series: &Value) -> Response {
    world.coordinator().post(&path(world), json!({ "series": series })).await
}

async fn moves(client: &Client, series: &str, seen: &str, body: &Value) -> Response {
    let path = format!("/v1/event-series/{series}/reschedule");
    client.request("POST", &path).header("If-Match", seen).json(body).send().await
}

async fn books(client: &Client, series: &str, name: &str, partial: bool) -> Response {
    let body = json!({ "student": student(name), "partial": partial });
    client.post(&format!("/v1/event-series/{series}/bookings"), body).await
}

/// One member of each of a list of objects.
fn each<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap_or("null")).collect()
}

fn event_of(series: &Response, number: usize) -> String {
    series.json["meetings"][number]["event_id"].as_str().unwrap().to_owned()
}

/// The value of one property in each of these calendars; the zone's own DTSTART is passed over.
fn say(parts: &[CalendarPart], property: &str) -> Vec<String> {
    let value = |part: &CalendarPart| {
        let unfolded = part.bytes.replace("\r\n ", "");
        let event = unfolded.split("BEGIN:VEVENT").nth(1).unwrap_or_default();
        let line = event.lines().find(|line| line.starts_with(property)).unwrap_or_default();
        line.rsplit(':').next().unwrap_or_default().to_owned()
    };
    parts.iter().map(value).collect()
}

async fn sets_holiday(world: &World, name: &str, first: &str) {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"].map(|day| json!({ "day": day }));
    let calendar = json!({ "working_days": days, "holidays": [{ "name": name, "first": first }] });
    let path = format!("/v1/campuses/{}/office-calendar", world.campus_id());
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&calendar).send().await.expect(200);
}

/// `worcester-state-backpack-to-briefcase`: two weeks of seminars and a dinner. Published: the days of the week and month,
/// every start, the ends of the portraits, rooms and who presents. Chosen: the year 2030, whose days fall as the
/// published ones do; an hour for each talk and two for each dinner; thirty places, and two at the networking dinner so
/// that it fills; that all are of the one kind.
async fn worcester_state_backpack_to_briefcase(world: &World) {
    let hall = "Sheehan Hall 109";
    let at = |date: &str, starts: &str, ends: &str, title: &str, place: &str, presenter: &str| {
        json!({
            "date": date, "starts_local": format!("{date}T{starts}"), "ends_local": format!("{date}T{ends}"),
            "title": title, "place": place, "presenter": presenter,
        })
    };
    let series = json!({
        "kind": "workshop",
        "title": "Dining etiquette dinner",
        "description": "Backpack to Briefcase: two weeks of seminars and a dinner. Free, registration required.",
        "mode": "in_person",
        "place": "Blue Lounge",
        "presenter": "Career Services and Chartwells",
        "capacity": 30,
        "starts_local": "2030-02-25T18:00",
        "ends_local": "2030-02-25T20:00",
        "rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH;COUNT=8",
        "excluded_dates": ["2030-02-28"],
        "exceptions": [
            at("2030-02-26", "18:00", "19:00", "Social media dos and don'ts", hall, "An alumna"),
            at("2030-02-27", "13:00", "14:00", "Elevator pitch", "North Auditorium, Student Center", "An alumnus"),
            at("2030-03-04", "13:00", "14:00", "Interviewing 101", hall, "An alumnus"),
            at("2030-03-05", "13:00", "14:00", "Resume workshop", hall, "Career Services"),
            at("2030-03-06", "13:00", "15:00", "LinkedIn portraits", "Sheehan Hall lobby", "An alumnus"),
            at("2030-03-07", "16:00", "17:30", "LinkedIn portraits", "Student Center exhibit area", "An alumnus"),
        ],
        "extra_meetings": [{
            "starts_local": "2030-03-07T18:00", "ends_local": "2030-03-07T20:00",
            "title": "Dinner with Strangers", "capacity": 2,
        }],
        "publish": true,
    });
    let plan = tries(world, &series).await.expect(200);
    assert_eq!((&plan.json["done"], &plan.json["blocked"]), (&json!(false), &json!([])));
    assert_eq!(each(&plan.json["meetings"], "event_id"), ["null"; 8]);
    assert_eq!(world.nobody().all(&path(world)).await.len(), 0, "a dry run keeps nothing");
    let made = makes(world, &series).await.expect(201);
    assert_eq!(made.header("location"), Some(format!("/v1/event-series/{}", made.id()).as_str()));
    let meetings = &made.json["meetings"];
    let starts = [
        "2030-02-25T18:00",
        "2030-02-26T18:00",
        "2030-02-27T13:00",
        "2030-03-04T13:00",
        "2030-03-05T13:00",
        "2030-03-06T13:00",
        "2030-03-07T16:00",
        "2030-03-07T18:00",
    ];
    assert_eq!(each(meetings, "starts_local"), starts);
    assert_eq!(each(&plan.json["meetings"], "starts_local"), starts);
    assert_eq!(each(&made.json["left_out"], "reason"), ["excluded"]);
    assert_eq!(each(&made.json["left_out"], "date"), ["2030-02-28"]);
    let event = world.nobody().get(&format!("/v1/events/{}", event_of(&made, 2))).await.expect(200);
    assert_eq!((&event.json["series_id"], &event.json["presenter"]), (&json!(made.id()), &json!("An alumnus")));
    assert_eq!(event.json["place"], "North Auditorium, Student Center");

    // The whole programme, in one letter with an invite for each evening.
    let portal = world.portal().await;
    let before = world.letters().await.len();
    let wren = books(&portal, &made.id(), "Wren Castell", false).await.expect(201);
    assert_eq!((&wren.json["new"], &wren.json["missed"]), (&json!(8), &json!([])));
    let letter = world.letters_to("wren.castell@example.edu").await.pop().unwrap();
    assert_eq!((world.letters().await.len(), letter.kind), (before + 1, LetterKind::PlacesConfirmation));
    let uids: BTreeSet<String> = say(&letter.attached, "UID").into_iter().collect();
    let known: BTreeSet<String> =
        each(&wren.json["bookings"], "calendar_uid").into_iter().map(ToOwned::to_owned).collect();
    assert_eq!((uids.len(), uids), (8, known));
    assert!(
        letter.text.contains("Dinner with Strangers") && letter.text.contains("With: Career Services"),
        "{}",
        letter.text
    );
    // Single meetings, and a dinner that is full.
    let dinner = meetings[7]["slot_id"].as_str().unwrap();
    portal.books(dinner, "Kim Student").await.expect(201);
    portal.books(dinner, "Pat Student").await.refused(409, "slot_full");
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    let last = &now.json["meetings"][7];
    assert_eq!((&last["capacity"], &last["taken"], &last["free"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!((&now.json["meetings"][0]["taken"], &now.json["asked"]), (&json!(1), &Value::Null));
    let office = world.coordinator().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!(office.json["asked"]["rule"], series["rule"]);
    // One evening is given back; the others stay.
    portal.booking_does(wren.json["bookings"][2]["id"].as_str().unwrap(), "cancel").await.expect(200);
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!((&now.json["meetings"][2]["taken"], &now.json["meetings"][3]["taken"]), (&json!(0), &json!(1)));
}

async fn a_weekly_series_keeps_its_hour_and_heeds_holidays(world: &World) {
    let plain = tries(world, &tuesdays(&json!({}))).await.expect(200);
    let instants = ["2027-03-09T18:00:00Z", "2027-03-16T17:00:00Z", "2027-03-23T17:00:00Z"];
    assert_eq!(each(&plain.json["meetings"], "starts_at"), instants, "one o'clock on both sides of the change");
    sets_holiday(world, "Founders' Day", "2027-03-16").await;

    let refused = makes(world, &tuesdays(&json!({}))).await.refused(409, "series_blocked");
    let blocked = &refused.json["plan"]["blocked"];
    assert_eq!((each(blocked, "date"), each(blocked, "reason")), (vec!["2027-03-16"], vec!["holiday"]));
    assert!(refused.text().contains("Founders' Day"), "{}", refused.text());
    assert_eq!(world.coordinator().all(&path(world)).await.len(), 0, "nothing half done");

    let skipped = makes(world, &tuesdays(&json!({ "on_holiday": "skip" }))).await.expect(201);
    assert_eq!(each(&skipped.json["meetings"], "starts_local"), ["2027-03-09T13:00", "2027-03-23T13:00"]);
    assert_eq!(each(&skipped.json["left_out"], "reason"), ["holiday"]);
    let moved = makes(world, &tuesdays(&json!({ "on_holiday": "move_to_next_business_day" }))).await.expect(201);
    let dates = ["2027-03-09T13:00", "2027-03-17T13:00", "2027-03-23T13:00"];
    assert_eq!(each(&moved.json["meetings"], "starts_local"), dates);
    assert_eq!(each(&moved.json["left_out"], "moved_to"), ["2027-03-17"]);

    // Hours that were said stand on a holiday too, and it is told.
    let own = json!([{ "date": "2027-03-16", "starts_local": "2027-03-16T18:00", "ends_local": "2027-03-16T19:00" }]);
    let kept = makes(world, &tuesdays(&json!({ "exceptions": own }))).await.expect(201);
    assert_eq!(kept.json["meetings"][1]["starts_local"], "2027-03-16T18:00");
    assert_eq!(kept.json["meetings"][1]["holiday"], "Founders' Day");

    // The same request again is the same series.
    let body = json!({ "series": tuesdays(&json!({ "on_holiday": "skip" })) });
    let target = path(world);
    let first = world.coordinator().request("POST", &target).key("series-1").json(&body).send().await.expect(201);
    let again = world.coordinator().request("POST", &target).key("series-1").json(&body).send().await.expect(201);
    assert_eq!((first.id(), again.header("idempotent-replayed")), (again.id(), Some("true")));
}

async fn the_nights_the_clocks_change_are_asked_about(world: &World) {
    let nights = |starts: &str, ends: &str, changes: Value| {
        let mut body = tuesdays(&json!({ "starts_local": starts, "ends_local": ends, "rule": "FREQ=WEEKLY;COUNT=2" }));
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    // At 02:30 on 14 March the clocks of New York have jumped.
    let spring = |changes| nights("2027-03-07T02:30", "2027-03-07T03:30", changes);
    let refused = makes(world, &spring(json!({}))).await.refused(409, "series_blocked");
    let blocked = &refused.json["plan"]["blocked"];
    assert_eq!((each(blocked, "date"), each(blocked, "reason")), (vec!["2027-03-14"], vec!["time_skipped"]));
    assert!(blocked[0]["detail"].as_str().unwrap().contains("03:00"), "its neighbours are named: {blocked}");
    let own = json!([{ "date": "2027-03-14", "starts_local": "2027-03-14T03:30", "ends_local": "2027-03-14T04:30" }]);
    let made = makes(world, &spring(json!({ "exceptions": own }))).await.expect(201);
    assert_eq!(each(&made.json["meetings"], "starts_at"), ["2027-03-07T07:30:00Z", "2027-03-14T07:30:00Z"]);
    // At 01:30 on 7 November they show the hour twice.
    let autumn = |changes| nights("2027-10-31T01:30", "2027-10-31T02:30", changes);
    let refused = makes(world, &autumn(json!({}))).await.refused(409, "series_blocked");
    assert_eq!(each(&refused.json["plan"]["blocked"], "reason"), ["time_twice"]);
    for (fold, second) in [("earlier", "2027-11-07T05:30:00Z"), ("later", "2027-11-07T06:30:00Z")] {
        let made = makes(world, &autumn(json!({ "fold": fold }))).await.expect(201);
        assert_eq!(each(&made.json["meetings"], "starts_at"), ["2027-10-31T05:30:00Z", second]);
    }
}

async fn this_and_following_moves_with_everybody_in_it(world: &World) {
    let made = makes(world, &tuesdays(&json!({}))).await.expect(201);
    let portal = world.portal().await;
    let sam = books(&portal, &made.id(), "Sam Student", false).await.expect(201);
    let kim = portal.books(made.json["meetings"][1]["slot_id"].as_str().unwrap(), "Kim Student").await.expect(201);
    let before = world.letters().await.len();
    let mut body = json!({
        "from_event_id": event_of(&made, 1),
        "starts_local": "2027-03-16T15:00",
        "ends_local": "2027-03-16T16:30",
        "presenter": "Rowan Example, career coach",
        "reason": "The room is needed.",
        "dry_run": true,
    });
    let office = world.coordinator();
    let bare = format!("/v1/event-series/{}/reschedule", made.id());
    office.post(&bare, body.clone()).await.refused(428, "precondition_required");
    let tried = moves(office, &made.id(), &made.etag(), &body).await.expect(200);
    assert_eq!((&tried.json["done"], &tried.json["told"]["count"]), (&json!(false), &json!(3)));
    let still = office.get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!((still.etag(), world.letters().await.len()), (made.etag(), before), "a dry run changes nothing");

    body["dry_run"] = json!(false);
    let done = moves(office, &made.id(), &made.etag(), &body).await.expect(200);
    assert_eq!((&done.json["done"], each(&done.json["meetings"], "event_id").len()), (&json!(true), 2));
    let now = office.get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!(now.etag(), done.etag());
    let starts = ["2027-03-09T13:00", "2027-03-16T15:00", "2027-03-23T15:00"];
    assert_eq!(each(&now.json["meetings"], "starts_local"), starts);
    assert_eq!(each(&now.json["meetings"], "ends_local")[2], "2027-03-23T16:30");
    assert_eq!(each(&now.json["meetings"], "event_id"), each(&made.json["meetings"], "event_id"));
    assert_eq!(each(&now.json["meetings"], "slot_id"), each(&made.json["meetings"], "slot_id"));
    assert_eq!(each(&now.json["meetings"], "presenter")[..2], ["null", "Rowan Example, career coach"]);

    // Sam has one letter about both, Kim one about the one.
    assert_eq!(world.letters().await.len(), before + 2);
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::PlacesChange);
    assert!(letter.text.contains("It was to be") && letter.text.contains("The room is needed."), "{}", letter.text);
    assert!(letter.attached.iter().all(|part| part.method == CalendarMethod::Request));
    assert_eq!(say(&letter.attached, "SEQUENCE"), ["1", "1"]);
    assert_eq!(say(&letter.attached, "UID"), each(&sam.json["bookings"], "calendar_uid")[1..]);
    assert_eq!(say(&letter.attached, "DTSTART"), ["20270316T150000", "20270323T150000"]);
    let letter = world.letters_to("kim.student@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::PlaceConfirmation);
    assert!(letter.text.contains("It was to be"), "{}", letter.text);
    let moved = portal.get(&format!("/v1/bookings/{}", kim.id())).await.expect(200);
    assert_eq!(
        (&moved.json["starts_local"], &moved.json["calendar_sequence"]),
        (&json!("2027-03-16T15:00"), &json!(1))
    );
    // Two offices at once: the second looks again. What is so already changes nothing and tells nobody.
    moves(office, &made.id(), &made.etag(), &body).await.refused(412, "stale");
    let again = moves(office, &made.id(), &done.etag(), &body).await.expect(200);
    assert_eq!((again.etag(), world.letters().await.len()), (done.etag(), before + 2));
}

async fn only_this_meeting_moves(world: &World) {
    let made = makes(world, &tuesdays(&json!({}))).await.expect(201);
    let portal = world.portal().await;
    books(&portal, &made.id(), "Sam Student", false).await.expect(201);
    let before = world.letters().await.len();
    let path = format!("/v1/events/{}/reschedule", event_of(&made, 1));
    let body = json!({
        "starts_local": "2027-03-18T13:00", "ends_local": "2027-03-18T14:00",
        "place": "North Auditorium", "presenter": "Rowan Example",
    });
    world.coordinator().request("POST", &path).header("If-Match", "*").json(&body).send().await.expect(200);
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    let starts = ["2027-03-09T13:00", "2027-03-18T13:00", "2027-03-23T13:00"];
    assert_eq!(each(&now.json["meetings"], "starts_local"), starts);
    assert_eq!(each(&now.json["meetings"], "place"), ["Sheehan Hall 109", "North Auditorium", "Sheehan Hall 109"]);
    assert_eq!(world.letters().await.len(), before + 1);
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert!(letter.text.contains("North Auditorium"), "{}", letter.text);
    // Another presenter alone is told too, by the words of the event.
    let event = world.coordinator().get(&format!("/v1/events/{}", event_of(&made, 2))).await.expect(200);
    let change = json!({ "presenter": "Ash Example" });
    let path = format!("/v1/events/{}", event.id());
    let changed = world.coordinator().patch(&path, &event.etag(), change).await.expect(200);
    assert_eq!((&changed.json["presenter"], &changed.json["calendar_sequence"]), (&json!("Ash Example"), &json!(1)));
    assert_eq!(world.letters().await.len(), before + 2);
}

async fn what_follows_avoids_holidays(world: &World) {
    let made = makes(world, &tuesdays(&json!({}))).await.expect(201);
    sets_holiday(world, "Founders' Day", "2027-03-24").await;
    // A day later, the last would be on Founders' Day.
    let mut body = json!({
        "from_event_id": event_of(&made, 1), "starts_local": "2027-03-17T13:00", "ends_local": "2027-03-17T14:00",
    });
    let refused = moves(world.coordinator(), &made.id(), "*", &body).await.refused(409, "series_blocked");
    let blocked = &refused.json["plan"]["blocked"];
    assert_eq!(
        (each(blocked, "reason"), each(blocked, "event_id")),
        (vec!["holiday"], vec![event_of(&made, 2).as_str()])
    );
    let still = world.coordinator().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!((&still.json, still.etag()), (&made.json, made.etag()), "nothing half done");
    body["on_holiday"] = json!("move_to_next_business_day");
    moves(world.coordinator(), &made.id(), "*", &body).await.expect(200);
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    let starts = ["2027-03-09T13:00", "2027-03-17T13:00", "2027-03-25T13:00"];
    assert_eq!(each(&now.json["meetings"], "starts_local"), starts);
    for (change, pointer, code) in [
        (json!({ "on_holiday": "skip" }), "/on_holiday", "unknown_value"),
        (json!({ "starts_local": "2027-03-17T13:00", "ends_local": null }), "/ends_local", "required"),
        (json!({ "from_event_id": made.id() }), "/from_event_id", "unknown_reference"),
    ] {
        let mut wrong = body.clone();
        for (name, value) in change.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        moves(world.coordinator(), &made.id(), "*", &wrong)
            .await
            .refused(422, "invalid_fields")
            .points_at(pointer, code);
    }
}

async fn a_series_ends_early_and_each_student_hears_once(world: &World) {
    let made = makes(world, &tuesdays(&json!({}))).await.expect(201);
    let portal = world.portal().await;
    let sam = books(&portal, &made.id(), "Sam Student", false).await.expect(201);
    let before = world.letters().await.len();
    let path = format!("/v1/event-series/{}/end", made.id());
    let body = json!({ "reason": "The presenter has moved away.", "from_event_id": event_of(&made, 1) });
    world.coordinator().post(&path, body.clone()).await.refused(428, "precondition_required");
    let end = || world.coordinator().request("POST", &path).header("If-Match", &made.etag()).key("end-1").json(&body);
    let ended = end().send().await.expect(200);
    assert_eq!((&ended.json["state"], &ended.json["state_reason"]), (&json!("ended"), &body["reason"]));
    assert_eq!(each(&ended.json["meetings"], "state"), ["published", "cancelled", "cancelled"]);
    let again = end().send().await.expect(200);
    assert_eq!((&again.json, again.header("idempotent-replayed")), (&ended.json, Some("true")));
    assert_eq!(world.letters().await.len(), before + 1, "one letter about both");
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::PlacesChange);
    assert!(letter.subject.starts_with("Cancelled"), "{}", letter.subject);
    assert!(letter.text.contains("The presenter has moved away."), "{}", letter.text);
    assert!(letter.attached.iter().all(|part| part.method == CalendarMethod::Cancel));
    assert_eq!(say(&letter.attached, "UID"), each(&sam.json["bookings"], "calendar_uid")[1..]);
    assert_eq!(say(&letter.attached, "SEQUENCE"), ["1", "1"]);
    assert_eq!(say(&letter.attached, "STATUS"), ["CANCELLED", "CANCELLED"]);
    let first = portal.get(&format!("/v1/bookings/{}", sam.json["bookings"][0]["id"].as_str().unwrap())).await;
    assert_eq!(first.expect(200).json["state"], "confirmed");
    let twice = world.coordinator().request("POST", &path).header("If-Match", "*").json(&body).send().await;
    twice.refused(409, "wrong_state");
}

async fn all_meetings_or_those_that_can_be_had(world: &World) {
    let small = json!([{ "date": "2027-03-16", "capacity": 1 }]);
    let made = makes(world, &tuesdays(&json!({ "exceptions": small }))).await.expect(201);
    let portal = world.portal().await;
    let whole = books(&portal, &made.id(), "Sam Student", false).await.expect(201);
    assert_eq!(whole.json["new"], 3);
    books(&portal, &made.id(), "Sam Student", false).await.refused(409, "already_booked");
    let before = world.letters().await.len();
    let refused = books(&portal, &made.id(), "Kim Student", false).await.refused(409, "series_not_free");
    let missed = &refused.json["missed"];
    assert_eq!(
        (each(missed, "code"), each(missed, "event_id")),
        (vec!["slot_full"], vec![event_of(&made, 1).as_str()])
    );
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    assert_eq!((&now.json["meetings"][0]["taken"], world.letters().await.len()), (&json!(1), before), "none is taken");
    let others = books(&portal, &made.id(), "Kim Student", true).await.expect(201);
    assert_eq!((&others.json["new"], each(&others.json["missed"], "code")), (&json!(2), vec!["slot_full"]));
    // A place that was given back is had by asking again; what the student has stays.
    portal.booking_does(whole.json["bookings"][1]["id"].as_str().unwrap(), "cancel").await.expect(200);
    let rest = books(&portal, &made.id(), "Kim Student", false).await.expect(201);
    assert_eq!((&rest.json["new"], each(&rest.json["bookings"], "id").len()), (&json!(1), 3));
    // Once all have begun there is nothing to have.
    world.set_clock("2027-03-24T12:00:00Z");
    books(&portal, &made.id(), "Pat Student", false).await.refused(409, "has_begun");
}

async fn the_last_places_of_a_series_go_to_one(world: &World) {
    let made = makes(world, &tuesdays(&json!({ "capacity": 1 }))).await.expect(201);
    let portal = world.portal().await;
    let names: Vec<String> = (0..8).map(|number| format!("Rush Student{number}")).collect();
    let id = made.id();
    let rush = names.iter().map(|name| books(&portal, &id, name, false));
    let answers = futures_util::future::join_all(rush).await;
    let won: Vec<&Response> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status, &answer.json["code"]), (409, &json!("series_not_free")), "{}", answer.text());
    }
    let now = world.nobody().get(&format!("/v1/event-series/{}", made.id())).await.expect(200);
    for number in 0..3 {
        assert_eq!(now.json["meetings"][number]["taken"], 1, "all of them are the winner's");
    }
}

async fn drafts_are_the_campuses_own(world: &World) {
    let made = makes(world, &tuesdays(&json!({ "publish": false }))).await.expect(201);
    assert_eq!(each(&made.json["meetings"], "state"), ["draft"; 3]);
    let (portal, elsewhere) = (world.portal().await, world.another_campus("Elsewhere").await);
    // For others it is as if it had never been.
    let (here, never) = (made.id(), "01a19a60-2e00-7d4c-8ae5-68cb1dd7f9aa");
    let plain = |answer: Response, id: &str| {
        let text = answer.expect(404).text().replace(id, "…");
        let at = text.find("request_id").map_or(text.len(), |at| at);
        text[..at].to_owned()
    };
    for client in [&world.nobody(), &elsewhere.coordinator] {
        let found = plain(client.get(&format!("/v1/event-series/{here}")).await, &here);
        assert_eq!(found, plain(client.get(&format!("/v1/event-series/{never}")).await, never));
    }
    let found = plain(books(&portal, &here, "Sam Student", false).await, &here);
    assert_eq!(found, plain(books(&portal, never, "Sam Student", false).await, never));
    assert_eq!(world.nobody().all(&path(world)).await.len(), 0);
    assert_eq!(world.coordinator().all(&path(world)).await[0]["meetings"], 3);

    let other = json!({ "title": "Resume clinic" });
    let target = format!("/v1/event-series/{here}");
    let changed = world.coordinator().patch(&target, &made.etag(), other.clone()).await.expect(200);
    assert_eq!(each(&changed.json["meetings"], "title"), ["Resume clinic"; 3]);
    world.coordinator().patch(&target, &made.etag(), other).await.refused(412, "stale");
    let shown = world.coordinator().act(&format!("{target}/publish")).await.expect(200);
    assert_eq!(each(&shown.json["meetings"], "state"), ["published"; 3]);
    world.coordinator().act(&format!("{target}/publish")).await.refused(409, "wrong_state");
    let listed = world.nobody().all(&path(world)).await;
    assert_eq!((&listed[0]["id"], &listed[0]["starts_at"]), (&json!(here), &json!("2027-03-09T18:00:00Z")));
    // Whoever is of another campus sees it now, and still changes nothing.
    elsewhere.coordinator.patch(&target, &shown.etag(), json!({ "title": "Ours" })).await.refused(404, "not_found");
}

async fn what_a_series_cannot_be_is_pointed_at(world: &World) {
    let extra = |starts: &str, ends: &str| json!([{ "starts_local": starts, "ends_local": ends }]);
    for (change, pointer, code) in [
        (json!({ "rule": "every Tuesday" }), "/series/rule", "malformed"),
        (json!({ "rule": "FREQ=WEEKLY" }), "/series/rule", "endless"),
        (json!({ "rule": "FREQ=WEEKLY;COUNT=101" }), "/series/rule", "too_many"),
        (json!({ "rule": "FREQ=MONTHLY;COUNT=30" }), "/series/rule", "too_far"),
        (json!({ "rule": "FREQ=WEEKLY;BYDAY=WE;COUNT=2" }), "/series/starts_local", "not_in_rule"),
        (
            json!({ "starts_local": "2027-01-05T13:00", "ends_local": "2027-01-05T14:00" }),
            "/series/starts_local",
            "in_the_past",
        ),
        (json!({ "ends_local": "2027-03-09T13:00" }), "/series/ends_local", "reversed"),
        (json!({ "excluded_dates": ["2027-03-10"] }), "/series/excluded_dates/0", "not_in_rule"),
        (json!({ "excluded_dates": ["2027-03-09", "2027-03-09"] }), "/series/excluded_dates/1", "repeated"),
        (json!({ "exceptions": [{ "date": "2027-03-11" }] }), "/series/exceptions/0/date", "not_in_rule"),
        (
            json!({ "exceptions": [{ "date": "2027-03-16", "capacity": 501 }] }),
            "/series/exceptions/0/capacity",
            "out_of_range",
        ),
        (
            json!({ "extra_meetings": extra("2030-03-09T13:00", "2030-03-09T14:00") }),
            "/series/extra_meetings/0/starts_local",
            "too_far",
        ),
        (json!({ "on_holiday": "whatever" }), "/series/on_holiday", "unknown_value"),
        (json!({ "place": null }), "/series/place", "required"),
        (json!({ "title": "" }), "/series/title", "required"),
        (json!({ "time_zone": "America/Nowhere" }), "/series/time_zone", "unknown_zone"),
        (json!({ "excluded_dates": ["2027-03-09", "2027-03-16", "2027-03-23"] }), "/series/rule", "too_few"),
    ] {
        let answer = makes(world, &tuesdays(&change)).await;
        answer.refused(422, "invalid_fields").points_at(pointer, code);
    }
    let overlapping = extra("2027-03-16T13:30", "2027-03-16T14:30");
    let refused = makes(world, &tuesdays(&json!({ "extra_meetings": overlapping }))).await;
    assert_eq!(each(&refused.refused(409, "series_blocked").json["plan"]["blocked"], "reason"), ["overlaps"]);
    makes(world, &tuesdays(&json!({ "colour": "red" })))
        .await
        .refused(422, "invalid_fields")
        .points_at("/series/colour", "unknown_field");
    world.nobody().get(&format!("{}?state=running", path(world))).await.refused(400, "unknown_parameter");
    assert_eq!(world.coordinator().all(&path(world)).await.len(), 0, "none of these left anything behind");
}
