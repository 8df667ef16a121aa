//! The stories of the service, told through its doors: one binary, a file for each story.

#![allow(missing_docs, reason = "the name of a test says what it is for")]

mod mail;
mod migrations;
mod races;
mod support;
