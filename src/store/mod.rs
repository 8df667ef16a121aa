//! What is kept: rows and queries, one file per plural noun, and the lanes they run in.
//!
//! Queries are free functions said by module: `store::slots::find(conn, id)`. `find` means exactly one, `list_…` many. What a
//! unique key finds is asked for with `get_result`: diesel's `first` binds a LIMIT, for whose value SQLite plans the
//! statement anew at every call.
//! What is absent on purpose: decisions, which are the domain's, and rights, which are the services'.

pub mod accounts;
pub mod assignments;
pub mod attention_items;
pub mod bookings;
pub mod bounces;
pub mod campus_requests;
pub mod campus_volunteers;
pub mod campuses;
pub mod columns;
pub mod days;
pub mod db;
mod documents;
pub mod engagements;
pub mod event_campuses;
pub mod event_series;
pub mod events;
pub mod exclusions;
pub mod feed_revisions;
pub mod feeds;
pub mod grids;
pub mod hours_entries;
pub mod letters;
pub mod matching_runs;
pub mod members;
pub mod migrate;
pub mod offers;
pub mod office_calendars;
pub mod place_log;
pub mod places;
pub mod policies;
pub mod policy_document;
pub mod portals;
pub mod proposals;
pub mod rotations;
#[cfg(test)]
mod round_trips;
#[allow(clippy::wildcard_imports, reason = "the form in which diesel prints schemas")]
pub mod schema;
pub mod seatings;
pub mod sessions;
pub mod slots;
pub mod students;
pub mod volunteers;
pub mod waitlist_entries;
pub mod zones;
