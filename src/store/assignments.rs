//! Assignments as rows.
//!
//! A second wall stands in the schema: nobody is twice in one need, and nobody in two places at once unless the office
//! said why. Absent on purpose: travel time and caps, which the use cases look at.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race, violates};
use super::engagements::{About, With, counting, with_facts};
use super::schema::assignments;
use crate::domain::ids::{AssignmentId, CampusId, CampusRequestId, OfferId, RoleId, VolunteerId};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::notice::CalendarMark;
use crate::domain::time::Instant;

text_column!(AssignmentState);

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = assignments)]
pub struct AssignmentRow {
    /// Which assignment it is.
    pub id: AssignmentId,
    /// Whose.
    pub campus_id: CampusId,
    /// For which need.
    pub campus_request_id: CampusRequestId,
    /// As what.
    pub role_id: RoleId,
    /// The offer it came of; `None` when the office assigned directly.
    pub offer_id: Option<OfferId>,
    /// Who.
    pub volunteer_id: VolunteerId,
    /// Where it is in its life.
    pub state: AssignmentState,
    /// When it begins.
    pub starts_at: Instant,
    /// When it is over.
    pub ends_at: Instant,
    /// Why the office set rules aside.
    pub override_reason: Option<String>,
    /// Why it was released, removed or cancelled.
    pub state_reason: Option<String>,
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
    /// When the volunteer came.
    pub checked_in_at: Option<Instant>,
    /// When the volunteer went.
    pub checked_out_at: Option<Instant>,
    /// What it was before the last mark.
    pub marked_from: Option<AssignmentState>,
}

impl AssignmentRow {
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

    /// The same row ended in `state`, for this reason, which its calendar entry is to show.
    #[must_use]
    pub fn ended(&self, state: AssignmentState, reason: Option<String>, now: Instant) -> Self {
        Self { state, state_reason: reason, ..self.touched(now) }
    }

    /// The same row with a mark of the day, of which no calendar entry knows.
    #[must_use]
    pub fn marked(&self, state: AssignmentState, now: Instant) -> Self {
        let marked_from = Some(self.state);
        Self { state, marked_from, revision: self.revision + 1, updated_at: now, ..self.clone() }
    }

    /// The same row with its calendar entry changed.
    #[must_use]
    pub fn touched(&self, now: Instant) -> Self {
        Self {
            calendar_sequence: self.calendar_sequence.saturating_add(1),
            changed_at: now,
            revision: self.revision + 1,
            updated_at: now,
            ..self.clone()
        }
    }
}

/// An assignment and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    /// The assignment.
    pub row: AssignmentRow,
    /// What it is about.
    pub about: About,
}

impl Assigned {
    fn read(found: With<AssignmentRow>) -> Result<Self, StoreError> {
        let (row, need, role, volunteer, email, campus) = found;
        let facts = (need, role, volunteer, email, campus);
        Ok(Self { about: About::read(row.id, facts)?, row })
    }
}

/// Keeps a new assignment; that the volunteer holds no seat of the need was looked at before. Answers false where the
/// wall against overlaps stands; the transaction must then end.
pub fn insert(conn: &mut Conn, row: &AssignmentRow) -> Result<bool, StoreError> {
    match diesel::insert_into(assignments::table).values(row.clone()).execute(conn) {
        Ok(_) => Ok(true),
        Err(fault) if violates(&fault, "assignments_no_overlap", "assignments_no_overlap") => Ok(false),
        Err(fault) => Err(lost_race(fault)),
    }
}

/// Keeps an assignment that was changed, if it is still of the revision before; answers whether it was.
pub fn update(conn: &mut Conn, row: &AssignmentRow) -> Result<bool, StoreError> {
    let before =
        assignments::table.filter(assignments::id.eq(row.id)).filter(assignments::revision.eq(row.revision - 1));
    let changed = diesel::update(before)
        .set((
            assignments::state.eq(row.state),
            assignments::state_reason.eq(row.state_reason.clone()),
            assignments::calendar_sequence.eq(row.calendar_sequence),
            assignments::changed_at.eq(row.changed_at),
            assignments::revision.eq(row.revision),
            assignments::updated_at.eq(row.updated_at),
            assignments::starts_at.eq(row.starts_at),
            assignments::ends_at.eq(row.ends_at),
            assignments::override_reason.eq(row.override_reason.clone()),
            assignments::checked_in_at.eq(row.checked_in_at),
            assignments::checked_out_at.eq(row.checked_out_at),
            assignments::marked_from.eq(row.marked_from),
        ))
        .execute(conn);
    match changed {
        Ok(changed) => Ok(changed == 1),
        // Whoever moves a seat has looked for what is in the way; the wall has seen something newer.
        Err(fault) if violates(&fault, "assignments_no_overlap", "assignments_no_overlap") => {
            let newer = Box::new("another assignment was kept meanwhile".to_owned());
            Err(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, newer).into())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// The assignment of this id.
pub fn find(conn: &mut Conn, id: AssignmentId) -> Result<Option<Assigned>, StoreError> {
    let found = with_facts!(assignments, AssignmentRow).filter(assignments::id.eq(id));
    found.get_result::<With<AssignmentRow>>(conn).optional()?.map(Assigned::read).transpose()
}

/// Whose assignments are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of a need.
    Need(CampusRequestId),
    /// Those of a volunteer.
    Volunteer(VolunteerId),
}

/// Assignments, oldest first, after the given one.
pub fn list(
    conn: &mut Conn,
    of: Of,
    state: Option<AssignmentState>,
    after: Option<AssignmentId>,
    limit: i64,
) -> Result<Vec<Assigned>, StoreError> {
    let mut query = with_facts!(assignments, AssignmentRow).order(assignments::id).limit(limit).into_boxed();
    query = match of {
        Of::Need(need) => query.filter(assignments::campus_request_id.eq(need)),
        Of::Volunteer(volunteer) => query.filter(assignments::volunteer_id.eq(volunteer)),
    };
    if let Some(state) = state {
        query = query.filter(assignments::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(assignments::id.gt(after));
    }
    query.load::<With<AssignmentRow>>(conn)?.into_iter().map(Assigned::read).collect()
}

/// Of these assignments, those that are live and not over.
pub fn list_live_of(conn: &mut Conn, ids: &[AssignmentId], now: Instant) -> Result<Vec<Assigned>, StoreError> {
    let live = AssignmentState::ALL.iter().copied().filter(|state| state.is_live());
    let rows = with_facts!(assignments, AssignmentRow)
        .filter(assignments::id.eq_any(ids.to_vec()))
        .filter(assignments::state.eq_any(live))
        .filter(assignments::ends_at.gt(now))
        .load::<With<AssignmentRow>>(conn)?;
    rows.into_iter().map(Assigned::read).collect()
}

/// Every live assignment of a need, also one that was to be over by now.
pub fn list_live_of_need(conn: &mut Conn, need: CampusRequestId) -> Result<Vec<Assigned>, StoreError> {
    list_live(conn, Of::Need(need), Instant::from_unix(0))
}

/// The live assignments of a need or a volunteer that are not over, oldest first.
pub fn list_live(conn: &mut Conn, of: Of, now: Instant) -> Result<Vec<Assigned>, StoreError> {
    let live = AssignmentState::ALL.iter().copied().filter(|state| state.is_live());
    let mut query = with_facts!(assignments, AssignmentRow)
        .filter(assignments::state.eq_any(live))
        .filter(assignments::ends_at.gt(now))
        .order(assignments::id)
        .into_boxed();
    query = match of {
        Of::Need(need) => query.filter(assignments::campus_request_id.eq(need)),
        Of::Volunteer(volunteer) => query.filter(assignments::volunteer_id.eq(volunteer)),
    };
    query.load::<With<AssignmentRow>>(conn)?.into_iter().map(Assigned::read).collect()
}

/// How many seats of each role of a need are taken; a role that is absent has none taken.
pub fn count_taken(conn: &mut Conn, need: CampusRequestId) -> Result<HashMap<RoleId, i64>, StoreError> {
    let taken: Vec<(RoleId, i64)> = assignments::table
        .filter(assignments::campus_request_id.eq(need))
        .filter(assignments::state.eq_any(counting()))
        .group_by(assignments::role_id)
        .select((assignments::role_id, count_star()))
        .load(conn)?;
    Ok(taken.into_iter().collect())
}
