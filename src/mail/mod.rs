//! Mail: notices become letters, letters become bytes, bytes reach a relay or a folder.
//!
//! [`letters`] runs inside the transaction that makes a notice true; [`message`] and [`transport`] run later, in the
//! worker, from the outbox alone; [`inbound`] reads what comes back. What is absent on purpose: the outbox itself, retries and back-off, which are the
//! service's, and any wish to be exactly once: an unknown outcome is sent again under the same Message-ID.

pub mod inbound;
pub mod letters;
pub mod message;
pub mod smtp;
pub mod smtp_url;
pub mod transport;
