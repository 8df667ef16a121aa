//! Which column of a table is which, whatever order, case and common name it was given.

use super::cells::disarmed;
use super::read::{Sheet, SheetLine, unreadable};
use crate::http::problem::Problem;

/// A column that a noun knows.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in what we write.
    pub name: &'static str,
    /// What else it is called in the field: in small letters, words joined by `_`.
    pub also: &'static [&'static str],
    /// What it is good for.
    pub kind: Kind,
}

/// What a column is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Must be there.
    Required,
    /// May be there.
    Optional,
    /// May be there and says nothing: what we write that cannot be set.
    Ignored,
}

impl Column {
    /// A column that must be there.
    #[must_use]
    pub const fn required(name: &'static str, also: &'static [&'static str]) -> Self {
        Self { name, also, kind: Kind::Required }
    }

    /// A column that may be there.
    #[must_use]
    pub const fn optional(name: &'static str, also: &'static [&'static str]) -> Self {
        Self { name, also, kind: Kind::Optional }
    }

    /// A column that is passed over.
    #[must_use]
    pub const fn ignored(name: &'static str) -> Self {
        Self { name, also: &[], kind: Kind::Ignored }
    }
}

/// A table whose columns are known.
#[derive(Debug)]
pub struct Table {
    lines: Vec<SheetLine>,
    places: Vec<(&'static str, usize)>,
    width: usize,
}

/// A line of such a table.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'t> {
    line: &'t SheetLine,
    table: &'t Table,
}

/// `E-Mail Address` and `e_mail_address` are one name.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

impl Table {
    /// The table, its columns found among `known`.
    ///
    /// # Errors
    /// `unreadable_table`, which names every column that is unknown, missing, there twice or without a name.
    pub fn of(sheet: Sheet, known: &[Column]) -> Result<Self, Problem> {
        let (mut places, mut unknown, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        for (place, name) in sheet.header.cells.iter().enumerate() {
            let wanted = plain(&disarmed(name));
            if wanted.is_empty() {
                let filled = |line: &&SheetLine| line.cells.get(place).is_some_and(|cell| !cell.trim().is_empty());
                if let Some(line) = sheet.lines.iter().find(filled) {
                    let (number, place) = (line.number, place + 1);
                    return Err(unreadable(format!(
                        "Column {place} has no name and something in it in line {number}."
                    )));
                }
                continue;
            }
            match known.iter().find(|column| column.name == wanted || column.also.contains(&wanted.as_str())) {
                None => unknown.push(format!("{:?}", name.chars().take(60).collect::<String>())),
                Some(column) if column.kind == Kind::Ignored => {}
                Some(column) if places.iter().any(|(name, _)| *name == column.name) => twice.push(column.name),
                Some(column) => places.push((column.name, place)),
            }
        }
        let missing: Vec<&str> = known
            .iter()
            .filter(|column| column.kind == Kind::Required && places.iter().all(|(name, _)| *name != column.name))
            .map(|column| column.name)
            .collect();
        if unknown.is_empty() && twice.is_empty() && missing.is_empty() {
            return Ok(Self { width: sheet.header.cells.len(), lines: sheet.lines, places });
        }
        let mut said = Vec::new();
        if !missing.is_empty() {
            said.push(format!("The columns {} are missing.", missing.join(", ")));
        }
        if !unknown.is_empty() {
            said.push(format!("The columns {} are not known here.", unknown.join(", ")));
        }
        if !twice.is_empty() {
            said.push(format!("The columns {} are there twice.", twice.join(", ")));
        }
        let taken = known.iter().filter(|column| column.kind != Kind::Ignored).map(|column| column.name);
        said.push(format!("Known are {}.", taken.collect::<Vec<_>>().join(", ")));
        Err(unreadable(said.join(" "))
            .with("missing", missing.into_iter().map(ToOwned::to_owned).collect::<Vec<_>>())
            .with("unknown", unknown.into_iter().map(|name| name.trim_matches('"').to_owned()).collect::<Vec<_>>()))
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = Cells<'_>> {
        self.lines.iter().map(|line| Cells { line, table: self })
    }
}

impl Cells<'_> {
    /// The line's number in the file.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.line.number
    }

    /// How many cells stand beyond the last column with something in them: a separator too many, most often.
    #[must_use]
    pub fn beyond(self) -> usize {
        self.line.cells.iter().skip(self.table.width).filter(|cell| !cell.trim().is_empty()).count()
    }

    /// What stands in a column, without guards and without blanks around it; `None` where the table has no such column.
    #[must_use]
    pub fn get(self, column: &str) -> Option<String> {
        let place = self.table.places.iter().find(|(name, _)| *name == column)?.1;
        // A line may end before its last columns, which are empty then.
        let cell = self.line.cells.get(place).map(String::as_str).unwrap_or_default();
        Some(disarmed(cell).trim_matches(' ').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::sheet::read::read;

    const KNOWN: &[Column] = &[
        Column::required("external_ref", &["student_id"]),
        Column::optional("email", &["e_mail", "e_mail_address"]),
        Column::ignored("revision"),
    ];

    fn table(text: &str) -> Result<Table, Problem> {
        Table::of(read(text.as_bytes(), None).unwrap(), KNOWN)
    }

    #[test]
    fn columns_are_known_by_any_of_their_names() {
        let table = table("Revision, E-Mail Address ,STUDENT ID,,\n1, a@example.edu ,s-1,,\n2,'=b,s-2,,,x\n").unwrap();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[0].get("email").as_deref(), Some("a@example.edu"));
        assert_eq!((lines[0].get("external_ref").as_deref(), lines[0].get("revision")), (Some("s-1"), None));
        assert_eq!((lines[1].get("email").as_deref(), lines[1].beyond()), (Some("=b"), 1));
    }

    #[test]
    fn a_table_with_wrong_columns_is_refused_with_their_names() {
        let check = |text: &str, part: &str| {
            let said = table(text).unwrap_err().detail;
            assert!(said.contains(part), "{part}: {said}");
        };
        check("email\nx", "The columns external_ref are missing.");
        check("external_ref,shoe size\nx,1", "The columns \"shoe size\" are not known here.");
        check("external_ref,student-id\nx,1", "The columns external_ref are there twice.");
        check("external_ref,\nx,1", "Column 2 has no name and something in it in line 2.");
        check("email\nx", "Known are external_ref, email.");
    }
}
