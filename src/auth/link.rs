//! Links that speak for one thing by themselves and need no row to be found by: what they name, and a seal on it.
//!
//! A student's letters all carry the same link, also those written after the place was moved; so it is made from the
//! booking's id and the site's key (HMAC-SHA-256, RFC 2104) and not drawn by lot. Absent on purpose: an end of life, which
//! is the thing's own.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// What a link speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFor {
    /// A booking.
    Booking,
    /// An entry of the waitlist.
    Entry,
    /// An offer that was put to another time; its first link is known by its hash alone.
    Offer,
    /// An assignment.
    Assignment,
}

impl LinkFor {
    const fn letter(self) -> char {
        match self {
            Self::Booking => 'b',
            Self::Entry => 'w',
            Self::Offer => 'o',
            Self::Assignment => 'a',
        }
    }
}

/// Makes and reads the links of one site.
pub struct Links(hmac::Key);

/// Keeps the seals apart from everything else that is signed with the same key.
const PURPOSE: &str = "rostrum link 1";

impl Links {
    /// Links under `key`.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The last part of the link that speaks for `id`, 76 characters that need no escape in an address.
    #[must_use]
    pub fn seal(&self, what: LinkFor, id: Uuid) -> String {
        let name = format!("{}{}", what.letter(), id.as_simple());
        let mac = hmac::sign(&self.0, format!("{PURPOSE} {name}").as_bytes());
        format!("{name}{}", URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    /// What a link speaks for, if it is one of ours.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<(LinkFor, Uuid)> {
        let (name, mac) = text.split_at_checked(33)?;
        let what = match name.chars().next()? {
            'b' => LinkFor::Booking,
            'w' => LinkFor::Entry,
            'o' => LinkFor::Offer,
            'a' => LinkFor::Assignment,
            _ => return None,
        };
        let id = Uuid::try_parse(name.get(1..)?).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        hmac::verify(&self.0, format!("{PURPOSE} {name}").as_bytes(), &mac).ok()?;
        Some((what, id))
    }
}

/// The key is not shown.
impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_what_it_was_sealed_for_and_nothing_else() {
        let (ours, theirs) = (Links::new(&[1; 32]), Links::new(&[2; 32]));
        let id = Uuid::now_v7();
        let link = ours.seal(LinkFor::Booking, id);
        assert_eq!(link, ours.seal(LinkFor::Booking, id), "the same each time");
        assert_eq!(ours.open(&link), Some((LinkFor::Booking, id)));
        assert_eq!(ours.open(&ours.seal(LinkFor::Entry, id)), Some((LinkFor::Entry, id)));
        let swapped = link.replacen('b', "w", 1);
        let other = link.replacen(&id.as_simple().to_string(), &Uuid::now_v7().as_simple().to_string(), 1);
        for wrong in ["", "b", "bé", &link[..75], &swapped, &other, &theirs.seal(LinkFor::Booking, id)] {
            assert_eq!(ours.open(wrong), None, "{wrong}");
        }
    }
}
