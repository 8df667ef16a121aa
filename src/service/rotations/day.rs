//! The day as it stands: the tables and their slots, who has a place, and what else the students have to do.
//!
//! Read in as many queries whether for ten students or two thousand.

use std::collections::HashMap;

use super::super::app::Tx;
use super::super::error::ServiceError;
use super::super::events::EventRow;
use crate::domain::ids::{SlotId, StudentId};
use crate::domain::matching::travel::TravelRule;
use crate::domain::scheduling::booking::Commitment;
use crate::store::bookings::{self, BookingRow};
use crate::store::grids::{self, GridSlot};
use crate::store::places::{self as abouts, PlaceAbout};
use crate::store::students::StudentRow;

/// The most slots of an event that are looked at.
const MOST_SLOTS: i64 = 25_000;

/// The day as it stands.
pub(super) struct Day {
    /// The slots of the grid, in order of their start.
    pub slots: Vec<GridSlot>,
    /// All slots of the event, with what they are about.
    pub abouts: HashMap<SlotId, PlaceAbout>,
    /// The bookings of the event that take a place.
    pub live: Vec<BookingRow>,
    /// What the students have to do elsewhere.
    pub elsewhere: HashMap<StudentId, Vec<Commitment>>,
}

impl Day {
    /// Reads the day of these students.
    ///
    /// # Errors
    /// The database's.
    pub fn load(tx: &mut Tx<'_>, event: &EventRow, students: &[StudentRow]) -> Result<Self, ServiceError> {
        let slots = grids::list_slots(tx.conn, event.id)?;
        let all = abouts::list_of_event(tx.conn, event.id, MOST_SLOTS)?;
        let abouts = all.into_iter().map(|about| (about.slot.id, about)).collect();
        let live = bookings::list_taking(tx.conn, event.id, tx.now)?;
        let ids: Vec<StudentId> = students.iter().map(|student| student.id).collect();
        let (window, longest) = (event.when.window(), TravelRule::default().longest());
        let around = (window.start().plus(-longest), window.end().plus(longest));
        let mut elsewhere: HashMap<StudentId, Vec<Commitment>> = HashMap::new();
        for (student, commitment) in bookings::list_elsewhere(tx.conn, &ids, event.id, around, tx.now)? {
            elsewhere.entry(student).or_default().push(commitment);
        }
        Ok(Self { slots, abouts, live, elsewhere })
    }
}
