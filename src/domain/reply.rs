//! What a calendar program answers to an invite, and what a mail server reports of a letter, before either is believed.
//!
//! Absent on purpose: iCalendar and MIME, which `calendar::reply` and `mail::inbound` read, and what follows from it.

use super::agenda::Answer;
use super::letter::Email;

/// An answer to an invite, as its sender's program wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The UID of the entry.
    pub uid: String,
    /// Who answers.
    pub attendee: Email,
    /// What.
    pub answer: Answer,
    /// To which version of the entry.
    pub sequence: u32,
}

/// What a mail server reports of a letter that it could not hand on (RFC 3464).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether it has given up; otherwise it goes on trying.
    pub failed: bool,
    /// Class, subject and detail (RFC 3463), where they were given.
    pub status: Option<[u16; 3]>,
    /// What the server at the other end said, on one line.
    pub said: String,
}

impl Report {
    /// Whether it is the address itself that does not exist any more, or never did (RFC 3463, X.1.Y; a recipient that has
    /// moved or is disabled, X.2.1).
    #[must_use]
    pub const fn is_of_the_address(&self) -> bool {
        self.failed && matches!(self.status, Some([5, 1, _] | [5, 2, 1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_is_no_wrong_address() {
        let check = |failed, status, expect| {
            let report = Report { failed, status, said: String::new() };
            assert_eq!(report.is_of_the_address(), expect, "{status:?}");
        };
        check(true, Some([5, 1, 1]), true);
        check(true, Some([5, 2, 1]), true);
        check(true, Some([5, 2, 2]), false);
        check(true, Some([4, 1, 1]), false);
        check(true, None, false);
        check(false, Some([5, 1, 1]), false);
    }
}
