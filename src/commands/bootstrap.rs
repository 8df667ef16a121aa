//! `rostrum bootstrap`: a campus with its members, for operators, scripts and tests. Prints JSON with ids and tokens.

use std::error::Error;

use clap::Args;
use serde_json::{Value, json};

use crate::config::Settings;
use crate::domain::people::access::Role;
use crate::domain::people::account::{self, Named};
use crate::domain::people::campus::{self, OfferHours};
use crate::domain::people::place::Position;
use crate::domain::refusal::Invalid;
use crate::domain::time::Zone;
use crate::service::app::Clock;
use crate::service::campuses::{self, Bootstrapped, NewCampus};
use crate::service::error::ServiceError;
use crate::startup;

/// What the campus is and who runs it.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// The campus's name.
    #[arg(long)]
    pub name: String,
    /// Its IANA time zone, such as `America/New_York`.
    #[arg(long)]
    pub zone: String,
    /// Its short name; made from the name otherwise.
    #[arg(long)]
    pub slug: Option<String>,
    /// The career office's address, which gets the answers to letters; the first coordinator's otherwise.
    #[arg(long)]
    pub contact: Option<String>,
    /// Where it is, as LATITUDE,LONGITUDE in degrees.
    #[arg(long, allow_hyphen_values = true)]
    pub position: Option<String>,
    /// For how many hours an offer stays open unless it says otherwise, 1 to 336.
    #[arg(long, default_value_t = 72)]
    pub offer_hours: i64,
    /// A coordinator, as `Name <address>`; may be given several times.
    #[arg(long, required = true)]
    pub coordinator: Vec<String>,
    /// A requester, as `Name <address>`; may be given several times.
    #[arg(long)]
    pub requester: Vec<String>,
}

/// Makes the campus and prints what a script needs to go on.
///
/// # Errors
/// What stands in the way, with every flag at fault.
pub async fn run(settings: &Settings, flags: Flags) -> Result<(), Box<dyn Error>> {
    let new = read(&flags).map_err(|faults| told(&faults))?;
    startup::migrate(&settings.database)?;
    let app = startup::app(settings, Clock::System, startup::transport(settings)?)?;
    let made = app.write(move |tx| campuses::bootstrap(tx, &new)).await.map_err(|fault| match fault {
        ServiceError::Invalid(faults) => told(&faults),
        ServiceError::Store(fault) => fault.to_string(),
        other => format!("{other:?}"),
    })?;
    println!("{}", serde_json::to_string_pretty(&shown(&made, &settings.site.base_url))?);
    app.db.close();
    Ok(())
}

/// Reads the flags into a new campus.
///
/// # Errors
/// Every flag at fault.
pub fn read(flags: &Flags) -> Result<NewCampus, Vec<Invalid>> {
    let mut faults = Vec::new();
    let zone = flags
        .zone
        .parse::<Zone>()
        .map_err(|_| Invalid::new("zone", "unknown_zone", format!("{:?} is no IANA time zone", flags.zone)));
    let contact = flags.contact.as_deref().map(|email| account::email_of("contact", email)).transpose();
    let position = flags.position.as_deref().map(position).transpose();
    let offer_hours = OfferHours::new(flags.offer_hours);
    let mut members = Vec::new();
    let coordinators = flags.coordinator.iter().map(|who| ("coordinator", who, Role::Coordinator));
    for (flag, who, role) in coordinators.chain(flags.requester.iter().map(|who| ("requester", who, Role::Requester))) {
        match named(who) {
            Ok(named) => members.push((named, role)),
            Err(wrong) => faults.extend(wrong.into_iter().map(|fault| fault.within(flag))),
        }
    }
    match (zone, contact, position, offer_hours) {
        (Ok(zone), Ok(contact), Ok(position), Ok(hours)) if faults.is_empty() => {
            let first = members.first().map(|(person, _): &(Named, Role)| person.email.clone());
            let contact =
                contact.or(first).ok_or_else(|| vec![Invalid::new("coordinator", "required", "is missing")])?;
            let settings =
                campus::Settings::new(&flags.name, zone, contact, position, hours).map_err(|one| vec![one])?;
            Ok(NewCampus { slug: flags.slug.clone(), settings, members })
        }
        (zone, contact, position, hours) => {
            let wrong = [zone.err(), contact.err(), position.err(), hours.err()];
            Err(wrong.into_iter().flatten().chain(faults).collect())
        }
    }
}

fn named(who: &str) -> Result<Named, Vec<Invalid>> {
    match who.trim().strip_suffix('>').and_then(|who| who.rsplit_once('<')) {
        Some((name, email)) => Named::new(email, name.trim()),
        None => Err(vec![Invalid::new("", "invalid_format", format!("{who:?} is not of the form Name <address>"))]),
    }
}

fn position(text: &str) -> Result<Position, Invalid> {
    let wrong = || Invalid::new("position", "invalid_format", format!("{text:?} is not LATITUDE,LONGITUDE"));
    let (lat, lon) = text.split_once(',').ok_or_else(wrong)?;
    let (lat, lon) = (lat.trim().parse().map_err(|_| wrong())?, lon.trim().parse().map_err(|_| wrong())?);
    Position::new(lat, lon).map_err(|fault| fault.within("position"))
}

fn shown(made: &Bootstrapped, base_url: &str) -> Value {
    let members: Vec<Value> = made
        .members
        .iter()
        .map(|(member, opened)| {
            json!({
                "account_id": member.account.to_string(),
                "name": member.name,
                "email": member.email,
                "role": member.role.as_str(),
                "access_token": opened.access_token,
                "expires_in": opened.expires_in,
                "refresh_token": opened.refresh_token.reveal(),
            })
        })
        .collect();
    json!({
        "campus": {
            "id": made.campus.id.to_string(),
            "slug": made.campus.slug,
            "name": made.campus.settings.name,
            "time_zone": made.campus.settings.zone.name(),
            "feed_url": format!("{base_url}/feeds/campuses/{}/events.ics", made.campus.id),
        },
        "members": members,
    })
}

fn told(faults: &[Invalid]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> Flags {
        Flags {
            name: "Example State".to_owned(),
            zone: "America/New_York".to_owned(),
            slug: None,
            contact: None,
            position: Some("39.95,-76.71".to_owned()),
            offer_hours: 48,
            coordinator: vec!["Cora Example <cora@example.edu>".to_owned()],
            requester: Vec::new(),
        }
    }

    #[test]
    fn flags_make_a_campus() {
        let new = read(&flags()).unwrap();
        assert_eq!(new.settings.zone.name(), "America/New_York");
        assert_eq!(
            new.members.first().map(|(named, role)| (named.name.as_str(), *role)),
            Some(("Cora Example", Role::Coordinator))
        );
    }

    #[test]
    fn every_flag_at_fault_is_named() {
        let wrong = Flags {
            zone: "Mars/Olympus".to_owned(),
            position: Some("north".to_owned()),
            offer_hours: 0,
            coordinator: vec!["cora".to_owned()],
            ..flags()
        };
        let said = told(&read(&wrong).unwrap_err());
        for name in ["zone", "position", "offer_hours", "coordinator"] {
            assert!(said.contains(name), "{name} is missing in {said}");
        }
    }
}
