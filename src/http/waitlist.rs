//! The waitlist, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::bookings::{alone, alternatives};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use super::students::{StudentBody, StudentView};
use super::wire::ReasonBody;
use super::wire::skills::id;
use super::wire::times::instant;
use crate::domain::ids::{EventId, WaitlistEntryId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::waitlist::Wish;
use crate::service::app::Tx;
use crate::service::code::Code;
use crate::service::dated::Dated;
use crate::service::error::ServiceError;
use crate::service::waitlist::{self, Waiting};

route_table! {
    "/v1/events/{event_id}/waitlist" => { get list, post join }
    "/v1/waitlist/{entry_id}" => { get read }
    "/v1/waitlist/{entry_id}/accept" => { post accept }
    "/v1/waitlist/{entry_id}/decline" => { post decline }
    "/v1/waitlist/{entry_id}/leave" => { post leave }
    "/v1/waitlist/{entry_id}/move-up" => { post move_up }
}

/// Who waits, and for what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    student: StudentBody,
    campus_id: Option<String>,
    #[serde(default = "alone")]
    party: i64,
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    slot_ids: Vec<String>,
}

impl EntryBody {
    fn wish(&self) -> Result<Wish, Vec<Invalid>> {
        let mut faults = Vec::new();
        let mut read = |field: &str, text: &Option<String>| {
            let at = text.as_deref().map(|text| instant(field, text)).transpose();
            at.map_err(|fault| faults.push(fault)).unwrap_or_default()
        };
        let (from, until) = (read("from", &self.from), read("until", &self.until));
        let mut slots = Vec::new();
        for (number, text) in self.slot_ids.iter().enumerate() {
            match id(&format!("slot_ids/{number}"), text) {
                Ok(slot) => slots.push(slot),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Wish::new(from, until, slots) } else { Err(faults) }
    }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
}

/// An entry, out.
#[derive(Debug, Serialize)]
struct EntryView {
    id: String,
    campus_id: String,
    event_id: String,
    student: StudentView,
    party: u32,
    from: Option<String>,
    until: Option<String>,
    slot_ids: Vec<String>,
    state: &'static str,
    booking_id: Option<String>,
    offer_deadline: Option<String>,
    position: Option<i64>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl EntryView {
    fn of(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<Self, ServiceError> {
        let position = waitlist::position(tx, waiting)?;
        let row = &waiting.row;
        Ok(Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            event_id: row.event_id.to_string(),
            student: StudentView::from(&waiting.student),
            party: row.places(),
            from: row.wish.from.map(|at| at.to_string()),
            until: row.wish.until.map(|at| at.to_string()),
            slot_ids: row.wish.slots.iter().map(ToString::to_string).collect(),
            state: row.state.as_str(),
            booking_id: row.booking_id.map(|booking| booking.to_string()),
            offer_deadline: row.offer_deadline.map(|at| at.to_string()),
            position,
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        })
    }
}

fn shown(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<Reply, ServiceError> {
    Ok(Reply::ok(&EntryView::of(tx, waiting)?).etag(waiting.row.revision))
}

/// Puts a student on the waitlist. Where a place is free, the answer names it instead.
async fn join(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<EntryBody>) -> Answer {
    let app = ctx.app.clone();
    let answer = ctx.for_portals_too().act(digest, move |tx, actor| {
        let campus = value.campus_id.as_deref().map(|campus| id("campus_id", campus)).transpose()?;
        waitlist::may_join(tx, actor, event, campus)?;
        let (student, wish) = super::wire::both(value.student.read(), value.wish())?;
        let waiting = waitlist::join(tx, actor, event, (&student, campus), (&wish, value.party))?;
        let view = EntryView::of(tx, &waiting)?;
        Ok(Reply::created(&view, format!("/v1/waitlist/{}", waiting.row.id)).etag(waiting.row.revision))
    });
    match answer.await {
        Err(mut problem) if problem.code == Code::PlacesFree => {
            let free = waitlist::alternatives(&app, event).await?;
            problem.extra.insert("alternatives".to_owned(), alternatives(&free));
            Err(problem)
        }
        answer => answer,
    }
}

/// Who waits for an event.
async fn list(ctx: Ctx<ListQuery>, At(event): At<EventId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let state = filter("state", ctx.query.state.as_deref())?;
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let rows = waitlist::list(tx, actor, event, state, page.after(), page.fetch())?;
            let page = page.list(rows, |waiting| Dated { at: waiting.row.created_at, id: waiting.row.id }.to_string());
            let items: Result<Vec<_>, _> = page.items.iter().map(|waiting| EntryView::of(tx, waiting)).collect();
            Ok(Reply::ok(&super::page::List { items: items?, next: page.next }))
        })
        .await
}

/// An entry.
async fn read(ctx: Ctx, At(id): At<WaitlistEntryId>) -> Answer {
    ctx.for_portals_too()
        .read(move |tx, actor| {
            let waiting = waitlist::find(tx, actor, id)?;
            shown(tx, &waiting)
        })
        .await
}

/// The office puts somebody before the others.
async fn move_up(ctx: Ctx, At(id): At<WaitlistEntryId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let waiting = waitlist::move_up(tx, actor, id, &value.reason)?;
        shown(tx, &waiting)
    })
    .await
}

/// The student takes the place.
async fn accept(ctx: Ctx, At(id): At<WaitlistEntryId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let waiting = waitlist::accept(tx, actor, id)?;
            shown(tx, &waiting)
        })
        .await
}

/// The student does not want the place.
async fn decline(ctx: Ctx, At(id): At<WaitlistEntryId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let waiting = waitlist::decline(tx, actor, id)?;
            shown(tx, &waiting)
        })
        .await
}

/// The student does not wait any more.
async fn leave(ctx: Ctx, At(id): At<WaitlistEntryId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.for_portals_too()
        .act(digest, move |tx, actor| {
            let waiting = waitlist::leave(tx, actor, id)?;
            shown(tx, &waiting)
        })
        .await
}
