//! Rosters: what an office keeps in a spreadsheet comes in line by line, goes out safe to be opened, and comes in again
//! without changing anything.

use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::{World, handle};

on_both!(World:
    a_roster_of_students_comes_in_twice_and_changes_nothing_the_second_time,
    every_bad_file_is_refused_as_a_whole,
    a_roster_of_slots_is_taken_line_by_line,
    students_come_into_slots_with_one_letter_each,
    what_goes_out_comes_in_again_unchanged,
    what_an_import_says_it_did_is_so,
    an_import_that_broke_off_is_finished_by_the_same_file,
    a_portal_brings_students_of_its_own_campus,
);

fn students(world: &World) -> String {
    format!("/v1/campuses/{}/students", world.campus_id())
}

async fn csv(client: &Client, target: &str, body: impl Into<Vec<u8>>) -> Response {
    client.request("POST", target).body("text/csv", body).send().await
}

fn counts(report: &Response) -> [u64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| report.json["counts"][name].as_u64().unwrap())
}

/// Line, outcome and the code of the first field or of the whole.
fn lines(report: &Response) -> Vec<(u64, String, String)> {
    let each = |line: &Value| {
        let problem = &line["problem"];
        let code = problem["errors"][0]["code"].as_str().or(problem["code"].as_str()).unwrap_or_default();
        (line["line"].as_u64().unwrap(), line["outcome"].as_str().unwrap().to_owned(), code.to_owned())
    };
    report.json["lines"].as_array().unwrap().iter().map(each).collect()
}

fn line(number: u64, outcome: &str, code: &str) -> (u64, String, String) {
    (number, outcome.to_owned(), code.to_owned())
}

async fn a_roster_of_students_comes_in_twice_and_changes_nothing_the_second_time(world: &World) {
    let (office, import) = (world.coordinator(), format!("{}/import", students(world)));
    let file = "\u{feff}sep=;\r\nE-Mail;STUDENT ID;Name;Major\r\n\
        ada@example.edu;s-1;Ada Quill;\"Accounting; Finance|Law\"\r\n\
        ;;;\r\n\
        kim;s-2;\"Kim\r\nPark\";\r\n\
        lee@example.edu;s-3;Lee Moss;\"Arts\r\nLetters\"\r\n\
        other@example.edu;s-1;Ada Quill;\r\n\
        ;;;\r\n;;;\r\n";
    let dry = csv(office, &format!("{import}?dry_run=true"), file).await.expect(207);
    assert_eq!((counts(&dry), &dry.json["dry_run"]), ([2, 0, 0, 2], &json!(true)));
    assert!(office.all(&students(world)).await.is_empty(), "a dry run does nothing");
    let first = csv(office, &import, file).await.expect(207);
    let expect = [
        line(3, "created", ""),
        line(5, "refused", "control_character"),
        line(7, "created", ""),
        line(9, "refused", "twice"),
    ];
    assert_eq!(lines(&first), expect);
    let wrong = &first.json["lines"][1]["problem"]["errors"];
    let fields: Vec<_> = wrong.as_array().unwrap().iter().map(|error| (&error["field"], &error["value"])).collect();
    assert!(fields.contains(&(&json!("email"), &json!("kim"))), "{wrong}");
    assert!(fields.contains(&(&json!("name"), &json!("Kim\r\nPark"))), "{wrong}");
    let kept = office.all(&students(world)).await;
    assert_eq!(kept[0]["majors"], json!(["Accounting", "Finance", "Law"]));
    assert_eq!(kept[1]["majors"], json!(["Arts", "Letters"]));
    world.advance_minutes(5);
    let again = csv(office, &import, file).await.expect(207);
    assert_eq!(counts(&again), [0, 0, 2, 2]);
    assert_eq!(office.all(&students(world)).await, kept, "no revision was raised");

    // Another column changes what it names and nothing else; JSON says the same as a table.
    let years =
        json!({ "items": [{ "external_ref": "s-1", "year": "senior" }, { "external_ref": "s-9", "year": "senior" }] });
    let years = office.post(&import, years).await.expect(207);
    assert_eq!(lines(&years), [line(1, "updated", ""), line(2, "refused", "required")]);
    let ada = &office.all(&students(world)).await[0];
    assert_eq!((&ada["year"], &ada["majors"], &ada["revision"]), (&json!("senior"), &kept[0]["majors"], &json!(2)));
    assert_eq!(world.letters().await.len(), 0, "nobody hears of a roster");

    // Unicode text, as a spreadsheet saves it, and an encoding that is named.
    let text = "\u{feff}external_ref\tname\temail\r\ns-4\tZo\u{eb} Brand\tzoe@example.edu\r\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(counts(&csv(office, &import, utf16).await.expect(207)), [1, 0, 0, 0]);
    let windows = b"external_ref,name,email\r\ns-4,Zo\xeb Brand,zoe@example.edu\r\n".to_vec();
    let named = office.request("POST", &import).body("text/csv; charset=windows-1252", windows).send().await;
    assert_eq!(counts(&named.expect(207)), [0, 0, 1, 0]);
}

async fn every_bad_file_is_refused_as_a_whole(world: &World) {
    let (office, import) = (world.coordinator(), format!("{}/import", students(world)));
    let head = "external_ref,name,email\n";
    let good = "s-1,Ada Quill,ada@example.edu\n";
    let check = async |body: Vec<u8>, part: &str| {
        let refused = csv(office, &import, body).await.refused(422, "unreadable_table");
        let detail = refused.json["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(part), "{part}: {detail}");
    };
    check(Vec::new(), "empty").await;
    check(format!("{head}{good}s-2,Nul\0,x@example.edu\n").into(), "NUL character in line 3").await;
    check([head.as_bytes(), b"s-1,Zo\xeb,zoe@example.edu\n"].concat(), "Windows-1252").await;
    check(format!("{head}{good}s-2,\"Kim,kim@example.edu\n").into(), "line 3 and never closed").await;
    check(format!("external_ref,name\n{good}").into(), "email are missing").await;
    check(format!("shoe size,{head}{good}").into(), "\"shoe size\" are not known").await;
    check(format!("name,{head}x,{good}").into(), "name are there twice").await;
    let unknown = csv(office, &import, "external_ref,name,email,shoe size\nx,y,z,1").await;
    assert_eq!(unknown.json["unknown"], json!(["shoe size"]));
    let many = format!("{head}{}", "s,n,e\n".repeat(10_001));
    let many = csv(office, &import, many).await.refused(422, "too_many_lines");
    assert!(many.json["detail"].as_str().unwrap().contains("at most 10000"), "{}", many.text());
    let items: Vec<Value> = (0..10_001).map(|_| json!({ "external_ref": "x" })).collect();
    office.post(&import, json!({ "items": items })).await.refused(422, "too_many_lines");
    let million = format!("{head}{}", "s,n,e\n".repeat(1_000_000));
    csv(office, &import, million).await.refused(413, "body_too_large");
    office
        .request("POST", &import)
        .body("application/vnd.ms-excel", "x")
        .send()
        .await
        .refused(415, "unsupported_media_type");
    office
        .request("POST", &import)
        .body("text/csv; charset=klingon", good)
        .send()
        .await
        .refused(415, "unsupported_media_type");
    office.post(&import, json!({ "items": [{ "external_ref": "x", "shoe": 1 }] })).await.refused(422, "invalid_fields");
    csv(office, &format!("{import}?dry=1"), good).await.refused(400, "unknown_parameter");
    assert!(office.all(&students(world)).await.is_empty(), "nothing half done");
    // A cell too many shifts a line and no other.
    let shifted = csv(office, &import, format!("{head}s-2,Park, Kim,kim@example.edu\n{good}")).await.expect(207);
    assert_eq!(lines(&shifted), [line(2, "refused", "too_many_cells"), line(3, "created", "")]);
}

async fn a_roster_of_slots_is_taken_line_by_line(world: &World) {
    let office = world.coordinator();
    let event = world.event(&json!({})).await;
    let import = format!("/v1/events/{}/slots/import", event.id());
    let list = format!("/v1/events/{}/slots?limit=100", event.id());
    let file = "Table,Date,Start Time,End Time,Places,Room\n\
        Table 1,2027-03-04,12:30 PM,1:00 PM,2,Room 5\n\
        Table 2,2027-03-04,12:30,13:00,1,\n\
        table 1,2027-03-04,12:30,13:00,1,\n\
        Table 3,3/4/2027,12:30,13:00,1,\n\
        Table 4,2027-03-05,12:30,13:00,1,\n\
        Table 5,2027-03-04,12:30,13:00,many,\n\
        Table 6,2027-03-04,13:00,12:30,1,\n\
        Table 7,2027-03-04,12:30,13:00,501,\n";
    let first = csv(office, &import, file).await.expect(207);
    let expect = [
        line(2, "created", ""),
        line(3, "created", ""),
        line(4, "refused", "twice"),
        line(5, "refused", "invalid_format"),
        line(6, "refused", "outside_event"),
        line(7, "refused", "invalid_format"),
        line(8, "refused", "reversed"),
        line(9, "refused", "out_of_range"),
    ];
    assert_eq!(lines(&first), expect);
    let kept = office.all(&list).await;
    let places: Vec<_> = kept.iter().map(|slot| slot["place"].clone()).collect();
    assert!(places.contains(&json!("Room 5")) && places.contains(&json!("Student Center")), "{places:?}");
    world.advance_minutes(5);
    assert_eq!(counts(&csv(office, &import, file).await.expect(207)), [0, 0, 2, 6]);
    assert_eq!(office.all(&list).await, kept);

    // Who has a place keeps it, and hears of another room once.
    let table = kept.iter().find(|slot| slot["label"] == "Table 1").unwrap()["id"].as_str().unwrap().to_owned();
    office.books(&table, "Sam Student").await.expect(201);
    office.books(&table, "Pat Student").await.expect(201);
    let row = |rest: &str| format!("id,label,place,starts_local,ends_local,capacity\n{table},Table 1,{rest}\n");
    let smaller = csv(office, &import, row("Room 5,2027-03-04T12:30,2027-03-04T13:00,1")).await.expect(207);
    assert_eq!(lines(&smaller), [line(2, "refused", "capacity_below_taken")]);
    let later = csv(office, &import, row("Room 5,2027-03-04T12:40,2027-03-04T13:10,2")).await.expect(207);
    assert_eq!(lines(&later), [line(2, "refused", "has_people")]);
    let moved = csv(office, &import, row("Room 6,2027-03-04T12:30,2027-03-04T13:00,2")).await.expect(207);
    assert_eq!(lines(&moved), [line(2, "updated", "")]);
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 2);
    let foreign = world.event(&json!({})).await;
    let elsewhere = format!("/v1/events/{}/slots/import", foreign.id());
    let other = csv(office, &elsewhere, row("Room 6,2027-03-04T12:30,2027-03-04T13:00,2")).await.expect(207);
    assert_eq!(lines(&other), [line(2, "refused", "unknown_reference")]);

    // New room goes first to those who wait.
    office.queues(&event, "Kim Student", &json!({ "slot_ids": [table] })).await.expect(201);
    let grown = csv(office, &import, row("Room 6,2027-03-04T12:30,2027-03-04T13:00,3")).await.expect(207);
    assert_eq!(counts(&grown), [0, 1, 0, 0]);
    assert_eq!(world.letters_to("kim.student@example.edu").await.len(), 1);
}

async fn students_come_into_slots_with_one_letter_each(world: &World) {
    let office = world.coordinator();
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let import = format!("/v1/events/{}/bookings/import", event.id());
    let file = "external_ref,name,email,slot,starts\n\
        s-1,Ada Quill,ada@example.edu,Table at 12:30,2027-03-04 12:30\n\
        s-2,Kim Park,kim@example.edu,table at 12:30,2027-03-04 12:30\n\
        s-3,Lee Moss,lee@example.edu,Table at 12:30,2027-03-04 12:30\n\
        s-4,,,Table at 12:30,2027-03-04 12:30\n\
        s-1,Ada Quill,ada@example.edu,Table 9,2027-03-04 12:30\n";
    let expect = [
        line(2, "created", ""),
        line(3, "created", ""),
        line(4, "refused", "slot_full"),
        line(5, "refused", "required"),
        line(6, "refused", "unknown_reference"),
    ];
    let dry = csv(office, &format!("{import}?dry_run=true"), file).await.expect(207);
    assert_eq!(lines(&dry), expect, "a dry run fills the slot in mind");
    assert_eq!(world.letters().await.len(), 0);
    let first = csv(office, &import, file).await.expect(207);
    assert_eq!(lines(&first), expect);
    let known = office.all(&students(world)).await;
    assert_eq!(known.len(), 2, "a line that is refused leaves nothing behind");
    let again = csv(office, &import, file).await.expect(207);
    assert_eq!(counts(&again), [0, 0, 2, 3]);
    for who in ["ada", "kim"] {
        assert_eq!(world.letters_to(&format!("{who}@example.edu")).await.len(), 1);
    }

    // Who gives the place back is not put there again by the same file, and the place goes to the next.
    let ada = first.json["lines"][0]["id"].as_str().unwrap();
    office.booking_does(ada, "cancel").await.expect(200);
    let after = csv(office, &import, file).await.expect(207);
    assert_eq!(lines(&after)[0], line(2, "refused", "place_left"));
    assert_eq!(lines(&after)[2], line(4, "created", ""));
    // Nor who was moved.
    let other = world.slot(&event, "14:00", 2).await;
    let kim = first.json["lines"][1]["id"].as_str().unwrap();
    let moving = format!("/v1/bookings/{kim}/move");
    office.post(&moving, json!({ "slot_id": other })).await.expect(200);
    let after = csv(office, &import, file).await.expect(207);
    assert_eq!(lines(&after)[1], line(3, "refused", "place_left"));

    let held = office.holds(&slot, "Hal Student").await.expect(201);
    let body = json!({ "items": [{ "external_ref": student("Hal Student")["external_ref"], "slot_id": slot }] });
    let report = office.post(&import, body).await.expect(207);
    assert_eq!(lines(&report), [line(1, "refused", "already_booked")]);
    assert_eq!(held.json["state"], "held");
}

/// Names, labels and groups that a spreadsheet would run, and the nights on which the clocks change.
/// A roster is put into a slot while a portal books the same students into another event at the same time. Whoever is
/// first has the student; the other is told so.
async fn what_an_import_says_it_did_is_so(world: &World) {
    let office = world.coordinator();
    let event = world.event(&json!({})).await;
    world.slot(&event, "12:30", 100).await;
    let rival = world.slot(&world.event(&json!({ "title": "Fair" })).await, "12:30", 100).await;
    let portal = world.portal().await;
    let names: Vec<String> = (0..60).map(|number| format!("Student {number}")).collect();
    let file = names.iter().fold("external_ref,name,email,slot,starts\n".to_owned(), |file, name| {
        let known = handle(name);
        file + &format!("{known},{name},{known}@example.edu,Table at 12:30,2027-03-04 12:30\n")
    });
    let import = format!("/v1/events/{}/bookings/import", event.id());
    let (report, others) = tokio::join!(
        csv(office, &import, file),
        futures_util::future::join_all(names.iter().rev().map(|name| portal.books(&rival, name)))
    );
    let report = report.expect(207);
    let there = office.all(&format!("/v1/events/{}/bookings", event.id())).await;
    for ((line, name), other) in report.json["lines"].as_array().unwrap().iter().zip(&names).zip(others.iter().rev()) {
        let is_kept = there.iter().any(|booking| booking["student"]["external_ref"] == json!(handle(name)));
        assert_eq!(line["outcome"] == "created", is_kept, "{name}: {line}");
        assert_ne!(other.status == 201, is_kept, "{name} is in one place: {line}");
    }
    let letters = world.letters().await.len();
    assert_eq!(letters, 60, "one letter each");
}

async fn what_goes_out_comes_in_again_unchanged(world: &World) {
    let office = world.coordinator();
    let event = world.event(&json!({ "starts_local": "2027-11-06T12:00", "ends_local": "2027-11-07T18:00" })).await;
    let people = [
        ("=s-1", "=1+1", json!(["+Finance", "a;=cmd|' /C calc'!A0", "back\\slash"])),
        ("s-2", "@SUM(A1)", json!(["Law"])),
        ("'=s-3", "-Ada, \"the\" =Quill;+1", json!([])),
        ("s-4", "＝Zoë", json!(["x"])),
    ];
    let items: Vec<Value> = people
        .iter()
        .enumerate()
        .map(|(n, (name, called, majors))| {
            json!({ "external_ref": name, "name": called, "email": format!("s{n}@example.edu"), "majors": majors, "groups": majors })
        })
        .collect();
    let import = format!("{}/import", students(world));
    assert_eq!(counts(&office.post(&import, json!({ "items": items })).await.expect(207)), [4, 0, 0, 0]);
    let slots = format!("/v1/events/{}/slots/import", event.id());
    let made = json!({ "items": [
        { "label": "=Table", "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T01:50", "fold": "earlier", "capacity": 2 },
        { "label": "=Table", "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T01:50", "fold": "later", "capacity": 2 },
        { "place": "-1 floor", "starts_local": "2027-11-07T09:00", "ends_local": "2027-11-07T10:00", "capacity": 0 },
    ] });
    let made = office.post(&slots, made).await.expect(207);
    assert_eq!(counts(&made), [3, 0, 0, 0]);
    let first = made.json["lines"][0]["id"].as_str().unwrap();
    let bookings = format!("/v1/events/{}/bookings/import", event.id());
    let booked =
        json!({ "items": [{ "external_ref": "=s-1", "slot_id": first }, { "external_ref": "s-2", "slot_id": first }] });
    let booked = office.post(&bookings, booked).await.expect(207);
    assert_eq!(counts(&booked), [2, 0, 0, 0]);
    office.booking_does(booked.json["lines"][0]["id"].as_str().unwrap(), "cancel").await.expect(200);
    let letters = world.letters().await.len();

    let tables = [
        (format!("{}.csv", students(world)), import, 4),
        (format!("/v1/events/{}/slots.csv", event.id()), slots, 3),
        (format!("/v1/events/{}/bookings.csv", event.id()), bookings, 2),
    ];
    for (export, import, count) in tables {
        let table = office.get(&export).await.expect(200);
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        let text = table.text();
        assert!(text.starts_with("\u{feff}\"id\",") && text.ends_with("\"\r\n"), "{text}");
        for cell in text.trim_start_matches('\u{feff}').split([',', ';', '|', '\r', '\n', '"']) {
            let start = cell.trim_start();
            assert!(!start.starts_with(['=', '+', '-', '@', '＝']), "{cell:?} in {text}");
        }
        let same = office.request("GET", &export).header("If-None-Match", &table.etag()).send().await.expect(304);
        assert_eq!(same.etag(), table.etag());
        let report = csv(office, &import, text.clone()).await.expect(207);
        assert_eq!(counts(&report), [0, 0, count, 0], "{text}\n{}", report.text());
        assert_eq!(office.get(&export).await.expect(200).text(), text);
    }
    assert_eq!(world.letters().await.len(), letters, "nobody hears of it");
}

/// A program that was killed between two groups of lines has done the first of them and kept no answer.
async fn an_import_that_broke_off_is_finished_by_the_same_file(world: &World) {
    let office = world.coordinator();
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 200).await;
    let import = format!("/v1/events/{}/bookings/import", event.id());
    let items: Vec<Value> = (0..120)
        .map(|n| json!({ "external_ref": format!("s-{n}"), "name": format!("Student {n}"), "email": format!("s{n}@example.edu"), "slot_id": slot }))
        .collect();
    let half = json!({ "items": items[..50] });
    office.post(&import, half).await.expect(207);
    let whole = json!({ "items": items });
    let key = async |body: &Value| office.request("POST", &import).key("roster").json(body).send().await;
    let finished = key(&whole).await.expect(207);
    assert_eq!(counts(&finished), [70, 0, 50, 0]);
    assert_eq!(finished.json["lines"][0]["id"].as_str().map(str::len), Some(36));
    let letters = world.letters().await.len();
    assert_eq!(letters, 120, "one letter each");
    let replayed = key(&whole).await.expect(207);
    assert_eq!((replayed.header("idempotent-replayed"), &replayed.body), (Some("true"), &finished.body));
    key(&json!({ "items": items[..3] })).await.refused(422, "idempotency_key_reused");
    let listed = office.all(&format!("/v1/events/{}/bookings?limit=100", event.id())).await;
    assert_eq!((listed.len(), world.letters().await.len()), (120, letters));
}

async fn a_portal_brings_students_of_its_own_campus(world: &World) {
    let portal = world.portal().await;
    let file = "external_ref,name,email\ns-1,Ada Quill,ada@example.edu\n";
    csv(&portal, &format!("{}/import", students(world)), file).await.expect(207);
    let table = portal.get(&format!("{}.csv", students(world))).await.expect(200);
    assert!(
        table.header("content-disposition").unwrap().starts_with("attachment; filename=\"students-"),
        "{:?}",
        table.headers
    );
    let other = world.another_campus("Elsewhere").await;
    csv(&portal, &format!("/v1/campuses/{}/students/import", other.id), file).await.refused(404, "not_found");
    portal.get(&format!("/v1/campuses/{}/students.csv", other.id)).await.refused(404, "not_found");
    let event = world.event(&json!({})).await;
    csv(&portal, &format!("/v1/events/{}/slots/import", event.id()), file).await.refused(403, "forbidden");
}
