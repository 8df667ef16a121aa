//! Bookings, in JSON.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::problem::Problem;
use super::route_table;
use super::students::{StudentBody, StudentView};
use super::wire::skills::id;
use super::wire::times::WhenView;
use super::wire::{PageQuery, ReasonBody, word};
use crate::domain::ids::{BookingId, EventId, SlotId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::policy::cutoff::Channel;
use crate::domain::time::Instant;
use crate::service::app::{App, Tx};
use crate::service::bookings::{self, Booked, BookingFilter, Cancelling, Free, Mark, Wanted};
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::{judging, standings};

route_table! {
    "/v1/slots/{slot_id}/bookings" => { post create }
    "/v1/events/{event_id}/bookings" => { get list }
    "/v1/events/{event_id}/place-log" => { get list_log }
    "/v1/bookings/{booking_id}" => { get read }
    "/v1/bookings/{booking_id}/confirm" => { post confirm }
    "/v1/bookings/{booking_id}/cancel" => { post cancel }
    "/v1/bookings/{booking_id}/move" => { post relocate }
    "/v1/bookings/{booking_id}/check-in" => { post check_in }
    "/v1/bookings/{booking_id}/attended" => { post attended }
    "/v1/bookings/{booking_id}/no-show" => { post no_show }
    "/v1/bookings/{booking_id}/excuse" => { post excuse }
    "/v1/bookings/{booking_id}/policy" => { get explain }
    "/v1/bookings/{booking_id}/handed-in" => { post handed_in }
    "/v1/bookings/{booking_id}/undo" => { post undo }
}

/// Whom to book, and whether for good.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingBody {
    student: StudentBody,
    campus_id: Option<String>,
    #[serde(default = "alone")]
    party: i64,
    #[serde(default)]
    hold: bool,
    override_reason: Option<String>,
}

pub(super) const fn alone() -> i64 {
    1
}

impl BookingBody {
    /// Does something with what is asked.
    fn asks<T>(&self, does: impl FnOnce(Wanted<'_>) -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        does(Wanted {
            student: &|| self.student.read(),
            campus: self.campus_id.as_deref().map(|campus| id("campus_id", campus)).transpose()?,
            party: self.party,
            hold: self.hold,
            aside: self.override_reason.as_deref(),
        })
    }
}

/// Why a place is given back; may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    #[serde(default)]
    reason: String,
    channel: Option<String>,
    override_reason: Option<String>,
}

impl CancelBody {
    fn read(&self) -> Result<Cancelling, Invalid> {
        Ok(Cancelling {
            reason: self.reason.clone(),
            channel: self.channel.as_deref().map(|channel| word("channel", channel)).transpose()?,
            override_reason: self.override_reason.clone(),
        })
    }
}

/// Where to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveBody {
    slot_id: String,
    #[serde(default)]
    reason: String,
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
    slot_id: Option<String>,
    external_ref: Option<String>,
}

/// A booking, out.
#[derive(Debug, Serialize)]
pub(super) struct BookingView {
    id: String,
    campus_id: String,
    event_id: String,
    slot_id: String,
    student: StudentView,
    party: u32,
    state: &'static str,
    held_until: Option<String>,
    late: bool,
    state_reason: Option<String>,
    override_reason: Option<String>,
    policy_id: Option<String>,
    waitlist_entry_id: Option<String>,
    title: String,
    label: Option<String>,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    calendar_uid: String,
    calendar_sequence: i32,
    code: String,
    walk_in: bool,
    checked_in_at: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl BookingView {
    /// The booking as this site shows it now.
    pub(super) fn of(booked: &Booked, tx: &Tx<'_>) -> Self {
        let (row, facts, host) = (&booked.row, booked.about.facts(), &tx.app.site.host);
        let held = row.held_until.filter(|_| row.state == BookingState::Held);
        // A hold that has run out is over, whether the worker has come by or not.
        let over = held.is_some_and(|until| until <= tx.now);
        let (state, held) = if over { (BookingState::Cancelled, None) } else { (row.state, held) };
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            event_id: row.event_id.to_string(),
            slot_id: row.slot_id.to_string(),
            student: StudentView::from(&booked.student),
            party: row.places(),
            state: state.as_str(),
            held_until: held.map(|at| at.to_string()),
            late: row.late,
            state_reason: row.state_reason.clone(),
            override_reason: row.override_reason.clone(),
            policy_id: row.policy_id.map(|policy| policy.to_string()),
            waitlist_entry_id: row.waitlist_entry_id.map(|entry| entry.to_string()),
            title: facts.title,
            label: facts.label,
            place: facts.place,
            when: facts.when.into(),
            calendar_uid: format!("{}@{host}", row.id),
            calendar_sequence: row.calendar_sequence,
            code: row.code.to_string(),
            walk_in: row.walk_in,
            checked_in_at: row.checked_in_at.map(|at| at.to_string()),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// One line of what happened to places, out.
#[derive(Debug, Serialize)]
struct LineView {
    id: String,
    at: String,
    what: String,
    student_id: String,
    external_ref: String,
    slot_id: Option<String>,
    booking_id: Option<String>,
    entry_id: Option<String>,
    by: String,
    reason: String,
}

pub(super) fn shown(booked: &Booked, tx: &Tx<'_>) -> Reply {
    Reply::ok(&BookingView::of(booked, tx)).etag(booked.row.revision)
}

/// Free places, as a refusal names them.
pub(super) fn alternatives(free: &[Free]) -> Value {
    let each = |(slot, left): &Free| {
        json!({
            "slot_id": slot.id.to_string(),
            "label": slot.label,
            "starts_at": slot.when.window().start().to_string(),
            "free": left,
        })
    };
    free.iter().map(each).collect()
}

/// Books a place. Where that is not possible, the answer names others that are free.
async fn create(ctx: Ctx, At(slot): At<SlotId>, Body { value, digest }: Body<BookingBody>) -> Answer {
    let (app, value) = (ctx.app.clone(), Arc::new(value));
    let mut answer = book(ctx.clone().for_portals_too(), slot, value.clone(), digest.clone()).await;
    // What is free and promised is so only until those who wait were asked; they may leave something for this student.
    if matches!(&answer, Err(problem) if is_promised(problem)) && bookings::ask_first(&app, slot).await? > 0 {
        answer = book(ctx.for_portals_too(), slot, value, digest).await;
    }
    match answer {
        Err(problem) if matches!(problem.code, Code::SlotFull | Code::SlotUnstaffed) => {
            Err(with_alternatives(&app, slot, problem).await)
        }
        answer => answer,
    }
}

/// Whether a place was refused that is free, because others come first.
fn is_promised(problem: &Problem) -> bool {
    let some = |what: &str| problem.extra.get(what).and_then(Value::as_u64).is_some_and(|count| count > 0);
    problem.code == Code::SlotFull && some("free") && some("waiting")
}

async fn book(ctx: Ctx, slot: SlotId, value: Arc<BookingBody>, digest: String) -> Answer {
    let app = ctx.app.clone();
    let mut turn = None;
    if app.takes_turns() {
        let wanted = value.clone();
        let event =
            ctx.peek(&digest, move |tx, actor| wanted.asks(|wanted| bookings::look(tx, actor, slot, wanted))).await?;
        match event {
            ControlFlow::Continue(event) => turn = app.turn(event.uuid()).await,
            ControlFlow::Break(answered) => return Ok(answered),
        }
    }
    let answer = ctx.act(digest, move |tx, actor| {
        let booked = value.asks(|wanted| bookings::create(tx, actor, slot, wanted))?;
        let view = BookingView::of(&booked, tx);
        Ok(Reply::created(&view, format!("/v1/bookings/{}", booked.row.id)).etag(booked.row.revision))
    });
    let answer = answer.await;
    drop(turn);
    answer
}

async fn with_alternatives(app: &App, slot: SlotId, mut problem: Problem) -> Problem {
    match bookings::alternatives(app, slot).await {
        Ok(free) => {
            problem.extra.insert("alternatives".to_owned(), alternatives(&free));
            problem
        }
        Err(fault) => {
            tracing::warn!(error = ?fault, "the alternatives could not be looked for");
            problem
        }
    }
}

/// The bookings of an event.
async fn list(ctx: Ctx<ListQuery>, At(event): At<EventId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let asked = BookingFilter {
        state: filter("state", ctx.query.state.as_deref())?,
        slot: filter("slot_id", ctx.query.slot_id.as_deref())?,
        external_ref: ctx.query.external_ref.clone(),
    };
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let rows = bookings::list(tx, actor, event, &asked, page.after(), page.fetch())?;
            let page = page.list(rows, |booked| booked.row.id.to_string());
            Ok(Reply::ok(&page.map(|booked| BookingView::of(&booked, tx))))
        })
        .await
}

/// A booking.
async fn read(ctx: Ctx, At(id): At<BookingId>) -> Answer {
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let booked = bookings::find(tx, actor, id)?;
            Ok(shown(&booked, tx))
        })
        .await
}

/// A hold becomes a place.
async fn confirm(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let booked = bookings::confirm(tx, actor, id)?;
            Ok(shown(&booked, tx))
        })
        .await
}

/// Gives a place back.
async fn cancel(ctx: Ctx, At(id): At<BookingId>, Body { value, digest }: Body<CancelBody>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            bookings::find(tx, actor, id)?;
            let booked = bookings::cancel(tx, actor, id, &value.read()?)?;
            Ok(shown(&booked, tx))
        })
        .await
}

/// Moves a student to another slot.
async fn relocate(ctx: Ctx, At(booking): At<BookingId>, Body { value, digest }: Body<MoveBody>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            bookings::find(tx, actor, booking)?;
            let booked = bookings::relocate(tx, actor, booking, id("slot_id", &value.slot_id)?, &value.reason)?;
            Ok(shown(&booked, tx))
        })
        .await
}

async fn mark(ctx: Ctx, id: BookingId, digest: String, mark: Mark) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let booked = bookings::mark(tx, actor, id, &mark)?;
        Ok(shown(&booked, tx))
    })
    .await
}

/// The student is there.
async fn check_in(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    mark(ctx, id, digest, Mark::CheckedIn).await
}

/// The student was there.
async fn attended(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    mark(ctx, id, digest, Mark::Attended).await
}

/// The student did not come.
async fn no_show(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    mark(ctx, id, digest, Mark::NoShow).await
}

/// The student had a reason that counts.
async fn excuse(ctx: Ctx, At(id): At<BookingId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    mark(ctx, id, digest, Mark::Excused(value.reason)).await
}

/// What cancelling comes to, out.
#[derive(Debug, Serialize)]
struct ExplainedView {
    booking_id: String,
    policy_id: Option<String>,
    version: Option<i32>,
    rule: Option<String>,
    now: &'static str,
    ways: Vec<WayView>,
    says: Vec<String>,
}

#[derive(Debug, Serialize)]
struct WayView {
    channel: &'static str,
    until: String,
}

/// Until when the place may be given back, and why.
async fn explain(ctx: Ctx, At(id): At<BookingId>) -> Answer {
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let found = judging::explain(tx, actor, id)?;
            let way =
                |(channel, until): &(Channel, Instant)| WayView { channel: channel.as_str(), until: until.to_string() };
            Ok(Reply::ok(&ExplainedView {
                booking_id: id.to_string(),
                policy_id: found.policy.map(|(policy, _)| policy.to_string()),
                version: found.policy.map(|(_, version)| version),
                rule: found.rule,
                now: found.now,
                ways: found.ways.iter().map(way).collect(),
                says: found.says,
            }))
        })
        .await
}

/// Notes that what was asked for came in.
async fn handed_in(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(shown(&standings::hand_in(tx, actor, id)?, tx))).await
}

/// Takes the last mark back.
async fn undo(ctx: Ctx, At(id): At<BookingId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let booked = bookings::undo(tx, actor, id)?;
        Ok(shown(&booked, tx))
    })
    .await
}

/// What happened to the places of an event.
async fn list_log(ctx: Ctx<PageQuery>, At(event): At<EventId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = bookings::log(tx, actor, event, page.after(), page.fetch())?;
        let page = page.list(rows, |(line, _)| line.id.to_string());
        Ok(Reply::ok(&page.map(|(line, external_ref)| LineView {
            id: line.id.to_string(),
            at: line.at.to_string(),
            what: line.what,
            student_id: line.student_id.to_string(),
            external_ref,
            slot_id: line.slot_id.map(|slot| slot.to_string()),
            booking_id: line.booking_id.map(|booking| booking.to_string()),
            entry_id: line.entry_id.map(|entry| entry.to_string()),
            by: line.by_whom,
            reason: line.reason,
        })))
    })
    .await
}
