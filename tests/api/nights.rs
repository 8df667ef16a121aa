//! The nights the clocks change, seen by those who make slots and grids and by those who book them: no place lasts longer
//! or shorter than it is said to, and a wall time that is skipped or shown twice is never guessed at.

use std::collections::BTreeSet;

use rostrum::domain::time::Instant;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World: a_grid_over_the_night_has_whole_places, a_time_that_is_skipped_or_shown_twice_is_asked_for);

/// Zone, night, and how many half hours lie between half past midnight and half past four.
const NIGHTS: [(&str, &str, usize); 7] = [
    ("America/New_York", "2027-03-14", 6),
    ("America/New_York", "2027-11-07", 10),
    ("Australia/Melbourne", "2027-10-03", 6),
    ("Australia/Melbourne", "2027-04-04", 10),
    ("Australia/Lord_Howe", "2027-10-03", 7),
    ("Australia/Lord_Howe", "2027-04-04", 9),
    ("America/Phoenix", "2027-03-14", 8),
];

fn instant(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<Instant>().unwrap().unix()
}

async fn night(world: &World, zone: &str, date: &str) -> Response {
    let body =
        json!({ "starts_local": format!("{date}T00:00"), "ends_local": format!("{date}T08:00"), "time_zone": zone });
    world.event(&body).await
}

async fn a_grid_over_the_night_has_whole_places(world: &World) {
    let portal = world.portal().await;
    for (number, (zone, date, expect)) in NIGHTS.into_iter().enumerate() {
        let event = night(world, zone, date).await;
        let grid = json!({ "grid": {
            "sessions": [{ "name": "Night", "starts_local": format!("{date}T00:30"), "ends_local": format!("{date}T04:30") }],
            "pattern": { "kind": "bell", "period_minutes": 30 },
            "tables": [{ "label": "Table 1" }],
        } });
        let path = format!("/v1/events/{}/grid", event.id());
        let set =
            world.coordinator().request("PUT", &path).header("If-Match", "*").json(&grid).send().await.expect(200);
        assert_eq!(set.json["slots"], json!(expect), "{zone} {date}");
        let slots = world.nobody().all(&format!("/v1/events/{}/slots?limit=100", event.id())).await;
        let name = format!("Night {number}");
        let mut before: Option<i64> = None;
        for slot in &slots {
            // Back to back through the night, a repeated hour included, one student can have all of them.
            let booked = portal.books(slot["id"].as_str().unwrap(), &name).await.expect(201);
            let (starts, ends) = (instant(&booked.json["starts_at"]), instant(&booked.json["ends_at"]));
            assert_eq!(ends - starts, 1_800, "{zone} {date} {slot}");
            assert!(before.is_none_or(|before| before == starts), "{zone} {date}: a gap or an overlap at {slot}");
            before = Some(ends);
        }
        let letters = world.letters_to(&format!("night.{number}@example.edu")).await;
        let uids: BTreeSet<String> = letters
            .iter()
            .map(|letter| {
                let calendar = &letter.calendar.as_ref().expect("an invite").bytes;
                calendar.lines().find(|line| line.starts_with("UID:")).expect("its UID").to_owned()
            })
            .collect();
        assert_eq!((letters.len(), uids.len()), (expect, expect), "{zone} {date}");
        // Made again, the grid is what it was, and nobody is in its way.
        let again =
            world.coordinator().request("PUT", &path).header("If-Match", "*").json(&grid).send().await.expect(200);
        assert_eq!((&again.json["keep"]["count"], &again.json["add"]["count"]), (&json!(expect), &json!(0)));
    }
}

async fn a_time_that_is_skipped_or_shown_twice_is_asked_for(world: &World) {
    let portal = world.portal().await;
    // Zone, night, a time that is skipped or shown twice, and by how much the two differ.
    let times = [
        ("America/New_York", "2027-03-14", "02:15", None),
        ("America/New_York", "2027-11-07", "01:15", Some(3_600)),
        ("Australia/Melbourne", "2027-10-03", "02:15", None),
        ("Australia/Melbourne", "2027-04-04", "02:15", Some(3_600)),
        ("Australia/Lord_Howe", "2027-10-03", "02:15", None),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", Some(1_800)),
    ];
    for (number, (zone, date, time, differ)) in times.into_iter().enumerate() {
        let event = night(world, zone, date).await;
        let path = format!("/v1/events/{}/slots", event.id());
        let body = |fold: Option<&str>| {
            let mut body = json!({ "capacity": 1, "starts_local": format!("{date}T{time}"), "ends_local": format!("{date}T04:00") });
            if let Some(fold) = fold {
                body["fold"] = json!(fold);
            }
            body
        };
        let refused = world.coordinator().post(&path, body(None)).await.refused(422, "invalid_fields");
        let fault = &refused.json["errors"][0];
        assert_eq!(fault["pointer"], "/starts_local", "{zone} {date}");
        let Some(differ) = differ else {
            assert_eq!(fault["code"], "time_skipped", "{zone} {date}");
            let detail = fault["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("{date}T01:59")) || detail.contains(&format!("{date}T02:30")), "{detail}");
            continue;
        };
        assert_eq!(fault["code"], "time_twice", "{zone} {date}");
        let mut starts = Vec::new();
        for fold in ["earlier", "later"] {
            let slot = world.coordinator().post(&path, body(Some(fold))).await.expect(201);
            let name = format!("Fold {number} {fold}");
            let booked = portal.books(&slot.id(), &name).await.expect(201);
            starts.push(instant(&booked.json["starts_at"]));
        }
        assert_eq!(starts[1] - starts[0], differ, "{zone} {date}");
    }
}
