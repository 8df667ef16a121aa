//! Matching runs as rows: what was asked, how far it is, what came of it.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::documents::corrupt;
use super::schema::{matching_run_campuses, matching_runs, members};
use crate::domain::ids::{AccountId, CampusId, MatchingRunId, ProposalId};
use crate::domain::matching::plan::Loads;
use crate::domain::matching::run::{Asked, Outcome, RunState, Trade};
use crate::domain::people::access::Role;
use crate::domain::time::Instant;

text_column!(RunState);

/// A run as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchingRunRow {
    /// Which run it is.
    pub id: MatchingRunId,
    /// The campuses, each with its proposal once there is one.
    pub campuses: Vec<(CampusId, Option<ProposalId>)>,
    /// Who asked for it; their rights are looked at again when the plan is kept.
    pub asked_by: AccountId,
    /// What was asked for.
    pub asked: Asked,
    /// Where it is in its life.
    pub state: RunState,
    /// Steps done, and steps there are at most.
    pub step: i32,
    /// Steps there are at most.
    pub steps: i32,
    /// What the best plan so far is worth.
    pub value: Option<i64>,
    /// No plan is worth more.
    pub bound: Option<i64>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub failure: Option<String>,
    /// How often somebody has begun with it.
    pub attempts: i32,
    /// Until when whoever works on it is not disturbed.
    pub leased_until: Option<Instant>,
    /// When it was asked for.
    pub created_at: Instant,
    /// When the work began, the last time.
    pub started_at: Option<Instant>,
    /// When it came to an end.
    pub finished_at: Option<Instant>,
}

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = matching_runs, treat_none_as_null = true)]
struct Columns {
    id: MatchingRunId,
    asked_by: AccountId,
    asked: Json<AskedDocument>,
    state: RunState,
    step: i32,
    steps: i32,
    value: Option<i64>,
    bound: Option<i64>,
    result: Option<Json<OutcomeDocument>>,
    failure: Option<String>,
    attempts: i32,
    leased_until: Option<Instant>,
    created_at: Instant,
    started_at: Option<Instant>,
    finished_at: Option<Instant>,
}

impl From<&MatchingRunRow> for Columns {
    fn from(row: &MatchingRunRow) -> Self {
        Self {
            id: row.id,
            asked_by: row.asked_by,
            asked: Json(AskedDocument::from(&row.asked)),
            state: row.state,
            step: row.step,
            steps: row.steps,
            value: row.value,
            bound: row.bound,
            result: row.outcome.as_ref().map(|outcome| Json(OutcomeDocument::from(outcome))),
            failure: row.failure.clone(),
            attempts: row.attempts,
            leased_until: row.leased_until,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// Keeps a new run.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &MatchingRunRow) -> Result<(), StoreError> {
    diesel::insert_into(matching_runs::table).values(Columns::from(row)).execute(conn)?;
    for &(campus, proposal) in &row.campuses {
        diesel::insert_into(matching_run_campuses::table)
            .values((
                matching_run_campuses::matching_run_id.eq(row.id),
                matching_run_campuses::campus_id.eq(campus),
                matching_run_campuses::proposal_id.eq(proposal),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Keeps a changed run, if it still is in the state `from` and its attempt is the same; answers whether it was.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &MatchingRunRow, from: RunState, attempt: i32) -> Result<bool, StoreError> {
    let before = matching_runs::table
        .filter(matching_runs::id.eq(row.id))
        .filter(matching_runs::state.eq(from))
        .filter(matching_runs::attempts.eq(attempt));
    if diesel::update(before).set(Columns::from(row)).execute(conn)? == 0 {
        return Ok(false);
    }
    for &(campus, proposal) in row.campuses.iter().filter(|(_, proposal)| proposal.is_some()) {
        diesel::update(matching_run_campuses::table.find((row.id, campus)))
            .set(matching_run_campuses::proposal_id.eq(proposal))
            .execute(conn)?;
    }
    Ok(true)
}

/// The run of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: MatchingRunId) -> Result<Option<MatchingRunRow>, StoreError> {
    let found: Option<Columns> =
        matching_runs::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    Ok(read(conn, found.into_iter().collect())?.pop())
}

/// The runs of a campus, the latest first, that this account may read: those whose campuses all have it for a coordinator.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    campus: CampusId,
    reader: AccountId,
    before: Option<MatchingRunId>,
    limit: i64,
) -> Result<Vec<MatchingRunRow>, StoreError> {
    let of_campus = matching_run_campuses::table
        .filter(matching_run_campuses::campus_id.eq(campus))
        .select(matching_run_campuses::matching_run_id);
    let own = members::table
        .filter(members::account_id.eq(reader))
        .filter(members::role.eq(Role::Coordinator))
        .select(members::campus_id);
    let of_others = matching_run_campuses::table
        .filter(matching_run_campuses::campus_id.ne_all(own))
        .select(matching_run_campuses::matching_run_id);
    let mut query = matching_runs::table
        .filter(matching_runs::id.eq_any(of_campus))
        .filter(matching_runs::id.ne_all(of_others))
        .order(matching_runs::id.desc())
        .limit(limit)
        .select(Columns::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(matching_runs::id.lt(before));
    }
    let found: Vec<Columns> = query.load(conn)?;
    read(conn, found)
}

/// The runs of a campus that have not come to an end.
///
/// # Errors
/// The database's.
pub fn list_live(conn: &mut Conn, campus: CampusId) -> Result<Vec<MatchingRunId>, StoreError> {
    Ok(matching_runs::table
        .inner_join(matching_run_campuses::table)
        .filter(matching_run_campuses::campus_id.eq(campus))
        .filter(matching_runs::state.eq_any([RunState::Waiting, RunState::Running]))
        .order(matching_runs::id)
        .select(matching_runs::id)
        .load(conn)?)
}

/// The run that is next to be worked on: the oldest that waits, or that nobody works on any longer.
///
/// # Errors
/// The database's.
pub fn next(conn: &mut Conn, now: Instant) -> Result<Option<MatchingRunRow>, StoreError> {
    let left = matching_runs::state.eq(RunState::Running).and(matching_runs::leased_until.lt(now).assume_not_null());
    let found: Vec<Columns> = matching_runs::table
        .filter(matching_runs::state.eq(RunState::Waiting).or(left))
        .order((matching_runs::created_at, matching_runs::id))
        .limit(1)
        .select(Columns::as_select())
        .load(conn)?;
    Ok(read(conn, found)?.pop())
}

fn read(conn: &mut Conn, found: Vec<Columns>) -> Result<Vec<MatchingRunRow>, StoreError> {
    let ids: Vec<MatchingRunId> = found.iter().map(|row| row.id).collect();
    let of_runs: Vec<(MatchingRunId, CampusId, Option<ProposalId>)> = matching_run_campuses::table
        .filter(matching_run_campuses::matching_run_id.eq_any(&ids))
        .order((matching_run_campuses::matching_run_id, matching_run_campuses::campus_id))
        .select((
            matching_run_campuses::matching_run_id,
            matching_run_campuses::campus_id,
            matching_run_campuses::proposal_id,
        ))
        .load(conn)?;
    let mut campuses: HashMap<MatchingRunId, Vec<(CampusId, Option<ProposalId>)>> = HashMap::new();
    for (run, campus, proposal) in of_runs {
        campuses.entry(run).or_default().push((campus, proposal));
    }
    let row = |columns: Columns| {
        let asked = columns.asked.0.read().ok_or_else(|| corrupt(columns.id, "it asks for what is no need"))?;
        Ok(MatchingRunRow {
            id: columns.id,
            campuses: campuses.remove(&columns.id).unwrap_or_default(),
            asked_by: columns.asked_by,
            asked,
            state: columns.state,
            step: columns.step,
            steps: columns.steps,
            value: columns.value,
            bound: columns.bound,
            outcome: columns.result.map(|Json(document)| document.into()),
            failure: columns.failure,
            attempts: columns.attempts,
            leased_until: columns.leased_until,
            created_at: columns.created_at,
            started_at: columns.started_at,
            finished_at: columns.finished_at,
        })
    };
    found.into_iter().map(row).collect()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AskedDocument {
    needs: Option<Vec<String>>,
    from: Option<i64>,
    until: Option<i64>,
    fairness: u16,
    send: bool,
    deadline: Option<i64>,
    trade: bool,
}

impl From<&Asked> for AskedDocument {
    fn from(asked: &Asked) -> Self {
        Self {
            needs: asked.needs.as_ref().map(|needs| needs.iter().map(ToString::to_string).collect()),
            from: asked.from.map(Instant::unix),
            until: asked.until.map(Instant::unix),
            fairness: asked.fairness,
            send: asked.send,
            deadline: asked.deadline.map(Instant::unix),
            trade: asked.trade,
        }
    }
}

impl AskedDocument {
    fn read(self) -> Option<Asked> {
        let needs = self.needs.map(|needs| needs.iter().map(|id| id.parse().ok()).collect::<Option<Vec<_>>>());
        Some(Asked {
            needs: match needs {
                Some(needs) => Some(needs?),
                None => None,
            },
            from: self.from.map(Instant::from_unix),
            until: self.until.map(Instant::from_unix),
            fairness: self.fairness,
            send: self.send,
            deadline: self.deadline.map(Instant::from_unix),
            trade: self.trade,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OutcomeDocument {
    summary: String,
    seats_wanted: u32,
    seats_filled: u32,
    seats_provable: u32,
    fit: i64,
    kept: u32,
    mended: bool,
    loads: LoadsDocument,
    offers: u32,
    skipped: u32,
    trade: Vec<TradeDocument>,
}

/// How engagements are spread, as kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct LoadsDocument {
    people: u32,
    engaged: u32,
    greatest: u32,
    gini: f64,
}

impl From<Loads> for LoadsDocument {
    fn from(loads: Loads) -> Self {
        Self { people: loads.people, engaged: loads.engaged, greatest: loads.greatest, gini: loads.gini }
    }
}

impl From<LoadsDocument> for Loads {
    fn from(kept: LoadsDocument) -> Self {
        Self { people: kept.people, engaged: kept.engaged, greatest: kept.greatest, gini: kept.gini }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TradeDocument {
    fairness: u16,
    seats_filled: u32,
    fit: i64,
    loads: LoadsDocument,
}

impl From<&Outcome> for OutcomeDocument {
    fn from(outcome: &Outcome) -> Self {
        let trade = outcome.trade.iter().map(|one| TradeDocument {
            fairness: one.fairness,
            seats_filled: one.seats_filled,
            fit: one.fit,
            loads: one.loads.into(),
        });
        Self {
            summary: outcome.summary.clone(),
            seats_wanted: outcome.seats_wanted,
            seats_filled: outcome.seats_filled,
            seats_provable: outcome.seats_provable,
            fit: outcome.fit,
            kept: outcome.kept,
            mended: outcome.mended,
            loads: outcome.loads.into(),
            offers: outcome.offers,
            skipped: outcome.skipped,
            trade: trade.collect(),
        }
    }
}

impl From<OutcomeDocument> for Outcome {
    fn from(kept: OutcomeDocument) -> Self {
        let trade = kept.trade.into_iter().map(|one| Trade {
            fairness: one.fairness,
            seats_filled: one.seats_filled,
            fit: one.fit,
            loads: one.loads.into(),
        });
        Self {
            summary: kept.summary,
            seats_wanted: kept.seats_wanted,
            seats_filled: kept.seats_filled,
            seats_provable: kept.seats_provable,
            fit: kept.fit,
            kept: kept.kept,
            mended: kept.mended,
            loads: kept.loads.into(),
            offers: kept.offers,
            skipped: kept.skipped,
            trade: trade.collect(),
        }
    }
}
