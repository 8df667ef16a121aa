//! Students, in JSON.

use serde::{Deserialize, Serialize};

use super::body::At;
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use crate::domain::ids::CampusId;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::Student;
use crate::service::students::{self, StudentRow};

route_table! {
    "/v1/campuses/{campus_id}/students" => { get list }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    external_ref: Option<String>,
}

/// A student, as whoever books for them knows them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentBody {
    external_ref: String,
    name: String,
    email: String,
    #[serde(default)]
    majors: Vec<String>,
    year: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
}

impl StudentBody {
    /// The student, in the domain's words.
    ///
    /// # Errors
    /// Every field that is wrong, within `student`.
    pub fn read(&self) -> Result<Student, Vec<Invalid>> {
        let year = self.year.as_deref();
        Student::new(&self.external_ref, &self.name, &self.email, &self.majors, year, &self.groups)
            .map_err(|faults| faults.into_iter().map(|fault| fault.within("student")).collect())
    }
}

/// A student, out.
#[derive(Debug, Serialize)]
pub struct StudentView {
    id: String,
    external_ref: String,
    name: String,
    email: String,
    majors: Vec<String>,
    year: Option<String>,
    groups: Vec<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&StudentRow> for StudentView {
    fn from(row: &StudentRow) -> Self {
        Self {
            id: row.id.to_string(),
            external_ref: row.external_ref.clone(),
            name: row.name.clone(),
            email: row.email.as_str().to_owned(),
            majors: row.majors.clone(),
            year: row.year.clone(),
            groups: row.groups.clone(),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// The students of a campus.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let external_ref = ctx.query.external_ref.clone();
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let rows = students::list(tx, actor, campus, external_ref.as_deref(), page.after(), page.fetch())?;
            let page = page.list(rows, |row| row.id.to_string());
            Ok(Reply::ok(&page.map(|row| StudentView::from(&row))))
        })
        .await
}
