//! `rostrum doctor`: the settings, the database, the way out for letters and the time-zone tables, each with a verdict.
//!
//! It changes nothing: it sends no letter and applies no migration.

use std::process::ExitCode;

use chrono::TimeDelta;

use crate::calendar::zones;
use crate::config::{Settings, VARIABLES};
use crate::domain::time::{Instant, Zone};
use crate::service::app::{App, Clock};
use crate::startup;
use crate::store::db::{self, Location, StoreError};
use crate::store::{migrate, zones as zones_in_use};

/// How far back and ahead calendars reach, in days: the feeds' horizon.
const HORIZON: (i64, i64) = (90, 400);

/// What was found.
enum Verdict {
    Good(String),
    Warn(String),
    Bad(String),
}

/// Runs all checks and prints them; fails when one is bad.
pub async fn run() -> ExitCode {
    println!("Settings");
    for (name, default, purpose) in VARIABLES {
        let given = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let shown = match (given, secret(name)) {
            (Some(_), true) => "*** (set)".to_owned(),
            (Some(value), false) => value,
            (None, _) if default.is_empty() => "not set".to_owned(),
            (None, _) => format!("{default} (default)"),
        };
        println!("  {name:<26} {shown}\n  {:<26}   {purpose}", "");
    }
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(faults) => {
            let bad = faults.into_iter().map(|fault| ("settings", Verdict::Bad(fault.0))).collect::<Vec<_>>();
            return told(&bad);
        }
    };
    let mut verdicts = vec![("settings", Verdict::Good("they hold together".to_owned()))];
    let mut zones = Vec::new();
    verdicts.push(("database", database(&settings, &mut zones)));
    verdicts.push(("mail", mail(&settings).await));
    verdicts.extend(time_zones(&zones).into_iter().map(|verdict| ("time zones", verdict)));
    told(&verdicts)
}

/// Logs a warning for each zone in use whose tables differ from the system's.
pub async fn warn_of_zones(app: &App) {
    let Ok(names) = app.read(|tx| Ok(zones_in_use::list_in_use(tx.conn)?)).await else { return };
    for verdict in time_zones(&names) {
        if let Verdict::Warn(what) | Verdict::Bad(what) = verdict {
            tracing::warn!(what, "time-zone tables");
        }
    }
}

fn told(verdicts: &[(&str, Verdict)]) -> ExitCode {
    println!("\nChecks");
    let mut healthy = true;
    for (what, verdict) in verdicts {
        let (word, said) = match verdict {
            Verdict::Good(said) => ("ok", said),
            Verdict::Warn(said) => ("warning", said),
            Verdict::Bad(said) => {
                healthy = false;
                ("FAULT", said)
            }
        };
        println!("  {word:<8} {what}: {said}");
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a variable may hold a password or a key.
fn secret(name: &str) -> bool {
    matches!(name, "DATABASE_URL" | "ROSTRUM_MAIL_URL" | "ROSTRUM_INBOUND_KEY" | "ROSTRUM_TOKEN_KEY")
}

fn database(settings: &Settings, zones: &mut Vec<String>) -> Verdict {
    if let Location::Sqlite(path) = &settings.database
        && !path.exists()
    {
        return Verdict::Good(format!("{} will be made by `rostrum serve`", path.display()));
    }
    let looked = || -> Result<(&'static str, Vec<String>, Vec<String>), StoreError> {
        let mut conn = db::connect(&settings.database)?;
        let kind = db::probe(&mut conn)?;
        let pending = migrate::pending(&mut conn)?;
        let zones = if pending.is_empty() { zones_in_use::list_in_use(&mut conn)? } else { Vec::new() };
        Ok((kind, pending, zones))
    };
    match looked() {
        Ok((kind, pending, found)) if pending.is_empty() => {
            *zones = found;
            Verdict::Good(format!("{kind} answers and is up to date"))
        }
        Ok((kind, pending, _)) => {
            Verdict::Warn(format!("{kind} answers; `rostrum migrate` would apply {}", pending.join(", ")))
        }
        Err(fault) => Verdict::Bad(fault.to_string()),
    }
}

async fn mail(settings: &Settings) -> Verdict {
    match startup::transport(settings) {
        Ok(transport) => match transport.check().await {
            Ok(()) => Verdict::Good(format!("{transport} takes letters")),
            Err(fault) => Verdict::Bad(format!("{transport}: {fault}")),
        },
        Err(fault) => Verdict::Bad(fault.to_string()),
    }
}

fn time_zones(names: &[String]) -> Vec<Verdict> {
    let known: Vec<Zone> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let mut verdicts: Vec<Verdict> = names
        .iter()
        .filter(|name| name.parse::<Zone>().is_err())
        .map(|name| Verdict::Bad(format!("{name} is in use and not in our tables")))
        .collect();
    let now: Instant = Clock::System.now();
    let (from, until) = (now.plus(-TimeDelta::days(HORIZON.0)), now.plus(TimeDelta::days(HORIZON.1)));
    match zones::differences(&known, from, until) {
        Err(missing) => verdicts.push(Verdict::Warn(missing.to_string())),
        Ok(differences) if differences.is_empty() => {
            let count = known.len();
            verdicts.push(Verdict::Good(format!("our tables and the system's agree on the {count} zones in use")));
        }
        Ok(differences) => {
            verdicts.extend(differences.iter().map(|difference| Verdict::Warn(difference.to_string())));
        }
    }
    verdicts
}
