//! How many are asked at once, when they are written to, and by when they are to answer.

use rostrum::domain::letter::LetterKind;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(
    World: with_little_time_several_are_asked_and_the_first_has_the_seat,
    refusals_make_the_next_wave_larger,
    nobody_is_written_to_at_night,
    who_was_asked_enough_is_left_alone,
);

fn soon(start: &str, end: &str, max: u32) -> Value {
    json!({ "starts_local": start, "ends_local": end, "roles": [{ "name": "Speaker", "min": 1, "max": max }] })
}

async fn open_offers(world: &World, need: &str) -> Vec<Value> {
    world.coordinator().all(&format!("/v1/campus-requests/{need}/offers?state=sent")).await
}

/// The names of those who were asked by letter, in the order of the letters.
async fn written_to(world: &World) -> Vec<String> {
    let letters = world.letters().await;
    let asked = letters.iter().filter(|letter| letter.kind == LetterKind::Offer);
    asked.map(|letter| letter.to.name().to_owned()).collect()
}

async fn with_little_time_several_are_asked_and_the_first_has_the_seat(world: &World) {
    let mut people = Vec::new();
    for name in ["Ada", "Ben", "Cleo", "Dora"] {
        people.push(world.volunteer(name).await);
    }
    // In two days, and an answer takes three: there is one round, and nobody has a past.
    let need = world.approved_need(&soon("2027-01-13T10:00", "2027-01-13T12:00", 1)).await;
    let office = world.coordinator();
    let proposal = office.propose(world.campus_id()).await.expect(201);
    assert_eq!(proposal.json["seats_filled"], 1);
    let sent = office.send_proposal(&proposal.id()).await.expect(200);
    let offers = sent.json["offers"].as_array().unwrap();
    assert_eq!(offers.len(), 3, "three for one seat, never more");
    let letter = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert!(letter.text.contains("whoever says yes first has it"), "{}", letter.text);

    let of = |at: usize| {
        let id = offers[at]["volunteer_id"].as_str().unwrap();
        people.iter().find(|who| who.id == id).unwrap()
    };
    let offer = |at: usize| offers[at]["id"].as_str().unwrap();
    of(1).accept(offer(1)).await.expect(200);
    assert_eq!(open_offers(world, &need.id()).await, Vec::<Value>::new(), "the others are told");
    let late = of(0).accept(offer(0)).await;
    assert!([409].contains(&late.status), "{}", late.json);
    let seats = office.all(&format!("/v1/campus-requests/{}/offers?state=superseded", need.id())).await;
    assert_eq!(seats.len(), 2);
}

async fn refusals_make_the_next_wave_larger(world: &World) {
    for number in 0..12 {
        world.volunteer(&format!("Volunteer {number}")).await;
    }
    // Two weeks: four rounds, so one is asked for one seat; those who do not answer make the next wave larger.
    let need = world.approved_need(&soon("2027-01-25T12:00", "2027-01-25T14:00", 1)).await;
    let office = world.coordinator();
    let proposal = office.propose(world.campus_id()).await.expect(201);
    office.send_proposal(&proposal.id()).await.expect(200);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let open = open_offers(world, &need.id()).await;
        sizes.push(open.len());
        // All let the time pass.
        world.advance_minutes(73 * 60);
        world.tick().await;
    }
    assert_eq!(sizes, [1, 2, 3], "one, and then more as time and hope get less");
}

async fn nobody_is_written_to_at_night(world: &World) {
    let ada = world.volunteer("Ada").await;
    let zone = json!({ "time_zone": "Europe/Berlin" });
    let ben = world.volunteer_with("Ben", &zone).await;
    world.tick().await;
    // Two in the morning in York, eight in Berlin.
    world.set_clock("2027-01-12T07:00:00Z");
    let two = json!({ "roles": [{ "name": "Speaker", "min": 2, "max": 2 }] });
    let need = world.approved_need(&two).await;
    let office = world.coordinator();
    let proposal = office.propose(world.campus_id()).await.expect(201);
    let sent = office.send_proposal(&proposal.id()).await.expect(200);
    assert_eq!(written_to(world).await, ["Ben"]);
    // Ada sees it if she looks; the letter comes in the morning, and the time to answer runs from then.
    let deadline = |who: &str| {
        let offers = sent.json["offers"].as_array().unwrap();
        offers.iter().find(|offer| offer["volunteer_id"] == who).unwrap()["deadline"].clone()
    };
    assert_eq!(deadline(&ada.id), "2027-01-15T13:00:00Z");
    assert_eq!(deadline(&ben.id), "2027-01-15T07:00:00Z");
    world.set_clock("2027-01-12T12:59:59Z");
    assert_eq!(written_to(world).await, ["Ben"]);
    world.set_clock("2027-01-12T13:00:00Z");
    assert_eq!(written_to(world).await, ["Ben", "Ada"]);

    // An answer of 72 hours that is asked for at nine in the evening in Berlin would be due in the night.
    let cleo = world.volunteer_with("Cleo", &zone).await;
    office.patch(&format!("/v1/campuses/{}", world.campus_id()), "*", json!({ "offer_hours": 12 })).await.expect(200);
    let third = world
        .approved_need(&json!({ "roles": [{ "name": "Host", "min": 1, "max": 1 }],
        "starts_local": "2027-03-01T12:00", "ends_local": "2027-03-01T14:00" }))
        .await;
    let offer = office
        .post(
            &format!("/v1/campus-requests/{}/offers", third.id()),
            json!({ "volunteer_id": cleo.id, "role_id": first_role(&third) }),
        )
        .await
        .expect(201);
    // Two in the afternoon and twelve hours are two in the morning: ten is early enough.
    assert_eq!(offer.json["deadline"], "2027-01-13T09:00:00Z");
    drop(need);
}

async fn who_was_asked_enough_is_left_alone(world: &World) {
    let ada = world.volunteer("Ada").await;
    let office = world.coordinator();
    let mut sent = Vec::new();
    for day in 1..=6 {
        let at = |hour: u32| format!("2027-03-{day:02}T{hour}:00");
        world.approved_need(&soon(&at(12), &at(14), 1)).await;
    }
    let proposal = office.propose(world.campus_id()).await.expect(201);
    assert_eq!(proposal.json["seats_filled"], 6);
    sent.push(office.send_proposal(&proposal.id()).await.expect(200).json);
    let skipped = sent[0]["skipped"].as_array().unwrap();
    assert_eq!((sent[0]["offers"].as_array().unwrap().len(), skipped.len()), (5, 1), "five times in a week");
    assert_eq!((&skipped[0]["volunteer_id"], &skipped[0]["code"]), (&json!(ada.id), &json!("not_eligible")));
    assert_eq!(skipped[0]["detail"], "Was asked 5 times in the last seven days.");
    // A week later there is another time; and the office may always ask by hand.
    world.advance_minutes(7 * 24 * 60 + 1);
    world.tick().await;
    let proposal = office.propose(world.campus_id()).await.expect(201);
    let again = office.send_proposal(&proposal.id()).await.expect(200).json;
    assert_eq!((again["offers"].as_array().unwrap().len(), &again["skipped"]), (1, &json!([])));
}
