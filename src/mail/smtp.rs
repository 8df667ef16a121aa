//! The conversation with a mail relay.
//!
//! The stages are driven one by one, since what a failure means depends on when it comes: before the final dot nothing
//! was sent, after it nobody knows. One deadline covers a letter as a whole (the library's covers only the connect), a
//! semaphore limits open connections (the library's pool limits idle ones), and a connection is kept for the next letter.
//! What is absent on purpose: opportunistic STARTTLS, which an attacker turns off by not offering it.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Noop, Rcpt, Rset},
        extension::ClientId,
    },
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    message,
    smtp_url::{Security, SmtpUrl},
    transport::SendFault,
};
use crate::domain::letter::{Letter, Person, one_line};

/// A kept connection is not trusted for longer: relays hang up on the silent.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// The longest reply of a relay that is kept for people to read.
const LONGEST_REPLY: usize = 500;

/// How to reach the relay.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Where, as whom, and how secured.
    pub url: SmtpUrl,
    /// A file of further root certificates (PEM), for relays with a private one.
    pub ca: Option<PathBuf>,
    /// How long one letter may take as a whole, waiting for a free connection aside.
    pub patience: Duration,
    /// How many connections may be open at once; at least one.
    pub connections: usize,
}

impl SmtpSettings {
    /// The usual settings for this relay.
    #[must_use]
    pub const fn new(url: SmtpUrl) -> Self {
        Self { url, ca: None, patience: Duration::from_secs(60), connections: 4 }
    }
}

/// Why the relay cannot be used at all.
#[derive(Debug)]
pub enum SmtpFault {
    /// The file of root certificates.
    Ca(PathBuf, String),
    /// The TLS library.
    Tls(String),
}

impl fmt::Display for SmtpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ca(file, fault) => write!(f, "root certificates in {}: {fault}", file.display()),
            Self::Tls(fault) => write!(f, "TLS towards the mail relay: {fault}"),
        }
    }
}

impl std::error::Error for SmtpFault {}

/// A mail relay.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    permits: Semaphore,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// `smtp://host:port`, and how it is secured; no user, no password.
impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.settings.url, f)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Makes ready to talk to a relay; connects to nothing yet.
    ///
    /// # Errors
    /// [`SmtpFault`] when the certificates cannot be used.
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpFault> {
        let tls = match settings.url.security() {
            Security::None => None,
            Security::StartTls | Security::Tls => Some(tls(&settings)?),
        };
        let permits = Semaphore::new(settings.connections.max(1));
        Ok(Self { settings, tls, permits, kept: Mutex::default() })
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), SendFault> {
        let bytes = message::to_bytes(letter)?;
        let address = |person| message::address(person).map_err(|fault| SendFault::Permanent(fault.to_string()));
        let bounces = letter.bounces_to.as_ref().map(|email| Person::new("", email.clone()));
        let (from, to) = (address(bounces.as_ref().unwrap_or(&letter.from))?, address(&letter.to)?);
        let _permit = self.permits.acquire().await.map_err(|fault| SendFault::Transient(fault.to_string()))?;
        let handing_over = AtomicBool::new(false);
        match timeout(self.settings.patience, self.deliver(&from, &to, &bytes, &handing_over)).await {
            Ok(outcome) => outcome,
            Err(_) if handing_over.load(Ordering::Relaxed) => {
                Err(SendFault::Unknown("the relay did not answer after the whole letter".to_owned()))
            }
            Err(_) => Err(SendFault::Transient("the relay took too long".to_owned())),
        }
    }

    pub(super) async fn check(&self) -> Result<(), SendFault> {
        let greet = async {
            let mut connection = self.connect().await?;
            connection.command(Noop).await?;
            connection.quit().await
        };
        match timeout(self.settings.patience, greet).await {
            Ok(outcome) => outcome.map(|_| ()).map_err(|fault| passing(&fault)),
            Err(_) => Err(SendFault::Transient("the relay took too long".to_owned())),
        }
    }

    pub(super) async fn close(&self) {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        for mut kept in kept {
            // Courtesy only: whether the relay hears it changes nothing.
            drop(timeout(Duration::from_secs(1), kept.connection.quit()).await);
        }
    }

    async fn deliver(
        &self,
        from: &Address,
        to: &Address,
        bytes: &[u8],
        handing_over: &AtomicBool,
    ) -> Result<(), SendFault> {
        let mut connection = self.open_for(from).await.map_err(|fault| passing(&fault))?;
        if let Err(fault) = connection.command(Rcpt::new(to.clone(), Vec::new())).await {
            return Err(self.refused(connection, &fault).await);
        }
        if let Err(fault) = connection.command(Data).await {
            return Err(self.refused(connection, &fault).await);
        }
        handing_over.store(true, Ordering::Relaxed);
        match connection.message(bytes).await {
            Ok(_) => {
                self.keep(connection);
                Ok(())
            }
            Err(fault) if fault.status().is_some() => Err(self.refused(connection, &fault).await),
            Err(fault) => Err(SendFault::Unknown(reply(&fault))),
        }
    }

    /// A connection that has taken `MAIL FROM`. One that was kept may have been cut meanwhile: then a fresh one is made.
    /// A relay that refuses the sender refuses the site and not this letter, so that is never for good.
    async fn open_for(&self, from: &Address) -> Result<AsyncSmtpConnection, Error> {
        let mail = || Mail::new(Some(from.clone()), Vec::new());
        if let Some(mut connection) = self.kept()
            && connection.command(mail()).await.is_ok()
        {
            return Ok(connection);
        }
        let mut connection = self.connect().await?;
        connection.command(mail()).await?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let SmtpSettings { url, patience, .. } = &self.settings;
        let (name, address) = (ClientId::default(), (url.host(), url.port()));
        let from_the_start = self.tls.clone().filter(|_| url.security() == Security::Tls);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(*patience), &name, from_the_start, None).await?;
        if let (Security::StartTls, Some(tls)) = (url.security(), self.tls.clone()) {
            connection.starttls(tls, &name).await?;
        }
        if let Some((user, password)) = url.credentials() {
            let credentials = Credentials::new(user.to_owned(), password.to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(connection)
    }

    /// What a refusal means, with the connection made ready for the next letter.
    async fn refused(&self, mut connection: AsyncSmtpConnection, fault: &Error) -> SendFault {
        let status = fault.status().map(u16::from);
        if status.is_some_and(|status| status != 421) && connection.command(Rset).await.is_ok() {
            self.keep(connection);
        }
        match status {
            // The relay wants another login, or encryption: the letter is as good as before.
            Some(530 | 534 | 535 | 538) => passing(fault),
            Some(500..=599) => SendFault::Permanent(reply(fault)),
            Some(_) | None => passing(fault),
        }
    }

    fn kept(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.since.elapsed() < KEPT_FOR);
        kept.pop().map(|kept| kept.connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let kept = Kept { connection, since: Instant::now() };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, SmtpFault> {
    let mut parameters = TlsParameters::builder(settings.url.host().to_owned());
    if let Some(file) = &settings.ca {
        let unreadable = |fault: String| SmtpFault::Ca(file.clone(), fault);
        let pem = fs::read(file).map_err(|fault| unreadable(fault.to_string()))?;
        let roots = Certificate::from_pem(&pem).map_err(|fault| unreadable(fault.to_string()))?;
        parameters = parameters.add_root_certificate(roots);
    }
    parameters.build().map_err(|fault| SmtpFault::Tls(fault.to_string()))
}

fn passing(fault: &Error) -> SendFault {
    SendFault::Transient(reply(fault))
}

fn reply(fault: &Error) -> String {
    one_line(&fault.to_string(), LONGEST_REPLY)
}
