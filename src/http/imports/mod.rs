//! Rosters, in CSV and JSON: students, slots, and students in slots, many lines at a time and answered line by line.
//!
//! Absent on purpose: one transaction over a whole file. Lines are done in groups, so an import that breaks off has done
//! its first lines; the same file sent again finishes it, since what is so already is left alone. Under an
//! Idempotency-Key the report of a finished import is kept and given again.

mod file;
mod lines;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::file::File;
use self::lines::{PlaceLine, Read, SlotLine, StudentLine};
use super::body::At;
use super::ctx::{Answer, Ctx, Reply};
use super::problem::Problem;
use super::route_table;
use crate::domain::ids::{CampusId, EventId};
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::service::imports::bookings::{self, PlaceFacts};
use crate::service::imports::slots::{self, SlotFacts};
use crate::service::imports::students::{self, StudentFacts};
use crate::service::imports::{Broken, Done, Outcome, Why, refuse_repeats, run};
use crate::service::places::Planned;

route_table! {
    "/v1/campuses/{campus_id}/students/import" => { post import_students }
    "/v1/events/{event_id}/slots/import" => { post import_slots }
    "/v1/events/{event_id}/bookings/import" => { post import_bookings }
}

/// Whether only to look.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
}

/// What became of a file, out.
#[derive(Debug, Serialize)]
struct ReportView {
    dry_run: bool,
    counts: Counts,
    lines: Vec<LineView>,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
}

#[derive(Debug, Serialize)]
struct LineView {
    line: u64,
    outcome: &'static str,
    id: Option<String>,
    problem: Option<WhyView>,
}

#[derive(Debug, Serialize)]
struct WhyView {
    code: &'static str,
    detail: String,
    errors: Vec<FieldView>,
}

#[derive(Debug, Serialize)]
struct FieldView {
    field: String,
    value: Value,
    code: &'static str,
    detail: String,
}

/// The most letters of a value that a report gives back.
const LONGEST_VALUE: usize = 200;

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_VALUE {
        return text.to_owned();
    }
    text.chars().take(LONGEST_VALUE - 1).chain(['…']).collect()
}

impl WhyView {
    fn of(why: Why, said: Option<&Value>) -> Self {
        let field = |fault: crate::domain::refusal::Invalid| {
            let value = said.and_then(|said| said.pointer(&format!("/{}", fault.field))).cloned();
            let value = match value.unwrap_or_default() {
                Value::String(text) => Value::String(cut(&text)),
                other => other,
            };
            FieldView { field: fault.field, value, code: fault.code, detail: cut(&fault.detail) }
        };
        Self {
            code: why.code,
            detail: why.detail.chars().take(1_000).collect(),
            errors: why.fields.into_iter().map(field).collect(),
        }
    }
}

impl ReportView {
    fn of<L: Serialize>(dry_run: bool, done: Vec<Done>, said: &[(u64, L)]) -> Self {
        let mut counts = Counts::default();
        let mut lines = Vec::with_capacity(done.len());
        for (place, one) in done.into_iter().enumerate() {
            let (outcome, count, id, why) = match one.outcome {
                Outcome::Created(id) => ("created", &mut counts.created, id, None),
                Outcome::Updated(id) => ("updated", &mut counts.updated, Some(id), None),
                Outcome::Unchanged(id) => ("unchanged", &mut counts.unchanged, Some(id), None),
                Outcome::Refused(why) => ("refused", &mut counts.refused, None, Some(why)),
            };
            *count += 1;
            let problem = why.map(|why| {
                let said = said.get(place).and_then(|(_, line)| serde_json::to_value(line).ok());
                WhyView::of(why, said.as_ref())
            });
            lines.push(LineView { line: one.number, outcome, id: id.map(|id| id.to_string()), problem });
        }
        Self { dry_run, counts, lines }
    }
}

/// What an import that broke off says: how far it came, and that the same file may be sent again.
fn broken(broken: Broken) -> Problem {
    let done = broken.done;
    let mut problem = Problem::from(broken.fault);
    if done > 0 {
        problem.detail = format!(
            "{} The first {done} lines were done before; send the same file again, and they are left alone.",
            problem.detail.replace("Nothing was changed.", "Of the rest nothing was changed.")
        );
        problem = problem.with("lines_done", done);
    }
    problem
}

/// What stays the same for the three: whether the caller may, what was answered before, the report and its keeping.
struct Import {
    ctx: Ctx<ImportQuery>,
    digest: String,
}

impl Import {
    /// The import of a file, once it is sure that the caller may; or what was answered to it before.
    async fn begin<T: Send + 'static>(
        ctx: Ctx<ImportQuery>,
        file: &File,
        may: impl Fn(&mut Tx<'_>, &Actor) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<ControlFlow<actix_web::HttpResponse, (Self, T)>, Problem> {
        // The same key with the other `dry_run` is another request.
        let digest = format!("{} {}", file.digest, ctx.query.dry_run);
        Ok(match ctx.peek(&digest, may).await? {
            ControlFlow::Continue(found) => ControlFlow::Continue((Self { ctx, digest }, found)),
            ControlFlow::Break(answered) => ControlFlow::Break(answered),
        })
    }

    /// Answers with the report, and keeps it under the caller's key.
    async fn end(self, report: ReportView) -> Answer {
        if report.dry_run {
            return Ok(Reply::many(&report).into_response(false));
        }
        self.ctx.keep_answer(self.digest, Reply::many(&report)).await
    }
}

/// Takes in a roster of students.
async fn import_students(ctx: Ctx<ImportQuery>, At(campus): At<CampusId>, file: File) -> Answer {
    let dry_run = ctx.query.dry_run;
    let may = move |tx: &mut Tx<'_>, actor: &Actor| students::may(tx, actor, campus);
    let (import, ()) = match Import::begin(ctx.for_portals_too(), &file, may).await? {
        ControlFlow::Continue(begun) => begun,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let said = file.lines::<StudentLine>().await?;
    let mut lines: Vec<_> = said.iter().map(|(number, line)| line.as_line(*number, &())).collect();
    refuse_repeats(&mut lines, "external_ref", |facts: &StudentFacts| {
        Some((facts.key().to_owned(), format!("the student {:?}", facts.key())))
    });
    let step = move |tx: &mut Tx<'_>, actor: &Actor, lines: &[_], (): &mut (), keep| {
        students::step(tx, actor, campus, lines, keep)
    };
    let caller = import.ctx.caller()?;
    let done = run(&import.ctx.app, &caller, lines, students::GROUP, dry_run, step).await.map_err(broken)?;
    import.end(ReportView::of(dry_run, done, &said)).await
}

/// Takes in a roster of slots.
async fn import_slots(ctx: Ctx<ImportQuery>, At(event): At<EventId>, file: File) -> Answer {
    let dry_run = ctx.query.dry_run;
    let may = move |tx: &mut Tx<'_>, actor: &Actor| slots::event(tx, actor, event);
    let (import, found) = match Import::begin(ctx, &file, may).await? {
        ControlFlow::Continue(begun) => begun,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let said = file.lines::<SlotLine>().await?;
    let mut lines: Vec<_> = said.iter().map(|(number, line)| line.as_line(*number, &found.when.zone())).collect();
    refuse_repeats(&mut lines, "id", |facts: &SlotFacts| facts.id.map(|id| (id, format!("the slot {id}"))));
    refuse_repeats(&mut lines, "starts_local", |facts: &SlotFacts| {
        let named = || (facts.key(found.place.as_deref()), "a slot with this start and this label or place".to_owned());
        facts.id.is_none().then(named)
    });
    let step = move |tx: &mut Tx<'_>, actor: &Actor, lines: &[_], (): &mut (), keep| {
        slots::step(tx, actor, event, lines, keep)
    };
    let caller = import.ctx.caller()?;
    let done = run(&import.ctx.app, &caller, lines, slots::GROUP, dry_run, step).await.map_err(broken)?;
    import.end(ReportView::of(dry_run, done, &said)).await
}

/// Takes in a roster of students in slots.
async fn import_bookings(ctx: Ctx<ImportQuery>, At(event): At<EventId>, file: File) -> Answer {
    let dry_run = ctx.query.dry_run;
    let may = move |tx: &mut Tx<'_>, actor: &Actor| bookings::event(tx, actor, event);
    let (import, found) = match Import::begin(ctx.for_portals_too(), &file, may).await? {
        ControlFlow::Continue(begun) => begun,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    let said = file.lines::<PlaceLine>().await?;
    let mut lines: Vec<_> = said.iter().map(|(number, line)| line.as_line(*number, &found.when.zone())).collect();
    refuse_repeats(&mut lines, "id", |facts: &PlaceFacts| facts.id.map(|id| (id, format!("the booking {id}"))));
    refuse_repeats(&mut lines, "external_ref", |facts: &PlaceFacts| {
        let name = facts.student.key().to_owned();
        let said = format!("the student {name:?} in this slot");
        facts.id.is_none().then(|| ((name, facts.slot.clone()), said))
    });
    let step = move |tx: &mut Tx<'_>, actor: &Actor, lines: &[_], planned: &mut Planned, keep| {
        bookings::step(tx, actor, event, lines, planned, keep)
    };
    let caller = import.ctx.caller()?;
    let done = run(&import.ctx.app, &caller, lines, bookings::GROUP, dry_run, step).await.map_err(broken)?;
    import.end(ReportView::of(dry_run, done, &said)).await
}
