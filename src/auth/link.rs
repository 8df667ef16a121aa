//! Links that speak for one thing by themselves and need no row to be found by: what they name, and a seal on it.
//!
//! A student's letters all carry the same link, also those written after the place was moved; so it is made from the
//! booking's id and the site's key (HMAC-SHA-256, RFC 2104) and not drawn by lot. A link that the office
//! hands out carries its own end as well. Absent on purpose: any other end of life, which is the thing's own.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::domain::time::Instant;

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
    /// The day of an event, with names; for some hours.
    Day,
    /// The door of an event, on the phone that opened the day's link; for as long as that link.
    Door,
}

impl LinkFor {
    const fn letter(self) -> char {
        match self {
            Self::Booking => 'b',
            Self::Entry => 'w',
            Self::Offer => 'o',
            Self::Assignment => 'a',
            Self::Day => 'd',
            Self::Door => 'g',
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

    pub(super) const fn key(&self) -> &hmac::Key {
        &self.0
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
            // Others end, and are opened by the time.
            _ => return None,
        };
        let id = Uuid::try_parse(name.get(1..)?).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        hmac::verify(&self.0, format!("{PURPOSE} {name}").as_bytes(), &mac).ok()?;
        Some((what, id))
    }
}

/// Links that end.
impl Links {
    /// The last part of a link that speaks for `id` until a time.
    #[must_use]
    pub fn seal_until(&self, what: LinkFor, id: Uuid, until: Instant) -> String {
        let name = format!("{}{}{:011x}", what.letter(), id.as_simple(), until.unix().max(0));
        let mac = hmac::sign(&self.0, format!("{PURPOSE_UNTIL} {name}").as_bytes());
        format!("{name}{}", URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    /// The id for which a link speaks, if it is one of ours for this purpose and has not ended.
    #[must_use]
    pub fn open_until(&self, what: LinkFor, text: &str, now: Instant) -> Option<Uuid> {
        self.open_with_end(what, text, now).map(|(id, _)| id)
    }

    /// The same, with the time at which the link ends.
    #[must_use]
    pub fn open_with_end(&self, what: LinkFor, text: &str, now: Instant) -> Option<(Uuid, Instant)> {
        let (name, mac) = text.split_at_checked(44)?;
        let rest = name.strip_prefix(what.letter())?;
        let (id, until) = rest.split_at_checked(32)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        hmac::verify(&self.0, format!("{PURPOSE_UNTIL} {name}").as_bytes(), &mac).ok()?;
        let until = Instant::from_unix(i64::from_str_radix(until, 16).ok()?);
        if now < until { Uuid::try_parse(id).ok().map(|id| (id, until)) } else { None }
    }
}

/// Keeps the seals of links that end apart from the others.
const PURPOSE_UNTIL: &str = "rostrum link until 1";

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
    #[test]
    fn a_link_with_an_end_opens_until_then() {
        let (ours, theirs) = (Links::new(&[1; 32]), Links::new(&[2; 32]));
        let (id, until) = (Uuid::now_v7(), Instant::from_unix(1_800_000_000));
        let link = ours.seal_until(LinkFor::Day, id, until);
        let (before, then) = (Instant::from_unix(until.unix() - 1), until);
        assert_eq!(ours.open_until(LinkFor::Day, &link, before), Some(id));
        assert_eq!(ours.open_until(LinkFor::Day, &link, then), None);
        assert_eq!(theirs.open_until(LinkFor::Day, &link, before), None);
        assert_eq!(ours.open_until(LinkFor::Booking, &link, before), None);
        assert_eq!(ours.open(&link), None);
        let later = link.replacen(&format!("{:011x}", until.unix()), &format!("{:011x}", until.unix() + 9), 1);
        assert_ne!(later, link);
        for wrong in ["", "d", &link[..44], &later, &ours.seal(LinkFor::Booking, id)] {
            assert_eq!(ours.open_until(LinkFor::Day, wrong, before), None, "{wrong}");
        }
    }
}
