//! QR pictures of addresses: as the path of an SVG for pages, as a small PNG for letters, whose readers show no SVG.
//!
//! Both are black on white whatever the colours around them, with the quiet zone that scanners ask for (ISO/IEC 18004: four
//! modules). Absent on purpose: logos and colours, which cost what the error correction is for.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// The modules of white around the code.
const QUIET: usize = 4;
/// The pixels of a module in a PNG: some 200 to 300 in all, which a screen shows as they are.
const SCALE: usize = 6;

/// A QR code: which of its modules are dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// The code of a text; `None` for one that is too long for any, some 2,300 octets.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { width: code.width(), dark })
    }

    /// How many modules wide the picture is, the white around it included.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// Whether a module of the picture is dark.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let (Some(x), Some(y)) = (x.checked_sub(QUIET), y.checked_sub(QUIET)) else { return false };
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// The dark modules as the path of an SVG whose view is as wide as [`Qr::size`]: one stroke for each run of them.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.size() {
            let mut x = 0;
            while x < self.size() {
                let run = (x..self.size()).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run.max(1);
            }
        }
        path
    }

    /// The picture as a PNG with one bit a pixel.
    ///
    /// # Errors
    /// The encoder's.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let side = self.size() * SCALE;
        let edge = u32::try_from(side).unwrap_or_default();
        let mut octets = Vec::new();
        let mut encoder = png::Encoder::new(&mut octets, edge, edge);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut rows = Vec::with_capacity(side.div_ceil(8) * side);
        for y in 0..side {
            for first in (0..side).step_by(8) {
                let light = |bit: &usize| !self.is_dark((first + bit) / SCALE, y / SCALE);
                rows.push((0..8_usize).filter(light).fold(0_u8, |octet, bit| octet | 0x80 >> bit));
            }
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://rostrum.example.edu/door/01a19a60-7c10-7a31-9b52-5d1f0c8e4a01/BCDFGH";

    /// The modules of a picture, read back from its strokes.
    fn drawn(qr: &Qr) -> Vec<bool> {
        let size = qr.size();
        let mut modules = vec![false; size * size];
        for stroke in qr.path().split('M').skip(1) {
            let (place, run) = stroke.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = run.split_once('v').unwrap().0.parse().unwrap();
            modules[y * size + x..y * size + x + run].fill(true);
        }
        modules
    }

    #[test]
    fn both_pictures_show_the_same_code() {
        let qr = Qr::of(ADDRESS).unwrap();
        let modules = drawn(&qr);
        let bytes = qr.png().unwrap();
        assert!(bytes.len() < 2_000, "{} octets", bytes.len());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        let (side, line) = (frame.width as usize, frame.line_size);
        assert_eq!(side, qr.size() * SCALE);
        for y in 0..side {
            for x in 0..side {
                let light = pixels[y * line + x / 8] & (0x80 >> (x % 8)) != 0;
                let dark = modules[y / SCALE * qr.size() + x / SCALE];
                assert_ne!(light, dark, "at {x} {y}");
            }
        }
    }

    #[test]
    fn the_code_has_its_three_eyes_and_white_around() {
        let qr = Qr::of(ADDRESS).unwrap();
        let (size, modules) = (qr.size(), drawn(&qr));
        let at = |x: usize, y: usize| modules[y * size + x];
        for edge in 0..size {
            for near in (0..QUIET).chain(size - QUIET..size) {
                assert!(!at(edge, near) && !at(near, edge), "the quiet zone at {edge} {near}");
            }
        }
        for (left, top) in [(4, 4), (size - 11, 4), (4, size - 11)] {
            for step in 0..7 {
                assert!(at(left + step, top) && at(left, top + step), "an eye at {left} {top}");
            }
            assert!(!at(left + 1, top + 1) && at(left + 3, top + 3));
        }
        assert_eq!(Qr::of(&"x".repeat(3_000)), None);
    }
}
