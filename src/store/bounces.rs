//! Addresses that a mail server refused for good, known from what it reported of a letter.
//!
//! Nothing but sign-in links is sent there any more, until somebody sends a letter again by hand.

use std::collections::HashMap;

use diesel::prelude::*;

use super::db::{Conn, StoreError};
use super::schema::{bounced_addresses, letters};
use crate::domain::ids::LetterId;
use crate::domain::letter::{Email, LetterState};
use crate::domain::time::Instant;

/// Writes down that a letter came back after all. Answers false where it has not gone, or came back before.
///
/// # Errors
/// The database's.
pub fn came_back(conn: &mut Conn, id: LetterId, said: &str, now: Instant) -> Result<bool, StoreError> {
    let gone = letters::table.filter(letters::id.eq(id).and(letters::state.eq(LetterState::Sent)));
    let count = diesel::update(gone)
        .set((
            letters::state.eq(LetterState::Undeliverable),
            letters::last_error.eq(said),
            letters::updated_at.eq(now),
            letters::revision.eq(letters::revision + 1),
        ))
        .execute(conn)?;
    Ok(count == 1)
}

/// Marks the address that a letter was written to.
///
/// # Errors
/// The database's.
pub fn mark(conn: &mut Conn, letter: LetterId, said: &str, now: Instant) -> Result<(), StoreError> {
    let email: String = letters::table.find(letter).select(letters::to_email).get_result(conn)?;
    let known = diesel::update(bounced_addresses::table.find(&email))
        .set((bounced_addresses::letter_id.eq(letter), bounced_addresses::said.eq(said)))
        .execute(conn)?;
    if known == 0 {
        diesel::insert_into(bounced_addresses::table)
            .values((
                bounced_addresses::email.eq(email),
                bounced_addresses::letter_id.eq(letter),
                bounced_addresses::said.eq(said),
                bounced_addresses::since.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes the mark off the address that a letter was written to.
///
/// # Errors
/// The database's.
pub fn forgive(conn: &mut Conn, letter: LetterId) -> Result<(), StoreError> {
    let email = letters::table.find(letter).select(letters::to_email).get_result::<String>(conn).optional()?;
    if let Some(email) = email {
        diesel::delete(bounced_addresses::table.find(email)).execute(conn)?;
    }
    Ok(())
}

/// Which of these addresses are marked: what was said, and since when.
///
/// # Errors
/// The database's.
pub fn list<'e>(
    conn: &mut Conn,
    emails: impl Iterator<Item = &'e Email>,
) -> Result<HashMap<String, (String, Instant)>, StoreError> {
    let emails: Vec<&str> = emails.map(Email::as_str).collect();
    let rows: Vec<(String, String, Instant)> = bounced_addresses::table
        .filter(bounced_addresses::email.eq_any(emails))
        .select((bounced_addresses::email, bounced_addresses::said, bounced_addresses::since))
        .load(conn)?;
    Ok(rows.into_iter().map(|(email, said, since)| (email, (said, since))).collect())
}
