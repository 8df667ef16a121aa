//! What takes place: events and the slots inside them, the students who book them, the grids and series that make slots,
//! whether they can be staffed, who meets whom in which order, and by which rules of the office.

pub mod booking;
pub mod day;
pub mod door;
pub mod event;
pub mod event_part;
pub mod event_series;
pub mod feasibility;
pub mod grid;
pub mod office_calendar;
pub mod policy;
pub mod recurrence;
pub mod reschedule;
pub mod rotation;
pub mod seating;
pub mod sharing;
pub mod slot;
pub mod waitlist;
