//! What goes into a row comes out of it again, on a real database.

use chrono::{NaiveDate, NaiveDateTime, Weekday};
use diesel::prelude::*;

use super::campus_requests::{self, CampusRequestFilter, CampusRequestRow, Seats};
use super::campus_volunteers::{self, CampusVolunteerRow};
use super::db::{Conn, Location, connect};
use super::events::{self, EventFilter, EventRow};
use super::exclusions::{self, ExclusionRow};
use super::slots::{self, SlotRow};
use super::volunteers::{self, VolunteerRow};
use super::{feed_revisions, migrate, schema};
use crate::domain::{
    ids::{
        AccountId, AssignmentId, CampusId, CampusRequestId, EventId, ExclusionId, OfferId, RoleId, SlotId, VolunteerId,
    },
    matching::campus_request::{Brief, CampusRequest, Kind, Mode, NeedRole, NeedState},
    people::{
        availability::{Availability, DatedException, DayHours, WeeklyHours},
        place::Position,
        volunteer::{Caps, InPerson, Level, Profile, Skill, Standing, Volunteer},
    },
    scheduling::{event::Event, slot::Slot},
    time::{Fold, Instant, LocalWindow, Zone},
};

/// A migrated database of its own, dropped with the value.
struct Scratch {
    conn: Conn,
    path: std::path::PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.path.display()));
        }
    }
}

fn scratch() -> Scratch {
    let path = std::env::temp_dir().join(format!("rostrum-rows-{}.db", uuid::Uuid::new_v4()));
    let mut conn = connect(&Location::Sqlite(path.clone())).unwrap();
    migrate::up(&mut conn).unwrap();
    Scratch { conn, path }
}

const NOW: Instant = Instant::from_unix(1_800_000_000);

fn account(conn: &mut Conn) -> AccountId {
    use schema::accounts::dsl;
    let id = AccountId::mint();
    diesel::insert_into(dsl::accounts)
        .values((
            dsl::id.eq(id),
            dsl::email.eq(format!("{id}@example.edu")),
            dsl::name.eq("Somebody"),
            dsl::revision.eq(1_i64),
            dsl::created_at.eq(NOW),
            dsl::updated_at.eq(NOW),
        ))
        .execute(conn)
        .unwrap();
    id
}

fn campus(conn: &mut Conn) -> CampusId {
    use schema::campuses::dsl;
    let id = CampusId::mint();
    diesel::insert_into(dsl::campuses)
        .values((
            dsl::id.eq(id),
            dsl::slug.eq(id.to_string()),
            dsl::name.eq("A campus"),
            dsl::time_zone.eq("America/New_York"),
            dsl::contact_email.eq("careers@example.edu"),
            dsl::offer_hours.eq(48),
            dsl::revision.eq(1_i64),
            dsl::created_at.eq(NOW),
            dsl::updated_at.eq(NOW),
        ))
        .execute(conn)
        .unwrap();
    id
}

fn volunteer(account_id: AccountId) -> VolunteerRow {
    let zone: Zone = "Europe/Dublin".parse().unwrap();
    let hours = DayHours::parse("20:00", "24:00").unwrap();
    let date = NaiveDate::from_ymd_opt(2027, 2, 25).unwrap();
    let availability = Availability::new(
        zone,
        vec![WeeklyHours { day: Weekday::Sun, hours }],
        vec![DatedException { date, available: false, hours: DayHours::WHOLE_DAY }],
    );
    let profile = Profile {
        display_name: "Volunteer One".to_owned(),
        headline: "Résumés".to_owned(),
        credentials: vec!["CPRW".to_owned()],
        skills: vec![Skill::new("Résumé review", Level::Expert).unwrap()],
        kinds: vec![Kind::MockInterviews, Kind::AlumniReferral],
        languages: vec!["en".to_owned(), "yue".to_owned()],
        in_person: Some(InPerson { home: Position::new(39.9626, -76.7277).unwrap(), travel_km: 40 }),
        virtual_ok: true,
        availability: availability.unwrap(),
        caps: Caps { per_week: 2, per_month: 250 },
    };
    let volunteer = Volunteer::new(VolunteerId::mint(), profile).unwrap();
    VolunteerRow { volunteer, account_id, revision: 1, created_at: NOW, updated_at: NOW }
}

fn need(campus_id: CampusId, requested_by: AccountId) -> CampusRequestRow {
    let wall = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").unwrap();
    let zone: Zone = "America/New_York".parse().unwrap();
    // Half past one occurs twice that night: only the instants say which was meant.
    let (starts, ends) = (wall("2027-11-07T01:30:00"), wall("2027-11-07T03:00:05"));
    let when = LocalWindow::new(starts, ends, zone, Some(Fold::Later)).unwrap();
    let roles = ["interviewer", "greeter", "Zähler"].map(|name| NeedRole::new(RoleId::mint(), name, 1, 2).unwrap());
    let brief = Brief {
        kind: Kind::MockInterviews,
        title: "Mock interviews".to_owned(),
        purpose: "Fifteen minutes each.\nFive for feedback.".to_owned(),
        mode: Mode::InPerson,
        place: Some("Student Center".to_owned()),
        position: Some(Position::new(39.9626, -76.7277).unwrap()),
        when,
        roles: roles.to_vec(),
        required_skills: vec![Skill::new("interviewing", Level::Practised).unwrap()],
        preferred_skills: vec![Skill::new("nursing", Level::Foundation).unwrap()],
        language: "en".to_owned(),
        decide_by: when.window().start(),
        priority: 5,
    };
    CampusRequestRow {
        need: CampusRequest::new(CampusRequestId::mint(), campus_id, NeedState::Draft, brief).unwrap(),
        requested_by,
        state_reason: None,
        event_id: None,
        slot_id: None,
        out_of_candidates_at: None,
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn volunteers_and_their_standing() {
    let mut scratch = scratch();
    let conn = &mut scratch.conn;
    let (campus, account) = (campus(conn), account(conn));
    let mut row = volunteer(account);
    volunteers::insert(conn, &row).unwrap();
    assert_eq!(volunteers::find(conn, row.id()).unwrap().as_ref(), Some(&row));
    assert_eq!(volunteers::find_by_account(conn, account).unwrap().as_ref(), Some(&row));
    assert_eq!(volunteers::find(conn, VolunteerId::mint()).unwrap(), None);

    volunteers::set_feed_token(conn, row.id(), "hash").unwrap();
    let mut profile = row.volunteer.clone().into_profile();
    profile.in_person = None;
    row.volunteer = Volunteer::new(row.id(), profile).unwrap();
    row.revision = 2;
    volunteers::update(conn, &row).unwrap();
    assert_eq!(volunteers::find_by_feed_token(conn, "hash").unwrap().as_ref(), Some(&row), "a change keeps the feed");

    let second = volunteers::insert(conn, &volunteer(account)).unwrap_err();
    assert!(second.is_lost_race(), "one account, one profile: {second}");

    let mut standing = CampusVolunteerRow {
        campus_id: campus,
        volunteer_id: row.id(),
        state: Standing::Applied,
        note: "Hello.".to_owned(),
        reason: None,
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    campus_volunteers::insert(conn, &standing).unwrap();
    standing.state = Standing::Paused;
    standing.reason = Some("On leave.".to_owned());
    campus_volunteers::update(conn, &standing).unwrap();
    let found = campus_volunteers::find(conn, campus, row.id()).unwrap().unwrap();
    assert_eq!((&found.row, found.display_name.as_str()), (&standing, "Volunteer One"));
    assert_eq!(volunteers::list_of_campus(conn, campus).unwrap(), [(row.clone(), Standing::Paused)]);
    let listed = |conn: &mut Conn, state, after| {
        campus_volunteers::list_of_campus(conn, campus, state, after, 10).unwrap().len()
    };
    assert_eq!(listed(conn, Some(Standing::Paused), None), 1);
    assert_eq!(listed(conn, Some(Standing::Applied), None), 0);
    assert_eq!(listed(conn, None, Some(row.id())), 0);

    let exclusion = ExclusionRow {
        id: ExclusionId::mint(),
        campus_id: campus,
        volunteer_id: row.id(),
        campus_request_id: None,
        reason: "Asked for it.".to_owned(),
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    exclusions::insert(conn, &exclusion).unwrap();
    assert!(exclusions::stands(conn, campus, row.id(), None).unwrap());
    assert!(!exclusions::stands(conn, campus, row.id(), Some(CampusRequestId::mint())).unwrap());
    assert_eq!(exclusions::list_of_campus(conn, campus, None, 10).unwrap()[0].0, exclusion);
    exclusions::delete(conn, exclusion.id).unwrap();
    assert_eq!(exclusions::find(conn, exclusion.id).unwrap(), None);
}

#[test]
fn needs_their_roles_and_their_seats() {
    let mut scratch = scratch();
    let conn = &mut scratch.conn;
    let (campus_id, asker, helper) = (campus(conn), account(conn), account(conn));
    let row = need(campus_id, asker);
    campus_requests::insert(conn, &row).unwrap();
    assert_eq!(campus_requests::find(conn, row.id).unwrap().as_ref(), Some(&row));

    let names = campus_requests::requesters(conn, std::slice::from_ref(&row)).unwrap();
    assert_eq!(names[&asker].0, "Somebody");

    let mut filter = CampusRequestFilter { campus_id, requested_by: Some(asker), state: None, kind: None };
    assert_eq!(campus_requests::list(conn, filter, None, 10).unwrap(), std::slice::from_ref(&row));
    assert!(campus_requests::list(conn, filter, Some(row.id), 10).unwrap().is_empty());
    filter.state = Some(NeedState::Approved);
    assert!(campus_requests::list(conn, filter, None, 10).unwrap().is_empty());
    let other = CampusRequestFilter { requested_by: Some(helper), state: None, ..filter };
    assert!(campus_requests::list(conn, other, None, 10).unwrap().is_empty());

    let volunteer = volunteer(helper);
    volunteers::insert(conn, &volunteer).unwrap();
    let roles: Vec<RoleId> = row.roles.iter().map(NeedRole::id).collect();
    seat(conn, &row, roles[0], &volunteer, "confirmed");
    offer(conn, &row, roles[1], &volunteer, NOW.plus(chrono::TimeDelta::seconds(1)));
    let seats = |conn: &mut Conn, now| campus_requests::seats(conn, &[row.id], now).unwrap();
    let now = seats(conn, NOW);
    assert_eq!(now[&roles[0]], Seats { filled: 1, offered: 0 });
    assert_eq!(now[&roles[1]], Seats { filled: 0, offered: 1 });
    assert!(!now.contains_key(&roles[2]));
    let later = seats(conn, NOW.plus(chrono::TimeDelta::seconds(1)));
    assert!(!later.contains_key(&roles[1]), "an offer holds nothing from its deadline on");

    let approved = row.moved(NeedState::Approved, None, NOW);
    campus_requests::update(conn, &approved).unwrap();
    assert_eq!(approved.revision, 2);
    assert_eq!(campus_requests::list_open(conn, Some(campus_id), NOW).unwrap(), std::slice::from_ref(&approved));
    assert_eq!(campus_requests::list_open(conn, None, NOW).unwrap().len(), 1);
    let start = approved.when.window().start();
    assert!(campus_requests::list_open(conn, None, start).unwrap().is_empty());
    assert!(campus_requests::list_overdue(conn, NOW, 10).unwrap().is_empty());
    assert_eq!(campus_requests::list_overdue(conn, start, 10).unwrap(), [approved]);
    campus_requests::set_out_of_candidates(conn, row.id, Some(NOW)).unwrap();
    assert_eq!(campus_requests::find(conn, row.id).unwrap().unwrap().out_of_candidates_at, Some(NOW));
}

fn seat(conn: &mut Conn, need: &CampusRequestRow, role: RoleId, volunteer: &VolunteerRow, state: &str) {
    use schema::assignments::dsl;
    diesel::insert_into(dsl::assignments)
        .values((
            dsl::id.eq(AssignmentId::mint()),
            dsl::campus_id.eq(need.campus_id),
            dsl::campus_request_id.eq(need.id),
            dsl::role_id.eq(role),
            dsl::volunteer_id.eq(volunteer.id()),
            dsl::state.eq(state),
            dsl::starts_at.eq(need.when.window().start()),
            dsl::ends_at.eq(need.when.window().end()),
            dsl::calendar_sequence.eq(0),
            dsl::changed_at.eq(NOW),
            dsl::revision.eq(1_i64),
            dsl::created_at.eq(NOW),
            dsl::updated_at.eq(NOW),
        ))
        .execute(conn)
        .unwrap();
}

fn offer(conn: &mut Conn, need: &CampusRequestRow, role: RoleId, volunteer: &VolunteerRow, deadline: Instant) {
    use schema::offers::dsl;
    diesel::insert_into(dsl::offers)
        .values((
            dsl::id.eq(OfferId::mint()),
            dsl::campus_id.eq(need.campus_id),
            dsl::campus_request_id.eq(need.id),
            dsl::role_id.eq(role),
            dsl::volunteer_id.eq(volunteer.id()),
            dsl::state.eq("sent"),
            dsl::deadline.eq(deadline),
            dsl::wave.eq(1),
            dsl::score.eq(1),
            dsl::reasons.eq(super::columns::Json(Vec::<String>::new())),
            dsl::token_hash.eq("hash"),
            dsl::revision.eq(1_i64),
            dsl::created_at.eq(NOW),
            dsl::updated_at.eq(NOW),
        ))
        .execute(conn)
        .unwrap();
}

#[test]
fn events_slots_and_feed_revisions() {
    let mut scratch = scratch();
    let conn = &mut scratch.conn;
    let (campus_id, asker) = (campus(conn), account(conn));
    let need = need(campus_id, asker);
    let draft = EventRow::new(Event::of_need(EventId::mint(), &need, NOW).unwrap(), NOW);
    events::insert(conn, &draft).unwrap();
    assert_eq!(events::find(conn, draft.id).unwrap().as_ref(), Some(&draft));
    let slot = SlotRow::new(Slot::whole(SlotId::mint(), &draft), NOW);
    slots::insert(conn, &slot).unwrap();
    assert_eq!(slots::find(conn, slot.id).unwrap().as_ref(), Some(&slot));

    let seen = |conn: &mut Conn, unpublished, after| {
        events::list(conn, EventFilter { campus_id, state: None, unpublished }, after, 10).unwrap()
    };
    let within = |conn: &mut Conn| events::list_public_within(conn, campus_id, need.when.window()).unwrap().len();
    assert_eq!((seen(conn, true, None).len(), seen(conn, false, None).len(), within(conn)), (1, 0, 0));

    let published = draft.changed(draft.publish(NOW).unwrap(), NOW);
    events::update(conn, &published).unwrap();
    assert_eq!(seen(conn, false, None), std::slice::from_ref(&published));
    assert_eq!(within(conn), 1);
    let start = published.when.window().start();
    assert!(seen(conn, true, Some((start, published.id))).is_empty());

    let cancelled = slot.changed(Slot { state: slot.state.cancel().unwrap(), place: None, ..slot.slot.clone() }, NOW);
    slots::update(conn, &cancelled).unwrap();
    assert_eq!(slots::list_of_event(conn, draft.id, slots::SlotFilter::default(), None, 10).unwrap(), [cancelled]);

    let scope = feed_revisions::campus(campus_id);
    assert_eq!(feed_revisions::find(conn, &scope).unwrap(), None);
    feed_revisions::bump(conn, &scope, NOW).unwrap();
    feed_revisions::bump(conn, &scope, start).unwrap();
    assert_eq!(feed_revisions::find(conn, &scope).unwrap(), Some((2, start)));
}
