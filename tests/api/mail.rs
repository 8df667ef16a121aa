//! Letters over a real relay, with STARTTLS and AUTH.

use std::{sync::Arc, time::Duration};

use rostrum::{
    domain::{
        ids::LetterId,
        letter::{Email, Letter, LetterKind, Person},
        matching::campus_request::{Kind, Mode},
        notice::{CalendarMark, Campus, CancelCause, Engagement, Notice, Recipient, Site},
        time::{Instant, LocalWindow, Zone},
    },
    mail::{
        letters, message,
        smtp::{SmtpFault, SmtpSettings},
        transport::{SendFault, Transport},
    },
};
use serde_json::Value;

use crate::support::smtp::Relay;

fn letter(to: &str) -> Letter {
    let id = LetterId::mint();
    Letter {
        id,
        kind: LetterKind::Confirmation,
        to: Person::new("Zoë \"Z\" Example, Ph.D.", Email::parse(to).unwrap()),
        from: Person::new("Rostrum", Email::parse("rostrum@example.edu").unwrap()),
        bounces_to: None,
        reply_to: Some(Person::new("Career Office", Email::parse("careers@example.edu").unwrap())),
        subject: "Confirmed: Résumé workshop 🎓".to_owned(),
        text: format!("Grüße,\n.\n..two dots\nFrom here on\n{}\n", "long ".repeat(300)),
        html: "<p>Grüße</p>".to_owned(),
        calendar: None,
        attached: Vec::new(),
        qr: None,
        message_id: format!("{id}@rostrum.example.edu"),
        thread: id.to_string(),
        created: "2027-01-15T08:00:00Z".parse::<Instant>().unwrap(),
    }
}

/// A finished letter as the outbox holds it, with an invite or what takes it back.
fn invite(title: &str, cause: Option<CancelCause>) -> Letter {
    let zone: Zone = "America/New_York".parse().unwrap();
    let wall = |text| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
    let when = LocalWindow::new(wall("2027-02-25T12:00"), wall("2027-02-25T14:00"), zone, None).unwrap();
    let engagement = Engagement {
        campus: Campus { name: "Example College".to_owned(), contact: None },
        title: title.to_owned(),
        purpose: String::new(),
        kind: Kind::MockInterviews,
        role: "interviewer".to_owned(),
        when,
        mode: Mode::InPerson,
        place: Some("Student Union, room 2".to_owned()),
        postponed: false,
    };
    let now = "2027-01-15T08:00:00Z".parse().unwrap();
    let sequence = u32::from(cause.is_some());
    let mark = CalendarMark { uid: "seat@rostrum.example.edu".to_owned(), sequence, created: now, changed: now };
    let notice = match cause {
        None => Notice::Confirmation { engagement, mark, by_office: false, table: None, news: None, link: None },
        Some(cause) => Notice::Cancellation { engagement, mark, cause },
    };
    let site = Site {
        base_url: "https://rostrum.example.edu".to_owned(),
        host: "rostrum.example.edu".to_owned(),
        from: Person::new("Rostrum", Email::parse("rostrum@example.edu").unwrap()),
    };
    let to = Recipient { person: Person::new("Zoë", Email::parse("zoe@example.net").unwrap()), zone: Some(zone) };
    letters::render(&notice, &to, letters::Letterhead::of(&site), LetterId::mint(), now).unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn header<'a>(message: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = message["headers"].as_array().unwrap().iter();
    headers.filter(|header| header[0] == name).map(|header| header[1].as_str().unwrap()).collect()
}

fn types(message: &Value) -> Vec<&str> {
    message["parts"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect()
}

fn unfolded(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

#[test]
fn a_letter_arrives_as_it_was_written() {
    let relay = Relay::start();
    let letter = letter("zoe@example.net");
    run(relay.transport().send(&letter)).unwrap();
    let [message] = &relay.messages(1)[..] else { panic!("one message") };
    assert_eq!(message["tls"], true);
    assert_eq!(message["authenticated"], true);
    assert_eq!(message["mail_from"], "rostrum@example.edu");
    assert_eq!(message["rcpt_to"], serde_json::json!(["zoe@example.net"]));
    assert_eq!(header(message, "Message-ID"), [format!("<{}>", letter.message_id)]);
    assert_eq!(header(message, "Date"), ["Fri, 15 Jan 2027 08:00:00 +0000"]);
    assert_eq!(header(message, "Subject"), [letter.subject.as_str()]);
    assert_eq!(header(message, "From"), ["Rostrum <rostrum@example.edu>"]);
    assert_eq!(header(message, "To"), ["\"Zoë \\\"Z\\\" Example, Ph.D.\" <zoe@example.net>"]);
    assert_eq!(header(message, "Reply-To"), ["Career Office <careers@example.edu>"]);
    assert_eq!(header(message, "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(types(message), ["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(unfolded(message["parts"][1]["body"].as_str().unwrap()), letter.text.trim_end());
    assert_eq!(unfolded(message["parts"][2]["body"].as_str().unwrap()), letter.html);
    let raw = message["raw"].as_str().unwrap();
    assert!(raw.is_ascii() && raw.lines().all(|line| line.len() <= 998), "nothing a relay could mangle");
}

#[test]
fn an_invite_arrives_byte_for_byte() {
    let relay = Relay::start();
    let transport = relay.transport();
    let plain = invite("Mock interviews", None);
    let accented = invite("Résumés 🎓", Some(CancelCause::Released));
    for letter in [&plain, &accented] {
        run(transport.send(letter)).unwrap();
    }
    for (message, letter) in relay.messages(2).iter().zip([plain, accented]) {
        let calendar = letter.calendar.unwrap();
        let forms =
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"];
        assert_eq!(types(message), forms);
        let inline = &message["parts"][4];
        assert_eq!(inline["params"]["method"], calendar.method.as_str());
        assert_eq!(inline["params"]["component"], "VEVENT");
        assert!(inline["params"]["charset"].as_str().unwrap().eq_ignore_ascii_case("utf-8"));
        assert_eq!(inline["body"], calendar.bytes);
        assert_eq!(message["parts"][5]["name"], "invite.ics");
        assert_eq!(message["parts"][5]["body"], calendar.bytes);
        for part in message["parts"].as_array().unwrap() {
            assert_eq!(part["defects"], serde_json::json!([]), "{part}");
        }
    }
}

#[test]
fn the_picture_of_a_code_lies_beside_the_html_that_shows_it() {
    let relay = Relay::start();
    let mut letter = invite("Mock interviews", None);
    letter.qr = Some("https://rostrum.example.edu/door/01a19a60-7c10-7a31-9b52-5d1f0c8e4a01/BCDFGH".to_owned());
    run(relay.transport().send(&letter)).unwrap();
    let [message] = &relay.messages(1)[..] else { panic!("one message") };
    let forms = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
        "application/ics",
    ];
    assert_eq!(types(message), forms);
    for part in message["parts"].as_array().unwrap() {
        assert_eq!(part["defects"], serde_json::json!([]), "{part}");
    }
    let raw = message["raw"].as_str().unwrap();
    assert!(raw.contains("Content-ID: <door-code>") && raw.contains("Content-Disposition: inline"), "{raw}");
    assert!(raw.is_ascii() && raw.contains("iVBORw0KGgo"), "a PNG, in base64");
    assert_eq!(message::to_bytes(&letter).unwrap(), message::to_bytes(&letter.clone()).unwrap());
}

#[test]
fn nothing_typed_becomes_a_header() {
    let relay = Relay::start();
    let mut hostile = letter("zoe@example.net");
    hostile.subject = "Fair\r\nBcc: everyone@example.org\r\n\r\nbody".to_owned();
    hostile.to = Person::new("Eve\r\nBcc: everyone@example.org\0", Email::parse("zoe@example.net").unwrap());
    hostile.from = Person::new("Rostrum\nX-Evil: 1", Email::parse("rostrum@example.edu").unwrap());
    hostile.message_id = "x@y>\r\nX-Evil: 2".to_owned();
    hostile.text = "Hello\r\n.\r\nMAIL FROM:<evil@example.org>\r\n".to_owned();
    run(relay.transport().send(&hostile)).unwrap();
    let messages = relay.messages(1);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["rcpt_to"], serde_json::json!(["zoe@example.net"]));
    assert!(header(&messages[0], "Bcc").is_empty() && header(&messages[0], "X-Evil").is_empty(), "{}", messages[0]);
    assert_eq!(header(&messages[0], "Subject"), ["Fair Bcc: everyone@example.org body"]);
    assert!(messages[0]["parts"][1]["body"].as_str().unwrap().contains("\r\n.\r\nMAIL FROM"));
}

#[test]
fn the_same_letter_is_the_same_bytes() {
    let letter = invite("Fair", None);
    assert_eq!(message::to_bytes(&letter).unwrap(), message::to_bytes(&letter.clone()).unwrap());
}

#[test]
fn a_refused_address_stops_nobody_else() {
    let relay = Relay::start();
    let transport = relay.transport();
    run(async {
        let refused = |reply: &str| Err(SendFault::Permanent(reply.to_owned()));
        let later = |reply: &str| Err(SendFault::Transient(reply.to_owned()));
        let check = async |to: &str, expect: Result<(), SendFault>| {
            assert_eq!(transport.send(&letter(to)).await, expect, "{to}");
            assert_eq!(transport.send(&letter("zoe@example.net")).await, Ok(()), "after {to}");
        };
        check("refused@example.net", refused("permanent error (550): 5.1.1 no such mailbox")).await;
        check("busy@example.net", later("transient error (451): 4.7.1 try again later")).await;
        check("full@example.net", later("transient error (452): 4.2.2 mailbox full")).await;
        check("spam@example.net", refused("permanent error (554): 5.7.1 not wanted")).await;
        transport.close().await;
    });
    assert_eq!(relay.messages(4).len(), 4);
    assert_eq!(relay.connections(), 1, "a refusal does not cost the connection");
}

#[test]
fn after_the_final_dot_the_outcome_is_unknown() {
    let relay = Relay::start();
    let settings = SmtpSettings { patience: Duration::from_secs(2), ..relay.settings() };
    let transport = Transport::smtp(settings).unwrap();
    let (silent, cut) = (letter("silent@example.net"), letter("cut@example.net"));
    run(async {
        assert!(matches!(transport.send(&silent).await, Err(SendFault::Unknown(_))));
        assert!(matches!(transport.send(&cut).await, Err(SendFault::Unknown(_))));
        assert!(matches!(transport.send(&silent).await, Err(SendFault::Unknown(_))));
        assert_eq!(transport.send(&letter("zoe@example.net")).await, Ok(()));
    });
    let messages = relay.messages(4);
    assert_eq!(header(&messages[0], "Message-ID"), header(&messages[2], "Message-ID"), "a double can be told");
}

#[test]
fn a_relay_that_says_nothing_is_left_in_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let settings = SmtpSettings { patience: Duration::from_secs(1), ..SmtpSettings::new(url.parse().unwrap()) };
    let outcome = run(Transport::smtp(settings).unwrap().send(&letter("zoe@example.net")));
    assert_eq!(outcome, Err(SendFault::Transient("the relay took too long".to_owned())));
}

#[test]
fn no_more_connections_than_allowed() {
    let relay = Relay::start();
    let settings = SmtpSettings { connections: 2, ..relay.settings() };
    let transport = Arc::new(Transport::smtp(settings).unwrap());
    run(async {
        let sending: Vec<_> = (0..12)
            .map(|_| {
                let transport = Arc::clone(&transport);
                tokio::spawn(async move { transport.send(&letter("zoe@example.net")).await })
            })
            .collect();
        for sent in sending {
            assert_eq!(sent.await.unwrap(), Ok(()));
        }
    });
    assert_eq!(relay.messages(12).len(), 12);
    assert!(relay.connections() <= 2, "{} connections", relay.connections());
}

#[test]
fn a_relay_that_cannot_be_used_is_no_fault_of_the_letter() {
    let relay = Relay::start();
    let to = |url: String, ca| SmtpSettings { ca, ..SmtpSettings::new(url.parse().unwrap()) };
    let check = |settings: SmtpSettings, expect: &str| {
        let transport = Transport::smtp(settings).unwrap();
        for outcome in [run(transport.send(&letter("zoe@example.net"))), run(transport.check())] {
            let Err(SendFault::Transient(reason)) = outcome else { panic!("{outcome:?}") };
            assert!(reason.contains(expect), "{reason}");
        }
    };
    run(relay.transport().check()).unwrap();
    check(to(relay.url_as("rostrum:wrong@"), Some(relay.ca())), "(535)");
    check(to(relay.url(), None), "ertificate");
    check(to(relay.url().replace("tls=required", "tls=none"), None), "");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(to(format!("smtp://127.0.0.1:{port}"), None), "");
    assert!(relay.messages(0).is_empty());
    let nowhere = to(relay.url(), Some("/nowhere/ca.pem".into()));
    assert!(matches!(Transport::smtp(nowhere), Err(SmtpFault::Ca(..))));
}
