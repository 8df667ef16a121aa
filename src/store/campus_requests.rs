//! Needs and their roles as rows, and the seats that are taken or held, counted from live rows.
//!
//! A seat is taken by an assignment that counts, and held by an offer that is sent and whose deadline lies ahead: an
//! offer whose time has passed holds nothing, whether or not anybody has marked it as expired. Absent on purpose: fill as
//! a column.

use std::collections::HashMap;
use std::ops::Deref;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::documents::{SkillDocument, corrupt, position_out, skills_in, skills_out, wall_in, when_out};
use super::schema::{accounts, assignments, campus_request_roles, campus_requests, offers};
use crate::domain::{
    ids::{AccountId, CampusId, CampusRequestId, EventId, RoleId, SlotId},
    matching::{
        assignment::{AssignmentState, OfferState},
        campus_request::{Brief, CampusRequest, Kind, Mode, NeedRole, NeedState},
    },
    people::place::Position,
    time::Instant,
};

text_column!(Kind, Mode, NeedState);

/// A need as kept. Reads as its [`CampusRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct CampusRequestRow {
    /// The need.
    pub need: CampusRequest,
    /// Who asks.
    pub requested_by: AccountId,
    /// The office's question, or the reason of a decline, withdrawal or cancellation.
    pub state_reason: Option<String>,
    /// The event it made.
    pub event_id: Option<EventId>,
    /// That event's slot.
    pub slot_id: Option<SlotId>,
    /// Since when there is nobody left to ask.
    pub out_of_candidates_at: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Deref for CampusRequestRow {
    type Target = CampusRequest;

    fn deref(&self) -> &CampusRequest {
        &self.need
    }
}

impl CampusRequestRow {
    /// The same row in another state, for this reason.
    #[must_use]
    pub fn moved(&self, state: NeedState, reason: Option<String>, now: Instant) -> Self {
        let mut row = Self { state_reason: reason, revision: self.revision + 1, updated_at: now, ..self.clone() };
        row.need.state = state;
        row
    }
}

/// The condition under which a need's event has a time that holds, or there is no event.
macro_rules! not_postponed {
    () => {{
        use crate::domain::scheduling::event::EventState;
        use crate::store::schema::{campus_requests, events};
        use diesel::prelude::*;
        let postponed = events::table
            .filter(events::id.nullable().eq(campus_requests::event_id))
            .filter(events::state.eq(EventState::Postponed));
        diesel::dsl::not(diesel::dsl::exists(postponed))
    }};
}
pub(super) use not_postponed;

/// Keeps a new need and its roles.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &CampusRequestRow) -> Result<(), StoreError> {
    diesel::insert_into(campus_requests::table).values(Columns::from(row)).execute(conn)?;
    insert_roles(conn, row.id, &row.roles)
}

/// Keeps a changed need; its roles stay as they are.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &CampusRequestRow) -> Result<(), StoreError> {
    diesel::update(campus_requests::table.find(row.id)).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// Puts these roles in place of the former ones. Only for a need that nobody was asked for: offers go with their role.
///
/// # Errors
/// The database's.
pub fn replace_roles(conn: &mut Conn, id: CampusRequestId, roles: &[NeedRole]) -> Result<(), StoreError> {
    let former = campus_request_roles::table.filter(campus_request_roles::campus_request_id.eq(id));
    diesel::delete(former).execute(conn)?;
    insert_roles(conn, id, roles)
}

fn insert_roles(conn: &mut Conn, id: CampusRequestId, roles: &[NeedRole]) -> Result<(), StoreError> {
    for (at, role) in (0_i32..).zip(roles) {
        let values = (
            campus_request_roles::id.eq(role.id()),
            campus_request_roles::campus_request_id.eq(id),
            campus_request_roles::position.eq(at),
            campus_request_roles::name.eq(role.name()),
            campus_request_roles::min_seats.eq(i32::from(role.min())),
            campus_request_roles::max_seats.eq(i32::from(role.max())),
        );
        diesel::insert_into(campus_request_roles::table).values(values).execute(conn)?;
    }
    Ok(())
}

/// Says since when there is nobody left to ask, or that there is somebody again. The revision stays.
///
/// # Errors
/// The database's.
pub fn set_out_of_candidates(conn: &mut Conn, id: CampusRequestId, since: Option<Instant>) -> Result<(), StoreError> {
    diesel::update(campus_requests::table.find(id))
        .set(campus_requests::out_of_candidates_at.eq(since))
        .execute(conn)?;
    Ok(())
}

/// The need of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: CampusRequestId) -> Result<Option<CampusRequestRow>, StoreError> {
    let columns: Vec<Columns> = campus_requests::table.find(id).select(Columns::as_select()).load(conn)?;
    Ok(with_roles(conn, columns)?.pop())
}

/// Which needs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CampusRequestFilter {
    /// Whose.
    pub campus_id: CampusId,
    /// Asked for by one person, or by anybody.
    pub requested_by: Option<AccountId>,
    /// In one state, or in any.
    pub state: Option<NeedState>,
    /// Of one kind, or of any.
    pub kind: Option<Kind>,
}

/// Needs, oldest first, after the given one.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    filter: CampusRequestFilter,
    after: Option<CampusRequestId>,
    limit: i64,
) -> Result<Vec<CampusRequestRow>, StoreError> {
    let mut query = campus_requests::table
        .filter(campus_requests::campus_id.eq(filter.campus_id))
        .order(campus_requests::id)
        .select(Columns::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(account) = filter.requested_by {
        query = query.filter(campus_requests::requested_by.eq(account));
    }
    if let Some(state) = filter.state {
        query = query.filter(campus_requests::state.eq(state));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(campus_requests::kind.eq(kind));
    }
    if let Some(after) = after {
        query = query.filter(campus_requests::id.gt(after));
    }
    let columns = query.load(conn)?;
    with_roles(conn, columns)
}

/// The approved needs that have not begun and are not postponed, of one campus or of all, in order of their start.
///
/// # Errors
/// The database's.
pub fn list_open(conn: &mut Conn, campus: Option<CampusId>, now: Instant) -> Result<Vec<CampusRequestRow>, StoreError> {
    let mut query = campus_requests::table
        .filter(campus_requests::state.eq(NeedState::Approved))
        .filter(campus_requests::starts_at.gt(now))
        .filter(not_postponed!())
        .order((campus_requests::starts_at, campus_requests::id))
        .select(Columns::as_select())
        .into_boxed();
    if let Some(campus) = campus {
        query = query.filter(campus_requests::campus_id.eq(campus));
    }
    let columns = query.load(conn)?;
    with_roles(conn, columns)
}

/// The needs of these ids, in no particular order.
///
/// # Errors
/// The database's.
pub fn list_by_ids(conn: &mut Conn, ids: &[CampusRequestId]) -> Result<Vec<CampusRequestRow>, StoreError> {
    let query = campus_requests::table.filter(campus_requests::id.eq_any(ids)).select(Columns::as_select());
    let columns = query.load(conn)?;
    with_roles(conn, columns)
}

/// The needs that came to nothing in time: undecided ones past their `decide_by`, approved ones that have begun without
/// being fulfilled; at most `limit`, oldest first.
///
/// # Errors
/// The database's.
pub fn list_overdue(conn: &mut Conn, now: Instant, limit: i64) -> Result<Vec<CampusRequestRow>, StoreError> {
    let undecided = campus_requests::state.eq_any([NeedState::Submitted, NeedState::NeedsInfo]);
    let unmet = campus_requests::state.eq(NeedState::Approved);
    let columns: Vec<Columns> = campus_requests::table
        .filter(undecided.and(campus_requests::decide_by.le(now)).or(unmet.and(campus_requests::starts_at.le(now))))
        .filter(not_postponed!())
        .order(campus_requests::id)
        .select(Columns::as_select())
        .limit(limit)
        .load(conn)?;
    with_roles(conn, columns)
}

/// The names and addresses of the people who ask: the name as others see it, and the e-mail address for letters.
///
/// # Errors
/// The database's.
pub fn requesters(
    conn: &mut Conn,
    of: &[CampusRequestRow],
) -> Result<HashMap<AccountId, (String, String)>, StoreError> {
    let ids: Vec<AccountId> = of.iter().map(|row| row.requested_by).collect();
    let rows: Vec<(AccountId, String, String)> = accounts::table
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, accounts::name, accounts::email))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name, email)| (id, (name, email))).collect())
}

/// How many seats of a role are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seats {
    /// Taken by assignments.
    pub filled: u32,
    /// Held by open offers.
    pub offered: u32,
}

/// The seats of every role of these needs that has any gone; a role that is absent has none.
///
/// # Errors
/// The database's.
pub fn seats(conn: &mut Conn, of: &[CampusRequestId], now: Instant) -> Result<HashMap<RoleId, Seats>, StoreError> {
    let counting = AssignmentState::ALL.iter().copied().filter(|state| state.counts());
    let filled: Vec<(RoleId, i64)> = assignments::table
        .filter(assignments::campus_request_id.eq_any(of))
        .filter(assignments::state.eq_any(counting.map(AssignmentState::as_str)))
        .group_by(assignments::role_id)
        .select((assignments::role_id, count_star()))
        .load(conn)?;
    let offered: Vec<(RoleId, i64)> = offers::table
        .filter(offers::campus_request_id.eq_any(of))
        .filter(offers::state.eq(OfferState::Sent.as_str()))
        .filter(offers::deadline.gt(now))
        .group_by(offers::role_id)
        .select((offers::role_id, count_star()))
        .load(conn)?;
    let mut seats: HashMap<RoleId, Seats> = HashMap::new();
    for (role, count) in filled {
        seats.entry(role).or_default().filled = u32::try_from(count).unwrap_or(u32::MAX);
    }
    for (role, count) in offered {
        seats.entry(role).or_default().offered = u32::try_from(count).unwrap_or(u32::MAX);
    }
    Ok(seats)
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = campus_requests, treat_none_as_null = true)]
struct Columns {
    id: CampusRequestId,
    campus_id: CampusId,
    requested_by: AccountId,
    kind: Kind,
    state: NeedState,
    title: String,
    purpose: String,
    mode: Mode,
    place: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    time_zone: String,
    starts_local: String,
    ends_local: String,
    starts_at: Instant,
    ends_at: Instant,
    required_skills: Json<Vec<SkillDocument>>,
    preferred_skills: Json<Vec<SkillDocument>>,
    language: String,
    decide_by: Instant,
    priority: i32,
    state_reason: Option<String>,
    event_id: Option<EventId>,
    slot_id: Option<SlotId>,
    out_of_candidates_at: Option<Instant>,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&CampusRequestRow> for Columns {
    fn from(row: &CampusRequestRow) -> Self {
        Self {
            id: row.id,
            campus_id: row.campus_id,
            requested_by: row.requested_by,
            kind: row.kind,
            state: row.state,
            title: row.title.clone(),
            purpose: row.purpose.clone(),
            mode: row.mode,
            place: row.place.clone(),
            lat: row.position.map(Position::lat),
            lon: row.position.map(Position::lon),
            time_zone: row.when.zone().name().to_owned(),
            starts_local: wall_in(row.when.starts()),
            ends_local: wall_in(row.when.ends()),
            starts_at: row.when.window().start(),
            ends_at: row.when.window().end(),
            required_skills: Json(skills_in(&row.required_skills)),
            preferred_skills: Json(skills_in(&row.preferred_skills)),
            language: row.language.clone(),
            decide_by: row.decide_by,
            priority: row.priority.into(),
            state_reason: row.state_reason.clone(),
            event_id: row.event_id,
            slot_id: row.slot_id,
            out_of_candidates_at: row.out_of_candidates_at,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Columns {
    fn read(self, roles: Vec<NeedRole>) -> Result<CampusRequestRow, StoreError> {
        let id = self.id;
        let local = (self.starts_local.as_str(), self.ends_local.as_str());
        let skills = |json: &Json<Vec<SkillDocument>>| skills_out(&json.0).map_err(|invalid| corrupt(id, invalid));
        let brief = Brief {
            kind: self.kind,
            title: self.title,
            purpose: self.purpose,
            mode: self.mode,
            place: self.place,
            position: position_out(id, self.lat, self.lon)?,
            when: when_out(id, &self.time_zone, local, (self.starts_at, self.ends_at))?,
            roles,
            required_skills: skills(&self.required_skills)?,
            preferred_skills: skills(&self.preferred_skills)?,
            language: self.language,
            decide_by: self.decide_by,
            priority: self.priority.try_into().unwrap_or_default(),
        };
        let need = CampusRequest::new(id, self.campus_id, self.state, brief);
        Ok(CampusRequestRow {
            need: need.map_err(|invalid| corrupt(id, invalid))?,
            requested_by: self.requested_by,
            state_reason: self.state_reason,
            event_id: self.event_id,
            slot_id: self.slot_id,
            out_of_candidates_at: self.out_of_candidates_at,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn with_roles(conn: &mut Conn, columns: Vec<Columns>) -> Result<Vec<CampusRequestRow>, StoreError> {
    let ids: Vec<CampusRequestId> = columns.iter().map(|columns| columns.id).collect();
    let rows: Vec<(CampusRequestId, RoleId, String, i32, i32)> = campus_request_roles::table
        .filter(campus_request_roles::campus_request_id.eq_any(ids))
        .order(campus_request_roles::position)
        .select((
            campus_request_roles::campus_request_id,
            campus_request_roles::id,
            campus_request_roles::name,
            campus_request_roles::min_seats,
            campus_request_roles::max_seats,
        ))
        .load(conn)?;
    let mut roles: HashMap<CampusRequestId, Vec<NeedRole>> = HashMap::new();
    for (need, id, name, min, max) in rows {
        let (min, max) = (u16::try_from(min).unwrap_or_default(), u16::try_from(max).unwrap_or_default());
        let role = NeedRole::new(id, &name, min, max).map_err(|invalid| corrupt(id, invalid))?;
        roles.entry(need).or_default().push(role);
    }
    columns
        .into_iter()
        .map(|columns| {
            let roles = roles.remove(&columns.id).unwrap_or_default();
            columns.read(roles)
        })
        .collect()
}
