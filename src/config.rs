//! Settings, from the environment: typed, with defaults that need no thought, all faults reported at once.
//!
//! Only `main` and `startup` read settings. Secrets print as `***`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::NaiveTime;

use crate::auth::attempts::AttemptLimits;
use crate::auth::link::ADDRESS_SEAL;
use crate::auth::secret;
use crate::domain::letter::{Email, LONGEST_LOCAL_PART, Person};
use crate::domain::matching::waves::Quiet;
use crate::domain::notice::Site;
use crate::mail::smtp_url::SmtpUrl;
use crate::service::inbound::Door;
use crate::store::db::{Lanes, Location};

/// Every variable, its default and what it is for; the README and `rostrum doctor` show this table.
pub const VARIABLES: &[(&str, &str, &str)] = &[
    ("DATABASE_URL", "sqlite:DATA_DIR/rostrum.db", "sqlite:PATH, or postgres://user:password@host/database"),
    ("ROSTRUM_DATA_DIR", "rostrum-data", "where the embedded database, the letters' folder and the token key lie"),
    ("ROSTRUM_LISTEN", "127.0.0.1:8080", "address and port to listen on"),
    ("ROSTRUM_SITE_URL", "http://LISTEN", "our address as links and letters give it, without a slash at the end"),
    ("ROSTRUM_MAIL_URL", "folder:DATA_DIR/mail", "folder:PATH, smtp://user:password@host:port or smtps://…"),
    ("ROSTRUM_MAIL_FROM", "Rostrum <rostrum@SITE_HOST>", "whom letters come from: Name <address>"),
    ("ROSTRUM_MAIL_CA", "", "a PEM file of further root certificates to trust when talking to the mail relay"),
    ("ROSTRUM_MAIL_CONNECTIONS", "4", "the most connections to the mail relay at once, 1 to 64"),
    (
        "ROSTRUM_INBOUND_DIR",
        "",
        "a maildir in which a mail server leaves what is written to ROSTRUM_MAIL_FROM and behind its plus",
    ),
    (
        "ROSTRUM_INBOUND_KEY",
        "",
        "the key under which such letters are posted to /v1/inbound-letters, 16 characters or more",
    ),
    ("ROSTRUM_TOKEN_KEY", "", "32 bytes in base64 that sign access tokens; without it, DATA_DIR/token.key is made"),
    ("ROSTRUM_WORKERS", "0", "HTTP threads, 0 to 256; 0 for one a core"),
    (
        "ROSTRUM_DB_READERS",
        "3",
        "database threads that read, 1 to 64 (on PostgreSQL as many again look ahead of bookings)",
    ),
    ("ROSTRUM_DB_WRITERS", "12", "database threads that write, 1 to 64 (PostgreSQL only; SQLite has one)"),
    (
        "ROSTRUM_QUIET_HOURS",
        "21:00-08:00",
        "when volunteers are not asked by mail, nor have to answer, on their own clocks; none where that is no matter",
    ),
    ("ROSTRUM_LOG", "info", "what to log, as tracing's filters say it"),
    ("ROSTRUM_LOG_FORMAT", "human", "human or json"),
];

/// Where letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTarget {
    /// Into a folder, one file each.
    Folder(PathBuf),
    /// To a relay.
    Smtp(Box<SmtpUrl>),
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// A key that signs; it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the data is.
    pub database: Location,
    /// Its lanes.
    pub lanes: Lanes,
    /// Where files of ours lie.
    pub data_dir: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Who and where we are, as letters say it.
    pub site: Site,
    /// Where letters go.
    pub mail: MailTarget,
    /// Further root certificates for the relay.
    pub mail_ca: Option<PathBuf>,
    /// The most connections to the relay.
    pub mail_connections: usize,
    /// By what letters come in.
    pub inbound: Door,
    /// The key of access tokens, where it was given.
    pub token_key: Option<Key>,
    /// HTTP threads; 0 for one a core.
    pub workers: usize,
    /// How often passwords and links may be tried.
    pub attempts: AttemptLimits,
    /// When volunteers are not asked by mail, nor have to answer.
    pub quiet: Option<Quiet>,
    /// What to log.
    pub log: String,
    /// How.
    pub log_format: LogFormat,
}

/// A setting that cannot be, in words that name the variable and, unless it is secret, its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every fault, not only the first.
    pub fn from_env() -> Result<Self, Vec<Fault>> {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Reads settings from `get`. An empty value is as good as none.
    ///
    /// # Errors
    /// Every fault, not only the first.
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<Fault>> {
        let mut read =
            Reader { get: |name: &str| get(name).filter(|value| !value.trim().is_empty()), faults: Vec::new() };
        let data_dir = PathBuf::from(read.text("ROSTRUM_DATA_DIR", "rostrum-data"));
        let listen = read.parsed("ROSTRUM_LISTEN", "127.0.0.1:8080", "an address and a port");
        let base_url = read.site_url(&listen);
        let host = host_of(&base_url);
        let from = read.from(&host);
        let default_database = format!("sqlite:{}", data_dir.join("rostrum.db").display());
        let default_mail = format!("folder:{}", data_dir.join("mail").display());
        let settings = Self {
            database: read.database(&default_database),
            lanes: Lanes {
                readers: read.number("ROSTRUM_DB_READERS", 3, 1, 64),
                writers: read.number("ROSTRUM_DB_WRITERS", 12, 1, 64),
                ..Lanes::default()
            },
            mail: read.mail(&default_mail),
            mail_ca: (read.get)("ROSTRUM_MAIL_CA").map(PathBuf::from),
            mail_connections: read.number("ROSTRUM_MAIL_CONNECTIONS", 4, 1, 64),
            inbound: read.inbound(&from),
            token_key: read.token_key(),
            workers: read.number("ROSTRUM_WORKERS", 0, 0, 256),
            attempts: AttemptLimits::default(),
            quiet: read.quiet_hours(),
            log: read.text("ROSTRUM_LOG", "info"),
            log_format: read.log_format(),
            site: Site { base_url, host, from },
            data_dir,
            listen,
        };
        if read.faults.is_empty() { Ok(settings) } else { Err(read.faults) }
    }

    /// Settings for a database and a folder of one's own, for the demo and for tests.
    #[must_use]
    pub fn in_folder(folder: &Path, listen: SocketAddr) -> Self {
        let base_url = format!("http://{listen}");
        let host = "localhost".to_owned();
        Self {
            database: Location::Sqlite(folder.join("rostrum.db")),
            lanes: Lanes::default(),
            mail: MailTarget::Folder(folder.join("mail")),
            mail_ca: None,
            mail_connections: 4,
            inbound: Door::default(),
            token_key: None,
            workers: 2,
            attempts: AttemptLimits::default(),
            quiet: Some(Quiet::default()),
            log: "warn".to_owned(),
            log_format: LogFormat::Human,
            site: Site { base_url, host, from: Person::new("Rostrum", fallback_address()) },
            data_dir: folder.to_owned(),
            listen,
        }
    }
}

/// The sender where the site's host is none that mail could come from.
fn fallback_address() -> Email {
    #[expect(clippy::expect_used, reason = "a constant that a test parses")]
    Email::parse("rostrum@rostrum.example").expect("a sound address")
}

struct Reader<G> {
    get: G,
    faults: Vec<Fault>,
}

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    fn text(&self, name: &str, default: &str) -> String {
        (self.get)(name).unwrap_or_else(|| default.to_owned())
    }

    fn fault(&mut self, name: &str, value: &str, expected: &str) {
        self.faults.push(Fault(format!("{name} is {value:?}; it takes {expected}")));
    }

    fn parsed(&mut self, name: &str, default: &str, expected: &str) -> SocketAddr {
        let value = self.text(name, default);
        value.parse().unwrap_or_else(|_| {
            self.fault(name, &value, expected);
            SocketAddr::from(([127, 0, 0, 1], 8080))
        })
    }

    fn number(&mut self, name: &str, default: usize, least: usize, most: usize) -> usize {
        let Some(value) = (self.get)(name) else { return default };
        match value.trim().parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.fault(name, &value, &format!("a number from {least} to {most}"));
                default
            }
        }
    }

    fn site_url(&mut self, listen: &SocketAddr) -> String {
        let value = self.text("ROSTRUM_SITE_URL", &format!("http://{listen}"));
        let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
        let sound = rest.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|octet| octet.is_ascii_graphic() && !b"/?#@\"<>\\".contains(&octet))
        });
        if !sound {
            self.fault("ROSTRUM_SITE_URL", &value, "http:// or https:// and a host, without a path");
        }
        value
    }

    fn from(&mut self, host: &str) -> Person {
        let default = Email::parse(&format!("rostrum@{host}")).unwrap_or_else(|_| fallback_address());
        let Some(value) = (self.get)("ROSTRUM_MAIL_FROM") else { return Person::new("Rostrum", default) };
        let (name, address) = match value.trim().strip_suffix('>').and_then(|value| value.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("Rostrum", value.trim()),
        };
        if let Ok(email) = Email::parse(address) {
            return Person::new(name, email);
        }
        self.fault("ROSTRUM_MAIL_FROM", &value, "an address, or Name <address>");
        Person::new("Rostrum", default)
    }

    fn database(&mut self, default: &str) -> Location {
        let value = self.text("DATABASE_URL", default);
        if let Some(path) = value.strip_prefix("sqlite:") {
            return Location::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path)));
        }
        if value.starts_with("postgres://") || value.starts_with("postgresql://") || value.contains("dbname=") {
            return Location::Postgres(value);
        }
        // The value may hold a password, so only its beginning is told.
        let scheme = value.split(':').next().unwrap_or_default();
        self.faults.push(Fault(format!("DATABASE_URL begins with {scheme:?}; it takes sqlite:PATH or postgres://…")));
        Location::Sqlite(PathBuf::from("rostrum.db"))
    }

    fn mail(&mut self, default: &str) -> MailTarget {
        let value = self.text("ROSTRUM_MAIL_URL", default);
        if let Some(path) = value.strip_prefix("folder:") {
            return MailTarget::Folder(PathBuf::from(path));
        }
        match value.parse() {
            Ok(url) => MailTarget::Smtp(Box::new(url)),
            Err(fault) => {
                self.faults.push(Fault(format!("ROSTRUM_MAIL_URL cannot be read: {fault}")));
                MailTarget::Folder(PathBuf::from("mail"))
            }
        }
    }

    fn inbound(&mut self, from: &Person) -> Door {
        let maildir = (self.get)("ROSTRUM_INBOUND_DIR").map(PathBuf::from);
        let key = (self.get)("ROSTRUM_INBOUND_KEY");
        if key.as_ref().is_some_and(|key| key.trim().chars().count() < 16) {
            self.faults.push(Fault("ROSTRUM_INBOUND_KEY is shorter than 16 characters".to_owned()));
        }
        let door = Door { maildir, key_hash: key.map(|key| secret::hash(key.trim())) };
        let local = from.email().as_str().split('@').next().unwrap_or_default();
        if door.is_open() && local.len() + 1 + ADDRESS_SEAL > LONGEST_LOCAL_PART {
            let most = LONGEST_LOCAL_PART - 1 - ADDRESS_SEAL;
            self.fault(
                "ROSTRUM_MAIL_FROM",
                local,
                &format!("at most {most} characters before the @ when letters come in"),
            );
        }
        door
    }

    fn token_key(&mut self) -> Option<Key> {
        use base64::Engine as _;
        let value = (self.get)("ROSTRUM_TOKEN_KEY")?;
        let key = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok();
        let key = key.and_then(|octets| <[u8; 32]>::try_from(octets).ok()).map(Key);
        if key.is_none() {
            self.faults.push(Fault("ROSTRUM_TOKEN_KEY is not 32 bytes in base64".to_owned()));
        }
        key
    }

    fn quiet_hours(&mut self) -> Option<Quiet> {
        let value = self.text("ROSTRUM_QUIET_HOURS", "21:00-08:00");
        if value == "none" {
            return None;
        }
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        let quiet = value.split_once('-').and_then(|(from, until)| Quiet::new(time(from)?, time(until)?));
        if quiet.is_none() {
            self.fault("ROSTRUM_QUIET_HOURS", &value, "times before and after midnight such as 21:00-08:00, or none");
        }
        quiet
    }

    fn log_format(&mut self) -> LogFormat {
        match self.text("ROSTRUM_LOG_FORMAT", "human").as_str() {
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            other => {
                let other = other.to_owned();
                self.fault("ROSTRUM_LOG_FORMAT", &other, "human or json");
                LogFormat::Human
            }
        }
    }
}

/// The host of a site's address, without the port: the right side of calendar ids and of Message-IDs.
fn host_of(base_url: &str) -> String {
    let rest = base_url.split("//").nth(1).unwrap_or_default();
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default().replace(':', "-"),
        None => rest.split(':').next().unwrap_or_default().to_owned(),
    };
    if host.is_empty() { "localhost".to_owned() } else { host.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, Vec<Fault>> {
        let pairs: std::collections::HashMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::from(move |name| pairs.get(name).cloned())
    }

    #[test]
    fn the_defaults_need_no_thought() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.database, Location::Sqlite("rostrum-data/rostrum.db".into()));
        assert_eq!(settings.site.base_url, "http://127.0.0.1:8080");
        assert_eq!(settings.mail, MailTarget::Folder("rostrum-data/mail".into()));
        assert_eq!(settings.quiet, Some(Quiet::default()));
    }

    #[test]
    fn the_night_is_what_one_says() {
        let quiet = |text| settings(&[("ROSTRUM_QUIET_HOURS", text)]).map(|settings| settings.quiet);
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        assert_eq!(quiet("22:30-07:15").unwrap(), Quiet::new(time(22, 30), time(7, 15)));
        assert_eq!(quiet("none").unwrap(), None);
        for wrong in ["22:30", "x-y", "07:00-21:00", "21:00-21:00", "25:00-08:00"] {
            assert!(quiet(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_readme_tells_of_every_variable() {
        let readme = include_str!("../README.md");
        for (name, default, purpose) in VARIABLES {
            assert!(readme.contains(&format!("| `{name}` |")), "{name}");
            assert!(readme.contains(default) && readme.contains(purpose), "{name}: {default}, {purpose}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = settings(&[
            ("DATABASE_URL", "mysql://root:hunter2@db/x"),
            ("ROSTRUM_LISTEN", "nowhere"),
            ("ROSTRUM_MAIL_FROM", "nobody"),
            ("ROSTRUM_TOKEN_KEY", "c2hvcnQ="),
            ("ROSTRUM_SITE_URL", "ftp://x"),
            ("ROSTRUM_LOG_FORMAT", "xml"),
            ("ROSTRUM_DB_READERS", "0"),
            ("ROSTRUM_QUIET_HOURS", "08:00-21:00"),
        ])
        .unwrap_err();
        let said = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for name in
            ["DATABASE_URL", "LISTEN", "MAIL_FROM", "TOKEN_KEY", "SITE_URL", "LOG_FORMAT", "DB_READERS", "QUIET"]
        {
            assert!(said.contains(name), "{name} is missing in {said}");
        }
        assert!(!said.contains("hunter2") && !said.contains("c2hvcnQ="), "a secret in {said}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = settings(&[
            ("DATABASE_URL", "postgres://rostrum:hunter2@db/rostrum"),
            ("ROSTRUM_TOKEN_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("ROSTRUM_MAIL_URL", "smtps://me:hunter2@relay.example:465"),
        ]);
        let shown = format!("{:?}", shown.unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("AAAA"), "{shown}");
    }

    #[test]
    fn the_host_is_what_names_us() {
        let check = |url: &str, host: &str| assert_eq!(host_of(url), host);
        check("https://Careers.example.edu", "careers.example.edu");
        check("http://127.0.0.1:8080", "127.0.0.1");
        check("http://[::1]:8080", "--1");
    }
}
