//! What the domain answers when it says no, in words that a door can point at a field with.
//!
//! [`Invalid`] is for values that cannot be, [`WrongState`] for verbs that come at the wrong time. Refusals with more to
//! say (no seat left, no right) live beside the rule that makes them. Absent on purpose: status codes and JSON pointers,
//! which belong to HTTP; `field` is a path such as `roles/2/min` from which the door makes its pointer.

/// A value that was refused: which field, by which rule, and in a sentence with the value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The path of the field, parts joined by `/`: `title`, `roles/2/min`.
    pub field: String,
    /// The rule, for programs: `too_long`, `out_of_range`, `reversed`.
    pub code: &'static str,
    /// The rule and the value, for people.
    pub detail: String,
}

impl Invalid {
    /// A refusal of `field` by the rule `code`.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code, detail: detail.into() }
    }

    /// The same refusal seen from outside: its field lies within `parent`.
    #[must_use]
    pub fn within(self, parent: impl std::fmt::Display) -> Self {
        let field = if self.field.is_empty() { parent.to_string() } else { format!("{parent}/{}", self.field) };
        Self { field, ..self }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}

impl std::error::Error for Invalid {}

/// A verb that is not possible in the state a thing is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongState {
    /// The state it is in.
    pub from: &'static str,
    /// The verb that was tried.
    pub verb: &'static str,
}

impl std::fmt::Display for WrongState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot {} what is {}", self.verb.replace('_', " "), self.from.replace('_', " "))
    }
}

impl std::error::Error for WrongState {}

/// One line of text, trimmed: between `min` and `max` characters, without control characters, so that it can stand in a
/// mail header or a calendar line.
///
/// # Errors
/// [`Invalid`] with `required`, `too_short`, `too_long` or `control_character`.
pub fn line(field: &str, text: &str, min: usize, max: usize) -> Result<String, Invalid> {
    sized(field, text, min, max, |c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Text of several lines, trimmed, with `\n` between its lines: between `min` and `max` characters, no other control
/// character but the tab.
///
/// # Errors
/// [`Invalid`] as for [`line()`].
pub fn prose(field: &str, text: &str, min: usize, max: usize) -> Result<String, Invalid> {
    sized(field, &text.replace("\r\n", "\n"), min, max, |c| c.is_control() && c != '\n' && c != '\t')
}

fn sized(field: &str, text: &str, min: usize, max: usize, refused: fn(char) -> bool) -> Result<String, Invalid> {
    // Before trimming, so that a line break at an end is refused too instead of vanishing silently.
    if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| refused(*c)) {
        let detail = format!("the control character U+{:04X} stands at position {at}", u32::from(found));
        return Err(Invalid::new(field, "control_character", detail));
    }
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 && min > 0 {
        return Err(Invalid::new(field, "required", "it must not be empty"));
    }
    if length < min {
        return Err(Invalid::new(field, "too_short", format!("it has {length} characters, at least {min} are needed")));
    }
    if length > max {
        return Err(Invalid::new(field, "too_long", format!("it has {length} characters, at most {max} are taken")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_measured_and_free_of_control_characters() {
        let check = |text: &str, expect: Result<&str, &str>| {
            let got = line("title", text, 1, 5);
            assert_eq!(got.as_deref().map_err(|i| i.code), expect, "{text:?}");
        };
        check(" Fair ", Ok("Fair"));
        check("ééééé", Ok("ééééé"));
        check("éééééé", Err("too_long"));
        check("  ", Err("required"));
        check("a\r\nb", Err("control_character"));
        check("a\n", Err("control_character"));
        check("a\u{0}b", Err("control_character"));
        assert_eq!(prose("purpose", "a\r\nb\n", 1, 5).unwrap(), "a\nb");
        assert_eq!(prose("purpose", "a\u{1b}[0m", 1, 50).unwrap_err().code, "control_character");
    }

    #[test]
    fn a_field_is_named_by_its_path() {
        let invalid = Invalid::new("min", "out_of_range", "it is 900").within(2).within("roles");
        assert_eq!(invalid.to_string(), "roles/2/min: it is 900");
    }
}
