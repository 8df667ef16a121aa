//! What a phone of the door shows: where a code is typed, and whose it is.

use chrono::NaiveDateTime;
use minijinja::{Value, context};

use super::{fill, line};
use crate::domain::{
    ids::SlotId,
    notice::PlaceFacts,
    scheduling::door::{AtDoor, DoorCode},
    time::{Instant, LocalWindow, Zone},
    wording,
};

/// Where a code is typed.
#[derive(Debug, Clone)]
pub struct DeskPage {
    /// The event.
    pub title: String,
    /// The address of this page.
    pub desk: String,
    /// The code that was typed, given back with what was wrong.
    pub code: String,
    /// The name that was typed.
    pub name: String,
    /// The e-mail address that was typed.
    pub email: String,
    /// The student number that was typed.
    pub external_ref: String,
    /// The slots with a free place whose doors are open.
    pub slots: Vec<FreeSlot>,
    /// What was wrong with what was typed.
    pub wrong: Option<String>,
}

/// A slot into which somebody can be let.
#[derive(Debug, Clone)]
pub struct FreeSlot {
    /// Which.
    pub id: SlotId,
    /// What it is called.
    pub label: Option<String>,
    /// When.
    pub when: LocalWindow,
    /// How many places it has left.
    pub free: u32,
}

/// Whose code it is.
#[derive(Debug, Clone)]
pub struct CodePage {
    /// The place.
    pub place: PlaceFacts,
    /// Who.
    pub name: String,
    /// What they study, and how far they are.
    pub study: Vec<String>,
    /// The code.
    pub code: DoorCode,
    /// How they stand.
    pub standing: AtDoor,
    /// Where the next code is typed.
    pub desk: String,
    /// What was wrong in the form that was just sent.
    pub wrong: Option<String>,
}

impl CodePage {
    /// Whether the student is in.
    pub const fn is_here(&self) -> bool {
        matches!(self.standing, AtDoor::Here(_))
    }
}

/// The page on which a code is typed.
pub fn desk_page(page: &DeskPage) -> String {
    fill(
        "desk.html",
        context! {
            title => "At the door",
            what => line(&page.title),
            desk => page.desk.as_str(),
            code => line(&page.code),
            name => line(&page.name),
            email => line(&page.email),
            external_ref => line(&page.external_ref),
            slots => page.slots.iter().map(slot).collect::<Vec<_>>(),
            wrong => page.wrong.as_deref().map(line),
        },
    )
}

/// "12:30 to 13:00, Table 4 (2 free)".
fn slot(slot: &FreeSlot) -> Value {
    let clock = |at: NaiveDateTime| at.format("%H:%M");
    let (from, until) = (clock(slot.when.starts()), clock(slot.when.ends()));
    let label = slot.label.as_deref().map(|label| format!(", {}", line(label))).unwrap_or_default();
    context! { id => slot.id.to_string(), words => format!("{from} to {until}{label} ({} free)", slot.free) }
}

/// The page of a code, with its button while there is something to press.
pub fn code_page(page: &CodePage) -> String {
    let zone = page.place.when.zone();
    let (tone, said) = said(page.standing, zone);
    fill(
        "door.html",
        context! {
            title => line(&page.name),
            tone => tone,
            said => said,
            button => matches!(page.standing, AtDoor::Expected | AtDoor::Late(_)),
            what => line(&page.place.title),
            party => (page.place.party > 1).then_some(page.place.party),
            when => page.place.when_in_words(),
            where => page.place.place_in_words(),
            study => page.study.iter().map(|word| line(word)).collect::<Vec<_>>().join(", "),
            code => page.code.spoken(),
            action => page.code.as_str(),
            desk => page.desk.as_str(),
            wrong => page.wrong.as_deref().map(line),
        },
    )
}

/// How they stand, in a tone and a sentence.
fn said(standing: AtDoor, zone: Zone) -> (&'static str, String) {
    let clock = |at: Instant| at.wall(zone).format("%H:%M").to_string();
    match standing {
        AtDoor::Expected => ("", "Expected, and not here yet.".to_owned()),
        AtDoor::Here(Some(since)) => ("good", format!("Here since {}.", clock(since))),
        AtDoor::Here(None) => ("good", "Here.".to_owned()),
        AtDoor::TooEarly(opens) => {
            ("bad", format!("Too early: people are checked in from {} on.", wording::instant(opens, zone)))
        }
        AtDoor::Over(end) => ("bad", format!("Too late: this was over at {}.", wording::instant(end, zone))),
        AtDoor::Late(released) => (
            "",
            format!("Not here by {}, and the place was released. It is theirs if it is still free.", clock(released)),
        ),
        AtDoor::Missed => ("bad", "Marked as not having come. The career office can take that back.".to_owned()),
        AtDoor::Excused => ("bad", "Excused: not expected any more.".to_owned()),
        AtDoor::GivenBack => ("bad", "This place was given back; the code is not valid any more.".to_owned()),
        AtDoor::Held => ("bad", "This place was never confirmed.".to_owned()),
        AtDoor::Postponed => ("bad", "The event is postponed; nobody is expected today.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::tests::whole;

    fn page(standing: AtDoor) -> String {
        let page = code_page(&CodePage {
            place: crate::mail::letters::tests::place(),
            name: "Sam <b>".to_owned(),
            study: vec!["Accounting".to_owned(), "junior".to_owned()],
            code: "BCDFGH".parse().unwrap(),
            standing,
            desk: "/door/x".to_owned(),
            wrong: None,
        });
        whole(&page);
        page
    }

    #[test]
    fn whoever_is_expected_has_a_button_and_nobody_else() {
        let check = |standing: AtDoor, said: &str| {
            let page = page(standing);
            assert!(
                page.contains(said) && page.contains("Sam &lt;b&gt;") && page.contains("BCD FGH"),
                "{said}: {page}"
            );
            let pressed = matches!(standing, AtDoor::Expected | AtDoor::Late(_));
            assert_eq!(page.contains("<button"), pressed, "{page}");
        };
        let at: Instant = "2027-02-25T16:50:00Z".parse().unwrap();
        check(AtDoor::Expected, "not here yet");
        check(AtDoor::Here(Some(at)), "Here since 11:50.");
        check(AtDoor::Here(None), "Here.");
        check(AtDoor::TooEarly(at), "from Thursday 25 February 2027, 11:50");
        check(AtDoor::Over(at), "over at Thursday 25 February 2027, 11:50");
        check(AtDoor::Late(at), "Not here by 11:50");
        check(AtDoor::Missed, "not having come");
        check(AtDoor::Excused, "Excused");
        check(AtDoor::GivenBack, "given back");
        check(AtDoor::Held, "never confirmed");
        check(AtDoor::Postponed, "postponed");
    }

    #[test]
    fn what_was_typed_comes_back_as_text() {
        let page = desk_page(&DeskPage {
            title: "Fair & more".to_owned(),
            desk: "/door/x".to_owned(),
            code: "\"><b>".to_owned(),
            name: "</form><b>".to_owned(),
            email: "\" onfocus=".to_owned(),
            external_ref: String::new(),
            slots: vec![FreeSlot {
                id: SlotId::mint(),
                label: Some("Table <b>".to_owned()),
                when: crate::mail::letters::tests::place().when,
                free: 2,
            }],
            wrong: Some("Please look again.".to_owned()),
        });
        whole(&page);
        assert!(
            page.contains("Fair &amp; more") && page.contains("Please look again.") && !page.contains("<b>"),
            "{page}"
        );
    }
}
