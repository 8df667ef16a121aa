//! Bad input of every sort: each a problem that names the field and the value, none a fault on our side, none a change.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::arrange::{need_body, profile_body};
use crate::support::clients::Response;
use crate::support::databases::{Backend, on_both};
use crate::support::world::World;

on_both!(World:
    addresses_methods_and_queries,
    bodies_that_cannot_be_read,
    fields_of_a_need,
    fields_of_a_profile,
    revisions,
    access_tokens,
    foreign_and_absent_are_the_same,
);

async fn addresses_methods_and_queries(world: &World) {
    let office = world.coordinator();
    let campus = format!("/v1/campuses/{}", world.campus_id());
    let check = async |method: &str, target: &str, status: u16, code: &str| {
        office.request(method, target).send().await.refused(status, code)
    };
    check("GET", "/", 404, "not_found").await;
    check("GET", "/v1", 404, "not_found").await;
    check("GET", "/v1/nothing-here", 404, "not_found").await;
    check("GET", "/v1/campuses/", 404, "not_found").await;
    check("GET", "/v1/campuses/not-an-id", 404, "not_found").await;
    check("GET", "/v1/campuses/00000000-0000-0000-0000-00000000000", 404, "not_found").await;
    check("GET", "/v1/campuses/%00", 404, "not_found").await;
    check("GET", "/v1/campuses/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "not_found").await;
    check("GET", &format!("/v1/campuses/{}", "9".repeat(3000)), 404, "not_found").await;
    check("DELETE", &campus, 405, "method_not_allowed").await;
    check("PUT", "/v1/sessions", 405, "method_not_allowed").await;
    check("GET", "/v1/sessions", 405, "method_not_allowed").await;

    let needs = format!("{campus}/campus-requests");
    for query in ["colour=red", "limit=5&limit2=5", "Limit=5", "%00=1"] {
        check("GET", &format!("{needs}?{query}"), 400, "unknown_parameter").await;
    }
    check("GET", "/healthz?verbose", 400, "unknown_parameter").await;
    for limit in ["0", "101", "-1", "ten", "1e2", "99999999999999999999", "", "5%00"] {
        check("GET", &format!("{needs}?limit={limit}"), 400, "invalid_parameter").await;
    }
    for query in ["state=wonderful", "kind=party", "state="] {
        check("GET", &format!("{needs}?{query}"), 400, "invalid_parameter").await;
    }
    for cursor in ["x", "", "%20", "MDAwMA", "%F0%9F%92%A9", &"A".repeat(4000)] {
        check("GET", &format!("{needs}?cursor={cursor}"), 400, "invalid_cursor").await;
    }
}

on_both!(World: cursors_belong_to_their_list);

async fn cursors_belong_to_their_list(world: &World) {
    let (office, needs) = (world.coordinator(), format!("/v1/campuses/{}/campus-requests", world.campus_id()));
    for number in 0..5 {
        world.draft(&json!({ "title": format!("Need {number}") })).await;
    }
    let first = office.get(&format!("{needs}?limit=2")).await.expect(200);
    assert_eq!(first.json["items"].as_array().unwrap().len(), 2);
    let next = first.json["next"].as_str().unwrap().to_owned();
    assert_eq!(office.all(&format!("{needs}?limit=2")).await.len(), 5, "page by page, each once");
    let cursor = next.split("cursor=").nth(1).unwrap().split('&').next().unwrap();
    let elsewhere = format!("/v1/campuses/{}/letters?cursor={cursor}", world.campus_id());
    office.get(&elsewhere).await.refused(400, "invalid_cursor");
    office.get(&format!("{needs}?state=draft&cursor={cursor}")).await.refused(400, "invalid_cursor");
    let altered: String = cursor.chars().rev().collect();
    office.get(&format!("{needs}?limit=2&cursor={altered}")).await.refused(400, "invalid_cursor");
}

async fn bodies_that_cannot_be_read(world: &World) {
    let needs = format!("/v1/campuses/{}/campus-requests", world.campus_id());
    let good = need_body(&json!({})).to_string();
    let send =
        async |kind: &str, body: Vec<u8>| world.requester().request("POST", &needs).body(kind, body).send().await;
    let json = "application/json";
    for text in ["{", "}", "{\"a\" 1}", "nope", "\u{feff}{}", "{}{}", "'a'", "{\"title\":\"\\ud800\"}"] {
        send(json, text.into()).await.refused(400, "invalid_json");
    }
    send(json, b"{\"title\":\"\xff\xfe\"}".to_vec()).await.refused(400, "invalid_json");
    for text in ["[]", "1", "null", "\"text\"", "true"] {
        send(json, text.into()).await.refused(422, "invalid_fields");
    }
    // Deep: read no deeper than need be, wherever it stands.
    for deep in [format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "[".repeat(200_000)] {
        let answer = send(json, deep.clone().into_bytes()).await;
        assert!([400, 422].contains(&answer.status), "{}", answer.text());
        let answer = send(json, format!("{{\"title\":{deep}}}").into_bytes()).await;
        assert!([400, 422].contains(&answer.status), "{}", answer.text());
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "application/json; charset=utf-16"]
    {
        send(kind, good.clone().into_bytes()).await.refused(415, "unsupported_media_type");
    }
    let ten_megabytes = format!("{{\"title\":\"{}\"}}", "x".repeat(10 << 20));
    // What is announced is refused unread; the connection is closed under whoever goes on sending, so it is written raw.
    let answer = raw(world, &announced(&needs, world, ten_megabytes.len(), &ten_megabytes[..1000]), false);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("body_too_large"), "{answer}");
    send(json, "x".repeat((256 << 10) + 1).into_bytes()).await.refused(413, "body_too_large");
    send("application/json; charset=UTF-8", good.into_bytes()).await.expect(201);
    assert_eq!(world.coordinator().all(&needs).await.len(), 1, "only the good one left a trace");
}

fn announced(path: &str, world: &World, length: usize, body: &str) -> String {
    let token = world.requester().token().unwrap();
    format!(
        "POST {path} HTTP/1.1\r\nHost: rostrum.example\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Sends `text` as it is and answers what comes back within 30 seconds.
fn raw(world: &World, text: &str, whole: bool) -> String {
    let address = world.base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&answer);
        let done = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}'));
        if count == 0 || (done && !whole) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let world = World::open(Backend::Sqlite).await;
    let request = announced(&format!("/v1/campuses/{}/campus-requests", world.campus_id()), &world, 500, "{\"title\":");
    let since = Instant::now();
    let answer = raw(&world, &request, false);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout"), "{answer}");
    assert!(since.elapsed() < Duration::from_secs(25), "after {:?}", since.elapsed());
    world.nobody().get("/healthz").await.expect(200);
    world.close().await;
}

#[actix_web::test]
async fn a_broken_request_line_is_a_400() {
    let world = World::open(Backend::Sqlite).await;
    for text in ["GET / HTTP/9.9\r\n\r\n", "nonsense\r\n\r\n", "GET /healthz HTTP/1.1\r\nbad header\r\n\r\n"] {
        let answer = raw(&world, text, true);
        assert!(answer.starts_with("HTTP/1.1 400"), "{text:?}: {answer}");
    }
    // Two lengths are how requests are smuggled past a proxy.
    let two =
        "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(!raw(&world, two, false).starts_with("HTTP/1.1 5"));
    world.nobody().get("/healthz").await.expect(200);
    world.close().await;
}

/// A change of a good body, where the problem points and with which code.
type Field = (Value, &'static str, &'static str);

/// What is wrong with the answer to a body changed so, if anything.
fn miss(change: &Value, pointer: &str, code: &str, answer: &Response) -> Option<String> {
    let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
    let found = errors.iter().any(|error| error["pointer"] == pointer && error["code"] == code);
    let change: String = change.to_string().chars().take(80).collect();
    (answer.status != 422 || !found).then(|| format!("{change}: {pointer} {code}, not {} {errors:?}", answer.status))
}

async fn fields_of_a_need(world: &World) {
    let needs = format!("/v1/campuses/{}/campus-requests", world.campus_id());
    let role = |name: &str, min: i64, max: i64| json!({ "roles": [{ "name": name, "min": min, "max": max }] });
    let long = "x".repeat(201);
    let table: Vec<Field> = vec![
        (json!({ "colour": "red" }), "/colour", "unknown_field"),
        (json!({ "id": "01a19a60-3a00-769e-9c07-8aed3ff90b0c" }), "/id", "unknown_field"),
        (json!({ "roles": [{ "name": "a", "min": 1, "max": 2, "x": 1 }] }), "/roles/0/x", "unknown_field"),
        (json!({ "title": null }), "/title", "required"),
        (json!({ "time_zone": null }), "/time_zone", "required"),
        (json!({ "title": 7 }), "/title", "wrong_type"),
        (json!({ "title": "" }), "/title", "required"),
        (json!({ "title": "   " }), "/title", "required"),
        (json!({ "title": long }), "/title", "too_long"),
        (json!({ "title": "Fair\r\nBcc: x@example.edu" }), "/title", "control_character"),
        (json!({ "title": "Fair\u{0}" }), "/title", "control_character"),
        (json!({ "title": "Fair\u{2028}ATTENDEE:x" }), "/title", "control_character"),
        (json!({ "place": "Hall\nDTSTART:20270101T000000Z" }), "/place", "control_character"),
        (json!({ "purpose": "x".repeat(5001) }), "/purpose", "too_long"),
        (json!({ "purpose": "bell\u{7}" }), "/purpose", "control_character"),
        (json!({ "kind": "party" }), "/kind", "unknown_value"),
        (json!({ "mode": "by_carrier_pigeon" }), "/mode", "unknown_value"),
        (json!({ "timing": "polled" }), "/timing", "unknown_value"),
        (json!({ "time_zone": "Mars/Olympus" }), "/time_zone", "unknown_zone"),
        (json!({ "time_zone": "../../etc/passwd" }), "/time_zone", "unknown_zone"),
        (json!({ "starts_local": "tomorrow" }), "/starts_local", "invalid_format"),
        (json!({ "starts_local": "2027-02-30T12:00" }), "/starts_local", "invalid_format"),
        (json!({ "starts_local": "2027-02-25T12:00Z" }), "/starts_local", "invalid_format"),
        (
            json!({ "starts_local": "2027-03-14T02:30", "ends_local": "2027-03-14T05:00" }),
            "/starts_local",
            "time_skipped",
        ),
        (
            json!({ "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T05:00" }),
            "/starts_local",
            "time_twice",
        ),
        (json!({ "ends_local": "2027-02-25T11:00" }), "/ends_local", "reversed"),
        (json!({ "ends_local": "2027-02-25T12:00" }), "/ends_local", "reversed"),
        (
            json!({ "starts_local": "2020-02-25T12:00", "ends_local": "2020-02-25T14:00" }),
            "/starts_local",
            "in_the_past",
        ),
        (role("Interviewer", -1, 2), "/roles/0/min", "out_of_range"),
        (role("Interviewer", 0, 0), "/roles/0/max", "out_of_range"),
        (role("Interviewer", 1, 501), "/roles/0/max", "out_of_range"),
        (role("Interviewer", 5, 2), "/roles/0/min", "above_max"),
        (role("", 1, 2), "/roles/0/name", "required"),
        (json!({ "roles": [{ "name": "a", "min": 1.5, "max": 2 }] }), "/roles/0/min", "wrong_type"),
        (json!({ "roles": [] }), "/roles", "required"),
        (json!({ "position": { "lat": 91.0, "lon": 0.0 } }), "/position/lat", "out_of_range"),
        (json!({ "position": { "lat": 0.0, "lon": "east" } }), "/position/lon", "wrong_type"),
        (json!({ "language": "english" }), "/language", "not_a_language"),
        (json!({ "priority": 6 }), "/priority", "out_of_range"),
        (json!({ "priority": 0 }), "/priority", "out_of_range"),
        (json!({ "decide_by": "soon" }), "/decide_by", "invalid_format"),
        (json!({ "decide_by": "2027-03-25T12:00:00Z" }), "/decide_by", "after_start"),
        (
            json!({ "required_skills": [{ "name": "Résumé", "level": "godlike" }] }),
            "/required_skills/0/level",
            "unknown_value",
        ),
    ];
    let mut missed = Vec::new();
    for (change, pointer, code) in table {
        let answer = world.requester().post(&needs, need_body(&change)).await;
        missed.extend(miss(&change, pointer, code, &answer));
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(world.coordinator().all(&needs).await.is_empty(), "none was kept");
    // The problem says the value, and what to do about clocks.
    let skipped = json!({ "starts_local": "2027-03-14T02:30", "ends_local": "2027-03-14T05:00" });
    let answer = world.requester().post(&needs, need_body(&skipped)).await;
    let said = answer.json["errors"][0]["detail"].as_str().unwrap();
    assert!(said.contains("01:59") || said.contains("03:00"), "the neighbours are named: {said}");
    let twice = json!({ "starts_local": "2027-11-07T01:30", "ends_local": "2027-11-07T05:00", "fold": "later" });
    world.requester().post(&needs, need_body(&twice)).await.expect(201);
}

async fn fields_of_a_profile(world: &World) {
    let person = world.person("Grace").await;
    let hours = |day: &str, from: &str, until: &str| json!({ "availability": { "weekly": [{ "day": day, "from": from, "until": until }], "exceptions": [] } });
    let table: Vec<Field> = vec![
        (json!({ "display_name": "" }), "/display_name", "required"),
        (json!({ "display_name": "x".repeat(121) }), "/display_name", "too_long"),
        (json!({ "display_name": "Grace\r\nX-Evil: 1" }), "/display_name", "control_character"),
        (json!({ "time_zone": "EST5EDT4" }), "/time_zone", "unknown_zone"),
        (json!({ "kinds": ["job_fair", "party"] }), "/kinds/1", "unknown_value"),
        (json!({ "languages": [] }), "/languages", "required"),
        (json!({ "languages": ["klingon!"] }), "/languages/0", "not_a_language"),
        (
            json!({ "in_person": { "home": { "lat": 0, "lon": 200 }, "travel_km": 5 } }),
            "/in_person/home/lon",
            "out_of_range",
        ),
        (
            json!({ "in_person": { "home": { "lat": 0, "lon": 20 }, "travel_km": -5 } }),
            "/in_person/travel_km",
            "out_of_range",
        ),
        (json!({ "caps": { "per_week": -1, "per_month": 3 } }), "/caps/per_week", "out_of_range"),
        (json!({ "caps": { "per_week": 1000, "per_month": 3 } }), "/caps/per_week", "out_of_range"),
        (hours("funday", "09:00", "10:00"), "/availability/weekly/0/day", "unknown_value"),
        (hours("monday", "9", "10:00"), "/availability/weekly/0/from", "not_a_time"),
        (hours("monday", "09:00", "24:01"), "/availability/weekly/0/until", "not_a_time"),
        (hours("monday", "12:00", "09:00"), "/availability/weekly/0/until", "reversed"),
    ];
    let mut missed = Vec::new();
    for (change, pointer, code) in table {
        let answer = person.post("/v1/volunteers", profile_body("Grace", &change)).await;
        missed.extend(miss(&change, pointer, code, &answer));
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(person.get("/v1/me").await.expect(200).json["volunteer_id"], Value::Null, "none was kept");
}

async fn revisions(world: &World) {
    let (office, path) = (world.coordinator(), format!("/v1/campuses/{}", world.campus_id()));
    let change = json!({ "offer_hours": 24 });
    office.request("PATCH", &path).json(&change).send().await.refused(428, "precondition_required");
    for tag in ["1", "\"1", "'1'", "\"\u{e9}\""] {
        let answer = office.request("PATCH", &path).header("If-Match", tag).json(&change).send().await;
        answer.refused(400, "invalid_header");
    }
    for tag in ["\"99\"", "W/\"1\"", "\"one\"", "\"-1\"", "\"99999999999999999999\""] {
        office.patch(&path, tag, change.clone()).await.refused(412, "stale");
    }
    let before = office.get(&path).await.expect(200);
    assert_eq!((before.json["revision"].as_i64(), before.json["offer_hours"].as_i64()), (Some(1), Some(72)));
    assert_eq!(before.etag(), "\"1\"");
    let after = office.patch(&path, &before.etag(), change.clone()).await.expect(200);
    assert_eq!((after.etag().as_str(), after.json["revision"].as_i64()), ("\"2\"", Some(2)));
    office.patch(&path, &before.etag(), change.clone()).await.refused(412, "stale");
    office.patch(&path, "\"7\", \"2\"", change).await.expect(200);
}

async fn access_tokens(world: &World) {
    let (person, nobody) = (world.person("Grace").await, world.nobody());
    let token = person.token().unwrap();
    nobody.with_token(&token).get("/v1/me").await.expect(200);
    nobody.get("/v1/me").await.refused(401, "unauthenticated");

    let mut parts: Vec<&str> = token.split('.').collect();
    let swapped = format!("{}A", &parts[2][..parts[2].len() - 2]);
    let signature = parts[2];
    parts[2] = &swapped;
    let altered = parts.join(".");
    parts[2] = "";
    let unsigned = parts.join(".");
    // {"alg":"none","typ":"at+jwt"}
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    let none_signed = format!("{none}{signature}");
    let long = "a".repeat(8000);
    for bad in [altered.as_str(), &unsigned, &none, &none_signed, "a.b.c", "x", "..", &long] {
        nobody.with_token(bad).get("/v1/me").await.refused(401, "invalid_token");
        // Where a token is optional, a bad one is refused all the same.
        let events = format!("/v1/campuses/{}/events", world.campus_id());
        nobody.with_token(bad).get(&events).await.refused(401, "invalid_token");
    }
    for header in ["Basic YTpi", "Bearer", "bearer ", &format!("Token {token}")] {
        let answer = nobody.request("GET", "/v1/me").header("Authorization", header).send().await;
        answer.refused(401, "invalid_token");
    }
    world.advance_minutes(16);
    nobody.with_token(&token).get("/v1/me").await.refused(401, "token_expired");
    let ended = person.token().unwrap();
    person.act("/v1/sessions/end").await.expect(204);
    nobody.with_token(&ended).get("/v1/me").await.refused(401, "session_ended");
}

/// All of an answer that could tell two ids apart, with the ids themselves and the request's own name left out.
fn face(answer: &Response, id: &str) -> String {
    let own = answer.header("x-request-id").unwrap_or_default().to_owned();
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    headers.sort();
    format!("{} {headers:?} {}", answer.status, answer.text().replace(id, "ID").replace(&own, "REQUEST"))
}

async fn foreign_and_absent_are_the_same(world: &World) {
    let elsewhere = world.another_campus("Elsewhere").await;
    let never = "01a19a60-3a00-769e-9c07-8aed3ff90b0c";
    let need = world.approved_need(&json!({})).await;
    let ada = world.volunteer("Ada").await;
    let assignment = world.assignment(&need, &ada).await;
    let other =
        world.approved_need(&json!({ "starts_local": "2027-02-26T12:00", "ends_local": "2027-02-26T14:00" })).await;
    let offer = world.offer(&other, &ada).await;
    let reason = json!({ "reason": "Because." });
    let table: Vec<(&str, String, &str, Option<Value>)> = vec![
        ("/v1/campus-requests/{}", need.id(), "GET", None),
        ("/v1/campus-requests/{}", need.id(), "PATCH", Some(json!({ "priority": 1 }))),
        ("/v1/campus-requests/{}/candidates", need.id(), "GET", None),
        ("/v1/campus-requests/{}/offers", need.id(), "GET", None),
        ("/v1/campus-requests/{}/assignments", need.id(), "GET", None),
        ("/v1/campus-requests/{}/approve", need.id(), "POST", None),
        ("/v1/campus-requests/{}/cancel", need.id(), "POST", Some(reason.clone())),
        ("/v1/offers/{}", offer.id(), "GET", None),
        ("/v1/offers/{}/accept", offer.id(), "POST", None),
        ("/v1/offers/{}/withdraw", offer.id(), "POST", Some(reason.clone())),
        ("/v1/assignments/{}", assignment["id"].as_str().unwrap().to_owned(), "GET", None),
        ("/v1/assignments/{}/remove", assignment["id"].as_str().unwrap().to_owned(), "POST", Some(reason)),
        ("/v1/volunteers/{}", ada.id.clone(), "GET", None),
        ("/v1/campuses/{}/members", world.campus_id().to_owned(), "GET", None),
        ("/v1/campuses/{}/letters", world.campus_id().to_owned(), "GET", None),
        ("/v1/campuses/{}/attention", world.campus_id().to_owned(), "GET", None),
    ];
    for (path, id, method, body) in table {
        let mut faces = Vec::new();
        for id in [id.as_str(), never] {
            let mut request =
                elsewhere.coordinator.request(method, &path.replace("{}", id)).header("If-Match", "\"1\"");
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = request.send().await.refused(404, "not_found");
            faces.push(face(&answer, id));
        }
        assert_eq!(faces[0], faces[1], "{method} {path}");
    }
}
