//! Calendars: an [`Agenda`](crate::domain::agenda::Agenda) in, octets of iCalendar (RFC 5545, 5546, 7986) out.
//!
//! [`ics`] says what stands in a calendar, [`vtimezone`] defines its time zones, [`zones`] compares their tables
//! with the system's, [`text`] writes content lines, [`read`] reads what others wrote, [`reply`] what they answer to invites. The model and the parser are the `ical` crate's. What is absent on purpose: HTTP, mail, the
//! clock, and recurring events, which the domain unfolds before they get here.

pub mod ics;
pub mod read;
pub mod reply;
pub mod text;
pub mod vtimezone;
pub mod zones;

#[cfg(test)]
mod tests;
