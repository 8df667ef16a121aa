//! Why a plan is as it is, and the plan as a picture.

use serde::{Deserialize, Serialize};

use super::body::{At, digest};
use super::candidates::{RefusalView, ScoreView};
use super::ctx::{Answer, Ctx, Reply};
use super::pages;
use super::problem::Problem;
use super::route_table;
use super::wire::skills::id;
use crate::domain::ids::{CampusRequestId, ProposalId, RoleId, VolunteerId};
use crate::domain::matching::eligibility::Period;
use crate::domain::matching::explanation::{Other, WhyNot};
use crate::domain::matching::reinforcement::{Asset, Reinforcement};
use crate::service::code::Code;
use crate::service::explanations::{self, Explained, Moved};

route_table! {
    "/v1/proposals/{proposal_id}/explanation" => { get explain }
    "/v1/proposals/{proposal_id}/reinforcements" => { get reinforcements }
    "/v1/proposals/{proposal_id}/picture" => { get picture }
    "/v1/campus-requests/{campus_request_id}/what-if" => { get what_if }
}

/// Which pair.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairQuery {
    role_id: String,
    volunteer_id: String,
}

#[derive(Debug, Serialize)]
struct ExplanationView {
    campus_request_id: String,
    role_id: String,
    volunteer_id: String,
    display_name: String,
    because: &'static str,
    detail: String,
    score: Option<ScoreView>,
    refusals: Vec<RefusalView>,
    others: Vec<OtherView>,
    margin: Option<i64>,
    seat_price: i64,
    costs_at_least: i64,
}

#[derive(Debug, Serialize)]
struct OtherView {
    campus_request_id: Option<String>,
    title: Option<String>,
    planned: bool,
}

impl From<Other> for OtherView {
    fn from(other: Other) -> Self {
        // What another campus is about is that campus's business.
        let id = other.title.is_some().then(|| other.need.to_string());
        Self { campus_request_id: id, title: other.title, planned: other.planned }
    }
}

impl ExplanationView {
    fn of(explained: Explained, role: RoleId, volunteer: VolunteerId) -> Self {
        let name = explained.display_name;
        let told = explained.told;
        let (because, detail) = in_words(&told.why, &name);
        let (mut refusals, mut others, mut margin) = (Vec::new(), Vec::new(), None);
        match told.why {
            WhyNot::Seated => {}
            WhyNot::Rules(failed) => refusals.extend(failed.into_iter().map(RefusalView::from)),
            WhyNot::Clash(other) => others.push(other.into()),
            WhyNot::Cap { used_by, .. } => others.extend(used_by.into_iter().map(OtherView::from)),
            WhyNot::Outbid(by) => margin = Some(by),
        }
        Self {
            campus_request_id: explained.need.to_string(),
            role_id: role.to_string(),
            volunteer_id: volunteer.to_string(),
            display_name: name,
            because,
            detail,
            score: told.score.map(ScoreView::from),
            refusals,
            others,
            margin,
            seat_price: told.seat_price,
            costs_at_least: told.costs_at_least,
        }
    }
}

/// A reason as a word and as a sentence.
fn in_words(why: &WhyNot, name: &str) -> (&'static str, String) {
    let titled = |other: &Other| {
        let title = other.title.as_ref().map(|title| format!("\u{201c}{title}\u{201d}"));
        title.unwrap_or_else(|| "an engagement elsewhere".to_owned())
    };
    match why {
        WhyNot::Seated => ("seated", format!("The plan gives {name} this seat.")),
        WhyNot::Rules(failed) => {
            let all: Vec<&str> = failed.iter().map(|one| one.detail.as_str()).collect();
            ("rules", all.join(" "))
        }
        WhyNot::Clash(other) => {
            let detail =
                format!("The plan has {name} in {}, and no time is left between, travel included.", titled(other));
            ("clash", detail)
        }
        WhyNot::Cap { period, used_by } => {
            let period = match period {
                Period::Week(monday) => format!("the week of {}", monday.format("%-d %B %Y")),
                Period::Month(first) => first.format("%B %Y").to_string(),
            };
            let by: Vec<String> = used_by.iter().map(titled).collect();
            let by = if by.is_empty() { String::new() } else { format!(": {}", by.join(", ")) };
            ("cap", format!("{name} has as much in {period} as they take{by}."))
        }
        WhyNot::Outbid(0) => ("outbid", format!("Others are as good for this seat as {name}; one of them has it.")),
        WhyNot::Outbid(by) => (
            "outbid",
            format!("Others bring more to this seat, or {name} brings more elsewhere, by {by} points in all."),
        ),
    }
}

#[derive(Debug, Serialize)]
struct ReinforcementsView {
    items: Vec<ReinforcementView>,
}

#[derive(Debug, Serialize)]
struct ReinforcementView {
    sort: &'static str,
    detail: String,
    open_seats: u32,
    at_most: i64,
}

impl From<Reinforcement> for ReinforcementView {
    fn from(one: Reinforcement) -> Self {
        let (sort, detail) = match one.asset {
            Asset::Skills(skills) if skills.is_empty() => ("skills", "no particular skill".to_owned()),
            Asset::Skills(skills) => ("skills", skills.join(", ")),
            Asset::Hours { day, from, until } => ("hours", format!("{}, {from}:00 to {until}:00", day_name(day))),
            Asset::FromAfar => ("place", "from afar".to_owned()),
            Asset::Place(Some(at)) => ("place", format!("in person at {:.4}, {:.4}", at.lat(), at.lon())),
            Asset::Place(None) => ("place", "in person".to_owned()),
            Asset::Kind(kind) => ("kind", kind.in_words()),
        };
        Self { sort, detail, open_seats: one.open_seats, at_most: one.at_most }
    }
}

const fn day_name(day: chrono::Weekday) -> &'static str {
    match day {
        chrono::Weekday::Mon => "Mondays",
        chrono::Weekday::Tue => "Tuesdays",
        chrono::Weekday::Wed => "Wednesdays",
        chrono::Weekday::Thu => "Thursdays",
        chrono::Weekday::Fri => "Fridays",
        chrono::Weekday::Sat => "Saturdays",
        chrono::Weekday::Sun => "Sundays",
    }
}

#[derive(Debug, Serialize)]
struct WhatIfView {
    campus_request_id: String,
    eligible: usize,
    changes: Vec<ChangeView>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    change: &'static str,
    gained: Vec<NameView>,
    lost: Vec<NameView>,
}

#[derive(Debug, Serialize)]
struct NameView {
    volunteer_id: String,
    display_name: String,
}

impl From<&Moved> for WhatIfView {
    fn from(moved: &Moved) -> Self {
        let known = moved.names();
        let named = |ids: Vec<VolunteerId>| {
            let name = |id: &VolunteerId| known.get(id).copied().unwrap_or_default().to_owned();
            ids.iter().map(|id| NameView { volunteer_id: id.to_string(), display_name: name(id) }).collect()
        };
        let changes = moved.changes().into_iter().map(|one| ChangeView {
            change: one.change.as_str(),
            gained: named(one.gained),
            lost: named(one.lost),
        });
        Self { campus_request_id: moved.id().to_string(), eligible: moved.eligible(), changes: changes.collect() }
    }
}

/// What takes long to reckon, beside the lanes and the server's threads.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|fault| {
        tracing::error!(error = %fault, "an explanation could not be given");
        Problem::new(Code::Internal, "Something went wrong on our side. Nothing was changed.")
    })
}

/// Why somebody does not have a seat.
async fn explain(ctx: Ctx<PairQuery>, At(proposal): At<ProposalId>) -> Answer {
    let wrong = |fault: crate::domain::refusal::Invalid| {
        Problem::new(Code::InvalidParameter, format!("{} cannot be read: {}.", fault.field, fault.detail))
    };
    let role: RoleId = id("role_id", &ctx.query.role_id).map_err(wrong)?;
    let volunteer: VolunteerId = id("volunteer_id", &ctx.query.volunteer_id).map_err(wrong)?;
    let ground = ctx.find(move |tx, actor| explanations::ground(tx, actor, proposal)).await?;
    let explained = beside(move || ground.explain(role, volunteer)).await?.ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&ExplanationView::of(explained, role, volunteer)).into_response(false))
}

/// Where one more volunteer would help most.
async fn reinforcements(ctx: Ctx, At(proposal): At<ProposalId>) -> Answer {
    let ground = ctx.find(move |tx, actor| explanations::ground(tx, actor, proposal)).await?;
    let items = beside(move || ground.reinforcements()).await?;
    let items = items.into_iter().map(ReinforcementView::from).collect();
    Ok(Reply::ok(&ReinforcementsView { items }).into_response(false))
}

/// Who might come if a need were moved.
async fn what_if(ctx: Ctx, At(need): At<CampusRequestId>) -> Answer {
    let moved = ctx.find(move |tx, actor| explanations::moved(tx, actor, need)).await?;
    let view = beside(move || WhatIfView::from(&moved)).await?;
    Ok(Reply::ok(&view).into_response(false))
}

/// A plan as a picture. It holds names, so nobody keeps it.
async fn picture(ctx: Ctx, At(proposal): At<ProposalId>) -> Answer {
    let pictured = ctx.find(move |tx, actor| explanations::pictured(tx, actor, proposal)).await?;
    let drawn = beside(move || pages::plan::picture(&pictured)).await?;
    let validator = format!("\"{}\"", digest(drawn.as_bytes()));
    Ok(Reply::media("image/svg+xml; charset=utf-8", drawn.into())
        .header("Content-Security-Policy", pages::picture_policy())
        .header("Cache-Control", "no-store")
        .header("ETag", validator)
        .into_response(false))
}
