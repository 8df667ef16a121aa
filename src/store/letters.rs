//! The outbox: finished letters, and who is sending which of them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::schema::letters;
use crate::domain::ids::{CampusId, LetterId};
use crate::domain::letter::{CalendarMethod, CalendarPart, Email, Letter, LetterKind, LetterState, Person};
use crate::domain::time::Instant;

text_column!(LetterKind, LetterState);

/// The parts of a letter that no query asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    from: (String, String),
    reply_to: Option<(String, String)>,
    text: String,
    html: String,
    calendar: Option<(String, String)>,
    #[serde(default)]
    attached: Vec<(String, String)>,
    #[serde(default)]
    qr: Option<String>,
    #[serde(default)]
    bounces_to: Option<String>,
}

/// A letter as lists show it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = letters)]
pub struct LetterRow {
    /// Its id.
    pub id: LetterId,
    /// The campus it is about, if any.
    pub campus_id: Option<CampusId>,
    /// What it is about.
    pub kind: LetterKind,
    /// Who reads it.
    pub to_name: String,
    /// One line.
    pub subject: String,
    /// Where it is on its way.
    pub state: LetterState,
    /// How often it was tried.
    pub attempts: i32,
    /// What the mail server said last.
    pub last_error: Option<String>,
    /// Without the angle brackets.
    pub message_id: String,
    /// When it was written.
    pub created_at: Instant,
    /// When a mail server took it.
    pub sent_at: Option<Instant>,
}

/// Puts `letter` into the outbox.
///
/// # Errors
/// The database's.
pub fn insert(
    conn: &mut Conn,
    campus: Option<CampusId>,
    letter: &Letter,
    not_before: Instant,
) -> Result<(), StoreError> {
    let both = |person: &Person| (person.name().to_owned(), person.email().as_str().to_owned());
    let part = |part: &CalendarPart| (part.method.as_str().to_owned(), part.bytes.clone());
    let kept = Kept {
        from: both(&letter.from),
        reply_to: letter.reply_to.as_ref().map(both),
        text: letter.text.clone(),
        html: letter.html.clone(),
        calendar: letter.calendar.as_ref().map(part),
        attached: letter.attached.iter().map(part).collect(),
        qr: letter.qr.clone(),
        bounces_to: letter.bounces_to.as_ref().map(ToString::to_string),
    };
    diesel::insert_into(letters::table)
        .values((
            (
                letters::id.eq(letter.id),
                letters::campus_id.eq(campus),
                letters::kind.eq(letter.kind),
                letters::thread.eq(&letter.thread),
                letters::to_name.eq(letter.to.name()),
                letters::to_email.eq(letter.to.email().as_str()),
                letters::letter.eq(Json(kept)),
                letters::subject.eq(&letter.subject),
                letters::message_id.eq(&letter.message_id),
            ),
            (
                letters::state.eq(LetterState::Queued),
                letters::attempts.eq(0),
                letters::not_before.eq(not_before),
                letters::created_at.eq(letter.created),
                letters::updated_at.eq(letter.created),
                letters::revision.eq(1_i64),
            ),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes up to `most` letters that are due in hand for `owner` until `lease_until`, oldest first. Of a thread only the
/// oldest letter that has not gone yet is taken, so a confirmation goes before its cancel.
///
/// # Errors
/// The database's.
pub fn lease_due(
    conn: &mut Conn,
    owner: &str,
    now: Instant,
    lease_until: Instant,
    most: i64,
) -> Result<Vec<(Letter, i32)>, StoreError> {
    let earlier = diesel::alias!(letters as earlier);
    let waits = [LetterState::Queued, LetterState::Sending];
    let due: Vec<LetterId> = letters::table
        .filter(
            letters::state
                .eq(LetterState::Queued)
                .and(letters::not_before.le(now))
                .or(letters::state.eq(LetterState::Sending).and(letters::lease_until.lt(now))),
        )
        .filter(diesel::dsl::not(diesel::dsl::exists(
            earlier
                .filter(earlier.field(letters::thread).eq(letters::thread))
                .filter(earlier.field(letters::state).eq_any(waits))
                .filter(earlier.field(letters::id).lt(letters::id)),
        )))
        .order(letters::id)
        .limit(most)
        .select(letters::id)
        .load(conn)?;
    let mut taken = Vec::with_capacity(due.len());
    for id in due {
        let guarded = letters::table.filter(letters::id.eq(id)).filter(
            letters::state
                .eq(LetterState::Queued)
                .or(letters::state.eq(LetterState::Sending).and(letters::lease_until.lt(now))),
        );
        let mine = diesel::update(guarded)
            .set((
                letters::state.eq(LetterState::Sending),
                letters::lease_owner.eq(owner),
                letters::lease_until.eq(lease_until),
                letters::attempts.eq(letters::attempts + 1),
                letters::updated_at.eq(now),
            ))
            .execute(conn)?;
        if mine == 1 {
            taken.push(load(conn, id)?);
        }
    }
    Ok(taken)
}

type Whole = (LetterId, LetterKind, String, String, String, Json<Kept>, String, String, Instant, i32);

fn load(conn: &mut Conn, id: LetterId) -> Result<(Letter, i32), StoreError> {
    let (id, kind, thread, to_name, to_email, Json(kept), subject, message_id, created, attempts): Whole =
        letters::table
            .find(id)
            .select((
                letters::id,
                letters::kind,
                letters::thread,
                letters::to_name,
                letters::to_email,
                letters::letter,
                letters::subject,
                letters::message_id,
                letters::created_at,
                letters::attempts,
            ))
            .get_result(conn)?;
    let corrupt = |what: &str| StoreError::Corrupt(format!("letter {id}: {what}"));
    let person = |(name, email): &(String, String)| {
        Email::parse(email).map(|email| Person::new(name, email)).map_err(|_| corrupt("an address"))
    };
    let part = |(method, bytes): (String, String)| {
        let method = method.parse::<CalendarMethod>().map_err(|_| corrupt("a calendar method"))?;
        Ok::<_, StoreError>(CalendarPart { method, bytes })
    };
    let letter = Letter {
        id,
        kind,
        to: person(&(to_name, to_email))?,
        from: person(&kept.from)?,
        reply_to: kept.reply_to.as_ref().map(person).transpose()?,
        subject,
        text: kept.text,
        html: kept.html,
        calendar: kept.calendar.map(part).transpose()?,
        attached: kept.attached.into_iter().map(part).collect::<Result<_, _>>()?,
        qr: kept.qr,
        bounces_to: kept.bounces_to.map(|email| Email::parse(&email).map_err(|_| corrupt("an address"))).transpose()?,
        message_id,
        thread,
        created,
    };
    Ok((letter, attempts))
}

/// What became of a letter in hand.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A mail server took it.
    Sent,
    /// It is to be tried again at this time, for this reason.
    Later(Instant, String),
    /// It is given up, for this reason.
    Undeliverable(String),
}

/// Writes down what became of a letter that `owner` has in hand. Answers false when the lease has passed to another.
///
/// # Errors
/// The database's.
pub fn finish(conn: &mut Conn, id: LetterId, owner: &str, outcome: &Outcome, now: Instant) -> Result<bool, StoreError> {
    let (state, not_before, said, sent_at) = match outcome {
        Outcome::Sent => (LetterState::Sent, now, None, Some(now)),
        Outcome::Later(at, why) => (LetterState::Queued, *at, Some(why.clone()), None),
        Outcome::Undeliverable(why) => (LetterState::Undeliverable, now, Some(why.clone()), None),
    };
    let mine = letters::table.filter(letters::id.eq(id).and(letters::lease_owner.eq(owner)));
    let count = diesel::update(mine.filter(letters::state.eq(LetterState::Sending)))
        .set((
            letters::state.eq(state),
            letters::not_before.eq(not_before),
            letters::last_error.eq(said),
            letters::sent_at.eq(sent_at),
            letters::lease_owner.eq(None::<String>),
            letters::lease_until.eq(None::<Instant>),
            letters::updated_at.eq(now),
            letters::revision.eq(letters::revision + 1),
        ))
        .execute(conn)?;
    Ok(count == 1)
}

/// Ends all leases at once; answers how many there were.
///
/// # Errors
/// The database's.
pub fn release_all(conn: &mut Conn, now: Instant) -> Result<usize, StoreError> {
    let in_hand = letters::table.filter(letters::state.eq(LetterState::Sending));
    Ok(diesel::update(in_hand)
        .set((letters::state.eq(LetterState::Queued), letters::not_before.eq(now)))
        .execute(conn)?)
}

/// One letter as lists show it.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: LetterId) -> Result<Option<LetterRow>, StoreError> {
    Ok(letters::table.find(id).select(LetterRow::as_select()).get_result(conn).optional()?)
}

/// The letters of a campus, oldest first, after `after`.
///
/// # Errors
/// The database's.
pub fn list_of_campus(
    conn: &mut Conn,
    campus: CampusId,
    state: Option<LetterState>,
    after: Option<LetterId>,
    most: i64,
) -> Result<Vec<LetterRow>, StoreError> {
    let mut query = letters::table.filter(letters::campus_id.eq(campus)).into_boxed();
    if let Some(state) = state {
        query = query.filter(letters::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(letters::id.gt(after));
    }
    Ok(query.order(letters::id).limit(most).select(LetterRow::as_select()).load(conn)?)
}

/// Puts a letter that was given up back into the queue, its tries forgotten. Answers false when it is in another state.
///
/// # Errors
/// The database's.
pub fn requeue(conn: &mut Conn, id: LetterId, now: Instant) -> Result<bool, StoreError> {
    let given_up = letters::table.filter(letters::id.eq(id).and(letters::state.eq(LetterState::Undeliverable)));
    let count = diesel::update(given_up)
        .set((
            letters::state.eq(LetterState::Queued),
            letters::attempts.eq(0),
            letters::not_before.eq(now),
            letters::updated_at.eq(now),
            letters::revision.eq(letters::revision + 1),
        ))
        .execute(conn)?;
    Ok(count == 1)
}
