//! Whether chrono-tz's time-zone tables agree with the system's.
//!
//! The tables that Rostrum carries are as old as its release; the system's are kept up to date by its packages. Where the
//! two differ within the horizon of the feeds, a law has changed and people's clocks will show another time than their
//! calendars. Absent on purpose: which zones are in use (the store knows), and what to do about it: update Rostrum.

use std::fs;
use std::path::{Path, PathBuf};

use tz::TimeZone;

use super::vtimezone::{jumps_of, offset};
use crate::domain::time::{Instant, Zone};

/// Where systems keep their tables, unless `TZDIR` says otherwise.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// A zone whose clocks are not the same in both tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneDifference {
    /// Which zone.
    pub zone: Zone,
    /// In what way.
    pub how: Differs,
}

/// In what way the system's table of a zone is another than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// From an instant on the clocks are set differently, in seconds east of Greenwich.
    Offset {
        /// The first instant of the difference.
        at: Instant,
        /// What our table says.
        ours: i32,
        /// What the system's says.
        system: i32,
    },
    /// The system does not have the zone.
    Absent,
    /// The system's table of the zone cannot be read.
    Unreadable,
}

impl std::fmt::Display for ZoneDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { zone, how } = self;
        match how {
            Differs::Offset { at, ours, system } => {
                write!(
                    f,
                    "{zone}: from {at} on the clocks are at {} here and at {} there",
                    hours(*ours),
                    hours(*system)
                )
            }
            Differs::Absent => write!(f, "{zone}: the system does not know it"),
            Differs::Unreadable => write!(f, "{zone}: the system's table cannot be read"),
        }
    }
}

/// `UTC-04:00`.
fn hours(offset: i32) -> String {
    let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    let seconds = if size % 60 == 0 { String::new() } else { format!(":{:02}", size % 60) };
    format!("UTC{sign}{:02}:{:02}{seconds}", size / 3600, size / 60 % 60)
}

/// The system has no time-zone tables to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSystemTables;

impl std::fmt::Display for NoSystemTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the system has no time-zone tables (package tzdata), so ours could not be compared")
    }
}

impl std::error::Error for NoSystemTables {}

/// Those of `zones` whose clocks the system's tables set differently between two instants, in the order given.
///
/// # Errors
/// [`NoSystemTables`] where there is nothing to compare with.
pub fn differences(zones: &[Zone], from: Instant, until: Instant) -> Result<Vec<ZoneDifference>, NoSystemTables> {
    let folder = system_folder().ok_or(NoSystemTables)?;
    let differing =
        |zone: &Zone| difference(*zone, &folder, from, until).map(|how| ZoneDifference { zone: *zone, how });
    Ok(zones.iter().filter_map(differing).collect())
}

fn system_folder() -> Option<PathBuf> {
    let chosen = std::env::var_os("TZDIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folders = chosen.map_or_else(|| FOLDERS.iter().map(PathBuf::from).collect(), |chosen| vec![chosen]);
    // A folder without Greenwich holds no tables.
    folders.into_iter().find(|folder| folder.join("UTC").is_file() || folder.join("Etc/UTC").is_file())
}

fn difference(zone: Zone, folder: &Path, from: Instant, until: Instant) -> Option<Differs> {
    // Names come from chrono-tz's own list, so none leads out of the folder.
    let table = match fs::read(folder.join(zone.name())) {
        Ok(octets) => TimeZone::from_tz_data(&octets),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Some(Differs::Absent),
        Err(_) => return Some(Differs::Unreadable),
    };
    let Ok(table) = table else { return Some(Differs::Unreadable) };
    let ours = |at: i64| offset(zone, at);
    let system = |at: i64| system_offset(&table, at);
    let (first, last) = (from.unix(), until.unix());
    // Offsets are steps: if they agree at the start and wherever either of them jumps, they agree throughout.
    let mut instants: Vec<i64> = std::iter::once(first)
        .chain(jumps_of(ours, first, last).into_iter().map(|jump| jump.at))
        .chain(jumps_of(system, first, last).into_iter().map(|jump| jump.at))
        .collect();
    instants.sort_unstable();
    let at = instants.into_iter().find(|at| ours(*at) != system(*at))?;
    Some(Differs::Offset { at: Instant::from_unix(at), ours: ours(at), system: system(at) })
}

fn system_offset(table: &TimeZone, at: i64) -> i32 {
    let of = |kind: &tz::LocalTimeType| kind.ut_offset();
    let at_the_end = |_| {
        // A table without a rule for the future ends with its last jump: that is where the clocks stay.
        let last = table.as_ref().transitions().last();
        let kind = last.and_then(|last| table.as_ref().local_time_types().get(last.local_time_type_index()));
        kind.map_or(0, of)
    };
    table.find_local_time_type(at).map_or_else(at_the_end, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "2026-08-24T00:00:00Z";
    const UNTIL: &str = "2027-12-27T00:00:00Z";

    /// A `TZif` file of version 2 whose clocks follow `rule`, in POSIX's notation, from ever on.
    fn tzif(rule: &str) -> Vec<u8> {
        let part = |version: u8| {
            let mut octets = [b"TZif".as_slice(), &[version], &[0; 15]].concat();
            // One type of local time with four letters of name, and nothing else.
            for count in [0_u32, 0, 0, 0, 1, 4] {
                octets.extend(count.to_be_bytes());
            }
            octets.extend(0_i32.to_be_bytes());
            octets.extend([0, 0]);
            octets.extend(b"UTC\0");
            octets
        };
        [part(b'2'), part(b'2'), format!("\n{rule}\n").into_bytes()].concat()
    }

    fn compared(zone: &str, table: &[u8]) -> Option<Differs> {
        let zone: Zone = zone.parse().unwrap();
        let folder = std::env::temp_dir().join(format!("rostrum-zones-{}", uuid::Uuid::now_v7()));
        let file = folder.join(zone.name());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, table).unwrap();
        let difference = difference(zone, &folder, FROM.parse().unwrap(), UNTIL.parse().unwrap());
        fs::remove_dir_all(&folder).unwrap();
        difference
    }

    #[test]
    fn tables_that_agree_do_not_differ() {
        assert_eq!(compared("America/New_York", &tzif("EST5EDT,M3.2.0,M11.1.0")), None);
        assert_eq!(compared("Asia/Kolkata", &tzif("IST-5:30")), None);
    }

    #[test]
    fn a_difference_is_found_to_the_second() {
        let check = |rule: &str, at: &str, ours: i32, system: i32| {
            let expect = Differs::Offset { at: at.parse().unwrap(), ours, system };
            assert_eq!(compared("America/New_York", &tzif(rule)), Some(expect), "{rule}");
        };
        // Summer time for good; a week longer; an hour earlier in the night; another zone altogether.
        check("EDT4", "2026-11-01T06:00:00Z", -18_000, -14_400);
        check("EST5EDT,M3.2.0,M11.2.0", "2026-11-01T06:00:00Z", -18_000, -14_400);
        check("EST5EDT,M3.2.0,M11.1.0/1", "2026-11-01T05:00:00Z", -14_400, -18_000);
        check("EST5EDT,M3.3.0,M11.1.0", "2027-03-14T07:00:00Z", -14_400, -18_000);
        check("CST6CDT,M3.2.0,M11.1.0", FROM, -14_400, -18_000);
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        assert_eq!(compared("America/New_York", b"TZif"), Some(Differs::Unreadable));
        let nowhere = Path::new("/nonexistent");
        let utc = difference(Zone::UTC, nowhere, FROM.parse().unwrap(), UNTIL.parse().unwrap());
        assert_eq!(utc, Some(Differs::Absent));
    }

    #[test]
    fn a_difference_reads_as_a_sentence() {
        let how = Differs::Offset { at: FROM.parse().unwrap(), ours: -14_400, system: 20_700 };
        let said = ZoneDifference { zone: Zone::UTC, how }.to_string();
        assert_eq!(said, "UTC: from 2026-08-24T00:00:00Z on the clocks are at UTC-04:00 here and at UTC+05:45 there");
    }
}
