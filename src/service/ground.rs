//! The ground on which seats are given: a need, its campus, its seats, and what keeps somebody from one.
//!
//! Absent on purpose: giving. That is `staffing`.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::json;

use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use super::matching::{self, Seen};
use crate::domain::ids::RoleId;
use crate::domain::matching::campus_request::NeedRole;
use crate::domain::matching::eligibility::{Failed, Rule, Terrain, check};
use crate::domain::matching::waves::{self, Quiet};
use crate::domain::notice::Engagement;
use crate::domain::people::campus::Campus;
use crate::domain::scheduling::event::EventState;
use crate::domain::time::{Instant, Zone};
use crate::store::campus_requests::{self, CampusRequestRow, Seats};
use crate::store::engagements::engagement_of;
use crate::store::events;

/// A need with its campus and its seats, while they are dealt out.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The need.
    pub need: CampusRequestRow,
    /// Its campus.
    pub campus: Campus,
    /// The campus on the map.
    pub terrain: Terrain,
    /// Whether its event has no time that holds.
    pub postponed: bool,
    seats: HashMap<RoleId, Seats>,
}

impl Ground {
    /// The ground of a need that was found.
    ///
    /// # Errors
    /// The database's.
    pub fn of(tx: &mut Tx<'_>, need: CampusRequestRow, campus: Campus) -> Result<Self, ServiceError> {
        let seats = campus_requests::seats(tx.conn, &[need.id], tx.now)?;
        let event = need.event_id.map(|event| events::find_state(tx.conn, event)).transpose()?.flatten();
        let postponed = event == Some(EventState::Postponed);
        Ok(Self { terrain: matching::terrain(&campus), need, campus, postponed, seats })
    }

    fn seats(&self, role: RoleId) -> Seats {
        self.seats.get(&role).copied().unwrap_or_default()
    }

    /// The seats of a role that are neither taken nor held.
    #[must_use]
    pub fn open(&self, role: &NeedRole) -> u32 {
        let Seats { filled, offered } = self.seats(role.id());
        u32::from(role.max()).saturating_sub(filled + offered)
    }

    /// Counts one more seat of a role as held.
    pub(super) fn hold(&mut self, role: RoleId) {
        self.seats.entry(role).or_default().offered += 1;
    }

    /// The seats of all roles that are neither taken nor held.
    #[must_use]
    pub fn open_at_all(&self) -> u32 {
        self.need.roles.iter().map(|role| self.open(role)).sum()
    }

    /// What a seat in `role` means, in the words of letters.
    pub(super) fn engagement(&self, role: &NeedRole) -> Engagement {
        engagement_of(&self.need, self.campus.for_letters(), role.name())
    }

    /// When an offer that is written at `written` is to be answered: after the campus's usual hours, in waking hours of
    /// whoever is asked, but before the decision is due and in any case before it begins.
    pub(super) fn usual_deadline(&self, written: Instant, zone: Zone, quiet: Option<Quiet>) -> Instant {
        let last = self.last_moment(written);
        let usual = written.plus(self.campus.settings.offer_hours.length()).min(last);
        quiet.map_or(usual, |quiet| quiet.awake(usual, zone, written, last))
    }

    /// By when it has to be known who comes. Where the decision is overdue the start is what is left to go by.
    pub(super) fn last_moment(&self, now: Instant) -> Instant {
        last_moment(now, self.need.decide_by, self.need.when.window().start())
    }

    /// How many rounds of asking the time left allows, where each is answered by `deadline` or after the usual hours.
    pub(super) fn rounds(&self, now: Instant, deadline: Option<Instant>) -> u32 {
        let usual = self.campus.settings.offer_hours.length();
        let answer = deadline.map_or(usual, |at| TimeDelta::seconds(at.unix() - now.unix()));
        waves::rounds(now, self.last_moment(now), answer)
    }
}

fn last_moment(now: Instant, decide_by: Instant, start: Instant) -> Instant {
    if decide_by > now { decide_by.min(start) } else { start }
}

/// What keeps somebody from a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The need takes nobody: its state.
    NotOpen(&'static str),
    /// Its event is postponed.
    Postponed,
    /// It has begun.
    Begun(Instant),
    /// The role has no seat left: its name, the seats taken, held, and all there are.
    Full(String, Seats, u16),
    /// The person may not: every rule that says so.
    Person(Vec<Failed>),
}

impl Obstacle {
    /// The problem's code.
    #[must_use]
    pub fn code(&self) -> Code {
        let Self::Person(failed) = self else {
            return match self {
                Self::NotOpen(_) | Self::Postponed => Code::WrongState,
                Self::Begun(_) => Code::HasBegun,
                Self::Full(..) => Code::SeatsFull,
                Self::Person(_) => Code::NotEligible,
            };
        };
        let fails = |rule: Rule| failed.iter().any(|one| one.rule == rule);
        if fails(Rule::AlreadyAssigned) {
            Code::AlreadyAssigned
        } else if fails(Rule::AlreadyAsked) {
            Code::AlreadyOffered
        } else if fails(Rule::NotApprovedHere) {
            Code::NotApproved
        } else if failed.iter().all(|one| one.rule == Rule::Clash) {
            Code::Overlap
        } else {
            Code::NotEligible
        }
    }

    /// The sentence with its values.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NotOpen(state) => {
                format!("The need is {}; people are asked for approved needs.", state.replace('_', " "))
            }
            Self::Postponed => "The event is postponed; people are asked once its new time is known.".to_owned(),
            Self::Begun(start) => format!("It began at {start}."),
            Self::Full(role, seats, max) => format!(
                "The role {role:?} has {max} seats: {} taken, {} held by open offers.",
                seats.filled, seats.offered
            ),
            Self::Person(failed) => failed.iter().map(|one| one.detail.as_str()).collect::<Vec<_>>().join(" "),
        }
    }

    /// The refusal of a use case.
    #[must_use]
    pub fn refusal(&self) -> ServiceError {
        let refused = ServiceError::refused(self.code(), self.detail());
        match self {
            Self::NotOpen(state) => refused.with("state", *state),
            Self::Postponed => refused.with("state", "postponed"),
            Self::Begun(_) | Self::Full(..) => refused,
            Self::Person(failed) => {
                let each = |one: &Failed| json!({ "rule": one.rule.as_str(), "detail": one.detail });
                refused.with("refusals", failed.iter().map(each).collect::<Vec<_>>())
            }
        }
    }
}

/// How a seat is to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an offer: seats that others are asked for are not to be had.
    Offer,
    /// By the office's word.
    Assign,
    /// By the office's word, the rules about the person set aside for a reason.
    Override,
}

/// What keeps `who` from a seat in `role`, if anything does.
#[must_use]
pub fn obstacle(ground: &Ground, who: &Seen, role: &NeedRole, way: Way, now: Instant) -> Option<Obstacle> {
    let (need, start) = (&ground.need, ground.need.when.window().start());
    if !need.state.is_open() {
        return Some(Obstacle::NotOpen(need.state.as_str()));
    }
    if ground.postponed {
        return Some(Obstacle::Postponed);
    }
    if start <= now {
        return Some(Obstacle::Begun(start));
    }
    let mut failed = check(need, &who.prospect, &ground.terrain);
    if way == Way::Override {
        // Consent stands above the office's reasons: nobody is engaged at a campus that has not approved them.
        failed.retain(|one| matches!(one.rule, Rule::AlreadyAssigned | Rule::NotApprovedHere));
    }
    if !failed.is_empty() {
        return Some(Obstacle::Person(failed));
    }
    let seats = ground.seats(role.id());
    let gone = match way {
        Way::Offer => seats.filled + seats.offered,
        Way::Assign | Way::Override => seats.filled,
    };
    (gone >= u32::from(role.max())).then(|| Obstacle::Full(role.name().to_owned(), seats, role.max()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_answered_before_the_decision_and_before_the_start() {
        let at = Instant::from_unix;
        let check = |decide_by, start, expect| assert_eq!(last_moment(at(100), at(decide_by), at(start)), at(expect));
        check(500, 900, 500);
        check(100, 900, 900);
        check(50, 300, 300);
        check(950, 900, 900);
    }

    #[test]
    fn an_obstacle_names_the_rule_that_weighs_most() {
        let failed = |rules: &[Rule]| {
            Obstacle::Person(rules.iter().map(|&rule| Failed { rule, detail: "It is so.".to_owned() }).collect())
        };
        let check = |rules: &[Rule], expect: Code| assert_eq!(failed(rules).code(), expect, "{rules:?}");
        check(&[Rule::Clash], Code::Overlap);
        check(&[Rule::Clash, Rule::Clash], Code::Overlap);
        check(&[Rule::Clash, Rule::Unavailable], Code::NotEligible);
        check(&[Rule::CapReached], Code::NotEligible);
        check(&[Rule::NotApprovedHere, Rule::KindNotAccepted], Code::NotApproved);
        check(&[Rule::NotApprovedHere, Rule::AlreadyAssigned], Code::AlreadyAssigned);
        check(&[Rule::AlreadyAsked, Rule::Unavailable], Code::AlreadyOffered);
        assert_eq!(Obstacle::NotOpen("draft").code(), Code::WrongState);
    }
}
