//! Letters are not lost: not by a kill between commit and send, not by a dead node, not by a neighbour's bad address.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use rostrum::config::Settings;
use rostrum::domain::letter::{Email, LetterState, Person};
use rostrum::domain::notice::{Campus, Notice, Recipient};
use rostrum::domain::time::Instant;
use rostrum::mail::transport::{Memory, Transport};
use rostrum::service::app::{App, Clock};
use rostrum::service::outbox;
use rostrum::startup;
use rostrum::store::letters;
use serde_json::Value;

use crate::support::databases::{Backend, Database};
use crate::support::smtp::Relay;

const NOON: i64 = 1_803_556_800;

/// A house on `database` whose clock stands still until it is moved.
fn house(database: &Database, transport: Transport) -> (App, Arc<AtomicI64>) {
    let at = Arc::new(AtomicI64::new(NOON));
    let folder = std::env::temp_dir().join(format!("rostrum-house-{}", uuid::Uuid::now_v7()));
    let mut settings = Settings::in_folder(&folder, ([127, 0, 0, 1], 0).into());
    settings.database = database.location().clone();
    settings.token_key = Some(rostrum::config::Key([7; 32]));
    (startup::app(&settings, Clock::Standing(at.clone()), transport).unwrap(), at)
}

async fn post(app: &App, to: &str, thread: &str, title: &str) {
    let recipient = Recipient { person: Person::new("Some Body", Email::parse(to).unwrap()), zone: None };
    let notice = Notice::NeedDeclined {
        campus: Campus { name: "Example State".to_owned(), contact: None },
        title: title.to_owned(),
        reason: "No room on that day.".to_owned(),
        thread: thread.to_owned(),
    };
    app.write(move |tx| outbox::post(tx, None, &recipient, &notice)).await.unwrap();
}

/// The state and the last error of the letters in the outbox, by what their subject holds.
async fn states(app: &App, titles: &[&'static str]) -> Vec<(LetterState, i32)> {
    let titles = titles.to_vec();
    app.read(move |tx| {
        use diesel::prelude::*;
        use rostrum::store::schema::letters::dsl;
        let rows: Vec<(String, LetterState, i32)> =
            dsl::letters.select((dsl::subject, dsl::state, dsl::attempts)).load(tx.conn)?;
        let of = |title: &&str| rows.iter().find(|(subject, ..)| subject.contains(*title)).map(|(_, s, n)| (*s, *n));
        Ok(titles.iter().filter_map(of).collect())
    })
    .await
    .unwrap()
}

async fn a_dead_nodes_letter_goes_when_its_lease_ends(backend: Backend) {
    let database = Database::migrated(backend);
    let memory = Memory::default();
    let (app, clock) = house(&database, Transport::Memory(memory.clone()));
    post(&app, "ada@example.edu", "need-1", "Mock interviews").await;
    let dead = |conn: &mut rostrum::store::db::Conn| {
        let now = Instant::from_unix(NOON);
        letters::lease_due(conn, "a node that died", now, now.plus(chrono::TimeDelta::minutes(5)), 10)
    };
    let taken = app.db.write(dead).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(outbox::deliver_due(&app).await.unwrap(), 0, "the lease of the dead node still holds");
    clock.fetch_add(301, Ordering::Relaxed);
    assert_eq!(outbox::deliver_due(&app).await.unwrap(), 1);
    assert_eq!(memory.letters()[0].message_id, taken[0].0.message_id);
    assert_eq!(outbox::deliver_due(&app).await.unwrap(), 0, "it goes once");
    app.db.close();
}

async fn a_bad_address_stops_nobody_else(backend: Backend) {
    let database = Database::migrated(backend);
    let relay = Relay::start();
    let (app, clock) = house(&database, relay.transport());
    post(&app, "refused@example.edu", "a", "Refused").await;
    post(&app, "busy@example.edu", "b", "Busy").await;
    post(&app, "ada@example.edu", "c", "Fine").await;
    assert_eq!(outbox::deliver_due(&app).await.unwrap(), 1);
    assert_eq!(
        states(&app, &["Refused", "Busy", "Fine"]).await,
        [(LetterState::Undeliverable, 1), (LetterState::Queued, 1), (LetterState::Sent, 1)]
    );
    clock.fetch_add(3600, Ordering::Relaxed);
    outbox::deliver_due(&app).await.unwrap();
    assert_eq!(
        states(&app, &["Refused", "Busy", "Fine"]).await,
        [(LetterState::Undeliverable, 1), (LetterState::Queued, 2), (LetterState::Sent, 1)],
        "what was refused for good is not tried again"
    );
    clock.fetch_add(30 * 86_400, Ordering::Relaxed);
    for _ in 0..20 {
        outbox::deliver_due(&app).await.unwrap();
        clock.fetch_add(86_400, Ordering::Relaxed);
    }
    assert_eq!(states(&app, &["Busy"]).await, [(LetterState::Undeliverable, 18)], "in the end it is given up");
    app.db.close();
}

async fn letters_of_one_thread_keep_their_order(backend: Backend) {
    let database = Database::migrated(backend);
    let relay = Relay::start();
    let (app, _clock) = house(&database, relay.transport());
    post(&app, "busy@example.edu", "one@site", "First").await;
    post(&app, "ada@example.edu", "one@site", "Second").await;
    post(&app, "ada@example.edu", "two@site", "Other").await;
    assert_eq!(outbox::deliver_due(&app).await.unwrap(), 1, "only the other thread's");
    assert_eq!(
        states(&app, &["First", "Second", "Other"]).await,
        [(LetterState::Queued, 1), (LetterState::Queued, 0), (LetterState::Sent, 1)]
    );
    app.db.close();
}

macro_rules! on_both {
    ($($story:ident)*) => {
        mod sqlite {
            $(#[actix_web::test] async fn $story() { super::$story(super::Backend::Sqlite).await; })*
        }
        mod postgres {
            $(#[actix_web::test] async fn $story() { super::$story(super::Backend::Postgres).await; })*
        }
    };
}
on_both! {
    a_dead_nodes_letter_goes_when_its_lease_ends
    a_bad_address_stops_nobody_else
    letters_of_one_thread_keep_their_order
}

/// The program itself, as an operator starts it; killed at the end.
struct Program {
    child: Child,
    base: String,
}

impl Program {
    fn start(folder: &std::path::Path, mail: &str, ca: &std::path::Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = format!("http://127.0.0.1:{port}");
        let child = command(folder)
            .arg("serve")
            .env("ROSTRUM_LISTEN", format!("127.0.0.1:{port}"))
            .env("ROSTRUM_MAIL_URL", mail)
            .env("ROSTRUM_MAIL_CA", ca)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, base }
    }

    /// Calls until the program answers; the answer of a program that is starting is a refused connection.
    async fn ready(&self) {
        let since = Stopwatch::now();
        while awc::Client::default().get(format!("{}/readyz", self.base)).send().await.is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "the program did not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn kill(&mut self) {
        // SIGKILL: nothing of the program runs any more after it.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rostrum"));
    command.env_remove("DATABASE_URL").env("ROSTRUM_DATA_DIR", folder).env("ROSTRUM_SITE_URL", "http://site.example");
    command
}

/// A mail server that takes connections and says nothing.
fn silence() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    (listener, url)
}

/// The Message-ID and the state of each letter of the campus.
async fn message_ids(base: &str, token: &str, campus: &str) -> Vec<(String, String)> {
    let mut answer = awc::Client::default()
        .get(format!("{base}/v1/campuses/{campus}/letters"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let list: Value = answer.json().await.unwrap();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("a list, not {list}"));
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    items.iter().map(|item| (text(item, "message_id"), text(item, "state"))).collect()
}

#[actix_web::test]
async fn a_kill_between_commit_and_send_loses_nothing() {
    let folder = std::env::temp_dir().join(format!("rostrum-kill-{}", uuid::Uuid::now_v7()));
    let relay = Relay::start();
    let made = command(&folder)
        .args(["bootstrap", "--name", "Example State", "--zone", "America/New_York"])
        .args(["--coordinator", "Cora Example <cora@example.edu>"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let (campus, token) =
        (made["campus"]["id"].as_str().unwrap(), made["members"][0]["access_token"].as_str().unwrap());

    let (_silent, nowhere) = silence();
    let mut first = Program::start(&folder, &nowhere, &relay.ca());
    first.ready().await;
    let invited = awc::Client::default()
        .post(format!("{}/v1/campuses/{campus}/members", first.base))
        .bearer_auth(token)
        .send_json(&serde_json::json!({ "email": "rita@example.edu", "name": "Rita Example", "role": "requester" }))
        .await
        .unwrap();
    assert_eq!(invited.status(), 201);
    let before = message_ids(&first.base, token, campus).await;
    first.kill();
    assert_eq!(before.len(), 1);

    let second = Program::start(&folder, &relay.url(), &relay.ca());
    second.ready().await;
    let received = relay.messages(1);
    assert_eq!(received[0]["rcpt_to"], serde_json::json!(["rita@example.edu"]));
    let headers = received[0]["headers"].to_string();
    assert!(headers.contains(&before[0].0), "the Message-ID {} is not in {headers}", before[0].0);
    let since = Stopwatch::now();
    while message_ids(&second.base, token, campus).await != [(before[0].0.clone(), "sent".to_owned())] {
        assert!(since.elapsed() < Duration::from_secs(10), "the letter was not written down as sent");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(second);
    std::fs::remove_dir_all(folder).unwrap();
}
