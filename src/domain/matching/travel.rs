//! How long it takes from one engagement to the next.
//!
//! The same site costs nothing, nor do two calls from the same chair; from a call to a place or back there is a fixed
//! pause; from place to place a fixed share (parking, finding the room) and the distance at a steady speed. Absent on
//! purpose: roads, timetables and the way from home.

use chrono::TimeDelta;

use super::campus_request::{CampusRequest, Mode};
use crate::domain::{people::place::Position, time::Window};

/// Where an engagement takes place, as far as the way there matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Venue {
    /// Wherever the volunteer sits.
    Virtual,
    /// At a point, where that is known.
    At(Option<Position>),
}

impl Venue {
    /// The venue of a need; one in person without a position takes place on its campus.
    #[must_use]
    pub fn of(need: &CampusRequest, campus: Option<Position>) -> Self {
        match need.mode {
            Mode::Virtual => Self::Virtual,
            Mode::InPerson => Self::At(need.position.or(campus)),
        }
    }
}

/// How the distance of two points is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distance {
    /// Along the globe.
    #[default]
    GreatCircle,
    /// As on a map around the two: 111 km to a degree, those of longitude shorter by the cosine of the latitude half-way.
    Flat,
}

impl Distance {
    /// In km.
    #[must_use]
    pub fn km(self, a: Position, b: Position) -> f64 {
        match self {
            Self::GreatCircle => a.km_to(b),
            Self::Flat => {
                let north = (a.lat() - b.lat()) * 111.0;
                let east = (a.lon() - b.lon()) * 111.0 * f64::midpoint(a.lat(), b.lat()).to_radians().cos();
                (north * north + east * east).sqrt()
            }
        }
    }
}

/// How travel time is reckoned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TravelRule {
    /// Two points nearer than this many km are one site.
    pub same_site_km: f64,
    /// Minutes from one site to another beside the distance; also where a position is not known.
    pub base_minutes: u16,
    /// The speed on the way.
    pub km_per_hour: f64,
    /// Minutes between a call and a place.
    pub change_minutes: u16,
    /// Nobody needs longer than this many minutes between two engagements.
    pub most_minutes: u16,
    /// How distances are reckoned.
    pub distance: Distance,
}

impl Default for TravelRule {
    fn default() -> Self {
        Self {
            same_site_km: 0.5,
            base_minutes: 15,
            km_per_hour: 40.0,
            change_minutes: 30,
            most_minutes: 24 * 60,
            distance: Distance::GreatCircle,
        }
    }
}

impl TravelRule {
    /// The time needed between the end of one and the start of the other; the same in both directions.
    #[must_use]
    pub fn gap(&self, a: Venue, b: Venue) -> TimeDelta {
        let minutes = match (a, b) {
            (Venue::Virtual, Venue::Virtual) => return TimeDelta::zero(),
            (Venue::Virtual, Venue::At(_)) | (Venue::At(_), Venue::Virtual) => f64::from(self.change_minutes),
            (Venue::At(Some(a)), Venue::At(Some(b))) => {
                let km = self.distance.km(a, b);
                if km < self.same_site_km {
                    return TimeDelta::zero();
                }
                f64::from(self.base_minutes) + km / self.km_per_hour.max(1.0) * 60.0
            }
            (Venue::At(_), Venue::At(_)) => f64::from(self.base_minutes),
        };
        TimeDelta::seconds(whole_seconds(minutes.min(f64::from(self.most_minutes))))
    }

    /// No gap is longer than this.
    #[must_use]
    pub fn longest(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.most_minutes))
    }

    /// Whether one person cannot do both.
    #[must_use]
    pub fn clash(&self, a: (Window, Venue), b: (Window, Venue)) -> bool {
        // Most pairs lie days apart: the distance is reckoned for the rest alone.
        a.0.clashes(b.0, self.longest()) && a.0.clashes(b.0, self.gap(a.1, b.1))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 65535 minutes, whose seconds fit many times over")]
fn whole_seconds(minutes: f64) -> i64 {
    (minutes * 60.0).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Instant;

    fn at(lat: f64, lon: f64) -> Venue {
        Venue::At(Some(Position::new(lat, lon).unwrap()))
    }

    #[test]
    fn gaps_follow_the_rule() {
        let rule = TravelRule::default();
        let check = |a: Venue, b: Venue, minutes: i64| {
            let (gap, back) = (rule.gap(a, b), rule.gap(b, a));
            assert_eq!(gap, back);
            assert!((gap - TimeDelta::minutes(minutes)).num_seconds().abs() <= 40, "{a:?} {b:?} {gap}");
        };
        check(Venue::Virtual, Venue::Virtual, 0);
        check(Venue::Virtual, at(40.0, -75.0), 30);
        check(at(40.0, -75.0), Venue::At(None), 15);
        check(at(40.0, -75.0), at(40.004, -75.0), 0);
        check(at(40.0, -75.0), at(40.2, -75.0), 15 + 33);
        check(at(40.0, -75.0), at(60.0, 75.0), 24 * 60);
    }

    #[test]
    fn back_to_back_at_one_site_is_no_clash_but_across_town_it_is() {
        let rule = TravelRule::default();
        let hours = |from: i64, until: i64| {
            Window::new(Instant::from_unix(from * 3600), Instant::from_unix(until * 3600)).unwrap()
        };
        let here = at(40.0, -75.0);
        assert!(!rule.clash((hours(1, 2), here), (hours(2, 3), here)));
        assert!(rule.clash((hours(1, 2), here), (hours(2, 3), at(40.1, -75.0))));
        assert!(!rule.clash((hours(1, 2), here), (hours(3, 4), at(40.1, -75.0))));
        assert!(rule.clash((hours(1, 2), here), (hours(1, 2), here)));
    }
}
