//! Series of events: made by a rule, shown, published and worded as one; each meeting is an event of its own.
//!
//! A meeting is an event and not a slot of one long event: it stands in calendars by itself, with its own title, room and
//! presenter, it is put off or called off alone, and students book one or all of them. [`moving`] changes one meeting and
//! those after it, and ends a series; [`booking`] gives a student a place in every meeting. Absent on purpose: changes of
//! a single meeting, which are the event's own.

pub mod booking;
pub mod moving;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::Value;

use super::access::{Actor, require};
use super::app::Tx;
use super::code::Code;
use super::dated::Dated;
use super::error::{Seen, ServiceError};
use super::events::{self, NewEvent, keep, sees_all};
use super::office_calendars;
use super::slots::{NewSlot, fresh};
use crate::domain::ids::{CampusId, EventId, EventSeriesId};
use crate::domain::people::access::Action;
use crate::domain::refusal::{Invalid, line, prose};
use crate::domain::scheduling::booking::BookingRules;
use crate::domain::scheduling::event::{EventChange, EventState};
use crate::domain::scheduling::event_series::{Asked, Meeting, Of, Off, OnHoliday, Plan, SeriesState, plan};
use crate::domain::time::{Fold, Instant, LocalWindow};
use crate::store::events::EventRow;
use crate::store::slots::SlotRow;
use crate::store::{bookings, campuses, event_series, feed_revisions, places as abouts, slots};
use crate::store::{events as event_rows, slots as slot_rows};

pub use crate::store::event_series::{EventSeriesRow, OffDate};

/// Where a series stands in a list.
pub type SeriesPlace = Dated<EventSeriesId>;

/// What one meeting has that the others have not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differs {
    /// Its title.
    pub title: Option<String>,
    /// Its place.
    pub place: Option<String>,
    /// Its presenter.
    pub presenter: Option<String>,
    /// Its number of places.
    pub capacity: Option<i64>,
}

/// A series to be made.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The first meeting, and what all have that do not differ.
    pub first: NewEvent,
    /// Places for students in each meeting.
    pub capacity: i64,
    /// The rule of the others.
    pub rule: Option<String>,
    /// Which of two equal wall times is meant, on every date.
    pub fold: Option<Fold>,
    /// What becomes of a meeting that falls on a holiday.
    pub on_holiday: OnHoliday,
    /// Dates of the rule without a meeting.
    pub excluded: Vec<NaiveDate>,
    /// Meetings of the rule that differ, by their date.
    pub exceptions: Vec<(NaiveDate, Option<LocalWindow>, Differs)>,
    /// Meetings beside the rule.
    pub extra: Vec<(LocalWindow, Differs)>,
    /// Who may book, in every meeting.
    pub rules: Option<BookingRules>,
    /// Whether everybody sees it at once.
    pub publish: bool,
    /// All of this as it came in.
    pub document: Value,
}

/// A meeting of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingRow {
    /// The event.
    pub event: EventRow,
    /// The slot that lasts as long as the meeting, if there is one.
    pub slot: Option<SlotRow>,
    /// How many of its places are taken or held.
    pub taken: u32,
    /// The holiday on which it takes place all the same; known while the series is made.
    pub holiday: Option<String>,
}

/// A series and its meetings in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The series.
    pub row: EventSeriesRow,
    /// Its meetings.
    pub meetings: Vec<MeetingRow>,
    /// Whether its reader is a member of the campus, who sees what was asked for as well.
    pub all: bool,
}

/// What a series comes to, before it is made or since it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The series as it is now, or would be.
    pub series: Series,
    /// The dates that somebody has to decide about.
    pub blocked: Vec<OffDate>,
    /// Whether it was made.
    pub done: bool,
}

/// A date that is not as the rule has it, as it is kept and shown.
fn shown(off: &Off) -> OffDate {
    OffDate {
        date: off.date.to_string(),
        reason: off.why.as_str().to_owned(),
        detail: off.why.to_string(),
        moved_to: off.moved_to.map(|date| date.to_string()),
    }
}

/// Makes a series, or says what it would come to. Nothing is made while a date is blocked, nor in a dry run.
///
/// # Errors
/// Not found; those of [`require`]; every field that is wrong.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    new: &NewSeries,
    dry_run: bool,
) -> Result<Planned, ServiceError> {
    require(tx, actor, campus, Action::ManageEvents)?;
    let calendar = office_calendars::find(tx, campus)?.calendar;
    let exceptions: Vec<_> = new.exceptions.iter().map(|(date, when, _)| (*date, *when)).collect();
    let extra: Vec<_> = new.extra.iter().map(|(when, _)| *when).collect();
    let Plan { meetings, left_out, blocked } = plan(&Asked {
        first: new.first.when,
        rule: new.rule.as_deref(),
        fold: new.fold,
        excluded: &new.excluded,
        exceptions: &exceptions,
        extra: &extra,
        on_holiday: new.on_holiday,
        calendar: &calendar,
    })?;
    let rules = new.rules.clone().map(|rules| known(tx, campus, rules)).transpose()?;
    let row = EventSeriesRow {
        id: EventSeriesId::mint(),
        campus_id: campus,
        title: line("title", &new.first.title, 1, 200)?,
        description: prose("description", &new.first.description, 0, 5_000)?,
        state: SeriesState::Running,
        state_reason: None,
        starts_at: meetings.first().map_or(new.first.when, |first| first.when).window().start(),
        asked: new.document.clone(),
        left_out: left_out.iter().map(shown).collect(),
        revision: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let meetings = drafts(new, row.id, campus, meetings, tx.now)?;
    let blocked: Vec<OffDate> = blocked.iter().map(shown).collect();
    let done = !dry_run && blocked.is_empty();
    if done {
        event_series::insert(tx.conn, &row)?;
        for meeting in &meetings {
            event_rows::insert(tx.conn, &meeting.event)?;
            if let Some(rules) = &rules {
                abouts::set_rules(tx.conn, meeting.event.id, rules)?;
            }
        }
        let slots: Vec<SlotRow> = meetings.iter().filter_map(|meeting| meeting.slot.clone()).collect();
        slot_rows::insert_many(tx.conn, &slots)?;
        feed_revisions::bump(tx.conn, &feed_revisions::campus(campus), tx.now)?;
    }
    Ok(Planned { series: Series { row, meetings, all: true }, blocked, done })
}

/// The booking rules, whose earlier events are events of the campus.
fn known(tx: &mut Tx<'_>, campus: CampusId, rules: BookingRules) -> Result<BookingRules, ServiceError> {
    let within = |fault: Invalid| fault.within("booking_rules");
    let rules = BookingRules::new(rules).map_err(|faults| faults.into_iter().map(within).collect::<Vec<_>>())?;
    for (number, other) in rules.after_events.iter().enumerate() {
        let ours = event_rows::find(tx.conn, *other)?.is_some_and(|other| other.campus_id == campus);
        if !ours {
            let field = format!("booking_rules/after_events/{number}");
            let detail = format!("there is no event {other} at this campus");
            return Err(Invalid::new(field, "unknown_reference", detail).into());
        }
    }
    Ok(rules)
}

/// The events and slots of the meetings, which nothing keeps yet.
fn drafts(
    new: &NewSeries,
    series: EventSeriesId,
    campus: CampusId,
    meetings: Vec<Meeting>,
    now: Instant,
) -> Result<Vec<MeetingRow>, Vec<Invalid>> {
    let (mut made, mut faults) = (Vec::with_capacity(meetings.len()), Vec::new());
    for meeting in meetings {
        match draft(new, series, campus, &meeting, now) {
            Ok(row) => made.push(row),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() {
        return Ok(made);
    }
    // What is wrong with all is said once.
    let mut seen = HashSet::new();
    faults.retain(|fault| seen.insert(fault.field.clone()));
    Err(faults)
}

fn draft(
    new: &NewSeries,
    series: EventSeriesId,
    campus: CampusId,
    meeting: &Meeting,
    now: Instant,
) -> Result<MeetingRow, Vec<Invalid>> {
    let usual = Differs::default();
    let (differs, at, own_hours) = match meeting.of {
        Of::Rule => (&usual, None, false),
        Of::Exception(number) => {
            let exception = new.exceptions.get(number);
            let differs = exception.map_or(&usual, |(_, _, differs)| differs);
            let own_hours = exception.is_some_and(|(_, when, _)| when.is_some());
            (differs, Some(format!("exceptions/{number}")), own_hours)
        }
        Of::Extra(number) => {
            let differs = new.extra.get(number).map_or(&usual, |(_, differs)| differs);
            (differs, Some(format!("extra_meetings/{number}")), true)
        }
    };
    // A fault is pointed at where the value was said.
    let pointed = |fault: Invalid| match (&at, fault.field.as_str()) {
        (Some(at), "starts_local") if own_hours => fault.within(at),
        (Some(at), "title") if differs.title.is_some() => fault.within(at),
        (Some(at), "place") if differs.place.is_some() => fault.within(at),
        (Some(at), "presenter") if differs.presenter.is_some() => fault.within(at),
        (Some(at), "capacity") if differs.capacity.is_some() => fault.within(at),
        _ => fault,
    };
    let first = &new.first;
    let words = NewEvent {
        title: differs.title.clone().unwrap_or_else(|| first.title.clone()),
        place: differs.place.clone().or_else(|| first.place.clone()),
        presenter: differs.presenter.clone().or_else(|| first.presenter.clone()),
        when: meeting.when,
        ..first.clone()
    };
    let each = |faults: Vec<Invalid>| faults.into_iter().map(pointed).collect::<Vec<_>>();
    let event = words.draft(campus, Some(series), now).map_err(each)?;
    let event = if new.publish { event.publish(now).unwrap_or(event) } else { event };
    let event = EventRow::new(event, now);
    let places = differs.capacity.unwrap_or(new.capacity);
    let slot = NewSlot { label: None, place: None, part: None, when: meeting.when, capacity: places, seats: 0 };
    let slot = match fresh(&event, &slot, now) {
        Ok(slot) => slot,
        Err(ServiceError::Invalid(faults)) => return Err(faults.into_iter().map(pointed).collect()),
        Err(_) => return Err(vec![Invalid::new("capacity", "out_of_range", "no such slot can be made")]),
    };
    let holiday = meeting.holiday.clone();
    Ok(MeetingRow { event, slot: Some(SlotRow::new(slot, now)), taken: 0, holiday })
}

/// The series of a campus in order of their first meeting: all for members, those with a published meeting for others. With
/// each, how many meetings the reader sees, when the first begins and when the last is over.
///
/// # Errors
/// Not found for a campus that is none.
pub fn list(
    tx: &mut Tx<'_>,
    actor: Option<&Actor>,
    campus: CampusId,
    after: Option<SeriesPlace>,
    most: i64,
) -> Result<Vec<(EventSeriesRow, Option<Span>)>, ServiceError> {
    campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)?;
    let all = sees_all(tx, actor, campus)?;
    let rows = event_series::list(tx.conn, campus, all, after.map(Dated::parts), most)?;
    let ids: Vec<EventSeriesId> = rows.iter().map(|row| row.id).collect();
    let spans = event_rows::spans_of_series(tx.conn, &ids, all)?;
    Ok(rows.into_iter().map(|row| (spans.get(&row.id).copied(), row)).map(|(span, row)| (row, span)).collect())
}

/// How many meetings, when the first begins, and when the last is over.
pub type Span = (usize, Instant, Instant);

/// A series with its meetings, for everybody who may see one of them.
///
/// # Errors
/// Not found.
pub fn find(tx: &mut Tx<'_>, actor: Option<&Actor>, id: EventSeriesId) -> Result<Series, ServiceError> {
    let row = event_series::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let all = sees_all(tx, actor, row.campus_id)?;
    let mut meetings = event_rows::list_of_series(tx.conn, &[id])?;
    meetings.retain(|event| all || event.is_public());
    if meetings.is_empty() {
        return Err(ServiceError::NotFound);
    }
    Ok(Series { row, meetings: with_slots(tx, meetings)?, all })
}

/// The meetings with their slots and how many places are gone, in two queries for all.
fn with_slots(tx: &mut Tx<'_>, meetings: Vec<EventRow>) -> Result<Vec<MeetingRow>, ServiceError> {
    let ids: Vec<EventId> = meetings.iter().map(|event| event.id).collect();
    let mut slots: HashMap<EventId, Vec<SlotRow>> = HashMap::new();
    for slot in slots::list_of_events(tx.conn, &ids)? {
        slots.entry(slot.event_id).or_default().push(slot);
    }
    let taken = bookings::count_taken_in_all(tx.conn, &ids, tx.now)?;
    let with = |event: EventRow| {
        let of = slots.remove(&event.id).unwrap_or_default();
        let slot = of.into_iter().find(|slot| slot.when.window() == event.when.window());
        let taken = slot.as_ref().and_then(|slot| taken.get(&slot.id)).copied().unwrap_or_default();
        MeetingRow { event, slot, taken, holiday: None }
    };
    Ok(meetings.into_iter().map(with).collect())
}

/// The series, if the actor may change it, and the replay if the same was asked before.
///
/// # Errors
/// Not found; those of [`require`].
pub fn managed(tx: &mut Tx<'_>, actor: &Actor, id: EventSeriesId) -> Result<EventSeriesRow, ServiceError> {
    let row = event_series::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, row.campus_id, Action::ManageEvents)?;
    Ok(row)
}

/// Keeps the series as it is after a change of it or of its meetings.
fn raised(tx: &mut Tx<'_>, row: EventSeriesRow) -> Result<EventSeriesRow, ServiceError> {
    let row = EventSeriesRow { revision: row.revision + 1, updated_at: tx.now, ..row };
    event_series::update(tx.conn, &row)?;
    Ok(row)
}

/// Shows the meetings to everybody that are drafts and lie ahead.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state` where there is none.
pub fn publish(tx: &mut Tx<'_>, actor: &Actor, id: EventSeriesId) -> Result<Series, ServiceError> {
    let row = managed(tx, actor, id)?;
    let mut shown = 0;
    for before in event_rows::list_of_series(tx.conn, &[id])? {
        if before.state == EventState::Draft && tx.now < before.when.window().start() {
            let event = before.publish(tx.now)?;
            keep(tx, &before.changed(event, tx.now))?;
            shown += 1;
        }
    }
    if shown == 0 {
        let detail = "No meeting of the series is a draft that lies ahead.";
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", row.state.as_str()));
    }
    raised(tx, row)?;
    find(tx, Some(actor), id)
}

/// Other words for a series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesChange {
    /// Another title.
    pub title: Option<String>,
    /// Another description.
    pub description: Option<String>,
}

/// Changes the words of a series, and those of its meetings that still have them and are not over.
///
/// # Errors
/// Not found; those of [`require`]; `precondition_required`, `stale`; the field that is wrong.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: EventSeriesId,
    seen: &Seen,
    change: &SeriesChange,
) -> Result<Series, ServiceError> {
    let before = managed(tx, actor, id)?;
    seen.agrees(before.revision)?;
    let title = change.title.as_deref().map_or(Ok(before.title.clone()), |title| line("title", title, 1, 200));
    let description = change.description.as_deref();
    let description = description.map_or(Ok(before.description.clone()), |text| prose("description", text, 0, 5_000));
    let (title, description) = match (title, description) {
        (Ok(title), Ok(description)) => (title, description),
        (a, b) => return Err([a.err(), b.err()].into_iter().flatten().collect::<Vec<_>>().into()),
    };
    if (&title, &description) == (&before.title, &before.description) {
        return find(tx, Some(actor), id);
    }
    for event in event_rows::list_of_series(tx.conn, &[id])? {
        let change = EventChange {
            title: (event.title == before.title).then(|| title.clone()),
            description: (event.description == before.description).then(|| description.clone()),
            ..EventChange::default()
        };
        if !event.state.is_final() {
            events::change(tx, actor, event.id, &Seen::Any, &change)?;
        }
    }
    raised(tx, EventSeriesRow { title, description, ..before })?;
    find(tx, Some(actor), id)
}
