//! Bookings as rows.
//!
//! A hold that has run out frees its place in the query, not when a sweeper gets to it. A second wall stands in the
//! schema: no student is twice in one slot, nor in two places at once. Absent on purpose: capacity and travel, which the
//! use cases look at.

use std::collections::HashMap;

use diesel::dsl::sum;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race, natively, violates};
use super::places::{CampusColumns, EventColumns, PlaceAbout, venue};
use super::schema::{bookings, campuses, events, slots, students};
use super::slots::Columns as SlotColumns;
use super::students::{Columns as StudentColumns, StudentRow};
use crate::domain::ids::{BookingId, CampusId, EventId, OwnerId, PolicyId, SlotId, StudentId, WaitlistEntryId};
use crate::domain::matching::campus_request::Mode;
use crate::domain::notice::{CalendarMark, PlaceFacts};
use crate::domain::people::place::Position;
use crate::domain::scheduling::booking::{BookingState, Commitment};
use crate::domain::scheduling::door::DoorCode;
use crate::domain::scheduling::event::EventState;
use crate::domain::time::{Instant, Window};

text_column!(BookingState, DoorCode);

/// The condition under which a booking takes a place at an instant.
macro_rules! takes_a_place {
    ($now:expr) => {{
        use crate::domain::scheduling::booking::BookingState;
        use crate::store::schema::bookings;
        use diesel::prelude::*;
        bookings::state
            .eq(BookingState::Confirmed)
            .or(bookings::state.eq(BookingState::CheckedIn))
            .or(bookings::state.eq(BookingState::Attended))
            .or(bookings::state.eq(BookingState::Held).and(bookings::held_until.assume_not_null().gt($now)))
    }};
}
pub(super) use takes_a_place;

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub struct BookingRow {
    /// Which booking it is.
    pub id: BookingId,
    /// Whose.
    pub campus_id: CampusId,
    /// Of which event.
    pub event_id: EventId,
    /// Of which slot.
    pub slot_id: SlotId,
    /// Who.
    pub student_id: StudentId,
    /// The entry of the waitlist it came of.
    pub waitlist_entry_id: Option<WaitlistEntryId>,
    /// Who made it: the id of a portal or of an account.
    pub owner_id: OwnerId,
    /// Where it is in its life.
    pub state: BookingState,
    /// Until when a hold keeps its place.
    pub held_until: Option<Instant>,
    /// Whether it was cancelled after the time the policy allows.
    pub late: bool,
    /// The state before the last mark of the day.
    pub marked_from: Option<BookingState>,
    /// Why it was cancelled, excused or moved.
    pub state_reason: Option<String>,
    /// When it begins.
    pub starts_at: Instant,
    /// When it is over.
    pub ends_at: Instant,
    /// When the student came.
    pub checked_in_at: Option<Instant>,
    /// The SEQUENCE of its calendar entry.
    pub calendar_sequence: i32,
    /// When its calendar entry last changed.
    pub changed_at: Instant,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// Why it may overlap with another place of the same student, or was cancelled as if in time.
    pub override_reason: Option<String>,
    /// The version of the campus's policy under which it was made.
    pub policy_id: Option<PolicyId>,
    /// By what it is known at the door; unique within the event.
    pub code: DoorCode,
    /// Whether the student came without a place and was let in at the door.
    pub walk_in: bool,
    /// When the place was released because the student had not come; stays when that was taken back.
    pub released_at: Option<Instant>,
    /// Whether the policy counts its late cancellation as not coming.
    pub as_no_show: bool,
    /// When what the policy asks for after an offence came in.
    pub handed_in_at: Option<Instant>,
    /// Whether it was moved, not by its student, when giving it back would not have been in time any more.
    pub moved_closer: bool,
    /// How many places it takes, from 1: the student and whoever comes along.
    pub party: i32,
}

impl BookingRow {
    /// How many places it takes.
    #[must_use]
    pub fn places(&self) -> u32 {
        u32::try_from(self.party).unwrap_or(1)
    }

    /// The identity and history of its calendar entry at the site `host`.
    #[must_use]
    pub fn mark(&self, host: &str) -> CalendarMark {
        CalendarMark {
            uid: format!("{}@{host}", self.id),
            sequence: self.calendar_sequence.try_into().unwrap_or_default(),
            created: self.created_at,
            changed: self.changed_at,
        }
    }

    /// The same row in another state.
    #[must_use]
    pub fn into_state(&self, state: BookingState, now: Instant) -> Self {
        Self { state, revision: self.revision + 1, updated_at: now, ..self.clone() }
    }

    /// The same row with its calendar entry changed.
    #[must_use]
    pub fn touched(self, now: Instant) -> Self {
        Self { calendar_sequence: self.calendar_sequence.saturating_add(1), changed_at: now, ..self }
    }
}

/// A booking, who has it and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// The booking.
    pub row: BookingRow,
    /// Who.
    pub student: StudentRow,
    /// What it is about.
    pub about: PlaceAbout,
}

impl Booked {
    /// The place in the words of letters, with how many it is for.
    #[must_use]
    pub fn facts(&self) -> PlaceFacts {
        PlaceFacts { party: self.row.places(), ..self.about.facts() }
    }
}

type Found = (BookingRow, StudentColumns, SlotColumns, EventColumns, CampusColumns);

impl Booked {
    fn read((row, student, slot, event, campus): Found) -> Result<Self, StoreError> {
        Ok(Self { row, student: student.read()?, about: PlaceAbout::read(slot, event, campus)? })
    }
}

macro_rules! with_facts {
    () => {
        bookings::table
            .inner_join(students::table)
            .inner_join(slots::table)
            .inner_join(events::table.inner_join(campuses::table))
            .select((
                BookingRow::as_select(),
                StudentColumns::as_select(),
                SlotColumns::as_select(),
                EventColumns::as_select(),
                CampusColumns::as_select(),
            ))
    };
}

/// How often a code is drawn before something else must be wrong.
const DRAWS: usize = 5;

/// Keeps a new booking; where another of the event has its code, it gets another one. Answers false where the wall against
/// overlaps stands; the transaction must then end.
pub fn insert(conn: &mut Conn, row: &mut BookingRow) -> Result<bool, StoreError> {
    for _ in 0..DRAWS {
        let done = natively!(conn, conn => diesel::insert_into(bookings::table)
            .values(row.clone())
            .on_conflict((bookings::event_id, bookings::code))
            .do_nothing()
            .execute(conn));
        match done {
            Ok(0) => row.code = DoorCode::mint(),
            done => return kept(done),
        }
    }
    Err(StoreError::Corrupt(format!("no code is left for a booking of the event {}", row.event_id)))
}

/// As [`insert`], where the transaction goes on with other bookings. PostgreSQL ends a transaction whose row hits the wall;
/// the job then runs again, and sees the place that it ran into before it asks for its own.
pub fn insert_among_others(conn: &mut Conn, row: &mut BookingRow) -> Result<bool, StoreError> {
    let is_kept = insert(conn, row)?;
    match conn {
        Conn::Postgres(_) if !is_kept => Err(StoreError::race("the student got another place meanwhile")),
        Conn::Postgres(_) | Conn::Sqlite(_) => Ok(is_kept),
    }
}

/// The booking of an event that has this code.
pub fn find_by_code(conn: &mut Conn, event: EventId, code: &DoorCode) -> Result<Option<Booked>, StoreError> {
    let of = with_facts!().filter(bookings::event_id.eq(event)).filter(bookings::code.eq(code.clone()));
    of.get_result::<Found>(conn).optional()?.map(Booked::read).transpose()
}

/// Keeps a booking that was changed, if it is still of the revision before. Answers false where the wall against overlaps
/// stands; the transaction must then end.
///
/// # Errors
/// A lost race, when somebody was faster: the job runs again.
pub fn update(conn: &mut Conn, row: &BookingRow) -> Result<bool, StoreError> {
    let before = bookings::table.filter(bookings::id.eq(row.id)).filter(bookings::revision.eq(row.revision - 1));
    kept(
        diesel::update(before)
            .set((
                bookings::slot_id.eq(row.slot_id),
                bookings::state.eq(row.state),
                bookings::held_until.eq(row.held_until),
                bookings::late.eq(row.late),
                bookings::marked_from.eq(row.marked_from),
                bookings::state_reason.eq(row.state_reason.clone()),
                bookings::starts_at.eq(row.starts_at),
                bookings::ends_at.eq(row.ends_at),
                bookings::checked_in_at.eq(row.checked_in_at),
                bookings::calendar_sequence.eq(row.calendar_sequence),
                bookings::changed_at.eq(row.changed_at),
                bookings::revision.eq(row.revision),
                bookings::updated_at.eq(row.updated_at),
                bookings::override_reason.eq(row.override_reason.clone()),
                bookings::released_at.eq(row.released_at),
                bookings::as_no_show.eq(row.as_no_show),
                bookings::handed_in_at.eq(row.handed_in_at),
                bookings::moved_closer.eq(row.moved_closer),
            ))
            .execute(conn),
    )
}

fn kept(done: Result<usize, DieselError>) -> Result<bool, StoreError> {
    match done {
        // Nothing was kept: the row is of another revision by now, and the job must look again.
        Ok(0) => Err(StoreError::race("a booking was changed meanwhile")),
        Ok(_) => Ok(true),
        Err(fault) if violates(&fault, "bookings_no_overlap", "bookings_no_overlap") => Ok(false),
        Err(fault) => Err(lost_race(fault)),
    }
}

/// The booking of this id.
pub fn find(conn: &mut Conn, id: BookingId) -> Result<Option<Booked>, StoreError> {
    with_facts!().filter(bookings::id.eq(id)).get_result::<Found>(conn).optional()?.map(Booked::read).transpose()
}

/// How many places of a slot are taken or held.
pub fn count_taken(conn: &mut Conn, slot: SlotId, now: Instant) -> Result<u32, StoreError> {
    let taken: Option<i64> = bookings::table
        .filter(bookings::slot_id.eq(slot))
        .filter(takes_a_place!(now))
        .select(sum(bookings::party))
        .get_result(conn)?;
    Ok(u32::try_from(taken.unwrap_or_default()).unwrap_or(u32::MAX))
}

/// How many places are taken or held, of each slot of an event that has any.
pub fn count_taken_in(conn: &mut Conn, event: EventId, now: Instant) -> Result<HashMap<SlotId, u32>, StoreError> {
    let taken: Vec<(SlotId, Option<i64>)> = bookings::table
        .filter(bookings::event_id.eq(event))
        .filter(takes_a_place!(now))
        .group_by(bookings::slot_id)
        .select((bookings::slot_id, sum(bookings::party)))
        .load(conn)?;
    let count = |taken: Option<i64>| u32::try_from(taken.unwrap_or_default()).unwrap_or(u32::MAX);
    Ok(taken.into_iter().map(|(slot, taken)| (slot, count(taken))).collect())
}

/// The versions of the policy that the places of a campus keep which are not over.
pub fn list_policies_kept(conn: &mut Conn, campus: CampusId, now: Instant) -> Result<Vec<PolicyId>, StoreError> {
    let kept: Vec<Option<PolicyId>> = bookings::table
        .filter(bookings::campus_id.eq(campus))
        .filter(bookings::policy_id.is_not_null())
        .filter(bookings::state.eq_any([BookingState::Held, BookingState::Confirmed]))
        .filter(bookings::ends_at.gt(now))
        .select(bookings::policy_id)
        .distinct()
        .load(conn)?;
    Ok(kept.into_iter().flatten().collect())
}

/// How many places are taken or held, of each slot of these events that has any.
pub fn count_taken_in_all(
    conn: &mut Conn,
    events: &[EventId],
    now: Instant,
) -> Result<HashMap<SlotId, u32>, StoreError> {
    let taken: Vec<(SlotId, Option<i64>)> = bookings::table
        .filter(bookings::event_id.eq_any(events.to_vec()))
        .filter(takes_a_place!(now))
        .group_by(bookings::slot_id)
        .select((bookings::slot_id, sum(bookings::party)))
        .load(conn)?;
    let count = |taken: Option<i64>| u32::try_from(taken.unwrap_or_default()).unwrap_or(u32::MAX);
    Ok(taken.into_iter().map(|(slot, taken)| (slot, count(taken))).collect())
}

/// The bookings of an event that take a place, in order.
pub fn list_taking(conn: &mut Conn, event: EventId, now: Instant) -> Result<Vec<BookingRow>, StoreError> {
    Ok(bookings::table
        .filter(bookings::event_id.eq(event))
        .filter(takes_a_place!(now))
        .order(bookings::id)
        .select(BookingRow::as_select())
        .load(conn)?)
}

/// The places that these students have outside of an event and that touch the time between two instants, live holds
/// included. What is postponed has no time meanwhile.
pub fn list_elsewhere(
    conn: &mut Conn,
    students: &[StudentId],
    event: EventId,
    (since, until): (Instant, Instant),
    now: Instant,
) -> Result<Vec<(StudentId, Commitment)>, StoreError> {
    type Line = (
        (StudentId, BookingId),
        (String, Mode, Option<f64>, Option<f64>),
        (Option<f64>, Option<f64>),
        (Instant, Instant),
    );
    let mut all = Vec::new();
    for portion in students.chunks(1_000) {
        let found: Vec<Line> = bookings::table
            .inner_join(events::table.inner_join(campuses::table))
            .filter(bookings::student_id.eq_any(portion.to_vec()))
            .filter(bookings::event_id.ne(event))
            .filter(events::state.ne(EventState::Postponed))
            .filter(takes_a_place!(now))
            .filter(bookings::ends_at.gt(since))
            .filter(bookings::starts_at.lt(until))
            .select((
                (bookings::student_id, bookings::id),
                (events::title, events::mode, events::lat, events::lon),
                (campuses::lat, campuses::lon),
                (bookings::starts_at, bookings::ends_at),
            ))
            .load(conn)?;
        for ((student, booking), (title, mode, lat, lon), (clat, clon), (from, until)) in found {
            let corrupt = |_| StoreError::Corrupt(format!("booking {booking} ends before it starts"));
            let position =
                |lat: Option<f64>, lon: Option<f64>| lat.zip(lon).and_then(|(a, b)| Position::new(a, b).ok());
            let window = Window::new(from, until).map_err(corrupt)?;
            let venue = venue(mode, position(lat, lon), position(clat, clon));
            all.push((student, Commitment { title, window, venue }));
        }
    }
    Ok(all)
}

/// A place that a student has.
#[derive(Debug, Clone, PartialEq)]
pub struct Had {
    /// The booking.
    pub booking: BookingId,
    /// Its slot.
    pub slot: SlotId,
    /// Its event.
    pub event: EventId,
    /// Its entry of the waitlist.
    pub entry: Option<WaitlistEntryId>,
    /// Where it is in its life.
    pub state: BookingState,
    /// When and where.
    pub commitment: Commitment,
}

/// The places that a student has or had, live holds included, that end after `since`; and those of `event`, whenever.
pub fn list_of_student(
    conn: &mut Conn,
    student: StudentId,
    event: EventId,
    since: Instant,
    now: Instant,
) -> Result<Vec<Had>, StoreError> {
    let found: Vec<Line> = bookings::table
        .inner_join(events::table.inner_join(campuses::table))
        .filter(bookings::student_id.eq(student))
        .filter(takes_a_place!(now))
        .filter(bookings::ends_at.gt(since).or(bookings::event_id.eq(event)))
        // What is postponed keeps nobody from anything else, and still counts towards the limit of its own event.
        .filter(events::state.ne(EventState::Postponed).or(bookings::event_id.eq(event)))
        .select((
            (bookings::id, bookings::slot_id, bookings::event_id, bookings::waitlist_entry_id, bookings::state),
            (events::title, events::mode, events::lat, events::lon),
            (campuses::lat, campuses::lon),
            (bookings::starts_at, bookings::ends_at),
        ))
        .limit(MOST_OF_STUDENT)
        .load(conn)?;
    found.into_iter().map(had).collect()
}

/// What [`list_of_student`] and [`list_of_students`] read of a place.
type Line = (
    (BookingId, SlotId, EventId, Option<WaitlistEntryId>, BookingState),
    (String, Mode, Option<f64>, Option<f64>),
    (Option<f64>, Option<f64>),
    (Instant, Instant),
);

fn had(line: Line) -> Result<Had, StoreError> {
    let ((booking, slot, event, entry, state), (title, mode, lat, lon), (clat, clon), (from, until)) = line;
    let corrupt = |_| StoreError::Corrupt(format!("booking {booking} ends before it starts"));
    let position = |lat: Option<f64>, lon: Option<f64>| lat.zip(lon).and_then(|(a, b)| Position::new(a, b).ok());
    let window = Window::new(from, until).map_err(corrupt)?;
    let commitment = Commitment { title, window, venue: venue(mode, position(lat, lon), position(clat, clon)) };
    Ok(Had { booking, slot, event, entry, state, commitment })
}

/// The places that these students have between two instants, those of postponed events left out.
pub fn list_of_students(
    conn: &mut Conn,
    of: &[StudentId],
    span: Window,
    now: Instant,
) -> Result<Vec<(StudentId, Had)>, StoreError> {
    let mut all = Vec::new();
    // A database takes only so many values in one statement.
    for some in of.chunks(500) {
        let found: Vec<(StudentId, Line)> = bookings::table
            .inner_join(events::table.inner_join(campuses::table))
            .filter(bookings::student_id.eq_any(some.to_vec()))
            .filter(takes_a_place!(now))
            .filter(bookings::ends_at.gt(span.start()))
            .filter(bookings::starts_at.lt(span.end()))
            .filter(events::state.ne(EventState::Postponed))
            .select((
                bookings::student_id,
                (
                    (bookings::id, bookings::slot_id, bookings::event_id, bookings::waitlist_entry_id, bookings::state),
                    (events::title, events::mode, events::lat, events::lon),
                    (campuses::lat, campuses::lon),
                    (bookings::starts_at, bookings::ends_at),
                ),
            ))
            .load(conn)?;
        for (student, line) in found {
            all.push((student, had(line)?));
        }
    }
    Ok(all)
}

/// The most places of one student that are looked at together.
const MOST_OF_STUDENT: i64 = 1_000;

/// The bookings that these students have or had in an event, whatever became of them.
pub fn list_of_students_in(
    conn: &mut Conn,
    event: EventId,
    students: &[StudentId],
) -> Result<Vec<BookingRow>, StoreError> {
    let rows =
        bookings::table.filter(bookings::event_id.eq(event)).filter(bookings::student_id.eq_any(students.to_vec()));
    Ok(rows.order(bookings::id).select(BookingRow::as_select()).load(conn)?)
}

/// Of these events, those that a student attended.
pub fn attended(conn: &mut Conn, student: StudentId, events: &[EventId]) -> Result<Vec<EventId>, StoreError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    Ok(bookings::table
        .filter(bookings::student_id.eq(student))
        .filter(bookings::event_id.eq_any(events.to_vec()))
        .filter(bookings::state.eq(BookingState::Attended))
        .select(bookings::event_id)
        .distinct()
        .load(conn)?)
}

/// Which bookings are listed.
#[derive(Debug, Clone, Default)]
pub struct BookingFilter {
    /// Those in this state.
    pub state: Option<BookingState>,
    /// Those of this slot.
    pub slot: Option<SlotId>,
    /// Those of the student whom the campus calls so.
    pub external_ref: Option<String>,
}

/// The bookings of an event, of students of these campuses or of any, oldest first, after the given one.
pub fn list_of_event(
    conn: &mut Conn,
    event: EventId,
    filter: &BookingFilter,
    campuses: Option<&[CampusId]>,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<Booked>, StoreError> {
    let mut query = with_facts!().filter(bookings::event_id.eq(event)).order(bookings::id).limit(limit).into_boxed();
    if let Some(campuses) = campuses {
        query = query.filter(bookings::campus_id.eq_any(campuses.to_vec()));
    }
    if let Some(state) = filter.state {
        query = query.filter(bookings::state.eq(state));
    }
    if let Some(slot) = filter.slot {
        query = query.filter(bookings::slot_id.eq(slot));
    }
    if let Some(external_ref) = &filter.external_ref {
        query = query.filter(students::external_ref.eq(external_ref.clone()));
    }
    if let Some(after) = after {
        query = query.filter(bookings::id.gt(after));
    }
    query.load::<Found>(conn)?.into_iter().map(Booked::read).collect()
}

/// The bookings of a slot that are held or confirmed: those whom it concerns that something about the slot changes.
pub fn list_live(conn: &mut Conn, slot: SlotId) -> Result<Vec<Booked>, StoreError> {
    let live = bookings::state
        .eq(BookingState::Held)
        .or(bookings::state.eq(BookingState::Confirmed))
        .or(bookings::state.eq(BookingState::CheckedIn));
    let found =
        with_facts!().filter(bookings::slot_id.eq(slot)).filter(live).order(bookings::id).load::<Found>(conn)?;
    found.into_iter().map(Booked::read).collect()
}

/// The bookings of an event that are held or confirmed, in order of their start.
pub fn list_live_of_event(conn: &mut Conn, event: EventId) -> Result<Vec<Booked>, StoreError> {
    let live = bookings::state
        .eq(BookingState::Held)
        .or(bookings::state.eq(BookingState::Confirmed))
        .or(bookings::state.eq(BookingState::CheckedIn));
    let order = (bookings::starts_at, bookings::id);
    let found = with_facts!().filter(bookings::event_id.eq(event)).filter(live).order(order).load::<Found>(conn)?;
    found.into_iter().map(Booked::read).collect()
}

/// The places that a student has in these events, held ones left out.
pub fn list_of_student_in(conn: &mut Conn, student: StudentId, events: &[EventId]) -> Result<Vec<Booked>, StoreError> {
    let seated = bookings::state.eq_any(BookingState::SEATED.to_vec());
    let of = with_facts!().filter(bookings::student_id.eq(student)).filter(bookings::event_id.eq_any(events.to_vec()));
    of.filter(seated).order(bookings::id).load::<Found>(conn)?.into_iter().map(Booked::read).collect()
}

/// The places of an event that go on, whose students were to be there by `by` and have not come; those that were released
/// before are left out.
pub fn list_unclaimed(
    conn: &mut Conn,
    event: EventId,
    by: Instant,
    now: Instant,
    limit: i64,
) -> Result<Vec<BookingRow>, StoreError> {
    Ok(bookings::table
        .filter(bookings::event_id.eq(event))
        .filter(bookings::state.eq(BookingState::Confirmed))
        .filter(bookings::released_at.is_null())
        .filter(bookings::starts_at.le(by))
        .filter(bookings::ends_at.gt(now))
        .order(bookings::id)
        .select(BookingRow::as_select())
        .limit(limit)
        .load(conn)?)
}

/// The most bookings of one student that a policy looks at, the latest.
const MOST_JUDGED: i64 = 1_000;

/// The bookings under a policy that a student cancelled late, did not come to or came late to.
pub fn list_offences(conn: &mut Conn, student: StudentId) -> Result<Vec<Booked>, StoreError> {
    let late = bookings::state.eq(BookingState::Cancelled).and(bookings::late.eq(true));
    let missed = bookings::state.eq(BookingState::NoShow);
    let came = bookings::state.eq_any(vec![BookingState::CheckedIn, BookingState::Attended]);
    let came_late = came.and(bookings::checked_in_at.assume_not_null().gt(bookings::starts_at));
    let found = with_facts!()
        .filter(bookings::student_id.eq(student))
        .filter(bookings::policy_id.is_not_null())
        .filter(late.or(missed).or(bookings::checked_in_at.is_not_null().and(came_late)))
        .order(bookings::id.desc())
        .limit(MOST_JUDGED)
        .load::<Found>(conn)?;
    let mut found: Vec<Booked> = found.into_iter().map(Booked::read).collect::<Result<_, _>>()?;
    found.reverse();
    Ok(found)
}

/// The places that a student has or had, live holds included.
pub fn list_had(conn: &mut Conn, student: StudentId, now: Instant) -> Result<Vec<Booked>, StoreError> {
    let had = with_facts!().filter(bookings::student_id.eq(student)).filter(takes_a_place!(now));
    let found = had.order(bookings::id.desc()).limit(MOST_JUDGED).load::<Found>(conn)?;
    found.into_iter().map(Booked::read).collect()
}

/// Of these bookings, those of students who are still expected.
pub fn list_expected(conn: &mut Conn, ids: &[BookingId], now: Instant) -> Result<Vec<Booked>, StoreError> {
    let expected = bookings::state.eq(BookingState::Confirmed).or(bookings::state.eq(BookingState::CheckedIn));
    let mut all = Vec::new();
    for some in ids.chunks(500) {
        let of = with_facts!().filter(bookings::id.eq_any(some.to_vec()));
        let found = of.filter(expected).filter(bookings::ends_at.gt(now)).load::<Found>(conn)?;
        for one in found {
            all.push(Booked::read(one)?);
        }
    }
    Ok(all)
}

/// A hold that ran out and was made by hand, not by the waitlist: the earliest.
pub fn find_hold_due(conn: &mut Conn, now: Instant) -> Result<Option<BookingId>, StoreError> {
    Ok(bookings::table
        .filter(bookings::state.eq(BookingState::Held))
        .filter(bookings::held_until.le(now))
        .filter(bookings::waitlist_entry_id.is_null())
        .order(bookings::held_until)
        .select(bookings::id)
        .first(conn)
        .optional()?)
}
