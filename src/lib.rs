//! Rostrum staffs and schedules what a college career office puts on: job fairs, mock interviews, workshops, class
//! visits. It matches volunteer careers professionals to campus needs, sends offers, takes answers, writes confirmations
//! that are calendar invites, and serves calendar feeds.
//!
//! # The tour
//!
//! The house has floors; an arrow of imports may skip some, and never climbs:
//!
//! ```text
//! main -> startup -> { http, worker } -> service -> { store, auth, mail -> calendar } -> domain
//! ```
//!
//! * [`domain`] knows the rules: windows and zones, needs and their lives, who is eligible and the best plan for all. It
//!   does no I/O and reads no clock.
//! * [`store`] keeps: one query layer over `SQLite` and `PostgreSQL`, and the lanes in which closures reach a connection.
//! * [`auth`] tells who someone is, [`calendar`] writes iCalendar, [`mail`] turns notices into letters and sends them, [`qr`]
//!   draws the codes that are shown at the door.
//! * [`service`] holds the use cases: one function a verb, one transaction each. Load, may they, decide, keep, post.
//! * [`http`] is the door people and portals knock at, [`worker`] the one through which time comes in.
//! * [`startup`] puts the house together from [`config`]; [`telemetry`] writes the log.
//!
//! Each noun has one file name on every floor, and the words of the contract, `openapi.yaml`.
//!
//! # What is deliberately absent
//!
//! No async below the services: threads own connections and take closures. No trait with two implementations: enums. No
//! mocks: tests use both real databases and a real mail server. No job queue beside the database: what is due is a row.

pub mod auth;
pub mod calendar;
pub mod commands;
pub mod config;
pub mod domain;
pub mod http;
pub mod mail;
pub mod qr;
pub mod service;
pub mod startup;
pub mod store;
pub mod telemetry;
pub mod worker;
