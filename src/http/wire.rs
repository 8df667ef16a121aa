//! What several nouns say in JSON in the same way: fields of a PATCH, roles, places.

pub mod rotation_asked;
pub mod rotations;
pub mod skills;
pub mod times;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::people::place::Position;
use crate::domain::refusal::Invalid;
use crate::service::error::ServiceError;

/// A field of a PATCH that is there: `#[serde(default, deserialize_with = "present")]` on an `Option<T>` tells a field
/// that was left out (`None`) from one that says something. With `T` an `Option` itself, null is something to say;
/// otherwise null is of the wrong type.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Both of two readings, or the faults of both together, so that a caller mends them all at once.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
pub fn both<A, B>(one: Result<A, Vec<Invalid>>, two: Result<B, Vec<Invalid>>) -> Result<(A, B), ServiceError> {
    match (one, two) {
        (Ok(one), Ok(two)) => Ok((one, two)),
        (one, two) => Err([one.err(), two.err()].into_iter().flatten().flatten().collect::<Vec<_>>().into()),
    }
}

/// Reads a word of a closed list.
///
/// # Errors
/// [`Invalid`] with `unknown_value`.
pub fn word<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Invalid> {
    let unknown =
        |_| Invalid::new(field, "unknown_value", format!("{} is none of the values it takes", times::shown(text)));
    text.parse().map_err(unknown)
}

/// Of a list that is not filtered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many items at the most.
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// A reason that a person will read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// The reason.
    pub reason: String,
}

/// A point on the globe, as it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionBody {
    lat: f64,
    lon: f64,
}

impl PositionBody {
    /// The point it names.
    ///
    /// # Errors
    /// [`Invalid`] for a latitude or longitude that is none, within `field`.
    pub fn read(self, field: &str) -> Result<Position, Invalid> {
        Position::new(self.lat, self.lon).map_err(|invalid| invalid.within(field))
    }
}

/// A point on the globe, as it goes out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PositionView {
    lat: f64,
    lon: f64,
}

impl From<Position> for PositionView {
    fn from(position: Position) -> Self {
        Self { lat: position.lat(), lon: position.lon() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "present")]
        name: Option<String>,
        #[serde(default, deserialize_with = "present")]
        place: Option<Option<String>>,
    }

    #[test]
    fn a_patch_tells_null_from_nothing() {
        let check = |text: &str, expect: Option<Patch>| {
            assert_eq!(serde_json::from_str::<Patch>(text).ok(), expect, "{text}");
        };
        check("{}", Some(Patch { name: None, place: None }));
        check(r#"{"name":"a","place":null}"#, Some(Patch { name: Some("a".into()), place: Some(None) }));
        check(r#"{"place":"b"}"#, Some(Patch { name: None, place: Some(Some("b".into())) }));
        check(r#"{"name":null}"#, None);
    }

    #[test]
    fn a_position_is_refused_within_its_field() {
        let invalid = PositionBody { lat: 91.0, lon: 0.0 }.read("position").unwrap_err();
        assert_eq!((invalid.field.as_str(), invalid.code), ("position/lat", "out_of_range"));
    }
}
