//! Rostrum

pub mod domain;
pub mod store;
