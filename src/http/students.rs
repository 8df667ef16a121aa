//! Students, in JSON.

use serde::{Deserialize, Serialize};

use super::body::At;
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use crate::domain::ids::{CampusId, StudentId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::Student;
use crate::domain::scheduling::policy::consequences::Restriction;
use crate::domain::scheduling::policy::explain;
use crate::domain::scheduling::policy::standing::{Ends, InForce};
use crate::service::standings::{self, Done, StudentStanding, Under};
use crate::service::students::{self, StudentRow};

route_table! {
    "/v1/campuses/{campus_id}/students" => { get list }
    "/v1/students/{student_id}/standing" => { get standing }
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

/// Something that a student did, out.
#[derive(Debug, Serialize)]
struct OffenceView {
    booking_id: String,
    policy_id: String,
    rule: String,
    kind: &'static str,
    title: String,
    starts_at: String,
    at: String,
    handed_in_at: Option<String>,
}

impl From<&Done> for OffenceView {
    fn from(done: &Done) -> Self {
        Self {
            booking_id: done.booked.row.id.to_string(),
            policy_id: done.policy.to_string(),
            rule: done.offence.rule.clone(),
            kind: done.offence.kind.as_str(),
            title: done.booked.about.title.clone(),
            starts_at: done.offence.start.to_string(),
            at: done.offence.at.to_string(),
            handed_in_at: done.offence.handed_in.map(|at| at.to_string()),
        }
    }
}

/// Something that follows, out.
#[derive(Debug, Serialize)]
struct InForceView {
    says: String,
    since: String,
    until: Option<String>,
    due: Option<String>,
    discretionary: bool,
    restriction: Option<&'static str>,
    booking_ids: Vec<String>,
}

/// Where a student stands under one rule, out.
#[derive(Debug, Serialize)]
struct RuleStandingView {
    policy_id: String,
    rule: String,
    count: u32,
    tier: Option<u8>,
    in_force: Vec<InForceView>,
    says: Vec<String>,
}

/// Where a student stands, out.
#[derive(Debug, Serialize)]
struct StandingView {
    student_id: String,
    external_ref: String,
    name: String,
    offences: Vec<OffenceView>,
    rules: Vec<RuleStandingView>,
}

impl From<&StudentStanding> for StandingView {
    fn from(standing: &StudentStanding) -> Self {
        let force = |force: &InForce| InForceView {
            says: explain::in_force(force, standing.zone),
            since: force.since.to_string(),
            until: match force.ends {
                Ends::At(end) => Some(end.to_string()),
                Ends::WhenHandedIn | Ends::Noted | Ends::Never | Ends::Undetermined => None,
            },
            due: force.due.map(|due| due.to_string()),
            discretionary: force.discretionary,
            restriction: force.restriction(standing.at).map(Restriction::as_str),
            booking_ids: force
                .offences
                .iter()
                .filter_map(|at| standing.places.get(*at))
                .map(ToString::to_string)
                .collect(),
        };
        let under = |under: &Under| RuleStandingView {
            policy_id: under.policy.to_string(),
            rule: under.standing.rule.clone(),
            count: under.standing.count,
            tier: under.standing.tier,
            in_force: under.standing.in_force.iter().map(force).collect(),
            says: under.says.clone(),
        };
        Self {
            student_id: standing.student.id.to_string(),
            external_ref: standing.student.external_ref.clone(),
            name: standing.student.name.clone(),
            offences: standing.done.iter().map(OffenceView::from).collect(),
            rules: standing.under.iter().map(under).collect(),
        }
    }
}

/// Where a student stands under the campus's policies.
async fn standing(ctx: Ctx, At(id): At<StudentId>) -> Answer {
    ctx.for_portals_too()
        .read(move |tx, actor| Ok(Reply::ok(&StandingView::from(&standings::find(tx, actor, id)?))))
        .await
}
