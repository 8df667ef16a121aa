//! Sitting down and standing up: what a slot has of the volunteers it wants, changed with those who come and go.

use std::collections::{HashMap, HashSet};

use crate::domain::ids::{AssignmentId, EventId, SlotId};
use crate::domain::matching::campus_request::NeedRole;
use crate::domain::scheduling::booking::BookingRules;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::seating::{Station, sit};
use crate::domain::scheduling::slot::Seating;
use crate::domain::time::{Instant, Window};
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::service::events::EventRow;
use crate::service::queue::{pass_on_many, pass_on_to};
use crate::service::staffing;
use crate::store::assignments::AssignmentRow;
use crate::store::seatings::{self, StationRow};
use crate::store::{assignments, campus_requests, events, places as abouts};

/// Seats whoever has just taken a seat in a need, where somebody is missed; answers where. Only the first role of a need
/// sits by itself, the others by the office's word. Those who wait for a slot that is no longer deserted are asked.
///
/// # Errors
/// The database's.
pub(in crate::service) fn sit_down(tx: &mut Tx<'_>, row: &AssignmentRow) -> Result<Vec<StationRow>, ServiceError> {
    let wanting = seatings::wanting(tx.conn, row.campus_request_id, tx.now)?;
    if wanting.is_empty() {
        return Ok(wanting);
    }
    let need = campus_requests::find(tx.conn, row.campus_request_id)?;
    let first = need.and_then(|need| need.roles.first().map(NeedRole::id));
    if first != Some(row.role_id) {
        return Ok(Vec::new());
    }
    settle_in(tx, row.id, (row.starts_at, row.ends_at), &wanting)
}

/// Seats an assignment at the best of these stations.
pub(super) fn settle_in(
    tx: &mut Tx<'_>,
    assignment: AssignmentId,
    (from, until): (Instant, Instant),
    wanting: &[StationRow],
) -> Result<Vec<StationRow>, ServiceError> {
    let Ok(present) = Window::new(from, until) else { return Ok(Vec::new()) };
    let stations: Vec<Station> =
        wanting.iter().map(|station| Station::new(&station.row.slot, station.table.clone())).collect();
    let mut seated = Vec::new();
    for slot in sit(&stations, present, tx.now) {
        let Some(station) = wanting.iter().find(|station| station.row.id == slot) else { continue };
        occupy(tx, assignment, slot, station.row.seating)?;
        seated.push(station.clone());
    }
    let again: Vec<SlotId> =
        seated.iter().filter(|station| !station.row.seating.is_staffed()).map(|station| station.row.id).collect();
    welcome(tx, &again)?;
    Ok(seated)
}

pub(super) fn occupy(
    tx: &mut Tx<'_>,
    assignment: AssignmentId,
    slot: SlotId,
    before: Seating,
) -> Result<Seating, ServiceError> {
    let seating = before.with(before.seated.saturating_add(1), tx.now);
    seatings::insert(tx.conn, slot, assignment, seating, tx.now)?;
    Ok(seating)
}

pub(super) fn leave(
    tx: &mut Tx<'_>,
    assignment: AssignmentId,
    slot: SlotId,
    before: Seating,
) -> Result<Seating, ServiceError> {
    let seating = before.with(before.seated.saturating_sub(1), tx.now);
    seatings::delete(tx.conn, slot, assignment, seating)?;
    Ok(seating)
}

/// Somebody sits here, at last or again: each place is offered first to whoever had it, whom it does not hinder that
/// booking has closed meanwhile; and what is left to all who wait.
pub(super) fn welcome(tx: &mut Tx<'_>, slots: &[SlotId]) -> Result<(), ServiceError> {
    let mut event = None;
    for slot in slots {
        let claims = seatings::claims(tx.conn, *slot)?;
        if event.is_some() && claims.is_empty() {
            continue;
        }
        let Some(mut about) = abouts::find(tx.conn, *slot)? else { continue };
        event = Some(about.event);
        about.rules = BookingRules { opens_at: None, closes_minutes_before: 0, ..about.rules };
        pass_on_to(tx, &about, &claims)?;
    }
    match event {
        Some(event) => pass_on_many(tx, event, slots, &[]).map(drop),
        None => Ok(()),
    }
}

/// Takes an assignment that has ended away from where it sits, as far as that is not over. [`make_good`] looks after the
/// students.
///
/// # Errors
/// The database's.
pub(in crate::service) fn stand_up(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<(), ServiceError> {
    let stations = seatings::list_of(tx.conn, assignment)?;
    let Some(event) = stations.first().map(|station| station.row.event_id) else { return Ok(()) };
    // What is postponed is not over, whatever its slots still say.
    let postponed = events::find(tx.conn, event)?.is_some_and(|event| event.state == EventState::Postponed);
    for station in stations {
        if postponed || tx.now < station.row.when.window().end() {
            leave(tx, assignment, station.row.id, station.row.seating)?;
        }
    }
    Ok(())
}

/// What the places of an assignment are called, for its volunteer.
///
/// # Errors
/// The database's.
pub(in crate::service) fn place_of(tx: &mut Tx<'_>, assignment: AssignmentId) -> Result<Option<String>, ServiceError> {
    Ok(named(&seatings::list_of(tx.conn, assignment)?))
}

/// The tables of these slots, each once; slots made by hand by their labels.
pub(in crate::service) fn named(stations: &[StationRow]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for station in stations {
        let Some(name) = station.table.as_deref().or(station.row.label.as_deref()) else { continue };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Who sits where in slots that are not over.
pub(super) fn ahead(tx: &mut Tx<'_>, event: EventId) -> Result<Vec<(SlotId, AssignmentId)>, ServiceError> {
    let stations = seatings::stations(tx.conn, event)?;
    let over: HashSet<SlotId> = stations
        .iter()
        .filter(|station| station.row.when.window().end() <= tx.now)
        .map(|station| station.row.id)
        .collect();
    let mut seated = seatings::list(tx.conn, event)?;
    seated.retain(|(slot, _)| !over.contains(slot));
    Ok(seated)
}

/// Who sits at which tables of an event's grid, before it is made again.
///
/// # Errors
/// The database's.
pub(in crate::service) fn tables_of(
    tx: &mut Tx<'_>,
    event: EventId,
) -> Result<HashSet<(AssignmentId, String)>, ServiceError> {
    let tables: HashMap<SlotId, String> = seatings::stations(tx.conn, event)?
        .into_iter()
        .filter_map(|station| Some((station.row.id, station.table?)))
        .collect();
    let sits = seatings::list(tx.conn, event)?;
    Ok(sits.into_iter().filter_map(|(slot, who)| Some((who, tables.get(&slot)?.clone()))).collect())
}

/// Writes to whoever sits at other tables than before, once each.
///
/// # Errors
/// The database's.
pub(in crate::service) fn tell_of_tables(
    tx: &mut Tx<'_>,
    event: EventId,
    sat: &HashSet<(AssignmentId, String)>,
) -> Result<(), ServiceError> {
    let sits = tables_of(tx, event)?;
    let mut other: Vec<AssignmentId> = sits.symmetric_difference(sat).map(|(who, _)| *who).collect();
    other.sort();
    other.dedup();
    for assignment in other {
        staffing::tell_one_of_change(tx, assignment)?;
    }
    Ok(())
}

/// Seats whoever sat at a table of a grid at its new slots as well, and whoever came before there were slots where somebody
/// is missed. For a grid that was made, or made again.
///
/// # Errors
/// The database's.
pub(in crate::service) fn follow_tables(
    tx: &mut Tx<'_>,
    event: &EventRow,
    sat: &HashSet<(AssignmentId, String)>,
) -> Result<(), ServiceError> {
    let sitters = seatings::sitters(tx.conn, event.id)?;
    if sitters.is_empty() {
        return Ok(());
    }
    let same = |table: &str| table.trim().to_lowercase();
    let mut stations = seatings::stations(tx.conn, event.id)?;
    stations.retain(|station| tx.now < station.row.when.window().end());
    let mut again = Vec::new();
    for sitter in &sitters {
        let tables: Vec<String> =
            sat.iter().filter(|(who, _)| *who == sitter.assignment).map(|(_, table)| same(table)).collect();
        if tables.is_empty() {
            continue;
        }
        let mut taken: Vec<Window> = Vec::new();
        let sits: HashSet<SlotId> =
            seatings::list_of(tx.conn, sitter.assignment)?.iter().map(|station| station.row.id).collect();
        taken.extend(stations.iter().filter(|s| sits.contains(&s.row.id)).map(|s| s.row.when.window()));
        for station in &mut stations {
            let window = station.row.when.window();
            let there = sitter.starts_at <= window.start() && window.end() <= sitter.ends_at;
            let theirs = station.table.as_deref().is_some_and(|table| tables.contains(&same(table)));
            let room = station.row.seating.seated < station.row.seating.seats;
            if there && theirs && room && !sits.contains(&station.row.id) && !taken.iter().any(|t| t.overlaps(window)) {
                if !station.row.seating.is_staffed() {
                    again.push(station.row.id);
                }
                station.row.slot.seating = occupy(tx, sitter.assignment, station.row.id, station.row.seating)?;
                taken.push(window);
            }
        }
    }
    welcome(tx, &again)?;
    let seated: HashSet<AssignmentId> = ahead(tx, event.id)?.into_iter().map(|(_, who)| who).collect();
    for sitter in sitters.iter().filter(|sitter| !seated.contains(&sitter.assignment)) {
        if let Some(assigned) = assignments::find(tx.conn, sitter.assignment)? {
            sit_down(tx, &assigned.row)?;
        }
    }
    Ok(())
}
