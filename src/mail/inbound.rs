//! Letters that come in: the answer of a calendar program, the report of a mail server, or neither.
//!
//! MIME is read by the `mail-parser` crate. What is absent on purpose: belief. Anybody can write anything into a letter; what
//! it claims to be about stands in [`Inbound::addressed`], under seals that others check.

use std::fmt;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

use crate::domain::letter::one_line;
use crate::domain::reply::Report;

/// The most octets of a letter that are looked at: a report may bring the whole letter back.
pub const MOST_OCTETS: usize = 256 * 1024;
/// The most parts a letter may have.
const MOST_PARTS: usize = 100;
/// The most words behind a plus that are looked at.
const MOST_ADDRESSES: usize = 50;
/// The longest of what a mail server said that is kept.
const LONGEST_SAID: usize = 500;
/// The headers in which a letter's own recipient stands, by its sender's word or by the mail server's.
const RECIPIENT: [&str; 6] = ["to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to"];

/// A letter that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// What stands behind the plus of each address it was written to.
    pub addressed: Vec<String>,
    /// What it is.
    pub content: Content,
}

/// What a letter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It carries a calendar.
    Calendar(Vec<u8>),
    /// A mail server reports.
    Report(Report),
    /// Something for people, or for nobody.
    Other,
}

/// Octets that are no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotALetter {
    /// More than [`MOST_OCTETS`].
    TooLong,
    /// More than a hundred parts.
    TooManyParts,
    /// There are no headers.
    Unreadable,
    /// The form has no field for a letter.
    NoField,
}

impl fmt::Display for NotALetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the letter is longer than {MOST_OCTETS} octets"),
            Self::TooManyParts => write!(f, "the letter has more than {MOST_PARTS} parts"),
            Self::NoField => f.write_str("the form has neither a field email nor a field body-mime"),
            Self::Unreadable => f.write_str("these octets are no letter: they have no headers"),
        }
    }
}

impl std::error::Error for NotALetter {}

/// Reads a letter.
///
/// # Errors
/// [`NotALetter`].
pub fn read(octets: &[u8]) -> Result<Inbound, NotALetter> {
    if octets.len() > MOST_OCTETS {
        return Err(NotALetter::TooLong);
    }
    let message = MessageParser::new().parse(octets).ok_or(NotALetter::Unreadable)?;
    if message.headers().is_empty() {
        return Err(NotALetter::Unreadable);
    }
    if message.parts.len() > MOST_PARTS {
        return Err(NotALetter::TooManyParts);
    }
    Ok(Inbound { addressed: addressed(&message), content: content(&message) })
}

/// The letter inside of a form, as hooks of mail providers send it: in the field `email` or `body-mime`. A form is MIME, too.
///
/// # Errors
/// [`NotALetter`].
pub fn of_form(media: &str, octets: &[u8]) -> Result<Vec<u8>, NotALetter> {
    let whole = [b"Content-Type: ", one_line(media, 500).as_bytes(), b"\r\n\r\n", octets].concat();
    let form = MessageParser::new().parse(whole.as_slice()).ok_or(NotALetter::Unreadable)?;
    let field = form.parts.iter().find(|part| {
        let name = part.content_disposition().and_then(|given| given.attribute("name"));
        name.is_some_and(|name| matches!(name, "email" | "body-mime"))
    });
    let field = field.ok_or(NotALetter::NoField)?;
    let span = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let letter = whole.get(span(field.raw_body_offset())..span(field.raw_end_offset()));
    Ok(letter.ok_or(NotALetter::Unreadable)?.to_vec())
}

fn content(message: &Message<'_>) -> Content {
    if let Some(report) = part_of_kind(message, "message", &["delivery-status", "global-delivery-status"]) {
        return Content::Report(read_report(&String::from_utf8_lossy(report.contents())));
    }
    let calendar = part_of_kind(message, "text", &["calendar"])
        .or_else(|| part_of_kind(message, "application", &["ics"]))
        .map(|part| part.contents().to_vec());
    calendar.map_or(Content::Other, Content::Calendar)
}

fn part_of_kind<'m>(message: &'m Message<'_>, kind: &str, subkinds: &[&str]) -> Option<&'m MessagePart<'m>> {
    message.parts.iter().find(|part| {
        part.content_type().is_some_and(|given| {
            let subkind = given.subtype().unwrap_or_default();
            given.ctype().eq_ignore_ascii_case(kind) && subkinds.iter().any(|one| one.eq_ignore_ascii_case(subkind))
        })
    })
}

/// Read off the raw headers: what looks like `word+seal@` anywhere in one that names a recipient.
fn addressed(message: &Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in message.headers_raw() {
        if !RECIPIENT.iter().any(|header| name.trim().eq_ignore_ascii_case(header)) {
            continue;
        }
        for (before, _) in value.match_indices('@').filter_map(|(at, _)| value.split_at_checked(at)) {
            let local = before.rsplit(|letter: char| !letter.is_ascii_graphic() || "<>,;:\"()".contains(letter)).next();
            if let Some((_, sealed)) = local.and_then(|local| local.rsplit_once('+'))
                && found.len() < MOST_ADDRESSES
            {
                found.push(sealed.to_owned());
            }
        }
    }
    found
}

/// The first recipient of a report; our letters have one.
fn read_report(text: &str) -> Report {
    let text = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let status = field("Status").and_then(|given| {
        let mut numbers = given.split_whitespace().next()?.split('.').map(str::parse);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?])
    });
    let typed = |value: &str| value.split_once(';').map_or(value, |(_, rest)| rest).to_owned();
    let said = field("Diagnostic-Code").map(typed).or_else(|| field("Status").map(ToOwned::to_owned));
    Report {
        failed: field("Action").is_some_and(|action| action.eq_ignore_ascii_case("failed")),
        status,
        said: one_line(&said.unwrap_or_default(), LONGEST_SAID),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_it_was_written_to_is_found_in_any_dress() {
        let check = |headers: &str, expect: &[&str]| {
            assert_eq!(read(format!("{headers}\r\n\r\nhello\r\n").as_bytes()).unwrap().addressed, expect, "{headers}");
        };
        check("To: rostrum+i1@example.edu", &["i1"]);
        check("To: \"A, b\" <rostrum+i1@example.edu>,\r\n <x+l2@example.edu>", &["i1", "l2"]);
        check("Subject: x\r\nDelivered-To: rostrum+i1@example.edu\r\nTo: office@example.edu", &["i1"]);
        check("X-Original-To: ROSTRUM+I1@EXAMPLE.EDU", &["I1"]);
        check("From: rostrum+i1@example.edu\r\nReply-To: a+b@example.edu", &[]);
        check("To: rostrum@example.edu", &[]);
        check("To: + @ @+@", &[""]);
    }

    #[test]
    fn a_report_is_read() {
        let letter = |status: &str| {
            format!(
                "To: rostrum+l1@example.edu\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
                 --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n--b--\r\n"
            )
        };
        let check = |status: &str, failed, code, said: &str| {
            let expect = Report { failed, status: code, said: said.to_owned() };
            assert_eq!(read(letter(status).as_bytes()).unwrap().content, Content::Report(expect), "{status}");
        };
        check(
            "Reporting-MTA: dns; mx.example.edu\r\n\r\nFinal-Recipient: rfc822; ada@example.edu\r\nAction: failed\r\n\
             Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such\r\n user here\r\n",
            true,
            Some([5, 1, 1]),
            "550 5.1.1 No such user here",
        );
        check("Action: delayed\r\nStatus: 4.4.1 (no answer)\r\n", false, Some([4, 4, 1]), "4.4.1 (no answer)");
        check("Action: FAILED\r\nStatus: five\r\n", true, None, "five");
        check("", false, None, "");
    }

    #[test]
    fn a_letter_in_a_form_is_found() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nx@example.edu\r\n--b\r\n\
            Content-Disposition: form-data; name=\"email\"\r\n\r\nTo: a+i1@example.edu\r\n\r\nH\u{e9}\r\n--b--\r\n";
        let letter = of_form("multipart/form-data; boundary=b", form.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(letter.clone()).unwrap().trim_end(), "To: a+i1@example.edu\r\n\r\nH\u{e9}");
        assert_eq!(read(&letter).unwrap().addressed, ["i1"]);
        let other = form.replace("\"email\"", "\"mail\"");
        assert_eq!(of_form("multipart/form-data; boundary=b", other.as_bytes()), Err(NotALetter::NoField));
        assert!(of_form("multipart/form-data", form.as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_letter_is_refused_and_never_a_panic() {
        assert_eq!(read(b""), Err(NotALetter::Unreadable));
        assert_eq!(read(&vec![b'a'; MOST_OCTETS + 1]), Err(NotALetter::TooLong));
        let bomb: String = std::iter::once("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
            .chain(std::iter::repeat_n("--b\r\n\r\n\r\n", 5_000))
            .collect();
        assert_eq!(read(bomb.as_bytes()), Err(NotALetter::TooManyParts));
        let nested: String = (0..1_200)
            .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
            .chain(["To: x\r\n\r\nend".to_owned()])
            .collect();
        assert_eq!(read(nested.as_bytes()), Err(NotALetter::TooManyParts));
        let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(2_000);
        drop(read(messages.as_bytes()));
    }
}
