//! What the stories stand on.

pub mod arrange;
pub mod clients;
pub mod contract;
pub mod databases;
pub mod places;
pub mod smtp;
pub mod world;
