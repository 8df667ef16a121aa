//! Rostrum

pub mod auth;
pub mod domain;
pub mod service;
pub mod store;
