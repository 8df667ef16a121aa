//! Volunteers: their profiles as rows.
//!
//! Absent on purpose: how they stand at a campus (`campus_volunteers`) and what they have promised (`assignments`).

use std::ops::Deref;

use diesel::prelude::*;

use super::columns::Json;
use super::db::{Conn, StoreError, lost_race};
use super::documents::{
    AvailabilityDocument, SkillDocument, availability_in, availability_out, corrupt, position_out, skills_in,
    skills_out, zone_out,
};
use super::schema::{campus_volunteers, volunteers};
use crate::domain::{
    ids::{AccountId, CampusId, VolunteerId},
    people::{
        place::Position,
        volunteer::{Caps, InPerson, Profile, Standing, Volunteer},
    },
    time::Instant,
};

/// A volunteer as kept. Reads as its [`Volunteer`].
#[derive(Debug, Clone, PartialEq)]
pub struct VolunteerRow {
    /// The person.
    pub volunteer: Volunteer,
    /// Whose profile it is.
    pub account_id: AccountId,
    /// Raised by every change of the profile.
    pub revision: i64,
    /// When the profile was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Deref for VolunteerRow {
    type Target = Volunteer;

    fn deref(&self) -> &Volunteer {
        &self.volunteer
    }
}

/// Keeps a new profile, whose account must have been looked for: a second of the same account is a lost race.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &VolunteerRow) -> Result<(), StoreError> {
    diesel::insert_into(volunteers::table).values(Columns::from(row)).execute(conn).map_err(lost_race)?;
    Ok(())
}

/// Keeps a changed profile.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut Conn, row: &VolunteerRow) -> Result<(), StoreError> {
    diesel::update(volunteers::table.find(row.id())).set(Columns::from(row)).execute(conn)?;
    Ok(())
}

/// The volunteer of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: VolunteerId) -> Result<Option<VolunteerRow>, StoreError> {
    let columns = volunteers::table.find(id).select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// The volunteer with this account.
///
/// # Errors
/// The database's.
pub fn find_by_account(conn: &mut Conn, account: AccountId) -> Result<Option<VolunteerRow>, StoreError> {
    let found = volunteers::table.filter(volunteers::account_id.eq(account));
    let columns = found.select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// The volunteer whose private feed has the address with this hash.
///
/// # Errors
/// The database's.
pub fn find_by_feed_token(conn: &mut Conn, hash: &str) -> Result<Option<VolunteerRow>, StoreError> {
    let found = volunteers::table.filter(volunteers::feed_token_hash.eq(hash));
    let columns = found.select(Columns::as_select()).get_result(conn).optional()?;
    columns.map(Columns::read).transpose()
}

/// Gives the private feed a new address; the former one stops working. The profile's revision stays.
///
/// # Errors
/// The database's.
pub fn set_feed_token(conn: &mut Conn, id: VolunteerId, hash: &str) -> Result<(), StoreError> {
    diesel::update(volunteers::table.find(id)).set(volunteers::feed_token_hash.eq(hash)).execute(conn)?;
    Ok(())
}

/// Everybody who has applied at a campus and how they stand there, in a stable order.
///
/// # Errors
/// The database's.
pub fn list_of_campus(conn: &mut Conn, campus: CampusId) -> Result<Vec<(VolunteerRow, Standing)>, StoreError> {
    let rows = campus_volunteers::table
        .inner_join(volunteers::table)
        .filter(campus_volunteers::campus_id.eq(campus))
        .order(volunteers::id)
        .select((Columns::as_select(), campus_volunteers::state))
        .load::<(Columns, Standing)>(conn)?;
    rows.into_iter().map(|(columns, standing)| Ok((columns.read()?, standing))).collect()
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = volunteers, treat_none_as_null = true)]
struct Columns {
    id: VolunteerId,
    account_id: AccountId,
    display_name: String,
    headline: String,
    credentials: Json<Vec<String>>,
    skills: Json<Vec<SkillDocument>>,
    kinds: Json<Vec<String>>,
    languages: Json<Vec<String>>,
    home_lat: Option<f64>,
    home_lon: Option<f64>,
    travel_km: Option<i32>,
    virtual_ok: bool,
    time_zone: String,
    availability: Json<AvailabilityDocument>,
    max_per_week: i32,
    max_per_month: i32,
    revision: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&VolunteerRow> for Columns {
    fn from(row: &VolunteerRow) -> Self {
        let home = row.in_person.map(|in_person| in_person.home);
        Self {
            id: row.id(),
            account_id: row.account_id,
            display_name: row.display_name.clone(),
            headline: row.headline.clone(),
            credentials: Json(row.credentials.clone()),
            skills: Json(skills_in(&row.skills)),
            kinds: Json(row.kinds.iter().map(ToString::to_string).collect()),
            languages: Json(row.languages.clone()),
            home_lat: home.map(Position::lat),
            home_lon: home.map(Position::lon),
            travel_km: row.in_person.map(|in_person| i32::try_from(in_person.travel_km).unwrap_or(i32::MAX)),
            virtual_ok: row.virtual_ok,
            time_zone: row.zone().name().to_owned(),
            availability: Json(availability_in(&row.availability)),
            max_per_week: row.caps.per_week.into(),
            max_per_month: row.caps.per_month.into(),
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Columns {
    fn read(self) -> Result<VolunteerRow, StoreError> {
        let id = self.id;
        let home = position_out(id, self.home_lat, self.home_lon)?;
        let cap = |value: i32| u8::try_from(value).map_err(|_| corrupt(id, format!("{value} is no cap")));
        let kinds = self.kinds.0.iter().map(|kind| kind.parse().map_err(|unknown| corrupt(id, unknown)));
        let zone = zone_out(id, &self.time_zone)?;
        let profile = Profile {
            display_name: self.display_name,
            headline: self.headline,
            credentials: self.credentials.0,
            skills: skills_out(&self.skills.0).map_err(|invalid| corrupt(id, invalid))?,
            kinds: kinds.collect::<Result<_, StoreError>>()?,
            languages: self.languages.0,
            in_person: home
                .zip(self.travel_km)
                .map(|(home, km)| InPerson { home, travel_km: km.try_into().unwrap_or_default() }),
            virtual_ok: self.virtual_ok,
            availability: availability_out(zone, &self.availability.0).map_err(|invalid| corrupt(id, invalid))?,
            caps: Caps { per_week: cap(self.max_per_week)?, per_month: cap(self.max_per_month)? },
        };
        Ok(VolunteerRow {
            volunteer: Volunteer::new(id, profile).map_err(|invalid| corrupt(id, invalid))?,
            account_id: self.account_id,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
