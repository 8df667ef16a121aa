//! Series of events, in JSON.

mod asked;
mod shown;

use serde::{Deserialize, Serialize};

use self::asked::SeriesBody;
use self::shown::{SeriesBookingView, SeriesLineView, SeriesMoveView, SeriesPlanView, SeriesView};
use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::grids::moved;
use super::route_table;
use super::students::StudentBody;
use super::wire::times::{fold, window};
use super::wire::{PageQuery, present, skills, word};
use crate::domain::ids::{CampusId, EventSeriesId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::event_series::OnHoliday;
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::event_series::booking;
use crate::service::event_series::moving::{self, NewHours};
use crate::service::event_series::{self, Series, SeriesChange, SeriesPlace};
use crate::service::events::{self, EventRow};

route_table! {
    "/v1/campuses/{campus_id}/event-series" => { get list, post create }
    "/v1/event-series/{series_id}" => { get read, patch change }
    "/v1/event-series/{series_id}/publish" => { post publish }
    "/v1/event-series/{series_id}/reschedule" => { post put_off }
    "/v1/event-series/{series_id}/end" => { post end }
    "/v1/event-series/{series_id}/bookings" => { post book }
}

/// A series to be made, or to be looked at before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateSeriesBody {
    series: SeriesBody,
    #[serde(default)]
    dry_run: bool,
}

/// What should change about the words of a series; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesPatchBody {
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    description: Option<String>,
}

/// Other hours, another place or another presenter for a meeting and those after it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesMoveBody {
    from_event_id: String,
    starts_local: Option<String>,
    ends_local: Option<String>,
    time_zone: Option<String>,
    fold: Option<String>,
    #[serde(default, deserialize_with = "present")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    presenter: Option<Option<String>>,
    on_holiday: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

impl SeriesMoveBody {
    /// The change, on the clocks of the first of the meetings where the body names no zone.
    fn read(&self, first: &EventRow) -> Result<NewHours, Vec<Invalid>> {
        let zone = self.time_zone.as_deref().unwrap_or(first.when.zone().name());
        let missing = |field| {
            let detail = "starts_local and ends_local come together, or neither does";
            Err(vec![Invalid::new(field, "required", detail)])
        };
        let when = match (&self.starts_local, &self.ends_local) {
            (None, None) => None,
            (Some(_), None) => return missing("ends_local"),
            (None, Some(_)) => return missing("starts_local"),
            (Some(starts), Some(ends)) => Some(window(starts, ends, zone, self.fold.as_deref())?),
        };
        let on_holiday = word("on_holiday", self.on_holiday.as_deref().unwrap_or("refuse")).map_err(|w| vec![w])?;
        if on_holiday == OnHoliday::Skip {
            let detail = "there may be people in a meeting: none is skipped; move it or leave it where it is";
            return Err(vec![Invalid::new("on_holiday", "unknown_value", detail)]);
        }
        Ok(NewHours {
            when,
            fold: fold(self.fold.as_deref()).map_err(|wrong| vec![wrong])?,
            place: self.place.clone(),
            presenter: self.presenter.clone(),
            on_holiday,
            reason: self.reason.clone(),
        })
    }
}

/// Why a series is ended, and with which meeting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndBody {
    reason: String,
    from_event_id: Option<String>,
}

/// Whom to book in every meeting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesBookingBody {
    student: StudentBody,
    #[serde(default)]
    partial: bool,
}

fn ok(series: Series) -> Reply {
    let revision = series.row.revision;
    Reply::ok(&SeriesView::from(series)).etag(revision)
}

/// The series of a campus.
async fn list(ctx: Ctx<PageQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read_public(move |tx, actor| {
        let rows = event_series::list(tx, actor, campus, page.after(), page.fetch())?;
        let page = page.list(rows, |(row, _)| SeriesPlace { at: row.starts_at, id: row.id }.to_string());
        Ok(Reply::ok(&page.map(SeriesLineView::from)))
    })
    .await
}

/// Makes a series, or says what it would come to.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<CreateSeriesBody>) -> Answer {
    let dry_run = value.dry_run;
    let work = move |tx: &mut Tx<'_>, actor: &Actor| {
        let zone = events::usual_zone(tx, actor, campus)?;
        let new = value.series.read(zone).map_err(|faults| in_series(faults.into()))?;
        let planned = event_series::create(tx, actor, campus, &new, dry_run).map_err(in_series)?;
        if planned.done {
            let (id, revision) = (planned.series.row.id, planned.series.row.revision);
            let view = SeriesView::from(planned.series);
            return Ok(Reply::created(&view, format!("/v1/event-series/{id}")).etag(revision));
        }
        let blocked = planned.blocked.len();
        let view = SeriesPlanView::from(planned);
        if dry_run { Ok(Reply::ok(&view)) } else { Err(stopped(blocked, &view)) }
    };
    // What only looks does not keep the writer from its work.
    if dry_run { ctx.read(work).await } else { ctx.act(digest, work).await }
}

/// The same refusal, its fields within `series`.
fn in_series(fault: ServiceError) -> ServiceError {
    match fault {
        ServiceError::Invalid(faults) => {
            ServiceError::Invalid(faults.into_iter().map(|fault| fault.within("series")).collect())
        }
        other => other,
    }
}

fn stopped<V: Serialize>(blocked: usize, view: &V) -> ServiceError {
    let detail = format!("{blocked} dates have to be decided about; nothing was done.");
    let plan = serde_json::to_value(view).unwrap_or_default();
    ServiceError::refused(Code::SeriesBlocked, detail).with("plan", plan)
}

/// Shows a series.
async fn read(ctx: Ctx, At(id): At<EventSeriesId>) -> Answer {
    ctx.read_public(move |tx, actor| Ok(ok(event_series::find(tx, actor, id)?))).await
}

/// Changes the words of a series.
async fn change(ctx: Ctx, At(id): At<EventSeriesId>, Body { value, .. }: Body<SeriesPatchBody>) -> Answer {
    let seen = ctx.seen();
    let change = SeriesChange { title: value.title, description: value.description };
    ctx.write(move |tx, actor| Ok(ok(event_series::change(tx, actor, id, &seen, &change)?))).await
}

/// Shows the meetings of a series to everybody.
async fn publish(ctx: Ctx, At(id): At<EventSeriesId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(ok(event_series::publish(tx, actor, id)?))).await
}

/// Changes a meeting and those after it, or says what that would come to.
async fn put_off(ctx: Ctx, At(series): At<EventSeriesId>, Body { value, digest }: Body<SeriesMoveBody>) -> Answer {
    let (seen, dry_run) = (ctx.seen(), value.dry_run);
    let work = move |tx: &mut Tx<'_>, actor: &Actor| {
        event_series::managed(tx, actor, series)?;
        let from = skills::id("from_event_id", &value.from_event_id)?;
        let plan = moving::reschedule(tx, actor, series, from, &seen, (&|first| value.read(first), &moved), dry_run)?;
        let (revision, clear) = (plan.row.revision, plan.is_clear());
        let blocked = plan.blocked.len() + plan.meetings.iter().filter(|(_, plan)| !plan.stuck.is_empty()).count();
        let view = SeriesMoveView::from(plan);
        if clear || dry_run { Ok(Reply::ok(&view).etag(revision)) } else { Err(stopped(blocked, &view)) }
    };
    // What only looks does not keep the writer from its work.
    if dry_run { ctx.read(work).await } else { ctx.act(digest, work).await }
}

/// Calls off what is still to come.
async fn end(ctx: Ctx, At(series): At<EventSeriesId>, Body { value, digest }: Body<EndBody>) -> Answer {
    let seen = ctx.seen();
    ctx.act(digest, move |tx, actor| {
        event_series::managed(tx, actor, series)?;
        let from = value.from_event_id.as_deref().map(|id| skills::id("from_event_id", id)).transpose()?;
        Ok(ok(moving::end(tx, actor, series, &seen, from, &value.reason)?))
    })
    .await
}

/// Books a place in every meeting.
async fn book(ctx: Ctx, At(series): At<EventSeriesId>, Body { value, digest }: Body<SeriesBookingBody>) -> Answer {
    let app = ctx.app.clone();
    let turn = app.turn(series.uuid()).await;
    let answer = ctx.for_portals_too().act(digest, move |tx, actor| {
        let booked = booking::book(tx, actor, series, &|| value.student.read(), value.partial)?;
        Ok(Reply::made(&SeriesBookingView::of(booked, tx)))
    });
    let answer = answer.await;
    drop(turn);
    answer
}
