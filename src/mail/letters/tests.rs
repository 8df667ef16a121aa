//! What the letters say, and what they do not let through.

use super::*;
use crate::domain::{
    letter::{Email, Person},
    matching::campus_request::{Kind, Mode},
    notice::{CalendarMark, Campus, DoorPass, HeldEnd, PlaceChange, PlaceOfMany, PlaceStands},
    scheduling::event::EventKind,
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
    let window = Window::new("2027-02-25T17:00:00Z".parse().unwrap(), "2027-02-25T19:00:00Z".parse().unwrap()).unwrap();
    Engagement {
        campus: campus(),
        title: "Mock interviews".to_owned(),
        purpose: "First-year students meet\ninterviewers for the first time.".to_owned(),
        kind: Kind::MockInterviews,
        role: "interviewer".to_owned(),
        when: LocalWindow::kept(window.start().wall(zone), window.end().wall(zone), zone, window),
        mode: Mode::InPerson,
        place: Some("Student Union, room 2".to_owned()),
        postponed: false,
    }
}

pub(crate) fn place() -> PlaceFacts {
    let Engagement { campus, title, when, mode, place, .. } = engagement();
    PlaceFacts {
        campus,
        title,
        kind: EventKind::MockInterviews,
        label: Some("Table 4".to_owned()),
        when,
        mode,
        place,
        presenter: None,
        party: 1,
        postponed: false,
    }
}

pub(crate) fn pass() -> DoorPass {
    let link = "https://rostrum.example.edu/door/1/BCDFGH".to_owned();
    DoorPass { code: "BCDFGH".parse().unwrap(), link }
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
        shared: false,
        thread: "offer-1".to_owned(),
    }
}

pub(crate) fn write(notice: &Notice, to: &Recipient) -> Letter {
    render(notice, to, Letterhead::of(&site()), LetterId::mint(), Instant::from_unix(1_800_000_000)).unwrap()
}

fn confirmed(mark: CalendarMark, by_office: bool, news: Option<News>, link: Option<String>) -> Notice {
    let postponed = matches!(news, Some(News::Postponed { .. }));
    Notice::Confirmation {
        engagement: Engagement { postponed, ..engagement() },
        mark,
        by_office,
        table: None,
        news,
        link,
    }
}

/// The hours of [`engagement`], a day before.
fn earlier() -> LocalWindow {
    let (when, day) = (engagement().when, chrono::TimeDelta::days(1));
    let window = Window::new(when.window().start().plus(-day), when.window().end().plus(-day)).unwrap();
    LocalWindow::kept(when.starts() - day, when.ends() - day, when.zone(), window)
}

fn every_notice() -> Vec<Notice> {
    let (when, thread) = (engagement().when, "need-1".to_owned());
    let mut all = vec![
        Notice::SignInLink { link: "https://rostrum.example.edu/sign-in/secret".to_owned(), minutes: 15 },
        Notice::MemberInvited { campus: campus(), role: "coordinator".to_owned(), link: None },
        Notice::MemberInvited { campus: campus(), role: "requester".to_owned(), link: Some("https://x".to_owned()) },
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
    for end in [
        OfferEnd::Expired,
        OfferEnd::Withdrawn { reason: said() },
        OfferEnd::NoLongerNeeded,
        OfferEnd::Postponed { reason: "Snow.".to_owned() },
    ] {
        all.push(Notice::OfferClosed { engagement: engagement(), end, thread: thread.clone() });
    }
    for (by_office, table) in [(false, None), (true, None), (false, Some("Table 4 <b>".to_owned()))] {
        let (engagement, mark) = (engagement(), mark(0));
        all.push(Notice::Confirmation { engagement, mark, by_office, table, news: None, link: None });
    }
    let (from, link) = (earlier(), "https://rostrum.example.edu/p/secret".to_owned());
    let every_news = [
        News::Postponed { reason: "The room is flooded.".to_owned() },
        News::Rescheduled { from, reason: said() },
        News::Rescheduled { from: when, reason: None },
        News::Resumed { reason: None },
    ];
    for news in &every_news {
        all.push(confirmed(mark(1), false, Some(news.clone()), Some(link.clone())));
        let place = PlaceFacts { postponed: matches!(news, News::Postponed { .. }), ..place() };
        let (link, cancelling) = (link.clone(), Vec::new());
        all.push(Notice::PlaceConfirmed {
            place,
            mark: mark(1),
            link,
            cancelling,
            news: Some(news.clone()),
            pass: None,
        });
    }
    all.push(Notice::OfferRescheduled {
        engagement: engagement(),
        from,
        reason: said(),
        deadline: "2027-02-20T22:00:00Z".parse().unwrap(),
        link,
        thread: "offer-1".to_owned(),
    });
    for cause in [
        CancelCause::Released,
        CancelCause::Removed { reason: None },
        CancelCause::Removed { reason: said() },
        CancelCause::EventCancelled { reason: said() },
    ] {
        all.push(Notice::Cancellation { engagement: engagement(), mark: mark(1), cause });
    }
    all.extend(place_notices());
    all
}

/// What is written to students about their places.
fn place_notices() -> Vec<Notice> {
    let said = || Some("The room is flooded.".to_owned());
    let mut all = Vec::new();
    for (sequence, news) in [(0, None), (1, None), (1, Some(News::Instead))] {
        let link = "https://rostrum.example.edu/p/secret".to_owned();
        let pass = (sequence == 0).then(pass);
        let cancelling = vec!["You may cancel until Wednesday <24> February 2027.".to_owned()];
        all.push(Notice::PlaceConfirmed { place: place(), mark: mark(sequence), link, cancelling, news, pass });
    }
    for end in [
        PlaceEnd::GivenBack,
        PlaceEnd::Removed { reason: None },
        PlaceEnd::Removed { reason: said() },
        PlaceEnd::CalledOff { reason: said() },
        PlaceEnd::Deserted { waits: true },
        PlaceEnd::Deserted { waits: false },
    ] {
        all.push(Notice::PlaceCancelled { place: place(), mark: mark(1), end });
    }
    for again in [false, true] {
        all.push(Notice::PlaceOffered {
            place: place(),
            deadline: "2027-02-20T22:00:00Z".parse().unwrap(),
            link: "https://rostrum.example.edu/p/secret".to_owned(),
            thread: "entry-1".to_owned(),
            again,
        });
    }
    let ends = [HeldEnd::Expired, HeldEnd::Moved, HeldEnd::Deserted, HeldEnd::CalledOff, HeldEnd::Over];
    for (why, postponed) in ends.map(|why| (why, false)).into_iter().chain([(HeldEnd::Moved, true)]) {
        let place = PlaceFacts { postponed, ..place() };
        all.push(Notice::PlaceOfferClosed { place, why, thread: "entry-1".to_owned() });
    }
    for several in [false, true] {
        let link = "https://rostrum.example.edu/p/1".to_owned();
        let one = PlaceOfMany { place: place(), mark: mark(0), link, pass: several.then(pass) };
        let places = if several { vec![one.clone(), one] } else { vec![one] };
        all.push(Notice::PlacesConfirmed { places, thread: "rotation-1".to_owned() });
    }
    all.extend(notices_of_several());
    all
}

/// What is written to students about several places at once.
fn notices_of_several() -> Vec<Notice> {
    let said = || Some("The room is flooded.".to_owned());
    let mut all = Vec::new();
    let link = "https://rostrum.example.edu/p/1".to_owned();
    let presenter = Some("Ada Example, <coach>".to_owned());
    let one = PlaceOfMany { place: place(), mark: mark(0), link, pass: Some(pass()) };
    let other =
        PlaceOfMany { place: PlaceFacts { title: "Portraits".to_owned(), presenter, ..place() }, ..one.clone() };
    all.push(Notice::PlacesConfirmed { places: vec![one.clone(), other.clone()], thread: "series-1".to_owned() });
    let theirs = |of: &PlaceOfMany, news: &News| PlaceChange {
        place: of.place.clone(),
        mark: mark(1),
        stands: PlaceStands::Theirs { link: of.link.clone(), news: Some(news.clone()), pass: of.pass.clone() },
    };
    let gone = |of: &PlaceOfMany, reason| PlaceChange {
        place: of.place.clone(),
        mark: mark(1),
        stands: PlaceStands::Gone { end: PlaceEnd::CalledOff { reason } },
    };
    let thread = || "series-1".to_owned();
    let (from, when) = (earlier(), place().when);
    let every_news = [
        News::Rescheduled { from, reason: said() },
        News::Rescheduled { from: when, reason: None },
        News::Resumed { reason: None },
    ];
    for news in &every_news {
        let places = vec![theirs(&one, news), theirs(&other, news)];
        all.push(Notice::PlacesChanged { places, thread: thread() });
        all.push(Notice::PlacesChanged { places: vec![theirs(&one, news), gone(&other, said())], thread: thread() });
    }
    all.push(Notice::PlacesChanged { places: vec![gone(&one, None), gone(&other, None)], thread: thread() });
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
            assert!(!letter.html.contains("<script"), "{}", letter.html);
            let picture = format!("<img src=\"cid:{QR_ID}\"");
            let shown = usize::from(letter.qr.is_some());
            assert_eq!(letter.html.matches("<img").count(), shown, "no picture but its own: {}", letter.html);
            assert_eq!(letter.html.matches(&picture).count(), shown, "{}", letter.html);
            assert!(letter.html.matches("class=\"button\"").count() <= 1, "one thing to press");
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
    let confirmed = confirmed(mark(0), false, None, None);
    let off = Notice::Cancellation { engagement: engagement(), mark: mark(1), cause: CancelCause::Released };
    assert_eq!(write(&confirmed, &to).thread, write(&off, &to).thread);
    let alone = write(&Notice::SignInLink { link: "https://x".to_owned(), minutes: 15 }, &to);
    assert_eq!(alone.thread, alone.id.to_string());
}

#[test]
fn an_invite_and_what_takes_it_back_are_one_entry() {
    let to = reader("Ada \"A\" Example", "Europe/Berlin");
    let check = |notice: Notice, method: CalendarMethod, lines: &[&str]| {
        let part = write(&notice, &to).calendar.expect("a calendar");
        assert_eq!(part.method, method);
        let unfolded = part.bytes.replace("\r\n ", "");
        for line in lines {
            assert!(unfolded.lines().any(|found| found == *line), "{line}: {unfolded}");
        }
        assert_eq!(unfolded.matches("BEGIN:VEVENT").count(), 1);
        assert_eq!(unfolded.matches("\nATTENDEE").count(), 1);
        assert!(unfolded.contains("mailto:volunteer@example.net"), "{unfolded}");
        assert!(!unfolded.contains("careers@example.edu"), "{unfolded}");
    };
    let always = ["UID:seat-1@rostrum.example.edu", "DTSTART;TZID=America/New_York:20270225T120000"];
    let with = |more: &[&'static str]| [always.as_slice(), more].concat();
    check(
        confirmed(mark(0), false, None, None),
        CalendarMethod::Request,
        &with(&["METHOD:REQUEST", "SEQUENCE:0", "STATUS:CONFIRMED", "SUMMARY:Mock interviews (interviewer)"]),
    );
    check(
        Notice::Cancellation { engagement: engagement(), mark: mark(1), cause: CancelCause::Released },
        CalendarMethod::Cancel,
        &with(&["METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED"]),
    );
    assert_eq!(write(&offer(engagement()), &to).calendar, None);
}
