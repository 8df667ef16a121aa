//! The page behind a student's link, or behind that of a volunteer who is asked again: GET shows the place or the offer of one and changes nothing, POST acts, a second
//! click shows what is.
//!
//! The link is all the right it takes; it stands in no log and in no answer.

use actix_web::HttpResponse;

use super::body::{At, Form};
use super::ctx::{Answer, Ctx};
use super::meta::html;
use super::offer_pages::page_or_nothing;
use super::pages::{self, PlacePage, PlaceStanding};
use super::route_table;
use crate::auth::attempts::Attempt;
use crate::auth::link::LinkFor;
use crate::domain::ids::{AssignmentId, BookingId, WaitlistEntryId};
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::notice::{Engagement, PlaceFacts};
use crate::domain::scheduling::booking::BookingState;
use crate::domain::scheduling::event::EventKind;
use crate::domain::scheduling::waitlist::EntryState;
use crate::service::app::App;
use crate::service::assignments::{self, Assigned};
use crate::service::bookings::{self, Booked};
use crate::service::error::ServiceError;
use crate::service::judging;
use crate::service::waitlist::{self, Waiting};

route_table! {
    "/p/{token}" => { get show, post answer }
}

/// What a link speaks for.
#[derive(Clone, Copy)]
enum Behind {
    Booking(BookingId),
    Entry(WaitlistEntryId),
    Assignment(AssignmentId),
}

fn open(app: &App, link: &str) -> Result<Behind, ServiceError> {
    match app.links.open(link) {
        Some((LinkFor::Booking, id)) => Ok(Behind::Booking(BookingId::from_uuid(id))),
        Some((LinkFor::Entry, id)) => Ok(Behind::Entry(WaitlistEntryId::from_uuid(id))),
        Some((LinkFor::Assignment, id)) => Ok(Behind::Assignment(AssignmentId::from_uuid(id))),
        Some(_) | None => Err(ServiceError::NotFound),
    }
}

/// Shows the place, with its button while there is something to press.
async fn show(ctx: Ctx, At(link): At<String>) -> Answer {
    page_or_nothing(match open(&ctx.app, &link) {
        Ok(behind) => page(&ctx.app, behind).await.map(|page| html(pages::place(&page), 200)),
        Err(fault) => Err(fault),
    })
}

/// Does what the button says.
async fn answer(ctx: Ctx, At(link): At<String>, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    let app = ctx.app;
    app.attempts.count(Attempt::Token, ctx.peer).map_err(ServiceError::from)?;
    page_or_nothing(match open(&app, &link) {
        Ok(behind) => act(&app, behind, &fields).await,
        Err(fault) => Err(fault),
    })
}

async fn act(app: &App, behind: Behind, fields: &[(String, String)]) -> Result<HttpResponse, ServiceError> {
    let said = match fields {
        [(name, said)] if name == "answer" => said.as_str(),
        _ => "",
    };
    let done = match (behind, said) {
        (Behind::Booking(id), "cancel") => app.write(move |tx| bookings::cancel_by_link(tx, id).map(drop)).await,
        (Behind::Entry(id), "accept") => app.write(move |tx| waitlist::accept_by_link(tx, id).map(drop)).await,
        (Behind::Entry(id), "decline") => app.write(move |tx| waitlist::decline_by_link(tx, id).map(drop)).await,
        (Behind::Assignment(id), "accept") => {
            app.write(move |tx| assignments::reconfirm_by_link(tx, id).map(drop)).await
        }
        (Behind::Assignment(id), "decline") => {
            let _turn = super::assignments::turn(app, id).await?;
            app.write(move |tx| assignments::release_by_link(tx, id).map(drop)).await
        }
        _ => {
            let wrong = Some("Please choose one of the answers.".to_owned());
            let page = PlacePage { wrong, ..page(app, behind).await? };
            return Ok(html(pages::place(&page), 422));
        }
    };
    match done {
        Ok(()) => Ok(html(pages::place(&page(app, behind).await?), 200)),
        Err(ServiceError::Refused(refused)) => {
            let now = page(app, behind).await?;
            // A second click on what is done already shows what is.
            let meant = match said {
                "accept" => matches!(now.standing, PlaceStanding::Taken | PlaceStanding::Coming),
                _ => {
                    matches!(now.standing, PlaceStanding::GivenBack | PlaceStanding::Declined | PlaceStanding::Released)
                }
            };
            if meant {
                return Ok(html(pages::place(&now), 200));
            }
            Ok(html(pages::place(&PlacePage { wrong: Some(refused.detail), ..now }), 409))
        }
        Err(fault) => Err(fault),
    }
}

async fn page(app: &App, behind: Behind) -> Result<PlacePage, ServiceError> {
    app.read(move |tx| match behind {
        Behind::Booking(id) => {
            let booked = bookings::behind(tx, id)?;
            let open = !bookings::has_begun(&booked, tx.now);
            let cancelling = open.then(|| judging::by_link(tx, &booked)).transpose()?;
            Ok(PlacePage { cancelling, ..of_booking(&booked, open, tx.app) })
        }
        Behind::Entry(id) => {
            let (waiting, booked) = waitlist::behind(tx, id)?;
            Ok(of_entry(&waiting, &booked))
        }
        Behind::Assignment(id) => Ok(of_assignment(&assignments::behind(tx, id)?)),
    })
    .await
}

fn of_booking(booked: &Booked, open: bool, app: &App) -> PlacePage {
    let standing = match booked.row.state {
        BookingState::Confirmed if open => PlaceStanding::Expected,
        BookingState::Held => PlaceStanding::Held,
        BookingState::Confirmed | BookingState::CheckedIn | BookingState::Attended => PlaceStanding::Begun,
        BookingState::NoShow | BookingState::Excused => PlaceStanding::Over,
        BookingState::Cancelled => PlaceStanding::GivenBack,
    };
    let expected = booked.row.state == BookingState::Confirmed;
    let pass = expected.then(|| bookings::pass(app, booked)).flatten();
    PlacePage {
        place: booked.facts(),
        name: booked.student.name.clone(),
        standing,
        cancelling: None,
        pass,
        wrong: None,
    }
}

fn of_assignment(assigned: &Assigned) -> PlacePage {
    let standing = match assigned.row.state {
        AssignmentState::ReconfirmPending => PlaceStanding::Asked,
        AssignmentState::Confirmed => PlaceStanding::Coming,
        AssignmentState::CheckedIn => PlaceStanding::Begun,
        AssignmentState::Released => PlaceStanding::Released,
        AssignmentState::Completed
        | AssignmentState::NoShow
        | AssignmentState::Removed
        | AssignmentState::Cancelled => PlaceStanding::Over,
    };
    let Engagement { campus, title, kind, role, when, mode, place, postponed, .. } = assigned.about.engagement();
    // An assignment that is asked about again has an event; of the other kinds nothing can be put to another time.
    let kind = EventKind::of_need(kind).unwrap_or(EventKind::BoardMeeting);
    let label = Some(role);
    let place = PlaceFacts { campus, title, kind, label, when, mode, place, presenter: None, postponed, party: 1 };
    PlacePage {
        place,
        name: assigned.about.volunteer.display_name.clone(),
        standing,
        cancelling: None,
        pass: None,
        wrong: None,
    }
}

fn of_entry(waiting: &Waiting, booked: &Booked) -> PlacePage {
    let standing = match (waiting.row.state, waiting.row.offer_deadline) {
        (EntryState::Offered, Some(deadline)) => PlaceStanding::Offered { deadline },
        (EntryState::Accepted, _) => PlaceStanding::Taken,
        (EntryState::Declined | EntryState::Left, _) => PlaceStanding::Declined,
        (EntryState::Expired | EntryState::Offered, _) => PlaceStanding::Expired,
        (EntryState::Waiting | EntryState::Closed, _) => PlaceStanding::Over,
    };
    PlacePage {
        place: booked.facts(),
        name: waiting.student.name.clone(),
        standing,
        cancelling: None,
        pass: None,
        wrong: None,
    }
}
