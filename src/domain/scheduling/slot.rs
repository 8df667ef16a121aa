//! Slots: a time and a place inside an event.
//!
//! A slot is closed when nobody else is taken, and cancelled with its event or alone. Absent on purpose: who has its
//! places, which are bookings.

use crate::domain::{
    ids::{EventId, SlotId},
    refusal::{Invalid, WrongState, line},
    scheduling::{event::Event, event_part::key},
    time::{Instant, LocalWindow},
    words::words,
};

words! {
    /// Where a slot is in its life.
    pub enum SlotState("state of a slot") {
        /// People are taken.
        Open = "open",
        /// Nobody else is taken; who is in stays in.
        Closed = "closed",
        /// It does not take place.
        Cancelled = "cancelled",
    }
}

/// The life of a slot: open ⇄ closed → cancelled.
impl SlotState {
    /// People are taken again.
    ///
    /// # Errors
    /// [`WrongState`] unless closed.
    pub fn open(self) -> Result<Self, WrongState> {
        self.moves("open", &[Self::Closed], Self::Open)
    }

    /// Nobody else is taken.
    ///
    /// # Errors
    /// [`WrongState`] unless open.
    pub fn close(self) -> Result<Self, WrongState> {
        self.moves("close", &[Self::Open], Self::Closed)
    }

    /// It does not take place.
    ///
    /// # Errors
    /// [`WrongState`] when cancelled already.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Open, Self::Closed], Self::Cancelled)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

/// A time and a place inside an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which slot it is.
    pub id: SlotId,
    /// The event it belongs to.
    pub event_id: EventId,
    /// Where it is in its life.
    pub state: SlotState,
    /// What tells it from the others at the same time: a table, a circle.
    pub label: Option<String>,
    /// Places for students, 0 to [`MOST_PLACES`].
    pub capacity: u16,
    /// Where, in words.
    pub place: Option<String>,
    /// The part of the event that it belongs to, by its key.
    pub part: Option<String>,
    /// When, as the people there agreed on it.
    pub when: LocalWindow,
    /// The volunteers it wants and has.
    pub seating: Seating,
}

/// The volunteers' side of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seating {
    /// How many volunteers it wants at a time, 0 to [`MOST_SEATS`]; a slot that wants none is never without one.
    pub seats: u16,
    /// How many sit there.
    pub seated: u16,
    /// Since when the last of them has left, until somebody sits there again.
    pub unstaffed_since: Option<Instant>,
}

impl Seating {
    /// A slot that wants this many, and has nobody yet.
    #[must_use]
    pub const fn wanting(seats: u16) -> Self {
        Self { seats, seated: 0, unstaffed_since: None }
    }

    /// Whether somebody is there for the students, or nobody is needed. One of two is somebody.
    #[must_use]
    pub const fn is_staffed(self) -> bool {
        self.seats == 0 || self.seated > 0
    }

    /// Whether everybody who sat there has left.
    #[must_use]
    pub const fn is_deserted(self) -> bool {
        self.unstaffed_since.is_some()
    }

    /// The same with this many people. A slot that nobody ever sat at waits for its first, and is not deserted.
    #[must_use]
    pub fn with(self, seated: u16, now: Instant) -> Self {
        let was_there = self.seated > 0;
        let unstaffed_since = if seated > 0 || self.seats == 0 {
            None
        } else if was_there {
            Some(now)
        } else {
            self.unstaffed_since
        };
        Self { seated, unstaffed_since, ..self }
    }
}

impl Slot {
    /// The one slot that is the whole of an event.
    #[must_use]
    pub fn whole(id: SlotId, event: &Event) -> Self {
        Self {
            id,
            event_id: event.id,
            state: SlotState::Open,
            label: None,
            capacity: 0,
            place: event.place.clone(),
            part: None,
            when: event.when,
            seating: Seating::default(),
        }
    }

    /// The slot with other words or other room. `taken` is how many of its places are taken or held.
    ///
    /// # Errors
    /// [`SlotRefused`]: cancelled, fewer places than are taken, or a field.
    pub fn change(&self, change: &SlotChange, taken: u32) -> Result<Self, SlotRefused> {
        if self.state == SlotState::Cancelled {
            return Err(SlotRefused::State(WrongState { from: self.state.as_str(), verb: "change" }));
        }
        let label = match &change.label {
            Some(label) => label.as_deref().map(|label| line("label", label, 1, 100)).transpose()?,
            None => self.label.clone(),
        };
        let place = match &change.place {
            Some(place) => place.as_deref().map(|place| line("place", place, 1, 300)).transpose()?,
            None => self.place.clone(),
        };
        let part = match &change.part {
            Some(part) => part.as_deref().map(|part| key("part", part)).transpose()?,
            None => self.part.clone(),
        };
        let capacity = match change.capacity {
            Some(capacity) => places("capacity", capacity)?,
            None => self.capacity,
        };
        let wanted = match change.seats {
            Some(number) => seats("seats", number)?,
            None => self.seating.seats,
        };
        if u32::from(capacity) < taken && capacity < self.capacity {
            return Err(SlotRefused::Taken { taken, capacity });
        }
        if wanted < self.seating.seated && wanted < self.seating.seats {
            return Err(SlotRefused::Seated { seated: self.seating.seated, seats: wanted });
        }
        let unstaffed_since = self.seating.unstaffed_since.filter(|_| wanted > 0);
        let seating = Seating { seats: wanted, unstaffed_since, ..self.seating };
        Ok(Self { label, capacity, place, part, seating, ..self.clone() })
    }
}

/// The most places that a slot has.
pub const MOST_PLACES: u16 = 500;

/// A number of places for students.
///
/// # Errors
/// [`Invalid`] unless 0 to [`MOST_PLACES`].
pub fn places(field: &str, number: i64) -> Result<u16, Invalid> {
    u16::try_from(number).ok().filter(|number| *number <= MOST_PLACES).ok_or_else(|| {
        Invalid::new(field, "out_of_range", format!("it is {number}, from 0 to {MOST_PLACES} places are taken"))
    })
}

/// The most volunteers that a slot wants at a time.
pub const MOST_SEATS: u16 = 50;

/// A number of seats for volunteers.
///
/// # Errors
/// [`Invalid`] unless 0 to [`MOST_SEATS`].
pub fn seats(field: &str, number: i64) -> Result<u16, Invalid> {
    u16::try_from(number).ok().filter(|number| *number <= MOST_SEATS).ok_or_else(|| {
        Invalid::new(field, "out_of_range", format!("it is {number}, from 0 to {MOST_SEATS} seats are taken"))
    })
}

/// What may be changed about a slot; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotChange {
    /// A new label, or none.
    pub label: Option<Option<String>>,
    /// A new place, or none.
    pub place: Option<Option<String>>,
    /// Another part of the event, or none.
    pub part: Option<Option<String>>,
    /// Another number of places.
    pub capacity: Option<i64>,
    /// Another number of seats for volunteers.
    pub seats: Option<i64>,
}

/// Why a slot could not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotRefused {
    /// It is called off.
    State(WrongState),
    /// A field is wrong.
    Field(Invalid),
    /// More places are taken than would be left.
    Taken {
        /// How many are taken or held.
        taken: u32,
        /// How many there would be.
        capacity: u16,
    },
    /// More volunteers sit there than seats would be left.
    Seated {
        /// How many sit there.
        seated: u16,
        /// How many seats there would be.
        seats: u16,
    },
}

impl From<Invalid> for SlotRefused {
    fn from(invalid: Invalid) -> Self {
        Self::Field(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Zone;

    #[test]
    fn a_slot_lives_only_by_its_verbs() {
        use SlotState::{Cancelled, Closed, Open};
        type Verb = fn(SlotState) -> Result<SlotState, WrongState>;
        let check = |verb: Verb, expect: [Option<SlotState>; 3]| {
            assert_eq!([Open, Closed, Cancelled].map(|state| verb(state).ok()), expect);
        };
        check(SlotState::open, [None, Some(Open), None]);
        check(SlotState::close, [Some(Closed), None, None]);
        check(SlotState::cancel, [Some(Cancelled), Some(Cancelled), None]);
    }

    #[test]
    fn a_slot_never_has_fewer_places_than_people() {
        let at = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        let when = LocalWindow::new(at("2027-03-04T12:00"), at("2027-03-04T12:30"), Zone::UTC, None).unwrap();
        let (label, place) = (Some("Table 1".to_owned()), None);
        let slot = Slot {
            id: SlotId::mint(),
            event_id: EventId::mint(),
            state: SlotState::Open,
            label,
            capacity: 4,
            place,
            part: None,
            when,
            seating: Seating { seats: 2, seated: 2, unstaffed_since: None },
        };
        let check = |slot: &Slot, capacity: i64, taken: u32, expect: Result<u16, &str>| {
            let got = slot.change(&SlotChange { capacity: Some(capacity), ..SlotChange::default() }, taken);
            let got = got.map(|slot| slot.capacity).map_err(|refused| match refused {
                SlotRefused::State(_) => "state",
                SlotRefused::Field(_) => "field",
                SlotRefused::Taken { .. } => "taken",
                SlotRefused::Seated { .. } => "seated",
            });
            assert_eq!(got, expect, "{capacity} with {taken} taken");
        };
        check(&slot, 3, 3, Ok(3));
        check(&slot, 2, 3, Err("taken"));
        check(&slot, 5, 6, Ok(5));
        check(&slot, -1, 0, Err("field"));
        check(&slot, 501, 0, Err("field"));
        check(&slot, 10_000_000, 0, Err("field"));
        check(&Slot { state: SlotState::Cancelled, ..slot.clone() }, 4, 0, Err("state"));
        let seats = |seats| slot.change(&SlotChange { seats: Some(seats), ..SlotChange::default() }, 0);
        assert_eq!(seats(1), Err(SlotRefused::Seated { seated: 2, seats: 1 }), "whoever sits there stays");
        assert_eq!(seats(3).unwrap().seating.seats, 3);
        assert!(matches!(seats(51), Err(SlotRefused::Field(_))));
    }

    #[test]
    fn a_slot_is_deserted_when_the_last_one_leaves_it() {
        let (early, late) = (Instant::from_unix(1), Instant::from_unix(2));
        let of = |seats| Seating::wanting(seats);
        assert!(of(0).is_staffed() && !of(1).is_staffed() && !of(1).is_deserted(), "nobody was ever there");
        let one_of_two = of(2).with(2, early).with(1, early);
        assert!(one_of_two.is_staffed() && !one_of_two.is_deserted(), "one of two goes on");
        let left = one_of_two.with(0, early);
        assert_eq!((left.is_staffed(), left.unstaffed_since), (false, Some(early)));
        assert_eq!(left.with(0, late).unstaffed_since, Some(early), "since then, not since the last look");
        assert_eq!(left.with(1, late).unstaffed_since, None);
        assert_eq!(of(0).with(1, early).with(0, late).unstaffed_since, None, "nobody is missed who was not wanted");
    }
}
