//! The stories of the service, told through its doors: one binary, a file for each story.

#![allow(missing_docs, reason = "the name of a test says what it is for")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod access;
mod accounts;
mod assignments;
mod attention;
mod bookings;
mod browser;
mod campuses;
mod contract;
mod days;
mod demo;
mod door;
mod events;
mod fairs;
mod feeds;
mod grids;
mod hours;
mod idempotency;
mod imports;
mod judging;
mod kills;
mod mail;
mod match_command;
mod matching;
mod migrations;
mod needs;
mod nights;
mod offers;
mod outbox;
mod parties;
mod policies;
mod problems;
mod races;
mod releases;
mod replies;
mod reschedule;
mod rotations;
mod seating;
mod seats;
mod series;
mod sharing;
mod staffing;
mod standings;
mod support;
mod volunteers;
mod waitlist;
mod walk_ins;
mod waves;
