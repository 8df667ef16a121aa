//! One key, one effect: a request that is sent again is answered again and does nothing else.

use futures_util::future::join_all;
use rostrum::worker;
use serde_json::{Value, json};

use crate::support::arrange::need_body;
use crate::support::clients::{Client, Response};
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    the_same_request_is_answered_again,
    a_key_belongs_to_its_request,
    a_refusal_is_not_kept,
    rights_come_before_the_replay,
    a_key_is_forgotten_after_seven_days,
    sixteen_at_once_have_one_effect,
    keys_that_are_none,
);

fn needs(world: &World) -> String {
    format!("/v1/campuses/{}/campus-requests", world.campus_id())
}

async fn post(client: &Client, target: &str, key: &str, body: &Value) -> Response {
    client.request("POST", target).key(key).json(body).send().await
}

fn replayed(answer: &Response) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

async fn the_same_request_is_answered_again(world: &World) {
    let body = need_body(&json!({}));
    let first = post(world.requester(), &needs(world), "one", &body).await.expect(201);
    assert!(!replayed(&first));
    world.advance_minutes(30);
    for key in ["one", "\"one\""] {
        let again = post(world.requester(), &needs(world), key, &body).await.expect(201);
        assert!(replayed(&again), "bare and quoted are one key");
        assert_eq!(again.body, first.body);
        assert_eq!((again.header("location"), again.header("etag")), (first.header("location"), first.header("etag")));
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
    assert_eq!(world.coordinator().all(&needs(world)).await.len(), 1);
    // An action, without a body.
    let submit = format!("/v1/campus-requests/{}/submit", first.id());
    let submitted = world.requester().request("POST", &submit).key("two").send().await.expect(200);
    let again = world.requester().request("POST", &submit).key("two").send().await.expect(200);
    assert_eq!((replayed(&again), again.body), (true, submitted.body));
    world.requester().act(&submit).await.refused(409, "wrong_state");
}

async fn a_key_belongs_to_its_request(world: &World) {
    let body = need_body(&json!({}));
    let first = post(world.requester(), &needs(world), "one", &body).await.expect(201);
    let other = need_body(&json!({ "title": "Another" }));
    post(world.requester(), &needs(world), "one", &other).await.refused(422, "idempotency_key_reused");
    let by_another = post(world.coordinator(), &needs(world), "one", &body).await.expect(201);
    assert!(!replayed(&by_another), "another person's key is another key");
    assert_ne!(by_another.id(), first.id());
    let submit = |need: &Response| format!("/v1/campus-requests/{}/submit", need.id());
    let submitted = world.requester().request("POST", &submit(&first)).key("one").send().await.expect(200);
    assert!(!replayed(&submitted), "another address, another request");
    assert_eq!(world.coordinator().all(&needs(world)).await.len(), 2);
}

async fn a_refusal_is_not_kept(world: &World) {
    let draft = world.draft(&json!({})).await;
    let approve = format!("/v1/campus-requests/{}/approve", draft.id());
    let send = async || world.coordinator().request("POST", &approve).key("one").send().await;
    send().await.refused(409, "wrong_state");
    world.requester().need_does(&draft.id(), "submit", None).await.expect(200);
    assert!(!replayed(&send().await.expect(200)), "what was refused may be tried again");
    assert!(replayed(&send().await.expect(200)));
}

async fn rights_come_before_the_replay(world: &World) {
    let body = need_body(&json!({}));
    post(world.requester(), &needs(world), "one", &body).await.expect(201);
    let me = world.requester().get("/v1/me").await.expect(200);
    let account = me.json["account"]["id"].as_str().unwrap();
    let member = format!("/v1/campuses/{}/members/{account}", world.campus_id());
    world.coordinator().delete(&member, "*").await.expect(204);
    post(world.requester(), &needs(world), "one", &body).await.refused(404, "not_found");
}

async fn a_key_is_forgotten_after_seven_days(world: &World) {
    let body = need_body(&json!({}));
    let first = post(world.requester(), &needs(world), "one", &body).await.expect(201);
    world.advance_minutes(7 * 24 * 60 - 1);
    worker::housekeeping(&world.app).await.unwrap();
    assert_eq!(post(world.requester(), &needs(world), "one", &body).await.expect(201).id(), first.id());
    world.advance_minutes(2);
    worker::housekeeping(&world.app).await.unwrap();
    assert_ne!(post(world.requester(), &needs(world), "one", &body).await.expect(201).id(), first.id());
}

async fn sixteen_at_once_have_one_effect(world: &World) {
    let (body, path) = (need_body(&json!({})), needs(world));
    let answers = join_all((0..16).map(|_| post(world.requester(), &path, "one", &body))).await;
    let mut ids: Vec<String> = Vec::new();
    for answer in &answers {
        if answer.status == 409 {
            assert_eq!(answer.json["code"], "idempotency_in_progress");
        } else {
            assert_eq!(answer.status, 201, "{}", answer.text());
            ids.push(answer.id());
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "all who were answered heard of the same need");
    let first = answers.iter().filter(|answer| answer.status == 201 && !replayed(answer)).count();
    assert_eq!(first, 1);
    assert_eq!(world.coordinator().all(&path).await.len(), 1);
}

async fn keys_that_are_none(world: &World) {
    let long = "k".repeat(300);
    for key in ["", "\"\"", "two words", "caf\u{e9}", "a\tb", "a\"b", &long] {
        let answer = post(world.requester(), &needs(world), key, &need_body(&json!({}))).await;
        answer.refused(400, "invalid_header");
    }
    assert!(world.coordinator().all(&needs(world)).await.is_empty());
}
