//! Offers as rows.
//!
//! An offer whose deadline has passed is closed in every query here, whether or not anybody has marked it: it reads as
//! expired and holds no seat. Absent on purpose: the secret of the link, of which only the hash is kept.

use diesel::dsl::max;
use diesel::prelude::*;

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError, lost_race};
use super::engagements::{About, With, with_facts};
use super::schema::offers;
use crate::domain::ids::{CampusId, CampusRequestId, OfferId, RoleId, VolunteerId};
use crate::domain::matching::assignment::OfferState;
use crate::domain::time::Instant;

text_column!(OfferState);

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = offers)]
pub struct OfferRow {
    /// Which offer it is.
    pub id: OfferId,
    /// Whose.
    pub campus_id: CampusId,
    /// For which need.
    pub campus_request_id: CampusRequestId,
    /// As what.
    pub role_id: RoleId,
    /// To whom.
    pub volunteer_id: VolunteerId,
    /// What has become of it.
    pub state: OfferState,
    /// The first moment at which it can no longer be answered.
    pub deadline: Instant,
    /// 1 for the first who were asked, 2 for those who were asked in their place, and so on.
    pub wave: i32,
    /// How well the two fitted when it was made.
    pub score: i32,
    /// What spoke for it.
    pub reasons: Json<Vec<String>>,
    /// The hash of the link's secret.
    pub token_hash: String,
    /// What the volunteer said when declining.
    pub decline_reason: Option<String>,
    /// When it was answered or closed.
    pub answered_at: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// An offer and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The offer.
    pub row: OfferRow,
    /// What it is about.
    pub about: About,
}

impl Offered {
    fn read(found: With<OfferRow>, now: Instant) -> Result<Self, StoreError> {
        let (mut row, need, role, volunteer, email, campus) = found;
        let facts = (need, role, volunteer, email, campus);
        if row.state == OfferState::Sent && row.deadline <= now {
            row.state = OfferState::Expired;
        }
        Ok(Self { about: About::read(row.id, facts)?, row })
    }
}

/// Keeps a new offer; that the volunteer holds no other open one for the need was looked at before.
pub fn insert(conn: &mut Conn, row: &OfferRow) -> Result<(), StoreError> {
    diesel::insert_into(offers::table).values(row.clone()).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Closes an offer that was never answered; answers whether this was the one who did.
pub fn close(
    conn: &mut Conn,
    id: OfferId,
    to: OfferState,
    reason: Option<&str>,
    now: Instant,
) -> Result<bool, StoreError> {
    let open = offers::table.filter(offers::id.eq(id)).filter(offers::state.eq(OfferState::Sent));
    let closed = diesel::update(open)
        .set((
            offers::state.eq(to),
            offers::decline_reason.eq(reason),
            offers::answered_at.eq(Some(now)),
            offers::revision.eq(offers::revision + 1),
            offers::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(closed == 1)
}

/// Gives an open offer another deadline.
pub fn set_deadline(conn: &mut Conn, id: OfferId, deadline: Instant, now: Instant) -> Result<(), StoreError> {
    diesel::update(offers::table.filter(offers::id.eq(id)).filter(offers::state.eq(OfferState::Sent)))
        .set((offers::deadline.eq(deadline), offers::revision.eq(offers::revision + 1), offers::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// The offer of this id.
pub fn find(conn: &mut Conn, id: OfferId, now: Instant) -> Result<Option<Offered>, StoreError> {
    let found =
        with_facts!(offers, OfferRow).filter(offers::id.eq(id)).get_result::<With<OfferRow>>(conn).optional()?;
    found.map(|found| Offered::read(found, now)).transpose()
}

/// The offer behind the link whose secret has this hash.
pub fn find_by_token(conn: &mut Conn, hash: &str, now: Instant) -> Result<Option<Offered>, StoreError> {
    let of_link = with_facts!(offers, OfferRow).filter(offers::token_hash.eq(hash));
    let found = of_link.get_result::<With<OfferRow>>(conn).optional()?;
    found.map(|found| Offered::read(found, now)).transpose()
}

/// Whose offers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of a need.
    Need(CampusRequestId),
    /// Those to a volunteer.
    Volunteer(VolunteerId),
}

/// Offers, oldest first, after the given one.
pub fn list(
    conn: &mut Conn,
    of: Of,
    state: Option<OfferState>,
    after: Option<OfferId>,
    limit: i64,
    now: Instant,
) -> Result<Vec<Offered>, StoreError> {
    let mut query = with_facts!(offers, OfferRow).order(offers::id).limit(limit).into_boxed();
    query = match of {
        Of::Need(need) => query.filter(offers::campus_request_id.eq(need)),
        Of::Volunteer(volunteer) => query.filter(offers::volunteer_id.eq(volunteer)),
    };
    query = match state {
        None => query,
        Some(OfferState::Sent) => query.filter(offers::state.eq(OfferState::Sent).and(offers::deadline.gt(now))),
        Some(OfferState::Expired) => query.filter(
            offers::state.eq(OfferState::Expired).or(offers::state.eq(OfferState::Sent).and(offers::deadline.le(now))),
        ),
        Some(state) => query.filter(offers::state.eq(state)),
    };
    if let Some(after) = after {
        query = query.filter(offers::id.gt(after));
    }
    query.load::<With<OfferRow>>(conn)?.into_iter().map(|found| Offered::read(found, now)).collect()
}

/// The offers of a need that nobody has answered or closed, those included whose deadline has passed; at most `limit`,
/// the earliest deadline first.
pub fn list_unanswered(
    conn: &mut Conn,
    need: CampusRequestId,
    limit: i64,
    now: Instant,
) -> Result<Vec<Offered>, StoreError> {
    let rows = with_facts!(offers, OfferRow)
        .filter(offers::campus_request_id.eq(need))
        .filter(offers::state.eq(OfferState::Sent))
        .order((offers::deadline, offers::id))
        .limit(limit)
        .load::<With<OfferRow>>(conn)?;
    rows.into_iter().map(|found| Offered::read(found, now)).collect()
}

/// The need of the offer of this id.
pub fn find_need(conn: &mut Conn, id: OfferId) -> Result<Option<CampusRequestId>, StoreError> {
    Ok(offers::table.find(id).select(offers::campus_request_id).get_result(conn).optional()?)
}

/// A need of which some offer's deadline has passed unmarked: that of the earliest.
pub fn find_need_due(conn: &mut Conn, now: Instant) -> Result<Option<CampusRequestId>, StoreError> {
    let due = offers::table.filter(offers::state.eq(OfferState::Sent)).filter(offers::deadline.le(now));
    Ok(due.order(offers::deadline).select(offers::campus_request_id).first(conn).optional()?)
}

/// The latest wave in which somebody was asked for a need; 0 when nobody was.
pub fn last_wave(conn: &mut Conn, need: CampusRequestId) -> Result<i32, StoreError> {
    let of_need = offers::table.filter(offers::campus_request_id.eq(need));
    Ok(of_need.select(max(offers::wave)).get_result::<Option<i32>>(conn)?.unwrap_or_default())
}
