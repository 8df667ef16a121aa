//! What takes place: events and the slots inside them.

pub mod event;
pub mod slot;
