//! The lives of a proposal, of an offer and of the assignment that comes of it.
//!
//! An offer holds a seat for one volunteer until a deadline; accepting it makes the assignment in the same transaction.
//! Absent on purpose: whether the seat is still free, the clock and the deadline. Those are facts of the moment, and the
//! use case that holds the rows decides by them.

use crate::domain::{refusal::WrongState, words::words};

words! {
    /// Where a proposal is in its life.
    pub enum ProposalState("state of a proposal") {
        /// Made, and nobody was written to.
        Draft = "draft",
        /// Its offers went out.
        Sent = "sent",
    }

    /// Where an offer is in its life: sent, and then one of the rest for good.
    pub enum OfferState("state of an offer") {
        /// The volunteer is asked; the seat is held.
        Sent = "sent",
        /// The volunteer said yes; there is an assignment.
        Accepted = "accepted",
        /// The volunteer said no.
        Declined = "declined",
        /// The deadline passed.
        Expired = "expired",
        /// The office took it back.
        Withdrawn = "withdrawn",
        /// What it was for changed or is no more.
        Superseded = "superseded",
    }

    /// Where an assignment is in its life.
    pub enum AssignmentState("state of an assignment") {
        /// The volunteer comes.
        Confirmed = "confirmed",
        /// The volunteer is there.
        CheckedIn = "checked_in",
        /// The volunteer was there to the end.
        Completed = "completed",
        /// The volunteer did not come.
        NoShow = "no_show",
        /// The volunteer gave the seat back.
        Released = "released",
        /// The office took the seat back.
        Removed = "removed",
        /// What it was for is called off.
        Cancelled = "cancelled",
        /// What it is for changed; the volunteer is asked whether it still suits.
        ReconfirmPending = "reconfirm_pending",
    }
}

impl ProposalState {
    /// Its offers go out.
    ///
    /// # Errors
    /// [`WrongState`] once sent.
    pub const fn send(self) -> Result<Self, WrongState> {
        match self {
            Self::Draft => Ok(Self::Sent),
            Self::Sent => Err(WrongState { from: self.as_str(), verb: "send" }),
        }
    }

    /// Its plan is brought up to date.
    ///
    /// # Errors
    /// [`WrongState`] once sent.
    pub const fn mend(self) -> Result<Self, WrongState> {
        match self {
            Self::Draft => Ok(Self::Draft),
            Self::Sent => Err(WrongState { from: self.as_str(), verb: "mend" }),
        }
    }
}

impl OfferState {
    /// Whether it holds a seat.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Sent)
    }

    /// The volunteer says yes.
    ///
    /// # Errors
    /// [`WrongState`] unless sent.
    pub const fn accept(self) -> Result<Self, WrongState> {
        self.answered("accept", Self::Accepted)
    }

    /// The volunteer says no.
    ///
    /// # Errors
    /// [`WrongState`] unless sent.
    pub const fn decline(self) -> Result<Self, WrongState> {
        self.answered("decline", Self::Declined)
    }

    /// The deadline passes.
    ///
    /// # Errors
    /// [`WrongState`] unless sent.
    pub const fn expire(self) -> Result<Self, WrongState> {
        self.answered("expire", Self::Expired)
    }

    /// The office takes it back.
    ///
    /// # Errors
    /// [`WrongState`] unless sent.
    pub const fn withdraw(self) -> Result<Self, WrongState> {
        self.answered("withdraw", Self::Withdrawn)
    }

    /// What it was for changes or is no more.
    ///
    /// # Errors
    /// [`WrongState`] unless sent.
    pub const fn supersede(self) -> Result<Self, WrongState> {
        self.answered("supersede", Self::Superseded)
    }

    const fn answered(self, verb: &'static str, to: Self) -> Result<Self, WrongState> {
        match self {
            Self::Sent => Ok(to),
            Self::Accepted | Self::Declined | Self::Expired | Self::Withdrawn | Self::Superseded => {
                Err(WrongState { from: self.as_str(), verb })
            }
        }
    }
}

impl AssignmentState {
    /// Whether the volunteer holds the seat now: the commitment is ahead or under way.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Confirmed | Self::CheckedIn | Self::ReconfirmPending => true,
            Self::Completed | Self::NoShow | Self::Released | Self::Removed | Self::Cancelled => false,
        }
    }

    /// Whether it counts as a seat taken and towards the volunteer's caps: live, or done.
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Self::Confirmed | Self::CheckedIn | Self::ReconfirmPending | Self::Completed => true,
            Self::NoShow | Self::Released | Self::Removed | Self::Cancelled => false,
        }
    }

    /// The volunteer is there.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or asked to reconfirm.
    pub fn check_in(self) -> Result<Self, WrongState> {
        self.moves("check_in", &[Self::Confirmed, Self::ReconfirmPending], Self::CheckedIn)
    }

    /// The volunteer was there to the end.
    ///
    /// # Errors
    /// [`WrongState`] unless checked in.
    pub fn complete(self) -> Result<Self, WrongState> {
        self.moves("complete", &[Self::CheckedIn], Self::Completed)
    }

    /// The volunteer did not come.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or asked to reconfirm.
    pub fn miss(self) -> Result<Self, WrongState> {
        self.moves("miss", &[Self::Confirmed, Self::ReconfirmPending], Self::NoShow)
    }

    /// The last mark of the day is taken back; `before` is what the assignment was before it.
    ///
    /// # Errors
    /// [`WrongState`] unless checked in, completed or a no-show.
    pub fn unmark(self, before: Option<Self>) -> Result<Self, WrongState> {
        let to = match self {
            Self::Completed => Self::CheckedIn,
            Self::CheckedIn | Self::NoShow => before.filter(|before| before.is_live()).unwrap_or(Self::Confirmed),
            Self::Confirmed | Self::Released | Self::Removed | Self::Cancelled | Self::ReconfirmPending => self,
        };
        self.moves("undo", &[Self::CheckedIn, Self::Completed, Self::NoShow], to)
    }

    /// The volunteer gives the seat back.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or asked to reconfirm.
    pub fn release(self) -> Result<Self, WrongState> {
        self.moves("release", &[Self::Confirmed, Self::ReconfirmPending], Self::Released)
    }

    /// The office takes the seat back.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or asked to reconfirm.
    pub fn remove(self) -> Result<Self, WrongState> {
        self.moves("remove", &[Self::Confirmed, Self::ReconfirmPending], Self::Removed)
    }

    /// What it was for is called off.
    ///
    /// # Errors
    /// [`WrongState`] unless live.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Confirmed, Self::CheckedIn, Self::ReconfirmPending], Self::Cancelled)
    }

    /// What it is for changed materially: the volunteer is asked again.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or asked already.
    pub fn ask_again(self) -> Result<Self, WrongState> {
        self.moves("ask_again", &[Self::Confirmed, Self::ReconfirmPending], Self::ReconfirmPending)
    }

    /// The volunteer comes in spite of the change.
    ///
    /// # Errors
    /// [`WrongState`] unless asked.
    pub fn reconfirm(self) -> Result<Self, WrongState> {
        self.moves("reconfirm", &[Self::ReconfirmPending], Self::Confirmed)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_answered_once() {
        type Verb = fn(OfferState) -> Result<OfferState, WrongState>;
        let verbs: [(Verb, OfferState); 5] = [
            (OfferState::accept, OfferState::Accepted),
            (OfferState::decline, OfferState::Declined),
            (OfferState::expire, OfferState::Expired),
            (OfferState::withdraw, OfferState::Withdrawn),
            (OfferState::supersede, OfferState::Superseded),
        ];
        for (verb, to) in verbs {
            for &from in OfferState::ALL {
                assert_eq!(verb(from).ok(), from.is_live().then_some(to), "{from} -> {to}");
            }
        }
        assert_eq!(OfferState::Declined.accept().unwrap_err(), WrongState { from: "declined", verb: "accept" });
    }

    #[test]
    fn an_assignment_lives_only_by_its_verbs() {
        use AssignmentState::{
            Cancelled, CheckedIn, Completed, Confirmed, NoShow, ReconfirmPending, Released, Removed,
        };
        type Verb = fn(AssignmentState) -> Result<AssignmentState, WrongState>;
        let check = |verb: Verb, from: &[AssignmentState], to: AssignmentState| {
            for &state in AssignmentState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(AssignmentState::check_in, &[Confirmed, ReconfirmPending], CheckedIn);
        check(AssignmentState::complete, &[CheckedIn], Completed);
        check(AssignmentState::miss, &[Confirmed, ReconfirmPending], NoShow);
        check(AssignmentState::release, &[Confirmed, ReconfirmPending], Released);
        check(AssignmentState::remove, &[Confirmed, ReconfirmPending], Removed);
        check(AssignmentState::cancel, &[Confirmed, CheckedIn, ReconfirmPending], Cancelled);
        check(AssignmentState::ask_again, &[Confirmed, ReconfirmPending], ReconfirmPending);
        check(AssignmentState::reconfirm, &[ReconfirmPending], Confirmed);
        for &state in AssignmentState::ALL {
            let before = match state {
                CheckedIn | NoShow => Some(ReconfirmPending),
                Completed => Some(CheckedIn),
                Confirmed | ReconfirmPending | Released | Removed | Cancelled => None,
            };
            assert_eq!(state.unmark(Some(ReconfirmPending)).ok(), before, "{state}");
        }
        assert_eq!(NoShow.unmark(None), Ok(Confirmed));
        assert!(AssignmentState::ALL.iter().all(|s| !s.is_live() || s.counts()));
    }
}
