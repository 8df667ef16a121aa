//! The ledger of the hours that volunteers gave: lines are added, and never changed.
//!
//! A second wall stands in the schema: no line is taken back twice.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::columns::text_column;
use super::db::{Conn, StoreError, lost_race};
use super::schema::{hours_entries, volunteers};
use crate::domain::ids::{AccountId, AssignmentId, CampusId, HoursEntryId, VolunteerId};
use crate::domain::people::hours::HoursKind;
use crate::domain::time::Instant;

text_column!(HoursKind);

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = hours_entries)]
pub struct HoursEntryRow {
    /// Which line it is.
    pub id: HoursEntryId,
    /// Given to which campus.
    pub campus_id: CampusId,
    /// By whom.
    pub volunteer_id: VolunteerId,
    /// In which seat; `None` for what the office wrote without one.
    pub assignment_id: Option<AssignmentId>,
    /// The line that this one takes back.
    pub reverses_id: Option<HoursEntryId>,
    /// Why it stands here.
    pub kind: HoursKind,
    /// What the hours were given to, as it was called then.
    pub title: String,
    /// As what, as it was called then.
    pub role: Option<String>,
    /// The day at the place, `2027-02-25`.
    pub worked_on: String,
    /// When the volunteer came.
    pub from_at: Option<Instant>,
    /// When the volunteer went.
    pub until_at: Option<Instant>,
    /// The minutes; less than nothing where they are taken away.
    pub minutes: i64,
    /// Why the office wrote it.
    pub reason: Option<String>,
    /// Who wrote it.
    pub account_id: Option<AccountId>,
    /// When it was written.
    pub created_at: Instant,
}

/// Which lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoursFilter {
    /// Those given to this campus.
    pub campus: Option<CampusId>,
    /// Those of this volunteer.
    pub volunteer: Option<VolunteerId>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub until: Option<NaiveDate>,
    /// Up to this line.
    pub up_to: Option<HoursEntryId>,
}

/// Writes a line. That no other takes back the same one was looked at before.
pub fn insert(conn: &mut Conn, row: &HoursEntryRow) -> Result<(), StoreError> {
    diesel::insert_into(hours_entries::table).values(row.clone()).execute(conn).map_err(lost_race)?;
    Ok(())
}

macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query.into_boxed(), $filter);
        if let Some(campus) = filter.campus {
            query = query.filter(hours_entries::campus_id.eq(campus));
        }
        if let Some(volunteer) = filter.volunteer {
            query = query.filter(hours_entries::volunteer_id.eq(volunteer));
        }
        if let Some(from) = filter.from {
            query = query.filter(hours_entries::worked_on.ge(from.to_string()));
        }
        if let Some(until) = filter.until {
            query = query.filter(hours_entries::worked_on.le(until.to_string()));
        }
        if let Some(last) = filter.up_to {
            query = query.filter(hours_entries::id.le(last));
        }
        query
    }};
}

/// Lines with the names that their volunteers have now, in the order in which they were written, after the given one.
pub fn list(
    conn: &mut Conn,
    filter: HoursFilter,
    after: Option<HoursEntryId>,
    limit: i64,
) -> Result<Vec<(HoursEntryRow, String)>, StoreError> {
    let lines = hours_entries::table
        .inner_join(volunteers::table)
        .order(hours_entries::id)
        .select((HoursEntryRow::as_select(), volunteers::display_name))
        .limit(limit);
    let mut query = filtered!(lines, filter);
    if let Some(after) = after {
        query = query.filter(hours_entries::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The minutes of all these lines.
pub fn total(conn: &mut Conn, filter: HoursFilter) -> Result<i64, StoreError> {
    // SUM of bigints is numeric on PostgreSQL; what is summed here is added up by ourselves.
    let minutes: Vec<i64> = filtered!(hours_entries::table.select(hours_entries::minutes), filter).load(conn)?;
    Ok(minutes.iter().sum())
}

/// The accrual of an assignment that was not taken back.
pub fn find_standing(conn: &mut Conn, assignment: AssignmentId) -> Result<Option<HoursEntryRow>, StoreError> {
    let lines: Vec<HoursEntryRow> = hours_entries::table
        .filter(hours_entries::assignment_id.eq(assignment))
        .order(hours_entries::id)
        .select(HoursEntryRow::as_select())
        .load(conn)?;
    let reversed: Vec<HoursEntryId> = lines.iter().filter_map(|line| line.reverses_id).collect();
    Ok(lines.into_iter().find(|line| line.kind == HoursKind::Accrual && !reversed.contains(&line.id)))
}
