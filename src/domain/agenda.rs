//! What a calendar shows: entries as people agreed on them, before they are written as iCalendar.
//!
//! A feed and an invite are the same thing here and differ in their [`Method`]. What is absent on purpose: the notation
//! (`calendar::ics` knows it), and the decision what a reader may see: whoever makes an agenda leaves out what its readers
//! must not know.

use super::{
    letter::Person,
    people::place::Position,
    time::{Instant, LocalWindow, Zone},
};

/// A calendar, with all that is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Agenda {
    /// How it is called in a list of calendars.
    pub name: String,
    /// What it holds, in a sentence.
    pub description: Option<String>,
    /// The clocks of its readers, as far as one zone can say.
    pub zone: Zone,
    /// What it is for.
    pub method: Method,
    /// What is in it; an invite and a cancellation have one.
    pub entries: Vec<Entry>,
}

/// What a calendar is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// To be subscribed to.
    Publish,
    /// One person's invite or its update.
    Request,
    /// Takes an invite back.
    Cancel,
}

/// One thing that takes place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `<id>@<site>`, for life, the same in mail and in every feed.
    pub uid: String,
    /// Raised by every change of time, place or status.
    pub sequence: u32,
    /// Whether it takes place.
    pub status: Status,
    /// Its title.
    pub summary: String,
    /// What there is to say about it.
    pub description: Option<String>,
    /// Where, in words.
    pub location: Option<String>,
    /// Where, on the map.
    pub position: Option<Position>,
    /// A page about it.
    pub url: Option<String>,
    /// Words to filter by.
    pub categories: Vec<String>,
    /// When.
    pub when: LocalWindow,
    /// When it last changed; never the time of writing.
    pub changed: Instant,
    /// When it was made.
    pub created: Instant,
    /// Who speaks for it.
    pub organizer: Option<Person>,
    /// Whose invite this is, and their answer; not shown in what is published.
    pub attendee: Option<Attendee>,
    /// Whether its reader stays free meanwhile.
    pub transparent: bool,
}

impl Entry {
    /// The same entry of something whose time does not hold any more while no other is known.
    ///
    /// iCalendar has no status for that. A cancellation would end the entry's life, and many programs show TENTATIVE just
    /// as CONFIRMED: so the title says it as well, and the old time is nobody's to keep free.
    #[must_use]
    pub fn postponed_if(self, postponed: bool) -> Self {
        if !postponed || self.status == Status::Cancelled {
            return self;
        }
        Self { status: Status::Tentative, summary: format!("Postponed: {}", self.summary), transparent: true, ..self }
    }
}

/// Whether an entry takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Perhaps.
    Tentative,
    /// Yes.
    Confirmed,
    /// No longer.
    Cancelled,
}

/// The one recipient of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who.
    pub person: Person,
    /// What they answered.
    pub answer: Answer,
}

/// What the recipient of an invite said to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    NeedsAction,
    /// Yes.
    Accepted,
    /// Perhaps.
    Tentative,
    /// No.
    Declined,
}
