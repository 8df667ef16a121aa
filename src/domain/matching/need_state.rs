//! The life of a need, and how far its seats are taken.
//!
//! The state is kept and changes by verbs; [`Fill`] is computed from live seats and never kept. Absent on purpose: who may
//! use which verb, and what else must happen when one is used.

use crate::domain::{refusal::WrongState, words::words};

words! {
    /// Where a need is in its life.
    pub enum NeedState("state of a need") {
        /// Being written.
        Draft = "draft",
        /// The office is to decide.
        Submitted = "submitted",
        /// The office has asked back.
        NeedsInfo = "needs_info",
        /// Open: volunteers are wanted.
        Approved = "approved",
        /// Every seat that was wanted is taken.
        Fulfilled = "fulfilled",
        /// Done with.
        Closed = "closed",
        /// The office said no.
        Declined = "declined",
        /// Taken back by the person who asked.
        Withdrawn = "withdrawn",
        /// Called off by the office.
        Cancelled = "cancelled",
        /// Its time passed before it was met.
        Expired = "expired",
    }

    /// How far the seats of a need are taken.
    pub enum Fill("fill") {
        /// No seat is taken.
        Unfilled = "unfilled",
        /// Some role has fewer people than its minimum.
        Partial = "partial",
        /// Every role has its minimum.
        Viable = "viable",
        /// Every role has its maximum.
        Filled = "filled",
    }
}

impl Fill {
    /// The fill of a need whose roles have `(taken, min, max)` seats.
    #[must_use]
    pub fn of(roles: impl IntoIterator<Item = (u32, u16, u16)>) -> Self {
        let (mut taken_at_all, mut all_min, mut all_max) = (false, true, true);
        for (taken, min, max) in roles {
            taken_at_all |= taken > 0;
            all_min &= taken >= u32::from(min);
            all_max &= taken >= u32::from(max);
        }
        match (taken_at_all, all_max, all_min) {
            (false, _, _) => Self::Unfilled,
            (true, true, _) => Self::Filled,
            (true, false, true) => Self::Viable,
            (true, false, false) => Self::Partial,
        }
    }
}

/// The life of a need: draft → submitted ⇄ `needs_info` → approved ⇄ fulfilled → closed; declined, withdrawn, cancelled
/// and expired end it. Each verb is refused in the states it does not belong to.
impl NeedState {
    /// Whether volunteers are wanted now.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Approved)
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Draft | Self::Submitted | Self::NeedsInfo | Self::Approved | Self::Fulfilled => false,
            Self::Closed | Self::Declined | Self::Withdrawn | Self::Cancelled | Self::Expired => true,
        }
    }

    /// Whether the person who asked may still change it.
    #[must_use]
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Submitted | Self::NeedsInfo)
    }

    /// The person who asks puts it before the office.
    ///
    /// # Errors
    /// [`WrongState`] unless it is a draft or was asked back.
    pub fn submit(self) -> Result<Self, WrongState> {
        self.moves("submit", &[Self::Draft, Self::NeedsInfo], Self::Submitted)
    }

    /// The office says yes.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted.
    pub fn approve(self) -> Result<Self, WrongState> {
        self.moves("approve", &[Self::Submitted], Self::Approved)
    }

    /// The office has a question first.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted.
    pub fn ask_back(self) -> Result<Self, WrongState> {
        self.moves("ask_back", &[Self::Submitted], Self::NeedsInfo)
    }

    /// The office says no.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted or asked back.
    pub fn decline(self) -> Result<Self, WrongState> {
        self.moves("decline", &[Self::Submitted, Self::NeedsInfo], Self::Declined)
    }

    /// The person who asked takes it back, before the office has said yes; afterwards the office cancels.
    ///
    /// # Errors
    /// [`WrongState`] once decided.
    pub fn withdraw(self) -> Result<Self, WrongState> {
        self.moves("withdraw", &[Self::Draft, Self::Submitted, Self::NeedsInfo], Self::Withdrawn)
    }

    /// The office calls it off.
    ///
    /// # Errors
    /// [`WrongState`] unless approved or fulfilled.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Approved, Self::Fulfilled], Self::Cancelled)
    }

    /// Nothing more is wanted.
    ///
    /// # Errors
    /// [`WrongState`] unless approved or fulfilled.
    pub fn close(self) -> Result<Self, WrongState> {
        self.moves("close", &[Self::Approved, Self::Fulfilled], Self::Closed)
    }

    /// Its time has passed unmet.
    ///
    /// # Errors
    /// [`WrongState`] once fulfilled or ended.
    pub fn expire(self) -> Result<Self, WrongState> {
        self.moves("expire", &[Self::Draft, Self::Submitted, Self::NeedsInfo, Self::Approved], Self::Expired)
    }

    /// Its last seat was taken.
    ///
    /// # Errors
    /// [`WrongState`] unless approved.
    pub fn fulfil(self) -> Result<Self, WrongState> {
        self.moves("fulfil", &[Self::Approved], Self::Fulfilled)
    }

    /// A seat came free again.
    ///
    /// # Errors
    /// [`WrongState`] unless fulfilled.
    pub fn reopen(self) -> Result<Self, WrongState> {
        self.moves("reopen", &[Self::Fulfilled], Self::Approved)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_lives_only_by_its_verbs() {
        use NeedState::{
            Approved, Cancelled, Closed, Declined, Draft, Expired, Fulfilled, NeedsInfo, Submitted, Withdrawn,
        };
        type Verb = fn(NeedState) -> Result<NeedState, WrongState>;
        let check = |verb: Verb, from: &[NeedState], to: NeedState| {
            for &state in NeedState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(NeedState::submit, &[Draft, NeedsInfo], Submitted);
        check(NeedState::approve, &[Submitted], Approved);
        check(NeedState::ask_back, &[Submitted], NeedsInfo);
        check(NeedState::decline, &[Submitted, NeedsInfo], Declined);
        check(NeedState::withdraw, &[Draft, Submitted, NeedsInfo], Withdrawn);
        check(NeedState::cancel, &[Approved, Fulfilled], Cancelled);
        check(NeedState::close, &[Approved, Fulfilled], Closed);
        check(NeedState::expire, &[Draft, Submitted, NeedsInfo, Approved], Expired);
        check(NeedState::fulfil, &[Approved], Fulfilled);
        check(NeedState::reopen, &[Fulfilled], Approved);
        let refused = Closed.ask_back().unwrap_err();
        assert_eq!(refused, WrongState { from: "closed", verb: "ask_back" });
        assert_eq!(refused.to_string(), "cannot ask back what is closed");
    }

    #[test]
    fn fill_counts_every_role() {
        let check =
            |roles: &[(u32, u16, u16)], expect: Fill| assert_eq!(Fill::of(roles.iter().copied()), expect, "{roles:?}");
        check(&[(0, 10, 12)], Fill::Unfilled);
        check(&[(0, 0, 12)], Fill::Unfilled);
        check(&[(9, 10, 12)], Fill::Partial);
        check(&[(10, 10, 12)], Fill::Viable);
        check(&[(12, 10, 12)], Fill::Filled);
        // A total that suffices while one role falls short.
        check(&[(12, 1, 12), (0, 1, 1)], Fill::Partial);
        check(&[(12, 1, 12), (0, 0, 1)], Fill::Viable);
    }
}
