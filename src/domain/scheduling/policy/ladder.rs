//! What is counted against a person, and for how long.
//!
//! Three ladders are in print: offences counted one by one, points by how late a cancellation came, and tiers of events with
//! steps of their own. Absent on purpose: the offences of a person, which `standing` weighs.

use super::{
    consequences::{OffenceKind, Step, most, unique},
    count,
    cutoff::Cutoff,
};
use crate::domain::refusal::Invalid;

/// The most steps of a ladder.
const MOST_STEPS: usize = 20;
/// The most tiers.
const MOST_TIERS: usize = 10;
/// The most bands of points.
const MOST_BANDS: usize = 20;

/// Points for a cancellation that comes less than so many hours before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    within_hours: u16,
    points: u16,
}

impl Band {
    /// Within 1 to 2,160 hours, 1 to 1,000 points.
    ///
    /// # Errors
    /// [`Invalid`] for `within_hours` or `points`.
    pub fn new(within_hours: i64, points: i64) -> Result<Self, Invalid> {
        let within_hours = count("within_hours", within_hours, 1, 2_160)?;
        Ok(Self { within_hours, points: count("points", points, 1, 1_000)? })
    }

    /// Less than so many hours before the start.
    #[must_use]
    pub const fn within_hours(self) -> u16 {
        self.within_hours
    }

    /// So many points.
    #[must_use]
    pub const fn points(self) -> u16 {
        self.points
    }
}

/// When offences of one tier raise the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escalation {
    offences: u16,
    only_without_letter: bool,
}

impl Escalation {
    /// After 1 to 100 offences, or after as many for which nothing was handed in, the next one counts a tier higher.
    ///
    /// # Errors
    /// [`Invalid`] for `offences`.
    pub fn new(offences: i64, only_without_letter: bool) -> Result<Self, Invalid> {
        Ok(Self { offences: count("offences", offences, 1, 100)?, only_without_letter })
    }

    /// After how many.
    #[must_use]
    pub const fn offences(self) -> u16 {
        self.offences
    }

    /// Whether only those count for which nothing was handed in.
    #[must_use]
    pub const fn is_only_without_letter(self) -> bool {
        self.only_without_letter
    }
}

/// A tier of events, with its own steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// What follows at which offence of the tier.
    pub steps: Vec<Step>,
    /// When the next one counts a tier higher.
    pub escalation: Option<Escalation>,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ladder {
    /// Offences, one by one.
    Offences {
        /// Which count.
        counts: Vec<OffenceKind>,
        /// What follows.
        steps: Vec<Step>,
    },
    /// Points.
    Points {
        /// For cancellations, the widest first; the narrowest that holds is taken.
        bands: Vec<Band>,
        /// For not coming; `None` for none.
        no_show: Option<u16>,
        /// For arriving too late; `None` for none.
        late_arrival: Option<u16>,
        /// What follows.
        steps: Vec<Step>,
    },
    /// Offences by the tier of the event, tier 1 first.
    Tiers {
        /// Which count.
        counts: Vec<OffenceKind>,
        /// The tiers.
        tiers: Vec<Tier>,
    },
}

impl Ladder {
    /// Offences counted one by one; steps in ascending order.
    ///
    /// # Errors
    /// [`Invalid`] for `counts` or `steps` (`required`, `repeated`, `out_of_order`, `too_many`).
    pub fn offences(counts: Vec<OffenceKind>, steps: Vec<Step>) -> Result<Self, Invalid> {
        counting(&counts)?;
        ascending(&steps)?;
        Ok(Self::Offences { counts, steps })
    }

    /// Points: bands from the widest to the narrowest, whose points rise; not coming weighs no less than any band.
    ///
    /// # Errors
    /// [`Invalid`] for `bands` (`overlaps`, `out_of_order`, `too_many`), `no_show`, `late_arrival`, or `steps`
    /// (`unreachable` when nothing gives points, otherwise as above).
    pub fn points(
        bands: Vec<Band>,
        no_show: Option<i64>,
        late_arrival: Option<i64>,
        steps: Vec<Step>,
    ) -> Result<Self, Invalid> {
        most("bands", bands.len(), MOST_BANDS)?;
        for (index, (wide, narrow)) in bands.iter().zip(bands.iter().skip(1)).enumerate() {
            let at = format!("bands/{}", index + 1);
            if narrow.within_hours >= wide.within_hours {
                let (code, how) = if narrow.within_hours == wide.within_hours {
                    ("overlaps", "is")
                } else {
                    ("out_of_order", "is wider than")
                };
                let detail = format!("{} hours {how} the band above; give the widest first", narrow.within_hours);
                return Err(Invalid::new(format!("{at}/within_hours"), code, detail));
            }
            if narrow.points <= wide.points {
                let detail = format!("{} points are no more than for cancelling earlier", narrow.points);
                return Err(Invalid::new(format!("{at}/points"), "out_of_order", detail));
            }
        }
        let no_show = no_show.map(|points| count("no_show", points, 1, 1_000)).transpose()?;
        let late_arrival = late_arrival.map(|points| count("late_arrival", points, 1, 1_000)).transpose()?;
        if let (Some(points), Some(band)) = (no_show, bands.last())
            && points < band.points
        {
            let detail = format!("{points} points are fewer than {} for cancelling late", band.points);
            return Err(Invalid::new("no_show", "out_of_order", detail));
        }
        if bands.is_empty() && no_show.is_none() && late_arrival.is_none() {
            return Err(Invalid::new("steps", "unreachable", "nothing gives points, so no step is ever reached"));
        }
        ascending(&steps)?;
        Ok(Self::Points { bands, no_show, late_arrival, steps })
    }

    /// Offences by the tier of the event.
    ///
    /// # Errors
    /// [`Invalid`] for `counts` or `tiers`; `unreachable` for the escalation of the last tier.
    pub fn tiers(counts: Vec<OffenceKind>, tiers: Vec<Tier>) -> Result<Self, Invalid> {
        counting(&counts)?;
        if tiers.is_empty() {
            return Err(Invalid::new("tiers", "required", "at least one tier is needed"));
        }
        most("tiers", tiers.len(), MOST_TIERS)?;
        for (index, tier) in tiers.iter().enumerate() {
            ascending(&tier.steps).map_err(|fault| fault.within(format!("tiers/{index}")))?;
        }
        if tiers.last().is_some_and(|tier| tier.escalation.is_some()) {
            let field = format!("tiers/{}/escalation", tiers.len() - 1);
            return Err(Invalid::new(field, "unreachable", "there is no tier above the last"));
        }
        Ok(Self::Tiers { counts, tiers })
    }

    /// All steps, of all tiers.
    pub(super) fn steps(&self) -> Box<dyn Iterator<Item = &Step> + '_> {
        match self {
            Self::Offences { steps, .. } | Self::Points { steps, .. } => Box::new(steps.iter()),
            Self::Tiers { tiers, .. } => Box::new(tiers.iter().flat_map(|tier| &tier.steps)),
        }
    }

    /// Refuses bands that no late cancellation falls into.
    pub(super) fn fits_cutoff(&self, until: &Cutoff, late_refused: bool) -> Result<(), Invalid> {
        let Self::Points { bands, .. } = self else { return Ok(()) };
        if late_refused && !bands.is_empty() {
            let detail = "late cancellations are refused, so none can get points";
            return Err(Invalid::new("bands", "unreachable", detail));
        }
        // A band holds from where the narrower one ends.
        let ends = bands.iter().skip(1).map(|band| band.within_hours).chain([0]);
        for (index, hours) in ends.enumerate().take(bands.len()) {
            if i64::from(hours) >= until.hours().1.max(1) {
                let detail = format!("who cancels {hours} hours before is on time; no late cancellation falls into it");
                return Err(Invalid::new(format!("bands/{index}/within_hours"), "unreachable", detail));
            }
        }
        Ok(())
    }
}

/// For how long an offence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountingTime {
    /// With the others of its term; in a break, of the term that follows.
    Term,
    /// With the others of its academic year, likewise.
    AcademicYear,
    /// With those of so many days before it, 1 to 3,660.
    RollingDays(u16),
    /// For ever.
    ForEver,
}

impl CountingTime {
    /// With the offences of so many days before.
    ///
    /// # Errors
    /// [`Invalid`] for `days`.
    pub fn rolling_days(days: i64) -> Result<Self, Invalid> {
        Ok(Self::RollingDays(count("days", days, 1, 3_660)?))
    }
}

/// What follows from offences under a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequences {
    /// For how long they count.
    pub counted: CountingTime,
    /// What is counted and what follows.
    pub ladder: Ladder,
}

fn counting(counts: &[OffenceKind]) -> Result<(), Invalid> {
    if counts.is_empty() {
        return Err(Invalid::new("counts", "required", "it must say what counts"));
    }
    unique("counts", counts)
}

fn ascending(steps: &[Step]) -> Result<(), Invalid> {
    if steps.is_empty() {
        return Err(Invalid::new("steps", "required", "at least one step is needed"));
    }
    most("steps", steps.len(), MOST_STEPS)?;
    for (index, (one, next)) in steps.iter().zip(steps.iter().skip(1)).enumerate() {
        if next.at() <= one.at() {
            let detail = format!("{} does not follow {}, where the step above begins", next.at(), one.at());
            return Err(Invalid::new(format!("steps/{}/at", index + 1), "out_of_order", detail));
        }
    }
    Ok(())
}
