//! Notices put into words: subject, plain text and HTML, from templates compiled into the program.
//!
//! Runs inside the database's writer, so the templates are compiled once and nothing here waits for anything. HTML is
//! escaped by the engine, plain text is not; what people typed is cleaned of controls before either. What is absent on
//! purpose: tracking, more than one link to press, and images but the one of the code at the door, which is drawn when the
//! letter is sent.

mod several;

use std::{fmt, sync::LazyLock};

use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use crate::calendar::ics;
use crate::domain::{
    agenda::{Agenda, Answer, Attendee, Entry, Method, Status},
    ids::LetterId,
    letter::{CalendarMethod, CalendarPart, Email, LONGEST_SUBJECT, Letter, Person, QR_ID, clean_text, one_line},
    notice::{
        CalendarMark, CancelCause, Engagement, HeldEnd, News, Notice, OfferEnd, PlaceEnd, PlaceFacts, Recipient, Site,
    },
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

/// On whose paper a letter is written.
#[derive(Clone, Copy)]
pub struct Letterhead<'a> {
    /// The site.
    pub site: &'a Site,
    /// To which address calendar programs answer about the entry of a UID; the site's own where nobody reads answers.
    pub answers_to: &'a dyn Fn(&str) -> Option<Email>,
}

impl<'a> Letterhead<'a> {
    /// The paper of a site where nobody reads answers.
    #[must_use]
    pub fn of(site: &'a Site) -> Self {
        Self { site, answers_to: &|_| None }
    }
}

/// Writes the letter that tells `to` about `notice`.
///
/// # Errors
/// [`RenderFault`] when a template is broken, which the tests of this module rule out.
pub fn render(
    notice: &Notice,
    to: &Recipient,
    head: Letterhead<'_>,
    id: LetterId,
    created: Instant,
) -> Result<Letter, RenderFault> {
    let site = head.site;
    let calendar = calendar(notice, to, head);
    let attached = several::attached(notice, to, head);
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
        invited => calendar.is_some() || !attached.is_empty(),
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
        bounces_to: None,
        reply_to: answers.cloned(),
        subject,
        text,
        html,
        calendar,
        attached,
        qr: match notice {
            Notice::PlaceConfirmed { pass, .. } => pass.as_ref().map(|pass| pass.link.clone()),
            _ => None,
        },
        message_id: format!("{id}@{}", site.host),
        thread: notice.thread().map_or_else(|| id.to_string(), ToOwned::to_owned),
        created,
    })
}

/// The invite, or what takes it back: one entry, from the site to this reader alone.
fn calendar(notice: &Notice, to: &Recipient, head: Letterhead<'_>) -> Option<CalendarPart> {
    let seat = |engagement: &Engagement, mark: &CalendarMark, status| (engagement.entry(mark, status), engagement.when);
    let place = |place: &PlaceFacts, mark: &CalendarMark, status| (place.entry(mark, status), place.when);
    let ((entry, when), method, answer) = match notice {
        Notice::Confirmation { engagement, mark, by_office, link, .. } => {
            // Who is asked whether it still suits has not answered yet.
            let asked = link.is_some();
            let answer = if *by_office || asked { Answer::NeedsAction } else { Answer::Accepted };
            let status = if asked { Status::Tentative } else { Status::Confirmed };
            (seat(engagement, mark, status), CalendarMethod::Request, answer)
        }
        Notice::PlaceConfirmed { place: facts, mark, .. } => {
            (place(facts, mark, Status::Confirmed), CalendarMethod::Request, Answer::Accepted)
        }
        Notice::Cancellation { engagement, mark, .. } => {
            (seat(engagement, mark, Status::Cancelled), CalendarMethod::Cancel, Answer::Accepted)
        }
        Notice::PlaceCancelled { place: facts, mark, .. } => {
            (place(facts, mark, Status::Cancelled), CalendarMethod::Cancel, Answer::Accepted)
        }
        Notice::SignInLink { .. }
        | Notice::MemberInvited { .. }
        | Notice::VolunteerApproved { .. }
        | Notice::Offer { .. }
        | Notice::OfferRescheduled { .. }
        | Notice::OfferClosed { .. }
        | Notice::PlacesConfirmed { .. }
        | Notice::PlacesChanged { .. }
        | Notice::PlaceOffered { .. }
        | Notice::PlaceOfferClosed { .. }
        | Notice::NeedApproved { .. }
        | Notice::NeedReturned { .. }
        | Notice::NeedDeclined { .. } => return None,
    };
    Some(part(notice, (entry, when), method, answer, to, head))
}

fn part(
    notice: &Notice,
    (entry, when): (Entry, LocalWindow),
    method: CalendarMethod,
    answer: Answer,
    to: &Recipient,
    head: Letterhead<'_>,
) -> CalendarPart {
    let said = match method {
        CalendarMethod::Request => Method::Request,
        CalendarMethod::Cancel => Method::Cancel,
    };
    let from = &head.site.from;
    let organizer = (head.answers_to)(&entry.uid).map_or_else(|| from.clone(), |email| Person::new(from.name(), email));
    let entry =
        Entry { organizer: Some(organizer), attendee: Some(Attendee { person: to.person.clone(), answer }), ..entry };
    let agenda = Agenda {
        name: notice.campus().map(|campus| campus.name.clone()).unwrap_or_default(),
        description: None,
        zone: when.zone(),
        method: said,
        entries: vec![entry],
    };
    let bytes = String::from_utf8_lossy(&ics::render(&agenda)).into_owned();
    CalendarPart { method, bytes }
}

fn subject(notice: &Notice) -> String {
    let named = |word: &str, about: &Engagement| format!("{word}: {}, {}", about.title, wording::short(about.when));
    let place = |word: &str, about: &PlaceFacts| format!("{word}: {}, {}", about.title, wording::short(about.when));
    match notice {
        Notice::SignInLink { .. } => "Your sign-in link".to_owned(),
        Notice::MemberInvited { campus, .. } => format!("You are on the team of {}", campus.name),
        Notice::VolunteerApproved { campus, .. } => format!("Welcome as a volunteer at {}", campus.name),
        Notice::Offer { engagement, .. } => named("Can you help?", engagement).replacen("?:", "?", 1),
        Notice::OfferRescheduled { engagement, .. } => {
            named("Can you help at a new time?", engagement).replacen("?:", "?", 1)
        }
        Notice::OfferClosed { engagement, .. } => named("No answer needed any more", engagement),
        Notice::Confirmation { engagement, news: Some(news), .. } => named(headline(news, engagement.when), engagement),
        Notice::Confirmation { engagement, mark, .. } if mark.sequence > 0 => named("Changed", engagement),
        Notice::Confirmation { engagement, .. } => named("Confirmed", engagement),
        Notice::Cancellation { engagement, .. } => named("Cancelled", engagement),
        Notice::PlaceConfirmed { place: about, news: Some(news), .. } => place(headline(news, about.when), about),
        Notice::PlaceConfirmed { place: about, mark, .. } if mark.sequence > 0 => place("Changed", about),
        Notice::PlaceConfirmed { place: about, .. } => place("Your place", about),
        Notice::PlaceCancelled { place: about, .. } => place("Cancelled", about),
        Notice::PlacesConfirmed { places, .. } => several::subject_of_new(places),
        Notice::PlacesChanged { places, .. } => several::subject_of_changed(places),
        Notice::PlaceOffered { place: about, .. } => place("A place is free", about),
        Notice::PlaceOfferClosed { place: about, .. } => place("No longer held for you", about),
        Notice::NeedApproved { title, .. } => format!("Approved: {title}"),
        Notice::NeedReturned { title, .. } => format!("A question about: {title}"),
        Notice::NeedDeclined { title, .. } => format!("Declined: {title}"),
    }
}

/// What has become of a time, in two words.
fn headline(news: &News, when: LocalWindow) -> &'static str {
    match news {
        News::Postponed { .. } => "Postponed",
        News::Resumed { .. } => "Takes place after all",
        News::Rescheduled { from, .. } if *from == when => "Changed",
        News::Rescheduled { .. } => "New time",
        News::Instead => "Another place",
    }
}

/// What has become of a time, as templates put it.
fn told(news: Option<&News>, when: LocalWindow) -> Value {
    let (word, from, reason) = match news {
        None => ("", None, None),
        Some(News::Postponed { reason }) => ("postponed", None, Some(reason)),
        Some(News::Resumed { reason }) => ("resumed", None, reason.as_ref()),
        Some(News::Rescheduled { from, reason }) if *from == when => ("", None, reason.as_ref()),
        Some(News::Instead) => ("instead", None, None),
        Some(News::Rescheduled { from, reason }) => ("rescheduled", Some(*from), reason.as_ref()),
    };
    context! { news => word, from => from.map(wording::at_the_place), reason => reason.map(|reason| clean_text(reason)) }
}

/// What the template of this notice asks for beyond the frame.
fn details(notice: &Notice, reader: Option<Zone>) -> Value {
    match notice {
        Notice::SignInLink { link, minutes } => context! { link => link.as_str(), minutes => *minutes },
        Notice::MemberInvited { role, link, .. } => context! { role => line(role), link => link.as_deref() },
        Notice::VolunteerApproved { feed_link, .. } => context! { feed_link => feed_link.as_deref() },
        Notice::Offer { engagement, deadline, link, reasons, shared, .. } => context! {
            shared => *shared,
            deadline => wording::instant(*deadline, reader.unwrap_or_else(|| engagement.when.zone())),
            link => link.as_str(),
            reasons => reasons.iter().map(|reason| line(reason)).collect::<Vec<_>>(),
            from => (),
            reason => (),
            ..about(engagement, reader)
        },
        Notice::OfferRescheduled { engagement, from, reason, deadline, link, .. } => context! {
            deadline => wording::instant(*deadline, reader.unwrap_or_else(|| engagement.when.zone())),
            link => link.as_str(),
            reasons => Vec::<String>::new(),
            shared => false,
            from => wording::at_the_place(*from),
            reason => reason.as_deref().map(clean_text),
            ..about(engagement, reader)
        },
        Notice::OfferClosed { engagement, end, .. } => {
            let (end, reason) = match end {
                OfferEnd::Expired => ("expired", None),
                OfferEnd::Withdrawn { reason } => ("withdrawn", reason.as_deref()),
                OfferEnd::NoLongerNeeded => ("no_longer_needed", None),
                OfferEnd::Postponed { reason } => ("postponed", Some(reason.as_str())),
            };
            context! { end => end, reason => reason.map(clean_text), ..about(engagement, reader) }
        }
        Notice::Confirmation { engagement, mark, by_office, table, news, link } => context! {
            by_office => *by_office,
            table => table.as_deref().map(clean_text),
            changed => mark.sequence > 0,
            link => link.as_deref(),
            ..context! { ..told(news.as_ref(), engagement.when), ..about(engagement, reader) }
        },
        Notice::Cancellation { engagement, cause, .. } => {
            let (cause, reason) = match cause {
                CancelCause::Released => ("released", None),
                CancelCause::Removed { reason } => ("removed", reason.as_deref()),
                CancelCause::EventCancelled { reason } => ("event_cancelled", reason.as_deref()),
            };
            context! { cause => cause, reason => reason.map(clean_text), ..about(engagement, reader) }
        }
        Notice::PlaceConfirmed { place, mark, link, cancelling, news, pass } => context! {
            link => link.as_str(),
            cancelling => cancelling,
            code => pass.as_ref().map(|pass| pass.code.spoken()),
            qr_id => QR_ID,
            changed => mark.sequence > 0,
            ..context! { ..told(news.as_ref(), place.when), ..about_place(place, reader) }
        },
        Notice::PlaceCancelled { place, end, .. } => {
            let (end, reason) = match end {
                PlaceEnd::GivenBack => ("given_back", None),
                PlaceEnd::Removed { reason } => ("removed", reason.as_deref()),
                PlaceEnd::CalledOff { reason } => ("called_off", reason.as_deref()),
                PlaceEnd::Deserted { waits: true } => ("deserted_waits", None),
                PlaceEnd::Deserted { waits: false } => ("deserted", None),
            };
            context! { end => end, reason => reason.map(clean_text), ..about_place(place, reader) }
        }
        Notice::PlacesConfirmed { places, .. } => several::new(places, reader),
        Notice::PlacesChanged { places, .. } => several::changed(places, reader),
        Notice::PlaceOffered { place, deadline, link, again, .. } => context! {
            again => *again,
            deadline => wording::instant(*deadline, reader.unwrap_or_else(|| place.when.zone())),
            link => link.as_str(),
            ..about_place(place, reader)
        },
        Notice::PlaceOfferClosed { place, why, .. } => {
            let why = match why {
                HeldEnd::Expired => "expired",
                HeldEnd::Moved if place.postponed => "postponed",
                HeldEnd::Moved => "moved",
                HeldEnd::Deserted => "deserted",
                HeldEnd::CalledOff => "called_off",
                HeldEnd::Over => "over",
            };
            context! { why => why, ..about_place(place, reader) }
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
        when => engagement.when_in_words(),
        when_here => reader.filter(|_| !engagement.postponed).and_then(|zone| wording::for_the_reader(engagement.when, zone)),
    }
}

fn about_place(place: &PlaceFacts, reader: Option<Zone>) -> Value {
    context! {
        title => line(&place.title),
        kind => place.kind.in_words(),
        where => place.place_in_words(),
        presenter => place.presenter.as_deref().map(line),
        party => (place.party > 1).then_some(place.party),
        when => place.when_in_words(),
        when_here => reader.filter(|_| !place.postponed).and_then(|zone| wording::for_the_reader(place.when, zone)),
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
    "place.txt",
    "place.html",
    "place_confirmation.txt",
    "place_confirmation.html",
    "place_cancellation.txt",
    "place_cancellation.html",
    "places_confirmation.txt",
    "places_confirmation.html",
    "places_change.txt",
    "places_change.html",
    "place_offer.txt",
    "place_offer.html",
    "place_offer_closed.txt",
    "place_offer_closed.html",
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
pub(crate) mod tests;
