//! What stories about places begin with: a portal, an event made by hand, its slots, students.

use serde_json::{Value, json};

use super::clients::{Client, Response};
use super::world::{World, handle};

/// A student as a body, by a name that is made up.
pub fn student(name: &str) -> Value {
    json!({
        "external_ref": handle(name),
        "name": name,
        "email": format!("{}@example.edu", handle(name)),
        "majors": ["Accounting"],
        "year": "junior",
    })
}

impl World {
    /// A program of the campus that books for students.
    pub async fn portal(&self) -> Client {
        let path = format!("/v1/campuses/{}/portals", self.campus_id());
        let made = self.coordinator().post(&path, json!({ "name": "Campus portal" })).await.expect(201);
        self.nobody().with_token(made.json["key"].as_str().unwrap())
    }

    /// A published event on 4 March 2027 from 12:00 to 18:00 in New York; `changes` replaces members of its body.
    pub async fn event(&self, changes: &Value) -> Response {
        let mut body = json!({
            "kind": "mock_interviews",
            "title": "Mock interviews",
            "mode": "in_person",
            "place": "Student Center",
            "starts_local": "2027-03-04T12:00",
            "ends_local": "2027-03-04T18:00",
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let path = format!("/v1/campuses/{}/events", self.campus_id());
        let draft = self.coordinator().post(&path, body).await.expect(201);
        self.coordinator().act(&format!("/v1/events/{}/publish", draft.id())).await.expect(200)
    }

    /// A slot of half an hour from `at`, `12:30`, on the day of [`World::event`].
    pub async fn slot(&self, event: &Response, at: &str, capacity: u32) -> String {
        let start = chrono::NaiveTime::parse_from_str(at, "%H:%M").unwrap();
        let end = start + chrono::TimeDelta::minutes(30);
        let day = &event.json["starts_local"].as_str().unwrap()[..10];
        let body = json!({
            "label": format!("Table at {at}"),
            "starts_local": format!("{day}T{at}"),
            "ends_local": format!("{day}T{}", end.format("%H:%M")),
            "capacity": capacity,
        });
        self.coordinator().post(&format!("/v1/events/{}/slots", event.id()), body).await.expect(201).id()
    }

    /// Says who may book.
    pub async fn booking_rules(&self, event: &Response, rules: Value) -> Response {
        let path = format!("/v1/events/{}/booking-rules", event.id());
        self.coordinator().request("PUT", &path).header("If-Match", "*").json(&rules).send().await
    }
}

impl Client {
    /// Books a place for the student of this name.
    pub async fn books(&self, slot: &str, name: &str) -> Response {
        self.post(&format!("/v1/slots/{slot}/bookings"), json!({ "student": student(name) })).await
    }

    /// Holds a place for the student of this name.
    pub async fn holds(&self, slot: &str, name: &str) -> Response {
        self.post(&format!("/v1/slots/{slot}/bookings"), json!({ "student": student(name), "hold": true })).await
    }

    /// Puts the student of this name on the waitlist of an event, with this wish.
    pub async fn queues(&self, event: &Response, name: &str, wish: &Value) -> Response {
        let mut body = json!({ "student": student(name) });
        for (name, value) in wish.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post(&format!("/v1/events/{}/waitlist", event.id()), body).await
    }

    /// Does `verb` to a booking.
    pub async fn booking_does(&self, booking: &str, verb: &str) -> Response {
        self.act(&format!("/v1/bookings/{booking}/{verb}")).await
    }

    /// Does `verb` to an entry of the waitlist.
    pub async fn entry_does(&self, entry: &str, verb: &str) -> Response {
        self.act(&format!("/v1/waitlist/{entry}/{verb}")).await
    }
}
