//! Events, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use super::wire::times::{WhenView, said, window};
use super::wire::{PositionBody, PositionView, ReasonBody, present, word};
use crate::domain::ids::{CampusId, EventId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::event::EventChange;
use crate::domain::scheduling::event_part::{Audience, EventPart};
use crate::domain::time::Zone;
use crate::service::events::{self, EventPlace, EventRow, NewEvent};
use crate::service::slots;

route_table! {
    "/v1/campuses/{campus_id}/events" => { get list, post create }
    "/v1/events/{event_id}" => { get read, patch change }
    "/v1/events/{event_id}/parts" => { put divide }
    "/v1/events/{event_id}/publish" => { post publish }
    "/v1/events/{event_id}/cancel" => { post cancel }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
}

/// A new event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    kind: String,
    title: String,
    #[serde(default)]
    description: String,
    mode: String,
    place: Option<String>,
    position: Option<PositionBody>,
    presenter: Option<String>,
    starts_local: String,
    ends_local: String,
    time_zone: Option<String>,
    fold: Option<String>,
}

impl EventBody {
    /// The event, on the clocks of `usual` where the body names no zone.
    fn read(&self, usual: Zone) -> Result<NewEvent, Vec<Invalid>> {
        let zone = self.time_zone.as_deref().unwrap_or(usual.name());
        let read = (
            word("kind", &self.kind),
            word("mode", &self.mode),
            self.position.map(|position| position.read("position")).transpose(),
            window(&self.starts_local, &self.ends_local, zone, self.fold.as_deref()),
        );
        match read {
            (Ok(kind), Ok(mode), Ok(position), Ok(when)) => Ok(NewEvent {
                kind,
                title: self.title.clone(),
                description: self.description.clone(),
                mode,
                place: self.place.clone(),
                position,
                presenter: self.presenter.clone(),
                when,
            }),
            (a, b, c, d) => {
                let mut faults: Vec<Invalid> = [a.err(), b.err(), c.err()].into_iter().flatten().collect();
                faults.extend(d.err().into_iter().flatten());
                Err(faults)
            }
        }
    }
}

/// What should change about an event; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPatchBody {
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    presenter: Option<Option<String>>,
}

/// The parts of an event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartsBody {
    parts: Vec<PartBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartBody {
    key: String,
    title: String,
    audience: Option<String>,
    place: Option<String>,
    starts_local: String,
    ends_local: String,
    fold: Option<String>,
}

impl PartsBody {
    /// The parts on the clocks of their event.
    fn read(&self, zone: Zone) -> Result<Vec<EventPart>, Vec<Invalid>> {
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        for (number, part) in self.parts.iter().enumerate() {
            let audience = part.audience.as_deref().map_or(Ok(Audience::Everyone), |text| word("audience", text));
            let when = window(&part.starts_local, &part.ends_local, zone.name(), part.fold.as_deref());
            match (audience, when) {
                (Ok(audience), Ok(when)) => parts.push(EventPart {
                    key: part.key.clone(),
                    title: part.title.clone(),
                    audience,
                    place: part.place.clone(),
                    when,
                }),
                (audience, when) => {
                    let wrong = audience.err().into_iter().chain(when.err().into_iter().flatten());
                    faults.extend(wrong.map(|fault| fault.within(number).within("parts")));
                }
            }
        }
        if faults.is_empty() { Ok(parts) } else { Err(faults) }
    }
}

/// A part of an event, out.
#[derive(Debug, Serialize)]
struct PartView {
    key: String,
    title: String,
    audience: &'static str,
    place: Option<String>,
    starts_local: String,
    ends_local: String,
    starts_at: String,
    ends_at: String,
}

impl From<&EventPart> for PartView {
    fn from(part: &EventPart) -> Self {
        Self {
            key: part.key.clone(),
            title: part.title.clone(),
            audience: part.audience.as_str(),
            place: part.place.clone(),
            starts_local: said(part.when.starts()),
            ends_local: said(part.when.ends()),
            starts_at: part.when.window().start().to_string(),
            ends_at: part.when.window().end().to_string(),
        }
    }
}

/// An event, out.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    id: String,
    campus_id: String,
    campus_request_id: Option<String>,
    series_id: Option<String>,
    kind: &'static str,
    state: &'static str,
    state_reason: Option<String>,
    title: String,
    description: String,
    mode: &'static str,
    place: Option<String>,
    position: Option<PositionView>,
    presenter: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    parts: Vec<PartView>,
    calendar_uid: String,
    calendar_sequence: u32,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl EventView {
    /// The event as this site shows it.
    pub(super) fn of(row: &EventRow, host: &str) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            campus_request_id: row.campus_request_id.map(|need| need.to_string()),
            series_id: row.series_id.map(|series| series.to_string()),
            kind: row.kind.as_str(),
            state: row.state.as_str(),
            state_reason: row.state_reason.clone(),
            title: row.title.clone(),
            description: row.description.clone(),
            mode: row.mode.as_str(),
            place: row.place.clone(),
            position: row.position.map(PositionView::from),
            presenter: row.presenter.clone(),
            when: row.when.into(),
            parts: row.parts.iter().map(PartView::from).collect(),
            calendar_uid: format!("{}@{host}", row.id),
            calendar_sequence: row.calendar_sequence,
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// The events of a campus.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.read_public(move |tx, actor| {
        let rows = events::list(tx, actor, campus, state, page.after(), page.fetch())?;
        let page = page.list(rows, |row| EventPlace { at: row.when.window().start(), id: row.id }.to_string());
        let host = &tx.app.site.host;
        Ok(Reply::ok(&page.map(|row| EventView::of(&row, host))))
    })
    .await
}

/// Makes an event by hand.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<EventBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let zone = events::usual_zone(tx, actor, campus)?;
        let row = events::create(tx, actor, campus, &value.read(zone)?)?;
        let view = EventView::of(&row, &tx.app.site.host);
        Ok(Reply::created(&view, format!("/v1/events/{}", row.id)).etag(row.revision))
    })
    .await
}

/// Shows an event.
async fn read(ctx: Ctx, At(id): At<EventId>) -> Answer {
    ctx.read_public(move |tx, actor| {
        let row = events::find(tx, actor, id)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

/// Changes an event's words, place and presenter.
async fn change(ctx: Ctx, At(id): At<EventId>, Body { value, .. }: Body<EventPatchBody>) -> Answer {
    let seen = ctx.seen();
    let EventPatchBody { title, description, place, presenter } = value;
    let change = EventChange { title, description, place, presenter };
    ctx.write(move |tx, actor| {
        let row = events::change(tx, actor, id, &seen, &change)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

/// Says into which parts an event is divided.
async fn divide(ctx: Ctx, At(id): At<EventId>, Body { value, .. }: Body<PartsBody>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        let zone = slots::usual_zone(tx, actor, id)?;
        let row = events::divide(tx, actor, id, &seen, value.read(zone)?)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

/// Shows an event to everybody.
async fn publish(ctx: Ctx, At(id): At<EventId>, Body { digest, .. }: Body<Empty>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(id.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        let row = events::publish(tx, actor, id)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

/// Calls an event off.
async fn cancel(ctx: Ctx, At(id): At<EventId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(id.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        let row = events::cancel(tx, actor, id, &value.reason)?;
        Ok(ok(&row, &tx.app.site.host))
    })
    .await
}

pub(super) fn ok(row: &EventRow, host: &str) -> Reply {
    Reply::ok(&EventView::of(row, host)).etag(row.revision)
}
