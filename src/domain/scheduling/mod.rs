//! What takes place: events and the slots inside them, the students who book them, the grids and series that make slots,
//! and whether they can be staffed.

pub mod booking;
pub mod event;
pub mod feasibility;
pub mod grid;
pub mod recurrence;
pub mod slot;
pub mod waitlist;
