//! The letters in the folder, read as a mail program reads them: headers, parts, what each part says.
//!
//! As much of MIME as our own letters use. It reads the files alone, so what it finds is what a person would get.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Told;

/// A letter that was delivered.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Where it lies.
    pub file: PathBuf,
    /// The lines of its head, unfolded.
    pub head: Vec<(String, String)>,
    /// What there is to read.
    pub text: String,
    /// The calendar in it, with its lines unfolded.
    pub invite: Option<Vec<String>>,
}

impl Delivered {
    /// What the head says under `name`.
    pub fn header(&self, name: &str) -> &str {
        field(&self.head, name)
    }

    /// Whether it went to this address.
    pub fn is_to(&self, email: &str) -> bool {
        self.header("to").trim_end_matches('>').ends_with(email)
    }

    /// The first address in the text that goes on from `beginning`.
    pub fn link(&self, beginning: &str) -> Option<&str> {
        self.text.split_whitespace().find(|word| word.starts_with(beginning))
    }

    /// The value of a line of the invite.
    pub fn invited(&self, name: &str) -> Option<&str> {
        self.invite.as_deref().and_then(|lines| value_of(lines, name))
    }
}

/// The value of the first calendar line of this name, inside the event where there is one.
pub fn value_of<'l>(lines: &'l [String], name: &str) -> Option<&'l str> {
    let event = lines.iter().position(|line| line == "BEGIN:VEVENT").unwrap_or(0);
    lines.iter().skip(event).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.split(';').next() == Some(name)).then_some(value)
    })
}

/// A calendar's lines, unfolded.
pub fn calendar_lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").replace("\n ", "").lines().map(str::to_owned).collect()
}

/// All letters in `folder`, in the order they were written.
///
/// # Errors
/// When one cannot be read.
pub fn letters(folder: &Path) -> Told<Vec<Delivered>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            files.push(path);
        }
    }
    files.sort();
    files.into_iter().map(read).collect()
}

fn read(file: PathBuf) -> Told<Delivered> {
    let source = String::from_utf8(fs::read(&file)?)?.replace("\r\n", "\n");
    let (head, _) = split(&source);
    let mut leaves = Vec::new();
    gather(&source, &mut leaves);
    let said = |kind: &str| {
        let leaf = leaves.iter().find(|(content_type, _)| content_type.starts_with(kind));
        leaf.map(|(_, text)| text.clone())
    };
    let text = said("text/plain").ok_or_else(|| format!("{}: no text", file.display()))?;
    let invite = said("text/calendar").map(|calendar| calendar_lines(&calendar));
    Ok(Delivered { file, head, text, invite })
}

/// The parts of a message that hold no others: their type and what they say.
fn gather(source: &str, leaves: &mut Vec<(String, String)>) {
    let (head, body) = split(source);
    let content_type = field(&head, "content-type");
    let Some(boundary) = parameter(content_type, "boundary") else {
        leaves.push((content_type.to_lowercase(), decoded(body, field(&head, "content-transfer-encoding"))));
        return;
    };
    let fence = format!("--{boundary}");
    for part in format!("\n{body}").split(&format!("\n{fence}")).skip(1).take_while(|part| !part.starts_with("--")) {
        gather(part.strip_prefix('\n').unwrap_or(part), leaves);
    }
}

fn split(source: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = source.split_once("\n\n").unwrap_or((source, ""));
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
            (true, _, Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, Some((name, value)), _) => fields.push((name.to_lowercase(), value.trim().to_owned())),
            _ => {}
        }
    }
    (fields, body)
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
}

fn parameter<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    let given = value.split(';').skip(1).filter_map(|pair| pair.trim().split_once('='));
    given.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_matches('"'))
}

fn decoded(body: &str, encoding: &str) -> String {
    let octets = match encoding.to_lowercase().as_str() {
        "base64" => {
            let text: String = body.split_whitespace().collect();
            BASE64_STANDARD.decode(text).unwrap_or_default()
        }
        "quoted-printable" => unquoted(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&octets).replace("\r\n", "\n")
}

fn unquoted(body: &str) -> Vec<u8> {
    let body = body.replace("=\n", "");
    let mut octets = Vec::with_capacity(body.len());
    let mut pieces = body.split('=');
    octets.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let octet = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (octet, piece.get(2..)) {
            (Some(octet), Some(rest)) => {
                octets.push(octet);
                octets.extend_from_slice(rest.as_bytes());
            }
            _ => octets.extend_from_slice(piece.as_bytes()),
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_and_decoded() {
        let source = "To: Ada\n <ada@example.edu>\nContent-Type: multipart/mixed;\n boundary=\"b-1\"\n\n--b-1\n\
            Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
            caf=C3=A9 http://x/o/a=\nb\n--b-1\nContent-Type: text/calendar\nContent-Transfer-Encoding: base64\n\n\
            VUlEOjE=\n--b-1--\n";
        let mut leaves = Vec::new();
        gather(source, &mut leaves);
        assert_eq!(leaves.len(), 2);
        assert_eq!(leaves[0].1, "café http://x/o/ab");
        assert_eq!(leaves[1].1, "UID:1");
        assert_eq!(field(&split(source).0, "to"), "Ada <ada@example.edu>");
    }

    #[test]
    fn a_line_is_found_inside_the_event() {
        let lines = calendar_lines("BEGIN:VTIMEZONE\r\nDTSTART:1\r\nBEGIN:VEVENT\r\nDTSTART;TZID=A/B:2\r\n 3\r\n");
        assert_eq!(value_of(&lines, "DTSTART"), Some("23"));
        assert_eq!(value_of(&lines, "UID"), None);
    }
}
