//! Places on the globe and the distance between them.
//!
//! Distances are great circles on a sphere: at most 0.6 % from the ellipsoid, far below what "within 40 km" means to a
//! person. Absent on purpose: roads, traffic and addresses.

use crate::domain::refusal::Invalid;

/// The mean radius of the earth, in km.
const EARTH_KM: f64 = 6_371.008_8;

/// A point on the globe, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lat: f64,
    lon: f64,
}

impl Position {
    /// The point at this latitude (-90 to 90) and longitude (-180 to 180).
    ///
    /// # Errors
    /// [`Invalid`] with `out_of_range`, also for what is no number.
    pub fn new(lat: f64, lon: f64) -> Result<Self, Invalid> {
        let check = |field: &str, value: f64, limit: f64| {
            if value.is_finite() && value.abs() <= limit {
                return Ok(());
            }
            Err(Invalid::new(field, "out_of_range", format!("{value} is not between -{limit} and {limit}")))
        };
        check("lat", lat, 90.0)?;
        check("lon", lon, 180.0)?;
        Ok(Self { lat, lon })
    }

    /// Degrees north of the equator.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// The distance to `other` in km, by the haversine formula.
    #[must_use]
    pub fn km_to(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let (north, east) = ((b - a) / 2.0, (other.lon - self.lon).to_radians() / 2.0);
        let h = north.sin().powi(2) + a.cos() * b.cos() * east.sin().powi(2);
        2.0 * EARTH_KM * h.clamp(0.0, 1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_an_atlas() {
        let check = |a: (f64, f64), b: (f64, f64), km: f64| {
            let (a, b) = (Position::new(a.0, a.1).unwrap(), Position::new(b.0, b.1).unwrap());
            assert!((a.km_to(b) - km).abs() < km * 0.006 + 0.001, "{a:?} {b:?} {}", a.km_to(b));
            assert!((a.km_to(b) - b.km_to(a)).abs() < 1e-9);
        };
        check((39.9626, -76.7277), (39.9626, -76.7277), 0.0);
        check((40.7128, -74.0060), (39.9526, -75.1652), 129.6);
        check((0.0, 179.9), (0.0, -179.9), 22.24);
        check((90.0, 0.0), (-90.0, 0.0), 20015.0);
    }

    #[test]
    fn what_is_off_the_globe_is_refused() {
        for (lat, lon, field) in
            [(90.1, 0.0, "lat"), (0.0, -180.5, "lon"), (f64::NAN, 0.0, "lat"), (0.0, f64::INFINITY, "lon")]
        {
            let invalid = Position::new(lat, lon).unwrap_err();
            assert_eq!((invalid.field.as_str(), invalid.code), (field, "out_of_range"));
        }
    }
}
