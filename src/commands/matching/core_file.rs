//! The text format `core1`: a season after the rules of eligibility.
//!
//! ```text
//! core1 needs volunteers pairs
//! seats minimum priority period created in-person latitude longitude intervals start end …      one line per need
//! load periods most …                                                                          one line per volunteer
//! volunteer need fit                                                                           one line per pair
//! ```
//!
//! Times are whole minutes. `created` matters to nobody here.

use super::season::{MOST, SEAT, Season};
use crate::domain::matching::solver::{FREE, Instance, Job, Pair, Room, Span};
use crate::domain::matching::travel::{Distance, TravelRule, Venue};
use crate::domain::people::place::Position;

/// The words of one line, and which line it is.
struct Line<'a> {
    words: std::str::SplitAsciiWhitespace<'a>,
    number: usize,
}

impl<'a> Line<'a> {
    fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.words.next().ok_or_else(|| format!("line {}: {what} is missing", self.number))
    }

    /// A whole number from 0 to `most`.
    fn number(&mut self, what: &str, most: i64) -> Result<i64, String> {
        let word = self.word(what)?;
        let number = word.parse::<i64>().ok().filter(|number| (0..=most).contains(number));
        number.ok_or_else(|| format!("line {}: {what} is {word}, not a whole number from 0 to {most}", self.number))
    }

    fn small(&mut self, what: &str, most: u32) -> Result<u32, String> {
        self.number(what, i64::from(most)).map(|number| u32::try_from(number).unwrap_or(most))
    }

    fn minutes(&mut self, what: &str) -> Result<i64, String> {
        let word = self.word(what)?;
        let number = word.parse::<i64>().ok().filter(|number| number.abs() <= MOST);
        number.ok_or_else(|| format!("line {}: {what} is {word}, not a number of minutes", self.number))
    }

    fn end(&mut self) -> Result<(), String> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(format!("line {}: {word} is one word too many", self.number)),
        }
    }
}

/// Reads a season; the fault names the line and the word.
pub fn read(text: &str) -> Result<Season, String> {
    let mut lines = (1..).zip(text.lines()).map(|(number, line)| Line { words: line.split_ascii_whitespace(), number });
    let mut next = |what: &str| lines.next().ok_or_else(|| format!("the file ends where {what} should be"));
    let mut head = next("the first line")?;
    if head.word("the format")? != "core1" {
        return Err("line 1 does not begin with `core1`, and the file is no JSON".to_owned());
    }
    let needs = head.small("the number of needs", 10_000_000)?;
    let volunteers = head.small("the number of volunteers", 10_000_000)?;
    let pairs = head.small("the number of pairs", 1_000_000_000)?;
    head.end()?;
    let mut season = Season { needs: (0..needs).collect(), volunteers: (0..volunteers).collect(), ..Season::default() };
    let mut periods = Vec::new();
    for _ in 0..needs {
        let mut line = next("a need")?;
        let (job, minimum, period) = need(&mut line)?;
        season.instance.jobs.push(job);
        season.minimum.push(minimum);
        periods.push(period);
    }
    for _ in 0..volunteers {
        let mut line = next("a volunteer")?;
        let load = line.small("the load", 1_000_000)?;
        let many = line.small("the number of periods", 60_000)?;
        let caps = (0..many).map(|_| line.small("a period's most", 1_000_000)).collect::<Result<_, _>>()?;
        line.end()?;
        season.instance.people.push(Room { caps, load, ..Room::default() });
    }
    for _ in 0..pairs {
        let mut line = next("a pair")?;
        season.instance.pairs.push(pair(&mut line, &season.instance, &periods)?);
        line.end()?;
    }
    if let Ok(mut line) = next("nothing")
        && let Ok(word) = line.word("")
    {
        return Err(format!("line {}: {word} stands after the last pair", line.number));
    }
    season.instance.travel = TravelRule { distance: Distance::Flat, ..TravelRule::default() };
    Ok(season)
}

fn need(line: &mut Line<'_>) -> Result<(Job, u32, u16), String> {
    let open = line.small("the number of seats", 1_000_000)?;
    let minimum = line.small("the minimum", 1_000_000)?;
    let worth = SEAT * line.number("the priority", 1_000_000)?;
    let period = line.small("the period", 60_000)?;
    line.minutes("the creation")?;
    let in_person = line.small("the mode", 1)? == 1;
    let mut degrees = |what: &str| {
        let word = line.word(what)?;
        word.parse::<f64>().map_err(|_| format!("line {}: {what} is {word}, not a number of degrees", line.number))
    };
    let (lat, lon) = (degrees("the latitude")?, degrees("the longitude")?);
    let position = Position::new(lat, lon).map_err(|fault| format!("line {}: {}", line.number, fault.detail))?;
    let many = line.small("the number of intervals", 100_000)?;
    let span = |_| {
        let (start, end) = (line.minutes("a start")?, line.minutes("an end")?);
        if start >= end {
            return Err(format!(
                "line {}: the interval from {start} to {end} does not end after it starts",
                line.number
            ));
        }
        Ok(Span { start: start * 60, end: end * 60 })
    };
    let spans = (0..many).map(span).collect::<Result<_, _>>()?;
    line.end()?;
    let venue = if in_person { Venue::At(Some(position)) } else { Venue::Virtual };
    let urgent = minimum.min(open);
    Ok((Job { open, urgent, urgent_worth: worth, worth, spans, venue }, minimum, u16::try_from(period).unwrap_or(FREE)))
}

fn pair(line: &mut Line<'_>, instance: &Instance, periods: &[u16]) -> Result<Pair, String> {
    let person = line.small("the volunteer", u32::MAX)?;
    let job = line.small("the need", u32::MAX)?;
    let fit = line.small("the fit", 1_000_000)?;
    let room = instance.people.get(person as usize);
    let room = room.ok_or_else(|| format!("line {}: there is no volunteer {person}", line.number))?;
    let period = periods.get(job as usize).copied();
    let period = period.ok_or_else(|| format!("line {}: there is no need {job}", line.number))?;
    if usize::from(period) >= room.caps.len() {
        return Err(format!("line {}: volunteer {person} says nothing of period {period}", line.number));
    }
    Ok(Pair { person, job, fit, caps: [period, FREE] })
}
