//! The day to look at: a picture that is sound XML whatever people are called, a sheet for paper, and a link that ends.

use roxmltree::Document;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::World;

on_both!(World:
    a_day_is_seen_by_table_and_time,
    names_are_drawn_as_they_are_written,
    a_link_opens_the_sheet_for_a_while,
    missing_volunteers_are_marked
);

/// Names that break what is careless: markup, quotes, a joined emoji, right to left, an override of the direction.
const NAMES: [&str; 5] = ["Ann <b>O'Neil</b> & Co", "\"Quote\" O'Hara", "Zoë 👩‍🎓 Example", "יעל לוי", "Eve\u{202e}live"];

/// What the cells of a picture say to whoever points at them.
fn cells(picture: &str) -> Vec<String> {
    let document = Document::parse(picture).unwrap_or_else(|fault| panic!("{fault}: {picture}"));
    let cells = document.descendants().filter(|node| node.has_tag_name("g"));
    cells.map(|cell| cell.first_element_child().unwrap().text().unwrap_or_default().to_owned()).collect()
}

async fn picture(world: &World, event: &Response, query: &str) -> String {
    world.nobody().get(&format!("/v1/events/{}/schedule.svg{query}", event.id())).await.expect(200).text()
}

/// An event with a slot for each way a place may stand.
async fn a_day(world: &World) -> (Response, Vec<String>) {
    let event = world.event(&json!({})).await;
    let office = world.coordinator();
    let mut slots = Vec::new();
    for (number, capacity) in [1, 1, 1, 1, 1, 3].into_iter().enumerate() {
        let body = json!({
            "label": format!("Table {}", number * 9 + 1),
            "starts_local": "2027-03-04T12:30",
            "ends_local": "2027-03-04T13:00",
            "capacity": capacity,
        });
        slots.push(office.post(&format!("/v1/events/{}/slots", event.id()), body).await.expect(201).id());
    }
    (event, slots)
}

async fn a_day_is_seen_by_table_and_time(world: &World) {
    let (event, slots) = a_day(world).await;
    let office = world.coordinator();
    world.set_clock("2027-03-04T17:20:00Z");
    office.holds(&slots[1], "Hal Hold").await.expect(201);
    let here = office.books(&slots[2], "Cam Here").await.expect(201).id();
    office.books(&slots[3], "Tam Taken").await.expect(201);
    let gone = office.books(&slots[4], "Nan Noshow").await.expect(201).id();
    office.books(&slots[5], "Gil Group").await.expect(201);
    office.booking_does(&here, "check-in").await.expect(200);
    world.set_clock("2027-03-04T17:40:00Z");
    office.booking_does(&gone, "no-show").await.expect(200);
    // The hold has run out by now; what it kept is free again.
    let drawn = picture(world, &event, "").await;
    let expect = [
        "Table 1, 12:30 to 13:00: free",
        "Table 10, 12:30 to 13:00: free",
        "Table 19, 12:30 to 13:00: checked in",
        "Table 28, 12:30 to 13:00: taken",
        "Table 37, 12:30 to 13:00: no-show",
        "Table 46, 12:30 to 13:00: 1 of 3 places taken",
    ];
    assert_eq!(cells(&drawn), expect);
    assert!(drawn.contains("now 12:40") && !drawn.contains("Tam Taken") && !drawn.contains("<script"), "{drawn}");
    let document = Document::parse(&drawn).unwrap();
    let told = document.descendants().find(|node| node.has_tag_name("desc")).unwrap().text().unwrap();
    assert!(told.contains("6 tables, 6 slots, 8 places · 4 free · 2 taken · 1 checked in · 1 no-show"), "{told}");

    // Who holds the picture already is told so; another day has nothing; a day that is none is refused.
    let path = format!("/v1/events/{}/schedule.svg", event.id());
    let first = world.nobody().get(&path).await.expect(200);
    let tag = &first.headers.iter().find(|(name, _)| name == "etag").unwrap().1;
    world.nobody().request("GET", &path).header("If-None-Match", tag).send().await.expect(304);
    assert_eq!(cells(&picture(world, &event, "?date=2027-03-04").await).len(), 6);
    assert!(picture(world, &event, "?date=2027-03-05").await.contains("no places"));
    world.nobody().get(&format!("{path}?date=tomorrow")).await.refused(400, "invalid_parameter");
    world.nobody().get(&format!("{path}?names=true")).await.refused(401, "unauthenticated");

    let sheet = office.get(&format!("/v1/events/{}/day-sheet", event.id())).await.expect(200).text();
    assert_eq!(sheet.matches("Tam Taken").count(), 2, "by table and by time");
    assert!(sheet.contains("12:20") && sheet.contains("Accounting, junior"), "{sheet}");
    assert!(!sheet.contains("<script") && !sheet.contains(" style="), "{sheet}");
}

async fn names_are_drawn_as_they_are_written(world: &World) {
    let (event, slots) = a_day(world).await;
    let office = world.coordinator();
    for (number, name) in NAMES.iter().enumerate() {
        let mut who = student(&format!("Person {number}"));
        who["name"] = json!(name);
        office.post(&format!("/v1/slots/{}/bookings", slots[number]), json!({ "student": who })).await.expect(201);
    }
    let path = format!("/v1/events/{}/schedule.svg?names=true", event.id());
    let told = cells(&office.get(&path).await.expect(200).text());
    for (cell, name) in told.iter().zip(NAMES) {
        let name = name.replace('\u{202e}', "");
        assert!(cell.ends_with(&format!("taken; {name}")), "{cell}");
    }
    assert!(!cells(&picture(world, &event, "").await).concat().contains("Zoë"), "the public sees no name");
    let sheet = office.get(&format!("/v1/events/{}/day-sheet", event.id())).await.expect(200).text();
    assert!(sheet.contains("Ann &lt;b&gt;") && !sheet.contains("<b>"), "{sheet}");
}

async fn a_link_opens_the_sheet_for_a_while(world: &World) {
    let (event, slots) = a_day(world).await;
    let office = world.coordinator();
    office.books(&slots[0], "Sam Student").await.expect(201);
    let path = format!("/v1/events/{}/day-links", event.id());
    let wrong = office.post(&path, json!({ "minutes": 721 })).await.refused(422, "invalid_fields");
    assert_eq!(wrong.json["errors"][0]["pointer"], "/minutes");
    let link = office.post(&path, json!({ "minutes": 30 })).await.expect(201);
    let local = |member: &str| link.json[member].as_str().unwrap().replace(&world.base_url, "");
    let (sheet, drawn) = (local("url"), local("schedule_url"));
    assert!(world.nobody().get(&sheet).await.expect(200).text().contains("Sam Student"));
    assert!(world.nobody().get(&drawn).await.expect(200).text().contains("Sam Student"));
    let forged = format!("{}x", &sheet[..sheet.len() - 1]);
    world.nobody().get(&forged).await.expect(404);
    world.advance_minutes(30);
    world.nobody().get(&sheet).await.expect(404);
    world.nobody().get(&drawn).await.expect(404);
}

async fn missing_volunteers_are_marked(world: &World) {
    let need = world.approved_need(&json!({ "roles": [{ "name": "Interviewer", "min": 2, "max": 3 }] })).await;
    let ada = world.volunteer("Ada Example").await;
    world.assignment(&need, &ada).await;
    let event = need.json["event_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/events/{event}/schedule.svg");
    let drawn = world.nobody().get(&path).await.expect(200).text();
    assert!(drawn.contains("Interviewer, 12:00 to 14:00: 1 of at least 2 are coming, 1 missing"), "{drawn}");
    assert!(!drawn.contains("Ada"), "{drawn}");
    let slots = world.coordinator().all(&format!("/v1/events/{event}/slots")).await;
    let slot = slots[0]["id"].as_str().unwrap();
    let etag = world.coordinator().get(&format!("/v1/slots/{slot}")).await.expect(200).etag();
    world.coordinator().patch(&format!("/v1/slots/{slot}"), &etag, json!({ "capacity": 4 })).await.expect(200);
    let told: Vec<Value> =
        cells(&world.nobody().get(&path).await.expect(200).text()).into_iter().map(Value::from).collect();
    assert!(told[0].as_str().unwrap().ends_with("0 of 4 places taken; 1 volunteers missing"), "{told:?}");
    let sheet = world.coordinator().get(&format!("/v1/events/{event}/day-sheet")).await.expect(200).text();
    assert!(sheet.contains("Ada Example"), "{sheet}");
}
