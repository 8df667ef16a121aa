//! Matching runs, in JSON and as a stream of events.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::proposals::LoadsView;
use super::route_table;
use super::wire::skills::ids;
use super::wire::times::instant;
use super::wire::{PageQuery, present};
use crate::domain::ids::{CampusId, MatchingRunId};
use crate::domain::matching::run::{Asked, Outcome, RunState, Trade};
use crate::domain::matching::solver::gap_percent;
use crate::domain::refusal::Invalid;
use crate::service::access::Caller;
use crate::service::app::App;
use crate::service::error::ServiceError;
use crate::service::matching_runs::{self, MatchingRunRow};

route_table! {
    "/v1/matching-runs" => { post create }
    "/v1/campuses/{campus_id}/matching-runs" => { get list }
    "/v1/matching-runs/{matching_run_id}" => { get find }
    "/v1/matching-runs/{matching_run_id}/events" => { get watch }
    "/v1/matching-runs/{matching_run_id}/cancel" => { post cancel }
}

/// The most campuses of a run.
const MOST_CAMPUSES: usize = 20;
/// The most needs that a run names.
const MOST_NEEDS: usize = 5000;
/// The greatest weight of fairness.
const MOST_FAIRNESS: u16 = 10_000;
/// How often a run that is watched is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// After so many looks at which nothing was new a sign of life is sent, so that nobody on the way gives up.
const QUIET_LOOKS: u32 = 30;

/// What to plan for, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingRunBody {
    campus_ids: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    campus_request_ids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    until: Option<String>,
    #[serde(default, deserialize_with = "present")]
    fairness: Option<i64>,
    #[serde(default)]
    send: bool,
    #[serde(default, deserialize_with = "present")]
    deadline: Option<String>,
    #[serde(default)]
    trade: bool,
}

impl MatchingRunBody {
    fn read(&self) -> Result<(Vec<CampusId>, Asked), Invalid> {
        let at = |field: &str, text: &Option<String>| text.as_deref().map(|text| instant(field, text)).transpose();
        let needs = self.campus_request_ids.as_deref();
        let fairness = match self.fairness {
            None => Asked::USUAL_FAIRNESS,
            Some(given) => {
                u16::try_from(given).ok().filter(|fairness| *fairness <= MOST_FAIRNESS).ok_or_else(|| {
                    let detail = format!("{given} is not between 0 and {MOST_FAIRNESS}");
                    Invalid::new("fairness", "out_of_range", detail)
                })?
            }
        };
        let asked = Asked {
            needs: needs.map(|texts| ids("campus_request_ids", texts, MOST_NEEDS)).transpose()?,
            from: at("from", &self.from)?,
            until: at("until", &self.until)?,
            fairness,
            send: self.send,
            deadline: at("deadline", &self.deadline)?,
            trade: self.trade,
        };
        Ok((ids("campus_ids", &self.campus_ids, MOST_CAMPUSES)?, asked))
    }
}

#[derive(Debug, PartialEq, Serialize)]
struct MatchingRunView {
    id: String,
    campus_ids: Vec<String>,
    campus_request_ids: Option<Vec<String>>,
    from: Option<String>,
    until: Option<String>,
    fairness: u16,
    send: bool,
    deadline: Option<String>,
    trade: bool,
    state: &'static str,
    step: i32,
    steps: i32,
    value: Option<i64>,
    bound: Option<i64>,
    gap_percent: Option<f64>,
    failure: Option<String>,
    proposals: Vec<ProposalOfView>,
    result: Option<ResultView>,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ProposalOfView {
    campus_id: String,
    proposal_id: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct ResultView {
    summary: String,
    seats_wanted: u32,
    seats_filled: u32,
    seats_provable: u32,
    fit: i64,
    kept: u32,
    mended: bool,
    loads: LoadsView,
    offers: u32,
    skipped: u32,
    trade: Vec<TradeView>,
}

#[derive(Debug, PartialEq, Serialize)]
struct TradeView {
    fairness: u16,
    seats_filled: u32,
    fit: i64,
    greatest: u32,
    gini: f64,
}

impl From<Trade> for TradeView {
    fn from(one: Trade) -> Self {
        Self {
            fairness: one.fairness,
            seats_filled: one.seats_filled,
            fit: one.fit,
            greatest: one.loads.greatest,
            gini: one.loads.gini,
        }
    }
}

impl From<&Outcome> for ResultView {
    fn from(outcome: &Outcome) -> Self {
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
            trade: outcome.trade.iter().copied().map(TradeView::from).collect(),
        }
    }
}

impl From<&MatchingRunRow> for MatchingRunView {
    fn from(row: &MatchingRunRow) -> Self {
        let text = |at: Option<crate::domain::time::Instant>| at.map(|at| at.to_string());
        let proposals = row.campuses.iter().filter_map(|(campus, proposal)| {
            Some(ProposalOfView { campus_id: campus.to_string(), proposal_id: (*proposal)?.to_string() })
        });
        Self {
            id: row.id.to_string(),
            campus_ids: row.campuses.iter().map(|(campus, _)| campus.to_string()).collect(),
            campus_request_ids: row.asked.needs.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect()),
            from: text(row.asked.from),
            until: text(row.asked.until),
            fairness: row.asked.fairness,
            send: row.asked.send,
            deadline: text(row.asked.deadline),
            trade: row.asked.trade,
            state: row.state.as_str(),
            step: row.step,
            steps: row.steps,
            value: row.value,
            bound: row.bound,
            gap_percent: row.value.zip(row.bound).map(|(value, bound)| gap_percent(value, bound)),
            failure: row.failure.clone(),
            proposals: proposals.collect(),
            result: row.outcome.as_ref().map(ResultView::from),
            created_at: row.created_at.to_string(),
            started_at: text(row.started_at),
            finished_at: text(row.finished_at),
        }
    }
}

/// Asks for a run, which begins at once where nothing is in front of it.
async fn create(ctx: Ctx, Body { value, digest }: Body<MatchingRunBody>) -> Answer {
    let app = ctx.app.clone();
    let answer = ctx.act(digest, move |tx, actor| {
        let (campuses, asked) = value.read()?;
        let row = matching_runs::create(tx, actor, &campuses, &asked)?;
        let reply = Reply::accepted(&MatchingRunView::from(&row));
        Ok(reply.header("Location", format!("/v1/matching-runs/{}", row.id)))
    });
    let answer = answer.await;
    app.ask_for_plan();
    answer
}

/// The runs of a campus, the latest first.
async fn list(ctx: Ctx<PageQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = matching_runs::list(tx, actor, campus, page.after(), page.fetch())?;
        let views = rows.iter().map(MatchingRunView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &MatchingRunView| view.id.clone())))
    })
    .await
}

/// One run.
async fn find(ctx: Ctx, At(id): At<MatchingRunId>) -> Answer {
    ctx.read(move |tx, actor| Ok(Reply::ok(&MatchingRunView::from(&matching_runs::find(tx, actor, id)?)))).await
}

/// Calls a run off.
async fn cancel(ctx: Ctx, At(id): At<MatchingRunId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| Ok(Reply::ok(&MatchingRunView::from(&matching_runs::cancel(tx, actor, id)?))))
        .await
}

/// A run that somebody watches.
struct Watched {
    app: App,
    caller: Caller,
    id: MatchingRunId,
    said: Option<MatchingRunView>,
    over: bool,
}

impl Watched {
    async fn look(&self) -> Result<MatchingRunView, ServiceError> {
        let (caller, id) = (self.caller.clone(), self.id);
        let look = self.app.read(move |tx| {
            let actor = caller.enter(tx)?;
            matching_runs::find(tx, &actor, id)
        });
        Ok(MatchingRunView::from(&look.await?))
    }

    /// The event that says where the run stands; the last one where it has come to an end.
    fn say(&mut self, view: MatchingRunView) -> Bytes {
        let live = view.state.parse().is_ok_and(RunState::is_live);
        self.over = !live;
        let name = if live { "progress" } else { view.state };
        let data = serde_json::to_string(&view).unwrap_or_default();
        self.said = Some(view);
        Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
    }

    /// Waits for something to say; `None` once there is nothing to come.
    async fn next(mut self) -> Option<(Result<Bytes, actix_web::Error>, Self)> {
        if self.over {
            return None;
        }
        for _ in 0..QUIET_LOOKS {
            tokio::time::sleep(LOOK).await;
            if self.app.is_closing() {
                return None;
            }
            // Who may no longer read it, or cannot be answered now, asks again and hears why.
            let view = self.look().await.ok()?;
            if self.said.as_ref() != Some(&view) {
                let event = self.say(view);
                return Some((Ok(event), self));
            }
        }
        Some((Ok(Bytes::from_static(b": nothing new\n\n")), self))
    }
}

/// A run as a stream of events, to its end.
async fn watch(ctx: Ctx, At(id): At<MatchingRunId>) -> Answer {
    let (app, caller) = (ctx.app.clone(), ctx.caller()?);
    let mut watched = Watched { app, caller, id, said: None, over: false };
    let view = watched.look().await?;
    let first = watched.say(view);
    let stream = unfold((Some(first), watched), |(first, watched)| async move {
        match first {
            Some(first) => Some((Ok(first), (None, watched))),
            None => watched.next().await.map(|(event, watched)| (event, (None, watched))),
        }
    });
    // Proxies that gather an answer before they pass it on are asked not to.
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(stream)))
}
