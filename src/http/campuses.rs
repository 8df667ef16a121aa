//! Campuses over HTTP: reading them and changing their settings.

use serde::{Deserialize, Serialize};

use super::body::{At, Body};
use super::ctx::{Answer, Ctx, Reply};
use super::route_table;
use super::wire::{PositionBody, PositionView, present};
use crate::domain::ids::CampusId;
use crate::domain::people::account::email_of;
use crate::domain::people::campus::{Campus, OfferHours, zone_of};
use crate::domain::refusal::Invalid;
use crate::service::campuses::{self, Changes};
use crate::service::error::ServiceError;

route_table! {
    "/v1/campuses" => { get list }
    "/v1/campuses/{campus_id}" => { get show, patch update }
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampusesQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What should change.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CampusPatchBody {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "present")]
    contact_email: Option<String>,
    #[serde(default, deserialize_with = "present")]
    position: Option<Option<PositionBody>>,
    #[serde(default, deserialize_with = "present")]
    offer_hours: Option<i64>,
}

impl CampusPatchBody {
    /// The changes, in the domain's words.
    fn read(self) -> Result<Changes, Vec<Invalid>> {
        let mut faults = Vec::new();
        let mut keep = |fault: Invalid| faults.push(fault);
        let zone = self.time_zone.map(|name| zone_of("time_zone", &name)).transpose().map_err(&mut keep);
        let contact = self.contact_email.map(|email| email_of("contact_email", &email)).transpose();
        let contact = contact.map_err(&mut keep);
        let position = self.position.map(|position| position.map(|body| body.read("position")).transpose());
        let position = position.transpose().map_err(&mut keep);
        let offer_hours = self.offer_hours.map(OfferHours::new).transpose().map_err(&mut keep);
        match (zone, contact, position, offer_hours) {
            (Ok(zone), Ok(contact), Ok(position), Ok(offer_hours)) => {
                Ok(Changes { name: self.name, zone, contact, position, offer_hours })
            }
            _ => Err(faults),
        }
    }
}

/// An institution.
#[derive(Debug, Clone, Serialize)]
struct CampusView {
    id: String,
    slug: String,
    name: String,
    time_zone: &'static str,
    contact_email: String,
    position: Option<PositionView>,
    offer_hours: u16,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<&Campus> for CampusView {
    fn from(campus: &Campus) -> Self {
        let settings = &campus.settings;
        Self {
            id: campus.id.to_string(),
            slug: campus.slug.clone(),
            name: settings.name.clone(),
            time_zone: settings.zone.name(),
            contact_email: settings.contact.to_string(),
            position: settings.position.map(PositionView::from),
            offer_hours: settings.offer_hours.get(),
            revision: campus.revision,
            created_at: campus.created.to_string(),
            updated_at: campus.updated.to_string(),
        }
    }
}

fn reply(campus: &Campus) -> Reply {
    Reply::ok(&CampusView::from(campus)).etag(campus.revision)
}

/// Lists the campuses.
async fn list(ctx: Ctx<CampusesQuery>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let reply = ctx.app.read(move |tx| {
        let campuses = campuses::list(tx, page.after(), page.fetch())?;
        let views: Vec<_> = campuses.iter().map(CampusView::from).collect();
        Ok(Reply::ok(&page.list(views, |view| view.id.clone())))
    });
    Ok(reply.await?.into_response(false))
}

/// Reads a campus.
async fn show(ctx: Ctx, At(id): At<CampusId>) -> Answer {
    let reply = ctx.app.read(move |tx| Ok(reply(&campuses::find(tx, id)?)));
    Ok(reply.await?.into_response(false))
}

/// Changes a campus.
async fn update(ctx: Ctx, At(id): At<CampusId>, Body { value, .. }: Body<CampusPatchBody>) -> Answer {
    let seen = ctx.seen();
    let changes = value.read().map_err(ServiceError::from)?;
    ctx.write(move |tx, actor| Ok(reply(&campuses::update(tx, actor, id, &seen, &changes)?))).await
}
