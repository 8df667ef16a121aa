//! The letter of hours: for paper, for whoever wants to know whether it is as it was signed, and the same page for both.

use std::sync::LazyLock;

use minijinja::{context, value::Serde};
use serde::Serialize;

use super::{fill, line, policy_for};
use crate::domain::people::hours::in_words;
use crate::domain::wording;
use crate::service::hours::Letter;

pub(super) const STYLE: &str = include_str!("hours_letter.css");

/// The value of `Content-Security-Policy` for the letter.
pub fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| policy_for(STYLE));
    &POLICY
}

#[derive(Debug, Serialize)]
struct Line {
    day: String,
    title: String,
    role: String,
    time: String,
}

/// The letter that is found at `address`.
pub fn hours_letter(letter: &Letter, address: &str) -> String {
    let (signed, zone) = (&letter.signed, letter.campus.settings.zone);
    let day = |day: chrono::NaiveDate| day.format("%-d %B %Y").to_string();
    let lines = letter.lines.iter().map(|(on, title, role, minutes)| Line {
        day: day(*on),
        title: line(title),
        role: role.as_deref().map(line).unwrap_or_default(),
        time: in_words(*minutes),
    });
    fill(
        "hours_letter.html",
        context! {
            campus => line(&letter.campus.settings.name),
            contact => letter.campus.settings.contact.as_str(),
            name => line(&letter.name),
            from => day(signed.from),
            until => day(signed.until),
            total => in_words(signed.minutes),
            lines => Serde(lines.collect::<Vec<_>>()),
            signed => wording::instant(signed.at, zone),
            holds => letter.holds(),
            since => (letter.now != signed.minutes).then(|| in_words(letter.now.max(0))),
            address => address,
        },
    )
}
