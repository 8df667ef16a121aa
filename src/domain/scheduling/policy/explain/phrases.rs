//! The phrases that sentences about a policy are made of.

use chrono::NaiveDate;

use crate::domain::{
    scheduling::policy::{
        cancelling::CancelRule,
        consequences::{BlockedWhile, OffenceKind, Requirement, Restriction},
        cutoff::{CalendarSpan, CalendarUnit, Channel, Cutoff, DayTimes, Reach, TimeOnDay},
        ladder::CountingTime,
    },
    time::{Instant, Zone},
    wording,
};

pub(super) fn handing_in(what: &[Requirement]) -> String {
    let named = what.iter().map(|what| match what {
        Requirement::ExplanationLetter => "a letter that explains",
        Requirement::ApologyLetter => "a letter of apology (copy to the office)",
        Requirement::Proof => "a proof",
        Requirement::Meeting => "a meeting with the office",
    });
    format!("you owe {}", listed(&named.collect::<Vec<_>>()))
}

pub(super) fn meanwhile(blocked: BlockedWhile) -> &'static str {
    match blocked {
        BlockedWhile::Never => "",
        BlockedWhile::UntilIn => ", and cannot book until that is done",
        BlockedWhile::OnceOverdue => ", and cannot book once that is overdue",
    }
}

pub(super) const fn restriction(from: Restriction) -> &'static str {
    match from {
        Restriction::Blocked => "you cannot book these",
        Restriction::BlockedFromAll => "you cannot use the office's services",
        Restriction::DropInOnly => "you can only come to drop-in hours",
    }
}

pub(super) fn offences(kinds: &[OffenceKind]) -> Vec<&'static str> {
    let name = |kind: &OffenceKind| match kind {
        OffenceKind::LateCancellation => "cancelling late",
        OffenceKind::NoShow => "not coming",
        OffenceKind::LateArrival => "coming too late",
    };
    kinds.iter().map(name).collect()
}

pub(super) fn counted(time: CountingTime) -> String {
    match time {
        CountingTime::Term => "in a term (a break counts with the term after it)".to_owned(),
        CountingTime::AcademicYear => "in an academic year".to_owned(),
        CountingTime::RollingDays(days) => format!("within {}", times(days, "day")),
        CountingTime::ForEver => "for ever".to_owned(),
    }
}

/// "until two weeks before".
pub(super) fn general(cutoff: &Cutoff) -> String {
    match cutoff.reach() {
        Reach::AnyTime => "until the start".to_owned(),
        Reach::Hours(_)
        | Reach::Calendar(..)
        | Reach::BusinessDay(..)
        | Reach::ClearBusinessDays(..)
        | Reach::OnTheDay(_) => format!("until {}", limit_of(cutoff)),
    }
}

/// "17:00 on the second business day before".
pub(super) fn limit_of(cutoff: &Cutoff) -> String {
    let said = match cutoff.reach() {
        Reach::AnyTime => "the start".to_owned(),
        Reach::Hours(hours) => format!("{} before the start", times(*hours, "hour")),
        Reach::Calendar(span, on) => format!("{}{} before{}", clock(on, "of the day "), length(*span), others(on)),
        Reach::BusinessDay(n, on) => {
            format!("{}{} before{}", clock(on, "of the day "), times(*n, "business day"), others(on))
        }
        Reach::ClearBusinessDays(n, on) => {
            let days = times(*n, "clear business day");
            format!("{}that leaves {days} between{}", clock(on, "of the last business day "), others(on))
        }
        Reach::OnTheDay(on) => format!("{}that day{}", clock(on, "on "), others(on)),
    };
    if cutoff.is_only_in_office_hours() { format!("{said}, during office hours") } else { said }
}

pub(super) fn clock(on: &DayTimes, day: &str) -> String {
    match on.for_the_rest() {
        TimeOnDay::AsStart => "the same time ".to_owned(),
        TimeOnDay::EndOfDay => format!("the end {day}"),
        TimeOnDay::At(time) => format!("{} {day}", time.format("%H:%M")),
    }
}

pub(super) fn others(on: &DayTimes) -> String {
    let each = on.by_channel().iter().map(|(channel, time)| match time {
        TimeOnDay::AsStart => format!("{} the same time", by(*channel)),
        TimeOnDay::EndOfDay => format!("{} the end of the day", by(*channel)),
        TimeOnDay::At(time) => format!("{} {}", by(*channel), time.format("%H:%M")),
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
}

pub(super) fn short_date(date: NaiveDate) -> String {
    date.format("%A %-d %B").to_string()
}

/// A moment, and the end of a day as such instead of its last second.
pub(super) fn moment(at: Instant, zone: Zone) -> String {
    let wall = at.wall(zone);
    if wall.time().format("%H:%M:%S").to_string() == "23:59:59" {
        return format!("the end of {} ({zone})", wall.format("%A %-d %B %Y"));
    }
    wording::instant(at, zone)
}

pub(super) fn channels(cancel: &CancelRule) -> String {
    let named: Vec<&str> = cancel.channels().iter().map(|channel| by(*channel)).collect();
    format!("only {}", named.join(" or "))
}

pub(super) const fn by(channel: Channel) -> &'static str {
    match channel {
        Channel::Online => "online",
        Channel::Phone => "by phone",
        Channel::Email => "by e-mail",
        Channel::Letter => "by letter",
        Channel::InPerson => "in person",
    }
}

pub(super) fn length(span: CalendarSpan) -> String {
    let unit = match span.unit() {
        CalendarUnit::Days => "day",
        CalendarUnit::Weeks => "week",
        CalendarUnit::Months => "month",
    };
    times(span.count(), unit)
}

pub(super) fn times(count: u16, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

pub(super) fn number(count: u16) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(usize::from(count)).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

pub(super) fn ordinal(count: u16) -> String {
    const WORDS: [&str; 6] = ["", "first", "second", "third", "fourth", "fifth"];
    match WORDS.get(usize::from(count)) {
        Some(word) => (*word).to_owned(),
        None => match (count % 10, count % 100) {
            (1, tens) if tens != 11 => format!("{count}st"),
            (2, tens) if tens != 12 => format!("{count}nd"),
            (3, tens) if tens != 13 => format!("{count}rd"),
            _ => format!("{count}th"),
        },
    }
}

pub(super) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            format!("{} and {}", rest.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "), last.as_ref())
        }
    }
}

pub(super) fn sentence(text: &str) -> String {
    format!("{}.", capital(text))
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
