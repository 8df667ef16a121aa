//! Portals, in JSON. A key is in one answer only.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::PageQuery;
use crate::domain::ids::{CampusId, PortalId};
use crate::service::portals::{self, PortalRow};

route_table! {
    "/v1/campuses/{campus_id}/portals" => { get list, post create }
    "/v1/portals/{portal_id}" => { delete revoke }
}

/// A new portal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalBody {
    name: String,
}

/// A portal, out.
#[derive(Debug, Serialize)]
struct PortalView {
    id: String,
    campus_id: String,
    name: String,
    revoked_at: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&PortalRow> for PortalView {
    fn from(row: &PortalRow) -> Self {
        Self {
            id: row.id.to_string(),
            campus_id: row.campus_id.to_string(),
            name: row.name.clone(),
            revoked_at: row.revoked_at.map(|at| at.to_string()),
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// A portal and its key.
#[derive(Debug, Serialize)]
struct PortalCreatedView {
    #[serde(flatten)]
    portal: PortalView,
    key: String,
}

/// The portals of a campus.
async fn list(ctx: Ctx<PageQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let rows = portals::list(tx, actor, campus, page.after(), page.fetch())?;
        let page = page.list(rows, |row| row.id.to_string());
        Ok(Reply::ok(&page.map(|row| PortalView::from(&row))))
    })
    .await
}

/// Makes a portal. Its key must not be kept, so a second try makes a second portal.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, .. }: Body<PortalBody>) -> Answer {
    ctx.write(move |tx, actor| {
        let (row, key) = portals::create(tx, actor, campus, &value.name)?;
        let view = PortalCreatedView { portal: PortalView::from(&row), key };
        Ok(Reply::made(&view).etag(row.revision))
    })
    .await
}

/// Ends a portal's key.
async fn revoke(ctx: Ctx, At(id): At<PortalId>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        portals::revoke(tx, actor, id, &seen)?;
        Ok(Reply::no_content())
    })
    .await
}
