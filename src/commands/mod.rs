//! The commands that are more than a call to `startup`.

pub mod bootstrap;
pub mod demo;
pub mod doctor;
pub mod matching;
