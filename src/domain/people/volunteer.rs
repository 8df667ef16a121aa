//! Volunteers: careers professionals, one person, one profile, many campuses.
//!
//! A [`Profile`] is what a volunteer fills in; [`Volunteer::new`] is the one door through which it becomes a
//! [`Volunteer`], tidied and within its limits. A campus keeps its own [`Standing`] for each. Absent on purpose: the
//! e-mail address (the account's), and what the volunteer is already engaged in (facts of the campuses).

use std::{fmt, ops::Deref};

use crate::domain::{
    ids::VolunteerId,
    matching::campus_request::Kind,
    people::{availability::Availability, place::Position},
    refusal::{Invalid, WrongState, line, prose},
    time::Zone,
    words::words,
};

words! {
    /// How well a skill is mastered, least first.
    pub enum Level("skill level") {
        /// Knows the ground.
        Foundation = "foundation",
        /// Does it regularly.
        Practised = "practised",
        /// Teaches it.
        Expert = "expert",
    }

    /// Where a volunteer stands at one campus.
    pub enum Standing("standing") {
        /// Asked to be taken; the campus has not decided.
        Applied = "applied",
        /// May be asked.
        Approved = "approved",
        /// Not to be asked for a while.
        Paused = "paused",
        /// Not to be asked at all.
        Suspended = "suspended",
    }
}

impl Level {
    /// 1, 2 or 3.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Foundation => 1,
            Self::Practised => 2,
            Self::Expert => 3,
        }
    }
}

impl Standing {
    /// The campus takes the volunteer.
    ///
    /// # Errors
    /// [`WrongState`] unless applied.
    pub const fn approve(self) -> Result<Self, WrongState> {
        match self {
            Self::Applied => Ok(Self::Approved),
            Self::Approved | Self::Paused | Self::Suspended => Err(self.refuses("approve")),
        }
    }

    /// The campus will not ask for a while.
    ///
    /// # Errors
    /// [`WrongState`] unless approved.
    pub const fn pause(self) -> Result<Self, WrongState> {
        match self {
            Self::Approved => Ok(Self::Paused),
            Self::Applied | Self::Paused | Self::Suspended => Err(self.refuses("pause")),
        }
    }

    /// The campus will not ask at all, or does not take the volunteer.
    ///
    /// # Errors
    /// [`WrongState`] when suspended already.
    pub const fn suspend(self) -> Result<Self, WrongState> {
        match self {
            Self::Applied | Self::Approved | Self::Paused => Ok(Self::Suspended),
            Self::Suspended => Err(self.refuses("suspend")),
        }
    }

    /// The campus asks again.
    ///
    /// # Errors
    /// [`WrongState`] unless paused or suspended.
    pub const fn resume(self) -> Result<Self, WrongState> {
        match self {
            Self::Paused | Self::Suspended => Ok(Self::Approved),
            Self::Applied | Self::Approved => Err(self.refuses("resume")),
        }
    }

    const fn refuses(self, verb: &'static str) -> WrongState {
        WrongState { from: self.as_str(), verb }
    }
}

/// Something a volunteer can do or a need asks for. Two names that differ only in case are the same skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    name: String,
    /// The name in lower case: skills are compared some hundred thousand times for one plan.
    key: String,
    level: Level,
}

impl Skill {
    /// The skill of this name (1 to 80 characters, spaces folded) at this level.
    ///
    /// # Errors
    /// [`Invalid`] for the name.
    pub fn new(name: &str, level: Level) -> Result<Self, Invalid> {
        let name = single_spaced(&line("name", name, 1, 80)?);
        Ok(Self { key: name.to_lowercase(), name, level })
    }

    /// Its name as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The level held or asked for.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Whether both have the same name.
    #[must_use]
    pub fn same_name(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl fmt::Display for Skill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.level)
    }
}

/// Checks a list of skills: at most `limit`, no name twice.
///
/// # Errors
/// [`Invalid`] with `too_many` or `repeated`.
pub fn distinct_skills(field: &str, skills: &[Skill], limit: usize) -> Result<(), Invalid> {
    at_most(field, skills.len(), limit)?;
    repeated(field, skills, Skill::same_name, |s| s.name.clone())
}

/// Reads a language as a BCP 47 primary tag, two or three letters, in lower case: `en`, `es`, `yue`.
///
/// # Errors
/// [`Invalid`] with `not_a_language`.
pub fn language(field: &str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_lowercase());
    }
    let shown: String = text.chars().take(40).collect();
    Err(Invalid::new(
        field,
        "not_a_language",
        format!("{shown:?} is no language tag of two or three letters, such as en"),
    ))
}

/// How many engagements a volunteer takes, over all campuses, by the calendar of the volunteer's own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// In one week, Monday to Sunday.
    pub per_week: u8,
    /// In one calendar month.
    pub per_month: u8,
}

/// From where, and how far, a volunteer travels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InPerson {
    /// Where journeys begin.
    pub home: Position,
    /// The greatest distance, in km.
    pub travel_km: u32,
}

/// What a volunteer fills in.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name that others see: 1 to 120 characters.
    pub display_name: String,
    /// One line about the person: up to 200 characters.
    pub headline: String,
    /// Such as `CPRW`: up to 20 of 1 to 120 characters.
    pub credentials: Vec<String>,
    /// Up to 60, no name twice.
    pub skills: Vec<Skill>,
    /// The kinds of need the volunteer takes on.
    pub kinds: Vec<Kind>,
    /// One to 20 languages, as BCP 47 primary tags.
    pub languages: Vec<String>,
    /// Present when the volunteer comes in person.
    pub in_person: Option<InPerson>,
    /// Whether the volunteer takes part from afar.
    pub virtual_ok: bool,
    /// Hours, and the volunteer's own zone.
    pub availability: Availability,
    /// How much is too much.
    pub caps: Caps,
}

/// One careers professional. Reads as its [`Profile`]; changes only through [`Volunteer::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct Volunteer {
    id: VolunteerId,
    profile: Profile,
}

impl Volunteer {
    /// The volunteer with this profile, tidied: texts trimmed, tags in lower case, nothing named twice.
    ///
    /// # Errors
    /// [`Invalid`] names the first field at fault.
    pub fn new(id: VolunteerId, profile: Profile) -> Result<Self, Invalid> {
        let Profile { display_name, headline, credentials, skills, mut kinds, languages, availability, .. } = profile;
        at_most("credentials", credentials.len(), 20)?;
        let credentials = each(&credentials, "credentials", |c| line("", c, 1, 120))?;
        repeated("credentials", &credentials, |a, b| same_text(a, b), Clone::clone)?;
        distinct_skills("skills", &skills, 60)?;
        kinds.sort_unstable();
        kinds.dedup();
        at_most("languages", languages.len(), 20)?;
        if languages.is_empty() {
            return Err(Invalid::new("languages", "required", "at least one language is needed"));
        }
        let mut languages = each(&languages, "languages", |l| language("", l))?;
        languages.sort_unstable();
        languages.dedup();
        if let Some(InPerson { travel_km, .. }) = profile.in_person
            && travel_km > 20_100
        {
            let detail = format!("{travel_km} km is farther than any place on earth (20100)");
            return Err(Invalid::new("in_person/travel_km", "out_of_range", detail));
        }
        let Caps { per_week, per_month } = profile.caps;
        for (field, value, limit) in [("caps/per_week", per_week, 100), ("caps/per_month", per_month, 250)] {
            if value > limit {
                return Err(Invalid::new(field, "out_of_range", format!("{value} is more than {limit}")));
            }
        }
        let profile = Profile {
            display_name: line("display_name", &display_name, 1, 120)?,
            headline: prose("headline", &headline, 0, 200)?,
            credentials,
            skills,
            kinds,
            languages,
            availability,
            ..profile
        };
        Ok(Self { id, profile })
    }

    /// Who it is.
    #[must_use]
    pub const fn id(&self) -> VolunteerId {
        self.id
    }

    /// The zone whose clock and calendar the volunteer lives by.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.profile.availability.zone()
    }

    /// The profile, to be changed and put through [`Volunteer::new`] again.
    #[must_use]
    pub fn into_profile(self) -> Profile {
        self.profile
    }

    /// The volunteer's mastery of the skill of this name.
    #[must_use]
    pub fn level_of(&self, wanted: &Skill) -> Option<Level> {
        self.skills.iter().find(|held| held.same_name(wanted)).map(Skill::level)
    }
}

impl Deref for Volunteer {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

pub(crate) fn at_most(field: &str, count: usize, limit: usize) -> Result<(), Invalid> {
    if count <= limit {
        return Ok(());
    }
    Err(Invalid::new(field, "too_many", format!("{count} entries, at most {limit} are taken")))
}

/// Refuses a list in which two entries are the same; the field names the second.
pub(crate) fn repeated<T>(
    field: &str,
    items: &[T],
    same: impl Fn(&T, &T) -> bool,
    name: impl Fn(&T) -> String,
) -> Result<(), Invalid> {
    for (at, item) in items.iter().enumerate() {
        if items.iter().take(at).any(|earlier| same(earlier, item)) {
            let detail = format!("{:?} stands in the list twice", name(item));
            return Err(Invalid::new(format!("{field}/{at}"), "repeated", detail));
        }
    }
    Ok(())
}

fn each<T>(items: &[T], field: &str, tidy: impl Fn(&T) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
    let tidied = items.iter().enumerate().map(|(at, item)| tidy(item).map_err(|i| i.within(at).within(field)));
    tidied.collect()
}

pub(crate) fn same_text(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            display_name: "Volunteer One".to_owned(),
            headline: String::new(),
            credentials: vec!["CPRW".to_owned()],
            skills: vec![Skill::new("Résumé  review", Level::Expert).unwrap()],
            kinds: vec![Kind::Workshop, Kind::JobFair, Kind::Workshop],
            languages: vec!["EN".to_owned(), " es".to_owned(), "en".to_owned()],
            in_person: None,
            virtual_ok: true,
            availability: Availability::always(Zone::UTC),
            caps: Caps { per_week: 2, per_month: 4 },
        }
    }

    #[test]
    fn a_profile_is_tidied() {
        let v = Volunteer::new(VolunteerId::mint(), profile()).unwrap();
        assert_eq!(v.languages, ["en", "es"]);
        assert_eq!(v.kinds, [Kind::JobFair, Kind::Workshop]);
        assert_eq!(v.level_of(&Skill::new("RÉSUMÉ review ", Level::Foundation).unwrap()), Some(Level::Expert));
        assert_eq!(v.level_of(&Skill::new("cover letters", Level::Foundation).unwrap()), None);
    }

    #[test]
    fn a_fault_names_its_field_and_rule() {
        let check = |change: fn(&mut Profile), field: &str, code: &str| {
            let mut changed = profile();
            change(&mut changed);
            let invalid = Volunteer::new(VolunteerId::mint(), changed).unwrap_err();
            assert_eq!((invalid.field.as_str(), invalid.code), (field, code));
        };
        check(|p| p.display_name = " ".to_owned(), "display_name", "required");
        check(|p| p.display_name = "A\r\nBcc: b@example.edu".to_owned(), "display_name", "control_character");
        check(|p| p.headline = "x".repeat(201), "headline", "too_long");
        check(|p| p.credentials = vec![String::new()], "credentials/0", "required");
        check(|p| p.credentials = vec!["a".to_owned(), "A".to_owned()], "credentials/1", "repeated");
        check(|p| p.languages = vec!["en".to_owned(), "english".to_owned()], "languages/1", "not_a_language");
        check(|p| p.languages = Vec::new(), "languages", "required");
        check(|p| p.skills.push(Skill::new("résumé REVIEW", Level::Expert).unwrap()), "skills/1", "repeated");
        check(|p| p.caps.per_week = 101, "caps/per_week", "out_of_range");
        check(
            |p| p.in_person = Some(InPerson { home: Position::new(0.0, 0.0).unwrap(), travel_km: 99_999 }),
            "in_person/travel_km",
            "out_of_range",
        );
    }

    #[test]
    fn standing_moves_only_by_its_verbs() {
        use Standing::{Applied, Approved, Paused, Suspended};
        type Verb = fn(Standing) -> Result<Standing, WrongState>;
        let verbs: [Verb; 4] = [Standing::approve, Standing::pause, Standing::suspend, Standing::resume];
        let check = |from: Standing, expect: [Option<Standing>; 4]| {
            assert_eq!(verbs.map(|verb| verb(from).ok()), expect, "{from}");
        };
        check(Applied, [Some(Approved), None, Some(Suspended), None]);
        check(Approved, [None, Some(Paused), Some(Suspended), None]);
        check(Paused, [None, None, Some(Suspended), Some(Approved)]);
        check(Suspended, [None, None, None, Some(Approved)]);
        assert_eq!(Paused.pause().unwrap_err().to_string(), "cannot pause what is paused");
    }
}
