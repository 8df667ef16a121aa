//! A roster of slots.

use std::collections::HashMap;

use super::{Done, Line, OfLine, Outcome, settled};
use crate::domain::ids::{EventId, SlotId};
use crate::domain::people::access::Action;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::slot::{Slot, SlotChange, SlotState};
use crate::domain::time::{Instant, LocalWindow};
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::bookings::event_of;
use crate::service::error::ServiceError;
use crate::service::events::EventRow;
use crate::service::places::tell_of_change;
use crate::service::queue::pass_on_many;
use crate::service::slots::{NewSlot, changed, fresh, in_part, within};
use crate::store::slots::{self, SlotRow};
use crate::store::{bookings, feed_revisions};

/// How many lines share a transaction.
pub const GROUP: usize = 250;

/// A slot as a roster has it. What a roster has no word about stays as it is.
#[derive(Debug, Clone)]
pub struct SlotFacts {
    /// Which slot, where the roster says so.
    pub id: Option<SlotId>,
    /// What tells it from the others.
    pub label: Option<Option<String>>,
    /// Where; the event's place where the roster says that there is none.
    pub place: Option<Option<String>>,
    /// The part of the event that it belongs to, by its key, or none.
    pub part: Option<Option<String>>,
    /// When.
    pub when: LocalWindow,
    /// Places for students.
    pub capacity: i64,
    /// Seats for volunteers.
    pub seats: Option<i64>,
}

/// By what a slot is known again that is named by no id: its start and its label or, where it has none, its place.
pub type SlotKey = (Instant, String);

fn key_of(start: Instant, label: Option<&str>, place: Option<&str>) -> SlotKey {
    let name = label.filter(|label| !label.trim().is_empty()).or(place).unwrap_or_default();
    (start, name.trim().to_lowercase())
}

impl SlotFacts {
    /// By what the slot is known again.
    #[must_use]
    pub fn key(&self, usual_place: Option<&str>) -> SlotKey {
        let place = self.place.as_ref().and_then(Option::as_deref).or(usual_place);
        key_of(self.when.window().start(), self.label.as_ref().and_then(Option::as_deref), place)
    }
}

/// The event, if the actor may manage its places.
///
/// # Errors
/// Not found; those of [`crate::service::access::require`].
pub fn event(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<EventRow, ServiceError> {
    event_of(tx, actor, event, Action::ManagePlaces)
}

/// What a group has found and made.
struct Group {
    by_id: HashMap<SlotId, SlotRow>,
    by_key: HashMap<SlotKey, Vec<SlotId>>,
    made: Vec<SlotRow>,
    roomier: Vec<SlotId>,
    touched: bool,
    keep: bool,
}

impl Group {
    fn of(tx: &mut Tx<'_>, event: &EventRow, lines: &[Line<SlotFacts>], keep: bool) -> Result<Self, ServiceError> {
        let read = || lines.iter().filter_map(|line| line.read.as_ref().ok());
        let ids: Vec<SlotId> = read().filter_map(|facts| facts.id).collect();
        let mut starts: Vec<Instant> = read().map(|facts| facts.when.window().start()).collect();
        starts.sort_unstable();
        starts.dedup();
        let rows = slots::list_known(tx.conn, event.id, &ids, &starts)?;
        let mut by_key: HashMap<SlotKey, Vec<SlotId>> = HashMap::new();
        for row in &rows {
            let key = key_of(row.when.window().start(), row.label.as_deref(), row.place.as_deref());
            by_key.entry(key).or_default().push(row.id);
        }
        let by_id = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(Self { by_id, by_key, made: Vec::new(), roomier: Vec::new(), touched: false, keep })
    }

    /// The slot that a line names, if it is there.
    fn named(&self, event: &EventRow, facts: &SlotFacts) -> Result<Option<&SlotRow>, Invalid> {
        if let Some(id) = facts.id {
            let row = self.by_id.get(&id);
            let unknown = || Invalid::new("id", "unknown_reference", format!("the event has no slot {id}"));
            return row.map(Some).ok_or_else(unknown);
        }
        let found = self.by_key.get(&facts.key(event.place.as_deref()));
        let rows: Vec<&SlotRow> = found.into_iter().flatten().filter_map(|id| self.by_id.get(id)).collect();
        // Of two of one name, one of which was called off, the other is meant.
        let on: Vec<&SlotRow> = rows.iter().copied().filter(|row| row.state != SlotState::Cancelled).collect();
        match (on.as_slice(), rows.as_slice()) {
            ([], []) => Ok(None),
            ([one], _) | ([], [one, ..]) => Ok(Some(one)),
            (many, _) => {
                let detail =
                    format!("{} slots have this start and this label or place; name one by its id", many.len());
                Err(Invalid::new("label", "ambiguous", detail))
            }
        }
    }
}

/// Does a group of lines, or only looks.
///
/// # Errors
/// Those of [`event()`]; `wrong_state` for an event that takes no changes; the database's.
pub fn step(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventId,
    lines: &[Line<SlotFacts>],
    keep: bool,
) -> Result<Vec<Done>, ServiceError> {
    let event = event(tx, actor, id)?;
    event.state.change()?;
    let mut group = Group::of(tx, &event, lines, keep)?;
    let mut done = Vec::with_capacity(lines.len());
    for line in lines {
        let of_line = one(tx, &event, line, &mut group);
        done.push(settled(line.number, of_line)?);
    }
    if keep && group.touched {
        group.roomier.extend(group.made.iter().map(|row| row.id));
        slots::insert_many(tx.conn, &group.made)?;
        // Those who wait come first, also to what is new.
        pass_on_many(tx, event.id, &group.roomier, &[])?;
        feed_revisions::bump(tx.conn, &feed_revisions::campus(event.campus_id), tx.now)?;
    }
    Ok(done)
}

fn one(tx: &mut Tx<'_>, event: &EventRow, line: &Line<SlotFacts>, group: &mut Group) -> OfLine {
    let facts = line.read.as_ref().map_err(Clone::clone)?;
    let Some(before) = group.named(event, facts)?.cloned() else {
        let new = NewSlot {
            label: facts.label.clone().flatten(),
            place: facts.place.clone().flatten(),
            part: facts.part.clone().flatten(),
            when: facts.when,
            capacity: facts.capacity,
            seats: facts.seats.unwrap_or_default(),
        };
        let slot = fresh(event, &new, tx.now)?;
        let id = slot.id.uuid();
        group.touched = true;
        group.made.push(SlotRow::new(slot, tx.now));
        return Ok(Outcome::Created(group.keep.then_some(id)));
    };
    // A slot that the office has left without a place, though the event has one, stays so.
    let usual = || before.place.as_ref().and_then(|_| event.place.clone());
    let change = SlotChange {
        label: facts.label.clone(),
        place: facts.place.clone().map(|place| place.or_else(usual)),
        part: facts.part.clone(),
        capacity: Some(facts.capacity),
        seats: facts.seats,
    };
    let id = before.id.uuid();
    if is_so(&before, &change, facts.when) {
        return Ok(Outcome::Unchanged(id));
    }
    let taken = bookings::count_taken(tx.conn, before.id, tx.now)?;
    let mut slot = changed(&before, &change, taken)?;
    if slot.when != facts.when {
        slot = in_time(event, slot, facts.when, taken, tx.now)?;
    }
    if let Some(part) = slot.part.as_deref() {
        in_part(event, part, slot.when.window())?;
    }
    if slot == before.slot {
        return Ok(Outcome::Unchanged(id));
    }
    if group.keep {
        keep(tx, &before, slot, group)?;
    }
    Ok(Outcome::Updated(id))
}

/// Whether a line says what is so, word for word; then no rule about changes has a say.
fn is_so(is: &Slot, said: &SlotChange, when: LocalWindow) -> bool {
    let same = |said: &Option<Option<String>>, is: &Option<String>| {
        said.as_ref().is_none_or(|said| said.as_deref().map(str::trim) == is.as_deref())
    };
    same(&said.label, &is.label)
        && same(&said.place, &is.place)
        && same(&said.part, &is.part)
        && said.capacity.is_none_or(|capacity| capacity == i64::from(is.capacity))
        && said.seats.is_none_or(|seats| seats == i64::from(is.seating.seats))
        && when == is.when
}

/// The slot at another time, which only one without people gets.
fn in_time(event: &EventRow, slot: Slot, when: LocalWindow, taken: u32, now: Instant) -> Result<Slot, ServiceError> {
    let field = if slot.when.starts() == when.starts() { "ends_local" } else { "starts_local" };
    let seated = slot.seating.seated;
    if taken > 0 || seated > 0 {
        let detail = format!(
            "the slot goes from {} to {}, and has {taken} students and {seated} volunteers; it keeps its time",
            slot.when.window().start(),
            slot.when.window().end()
        );
        return Err(Invalid::new(field, "has_people", detail).into());
    }
    within(event, when, now)?;
    Ok(Slot { when, ..slot })
}

fn keep(tx: &mut Tx<'_>, before: &SlotRow, slot: Slot, group: &mut Group) -> Result<(), ServiceError> {
    let moved = slot.place != before.place || slot.label != before.label;
    if slot.capacity > before.capacity {
        group.roomier.push(slot.id);
    }
    let row = before.changed(slot, tx.now);
    slots::update(tx.conn, &row)?;
    group.touched = true;
    if moved {
        tell_of_change(tx, row.id)?;
    }
    // A later line may name the same slot in another way.
    group.by_id.insert(row.id, row);
    Ok(())
}
