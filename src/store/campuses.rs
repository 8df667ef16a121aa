//! Campuses: rows and queries.

use diesel::prelude::*;

use super::accounts::email_in;
use super::db::{Conn, StoreError, lost_race};
use super::schema::campuses;
use crate::domain::ids::{CampusId, PolicyId};
use crate::domain::people::campus::{Campus, OfferHours, Settings};
use crate::domain::people::place::Position;
use crate::domain::time::Instant;

/// A campus as it lies in its table.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = campuses)]
pub struct CampusRow {
    id: CampusId,
    slug: String,
    name: String,
    time_zone: String,
    contact_email: String,
    lat: Option<f64>,
    lon: Option<f64>,
    offer_hours: i32,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl TryFrom<CampusRow> for Campus {
    type Error = StoreError;

    fn try_from(row: CampusRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("campus {} holds no {what}", row.id));
        let position = row.lat.zip(row.lon).map(|(lat, lon)| Position::new(lat, lon));
        let settings = Settings {
            name: row.name,
            zone: row.time_zone.parse().map_err(|_| corrupt("time zone we know"))?,
            contact: email_in("campuses.contact_email", &row.contact_email)?,
            position: position.transpose().map_err(|_| corrupt("position on earth"))?,
            offer_hours: OfferHours::new(row.offer_hours.into()).map_err(|_| corrupt("length of offers"))?,
        };
        Ok(Self {
            id: row.id,
            slug: row.slug,
            settings,
            revision: row.revision,
            created: row.created_at,
            updated: row.updated_at,
        })
    }
}

/// The campus `id`, if there is one.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: CampusId) -> Result<Option<Campus>, StoreError> {
    let row = campuses::table.find(id).select(CampusRow::as_select()).get_result(conn).optional()?;
    row.map(Campus::try_from).transpose()
}

/// The version of a campus's policy that is in force.
///
/// # Errors
/// The database's.
pub fn policy_of(conn: &mut Conn, id: CampusId) -> Result<Option<PolicyId>, StoreError> {
    let found: Option<Option<PolicyId>> =
        campuses::table.find(id).select(campuses::policy_id).get_result(conn).optional()?;
    Ok(found.flatten())
}

/// Whether a campus has this slug.
///
/// # Errors
/// The database's.
pub fn has_slug(conn: &mut Conn, slug: &str) -> Result<bool, StoreError> {
    let found = campuses::table.filter(campuses::slug.eq(slug)).select(campuses::id).get_result::<CampusId>(conn);
    Ok(found.optional()?.is_some())
}

/// Campuses by age, from the one after `after`.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, after: Option<CampusId>, limit: i64) -> Result<Vec<Campus>, StoreError> {
    let mut query = campuses::table.select(CampusRow::as_select()).order(campuses::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(campuses::id.gt(after));
    }
    query.load(conn)?.into_iter().map(Campus::try_from).collect()
}

/// Keeps a new campus, whose slug must have been looked for.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, campus: &Campus) -> Result<(), StoreError> {
    let settings = &campus.settings;
    diesel::insert_into(campuses::table)
        .values((
            campuses::id.eq(campus.id),
            campuses::slug.eq(&campus.slug),
            campuses::name.eq(&settings.name),
            campuses::time_zone.eq(settings.zone.name()),
            campuses::contact_email.eq(settings.contact.as_str()),
            campuses::lat.eq(settings.position.map(Position::lat)),
            campuses::lon.eq(settings.position.map(Position::lon)),
            campuses::offer_hours.eq(i32::from(settings.offer_hours.get())),
            campuses::revision.eq(campus.revision),
            campuses::created_at.eq(campus.created),
            campuses::updated_at.eq(campus.updated),
        ))
        .execute(conn)
        .map_err(lost_race)?;
    Ok(())
}

/// Keeps what changed of a campus. Its revision was raised by one; if another change came first, this is a lost race.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, campus: &Campus) -> Result<(), StoreError> {
    let settings = &campus.settings;
    diesel::update(campuses::table.find(campus.id))
        .set((
            campuses::name.eq(&settings.name),
            campuses::time_zone.eq(settings.zone.name()),
            campuses::contact_email.eq(settings.contact.as_str()),
            campuses::lat.eq(settings.position.map(Position::lat)),
            campuses::lon.eq(settings.position.map(Position::lon)),
            campuses::offer_hours.eq(i32::from(settings.offer_hours.get())),
            campuses::revision.eq(campus.revision),
            campuses::updated_at.eq(campus.updated),
        ))
        .execute(conn)?;
    Ok(())
}
