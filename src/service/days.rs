//! The day of an event: what the picture of its schedule and the sheet for the table at the door show.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::access::{Actor, require};
use super::app::Tx;
use super::error::ServiceError;
use super::events;
use crate::domain::ids::{EventId, RoleId, SlotId};
use crate::domain::people::access::Action;
use crate::domain::scheduling::day::{Day, DaySlot, Guest, Seat};
use crate::domain::time::{Instant, Window, Zone};
use crate::store::days::{self, Placed, RoleOfEvent};
use crate::store::events as rows;
use crate::store::{campuses, events::EventRow};

/// The most slots that are looked at together.
const MOST_SLOTS: i64 = 3_000;

/// The day as anybody may see it who may see the event: how places stand, and nobody's name.
///
/// # Errors
/// Not found.
pub fn public(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    id: EventId,
    date: Option<NaiveDate>,
) -> Result<Day, ServiceError> {
    let event = events::find(tx, actor, id)?;
    load(tx, &event, date, Names::Hidden)
}

/// The day with names, for the office.
///
/// # Errors
/// Not found; those of [`require`].
pub fn of_office(tx: &mut Tx<'_>, actor: &Actor, id: EventId, date: Option<NaiveDate>) -> Result<Day, ServiceError> {
    let event = may_see(tx, actor, id)?;
    load(tx, &event, date, Names::Shown)
}

/// Requires that the actor may see the day with names.
///
/// # Errors
/// Not found; those of [`require`].
pub fn may_see(tx: &mut Tx<'_>, actor: &Actor, id: EventId) -> Result<EventRow, ServiceError> {
    let event = rows::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, event.campus_id, Action::MarkPlaces)?;
    Ok(event)
}

/// The day with names, for whoever has a link that the office made.
///
/// # Errors
/// Not found.
pub fn by_link(tx: &mut Tx<'_>, id: EventId, date: Option<NaiveDate>) -> Result<Day, ServiceError> {
    let event = rows::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    load(tx, &event, date, Names::Shown)
}

/// Whether people are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Shown,
    Hidden,
}

fn load(tx: &mut Tx<'_>, event: &EventRow, date: Option<NaiveDate>, names: Names) -> Result<Day, ServiceError> {
    let campus = campuses::find(tx.conn, event.campus_id)?.ok_or(ServiceError::NotFound)?;
    let zone = event.when.zone();
    let mut placed = days::slots_of(tx.conn, event.id, date.and_then(|date| whole(date, zone)), MOST_SLOTS + 1)?;
    let most = usize::try_from(MOST_SLOTS).unwrap_or_default();
    let more = placed.len() > most;
    placed.truncate(most);
    let mut guests = match names {
        Names::Shown => days::guests_of(tx.conn, event.id, tx.now)?,
        Names::Hidden => days::nameless_guests_of(tx.conn, event.id, tx.now)?,
    };
    let roles = days::roles_of(tx.conn, event.id)?;
    let helpers = if roles.is_empty() { Vec::new() } else { days::helpers_of(tx.conn, event.id)? };
    let mut taken: HashMap<RoleId, u32> = HashMap::new();
    for (role, _) in helpers.iter().filter(|(_, helper)| helper.state.counts()) {
        *taken.entry(*role).or_default() += 1;
    }
    let seats: Vec<Seat> = roles.into_iter().map(|role| seat(role, &taken)).collect();
    // A table counts as without its volunteer where the event says who sits at which table, or once it was left.
    let seating = placed.iter().any(|(row, ..)| row.seating.seated > 0);
    let slots = placed.into_iter().map(|placed| slot(placed, &mut guests, &seats, seating)).collect();
    Ok(Day {
        title: event.title.clone(),
        kind: event.kind.in_words(),
        campus: campus.settings.name.clone(),
        place: event.place.clone(),
        window: event.when.window(),
        zone,
        now: tx.now,
        programme: event
            .parts
            .iter()
            .filter(|part| date.is_none_or(|date| part.when.starts().date() == date))
            .cloned()
            .collect(),
        slots,
        seats,
        helpers: match names {
            Names::Shown => helpers.into_iter().map(|(_, helper)| helper).collect(),
            Names::Hidden => Vec::new(),
        },
        more,
    })
}

/// A day on the clocks of the place, from its first moment to the first of the next.
fn whole(date: NaiveDate, zone: Zone) -> Option<Window> {
    let (start, end): (Instant, Instant) = (zone.day_start(date), zone.day_start(date.succ_opt()?));
    Window::new(start, end).ok()
}

fn seat(role: RoleOfEvent, taken: &HashMap<RoleId, u32>) -> Seat {
    let RoleOfEvent { id, slot, name, window, min } = role;
    Seat { slot, role: name, window, min, taken: taken.get(&id).copied().unwrap_or_default() }
}

fn slot(placed: Placed, guests: &mut HashMap<SlotId, Vec<Guest>>, seats: &[Seat], seating: bool) -> DaySlot {
    let (row, table, building) = placed;
    let known = seating || row.seating.is_deserted();
    let empty = row.seating.seats.saturating_sub(row.seating.seated);
    let by_need: u32 = seats.iter().filter(|seat| seat.slot == Some(row.id)).map(Seat::short).sum();
    let table = table.or_else(|| row.label.clone()).or_else(|| row.place.clone());
    DaySlot {
        id: row.id,
        table: table.unwrap_or_else(|| "Places".to_owned()),
        building,
        window: row.when.window(),
        state: row.state,
        capacity: row.capacity.into(),
        guests: guests.remove(&row.id).unwrap_or_default(),
        short: by_need.max(if known { empty.into() } else { 0 }),
    }
}
