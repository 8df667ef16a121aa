//! The page behind an offer's link: GET shows it and changes nothing, POST acts, a second click shows what is.
//!
//! The link's secret is all the right it takes; it stands in no log and in no answer.

use actix_web::HttpResponse;
use tokio::sync::MutexGuard;

use super::body::{At, Form};
use super::ctx::{Answer, Ctx};
use super::meta::html;
use super::pages::{self, Alternative, MessagePage, OfferPage, OfferStanding};
use super::problem::Problem;
use super::route_table;
use crate::auth::attempts::Attempt;
use crate::domain::matching::assignment::OfferState;
use crate::domain::refusal::prose;
use crate::service::answers;
use crate::service::app::App;
use crate::service::error::{Refused, ServiceError};
use crate::service::offers::Offered;

route_table! {
    "/o/{token}" => { get show, post answer }
}

/// Shows the offer, with its two buttons while it is open.
async fn show(ctx: Ctx, At(secret): At<String>) -> Answer {
    let found = ctx.app.read(move |tx| answers::behind(tx, &secret)).await;
    page_or_nothing(found.map(|offer| html(pages::offer(&page(&offer)), 200)))
}

/// Does what one of the two buttons says.
async fn answer(ctx: Ctx, At(secret): At<String>, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    let app = ctx.app;
    app.attempts.count(Attempt::Token, ctx.peer).map_err(ServiceError::from)?;
    let _turn = match turn(&app, &secret).await {
        Ok(turn) => turn,
        Err(fault) => return page_or_nothing(Err(fault)),
    };
    page_or_nothing(match read(&fields) {
        Ok(Said::Yes) => {
            let link = secret.clone();
            let done = app.write(move |tx| answers::accept_by_link(tx, &link).map(|accepted| accepted.offer)).await;
            outcome(&app, secret, done, OfferState::Accepted).await
        }
        Ok(Said::No(reason)) => {
            let link = secret.clone();
            let done = app.write(move |tx| answers::decline_by_link(tx, &link, reason.as_deref())).await;
            outcome(&app, secret, done, OfferState::Declined).await
        }
        Err(wrong) => {
            let typed = last(&fields, "reason").unwrap_or_default().to_owned();
            let found = app.read(move |tx| answers::behind(tx, &secret)).await;
            found.map(|offer| html(pages::offer(&OfferPage { wrong: Some(wrong), typed, ..page(&offer) }), 422))
        }
    })
}

/// The turn of those who answer offers of one need.
async fn turn<'app>(app: &'app App, secret: &str) -> Result<Option<MutexGuard<'app, ()>>, ServiceError> {
    if !app.takes_turns() {
        return Ok(None);
    }
    let secret = secret.to_owned();
    let offer = app.read(move |tx| answers::behind(tx, &secret)).await?;
    Ok(app.turn(offer.row.campus_request_id.uuid()).await)
}

enum Said {
    Yes,
    No(Option<String>),
}

/// Reads the form. The refusal is a sentence for the page.
fn read(fields: &[(String, String)]) -> Result<Said, String> {
    if let Some((name, _)) = fields.iter().find(|(name, _)| !matches!(name.as_str(), "answer" | "reason")) {
        let name: String = name.chars().take(60).collect();
        return Err(format!("The form has a field {name:?}, which is not ours."));
    }
    match last(fields, "answer") {
        Some("accept") => Ok(Said::Yes),
        Some("decline") => {
            let reason = prose("reason", last(fields, "reason").unwrap_or_default(), 0, 500);
            let reason = reason.map_err(|invalid| format!("The reason cannot be taken: {}.", invalid.detail))?;
            Ok(Said::No(Some(reason).filter(|reason| !reason.is_empty())))
        }
        Some(_) | None => Err("Please choose one of the two answers.".to_owned()),
    }
}

fn last<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// The page after an answer: what is, or why not.
async fn outcome(
    app: &App,
    secret: String,
    done: Result<Offered, ServiceError>,
    meant: OfferState,
) -> Result<HttpResponse, ServiceError> {
    let refused = match done {
        Ok(offer) => return Ok(html(pages::offer(&page(&offer)), 200)),
        Err(ServiceError::Refused(refused)) => refused,
        Err(fault) => return Err(fault),
    };
    let offer = app.read(move |tx| answers::behind(tx, &secret)).await?;
    if offer.row.state == meant {
        return Ok(html(pages::offer(&page(&offer)), 200));
    }
    let standing = refusal(app, &offer, *refused).await?;
    Ok(html(pages::offer(&OfferPage { standing, ..page(&offer) }), 409))
}

async fn refusal(app: &App, offer: &Offered, refused: Refused) -> Result<OfferStanding, ServiceError> {
    let id = offer.row.id;
    let others = if answers::calls_for_alternatives(refused.code) {
        app.read(move |tx| answers::alternatives(tx, id)).await?
    } else {
        Vec::new()
    };
    let alternatives = others.into_iter().map(|other| Alternative { title: other.title, starts: other.starts_at });
    Ok(OfferStanding::Refused {
        why: refused.detail,
        alternatives: alternatives.collect(),
        deadline: (offer.row.state == OfferState::Sent).then_some(offer.row.deadline),
    })
}

fn page(offer: &Offered) -> OfferPage {
    let standing = match offer.row.state {
        OfferState::Sent => OfferStanding::Open { deadline: offer.row.deadline },
        OfferState::Accepted => OfferStanding::Accepted { feed_link: None },
        OfferState::Declined => OfferStanding::Declined,
        OfferState::Expired => OfferStanding::Expired,
        OfferState::Withdrawn => OfferStanding::Withdrawn { reason: None },
        OfferState::Superseded => OfferStanding::Superseded,
    };
    OfferPage {
        engagement: offer.about.engagement(),
        name: offer.about.volunteer.display_name.clone(),
        reader: Some(offer.about.zone),
        reasons: offer.row.reasons.0.clone(),
        standing,
        wrong: None,
        typed: String::new(),
    }
}

/// A link that is none of ours gets a page too: a person followed it.
pub(super) fn page_or_nothing(answer: Result<HttpResponse, ServiceError>) -> Answer {
    match answer {
        Ok(answer) => Ok(answer),
        Err(ServiceError::NotFound) => Ok(html(
            pages::message(&MessagePage {
                title: "There is no such offer",
                paragraphs: &[
                    "This link leads nowhere. Please use the link in the letter as it stands, or ask the career office.",
                ],
                link: None,
            }),
            404,
        )),
        Err(fault) => Err(Problem::from(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_says_yes_or_no_and_nothing_else() {
        let check = |fields: &[(&str, &str)], expect: Result<Option<&str>, &str>| {
            let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let got = read(&fields).map(|said| match said {
                Said::Yes => Some("yes".to_owned()),
                Said::No(reason) => reason,
            });
            match expect {
                Ok(expect) => assert_eq!(got.as_ref().map(Option::as_deref), Ok(expect), "{fields:?}"),
                Err(part) => assert!(got.as_ref().is_err_and(|wrong| wrong.contains(part)), "{got:?}"),
            }
        };
        check(&[("answer", "accept")], Ok(Some("yes")));
        check(&[("answer", "decline")], Ok(None));
        check(&[("answer", "decline"), ("reason", "  ")], Ok(None));
        check(&[("answer", "decline"), ("reason", "Away.\r\nSorry.")], Ok(Some("Away.\nSorry.")));
        check(&[("answer", "maybe")], Err("choose"));
        check(&[], Err("choose"));
        check(&[("answer", "decline"), ("reason", "a\u{7}b")], Err("U+0007"));
        check(&[("answer", "accept"), ("force", "1")], Err("\"force\""));
        check(&[("answer", "decline"), ("reason", &"x".repeat(501))], Err("at most 500"));
    }
}
