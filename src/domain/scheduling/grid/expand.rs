//! From the rule to the slots.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::{Expansion, FixedStart, Grid, LeftOver, MOST_SLOTS, Pattern, PlannedSlot, Session, Table, check};
use crate::domain::{
    people::availability::DayHours,
    refusal::Invalid,
    time::{Fold, Instant, LocalWindow, WallFault, Window, Zone},
    wording,
};

/// All slots of a grid and the time that is left over.
///
/// # Errors
/// [`Invalid`] names the field and the value: what is out of its range, sessions that overlap, a session in which no
/// place fits, a start or break at a time that the clocks skip or show twice, a start outside its session, within a
/// break or before the place before it is over, a table that never sits, more than [`MOST_SLOTS`] slots.
pub fn expand(grid: &Grid) -> Result<Expansion, Invalid> {
    check::grid(grid)?;
    let mut made = Expansion { slots: Vec::new(), left_over: Vec::new() };
    let mut sits = vec![false; grid.tables.len()];
    for (index, session) in grid.sessions.iter().enumerate() {
        let day = Day::of(grid, index, session)?;
        for ((number, table), sits) in grid.tables.iter().enumerate().zip(&mut sits) {
            let seated = day.seat(grid, table)?;
            *sits |= !seated.starts.is_empty();
            if made.slots.len() + seated.starts.len() > MOST_SLOTS {
                let detail = format!(
                    "the grid makes more than {MOST_SLOTS} slots: table {number} in session {index} brings {} to {}",
                    seated.starts.len(),
                    made.slots.len()
                );
                return Err(Invalid::new("tables", "too_many_slots", detail));
            }
            let slot = |(start, bell)| planned((index, session), (number, table), day.lengths, start, bell);
            made.slots.extend(seated.starts.into_iter().filter_map(slot));
            let left = LeftOver {
                session: index,
                table: number,
                at_end_minutes: whole_minutes(seated.at_end),
                before_breaks_minutes: whole_minutes(seated.before_breaks),
            };
            if left.at_end_minutes + left.before_breaks_minutes > 0 {
                made.left_over.push(left);
            }
        }
    }
    if let Some(idle) = sits.iter().position(|sits| !sits) {
        let detail = "its lunch leaves this table no place in any session";
        return Err(Invalid::new(format!("tables/{idle}/lunch"), "no_place_left", detail));
    }
    Ok(made)
}

/// The places of one table in one session.
struct Seated {
    starts: Vec<(Instant, Option<u16>)>,
    at_end: TimeDelta,
    before_breaks: TimeDelta,
}

/// The lengths of a place.
#[derive(Clone, Copy)]
struct Lengths {
    interview: TimeDelta,
    place: TimeDelta,
    turnover: TimeDelta,
}

impl Lengths {
    fn of(pattern: &Pattern) -> Self {
        let minutes = |n: u16| TimeDelta::minutes(i64::from(n));
        let (length, turnover) = match pattern {
            Pattern::Bell { period_minutes } => {
                let period = minutes(*period_minutes);
                return Self { interview: period, place: period, turnover: TimeDelta::zero() };
            }
            Pattern::InTurn { length, turnover_minutes } => (length, minutes(*turnover_minutes)),
            Pattern::FixedStarts { length, .. } => (length, TimeDelta::zero()),
        };
        let interview = minutes(length.interview_minutes);
        Self { interview, place: interview + minutes(length.feedback_minutes), turnover }
    }
}

/// One session, with what all tables share.
struct Day<'a> {
    session: &'a Session,
    lengths: Lengths,
    /// The session without its breaks.
    open: Vec<Window>,
    /// What bell and printed times give to every table.
    common: Option<Seated>,
}

impl<'a> Day<'a> {
    fn of(grid: &Grid, index: usize, session: &'a Session) -> Result<Self, Invalid> {
        let lengths = Lengths::of(&grid.pattern);
        let field = format!("sessions/{index}/when");
        let whole = session.when.window();
        if whole.length() < lengths.place {
            let detail = format!(
                "{:?} lasts {} minutes; a place needs {}",
                session.name,
                whole.length().num_minutes(),
                lengths.place.num_minutes()
            );
            return Err(Invalid::new(field, "too_short", detail));
        }
        let mut breaks = Vec::new();
        for (i, pause) in grid.breaks.iter().enumerate().filter(|(_, b)| b.session.is_none_or(|one| one == index)) {
            let field = format!("breaks/{i}");
            let found = on_the_wall(pause.hours, session.when, grid.fold, &field)?;
            if found.is_empty() && pause.session.is_some() {
                let detail = format!(
                    "{} to {} lies outside {:?}, {}",
                    pause.hours.from_clock(),
                    pause.hours.until_clock(),
                    session.name,
                    wording::at_the_place(session.when)
                );
                return Err(Invalid::new(field, "outside_session", detail));
            }
            breaks.extend(found);
        }
        let open = without(whole, &mut breaks);
        if open.iter().all(|stretch| stretch.length() < lengths.place) {
            let detail = format!(
                "the breaks leave no stretch of {} minutes in {:?}, {}",
                lengths.place.num_minutes(),
                session.name,
                wording::at_the_place(session.when)
            );
            return Err(Invalid::new(field, "swallowed_by_breaks", detail));
        }
        let common = match &grid.pattern {
            Pattern::InTurn { .. } => None,
            Pattern::Bell { .. } => {
                let mut rung = in_turn(&open, lengths);
                for ((_, bell), number) in rung.starts.iter_mut().zip(1..) {
                    *bell = Some(number);
                }
                Some(rung)
            }
            Pattern::FixedStarts { starts, .. } => Some(printed(starts, (index, session), grid.fold, lengths, &open)?),
        };
        Ok(Self { session, lengths, open, common })
    }

    fn seat(&self, grid: &Grid, table: &Table) -> Result<Seated, Invalid> {
        let lunch = match table.lunch.and_then(|chosen| grid.lunch_blocks.get(chosen).map(|hours| (chosen, hours))) {
            None => Vec::new(),
            Some((chosen, hours)) => {
                on_the_wall(*hours, self.session.when, grid.fold, &format!("lunch_blocks/{chosen}"))?
            }
        };
        let Some(common) = &self.common else {
            let stretches: Vec<_> = self.open.iter().flat_map(|open| without(*open, &mut lunch.clone())).collect();
            return Ok(in_turn(&stretches, self.lengths));
        };
        let free = |start: Instant| {
            !lunch.iter().any(|lunch| start < lunch.end() && lunch.start() < start.plus(self.lengths.place))
        };
        let starts = common.starts.iter().copied().filter(|(start, _)| free(*start)).collect();
        Ok(Seated { starts, at_end: common.at_end, before_breaks: common.before_breaks })
    }
}

/// One place after another, as early as it can be.
fn in_turn(stretches: &[Window], lengths: Lengths) -> Seated {
    let mut seated = Seated { starts: Vec::new(), at_end: TimeDelta::zero(), before_breaks: TimeDelta::zero() };
    let mut ready: Option<Instant> = None;
    for stretch in stretches {
        let mut at = ready.map_or(stretch.start(), |ready| ready.max(stretch.start()));
        while at.plus(lengths.place) <= stretch.end() {
            seated.starts.push((at, None));
            at = at.plus(lengths.place + lengths.turnover);
            ready = Some(at);
        }
        seated.before_breaks += seated.at_end;
        seated.at_end = TimeDelta::seconds((stretch.end().unix() - at.unix()).max(0));
    }
    seated
}

/// The places at the printed times.
fn printed(
    starts: &[FixedStart],
    (index, session): (usize, &Session),
    fold: Option<Fold>,
    lengths: Lengths,
    open: &[Window],
) -> Result<Seated, Invalid> {
    let mut found = Vec::new();
    for (i, start) in starts.iter().enumerate().filter(|(_, s)| s.session.is_none_or(|one| one == index)) {
        let field = format!("pattern/starts/{i}");
        let refused = |code, why: &str| {
            let detail = format!(
                "a place from {} {why} in {:?}, {}",
                start.at.format("%H:%M"),
                session.name,
                wording::at_the_place(session.when)
            );
            Err(Invalid::new(&field, code, detail))
        };
        let whole = session.when.window();
        let Some(at) = inside(start.at, session.when, fold, &field)? else {
            return refused("outside_session", "does not begin");
        };
        if at.plus(lengths.place) > whole.end() {
            return refused("outside_session", "does not end");
        }
        if !open.iter().any(|stretch| stretch.start() <= at && at.plus(lengths.place) <= stretch.end()) {
            return refused("within_break", "meets a break");
        }
        found.push((at, i));
    }
    found.sort_unstable();
    let mut pairs = found.iter().zip(found.iter().skip(1));
    if let Some((&(first, _), &(second, i))) = pairs.find(|(a, b)| a.0.plus(lengths.place) > b.0) {
        let detail = format!(
            "a place from {} is not over when the next begins, {}",
            wording::instant(first, session.when.zone()),
            wording::instant(second, session.when.zone())
        );
        return Err(Invalid::new(format!("pattern/starts/{i}"), "overlaps", detail));
    }
    let Some(&(last, _)) = found.last() else {
        let detail = format!("no start is given for {:?}", session.name);
        return Err(Invalid::new("pattern/starts", "required", detail));
    };
    let end = session.when.window().end();
    let at_end = TimeDelta::seconds(end.unix() - last.plus(lengths.place).unix());
    let starts = found.into_iter().map(|(at, _)| (at, None)).collect();
    Ok(Seated { starts, at_end, before_breaks: TimeDelta::zero() })
}

/// What is left of `whole` when `breaks` are taken out.
fn without(whole: Window, breaks: &mut [Window]) -> Vec<Window> {
    breaks.sort_unstable();
    let mut open = Vec::new();
    let mut from = whole.start();
    for pause in breaks.iter().filter(|pause| pause.overlaps(whole)) {
        open.extend(Window::new(from, pause.start()).ok());
        from = from.max(pause.end());
    }
    open.extend(Window::new(from, whole.end()).ok());
    open
}

/// The instants of these hours on each date of the session, as far as they touch it.
fn on_the_wall(hours: DayHours, session: LocalWindow, fold: Option<Fold>, field: &str) -> Result<Vec<Window>, Invalid> {
    let zone = session.zone();
    let mut found = Vec::new();
    for date in dates(session) {
        let wall = |minute: u16| date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
        let (from, until) = (wall(hours.from()), wall(hours.until()));
        // A break elsewhere in the night must not fail because the clocks change in it.
        let (earliest, latest) = (zone.at_or_after(from), at_latest(until, zone));
        if latest <= session.window().start() || session.window().end() <= earliest {
            continue;
        }
        let at = |wall| zone.at(wall, fold).map_err(|fault| no_instant(field, wall, zone, &fault));
        found.extend(Window::new(at(from)?, at(until)?).ok().filter(|w| w.overlaps(session.window())));
    }
    Ok(found)
}

/// The instant within the session at which the wall shows this time.
fn inside(time: NaiveTime, session: LocalWindow, fold: Option<Fold>, field: &str) -> Result<Option<Instant>, Invalid> {
    let (zone, whole) = (session.zone(), session.window());
    for wall in dates(session).map(|date| date.and_time(time)) {
        let holds = |at: Instant| whole.start() <= at && at < whole.end();
        match zone.at(wall, fold) {
            Ok(at) if holds(at) => return Ok(Some(at)),
            Err(fault) if holds(zone.at_or_after(wall)) || holds(at_latest(wall, zone)) => {
                return Err(no_instant(field, wall, zone, &fault));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

fn dates(session: LocalWindow) -> impl Iterator<Item = chrono::NaiveDate> {
    let last = session.ends().date();
    session.starts().date().iter_days().take_while(move |date| *date <= last)
}

fn at_latest(wall: NaiveDateTime, zone: Zone) -> Instant {
    zone.at(wall, Some(Fold::Later)).unwrap_or_else(|_| zone.at_or_after(wall))
}

fn no_instant(field: &str, wall: NaiveDateTime, zone: Zone, fault: &WallFault) -> Invalid {
    let said = |wall: NaiveDateTime| wall.format("%Y-%m-%dT%H:%M");
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
                "the clocks of {zone} show {wall} twice, first at UTC{earlier}, then at UTC{later}: say which is meant"
            ),
        ),
    }
}

/// The instants are the truth here: a place that begins 20 minutes after another does so on every night of the year.
fn planned(
    (session, of): (usize, &Session),
    (number, table): (usize, &Table),
    lengths: Lengths,
    start: Instant,
    bell: Option<u16>,
) -> Option<PlannedSlot> {
    let zone = of.when.zone();
    let window = Window::new(start, start.plus(lengths.place)).ok()?;
    Some(PlannedSlot {
        session,
        table: number,
        label: table.label.trim().to_owned(),
        place: table.place.as_ref().map(|place| place.trim().to_owned()),
        building: table.building,
        part: of.part.clone(),
        when: LocalWindow::kept(start.wall(zone), window.end().wall(zone), zone, window),
        interview_ends: start.plus(lengths.interview),
        capacity: table.capacity,
        seats: table.seats,
        bell,
    })
}

fn whole_minutes(length: TimeDelta) -> u32 {
    u32::try_from(length.num_minutes()).unwrap_or(0)
}
