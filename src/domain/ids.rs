//! Identities. Every noun has its own type, so that a slot's id can never be passed where an offer's is wanted.
//!
//! Ids are UUIDv7, minted in Rust: they sort by age, which gives lists a stable order for nothing.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later in order than all that this process minted before.
            #[must_use]
            pub fn mint() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id that these bits spell.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bits of this id.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Reads the hyphenated form only: one id has one spelling.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }
    )*};
}

ids! {
    /// A campus: the tenant.
    CampusId;
    /// A person who can sign in.
    AccountId;
    /// One sign-in, from its first token to its end.
    SessionId;
    /// A volunteer's profile.
    VolunteerId;
    /// A need.
    CampusRequestId;
    /// One role of a need: "interviewer", 10 to 12 seats.
    RoleId;
    /// Something that takes place.
    EventId;
    /// Meetings that belong together, each an event.
    EventSeriesId;
    /// A time and place inside an event.
    SlotId;
    /// An API client of a campus.
    PortalId;
    /// One version of what a campus asks of those who book.
    PolicyId;
    /// Whoever made something through the API: a portal or an account.
    OwnerId;
    /// A student, as one campus knows them.
    StudentId;
    /// A student's place in a slot.
    BookingId;
    /// A student's claim on the next free place.
    WaitlistEntryId;
    /// A plan of who meets whom and when.
    RotationId;
    /// One line of what happened to places.
    PlaceLogId;
    /// A plan for many seats, before it is sent.
    ProposalId;
    /// A seat held for one volunteer.
    OfferId;
    /// A seat taken by one volunteer.
    AssignmentId;
    /// One line of the ledger of hours.
    HoursEntryId;
    /// A rule that keeps a volunteer from a need or a campus.
    ExclusionId;
    /// A finished e-mail in the outbox.
    LetterId;
    /// A plan in the making, or made.
    MatchingRunId;
}
