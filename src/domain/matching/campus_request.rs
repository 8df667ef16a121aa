//! Needs: what is wanted, by whom, when, and how many.
//!
//! A [`Brief`] is what the person who asks fills in; [`CampusRequest::new`] is the one door through which it becomes a
//! need. [`NeedState`] is its life, [`Fill`] is computed from live seats and never kept. Absent on purpose: timing other
//! than fixed, and the happening itself (an event may come of a need, or several, or none).

use std::ops::Deref;

use crate::domain::{
    ids::{CampusId, CampusRequestId, RoleId},
    people::{
        place::Position,
        volunteer::{Skill, at_most, distinct_skills, language, repeated, same_text},
    },
    refusal::{Invalid, WrongState, line, prose},
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

    /// Where a need is in its life.
    pub enum NeedState("state of a need") {
        /// Being written.
        Draft = "draft",
        /// The office is to decide.
        Submitted = "submitted",
        /// The office has asked back.
        NeedsInfo = "needs_info",
        /// Open: volunteers are wanted.
        Approved = "approved",
        /// Every seat that was wanted is taken.
        Fulfilled = "fulfilled",
        /// Done with.
        Closed = "closed",
        /// The office said no.
        Declined = "declined",
        /// Taken back by the person who asked.
        Withdrawn = "withdrawn",
        /// Called off by the office.
        Cancelled = "cancelled",
        /// Its time passed before it was met.
        Expired = "expired",
    }

    /// How far the seats of a need are taken.
    pub enum Fill("fill") {
        /// No seat is taken.
        Unfilled = "unfilled",
        /// Some role has fewer people than its minimum.
        Partial = "partial",
        /// Every role has its minimum.
        Viable = "viable",
        /// Every role has its maximum.
        Filled = "filled",
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

impl Fill {
    /// The fill of a need whose roles have `(taken, min, max)` seats.
    #[must_use]
    pub fn of(roles: impl IntoIterator<Item = (u32, u16, u16)>) -> Self {
        let (mut taken_at_all, mut all_min, mut all_max) = (false, true, true);
        for (taken, min, max) in roles {
            taken_at_all |= taken > 0;
            all_min &= taken >= u32::from(min);
            all_max &= taken >= u32::from(max);
        }
        match (taken_at_all, all_max, all_min) {
            (false, _, _) => Self::Unfilled,
            (true, true, _) => Self::Filled,
            (true, false, true) => Self::Viable,
            (true, false, false) => Self::Partial,
        }
    }
}

/// The life of a need: draft → submitted ⇄ `needs_info` → approved ⇄ fulfilled → closed; declined, withdrawn, cancelled
/// and expired end it. Each verb is refused in the states it does not belong to.
impl NeedState {
    /// Whether volunteers are wanted now.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Approved)
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Draft | Self::Submitted | Self::NeedsInfo | Self::Approved | Self::Fulfilled => false,
            Self::Closed | Self::Declined | Self::Withdrawn | Self::Cancelled | Self::Expired => true,
        }
    }

    /// Whether the person who asked may still change it.
    #[must_use]
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Submitted | Self::NeedsInfo)
    }

    /// The person who asks puts it before the office.
    ///
    /// # Errors
    /// [`WrongState`] unless it is a draft or was asked back.
    pub fn submit(self) -> Result<Self, WrongState> {
        self.moves("submit", &[Self::Draft, Self::NeedsInfo], Self::Submitted)
    }

    /// The office says yes.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted.
    pub fn approve(self) -> Result<Self, WrongState> {
        self.moves("approve", &[Self::Submitted], Self::Approved)
    }

    /// The office has a question first.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted.
    pub fn ask_back(self) -> Result<Self, WrongState> {
        self.moves("ask_back", &[Self::Submitted], Self::NeedsInfo)
    }

    /// The office says no.
    ///
    /// # Errors
    /// [`WrongState`] unless submitted or asked back.
    pub fn decline(self) -> Result<Self, WrongState> {
        self.moves("decline", &[Self::Submitted, Self::NeedsInfo], Self::Declined)
    }

    /// The person who asked takes it back, before the office has said yes; afterwards the office cancels.
    ///
    /// # Errors
    /// [`WrongState`] once decided.
    pub fn withdraw(self) -> Result<Self, WrongState> {
        self.moves("withdraw", &[Self::Draft, Self::Submitted, Self::NeedsInfo], Self::Withdrawn)
    }

    /// The office calls it off.
    ///
    /// # Errors
    /// [`WrongState`] unless approved or fulfilled.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Approved, Self::Fulfilled], Self::Cancelled)
    }

    /// Nothing more is wanted.
    ///
    /// # Errors
    /// [`WrongState`] unless approved or fulfilled.
    pub fn close(self) -> Result<Self, WrongState> {
        self.moves("close", &[Self::Approved, Self::Fulfilled], Self::Closed)
    }

    /// Its time has passed unmet.
    ///
    /// # Errors
    /// [`WrongState`] once fulfilled or ended.
    pub fn expire(self) -> Result<Self, WrongState> {
        self.moves("expire", &[Self::Draft, Self::Submitted, Self::NeedsInfo, Self::Approved], Self::Expired)
    }

    /// Its last seat was taken.
    ///
    /// # Errors
    /// [`WrongState`] unless approved.
    pub fn fulfil(self) -> Result<Self, WrongState> {
        self.moves("fulfil", &[Self::Approved], Self::Fulfilled)
    }

    /// A seat came free again.
    ///
    /// # Errors
    /// [`WrongState`] unless fulfilled.
    pub fn reopen(self) -> Result<Self, WrongState> {
        self.moves("reopen", &[Self::Fulfilled], Self::Approved)
    }

    fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
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
    fn a_need_lives_only_by_its_verbs() {
        use NeedState::{
            Approved, Cancelled, Closed, Declined, Draft, Expired, Fulfilled, NeedsInfo, Submitted, Withdrawn,
        };
        type Verb = fn(NeedState) -> Result<NeedState, WrongState>;
        let check = |verb: Verb, from: &[NeedState], to: NeedState| {
            for &state in NeedState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(NeedState::submit, &[Draft, NeedsInfo], Submitted);
        check(NeedState::approve, &[Submitted], Approved);
        check(NeedState::ask_back, &[Submitted], NeedsInfo);
        check(NeedState::decline, &[Submitted, NeedsInfo], Declined);
        check(NeedState::withdraw, &[Draft, Submitted, NeedsInfo], Withdrawn);
        check(NeedState::cancel, &[Approved, Fulfilled], Cancelled);
        check(NeedState::close, &[Approved, Fulfilled], Closed);
        check(NeedState::expire, &[Draft, Submitted, NeedsInfo, Approved], Expired);
        check(NeedState::fulfil, &[Approved], Fulfilled);
        check(NeedState::reopen, &[Fulfilled], Approved);
        let refused = Closed.ask_back().unwrap_err();
        assert_eq!(refused, WrongState { from: "closed", verb: "ask_back" });
        assert_eq!(refused.to_string(), "cannot ask back what is closed");
    }

    #[test]
    fn fill_counts_every_role() {
        let check =
            |roles: &[(u32, u16, u16)], expect: Fill| assert_eq!(Fill::of(roles.iter().copied()), expect, "{roles:?}");
        check(&[(0, 10, 12)], Fill::Unfilled);
        check(&[(0, 0, 12)], Fill::Unfilled);
        check(&[(9, 10, 12)], Fill::Partial);
        check(&[(10, 10, 12)], Fill::Viable);
        check(&[(12, 10, 12)], Fill::Filled);
        // A total that suffices while one role falls short.
        check(&[(12, 1, 12), (0, 1, 1)], Fill::Partial);
        check(&[(12, 1, 12), (0, 0, 1)], Fill::Viable);
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
