//! Who takes part: what volunteers can do, when and where.

pub mod access;
pub mod availability;
pub mod place;
pub mod volunteer;
