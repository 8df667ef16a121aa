//! The picture of a day: tables down, time across, each place by how it stands.
//!
//! Every state has a pattern, a mark or a word of its own beside its colour, so that the picture reads on a grey printer
//! too. Sizes are worked out here in whole points; the template writes them down and escapes what people typed.

use chrono::{TimeDelta, Timelike};
use minijinja::{context, value::Serde};
use serde::Serialize;

use super::{fill, line};
use crate::domain::{
    scheduling::{
        day::{Day, DaySlot, Look, Panel, Part, Seat, panels},
        event_part::in_lines,
    },
    time::{Instant, Window, Zone},
    wording,
};

/// What the picture is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Whether students' names stand in their places.
    pub names: bool,
    /// Whether it brings its own style; inside a page it takes the page's.
    pub alone: bool,
}

const MARGIN: i64 = 24;
/// The widest the times may get.
const WIDEST: i64 = 3_600;
const NARROWEST: i64 = 680;
const GAP: i64 = 2;

/// The picture, as SVG.
pub fn schedule(day: &Day, manner: Manner) -> String {
    let panels = panels(day);
    let mut sheet = Sheet::new(day, &panels, manner);
    sheet.head(day, &panels);
    for panel in &panels {
        sheet.panel(day, panel, panels.len() > 1);
    }
    sheet.finish(day, manner)
}

/// A text at a place.
#[derive(Debug, Serialize)]
struct Text {
    class: &'static str,
    x: i64,
    y: i64,
    said: String,
}

#[derive(Debug, Serialize)]
struct Box {
    class: &'static str,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    round: i64,
    mark: Option<String>,
    word: Option<String>,
    word_x: i64,
    word_y: i64,
}

#[derive(Debug, Serialize)]
struct Cell {
    title: String,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    parts: Vec<Box>,
    count: Option<String>,
    count_x: i64,
    count_y: i64,
    short: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    class: &'static str,
    x: i64,
    y: i64,
    length: i64,
}

#[derive(Debug, Serialize)]
struct Band {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

#[derive(Debug, Serialize)]
struct Flag {
    x: i64,
    y: i64,
    length: i64,
    time: String,
}

#[derive(Debug, Serialize)]
struct Spot {
    x: i64,
    y: i64,
}

/// The drawing as it grows downwards.
struct Sheet {
    names: bool,
    /// Whether title and time stand above it; a page has its own.
    titled: bool,
    /// Points an hour.
    hour: i64,
    /// Where the times begin.
    left: i64,
    width: i64,
    row: i64,
    y: i64,
    words: String,
    texts: Vec<Text>,
    legend: Vec<Box>,
    alarms: Vec<Spot>,
    bands: Vec<Band>,
    lines: Vec<Line>,
    cells: Vec<Cell>,
    flags: Vec<Flag>,
}

impl Sheet {
    fn new(day: &Day, panels: &[Panel<'_>], manner: Manner) -> Self {
        let span = panels.iter().map(|panel| seconds(panel.window)).max().unwrap_or(3_600).max(60);
        let shortest = day.slots.iter().map(|slot| seconds(slot.window)).min().unwrap_or(3_600).max(60);
        let narrowest = if manner.names { 104 } else { 46 };
        let hour = (narrowest * 3_600 / shortest).max(NARROWEST * 3_600 / span).min(WIDEST * 3_600 / span).max(8);
        let labels = panels.iter().flat_map(|panel| &panel.tables).map(|table| extent(table.name, 12)).max();
        let least = if day.programme.is_empty() { 48 } else { extent("Programme", 12) };
        let left = MARGIN + labels.unwrap_or_default().clamp(least, 190) + 12;
        let most = panels.iter().map(|panel| panel.tables.len()).max().unwrap_or_default();
        Self {
            names: manner.names,
            titled: manner.alone,
            hour,
            left,
            width: left + span * hour / 3_600 + MARGIN,
            row: if most <= 14 { 34 } else { 26 },
            y: MARGIN,
            words: String::new(),
            texts: Vec::new(),
            legend: Vec::new(),
            alarms: Vec::new(),
            bands: Vec::new(),
            lines: Vec::new(),
            cells: Vec::new(),
            flags: Vec::new(),
        }
    }

    fn say(&mut self, class: &'static str, x: i64, y: i64, text: String) {
        self.texts.push(Text { class, x, y, said: text });
    }

    /// Title, when and where, how places stand in numbers, who is missing, and what the patterns mean.
    fn head(&mut self, day: &Day, panels: &[Panel<'_>]) {
        let room = self.width - 2 * MARGIN;
        let place = day.place.as_deref().map(|place| format!(" · {}", line(place))).unwrap_or_default();
        let when = format!("{}{place} · {}", wording::window(day.window, day.zone), line(&day.campus));
        let size = size(day, panels);
        if self.titled {
            self.say("title", MARGIN, self.y + 18, fitted(&line(&day.title), room, 23).unwrap_or_default());
            self.say("lead", MARGIN, self.y + 42, fitted(&when, room, 14).unwrap_or_default());
            self.y += 48;
        }
        self.say("lead", MARGIN, self.y + 14, fitted(&size, room, 14).unwrap_or_default());
        self.y += 26;
        for seat in &day.seats {
            self.seat(seat, day.zone);
        }
        let standing =
            Look::ALL.iter().map(|look| (count(day, *look), look.in_words())).filter(|(count, _)| *count > 0);
        let standing: Vec<String> = standing.map(|(count, words)| format!(" · {count} {words}")).collect();
        self.words = format!("{when}. {size}{}.", standing.concat());
        for line in in_lines(&day.programme) {
            self.words.extend([" ", &line, "."]);
        }
        for seat in day.seats.iter().filter(|seat| seat.short() > 0) {
            self.words.extend([" ", &staffing(seat, day.zone), "."]);
        }
        self.legend(day);
    }

    fn seat(&mut self, seat: &Seat, zone: Zone) {
        let short = seat.short() > 0;
        let x = if short { MARGIN + 22 } else { MARGIN };
        let words = fitted(&staffing(seat, zone), self.width - x - MARGIN, 13).unwrap_or_default();
        self.say(if short { "alarm-text" } else { "lead" }, x, self.y + 13, words);
        if short {
            self.alarms.push(Spot { x: MARGIN + 8, y: self.y + 2 });
        }
        self.y += 20;
    }

    fn legend(&mut self, day: &Day) {
        let always = [Look::Free, Look::Held, Look::Taken, Look::Here, Look::NoShow];
        let mut x = MARGIN;
        self.y += 6;
        let counted = Look::ALL.iter().map(|look| (look, count(day, *look)));
        for (look, count) in counted.filter(|(look, count)| *count > 0 || always.contains(look)) {
            let words = format!("{count} {}", look.in_words());
            let wide = extent(&words, 11);
            if x + 34 + wide > self.width - MARGIN && x > MARGIN {
                (x, self.y) = (MARGIN, self.y + 24);
            }
            let mut sample = boxed(*look, x, self.y, 26, 16);
            sample.word = None;
            self.legend.push(sample);
            self.say("word", x + 32, self.y + 12, words);
            x += 32 + wide + 20;
        }
        if day.slots.iter().any(|slot| slot.short > 0) {
            if x + 140 > self.width - MARGIN {
                (x, self.y) = (MARGIN, self.y + 24);
            }
            self.alarms.push(Spot { x: x + 8, y: self.y + 2 });
            self.say("word", x + 20, self.y + 12, "volunteers missing".to_owned());
        }
        self.y += 30;
    }

    fn panel(&mut self, day: &Day, panel: &Panel<'_>, dated: bool) {
        if dated {
            self.say("date", MARGIN, self.y + 18, panel.date.format("%A %-d %B %Y").to_string());
            self.y += 26;
        }
        let top = self.y + 20;
        self.y = top;
        let right = self.x(panel.window.end(), panel);
        self.programme(panel);
        let many = panel.tables.iter().any(|table| table.building != panel.tables.first().and_then(|one| one.building));
        let mut building = None;
        for (number, table) in panel.tables.iter().enumerate() {
            if many && building != Some(table.building) {
                building = Some(table.building);
                let name = table.building.map_or_else(|| "Elsewhere".to_owned(), line);
                self.say("building", MARGIN, self.y + 16, fitted(&name, right - MARGIN, 12).unwrap_or_default());
                self.y += 22;
            }
            let height = self.row * i64::try_from(table.lanes.len()).unwrap_or(1);
            if number % 2 == 0 {
                self.bands.push(Band { x: MARGIN - 8, y: self.y, width: right - MARGIN + 16, height });
            }
            let name = fitted(&line(table.name), self.left - MARGIN - 8, 12).unwrap_or_default();
            self.say("table", MARGIN, self.y + height / 2 + 4, name);
            for lane in &table.lanes {
                for slot in lane {
                    let (from, until) = (self.x(slot.window.start(), panel), self.x(slot.window.end(), panel));
                    let cell = self.cell(slot, from, until - from - GAP, day.zone);
                    self.cells.push(cell);
                }
                self.y += self.row;
            }
        }
        self.axis(day, panel, top);
        self.y += 22;
    }

    /// The parts of the event above the tables.
    fn programme(&mut self, panel: &Panel<'_>) {
        if panel.programme.is_empty() {
            return;
        }
        self.say("table", MARGIN, self.y + self.row / 2 + 4, "Programme".to_owned());
        for lane in &panel.programme {
            for part in lane {
                let (from, until) =
                    (self.x(part.when.window().start(), panel), self.x(part.when.window().end(), panel));
                let (y, height, width) = (self.y + 2, self.row - 4, (until - from - GAP).max(2));
                let drawn = Box {
                    class: "part",
                    x: from,
                    y,
                    width,
                    height,
                    round: 3,
                    mark: None,
                    word: fitted(&line(&part.title), width - 10, 11),
                    word_x: from + 6,
                    word_y: y + height / 2 + 4,
                };
                self.cells.push(Cell {
                    title: line(&part.in_a_line()),
                    x: from,
                    y,
                    width,
                    height,
                    parts: vec![drawn],
                    count: None,
                    count_x: from,
                    count_y: y,
                    short: false,
                });
            }
            self.y += self.row;
        }
        self.y += 8;
    }

    fn x(&self, at: Instant, panel: &Panel<'_>) -> i64 {
        self.left + (at.unix() - panel.window.start().unix()) * self.hour / 3_600
    }

    /// Times above, lines through the rows, and where the day is now.
    fn axis(&mut self, day: &Day, panel: &Panel<'_>, top: i64) {
        let step = [5, 10, 15, 20, 30, 60, 120, 180, 360].into_iter().find(|step| self.hour * step / 60 >= 52);
        let (step, length) = (u32::try_from(step.unwrap_or(720)).unwrap_or(720), self.y - top);
        let mut at = panel.window.start();
        let running = panel.window.start() <= day.now && day.now <= panel.window.end();
        let now = running.then(|| self.x(day.now, panel));
        while at <= panel.window.end() {
            let wall = at.wall(day.zone);
            let minutes = wall.hour() * 60 + wall.minute();
            if minutes.is_multiple_of(step) && wall.second() == 0 {
                let x = self.x(at, panel);
                let class = if minutes.is_multiple_of(60) { "hour" } else { "line" };
                self.lines.push(Line { class, x: x - GAP / 2, y: top, length });
                // Where the flag of the present stands, the time is read from it.
                if now.is_none_or(|now| (now - x).abs() > 54) {
                    self.say("hours", x, top - 7, wall.format("%H:%M").to_string());
                }
            }
            at = at.plus(TimeDelta::seconds(60 - i64::from(wall.second())));
        }
        if let Some(x) = now {
            let time = day.now.wall(day.zone).format("%H:%M").to_string();
            self.flags.push(Flag { x, y: top - 10, length: length + 10, time });
        }
    }

    fn cell(&self, slot: &DaySlot, x: i64, width: i64, zone: Zone) -> Cell {
        let (y, height, width) = (self.y + 2, self.row - 4, width.max(2));
        let parts = slot.parts();
        let short = slot.short > 0;
        let mut cell = Cell {
            title: told(slot, &parts, zone, self.names),
            x,
            y,
            width,
            height,
            parts: Vec::new(),
            count: None,
            count_x: x + width / 2,
            count_y: y + height / 2 + 4,
            short,
        };
        if let [only] = parts.as_slice() {
            let mut drawn = boxed(only.look, x, y, width, height);
            let name = only.guest.map(|guest| line(&guest.name)).filter(|name| self.names && !name.is_empty());
            let named = name.is_some();
            // Nobody need read "free" a hundred times: what is empty looks empty.
            let word = name.or_else(|| (only.look != Look::Free).then(|| only.look.in_words().to_owned()));
            let room = x + width - drawn.word_x - if short { 20 } else { 3 };
            let fits = |word: &String| named || extent(word, 11) <= room;
            drawn.word = word.filter(fits).and_then(|word| fitted(&word, room, 11));
            cell.parts.push(drawn);
            return cell;
        }
        let (count, mut done) = (i64::try_from(parts.len()).unwrap_or(1), 0);
        for run in parts.chunk_by(|one, other| one.look == other.look) {
            let (from, until) = (x + width * done / count, {
                done += i64::try_from(run.len()).unwrap_or_default();
                x + width * done / count
            });
            let look = run.first().map_or(Look::Free, |part| part.look);
            let drawn = boxed(look, from, y, (until - from).max(1), height);
            cell.parts.push(Box { mark: None, round: 0, ..drawn });
        }
        cell.count = Some(format!("{}/{}", slot.taken(), slot.capacity)).filter(|said| extent(said, 11) <= width);
        cell
    }

    fn finish(mut self, day: &Day, manner: Manner) -> String {
        if day.slots.is_empty() {
            self.say("lead", MARGIN, self.y + 14, "There are no places for students on this day.".to_owned());
            self.y += 24;
        }
        if day.more {
            let words = "There are more slots than fit one picture; ask for one day with ?date=.";
            self.say("lead", MARGIN, self.y + 8, words.to_owned());
            self.y += 24;
        }
        let Self { texts, legend, alarms, bands, lines, cells, flags, width, y, words, .. } = self;
        fill(
            "schedule.xml",
            context! {
                title => line(&day.title),
                words,
                alone => manner.alone,
                width,
                height => y,
                texts => Serde(texts),
                legend => Serde(legend),
                alarms => Serde(alarms),
                bands => Serde(bands),
                lines => Serde(lines),
                cells => Serde(cells),
                flags => Serde(flags),
            },
        )
    }
}

fn seconds(window: Window) -> i64 {
    window.length().num_seconds()
}

/// A place as it is drawn, with the mark of its state.
fn boxed(look: Look, x: i64, y: i64, width: i64, height: i64) -> Box {
    let middle = y + height / 2;
    let tick = |x: i64| format!("M{x} {middle}l3 3l6-7");
    let (class, mark, indent) = match look {
        Look::Free => ("free", None, 5),
        Look::Held => ("held", None, 5),
        Look::Taken => ("taken", None, 5),
        Look::Here => ("here", Some(tick(x + 5)), 18),
        Look::Attended => ("attended", Some(tick(x + 5) + &tick(x + 10)), 23),
        Look::NoShow => ("no-show", Some(format!("M{x} {y}l{width} {height}M{x} {}l{width}-{height}", y + height)), 5),
        Look::Excused => ("excused", Some(format!("M{x} {}l{width}-{height}", y + height)), 5),
        Look::Closed => ("closed", None, 5),
        Look::Off => ("off", Some(format!("M{x} {middle}h{width}")), 5),
    };
    let round = if width > 8 { 3 } else { 0 };
    Box { class, x, y, width, height, round, mark, word: None, word_x: x + indent, word_y: middle + 4 }
}

/// A slot in words, for whoever points at it.
fn told(slot: &DaySlot, parts: &[Part<'_>], zone: Zone, names: bool) -> String {
    let time = |at: Instant| at.wall(zone).format("%H:%M");
    let mut words = format!("{}, {} to {}: ", line(&slot.table), time(slot.window.start()), time(slot.window.end()));
    if let [only] = parts {
        words.push_str(only.look.in_words());
    } else {
        let (taken, capacity) = (slot.taken().to_string(), slot.capacity.to_string());
        words.extend([taken.as_str(), " of ", &capacity, " places taken"]);
    }
    if names {
        let mut last = None;
        for guest in parts.iter().filter_map(|part| part.guest) {
            if last.replace(guest.booking) != Some(guest.booking) {
                words.extend(["; ", &line(&guest.name)]);
            }
        }
    }
    if slot.short > 0 {
        words.extend(["; ", &slot.short.to_string(), " volunteers missing"]);
    }
    words
}

pub(super) fn staffing(seat: &Seat, zone: Zone) -> String {
    let time = |at: Instant| at.wall(zone).format("%H:%M");
    let (from, until) = (time(seat.window.start()), time(seat.window.end()));
    let counted =
        format!("{}, {from} to {until}: {} of at least {} are coming", line(&seat.role), seat.taken, seat.min);
    match seat.short() {
        0 => counted,
        short => format!("{counted}, {short} missing"),
    }
}

/// How many tables, slots and places there are.
fn size(day: &Day, panels: &[Panel<'_>]) -> String {
    let tables = panels.iter().map(|panel| panel.tables.len()).max().unwrap_or_default();
    let places: usize = day.slots.iter().map(|slot| slot.capacity as usize).sum();
    let some = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    [some(tables, "table", "tables"), some(day.slots.len(), "slot", "slots"), some(places, "place", "places")]
        .join(", ")
}

/// How many places stand so.
fn count(day: &Day, look: Look) -> usize {
    day.slots.iter().flat_map(DaySlot::parts).filter(|part| part.look == look).count()
}

/// About how wide a text is at a size, in points; rather too much than too little.
pub(super) fn extent(text: &str, size: i64) -> i64 {
    let hundredths: i64 = text
        .chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 't' | 'f' | 'I' | '.' | ',' | ':' | '\'' | '!' | '|' | ' ' => 38,
            'm' | 'w' | 'M' | 'W' | '@' => 98,
            'A'..='Z' => 72,
            '\u{1100}'.. => 120,
            _ => 62,
        })
        .sum();
    hundredths * size / 100 + 1
}

/// The text, cut where it would not fit; nothing where hardly a letter would.
pub(super) fn fitted(text: &str, room: i64, size: i64) -> Option<String> {
    if extent(text, size) <= room {
        return Some(text.to_owned());
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if extent(&kept, size) + size > room {
            kept.pop();
            break;
        }
    }
    let kept = kept.trim_end();
    (kept.chars().count() >= 2).then(|| format!("{kept}…"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{BookingId, SlotId};
    use crate::domain::scheduling::booking::BookingState;
    use crate::domain::scheduling::day::Guest;
    use crate::domain::scheduling::slot::SlotState;

    /// Sixty tables with fifteen slots each, every place in another state than its neighbours.
    fn fair(tables: usize, slots: i64) -> Day {
        let start: Instant = "2027-03-04T17:00:00Z".parse().unwrap();
        let states = [
            BookingState::Attended,
            BookingState::CheckedIn,
            BookingState::Confirmed,
            BookingState::Confirmed,
            BookingState::NoShow,
            BookingState::Held,
            BookingState::Excused,
        ];
        let slot = |table: usize, number: i64| {
            let state = states.get((table * 5 + usize::try_from(number).unwrap() * 3) % 9).copied();
            let from = start.plus(TimeDelta::minutes(number * 20 + if number > 7 { 30 } else { 0 }));
            let guest = |state| Guest {
                booking: BookingId::mint(),
                state,
                name: ["Ann <b> & Co", "יעל לוי", "Zoë 👩‍🎓 Example", "Bartholomew Featherstonehaugh"][table % 4]
                    .to_owned(),
                majors: vec!["Accounting".to_owned()],
                year: Some("junior".to_owned()),
                arrived: (state == BookingState::CheckedIn).then_some(from),
                walk_in: false,
                places: 1,
            };
            DaySlot {
                id: SlotId::mint(),
                table: format!("Table {}", table + 1),
                building: Some(if table < tables / 2 { "North Hall" } else { "Student Center" }.to_owned()),
                window: Window::new(from, from.plus(TimeDelta::minutes(20))).unwrap(),
                state: match (table, number) {
                    (3, 10..) => SlotState::Closed,
                    (4, 12..) => SlotState::Cancelled,
                    _ => SlotState::Open,
                },
                capacity: if table == 6 { 4 } else { 1 },
                guests: state.map(guest).into_iter().collect(),
                short: u32::from(table == 5 && number == 2),
            }
        };
        Day {
            title: "Mock interviews & <reviews>".to_owned(),
            kind: "mock interviews".to_owned(),
            campus: "Example College".to_owned(),
            place: Some("Student Center".to_owned()),
            window: Window::new(start, start.plus(TimeDelta::hours(6))).unwrap(),
            zone: "America/New_York".parse().unwrap(),
            now: start.plus(TimeDelta::minutes(95)),
            programme: Vec::new(),
            slots: (0..tables)
                .flat_map(|table| (0..slots).map(move |number| (table, number)))
                .map(|(t, n)| slot(t, n))
                .collect(),
            seats: vec![Seat {
                slot: None,
                role: "Interviewer".to_owned(),
                window: Window::new(start, start.plus(TimeDelta::hours(6))).unwrap(),
                min: 8,
                taken: 5,
            }],
            helpers: Vec::new(),
            more: false,
        }
    }

    #[test]
    fn sixty_tables_and_nine_hundred_slots_are_one_sound_picture() {
        for names in [false, true] {
            let drawn = schedule(&fair(60, 15), Manner { names, alone: true });
            let document = roxmltree::Document::parse(&drawn).unwrap();
            let root = document.root_element();
            let side = |name: &str| root.attribute(name).unwrap().parse::<i64>().unwrap();
            assert!(side("width") <= WIDEST + 300 && side("height") < 2_200, "{names}: {}", side("width"));
            let tagged = |tag: &str| document.descendants().filter(|node| node.has_tag_name(tag)).count();
            assert_eq!(tagged("g"), 900);
            assert_eq!(drawn.contains("Bartholomew"), names);
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(!["script", "image", "foreignObject", "a"].contains(&node.tag_name().name()), "{node:?}");
                assert!(node.attribute("style").is_none() && node.attribute("href").is_none(), "{node:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        assert_eq!(fitted("Table 4", 100, 11).as_deref(), Some("Table 4"));
        assert!(fitted("Bartholomew Featherstonehaugh", 60, 11).is_some_and(|cut| cut.ends_with('…')));
        assert_eq!(fitted("Bartholomew", 8, 11), None);
    }
}
