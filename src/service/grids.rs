//! Grids: the slots of an event made by a rule, and made again around the people in them; and what can be said of a grid
//! before anybody is invited.
//!
//! Slots made by hand are no grid's, and what has begun is left alone. People are moved where the office says who goes
//! where. Absent on purpose: the reading of the rule, which is the door's.

mod moving;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use self::moving::{move_people, moved};
use super::access::Actor;
use super::app::Tx;
use super::bookings::event_of;
use super::error::{Seen, ServiceError};
use super::events::EventRow;
use super::places::{tell_others_of_change, walled};
use super::queue::pass_on_many;
use super::seating;
use super::slots::in_part;
use crate::domain::ids::{BookingId, EventId, SlotId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::feasibility::{self, Demand, Preview, Supply};
use crate::domain::scheduling::grid::{Changes, Existing, Grid, Hindrance, PlannedSlot, expand, reconcile};
use crate::domain::scheduling::slot::{Seating, Slot, SlotState};
use crate::domain::time::{Instant, LocalWindow, Zone};
use crate::store::bookings::{Booked, BookingRow};
use crate::store::grids::{GridRow, GridSlot};
use crate::store::slots::SlotRow;
use crate::store::students::StudentRow;
use crate::store::{bookings, events as event_rows, feed_revisions, grids, waitlist_entries};

/// A grid as it comes in: what it means, and the document that is kept of it.
#[derive(Debug, Clone)]
pub struct NewGrid {
    /// What it means.
    pub grid: Grid,
    /// What is kept and shown again.
    pub document: Value,
}

/// A slot, as a plan names it: with what it will be, or is where it stays or goes.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which slot; none for one that is not there.
    pub slot: Option<SlotId>,
    /// Its label.
    pub label: String,
    /// Where.
    pub place: Option<String>,
    /// When.
    pub when: LocalWindow,
    /// Places for students.
    pub capacity: u16,
    /// How many students are in it.
    pub students: u32,
}

/// A slot that stays as it is because people are in it.
#[derive(Debug, Clone)]
pub struct BlockedLine {
    /// The slot.
    pub line: Line,
    /// How many volunteers are in it.
    pub volunteers: u16,
    /// What stands in the way, in words for programs.
    pub hindrances: Vec<&'static str>,
    /// The same in a sentence.
    pub detail: String,
}

/// A student who goes to another slot, by the office's plan.
#[derive(Debug, Clone)]
pub struct MoveLine {
    /// The booking.
    pub booking: BookingId,
    /// Who.
    pub student: StudentRow,
    /// From which slot.
    pub from: SlotId,
    /// To which.
    pub to: Line,
}

/// A move as it is asked for: which booking goes to the slot of which table, and when that begins.
#[derive(Debug, Clone)]
pub struct MoveAsked {
    /// The booking.
    pub booking: BookingId,
    /// The label of the table.
    pub table: String,
    /// When the slot begins.
    pub start: Instant,
}

/// The time of a table that makes no place.
#[derive(Debug, Clone)]
pub struct LeftOverLine {
    /// The session's name.
    pub session: String,
    /// The table's label.
    pub table: String,
    /// Minutes at the end.
    pub at_end_minutes: u32,
    /// Minutes before breaks and lunch.
    pub before_breaks_minutes: u32,
}

/// What a grid comes to.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// How many slots the grid wants.
    pub wanted: usize,
    /// Slots that stay as they are.
    pub keep: Vec<Line>,
    /// Slots that get another end, size or place.
    pub change: Vec<Line>,
    /// Slots that are new.
    pub add: Vec<Line>,
    /// Slots without people that go.
    pub remove: Vec<Line>,
    /// Slots with people that would go or shrink.
    pub blocked: Vec<BlockedLine>,
    /// Wanted slots that wait for blocked ones at their table.
    pub held_back: Vec<Line>,
    /// Who goes where.
    pub moves: Vec<MoveLine>,
    /// Wanted slots that would have begun.
    pub passed: Vec<Line>,
    /// Time that makes no place.
    pub left_over: Vec<LeftOverLine>,
    /// Whether it was done.
    pub done: bool,
    /// The event's revision.
    pub revision: i64,
}

impl Plan {
    /// Whether nobody stands in the way.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        self.blocked.is_empty() && self.held_back.is_empty()
    }
}

/// The clocks of the event, which its grid goes by.
///
/// # Errors
/// Not found; those of [`super::access::require`].
pub fn usual_zone(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Zone, ServiceError> {
    Ok(event_of(tx, actor, event, Action::ManagePlaces)?.when.zone())
}

/// The grid of an event, for its members, and the event's revision.
///
/// # Errors
/// Not found, also where no grid was set; those of [`super::access::require`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<(GridRow, EventRow), ServiceError> {
    let event = event_of(tx, actor, event, Action::SeeEvents)?;
    Ok((grids::find(tx.conn, event.id)?.ok_or(ServiceError::NotFound)?, event))
}

/// Makes the slots of an event by a grid, or says what that would come to. Nothing is done while somebody stands in the
/// way, nor in a dry run.
///
/// # Errors
/// Not found; those of [`super::access::require`]; `precondition_required`, `stale`, `wrong_state`; what is wrong with the grid.
pub fn set(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    seen: &Seen,
    new: &NewGrid,
    moves: &[MoveAsked],
    dry_run: bool,
) -> Result<Plan, ServiceError> {
    let event = event_of(tx, actor, event, Action::ManagePlaces)?;
    seen.agrees(event.revision)?;
    event.state.change()?;
    let work = Work::plan(tx, &event, &new.grid, moves)?;
    let mut plan = work.told();
    plan.revision = event.revision;
    if dry_run || !plan.is_clear() {
        return Ok(plan);
    }
    let sat = seating::tables_of(tx, event.id)?;
    work.carry_out(tx, &event)?;
    seating::follow_tables(tx, &event, &sat)?;
    seating::tell_of_tables(tx, event.id, &sat)?;
    grids::set(tx.conn, event.id, &new.document, tx.now)?;
    let row = event.changed(event.event.clone(), tx.now);
    event_rows::update(tx.conn, &row)?;
    feed_revisions::bump(tx.conn, &feed_revisions::campus(event.campus_id), tx.now)?;
    plan.done = true;
    plan.revision = row.revision;
    Ok(plan)
}

/// What is there, what is wanted, and what makes the one of the other.
struct Work {
    there: Vec<GridSlot>,
    taken: HashMap<SlotId, u32>,
    wanted: Vec<PlannedSlot>,
    passed: Vec<PlannedSlot>,
    changes: Changes,
    /// Who goes to which of the wanted slots.
    moving: Vec<(Booked, usize)>,
    clashing: Vec<SlotId>,
    left_over: Vec<LeftOverLine>,
    buildings: Vec<String>,
}

/// Whether the slot's table is in the grid with seats for all who sit at the slot.
fn planned_seats(tables: &HashMap<String, u16>, slot: &GridSlot) -> bool {
    tables.get(&same(&slot.table)).is_some_and(|seats| slot.row.seating.seated <= *seats)
}

fn same(table: &str) -> String {
    table.trim().to_lowercase()
}

impl Work {
    fn plan(tx: &mut Tx<'_>, event: &EventRow, grid: &Grid, moves: &[MoveAsked]) -> Result<Self, ServiceError> {
        let made = expand(grid)?;
        outside(event, grid)?;
        let there = grids::list_slots(tx.conn, event.id)?;
        let taken = bookings::count_taken_in(tx.conn, event.id, tx.now)?;
        let (passed, wanted) = made
            .slots
            .into_iter()
            .map(|slot| placed(slot, event, grid))
            .partition::<Vec<_>, _>(|slot: &PlannedSlot| slot.when.window().start() <= tx.now);
        if wanted.is_empty() {
            let detail = format!("everything in it begins before now, {}", tx.now);
            return Err(Invalid::new("sessions/0/starts_local", "in_the_past", detail).into());
        }
        let buildings: HashMap<&str, usize> =
            grid.travel.buildings.iter().enumerate().map(|(i, name)| (name.trim(), i)).collect();
        let ends: HashMap<(String, Instant), &PlannedSlot> =
            wanted.iter().map(|slot| ((same(&slot.label), slot.when.window().start()), slot)).collect();
        // Whoever sits at a table that stays with its seats goes by the new rule with it.
        let tables: HashMap<String, u16> = grid.tables.iter().map(|table| (same(&table.label), table.seats)).collect();
        let existing: Vec<Existing> = there
            .iter()
            .filter(|slot| slot.row.when.window().start() > tx.now)
            .map(|slot| {
                let planned = ends.get(&(same(&slot.table), slot.row.when.window().start()));
                let label = planned.map_or_else(|| slot.table.clone(), |planned| planned.label.clone());
                Existing {
                    id: slot.row.id,
                    label,
                    place: slot.row.place.clone(),
                    part: slot.row.part.clone(),
                    building: slot.building.as_deref().map(|name| buildings.get(name).copied().unwrap_or(usize::MAX)),
                    when: slot.row.when,
                    interview_ends: planned
                        .map_or_else(|| slot.row.when.window().end(), |planned| planned.interview_ends),
                    capacity: slot.row.capacity,
                    seats: slot.row.seating.seats,
                    taken: taken.get(&slot.row.id).copied().unwrap_or_default().try_into().unwrap_or(u16::MAX),
                    staffed: if planned_seats(&tables, slot) { 0 } else { slot.row.seating.seated },
                    state: slot.row.state,
                }
            })
            .collect();
        let (mut changes, moving) = if moves.is_empty() {
            (reconcile(&existing, &wanted), Vec::new())
        } else {
            moved(tx, event, (&existing, &wanted), &grid.travel, moves)?
        };
        let begun = there.iter().filter(|slot| slot.row.when.window().start() <= tx.now);
        changes.keep.extend(begun.filter(|slot| slot.row.state != SlotState::Cancelled).map(|slot| slot.row.id));
        let left_over = made
            .left_over
            .iter()
            .filter_map(|left| {
                Some(LeftOverLine {
                    session: grid.sessions.get(left.session)?.name.clone(),
                    table: grid.tables.get(left.table)?.label.clone(),
                    at_end_minutes: left.at_end_minutes,
                    before_breaks_minutes: left.before_breaks_minutes,
                })
            })
            .collect();
        let buildings = grid.travel.buildings.clone();
        let clashing = Vec::new();
        let mut work = Self { there, taken, wanted, passed, changes, moving, clashing, left_over, buildings };
        work.find_clashes(tx, event)?;
        Ok(work)
    }

    /// A place that would last longer must not run into another place of the same student.
    fn find_clashes(&mut self, tx: &mut Tx<'_>, event: &EventRow) -> Result<(), ServiceError> {
        let by_id: HashMap<SlotId, &GridSlot> = self.there.iter().map(|slot| (slot.row.id, slot)).collect();
        for change in self.changes.change.iter().filter(|change| change.people > 0) {
            let (Some(slot), Some(planned)) = (by_id.get(&change.slot), self.wanted.get(change.to)) else { continue };
            let (is, will) = (slot.row.when.window(), planned.when.window());
            if will.end() <= is.end() {
                continue;
            }
            'people: for booked in bookings::list_live(tx.conn, change.slot)? {
                if self.moving.iter().any(|(moved, _)| moved.row.id == booked.row.id) {
                    continue;
                }
                let had = bookings::list_of_student(tx.conn, booked.row.student_id, event.id, will.start(), tx.now)?;
                let mut others = had.iter().filter(|had| had.slot != change.slot);
                if others.any(|had| had.commitment.window.overlaps(will)) {
                    self.clashing.push(change.slot);
                    break 'people;
                }
            }
        }
        let clashing = &self.clashing;
        self.changes.change.retain(|change| !clashing.contains(&change.slot));
        Ok(())
    }

    fn is(&self, slot: &GridSlot) -> Line {
        Line {
            slot: Some(slot.row.id),
            label: slot.row.label.clone().unwrap_or_else(|| slot.table.clone()),
            place: slot.row.place.clone(),
            when: slot.row.when,
            capacity: slot.row.capacity,
            students: self.taken.get(&slot.row.id).copied().unwrap_or_default(),
        }
    }

    fn will_be(planned: &PlannedSlot, slot: Option<SlotId>, students: u32) -> Line {
        Line {
            slot,
            label: planned.label.clone(),
            place: planned.place.clone(),
            when: planned.when,
            capacity: planned.capacity,
            students,
        }
    }

    fn told(&self) -> Plan {
        let by_id: HashMap<SlotId, &GridSlot> = self.there.iter().map(|slot| (slot.row.id, slot)).collect();
        let is = |id: &SlotId| by_id.get(id).map(|slot| self.is(slot));
        let will = |to: &usize| self.wanted.get(*to).map(|planned| Self::will_be(planned, None, 0));
        let blocked = self.changes.blocked.iter().filter_map(|blocked| {
            Some(BlockedLine {
                line: is(&blocked.slot)?,
                volunteers: blocked.volunteers,
                hindrances: blocked.hindrances.iter().map(named).collect(),
                detail: blocked.sentence.clone(),
            })
        });
        let clashing = self.clashing.iter().filter_map(|id| {
            let line = is(id)?;
            let detail = format!(
                "The place of {} at {:?} would last longer and run into another place of somebody who has it.",
                crate::domain::wording::at_the_place(line.when),
                line.label
            );
            Some(BlockedLine { line, volunteers: 0, hindrances: vec!["overlap"], detail })
        });
        let change = self.changes.change.iter().filter_map(|change| {
            let planned = self.wanted.get(change.to)?;
            Some(Self::will_be(planned, Some(change.slot), change.people))
        });
        Plan {
            wanted: self.wanted.len() + self.passed.len(),
            keep: self.changes.keep.iter().filter_map(is).collect(),
            change: change.collect(),
            add: self.changes.add.iter().filter_map(will).collect(),
            remove: self.changes.remove.iter().filter_map(is).collect(),
            blocked: blocked.chain(clashing).collect(),
            held_back: self.changes.held_back.iter().filter_map(will).collect(),
            moves: self
                .moving
                .iter()
                .filter_map(|(booked, to)| {
                    let (booking, student, from) = (booked.row.id, booked.student.clone(), booked.row.slot_id);
                    Some(MoveLine { booking, student, from, to: will(to)? })
                })
                .collect(),
            passed: self.passed.iter().map(|planned| Self::will_be(planned, None, 0)).collect(),
            left_over: self.left_over.clone(),
            done: false,
            revision: 0,
        }
    }

    fn carry_out(&self, tx: &mut Tx<'_>, event: &EventRow) -> Result<(), ServiceError> {
        let by_id: HashMap<SlotId, &GridSlot> = self.there.iter().map(|slot| (slot.row.id, slot)).collect();
        let (mut roomier, mut reshaped) = (Vec::new(), Vec::new());
        for change in &self.changes.change {
            let (Some(before), Some(planned)) = (by_id.get(&change.slot), self.wanted.get(change.to)) else { continue };
            let row = &before.row;
            let slot = Slot {
                label: Some(planned.label.clone()),
                capacity: planned.capacity,
                place: planned.place.clone(),
                part: planned.part.clone(),
                when: planned.when,
                seating: Seating { seats: planned.seats, ..row.seating },
                ..row.slot.clone()
            };
            let told = (&slot.place, &slot.label, slot.when) != (&row.place, &row.label, row.when);
            if slot.capacity > row.capacity {
                roomier.push(change.slot);
            }
            grids::update_slot(tx.conn, &self.kept(row.changed(slot, tx.now), planned))?;
            if change.people > 0 {
                reshaped.push((change.slot, planned.when.window().end(), planned.when != row.when, told));
            }
        }
        let left = self.left_tables();
        let mut made = Vec::with_capacity(self.changes.add.len());
        for to in &self.changes.add {
            let Some(planned) = self.wanted.get(*to) else { continue };
            let slot = Slot {
                id: SlotId::mint(),
                event_id: event.id,
                state: SlotState::Open,
                label: Some(planned.label.clone()),
                capacity: planned.capacity,
                place: planned.place.clone(),
                part: planned.part.clone(),
                when: planned.when,
                seating: Seating {
                    unstaffed_since: left.get(&same(&planned.label)).copied().filter(|_| planned.seats > 0),
                    ..Seating::wanting(planned.seats)
                },
            };
            roomier.push(slot.id);
            made.push(self.kept(SlotRow::new(slot, tx.now), planned));
        }
        grids::insert_slots(tx.conn, &made)?;
        let moved = move_people(tx, event, &self.moving, &self.wanted)?;
        for (slot, end, lasts_otherwise, told) in reshaped {
            if lasts_otherwise {
                until(tx, slot, end)?;
            }
            if told {
                tell_others_of_change(tx, slot, &moved)?;
            }
        }
        self.remove(tx, event, &by_id)?;
        // Those who wait come first, also to what is new.
        pass_on_many(tx, event.id, &roomier, &[]).map(drop)
    }

    /// The tables that everybody has left, and since when: what is new there waits for somebody as well.
    fn left_tables(&self) -> HashMap<String, Instant> {
        let mut since = HashMap::new();
        for slot in self.there.iter().filter(|slot| slot.row.state != SlotState::Cancelled) {
            if let Some(left) = slot.row.seating.unstaffed_since {
                let first = since.entry(same(&slot.table)).or_insert(left);
                *first = left.min(*first);
            }
        }
        for slot in &self.there {
            if slot.row.seating.seated > 0 {
                since.remove(&same(&slot.table));
            }
        }
        since
    }

    fn kept(&self, row: SlotRow, planned: &PlannedSlot) -> GridSlot {
        let building = planned.building.and_then(|building| self.buildings.get(building));
        GridSlot { row, table: planned.label.clone(), building: building.map(|name| name.trim().to_owned()) }
    }

    /// Slots that somebody had a place in, or waits for, stay in the books as cancelled; the others were never needed.
    fn remove(
        &self,
        tx: &mut Tx<'_>,
        event: &EventRow,
        by_id: &HashMap<SlotId, &GridSlot>,
    ) -> Result<(), ServiceError> {
        if self.changes.remove.is_empty() {
            return Ok(());
        }
        let mut named: HashSet<SlotId> = grids::ever_booked(tx.conn, event.id)?.into_iter().collect();
        named.extend(waitlist_entries::wishes(tx.conn, event.id)?.into_iter().flat_map(|wish| wish.slots));
        // The log says where those come from who were moved away.
        named.extend(self.moving.iter().map(|(booked, _)| booked.row.slot_id));
        for id in &self.changes.remove {
            let Some(slot) = by_id.get(id) else { continue };
            if named.contains(id) {
                let state = slot.row.state.cancel()?;
                let row = slot.row.changed(Slot { state, ..slot.row.slot.clone() }, tx.now);
                crate::store::slots::update(tx.conn, &row)?;
            } else {
                grids::delete_slot(tx.conn, *id)?;
            }
        }
        Ok(())
    }
}

/// The places of a slot last until then.
fn until(tx: &mut Tx<'_>, slot: SlotId, end: Instant) -> Result<(), ServiceError> {
    for booked in bookings::list_live(tx.conn, slot)? {
        let row = BookingRow { ends_at: end, ..booked.row.into_state(booked.row.state, tx.now) };
        if !bookings::update(tx.conn, &row)? {
            return Err(walled());
        }
    }
    Ok(())
}

/// The slot with its place in words: the table's own, its building, or the event's.
fn placed(slot: PlannedSlot, event: &EventRow, grid: &Grid) -> PlannedSlot {
    let building = slot.building.and_then(|building| grid.travel.buildings.get(building)).cloned();
    PlannedSlot { place: slot.place.clone().or(building).or_else(|| event.place.clone()), ..slot }
}

fn named(hindrance: &Hindrance) -> &'static str {
    match hindrance {
        Hindrance::Unwanted => "unwanted",
        Hindrance::Shortened(_) => "shortened",
        Hindrance::AnotherBuilding => "another_building",
        Hindrance::FewerPlaces(_) => "fewer_places",
        Hindrance::FewerSeats(_) => "fewer_seats",
    }
}

fn outside(event: &EventRow, grid: &Grid) -> Result<(), ServiceError> {
    let all = event.when.window();
    let outside = |(i, window): (usize, crate::domain::time::Window)| {
        let field = if window.start() < all.start() { "starts_local" } else { "ends_local" };
        let detail = format!("the event takes place from {} to {}", all.start(), all.end());
        Invalid::new(format!("sessions/{i}/{field}"), "outside_event", detail)
    };
    let windows = grid.sessions.iter().map(|session| session.when.window()).enumerate();
    let mut faults: Vec<Invalid> = windows.filter(|(_, window)| !all.covers(*window)).map(outside).collect();
    for (i, session) in grid.sessions.iter().enumerate() {
        let part = session.part.as_deref();
        faults.extend(part.and_then(|part| in_part(event, part, session.when.window()).err()).map(|fault| {
            let field = if fault.code == "outside_part" { "ends_local" } else { "part" };
            Invalid::new(format!("sessions/{i}/{field}"), fault.code, fault.detail)
        }));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// The most steps that counting the seats of a preview takes: tables times seats, for each session.
const MOST_COUNTING: usize = 20_000_000;

/// What a grid comes to with the volunteers who are known, before anybody is invited.
///
/// # Errors
/// What is wrong with the grid; more volunteers listed than there are sessions; too many seats to be counted.
pub fn preview(grid: &Grid, demand: &Demand, known: &[u32], people: Option<u32>) -> Result<Preview, ServiceError> {
    let made = expand(grid)?;
    if known.len() > grid.sessions.len() {
        let detail = format!("{} sessions are given and the grid has {}", known.len(), grid.sessions.len());
        return Err(Invalid::new("known_volunteers", "out_of_range", detail).into());
    }
    let seats: usize = grid.tables.iter().map(|table| usize::from(table.seats)).sum();
    if seats.saturating_mul(grid.tables.len()).saturating_mul(grid.sessions.len()) > MOST_COUNTING {
        let detail = format!("{} tables with {seats} seats are too many to be counted", grid.tables.len());
        return Err(Invalid::new("tables", "out_of_range", detail).into());
    }
    Ok(feasibility::preview(demand, &Supply { people, ..Supply::of_grid(grid, &made, known) }))
}

/// The grid that is kept for an event, for those who plan it.
///
/// # Errors
/// Not found, also where no grid was set; those of [`super::access::require`].
pub fn kept(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Value, ServiceError> {
    let event = event_of(tx, actor, event, Action::ManagePlaces)?;
    Ok(grids::find(tx.conn, event.id)?.ok_or(ServiceError::NotFound)?.document)
}
