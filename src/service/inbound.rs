//! The inbound door: what calendar programs and mail servers answer to our letters.
//!
//! A letter comes by HTTP or lies in a maildir. Nothing in it is believed but the seal in the address it was written to,
//! which stands in no other letter than the one that it answers; with it, a calendar program's answer for the very entry and
//! the very person of that letter does what the link in the letter does. What is stale, forged, unknown or meant for people
//! changes nothing, and is answered all the same, so that nobody sends it again. Absent on purpose: MIME and iCalendar.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::app::{App, Tx};
use super::error::{ServiceError, StoreError};
use super::{assignments, bookings};
use crate::auth::link::LinkFor;
use crate::auth::secret;
use crate::calendar::reply;
use crate::domain::agenda::Answer;
use crate::domain::ids::{AssignmentId, BookingId, LetterId};
use crate::domain::letter::Email;
use crate::domain::matching::assignment::AssignmentState;
use crate::domain::reply::{Reply, Report};
use crate::domain::words::words;
use crate::mail::inbound::{self, Content, MOST_OCTETS, NotALetter};
use crate::store::bounces;

/// By what letters come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Door {
    /// The folder in which a mail server leaves them.
    pub maildir: Option<PathBuf>,
    /// The hash of the key under which they are posted.
    pub key_hash: Option<String>,
}

impl Door {
    /// Whether letters can come in at all.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.maildir.is_some() || self.key_hash.is_some()
    }

    /// Whether `key` opens it.
    #[must_use]
    pub fn takes(&self, key: &str) -> bool {
        self.key_hash.as_ref().is_some_and(|hash| *hash == secret::hash(key))
    }
}

words! {
    /// What came of a letter that came in.
    pub enum Outcome("outcome of a letter") {
        /// A seat or a place was given back.
        Declined = "declined",
        /// A volunteer comes in spite of a change.
        Reconfirmed = "reconfirmed",
        /// A letter did not arrive.
        Bounced = "bounced",
        /// Nothing is to be done: it is so already, or it was only perhaps.
        Unchanged = "unchanged",
        /// It answers an earlier version of the entry.
        Outdated = "outdated",
        /// What it asks for is not possible any more.
        Refused = "refused",
        /// It carries no seal of ours, or answers for something or somebody else.
        Unknown = "unknown",
        /// It is for people.
        Other = "other",
    }
}

/// What came of a letter, in a word and in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// In a word.
    pub outcome: Outcome,
    /// In a sentence.
    pub detail: String,
}

fn received(outcome: Outcome, detail: impl Into<String>) -> Received {
    Received { outcome, detail: detail.into() }
}

/// A letter, and what it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// As it is.
    Letter(Vec<u8>),
    /// In a field of a form.
    Form {
        /// The form's Content-Type, with its boundary.
        media: String,
        /// The form.
        octets: Vec<u8>,
    },
}

/// Takes a letter in.
///
/// # Errors
/// [`NotALetter`] inside, the database's outside.
pub async fn receive(app: &App, posted: Posted) -> Result<Result<Received, NotALetter>, ServiceError> {
    let read = tokio::task::spawn_blocking(move || {
        let octets = match posted {
            Posted::Letter(octets) => octets,
            Posted::Form { media, octets } => inbound::of_form(&media, &octets)?,
        };
        let letter = inbound::read(&octets)?;
        let answer = match &letter.content {
            Content::Calendar(calendar) => Some(reply::read(calendar)),
            Content::Report(_) | Content::Other => None,
        };
        Ok((letter, answer))
    });
    let read = read.await.map_err(|fault| StoreError::Corrupt(format!("a letter could not be read: {fault}")))?;
    let (letter, answer) = match read {
        Ok(read) => read,
        Err(fault) => return Ok(Err(fault)),
    };
    let sealed: Vec<(LinkFor, Uuid)> =
        letter.addressed.iter().filter_map(|sealed| app.links.open_address(sealed)).collect();
    let of = |what: LinkFor| sealed.iter().find(|(sealed, _)| *sealed == what).map(|(_, id)| *id);
    let done = match (letter.content, answer, of(LinkFor::Invite), of(LinkFor::Letter)) {
        (Content::Report(report), _, _, Some(id)) => reported(app, LetterId::from_uuid(id), report).await?,
        (Content::Calendar(_), Some(Ok(reply)), Some(id), _) => answered(app, id, reply).await?,
        (Content::Calendar(_), Some(Err(fault)), Some(_), _) => received(Outcome::Other, sentence(&fault.to_string())),
        (Content::Calendar(_) | Content::Report(_), ..) => {
            received(Outcome::Unknown, "It was written to no address under our seal.")
        }
        (Content::Other, ..) => received(Outcome::Other, "It is neither a calendar program's answer nor a report."),
    };
    tracing::info!(outcome = done.outcome.as_str(), "a letter came in");
    Ok(Ok(done))
}

/// A fault's words as a sentence.
#[must_use]
pub fn sentence(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

async fn reported(app: &App, id: LetterId, report: Report) -> Result<Received, ServiceError> {
    if !report.failed {
        return Ok(received(Outcome::Unchanged, "The mail server goes on trying."));
    }
    app.write(move |tx| {
        let said = if report.said.is_empty() { "no reason was given" } else { &report.said };
        if !bounces::came_back(tx.conn, id, &format!("came back: {said}"), tx.now)? {
            return Ok(received(Outcome::Unchanged, "The letter is not known as sent."));
        }
        if report.is_of_the_address() {
            bounces::mark(tx.conn, id, said, tx.now)?;
        }
        Ok(received(Outcome::Bounced, "The letter is marked as undeliverable."))
    })
    .await
}

async fn answered(app: &App, id: Uuid, reply: Reply) -> Result<Received, ServiceError> {
    if reply.uid != format!("{id}@{}", app.site.host) {
        return Ok(received(Outcome::Unknown, "It answers for another entry than the letter was about."));
    }
    let turn = if app.takes_turns() {
        app.read(move |tx| assignments::event_of(tx, AssignmentId::from_uuid(id))).await?
    } else {
        None
    };
    let _turn = match turn {
        Some(event) => app.turn(event.uuid()).await,
        None => None,
    };
    let done = app.write(move |tx| match of_assignment(tx, AssignmentId::from_uuid(id), &reply) {
        Err(ServiceError::NotFound) => of_booking(tx, BookingId::from_uuid(id), &reply),
        done => done,
    });
    match done.await {
        Ok(done) => Ok(done),
        Err(ServiceError::Refused(refused)) => Ok(received(Outcome::Refused, refused.detail)),
        Err(ServiceError::NotFound) => Ok(received(Outcome::Unknown, "There is nothing of this name any more.")),
        Err(fault) => Err(fault),
    }
}

/// What must hold of every answer before it does anything.
fn checked(reply: &Reply, invited: &Email, sequence: u32) -> Option<Received> {
    if reply.attendee != *invited {
        return Some(received(Outcome::Unknown, "It answers for somebody else than was invited."));
    }
    (reply.sequence < sequence).then(|| {
        let given = reply.sequence;
        received(Outcome::Outdated, format!("It answers version {given} of the entry, which is at {sequence}."))
    })
}

fn of_assignment(tx: &mut Tx<'_>, id: AssignmentId, reply: &Reply) -> Result<Received, ServiceError> {
    let assigned = assignments::behind(tx, id)?;
    let mark = assigned.row.mark(&tx.app.site.host);
    if let Some(stop) = checked(reply, assigned.about.recipient().person.email(), mark.sequence) {
        return Ok(stop);
    }
    match (reply.answer, assigned.row.state) {
        (Answer::Declined, AssignmentState::Confirmed | AssignmentState::ReconfirmPending) => {
            assignments::release_by_calendar(tx, id)?;
            Ok(received(Outcome::Declined, "The seat is given back."))
        }
        (Answer::Accepted, AssignmentState::ReconfirmPending) => {
            assignments::reconfirm_by_link(tx, id)?;
            Ok(received(Outcome::Reconfirmed, "The volunteer comes in spite of the change."))
        }
        (_, state) => Ok(received(Outcome::Unchanged, format!("The assignment stays {state}."))),
    }
}

fn of_booking(tx: &mut Tx<'_>, id: BookingId, reply: &Reply) -> Result<Received, ServiceError> {
    let booked = bookings::behind(tx, id)?;
    let mark = booked.row.mark(&tx.app.site.host);
    if let Some(stop) = checked(reply, &booked.student.email, mark.sequence) {
        return Ok(stop);
    }
    if reply.answer == Answer::Declined && booked.row.state.cancel().is_ok() {
        bookings::cancel_by_link(tx, id)?;
        return Ok(received(Outcome::Declined, "The place is given back."));
    }
    Ok(received(Outcome::Unchanged, format!("The booking stays {}.", booked.row.state)))
}

/// Takes in what lies in the maildir's `new`; answers how many letters. Those taken in move to `cur`, marked as seen, and
/// are kept; one that is no letter is marked as flagged, for somebody to look at.
///
/// # Errors
/// The folder's; the database's.
pub async fn collect(app: &App) -> Result<usize, ServiceError> {
    let Some(maildir) = app.inbound.maildir.clone() else { return Ok(0) };
    let found = in_background({
        let maildir = maildir.clone();
        move || list_new(&maildir)
    });
    let mut taken = 0;
    for file in found.await? {
        let octets = in_background({
            let file = file.clone();
            move || read_some(&file)
        });
        // Another node may have been faster.
        let Some(octets) = octets.await? else { continue };
        let flags = match receive(app, Posted::Letter(octets)).await? {
            Ok(_) => "S",
            Err(fault) => {
                tracing::warn!(error = %fault, "a file in the maildir is no letter");
                "FS"
            }
        };
        let maildir = maildir.clone();
        in_background(move || keep_seen(&maildir, &file, flags)).await?;
        taken += 1;
    }
    Ok(taken)
}

/// The most letters that are taken in at once.
const SOME: usize = 100;

fn list_new(maildir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(maildir.join("new"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    found.truncate(SOME);
    Ok(found)
}

/// One octet more than is read tells that it is too long.
fn read_some(file: &Path) -> io::Result<Option<Vec<u8>>> {
    use io::Read as _;
    let mut octets = Vec::new();
    match fs::File::open(file) {
        Ok(open) => open.take(MOST_OCTETS as u64 + 1).read_to_end(&mut octets).map(|_| Some(octets)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn keep_seen(maildir: &Path, file: &Path, flags: &str) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.split_once(":2,").map_or(&*name, |(name, _)| name);
    fs::create_dir_all(maildir.join("cur"))?;
    match fs::rename(file, maildir.join("cur").join(format!("{name}:2,{flags}"))) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ServiceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(fault)) => Err(StoreError::Corrupt(format!("the maildir: {fault}")).into()),
        Err(fault) => Err(StoreError::Corrupt(format!("the maildir: {fault}")).into()),
    }
}
