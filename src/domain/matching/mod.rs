//! Needs and the people who meet them.

pub mod assignment;
pub mod campus_request;
