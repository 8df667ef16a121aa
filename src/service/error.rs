//! How a use case says no.

use serde_json::{Map, Value};

use super::code::Code;
use super::idempotency::Stored;
use crate::domain::refusal::{Invalid, WrongState};
use crate::store::db::Failure;

pub use crate::store::db::StoreError;

/// Why a use case did nothing.
#[derive(Debug)]
pub enum ServiceError {
    /// A rule stood in the way.
    Refused(Box<Refused>),
    /// There is nothing there, or nothing the actor may know of: the two are one answer.
    NotFound,
    /// Some fields hold what they cannot.
    Invalid(Vec<Invalid>),
    /// The request was answered before, under the same Idempotency-Key.
    Replay(Box<Stored>),
    /// Something went wrong below.
    Store(StoreError),
}

/// A refusal: which rule, the sentence with its values, and what a program may want to know beside it.
#[derive(Debug)]
pub struct Refused {
    /// The rule.
    pub code: Code,
    /// What stood in the way and with which value, for people.
    pub detail: String,
    /// Further members of the problem, such as `state` or `alternatives`.
    pub extra: Map<String, Value>,
    /// When to come back, in seconds.
    pub retry_after: Option<u32>,
    /// The revision that stands, where an older one was named.
    pub revision: Option<i64>,
}

impl ServiceError {
    /// A refusal by `code`, in a sentence.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refused {
            code,
            detail: detail.into(),
            extra: Map::new(),
            retry_after: None,
            revision: None,
        }))
    }

    /// The same refusal with one more member for programs.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.extra.insert(member.to_owned(), value.into());
        }
        self
    }

    /// The same refusal with the time after which to come back.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.retry_after = Some(seconds);
        }
        self
    }
}

impl From<StoreError> for ServiceError {
    fn from(fault: StoreError) -> Self {
        Self::Store(fault)
    }
}

impl From<diesel::result::Error> for ServiceError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(StoreError::Diesel(fault))
    }
}

impl From<Invalid> for ServiceError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

impl From<Vec<Invalid>> for ServiceError {
    fn from(invalid: Vec<Invalid>) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<WrongState> for ServiceError {
    fn from(wrong: WrongState) -> Self {
        Self::refused(Code::WrongState, format!("You {wrong}.")).with("state", wrong.from)
    }
}

impl Failure for ServiceError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            Self::Refused(_) | Self::NotFound | Self::Invalid(_) | Self::Replay(_) => None,
        }
    }
}

/// The revision of a shared object that a caller says to have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing was said.
    Nothing,
    /// Any revision will do: `If-Match: *`.
    Any,
    /// One of these.
    Revisions(Vec<i64>),
}

impl Seen {
    /// Whether what was seen is what stands.
    ///
    /// # Errors
    /// `precondition_required` when nothing was said, `stale` when another revision stands.
    pub fn agrees(&self, revision: i64) -> Result<(), ServiceError> {
        match self {
            Self::Any => Ok(()),
            Self::Revisions(seen) if seen.contains(&revision) => Ok(()),
            Self::Revisions(_) => {
                let mut stale = ServiceError::refused(
                    Code::Stale,
                    format!(
                        "Revision {revision} stands; If-Match names another. Read it again and send your change anew."
                    ),
                );
                if let ServiceError::Refused(refused) = &mut stale {
                    refused.revision = Some(revision);
                }
                Err(stale)
            }
            Self::Nothing => Err(ServiceError::refused(
                Code::PreconditionRequired,
                "If-Match is missing. Send the ETag of the revision you read.",
            )),
        }
    }
}
