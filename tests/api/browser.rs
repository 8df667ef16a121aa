//! The page behind an offer's link, in a real browser the size of a phone: read, pressed, and read again.
//!
//! Chromium is driven over `WebDriver` (W3C), whose few calls that are needed here are made by hand.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::databases::on_both;
use crate::support::world::World;

/// One browser window; closed with this value.
struct Browser {
    driver: Child,
    session: String,
}

/// Under this name an element is told of in the answers of `WebDriver`.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// A window of 390 by 844 points, as a phone has.
    async fn open() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, of Debian's package chromium-driver");
        let mut browser = Self { driver, session: format!("http://127.0.0.1:{port}/session") };
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
        let since = Instant::now();
        let opened = loop {
            match browser.call("POST", "", Some(&wanted)).await {
                Some(opened) => break opened,
                None => assert!(since.elapsed() < Duration::from_secs(30), "chromedriver did not start"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let id = opened["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {opened}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Makes one call and answers its `value`; nothing while nobody listens.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        let client = awc::Client::builder().timeout(Duration::from_secs(60)).finish();
        let target = format!("{}{path}", self.session);
        let sent = match (method, body) {
            ("GET", _) => client.get(target).send().await,
            (_, body) => client.post(target).send_json(body.unwrap_or(&json!({}))).await,
        };
        let answer: Value = sent.ok()?.json().limit(16 << 20).await.unwrap();
        Some(answer["value"].clone())
    }

    async fn goes_to(&self, url: &str) {
        self.call("POST", "/url", Some(&json!({ "url": url }))).await.unwrap();
    }

    async fn element(&self, css: &str) -> String {
        let found = json!({ "using": "css selector", "value": css });
        let found = self.call("POST", "/element", Some(&found)).await.unwrap();
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no {css} on the page: {found}")).to_owned()
    }

    async fn presses(&self, css: &str) {
        let element = self.element(css).await;
        let done = self.call("POST", &format!("/element/{element}/click"), None).await.unwrap();
        assert!(done.is_null(), "{css} could not be pressed: {done}");
    }

    async fn types(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        self.call("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text }))).await.unwrap();
    }

    /// What a person reads.
    async fn reads(&self) -> String {
        let body = self.element("body").await;
        let text = self.call("GET", &format!("/element/{body}/text"), None).await.unwrap();
        text.as_str().unwrap().to_owned()
    }

    async fn source(&self) -> String {
        self.call("GET", "/source", None).await.unwrap().as_str().unwrap().to_owned()
    }

    async fn computes(&self, script: &str) -> Value {
        let script = json!({ "script": format!("return {script}"), "args": [] });
        self.call("POST", "/execute/sync", Some(&script)).await.unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = Command::new("pkill").args(["-P", &self.driver.id().to_string()]).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
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
