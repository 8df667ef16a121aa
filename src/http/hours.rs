//! The volunteers' day and the hours that come of it, in JSON and for spreadsheets; and the letter of hours as a page.

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::assignments::{AssignmentView, turn};
use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::exports::{answer, file_name};
use super::meta::html;
use super::page::filter;
use super::pages::hours_letter::{self, hours_letter};
use super::pages::{self, MessagePage};
use super::problem::Problem;
use super::route_table;
use super::sheet::cells::Written;
use super::wire::present;
use super::wire::skills::id;
use super::wire::times::{date, instant};
use crate::auth::hours::SignedHours;
use crate::domain::ids::{AssignmentId, CampusId, VolunteerId};
use crate::domain::refusal::Invalid;
use crate::domain::time::Instant;
use crate::service::assignments::Assigned;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::exports;
use crate::service::hours::{self, Adjustment, Asked, Entry};

route_table! {
    "/v1/assignments/{assignment_id}/check-in" => { post check_in }
    "/v1/assignments/{assignment_id}/check-out" => { post check_out }
    "/v1/assignments/{assignment_id}/no-show" => { post no_show }
    "/v1/assignments/{assignment_id}/undo" => { post undo }
    "/v1/volunteers/{volunteer_id}/hours-entries" => { get list_own }
    "/v1/volunteers/{volunteer_id}/hours-letters" => { post sign }
    "/v1/campuses/{campus_id}/hours-entries" => { get list_of_campus, post adjust }
    "/v1/campuses/{campus_id}/hours.csv" => { get sheet }
    "/hours/{token}" => { get letter }
}

/// When it was, where it was not just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkBody {
    #[serde(default, deserialize_with = "present")]
    at: Option<String>,
}

impl MarkBody {
    fn read(&self) -> Result<Option<Instant>, Invalid> {
        self.at.as_deref().map(|at| instant("at", at)).transpose()
    }
}

/// The filters of the lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    campus_id: Option<String>,
    volunteer_id: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

fn day(name: &str, value: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    value
        .map(|text| date(name, text))
        .transpose()
        .map_err(|fault| Problem::new(Code::InvalidParameter, format!("{name} cannot be read: {}.", fault.detail)))
}

impl ListQuery {
    fn read(&self) -> Result<Asked, Problem> {
        Ok(Asked {
            campus: filter("campus_id", self.campus_id.as_deref())?,
            volunteer: filter("volunteer_id", self.volunteer_id.as_deref())?,
            from: day("from", self.from.as_deref())?,
            until: day("until", self.until.as_deref())?,
        })
    }
}

/// What the office writes into the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentBody {
    volunteer_id: String,
    title: String,
    #[serde(default, deserialize_with = "present")]
    role: Option<String>,
    worked_on: String,
    minutes: i64,
    reason: String,
}

impl AdjustmentBody {
    fn read(&self) -> Result<Adjustment, Vec<Invalid>> {
        match (id("volunteer_id", &self.volunteer_id), date("worked_on", &self.worked_on)) {
            (Ok(volunteer), Ok(worked_on)) => Ok(Adjustment {
                volunteer,
                worked_on,
                title: self.title.clone(),
                role: self.role.clone(),
                minutes: self.minutes,
                reason: self.reason.clone(),
            }),
            (volunteer, worked_on) => Err([volunteer.err(), worked_on.err()].into_iter().flatten().collect()),
        }
    }
}

/// For whom and for which days a letter is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterBody {
    campus_id: String,
    #[serde(default, deserialize_with = "present")]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    until: Option<String>,
}

impl LetterBody {
    fn read(&self) -> Result<(CampusId, Option<NaiveDate>, Option<NaiveDate>), Vec<Invalid>> {
        let campus = id("campus_id", &self.campus_id);
        let from = self.from.as_deref().map(|from| date("from", from)).transpose();
        let until = self.until.as_deref().map(|until| date("until", until)).transpose();
        match (campus, from, until) {
            (Ok(campus), Ok(from), Ok(until)) => Ok((campus, from, until)),
            (campus, from, until) => Err([campus.err(), from.err(), until.err()].into_iter().flatten().collect()),
        }
    }
}

/// A line of the ledger, out.
#[derive(Debug, Serialize)]
struct HoursEntryView {
    id: String,
    campus_id: String,
    volunteer_id: String,
    display_name: String,
    assignment_id: Option<String>,
    reverses_id: Option<String>,
    kind: &'static str,
    title: String,
    role: Option<String>,
    worked_on: String,
    from: Option<String>,
    until: Option<String>,
    minutes: i64,
    reason: Option<String>,
    created_at: String,
}

impl From<Entry> for HoursEntryView {
    fn from((row, display_name): Entry) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            volunteer_id: row.volunteer_id.to_string(),
            display_name,
            assignment_id: row.assignment_id.map(|id| id.to_string()),
            reverses_id: row.reverses_id.map(|id| id.to_string()),
            kind: row.kind.as_str(),
            title: row.title,
            role: row.role,
            worked_on: row.worked_on,
            from: row.from_at.map(|at| at.to_string()),
            until: row.until_at.map(|at| at.to_string()),
            minutes: row.minutes,
            reason: row.reason,
            created_at: row.created_at.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct HoursLetterView {
    url: String,
    campus_id: String,
    volunteer_id: String,
    from: String,
    until: String,
    minutes: i64,
    signed_at: String,
}

impl HoursLetterView {
    fn new(signed: &SignedHours, url: String) -> Self {
        Self {
            url,
            campus_id: signed.campus.to_string(),
            volunteer_id: signed.volunteer.to_string(),
            from: signed.from.to_string(),
            until: signed.until.to_string(),
            minutes: signed.minutes,
            signed_at: signed.at.to_string(),
        }
    }
}

fn shown(assigned: &Assigned, tx: &crate::service::app::Tx<'_>) -> Reply {
    Reply::ok(&AssignmentView::new(assigned, tx.app)).etag(assigned.row.revision)
}

/// The volunteer is there.
async fn check_in(ctx: Ctx, At(id): At<AssignmentId>, Body { value, digest }: Body<MarkBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let at = value.read()?;
        Ok(shown(&hours::check_in(tx, actor, id, at)?, tx))
    })
    .await
}

/// The volunteer has gone.
async fn check_out(ctx: Ctx, At(id): At<AssignmentId>, Body { value, digest }: Body<MarkBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let at = value.read()?;
        Ok(shown(&hours::check_out(tx, actor, id, at)?, tx))
    })
    .await
}

/// The volunteer did not come.
async fn no_show(ctx: Ctx, At(id): At<AssignmentId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let app = ctx.app.clone();
    let _turn = turn(&app, id).await?;
    ctx.act(digest, move |tx, actor| Ok(shown(&hours::no_show(tx, actor, id)?, tx))).await
}

/// Takes the last mark back.
async fn undo(ctx: Ctx, At(id): At<AssignmentId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let app = ctx.app.clone();
    let _turn = turn(&app, id).await?;
    ctx.act(digest, move |tx, actor| Ok(shown(&hours::undo(tx, actor, id)?, tx))).await
}

/// The lines of a volunteer.
async fn list_own(ctx: Ctx<ListQuery>, At(volunteer): At<VolunteerId>) -> Answer {
    refuse("volunteer_id", ctx.query.volunteer_id.as_deref())?;
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let asked = ctx.query.read()?;
    ctx.read(move |tx, actor| {
        let rows = hours::list_own(tx, actor, volunteer, asked, page.after(), page.fetch())?;
        Ok(Reply::ok(&page.list(rows, |(row, _)| row.id.to_string()).map(HoursEntryView::from)))
    })
    .await
}

/// The lines of a campus.
async fn list_of_campus(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    refuse("campus_id", ctx.query.campus_id.as_deref())?;
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let asked = ctx.query.read()?;
    ctx.read(move |tx, actor| {
        let rows = hours::list_of_campus(tx, actor, campus, asked, page.after(), page.fetch())?;
        Ok(Reply::ok(&page.list(rows, |(row, _)| row.id.to_string()).map(HoursEntryView::from)))
    })
    .await
}

/// Whose list it is stands in its address.
fn refuse(name: &str, value: Option<&str>) -> Result<(), Problem> {
    match value {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::UnknownParameter, format!("This list takes no parameter {name}."))),
    }
}

/// The office writes a line.
async fn adjust(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<AdjustmentBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let entry = hours::adjust(tx, actor, campus, &value.read()?)?;
        Ok(Reply::made(&HoursEntryView::from(entry)))
    })
    .await
}

/// The lines of a campus, for a spreadsheet.
async fn sheet(ctx: Ctx, At(campus): At<CampusId>) -> Answer {
    let (slug, rows) = exports::hours(&ctx.app, &ctx.caller()?, campus).await?;
    let mut table = Written::new(&[
        "id",
        "volunteer_id",
        "name",
        "worked_on",
        "title",
        "role",
        "kind",
        "minutes",
        "from",
        "until",
        "reason",
        "assignment_id",
        "reverses_id",
        "created_at",
    ]);
    for (row, name) in rows {
        let said = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
        table.line([
            row.id.to_string(),
            row.volunteer_id.to_string(),
            name,
            row.worked_on.clone(),
            row.title.clone(),
            row.role.clone().unwrap_or_default(),
            row.kind.as_str().to_owned(),
            row.minutes.to_string(),
            said(row.from_at),
            said(row.until_at),
            row.reason.clone().unwrap_or_default(),
            row.assignment_id.map(|id| id.to_string()).unwrap_or_default(),
            row.reverses_id.map(|id| id.to_string()).unwrap_or_default(),
            row.created_at.to_string(),
        ]);
    }
    Ok(answer(table, &file_name("hours", &slug, ctx.app.clock.now())))
}

/// Signs a letter. Nothing is kept, so there is nothing to repeat.
async fn sign(ctx: Ctx, At(volunteer): At<VolunteerId>, Body { value, .. }: Body<LetterBody>) -> Answer {
    ctx.read(move |tx, actor| {
        let (campus, from, until) = value.read()?;
        let signed = hours::sign(tx, actor, volunteer, campus, from, until)?;
        let url = format!("{}/hours/{}", tx.app.site.base_url, tx.app.links.seal_hours(&signed));
        Ok(Reply::made(&HoursLetterView::new(&signed, url)))
    })
    .await
}

/// The letter, for whoever has its link.
async fn letter(ctx: Ctx, At(token): At<String>) -> Answer {
    let found = match ctx.app.links.open_hours(&token) {
        Some(signed) => match ctx.app.read(move |tx| hours::letter(tx, signed)).await {
            Ok(letter) => Some(letter),
            Err(ServiceError::NotFound) => None,
            Err(fault) => return Err(fault.into()),
        },
        None => None,
    };
    Ok(found.map_or_else(unknown, |letter| {
        let address = format!("{}/hours/{token}", ctx.app.site.base_url);
        let mut answer = html(hours_letter(&letter, &address), 200);
        if let Ok(policy) = header::HeaderValue::from_str(hours_letter::policy()) {
            answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }))
}

fn unknown() -> HttpResponse {
    let page = MessagePage {
        title: "No letter was signed with this address",
        paragraphs: &[
            "Please compare the address with the one on the letter, sign by sign.",
            "If they are the same, the letter was not made here, or was changed.",
        ],
        link: None,
    };
    html(pages::message(&page), 404)
}
