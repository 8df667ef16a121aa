//! The door, for programs: check-in by code and walk-ins, in JSON.

use serde::Deserialize;

use super::body::{At, Body};
use super::bookings::{BookingView, shown};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::skills::id;
use crate::auth::attempts::Attempt;
use crate::domain::ids::EventId;
use crate::service::door;
use crate::service::error::ServiceError;
use crate::service::walk_ins::{self, Into, Walker};

route_table! {
    "/v1/events/{event_id}/check-ins" => { post check_in }
    "/v1/events/{event_id}/walk-ins" => { post let_in }
}

/// What was shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInBody {
    code: String,
}

/// Checks in whoever shows this code.
async fn check_in(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<CheckInBody>) -> Answer {
    ctx.app.attempts.count(Attempt::Code, ctx.peer).map_err(ServiceError::from)?;
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let booked = door::check_in(tx, actor, event, &value.code)?;
            Ok(shown(&booked, tx))
        })
        .await
}

/// Who came, as far as they said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkerBody {
    external_ref: Option<String>,
    name: Option<String>,
    email: Option<String>,
}

/// Who is let in, and where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkInBody {
    student: WalkerBody,
    slot_id: Option<String>,
    override_reason: Option<String>,
}

/// Lets somebody in who has no place.
async fn let_in(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<WalkInBody>) -> Answer {
    let WalkInBody { student: WalkerBody { external_ref, name, email }, slot_id, override_reason } = value;
    let walker = Walker { external_ref, name, email };
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let into = slot_id.as_deref().map_or(Ok(Into::Next), |slot| id("slot_id", slot).map(Into::Slot));
            let booked = walk_ins::let_in(tx, actor, event, &walker, into, override_reason.as_deref())?;
            let view = BookingView::of(&booked, tx);
            Ok(Reply::created(&view, format!("/v1/bookings/{}", booked.row.id)).etag(booked.row.revision))
        })
        .await
}
