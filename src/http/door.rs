//! The door, for programs: check-in by code, in JSON.

use serde::Deserialize;

use super::body::{At, Body};
use super::bookings::shown;
use super::ctx::{Answer, Ctx};
use super::route_table;
use crate::auth::attempts::Attempt;
use crate::domain::ids::EventId;
use crate::service::door;
use crate::service::error::ServiceError;

route_table! {
    "/v1/events/{event_id}/check-ins" => { post check_in }
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
