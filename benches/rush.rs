//! Booking opens: ten thousand students want five hundred places in sixty slots at once, through a portal's key over HTTP,
//! each request with its Idempotency-Key; and then all of them want one slot.
//!
//! `cargo bench --bench rush` prints how many durable decisions a second that makes, how long the slowest waited, and what
//! the writer does alone in the same run; it ends with a fault unless every place has exactly one holder, every answer
//! that said so is in the database, nothing else is, and each holder has one letter. All the while others look at the list
//! of slots and at the picture of the day, at a fixed pace and from a thread of their own; what the slowest hundredth of
//! them waits is compared with the same looks when nobody books. It runs on `SQLite`; with
//! `ROSTRUM_TEST_POSTGRES` naming a server (`./tests/run` shows how one is started) also on `PostgreSQL`, with one node and
//! with two. The load generator shares the machine's cores with the service.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot run says why and ends"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Stopwatch};

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rostrum::auth::token::Bearer;
use rostrum::config::{Key, Settings};
use rostrum::domain::ids::{CampusId, EventId, SessionId, SlotId};
use rostrum::domain::letter::Email;
use rostrum::domain::matching::campus_request::Mode;
use rostrum::domain::people::access::Role;
use rostrum::domain::people::account::Named;
use rostrum::domain::people::campus::{OfferHours, Settings as CampusSettings};
use rostrum::domain::scheduling::booking::{BookingState, Student};
use rostrum::domain::scheduling::event::EventKind;
use rostrum::domain::time::{LocalWindow, Zone};
use rostrum::mail::transport::{Memory, Transport};
use rostrum::service::access::{Actor, Caller};
use rostrum::service::app::{App, Clock, Tx};
use rostrum::service::campuses::{self, NewCampus};
use rostrum::service::error::ServiceError;
use rostrum::service::events::{self, NewEvent};
use rostrum::service::idempotency::{Keyed, Stored};
use rostrum::service::slots::{self, NewSlot};
use rostrum::service::{bookings, portals};
use rostrum::startup::{self, Running};
use rostrum::store::db::{self, Location};
use rostrum::store::schema::{bookings as rows, letters, sessions};

/// How many students come.
const STUDENTS: usize = 10_000;
/// How many slots there are.
const SLOTS: usize = 60;
/// How many places there are in all.
const PLACES: usize = 500;
/// How many connections the portal keeps.
const CONNECTIONS: usize = 64;

/// How often each of the lookers looks.
const PACE: Duration = Duration::from_millis(10);
/// How long they look when nobody books.
const QUIET: Duration = Duration::from_secs(3);

/// One service on its own lanes, as another machine would run it.
struct Node {
    app: App,
    running: Running,
}

/// What the rush is about.
struct Scene {
    campus: CampusId,
    actor: Bearer,
    key: String,
}

fn node(location: &Location, folder: &Path) -> Node {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut settings = Settings::in_folder(folder, listener.local_addr().expect("it is bound"));
    settings.database = location.clone();
    settings.token_key = Some(Key([7; 32]));
    let app = startup::app(&settings, Clock::System, Transport::Memory(Memory::default())).expect("a house");
    let running = startup::serve(app.clone(), listener, 2, false).expect("the port is ours");
    Node { app, running }
}

async fn scene(app: &App) -> Scene {
    let settings = CampusSettings::new(
        "Bench",
        Zone::UTC,
        Email::parse("careers@example.edu").expect("an address"),
        None,
        OfferHours::new(72).expect("hours"),
    );
    let new = NewCampus {
        slug: None,
        settings: settings.expect("settings"),
        members: vec![(Named::new("office@example.edu", "The Office").expect("a name"), Role::Coordinator)],
    };
    let made = app.write(move |tx| campuses::bootstrap(tx, &new)).await.expect("a campus");
    let actor = Bearer { account: made.members[0].0.account, session: SessionId::mint() };
    let campus = made.campus.id;
    let begun = app.write(move |tx| {
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(actor.session),
                sessions::account_id.eq(actor.account),
                sessions::created_at.eq(tx.now),
                sessions::expires_at.eq(tx.now.plus(TimeDelta::days(1))),
            ))
            .execute(tx.conn)?;
        Ok(())
    });
    begun.await.expect("a session");
    let (_, key) = app
        .write(move |tx| {
            let office = office(tx, actor)?;
            portals::create(tx, &office, campus, "Bench")
        })
        .await
        .expect("a portal");
    Scene { campus, actor, key }
}

fn office(tx: &mut Tx<'_>, actor: Bearer) -> Result<Actor, ServiceError> {
    Caller::Person(actor).enter(tx)
}

/// A published event with these numbers of places in its slots, all at the same time of day on days of their own.
async fn event(app: &App, scene: &Scene, places: Vec<usize>) -> (EventId, Vec<SlotId>) {
    let (actor, campus) = (scene.actor, scene.campus);
    let made = app.write(move |tx| {
        let office = office(tx, actor)?;
        let start = tx.now.plus(TimeDelta::days(30)).wall(Zone::UTC);
        let lasts = |from: TimeDelta, until: TimeDelta| {
            LocalWindow::new(start + from, start + until, Zone::UTC, None).expect("a window")
        };
        let new = NewEvent {
            kind: EventKind::MockInterviews,
            title: "Mock interviews".to_owned(),
            description: String::new(),
            mode: Mode::InPerson,
            place: Some("Student Center".to_owned()),
            presenter: None,
            position: None,
            when: lasts(TimeDelta::zero(), TimeDelta::days(90)),
        };
        let event = events::create(tx, &office, campus, &new)?.id;
        events::publish(tx, &office, event)?;
        let mut made = Vec::new();
        for (number, capacity) in places.iter().enumerate() {
            let from = TimeDelta::minutes(30 * i64::try_from(number).expect("few"));
            let slot = NewSlot {
                label: Some(format!("Table {number}")),
                place: None,
                part: None,
                when: lasts(from, from + TimeDelta::minutes(30)),
                capacity: i64::try_from(*capacity).expect("few"),
                seats: 0,
            };
            made.push(slots::create(tx, &office, event, &slot)?.row.id);
        }
        Ok((event, made))
    });
    made.await.expect("an event")
}

fn spread() -> Vec<usize> {
    (0..SLOTS).map(|slot| PLACES / SLOTS + usize::from(slot < PLACES % SLOTS)).collect()
}

/// What one run of the crowd came to.
struct Outcome {
    seconds: f64,
    waits: Vec<Duration>,
    statuses: BTreeMap<u16, usize>,
    taken: Vec<String>,
}

impl Outcome {
    fn print(mut self, what: &str) -> f64 {
        self.waits.sort();
        let at = |share: usize| self.waits[(self.waits.len() - 1) * share / 1000].as_secs_f64() * 1000.0;
        let rate = self.waits.len() as f64 / self.seconds;
        println!("{what:<34} {rate:>9.0}/s {:>8.1} {:>8.1} {:>8.1}   {:?}", at(500), at(990), at(1000), self.statuses);
        rate
    }
}

/// Lets the whole crowd book over HTTP: student `n` wants `slots[n % slots]`.
async fn rush(nodes: &[Node], key: &str, slots: &[SlotId], name: &str) -> Outcome {
    let next = Rc::new(Cell::new(0_usize));
    let said = Rc::new(RefCell::new((Vec::new(), BTreeMap::new(), Vec::new())));
    let since = Stopwatch::now();
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|caller| {
            let client = awc::Client::builder().timeout(Duration::from_secs(60)).disable_redirects().finish();
            let base = format!("http://{}", nodes[caller % nodes.len()].running.address);
            let (key, name, slots) = (key.to_owned(), name.to_owned(), slots.to_vec());
            let (next, said) = (next.clone(), said.clone());
            tokio::task::spawn_local(async move {
                loop {
                    let number = next.replace(next.get() + 1);
                    if number >= STUDENTS {
                        return;
                    }
                    let slot = slots[(number * 7919) % slots.len()];
                    let body = format!(
                        r#"{{"student":{{"external_ref":"{name}-{number}","name":"Student {number}","email":"s{number}@example.edu"}}}}"#
                    );
                    let begun = Stopwatch::now();
                    let mut answer = loop {
                        let answer = client
                            .post(format!("{base}/v1/slots/{slot}/bookings"))
                            .bearer_auth(&key)
                            .insert_header(("Idempotency-Key", format!("{name}-{number}")))
                            .content_type("application/json")
                            .send_body(body.clone())
                            .await
                            .expect("an answer");
                        if answer.status() != 503 {
                            break answer;
                        }
                        // Nothing was changed, and a portal asks again under the same key.
                        *said.borrow_mut().1.entry(503).or_default() += 1;
                    };
                    let text = answer.body().await.expect("a whole answer");
                    let mut said = said.borrow_mut();
                    said.0.push(begun.elapsed());
                    *said.1.entry(answer.status().as_u16()).or_default() += 1;
                    if answer.status() == 201 {
                        let text = String::from_utf8_lossy(&text);
                        said.2.push(text.split('"').nth(3).expect("an id").to_owned());
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller ends by itself");
    }
    let seconds = since.elapsed().as_secs_f64();
    let (waits, statuses, taken) = said.take();
    Outcome { seconds, waits, statuses, taken }
}

/// Looks at a page at a fixed pace until told to stop, and answers how long each look took. People do not wait for one
/// another: the next look begins when it is due, whether or not the one before has its answer.
fn look(url: String, stop: Arc<AtomicBool>) -> JoinHandle<Vec<Duration>> {
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let client = awc::Client::builder().timeout(Duration::from_secs(60)).finish();
            let (mut looks, mut due) = (Vec::new(), Stopwatch::now());
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep_until(due.into()).await;
                let (client, url) = (client.clone(), url.clone());
                looks.push(actix_web::rt::spawn(async move {
                    let mut answer = client.get(&url).send().await.expect("an answer");
                    assert_eq!(answer.status(), 200, "{url}");
                    let _ = answer.body().limit(10_000_000).await.expect("a whole answer");
                    due.elapsed()
                }));
                due += PACE;
            }
            let mut took = Vec::new();
            for look in looks {
                took.push(look.await.expect("a look ends by itself"));
            }
            took
        })
    })
}

/// The pages that are looked at.
fn pages(node: &Node, event: EventId) -> [(&'static str, String); 2] {
    let base = format!("http://{}/v1/events/{event}", node.running.address);
    [
        ("the list of slots", format!("{base}/slots?limit=100")),
        ("the picture of the day", format!("{base}/schedule.svg")),
    ]
}

/// Starts to look at all pages.
fn lookers(node: &Node, event: EventId) -> (Arc<AtomicBool>, Vec<JoinHandle<Vec<Duration>>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let looks = pages(node, event).map(|(_, url)| look(url, stop.clone()));
    (stop, looks.into())
}

/// How long looks took: half of them at most, ninety-nine of a hundred at most, and how many there were.
struct Looked {
    p50: Duration,
    p99: Duration,
    looks: usize,
}

/// Stops them, and answers how long each page took.
fn looked((stop, lookers): (Arc<AtomicBool>, Vec<JoinHandle<Vec<Duration>>>)) -> Vec<Looked> {
    stop.store(true, Ordering::Relaxed);
    let sum = |looker: JoinHandle<Vec<Duration>>| {
        let mut took = looker.join().expect("it ends by itself");
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        Looked { p50: at(50), p99: at(99), looks: took.len() }
    };
    lookers.into_iter().map(sum).collect()
}

/// The same decisions inside the process, without HTTP.
async fn alone(app: &App, key: &str, event: EventId, slots: &[SlotId]) -> f64 {
    let (next, since) = (Rc::new(Cell::new(0_usize)), Stopwatch::now());
    let caller = Caller::Portal(rostrum::auth::secret::hash(key));
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (app, caller, slots, next) = (app.clone(), caller.clone(), slots.to_vec(), next.clone());
            tokio::task::spawn_local(async move {
                loop {
                    let number = next.replace(next.get() + 1);
                    if number >= STUDENTS {
                        return;
                    }
                    let (slot, caller) = (slots[(number * 7919) % slots.len()], caller.clone());
                    let (name, mail) = (format!("Student {number}"), format!("s{number}@example.edu"));
                    let student = Student::new(&format!("alone-{number}"), &name, &mail, &[], None, &[]).expect("one");
                    let keyed =
                        Keyed { scope: "alone".to_owned(), key: number.to_string(), fingerprint: String::new() };
                    let _turn = app.turn(event.uuid()).await;
                    let done = app.act(Some(keyed), move |tx| {
                        let actor = caller.enter(tx)?;
                        let booked = bookings::create(
                            tx,
                            &actor,
                            slot,
                            bookings::Wanted {
                                student: &|| Ok(student.clone()),
                                campus: None,
                                party: 1,
                                hold: false,
                                aside: None,
                            },
                        )?;
                        Ok(Stored { status: 201, headers: Vec::new(), body: booked.row.id.to_string().into() })
                    });
                    match done.await {
                        Ok(_) | Err(ServiceError::Refused(_)) => {}
                        Err(fault) => panic!("{fault:?}"),
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller ends by itself");
    }
    STUDENTS as f64 / since.elapsed().as_secs_f64()
}

/// Holds the answers against the database: as many as there were places, the same, each with its letter.
fn hold_against(location: &Location, event: EventId, outcome: &Outcome, places: usize) {
    let mut conn = db::connect(location).expect("the bench's own database");
    let kept: Vec<(rostrum::domain::ids::BookingId, SlotId)> = rows::table
        .filter(rows::event_id.eq(event))
        .filter(rows::state.eq(BookingState::Confirmed))
        .select((rows::id, rows::slot_id))
        .load(&mut conn)
        .expect("the bookings");
    let mut ids: Vec<String> = kept.iter().map(|(id, _)| id.to_string()).collect();
    let mut said = outcome.taken.clone();
    ids.sort();
    said.sort();
    assert_eq!(ids, said, "what was answered is what is kept: nothing lost, no ghosts");
    assert_eq!(ids.len(), places, "every place has one holder, none has two");
    let said: usize = [201, 409].iter().filter_map(|status| outcome.statuses.get(status)).sum();
    assert_eq!(said, STUDENTS, "everybody has an answer that holds: {:?}", outcome.statuses);
    assert!(outcome.statuses.keys().all(|status| [201, 409, 503].contains(status)), "{:?}", outcome.statuses);
    let subjects: Vec<String> = letters::table
        .filter(letters::kind.eq("place_confirmation"))
        .select(letters::thread)
        .load(&mut conn)
        .expect("the letters");
    let ours = subjects.iter().filter(|thread| ids.iter().any(|id| thread.starts_with(id.as_str()))).count();
    assert_eq!(ours, places, "one letter each");
}

async fn on(location: &Location, folder: &Path, nodes: usize, what: &str) {
    startup::migrate(location).expect("a new database");
    let nodes: Vec<Node> = (0..nodes).map(|_| node(location, folder)).collect();
    let app = &nodes[0].app;
    let scene = scene(app).await;
    let (booked, inside) = event(app, &scene, spread()).await;
    let within = alone(app, &scene.key, booked, &inside).await;
    println!("{:<34} {within:>9.0}/s", format!("{what}, in process"));
    let (rushed, slots) = event(app, &scene, spread()).await;
    let outcome = rush(&nodes, &scene.key, &slots, "rush").await;
    hold_against(location, rushed, &outcome, PLACES);
    let over_http = outcome.print(&format!("{what}, {SLOTS} slots"));
    println!("{:<34} {:>9.2} of the rate in process", "", over_http / within);
    let (watched, slots) = event(app, &scene, spread()).await;
    let looking = lookers(&nodes[0], watched);
    let outcome = rush(&nodes, &scene.key, &slots, "watched").await;
    let busy = looked(looking);
    hold_against(location, watched, &outcome, PLACES);
    outcome.print(&format!("{what}, {SLOTS} slots, looked at"));
    // The same event with all its places taken, and nobody who books.
    let looking = lookers(&nodes[0], watched);
    tokio::time::sleep(QUIET).await;
    let quiet = looked(looking);
    for (((page, _), busy), quiet) in pages(&nodes[0], watched).iter().zip(busy).zip(quiet) {
        let ms = |took: Duration| took.as_secs_f64() * 1000.0;
        let line = |looked: &Looked| format!("{:.1} / {:.1} ms", ms(looked.p50), ms(looked.p99));
        let (in_rush, when_quiet) = (line(&busy), line(&quiet));
        let (looks, times) = (busy.looks, ms(busy.p99) / ms(quiet.p99));
        println!(
            "  {page:<32} p50/p99 {in_rush} in the rush ({looks} looks), {when_quiet} when quiet: {times:.1} times"
        );
    }
    let (hot, slots) = event(app, &scene, vec![PLACES]).await;
    let outcome = rush(&nodes, &scene.key, &slots, "hot").await;
    hold_against(location, hot, &outcome, PLACES);
    outcome.print(&format!("{what}, one hot slot"));
    for node in nodes {
        node.running.stop().await;
    }
}

/// A new database of this run's own on the server at `url`.
fn created(url: &str, name: &str) -> Location {
    let mut conn = db::connect(&Location::Postgres(format!("{url}/postgres"))).expect("the server");
    conn.batch_execute(&format!("drop database if exists {name}")).expect("ours to drop");
    conn.batch_execute(&format!("create database {name} template template0")).expect("ours to make");
    Location::Postgres(format!("{url}/{name}"))
}

#[actix_web::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("rostrum-bench-{}", std::process::id()));
    println!("{STUDENTS} students, {PLACES} places, {CONNECTIONS} connections");
    println!("{:<34} {:>11} {:>8} {:>8} {:>8}   answers", "", "decisions", "p50 ms", "p99 ms", "max ms");
    on(&Location::Sqlite(folder.join("rostrum.db")), &folder, 1, "SQLite").await;
    if let Ok(url) = std::env::var("ROSTRUM_TEST_POSTGRES") {
        for nodes in [1, 2] {
            let location = created(&url, &format!("rush_{nodes}"));
            on(&location, &folder, nodes, &format!("PostgreSQL, {nodes} node{}", if nodes == 1 { "" } else { "s" }))
                .await;
        }
    }
    // The folder is of this run alone; what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(folder);
}
