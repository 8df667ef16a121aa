//! The door: a code in the letter, read by a phone of the door or sent by a portal; who is told what.

use rostrum::domain::ids::{BookingId, SlotId, StudentId};
use rostrum::domain::scheduling::booking::BookingState;
use rostrum::store::bookings;
use serde_json::json;

use crate::support::clients::Response;
use crate::support::databases::{Backend, on_both};
use crate::support::world::World;

on_both!(World:
    a_phone_of_the_door_reads_a_code_and_checks_in,
    a_portal_checks_in_by_code,
    a_code_belongs_to_one_booking_of_its_event,
    where_there_is_no_door_there_is_no_code_to_show
);

/// When the doors of [`World::event`] are open.
const DOORS_OPEN: &str = "2027-03-04T17:20:00Z";

/// A phone, and what it keeps: the cookie of the door.
pub struct Phone<'w> {
    world: &'w World,
    cookie: Option<String>,
}

impl<'w> Phone<'w> {
    /// A phone that has opened the day's link.
    pub async fn of_door(world: &'w World, event: &Response, minutes: u32) -> Self {
        let path = format!("/v1/events/{}/day-links", event.id());
        let link = world.coordinator().post(&path, json!({ "minutes": minutes })).await.expect(201);
        let local = link.json["url"].as_str().unwrap().replace(&world.base_url, "");
        let sheet = world.nobody().get(&local).await.expect(200);
        let set = sheet.header("set-cookie").unwrap();
        for part in ["HttpOnly", "SameSite=Lax", &format!("Path=/door/{}", event.id()), &format!("={}", minutes * 60)] {
            assert!(set.contains(part), "{part}: {set}");
        }
        assert!(sheet.text().contains(&format!("href=\"&#x2f;door&#x2f;{}\"", event.id())), "{}", sheet.text());
        Self { world, cookie: Some(set.split(';').next().unwrap().to_owned()) }
    }

    /// Anybody's.
    pub const fn of_nobody(world: &'w World) -> Self {
        Self { world, cookie: None }
    }

    async fn send(&self, method: &str, path: &str, form: Option<&str>) -> Response {
        let nobody = self.world.nobody();
        let mut request = nobody.request(method, path);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", &format!("theme=dark; {cookie}"));
        }
        if let Some(form) = form {
            request = request.body("application/x-www-form-urlencoded", form);
        }
        request.send().await
    }

    pub async fn sees(&self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    pub async fn presses(&self, path: &str, form: &str) -> Response {
        self.send("POST", path, Some(form)).await
    }
}

fn code(booking: &Response) -> String {
    booking.json["code"].as_str().unwrap().to_owned()
}

async fn a_phone_of_the_door_reads_a_code_and_checks_in(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let other = world.event(&json!({ "title": "Fair" })).await;
    let path = format!("/door/{}/{}", event.id(), code(&sam));
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    let (first, second) = (&code(&sam)[..3], &code(&sam)[3..]);
    assert!(letter.text.contains(&format!("Your code at the door: {first} {second}")), "{}", letter.text);
    assert!(letter.html.contains("src=\"cid:door-code\""), "{}", letter.html);
    assert_eq!(letter.qr, Some(format!("{}{path}", world.base_url)));
    let own = letter.text.split("/p/").nth(1).unwrap().split_whitespace().next().unwrap();
    let own = world.nobody().get(&format!("/p/{own}")).await.expect(200).text();
    assert!(own.contains("<svg class=\"qr\"") && own.contains(&format!("{first} {second}")), "{own}");

    // Anybody else's phone is told nothing, whatever it reads; not even whether there is such a code.
    world.set_clock(DOORS_OPEN);
    let anybody = Phone::of_nobody(world);
    let told = anybody.sees(&path).await.expect(200);
    assert!(told.text().contains("Show this code at the door") && !told.text().contains("Sam"), "{}", told.text());
    assert_eq!(anybody.sees(&format!("/door/{}/BCDFGH", event.id())).await.expect(200).text(), told.text());
    assert_eq!(anybody.sees(&format!("/door/{}", event.id())).await.expect(200).text(), told.text());
    assert_eq!(anybody.presses(&path, "answer=here").await.expect(403).text(), told.text());
    assert_eq!(anybody.presses(&format!("/door/{}", event.id()), "code=BCDFGH").await.expect(403).text(), told.text());
    let elsewhere = Phone::of_door(world, &other, 60).await;
    assert_eq!(elsewhere.sees(&path).await.expect(200).text(), told.text(), "the door of another event");

    let door = Phone::of_door(world, &event, 60).await;
    let shown = door.sees(&path).await.expect(200).text();
    for said in ["Sam Student", "Table at 12:30", "not here yet", "value=\"here\"", "Accounting, junior"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let booking = format!("/v1/bookings/{}", sam.id());
    assert_eq!(portal.get(&booking).await.json["state"], "confirmed", "looking changes nothing");
    // The code as it is read out, on the page for that.
    let desk = format!("/door/{}", event.id());
    assert!(door.sees(&desk).await.expect(200).text().contains("name=\"code\""));
    let typed = format!("code={}+{}", first.to_lowercase(), second.to_lowercase());
    assert!(door.presses(&desk, &typed).await.expect(200).text().contains("Sam Student"));
    for (wrong, said) in [("code=BCDFGH", "Nobody here"), ("code=SAM", "six letters"), ("x=1", "six letters")] {
        let wrong = door.presses(&desk, wrong).await.expect(422).text();
        assert!(wrong.contains(said), "{said}: {wrong}");
    }
    door.sees(&format!("/door/{}/BCDFGH", event.id())).await.expect(404);
    door.presses(&path, "answer=there").await.expect(422);

    assert!(door.presses(&path, "answer=here").await.expect(200).text().contains("Here since 12:20"));
    world.advance_minutes(5);
    assert!(door.presses(&path, "answer=here").await.expect(200).text().contains("Here since 12:20"), "a second press");
    let there = portal.get(&booking).await.expect(200);
    assert_eq!(
        (&there.json["state"], &there.json["checked_in_at"]),
        (&json!("checked_in"), &json!("2027-03-04T17:20:00Z"))
    );
    let log = world.coordinator().all(&format!("/v1/events/{}/place-log", event.id())).await;
    let said: Vec<_> = log.iter().map(|line| (&line["what"], &line["by"])).collect();
    assert_eq!(said, [(&json!("booked"), &json!("portal")), (&json!("checked_in"), &json!("door"))]);
    assert_eq!(world.letters_to("sam.student@example.edu").await.len(), 1, "whoever is here needs no letter");

    let kim = portal.books(&slot, "Kim Student").await.expect(201);
    portal.booking_does(&kim.id(), "cancel").await.expect(200);
    let kim = format!("/door/{}/{}", event.id(), code(&kim));
    assert!(door.sees(&kim).await.expect(200).text().contains("given back"));
    assert!(door.presses(&kim, "answer=here").await.expect(409).text().contains("given back"));

    // The session ends with the link.
    world.advance_minutes(55);
    assert_eq!(door.sees(&path).await.expect(200).text(), told.text());
    door.presses(&path, "answer=here").await.expect(403);
}

async fn a_portal_checks_in_by_code(world: &World) {
    let event = world.event(&json!({ "ends_local": "2027-03-05T18:00" })).await;
    let slot = world.slot(&event, "12:30", 9).await;
    let (portal, office) = (world.portal().await, world.coordinator());
    let path = format!("/v1/events/{}/check-ins", event.id());
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let kim = portal.books(&slot, "Kim Student").await.expect(201);
    let other = world.event(&json!({ "title": "Fair" })).await;
    let shows = |code: &str| json!({ "code": code });
    let early = portal.post(&path, shows(&code(&sam))).await.refused(409, "too_early");
    assert!(early.json["detail"].as_str().unwrap().contains("2027-03-04T15:30:00Z"), "{}", early.json);
    world.set_clock(DOORS_OPEN);
    for (wrong, expect) in [("", "invalid_code"), ("ABCDEF", "invalid_code"), ("BCDFGH", "unknown_reference")] {
        let refused = portal.post(&path, shows(wrong)).await.refused(422, "invalid_fields");
        assert_eq!(
            (&refused.json["errors"][0]["pointer"], &refused.json["errors"][0]["code"]),
            (&json!("/code"), &json!(expect))
        );
    }
    let there = format!("/v1/events/{}/check-ins", other.id());
    portal.post(&there, shows(&code(&sam))).await.refused(422, "invalid_fields");

    let typed = code(&sam).to_lowercase();
    let send = || portal.request("POST", &path).header("Idempotency-Key", "sam-1").json(&shows(&typed)).send();
    let here = send().await.expect(200);
    assert_eq!((&here.json["id"], &here.json["state"]), (&json!(sam.id()), &json!("checked_in")));
    assert_eq!(send().await.expect(200).header("idempotent-replayed"), Some("true"));
    let twice = office.post(&path, shows(&code(&sam))).await.refused(409, "already_checked_in");
    assert_eq!(twice.json["checked_in_at"], "2027-03-04T17:20:00Z");
    office.booking_does(&sam.id(), "undo").await.expect(200);
    office.post(&path, shows(&code(&sam))).await.expect(200);

    // Whoever moves keeps their code.
    let later = world.slot(&event, "14:00", 1).await;
    let moved = portal.post(&format!("/v1/bookings/{}/move", kim.id()), json!({ "slot_id": later })).await.expect(200);
    assert_eq!(code(&moved), code(&kim));
    world.set_clock("2027-03-04T19:30:00Z");
    let over = portal.post(&path, shows(&code(&kim))).await.refused(409, "is_over");
    assert!(over.json["detail"].as_str().unwrap().contains("2027-03-04T19:30:00Z"), "{}", over.json);
    office.booking_does(&kim.id(), "no-show").await.expect(200);
    let missed = portal.post(&path, shows(&code(&kim))).await.refused(409, "wrong_state");
    assert_eq!(missed.json["state"], "no_show");
    let held = portal.holds(&world.slot(&event, "16:00", 1).await, "Lee Student").await.expect(201);
    let held = portal.post(&path, shows(&code(&held))).await.refused(409, "wrong_state");
    assert_eq!(held.json["state"], "held");

    let elsewhere = world.another_campus("Elsewhere").await;
    elsewhere.coordinator.post(&path, shows(&code(&sam))).await.refused(404, "not_found");
    world.requester().post(&path, shows(&code(&sam))).await.refused(403, "forbidden");
    let table = office.get(&format!("/v1/events/{}/bookings.csv", event.id())).await.expect(200).text();
    assert!(table.contains("\"code\"") && table.contains(&format!("\"{}\"", code(&sam))), "{table}");
}

async fn a_code_belongs_to_one_booking_of_its_event(world: &World) {
    let event = world.event(&json!({})).await;
    let slot = world.slot(&event, "12:30", 2).await;
    let portal = world.portal().await;
    let sam = portal.books(&slot, "Sam Student").await.expect(201);
    let kim = portal.books(&slot, "Kim Student").await.expect(201);
    assert_ne!(code(&sam), code(&kim));
    let mut conn = world.database().connect();
    let kept = bookings::find(&mut conn, sam.id().parse::<BookingId>().ok().unwrap()).unwrap().unwrap().row;
    let slot_id: SlotId = slot.parse().ok().unwrap();
    let student_id: StudentId = kim.json["student"]["id"].as_str().unwrap().parse().ok().unwrap();
    // The same code by lot: the newer one draws again.
    let mut twin = bookings::BookingRow {
        id: BookingId::mint(),
        slot_id,
        student_id,
        state: BookingState::Cancelled,
        ..kept.clone()
    };
    assert!(bookings::insert(&mut conn, &mut twin).unwrap());
    assert_ne!(twin.code, kept.code);
    let found = |conn: &mut _, code| bookings::find_by_code(conn, kept.event_id, code).unwrap().unwrap().row.id;
    assert_eq!(found(&mut conn, &kept.code), kept.id);
    assert_eq!(found(&mut conn, &twin.code), twin.id);
}

async fn where_there_is_no_door_there_is_no_code_to_show(world: &World) {
    let event = world.event(&json!({ "mode": "virtual", "place": "https://meet.example.edu/room" })).await;
    let slot = world.slot(&event, "12:30", 2).await;
    world.portal().await.books(&slot, "Sam Student").await.expect(201);
    let letter = world.letters_to("sam.student@example.edu").await.pop().unwrap();
    assert!(letter.qr.is_none() && !letter.text.contains("code") && !letter.html.contains("<img"), "{}", letter.text);
}

#[actix_web::test]
async fn codes_cannot_be_tried_without_end() {
    let world = World::open_with(Backend::Sqlite, |settings| {
        settings.attempts.per_address = 12.try_into().unwrap();
    })
    .await;
    let event = world.event(&json!({})).await;
    let door = Phone::of_door(&world, &event, 60).await;
    for _ in 0..6 {
        door.sees(&format!("/door/{}/BCDFGH", event.id())).await.expect(404);
    }
    let path = format!("/v1/events/{}/check-ins", event.id());
    for _ in 0..6 {
        let wrong = world.coordinator().post(&path, json!({ "code": "BCDFGH" })).await;
        wrong.refused(422, "invalid_fields");
    }
    let refused = world.coordinator().post(&path, json!({ "code": "BCDFGH" })).await.refused(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    door.sees(&format!("/door/{}/BCDFGH", event.id())).await.refused(429, "too_many_requests");
    door.presses(&format!("/door/{}", event.id()), "code=BCDFGH").await.refused(429, "too_many_requests");
    world.close().await;
}
