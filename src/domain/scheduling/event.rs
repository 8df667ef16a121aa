//! Events: what takes place, as the public sees it.
//!
//! An event comes of an approved need and copies its words, times and place; from then on it lives by itself. Each verb
//! answers the changed event or is refused by the state it is in. What calendars need is kept with it: a sequence that is
//! raised by every change of time, place or status once the event has been shown, and when it last changed. Absent on
//! purpose: the seats, which are the need's, and the times inside it, which are the slots'.

use crate::domain::{
    ids::{CampusId, CampusRequestId, EventId, EventSeriesId},
    matching::campus_request::{CampusRequest, Kind, Mode},
    people::place::Position,
    refusal::{Invalid, WrongState, line, prose},
    scheduling::event_part::EventPart,
    time::{Instant, LocalWindow},
    words::words,
};

words! {
    /// What takes place.
    pub enum EventKind("kind of event") {
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
        /// A board meets.
        BoardMeeting = "board_meeting",
    }

    /// Where an event is in its life.
    pub enum EventState("state of an event") {
        /// Members of the campus alone see it.
        Draft = "draft",
        /// Everybody sees it.
        Published = "published",
        /// It will take place, but not at the time that was said.
        Postponed = "postponed",
        /// It is taking place.
        InProgress = "in_progress",
        /// It took place.
        Completed = "completed",
        /// It does not take place.
        Cancelled = "cancelled",
    }
}

impl EventKind {
    /// The words a person would use: `mock interviews`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// What comes of an approved need of this kind; `None` where nothing takes place, such as for a referral.
    #[must_use]
    pub const fn of_need(kind: Kind) -> Option<Self> {
        match kind {
            Kind::JobFair => Some(Self::JobFair),
            Kind::MockInterviews => Some(Self::MockInterviews),
            Kind::Workshop => Some(Self::Workshop),
            Kind::ClassVisit => Some(Self::ClassVisit),
            Kind::Podcast => Some(Self::Podcast),
            Kind::AdvisoryBoard | Kind::EmployerIntroduction | Kind::AlumniReferral => None,
        }
    }
}

/// The life of an event: draft → published → `in_progress` → completed; postponed ⇄ published; cancelled.
impl EventState {
    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Draft | Self::Published | Self::Postponed | Self::InProgress => false,
            Self::Completed | Self::Cancelled => true,
        }
    }

    /// Everybody may see it, with a time that holds.
    ///
    /// # Errors
    /// [`WrongState`] unless a draft or postponed.
    pub fn publish(self) -> Result<Self, WrongState> {
        self.moves("publish", &[Self::Draft, Self::Postponed], Self::Published)
    }

    /// Its time does not hold any more.
    ///
    /// # Errors
    /// [`WrongState`] unless published.
    pub fn postpone(self) -> Result<Self, WrongState> {
        self.moves("postpone", &[Self::Published], Self::Postponed)
    }

    /// It begins.
    ///
    /// # Errors
    /// [`WrongState`] unless published.
    pub fn begin(self) -> Result<Self, WrongState> {
        self.moves("begin", &[Self::Published], Self::InProgress)
    }

    /// It is over.
    ///
    /// # Errors
    /// [`WrongState`] unless in progress.
    pub fn complete(self) -> Result<Self, WrongState> {
        self.moves("complete", &[Self::InProgress], Self::Completed)
    }

    /// It does not take place.
    ///
    /// # Errors
    /// [`WrongState`] once it has begun or was cancelled.
    pub fn cancel(self) -> Result<Self, WrongState> {
        self.moves("cancel", &[Self::Draft, Self::Published, Self::Postponed], Self::Cancelled)
    }

    /// Its words or its place are changed.
    ///
    /// # Errors
    /// [`WrongState`] once completed or cancelled.
    pub fn change(self) -> Result<Self, WrongState> {
        self.moves("change", &[Self::Draft, Self::Published, Self::Postponed, Self::InProgress], self)
    }

    pub(super) fn moves(self, verb: &'static str, from: &[Self], to: Self) -> Result<Self, WrongState> {
        if from.contains(&self) { Ok(to) } else { Err(WrongState { from: self.as_str(), verb }) }
    }
}

/// Something that takes place.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which event it is.
    pub id: EventId,
    /// Whose it is.
    pub campus_id: CampusId,
    /// The need that made it.
    pub campus_request_id: Option<CampusRequestId>,
    /// The series it is a meeting of.
    pub series_id: Option<EventSeriesId>,
    /// What takes place.
    pub kind: EventKind,
    /// Where it is in its life.
    pub state: EventState,
    /// Why it was cancelled.
    pub state_reason: Option<String>,
    /// What it is called.
    pub title: String,
    /// What the public should know; may be empty.
    pub description: String,
    /// At a place or from afar.
    pub mode: Mode,
    /// Where, in words.
    pub place: Option<String>,
    /// Where on the globe.
    pub position: Option<Position>,
    /// Who speaks or leads, as the public should know it.
    pub presenter: Option<String>,
    /// When, as the people there agreed on it.
    pub when: LocalWindow,
    /// Its parts, in order of their start.
    pub parts: Vec<EventPart>,
    /// Raised by every change of time, place or status that calendars have to learn of.
    pub calendar_sequence: u32,
    /// When it was first published.
    pub published_at: Option<Instant>,
    /// When what a calendar shows of it last changed.
    pub changed_at: Instant,
}

/// Who speaks or leads: a name, and what they are, in a line.
///
/// # Errors
/// [`Invalid`] unless 1 to 200 characters.
pub fn presented(presenter: &str) -> Result<String, Invalid> {
    line("presenter", presenter, 1, 200)
}

/// What may be changed about an event; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventChange {
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new place, or none.
    pub place: Option<Option<String>>,
    /// Another presenter, or none.
    pub presenter: Option<Option<String>>,
}

impl Event {
    /// The draft that an approved need makes, `None` for a kind that makes none. The need's purpose is between the office
    /// and its volunteers, so the public's description begins empty.
    #[must_use]
    pub fn of_need(id: EventId, need: &CampusRequest, now: Instant) -> Option<Self> {
        Some(Self {
            id,
            campus_id: need.campus_id,
            campus_request_id: Some(need.id),
            series_id: None,
            kind: EventKind::of_need(need.kind)?,
            state: EventState::Draft,
            state_reason: None,
            title: need.title.clone(),
            description: String::new(),
            mode: need.mode,
            place: need.place.clone(),
            position: need.position,
            presenter: None,
            when: need.when,
            parts: Vec::new(),
            calendar_sequence: 0,
            published_at: None,
            changed_at: now,
        })
    }

    /// Whether everybody may see it. A draft that was called off is never seen.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.published_at.is_some()
    }

    /// Everybody may see it from now on.
    ///
    /// # Errors
    /// [`WrongState`] as for [`EventState::publish`].
    pub fn publish(&self, now: Instant) -> Result<Self, WrongState> {
        let state = self.state.publish()?;
        Ok(Self { state, state_reason: None, published_at: self.published_at.or(Some(now)), ..self.touched(now) })
    }

    /// It does not take place.
    ///
    /// # Errors
    /// [`WrongState`] as for [`EventState::cancel`].
    pub fn cancel(&self, reason: &str, now: Instant) -> Result<Self, WrongState> {
        let state = self.state.cancel()?;
        Ok(Self { state, state_reason: Some(reason.to_owned()), ..self.touched(now) })
    }

    /// The event with other words, another place or another presenter. Only the last two are changes that calendars count.
    ///
    /// # Errors
    /// [`ChangeRefused`] by the state or by a field.
    pub fn change(&self, change: &EventChange, now: Instant) -> Result<Self, ChangeRefused> {
        self.state.change()?;
        let title = match &change.title {
            Some(title) => line("title", title, 1, 200)?,
            None => self.title.clone(),
        };
        let description = match &change.description {
            Some(description) => prose("description", description, 0, 5_000)?,
            None => self.description.clone(),
        };
        let place = match &change.place {
            Some(Some(place)) => Some(line("place", place, 1, 300)?),
            Some(None) if self.mode == Mode::InPerson => {
                return Err(Invalid::new("place", "required", "what takes place in person needs a place").into());
            }
            Some(None) => None,
            None => self.place.clone(),
        };
        let presenter = match &change.presenter {
            Some(presenter) => presenter.as_deref().map(presented).transpose()?,
            None => self.presenter.clone(),
        };
        let changed = Self { title, description, place, presenter, ..self.clone() };
        if changed.shows_otherwise(self) {
            return Ok(changed.touched(now));
        }
        let changed_at = if changed == *self { self.changed_at } else { now };
        Ok(Self { changed_at, ..changed })
    }

    /// The event with these parts, as [`event_part::programme`](super::event_part::programme) has read them.
    ///
    /// # Errors
    /// [`WrongState`] once completed or cancelled.
    pub fn divide(&self, parts: Vec<EventPart>, now: Instant) -> Result<Self, WrongState> {
        self.state.change()?;
        let changed_at = if parts == self.parts { self.changed_at } else { now };
        Ok(Self { parts, changed_at, ..self.clone() })
    }

    /// The part of this key.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&EventPart> {
        self.parts.iter().find(|part| part.key == key)
    }

    /// Whether whoever comes has to learn of the difference: another place or another presenter.
    #[must_use]
    pub fn shows_otherwise(&self, before: &Self) -> bool {
        self.place != before.place || self.presenter != before.presenter
    }

    /// A draft is in nobody's calendar, so its changes are not counted.
    pub(super) fn touched(&self, now: Instant) -> Self {
        let raised = u32::from(self.published_at.is_some());
        Self { calendar_sequence: self.calendar_sequence.saturating_add(raised), changed_at: now, ..self.clone() }
    }
}

/// Why an event could not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRefused {
    /// It is over or called off.
    State(WrongState),
    /// A field is wrong.
    Field(Invalid),
}

impl From<WrongState> for ChangeRefused {
    fn from(refused: WrongState) -> Self {
        Self::State(refused)
    }
}

impl From<Invalid> for ChangeRefused {
    fn from(invalid: Invalid) -> Self {
        Self::Field(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::RoleId,
        matching::campus_request::{Brief, NeedRole, NeedState},
        time::Zone,
    };
    use chrono::NaiveDate;

    fn need(kind: Kind) -> CampusRequest {
        let at = |hour| NaiveDate::from_ymd_opt(2027, 2, 25).unwrap().and_hms_opt(hour, 0, 0).unwrap();
        let when = LocalWindow::new(at(12), at(14), Zone::UTC, None).unwrap();
        let brief = Brief {
            kind,
            title: "Mock interviews".to_owned(),
            purpose: "For the office and its volunteers.".to_owned(),
            mode: Mode::InPerson,
            place: Some("Student Center".to_owned()),
            position: None,
            when,
            roles: vec![NeedRole::new(RoleId::mint(), "interviewer", 10, 12).unwrap()],
            required_skills: vec![],
            preferred_skills: vec![],
            language: "en".to_owned(),
            decide_by: when.window().start(),
            priority: 3,
        };
        CampusRequest::new(CampusRequestId::mint(), CampusId::mint(), NeedState::Approved, brief).unwrap()
    }

    fn draft() -> Event {
        Event::of_need(EventId::mint(), &need(Kind::MockInterviews), Instant::from_unix(0)).unwrap()
    }

    #[test]
    fn a_need_makes_an_event_of_its_kind_or_none() {
        for &kind in Kind::ALL {
            let event = Event::of_need(EventId::mint(), &need(kind), Instant::from_unix(0));
            assert_eq!(event.is_some(), kind.makes_event(), "{kind}");
            assert!(event.is_none_or(|event| event.kind.as_str() == kind.as_str() && event.description.is_empty()));
        }
    }

    #[test]
    fn an_event_lives_only_by_its_verbs() {
        use EventState::{Cancelled, Completed, Draft, InProgress, Postponed, Published};
        type Verb = fn(EventState) -> Result<EventState, WrongState>;
        let check = |verb: Verb, from: &[EventState], to: EventState| {
            for &state in EventState::ALL {
                assert_eq!(verb(state).ok(), from.contains(&state).then_some(to), "{state} -> {to}");
            }
        };
        check(EventState::publish, &[Draft, Postponed], Published);
        check(EventState::postpone, &[Published], Postponed);
        check(EventState::begin, &[Published], InProgress);
        check(EventState::complete, &[InProgress], Completed);
        check(EventState::cancel, &[Draft, Published, Postponed], Cancelled);
        for &state in EventState::ALL {
            assert_eq!(state.change().is_ok(), !state.is_final());
        }
    }

    #[test]
    fn the_sequence_counts_what_calendars_must_learn() {
        let [one, two, three, four] = [1, 2, 3, 4].map(Instant::from_unix);
        let words = EventChange { title: Some("Practice interviews".to_owned()), ..EventChange::default() };
        let elsewhere = EventChange { place: Some(Some("Library".to_owned())), ..EventChange::default() };

        let moved_as_draft = draft().change(&elsewhere, one).unwrap();
        assert_eq!((moved_as_draft.calendar_sequence, moved_as_draft.changed_at), (0, one));

        let published = moved_as_draft.publish(one).unwrap();
        assert_eq!((published.calendar_sequence, published.published_at), (0, Some(one)));

        let renamed = published.change(&words, two).unwrap();
        assert_eq!((renamed.calendar_sequence, renamed.changed_at), (0, two));
        assert_eq!(renamed.change(&words, three).unwrap(), renamed);
        assert_eq!(renamed.change(&elsewhere, three).unwrap(), renamed);

        let back = EventChange { place: Some(Some(" Student Center ".to_owned())), ..EventChange::default() };
        let moved = renamed.change(&back, three).unwrap();
        assert_eq!(
            (moved.calendar_sequence, moved.changed_at, moved.place.as_deref()),
            (1, three, Some("Student Center"))
        );

        let cancelled = moved.cancel("Snow.", four).unwrap();
        assert_eq!((cancelled.calendar_sequence, cancelled.changed_at), (2, four));
        assert_eq!(cancelled.state_reason.as_deref(), Some("Snow."));
    }

    #[test]
    fn a_change_is_refused_by_its_field_or_by_the_state() {
        let change = |change: EventChange| draft().change(&change, Instant::from_unix(1)).unwrap_err();
        let nowhere = change(EventChange { place: Some(None), ..EventChange::default() });
        assert!(
            matches!(nowhere, ChangeRefused::Field(invalid) if (invalid.field.as_str(), invalid.code) == ("place", "required"))
        );
        let hidden = change(EventChange { title: Some("a\r\nb".to_owned()), ..EventChange::default() });
        assert!(matches!(hidden, ChangeRefused::Field(invalid) if invalid.code == "control_character"));
        let off = draft().cancel("Snow.", Instant::from_unix(1)).unwrap();
        let late = off.change(&EventChange::default(), Instant::from_unix(2)).unwrap_err();
        assert_eq!(late, ChangeRefused::State(WrongState { from: "cancelled", verb: "change" }));
    }
}
