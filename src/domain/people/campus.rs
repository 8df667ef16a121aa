//! Campuses: institutions, each a tenant of its own.
//!
//! [`Settings::new`] is the one door through which a coordinator's words become a campus's settings. A new time zone
//! applies to what is posted from then on: needs and events keep the zone they were agreed in. Absent on purpose: whole
//! policies, which will come as versions of their own.

use chrono::TimeDelta;

use crate::domain::ids::CampusId;
use crate::domain::letter::{Email, Person};
use crate::domain::notice;
use crate::domain::people::place::Position;
use crate::domain::refusal::{Invalid, line};
use crate::domain::time::{Instant, Zone};

/// The most characters of a campus's name.
const LONGEST_NAME: usize = 200;
/// The most characters of a slug.
const LONGEST_SLUG: usize = 60;
/// The most hours that an offer may stay open by default: two weeks.
const MOST_OFFER_HOURS: i64 = 336;

/// An institution.
#[derive(Debug, Clone, PartialEq)]
pub struct Campus {
    /// Its identity.
    pub id: CampusId,
    /// Its short name for addresses, the same for life; see [`slug_of`].
    pub slug: String,
    /// What its coordinators decide.
    pub settings: Settings,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created: Instant,
    /// When it last changed.
    pub updated: Instant,
}

impl Campus {
    /// The campus as letters speak for it; answers go to its contact.
    #[must_use]
    pub fn for_letters(&self) -> notice::Campus {
        let Settings { name, contact, .. } = &self.settings;
        notice::Campus { name: name.clone(), contact: Some(Person::new(name, contact.clone())) }
    }
}

/// What the coordinators of a campus decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// Its clocks.
    pub zone: Zone,
    /// The career office, which gets the answers to letters.
    pub contact: Email,
    /// Where it is.
    pub position: Option<Position>,
    /// For how long an offer stays open unless it says otherwise, in hours.
    pub offer_hours: OfferHours,
}

impl Settings {
    /// Settings of this name (1 to 200 characters, one line).
    ///
    /// # Errors
    /// [`Invalid`] for the name.
    pub fn new(
        name: &str,
        zone: Zone,
        contact: Email,
        position: Option<Position>,
        offer_hours: OfferHours,
    ) -> Result<Self, Invalid> {
        Ok(Self { name: line("name", name, 1, LONGEST_NAME)?, zone, contact, position, offer_hours })
    }
}

/// From 1 hour to two weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferHours(u16);

impl OfferHours {
    /// So many hours.
    ///
    /// # Errors
    /// [`Invalid`] with `out_of_range`.
    pub fn new(hours: i64) -> Result<Self, Invalid> {
        match u16::try_from(hours) {
            Ok(fits) if (1..=MOST_OFFER_HOURS).contains(&hours) => Ok(Self(fits)),
            _ => Err(Invalid::new(
                "offer_hours",
                "out_of_range",
                format!("{hours} is not between 1 and {MOST_OFFER_HOURS}"),
            )),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The time they last.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.0))
    }
}

/// Three days.
impl Default for OfferHours {
    fn default() -> Self {
        Self(72)
    }
}

/// Reads the time zone in `field`.
///
/// # Errors
/// [`Invalid`] with `required` or `unknown_zone`.
pub fn zone_of(field: &str, name: &str) -> Result<Zone, Invalid> {
    if name.is_empty() {
        return Err(Invalid::new(field, "required", "it must not be empty"));
    }
    name.parse().map_err(|_| {
        let shown: String = name.chars().take(100).collect();
        Invalid::new(field, "unknown_zone", format!("{shown:?} is no IANA time zone, such as America/New_York"))
    })
}

/// A campus's short name, made of its name: lower-case ASCII letters, digits and single hyphens.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    slug.truncate(LONGEST_SLUG);
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "campus".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_stay_open_from_an_hour_to_two_weeks() {
        for (hours, good) in [(0, false), (1, true), (336, true), (337, false), (-1, false), (65_537, false)] {
            assert_eq!(OfferHours::new(hours).is_ok(), good, "{hours}");
        }
        assert_eq!(OfferHours::new(1).unwrap().length(), TimeDelta::hours(1));
    }

    #[test]
    fn a_zone_is_one_of_the_tables() {
        let check = |name: &str, expect: Result<&str, &str>| {
            assert_eq!(zone_of("time_zone", name).map(Zone::name).map_err(|fault| fault.code), expect, "{name}");
        };
        check("America/New_York", Ok("America/New_York"));
        check("UTC", Ok("UTC"));
        check("", Err("required"));
        check("EST5", Err("unknown_zone"));
        check("america/new_york", Err("unknown_zone"));
        check("America/New_York\n", Err("unknown_zone"));
    }

    #[test]
    fn a_slug_is_made_of_a_name() {
        let check = |name: &str, expect: &str| assert_eq!(slug_of(name), expect, "{name}");
        check("Penn State York", "penn-state-york");
        check("  St. John's — Queens ", "st-john-s-queens");
        check("東京", "campus");
        check(&"ab ".repeat(40), &"ab-".repeat(20)[..59]);
    }

    #[test]
    fn letters_are_answered_to_the_contact() {
        let now = Instant::from_unix(0);
        let contact = Email::parse("careers@example.edu").unwrap();
        let settings = Settings::new("York", Zone::UTC, contact.clone(), None, OfferHours::default()).unwrap();
        let slug = slug_of("York");
        let campus = Campus { id: CampusId::mint(), slug, settings, revision: 1, created: now, updated: now };
        let person = campus.for_letters().contact.unwrap();
        assert_eq!((person.name(), person.email()), ("York", &contact));
    }
}
