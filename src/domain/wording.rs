//! Times in words, as letters and pages say them: `Thursday 25 February 2027, 12:00 to 14:00 (America/New_York)`.
//!
//! English only, with the 24-hour clock and the zone spelled out, so that nothing has to be guessed. Where the clocks
//! show a time twice, the offset from UTC says which is meant.

use chrono::{NaiveDateTime, Offset, TimeZone};

use super::time::{Instant, LocalWindow, Window, Zone};

const DATE: &str = "%A %-d %B %Y";

/// `Thursday 25 February 2027, 12:00 (America/New_York)`.
#[must_use]
pub fn instant(at: Instant, zone: Zone) -> String {
    format!("{}, {} ({zone})", at.wall(zone).format(DATE), clock(at, zone))
}

/// `Thursday 25 February 2027, 12:00 to 14:00 (America/New_York)`; the second date is said when it is another.
#[must_use]
pub fn window(window: Window, zone: Zone) -> String {
    let (starts, ends) = (window.start().wall(zone), window.end().wall(zone));
    let (from, until) = (clock(window.start(), zone), clock(window.end(), zone));
    if starts.date() == ends.date() {
        format!("{}, {from} to {until} ({zone})", starts.format(DATE))
    } else {
        format!("{}, {from} to {}, {until} ({zone})", starts.format(DATE), ends.format(DATE))
    }
}

/// When something is, on the clocks of its place.
#[must_use]
pub fn at_the_place(when: LocalWindow) -> String {
    window(when.window(), when.zone())
}

/// The same time on the reader's clocks, where those show another.
#[must_use]
pub fn for_the_reader(when: LocalWindow, reader: Zone) -> Option<String> {
    let spans = |zone: Zone| (when.window().start().wall(zone), when.window().end().wall(zone));
    (spans(when.zone()) != spans(reader)).then(|| window(when.window(), reader))
}

/// "25 Feb, 12:00", for a subject line.
#[must_use]
pub fn short(when: LocalWindow) -> String {
    when.window().start().wall(when.zone()).format("%-d %b, %H:%M").to_string()
}

fn clock(at: Instant, zone: Zone) -> String {
    let wall = at.wall(zone);
    let seconds = if wall.and_utc().timestamp() % 60 == 0 { "%H:%M" } else { "%H:%M:%S" };
    let time = wall.format(seconds);
    if occurs_twice(wall, zone) {
        format!("{time} UTC{}", zone.tz().offset_from_utc_datetime(&at.utc().naive_utc()).fix())
    } else {
        time.to_string()
    }
}

fn occurs_twice(wall: NaiveDateTime, zone: Zone) -> bool {
    matches!(zone.tz().from_local_datetime(&wall), chrono::LocalResult::Ambiguous(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn between(start: &str, end: &str) -> Window {
        Window::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_window_in_words() {
        let check = |start: &str, end: &str, place: &str, expect: &str| {
            assert_eq!(window(between(start, end), zone(place)), expect);
        };
        check(
            "2027-02-25T17:00:00Z",
            "2027-02-25T19:00:00Z",
            "America/New_York",
            "Thursday 25 February 2027, 12:00 to 14:00 (America/New_York)",
        );
        check(
            "2027-02-26T03:00:00Z",
            "2027-02-26T06:30:00Z",
            "America/New_York",
            "Thursday 25 February 2027, 22:00 to Friday 26 February 2027, 01:30 (America/New_York)",
        );
        check(
            "2027-11-07T05:30:00Z",
            "2027-11-07T06:30:00Z",
            "America/New_York",
            "Sunday 7 November 2027, 01:30 UTC-04:00 to 01:30 UTC-05:00 (America/New_York)",
        );
    }

    #[test]
    fn the_reader_is_told_only_what_differs() {
        let new_york = zone("America/New_York");
        let window = between("2027-02-25T17:00:00Z", "2027-02-25T19:00:00Z");
        let when = LocalWindow::kept(window.start().wall(new_york), window.end().wall(new_york), new_york, window);
        assert_eq!(for_the_reader(when, new_york), None);
        assert_eq!(for_the_reader(when, zone("America/Toronto")), None);
        assert_eq!(
            for_the_reader(when, zone("Europe/Berlin")).as_deref(),
            Some("Thursday 25 February 2027, 18:00 to 20:00 (Europe/Berlin)")
        );
        assert_eq!(short(when), "25 Feb, 12:00");
    }
}
