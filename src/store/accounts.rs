//! Accounts: rows and queries.

use diesel::prelude::*;

use super::db::{Conn, StoreError, lost_race};
use super::schema::accounts;
use crate::domain::ids::AccountId;
use crate::domain::letter::Email;
use crate::domain::people::account::Account;
use crate::domain::time::Instant;

/// An account as it lies in its table, but for the hash of the password, which is asked for by itself.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    id: AccountId,
    email: String,
    name: String,
    email_confirmed_at: Option<Instant>,
    created_at: Instant,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            email: email_in("accounts.email", &row.email)?,
            name: row.name,
            email_confirmed: row.email_confirmed_at,
            created: row.created_at,
        })
    }
}

/// Reads an address that was sound when it was kept.
pub(super) fn email_in(column: &str, text: &str) -> Result<Email, StoreError> {
    Email::parse(text).map_err(|_| StoreError::Corrupt(format!("{column} holds no e-mail address")))
}

/// The account `id`, if there is one.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = accounts::table.find(id).select(AccountRow::as_select()).get_result(conn).optional()?;
    row.map(Account::try_from).transpose()
}

/// The account of this address, if there is one.
///
/// # Errors
/// The database's.
pub fn find_by_email(conn: &mut Conn, email: &Email) -> Result<Option<Account>, StoreError> {
    let named = accounts::table.filter(accounts::email.eq(email.as_str()));
    let row = named.select(AccountRow::as_select()).get_result(conn).optional()?;
    row.map(Account::try_from).transpose()
}

/// The hash of the account's password, if it has one.
///
/// # Errors
/// The database's.
pub fn password_hash(conn: &mut Conn, id: AccountId) -> Result<Option<String>, StoreError> {
    let hash = accounts::table.find(id).select(accounts::password_hash).get_result::<Option<String>>(conn);
    Ok(hash.optional()?.flatten())
}

/// Keeps a new account, whose address must have been looked for: a second of the same address is a lost race.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, account: &Account, password_hash: Option<&str>) -> Result<(), StoreError> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(account.id),
            accounts::email.eq(account.email.as_str()),
            accounts::name.eq(&account.name),
            accounts::password_hash.eq(password_hash),
            accounts::email_confirmed_at.eq(account.email_confirmed),
            accounts::revision.eq(1_i64),
            accounts::created_at.eq(account.created),
            accounts::updated_at.eq(account.created),
        ))
        .execute(conn)
        .map_err(lost_race)?;
    Ok(())
}

/// Notes that the address is its owner's, and drops a password that was set before anybody knew.
///
/// # Errors
/// The database's.
pub fn confirm_email(conn: &mut Conn, id: AccountId, now: Instant) -> Result<(), StoreError> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::email_confirmed_at.eq(now),
            accounts::password_hash.eq(None::<String>),
            accounts::revision.eq(accounts::revision + 1),
            accounts::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Drops the password: its owner signs in by link.
///
/// # Errors
/// The database's.
pub fn drop_password(conn: &mut Conn, id: AccountId, now: Instant) -> Result<(), StoreError> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::password_hash.eq(None::<String>),
            accounts::revision.eq(accounts::revision + 1),
            accounts::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}
