//! How fast a feed of 1,000 events is answered from memory, beside the bare framework serving the same bytes in one run.
//!
//! `cargo bench --bench feeds` prints a table: the bare framework (no routes but one, no middleware) and our server, each
//! with one HTTP thread, asked by the same 64 kept connections; whole calendars first, then 304. The four take turns, round
//! by round, and the ratios are medians over the rounds, because the machine may be shared. The callers are plain sockets,
//! so that the server and not the client is what is measured.

#![allow(clippy::expect_used, reason = "a bench that cannot run says why and ends")]

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use actix_web::http::header;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App as Web, HttpResponse, HttpServer};
use chrono::TimeDelta;
use rostrum::config::Settings;
use rostrum::domain::ids::{CampusId, EventId};
use rostrum::domain::letter::Email;
use rostrum::domain::matching::campus_request::Mode;
use rostrum::domain::people::campus::{Campus, OfferHours};
use rostrum::domain::people::{campus, place::Position};
use rostrum::domain::scheduling::event::{Event, EventKind, EventState};
use rostrum::domain::time::{Instant, LocalWindow, Zone};
use rostrum::mail::transport::{Memory, Transport};
use rostrum::service::app::{App, Clock};
use rostrum::service::error::ServiceError;
use rostrum::service::feeds::{self, Feed};
use rostrum::startup;
use rostrum::store::{campuses, events, feed_revisions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const EVENTS: u32 = 1_000;
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_millis(1_500);

fn event(number: u32, campus_id: CampusId, now: Instant) -> Event {
    let first = now.utc().date_naive();
    let day = first + TimeDelta::days(i64::from(number % 360));
    let begins = day.and_hms_opt(9 + number % 8, 0, 0).expect("a time of day");
    let zone: Zone = "America/New_York".parse().expect("a zone");
    let when = LocalWindow::new(begins, begins + TimeDelta::minutes(90), zone, None).expect("no clock changes by day");
    Event {
        id: EventId::mint(),
        campus_id,
        campus_request_id: None,
        series_id: None,
        presenter: None,
        kind: EventKind::Workshop,
        state: EventState::Published,
        state_reason: None,
        title: format!("Résumé clinic {number}: bring a draft"),
        description: "Fifteen minutes with a volunteer from industry.\nBring two printed copies; no booking needed."
            .into(),
        mode: Mode::InPerson,
        place: Some("Graham Center for Innovation and Collaboration, Room 2".into()),
        position: Position::new(39.95, -76.71).ok(),
        when,
        parts: Vec::new(),
        calendar_sequence: number % 3,
        published_at: Some(now),
        changed_at: now,
    }
}

async fn seed(app: &App) -> CampusId {
    let id = CampusId::mint();
    let zone = "America/New_York".parse().expect("a zone");
    let contact = Email::parse("careers@york.example").expect("an address");
    let hours = OfferHours::new(72).expect("hours");
    let settings = campus::Settings::new("Penn State York", zone, contact, None, hours).expect("settings");
    let seeded = app.write(move |tx| {
        let campus = Campus {
            id,
            slug: "york".into(),
            settings: settings.clone(),
            revision: 1,
            created: tx.now,
            updated: tx.now,
        };
        campuses::insert(tx.conn, &campus)?;
        for number in 0..EVENTS {
            events::insert(tx.conn, &events::EventRow::new(event(number, id, tx.now), tx.now))?;
        }
        feed_revisions::bump(tx.conn, &feed_revisions::campus(id), tx.now)?;
        Ok::<_, ServiceError>(())
    });
    seeded.await.expect("the bench's own file takes it");
    id
}

/// The bare framework, serving the same bytes and the same tag.
fn bare(bytes: Bytes, tag: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (bytes, tag) = (Data::new(bytes), Data::new(tag));
    let server = HttpServer::new(move || {
        let whole = |bytes: Data<Bytes>| async move {
            HttpResponse::Ok().content_type("text/calendar; charset=utf-8").body(bytes.get_ref().clone())
        };
        let known = |tag: Data<String>| async move {
            HttpResponse::NotModified().insert_header((header::ETAG, tag.as_str())).finish()
        };
        Web::new()
            .app_data(bytes.clone())
            .app_data(tag.clone())
            .route("/whole", web::get().to(whole))
            .route("/known", web::get().to(known))
    });
    let server = server.tcp_nodelay(true).disable_signals().workers(1).listen(listener).expect("it listens");
    actix_web::rt::spawn(server.run());
    address
}

/// One caller's requests on one connection; counts the answers.
async fn call(address: SocketAddr, request: String, done: &AtomicU64, until: Stopwatch) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 256 << 10];
    while Stopwatch::now() < until {
        stream.write_all(request.as_bytes()).await?;
        // The head comes in one piece with what follows it, then the rest of the length that it tells.
        let mut read = stream.read(&mut buffer).await?;
        let head = buffer.get(..read).unwrap_or_default();
        let end = head.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::InvalidData)? + 4;
        let text = String::from_utf8_lossy(head.get(..end).unwrap_or_default()).to_ascii_lowercase();
        let announced = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length = announced.and_then(|length| length.parse().ok()).filter(|_| !text.contains(" 304 ")).unwrap_or(0);
        while read < end + length {
            match stream.read(&mut buffer).await? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                more => read += more,
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Answers a second.
#[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
async fn rate(address: SocketAddr, path: &str, tag: Option<&str>) -> f64 {
    let known = tag.map(|tag| format!("If-None-Match: {tag}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{known}\r\n");
    let (since, done) = (Stopwatch::now(), AtomicU64::new(0));
    let callers = (0..CONNECTIONS).map(|_| call(address, request.clone(), &done, since + SPAN));
    for called in futures_util::future::join_all(callers).await {
        called.expect("every caller is answered to the end");
    }
    done.load(Ordering::Relaxed) as f64 / since.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[actix_web::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("rostrum-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written to");
    // The log is written as in service, only not shown.
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = Settings::in_folder(&folder, listener.local_addr().expect("an address"));
    startup::migrate(&settings.database).expect("the file is new");
    let app = startup::app(&settings, Clock::System, Transport::Memory(Memory::default())).expect("the house stands");
    let campus = seed(&app).await;
    let since = Stopwatch::now();
    let feed = feeds::find(&app, Feed::Campus(campus)).await.expect("the feed is there");
    let first = since.elapsed();
    let since = Stopwatch::now();
    for _ in 0..10_000 {
        feeds::find(&app, Feed::Campus(campus)).await.expect("the feed is there");
    }
    let found = since.elapsed() / 10_000;
    println!(
        "{EVENTS} events, {} octets; read and rendered in {first:?}, found in memory in {found:?}",
        feed.bytes.len()
    );

    let bare = bare(feed.bytes.clone(), feed.etag.clone());
    let running = startup::serve(app, listener, 1, false).expect("it listens");
    let path = format!("/feeds/campuses/{campus}/events.ics");
    let tag = Some(feed.etag.as_str());
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([
            rate(bare, "/whole", None).await,
            rate(running.address, &path, None).await,
            rate(bare, "/known", tag).await,
            rate(running.address, &path, tag).await,
        ]);
    }
    println!("{:>10} {:>12} {:>12} {:>7}", "", "bare/s", "rostrum/s", "ratio");
    for (name, bare, ours) in [("calendar", 0, 1), ("304", 2, 3)] {
        let of = |at: usize| rounds.iter().filter_map(move |round| round.get(at).copied());
        let ratio = median(of(ours).zip(of(bare)).map(|(ours, bare)| ours / bare).collect());
        println!("{name:>10} {:>12.0} {:>12.0} {ratio:>7.2}", median(of(bare).collect()), median(of(ours).collect()));
    }
    // The folder is of this run alone; what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(folder);
    std::process::exit(0);
}
