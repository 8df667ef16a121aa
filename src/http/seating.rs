//! Who sits where, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::skills::id;
use super::wire::times::WhenView;
use crate::domain::ids::{AssignmentId, EventId};
use crate::domain::refusal::{Invalid, line};
use crate::service::seating::{self, Plan, Seat, StationRow, Table};

route_table! {
    "/v1/events/{event_id}/seating" => { get find, post set }
    "/v1/assignments/{assignment_id}/seating" => { get find_own }
}

/// The most people who are seated in one call.
const MOST_SEATED: usize = 500;
/// The most slots that one person is seated at by name.
const MOST_SLOTS: usize = 500;

/// Who is to sit where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatingBody {
    seats: Vec<SeatBody>,
    #[serde(default)]
    rebook: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatBody {
    assignment_id: String,
    table: Option<String>,
    slot_ids: Option<Vec<String>>,
}

impl SeatBody {
    fn read(&self) -> Result<(AssignmentId, Seat), Vec<Invalid>> {
        let assignment = id("assignment_id", &self.assignment_id).map_err(|fault| vec![fault])?;
        match (&self.table, &self.slot_ids) {
            (Some(table), None) => {
                let table = line("table", table, 1, 100).map_err(|fault| vec![fault])?;
                Ok((assignment, Seat::Table(table)))
            }
            (None, Some(slots)) if slots.len() > MOST_SLOTS => {
                let detail = format!("it has {} entries, at most {MOST_SLOTS} are taken", slots.len());
                Err(vec![Invalid::new("slot_ids", "too_many", detail)])
            }
            (None, Some(slots)) => {
                let mut faults = Vec::new();
                let mut read = Vec::with_capacity(slots.len());
                for (number, slot) in slots.iter().enumerate() {
                    match id(&format!("slot_ids/{number}"), slot) {
                        Ok(slot) => read.push(slot),
                        Err(fault) => faults.push(fault),
                    }
                }
                if faults.is_empty() { Ok((assignment, Seat::Slots(read))) } else { Err(faults) }
            }
            (None, None) => Err(vec![Invalid::new("table", "required", "`table` or `slot_ids` says where")]),
            (Some(_), Some(_)) => {
                Err(vec![Invalid::new("slot_ids", "conflict", "either `table` or `slot_ids` is sent, not both")])
            }
        }
    }
}

impl SeatingBody {
    fn read(&self) -> Result<Vec<(AssignmentId, Seat)>, Vec<Invalid>> {
        if self.seats.is_empty() || self.seats.len() > MOST_SEATED {
            let detail = format!("it has {} entries, from 1 to {MOST_SEATED} are taken", self.seats.len());
            return Err(vec![Invalid::new("seats", "out_of_range", detail)]);
        }
        let mut faults = Vec::new();
        let mut read: Vec<(AssignmentId, Seat)> = Vec::with_capacity(self.seats.len());
        for (number, seat) in self.seats.iter().enumerate() {
            match seat.read() {
                Ok((assignment, _)) if read.iter().any(|(other, _)| *other == assignment) => {
                    let detail = format!("{assignment} is named twice");
                    faults.push(Invalid::new(format!("seats/{number}/assignment_id"), "repeated", detail));
                }
                Ok(seat) => read.push(seat),
                Err(wrong) => faults.extend(wrong.into_iter().map(|fault| fault.within(number).within("seats"))),
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }
}

/// Who sits where, out.
#[derive(Debug, Serialize)]
struct SeatingView {
    event_id: String,
    tables: Vec<TableView>,
    spares: Vec<PersonView>,
}

#[derive(Debug, Serialize)]
struct TableView {
    table: Option<String>,
    seats: u16,
    slots: usize,
    unstaffed_slots: usize,
    students: u32,
    starts_at: Option<String>,
    ends_at: Option<String>,
    people: Vec<SeatedView>,
}

#[derive(Debug, Serialize)]
struct PersonView {
    assignment_id: String,
    volunteer_id: String,
    display_name: String,
}

#[derive(Debug, Serialize)]
struct SeatedView {
    #[serde(flatten)]
    person: PersonView,
    slots: usize,
}

impl From<&crate::service::seating::Sitter> for PersonView {
    fn from(sitter: &crate::service::seating::Sitter) -> Self {
        Self {
            assignment_id: sitter.assignment.to_string(),
            volunteer_id: sitter.volunteer.to_string(),
            display_name: sitter.name.clone(),
        }
    }
}

impl From<&Table> for TableView {
    fn from(table: &Table) -> Self {
        let starts = table.slots.iter().map(|station| station.row.when.window().start()).min();
        let ends = table.slots.iter().map(|station| station.row.when.window().end()).max();
        Self {
            table: table.name.clone(),
            seats: table.seats,
            slots: table.slots.len(),
            unstaffed_slots: table.slots.iter().filter(|station| !station.row.seating.is_staffed()).count(),
            students: table.students,
            starts_at: starts.map(|at| at.to_string()),
            ends_at: ends.map(|at| at.to_string()),
            people: table.people.iter().map(|(who, slots)| SeatedView { person: who.into(), slots: *slots }).collect(),
        }
    }
}

fn shown(event: EventId, plan: &Plan) -> Reply {
    Reply::ok(&SeatingView {
        event_id: event.to_string(),
        tables: plan.tables.iter().map(TableView::from).collect(),
        spares: plan.spares.iter().map(PersonView::from).collect(),
    })
}

/// Who sits where at an event.
async fn find(ctx: Ctx, At(event): At<EventId>) -> Answer {
    ctx.read(move |tx, actor| Ok(shown(event, &seating::find(tx, actor, event)?))).await
}

/// Seats people by the office's word.
async fn set(ctx: Ctx, At(event): At<EventId>, Body { value, digest }: Body<SeatingBody>) -> Answer {
    let app = ctx.app.clone();
    let _turn = app.turn(event.uuid()).await;
    ctx.act(digest, move |tx, actor| {
        seating::may_set(tx, actor, event)?;
        Ok(shown(event, &seating::set(tx, actor, event, &value.read()?, value.rebook)?))
    })
    .await
}

/// Where one volunteer sits, out.
#[derive(Debug, Serialize)]
struct OwnSeatingView {
    assignment_id: String,
    slots: Vec<OwnSlotView>,
}

#[derive(Debug, Serialize)]
struct OwnSlotView {
    slot_id: String,
    table: Option<String>,
    label: Option<String>,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    capacity: u16,
    students: u32,
}

impl From<&(StationRow, u32)> for OwnSlotView {
    fn from((station, students): &(StationRow, u32)) -> Self {
        let row = &station.row;
        Self {
            slot_id: row.id.to_string(),
            table: station.table.clone(),
            label: row.label.clone(),
            place: row.place.clone(),
            when: row.when.into(),
            capacity: row.capacity,
            students: *students,
        }
    }
}

/// Where an assignment sits.
async fn find_own(ctx: Ctx, At(assignment): At<AssignmentId>) -> Answer {
    ctx.read(move |tx, actor| {
        let found = seating::find_own(tx, actor, assignment)?;
        let slots = found.iter().map(OwnSlotView::from).collect();
        Ok(Reply::ok(&OwnSeatingView { assignment_id: assignment.to_string(), slots }))
    })
    .await
}
