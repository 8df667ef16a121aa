//! Who may do what at a campus: one pure table.
//!
//! Only members have a role; what volunteers may do with what is their own needs no table. Roles are read from the
//! database at each call, so a change holds from the next request on.

/// A person's role at a campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The career office.
    Coordinator,
    /// A professor or a student organisation.
    Requester,
    /// An API client of the campus, which books on behalf of its students. No person has this role.
    Portal,
}

impl Role {
    /// The roles that people have.
    pub const ALL: &'static [Self] = &[Self::Coordinator, Self::Requester];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Requester => "requester",
            Self::Portal => "portal",
        }
    }
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRole;

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// Something a member may want to do at a campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Change the campus's own settings.
    ManageCampus,
    /// See, add, change and remove members.
    ManageMembers,
    /// See volunteers, approve, pause and suspend them.
    ManageVolunteers,
    /// Keep a volunteer from a need or from the campus.
    ManageExclusions,
    /// Post a need, and see, change, submit and withdraw one's own.
    PostNeeds,
    /// See all needs, and approve, ask back, decline, cancel and close them.
    DecideNeeds,
    /// See events that are not published.
    SeeEvents,
    /// Change, publish and cancel events.
    ManageEvents,
    /// See candidates, make proposals, send and withdraw offers, assign and remove people.
    Staff,
    /// See who is assigned to a need one may see.
    SeeAssignments,
    /// See what waits for the office.
    SeeAttention,
    /// See the outbox and send again what could not be delivered.
    ManageLetters,
    /// See, make and revoke the keys of portals.
    ManagePortals,
    /// Make, change, close and cancel slots, and say who may book them.
    ManagePlaces,
    /// See students and their places; book, move and cancel for them, and put them on the waitlist.
    BookPlaces,
    /// Check students in by their codes.
    CheckIn,
    /// Mark who came, and read what happened to places.
    MarkPlaces,
}

impl Action {
    /// All actions.
    pub const ALL: &'static [Self] = &[
        Self::ManageCampus,
        Self::ManageMembers,
        Self::ManageVolunteers,
        Self::ManageExclusions,
        Self::PostNeeds,
        Self::DecideNeeds,
        Self::SeeEvents,
        Self::ManageEvents,
        Self::Staff,
        Self::SeeAssignments,
        Self::SeeAttention,
        Self::ManageLetters,
        Self::ManagePortals,
        Self::ManagePlaces,
        Self::BookPlaces,
        Self::CheckIn,
        Self::MarkPlaces,
    ];
}

/// Whether a member with `role` may do `action` at their own campus.
#[must_use]
pub const fn may(role: Role, action: Action) -> bool {
    match role {
        Role::Coordinator => true,
        Role::Requester => matches!(action, Action::PostNeeds | Action::SeeEvents | Action::SeeAssignments),
        Role::Portal => matches!(action, Action::BookPlaces | Action::CheckIn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requester_posts_and_looks_and_decides_nothing() {
        let allowed: Vec<_> = Action::ALL.iter().filter(|action| may(Role::Requester, **action)).collect();
        assert_eq!(allowed, [&Action::PostNeeds, &Action::SeeEvents, &Action::SeeAssignments]);
        assert!(Action::ALL.iter().all(|action| may(Role::Coordinator, *action)));
    }

    #[test]
    fn a_portal_books_and_no_person_is_one() {
        let allowed: Vec<_> = Action::ALL.iter().filter(|action| may(Role::Portal, **action)).collect();
        assert_eq!(allowed, [&Action::BookPlaces, &Action::CheckIn]);
        assert_eq!("portal".parse::<Role>(), Err(UnknownRole));
    }
}
