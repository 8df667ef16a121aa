//! The picture of a plan: volunteers down, days across, each seat at its time; below them the needs and their seats.
//!
//! What is filled, open, contested or below its minimum differs in shape and words, not in colour alone. Sizes are worked
//! out here in whole points; the template writes them down and escapes what people typed.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, Timelike};
use minijinja::{context, value::Serde};
use serde::Serialize;

use super::schedule::{extent, fitted};
use super::{PICTURE_STYLE, fill, line};
use crate::domain::ids::{CampusRequestId, VolunteerId};
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::plan::{OpenSeats, ProposedSeat};
use crate::domain::matching::run::in_words;
use crate::domain::time::{Instant, Zone};
use crate::domain::wording;
use crate::service::explanations::Pictured;

const MARGIN: i64 = 24;
const ROW: i64 = 22;
/// The width for all days together, if they fit.
const WIDTH: i64 = 1_100;
const WIDEST_DAY: i64 = 260;
const NARROWEST_DAY: i64 = 40;
/// More volunteers and needs than these are not drawn.
const MOST_PEOPLE: usize = 400;
const MOST_NEEDS: usize = 200;
/// The side of a seat below, and how many stand in a row.
const SEAT: i64 = 12;
const MOST_SEATS: usize = 24;

#[derive(Debug, Serialize)]
struct Text {
    class: &'static str,
    x: i64,
    y: i64,
    said: String,
}

#[derive(Debug, Serialize)]
struct Shape {
    class: &'static str,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    title: String,
    word: Option<String>,
}

#[derive(Debug, Serialize)]
struct Spot {
    x: i64,
    y: i64,
}

#[derive(Debug, Serialize)]
struct Rule {
    class: &'static str,
    x: i64,
    y: i64,
    length: i64,
}

/// The days that have something, side by side, all with the same hours.
struct Days {
    zone: Zone,
    at: BTreeMap<NaiveDate, i64>,
    left: i64,
    width: i64,
    from: i64,
    until: i64,
}

impl Days {
    fn new(needs: &[CampusRequest], zone: Zone, left: i64) -> Self {
        let mut at: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        let (mut from, mut until) = (24 * 60, 0);
        for need in needs {
            let (starts, ends) = (need.when.window().start().wall(zone), need.when.window().end().wall(zone));
            at.insert(starts.date(), 0);
            from = from.min(minutes(need.when.window().start(), zone));
            until =
                until.max(if ends.date() > starts.date() { 24 * 60 } else { minutes(need.when.window().end(), zone) });
        }
        let many = i64::try_from(at.len()).unwrap_or(1).max(1);
        let width = (WIDTH / many).clamp(NARROWEST_DAY, WIDEST_DAY);
        for (number, x) in at.values_mut().enumerate() {
            *x = left + width * i64::try_from(number).unwrap_or(0);
        }
        Self { zone, at, left, width, from: from / 60 * 60, until: (until + 59) / 60 * 60 }
    }

    fn right(&self) -> i64 {
        self.left + self.width * i64::try_from(self.at.len()).unwrap_or(0)
    }

    /// Where something begins and how wide it is.
    fn place(&self, need: &CampusRequest) -> (i64, i64) {
        let window = need.when.window();
        let (starts, ends) = (window.start().wall(self.zone), window.end().wall(self.zone));
        let day = self.at.get(&starts.date()).copied().unwrap_or(self.left);
        let last = if ends.date() > starts.date() { 24 * 60 } else { minutes(window.end(), self.zone) };
        let span = (self.until - self.from).max(1);
        let x = |at: i64| day + 2 + (at - self.from) * (self.width - 4) / span;
        let from = x(minutes(window.start(), self.zone));
        (from, (x(last) - from - 1).max(4))
    }
}

fn minutes(at: Instant, zone: Zone) -> i64 {
    let wall = at.wall(zone);
    i64::from(wall.hour() * 60 + wall.minute())
}

/// The drawing as it grows downwards.
#[derive(Default)]
struct Sheet {
    y: i64,
    texts: Vec<Text>,
    shapes: Vec<Shape>,
    bands: Vec<Shape>,
    rules: Vec<Rule>,
    alarms: Vec<Spot>,
}

/// The picture, as SVG.
pub fn picture(of: &Pictured) -> String {
    let zone = of.campus.settings.zone;
    let names: HashMap<VolunteerId, &str> =
        of.row.plan.seats.iter().zip(&of.row.names).map(|(seat, name)| (seat.volunteer_id, name.as_str())).collect();
    let widest = names.values().map(|name| extent(name, 12)).max().unwrap_or(0).clamp(90, 190);
    let days = Days::new(&of.needs, zone, MARGIN + widest + 12);
    let width = days.right().max(760) + MARGIN;
    let mut sheet = Sheet { y: MARGIN, ..Sheet::default() };
    let title = format!("Plan of {}", line(&of.campus.settings.name));
    let summary = in_words(&of.row.plan);
    sheet.say("title", MARGIN, fitted(&title, width - 2 * MARGIN, 23).unwrap_or_default(), 18);
    sheet.say("lead", MARGIN, fitted(&summary, width - 2 * MARGIN, 14).unwrap_or_default(), 42);
    sheet.y += 62;
    sheet.people(of, &days, &names);
    sheet.needs(of, width);
    let words = format!("{summary} {} volunteers, {} needs.", names.len(), of.needs.len());
    let Sheet { y, texts, shapes, bands, rules, alarms } = sheet;
    fill(
        "plan.xml",
        context! {
            title, words, width, height => y + MARGIN, picture_style => PICTURE_STYLE,
            texts => Serde(texts), shapes => Serde(shapes), bands => Serde(bands), rules => Serde(rules),
            alarms => Serde(alarms),
        },
    )
}

impl Sheet {
    fn say(&mut self, class: &'static str, x: i64, said: String, down: i64) {
        self.texts.push(Text { class, x, y: self.y + down, said });
    }

    /// Each volunteer of the plan, by their first seat, with their seats on the days.
    fn people(&mut self, of: &Pictured, days: &Days, names: &HashMap<VolunteerId, &str>) {
        let needs: HashMap<CampusRequestId, &CampusRequest> = of.needs.iter().map(|need| (need.id, need)).collect();
        let mut by_person: BTreeMap<VolunteerId, Vec<(&ProposedSeat, &CampusRequest)>> = BTreeMap::new();
        for seat in &of.row.plan.seats {
            if let Some(need) = needs.get(&seat.campus_request_id) {
                by_person.entry(seat.volunteer_id).or_default().push((seat, need));
            }
        }
        let first =
            |seats: &[(&ProposedSeat, &CampusRequest)]| seats.iter().map(|(_, n)| n.when.window().start()).min();
        let mut rows: Vec<(VolunteerId, Vec<(&ProposedSeat, &CampusRequest)>)> = by_person.into_iter().collect();
        rows.sort_by_key(|(who, seats)| (first(seats), *who));
        let left_out = rows.len().saturating_sub(MOST_PEOPLE);
        rows.truncate(MOST_PEOPLE);
        for (date, &x) in &days.at {
            let said = fitted(&date.format("%a %-d %b").to_string(), days.width - 4, 11);
            self.say("word", x + 3, said.unwrap_or_else(|| date.format("%-d").to_string()), 12);
        }
        self.y += 18;
        let top = self.y;
        for (number, (who, seats)) in rows.iter().enumerate() {
            if number % 2 == 0 {
                self.bands.push(shape("band", MARGIN - 8, self.y, days.right() - MARGIN + 16, ROW));
            }
            let name = names.get(who).copied().unwrap_or_default();
            self.say("table", MARGIN, fitted(&line(name), days.left - MARGIN - 8, 12).unwrap_or_default(), 15);
            for (seat, need) in seats {
                self.seat(name, seat, need, days);
            }
            self.y += ROW;
        }
        for &x in days.at.values().chain([&days.right()]) {
            self.rules.push(Rule { class: "hour", x, y: top, length: self.y - top });
        }
        if left_out > 0 {
            self.say("lead", MARGIN, format!("and {left_out} more volunteers"), 15);
            self.y += ROW;
        }
        self.y += 26;
    }

    fn seat(&mut self, name: &str, seat: &ProposedSeat, need: &CampusRequest, days: &Days) {
        let (x, width) = days.place(need);
        let role = need.role(seat.role_id).map_or("", |role| role.name());
        let (when, reasons) = (wording::window(need.when.window(), days.zone), seat.reasons.join(" "));
        let title = format!("{}: {} as {role}, {when}; score {}. {reasons}", line(name), line(&need.title), seat.fit);
        let word = fitted(&line(&need.title), width - 8, 11);
        self.shapes.push(Shape { title, word, ..shape("taken", x, self.y + 3, width, ROW - 6) });
    }

    /// Each need with its seats: filled, open, what is contested and what is below its minimum.
    fn needs(&mut self, of: &Pictured, width: i64) {
        let plan = &of.row.plan;
        self.say("date", MARGIN, "Needs".to_owned(), 14);
        let legend = [("taken", "filled by the plan"), ("free", "stays open"), ("no-show", "cannot be filled")];
        let mut x = MARGIN + 70;
        for (class, words) in legend {
            self.shapes.push(Shape { title: words.to_owned(), ..shape(class, x, self.y + 3, SEAT, SEAT) });
            self.say("word", x + SEAT + 6, words.to_owned(), 13);
            x += SEAT + 22 + extent(words, 11);
        }
        self.alarms.push(Spot { x: x + 8, y: self.y + 1 });
        self.say("word", x + 20, "below its minimum".to_owned(), 13);
        self.y += 28;
        let zone = of.campus.settings.zone;
        for need in of.needs.iter().take(MOST_NEEDS) {
            for role in &need.roles {
                let filled = plan.seats.iter().filter(|seat| seat.role_id == role.id()).count();
                let open = plan.open_seats.iter().find(|open| open.role_id == role.id());
                if filled == 0 && open.is_none() {
                    continue;
                }
                let contested = plan.prices.iter().any(|price| price.role_id == role.id() && price.is_contested());
                let when = wording::short(need.when);
                let said = format!("{when} · {} · {}", line(&need.title), line(role.name()));
                let short = open.is_some_and(|open| open.below_minimum);
                if short {
                    self.alarms.push(Spot { x: MARGIN + 6, y: self.y + 3 });
                }
                let class = if short { "alarm-text" } else { "table" };
                self.say(class, MARGIN + 18, fitted(&said, 330, 12).unwrap_or_default(), 15);
                let x = self.squares(MARGIN + 360, filled, open, &wording::window(need.when.window(), zone));
                let words = told(filled, open, contested);
                self.say("word", x + 10, fitted(&words, width - x - 20, 11).unwrap_or_default(), 14);
                self.y += ROW;
            }
        }
        if of.needs.len() > MOST_NEEDS {
            self.say("lead", MARGIN, format!("and {} more needs", of.needs.len() - MOST_NEEDS), 15);
            self.y += ROW;
        }
    }

    /// The seats of a role as squares; answers where they end.
    fn squares(&mut self, left: i64, filled: usize, open: Option<&OpenSeats>, when: &str) -> i64 {
        let (missing, impossible) = open.map_or((0, 0), |open| (open.missing, open.impossible.min(open.missing)));
        let kinds =
            [("taken", filled), ("free", usize::from(missing - impossible)), ("no-show", usize::from(impossible))];
        let all = kinds.into_iter().flat_map(|(class, many)| std::iter::repeat_n(class, many));
        let mut x = left;
        for class in all.take(MOST_SEATS) {
            self.shapes.push(Shape { title: when.to_owned(), ..shape(class, x, self.y + 4, SEAT, SEAT) });
            x += SEAT + 3;
        }
        x
    }
}

const fn shape(class: &'static str, x: i64, y: i64, width: i64, height: i64) -> Shape {
    Shape { class, x, y, width, height, title: String::new(), word: None }
}

/// How the seats of a role stand, in words.
fn told(filled: usize, open: Option<&OpenSeats>, contested: bool) -> String {
    let wanted = if contested { " · contested: its people are wanted elsewhere too" } else { "" };
    let Some(open) = open else { return format!("{filled} filled{wanted}") };
    let impossible = match open.impossible {
        0 => String::new(),
        many => format!(" · {many} cannot be filled"),
    };
    let why: Vec<String> = open
        .refusals
        .iter()
        .take(3)
        .map(|(rule, many)| format!("{many} {}", rule.as_str().replace('_', " ")))
        .collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    format!("{filled} filled, {} open{impossible}{why}{wanted}", open.missing)
}
