//! Another time for an event, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::events::{EventView, ok};
use super::grids::moved;
use super::route_table;
use super::wire::times::{WhenView, fold, window};
use super::wire::{ReasonBody, present};
use crate::domain::ids::EventId;
use crate::domain::refusal::Invalid;
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::events::EventRow;
use crate::service::reschedule::{self, Conflict, MovedSlot, NewTime, Plan, Stuck, Told};

route_table! {
    "/v1/events/{event_id}/postpone" => { post postpone }
    "/v1/events/{event_id}/reschedule" => { post put_off }
}

/// The most entries of each list of a plan; the count says how many there are.
const MOST_SHOWN: usize = 200;

/// Another time for an event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RescheduleBody {
    starts_local: String,
    ends_local: String,
    time_zone: Option<String>,
    fold: Option<String>,
    #[serde(default, deserialize_with = "present")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    presenter: Option<Option<String>>,
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

impl RescheduleBody {
    /// The new time, on the clocks of the event where the body names no zone.
    fn read(&self, event: &EventRow) -> Result<NewTime, Vec<Invalid>> {
        let zone = self.time_zone.as_deref().unwrap_or(event.when.zone().name());
        let when = window(&self.starts_local, &self.ends_local, zone, self.fold.as_deref())?;
        let fold = fold(self.fold.as_deref()).map_err(|wrong| vec![wrong])?;
        let (place, presenter, reason) = (self.place.clone(), self.presenter.clone(), self.reason.clone());
        Ok(NewTime { when, fold, place, presenter, reason })
    }
}

/// A list of a plan, cut short.
#[derive(Debug, Serialize)]
pub(super) struct Shown<T> {
    count: usize,
    items: Vec<T>,
}

pub(super) fn cut<S, T>(items: Vec<S>, view: impl Fn(S) -> T) -> Shown<T> {
    Shown { count: items.len(), items: items.into_iter().take(MOST_SHOWN).map(view).collect() }
}

#[derive(Debug, Serialize)]
pub(super) struct MovedView {
    slot_id: String,
    label: Option<String>,
    was: WhenView,
    will_be: WhenView,
}

impl From<MovedSlot> for MovedView {
    fn from(moved: MovedSlot) -> Self {
        Self {
            slot_id: moved.row.id.to_string(),
            label: moved.row.label.clone(),
            was: moved.row.when.into(),
            will_be: moved.to.into(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct StuckView {
    slot_id: Option<String>,
    label: Option<String>,
    reason: &'static str,
    detail: String,
}

impl From<Stuck> for StuckView {
    fn from(stuck: Stuck) -> Self {
        Self {
            slot_id: stuck.slot.as_ref().map(|slot| slot.id.to_string()),
            label: stuck.slot.and_then(|slot| slot.label.clone()),
            reason: stuck.reason,
            detail: stuck.detail,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ToldView {
    kind: &'static str,
    id: String,
    name: String,
    deadline: Option<String>,
}

impl From<Told> for ToldView {
    fn from(told: Told) -> Self {
        let deadline = told.deadline.map(|at| at.to_string());
        Self { kind: told.kind, id: told.id.to_string(), name: told.name, deadline }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ConflictView {
    kind: &'static str,
    id: String,
    name: String,
    other_title: Option<String>,
    other_starts_at: String,
    other_ends_at: String,
    detail: String,
}

impl From<Conflict> for ConflictView {
    fn from(conflict: Conflict) -> Self {
        Self {
            kind: conflict.kind,
            id: conflict.id.to_string(),
            name: conflict.name,
            other_title: conflict.other,
            other_starts_at: conflict.window.start().to_string(),
            other_ends_at: conflict.window.end().to_string(),
            detail: conflict.detail,
        }
    }
}

/// What another time comes to, out.
#[derive(Debug, Serialize)]
pub(super) struct PlanView {
    done: bool,
    event: EventView,
    slots: Shown<MovedView>,
    unmovable: Shown<StuckView>,
    told: Shown<ToldView>,
    conflicts: Shown<ConflictView>,
}

impl PlanView {
    /// The plan as this site shows it.
    pub(super) fn of(plan: Plan, host: &str) -> Self {
        Self {
            done: plan.done,
            event: EventView::of(&plan.event, host),
            slots: cut(plan.slots, MovedView::from),
            unmovable: cut(plan.stuck, StuckView::from),
            told: cut(plan.told, ToldView::from),
            conflicts: cut(plan.conflicts, ConflictView::from),
        }
    }
}

/// Says that an event does not take place at its time.
async fn postpone(ctx: Ctx, At(id): At<EventId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(id.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        let row = reschedule::postpone(tx, actor, id, &value.reason)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

/// Puts an event to another time, or says what that would come to.
async fn put_off(ctx: Ctx, At(id): At<EventId>, Body { value, digest }: Body<RescheduleBody>) -> Answer {
    let (seen, dry_run) = (ctx.seen(), value.dry_run);
    let work = move |tx: &mut Tx<'_>, actor: &Actor| {
        let plan = reschedule::reschedule(tx, actor, id, &seen, &|event| value.read(event), &moved, dry_run)?;
        // Where nothing was done the event is still of the revision before.
        let revision = if plan.done { plan.event.revision } else { plan.event.revision - 1 };
        let stuck = plan.stuck.len();
        let view = PlanView::of(plan, &tx.app.site.host);
        if stuck > 0 && !dry_run {
            return Err(unmovable(stuck, &view));
        }
        Ok(Reply::ok(&view).etag(revision))
    };
    // What only looks does not keep the writer from its work.
    if dry_run {
        return ctx.read(work).await;
    }
    let app = ctx.app.clone();
    let _turn = app.turn(id.uuid()).await;
    ctx.act(digest, work).await
}

fn unmovable(stuck: usize, view: &PlanView) -> ServiceError {
    let detail = format!("{stuck} of the event's slots cannot be moved so; nothing was done.");
    let plan = serde_json::to_value(view).unwrap_or_default();
    ServiceError::refused(Code::SlotsUnmovable, detail).with("plan", plan)
}
