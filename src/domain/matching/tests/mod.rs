//! Matching from outside: rules as tables, plans as properties, the core against brute force.

mod core;
mod plans;
mod rules;

use chrono::{NaiveDate, TimeDelta, Weekday};

use super::{
    campus_request::{Brief, CampusRequest, Kind, Mode, NeedRole, NeedState},
    eligibility::{Commitment, Prospect},
    travel::Venue,
};
use crate::domain::{
    ids::{CampusId, CampusRequestId, RoleId, VolunteerId},
    people::{
        availability::{Availability, DayHours, WeeklyHours},
        place::Position,
        volunteer::{Caps, InPerson, Level, Profile, Skill, Standing, Volunteer},
    },
    time::{LocalWindow, Zone},
};

/// Thursday 25 February 2027, 00:00 in York, Pennsylvania.
fn york() -> Zone {
    "America/New_York".parse().unwrap()
}

fn campus() -> Position {
    Position::new(39.947, -76.728).unwrap()
}

fn skill(name: &str, level: Level) -> Skill {
    Skill::new(name, level).unwrap()
}

/// A window in York: `hours` from `from` o'clock on the day so many days after 22 February 2027, a Monday.
fn window(day: i64, from: u32, hours: i64) -> LocalWindow {
    let start = NaiveDate::from_ymd_opt(2027, 2, 22).unwrap().and_hms_opt(from, 0, 0).unwrap() + TimeDelta::days(day);
    LocalWindow::new(start, start + TimeDelta::hours(hours), york(), None).unwrap()
}

/// Ten to twelve interviewers on Thursday from 12 to 14 at the campus.
fn brief() -> Brief {
    let when = window(3, 12, 2);
    Brief {
        kind: Kind::MockInterviews,
        title: "Mock interviews".to_owned(),
        purpose: String::new(),
        mode: Mode::InPerson,
        place: Some("Student Center".to_owned()),
        position: Some(campus()),
        when,
        roles: vec![NeedRole::new(RoleId::mint(), "interviewer", 10, 12).unwrap()],
        required_skills: vec![skill("interviewing", Level::Practised)],
        preferred_skills: vec![skill("accounting", Level::Foundation), skill("nursing", Level::Practised)],
        language: "en".to_owned(),
        decide_by: when.window().start(),
        priority: 3,
    }
}

fn need(change: impl FnOnce(&mut Brief)) -> CampusRequest {
    let mut brief = brief();
    change(&mut brief);
    brief.decide_by = brief.when.window().start();
    CampusRequest::new(CampusRequestId::mint(), CampusId::mint(), NeedState::Approved, brief).unwrap()
}

fn profile() -> Profile {
    let weekdays = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let hours = DayHours::parse("08:00", "18:00").unwrap();
    let weekly = weekdays.into_iter().map(|day| WeeklyHours { day, hours }).collect();
    Profile {
        display_name: "Volunteer One".to_owned(),
        headline: String::new(),
        credentials: vec!["CPRW".to_owned()],
        skills: vec![skill("Interviewing", Level::Expert), skill("Accounting", Level::Practised)],
        kinds: vec![Kind::MockInterviews, Kind::Workshop],
        languages: vec!["en".to_owned(), "es".to_owned()],
        // Some 10 km north of the campus.
        in_person: Some(InPerson { home: Position::new(40.037, -76.728).unwrap(), travel_km: 40 }),
        virtual_ok: false,
        availability: Availability::new(york(), weekly, Vec::new()).unwrap(),
        caps: Caps { per_week: 2, per_month: 3 },
    }
}

fn prospect(change: impl FnOnce(&mut Profile)) -> Prospect {
    let mut profile = profile();
    change(&mut profile);
    Prospect {
        volunteer: Volunteer::new(VolunteerId::mint(), profile).unwrap(),
        standing: Some(Standing::Approved),
        commitments: Vec::new(),
        past: Vec::new(),
        exclusions: Vec::new(),
        newcomer: false,
    }
}

fn commitment(when: LocalWindow, venue: Venue, title: Option<&str>) -> Commitment {
    Commitment { need: CampusRequestId::mint(), title: title.map(ToOwned::to_owned), window: when.window(), venue }
}
