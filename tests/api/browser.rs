//! The page behind an offer's link, in a real browser the size of a phone: read, pressed, and read again.
//!
//! Chromium is driven over `WebDriver` (W3C), whose few calls that are needed here are made by hand.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::databases::on_both;
use crate::support::world::World;

/// One browser window; closed with this value.
struct Browser {
    driver: Child,
    session: String,
    profile: PathBuf,
    /// What it prints goes here: were it closed, the next line would end it.
    _said: BufReader<ChildStdout>,
}

/// One browser at a time: two that start at once on a small machine wait for each other longer than they are patient.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// How long a page, or the browser itself, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Under this name an element is told of in the answers of `WebDriver`.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// A window of 390 by 844 points, as a phone has.
    async fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, of Debian's package chromium-driver");
        let mut said = BufReader::new(driver.stdout.take().expect("its words"));
        let port = said
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("successfully on port ").nth(1).map(|port| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says on which port it listens");
        let profile = std::env::temp_dir().join(format!("rostrum-browser-{}", uuid::Uuid::now_v7()));
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--no-first-run".to_owned(),
            "--window-size=390,844".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": arguments } } } });
        let session = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, session, profile, _said: said };
        let opened = browser.call("POST", "", Some(&wanted)).await;
        let id = opened["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {opened}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Makes one call and answers its `value`.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let client = awc::Client::builder().timeout(PATIENCE).finish();
        let target = format!("{}{path}", self.session);
        let sent = match (method, body) {
            ("GET", _) => client.get(target).send().await,
            (_, body) => client.post(target).send_json(body.unwrap_or(&json!({}))).await,
        };
        let mut sent = sent.unwrap_or_else(|fault| panic!("{method} {path}: {fault}"));
        let answer: Value = sent.json().limit(16 << 20).await.unwrap();
        answer["value"].clone()
    }

    async fn goes_to(&self, url: &str) {
        self.call("POST", "/url", Some(&json!({ "url": url }))).await;
    }

    async fn element(&self, css: &str) -> String {
        let found = json!({ "using": "css selector", "value": css });
        let found = self.call("POST", "/element", Some(&found)).await;
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no {css} on the page: {found}")).to_owned()
    }

    /// Presses what leads to another page, and waits for that page: a press answers before the browser has moved on.
    async fn presses(&self, css: &str) {
        let element = self.element(css).await;
        let done = self.call("POST", &format!("/element/{element}/click"), None).await;
        assert!(done.is_null(), "{css} could not be pressed: {done}");
        let since = Instant::now();
        loop {
            let old = self.call("GET", &format!("/element/{element}/enabled"), None).await;
            if !old.is_boolean() && self.computes("document.readyState").await == json!("complete") {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "the browser stayed on the page after {css}: {old}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn types(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        self.call("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text }))).await;
    }

    /// What a person reads.
    async fn reads(&self) -> String {
        let body = self.element("body").await;
        let text = self.call("GET", &format!("/element/{body}/text"), None).await;
        text.as_str().unwrap().to_owned()
    }

    async fn source(&self) -> String {
        self.call("GET", "/source", None).await.as_str().unwrap().to_owned()
    }

    async fn computes(&self, script: &str) -> Value {
        let script = json!({ "script": format!("return {script}"), "args": [] });
        self.call("POST", "/execute/sync", Some(&script)).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = Command::new("pkill").args(["-P", &self.driver.id().to_string()]).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// The link of the last letter to `email` that has one.
async fn link(world: &World, email: &str) -> String {
    let letters = world.letters_to(email).await;
    let text = &letters.last().expect("a letter").text;
    let start = text.find(&format!("{}/o/", world.base_url)).unwrap_or_else(|| panic!("no link in {text}"));
    text[start..].split_whitespace().next().unwrap().to_owned()
}

async fn an_offer_is_answered_on_a_phone(world: &World) {
    let need = world.approved_need(&json!({ "title": "Mock <b>interviews</b> & more" })).await;
    let (ada, ben) = (world.volunteer("Ada Example").await, world.volunteer("Ben Example").await);
    world.offer(&need, &ada).await;
    world.offer(&need, &ben).await;
    let _alone = ONE.lock().await;
    let browser = Browser::open().await;

    browser.goes_to(&link(world, "ada.example@example.edu").await).await;
    let page = browser.reads().await;
    assert!(page.contains("Mock <b>interviews</b> & more"), "the title stands there as it was typed: {page}");
    assert!(!browser.source().await.contains("<script"), "the page needs no script");
    let fits = browser.computes("document.documentElement.scrollWidth <= window.innerWidth").await;
    assert_eq!(fits, json!(true), "nothing is wider than the phone");
    browser.goes_to(&link(world, "ada.example@example.edu").await).await;
    let offers = world.coordinator().all(&format!("/v1/campus-requests/{}/offers", need.id())).await;
    assert!(offers.iter().all(|offer| offer["state"] == "sent"), "looking answers nothing");

    browser.presses("button[value=accept]").await;
    let seats = world.coordinator().all(&format!("/v1/campus-requests/{}/assignments", need.id())).await;
    assert_eq!(seats.len(), 1, "one seat is taken: {}", browser.reads().await);
    browser.goes_to(&link(world, "ben.example@example.edu").await).await;
    browser.types("[name=reason]", "I am away that week.").await;
    browser.presses("button[value=decline]").await;
    browser.goes_to(&link(world, "ben.example@example.edu").await).await;
    assert!(!browser.source().await.contains("value=\"accept\""), "what was declined cannot be accepted any more");
    let offers = world.coordinator().all(&format!("/v1/campus-requests/{}/offers", need.id())).await;
    let declined = offers.iter().find(|offer| offer["state"] == "declined").expect("Ben's offer");
    assert_eq!(declined["decline_reason"], "I am away that week.");
}

on_both! { World: an_offer_is_answered_on_a_phone }
