//! What offers and assignments are about, as lists and letters say it: the need, the role, the person, the campus. And
//! what people have promised or are being asked, as matching weighs it.
//!
//! Absent on purpose: how somebody stands at a campus, and any choice among people.

use std::collections::HashMap;

use diesel::prelude::*;

use super::campus_requests::{CampusRequestRow, not_postponed};
use super::db::{Conn, StoreError};
use super::documents::{corrupt, position_out, when_out, zone_out};
use super::schema::{
    assignments, campus_request_roles, campus_requests, campus_volunteers, campuses, offers, volunteers,
};
use crate::domain::ids::{AccountId, CampusId, CampusRequestId, EventId, SlotId, VolunteerId};
use crate::domain::letter::{Email, Person};
use crate::domain::matching::assignment::{AssignmentState, OfferState};
use crate::domain::matching::campus_request::{Kind, Mode, NeedState};
use crate::domain::matching::eligibility::Past;
use crate::domain::matching::travel::Venue;
use crate::domain::matching::waves::{ASKS_WITHIN, Answers};
use crate::domain::notice::{self, Engagement, Recipient};
use crate::domain::people::place::Position;
use crate::domain::time::{Instant, LocalWindow, Window, Zone};

/// A need, as far as its offers and assignments show it.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = campus_requests)]
pub struct NeedFacts {
    /// Its title.
    pub title: String,
    purpose: String,
    kind: Kind,
    /// Where it is in its life.
    pub state: NeedState,
    mode: Mode,
    /// Where it takes place.
    pub place: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    time_zone: String,
    starts_local: String,
    ends_local: String,
    starts_at: Instant,
    ends_at: Instant,
    /// Who asks.
    pub requested_by: AccountId,
    /// The event it made.
    pub event_id: Option<EventId>,
    /// That event's slot.
    pub slot_id: Option<SlotId>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = campus_request_roles)]
pub struct RoleFacts {
    /// What it is called.
    pub name: String,
    /// How many seats it has.
    pub max_seats: i32,
}

/// A volunteer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = volunteers)]
pub struct VolunteerFacts {
    /// Whose profile it is.
    pub account_id: AccountId,
    /// The name that others see.
    pub display_name: String,
    time_zone: String,
    /// Engagements a week.
    pub max_per_week: i32,
    /// Engagements a month.
    pub max_per_month: i32,
}

/// A campus.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = campuses)]
pub struct CampusFacts {
    name: String,
    contact_email: String,
    lat: Option<f64>,
    lon: Option<f64>,
}

/// A row with its facts, as a query answers them.
pub(super) type With<R> = (R, NeedFacts, RoleFacts, VolunteerFacts, String, CampusFacts);

type Facts = (NeedFacts, RoleFacts, VolunteerFacts, String, CampusFacts);

/// What an offer or an assignment is about.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The need.
    pub need: NeedFacts,
    /// The role.
    pub role: RoleFacts,
    /// The volunteer.
    pub volunteer: VolunteerFacts,
    /// When.
    pub when: LocalWindow,
    /// Where, as far as the way there matters.
    pub venue: Venue,
    /// The volunteer's clocks.
    pub zone: Zone,
    email: Email,
    campus: CampusFacts,
}

impl About {
    pub(super) fn read(id: impl std::fmt::Display, facts: Facts) -> Result<Self, StoreError> {
        let (need, role, volunteer, email, campus) = facts;
        let local = (need.starts_local.as_str(), need.ends_local.as_str());
        Ok(Self {
            when: when_out(&id, &need.time_zone, local, (need.starts_at, need.ends_at))?,
            venue: venue(&id, need.mode, (need.lat, need.lon), (campus.lat, campus.lon))?,
            zone: zone_out(&id, &volunteer.time_zone)?,
            email: Email::parse(&email).map_err(|_| corrupt(&id, "its volunteer has no e-mail address"))?,
            need,
            role,
            volunteer,
            campus,
        })
    }

    /// The same in the words of letters.
    #[must_use]
    pub fn engagement(&self) -> Engagement {
        let contact = Email::parse(&self.campus.contact_email).ok();
        Engagement {
            campus: notice::Campus {
                name: self.campus.name.clone(),
                contact: contact.map(|email| Person::new(&self.campus.name, email)),
            },
            title: self.need.title.clone(),
            purpose: self.need.purpose.clone(),
            kind: self.need.kind,
            role: self.role.name.clone(),
            when: self.when,
            mode: self.need.mode,
            place: self.need.place.clone(),
            postponed: false,
        }
    }

    /// The volunteer, as letters are addressed.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient { person: Person::new(&self.volunteer.display_name, self.email.clone()), zone: Some(self.zone) }
    }
}

/// Selects [`With`] facts a `$row` of `$table`, from the joins they need.
macro_rules! with_facts {
    ($table:ident, $row:ty) => {
        $table::table
            .inner_join($crate::store::schema::campus_requests::table)
            .inner_join($crate::store::schema::campus_request_roles::table)
            .inner_join($crate::store::schema::volunteers::table.inner_join($crate::store::schema::accounts::table))
            .inner_join($crate::store::schema::campuses::table)
            .select((
                <$row>::as_select(),
                $crate::store::engagements::NeedFacts::as_select(),
                $crate::store::engagements::RoleFacts::as_select(),
                $crate::store::engagements::VolunteerFacts::as_select(),
                $crate::store::schema::accounts::email,
                $crate::store::engagements::CampusFacts::as_select(),
            ))
    };
}
pub(super) use with_facts;

fn venue(
    id: impl std::fmt::Display,
    mode: Mode,
    own: (Option<f64>, Option<f64>),
    campus: (Option<f64>, Option<f64>),
) -> Result<Venue, StoreError> {
    Ok(match mode {
        Mode::Virtual => Venue::Virtual,
        Mode::InPerson => {
            let position: Option<Position> = match position_out(&id, own.0, own.1)? {
                Some(position) => Some(position),
                None => position_out(&id, campus.0, campus.1)?,
            };
            Venue::At(position)
        }
    })
}

/// Whose engagements are looked for.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of everybody who has applied at a campus.
    Campus(CampusId),
    /// Of these people.
    People(&'a [VolunteerId]),
}

/// A time for which somebody is engaged, or asked.
#[derive(Debug, Clone, PartialEq)]
pub struct EngagedRow {
    /// Who.
    pub volunteer: VolunteerId,
    /// At which campus.
    pub campus: CampusId,
    /// For which need.
    pub need: CampusRequestId,
    /// What it is called.
    pub title: String,
    /// When.
    pub window: Window,
    /// Where.
    pub venue: Venue,
}

type Engaged = (
    VolunteerId,
    CampusId,
    CampusRequestId,
    String,
    Instant,
    Instant,
    Mode,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
);

fn engaged(row: Engaged) -> Result<EngagedRow, StoreError> {
    let (volunteer, campus, need, title, start, end, mode, lat, lon, campus_lat, campus_lon) = row;
    let window = Window::new(start, end).map_err(|_| corrupt(need, "it ends before it starts"))?;
    let venue = venue(need, mode, (lat, lon), (campus_lat, campus_lon))?;
    Ok(EngagedRow { volunteer, campus, need, title, window, venue })
}

/// The states in which an assignment counts as a seat taken.
pub(super) fn counting() -> impl Iterator<Item = AssignmentState> {
    AssignmentState::ALL.iter().copied().filter(|state| state.counts())
}

/// The seats that people hold within `span`, at all campuses.
pub fn list_held(conn: &mut Conn, whose: Whose<'_>, span: Window) -> Result<Vec<EngagedRow>, StoreError> {
    let mut query = assignments::table
        .inner_join(campus_requests::table)
        .inner_join(campuses::table)
        .filter(assignments::state.eq_any(counting()))
        .filter(assignments::starts_at.lt(span.end()))
        .filter(assignments::ends_at.gt(span.start()))
        // What is postponed keeps nobody from anything else.
        .filter(not_postponed!())
        .select((
            assignments::volunteer_id,
            assignments::campus_id,
            assignments::campus_request_id,
            campus_requests::title,
            assignments::starts_at,
            assignments::ends_at,
            campus_requests::mode,
            campus_requests::lat,
            campus_requests::lon,
            campuses::lat,
            campuses::lon,
        ))
        .into_boxed();
    query = match whose {
        Whose::Campus(campus) => query.filter(assignments::volunteer_id.eq_any(applied(campus))),
        Whose::People(ids) => query.filter(assignments::volunteer_id.eq_any(ids)),
    };
    query.load::<Engaged>(conn)?.into_iter().map(engaged).collect()
}

/// The seats that are offered to people within `span`, at all campuses, and may still be taken.
pub fn list_asked(
    conn: &mut Conn,
    whose: Whose<'_>,
    span: Window,
    now: Instant,
) -> Result<Vec<EngagedRow>, StoreError> {
    let mut query = offers::table
        .inner_join(campus_requests::table)
        .inner_join(campuses::table)
        .filter(offers::state.eq(OfferState::Sent))
        .filter(offers::deadline.gt(now))
        .filter(campus_requests::starts_at.lt(span.end()))
        .filter(campus_requests::ends_at.gt(span.start()))
        .select((
            offers::volunteer_id,
            offers::campus_id,
            offers::campus_request_id,
            campus_requests::title,
            campus_requests::starts_at,
            campus_requests::ends_at,
            campus_requests::mode,
            campus_requests::lat,
            campus_requests::lon,
            campuses::lat,
            campuses::lon,
        ))
        .into_boxed();
    query = match whose {
        Whose::Campus(campus) => query.filter(offers::volunteer_id.eq_any(applied(campus))),
        Whose::People(ids) => query.filter(offers::volunteer_id.eq_any(ids)),
    };
    query.load::<Engaged>(conn)?.into_iter().map(engaged).collect()
}

/// What people have answered since `since` when they were asked, at all campuses.
pub fn list_answers(
    conn: &mut Conn,
    whose: Whose<'_>,
    since: Instant,
    now: Instant,
) -> Result<HashMap<VolunteerId, Answers>, StoreError> {
    let mut query = offers::table
        .filter(offers::created_at.gt(since))
        .select((offers::volunteer_id, offers::state, offers::deadline, offers::created_at))
        .into_boxed();
    query = match whose {
        Whose::Campus(campus) => query.filter(offers::volunteer_id.eq_any(applied(campus))),
        Whose::People(ids) => query.filter(offers::volunteer_id.eq_any(ids)),
    };
    let asked: Vec<(VolunteerId, OfferState, Instant, Instant)> = query.load(conn)?;
    let mut answers: HashMap<VolunteerId, Answers> = HashMap::new();
    for (volunteer, state, deadline, at) in asked {
        answered(answers.entry(volunteer).or_default(), state, deadline, at, now);
    }
    Ok(answers)
}

/// What was answered of a need so far, by all who were asked.
pub fn answers_of(conn: &mut Conn, need: CampusRequestId, now: Instant) -> Result<Answers, StoreError> {
    let asked: Vec<(OfferState, Instant, Instant)> = offers::table
        .filter(offers::campus_request_id.eq(need))
        .select((offers::state, offers::deadline, offers::created_at))
        .load(conn)?;
    let mut answers = Answers::default();
    for (state, deadline, at) in asked {
        answered(&mut answers, state, deadline, at, now);
    }
    Ok(answers)
}

fn answered(answers: &mut Answers, state: OfferState, deadline: Instant, at: Instant, now: Instant) {
    answers.lately += u32::from(at > now.plus(-ASKS_WITHIN));
    match state {
        OfferState::Accepted => {
            answers.accepted += 1;
            answers.ended += 1;
        }
        OfferState::Declined | OfferState::Expired => answers.ended += 1,
        OfferState::Sent => answers.ended += u32::from(deadline <= now),
        // What the office took back says nothing about the person.
        OfferState::Withdrawn | OfferState::Superseded => {}
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn applied(campus: CampusId) -> _ {
    let of_campus: diesel::dsl::Eq<campus_volunteers::campus_id, CampusId> = campus_volunteers::campus_id.eq(campus);
    campus_volunteers::table.filter(of_campus).select(campus_volunteers::volunteer_id)
}

/// What passed between people and these needs.
pub fn list_past(
    conn: &mut Conn,
    needs: &[CampusRequestId],
    now: Instant,
) -> Result<Vec<(VolunteerId, CampusRequestId, Past)>, StoreError> {
    let asked: Vec<(VolunteerId, CampusRequestId, OfferState, Instant)> = offers::table
        .filter(offers::campus_request_id.eq_any(needs))
        .select((offers::volunteer_id, offers::campus_request_id, offers::state, offers::deadline))
        .load(conn)?;
    let held: Vec<(VolunteerId, CampusRequestId, AssignmentState)> = assignments::table
        .filter(assignments::campus_request_id.eq_any(needs))
        .select((assignments::volunteer_id, assignments::campus_request_id, assignments::state))
        .load(conn)?;
    let asked = asked.into_iter().filter_map(|(volunteer, need, state, deadline)| {
        let past = match state {
            OfferState::Sent if deadline <= now => Past::Unanswered,
            OfferState::Sent => Past::Asked,
            OfferState::Declined => Past::Declined,
            OfferState::Expired => Past::Unanswered,
            // What came of an accepted offer is the assignment's to say; the rest was not the volunteer's doing.
            OfferState::Accepted | OfferState::Withdrawn | OfferState::Superseded => return None,
        };
        Some((volunteer, need, past))
    });
    let held = held.into_iter().filter_map(|(volunteer, need, state)| {
        let past = match state {
            AssignmentState::Confirmed
            | AssignmentState::ReconfirmPending
            | AssignmentState::CheckedIn
            | AssignmentState::Completed
            | AssignmentState::NoShow => Past::Assigned,
            AssignmentState::Released => Past::Released,
            AssignmentState::Removed => Past::Removed,
            AssignmentState::Cancelled => return None,
        };
        Some((volunteer, need, past))
    });
    Ok(asked.chain(held).collect())
}

/// The engagement that a need offers in the role called `role`, in the words of letters.
#[must_use]
pub fn engagement_of(need: &CampusRequestRow, campus: notice::Campus, role: &str) -> Engagement {
    Engagement {
        campus,
        title: need.title.clone(),
        purpose: need.purpose.clone(),
        kind: need.kind,
        role: role.to_owned(),
        when: need.when,
        mode: need.mode,
        place: need.place.clone(),
        postponed: false,
    }
}
