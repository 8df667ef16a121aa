//! The pages that people see in a browser: the offer behind a mail's link, signing in, what a problem means.
//!
//! Pure functions from plain values to HTML. Every page works without a script, on a phone and in the dark, loads nothing
//! and may be served under [`security_policy`], which allows this one style sheet and nothing else. What is absent on
//! purpose: forms for what the API does; the only things to press are the answer to an offer, the sign-in button, and what is
//! done at the door with a phone in the hand.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

use crate::domain::{
    letter::{clean_text, one_line},
    notice::{DoorPass, Engagement, PlaceFacts},
    time::{Instant, Zone},
    wording,
};
use crate::qr::Qr;
use crate::service::judging::ByLink;

pub mod day_sheet;
pub mod door;
pub mod hours_letter;
pub mod plan;
pub mod schedule;

const STYLE: &str = include_str!("pages/style.css");
const PICTURE_STYLE: &str = include_str!("pages/schedule.css");

/// The value of `Content-Security-Policy` for every page.
pub fn security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| policy_for(STYLE));
    &POLICY
}

/// The value of `Content-Security-Policy` for the picture of a schedule, which brings its own style sheet.
pub fn picture_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| policy_for(PICTURE_STYLE));
    &POLICY
}

/// The policy of a page that has this one style sheet, and nothing else to load or run.
pub fn policy_for(style: &str) -> String {
    let style = BASE64_STANDARD.encode(digest(&SHA256, style.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The other headers of every page: it is for one reader, once, and its address is a secret.
pub const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
];

/// The page behind an offer's link.
#[derive(Debug, Clone)]
pub struct OfferPage {
    /// What is asked.
    pub engagement: Engagement,
    /// The volunteer's name.
    pub name: String,
    /// The volunteer's clocks.
    pub reader: Option<Zone>,
    /// Why this person, in words.
    pub reasons: Vec<String>,
    /// What can be done.
    pub standing: OfferStanding,
    /// What was wrong in the form that was just sent.
    pub wrong: Option<String>,
    /// The reason that was just sent, given back with what was wrong.
    pub typed: String,
}

/// What has become of an offer.
#[derive(Debug, Clone)]
pub enum OfferStanding {
    /// It waits for the answer: two buttons.
    Open {
        /// The last moment to answer.
        deadline: Instant,
    },
    /// The volunteer said yes.
    Accepted {
        /// The private feed, where its address is known.
        feed_link: Option<String>,
    },
    /// The volunteer said no.
    Declined,
    /// The deadline passed.
    Expired,
    /// The office took it back.
    Withdrawn {
        /// As the office put it.
        reason: Option<String>,
    },
    /// It is not needed any more.
    Superseded,
    /// Accepting was just refused (409).
    Refused {
        /// What stood in the way.
        why: String,
        /// What could be done instead.
        alternatives: Vec<Alternative>,
        /// The last moment to decline, where the offer is still open.
        deadline: Option<Instant>,
    },
}

/// Another need that the volunteer could help with.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// The need's title.
    pub title: String,
    /// When it starts.
    pub starts: Instant,
}

/// The offer and, while it is open, the two buttons that answer it.
pub fn offer(page: &OfferPage) -> String {
    let OfferPage { engagement, reader, standing, .. } = page;
    let clocks = reader.unwrap_or_else(|| engagement.when.zone());
    let (state, deadline) = match standing {
        OfferStanding::Open { deadline } => ("open", Some(*deadline)),
        OfferStanding::Accepted { .. } => ("accepted", None),
        OfferStanding::Declined => ("declined", None),
        OfferStanding::Expired => ("expired", None),
        OfferStanding::Withdrawn { .. } => ("withdrawn", None),
        OfferStanding::Superseded => ("superseded", None),
        OfferStanding::Refused { deadline, .. } => ("refused", *deadline),
    };
    let (refusal, alternatives) = match standing {
        OfferStanding::Refused { why, alternatives, .. } => (Some(line(why)), alternatives.as_slice()),
        _ => (None, &[][..]),
    };
    let reason = match standing {
        OfferStanding::Withdrawn { reason } => reason.as_deref().map(clean_text),
        _ => None,
    };
    let feed_link = match standing {
        OfferStanding::Accepted { feed_link } => feed_link.as_deref(),
        _ => None,
    };
    let alternatives: Vec<Value> = alternatives
        .iter()
        .map(|other| context! { title => line(&other.title), starts => wording::instant(other.starts, clocks) })
        .collect();
    let what = line(&engagement.title);
    fill(
        "offer.html",
        context! {
            title => what.as_str(),
            what => what.as_str(),
            state => state,
            name => line(&page.name),
            campus => line(&engagement.campus.name),
            contact => engagement.campus.contact.as_ref().map(|office| office.email().as_str()),
            kind => engagement.kind.in_words(),
            role => line(&engagement.role),
            when => wording::at_the_place(engagement.when),
            when_here => reader.and_then(|zone| wording::for_the_reader(engagement.when, zone)),
            where => engagement.place_in_words(),
            purpose => clean_text(&engagement.purpose),
            deadline => deadline.map(|at| wording::instant(at, clocks)),
            reasons => page.reasons.iter().map(|reason| line(reason)).collect::<Vec<_>>(),
            refusal => refusal,
            reason => reason,
            alternatives => alternatives,
            feed_link => feed_link,
            wrong => page.wrong.as_deref().map(line),
            typed => clean_text(&page.typed),
        },
    )
}

/// The page behind a student's link.
#[derive(Debug, Clone)]
pub struct PlacePage {
    /// Which place.
    pub place: PlaceFacts,
    /// The student's name.
    pub name: String,
    /// What can be done.
    pub standing: PlaceStanding,
    /// Whether and until when the place may be given back, for one who is expected.
    pub cancelling: Option<ByLink>,
    /// What the student shows at the door, where there is something to show.
    pub pass: Option<DoorPass>,
    /// Why what was just pressed could not be done.
    pub wrong: Option<String>,
}

/// What has become of a student's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceStanding {
    /// The student is expected: one button gives the place back.
    Expected,
    /// A place is held for one who waits: two buttons.
    Offered {
        /// The last moment to answer.
        deadline: Instant,
    },
    /// A volunteer is asked whether the new time suits: two buttons.
    Asked,
    /// A volunteer has said that it does.
    Coming,
    /// A volunteer has given the seat back.
    Released,
    /// The offered place was taken.
    Taken,
    /// The place was given back or taken away.
    GivenBack,
    /// The offered place was not wanted.
    Declined,
    /// The time to answer passed.
    Expired,
    /// It is held and not confirmed.
    Held,
    /// It has begun.
    Begun,
    /// It is over, or does not take place.
    Over,
}

/// A student's place, and what can be done about it.
pub fn place(page: &PlacePage) -> String {
    let PlacePage { place, standing, .. } = page;
    let (state, deadline) = match standing {
        PlaceStanding::Expected => ("expected", None),
        PlaceStanding::Offered { deadline } => ("offered", Some(*deadline)),
        PlaceStanding::Asked => ("asked", None),
        PlaceStanding::Coming => ("coming", None),
        PlaceStanding::Released => ("released", None),
        PlaceStanding::Taken => ("taken", None),
        PlaceStanding::GivenBack => ("given_back", None),
        PlaceStanding::Declined => ("declined", None),
        PlaceStanding::Expired => ("expired", None),
        PlaceStanding::Held => ("held", None),
        PlaceStanding::Begun => ("begun", None),
        PlaceStanding::Over => ("over", None),
    };
    let what = line(&place.title);
    let qr = page.pass.as_ref().and_then(|pass| Qr::of(&pass.link));
    let qr = qr.map(|qr| context! { size => qr.size(), path => qr.path() });
    fill(
        "place.html",
        context! {
            title => what.as_str(),
            party => (place.party > 1).then_some(place.party),
            what => what.as_str(),
            state => state,
            name => line(&page.name),
            campus => line(&place.campus.name),
            contact => place.campus.contact.as_ref().map(|office| office.email().as_str()),
            kind => place.kind.in_words(),
            when => place.when_in_words(),
            where => place.place_in_words(),
            presenter => place.presenter.as_deref().map(line),
            deadline => deadline.map(|at| wording::instant(at, place.when.zone())),
            cancelling => page.cancelling.as_ref().filter(|_| page.wrong.is_none()).map(|cancelling| &cancelling.says),
            fixed => page.cancelling.as_ref().is_some_and(|cancelling| !cancelling.taken),
            code => page.pass.as_ref().map(|pass| pass.code.spoken()),
            qr => qr,
            wrong => page.wrong.as_deref().map(line),
        },
    )
}

/// The page behind a sign-in link: a button, nothing used up yet.
pub fn sign_in() -> String {
    fill("sign_in.html", context! { title => "Sign in" })
}

/// What the sign-in button answers with.
#[derive(Debug, Clone)]
pub struct SignedInPage {
    /// Who signed in.
    pub name: String,
    /// The token for calls.
    pub access_token: String,
    /// For how long it lasts, in minutes.
    pub minutes: i64,
    /// The token for the next access token.
    pub refresh_token: String,
}

/// The tokens of a new session, to copy.
pub fn signed_in(page: &SignedInPage) -> String {
    fill(
        "signed_in.html",
        context! {
            title => "You are signed in",
            name => line(&page.name),
            access_token => page.access_token.as_str(),
            minutes => page.minutes,
            refresh_token => page.refresh_token.as_str(),
        },
    )
}

/// What a problem's `type` leads to.
#[derive(Debug, Clone, Copy)]
pub struct ProblemPage<'a> {
    /// Its code.
    pub code: &'a str,
    /// Its HTTP status.
    pub status: u16,
    /// What happened, in one line.
    pub title: &'a str,
    /// What it means.
    pub meaning: &'a str,
    /// What the caller can do about it.
    pub what_to_do: &'a str,
}

/// What a problem means and what to do about it.
pub fn problem(page: &ProblemPage<'_>) -> String {
    let ProblemPage { code, status, title, meaning, what_to_do } = *page;
    fill("problem.html", context! { title, code, status, meaning, what_to_do })
}

/// A page that only says something.
#[derive(Debug, Clone, Default)]
pub struct MessagePage<'a> {
    /// The heading.
    pub title: &'a str,
    /// What there is to say.
    pub paragraphs: &'a [&'a str],
    /// A link to go on with: its text and its address on this site.
    pub link: Option<(&'a str, &'a str)>,
}

/// A heading, some sentences, perhaps a link: an unknown link, a fault, thanks.
pub fn message(page: &MessagePage<'_>) -> String {
    let MessagePage { title, paragraphs, link } = page;
    let link = link.map(|(label, href)| context! { label, href });
    let paragraphs: Vec<Value> = paragraphs.iter().map(|paragraph| Value::from(*paragraph)).collect();
    fill("message.html", context! { title => *title, paragraphs, link })
}

/// One clean line, of letters that XML takes too.
fn line(text: &str) -> String {
    let mut line = one_line(text, 1000);
    line.retain(|letter| !matches!(letter, '\u{fffe}' | '\u{ffff}'));
    line
}

fn fill(name: &str, sheet: Value) -> String {
    let page = TEMPLATES.get_template(name).and_then(|template| template.render(sheet));
    page.unwrap_or_else(|fault| {
        tracing::error!(page = name, error = %fault, "a page could not be rendered");
        "<!doctype html><html lang=\"en\"><title>Rostrum</title><p>This page cannot be shown just now.</p></html>"
            .to_owned()
    })
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("pages/", $name)))),*] };
}

const SOURCES: &[(&str, &str)] = embedded![
    "layout.html",
    "offer.html",
    "place.html",
    "sign_in.html",
    "signed_in.html",
    "problem.html",
    "message.html",
    "desk.html",
    "door.html",
    "plan.xml",
    "schedule.xml",
    "day_sheet.html",
    "hours_letter.html"
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the templates are compiled in and the tests render every one")]
    templates().expect("the templates of the pages are sound")
});

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_global("style", Value::from_safe_string(STYLE.to_owned()));
    templates.add_global("sheet_style", Value::from_safe_string(day_sheet::STYLE.to_owned()));
    templates.add_global("letter_style", Value::from_safe_string(hours_letter::STYLE.to_owned()));
    templates.add_global("picture_style", Value::from_safe_string(PICTURE_STYLE.to_owned()));
    for (name, source) in SOURCES {
        templates.add_template(name, source)?;
    }
    Ok(templates)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::mail::letters::tests::engagement;

    fn open() -> OfferPage {
        OfferPage {
            engagement: engagement(),
            name: "Ada".to_owned(),
            reader: "Europe/Berlin".parse().ok(),
            reasons: vec!["You know <résumés>".to_owned()],
            standing: OfferStanding::Open { deadline: "2027-02-20T22:00:00Z".parse().unwrap() },
            wrong: None,
            typed: String::new(),
        }
    }

    /// The page with the engine's escapes undone, to look for sentences in.
    fn read(page: &str) -> String {
        page.replace("&#x2f;", "/").replace("&#x27;", "'").replace("&quot;", "\"")
    }

    pub(super) fn whole(page: &str) {
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{page}");
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "the style is what its hash was taken of");
        for never in ["<script", "style=\"", "{{", "{%", ">none<", "http://", "<img"] {
            assert!(!page.contains(never), "{never}: {page}");
        }
        for tag in ["<h1>", "<main>", "<title>"] {
            assert_eq!(page.matches(tag).count(), 1, "{tag}: {page}");
        }
    }

    #[test]
    fn an_open_offer_says_all_and_has_two_buttons() {
        let page = offer(&open());
        whole(&page);
        let page = read(&page);
        for said in [
            "<h1>Mock interviews</h1>",
            "Ada, Example College would like your help",
            "Thursday 25 February 2027, 12:00 to 14:00 (America/New_York)<br>For you: Thursday 25 February 2027, 18:00",
            "Student Union, room 2",
            "Saturday 20 February 2027, 23:00 (Europe/Berlin)",
            "You know &lt;résumés&gt;",
            "name=\"answer\" value=\"accept\"",
            "name=\"answer\" value=\"decline\"",
            "name=\"reason\"",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert_eq!(page.matches("<form method=\"post\">").count(), 2);
    }

    #[test]
    fn a_place_has_the_buttons_of_what_can_be_done() {
        let check = |standing: PlaceStanding, said: &str, buttons: &[&str]| {
            let page = place(&PlacePage {
                place: crate::mail::letters::tests::place(),
                name: "Sam <b>".to_owned(),
                standing,
                cancelling: None,
                pass: (standing == PlaceStanding::Expected).then(crate::mail::letters::tests::pass),
                wrong: None,
            });
            whole(&page);
            let page = read(&page);
            assert!(page.contains(said) && page.contains("Table 4"), "{said}: {page}");
            assert_eq!(page.matches("<button").count(), buttons.len(), "{page}");
            let shown = standing == PlaceStanding::Expected;
            assert_eq!((page.contains("BCD FGH"), page.contains("<svg class")), (shown, shown), "{page}");
            assert!(buttons.iter().all(|button| page.contains(&format!("value=\"{button}\""))), "{page}");
        };
        let deadline = "2027-02-20T22:00:00Z".parse().unwrap();
        check(PlaceStanding::Expected, "Sam &lt;b&gt;, you are expected", &["cancel"]);
        check(PlaceStanding::Offered { deadline }, "Saturday 20 February 2027, 17:00", &["accept", "decline"]);
        check(PlaceStanding::Taken, "The place is yours", &[]);
        check(PlaceStanding::GivenBack, "given back", &[]);
        check(PlaceStanding::Declined, "goes to the next", &[]);
        check(PlaceStanding::Expired, "time to answer is over", &[]);
        check(PlaceStanding::Held, "not yet confirmed", &[]);
        check(PlaceStanding::Begun, "has begun", &[]);
        check(PlaceStanding::Over, "This is over", &[]);
    }

    #[test]
    fn an_answered_offer_has_nothing_to_press() {
        let check = |standing: OfferStanding, said: &str| {
            let page = offer(&OfferPage { standing, ..open() });
            whole(&page);
            assert!(read(&page).contains(said), "{said}: {page}");
            assert!(!page.contains("<button"), "{page}");
        };
        check(OfferStanding::Accepted { feed_link: None }, "careers@example.edu</a>");
        check(OfferStanding::Accepted { feed_link: Some("/feeds/x.ics".to_owned()) }, "href=\"/feeds/x.ics\"");
        check(OfferStanding::Declined, "You have said no");
        check(OfferStanding::Expired, "The time to answer is over");
        check(OfferStanding::Withdrawn { reason: None }, "taken this offer back");
        check(OfferStanding::Withdrawn { reason: Some("Room <b>lost".to_owned()) }, "Room &lt;b&gt;lost");
        check(OfferStanding::Superseded, "no longer needed");
    }

    #[test]
    fn a_refusal_shows_alternatives_and_can_still_be_declined() {
        let standing = OfferStanding::Refused {
            why: "You have another commitment then.".to_owned(),
            alternatives: vec![Alternative {
                title: "Spring & fair".to_owned(),
                starts: "2027-03-01T15:00:00Z".parse().unwrap(),
            }],
            deadline: Some("2027-02-20T22:00:00Z".parse().unwrap()),
        };
        let page = offer(&OfferPage { standing, ..open() });
        whole(&page);
        let page = read(&page);
        assert!(page.contains("You have another commitment then."), "{page}");
        assert!(page.contains("Spring &amp; fair: Monday 1 March 2027, 16:00 (Europe/Berlin)"), "{page}");
        assert!(page.contains("value=\"decline\"") && !page.contains("value=\"accept\""), "{page}");
    }

    #[test]
    fn a_wrong_form_comes_back_with_what_was_typed() {
        let page =
            offer(&OfferPage { wrong: Some("It is too long.".to_owned()), typed: "</textarea>x".to_owned(), ..open() });
        whole(&page);
        assert!(read(&page).contains("maxlength=\"500\">&lt;/textarea&gt;x</textarea>"), "{page}");
        assert!(page.contains("It is too long."));
    }

    #[test]
    fn what_people_typed_stays_text() {
        let mut hostile = open();
        hostile.engagement.title = "<script>alert(1)</script>\r\n".to_owned();
        hostile.engagement.purpose = "{{ 7 * 7 }}\"><b>".to_owned();
        hostile.engagement.place = Some("</dd></dl><form action=//evil>".to_owned());
        hostile.name = "Ada\"><img src=x>\0".to_owned();
        let page = offer(&hostile);
        for raw in ["<script", "<b>", "<img", "action=", "49", "\0"] {
            assert!(!page.replace("form action", "").contains(raw), "{raw:?}: {page}");
        }
    }

    #[test]
    fn the_other_pages() {
        whole(&sign_in());
        assert!(sign_in().contains("<form method=\"post\">"));
        let page = signed_in(&SignedInPage {
            name: "Ada".to_owned(),
            access_token: "aaa.bbb.ccc".to_owned(),
            minutes: 15,
            refresh_token: "rrr".to_owned(),
        });
        whole(&page);
        assert!(page.contains("readonly>aaa.bbb.ccc</textarea>") && page.contains("readonly>rrr</textarea>"), "{page}");
        let page = problem(&ProblemPage {
            code: "stale",
            status: 412,
            title: "Somebody changed it meanwhile",
            meaning: "The revision is older.",
            what_to_do: "Read it again.",
        });
        whole(&page);
        assert!(page.contains("<code>stale</code>") && page.contains("<dd>412</dd>"), "{page}");
        let page = message(&MessagePage { title: "Nothing & nobody", paragraphs: &["One.", "Two."], link: None });
        whole(&page);
        assert!(page.contains("<h1>Nothing &amp; nobody</h1>") && page.contains("<p>Two.</p>"), "{page}");
        whole(&message(&MessagePage { title: "Gone", link: Some(("Reference", "/docs")), ..MessagePage::default() }));
    }

    #[test]
    fn the_policy_allows_the_style_and_no_more() {
        let policy = security_policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    }
}
