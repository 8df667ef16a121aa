//! What waits for a coordinator, in JSON.

use serde::{Deserialize, Serialize};

use super::body::At;
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use crate::domain::ids::CampusId;
use crate::service::attention::{self, AttentionItem};

route_table! {
    "/v1/campuses/{campus_id}/attention" => { get list }
}

/// The parameters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct AttentionItemView {
    kind: &'static str,
    subject: SubjectView,
    title: String,
    detail: String,
    since: String,
    #[serde(skip)]
    key: String,
}

#[derive(Debug, Serialize)]
struct SubjectView {
    r#type: &'static str,
    id: String,
}

impl From<AttentionItem> for AttentionItemView {
    fn from(item: AttentionItem) -> Self {
        Self {
            kind: item.key.kind.as_str(),
            subject: SubjectView { r#type: item.key.kind.subject(), id: item.key.subject.to_string() },
            key: item.key.to_string(),
            since: item.key.since.to_string(),
            title: item.title,
            detail: item.detail,
        }
    }
}

/// What waits longest comes first.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let items = attention::list(tx, actor, campus, page.after(), page.fetch())?;
        let views = items.into_iter().map(AttentionItemView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &AttentionItemView| view.key.clone())))
    })
    .await
}
