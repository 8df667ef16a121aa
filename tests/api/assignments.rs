//! Assignments: the office's own word, seats given back, people taken off, and the last seat that many want.

use diesel::prelude::*;
use futures_util::future::join_all;
use rostrum::domain::letter::LetterKind;
use rostrum::store::schema::campus_request_roles;
use serde_json::{Value, json};

use crate::staffing::kinds_to;
use crate::support::arrange::first_role;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::{Volunteer, World};

on_both!(
    World: the_office_gives_a_seat_by_its_own_word,
    an_override_sets_rules_aside_but_makes_no_seat,
    a_seat_that_comes_free_is_passed_on,
    sixty_four_want_the_last_seat,
    sixty_four_take_sixty_four_seats,
);

fn one_seat() -> Value {
    json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 1 }] })
}

async fn assign(world: &World, need: &Response, volunteer: &Volunteer, reason: Option<&str>) -> Response {
    let mut body = json!({ "volunteer_id": volunteer.id, "role_id": first_role(need) });
    if let Some(reason) = reason {
        body["override_reason"] = json!(reason);
    }
    world.coordinator().post(&format!("/v1/campus-requests/{}/assignments", need.id()), body).await
}

async fn the_office_gives_a_seat_by_its_own_word(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let need = world.approved_need(&one_seat()).await;
    let held = world.offer(&need, &ben).await;
    let assigned = assign(world, &need, &ada, None).await.expect(201);
    assert_eq!(assigned.json["state"], "confirmed");
    assert_eq!(assigned.json["event_id"], need.json["event_id"]);
    assert_eq!(assigned.header("Location"), Some(format!("/v1/assignments/{}", assigned.id()).as_str()));

    // Ada hears of it as those who accept do; Ben is told that he is not needed.
    let letter = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::Confirmation);
    assert!(letter.calendar.unwrap().bytes.contains("METHOD:REQUEST"));
    assert_eq!(ben.get(&format!("/v1/offers/{}", held.id())).await.json["state"], "superseded");
    assert_eq!(kinds_to(world, "ben@example.edu").await.last(), Some(&LetterKind::OfferClosed));
    let need = world.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!(need.json["state"], "fulfilled");

    let path = format!("/v1/assignments/{}", assigned.id());
    for reader in [world.coordinator(), world.requester(), &ada.client] {
        assert_eq!(reader.get(&path).await.expect(200).json, assigned.json);
    }
    let _ = ben.get(&path).await.refused(404, "not_found");
    let list = format!("/v1/campus-requests/{}/assignments", need.id());
    assert_eq!(world.requester().all(&list).await, std::slice::from_ref(&assigned.json));
    assert_eq!(world.coordinator().all(&format!("{list}?state=removed")).await, Vec::<Value>::new());
    let _ = ben.get(&list).await.refused(404, "not_found");
    let elsewhere = world.another_campus("Elsewhere").await;
    let _ = elsewhere.coordinator.get(&path).await.refused(404, "not_found");
    assert_eq!(ada.all(&format!("/v1/volunteers/{}/assignments", ada.id)).await, [assigned.json]);
}

async fn an_override_sets_rules_aside_but_makes_no_seat(world: &World) {
    let two = json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 2 }] });
    let (first, second) = (world.approved_need(&two).await, world.approved_need(&one_seat()).await);
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let applicant = world.applicant_with("Applicant", &json!({})).await;
    let _ = assign(world, &first, &ada, None).await.expect(201);
    let _ = assign(world, &first, &ada, Some("She insists.")).await.refused(409, "already_assigned");
    let refused = assign(world, &second, &ada, None).await.refused(409, "overlap");
    assert_eq!(refused.json["refusals"][0]["rule"], "clash");
    let _ = assign(world, &second, &applicant, Some("He is known.")).await.refused(409, "not_approved");
    let by_word = assign(world, &second, &ada, Some("She opens both.")).await.expect(201);
    assert_eq!(by_word.json["override_reason"], "She opens both.");
    let _ = assign(world, &second, &ben, Some("He too.")).await.refused(409, "wrong_state");

    // Who is being asked already is answered for by the office; one confirmation, no other letter.
    let offer = world.offer(&first, &ben).await;
    let _ = assign(world, &first, &ben, None).await.refused(409, "already_offered");
    let _ = assign(world, &first, &ben, Some("He said yes on the telephone.")).await.expect(201);
    assert_eq!(ben.get(&format!("/v1/offers/{}", offer.id())).await.json["state"], "superseded");
    assert_eq!(kinds_to(world, "ben@example.edu").await.last(), Some(&LetterKind::Confirmation));

    // No seat is made where none is left, even before the need is known to be fulfilled.
    let third = world
        .approved_need(&json!({ "roles": [
        { "name": "Speaker", "min": 0, "max": 1 }, { "name": "Host", "min": 0, "max": 1 }
    ], "starts_local": "2027-03-25T12:00", "ends_local": "2027-03-25T14:00" }))
        .await;
    let _ = assign(world, &third, &ada, None).await.expect(201);
    let _ = assign(world, &third, &ben, Some("One more.")).await.refused(409, "seats_full");
    world.set_clock("2027-03-25T16:00:00Z");
    let _ = assign(world, &third, &ben, Some("Late.")).await.refused(409, "has_begun");
}

async fn a_seat_that_comes_free_is_passed_on(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let need = world.approved_need(&one_seat()).await;
    let seat = world.assignment(&need, &ada).await;
    let path = format!("/v1/assignments/{}", seat["id"].as_str().unwrap());
    let _ =
        world.coordinator().post(&format!("{path}/release"), json!({ "reason": "x" })).await.refused(404, "not_found");
    let _ = ada.post(&format!("{path}/remove"), json!({ "reason": "x" })).await.refused(404, "not_found");
    let _ = world.requester().post(&format!("{path}/remove"), json!({ "reason": "x" })).await.refused(403, "forbidden");

    let released = ada.release(seat["id"].as_str().unwrap(), "I am ill.").await.expect(200);
    assert_eq!((&released.json["state"], &released.json["state_reason"]), (&json!("released"), &json!("I am ill.")));
    let cancel = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert_eq!(cancel.kind, LetterKind::Cancellation);
    let calendar = cancel.calendar.unwrap().bytes.replace("\r\n ", "");
    let uid = seat["calendar_uid"].as_str().unwrap();
    assert!(calendar.contains("METHOD:CANCEL") && calendar.contains(&format!("UID:{uid}")), "{calendar}");
    assert!(calendar.contains("SEQUENCE:1"), "{calendar}");
    let _ = ada.release(seat["id"].as_str().unwrap(), "Again.").await.refused(409, "wrong_state");

    // The need is open again and Ben is asked at once; Ada is not asked again.
    let open = world.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&open.json["state"], &open.json["roles"][0]["offered"]), (&json!("approved"), &json!(1)));
    let offers = ben.all(&format!("/v1/volunteers/{}/offers?state=sent", ben.id)).await;
    assert_eq!((offers.len(), &offers[0]["wave"]), (1, &json!(2)));
    let seat = ben.accept(offers[0]["id"].as_str().unwrap()).await.expect(200).json["assignment"].clone();

    // Ben is taken off: a cancel to him alone, and nobody is left.
    let before = world.letters_to("ada@example.edu").await.len();
    let remove = format!("/v1/assignments/{}/remove", seat["id"].as_str().unwrap());
    let removed = world.coordinator().post(&remove, json!({ "reason": "Double booked." })).await.expect(200);
    assert_eq!((&removed.json["state"], &removed.json["calendar_sequence"]), (&json!("removed"), &json!(1)));
    let cancel = world.letters_to("ben@example.edu").await.pop().unwrap();
    assert_eq!(cancel.kind, LetterKind::Cancellation);
    assert!(cancel.text.contains("Double booked."), "{}", cancel.text);
    assert_eq!(world.letters_to("ada@example.edu").await.len(), before);
    let items = world.coordinator().all(&format!("/v1/campuses/{}/attention", world.campus_id())).await;
    assert_eq!(items.iter().map(|item| &item["kind"]).collect::<Vec<_>>(), [&json!("need_out_of_candidates")]);
}

async fn sixty_four_want_the_last_seat(world: &World) {
    let need = world.approved_need(&json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 64 }] })).await;
    let crowd =
        join_all((0..64).map(|number| async move { world.volunteer(&format!("Volunteer {number}")).await })).await;
    let offers = join_all(crowd.iter().map(|one| world.offer(&need, one))).await;
    // The hall turns out to be smaller: no door does this yet, and the seats must hold all the same.
    let need_id: rostrum::domain::ids::CampusRequestId = need.id().parse().unwrap();
    let shrink = move |tx: &mut rostrum::service::app::Tx<'_>| {
        diesel::update(campus_request_roles::table.filter(campus_request_roles::campus_request_id.eq(need_id)))
            .set(campus_request_roles::max_seats.eq(1))
            .execute(tx.conn)?;
        Ok(())
    };
    world.app.write(shrink).await.unwrap();

    let answers = join_all(crowd.iter().zip(&offers).map(|(one, offer)| {
        let id = offer.id();
        async move { one.accept(&id).await }
    }))
    .await;
    let winners = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(winners, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        let code = answer.json["code"].as_str().unwrap().to_owned();
        assert!(["offer_taken_elsewhere", "offer_not_open"].contains(&code.as_str()), "{code}");
        assert_eq!((answer.status, &answer.json["alternatives"]), (409, &json!([])));
    }
    let seated = world.coordinator().all(&format!("/v1/campus-requests/{}/assignments", need.id())).await;
    assert_eq!(seated.len(), 1);
    let letters = world.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.kind == LetterKind::Confirmation).count(), 1);
    let need = world.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&need.json["state"], &need.json["roles"][0]["offered"]), (&json!("fulfilled"), &json!(0)));
}

async fn sixty_four_take_sixty_four_seats(world: &World) {
    let need = world.approved_need(&json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 64 }] })).await;
    let crowd =
        join_all((0..64).map(|number| async move { world.volunteer(&format!("Volunteer {number}")).await })).await;
    let offers = join_all(crowd.iter().map(|one| world.offer(&need, one))).await;
    let answers = join_all(crowd.iter().zip(&offers).map(|(one, offer)| {
        let id = offer.id();
        async move { one.accept(&id).await }
    }))
    .await;
    for answer in answers {
        assert_eq!(answer.expect(200).json["offer"]["state"], "accepted");
    }
    let need = world.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&need.json["state"], &need.json["roles"][0]["filled"]), (&json!("fulfilled"), &json!(64)));
}
