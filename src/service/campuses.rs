//! Campuses: reading them, changing their settings, and making one.

use super::access::{self, Actor};
use super::app::Tx;
use super::error::{Seen, ServiceError};
use super::members;
use super::sessions::{self, Opened};
use crate::domain::ids::CampusId;
use crate::domain::letter::Email;
use crate::domain::people::access::{Action, Role};
use crate::domain::people::account::Named;
use crate::domain::people::campus::{Campus, OfferHours, Settings, slug_of};
use crate::domain::people::place::Position;
use crate::domain::refusal::Invalid;
use crate::domain::time::Zone;
use crate::store::members::MemberRow;
use crate::store::{self, feed_revisions};

/// The campus `id`, for anybody.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub fn find(tx: &mut Tx<'_>, id: CampusId) -> Result<Campus, ServiceError> {
    store::campuses::find(tx.conn, id)?.ok_or(ServiceError::NotFound)
}

/// Campuses by age, for anybody.
///
/// # Errors
/// The database's.
pub fn list(tx: &mut Tx<'_>, after: Option<CampusId>, limit: i64) -> Result<Vec<Campus>, ServiceError> {
    Ok(store::campuses::list(tx.conn, after, limit)?)
}

/// What should change of a campus; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The name.
    pub name: Option<String>,
    /// The clocks.
    pub zone: Option<Zone>,
    /// The career office's address.
    pub contact: Option<Email>,
    /// The place, or that it is not said.
    pub position: Option<Option<Position>>,
    /// How long offers stay open.
    pub offer_hours: Option<OfferHours>,
}

/// Changes the settings of a campus.
///
/// # Errors
/// A stranger's or a requester's refusal; `stale`; the name's faults.
pub fn update(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CampusId,
    seen: &Seen,
    changes: &Changes,
) -> Result<Campus, ServiceError> {
    access::require(tx, actor, id, Action::ManageCampus)?;
    let campus = find(tx, id)?;
    seen.agrees(campus.revision)?;
    let old = &campus.settings;
    let settings = Settings::new(
        changes.name.as_ref().unwrap_or(&old.name),
        changes.zone.unwrap_or(old.zone),
        changes.contact.as_ref().unwrap_or(&old.contact).clone(),
        changes.position.unwrap_or(old.position),
        changes.offer_hours.unwrap_or(old.offer_hours),
    )?;
    if settings == campus.settings {
        return Ok(campus);
    }
    let campus = Campus { settings, revision: campus.revision + 1, updated: tx.now, ..campus };
    store::campuses::update(tx.conn, &campus)?;
    // Both kinds of public feed show the campus's name.
    feed_revisions::bump(tx.conn, &feed_revisions::campus(id), tx.now)?;
    feed_revisions::bump(tx.conn, feed_revisions::NEEDS, tx.now)?;
    Ok(campus)
}

/// A campus that an operator makes.
#[derive(Debug, Clone)]
pub struct NewCampus {
    /// Its short name; made of the name where it is not given.
    pub slug: Option<String>,
    /// Its settings.
    pub settings: Settings,
    /// Its first members, one of them a coordinator at least.
    pub members: Vec<(Named, Role)>,
}

/// A campus that was just made.
#[derive(Debug, Clone)]
pub struct Bootstrapped {
    /// The campus.
    pub campus: Campus,
    /// Its members, each with a session that has begun.
    pub members: Vec<(MemberRow, Opened)>,
}

/// Makes a campus with its first members, whom the operator vouches for: nobody's right is asked for, no letter is sent,
/// and each gets a session.
///
/// # Errors
/// [`ServiceError::Invalid`] for a slug that is taken, a person named twice, or when there is no coordinator.
pub fn bootstrap(tx: &mut Tx<'_>, new: &NewCampus) -> Result<Bootstrapped, ServiceError> {
    let slug = slug_of(new.slug.as_ref().unwrap_or(&new.settings.name));
    if store::campuses::has_slug(tx.conn, &slug)? {
        return Err(Invalid::new("slug", "duplicate", format!("there is a campus {slug:?} already")).into());
    }
    if !new.members.iter().any(|(_, role)| *role == Role::Coordinator) {
        return Err(Invalid::new("members", "required", "a campus needs a coordinator").into());
    }
    let campus = Campus {
        id: CampusId::mint(),
        slug,
        settings: new.settings.clone(),
        revision: 1,
        created: tx.now,
        updated: tx.now,
    };
    store::campuses::insert(tx.conn, &campus)?;
    let mut members = Vec::new();
    for (number, (person, role)) in new.members.iter().enumerate() {
        if new.members.iter().take(number).any(|(before, _)| before.email == person.email) {
            let twice = format!("{} is named twice", person.email);
            return Err(Invalid::new(format!("members/{number}/email"), "duplicate", twice).into());
        }
        let account = members::join(tx, campus.id, person, *role)?;
        let member = members::row(tx, campus.id, account.id)?;
        members.push((member, sessions::open(tx, account)?));
    }
    Ok(Bootstrapped { campus, members })
}
