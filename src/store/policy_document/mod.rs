//! A policy and an office's calendar as documents: the JSON that is kept, and that a body of the API holds.
//!
//! Unknown fields are refused. `read` makes the domain's value and names the exact path of what is wrong, such as
//! `rules/2/cancel/until/hours`. The documents themselves are what is kept, so there is no way back from the domain.
//! Absent on purpose: rules about values, which are the domain's.

mod office_calendar;
mod read;
#[cfg(test)]
mod tests;

pub use office_calendar::{HolidayDocument, HoursDocument, OfficeCalendarDocument, TermDocument, WorkingDayDocument};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A policy; see [`Policy`](crate::domain::scheduling::policy::Policy).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// Its rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleDocument>,
    /// How early events have to be posted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead_times: Vec<LeadTimeDocument>,
}

/// A rule. Without `applies_to` it holds for everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDocument {
    /// Its key.
    pub key: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "ScopeDocument::is_everything")]
    pub applies_to: ScopeDocument,
    /// Cancelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<CancelDocument>,
    /// Booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingDocument>,
    /// Arriving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<ArrivalDocument>,
    /// What follows from offences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequences: Option<ConsequencesDocument>,
    /// Paying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentDocument>,
}

/// Kinds of event and tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeDocument {
    /// Kinds of event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Free tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl ScopeDocument {
    fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// A cut-off, tagged by `kind`. Times are `HH:MM`, `same_time` or `end_of_day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CutoffDocument {
    /// Until the start.
    AnyTimeBeforeStart {
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
    /// Elapsed hours before the start.
    HoursBefore {
        /// How many.
        hours: i64,
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
    /// Calendar units before, at the same time unless told.
    CalendarBefore {
        /// How many.
        count: i64,
        /// `days`, `weeks` or `months`.
        unit: String,
        /// The time of that day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// Other times for some channels.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at_by_channel: BTreeMap<String, String>,
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
    /// The n-th business day before, to its end unless told.
    BusinessDayBefore {
        /// Which.
        days: i64,
        /// The time of that day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// Other times for some channels.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at_by_channel: BTreeMap<String, String>,
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
    /// The last business day that leaves n between, to its end unless told.
    ClearBusinessDays {
        /// How many.
        days: i64,
        /// The time of that day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// Other times for some channels.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at_by_channel: BTreeMap<String, String>,
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
    /// A clock time on the day of the start.
    OnTheDay {
        /// The time.
        at: String,
        /// Other times for some channels.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at_by_channel: BTreeMap<String, String>,
        /// Moved back into office hours.
        #[serde(default)]
        office_hours_only: bool,
    },
}

/// Until when one may cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelDocument {
    /// Until then on time.
    pub until: CutoffDocument,
    /// `allowed` or `refused`.
    pub late: String,
    /// From then on as if one had not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show_after: Option<CutoffDocument>,
    /// Only these are taken; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
}

/// From when, until when and how often one may book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingDocument {
    /// From when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<CutoffDocument>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<CutoffDocument>,
    /// How often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitDocument>,
}

/// At most so many live bookings of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDocument {
    /// How many.
    pub at_most: i64,
    /// `event`, `day`, `week`, `month`, `term`, `academic_year` or `rule`.
    pub per: String,
}

/// When to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalDocument {
    /// How many minutes early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_minutes: Option<i64>,
    /// After how many minutes it is too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_minutes: Option<i64>,
    /// What happens then: `forfeited` or `may_be_rescheduled`; goes with `late_minutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

/// What follows from offences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsequencesDocument {
    /// For how long they count.
    pub counted: CountingTimeDocument,
    /// What is counted and what follows.
    pub ladder: LadderDocument,
}

/// For how long offences count, tagged by `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CountingTimeDocument {
    /// In a term.
    Term {},
    /// In an academic year.
    AcademicYear {},
    /// Within so many days.
    RollingDays {
        /// How many.
        days: i64,
    },
    /// For ever.
    ForEver {},
}

/// What is counted, tagged by `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LadderDocument {
    /// Offences.
    Offences {
        /// `late_cancellation`, `no_show`, `late_arrival`.
        counts: Vec<String>,
        /// What follows.
        steps: Vec<StepDocument>,
    },
    /// Points.
    Points {
        /// For late cancellations, the widest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bands: Vec<BandDocument>,
        /// For not coming.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no_show: Option<i64>,
        /// For coming too late.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late_arrival: Option<i64>,
        /// What follows.
        steps: Vec<StepDocument>,
    },
    /// Tiers, tier 1 first.
    Tiers {
        /// As for offences.
        counts: Vec<String>,
        /// The tiers.
        tiers: Vec<TierDocument>,
    },
}

/// Points for cancelling within so many hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandDocument {
    /// Less than so many hours before.
    pub within_hours: i64,
    /// So many points.
    pub points: i64,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierDocument {
    /// What follows.
    pub steps: Vec<StepDocument>,
    /// When the next offence counts a tier higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<EscalationDocument>,
}

/// When the next offence counts a tier higher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationDocument {
    /// After so many of the tier.
    pub offences: i64,
    /// Counting only those for which nothing was handed in.
    #[serde(default)]
    pub only_without_letter: bool,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDocument {
    /// From which offence or point on.
    pub at: i64,
    /// Whether the office may, instead of does.
    #[serde(default)]
    pub discretionary: bool,
    /// What follows.
    pub actions: Vec<ActionDocument>,
}

/// What follows, tagged by `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionDocument {
    /// A warning.
    Warning {},
    /// Something to hand in.
    HandIn {
        /// `explanation_letter`, `apology_letter`, `proof`, `meeting`.
        what: Vec<String>,
        /// Within what time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<WithinDocument>,
        /// `never`, `until_in` or `once_overdue`.
        blocked: String,
    },
    /// Kept from something.
    Restrict {
        /// `blocked`, `blocked_from_all` or `drop_in_only`.
        from: String,
        /// For how long.
        lasting: LastingDocument,
    },
    /// A fee.
    Fee {
        /// How much.
        fee: MoneyDocument,
    },
    /// Somebody is told.
    Notify {
        /// Who.
        whom: String,
    },
    /// The office decides.
    CaseByCase {},
    /// Anything else.
    Other {
        /// What.
        text: String,
    },
}

/// A time to hand something in: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithinDocument {
    /// Elapsed hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<i64>,
    /// Business days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_days: Option<i64>,
}

/// For how long, tagged by `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LastingDocument {
    /// A number of days, weeks or months.
    For {
        /// How many.
        count: i64,
        /// `days`, `weeks` or `months`.
        unit: String,
    },
    /// The rest of the term.
    RestOfTerm {},
    /// The rest of the academic year.
    RestOfAcademicYear {},
    /// For good.
    ForGood {},
}

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyDocument {
    /// Such as `50.00`.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

/// What it costs and what comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDocument {
    /// What it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MoneyDocument>,
    /// Until when it is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<CutoffDocument>,
    /// What comes back, the longest notice first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<RefundDocument>,
    /// Whether everything comes back when the office cancels.
    #[serde(default)]
    pub full_if_office_cancels: bool,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundDocument {
    /// To those who cancel at least that long before; to all others without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<SpanDocument>,
    /// How much of the price.
    pub percent: i64,
    /// What is kept back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less: Option<MoneyDocument>,
}

/// A number of days, weeks or months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanDocument {
    /// How many.
    pub count: i64,
    /// `days`, `weeks` or `months`.
    pub unit: String,
}

/// How early something has to be posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadTimeDocument {
    /// For whom or where.
    pub audience: String,
    /// Until when.
    pub until: CutoffDocument,
    /// `refused` or `needs_approval`.
    pub shorter: String,
    /// Whose approval it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
}
