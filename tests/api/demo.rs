//! The demo, run as a person runs it; then its letters and its database are read by others than itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;
use rostrum::store::db::{self, Location};
use rostrum::store::schema::{assignments, letters, offers};
use serde_json::Value;

#[test]
fn its_story_is_true() {
    let folder = Folder::new();
    let told = demo(&folder.0);
    let said = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{said}\n{}", String::from_utf8_lossy(&told.stderr));
    reads_well(&said);

    let delivered = read_letters(&folder.0.join("mail"));
    let text = |letter: &Value, name: &str| letter[name].as_str().unwrap().to_owned();
    let ids: BTreeSet<String> = delivered.iter().map(|letter| text(letter, "message_id")).collect();
    assert_eq!(ids.len(), delivered.len(), "each letter has a Message-ID of its own");
    let asked: BTreeSet<String> = delivered
        .iter()
        .filter(|letter| text(letter, "text").contains("/o/"))
        .map(|letter| text(letter, "to"))
        .collect();
    let confirmed: Vec<&Value> = delivered.iter().filter(|letter| !letter["invites"][0].is_null()).collect();
    let coming: BTreeSet<String> = confirmed.iter().map(|letter| text(letter, "to")).collect();
    assert_eq!((asked.len(), confirmed.len(), coming.len()), (14, 10, 10));
    assert!(coming.is_subset(&asked), "nobody comes who was not asked");
    let entries: BTreeSet<String> = confirmed.iter().map(|letter| invited(letter)).collect();
    assert_eq!(entries.len(), 10, "each has a calendar entry of its own");
    for letter in &delivered {
        assert_eq!(letter["faults"], serde_json::json!([]), "{letter}");
        let name = said.lines().find(|line| line.contains("yes ") && line.contains(&name_of(&text(letter, "to"))));
        assert_eq!(name.is_some(), coming.contains(&text(letter, "to")), "{}", letter["to"]);
    }

    let mut conn = db::connect(&Location::Sqlite(folder.0.join("rostrum.db"))).unwrap();
    let mut count = |states: &str| -> i64 {
        match states.split_once(' ').unwrap() {
            ("offers", state) => offers::table.filter(offers::state.eq(state)).count().get_result(&mut conn),
            ("seats", state) => assignments::table.filter(assignments::state.eq(state)).count().get_result(&mut conn),
            (_, state) => letters::table.filter(letters::state.eq(state)).count().get_result(&mut conn),
        }
        .unwrap()
    };
    assert_eq!((count("offers accepted"), count("offers declined"), count("offers sent")), (10, 4, 0));
    assert_eq!(count("seats confirmed"), 10);
    assert_eq!(usize::try_from(count("letters sent")).unwrap(), delivered.len());
    assert_eq!(count("letters queued") + count("letters sending") + count("letters undeliverable"), 0);
    drop(conn);

    let again = demo(&folder.0);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("holds a database already"), "{said}");
}

/// What the letter puts into a calendar, looked at closely; its UID.
fn invited(letter: &Value) -> String {
    assert_eq!(letter["methods"], serde_json::json!(["REQUEST"]), "{letter}");
    assert_eq!(letter["invites"], letter["files"], "what is shown is what can be saved");
    let calendar = letter["invites"][0].as_str().unwrap().replace("\r\n ", "");
    let event = calendar.split("BEGIN:VEVENT").nth(1).unwrap();
    let value = |name: &str| {
        let mut lines = event.lines().filter(|line| line.split([':', ';']).next() == Some(name));
        lines.next().unwrap_or_else(|| panic!("no {name} in {event}")).to_owned()
    };
    let (starts, ends) = (value("DTSTART"), value("DTEND"));
    let day = starts.strip_prefix("DTSTART;TZID=America/New_York:").unwrap();
    let (day, time) = day.split_once('T').unwrap();
    assert_eq!((time, ends.rsplit('T').next()), ("120000", Some("140000")));
    let day = NaiveDate::parse_from_str(day, "%Y%m%d").unwrap();
    let week_later = day + Days::new(7);
    assert_eq!((day.weekday(), day.month(), week_later.month()), (Weekday::Thu, 2, 3), "the last Thursday of February");
    assert_eq!((value("STATUS").as_str(), value("SEQUENCE").as_str()), ("STATUS:CONFIRMED", "SEQUENCE:0"));
    assert_eq!(event.matches("\nATTENDEE").count(), 1, "{event}");
    assert!(value("ATTENDEE").contains(letter["to"].as_str().unwrap()), "{event}");
    value("UID")
}

/// Plain text of 80 columns that says what came of it.
fn reads_well(said: &str) {
    assert!(!said.contains(['\x1b', '\r', '\t']), "colours and progress are for terminals");
    for line in said.lines() {
        let address = line.contains("http") || line.contains("/mail") || line.contains("rostrum.db");
        assert!(address || line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    for phrase in [
        "https://www.york.psu.edu/story/",
        "The plan fills 10 of 10 seats",
        "10 of 10 \"Interviewer or resume reviewer\"; the need is fulfilled.",
        "its attention list is empty",
        "each of the 10 private calendars",
    ] {
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(phrase), "{phrase}: {said}");
    }
    assert_eq!(said.matches("-> the seat is offered to").count(), 4, "{said}");
}

/// The name in an address of the demo's: `tavela.tolvovar@example.edu` is Tavela Tolvovar.
fn name_of(email: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    email.split('@').next().unwrap().split('.').map(capital).collect::<Vec<_>>().join(" ")
}

fn demo(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rostrum"));
    command.args(["demo", "--once", "--listen", "127.0.0.1:0", "--folder"]).arg(folder);
    command.output().unwrap()
}

fn read_letters(folder: &Path) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/support/letters.py");
    let read = Command::new("/usr/bin/python3").arg(script).arg(folder).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("rostrum-demo-test-{}", uuid::Uuid::now_v7())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
