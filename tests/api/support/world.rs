//! A running service of one test's own, a clock that the test moves, the letters that went out, and who is who.

use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use diesel::prelude::*;
use rostrum::auth::attempts::AttemptLimits;
use rostrum::auth::token::Bearer;
use rostrum::config::{Key, Settings};
use rostrum::domain::ids::{AccountId, SessionId};
use rostrum::domain::letter::{Email, Letter};
use rostrum::domain::people::access::Role;
use rostrum::domain::people::account::Named;
use rostrum::domain::people::campus::{self, OfferHours};
use rostrum::domain::people::place::Position;
use rostrum::domain::time::Instant;
use rostrum::mail::transport::{Memory, Transport};
use rostrum::service::app::{App, Clock, Tx};
use rostrum::service::campuses::{self, NewCampus};
use rostrum::service::error::ServiceError;
use rostrum::startup::{self, Running};
use rostrum::store::db::Lanes;
use rostrum::store::schema::{accounts, sessions};
use rostrum::worker;

use super::clients::Client;
use super::databases::{Backend, Database, Given};

/// When each story begins: Monday, 11 January 2027, 15:00 in UTC.
const BEGIN: &str = "2027-01-11T15:00:00Z";

/// A service with one campus, its coordinator and a requester.
pub struct World {
    /// The service from within.
    pub app: App,
    /// Where it listens.
    pub base_url: String,
    mail: Memory,
    clock: Arc<AtomicI64>,
    running: Running,
    home: Campus,
    database: Database,
}

/// A campus and its two members.
pub struct Campus {
    /// Its id.
    pub id: String,
    /// The career office.
    pub coordinator: Client,
    /// A professor.
    pub requester: Client,
}

/// A careers professional with a profile.
#[derive(Clone)]
pub struct Volunteer {
    /// The profile's id.
    pub id: String,
    /// As a client.
    pub client: Client,
}

impl std::ops::Deref for Volunteer {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl World {
    /// A new world on `backend`.
    pub async fn open(backend: Backend) -> Self {
        Self::open_with(backend, |_| {}).await
    }

    /// A new world on `backend`, its settings changed by `adjust`.
    pub async fn open_with(backend: Backend, adjust: impl FnOnce(&mut Settings)) -> Self {
        let database = Database::migrated(backend);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = Settings::in_folder(&database.folder(), listener.local_addr().unwrap());
        let plenty = NonZeroU32::new(10_000).unwrap();
        settings.database = database.location().clone();
        settings.lanes = Lanes { readers: 2, writers: 4, ..Lanes::default() };
        settings.token_key = Some(Key([7; 32]));
        settings.attempts = AttemptLimits { per_email: plenty, per_address: plenty };
        adjust(&mut settings);
        let clock = Arc::new(AtomicI64::new(seconds(BEGIN)));
        let mail = Memory::default();
        let transport = Transport::Memory(mail.clone());
        let app = startup::app(&settings, Clock::Standing(Arc::clone(&clock)), transport).unwrap();
        let running = startup::serve(app.clone(), listener, 1, false).unwrap();
        let base_url = format!("http://{}", running.address);
        let home = found(&app, &base_url, "Penn State York", "york").await;
        Self { app, base_url, mail, clock, running, home, database }
    }

    /// Stops the service and removes the database.
    pub async fn close(self) {
        let Self { app, running, home, database, .. } = self;
        // Connections that are kept open would be waited for.
        drop(home);
        drop(app);
        running.stop().await;
        drop(database);
    }

    /// The campus of this world.
    pub fn campus_id(&self) -> &str {
        &self.home.id
    }

    /// Its career office.
    pub fn coordinator(&self) -> &Client {
        &self.home.coordinator
    }

    /// Its professor.
    pub fn requester(&self) -> &Client {
        &self.home.requester
    }

    /// Another campus, with people of its own.
    pub async fn another_campus(&self, name: &str) -> Campus {
        found(&self.app, &self.base_url, name, &handle(name)).await
    }

    /// Somebody without an account.
    pub fn nobody(&self) -> Client {
        Client::new(&self.base_url)
    }

    /// Somebody with an account and nothing else; the address is the name `@example.edu`.
    pub async fn person(&self, name: &str) -> Client {
        join(&self.app, &self.base_url, name).await
    }

    /// The same person in a session of its own.
    pub async fn another_session(&self, client: &Client) -> Client {
        enter(&self.app, &self.base_url, client.bearer().expect("somebody signed in").account).await
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        self.app.clock.now()
    }

    /// Lets time go by.
    pub fn advance_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60, Ordering::Relaxed);
    }

    /// Puts the clock to `at`, as `2027-02-25T17:00:00Z`.
    pub fn set_clock(&self, at: &str) {
        self.clock.store(seconds(at), Ordering::Relaxed);
    }

    /// Lets the worker do all that is due now.
    pub async fn tick(&self) {
        worker::tick(&self.app).await;
    }

    /// Lets the worker make the plans that somebody waits for.
    pub async fn plan(&self) {
        worker::plan(&self.app).await;
    }

    /// Lets the worker go through what nothing announces.
    pub async fn sweep(&self) {
        worker::sweep(&self.app).await;
    }

    /// Lets the worker work and answers all letters sent so far, oldest first.
    pub async fn letters(&self) -> Vec<Letter> {
        self.tick().await;
        self.mail.letters()
    }

    /// Lets the worker work and answers the letters sent to `email` so far, oldest first.
    pub async fn letters_to(&self, email: &str) -> Vec<Letter> {
        self.letters().await.into_iter().filter(|letter| letter.to.email().as_str() == email).collect()
    }

    /// The database, for what no door shows.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl Given for World {
    async fn given(backend: Backend, story: impl AsyncFnOnce(&Self)) {
        let world = Self::open(backend).await;
        story(&world).await;
        world.close().await;
    }
}

/// `Ada Example` becomes `ada.example`.
pub fn handle(name: &str) -> String {
    name.to_lowercase().replace(' ', ".")
}

fn seconds(at: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(at).unwrap().timestamp()
}

/// A campus as `rostrum bootstrap` makes it.
async fn found(app: &App, base_url: &str, name: &str, slug: &str) -> Campus {
    let zone = "America/New_York".parse().unwrap();
    let contact = Email::parse(&format!("careers@{slug}.example")).unwrap();
    let position = Position::new(39.95, -76.71).unwrap();
    let hours = OfferHours::new(72).unwrap();
    let member = |title: &str, part: &str| Named::new(&format!("{part}.{slug}@example.edu"), title).unwrap();
    let new = NewCampus {
        slug: Some(slug.replace('.', "-")),
        settings: campus::Settings::new(name, zone, contact, Some(position), hours).unwrap(),
        members: vec![
            (member("The Coordinator", "office"), Role::Coordinator),
            (member("The Requester", "professor"), Role::Requester),
        ],
    };
    let made = app.write(move |tx| campuses::bootstrap(tx, &new)).await.unwrap();
    let [office, professor] = made.members.as_slice() else { panic!("two members") };
    let coordinator = enter(app, base_url, office.0.account).await;
    let requester = enter(app, base_url, professor.0.account).await;
    Campus { id: made.campus.id.to_string(), coordinator, requester }
}

/// An account whose address is proved, with a session. The way through the door takes a password's slow hash, which a
/// story about something else need not wait for.
async fn join(app: &App, base_url: &str, name: &str) -> Client {
    let account = AccountId::mint();
    let (email, name) = (format!("{}@example.edu", handle(name)), name.to_owned());
    app.write(move |tx| {
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(account),
                accounts::email.eq(&email),
                accounts::name.eq(&name),
                accounts::email_confirmed_at.eq(tx.now),
                accounts::revision.eq(1_i64),
                accounts::created_at.eq(tx.now),
                accounts::updated_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
        Ok::<_, ServiceError>(())
    })
    .await
    .unwrap();
    enter(app, base_url, account).await
}

/// Whoever owns `account`, in a new session.
async fn enter(app: &App, base_url: &str, account: AccountId) -> Client {
    let bearer = Bearer { account, session: SessionId::mint() };
    app.write(move |tx| begin(tx, bearer)).await.unwrap();
    Client::new(base_url).signed_in(app, bearer)
}

/// A session that outlives every story.
fn begin(tx: &mut Tx<'_>, bearer: Bearer) -> Result<(), ServiceError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(bearer.session),
            sessions::account_id.eq(bearer.account),
            sessions::created_at.eq(tx.now),
            sessions::expires_at.eq(tx.now.plus(chrono::TimeDelta::days(3650))),
        ))
        .execute(tx.conn)?;
    Ok(())
}
