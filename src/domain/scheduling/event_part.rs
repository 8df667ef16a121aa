//! The parts of an event, as a fair prints them: set-up and breakfast, open hours, a lunch for the employers while the fair
//! goes on, interviews at the tables afterwards.
//!
//! Parts may overlap, and need not fill the event. A slot may belong to one, within whose hours it lies. Absent on purpose:
//! who may come to a part; the audience is said, and the booking rules of the event decide.

use crate::domain::refusal::{Invalid, line};
use crate::domain::time::LocalWindow;
use crate::domain::words::words;

words! {
    /// For whom a part is.
    pub enum Audience("audience of a part") {
        /// Whoever comes to the event.
        Everyone = "everyone",
        /// Students.
        Students = "students",
        /// Volunteers.
        Volunteers = "volunteers",
        /// Employers.
        Employers = "employers",
    }
}

/// The most parts of one event.
pub const MOST_PARTS: usize = 100;

/// A part of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPart {
    /// By what slots and programs name it: 1 to 50 of `a-z`, `0-9`, `-` and `_`, unique within the event.
    pub key: String,
    /// What it is called: 1 to 200 characters.
    pub title: String,
    /// For whom it is.
    pub audience: Audience,
    /// Where, in words, if not where the event is: 1 to 300 characters.
    pub place: Option<String>,
    /// When.
    pub when: LocalWindow,
}

impl EventPart {
    /// The part with its words tidied.
    fn read(self) -> Result<Self, Vec<Invalid>> {
        let read = (
            key("key", &self.key),
            line("title", &self.title, 1, 200),
            self.place.as_deref().map(|place| line("place", place, 1, 300)).transpose(),
        );
        match read {
            (Ok(key), Ok(title), Ok(place)) => Ok(Self { key, title, place, ..self }),
            (a, b, c) => Err([a.err(), b.err(), c.err()].into_iter().flatten().collect()),
        }
    }

    /// "08:00 to 09:30: Check-in and set-up (for employers), North Hall", on the clocks of the event.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let (from, until) = (self.when.starts(), self.when.ends());
        let end = if until.date() == from.date() { "%H:%M" } else { "%H:%M on %-d %B" };
        let audience = match self.audience {
            Audience::Everyone => String::new(),
            some => format!(" (for {some})"),
        };
        let place = self.place.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
        format!("{} to {}: {}{audience}{place}", from.format("%H:%M"), until.format(end), self.title)
    }
}

/// The key of a part.
///
/// # Errors
/// [`Invalid`] unless 1 to 50 of `a-z`, `0-9`, `-` and `_`.
pub fn key(field: &str, text: &str) -> Result<String, Invalid> {
    let text = line(field, text, 1, 50)?;
    if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')) {
        return Ok(text);
    }
    let detail = format!("{text:?} has other characters than a-z, 0-9, - and _");
    Err(Invalid::new(field, "invalid_format", detail))
}

/// The parts of an event that takes place then, in order of their start.
///
/// # Errors
/// Every field that is wrong, by the part's place in the list; `outside_event`; `duplicate` for a key that is given twice;
/// more than [`MOST_PARTS`].
pub fn programme(parts: Vec<EventPart>, event: LocalWindow) -> Result<Vec<EventPart>, Vec<Invalid>> {
    if parts.len() > MOST_PARTS {
        let detail = format!("it has {} entries, at most {MOST_PARTS} are taken", parts.len());
        return Err(vec![Invalid::new("parts", "too_many", detail)]);
    }
    let (mut read, mut faults): (Vec<EventPart>, Vec<Invalid>) = (Vec::new(), Vec::new());
    for (number, part) in parts.into_iter().enumerate() {
        let mut wrong = |fault: Invalid| faults.push(fault.within(number).within("parts"));
        let all = event.window();
        if !all.covers(part.when.window()) {
            let field = if part.when.window().start() < all.start() { "starts_local" } else { "ends_local" };
            let detail = format!("the event takes place from {} to {}", all.start(), all.end());
            wrong(Invalid::new(field, "outside_event", detail));
        }
        match part.read() {
            Ok(part) if read.iter().any(|other| other.key == part.key) => {
                wrong(Invalid::new("key", "duplicate", format!("{:?} is given twice", part.key)));
            }
            Ok(part) => read.push(part),
            Err(all) => all.into_iter().for_each(wrong),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    read.sort_by_key(|part| (part.when.window().start(), part.when.window().end()));
    Ok(read)
}

/// The programme in lines, each day under its date where there is more than one.
#[must_use]
pub fn in_lines(parts: &[EventPart]) -> Vec<String> {
    let days = || parts.iter().map(|part| part.when.starts().date());
    let many = days().any(|day| Some(day) != days().next());
    let (mut lines, mut last) = (Vec::new(), None);
    for part in parts {
        let day = part.when.starts().date();
        if many && last != Some(day) {
            lines.push(format!("{}:", day.format("%A %-d %B %Y")));
            last = Some(day);
        }
        lines.push(part.in_a_line());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(key: &str, day: u32, from: &str, until: &str) -> EventPart {
        let at = |time: &str| format!("2015-10-{day:02}T{time}:00").parse().unwrap();
        EventPart {
            key: key.to_owned(),
            title: " Open forum ".to_owned(),
            audience: Audience::Students,
            place: None,
            when: LocalWindow::new(at(from), at(until), "America/Los_Angeles".parse().unwrap(), None).unwrap(),
        }
    }

    #[test]
    fn a_programme_is_in_order_and_may_overlap() {
        let event = part("all", 7, "08:00", "23:00").when;
        let lunch = EventPart { audience: Audience::Everyone, ..part("lunch", 7, "11:30", "13:30") };
        let read = programme(vec![lunch, part("open", 7, "09:30", "13:30")], event).unwrap();
        assert_eq!(read.iter().map(|part| part.key.as_str()).collect::<Vec<_>>(), ["open", "lunch"]);
        assert_eq!(
            in_lines(&read),
            ["09:30 to 13:30: Open forum (for students)", "11:30 to 13:30: Open forum"],
            "one day needs no date"
        );
    }

    #[test]
    fn every_wrong_part_is_named() {
        let event = part("all", 7, "08:00", "16:00").when;
        let parts = vec![
            part("open", 7, "09:30", "13:30"),
            part("open", 7, "09:30", "17:00"),
            part("Open Hours", 7, "07:00", "09:00"),
        ];
        let faults = programme(parts, event).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        assert_eq!(
            found,
            [
                ("parts/1/ends_local", "outside_event"),
                ("parts/1/key", "duplicate"),
                ("parts/2/starts_local", "outside_event"),
                ("parts/2/key", "invalid_format"),
            ]
        );
        let many = (0..=MOST_PARTS).map(|number| part(&format!("p{number}"), 7, "09:00", "10:00")).collect();
        assert_eq!(programme(many, event).unwrap_err()[0].code, "too_many");
    }

    #[test]
    fn two_days_are_said_with_their_dates() {
        let overnight = EventPart {
            when: LocalWindow::new(
                "2015-10-08T22:00:00".parse().unwrap(),
                "2015-10-09T01:00:00".parse().unwrap(),
                "America/Los_Angeles".parse().unwrap(),
                None,
            )
            .unwrap(),
            place: Some("The yard".to_owned()),
            ..part("late", 8, "22:00", "23:00")
        };
        assert_eq!(
            in_lines(&[part("one", 7, "08:00", "09:30"), overnight]),
            [
                "Wednesday 7 October 2015:",
                "08:00 to 09:30:  Open forum  (for students)",
                "Thursday 8 October 2015:",
                "22:00 to 01:00 on 9 October:  Open forum  (for students), The yard",
            ]
        );
    }
}
