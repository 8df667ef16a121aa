//! Slots: a time and a place inside an event.
//!
//! A slot is closed when nobody else is taken, and cancelled with its event. Absent on purpose: places for students, and
//! capacity, which a slot has only once students book it.

use crate::domain::{
    ids::{EventId, SlotId},
    refusal::WrongState,
    scheduling::event::Event,
    time::LocalWindow,
    words::words,
};

words! {
    /// Where a slot is in its life.
    pub enum SlotState("state of a slot") {
        /// People are taken.
        Open = "open",
        /// Nobody else is taken; who is in stays in.
        Closed = "closed",
        /// It does not take place.
        Cancelled = "cancelled",
    }
}

/// The life of a slot: open ⇄ closed → cancelled.
impl SlotState {
    /// People are taken again.
    ///
    /// # Errors
    /// [`WrongState`] unless closed.
    pub fn open(self) -> Result<Self, WrongState> {
        self.moves("open", &[Self::Closed], Self::Open)
    }

    /// Nobody else is taken.
    ///
    /// # Errors
    /// [`WrongState`] unless open.
    pub fn close(self) -> Result<Self, WrongState> {
        self.moves("close", &[Self::Open], Self::Closed)
    }

    /// It does not take place.
    ///
    /// # Errors
    /// [`WrongState`] when cancelled already.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Open, Self::Closed], Self::Cancelled)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

/// A time and a place inside an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which slot it is.
    pub id: SlotId,
    /// The event it belongs to.
    pub event_id: EventId,
    /// Where it is in its life.
    pub state: SlotState,
    /// Where, in words.
    pub place: Option<String>,
    /// When, as the people there agreed on it.
    pub when: LocalWindow,
}

impl Slot {
    /// The one slot that is the whole of an event.
    #[must_use]
    pub fn whole(id: SlotId, event: &Event) -> Self {
        Self { id, event_id: event.id, state: SlotState::Open, place: event.place.clone(), when: event.when }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_lives_only_by_its_verbs() {
        use SlotState::{Cancelled, Closed, Open};
        type Verb = fn(SlotState) -> Result<SlotState, WrongState>;
        let check = |verb: Verb, expect: [Option<SlotState>; 3]| {
            assert_eq!([Open, Closed, Cancelled].map(|state| verb(state).ok()), expect);
        };
        check(SlotState::open, [None, Some(Open), None]);
        check(SlotState::close, [Some(Closed), None, None]);
        check(SlotState::cancel, [Some(Cancelled), Some(Cancelled), None]);
    }
}
