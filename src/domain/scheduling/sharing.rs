//! An event that several campuses share: one runs it, and those that it invites book for their own students.
//!
//! The places are one pool, whoever books them. Absent on purpose: quotas, and the rights, which are those that each office
//! has at its own campus.

use crate::domain::refusal::WrongState;
use crate::domain::words::words;

words! {
    /// How a campus stands to an event of another.
    pub enum SharingState("state of sharing an event") {
        /// It was asked, and has not answered.
        Invited = "invited",
        /// It books for its students.
        Joined = "joined",
        /// It said no.
        Declined = "declined",
        /// It books no more; its students keep what they have.
        Ended = "ended",
    }
}

/// The most campuses that an event is shared with.
pub const MOST_CAMPUSES: usize = 50;

/// The life of sharing: invited → joined → ended; invited → declined; asked again after either end.
impl SharingState {
    /// It is asked again.
    ///
    /// # Errors
    /// [`WrongState`] unless declined or ended.
    pub fn invite(self) -> Result<Self, WrongState> {
        self.moves("invite", &[Self::Declined, Self::Ended], Self::Invited)
    }

    /// It says yes.
    ///
    /// # Errors
    /// [`WrongState`] unless invited.
    pub fn accept(self) -> Result<Self, WrongState> {
        self.moves("accept", &[Self::Invited], Self::Joined)
    }

    /// It says no.
    ///
    /// # Errors
    /// [`WrongState`] unless invited.
    pub fn decline(self) -> Result<Self, WrongState> {
        self.moves("decline", &[Self::Invited], Self::Declined)
    }

    /// Either side ends it.
    ///
    /// # Errors
    /// [`WrongState`] unless invited or joined.
    pub fn end(self) -> Result<Self, WrongState> {
        self.moves("end", &[Self::Invited, Self::Joined], Self::Ended)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharing_lives_only_by_its_verbs() {
        use SharingState::{Declined, Ended, Invited, Joined};
        type Verb = fn(SharingState) -> Result<SharingState, WrongState>;
        let check = |verb: Verb, from: &[SharingState], to: SharingState| {
            for &state in SharingState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(SharingState::invite, &[Declined, Ended], Invited);
        check(SharingState::accept, &[Invited], Joined);
        check(SharingState::decline, &[Invited], Declined);
        check(SharingState::end, &[Invited, Joined], Ended);
    }
}
