//! What a career office asks of those who book: until when they may cancel, and what follows when they do not come.
//!
//! A policy is data: rules, each for kinds of event or free tags, of which the most specific holds, as a whole. Every part
//! is checked when it is made, so that a policy which contradicts itself cannot be built; what depends on the office's
//! calendar is checked by [`Policy::fits`]. Numbers come in as `i64`, as a document has them, and are refused by name.
//! Absent on purpose: versions (a booking keeps the one it was made under, which is the store's), JSON, and the clock.

pub mod booking;
pub mod cancelling;
pub mod consequences;
pub mod cutoff;
pub mod explain;
pub mod ladder;
pub mod standing;
#[cfg(test)]
mod tests;

pub use cancelling::{CancelVerdict, cancel_until, judge_cancel, still_taken};
pub use standing::{standing, standing_of};

use crate::domain::{
    ids::PolicyId,
    refusal::{Invalid, line},
    scheduling::{event::EventKind, office_calendar::OfficeCalendar},
    time::Instant,
};
use booking::{BookingRule, LeadTime, Limit, LimitPer, Payment};
use cancelling::{Arrival, CancelRule, LateCancel};
use consequences::{Action, Lasting, most, unique};
use cutoff::Cutoff;
use ladder::{Consequences, CountingTime};
use standing::InForce;

/// The most rules of a policy, and as many lead times.
const MOST_RULES: usize = 50;
/// The most tags of a rule, and of an event.
pub const MOST_TAGS: usize = 20;

/// A number between two others, both included.
pub(crate) fn count(field: &str, number: i64, least: i64, most: i64) -> Result<u16, Invalid> {
    match u16::try_from(number) {
        Ok(fits) if (least..=most).contains(&number) => Ok(fits),
        _ => Err(Invalid::new(field, "out_of_range", format!("{number} is not between {least} and {most}"))),
    }
}

/// What a rule is for: events of any of the kinds, that have any of the tags. Without kinds, of every kind; without tags,
/// with any or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    kinds: Vec<EventKind>,
    tags: Vec<String>,
}

impl Scope {
    /// Up to 20 tags of lower-case letters, digits and underscores, 1 to 40 characters each.
    ///
    /// # Errors
    /// [`Invalid`] for `kinds` or `tags`.
    pub fn new(kinds: Vec<EventKind>, tags: Vec<String>) -> Result<Self, Invalid> {
        unique("kinds", &kinds)?;
        most("tags", tags.len(), MOST_TAGS)?;
        for (index, tag) in tags.iter().enumerate() {
            name(&format!("tags/{index}"), tag)?;
        }
        unique("tags", &tags)?;
        Ok(Self { kinds, tags })
    }

    /// The kinds of event; all when empty.
    #[must_use]
    pub fn kinds(&self) -> &[EventKind] {
        &self.kinds
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Whether it holds for something of this kind (`None` for what is no event, such as an appointment) and tags.
    #[must_use]
    pub fn holds(&self, kind: Option<EventKind>, tags: &[&str]) -> bool {
        let by_kind = self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind));
        by_kind && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(&tag.as_str())))
    }

    /// A tag says more than a kind, both say more than either.
    fn rank(&self) -> u8 {
        u8::from(!self.tags.is_empty()) * 2 + u8::from(!self.kinds.is_empty())
    }

    /// What both are for, with the same right.
    fn shared(&self, other: &Self) -> Option<String> {
        if self.rank() != other.rank() {
            return None;
        }
        let kind = self.kinds.iter().find(|kind| other.kinds.contains(kind)).map(|kind| kind.as_str());
        let tag = self.tags.iter().find(|tag| other.tags.contains(tag)).map(String::as_str);
        match (self.kinds.is_empty(), self.tags.is_empty()) {
            (true, true) => Some("everything".to_owned()),
            (false, true) => kind.map(str::to_owned),
            (true, false) => tag.map(str::to_owned),
            (false, false) => kind.zip(tag).map(|(kind, tag)| format!("{kind} with {tag}")),
        }
    }
}

fn name(field: &str, text: &str) -> Result<(), Invalid> {
    line(field, text, 1, 40)?;
    if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Ok(());
    }
    Err(Invalid::new(field, "invalid_format", "it takes lower-case letters, digits and underscores"))
}

/// Everything that holds for some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    key: String,
    scope: Scope,
    parts: Parts,
}

/// The parts of a rule; about what is absent it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// Cancelling.
    pub cancel: Option<CancelRule>,
    /// Booking.
    pub booking: Option<BookingRule>,
    /// Arriving.
    pub arrival: Option<Arrival>,
    /// What follows from offences.
    pub consequences: Option<Consequences>,
    /// Paying.
    pub payment: Option<Payment>,
}

impl Rule {
    /// The rule of this key (lower-case letters, digits and underscores, 1 to 40 characters).
    ///
    /// # Errors
    /// [`Invalid`] for `key`, the whole (`required`) without any part, or `consequences` (`unreachable` for points that
    /// no late cancellation can get).
    pub fn new(key: &str, scope: Scope, parts: Parts) -> Result<Self, Invalid> {
        name("key", key)?;
        if parts == Parts::default() {
            return Err(Invalid::new("", "required", "it has no part, so it rules nothing"));
        }
        if let (Some(cancel), Some(consequences)) = (&parts.cancel, &parts.consequences) {
            let fits = consequences.ladder.fits_cutoff(cancel.until(), cancel.late() == LateCancel::Refused);
            fits.map_err(|fault| fault.within("consequences/ladder"))?;
        }
        Ok(Self { key: key.to_owned(), scope, parts })
    }

    /// Its key, one of its kind in the policy.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it is for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Cancelling.
    #[must_use]
    pub const fn cancel(&self) -> Option<&CancelRule> {
        self.parts.cancel.as_ref()
    }

    /// Booking.
    #[must_use]
    pub const fn booking(&self) -> Option<&BookingRule> {
        self.parts.booking.as_ref()
    }

    /// Arriving.
    #[must_use]
    pub const fn arrival(&self) -> Option<Arrival> {
        self.parts.arrival
    }

    /// What follows from offences.
    #[must_use]
    pub const fn consequences(&self) -> Option<&Consequences> {
        self.parts.consequences.as_ref()
    }

    /// Paying.
    #[must_use]
    pub const fn payment(&self) -> Option<&Payment> {
        self.parts.payment.as_ref()
    }

    /// Its cut-offs, each with its path.
    fn cutoffs(&self) -> impl Iterator<Item = (&'static str, &Cutoff)> {
        let Parts { cancel, booking, payment, .. } = &self.parts;
        let cancel = cancel.as_ref();
        let booking = booking.as_ref();
        [
            cancel.map(|cancel| ("cancel/until", cancel.until())),
            cancel.and_then(CancelRule::no_show_after).map(|cutoff| ("cancel/no_show_after", cutoff)),
            booking.and_then(BookingRule::opens).map(|cutoff| ("booking/opens", cutoff)),
            booking.and_then(BookingRule::closes).map(|cutoff| ("booking/closes", cutoff)),
            payment.as_ref().and_then(Payment::due).map(|cutoff| ("payment/due", cutoff)),
        ]
        .into_iter()
        .flatten()
    }

    /// The path of what needs terms in the calendar.
    fn needs_terms(&self) -> Option<&'static str> {
        let of_terms = |per: LimitPer| match per {
            LimitPer::Term | LimitPer::AcademicYear => true,
            LimitPer::Event | LimitPer::Day | LimitPer::Week | LimitPer::Month | LimitPer::Rule => false,
        };
        if self.booking().is_some_and(|booking| booking.limits().iter().any(|limit| of_terms(limit.per()))) {
            return Some("booking/limits");
        }
        let consequences = self.consequences()?;
        match consequences.counted {
            CountingTime::Term | CountingTime::AcademicYear => return Some("consequences/counted"),
            CountingTime::RollingDays(_) | CountingTime::ForEver => {}
        }
        let to_the_end = |action: &Action| match action {
            Action::Restrict { lasting: Lasting::RestOfTerm | Lasting::RestOfAcademicYear, .. } => true,
            Action::Restrict { lasting: Lasting::For(_) | Lasting::ForGood, .. }
            | Action::Warning
            | Action::HandIn { .. }
            | Action::Fee(_)
            | Action::Notify(_)
            | Action::CaseByCase
            | Action::Other(_) => false,
        };
        let found = consequences.ladder.steps().flat_map(consequences::Step::actions).any(to_the_end);
        found.then_some("consequences/ladder")
    }
}

/// What of a policy stands between a student and a place.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRefused {
    /// Which version.
    pub policy: PolicyId,
    /// The key of the rule.
    pub rule: String,
    /// What it says.
    pub why: Hindrance,
}

/// Why a rule keeps a student from a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Hindrance {
    /// Booking opens then.
    NotYet(Instant),
    /// Booking is over; since when, unless the calendar knows no day that the rule could mean.
    Closed(Option<Instant>),
    /// The student has as many places as one may have.
    Limit(Limit),
    /// Offences keep the student away.
    Blocked(InForce),
}

/// A tag that a rule or an event has: lower-case letters, digits and underscores, 1 to 40 characters.
///
/// # Errors
/// [`Invalid`] for `field`.
pub fn check_tag(field: &str, tag: &str) -> Result<(), Invalid> {
    name(field, tag)
}

/// The highest tier that an event can be of.
pub const HIGHEST_TIER: u8 = 10;

/// The rules of one campus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    lead_times: Vec<LeadTime>,
}

impl Policy {
    /// Up to 50 rules and 50 lead times.
    ///
    /// # Errors
    /// [`Invalid`] for the whole (`required` when empty), `rules` (`too_many`, `repeated` for a key, `overlaps` for two
    /// that are equally specific and hold for the same) or `lead_times` (`too_many`, `repeated` for an audience).
    pub fn new(rules: Vec<Rule>, lead_times: Vec<LeadTime>) -> Result<Self, Invalid> {
        if rules.is_empty() && lead_times.is_empty() {
            return Err(Invalid::new("rules", "required", "a policy has at least one rule or lead time"));
        }
        most("rules", rules.len(), MOST_RULES)?;
        most("lead_times", lead_times.len(), MOST_RULES)?;
        for (index, rule) in rules.iter().enumerate() {
            for before in rules.iter().take(index) {
                if before.key == rule.key {
                    let detail = format!("another rule is called {}", rule.key);
                    return Err(Invalid::new(format!("rules/{index}/key"), "repeated", detail));
                }
                if let Some(shared) = rule.scope.shared(&before.scope) {
                    let detail = format!("the rule {} holds for {shared} already", before.key);
                    return Err(Invalid::new(format!("rules/{index}/applies_to"), "overlaps", detail));
                }
            }
        }
        for (index, lead) in lead_times.iter().enumerate() {
            if lead_times.iter().take(index).any(|other| other.audience() == lead.audience()) {
                let detail = format!("{} has a lead time already", lead.audience());
                return Err(Invalid::new(format!("lead_times/{index}/audience"), "repeated", detail));
            }
        }
        Ok(Self { rules, lead_times })
    }

    /// Its rules, in the order of the source.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this key.
    #[must_use]
    pub fn rule(&self, key: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.key == key)
    }

    /// Whether anything follows from offences.
    #[must_use]
    pub fn has_consequences(&self) -> bool {
        self.rules.iter().any(|rule| rule.parts.consequences.is_some())
    }

    /// How early events have to be posted.
    #[must_use]
    pub fn lead_times(&self) -> &[LeadTime] {
        &self.lead_times
    }

    /// The rule for something of this kind and these tags: the most specific; of several that are equally specific
    /// because it has several tags, the first.
    #[must_use]
    pub fn rule_for(&self, kind: Option<EventKind>, tags: &[&str]) -> Option<&Rule> {
        let mut best: Option<&Rule> = None;
        for rule in self.rules.iter().filter(|rule| rule.scope.holds(kind, tags)) {
            if best.is_none_or(|best| rule.scope.rank() > best.scope.rank()) {
                best = Some(rule);
            }
        }
        best
    }

    /// Whether the calendar knows what the policy counts by: office hours where only those are taken, and terms.
    ///
    /// # Errors
    /// [`Invalid`] with `no_office_hours` or `no_terms` and the path of the rule.
    pub fn fits(&self, calendar: &OfficeCalendar) -> Result<(), Invalid> {
        let hours = |cutoff: &Cutoff| {
            if !cutoff.is_only_in_office_hours() || calendar.has_office_hours() {
                return Ok(());
            }
            let detail = "it holds during office hours only, and the office's calendar has none";
            Err(Invalid::new("office_hours_only", "no_office_hours", detail))
        };
        for (index, rule) in self.rules.iter().enumerate() {
            for (path, cutoff) in rule.cutoffs() {
                hours(cutoff).map_err(|fault| fault.within(format!("rules/{index}/{path}")))?;
            }
            if let Some(path) = rule.needs_terms().filter(|_| calendar.terms().is_empty()) {
                let detail = "it counts by terms, and the office's calendar has none";
                return Err(Invalid::new(format!("rules/{index}/{path}"), "no_terms", detail));
            }
        }
        for (index, lead) in self.lead_times.iter().enumerate() {
            hours(lead.until()).map_err(|fault| fault.within(format!("lead_times/{index}/until")))?;
        }
        Ok(())
    }
}
