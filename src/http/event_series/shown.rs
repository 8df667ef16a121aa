//! How series, their plans and their meetings are shown.

use serde::Serialize;
use serde_json::Value;

use crate::http::bookings::BookingView;
use crate::http::reschedule::{ConflictView, MovedView, Shown, StuckView, ToldView, cut};
use crate::http::wire::times::WhenView;
use crate::service::app::Tx;
use crate::service::event_series::booking::{Missed, SeriesBooked};
use crate::service::event_series::moving::MovePlan;
use crate::service::event_series::{EventSeriesRow, MeetingRow, OffDate, Planned, Series, Span};
use crate::service::reschedule::Plan;

/// A meeting, out.
#[derive(Debug, Serialize)]
pub(super) struct MeetingView {
    event_id: Option<String>,
    slot_id: Option<String>,
    state: &'static str,
    title: String,
    place: Option<String>,
    presenter: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    holiday: Option<String>,
    capacity: u16,
    taken: u32,
    free: u32,
}

impl MeetingView {
    /// The meeting; without ids where it is not kept.
    pub(super) fn of(row: MeetingRow, kept: bool) -> Self {
        let capacity = row.slot.as_ref().map_or(0, |slot| slot.capacity);
        Self {
            event_id: kept.then(|| row.event.id.to_string()),
            slot_id: row.slot.filter(|_| kept).map(|slot| slot.id.to_string()),
            state: row.event.state.as_str(),
            title: row.event.title.clone(),
            place: row.event.place.clone(),
            presenter: row.event.presenter.clone(),
            when: row.event.when.into(),
            holiday: row.holiday,
            capacity,
            taken: row.taken,
            free: u32::from(capacity).saturating_sub(row.taken),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct OffView {
    date: String,
    reason: String,
    detail: String,
    moved_to: Option<String>,
}

impl From<OffDate> for OffView {
    fn from(off: OffDate) -> Self {
        Self { date: off.date, reason: off.reason, detail: off.detail, moved_to: off.moved_to }
    }
}

/// A series, out.
#[derive(Debug, Serialize)]
pub(super) struct SeriesView {
    id: String,
    campus_id: String,
    title: String,
    description: String,
    state: &'static str,
    state_reason: Option<String>,
    asked: Option<Value>,
    meetings: Vec<MeetingView>,
    left_out: Vec<OffView>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<Series> for SeriesView {
    fn from(series: Series) -> Self {
        let Series { row, meetings, all } = series;
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            title: row.title,
            description: row.description,
            state: row.state.as_str(),
            state_reason: row.state_reason,
            asked: all.then_some(row.asked),
            meetings: meetings.into_iter().map(|meeting| MeetingView::of(meeting, true)).collect(),
            left_out: row.left_out.into_iter().map(OffView::from).collect(),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// A series in a list.
#[derive(Debug, Serialize)]
pub(super) struct SeriesLineView {
    id: String,
    campus_id: String,
    title: String,
    description: String,
    state: &'static str,
    state_reason: Option<String>,
    meetings: usize,
    starts_at: Option<String>,
    ends_at: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<(EventSeriesRow, Option<Span>)> for SeriesLineView {
    fn from((row, span): (EventSeriesRow, Option<Span>)) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            title: row.title,
            description: row.description,
            state: row.state.as_str(),
            state_reason: row.state_reason,
            meetings: span.map_or(0, |(meetings, ..)| meetings),
            starts_at: span.map(|(_, starts, _)| starts.to_string()),
            ends_at: span.map(|(.., ends)| ends.to_string()),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// What a series comes to, out.
#[derive(Debug, Serialize)]
pub(super) struct SeriesPlanView {
    done: bool,
    meetings: Vec<MeetingView>,
    left_out: Vec<OffView>,
    blocked: Vec<OffView>,
}

impl From<Planned> for SeriesPlanView {
    fn from(planned: Planned) -> Self {
        let Series { row, meetings, .. } = planned.series;
        Self {
            done: planned.done,
            meetings: meetings.into_iter().map(|meeting| MeetingView::of(meeting, planned.done)).collect(),
            left_out: row.left_out.into_iter().map(OffView::from).collect(),
            blocked: planned.blocked.into_iter().map(OffView::from).collect(),
        }
    }
}

/// A meeting that is changed with others, out.
#[derive(Debug, Serialize)]
pub(super) struct ChangedView {
    event_id: String,
    title: String,
    was: WhenView,
    will_be: WhenView,
    place: Option<String>,
    presenter: Option<String>,
    slots: Shown<MovedView>,
    unmovable: Shown<StuckView>,
}

#[derive(Debug, Serialize)]
pub(super) struct BlockedView {
    event_id: String,
    #[serde(flatten)]
    off: OffView,
}

/// What the change of several meetings comes to, out.
#[derive(Debug, Serialize)]
pub(super) struct SeriesMoveView {
    done: bool,
    meetings: Vec<ChangedView>,
    told: Shown<ToldView>,
    conflicts: Shown<ConflictView>,
    blocked: Vec<BlockedView>,
}

impl From<MovePlan> for SeriesMoveView {
    fn from(plan: MovePlan) -> Self {
        let (mut told, mut conflicts, mut meetings) = (Vec::new(), Vec::new(), Vec::new());
        for (before, Plan { event, slots, stuck, told: of, conflicts: against, .. }) in plan.meetings {
            told.extend(of);
            conflicts.extend(against);
            meetings.push(ChangedView {
                event_id: before.id.to_string(),
                title: event.title.clone(),
                was: before.when.into(),
                will_be: event.when.into(),
                place: event.place.clone(),
                presenter: event.presenter.clone(),
                slots: cut(slots, MovedView::from),
                unmovable: cut(stuck, StuckView::from),
            });
        }
        let blocked = plan.blocked.into_iter();
        Self {
            done: plan.done,
            meetings,
            told: cut(told, ToldView::from),
            conflicts: cut(conflicts, ConflictView::from),
            blocked: blocked
                .map(|(event, off)| BlockedView { event_id: event.id.to_string(), off: off.into() })
                .collect(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct MissedView {
    event_id: String,
    starts_at: String,
    code: &'static str,
    detail: String,
}

impl From<Missed> for MissedView {
    fn from(missed: Missed) -> Self {
        Self {
            event_id: missed.event.id.to_string(),
            starts_at: missed.event.when.window().start().to_string(),
            code: missed.code.as_str(),
            detail: missed.detail,
        }
    }
}

/// What a student has of a series now, out.
#[derive(Debug, Serialize)]
pub(super) struct SeriesBookingView {
    series_id: String,
    new: usize,
    bookings: Vec<BookingView>,
    missed: Vec<MissedView>,
}

impl SeriesBookingView {
    /// What the student has, as this site shows it now.
    pub(super) fn of(SeriesBooked { row, booked, new, missed }: SeriesBooked, tx: &Tx<'_>) -> Self {
        Self {
            series_id: row.id.to_string(),
            new,
            bookings: booked.iter().map(|booked| BookingView::of(booked, tx)).collect(),
            missed: missed.into_iter().map(MissedView::from).collect(),
        }
    }
}
