//! Rostrum

pub mod auth;
pub mod calendar;
pub mod domain;
pub mod http;
pub mod mail;
pub mod service;
pub mod store;
