//! Who gets in, how, and for how long.

use futures_util::future::join_all;
use rostrum::domain::letter::Letter;
use serde_json::{Value, json};

use crate::support::clients::{Client, Response};
use crate::support::databases::{Backend, on_both};
use crate::support::world::World;

const PASSWORD: &str = "correct horse battery";

on_both!(World:
    an_account_is_opened_and_signed_in_to,
    who_does_not_know_the_password_learns_nothing,
    each_refresh_token_is_good_for_one_use,
    of_many_who_use_one_token_at_once_one_wins,
    signing_out_ends_all_tokens_at_once,
    a_session_that_nobody_uses_runs_out,
    access_tokens_are_short_and_cannot_be_made_up,
    a_link_signs_in_once_and_looking_at_it_does_not,
    links_do_not_tell_who_has_an_account_nor_fill_a_mailbox,
    a_stranger_who_took_an_address_is_put_out_when_its_owner_comes,
    a_stranger_who_took_an_address_does_not_become_a_member,
    what_is_wrong_in_a_body_is_pointed_at,
);

async fn open_account(world: &World, email: &str) -> Value {
    let body = json!({ "email": email, "name": "Ada Example", "password": PASSWORD });
    world.nobody().post("/v1/accounts", body).await.expect(201).json
}

async fn sign_in(world: &World, email: &str, password: &str) -> Response {
    world.nobody().post("/v1/sessions", json!({ "email": email, "password": password })).await
}

async fn refresh(world: &World, session: &Response) -> Response {
    let body = json!({ "refresh_token": session.json["refresh_token"] });
    world.nobody().post("/v1/sessions/refresh", body).await
}

async fn ask_for_link(world: &World, email: &str) -> Response {
    world.nobody().post("/v1/sign-in-links", json!({ "email": email })).await.expect(202)
}

pub async fn exchange(world: &World, token: &str) -> Response {
    world.nobody().post("/v1/sign-in-links/exchange", json!({ "token": token })).await
}

pub fn with_session(world: &World, session: &Response) -> Client {
    world.nobody().with_token(session.json["access_token"].as_str().unwrap())
}

/// The token of the link in a letter, which stands in both of its texts.
pub fn token_in(letter: &Letter) -> String {
    let token = letter.text.split("/sign-in/").nth(1).unwrap()[..43].to_owned();
    assert!(letter.html.contains(&token), "{}", letter.html);
    token
}

async fn newest_link(world: &World, email: &str) -> String {
    token_in(world.letters_to(email).await.last().unwrap())
}

async fn an_account_is_opened_and_signed_in_to(world: &World) {
    let account = open_account(world, "Ada@Example.EDU").await;
    assert_eq!(account["email"], "ada@example.edu");
    let again = json!({ "email": "ada@example.edu", "name": "Another", "password": PASSWORD });
    let _ = world.nobody().post("/v1/accounts", again).await.refused(409, "email_taken");

    let session = sign_in(world, "ADA@example.edu", PASSWORD).await.expect(201);
    assert_eq!((&session.json["account"], &session.json["expires_in"]), (&account, &json!(900)));
    let me = with_session(world, &session).get("/v1/me").await.expect(200);
    assert_eq!(me.json, json!({ "account": account, "memberships": [], "volunteer_id": null }));

    let me = world.requester().get("/v1/me").await.expect(200);
    let expect = json!([{ "campus_id": world.campus_id(), "campus_name": "Penn State York", "role": "requester" }]);
    assert_eq!(me.json["memberships"], expect);
}

async fn who_does_not_know_the_password_learns_nothing(world: &World) {
    open_account(world, "ada@example.edu").await;
    let link_only = world.person("Link Only").await;
    let _ = link_only.get("/v1/me").await.expect(200);
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@example.edu", "wrong horse battery"),
        ("ada@example.edu", "Correct horse battery"),
        ("nobody@example.edu", PASSWORD),
        ("link.only@example.edu", PASSWORD),
        ("link.only@example.edu", " "),
    ] {
        let answer = sign_in(world, email, password).await.refused(401, "wrong_credentials");
        assert!(answer.header("www-authenticate").is_some());
        let mut said = answer.json.clone();
        said.as_object_mut().unwrap().remove("request_id");
        answers.push(said);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

async fn each_refresh_token_is_good_for_one_use(world: &World) {
    open_account(world, "ada@example.edu").await;
    let first = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);
    let second = refresh(world, &first).await.expect(200);
    assert_ne!(first.json["refresh_token"], second.json["refresh_token"]);
    let _ = with_session(world, &second).get("/v1/me").await.expect(200);
    let elsewhere = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);

    // A token that comes twice was stolen: whoever holds the newer one is put out too.
    let _ = refresh(world, &first).await.refused(401, "invalid_refresh_token");
    let _ = refresh(world, &second).await.refused(401, "invalid_refresh_token");
    for session in [&first, &second] {
        let _ = with_session(world, session).get("/v1/me").await.refused(401, "session_ended");
    }
    let _ = with_session(world, &elsewhere).get("/v1/me").await.expect(200);

    let made_up = json!({ "refresh_token": "nRw5b1xq0aQbS3vC7pXoV2mLkJ9hGfDsEyTzUiWc4A8" });
    let _ = world.nobody().post("/v1/sessions/refresh", made_up).await.refused(401, "invalid_refresh_token");
}

async fn of_many_who_use_one_token_at_once_one_wins(world: &World) {
    open_account(world, "ada@example.edu").await;
    ask_for_link(world, "ada@example.edu").await;
    let link = newest_link(world, "ada@example.edu").await;
    let answers = join_all((0..12).map(|_| exchange(world, &link))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(won.len(), 1);
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.json["code"] == "invalid_sign_in_link"));

    let session = won[0];
    let answers = join_all((0..12).map(|_| refresh(world, session))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let _ = with_session(world, session).get("/v1/me").await.refused(401, "session_ended");
}

async fn signing_out_ends_all_tokens_at_once(world: &World) {
    open_account(world, "ada@example.edu").await;
    let session = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);
    let ada = with_session(world, &session);
    let _ = ada.act("/v1/sessions/end").await.expect(204);
    let _ = ada.get("/v1/me").await.refused(401, "session_ended");
    let _ = ada.act("/v1/sessions/end").await.refused(401, "session_ended");
    let _ = refresh(world, &session).await.refused(401, "invalid_refresh_token");
}

async fn a_session_that_nobody_uses_runs_out(world: &World) {
    open_account(world, "ada@example.edu").await;
    let mut session = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);
    for _ in 0..3 {
        world.advance_minutes(29 * 24 * 60);
        session = refresh(world, &session).await.expect(200);
    }
    world.advance_minutes(30 * 24 * 60);
    let _ = refresh(world, &session).await.refused(401, "invalid_refresh_token");
}

async fn access_tokens_are_short_and_cannot_be_made_up(world: &World) {
    open_account(world, "ada@example.edu").await;
    let session = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);
    let token = session.json["access_token"].as_str().unwrap();
    let _ = world.nobody().get("/v1/me").await.refused(401, "unauthenticated");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    // {"alg":"none","typ":"at+jwt"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    for altered in [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{message}."),
        format!("{header}.{header}.{signature}"),
        "x".to_owned(),
    ] {
        let refused = world.nobody().with_token(&altered).get("/v1/me").await.refused(401, "invalid_token");
        assert!(refused.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    }
    world.advance_minutes(14);
    let _ = with_session(world, &session).get("/v1/me").await.expect(200);
    world.advance_minutes(1);
    let _ = with_session(world, &session).get("/v1/me").await.refused(401, "token_expired");
    let _ = with_session(world, &session).get("/v1/campuses").await.expect(200);
}

async fn a_link_signs_in_once_and_looking_at_it_does_not(world: &World) {
    let _ = world.person("Ada Example").await;
    ask_for_link(world, "ada.example@example.edu").await;
    let link = newest_link(world, "ada.example@example.edu").await;
    let page = format!("/sign-in/{link}");
    for _ in 0..3 {
        let shown = world.nobody().get(&page).await.expect(200);
        assert!(shown.text().contains("<form method=\"post\">"), "{}", shown.text());
        assert!(shown.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(shown.header("cache-control"), Some("no-store"));
    }
    let begun = world.nobody().request("POST", &page).form(&[]).send().await.expect(200);
    let text = begun.text();
    let areas: Vec<_> = text.split("<textarea").skip(1).map(|area| area.split(['>', '<']).nth(1).unwrap()).collect();
    let _ = world.nobody().with_token(areas[0]).get("/v1/me").await.expect(200);
    let next = json!({ "refresh_token": areas[1] });
    let _ = world.nobody().post("/v1/sessions/refresh", next).await.expect(200);

    let _ = world.nobody().request("POST", &page).form(&[]).send().await.expect(404);
    let _ = world.nobody().get(&page).await.expect(404);
    let _ = world.nobody().get("/sign-in/nRw5b1xq0aQbS3vC7pXoV2mLkJ9hGfDsEyTzUiWc4A8").await.expect(404);
    let _ = exchange(world, &link).await.refused(401, "invalid_sign_in_link");

    ask_for_link(world, "ada.example@example.edu").await;
    let link = newest_link(world, "ada.example@example.edu").await;
    world.advance_minutes(30);
    let _ = exchange(world, &link).await.refused(401, "invalid_sign_in_link");
    ask_for_link(world, "ada.example@example.edu").await;
    let link = newest_link(world, "ada.example@example.edu").await;
    world.advance_minutes(29);
    let _ = exchange(world, &link).await.expect(201);
}

async fn links_do_not_tell_who_has_an_account_nor_fill_a_mailbox(world: &World) {
    let _ = world.person("Ada Example").await;
    let known = ask_for_link(world, "ada.example@example.edu").await;
    let unknown = ask_for_link(world, "nobody@example.edu").await;
    assert_eq!(known.body, unknown.body);
    assert_eq!(world.letters_to("nobody@example.edu").await.len(), 0);
    for _ in 0..9 {
        assert_eq!(ask_for_link(world, "ada.example@example.edu").await.body, known.body);
    }
    assert_eq!(world.letters_to("ada.example@example.edu").await.len(), 5);
    world.advance_minutes(31);
    ask_for_link(world, "ada.example@example.edu").await;
    assert_eq!(world.letters_to("ada.example@example.edu").await.len(), 6);
}

async fn a_stranger_who_took_an_address_is_put_out_when_its_owner_comes(world: &World) {
    open_account(world, "ada@example.edu").await;
    let stranger = sign_in(world, "ada@example.edu", PASSWORD).await.expect(201);
    ask_for_link(world, "ada@example.edu").await;
    let owner = exchange(world, &newest_link(world, "ada@example.edu").await).await.expect(201);
    let _ = with_session(world, &stranger).get("/v1/me").await.refused(401, "session_ended");
    let _ = refresh(world, &stranger).await.refused(401, "invalid_refresh_token");
    let _ = sign_in(world, "ada@example.edu", PASSWORD).await.refused(401, "wrong_credentials");

    // From then on the address is proved, and another link ends nothing.
    ask_for_link(world, "ada@example.edu").await;
    let second = exchange(world, &newest_link(world, "ada@example.edu").await).await.expect(201);
    for session in [&owner, &second] {
        let _ = with_session(world, session).get("/v1/me").await.expect(200);
    }
}

async fn a_stranger_who_took_an_address_does_not_become_a_member(world: &World) {
    open_account(world, "dean@example.edu").await;
    let stranger = sign_in(world, "dean@example.edu", PASSWORD).await.expect(201);
    let body = json!({ "email": "dean@example.edu", "name": "The Dean", "role": "coordinator" });
    let members = format!("/v1/campuses/{}/members", world.campus_id());
    let member = world.coordinator().post(&members, body).await.expect(201);
    assert_eq!(member.json["name"], "Ada Example", "an account that exists keeps its name");

    let _ = with_session(world, &stranger).get(&members).await.refused(401, "session_ended");
    let _ = sign_in(world, "dean@example.edu", PASSWORD).await.refused(401, "wrong_credentials");
    let owner = exchange(world, &newest_link(world, "dean@example.edu").await).await.expect(201);
    let _ = with_session(world, &owner).get(&members).await.expect(200);
}

async fn what_is_wrong_in_a_body_is_pointed_at(world: &World) {
    let account =
        |email: &str, name: &str, password: &str| json!({ "email": email, "name": name, "password": password });
    let long = "x".repeat(201);
    for (body, pointer, code) in [
        (account("ada", "Ada", PASSWORD), "/email", "invalid_format"),
        (account("", "Ada", PASSWORD), "/email", "required"),
        (account("ada@example.edu\r\nBcc: x@example.edu", "Ada", PASSWORD), "/email", "invalid_format"),
        (account("ada@example.edu", " ", PASSWORD), "/name", "required"),
        (account("ada@example.edu", "Ada\r\nBcc: x", PASSWORD), "/name", "control_character"),
        (account("ada@example.edu", &long, PASSWORD), "/name", "too_long"),
        (account("ada@example.edu", "Ada", "short"), "/password", "too_short"),
        (account("ada@example.edu", "Ada", &long), "/password", "too_long"),
    ] {
        let refused = world.nobody().post("/v1/accounts", body).await.refused(422, "invalid_fields");
        let refused = refused.points_at(pointer, code);
        assert!(!refused.text().contains("short horse") && !refused.text().contains(PASSWORD));
    }
    let all = world.nobody().post("/v1/accounts", account("", "", "")).await.refused(422, "invalid_fields");
    assert_eq!(all.json["errors"].as_array().unwrap().len(), 3);
    let _ = sign_in(world, "x", "").await.refused(422, "invalid_fields").points_at("/password", "required");
    for token in ["", "short", "not a secret of ours!"] {
        let _ = exchange(world, token).await.refused(422, "invalid_fields");
        let refresh = json!({ "refresh_token": token });
        let _ = world.nobody().post("/v1/sessions/refresh", refresh).await.refused(422, "invalid_fields");
    }
    let _ = sign_in(world, "ada@example.edu", PASSWORD).await.refused(401, "wrong_credentials");
}

#[actix_web::test]
async fn whoever_tries_too_often_is_told_when_to_come_back() {
    let world = World::open_with(Backend::Sqlite, |settings| {
        settings.attempts.per_email = 3.try_into().unwrap();
        settings.attempts.per_address = 12.try_into().unwrap();
    })
    .await;
    open_account(&world, "ada@example.edu").await;
    for _ in 0..3 {
        let _ = sign_in(&world, "ada@example.edu", "wrong horse battery").await.refused(401, "wrong_credentials");
    }
    // Not even the right password is heard now; the way by link is open.
    let refused = sign_in(&world, "ada@example.edu", PASSWORD).await.refused(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    ask_for_link(&world, "ada@example.edu").await;
    let _ = sign_in(&world, "eve@example.edu", PASSWORD).await.refused(401, "wrong_credentials");

    // Seven tries so far from this address.
    for number in 0..5 {
        let _ = sign_in(&world, &format!("x{number}@example.edu"), PASSWORD).await.refused(401, "wrong_credentials");
    }
    let _ = sign_in(&world, "y@example.edu", PASSWORD).await.refused(429, "too_many_requests");
    let token = "nRw5b1xq0aQbS3vC7pXoV2mLkJ9hGfDsEyTzUiWc4A8";
    let _ = exchange(&world, token).await.refused(429, "too_many_requests");
    let body = json!({ "email": "new@example.edu", "name": "New", "password": PASSWORD });
    let _ = world.nobody().post("/v1/accounts", body).await.refused(429, "too_many_requests");
    world.close().await;
}
