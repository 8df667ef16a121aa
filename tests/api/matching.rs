//! Plans made beside everything else: asked for, watched, mended, called off, sent; explained in words and numbers; drawn.

use std::time::Duration;

use rostrum::domain::matching::run::RunState;
use rostrum::store::matching_runs;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::{Volunteer, World};

on_both!(
    World: a_run_is_asked_for_watched_and_read,
    campuses_that_share_volunteers_are_planned_together,
    a_season_is_a_part_of_the_needs,
    what_changed_meanwhile_is_mended,
    a_run_is_called_off,
    a_run_that_was_left_behind_is_begun_again,
    a_run_sends_its_offers,
    a_plan_made_again_moves_nobody_without_need,
    a_draft_is_brought_up_to_date,
    drafts_are_mended_by_night,
    what_is_wrong_with_a_run_is_said,
    why_somebody_has_no_seat,
    who_might_come_if_it_were_moved,
    where_one_more_would_help,
    fairness_has_a_price_that_is_shown,
    a_plan_is_drawn,
);

fn one_seat(title: &str, start: &str, end: &str) -> Value {
    json!({ "title": title, "starts_local": start, "ends_local": end,
        "roles": [{ "name": "Speaker", "min": 1, "max": 1 }] })
}

impl World {
    /// A run, come to its end.
    async fn planned(&self, body: Value) -> Value {
        let run = self.coordinator().post("/v1/matching-runs", body).await.expect(202);
        self.plan().await;
        self.coordinator().get(&format!("/v1/matching-runs/{}", run.id())).await.expect(200).json
    }

    async fn planned_here(&self) -> Value {
        self.planned(json!({ "campus_ids": [self.campus_id()] })).await
    }

    async fn proposal_of(&self, run: &Value) -> Value {
        let id = run["proposals"][0]["proposal_id"].as_str().expect("a proposal");
        self.coordinator().get(&format!("/v1/proposals/{id}")).await.expect(200).json
    }

    async fn explained(&self, proposal: &Value, need: &Response, who: &Volunteer) -> Value {
        let id = proposal["id"].as_str().unwrap();
        let path = format!("/v1/proposals/{id}/explanation?role_id={}&volunteer_id={}", first_role(need), who.id);
        self.coordinator().get(&path).await.expect(200).json
    }
}

async fn a_run_is_asked_for_watched_and_read(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({ "roles": [{ "name": "Interviewer", "min": 2, "max": 3 }] })).await;
    let office = world.coordinator();
    let body = json!({ "campus_ids": [world.campus_id()] });
    let run = office.request("POST", "/v1/matching-runs").json(&body).key("plan").send().await.expect(202);
    assert_eq!(
        (&run.json["state"], &run.json["step"], &run.json["result"]),
        (&json!("waiting"), &json!(0), &Value::Null)
    );
    let again = office.request("POST", "/v1/matching-runs").json(&body).key("plan").send().await.expect(202);
    assert_eq!((again.id(), again.header("Idempotent-Replayed")), (run.id(), Some("true")));
    let path = format!("/v1/matching-runs/{}", run.id());
    assert_eq!(run.header("Location"), Some(path.as_str()));

    // Whoever watches hears where it stands, and how it ends.
    let watched = format!("{path}/events");
    let (events, ()) = tokio::join!(office.get(&watched), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.plan().await;
    });
    let events = events.expect(200);
    assert_eq!(events.header("Content-Type"), Some("text/event-stream"));
    let text = events.text();
    assert!(text.starts_with("event: progress\ndata: {") && text.ends_with("}\n\n"), "{text}");
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    let data = last.strip_prefix("event: finished\ndata: ").unwrap_or_else(|| panic!("{last}"));
    let told: Value = serde_json::from_str(data).unwrap();
    let read = office.get(&path).await.expect(200).json;
    assert_eq!(told, read);

    assert_eq!(
        (&read["state"], &read["failure"], &read["gap_percent"]),
        (&json!("finished"), &Value::Null, &json!(0.0))
    );
    assert_eq!((&read["value"], read["step"].as_i64() > Some(0)), (&read["bound"], true));
    let result = &read["result"];
    assert_eq!(
        (&result["seats_wanted"], &result["seats_filled"], &result["seats_provable"]),
        (&json!(3), &json!(1), &json!(1))
    );
    assert_eq!(
        result["summary"],
        "1 of 3 seats are filled. 2 seats cannot be filled with the volunteers there are. No better plan exists; that \
         is proven."
    );
    let proposal = world.proposal_of(&read).await;
    assert_eq!((&proposal["state"], &proposal["seats"][0]["volunteer_id"]), (&json!("draft"), &json!(ada.id)));
    let open = &proposal["open_seats"][0];
    assert_eq!((&open["missing"], &open["impossible"], &open["eligible"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(open["campus_request_id"], need.id());
    assert_eq!(proposal["loads"], json!({ "people": 1, "engaged": 1, "greatest": 1, "gini": 0.0 }));

    // Whoever comes later is told at once; the list shows it; nobody was written to.
    assert!(office.get(&watched).await.expect(200).text().starts_with("event: finished\n"));
    let runs = format!("/v1/campuses/{}/matching-runs", world.campus_id());
    assert_eq!(office.all(&runs).await, [read]);
    assert_eq!(office.all(&format!("/v1/campus-requests/{}/offers", need.id())).await, Vec::<Value>::new());
    let second = world.planned_here().await;
    let ids = |some: Vec<Value>| some.into_iter().map(|run| run["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(office.all(&format!("{runs}?limit=1")).await), [second["id"].clone(), json!(run.id())]);
}

async fn campuses_that_share_volunteers_are_planned_together(world: &World) {
    let ada = world.volunteer("Ada").await;
    let ben = world.volunteer("Ben").await;
    let other = world.another_campus("Penn State Altoona").await;
    let here = world.approved_need(&one_seat("Here", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    // The office of York staffs Altoona too; Ada is known at both.
    let me = world.coordinator().get("/v1/me").await.expect(200).json["account"].clone();
    let member = json!({ "email": me["email"], "name": me["name"], "role": "coordinator" });
    other.coordinator.post(&format!("/v1/campuses/{}/members", other.id), member).await.expect(201);
    let path = format!("/v1/campuses/{}/volunteers", other.id);
    ada.post(&path, json!({})).await.expect(201);
    let approve = format!("{path}/{}/approve", ada.id);
    other.coordinator.act(&approve).await.expect(200);

    // A new role ends the sessions of whoever has it.
    let office = world.another_session(world.coordinator()).await;

    // Both want one speaker at the same hour; there Ada alone may come, so Ben has to come here.
    let body = crate::support::arrange::need_body(&one_seat("There", "2027-02-25T12:00", "2027-02-25T14:00"));
    let there = other.coordinator.post_need(&other.id, body).await.expect(201);
    for (verb, status) in [("submit", 200), ("approve", 200)] {
        other.coordinator.need_does(&there.id(), verb, None).await.expect(status);
    }
    let both = json!({ "campus_ids": [world.campus_id(), other.id] });
    let run = office.post("/v1/matching-runs", both.clone()).await.expect(202).id();
    world.plan().await;
    let path = format!("/v1/matching-runs/{run}");
    let run = office.get(&path).await.expect(200).json;
    assert_eq!((&run["state"], &run["result"]["seats_filled"]), (&json!("finished"), &json!(2)), "{run}");
    let mut seats = Vec::new();
    for one in run["proposals"].as_array().unwrap() {
        let path = format!("/v1/proposals/{}", one["proposal_id"].as_str().unwrap());
        let proposal = office.get(&path).await.expect(200).json;
        assert_eq!((&proposal["campus_id"], &proposal["seats_filled"]), (&one["campus_id"], &json!(1)));
        assert_eq!((&proposal["value"], &proposal["bound"]), (&run["value"], &run["bound"]), "of the whole");
        let seat = &proposal["seats"][0];
        seats.push((seat["campus_request_id"].clone(), seat["volunteer_id"].clone()));
    }
    seats.sort_by_key(|(need, _)| *need != json!(here.id()));
    assert_eq!(seats, [(json!(here.id()), json!(ben.id)), (json!(there.id()), json!(ada.id))]);

    // Without Ben the seat here stays open: what the draft there has Ada do is left alone.
    let pause = format!("/v1/campuses/{}/volunteers/{}/pause", world.campus_id(), ben.id);
    office.post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    let mine = run["proposals"].as_array().unwrap().iter().find(|one| one["campus_id"] == world.campus_id());
    let mend = format!("/v1/proposals/{}/mend", mine.unwrap()["proposal_id"].as_str().unwrap());
    let mended = office.act(&mend).await.expect(200).json;
    assert_eq!((&mended["proposal"]["seats_filled"], &mended["added"]), (&json!(0), &json!([])), "{mended}");
    assert_eq!(mended["dropped"][0]["display_name"], "Ben");

    // The other office may not read what is about York too, and does not see it in its list.
    let _ = other.coordinator.get(&path).await.refused(404, "not_found");
    assert_eq!(other.coordinator.all(&format!("/v1/campuses/{}/matching-runs", other.id)).await, Vec::<Value>::new());
    let list = format!("/v1/campuses/{}/matching-runs", other.id);
    assert_eq!(office.all(&list).await.len(), 1);
    let _ = other.coordinator.post("/v1/matching-runs", both).await.refused(404, "not_found");
}

async fn a_season_is_a_part_of_the_needs(world: &World) {
    world.volunteer("Ada").await;
    let first = world.approved_need(&one_seat("First", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let second = world.approved_need(&one_seat("Second", "2027-03-04T12:00", "2027-03-04T14:00")).await;
    let seats = async |body: Value| -> Vec<Value> {
        let run = world.planned(body).await;
        let proposal = world.proposal_of(&run).await;
        proposal["seats"].as_array().unwrap().iter().map(|seat| seat["campus_request_id"].clone()).collect()
    };
    let campus = [world.campus_id()];
    // Half open: what begins at the end is not in it.
    let body = json!({ "campus_ids": campus, "from": "2027-02-25T17:00:00Z", "until": "2027-03-04T17:00:00Z" });
    assert_eq!(seats(body).await, [json!(first.id())]);
    assert_eq!(seats(json!({ "campus_ids": campus, "from": "2027-02-25T17:00:01Z" })).await, [json!(second.id())]);
    assert_eq!(seats(json!({ "campus_ids": campus, "campus_request_ids": [second.id()] })).await, [json!(second.id())]);
    let nothing = world.planned(json!({ "campus_ids": campus, "from": "2028-01-01T00:00:00Z" })).await;
    assert_eq!(nothing["result"]["summary"], "There are no open seats to fill.");
}

async fn what_changed_meanwhile_is_mended(world: &World) {
    let mut people = Vec::new();
    for number in 0..24 {
        people.push(world.volunteer(&format!("Volunteer {number}")).await);
    }
    for day in 1..=24 {
        let at = |hour: u32| format!("2027-02-{day:02}T{hour}:00");
        world.approved_need(&one_seat("Talk", &at(12), &at(14))).await;
    }
    let office = world.coordinator();
    // With the trade it takes a while: long enough to pause somebody while the plan is made.
    let body = json!({ "campus_ids": [world.campus_id()], "trade": true });
    let run = office.post("/v1/matching-runs", body).await.expect(202).id();
    let path = format!("/v1/matching-runs/{run}");
    let gone = &people[0].id;
    let ((), ()) = tokio::join!(world.plan(), async {
        while office.get(&path).await.expect(200).json["state"] == "waiting" {}
        let pause = format!("/v1/campuses/{}/volunteers/{gone}/pause", world.campus_id());
        office.post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    });
    let read = office.get(&path).await.expect(200).json;
    assert_eq!((&read["state"], &read["result"]["mended"]), (&json!("finished"), &json!(true)), "{read}");
    assert_eq!((&read["result"]["seats_filled"], &read["gap_percent"]), (&json!(24), &json!(0.0)));
    let proposal = world.proposal_of(&read).await;
    assert!(proposal["seats"].as_array().unwrap().iter().all(|seat| seat["volunteer_id"] != json!(gone)));
    // As good as if it had been made of these facts at once, but for who was kept.
    let fresh = office.propose(world.campus_id()).await.expect(201).json;
    assert_eq!(fresh["seats_filled"], proposal["seats_filled"]);
}

async fn a_run_is_called_off(world: &World) {
    world.volunteer("Ada").await;
    world.approved_need(&json!({})).await;
    let office = world.coordinator();
    let body = json!({ "campus_ids": [world.campus_id()] });
    let run = office.post("/v1/matching-runs", body.clone()).await.expect(202).id();
    let second = office.post("/v1/matching-runs", body.clone()).await.refused(409, "matching_under_way");
    assert_eq!(second.json["matching_run_id"], json!(run));
    let path = format!("/v1/matching-runs/{run}");
    let cancelled = office.act(&format!("{path}/cancel")).await.expect(200);
    assert_eq!((&cancelled.json["state"], cancelled.json["finished_at"].is_string()), (&json!("cancelled"), true));
    let _ = office.act(&format!("{path}/cancel")).await.refused(409, "wrong_state");
    world.plan().await;
    let read = office.get(&path).await.expect(200).json;
    assert_eq!((&read["state"], &read["proposals"]), (&json!("cancelled"), &json!([])));
    assert!(office.get(&format!("{path}/events")).await.expect(200).text().starts_with("event: cancelled\n"));
    // The way is free again.
    office.post("/v1/matching-runs", body).await.expect(202);
}

async fn a_run_that_was_left_behind_is_begun_again(world: &World) {
    world.volunteer("Ada").await;
    world.approved_need(&json!({})).await;
    let office = world.coordinator();
    let body = json!({ "campus_ids": [world.campus_id()] });
    let leave = async |attempts: i32| -> String {
        let run = office.post("/v1/matching-runs", body.clone()).await.expect(202).id();
        let id = run.parse().unwrap();
        // As a node leaves it that loses its power in the middle of the work.
        let left = world.app.write(move |tx| {
            let row = matching_runs::find(tx.conn, id)?.unwrap();
            let until = Some(tx.now.plus(chrono::TimeDelta::seconds(60)));
            let left = matching_runs::MatchingRunRow { state: RunState::Running, attempts, leased_until: until, ..row };
            Ok(matching_runs::update(tx.conn, &left, RunState::Waiting, 0)?)
        });
        assert!(left.await.unwrap());
        run
    };
    let state = async |run: &str| office.get(&format!("/v1/matching-runs/{run}")).await.expect(200).json;
    let run = leave(1).await;
    world.plan().await;
    assert_eq!(state(&run).await["state"], "running", "somebody may still be at work");
    world.advance_minutes(2);
    world.plan().await;
    assert_eq!(state(&run).await["state"], "finished");

    let run = leave(3).await;
    world.advance_minutes(2);
    world.plan().await;
    let failed = state(&run).await;
    assert_eq!((&failed["state"], &failed["proposals"]), (&json!("failed"), &json!([])));
    assert_eq!(failed["failure"], "Nobody has come to an end with it in 3 attempts.");
}

async fn a_run_sends_its_offers(world: &World) {
    let ada = world.volunteer("Ada").await;
    let need = world.approved_need(&json!({ "roles": [{ "name": "Interviewer", "min": 1, "max": 2 }] })).await;
    let body = json!({ "campus_ids": [world.campus_id()], "send": true, "deadline": "2027-01-20T17:00:00Z" });
    let run = world.planned(body).await;
    assert_eq!((&run["result"]["offers"], &run["result"]["skipped"]), (&json!(1), &json!(0)), "{run}");
    assert_eq!(world.proposal_of(&run).await["state"], "sent");
    let offers = world.coordinator().all(&format!("/v1/campus-requests/{}/offers", need.id())).await;
    assert_eq!(offers.len(), 1);
    assert_eq!((&offers[0]["volunteer_id"], &offers[0]["deadline"]), (&json!(ada.id), &json!("2027-01-20T17:00:00Z")));
    // Whoever is being asked stays where they are: the next plan has nothing for them.
    assert_eq!(world.planned_here().await["result"]["seats_filled"], 0);
}

async fn a_plan_made_again_moves_nobody_without_need(world: &World) {
    let ada = world.volunteer_with("Ada", &json!({ "credentials": [] })).await;
    let need = world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let first = world.planned_here().await;
    assert_eq!((&first["result"]["kept"], &first["result"]["seats_filled"]), (&json!(0), &json!(1)));
    // Somebody a little better comes: half the points of a credential are no reason to change the plan.
    let ben = world.volunteer("Ben").await;
    let again = world.planned_here().await;
    assert_eq!(again["result"]["kept"], 1);
    assert_eq!(world.proposal_of(&again).await["seats"][0]["volunteer_id"], json!(ada.id));
    // Once Ada may no longer be asked, the seat is Ben's.
    let pause = format!("/v1/campuses/{}/volunteers/{}/pause", world.campus_id(), ada.id);
    world.coordinator().post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    let third = world.planned_here().await;
    assert_eq!(third["result"]["kept"], 0);
    let proposal = world.proposal_of(&third).await;
    assert_eq!(proposal["seats"][0]["volunteer_id"], json!(ben.id));
    let why = world.explained(&proposal, &need, &ada).await;
    assert_eq!((&why["because"], &why["refusals"][0]["rule"]), (&json!("rules"), &json!("not_approved_here")));
}

async fn a_draft_is_brought_up_to_date(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    let talk = world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let panel = world.approved_need(&one_seat("Panel", "2027-03-04T12:00", "2027-03-04T14:00")).await;
    let office = world.coordinator();
    // A draft for the talk alone stays one for the talk.
    let body = json!({ "campus_request_ids": [talk.id()] });
    let draft = office.post(&format!("/v1/campuses/{}/proposals", world.campus_id()), body).await.expect(201).json;
    let path = format!("/v1/proposals/{}", draft["id"].as_str().unwrap());
    let same = office.act(&format!("{path}/mend")).await.expect(200).json;
    assert_eq!((&same["kept"], &same["added"], &same["dropped"]), (&json!(1), &json!([]), &json!([])));
    assert_eq!((&same["proposal"]["seats"], &same["proposal"]["revision"]), (&draft["seats"], &json!(2)));

    let had = draft["seats"][0]["volunteer_id"].clone();
    let (gone, next) = if had == json!(ada.id) { (&ada, &ben) } else { (&ben, &ada) };
    let pause = format!("/v1/campuses/{}/volunteers/{}/pause", world.campus_id(), gone.id);
    office.post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    let mend = format!("{path}/mend");
    let mended = office.request("POST", &mend).key("mend").send().await.expect(200);
    assert_eq!((&mended.json["kept"], mended.header("ETag")), (&json!(0), Some("\"3\"")));
    assert_eq!(mended.json["dropped"][0]["volunteer_id"], json!(gone.id));
    assert_eq!(mended.json["added"][0]["volunteer_id"], json!(next.id));
    assert_eq!(mended.json["added"][0]["campus_request_id"], json!(talk.id()));
    let proposal = &mended.json["proposal"];
    assert_eq!((&proposal["seats_filled"], &proposal["gap_percent"]), (&json!(1), &json!(0.0)));
    assert_eq!(office.get(&path).await.expect(200).json, *proposal);
    let again = office.request("POST", &mend).key("mend").send().await.expect(200);
    assert_eq!((&again.json, again.header("Idempotent-Replayed")), (&mended.json, Some("true")));

    // A need that is called off takes its seats along.
    let all = office.propose(world.campus_id()).await.expect(201);
    assert_eq!(all.json["seats_filled"], 2);
    let cancel = format!("/v1/campus-requests/{}/cancel", panel.id());
    office.post(&cancel, json!({ "reason": "The room is gone." })).await.expect(200);
    let less = office.act(&format!("/v1/proposals/{}/mend", all.id())).await.expect(200).json;
    assert_eq!((&less["kept"], &less["proposal"]["seats_wanted"]), (&json!(1), &json!(1)));
    assert_eq!(less["dropped"][0]["campus_request_id"], json!(panel.id()));

    office.send_proposal(&all.id()).await.expect(200);
    let _ = office.act(&format!("/v1/proposals/{}/mend", all.id())).await.refused(409, "wrong_state");
}

async fn drafts_are_mended_by_night(world: &World) {
    let (ada, ben) = (world.volunteer("Ada").await, world.volunteer("Ben").await);
    world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let older = world.coordinator().propose(world.campus_id()).await.expect(201).json;
    let draft = world.coordinator().propose(world.campus_id()).await.expect(201).json;
    let gone = draft["seats"][0]["volunteer_id"].as_str().unwrap();
    let next = if gone == ada.id { &ben.id } else { &ada.id };
    let pause = format!("/v1/campuses/{}/volunteers/{gone}/pause", world.campus_id());
    world.coordinator().post(&pause, json!({ "reason": "On leave." })).await.expect(200);
    let read = async |of: &Value| {
        let path = format!("/v1/proposals/{}", of["id"].as_str().unwrap());
        world.coordinator().get(&path).await.expect(200).json
    };
    // Hour by hour for two days: by day nothing, each night once, and only the latest.
    let mut revisions = Vec::new();
    for _ in 0..48 {
        world.advance_minutes(60);
        world.plan().await;
        world.plan().await;
        revisions.push(read(&draft).await["revision"].as_i64().unwrap());
    }
    let changed = |hours: &[i64]| hours.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!((changed(&revisions), revisions.last()), (2, Some(&3)), "{revisions:?}");
    let mended = read(&draft).await;
    assert_eq!(mended["seats"][0]["volunteer_id"], json!(next));
    assert_eq!(read(&older).await, older);
}

async fn what_is_wrong_with_a_run_is_said(world: &World) {
    let office = world.coordinator();
    let draft = world.draft(&json!({})).await;
    let campus = world.campus_id();
    let check = async |change: Value, pointer: &str, code: &str| {
        let mut body = json!({ "campus_ids": [campus] });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = office.post("/v1/matching-runs", body).await.refused(422, "invalid_fields");
        let _ = answer.points_at(pointer, code);
    };
    check(json!({ "campus_ids": [] }), "/campus_ids", "required").await;
    check(json!({ "campus_ids": ["x"] }), "/campus_ids/0", "invalid_format").await;
    check(json!({ "campus_ids": [campus, campus] }), "/campus_ids/1", "repeated").await;
    check(json!({ "campus_request_ids": [] }), "/campus_request_ids", "required").await;
    check(json!({ "campus_request_ids": [campus] }), "/campus_request_ids/0", "unknown_reference").await;
    check(json!({ "fairness": 10_001 }), "/fairness", "out_of_range").await;
    check(json!({ "fairness": -1 }), "/fairness", "out_of_range").await;
    check(json!({ "from": "tomorrow" }), "/from", "invalid_format").await;
    let same = "2027-03-01T00:00:00Z";
    check(json!({ "from": same, "until": same }), "/until", "reversed").await;
    check(json!({ "deadline": same }), "/deadline", "needs_send").await;
    check(json!({ "send": true, "deadline": "2027-01-11T15:00:00Z" }), "/deadline", "in_the_past").await;
    let body = json!({ "campus_ids": [campus], "campus_request_ids": [draft.id()] });
    let _ = office.post("/v1/matching-runs", body).await.refused(409, "wrong_state");
    let _ = office.post("/v1/matching-runs", json!({})).await.refused(422, "invalid_fields");
    assert_eq!(office.all(&format!("/v1/campuses/{campus}/matching-runs")).await, Vec::<Value>::new());

    // A deadline that is after the start is only known once there is a plan: the run fails, and nothing is sent.
    world.volunteer("Ada").await;
    let need = world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let late = json!({ "campus_ids": [campus], "send": true, "deadline": "2027-02-25T17:00:01Z" });
    let run = world.planned(late).await;
    assert_eq!((&run["state"], &run["proposals"]), (&json!("failed"), &json!([])));
    assert!(run["failure"].as_str().unwrap().contains("after the start"), "{run}");
    assert_eq!(office.all(&format!("/v1/campus-requests/{}/offers", need.id())).await, Vec::<Value>::new());
}

async fn why_somebody_has_no_seat(world: &World) {
    let caps = json!({ "caps": { "per_week": 1, "per_month": 4 } });
    let ada = world.volunteer_with("Ada", &caps).await;
    let ben = world.volunteer_with("Ben", &json!({ "credentials": [] })).await;
    let cleo = world.volunteer_with("Cleo", &json!({ "kinds": ["podcast"] })).await;
    let talk = world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let walk = json!({ "title": "Walk", "starts_local": "2027-02-25T13:00", "ends_local": "2027-02-25T15:00",
        "roles": [{ "name": "Guide", "min": 0, "max": 2 }] });
    let walk = world.approved_need(&walk).await;
    let run = world.planned(json!({ "campus_ids": [world.campus_id()], "fairness": 0 })).await;
    let proposal = world.proposal_of(&run).await;
    let seat_of = |who: &Volunteer| {
        let seats = proposal["seats"].as_array().unwrap();
        seats.iter().find(|seat| seat["volunteer_id"] == json!(who.id)).map(|seat| seat["campus_request_id"].clone())
    };
    // Ada and Ben cover both; one of the two guides is missing.
    assert_eq!((proposal["seats_filled"].as_i64(), seat_of(&cleo)), (Some(2), None));
    let (hers, others) = if seat_of(&ada) == Some(json!(talk.id())) { (&talk, &walk) } else { (&walk, &talk) };

    let seated = world.explained(&proposal, hers, &ada).await;
    assert_eq!((&seated["because"], &seated["costs_at_least"]), (&json!("seated"), &json!(0)));
    let parts: i64 = seated["score"]["parts"].as_array().unwrap().iter().map(|p| p["points"].as_i64().unwrap()).sum();
    assert_eq!(seated["score"]["total"], json!(parts));
    let clash = world.explained(&proposal, others, &ada).await;
    assert_eq!((&clash["because"], &clash["others"][0]["campus_request_id"]), (&json!("clash"), &json!(hers.id())));
    assert_eq!(clash["others"][0]["planned"], true);
    let rules = world.explained(&proposal, &talk, &cleo).await;
    assert_eq!((&rules["because"], &rules["refusals"][0]["rule"]), (&json!("rules"), &json!("kind_not_accepted")));
    assert_eq!(rules["score"], Value::Null);

    // In the same week at another hour there is no clash, but Ada takes one a week. She would fit better; to choose her
    // would leave another seat empty, and costs at least what that is worth.
    let late = world.approved_need(&one_seat("Late talk", "2027-02-26T12:00", "2027-02-26T14:00")).await;
    let run = world.planned(json!({ "campus_ids": [world.campus_id()], "fairness": 0 })).await;
    let proposal = world.proposal_of(&run).await;
    assert_eq!(proposal["seats_filled"], 3, "{proposal}");
    let cap = world.explained(&proposal, &late, &ada).await;
    assert_eq!((&cap["because"], cap["others"].as_array().unwrap().len()), (&json!("cap"), 1), "{cap}");
    assert!(cap["detail"].as_str().unwrap().contains("the week of 22 February 2027"), "{cap}");
    assert!(cap["costs_at_least"].as_i64().unwrap() > 10_000, "{cap}");

    let path = |role: &str, who: &str| {
        format!("/v1/proposals/{}/explanation?role_id={role}&volunteer_id={who}", proposal["id"].as_str().unwrap())
    };
    let office = world.coordinator();
    let _ = office.get(&path(&first_role(&talk), &late.id())).await.refused(404, "not_found");
    let _ = office.get(&path(&late.id(), &ben.id)).await.refused(404, "not_found");
    let _ = office.get(&path("x", &ben.id)).await.refused(400, "invalid_parameter");
}

async fn who_might_come_if_it_were_moved(world: &World) {
    let hours = |from: &str, until: &str| json!({ "availability": { "weekly": [{ "day": "thursday", "from": from, "until": until }], "exceptions": [] } });
    let early = world.volunteer_with("Early", &hours("08:00", "13:00")).await;
    let exact = world.volunteer_with("Exact", &hours("12:00", "14:00")).await;
    let late = world.volunteer_with("Late", &hours("13:00", "18:00")).await;
    let afar = world.volunteer_with("Afar", &json!({ "in_person": null })).await;
    let need = world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let office = world.coordinator();
    let told = office.get(&format!("/v1/campus-requests/{}/what-if", need.id())).await.expect(200).json;
    assert_eq!(told["eligible"], 1);
    let change = |name: &str| {
        let changes = told["changes"].as_array().unwrap();
        let one = changes.iter().find(|one| one["change"] == name).unwrap();
        let ids =
            |list: &str| one[list].as_array().unwrap().iter().map(|v| v["volunteer_id"].clone()).collect::<Vec<_>>();
        (ids("gained"), ids("lost"))
    };
    assert_eq!(change("hour_earlier"), (vec![json!(early.id)], vec![json!(exact.id)]));
    assert_eq!(change("hour_later"), (vec![json!(late.id)], vec![json!(exact.id)]));
    assert_eq!(change("virtual"), (vec![json!(afar.id)], vec![]));
    assert_eq!(told["changes"].as_array().unwrap().len(), 3, "it takes place in person already");
}

async fn where_one_more_would_help(world: &World) {
    world.volunteer("Ada").await;
    let skilled = json!({ "title": "Nursing talk", "starts_local": "2027-02-23T18:00", "ends_local": "2027-02-23T20:00",
        "required_skills": [{ "name": "nursing", "level": "practised" }],
        "roles": [{ "name": "Speaker", "min": 1, "max": 2 }] });
    world.approved_need(&skilled).await;
    world.approved_need(&one_seat("Talk", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let run = world.planned_here().await;
    let proposal = world.proposal_of(&run).await;
    assert_eq!(
        (&proposal["seats_filled"], &proposal["open_seats"][0]["refusals"]),
        (&json!(1), &json!([{ "rule": "skill_missing", "volunteers": 1 }]))
    );
    let path = format!("/v1/proposals/{}/reinforcements", proposal["id"].as_str().unwrap());
    let told = world.coordinator().get(&path).await.expect(200).json;
    let of_sort = |sort: &str| {
        let items = told["items"].as_array().unwrap();
        items.iter().filter(|one| one["sort"] == sort).cloned().collect::<Vec<_>>()
    };
    let best = &of_sort("skills")[0];
    assert_eq!((&best["detail"], &best["open_seats"]), (&json!("nursing (practised)"), &json!(2)), "{told}");
    // A seat of the minimum at priority 3 is worth 60,000, and a perfect fit 1,000.
    assert!(best["at_most"].as_i64().unwrap() >= 61_000, "{told}");
    assert_eq!(of_sort("hours")[0]["detail"], "Tuesdays, 17:00 to 22:00");
    assert_eq!(of_sort("kind")[0]["detail"], "mock interviews");
    assert_eq!(of_sort("place").len(), 1, "nothing takes place from afar");
}

async fn fairness_has_a_price_that_is_shown(world: &World) {
    // Ada is the better one everywhere; Ben would do.
    world.volunteer("Ada").await;
    let far = json!({ "home": { "lat": 40.2, "lon": -76.73 }, "travel_km": 60 });
    world.volunteer_with("Ben", &json!({ "credentials": [], "in_person": far })).await;
    for day in 1..=4 {
        let at = |hour: u32| format!("2027-03-{day:02}T{hour}:00");
        world.approved_need(&one_seat("Talk", &at(12), &at(14))).await;
    }
    let campus = [world.campus_id()];
    let run = world.planned(json!({ "campus_ids": campus, "fairness": 0, "trade": true })).await;
    let loads = &run["result"]["loads"];
    assert_eq!((&loads["greatest"], &loads["gini"]), (&json!(4), &json!(0.5)), "{run}");
    let trade = run["result"]["trade"].as_array().unwrap();
    let row = |one: &Value| (one["fairness"].as_i64().unwrap(), one["greatest"].as_i64().unwrap());
    assert_eq!(trade.iter().map(row).collect::<Vec<_>>(), [(0, 4), (50, 3), (300, 2), (2000, 2)], "{trade:?}");
    assert!(trade.iter().all(|one| one["seats_filled"] == 4));
    let fit = |at: usize| trade[at]["fit"].as_i64().unwrap();
    assert!(fit(0) > fit(1) && fit(1) > fit(2), "{trade:?}");
}

async fn a_plan_is_drawn(world: &World) {
    world.volunteer_with("Ada", &json!({ "display_name": "Ada <b> & Co" })).await;
    world.approved_need(&one_seat("Résumés & <letters>", "2027-02-25T12:00", "2027-02-25T14:00")).await;
    let two = json!({ "title": "Panel", "starts_local": "2027-02-27T23:00", "ends_local": "2027-02-28T01:00",
        "roles": [{ "name": "Panelist", "min": 2, "max": 3 }] });
    world.approved_need(&two).await;
    let proposal = world.proposal_of(&world.planned_here().await).await;
    let path = format!("/v1/proposals/{}/picture", proposal["id"].as_str().unwrap());
    let drawn = world.coordinator().get(&path).await.expect(200);
    assert_eq!(drawn.header("Content-Type"), Some("image/svg+xml; charset=utf-8"));
    let text = drawn.text();
    let picture = roxmltree::Document::parse(&text).unwrap();
    let of_class =
        |class: &str| picture.descendants().filter(|n| n.attribute("class") == Some(class)).collect::<Vec<_>>();
    let words = |class: &str| {
        of_class(class).iter().filter_map(roxmltree::Node::text).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert!(words("lead")[0].starts_with("2 of 4 seats are filled."), "{text}");
    assert!(words("table").contains(&"Ada <b> & Co".to_owned()), "{:?}", words("table"));
    // Two seats at their times, the same two below, and a square for what each mark means.
    assert_eq!((of_class("taken").len(), of_class("no-show").len(), of_class("free").len()), (5, 3, 1));
    assert_eq!(of_class("alarm-text").len(), 1, "the panel is below its minimum");
    assert!(
        words("word").iter().any(|said| said.starts_with("1 filled, 2 open · 2 cannot be filled")),
        "{:?}",
        words("word")
    );
    let tag = drawn.header("ETag").unwrap().to_owned();
    let same = world.coordinator().request("GET", &path).header("If-None-Match", &tag).send().await;
    assert_eq!(same.status, 304);
}
