//! Where a person stands under a policy: what counts now, what follows from it, and until when.
//!
//! Every offence is weighed with those before it that count together with it, and brings the highest step reached at that
//! moment; a further offence beyond the last step brings the last step again. What was earned in one term outlasts it
//! where it says so, even when the count begins anew. Absent on purpose: the offences' store, and pardon, which is an
//! offence marked as excused.

use chrono::TimeDelta;

use super::{
    Policy, Rule,
    consequences::{Action, BlockedWhile, HandInTime, Lasting, OffenceKind, Restriction, Step},
    ladder::{Consequences, CountingTime, Ladder},
};
use crate::domain::{
    scheduling::{event::EventKind, office_calendar::OfficeCalendar},
    time::Instant,
};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// The key of the rule under which it fell.
    pub rule: String,
    /// What it was. A cancellation that came so late that it counts as not coming is a no-show.
    pub kind: OffenceKind,
    /// When the thing was to start.
    pub start: Instant,
    /// When it was done: the cancellation, or the start itself.
    pub at: Instant,
    /// The tier of the event, from 1; `None` counts as 1, and more than there are as the last.
    pub tier: Option<u8>,
    /// When everything that was asked for came in.
    pub handed_in: Option<Instant>,
    /// Whether the office let it pass; it then counts for nothing.
    pub excused: bool,
}

/// When something that is in force ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// At that instant.
    At(Instant),
    /// When what was asked for is in.
    WhenHandedIn,
    /// It was said or asked once, and stands as long as the offence counts.
    Noted,
    /// Never.
    Never,
    /// The calendar knows no term or year that holds the offence or follows it: the office has to say.
    Undetermined,
}

/// Something that follows from offences, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// What it is.
    pub action: Action,
    /// Whether the office decides if it happens.
    pub discretionary: bool,
    /// Since when.
    pub since: Instant,
    /// Until when.
    pub ends: Ends,
    /// By when something is to be handed in.
    pub due: Option<Instant>,
    /// The offences that led to it, by their place in what was given.
    pub offences: Vec<usize>,
}

impl InForce {
    /// From what it keeps the person at `now`, by itself; what the office may do keeps nobody from anything.
    #[must_use]
    pub fn restriction(&self, now: Instant) -> Option<Restriction> {
        if self.discretionary {
            return None;
        }
        match &self.action {
            Action::Restrict { from, .. } => Some(*from),
            Action::HandIn { blocked, .. } => match blocked {
                BlockedWhile::Never => None,
                BlockedWhile::UntilIn => Some(Restriction::Blocked),
                BlockedWhile::OnceOverdue => self.due.filter(|due| now > *due).map(|_| Restriction::Blocked),
            },
            Action::Warning | Action::Fee(_) | Action::Notify(_) | Action::CaseByCase | Action::Other(_) => None,
        }
    }
}

/// Where a person stands under one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStanding {
    /// The key of the rule.
    pub rule: String,
    /// The offences or points that count now; for tiers, the offences of all of them.
    pub count: u32,
    /// The offences that make up the count, by their place in what was given.
    pub counted: Vec<usize>,
    /// On a ladder of tiers, the highest from 1 that one of those offences counts as; `None` where none does.
    pub tier: Option<u8>,
    /// What is in force, by when it began.
    pub in_force: Vec<InForce>,
}

/// Where a person stands under a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// By rule, for those that have consequences.
    pub rules: Vec<RuleStanding>,
    at: Instant,
}

impl Standing {
    /// What keeps the person from booking something of this kind and these tags, and the key of the rule that says so;
    /// `None` when nothing does.
    #[must_use]
    pub fn blocks(&self, policy: &Policy, kind: Option<EventKind>, tags: &[&str]) -> Option<(&str, &InForce)> {
        let asked = policy.rule_for(kind, tags).map(Rule::key);
        self.rules.iter().find_map(|standing| {
            let rule = standing.rule.as_str();
            let force = standing.in_force.iter().find(|force| match force.restriction(self.at) {
                Some(Restriction::Blocked) => asked == Some(rule),
                Some(Restriction::BlockedFromAll | Restriction::DropInOnly) => true,
                None => false,
            });
            force.map(|force| (rule, force))
        })
    }
}

/// Where a person with these offences stands at `now`. Excused ones, those of unknown rules and those that lie in the
/// future count for nothing. A person has few: the work grows with their square.
#[must_use]
pub fn standing(policy: &Policy, offences: &[Offence], calendar: &OfficeCalendar, now: Instant) -> Standing {
    standing_of(policy, offences, &|_| true, calendar, now)
}

/// As [`standing`], with nothing in force but what those offences brought whose place is one that `brings`; the others
/// only count. So each version of a policy says what follows from the bookings that were made under it, and none what
/// follows from those of another.
#[must_use]
pub fn standing_of(
    policy: &Policy,
    offences: &[Offence],
    brings: &dyn Fn(usize) -> bool,
    calendar: &OfficeCalendar,
    now: Instant,
) -> Standing {
    let under = |rule: &Rule| {
        let consequences = rule.consequences()?;
        Some(Ledger::of(rule.key(), consequences, offences, calendar, now).standing(brings))
    };
    Standing { rules: policy.rules().iter().filter_map(under).collect(), at: now }
}

/// An offence that weighs something.
struct Entry<'a> {
    place: usize,
    offence: &'a Offence,
    weight: u32,
    /// The tier it counts as, from 0.
    tier: usize,
}

struct Ledger<'a> {
    rule: &'a str,
    consequences: &'a Consequences,
    entries: Vec<Entry<'a>>,
    calendar: &'a OfficeCalendar,
    now: Instant,
}

impl<'a> Ledger<'a> {
    fn of(
        rule: &'a str,
        consequences: &'a Consequences,
        offences: &'a [Offence],
        calendar: &'a OfficeCalendar,
        now: Instant,
    ) -> Self {
        let mine = offences.iter().enumerate().filter(|(_, o)| o.rule == rule && !o.excused && o.at <= now);
        let weighed = mine.filter_map(|(place, offence)| {
            let weight = weight(&consequences.ladder, offence);
            (weight > 0).then_some(Entry { place, offence, weight, tier: 0 })
        });
        let mut entries: Vec<Entry<'a>> = weighed.collect();
        entries.sort_by_key(|entry| (entry.offence.at, entry.place));
        let mut ledger = Self { rule, consequences, entries: Vec::with_capacity(entries.len()), calendar, now };
        for mut entry in entries {
            entry.tier = ledger.tier_of(entry.offence);
            ledger.entries.push(entry);
        }
        ledger
    }

    fn standing(&self, brings: &dyn Fn(usize) -> bool) -> RuleStanding {
        let current: Vec<&Entry<'_>> = self.counting_with(self.entries.len(), self.now).collect();
        let mut in_force: Vec<InForce> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate().filter(|(_, entry)| brings(entry.place)) {
            let noted = current.iter().any(|other| other.place == entry.place);
            for force in self.brought_by(index, entry) {
                let over = match force.ends {
                    Ends::At(end) => end <= self.now,
                    Ends::WhenHandedIn => entry.offence.handed_in.is_some_and(|at| at <= self.now),
                    Ends::Noted => !noted,
                    Ends::Never | Ends::Undetermined => false,
                };
                if over {
                    continue;
                }
                // The same again, to the same end, is one thing that more offences led to; each fee and each letter is
                // owed for itself.
                let owed = matches!(force.action, Action::Fee(_) | Action::HandIn { .. });
                let same = |other: &&mut InForce| !owed && (&other.action, other.ends) == (&force.action, force.ends);
                match in_force.iter_mut().find(same) {
                    Some(known) => {
                        known.discretionary = known.discretionary && force.discretionary;
                        known.offences = force.offences;
                    }
                    None => in_force.push(force),
                }
            }
        }
        let tier = match &self.consequences.ladder {
            Ladder::Tiers { .. } => current.iter().map(|entry| entry.tier + 1).max(),
            Ladder::Offences { .. } | Ladder::Points { .. } => None,
        };
        RuleStanding {
            rule: self.rule.to_owned(),
            tier: tier.and_then(|tier| u8::try_from(tier).ok()),
            count: current.iter().map(|entry| entry.weight).sum(),
            counted: current.iter().map(|entry| entry.place).collect(),
            in_force,
        }
    }

    /// Those of the first offences, up to `at`, that count together with one at `at`.
    fn counting_with(&self, first: usize, at: Instant) -> impl Iterator<Item = &Entry<'a>> + use<'_, 'a> {
        let date = |at: Instant| at.wall(self.calendar.zone()).date();
        let period = match self.consequences.counted {
            CountingTime::Term => Some(self.calendar.counting_term(date(at))),
            CountingTime::AcademicYear => Some(self.calendar.counting_year(date(at))),
            CountingTime::RollingDays(_) | CountingTime::ForEver => None,
        };
        let earliest = match self.consequences.counted {
            CountingTime::RollingDays(days) => Some(at.plus(TimeDelta::days(-i64::from(days)))),
            CountingTime::Term | CountingTime::AcademicYear | CountingTime::ForEver => None,
        };
        self.entries.iter().take(first).filter(move |entry| {
            let done = entry.offence.at;
            done <= at
                && earliest.is_none_or(|earliest| done > earliest)
                && period.as_ref().is_none_or(|period| period.holds(date(done)))
        })
    }

    /// The tier that the offence counts as: its event's own, or one more when enough of that tier stand before it.
    fn tier_of(&self, offence: &Offence) -> usize {
        let Ladder::Tiers { tiers, .. } = &self.consequences.ladder else { return 0 };
        let own = usize::from(offence.tier.unwrap_or(1).max(1) - 1).min(tiers.len().saturating_sub(1));
        let Some(escalation) = tiers.get(own).and_then(|tier| tier.escalation) else { return own };
        let unanswered = |entry: &&Entry<'_>| {
            !escalation.is_only_without_letter() || entry.offence.handed_in.is_none_or(|at| at > offence.at)
        };
        let before = self
            .counting_with(self.entries.len(), offence.at)
            .filter(|entry| entry.tier == own)
            .filter(unanswered)
            .count();
        if before >= usize::from(escalation.offences()) { own + 1 } else { own }
    }

    /// Everything that the entry brought, whether or not it is over.
    fn brought_by(&self, index: usize, entry: &Entry<'_>) -> Vec<InForce> {
        let steps: &[Step] = match &self.consequences.ladder {
            Ladder::Offences { steps, .. } | Ladder::Points { steps, .. } => steps,
            Ladder::Tiers { tiers, .. } => tiers.get(entry.tier).map_or(&[], |tier| &tier.steps),
        };
        let together = self.counting_with(index + 1, entry.offence.at).filter(|other| other.tier == entry.tier);
        let (mut count, mut offences) = (0_u32, Vec::new());
        for other in together {
            count = count.saturating_add(other.weight);
            offences.push(other.place);
        }
        let Some(step) = steps.iter().rev().find(|step| u32::from(step.at()) <= count) else { return Vec::new() };
        let force = |action: &Action| InForce {
            action: action.clone(),
            discretionary: step.is_discretionary(),
            since: entry.offence.at,
            ends: self.end_of(action, entry.offence.at),
            due: self.due(action, entry.offence.at),
            offences: offences.clone(),
        };
        step.actions().iter().map(force).collect()
    }

    fn end_of(&self, action: &Action, since: Instant) -> Ends {
        let zone = self.calendar.zone();
        let wall = since.wall(zone);
        let after = |last: Option<chrono::NaiveDate>| {
            last.and_then(|last| last.succ_opt()).map_or(Ends::Undetermined, |next| Ends::At(zone.day_start(next)))
        };
        match action {
            Action::HandIn { .. } => Ends::WhenHandedIn,
            Action::Restrict { lasting, .. } => match lasting {
                Lasting::For(span) => span
                    .after(wall.date())
                    .map_or(Ends::Undetermined, |date| Ends::At(zone.at_or_after(date.and_time(wall.time())))),
                Lasting::RestOfTerm => after(self.calendar.counting_term(wall.date()).last),
                Lasting::RestOfAcademicYear => after(self.calendar.counting_year(wall.date()).last),
                Lasting::ForGood => Ends::Never,
            },
            Action::Warning | Action::Fee(_) | Action::Notify(_) | Action::CaseByCase | Action::Other(_) => Ends::Noted,
        }
    }

    fn due(&self, action: &Action, since: Instant) -> Option<Instant> {
        let Action::HandIn { within: Some(within), .. } = action else { return None };
        match within {
            HandInTime::Hours(hours) => Some(since.plus(TimeDelta::hours(i64::from(*hours)))),
            HandInTime::BusinessDays(days) => {
                let date = since.wall(self.calendar.zone()).date();
                self.calendar.business_day_after(date, *days).map(|date| self.calendar.day_end(date))
            }
        }
    }
}

/// What an offence weighs on a ladder; zero when it does not count there.
fn weight(ladder: &Ladder, offence: &Offence) -> u32 {
    match ladder {
        Ladder::Offences { counts, .. } | Ladder::Tiers { counts, .. } => u32::from(counts.contains(&offence.kind)),
        Ladder::Points { bands, no_show, late_arrival, .. } => u32::from(match offence.kind {
            OffenceKind::NoShow => no_show.unwrap_or(0),
            OffenceKind::LateArrival => late_arrival.unwrap_or(0),
            OffenceKind::LateCancellation => {
                let before = offence.start.unix().saturating_sub(offence.at.unix());
                let held = bands.iter().rev().find(|band| before < i64::from(band.within_hours()) * 3_600);
                held.map_or(0, |band| band.points())
            }
        }),
    }
}
