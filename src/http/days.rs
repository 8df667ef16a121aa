//! The day of an event to look at: the picture of its schedule, the sheet for the door, and the link that opens both in a
//! browser, which sends no token.

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::body::{At, Body, digest};
use super::ctx::{Answer, Ctx, Reply};
use super::door_pages;
use super::meta::html;
use super::pages::day_sheet::{self, day_sheet};
use super::pages::schedule::{Manner, schedule};
use super::pages::{self, MessagePage};
use super::problem::Problem;
use super::route_table;
use super::wire::times::date;
use crate::auth::link::LinkFor;
use crate::domain::ids::EventId;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::day::Day;
use crate::domain::time::Instant;
use crate::service::code::Code;
use crate::service::days;
use crate::service::error::ServiceError;

route_table! {
    "/v1/events/{event_id}/schedule.svg" => { get picture }
    "/v1/events/{event_id}/day-sheet" => { get sheet }
    "/v1/events/{event_id}/day-links" => { post make_link }
    "/day/{token}" => { get sheet_by_link }
    "/day/{token}/schedule.svg" => { get picture_by_link }
}

/// Which day, and whether with names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureQuery {
    date: Option<String>,
    #[serde(default)]
    names: bool,
}

/// Which day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayQuery {
    date: Option<String>,
}

/// For how long a link opens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayLinkBody {
    #[serde(default = "two_hours")]
    minutes: u32,
}

const fn two_hours() -> u32 {
    120
}

#[derive(Debug, Serialize)]
struct DayLinkView {
    url: String,
    schedule_url: String,
    expires_at: String,
}

fn asked(text: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    text.map(|text| date("date", text))
        .transpose()
        .map_err(|invalid| Problem::new(Code::InvalidParameter, format!("date cannot be read: {}.", invalid.detail)))
}

/// The picture as an answer. What holds names is kept by nobody.
fn drawn(day: &Day, names: bool) -> Reply {
    let picture = schedule(day, Manner { names, alone: true });
    let validator = format!("\"{}\"", digest(picture.as_bytes()));
    Reply::media("image/svg+xml; charset=utf-8", picture.into())
        .header("Content-Security-Policy", pages::picture_policy())
        .header("Cache-Control", if names { "no-store" } else { "no-cache" })
        .header("ETag", validator)
}

/// The sheet as an answer, on a screen with the way to the door.
fn printed(day: &Day, door: Option<&str>) -> HttpResponse {
    let mut answer = html(day_sheet(day, door), 200);
    if let Ok(policy) = header::HeaderValue::from_str(day_sheet::policy()) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// The picture of the schedule: for anybody without names, for the office with them.
async fn picture(ctx: Ctx<PictureQuery>, At(event): At<EventId>) -> Answer {
    let (date, names) = (asked(ctx.query.date.as_deref())?, ctx.query.names);
    if names {
        return ctx.read(move |tx, actor| Ok(drawn(&days::of_office(tx, actor, event, date)?, true))).await;
    }
    ctx.read_public(move |tx, actor| Ok(drawn(&days::public(tx, actor, event, date)?, false))).await
}

/// The sheet, for programs, which send a token.
async fn sheet(ctx: Ctx<DayQuery>, At(event): At<EventId>) -> Answer {
    let date = asked(ctx.query.date.as_deref())?;
    let day = ctx.find(move |tx, actor| days::of_office(tx, actor, event, date)).await?;
    Ok(printed(&day, None))
}

/// Makes a link that opens the sheet in a browser. Nothing is kept, so there is nothing to repeat.
async fn make_link(ctx: Ctx, At(event): At<EventId>, Body { value, .. }: Body<DayLinkBody>) -> Answer {
    ctx.read(move |tx, actor| {
        days::may_see(tx, actor, event)?;
        if !(1..=720).contains(&value.minutes) {
            let detail = format!("it is {}, from 1 to 720 are taken", value.minutes);
            return Err(Invalid::new("minutes", "out_of_range", detail).into());
        }
        let until = tx.now.plus(chrono::TimeDelta::minutes(value.minutes.into()));
        let sealed = tx.app.links.seal_until(LinkFor::Day, event.uuid(), until);
        let url = format!("{}/day/{sealed}", tx.app.site.base_url);
        let view = DayLinkView { schedule_url: format!("{url}/schedule.svg"), url, expires_at: until.to_string() };
        Ok(Reply::made(&view))
    })
    .await
}

/// The day behind a link, of which event, and when the link ends.
async fn behind(ctx: &Ctx<DayQuery>, link: &str) -> Result<Option<(Day, EventId, Instant)>, Problem> {
    let date = asked(ctx.query.date.as_deref())?;
    let opened = ctx.app.links.open_with_end(LinkFor::Day, link, ctx.app.clock.now());
    let Some((event, until)) = opened.map(|(id, until)| (EventId::from_uuid(id), until)) else { return Ok(None) };
    match ctx.app.read(move |tx| days::by_link(tx, event, date)).await {
        Ok(day) => Ok(Some((day, event, until))),
        Err(ServiceError::NotFound) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

fn gone() -> HttpResponse {
    let page = MessagePage {
        title: "This link has ended",
        paragraphs: &["Links to a day's sheet work for some hours. Please ask the career office for a new one."],
        link: None,
    };
    html(pages::message(&page), 404)
}

/// The sheet, for whoever has a link that the office made. The phone that opens it is one of the door's from then on, until
/// the link ends.
async fn sheet_by_link(ctx: Ctx<DayQuery>, At(link): At<String>) -> Answer {
    let Some((day, event, until)) = behind(&ctx, &link).await? else { return Ok(gone()) };
    let mut sheet = printed(&day, Some(&door_pages::address(event)));
    let session = door_pages::session(&ctx.app, event, until);
    if let Ok(session) = header::HeaderValue::from_str(&session) {
        sheet.headers_mut().insert(header::SET_COOKIE, session);
    }
    Ok(sheet)
}

/// The picture with names, for whoever has a link that the office made.
async fn picture_by_link(ctx: Ctx<DayQuery>, At(link): At<String>) -> Answer {
    Ok(behind(&ctx, &link).await?.map_or_else(gone, |(day, ..)| drawn(&day, true).into_response(false)))
}
