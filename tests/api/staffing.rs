//! A need is staffed: candidates ranked with reasons, a proposal sent, seats passed on until they are filled or nobody is
//! left to ask.

use rostrum::domain::letter::LetterKind;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(
    World: candidates_are_ranked_with_reasons,
    seats_are_passed_on_until_nobody_is_left,
    a_plan_asks_nobody_for_two_things_at_once,
    what_changed_before_sending_is_skipped_with_its_reason,
    a_need_that_is_called_off_lets_everybody_go,
);

/// Two seats, both needed.
fn two_seats() -> Value {
    json!({ "roles": [{ "name": "Interviewer", "min": 2, "max": 2 }] })
}

/// The kinds of letters somebody got, oldest first.
pub async fn kinds_to(world: &World, email: &str) -> Vec<LetterKind> {
    world.letters_to(email).await.iter().map(|letter| letter.kind).collect()
}

async fn offers_of(world: &World, need: &str, state: &str) -> Vec<Value> {
    world.coordinator().all(&format!("/v1/campus-requests/{need}/offers?state={state}")).await
}

async fn candidates_are_ranked_with_reasons(world: &World) {
    let near = world.volunteer("Near").await;
    let far = json!({ "in_person": { "home": { "lat": 40.3, "lon": -76.71 }, "travel_km": 60 }, "credentials": [] });
    let far = world.volunteer_with("Far", &far).await;
    let silent = world.volunteer_with("Silent", &json!({ "kinds": ["podcast"], "languages": ["es"] })).await;
    let applicant = world.applicant_with("Applicant", &json!({})).await;
    let skills = json!({ "required_skills": [{ "name": "interviewing", "level": "practised" }] });
    let need = world.approved_need(&skills).await;
    let path = format!("/v1/campus-requests/{}/candidates", need.id());

    let all = world.coordinator().all(&path).await;
    let ids: Vec<_> = all.iter().map(|one| one["volunteer_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [&near.id, &far.id, &silent.id, &applicant.id], "the eligible first, the best score first");
    let total = |at: usize| all[at]["score"]["total"].as_i64().unwrap();
    assert!(total(0) > total(1), "{all:?}");
    let parts = all[0]["score"]["parts"].as_array().unwrap();
    assert_eq!(parts.iter().map(|part| part["points"].as_i64().unwrap()).sum::<i64>(), total(0));
    assert_eq!(all[0]["refusals"], json!([]));
    let rules = |at: usize| -> Vec<&str> {
        all[at]["refusals"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect()
    };
    assert_eq!(rules(2), ["kind_not_accepted", "language_missing"]);
    assert_eq!(rules(3), ["not_approved_here"]);
    assert_eq!(all[3]["score"], Value::Null);

    let eligible = world.coordinator().all(&format!("{path}?eligible=true&limit=1")).await;
    assert_eq!(eligible, all[..2], "page by page it is the same list");
    assert_eq!(world.coordinator().all(&format!("{path}?eligible=false&limit=1")).await, all[2..]);
    let _ = world.requester().get(&path).await.refused(403, "forbidden");
    let _ = near.get(&path).await.refused(404, "not_found");
}

async fn seats_are_passed_on_until_nobody_is_left(world: &World) {
    let ada = world.volunteer("Ada").await;
    let ben = world.volunteer_with("Ben", &json!({ "credentials": [] })).await;
    let cleo = world
        .volunteer_with(
            "Cleo",
            &json!({ "credentials": [], "skills": [], "in_person": {
        "home": { "lat": 40.1, "lon": -76.71 }, "travel_km": 60
    } }),
        )
        .await;
    let need = world.approved_need(&two_seats()).await;
    let office = world.coordinator();

    let proposal = office.propose(world.campus_id()).await.expect(201);
    assert_eq!((&proposal.json["state"], &proposal.json["seats_filled"]), (&json!("draft"), &json!(2)));
    assert_eq!(proposal.json["open_seats"], json!([]));
    assert!(proposal.json["value"].as_f64().unwrap() <= proposal.json["bound"].as_f64().unwrap());
    assert!(world.letters_to("ada@example.edu").await.iter().all(|letter| letter.kind != LetterKind::Offer));
    let sent = office.send_proposal(&proposal.id()).await.expect(200);
    assert_eq!(sent.json["proposal"]["state"], "sent");
    assert_eq!(sent.json["skipped"], json!([]));
    let asked: Vec<_> = sent.json["offers"].as_array().unwrap().iter().map(|one| &one["volunteer_id"]).collect();
    assert_eq!(asked, [&json!(ada.id), &json!(ben.id)], "the two who fit best");
    let _ = office.send_proposal(&proposal.id()).await.refused(409, "wrong_state");
    let offer = |at: usize| sent.json["offers"][at]["id"].as_str().unwrap().to_owned();

    let accepted = ada.accept(&offer(0)).await.expect(200);
    assert_eq!(accepted.json["offer"]["state"], "accepted");
    assert_eq!(accepted.json["assignment"]["state"], "confirmed");
    let uid = accepted.json["assignment"]["calendar_uid"].as_str().unwrap().to_owned();
    let confirmation = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert_eq!(confirmation.kind, LetterKind::Confirmation);
    let invite = confirmation.calendar.unwrap().bytes.replace("\r\n ", "");
    assert!(invite.contains("METHOD:REQUEST") && invite.contains(&format!("UID:{uid}")), "{invite}");

    // Ben says no: in the same moment Cleo is asked, in the second wave.
    let declined = ben.decline(&offer(1), "I am away that week.").await.expect(200);
    assert_eq!(declined.json["decline_reason"], "I am away that week.");
    let next = offers_of(world, &need.id(), "sent").await;
    assert_eq!(next.len(), 1);
    assert_eq!((&next[0]["volunteer_id"], &next[0]["wave"]), (&json!(cleo.id), &json!(2)));
    assert_eq!(kinds_to(world, "cleo@example.edu").await.last(), Some(&LetterKind::Offer));
    let attention = format!("/v1/campuses/{}/attention", world.campus_id());
    assert_eq!(office.all(&attention).await, Vec::<Value>::new(), "it goes on by itself");

    // Cleo does not answer in time, and nobody is left.
    world.advance_minutes(73 * 60);
    assert_eq!(offers_of(world, &need.id(), "sent").await, Vec::<Value>::new(), "before anybody has marked it");
    assert_eq!(offers_of(world, &need.id(), "expired").await.len(), 1);
    assert_eq!(kinds_to(world, "cleo@example.edu").await.last(), Some(&LetterKind::OfferClosed));
    let items = office.all(&attention).await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0]["kind"], "need_out_of_candidates");
    assert_eq!(items[0]["subject"], json!({ "type": "campus_request", "id": need.id() }));

    // Somebody new is asked by hand, says yes, and nothing waits any more.
    let dora = world.volunteer("Dora").await;
    let offer = world.offer(&need, &dora).await;
    assert_eq!(office.all(&attention).await, Vec::<Value>::new(), "every seat is taken or held");
    let _ = dora.accept(&offer.id()).await.expect(200);
    let full = office.get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&full.json["state"], &full.json["fill"]), (&json!("fulfilled"), &json!("filled")));
}

async fn a_plan_asks_nobody_for_two_things_at_once(world: &World) {
    let ada = world.volunteer("Ada").await;
    let one_seat = json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 1 }] });
    let first = world.approved_need(&one_seat).await;
    let second = world.approved_need(&one_seat).await;
    let office = world.coordinator();
    let proposal = office.propose(world.campus_id()).await.expect(201);
    assert_eq!((&proposal.json["seats_wanted"], &proposal.json["seats_filled"]), (&json!(2), &json!(1)));
    assert_eq!(proposal.json["open_seats"].as_array().unwrap().len(), 1);
    let sent = office.send_proposal(&proposal.id()).await.expect(200);
    assert_eq!(sent.json["offers"].as_array().unwrap().len(), 1);

    // The other need has nobody, and says so; a plan of it alone finds nobody either while Ada is being asked.
    let taken = sent.json["offers"][0]["campus_request_id"].as_str().unwrap();
    let other = if taken == first.id() { second.id() } else { first.id() };
    let items = office.all(&format!("/v1/campuses/{}/attention", world.campus_id())).await;
    assert_eq!(items.iter().map(|item| &item["subject"]["id"]).collect::<Vec<_>>(), [&json!(other)]);
    let only = json!({ "campus_request_ids": [other] });
    let path = format!("/v1/campuses/{}/proposals", world.campus_id());
    let again = office.post(&path, only.clone()).await.expect(201);
    assert_eq!(again.json["seats_filled"], 0);

    // A need that is not ours, twice the same, or in no state to be planned.
    let elsewhere = world.another_campus("Elsewhere").await;
    let _ = elsewhere.coordinator.post(&path, json!({})).await.refused(404, "not_found");
    let foreign = format!("/v1/campuses/{}/proposals", elsewhere.id);
    let _ = elsewhere
        .coordinator
        .post(&foreign, only)
        .await
        .refused(422, "invalid_fields")
        .points_at("/campus_request_ids/0", "unknown_reference");
    let twice = json!({ "campus_request_ids": [other, other] });
    let _ = office.post(&path, twice).await.points_at("/campus_request_ids/1", "repeated");
    let draft = world.draft(&json!({})).await;
    let _ = office.post(&path, json!({ "campus_request_ids": [draft.id()] })).await.refused(409, "wrong_state");

    // The same key answers the same plan, even when it could not be made any more.
    let body = json!({ "campus_request_ids": [other] });
    let made = office.request("POST", &path).json(&body).key("plan").send().await.expect(201);
    let cancel = Some(json!({ "reason": "The speaker's room is closed." }));
    let _ = office.need_does(&other, "cancel", cancel).await.expect(200);
    let replayed = office.request("POST", &path).json(&body).key("plan").send().await.expect(201);
    assert_eq!((&replayed.json, replayed.header("Idempotent-Replayed")), (&made.json, Some("true")));
    let _ = office.request("POST", &path).json(&body).key("another").send().await.refused(409, "wrong_state");
    drop(ada);
}

async fn what_changed_before_sending_is_skipped_with_its_reason(world: &World) {
    let ada = world.volunteer("Ada").await;
    let ben = world.volunteer("Ben").await;
    let need = world.approved_need(&two_seats()).await;
    let office = world.coordinator();
    let proposal = office.propose(world.campus_id()).await.expect(201);
    let pause = format!("/v1/campuses/{}/volunteers/{}/pause", world.campus_id(), ben.id);
    let _ = office.post(&pause, json!({ "reason": "On leave." })).await.expect(200);

    let late = json!({ "deadline": "2027-02-25T17:00:01Z" });
    let address = format!("/v1/proposals/{}/send", proposal.id());
    let _ = office.post(&address, late).await.refused(422, "invalid_fields").points_at("/deadline", "after_start");
    let past = json!({ "deadline": "2027-01-11T15:00:00Z" });
    let _ = office.post(&address, past).await.points_at("/deadline", "in_the_past");
    let sent = office.post(&address, json!({ "deadline": "2027-01-20T12:00:00-05:00" })).await.expect(200);
    let offers = sent.json["offers"].as_array().unwrap();
    assert_eq!(offers.len(), 1);
    assert_eq!((&offers[0]["volunteer_id"], &offers[0]["deadline"]), (&json!(ada.id), &json!("2027-01-20T17:00:00Z")));
    let skipped = &sent.json["skipped"][0];
    assert_eq!((&skipped["volunteer_id"], &skipped["code"]), (&json!(ben.id), &json!("not_approved")));
    assert!(skipped["detail"].as_str().unwrap().contains("paused"), "{skipped}");
    let seen = office.get(&format!("/v1/proposals/{}", proposal.id())).await.expect(200);
    assert_eq!((&seen.json["state"], &seen.json["seats"]), (&json!("sent"), &proposal.json["seats"]));
    let need = office.get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
    assert_eq!((&need.json["roles"][0]["filled"], &need.json["roles"][0]["offered"]), (&json!(0), &json!(1)));
    let _ = ben.get(&format!("/v1/proposals/{}", proposal.id())).await.refused(404, "not_found");
}

async fn a_need_that_is_called_off_lets_everybody_go(world: &World) {
    let ada = world.volunteer("Ada").await;
    let ben = world.volunteer("Ben").await;
    let need = world.approved_need(&two_seats()).await;
    let seat = world.assignment(&need, &ada).await;
    let offer = world.offer(&need, &ben).await;
    let reason = Some(json!({ "reason": "Snow." }));
    let _ = world.coordinator().need_does(&need.id(), "cancel", reason).await.expect(200);

    let gone = ada.get(&format!("/v1/assignments/{}", seat["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&gone.json["state"], &gone.json["calendar_sequence"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(gone.json["state_reason"], "Snow.");
    let cancel = world.letters_to("ada@example.edu").await.pop().unwrap();
    let calendar = cancel.calendar.unwrap().bytes.replace("\r\n ", "");
    assert!(calendar.contains("METHOD:CANCEL") && calendar.contains("SEQUENCE:1"), "{calendar}");
    let closed = ben.get(&format!("/v1/offers/{}", offer.id())).await.expect(200);
    assert_eq!(closed.json["state"], "superseded");
    assert_eq!(kinds_to(world, "ben@example.edu").await.last(), Some(&LetterKind::OfferClosed));
    let _ = ben.accept(&offer.id()).await.refused(409, "offer_not_open");

    // A need that is closed asks nobody else, and those who have a seat keep it.
    let need = world.approved_need(&two_seats()).await;
    let kept = world.assignment(&need, &ada).await;
    let offer = world.offer(&need, &ben).await;
    let _ = world.coordinator().need_does(&need.id(), "close", None).await.expect(200);
    let kept = ada.get(&format!("/v1/assignments/{}", kept["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(kept.json["state"], "confirmed");
    assert_eq!(ben.get(&format!("/v1/offers/{}", offer.id())).await.json["state"], "superseded");
    let body = json!({ "volunteer_id": ben.id, "role_id": first_role(&need) });
    let path = format!("/v1/campus-requests/{}/offers", need.id());
    let _ = world.coordinator().post(&path, body).await.refused(409, "wrong_state");
}
