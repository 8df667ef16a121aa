//! The reader: octets of iCalendar into the `ical` crate's model.
//!
//! Unfolds octets before they are read as UTF-8, since others fold inside a letter, and hands the crate's parser only what
//! it does well. The parser trims values, swallows a colon at their start, takes any END for the right one, fails on
//! components it does not know and is quadratic in a line's parameters: each is seen to here. What is absent on purpose:
//! the meaning of what was read.

use std::fmt;

use ical::{
    parser::ical::component::{IcalCalendar, IcalEvent, IcalTimeZone, IcalTodo},
    property::Property,
};

/// The longest input that is looked at, in octets.
pub const LONGEST_INPUT: usize = 64 * 1024;
/// The most parameters that a line may have.
const MOST_PARAMETERS: usize = 64;
/// Stands where the parser would trim; no unfolded line holds it.
const GUARD: char = '\0';
/// The components that the parser knows; others are skipped, as the standard asks.
const KNOWN: [&str; 9] =
    ["VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VTIMEZONE", "STANDARD", "DAYLIGHT"];

/// Why octets are no calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// More than [`LONGEST_INPUT`].
    TooLong {
        /// How many octets came.
        octets: usize,
    },
    /// This logical line is not UTF-8.
    NotUtf8 {
        /// Counted from one.
        line: usize,
    },
    /// This logical line has more parameters than anything real.
    TooManyParameters {
        /// Counted from one.
        line: usize,
    },
    /// A BEGIN without its END, or the other way round.
    Unbalanced {
        /// Counted from one.
        line: usize,
    },
    /// The lines make no calendar.
    Malformed(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { octets } => {
                write!(f, "{octets} octets are too many for a calendar; at most {LONGEST_INPUT} are read")
            }
            Self::NotUtf8 { line } => write!(f, "line {line} is not UTF-8"),
            Self::TooManyParameters { line } => write!(f, "line {line} has more than {MOST_PARAMETERS} parameters"),
            Self::Unbalanced { line } => write!(f, "line {line} has a BEGIN or END without the other"),
            Self::Malformed(why) => write!(f, "no calendar: {why}"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// The logical lines of `octets`. Either line end is taken; empty lines and controls other than the tab are dropped.
///
/// # Errors
/// [`Unreadable::TooLong`] and [`Unreadable::NotUtf8`].
pub fn unfold(octets: &[u8]) -> Result<Vec<String>, Unreadable> {
    if octets.len() > LONGEST_INPUT {
        return Err(Unreadable::TooLong { octets: octets.len() });
    }
    unfold_all(octets)
}

fn unfold_all(octets: &[u8]) -> Result<Vec<String>, Unreadable> {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let mut logical: Vec<Vec<u8>> = Vec::new();
    for physical in octets.split(|&octet| octet == b'\n') {
        let physical = physical.strip_suffix(b"\r").unwrap_or(physical);
        match (physical, logical.last_mut()) {
            ([], _) => {}
            ([b' ' | b'\t', rest @ ..], Some(line)) => line.extend_from_slice(rest),
            (line, _) => logical.push(line.to_vec()),
        }
    }
    let readable = |(index, line): (usize, Vec<u8>)| match String::from_utf8(line) {
        Ok(mut line) => {
            line.retain(|letter| letter == '\t' || !letter.is_control());
            // A blank that a control hid at the start would make the parser take this line for a fold.
            Ok(if line.starts_with(char::is_whitespace) { line.trim_start().to_owned() } else { line })
        }
        Err(_) => Err(Unreadable::NotUtf8 { line: index + 1 }),
    };
    logical.into_iter().enumerate().map(readable).collect()
}

/// The calendars in `octets`: parameters decoded, values as they are written (see [`unescape`](super::text::unescape)).
///
/// # Errors
/// [`Unreadable`] says what is wrong and where.
pub fn parse(octets: &[u8]) -> Result<Vec<IcalCalendar>, Unreadable> {
    calendars(&unfold(octets)?)
}

/// As [`parse`], for what this program wrote itself: of any length.
#[cfg(test)]
pub(super) fn parse_own(octets: &[u8]) -> Result<Vec<IcalCalendar>, Unreadable> {
    calendars(&unfold_all(octets)?)
}

fn calendars(lines: &[String]) -> Result<Vec<IcalCalendar>, Unreadable> {
    let input = guarded(lines)?;
    let calendars: Result<Vec<_>, _> = ical::IcalParser::new(input.as_bytes()).collect();
    let mut calendars = calendars.map_err(|why| Unreadable::Malformed(why.to_string()))?;
    if calendars.is_empty() {
        return Err(Unreadable::Malformed("it is empty".to_owned()));
    }
    calendars.iter_mut().for_each(decode_calendar);
    Ok(calendars)
}

/// The lines as the parser needs them: balanced, of known components only, their values guarded.
fn guarded(lines: &[String]) -> Result<String, Unreadable> {
    let mut input = String::with_capacity(lines.iter().map(|line| line.len() + 4).sum());
    let mut open: Vec<String> = Vec::new();
    let mut unknown = 0_usize;
    for (index, line) in lines.iter().enumerate() {
        let number = index + 1;
        match line.split_once(':') {
            Some((key, name)) if key.eq_ignore_ascii_case("BEGIN") => {
                let name = name.trim().to_ascii_uppercase();
                if unknown > 0 || !KNOWN.contains(&name.as_str()) {
                    unknown += 1;
                } else {
                    input.extend(["BEGIN:", &name, "\n"]);
                }
                open.push(name);
            }
            Some((key, name)) if key.eq_ignore_ascii_case("END") => {
                let name = name.trim().to_ascii_uppercase();
                if open.pop().as_ref() != Some(&name) {
                    return Err(Unreadable::Unbalanced { line: number });
                }
                if unknown > 0 {
                    unknown -= 1;
                } else {
                    input.extend(["END:", &name, "\n"]);
                }
            }
            _ if unknown > 0 => {}
            _ => guard(&mut input, line, number)?,
        }
    }
    if open.is_empty() { Ok(input) } else { Err(Unreadable::Unbalanced { line: lines.len() }) }
}

fn guard(input: &mut String, line: &str, number: usize) -> Result<(), Unreadable> {
    let mut quoted = false;
    let mut parameters = 0;
    let mut value_at = None;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ';' if !quoted => parameters += 1,
            ':' if !quoted => {
                value_at = Some(at + 1);
                break;
            }
            _ => {}
        }
    }
    if parameters > MOST_PARAMETERS {
        return Err(Unreadable::TooManyParameters { line: number });
    }
    let (head, value) = value_at.and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
    input.push_str(head);
    if value.starts_with(':') {
        input.push(GUARD);
    }
    input.push_str(value);
    if value.ends_with(char::is_whitespace) {
        input.push(GUARD);
    }
    input.push('\n');
    Ok(())
}

fn decode_calendar(calendar: &mut IcalCalendar) {
    let IcalCalendar { properties, events, alarms, todos, journals, free_busys, timezones } = calendar;
    decode(properties);
    for IcalEvent { properties, alarms } in events {
        decode(properties);
        decode_each(alarms, |alarm| &mut alarm.properties);
    }
    for IcalTimeZone { properties, transitions } in timezones {
        decode(properties);
        decode_each(transitions, |transition| &mut transition.properties);
    }
    for IcalTodo { properties, alarms } in todos {
        decode(properties);
        decode_each(alarms, |alarm| &mut alarm.properties);
    }
    decode_each(alarms, |alarm| &mut alarm.properties);
    decode_each(journals, |journal| &mut journal.properties);
    decode_each(free_busys, |free_busy| &mut free_busy.properties);
}

fn decode_each<T>(components: &mut [T], properties: impl Fn(&mut T) -> &mut Vec<Property>) {
    for component in components {
        decode(properties(component));
    }
}

fn decode(properties: &mut [Property]) {
    for property in properties {
        property.name.make_ascii_uppercase();
        if let Some(value) = &mut property.value {
            value.retain(|letter| letter != GUARD);
        }
        for value in property.params.iter_mut().flatten().flat_map(|(_, values)| values) {
            if value.contains('^') {
                *value = decode_parameter(value);
            }
        }
    }
}

/// RFC 6868.
fn decode_parameter(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        let decoded = match (letter, letters.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('\'')) => '"',
            ('^', Some('^')) => '^',
            _ => {
                plain.push(letter);
                continue;
            }
        };
        letters.next();
        plain.push(decoded);
    }
    plain
}
