//! What waits for a coordinator: there when its cause is, gone when its cause goes, oldest first, page by page.

use diesel::prelude::*;
use rostrum::domain::letter::LetterState;
use rostrum::store::schema::letters;
use serde_json::{Value, json};

use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World: an_item_goes_when_its_cause_does, new_hours_and_an_old_seat_disagree, the_longest_wait_comes_first);

async fn attention(world: &World) -> Vec<(String, String)> {
    let items = world.coordinator().all(&format!("/v1/campuses/{}/attention", world.campus_id())).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|item| (text(&item["kind"]), text(&item["subject"]["id"]))).collect()
}

async fn an_item_goes_when_its_cause_does(world: &World) {
    let office = world.coordinator();
    assert_eq!(attention(world).await, []);
    let need = world.submitted_need(&json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 2 }] })).await;
    assert_eq!(attention(world).await, [("need_awaiting_decision".to_owned(), need.id())]);
    let need = office.need_does(&need.id(), "approve", None).await.expect(200);
    assert_eq!(attention(world).await, []);

    let ada = world.applicant_with("Ada", &json!({})).await;
    assert_eq!(attention(world).await, [("volunteer_awaiting_approval".to_owned(), ada.id.clone())]);
    let approve = format!("/v1/campuses/{}/volunteers/{}/approve", world.campus_id(), ada.id);
    let _ = office.act(&approve).await.expect(200);
    assert_eq!(attention(world).await, []);

    // Three days before the decision, nobody has said yes.
    world.set_clock("2027-02-22T16:59:59Z");
    assert_eq!(attention(world).await, []);
    world.set_clock("2027-02-22T17:00:00Z");
    assert_eq!(attention(world).await, [("need_below_minimum".to_owned(), need.id())]);
    let _ = world.assignment(&need, &ada).await;
    assert_eq!(attention(world).await, [], "one of at least one");

    // A letter that no relay takes, until it is sent again.
    let _ = world.letters().await;
    let refuse = move |tx: &mut rostrum::service::app::Tx<'_>| {
        diesel::update(letters::table.filter(letters::to_name.eq("Ada")).filter(letters::kind.eq("confirmation")))
            .set((
                letters::state.eq(LetterState::Undeliverable),
                letters::last_error.eq("550 no such person"),
                letters::updated_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
        Ok(())
    };
    world.app.write(refuse).await.unwrap();
    let items = attention(world).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].0, "letter_undeliverable");
    let _ = office.act(&format!("/v1/letters/{}/retry", items[0].1)).await.expect(200);
    assert_eq!(attention(world).await, []);

    let path = format!("/v1/campuses/{}/attention", world.campus_id());
    let _ = world.requester().get(&path).await.refused(403, "forbidden");
    let _ = ada.get(&path).await.refused(404, "not_found");
}

async fn new_hours_and_an_old_seat_disagree(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({})).await;
    let seat = world.assignment(&need, &ada).await;
    let seat = seat["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/volunteers/{}", ada.id);
    let profile = ada.get(&path).await.expect(200);
    let hours = json!({ "availability": { "weekly": [{ "day": "monday", "from": "09:00", "until": "17:00" }], "exceptions": [] } });
    let changed = ada.patch(&path, &profile.etag(), hours).await.expect(200);
    assert_eq!(attention(world).await, [("availability_conflict".to_owned(), seat.clone())]);
    let still = ada.get(&format!("/v1/assignments/{seat}")).await.expect(200);
    assert_eq!(still.json["state"], "confirmed", "the seat is untouched");

    let back = json!({ "availability": profile.json["availability"] });
    let changed = ada.patch(&path, &changed.etag(), back).await.expect(200);
    assert_eq!(attention(world).await, []);
    let none = json!({ "availability": { "weekly": [], "exceptions": [] } });
    let _ = ada.patch(&path, &changed.etag(), none).await.expect(200);
    assert_eq!(attention(world).await.len(), 1);
    let _ = ada.release(&seat, "I cannot after all.").await.expect(200);
    let kinds: Vec<_> = attention(world).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["need_out_of_candidates"], "the conflict is gone, the seat is open");
}

async fn the_longest_wait_comes_first(world: &World) {
    let mut expected = Vec::new();
    for number in 0..3 {
        expected.push(world.applicant_with(&format!("Applicant {number}"), &json!({})).await.id);
        world.advance_minutes(1);
        // Two in the same second are in the order of their ids.
        let mut twins = [world.submitted_need(&json!({})).await.id(), world.submitted_need(&json!({})).await.id()];
        twins.sort();
        expected.extend(twins);
        world.advance_minutes(1);
    }
    let path = format!("/v1/campuses/{}/attention", world.campus_id());
    for limit in [1, 2, 4, 100] {
        let items = world.coordinator().all(&format!("{path}?limit={limit}")).await;
        let found: Vec<_> = items.iter().map(|item| item["subject"]["id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{limit} a page");
    }
    let _ = world.coordinator().get(&format!("{path}?kind=letter")).await.refused(400, "unknown_parameter");
}
