//! Places of those who have not come, released some minutes after the start where the event's rules say so.
//!
//! Such a booking becomes a no-show, and its place is free for whoever is there. Nobody is asked by letter any more: the
//! slot has begun. Each is released once; who comes all the same gets the place back as long as nobody else has it.
//! Absent on purpose: marks by hand, which are the bookings'.

use chrono::TimeDelta;

use super::app::{App, Tx};
use super::error::ServiceError;
use super::places::{By, note};
use crate::domain::ids::EventId;
use crate::store::bookings::{self, BookingRow};
use crate::store::events;

/// How many places are released in one transaction.
const SOME: i64 = 200;

/// Releases what is due; answers how many places.
///
/// # Errors
/// The database's.
pub async fn release_due(app: &App) -> Result<usize, ServiceError> {
    let due = app.read(|tx| {
        let mut due = Vec::new();
        for (event, minutes) in events::list_releasing(tx.conn, tx.now)? {
            if !unclaimed(tx, event, minutes, 1)?.is_empty() {
                due.push((event, minutes));
            }
        }
        Ok(due)
    });
    let mut released = 0;
    for (event, minutes) in due.await? {
        loop {
            let turn = app.turn(event.uuid()).await;
            let some = app.write(move |tx| release(tx, event, minutes)).await?;
            drop(turn);
            released += some;
            if some == 0 {
                break;
            }
        }
    }
    Ok(released)
}

fn unclaimed(tx: &mut Tx<'_>, event: EventId, minutes: i32, most: i64) -> Result<Vec<BookingRow>, ServiceError> {
    let by = tx.now.plus(-TimeDelta::minutes(minutes.into()));
    Ok(bookings::list_unclaimed(tx.conn, event, by, tx.now, most)?)
}

fn release(tx: &mut Tx<'_>, event: EventId, minutes: i32) -> Result<usize, ServiceError> {
    // The rule may have been changed, or the event put off, since it was looked for.
    if !events::list_releasing(tx.conn, tx.now)?.contains(&(event, minutes)) {
        return Ok(0);
    }
    let rows = unclaimed(tx, event, minutes, SOME)?;
    for before in &rows {
        let row = BookingRow {
            marked_from: Some(before.state),
            released_at: Some(tx.now),
            ..before.into_state(before.state.miss()?, tx.now)
        };
        bookings::update(tx.conn, &row)?;
        note(tx, &row, "released", By::Rule, &format!("Not there {minutes} minutes after the start."))?;
    }
    Ok(rows.len())
}
