//! The life of a rotation that is kept: a draft until it is applied.

use crate::domain::{refusal::WrongState, words::words};

words! {
    /// Where a rotation is in its life.
    pub enum RotationState("state of a rotation") {
        /// A plan that nobody was told of.
        Draft = "draft",
        /// Its places are booked.
        Applied = "applied",
    }
}

impl RotationState {
    /// The places are booked.
    ///
    /// # Errors
    /// [`WrongState`] unless a draft.
    pub const fn apply(self) -> Result<Self, WrongState> {
        match self {
            Self::Draft => Ok(Self::Applied),
            Self::Applied => Err(WrongState { from: "applied", verb: "apply" }),
        }
    }
}
