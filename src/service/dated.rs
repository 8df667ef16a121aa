//! Where something stands in a list that goes by time: by when, then by its id.

use std::str::FromStr;

use crate::domain::time::Instant;

/// A place in such a list, as a cursor holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated<I> {
    /// When.
    pub at: Instant,
    /// Which of those at that time.
    pub id: I,
}

impl<I> Dated<I> {
    /// The two, as the store asks for them.
    pub fn parts(self) -> (Instant, I) {
        (self.at, self.id)
    }
}

impl<I: std::fmt::Display> std::fmt::Display for Dated<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.at, self.id)
    }
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPlace;

impl<I: FromStr> FromStr for Dated<I> {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (at, id) = text.split_once('/').ok_or(NoPlace)?;
        Ok(Self { at: at.parse().map_err(|_| NoPlace)?, id: id.parse().map_err(|_| NoPlace)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EventId;

    #[test]
    fn a_place_in_a_list_is_read_as_it_is_written() {
        let place = Dated { at: Instant::from_unix(1_800_000_000), id: EventId::mint() };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "/", "2027-02-25T17:00:00Z", &format!("soon/{}", place.id), "2027-02-25T17:00:00Z/7"] {
            assert_eq!(wrong.parse::<Dated<EventId>>(), Err(NoPlace), "{wrong}");
        }
    }
}
