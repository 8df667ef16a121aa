//! A draft becomes bookings, all of them or none.
//!
//! Everything is compared with the day as it stands inside the same transaction. When the public may book does not bind the
//! office's plan, and whoever waits for the event and gets a place by it waits no more. Each student gets one letter with
//! all their interviews, an invite for each: an invite speaks of one entry, so that each can be moved and cancelled later
//! under its own calendar UID.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::super::access::Actor;
use super::super::app::Tx;
use super::super::code::Code;
use super::super::error::ServiceError;
use super::super::outbox;
use super::super::places::{By, fresh, note, note_entry, pass, reader, refusal, walled};
use super::day::Day;
use super::{Kept, Planned, find};
use crate::auth::link::LinkFor;
use crate::domain::ids::{RotationId, SlotId, StudentId};
use crate::domain::notice::{Notice, PlaceOfMany};
use crate::domain::refusal::WrongState;
use crate::domain::scheduling::booking::{Asked, BookingRules, BookingState};
use crate::domain::time::Window;
use crate::store::bookings::{self, BookingRow};
use crate::store::rotations::{self, PlannedInterview};
use crate::store::students::StudentRow;
use crate::store::{events, waitlist_entries};

/// The most conflicts that a refusal names.
const MOST_SHOWN: usize = 200;

/// Books all places of a draft.
///
/// # Errors
/// Not found; those of [`super::super::access::require`]; `wrong_state`; `rotation_stale` with what is not possible any more.
pub fn apply(tx: &mut Tx<'_>, actor: &Actor, id: RotationId) -> Result<Kept, ServiceError> {
    let Kept { row, planned } = find(tx, actor, id)?;
    row.state.apply()?;
    let event = events::find(tx.conn, row.event_id)?.ok_or(ServiceError::NotFound)?;
    let day = Day::load(tx, &event, &planned.students)?;
    let conflicts = Conflicts::of(tx, &day, &planned)?;
    if !conflicts.is_empty() {
        let count = conflicts.len();
        let detail = format!("{count} of the interviews are not possible any more; nothing was booked.");
        let shown: Vec<Value> = conflicts.into_iter().take(MOST_SHOWN).collect();
        return Err(ServiceError::refused(Code::RotationStale, detail).with("conflicts", shown));
    }
    let made = book(tx, actor, &day, &planned)?;
    write_to(tx, &day, &planned, id, &made)?;
    let students: HashSet<StudentId> = made.iter().map(|row| row.student_id).collect();
    for waiting in waitlist_entries::queue(tx.conn, event.id)? {
        if students.contains(&waiting.student.id) {
            let entry = waiting.row.into_state(waiting.row.state.close()?, tx.now);
            waitlist_entries::update(tx.conn, &entry)?;
            note_entry(tx, &entry, None, "closed", By::of(actor), "Has places by a rotation.")?;
        }
    }
    if !rotations::apply(tx.conn, id, tx.now)? {
        return Err(WrongState { from: "applied", verb: "apply" }.into());
    }
    find(tx, actor, id)
}

/// What stands in the way of a plan by now.
struct Conflicts;

impl Conflicts {
    fn of(tx: &mut Tx<'_>, day: &Day, planned: &Planned) -> Result<Vec<Value>, ServiceError> {
        let students: HashMap<StudentId, &StudentRow> = planned.students.iter().map(|row| (row.id, row)).collect();
        let mut taken: HashMap<SlotId, u32> = HashMap::new();
        // Within the event nobody travels but between the buildings of its grid, which the plan has looked at.
        let mut here: HashMap<StudentId, Vec<Window>> = HashMap::new();
        let mut there: HashSet<(StudentId, SlotId)> = HashSet::new();
        let mut counts: HashMap<StudentId, u32> = HashMap::new();
        for row in &day.live {
            *taken.entry(row.slot_id).or_default() += row.places();
            *counts.entry(row.student_id).or_default() += 1;
            there.insert((row.student_id, row.slot_id));
            here.entry(row.student_id).or_default().extend(Window::new(row.starts_at, row.ends_at));
        }
        let mut found = Vec::new();
        for one in &planned.plan.interviews {
            let (about, student) = (day.abouts.get(&one.slot), students.get(&one.student));
            let (Some(about), Some(student)) = (about, student) else {
                found.push(said(one, "gone", "The slot or the student is not there any more."));
                continue;
            };
            if one.booked {
                if !there.contains(&(one.student, one.slot)) {
                    found.push(said(one, "given_back", "It was booked when the plan was made, and is not any more."));
                }
                continue;
            }
            let window = about.slot.when.window();
            if (window.start(), window.end()) != (one.starts, one.ends) {
                found.push(said(one, "moved", "The slot has another time."));
                continue;
            }
            let attended = bookings::attended(tx.conn, one.student, &about.rules.after_events)?;
            let commitments = day.elsewhere.get(&one.student).map(Vec::as_slice).unwrap_or_default();
            let mine = here.entry(one.student).or_default();
            let asked = Asked {
                now: tx.now,
                event: about.state,
                slot: about.slot.state,
                seating: about.slot.seating,
                window,
                venue: about.venue,
                student: &student.student,
                commitments,
                attended: &attended,
                already: there.contains(&(one.student, one.slot)),
                in_event: counts.get(&one.student).copied().unwrap_or_default(),
                capacity: about.slot.capacity.into(),
                taken: taken.get(&one.slot).copied().unwrap_or_default(),
                party: 1,
                waiting: 0,
            };
            let rules = BookingRules { opens_at: None, closes_minutes_before: 0, ..about.rules.clone() };
            match rules.admit(&asked) {
                Ok(()) if mine.iter().any(|other| other.overlaps(window)) => {
                    found.push(said(one, Code::Overlap.as_str(), "The student has another place at that time."));
                }
                Ok(()) => {
                    mine.push(window);
                    *taken.entry(one.slot).or_default() += 1;
                    *counts.entry(one.student).or_default() += 1;
                }
                Err(refused) => {
                    if let ServiceError::Refused(refused) = refusal(about, &refused) {
                        found.push(said(one, refused.code.as_str(), &refused.detail));
                    }
                }
            }
        }
        Ok(found)
    }
}

fn said(one: &PlannedInterview, reason: &str, detail: &str) -> Value {
    json!({
        "student_id": one.student.to_string(),
        "slot_id": one.slot.to_string(),
        "table": one.table,
        "starts_at": one.starts.to_string(),
        "reason": reason,
        "detail": detail,
    })
}

fn book(tx: &mut Tx<'_>, actor: &Actor, day: &Day, planned: &Planned) -> Result<Vec<BookingRow>, ServiceError> {
    let students: HashMap<StudentId, &StudentRow> = planned.students.iter().map(|row| (row.id, row)).collect();
    let mut made = Vec::new();
    for one in planned.plan.interviews.iter().filter(|one| !one.booked) {
        let (Some(about), Some(student)) = (day.abouts.get(&one.slot), students.get(&one.student)) else { continue };
        let mut row = fresh(tx, about, student, actor.owner())?;
        if !bookings::insert(tx.conn, &mut row)? {
            return Err(walled());
        }
        note(tx, &row, "booked", By::of(actor), "By a rotation.")?;
        made.push(row);
    }
    Ok(made)
}

/// One letter to each who got something, with everything they have by now.
fn write_to(
    tx: &mut Tx<'_>,
    day: &Day,
    planned: &Planned,
    id: RotationId,
    made: &[BookingRow],
) -> Result<(), ServiceError> {
    let mut all: BTreeMap<StudentId, Vec<&BookingRow>> = BTreeMap::new();
    for row in made {
        all.entry(row.student_id).or_default().push(row);
    }
    let standing = day.live.iter().filter(|row| row.state == BookingState::Confirmed && row.starts_at > tx.now);
    for row in standing {
        if let Some(theirs) = all.get_mut(&row.student_id) {
            theirs.push(row);
        }
    }
    for student in &planned.students {
        let Some(mut rows) = all.remove(&student.id) else { continue };
        rows.sort_by_key(|row| row.starts_at);
        let place = |row: &&BookingRow| {
            let sealed = tx.app.links.seal(LinkFor::Booking, row.id.uuid());
            let about = day.abouts.get(&row.slot_id)?;
            Some(PlaceOfMany {
                place: about.facts(),
                pass: pass(tx.app, about, &row.code),
                mark: row.mark(&tx.app.site.host),
                link: format!("{}/p/{sealed}", tx.app.site.base_url),
            })
        };
        let places = rows.iter().filter_map(place).collect();
        let notice = Notice::PlacesConfirmed { places, thread: format!("{id}/{}", student.id) };
        outbox::post(tx, Some(student.campus_id), &reader(student), &notice)?;
    }
    Ok(())
}
