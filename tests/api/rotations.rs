//! Rotations: planned before anybody is invited, kept as a draft, booked at once. Dates that were not published, students,
//! and how many there are of them where nothing is said, are chosen.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    wollongong_plans_and_books_nine_hundred_interviews_at_once,
    two_hundred_students_meet_two_or_three_of_forty_two,
    san_diego_is_told_what_falls_short_before_anybody_is_invited,
    a_place_that_goes_between_plan_and_apply_is_named,
    of_two_who_apply_at_once_one_does,
    who_is_busy_elsewhere_or_not_meant_is_not_planned,
    those_who_wait_are_planned_within_their_wishes_and_wait_no_more,
    walk_ins_join_and_nobody_who_was_told_is_moved,
    what_cannot_be_asked_is_pointed_at
);

/// Students of these names whom the campus knows from another day, with a group each: their ids in order.
async fn known(world: &World, groups: &[String]) -> Vec<String> {
    let other = world.event(&json!({ "starts_local": "2027-02-01T12:00", "ends_local": "2027-02-01T18:00" })).await;
    let body = json!({ "starts_local": "2027-02-01T12:00", "ends_local": "2027-02-01T12:30", "capacity": 500 });
    let slot = world.coordinator().post(&format!("/v1/events/{}/slots", other.id()), body).await.expect(201).id();
    let mut ids = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let mut who = student(&format!("Student {number}"));
        who["groups"] = json!([group]);
        let path = format!("/v1/slots/{slot}/bookings");
        let held = world.coordinator().post(&path, json!({ "student": who, "hold": true })).await.expect(201);
        ids.push(held.json["student"]["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn with_grid(world: &World, event: &Response, grid: &Value) {
    let path = format!("/v1/events/{}/grid", event.id());
    let grid = json!({ "grid": grid });
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&grid).send().await.expect(200);
}

async fn asks(world: &World, event: &Response, asked: &Value, dry_run: bool) -> Response {
    let path = format!("/v1/events/{}/rotations", event.id());
    world.coordinator().post(&path, json!({ "rotation": asked, "dry_run": dry_run })).await
}

async fn applies(world: &World, rotation: &Response) -> Response {
    world.coordinator().act(&format!("/v1/rotations/{}/apply", rotation.id())).await
}

/// One table a minute, `12:30` to `13:00` by tens on the day of [`World::event`].
fn small_grid(tables: usize) -> Value {
    let tables: Vec<Value> = (1..=tables).map(|table| json!({ "label": format!("Table {table}") })).collect();
    json!({
        "sessions": [{ "name": "Noon", "starts_local": "2027-03-04T12:30", "ends_local": "2027-03-04T13:00" }],
        "pattern": { "kind": "bell", "period_minutes": 10 },
        "tables": tables,
    })
}

/// Where and when somebody is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Meeting {
    starts: String,
    ends: String,
    table: String,
    slot: String,
}

/// The confirmed bookings of an event by the name of the student; nobody is in two places, nobody meets a table twice,
/// and no table has two at once. Looks at bookings alone, not at the plan.
async fn checked(world: &World, event: &Response) -> BTreeMap<String, Vec<Meeting>> {
    let all = world.coordinator().all(&format!("/v1/events/{}/bookings?limit=100&state=confirmed", event.id())).await;
    let text = |booking: &Value, name: &str| booking[name].as_str().unwrap().to_owned();
    let mut by_student: BTreeMap<String, Vec<Meeting>> = BTreeMap::new();
    let mut slots = BTreeSet::new();
    let mut bookings = BTreeSet::new();
    for booking in &all {
        assert!(bookings.insert(text(booking, "id")), "listed twice");
        assert!(slots.insert(text(booking, "slot_id")), "two in {booking}");
        let meeting = Meeting {
            starts: text(booking, "starts_at"),
            ends: text(booking, "ends_at"),
            table: text(booking, "label"),
            slot: text(booking, "slot_id"),
        };
        by_student.entry(booking["student"]["external_ref"].as_str().unwrap().to_owned()).or_default().push(meeting);
    }
    for (who, day) in &mut by_student {
        day.sort();
        assert!(day.windows(2).all(|pair| pair[0].ends <= pair[1].starts), "{who} is in two places: {day:?}");
        let tables: BTreeSet<_> = day.iter().map(|meeting| &meeting.table).collect();
        assert_eq!(tables.len(), day.len(), "{who} meets a table twice: {day:?}");
    }
    by_student
}

/// What a plan says, in the same form.
fn planned(plan: &Value) -> BTreeMap<String, Vec<Meeting>> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let meeting = |one: &Value| Meeting {
        starts: text(one, "starts_at"),
        ends: text(one, "ends_at"),
        table: text(one, "table"),
        slot: text(one, "slot_id"),
    };
    let day = |who: &Value| {
        let mut day: Vec<Meeting> = who["interviews"].as_array().unwrap().iter().map(meeting).collect();
        day.sort();
        (text(who, "external_ref"), day)
    };
    plan["students"].as_array().unwrap().iter().map(day).collect()
}

/// University of Wollongong, Career Ahead: 7 circles of 8 alumni, two sessions of eight ten-minute rounds on a bell, 112
/// students of whom each meets the eight of one circle in one session. Who is in which circle is chosen.
async fn wollongong_plans_and_books_nine_hundred_interviews_at_once(world: &World) {
    let event = world
        .event(&json!({ "time_zone": "Australia/Sydney",
            "starts_local": "2027-09-09T14:00", "ends_local": "2027-09-09T19:00" }))
        .await;
    let seat = |circle: usize, seat: usize| format!("Circle {circle}, seat {seat}");
    let tables = (0..56).map(|at| json!({ "label": seat(at / 8 + 1, at % 8 + 1) }));
    let grid = json!({
        "sessions": [
            { "name": "Session 1", "starts_local": "2027-09-09T14:50", "ends_local": "2027-09-09T16:10" },
            { "name": "Session 2", "starts_local": "2027-09-09T16:30", "ends_local": "2027-09-09T17:50" },
        ],
        "pattern": { "kind": "bell", "period_minutes": 10 },
        "tables": tables.collect::<Vec<_>>(),
    });
    with_grid(world, &event, &grid).await;
    let ids = known(world, &vec!["career-ahead".to_owned(); 112]).await;
    let each = ids.iter().enumerate().map(|(at, id)| {
        let (session, circle) = (at / 56, at % 56 / 8 + 1);
        let (from, until) = [("14:50", "16:10"), ("16:30", "17:50")][session];
        json!({
            "student_id": id,
            "free": [{ "starts_local": format!("2027-09-09T{from}"), "ends_local": format!("2027-09-09T{until}") }],
            "only_tables": (1..=8).map(|at| seat(circle, at)).collect::<Vec<_>>(),
        })
    });
    let asked = json!({
        "students": { "kind": "everybody", "groups": ["career-ahead"] },
        "wants": { "least": 8, "most": 8 },
        "each": each.collect::<Vec<_>>(),
    });
    let tried = asks(world, &event, &asked, true).await.expect(200);
    assert_eq!((&tried.json["complete"], &tried.json["figures"]["interviews"]), (&json!(true), &json!(896)));
    let draft = asks(world, &event, &asked, false).await.expect(201);
    assert_eq!(draft.json["students"], tried.json["students"], "the same question has the same answer");
    assert!(checked(world, &event).await.is_empty(), "a draft books nothing");
    let before = world.letters().await.len();

    let done = applies(world, &draft).await.expect(200);
    assert_eq!((&done.json["state"], &done.json["revision"]), (&json!("applied"), &json!(2)));
    let booked = checked(world, &event).await;
    assert_eq!(booked, planned(&draft.json), "every place of the plan is booked, exactly once");
    assert_eq!(booked.values().map(Vec::len).sum::<usize>(), 896);
    for (at, day) in booked.values().enumerate() {
        let circles: BTreeSet<_> = day.iter().map(|meeting| &meeting.table[..8]).collect();
        assert_eq!((day.len(), circles.len()), (8, 1), "student {at}: {day:?}");
        assert!(day[7].ends <= day[0].starts.replace("T04:50", "T06:10").replace("T06:30", "T07:50"), "one session");
    }
    let letters = world.letters().await.split_off(before);
    let readers: BTreeSet<_> = letters.iter().map(|letter| letter.to.email().as_str().to_owned()).collect();
    assert_eq!((letters.len(), readers.len()), (112, 112), "one letter each");
    let uids = |letter: &rostrum::domain::letter::Letter| -> Vec<String> {
        let lines = letter.attached.iter().flat_map(|part| part.bytes.lines()).map(ToOwned::to_owned);
        lines.filter(|line| line.starts_with("UID:")).collect()
    };
    let entries: BTreeSet<String> = letters.iter().flat_map(uids).collect();
    assert_eq!(entries.len(), 896, "an invite for each interview");
    let letter = &letters[0];
    assert!(letter.calendar.is_none() && letter.attached.len() == 8, "{}", letter.subject);
    assert!(letter.subject.starts_with("Your 8 places: Mock interviews"), "{}", letter.subject);
    let mine = &booked[&letter.to.name().to_lowercase().replace(' ', ".")];
    for meeting in mine {
        assert!(letter.text.contains(&meeting.table) && letter.html.contains(&meeting.table), "{}", letter.text);
    }
    applies(world, &draft).await.refused(409, "wrong_state");
    let path = format!("/v1/rotations/{}", draft.id());
    let kept = world.coordinator().get(&path).await.expect(200);
    assert_eq!((kept.etag(), &kept.json["students"]), (done.etag(), &draft.json["students"]));
    let again = asks(world, &event, &asked, true).await.expect(200);
    assert_eq!(planned(&again.json), booked, "what is booked is fixed");
    assert!(again.json["students"][5]["interviews"].as_array().unwrap().iter().all(|one| one["booked"] == true));
}

/// 200 students, 42 interviewers, two to three each, with industries wished for: all chosen.
async fn two_hundred_students_meet_two_or_three_of_forty_two(world: &World) {
    let event = world.event(&json!({})).await;
    let tables: Vec<Value> = (1..=42).map(|at| json!({ "label": format!("Table {at}") })).collect();
    let grid = json!({
        "sessions": [{ "name": "Afternoon", "starts_local": "2027-03-04T12:30", "ends_local": "2027-03-04T17:00" }],
        "pattern": { "kind": "in_turn", "interview_minutes": 20 },
        "tables": tables,
    });
    with_grid(world, &event, &grid).await;
    let ids = known(world, &vec!["seniors".to_owned(); 200]).await;
    let industry = |at: usize| format!("industry {}", at % 6);
    let each = ids.iter().enumerate().map(|(at, id)| json!({ "student_id": id, "wishes": [{ "tag": industry(at) }] }));
    let asked = json!({
        "students": { "kind": "listed", "student_ids": ids },
        "wants": { "least": 2, "most": 3 },
        "rest_minutes": 10,
        "tables": (1..=42).map(|at| json!({ "label": format!("table {at}"), "tags": [industry(at)] })).collect::<Vec<_>>(),
        "each": each.collect::<Vec<_>>(),
    });
    let draft = asks(world, &event, &asked, false).await.expect(201);
    let figures = &draft.json["figures"];
    assert_eq!((&figures["interviews"], &figures["least_given"]), (&figures["interviews_at_most"], &json!(400)));
    assert!(figures["wishes"].as_i64().unwrap() * 10 >= figures["wishes_at_most"].as_i64().unwrap() * 9, "{figures}");
    applies(world, &draft).await.expect(200);
    let booked = checked(world, &event).await;
    assert!(booked.len() == 200 && booked.values().all(|day| (2..=3).contains(&day.len())));
    let at = |text: &str| text.parse::<rostrum::domain::time::Instant>().unwrap().unix();
    for day in booked.values() {
        assert!(day.windows(2).all(|pair| at(&pair[0].ends) + 600 <= at(&pair[1].starts)), "no rest: {day:?}");
    }
}

/// University of San Diego School of Law: three evenings and a Friday morning, 20 minutes and 10 of feedback in places of
/// 30. Three tables and 60 students who can come on the Tuesday alone are chosen: 12 places for them.
async fn san_diego_is_told_what_falls_short_before_anybody_is_invited(world: &World) {
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
    with_grid(world, &event, &grid).await;
    let ids = known(world, &vec!["law".to_owned(); 20]).await;
    let tuesday = json!([{ "starts_local": "2027-01-26T18:00", "ends_local": "2027-01-26T20:00" }]);
    let mut asked = json!({
        "students": { "kind": "listed", "student_ids": ids },
        "wants": { "least": 1, "most": 1 },
        "each": ids.iter().map(|id| json!({ "student_id": id, "free": tuesday })).collect::<Vec<_>>(),
    });
    let short = asks(world, &event, &asked, true).await.expect(200);
    assert_eq!((&short.json["complete"], &short.json["figures"]["interviews"]), (&json!(false), &json!(12)));
    let found = &short.json["shortfalls"][0];
    assert_eq!(
        (&found["kind"], &found["short_by"], &found["offered"], &found["wanted"], &found["more_tables"]),
        (&json!("hours"), &json!(8), &json!(12), &json!(20), &json!(2))
    );
    assert_eq!(found["hours"], json!([{ "starts_at": "2027-01-27T02:00:00Z", "ends_at": "2027-01-27T04:00:00Z" }]));
    assert_eq!(found["student_ids"].as_array().unwrap().len(), 20);
    // The same twelve places, counted table by table, prove it a second way; eight students are left without one.
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in short.json["shortfalls"].as_array().unwrap() {
        *kinds.entry(one["kind"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(kinds, BTreeMap::from([("hours", 1), ("tables", 1), ("missed", 8)]));
    asked["each"] = json!([]);
    let whole = asks(world, &event, &asked, true).await.expect(200);
    assert_eq!((&whole.json["complete"], &whole.json["shortfalls"]), (&json!(true), &json!([])));
    assert!(checked(world, &event).await.is_empty(), "nobody was invited");
}

async fn a_place_that_goes_between_plan_and_apply_is_named(world: &World) {
    let event = world.event(&json!({})).await;
    with_grid(world, &event, &small_grid(2)).await;
    let ids = known(world, &["a".to_owned(), "a".to_owned()]).await;
    let asked = json!({
        "students": { "kind": "listed", "student_ids": ids },
        "wants": { "least": 2, "most": 2 },
    });
    let draft = asks(world, &event, &asked, false).await.expect(201);
    let plan = planned(&draft.json);
    let lost = &plan["student.0"][0];
    let portal = world.portal().await;
    let booking = portal.books(&lost.slot, "Quick Student").await.expect(201);
    let refused = applies(world, &draft).await.refused(409, "rotation_stale");
    let conflicts = refused.json["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        (&conflicts[0]["slot_id"], &conflicts[0]["student_id"], &conflicts[0]["reason"]),
        (&json!(lost.slot), &json!(ids[0]), &json!("slot_full"))
    );
    assert_eq!(checked(world, &event).await.len(), 1, "nothing but the portal's");
    assert!(world.letters_to("student.1@example.edu").await.is_empty(), "nobody was told");

    let anew = asks(world, &event, &asked, false).await.expect(201);
    assert!(planned(&anew.json).values().flatten().all(|meeting| meeting.slot != lost.slot));
    applies(world, &anew).await.expect(200);
    assert_eq!(checked(world, &event).await.values().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2]);
    // What was counted on is given back before another plan is applied.
    let more = asks(world, &event, &asked, false).await.expect(201);
    let mine = world.coordinator().all(&format!("/v1/events/{}/bookings?external_ref=student.1", event.id())).await;
    portal.booking_does(mine[0]["id"].as_str().unwrap(), "cancel").await.expect(200);
    let refused = applies(world, &more).await.refused(409, "rotation_stale");
    assert_eq!(refused.json["conflicts"][0]["reason"], json!("given_back"));
    portal.booking_does(&booking.id(), "cancel").await.expect(200);
}

async fn of_two_who_apply_at_once_one_does(world: &World) {
    let event = world.event(&json!({})).await;
    with_grid(world, &event, &small_grid(4)).await;
    let ids = known(world, &vec!["a".to_owned(); 3]).await;
    let asked = json!({
        "students": { "kind": "listed", "student_ids": ids },
        "wants": { "least": 3, "most": 3 },
    });
    let draft = asks(world, &event, &asked, false).await.expect(201);
    let mut otherwise = asked.clone();
    otherwise["seed"] = json!(7);
    let other = asks(world, &event, &otherwise, false).await.expect(201);
    let answers = join_all([applies(world, &draft), applies(world, &draft), applies(world, &other)]).await;
    let mut answers: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409]);
    let booked = checked(world, &event).await;
    assert_eq!(booked.values().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3]);
    for number in 0..3 {
        assert_eq!(world.letters_to(&format!("student.{number}@example.edu")).await.len(), 1);
    }
}

async fn who_is_busy_elsewhere_or_not_meant_is_not_planned(world: &World) {
    let event = world.event(&json!({})).await;
    with_grid(world, &event, &small_grid(3)).await;
    let ids = known(world, &["a".to_owned(), "b".to_owned(), "c".to_owned()]).await;
    // Elsewhere on the campus from 12:30 to 13:00 on the same day.
    let other = world.event(&json!({ "title": "A workshop" })).await;
    let slot = world.slot(&other, "12:30", 5).await;
    world.coordinator().books(&slot, "Student 0").await.expect(201);
    world.booking_rules(&event, json!({ "groups": ["a", "b"], "max_per_person": 2 })).await.expect(200);
    let mut asked = json!({
        "students": { "kind": "everybody" },
        "wants": { "least": 1, "most": 2 },
    });
    // What was booked as a junior without a group made `Student 0` one without a group.
    let plan = asks(world, &event, &asked, true).await.expect(200);
    let out: BTreeSet<_> =
        plan.json["left_out"].as_array().unwrap().iter().map(|one| one["student_id"].to_string()).collect();
    assert_eq!(out, BTreeSet::from([json!(ids[0]).to_string(), json!(ids[2]).to_string()]));
    world.booking_rules(&event, json!({ "max_per_person": 2 })).await.expect(200);
    let plan = asks(world, &event, &asked, true).await.expect(200);
    let counts: Vec<usize> = planned(&plan.json).values().map(Vec::len).collect();
    assert_eq!(counts, [0, 2, 2]);
    assert_eq!(
        (&plan.json["shortfalls"][0]["kind"], &plan.json["shortfalls"][0]["student_ids"]),
        (&json!("student"), &json!([ids[0]]))
    );
    let said = plan.json["shortfalls"][0]["detail"].as_str().unwrap();
    assert!(said.starts_with("Student 0 (student.0) can have 0 interviews"), "{said}");
    asked["wants"]["most"] = json!(3);
    let wrong = asks(world, &event, &asked, true).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/rotation/wants/most");
}

/// The public may not book yet, so that the office can plan for those who have put their names down.
async fn those_who_wait_are_planned_within_their_wishes_and_wait_no_more(world: &World) {
    let event = world.event(&json!({})).await;
    world.booking_rules(&event, json!({ "opens_at": "2027-03-04T16:00:00Z" })).await.expect(200);
    with_grid(world, &event, &small_grid(2)).await;
    let portal = world.portal().await;
    portal.queues(&event, "Sam Student", &json!({ "from": "2027-03-04T17:40:00Z" })).await.expect(201);
    portal.queues(&event, "Kim Student", &json!({ "until": "2027-03-04T17:40:00Z" })).await.expect(201);
    let asked = json!({ "students": { "kind": "waiting" }, "wants": { "least": 1, "most": 2 } });
    let draft = asks(world, &event, &asked, false).await.expect(201);
    applies(world, &draft).await.expect(200);
    let booked = checked(world, &event).await;
    assert_eq!(booked["sam.student"].len(), 2);
    assert!(booked["sam.student"].iter().all(|one| one.starts.as_str() >= "2027-03-04T17:40:00Z"));
    assert_eq!(booked["kim.student"].len(), 1);
    assert!(booked["kim.student"].iter().all(|one| one.starts.as_str() < "2027-03-04T17:40:00Z"));
    let queue = world.coordinator().all(&format!("/v1/events/{}/waitlist", event.id())).await;
    assert!(queue.len() == 2 && queue.iter().all(|entry| entry["state"] == "closed"), "{queue:?}");
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 1);
}

/// Six tables, and four students with three interviews each who have been told; on the day two more come in.
async fn walk_ins_join_and_nobody_who_was_told_is_moved(world: &World) {
    let event = world.event(&json!({})).await;
    with_grid(world, &event, &small_grid(6)).await;
    let ids = known(world, &vec!["a".to_owned(); 6]).await;
    let asked =
        json!({ "students": { "kind": "listed", "student_ids": ids[..4] }, "wants": { "least": 3, "most": 3 } });
    let draft = asks(world, &event, &asked, false).await.expect(201);
    applies(world, &draft).await.expect(200);
    let told = checked(world, &event).await;
    assert!(told.len() == 4 && told.values().all(|day| day.len() == 3));
    let letters = world.letters().await.len();
    // The first round has begun when they come.
    world.set_clock("2027-03-04T17:35:00Z");
    let late = json!({ "students": { "kind": "listed", "student_ids": ids[4..] }, "wants": { "least": 2, "most": 3 } });
    let preview = asks(world, &event, &late, true).await.expect(200);
    assert_eq!((&preview.json["complete"], &preview.json["figures"]["interviews"]), (&json!(true), &json!(4)));
    let more = asks(world, &event, &late, false).await.expect(201);
    applies(world, &more).await.expect(200);
    let now = checked(world, &event).await;
    for (who, day) in &told {
        assert_eq!(&now[who], day, "{who} was told");
    }
    for who in ["student.4", "student.5"] {
        assert_eq!(now[who].len(), 2, "two rounds are left");
        assert!(now[who].iter().all(|one| one.starts.as_str() >= "2027-03-04T17:40:00Z"));
        assert_eq!(world.letters_to(&format!("{who}@example.edu")).await.len(), 1);
    }
    assert_eq!(world.letters().await.len(), letters + 2, "only those who came are written to");
}

async fn what_cannot_be_asked_is_pointed_at(world: &World) {
    let event = world.event(&json!({})).await;
    let ids = known(world, &["a".to_owned(), "b".to_owned()]).await;
    let good = json!({ "students": { "kind": "listed", "student_ids": ids }, "wants": { "least": 1, "most": 2 } });
    asks(world, &event, &good, true).await.expect(404);
    with_grid(world, &event, &small_grid(2)).await;
    let check = async |part: &str, value: Value, pointer: &str, code: &str| {
        let mut asked = good.clone();
        asked[part] = value;
        let wrong = asks(world, &event, &asked, false).await.refused(422, "invalid_fields");
        let error = &wrong.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(format!("/rotation/{pointer}")), &json!(code)));
    };
    let stranger = json!({ "kind": "listed", "student_ids": [event.id()] });
    check("students", stranger, "students/student_ids/0", "unknown_reference").await;
    let twice = json!({ "kind": "listed", "student_ids": [ids[0], ids[0]] });
    check("students", twice, "students/student_ids/1", "twice").await;
    check("students", json!({ "kind": "listed", "student_ids": [] }), "students/student_ids", "too_few").await;
    check("wants", json!({ "least": 3, "most": 2 }), "wants/least", "reversed").await;
    check("wants", json!({ "least": 0, "most": 51 }), "wants/most", "out_of_range").await;
    check("rest_minutes", json!(1441), "rest_minutes", "out_of_range").await;
    check("tables", json!([{ "label": "Table 9" }]), "tables/0/label", "unknown_reference").await;
    check("tables", json!([{ "label": "Table 1" }, { "label": "table 1 " }]), "tables/1/label", "twice").await;
    let one = |more: Value| {
        let mut one = json!({ "student_id": ids[0] });
        for (name, value) in more.as_object().unwrap() {
            one[name] = value.clone();
        }
        json!([one])
    };
    check("each", one(json!({ "wishes": [{}] })), "each/0/wishes/0", "conflicting").await;
    check("each", one(json!({ "never_tables": ["Nowhere"] })), "each/0", "unknown_reference").await;
    let skipped = json!({ "free": [{ "starts_local": "2027-03-14T02:30", "ends_local": "2027-03-14T04:00" }] });
    check("each", one(skipped), "each/0/free/0/starts_local", "time_skipped").await;
    let fixed = json!([{ "student_id": ids[0], "slot_id": ids[1] }]);
    check("fixed", fixed, "fixed/0/slot_id", "unknown_reference").await;
    let slots = world.coordinator().all(&format!("/v1/events/{}/slots", event.id())).await;
    let same = slots.iter().filter(|slot| slot["starts_at"] == slots[0]["starts_at"]);
    let fixed: Vec<Value> = same.map(|slot| json!({ "student_id": ids[0], "slot_id": slot["id"] })).collect();
    check("fixed", json!(fixed), "fixed/1/slot_id", "overlap").await;
    let mut asked = good.clone();
    asked["fixed"] = json!([fixed[0]]);
    let plan = asks(world, &event, &asked, true).await.expect(200);
    assert!(planned(&plan.json)["student.0"].iter().any(|one| json!(one.slot) == fixed[0]["slot_id"]));
}
