//! The door on the day: the code by which a booking is known there, and what is to be said of whoever shows it.
//!
//! A code is for people to read out and to type: six letters without vowels, so that no word comes of them, and without
//! those that look or sound like others. It is no secret and gives no right; it finds one booking of one event for those
//! who may check people in. Absent on purpose: who may, and the pages.

use std::{fmt, str::FromStr};

use chrono::TimeDelta;
use uuid::Uuid;

use crate::domain::{
    scheduling::{
        booking::{Asked, BookingRefused, BookingRules, BookingState, DOORS_OPEN},
        event::EventState,
        slot::SlotState,
    },
    time::{Instant, Window},
};

/// The letters of codes.
pub const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters a code has.
pub const LENGTH: usize = 6;

/// The code of a booking, unique within its event: 64 million there are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DoorCode(String);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a code has six letters, such as BCDFGH; vowels and digits are not among them")
    }
}

impl DoorCode {
    /// A code by lot.
    #[must_use]
    pub fn mint() -> Self {
        let mut lot = Uuid::new_v4().as_u64_pair().1 & (u64::MAX >> 2);
        let mut code = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let at = usize::try_from(lot % 20).unwrap_or_default();
            code.extend(LETTERS.get(at).copied().map(char::from));
            lot /= 20;
        }
        Self(code)
    }

    /// The code as it is kept: `BCDFGH`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code as it is read: `BCD FGH`.
    #[must_use]
    pub fn spoken(&self) -> String {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{first} {second}")
    }
}

/// Small letters, blanks and hyphens are forgiven: that is how people type.
impl FromStr for DoorCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut code = String::with_capacity(LENGTH);
        for letter in text.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}')) {
            let letter = letter.to_ascii_uppercase();
            if code.len() == LENGTH || !LETTERS.iter().any(|known| char::from(*known) == letter) {
                return Err(NotACode);
            }
            code.push(letter);
        }
        if code.len() == LENGTH { Ok(Self(code)) } else { Err(NotACode) }
    }
}

impl fmt::Display for DoorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How somebody who shows a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtDoor {
    /// They are expected and may come in.
    Expected,
    /// They are in, since this time where it is known.
    Here(Option<Instant>),
    /// The doors open at this time.
    TooEarly(Instant),
    /// Their slot was over at this time.
    Over(Instant),
    /// They had not come by this time, when their place was released; they may have it as long as nobody else does.
    Late(Instant),
    /// They were marked as not having come.
    Missed,
    /// They were excused.
    Excused,
    /// The place was given back or taken away.
    GivenBack,
    /// It is held and was never confirmed.
    Held,
    /// The event has no time at present.
    Postponed,
}

impl AtDoor {
    /// How somebody with a booking in this state, from `start` to `end`, stands now; when they came and when their place was
    /// released, where they did and it was.
    #[must_use]
    pub fn of(
        booking: BookingState,
        event: EventState,
        (start, end): (Instant, Instant),
        (came, released): (Option<Instant>, Option<Instant>),
        now: Instant,
    ) -> Self {
        let opens = start.plus(-DOORS_OPEN);
        match booking {
            BookingState::Held => Self::Held,
            BookingState::Cancelled => Self::GivenBack,
            BookingState::Excused => Self::Excused,
            BookingState::CheckedIn | BookingState::Attended => Self::Here(came),
            BookingState::Confirmed | BookingState::NoShow if event == EventState::Postponed => Self::Postponed,
            BookingState::NoShow => released.filter(|_| now < end).map_or(Self::Missed, Self::Late),
            BookingState::Confirmed if now < opens => Self::TooEarly(opens),
            BookingState::Confirmed if end <= now => Self::Over(end),
            BookingState::Confirmed => Self::Expected,
        }
    }
}

/// What is left of a long slot when it still makes sense to join it.
const WORTH: TimeDelta = TimeDelta::minutes(20);

/// Whether it makes sense to be let in now: half of the time is still to come, or 20 minutes of it.
#[must_use]
pub fn is_worth_joining(window: Window, now: Instant) -> bool {
    let left = TimeDelta::seconds(window.end().unix() - now.unix());
    left > TimeDelta::zero() && left >= (window.length() / 2).min(WORTH)
}

/// Lets somebody in who came without a place, or says what stands in the way. The hours and cut-offs of booking are for
/// those who book from afar. With `over` the office sets aside whom it is for, how much one may have, what else the student
/// has, and who waits; never how many there is room for.
///
/// # Errors
/// [`BookingRefused`], the first reason.
pub fn let_in(rules: &BookingRules, asked: &Asked<'_>, over: bool) -> Result<(), BookingRefused> {
    match asked.event {
        EventState::Published | EventState::InProgress => {}
        EventState::Draft | EventState::Postponed | EventState::Completed | EventState::Cancelled => {
            return Err(BookingRefused::Event(asked.event));
        }
    }
    match asked.slot {
        SlotState::Open => {}
        SlotState::Closed | SlotState::Cancelled => return Err(BookingRefused::Slot(asked.slot)),
    }
    let opens = asked.window.start().plus(-DOORS_OPEN);
    if asked.now < opens {
        return Err(BookingRefused::DoorsShut(opens));
    }
    if asked.window.end() <= asked.now {
        return Err(BookingRefused::Over(asked.window.end()));
    }
    if asked.seating.is_deserted() || (rules.staffed_only && !asked.seating.is_staffed()) {
        return Err(BookingRefused::Unstaffed(asked.seating.unstaffed_since));
    }
    if asked.already {
        return Err(BookingRefused::Already);
    }
    if !over {
        rules.may_have(asked)?;
    }
    let waiting = if over { 0 } else { asked.waiting };
    if asked.taken.saturating_add(waiting).saturating_add(asked.party) > asked.capacity {
        return Err(BookingRefused::Full { free: asked.capacity.saturating_sub(asked.taken), waiting });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(text.parse().ok().as_ref().map(DoorCode::as_str), expect, "{text:?}");
        };
        check("BCDFGH", Some("BCDFGH"));
        check(" bcd-fgh ", Some("BCDFGH"));
        check("bCd\u{a0}FgH", Some("BCDFGH"));
        for wrong in ["", "BCDFG", "BCDFGHJ", "BCDFGA", "BCDFG1", "BCDFGÉ", "BCD/FGH", "ＢCDFGH"] {
            check(wrong, None);
        }
        assert_eq!("BCDFGH".parse::<DoorCode>().unwrap().spoken(), "BCD FGH");
    }

    #[test]
    fn whoever_comes_late_joins_what_is_worth_it() {
        let at = |minute: i64| Instant::from_unix(minute * 60);
        let check = |length: i64, now: i64, expect: bool| {
            let window = Window::new(at(0), at(length)).unwrap();
            assert_eq!(is_worth_joining(window, at(now)), expect, "{now} of {length} minutes");
        };
        check(30, -60, true);
        check(30, 15, true);
        check(30, 16, false);
        check(10, 5, true);
        check(10, 6, false);
        check(360, 340, true);
        check(360, 341, false);
        check(30, 30, false);
        check(30, 99, false);
    }

    #[test]
    fn codes_are_drawn_by_lot_and_can_be_read() {
        let drawn: HashSet<DoorCode> = (0..2_000).map(|_| DoorCode::mint()).collect();
        assert!(drawn.len() > 1_995, "{} of 2000 differ", drawn.len());
        assert!(drawn.iter().all(|code| code.as_str().parse().as_ref() == Ok(code)));
        let letters: HashSet<char> = drawn.iter().flat_map(|code| code.as_str().chars()).collect();
        assert_eq!(letters.len(), LETTERS.len(), "every letter is drawn");
    }

    #[test]
    fn whoever_shows_a_code_is_told_how_they_stand() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let times = (at("2027-03-04T17:30:00Z"), at("2027-03-04T18:00:00Z"));
        let check = |state, event, now: &str, expect| {
            assert_eq!(AtDoor::of(state, event, times, (None, None), at(now)), expect, "{state:?} {event:?} at {now}");
        };
        let late = |now: &str, expect| {
            let released = (None, Some(at("2027-03-04T17:40:00Z")));
            assert_eq!(
                AtDoor::of(BookingState::NoShow, EventState::Published, times, released, at(now)),
                expect,
                "{now}"
            );
        };
        late("2027-03-04T17:59:59Z", AtDoor::Late(at("2027-03-04T17:40:00Z")));
        late("2027-03-04T18:00:00Z", AtDoor::Missed);
        let (on, off) = (EventState::Published, EventState::Postponed);
        let opens = at("2027-03-04T15:30:00Z");
        check(BookingState::Confirmed, on, "2027-03-04T15:29:59Z", AtDoor::TooEarly(opens));
        check(BookingState::Confirmed, on, "2027-03-04T15:30:00Z", AtDoor::Expected);
        check(BookingState::Confirmed, on, "2027-03-04T17:59:59Z", AtDoor::Expected);
        check(BookingState::Confirmed, on, "2027-03-04T18:00:00Z", AtDoor::Over(times.1));
        check(BookingState::Confirmed, off, "2027-03-04T17:30:00Z", AtDoor::Postponed);
        check(BookingState::CheckedIn, on, "2027-03-05T00:00:00Z", AtDoor::Here(None));
        check(BookingState::Attended, on, "2027-03-05T00:00:00Z", AtDoor::Here(None));
        check(BookingState::NoShow, on, "2027-03-04T17:45:00Z", AtDoor::Missed);
        check(BookingState::Excused, on, "2027-03-04T17:45:00Z", AtDoor::Excused);
        check(BookingState::Held, on, "2027-03-04T17:45:00Z", AtDoor::Held);
        check(BookingState::Cancelled, off, "2027-03-04T17:45:00Z", AtDoor::GivenBack);
    }
}
