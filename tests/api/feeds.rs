//! Calendar feeds: what they show to whom, and how calendar programs fetch them.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use rostrum::calendar::read;
use rostrum::domain::ids::{CampusId, EventId};
use rostrum::store::feed_revisions;
use rostrum::store::schema::events;
use serde_json::json;

use crate::support::clients::Response;
use crate::support::databases::on_both;
use crate::support::world::{Volunteer, World};

on_both!(World:
    a_campus_feed_shows_what_was_published,
    a_program_that_holds_the_calendar_is_told_so,
    head_is_get_without_the_calendar,
    a_change_is_seen_at_once_and_cancelled_entries_stay_for_a_while,
    time_alone_changes_a_feed_by_whole_days,
    what_another_node_writes_is_seen_within_a_second_or_two,
    needs_are_filtered,
    a_need_leaves_the_feed_when_its_time_to_decide_is_over,
    a_wrong_filter_is_refused_by_name,
    what_is_no_feed_is_not_found,
    a_private_feed_shows_ones_own_engagements_and_its_address_can_be_changed,
    the_invite_and_the_feed_agree,
    a_title_cannot_write_lines,
    empty_feeds_are_calendars,
);

type Entry = BTreeMap<String, String>;

/// The entries of a calendar: each property's value by its name, without parameters.
fn entries(answer: &Response) -> Vec<Entry> {
    let (mut entries, mut inside) = (Vec::new(), false);
    for line in read::unfold(&answer.body).unwrap() {
        let (name, value) = line.split_once(':').unwrap();
        match (name, value) {
            ("BEGIN", "VEVENT") => {
                entries.push(Entry::new());
                inside = true;
            }
            ("END", "VEVENT") => inside = false,
            _ if inside => {
                let name = name.split(';').next().unwrap();
                entries.last_mut().unwrap().insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    entries
}

fn all(answer: &Response, property: &str) -> Vec<String> {
    entries(answer).iter().map(|entry| entry[property].clone()).collect()
}

fn events_feed(world: &World) -> String {
    format!("/feeds/campuses/{}/events.ics", world.campus_id())
}

async fn fetch(world: &World, target: &str) -> Response {
    world.nobody().get(target).await.expect(200)
}

async fn fetch_with(world: &World, target: &str, headers: &[(&str, &str)]) -> Response {
    let nobody = world.nobody();
    let request = nobody.request("GET", target);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
}

async fn event_of(world: &World, need: &Response) -> Response {
    let id = need.json["event_id"].as_str().unwrap();
    world.coordinator().get(&format!("/v1/events/{id}")).await.expect(200)
}

async fn rename(world: &World, event: &Response, title: &str) -> Response {
    let target = format!("/v1/events/{}", event.id());
    world.coordinator().patch(&target, &event.etag(), json!({ "title": title })).await.expect(200)
}

async fn private_feed(volunteer: &Volunteer) -> String {
    let made = volunteer.act(&format!("/v1/volunteers/{}/feed-token", volunteer.id)).await.expect(201);
    let url = made.json["feed_url"].as_str().unwrap();
    url[url.find("/feeds/").unwrap()..].to_owned()
}

async fn a_campus_feed_shows_what_was_published(world: &World) {
    let need = world.approved_need(&json!({ "title": "Mock interviews, day one" })).await;
    let draft = world.submitted_need(&json!({ "title": "Not yet" })).await;
    let _ = world.coordinator().need_does(&draft.id(), "approve", Some(json!({ "publish": false }))).await.expect(200);
    let event = event_of(world, &need).await;

    let feed = fetch(world, &events_feed(world)).await;
    assert_eq!(all(&feed, "SUMMARY"), ["Mock interviews\\, day one"]);
    assert_eq!(all(&feed, "UID"), [event.json["calendar_uid"].as_str().unwrap()]);
    assert_eq!(all(&feed, "SEQUENCE"), [event.json["calendar_sequence"].to_string()]);
    assert_eq!(
        (all(&feed, "DTSTART"), all(&feed, "STATUS")),
        (vec!["20270225T120000".into()], vec!["CONFIRMED".into()])
    );
    assert!(feed.text().contains("X-WR-CALNAME:Penn State York\r\n"), "{}", feed.text());
    // What passes between the office and its volunteers is not for the public, nor is anybody's address.
    assert!(!feed.text().contains("15 minutes") && !feed.text().contains("@example.edu"), "{}", feed.text());

    assert_eq!(feed.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(feed.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(feed.header("content-disposition"), Some("inline; filename=\"events.ics\""));
    assert_eq!(feed.header("last-modified"), Some("Mon, 11 Jan 2027 15:00:00 GMT"));
    assert_eq!(feed.header("set-cookie"), None);
}

async fn a_program_that_holds_the_calendar_is_told_so(world: &World) {
    let _ = world.approved_need(&json!({})).await;
    let target = events_feed(world);
    let feed = fetch(world, &target).await;
    let (tag, date) = (feed.etag(), feed.header("last-modified").unwrap().to_owned());
    let (weak, list) = (format!("W/{tag}"), format!("\"other\", {tag}"));
    let known: [&[(&str, &str)]; 6] = [
        &[("If-None-Match", &tag)],
        &[("If-None-Match", &weak)],
        &[("If-None-Match", &list)],
        &[("If-None-Match", "*")],
        &[("If-Modified-Since", &date)],
        &[("If-None-Match", &tag), ("If-Modified-Since", "Mon, 11 Jan 2021 15:00:00 GMT")],
    ];
    for headers in known {
        let answer = fetch_with(world, &target, headers).await.expect(304);
        assert!(answer.body.is_empty(), "{headers:?}");
        for name in ["etag", "last-modified", "cache-control"] {
            assert_eq!(answer.header(name), feed.header(name), "{headers:?}");
        }
    }
    let unknown: [&[(&str, &str)]; 4] = [
        &[("If-None-Match", "\"other\"")],
        &[("If-None-Match", "\"other\""), ("If-Modified-Since", &date)],
        &[("If-Modified-Since", "Mon, 11 Jan 2027 14:59:59 GMT")],
        &[("If-Modified-Since", "lately")],
    ];
    for headers in unknown {
        let answer = fetch_with(world, &target, headers).await.expect(200);
        assert_eq!(answer.body, feed.body, "{headers:?}");
    }
}

async fn head_is_get_without_the_calendar(world: &World) {
    let volunteer = world.volunteer("Ada Example").await;
    for target in [events_feed(world), "/feeds/needs.ics".to_owned(), private_feed(&volunteer).await] {
        let (get, head) = (fetch(world, &target).await, world.nobody().head(&target).await.expect(200));
        for name in ["etag", "last-modified", "cache-control", "content-type", "content-length", "content-disposition"]
        {
            assert_eq!(head.header(name), get.header(name), "{name} of {target}");
        }
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
        let known = world.nobody().request("HEAD", &target).header("If-None-Match", &get.etag()).send().await;
        assert_eq!(known.expect(304).header("etag"), get.header("etag"));
    }
}

async fn a_change_is_seen_at_once_and_cancelled_entries_stay_for_a_while(world: &World) {
    let target = events_feed(world);
    let empty = fetch(world, &target).await;
    let need = world.approved_need(&json!({})).await;
    let published = fetch(world, &target).await;
    assert_ne!(published.etag(), empty.etag());

    world.advance_minutes(10);
    let event = rename(world, &event_of(world, &need).await, "Practice interviews").await;
    let renamed = fetch(world, &target).await;
    assert_eq!(all(&renamed, "SUMMARY"), ["Practice interviews"]);
    assert_eq!(renamed.header("last-modified"), Some("Mon, 11 Jan 2027 15:10:00 GMT"));
    let _ = fetch_with(world, &target, &[("If-None-Match", &published.etag())]).await.expect(200);

    let cancel = format!("/v1/events/{}/cancel", event.id());
    let cancelled = world.coordinator().post(&cancel, json!({ "reason": "Snow." })).await.expect(200);
    let feed = fetch(world, &target).await;
    assert_eq!((all(&feed, "STATUS"), all(&feed, "UID")), (vec!["CANCELLED".into()], all(&renamed, "UID")));
    assert_eq!(all(&feed, "SEQUENCE"), [cancelled.json["calendar_sequence"].to_string()]);
    assert_ne!(all(&feed, "SEQUENCE"), all(&renamed, "SEQUENCE"));

    // It was to begin on 25 February at 17:00 in UTC.
    world.set_clock("2027-03-11T23:59:59Z");
    assert_eq!(entries(&fetch(world, &target).await).len(), 1);
    world.set_clock("2027-03-12T00:00:00Z");
    assert_eq!(entries(&fetch(world, &target).await).len(), 0);
}

async fn time_alone_changes_a_feed_by_whole_days(world: &World) {
    let _ = world.approved_need(&json!({})).await;
    let target = events_feed(world);
    let feed = fetch(world, &target).await;
    world.set_clock("2027-01-11T23:59:59Z");
    let late = fetch(world, &target).await;
    assert_eq!((late.etag(), late.header("last-modified")), (feed.etag(), feed.header("last-modified")));
    // The next day the bytes are the same again; only who asks by date has to fetch them once more.
    world.set_clock("2027-01-12T00:00:00Z");
    assert_eq!(fetch(world, &target).await.etag(), feed.etag());
    // It ends on 25 February at 19:00; 90 whole days later it is gone.
    world.set_clock("2027-05-26T23:59:59Z");
    assert_eq!(fetch(world, &target).await.etag(), feed.etag());
    world.set_clock("2027-05-27T00:00:00Z");
    assert_eq!(entries(&fetch(world, &target).await).len(), 0);
    let since = [("If-Modified-Since", "Wed, 26 May 2027 23:00:00 GMT")];
    let _ = fetch_with(world, &target, &since).await.expect(200);
}

/// Changes an event as another process would: past this one's lanes.
fn elsewhere(world: &World, event: &Response, title: &str, told: bool) {
    let id: EventId = event.id().parse().unwrap();
    let campus: CampusId = world.campus_id().parse().unwrap();
    let (mut conn, now) = (world.database().connect(), world.now());
    diesel::update(events::table.find(id)).set(events::title.eq(title)).execute(&mut conn).unwrap();
    if told {
        feed_revisions::bump(&mut conn, &feed_revisions::campus(campus), now).unwrap();
    }
}

async fn what_another_node_writes_is_seen_within_a_second_or_two(world: &World) {
    let need = world.approved_need(&json!({})).await;
    let event = event_of(world, &need).await;
    let target = events_feed(world);
    let feed = fetch(world, &target).await;
    let beyond_the_cache = Duration::from_millis(1_200);

    // Nothing is rendered again while the revision stands, which shows that it is the revision that is asked for.
    elsewhere(world, &event, "Silently", false);
    tokio::time::sleep(beyond_the_cache).await;
    assert_eq!(fetch(world, &target).await.etag(), feed.etag());

    elsewhere(world, &event, "Aloud", true);
    tokio::time::sleep(beyond_the_cache).await;
    assert_eq!(all(&fetch(world, &target).await, "SUMMARY"), ["Aloud"]);
}

async fn needs_are_filtered(world: &World) {
    let other = world.another_campus("York Technical").await;
    let interview = json!({
        "title": "A",
        "required_skills": [{ "name": "Interview coaching", "level": "practised" }],
    });
    let podcast = json!({
        "title": "B", "kind": "podcast", "mode": "virtual", "place": "https://meet.example/secret", "position": null,
        "language": "es", "preferred_skills": [{ "name": "Radio", "level": "foundation" }],
    });
    // In Philadelphia, some 127 km away.
    let far = json!({ "title": "C", "kind": "job_fair", "position": { "lat": 39.95, "lon": -75.17 } });
    for changes in [&interview, &podcast, &far] {
        let _ = world.approved_need(changes).await;
    }
    let _ = world.submitted_need(&json!({ "title": "Not approved" })).await;

    let check = async |query: &str, expect: &[&str]| {
        let feed = fetch(world, &format!("/feeds/needs.ics{query}")).await;
        let mut titles: Vec<String> = all(&feed, "SUMMARY");
        titles.sort();
        let expect: Vec<String> = expect.iter().map(|title| format!("{title} (Penn State York)")).collect();
        assert_eq!(titles, expect, "{query}");
        feed
    };
    let whole = check("", &["A", "B", "C"]).await;
    assert!(!whole.text().contains("meet.example") && !whole.text().contains("15 minutes"), "{}", whole.text());
    assert!(whole.text().contains("TRANSP:TRANSPARENT"), "an open need keeps nobody's time");
    check("?kind=podcast", &["B"]).await;
    check("?skill=interview%20COACHING", &["A"]).await;
    check("?skill=radio", &["B"]).await;
    check("?skill=juggling", &[]).await;
    check("?mode=in_person", &["A", "C"]).await;
    check("?language=es", &["B"]).await;
    check("?near=39.96,-76.73&within_km=50", &["A"]).await;
    check("?near=39.96,-76.73&within_km=200", &["A", "C"]).await;
    check("?near=39.96,-76.73&within_km=200&kind=job_fair", &["C"]).await;
    check(&format!("?campus_id={}", world.campus_id()), &["A", "B", "C"]).await;
    check(&format!("?campus_id={}", other.id), &[]).await;
    let nowhere = format!("/feeds/needs.ics?campus_id={}", CampusId::mint());
    let _ = world.nobody().get(&nowhere).await.refused(404, "not_found");
}

async fn a_need_leaves_the_feed_when_its_time_to_decide_is_over(world: &World) {
    let _ = world.approved_need(&json!({ "title": "Soon", "decide_by": "2027-01-11T18:00:00Z" })).await;
    let _ = world.approved_need(&json!({ "title": "Later" })).await;
    let titles = async || all(&fetch(world, "/feeds/needs.ics").await, "SUMMARY").len();
    assert_eq!(titles().await, 2);
    world.set_clock("2027-01-11T17:59:59Z");
    let before = fetch(world, "/feeds/needs.ics").await;
    assert_eq!(entries(&before).len(), 2);
    world.set_clock("2027-01-11T18:00:00Z");
    assert_eq!(titles().await, 1);
    let since = [("If-Modified-Since", before.header("last-modified").unwrap())];
    let after = fetch_with(world, "/feeds/needs.ics", &since).await.expect(200);
    assert_eq!(after.header("last-modified"), Some("Mon, 11 Jan 2027 18:00:00 GMT"));
}

async fn a_wrong_filter_is_refused_by_name(world: &World) {
    let check = async |query: &str, code: &str, name: &str| {
        let refused = world.nobody().get(&format!("/feeds/needs.ics?{query}")).await.refused(400, code);
        assert!(refused.json["detail"].as_str().unwrap().contains(name), "{}", refused.text());
    };
    check("colour=red", "unknown_parameter", "colour").await;
    check("kind=fair", "invalid_parameter", "fair").await;
    check("near=39.95,-76.71", "invalid_parameter", "within_km").await;
    check("within_km=10", "invalid_parameter", "near").await;
    check("near=north&within_km=10", "invalid_parameter", "north").await;
    check("near=0,0&within_km=-1", "invalid_parameter", "-1").await;
    check("campus_id=york", "invalid_parameter", "york").await;
    let target = format!("{}?kind=workshop", events_feed(world));
    let _ = world.nobody().get(&target).await.refused(400, "unknown_parameter");
}

async fn what_is_no_feed_is_not_found(world: &World) {
    let nobody = world.nobody();
    for target in [
        format!("/feeds/campuses/{}/events.ics", CampusId::mint()),
        "/feeds/campuses/york/events.ics".to_owned(),
        format!("/feeds/volunteers/{}.ics", "A".repeat(43)),
        "/feeds/volunteers/x.ics".to_owned(),
    ] {
        let refused = nobody.get(&target).await.refused(404, "not_found");
        assert!(!refused.text().contains(&"A".repeat(43)), "a secret is not repeated: {}", refused.text());
    }
    let _ = nobody.request("POST", "/feeds/needs.ics").send().await.expect(405);
}

async fn a_private_feed_shows_ones_own_engagements_and_its_address_can_be_changed(world: &World) {
    let (ada, ben) = (world.volunteer("Ada Example").await, world.volunteer("Ben Example").await);
    let need = world.approved_need(&json!({ "title": "Practice" })).await;
    let assignment = world.assignment(&need, &ada).await;
    let (of_ada, of_ben) = (private_feed(&ada).await, private_feed(&ben).await);

    let feed = fetch(world, &of_ada).await;
    assert_eq!(feed.header("cache-control"), Some("private, no-cache"));
    assert_eq!(all(&feed, "UID"), [assignment["calendar_uid"].as_str().unwrap()]);
    assert_eq!(all(&feed, "STATUS"), ["CONFIRMED"]);
    assert!(!feed.text().contains("@example.edu") && !feed.text().contains("Ben"), "{}", feed.text());
    assert_eq!(entries(&fetch(world, &of_ben).await).len(), 0);

    let _ = ada.release(assignment["id"].as_str().unwrap(), "Ill.").await.expect(200);
    let released = fetch(world, &of_ada).await;
    assert_eq!(all(&released, "STATUS"), ["CANCELLED"]);
    assert_eq!(all(&released, "SEQUENCE"), ["1"]);
    assert!(!released.text().contains("Ill."), "a reason is for the office");

    let anew = private_feed(&ada).await;
    let _ = world.nobody().get(&of_ada).await.refused(404, "not_found");
    assert_eq!(fetch(world, &anew).await.body, released.body);
}

async fn the_invite_and_the_feed_agree(world: &World) {
    let ada = world.volunteer("Ada Example").await;
    let need = world.approved_need(&json!({ "title": "Practice; with, marks" })).await;
    let assignment = world.assignment(&need, &ada).await;
    let target = private_feed(&ada).await;
    let agree = async || {
        let letters = world.letters_to("ada.example@example.edu").await;
        let invite = letters.iter().rev().find_map(|letter| letter.calendar.as_ref()).unwrap();
        let of_mail = Response { body: invite.bytes.clone().into(), ..fetch(world, &target).await };
        let of_feed = fetch(world, &target).await;
        for property in ["UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "DTSTAMP"] {
            assert_eq!(all(&of_feed, property), all(&of_mail, property), "{property}");
        }
        all(&of_feed, "SEQUENCE")
    };
    assert_eq!(agree().await, ["0"]);
    world.advance_minutes(5);
    let _ = ada.release(assignment["id"].as_str().unwrap(), "Ill.").await.expect(200);
    assert_eq!(agree().await, ["1"]);
}

async fn a_title_cannot_write_lines(world: &World) {
    let need = world.approved_need(&json!({})).await;
    let event = event_of(world, &need).await;
    // The API takes no such title, so it is put where the API does not look.
    let title = "Fair\r\nATTENDEE:mailto:eve@example.edu\nEND:VEVENT\u{85}\u{2028}\u{b}\u{7f}\\n;,:\"";
    elsewhere(world, &event, title, true);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let feed = fetch(world, &events_feed(world)).await;
    let lines = read::unfold(&feed.body).unwrap();
    assert_eq!(lines.iter().filter(|line| *line == "END:VEVENT").count(), 1);
    assert!(!lines.iter().any(|line| line.starts_with("ATTENDEE")), "{lines:#?}");
    let text = feed.text();
    let bare = text.replace("\r\n", "");
    assert!(!bare.contains(|letter: char| letter.is_control()), "{bare:?}");
    let octets = text.split("\r\n").map(str::len).max().unwrap();
    assert!(octets <= 75, "a line has {octets} octets");
}

async fn empty_feeds_are_calendars(world: &World) {
    let volunteer = world.volunteer("Ada Example").await;
    for target in [events_feed(world), "/feeds/needs.ics".to_owned(), private_feed(&volunteer).await] {
        let feed = fetch(world, &target).await;
        assert_eq!(entries(&feed), Vec::<Entry>::new());
        let text = feed.text();
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"),
            "{text}"
        );
        assert!(text.contains("METHOD:PUBLISH\r\n") && text.contains("X-WR-CALNAME:"), "{text}");
    }
}
