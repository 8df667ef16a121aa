//! Letters about several places at once: new ones, and what has become of those that a student has.
//!
//! Each place has its own entry in the calendar and so its own attached calendar: an invite speaks of one entry alone.

use minijinja::{Value, context};

use super::{Letterhead, line, part, told};
use crate::domain::{
    agenda::{Answer, Status},
    letter::{CalendarMethod, CalendarPart},
    notice::{Notice, PlaceChange, PlaceEnd, PlaceFacts, PlaceOfMany, PlaceStands, Recipient},
    time::Zone,
    wording,
};

/// A calendar for each of the places.
pub(super) fn attached(notice: &Notice, to: &Recipient, head: Letterhead<'_>) -> Vec<CalendarPart> {
    let calendar = |place: &PlaceFacts, mark, status, method| {
        part(notice, (place.entry(mark, status), place.when), method, Answer::Accepted, to, head)
    };
    match notice {
        Notice::PlacesConfirmed { places, .. } => places
            .iter()
            .map(|one| calendar(&one.place, &one.mark, Status::Confirmed, CalendarMethod::Request))
            .collect(),
        Notice::PlacesChanged { places, .. } => places
            .iter()
            .map(|one| match one.stands {
                PlaceStands::Theirs { .. } => {
                    calendar(&one.place, &one.mark, Status::Confirmed, CalendarMethod::Request)
                }
                PlaceStands::Gone { .. } => calendar(&one.place, &one.mark, Status::Cancelled, CalendarMethod::Cancel),
            })
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) fn subject_of_new(places: &[PlaceOfMany]) -> String {
    match (places.first(), places.len()) {
        (Some(first), 1) => about("Your place", &first.place),
        (Some(first), count) => about(&format!("Your {count} places"), &first.place),
        (None, _) => "Your places".to_owned(),
    }
}

pub(super) fn subject_of_changed(places: &[PlaceChange]) -> String {
    let gone = places.iter().filter(|one| matches!(one.stands, PlaceStands::Gone { .. })).count();
    let word = if gone == places.len() { "Cancelled" } else { "Changed" };
    let count = places.len();
    match places.first() {
        Some(first) => about(&format!("{word}, {count} of your places"), &first.place),
        None => word.to_owned(),
    }
}

fn about(word: &str, place: &PlaceFacts) -> String {
    format!("{word}: {}, {}", place.title, wording::short(place.when))
}

/// The title that all of these places have; none where they differ.
fn common<'p>(mut places: impl Iterator<Item = &'p PlaceFacts>) -> Option<&'p PlaceFacts> {
    let first = places.next()?;
    places.all(|other| other.title == first.title && other.kind == first.kind).then_some(first)
}

fn one(place: &PlaceFacts, reader: Option<Zone>) -> Value {
    context! {
        title => line(&place.title),
        where => place.place_in_words(),
        presenter => place.presenter.as_deref().map(line),
        party => (place.party > 1).then_some(place.party),
        when => place.when_in_words(),
        when_here => reader.filter(|_| !place.postponed).and_then(|zone| wording::for_the_reader(place.when, zone)),
    }
}

pub(super) fn new(places: &[PlaceOfMany], reader: Option<Zone>) -> Value {
    let same = common(places.iter().map(|one| &one.place));
    context! {
        title => same.map(|place| line(&place.title)),
        kind => same.map(|place| place.kind.in_words()),
        places => places.iter().map(|of| context! {
            link => of.link.as_str(),
            code => of.pass.as_ref().map(|pass| pass.code.spoken()),
            ..one(&of.place, reader)
        }).collect::<Vec<_>>(),
    }
}

pub(super) fn changed(places: &[PlaceChange], reader: Option<Zone>) -> Value {
    let (mut theirs, mut gone, mut why) = (Vec::new(), Vec::new(), None);
    for of in places {
        match &of.stands {
            PlaceStands::Theirs { link, news, pass } => {
                let news = told(news.as_ref(), of.place.when);
                why = why.or_else(|| news.get_attr("reason").ok().filter(|reason| !reason.is_none()));
                let code = pass.as_ref().map(|pass| pass.code.spoken());
                theirs.push(context! { link => link.as_str(), code, ..context! { ..news, ..one(&of.place, reader) } });
            }
            PlaceStands::Gone { end } => {
                if let PlaceEnd::CalledOff { reason } | PlaceEnd::Removed { reason } = end {
                    why = why.or_else(|| reason.as_deref().map(Value::from));
                }
                gone.push(one(&of.place, reader));
            }
        }
    }
    context! { theirs, gone, reason => why }
}
