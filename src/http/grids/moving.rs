//! The document of a grid, moved with its event.

use chrono::NaiveTime;

use super::GridBody;
use super::PatternBody;
use crate::domain::scheduling::grid::expand;
use crate::domain::scheduling::reschedule::Shift;
use crate::domain::time::Fold;
use crate::http::wire::times::{said, wall};

/// The minutes of a day.
const DAY: i64 = 24 * 60;

/// The document of a grid whose slots are those of `document`, moved by `shift`; `None` where its hours cannot be written
/// down so, such as a lunch that would run over midnight. Made again from it, not one slot changes.
pub fn moved(document: &serde_json::Value, shift: &Shift) -> Option<serde_json::Value> {
    let mut grid: GridBody = serde_json::from_value(document.clone()).ok()?;
    let before = expand(&grid.read(shift.from()).ok()?).ok()?;
    let date = |local: &str| wall("", local).ok().map(|wall| said(wall + shift.by()));
    for session in &mut grid.sessions {
        session.starts_local = date(&session.starts_local)?;
        session.ends_local = date(&session.ends_local)?;
    }
    let by = shift.by().num_minutes().rem_euclid(DAY);
    for pause in &mut grid.breaks {
        (pause.from, pause.until) = hours(&pause.from, &pause.until, by)?;
    }
    for block in &mut grid.lunch_blocks {
        (block.from, block.until) = hours(&block.from, &block.until, by)?;
    }
    if let PatternBody::FixedStarts { starts, .. } = &mut grid.pattern {
        for start in starts {
            start.at = clock((minutes(&start.at)? + by) % DAY);
        }
    }
    if let Some(fold) = shift.fold() {
        grid.fold = Some(if fold == Fold::Earlier { "earlier" } else { "later" }.to_owned());
    }
    let after = expand(&grid.read(shift.to()).ok()?).ok()?;
    let same =
        before.slots.len() == after.slots.len()
            && before.slots.iter().zip(&after.slots).all(|(is, will)| {
                is.label == will.label && shift.window(is.when).is_ok_and(|moved| moved == will.when)
            });
    same.then(|| serde_json::to_value(&grid).ok()).flatten()
}

/// Two times of a day, both moved, on one day.
fn hours(from: &str, until: &str, by: i64) -> Option<(String, String)> {
    let (from, until) = (minutes(from)? + by, minutes(until)? + by);
    let (from, until) = if from >= DAY { (from - DAY, until - DAY) } else { (from, until) };
    (until <= DAY).then(|| (clock(from), clock(until)))
}

fn minutes(text: &str) -> Option<i64> {
    if text == "24:00" {
        return Some(DAY);
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    Some(time.signed_duration_since(NaiveTime::MIN).num_minutes())
}

fn clock(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::LocalWindow;

    fn shift(to: &str) -> Shift {
        let zone = "America/New_York".parse().unwrap();
        let at = |text: &str| wall("", text).unwrap();
        let day = |start: &str| {
            let start = at(start);
            LocalWindow::new(start, start + chrono::TimeDelta::hours(8), zone, None).unwrap()
        };
        Shift::between(day("2027-03-04T09:00"), day(to), None)
    }

    #[test]
    fn lunch_moves_with_the_day_but_not_over_midnight() {
        let grid = serde_json::json!({
            "sessions": [{ "name": "Day", "starts_local": "2027-03-04T09:00", "ends_local": "2027-03-04T17:00" }],
            "pattern": { "kind": "in_turn", "interview_minutes": 20, "feedback_minutes": 10 },
            "breaks": [{ "from": "10:30", "until": "11:00" }],
            "lunch_blocks": [{ "from": "12:00", "until": "13:00" }],
            "tables": [{ "label": "Table 1", "lunch": 0 }],
        });
        let next = moved(&grid, &shift("2027-03-05T10:30")).unwrap();
        assert_eq!(next["sessions"][0]["starts_local"], "2027-03-05T10:30");
        assert_eq!(next["breaks"][0]["from"], "12:00");
        assert_eq!(
            (&next["lunch_blocks"][0]["from"], &next["lunch_blocks"][0]["until"]),
            (&"13:30".into(), &"14:30".into())
        );
        let week = moved(&grid, &shift("2027-03-11T09:00")).unwrap();
        assert_eq!(
            (&week["breaks"], &week["sessions"][0]["ends_local"]),
            (&grid_breaks(&grid), &"2027-03-11T17:00".into())
        );
        assert_eq!(moved(&grid, &shift("2027-03-04T20:30")), None, "lunch would run from 23:30 to 00:30");
    }

    fn grid_breaks(grid: &serde_json::Value) -> serde_json::Value {
        let mut breaks = grid["breaks"].clone();
        breaks[0]["session"] = serde_json::Value::Null;
        breaks
    }
}
