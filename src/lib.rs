//! Rostrum

pub mod domain;
