//! Rotations as rows: what was asked, and the plan that was made of it.
//!
//! Once applied, the bookings say what stands; the plan stays as it was made. Absent on purpose: names, which are the
//! students' own rows'.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{Json, text_column};
use super::db::{Conn, StoreError};
use super::schema::rotations;
use crate::domain::ids::{CampusId, EventId, RotationId, SlotId, StudentId};
use crate::domain::scheduling::rotation::RotationState;
use crate::domain::time::Instant;

text_column!(RotationState);

/// Ids as the texts they are shown as.
mod as_text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| Error::custom(format!("{text:?} is no id")))
    }
}

/// Lists of ids as the texts they are shown as.
mod as_texts {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(ToString::to_string))
    }

    pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let read = |text: &String| text.parse().map_err(|_| Error::custom(format!("{text:?} is no id")));
        texts.iter().map(read).collect()
    }
}

/// Instants as seconds.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form in which serde calls it")]
mod as_seconds {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::time::Instant;

    pub fn serialize<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.unix())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        i64::deserialize(from).map(Instant::from_unix)
    }
}

/// One student at one table at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedInterview {
    /// Who.
    #[serde(with = "as_text")]
    pub student: StudentId,
    /// Where and when.
    #[serde(with = "as_text")]
    pub slot: SlotId,
    /// The label of the table.
    pub table: String,
    /// When it begins.
    #[serde(with = "as_seconds")]
    pub starts: Instant,
    /// When it is over.
    #[serde(with = "as_seconds")]
    pub ends: Instant,
    /// Whether it was booked before the plan was made.
    pub booked: bool,
}

/// How good a plan is, beside what no plan can exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the same names in domain::scheduling::rotation::Quality say it")]
pub struct Figures {
    pub students: usize,
    pub tables: usize,
    pub places: usize,
    pub meetings: usize,
    pub meetings_bound: usize,
    pub wanted: usize,
    pub minima: usize,
    pub minima_bound: usize,
    pub preference: i64,
    pub preference_bound: i64,
    pub satisfaction_mean: i64,
    pub satisfaction_tenth: i64,
    pub satisfaction_least: i64,
}

/// Something that falls short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortfallLine {
    /// `student`, `hours`, `tables` or `missed`.
    pub kind: String,
    /// How many student-places are missing.
    pub short_by: usize,
    /// Places that there are, or interviews that the student can have.
    pub offered: usize,
    /// What is wanted of them.
    pub wanted: usize,
    /// How many more interviewers would at least be needed.
    pub more_tables: Option<usize>,
    /// Who wants them.
    #[serde(with = "as_texts")]
    pub students: Vec<StudentId>,
    /// At which tables; empty where it is not about tables.
    pub tables: Vec<String>,
    /// When, in seconds; empty where it is not about hours.
    pub hours: Vec<(i64, i64)>,
    /// In a sentence.
    pub detail: String,
}

/// A student whom the plan leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutLine {
    /// Who.
    #[serde(with = "as_text")]
    pub student: StudentId,
    /// Why, for programs.
    pub reason: String,
    /// Why, in a sentence.
    pub detail: String,
}

/// Who meets whom and when, how good that is, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationDocument {
    /// Everybody it is for, those included who have no interview in it.
    #[serde(with = "as_texts")]
    pub students: Vec<StudentId>,
    /// All interviews, those booked before included, in order of student and time.
    pub interviews: Vec<PlannedInterview>,
    /// How good it is.
    pub figures: Figures,
    /// What falls short.
    pub shortfalls: Vec<ShortfallLine>,
    /// Who is left out.
    pub left_out: Vec<LeftOutLine>,
}

/// A rotation.
#[derive(Debug, Clone, PartialEq)]
pub struct RotationRow {
    /// Which rotation it is.
    pub id: RotationId,
    /// Whose.
    pub campus_id: CampusId,
    /// Of which event.
    pub event_id: EventId,
    /// Where it is in its life.
    pub state: RotationState,
    /// What was asked, as it came in.
    pub asked: Value,
    /// The plan.
    pub plan: RotationDocument,
    /// When its places were booked.
    pub applied_at: Option<Instant>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// Keeps a new rotation.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut Conn, row: &RotationRow) -> Result<(), StoreError> {
    diesel::insert_into(rotations::table)
        .values((
            rotations::id.eq(row.id),
            rotations::campus_id.eq(row.campus_id),
            rotations::event_id.eq(row.event_id),
            rotations::state.eq(row.state),
            rotations::asked.eq(Json(row.asked.clone())),
            rotations::plan.eq(Json(row.plan.clone())),
            rotations::applied_at.eq(row.applied_at),
            rotations::revision.eq(row.revision),
            rotations::created_at.eq(row.created_at),
            rotations::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

type Columns = (
    (RotationId, CampusId, EventId, RotationState),
    (Json<Value>, Json<RotationDocument>),
    (Option<Instant>, i64, Instant, Instant),
);

/// The event of a rotation.
///
/// # Errors
/// The database's.
pub fn event_of(conn: &mut Conn, id: RotationId) -> Result<Option<EventId>, StoreError> {
    Ok(rotations::table.find(id).select(rotations::event_id).get_result(conn).optional()?)
}

/// The rotation of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: RotationId) -> Result<Option<RotationRow>, StoreError> {
    let found: Option<Columns> = rotations::table
        .find(id)
        .select((
            (rotations::id, rotations::campus_id, rotations::event_id, rotations::state),
            (rotations::asked, rotations::plan),
            (rotations::applied_at, rotations::revision, rotations::created_at, rotations::updated_at),
        ))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|((id, campus_id, event_id, state), (Json(asked), Json(plan)), times)| {
        let (applied_at, revision, created_at, updated_at) = times;
        RotationRow { id, campus_id, event_id, state, asked, plan, applied_at, revision, created_at, updated_at }
    }))
}

/// Notes that the places of a draft are booked; answers whether this was the one who did it.
///
/// # Errors
/// The database's.
pub fn apply(conn: &mut Conn, id: RotationId, now: Instant) -> Result<bool, StoreError> {
    let draft = rotations::table.filter(rotations::id.eq(id)).filter(rotations::state.eq(RotationState::Draft));
    let applied = diesel::update(draft)
        .set((
            rotations::state.eq(RotationState::Applied),
            rotations::applied_at.eq(Some(now)),
            rotations::revision.eq(rotations::revision + 1),
            rotations::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(applied == 1)
}
