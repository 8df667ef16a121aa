//! Notices put into words: subject, plain text and HTML, from templates compiled into the program.
//!
//! Runs inside the database's writer, so the templates are compiled once and nothing here waits for anything. HTML is
//! escaped by the engine, plain text is not; what people typed is cleaned of controls before either. What is absent on
//! purpose: images, tracking, and more than one link to press.

use std::{fmt, sync::LazyLock};

use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use crate::domain::{
    ids::LetterId,
    letter::{CalendarPart, LONGEST_SUBJECT, Letter, clean_text, one_line},
    notice::{CancelCause, Engagement, Notice, OfferEnd, Recipient, Site},
    time::{Instant, LocalWindow, Zone},
    wording,
};

/// A template that could not be rendered: a fault of the program, never of the data.
#[derive(Debug)]
pub struct RenderFault(minijinja::Error);

impl fmt::Display for RenderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a letter could not be rendered: {:#}", self.0)
    }
}

impl std::error::Error for RenderFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<minijinja::Error> for RenderFault {
    fn from(fault: minijinja::Error) -> Self {
        Self(fault)
    }
}

/// Writes the letter that tells `to` about `notice`.
///
/// # Errors
/// [`RenderFault`] when a template is broken, which the tests of this module rule out.
pub fn render(
    notice: &Notice,
    to: &Recipient,
    site: &Site,
    id: LetterId,
    created: Instant,
) -> Result<Letter, RenderFault> {
    let calendar: Option<CalendarPart> = None;
    let kind = notice.kind();
    let campus = notice.campus();
    let answers = campus.and_then(|campus| campus.contact.as_ref());
    let subject = one_line(&subject(notice), LONGEST_SUBJECT);
    let frame = context! {
        name => to.person.name(),
        subject => subject.as_str(),
        campus => campus.map(|campus| line(&campus.name)),
        answers => answers.map(|office| office.email().as_str()),
        base_url => site.base_url.as_str(),
        invited => calendar.is_some(),
    };
    let sheet = context! { ..details(notice, to.zone), ..frame };
    let fill = |ending: &str| TEMPLATES.get_template(&format!("{kind}.{ending}"))?.render(sheet.clone());
    let text = clean_text(&fill("txt")?);
    let html = fill("html")?;
    Ok(Letter {
        id,
        kind,
        to: to.person.clone(),
        from: site.from.clone(),
        reply_to: answers.cloned(),
        subject,
        text,
        html,
        calendar,
        message_id: format!("{id}@{}", site.host),
        thread: notice.thread().map_or_else(|| id.to_string(), ToOwned::to_owned),
        created,
    })
}

fn subject(notice: &Notice) -> String {
    let named = |word: &str, about: &Engagement| format!("{word}: {}, {}", about.title, wording::short(about.when));
    match notice {
        Notice::SignInLink { .. } => "Your sign-in link".to_owned(),
        Notice::MemberInvited { campus, .. } => format!("You are on the team of {}", campus.name),
        Notice::VolunteerApproved { campus, .. } => format!("Welcome as a volunteer at {}", campus.name),
        Notice::Offer { engagement, .. } => named("Can you help?", engagement).replacen("?:", "?", 1),
        Notice::OfferClosed { engagement, .. } => named("No answer needed any more", engagement),
        Notice::Confirmation { engagement, .. } => named("Confirmed", engagement),
        Notice::Cancellation { engagement, .. } => named("Cancelled", engagement),
        Notice::NeedApproved { title, .. } => format!("Approved: {title}"),
        Notice::NeedReturned { title, .. } => format!("A question about: {title}"),
        Notice::NeedDeclined { title, .. } => format!("Declined: {title}"),
    }
}

/// What the template of this notice asks for beyond the frame.
fn details(notice: &Notice, reader: Option<Zone>) -> Value {
    match notice {
        Notice::SignInLink { link, minutes } => context! { link => link.as_str(), minutes => *minutes },
        Notice::MemberInvited { role, link, .. } => context! { role => line(role), link => link.as_deref() },
        Notice::VolunteerApproved { feed_link, .. } => context! { feed_link => feed_link.as_deref() },
        Notice::Offer { engagement, deadline, link, reasons, .. } => context! {
            deadline => wording::instant(*deadline, reader.unwrap_or_else(|| engagement.when.zone())),
            link => link.as_str(),
            reasons => reasons.iter().map(|reason| line(reason)).collect::<Vec<_>>(),
            ..about(engagement, reader)
        },
        Notice::OfferClosed { engagement, end, .. } => {
            let (end, reason) = match end {
                OfferEnd::Expired => ("expired", None),
                OfferEnd::Withdrawn { reason } => ("withdrawn", reason.as_deref()),
                OfferEnd::NoLongerNeeded => ("no_longer_needed", None),
            };
            context! { end => end, reason => reason.map(clean_text), ..about(engagement, reader) }
        }
        Notice::Confirmation { engagement, by_office, .. } => {
            context! { by_office => *by_office, ..about(engagement, reader) }
        }
        Notice::Cancellation { engagement, cause, .. } => {
            let (cause, reason) = match cause {
                CancelCause::Released => ("released", None),
                CancelCause::Removed { reason } => ("removed", reason.as_deref()),
                CancelCause::EventCancelled { reason } => ("event_cancelled", reason.as_deref()),
            };
            context! { cause => cause, reason => reason.map(clean_text), ..about(engagement, reader) }
        }
        Notice::NeedApproved { title, when, .. } => context! { title => line(title), ..times(*when, reader) },
        Notice::NeedReturned { title, question, .. } => {
            context! { title => line(title), question => clean_text(question) }
        }
        Notice::NeedDeclined { title, reason, .. } => context! { title => line(title), reason => clean_text(reason) },
    }
}

fn about(engagement: &Engagement, reader: Option<Zone>) -> Value {
    context! {
        title => line(&engagement.title),
        purpose => clean_text(&engagement.purpose),
        kind => engagement.kind.in_words(),
        role => line(&engagement.role),
        where => engagement.place_in_words(),
        ..times(engagement.when, reader)
    }
}

fn times(when: LocalWindow, reader: Option<Zone>) -> Value {
    context! {
        when => wording::at_the_place(when),
        when_here => reader.and_then(|zone| wording::for_the_reader(when, zone)),
    }
}

fn line(text: &str) -> String {
    one_line(text, 1000)
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("templates/", $name)))),*] };
}

const SOURCES: &[(&str, &str)] = embedded![
    "layout.txt",
    "layout.html",
    "engagement.txt",
    "engagement.html",
    "sign_in_link.txt",
    "sign_in_link.html",
    "member_invited.txt",
    "member_invited.html",
    "volunteer_approved.txt",
    "volunteer_approved.html",
    "offer.txt",
    "offer.html",
    "offer_closed.txt",
    "offer_closed.html",
    "confirmation.txt",
    "confirmation.html",
    "cancellation.txt",
    "cancellation.html",
    "need_approved.txt",
    "need_approved.html",
    "need_returned.txt",
    "need_returned.html",
    "need_declined.txt",
    "need_declined.html",
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the templates are compiled in and the tests render every one")]
    templates().expect("the templates of the letters are sound")
});

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in SOURCES {
        templates.add_template(name, source)?;
    }
    Ok(templates)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::{
        letter::{Email, Person},
        matching::campus_request::{Kind, Mode},
        notice::{CalendarMark, Campus},
        time::Window,
    };

    pub(crate) fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    pub(crate) fn site() -> Site {
        Site {
            base_url: "https://rostrum.example.edu".to_owned(),
            host: "rostrum.example.edu".to_owned(),
            from: Person::new("Rostrum", email("rostrum@example.edu")),
        }
    }

    pub(crate) fn reader(name: &str, zone: &str) -> Recipient {
        Recipient { person: Person::new(name, email("volunteer@example.net")), zone: zone.parse().ok() }
    }

    pub(crate) fn engagement() -> Engagement {
        let zone: Zone = "America/New_York".parse().unwrap();
        let window =
            Window::new("2027-02-25T17:00:00Z".parse().unwrap(), "2027-02-25T19:00:00Z".parse().unwrap()).unwrap();
        Engagement {
            campus: campus(),
            title: "Mock interviews".to_owned(),
            purpose: "First-year students meet\ninterviewers for the first time.".to_owned(),
            kind: Kind::MockInterviews,
            role: "interviewer".to_owned(),
            when: LocalWindow::kept(window.start().wall(zone), window.end().wall(zone), zone, window),
            mode: Mode::InPerson,
            place: Some("Student Union, room 2".to_owned()),
        }
    }

    fn campus() -> Campus {
        Campus {
            name: "Example College".to_owned(),
            contact: Some(Person::new("Career Office", email("careers@example.edu"))),
        }
    }

    pub(crate) fn mark(sequence: u32) -> CalendarMark {
        let at = Instant::from_unix(1_800_000_000);
        CalendarMark { uid: "seat-1@rostrum.example.edu".to_owned(), sequence, created: at, changed: at }
    }

    pub(crate) fn offer(engagement: Engagement) -> Notice {
        Notice::Offer {
            engagement,
            deadline: "2027-02-20T22:00:00Z".parse().unwrap(),
            link: "https://rostrum.example.edu/o/secret".to_owned(),
            reasons: vec!["You know <résumés>".to_owned()],
            thread: "offer-1".to_owned(),
        }
    }

    pub(crate) fn write(notice: &Notice, to: &Recipient) -> Letter {
        render(notice, to, &site(), LetterId::mint(), Instant::from_unix(1_800_000_000)).unwrap()
    }

    fn every_notice() -> Vec<Notice> {
        let (when, thread) = (engagement().when, "need-1".to_owned());
        let mut all = vec![
            Notice::SignInLink { link: "https://rostrum.example.edu/sign-in/secret".to_owned(), minutes: 15 },
            Notice::MemberInvited { campus: campus(), role: "coordinator".to_owned(), link: None },
            Notice::MemberInvited {
                campus: campus(),
                role: "requester".to_owned(),
                link: Some("https://x".to_owned()),
            },
            Notice::VolunteerApproved { campus: campus(), feed_link: None },
            Notice::VolunteerApproved { campus: campus(), feed_link: Some("https://x/f.ics".to_owned()) },
            offer(engagement()),
            Notice::NeedApproved { campus: campus(), title: "Fair".to_owned(), when, thread: thread.clone() },
            Notice::NeedReturned {
                campus: campus(),
                title: "Fair".to_owned(),
                question: "Which room?".to_owned(),
                thread: thread.clone(),
            },
            Notice::NeedDeclined {
                campus: campus(),
                title: "Fair".to_owned(),
                reason: "Too late.".to_owned(),
                thread: thread.clone(),
            },
        ];
        let said = || Some("The room is flooded.".to_owned());
        for end in [OfferEnd::Expired, OfferEnd::Withdrawn { reason: said() }, OfferEnd::NoLongerNeeded] {
            all.push(Notice::OfferClosed { engagement: engagement(), end, thread: thread.clone() });
        }
        for by_office in [false, true] {
            all.push(Notice::Confirmation { engagement: engagement(), mark: mark(0), by_office });
        }
        for cause in [
            CancelCause::Released,
            CancelCause::Removed { reason: None },
            CancelCause::Removed { reason: said() },
            CancelCause::EventCancelled { reason: said() },
        ] {
            all.push(Notice::Cancellation { engagement: engagement(), mark: mark(1), cause });
        }
        all
    }

    #[test]
    fn every_notice_is_written_in_full_in_both_forms() {
        for notice in every_notice() {
            for to in [reader("Ada", "Europe/Berlin"), reader("", "nowhere")] {
                let letter = write(&notice, &to);
                assert!(!letter.subject.is_empty() && letter.subject.lines().count() == 1, "{letter:?}");
                assert!(letter.text.starts_with("Hello"), "{}", letter.text);
                for left_over in ["{{", "{%", "none", "None", "undefined", "\n\n\n"] {
                    assert!(!letter.text.contains(left_over), "{left_over}: {}", letter.text);
                }
                assert!(letter.html.starts_with("<!doctype html>") && letter.html.trim_end().ends_with("</html>"));
                assert!(!letter.html.contains("<img") && !letter.html.contains("<script"), "{}", letter.html);
                assert_eq!(letter.html.matches("class=\"button\"").count() <= 1, true, "one thing to press");
            }
        }
    }

    #[test]
    fn an_offer_says_all_there_is_to_decide_on() {
        let letter = write(&offer(engagement()), &reader("Ada Example", "Europe/Berlin"));
        let expect = "\
Hello Ada Example,

Example College would like your help, and holds a seat for you.

What:  Mock interviews (mock interviews)
As:    interviewer
When:  Thursday 25 February 2027, 12:00 to 14:00 (America/New_York)
       For you: Thursday 25 February 2027, 18:00 to 20:00 (Europe/Berlin)
Where: Student Union, room 2

First-year students meet
interviewers for the first time.

Why we ask you:
- You know <résumés>

Say yes or no here, please by Saturday 20 February 2027, 23:00 (Europe/Berlin):
https://rostrum.example.edu/o/secret

Nobody else has to see this link: it answers in your name.

Example College

--
An answer to this letter reaches the career office: careers@example.edu
Sent by Rostrum at https://rostrum.example.edu";
        assert_eq!(letter.text, expect);
        assert_eq!(letter.subject, "Can you help? Mock interviews, 25 Feb, 12:00");
        assert_eq!(letter.message_id, format!("{}@rostrum.example.edu", letter.id));
        assert_eq!(letter.reply_to, campus().contact);
        assert!(letter.html.contains("You know &lt;résumés&gt;"), "{}", letter.html);
        assert!(letter.html.contains("Europe&#x2f;Berlin"), "{}", letter.html);
    }

    #[test]
    fn nobody_is_told_their_own_time_twice() {
        let letter = write(&offer(engagement()), &reader("Ada", "America/Detroit"));
        assert!(!letter.text.contains("For you") && !letter.html.contains("For you"));
    }

    #[test]
    fn what_people_typed_stays_text() {
        let mut hostile = engagement();
        hostile.title = "Fair\r\nBcc: everyone@example.org\r\n\r\n<script>alert(1)</script>".to_owned();
        hostile.role = "\"><b>host\0".to_owned();
        hostile.purpose = "one\r\n.\r\ntwo <i>\u{202e}".to_owned();
        hostile.campus.name = "A & B\nCollege {{ link }}".to_owned();
        let letter = write(&offer(hostile), &reader("Eve\r\nX-Evil: 1 <b>", "UTC"));
        assert_eq!(letter.subject.lines().count(), 1);
        assert!(
            letter.text.contains("What:  Fair Bcc: everyone@example.org <script>alert(1)</script> ("),
            "{}",
            letter.text
        );
        assert!(letter.text.contains("A & B College {{ link }}"), "data is not a template");
        for raw in ["<script", "<b>", "<i>", "\0", "\r"] {
            assert!(!letter.html.contains(raw), "{raw:?}: {}", letter.html);
        }
    }

    #[test]
    fn a_confirmation_and_its_cancel_share_a_thread() {
        let to = reader("Ada", "UTC");
        let confirmed = Notice::Confirmation { engagement: engagement(), mark: mark(0), by_office: false };
        let off = Notice::Cancellation { engagement: engagement(), mark: mark(1), cause: CancelCause::Released };
        assert_eq!(write(&confirmed, &to).thread, write(&off, &to).thread);
        let alone = write(&Notice::SignInLink { link: "https://x".to_owned(), minutes: 15 }, &to);
        assert_eq!(alone.thread, alone.id.to_string());
    }
}
