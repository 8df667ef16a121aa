//! Use cases: one function a verb, over one transaction. Load, may they, decide, keep, post, in that order.
//!
//! Absent on purpose: HTTP, and SQL, which is the store's.

pub mod access;
pub mod accounts;
pub mod answers;
pub mod app;
pub mod assignments;
pub mod attention;
pub mod bookings;
pub mod campus_requests;
pub mod campus_volunteers;
pub mod campuses;
mod clashes;
pub mod code;
pub mod dated;
pub mod days;
pub mod door;
pub mod error;
pub mod events;
pub mod exclusions;
pub mod exports;
pub mod feeds;
pub mod grids;
pub mod ground;
pub mod hours;
pub mod idempotency;
pub mod imports;
pub mod judging;
pub mod matching;
pub mod members;
pub mod offers;
pub mod office_calendars;
pub mod outbox;
pub mod places;
pub mod policies;
pub mod portals;
pub mod proposals;
pub mod reschedule;
pub mod rotations;
pub mod seating;
pub mod sessions;
pub mod shared_reads;
pub mod slots;
pub mod staffing;
pub mod students;
pub mod volunteers;
pub mod waitlist;
