//! Another time for an event: postponed, put to another time, and everything in it moved by the same hours on the wall.
//!
//! A slot at half past twelve of an event from noon is at half past nine of the same event from nine, whatever the clocks
//! do in between. A time that the clocks skip or show twice is not guessed at: the slot stays where it is and is named.
//! Absent on purpose: the people, who are moved with their slots by the use case.

use chrono::{NaiveDateTime, TimeDelta};

use super::event::{Event, EventState};
use crate::domain::{
    refusal::WrongState,
    time::{Fold, Instant, LocalWindow, LocalWindowFault, WallFault, Zone},
};

impl EventState {
    /// It is put to another time, or to the one that was said before: what was postponed is on again.
    ///
    /// # Errors
    /// [`WrongState`] once it has begun or was cancelled.
    pub fn reschedule(self) -> Result<Self, WrongState> {
        let to = if self == Self::Draft { Self::Draft } else { Self::Published };
        self.moves("reschedule", &[Self::Draft, Self::Published, Self::Postponed], to)
    }
}

impl Event {
    /// Its time does not hold any more.
    ///
    /// # Errors
    /// [`WrongState`] as for [`EventState::postpone`].
    pub fn postpone(&self, reason: &str, now: Instant) -> Result<Self, WrongState> {
        let state = self.state.postpone()?;
        Ok(Self { state, state_reason: Some(reason.to_owned()), ..self.touched(now) })
    }

    /// It takes place then and there, with this presenter. What is the same in all stays as it is.
    ///
    /// # Errors
    /// [`WrongState`] as for [`EventState::reschedule`].
    pub fn reschedule(
        &self,
        when: LocalWindow,
        place: Option<String>,
        presenter: Option<String>,
        now: Instant,
    ) -> Result<Self, WrongState> {
        let state = self.state.reschedule()?;
        if (state, when, &place, &presenter) == (self.state, self.when, &self.place, &self.presenter) {
            return Ok(self.clone());
        }
        Ok(Self { state, state_reason: None, when, place, presenter, ..self.touched(now) })
    }

    /// Whether it has begun. What is postponed has not, whatever was said before.
    #[must_use]
    pub fn has_begun(&self, now: Instant) -> bool {
        match self.state {
            EventState::Draft | EventState::Postponed | EventState::Cancelled => false,
            EventState::Published => self.when.window().start() <= now,
            EventState::InProgress | EventState::Completed => true,
        }
    }
}

/// By how much everything in an event moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    by: TimeDelta,
    from: Zone,
    to: Zone,
    fold: Option<Fold>,
}

/// Why something in an event cannot be moved with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmovable {
    /// The clocks jump over its start or its end.
    Skipped {
        /// The time that is skipped.
        wall: NaiveDateTime,
        /// The last whole minute before the jump.
        before: NaiveDateTime,
        /// The first time after the jump.
        after: NaiveDateTime,
    },
    /// The clocks show its start or its end twice, and nobody said which is meant.
    Twice {
        /// The time in question.
        wall: NaiveDateTime,
    },
    /// The clocks leave it no length.
    NoLength,
    /// It would not lie within the event.
    Outside,
}

impl Unmovable {
    /// The reason, for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Skipped { .. } => "time_skipped",
            Self::Twice { .. } => "time_twice",
            Self::NoLength => "no_length",
            Self::Outside => "outside_event",
        }
    }
}

impl std::fmt::Display for Unmovable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |wall: &NaiveDateTime| wall.format("%Y-%m-%d %H:%M").to_string();
        match self {
            Self::Skipped { wall, before, after } => {
                write!(f, "The clocks skip {}: they go from {} to {}.", said(wall), said(before), said(after))
            }
            Self::Twice { wall } => write!(f, "The clocks show {} twice.", said(wall)),
            Self::NoLength => f.write_str("The clocks leave it no length."),
            Self::Outside => f.write_str("It would not lie within the event."),
        }
    }
}

impl Shift {
    /// From one time of an event to another; `fold` decides for whatever the clocks show twice.
    #[must_use]
    pub fn between(from: LocalWindow, to: LocalWindow, fold: Option<Fold>) -> Self {
        Self { by: to.starts() - from.starts(), from: from.zone(), to: to.zone(), fold }
    }

    /// By how much the wall times differ.
    #[must_use]
    pub const fn by(&self) -> TimeDelta {
        self.by
    }

    /// The clocks before the move.
    #[must_use]
    pub const fn from(&self) -> Zone {
        self.from
    }

    /// The clocks after it.
    #[must_use]
    pub const fn to(&self) -> Zone {
        self.to
    }

    /// Which of two equal wall times is meant.
    #[must_use]
    pub const fn fold(&self) -> Option<Fold> {
        self.fold
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.by.is_zero() && self.from == self.to
    }

    /// The same hours of something in the event, after the move. What went by other clocks than the event goes by the
    /// event's from now on.
    ///
    /// # Errors
    /// [`Unmovable`] by the clocks.
    pub fn window(&self, when: LocalWindow) -> Result<LocalWindow, Unmovable> {
        if self.is_nothing() {
            return Ok(when);
        }
        let (starts, ends) = if when.zone() == self.from {
            (when.starts(), when.ends())
        } else {
            (when.window().start().wall(self.from), when.window().end().wall(self.from))
        };
        let (starts, ends) = (starts + self.by, ends + self.by);
        let fault = |wall, fault| match fault {
            WallFault::Skipped { before, after } => Unmovable::Skipped { wall, before, after },
            WallFault::Twice { .. } => Unmovable::Twice { wall },
        };
        LocalWindow::new(starts, ends, self.to, self.fold).map_err(|wrong| match wrong {
            LocalWindowFault::Start(wrong) => fault(starts, wrong),
            LocalWindowFault::End(wrong) => fault(ends, wrong),
            LocalWindowFault::Reversed => Unmovable::NoLength,
        })
    }

    /// An instant that somebody named by the event's clocks, after the move; where the clocks skip it, the first after
    /// the jump.
    #[must_use]
    pub fn instant(&self, at: Instant) -> Instant {
        if self.is_nothing() { at } else { self.to.at_or_after(at.wall(self.from) + self.by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    fn window(from: &str, until: &str, zone: &str) -> LocalWindow {
        LocalWindow::new(wall(from), wall(until), zone.parse().unwrap(), Some(Fold::Earlier)).unwrap()
    }

    #[test]
    fn the_hours_on_the_wall_stay_when_the_clocks_change() {
        // From a day before the change to a day after it: what was two hours after the start is so still.
        for (zone, from, to) in [
            ("America/New_York", "2027-03-12", "2027-03-15"),
            ("Australia/Melbourne", "2027-10-01", "2027-10-04"),
            ("Australia/Lord_Howe", "2027-10-01", "2027-10-04"),
            ("America/Phoenix", "2027-03-12", "2027-03-15"),
        ] {
            let at = |day: &str, hour: &str| format!("{day}T{hour}");
            let event = |day: &str| window(&at(day, "09:00"), &at(day, "17:00"), zone);
            let shift = Shift::between(event(from), event(to), None);
            let slot = window(&at(from, "11:00"), &at(from, "11:30"), zone);
            assert_eq!(shift.window(slot), Ok(window(&at(to, "11:00"), &at(to, "11:30"), zone)), "{zone}");
            let zone: Zone = zone.parse().unwrap();
            assert_eq!(shift.instant(slot.window().start()).wall(zone), wall(&at(to, "11:00")));
        }
    }

    #[test]
    fn a_time_that_is_skipped_or_shown_twice_is_named() {
        let check = |zone: &str, from: &str, to: &str, slot: (&str, &str), expect: &str| {
            let event = |day: &str| window(&format!("{day}T00:30"), &format!("{day}T08:00"), zone);
            let shift = Shift::between(event(from), event(to), None);
            let slot = window(&format!("{from}T{}", slot.0), &format!("{from}T{}", slot.1), zone);
            assert_eq!(shift.window(slot).map_or_else(|why| why.as_str(), |_| "moved"), expect, "{zone} {slot:?}");
        };
        let ny = "America/New_York";
        check(ny, "2027-03-13", "2027-03-14", ("02:30", "03:00"), "time_skipped");
        check(ny, "2027-03-13", "2027-03-14", ("01:30", "02:00"), "time_skipped");
        check(ny, "2027-03-13", "2027-03-14", ("03:00", "03:30"), "moved");
        check(ny, "2027-11-06", "2027-11-07", ("01:30", "02:30"), "time_twice");
        check(ny, "2027-11-06", "2027-11-07", ("02:00", "02:30"), "moved");
        check("Australia/Melbourne", "2027-10-02", "2027-10-03", ("02:00", "03:00"), "time_skipped");
        check("Australia/Lord_Howe", "2027-10-02", "2027-10-03", ("02:15", "03:00"), "time_skipped");
        check("Australia/Lord_Howe", "2027-10-02", "2027-10-03", ("02:30", "03:00"), "moved");
        check("Australia/Lord_Howe", "2027-04-03", "2027-04-04", ("01:45", "03:00"), "time_twice");
        check("America/Phoenix", "2027-03-13", "2027-03-14", ("02:30", "03:00"), "moved");
        // Who says which is meant is asked nothing.
        let (from, to) =
            (window("2027-11-06T00:30", "2027-11-06T08:00", ny), window("2027-11-07T00:30", "2027-11-07T08:00", ny));
        let slot = window("2027-11-06T01:00", "2027-11-06T01:30", ny);
        let moved = Shift::between(from, to, Some(Fold::Later)).window(slot).unwrap();
        assert_eq!(moved.window().start().to_string(), "2027-11-07T06:00:00Z");
    }

    #[test]
    fn another_zone_keeps_the_wall_and_nothing_is_moved_by_nothing() {
        let (ny, melbourne) = ("America/New_York", "Australia/Melbourne");
        let from = window("2027-03-04T12:00", "2027-03-04T18:00", ny);
        let to = window("2027-03-05T09:00", "2027-03-05T15:00", melbourne);
        let shift = Shift::between(from, to, None);
        let slot = window("2027-03-04T12:30", "2027-03-04T13:00", ny);
        assert_eq!(shift.window(slot), Ok(window("2027-03-05T09:30", "2027-03-05T10:00", melbourne)));
        // A slot that went by other clocks goes by the event's.
        let chicago = window("2027-03-04T11:30", "2027-03-04T12:00", "America/Chicago");
        assert_eq!(shift.window(chicago), shift.window(slot));
        let later = LocalWindow::new(
            wall("2027-11-07T01:30"),
            wall("2027-11-07T03:00"),
            ny.parse().unwrap(),
            Some(Fold::Later),
        );
        let later = later.unwrap();
        assert_eq!(Shift::between(later, later, None).window(later), Ok(later));
    }
}
