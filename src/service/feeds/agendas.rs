//! What each feed shows, in the words of calendars.
//!
//! A feed reaches from 90 days back to 400 days ahead, counted in whole days, so that its bytes stay the same within a
//! day. What was called off stays, marked so, until 14 days past its start. Public feeds show what the office made public:
//! no purpose, which is between the office and its volunteers, no link to join a need, nobody's name or address. Absent on
//! purpose: the notation (`calendar::ics`) and the cache.

use std::hash::Hash;

use chrono::TimeDelta;

use crate::domain::agenda::{Agenda, Entry, Method, Status};
use crate::domain::ids::{CampusId, VolunteerId};
use crate::domain::letter::clean_text;
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::matching::campus_request::{Kind, Mode, NeedRole};
use crate::domain::matching::travel::Venue;
use crate::domain::people::place::Position;
use crate::domain::people::volunteer::Skill;
use crate::domain::scheduling::event::EventState;
use crate::domain::scheduling::event_part;
use crate::domain::time::{Instant, Window, Zone};
use crate::domain::wording;
use crate::service::app::Tx;
use crate::service::error::ServiceError;
use crate::store::campus_requests::CampusRequestRow;
use crate::store::events::EventRow;
use crate::store::feeds::{CampusFacts, Engaged};
use crate::store::{campus_requests, campuses, events, feeds};

const DAY: i64 = 86_400;
/// How far back a feed reaches, in days.
const BACK: i64 = 90;
/// How far ahead.
const AHEAD: i64 = 400;
/// For how many days past its start a cancelled entry stays.
const CANCELLED: i64 = 14;

/// A feed before it is rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What it shows.
    pub agenda: Agenda,
    /// When that last changed, as far as the feed's revision does not say.
    pub changed: Instant,
    /// When time alone will change it, if that is before the day is over.
    pub until: Instant,
}

/// The days since 1970, by the clocks of UTC.
pub const fn day(now: Instant) -> i64 {
    now.unix().div_euclid(DAY)
}

/// The beginning of the day.
pub const fn today(now: Instant) -> Instant {
    Instant::from_unix(day(now) * DAY)
}

fn days_from(now: Instant, days: i64) -> Instant {
    today(now).plus(TimeDelta::days(days))
}

fn horizon(now: Instant) -> Result<Window, ServiceError> {
    // Only beyond the year 9999 do the two ends meet.
    Window::new(days_from(now, -BACK), days_from(now, AHEAD)).map_err(|_| ServiceError::NotFound)
}

/// Whether something in this status that begins at `start` is still shown.
fn is_shown(status: Status, start: Instant, now: Instant) -> bool {
    match status {
        Status::Confirmed | Status::Tentative => true,
        Status::Cancelled => days_from(now, -CANCELLED) <= start,
    }
}

/// The published events of a campus.
///
/// # Errors
/// [`ServiceError::NotFound`] where there is no such campus; the database's.
pub fn of_campus(tx: &mut Tx<'_>, id: CampusId) -> Result<Shown, ServiceError> {
    let campus = campuses::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let events = events::list_public_within(tx.conn, id, horizon(tx.now)?)?;
    let entries = events.iter().filter_map(|row| event(row, &tx.app.site.host));
    let agenda = Agenda {
        name: campus.settings.name.clone(),
        description: Some(format!("Career events at {}", campus.settings.name)),
        zone: campus.settings.zone,
        method: Method::Publish,
        entries: entries.filter(|entry| is_shown(entry.status, entry.when.window().start(), tx.now)).collect(),
    };
    Ok(Shown { agenda, changed: campus.updated, until: days_from(tx.now, 1) })
}

fn event(row: &EventRow, host: &str) -> Option<Entry> {
    let status = match row.state {
        EventState::Draft => return None,
        EventState::Published | EventState::InProgress | EventState::Completed => Status::Confirmed,
        EventState::Postponed => Status::Tentative,
        EventState::Cancelled => Status::Cancelled,
    };
    Some(
        Entry {
            uid: format!("{}@{host}", row.id),
            sequence: row.calendar_sequence,
            status,
            summary: row.title.clone(),
            description: Some(described(row)).filter(|text| !text.is_empty()),
            location: match (row.mode, &row.place) {
                (Mode::InPerson, place) => place.clone(),
                (Mode::Virtual, Some(how)) => Some(format!("Online: {how}")),
                (Mode::Virtual, None) => Some("Online".to_owned()),
            },
            position: row.position.filter(|_| row.mode == Mode::InPerson),
            url: None,
            categories: vec![row.kind.as_str().replace('_', " ")],
            when: row.when,
            changed: row.changed_at,
            created: row.created_at,
            organizer: None,
            attendee: None,
            transparent: false,
        }
        .postponed_if(row.state == EventState::Postponed),
    )
}

/// What the public should know of an event, and its programme.
fn described(row: &EventRow) -> String {
    let said = clean_text(&row.description);
    let programme = clean_text(&event_part::in_lines(&row.parts).join("\n"));
    [said, programme].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// What a volunteer has promised, at all campuses, just as the invites in the mail say it.
///
/// # Errors
/// [`ServiceError::NotFound`] where there is no such volunteer; the database's.
pub fn of_volunteer(tx: &mut Tx<'_>, id: VolunteerId) -> Result<Shown, ServiceError> {
    let reader = feeds::find_reader(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let engaged = feeds::list_engaged(tx.conn, id, horizon(tx.now)?, &tx.app.site.host)?;
    let entries = engaged.iter().map(engagement);
    let agenda = Agenda {
        name: format!("Engagements of {}", reader.name),
        description: Some("What you have promised through Rostrum".to_owned()),
        zone: reader.zone,
        method: Method::Publish,
        entries: entries.filter(|entry| is_shown(entry.status, entry.when.window().start(), tx.now)).collect(),
    };
    Ok(Shown { agenda, changed: reader.changed, until: days_from(tx.now, 1) })
}

fn engagement(engaged: &Engaged) -> Entry {
    let status = match engaged.state {
        AssignmentState::Confirmed
        | AssignmentState::CheckedIn
        | AssignmentState::Completed
        | AssignmentState::NoShow => Status::Confirmed,
        AssignmentState::ReconfirmPending => Status::Tentative,
        AssignmentState::Released | AssignmentState::Removed | AssignmentState::Cancelled => Status::Cancelled,
    };
    engaged.engagement.entry(&engaged.mark, status)
}

/// Which open needs are shown. All that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NeedsFilter {
    /// Of this campus.
    pub campus: Option<CampusId>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// That require or prefer the skill of this name.
    pub skill: Option<SkillName>,
    /// Of this mode.
    pub mode: Option<Mode>,
    /// That take place near a point.
    pub near: Option<Near>,
    /// Held in this language.
    pub language: Option<String>,
}

/// The name of a skill, which is the same in upper and lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SkillName(String);

impl SkillName {
    /// The name of `skill`.
    #[must_use]
    pub fn of(skill: &Skill) -> Self {
        Self(skill.name().to_lowercase())
    }
}

/// Within so many kilometres of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Near {
    // In ten-thousandths of a degree, about ten metres, so that two filters are the same or not.
    lat: i32,
    lon: i32,
    km: u16,
}

impl Near {
    const PER_DEGREE: f64 = 10_000.0;

    /// Within `km` of `position`.
    #[must_use]
    pub fn new(position: Position, km: u16) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "at most 180 degrees")]
        let fixed = |degrees: f64| (degrees * Self::PER_DEGREE).round() as i32;
        Self { lat: fixed(position.lat()), lon: fixed(position.lon()), km }
    }

    fn holds(self, place: Position) -> bool {
        let degrees = |fixed: i32| f64::from(fixed) / Self::PER_DEGREE;
        Position::new(degrees(self.lat), degrees(self.lon)).is_ok_and(|near| near.km_to(place) <= f64::from(self.km))
    }
}

impl NeedsFilter {
    fn passes(&self, need: &CampusRequestRow, campus: Option<&CampusFacts>) -> bool {
        let asks_for = |name: &SkillName| {
            need.required_skills.iter().chain(&need.preferred_skills).any(|skill| SkillName::of(skill) == *name)
        };
        let lies = |near: Near| match Venue::of(need, campus.and_then(|campus| campus.position)) {
            Venue::At(Some(place)) => near.holds(place),
            Venue::At(None) | Venue::Virtual => false,
        };
        self.kind.is_none_or(|kind| kind == need.kind)
            && self.mode.is_none_or(|mode| mode == need.mode)
            && self.language.as_ref().is_none_or(|language| *language == need.language)
            && self.skill.as_ref().is_none_or(asks_for)
            && self.near.is_none_or(lies)
    }

    fn in_words(&self, campus: Option<&CampusFacts>) -> String {
        let words = [
            campus.filter(|_| self.campus.is_some()).map(|campus| campus.name.clone()),
            self.kind.map(Kind::in_words),
            self.skill.as_ref().map(|skill| skill.0.clone()),
            self.mode.map(in_words),
            self.near.map(|near| format!("within {} km", near.km)),
            self.language.clone(),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { "Open needs".to_owned() } else { format!("Open needs: {}", words.join(", ")) }
    }
}

fn in_words(mode: Mode) -> String {
    match mode {
        Mode::InPerson => "in person".to_owned(),
        Mode::Virtual => "online".to_owned(),
    }
}

/// The needs that look for volunteers: approved, not yet to be decided, with seats to take. A need whose last seat is
/// taken is fulfilled and not approved any more.
///
/// # Errors
/// [`ServiceError::NotFound`] where the filter names a campus that is none; the database's.
pub fn of_needs(tx: &mut Tx<'_>, filter: &NeedsFilter) -> Result<Shown, ServiceError> {
    let now = tx.now;
    let mut needs = campus_requests::list_open(tx.conn, filter.campus, now)?;
    let end = horizon(now)?.end();
    needs.retain(|need| now < need.decide_by && need.when.window().start() < end);
    let mut ids: Vec<CampusId> = needs.iter().map(|need| need.campus_id).chain(filter.campus).collect();
    ids.sort_unstable();
    ids.dedup();
    let campuses = feeds::list_campuses(tx.conn, &ids)?;
    let own = match filter.campus {
        Some(id) => Some(campuses.get(&id).ok_or(ServiceError::NotFound)?),
        None => None,
    };
    needs.retain(|need| filter.passes(need, campuses.get(&need.campus_id)));
    let entries = needs.iter().map(|row| need(row, campuses.get(&row.campus_id), &tx.app.site.host));
    let agenda = Agenda {
        name: filter.in_words(own),
        description: Some("What career offices look for volunteers for".to_owned()),
        zone: own.map_or_else(|| shared_zone(&needs), |campus| campus.zone),
        method: Method::Publish,
        entries: entries.collect(),
    };
    let until = needs.iter().map(|need| need.decide_by).min();
    let tomorrow = days_from(now, 1);
    Ok(Shown {
        agenda,
        changed: feeds::last_deadline(tx.conn, now)?.unwrap_or_else(|| today(now)),
        until: until.map_or(tomorrow, |until| until.min(tomorrow)),
    })
}

/// The one zone of all these needs, or UTC.
fn shared_zone(needs: &[CampusRequestRow]) -> Zone {
    let mut zones = needs.iter().map(|need| need.when.zone());
    zones.next().filter(|first| zones.all(|zone| zone == *first)).unwrap_or(Zone::UTC)
}

/// A need as a stranger may see it. It keeps nobody's time free.
fn need(row: &CampusRequestRow, campus: Option<&CampusFacts>, host: &str) -> Entry {
    let name = campus.map_or("A campus", |campus| &campus.name);
    let mut lines = vec![format!("{name} looks for volunteers: {}.", wanted(&row.roles))];
    lines.extend(skills("Required", &row.required_skills));
    lines.extend(skills("Welcome", &row.preferred_skills));
    lines.push(format!("Language: {}.", row.language));
    lines.push(format!("To be settled by {}.", wording::instant(row.decide_by, row.when.zone())));
    Entry {
        uid: format!("{}@{host}", row.id),
        sequence: u32::try_from(row.revision.saturating_sub(1)).unwrap_or_default(),
        status: Status::Confirmed,
        summary: format!("{} ({name})", row.title),
        description: Some(lines.join("\n")),
        location: match row.mode {
            Mode::InPerson => row.place.clone(),
            Mode::Virtual => Some("Online".to_owned()),
        },
        position: row.position.filter(|_| row.mode == Mode::InPerson),
        url: None,
        categories: vec![row.kind.in_words()],
        when: row.when,
        changed: row.updated_at,
        created: row.created_at,
        organizer: None,
        attendee: None,
        transparent: true,
    }
}

/// `interviewer (8 to 10), coach (1)`.
fn wanted(roles: &[NeedRole]) -> String {
    let role = |role: &NeedRole| match (role.min(), role.max()) {
        (0, max) => format!("{} (up to {max})", role.name()),
        (min, max) if min == max => format!("{} ({max})", role.name()),
        (min, max) => format!("{} ({min} to {max})", role.name()),
    };
    roles.iter().map(role).collect::<Vec<_>>().join(", ")
}

fn skills(what: &str, skills: &[Skill]) -> Option<String> {
    let list = skills.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!list.is_empty()).then(|| format!("{what}: {list}."))
}
