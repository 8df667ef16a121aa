//! Rotations, in JSON.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::grids::kept_grid;
use super::route_table;
use super::wire::rotation_asked::RotationBody;
use super::wire::rotations::{PlanView, RotationView};
use crate::domain::ids::{EventId, RotationId};
use crate::domain::refusal::Invalid;
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::service::rotations::{self, Kept, Planned};

route_table! {
    "/v1/events/{event_id}/rotations" => { post create }
    "/v1/rotations/{rotation_id}" => { get read }
    "/v1/rotations/{rotation_id}/apply" => { post apply }
}

/// What is asked, and whether to keep the answer.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    rotation: RotationBody,
    #[serde(default)]
    dry_run: bool,
}

fn planned(tx: &mut Tx<'_>, actor: &Actor, event: EventId, body: &RotationBody) -> Result<Planned, ServiceError> {
    // The rights first, so that strangers learn nothing of the body's faults.
    let grid = kept_grid(tx, actor, event)?;
    let zone = grid.sessions.first().map(|session| session.when.zone());
    let wanted = body.read(zone).map_err(in_rotation)?;
    rotations::plan(tx, actor, event, &grid.travel, &wanted).map_err(|fault| match fault {
        ServiceError::Invalid(faults) => in_rotation(faults),
        other => other,
    })
}

fn in_rotation(faults: Vec<Invalid>) -> ServiceError {
    ServiceError::Invalid(faults.into_iter().map(|fault| fault.within("rotation")).collect())
}

fn shown(kept: &Kept) -> RotationView {
    RotationView::from(kept)
}

/// Plans a rotation, and keeps it as a draft.
async fn create(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<CreateBody>) -> Answer {
    if value.dry_run {
        let work = move |tx: &mut Tx<'_>, actor: &Actor| {
            let made = planned(tx, actor, event, &value.rotation)?;
            Ok(Reply::ok(&PlanView::from(&made)))
        };
        return ctx.read(work).await;
    }
    // Planning takes a while and only reads: it does not keep the writer from its work.
    let value = Arc::new(value);
    let asked = value.clone();
    let plan = match ctx.peek(&digest, move |tx, actor| planned(tx, actor, event, &asked.rotation)).await? {
        ControlFlow::Continue(plan) => plan,
        ControlFlow::Break(answered) => return Ok(answered),
    };
    ctx.act(digest, move |tx, actor| {
        let asked = serde_json::to_value(&value.rotation).unwrap_or_default();
        let kept = rotations::keep(tx, actor, &plan, &asked)?;
        Ok(Reply::created(&shown(&kept), format!("/v1/rotations/{}", kept.row.id)).etag(kept.row.revision))
    })
    .await
}

/// A rotation.
async fn read(ctx: Ctx, At(id): At<RotationId>) -> Answer {
    ctx.read(move |tx, actor| {
        let kept = rotations::find(tx, actor, id)?;
        Ok(Reply::ok(&shown(&kept)).etag(kept.row.revision))
    })
    .await
}

/// Books all its places.
async fn apply(ctx: Ctx, At(id): At<RotationId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let app = ctx.app.clone();
    // The turn of its event, which is that of the event's bookings: they would undo each other otherwise.
    let event = app.read(move |tx| rotations::event_of_rotation(tx, id)).await?;
    let turn = app.turn(event.map_or(id.uuid(), EventId::uuid)).await;
    let answer = ctx.act(digest, move |tx, actor| {
        let kept = rotations::apply(tx, actor, id)?;
        Ok(Reply::ok(&shown(&kept)).etag(kept.row.revision))
    });
    let answer = answer.await;
    drop(turn);
    answer
}
