//! From a policy's document to the policy, with the path of what is wrong.

use std::{collections::BTreeMap, str::FromStr};

use super::{
    ActionDocument, ArrivalDocument, BookingDocument, CancelDocument, ConsequencesDocument, CountingTimeDocument,
    CutoffDocument, LadderDocument, LastingDocument, MoneyDocument, PaymentDocument, PolicyDocument, RuleDocument,
    StepDocument,
};
use crate::domain::{
    refusal::Invalid,
    scheduling::policy::{
        Parts, Policy, Rule, Scope,
        booking::{BookingRule, LeadTime, Limit, Payment, Refund},
        cancelling::{Arrival, CancelRule},
        consequences::{Action, HandInTime, Lasting, Money, Step},
        cutoff::{CalendarSpan, Channel, Cutoff, DayTimes, TimeOnDay},
        ladder::{Band, Consequences, CountingTime, Escalation, Ladder, Tier},
    },
};

impl PolicyDocument {
    /// The policy.
    ///
    /// # Errors
    /// [`Invalid`] with the path of the field.
    pub fn read(&self) -> Result<Policy, Invalid> {
        let rules = each("rules", &self.rules, RuleDocument::read)?;
        let lead_times = each("lead_times", &self.lead_times, |lead| {
            let until = lead.until.read().map_err(|fault| fault.within("until"))?;
            LeadTime::new(&lead.audience, until, word("shorter", &lead.shorter)?, &lead.approvers)
        })?;
        Policy::new(rules, lead_times)
    }
}

impl RuleDocument {
    fn read(&self) -> Result<Rule, Invalid> {
        let kinds = words("kinds", &self.applies_to.kinds).map_err(|fault| fault.within("applies_to"))?;
        let scope = Scope::new(kinds, self.applies_to.tags.clone()).map_err(|fault| fault.within("applies_to"))?;
        let parts = Parts {
            cancel: part("cancel", self.cancel.as_ref(), CancelDocument::read)?,
            booking: part("booking", self.booking.as_ref(), BookingDocument::read)?,
            arrival: part("arrival", self.arrival.as_ref(), ArrivalDocument::read)?,
            consequences: part("consequences", self.consequences.as_ref(), ConsequencesDocument::read)?,
            payment: part("payment", self.payment.as_ref(), PaymentDocument::read)?,
        };
        Rule::new(&self.key, scope, parts)
    }
}

impl CancelDocument {
    fn read(&self) -> Result<CancelRule, Invalid> {
        let until = self.until.read().map_err(|fault| fault.within("until"))?;
        let no_show_after = part("no_show_after", self.no_show_after.as_ref(), CutoffDocument::read)?;
        CancelRule::new(until, word("late", &self.late)?, no_show_after, words("channels", &self.channels)?)
    }
}

impl BookingDocument {
    fn read(&self) -> Result<BookingRule, Invalid> {
        let opens = part("opens", self.opens.as_ref(), CutoffDocument::read)?;
        let closes = part("closes", self.closes.as_ref(), CutoffDocument::read)?;
        let limits = each("limits", &self.limits, |limit| Limit::new(limit.at_most, word("per", &limit.per)?))?;
        BookingRule::new(opens, closes, limits)
    }
}

impl ArrivalDocument {
    fn read(&self) -> Result<Arrival, Invalid> {
        let late = match (self.late_minutes, &self.then) {
            (Some(minutes), Some(then)) => Some((minutes, word("then", then)?)),
            (None, None) => None,
            (Some(_), None) => return Err(Invalid::new("then", "required", "it goes with late_minutes")),
            (None, Some(_)) => return Err(Invalid::new("late_minutes", "required", "it goes with then")),
        };
        Arrival::new(self.early_minutes, late)
    }
}

impl ConsequencesDocument {
    fn read(&self) -> Result<Consequences, Invalid> {
        let counted = match &self.counted {
            CountingTimeDocument::Term {} => CountingTime::Term,
            CountingTimeDocument::AcademicYear {} => CountingTime::AcademicYear,
            CountingTimeDocument::RollingDays { days } => {
                CountingTime::rolling_days(*days).map_err(|fault| fault.within("counted"))?
            }
            CountingTimeDocument::ForEver {} => CountingTime::ForEver,
        };
        Ok(Consequences { counted, ladder: self.ladder.read().map_err(|fault| fault.within("ladder"))? })
    }
}

impl LadderDocument {
    fn read(&self) -> Result<Ladder, Invalid> {
        let read_steps = |steps: &[StepDocument]| each("steps", steps, StepDocument::read);
        match self {
            Self::Offences { counts, steps } => Ladder::offences(words("counts", counts)?, read_steps(steps)?),
            Self::Points { bands, no_show, late_arrival, steps } => {
                let bands = each("bands", bands, |band| Band::new(band.within_hours, band.points))?;
                Ladder::points(bands, *no_show, *late_arrival, read_steps(steps)?)
            }
            Self::Tiers { counts, tiers } => {
                let tiers = each("tiers", tiers, |tier| {
                    let escalation = part("escalation", tier.escalation.as_ref(), |escalation| {
                        Escalation::new(escalation.offences, escalation.only_without_letter)
                    })?;
                    Ok(Tier { steps: read_steps(&tier.steps)?, escalation })
                })?;
                Ladder::tiers(words("counts", counts)?, tiers)
            }
        }
    }
}

impl StepDocument {
    fn read(&self) -> Result<Step, Invalid> {
        Step::new(self.at, self.discretionary, each("actions", &self.actions, ActionDocument::read)?)
    }
}

impl ActionDocument {
    fn read(&self) -> Result<Action, Invalid> {
        match self {
            Self::Warning {} => Ok(Action::Warning),
            Self::HandIn { what, within, blocked } => {
                let within = part("within", within.as_ref(), |within| match (within.hours, within.business_days) {
                    (Some(hours), None) => HandInTime::hours(hours),
                    (None, Some(days)) => HandInTime::business_days(days),
                    (None, None) => Err(Invalid::new("", "required", "it takes hours or business_days")),
                    (Some(_), Some(_)) => {
                        Err(Invalid::new("business_days", "repeated", "it takes hours or business_days, not both"))
                    }
                })?;
                Action::hand_in(words("what", what)?, within, word("blocked", blocked)?)
            }
            Self::Restrict { from, lasting } => {
                let lasting = match lasting {
                    LastingDocument::For { count, unit } => {
                        Lasting::For(span(*count, unit).map_err(|fault| fault.within("lasting"))?)
                    }
                    LastingDocument::RestOfTerm {} => Lasting::RestOfTerm,
                    LastingDocument::RestOfAcademicYear {} => Lasting::RestOfAcademicYear,
                    LastingDocument::ForGood {} => Lasting::ForGood,
                };
                Ok(Action::Restrict { from: word("from", from)?, lasting })
            }
            Self::Fee { fee } => fee.read().map(Action::Fee).map_err(|fault| fault.within("fee")),
            Self::Notify { whom } => Action::notify(whom),
            Self::CaseByCase {} => Ok(Action::CaseByCase),
            Self::Other { text } => Action::other(text),
        }
    }
}

impl MoneyDocument {
    fn read(&self) -> Result<Money, Invalid> {
        Money::new(&self.amount, &self.currency)
    }
}

impl PaymentDocument {
    fn read(&self) -> Result<Payment, Invalid> {
        let price = part("price", self.price.as_ref(), MoneyDocument::read)?;
        let due = part("due", self.due.as_ref(), CutoffDocument::read)?;
        let refunds = each("refunds", &self.refunds, |refund| {
            let at_least = part("at_least", refund.at_least.as_ref(), |least| span(least.count, &least.unit))?;
            Refund::new(at_least, refund.percent, part("less", refund.less.as_ref(), MoneyDocument::read)?)
        })?;
        Payment::new(price, due, refunds, self.full_if_office_cancels)
    }
}

impl CutoffDocument {
    fn read(&self) -> Result<Cutoff, Invalid> {
        let (cutoff, office_hours_only) = match self {
            Self::AnyTimeBeforeStart { office_hours_only } => (Cutoff::any_time(), office_hours_only),
            Self::HoursBefore { hours, office_hours_only } => (Cutoff::hours_before(*hours)?, office_hours_only),
            Self::CalendarBefore { count, unit, at, at_by_channel, office_hours_only } => {
                let times = day_times(at.as_deref(), TimeOnDay::AsStart, at_by_channel)?;
                (Cutoff::calendar_before(*count, word("unit", unit)?, times)?, office_hours_only)
            }
            Self::BusinessDayBefore { days, at, at_by_channel, office_hours_only } => {
                let times = day_times(at.as_deref(), TimeOnDay::EndOfDay, at_by_channel)?;
                (Cutoff::business_day_before(*days, times)?, office_hours_only)
            }
            Self::ClearBusinessDays { days, at, at_by_channel, office_hours_only } => {
                let times = day_times(at.as_deref(), TimeOnDay::EndOfDay, at_by_channel)?;
                (Cutoff::clear_business_days(*days, times)?, office_hours_only)
            }
            Self::OnTheDay { at, at_by_channel, office_hours_only } => {
                let times = day_times(Some(at), TimeOnDay::EndOfDay, at_by_channel)?;
                (Cutoff::on_the_day(times)?, office_hours_only)
            }
        };
        Ok(if *office_hours_only { cutoff.only_in_office_hours() } else { cutoff })
    }
}

/// Reads every item of a list; a fault is named by the list and the item's place.
pub(super) fn each<D, T>(field: &str, items: &[D], read: impl Fn(&D) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
    let read_one = |(index, item): (usize, &D)| read(item).map_err(|fault| fault.within(index).within(field));
    items.iter().enumerate().map(read_one).collect()
}

/// Reads what may be absent; a fault is named by its field.
fn part<D, T>(
    field: &str,
    document: Option<&D>,
    read: impl Fn(&D) -> Result<T, Invalid>,
) -> Result<Option<T>, Invalid> {
    document.map(read).transpose().map_err(|fault| fault.within(field))
}

fn word<T: FromStr>(field: &str, text: &str) -> Result<T, Invalid>
where
    T::Err: std::fmt::Display,
{
    let shown: String = text.chars().take(100).collect();
    shown.parse().map_err(|unknown: T::Err| Invalid::new(field, "unknown_value", unknown.to_string()))
}

fn words<T: FromStr>(field: &str, texts: &[String]) -> Result<Vec<T>, Invalid>
where
    T::Err: std::fmt::Display,
{
    each(field, texts, |text| word("", text))
}

fn span(count: i64, unit: &str) -> Result<CalendarSpan, Invalid> {
    CalendarSpan::new(count, word("unit", unit)?)
}

fn day_times(at: Option<&str>, unless_told: TimeOnDay, each: &BTreeMap<String, String>) -> Result<DayTimes, Invalid> {
    let at = at.map_or(Ok(unless_told), |at| TimeOnDay::parse("at", at))?;
    let read_one = |(channel, time): (&String, &String)| {
        let known: Channel = word("at_by_channel", channel)?;
        Ok((known, TimeOnDay::parse(&format!("at_by_channel/{known}"), time)?))
    };
    DayTimes::new(at, each.iter().map(read_one).collect::<Result<_, Invalid>>()?)
}
