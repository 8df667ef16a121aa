//! How the story is told: plain text of 80 columns, with colours on a terminal that wants them.

use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::time::Instant;

/// The width of the page.
const WIDTH: usize = 80;
/// How far what belongs to a step is moved in.
const INDENT: &str = "   ";

/// Who tells.
pub struct Teller {
    out: Stdout,
    colours: bool,
    terminal: bool,
    step: u32,
    begun: Instant,
    since: Instant,
    times: Vec<(&'static str, f64)>,
}

/// A way to set words off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A heading.
    Bold,
    /// What may be skipped.
    Faint,
    /// What went well.
    Good,
    /// What stands in the way.
    Warn,
}

impl Teller {
    /// For the terminal or file behind the standard output.
    pub fn new() -> Self {
        let out = stdout();
        let terminal = out.is_terminal();
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        let now = Instant::now();
        Self { out, colours: terminal && !unwanted, terminal, step: 0, begun: now, since: now, times: Vec::new() }
    }

    /// The words in a colour, where colours are wanted.
    pub fn ink(&self, ink: Ink, words: &str) -> String {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Faint => "2",
            Ink::Good => "32",
            Ink::Warn => "33",
        };
        if self.colours { format!("\x1b[{code}m{words}\x1b[0m") } else { words.to_owned() }
    }

    /// The title and what this is about.
    pub fn title(&self, title: &str, about: &str) {
        self.say(&format!("\n{}\n", self.ink(Ink::Bold, title)));
        for line in wrap(about, WIDTH) {
            self.say(&line);
        }
    }

    /// A new step of the story.
    pub fn step(&mut self, title: &str) {
        self.step += 1;
        let title = format!("{}. {title}", self.step);
        self.say(&format!("\n{}", self.ink(Ink::Bold, &title)));
        self.since = Instant::now();
    }

    /// How long the step took until now, to be told at the end under `name`.
    pub fn took(&mut self, name: &'static str) {
        self.times.push((name, self.since.elapsed().as_secs_f64()));
    }

    /// A paragraph.
    pub fn tell(&self, words: &str) {
        for line in wrap(words, WIDTH - INDENT.len()) {
            self.say(&format!("{INDENT}{line}"));
        }
    }

    /// A paragraph in a colour.
    pub fn tell_in(&self, ink: Ink, words: &str) {
        for line in wrap(words, WIDTH - INDENT.len()) {
            self.say(&format!("{INDENT}{}", self.ink(ink, &line)));
        }
    }

    /// A paragraph whose further lines are moved in under its beginning, behind a label.
    pub fn item(&self, label: &str, width: usize, words: &str) {
        let room = WIDTH - INDENT.len() - width - 2;
        for (number, line) in wrap(words, room).iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            self.say(format!("{INDENT}{}  {line}", pad(label, width)).trim_end());
        }
    }

    /// A line as it is.
    pub fn line(&self, line: &str) {
        self.say(format!("{INDENT}{line}").trim_end());
    }

    /// An empty line.
    pub fn gap(&self) {
        self.say("");
    }

    /// How far something is; on a terminal alone, where the next line replaces it.
    pub fn progress(&self, done: usize, of: usize, what: &str) {
        if !self.terminal {
            return;
        }
        let filled = (20 * done).checked_div(of).unwrap_or(20).min(20);
        let bar = format!("{}{}", "#".repeat(filled), ".".repeat(20 - filled));
        let end = if done >= of { "\r\x1b[K" } else { "" };
        let mut out = self.out.lock();
        // A terminal that went away is noticed by the next line.
        let _ = write!(out, "\r{INDENT}[{bar}] {done} of {of} {what}{end}").and_then(|()| out.flush());
    }

    fn say(&self, line: &str) {
        // Whoever reads may stop reading; the story goes on for its exit code's sake.
        let _ = writeln!(self.out.lock(), "{line}");
    }

    /// The times of the steps, and the whole.
    pub fn times(&self) -> String {
        let parts: Vec<String> = self.times.iter().map(|(name, seconds)| format!("{name} {seconds:.2} s")).collect();
        format!("{:.1} s in all: {}.", self.begun.elapsed().as_secs_f64(), parts.join(", "))
    }
}

/// `text` with blanks behind it, up to `width` letters; cut where it is longer.
pub fn pad(text: &str, width: usize) -> String {
    let cut: String = text.chars().take(width).collect();
    format!("{cut}{}", " ".repeat(width.saturating_sub(cut.chars().count())))
}

/// `text`, cut with dots where it is longer than `width`.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(width.saturating_sub(3)).collect::<String>().trim_end())
}

fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_to_the_page() {
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
        assert!(wrap("  ", 4).is_empty());
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad("abcdef", 4), "abcd");
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("ab defgh", 6), "ab...");
    }
}
