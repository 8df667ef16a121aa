//! Documents: contradictions refused by path, and the published policies of career offices read and evaluated.

mod contradictions;
mod programmes;

use super::{OfficeCalendarDocument, PolicyDocument};
use crate::domain::scheduling::office_calendar::OfficeCalendar;

fn calendar(zone: &str) -> OfficeCalendar {
    let text = r#"{
        "working_days": [
            { "day": "monday", "hours": [{ "from": "08:00", "until": "17:00" }] },
            { "day": "tuesday", "hours": [{ "from": "08:00", "until": "17:00" }] },
            { "day": "wednesday", "hours": [{ "from": "08:00", "until": "17:00" }] },
            { "day": "thursday", "hours": [{ "from": "08:00", "until": "17:00" }] },
            { "day": "friday", "hours": [{ "from": "08:00", "until": "12:00" }, { "from": "13:00", "until": "16:00" }] }
        ],
        "holidays": [
            { "name": "Thanksgiving", "first": "2026-11-26", "last": "2026-11-27" },
            { "name": "Founders’ Day", "first": "2027-03-01" }
        ],
        "terms": [
            { "name": "Fall 2026", "academic_year": "2026-27", "first": "2026-08-24", "last": "2026-12-18" },
            { "name": "Spring 2027", "academic_year": "2026-27", "first": "2027-01-19", "last": "2027-05-14" }
        ]
    }"#;
    let document: OfficeCalendarDocument = serde_json::from_str(text).unwrap();
    document.read(zone.parse().unwrap()).unwrap()
}

fn policy(text: &str) -> PolicyDocument {
    serde_json::from_str(text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}
