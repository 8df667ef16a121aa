//! Building the house from its settings, and running it until it is told to stop.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App as Web, HttpServer, web};
use base64::Engine as _;
use tokio::task::JoinHandle;

use crate::auth::attempts::Attempts;
use crate::auth::link::Links;
use crate::auth::password::Passwords;
use crate::auth::secret;
use crate::auth::token::Tokens;
use crate::config::{MailTarget, Settings};
use crate::http;
use crate::mail::smtp::SmtpSettings;
use crate::mail::transport::Transport;
use crate::service::app::{App, Clock, Parts};
use crate::store::db::{self, Db, Location};
use crate::store::migrate;
use crate::worker;

/// Why the service did not start.
#[derive(Debug)]
pub struct StartFault(pub String);

impl std::fmt::Display for StartFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartFault {}

/// How long requests and letters under way are waited for when the service stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Brings the database up to date; answers the migrations that were applied.
///
/// # Errors
/// [`StartFault`] when it cannot be reached or does not take them.
pub fn migrate(location: &Location) -> Result<Vec<String>, StartFault> {
    let fault = |fault: db::StoreError| StartFault(fault.to_string());
    let mut conn = db::connect(location).map_err(fault)?;
    migrate::up(&mut conn).map_err(fault)
}

/// The way out for letters that the settings ask for.
///
/// # Errors
/// [`StartFault`] when the relay's settings do not hold together.
pub fn transport(settings: &Settings) -> Result<Transport, StartFault> {
    match &settings.mail {
        MailTarget::Folder(path) => Ok(Transport::folder(path.clone())),
        MailTarget::Smtp(url) => {
            let relay = SmtpSettings {
                ca: settings.mail_ca.clone(),
                connections: settings.mail_connections,
                ..SmtpSettings::new((**url).clone())
            };
            Transport::smtp(relay).map_err(|fault| StartFault(format!("mail: {fault}")))
        }
    }
}

/// Puts the house together. The database must have been migrated.
///
/// # Errors
/// [`StartFault`] in a sentence.
pub fn app(settings: &Settings, clock: Clock, transport: Transport) -> Result<App, StartFault> {
    let key = match &settings.token_key {
        Some(key) => key.0,
        None => kept_key(&settings.data_dir.join("token.key"), &settings.database)?,
    };
    let db = Db::open(&settings.database, settings.lanes).map_err(|fault| StartFault(fault.to_string()))?;
    Ok(App::new(Parts {
        db,
        clock,
        site: settings.site.clone(),
        tokens: Tokens::new(&key, &settings.site.base_url),
        links: Links::new(&key),
        passwords: Passwords::default(),
        attempts: Attempts::new(settings.attempts),
        transport,
        quiet: settings.quiet,
        inbound: settings.inbound.clone(),
    }))
}

/// The key kept in `file`, made the first time. Several nodes on one PostgreSQL must share a key, so there it has to be
/// set unless the file is there already.
fn kept_key(file: &Path, database: &Location) -> Result<[u8; 32], StartFault> {
    let engine = base64::engine::general_purpose::STANDARD;
    let unusable = |why: String| StartFault(format!("{}: {why}", file.display()));
    let kept = || -> Option<Result<[u8; 32], StartFault>> {
        let text = fs::read_to_string(file).ok()?;
        let octets = engine.decode(text.trim()).ok().and_then(|octets| octets.try_into().ok());
        Some(octets.ok_or_else(|| unusable("it does not hold 32 bytes in base64".to_owned())))
    };
    if let Some(key) = kept() {
        return key;
    }
    if matches!(database, Location::Postgres(_)) {
        return Err(StartFault(
            "ROSTRUM_TOKEN_KEY is not set. All nodes of one PostgreSQL share it; make one with: openssl rand -base64 32"
                .to_owned(),
        ));
    }
    let key = secret::random_bytes();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|fault| unusable(fault.to_string()))?;
    }
    // Written whole, readable by its owner alone, and then linked into place: of two first starts one wins, and the other
    // takes the winner's key.
    let draft = file.with_extension(format!("key.{}", std::process::id()));
    let linked = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut draft| {
            draft.write_all(engine.encode(key).as_bytes())?;
            draft.sync_all()
        })
        .and_then(|()| fs::hard_link(&draft, file));
    // A draft that stays behind is of no use to anybody and harms nobody.
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => Ok(key),
        Err(fault) => kept().unwrap_or_else(|| Err(unusable(fault.to_string()))),
    }
}

/// A service that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    app: App,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    worker: Option<worker::Running>,
}

/// Starts to serve on `listener` with `workers` HTTP threads, 0 for one a core; with `by_itself`, the worker runs too.
///
/// # Errors
/// [`StartFault`] when the listener cannot be used.
pub fn serve(app: App, listener: TcpListener, workers: usize, by_itself: bool) -> Result<Running, StartFault> {
    let fault = |fault: std::io::Error| StartFault(format!("cannot listen: {fault}"));
    let address = listener.local_addr().map_err(fault)?;
    let data = web::Data::new(app.clone());
    let mut server = HttpServer::new(move || {
        Web::new().app_data(data.clone()).wrap(from_fn(http::finish::finish)).configure(http::routes)
    })
    // Without it every chunked answer on a kept connection waits 40 ms for an acknowledgement.
    .tcp_nodelay(true)
    .keep_alive(Duration::from_secs(30))
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(5))
    .max_connections(10_000)
    .shutdown_timeout(DRAIN.as_secs())
    .disable_signals()
    .backlog(2048);
    if workers > 0 {
        server = server.workers(workers);
    }
    let server = server.listen(listener).map_err(fault)?.run();
    let handle = server.handle();
    let worker = by_itself.then(|| worker::start(app.clone()));
    Ok(Running { address, app, handle, server: tokio::spawn(server), worker })
}

impl Running {
    /// Stops: no new connections, requests under way are finished, then the worker, then the database's lanes.
    pub async fn stop(self) {
        self.app.close();
        self.handle.stop(true).await;
        if let Ok(Err(fault)) = self.server.await {
            tracing::error!(error = %fault, "the server ended badly");
        }
        if let Some(worker) = self.worker {
            worker.stop(DRAIN).await;
        }
        self.app.transport.close().await;
        let db = self.app.db.clone();
        if tokio::task::spawn_blocking(move || db.close()).await.is_err() {
            tracing::error!("the lanes were not closed");
        }
    }
}

/// Resolves when the process is asked to stop, by SIGINT or SIGTERM.
///
/// # Errors
/// When the operating system takes no handlers.
pub async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    Ok(())
}
