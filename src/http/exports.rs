//! Lists as files for spreadsheets. What a file says can be sent back to the import of the same noun, which then finds
//! nothing to change.
//!
//! Times stand as the clocks show them, with their zone, and as instants beside. Absent on purpose: filters; a spreadsheet
//! has its own.

use actix_web::HttpResponse;
use actix_web::http::header;

use super::body::{At, digest};
use super::ctx::{Answer, Ctx};
use super::route_table;
use super::sheet::cells::{Written, joined};
use super::wire::times::{fold_of, said};
use crate::domain::ids::{CampusId, EventId};
use crate::domain::scheduling::booking::BookingState;
use crate::domain::time::Instant;
use crate::service::exports;

route_table! {
    "/v1/campuses/{campus_id}/students.csv" => { get students }
    "/v1/events/{event_id}/slots.csv" => { get slots }
    "/v1/events/{event_id}/bookings.csv" => { get bookings }
}

/// A name for a file that is safe in a header and on any disk: `slots-mock-interviews-2027-01-11.csv`.
pub(super) fn file_name(noun: &str, of: &str, now: Instant) -> String {
    let plain = of.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words: Vec<String> =
        plain.collect::<String>().split('-').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
    let words: String = words.join("-").chars().take(60).collect();
    let between = if words.is_empty() { "" } else { "-" };
    format!("{noun}{between}{words}-{}.csv", now.utc().format("%Y-%m-%d"))
}

/// The table as an answer.
pub(super) fn answer(table: Written, name: &str) -> HttpResponse {
    let octets = table.finish();
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::ETAG, format!("\"{}\"", digest(&octets))))
        .body(octets)
}

/// The students of a campus.
async fn students(ctx: Ctx, At(campus): At<CampusId>) -> Answer {
    let ctx = ctx.for_portals_too();
    let (slug, rows) = exports::students(&ctx.app, &ctx.caller()?, campus).await?;
    let mut table =
        Written::new(&["id", "external_ref", "name", "email", "majors", "year", "groups", "created_at", "updated_at"]);
    for row in rows {
        table.line([
            row.id.to_string(),
            row.external_ref.clone(),
            row.name.clone(),
            row.email.as_str().to_owned(),
            joined(&row.majors),
            row.year.clone().unwrap_or_default(),
            joined(&row.groups),
            row.created_at.to_string(),
            row.updated_at.to_string(),
        ]);
    }
    Ok(answer(table, &file_name("students", &slug, ctx.app.clock.now())))
}

/// The slots of an event.
async fn slots(ctx: Ctx, At(event): At<EventId>) -> Answer {
    let ctx = ctx.for_portals_too();
    let (title, rows) = exports::slots(&ctx.app, &ctx.caller()?, event).await?;
    let mut table = Written::new(&[
        "id",
        "label",
        "place",
        "part",
        "starts_local",
        "ends_local",
        "time_zone",
        "fold",
        "starts_at",
        "ends_at",
        "state",
        "capacity",
        "seats",
        "taken",
        "free",
    ]);
    for slot in rows {
        let (row, when) = (&slot.row, slot.row.when);
        table.line([
            row.id.to_string(),
            row.label.clone().unwrap_or_default(),
            row.place.clone().unwrap_or_default(),
            row.part.clone().unwrap_or_default(),
            said(when.starts()),
            said(when.ends()),
            when.zone().name().to_owned(),
            fold_of(when).unwrap_or_default().to_owned(),
            when.window().start().to_string(),
            when.window().end().to_string(),
            row.state.as_str().to_owned(),
            row.capacity.to_string(),
            row.seating.seats.to_string(),
            slot.taken.to_string(),
            u32::from(row.capacity).saturating_sub(slot.taken).to_string(),
        ]);
    }
    Ok(answer(table, &file_name("slots", &title, ctx.app.clock.now())))
}

/// The bookings of an event.
async fn bookings(ctx: Ctx, At(event): At<EventId>) -> Answer {
    let ctx = ctx.for_portals_too();
    let (title, rows) = exports::bookings(&ctx.app, &ctx.caller()?, event).await?;
    let now = ctx.app.clock.now();
    let mut table = Written::new(&[
        "id",
        "external_ref",
        "name",
        "email",
        "majors",
        "year",
        "groups",
        "party",
        "slot_id",
        "slot_label",
        "place",
        "starts_local",
        "ends_local",
        "time_zone",
        "starts_at",
        "ends_at",
        "state",
        "held_until",
        "late",
        "code",
        "walk_in",
        "checked_in_at",
        "created_at",
        "updated_at",
    ]);
    for booked in rows {
        let (row, student, slot) = (&booked.row, &booked.student, &booked.about.slot);
        let facts = booked.about.facts();
        let held = row.held_until.filter(|_| row.state == BookingState::Held);
        // A hold that has run out is over, whether the worker has come by or not.
        let over = held.is_some_and(|until| until <= now);
        let (state, held) = if over { (BookingState::Cancelled, None) } else { (row.state, held) };
        table.line([
            row.id.to_string(),
            student.external_ref.clone(),
            student.name.clone(),
            student.email.as_str().to_owned(),
            joined(&student.majors),
            student.year.clone().unwrap_or_default(),
            joined(&student.groups),
            row.places().to_string(),
            row.slot_id.to_string(),
            slot.label.clone().unwrap_or_default(),
            facts.place.unwrap_or_default(),
            said(slot.when.starts()),
            said(slot.when.ends()),
            slot.when.zone().name().to_owned(),
            slot.when.window().start().to_string(),
            slot.when.window().end().to_string(),
            state.as_str().to_owned(),
            held.map(|until| until.to_string()).unwrap_or_default(),
            if row.late { "yes" } else { "no" }.to_owned(),
            row.code.to_string(),
            if row.walk_in { "yes" } else { "no" }.to_owned(),
            row.checked_in_at.map(|at| at.to_string()).unwrap_or_default(),
            row.created_at.to_string(),
            row.updated_at.to_string(),
        ]);
    }
    Ok(answer(table, &file_name("bookings", &title, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_holds_nothing_that_a_header_or_a_disk_minds() {
        let at = Instant::from_unix(1_799_679_600);
        let check = |of: &str, expect: &str| assert_eq!(file_name("slots", of, at), expect, "{of:?}");
        check("Mock interviews", "slots-mock-interviews-2027-01-11.csv");
        check("../../etc/passwd\"; x=\"\r\nSet-Cookie: a", "slots-etc-passwd-x-set-cookie-a-2027-01-11.csv");
        check("模擬面接", "slots-2027-01-11.csv");
        assert!(file_name("slots", &"a".repeat(300), at).len() < 100);
    }
}
