//! A letter: one finished e-mail, as it lies in the outbox.
//!
//! Everything that could break a header is taken out here, once: [`Email::parse`] is the only door for addresses and
//! [`Person::new`] the only one for names. What is absent on purpose: MIME, templates and SMTP, which are mail's, and the
//! life of a letter in the outbox (queued, sent, undeliverable), which is the store's.

use std::{fmt, str::FromStr};

use super::{ids::LetterId, time::Instant, words::words};

/// The longest address that RFC 5321 lets through.
const LONGEST_EMAIL: usize = 254;
/// The longest part before the `@`.
pub const LONGEST_LOCAL_PART: usize = 64;
/// The longest name of a person, in characters.
pub const LONGEST_NAME: usize = 200;
/// The longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;

/// The Content-ID of the QR picture in a letter.
pub const QR_ID: &str = "door-code";

/// An e-mail address that can stand in any header and any SMTP command without quoting.
///
/// Deliberately narrower than RFC 5322: ASCII, a dot-atom before one `@`, a host name with a dot after it; no quoted
/// local parts, no comments, no address literals. Kept in lower case throughout: no provider in use tells `Ada@` from
/// `ada@`, and two accounts for one mailbox would be worse than the theory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A text that is no e-mail address we would write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnEmail;

impl Email {
    /// Reads an address; spaces around it are forgiven.
    ///
    /// # Errors
    /// [`NotAnEmail`] when it is none, or one of the exotic forms that are not taken.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.split_once('@').ok_or(NotAnEmail)?;
        let sound = text.len() <= LONGEST_EMAIL && is_local_part(local) && is_host_name(domain);
        if sound { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotAnEmail) }
    }

    /// The address as written in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        Self::parse(text)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(text: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= LONGEST_LOCAL_PART && text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && text.split('.').all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// Someone who writes or is written to. The name fits on one line of a header and may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    name: String,
    email: Email,
}

impl Person {
    /// A person by this name, cleaned as [`one_line`] does and cut to [`LONGEST_NAME`].
    #[must_use]
    pub fn new(name: &str, email: Email) -> Self {
        Self { name: one_line(name, LONGEST_NAME), email }
    }

    /// The name; empty when none is known.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    #[must_use]
    pub const fn email(&self) -> &Email {
        &self.email
    }
}

/// `text` as one clean line of at most `longest` characters: line breaks and other controls become spaces, runs of
/// spaces one, and the marks that turn the direction of writing go, since they can make a name read as another.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|letter: char| is_break(letter) || letter.is_whitespace()) {
        let word = word.trim_matches(is_direction_mark);
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|letter| !is_direction_mark(*letter)));
    }
    if let Some((end, _)) = line.char_indices().nth(longest) {
        line.truncate(end);
        line.truncate(line.trim_end().len());
    }
    line
}

/// `text` with its paragraphs kept: line feeds stay, at most two in a row; every other control goes.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line: String =
            line.chars().map(|letter| if letter == '\t' { ' ' } else { letter }).filter(|l| !is_break(*l)).collect();
        let line = line.trim_end();
        if line.is_empty() && (clean.is_empty() || clean.ends_with("\n\n")) {
            continue;
        }
        clean.push_str(line);
        clean.push('\n');
    }
    clean.truncate(clean.trim_end().len());
    clean
}

fn is_break(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

fn is_direction_mark(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

words! {
    /// Where a letter is on its way.
    pub enum LetterState("state of a letter") {
        /// It waits for its time.
        Queued = "queued",
        /// A worker has it in hand until its lease ends.
        Sending = "sending",
        /// A mail server took it, or it lies in the folder.
        Sent = "sent",
        /// It was refused for good, or given up.
        Undeliverable = "undeliverable",
    }
}

words! {
    /// What a letter is about; one for each [`Notice`](super::notice::Notice).
    pub enum LetterKind("kind of letter") {
        /// A link that signs in.
        SignInLink = "sign_in_link",
        /// Welcome to the team of a campus.
        MemberInvited = "member_invited",
        /// A campus has approved a volunteer.
        VolunteerApproved = "volunteer_approved",
        /// A seat is held for a volunteer.
        Offer = "offer",
        /// An offer ended without an answer.
        OfferClosed = "offer_closed",
        /// A seat is taken; carries an invite.
        Confirmation = "confirmation",
        /// A seat is given up; removes the entry from the calendar.
        Cancellation = "cancellation",
        /// A need was approved.
        NeedApproved = "need_approved",
        /// A need came back with a question.
        NeedReturned = "need_returned",
        /// A need was declined.
        NeedDeclined = "need_declined",
        /// A student has a place; carries an invite.
        PlaceConfirmation = "place_confirmation",
        /// A student's place is gone; removes the entry from the calendar.
        PlaceCancellation = "place_cancellation",
        /// A student has several places of one event; carries an invite for each.
        PlacesConfirmation = "places_confirmation",
        /// Several of a student's places have changed or are gone; carries what each entry in the calendar needs.
        PlacesChange = "places_change",
        /// A place is held for one who waits.
        PlaceOffer = "place_offer",
        /// A place is no longer held for one who waits.
        PlaceOfferClosed = "place_offer_closed",
    }

    /// What a calendar program should do with the entry it receives (RFC 5546).
    pub enum CalendarMethod("calendar method") {
        /// Add it or bring it up to date.
        Request = "REQUEST",
        /// Take it out.
        Cancel = "CANCEL",
    }
}

/// The calendar inside a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPart {
    /// The METHOD of the calendar and of the MIME part alike.
    pub method: CalendarMethod,
    /// The calendar itself, `BEGIN:VCALENDAR` to `END:VCALENDAR`, with CR LF.
    pub bytes: String,
}

/// One finished e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its identity in the outbox.
    pub id: LetterId,
    /// What it is about.
    pub kind: LetterKind,
    /// Who reads it.
    pub to: Person,
    /// Who writes it: the site.
    pub from: Person,
    /// Where mail servers report what they could not hand on, where somebody reads that; otherwise the writer.
    pub bounces_to: Option<Email>,
    /// Who gets the answer: the career office.
    pub reply_to: Option<Person>,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The calendar it carries.
    pub calendar: Option<CalendarPart>,
    /// Calendars beside it, each a file of its own: one letter about several entries carries one for each, since an invite
    /// speaks of one entry alone (RFC 5546, 3.2.2) and mail programs show no more of it.
    pub attached: Vec<CalendarPart>,
    /// An address that the HTML shows as a QR picture, under the Content-ID [`QR_ID`]. The picture is drawn when the letter
    /// is sent: it says nothing that the address does not, and letters are written under load.
    pub qr: Option<String>,
    /// `<letter id>@<host>`, without the angle brackets; the same at every attempt.
    pub message_id: String,
    /// Letters of one thread go out in the order they were written: a confirmation before its cancel.
    pub thread: String,
    /// When it was written, which is its Date however late it is sent.
    pub created: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let good = |text: &str, expect: &str| assert_eq!(Email::parse(text).unwrap().as_str(), expect, "{text}");
        good("ada@example.edu", "ada@example.edu");
        good(" Ada.L+fair@Career.Example.EDU ", "ada.l+fair@career.example.edu");
        good("o'hara@example.edu", "o'hara@example.edu");
        good(&format!("{}@example.edu", "a".repeat(64)), &format!("{}@example.edu", "a".repeat(64)));

        let bad = |text: &str| assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        for text in ["", "@", "ada", "ada@", "@example.edu", "ada@example", "ada@@example.edu", "a@b@example.edu"] {
            bad(text);
        }
        for text in ["ada@exa mple.edu", "a da@example.edu", "ada\r\nBcc: x@example.edu", "ada@example.edu\r\nX: y"] {
            bad(text);
        }
        for text in
            ["ada@example.edu\0", "ädä@example.edu", "ada@exämple.edu", "\"ada\"@example.edu", "<ada@example.edu>"]
        {
            bad(text);
        }
        for text in [".ada@example.edu", "ada.@example.edu", "a..b@example.edu", "ada@-example.edu", "ada@example-.edu"]
        {
            bad(text);
        }
        for text in ["ada@127.0.0.1", "ada@[127.0.0.1]", "ada@example..edu", "ada@.example.edu", "ada@example.edu."] {
            bad(text);
        }
        bad(&format!("{}@example.edu", "a".repeat(65)));
        bad(&format!("a@{}.edu", "b".repeat(64)));
        bad(&format!("a@{}edu", "bbbbbbbbb.".repeat(30)));
    }

    #[test]
    fn a_name_is_one_clean_line() {
        let check = |name: &str, expect: &str| {
            assert_eq!(Person::new(name, Email::parse("a@example.edu").unwrap()).name(), expect, "{name:?}");
        };
        check("Émile Zátopek", "Émile Zátopek");
        check("Ada\r\nBcc: everyone@example.edu", "Ada Bcc: everyone@example.edu");
        check("  Ada\0\u{7f}\u{85} \t  L. ", "Ada L.");
        check("Ada\u{2028}L", "Ada L");
        check("A\u{202e}da \u{2066}", "Ada");
        check("\r\n", "");
        check(&"é".repeat(300), &"é".repeat(200));
    }

    #[test]
    fn a_text_keeps_its_paragraphs() {
        let check = |text: &str, expect: &str| assert_eq!(clean_text(text), expect, "{text:?}");
        check("one\r\ntwo\n\n\n\nthree\n\n", "one\ntwo\n\nthree");
        check("\n\n a\tb\0c", " a bc");
        check("", "");
    }
}
