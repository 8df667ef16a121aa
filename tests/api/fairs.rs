//! Fairs with parts that overlap: shown wherever the fair is, kept by its slots, and moved with it.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    cal_poly_fall_career_fair,
    a_fair_moves_with_its_parts,
    what_parts_cannot_be_is_pointed_at,
);

/// California Polytechnic State University, Fall Career Fair 2015: two days, each with set-up and breakfast, an open
/// forum, a lunch for employers while the fair stays open, and interviews at the tables; five people at most to a table.
/// Year, number of tables and length of the interviews are chosen.
async fn fair(world: &World) -> Response {
    let changes = json!({
        "kind": "job_fair", "title": "Fall Career Fair", "place": "Recreation Center, Building 43",
        "time_zone": "America/Los_Angeles", "starts_local": "2027-10-06T08:00", "ends_local": "2027-10-07T16:30",
    });
    world.event(&changes).await
}

fn day(number: u32, date: &str) -> Vec<Value> {
    let part = |key: &str, title: &str, audience: &str, from: &str, until: &str| {
        json!({
            "key": format!("{key}-{number}"), "title": title, "audience": audience,
            "starts_local": format!("{date}T{from}"), "ends_local": format!("{date}T{until}"),
        })
    };
    vec![
        part("interviews", "Optional interviews at the table", "students", "13:30", "16:30"),
        part("set-up", "Check-in, set-up, breakfast", "employers", "08:00", "09:30"),
        part("forum", "Open forum with students", "everyone", "09:30", "13:30"),
        part("lunch", "Employer lunch, fair stays open", "employers", "11:30", "13:30"),
    ]
}

fn both_days() -> Value {
    Value::from([day(1, "2027-10-06"), day(2, "2027-10-07")].concat())
}

async fn divides(client: &Client, event: &Response, parts: &Value) -> Response {
    let path = format!("/v1/events/{}/parts", event.id());
    client.request("PUT", &path).header("If-Match", "*").json(&json!({ "parts": parts })).send().await
}

async fn sets_grid(world: &World, event: &Response, part: &str) -> Response {
    let session = |number: u32, date: &str| {
        json!({
            "name": format!("Day {number}"), "part": format!("{part}-{number}"),
            "starts_local": format!("{date}T13:30"), "ends_local": format!("{date}T16:30"),
        })
    };
    let grid = json!({
        "sessions": [session(1, "2027-10-06"), session(2, "2027-10-07")],
        "pattern": { "kind": "in_turn", "interview_minutes": 20, "turnover_minutes": 10 },
        "tables": [{ "label": "Table 1", "seats": 5 }, { "label": "Table 2", "seats": 5 }],
    });
    let path = format!("/v1/events/{}/grid", event.id());
    let body = json!({ "grid": grid });
    world.coordinator().request("PUT", &path).header("If-Match", "*").json(&body).send().await
}

fn each<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

async fn slots(world: &World, event: &Response) -> Vec<Value> {
    world.coordinator().all(&format!("/v1/events/{}/slots?limit=100", event.id())).await
}

async fn cal_poly_fall_career_fair(world: &World) {
    let event = fair(world).await;
    assert_eq!(event.json["parts"], json!([]));
    let office = world.coordinator();
    let divided = divides(office, &event, &both_days()).await.expect(200);
    let keys = ["set-up-1", "forum-1", "lunch-1", "interviews-1", "set-up-2", "forum-2", "lunch-2", "interviews-2"];
    assert_eq!(each(&divided.json["parts"], "key"), keys, "in order of their start, though they were sent otherwise");
    assert_eq!(divided.json["parts"][2]["starts_at"], "2027-10-06T18:30:00Z");
    assert_eq!(divided.json["calendar_sequence"], 0, "no calendar has to learn of it");
    let again = divides(office, &event, &both_days()).await.expect(200);
    assert_eq!(again.etag(), divided.etag(), "the same parts change nothing");
    let read = world.nobody().get(&format!("/v1/events/{}", event.id())).await.expect(200);
    assert_eq!(read.json["parts"], divided.json["parts"]);

    // Tables in the open forum, which want volunteers alone, and interviews at them in the afternoon.
    let made = sets_grid(world, &event, "interviews").await.expect(200);
    assert_eq!(made.json["add"]["count"], 24);
    let table = json!({
        "label": "Table 1", "part": "forum-1", "capacity": 0, "seats": 5,
        "starts_local": "2027-10-06T09:30", "ends_local": "2027-10-06T13:30",
    });
    let path = format!("/v1/events/{}/slots", event.id());
    let staffed = office.post(&path, table).await.expect(201);
    assert_eq!((&staffed.json["part"], &staffed.json["seats"]), (&json!("forum-1"), &json!(5)));
    let all = slots(world, &event).await;
    let of = |part: &str| all.iter().filter(|slot| slot["part"] == part).count();
    assert_eq!((of("interviews-1"), of("interviews-2"), of("forum-1")), (12, 12, 1));
    let interview = all.iter().find(|slot| slot["part"] == "interviews-1").unwrap();
    let booked = world.portal().await.books(interview["id"].as_str().unwrap(), "Ann Example").await.expect(201);
    assert_eq!(booked.json["state"], "confirmed");
    let other = sets_grid(world, &event, "forum").await.refused(422, "invalid_fields");
    other.points_at("/grid/sessions/0/ends_local", "outside_part");

    let feed =
        world.nobody().get(&format!("/feeds/campuses/{}/events.ics", world.campus_id())).await.expect(200).text();
    let feed = feed.replace("\r\n ", "");
    assert!(feed.contains("Wednesday 6 October 2027:\\n08:00 to 09:30: Check-in\\, set-up\\, breakfast"), "{feed}");
    assert!(feed.contains("11:30 to 13:30: Employer lunch\\, fair stays open (for employers)"), "{feed}");
    let picture = async |query: &str| {
        let path = format!("/v1/events/{}/schedule.svg{query}", event.id());
        world.nobody().get(&path).await.expect(200).text()
    };
    let both = picture("").await;
    assert_eq!((both.matches("class=\"part\"").count(), both.matches(">Programme<").count()), (8, 2));
    let first = picture("?date=2027-10-06").await;
    assert_eq!((first.matches("class=\"part\"").count(), first.matches("Employer lunch").count()), (4, 3));
    let sheet = office.get(&format!("/v1/events/{}/day-sheet?date=2027-10-07", event.id())).await.expect(200).text();
    assert!(sheet.contains("<li dir=\"auto\">09:30 to 13:30: Open forum with students</li>"), "{sheet}");

    // The table as a file says the parts, and sent back it changes nothing.
    let table = office.get(&format!("/v1/events/{}/slots.csv", event.id())).await.expect(200).text();
    assert!(table.lines().next().unwrap().contains("\"part\"") && table.contains("\"interviews-2\""), "{table}");
    let import = office.request("POST", &format!("/v1/events/{}/slots/import", event.id()));
    let report = import.body("text/csv", table).send().await.expect(207);
    assert_eq!(report.json["counts"], json!({ "created": 0, "updated": 0, "unchanged": 25, "refused": 0 }));
}

async fn a_fair_moves_with_its_parts(world: &World) {
    let event = fair(world).await;
    let office = world.coordinator();
    divides(office, &event, &both_days()).await.expect(200);
    sets_grid(world, &event, "interviews").await.expect(200);
    let path = format!("/v1/events/{}/reschedule", event.id());
    let moves = async |from: &str, until: &str| {
        let body = json!({ "starts_local": from, "ends_local": until });
        office.request("POST", &path).header("If-Match", "*").json(&body).send().await
    };
    let refused = moves("2027-10-13T08:00", "2027-10-14T16:00").await.refused(409, "slots_unmovable");
    let unmovable = refused.json["plan"]["unmovable"].to_string();
    assert!(
        unmovable.contains("Optional interviews at the table") && unmovable.contains("within the event"),
        "{unmovable}"
    );
    let done = moves("2027-10-13T07:00", "2027-10-14T15:30").await.expect(200);
    let parts = &done.json["event"]["parts"];
    assert_eq!(parts[2]["starts_local"], "2027-10-13T10:30");
    assert_eq!((&parts[7]["key"], &parts[7]["ends_at"]), (&json!("interviews-2"), &json!("2027-10-14T22:30:00Z")));
    let all = slots(world, &event).await;
    assert_eq!((&all[0]["starts_local"], &all[0]["part"]), (&json!("2027-10-13T12:30"), &json!("interviews-1")));
    let grid = office.get(&format!("/v1/events/{}/grid", event.id())).await.expect(200);
    assert_eq!(grid.json["grid"]["sessions"][1]["part"], "interviews-2");
}

async fn what_parts_cannot_be_is_pointed_at(world: &World) {
    let event = fair(world).await;
    let (office, path) = (world.coordinator(), format!("/v1/events/{}/parts", event.id()));
    let parts = json!({ "parts": both_days() });
    office.request("PUT", &path).json(&parts).send().await.refused(428, "precondition_required");
    let stale = office.request("PUT", &path).header("If-Match", "\"99\"").json(&parts).send().await;
    stale.refused(412, "stale");
    let part =
        json!({ "key": "a", "title": "A", "starts_local": "2027-10-06T09:00", "ends_local": "2027-10-06T10:00" });
    let with = |name: &str, value: Value| {
        let mut part = part.clone();
        part[name] = value;
        part
    };
    for (wrong, pointer, code) in [
        (with("key", json!("Set up")), "/parts/1/key", "invalid_format"),
        (with("key", json!("a")), "/parts/1/key", "duplicate"),
        (with("key", json!("")), "/parts/1/key", "required"),
        (with("title", json!("x\ny")), "/parts/1/title", "control_character"),
        (with("audience", json!("dogs")), "/parts/1/audience", "unknown_value"),
        (with("starts_local", json!("2027-10-06T07:59")), "/parts/1/starts_local", "outside_event"),
        (with("ends_local", json!("2027-10-06T09:00")), "/parts/1/ends_local", "reversed"),
        (with("ends_local", json!("2027-10-07T16:31")), "/parts/1/ends_local", "outside_event"),
    ] {
        let mut wrong = wrong;
        if code != "duplicate" && pointer != "/parts/1/key" {
            wrong["key"] = json!("b");
        }
        let refused = divides(office, &event, &json!([part, wrong])).await.refused(422, "invalid_fields");
        refused.points_at(pointer, code);
    }
    let many: Vec<Value> = (0..101).map(|number| with("key", json!(format!("p{number}")))).collect();
    divides(office, &event, &json!(many)).await.refused(422, "invalid_fields").points_at("/parts", "too_many");

    divides(office, &event, &both_days()).await.expect(200);
    let slots = format!("/v1/events/{}/slots", event.id());
    let slot = |part: &str| json!({ "part": part, "capacity": 1, "starts_local": "2027-10-06T09:00", "ends_local": "2027-10-06T09:30" });
    let unknown = office.post(&slots, slot("dinner")).await.refused(422, "invalid_fields");
    unknown.points_at("/part", "unknown_reference");
    office.post(&slots, slot("forum-1")).await.refused(422, "invalid_fields").points_at("/part", "outside_part");
    let made = office.post(&slots, slot("set-up-1")).await.expect(201);
    let moves = async |part: Value| {
        let path = format!("/v1/slots/{}", made.id());
        office.request("PATCH", &path).header("If-Match", "*").json(&json!({ "part": part })).send().await
    };
    moves(json!("lunch-1")).await.refused(422, "invalid_fields").points_at("/part", "outside_part");

    // A part that a slot belongs to stays, and around it.
    let without = Value::from(day(2, "2027-10-07"));
    let refused = divides(office, &event, &without).await.refused(409, "part_in_use");
    assert_eq!(refused.json["slot_ids"], json!([made.id()]), "{}", refused.text());
    let mut shorter = both_days();
    shorter[1]["ends_local"] = json!("2027-10-06T09:15");
    let refused = divides(office, &event, &shorter).await.refused(409, "part_in_use");
    assert!(refused.text().contains("outside"), "{}", refused.text());
    let kept = office.get(&format!("/v1/events/{}", event.id())).await.expect(200);
    assert_eq!(kept.json["parts"].as_array().unwrap().len(), 8, "nothing was changed");
    moves(Value::Null).await.expect(200);
    divides(office, &event, &without).await.expect(200);
    divides(office, &event, &json!([])).await.expect(200);
    let cancel = format!("/v1/events/{}/cancel", event.id());
    office.post(&cancel, json!({ "reason": "Snow." })).await.expect(200);
    divides(office, &event, &without).await.refused(409, "wrong_state");
}
