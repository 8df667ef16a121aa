//! What campuses ask of those who book, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::PageQuery;
use crate::domain::ids::{CampusId, PolicyId};
use crate::service::policies::{self, PolicyDocument, PolicyLine, Worded};

route_table! {
    "/v1/campuses/{campus_id}/policies" => { get list, post create }
    "/v1/policies/{policy_id}" => { get show }
}

/// What shall be in force from now on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyBody {
    document: PolicyDocument,
}

/// A rule in words, out.
#[derive(Debug, Serialize)]
struct RuleWords<'a> {
    rule: &'a str,
    says: &'a [String],
}

/// A version, out.
#[derive(Debug, Serialize)]
struct PolicyView<'a> {
    id: String,
    campus_id: String,
    version: i32,
    in_force: bool,
    document: &'a PolicyDocument,
    rules_in_words: Vec<RuleWords<'a>>,
    lead_times_in_words: &'a [String],
    created_at: String,
}

impl<'a> From<&'a Worded> for PolicyView<'a> {
    fn from(Worded { row, rules, lead_times }: &'a Worded) -> Self {
        let words = row.document.rules.iter().zip(rules).map(|(rule, says)| RuleWords { rule: &rule.key, says });
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            version: row.version,
            in_force: row.in_force,
            document: &row.document,
            rules_in_words: words.collect(),
            lead_times_in_words: lead_times,
            created_at: row.created_at.to_string(),
        }
    }
}

/// A line of the list, out.
#[derive(Debug, Serialize)]
struct PolicyLineView {
    id: String,
    campus_id: String,
    version: i32,
    in_force: bool,
    created_at: String,
}

impl From<PolicyLine> for PolicyLineView {
    fn from(line: PolicyLine) -> Self {
        Self {
            id: line.id.to_string(),
            campus_id: line.campus_id.to_string(),
            version: line.version,
            in_force: line.in_force,
            created_at: line.created_at.to_string(),
        }
    }
}

/// Makes the next version.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<PolicyBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let made = policies::create(tx, actor, campus, &value.document)?;
        Ok(Reply::created(&PolicyView::from(&made), format!("/v1/policies/{}", made.row.id)))
    })
    .await
}

/// Lists the versions.
async fn list(ctx: Ctx<PageQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let reply = ctx.app.read(move |tx| {
        let lines = policies::list(tx, campus, page.after(), page.fetch())?;
        Ok(Reply::ok(&page.list(lines, |line| line.version.to_string()).map(PolicyLineView::from)))
    });
    Ok(reply.await?.into_response(false))
}

/// Reads a version.
async fn show(ctx: Ctx, At(id): At<PolicyId>) -> Answer {
    let reply = ctx.app.read(move |tx| Ok(Reply::ok(&PolicyView::from(&policies::find(tx, id)?))));
    Ok(reply.await?.into_response(false))
}
