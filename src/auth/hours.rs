//! The seal on a letter of hours: whose, given to whom, from when to when, how much, and up to which line of the ledger.
//!
//! The link holds all of it under an HMAC-SHA-256 of the site's key, of which it carries the first 16 octets (RFC 2104,
//! section 5), so that it stays short enough to be typed from paper. Absent on purpose: an end; a letter stays true.

use aws_lc_rs::{constant_time, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use super::link::Links;
use crate::domain::ids::{CampusId, HoursEntryId, VolunteerId};
use crate::domain::time::Instant;

/// What a letter of hours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHours {
    /// Given to which campus.
    pub campus: CampusId,
    /// By whom.
    pub volunteer: VolunteerId,
    /// From this day on.
    pub from: NaiveDate,
    /// To this day.
    pub until: NaiveDate,
    /// The minutes of all lines.
    pub minutes: i64,
    /// The last line of the ledger that was looked at.
    pub last: HoursEntryId,
    /// When it was signed.
    pub at: Instant,
}

/// Keeps the seals apart from everything else that is signed with the same key.
const PURPOSE: &[u8] = b"rostrum hours 1 ";
const SAID: usize = 72;
const SEAL: usize = 16;

impl SignedHours {
    fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(SAID + SEAL);
        octets.extend(self.campus.uuid().as_bytes());
        octets.extend(self.volunteer.uuid().as_bytes());
        octets.extend(self.last.uuid().as_bytes());
        octets.extend(self.from.num_days_from_ce().to_be_bytes());
        octets.extend(self.until.num_days_from_ce().to_be_bytes());
        octets.extend(self.minutes.to_be_bytes());
        octets.extend(self.at.unix().to_be_bytes());
        octets
    }

    fn read(octets: &[u8]) -> Option<Self> {
        let (campus, rest) = octets.split_first_chunk::<16>()?;
        let (volunteer, rest) = rest.split_first_chunk::<16>()?;
        let (last, rest) = rest.split_first_chunk::<16>()?;
        let (from, rest) = rest.split_first_chunk::<4>()?;
        let (until, rest) = rest.split_first_chunk::<4>()?;
        let (minutes, rest) = rest.split_first_chunk::<8>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let day = |octets: &[u8; 4]| NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*octets));
        rest.is_empty().then_some(Self {
            campus: CampusId::from_uuid(Uuid::from_bytes(*campus)),
            volunteer: VolunteerId::from_uuid(Uuid::from_bytes(*volunteer)),
            from: day(from)?,
            until: day(until)?,
            minutes: i64::from_be_bytes(*minutes),
            last: HoursEntryId::from_uuid(Uuid::from_bytes(*last)),
            at: Instant::from_unix(i64::from_be_bytes(*at)),
        })
    }
}

impl Links {
    /// The last part of the link to a letter of hours, 118 characters that need no escape in an address.
    #[must_use]
    pub fn seal_hours(&self, hours: &SignedHours) -> String {
        let mut octets = hours.octets();
        let seal = self.hours_mac(&octets);
        octets.extend(seal.as_ref().iter().take(SEAL));
        URL_SAFE_NO_PAD.encode(octets)
    }

    /// What a link to a letter of hours says, if it is one of ours.
    #[must_use]
    pub fn open_hours(&self, text: &str) -> Option<SignedHours> {
        let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (said, seal) = octets.split_at_checked(SAID)?;
        let ours = self.hours_mac(said);
        constant_time::verify_slices_are_equal(ours.as_ref().get(..SEAL)?, seal).ok()?;
        SignedHours::read(said)
    }

    fn hours_mac(&self, said: &[u8]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(self.key());
        mac.update(PURPOSE);
        mac.update(said);
        mac.sign()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_what_was_signed_and_nothing_else() {
        let (ours, theirs) = (Links::new(&[1; 32]), Links::new(&[2; 32]));
        let hours = SignedHours {
            campus: CampusId::mint(),
            volunteer: VolunteerId::mint(),
            from: NaiveDate::from_ymd_opt(2026, 9, 1).unwrap(),
            until: NaiveDate::from_ymd_opt(2027, 5, 31).unwrap(),
            minutes: 425,
            last: HoursEntryId::mint(),
            at: Instant::from_unix(1_811_000_000),
        };
        let link = ours.seal_hours(&hours);
        assert_eq!(link.len(), 118);
        assert_eq!(ours.open_hours(&link), Some(hours));
        assert_eq!(theirs.open_hours(&link), None);
        let octets = URL_SAFE_NO_PAD.decode(&link).unwrap();
        for at in 0..octets.len() {
            let mut other = octets.clone();
            other[at] ^= 1;
            assert_eq!(ours.open_hours(&URL_SAFE_NO_PAD.encode(other)), None, "octet {at}");
        }
        for wrong in ["", "x", &link[..117], &format!("{link}AAAA"), &link[..96]] {
            assert_eq!(ours.open_hours(wrong), None, "{wrong}");
        }
    }
}
