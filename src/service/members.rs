//! Members of a campus: whom its coordinators trust.

use super::access::{self, Actor};
use super::accounts;
use super::app::Tx;
use super::campuses;
use super::code::Code;
use super::error::{Seen, ServiceError};
use super::outbox;
use super::sessions;
use crate::domain::ids::{AccountId, CampusId};
use crate::domain::notice::{Notice, Recipient};
use crate::domain::people::access::{Action, Role};
use crate::domain::people::account::{Account, Named};
use crate::store;

pub use crate::store::members::MemberRow;

/// The members of a campus, by the age of their accounts.
///
/// # Errors
/// A stranger's or a requester's refusal.
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<MemberRow>, ServiceError> {
    access::require(tx, actor, campus, Action::ManageMembers)?;
    Ok(store::members::list_of_campus(tx.conn, campus, after, limit)?)
}

/// One member.
///
/// # Errors
/// A stranger's or a requester's refusal; [`ServiceError::NotFound`].
pub fn find(tx: &mut Tx<'_>, actor: &Actor, campus: CampusId, account: AccountId) -> Result<MemberRow, ServiceError> {
    access::require(tx, actor, campus, Action::ManageMembers)?;
    row(tx, campus, account)
}

pub(super) fn row(tx: &mut Tx<'_>, campus: CampusId, account: AccountId) -> Result<MemberRow, ServiceError> {
    store::members::find(tx.conn, campus, account)?.ok_or(ServiceError::NotFound)
}

/// Makes a person a member and tells them, with a link that signs in.
///
/// # Errors
/// A stranger's or a requester's refusal; `already_member`.
pub fn add(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    person: &Named,
    role: Role,
) -> Result<MemberRow, ServiceError> {
    access::require(tx, actor, campus, Action::ManageMembers)?;
    let account = join(tx, campus, person, role)?;
    let invited = Notice::MemberInvited {
        campus: campuses::find(tx, campus)?.for_letters(),
        role: role.as_str().to_owned(),
        link: Some(sessions::new_link(tx, account.id, sessions::INVITATION_LIFE)?),
    };
    let to = Recipient { person: account.person(), zone: None };
    outbox::post(tx, Some(campus), &to, &invited)?;
    row(tx, campus, account.id)
}

/// Makes a person a member; an address without an account gets one.
///
/// Whoever opened an account under an address that was never proved must not get the rights that its owner is given:
/// such an account loses its password and its sessions, and its owner comes in by link.
pub(super) fn join(tx: &mut Tx<'_>, campus: CampusId, person: &Named, role: Role) -> Result<Account, ServiceError> {
    let Some(account) = store::accounts::find_by_email(tx.conn, &person.email)? else {
        let account = accounts::add(tx, person, None)?;
        store::members::insert(tx.conn, campus, account.id, role, tx.now)?;
        return Ok(account);
    };
    if store::members::find(tx.conn, campus, account.id)?.is_some() {
        return Err(ServiceError::refused(
            Code::AlreadyMember,
            format!("{} is a member of this campus already. Change the role instead.", person.email),
        ));
    }
    if account.email_confirmed.is_none() {
        store::accounts::drop_password(tx.conn, account.id, tx.now)?;
        store::sessions::end_all_of(tx.conn, account.id, tx.now)?;
    }
    store::members::insert(tx.conn, campus, account.id, role, tx.now)?;
    Ok(account)
}

/// Gives a member another role.
///
/// # Errors
/// A stranger's or a requester's refusal; [`ServiceError::NotFound`]; `stale`; `last_coordinator`.
pub fn update(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    account: AccountId,
    seen: &Seen,
    role: Role,
) -> Result<MemberRow, ServiceError> {
    let member = find(tx, actor, campus, account)?;
    seen.agrees(member.revision)?;
    if member.role == role {
        return Ok(member);
    }
    keep_a_coordinator(tx, &member)?;
    store::members::set_role(tx.conn, campus, account, role, tx.now)?;
    row(tx, campus, account)
}

/// Takes a member off. The account stays; its rights here end at once.
///
/// # Errors
/// A stranger's or a requester's refusal; [`ServiceError::NotFound`]; `stale`; `last_coordinator`.
pub fn remove(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    account: AccountId,
    seen: &Seen,
) -> Result<(), ServiceError> {
    let member = find(tx, actor, campus, account)?;
    seen.agrees(member.revision)?;
    keep_a_coordinator(tx, &member)?;
    Ok(store::members::delete(tx.conn, campus, account)?)
}

/// Requires that the campus keeps a coordinator without `member`.
fn keep_a_coordinator(tx: &mut Tx<'_>, member: &MemberRow) -> Result<(), ServiceError> {
    let needed = match member.role {
        Role::Coordinator => store::members::count_other_coordinators(tx.conn, member.campus, member.account)? == 0,
        Role::Requester | Role::Portal => false,
    };
    if needed {
        return Err(ServiceError::refused(
            Code::LastCoordinator,
            format!("{} is the only coordinator of this campus. Make somebody else one first.", member.name),
        ));
    }
    Ok(())
}
