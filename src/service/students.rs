//! Students, as a campus knows them: made and brought up to date by whoever books for them.

use super::access::{Actor, require};
use super::app::Tx;
use super::error::ServiceError;
use crate::domain::ids::{CampusId, StudentId};
use crate::domain::people::access::Action;
use crate::domain::scheduling::booking::Student;
use crate::store::students;

pub use crate::store::students::StudentRow;

/// The student as the campus knows them, with these facts from now on. The flag says that the campus knew them before.
///
/// # Errors
/// The database's.
pub(super) fn know(tx: &mut Tx<'_>, campus: CampusId, student: &Student) -> Result<(StudentRow, bool), ServiceError> {
    match students::find_by_ref(tx.conn, campus, &student.external_ref)? {
        Some(known) if known.student == *student => Ok((known, true)),
        Some(known) => {
            let row =
                StudentRow { student: student.clone(), revision: known.revision + 1, updated_at: tx.now, ..known };
            students::update(tx.conn, &row)?;
            Ok((row, true))
        }
        None => {
            let row = StudentRow {
                id: StudentId::mint(),
                campus_id: campus,
                student: student.clone(),
                revision: 1,
                created_at: tx.now,
                updated_at: tx.now,
            };
            students::insert(tx.conn, &row)?;
            Ok((row, false))
        }
    }
}

/// The student as they would be, nothing written: as [`know`], for those who only look.
///
/// # Errors
/// The database's.
pub(super) fn seen(tx: &mut Tx<'_>, campus: CampusId, student: &Student) -> Result<(StudentRow, bool), ServiceError> {
    let known = students::find_by_ref(tx.conn, campus, &student.external_ref)?;
    let (id, known) = known.map_or_else(|| (StudentId::mint(), false), |known| (known.id, true));
    let row = StudentRow {
        id,
        campus_id: campus,
        student: student.clone(),
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    Ok((row, known))
}

/// The students of a campus.
///
/// # Errors
/// Those of [`require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    external_ref: Option<&str>,
    after: Option<StudentId>,
    most: i64,
) -> Result<Vec<StudentRow>, ServiceError> {
    require(tx, actor, campus, Action::BookPlaces)?;
    Ok(students::list(tx.conn, campus, external_ref, after, most)?)
}
