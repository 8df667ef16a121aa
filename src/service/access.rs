//! May they? Sessions, roles and ownership, read from the database at each call.

use diesel::prelude::*;

use super::app::Tx;
use super::code::Code;
use super::error::ServiceError;
use crate::auth::token::Bearer;
use crate::domain::ids::{AccountId, CampusId, OwnerId, SessionId, VolunteerId};
use crate::domain::people::access::{Action, Role, may};
use crate::domain::time::Instant;
use crate::store::portals;
use crate::store::schema::{members, sessions, volunteers};

/// Who is calling: an account in a session that is alive, or a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The account. A portal acts under its own id, which is no account's, so that nothing is ever its own.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// Of a portal, the campus it belongs to.
    portal_of: Option<CampusId>,
}

impl Actor {
    /// Under which name the actor makes something.
    #[must_use]
    pub const fn owner(&self) -> OwnerId {
        OwnerId::from_uuid(self.account.uuid())
    }

    /// Whether a program calls, rather than a person.
    #[must_use]
    pub const fn is_portal(&self) -> bool {
        self.portal_of.is_some()
    }
}

/// What a portal's key begins with, so that it is known for one wherever it turns up.
pub const PORTAL_KEY: &str = "rsk_";

/// Who a request says it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person whose access token was sound.
    Person(Bearer),
    /// A portal, by the hash of its key.
    Portal(String),
}

impl Caller {
    /// Lets the caller in.
    ///
    /// # Errors
    /// `session_ended`; `invalid_token` for a key that is none of ours or was revoked.
    pub fn enter(&self, tx: &mut Tx<'_>) -> Result<Actor, ServiceError> {
        match self {
            Self::Person(bearer) => enter(tx, bearer.account, bearer.session),
            Self::Portal(hash) => {
                let Some((portal, campus)) = portals::find_by_key(tx.conn, hash)? else {
                    return Err(ServiceError::refused(Code::InvalidToken, "The portal's key is not valid."));
                };
                Ok(Actor {
                    account: AccountId::from_uuid(portal.uuid()),
                    session: SessionId::from_uuid(portal.uuid()),
                    portal_of: Some(campus),
                })
            }
        }
    }
}

/// Lets a person in whose access token was sound.
///
/// # Errors
/// `session_ended` when the session was ended or has run out.
pub fn enter(tx: &mut Tx<'_>, account: AccountId, session: SessionId) -> Result<Actor, ServiceError> {
    let found: Option<(AccountId, Instant, Option<Instant>)> = sessions::table
        .find(session)
        .select((sessions::account_id, sessions::expires_at, sessions::ended_at))
        .get_result(tx.conn)
        .optional()?;
    match found {
        Some((owner, expires, None)) if owner == account && tx.now < expires => {
            Ok(Actor { account, session, portal_of: None })
        }
        _ => Err(ServiceError::refused(Code::SessionEnded, "The session has ended. Sign in again.")),
    }
}

/// Somebody for whom something is done that they asked for before. What they may is read now, as for everybody.
#[must_use]
pub const fn on_behalf_of(account: AccountId) -> Actor {
    Actor { account, session: SessionId::from_uuid(uuid::Uuid::nil()), portal_of: None }
}

/// The actor's role at `campus`, if any.
///
/// # Errors
/// The database's.
pub fn role_at(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId) -> Result<Option<Role>, ServiceError> {
    if let Some(own) = actor.portal_of {
        return Ok((own == campus).then_some(Role::Portal));
    }
    Ok(members::table.find((campus, actor.account)).select(members::role).get_result(tx.conn).optional()?)
}

/// Requires that the actor may do `action` at `campus`, and answers the role. Call it before any decision: a replay of
/// an answer under an Idempotency-Key happens here.
///
/// # Errors
/// [`ServiceError::NotFound`] for strangers, `forbidden` for members without the right.
pub fn require(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, action: Action) -> Result<Role, ServiceError> {
    let role = role_at(tx, actor, campus)?.ok_or(ServiceError::NotFound)?;
    if !may(role, action) {
        return Err(ServiceError::refused(
            Code::Forbidden,
            format!("You are a {} of this campus; this takes a coordinator.", role.as_str()),
        ));
    }
    tx.entitled()?;
    Ok(role)
}

/// The actor's volunteer profile, if they have made one.
///
/// # Errors
/// The database's.
pub fn volunteer_of(tx: &mut Tx<'_>, actor: &Actor) -> Result<Option<VolunteerId>, ServiceError> {
    Ok(volunteers::table
        .filter(volunteers::account_id.eq(actor.account))
        .select(volunteers::id)
        .get_result(tx.conn)
        .optional()?)
}

/// Requires that the profile `id` is the actor's own. Call it before any decision, as [`require`].
///
/// # Errors
/// [`ServiceError::NotFound`] for everybody else.
pub fn own_volunteer(tx: &mut Tx<'_>, actor: &Actor, id: VolunteerId) -> Result<(), ServiceError> {
    if volunteer_of(tx, actor)? != Some(id) {
        return Err(ServiceError::NotFound);
    }
    tx.entitled()
}
