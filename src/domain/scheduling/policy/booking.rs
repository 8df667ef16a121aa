//! Booking and paying: from when and until when, how much at once, how early an event must be posted, and what is refunded.
//!
//! Absent on purpose: the bookings' store, the passing of money, and who approves what.

use chrono::Datelike;

use super::{
    consequences::{Money, most},
    count,
    cutoff::{CalendarSpan, Channel, Cutoff, Reach},
};
use crate::domain::{
    ids::EventId,
    refusal::{Invalid, line},
    scheduling::office_calendar::OfficeCalendar,
    time::{Instant, LocalWindow},
    words::words,
};

words! {
    /// Within what a person's live bookings are counted.
    pub enum LimitPer("limit_per") {
        /// One event.
        Event = "event",
        /// One date.
        Day = "day",
        /// One week, from Monday.
        Week = "week",
        /// One month.
        Month = "month",
        /// One term; a break counts with the term that follows.
        Term = "term",
        /// One academic year, likewise.
        AcademicYear = "academic_year",
        /// Everything the rule is for that is not over yet.
        Rule = "rule",
    }

    /// What becomes of notice shorter than the lead time.
    pub enum ShorterNotice("answer to shorter notice") {
        /// It is not taken.
        Refused = "refused",
        /// It needs somebody's approval.
        NeedsApproval = "needs_approval",
    }
}

/// At most so many live bookings of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    at_most: u16,
    per: LimitPer,
}

impl Limit {
    /// At most 1 to 1,000.
    ///
    /// # Errors
    /// [`Invalid`] for `at_most`.
    pub fn new(at_most: i64, per: LimitPer) -> Result<Self, Invalid> {
        Ok(Self { at_most: count("at_most", at_most, 1, 1_000)?, per })
    }

    /// How many.
    #[must_use]
    pub const fn at_most(self) -> u16 {
        self.at_most
    }

    /// Within what.
    #[must_use]
    pub const fn per(self) -> LimitPer {
        self.per
    }
}

/// From when, until when and how often one may book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRule {
    opens: Option<Cutoff>,
    closes: Option<Cutoff>,
    limits: Vec<Limit>,
}

/// A live booking of a person, for the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Of which event.
    pub event: EventId,
    /// When it starts.
    pub start: Instant,
    /// Whether it is over.
    pub over: bool,
}

/// Whether one may book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingVerdict {
    /// Not before that instant.
    NotYet(Instant),
    /// Yes.
    Open,
    /// Not any more.
    Closed,
}

impl BookingRule {
    /// Open from `opens` (otherwise at once) until `closes` (otherwise until the start), within the limits.
    ///
    /// # Errors
    /// [`Invalid`] for `opens` (`reversed` when it comes after `closes`, `unreachable` when only at the start), `limits`
    /// (`repeated`, `too_many`), or the whole (`required`) when it says nothing.
    pub fn new(opens: Option<Cutoff>, closes: Option<Cutoff>, limits: Vec<Limit>) -> Result<Self, Invalid> {
        if opens.is_none() && closes.is_none() && limits.is_empty() {
            return Err(Invalid::new("", "required", "it says nothing about booking"));
        }
        if let Some(opens) = &opens {
            if matches!(opens.reach(), Reach::AnyTime) {
                return Err(Invalid::new("opens", "unreachable", "it opens at the start, when nobody books any more"));
            }
            if let Some(closes) = &closes
                && (opens == closes || opens.always_after(closes))
            {
                return Err(Invalid::new("opens", "reversed", "it opens no earlier than it closes"));
            }
        }
        most("limits", limits.len(), LimitPer::ALL.len())?;
        for (index, limit) in limits.iter().enumerate() {
            if limits.iter().take(index).any(|other| other.per == limit.per) {
                let detail = format!("{} has a limit already", limit.per);
                return Err(Invalid::new(format!("limits/{index}/per"), "repeated", detail));
            }
        }
        Ok(Self { opens, closes, limits })
    }

    /// From when one may book.
    #[must_use]
    pub const fn opens(&self) -> Option<&Cutoff> {
        self.opens.as_ref()
    }

    /// Until when one must have booked.
    #[must_use]
    pub const fn closes(&self) -> Option<&Cutoff> {
        self.closes.as_ref()
    }

    /// How often one may book.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// The last instant at which something with this start may be booked by this channel, where that is said.
    #[must_use]
    pub fn closes_at(&self, calendar: &OfficeCalendar, start: LocalWindow, channel: Channel) -> Option<Instant> {
        self.closes.as_ref()?.instant(calendar, start, channel)
    }

    /// Whether one may book something with this start at `now`. A cut-off that the calendar cannot find closes nothing
    /// and opens nothing: without the day it means, booking stays closed.
    #[must_use]
    pub fn judge(
        &self,
        calendar: &OfficeCalendar,
        start: LocalWindow,
        channel: Channel,
        now: Instant,
    ) -> BookingVerdict {
        if now >= start.window().start() {
            return BookingVerdict::Closed;
        }
        let found = |cutoff: &Cutoff| cutoff.instant(calendar, start, channel);
        match self.closes.as_ref().map(found) {
            Some(Some(closes)) if now > closes => return BookingVerdict::Closed,
            Some(None) => return BookingVerdict::Closed,
            Some(Some(_)) | None => {}
        }
        match self.opens.as_ref().map(found) {
            Some(Some(opens)) if now < opens => BookingVerdict::NotYet(opens),
            Some(None) => BookingVerdict::Closed,
            Some(Some(_)) | None => BookingVerdict::Open,
        }
    }

    /// The first limit that one more booking would pass, `held` being the person's live ones under the same rule.
    #[must_use]
    pub fn limit_reached(&self, calendar: &OfficeCalendar, asked: Booked, held: &[Booked]) -> Option<Limit> {
        let date = |booked: &Booked| booked.start.wall(calendar.zone()).date();
        let day = date(&asked);
        let together = |per: LimitPer, other: &Booked| match per {
            LimitPer::Event => other.event == asked.event,
            LimitPer::Day => date(other) == day,
            LimitPer::Week => date(other).iso_week() == day.iso_week(),
            LimitPer::Month => (date(other).year(), date(other).month()) == (day.year(), day.month()),
            LimitPer::Term => calendar.counting_term(day).holds(date(other)),
            LimitPer::AcademicYear => calendar.counting_year(day).holds(date(other)),
            LimitPer::Rule => !other.over,
        };
        let reached = |limit: &&Limit| {
            held.iter().filter(|other| together(limit.per, other)).count() >= usize::from(limit.at_most)
        };
        self.limits.iter().find(reached).copied()
    }
}

/// How early something has to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadTime {
    audience: String,
    until: Cutoff,
    shorter: ShorterNotice,
    approvers: Vec<String>,
}

impl LeadTime {
    /// What is for this audience or space (1 to 100 characters) has to be posted until then; it needs up to five
    /// approvals (1 to 100 characters each).
    ///
    /// # Errors
    /// [`Invalid`] for `audience`, `shorter` (`unreachable` when no notice is shorter) or `approvers`.
    pub fn new(audience: &str, until: Cutoff, shorter: ShorterNotice, approvers: &[String]) -> Result<Self, Invalid> {
        let audience = line("audience", audience, 1, 100)?;
        if matches!(until.reach(), Reach::AnyTime) {
            return Err(Invalid::new("until", "unreachable", "a lead time that ends at the start is none"));
        }
        most("approvers", approvers.len(), 5)?;
        let approver = |(index, name): (usize, &String)| line(&format!("approvers/{index}"), name, 1, 100);
        let approvers = approvers.iter().enumerate().map(approver).collect::<Result<_, _>>()?;
        Ok(Self { audience, until, shorter, approvers })
    }

    /// For whom or where.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Until when it has to be posted.
    #[must_use]
    pub const fn until(&self) -> &Cutoff {
        &self.until
    }

    /// What becomes of shorter notice.
    #[must_use]
    pub const fn shorter(&self) -> ShorterNotice {
        self.shorter
    }

    /// Whose approval it needs.
    #[must_use]
    pub fn approvers(&self) -> &[String] {
        &self.approvers
    }
}

/// What is refunded to those who cancel at least so long before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    at_least: Option<CalendarSpan>,
    percent: u16,
    less: Option<Money>,
}

impl Refund {
    /// From 0 to 100 percent, less a fee, to those who cancel at least that long before; `None` for all others.
    ///
    /// # Errors
    /// [`Invalid`] for `percent`, or `less` (`unreachable` when nothing is refunded).
    pub fn new(at_least: Option<CalendarSpan>, percent: i64, less: Option<Money>) -> Result<Self, Invalid> {
        let percent = count("percent", percent, 0, 100)?;
        if percent == 0 && less.is_some() {
            return Err(Invalid::new("less", "unreachable", "nothing is refunded, so nothing is kept back"));
        }
        Ok(Self { at_least, percent, less })
    }

    /// How long before, at least.
    #[must_use]
    pub const fn at_least(&self) -> Option<CalendarSpan> {
        self.at_least
    }

    /// How much of the price.
    #[must_use]
    pub const fn percent(&self) -> u16 {
        self.percent
    }

    /// What is kept back of it.
    #[must_use]
    pub const fn less(&self) -> Option<&Money> {
        self.less.as_ref()
    }
}

/// What it costs and what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    price: Option<Money>,
    due: Option<Cutoff>,
    refunds: Vec<Refund>,
    full_if_office_cancels: bool,
}

impl Payment {
    /// A price (`None` where each event has its own), due until then, with the refunds from the longest notice to the
    /// shortest; below the last band nothing is refunded.
    ///
    /// # Errors
    /// [`Invalid`] for `refunds` (`overlaps`, `out_of_order`, `too_many`), or the whole (`required`) when it says nothing.
    pub fn new(
        price: Option<Money>,
        due: Option<Cutoff>,
        refunds: Vec<Refund>,
        full_if_office_cancels: bool,
    ) -> Result<Self, Invalid> {
        if price.is_none() && due.is_none() && refunds.is_empty() {
            return Err(Invalid::new("", "required", "it says nothing about paying"));
        }
        most("refunds", refunds.len(), 20)?;
        for (index, (one, next)) in refunds.iter().zip(refunds.iter().skip(1)).enumerate() {
            let at = format!("refunds/{}", index + 1);
            let least = one.at_least.map_or(0, |span| span.days().0);
            let most = next.at_least.map_or(0, |span| span.days().1);
            if most >= least {
                let code = if one.at_least == next.at_least { "overlaps" } else { "out_of_order" };
                let detail = "it is not shorter notice than the band above; give the longest first";
                return Err(Invalid::new(format!("{at}/at_least"), code, detail));
            }
            if next.percent > one.percent {
                let detail = format!("{} percent are more than for longer notice", next.percent);
                return Err(Invalid::new(format!("{at}/percent"), "out_of_order", detail));
            }
        }
        Ok(Self { price, due, refunds, full_if_office_cancels })
    }

    /// What it costs.
    #[must_use]
    pub const fn price(&self) -> Option<&Money> {
        self.price.as_ref()
    }

    /// Until when it is to be paid.
    #[must_use]
    pub const fn due(&self) -> Option<&Cutoff> {
        self.due.as_ref()
    }

    /// The refunds, from the longest notice to the shortest.
    #[must_use]
    pub fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// Whether everything comes back when the office cancels.
    #[must_use]
    pub const fn is_full_if_office_cancels(&self) -> bool {
        self.full_if_office_cancels
    }

    /// The refund to somebody who cancels at `now`: the first band whose date has not passed, by the dates of the campus.
    /// `None` when no band holds, which is to say nothing comes back, and from the start on.
    #[must_use]
    pub fn refund(&self, calendar: &OfficeCalendar, start: LocalWindow, now: Instant) -> Option<&Refund> {
        if now >= start.window().start() {
            return None;
        }
        let [today, day] = [now, start.window().start()].map(|at| at.wall(calendar.zone()).date());
        self.refunds.iter().find(|refund| match refund.at_least {
            Some(span) => span.before(day).is_some_and(|last| today <= last),
            None => true,
        })
    }
}
