//! What a person is told, before it is put into words: one variant for each letter, with all it takes to write it.
//!
//! A use case posts a notice in the transaction that makes it true; `mail::letters` turns it into a finished
//! [`Letter`](super::letter::Letter) there and then. What is absent on purpose: wording, links it was not given, and the
//! outbox.

use super::{
    agenda::{Entry, Status},
    letter::{LetterKind, Person, clean_text, one_line},
    matching::campus_request::{Kind, Mode},
    scheduling::{door::DoorCode, event::EventKind},
    time::{Instant, LocalWindow, Zone},
    wording,
};

/// The longest place in words; what the API takes is shorter.
const LONGEST_PLACE: usize = 1000;

/// Where the service is reached and who signs its letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// `https://rostrum.example.edu`, without a slash at the end.
    pub base_url: String,
    /// The host that message ids and calendar UIDs end in.
    pub host: String,
    /// The From of every letter and the ORGANIZER of every invite.
    pub from: Person,
}

/// Who reads a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Name and address.
    pub person: Person,
    /// The reader's own clocks, where known: both times are said when they differ from the place's.
    pub zone: Option<Zone>,
}

/// The campus a letter speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campus {
    /// Its name.
    pub name: String,
    /// The career office, which gets the answers.
    pub contact: Option<Person>,
}

/// What a volunteer is asked, or has promised, to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// For whom.
    pub campus: Campus,
    /// The need's title.
    pub title: String,
    /// Why it is wanted.
    pub purpose: String,
    /// The kind of need.
    pub kind: Kind,
    /// As what: "interviewer".
    pub role: String,
    /// When.
    pub when: LocalWindow,
    /// How people come together.
    pub mode: Mode,
    /// Where, or how to join; `None` while that is not known.
    pub place: Option<String>,
    /// Whether the time does not hold any more and another is not known yet.
    pub postponed: bool,
}

impl Engagement {
    /// Where it takes place, in words.
    #[must_use]
    pub fn place_in_words(&self) -> String {
        place_in_words(self.mode, self.place.as_deref())
    }

    /// When it takes place, in words.
    #[must_use]
    pub fn when_in_words(&self) -> String {
        when_in_words(self.when, self.postponed)
    }

    /// Its entry in a calendar. The invite and the volunteer's feed are both made from this one, so that they agree;
    /// who invites whom is added by the invite.
    #[must_use]
    pub fn entry(&self, mark: &CalendarMark, status: Status) -> Entry {
        let purpose = clean_text(&self.purpose);
        let lines = [purpose.as_str(), &self.campus.name].into_iter().filter(|line| !line.is_empty());
        Entry {
            uid: mark.uid.clone(),
            sequence: mark.sequence,
            status,
            summary: format!("{} ({})", self.title, self.role),
            description: Some(lines.collect::<Vec<_>>().join("\n\n")),
            location: Some(self.place_in_words()),
            position: None,
            url: None,
            categories: vec![self.kind.in_words()],
            when: self.when,
            changed: mark.changed,
            created: mark.created,
            organizer: None,
            attendee: None,
            transparent: false,
        }
        .postponed_if(self.postponed)
    }
}

fn when_in_words(when: LocalWindow, postponed: bool) -> String {
    let said = wording::at_the_place(when);
    if postponed { format!("not yet known; it was to be {said}") } else { said }
}

fn place_in_words(mode: Mode, place: Option<&str>) -> String {
    let place = place.map(|place| one_line(place, LONGEST_PLACE));
    match (mode, place) {
        (Mode::InPerson, Some(place)) => place,
        (Mode::InPerson, None) => "The place will be announced".to_owned(),
        (Mode::Virtual, Some(how)) => format!("Online: {how}"),
        (Mode::Virtual, None) => "Online".to_owned(),
    }
}

/// A student's place, as far as letters and calendars show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceFacts {
    /// Of whom.
    pub campus: Campus,
    /// The event's title.
    pub title: String,
    /// What takes place.
    pub kind: EventKind,
    /// The table or circle.
    pub label: Option<String>,
    /// When.
    pub when: LocalWindow,
    /// How people come together.
    pub mode: Mode,
    /// Where, or how to join; `None` while that is not known.
    pub place: Option<String>,
    /// Who speaks or leads.
    pub presenter: Option<String>,
    /// Whether the time does not hold any more and another is not known yet.
    pub postponed: bool,
    /// How many places it takes, from 1.
    pub party: u32,
}

impl PlaceFacts {
    /// Where it takes place, in words, the table or circle included.
    #[must_use]
    pub fn place_in_words(&self) -> String {
        let place = place_in_words(self.mode, self.place.as_deref());
        match &self.label {
            Some(label) => format!("{place}, {}", one_line(label, LONGEST_PLACE)),
            None => place,
        }
    }

    /// When it takes place, in words.
    #[must_use]
    pub fn when_in_words(&self) -> String {
        when_in_words(self.when, self.postponed)
    }

    /// Its entry in a calendar.
    #[must_use]
    pub fn entry(&self, mark: &CalendarMark, status: Status) -> Entry {
        Entry {
            uid: mark.uid.clone(),
            sequence: mark.sequence,
            status,
            summary: self.title.clone(),
            description: Some(match &self.presenter {
                Some(presenter) => format!("With {}\n\n{}", one_line(presenter, LONGEST_PLACE), self.campus.name),
                None => self.campus.name.clone(),
            }),
            location: Some(self.place_in_words()),
            position: None,
            url: None,
            categories: vec![self.kind.in_words()],
            when: self.when,
            changed: mark.changed,
            created: mark.created,
            organizer: None,
            attendee: None,
            transparent: false,
        }
        .postponed_if(self.postponed)
    }
}

/// What has become of something that people have promised to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It does not hold any more, and another is not known yet.
    Postponed {
        /// As the office put it.
        reason: String,
    },
    /// There is another; or, where it is the same, something else about it has changed.
    Rescheduled {
        /// When it was to be.
        from: LocalWindow,
        /// As the office put it.
        reason: Option<String>,
    },
    /// It was postponed, and holds after all.
    Resumed {
        /// As the office put it.
        reason: Option<String>,
    },
    /// The volunteer whom the student was to meet cannot come, and there is another place instead.
    Instead,
}

/// Why a student's place is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceEnd {
    /// The student gave it back, or the campus's portal did for them.
    GivenBack,
    /// The career office took it.
    Removed {
        /// As the office put it.
        reason: Option<String>,
    },
    /// The slot or the whole event does not take place.
    CalledOff {
        /// As the office put it.
        reason: Option<String>,
    },
    /// The volunteer whom the student was to meet cannot come.
    Deserted {
        /// Whether the student waits for another place, ahead of those who came later.
        waits: bool,
    },
}

/// Why a place is no longer held for one who waits. But for the first, they wait again where they stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldEnd {
    /// The time to answer passed: they wait no more.
    Expired,
    /// It takes place at another time, or at none that is known yet.
    Moved,
    /// The volunteer whom they were to meet cannot come.
    Deserted,
    /// The slot does not take place, while the event does.
    CalledOff,
    /// The event does not take place: nobody waits for it any more.
    Over,
}

/// What a calendar entry needs besides the engagement itself: its identity and its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarMark {
    /// `<id>@<site>`, for life.
    pub uid: String,
    /// Raised by every change of time, place or status.
    pub sequence: u32,
    /// When the engagement was made.
    pub created: Instant,
    /// When it last changed; the entry's DTSTAMP.
    pub changed: Instant,
}

/// Why an offer ended without the volunteer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferEnd {
    /// The deadline passed.
    Expired,
    /// The career office took it back.
    Withdrawn {
        /// As the office put it.
        reason: Option<String>,
    },
    /// The need was filled, withdrawn or cancelled.
    NoLongerNeeded,
    /// It takes place at another time, which is not known yet.
    Postponed {
        /// As the office put it.
        reason: String,
    },
}

/// Why a confirmed engagement is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelCause {
    /// The volunteer gave the seat back.
    Released,
    /// The career office took this person off; the event goes on.
    Removed {
        /// As the office put it.
        reason: Option<String>,
    },
    /// The event does not take place.
    EventCancelled {
        /// As the office put it.
        reason: Option<String>,
    },
}

/// One of several places that a student is told of together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOfMany {
    /// Which.
    pub place: PlaceFacts,
    /// Its calendar entry.
    pub mark: CalendarMark,
    /// The page on which it can be given back.
    pub link: String,
    /// What is shown at the door, where there is one.
    pub pass: Option<DoorPass>,
}

/// What a student shows at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorPass {
    /// By what the booking is known there.
    pub code: DoorCode,
    /// Where a phone of the door is led: the address in the QR picture.
    pub link: String,
}

/// What has become of one of several places that a student is told of together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceChange {
    /// Which.
    pub place: PlaceFacts,
    /// Its calendar entry, with the sequence raised.
    pub mark: CalendarMark,
    /// How it stands.
    pub stands: PlaceStands,
}

/// How a place stands after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceStands {
    /// It is the student's.
    Theirs {
        /// The page on which it can be given back.
        link: String,
        /// What has become of it.
        news: Option<News>,
        /// What is shown at the door.
        pass: Option<DoorPass>,
    },
    /// It is gone.
    Gone {
        /// Why.
        end: PlaceEnd,
    },
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A link that signs in once.
    SignInLink {
        /// The page with the button.
        link: String,
        /// For how long it works.
        minutes: i64,
    },
    /// Someone was made a member of a campus.
    MemberInvited {
        /// Which campus.
        campus: Campus,
        /// `coordinator` or `requester`.
        role: String,
        /// Where to sign in, where there is a page for it.
        link: Option<String>,
    },
    /// A campus approved a volunteer.
    VolunteerApproved {
        /// Which campus.
        campus: Campus,
        /// The volunteer's private feed, where one was made.
        feed_link: Option<String>,
    },
    /// A seat is held for a volunteer until the deadline.
    Offer {
        /// What is asked.
        engagement: Engagement,
        /// The last moment to answer.
        deadline: Instant,
        /// The page with the two buttons.
        link: String,
        /// Why this person, in words.
        reasons: Vec<String>,
        /// Whether others are asked for the same seat.
        shared: bool,
        /// The offer's identity: its letters go out in order.
        thread: String,
    },
    /// What a volunteer is asked for takes place at another time; the offer is open.
    OfferRescheduled {
        /// What is asked.
        engagement: Engagement,
        /// When it was to be.
        from: LocalWindow,
        /// As the office put it.
        reason: Option<String>,
        /// The last moment to answer.
        deadline: Instant,
        /// The page with the two buttons.
        link: String,
        /// The offer's identity.
        thread: String,
    },
    /// An offer ended without an answer.
    OfferClosed {
        /// What was asked.
        engagement: Engagement,
        /// Why it is over.
        end: OfferEnd,
        /// The same thread as the offer's.
        thread: String,
    },
    /// The seat is taken: the letter carries an invite.
    Confirmation {
        /// What is promised.
        engagement: Engagement,
        /// Its calendar entry.
        mark: CalendarMark,
        /// Whether the career office assigned it, rather than the volunteer accepting an offer.
        by_office: bool,
        /// At which table, where the event has tables.
        table: Option<String>,
        /// What has become of its time.
        news: Option<News>,
        /// The page on which the volunteer says whether it still suits, where that is asked.
        link: Option<String>,
    },
    /// The seat is not theirs any more: the letter takes the entry out of the calendar.
    Cancellation {
        /// What was promised.
        engagement: Engagement,
        /// Its calendar entry, with the sequence raised.
        mark: CalendarMark,
        /// Why.
        cause: CancelCause,
    },
    /// A student has a place: the letter carries an invite.
    PlaceConfirmed {
        /// Which.
        place: PlaceFacts,
        /// Its calendar entry.
        mark: CalendarMark,
        /// The page on which it can be given back.
        link: String,
        /// Until when, as the campus's policy says it; nothing where it says nothing.
        cancelling: Vec<String>,
        /// What has become of it.
        news: Option<News>,
        /// What is shown at the door, where there is one.
        pass: Option<DoorPass>,
    },
    /// A student's place is gone: the letter takes the entry out of the calendar.
    PlaceCancelled {
        /// Which.
        place: PlaceFacts,
        /// Its calendar entry, with the sequence raised.
        mark: CalendarMark,
        /// Why.
        end: PlaceEnd,
    },
    /// Several of a student's places have changed: one letter carries what each entry in the calendar needs.
    PlacesChanged {
        /// Which, in order of their start; at least one.
        places: Vec<PlaceChange>,
        /// What keeps the letters about them to one student in order.
        thread: String,
    },
    /// A student has several places of one event or one series: one letter carries an invite for each.
    PlacesConfirmed {
        /// Which, in order of their start; at least one.
        places: Vec<PlaceOfMany>,
        /// What keeps the letters of one plan to one student in order.
        thread: String,
    },
    /// A place is held for one who waits. After a change of its time, this takes the place of what was said before.
    PlaceOffered {
        /// Which.
        place: PlaceFacts,
        /// The last moment to answer.
        deadline: Instant,
        /// The page with the two buttons.
        link: String,
        /// The entry's identity: its letters go out in order.
        thread: String,
        /// Whether it was held for them before, at another time.
        again: bool,
    },
    /// A place is no longer held for one who waits.
    PlaceOfferClosed {
        /// Which.
        place: PlaceFacts,
        /// Why.
        why: HeldEnd,
        /// The entry's identity.
        thread: String,
    },
    /// A requester's need was approved.
    NeedApproved {
        /// By whom.
        campus: Campus,
        /// The need's title.
        title: String,
        /// When it takes place.
        when: LocalWindow,
        /// The need's identity: its letters go out in order.
        thread: String,
    },
    /// A requester's need came back with a question.
    NeedReturned {
        /// By whom.
        campus: Campus,
        /// The need's title.
        title: String,
        /// What the office wants to know.
        question: String,
        /// The need's identity.
        thread: String,
    },
    /// A requester's need was declined.
    NeedDeclined {
        /// By whom.
        campus: Campus,
        /// The need's title.
        title: String,
        /// Why.
        reason: String,
        /// The need's identity.
        thread: String,
    },
}

impl Notice {
    /// What the letter is about.
    #[must_use]
    pub const fn kind(&self) -> LetterKind {
        match self {
            Self::SignInLink { .. } => LetterKind::SignInLink,
            Self::MemberInvited { .. } => LetterKind::MemberInvited,
            Self::VolunteerApproved { .. } => LetterKind::VolunteerApproved,
            Self::Offer { .. } | Self::OfferRescheduled { .. } => LetterKind::Offer,
            Self::OfferClosed { .. } => LetterKind::OfferClosed,
            Self::Confirmation { .. } => LetterKind::Confirmation,
            Self::Cancellation { .. } => LetterKind::Cancellation,
            Self::NeedApproved { .. } => LetterKind::NeedApproved,
            Self::NeedReturned { .. } => LetterKind::NeedReturned,
            Self::NeedDeclined { .. } => LetterKind::NeedDeclined,
            Self::PlaceConfirmed { .. } => LetterKind::PlaceConfirmation,
            Self::PlacesConfirmed { .. } => LetterKind::PlacesConfirmation,
            Self::PlacesChanged { .. } => LetterKind::PlacesChange,
            Self::PlaceCancelled { .. } => LetterKind::PlaceCancellation,
            Self::PlaceOffered { .. } => LetterKind::PlaceOffer,
            Self::PlaceOfferClosed { .. } => LetterKind::PlaceOfferClosed,
        }
    }

    /// The campus it speaks for; a sign-in link speaks for none.
    #[must_use]
    pub fn campus(&self) -> Option<&Campus> {
        match self {
            Self::SignInLink { .. } => None,
            Self::MemberInvited { campus, .. }
            | Self::VolunteerApproved { campus, .. }
            | Self::NeedApproved { campus, .. }
            | Self::NeedReturned { campus, .. }
            | Self::NeedDeclined { campus, .. } => Some(campus),
            Self::Offer { engagement, .. }
            | Self::OfferRescheduled { engagement, .. }
            | Self::OfferClosed { engagement, .. }
            | Self::Confirmation { engagement, .. }
            | Self::Cancellation { engagement, .. } => Some(&engagement.campus),
            Self::PlaceConfirmed { place, .. }
            | Self::PlaceCancelled { place, .. }
            | Self::PlaceOffered { place, .. }
            | Self::PlaceOfferClosed { place, .. } => Some(&place.campus),
            Self::PlacesConfirmed { places, .. } => places.first().map(|one| &one.place.campus),
            Self::PlacesChanged { places, .. } => places.first().map(|one| &one.place.campus),
        }
    }

    /// What must stay in order: the letters about one offer, one calendar entry or one need. `None` when the letter
    /// stands alone.
    #[must_use]
    pub fn thread(&self) -> Option<&str> {
        match self {
            Self::SignInLink { .. } | Self::MemberInvited { .. } | Self::VolunteerApproved { .. } => None,
            Self::Confirmation { mark, .. }
            | Self::Cancellation { mark, .. }
            | Self::PlaceConfirmed { mark, .. }
            | Self::PlaceCancelled { mark, .. } => Some(&mark.uid),
            Self::Offer { thread, .. }
            | Self::OfferRescheduled { thread, .. }
            | Self::PlaceOffered { thread, .. }
            | Self::PlacesConfirmed { thread, .. }
            | Self::PlacesChanged { thread, .. }
            | Self::PlaceOfferClosed { thread, .. }
            | Self::OfferClosed { thread, .. }
            | Self::NeedApproved { thread, .. }
            | Self::NeedReturned { thread, .. }
            | Self::NeedDeclined { thread, .. } => Some(thread),
        }
    }
}
