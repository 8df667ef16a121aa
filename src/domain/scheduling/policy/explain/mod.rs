//! A policy in words: general sentences for the page, and what it means for one start or one person now.
//!
//! English, in the second person, with dates and zone spelled out. Absent on purpose: markup, and what is only the office's
//! affair.

mod phrases;

use phrases::{
    by, capital, channels, counted, general, handing_in, length, limit_of, listed, meanwhile, moment, number, offences,
    ordinal, restriction, sentence, short_date, times,
};

use super::{
    Rule,
    booking::{BookingRule, LeadTime, Limit, LimitPer, Payment, ShorterNotice},
    cancelling::{
        Arrival, CancelRefused, CancelRule, CancelVerdict, LateCancel, TooLate, cancel_until, judge_cancel, still_taken,
    },
    consequences::{Action, HandInTime, Lasting, Step},
    cutoff::{Channel, Cutoff, Reach},
    ladder::{Consequences, Ladder},
    standing::{Ends, InForce, RuleStanding},
};
use crate::domain::{
    scheduling::office_calendar::OfficeCalendar,
    time::{Instant, LocalWindow, Zone},
};

/// Where business days or office hours are counted that the calendar does not have.
const NO_SUCH_DAY: &str = "The office's calendar has no day on which this could be cancelled in time. Ask the office.";

/// Until when one may cancel what no rule says anything about.
#[must_use]
pub fn until_start(start: LocalWindow, zone: Zone) -> String {
    format!("You may cancel until it starts, {}.", moment(start.window().start(), zone))
}

/// Until when one may cancel what was moved at such short notice that cancelling would have been late at once.
#[must_use]
pub fn until_start_as_moved(start: LocalWindow, zone: Zone) -> String {
    format!(
        "It was moved at short notice, so you may cancel until it starts, {}.",
        moment(start.window().start(), zone)
    )
}

/// What cancelling by this channel at `now` comes to, where it is not simply on time; of a refusal, until when it was
/// possible and how it still is.
#[must_use]
pub fn cancelling_now(
    rule: &Rule,
    calendar: &OfficeCalendar,
    start: LocalWindow,
    channel: Channel,
    now: Instant,
) -> Option<String> {
    let zone = calendar.zone();
    let could = || match cancel_until(rule, calendar, start, channel) {
        Some(until) => format!("It could be cancelled until {}", moment(until, zone)),
        None => "It could be cancelled earlier".to_owned(),
    };
    let otherwise = || {
        let ways = still_taken(rule, calendar, start, now);
        let ways = ways.iter().map(|(way, until)| format!("{} until {}", by(*way), moment(*until, zone)));
        let ways: Vec<String> = ways.collect();
        if ways.is_empty() { String::new() } else { format!(" It can still be cancelled {}.", ways.join(", ")) }
    };
    match judge_cancel(rule, calendar, start, channel, now) {
        CancelVerdict::OnTime => None,
        CancelVerdict::Late => Some(format!("{}; cancelling now counts as late.", could())),
        CancelVerdict::LateAsNoShow => Some(format!("{}; cancelling now counts as not coming.", could())),
        CancelVerdict::Refused(why) => Some(match why {
            CancelRefused::Begun => format!("It began at {}.", moment(start.window().start(), zone)),
            CancelRefused::PastCutoff => {
                format!("{}; later cancellations are not taken.{}", could(), otherwise())
            }
            CancelRefused::Channel => format!("It cannot be cancelled {}.{}", by(channel), otherwise()),
            CancelRefused::NoSuchDay => NO_SUCH_DAY.to_owned(),
        }),
    }
}

/// Until when one may cancel this, and why then: the day that was found and the holidays that moved it.
#[must_use]
pub fn cancelling(rule: &Rule, calendar: &OfficeCalendar, start: LocalWindow, channel: Channel) -> Vec<String> {
    let Some(cancel) = rule.cancel() else { return vec![until_start(start, calendar.zone())] };
    if !cancel.takes(channel) {
        let mut said = vec![format!("You may not cancel {}; cancel {}.", by(channel), channels(cancel))];
        for taken in cancel.channels() {
            said.extend(cancel_until(rule, calendar, start, *taken).map(|until| {
                format!("{} you may cancel until {}.", capital(by(*taken)), moment(until, calendar.zone()))
            }));
        }
        return said;
    }
    let Some(until) = cancel_until(rule, calendar, start, channel) else { return vec![NO_SUCH_DAY.to_owned()] };
    let why = because(cancel.until(), calendar, start, until);
    let mut said = vec![format!("You may cancel until {}: {why}.", moment(until, calendar.zone()))];
    match cancel.late() {
        LateCancel::Refused => said.push("After that you cannot cancel any more.".to_owned()),
        LateCancel::Allowed => {
            let no_show = cancel.no_show_after().and_then(|after| after.instant(calendar, start, channel));
            said.push("After that you may still cancel until it starts, but it counts as late.".to_owned());
            if let Some(no_show) = no_show {
                let after = moment(no_show, calendar.zone());
                said.push(format!("Cancelling after {after} counts as not coming."));
            }
        }
    }
    said
}

/// The rule in general, one sentence for each thing it says.
#[must_use]
pub fn rule(rule: &Rule) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(cancelling_in_general(rule));
    if let Some(booking) = rule.booking() {
        said.extend(booking_rule(booking));
    }
    if let Some(arrival) = rule.arrival() {
        said.extend(arriving(arrival));
    }
    if let Some(payment) = rule.payment() {
        said.extend(paying(payment));
    }
    if let Some(consequences) = rule.consequences() {
        said.extend(following(consequences));
    }
    said
}

/// The rule about cancelling in general; nothing where it says nothing.
#[must_use]
pub fn cancelling_in_general(rule: &Rule) -> Vec<String> {
    rule.cancel().map(cancel_rule).unwrap_or_default()
}

/// How early something has to be posted.
#[must_use]
pub fn lead_time(lead: &LeadTime) -> String {
    let shorter = match lead.shorter() {
        ShorterNotice::Refused => "shorter notice is not taken",
        ShorterNotice::NeedsApproval => "shorter notice needs approval",
    };
    let approvers = if lead.approvers().is_empty() {
        String::new()
    } else {
        format!(" It needs the approval of {}.", listed(lead.approvers()))
    };
    format!("For {}: post it {}; {shorter}.{approvers}", lead.audience(), general(lead.until()))
}

/// Where a person stands under one rule.
#[must_use]
pub fn standing(standing: &RuleStanding, consequences: &Consequences, zone: Zone) -> Vec<String> {
    let what = match consequences.ladder {
        Ladder::Offences { .. } | Ladder::Tiers { .. } => "offence",
        Ladder::Points { .. } => "point",
    };
    let total = standing.count;
    let count = u16::try_from(total).map_or_else(|_| total.to_string(), number);
    let period = counted(consequences.counted);
    let mut said = vec![match total {
        0 => format!("Nothing counts against you {period}."),
        1 => sentence(&format!("{count} {what} counts against you {period}")),
        _ => sentence(&format!("{count} {what}s count against you {period}")),
    }];
    said.extend(standing.in_force.iter().map(|force| in_force(force, zone)));
    said
}

/// What is in force, until when.
#[must_use]
pub fn in_force(force: &InForce, zone: Zone) -> String {
    let due = force.due.map(|due| format!(", due {}", moment(due, zone))).unwrap_or_default();
    let ends = match force.ends {
        Ends::At(end) => format!(" until {}", moment(end, zone)),
        Ends::WhenHandedIn | Ends::Noted => String::new(),
        Ends::Never => " for good".to_owned(),
        Ends::Undetermined => "; the office says until when".to_owned(),
    };
    let what = match &force.action {
        Action::Restrict { from, .. } => format!("{}{ends}", restriction(*from)),
        Action::HandIn { what, blocked, .. } => format!("{}{due}{}", handing_in(what), meanwhile(*blocked)),
        other @ (Action::Warning | Action::Fee(_) | Action::Notify(_) | Action::CaseByCase | Action::Other(_)) => {
            action(other)
        }
    };
    if force.discretionary { format!("The office may decide: {what}.") } else { sentence(&what) }
}

fn cancel_rule(cancel: &CancelRule) -> Vec<String> {
    let by = if cancel.channels().is_empty() { String::new() } else { format!(", {}", channels(cancel)) };
    let mut said = vec![format!("You may cancel {}{by}.", general(cancel.until()))];
    match cancel.late() {
        LateCancel::Refused => said.push("Later cancellations are not taken.".to_owned()),
        LateCancel::Allowed => {
            if !matches!(cancel.until().reach(), Reach::AnyTime) {
                said.push("Later cancellations are taken until the start, and count as late.".to_owned());
            }
            if let Some(after) = cancel.no_show_after() {
                said.push(format!("Cancelling later than {} counts as not coming.", limit_of(after)));
            }
        }
    }
    said
}

fn booking_rule(booking: &BookingRule) -> Vec<String> {
    let opens = booking.opens().map(|opens| format!("Booking opens {}.", limit_of(opens)));
    let closes = booking.closes().map(|closes| format!("You may book {}.", general(closes)));
    opens.into_iter().chain(closes).chain(booking.limits().iter().map(limit)).collect()
}

/// How often one may book.
#[must_use]
pub fn limit(limit: &Limit) -> String {
    let per = match limit.per() {
        LimitPer::Event => "for one event",
        LimitPer::Day => "a day",
        LimitPer::Week => "a week",
        LimitPer::Month => "a month",
        LimitPer::Term => "a term",
        LimitPer::AcademicYear => "an academic year",
        LimitPer::Rule => "at a time",
    };
    let (many, noun) = (number(limit.at_most()), if limit.at_most() == 1 { "booking" } else { "bookings" });
    format!("You may hold at most {many} {noun} {per}.")
}

fn arriving(arrival: Arrival) -> Vec<String> {
    let early =
        arrival.early_minutes().map(|minutes| format!("Be there {} before the start.", times(minutes, "minute")));
    let late = arrival.late().map(|(minutes, then)| {
        let then = match then {
            TooLate::Forfeited => "you lose your place",
            TooLate::MayBeRescheduled => "the office may give you another time",
        };
        format!("If you come more than {} late, {then}.", times(minutes, "minute"))
    });
    early.into_iter().chain(late).collect()
}

fn paying(payment: &Payment) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(payment.price().map(|price| format!("It costs {price}.")));
    said.extend(payment.due().map(|due| format!("Pay {}.", general(due))));
    for refund in payment.refunds() {
        let when = refund.at_least().map_or_else(
            || if payment.refunds().len() == 1 { "whenever you cancel" } else { "otherwise" }.to_owned(),
            |span| format!("if you cancel at least {} before", length(span)),
        );
        let what = match (refund.percent(), refund.less()) {
            (0, _) => "nothing is refunded".to_owned(),
            (100, None) => "everything is refunded".to_owned(),
            (100, Some(less)) => format!("everything but {less} is refunded"),
            (percent, None) => format!("{percent} percent are refunded"),
            (percent, Some(less)) => format!("{percent} percent less {less} are refunded"),
        };
        said.push(format!("{}: {what}.", capital(&when)));
    }
    if payment.refunds().last().is_some_and(|last| last.at_least().is_some() && last.percent() > 0) {
        said.push("Otherwise: nothing is refunded.".to_owned());
    }
    if payment.is_full_if_office_cancels() {
        said.push("If the office cancels, everything is refunded.".to_owned());
    }
    said
}

fn following(consequences: &Consequences) -> Vec<String> {
    let period = counted(consequences.counted);
    let mut said = Vec::new();
    match &consequences.ladder {
        Ladder::Offences { counts, steps } => {
            said.push(format!("What counts {period}: {}.", listed(&offences(counts))));
            said.extend(steps.iter().map(|step| following_step(step, "offence")));
        }
        Ladder::Points { bands, no_show, late_arrival, steps } => {
            for band in bands {
                let (points, hours) = (times(band.points(), "point"), times(band.within_hours(), "hour"));
                said.push(format!("Cancelling less than {hours} before: {points}."));
            }
            said.extend(no_show.map(|points| format!("Not coming: {}.", times(points, "point"))));
            said.extend(late_arrival.map(|points| format!("Coming too late: {}.", times(points, "point"))));
            said.push(format!("Points count {period}."));
            said.extend(steps.iter().map(|step| following_step(step, "point")));
        }
        Ladder::Tiers { counts, tiers } => {
            said.push(format!("What counts {period}: {}.", listed(&offences(counts))));
            for (index, tier) in tiers.iter().enumerate() {
                let steps = tier.steps.iter().map(|step| following_step(step, "offence"));
                said.extend(steps.map(|step| format!("Tier {}: {step}", index + 1)));
                said.extend(tier.escalation.map(|up| {
                    let without = if up.is_only_without_letter() { " for which nothing was handed in" } else { "" };
                    let offences = times(up.offences(), "offence");
                    format!("Tier {}: after {offences}{without}, the next one counts as tier {}.", index + 1, index + 2)
                }));
            }
        }
    }
    said
}

fn following_step(step: &Step, noun: &str) -> String {
    let actions: Vec<String> = step.actions().iter().map(action).collect();
    let from = if noun == "offence" { format!("the {} offence", ordinal(step.at())) } else { times(step.at(), noun) };
    if step.is_discretionary() {
        return format!("From {from} on the office may decide: {}.", actions.join("; "));
    }
    let Some((first, further)) = actions.split_first() else { return String::new() };
    let first = format!("From {from} on: {first}.");
    std::iter::once(first).chain(further.iter().map(|text| sentence(text))).collect::<Vec<_>>().join(" ")
}

fn action(action: &Action) -> String {
    match action {
        Action::Warning => "you are warned".to_owned(),
        Action::HandIn { what, within, blocked } => {
            let within = within.map(|within| match within {
                HandInTime::Hours(hours) => format!(" within {}", times(hours, "hour")),
                HandInTime::BusinessDays(days) => format!(" within {}", times(days, "business day")),
            });
            format!("{}{}{}", handing_in(what), within.unwrap_or_default(), meanwhile(*blocked))
        }
        Action::Restrict { from, lasting } => {
            let lasting = match lasting {
                Lasting::For(span) => format!("for {}", length(*span)),
                Lasting::RestOfTerm => "for the rest of the term".to_owned(),
                Lasting::RestOfAcademicYear => "for the rest of the academic year".to_owned(),
                Lasting::ForGood => "for good".to_owned(),
            };
            format!("{} {lasting}", restriction(*from))
        }
        Action::Fee(fee) => format!("you pay {fee}"),
        Action::Notify(whom) => format!("{whom} is told"),
        Action::CaseByCase => "the office decides the case".to_owned(),
        Action::Other(text) => text.trim_end_matches('.').to_owned(),
    }
}

/// Why the cut-off lies where it lies.
fn because(cutoff: &Cutoff, calendar: &OfficeCalendar, start: LocalWindow, until: Instant) -> String {
    let [day, found] = [start.window().start(), until].map(|at| at.wall(calendar.zone()).date());
    let mut why = match cutoff.reach() {
        Reach::AnyTime => "that is when it starts".to_owned(),
        Reach::Hours(hours) => format!("that is {} before it starts", times(*hours, "hour")),
        Reach::Calendar(span, _) => format!("that is {} before", length(*span)),
        Reach::BusinessDay(n, _) => format!("that is the {} business day before", ordinal(*n)),
        Reach::ClearBusinessDays(n, _) => {
            format!("{} must lie between", times(*n, "clear business day"))
        }
        Reach::OnTheDay(_) => "that is the last time on the day itself".to_owned(),
    };
    if cutoff.counts_business_days() {
        for (date, holiday) in calendar.holidays_between(found, day) {
            why = format!("{why}; {} is a holiday ({})", short_date(date), holiday.name());
        }
    }
    if cutoff.is_only_in_office_hours() {
        why.push_str("; only office hours count");
    }
    why
}
