//! Every operation of the contract as six kinds of people meet it: nobody, a stranger with an account, a volunteer whom
//! the campus approved, its requester, its coordinator, and the coordinator of another campus.
//!
//! Those who are refused knock first and at the same thing, so that a refusal which changed something after all would be
//! noticed; each of those who may finds it fresh.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::arrange::first_role;
use crate::support::clients::{Client, Response};
use crate::support::contract::contract;
use crate::support::databases::on_both;
use crate::support::places::student;
use crate::support::world::{Volunteer, World, handle};

/// What must be there before somebody knocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    Password,
    Refresh,
    SignInLink,
    OwnSession,
    OtherCampus,
    SpareMember,
    Applicant,
    Approved,
    Paused,
    FeedToken,
    Exclusion,
    Draft,
    Submitted,
    Need,
    UnpublishedNeed,
    Proposal,
    Run,
    RunOver,
    Offer,
    Assignment,
    AskedAgain,
    BegunSeat,
    SeatTaken,
    Worked,
    HoursLink,
    Undeliverable,
    Policy,
    Portal,
    Place,
    Invited,
    ClosedSlot,
    Gridded,
    Rotated,
    Booking,
    DayLink,
    Hold,
    Begun,
    Marked,
    Full,
    Waiting,
    Offered,
    Series,
    SeriesDraft,
}

use Given::{
    Applicant, Approved, AskedAgain, Assignment, Begun, BegunSeat, Booking, ClosedSlot, DayLink, Draft, Exclusion,
    FeedToken, Full, Gridded, Hold, HoursLink, Invited, Marked, Need, Nothing, Offer, Offered, OtherCampus, OwnSession,
    Password, Paused, Place, Policy, Portal, Proposal, Refresh, Rotated, Run, RunOver, SeatTaken, Series, SeriesDraft,
    SignInLink, SpareMember, Submitted, Undeliverable, UnpublishedNeed, Waiting, Worked,
};

/// Operation, what is given, the body with `$name` for what is given, and the status for each of the six.
type Row = (&'static str, Given, &'static str, [u16; 6]);

const REASON: &str = r#"{"reason":"The room is closed."}"#;
const EVERYBODY: [u16; 6] = [200; 6];
/// One table for an hour.
const GRID: &str = r#"{"grid":{"sessions":[{"name":"One","starts_local":"2027-03-04T16:00","ends_local":"2027-03-04T17:00"}],"pattern":{"kind":"bell","period_minutes":30},"tables":[{"label":"Table 1"}]}}"#;
/// Two Tuesdays.
const SERIES: &str = r#"{"series":{"kind":"workshop","title":"Resumes","mode":"virtual","capacity":9,"starts_local":"2027-03-09T12:00","ends_local":"2027-03-09T13:00","rule":"FREQ=WEEKLY;COUNT=2"}}"#;
const POLICY: &str = r#"{"document":{"rules":[{"key":"events","cancel":{"until":{"kind":"hours_before","hours":24},"late":"allowed"}}]}}"#;
const MEMBERS: [u16; 6] = [401, 404, 404, 200, 200, 404];
const IMPORTER: [u16; 6] = [401, 404, 404, 403, 207, 404];
const COORDINATOR: [u16; 6] = [401, 404, 404, 403, 200, 404];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The service itself.
    ("get_health", Nothing, "", EVERYBODY),
    ("get_readiness", Nothing, "", EVERYBODY),
    ("get_contract", Nothing, "", EVERYBODY),
    ("get_docs", Nothing, "", EVERYBODY),
    ("get_problem_page", Nothing, "", EVERYBODY),
    // Signing in.
    ("create_account", Nothing, r#"{"email":"new.$number@example.edu","name":"Somebody New","password":"a long enough one"}"#, [201; 6]),
    ("get_me", Nothing, "", [401, 200, 200, 200, 200, 200]),
    ("create_session", Password, r#"{"email":"$email","password":"a long enough one"}"#, [201; 6]),
    ("refresh_session", Refresh, r#"{"refresh_token":"$refresh_token"}"#, EVERYBODY),
    ("end_session", OwnSession, "", [401, 204, 204, 204, 204, 204]),
    ("create_sign_in_link", Password, r#"{"email":"$email"}"#, [202; 6]),
    ("exchange_sign_in_link", SignInLink, r#"{"token":"$token"}"#, [201; 6]),
    ("show_sign_in_page", SignInLink, "", EVERYBODY),
    ("submit_sign_in_page", SignInLink, "", EVERYBODY),
    // The campus and its members.
    ("list_campuses", Nothing, "", EVERYBODY),
    ("get_campus", Nothing, "", EVERYBODY),
    ("update_campus", Nothing, r#"{"offer_hours":48}"#, COORDINATOR),
    ("list_members", Nothing, "", COORDINATOR),
    ("add_member", Nothing, r#"{"email":"new.$number@example.edu","name":"Somebody New","role":"requester"}"#, [401, 404, 404, 403, 201, 404]),
    ("get_member", SpareMember, "", COORDINATOR),
    ("update_member", SpareMember, r#"{"role":"coordinator"}"#, COORDINATOR),
    ("remove_member", SpareMember, "", [401, 404, 404, 403, 204, 404]),
    // When the office works and what it asks of those who book: its to say, everybody's to read.
    ("get_office_calendar", Nothing, "", EVERYBODY),
    ("set_office_calendar", Nothing, r#"{"working_days":[{"day":"monday"}]}"#, COORDINATOR),
    ("list_policies", Nothing, "", EVERYBODY),
    ("create_policy", Nothing, POLICY, [401, 404, 404, 403, 201, 404]),
    ("get_policy", Policy, "", EVERYBODY),
    // Volunteers: what is theirs, and what a campus they applied to may see of it.
    ("get_volunteer", Nothing, "", [401, 404, 200, 404, 200, 404]),
    ("update_volunteer", Nothing, r#"{"headline":"Recruiter and coach"}"#, [401, 404, 200, 404, 404, 404]),
    ("rotate_feed_token", Nothing, "", [401, 404, 201, 404, 404, 404]),
    ("list_volunteer_offers", Nothing, "", [401, 404, 200, 404, 404, 404]),
    ("list_volunteer_assignments", Nothing, "", [401, 404, 200, 404, 404, 404]),
    ("apply_to_campus", OtherCampus, "", [401, 409, 201, 409, 409, 409]),
    ("list_campus_volunteers", Nothing, "", COORDINATOR),
    ("get_campus_volunteer", Nothing, "", [401, 404, 200, 403, 200, 404]),
    ("approve_campus_volunteer", Applicant, "", COORDINATOR),
    ("pause_campus_volunteer", Approved, REASON, COORDINATOR),
    ("suspend_campus_volunteer", Approved, REASON, COORDINATOR),
    ("resume_campus_volunteer", Paused, "", COORDINATOR),
    ("list_exclusions", Exclusion, "", COORDINATOR),
    ("create_exclusion", Approved, r#"{"volunteer_id":"$volunteer_id","reason":"Asked not to be paired."}"#, [401, 404, 404, 403, 201, 404]),
    ("get_exclusion", Exclusion, "", COORDINATOR),
    ("delete_exclusion", Exclusion, "", [401, 404, 404, 403, 204, 404]),
    // Needs. The requester is the one who asked.
    ("list_campus_requests", Nothing, "", MEMBERS),
    ("create_campus_request", Nothing, "$need", [401, 404, 404, 201, 201, 404]),
    ("get_campus_request", Draft, "", MEMBERS),
    ("update_campus_request", Draft, r#"{"priority":5}"#, MEMBERS),
    ("submit_campus_request", Draft, "", MEMBERS),
    ("approve_campus_request", Submitted, r#"{"publish":true}"#, COORDINATOR),
    ("ask_back_campus_request", Submitted, r#"{"question":"Which room?"}"#, COORDINATOR),
    ("decline_campus_request", Submitted, REASON, COORDINATOR),
    ("withdraw_campus_request", Submitted, REASON, [401, 404, 404, 200, 403, 404]),
    ("cancel_campus_request", Need, REASON, COORDINATOR),
    ("close_campus_request", Need, "", COORDINATOR),
    // Events, public once they are published.
    ("list_events", Need, "", EVERYBODY),
    ("get_event", Need, "", EVERYBODY),
    ("update_event", Need, r#"{"title":"Critiquing, moved next door"}"#, COORDINATOR),
    ("publish_event", UnpublishedNeed, "", COORDINATOR),
    ("cancel_event", Need, REASON, COORDINATOR),
    ("postpone_event", Need, REASON, COORDINATOR),
    ("reschedule_event", Need, r#"{"starts_local":"2028-03-04T12:00","ends_local":"2028-03-04T14:00"}"#, COORDINATOR),
    ("set_event_parts", Place, r#"{"parts":[{"key":"open","title":"Open hours","starts_local":"2027-03-04T12:00","ends_local":"2027-03-04T14:00"}]}"#, COORDINATOR),
    ("list_event_campuses", Place, "", EVERYBODY),
    ("invite_event_campus", Place, r#"{"campus_id":"$guest_id"}"#, [401, 404, 404, 403, 201, 404]),
    ("accept_event_invitation", Invited, "", [401, 404, 404, 403, 403, 200]),
    ("decline_event_invitation", Invited, "", [401, 404, 404, 403, 403, 200]),
    ("end_event_sharing", Invited, "", [401, 404, 404, 403, 200, 200]),
    ("list_event_invitations", Nothing, "", MEMBERS),
    ("list_slots", Need, "", EVERYBODY),
    ("create_event", Nothing, r#"{"kind":"workshop","title":"Resumes","mode":"virtual","starts_local":"2027-03-05T12:00","ends_local":"2027-03-05T13:00"}"#, [401, 404, 404, 403, 201, 404]),
    ("list_event_series", Nothing, "", EVERYBODY),
    ("create_event_series", Nothing, SERIES, [401, 404, 404, 403, 201, 404]),
    ("get_event_series", Series, "", EVERYBODY),
    ("update_event_series", Series, r#"{"title":"Resume clinic"}"#, COORDINATOR),
    ("publish_event_series", SeriesDraft, "", COORDINATOR),
    ("reschedule_event_series", Series, r#"{"from_event_id":"$event_id","place":"North Auditorium"}"#, COORDINATOR),
    ("end_event_series", Series, REASON, COORDINATOR),
    ("book_event_series", Series, "$student", [401, 404, 404, 403, 201, 404]),
    ("read_booking_rules", Place, "", EVERYBODY),
    ("set_booking_rules", Place, r#"{"max_per_person":2}"#, COORDINATOR),
    ("read_grid", Gridded, "", MEMBERS),
    ("set_grid", Place, GRID, COORDINATOR),
    ("create_rotation", Gridded, r#"{"rotation":{"students":{"kind":"everybody","years":["nobody's"]},"wants":{"least":1,"most":1}}}"#, [401, 404, 404, 403, 201, 404]),
    ("read_rotation", Rotated, "", COORDINATOR),
    ("apply_rotation", Rotated, "", COORDINATOR),
    ("get_schedule_picture", Booking, "", EVERYBODY),
    ("get_day_sheet", Booking, "", COORDINATOR),
    ("create_day_link", Booking, "", [401, 404, 404, 403, 201, 404]),
    ("show_day_sheet", DayLink, "", EVERYBODY),
    ("show_schedule_picture", DayLink, "", EVERYBODY),
    ("preview_feasibility", Gridded, r#"{"known_volunteers":[3]}"#, COORDINATOR),
    ("read_seating", Assignment, "", COORDINATOR),
    ("set_seating", Assignment, r#"{"seats":[{"assignment_id":"$assignment_id","slot_ids":[]}]}"#, COORDINATOR),
    ("create_slot", Place, r#"{"starts_local":"2027-03-04T16:00","ends_local":"2027-03-04T16:30","capacity":2}"#, [401, 404, 404, 403, 201, 404]),
    ("read_slot", Place, "", EVERYBODY),
    ("change_slot", Place, r#"{"capacity":9}"#, COORDINATOR),
    ("close_slot", Place, "", COORDINATOR),
    ("open_slot", ClosedSlot, "", COORDINATOR),
    ("cancel_slot", Place, REASON, COORDINATOR),
    // Students' places. A portal is not one of the six; its rights have a story of their own.
    ("list_portals", Nothing, "", COORDINATOR),
    ("create_portal", Nothing, r#"{"name":"Campus portal"}"#, [401, 404, 404, 403, 201, 404]),
    ("revoke_portal", Portal, "", [401, 404, 404, 403, 204, 404]),
    ("list_students", Place, "", COORDINATOR),
    ("import_students", Place, r#"{"items":[{"external_ref":"imported.$number","name":"Somebody New","email":"a@example.edu"}]}"#, IMPORTER),
    ("import_slots", Place, r#"{"items":[{"starts_local":"2027-03-04T16:00","ends_local":"2027-03-04T16:30","capacity":2}]}"#, IMPORTER),
    ("import_bookings", Place, r#"{"items":[{"external_ref":"imported.$number","name":"Somebody New","email":"a@example.edu","slot_id":"$slot_id"}]}"#, IMPORTER),
    ("export_students", Place, "", COORDINATOR),
    ("export_slots", Place, "", COORDINATOR),
    ("export_bookings", Booking, "", COORDINATOR),
    ("create_booking", Place, "$student", [401, 404, 404, 403, 201, 404]),
    ("list_bookings", Place, "", COORDINATOR),
    ("read_booking", Booking, "", COORDINATOR),
    ("confirm_booking", Hold, "", COORDINATOR),
    ("cancel_booking", Booking, "", COORDINATOR),
    ("move_booking", Booking, r#"{"slot_id":"$other_slot_id"}"#, COORDINATOR),
    ("excuse_booking", Booking, REASON, COORDINATOR),
    ("check_in_booking", Begun, "", COORDINATOR),
    ("mark_booking_attended", Begun, "", COORDINATOR),
    ("mark_booking_no_show", Begun, "", COORDINATOR),
    ("explain_booking_policy", Booking, "", COORDINATOR),
    ("mark_booking_handed_in", Booking, "", [401, 404, 404, 403, 409, 404]),
    ("read_standing", Booking, "", COORDINATOR),
    ("check_in_by_code", Begun, r#"{"code":"$code"}"#, COORDINATOR),
    // Whoever holds the cookie of the door is let act there, whoever they are otherwise.
    ("show_door", Begun, "", EVERYBODY),
    ("look_up_code", Begun, "code=$code", EVERYBODY),
    ("let_in_walk_in", Begun, r#"{"student":{"name":"Wanda Walker","email":"w$number@example.edu"}}"#, [401, 404, 404, 403, 201, 404]),
    ("let_in_at_door", Begun, "name=Wanda&email=w$number%40example.edu", EVERYBODY),
    ("show_door_code", Begun, "", EVERYBODY),
    ("answer_door_code", Begun, "answer=here", EVERYBODY),
    ("undo_booking_mark", Marked, "", COORDINATOR),
    ("show_place_page", Booking, "", EVERYBODY),
    ("answer_place_page", Booking, "answer=cancel", EVERYBODY),
    ("list_place_log", Booking, "", COORDINATOR),
    ("join_waitlist", Full, "$student", [401, 404, 404, 403, 201, 404]),
    ("list_waitlist", Full, "", COORDINATOR),
    ("read_waitlist_entry", Waiting, "", COORDINATOR),
    ("leave_waitlist_entry", Waiting, "", COORDINATOR),
    ("move_up_waitlist_entry", Waiting, REASON, COORDINATOR),
    ("accept_waitlist_entry", Offered, "", COORDINATOR),
    ("decline_waitlist_entry", Offered, "", COORDINATOR),
    // Staffing.
    ("list_candidates", Need, "", COORDINATOR),
    ("create_proposal", Need, r#"{"campus_request_ids":["$campus_request_id"]}"#, [401, 404, 404, 403, 201, 404]),
    ("get_proposal", Proposal, "", COORDINATOR),
    ("send_proposal", Proposal, "", COORDINATOR),
    ("mend_proposal", Proposal, "", COORDINATOR),
    ("explain_proposal", Proposal, "", COORDINATOR),
    ("list_reinforcements", Proposal, "", COORDINATOR),
    ("get_proposal_picture", Proposal, "", COORDINATOR),
    ("get_what_if", Need, "", COORDINATOR),
    ("create_matching_run", Need, r#"{"campus_ids":["$campus_id"]}"#, [401, 404, 404, 403, 202, 404]),
    ("list_matching_runs", RunOver, "", COORDINATOR),
    ("get_matching_run", Run, "", COORDINATOR),
    ("watch_matching_run", RunOver, "", COORDINATOR),
    ("cancel_matching_run", Run, "", COORDINATOR),
    ("list_offers", Offer, "", COORDINATOR),
    ("create_offer", Need, r#"{"volunteer_id":"$volunteer_id","role_id":"$role_id"}"#, [401, 404, 404, 403, 201, 404]),
    ("get_offer", Offer, "", [401, 404, 200, 403, 200, 404]),
    ("accept_offer", Offer, "", [401, 404, 200, 404, 404, 404]),
    ("decline_offer", Offer, REASON, [401, 404, 200, 404, 404, 404]),
    ("withdraw_offer", Offer, REASON, [401, 404, 404, 403, 200, 404]),
    ("show_offer_page", Offer, "", EVERYBODY),
    ("answer_offer_page", Offer, "answer=accept", EVERYBODY),
    ("list_assignments", Assignment, "", MEMBERS),
    ("create_assignment", Need, r#"{"volunteer_id":"$volunteer_id","role_id":"$role_id"}"#, [401, 404, 404, 403, 201, 404]),
    ("get_assignment", Assignment, "", [401, 404, 200, 200, 200, 404]),
    ("read_assignment_seating", Assignment, "", [401, 404, 200, 403, 200, 404]),
    ("release_assignment", Assignment, REASON, [401, 404, 200, 404, 404, 404]),
    ("reconfirm_assignment", AskedAgain, "", [401, 404, 200, 404, 404, 404]),
    ("remove_assignment", Assignment, REASON, [401, 404, 404, 403, 200, 404]),
    // The volunteers' day and their hours.
    ("check_in_assignment", BegunSeat, "", COORDINATOR),
    ("check_out_assignment", SeatTaken, "", COORDINATOR),
    ("miss_assignment", BegunSeat, "", COORDINATOR),
    ("undo_assignment_mark", SeatTaken, "", COORDINATOR),
    ("list_volunteer_hours", Worked, "", [401, 404, 200, 404, 404, 404]),
    ("sign_hours_letter", Worked, r#"{"campus_id":"$campus_id"}"#, [401, 404, 201, 403, 201, 404]),
    ("show_hours_letter", HoursLink, "", EVERYBODY),
    ("list_campus_hours", Worked, "", COORDINATOR),
    ("adjust_hours", Nothing, r#"{"volunteer_id":"$volunteer_id","title":"Podcast","worked_on":"2026-01-09","minutes":45,"reason":"Recorded at home."}"#, [401, 404, 404, 403, 201, 404]),
    ("export_hours", Worked, "", COORDINATOR),
    // The office's desk.
    ("list_attention", Nothing, "", COORDINATOR),
    ("list_letters", Nothing, "", COORDINATOR),
    // Here no key is set; who has one is told in a story of its own.
    ("receive_inbound_letter", Nothing, "", [404; 6]),
    ("retry_letter", Undeliverable, "", COORDINATOR),
    // Calendars.
    ("get_campus_feed", Need, "", EVERYBODY),
    ("head_campus_feed", Need, "", EVERYBODY),
    ("get_volunteer_feed", FeedToken, "", EVERYBODY),
    ("head_volunteer_feed", FeedToken, "", EVERYBODY),
    ("get_needs_feed", Need, "", EVERYBODY),
    ("head_needs_feed", Need, "", EVERYBODY),
    // Last, because it makes volunteers of the others.
    ("create_volunteer", Nothing, r#"{"display_name":"Somebody New","time_zone":"America/New_York"}"#, [401, 201, 409, 201, 201, 201]),
];

#[test]
fn the_table_names_every_operation_once() {
    let documented: BTreeSet<_> = contract().operations().iter().map(|operation| operation.id.as_str()).collect();
    let listed: BTreeSet<_> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!(listed, documented);
    assert_eq!(listed.len(), TABLE.len());
}

#[test]
fn what_is_public_refuses_nobody() {
    for (operation, _, _, expect) in TABLE {
        let public = contract().operations().iter().any(|known| known.id == *operation && known.public);
        if public {
            assert_eq!(expect, &[expect[0]; 6], "{operation} is public");
            assert!(expect[0] < 300, "{operation} is public");
        }
    }
}

on_both!(World: everybody_knocks_at_every_door);

async fn everybody_knocks_at_every_door(world: &World) {
    let cast = Cast::assemble(world).await;
    let mut wrong = Vec::new();
    for (operation, given, body, expect) in TABLE {
        let mut scene = cast.set(world, *given).await;
        let mut roles: Vec<usize> = (0..6).collect();
        roles.sort_by_key(|role| expect[*role] < 300);
        let mut used = false;
        for role in roles {
            if used {
                scene = cast.set(world, *given).await;
            }
            let answer = cast.knock(world, role, operation, *given, body, &scene).await;
            used = expect[role] < 300 && !answer.asked.starts_with("GET") && !answer.asked.starts_with("HEAD");
            if answer.status != expect[role] {
                let (who, asked, status) = (ROLES[role], &answer.asked, answer.status);
                wrong.push(format!(
                    "{operation}: {who} should get {}, got {status} {asked} {}",
                    expect[role],
                    answer.text()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const ROLES: [&str; 6] = ["nobody", "a stranger", "the volunteer", "the requester", "the coordinator", "a foreigner"];

struct Cast {
    people: [Client; 6],
    volunteer: Volunteer,
    /// The campus of the last of them.
    foreign: String,
    number: std::cell::Cell<u32>,
}

/// What stands in paths and bodies.
type Scene = BTreeMap<&'static str, String>;

impl Cast {
    async fn assemble(world: &World) -> Self {
        let foreign = world.another_campus("Elsewhere").await;
        let volunteer = world.volunteer("Ada Volunteer").await;
        let stranger = world.person("A Stranger").await;
        let people = [
            world.nobody(),
            stranger,
            volunteer.client.clone(),
            world.requester().clone(),
            world.coordinator().clone(),
            foreign.coordinator.clone(),
        ];
        Self { people, volunteer, foreign: foreign.id, number: std::cell::Cell::new(0) }
    }

    fn next(&self) -> u32 {
        self.number.set(self.number.get() + 1);
        self.number.get()
    }

    /// Two hours on a day of their own, so that nobody is asked to be in two places.
    fn day(&self) -> Value {
        let day = chrono::NaiveDate::from_ymd_opt(2027, 2, 1).unwrap() + chrono::Days::new(self.next().into());
        json!({ "starts_local": format!("{day}T12:00"), "ends_local": format!("{day}T14:00") })
    }

    async fn set(&self, world: &World, given: Given) -> Scene {
        let number = self.next();
        let mut scene = Scene::from([
            ("number", number.to_string()),
            ("code", "not_found".to_owned()),
            ("campus_id", world.campus_id().to_owned()),
            ("volunteer_id", self.volunteer.id.clone()),
            ("need", crate::support::arrange::need_body(&self.day()).to_string()),
        ]);
        let name = format!("Person {number}");
        match given {
            Nothing | OwnSession => {}
            OtherCampus => {
                scene.insert("campus_id", world.another_campus(&name).await.id);
            }
            Password | Refresh | SignInLink => self.set_sign_in(world, given, &handle(&name), &mut scene).await,
            SpareMember => {
                let body =
                    json!({ "email": format!("{}@example.edu", handle(&name)), "name": name, "role": "requester" });
                let path = format!("/v1/campuses/{}/members", world.campus_id());
                let member = world.coordinator().post(&path, body).await.expect(201);
                scene.insert("account_id", member.json["account_id"].as_str().unwrap().to_owned());
            }
            Applicant | Approved | Paused | Exclusion => self.set_volunteer(world, given, &name, &mut scene).await,
            FeedToken => {
                let path = format!("/v1/volunteers/{}/feed-token", self.volunteer.id);
                let url = self.volunteer.act(&path).await.expect(201).json["feed_url"].as_str().unwrap().to_owned();
                scene.insert("token", between(&url, "/feeds/volunteers/", ".ics"));
            }
            Draft => {
                scene.insert("campus_request_id", world.draft(&self.day()).await.id());
            }
            Submitted => {
                scene.insert("campus_request_id", world.submitted_need(&self.day()).await.id());
            }
            UnpublishedNeed => {
                let need = world.submitted_need(&self.day()).await;
                let body = Some(json!({ "publish": false }));
                let need = world.coordinator().need_does(&need.id(), "approve", body).await.expect(200);
                put_need(&mut scene, &need);
            }
            Need => put_need(&mut scene, &world.approved_need(&self.day()).await),
            Proposal | Run | RunOver | Offer | Assignment | AskedAgain | BegunSeat | SeatTaken | Undeliverable => {
                self.set_staffing(world, given, &mut scene).await;
            }
            Worked | HoursLink => {
                let path = format!("/v1/campuses/{}/hours-entries", world.campus_id());
                let body = json!({ "volunteer_id": self.volunteer.id, "title": "Podcast", "worked_on": "2026-01-09",
                    "minutes": 45, "reason": "Recorded at home." });
                world.coordinator().post(&path, body).await.expect(201);
                let path = format!("/v1/volunteers/{}/hours-letters", self.volunteer.id);
                let letter = self.volunteer.post(&path, json!({ "campus_id": world.campus_id() })).await.expect(201);
                scene.insert("token", between(letter.json["url"].as_str().unwrap(), "/hours/", ""));
            }
            Policy => {
                let path = format!("/v1/campuses/{}/policies", world.campus_id());
                let body = serde_json::from_str(POLICY).unwrap();
                scene.insert("policy_id", world.coordinator().post(&path, body).await.expect(201).id());
            }
            Portal => {
                let path = format!("/v1/campuses/{}/portals", world.campus_id());
                let portal = world.coordinator().post(&path, json!({ "name": name })).await.expect(201);
                scene.insert("portal_id", portal.id());
            }
            Series | SeriesDraft => {
                let body: Value = serde_json::from_str(SERIES).unwrap();
                let path = format!("/v1/campuses/{}/event-series", world.campus_id());
                let made = world.coordinator().post(&path, body).await.expect(201);
                if given == Series {
                    let path = format!("/v1/event-series/{}/publish", made.id());
                    world.coordinator().act(&path).await.expect(200);
                }
                scene.insert("series_id", made.id());
                scene.insert("event_id", made.json["meetings"][0]["event_id"].as_str().unwrap().to_owned());
                scene.insert("student", json!({ "student": student(&format!("{name} Booked")) }).to_string());
            }
            Place | Invited | ClosedSlot | Gridded | Rotated | Booking | DayLink | Hold | Begun | Marked | Full
            | Waiting | Offered => {
                self.set_places(world, given, &name, &mut scene).await;
            }
        }
        scene
    }

    /// An event of its own, a slot in it, and what a student may have there.
    async fn set_places(&self, world: &World, given: Given, name: &str, scene: &mut Scene) {
        let office = world.coordinator();
        // What begins now begins in half an hour, so that its doors are open, and the clock of the others stays.
        let event = world.event(&json!({})).await;
        let slot = world.slot(&event, "12:30", if given == Place || given == ClosedSlot { 64 } else { 1 }).await;
        scene.insert("event_id", event.id());
        scene.insert("slot_id", slot.clone());
        scene.insert("guest_id", self.foreign.clone());
        scene.insert("student", json!({ "student": student(&format!("{name} Waiting")) }).to_string());
        match given {
            Invited => {
                let path = format!("/v1/events/{}/campuses", event.id());
                office.post(&path, json!({ "campus_id": self.foreign })).await.expect(201);
                scene.insert("campus_id", self.foreign.clone());
            }
            ClosedSlot => {
                office.act(&format!("/v1/slots/{slot}/close")).await.expect(200);
            }
            Gridded | Rotated => {
                let path = format!("/v1/events/{}/grid", event.id());
                let grid = office.request("PUT", &path).header("If-Match", "*").body("application/json", GRID);
                grid.send().await.expect(200);
                if given == Rotated {
                    let asked = json!({ "students": { "kind": "waiting" }, "wants": { "least": 1, "most": 1 } });
                    let path = format!("/v1/events/{}/rotations", event.id());
                    let made = office.post(&path, json!({ "rotation": asked })).await.expect(201);
                    scene.insert("rotation_id", made.id());
                }
            }
            DayLink => {
                let link = office.act(&format!("/v1/events/{}/day-links", event.id())).await.expect(201);
                scene.insert("token", between(link.json["url"].as_str().unwrap(), "/day/", ""));
            }
            Hold => {
                scene.insert("booking_id", office.holds(&slot, name).await.expect(201).id());
            }
            Booking | Begun | Marked | Full | Waiting | Offered => {
                let booked = office.books(&slot, name).await.expect(201);
                let booking = booked.id();
                scene.insert("booking_id", booking.clone());
                scene.insert("code", booked.json["code"].as_str().unwrap().to_owned());
                scene.insert("student_id", booked.json["student"]["id"].as_str().unwrap().to_owned());
                if given == Booking {
                    scene.insert("other_slot_id", world.slot(&event, "14:00", 1).await);
                    let letter = world.letters_to(&format!("{}@example.edu", handle(name))).await.pop().unwrap();
                    scene.insert("token", between(&letter.text, "/p/", ""));
                }
                if given == Begun || given == Marked {
                    // The doors have opened, and it has begun, for this one alone.
                    let id = if world.database().is_postgres() {
                        format!("'{booking}'::uuid")
                    } else {
                        format!("'{booking}'")
                    };
                    let begun = world.now().unix() - 600;
                    let at = if world.database().is_postgres() {
                        format!("to_timestamp({begun})")
                    } else {
                        begun.to_string()
                    };
                    let sql = format!("update bookings set starts_at = {at} where id = {id}");
                    world.database().connect().batch_execute(&sql).unwrap();
                    let id =
                        if world.database().is_postgres() { format!("'{slot}'::uuid") } else { format!("'{slot}'") };
                    let sql = format!("update slots set starts_at = {at}, capacity = 9 where id = {id}");
                    world.database().connect().batch_execute(&sql).unwrap();
                    let link = office.act(&format!("/v1/events/{}/day-links", event.id())).await.expect(201);
                    let url = link.json["url"].as_str().unwrap().replace(&world.base_url, "");
                    let sheet = world.nobody().get(&url).await.expect(200);
                    scene.insert("cookie", sheet.header("set-cookie").unwrap().to_owned());
                }
                if given == Marked {
                    office.booking_does(&booking, "check-in").await.expect(200);
                }
                if given == Waiting || given == Offered {
                    let entry = office.queues(&event, &format!("{name} Waiting"), &json!({})).await.expect(201).id();
                    scene.insert("entry_id", entry);
                }
                if given == Offered {
                    office.booking_does(&booking, "cancel").await.expect(200);
                }
            }
            _ => {}
        }
    }

    async fn set_sign_in(&self, world: &World, given: Given, handle: &str, scene: &mut Scene) {
        let (nobody, email) = (world.nobody(), format!("{handle}@example.edu"));
        let password = "a long enough one";
        let account = json!({ "email": email, "name": "Somebody", "password": password });
        nobody.post("/v1/accounts", account).await.expect(201);
        if given == Refresh {
            let session =
                nobody.post("/v1/sessions", json!({ "email": email, "password": password })).await.expect(201);
            scene.insert("refresh_token", session.json["refresh_token"].as_str().unwrap().to_owned());
        }
        if given == SignInLink {
            nobody.post("/v1/sign-in-links", json!({ "email": email })).await.expect(202);
            let letter = world.letters_to(&email).await.pop().expect("a letter with a link");
            scene.insert("token", between(&letter.text, "/sign-in/", ""));
        }
        scene.insert("email", email);
    }

    async fn set_volunteer(&self, world: &World, given: Given, name: &str, scene: &mut Scene) {
        let other =
            if given == Applicant { world.applicant_with(name, &json!({})).await } else { world.volunteer(name).await };
        let campus = format!("/v1/campuses/{}", world.campus_id());
        if given == Paused {
            let path = format!("{campus}/volunteers/{}/pause", other.id);
            world.coordinator().post(&path, json!({ "reason": "On leave." })).await.expect(200);
        }
        if given == Exclusion {
            let body = json!({ "volunteer_id": other.id, "reason": "Asked not to be paired." });
            let exclusion = world.coordinator().post(&format!("{campus}/exclusions"), body).await.expect(201);
            scene.insert("exclusion_id", exclusion.id());
        }
        scene.insert("volunteer_id", other.id);
    }

    async fn set_staffing(&self, world: &World, given: Given, scene: &mut Scene) {
        let need = world.approved_need(&self.day()).await;
        put_need(scene, &need);
        if given == Proposal {
            let body = json!({ "campus_request_ids": [need.id()] });
            let path = format!("/v1/campuses/{}/proposals", world.campus_id());
            scene.insert("proposal_id", world.coordinator().post(&path, body).await.expect(201).id());
            return;
        }
        if given == Run || given == RunOver {
            // One run at a time: those of scenes before come to their end first.
            world.plan().await;
            let body = json!({ "campus_ids": [world.campus_id()], "campus_request_ids": [need.id()] });
            scene.insert("matching_run_id", world.coordinator().post("/v1/matching-runs", body).await.expect(202).id());
            if given == RunOver {
                world.plan().await;
            }
            return;
        }
        if matches!(given, Assignment | AskedAgain | BegunSeat | SeatTaken) {
            let assignment = world.assignment(&need, &self.volunteer).await;
            let id = assignment["id"].as_str().unwrap();
            scene.insert("assignment_id", id.to_owned());
            if given == BegunSeat || given == SeatTaken {
                // It has begun for this one alone, and the walls against overlaps let it be.
                let (begun, postgres) = (world.now().unix() - 600, world.database().is_postgres());
                let at = if postgres { format!("to_timestamp({begun})") } else { begun.to_string() };
                let cast = if postgres { "::uuid" } else { "" };
                let set = format!("starts_at = {at}, override_reason = 'Begun.'");
                let sql = format!("update assignments set {set} where id = '{id}'{cast}");
                world.database().connect().batch_execute(&sql).unwrap();
            }
            if given == SeatTaken {
                world.coordinator().act(&format!("/v1/assignments/{id}/check-in")).await.expect(200);
            }
            if given == AskedAgain {
                let path = format!("/v1/events/{}/reschedule", need.json["event_id"].as_str().unwrap());
                let office = world.coordinator();
                office.request("POST", &path).header("If-Match", "*").json(&self.day()).send().await.expect(200);
            }
            return;
        }
        scene.insert("offer_id", world.offer(&need, &self.volunteer).await.id());
        if given == Undeliverable {
            // No transport of the tests refuses anybody, and how a letter gets there is another story.
            let sql = "update letters set state = 'undeliverable' where state = 'queued'";
            world.database().connect().batch_execute(sql).unwrap();
            let path = format!("/v1/campuses/{}/letters?state=undeliverable&limit=1", world.campus_id());
            let letters = world.coordinator().get(&path).await.expect(200);
            scene.insert("letter_id", letters.json["items"][0]["id"].as_str().unwrap().to_owned());
        } else {
            let letter = world.letters_to("ada.volunteer@example.edu").await.pop().expect("an offer's letter");
            scene.insert("token", between(&letter.text, "/o/", ""));
        }
    }

    async fn knock(
        &self,
        world: &World,
        role: usize,
        operation: &str,
        given: Given,
        body: &str,
        scene: &Scene,
    ) -> Response {
        let known = contract().operations().iter().find(|known| known.id == operation).expect("in the contract");
        let mut target = filled(&known.path, scene, |name| format!("{{{name}}}"));
        if operation == "explain_proposal" {
            target = format!("{target}?role_id={}&volunteer_id={}", scene["role_id"], scene["volunteer_id"]);
        }
        let mut client = self.people[role].clone();
        if given == OwnSession && client.bearer().is_some() {
            client = world.another_session(&client).await;
        }
        let mut request = client.request(&known.method, &target);
        if ["PATCH", "DELETE"].contains(&known.method.as_str()) {
            request = request.header("If-Match", "*");
        }
        if [
            "set_event_parts",
            "set_booking_rules",
            "set_grid",
            "set_office_calendar",
            "reschedule_event",
            "reschedule_event_series",
            "end_event_series",
        ]
        .contains(&operation)
        {
            request = request.header("If-Match", "*");
        }
        if operation.contains("door") || operation == "look_up_code" {
            request = request.header("Cookie", scene["cookie"].split(';').next().unwrap());
        }
        if ["answer_offer_page", "answer_place_page", "look_up_code", "answer_door_code", "let_in_at_door"]
            .contains(&operation)
        {
            request = request.body("application/x-www-form-urlencoded", filled(body, scene, |name| format!("${name}")));
        } else if !body.is_empty() {
            request = request.body("application/json", filled(body, scene, |name| format!("${name}")));
        }
        request.send().await
    }
}

fn put_need(scene: &mut Scene, need: &Response) {
    scene.insert("campus_request_id", need.id());
    scene.insert("role_id", first_role(need));
    scene.insert("event_id", need.json["event_id"].as_str().expect("a need of an event kind").to_owned());
}

fn filled(template: &str, scene: &Scene, marked: impl Fn(&str) -> String) -> String {
    // Longer names first, so that `$need` does not eat the beginning of another.
    let mut names: Vec<_> = scene.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().fold(template.to_owned(), |text, name| text.replace(&marked(name), &scene[*name]))
}

/// What stands after `before`: up to `after`, or to the end of the word.
fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    if after.is_empty() {
        let word = |letter: &char| letter.is_ascii_alphanumeric() || ['-', '_'].contains(letter);
        rest.chars().take_while(word).collect()
    } else {
        rest.split_once(after).unwrap_or_else(|| panic!("no {after} in {text}")).0.to_owned()
    }
}
