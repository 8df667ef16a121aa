//! The waitlist: a student's claim on the next free place that would do, and until when an offered place is kept.
//!
//! An entry belongs to the event, not to one slot: "any on Thursday afternoon". Whoever came first is asked first; a place
//! that is offered is held. Absent on purpose: the places themselves.

use chrono::{Days, NaiveTime, TimeDelta};

use crate::domain::{
    ids::SlotId,
    refusal::{Invalid, WrongState},
    time::{Instant, Window, Zone},
    words::words,
};

words! {
    /// Where an entry is in its life.
    pub enum EntryState("state of a waitlist entry") {
        /// It waits for a place.
        Waiting = "waiting",
        /// A place is held for it until a deadline.
        Offered = "offered",
        /// The place was taken.
        Accepted = "accepted",
        /// The deadline passed.
        Expired = "expired",
        /// The place was not wanted.
        Declined = "declined",
        /// The student does not wait any more.
        Left = "left",
        /// There is nothing left to wait for.
        Closed = "closed",
    }
}

/// The life of an entry: waiting → offered → accepted, expired, declined, left, closed.
impl EntryState {
    /// A place is held for it.
    ///
    /// # Errors
    /// [`WrongState`] unless waiting.
    pub fn offer(self) -> Result<Self, WrongState> {
        self.moves("offer", &[Self::Waiting], Self::Offered)
    }

    /// The student takes the place.
    ///
    /// # Errors
    /// [`WrongState`] unless offered.
    pub fn accept(self) -> Result<Self, WrongState> {
        self.moves("accept", &[Self::Offered], Self::Accepted)
    }

    /// The student does not want the place.
    ///
    /// # Errors
    /// [`WrongState`] unless offered.
    pub fn decline(self) -> Result<Self, WrongState> {
        self.moves("decline", &[Self::Offered], Self::Declined)
    }

    /// The deadline passed.
    ///
    /// # Errors
    /// [`WrongState`] unless offered.
    pub fn expire(self) -> Result<Self, WrongState> {
        self.moves("expire", &[Self::Offered], Self::Expired)
    }

    /// The student does not wait any more.
    ///
    /// # Errors
    /// [`WrongState`] unless waiting or offered.
    pub fn leave(self) -> Result<Self, WrongState> {
        self.moves("leave", &[Self::Waiting, Self::Offered], Self::Left)
    }

    /// There is nothing left to wait for.
    ///
    /// # Errors
    /// [`WrongState`] unless waiting or offered.
    pub fn close(self) -> Result<Self, WrongState> {
        self.moves("close", &[Self::Waiting, Self::Offered], Self::Closed)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

/// The most slots that a wish names.
pub const MOST_SLOTS: usize = 50;

/// Which places would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Those that start at this time or later.
    pub from: Option<Instant>,
    /// Those that start before this time.
    pub until: Option<Instant>,
    /// These slots; any when empty.
    pub slots: Vec<SlotId>,
}

impl Wish {
    /// A wish by these facts.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn new(from: Option<Instant>, until: Option<Instant>, slots: Vec<SlotId>) -> Result<Self, Vec<Invalid>> {
        let mut faults = Vec::new();
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            faults.push(Invalid::new("until", "reversed", format!("{until} is not after {from}")));
        }
        if slots.len() > MOST_SLOTS {
            let detail = format!("it has {} entries, at most {MOST_SLOTS} are taken", slots.len());
            faults.push(Invalid::new("slot_ids", "too_many", detail));
        }
        if faults.is_empty() { Ok(Self { from, until, slots }) } else { Err(faults) }
    }

    /// Whether a place in this slot would do.
    #[must_use]
    pub fn takes(&self, slot: SlotId, window: Window) -> bool {
        self.from.is_none_or(|from| from <= window.start())
            && self.until.is_none_or(|until| window.start() < until)
            && (self.slots.is_empty() || self.slots.contains(&slot))
    }
}

/// Nobody is asked to answer before this hour.
const WAKES: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
/// Nobody is asked to answer after this hour.
const SLEEPS: NaiveTime = NaiveTime::from_hms_opt(21, 0, 0).unwrap();
/// Below this many minutes nobody can be expected to read a letter and answer.
const LEAST: TimeDelta = TimeDelta::minutes(5);

/// Until when a place that starts at `start` is kept for one who waits: `minutes` from `now`; no longer than half of the
/// time that is left, so that the next has a chance as well; and not in the night of `zone`, where that leaves the place
/// time to be used: then until 9 in the morning after it. `None` when it has begun or is about to.
#[must_use]
pub fn answer_by(now: Instant, start: Instant, minutes: u32, zone: Zone) -> Option<Instant> {
    let left = TimeDelta::seconds(start.unix() - now.unix());
    let most = left / 2;
    if most < LEAST {
        return None;
    }
    let usual = TimeDelta::minutes(i64::from(minutes));
    let deadline = now.plus(usual.min(most));
    let wall = deadline.wall(zone);
    let morning = if wall.time() < WAKES {
        Some(wall.date())
    } else if wall.time() > SLEEPS {
        wall.date().checked_add_days(Days::new(1))
    } else {
        None
    };
    let Some(morning) = morning else { return Some(deadline) };
    let later = zone.at_or_after(morning.and_time(WAKES));
    // The place must still be of use to the next one in the queue.
    Some(if later < start.plus(-LEAST) { later } else { deadline })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn an_entry_lives_only_by_its_verbs() {
        use EntryState::{Accepted, Closed, Declined, Expired, Left, Offered, Waiting};
        type Verb = fn(EntryState) -> Result<EntryState, WrongState>;
        let check = |verb: Verb, from: &[EntryState], to: EntryState| {
            for &state in EntryState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(EntryState::offer, &[Waiting], Offered);
        check(EntryState::accept, &[Offered], Accepted);
        check(EntryState::decline, &[Offered], Declined);
        check(EntryState::expire, &[Offered], Expired);
        check(EntryState::leave, &[Waiting, Offered], Left);
        check(EntryState::close, &[Waiting, Offered], Closed);
    }

    #[test]
    fn a_wish_names_times_and_slots() {
        let (this, that) = (SlotId::mint(), SlotId::mint());
        let window = Window::new(at("2027-03-04T18:00:00Z"), at("2027-03-04T18:30:00Z")).unwrap();
        let check = |from: Option<&str>, until: Option<&str>, slots: &[SlotId], expect: bool| {
            let wish = Wish::new(from.map(at), until.map(at), slots.to_vec()).unwrap();
            assert_eq!(wish.takes(this, window), expect, "{wish:?}");
        };
        check(None, None, &[], true);
        check(Some("2027-03-04T18:00:00Z"), Some("2027-03-04T18:00:01Z"), &[], true);
        check(Some("2027-03-04T18:00:01Z"), None, &[], false);
        check(None, Some("2027-03-04T18:00:00Z"), &[], false);
        check(None, None, &[that], false);
        check(None, None, &[that, this], true);
        let wrong = Wish::new(Some(at("2027-03-04T18:00:00Z")), Some(at("2027-03-04T18:00:00Z")), Vec::new());
        assert_eq!(wrong.unwrap_err()[0].field, "until");
    }

    #[test]
    fn an_answer_is_due_when_people_are_awake() {
        let zone: Zone = "America/New_York".parse().unwrap();
        let check = |now: &str, start: &str, minutes: u32, expect: Option<&str>| {
            assert_eq!(answer_by(at(now), at(start), minutes, zone), expect.map(at), "{now} {start} {minutes}");
        };
        // Noon in New York: twelve hours later it is midnight, so the answer is due at 9.
        check("2027-03-01T17:00:00Z", "2027-03-20T17:00:00Z", 720, Some("2027-03-02T14:00:00Z"));
        check("2027-03-01T15:00:00Z", "2027-03-20T17:00:00Z", 60, Some("2027-03-01T16:00:00Z"));
        // Across the night on which the clocks go forward, 9 is 13:00 UTC.
        check("2027-03-13T22:00:00Z", "2027-03-20T17:00:00Z", 720, Some("2027-03-14T13:00:00Z"));
        // A place in two hours is kept for one, a place in nine minutes for nobody.
        check("2027-03-01T17:00:00Z", "2027-03-01T19:00:00Z", 720, Some("2027-03-01T18:00:00Z"));
        check("2027-03-01T17:00:00Z", "2027-03-01T17:09:00Z", 720, None);
        check("2027-03-01T17:00:00Z", "2027-03-01T16:00:00Z", 720, None);
        // In the night before an early start there is no morning left to wait for.
        check("2027-03-02T04:00:00Z", "2027-03-02T13:00:00Z", 720, Some("2027-03-02T08:30:00Z"));
    }

    proptest! {
        #[test]
        fn a_deadline_lies_between_now_and_the_start(now in 1_800_000_000_i64..1_900_000_000, left in 0_i64..2_000_000, minutes in 5_u32..4_320) {
            let (now, start) = (Instant::from_unix(now), Instant::from_unix(now + left));
            for zone in ["America/New_York", "Australia/Lord_Howe", "UTC"] {
                if let Some(deadline) = answer_by(now, start, minutes, zone.parse().unwrap()) {
                    prop_assert!(now < deadline && deadline < start);
                } else {
                    prop_assert!(left < 600);
                }
            }
        }
    }
}
