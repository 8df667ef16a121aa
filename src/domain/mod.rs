//! What Rostrum knows: values in, values out. No I/O, no async, no serde, no Diesel, no clock.

pub mod ids;
pub mod letter;
pub mod notice;
pub mod time;
pub mod wording;
