//! Who takes part: what volunteers can do, when and where.

pub mod access;
pub mod account;
pub mod availability;
pub mod campus;
pub mod hours;
pub mod place;
pub mod volunteer;
