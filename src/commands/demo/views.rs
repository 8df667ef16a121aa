//! What the demo reads of the API's answers: the fields that its story needs, and no more.

use serde::Deserialize;

/// Anything that has an id.
#[derive(Debug, Deserialize)]
pub struct Made {
    /// The id.
    pub id: String,
}

/// A session.
#[derive(Debug, Deserialize)]
pub struct Session {
    /// What to send with each call.
    pub access_token: String,
    /// What a new session is had for.
    pub refresh_token: String,
}

/// A volunteer at a campus.
#[derive(Debug, Deserialize)]
pub struct CampusVolunteer {
    /// applied, approved, paused or suspended.
    pub state: String,
}

/// A need.
#[derive(Debug, Deserialize)]
pub struct Need {
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub state: String,
    /// How far its seats are taken.
    pub fill: String,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Its event, once approved.
    pub event_id: Option<String>,
}

/// A role of a need.
#[derive(Debug, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Seats there are.
    pub max: u32,
    /// Seats taken.
    pub filled: u32,
    /// Seats held for somebody who was asked.
    pub offered: u32,
}

/// Somebody who could be asked, or why not.
#[derive(Debug, Deserialize)]
pub struct Candidate {
    /// The profile.
    pub volunteer_id: String,
    /// The name.
    pub display_name: String,
    /// Whether every rule holds.
    pub eligible: bool,
    /// How well it fits.
    pub score: Option<Score>,
    /// The rules in the way.
    pub refusals: Vec<Refusal>,
}

/// A score.
#[derive(Debug, Deserialize)]
pub struct Score {
    /// The sum.
    pub total: f64,
    /// Its parts.
    pub parts: Vec<Part>,
}

impl Score {
    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

/// A part of a score.
#[derive(Debug, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// The points given.
    pub points: f64,
    /// The points there are.
    pub max: f64,
    /// Why.
    pub detail: String,
}

/// A rule in the way.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// Its name.
    pub rule: String,
    /// A sentence with the values.
    pub detail: String,
}

/// A plan for all seats.
#[derive(Debug, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// Who sits where.
    pub seats: Vec<Seat>,
    /// How many seats there are to fill.
    pub seats_wanted: u32,
    /// How many the plan fills.
    pub seats_filled: u32,
    /// What the plan is worth.
    pub value: f64,
    /// What no plan can exceed.
    pub bound: f64,
    /// How far the one is from the other.
    pub gap_percent: f64,
}

/// A seat of a plan.
#[derive(Debug, Deserialize)]
pub struct Seat {
    /// For whom.
    pub volunteer_id: String,
}

/// A plan that went out.
#[derive(Debug, Deserialize)]
pub struct Sent {
    /// The offers.
    pub offers: Vec<Offer>,
    /// The seats that became no offer.
    pub skipped: Vec<serde_json::Value>,
}

/// A seat held for somebody.
#[derive(Debug, Clone, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// For whom.
    pub volunteer_id: String,
    /// The name.
    pub display_name: String,
    /// Where it is in its life.
    pub state: String,
    /// In which round it was made.
    pub wave: u32,
    /// Until when it is held.
    pub deadline: String,
}

/// A yes, and the seat it took.
#[derive(Debug, Deserialize)]
pub struct Accepted {
    /// The seat.
    pub assignment: Assignment,
}

/// A seat that is taken.
#[derive(Debug, Deserialize)]
pub struct Assignment {
    /// By whom.
    pub volunteer_id: String,
    /// Where it is in its life.
    pub state: String,
    /// Its calendar entry.
    pub calendar_uid: String,
}

/// What takes place.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Where it is in its life.
    pub state: String,
    /// Its calendar entry.
    pub calendar_uid: String,
}

/// A letter of the outbox.
#[derive(Debug, Deserialize)]
pub struct Letter {
    /// What it tells.
    pub kind: String,
    /// What became of it.
    pub state: String,
    /// Its name among all letters of the world.
    pub message_id: String,
}

/// What waits for the coordinator.
#[derive(Debug, Deserialize)]
pub struct Attention {
    /// What it is.
    pub title: String,
}

/// A private calendar.
#[derive(Debug, Deserialize)]
pub struct Feed {
    /// Its address.
    pub feed_url: String,
}
