//! A campus, its settings, and whom it trusts.

use futures_util::future::join;
use rostrum::domain::letter::Email;
use rostrum::domain::people::access::Role;
use rostrum::domain::people::account::Named;
use rostrum::domain::people::campus::{OfferHours, Settings};
use rostrum::domain::time::Zone;
use rostrum::service::campuses::{self, Bootstrapped, NewCampus};
use rostrum::service::error::ServiceError;
use rostrum::service::sessions;
use serde_json::{Value, json};

use crate::accounts::{exchange, token_in, with_session};
use crate::support::databases::on_both;
use crate::support::world::World;

on_both!(World:
    members_are_invited_changed_and_removed,
    a_campus_keeps_a_coordinator,
    a_campus_is_public_and_changed_by_its_coordinators,
    an_operator_makes_a_campus_that_works_at_once,
    what_is_long_over_is_forgotten,
);

async fn members_are_invited_changed_and_removed(world: &World) {
    let members = format!("/v1/campuses/{}/members", world.campus_id());
    let office = world.coordinator();
    let body = json!({ "email": "prof@example.edu", "name": "A Professor", "role": "requester" });
    let _ = world.requester().post(&members, body.clone()).await.refused(403, "forbidden");
    let _ = world.person("A Stranger").await.post(&members, body.clone()).await.refused(404, "not_found");

    let add = || office.request("POST", &members).key("invite-1").json(&body).send();
    let member = add().await.expect(201);
    let replay = add().await.expect(201);
    assert_eq!((&replay.body, replay.header("idempotent-replayed")), (&member.body, Some("true")));
    let _ = office.post(&members, body.clone()).await.refused(409, "already_member");
    let letters = world.letters_to("prof@example.edu").await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("Penn State York"), "{}", letters[0].text);

    // The invitation is good for a week, once.
    world.advance_minutes(6 * 24 * 60);
    let session = exchange(world, &token_in(&letters[0])).await.expect(201);
    let professor = with_session(world, &session);
    let me = professor.get("/v1/me").await.expect(200);
    assert_eq!(me.json["memberships"][0]["role"], "requester");

    let address = member.header("location").unwrap();
    assert_eq!(address, format!("{members}/{}", member.json["account_id"].as_str().unwrap()));
    let read = office.get(address).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&member.body, member.etag()));
    let role = |role: &str| json!({ "role": role });
    let unguarded = office.request("PATCH", address).json(&role("coordinator")).send().await;
    let _ = unguarded.refused(428, "precondition_required");
    let promoted = office.patch(address, &member.etag(), role("coordinator")).await.expect(200);
    assert_eq!(promoted.json["revision"], 2);
    let _ = office.patch(address, &member.etag(), role("requester")).await.refused(412, "stale");
    let same = office.patch(address, &promoted.etag(), role("coordinator")).await.expect(200);
    assert_eq!(same.body, promoted.body);
    let _ = office.patch(address, &promoted.etag(), role("dean")).await.refused(422, "invalid_fields");

    // Rights are read at each call: they begin and end with the role.
    let listed = professor.all(&format!("{members}?limit=2")).await;
    assert_eq!(listed.len(), 3);
    assert!(listed.contains(&promoted.json));
    let _ = office.delete(address, &member.etag()).await.refused(412, "stale");
    let _ = office.delete(address, &promoted.etag()).await.expect(204);
    let _ = professor.get(&members).await.refused(404, "not_found");
    let _ = professor.get("/v1/me").await.expect(200);
    let _ = office.get(address).await.refused(404, "not_found");
    let _ = office.delete(address, &promoted.etag()).await.refused(404, "not_found");
}

async fn a_campus_keeps_a_coordinator(world: &World) {
    let members = format!("/v1/campuses/{}/members", world.campus_id());
    let office = world.coordinator();
    let me = office.get("/v1/me").await.expect(200).json["account"]["id"].as_str().unwrap().to_owned();
    let own = format!("{members}/{me}");
    let etag = office.get(&own).await.expect(200).etag();
    let down = json!({ "role": "requester" });
    let _ = office.patch(&own, &etag, down.clone()).await.refused(409, "last_coordinator");
    let _ = office.delete(&own, &etag).await.refused(409, "last_coordinator");

    let body = json!({ "email": "second@example.edu", "name": "Second", "role": "coordinator" });
    let second = office.post(&members, body).await.expect(201);
    let address = second.header("location").unwrap();
    // Both step down at once: one of them must stay.
    let etag_of_second = second.etag();
    let first = office.patch(&own, &etag, down.clone());
    let (one, two) = join(first, office.patch(address, &etag_of_second, down.clone())).await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 403], "{statuses:?}");
}

async fn a_campus_is_public_and_changed_by_its_coordinators(world: &World) {
    let other = world.another_campus("Elsewhere").await;
    let listed = world.nobody().all("/v1/campuses?limit=1").await;
    let ids: Vec<_> = listed.iter().map(|campus| campus["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [world.campus_id(), &other.id]);

    let address = format!("/v1/campuses/{}", world.campus_id());
    let campus = world.nobody().get(&address).await.expect(200);
    let wish = json!({ "name": " York ", "position": null, "offer_hours": 24 });
    let _ = world.requester().patch(&address, &campus.etag(), wish.clone()).await.refused(403, "forbidden");
    let _ = other.coordinator.patch(&address, &campus.etag(), wish.clone()).await.refused(404, "not_found");
    let _ = world.nobody().patch(&address, &campus.etag(), wish.clone()).await.refused(401, "unauthenticated");
    let changed = world.coordinator().patch(&address, &campus.etag(), wish.clone()).await.expect(200);
    assert_eq!((&changed.json["name"], &changed.json["offer_hours"]), (&json!("York"), &json!(24)));
    assert_eq!(changed.json["position"], Value::Null);
    for kept in ["slug", "contact_email", "time_zone"] {
        assert_eq!(changed.json[kept], campus.json[kept]);
    }
    let _ = world.coordinator().patch(&address, &campus.etag(), wish).await.refused(412, "stale");
    let same = world.coordinator().patch(&address, &changed.etag(), json!({})).await.expect(200);
    assert_eq!(same.body, changed.body);

    let more = json!({ "time_zone": "Europe/Dublin", "contact_email": "Office@example.edu", "position": { "lat": 1.5, "lon": -2 } });
    let changed = world.coordinator().patch(&address, &same.etag(), more).await.expect(200);
    assert_eq!(changed.json["position"], json!({ "lat": 1.5, "lon": -2.0 }));
    for (body, pointer, code) in [
        (json!({ "time_zone": "Mars/Olympus" }), "/time_zone", "unknown_zone"),
        (json!({ "name": "a\r\nb" }), "/name", "control_character"),
        (json!({ "name": null }), "/name", "wrong_type"),
        (json!({ "offer_hours": 0 }), "/offer_hours", "out_of_range"),
        (json!({ "offer_hours": 337 }), "/offer_hours", "out_of_range"),
        (json!({ "contact_email": "x" }), "/contact_email", "invalid_format"),
        (json!({ "contact_email": null }), "/contact_email", "wrong_type"),
        (json!({ "position": { "lat": 91, "lon": 0 } }), "/position/lat", "out_of_range"),
        (json!({ "slug": "york" }), "/slug", "unknown_field"),
    ] {
        let refused = world.coordinator().patch(&address, &changed.etag(), body).await;
        let _ = refused.refused(422, "invalid_fields").points_at(pointer, code);
    }
    assert_eq!(world.nobody().get(&address).await.expect(200).body, changed.body);
}

async fn bootstrap(world: &World, name: &str, members: &[(&str, Role)]) -> Result<Bootstrapped, ServiceError> {
    let contact = Email::parse("careers@example.edu").unwrap();
    let members = members.iter().map(|(email, role)| (Named::new(email, "Somebody").unwrap(), *role)).collect();
    let settings = Settings::new(name, Zone::UTC, contact, None, OfferHours::default()).unwrap();
    let new = NewCampus { slug: None, settings, members };
    world.app.write(move |tx| campuses::bootstrap(tx, &new)).await
}

async fn an_operator_makes_a_campus_that_works_at_once(world: &World) {
    let stranger = json!({ "email": "two@example.edu", "name": "Stranger", "password": "correct horse battery" });
    let _ = world.nobody().post("/v1/accounts", stranger).await.expect(201);
    let stranger = json!({ "email": "two@example.edu", "password": "correct horse battery" });
    let stranger = world.nobody().post("/v1/sessions", stranger).await.expect(201);

    let people = [("one@example.edu", Role::Coordinator), ("two@example.edu", Role::Requester)];
    let made = bootstrap(world, "St. Example's", &people).await.unwrap();
    assert_eq!(made.campus.slug, "st-example-s");
    let members = format!("/v1/campuses/{}/members", made.campus.id);
    for ((member, session), status) in made.members.iter().zip([200, 403]) {
        let client = world.nobody().with_token(&session.access_token);
        let _ = client.get(&members).await.expect(status);
        let me = client.get("/v1/me").await.expect(200);
        assert_eq!(me.json["memberships"][0]["role"], member.role.as_str());
        let next = json!({ "refresh_token": session.refresh_token.reveal() });
        let _ = world.nobody().post("/v1/sessions/refresh", next).await.expect(200);
    }
    let _ = with_session(world, &stranger).get("/v1/me").await.refused(401, "session_ended");

    // Nothing is left of one that cannot be.
    let before = world.nobody().all("/v1/campuses").await.len();
    for (name, people, field) in [
        ("St Example S", &people[..], "slug"),
        ("Another", &people[1..], "members"),
        ("Another", &[people[0], people[0]][..], "members/1/email"),
    ] {
        match bootstrap(world, name, people).await {
            Err(ServiceError::Invalid(faults)) => assert_eq!(faults[0].field, field),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.nobody().all("/v1/campuses").await.len(), before);
}

async fn what_is_long_over_is_forgotten(world: &World) {
    let made = bootstrap(world, "Short", &[("one@example.edu", Role::Coordinator)]).await.unwrap();
    let ada = world.nobody().with_token(&made.members[0].1.access_token);
    let _ = world.nobody().post("/v1/sign-in-links", json!({ "email": "one@example.edu" })).await.expect(202);
    let _ = ada.act("/v1/sessions/end").await.expect(204);
    let forget = async || world.app.write(sessions::forget_old).await.unwrap();
    assert_eq!(forget().await, 0);
    world.advance_minutes(29 * 24 * 60);
    assert_eq!(forget().await, 0);
    world.advance_minutes(2 * 24 * 60);
    assert_eq!(forget().await, 2);
    assert_eq!(forget().await, 0);
    let _ = world.coordinator().get("/v1/me").await.expect(200);
}
