//! A letter as the bytes that go over the wire (RFC 5322, MIME).
//!
//! The same letter makes the same bytes at every attempt: the date is the letter's, the Message-ID was minted with it,
//! the boundaries are derived from its id. An invite is
//! `mixed { alternative { plain, html, text/calendar; method=… }, invite.ics }`: mail programs act on the first form of
//! the calendar, people save the second. A QR picture lies beside the HTML that shows it, `related { html, png }`: the one
//! form of a picture that mail programs show without asking a server. What is absent on purpose: signing.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address,
    address::AddressError,
    message::{
        Attachment, Body, Mailbox, Message, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::domain::letter::{CalendarPart, LONGEST_SUBJECT, Letter, Person, QR_ID, one_line};
use crate::qr::Qr;

/// Why a letter cannot be put on the wire, however often it is tried.
#[derive(Debug)]
pub enum MessageFault {
    /// An address the mail library does not take.
    Address(AddressError),
    /// The message as a whole.
    Build(String),
}

impl fmt::Display for MessageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(fault) => write!(f, "the address cannot be written to: {fault}"),
            Self::Build(fault) => write!(f, "the message cannot be built: {fault}"),
        }
    }
}

impl std::error::Error for MessageFault {}

impl From<AddressError> for MessageFault {
    fn from(fault: AddressError) -> Self {
        Self::Address(fault)
    }
}

/// The letter as one message, ready for `DATA`.
///
/// # Errors
/// [`MessageFault`] when the letter holds what no message can say.
pub fn to_bytes(letter: &Letter) -> Result<Vec<u8>, MessageFault> {
    let seconds = u64::try_from(letter.created.unix()).unwrap_or_default();
    let mut headers = Message::builder()
        .from(mailbox(&letter.from)?)
        .to(mailbox(&letter.to)?)
        .subject(one_line(&letter.subject, LONGEST_SUBJECT))
        .date(UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{}>", one_line(&letter.message_id, LONGEST_SUBJECT))))
        // RFC 3834: no answering machine should answer. The second header says it to Exchange.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "OOF, AutoReply"));
    if let Some(reply_to) = &letter.reply_to {
        headers = headers.reply_to(mailbox(reply_to)?);
    }
    let words = MultiPart::alternative()
        .boundary(format!("words-{}", letter.id))
        .singlepart(SinglePart::plain(letter.text.clone()));
    let html = SinglePart::html(letter.html.clone());
    let words = match letter.qr.as_deref().map(picture).transpose()? {
        Some(png) => {
            let shown = MultiPart::related().boundary(format!("shown-{}", letter.id));
            words.multipart(shown.singlepart(html).singlepart(png))
        }
        None => words.singlepart(html),
    };
    let parts = || MultiPart::mixed().boundary(format!("parts-{}", letter.id));
    let mut body = match &letter.calendar {
        None if letter.attached.is_empty() => words,
        None => parts().multipart(words),
        Some(calendar) => {
            parts().multipart(words.singlepart(invite(calendar)?)).singlepart(attached(calendar, "invite.ics")?)
        }
    };
    for (calendar, number) in letter.attached.iter().zip(1..) {
        body = body.singlepart(attached(calendar, &format!("invite-{number}.ics"))?);
    }
    let message = headers.multipart(body).map_err(|fault| MessageFault::Build(fault.to_string()))?;
    Ok(message.formatted())
}

/// The address as the SMTP envelope wants it.
///
/// # Errors
/// [`AddressError`] when the mail library does not take it.
pub fn address(person: &Person) -> Result<Address, AddressError> {
    person.email().as_str().parse()
}

fn mailbox(person: &Person) -> Result<Mailbox, AddressError> {
    // The library panics on a line break or a NUL in a name; `Person` holds none.
    let name = (!person.name().is_empty()).then(|| person.name().to_owned());
    Ok(Mailbox::new(name, address(person)?))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn invite(calendar: &CalendarPart) -> Result<SinglePart, MessageFault> {
    let kind = format!("text/calendar; method={}; charset=UTF-8; component=VEVENT", calendar.method);
    Ok(SinglePart::builder().header(content_type(&kind)?).body(untouched(calendar)))
}

fn attached(calendar: &CalendarPart, name: &str) -> Result<SinglePart, MessageFault> {
    Ok(Attachment::new(name.to_owned())
        .body(untouched(calendar), content_type(&format!("application/ics; name=\"{name}\""))?))
}

/// The address as a picture that stands in the letter.
fn picture(address: &str) -> Result<SinglePart, MessageFault> {
    let qr = Qr::of(address).ok_or_else(|| MessageFault::Build("the address is too long for a QR code".to_owned()))?;
    let png = qr.png().map_err(|fault| MessageFault::Build(fault.to_string()))?;
    Ok(Attachment::new_inline_with_name(QR_ID.to_owned(), format!("{QR_ID}.png")).body(png, content_type("image/png")?))
}

fn content_type(text: &str) -> Result<ContentType, MessageFault> {
    ContentType::parse(text).map_err(|fault| MessageFault::Build(fault.to_string()))
}

/// The calendar byte for byte: as it is where that is plain ASCII, which can be read in the raw message, else base64.
fn untouched(calendar: &CalendarPart) -> Body {
    let bytes = &calendar.bytes;
    let plain = bytes.is_ascii() && bytes.split_inclusive('\n').all(|line| line.len() <= 77 && line.ends_with("\r\n"));
    if plain { Body::new(bytes.clone()) } else { Body::new(bytes.clone().into_bytes()) }
}
