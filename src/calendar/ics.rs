//! An [`Agenda`] as iCalendar: a feed to subscribe to, an invite, or a cancellation.
//!
//! The bytes follow from the agenda alone, so an unchanged agenda keeps its `ETag`: entries stand in the order of their
//! start, DTSTAMP is the last change. What is published names no attendee. What is absent on purpose: a UID for the calendar
//! itself, which makes a popular program import one event in place of all; alarms, which are the reader's choice.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _};

use chrono::NaiveDateTime;
use ical::{parser::ical::component::IcalEvent, property::Property};

use super::{
    text::{Lines, clean, raw, text, texts, with},
    vtimezone::{is_utc, vtimezone, wall},
};
use crate::domain::{
    agenda::{Agenda, Answer, Attendee, Entry, Method, Status},
    letter::Person,
    people::place::Position,
    time::{Instant, LocalWindow, Window, Zone},
};

const PRODUCT: &str = "-//Rostrum//Rostrum//EN";
/// How often a program should ask again.
const REFRESH: &str = "PT1H";
/// About what an entry takes, to reserve memory once.
const OCTETS_PER_ENTRY: usize = 700;

/// The agenda as `text/calendar` in UTF-8.
#[must_use]
pub fn render(agenda: &Agenda) -> Vec<u8> {
    let mut entries: Vec<(&Entry, Times)> = agenda.entries.iter().map(|entry| (entry, Times::of(entry.when))).collect();
    entries.sort_by(|(a, _), (b, _)| {
        (a.when.window().start(), &a.uid, a.sequence).cmp(&(b.when.window().start(), &b.uid, b.sequence))
    });
    let mut lines = Lines::with_capacity(2_048 + entries.len() * OCTETS_PER_ENTRY);
    lines.begin("VCALENDAR");
    for property in &calendar_properties(agenda) {
        lines.add(property);
    }
    for (zone, used) in zones(&entries).into_values() {
        lines.add(&vtimezone(zone, used));
    }
    for (entry, times) in &entries {
        lines.add(&event(entry, *times, agenda));
    }
    lines.end("VCALENDAR");
    lines.finish().into_bytes()
}

fn calendar_properties(agenda: &Agenda) -> Vec<Property> {
    let method = match agenda.method {
        Method::Publish => "PUBLISH",
        Method::Request => "REQUEST",
        Method::Cancel => "CANCEL",
    };
    let mut properties =
        vec![raw("VERSION", "2.0"), text("PRODID", PRODUCT), raw("CALSCALE", "GREGORIAN"), raw("METHOD", method)];
    if agenda.method == Method::Publish {
        // What RFC 7986 standardised goes by its older name as well: each is the only one that some programs know.
        properties.extend([text("NAME", &agenda.name), text("X-WR-CALNAME", &agenda.name)]);
        push_text(&mut properties, "DESCRIPTION", agenda.description.as_deref());
        push_text(&mut properties, "X-WR-CALDESC", agenda.description.as_deref());
        properties.extend([
            text("X-WR-TIMEZONE", agenda.zone.name()),
            with(raw("REFRESH-INTERVAL", REFRESH), "VALUE", "DURATION"),
            raw("X-PUBLISHED-TTL", REFRESH),
        ]);
    }
    properties
}

/// How the start and the end of an entry are written.
#[derive(Debug, Clone, Copy)]
enum Times {
    /// As instants in UTC.
    Utc(Window),
    /// As wall times of a zone that the calendar defines.
    Local(LocalWindow),
}

impl Times {
    /// Wall times, unless the zone is UTC or readers could differ on one: what the clocks show twice is the first time to
    /// some and the second to others, and what they skip is whatever a program makes of it.
    fn of(when: LocalWindow) -> Self {
        let means_one = |wall: NaiveDateTime| when.zone().at(wall, None).is_ok();
        if !is_utc(when.zone()) && means_one(when.starts()) && means_one(when.ends()) {
            Self::Local(when)
        } else {
            Self::Utc(when.window())
        }
    }

    fn written(self) -> [Property; 2] {
        match self {
            Self::Utc(window) => [raw("DTSTART", instant(window.start())), raw("DTEND", instant(window.end()))],
            Self::Local(when) => {
                let local = |name, at| with(raw(name, wall(at)), "TZID", when.zone().name());
                [local("DTSTART", when.starts()), local("DTEND", when.ends())]
            }
        }
    }
}

/// The zones that wall times are written in, by name, each with the span of its entries.
fn zones(entries: &[(&Entry, Times)]) -> BTreeMap<&'static str, (Zone, Window)> {
    let mut zones: BTreeMap<&'static str, (Zone, Window)> = BTreeMap::new();
    for (_, times) in entries {
        let Times::Local(when) = times else { continue };
        let (zone, window) = (when.zone(), when.window());
        let (_, used) = zones.entry(zone.name()).or_insert((zone, window));
        let start = used.start().min(window.start());
        let end = used.end().max(window.end());
        *used = Window::new(start, end).unwrap_or(*used);
    }
    zones
}

fn event(entry: &Entry, times: Times, agenda: &Agenda) -> IcalEvent {
    let status = match (agenda.method, entry.status) {
        (Method::Cancel, _) | (_, Status::Cancelled) => "CANCELLED",
        (_, Status::Confirmed) => "CONFIRMED",
        (_, Status::Tentative) => "TENTATIVE",
    };
    let mut properties = Vec::with_capacity(18);
    properties.extend([
        text("UID", &entry.uid),
        raw("DTSTAMP", instant(entry.changed)),
        raw("CREATED", instant(entry.created)),
        raw("LAST-MODIFIED", instant(entry.changed)),
        raw("SEQUENCE", entry.sequence.to_string()),
        raw("STATUS", status),
    ]);
    properties.extend(times.written());
    push_text(&mut properties, "SUMMARY", Some(&entry.summary));
    push_text(&mut properties, "DESCRIPTION", entry.description.as_deref());
    push_text(&mut properties, "LOCATION", entry.location.as_deref());
    properties.extend(entry.position.map(geo));
    properties.extend(entry.url.as_deref().and_then(uri).map(|url| raw("URL", url)));
    let categories = texts("CATEGORIES", entry.categories.iter().map(String::as_str));
    properties.extend(Some(categories).filter(|list| list.value.as_ref().is_some_and(|value| !value.is_empty())));
    properties.push(raw("TRANSP", if entry.transparent { "TRANSPARENT" } else { "OPAQUE" }));
    properties.extend(match (&entry.organizer, agenda.method) {
        (Some(person), _) => Some(user("ORGANIZER", person, &[])),
        // RFC 5546 asks for one in what is published, where there may be no address to show.
        (None, Method::Publish) => Some(with(raw("ORGANIZER", "invalid:nomail"), "CN", &agenda.name)),
        (None, Method::Request | Method::Cancel) => None,
    });
    if agenda.method != Method::Publish {
        properties.extend(entry.attendee.as_ref().map(attendee));
    }
    IcalEvent { properties, alarms: Vec::new() }
}

fn attendee(attendee: &Attendee) -> Property {
    let (answer, rsvp) = match attendee.answer {
        Answer::NeedsAction => ("NEEDS-ACTION", "TRUE"),
        Answer::Accepted => ("ACCEPTED", "FALSE"),
        Answer::Tentative => ("TENTATIVE", "FALSE"),
        Answer::Declined => ("DECLINED", "FALSE"),
    };
    let parameters = [("CUTYPE", "INDIVIDUAL"), ("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", answer), ("RSVP", rsvp)];
    user("ATTENDEE", &attendee.person, &parameters)
}

fn user(name: &str, person: &Person, parameters: &[(&str, &str)]) -> Property {
    let address = escaped_uri(person.email().as_str(), b"%/?#`{|}^");
    let mut property = raw(name, format!("mailto:{address}"));
    for (name, value) in parameters {
        property = with(property, name, value);
    }
    // Programs show the CN; without one they show nothing, some even refuse.
    let cn = if clean(person.name()).is_empty() { person.email().as_str() } else { person.name() };
    with(property, "CN", cn)
}

fn geo(position: Position) -> Property {
    // Adding zero turns the negative zero into the other.
    let degrees = |value: f64| (value * 1e6).round() / 1e6 + 0.0;
    raw("GEO", format!("{:.6};{:.6}", degrees(position.lat()), degrees(position.lon())))
}

/// `value` as a URI, if it has a scheme.
fn uri(value: &str) -> Option<Cow<'_, str>> {
    let (scheme, rest) = value.split_once(':')?;
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    (is_scheme && !rest.trim().is_empty()).then(|| escaped_uri(value, b"\"<>\\^`{|}"))
}

/// `value` with all that no URI holds, and what `beyond` names, percent-encoded.
fn escaped_uri<'a>(value: &'a str, beyond: &[u8]) -> Cow<'a, str> {
    let stays = |byte: u8| byte.is_ascii_graphic() && !beyond.contains(&byte);
    if value.bytes().all(stays) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if stays(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

fn push_text(properties: &mut Vec<Property>, name: &str, value: Option<&str>) {
    let property = value.map(|value| text(name, value));
    // Some readers take offence at a property without a value.
    properties.extend(property.filter(|property| property.value.as_ref().is_some_and(|value| !value.is_empty())));
}

/// `20270225T170000Z`.
fn instant(at: Instant) -> String {
    let mut text = wall(at.utc().naive_utc());
    text.push('Z');
    text
}
