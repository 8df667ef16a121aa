//! Students as rows: one for each name that a campus has for somebody.

use diesel::prelude::*;

use super::accounts::email_in;
use super::columns::Json;
use super::db::{AT_ONCE, Conn, StoreError, lost_race, natively};
use super::schema::students;
use crate::domain::ids::{CampusId, StudentId};
use crate::domain::scheduling::booking::Student;
use crate::domain::time::Instant;

/// A student as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudentRow {
    /// Which student it is.
    pub id: StudentId,
    /// Whose.
    pub campus_id: CampusId,
    /// The facts.
    pub student: Student,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl std::ops::Deref for StudentRow {
    type Target = Student;

    fn deref(&self) -> &Student {
        &self.student
    }
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = students, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Columns {
    id: StudentId,
    campus_id: CampusId,
    external_ref: String,
    name: String,
    email: String,
    majors: Json<Vec<String>>,
    year: Option<String>,
    cohorts: Json<Vec<String>>,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&StudentRow> for Columns {
    fn from(row: &StudentRow) -> Self {
        Self {
            id: row.id,
            campus_id: row.campus_id,
            external_ref: row.external_ref.clone(),
            name: row.name.clone(),
            email: row.email.as_str().to_owned(),
            majors: Json(row.majors.clone()),
            year: row.year.clone(),
            cohorts: Json(row.groups.clone()),
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Columns {
    pub(super) fn read(self) -> Result<StudentRow, StoreError> {
        let student = Student {
            email: email_in("students.email", &self.email)?,
            external_ref: self.external_ref,
            name: self.name,
            majors: self.majors.0,
            year: self.year,
            groups: self.cohorts.0,
        };
        Ok(StudentRow {
            id: self.id,
            campus_id: self.campus_id,
            student,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The students of a campus with these ids, in order of their ids. The ids are asked for in portions that both databases
/// take in one statement.
pub fn list_by_ids(conn: &mut Conn, campus: CampusId, ids: &[StudentId]) -> Result<Vec<StudentRow>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for portion in ids.chunks(1_000) {
        let query = students::table
            .filter(students::campus_id.eq(campus))
            .filter(students::id.eq_any(portion.to_vec()))
            .select(Columns::as_select());
        for columns in query.load::<Columns>(conn)? {
            found.push(columns.read()?);
        }
    }
    found.sort_by_key(|row| row.id);
    Ok(found)
}

/// The student of this id.
pub fn find(conn: &mut Conn, id: StudentId) -> Result<Option<StudentRow>, StoreError> {
    let found: Option<Columns> = students::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    found.map(Columns::read).transpose()
}

/// The student whom a campus calls so.
pub fn find_by_ref(conn: &mut Conn, campus: CampusId, external_ref: &str) -> Result<Option<StudentRow>, StoreError> {
    let found = students::table.filter(students::campus_id.eq(campus)).filter(students::external_ref.eq(external_ref));
    let columns: Option<Columns> = found.select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// The student of a campus with this e-mail address; of several, whom it has known longest.
pub fn find_by_email(conn: &mut Conn, campus: CampusId, email: &str) -> Result<Option<StudentRow>, StoreError> {
    let found = students::table.filter(students::campus_id.eq(campus)).filter(students::email.eq(email));
    let columns = found.order(students::id).select(Columns::as_select()).first::<Columns>(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// Keeps a new student, whom the campus did not know before.
pub fn insert(conn: &mut Conn, row: &StudentRow) -> Result<(), StoreError> {
    diesel::insert_into(students::table).values(Columns::from(row)).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps new students, whom the campus did not know before.
pub fn insert_many(conn: &mut Conn, rows: &[StudentRow]) -> Result<(), StoreError> {
    for rows in rows.chunks(AT_ONCE) {
        let columns: Vec<Columns> = rows.iter().map(Columns::from).collect();
        natively!(conn, conn => diesel::insert_into(students::table).values(&columns).execute(conn))
            .map_err(lost_race)?;
    }
    Ok(())
}

/// The students whom a campus calls so, as far as it knows them.
pub fn list_by_refs(conn: &mut Conn, campus: CampusId, refs: &[String]) -> Result<Vec<StudentRow>, StoreError> {
    let found = students::table.filter(students::campus_id.eq(campus)).filter(students::external_ref.eq_any(refs));
    found.select(Columns::as_select()).load(conn)?.into_iter().map(Columns::read).collect()
}

/// Keeps a changed student.
pub fn update(conn: &mut Conn, row: &StudentRow) -> Result<(), StoreError> {
    diesel::update(students::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The students of a campus, oldest first, after the given one.
pub fn list(
    conn: &mut Conn,
    campus: CampusId,
    external_ref: Option<&str>,
    after: Option<StudentId>,
    limit: i64,
) -> Result<Vec<StudentRow>, StoreError> {
    let mut query = students::table
        .filter(students::campus_id.eq(campus))
        .order(students::id)
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(external_ref) = external_ref {
        query = query.filter(students::external_ref.eq(external_ref.to_owned()));
    }
    if let Some(after) = after {
        query = query.filter(students::id.gt(after));
    }
    query.load::<Columns>(conn)?.into_iter().map(Columns::read).collect()
}
