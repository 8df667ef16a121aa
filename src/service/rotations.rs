//! Rotations: who is to meet whom and when, planned over the tables of an event's grid, kept as a draft, and booked at once.
//!
//! Planning takes a while for thousands and reads only; so it is done on a view of the data, and [`apply`] compares with
//! what stands by then: whatever is not possible any more is named, and nothing is done. One transaction books
//! everything, so that there is nothing between nothing and all. Absent on purpose: the plan itself, which is the
//! domain's, and volunteers, who sit at their tables whoever comes.

mod apply;
mod asked;
mod day;
mod tables;
mod told;

use serde_json::Value;

use super::access::Actor;
use super::app::Tx;
use super::bookings::event_of;
use super::error::ServiceError;
use crate::domain::ids::{EventId, RotationId};
use crate::domain::people::access::Action;
use crate::domain::scheduling::grid::Travel;
use crate::domain::scheduling::rotation::{self, RotationState};
use crate::domain::time::Zone;
use crate::store::rotations::{self, RotationDocument};
use crate::store::students::{self, StudentRow};

pub use crate::store::rotations::{Figures, LeftOutLine, PlannedInterview, RotationRow, ShortfallLine};
pub use apply::apply;
pub use asked::{MOST_STUDENTS, OneStudent, TableFacts, Wanted, Who, WishFor};
pub use told::THE_STUDENT;

/// A plan, and what it takes to show it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Of which event.
    pub event: EventId,
    /// The plan.
    pub plan: RotationDocument,
    /// Those it is for.
    pub students: Vec<StudentRow>,
    /// The clocks of the event.
    pub zone: Zone,
}

/// A rotation that is kept, and what it takes to show it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The rotation, with the plan that `planned` shows.
    pub row: RotationRow,
    /// Its plan.
    pub planned: Planned,
}

/// Plans a rotation and keeps nothing.
///
/// # Errors
/// Not found; those of [`super::access::require`]; what is wrong with what is asked; `wrong_state` for an event without
/// tables.
pub fn plan(
    tx: &mut Tx<'_>,
    actor: &Actor,
    event: EventId,
    travel: &Travel,
    wanted: &Wanted,
) -> Result<Planned, ServiceError> {
    let event = event_of(tx, actor, event, Action::ManagePlaces)?;
    event.state.change()?;
    let chosen = asked::choose(tx, &event, wanted)?;
    let day = day::Day::load(tx, &event, &chosen.students)?;
    let work = asked::Work::new(&day, travel, wanted, chosen, tx.now)?;
    let made = rotation::plan(&work.rotation, wanted.seed)?;
    let plan = told::document(&work, &day, &made);
    Ok(Planned { event: event.id, plan, students: work.everybody, zone: event.when.zone() })
}

/// Keeps a plan as a draft.
///
/// # Errors
/// Not found; those of [`super::access::require`].
pub fn keep(tx: &mut Tx<'_>, actor: &Actor, planned: &Planned, asked: &Value) -> Result<Kept, ServiceError> {
    let event = event_of(tx, actor, planned.event, Action::ManagePlaces)?;
    let row = RotationRow {
        id: RotationId::mint(),
        campus_id: event.campus_id,
        event_id: event.id,
        state: RotationState::Draft,
        asked: asked.clone(),
        plan: planned.plan.clone(),
        applied_at: None,
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    rotations::insert(tx.conn, &row)?;
    Ok(Kept { row, planned: planned.clone() })
}

/// The event of a rotation, whoever asks.
///
/// # Errors
/// The database's.
pub fn event_of_rotation(tx: &mut Tx<'_>, id: RotationId) -> Result<Option<EventId>, ServiceError> {
    Ok(rotations::event_of(tx.conn, id)?)
}

/// A rotation.
///
/// # Errors
/// Not found; those of [`super::access::require`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, id: RotationId) -> Result<Kept, ServiceError> {
    let row = rotations::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let event = event_of(tx, actor, row.event_id, Action::ManagePlaces)?;
    let students = students::list_by_ids(tx.conn, row.campus_id, &row.plan.students)?;
    let planned = Planned { event: event.id, plan: row.plan.clone(), students, zone: event.when.zone() };
    Ok(Kept { row, planned })
}
