//! Accounts over HTTP: opening one, and who am I.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::both;
use crate::auth::password::Password;
use crate::domain::people::account::{Account, Named, check_new_password};
use crate::service::accounts::{self, Me};

route_table! {
    "/v1/accounts" => { post create }
    "/v1/me" => { get me }
}

/// A new account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    email: String,
    name: String,
    password: String,
}

/// A person who can sign in.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    id: String,
    email: String,
    name: String,
    created_at: String,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
            created_at: account.created.to_string(),
        }
    }
}

/// An account and what it may do.
#[derive(Debug, Serialize)]
struct MeView {
    account: AccountView,
    memberships: Vec<MembershipView>,
    volunteer_id: Option<String>,
}

/// A role at a campus.
#[derive(Debug, Serialize)]
struct MembershipView {
    campus_id: String,
    campus_name: String,
    role: &'static str,
}

impl From<&Me> for MeView {
    fn from(me: &Me) -> Self {
        let memberships = me.memberships.iter().map(|one| MembershipView {
            campus_id: one.campus.to_string(),
            campus_name: one.campus_name.clone(),
            role: one.role.as_str(),
        });
        Self {
            account: AccountView::from(&me.account),
            memberships: memberships.collect(),
            volunteer_id: me.volunteer.map(|id| id.to_string()),
        }
    }
}

/// Opens an account.
async fn create(ctx: Ctx, Body { value, .. }: Body<AccountBody>) -> Answer {
    let person = Named::new(&value.email, &value.name);
    let password = check_new_password("password", &value.password);
    let (person, ()) = both(person, password.map_err(|one| vec![one]))?;
    let account = accounts::open(&ctx.app, person, Password::new(value.password), ctx.peer).await?;
    Ok(HttpResponse::Created().json(AccountView::from(&account)))
}

/// Who am I?
async fn me(ctx: Ctx) -> Answer {
    ctx.read(|tx, actor| Ok(Reply::ok(&MeView::from(&accounts::me(tx, actor)?)))).await
}
