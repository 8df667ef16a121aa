//! Grids and previews, in JSON.

mod moving;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::skills::id;
use super::wire::times::{WhenView, shown, starts, window};
use crate::domain::ids::EventId;
use crate::domain::people::availability::DayHours;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::feasibility::{Demand, Finding, Preview, Range, Students};
use crate::domain::scheduling::grid::{Break, FixedStart, Grid, Pattern, PlaceLength, Session, Table, Travel, Way};
use crate::domain::time::{Fold, Zone};
use crate::service::access::Actor;
use crate::service::app::Tx;
use crate::service::code::Code;
use crate::service::error::ServiceError;
use crate::service::grids::{self, BlockedLine, Line, MoveAsked, NewGrid, Plan};

pub(super) use moving::moved;

route_table! {
    "/v1/events/{event_id}/grid" => { get read, put set }
    "/v1/events/{event_id}/feasibility" => { post preview }
}

/// The most entries of each list of a plan; the count says how many there are.
const MOST_SHOWN: usize = 200;
/// The most students or volunteers that a preview takes.
const MOST_PEOPLE: u32 = 100_000;

/// A grid, in and out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridBody {
    sessions: Vec<SessionBody>,
    pattern: PatternBody,
    #[serde(default)]
    breaks: Vec<BreakBody>,
    #[serde(default)]
    lunch_blocks: Vec<HoursBody>,
    tables: Vec<TableBody>,
    #[serde(default)]
    travel: TravelBody,
    fold: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionBody {
    name: String,
    starts_local: String,
    ends_local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum PatternBody {
    InTurn {
        interview_minutes: u16,
        #[serde(default)]
        feedback_minutes: u16,
        #[serde(default)]
        turnover_minutes: u16,
    },
    FixedStarts {
        interview_minutes: u16,
        #[serde(default)]
        feedback_minutes: u16,
        starts: Vec<StartBody>,
    },
    Bell {
        period_minutes: u16,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartBody {
    session: Option<usize>,
    at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakBody {
    session: Option<usize>,
    from: String,
    until: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursBody {
    from: String,
    until: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableBody {
    label: String,
    place: Option<String>,
    building: Option<usize>,
    #[serde(default = "one")]
    capacity: u16,
    #[serde(default = "one")]
    seats: u16,
    lunch: Option<usize>,
}

const fn one() -> u16 {
    1
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TravelBody {
    #[serde(default)]
    buildings: Vec<String>,
    #[serde(default)]
    ways: Vec<WayBody>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WayBody {
    from: usize,
    to: usize,
    minutes: u16,
}

/// A grid to be set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetGridBody {
    grid: GridBody,
    #[serde(default)]
    moves: Vec<MoveBody>,
    #[serde(default)]
    dry_run: bool,
}

/// A student who goes to another slot of the grid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveBody {
    booking_id: String,
    table: String,
    starts_local: String,
}

/// The most moves of one request.
const MOST_MOVES: usize = 1_000;

impl SetGridBody {
    fn moves(&self, zone: Zone) -> Result<Vec<MoveAsked>, Vec<Invalid>> {
        if self.moves.len() > MOST_MOVES {
            let detail = format!("it has {} entries, at most {MOST_MOVES} are taken", self.moves.len());
            return Err(vec![Invalid::new("moves", "too_many", detail)]);
        }
        let (mut moves, mut faults) = (Vec::new(), Vec::new());
        for (number, step) in self.moves.iter().enumerate() {
            let start = starts(&step.starts_local, zone.name(), self.grid.fold.as_deref());
            match (id("booking_id", &step.booking_id), start) {
                (Ok(booking), Ok(start)) => moves.push(MoveAsked { booking, table: step.table.clone(), start }),
                (booking, start) => {
                    let wrong = booking.err().into_iter().chain(start.err().into_iter().flatten());
                    faults.extend(wrong.map(|fault| fault.within(number).within("moves")));
                }
            }
        }
        if faults.is_empty() { Ok(moves) } else { Err(faults) }
    }
}

fn clock(field: &str, text: &str) -> Result<NaiveTime, Invalid> {
    let read = (text.len() == 5).then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten();
    read.ok_or_else(|| {
        Invalid::new(field, "invalid_format", format!("{} is no time of day such as 13:30", shown(text)))
    })
}

fn trimmed(text: &str) -> String {
    // A line break at an end is not trimmed away silently: the domain refuses it.
    text.trim_matches(' ').to_owned()
}

impl GridBody {
    /// What it means on the clocks of `zone`, with every field that is wrong by itself.
    fn read(&self, zone: Zone) -> Result<Grid, Vec<Invalid>> {
        let mut faults = Vec::new();
        let fold = match self.fold.as_deref() {
            None => None,
            Some("earlier") => Some(Fold::Earlier),
            Some("later") => Some(Fold::Later),
            Some(other) => {
                let detail = format!("{} is neither earlier nor later", shown(other));
                faults.push(Invalid::new("fold", "unknown_value", detail));
                None
            }
        };
        let said = fold.and(self.fold.as_deref());
        let mut sessions = Vec::new();
        for (i, session) in self.sessions.iter().enumerate() {
            match window(&session.starts_local, &session.ends_local, zone.name(), said) {
                Ok(when) => sessions.push(Session { name: trimmed(&session.name), when, part: session.part.clone() }),
                Err(wrong) => faults.extend(wrong.into_iter().map(|fault| fault.within(i).within("sessions"))),
            }
        }
        let mut breaks = Vec::new();
        for (i, pause) in self.breaks.iter().enumerate() {
            match DayHours::parse(&pause.from, &pause.until) {
                Ok(hours) => breaks.push(Break { session: pause.session, hours }),
                Err(fault) => faults.push(fault.within(i).within("breaks")),
            }
        }
        let mut lunch_blocks = Vec::new();
        for (i, block) in self.lunch_blocks.iter().enumerate() {
            match DayHours::parse(&block.from, &block.until) {
                Ok(hours) => lunch_blocks.push(hours),
                Err(fault) => faults.push(fault.within(i).within("lunch_blocks")),
            }
        }
        let pattern = self.pattern.read().map_err(|wrong| faults.extend(wrong)).ok();
        let tables = self.tables.iter().map(|table| Table {
            label: trimmed(&table.label),
            place: table.place.as_deref().map(trimmed),
            building: table.building,
            capacity: table.capacity,
            seats: table.seats,
            lunch: table.lunch,
        });
        let ways = self.travel.ways.iter().map(|way| Way { from: way.from, to: way.to, minutes: way.minutes });
        let buildings = self.travel.buildings.iter().map(|name| trimmed(name)).collect();
        let travel = Travel { buildings, ways: ways.collect() };
        match pattern {
            Some(pattern) if faults.is_empty() => {
                Ok(Grid { sessions, pattern, breaks, lunch_blocks, tables: tables.collect(), travel, fold })
            }
            _ => Err(faults),
        }
    }
}

impl PatternBody {
    fn read(&self) -> Result<Pattern, Vec<Invalid>> {
        Ok(match self {
            Self::InTurn { interview_minutes, feedback_minutes, turnover_minutes } => Pattern::InTurn {
                length: PlaceLength { interview_minutes: *interview_minutes, feedback_minutes: *feedback_minutes },
                turnover_minutes: *turnover_minutes,
            },
            Self::FixedStarts { interview_minutes, feedback_minutes, starts } => {
                let (mut read, mut faults) = (Vec::new(), Vec::new());
                for (i, start) in starts.iter().enumerate() {
                    match clock(&format!("pattern/starts/{i}/at"), &start.at) {
                        Ok(at) => read.push(FixedStart { session: start.session, at }),
                        Err(fault) => faults.push(fault),
                    }
                }
                if !faults.is_empty() {
                    return Err(faults);
                }
                let length = PlaceLength { interview_minutes: *interview_minutes, feedback_minutes: *feedback_minutes };
                Pattern::FixedStarts { length, starts: read }
            }
            Self::Bell { period_minutes } => Pattern::Bell { period_minutes: *period_minutes },
        })
    }
}

/// Points at the fields of the grid as the body has them.
fn in_grid(error: ServiceError) -> ServiceError {
    let ServiceError::Invalid(faults) = error else { return error };
    let part = |fault: &Invalid| {
        let first = fault.field.split('/').next().unwrap_or_default();
        ["sessions", "pattern", "breaks", "lunch_blocks", "tables", "travel", "fold"].contains(&first)
    };
    let point = |fault: Invalid| {
        if !part(&fault) {
            return fault;
        }
        let field = match fault.field.strip_suffix("/when") {
            Some(session) if fault.code == "overlaps" => format!("{session}/starts_local"),
            Some(session) => format!("{session}/ends_local"),
            None => fault.field.clone(),
        };
        Invalid { field, ..fault }.within("grid")
    };
    ServiceError::Invalid(faults.into_iter().map(point).collect())
}

#[derive(Debug, Serialize)]
struct GridView {
    event_id: String,
    grid: serde_json::Value,
    updated_at: String,
}

/// A list of a plan, cut short.
#[derive(Debug, Serialize)]
struct Shown<T> {
    count: usize,
    items: Vec<T>,
}

fn cut<S, T>(items: Vec<S>, view: impl Fn(S) -> T) -> Shown<T> {
    Shown { count: items.len(), items: items.into_iter().take(MOST_SHOWN).map(view).collect() }
}

#[derive(Debug, Serialize)]
struct LineView {
    slot_id: Option<String>,
    label: String,
    place: Option<String>,
    #[serde(flatten)]
    when: WhenView,
    capacity: u16,
    students: u32,
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        Self {
            slot_id: line.slot.map(|slot| slot.to_string()),
            label: line.label,
            place: line.place,
            when: line.when.into(),
            capacity: line.capacity,
            students: line.students,
        }
    }
}

#[derive(Debug, Serialize)]
struct BlockedView {
    #[serde(flatten)]
    line: LineView,
    volunteers: u16,
    hindrances: Vec<&'static str>,
    detail: String,
}

impl From<BlockedLine> for BlockedView {
    fn from(blocked: BlockedLine) -> Self {
        Self {
            line: blocked.line.into(),
            volunteers: blocked.volunteers,
            hindrances: blocked.hindrances,
            detail: blocked.detail,
        }
    }
}

#[derive(Debug, Serialize)]
struct LeftOverView {
    session: String,
    table: String,
    at_end_minutes: u32,
    before_breaks_minutes: u32,
}

#[derive(Debug, Serialize)]
struct MoveView {
    booking_id: String,
    student_id: String,
    external_ref: String,
    name: String,
    from_slot_id: String,
    to: LineView,
}

#[derive(Debug, Serialize)]
struct ChangesView {
    done: bool,
    slots: usize,
    keep: Shown<LineView>,
    change: Shown<LineView>,
    add: Shown<LineView>,
    remove: Shown<LineView>,
    blocked: Shown<BlockedView>,
    held_back: Shown<LineView>,
    moves: Shown<MoveView>,
    begun: Shown<LineView>,
    left_over: Shown<LeftOverView>,
}

impl From<Plan> for ChangesView {
    fn from(plan: Plan) -> Self {
        Self {
            done: plan.done,
            slots: plan.wanted,
            keep: cut(plan.keep, LineView::from),
            change: cut(plan.change, LineView::from),
            add: cut(plan.add, LineView::from),
            remove: cut(plan.remove, LineView::from),
            blocked: cut(plan.blocked, BlockedView::from),
            held_back: cut(plan.held_back, LineView::from),
            moves: cut(plan.moves, |step| MoveView {
                booking_id: step.booking.to_string(),
                student_id: step.student.id.to_string(),
                external_ref: step.student.external_ref.clone(),
                name: step.student.name.clone(),
                from_slot_id: step.from.to_string(),
                to: step.to.into(),
            }),
            begun: cut(plan.passed, LineView::from),
            left_over: cut(plan.left_over, |left| LeftOverView {
                session: left.session,
                table: left.table,
                at_end_minutes: left.at_end_minutes,
                before_breaks_minutes: left.before_breaks_minutes,
            }),
        }
    }
}

/// What is asked of a grid before anybody is invited.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeasibilityBody {
    grid: Option<GridBody>,
    volunteers_in_total: Option<RangeBody>,
    volunteers_per_session: Option<RangeBody>,
    #[serde(default)]
    known_volunteers: Vec<u32>,
    known_in_total: Option<u32>,
    students_in_total: Option<u32>,
    students_per_session: Option<Vec<u32>>,
    interviews_per_student: Option<RangeBody>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeBody {
    min: u32,
    max: u32,
}

impl FeasibilityBody {
    fn demand(&self) -> Result<Demand, Vec<Invalid>> {
        let mut faults = Vec::new();
        let mut range = |field: &str, range: Option<RangeBody>| {
            let read = range.map(|range| Range::new(range.min, range.max)).transpose();
            read.map_err(|fault| faults.push(fault.within(field))).unwrap_or_default()
        };
        let in_total = range("volunteers_in_total", self.volunteers_in_total);
        let per_session = range("volunteers_per_session", self.volunteers_per_session);
        let one = Some(RangeBody { min: 1, max: 1 });
        let interviews = range("interviews_per_student", self.interviews_per_student.or(one));
        let counts = [
            ("known_volunteers", self.known_volunteers.as_slice()),
            ("known_in_total", self.known_in_total.as_slice()),
            ("students_in_total", self.students_in_total.as_slice()),
            ("students_per_session", self.students_per_session.as_deref().unwrap_or_default()),
        ];
        for (field, counts) in counts {
            if counts.len() > 60 || counts.iter().any(|count| *count > MOST_PEOPLE) {
                let detail = format!("at most 60 sessions, and 0 to {MOST_PEOPLE} people for each");
                faults.push(Invalid::new(field, "out_of_range", detail));
            }
        }
        let students = match (self.students_in_total, &self.students_per_session) {
            (None, None) => Students::Unknown,
            (Some(all), None) => Students::InTotal(all),
            (None, Some(each)) => Students::PerSession(each.clone()),
            (Some(_), Some(_)) => {
                let detail = "students come in total or session by session, not both";
                faults.push(Invalid::new("students_per_session", "conflicting", detail));
                Students::Unknown
            }
        };
        match interviews {
            Some(interviews) if faults.is_empty() => Ok(Demand { in_total, per_session, students, interviews }),
            _ => Err(faults),
        }
    }
}

#[derive(Debug, Serialize)]
struct FindingView {
    severity: &'static str,
    kind: &'static str,
    session: Option<usize>,
    wanted: u32,
    found: u32,
    short: u32,
    volunteers: Option<u32>,
    detail: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            severity: finding.severity.as_str(),
            kind: finding.kind.as_str(),
            session: finding.session,
            wanted: finding.wanted,
            found: finding.found,
            short: finding.short,
            volunteers: finding.volunteers,
            detail: finding.sentence,
        }
    }
}

#[derive(Debug, Serialize)]
struct PreviewView {
    feasible: bool,
    volunteers: u32,
    places: u32,
    findings: Vec<FindingView>,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        Self {
            feasible: preview.feasible,
            volunteers: preview.volunteers,
            places: preview.places,
            findings: preview.findings.into_iter().map(FindingView::from).collect(),
        }
    }
}

/// Shows the grid of an event.
async fn read(ctx: Ctx, At(event): At<EventId>) -> Answer {
    ctx.read(move |tx, actor| {
        let (kept, row) = grids::find(tx, actor, event)?;
        let view =
            GridView { event_id: event.to_string(), grid: kept.document, updated_at: kept.updated_at.to_string() };
        Ok(Reply::ok(&view).etag(row.revision))
    })
    .await
}

/// Makes the slots of an event by a grid, or says what would be done.
async fn set(ctx: Ctx, At(event): At<EventId>, Body { value, .. }: Body<SetGridBody>) -> Answer {
    let (seen, dry_run) = (ctx.seen(), value.dry_run);
    let work = move |tx: &mut Tx<'_>, actor: &Actor| {
        let zone = grids::usual_zone(tx, actor, event)?;
        let grid = value.grid.read(zone).map_err(|faults| in_grid(faults.into()))?;
        let kept = document(&value.grid)?;
        let (new, moves) = (NewGrid { grid, document: kept }, value.moves(zone)?);
        let plan = grids::set(tx, actor, event, &seen, &new, &moves, value.dry_run).map_err(in_grid)?;
        let (blocked, revision) = (plan.blocked.len(), plan.revision);
        let refused = !plan.is_clear() && !value.dry_run;
        let view = ChangesView::from(plan);
        if refused {
            let detail = format!("{blocked} slots have people in them and would go or change; nothing was done.");
            return Err(ServiceError::refused(Code::GridBlocked, detail).with("changes", document(&view)?));
        }
        Ok(Reply::ok(&view).etag(revision))
    };
    // What only looks does not keep the writer from its work.
    if dry_run {
        return ctx.read(work).await;
    }
    let app = ctx.app.clone();
    let _turn = app.turn(event.uuid()).await;
    ctx.write(work).await
}

fn document<V: Serialize>(view: &V) -> Result<serde_json::Value, ServiceError> {
    serde_json::to_value(view).map_err(|fault| {
        Invalid::new("", "invalid_format", format!("the grid cannot be written down again: {fault}")).into()
    })
}

/// The grid that is kept for an event, for those who plan it.
pub(super) fn kept_grid(tx: &mut Tx<'_>, actor: &Actor, event: EventId) -> Result<Grid, ServiceError> {
    let zone = grids::usual_zone(tx, actor, event)?;
    let kept =
        serde_json::from_value::<GridBody>(grids::kept(tx, actor, event)?).map_err(|_| ServiceError::NotFound)?;
    Ok(kept.read(zone)?)
}

/// Says whether a grid can be staffed.
async fn preview(ctx: Ctx, At(event): At<EventId>, Body { value, .. }: Body<FeasibilityBody>) -> Answer {
    ctx.read(move |tx, actor| {
        let zone = grids::usual_zone(tx, actor, event)?;
        let demand = value.demand()?;
        let grid = match &value.grid {
            Some(grid) => grid.read(zone).map_err(|faults| in_grid(faults.into()))?,
            None => kept_grid(tx, actor, event)?,
        };
        let preview = grids::preview(&grid, &demand, &value.known_volunteers, value.known_in_total).map_err(in_grid)?;
        Ok(Reply::ok(&PreviewView::from(preview)))
    })
    .await
}
