//! What follows from not coming and from cancelling late: warnings, letters, blocks, fees, and at which count.
//!
//! Absent on purpose: what is counted, which the ladder says, and what follows for a person now, which `standing` works out.

use super::{count, cutoff::CalendarSpan};
use crate::domain::{
    refusal::{Invalid, line, prose},
    words::words,
};

/// The most things that follow from one step.
const MOST_ACTIONS: usize = 5;

words! {
    /// What somebody did.
    pub enum OffenceKind("kind of offence") {
        /// Cancelled after the cut-off.
        LateCancellation = "late_cancellation",
        /// Did not come.
        NoShow = "no_show",
        /// Came too late.
        LateArrival = "late_arrival",
    }

    /// What has to be handed in.
    pub enum Requirement("requirement") {
        /// A letter that explains.
        ExplanationLetter = "explanation_letter",
        /// A letter that apologises, with a copy to the office.
        ApologyLetter = "apology_letter",
        /// A proof, such as of illness.
        Proof = "proof",
        /// A meeting with the office.
        Meeting = "meeting",
    }

    /// Whether somebody is blocked over what has to be handed in.
    pub enum BlockedWhile("blocked_while") {
        /// Not at all.
        Never = "never",
        /// From the offence until it is in.
        UntilIn = "until_in",
        /// From the deadline until it is in.
        OnceOverdue = "once_overdue",
    }

    /// From what somebody is kept.
    pub enum Restriction("restriction") {
        /// From booking what the rule is for.
        Blocked = "blocked",
        /// From everything that the office offers.
        BlockedFromAll = "blocked_from_all",
        /// From everything but drop-in help.
        DropInOnly = "drop_in_only",
    }
}

/// The time within which something has to be handed in, counted from the offence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandInTime {
    /// Elapsed hours, 1 to 2,160.
    Hours(u16),
    /// Until the end of the n-th business day after, 1 to 60.
    BusinessDays(u16),
}

impl HandInTime {
    /// So many elapsed hours.
    ///
    /// # Errors
    /// [`Invalid`] for `hours`.
    pub fn hours(hours: i64) -> Result<Self, Invalid> {
        Ok(Self::Hours(count("hours", hours, 1, 2_160)?))
    }

    /// So many business days.
    ///
    /// # Errors
    /// [`Invalid`] for `business_days`.
    pub fn business_days(days: i64) -> Result<Self, Invalid> {
        Ok(Self::BusinessDays(count("business_days", days, 1, 60)?))
    }
}

/// For how long somebody is restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// That long from the offence, to the same wall time.
    For(CalendarSpan),
    /// To the end of the term with which the offence is counted.
    RestOfTerm,
    /// To the end of the academic year with which the offence is counted.
    RestOfAcademicYear,
    /// For good.
    ForGood,
}

/// An amount, kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    amount: String,
    currency: String,
}

impl Money {
    /// An amount above zero such as `50.00` (at most seven digits and three decimals) in a currency of three capital
    /// letters (ISO 4217).
    ///
    /// # Errors
    /// [`Invalid`] for `amount` or `currency`.
    pub fn new(amount: &str, currency: &str) -> Result<Self, Invalid> {
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let well_formed = match amount.split_once('.') {
            Some((whole, decimals)) => digits(whole, 7) && digits(decimals, 3),
            None => digits(amount, 7),
        };
        if !well_formed || !amount.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            let detail = "it is no amount above zero such as 50.00, with at most seven digits and three decimals";
            return Err(Invalid::new("amount", "out_of_range", detail));
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let detail = "it is no currency of three capital letters such as USD";
            return Err(Invalid::new("currency", "unknown_value", detail));
        }
        Ok(Self { amount: amount.to_owned(), currency: currency.to_owned() })
    }
}

/// `50.00 USD`.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// Something that follows from a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A warning.
    Warning,
    /// Something has to be handed in.
    HandIn {
        /// What; all of it.
        what: Vec<Requirement>,
        /// Within what time; `None` where none is set.
        within: Option<HandInTime>,
        /// Whether the person is blocked meanwhile.
        blocked: BlockedWhile,
    },
    /// The person is kept from something.
    Restrict {
        /// From what.
        from: Restriction,
        /// For how long.
        lasting: Lasting,
    },
    /// A fee.
    Fee(Money),
    /// Somebody is told, such as the head of the department.
    Notify(String),
    /// The office decides each case.
    CaseByCase,
    /// Anything else, in the office's words.
    Other(String),
}

impl Action {
    /// Something to hand in.
    ///
    /// # Errors
    /// [`Invalid`] for `what` (`required`, `repeated`) or `blocked` (`unreachable` when it waits for a deadline that is
    /// not set).
    pub fn hand_in(what: Vec<Requirement>, within: Option<HandInTime>, blocked: BlockedWhile) -> Result<Self, Invalid> {
        if what.is_empty() {
            return Err(Invalid::new("what", "required", "it must say what is to be handed in"));
        }
        unique("what", &what)?;
        if blocked == BlockedWhile::OnceOverdue && within.is_none() {
            let detail = "nothing is ever overdue without a time within which it is to be handed in";
            return Err(Invalid::new("blocked", "unreachable", detail));
        }
        Ok(Self::HandIn { what, within, blocked })
    }

    /// Somebody to be told, in 1 to 100 characters.
    ///
    /// # Errors
    /// [`Invalid`] for `whom`.
    pub fn notify(whom: &str) -> Result<Self, Invalid> {
        line("whom", whom, 1, 100).map(Self::Notify)
    }

    /// Anything else, in 1 to 500 characters.
    ///
    /// # Errors
    /// [`Invalid`] for `text`.
    pub fn other(text: &str) -> Result<Self, Invalid> {
        prose("text", text, 1, 500).map(Self::Other)
    }
}

/// What follows from a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    at: u16,
    discretionary: bool,
    actions: Vec<Action>,
}

impl Step {
    /// From the `at`-th offence or point on (1 to 1,000), until the next step. With `discretionary` the office may, and
    /// nothing happens by itself.
    ///
    /// # Errors
    /// [`Invalid`] for `at` or `actions`.
    pub fn new(at: i64, discretionary: bool, actions: Vec<Action>) -> Result<Self, Invalid> {
        let at = count("at", at, 1, 1_000)?;
        if actions.is_empty() {
            return Err(Invalid::new("actions", "required", "it must say what follows"));
        }
        most("actions", actions.len(), MOST_ACTIONS)?;
        unique("actions", &actions)?;
        Ok(Self { at, discretionary, actions })
    }

    /// From which count on.
    #[must_use]
    pub const fn at(&self) -> u16 {
        self.at
    }

    /// Whether the office decides if it happens.
    #[must_use]
    pub const fn is_discretionary(&self) -> bool {
        self.discretionary
    }

    /// What follows.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }
}

pub(super) fn most(field: &str, found: usize, limit: usize) -> Result<(), Invalid> {
    if found <= limit {
        return Ok(());
    }
    Err(Invalid::new(field, "too_many", format!("{found} entries, at most {limit} are taken")))
}

pub(super) fn unique<T: PartialEq>(field: &str, items: &[T]) -> Result<(), Invalid> {
    match items.iter().enumerate().find(|(index, item)| items.iter().take(*index).any(|other| other == *item)) {
        Some((index, _)) => Err(Invalid::new(format!("{field}/{index}"), "repeated", "it stands in the list twice")),
        None => Ok(()),
    }
}
