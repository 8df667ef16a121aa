//! The program is killed twenty times while a crowd books: what was acknowledged is there exactly once, nothing else is,
//! and every confirmation arrives under one Message-ID.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant as Stopwatch};

use serde_json::{Value, json};

use crate::support::places::student;

/// How often the program is killed.
const KILLS: u32 = 20;
/// How many of the crowd ask at the same time.
const CALLERS: usize = 16;
/// How many places there are, in slots of this many.
const SLOTS: [usize; 2] = [40, 25];

/// The program itself, as an operator starts it.
struct Program {
    child: Child,
    base: String,
}

impl Program {
    async fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = command(folder)
            .arg("serve")
            .env("ROSTRUM_LISTEN", format!("127.0.0.1:{port}"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, base: format!("http://127.0.0.1:{port}") };
        let since = Stopwatch::now();
        while awc::Client::default().get(format!("{}/readyz", started.base)).send().await.is_err() {
            assert!(since.elapsed() < Duration::from_secs(30), "the program did not become ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started
    }

    /// SIGKILL: nothing of the program runs any more after it.
    fn kill(&mut self) {
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

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rostrum"));
    command.env_remove("DATABASE_URL").env("ROSTRUM_DATA_DIR", folder).env("ROSTRUM_SITE_URL", "http://site.example");
    command
}

async fn post(url: String, token: &str, key: Option<&str>, body: &Value) -> Option<(u16, Value)> {
    let client = awc::Client::builder().timeout(Duration::from_secs(20)).finish();
    let mut request = client.post(url).bearer_auth(token);
    if let Some(key) = key {
        request = request.insert_header(("Idempotency-Key", key));
    }
    let mut answer = request.send_json(body).await.ok()?;
    // Half an answer is none.
    let text = answer.body().limit(1 << 20).await.ok()?;
    Some((answer.status().as_u16(), serde_json::from_slice(&text).unwrap_or(Value::Null)))
}

async fn get(url: String, token: &str) -> Value {
    let mut answer = awc::Client::default().get(url).bearer_auth(token).send().await.unwrap();
    answer.json().limit(4 << 20).await.unwrap()
}

/// Sets the scene: the portal's key, the event and its slots.
async fn scene(base: &str, campus: &str, token: &str) -> (String, String, Vec<String>) {
    let make = async |path: String, body: Value| {
        let (status, made) = post(format!("{base}{path}"), token, None, &body).await.expect("an answer");
        assert!(status < 300, "{status} {made}");
        made
    };
    let portal = make(format!("/v1/campuses/{campus}/portals"), json!({ "name": "Portal" })).await;
    let event = json!({
        "kind": "mock_interviews", "title": "Mock interviews", "mode": "in_person", "place": "Student Center",
        "starts_local": "2032-03-01T08:00", "ends_local": "2032-03-31T20:00",
    });
    let event = make(format!("/v1/campuses/{campus}/events"), event).await["id"].as_str().unwrap().to_owned();
    make(format!("/v1/events/{event}/publish"), json!({})).await;
    let mut slots = Vec::new();
    for number in 0..SLOTS[0] {
        let (day, hour) = (1 + number / 8, 9 + number % 8);
        let body = json!({
            "starts_local": format!("2032-03-{day:02}T{hour:02}:00"),
            "ends_local": format!("2032-03-{day:02}T{hour:02}:30"),
            "capacity": SLOTS[1],
        });
        slots.push(make(format!("/v1/events/{event}/slots"), body).await["id"].as_str().unwrap().to_owned());
    }
    (portal["key"].as_str().unwrap().to_owned(), event, slots)
}

#[actix_web::test]
async fn twenty_kills_in_a_rush_lose_and_invent_nothing() {
    let folder = std::env::temp_dir().join(format!("rostrum-kills-{}", uuid::Uuid::now_v7()));
    let made = command(&folder)
        .args(["bootstrap", "--name", "Example State", "--zone", "America/New_York"])
        .args(["--coordinator", "Cora Example <cora@example.edu>"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let campus = made["campus"]["id"].as_str().unwrap().to_owned();
    let token = made["members"][0]["access_token"].as_str().unwrap().to_owned();
    let mut program = Program::start(&folder).await;
    let (key, event, slots) = scene(&program.base, &campus, &token).await;

    let base = Rc::new(RefCell::new(program.base.clone()));
    let (next, over) = (Rc::new(Cell::new(0_usize)), Rc::new(Cell::new(false)));
    let taken = Rc::new(RefCell::new(BTreeMap::<String, String>::new()));
    let tries = Rc::new(Cell::new(0_usize));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (base, next, over, taken, tries) =
                (base.clone(), next.clone(), over.clone(), taken.clone(), tries.clone());
            let (key, slots) = (key.clone(), slots.clone());
            tokio::task::spawn_local(async move {
                while !over.get() {
                    let number = next.replace(next.get() + 1);
                    let name = format!("Student {number}");
                    let body = json!({ "student": student(&name) });
                    let path = format!("/v1/slots/{}/bookings", slots[number % slots.len()]);
                    loop {
                        tries.set(tries.get() + 1);
                        let url = format!("{}{path}", base.borrow());
                        match post(url, &key, Some(&format!("key-{number}")), &body).await {
                            Some((201, booking)) => {
                                let id = booking["id"].as_str().unwrap().to_owned();
                                taken.borrow_mut().insert(name, id);
                                break;
                            }
                            Some((409, _)) => break,
                            // The program is gone, or going: nobody knows what became of the request.
                            Some((503, _)) | None => tokio::time::sleep(Duration::from_millis(20)).await,
                            Some((status, what)) => panic!("{status} {what}"),
                        }
                    }
                }
            })
        })
        .collect();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(60 + u64::from(kill) * 37 % 200)).await;
        program.kill();
        program = Program::start(&folder).await;
        base.replace(program.base.clone());
    }
    over.set(true);
    for caller in callers {
        caller.await.unwrap();
    }
    let taken = taken.take();
    let asked = next.get();
    assert!(taken.len() > 50, "the crowd got through: {} of {asked}", taken.len());
    assert!(tries.get() > asked, "some had to ask again: {} times for {asked}", tries.get());

    // All that is kept, page by page.
    let mut kept = BTreeMap::new();
    let mut page = Some(format!("/v1/events/{event}/bookings?limit=100"));
    while let Some(path) = page {
        let list = get(format!("{}{path}", program.base), &key).await;
        for booking in list["items"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let before = kept.insert(text(&booking["student"]["name"]), text(&booking["id"]));
            assert_eq!((before, &booking["state"]), (None, &json!("confirmed")));
        }
        page = list["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(kept, taken, "what was acknowledged is there once, and nothing else is");

    // Every letter goes, those of the killed included, and each is one letter however often it is written.
    let since = Stopwatch::now();
    // A letter that a killed program had in hand is taken up when the next one starts.
    let waits = async |state: &str| {
        let url = format!("{}/v1/campuses/{campus}/letters?limit=1&state={state}", program.base);
        !get(url, &token).await["items"].as_array().unwrap().is_empty()
    };
    while waits("queued").await || waits("sending").await {
        assert!(since.elapsed() < Duration::from_secs(60), "letters are left in the outbox");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in std::fs::read_dir(folder.join("mail")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let header = |name: &str| {
            let line =
                text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
            line[name.len()..].to_owned()
        };
        ids.entry(header("To: ")).or_default().insert(header("Message-ID: "));
    }
    for name in taken.keys() {
        let to = ids.iter().find(|(to, _)| to.contains(&format!("<{}@", name.to_lowercase().replace(' ', "."))));
        assert_eq!(to.map(|(_, ids)| ids.len()), Some(1), "one confirmation for {name}");
    }
    drop(program);
    std::fs::remove_dir_all(folder).unwrap();
}
