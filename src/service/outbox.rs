//! The outbox: a letter is written when the thing happens, in the same transaction, and sent later.
//!
//! The row *is* the finished letter, Message-ID included, so a letter that is sent twice because nobody knows whether it
//! went the first time is the same letter. A lease keeps two workers from one letter; it ends by itself if its worker
//! dies, and only its owner may write down the outcome. At least once, never "exactly once".

use std::collections::HashMap;

use chrono::TimeDelta;
use futures_util::StreamExt as _;

use super::access::{self, Actor};
use super::app::{App, Tx};
use super::code::Code;
use super::error::ServiceError;
use crate::auth::link::LinkFor;
use crate::auth::secret::Secret;
use crate::domain::ids::{CampusId, LetterId};
use crate::domain::letter::{Letter, LetterKind, LetterState};
use crate::domain::notice::{Notice, PlaceChange, PlaceOfMany, PlaceStands, Recipient};
use crate::domain::people::access::Action;
use crate::domain::time::Instant;
use crate::mail::letters::{self as wording, Letterhead};
use crate::mail::transport::SendFault;
use crate::store::bounces;
use crate::store::db::{Location, StoreError};
use crate::store::letters::{self, Outcome};

pub use crate::store::letters::LetterRow;

/// How many letters are taken in hand at once.
const HANDFUL: i64 = 16;
/// How many letters are under way at once; the relay's own limit may be lower.
const AT_ONCE: usize = 8;
/// How long a worker may have a letter in hand before another takes it: longer than a handful takes over the usual four
/// connections when each send runs into its minute of patience.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How often a letter is tried before it is given up: with the back-off, for about three days.
const TRIES: i32 = 18;
/// The longest wait between two tries.
const LONGEST_WAIT: i64 = 6 * 3600;

/// Writes the letter that tells `to` about `notice`, in the transaction that makes it true. `campus` is whose outbox shows
/// it.
///
/// # Errors
/// The database's.
pub fn post(tx: &mut Tx<'_>, campus: Option<CampusId>, to: &Recipient, notice: &Notice) -> Result<(), ServiceError> {
    if let Some(aside) = &mut tx.aside
        && let Notice::PlaceConfirmed { .. } | Notice::PlaceCancelled { .. } = notice
    {
        aside.push(Aside { campus, to: to.clone(), notice: notice.clone() });
        return Ok(());
    }
    post_later(tx, campus, to, notice, tx.now)
}

/// Puts a letter into the outbox that does not go out before `not_before`.
///
/// # Errors
/// The database's.
pub fn post_later(
    tx: &mut Tx<'_>,
    campus: Option<CampusId>,
    to: &Recipient,
    notice: &Notice,
    not_before: Instant,
) -> Result<(), ServiceError> {
    let (app, id) = (tx.app, LetterId::mint());
    let invited = |uid: &str| {
        let (id, _) = uid.split_once('@')?;
        app.answers_to(LinkFor::Invite, id.parse().ok()?)
    };
    let head = Letterhead { site: &app.site, answers_to: &invited };
    let letter =
        wording::render(notice, to, head, id, tx.now).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    let letter = Letter { bounces_to: app.answers_to(LinkFor::Letter, id.uuid()), ..letter };
    letters::insert(tx.conn, campus, &letter, not_before)?;
    Ok(())
}

/// What is to be said to somebody about one of their places, put aside.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    campus: Option<CampusId>,
    to: Recipient,
    notice: Notice,
}

/// Does `work`, and then tells each student once about all that it did to places of theirs. `thread` names
/// what it was done to, and keeps the letters about that to one student in order.
///
/// # Errors
/// Those of `work`; the database's.
pub(super) fn together<T>(
    tx: &mut Tx<'_>,
    thread: &str,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let outer = tx.aside.replace(Vec::new());
    let done = work(tx);
    let aside = std::mem::replace(&mut tx.aside, outer).unwrap_or_default();
    let done = done?;
    let mut readers: Vec<Vec<Aside>> = Vec::new();
    let mut known = HashMap::new();
    for one in aside {
        let reader = (one.campus, one.to.person.email().clone(), one.to.person.name().to_owned());
        let number = *known.entry(reader).or_insert(readers.len());
        match readers.get_mut(number) {
            Some(all) => all.push(one),
            None => readers.push(vec![one]),
        }
    }
    for all in readers {
        let Some(first) = all.first() else { continue };
        let notice = if all.len() == 1 {
            first.notice.clone()
        } else {
            as_one(&all, format!("{thread}/{}", first.to.person.email()))
        };
        post(tx, first.campus, &first.to, &notice)?;
    }
    Ok(done)
}

/// All that is said to one student, as one notice: an invite for each where all are new, otherwise how each stands.
fn as_one(all: &[Aside], thread: String) -> Notice {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for one in all {
        let (place, mark, stands) = match &one.notice {
            Notice::PlaceConfirmed { place, mark, link, news, pass, .. } => {
                let (link, pass) = (link.clone(), pass.clone());
                if news.is_none() && mark.sequence == 0 {
                    let (link, pass) = (link.clone(), pass.clone());
                    new.push(PlaceOfMany { place: place.clone(), mark: mark.clone(), link, pass });
                }
                (place, mark, PlaceStands::Theirs { link, news: news.clone(), pass })
            }
            Notice::PlaceCancelled { place, mark, end } => (place, mark, PlaceStands::Gone { end: end.clone() }),
            _ => continue,
        };
        changed.push(PlaceChange { place: place.clone(), mark: mark.clone(), stands });
    }
    if new.len() == all.len() {
        new.sort_by_key(|one| one.place.when.window());
        return Notice::PlacesConfirmed { places: new, thread };
    }
    changed.sort_by_key(|one| one.place.when.window());
    Notice::PlacesChanged { places: changed, thread }
}

/// Sends what is due, until nothing is; answers how many letters went. A refused address stops nobody else.
///
/// # Errors
/// The database's. What the mail server says is written into the letter's row instead.
pub async fn deliver_due(app: &App) -> Result<usize, ServiceError> {
    let owner = Secret::mint().reveal().to_owned();
    let mut went = 0;
    loop {
        let name = owner.clone();
        let taken = app.write(move |tx| {
            let taken = letters::lease_due(tx.conn, &name, tx.now, tx.now.plus(LEASE), HANDFUL)?;
            let bounced = bounces::list(tx.conn, taken.iter().map(|(letter, _)| letter.to.email()))?;
            Ok((taken, bounced))
        });
        let (taken, bounced) = taken.await?;
        if taken.is_empty() {
            return Ok(went);
        }
        let outcomes: Vec<(LetterId, Outcome)> = futures_util::stream::iter(taken)
            .map(|(letter, tries)| {
                let bounced = bounced.get(letter.to.email().as_str());
                async move {
                    match bounced.filter(|_| letter.kind != LetterKind::SignInLink) {
                        Some((said, since)) => (letter.id, spared(said, *since)),
                        None => send(app, letter, tries).await,
                    }
                }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        went += outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Sent)).count();
        let name = owner.clone();
        app.write(move |tx| {
            for (id, outcome) in &outcomes {
                if !letters::finish(tx.conn, *id, &name, outcome, tx.now)? {
                    tracing::warn!(letter = %id, "the lease of a letter passed to another worker");
                }
            }
            Ok(())
        })
        .await?;
    }
}

/// Takes back the letters that this process had in hand when it was killed, without waiting for their leases to end.
/// Only where no other process can be sending: on the embedded database. Answers how many there were.
///
/// # Errors
/// The database's.
pub async fn take_over(app: &App) -> Result<usize, ServiceError> {
    match app.db.location() {
        Location::Sqlite(_) => app.write(|tx| Ok(letters::release_all(tx.conn, tx.now)?)).await,
        Location::Postgres(_) => Ok(0),
    }
}

/// A letter that is not sent because an earlier one came back. Whoever asks for a link to sign in gets it all the same, since
/// nobody else could help them.
fn spared(said: &str, since: Instant) -> Outcome {
    Outcome::Undeliverable(short(&format!(
        "not sent: a letter to this address came back at {since}: {said}; sent again by hand, it goes"
    )))
}

async fn send(app: &App, letter: Letter, tries: i32) -> (LetterId, Outcome) {
    let outcome = match app.transport.send(&letter).await {
        Ok(()) => Outcome::Sent,
        Err(SendFault::Permanent(reply)) => Outcome::Undeliverable(short(&reply)),
        Err(SendFault::Transient(why) | SendFault::Unknown(why)) if tries >= TRIES => {
            Outcome::Undeliverable(short(&format!("given up after {tries} tries: {why}")))
        }
        Err(SendFault::Transient(why) | SendFault::Unknown(why)) => {
            Outcome::Later(app.clock.now().plus(back_off(tries, letter.id)), short(&why))
        }
    };
    match &outcome {
        Outcome::Sent => tracing::debug!(letter = %letter.id, kind = letter.kind.as_str(), "a letter went"),
        Outcome::Later(at, _) => tracing::info!(letter = %letter.id, tries, again = %at, "a letter did not go yet"),
        Outcome::Undeliverable(_) => tracing::warn!(letter = %letter.id, tries, "a letter is undeliverable"),
    }
    (letter.id, outcome)
}

/// The wait after the given number of tries: half a minute, doubled each time, six hours at the most, spread by up to a
/// quarter so that letters that failed together do not come back together.
fn back_off(tries: i32, id: LetterId) -> TimeDelta {
    let doubled = 30_i64 << tries.saturating_sub(1).clamp(0, 12);
    let wait = doubled.min(LONGEST_WAIT);
    let spread = i64::from(id.uuid().as_bytes().last().copied().unwrap_or_default()) * wait / 4 / 255;
    TimeDelta::seconds(wait + spread)
}

/// What fits into the row.
fn short(said: &str) -> String {
    said.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(1000).collect()
}

/// The outbox of a campus.
///
/// # Errors
/// Those of [`access::require`].
pub fn list(
    tx: &mut Tx<'_>,
    actor: &Actor,
    campus: CampusId,
    state: Option<LetterState>,
    after: Option<LetterId>,
    most: i64,
) -> Result<Vec<LetterRow>, ServiceError> {
    access::require(tx, actor, campus, Action::ManageLetters)?;
    Ok(letters::list_of_campus(tx.conn, campus, state, after, most)?)
}

/// Sends a letter again that was given up.
///
/// # Errors
/// `wrong_state` unless it is undeliverable.
pub fn retry(tx: &mut Tx<'_>, actor: &Actor, id: LetterId) -> Result<LetterRow, ServiceError> {
    let letter = letters::find(tx.conn, id)?.ok_or(ServiceError::NotFound)?;
    let campus = letter.campus_id.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, campus, Action::ManageLetters)?;
    if !letters::requeue(tx.conn, id, tx.now)? {
        let state = letter.state.as_str();
        return Err(ServiceError::refused(
            Code::WrongState,
            format!("The letter is {state}; only one that is undeliverable is sent again."),
        )
        .with("state", state));
    }
    bounces::forgive(tx.conn, id)?;
    letters::find(tx.conn, id)?.ok_or(ServiceError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_to_six_hours_and_last_three_days() {
        let id = LetterId::from_uuid(uuid::Uuid::nil());
        let waits: Vec<i64> = (1..TRIES).map(|tries| back_off(tries, id).num_seconds()).collect();
        assert_eq!(waits.first(), Some(&30));
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&LONGEST_WAIT));
        let days = waits.iter().sum::<i64>() / 86_400;
        assert!((1..=4).contains(&days), "{days} days");
    }
}
