//! Needs: what is wanted, by whom, when, and how many.
//!
//! A [`Brief`] is what the person who asks fills in; [`CampusRequest::new`] is the one door through which it becomes a
//! need. Absent on purpose: timing other
//! than fixed, and the happening itself (an event may come of a need, or several, or none).

use std::ops::Deref;

pub use super::need_state::{Fill, NeedState};
use crate::domain::{
    ids::{CampusId, CampusRequestId, RoleId},
    people::{
        place::Position,
        volunteer::{Skill, at_most, distinct_skills, language, repeated, same_text},
    },
    refusal::{Invalid, line, prose},
    time::{Instant, LocalWindow},
    words::words,
};

words! {
    /// What a need is for.
    pub enum Kind("kind of need") {
        /// Employers and students in one hall.
        JobFair = "job_fair",
        /// Practice interviews, one to one.
        MockInterviews = "mock_interviews",
        /// A class outside class.
        Workshop = "workshop",
        /// A guest in a course.
        ClassVisit = "class_visit",
        /// A recorded talk.
        Podcast = "podcast",
        /// A seat on a board.
        AdvisoryBoard = "advisory_board",
        /// Bringing an employer and the campus together.
        EmployerIntroduction = "employer_introduction",
        /// Bringing a graduate and an employer together.
        AlumniReferral = "alumni_referral",
    }

    /// How people come together.
    pub enum Mode("mode") {
        /// At a place.
        InPerson = "in_person",
        /// From afar.
        Virtual = "virtual",
    }
}

impl Kind {
    /// Whether an approved need of this kind makes an event and a slot.
    #[must_use]
    pub const fn makes_event(self) -> bool {
        match self {
            Self::JobFair | Self::MockInterviews | Self::Workshop | Self::ClassVisit | Self::Podcast => true,
            Self::AdvisoryBoard | Self::EmployerIntroduction | Self::AlumniReferral => false,
        }
    }

    /// The words a person would use: `mock interviews`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

/// One kind of seat of a need: "interviewer", 10 to 12 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedRole {
    id: RoleId,
    name: String,
    min: u16,
    max: u16,
}

impl NeedRole {
    /// The greatest number of seats of one role.
    pub const MOST: u16 = 500;

    /// The role of this name (1 to 80 characters) with `min` (0 to 500) to `max` (1 to 500) seats.
    ///
    /// # Errors
    /// [`Invalid`] for `name`, `min` or `max`.
    pub fn new(id: RoleId, name: &str, min: u16, max: u16) -> Result<Self, Invalid> {
        let name = line("name", name, 1, 80)?;
        if !(1..=Self::MOST).contains(&max) {
            return Err(Invalid::new("max", "out_of_range", format!("{max} is not between 1 and {}", Self::MOST)));
        }
        if min > max {
            return Err(Invalid::new("min", "above_max", format!("the minimum {min} is above the maximum {max}")));
        }
        Ok(Self { id, name, min, max })
    }

    /// Which role it is.
    #[must_use]
    pub const fn id(&self) -> RoleId {
        self.id
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With fewer people it does not work.
    #[must_use]
    pub const fn min(&self) -> u16 {
        self.min
    }

    /// More people are not wanted.
    #[must_use]
    pub const fn max(&self) -> u16 {
        self.max
    }
}

/// What the person who asks fills in.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// What it is for.
    pub kind: Kind,
    /// 1 to 200 characters.
    pub title: String,
    /// Why, and what to expect: up to 5,000 characters.
    pub purpose: String,
    /// At a place or from afar.
    pub mode: Mode,
    /// Where, up to 300 characters: needed for what takes place in person, a link or a note otherwise.
    pub place: Option<String>,
    /// Where on the globe. Matching looks at it only for what takes place in person.
    pub position: Option<Position>,
    /// When, as the people there agreed on it.
    pub when: LocalWindow,
    /// 1 to 20 roles, no name twice.
    pub roles: Vec<NeedRole>,
    /// Without these a volunteer is not eligible: up to 20.
    pub required_skills: Vec<Skill>,
    /// These count in favour: up to 20.
    pub preferred_skills: Vec<Skill>,
    /// The language it is held in, as a BCP 47 primary tag.
    pub language: String,
    /// By when it must be known who comes; not after the start.
    pub decide_by: Instant,
    /// 1 (least) to 5 (most).
    pub priority: u8,
}

/// A need. Reads as its [`Brief`]; the brief changes only through [`CampusRequest::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct CampusRequest {
    /// Which need it is.
    pub id: CampusRequestId,
    /// Whose it is.
    pub campus_id: CampusId,
    /// Where it is in its life; changes by the verbs of [`NeedState`].
    pub state: NeedState,
    brief: Brief,
}

impl CampusRequest {
    /// The need with this brief, tidied.
    ///
    /// # Errors
    /// [`Invalid`] names the first field at fault.
    pub fn new(id: CampusRequestId, campus_id: CampusId, state: NeedState, brief: Brief) -> Result<Self, Invalid> {
        let title = line("title", &brief.title, 1, 200)?;
        let purpose = prose("purpose", &brief.purpose, 0, 5_000)?;
        let place = match &brief.place {
            Some(place) => Some(line("place", place, 1, 300)?),
            None if brief.mode == Mode::InPerson => {
                return Err(Invalid::new("place", "required", "what takes place in person needs a place"));
            }
            None => None,
        };
        if brief.roles.is_empty() {
            return Err(Invalid::new("roles", "required", "at least one role is needed"));
        }
        at_most("roles", brief.roles.len(), 20)?;
        repeated("roles", &brief.roles, |a, b| a.id == b.id || same_text(&a.name, &b.name), |r| r.name.clone())?;
        distinct_skills("required_skills", &brief.required_skills, 20)?;
        distinct_skills("preferred_skills", &brief.preferred_skills, 20)?;
        let language = language("language", &brief.language)?;
        let start = brief.when.window().start();
        if brief.decide_by > start {
            let detail = format!("{} is after the start, {start}", brief.decide_by);
            return Err(Invalid::new("decide_by", "after_start", detail));
        }
        if !(1..=5).contains(&brief.priority) {
            let detail = format!("{} is not between 1 and 5", brief.priority);
            return Err(Invalid::new("priority", "out_of_range", detail));
        }
        Ok(Self { id, campus_id, state, brief: Brief { title, purpose, place, language, ..brief } })
    }

    /// The brief, to be changed and put through [`CampusRequest::new`] again.
    #[must_use]
    pub fn into_brief(self) -> Brief {
        self.brief
    }

    /// The role of this id.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<&NeedRole> {
        self.roles.iter().find(|role| role.id == id)
    }
}

impl Deref for CampusRequest {
    type Target = Brief;

    fn deref(&self) -> &Brief {
        &self.brief
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{people::volunteer::Level, time::Zone};
    use chrono::NaiveDate;

    fn brief() -> Brief {
        let at = |hour| NaiveDate::from_ymd_opt(2027, 2, 25).unwrap().and_hms_opt(hour, 0, 0).unwrap();
        let when = LocalWindow::new(at(12), at(14), Zone::UTC, None).unwrap();
        Brief {
            kind: Kind::MockInterviews,
            title: " Mock interviews ".to_owned(),
            purpose: "Fifteen minutes each.\r\nFive for feedback.".to_owned(),
            mode: Mode::InPerson,
            place: Some("Student Center".to_owned()),
            position: None,
            when,
            roles: vec![NeedRole::new(RoleId::mint(), "interviewer", 10, 12).unwrap()],
            required_skills: vec![],
            preferred_skills: vec![],
            language: "EN".to_owned(),
            decide_by: when.window().start(),
            priority: 3,
        }
    }

    fn need(brief: Brief) -> Result<CampusRequest, Invalid> {
        CampusRequest::new(CampusRequestId::mint(), CampusId::mint(), NeedState::Draft, brief)
    }

    #[test]
    fn a_brief_is_tidied() {
        let need = need(brief()).unwrap();
        assert_eq!((need.title.as_str(), need.language.as_str()), ("Mock interviews", "en"));
        assert_eq!(need.purpose, "Fifteen minutes each.\nFive for feedback.");
    }

    #[test]
    fn a_fault_names_its_field_and_rule() {
        let check = |change: fn(&mut Brief), field: &str, code: &str| {
            let mut changed = brief();
            change(&mut changed);
            let invalid = need(changed).unwrap_err();
            assert_eq!((invalid.field.as_str(), invalid.code), (field, code));
        };
        check(|b| b.title = "\u{7}".to_owned(), "title", "control_character");
        check(|b| b.title = "x".repeat(201), "title", "too_long");
        check(|b| b.place = None, "place", "required");
        check(|b| b.roles.clear(), "roles", "required");
        check(|b| b.roles.push(NeedRole::new(RoleId::mint(), "Interviewer", 0, 1).unwrap()), "roles/1", "repeated");
        check(
            |b| b.required_skills = vec![Skill::new("a", Level::Expert).unwrap(); 2],
            "required_skills/1",
            "repeated",
        );
        check(|b| b.language = "en-US".to_owned(), "language", "not_a_language");
        check(|b| b.decide_by = b.when.window().end(), "decide_by", "after_start");
        check(|b| b.priority = 0, "priority", "out_of_range");
        check(|b| b.priority = 6, "priority", "out_of_range");
    }

    #[test]
    fn seats_of_a_role_are_a_range() {
        let check = |min, max, expect: Option<(&str, &str)>| {
            let got = NeedRole::new(RoleId::mint(), "speaker", min, max).err();
            assert_eq!(got.as_ref().map(|i| (i.field.as_str(), i.code)), expect, "{min} {max}");
        };
        check(0, 1, None);
        check(500, 500, None);
        check(0, 0, Some(("max", "out_of_range")));
        check(1, 501, Some(("max", "out_of_range")));
        check(3, 2, Some(("min", "above_max")));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for &kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Job_Fair".parse::<Kind>().unwrap_err().to_string(), "\"Job_Fair\" is no kind of need");
        assert_eq!(Kind::ALL.iter().filter(|k| k.makes_event()).count(), 5);
    }
}
