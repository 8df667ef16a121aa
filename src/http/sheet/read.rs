//! From octets to lines of cells: the encodings, separators and line ends that spreadsheets write.
//!
//! UTF-8 and, by its byte-order mark, UTF-16 are read without being told; another encoding only where the caller names
//! it, since one octet means another letter in each of them and a guess would break somebody's name. A file that cannot
//! be read as a whole is refused as a whole, before anything is done with it.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::http::problem::Problem;
use crate::service::code::Code;

/// The most lines that one file may have beside the names of its columns.
pub const MOST_LINES: usize = 10_000;
/// The most columns.
const MOST_COLUMNS: usize = 60;

/// A line of a table: where it stands in the file, and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLine {
    /// Its number in the file, from 1, as an editor shows it; of a line with line breaks in its cells, the first.
    pub number: u64,
    /// What stands in it.
    pub cells: Vec<String>,
}

/// A table, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The names of its columns as they were sent.
    pub header: SheetLine,
    /// Its lines; those without a single filled cell are left out.
    pub lines: Vec<SheetLine>,
}

/// The refusal of a whole file.
pub(super) fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::new(Code::UnreadableTable, detail)
}

/// Reads a table. `charset` is what the caller says of its encoding.
///
/// # Errors
/// `unreadable_table` with what to do about it; `too_many_lines`.
pub fn read(octets: &[u8], charset: Option<&str>) -> Result<Sheet, Problem> {
    let text = decoded(octets, charset)?;
    if let Some(at) = text.find('\0') {
        let number = line_of(&text, at);
        return Err(unreadable(format!(
            "There is a NUL character in line {number}: the file is damaged, or no text. Save it as CSV UTF-8 again."
        )));
    }
    let (separator, first, text) = opening(&text)?;
    let mut lines = split(text, separator, first)?.into_iter();
    let header = lines.next().ok_or_else(|| unreadable("The file is empty; its first line names its columns."))?;
    if header.cells.len() > MOST_COLUMNS {
        return Err(unreadable(format!(
            "The file has {} columns, at most {MOST_COLUMNS} are taken.",
            header.cells.len()
        )));
    }
    let lines: Vec<SheetLine> = lines.collect();
    if lines.len() > MOST_LINES {
        return Err(too_many(lines.len()));
    }
    Ok(Sheet { header, lines })
}

/// The refusal of a file with too many lines.
#[must_use]
pub fn too_many(lines: usize) -> Problem {
    Problem::new(
        Code::TooManyLines,
        format!("The file has {lines} lines, at most {MOST_LINES} are taken at a time; nothing was done. Split it."),
    )
}

fn decoded(octets: &[u8], charset: Option<&str>) -> Result<String, Problem> {
    let named = charset
        .map(|charset| {
            Encoding::for_label(charset.as_bytes()).ok_or_else(|| {
                Problem::new(
                    Code::UnsupportedMediaType,
                    format!("{charset:?} is no charset that is known here; send utf-8, utf-16 or windows-1252."),
                )
            })
        })
        .transpose()?;
    let (encoding, octets) = match (Encoding::for_bom(octets), named) {
        (Some((marked, length)), _) => (marked, octets.get(length..).unwrap_or_default()),
        (None, Some(named)) => (named, octets),
        (None, None) => (UTF_8, octets),
    };
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(octets) {
        return Ok(text.into_owned());
    }
    if encoding != UTF_8 || named.is_some_and(|named| named != UTF_8) {
        return Err(unreadable(format!("The file is said to be {}, and is not.", encoding.name())));
    }
    Err(unreadable(guess(octets)))
}

/// What a file that is no UTF-8 seems to be, and what to do.
fn guess(octets: &[u8]) -> String {
    let at = std::str::from_utf8(octets).err().map_or(0, |fault| fault.valid_up_to());
    let zeros = |odd: usize| octets.iter().skip(odd).step_by(2).take(1_000).filter(|octet| **octet == 0).count();
    for (encoding, zeros) in [(UTF_16LE, zeros(1)), (UTF_16BE, zeros(0))] {
        if zeros * 4 > octets.len().min(2_000) {
            let name = encoding.name();
            return format!(
                "The file is not UTF-8; it looks like {name} without a byte-order mark. Send it with Content-Type: \
                 text/csv; charset={}, or save it as CSV UTF-8.",
                name.to_lowercase()
            );
        }
    }
    let before = octets.get(..at).unwrap_or_default();
    let line = before.split(|octet| *octet == b'\n').count();
    let octet = octets.get(at).copied().unwrap_or_default();
    let around = octets.get(at.saturating_sub(12)..octets.len().min(at + 12)).unwrap_or_default();
    let (read, _) = WINDOWS_1252.decode_without_bom_handling(around);
    format!(
        "The file is not UTF-8: line {line} has the octet 0x{octet:02X}. It looks like Windows-1252, which would read \
         {read:?} there. If that is right, send it with Content-Type: text/csv; charset=windows-1252; otherwise save it \
         as CSV UTF-8."
    )
}

/// The separator, how many lines stood before the names of the columns, and the text from these on.
fn opening(text: &str) -> Result<(u8, u64, &str), Problem> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let said = line.trim_end_matches('\r').trim_matches('"');
    if let Some(said) = said.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and(said.get(4..)) {
        return match said.as_bytes() {
            [one @ (b',' | b';' | b'\t' | b'|')] => Ok((*one, 1, rest)),
            _ => Err(unreadable(format!(
                "The first line says that cells are separated by {said:?}; a comma, a semicolon, a tab or a bar is taken."
            ))),
        };
    }
    // The names of columns hold none of these unless quoted.
    let mut quoted = false;
    let mut found = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for octet in line.bytes() {
        quoted ^= octet == b'"';
        for (separator, count) in &mut found {
            *count += usize::from(!quoted && octet == *separator);
        }
    }
    // Of equals the first counts, so that a lone column is read by commas.
    let most = found.iter().rev().max_by_key(|(_, count)| *count);
    Ok((most.map_or(b',', |(separator, _)| *separator), 0, text))
}

/// What follows the last line; a cell that swallows it was never closed. No text that came in holds a NUL.
const END: &str = "\n\0end";

fn split(text: &str, separator: u8, first: u64) -> Result<Vec<SheetLine>, Problem> {
    let whole = format!("{text}{END}");
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator);
    let mut reader = reader.from_reader(whole.as_bytes());
    let mut record = csv::StringRecord::new();
    let (mut lines, mut ended, mut count) = (Vec::new(), false, 0_usize);
    let mut numbers = Lines { text: &whole, at: 0, line: 1 };
    loop {
        let more = reader.read_record(&mut record);
        if !more.map_err(|fault| unreadable(format!("The file cannot be read as a table: {fault}.")))? {
            break;
        }
        if record.get(0) == Some("\0end") {
            ended = true;
            continue;
        }
        let begins = numbers.at(record.position().map_or(0, csv::Position::byte));
        if record.iter().any(|cell| cell.contains('\0')) {
            let number = begins + first;
            return Err(unreadable(format!("A quotation mark is opened in line {number} and never closed.")));
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        count += 1;
        // More than are taken are counted for the refusal, and not kept.
        if count <= MOST_LINES + 1 {
            lines.push(SheetLine { number: begins + first, cells: record.iter().map(ToOwned::to_owned).collect() });
        }
    }
    if count > MOST_LINES + 1 {
        return Err(too_many(count - 1));
    }
    if !ended {
        return Err(unreadable("A quotation mark is opened and never closed."));
    }
    Ok(lines)
}

fn line_of(text: &str, at: usize) -> usize {
    line_ends(text.get(..at).unwrap_or_default()) + 1
}

/// How many line ends a text has: CR LF is one.
fn line_ends(text: &str) -> usize {
    text.bytes().filter(|octet| matches!(octet, b'\r' | b'\n')).count() - text.matches("\r\n").count()
}

/// Finds out in which line each record begins. The reader's own count is one behind where lines end with CR LF.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at `octet` or after the line ends that stand there.
    fn at(&mut self, octet: u64) -> u64 {
        let octet = usize::try_from(octet).unwrap_or(usize::MAX);
        let rest = self.text.get(octet..).unwrap_or_default();
        let begins = octet + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = self.text.get(self.at..begins).unwrap_or_default();
        self.line += u64::try_from(line_ends(passed)).unwrap_or(u64::MAX);
        self.at = begins;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(octets: &[u8], charset: Option<&str>) -> Vec<(u64, Vec<String>)> {
        let sheet = read(octets, charset).unwrap();
        [sheet.header].into_iter().chain(sheet.lines).map(|line| (line.number, line.cells)).collect()
    }

    fn expect(octets: &[u8], expect: &[(u64, &[&str])]) {
        let expect: Vec<(u64, Vec<String>)> =
            expect.iter().map(|(n, cells)| (*n, cells.iter().map(|&cell| cell.to_owned()).collect())).collect();
        assert_eq!(cells(octets, None), expect, "{}", String::from_utf8_lossy(octets));
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        expect(b"a,b\n1,2\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        expect(b"a;b\r\n1;2\r\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        expect("\u{feff}a\tb\n1\té".as_bytes(), &[(1, &["a", "b"]), (2, &["1", "é"])]);
        expect(b"sep=;\r\na;b\r\n1;2,3\r\n", &[(2, &["a", "b"]), (3, &["1", "2,3"])]);
        expect(b"\"sep=,\"\na,b;c\n1,2", &[(2, &["a", "b;c"]), (3, &["1", "2"])]);
        expect(b"a,b\n\"1\n1\",2\n3,4\n", &[(1, &["a", "b"]), (2, &["1\n1", "2"]), (4, &["3", "4"])]);
        expect(b"a,b\r\n\"1\r\n1\",\"say \"\"so\"\"\"\r\n", &[(1, &["a", "b"]), (2, &["1\r\n1", "say \"so\""])]);
        expect(
            b"a,b\n1,2\n,\n\n , \n3,4\n;\n,,,\n",
            &[(1, &["a", "b"]), (2, &["1", "2"]), (6, &["3", "4"]), (7, &[";"])],
        );
        expect(b"\"a;x\",b\n1,2", &[(1, &["a;x", "b"]), (2, &["1", "2"])]);
        expect(b"a\n1\n", &[(1, &["a"]), (2, &["1"])]);
        let text = "\u{feff}a\tb\r\nZo\u{eb}\t2\r\n";
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            expect(&utf16(text, order), &[(1, &["a", "b"]), (2, &["Zoë", "2"])]);
        }
    }

    #[test]
    fn an_encoding_is_taken_at_its_word_and_never_guessed() {
        let windows = b"name\nJos\xe9\n";
        assert_eq!(cells(windows, Some("windows-1252"))[1].1, ["José"]);
        assert_eq!(cells(windows, Some("ISO-8859-1"))[1].1, ["José"]);
        let said = read(windows, None).unwrap_err();
        assert_eq!(said.code, Code::UnreadableTable);
        for part in ["line 2", "0xE9", "Windows-1252", "José", "charset=windows-1252", "CSV UTF-8"] {
            assert!(said.detail.contains(part), "{part}: {}", said.detail);
        }
        let bare = utf16("name,x\nJos\u{e9},\u{142}\n", u16::to_le_bytes);
        let said = read(&bare, None).unwrap_err();
        assert!(said.detail.contains("NUL") || said.detail.contains("UTF-16LE"), "{}", said.detail);
        assert_eq!(cells(&bare, Some("utf-16"))[1].1, ["José", "ł"]);
        assert_eq!(read(b"name", Some("klingon")).unwrap_err().code, Code::UnsupportedMediaType);
        let odd = [0xff, 0xfe, b'a'];
        assert!(read(&odd, None).unwrap_err().detail.contains("UTF-16LE"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_as_a_whole() {
        let check = |octets: &[u8], part: &str| {
            let said = read(octets, None).unwrap_err();
            assert_eq!(said.code, Code::UnreadableTable);
            assert!(said.detail.contains(part), "{part}: {}", said.detail);
        };
        check(b"", "empty");
        check(b"\xef\xbb\xbf\r\n\r\n", "empty");
        check(b"sep=;", "empty");
        check(b"a,b\n1,\x002\n", "NUL character in line 2");
        check(b"a,b\n1,2\n\"3,4\n5,6\n", "opened in line 3 and never closed");
        check(b"sep=x\na", "separated by \"x\"");
        check(",".repeat(61).replace(',', "a,").as_bytes(), "62 columns");
        let mut many = b"a\n".to_vec();
        many.extend(b"1\n".repeat(MOST_LINES));
        assert_eq!(read(&many, None).unwrap().lines.len(), MOST_LINES);
        many.extend(b"1\n1\n");
        let said = read(&many, None).unwrap_err();
        assert_eq!(said.code, Code::TooManyLines);
        assert!(said.detail.contains("10002 lines") && said.detail.contains("10000"), "{}", said.detail);
    }
}
