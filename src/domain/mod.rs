//! What Rostrum knows: values in, values out. No I/O, no async, no serde, no Diesel, no clock.

pub mod agenda;
pub mod ids;
pub mod letter;
pub mod matching;
pub mod notice;
pub mod people;
pub mod refusal;
pub mod reply;
pub mod scheduling;
pub mod time;
pub mod wording;
pub mod words;
