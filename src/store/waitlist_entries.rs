//! The waitlist as rows, in the order in which people came.

use diesel::prelude::*;

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError, lost_race};
use super::documents::corrupt;
use super::schema::{events, students, waitlist_entries};
use super::students::{Columns as StudentColumns, StudentRow};
use crate::domain::ids::{BookingId, CampusId, EventId, StudentId, WaitlistEntryId};
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::waitlist::{EntryState, Wish};
use crate::domain::time::Instant;

text_column!(EntryState);

/// An entry as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Which entry it is.
    pub id: WaitlistEntryId,
    /// Whose.
    pub campus_id: CampusId,
    /// For which event.
    pub event_id: EventId,
    /// Who.
    pub student_id: StudentId,
    /// Which places would do.
    pub wish: Wish,
    /// How many places are wanted together, from 1.
    pub party: i32,
    /// Where it is in its life.
    pub state: EntryState,
    /// The place that is or was held for it.
    pub booking_id: Option<BookingId>,
    /// The last moment to answer.
    pub offer_deadline: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made; its place in the queue.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl EntryRow {
    /// How many places are wanted.
    #[must_use]
    pub fn places(&self) -> u32 {
        u32::try_from(self.party).unwrap_or(1)
    }

    /// The same row in another state.
    #[must_use]
    pub fn into_state(&self, state: EntryState, now: Instant) -> Self {
        Self { state, revision: self.revision + 1, updated_at: now, ..self.clone() }
    }
}

/// An entry and who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The entry.
    pub row: EntryRow,
    /// Who.
    pub student: StudentRow,
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = waitlist_entries, treat_none_as_null = true)]
struct Columns {
    id: WaitlistEntryId,
    campus_id: CampusId,
    event_id: EventId,
    student_id: StudentId,
    from_at: Option<Instant>,
    until_at: Option<Instant>,
    slot_ids: Json<Vec<String>>,
    state: EntryState,
    booking_id: Option<BookingId>,
    offer_deadline: Option<Instant>,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
    party: i32,
}

impl From<&EntryRow> for Columns {
    fn from(row: &EntryRow) -> Self {
        Self {
            id: row.id,
            campus_id: row.campus_id,
            event_id: row.event_id,
            student_id: row.student_id,
            from_at: row.wish.from,
            until_at: row.wish.until,
            slot_ids: Json(row.wish.slots.iter().map(ToString::to_string).collect()),
            state: row.state,
            booking_id: row.booking_id,
            offer_deadline: row.offer_deadline,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            party: row.party,
        }
    }
}

impl Columns {
    fn read(self) -> Result<EntryRow, StoreError> {
        let slots = self.slot_ids.0.iter().map(|id| id.parse()).collect::<Result<_, _>>();
        let slots = slots.map_err(|_| corrupt(self.id, "it waits for what is no slot"))?;
        Ok(EntryRow {
            id: self.id,
            campus_id: self.campus_id,
            event_id: self.event_id,
            student_id: self.student_id,
            wish: Wish { from: self.from_at, until: self.until_at, slots },
            party: self.party,
            state: self.state,
            booking_id: self.booking_id,
            offer_deadline: self.offer_deadline,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn read((row, student): (Columns, StudentColumns)) -> Result<Waiting, StoreError> {
    Ok(Waiting { row: row.read()?, student: student.read()? })
}

/// Keeps a new entry; that the student does not wait already was looked at before.
pub fn insert(conn: &mut Conn, row: &EntryRow) -> Result<(), StoreError> {
    diesel::insert_into(waitlist_entries::table).values(Columns::from(row)).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps an entry that was changed.
pub fn update(conn: &mut Conn, row: &EntryRow) -> Result<(), StoreError> {
    diesel::update(waitlist_entries::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The entry of this id.
pub fn find(conn: &mut Conn, id: WaitlistEntryId) -> Result<Option<Waiting>, StoreError> {
    let found: Option<(Columns, StudentColumns)> = waitlist_entries::table
        .inner_join(students::table)
        .filter(waitlist_entries::id.eq(id))
        .select((Columns::as_select(), StudentColumns::as_select()))
        .get_result(conn)
        .optional()?;
    found.map(read).transpose()
}

/// Whether a student waits for the event, or is being asked.
pub fn is_waiting(conn: &mut Conn, event: EventId, student: StudentId) -> Result<bool, StoreError> {
    let found = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::student_id.eq(student))
        .filter(waitlist_entries::state.eq(EntryState::Waiting).or(waitlist_entries::state.eq(EntryState::Offered)))
        .select(waitlist_entries::id)
        .get_result::<WaitlistEntryId>(conn);
    Ok(found.optional()?.is_some())
}

/// The entry under which a student waits for an event.
pub fn find_waiting(conn: &mut Conn, event: EventId, student: StudentId) -> Result<Option<EntryRow>, StoreError> {
    let found = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::student_id.eq(student))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .order((waitlist_entries::created_at, waitlist_entries::id))
        .select(Columns::as_select())
        .first::<Columns>(conn);
    found.optional()?.map(Columns::read).transpose()
}

/// The entry of a student for whom a place of an event is held.
pub fn find_offered(
    conn: &mut Conn,
    event: EventId,
    student: StudentId,
) -> Result<Option<WaitlistEntryId>, StoreError> {
    let found = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::student_id.eq(student))
        .filter(waitlist_entries::state.eq(EntryState::Offered))
        .order((waitlist_entries::created_at, waitlist_entries::id))
        .select(waitlist_entries::id)
        .first(conn);
    Ok(found.optional()?)
}

/// The most that are looked at together.
const MOST: i64 = 10_000;

/// Who waits for an event, in order.
pub fn queue(conn: &mut Conn, event: EventId) -> Result<Vec<Waiting>, StoreError> {
    let found: Vec<(Columns, StudentColumns)> = waitlist_entries::table
        .inner_join(students::table)
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .order((waitlist_entries::created_at, waitlist_entries::id))
        .select((Columns::as_select(), StudentColumns::as_select()))
        .limit(MOST)
        .load(conn)?;
    found.into_iter().map(read).collect()
}

/// How many wait for an event whom a place that starts then would suit, whichever slot they name.
pub fn count_suited(conn: &mut Conn, event: EventId, start: Instant) -> Result<u32, StoreError> {
    let from = waitlist_entries::from_at.is_null().or(waitlist_entries::from_at.assume_not_null().le(start));
    let until = waitlist_entries::until_at.is_null().or(waitlist_entries::until_at.assume_not_null().gt(start));
    let suited: i64 = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .filter(from)
        .filter(until)
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(suited).unwrap_or(u32::MAX))
}

/// The events still to end for which somebody waits.
pub fn list_events_waited_for(conn: &mut Conn, now: Instant) -> Result<Vec<EventId>, StoreError> {
    let waited = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(events::id))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .select(waitlist_entries::id);
    Ok(events::table
        .filter(events::state.eq_any([EventState::Published, EventState::InProgress]))
        .filter(events::ends_at.gt(now))
        .filter(diesel::dsl::exists(waited))
        .order(events::id)
        .select(events::id)
        .load(conn)?)
}

/// What those who wait for an event wish for, without who they are.
pub fn wishes(conn: &mut Conn, event: EventId) -> Result<Vec<Wish>, StoreError> {
    let found: Vec<Columns> = waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(event))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .select(Columns::as_select())
        .load(conn)?;
    found.into_iter().map(|row| row.read().map(|row| row.wish)).collect()
}

/// Where an entry stands in the queue: by when it came, then by its id.
pub type Place = (Instant, WaitlistEntryId);

/// The entries of an event in order of the queue, after the given place.
pub fn list_of_event(
    conn: &mut Conn,
    event: EventId,
    state: Option<EntryState>,
    campuses: Option<&[CampusId]>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let mut query = waitlist_entries::table
        .inner_join(students::table)
        .filter(waitlist_entries::event_id.eq(event))
        .order((waitlist_entries::created_at, waitlist_entries::id))
        .select((Columns::as_select(), StudentColumns::as_select()))
        .limit(limit)
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(waitlist_entries::state.eq(state));
    }
    if let Some(campuses) = campuses {
        query = query.filter(waitlist_entries::campus_id.eq_any(campuses.to_vec()));
    }
    if let Some((at, id)) = after {
        query = query.filter(
            waitlist_entries::created_at
                .gt(at)
                .or(waitlist_entries::created_at.eq(at).and(waitlist_entries::id.gt(id))),
        );
    }
    query.load::<(Columns, StudentColumns)>(conn)?.into_iter().map(read).collect()
}

/// How many wait before this entry.
pub fn count_before(conn: &mut Conn, row: &EntryRow) -> Result<i64, StoreError> {
    Ok(waitlist_entries::table
        .filter(waitlist_entries::event_id.eq(row.event_id))
        .filter(waitlist_entries::state.eq(EntryState::Waiting))
        .filter(
            waitlist_entries::created_at
                .lt(row.created_at)
                .or(waitlist_entries::created_at.eq(row.created_at).and(waitlist_entries::id.lt(row.id))),
        )
        .count()
        .get_result(conn)?)
}

/// An entry whose time to answer has passed unmarked: the earliest.
pub fn find_due(conn: &mut Conn, now: Instant) -> Result<Option<WaitlistEntryId>, StoreError> {
    Ok(waitlist_entries::table
        .filter(waitlist_entries::state.eq(EntryState::Offered))
        .filter(waitlist_entries::offer_deadline.le(now))
        .order(waitlist_entries::offer_deadline)
        .select(waitlist_entries::id)
        .first(conn)
        .optional()?)
}
