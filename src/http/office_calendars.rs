//! When career offices work, in JSON.

use serde::Serialize;

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use crate::domain::ids::CampusId;
use crate::service::office_calendars::{self, OfficeCalendarDocument, Standing};

route_table! {
    "/v1/campuses/{campus_id}/office-calendar" => { get show, put set }
}

/// The calendar that stands, out.
#[derive(Debug, Serialize)]
struct OfficeCalendarView<'a> {
    campus_id: String,
    time_zone: &'static str,
    is_default: bool,
    calendar: &'a OfficeCalendarDocument,
    revision: i64,
    updated_at: Option<String>,
}

fn reply(standing: &Standing) -> Reply {
    let view = OfficeCalendarView {
        campus_id: standing.campus.to_string(),
        time_zone: standing.calendar.zone().name(),
        is_default: standing.set_at.is_none(),
        calendar: &standing.document,
        revision: standing.revision,
        updated_at: standing.set_at.map(|at| at.to_string()),
    };
    Reply::ok(&view).etag(standing.revision)
}

/// Reads the calendar.
async fn show(ctx: Ctx, At(campus): At<CampusId>) -> Answer {
    let reply = ctx.app.read(move |tx| Ok(reply(&office_calendars::find(tx, campus)?)));
    Ok(reply.await?.into_response(false))
}

/// Sets the calendar.
async fn set(ctx: Ctx, At(campus): At<CampusId>, Body { value, .. }: Body<OfficeCalendarDocument>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| Ok(reply(&office_calendars::set(tx, actor, campus, &seen, &value)?))).await
}
