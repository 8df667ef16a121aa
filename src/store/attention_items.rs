//! What waits for a coordinator, source by source: each query answers items after a place in the order of all of them.
//!
//! Only what cannot be read off other rows is kept as a row of its own: that somebody's new hours and a seat that person
//! holds disagree. Absent on purpose: a mark for "seen"; an item goes when its cause does.

use diesel::prelude::*;
use uuid::Uuid;

use super::db::{Conn, StoreError};
use super::schema::{assignments, attention_items, campus_requests, campus_volunteers, letters, volunteers};
use crate::domain::ids::{AssignmentId, CampusId, CampusRequestId, LetterId, VolunteerId};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::matching::campus_request::NeedState;
use crate::domain::people::volunteer::Standing;
use crate::domain::time::Instant;

/// The kind under which conflicts of hours are kept.
const CONFLICT: &str = "availability_conflict";

/// A place in the order of all items: since when, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Since when.
    pub since: Instant,
    /// The subject's id.
    pub subject: Uuid,
}

/// Something found: its subject, what it is called, what there is to say, since when.
pub type Found<T> = (T, String, String, Instant);

/// Filters `$query` to what stands at `$after` or behind it, and puts it in order.
macro_rules! from_place {
    ($query:expr, $after:expr, $limit:expr, $since:expr, $id:expr, $ty:ty) => {{
        let mut query = $query.order(($since, $id)).limit($limit).into_boxed();
        if let Some(Place { since, subject }) = $after {
            let same = $since.eq(since).and($id.ge(<$ty>::from_uuid(subject)));
            query = query.filter($since.gt(since).or(same));
        }
        query
    }};
}

macro_rules! of_assignment {
    ($id:expr) => {
        attention_items::table
            .filter(attention_items::kind.eq(CONFLICT))
            .filter(attention_items::subject_id.eq($id.to_string()))
    };
}

/// The needs that wait for the office's decision: title, and the state they are in.
pub fn list_undecided(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(CampusRequestId, String, Instant, Instant)>, StoreError> {
    let submitted = campus_requests::table
        .filter(campus_requests::campus_id.eq(campus))
        .filter(campus_requests::state.eq(NeedState::Submitted))
        .select((campus_requests::id, campus_requests::title, campus_requests::decide_by, campus_requests::updated_at));
    let query = from_place!(submitted, after, limit, campus_requests::updated_at, campus_requests::id, CampusRequestId);
    Ok(query.load(conn)?)
}

/// The volunteers who wait to be approved: name, and what they wrote.
pub fn list_applicants(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Found<VolunteerId>>, StoreError> {
    let applied = campus_volunteers::table
        .inner_join(volunteers::table)
        .filter(campus_volunteers::campus_id.eq(campus))
        .filter(campus_volunteers::state.eq(Standing::Applied))
        .select((
            campus_volunteers::volunteer_id,
            volunteers::display_name,
            campus_volunteers::note,
            campus_volunteers::created_at,
        ));
    let query =
        from_place!(applied, after, limit, campus_volunteers::created_at, campus_volunteers::volunteer_id, VolunteerId);
    Ok(query.load(conn)?)
}

/// The letters that were refused for good: subject, to whom, what the relay said.
pub fn list_undeliverable(
    conn: &mut Conn,
    campus: CampusId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(LetterId, String, String, Option<String>, Instant)>, StoreError> {
    let refused = letters::table
        .filter(letters::campus_id.eq(campus))
        .filter(letters::state.eq("undeliverable"))
        .select((letters::id, letters::subject, letters::to_name, letters::last_error, letters::updated_at));
    let query = from_place!(refused, after, limit, letters::updated_at, letters::id, LetterId);
    Ok(query.load(conn)?)
}

/// The seats ahead whose holders have given other hours since.
pub fn list_conflicts(conn: &mut Conn, campus: CampusId, now: Instant) -> Result<Vec<Found<AssignmentId>>, StoreError> {
    let kept: Vec<Found<String>> = attention_items::table
        .filter(attention_items::campus_id.eq(campus))
        .filter(attention_items::kind.eq(CONFLICT))
        .select((attention_items::subject_id, attention_items::title, attention_items::detail, attention_items::since))
        .load(conn)?;
    let ids: Vec<AssignmentId> = kept.iter().filter_map(|(id, ..)| id.parse().ok()).collect();
    let live = AssignmentState::ALL.iter().copied().filter(|state| state.is_live());
    let ahead: Vec<AssignmentId> = assignments::table
        .filter(assignments::id.eq_any(&ids))
        .filter(assignments::state.eq_any(live))
        .filter(assignments::ends_at.gt(now))
        .select(assignments::id)
        .load(conn)?;
    let conflicts = kept.into_iter().filter_map(|(id, title, detail, since)| {
        let id = id.parse().ok().filter(|id| ahead.contains(id))?;
        Some((id, title, detail, since))
    });
    Ok(conflicts.collect())
}

/// Who was checked in for what ended before `before`, and not out: name, title, and when it ended.
pub fn list_not_checked_out(
    conn: &mut Conn,
    campus: CampusId,
    before: Instant,
) -> Result<Vec<Found<AssignmentId>>, StoreError> {
    let found = assignments::table
        .inner_join(campus_requests::table)
        .inner_join(volunteers::table)
        .filter(assignments::campus_id.eq(campus))
        .filter(assignments::state.eq(AssignmentState::CheckedIn))
        .filter(assignments::ends_at.lt(before))
        .order((assignments::ends_at, assignments::id))
        .select((assignments::id, volunteers::display_name, campus_requests::title, assignments::ends_at));
    Ok(found.load(conn)?)
}

/// Keeps that a seat and its holder's hours disagree; one that is known keeps the time since when.
pub fn keep_conflict(
    conn: &mut Conn,
    campus: CampusId,
    assignment: AssignmentId,
    title: &str,
    detail: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let known = diesel::update(of_assignment!(assignment))
        .set((attention_items::title.eq(title), attention_items::detail.eq(detail)))
        .execute(conn)?;
    if known == 0 {
        diesel::insert_into(attention_items::table)
            .values((
                attention_items::id.eq(AssignmentId::mint()),
                attention_items::campus_id.eq(campus),
                attention_items::kind.eq(CONFLICT),
                attention_items::subject_type.eq("assignment"),
                attention_items::subject_id.eq(assignment.to_string()),
                attention_items::title.eq(title),
                attention_items::detail.eq(detail),
                attention_items::since.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Keeps that a place or a seat was taken to a time at which its holder has something else; one that is known keeps the
/// time since when.
pub fn keep_overlap(
    conn: &mut Conn,
    campus: CampusId,
    (kind, subject_type): (&str, &str),
    subject: Uuid,
    (title, detail): (&str, &str),
    now: Instant,
) -> Result<(), StoreError> {
    let known = attention_items::table
        .filter(attention_items::kind.eq(kind))
        .filter(attention_items::subject_id.eq(subject.to_string()));
    let known = diesel::update(known)
        .set((attention_items::title.eq(title), attention_items::detail.eq(detail)))
        .execute(conn)?;
    if known == 0 {
        diesel::insert_into(attention_items::table)
            .values((
                attention_items::id.eq(AssignmentId::mint()),
                attention_items::campus_id.eq(campus),
                attention_items::kind.eq(kind),
                attention_items::subject_type.eq(subject_type),
                attention_items::subject_id.eq(subject.to_string()),
                attention_items::title.eq(title),
                attention_items::detail.eq(detail),
                attention_items::since.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The places or seats of which an overlap was kept, and since when.
pub fn list_overlaps<T: std::str::FromStr>(
    conn: &mut Conn,
    campus: CampusId,
    kind: &str,
) -> Result<Vec<(T, Instant)>, StoreError> {
    let kept: Vec<(String, Instant)> = attention_items::table
        .filter(attention_items::campus_id.eq(campus))
        .filter(attention_items::kind.eq(kind))
        .select((attention_items::subject_id, attention_items::since))
        .load(conn)?;
    Ok(kept.into_iter().filter_map(|(id, since)| Some((id.parse().ok()?, since))).collect())
}

/// Forgets what was kept about a seat.
pub fn forget(conn: &mut Conn, assignment: AssignmentId) -> Result<(), StoreError> {
    diesel::delete(of_assignment!(assignment)).execute(conn)?;
    Ok(())
}
