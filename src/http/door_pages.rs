//! The pages at the door. A phone that has opened the day's link holds a session of the door: it may see whose code it
//! reads, and check them in. Every other phone that reads a code is told to show it at the door, and nothing else.
//!
//! GET shows and changes nothing, POST acts, a second press shows what is. The session is a sealed cookie, kept nowhere: it
//! ends with the link it came of, is sent to the pages of this one door alone, and along with no other site's form.

use actix_web::HttpResponse;

use super::body::{At, Form, Pair};
use super::ctx::{Answer, Ctx};
use super::meta::html;
use super::pages::door::{CodePage, DeskPage, FreeSlot, code_page, desk_page};
use super::pages::{self, MessagePage};
use super::problem::Problem;
use super::route_table;
use crate::auth::attempts::Attempt;
use crate::auth::link::LinkFor;
use crate::domain::ids::EventId;
use crate::domain::scheduling::door::DoorCode;
use crate::domain::time::Instant;
use crate::service::app::App;
use crate::service::door::{self, Booked};
use crate::service::error::ServiceError;
use crate::service::walk_ins::{self, Into, Walker};

route_table! {
    "/door/{event_id}" => { get desk, post look_up }
    "/door/{event_id}/walk-ins" => { post let_in }
    "/door/{event_id}/{code}" => { get show, post answer }
}

/// The cookie of a phone of the door.
const COOKIE: &str = "rostrum_door";

/// The page of an event's door.
pub(super) fn address(event: EventId) -> String {
    format!("/door/{event}")
}

/// The cookie that makes a phone one of the door's until a time.
pub(super) fn session(app: &App, event: EventId, until: Instant) -> String {
    let sealed = app.links.seal_until(LinkFor::Door, event.uuid(), until);
    let seconds = until.unix() - app.clock.now().unix();
    let secure = if app.site.base_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={sealed}; Path={}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", address(event))
}

/// Whether the caller is a phone of this door.
fn is_of_door(ctx: &Ctx, event: EventId) -> bool {
    let opened = ctx.cookie(COOKIE).and_then(|link| ctx.app.links.open_until(LinkFor::Door, link, ctx.app.clock.now()));
    opened == Some(event.uuid())
}

/// What anybody else sees, whatever they ask for: it tells nothing of the event or of a code.
fn outside(status: u16) -> HttpResponse {
    let page = MessagePage {
        title: "Show this code at the door",
        paragraphs: &[
            "It is read by the people who let you in. You need not do anything here.",
            "Are you one of them? Then open the day's link that the career office gave you, and read the code again.",
        ],
        link: None,
    };
    html(pages::message(&page), status)
}

/// Where codes are typed, and whoever has none is let in.
async fn desk(ctx: Ctx, At(event): At<EventId>) -> Answer {
    if !is_of_door(&ctx, event) {
        return Ok(outside(200));
    }
    desk_with(&ctx.app, event, Typed::default(), 200).await
}

/// What was typed into the forms of the desk, and what was wrong with it.
#[derive(Debug, Default)]
struct Typed {
    code: String,
    walker: Walker,
    wrong: Option<String>,
}

async fn desk_with(app: &App, event: EventId, typed: Typed, status: u16) -> Answer {
    let found = app.read(move |tx| Ok((door::event(tx, event)?, walk_ins::free_now(tx, event)?))).await;
    nothing_or(found.map(|(event, free)| {
        let Typed { code, walker, wrong } = typed;
        let slots = free.iter().map(|(about, free)| FreeSlot {
            id: about.slot.id,
            label: about.slot.label.clone(),
            when: about.slot.when,
            free: *free,
        });
        let page = DeskPage {
            title: event.title.clone(),
            desk: address(event.id),
            code,
            name: walker.name.unwrap_or_default(),
            email: walker.email.unwrap_or_default(),
            external_ref: walker.external_ref.unwrap_or_default(),
            slots: slots.collect(),
            wrong,
        };
        html(desk_page(&page), status)
    }))
}

/// Lets somebody in who has no place.
async fn let_in(ctx: Ctx, At(event): At<EventId>, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    if !is_of_door(&ctx, event) {
        return Ok(outside(403));
    }
    ctx.app.attempts.count(Attempt::Code, ctx.peer).map_err(ServiceError::from)?;
    let app = ctx.app;
    let field = |name: &str| {
        let value = fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value.trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    let walker = Walker { external_ref: field("external_ref"), name: field("name"), email: field("email") };
    let into = match field("slot_id").map(|slot| slot.parse()) {
        None => Into::Next,
        Some(Ok(slot)) => Into::Slot(slot),
        Some(Err(_)) => return desk_with(&app, event, refused(walker, "There is no such slot.".to_owned()), 422).await,
    };
    let known = ["external_ref", "name", "email", "slot_id"];
    if fields.iter().any(|(name, _)| !known.contains(&name.as_str())) {
        return desk_with(&app, event, refused(walker, "The form has a field that is not ours.".to_owned()), 422).await;
    }
    let came = walker.clone();
    match app.write(move |tx| walk_ins::let_in_at_door(tx, event, &came, into)).await {
        Ok(booked) => Ok(html(code_page(&of(&booked, app.clock.now())), 200)),
        Err(ServiceError::Invalid(faults)) => {
            let said: Vec<String> = faults.iter().map(|fault| fault.detail.clone()).collect();
            desk_with(&app, event, refused(walker, format!("Please look again: {}.", said.join("; "))), 422).await
        }
        Err(ServiceError::Refused(no)) => desk_with(&app, event, refused(walker, no.detail), 409).await,
        Err(fault) => nothing_or(Err(fault)),
    }
}

fn refused(walker: Walker, wrong: String) -> Typed {
    Typed { walker, wrong: Some(wrong), ..Typed::default() }
}

/// Shows the page of the code that was typed.
async fn look_up(ctx: Ctx, At(event): At<EventId>, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    if !is_of_door(&ctx, event) {
        return Ok(outside(403));
    }
    ctx.app.attempts.count(Attempt::Code, ctx.peer).map_err(ServiceError::from)?;
    let typed = match fields.as_slice() {
        [(name, typed)] if name == "code" => typed.as_str(),
        _ => "",
    };
    let wrong = match typed.parse::<DoorCode>() {
        Ok(code) => match page(&ctx.app, event, code).await {
            Err(ServiceError::NotFound) => "Nobody here has this code. Please look again.".to_owned(),
            page => return nothing_or(page.map(|page| html(code_page(&page), 200))),
        },
        Err(wrong) => format!("Please look again: {wrong}."),
    };
    desk_with(&ctx.app, event, Typed { code: typed.to_owned(), wrong: Some(wrong), ..Typed::default() }, 422).await
}

/// Whose code it is, and the button that checks them in.
async fn show(ctx: Ctx, Pair(event, code): Pair<EventId, String>) -> Answer {
    if !is_of_door(&ctx, event) {
        return Ok(outside(200));
    }
    ctx.app.attempts.count(Attempt::Code, ctx.peer).map_err(ServiceError::from)?;
    nothing_or(match code.parse::<DoorCode>() {
        Ok(code) => page(&ctx.app, event, code).await.map(|page| html(code_page(&page), 200)),
        Err(_) => Err(ServiceError::NotFound),
    })
}

/// Does what the button says.
async fn answer(
    ctx: Ctx,
    Pair(event, code): Pair<EventId, String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    if !is_of_door(&ctx, event) {
        return Ok(outside(403));
    }
    ctx.app.attempts.count(Attempt::Code, ctx.peer).map_err(ServiceError::from)?;
    let Ok(code) = code.parse::<DoorCode>() else { return nothing_or(Err(ServiceError::NotFound)) };
    nothing_or(act(&ctx.app, event, code, &fields).await)
}

async fn act(
    app: &App,
    event: EventId,
    code: DoorCode,
    fields: &[(String, String)],
) -> Result<HttpResponse, ServiceError> {
    let shown = code.clone();
    let done = match fields {
        [(name, said)] if name == "answer" && said == "here" => {
            app.write(move |tx| door::check_in_at_door(tx, event, &code).map(drop)).await
        }
        _ => {
            let page = page(app, event, code).await?;
            return Ok(html(code_page(&CodePage { wrong: Some("Please press the button.".to_owned()), ..page }), 422));
        }
    };
    let page = page(app, event, shown).await?;
    match done {
        Ok(()) => Ok(html(code_page(&page), 200)),
        // A second press on what is done already shows what is.
        Err(ServiceError::Refused(_)) if page.is_here() => Ok(html(code_page(&page), 200)),
        Err(ServiceError::Refused(no)) => Ok(html(code_page(&CodePage { wrong: Some(no.detail), ..page }), 409)),
        Err(fault) => Err(fault),
    }
}

async fn page(app: &App, event: EventId, code: DoorCode) -> Result<CodePage, ServiceError> {
    app.read(move |tx| {
        let booked = door::by_code(tx, event, &code)?;
        Ok(of(&booked, tx.now))
    })
    .await
}

fn of(booked: &Booked, now: Instant) -> CodePage {
    let student = &booked.student;
    CodePage {
        place: booked.facts(),
        name: student.name.clone(),
        study: student.majors.iter().chain(&student.year).cloned().collect(),
        code: booked.row.code.clone(),
        standing: door::standing(booked, now),
        desk: address(booked.row.event_id),
        wrong: None,
    }
}

/// A code of nobody gets a page too: a person read it.
fn nothing_or(answer: Result<HttpResponse, ServiceError>) -> Answer {
    match answer {
        Ok(answer) => Ok(answer),
        Err(ServiceError::NotFound) => Ok(html(
            pages::message(&MessagePage {
                title: "Nobody here has this code",
                paragraphs: &[
                    "Please read it again. A code belongs to one event: look whether the letter is for this one.",
                    "Names stand on the day's sheet.",
                ],
                link: None,
            }),
            404,
        )),
        Err(fault) => Err(Problem::from(fault)),
    }
}
