//! The volunteers' day: who came, who went, who did not come; the ledger of hours that comes of it, and the letter that is
//! signed from it.

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::{Volunteer, World};

on_both!(World:
    a_stay_is_written_down_taken_back_and_written_again,
    a_letter_stays_as_it_was_signed,
    hours_are_never_guessed,
    who_is_marked_twice_at_once_is_marked_once,
    nobody_is_marked_before_the_time_or_while_there_is_none
);

/// An assignment of Ada's on 25 February 2027, from noon to two in New York (17:00 to 19:00 UTC).
async fn ada(world: &World) -> (Volunteer, String, Response) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({ "title": "Mock interviews" })).await;
    let assignment = world.assignment(&need, &ada).await["id"].as_str().unwrap().to_owned();
    (ada, assignment, need)
}

async fn does(world: &World, assignment: &str, verb: &str, body: Value) -> Response {
    world.coordinator().post(&format!("/v1/assignments/{assignment}/{verb}"), body).await
}

/// Kind, minutes and day of each line of a volunteer's ledger.
async fn ledger(volunteer: &Volunteer) -> Vec<(String, i64)> {
    let lines = volunteer.all(&format!("/v1/volunteers/{}/hours-entries", volunteer.id)).await;
    let read = |line: &Value| (line["kind"].as_str().unwrap().to_owned(), line["minutes"].as_i64().unwrap());
    lines.iter().map(read).collect()
}

fn lines(expect: &[(&str, i64)]) -> Vec<(String, i64)> {
    expect.iter().map(|(kind, minutes)| ((*kind).to_owned(), *minutes)).collect()
}

async fn adjusts(world: &World, volunteer: &Volunteer, title: &str, minutes: i64) -> Response {
    let body = json!({
        "volunteer_id": volunteer.id, "title": title, "worked_on": "2027-02-24", "minutes": minutes,
        "reason": "Recorded at home.",
    });
    world.coordinator().post(&format!("/v1/campuses/{}/hours-entries", world.campus_id()), body).await
}

async fn a_stay_is_written_down_taken_back_and_written_again(world: &World) {
    let (ada, assignment, _) = ada(world).await;
    let letters = world.letters_to("ada@example.edu").await.len();
    world.set_clock("2027-02-25T16:45:00Z");
    let came = does(world, &assignment, "check-in", json!({})).await.expect(200);
    assert_eq!(came.json["state"], "checked_in");
    assert_eq!(came.json["checked_in_at"], "2027-02-25T16:45:00Z");
    let _ = does(world, &assignment, "check-in", json!({})).await.refused(409, "wrong_state");
    let _ = does(world, &assignment, "no-show", json!({})).await.refused(409, "wrong_state");
    assert_eq!(ledger(&ada).await, lines(&[]));

    world.set_clock("2027-02-25T19:10:29Z");
    let gone = does(world, &assignment, "check-out", json!({})).await.expect(200);
    assert_eq!(gone.json["state"], "completed");
    assert_eq!(gone.json["checked_out_at"], "2027-02-25T19:10:29Z");
    let path = format!("/v1/campuses/{}/hours-entries?volunteer_id={}", world.campus_id(), ada.id);
    let line = world.coordinator().all(&path).await.pop().unwrap();
    assert_eq!(line["worked_on"], "2027-02-25");
    assert_eq!(line["assignment_id"], json!(assignment));
    assert_eq!((&line["title"], &line["role"]), (&gone.json["title"], &gone.json["role_name"]));
    assert_eq!((&line["from"], &line["until"]), (&came.json["checked_in_at"], &gone.json["checked_out_at"]));

    // Too late a click is taken back, step by step, and noted as it was.
    let back = does(world, &assignment, "undo", json!({})).await.expect(200);
    assert_eq!((&back.json["state"], &back.json["checked_out_at"]), (&json!("checked_in"), &Value::Null));
    assert_eq!(back.json["checked_in_at"], "2027-02-25T16:45:00Z");
    assert_eq!(ledger(&ada).await, lines(&[("accrual", 145), ("reversal", -145)]));
    let all = world.coordinator().all(&path).await;
    assert_eq!(all[1]["reverses_id"], all[0]["id"]);
    let back = does(world, &assignment, "undo", json!({})).await.expect(200);
    assert_eq!((&back.json["state"], &back.json["checked_in_at"]), (&json!("confirmed"), &Value::Null));
    let _ = does(world, &assignment, "undo", json!({})).await.refused(409, "wrong_state");
    let _ = does(world, &assignment, "check-out", json!({})).await.refused(409, "wrong_state");
    does(world, &assignment, "check-in", json!({ "at": "2027-02-25T16:45:00Z" })).await.expect(200);
    does(world, &assignment, "check-out", json!({ "at": "2027-02-25T19:00:00Z" })).await.expect(200);
    let expect = lines(&[("accrual", 145), ("reversal", -145), ("accrual", 135)]);
    assert_eq!(ledger(&ada).await, expect);

    // The office's word, with its reason, never leaves less than nothing.
    adjusts(world, &ada, "Mock interviews", -15).await.expect(201);
    let _ = adjusts(world, &ada, "Mock interviews", -121).await.expect(422).points_at("/minutes", "out_of_range");
    let _ = adjusts(world, &ada, "Mock interviews", 0).await.expect(422).points_at("/minutes", "out_of_range");
    let stranger = world.applicant_with("Stranger", &json!({})).await;
    adjusts(world, &stranger, "A talk", 30).await.expect(201);
    let mut future = json!({ "volunteer_id": ada.id, "title": "A talk", "worked_on": "2027-02-26", "minutes": 5 });
    future["reason"] = json!("");
    let path = format!("/v1/campuses/{}/hours-entries", world.campus_id());
    let refused = world.coordinator().post(&path, future).await.expect(422);
    let _ = refused.points_at("/worked_on", "in_the_future").points_at("/reason", "required");
    let foreign = world.another_campus("Elsewhere").await;
    let body =
        json!({ "volunteer_id": ada.id, "title": "A talk", "worked_on": "2027-02-24", "minutes": 5, "reason": "So." });
    let path = format!("/v1/campuses/{}/hours-entries", foreign.id);
    let _ = foreign.coordinator.post(&path, body).await.expect(422).points_at("/volunteer_id", "unknown_reference");
    assert_eq!(foreign.coordinator.all(&path).await, Vec::<Value>::new());

    // No calendar knows of marks, and nobody is written to.
    assert_eq!(world.letters_to("ada@example.edu").await.len(), letters);
    let own = format!("/v1/volunteers/{}/hours-entries", ada.id);
    assert_eq!(ada.all(&format!("{own}?from=2027-02-25&until=2027-02-25")).await.len(), 3);
    assert_eq!(ada.all(&format!("{own}?until=2027-02-24")).await.len(), 1);
    assert_eq!(ada.all(&format!("{own}?limit=2&campus_id={}", world.campus_id())).await.len(), 4);
    assert_eq!(ada.all(&format!("{own}?campus_id={}", foreign.id)).await.len(), 0);
    let _ = ada.get(&format!("{own}?from=yesterday")).await.refused(400, "invalid_parameter");
    let _ = ada.get(&format!("{own}?volunteer_id={}", ada.id)).await.refused(400, "unknown_parameter");
}

async fn a_letter_stays_as_it_was_signed(world: &World) {
    let (ada, assignment, _) = ada(world).await;
    let sign = format!("/v1/volunteers/{}/hours-letters", ada.id);
    let campus = json!({ "campus_id": world.campus_id() });
    let _ = ada.post(&sign, campus.clone()).await.expect(422).points_at("/until", "nothing_to_sign");
    world.set_clock("2027-02-25T17:00:00Z");
    does(world, &assignment, "check-in", json!({})).await.expect(200);
    world.set_clock("2027-02-25T19:00:00Z");
    does(world, &assignment, "check-out", json!({})).await.expect(200);
    adjusts(world, &ada, "=HYPERLINK(\"http://x\") <b>Podcast</b>", 45).await.expect(201);
    adjusts(world, &ada, "A talk", 30).await.expect(201);
    adjusts(world, &ada, "A talk", -30).await.expect(201);

    let signed = ada.post(&sign, campus.clone()).await.expect(201);
    assert_eq!(signed.json["minutes"], 165);
    assert_eq!((&signed.json["from"], &signed.json["until"]), (&json!("2027-02-24"), &json!("2027-02-25")));
    let by_office = world.coordinator().post(&sign, campus.clone()).await.expect(201);
    assert_eq!(by_office.json, signed.json, "the same letter, whoever asks");
    let path = signed.json["url"].as_str().unwrap();
    let path = path[path.find("/hours/").unwrap()..].to_owned();
    let page = world.nobody().get(&path).await.expect(200);
    let text = page.text();
    for part in ["This letter is as it was signed.", "<strong>Ada</strong>", "2 hours 45 minutes", "24 February 2027"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("&lt;b&gt;Podcast"), "{text}");
    assert!(!text.contains("A talk"), "what came to nothing is left out: {text}");
    assert!(!text.contains("changed since"), "{text}");

    // One day of it is a letter of its own.
    let day = json!({ "campus_id": world.campus_id(), "from": "2027-02-25", "until": "2027-02-25" });
    assert_eq!(ada.post(&sign, day).await.expect(201).json["minutes"], 120);
    let reversed = json!({ "campus_id": world.campus_id(), "from": "2027-02-26", "until": "2027-02-25" });
    let _ = ada.post(&sign, reversed).await.expect(422).points_at("/until", "reversed");

    // What is written later changes the ledger and not the letter.
    does(world, &assignment, "undo", json!({})).await.expect(200);
    let text = world.nobody().get(&path).await.expect(200).text();
    assert!(text.contains("gave <strong>2 hours 45 minutes</strong>"), "{text}");
    assert!(text.contains("This letter is as it was signed. The ledger was changed since then"), "{text}");
    assert!(text.contains("it now has 45 minutes."), "{text}");
    assert_eq!(ada.post(&sign, campus).await.expect(201).json["minutes"], 45);

    // Another figure under the same seal is none of ours.
    let at = path.len() - 40;
    let other = if &path[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &path[..at], &path[at + 1..]);
    let _ = world.nobody().get(&forged).await.expect(404);
    // Whoever writes into the database itself is found out.
    world.database().connect().batch_execute("update hours_entries set minutes = 500 where minutes = 120").unwrap();
    let text = world.nobody().get(&path).await.expect(200).text();
    assert!(text.contains("The ledger no longer gives the hours that were signed."), "{text}");

    let sheet = world.coordinator().get(&format!("/v1/campuses/{}/hours.csv", world.campus_id())).await.expect(200);
    let text = sheet.text();
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.contains("\"'=HYPERLINK"), "{text}");
    let _ = ada.get(&format!("/v1/campuses/{}/hours.csv", world.campus_id())).await.refused(404, "not_found");
}

async fn waits(world: &World) -> Vec<Value> {
    let mut all = world.coordinator().all(&format!("/v1/campuses/{}/attention", world.campus_id())).await;
    all.retain(|item| item["kind"] == "check_out_missing");
    all
}

async fn hours_are_never_guessed(world: &World) {
    let (ada, assignment, _) = ada(world).await;
    world.set_clock("2027-02-25T20:00:00Z");
    // It is over: when did she come?
    let _ = does(world, &assignment, "check-in", json!({})).await.expect(422).points_at("/at", "required");
    for (at, code) in [
        ("2027-02-25T20:00:01Z", "in_the_future"),
        ("2027-02-25T19:00:00Z", "out_of_range"),
        ("2027-02-25T04:59:59Z", "out_of_range"),
        ("yesterday", "invalid_format"),
    ] {
        let _ = does(world, &assignment, "check-in", json!({ "at": at })).await.expect(422).points_at("/at", code);
    }
    does(world, &assignment, "check-in", json!({ "at": "2027-02-25T17:05:00Z" })).await.expect(200);
    assert_eq!(waits(world).await, Vec::<Value>::new());
    world.set_clock("2027-02-25T21:00:01Z");
    let waiting = waits(world).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0]["subject"]["id"], &waiting[0]["since"]),
        (&json!(assignment), &json!("2027-02-25T19:00:00Z"))
    );
    assert!(waiting[0]["detail"].as_str().unwrap().starts_with("Ada was checked in and never out."));
    let _ = does(world, &assignment, "check-out", json!({})).await.expect(422).points_at("/at", "required");
    let early = json!({ "at": "2027-02-25T17:04:59Z" });
    let _ = does(world, &assignment, "check-out", early).await.expect(422).points_at("/at", "reversed");
    world.set_clock("2027-03-02T12:00:00Z");
    let long = json!({ "at": "2027-02-26T09:05:01Z" });
    let _ = does(world, &assignment, "check-out", long).await.expect(422).points_at("/at", "out_of_range");
    does(world, &assignment, "check-out", json!({ "at": "2027-02-25T19:05:00Z" })).await.expect(200);
    assert_eq!(ledger(&ada).await, lines(&[("accrual", 120)]));
    assert_eq!(waits(world).await, Vec::<Value>::new());
}

async fn who_is_marked_twice_at_once_is_marked_once(world: &World) {
    let (ada, assignment, _) = ada(world).await;
    world.set_clock("2027-02-25T17:00:00Z");
    does(world, &assignment, "check-in", json!({})).await.expect(200);
    world.set_clock("2027-02-25T18:00:00Z");
    let statuses = |answers: Vec<Response>| {
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        statuses
    };
    let out = join_all((0..4).map(|_| does(world, &assignment, "check-out", json!({})))).await;
    assert_eq!(statuses(out), [200, 409, 409, 409]);
    assert_eq!(ledger(&ada).await, lines(&[("accrual", 60)]));
    // Each undo takes one step back, and only one of them takes the hour back.
    let back = join_all((0..4).map(|_| does(world, &assignment, "undo", json!({})))).await;
    assert_eq!(statuses(back), [200, 200, 409, 409]);
    assert_eq!(ledger(&ada).await, lines(&[("accrual", 60), ("reversal", -60)]));
    // The same request under its key is done once and answered twice.
    let path = format!("/v1/assignments/{assignment}/check-in");
    let key = "10a7e6de-40c2-4bb5-9a3c-3e0a8d9c7b01";
    for _ in 0..2 {
        world.coordinator().request("POST", &path).key(key).json(&json!({})).send().await.expect(200);
    }
}

async fn nobody_is_marked_before_the_time_or_while_there_is_none(world: &World) {
    let (_, assignment, need) = ada(world).await;
    world.set_clock("2027-02-25T04:59:59Z");
    let _ = does(world, &assignment, "check-in", json!({})).await.refused(409, "too_early");
    world.set_clock("2027-02-25T16:59:59Z");
    let _ = does(world, &assignment, "no-show", json!({})).await.refused(409, "too_early");
    let event = format!("/v1/events/{}/postpone", need.json["event_id"].as_str().unwrap());
    let postponed = world.coordinator().request("POST", &event).header("If-Match", "*");
    postponed.json(&json!({ "reason": "Snow." })).send().await.expect(200);
    let _ = does(world, &assignment, "check-in", json!({})).await.refused(409, "wrong_state");
    world.set_clock("2027-02-25T17:00:00Z");
    let _ = does(world, &assignment, "no-show", json!({})).await.refused(409, "wrong_state");
}
