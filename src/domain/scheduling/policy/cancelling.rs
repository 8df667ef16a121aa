//! Cancelling a place and arriving late: until when, and what a cancellation at some instant is.
//!
//! On time up to and including the cut-off, afterwards late or refused as the office chose; a late one may even count as not
//! having come. From the start on nobody cancels. Absent on purpose: excuses, which a person judges.

use chrono::TimeDelta;

use super::{
    Rule, count,
    cutoff::{Channel, Cutoff},
};
use crate::domain::{
    refusal::Invalid,
    scheduling::office_calendar::OfficeCalendar,
    time::{Instant, LocalWindow},
    words::words,
};

/// The most minutes of arriving early or late.
const MOST_MINUTES: i64 = 240;

words! {
    /// What becomes of a cancellation after the cut-off.
    pub enum LateCancel("answer to a late cancellation") {
        /// It frees the place, and is late.
        Allowed = "allowed",
        /// It is not taken.
        Refused = "refused",
    }

    /// What becomes of the place of somebody who arrives too late.
    pub enum TooLate("answer to a late arrival") {
        /// The place is lost.
        Forfeited = "forfeited",
        /// The office may offer another time.
        MayBeRescheduled = "may_be_rescheduled",
    }
}

/// Until when one may cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRule {
    until: Cutoff,
    late: LateCancel,
    no_show_after: Option<Cutoff>,
    channels: Vec<Channel>,
}

impl CancelRule {
    /// On time until `until`; afterwards as `late` says, and after `no_show_after` as if one had not come. With channels
    /// only those are taken, without any all are.
    ///
    /// # Errors
    /// [`Invalid`] for `no_show_after` (`reversed`, or `unreachable` where late cancellations are refused) and `channels`
    /// (`repeated`).
    pub fn new(
        until: Cutoff,
        late: LateCancel,
        no_show_after: Option<Cutoff>,
        channels: Vec<Channel>,
    ) -> Result<Self, Invalid> {
        if let Some(no_show) = &no_show_after {
            if late == LateCancel::Refused {
                let detail = "late cancellations are refused, so none can count as a no-show";
                return Err(Invalid::new("no_show_after", "unreachable", detail));
            }
            if until.always_after(no_show) {
                let detail = "it lies before the time until which one may cancel";
                return Err(Invalid::new("no_show_after", "reversed", detail));
            }
        }
        for (index, channel) in channels.iter().enumerate() {
            if channels.iter().take(index).any(|other| other == channel) {
                let detail = format!("{channel} stands here twice");
                return Err(Invalid::new(format!("channels/{index}"), "repeated", detail));
            }
        }
        Ok(Self { until, late, no_show_after, channels })
    }

    /// Until when one may cancel on time.
    #[must_use]
    pub const fn until(&self) -> &Cutoff {
        &self.until
    }

    /// What becomes of a late cancellation.
    #[must_use]
    pub const fn late(&self) -> LateCancel {
        self.late
    }

    /// From when on a cancellation counts as not having come.
    #[must_use]
    pub const fn no_show_after(&self) -> Option<&Cutoff> {
        self.no_show_after.as_ref()
    }

    /// The channels that are taken; all when empty.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Whether that channel is taken.
    #[must_use]
    pub fn takes(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

/// What a cancellation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelVerdict {
    /// It frees the place and nothing else.
    OnTime,
    /// It frees the place and is an offence.
    Late,
    /// It frees the place and counts as not having come.
    LateAsNoShow,
    /// It is not taken.
    Refused(CancelRefused),
}

/// Why a cancellation is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelRefused {
    /// It has begun.
    Begun,
    /// The cut-off has passed, and the office takes no late ones.
    PastCutoff,
    /// Not by this channel.
    Channel,
    /// The calendar knows no day that the rule could mean.
    NoSuchDay,
}

/// The last instant at which one may cancel on time by this channel. A rule that says nothing about it lets one cancel
/// until the start. `None` when that is not possible at all: the channel is not taken, or the calendar has no such day.
#[must_use]
pub fn cancel_until(rule: &Rule, calendar: &OfficeCalendar, start: LocalWindow, channel: Channel) -> Option<Instant> {
    let Some(cancel) = rule.cancel() else { return Some(start.window().start()) };
    if cancel.takes(channel) { cancel.until.instant(calendar, start, channel) } else { None }
}

/// What a cancellation by this channel at `now` is.
#[must_use]
pub fn judge_cancel(
    rule: &Rule,
    calendar: &OfficeCalendar,
    start: LocalWindow,
    channel: Channel,
    now: Instant,
) -> CancelVerdict {
    if now >= start.window().start() {
        return CancelVerdict::Refused(CancelRefused::Begun);
    }
    let Some(cancel) = rule.cancel() else { return CancelVerdict::OnTime };
    if !cancel.takes(channel) {
        return CancelVerdict::Refused(CancelRefused::Channel);
    }
    let Some(until) = cancel.until.instant(calendar, start, channel) else {
        return CancelVerdict::Refused(CancelRefused::NoSuchDay);
    };
    if now <= until {
        return CancelVerdict::OnTime;
    }
    match cancel.late {
        LateCancel::Refused => CancelVerdict::Refused(CancelRefused::PastCutoff),
        LateCancel::Allowed => {
            let no_show = cancel.no_show_after.as_ref().and_then(|after| after.instant(calendar, start, channel));
            if no_show.is_some_and(|after| now > after) { CancelVerdict::LateAsNoShow } else { CancelVerdict::Late }
        }
    }
}

/// The channels by which a cancellation is still taken at `now`, each with the last instant at which it is: on time where
/// that is still possible, otherwise the start. From the start on there are none.
#[must_use]
pub fn still_taken(
    rule: &Rule,
    calendar: &OfficeCalendar,
    start: LocalWindow,
    now: Instant,
) -> Vec<(Channel, Instant)> {
    let begins = start.window().start();
    let last = |channel: &Channel| match judge_cancel(rule, calendar, start, *channel, now) {
        CancelVerdict::OnTime => Some((*channel, cancel_until(rule, calendar, start, *channel).unwrap_or(begins))),
        CancelVerdict::Late | CancelVerdict::LateAsNoShow => Some((*channel, begins)),
        CancelVerdict::Refused(_) => None,
    };
    Channel::ALL.iter().filter_map(last).collect()
}

/// When to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    early_minutes: Option<u16>,
    late: Option<(u16, TooLate)>,
}

impl Arrival {
    /// To be there so many minutes (1 to 240) before the start, and what happens to those who come more than so many
    /// minutes (0 to 240) after it.
    ///
    /// # Errors
    /// [`Invalid`] for `early_minutes` or `late_minutes` (`out_of_range`), or the whole (`required`) when it says nothing.
    pub fn new(early_minutes: Option<i64>, late: Option<(i64, TooLate)>) -> Result<Self, Invalid> {
        if early_minutes.is_none() && late.is_none() {
            return Err(Invalid::new("", "required", "it says neither how early nor how late one may come"));
        }
        let early_minutes =
            early_minutes.map(|minutes| count("early_minutes", minutes, 1, MOST_MINUTES)).transpose()?;
        let late = late
            .map(|(minutes, then)| Ok::<_, Invalid>((count("late_minutes", minutes, 0, MOST_MINUTES)?, then)))
            .transpose()?;
        Ok(Self { early_minutes, late })
    }

    /// How many minutes before the start to be there.
    #[must_use]
    pub const fn early_minutes(self) -> Option<u16> {
        self.early_minutes
    }

    /// After how many minutes it is too late, and what happens then.
    #[must_use]
    pub const fn late(self) -> Option<(u16, TooLate)> {
        self.late
    }

    /// What happens to somebody who arrives at `now`; `None` while it is not too late. The last minute allowed is
    /// included.
    #[must_use]
    pub fn judge(self, start: LocalWindow, now: Instant) -> Option<TooLate> {
        let (minutes, then) = self.late?;
        (now > start.window().start().plus(TimeDelta::minutes(i64::from(minutes)))).then_some(then)
    }
}
