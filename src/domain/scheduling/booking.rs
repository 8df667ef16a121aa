//! Bookings: a student's place in a slot, from the hold to the day itself; and who is let in.
//!
//! [`BookingRules::admit`] looks at everything that stands between a student and a place and answers the first thing that
//! does: the place itself, the student, the calendar, and only then whether there is room. Absent on purpose: what a
//! campus's policy says, which is looked at between the calendar and the room, and the waiting, which is the waitlist's.

use chrono::TimeDelta;

use crate::domain::{
    ids::{EventId, StudentId},
    letter::Email,
    matching::travel::{TravelRule, Venue},
    refusal::{Invalid, WrongState, line},
    scheduling::{
        event::EventState,
        policy::{HIGHEST_TIER, Hindrance, MOST_TAGS, PolicyRefused, check_tag},
        slot::{Seating, SlotState},
    },
    time::{Instant, Window},
    words::words,
};

words! {
    /// Where a booking is in its life.
    pub enum BookingState("state of a booking") {
        /// A place is kept for a few minutes, or until the answer to a waitlist's offer.
        Held = "held",
        /// The student is expected.
        Confirmed = "confirmed",
        /// The student is there.
        CheckedIn = "checked_in",
        /// The student was there to the end.
        Attended = "attended",
        /// The student did not come.
        NoShow = "no_show",
        /// The student did not come, for a reason that counts.
        Excused = "excused",
        /// The place was given back.
        Cancelled = "cancelled",
    }
}

/// The life of a booking: held → confirmed → `checked_in` → attended; `no_show`, excused, cancelled.
impl BookingState {
    /// The states that take a place whatever the time; a hold does so only until it runs out.
    pub const SEATED: &'static [Self] = &[Self::Confirmed, Self::CheckedIn, Self::Attended];

    /// Whether the student is still to come, or there.
    #[must_use]
    pub const fn is_expected(self) -> bool {
        match self {
            Self::Confirmed | Self::CheckedIn => true,
            Self::Held | Self::Attended | Self::NoShow | Self::Excused | Self::Cancelled => false,
        }
    }

    /// The hold becomes a place.
    ///
    /// # Errors
    /// [`WrongState`] unless held.
    pub fn confirm(self) -> Result<Self, WrongState> {
        self.moves("confirm", &[Self::Held], Self::Confirmed)
    }

    /// The place is given back.
    ///
    /// # Errors
    /// [`WrongState`] unless held or confirmed.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Held, Self::Confirmed], Self::Cancelled)
    }

    /// The place becomes another place.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed.
    pub fn relocate(self) -> Result<Self, WrongState> {
        self.moves("move", &[Self::Confirmed], Self::Confirmed)
    }

    /// The student is there.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed.
    pub fn check_in(self) -> Result<Self, WrongState> {
        self.moves("check_in", &[Self::Confirmed], Self::CheckedIn)
    }

    /// The student was there.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or checked in.
    pub fn attend(self) -> Result<Self, WrongState> {
        self.moves("mark_as_attended", &[Self::Confirmed, Self::CheckedIn], Self::Attended)
    }

    /// The student did not come.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed.
    pub fn miss(self) -> Result<Self, WrongState> {
        self.moves("mark_as_no_show", &[Self::Confirmed], Self::NoShow)
    }

    /// The student came after all, late.
    ///
    /// # Errors
    /// [`WrongState`] unless a no-show.
    pub fn come_late(self) -> Result<Self, WrongState> {
        self.moves("check_in", &[Self::NoShow], Self::CheckedIn)
    }

    /// There was a reason that counts.
    ///
    /// # Errors
    /// [`WrongState`] unless confirmed or a no-show.
    pub fn excuse(self) -> Result<Self, WrongState> {
        self.moves("excuse", &[Self::Confirmed, Self::NoShow], Self::Excused)
    }

    /// Whether this is a mark of the day, which can be taken back.
    #[must_use]
    pub const fn is_mark(self) -> bool {
        match self {
            Self::CheckedIn | Self::Attended | Self::NoShow | Self::Excused => true,
            Self::Held | Self::Confirmed | Self::Cancelled => false,
        }
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

/// A student, as one campus knows them. They need no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// The campus's own name for them, such as a student number; one student has one.
    pub external_ref: String,
    /// What they are called.
    pub name: String,
    /// Where their letters go.
    pub email: Email,
    /// What they study.
    pub majors: Vec<String>,
    /// How far they are, as the campus says it: `sophomore`, `2L`.
    pub year: Option<String>,
    /// What else opens doors to them: `athletes`, `honors`.
    pub groups: Vec<String>,
}

/// The most entries of a student's list of majors.
pub const MOST_MAJORS: usize = 10;
/// The most entries of a student's list of groups.
pub const MOST_GROUPS: usize = 20;

impl Student {
    /// A student by these facts, cleaned.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn new(
        external_ref: &str,
        name: &str,
        email: &str,
        majors: &[String],
        year: Option<&str>,
        groups: &[String],
    ) -> Result<Self, Vec<Invalid>> {
        let email = Email::parse(email).map_err(|_| {
            let shown: String = email.chars().take(60).collect();
            Invalid::new("email", "invalid_email", format!("{shown:?} is no e-mail address"))
        });
        let year = year.map(|year| line("year", year, 1, 50)).transpose();
        let majors = lines("majors", majors, MOST_MAJORS, 100);
        let groups = lines("groups", groups, MOST_GROUPS, 100);
        let read =
            (line("external_ref", external_ref, 1, 100), line("name", name, 1, 200), email, majors, year, groups);
        match read {
            (Ok(external_ref), Ok(name), Ok(email), Ok(majors), Ok(year), Ok(groups)) => {
                Ok(Self { external_ref, name, email, majors, year, groups })
            }
            (external_ref, name, email, majors, year, groups) => {
                let faults = [external_ref.err(), name.err(), email.err(), majors.err(), year.err(), groups.err()];
                Err(faults.into_iter().flatten().collect())
            }
        }
    }
}

/// A list of lines, none twice.
fn lines(field: &'static str, texts: &[String], most: usize, longest: usize) -> Result<Vec<String>, Invalid> {
    if texts.len() > most {
        return Err(Invalid::new(
            field,
            "too_many",
            format!("it has {} entries, at most {most} are taken", texts.len()),
        ));
    }
    let mut read: Vec<String> = Vec::with_capacity(texts.len());
    for (number, text) in texts.iter().enumerate() {
        let text = line("", text, 1, longest).map_err(|invalid| invalid.within(number).within(field))?;
        if !read.contains(&text) {
            read.push(text);
        }
    }
    Ok(read)
}

/// Who may book places of an event, when, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRules {
    /// From when on; at once where nothing is said.
    pub opens_at: Option<Instant>,
    /// How many minutes before a slot's start nobody is let in any more: 0 to 43,200.
    pub closes_minutes_before: u32,
    /// How many places of the event a student may have at a time: 1 to 50.
    pub max_per_person: Option<u32>,
    /// For how long a hold keeps its place: 1 to 60 minutes.
    pub hold_minutes: u32,
    /// For how long a place is offered to one who waits: 5 to 4,320 minutes.
    pub waitlist_offer_minutes: u32,
    /// Whoever studies one of these; everybody when empty.
    pub majors: Vec<String>,
    /// Whoever is in one of these years; everybody when empty.
    pub years: Vec<String>,
    /// Whoever is in one of these groups; everybody when empty.
    pub groups: Vec<String>,
    /// Whoever has attended each of these before.
    pub after_events: Vec<EventId>,
    /// Whether a slot that wants volunteers takes students only once one of them sits there.
    pub staffed_only: bool,
    /// How many minutes after a slot's start the places of those who have not come are free for others: 1 to 240; never
    /// where nothing is said.
    pub release_after_minutes: Option<u32>,
    /// What the campus's policy calls this, beside its kind: `employer_interview`.
    pub policy_tags: Vec<String>,
    /// The tier in which offences here count, from 1, where the policy has tiers.
    pub policy_tier: Option<u8>,
    /// The most places that one booking takes, the student's own included: 1 to [`MOST_IN_PARTY`].
    pub max_party: u32,
}

/// The most places that one booking takes in any event.
pub const MOST_IN_PARTY: u32 = 10;

impl Default for BookingRules {
    fn default() -> Self {
        Self {
            opens_at: None,
            closes_minutes_before: 0,
            max_per_person: None,
            hold_minutes: 10,
            waitlist_offer_minutes: 720,
            majors: Vec::new(),
            years: Vec::new(),
            groups: Vec::new(),
            after_events: Vec::new(),
            staffed_only: false,
            release_after_minutes: None,
            policy_tags: Vec::new(),
            policy_tier: None,
            max_party: 1,
        }
    }
}

/// What is asked, with all that is to be known about it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The time.
    pub now: Instant,
    /// Where the event is in its life.
    pub event: EventState,
    /// Where the slot is in its life.
    pub slot: SlotState,
    /// The volunteers it wants and has.
    pub seating: Seating,
    /// When the slot takes place.
    pub window: Window,
    /// Where the event takes place, as far as the way there matters.
    pub venue: Venue,
    /// Who asks.
    pub student: &'a Student,
    /// What the student has: other places, live holds included.
    pub commitments: &'a [Commitment],
    /// Of the events asked for beforehand, those the student attended.
    pub attended: &'a [EventId],
    /// Whether the student is in this slot already.
    pub already: bool,
    /// How many places the student has in the event.
    pub in_event: u32,
    /// The places of the slot.
    pub capacity: u32,
    /// How many of them are taken or held.
    pub taken: u32,
    /// How many who wait would take a place of this slot, and come first.
    pub waiting: u32,
    /// How many places are asked for, from 1.
    pub party: u32,
}

/// A place somebody has elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitment {
    /// What it is called.
    pub title: String,
    /// When.
    pub window: Window,
    /// Where.
    pub venue: Venue,
}

/// What stands between a student and a place.
#[derive(Debug, Clone, PartialEq)]
pub enum BookingRefused {
    /// The event is not open to students.
    Event(EventState),
    /// The slot takes nobody.
    Slot(SlotState),
    /// Nobody sits there: since when, where somebody did.
    Unstaffed(Option<Instant>),
    /// It has begun, at this time.
    HasBegun(Instant),
    /// The doors open at this time.
    DoorsShut(Instant),
    /// It was over, at this time.
    Over(Instant),
    /// Booking opens at this time.
    NotYet(Instant),
    /// Booking closed at this time.
    Closed(Instant),
    /// The student has this place.
    Already,
    /// The student is not among those it is for: by rule, and in words.
    NotEligible(Vec<(&'static str, String)>),
    /// The student has as many places as one may have.
    Limit(u32),
    /// The student is elsewhere at that time.
    Overlap(Commitment),
    /// The campus's policy does not allow it.
    Policy(Box<PolicyRefused>),
    /// Every place is taken, or promised to one who waits.
    Full {
        /// How many places are free, which are promised.
        free: u32,
        /// How many wait.
        waiting: u32,
    },
}

impl BookingRefused {
    /// Whether it stands in everybody's way, whoever they are.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        match self {
            Self::Event(_)
            | Self::Slot(_)
            | Self::Unstaffed(_)
            | Self::HasBegun(_)
            | Self::DoorsShut(_)
            | Self::Over(_)
            | Self::NotYet(_)
            | Self::Closed(_)
            | Self::Full { .. } => true,
            Self::Policy(refused) => matches!(refused.why, Hindrance::NotYet(_) | Hindrance::Closed(_)),
            Self::Already | Self::NotEligible(_) | Self::Limit(_) | Self::Overlap(_) => false,
        }
    }
}

impl BookingRules {
    /// Rules by these facts, cleaned.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn new(rules: Self) -> Result<Self, Vec<Invalid>> {
        let within = |field: &'static str, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Invalid::new(field, "out_of_range", format!("it is {value}, from {least} to {most} are taken")))
        };
        let mut faults = Vec::new();
        let mut keep = |fault: Invalid| faults.push(fault);
        let numbers = [
            within("closes_minutes_before", rules.closes_minutes_before, 0, 43_200),
            rules.max_per_person.map_or(Ok(()), |most| within("max_per_person", most, 1, 50)),
            within("max_party", rules.max_party, 1, MOST_IN_PARTY),
            within("hold_minutes", rules.hold_minutes, 1, 60),
            within("waitlist_offer_minutes", rules.waitlist_offer_minutes, 5, 4_320),
            rules.release_after_minutes.map_or(Ok(()), |minutes| within("release_after_minutes", minutes, 1, 240)),
        ];
        numbers.into_iter().filter_map(Result::err).for_each(&mut keep);
        let majors = lines("majors", &rules.majors, 50, 100).map_err(&mut keep).unwrap_or_default();
        let years = lines("years", &rules.years, 20, 50).map_err(&mut keep).unwrap_or_default();
        let groups = lines("groups", &rules.groups, 50, 100).map_err(&mut keep).unwrap_or_default();
        if rules.after_events.len() > 10 {
            let detail = format!("it has {} entries, at most 10 are taken", rules.after_events.len());
            keep(Invalid::new("after_events", "too_many", detail));
        }
        if rules.policy_tags.len() > MOST_TAGS {
            let detail = format!("it has {} entries, at most {MOST_TAGS} are taken", rules.policy_tags.len());
            keep(Invalid::new("policy_tags", "too_many", detail));
        }
        let tags = rules.policy_tags.iter().enumerate().take(MOST_TAGS);
        tags.filter_map(|(number, tag)| check_tag(&format!("policy_tags/{number}"), tag).err()).for_each(&mut keep);
        if let Some(tier) = rules.policy_tier.filter(|tier| !(1..=HIGHEST_TIER).contains(tier)) {
            let detail = format!("it is {tier}, from 1 to {HIGHEST_TIER} are taken");
            keep(Invalid::new("policy_tier", "out_of_range", detail));
        }
        if faults.is_empty() { Ok(Self { majors, years, groups, ..rules }) } else { Err(faults) }
    }

    /// The tags of the event as a policy asks for them.
    #[must_use]
    pub fn tags(&self) -> Vec<&str> {
        self.policy_tags.iter().map(String::as_str).collect()
    }

    /// Lets a student in, or says what stands in the way.
    ///
    /// # Errors
    /// [`BookingRefused`], the first of its reasons in the order of its variants.
    pub fn admit(&self, asked: &Asked<'_>) -> Result<(), BookingRefused> {
        self.may_ask(asked)?;
        if asked.taken.saturating_add(asked.waiting).saturating_add(asked.party) > asked.capacity {
            let free = asked.capacity.saturating_sub(asked.taken);
            return Err(BookingRefused::Full { free, waiting: asked.waiting });
        }
        Ok(())
    }

    /// A number of places that one booking may take here.
    ///
    /// # Errors
    /// [`Invalid`] unless 1 to `max_party`.
    pub fn party(&self, number: i64) -> Result<u32, Invalid> {
        let read = u32::try_from(number).ok().filter(|number| (1..=self.max_party).contains(number));
        read.ok_or_else(|| {
            let detail = format!("it is {number}, this event takes 1 to {} places with one booking", self.max_party);
            Invalid::new("party", "out_of_range", detail)
        })
    }

    /// Everything but the campus's policy and whether there is room: what one who waits must meet as well.
    ///
    /// # Errors
    /// [`BookingRefused`], never [`BookingRefused::Policy`] nor [`BookingRefused::Full`].
    pub fn may_ask(&self, asked: &Asked<'_>) -> Result<(), BookingRefused> {
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
        if asked.seating.is_deserted() || (self.staffed_only && !asked.seating.is_staffed()) {
            return Err(BookingRefused::Unstaffed(asked.seating.unstaffed_since));
        }
        let start = asked.window.start();
        if start <= asked.now {
            return Err(BookingRefused::HasBegun(start));
        }
        if let Some(opens) = self.opens_at.filter(|opens| asked.now < *opens) {
            return Err(BookingRefused::NotYet(opens));
        }
        let closes = start.plus(-TimeDelta::minutes(i64::from(self.closes_minutes_before)));
        if self.closes_minutes_before > 0 && closes <= asked.now {
            return Err(BookingRefused::Closed(closes));
        }
        if asked.already {
            return Err(BookingRefused::Already);
        }
        self.may_have(asked)
    }

    /// What speaks against the student alone: whom it is for, how much they have, where they are.
    ///
    /// # Errors
    /// [`BookingRefused::NotEligible`], [`BookingRefused::Limit`], [`BookingRefused::Overlap`].
    pub fn may_have(&self, asked: &Asked<'_>) -> Result<(), BookingRefused> {
        let refusals = self.not_eligible(asked.student, asked.attended);
        if !refusals.is_empty() {
            return Err(BookingRefused::NotEligible(refusals));
        }
        if let Some(most) = self.max_per_person.filter(|most| asked.in_event >= *most) {
            return Err(BookingRefused::Limit(most));
        }
        let travel = TravelRule::default();
        let clashes = |other: &&Commitment| travel.clash((asked.window, asked.venue), (other.window, other.venue));
        match asked.commitments.iter().find(clashes) {
            Some(other) => Err(BookingRefused::Overlap(other.clone())),
            None => Ok(()),
        }
    }

    /// Why this is not for a student, by rule and in words; empty when it is.
    #[must_use]
    pub fn not_eligible(&self, student: &Student, attended: &[EventId]) -> Vec<(&'static str, String)> {
        let one_of = |wanted: &[String], has: &[&str]| {
            wanted.is_empty() || wanted.iter().any(|wanted| has.iter().any(|has| has.eq_ignore_ascii_case(wanted)))
        };
        let mut refusals = Vec::new();
        let majors: Vec<&str> = student.majors.iter().map(String::as_str).collect();
        if !one_of(&self.majors, &majors) {
            refusals.push(("major", format!("It is for those who study {}.", self.majors.join(", "))));
        }
        let year: Vec<&str> = student.year.iter().map(String::as_str).collect();
        if !one_of(&self.years, &year) {
            refusals.push(("year", format!("It is for these years: {}.", self.years.join(", "))));
        }
        let groups: Vec<&str> = student.groups.iter().map(String::as_str).collect();
        if !one_of(&self.groups, &groups) {
            refusals.push(("group", format!("It is for these groups: {}.", self.groups.join(", "))));
        }
        for event in self.after_events.iter().filter(|event| !attended.contains(event)) {
            refusals.push(("after_event", format!("It is for those who attended the event {event} before.")));
        }
        refusals
    }
}

/// How long before a slot's start people may be checked in.
pub const DOORS_OPEN: TimeDelta = TimeDelta::hours(2);

/// A student with what a campus keeps of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStudent {
    /// Which student it is.
    pub id: StudentId,
    /// The facts.
    pub student: Student,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::place::Position;

    fn student() -> Student {
        let majors = ["Accounting".to_owned()];
        Student::new("s-1", "Sam Example", "sam@example.edu", &majors, Some("junior"), &[]).unwrap()
    }

    fn window(from: i64, until: i64) -> Window {
        Window::new(Instant::from_unix(from), Instant::from_unix(until)).unwrap()
    }

    fn asked(student: &Student) -> Asked<'_> {
        Asked {
            now: Instant::from_unix(0),
            event: EventState::Published,
            slot: SlotState::Open,
            seating: Seating::default(),
            window: window(7_200, 9_000),
            venue: Venue::At(None),
            student,
            commitments: &[],
            attended: &[],
            already: false,
            in_event: 0,
            capacity: 2,
            taken: 1,
            waiting: 0,
            party: 1,
        }
    }

    #[test]
    fn a_booking_lives_only_by_its_verbs() {
        use BookingState::{Attended, Cancelled, CheckedIn, Confirmed, Excused, Held, NoShow};
        type Verb = fn(BookingState) -> Result<BookingState, WrongState>;
        let check = |verb: Verb, from: &[BookingState], to: BookingState| {
            for &state in BookingState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(BookingState::confirm, &[Held], Confirmed);
        check(BookingState::cancel, &[Held, Confirmed], Cancelled);
        check(BookingState::relocate, &[Confirmed], Confirmed);
        check(BookingState::check_in, &[Confirmed], CheckedIn);
        check(BookingState::attend, &[Confirmed, CheckedIn], Attended);
        check(BookingState::miss, &[Confirmed], NoShow);
        check(BookingState::come_late, &[NoShow], CheckedIn);
        check(BookingState::excuse, &[Confirmed, NoShow], Excused);
    }

    #[test]
    fn the_first_thing_in_the_way_is_named() {
        let sam = student();
        let open = BookingRules::default();
        let check = |rules: &BookingRules, asked: Asked<'_>, expect: Result<(), BookingRefused>| {
            assert_eq!(rules.admit(&asked), expect, "{asked:?}");
        };
        let ask = asked(&sam);
        check(&open, ask, Ok(()));
        check(&open, Asked { taken: 2, ..ask }, Err(BookingRefused::Full { free: 0, waiting: 0 }));
        check(&open, Asked { taken: 1, waiting: 1, ..ask }, Err(BookingRefused::Full { free: 1, waiting: 1 }));
        check(&open, Asked { party: 2, ..ask }, Err(BookingRefused::Full { free: 1, waiting: 0 }));
        check(&open, Asked { party: 2, taken: 0, ..ask }, Ok(()));
        check(&open, Asked { capacity: 0, taken: 0, ..ask }, Err(BookingRefused::Full { free: 0, waiting: 0 }));
        check(&open, Asked { already: true, taken: 2, ..ask }, Err(BookingRefused::Already));
        check(&open, Asked { slot: SlotState::Closed, ..ask }, Err(BookingRefused::Slot(SlotState::Closed)));
        let empty = Asked { seating: Seating::wanting(1), ..ask };
        check(&open, empty, Ok(()));
        check(&BookingRules { staffed_only: true, ..open.clone() }, empty, Err(BookingRefused::Unstaffed(None)));
        let left = Some(Instant::from_unix(30));
        let deserted = Asked { seating: Seating { unstaffed_since: left, ..empty.seating }, ..ask };
        check(&open, deserted, Err(BookingRefused::Unstaffed(left)));
        check(&open, Asked { event: EventState::Draft, ..ask }, Err(BookingRefused::Event(EventState::Draft)));
        let start = ask.window.start();
        check(&open, Asked { now: start, ..ask }, Err(BookingRefused::HasBegun(start)));
        let later = BookingRules { opens_at: Some(Instant::from_unix(60)), ..open.clone() };
        check(&later, ask, Err(BookingRefused::NotYet(Instant::from_unix(60))));
        check(&later, Asked { now: Instant::from_unix(60), ..ask }, Ok(()));
        let early = BookingRules { closes_minutes_before: 60, ..open.clone() };
        check(&early, Asked { now: Instant::from_unix(3_599), ..ask }, Ok(()));
        let closes = Instant::from_unix(3_600);
        check(&early, Asked { now: closes, ..ask }, Err(BookingRefused::Closed(closes)));
        let twice = BookingRules { max_per_person: Some(2), ..open };
        check(&twice, Asked { in_event: 1, ..ask }, Ok(()));
        check(&twice, Asked { in_event: 2, ..ask }, Err(BookingRefused::Limit(2)));
    }

    #[test]
    fn nobody_is_in_two_places_with_the_way_between_them() {
        let sam = student();
        let here = Venue::At(Some(Position::new(39.95, -76.71).unwrap()));
        let check = |from: i64, until: i64, venue: Venue, expect: bool| {
            let other = [Commitment { title: "Fair".to_owned(), window: window(from, until), venue }];
            let ask = Asked { venue: here, commitments: &other, ..asked(&sam) };
            assert_eq!(BookingRules::default().admit(&ask).is_ok(), expect, "{from} {until} {venue:?}");
        };
        check(9_000, 9_900, here, true);
        check(8_999, 9_900, here, false);
        check(9_000, 9_900, Venue::Virtual, false);
        check(9_000 + 1_800, 12_600, Venue::Virtual, true);
    }

    #[test]
    fn who_it_is_for_is_looked_at_rule_by_rule() {
        let event = EventId::mint();
        let rules = BookingRules {
            majors: vec!["accounting".to_owned()],
            years: vec!["senior".to_owned()],
            groups: vec!["honors".to_owned()],
            after_events: vec![event],
            ..BookingRules::default()
        };
        let rules_in_the_way = |rules: &BookingRules, attended: &[EventId]| -> Vec<&'static str> {
            rules.not_eligible(&student(), attended).into_iter().map(|(rule, _)| rule).collect()
        };
        assert_eq!(rules_in_the_way(&rules, &[]), ["year", "group", "after_event"]);
        assert_eq!(rules_in_the_way(&rules, &[event]), ["year", "group"]);
        assert!(rules_in_the_way(&BookingRules::default(), &[]).is_empty());
    }

    #[test]
    fn wrong_facts_are_named_all_at_once() {
        let wrong = Student::new("", "S\u{7}m", "nobody", &["a".to_owned(), String::new()], None, &[]).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|invalid| invalid.field.as_str()).collect();
        assert_eq!(fields, ["external_ref", "name", "email", "majors/1"]);
        let rules = BookingRules { max_per_person: Some(0), hold_minutes: 61, ..BookingRules::default() };
        let fields = |rules| -> Vec<String> {
            BookingRules::new(rules).unwrap_err().into_iter().map(|wrong| wrong.field).collect()
        };
        assert_eq!(fields(rules), ["max_per_person", "hold_minutes"]);
        let policy_tags = vec!["employer_interview".to_owned(), "Employer interview".to_owned()];
        let rules = BookingRules { policy_tags, policy_tier: Some(11), ..BookingRules::default() };
        assert_eq!(fields(rules), ["policy_tags/1", "policy_tier"]);
    }
}
