//! What is asked of a series, as it comes in and is kept.

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Invalid;
use crate::domain::scheduling::event_series::MOST_MEETINGS;
use crate::domain::time::{LocalWindow, Zone};
use crate::http::slots::BookingRulesBody;
use crate::http::wire::times::{date, fold, window};
use crate::http::wire::{PositionBody, word};
use crate::service::event_series::{Differs, NewSeries};
use crate::service::events::NewEvent;

/// A series, in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesBody {
    kind: String,
    title: String,
    #[serde(default)]
    description: String,
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presenter: Option<String>,
    #[serde(default)]
    capacity: i64,
    starts_local: String,
    ends_local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(default = "refuse")]
    on_holiday: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excluded_dates: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<ExceptionBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extra_meetings: Vec<ExtraBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_rules: Option<BookingRulesBody>,
    #[serde(default)]
    publish: bool,
}

fn refuse() -> String {
    "refuse".to_owned()
}

/// A meeting of the rule that differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionBody {
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_local: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_local: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presenter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<i64>,
}

/// A meeting beside the rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtraBody {
    starts_local: String,
    ends_local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presenter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<i64>,
}

impl ExceptionBody {
    fn differs(&self) -> Differs {
        let (title, place, presenter) = (self.title.clone(), self.place.clone(), self.presenter.clone());
        Differs { title, place, presenter, capacity: self.capacity }
    }

    /// Its own hours, where both ends are said.
    fn hours(&self, zone: &str) -> Result<Option<LocalWindow>, Vec<Invalid>> {
        let missing = |field| {
            let detail = "starts_local and ends_local come together, or neither does";
            Err(vec![Invalid::new(field, "required", detail)])
        };
        match (&self.starts_local, &self.ends_local) {
            (None, None) => Ok(None),
            (Some(_), None) => missing("ends_local"),
            (None, Some(_)) => missing("starts_local"),
            (Some(starts), Some(ends)) => window(starts, ends, zone, self.fold.as_deref()).map(Some),
        }
    }
}

impl ExtraBody {
    fn differs(&self) -> Differs {
        let (title, place, presenter) = (self.title.clone(), self.place.clone(), self.presenter.clone());
        Differs { title, place, presenter, capacity: self.capacity }
    }
}

/// What was read, or its faults, which are put with the others.
fn or_fault<T>(read: Result<T, Vec<Invalid>>, faults: &mut Vec<Invalid>) -> Option<T> {
    read.map_err(|wrong| faults.extend(wrong)).ok()
}

impl SeriesBody {
    /// The series, on the clocks of `usual` where the body names no zone.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub(super) fn read(&self, usual: Zone) -> Result<NewSeries, Vec<Invalid>> {
        let zone = self.time_zone.as_deref().unwrap_or(usual.name());
        let mut faults = Vec::new();
        let lists = [
            ("excluded_dates", self.excluded_dates.len()),
            ("exceptions", self.exceptions.len()),
            ("extra_meetings", self.extra_meetings.len()),
        ];
        for (field, count) in lists {
            if count > usize::from(MOST_MEETINGS) {
                let detail = format!("there are {count}, at most {MOST_MEETINGS} are taken");
                return Err(vec![Invalid::new(field, "too_many", detail)]);
            }
        }
        let kind = or_fault(word("kind", &self.kind).map_err(|wrong| vec![wrong]), &mut faults);
        let mode = or_fault(word("mode", &self.mode).map_err(|wrong| vec![wrong]), &mut faults);
        let on_holiday = or_fault(word("on_holiday", &self.on_holiday).map_err(|wrong| vec![wrong]), &mut faults);
        let position = self.position.map(|position| position.read("position")).transpose();
        let position = or_fault(position.map_err(|wrong| vec![wrong]), &mut faults);
        let hours = window(&self.starts_local, &self.ends_local, zone, self.fold.as_deref());
        let when = or_fault(hours, &mut faults);
        let rules = self.booking_rules.as_ref().map(BookingRulesBody::read).transpose();
        let within = |wrong: Vec<Invalid>| wrong.into_iter().map(|wrong| wrong.within("booking_rules")).collect();
        let rules = or_fault(rules.map_err(within), &mut faults);
        let mut excluded = Vec::new();
        for (number, text) in self.excluded_dates.iter().enumerate() {
            excluded
                .extend(or_fault(date(&format!("excluded_dates/{number}"), text).map_err(|w| vec![w]), &mut faults));
        }
        // Where the zone is wrong, it is said once.
        let zoned = !faults.iter().any(|fault| fault.field == "time_zone");
        let (mut exceptions, mut extra) = (Vec::new(), Vec::new());
        for (number, exception) in self.exceptions.iter().enumerate().filter(|_| zoned) {
            let at = format!("exceptions/{number}");
            let within = |wrong: Vec<Invalid>| wrong.into_iter().map(|wrong| wrong.within(&at)).collect::<Vec<_>>();
            let read = (date("date", &exception.date).map_err(|wrong| vec![wrong]), exception.hours(zone));
            let read = (or_fault(read.0.map_err(within), &mut faults), or_fault(read.1.map_err(within), &mut faults));
            if let (Some(date), Some(hours)) = read {
                exceptions.push((date, hours, exception.differs()));
            }
        }
        for (number, meeting) in self.extra_meetings.iter().enumerate().filter(|_| zoned) {
            let at = format!("extra_meetings/{number}");
            let within = |wrong: Vec<Invalid>| wrong.into_iter().map(|wrong| wrong.within(&at)).collect::<Vec<_>>();
            let hours = window(&meeting.starts_local, &meeting.ends_local, zone, meeting.fold.as_deref());
            extra.extend(or_fault(hours.map_err(within), &mut faults).map(|hours| (hours, meeting.differs())));
        }
        let (Some(kind), Some(mode), Some(on_holiday), Some(position), Some(when), Some(rules)) =
            (kind, mode, on_holiday, position, when, rules)
        else {
            return Err(faults);
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let document = serde_json::to_value(self)
            .map_err(|fault| vec![Invalid::new("", "invalid_format", format!("it cannot be written down: {fault}"))])?;
        let (title, description) = (self.title.clone(), self.description.clone());
        let (place, presenter) = (self.place.clone(), self.presenter.clone());
        Ok(NewSeries {
            first: NewEvent { kind, title, description, mode, place, position, presenter, when },
            capacity: self.capacity,
            rule: self.rule.clone(),
            fold: fold(self.fold.as_deref()).map_err(|wrong| vec![wrong])?,
            on_holiday,
            excluded,
            exceptions,
            extra,
            rules,
            publish: self.publish,
            document,
        })
    }
}
