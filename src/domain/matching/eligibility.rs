//! Who may be asked for a need, and by which rules somebody may not.
//!
//! [`check`] names every rule that fails, with the values that failed it; [`is_eligible`] is the same question when only
//! the answer counts, and formats nothing. Engagements at other campuses stand in the way without being named. Absent on
//! purpose: the clock (whether a need has begun is for the use case) and the state of the need.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{
    campus_request::{CampusRequest, Mode},
    travel::{TravelRule, Venue},
};
use crate::domain::{
    ids::CampusRequestId,
    people::{
        place::Position,
        volunteer::{Skill, Standing, Volunteer},
    },
    time::{Instant, Window, Zone},
    wording,
    words::words,
};

words! {
    /// The rules, each by its name.
    pub enum Rule("rule of eligibility") {
        /// The campus has approved the volunteer, and neither paused nor suspended.
        NotApprovedHere = "not_approved_here",
        /// The volunteer takes on needs of this kind.
        KindNotAccepted = "kind_not_accepted",
        /// The volunteer speaks the language it is held in.
        LanguageMissing = "language_missing",
        /// The volunteer has the required skill at the required level.
        SkillMissing = "skill_missing",
        /// The volunteer takes part in this way.
        ModeNotOffered = "mode_not_offered",
        /// It lies within the volunteer's travel distance.
        TooFar = "too_far",
        /// The volunteer has given these hours.
        Unavailable = "unavailable",
        /// No other engagement is in the way, travel included.
        Clash = "clash",
        /// The volunteer's week or month has room.
        CapReached = "cap_reached",
        /// No exclusion keeps the volunteer away.
        Excluded = "excluded",
        /// The volunteer has not turned it down before.
        DeclinedBefore = "declined_before",
        /// The volunteer is not being asked already.
        AlreadyAsked = "already_asked",
        /// The volunteer does not hold a seat of it already.
        AlreadyAssigned = "already_assigned",
    }

    /// What passed between a volunteer and a need before.
    pub enum Past("past of a volunteer and a need") {
        /// An offer is open.
        Asked = "asked",
        /// The volunteer holds a seat.
        Assigned = "assigned",
        /// The volunteer said no.
        Declined = "declined",
        /// The volunteer did not answer in time.
        Unanswered = "unanswered",
        /// The volunteer gave a seat back.
        Released = "released",
        /// The office took a seat back.
        Removed = "removed",
    }
}

/// A time at which a volunteer is engaged, or asked to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitment {
    /// For which need.
    pub need: CampusRequestId,
    /// What to call it; `None` when it belongs to another campus, which is nobody's business here.
    pub title: Option<String>,
    /// When.
    pub window: Window,
    /// Where.
    pub venue: Venue,
}

/// A rule of the office that keeps a volunteer from one need, or from all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The one need; `None` for all of the campus.
    pub need: Option<CampusRequestId>,
    /// Why, as the office wrote it.
    pub reason: String,
}

/// A volunteer as one campus sees it: everything that eligibility and score ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// The person.
    pub volunteer: Volunteer,
    /// Where the volunteer stands at the campus; `None` without a membership.
    pub standing: Option<Standing>,
    /// Seats held (assignments that count) and seats offered, at all campuses, at least from a month before to a month
    /// after the needs in question.
    pub commitments: Vec<Commitment>,
    /// What passed between the volunteer and needs of the campus.
    pub past: Vec<(CampusRequestId, Past)>,
    /// The exclusions that name the volunteer.
    pub exclusions: Vec<Exclusion>,
    /// Whether the volunteer has joined so lately that they should not be asked for everything at once.
    pub newcomer: bool,
}

/// The campus on the map: where it lies and how ways are reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Terrain {
    /// Where needs in person take place that name no position of their own.
    pub campus: Option<Position>,
    /// How travel time is reckoned.
    pub travel: TravelRule,
}

/// A rule that failed, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The rule.
    pub rule: Rule,
    /// A sentence with the values, for the coordinator.
    pub detail: String,
}

/// A period in which a volunteer takes only so many engagements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// The week that begins on this Monday.
    Week(NaiveDate),
    /// The month that begins on this day.
    Month(NaiveDate),
}

impl Period {
    /// The week and the month of an instant, by the calendar of `zone`.
    #[must_use]
    pub fn of(at: Instant, zone: Zone) -> (Self, Self) {
        let date = at.wall(zone).date();
        let monday = date - TimeDelta::days(i64::from(date.weekday().num_days_from_monday()));
        (Self::Week(monday), Self::Month(date.with_day(1).unwrap_or(date)))
    }
}

/// The first rule that keeps the volunteer from the need, if any does.
#[must_use]
pub fn first_fault(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Option<Rule> {
    faults(need, who, terrain).next().map(|fault| fault.rule())
}

/// What failed, before it is put in words.
enum Fault<'a> {
    Standing,
    Kind,
    Language,
    Skill(&'a Skill),
    Mode,
    Distance { km: f64, limit: u32 },
    Hours(Instant),
    Clash(&'a Commitment),
    Cap { period: Period, held: usize, cap: u8 },
    Excluded(&'a str),
    Past(Past),
}

/// Every rule that keeps the volunteer from the need; none when eligible.
#[must_use]
pub fn check(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Vec<Failed> {
    faults(need, who, terrain).map(|fault| fault.in_words(need, who)).collect()
}

/// Whether no rule keeps the volunteer from the need.
#[must_use]
pub fn is_eligible(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> bool {
    faults(need, who, terrain).next().is_none()
}

/// The faults one after another, the cheapest questions first.
fn faults<'a>(
    need: &'a CampusRequest,
    who: &'a Prospect,
    terrain: &'a Terrain,
) -> impl Iterator<Item = Fault<'a>> + use<'a> {
    let volunteer = &who.volunteer;
    let standing = (who.standing != Some(Standing::Approved)).then_some(Fault::Standing);
    let kind = (!volunteer.kinds.contains(&need.kind)).then_some(Fault::Kind);
    let language = (!volunteer.languages.contains(&need.language)).then_some(Fault::Language);
    let mode = match need.mode {
        Mode::InPerson => volunteer.in_person.is_none(),
        Mode::Virtual => !volunteer.virtual_ok,
    };
    let excluded = who.exclusions.iter().filter(|e| e.need.is_none_or(|one| one == need.id));
    let past = who.past.iter().filter(|(at, _)| *at == need.id);
    let skills =
        need.required_skills.iter().filter(|wanted| volunteer.level_of(wanted).is_none_or(|l| l < wanted.level()));
    standing
        .into_iter()
        .chain(kind)
        .chain(language)
        .chain(mode.then_some(Fault::Mode))
        .chain(excluded.map(|e| Fault::Excluded(&e.reason)))
        .chain(past.map(|&(_, past)| Fault::Past(past)))
        .chain(skills.map(Fault::Skill))
        .chain(std::iter::once_with(|| too_far(need, who, terrain)).flatten())
        .chain(clashes(need, who, terrain).map(Fault::Clash))
        .chain(std::iter::once_with(|| caps_reached(need, who)).flatten().flatten())
        .chain(
            std::iter::once_with(|| volunteer.availability.first_gap(need.when.window())).flatten().map(Fault::Hours),
        )
}

/// The way from home in km, where both ends are known.
#[must_use]
pub fn km_from_home(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Option<f64> {
    match (Venue::of(need, terrain.campus), who.volunteer.in_person) {
        (Venue::At(Some(there)), Some(from)) => Some(from.home.km_to(there)),
        (Venue::At(_) | Venue::Virtual, _) => None,
    }
}

fn too_far<'a>(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Option<Fault<'a>> {
    let (km, limit) = (km_from_home(need, who, terrain)?, who.volunteer.in_person?.travel_km);
    (km > f64::from(limit)).then_some(Fault::Distance { km, limit })
}

/// The commitments that leave no time for the need.
pub fn clashes<'a>(
    need: &'a CampusRequest,
    who: &'a Prospect,
    terrain: &'a Terrain,
) -> impl Iterator<Item = &'a Commitment> + use<'a> {
    let asked = (need.when.window(), Venue::of(need, terrain.campus));
    let others = who.commitments.iter().filter(|c| c.need != need.id);
    others.filter(move |c| terrain.travel.clash(asked, (c.window, c.venue)))
}

/// How many other engagements fall into the week and into the month of the need.
#[must_use]
pub fn held_in_periods(need: &CampusRequest, who: &Prospect) -> (usize, usize) {
    let (zone, start) = (who.volunteer.zone(), need.when.window().start());
    let near =
        |c: &&Commitment| c.need != need.id && (c.window.start().unix() - start.unix()).abs() < 40 * 24 * 60 * 60;
    let mut others = who.commitments.iter().filter(near).peekable();
    if others.peek().is_none() {
        return (0, 0);
    }
    let (week, month) = Period::of(start, zone);
    others.fold((0, 0), |(in_week, in_month), c| {
        let (w, m) = Period::of(c.window.start(), zone);
        (in_week + usize::from(w == week), in_month + usize::from(m == month))
    })
}

fn caps_reached<'a>(need: &CampusRequest, who: &Prospect) -> [Option<Fault<'a>>; 2] {
    let caps = who.volunteer.caps;
    if who.commitments.len() < usize::from(caps.per_week.min(caps.per_month)) {
        return [None, None];
    }
    let (week, month) = Period::of(need.when.window().start(), who.volunteer.zone());
    let (in_week, in_month) = held_in_periods(need, who);
    [(week, in_week, caps.per_week), (month, in_month, caps.per_month)]
        .map(|(period, held, cap)| (held >= usize::from(cap)).then_some(Fault::Cap { period, held, cap }))
}

impl Fault<'_> {
    const fn rule(&self) -> Rule {
        match self {
            Self::Standing => Rule::NotApprovedHere,
            Self::Kind => Rule::KindNotAccepted,
            Self::Language => Rule::LanguageMissing,
            Self::Skill(_) => Rule::SkillMissing,
            Self::Mode => Rule::ModeNotOffered,
            Self::Distance { .. } => Rule::TooFar,
            Self::Hours(_) => Rule::Unavailable,
            Self::Clash(_) => Rule::Clash,
            Self::Cap { .. } => Rule::CapReached,
            Self::Excluded(_) => Rule::Excluded,
            Self::Past(Past::Asked) => Rule::AlreadyAsked,
            Self::Past(Past::Assigned) => Rule::AlreadyAssigned,
            Self::Past(Past::Declined | Past::Unanswered | Past::Released | Past::Removed) => Rule::DeclinedBefore,
        }
    }

    fn in_words(&self, need: &CampusRequest, who: &Prospect) -> Failed {
        let detail = match self {
            Self::Standing => who.standing.map_or_else(
                || "Has not applied at this campus.".to_owned(),
                |standing| format!("Is {standing} at this campus, not approved."),
            ),
            Self::Kind => format!("Does not take on {}.", need.kind.in_words()),
            Self::Language => {
                format!("Speaks {}; it is held in {}.", who.volunteer.languages.join(", "), need.language)
            }
            Self::Skill(wanted) => who.volunteer.level_of(wanted).map_or_else(
                || format!("Lacks {wanted}."),
                |held| format!("Has {} at {held}; {} is required.", wanted.name(), wanted.level()),
            ),
            Self::Mode => match need.mode {
                Mode::InPerson => "Does not come in person.".to_owned(),
                Mode::Virtual => "Does not take part from afar.".to_owned(),
            },
            Self::Distance { km, limit } => format!("Travels up to {limit} km; it is {km:.1} km away."),
            Self::Hours(gap) => {
                format!("Has given no hours for {}.", wording::instant(*gap, who.volunteer.zone()))
            }
            Self::Clash(with) => clash_in_words(with, need),
            Self::Cap { period, held, cap } => cap_in_words(*period, *held, *cap),
            Self::Excluded(reason) => format!("Is excluded: {reason}"),
            Self::Past(past) => match past {
                Past::Asked => "Is being asked already.",
                Past::Assigned => "Holds a seat already.",
                Past::Declined => "Has declined it.",
                Past::Unanswered => "Did not answer in time when asked.",
                Past::Released => "Has given a seat of it back.",
                Past::Removed => "Was taken off it by the office.",
            }
            .to_owned(),
        };
        Failed { rule: self.rule(), detail }
    }
}

fn clash_in_words(with: &Commitment, need: &CampusRequest) -> String {
    let Some(title) = &with.title else { return "Is engaged elsewhere at that time.".to_owned() };
    let when = wording::window(with.window, need.when.zone());
    format!("Is engaged in \u{201c}{title}\u{201d}, {when}; no time is left between, travel included.")
}

fn cap_in_words(period: Period, held: usize, cap: u8) -> String {
    match period {
        Period::Week(monday) => {
            format!("Takes {cap} in a week and has {held} in that of {}.", monday.format("%-d %B %Y"))
        }
        Period::Month(first) => format!("Takes {cap} in a month and has {held} in {}.", first.format("%B %Y")),
    }
}
