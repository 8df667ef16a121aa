//! Offers: who may be asked, how they answer, by the API and by the page behind the link.

use rostrum::domain::letter::{Letter, LetterKind};
use serde_json::{Value, json};

use crate::staffing::kinds_to;
use crate::support::arrange::first_role;
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(
    World: the_link_shows_and_the_button_acts,
    a_page_says_why_not,
    an_offer_is_refused_with_the_rule_in_the_way,
    accepting_is_refused_with_other_things_to_do,
    an_offer_is_the_offices_to_take_back,
);

/// The path of the link in an offer's letter.
fn link(letter: &Letter) -> String {
    assert_eq!(letter.kind, LetterKind::Offer);
    let at = letter.text.find("/o/").expect("the letter has a link");
    letter.text[at..].split_whitespace().next().unwrap().to_owned()
}

async fn link_to(world: &World, email: &str) -> String {
    let letters = world.letters_to(email).await;
    link(letters.iter().rev().find(|letter| letter.kind == LetterKind::Offer).unwrap())
}

async fn the_link_shows_and_the_button_acts(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({})).await;
    let offer = world.offer(&need, &ada).await;
    let page = link_to(world, "ada@example.edu").await;
    let anybody = world.nobody();

    for _ in 0..3 {
        let shown = anybody.get(&page).await.expect(200);
        assert!(shown.text().contains("Yes, I will come"), "{}", shown.text());
        assert!(shown.header("Content-Security-Policy").is_some());
    }
    assert_eq!(ada.get(&format!("/v1/offers/{}", offer.id())).await.json["state"], "sent", "looking changes nothing");

    let yes = [("answer", "accept")];
    let accepted = anybody.request("POST", &page).form(&yes).send().await.expect(200);
    assert!(accepted.text().contains("you are expected"), "{}", accepted.text());
    let again = anybody.request("POST", &page).form(&yes).send().await.expect(200);
    assert!(again.text().contains("you are expected"), "a second click shows what is");
    assert!(anybody.get(&page).await.expect(200).text().contains("you are expected"));
    let late =
        anybody.request("POST", &page).form(&[("answer", "decline"), ("reason", "No.")]).send().await.expect(409);
    assert!(late.text().contains("accepted"), "{}", late.text());
    let mine = ada.all(&format!("/v1/volunteers/{}/assignments", ada.id)).await;
    assert_eq!(mine.len(), 1);
    assert_eq!(
        kinds_to(world, "ada@example.edu").await.iter().filter(|kind| **kind == LetterKind::Confirmation).count(),
        1
    );

    let unknown = format!("/o/{}", "A".repeat(43));
    assert_eq!(anybody.get(&unknown).await.status, 404);
    assert_eq!(anybody.request("POST", &unknown).form(&yes).send().await.status, 404);
}

async fn a_page_says_why_not(world: &World) {
    let ada = world.volunteer("Ada").await;
    let ben = world.volunteer("Ben").await;
    let need = world.approved_need(&json!({})).await;
    let _ = world.offer(&need, &ada).await;
    let page = link_to(world, "ada@example.edu").await;
    let anybody = world.nobody();
    let send = |fields: &'static [(&'static str, &'static str)]| anybody.request("POST", &page).form(fields).send();

    let wrong = send(&[("answer", "perhaps"), ("reason", "Let me <think>.")]).await.expect(422);
    assert!(wrong.text().contains("choose") && wrong.text().contains("&lt;think&gt;"), "{}", wrong.text());
    let _ = send(&[("answer", "decline"), ("reason", "a\u{7}b")]).await.expect(422);
    let declined = send(&[("answer", "decline"), ("reason", "")]).await.expect(200);
    assert!(declined.text().contains("You have said no"), "{}", declined.text());
    assert!(send(&[("answer", "decline"), ("reason", "")]).await.expect(200).text().contains("You have said no"));
    let refused = send(&[("answer", "accept")]).await.expect(409);
    assert!(refused.text().contains("You have declined this offer"), "{}", refused.text());
    // The seat went on to Ben, whose time runs out.
    let page = link_to(world, "ben@example.edu").await;
    world.advance_minutes(72 * 60);
    assert!(anybody.get(&page).await.expect(200).text().contains("The time to answer is over"));
    let late = anybody.request("POST", &page).form(&[("answer", "accept")]).send().await.expect(409);
    assert!(late.text().contains("over"), "{}", late.text());
    drop(ben);
}

async fn an_offer_is_refused_with_the_rule_in_the_way(world: &World) {
    let office = world.coordinator();
    let one_seat = json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 1 }] });
    let need = world.approved_need(&one_seat).await;
    let path = format!("/v1/campus-requests/{}/offers", need.id());
    let role = first_role(&need);
    let body = |volunteer: &str| json!({ "volunteer_id": volunteer, "role_id": role });
    let ada = world.volunteer("Ada").await;
    let podcaster = world.volunteer_with("Podcaster", &json!({ "kinds": ["podcast"] })).await;
    let applicant = world.applicant_with("Applicant", &json!({})).await;
    let stranger = world.person("Stranger").await;

    let refused = office.post(&path, body(&podcaster.id)).await.refused(409, "not_eligible");
    assert_eq!(refused.json["refusals"][0]["rule"], "kind_not_accepted");
    let _ = office.post(&path, body(&applicant.id)).await.refused(409, "not_approved");
    let unknown = "01900000-0000-7000-8000-000000000000";
    let _ = office
        .post(&path, body(unknown))
        .await
        .refused(422, "invalid_fields")
        .points_at("/volunteer_id", "unknown_reference");
    let _ = office.post(&path, body("ada")).await.points_at("/volunteer_id", "invalid_format");
    let other_role = json!({ "volunteer_id": ada.id, "role_id": unknown });
    let _ = office.post(&path, other_role).await.points_at("/role_id", "unknown_reference");
    for (deadline, code) in [
        ("2027-01-11T15:00:00Z", "in_the_past"),
        ("2027-02-25T17:00:01Z", "after_start"),
        ("tomorrow", "invalid_format"),
    ] {
        let body = json!({ "volunteer_id": ada.id, "role_id": role, "deadline": deadline });
        let _ = office.post(&path, body).await.refused(422, "invalid_fields").points_at("/deadline", code);
    }
    assert_eq!(office.all(&path).await, Vec::<Value>::new());

    let offer = office.post(&path, body(&ada.id)).await.expect(201);
    assert_eq!(offer.json["deadline"], "2027-01-14T15:00:00Z", "the campus gives 72 hours");
    assert_eq!(offer.header("Location"), Some(format!("/v1/offers/{}", offer.id()).as_str()));
    let _ = office.post(&path, body(&ada.id)).await.refused(409, "already_offered");
    let ben = world.volunteer("Ben").await;
    let _ = office.post(&path, body(&ben.id)).await.refused(409, "seats_full");
    let _ = ada.accept(&offer.id()).await.expect(200);
    let _ = office.post(&path, body(&ben.id)).await.refused(409, "wrong_state");

    let need = world.approved_need(&json!({ "decide_by": "2027-01-12T15:00:00Z" })).await;
    let path = format!("/v1/campus-requests/{}/offers", need.id());
    let body = json!({ "volunteer_id": ben.id, "role_id": first_role(&need) });
    assert_eq!(office.post(&path, body.clone()).await.expect(201).json["deadline"], "2027-01-12T15:00:00Z");
    let overlap = json!({ "volunteer_id": ada.id, "role_id": first_role(&need) });
    let _ = office.post(&path, overlap).await.refused(409, "overlap");
    world.set_clock("2027-02-25T17:00:00Z");
    let _ = office.post(&path, body.clone()).await.refused(409, "has_begun");
    let _ = world.requester().post(&path, body.clone()).await.refused(403, "forbidden");
    let _ = stranger.post(&path, body).await.refused(404, "not_found");
}

async fn accepting_is_refused_with_other_things_to_do(world: &World) {
    let office = world.coordinator();
    let ada = world.volunteer_with("Ada", &json!({ "caps": { "per_week": 1, "per_month": 2 } })).await;
    let noon = world.approved_need(&json!({})).await;
    let near = world.offer(&noon, &ada).await;
    // Ten minutes after the first ends, and twenty kilometres away.
    let across = json!({
        "starts_local": "2027-02-25T14:10", "ends_local": "2027-02-25T15:00", "position": { "lat": 40.13, "lon": -76.71 },
    });
    let across = world.offer(&world.approved_need(&across).await, &ada).await;
    let same_week = json!({ "starts_local": "2027-02-26T12:00", "ends_local": "2027-02-26T13:00" });
    let friday = world.offer(&world.approved_need(&same_week).await, &ada).await;
    let later = json!({ "title": "Résumé day", "starts_local": "2027-03-10T12:00", "ends_local": "2027-03-10T14:00" });
    let march = world.approved_need(&later).await;

    let ben = world.volunteer("Ben").await;
    let _ = ben.accept(&near.id()).await.refused(404, "not_found");
    let _ = office.accept(&near.id()).await.refused(404, "not_found");
    let _ = ada.accept(&near.id()).await.expect(200);
    let again = ada.accept(&near.id()).await.refused(409, "offer_not_open");
    assert_eq!(again.json["state"], "accepted");

    let refused = ada.accept(&across.id()).await.refused(409, "overlap");
    let alternatives = refused.json["alternatives"].as_array().unwrap();
    let titles: Vec<_> = alternatives.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Professional critiquing event", "Résumé day"], "what she is asked, and what she could do");
    assert_eq!(alternatives[1]["campus_request_id"], json!(march.id()));
    let _ = ada.accept(&friday.id()).await.refused(409, "cap_reached");
    assert_eq!(
        ada.get(&format!("/v1/offers/{}", friday.id())).await.json["state"],
        "sent",
        "a refusal changes nothing"
    );

    let pause = format!("/v1/campuses/{}/volunteers/{}/pause", world.campus_id(), ada.id);
    let _ = office.post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    let _ = ada.accept(&friday.id()).await.refused(409, "not_approved");
    world.advance_minutes(72 * 60);
    let late = ada.accept(&friday.id()).await.refused(409, "offer_not_open");
    assert_eq!(late.json["state"], "expired");
    let _ = ada.decline(&friday.id(), "Too late.").await.refused(409, "wrong_state");
    world.set_clock("2027-02-26T17:00:00Z");
    let _ = ada.accept(&friday.id()).await.refused(409, "has_begun");
}

async fn an_offer_is_the_offices_to_take_back(world: &World) {
    let office = world.coordinator();
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let need = world.approved_need(&json!({})).await;
    let offer = world.offer(&need, &ada).await;
    let path = format!("/v1/offers/{}", offer.id());
    for reader in [office, &ada.client] {
        assert_eq!(reader.get(&path).await.expect(200).json["display_name"], "Ada");
    }
    let _ = world.requester().get(&path).await.refused(403, "forbidden");
    let _ = ben.get(&path).await.refused(404, "not_found");

    let withdraw = format!("{path}/withdraw");
    let _ = office.post(&withdraw, json!({})).await.refused(422, "invalid_fields").points_at("/reason", "required");
    let _ = office.post(&withdraw, json!({ "reason": "a\u{0}b" })).await.points_at("/reason", "control_character");
    let _ = ada.post(&withdraw, json!({ "reason": "No." })).await.refused(404, "not_found");
    let back = office.post(&withdraw, json!({ "reason": "The fair is smaller." })).await.expect(200);
    assert_eq!(back.json["state"], "withdrawn");
    let letter = world.letters_to("ada@example.edu").await.pop().unwrap();
    assert_eq!(letter.kind, LetterKind::OfferClosed);
    assert!(letter.text.contains("The fair is smaller."), "{}", letter.text);
    let _ = office.post(&withdraw, json!({ "reason": "Again." })).await.refused(409, "wrong_state");
    let sent = office.all(&format!("/v1/campus-requests/{}/offers?state=sent", need.id())).await;
    assert_eq!(sent, Vec::<Value>::new(), "the seat is the office's to give");

    let mine = ada.all(&format!("/v1/volunteers/{}/offers?state=withdrawn", ada.id)).await;
    assert_eq!(mine.len(), 1);
    let _ = ben.get(&format!("/v1/volunteers/{}/offers", ada.id)).await.refused(404, "not_found");
    let _ = ada.get(&format!("/v1/volunteers/{}/offers?state=lost", ada.id)).await.refused(400, "invalid_parameter");
}
