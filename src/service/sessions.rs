//! Signing in, by password or by link; going on; signing out.
//!
//! A session lives as long as it is used once in thirty days. Each refresh token is good for one use: one that comes a
//! second time was stolen, or its owner's was, so the session ends and both must sign in anew. Absent on purpose: keeping
//! answers under an Idempotency-Key, because they hold secrets.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::access::Actor;
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use super::outbox;
use crate::auth::attempts::Attempt;
use crate::auth::password::Password;
use crate::auth::secret::{self, Secret};
use crate::auth::token::{self, Bearer};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::letter::Email;
use crate::domain::notice::{Notice, Recipient};
use crate::domain::people::account::Account;
use crate::store;

/// How long a session lives without being used.
const IDLE: TimeDelta = TimeDelta::days(30);
/// How long a link that was asked for is good.
const LINK_LIFE: TimeDelta = TimeDelta::minutes(30);
/// How long a link that invites somebody is good.
pub(super) const INVITATION_LIFE: TimeDelta = TimeDelta::days(7);
/// How many links one account is sent within [`LINK_LIFE`]; whoever asks for more fills a stranger's mailbox.
const MOST_LINKS: i64 = 5;
/// How long ended sessions and old links are kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A session with its tokens.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Whose session.
    pub account: Account,
    /// For calls.
    pub access_token: String,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// For the next access token.
    pub refresh_token: Secret,
}

/// Begins a session by password.
///
/// # Errors
/// `wrong_credentials` for a wrong password, an unknown address and an account without a password alike;
/// `too_many_requests`.
pub async fn sign_in(
    app: &App,
    email: Email,
    password: Password,
    peer: Option<IpAddr>,
) -> Result<Opened, ServiceError> {
    app.attempts.count(Attempt::Password(&email), peer)?;
    let wrong =
        || ServiceError::refused(Code::WrongCredentials, "No account has this e-mail address and this password.");
    let found = app.read(move |tx| {
        let Some(account) = store::accounts::find_by_email(tx.conn, &email)? else { return Ok(None) };
        let hash = store::accounts::password_hash(tx.conn, account.id)?;
        Ok(hash.map(|hash| (account.id, hash)))
    });
    let found = found.await?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let fits = app.passwords.verify(password, hash).await?;
    let Some((id, hash)) = found.filter(|_| fits) else { return Err(wrong()) };
    app.write(move |tx| {
        // While the password was compared it may have been dropped, or its account.
        if store::accounts::password_hash(tx.conn, id)?.as_ref() != Some(&hash) {
            return Err(wrong());
        }
        let account = store::accounts::find(tx.conn, id)?.ok_or_else(wrong)?;
        open(tx, account)
    })
    .await
}

/// Begins a session of `account`, who has shown to be its owner.
///
/// # Errors
/// The database's.
pub fn open(tx: &mut Tx<'_>, account: Account) -> Result<Opened, ServiceError> {
    let session = SessionId::mint();
    store::sessions::insert(tx.conn, session, account.id, tx.now, tx.now.plus(IDLE))?;
    hand_out(tx, account, session)
}

fn hand_out(tx: &mut Tx<'_>, account: Account, session: SessionId) -> Result<Opened, ServiceError> {
    let refresh_token = Secret::mint();
    store::sessions::prolong(tx.conn, session, &refresh_token.hash(), tx.now, tx.now.plus(IDLE))?;
    let access_token = tx.app.tokens.issue(Bearer { account: account.id, session }, tx.now);
    Ok(Opened { account, access_token, expires_in: token::LIFE.num_seconds(), refresh_token })
}

/// Goes on with a session.
///
/// # Errors
/// `invalid_refresh_token` for one that is unknown, too old or used; one that was used ends its session.
pub async fn refresh(app: &App, token: &str, peer: Option<IpAddr>) -> Result<Opened, ServiceError> {
    app.attempts.count(Attempt::Token, peer)?;
    let hash = secret::hash(token);
    let invalid = || {
        ServiceError::refused(
            Code::InvalidRefreshToken,
            "The refresh token is unknown, too old or used already. Sign in again.",
        )
    };
    let opened = app.write(move |tx| {
        let row = store::sessions::find_refresh_token(tx.conn, &hash)?.ok_or_else(invalid)?;
        if row.ended.is_some() || row.expires <= tx.now {
            return Err(invalid());
        }
        if row.used.is_some() || !store::sessions::use_refresh_token(tx.conn, &hash, tx.now)? {
            // An error would undo what must stand, so the refusal waits until this is kept.
            store::sessions::end(tx.conn, row.session, tx.now)?;
            tracing::warn!(session_id = %row.session, "a refresh token came twice; its session was ended");
            return Ok(None);
        }
        let account = store::accounts::find(tx.conn, row.account)?.ok_or_else(invalid)?;
        hand_out(tx, account, row.session).map(Some)
    });
    opened.await?.ok_or_else(invalid)
}

/// Signs out: the session's tokens stop working at once.
///
/// # Errors
/// The database's.
pub fn end(tx: &mut Tx<'_>, actor: &Actor) -> Result<(), ServiceError> {
    Ok(store::sessions::end(tx.conn, actor.session, tx.now)?)
}

/// Sends a link to `email`, if it has an account; the caller is not told.
///
/// # Errors
/// `too_many_requests`.
pub async fn send_link(app: &App, email: Email, peer: Option<IpAddr>) -> Result<(), ServiceError> {
    app.attempts.count(Attempt::Letter(&email), peer)?;
    app.write(move |tx| {
        let Some(account) = store::accounts::find_by_email(tx.conn, &email)? else { return Ok(()) };
        let lately = tx.now.plus(-LINK_LIFE);
        if store::sessions::count_links_since(tx.conn, account.id, lately)? >= MOST_LINKS {
            return Ok(());
        }
        let link = new_link(tx, account.id, LINK_LIFE)?;
        let to = Recipient { person: account.person(), zone: None };
        outbox::post(tx, None, &to, &Notice::SignInLink { link, minutes: LINK_LIFE.num_minutes() })
    })
    .await
}

/// A new link by which `account` signs in once, within `life`; it belongs into a letter to the account's address and
/// nowhere else.
pub(super) fn new_link(tx: &mut Tx<'_>, account: AccountId, life: TimeDelta) -> Result<String, ServiceError> {
    let token = Secret::mint();
    store::sessions::insert_link(tx.conn, &token.hash(), account, tx.now, tx.now.plus(life))?;
    Ok(format!("{}/sign-in/{}", tx.app.site.base_url, token.reveal()))
}

/// Whether a link's token would let somebody in.
///
/// # Errors
/// The database's.
pub fn link_works(tx: &mut Tx<'_>, token: &str) -> Result<bool, ServiceError> {
    let row = store::sessions::find_link(tx.conn, &secret::hash(token))?;
    Ok(row.is_some_and(|row| row.used.is_none() && tx.now < row.expires))
}

/// Begins a session by a link's token, which is used up. The first time, the address is proved to be its owner's: a
/// password that was set before may be a stranger's who typed the address, so it goes, and so do the sessions.
///
/// # Errors
/// `invalid_sign_in_link` for a token that is unknown, too old or used.
pub async fn exchange_link(app: &App, token: &str, peer: Option<IpAddr>) -> Result<Opened, ServiceError> {
    app.attempts.count(Attempt::Token, peer)?;
    let hash = secret::hash(token);
    let invalid = || {
        ServiceError::refused(
            Code::InvalidSignInLink,
            "The sign-in link is unknown, too old or used already. Ask for a new one.",
        )
    };
    app.write(move |tx| {
        let row = store::sessions::find_link(tx.conn, &hash)?.ok_or_else(invalid)?;
        if row.expires <= tx.now || !store::sessions::use_link(tx.conn, &hash, tx.now)? {
            return Err(invalid());
        }
        let account = store::accounts::find(tx.conn, row.account)?.ok_or_else(invalid)?;
        if account.email_confirmed.is_none() {
            store::accounts::confirm_email(tx.conn, account.id, tx.now)?;
            store::sessions::end_all_of(tx.conn, account.id, tx.now)?;
        }
        open(tx, account)
    })
    .await
}

/// Drops sessions and links that have been over for thirty days; answers how many.
///
/// # Errors
/// The database's.
pub fn forget_old(tx: &mut Tx<'_>) -> Result<usize, ServiceError> {
    Ok(store::sessions::forget_before(tx.conn, tx.now.plus(-KEPT))?)
}
