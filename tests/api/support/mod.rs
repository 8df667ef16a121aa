//! What the stories stand on.

pub mod databases;
pub mod smtp;
