//! What a place is about: its slot, the event, and the campus, as decisions, letters and lists need them; read in one
//! query, since booking reads it under load.
//!
//! Absent on purpose: who has the place.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::accounts::email_in;
use super::columns::Json;
use super::db::{Conn, StoreError};
use super::documents::{corrupt, position_out, zone_out};
use super::schema::{campuses, events, slots};
use super::slots::{Columns as SlotColumns, SlotRow};
use crate::domain::ids::{CampusId, CampusRequestId, EventId, PolicyId, SlotId};
use crate::domain::letter::{Email, Person};
use crate::domain::matching::campus_request::Mode;
use crate::domain::matching::travel::Venue;
use crate::domain::notice::{self, PlaceFacts};
use crate::domain::people::place::Position;
use crate::domain::scheduling::booking::BookingRules;
use crate::domain::scheduling::event::{EventKind, EventState};
use crate::domain::scheduling::slot::SlotState;
use crate::domain::time::{Instant, Zone};

/// An event, as far as its places show it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = events)]
pub(super) struct EventColumns {
    id: EventId,
    campus_id: CampusId,
    campus_request_id: Option<CampusRequestId>,
    kind: EventKind,
    state: EventState,
    title: String,
    mode: Mode,
    place: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    published_at: Option<Instant>,
    booking_rules: Option<Json<RulesDocument>>,
    presenter: Option<String>,
}

/// A campus, as far as its places show it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campuses)]
pub(super) struct CampusColumns {
    name: String,
    contact_email: String,
    time_zone: String,
    lat: Option<f64>,
    lon: Option<f64>,
    policy_id: Option<PolicyId>,
}

/// A slot, its event and its campus.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceAbout {
    /// The slot.
    pub slot: SlotRow,
    /// The event.
    pub event: EventId,
    /// Whose.
    pub campus: CampusId,
    /// The need that made the event.
    pub need: Option<CampusRequestId>,
    /// What takes place.
    pub kind: EventKind,
    /// Where the event is in its life.
    pub state: EventState,
    /// Whether everybody may see the event.
    pub public: bool,
    /// The event's title.
    pub title: String,
    /// At a place or from afar.
    pub mode: Mode,
    /// Where, as far as the way there matters.
    pub venue: Venue,
    /// Who may book.
    pub rules: BookingRules,
    /// The campus's clocks.
    pub zone: Zone,
    /// The version of the campus's policy that is in force: new bookings are made under it.
    pub policy: Option<PolicyId>,
    event_place: Option<String>,
    presenter: Option<String>,
    campus_name: String,
    contact: Email,
}

impl PlaceAbout {
    pub(super) fn read(slot: SlotColumns, event: EventColumns, campus: CampusColumns) -> Result<Self, StoreError> {
        let slot = slot.read()?;
        let position = position_out(slot.id, event.lat, event.lon)?;
        let at_campus = position_out(slot.id, campus.lat, campus.lon)?;
        Ok(Self {
            venue: venue(event.mode, position, at_campus),
            rules: rules_out(event.id, event.booking_rules.map(|Json(rules)| rules))?,
            zone: zone_out(event.campus_id, &campus.time_zone)?,
            contact: email_in("campuses.contact_email", &campus.contact_email)?,
            policy: campus.policy_id,
            slot,
            event: event.id,
            campus: event.campus_id,
            need: event.campus_request_id,
            kind: event.kind,
            state: event.state,
            public: event.published_at.is_some(),
            title: event.title,
            mode: event.mode,
            event_place: event.place,
            presenter: event.presenter,
            campus_name: campus.name,
        })
    }

    /// The same in the words of letters.
    #[must_use]
    pub fn facts(&self) -> PlaceFacts {
        PlaceFacts {
            campus: notice::Campus {
                name: self.campus_name.clone(),
                contact: Some(Person::new(&self.campus_name, self.contact.clone())),
            },
            title: self.title.clone(),
            kind: self.kind,
            label: self.slot.label.clone(),
            when: self.slot.when,
            mode: self.mode,
            place: self.slot.place.clone().or_else(|| self.event_place.clone()),
            presenter: self.presenter.clone(),
            postponed: self.state == EventState::Postponed,
            party: 1,
        }
    }
}

/// The venue of an event; one in person without a position takes place on its campus.
pub(super) fn venue(mode: Mode, event: Option<Position>, campus: Option<Position>) -> Venue {
    match mode {
        Mode::Virtual => Venue::Virtual,
        Mode::InPerson => Venue::At(event.or(campus)),
    }
}

/// The slot of this id with what it is about.
pub fn find(conn: &mut Conn, id: SlotId) -> Result<Option<PlaceAbout>, StoreError> {
    let found: Option<(SlotColumns, EventColumns, CampusColumns)> = slots::table
        .inner_join(events::table.inner_join(campuses::table))
        .filter(slots::id.eq(id))
        .select((SlotColumns::as_select(), EventColumns::as_select(), CampusColumns::as_select()))
        .get_result(conn)
        .optional()?;
    found.map(|(slot, event, campus)| PlaceAbout::read(slot, event, campus)).transpose()
}

/// The event of a slot.
pub fn event_of(conn: &mut Conn, slot: SlotId) -> Result<Option<EventId>, StoreError> {
    Ok(slots::table.find(slot).select(slots::event_id).get_result(conn).optional()?)
}

/// The slots of an event with what they are about, in order of their start.
pub fn list_of_event(conn: &mut Conn, event: EventId, limit: i64) -> Result<Vec<PlaceAbout>, StoreError> {
    let found: Vec<(SlotColumns, EventColumns, CampusColumns)> = slots::table
        .inner_join(events::table.inner_join(campuses::table))
        .filter(slots::event_id.eq(event))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), EventColumns::as_select(), CampusColumns::as_select()))
        .limit(limit)
        .load(conn)?;
    found.into_iter().map(|(slot, event, campus)| PlaceAbout::read(slot, event, campus)).collect()
}

/// The slots of an event that take students, end after `from` and begin by `until`, in order of their start.
pub fn list_open(
    conn: &mut Conn,
    event: EventId,
    (from, until): (Instant, Instant),
    limit: i64,
) -> Result<Vec<PlaceAbout>, StoreError> {
    let found: Vec<(SlotColumns, EventColumns, CampusColumns)> = slots::table
        .inner_join(events::table.inner_join(campuses::table))
        .filter(slots::event_id.eq(event))
        .filter(slots::state.eq(SlotState::Open))
        .filter(slots::capacity.gt(0))
        .filter(slots::ends_at.gt(from))
        .filter(slots::starts_at.le(until))
        .order((slots::starts_at, slots::id))
        .select((SlotColumns::as_select(), EventColumns::as_select(), CampusColumns::as_select()))
        .limit(limit)
        .load(conn)?;
    found.into_iter().map(|(slot, event, campus)| PlaceAbout::read(slot, event, campus)).collect()
}

/// Who may book places of an event.
pub fn find_rules(conn: &mut Conn, event: EventId) -> Result<BookingRules, StoreError> {
    let kept: Option<Option<Json<RulesDocument>>> =
        events::table.find(event).select(events::booking_rules).get_result(conn).optional()?;
    rules_out(event, kept.flatten().map(|Json(rules)| rules))
}

/// Keeps who may book places of an event.
pub fn set_rules(conn: &mut Conn, event: EventId, rules: &BookingRules) -> Result<(), StoreError> {
    let document = Json(RulesDocument::from(rules));
    // Beside the document, since the worker looks for it.
    let release = rules.release_after_minutes.and_then(|minutes| i32::try_from(minutes).ok());
    diesel::update(events::table.find(event))
        .set((events::booking_rules.eq(Some(document)), events::release_after_minutes.eq(release)))
        .execute(conn)?;
    Ok(())
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RulesDocument {
    opens_at: Option<i64>,
    closes_minutes_before: u32,
    max_per_person: Option<u32>,
    hold_minutes: u32,
    waitlist_offer_minutes: u32,
    majors: Vec<String>,
    years: Vec<String>,
    groups: Vec<String>,
    after_events: Vec<String>,
    #[serde(default)]
    staffed_only: bool,
    #[serde(default)]
    release_after_minutes: Option<u32>,
    #[serde(default)]
    policy_tags: Vec<String>,
    #[serde(default)]
    policy_tier: Option<u8>,
    #[serde(default = "alone")]
    max_party: u32,
}

const fn alone() -> u32 {
    1
}

impl From<&BookingRules> for RulesDocument {
    fn from(rules: &BookingRules) -> Self {
        Self {
            opens_at: rules.opens_at.map(Instant::unix),
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

fn rules_out(event: EventId, document: Option<RulesDocument>) -> Result<BookingRules, StoreError> {
    let Some(kept) = document else { return Ok(BookingRules::default()) };
    let after_events = kept.after_events.iter().map(|id| id.parse()).collect::<Result<_, _>>();
    Ok(BookingRules {
        opens_at: kept.opens_at.map(Instant::from_unix),
        closes_minutes_before: kept.closes_minutes_before,
        max_per_person: kept.max_per_person,
        hold_minutes: kept.hold_minutes,
        waitlist_offer_minutes: kept.waitlist_offer_minutes,
        majors: kept.majors,
        years: kept.years,
        groups: kept.groups,
        staffed_only: kept.staffed_only,
        release_after_minutes: kept.release_after_minutes,
        policy_tags: kept.policy_tags,
        policy_tier: kept.policy_tier,
        max_party: kept.max_party,
        after_events: after_events.map_err(|_| corrupt(event, "its booking rules name what is no event"))?,
    })
}
