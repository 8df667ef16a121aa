//! What stories begin with: needs, profiles, offers and the like, made through the API with sensible values.
//!
//! The need is the published programme of Penn State York, see `penn-state-york-professional-critiquing-2024` in the
//! demo: ten volunteers for two hours on a Thursday from noon. Names of people are made up.

use serde_json::{Value, json};

use super::clients::{Client, Response};
use super::world::{Volunteer, World};

/// A need as a body: `changes` replaces or adds members; a member that is null is left out.
pub fn need_body(changes: &Value) -> Value {
    merged(
        json!({
            "kind": "mock_interviews",
            "title": "Professional critiquing event",
            "purpose": "Mock interviews of 15 minutes with 5 minutes of feedback, open to all students of the campus.",
            "mode": "in_person",
            "place": "Graham Center for Innovation and Collaboration",
            "position": { "lat": 39.95, "lon": -76.71 },
            "starts_local": "2027-02-25T12:00",
            "ends_local": "2027-02-25T14:00",
            "time_zone": "America/New_York",
            "roles": [{ "name": "Interviewer", "min": 8, "max": 10 }],
        }),
        changes,
    )
}

/// A volunteer's profile as a body: near York, at any hour, for everything, at most 20 times a week.
pub fn profile_body(name: &str, changes: &Value) -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekly = days.map(|day| json!({ "day": day, "from": "00:00", "until": "24:00" }));
    merged(
        json!({
            "display_name": name,
            "headline": "Recruiter",
            "credentials": ["CPRW"],
            "skills": [{ "name": "Interviewing", "level": "expert" }],
            "kinds": [
                "job_fair", "mock_interviews", "workshop", "class_visit", "podcast", "advisory_board",
                "employer_introduction", "alumni_referral"
            ],
            "languages": ["en"],
            "in_person": { "home": { "lat": 39.96, "lon": -76.73 }, "travel_km": 60 },
            "virtual_ok": true,
            "time_zone": "America/New_York",
            "availability": { "weekly": weekly, "exceptions": [] },
            "caps": { "per_week": 20, "per_month": 60 },
        }),
        changes,
    )
}

fn merged(mut body: Value, changes: &Value) -> Value {
    let members = body.as_object_mut().unwrap();
    for (name, value) in changes.as_object().into_iter().flatten() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    body
}

impl World {
    /// A draft of the requester's.
    pub async fn draft(&self, changes: &Value) -> Response {
        self.requester().post_need(self.campus_id(), need_body(changes)).await.expect(201)
    }

    /// A need that waits for the coordinator.
    pub async fn submitted_need(&self, changes: &Value) -> Response {
        let draft = self.draft(changes).await;
        self.requester().need_does(&draft.id(), "submit", None).await.expect(200)
    }

    /// A need that looks for volunteers; its event is published.
    pub async fn approved_need(&self, changes: &Value) -> Response {
        let need = self.submitted_need(changes).await;
        self.coordinator().need_does(&need.id(), "approve", None).await.expect(200)
    }

    /// A volunteer whom the campus has approved.
    pub async fn volunteer(&self, name: &str) -> Volunteer {
        self.volunteer_with(name, &json!({})).await
    }

    /// A volunteer whom the campus has approved, with another profile than most.
    pub async fn volunteer_with(&self, name: &str, changes: &Value) -> Volunteer {
        let volunteer = self.applicant_with(name, changes).await;
        let path = format!("/v1/campuses/{}/volunteers/{}/approve", self.campus_id(), volunteer.id);
        self.coordinator().act(&path).await.expect(200);
        volunteer
    }

    /// A volunteer who has applied to the campus.
    pub async fn applicant_with(&self, name: &str, changes: &Value) -> Volunteer {
        let client = self.person(name).await;
        let profile = client.post("/v1/volunteers", profile_body(name, changes)).await.expect(201);
        let path = format!("/v1/campuses/{}/volunteers", self.campus_id());
        client.post(&path, json!({ "note": "Glad to help." })).await.expect(201);
        Volunteer { id: profile.id(), client }
    }

    /// An offer of the need's first role to `volunteer`.
    pub async fn offer(&self, need: &Response, volunteer: &Volunteer) -> Response {
        let body = json!({ "volunteer_id": volunteer.id, "role_id": first_role(need) });
        self.coordinator().post(&format!("/v1/campus-requests/{}/offers", need.id()), body).await.expect(201)
    }

    /// An assignment of `volunteer` to the need's first role, by way of an offer.
    pub async fn assignment(&self, need: &Response, volunteer: &Volunteer) -> Value {
        let offer = self.offer(need, volunteer).await;
        volunteer.accept(&offer.id()).await.expect(200).json["assignment"].clone()
    }
}

/// The id of a need's first role.
#[track_caller]
pub fn first_role(need: &Response) -> String {
    need.json["roles"][0]["id"].as_str().unwrap_or_else(|| panic!("no role in {}", need.text())).to_owned()
}

/// What people do, said as they would say it.
impl Client {
    /// Posts a need.
    pub async fn post_need(&self, campus: &str, body: Value) -> Response {
        self.post(&format!("/v1/campuses/{campus}/campus-requests"), body).await
    }

    /// Submits, approves, declines, … a need.
    pub async fn need_does(&self, need: &str, verb: &str, body: Option<Value>) -> Response {
        self.does(&format!("/v1/campus-requests/{need}/{verb}"), body).await
    }

    /// Asks for a proposal for all open needs of a campus.
    pub async fn propose(&self, campus: &str) -> Response {
        self.act(&format!("/v1/campuses/{campus}/proposals")).await
    }

    /// Sends a proposal's offers.
    pub async fn send_proposal(&self, proposal: &str) -> Response {
        self.act(&format!("/v1/proposals/{proposal}/send")).await
    }

    /// Accepts an offer.
    pub async fn accept(&self, offer: &str) -> Response {
        self.act(&format!("/v1/offers/{offer}/accept")).await
    }

    /// Declines an offer.
    pub async fn decline(&self, offer: &str, reason: &str) -> Response {
        self.post(&format!("/v1/offers/{offer}/decline"), json!({ "reason": reason })).await
    }

    /// Gives a seat back.
    pub async fn release(&self, assignment: &str, reason: &str) -> Response {
        self.post(&format!("/v1/assignments/{assignment}/release"), json!({ "reason": reason })).await
    }

    /// POST with a body or without one.
    pub async fn does(&self, target: &str, body: Option<Value>) -> Response {
        match body {
            Some(body) => self.post(target, body).await,
            None => self.act(target).await,
        }
    }
}
