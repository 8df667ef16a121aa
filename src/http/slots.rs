//! Slots and who may book them, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::skills::id;
use super::wire::times::{WhenView, instant, window};
use super::wire::{ReasonBody, present};
use crate::domain::ids::{BookingId, EventId, SlotId};
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::BookingRules;
use crate::domain::scheduling::slot::SlotChange;
use crate::domain::time::Zone;
use crate::http::page::moment;
use crate::service::events::{self, SlotPlace, SlotSeats, SlotsAsked};
use crate::service::slots::{self, NewSlot};

route_table! {
    "/v1/events/{event_id}/slots" => { get list, post create }
    "/v1/events/{event_id}/booking-rules" => { get read_rules, put set_rules }
    "/v1/slots/{slot_id}" => { get read, patch change }
    "/v1/slots/{slot_id}/open" => { post open }
    "/v1/slots/{slot_id}/close" => { post close }
    "/v1/slots/{slot_id}/cancel" => { post cancel }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    from: Option<String>,
    until: Option<String>,
    free: Option<bool>,
}

/// A new slot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotBody {
    label: Option<String>,
    place: Option<String>,
    part: Option<String>,
    starts_local: String,
    ends_local: String,
    time_zone: Option<String>,
    fold: Option<String>,
    #[serde(default)]
    capacity: i64,
    #[serde(default)]
    seats: i64,
}

impl SlotBody {
    fn read(&self, usual: Zone) -> Result<NewSlot, Vec<Invalid>> {
        let zone = self.time_zone.as_deref().unwrap_or(usual.name());
        let when = window(&self.starts_local, &self.ends_local, zone, self.fold.as_deref())?;
        let (label, place, part) = (self.label.clone(), self.place.clone(), self.part.clone());
        Ok(NewSlot { label, place, part, when, capacity: self.capacity, seats: self.seats })
    }
}

/// What should change about a slot; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPatchBody {
    #[serde(default, deserialize_with = "present")]
    label: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    part: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    capacity: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    seats: Option<i64>,
    #[serde(default)]
    moves: Vec<SlotMoveBody>,
}

/// Who goes to which other slot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotMoveBody {
    booking_id: String,
    slot_id: String,
}

/// The most moves of one request.
const MOST_MOVES: usize = 500;

fn read_moves(moves: &[SlotMoveBody]) -> Result<Vec<(BookingId, SlotId)>, Vec<Invalid>> {
    if moves.len() > MOST_MOVES {
        let detail = format!("it has {} entries, at most {MOST_MOVES} are taken", moves.len());
        return Err(vec![Invalid::new("moves", "too_many", detail)]);
    }
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (number, step) in moves.iter().enumerate() {
        let field = |name: &str| format!("moves/{number}/{name}");
        match (id(&field("booking_id"), &step.booking_id), id(&field("slot_id"), &step.slot_id)) {
            (Ok(booking), Ok(slot)) => read.push((booking, slot)),
            (booking, slot) => faults.extend(booking.err().into_iter().chain(slot.err())),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

/// A slot, out.
#[derive(Debug, Serialize)]
pub(super) struct SlotView {
    id: String,
    event_id: String,
    state: &'static str,
    label: Option<String>,
    place: Option<String>,
    part: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    roles: Vec<SlotRoleView>,
    fill: &'static str,
    capacity: u16,
    taken: u32,
    free: u32,
    seats: u16,
    seated: u16,
    unstaffed_since: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct SlotRoleView {
    role_id: String,
    name: String,
    min: u16,
    max: u16,
    filled: u32,
}

impl From<SlotSeats> for SlotView {
    fn from(slot: SlotSeats) -> Self {
        let fill = slot.fill().as_str();
        let roles = slot.roles.iter().map(|(role, seats)| SlotRoleView {
            role_id: role.id().to_string(),
            name: role.name().to_owned(),
            min: role.min(),
            max: role.max(),
            filled: seats.filled,
        });
        Self {
            id: slot.row.id.to_string(),
            event_id: slot.row.event_id.to_string(),
            state: slot.row.state.as_str(),
            label: slot.row.label.clone(),
            place: slot.row.place.clone(),
            part: slot.row.part.clone(),
            when: slot.row.when.into(),
            roles: roles.collect(),
            fill,
            capacity: slot.row.capacity,
            taken: slot.taken,
            free: u32::from(slot.row.capacity).saturating_sub(slot.taken),
            seats: slot.row.seating.seats,
            seated: slot.row.seating.seated,
            unstaffed_since: slot.row.seating.unstaffed_since.map(|since| since.to_string()),
            revision: slot.row.revision,
            created_at: slot.row.created_at.to_string(),
            updated_at: slot.row.updated_at.to_string(),
        }
    }
}

/// Who may book, in and out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingRulesBody {
    #[serde(default)]
    opens_at: Option<String>,
    #[serde(default)]
    closes_minutes_before: u32,
    #[serde(default)]
    max_per_person: Option<u32>,
    #[serde(default = "usual_hold")]
    hold_minutes: u32,
    #[serde(default = "usual_offer")]
    waitlist_offer_minutes: u32,
    #[serde(default)]
    majors: Vec<String>,
    #[serde(default)]
    years: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    after_events: Vec<String>,
    #[serde(default)]
    staffed_only: bool,
    #[serde(default)]
    release_after_minutes: Option<u32>,
    #[serde(default)]
    policy_tags: Vec<String>,
    #[serde(default)]
    policy_tier: Option<u8>,
    #[serde(default = "usual_party")]
    max_party: u32,
}

fn usual_party() -> u32 {
    BookingRules::default().max_party
}

fn usual_hold() -> u32 {
    BookingRules::default().hold_minutes
}

fn usual_offer() -> u32 {
    BookingRules::default().waitlist_offer_minutes
}

impl BookingRulesBody {
    /// The rules, in the domain's words.
    pub(super) fn read(&self) -> Result<BookingRules, Vec<Invalid>> {
        let mut faults = Vec::new();
        let opens_at = self.opens_at.as_deref().map(|at| instant("opens_at", at)).transpose();
        let opens_at = opens_at.map_err(|fault| faults.push(fault)).unwrap_or_default();
        let mut after_events = Vec::new();
        for (number, id) in self.after_events.iter().enumerate() {
            match super::wire::skills::id(&format!("after_events/{number}"), id) {
                Ok(id) => after_events.push(id),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(BookingRules {
            opens_at,
            closes_minutes_before: self.closes_minutes_before,
            max_per_person: self.max_per_person,
            hold_minutes: self.hold_minutes,
            waitlist_offer_minutes: self.waitlist_offer_minutes,
            majors: self.majors.clone(),
            years: self.years.clone(),
            groups: self.groups.clone(),
            after_events,
            staffed_only: self.staffed_only,
            release_after_minutes: self.release_after_minutes,
            policy_tags: self.policy_tags.clone(),
            policy_tier: self.policy_tier,
            max_party: self.max_party,
        })
    }
}

impl From<&BookingRules> for BookingRulesBody {
    fn from(rules: &BookingRules) -> Self {
        Self {
            opens_at: rules.opens_at.map(|at| at.to_string()),
            closes_minutes_before: rules.closes_minutes_before,
            max_per_person: rules.max_per_person,
            hold_minutes: rules.hold_minutes,
            waitlist_offer_minutes: rules.waitlist_offer_minutes,
            majors: rules.majors.clone(),
            years: rules.years.clone(),
            groups: rules.groups.clone(),
            after_events: rules.after_events.iter().map(ToString::to_string).collect(),
            staffed_only: rules.staffed_only,
            release_after_minutes: rules.release_after_minutes,
            policy_tags: rules.policy_tags.clone(),
            policy_tier: rules.policy_tier,
            max_party: rules.max_party,
        }
    }
}

/// The slots of an event.
async fn list(ctx: Ctx<ListQuery>, At(event): At<EventId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let asked = SlotsAsked {
        from: moment("from", ctx.query.from.as_deref())?,
        until: moment("until", ctx.query.until.as_deref())?,
        free: ctx.query.free,
    };
    ctx.read_public(move |tx, actor| {
        let slots = events::list_slots(tx, actor, event, asked, page.after(), page.fetch())?;
        let page =
            page.list(slots, |slot| SlotPlace { at: slot.row.when.window().start(), id: slot.row.id }.to_string());
        Ok(Reply::ok(&page.map(SlotView::from)))
    })
    .await
}

/// Makes a slot.
async fn create(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<SlotBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let zone = slots::usual_zone(tx, actor, event)?;
        let made = slots::create(tx, actor, event, &value.read(zone)?)?;
        let (location, revision) = (format!("/v1/slots/{}", made.row.id), made.row.revision);
        Ok(Reply::created(&SlotView::from(made), location).etag(revision))
    })
    .await
}

fn shown(slot: SlotSeats) -> Reply {
    let revision = slot.row.revision;
    Reply::ok(&SlotView::from(slot)).etag(revision)
}

/// Shows a slot.
async fn read(ctx: Ctx, At(id): At<SlotId>) -> Answer {
    ctx.read_public(move |tx, actor| Ok(shown(slots::find(tx, actor, id)?))).await
}

/// Changes a slot's label, place or number of places.
async fn change(ctx: Ctx, At(slot): At<SlotId>, Body { value, .. }: Body<SlotPatchBody>) -> Answer {
    let seen = ctx.seen();
    let SlotPatchBody { label, place, part, capacity, seats, moves } = value;
    let change = SlotChange { label, place, part, capacity, seats };
    ctx.write(move |tx, actor| {
        let moves = read_moves(&moves)?;
        Ok(shown(slots::change(tx, actor, slot, &seen, &change, &moves)?))
    })
    .await
}

/// Takes people again.
async fn open(ctx: Ctx, At(id): At<SlotId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(shown(slots::open(tx, actor, id)?))).await
}

/// Takes nobody else.
async fn close(ctx: Ctx, At(id): At<SlotId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(shown(slots::close(tx, actor, id)?))).await
}

/// Calls a slot off.
async fn cancel(ctx: Ctx, At(id): At<SlotId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(shown(slots::cancel(tx, actor, id, &value.reason)?))).await
}

/// Shows who may book.
async fn read_rules(ctx: Ctx, At(event): At<EventId>) -> Answer {
    ctx.read_public(move |tx, actor| {
        let (rules, revision) = slots::rules(tx, actor, event)?;
        Ok(Reply::ok(&BookingRulesBody::from(&rules)).etag(revision))
    })
    .await
}

/// Says who may book.
async fn set_rules(ctx: Ctx, At(event): At<EventId>, Body { value, .. }: Body<BookingRulesBody>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        let (rules, revision) = slots::set_rules(tx, actor, event, &seen, value.read()?)?;
        Ok(Reply::ok(&BookingRulesBody::from(&rules)).etag(revision))
    })
    .await
}
