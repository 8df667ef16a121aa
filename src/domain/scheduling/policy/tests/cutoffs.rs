//! Until when, and what a cancellation, an arrival, a booking or a refund is at some instant.

use chrono::{NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::EventId,
    scheduling::policy::{
        Parts, Rule, Scope,
        booking::{Booked, BookingRule, BookingVerdict, Limit, LimitPer, Payment, Refund},
        cancelling::{
            Arrival, CancelRefused, CancelRule, CancelVerdict, LateCancel, TooLate, cancel_until, judge_cancel,
            still_taken,
        },
        cutoff::{CalendarSpan, CalendarUnit, Channel, Cutoff, DayTimes, TimeOnDay},
        explain,
    },
};

fn clock(text: &str) -> TimeOnDay {
    TimeOnDay::parse("at", text).unwrap()
}

fn times(text: &str) -> DayTimes {
    DayTimes::all(clock(text))
}

fn rule(cancel: CancelRule) -> Rule {
    Rule::new("interviews", Scope::default(), Parts { cancel: Some(cancel), ..Parts::default() }).unwrap()
}

fn allowed(until: Cutoff) -> Rule {
    rule(CancelRule::new(until, LateCancel::Allowed, None, vec![]).unwrap())
}

#[test]
fn each_kind_of_cut_off_by_hand() {
    let check = |cutoff: Cutoff, starts: &str, expect: &str| {
        let found = cutoff.instant(&office(), start(starts), Channel::Online).map(|at| at.wall(zone()));
        assert_eq!(found, Some(wall(expect)), "{cutoff:?} of {starts}");
    };
    let hours = |n| Cutoff::hours_before(n).unwrap();
    let calendar = |n, unit, at: &str| Cutoff::calendar_before(n, unit, times(at)).unwrap();
    let business = |n, at: &str| Cutoff::business_day_before(n, times(at)).unwrap();
    let clear = |n, at: &str| Cutoff::clear_business_days(n, times(at)).unwrap();
    let (days, weeks, months) = (CalendarUnit::Days, CalendarUnit::Weeks, CalendarUnit::Months);

    check(Cutoff::any_time(), "2027-03-04T10:00", "2027-03-04T10:00");
    check(hours(24), "2027-03-04T10:00", "2027-03-03T10:00");
    check(calendar(2, days, "same_time"), "2027-03-04T10:00", "2027-03-02T10:00");
    check(calendar(2, days, "end_of_day"), "2027-03-04T10:00", "2027-03-02T23:59:59");
    check(calendar(2, weeks, "12:00"), "2027-03-04T10:00", "2027-02-18T12:00");
    check(calendar(1, months, "same_time"), "2027-03-31T10:00", "2027-02-28T10:00");
    check(business(2, "17:00"), "2027-03-04T10:00", "2027-03-02T17:00");
    check(business(3, "17:00"), "2027-03-04T10:00", "2027-02-26T17:00");
    check(clear(2, "17:00"), "2027-03-04T10:00", "2027-02-26T17:00");
    check(clear(2, "end_of_day"), "2027-03-05T10:00", "2027-03-02T23:59:59");
    check(Cutoff::on_the_day(times("08:00")).unwrap(), "2027-03-04T10:00", "2027-03-04T08:00");
    // Never after the start.
    check(Cutoff::on_the_day(times("08:00")).unwrap(), "2027-03-04T07:00", "2027-03-04T07:00");
    // Back into office hours: from a Sunday, a lunch, an evening.
    check(hours(24).only_in_office_hours(), "2027-03-08T10:00", "2027-03-05T17:00");
    check(hours(24).only_in_office_hours(), "2027-03-05T12:30", "2027-03-04T12:00");
    check(business(1, "end_of_day").only_in_office_hours(), "2027-03-04T10:00", "2027-03-03T17:00");
    check(Cutoff::any_time().only_in_office_hours(), "2027-03-04T19:00", "2027-03-04T17:00");
}

#[test]
fn the_nights_the_clocks_change() {
    let check = |cutoff: Cutoff, starts: &str, expect: &str| {
        let found = cutoff.instant(&office(), start(starts), Channel::Online).unwrap();
        assert_eq!(found.to_string(), expect, "{cutoff:?} of {starts}");
    };
    let days = |n, at: &str| Cutoff::calendar_before(n, CalendarUnit::Days, times(at)).unwrap();
    let hours = |n| Cutoff::hours_before(n).unwrap();
    // On 14 March 2027 the clocks jump from 02:00 to 03:00: hours are elapsed time, days are wall time.
    check(hours(24), "2027-03-14T10:00", "2027-03-13T14:00:00Z"); // 09:00 EST
    check(days(1, "same_time"), "2027-03-14T10:00", "2027-03-13T15:00:00Z"); // 10:00 EST
    // 02:30 is skipped: the first time after the jump, 03:00 EDT.
    check(days(3, "same_time"), "2027-03-17T02:30", "2027-03-14T07:00:00Z");
    check(days(1, "02:30"), "2027-03-15T10:00", "2027-03-14T07:00:00Z");
    // On 7 November 2027 they go back from 02:00 to 01:00.
    check(hours(24), "2027-11-07T10:00", "2027-11-06T15:00:00Z"); // 11:00 EDT
    check(days(1, "same_time"), "2027-11-07T10:00", "2027-11-06T14:00:00Z"); // 10:00 EDT
    // 01:30 occurs twice: the first is meant.
    check(days(1, "01:30"), "2027-11-08T10:00", "2027-11-07T05:30:00Z");
    // The day of 25 hours ends at its own midnight.
    check(days(1, "end_of_day"), "2027-11-08T10:00", "2027-11-08T04:59:59Z");
}

#[test]
fn dates_and_clocks_are_those_of_the_campus() {
    // 08:00 in Tokyo on 5 March is 18:00 in New York on 4 March.
    let tokyo: Zone = "Asia/Tokyo".parse().unwrap();
    let abroad = LocalWindow::new(wall("2027-03-05T08:00"), wall("2027-03-05T09:00"), tokyo, None).unwrap();
    let cutoff = Cutoff::business_day_before(1, times("17:00")).unwrap();
    assert_eq!(cutoff.instant(&office(), abroad, Channel::Phone), Some(at("2027-03-03T17:00")));
}

#[test]
fn a_cancellation_is_judged() {
    let late = |late, no_show: Option<Cutoff>, channels| {
        rule(CancelRule::new(Cutoff::hours_before(48).unwrap(), late, no_show, channels).unwrap())
    };
    let check = |rule: &Rule, channel, now: &str, expect: CancelVerdict| {
        let found = judge_cancel(rule, &office(), start("2027-03-04T10:00"), channel, at(now));
        assert_eq!(found, expect, "{now}");
    };
    let yesterday = Cutoff::calendar_before(1, CalendarUnit::Days, times("end_of_day")).unwrap();
    let counted = late(LateCancel::Allowed, Some(yesterday), vec![]);
    check(&counted, Channel::Online, "2027-03-02T10:00", CancelVerdict::OnTime);
    check(&counted, Channel::Online, "2027-03-02T10:00:01", CancelVerdict::Late);
    check(&counted, Channel::Online, "2027-03-03T23:59:59", CancelVerdict::Late);
    check(&counted, Channel::Online, "2027-03-04T00:00", CancelVerdict::LateAsNoShow);
    check(&counted, Channel::Online, "2027-03-04T10:00", CancelVerdict::Refused(CancelRefused::Begun));
    let strict = late(LateCancel::Refused, None, vec![Channel::Phone]);
    check(&strict, Channel::Phone, "2027-03-02T10:00", CancelVerdict::OnTime);
    check(&strict, Channel::Phone, "2027-03-02T10:01", CancelVerdict::Refused(CancelRefused::PastCutoff));
    check(&strict, Channel::Online, "2027-03-01T10:00", CancelVerdict::Refused(CancelRefused::Channel));
    check(&allowed(Cutoff::any_time()), Channel::Online, "2027-03-04T09:59:59", CancelVerdict::OnTime);
    check(
        &allowed(Cutoff::any_time()),
        Channel::Online,
        "2027-03-04T10:00",
        CancelVerdict::Refused(CancelRefused::Begun),
    );
}

#[test]
fn a_student_reads_until_when_and_why() {
    let check = |rule: &Rule, starts: &str, channel, expect: &[&str]| {
        assert_eq!(explain::cancelling(rule, &office(), start(starts), channel), expect);
    };
    let clear = Cutoff::clear_business_days(2, times("17:00")).unwrap();
    let strict = rule(CancelRule::new(clear, LateCancel::Refused, None, vec![]).unwrap());
    check(
        &strict,
        "2027-03-04T10:00",
        Channel::Online,
        &[
            "You may cancel until Friday 26 February 2027, 17:00 (America/New_York): two clear business days must lie \
             between; Monday 1 March is a holiday (Founders\u{2019} Day).",
            "After that you cannot cancel any more.",
        ],
    );
    check(
        &strict,
        "2027-03-05T10:00",
        Channel::Online,
        &[
            "You may cancel until Tuesday 2 March 2027, 17:00 (America/New_York): two clear business days must lie between.",
            "After that you cannot cancel any more.",
        ],
    );
    let yesterday = Cutoff::calendar_before(1, CalendarUnit::Days, times("end_of_day")).unwrap();
    let counted = CancelRule::new(
        Cutoff::hours_before(48).unwrap(),
        LateCancel::Allowed,
        Some(yesterday),
        vec![Channel::Phone, Channel::Email],
    );
    let counted = rule(counted.unwrap());
    check(
        &counted,
        "2027-03-04T10:00",
        Channel::Phone,
        &[
            "You may cancel until Tuesday 2 March 2027, 10:00 (America/New_York): that is 48 hours before it starts.",
            "After that you may still cancel until it starts, but it counts as late.",
            "Cancelling after the end of Wednesday 3 March 2027 (America/New_York) counts as not coming.",
        ],
    );
    check(
        &counted,
        "2027-03-04T10:00",
        Channel::Online,
        &[
            "You may not cancel online; cancel only by phone or by e-mail.",
            "By phone you may cancel until Tuesday 2 March 2027, 10:00 (America/New_York).",
            "By e-mail you may cancel until Tuesday 2 March 2027, 10:00 (America/New_York).",
        ],
    );
    assert_eq!(
        explain::rule(&counted),
        [
            "You may cancel until 48 hours before the start, only by phone or by e-mail.",
            "Later cancellations are taken until the start, and count as late.",
            "Cancelling later than the end of the day one day before counts as not coming.",
        ]
    );
}

#[test]
fn who_is_too_late_reads_until_when_it_was_and_how_it_still_is() {
    let check = |rule: &Rule, channel, now: &str, expect: Option<&str>| {
        let found = explain::cancelling_now(rule, &office(), start("2027-03-04T10:00"), channel, at(now));
        assert_eq!(found.as_deref(), expect, "{now}");
    };
    let by_channel = vec![(Channel::Phone, clock("17:00")), (Channel::Email, clock("23:59"))];
    let times = DayTimes::new(TimeOnDay::EndOfDay, by_channel).unwrap();
    let cutoff = || Cutoff::business_day_before(1, times.clone()).unwrap();
    let ways = || vec![Channel::Phone, Channel::Email];
    let strict = rule(CancelRule::new(cutoff(), LateCancel::Refused, None, ways()).unwrap());
    check(&strict, Channel::Phone, "2027-03-03T17:00", None);
    check(
        &strict,
        Channel::Phone,
        "2027-03-03T17:00:01",
        Some(
            "It could be cancelled until Wednesday 3 March 2027, 17:00 (America/New_York); later cancellations are not \
             taken. It can still be cancelled by e-mail until Wednesday 3 March 2027, 23:59 (America/New_York).",
        ),
    );
    check(&strict, Channel::Online, "2027-03-03T23:59:01", Some("It cannot be cancelled online."));
    check(
        &strict,
        Channel::Email,
        "2027-03-04T09:00",
        Some(
            "It could be cancelled until Wednesday 3 March 2027, 23:59 (America/New_York); later cancellations are not \
             taken.",
        ),
    );
    let lenient = rule(CancelRule::new(cutoff(), LateCancel::Allowed, None, ways()).unwrap());
    check(
        &lenient,
        Channel::Phone,
        "2027-03-04T09:00",
        Some(
            "It could be cancelled until Wednesday 3 March 2027, 17:00 (America/New_York); cancelling now counts as late.",
        ),
    );
    let now = at("2027-03-03T18:00");
    assert_eq!(
        still_taken(&lenient, &office(), start("2027-03-04T10:00"), now),
        [(Channel::Phone, at("2027-03-04T10:00")), (Channel::Email, at("2027-03-03T23:59"))]
    );
    check(
        &lenient,
        Channel::Phone,
        "2027-03-04T10:00",
        Some("It began at Thursday 4 March 2027, 10:00 (America/New_York)."),
    );
}

#[test]
fn somebody_late_loses_the_place_after_the_last_minute() {
    let arrival = Arrival::new(Some(10), Some((15, TooLate::Forfeited))).unwrap();
    let judge = |now: &str| arrival.judge(start("2027-03-04T10:00"), at(now));
    assert_eq!(judge("2027-03-04T10:15"), None);
    assert_eq!(judge("2027-03-04T10:15:01"), Some(TooLate::Forfeited));
}

#[test]
fn booking_opens_closes_and_is_limited() {
    let opens = Cutoff::calendar_before(2, CalendarUnit::Weeks, times("08:00")).unwrap();
    let closes = Cutoff::hours_before(1).unwrap();
    let limits = vec![Limit::new(1, LimitPer::Event).unwrap(), Limit::new(2, LimitPer::Term).unwrap()];
    let booking = BookingRule::new(Some(opens), Some(closes), limits).unwrap();
    let judge = |now: &str| booking.judge(&office(), start("2027-03-04T10:00"), Channel::Online, at(now));
    assert_eq!(judge("2027-02-18T07:59:59"), BookingVerdict::NotYet(at("2027-02-18T08:00")));
    assert_eq!(judge("2027-02-18T08:00"), BookingVerdict::Open);
    assert_eq!(judge("2027-03-04T09:00"), BookingVerdict::Open);
    assert_eq!(judge("2027-03-04T09:00:01"), BookingVerdict::Closed);

    let booked = |start: &str| Booked { event: EventId::mint(), start: at(start), over: false };
    let held = [booked("2027-02-01T10:00"), booked("2026-12-01T10:00")];
    let asked = booked("2027-03-04T10:00");
    let reached = |held: &[Booked]| booking.limit_reached(&office(), asked, held).map(Limit::per);
    assert_eq!(reached(&held), None);
    assert_eq!(reached(&[held[0], asked]), Some(LimitPer::Event));
    // The break after the fall term counts with the spring.
    assert_eq!(reached(&[held[0], booked("2026-12-29T10:00")]), Some(LimitPer::Term));

    // One at a time: what is over leaves room for the next.
    let at_a_time = BookingRule::new(None, None, vec![Limit::new(1, LimitPer::Rule).unwrap()]).unwrap();
    let over = Booked { over: true, ..held[0] };
    assert_eq!(at_a_time.limit_reached(&office(), asked, &[over]), None);
    assert!(at_a_time.limit_reached(&office(), asked, &[over, held[0]]).is_some());
}

#[test]
fn a_refund_goes_by_the_date() {
    let span = |days| CalendarSpan::new(days, CalendarUnit::Days).unwrap();
    let refunds = [(Some(span(30)), 100), (Some(span(10)), 50), (None, 0)];
    let refunds = refunds.map(|(at_least, percent)| Refund::new(at_least, percent, None).unwrap()).to_vec();
    let payment = Payment::new(None, None, refunds, true).unwrap();
    let check = |now: &str, expect: Option<u16>| {
        let found = payment.refund(&office(), start("2027-03-31T10:00"), at(now)).map(Refund::percent);
        assert_eq!(found, expect, "{now}");
    };
    check("2027-03-01T23:59", Some(100));
    check("2027-03-02T00:00", Some(50));
    check("2027-03-21T23:59", Some(50));
    check("2027-03-22T00:00", Some(0));
    check("2027-03-31T10:00", None);
}

fn any_cutoff() -> impl Strategy<Value = Cutoff> {
    let time = prop_oneof![
        Just(TimeOnDay::AsStart),
        Just(TimeOnDay::EndOfDay),
        (0_u32..24, 0_u32..60).prop_map(|(h, m)| TimeOnDay::At(NaiveTime::from_hms_opt(h, m, 0).unwrap())),
    ];
    let times = time.prop_map(DayTimes::all);
    let unit = prop::sample::select(CalendarUnit::ALL.to_vec());
    let reach = prop_oneof![
        Just(Cutoff::any_time()),
        (1_i64..200).prop_map(|hours| Cutoff::hours_before(hours).unwrap()),
        (1_i64..4, unit, times.clone()).prop_map(|(n, unit, on)| Cutoff::calendar_before(n, unit, on).unwrap()),
        (1_i64..6, times.clone()).prop_map(|(n, on)| Cutoff::business_day_before(n, on).unwrap()),
        (1_i64..6, times).prop_map(|(n, on)| Cutoff::clear_business_days(n, on).unwrap()),
    ];
    (reach, any::<bool>()).prop_map(|(cutoff, only)| if only { cutoff.only_in_office_hours() } else { cutoff })
}

proptest! {
    /// Never after the start, within the bounds by which contradictions are found, and inside office hours where asked.
    #[test]
    fn a_cut_off_lies_where_it_may(cutoff in any_cutoff(), minute in 0_i64..400 * 24 * 60) {
        let begins = at("2026-11-01T00:00").plus(TimeDelta::minutes(minute));
        let starts = begins.wall(zone());
        let window = crate::domain::time::Window::new(begins, begins.plus(TimeDelta::hours(1))).unwrap();
        let start = LocalWindow::kept(starts, starts + TimeDelta::hours(1), zone(), window);
        let found = cutoff.instant(&office(), start, Channel::Online).unwrap();
        prop_assert!(found <= begins);
        let (least, most) = cutoff.hours();
        let before = begins.unix() - found.unix();
        prop_assert!(before >= least * 3600, "{} s before, at least {} h", before, least);
        prop_assert!(most == i64::MAX || before <= most * 3600, "{} s before, at most {} h", before, most);
        if cutoff.is_only_in_office_hours() {
            prop_assert_eq!(office().office_instant_at_or_before(found), Some(found));
        }
    }

    /// On time up to the cut-off and at no time after it; a verdict never gets better as time passes.
    #[test]
    fn a_verdict_only_gets_worse(cutoff in any_cutoff(), no_show in any_cutoff(), steps in prop::collection::vec(0_i64..10 * 24 * 60, 2..12)) {
        let Ok(cancel) = CancelRule::new(cutoff, LateCancel::Allowed, Some(no_show), vec![]) else { return Ok(()) };
        let (rule, start) = (rule(cancel), start("2027-03-16T10:00"));
        let until = cancel_until(&rule, &office(), start, Channel::Online).unwrap();
        let mut nows: Vec<_> = steps.iter().map(|m| at("2027-03-07T10:00").plus(TimeDelta::minutes(*m))).collect();
        nows.extend([until, until.plus(TimeDelta::seconds(1))]);
        nows.sort();
        let mut worst = 0;
        for now in nows {
            let verdict = judge_cancel(&rule, &office(), start, Channel::Online, now);
            let rank = match verdict {
                CancelVerdict::OnTime => 0,
                CancelVerdict::Late => 1,
                CancelVerdict::LateAsNoShow => 2,
                CancelVerdict::Refused(_) => 3,
            };
            prop_assert_eq!(rank == 0, now <= until && now < start.window().start());
            prop_assert!(rank >= worst);
            worst = rank;
        }
    }
}
