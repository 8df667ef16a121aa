//! The sheet that lies on the table at the door: the picture of the day, and everybody by table and by time, with a box to
//! tick. Made for paper; on a screen it is the same sheet.

use std::sync::LazyLock;

use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use super::schedule::{Manner, schedule, staffing};
use super::{fill, line, policy_for};
use crate::domain::{
    matching::assignment::AssignmentState,
    scheduling::{
        day::{Day, DaySlot, Helper, Look, Part, Table, panels},
        event_part::in_lines,
    },
    time::{Instant, Window, Zone},
    wording,
};

/// The sheet's style and the picture's, as one.
pub(super) const STYLE: &str = concat!(include_str!("day_sheet.css"), include_str!("schedule.css"));

/// The value of `Content-Security-Policy` for the sheet.
pub fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| policy_for(STYLE));
    &POLICY
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    tick: &'static str,
    time: String,
    table: String,
    name: Option<String>,
    word: &'static str,
    study: String,
    note: String,
}

#[derive(Debug, Serialize)]
struct Sheet {
    name: String,
    building: Option<String>,
    places: Vec<Line>,
    /// Longer than a page.
    long: bool,
}

#[derive(Debug, Serialize)]
struct DayPart {
    date: String,
    tables: Vec<Sheet>,
    places: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct HelperLine {
    tick: &'static str,
    time: String,
    name: String,
    role: String,
    note: String,
}

/// The day on paper; on a screen with the way to the door, where the reader may act there.
pub fn day_sheet(day: &Day, door: Option<&str>) -> String {
    let panels = panels(day);
    let days: Vec<DayPart> = panels
        .iter()
        .map(|panel| {
            let tables: Vec<Sheet> = panel.tables.iter().map(|table| sheet(table, day.zone)).collect();
            let mut slots: Vec<&DaySlot> =
                panel.tables.iter().flat_map(|table| table.lanes.iter().flatten().copied()).collect();
            // The order of the tables stays among those that begin together.
            slots.sort_by_key(|slot| (slot.window.start(), slot.window.end()));
            let places = slots.into_iter().flat_map(|slot| lines(slot, day.zone)).collect();
            DayPart { date: panel.date.format("%A %-d %B %Y").to_string(), tables, places }
        })
        .collect();
    let seats = day.seats.iter().map(|seat| context! { words => staffing(seat, day.zone), short => seat.short() > 0 });
    fill(
        "day_sheet.html",
        context! {
            title => line(&day.title),
            when => wording::window(day.window, day.zone),
            place => day.place.as_deref().map(line),
            campus => line(&day.campus),
            programme => in_lines(&day.programme).iter().map(|part| line(part)).collect::<Vec<_>>(),
            picture => Value::from_safe_string(schedule(day, Manner { names: false, alone: false })),
            seats => seats.collect::<Vec<_>>(),
            helpers => Serde(day.helpers.iter().map(|helper| helped(helper, day.zone)).collect::<Vec<_>>()),
            many => days.len() > 1,
            days => Serde(days),
            now => wording::instant(day.now, day.zone),
            more => day.more,
            door => door,
        },
    )
}

fn sheet(table: &Table<'_>, zone: Zone) -> Sheet {
    let mut slots: Vec<&DaySlot> = table.lanes.iter().flatten().copied().collect();
    slots.sort_by_key(|slot| slot.window.start());
    let places: Vec<Line> = slots.into_iter().flat_map(|slot| lines(slot, zone)).collect();
    Sheet { name: line(table.name), building: table.building.map(line), long: places.len() > 16, places }
}

/// The lines of a slot: one for each who has a place, one for all that is free.
fn lines(slot: &DaySlot, zone: Zone) -> Vec<Line> {
    let parts = slot.parts();
    let mut guests: Vec<&Part<'_>> = parts.iter().filter(|part| part.guest.is_some()).collect();
    // Whoever comes along is counted on the line of the one who booked.
    guests.dedup_by_key(|part| part.guest.map(|guest| guest.booking));
    let mut lines: Vec<Line> = guests.into_iter().map(|part| place(slot, part, zone)).collect();
    let free: Vec<_> = parts.iter().filter(|part| part.guest.is_none()).collect();
    if let Some(first) = free.first() {
        let note = if free.len() > 1 { format!("{} places", free.len()) } else { String::new() };
        lines.push(Line { note, ..place(slot, first, zone) });
    }
    lines
}

fn place(slot: &DaySlot, part: &Part<'_>, zone: Zone) -> Line {
    let tick = match part.look {
        Look::Here | Look::Attended => "✓",
        Look::NoShow => "✗",
        Look::Free | Look::Held | Look::Taken | Look::Excused | Look::Closed | Look::Off => "",
    };
    let study = part.guest.map(|guest| {
        let year = guest.year.iter().map(|year| line(year));
        guest.majors.iter().map(|major| line(major)).chain(year).collect::<Vec<_>>().join(", ")
    });
    let arrived = part.guest.and_then(|guest| guest.arrived).map(|at| arrival(at, slot.window, zone));
    let walked = part.guest.is_some_and(|guest| guest.walk_in).then(|| "walk-in".to_owned());
    let party = part.guest.filter(|guest| guest.places > 1).map(|guest| format!("{} people", guest.places));
    let note = match part.look {
        Look::Here | Look::Attended => arrived.into_iter().chain(party).chain(walked).collect::<Vec<_>>().join(", "),
        Look::Held | Look::NoShow | Look::Excused => part.look.in_words().to_owned(),
        Look::Taken => party.unwrap_or_default(),
        Look::Free | Look::Closed | Look::Off => String::new(),
    };
    Line {
        tick,
        time: clocks(slot.window, zone),
        table: line(&slot.table),
        name: part.guest.map(|guest| line(&guest.name)),
        word: part.look.in_words(),
        study: study.unwrap_or_default(),
        note,
    }
}

/// "17:55, 5 minutes early".
fn arrival(at: Instant, window: Window, zone: Zone) -> String {
    let minutes = (at.unix() - window.start().unix()).div_euclid(60);
    let clock = at.wall(zone).format("%H:%M");
    match minutes {
        1.. => format!("{clock}, {minutes} min late"),
        _ => clock.to_string(),
    }
}

fn helped(helper: &Helper, zone: Zone) -> HelperLine {
    let (tick, note) = match helper.state {
        AssignmentState::CheckedIn => ("✓", "there"),
        AssignmentState::Completed => ("✓", "was there"),
        AssignmentState::NoShow => ("✗", "did not come"),
        AssignmentState::ReconfirmPending => ("", "asked again after a change"),
        AssignmentState::Confirmed
        | AssignmentState::Released
        | AssignmentState::Removed
        | AssignmentState::Cancelled => ("", ""),
    };
    HelperLine {
        tick,
        time: clocks(helper.window, zone),
        name: line(&helper.name),
        role: line(&helper.role),
        note: note.to_owned(),
    }
}

fn clocks(window: Window, zone: Zone) -> String {
    let clock = |at: Instant| at.wall(zone).format("%H:%M");
    format!("{} – {}", clock(window.start()), clock(window.end()))
}
