use super::{
    super::{ics::render, read::parse_own},
    agenda, entry, person, two_hours, zone,
};
use crate::domain::{
    agenda::{Answer, Attendee, Entry, Method, Status},
    people::place::Position,
    time::{Fold, LocalWindow},
};

fn lines(method: Method, entries: Vec<Entry>) -> Vec<String> {
    let bytes = render(&agenda(method, entries));
    let text = String::from_utf8(bytes).unwrap();
    super::text::check_lines(&text);
    text.replace("\r\n ", "").lines().map(str::to_owned).collect()
}

fn full(number: usize) -> Entry {
    Entry {
        description: Some("Bring a pen;\nroom opens at 11:30, lunch \\ coffee".to_owned()),
        location: Some("Room 12, Main Hall".to_owned()),
        position: Some(Position::new(39.9626, -76.727_745_2).unwrap()),
        url: Some("https://rostrum.example.edu/events/1?a=b c".to_owned()),
        categories: vec!["Mock interviews".to_owned(), "York, PA".to_owned()],
        organizer: Some(person("Career Office: York", "office@example.edu")),
        attendee: Some(Attendee { person: person("Ada \"Pro\" Émile", "ada@example.edu"), answer: Answer::Accepted }),
        ..entry(number, two_hours("2027-02-25T12:00:00", "America/New_York"))
    }
}

fn has(lines: &[String], line: &str) -> bool {
    lines.iter().any(|has| has == line)
}

#[test]
fn an_invite_names_its_one_recipient() {
    let invite = lines(Method::Request, vec![full(1)]);
    for line in [
        "METHOD:REQUEST",
        "UID:entry-1@rostrum.example.edu",
        "DTSTAMP:20261120T100000Z",
        "CREATED:20261101T093000Z",
        "LAST-MODIFIED:20261120T100000Z",
        "SEQUENCE:1",
        "STATUS:CONFIRMED",
        "DTSTART;TZID=America/New_York:20270225T120000",
        "DTEND;TZID=America/New_York:20270225T140000",
        "SUMMARY:Mock interviews 1",
        "DESCRIPTION:Bring a pen\\;\\nroom opens at 11:30\\, lunch \\\\ coffee",
        "LOCATION:Room 12\\, Main Hall",
        "GEO:39.962600;-76.727745",
        "URL:https://rostrum.example.edu/events/1?a=b%20c",
        "CATEGORIES:Mock interviews,York\\, PA",
        "TRANSP:OPAQUE",
        "ORGANIZER;CN=\"Career Office: York\":mailto:office@example.edu",
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE;CN=Ada ^'Pro^' Émile:mailto:ada@example.edu",
    ] {
        assert!(has(&invite, line), "{line}\nis not in\n{}", invite.join("\n"));
    }
    assert!(!invite.iter().any(|line| line.starts_with("X-WR-") || line.starts_with("REFRESH")));
}

#[test]
fn what_is_published_names_no_attendee() {
    let feed = lines(Method::Publish, vec![full(1)]);
    assert!(!feed.iter().any(|line| line.starts_with("ATTENDEE") || line.contains("ada@")));
    for line in [
        "VERSION:2.0",
        "PRODID:-//Rostrum//Rostrum//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:Career office\\, York",
        "X-WR-CALNAME:Career office\\, York",
        "X-WR-CALDESC:What the career office puts on",
        "X-WR-TIMEZONE:America/New_York",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ] {
        assert!(has(&feed, line), "{line}");
    }
    let head: Vec<_> = feed.iter().take_while(|line| !line.starts_with("BEGIN:VT")).collect();
    assert!(!head.iter().any(|line| line.starts_with("UID")), "a calendar has no UID");
}

#[test]
fn a_cancellation_says_so_whatever_the_entry_says() {
    let cancel = lines(Method::Cancel, vec![Entry { sequence: 2, ..full(1) }]);
    for line in ["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2", "UID:entry-1@rostrum.example.edu"] {
        assert!(has(&cancel, line), "{line}");
    }
}

#[test]
fn what_is_published_has_an_organizer_even_without_an_address() {
    let feed = lines(Method::Publish, vec![Entry { organizer: None, ..full(1) }]);
    assert!(has(&feed, "ORGANIZER;CN=\"Career office, York\":invalid:nomail"));
}

#[test]
fn an_empty_feed_is_a_calendar() {
    let feed = lines(Method::Publish, Vec::new());
    assert_eq!((feed.first().unwrap().as_str(), feed.last().unwrap().as_str()), ("BEGIN:VCALENDAR", "END:VCALENDAR"));
    assert!(has(&feed, "X-WR-TIMEZONE:America/New_York"));
    assert!(!feed.iter().any(|line| line.contains("VTIMEZONE") || line.contains("VEVENT")));
}

#[test]
fn each_zone_in_use_is_defined_once() {
    let places = ["America/New_York", "Europe/Dublin", "Asia/Kathmandu", "UTC", "America/New_York", "Etc/UTC"];
    let entries =
        places.iter().enumerate().map(|(number, place)| entry(number, two_hours("2027-02-25T12:00:00", place)));
    let feed = lines(Method::Publish, entries.collect());
    let zones: Vec<_> = feed.iter().filter_map(|line| line.strip_prefix("TZID:")).collect();
    assert_eq!(zones, ["America/New_York", "Asia/Kathmandu", "Europe/Dublin"]);
    assert_eq!(feed.iter().filter(|line| *line == "DTSTART:20270225T120000Z").count(), 2);
    assert_eq!(feed.iter().filter(|line| line.starts_with("DTSTART;TZID=")).count(), 4);
}

#[test]
fn a_time_that_occurs_twice_is_written_as_an_instant() {
    let check = |fold: Fold, start: &str, end: &str| {
        let wall = |text: &str| text.parse().unwrap();
        let night = (wall("2027-11-07T01:30:00"), wall("2027-11-07T04:00:00"));
        let when = LocalWindow::new(night.0, night.1, zone("America/New_York"), Some(fold)).unwrap();
        let feed = lines(Method::Publish, vec![entry(1, when)]);
        assert!(has(&feed, start) && has(&feed, end), "{}", feed.join("\n"));
        assert!(!feed.iter().any(|line| line.contains("VTIMEZONE")), "no zone is used");
    };
    check(Fold::Earlier, "DTSTART:20271107T053000Z", "DTEND:20271107T090000Z");
    check(Fold::Later, "DTSTART:20271107T063000Z", "DTEND:20271107T090000Z");
}

#[test]
fn what_is_missing_is_left_out() {
    let bare = Entry {
        description: Some(" \u{feff}".to_owned()),
        location: Some(String::new()),
        url: Some("not a link".to_owned()),
        categories: vec![String::new()],
        status: Status::Tentative,
        transparent: true,
        organizer: Some(person("", "office+york@example.edu")),
        position: Some(Position::new(-0.000_000_1, 0.0).unwrap()),
        ..entry(1, two_hours("2027-02-25T12:00:00", "UTC"))
    };
    let feed = lines(Method::Publish, vec![bare]);
    for name in ["DESCRIPTION: ", "LOCATION", "URL", "CATEGORIES", "ATTENDEE"] {
        assert!(!feed.iter().any(|line| line.starts_with(name)), "{name}");
    }
    for line in [
        "STATUS:TENTATIVE",
        "TRANSP:TRANSPARENT",
        "GEO:0.000000;0.000000",
        "ORGANIZER;CN=office+york@example.edu:mailto:office+york@example.edu",
    ] {
        assert!(has(&feed, line), "{line}\nis not in\n{}", feed.join("\n"));
    }
}

#[test]
fn the_bytes_follow_from_the_agenda_alone() {
    let entries: Vec<_> = (0..40)
        .map(|number| {
            let place = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"][number % 3];
            entry(number, two_hours(&format!("2027-{:02}-{:02}T09:15:00", number % 12 + 1, number % 28 + 1), place))
        })
        .collect();
    let forward = render(&agenda(Method::Publish, entries.clone()));
    let backward = render(&agenda(Method::Publish, entries.into_iter().rev().collect()));
    assert_eq!(forward, backward);
    let read = parse_own(&forward).unwrap();
    assert_eq!((read.len(), read[0].events.len(), read[0].timezones.len()), (1, 40, 3));
}
