//! Opening an account, and saying whose it is.
//!
//! An account's address is not proved by typing it. Until a link that went there has been used, its password is whoever's
//! who typed it; see [`sessions::exchange_link`](super::sessions::exchange_link) and [`members`](super::members).

use std::net::IpAddr;

use super::access::{self, Actor};
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use crate::auth::attempts::{Attempt, TooOften};
use crate::auth::password::{Password, PasswordFault};
use crate::domain::ids::{AccountId, VolunteerId};
use crate::domain::people::account::{Account, Named};
use crate::store;
use crate::store::db::StoreError;
use crate::store::members::MembershipRow;

/// The most memberships that [`me`] tells of.
const MOST_MEMBERSHIPS: i64 = 1000;

/// An account and what it may do.
#[derive(Debug, Clone)]
pub struct Me {
    /// The account.
    pub account: Account,
    /// The campuses whose member it is.
    pub memberships: Vec<MembershipRow>,
    /// Its volunteer profile.
    pub volunteer: Option<VolunteerId>,
}

/// Opens an account for `person`.
///
/// # Errors
/// `email_taken`; `too_many_requests` from one address.
pub async fn open(app: &App, person: Named, password: Password, peer: Option<IpAddr>) -> Result<Account, ServiceError> {
    app.attempts.count(Attempt::Account, peer)?;
    let email = person.email.clone();
    app.read(move |tx| free(tx, &email)).await?;
    let hash = app.passwords.hash(password).await?;
    app.write(move |tx| {
        free(tx, &person.email)?;
        add(tx, &person, Some(&hash))
    })
    .await
}

fn free(tx: &mut Tx<'_>, email: &crate::domain::letter::Email) -> Result<(), ServiceError> {
    match store::accounts::find_by_email(tx.conn, email)? {
        Some(_) => Err(ServiceError::refused(
            Code::EmailTaken,
            format!("{email} has an account already. Sign in, or ask for a link."),
        )),
        None => Ok(()),
    }
}

/// Keeps a new account, whose address is known to be free.
pub(super) fn add(tx: &mut Tx<'_>, person: &Named, hash: Option<&str>) -> Result<Account, ServiceError> {
    let account = Account {
        id: AccountId::mint(),
        email: person.email.clone(),
        name: person.name.clone(),
        email_confirmed: None,
        created: tx.now,
    };
    store::accounts::insert(tx.conn, &account, hash)?;
    Ok(account)
}

/// Who the actor is.
///
/// # Errors
/// The database's.
pub fn me(tx: &mut Tx<'_>, actor: &Actor) -> Result<Me, ServiceError> {
    let account = store::accounts::find(tx.conn, actor.account)?.ok_or(ServiceError::NotFound)?;
    let memberships = store::members::list_of_account(tx.conn, actor.account, MOST_MEMBERSHIPS)?;
    Ok(Me { account, memberships, volunteer: access::volunteer_of(tx, actor)? })
}

impl From<TooOften> for ServiceError {
    fn from(often: TooOften) -> Self {
        Self::refused(Code::TooManyRequests, often.to_string()).after(u32::try_from(often.seconds).unwrap_or(u32::MAX))
    }
}

impl From<PasswordFault> for ServiceError {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::Busy => Self::Store(StoreError::Busy),
            PasswordFault::Broken(why) => Self::Store(StoreError::Panicked(why)),
        }
    }
}
