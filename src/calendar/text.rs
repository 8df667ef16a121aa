//! The writer of content lines: RFC 5545 with the parameter encoding of RFC 6868.
//!
//! Values stand in the `ical` crate's model as they are written, so a TEXT goes in through [`text`] or [`texts`], which
//! escape it; parameters stand in it as they are meant. [`Wire`] writes the model and is the last wall: whatever a value
//! holds, no line break and no control gets out, so nothing can add a line. The crate's own emitter does none of this.
//!
//! No physical line ends in white space, since common readers trim it. Where that cannot be had by folding elsewhere the
//! text gives way: see [`clean`]. What is absent on purpose: values in other types than ours, which their makers write.

use std::borrow::Cow;

use ical::{
    generator::Emitter,
    parser::ical::component::{
        IcalAlarm, IcalCalendar, IcalEvent, IcalFreeBusy, IcalJournal, IcalTimeZone, IcalTimeZoneTransition,
        IcalTimeZoneTransitionType, IcalTodo,
    },
    property::Property,
};

/// The longest physical line, in octets, without its CR LF.
const LONGEST_LINE: usize = 75;
/// The longest run of white space kept in a text, in octets: shorter than a line, so that a fold always finds a letter.
const LONGEST_BLANK: usize = 60;

/// `value` as every reader will give it back: line breaks of all kinds become LF, other controls and byte-order marks go,
/// white space goes at both ends, and a run of blanks longer than any line is cut.
#[must_use]
pub fn clean(value: &str) -> Cow<'_, str> {
    if is_clean(value) {
        return Cow::Borrowed(value);
    }
    let mut cleaned = String::with_capacity(value.len());
    let mut blank = 0;
    let mut letters = value.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\r' if letters.peek() == Some(&'\n') => continue,
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => '\t',
            '\u{feff}' => continue,
            letter if letter.is_control() => continue,
            letter => letter,
        };
        blank = if is_blank(letter) { blank + letter.len_utf8() } else { 0 };
        if blank <= LONGEST_BLANK {
            cleaned.push(letter);
        }
    }
    // What was dropped may have stood before more white space.
    let end = cleaned.trim_end().len();
    cleaned.truncate(end);
    let start = cleaned.len() - cleaned.trim_start().len();
    cleaned.drain(..start);
    Cow::Owned(cleaned)
}

/// Whether [`clean`] has nothing to do; may say no to a text that is clean, never the other way round.
fn is_clean(value: &str) -> bool {
    let stays = |letter: char| match letter {
        ' '..='~' | '\n' => true,
        '\u{feff}' => false,
        letter => !letter.is_ascii() && is_harmless(letter) && !letter.is_whitespace(),
    };
    let is_bare = |letter: char| letter.is_whitespace();
    !value.starts_with(is_bare)
        && !value.ends_with(is_bare)
        && (value.len() <= LONGEST_BLANK || !value.contains("  "))
        && value.chars().all(stays)
}

/// White space within a line.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() && letter != '\n'
}

/// A property of type TEXT: `value` cleaned and escaped.
#[must_use]
pub fn text(name: &str, value: &str) -> Property {
    let mut escaped = String::with_capacity(value.len() + 8);
    escape(&mut escaped, value);
    raw(name, escaped)
}

/// A property that lists texts, each cleaned and escaped; empty ones are left out.
#[must_use]
pub fn texts<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Property {
    let mut list = String::new();
    for value in values {
        let before = list.len();
        if before > 0 {
            list.push(',');
        }
        let bare = list.len();
        escape(&mut list, value);
        if list.len() == bare {
            list.truncate(before);
        }
    }
    raw(name, list)
}

/// A property of another type than TEXT, whose value is already as it is to be written.
#[must_use]
pub fn raw(name: &str, value: impl Into<String>) -> Property {
    Property { name: name.to_owned(), params: None, value: Some(value.into()) }
}

/// `property` with one more parameter.
#[must_use]
pub fn with(mut property: Property, name: &str, value: &str) -> Property {
    property.params.get_or_insert_default().push((name.to_owned(), vec![value.to_owned()]));
    property
}

fn escape(out: &mut String, value: &str) {
    // Most values are short, plain words.
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'\\' | b';' | b',');
    if value.len() <= LONGEST_BLANK && value.bytes().all(|byte| byte == b' ' || is_plain(byte)) {
        out.push_str(value.trim());
        return;
    }
    let cleaned = clean(value);
    for piece in cleaned.split_inclusive(['\\', ';', ',', '\n']) {
        let bare = piece.trim_end_matches(['\\', ';', ',', '\n']);
        out.push_str(bare);
        match piece.get(bare.len()..) {
            Some("\\") => out.push_str("\\\\"),
            Some(";") => out.push_str("\\;"),
            Some(",") => out.push_str("\\,"),
            Some("\n") => out.push_str("\\n"),
            _ => {}
        }
    }
}

/// The reverse of the escaping that [`text`] does.
#[must_use]
pub fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(escaped) => plain.push(escaped),
                None => plain.push('\\'),
            },
            letter => plain.push(letter),
        }
    }
    plain
}

/// A component or property of the `ical` crate's model, to be written by our rules instead of the crate's.
#[derive(Debug)]
pub struct Wire<'a, T>(pub &'a T);

impl<T: Write> Emitter for Wire<'_, T> {
    fn generate(&self) -> String {
        let mut lines = Lines::default();
        self.0.write(&mut lines);
        lines.finish()
    }
}

/// What can be written as content lines.
pub trait Write {
    /// Writes it.
    fn write(&self, lines: &mut Lines);
}

/// Content lines, as they grow.
#[derive(Debug, Default)]
pub struct Lines {
    out: String,
    /// The line being put together, kept for its memory.
    line: String,
}

impl Lines {
    /// None yet, with room for so many octets.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self { out: String::with_capacity(octets), line: String::with_capacity(512) }
    }

    /// Opens a component.
    pub fn begin(&mut self, component: &str) {
        self.bare("BEGIN:", component);
    }

    /// Closes a component.
    pub fn end(&mut self, component: &str) {
        self.bare("END:", component);
    }

    /// Adds what is between them.
    pub fn add<T: Write>(&mut self, item: &T) {
        item.write(self);
    }

    /// All lines, each with its CR LF.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    fn bare(&mut self, key: &str, component: &str) {
        self.out.push_str(key);
        self.out.push_str(component);
        self.out.push_str("\r\n");
    }

    fn property(&mut self, property: &Property) {
        self.line.clear();
        push_name(&mut self.line, &property.name);
        for (name, values) in property.params.iter().flatten() {
            self.line.push(';');
            push_name(&mut self.line, name);
            for (index, value) in values.iter().enumerate() {
                self.line.push(if index == 0 { '=' } else { ',' });
                push_parameter(&mut self.line, value);
            }
        }
        self.line.push(':');
        let value = property.value.as_deref().unwrap_or_default();
        if value.chars().all(is_harmless) {
            self.line.push_str(value);
        } else {
            self.line.extend(value.chars().filter(|&letter| is_harmless(letter)));
        }
        fold(&mut self.out, &self.line);
    }
}

/// Whether a letter may stand inside a line: it ends none, for any reader.
fn is_harmless(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\t') || !(letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'))
}

fn push_name(line: &mut String, name: &str) {
    line.extend(name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-'));
}

/// Writes a parameter's value, in quotes where it needs them. A backslash becomes a slash: the standard gives it no meaning
/// in a parameter, and readers in use take it for an escape all the same.
fn push_parameter(line: &mut String, value: &str) {
    let value = clean(value);
    let quoted = value.is_empty() || value.contains([',', ';', ':']);
    if quoted {
        line.push('"');
    }
    for letter in value.chars() {
        match letter {
            '^' => line.push_str("^^"),
            '\n' => line.push_str("^n"),
            '"' => line.push_str("^'"),
            '\\' => line.push('/'),
            letter => line.push(letter),
        }
    }
    if quoted {
        line.push('"');
    }
}

/// Writes one logical line as physical ones of at most 75 octets, never cut inside a letter or after white space.
fn fold(out: &mut String, line: &str) {
    let mut rest = line.trim_end();
    let mut room = LONGEST_LINE;
    while rest.len() > room {
        let head = rest.get(..letter_boundary(rest, room)).unwrap_or_default().trim_end();
        if head.is_empty() {
            // A whole line of white space, which no cleaned value holds: it is left out.
            rest = rest.trim_start();
            continue;
        }
        out.push_str(head);
        out.push_str("\r\n ");
        rest = rest.get(head.len()..).unwrap_or_default();
        room = LONGEST_LINE - 1;
    }
    out.push_str(rest);
    out.push_str("\r\n");
}

/// The end of the last letter that ends at or before `at`.
fn letter_boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

impl Write for Property {
    fn write(&self, lines: &mut Lines) {
        lines.property(self);
    }
}

impl Write for IcalTimeZoneTransition {
    fn write(&self, lines: &mut Lines) {
        let name = match self.transition {
            IcalTimeZoneTransitionType::STANDARD => "STANDARD",
            IcalTimeZoneTransitionType::DAYLIGHT => "DAYLIGHT",
        };
        lines.begin(name);
        self.properties.iter().for_each(|item| item.write(lines));
        lines.end(name);
    }
}

macro_rules! written {
    ($($component:ident as $name:literal: $($part:ident),+;)+) => {$(
        impl Write for $component {
            fn write(&self, lines: &mut Lines) {
                lines.begin($name);
                $(self.$part.iter().for_each(|item| item.write(lines));)+
                lines.end($name);
            }
        }
    )+};
}

written! {
    IcalAlarm as "VALARM": properties;
    IcalEvent as "VEVENT": properties, alarms;
    IcalFreeBusy as "VFREEBUSY": properties;
    IcalJournal as "VJOURNAL": properties;
    IcalTimeZone as "VTIMEZONE": properties, transitions;
    IcalTodo as "VTODO": properties, alarms;
    IcalCalendar as "VCALENDAR": properties, timezones, events, alarms, todos, journals, free_busys;
}
