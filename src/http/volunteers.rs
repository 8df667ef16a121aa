//! Volunteers' profiles, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::skills::{AvailabilityBody, SkillBody, each, skills, word};
use super::wire::{PositionBody, PositionView, present, times};
use crate::auth::secret::Secret;
use crate::domain::ids::VolunteerId;
use crate::domain::people::availability::Availability;
use crate::domain::people::volunteer::{Caps, InPerson, Profile};
use crate::domain::refusal::Invalid;
use crate::service::volunteers::{self, VolunteerRow};

route_table! {
    "/v1/volunteers" => { post create }
    "/v1/volunteers/{volunteer_id}" => { get read, patch change }
    "/v1/volunteers/{volunteer_id}/feed-token" => { post rotate_feed }
}

/// A new profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolunteerBody {
    display_name: String,
    #[serde(default)]
    headline: String,
    #[serde(default)]
    credentials: Vec<String>,
    #[serde(default)]
    skills: Vec<SkillBody>,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default = "english")]
    languages: Vec<String>,
    in_person: Option<InPersonBody>,
    #[serde(default)]
    virtual_ok: bool,
    time_zone: String,
    #[serde(default)]
    availability: AvailabilityBody,
    #[serde(default)]
    caps: CapsBody,
}

/// From where, and how far, somebody travels.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct InPersonBody {
    home: PositionBody,
    travel_km: u32,
}

/// How much is too much, both ways.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CapsBody {
    per_week: u8,
    per_month: u8,
}

impl Default for CapsBody {
    fn default() -> Self {
        Self { per_week: 2, per_month: 6 }
    }
}

fn english() -> Vec<String> {
    vec!["en".to_owned()]
}

impl InPersonBody {
    fn read(self) -> Result<InPerson, Invalid> {
        let home = self.home.read("home").map_err(|fault| fault.within("in_person"))?;
        Ok(InPerson { home, travel_km: self.travel_km })
    }
}

impl VolunteerBody {
    fn read(&self) -> Result<Profile, Invalid> {
        let zone = times::zone("time_zone", &self.time_zone)?;
        Ok(Profile {
            display_name: self.display_name.clone(),
            headline: self.headline.clone(),
            credentials: self.credentials.clone(),
            skills: each("skills", &self.skills, SkillBody::read)?,
            kinds: each("kinds", &self.kinds, |kind| word("", kind))?,
            languages: self.languages.clone(),
            in_person: self.in_person.map(InPersonBody::read).transpose()?,
            virtual_ok: self.virtual_ok,
            availability: self.availability.read(zone).map_err(|fault| fault.within("availability"))?,
            caps: Caps { per_week: self.caps.per_week, per_month: self.caps.per_month },
        })
    }
}

/// What should change about a profile; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolunteerPatchBody {
    #[serde(default, deserialize_with = "present")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    headline: Option<String>,
    #[serde(default, deserialize_with = "present")]
    credentials: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    skills: Option<Vec<SkillBody>>,
    #[serde(default, deserialize_with = "present")]
    kinds: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    languages: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    in_person: Option<Option<InPersonBody>>,
    #[serde(default, deserialize_with = "present")]
    virtual_ok: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "present")]
    availability: Option<AvailabilityBody>,
    #[serde(default, deserialize_with = "present")]
    caps: Option<CapsBody>,
}

impl VolunteerPatchBody {
    /// The hours stay where they are on the wall when only the zone changes.
    fn apply(&self, former: Profile) -> Result<Profile, Invalid> {
        let zone = match &self.time_zone {
            Some(name) => times::zone("time_zone", name)?,
            None => former.availability.zone(),
        };
        let availability = match &self.availability {
            Some(body) => body.read(zone),
            None => Availability::new(
                zone,
                former.availability.weekly().to_vec(),
                former.availability.exceptions().to_vec(),
            ),
        };
        Ok(Profile {
            display_name: self.display_name.clone().unwrap_or(former.display_name),
            headline: self.headline.clone().unwrap_or(former.headline),
            credentials: self.credentials.clone().unwrap_or(former.credentials),
            skills: match &self.skills {
                Some(skills) => each("skills", skills, SkillBody::read)?,
                None => former.skills,
            },
            kinds: match &self.kinds {
                Some(kinds) => each("kinds", kinds, |kind| word("", kind))?,
                None => former.kinds,
            },
            languages: self.languages.clone().unwrap_or(former.languages),
            in_person: match self.in_person {
                Some(in_person) => in_person.map(InPersonBody::read).transpose()?,
                None => former.in_person,
            },
            virtual_ok: self.virtual_ok.unwrap_or(former.virtual_ok),
            availability: availability.map_err(|fault| fault.within("availability"))?,
            caps: self.caps.map_or(former.caps, |caps| Caps { per_week: caps.per_week, per_month: caps.per_month }),
        })
    }
}

/// A profile, out.
#[derive(Debug, Serialize)]
struct VolunteerView {
    id: String,
    display_name: String,
    headline: String,
    credentials: Vec<String>,
    skills: Vec<SkillBody>,
    kinds: Vec<&'static str>,
    languages: Vec<String>,
    in_person: Option<InPersonView>,
    virtual_ok: bool,
    time_zone: &'static str,
    availability: AvailabilityBody,
    caps: CapsBody,
    revision: i64,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct InPersonView {
    home: PositionView,
    travel_km: u32,
}

impl From<&VolunteerRow> for VolunteerView {
    fn from(row: &VolunteerRow) -> Self {
        Self {
            id: row.id().to_string(),
            display_name: row.display_name.clone(),
            headline: row.headline.clone(),
            credentials: row.credentials.clone(),
            skills: skills(&row.skills),
            kinds: row.kinds.iter().map(|kind| kind.as_str()).collect(),
            languages: row.languages.clone(),
            in_person: row.in_person.map(|at| InPersonView { home: at.home.into(), travel_km: at.travel_km }),
            virtual_ok: row.virtual_ok,
            time_zone: row.zone().name(),
            availability: AvailabilityBody::from(&row.availability),
            caps: CapsBody { per_week: row.caps.per_week, per_month: row.caps.per_month },
            revision: row.revision,
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
        }
    }
}

/// The address of a private calendar, out. It is a secret.
#[derive(Debug, Serialize)]
struct FeedAddressView {
    feed_url: String,
}

/// Makes the caller's profile.
async fn create(ctx: Ctx, Body { value, digest }: Body<VolunteerBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let row = volunteers::create(tx, actor, value.read()?)?;
        let location = format!("/v1/volunteers/{}", row.id());
        Ok(Reply::created(&VolunteerView::from(&row), location).etag(row.revision))
    })
    .await
}

/// Shows a profile.
async fn read(ctx: Ctx, At(id): At<VolunteerId>) -> Answer {
    ctx.read(move |tx, actor| {
        let row = volunteers::find(tx, actor, id)?;
        Ok(Reply::ok(&VolunteerView::from(&row)).etag(row.revision))
    })
    .await
}

/// Changes the caller's profile.
async fn change(ctx: Ctx, At(id): At<VolunteerId>, body: Body<VolunteerPatchBody>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        let apply = |former| body.value.apply(former).map_err(|fault| vec![fault]);
        let row = volunteers::change(tx, actor, id, &seen, apply)?;
        Ok(Reply::ok(&VolunteerView::from(&row)).etag(row.revision))
    })
    .await
}

/// Gives the caller's private feed a new address. Not kept under a key, for the answer is a secret.
async fn rotate_feed(ctx: Ctx, At(id): At<VolunteerId>, _: Body<Empty>) -> Answer {
    ctx.write(move |tx, actor| {
        let secret = Secret::mint();
        volunteers::rotate_feed(tx, actor, id, &secret.hash())?;
        let feed_url = format!("{}/feeds/volunteers/{}.ics", tx.app.site.base_url, secret.reveal());
        Ok(Reply::made(&FeedAddressView { feed_url }))
    })
    .await
}
