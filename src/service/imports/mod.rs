//! Rosters that an office keeps elsewhere, taken in line by line: students, slots, and students into slots.
//!
//! A line is whole: it is done, or it is refused and named, and the others are done all the same. Lines are done in
//! groups, each a transaction of its own, so that nobody else waits for a long file. What a line asks for that is so
//! already changes nothing, raises no revision and writes no letter; that is why a file that broke off half-way is simply
//! sent again. Absent on purpose: files and encodings, which are the door's.

pub mod bookings;
pub mod slots;
pub mod students;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::access::{Actor, Caller};
use super::app::{App, Tx};
use super::error::ServiceError;
use crate::domain::refusal::Invalid;

/// A line of a roster, read as far as it can be read without knowing what is there.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// Its number in what was sent.
    pub number: u64,
    /// What it says, or the fields that cannot be.
    pub read: Result<T, Vec<Invalid>>,
}

/// What became of a line.
#[derive(Debug, Clone)]
pub struct Done {
    /// Its number.
    pub number: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a line ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It made what was not there.
    Created(Option<uuid::Uuid>),
    /// It changed what was there.
    Updated(uuid::Uuid),
    /// It is so already.
    Unchanged(uuid::Uuid),
    /// It cannot be done; nothing of it was.
    Refused(Why),
}

/// Why a line cannot be done.
#[derive(Debug, Clone)]
pub struct Why {
    /// The rule, for programs.
    pub code: &'static str,
    /// The sentence with its values.
    pub detail: String,
    /// The fields at fault, if it is about fields.
    pub fields: Vec<Invalid>,
}

impl From<Vec<Invalid>> for Why {
    fn from(fields: Vec<Invalid>) -> Self {
        let detail = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { code: "invalid_fields", detail: format!("{detail}."), fields }
    }
}

impl From<Invalid> for Why {
    fn from(field: Invalid) -> Self {
        vec![field].into()
    }
}

/// What one line comes to: a refusal of the line is no fault of the import.
type OfLine = Result<Outcome, ServiceError>;

/// Tells a refusal, which is the line's, from a fault, which ends the import.
fn settled(number: u64, of_line: OfLine) -> Result<Done, ServiceError> {
    let outcome = match of_line {
        Ok(outcome) => outcome,
        Err(ServiceError::Refused(refused)) => {
            Outcome::Refused(Why { code: refused.code.as_str(), detail: refused.detail, fields: Vec::new() })
        }
        Err(ServiceError::Invalid(fields)) => Outcome::Refused(fields.into()),
        Err(fault @ (ServiceError::NotFound | ServiceError::Replay(_) | ServiceError::Store(_))) => return Err(fault),
    };
    Ok(Done { number, outcome })
}

/// Refuses every line that names what an earlier one names; the first counts.
pub fn refuse_repeats<T, K: Eq + Hash>(lines: &mut [Line<T>], field: &str, key: impl Fn(&T) -> Option<(K, String)>) {
    let mut first: HashMap<K, u64> = HashMap::new();
    for line in lines {
        let Some((key, name)) = line.read.as_ref().ok().and_then(&key) else { continue };
        match first.get(&key) {
            Some(earlier) => {
                let detail = format!("{name} stands in line {earlier} already, and that line counts");
                line.read = Err(vec![Invalid::new(field, "twice", detail)]);
            }
            None => {
                first.insert(key, line.number);
            }
        }
    }
}

/// An import that ended before its last line.
#[derive(Debug)]
pub struct Broken {
    /// How many lines were looked at and, unless refused, done.
    pub done: usize,
    /// What went wrong then.
    pub fault: ServiceError,
}

/// Does `lines` in groups of `most`, each a transaction of its own, and answers what became of each. In a dry run it only
/// looks. `step` does one group; what it carries from group to group is for dry runs, in which one line cannot find in
/// the database what an earlier one would have done.
///
/// # Errors
/// [`Broken`] with how far it came.
pub async fn run<T, C, F>(
    app: &App,
    caller: &Caller,
    lines: Vec<Line<T>>,
    most: usize,
    dry_run: bool,
    step: F,
) -> Result<Vec<Done>, Broken>
where
    T: Send + Sync + 'static,
    C: Default + Clone + Send + 'static,
    F: Fn(&mut Tx<'_>, &Actor, &[Line<T>], &mut C, bool) -> Result<Vec<Done>, ServiceError> + Clone + Send + 'static,
{
    let lines = Arc::new(lines);
    let (mut report, mut carried) = (Vec::with_capacity(lines.len()), C::default());
    for from in (0..lines.len()).step_by(most.max(1)) {
        let (lines, caller, step, before) = (lines.clone(), caller.clone(), step.clone(), carried);
        let work = move |tx: &mut Tx<'_>| {
            let actor = caller.enter(tx)?;
            // The group may run again, and then knows what it knew.
            let mut carried = before.clone();
            let group = lines.get(from..lines.len().min(from + most)).unwrap_or_default();
            let done = step(tx, &actor, group, &mut carried, !dry_run)?;
            Ok((done, carried))
        };
        let done = if dry_run { app.read(work).await } else { app.write(work).await };
        let (done, after) = done.map_err(|fault| Broken { done: report.len(), fault })?;
        report.extend(done);
        carried = after;
    }
    Ok(report)
}
