//! Needs, in JSON.

use serde::{Deserialize, Serialize};

use super::body::{At, Body, Empty};
use super::ctx::{Answer, Ctx, Reply};
use super::page::filter;
use super::route_table;
use super::wire::skills::{SkillBody, each, skills, word};
use super::wire::times::{self, WhenView};
use super::wire::{PositionBody, PositionView, ReasonBody, present};
use crate::domain::ids::{CampusId, CampusRequestId, RoleId};
use crate::domain::matching::campus_request::{Brief, NeedRole};
use crate::domain::people::volunteer::Skill;
use crate::domain::refusal::Invalid;
use crate::service::campus_requests::{self, Need};

route_table! {
    "/v1/campuses/{campus_id}/campus-requests" => { get list, post create }
    "/v1/campus-requests/{campus_request_id}" => { get read, patch change }
    "/v1/campus-requests/{campus_request_id}/submit" => { post submit }
    "/v1/campus-requests/{campus_request_id}/approve" => { post approve }
    "/v1/campus-requests/{campus_request_id}/ask-back" => { post ask_back }
    "/v1/campus-requests/{campus_request_id}/decline" => { post decline }
    "/v1/campus-requests/{campus_request_id}/withdraw" => { post withdraw }
    "/v1/campus-requests/{campus_request_id}/cancel" => { post cancel }
    "/v1/campus-requests/{campus_request_id}/close" => { post close }
}

/// The filters of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    state: Option<String>,
    kind: Option<String>,
}

/// A role that is wanted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    name: String,
    min: u16,
    max: u16,
}

/// A new need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampusRequestBody {
    kind: String,
    #[serde(default, deserialize_with = "present")]
    timing: Option<String>,
    title: String,
    purpose: String,
    mode: String,
    place: Option<String>,
    position: Option<PositionBody>,
    starts_local: String,
    ends_local: String,
    time_zone: String,
    #[serde(default, deserialize_with = "present")]
    fold: Option<String>,
    roles: Vec<RoleBody>,
    #[serde(default)]
    required_skills: Vec<SkillBody>,
    #[serde(default)]
    preferred_skills: Vec<SkillBody>,
    #[serde(default, deserialize_with = "present")]
    language: Option<String>,
    #[serde(default, deserialize_with = "present")]
    decide_by: Option<String>,
    #[serde(default, deserialize_with = "present")]
    priority: Option<u8>,
}

fn read_roles(roles: &[RoleBody]) -> Result<Vec<NeedRole>, Invalid> {
    each("roles", roles, |role| NeedRole::new(RoleId::mint(), &role.name, role.min, role.max))
}

fn read_skills(field: &str, skills: &[SkillBody]) -> Result<Vec<Skill>, Invalid> {
    each(field, skills, SkillBody::read)
}

/// `fixed` is the one timing there is.
fn fixed(timing: Option<&str>) -> Result<(), Invalid> {
    match timing {
        None | Some("fixed") => Ok(()),
        Some(other) => {
            let detail = format!("{} is no timing; needs are \"fixed\"", times::shown(other));
            Err(Invalid::new("timing", "unknown_value", detail))
        }
    }
}

impl CampusRequestBody {
    fn read(&self) -> Result<Brief, Vec<Invalid>> {
        fixed(self.timing.as_deref()).map_err(|fault| vec![fault])?;
        let when = times::window(&self.starts_local, &self.ends_local, &self.time_zone, self.fold.as_deref())?;
        let rest = || -> Result<Brief, Invalid> {
            Ok(Brief {
                kind: word("kind", &self.kind)?,
                title: self.title.clone(),
                purpose: self.purpose.clone(),
                mode: word("mode", &self.mode)?,
                place: self.place.clone(),
                position: self.position.map(|position| position.read("position")).transpose()?,
                when,
                roles: read_roles(&self.roles)?,
                required_skills: read_skills("required_skills", &self.required_skills)?,
                preferred_skills: read_skills("preferred_skills", &self.preferred_skills)?,
                language: self.language.clone().unwrap_or_else(|| "en".to_owned()),
                decide_by: match &self.decide_by {
                    Some(text) => times::instant("decide_by", text)?,
                    None => when.window().start(),
                },
                priority: self.priority.unwrap_or(3),
            })
        };
        rest().map_err(|fault| vec![fault])
    }
}

/// What should change about a need; what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampusRequestPatchBody {
    #[serde(default, deserialize_with = "present")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "present")]
    timing: Option<String>,
    #[serde(default, deserialize_with = "present")]
    title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    purpose: Option<String>,
    #[serde(default, deserialize_with = "present")]
    mode: Option<String>,
    #[serde(default, deserialize_with = "present")]
    place: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    position: Option<Option<PositionBody>>,
    #[serde(default, deserialize_with = "present")]
    starts_local: Option<String>,
    #[serde(default, deserialize_with = "present")]
    ends_local: Option<String>,
    #[serde(default, deserialize_with = "present")]
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "present")]
    fold: Option<String>,
    #[serde(default, deserialize_with = "present")]
    roles: Option<Vec<RoleBody>>,
    #[serde(default, deserialize_with = "present")]
    required_skills: Option<Vec<SkillBody>>,
    #[serde(default, deserialize_with = "present")]
    preferred_skills: Option<Vec<SkillBody>>,
    #[serde(default, deserialize_with = "present")]
    language: Option<String>,
    #[serde(default, deserialize_with = "present")]
    decide_by: Option<String>,
    #[serde(default, deserialize_with = "present")]
    priority: Option<u8>,
}

impl CampusRequestPatchBody {
    fn apply(&self, former: Brief) -> Result<Brief, Vec<Invalid>> {
        let Self { starts_local, ends_local, time_zone, fold, .. } = self;
        let when = if [starts_local, ends_local, time_zone, fold].iter().all(|field| field.is_none()) {
            former.when
        } else {
            let starts = starts_local.clone().unwrap_or_else(|| times::said(former.when.starts()));
            let ends = ends_local.clone().unwrap_or_else(|| times::said(former.when.ends()));
            let zone = time_zone.as_deref().unwrap_or(former.when.zone().name());
            times::window(&starts, &ends, zone, fold.as_deref())?
        };
        let rest = || -> Result<Brief, Invalid> {
            fixed(self.timing.as_deref())?;
            // Who never said by when to decide meant the start, wherever it moves.
            let meant_start = former.decide_by == former.when.window().start();
            Ok(Brief {
                kind: self.kind.as_deref().map_or(Ok(former.kind), |kind| word("kind", kind))?,
                title: self.title.clone().unwrap_or(former.title),
                purpose: self.purpose.clone().unwrap_or(former.purpose),
                mode: self.mode.as_deref().map_or(Ok(former.mode), |mode| word("mode", mode))?,
                place: self.place.clone().unwrap_or(former.place),
                position: match self.position {
                    Some(position) => position.map(|position| position.read("position")).transpose()?,
                    None => former.position,
                },
                when,
                roles: self.roles.as_deref().map_or(Ok(former.roles), read_roles)?,
                required_skills: match &self.required_skills {
                    Some(skills) => read_skills("required_skills", skills)?,
                    None => former.required_skills,
                },
                preferred_skills: match &self.preferred_skills {
                    Some(skills) => read_skills("preferred_skills", skills)?,
                    None => former.preferred_skills,
                },
                language: self.language.clone().unwrap_or(former.language),
                decide_by: match &self.decide_by {
                    Some(text) => times::instant("decide_by", text)?,
                    None if meant_start => when.window().start(),
                    None => former.decide_by,
                },
                priority: self.priority.unwrap_or(former.priority),
            })
        };
        rest().map_err(|fault| vec![fault])
    }
}

/// How an approval is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    #[serde(default, deserialize_with = "present")]
    publish: Option<bool>,
}

/// What the office wants to know.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionBody {
    question: String,
}

/// A reason, or none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalReasonBody {
    #[serde(default, deserialize_with = "present")]
    reason: Option<String>,
}

/// A need, out.
#[derive(Debug, Serialize)]
struct CampusRequestView {
    id: String,
    campus_id: String,
    requested_by: RequesterView,
    kind: &'static str,
    state: &'static str,
    state_reason: Option<String>,
    timing: &'static str,
    title: String,
    purpose: String,
    mode: &'static str,
    place: Option<String>,
    position: Option<PositionView>,
    #[serde(flatten)]
    when: WhenView,
    roles: Vec<RoleView>,
    fill: &'static str,
    required_skills: Vec<SkillBody>,
    preferred_skills: Vec<SkillBody>,
    language: String,
    decide_by: String,
    priority: u8,
    event_id: Option<String>,
    revision: i64,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct RequesterView {
    account_id: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct RoleView {
    id: String,
    name: String,
    min: u16,
    max: u16,
    filled: u32,
    offered: u32,
}

impl From<&Need> for CampusRequestView {
    fn from(need: &Need) -> Self {
        let role = |role: &NeedRole| {
            let seats = need.seats_of(role);
            let (filled, offered) = (seats.filled, seats.offered);
            RoleView {
                id: role.id().to_string(),
                name: role.name().to_owned(),
                min: role.min(),
                max: role.max(),
                filled,
                offered,
            }
        };
        Self {
            id: need.id.to_string(),
            campus_id: need.campus_id.to_string(),
            requested_by: RequesterView { account_id: need.requested_by.to_string(), name: need.requester.clone() },
            kind: need.kind.as_str(),
            state: need.state.as_str(),
            state_reason: need.state_reason.clone(),
            timing: "fixed",
            title: need.title.clone(),
            purpose: need.purpose.clone(),
            mode: need.mode.as_str(),
            place: need.place.clone(),
            position: need.position.map(PositionView::from),
            when: need.when.into(),
            roles: need.roles.iter().map(role).collect(),
            fill: need.fill().as_str(),
            required_skills: skills(&need.required_skills),
            preferred_skills: skills(&need.preferred_skills),
            language: need.language.clone(),
            decide_by: need.decide_by.to_string(),
            priority: need.priority,
            event_id: need.event_id.map(|event| event.to_string()),
            revision: need.revision,
            created_at: need.created_at.to_string(),
            updated_at: need.updated_at.to_string(),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it ends a chain")]
fn ok(need: Need) -> Reply {
    Reply::ok(&CampusRequestView::from(&need)).etag(need.revision)
}

/// The needs of a campus.
async fn list(ctx: Ctx<ListQuery>, At(campus): At<CampusId>) -> Answer {
    let page = ctx.page(ctx.query.limit, ctx.query.cursor.as_deref())?;
    let filters = (filter("state", ctx.query.state.as_deref())?, filter("kind", ctx.query.kind.as_deref())?);
    ctx.read(move |tx, actor| {
        let needs = campus_requests::list(tx, actor, campus, filters, page.after(), page.fetch())?;
        let views = needs.iter().map(CampusRequestView::from).collect();
        Ok(Reply::ok(&page.list(views, |view: &CampusRequestView| view.id.clone())))
    })
    .await
}

/// Posts a need.
async fn create(ctx: Ctx, At(campus): At<CampusId>, Body { value, digest }: Body<CampusRequestBody>) -> Answer {
    ctx.act(digest, move |tx, actor| {
        let need = campus_requests::create(tx, actor, campus, value.read()?)?;
        let location = format!("/v1/campus-requests/{}", need.id);
        Ok(Reply::created(&CampusRequestView::from(&need), location).etag(need.revision))
    })
    .await
}

/// Shows a need.
async fn read(ctx: Ctx, At(id): At<CampusRequestId>) -> Answer {
    ctx.read(move |tx, actor| campus_requests::find(tx, actor, id).map(ok)).await
}

/// Changes a need.
async fn change(ctx: Ctx, At(id): At<CampusRequestId>, body: Body<CampusRequestPatchBody>) -> Answer {
    let seen = ctx.seen();
    ctx.write(move |tx, actor| {
        let apply = |former| body.value.apply(former);
        campus_requests::change(tx, actor, id, &seen, apply).map(ok)
    })
    .await
}

/// Puts a need before the office.
async fn submit(ctx: Ctx, At(id): At<CampusRequestId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::submit(tx, actor, id).map(ok)).await
}

/// The office says yes.
async fn approve(ctx: Ctx, At(id): At<CampusRequestId>, Body { value, digest }: Body<ApproveBody>) -> Answer {
    let publish = value.publish.unwrap_or(true);
    ctx.act(digest, move |tx, actor| campus_requests::approve(tx, actor, id, publish).map(ok)).await
}

/// The office has a question.
async fn ask_back(ctx: Ctx, At(id): At<CampusRequestId>, Body { value, digest }: Body<QuestionBody>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::ask_back(tx, actor, id, &value.question).map(ok)).await
}

/// The office says no.
async fn decline(ctx: Ctx, At(id): At<CampusRequestId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::decline(tx, actor, id, &value.reason).map(ok)).await
}

/// The one who asked takes it back.
async fn withdraw(ctx: Ctx, At(id): At<CampusRequestId>, Body { value, digest }: Body<OptionalReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::withdraw(tx, actor, id, value.reason.as_deref()).map(ok)).await
}

/// The office calls it off.
async fn cancel(ctx: Ctx, At(id): At<CampusRequestId>, Body { value, digest }: Body<ReasonBody>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::cancel(tx, actor, id, &value.reason).map(ok)).await
}

/// Nobody else is asked.
async fn close(ctx: Ctx, At(id): At<CampusRequestId>, Body { digest, .. }: Body<Empty>) -> Answer {
    ctx.act(digest, move |tx, actor| campus_requests::close(tx, actor, id).map(ok)).await
}
