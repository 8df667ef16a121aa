//! `rostrum demo`: the whole story on a database of its own, told as it happens.
//!
//! A published programme needs ten volunteers; two dozen made-up people sign up; the need is posted, ranked, planned,
//! offered, answered, filled; letters and calendars show it. Everything goes through the HTTP API of the real service on
//! loopback, as a portal or a browser would do it; only the campus is made the way an operator makes one. Every claim is
//! checked before it is told, so the command fails where the story would be untrue.

mod answers;
mod api;
mod crowd;
mod mailbox;
mod programme;
mod story;
mod told;
mod views;

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use self::answers::Proof;
use self::api::Caller;
use self::programme::Programme;
use self::story::Story;
use self::told::{Ink, Teller};
use self::views::Session;
use super::bootstrap;
use crate::config::Settings;
use crate::domain::time::Zone;
use crate::service::app::{App, Clock};
use crate::service::campuses;
use crate::startup;

/// Where and how the story is told.
#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// Where to keep the database and the letters; a temporary folder, removed at the end, unless given.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// End after the story instead of going on to serve.
    #[arg(long)]
    pub once: bool,
}

/// A step of the story, or what did not come true.
type Told<T> = Result<T, Box<dyn Error>>;

/// How often the token in the folder is renewed while the demo serves; it is good for 15 minutes.
const RENEWAL: Duration = Duration::from_secs(10 * 60);

/// Tells the story and then serves until told to stop, or with `once` ends after the story. The data lies in `folder`, or
/// in a temporary one that is removed at the end.
///
/// # Errors
/// What did not come true, in a sentence.
pub async fn run(folder: Option<PathBuf>, listen: SocketAddr, once: bool) -> Result<(), Box<dyn Error>> {
    let home = Home::prepare(folder)?;
    let told = tell(&home, listen, once).await;
    match &told {
        Ok(()) => home.leave(),
        Err(_) => eprintln!("The data of this run was kept in {}.", home.path.display()),
    }
    told
}

async fn tell(home: &Home, listen: SocketAddr, once: bool) -> Told<()> {
    let listener = TcpListener::bind(listen).map_err(|fault| {
        format!("cannot listen on {listen}: {fault}. Another address can be given with --listen, such as 127.0.0.1:0")
    })?;
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    // Whoever looks at the demo at night wants its letters now.
    let settings = Settings { quiet: None, ..Settings::in_folder(&home.path, address) };
    let base = settings.site.base_url.clone();
    let teller = Teller::new();
    teller.title(
        "Rostrum: from a campus's need to confirmed volunteers",
        "A college career office needs ten people for two hours of mock interviews. Rostrum finds out who fits, asks them \
         by mail, passes the seats of those who cannot on to the next, and puts the result into everybody's calendar. \
         What follows is the real service with a real database, used through its HTTP API.",
    );
    teller.gap();
    teller.item("service", 9, &base);
    teller.item("database", 9, &home.path.join("rostrum.db").display().to_string());

    startup::migrate(&settings.database)?;
    let app = startup::app(&settings, Clock::System, startup::transport(&settings)?)?;
    let today = app.clock.now();
    let programme = Programme::read()?;
    let zone: Zone = programme.published.time_zone.parse().map_err(|_| "the programme's time zone is unknown")?;
    let day = programme.day(today.wall(zone).date())?;
    let running = startup::serve(app.clone(), listener, settings.workers, true)?;
    let campus = found(&app, &programme).await?;

    let anybody = Caller::nobody(&base);
    let mut story = Story {
        office: anybody.signed_in(&campus.office.access_token),
        students: anybody.signed_in(&campus.students),
        anybody,
        teller,
        programme,
        day,
        campus: campus.id,
        mail: home.path.join("mail"),
        volunteers: std::collections::BTreeMap::new(),
    };
    let told = tokio::select! {
        told = whole(&mut story) => told,
        stop = startup::told_to_stop() => Err(stop.map_or_else(Into::into, |()| "stopped before the story was over".into())),
    };
    let outcome = match told {
        Ok(_) if once => {
            story.teller.gap();
            story.teller.tell_in(Ink::Faint, &ended(&story));
            // A connection that is kept open would be waited for.
            drop(story);
            Ok(())
        }
        Ok(proof) => serve(story, &proof, home, &base, campus.office.refresh_token).await,
        Err(fault) => {
            drop(story);
            Err(fault)
        }
    };
    running.stop().await;
    outcome
}

async fn whole(story: &mut Story) -> Told<Proof> {
    story.programme();
    story.sign_up().await?;
    let need = story.need().await?;
    let candidates = story.ranking(&need).await?;
    let plan = story.proposal().await?;
    let offers = story.send(&plan).await?;
    story.answers(&need, &candidates, offers).await?;
    let seats = story.filled(&need).await?;
    story.proof(&need, &seats).await
}

fn ended(story: &Story) -> String {
    format!(
        "Each line was checked against the API, the letters and the calendars. {} requests, {}",
        story.anybody.calls(),
        story.teller.times()
    )
}

/// Prints where to look, and serves until told to stop.
async fn serve(story: Story, proof: &Proof, home: &Home, base: &str, mut refresh_token: String) -> Told<()> {
    let header = home.path.join("coordinator.header");
    let teller = &story.teller;
    teller.gap();
    teller.tell_in(Ink::Faint, &ended(&story));
    teller.gap();
    teller.line(&teller.ink(Ink::Bold, "Look around; it goes on serving until Ctrl-C."));
    teller.line(&format!("the API in words     {base}/docs"));
    teller.line(&format!("an answered offer    {}", proof.offer_page));
    teller.line(&format!("public calendar      {base}/feeds/campuses/{}/events.ics", story.campus));
    teller.line(&format!("{}'s calendar", proof.owner));
    teller.line(&format!("                     {}", proof.private_feed));
    teller.line(&format!("letters              {}", story.mail.display()));
    teller.line("as the coordinator");
    teller.line(&format!("    curl -H @{} \\", header.display()));
    teller.line(&format!("      {base}/v1/campuses/{}/letters", story.campus));
    teller.gap();
    drop(story);
    loop {
        let session: Session =
            Caller::nobody(base).post("/v1/sessions/refresh", json!({ "refresh_token": refresh_token })).await?;
        keep_secret(&header, &format!("Authorization: Bearer {}\n", session.access_token))?;
        refresh_token = session.refresh_token;
        tokio::select! {
            stop = startup::told_to_stop() => {
                stop?;
                Teller::new().line("Stopping.");
                return Ok(());
            }
            () = tokio::time::sleep(RENEWAL) => {}
        }
    }
}

/// What the story needs to begin.
struct Founded {
    id: String,
    office: Session,
    students: String,
}

/// Makes the campus with its career office and its student organisations, as an operator does.
async fn found(app: &App, programme: &Programme) -> Told<Founded> {
    let Programme { published, general_knowledge, chosen } = programme;
    let flags = bootstrap::Flags {
        name: format!("{} (demo)", published.institution),
        zone: published.time_zone.clone(),
        slug: None,
        contact: Some("careers@example.edu".to_owned()),
        position: Some(format!("{},{}", general_knowledge.position.lat, general_knowledge.position.lon)),
        offer_hours: chosen.offer_hours,
        coordinator: vec!["Corvane Ulmstead <coordinator@example.edu>".to_owned()],
        requester: vec!["Jorlan Pettiko <students@example.edu>".to_owned()],
    };
    let new = bootstrap::read(&flags).map_err(|faults| format!("the campus cannot be made: {faults:?}"))?;
    let made = app.write(move |tx| campuses::bootstrap(tx, &new)).await;
    let made = made.map_err(|fault| format!("the campus cannot be made: {fault:?}"))?;
    let mut sessions = made.members.into_iter().map(|(_, opened)| opened);
    let (Some(office), Some(students)) = (sessions.next(), sessions.next()) else {
        return Err("the campus has no members".into());
    };
    Ok(Founded {
        id: made.campus.id.to_string(),
        office: Session { access_token: office.access_token, refresh_token: office.refresh_token.reveal().to_owned() },
        students: students.access_token,
    })
}

fn keep_secret(file: &Path, text: &str) -> Told<()> {
    let options = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    options
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|fault| format!("{}: {fault}", file.display()))?;
    Ok(())
}

/// Where the demo keeps its data.
struct Home {
    path: PathBuf,
    temporary: bool,
}

impl Home {
    fn prepare(folder: Option<PathBuf>) -> Told<Self> {
        let temporary = folder.is_none();
        let path = folder.unwrap_or_else(|| std::env::temp_dir().join(format!("rostrum-demo-{}", std::process::id())));
        if path.join("rostrum.db").exists() {
            let said = "holds a database already; name an empty folder, or none for a temporary one";
            return Err(format!("{} {said}", path.display()).into());
        }
        fs::create_dir_all(&path).map_err(|fault| format!("{}: {fault}", path.display()))?;
        Ok(Self { path, temporary })
    }

    /// Removes what was temporary.
    fn leave(&self) {
        if self.temporary
            && let Err(fault) = fs::remove_dir_all(&self.path)
        {
            eprintln!("{} was not removed: {fault}", self.path.display());
        }
    }
}

/// Goes on where something holds, and ends the story with what was found where it does not.
fn held(holds: bool, found: impl FnOnce() -> String) -> Told<()> {
    if holds { Ok(()) } else { Err(format!("the story came out otherwise: {}", found()).into()) }
}
