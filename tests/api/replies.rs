//! What calendar programs and mail servers answer to our letters: by hook, by form, by JSON and by maildir; believed for its
//! seal alone.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rostrum::auth::secret;
use rostrum::domain::letter::{Letter, LetterKind};
use rostrum::service::inbound::{Door, Posted, receive};
use serde_json::{Value, json};

use crate::support::clients::Response;
use crate::support::databases::{Backend, Given, on_both};
use crate::support::world::World;

const KEY: &str = "a key of the inbound door";

/// A world into which letters come.
pub struct Open {
    world: World,
    maildir: PathBuf,
}

impl Given for Open {
    async fn given(backend: Backend, story: impl AsyncFnOnce(&Self)) {
        let maildir = std::env::temp_dir().join(format!("rostrum-maildir-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(maildir.join("new")).unwrap();
        let door = Door { maildir: Some(maildir.clone()), key_hash: Some(secret::hash(KEY)) };
        let world = World::open_with(backend, |settings| settings.inbound = door).await;
        let open = Self { world, maildir };
        story(&open).await;
        fs::remove_dir_all(&open.maildir).unwrap();
        open.world.close().await;
    }
}

impl std::ops::Deref for Open {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

on_both!(Open:
    a_decline_from_a_calendar_gives_the_seat_back,
    an_answer_to_an_earlier_version_changes_nothing,
    a_changed_time_is_accepted_from_a_calendar,
    a_student_declines_a_place_from_a_calendar,
    forged_and_foreign_answers_change_nothing,
    what_lies_in_the_maildir_is_taken_in_and_kept,
    a_bounce_marks_the_letter_and_its_address,
    whatever_comes_in_nothing_panics,
);

/// A calendar's lines, unfolded.
fn lines(letter: &Letter) -> Vec<String> {
    let bytes = &letter.calendar.as_ref().expect("a letter with an invite").bytes;
    bytes.replace("\r\n ", "").lines().map(ToOwned::to_owned).collect()
}

fn value(letter: &Letter, name: &str) -> String {
    let line = lines(letter).into_iter().find(|line| line.starts_with(name) && !line.starts_with("UID:VTIMEZONE"));
    line.unwrap_or_else(|| panic!("no {name}")).split_once(':').unwrap().1.trim_start_matches("mailto:").to_owned()
}

/// What a calendar program sends back when its user answers the invite in `letter`, as RFC 5546 has it.
fn answer(letter: &Letter, partstat: &str) -> String {
    let (uid, sequence) = (value(letter, "UID"), value(letter, "SEQUENCE"));
    let (organizer, attendee) = (value(letter, "ORGANIZER"), value(letter, "ATTENDEE"));
    let calendar = format!(
        "BEGIN:VCALENDAR\r\nPRODID:-//Example//Calendar//EN\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n\
         UID:{uid}\r\nDTSTAMP:20270112T000000Z\r\nSEQUENCE:{sequence}\r\n\
         ATTENDEE;PARTSTAT={partstat};CN=Somebody:mailto:{attendee}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    mime(&attendee, &organizer, "text/calendar; charset=UTF-8; method=REPLY", &calendar)
}

fn mime(from: &str, to: &str, kind: &str, body: &str) -> String {
    format!(
        "From: <{from}>\r\nTo: Rostrum <{to}>\r\nSubject: An answer\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"words\"\r\n\r\n\
         --words\r\nContent-Type: text/plain\r\n\r\nHello.\r\n\
         --words\r\nContent-Type: {kind}\r\n\r\n{body}\r\n--words--\r\n"
    )
}

/// What a mail server reports of a letter (RFC 3464).
fn report(letter: &Letter, action: &str, status: &str) -> String {
    let to = letter.bounces_to.as_ref().expect("reports go to an address of the letter's own");
    format!(
        "From: MAILER-DAEMON@mx.example.net\r\nTo: <{to}>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 {status} No such user\r\n\r\n--b--\r\n",
        letter.to.email()
    )
}

impl Open {
    async fn comes_in(&self, letter: &str) -> (String, String) {
        let answer = self.hook("message/rfc822", letter.as_bytes()).await.expect(200);
        let text = |name: &str| answer.json[name].as_str().unwrap().to_owned();
        (text("outcome"), text("detail"))
    }

    async fn hook(&self, kind: &str, body: &[u8]) -> Response {
        let nobody = self.nobody();
        let request = nobody.request("POST", "/v1/inbound-letters").header("Authorization", &format!("Bearer {KEY}"));
        request.body(kind, body).send().await
    }

    /// The last letter to `email` that carries an invite.
    async fn invite_to(&self, email: &str) -> Letter {
        self.letters_to(email).await.into_iter().rfind(|letter| letter.calendar.is_some()).expect("an invite")
    }

    /// The event that was made of a need.
    async fn event_of(&self, need: &Response) -> Response {
        let need = self.coordinator().get(&format!("/v1/campus-requests/{}", need.id())).await.expect(200);
        let event = need.json["event_id"].as_str().expect("an event of the need").to_owned();
        self.coordinator().get(&format!("/v1/events/{event}")).await.expect(200)
    }

    async fn put_into_room_9(&self, need: &Response) {
        let event = self.event_of(need).await;
        let path = format!("/v1/events/{}", event.id());
        let room = json!({ "place": "Student Union, room 9" });
        let _ = self.coordinator().patch(&path, &event.etag(), room).await.expect(200);
    }

    async fn seat(&self, id: &Value) -> Value {
        self.coordinator().get(&format!("/v1/assignments/{}", id.as_str().unwrap())).await.expect(200).json
    }
}

async fn a_decline_from_a_calendar_gives_the_seat_back(open: &Open) {
    let (ada, ben) = (open.volunteer("Ada").await, open.volunteer("Ben").await);
    let need = open.approved_need(&json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 1 }] })).await;
    let seat = open.assignment(&need, &ada).await;
    let invite = open.invite_to("ada@example.edu").await;
    let organizer = value(&invite, "ORGANIZER");
    assert!(organizer.starts_with("rostrum+i") && organizer.ends_with("@rostrum.example"), "{organizer}");

    assert_eq!(open.comes_in(&answer(&invite, "ACCEPTED")).await.0, "unchanged");
    assert_eq!(open.comes_in(&answer(&invite, "TENTATIVE")).await.0, "unchanged");
    assert_eq!(open.seat(&seat["id"]).await["state"], "confirmed");

    let declined = answer(&invite, "DECLINED");
    assert_eq!(open.comes_in(&declined).await, ("declined".to_owned(), "The seat is given back.".to_owned()));
    let now = open.seat(&seat["id"]).await;
    assert_eq!((&now["state"], &now["state_reason"]), (&json!("released"), &json!("Declined in a calendar program.")));
    // It goes the way of every release: a cancellation to her alone, and the next one is asked.
    let cancel = open.invite_to("ada@example.edu").await;
    assert_eq!((cancel.kind, value(&cancel, "SEQUENCE")), (LetterKind::Cancellation, "1".to_owned()));
    assert_eq!(value(&cancel, "ORGANIZER"), organizer, "the same for the life of the entry");
    assert_eq!(ben.all(&format!("/v1/volunteers/{}/offers?state=sent", ben.id)).await.len(), 1);
    // Once more, as mail servers do.
    assert_eq!(open.comes_in(&declined).await.0, "outdated");
}

async fn an_answer_to_an_earlier_version_changes_nothing(open: &Open) {
    let ada = open.volunteer("Ada").await;
    let need = open.approved_need(&json!({})).await;
    let seat = open.assignment(&need, &ada).await;
    let first = open.invite_to("ada@example.edu").await;
    open.put_into_room_9(&need).await;
    let second = open.invite_to("ada@example.edu").await;
    assert_eq!((value(&first, "SEQUENCE"), value(&second, "SEQUENCE")), ("0".to_owned(), "1".to_owned()));
    let (outcome, detail) = open.comes_in(&answer(&first, "DECLINED")).await;
    assert_eq!((outcome.as_str(), detail.as_str()), ("outdated", "It answers version 0 of the entry, which is at 1."));
    assert_eq!(open.seat(&seat["id"]).await["state"], "confirmed");
    assert_eq!(open.comes_in(&answer(&second, "DECLINED")).await.0, "declined");
}

async fn a_changed_time_is_accepted_from_a_calendar(open: &Open) {
    let ada = open.volunteer("Ada").await;
    let need = open.approved_need(&json!({})).await;
    let seat = open.assignment(&need, &ada).await;
    let office = open.coordinator();
    let event = open.event_of(&need).await;
    let later = json!({ "starts_local": "2027-02-25T15:00", "ends_local": "2027-02-25T17:00" });
    let path = format!("/v1/events/{}/reschedule", event.id());
    let moved = office.request("POST", &path).header("If-Match", &event.etag()).json(&later).send().await;
    let _ = moved.expect(200);
    assert_eq!(open.seat(&seat["id"]).await["state"], "reconfirm_pending");
    let invite = open.invite_to("ada@example.edu").await;
    assert_eq!(open.comes_in(&answer(&invite, "ACCEPTED")).await.0, "reconfirmed");
    assert_eq!(open.seat(&seat["id"]).await["state"], "confirmed");
}

async fn a_student_declines_a_place_from_a_calendar(open: &Open) {
    let event = open.event(&json!({})).await;
    let slot = open.slot(&event, "17:00", 2).await;
    let booking = open.coordinator().books(&slot, "Mara").await.expect(201);
    let invite = open.invite_to(booking.json["student"]["email"].as_str().unwrap_or("mara@example.edu")).await;
    let declined = answer(&invite, "DECLINED");
    assert_eq!(open.comes_in(&declined).await, ("declined".to_owned(), "The place is given back.".to_owned()));
    let now = open.coordinator().get(&format!("/v1/bookings/{}", booking.id())).await.expect(200);
    assert_eq!(now.json["state"], "cancelled");
}

async fn forged_and_foreign_answers_change_nothing(open: &Open) {
    let (ada, ben) = (open.volunteer("Ada").await, open.volunteer("Ben").await);
    let need = open.approved_need(&json!({ "roles": [{ "name": "Speaker", "min": 1, "max": 2 }] })).await;
    let (hers, his) = (open.assignment(&need, &ada).await, open.assignment(&need, &ben).await);
    let (to_ada, to_ben) = (open.invite_to("ada@example.edu").await, open.invite_to("ben@example.edu").await);
    let declined = answer(&to_ada, "DECLINED");
    let (organizer, other) = (value(&to_ada, "ORGANIZER"), value(&to_ben, "ORGANIZER"));
    let digit = organizer.find('@').unwrap() - 1;
    let last = if organizer.as_bytes()[digit] == b'0' { "1" } else { "0" };
    let wrong_seal = format!("{}{last}{}", &organizer[..digit], &organizer[digit + 1..]);
    for forged in [
        declined.replace(&organizer, "rostrum@rostrum.example"),
        declined.replace(&organizer, &wrong_seal),
        // The seal of another's letter; another's address; another's entry.
        declined.replace(&organizer, &other),
        declined.replace("mailto:ada@", "mailto:ben@"),
        declined.replace(&value(&to_ada, "UID"), &value(&to_ben, "UID")),
        declined.replace(&value(&to_ada, "UID"), "01a19a60-4d00-7149-87b2-35f8eaa4b607@elsewhere.example"),
    ] {
        assert_ne!(forged, declined);
        assert_eq!(open.comes_in(&forged).await.0, "unknown", "{forged}");
    }
    assert_eq!(open.comes_in(&declined.replace("METHOD:REPLY", "METHOD:COUNTER")).await.0, "other");
    assert_eq!(open.comes_in("To: rostrum@rostrum.example\r\n\r\nHello, is anybody there?\r\n").await.0, "other");
    for seat in [&hers, &his] {
        assert_eq!(open.seat(&seat["id"]).await["state"], "confirmed");
    }

    // Nobody without the key gets as far as that; one way of bringing it is as good as the other.
    let nobody = open.nobody();
    let post = || nobody.request("POST", "/v1/inbound-letters").body("message/rfc822", "To: x\r\n\r\n");
    let _ = post().send().await.refused(401, "unauthenticated");
    let _ = post().header("Authorization", "Bearer wrong").send().await.refused(401, "unauthenticated");
    let _ = post().header("Authorization", "Basic eDp5").send().await.refused(401, "unauthenticated");
    let basic = format!("Basic {}", base64_of(&format!("hook:{KEY}")));
    let _ = post().header("Authorization", &basic).send().await.expect(200);
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

async fn what_lies_in_the_maildir_is_taken_in_and_kept(open: &Open) {
    let ada = open.volunteer("Ada").await;
    let need = open.approved_need(&json!({})).await;
    let seat = open.assignment(&need, &ada).await;
    let declined = answer(&open.invite_to("ada@example.edu").await, "DECLINED");
    let name = "1803556800.M1P1.mx.example.edu";
    fs::write(open.maildir.join("new").join(name), &declined).unwrap();
    fs::write(open.maildir.join("new").join("2.long"), "x".repeat(300_000)).unwrap();
    open.tick().await;
    assert_eq!(open.seat(&seat["id"]).await["state"], "released");
    assert_eq!(fs::read_to_string(open.maildir.join("cur").join(format!("{name}:2,S"))).unwrap(), declined);
    assert!(open.maildir.join("cur").join("2.long:2,FS").exists(), "what is no letter is kept for somebody to look at");
    assert_eq!(fs::read_dir(open.maildir.join("new")).unwrap().count(), 0);
}

async fn a_bounce_marks_the_letter_and_its_address(open: &Open) {
    let ada = open.volunteer("Ada").await;
    let need = open.approved_need(&json!({})).await;
    let _ = open.assignment(&need, &ada).await;
    let letter = open.invite_to("ada@example.edu").await;
    let office = open.coordinator();
    let waiting = format!("/v1/campuses/{}/attention", open.campus_id());
    let undeliverable = format!("/v1/campuses/{}/letters?state=undeliverable", open.campus_id());

    // What is only late is no matter, and a forged report none either.
    assert_eq!(open.comes_in(&report(&letter, "delayed", "4.4.1")).await.0, "unchanged");
    let forged = report(&letter, "failed", "5.1.1").replace("rostrum+l", "rostrum+l0");
    assert_eq!(open.comes_in(&forged).await.0, "unknown");
    assert_eq!(office.all(&waiting).await, Vec::<Value>::new());

    // A mailbox that is full makes the letter undeliverable, and no other.
    assert_eq!(open.comes_in(&report(&letter, "failed", "5.2.2")).await.0, "bounced");
    let items = office.all(&waiting).await;
    assert_eq!((items.len(), &items[0]["kind"]), (1, &json!("letter_undeliverable")));
    assert!(items[0]["detail"].as_str().unwrap().contains("came back: 550 5.2.2 No such user"), "{}", items[0]);
    assert_eq!(open.comes_in(&report(&letter, "failed", "5.2.2")).await.0, "unchanged");
    let _ = office.act(&format!("/v1/letters/{}/retry", letter.id)).await.expect(200);
    let before = open.letters_to("ada@example.edu").await.len();

    // An address that does not exist is written to no more, but for a link to sign in, until somebody sends a letter again.
    assert_eq!(open.comes_in(&report(&letter, "failed", "5.1.1")).await.0, "bounced");
    open.put_into_room_9(&need).await;
    let _ = open.nobody().post("/v1/sign-in-links", json!({ "email": "ada@example.edu" })).await.expect(202);
    let after = open.letters_to("ada@example.edu").await;
    assert_eq!((after.len(), after.last().unwrap().kind), (before + 1, LetterKind::SignInLink));
    let kept = office.all(&undeliverable).await;
    assert_eq!(kept.len(), 2);
    let spared = &kept[1];
    assert!(spared["last_error"].as_str().unwrap().starts_with("not sent: a letter to this address"), "{spared}");
    let _ = office.act(&format!("/v1/letters/{}/retry", spared["id"].as_str().unwrap())).await.expect(200);
    let last = open.letters_to("ada@example.edu").await;
    assert_eq!((last.len(), last.last().unwrap().kind), (before + 2, LetterKind::Confirmation));
}

async fn whatever_comes_in_nothing_panics(open: &Open) {
    let ada = open.volunteer("Ada").await;
    let need = open.approved_need(&json!({})).await;
    let seat = open.assignment(&need, &ada).await;
    let sound = answer(&open.invite_to("ada@example.edu").await, "ACCEPTED").into_bytes();
    // Octets at random, and sound letters with a piece cut out, doubled or overwritten.
    let broken = (any::<u16>(), any::<u16>(), any::<Vec<u8>>()).prop_map({
        let sound = sound.clone();
        move |(from, to, piece)| {
            let mut letter = sound.clone();
            let (from, to) = (usize::from(from) % letter.len(), usize::from(to) % letter.len());
            letter.splice(from.min(to)..from.max(to), piece);
            letter
        }
    });
    let any_letter = prop_oneof![any::<Vec<u8>>(), broken];
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let letter = any_letter.new_tree(&mut runner).unwrap().current();
        drop(receive(&open.app, Posted::Letter(letter)).await.expect("no panic and no fault"));
    }
    let bombs = [
        format!("To: {}\r\n\r\n", "a+b@c, ".repeat(9_000)),
        format!("Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nX{}:1\r\n", ";A=B".repeat(16_000)),
        format!("Content-Type: text/calendar\r\n\r\n{}", "BEGIN:VCALENDAR\r\n".repeat(3_600)),
        format!("Content-Type: {}\r\n\r\n", "multipart/mixed; ".repeat(4_000)),
        "Content-Type: message/rfc822\r\n\r\n".repeat(2_000),
        "--b\r\n".repeat(13_000),
        "\u{1f393}".repeat(16_000),
    ];
    for bomb in bombs {
        drop(receive(&open.app, Posted::Letter(bomb.into_bytes())).await.expect("no panic and no fault"));
    }
    assert_eq!(open.seat(&seat["id"]).await["state"], "confirmed");

    let _ = open.hook("message/rfc822", b"").await.refused(422, "unreadable_letter");
    let _ = open.hook("message/rfc822", &vec![b'a'; 600_000]).await.refused(413, "body_too_large");
    let _ = open.hook("text/plain", b"To: x\r\n\r\n").await.refused(415, "unsupported_media_type");
    let _ = open.hook("application/json", b"{}").await.refused(422, "invalid_fields");
    let wrapped = json!({ "RawEmail": String::from_utf8(sound.clone()).unwrap(), "MessageStream": "inbound" });
    let wrapped = open.hook("application/json", wrapped.to_string().as_bytes()).await.expect(200);
    assert_eq!(wrapped.json["outcome"], "unchanged");
    let form = [b"--f\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n".as_slice(), &sound, b"\r\n--f--\r\n"];
    let form = open.hook("multipart/form-data; boundary=f", &form.concat()).await.expect(200);
    assert_eq!(form.json["outcome"], "unchanged");
}
