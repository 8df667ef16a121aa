//! The life of a matching run: asked for, worked on beside everything else, and come to an end.
//!
//! A run that its worker leaves unfinished (a crash, a power cut) is begun again by whoever finds it; after
//! [`MOST_ATTEMPTS`] it has failed. Absent on purpose: the plan, which is a proposal once it is made.

use crate::domain::{
    ids::CampusRequestId,
    matching::plan::{Loads, Proposal},
    refusal::WrongState,
    time::Instant,
    words::words,
};

words! {
    /// Where a matching run is in its life.
    pub enum RunState("state of a matching run") {
        /// Asked for; nobody works on it yet.
        Waiting = "waiting",
        /// The plan is being made.
        Running = "running",
        /// There are proposals.
        Finished = "finished",
        /// Somebody called it off.
        Cancelled = "cancelled",
        /// It came to nothing, for a reason that it says.
        Failed = "failed",
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Only these needs.
    pub needs: Option<Vec<CampusRequestId>>,
    /// Only needs that begin then or later.
    pub from: Option<Instant>,
    /// Only needs that begin before then.
    pub until: Option<Instant>,
    /// The weight of fairness, 0 to 10,000 points.
    pub fairness: u16,
    /// Whether offers go out as soon as there is a plan.
    pub send: bool,
    /// When those offers are to be answered.
    pub deadline: Option<Instant>,
    /// Whether other weights of fairness are to be shown.
    pub trade: bool,
}

impl Asked {
    /// The weight of fairness where nobody says.
    pub const USUAL_FAIRNESS: u16 = 50;
    /// The weights that are shown where the trade is asked for.
    pub const TRADES: [u16; 4] = [0, 50, 300, 2000];
}

/// What one weight of fairness gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// The weight.
    pub fairness: u16,
    /// Seats filled.
    pub seats_filled: u32,
    /// The scores, added up.
    pub fit: i64,
    /// How engagements are spread.
    pub loads: Loads,
}

impl Trade {
    /// What a plan made with this weight gives.
    #[must_use]
    pub const fn of(fairness: u16, plan: &Proposal) -> Self {
        Self { fairness, seats_filled: plan.seats_filled, fit: plan.fit, loads: plan.loads }
    }
}

/// What came of a run, all campuses together.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// One or two sentences for the coordinator.
    pub summary: String,
    /// The seats there were to fill.
    pub seats_wanted: u32,
    /// The seats the plan fills.
    pub seats_filled: u32,
    /// No plan fills more.
    pub seats_provable: u32,
    /// The scores, added up.
    pub fit: i64,
    /// Seats that stayed with whom the last draft gave them to.
    pub kept: u32,
    /// Whether facts had changed while the plan was made.
    pub mended: bool,
    /// How engagements are spread.
    pub loads: Loads,
    /// Offers sent.
    pub offers: u32,
    /// Seats that became no offer.
    pub skipped: u32,
    /// Other weights of fairness.
    pub trade: Vec<Trade>,
}

/// A plan in a sentence or two: what is filled, what cannot be, and how good it is.
#[must_use]
pub fn in_words(plan: &Proposal) -> String {
    let open = plan.seats_wanted - plan.seats_filled;
    let impossible = plan.seats_wanted.saturating_sub(plan.seats_provable).min(open);
    let filled = match (plan.seats_wanted, open) {
        (0, _) => return "There are no open seats to fill.".to_owned(),
        (1, 0) => "The one seat is filled.".to_owned(),
        (wanted, 0) => format!("All {wanted} seats are filled."),
        (1, _) => "The one seat stays open.".to_owned(),
        (wanted, _) => format!("{} of {wanted} seats are filled.", plan.seats_filled),
    };
    let cannot = match impossible {
        0 => String::new(),
        1 => " 1 seat cannot be filled with the volunteers there are.".to_owned(),
        many => format!(" {many} seats cannot be filled with the volunteers there are."),
    };
    let good = if plan.bound <= plan.value {
        " No better plan exists; that is proven.".to_owned()
    } else {
        format!(" Proven to be within {:.4} % of the best plan there can be.", plan.gap_percent.max(0.0001))
    };
    format!("{filled}{cannot}{good}")
}

/// A run that nobody has finished after so many attempts has failed.
pub const MOST_ATTEMPTS: i32 = 3;

impl RunState {
    /// Whether there is something to come.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Waiting | Self::Running => true,
            Self::Finished | Self::Cancelled | Self::Failed => false,
        }
    }

    /// Somebody calls it off.
    ///
    /// # Errors
    /// [`WrongState`] once it has come to an end.
    pub const fn cancel(self) -> Result<Self, WrongState> {
        match self {
            Self::Waiting | Self::Running => Ok(Self::Cancelled),
            Self::Finished | Self::Cancelled | Self::Failed => Err(WrongState { from: self.as_str(), verb: "cancel" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_in_words() {
        let check = |wanted, filled, provable, value, bound, expect: &str| {
            let plan = Proposal {
                seats_wanted: wanted,
                seats_filled: filled,
                seats_provable: provable,
                value,
                bound,
                gap_percent: crate::domain::matching::solver::gap_percent(value, bound),
                ..Proposal::default()
            };
            assert_eq!(in_words(&plan), expect);
        };
        check(0, 0, 0, 0, 0, "There are no open seats to fill.");
        check(1, 1, 1, 9, 9, "The one seat is filled. No better plan exists; that is proven.");
        check(1, 0, 1, 0, 0, "The one seat stays open. No better plan exists; that is proven.");
        check(
            14,
            12,
            12,
            9,
            9,
            "12 of 14 seats are filled. 2 seats cannot be filled with the volunteers there are. No better plan exists; \
             that is proven.",
        );
        check(
            9,
            8,
            9,
            99_990,
            100_000,
            "8 of 9 seats are filled. Proven to be within 0.0100 % of the best plan there can be.",
        );
    }

    #[test]
    fn only_what_is_to_come_is_called_off() {
        for &state in RunState::ALL {
            assert_eq!(state.cancel().ok(), state.is_live().then_some(RunState::Cancelled), "{state}");
        }
    }
}
