//! Cells that a spreadsheet must not take for formulas, and cells that hold several values.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is run by a spreadsheet when the file is opened, and
//! so may be what follows a separator inside a cell when the program splits by another separator than we do. Such places
//! get an apostrophe, which [`disarmed`] takes away again: the two are each other's inverse, so that a file that is sent
//! back means what it meant. Every cell is quoted.

/// What a spreadsheet takes for the beginning of a formula, in full width too.
const DANGEROUS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// After which characters a spreadsheet may begin a new cell.
const SEPARATORS: [char; 7] = [',', ';', '\t', '|', '\r', '\n', '"'];
/// The guard.
const GUARD: char = '\'';

/// Whether a cell that begins so would be run, guards that are there already left aside.
fn armed(rest: &str) -> bool {
    let beyond = rest.trim_start_matches(GUARD);
    // A line break or a tab counts as blank and as dangerous: either way it is caught.
    let beyond = beyond.trim_start_matches(|c: char| c.is_whitespace() && !DANGEROUS.contains(&c));
    beyond.starts_with(DANGEROUS)
}

/// Walks through every place of `text` where a spreadsheet may begin a cell; `each` says how many octets of the rest to
/// pass over there.
fn at_starts(text: &str, mut each: impl FnMut(&str, &mut String) -> usize) -> String {
    let mut made = String::with_capacity(text.len() + 2);
    let mut rest = text;
    let mut starts = true;
    while !rest.is_empty() {
        if starts {
            let passed = each(rest, &mut made);
            rest = rest.get(passed..).unwrap_or_default();
        }
        let Some(next) = rest.chars().next() else { break };
        made.push(next);
        starts = SEPARATORS.contains(&next);
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    made
}

/// The cell with a guard before everything that would be run.
#[must_use]
pub fn guarded(text: &str) -> String {
    at_starts(text, |rest, made| {
        if armed(rest) {
            made.push(GUARD);
        }
        0
    })
}

/// The cell without the guards of [`guarded`].
#[must_use]
pub fn disarmed(text: &str) -> String {
    at_starts(text, |rest, _| if rest.starts_with(GUARD) && armed(rest) { GUARD.len_utf8() } else { 0 })
}

/// Several values in one cell: `Accounting; Finance`. What parts values is written with a backslash inside of one.
#[must_use]
pub fn joined(values: &[String]) -> String {
    let escaped = values.iter().map(|value| {
        value.chars().fold(String::new(), |mut text, next| {
            if matches!(next, ';' | '|' | '\\') {
                text.push('\\');
            }
            text.push(next);
            text
        })
    });
    escaped.collect::<Vec<_>>().join("; ")
}

/// The values of a cell, parted by `;`, `|` or a line break; what is empty is left out.
#[must_use]
pub fn parted(cell: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let mut letters = cell.chars().peekable();
    while let Some(next) = letters.next() {
        match next {
            '\\' => match letters.next_if(|next| matches!(next, ';' | '|' | '\\')) {
                Some(meant) => value.push(meant),
                None => value.push('\\'),
            },
            ';' | '|' | '\n' | '\r' => values.push(std::mem::take(&mut value)),
            other => value.push(other),
        }
    }
    values.push(value);
    values.into_iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

/// A table on its way out: every cell guarded and quoted, its first line the names of the columns. It begins with a
/// byte-order mark, without which spreadsheets take UTF-8 for something else and break the names of people.
#[derive(Debug)]
pub struct Written(csv::Writer<Vec<u8>>);

impl Written {
    /// A table with these columns.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let mut writer = csv::WriterBuilder::new();
        writer.quote_style(csv::QuoteStyle::Always).terminator(csv::Terminator::CRLF);
        let mut written = Self(writer.from_writer("\u{feff}".as_bytes().to_vec()));
        written.line(columns.iter().map(|&name| name.to_owned()));
        written
    }

    /// One more line.
    pub fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        // Writing to memory fails only where a line has another number of cells, and each noun writes all of its own.
        let cells: Vec<String> = cells.into_iter().map(|cell| guarded(&cell)).collect();
        if let Err(fault) = self.0.write_record(cells) {
            tracing::error!(error = %fault, "a line of a table could not be written");
        }
    }

    /// The octets.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_be_run_is_guarded() {
        let check = |text: &str, expect: &str| assert_eq!(guarded(text), expect, "{text:?}");
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t'=1");
        check("\r=1", "'\r'=1");
        check("\n=1", "'\n'=1");
        check("  =1", "'  =1");
        check("\u{a0}=1", "'\u{a0}=1");
        check("＝1", "'＝1");
        check("＋1", "'＋1");
        check("－1", "'－1");
        check("＠SUM", "'＠SUM");
        check("a,=1", "a,'=1");
        check("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0");
        check("a; =1", "a;' =1");
        check("a|@x", "a|'@x");
        check("a\"=1", "a\"'=1");
        check("'=1", "''=1");
        for plain in ["", "Ada", "a=b", "2027-03-04T12:30", "O'Neil", "Smith-Jones", "a@example.edu", "'quoted'"] {
            check(plain, plain);
        }
    }

    #[test]
    fn values_of_one_cell_are_parted() {
        let check = |cell: &str, expect: &[&str]| assert_eq!(parted(cell), expect, "{cell:?}");
        check("", &[]);
        check("Accounting", &["Accounting"]);
        check("Accounting; Finance|Law", &["Accounting", "Finance", "Law"]);
        check("Accounting\r\nFinance", &["Accounting", "Finance"]);
        check(";; Accounting ;", &["Accounting"]);
        check(r"Arts\; Letters; C\C++", &["Arts; Letters", r"C\C++"]);
        check("Business, general", &["Business, general"]);
    }

    fn hostile() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec![
                    '=', '+', '-', '@', '\t', '\r', '\n', '＝', '\'', '"', ',', ';', '|', ' ', '\\', '\u{a0}'
                ]),
                any::<char>(),
            ],
            0..20,
        )
        .prop_map(|letters| letters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_is_lost_by_the_guards(text in hostile()) {
            prop_assert_eq!(disarmed(&guarded(&text)), text);
        }

        #[test]
        fn no_guarded_cell_begins_a_formula_by_any_separator(text in hostile()) {
            let made = guarded(&text);
            for part in made.split([',', ';', '\t', '|', '\r', '\n', '"']) {
                let first = part.trim_start_matches(|c: char| c.is_whitespace()).chars().next();
                prop_assert!(!first.is_some_and(|first| "=+-@＝＋－＠".contains(first)), "{:?} of {:?}", part, made);
            }
        }

        #[test]
        fn lists_come_back(values in proptest::collection::vec("[a-z;|\\\\',=+]{1,8}", 0..5)) {
            prop_assert_eq!(parted(&joined(&values)), values);
        }
    }
}
