//! What a calendar program answers to an invite (RFC 5546, 3.2.3), out of what it sent.
//!
//! Taken as programs in use write it: Outlook.com leaves ORGANIZER out, Google sends the whole event back, some answer with
//! SEQUENCE left out. Absent on purpose: whether it is true, and COUNTER, which proposes another time and is answered by
//! people.

use std::fmt;

use ical::parser::ical::component::{IcalCalendar, IcalEvent};
use ical::property::Property;

use super::read::{self, Unreadable};
use super::text::unescape;
use crate::domain::agenda::Answer;
use crate::domain::letter::Email;
use crate::domain::reply::Reply;

/// Why octets are no answer to an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAReply {
    /// They are no calendar.
    Unreadable(Unreadable),
    /// The calendar is for something else.
    Method(String),
    /// It does not answer for one event and one person.
    Incomplete(&'static str),
}

impl fmt::Display for NotAReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::Method(method) if method.is_empty() => f.write_str("the calendar has no METHOD"),
            Self::Method(method) => write!(f, "the calendar's METHOD is {method}, not REPLY"),
            Self::Incomplete(what) => write!(f, "the answer {what}"),
        }
    }
}

impl std::error::Error for NotAReply {}

/// The answer in `octets`.
///
/// # Errors
/// [`NotAReply`] says what they are instead.
pub fn read(octets: &[u8]) -> Result<Reply, NotAReply> {
    let calendars = read::parse(octets).map_err(NotAReply::Unreadable)?;
    let [calendar] = calendars.as_slice() else { return Err(NotAReply::Incomplete("is of several calendars")) };
    let method = value(&calendar.properties, "METHOD").unwrap_or_default().trim().to_ascii_uppercase();
    if method != "REPLY" {
        return Err(NotAReply::Method(method.chars().filter(|letter| !letter.is_control()).take(40).collect()));
    }
    let event = only_event(calendar)?;
    let uid = value(&event.properties, "UID").map(unescape).filter(|uid| !uid.is_empty());
    let (attendee, answer) = answered(event)?;
    let sequence = value(&event.properties, "SEQUENCE").map_or(Ok(0), |given| given.trim().parse());
    Ok(Reply {
        uid: uid.ok_or(NotAReply::Incomplete("has no UID"))?,
        attendee,
        answer,
        sequence: sequence.map_err(|_| NotAReply::Incomplete("has a SEQUENCE that is no number"))?,
    })
}

/// Some programs answer a whole series and its changes in one calendar; ours has one event.
fn only_event(calendar: &IcalCalendar) -> Result<&IcalEvent, NotAReply> {
    match calendar.events.as_slice() {
        [event] => Ok(event),
        [] => Err(NotAReply::Incomplete("has no event")),
        _ => Err(NotAReply::Incomplete("has several events")),
    }
}

fn answered(event: &IcalEvent) -> Result<(Email, Answer), NotAReply> {
    let mut attendees = event.properties.iter().filter(|property| property.name == "ATTENDEE");
    let (Some(attendee), None) = (attendees.next(), attendees.next()) else {
        return Err(NotAReply::Incomplete("is not from one attendee"));
    };
    let address = attendee.value.as_deref().unwrap_or_default().trim();
    let bare = match address.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => rest,
        _ => address,
    };
    let email = Email::parse(&unescaped_uri(bare)).map_err(|_| NotAReply::Incomplete("is from no e-mail address"))?;
    let answer = match parameter(attendee, "PARTSTAT").unwrap_or_default().to_ascii_uppercase().as_str() {
        "ACCEPTED" => Answer::Accepted,
        "DECLINED" => Answer::Declined,
        "TENTATIVE" => Answer::Tentative,
        "" | "NEEDS-ACTION" => Answer::NeedsAction,
        _ => return Err(NotAReply::Incomplete("has a PARTSTAT that is not about an event")),
    };
    Ok((email, answer))
}

/// `text` with its percent-encoding undone where that is sound.
fn unescaped_uri(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, after @ ..] => char::from(*high)
                .to_digit(16)
                .zip(char::from(*low).to_digit(16))
                .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
                .map(|octet| (octet, after)),
            _ => None,
        };
        let (octet, after) = escaped.unwrap_or((*first, tail));
        octets.push(octet);
        rest = after;
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn value<'p>(properties: &'p [Property], name: &str) -> Option<&'p str> {
    properties.iter().find(|property| property.name == name)?.value.as_deref()
}

fn parameter<'p>(property: &'p Property, name: &str) -> Option<&'p str> {
    let mut given = property.params.iter().flatten();
    given.find(|(given, _)| given.eq_ignore_ascii_case(name))?.1.first().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(event: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n")
    }

    #[test]
    fn answers_as_programs_write_them() {
        let check = |event: &str, answer, sequence| {
            let reply = read(calendar(event).as_bytes());
            let attendee = Email::parse("ada@example.edu").unwrap();
            assert_eq!(reply, Ok(Reply { uid: "a1@x.example".to_owned(), attendee, answer, sequence }), "{event}");
        };
        let uid = "UID:a1@x.example\r\n";
        check(
            &format!("{uid}ATTENDEE;PARTSTAT=ACCEPTED;CN=Ada:mailto:ada@example.edu\r\nSEQUENCE:2\r\n"),
            Answer::Accepted,
            2,
        );
        // No ORGANIZER, no SEQUENCE, capitals, a folded line.
        check(
            &format!("{uid}ATTENDEE;PARTSTAT=declined:MAILTO:Ada@Exam\r\n ple.edu\r\nCOMMENT:Sorry\r\n"),
            Answer::Declined,
            0,
        );
        check(
            &format!("ATTENDEE;CN=\"x;y\";PARTSTAT=TENTATIVE:mailto:ada%40example.edu\r\n{uid}"),
            Answer::Tentative,
            0,
        );
        check(&format!("{uid}ATTENDEE:ada@example.edu\r\n"), Answer::NeedsAction, 0);
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let check = |text: &str, expect: &str| {
            let said = read(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expect), "{said}: {text}");
        };
        let attendee = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.edu\r\n";
        check("hello", "no calendar");
        check("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "has no METHOD");
        check(&calendar("UID:a\r\n").replace("REPLY", "COUNTER"), "COUNTER");
        check(&calendar("UID:a\r\n"), "one attendee");
        check(&calendar(attendee), "no UID");
        check(&calendar(&format!("UID:a\r\n{attendee}{attendee}")), "one attendee");
        check(&calendar("UID:a\r\nATTENDEE;PARTSTAT=ACCEPTED:tel:123\r\n"), "no e-mail address");
        check(&calendar("UID:a\r\nATTENDEE;PARTSTAT=COMPLETED:mailto:a@example.edu\r\n"), "PARTSTAT");
        check(&calendar(&format!("UID:a\r\nSEQUENCE:-1\r\n{attendee}")), "SEQUENCE");
        let two = calendar("UID:a\r\n").replace("END:VCALENDAR", "BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR");
        check(&two, "several events");
        check(&"x".repeat(70_000), "too many");
    }
}
