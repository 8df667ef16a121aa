//! Who someone is: passwords, access tokens, secrets and the limit on guessing them.
//!
//! Everything here is told the time and holds no account: it answers "is this the password", "whose token is this", "may
//! they try again". Absent on purpose: sessions and rights, which are facts in the database, and any way to read a
//! secret back once it is kept.

pub mod attempts;
pub mod hours;
pub mod link;
pub mod password;
pub mod secret;
pub mod token;
