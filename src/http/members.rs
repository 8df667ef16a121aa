//! Members of a campus over HTTP.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Pair};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::both;
use crate::domain::ids::{AccountId, CampusId};
use crate::domain::people::access::Role;
use crate::domain::people::account::Named;
use crate::domain::refusal::Invalid;
use crate::service::error::ServiceError;
use crate::service::members::{self, MemberRow};

route_table! {
    "/v1/campuses/{campus_id}/members" => { get list, post add }
    "/v1/campuses/{campus_id}/members/{account_id}" => { get show, patch update, delete remove }
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MembersQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A new member.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberBody {
    email: String,
    name: String,
    role: String,
}

/// The new role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberPatchBody {
    role: String,
}

/// A person's role at a campus.
#[derive(Debug, Clone, Serialize)]
struct MemberView {
    campus_id: String,
    account_id: String,
    name: String,
    email: String,
    role: &'static str,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&MemberRow> for MemberView {
    fn from(member: &MemberRow) -> Self {
        Self {
            campus_id: member.campus.to_string(),
            account_id: member.account.to_string(),
            name: member.name.clone(),
            email: member.email.clone(),
            role: member.role.as_str(),
            revision: member.revision,
            created_at: member.created.to_string(),
            updated_at: member.updated.to_string(),
        }
    }
}

fn reply(member: &MemberRow) -> Reply {
    Reply::ok(&MemberView::from(member)).etag(member.revision)
}

fn role_of(text: &str) -> Result<Role, Vec<Invalid>> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(100).collect();
        vec![Invalid::new("role", "unknown_value", format!("{shown:?} is neither coordinator nor requester"))]
    })
}

/// Lists the members.
async fn list(ctx: Ctx<MembersQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    ctx.read(move |tx, actor| {
        let members = members::list(tx, actor, campus, page.after(), page.fetch())?;
        let views: Vec<_> = members.iter().map(MemberView::from).collect();
        Ok(Reply::ok(&page.list(views, |view| view.account_id.clone())))
    })
    .await
}

/// Adds a member.
async fn add(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<MemberBody>) -> Answer {
    let (person, role) = both(Named::new(&value.email, &value.name), role_of(&value.role))?;
    ctx.act(digest, move |tx, actor| {
        let member = members::add(tx, actor, campus, &person, role)?;
        let location = format!("/v1/campuses/{campus}/members/{}", member.account);
        Ok(Reply::created(&MemberView::from(&member), location).etag(member.revision))
    })
    .await
}

/// Reads a member.
async fn show(ctx: Ctx, Pair(campus, account): Pair<CampusId, AccountId>) -> Answer {
    ctx.read(move |tx, actor| Ok(reply(&members::find(tx, actor, campus, account)?))).await
}

/// Changes a member's role.
async fn update(
    ctx: Ctx,
    Pair(campus, account): Pair<CampusId, AccountId>,
    Body { value, .. }: Body<MemberPatchBody>,
) -> Answer {
    let seen = ctx.seen();
    let role = role_of(&value.role).map_err(ServiceError::from)?;
    ctx.write(move |tx, actor| Ok(reply(&members::update(tx, actor, campus, account, &seen, role)?))).await
}

/// Removes a member.
async fn remove(ctx: Ctx, Pair(campus, account): Pair<CampusId, AccountId>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        members::remove(tx, actor, campus, account, &seen)?;
        Ok(Reply::no_content())
    })
    .await
}
