//! A roster of students.

use std::collections::HashMap;

use super::{Done, Line, OfLine, Outcome, settled};
use crate::domain::ids::{CampusId, StudentId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::Student;
use crate::service::access::{Actor, require};
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::store::students::{self, StudentRow};

/// How many lines share a transaction.
pub const GROUP: usize = 250;

/// A student as a roster has them. What a roster has no word about stays as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudentFacts {
    /// The campus's own name for them.
    pub external_ref: String,
    /// What they are called.
    pub name: Option<String>,
    /// Where their letters go.
    pub email: Option<String>,
    /// What they study.
    pub majors: Option<Vec<String>>,
    /// How far they are; the inner `None` says that nothing is to be known.
    pub year: Option<Option<String>>,
    /// What else opens doors to them.
    pub groups: Option<Vec<String>>,
}

impl StudentFacts {
    /// The student as they would be known from now on.
    ///
    /// # Errors
    /// Every field that is wrong; a name or an address that is missing where nothing was known.
    pub fn over(&self, known: Option<&Student>) -> Result<Student, Vec<Invalid>> {
        let text =
            |said: &Option<String>, known: Option<&str>| said.as_deref().or(known).unwrap_or_default().to_owned();
        let list = |said: &Option<Vec<String>>, known: Option<&Vec<String>>| {
            said.as_ref().or(known).cloned().unwrap_or_default()
        };
        let year = self.year.clone().unwrap_or_else(|| known.and_then(|known| known.year.clone()));
        Student::new(
            &self.external_ref,
            &text(&self.name, known.map(|known| known.name.as_str())),
            &text(&self.email, known.map(|known| known.email.as_str())),
            &list(&self.majors, known.map(|known| &known.majors)),
            year.as_deref(),
            &list(&self.groups, known.map(|known| &known.groups)),
        )
    }

    /// The name by which the campus knows them.
    #[must_use]
    pub fn key(&self) -> &str {
        self.external_ref.trim()
    }
}

/// Requires that the actor may bring students up to date.
///
/// # Errors
/// Those of [`require`].
pub fn may(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId) -> Result<(), ServiceError> {
    require(tx, actor, campus, Action::BookPlaces).map(drop)
}

/// The students whom a group of lines names, as far as the campus knows them.
///
/// # Errors
/// The database's.
pub(super) fn known_of<'l>(
    tx: &mut Tx<'_>,
    campus: CampusId,
    facts: impl Iterator<Item = &'l StudentFacts>,
) -> Result<HashMap<String, StudentRow>, ServiceError> {
    let refs: Vec<String> = facts.map(|facts| facts.key().to_owned()).collect();
    let rows = students::list_by_refs(tx.conn, campus, &refs)?;
    Ok(rows.into_iter().map(|row| (row.external_ref.clone(), row)).collect())
}

/// The row of a student with these facts, and what that makes of it: new, changed or as it was.
pub(super) fn row_of(
    facts: &StudentFacts,
    known: Option<&StudentRow>,
    campus: CampusId,
    tx: &Tx<'_>,
) -> Result<StudentRow, Vec<Invalid>> {
    let student = facts.over(known.map(|known| &known.student))?;
    Ok(match known {
        Some(known) if known.student == student => known.clone(),
        Some(known) => StudentRow { student, revision: known.revision + 1, updated_at: tx.now, ..known.clone() },
        None => StudentRow {
            id: StudentId::mint(),
            campus_id: campus,
            student,
            revision: 1,
            created_at: tx.now,
            updated_at: tx.now,
        },
    })
}

/// Does a group of lines, or only looks.
///
/// # Errors
/// Those of [`require`]; the database's.
pub fn step(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    lines: &[Line<StudentFacts>],
    keep: bool,
) -> Result<Vec<Done>, ServiceError> {
    require(tx, actor, campus, Action::BookPlaces)?;
    let known = known_of(tx, campus, lines.iter().filter_map(|line| line.read.as_ref().ok()))?;
    let (mut done, mut fresh) = (Vec::with_capacity(lines.len()), Vec::new());
    for line in lines {
        let of_line = one(tx, campus, line, &known, &mut fresh, keep);
        done.push(settled(line.number, of_line)?);
    }
    if keep {
        students::insert_many(tx.conn, &fresh)?;
    }
    Ok(done)
}

fn one(
    tx: &mut Tx<'_>,
    campus: CampusId,
    line: &Line<StudentFacts>,
    known: &HashMap<String, StudentRow>,
    fresh: &mut Vec<StudentRow>,
    keep: bool,
) -> OfLine {
    let facts = line.read.as_ref().map_err(Clone::clone)?;
    let before = known.get(facts.key());
    let row = row_of(facts, before, campus, tx)?;
    let id = row.id.uuid();
    match before {
        Some(before) if before.revision == row.revision => Ok(Outcome::Unchanged(id)),
        Some(_) => {
            if keep {
                students::update(tx.conn, &row)?;
            }
            Ok(Outcome::Updated(id))
        }
        None => {
            fresh.push(row);
            Ok(Outcome::Created(keep.then_some(id)))
        }
    }
}
