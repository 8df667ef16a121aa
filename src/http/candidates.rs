//! Who fits a need, and who does not, in JSON.

use serde::{Deserialize, Serialize};

use super::body::At;
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use crate::domain::ids::CampusRequestId;
use crate::domain::matching::eligibility::Failed;
use crate::domain::matching::score::Score;
use crate::service::matching::{self, Candidate};

route_table! {
    "/v1/campus-requests/{campus_request_id}/candidates" => { get list }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    eligible: Option<bool>,
}

#[derive(Debug, Serialize)]
struct CandidateView {
    volunteer_id: String,
    display_name: String,
    eligible: bool,
    score: Option<ScoreView>,
    refusals: Vec<RefusalView>,
    #[serde(skip)]
    key: String,
}

/// A score, out.
#[derive(Debug, Serialize)]
pub(super) struct ScoreView {
    total: u16,
    parts: Vec<PartView>,
}

#[derive(Debug, Serialize)]
struct PartView {
    name: &'static str,
    points: u16,
    max: u16,
    detail: String,
}

/// A rule in the way, out.
#[derive(Debug, Serialize)]
pub(super) struct RefusalView {
    rule: &'static str,
    detail: String,
}

impl From<Failed> for RefusalView {
    fn from(one: Failed) -> Self {
        Self { rule: one.rule.as_str(), detail: one.detail }
    }
}

impl From<Score> for ScoreView {
    fn from(score: Score) -> Self {
        let parts = score.parts.into_iter().map(|part| PartView {
            name: part.name.as_str(),
            points: part.points,
            max: part.max,
            detail: part.detail,
        });
        Self { total: score.total, parts: parts.collect() }
    }
}

impl From<Candidate> for CandidateView {
    fn from(candidate: Candidate) -> Self {
        let (score, failed) = match candidate.fits {
            Ok(score) => (Some(score.into()), Vec::new()),
            Err(failed) => (None, failed),
        };
        let refusals = failed.into_iter().map(RefusalView::from);
        Self {
            volunteer_id: candidate.rank.volunteer.to_string(),
            display_name: candidate.display_name,
            eligible: score.is_some(),
            score,
            refusals: refusals.collect(),
            key: candidate.rank.to_string(),
        }
    }
}

/// The eligible first, the best score first; then the others, each with every rule in the way.
async fn list(ctx: Ctx<ListQuery>, At(need): At<CampusRequestId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let eligible = ctx.query.eligible;
    ctx.read(move |tx, actor| {
        let candidates = matching::candidates(tx, actor, need, eligible, page.after(), page.fetch())?;
        let views = candidates.into_iter().map(CandidateView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &CandidateView| view.key.clone())))
    })
    .await
}
