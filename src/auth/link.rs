//! Links that speak for one thing by themselves and need no row to be found by: what they name, and a seal on it.
//!
//! A student's letters all carry the same link, also those written after the place was moved; so it is made from the
//! booking's id and the site's key (HMAC-SHA-256, RFC 2104) and not drawn by lot. A link that the office
//! hands out carries its own end as well, and the address to which calendar programs and mail servers answer carries such a
//! seal behind its plus, in letters that no mail server changes. Absent on purpose: any other end of life, which is the thing's own.

use aws_lc_rs::constant_time::verify_slices_are_equal;
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
    /// An invite, to whose address calendar programs answer: of an assignment or a booking.
    Invite,
    /// A letter, to whose address mail servers report.
    Letter,
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
            Self::Invite => 'i',
            Self::Letter => 'l',
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

/// Keeps the seals of addresses apart from the others.
const PURPOSE_ADDRESS: &str = "rostrum address 1";
/// The digits of an address: no capitals, which mail servers may lower.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many digits an id takes, and how many its seal: 80 bits, which nobody guesses by sending letters.
const ID_DIGITS: usize = 26;
const SEAL_DIGITS: usize = 16;
/// How many characters stand behind the plus of an address.
pub const ADDRESS_SEAL: usize = 1 + ID_DIGITS + SEAL_DIGITS;

/// Addresses that speak for one thing.
impl Links {
    /// What stands behind the plus of the address that speaks for `id`: [`ADDRESS_SEAL`] small letters and digits.
    #[must_use]
    pub fn seal_address(&self, what: LinkFor, id: Uuid) -> String {
        let name = format!("{}{}", what.letter(), digits(id.as_u128(), ID_DIGITS));
        let mac = hmac::sign(&self.0, format!("{PURPOSE_ADDRESS} {name}").as_bytes());
        let seal = mac.as_ref().iter().take(10).fold(0, |number, &octet| number << 8 | u128::from(octet));
        format!("{name}{}", digits(seal, SEAL_DIGITS))
    }

    /// What an address speaks for, if it is one of ours.
    #[must_use]
    pub fn open_address(&self, text: &str) -> Option<(LinkFor, Uuid)> {
        let text = text.to_ascii_lowercase();
        let what = match text.chars().next()? {
            'i' => LinkFor::Invite,
            'l' => LinkFor::Letter,
            _ => return None,
        };
        let mut id = 0_u128;
        for octet in text.get(1..=ID_DIGITS)?.bytes() {
            let digit = DIGITS.iter().position(|&digit| digit == octet)?;
            id = id << 5 | u128::try_from(digit).ok()?;
        }
        let id = Uuid::from_u128(id);
        verify_slices_are_equal(self.seal_address(what, id).as_bytes(), text.as_bytes()).ok()?;
        Some((what, id))
    }
}

/// The last `count` digits of `number` to the base of 32.
fn digits(number: u128, count: usize) -> String {
    let digit = |at: usize| DIGITS.get(usize::try_from(number >> (5 * at) & 31).unwrap_or_default());
    (0..count).rev().filter_map(digit).map(|&digit| char::from(digit)).collect()
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

    #[test]
    fn an_address_opens_what_it_was_sealed_for_whatever_its_case() {
        let (ours, theirs) = (Links::new(&[1; 32]), Links::new(&[2; 32]));
        for id in [Uuid::now_v7(), Uuid::nil(), Uuid::max()] {
            let sealed = ours.seal_address(LinkFor::Invite, id);
            assert_eq!(sealed.len(), ADDRESS_SEAL);
            assert!(sealed.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit()), "{sealed}");
            assert_eq!(ours.open_address(&sealed), Some((LinkFor::Invite, id)));
            assert_eq!(ours.open_address(&sealed.to_uppercase()), Some((LinkFor::Invite, id)));
            let other = sealed.replacen('i', "l", 1);
            let longer = format!("{sealed}0");
            let foreign = theirs.seal_address(LinkFor::Invite, id);
            for wrong in ["", "i", "ié", &sealed[..42], &other, &longer, &foreign, &sealed.replace('0', "u")] {
                assert!(wrong == sealed || ours.open_address(wrong).is_none(), "{wrong}");
            }
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
