//! The day of the volunteers: who came, who went, who did not come; and the ledger of hours that comes of it.
//!
//! A check-out writes a line, its undo takes the line back by another; what the office mends is a third. Nothing in the
//! ledger is changed, so a letter of hours can be shown again exactly as it was signed. Absent on purpose: a guess. Whoever
//! was not checked out comes to the office's attention.

use chrono::NaiveDate;

use super::access::{self, Actor, require};
use super::app::Tx;
use super::assignments::Assigned;
use super::clashes;
use super::code::Code;
use super::error::ServiceError;
use super::seating;
use crate::auth::hours::SignedHours;
use crate::domain::ids::{AssignmentId, CampusId, HoursEntryId, VolunteerId};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::people::access::Action;
use crate::domain::people::campus::Campus;
use crate::domain::people::hours::{self, HoursKind, adjustment};
use crate::domain::refusal::{Invalid, line, prose};
use crate::domain::scheduling::event::EventState;
use crate::domain::time::{Instant, Window};
use crate::store::assignments::{self, AssignmentRow};
use crate::store::hours_entries::{self, HoursFilter};
use crate::store::{campus_volunteers, campuses, events, volunteers};

pub use crate::store::hours_entries::HoursEntryRow;

/// The most lines of one letter.
const MOST_LINES: i64 = 10_000;

/// A line of the ledger, and the name of its volunteer.
pub type Entry = (HoursEntryRow, String);

fn staffed(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = assignments::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    require(tx, actor, assigned.row.campus_id, Action::Staff)?;
    Ok(assigned)
}

/// From when to when a volunteer is expected.
fn booked(row: &AssignmentRow) -> Result<Window, ServiceError> {
    Window::new(row.starts_at, row.ends_at)
        .map_err(|_| ServiceError::refused(Code::Internal, format!("The assignment {} ends before it starts.", row.id)))
}

/// Refuses to mark what has no time that holds.
fn not_postponed(tx: &mut Tx<'_>, assigned: &Assigned) -> Result<(), ServiceError> {
    let Some(event) = assigned.about.need.event_id else { return Ok(()) };
    if events::find_state(tx.conn, event)? == Some(EventState::Postponed) {
        let detail = "The event is postponed; who comes is marked once its new time is known.";
        return Err(ServiceError::refused(Code::WrongState, detail).with("state", "postponed"));
    }
    Ok(())
}

fn kept(tx: &mut Tx<'_>, row: AssignmentRow, assigned: Assigned) -> Result<Assigned, ServiceError> {
    if !assignments::update(tx.conn, &row)? {
        return Err(ServiceError::refused(Code::WrongState, "The assignment has changed meanwhile."));
    }
    Ok(Assigned { row, about: assigned.about })
}

/// A volunteer is there: since `at`, or since now.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`; `too_early`; the field `at`'s.
pub fn check_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: AssignmentId,
    at: Option<Instant>,
) -> Result<Assigned, ServiceError> {
    let assigned = staffed(tx, actor, id)?;
    let state = assigned.row.state.check_in()?;
    not_postponed(tx, &assigned)?;
    let booked = booked(&assigned.row)?;
    let from = booked.start().plus(-hours::EARLIEST);
    if tx.now < from {
        return Err(ServiceError::refused(Code::TooEarly, format!("This is possible from {from} on.")));
    }
    let came = hours::came(at, booked, tx.now)?;
    let row = AssignmentRow { checked_in_at: Some(came), ..assigned.row.marked(state, tx.now) };
    kept(tx, row, assigned)
}

/// A volunteer has gone: at `at`, or now. The stay is written into the ledger.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`; the field `at`'s.
pub fn check_out(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: AssignmentId,
    at: Option<Instant>,
) -> Result<Assigned, ServiceError> {
    let assigned = staffed(tx, actor, id)?;
    let state = assigned.row.state.complete()?;
    let came = assigned.row.checked_in_at.unwrap_or(assigned.row.starts_at);
    let (went, minutes) = hours::went(at, came, booked(&assigned.row)?, tx.now)?;
    let entry = HoursEntryRow {
        id: HoursEntryId::mint(),
        campus_id: assigned.row.campus_id,
        volunteer_id: assigned.row.volunteer_id,
        assignment_id: Some(id),
        reverses_id: None,
        kind: HoursKind::Accrual,
        title: assigned.about.need.title.clone(),
        role: Some(assigned.about.role.name.clone()),
        worked_on: came.wall(assigned.about.when.zone()).date().to_string(),
        from_at: Some(came),
        until_at: Some(went),
        minutes,
        reason: None,
        account_id: Some(actor.account),
        created_at: tx.now,
    };
    let row = AssignmentRow { checked_out_at: Some(went), ..assigned.row.marked(state, tx.now) };
    let assigned = kept(tx, row, assigned)?;
    hours_entries::insert(tx.conn, &entry)?;
    Ok(assigned)
}

/// A volunteer did not come. Students who would have sat alone are looked after as when somebody drops out.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state`; `too_early` before the start.
pub fn no_show(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = staffed(tx, actor, id)?;
    let state = assigned.row.state.miss()?;
    not_postponed(tx, &assigned)?;
    let start = assigned.row.starts_at;
    if tx.now < start {
        return Err(ServiceError::refused(Code::TooEarly, format!("This is possible from {start} on.")));
    }
    let row = assigned.row.marked(state, tx.now);
    let assigned = kept(tx, row, assigned)?;
    seating::stand_up(tx, id)?;
    seating::make_good(tx, assigned.row.campus_request_id)?;
    Ok(assigned)
}

/// Takes the last mark back. A stay that was written into the ledger is taken back by a line of its own; who turns out to
/// have come after all sits down where somebody is missed.
///
/// # Errors
/// Not found; those of [`require`]; `wrong_state` where there is no mark; `overlap` where the volunteer has promised that
/// time elsewhere since; `seats_full` where the seat was given to another.
pub fn undo(tx: &mut Tx<'_>, actor: &Actor, id: AssignmentId) -> Result<Assigned, ServiceError> {
    let assigned = staffed(tx, actor, id)?;
    let was = assigned.row.state;
    let state = was.unmark(assigned.row.marked_from)?;
    if !was.is_live() {
        possible_again(tx, &assigned)?;
    }
    if was == AssignmentState::Completed
        && let Some(standing) = hours_entries::find_standing(tx.conn, id)?
    {
        let reversal = HoursEntryRow {
            id: HoursEntryId::mint(),
            reverses_id: Some(standing.id),
            kind: HoursKind::Reversal,
            minutes: -standing.minutes,
            account_id: Some(actor.account),
            created_at: tx.now,
            ..standing
        };
        hours_entries::insert(tx.conn, &reversal)?;
    }
    let there = state == AssignmentState::CheckedIn;
    let row = AssignmentRow {
        marked_from: None,
        checked_in_at: assigned.row.checked_in_at.filter(|_| there),
        checked_out_at: None,
        ..assigned.row.marked(state, tx.now)
    };
    let assigned = kept(tx, row, assigned)?;
    if was == AssignmentState::NoShow {
        seating::sit_down(tx, &assigned.row)?;
    }
    Ok(assigned)
}

fn possible_again(tx: &mut Tx<'_>, assigned: &Assigned) -> Result<(), ServiceError> {
    let window = booked(&assigned.row)?;
    let clash = clashes::of_assignments(tx, &[(assigned, window)])?.into_iter().flatten().next();
    if let Some(clash) = clash.filter(|_| assigned.row.override_reason.is_none()) {
        let detail = clash.sentence(&assigned.about.volunteer.display_name);
        return Err(ServiceError::refused(Code::Overlap, detail));
    }
    if assigned.row.state == AssignmentState::NoShow {
        let taken = assignments::count_taken(tx.conn, assigned.row.campus_request_id)?;
        let taken = taken.get(&assigned.row.role_id).copied().unwrap_or_default();
        if taken >= assigned.about.role.max_seats.into() {
            let detail = format!("All {} seats of the role {:?} are taken.", taken, assigned.about.role.name);
            return Err(ServiceError::refused(Code::SeatsFull, detail));
        }
    }
    Ok(())
}

/// Which lines somebody wants to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Those given to this campus.
    pub campus: Option<CampusId>,
    /// Those of this volunteer.
    pub volunteer: Option<VolunteerId>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub until: Option<NaiveDate>,
}

impl From<Asked> for HoursFilter {
    fn from(asked: Asked) -> Self {
        let Asked { campus, volunteer, from, until } = asked;
        Self { campus, volunteer, from, until, up_to: None }
    }
}

/// The lines of a volunteer, who asks.
///
/// # Errors
/// Not found for everybody else.
pub fn list_own(
    tx: &mut Tx<'_>,
    actor: &Actor,
    volunteer: VolunteerId,
    asked: Asked,
    after: Option<HoursEntryId>,
    limit: i64,
) -> Result<Vec<Entry>, ServiceError> {
    access::own_volunteer(tx, actor, volunteer)?;
    let asked = Asked { volunteer: Some(volunteer), ..asked };
    Ok(hours_entries::list(tx.conn, asked.into(), after, limit)?)
}

/// The lines of a campus.
///
/// # Errors
/// Not found; those of [`require`].
pub fn list_of_campus(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    asked: Asked,
    after: Option<HoursEntryId>,
    limit: i64,
) -> Result<Vec<Entry>, ServiceError> {
    require(tx, actor, campus, Action::ManageVolunteers)?;
    let asked = Asked { campus: Some(campus), ..asked };
    Ok(hours_entries::list(tx.conn, asked.into(), after, limit)?)
}

/// What the office writes into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Whose hours.
    pub volunteer: VolunteerId,
    /// What they were given to.
    pub title: String,
    /// As what.
    pub role: Option<String>,
    /// On which day.
    pub worked_on: NaiveDate,
    /// How many, or how many less.
    pub minutes: i64,
    /// Why.
    pub reason: String,
}

/// The office writes a line: hours that nobody checked in, or what puts a wrong line right.
///
/// # Errors
/// Not found; those of [`require`]; every field's.
pub fn adjust(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, asked: &Adjustment) -> Result<Entry, ServiceError> {
    require(tx, actor, campus, Action::ManageVolunteers)?;
    let zone = campus_of(tx, campus)?.settings.zone;
    let known = campus_volunteers::find(tx.conn, campus, asked.volunteer)?;
    let today = tx.now.wall(zone).date();
    let filter = HoursFilter { campus: Some(campus), volunteer: Some(asked.volunteer), ..HoursFilter::default() };
    let total = hours_entries::total(tx.conn, filter)?;
    let mut faults: Vec<Invalid> = Vec::new();
    if known.is_none() {
        let detail = format!("{} is no volunteer of this campus", asked.volunteer);
        faults.push(Invalid::new("volunteer_id", "unknown_reference", detail));
    }
    if today < asked.worked_on {
        let detail = format!("{} is still to come", asked.worked_on);
        faults.push(Invalid::new("worked_on", "in_the_future", detail));
    }
    let read = (
        line("title", &asked.title, 1, 200),
        asked.role.as_deref().map(|role| line("role", role, 1, 100)).transpose(),
        adjustment(asked.minutes, total),
        prose("reason", &asked.reason, 1, 500),
    );
    let (title, role, minutes, reason, listed) = match (read, known) {
        ((Ok(title), Ok(role), Ok(minutes), Ok(reason)), Some(listed)) if faults.is_empty() => {
            (title, role, minutes, reason, listed)
        }
        ((title, role, minutes, reason), _) => {
            faults.extend([title.err(), role.err(), minutes.err(), reason.err()].into_iter().flatten());
            return Err(faults.into());
        }
    };
    let row = HoursEntryRow {
        id: HoursEntryId::mint(),
        campus_id: campus,
        volunteer_id: asked.volunteer,
        assignment_id: None,
        reverses_id: None,
        kind: HoursKind::Adjustment,
        title,
        role,
        worked_on: asked.worked_on.to_string(),
        from_at: None,
        until_at: None,
        minutes,
        reason: Some(reason),
        account_id: Some(actor.account),
        created_at: tx.now,
    };
    hours_entries::insert(tx.conn, &row)?;
    Ok((row, listed.display_name))
}

fn campus_of(tx: &mut Tx<'_>, campus: CampusId) -> Result<Campus, ServiceError> {
    campuses::find(tx.conn, campus)?.ok_or(ServiceError::NotFound)
}

/// Signs what a volunteer has given to a campus, for the volunteer or for the office; from the first day of the ledger to
/// today where nothing else is said. Nothing is kept: the link speaks for itself.
///
/// # Errors
/// Not found; those of [`require`]; `reversed` and `nothing_to_sign` for the days; `too_many_lines`.
pub fn sign(
    tx: &mut Tx<'_>,
    actor: &Actor,
    volunteer: VolunteerId,
    campus: CampusId,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
) -> Result<SignedHours, ServiceError> {
    let own = access::volunteer_of(tx, actor)? == Some(volunteer);
    if own {
        campus_of(tx, campus)?;
    } else {
        require(tx, actor, campus, Action::ManageVolunteers)?;
        campus_volunteers::find(tx.conn, campus, volunteer)?.ok_or(ServiceError::NotFound)?;
    }
    let until = until.unwrap_or(tx.now.wall(campus_of(tx, campus)?.settings.zone).date());
    if let Some(from) = from.filter(|from| until < *from) {
        return Err(Invalid::new("until", "reversed", format!("{until} is before {from}")).into());
    }
    let asked = Asked { campus: Some(campus), volunteer: Some(volunteer), from, until: Some(until) };
    let lines = hours_entries::list(tx.conn, asked.into(), None, MOST_LINES)?;
    if i64::try_from(lines.len()).is_ok_and(|found| found >= MOST_LINES) {
        let detail = format!("The letter would have more than {MOST_LINES} lines; ask for fewer days.");
        return Err(ServiceError::refused(Code::TooManyLines, detail));
    }
    let last = lines.iter().map(|(line, _)| line.id).max();
    let first = lines.iter().filter_map(|(line, _)| line.worked_on.parse::<NaiveDate>().ok()).min();
    let minutes: i64 = lines.iter().map(|(line, _)| line.minutes).sum();
    let (Some(last), Some(first)) = (last.filter(|_| minutes > 0), first) else {
        let detail = format!("there are no hours in the ledger up to {until}");
        return Err(Invalid::new("until", "nothing_to_sign", detail).into());
    };
    Ok(SignedHours { campus, volunteer, from: from.unwrap_or(first), until, minutes, last, at: tx.now })
}

/// A letter of hours, as it was signed.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What was signed.
    pub signed: SignedHours,
    /// The campus.
    pub campus: Campus,
    /// The volunteer's name.
    pub name: String,
    /// Day, what, as what, minutes: each once, in order of days.
    pub lines: Vec<(NaiveDate, String, Option<String>, i64)>,
    /// The minutes that the ledger has for the same days now.
    pub now: i64,
}

impl Letter {
    /// Whether the lines still add up to what was signed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lines.iter().map(|(.., minutes)| minutes).sum::<i64>() == self.signed.minutes
    }
}

/// The letter behind a link, for whoever has it.
///
/// # Errors
/// Not found once the campus or the volunteer is gone.
pub fn letter(tx: &mut Tx<'_>, signed: SignedHours) -> Result<Letter, ServiceError> {
    let campus = campus_of(tx, signed.campus)?;
    let volunteer = volunteers::find(tx.conn, signed.volunteer)?.ok_or(ServiceError::NotFound)?;
    let asked = HoursFilter {
        campus: Some(signed.campus),
        volunteer: Some(signed.volunteer),
        from: Some(signed.from),
        until: Some(signed.until),
        up_to: None,
    };
    let now = hours_entries::total(tx.conn, asked)?;
    let asked = HoursFilter { up_to: Some(signed.last), ..asked };
    let mut lines: Vec<(NaiveDate, String, Option<String>, i64)> = Vec::new();
    for (entry, _) in hours_entries::list(tx.conn, asked, None, MOST_LINES)? {
        let Ok(day) = entry.worked_on.parse() else { continue };
        let same = |line: &&mut (NaiveDate, String, Option<String>, i64)| {
            (line.0, &line.1, &line.2) == (day, &entry.title, &entry.role)
        };
        match lines.iter_mut().find(same) {
            Some(line) => line.3 += entry.minutes,
            None => lines.push((day, entry.title, entry.role, entry.minutes)),
        }
    }
    lines.retain(|(.., minutes)| *minutes != 0);
    lines.sort_by_key(|(day, ..)| *day);
    Ok(Letter { signed, campus, name: volunteer.volunteer.display_name.clone(), lines, now })
}
