//! Many want the same seat over HTTP, with everything that belongs to a seat: rights, rules, letters, calendars. The
//! lanes beneath have their own races in `races`.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World: one_offer_is_accepted_once, the_last_seat_has_one_holder, nobody_is_in_two_places, one_offer_for_one_person);

/// How many were answered with each status.
fn tally(answers: &[Response]) -> BTreeMap<u16, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
    tally
}

async fn one_offer_is_accepted_once(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({})).await;
    let offer = world.offer(&need, &ada).await.id();
    let answers = join_all((0..64).map(|_| ada.accept(&offer))).await;
    assert_eq!(tally(&answers), BTreeMap::from([(200, 1), (409, 63)]));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "offer_not_open");
    }
    let path = format!("/v1/campus-requests/{}/assignments", need.id());
    assert_eq!(world.coordinator().all(&path).await.len(), 1);
    let invites = world.letters_to("ada@example.edu").await;
    assert_eq!(invites.iter().filter(|letter| letter.calendar.is_some()).count(), 1, "one confirmation, one invite");
}

async fn the_last_seat_has_one_holder(world: &World) {
    let roles = json!({ "roles": [{ "name": "Interviewer", "min": 1, "max": 1 }] });
    let need = world.approved_need(&roles).await;
    let mut crowd = Vec::new();
    for number in 0..16 {
        crowd.push(world.volunteer(&format!("Volunteer {number}")).await);
    }
    // One holds an offer for the seat while the office gives it to all the others by hand.
    let offer = world.offer(&need, &crowd[0]).await.id();
    let path = format!("/v1/campus-requests/{}/assignments", need.id());
    let by_hand = crowd[1..].iter().map(|one| {
        let body = json!({ "volunteer_id": one.id, "role_id": first_role(&need) });
        world.coordinator().post(&path, body)
    });
    let (accepted, by_hand) = tokio::join!(crowd[0].accept(&offer), join_all(by_hand));
    let winners = by_hand.iter().filter(|answer| answer.status == 201).count() + usize::from(accepted.status == 200);
    assert_eq!(winners, 1, "{:?} and {}", tally(&by_hand), accepted.status);
    assert!(by_hand.iter().all(|answer| [201, 409].contains(&answer.status)), "{:?}", tally(&by_hand));
    let seated = world.coordinator().all(&path).await;
    assert_eq!(seated.iter().filter(|one| one["state"] == "confirmed").count(), 1);
}

async fn nobody_is_in_two_places(world: &World) {
    let ada = world.volunteer("Ada").await;
    let mut seats = Vec::new();
    for number in 0..8 {
        // Each begins half an hour after the one before and they last two hours, so at most two fit one after the other.
        let clock = |minutes: i32| format!("2027-02-25T{:02}:{:02}", minutes / 60, minutes % 60);
        let (from, until) = (clock(12 * 60 + number * 30), clock(14 * 60 + number * 30));
        let need = world.approved_need(&json!({ "starts_local": from, "ends_local": until })).await;
        let body = json!({ "volunteer_id": ada.id, "role_id": first_role(&need) });
        seats.push((format!("/v1/campus-requests/{}/assignments", need.id()), body));
    }
    let answers = join_all(seats.iter().map(|(path, body)| world.coordinator().post(path, body.clone()))).await;
    let mine = ada.all(&format!("/v1/volunteers/{}/assignments", ada.id)).await;
    let time = |one: &Value, member: &str| one[member].as_str().unwrap().to_owned();
    let mut windows: Vec<_> = mine.iter().map(|one| (time(one, "starts_at"), time(one, "ends_at"))).collect();
    windows.sort();
    assert!(windows.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{windows:?}");
    let taken = windows.len();
    assert!(taken >= 1);
    assert_eq!(tally(&answers), BTreeMap::from([(201, taken), (409, 8 - taken)]));
}

async fn one_offer_for_one_person(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({})).await;
    let path = format!("/v1/campus-requests/{}/offers", need.id());
    let body = json!({ "volunteer_id": ada.id, "role_id": first_role(&need) });
    let answers = join_all((0..16).map(|_| world.coordinator().post(&path, body.clone()))).await;
    assert_eq!(tally(&answers), BTreeMap::from([(201, 1), (409, 15)]));
    assert_eq!(world.coordinator().all(&path).await.len(), 1);
    let letters = world.letters_to("ada@example.edu").await;
    assert_eq!(letters.iter().filter(|letter| letter.text.contains("/o/")).count(), 1, "and one letter");
}
