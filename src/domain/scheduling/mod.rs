//! What takes place: events, the slots inside them, and the students who book them.

pub mod booking;
pub mod event;
pub mod slot;
pub mod waitlist;
