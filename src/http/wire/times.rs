//! Times in JSON: wall times with their zone, instants, and the two ends of a window.
//!
//! A wall time has no offset and means nothing without its zone; one that the clocks skip is refused with its two
//! neighbours, one that they show twice is asked for with `fold`.

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use serde::Serialize;

use crate::domain::refusal::Invalid;
use crate::domain::time::{Fold, Instant, LocalWindow, LocalWindowFault, WallFault, Zone};

/// What a person typed, shortened and in quotes, for a sentence about it.
#[must_use]
pub fn shown(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    if start.len() < text.len() { format!("{start:?}…") } else { format!("{start:?}") }
}

/// Reads a time zone.
///
/// # Errors
/// [`Invalid`] with `unknown_zone`.
pub fn zone(field: &str, name: &str) -> Result<Zone, Invalid> {
    let unknown = |_| {
        Invalid::new(field, "unknown_zone", format!("{} is no IANA time zone such as America/New_York", shown(name)))
    };
    name.parse().map_err(unknown)
}

/// Reads an instant, RFC 3339.
///
/// # Errors
/// [`Invalid`] with `invalid_format`.
pub fn instant(field: &str, text: &str) -> Result<Instant, Invalid> {
    let wrong = || {
        let detail = format!("{} is no instant such as 2027-02-25T17:00:00Z", shown(text));
        Invalid::new(field, "invalid_format", detail)
    };
    if text.len() > 40 { Err(wrong()) } else { text.parse().map_err(|_| wrong()) }
}

/// Reads a date.
///
/// # Errors
/// [`Invalid`] with `invalid_format`.
pub fn date(field: &str, text: &str) -> Result<NaiveDate, Invalid> {
    let date = has_shape(text, "0000-00-00").then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    date.ok_or_else(|| Invalid::new(field, "invalid_format", format!("{} is no date such as 2027-02-25", shown(text))))
}

/// Reads a wall time, with or without seconds.
///
/// # Errors
/// [`Invalid`] with `invalid_format`.
pub fn wall(field: &str, text: &str) -> Result<NaiveDateTime, Invalid> {
    let with_seconds = match text.len() {
        16 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    let read = has_shape(&with_seconds, "0000-00-00T00:00:00")
        .then(|| NaiveDateTime::parse_from_str(&with_seconds, "%Y-%m-%dT%H:%M:%S").ok())
        .flatten()
        // chrono reads a 60th second as a leap second, which no zone of people has.
        .filter(|wall| wall.nanosecond() == 0);
    read.ok_or_else(|| {
        let detail = format!("{} is no wall time such as 2027-02-25T12:00, without an offset", shown(text));
        Invalid::new(field, "invalid_format", detail)
    })
}

/// Whether `text` has a digit where `shape` has a `0`, and elsewhere what `shape` has.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(is, like)| if like == b'0' { is.is_ascii_digit() } else { is == like })
}

/// Reads which of two equal wall times is meant.
///
/// # Errors
/// [`Invalid`] with `unknown_value`.
pub fn fold(text: Option<&str>) -> Result<Option<Fold>, Invalid> {
    match text {
        None => Ok(None),
        Some("earlier") => Ok(Some(Fold::Earlier)),
        Some("later") => Ok(Some(Fold::Later)),
        Some(other) => {
            Err(Invalid::new("fold", "unknown_value", format!("{} is neither earlier nor later", shown(other))))
        }
    }
}

/// Reads the window between `starts_local` and `ends_local` on the clocks of `time_zone`.
///
/// # Errors
/// Every field that is wrong by itself; then the first that is wrong with the others.
pub fn window(
    starts_local: &str,
    ends_local: &str,
    time_zone: &str,
    fold_given: Option<&str>,
) -> Result<LocalWindow, Vec<Invalid>> {
    let read = (
        wall("starts_local", starts_local),
        wall("ends_local", ends_local),
        zone("time_zone", time_zone),
        fold(fold_given),
    );
    let (starts, ends, zone, fold) = match read {
        (Ok(starts), Ok(ends), Ok(zone), Ok(fold)) => (starts, ends, zone, fold),
        (starts, ends, zone, fold) => {
            return Err([starts.err(), ends.err(), zone.err(), fold.err()].into_iter().flatten().collect());
        }
    };
    LocalWindow::new(starts, ends, zone, fold).map_err(|fault| {
        vec![match fault {
            LocalWindowFault::Start(fault) => no_instant("starts_local", starts, zone, &fault),
            LocalWindowFault::End(fault) => no_instant("ends_local", ends, zone, &fault),
            LocalWindowFault::Reversed => {
                Invalid::new("ends_local", "reversed", format!("{} is not after {}", said(ends), said(starts)))
            }
        }]
    })
}

/// Reads the instant at which the clocks of `time_zone` show `starts_local`.
///
/// # Errors
/// Every field that is wrong by itself; then the time that the clocks skip or show twice.
pub fn starts(starts_local: &str, time_zone: &str, fold_given: Option<&str>) -> Result<Instant, Vec<Invalid>> {
    let read = (wall("starts_local", starts_local), zone("time_zone", time_zone), fold(fold_given));
    match read {
        (Ok(starts), Ok(zone), Ok(fold)) => {
            zone.at(starts, fold).map_err(|fault| vec![no_instant("starts_local", starts, zone, &fault)])
        }
        (starts, zone, fold) => Err([starts.err(), zone.err(), fold.err()].into_iter().flatten().collect()),
    }
}

fn no_instant(field: &str, wall: NaiveDateTime, zone: Zone, fault: &WallFault) -> Invalid {
    let wall = said(wall);
    match fault {
        WallFault::Skipped { before, after } => Invalid::new(
            field,
            "time_skipped",
            format!("the clocks of {zone} skip {wall}: they go from {} to {}", said(*before), said(*after)),
        ),
        WallFault::Twice { earlier, later } => Invalid::new(
            field,
            "time_twice",
            format!(
                "the clocks of {zone} show {wall} twice, first at UTC{earlier}, then at UTC{later}: send \"fold\" with \
                 \"earlier\" or \"later\""
            ),
        ),
    }
}

/// A wall time as it goes out: the seconds only where there are any.
#[must_use]
pub fn said(wall: NaiveDateTime) -> String {
    let format = if wall.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    wall.format(format).to_string()
}

/// Which of two equal wall times a window means, where its clocks show one of them twice.
#[must_use]
pub fn fold_of(when: LocalWindow) -> Option<&'static str> {
    let twice = |wall| matches!(when.zone().at(wall, None), Err(WallFault::Twice { .. }));
    if !twice(when.starts()) && !twice(when.ends()) {
        return None;
    }
    let meant = |fold| LocalWindow::new(when.starts(), when.ends(), when.zone(), Some(fold)) == Ok(when);
    [(Fold::Earlier, "earlier"), (Fold::Later, "later")]
        .into_iter()
        .find(|(fold, _)| meant(*fold))
        .map(|(_, word)| word)
}

/// When something is, as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhenView {
    starts_local: String,
    ends_local: String,
    time_zone: &'static str,
    starts_at: String,
    ends_at: String,
}

impl From<LocalWindow> for WhenView {
    fn from(when: LocalWindow) -> Self {
        Self {
            starts_local: said(when.starts()),
            ends_local: said(when.ends()),
            time_zone: when.zone().name(),
            starts_at: when.window().start().to_string(),
            ends_at: when.window().end().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_and_instants_are_read_strictly() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(wall("starts_local", text).ok().map(said).as_deref(), expect, "{text}");
        };
        check("2027-02-25T12:00", Some("2027-02-25T12:00"));
        check("2027-02-25T12:00:05", Some("2027-02-25T12:00:05"));
        for wrong in [
            "",
            "2027-02-25",
            "2027-02-25 12:00",
            "2027-02-25T12:00Z",
            "2027-2-25T12:00:00",
            "2027-02-30T12:00",
            "2027-02-25T24:00",
            "2027-02-25T12:00:60",
            "+027-02-25T12:00",
            "２027-02-25T12:00",
        ] {
            check(wrong, None);
        }
        assert_eq!(instant("decide_by", "2027-02-25T12:00:00.9-05:00").unwrap().to_string(), "2027-02-25T17:00:00Z");
        assert_eq!(instant("decide_by", "tomorrow").unwrap_err().code, "invalid_format");
        assert_eq!(date("date", "2027-2-5").unwrap_err().code, "invalid_format");
    }

    #[test]
    fn a_window_is_refused_at_the_field_that_is_wrong() {
        let check = |starts: &str, ends: &str, zone: &str, fold: Option<&str>, expect: &[(&str, &str)]| {
            let got = window(starts, ends, zone, fold).err().unwrap_or_default();
            let got: Vec<_> = got.iter().map(|invalid| (invalid.field.as_str(), invalid.code)).collect();
            assert_eq!(got, expect, "{starts} {ends} {zone} {fold:?}");
        };
        let ny = "America/New_York";
        check("2027-02-25T12:00", "2027-02-25T14:00", ny, None, &[]);
        check("2027-02-25T12:00", "2027-02-25T12:00", ny, None, &[("ends_local", "reversed")]);
        check("2027-03-14T02:30", "2027-03-14T04:00", ny, None, &[("starts_local", "time_skipped")]);
        check("2027-03-14T01:00", "2027-03-14T02:30", ny, None, &[("ends_local", "time_skipped")]);
        check("2027-11-07T01:30", "2027-11-07T04:00", ny, None, &[("starts_local", "time_twice")]);
        check("2027-11-07T01:30", "2027-11-07T04:00", ny, Some("later"), &[]);
        check(
            "noon",
            "2027-02-25T14:00Z",
            "Mars/Olympus",
            Some("both"),
            &[
                ("starts_local", "invalid_format"),
                ("ends_local", "invalid_format"),
                ("time_zone", "unknown_zone"),
                ("fold", "unknown_value"),
            ],
        );
    }

    #[test]
    fn a_refused_time_is_told_what_to_say_instead() {
        let skipped = window("2027-03-14T02:30", "2027-03-14T04:00", "America/New_York", None).unwrap_err();
        assert_eq!(
            skipped[0].detail,
            "the clocks of America/New_York skip 2027-03-14T02:30: they go from 2027-03-14T01:59 to 2027-03-14T03:00"
        );
        let twice = window("2027-11-07T01:30", "2027-11-07T04:00", "America/New_York", None).unwrap_err();
        assert!(
            twice[0].detail.contains("first at UTC-04:00, then at UTC-05:00: send \"fold\""),
            "{}",
            twice[0].detail
        );
        let unknown = zone("time_zone", &"x\r\n".repeat(500)).unwrap_err();
        assert!(unknown.detail.len() < 400 && !unknown.detail.contains('\n'));
    }
}
