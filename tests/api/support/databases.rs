//! A database for each test: a copy of a migrated `SQLite` file, or a clone of a migrated `PostgreSQL` template.
//!
//! `PostgreSQL` is the server that `./tests/run` starts and names in `ROSTRUM_TEST_POSTGRES`. Where it is missing the
//! tests on it fail: they are never skipped in silence.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use rostrum::store::db::{Conn, Db, Lanes, Location, connect};
use rostrum::store::migrate;

/// Which of the two databases a story is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Sqlite,
    /// The served one.
    Postgres,
}

/// A database of one test's own; it is gone with this value.
#[derive(Debug)]
pub struct Database {
    location: Location,
    remains: Remains,
}

#[derive(Debug)]
enum Remains {
    Folder(PathBuf),
    Named(String),
}

impl Database {
    /// A migrated database.
    pub fn migrated(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let empty = Self::empty(backend);
                std::fs::write(empty.file(), sqlite_template()).unwrap();
                empty
            }
            Backend::Postgres => Self::created(&format!("template {}", postgres_template())),
        }
    }

    /// A database with nothing in it.
    pub fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = std::env::temp_dir().join(format!("rostrum-test-{}", uuid::Uuid::now_v7()));
                std::fs::create_dir_all(&folder).unwrap();
                let location = Location::Sqlite(folder.join("rostrum.db"));
                Self { location, remains: Remains::Folder(folder) }
            }
            Backend::Postgres => Self::created("template template0"),
        }
    }

    fn created(how: &str) -> Self {
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        administer(&format!("create database {name} {how}"));
        Self { location: Location::Postgres(format!("{}/{name}", server())), remains: Remains::Named(name) }
    }

    /// Whether it is the served one.
    pub fn is_postgres(&self) -> bool {
        matches!(self.location, Location::Postgres(_))
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Lanes to it, with few threads: a test is one of many.
    pub fn open(&self) -> Db {
        self.open_with(Lanes { readers: 2, writers: 4, ..Lanes::default() })
    }

    /// Lanes to it.
    pub fn open_with(&self, lanes: Lanes) -> Db {
        Db::open(&self.location, lanes).unwrap()
    }

    /// A connection outside the lanes, as another process would have it.
    pub fn connect(&self) -> Conn {
        connect(&self.location).unwrap()
    }

    /// A folder for what else a test keeps; on `SQLite` it is the database's own and gone with it.
    pub fn folder(&self) -> PathBuf {
        match &self.remains {
            Remains::Folder(folder) => folder.clone(),
            Remains::Named(name) => std::env::temp_dir().join(name),
        }
    }

    fn file(&self) -> &std::path::Path {
        match &self.location {
            Location::Sqlite(file) => file,
            Location::Postgres(_) => panic!("not a file"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What cannot be removed is left behind: the folder and the server are throw-away themselves.
        match &self.remains {
            Remains::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Remains::Named(name) => {
                if let Some(admin) = ADMIN.get() {
                    let mut conn = admin.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(conn.batch_execute(&format!("drop database if exists {name} with (force)")));
                }
            }
        }
    }
}

fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let database = Database::empty(Backend::Sqlite);
        migrate::up(&mut database.connect()).unwrap();
        // The last connection is closed, so all is in the one file.
        std::fs::read(database.file()).unwrap()
    })
}

fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("template_{}", uuid::Uuid::now_v7().simple());
        administer(&format!("create database {name} template template0"));
        let location = Location::Postgres(format!("{}/{name}", server()));
        migrate::up(&mut connect(&location).unwrap()).unwrap();
        name
    })
}

/// The server's address without a database's name.
fn server() -> String {
    std::env::var("ROSTRUM_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "ROSTRUM_TEST_POSTGRES does not name a PostgreSQL server. Run this test with ./tests/run NAME, which starts one."
        )
    })
}

static ADMIN: OnceLock<Mutex<Conn>> = OnceLock::new();

/// Runs `sql` on the one connection that makes and removes databases.
fn administer(sql: &str) {
    let address = Location::Postgres(format!("{}/postgres", server()));
    let admin = ADMIN.get_or_init(|| Mutex::new(connect(&address).unwrap()));
    admin.lock().unwrap_or_else(PoisonError::into_inner).batch_execute(sql).unwrap();
}

/// Tells each story twice: after `on_both!(World: a_story)` the function `async fn a_story(world: &World)` is the tests
/// `a_story::sqlite` and `a_story::postgres`. `Database` in place of `World` gives the bare database without a service.
macro_rules! on_both {
    ($kind:ident: $($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::databases::{Backend, Given};

            #[actix_web::test]
            async fn sqlite() {
                super::$kind::given(Backend::Sqlite, super::$name).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$kind::given(Backend::Postgres, super::$name).await;
            }
        }
    )+};
}
pub(crate) use on_both;

/// What a story can be told with.
pub trait Given: Sized {
    /// Makes one on `backend`, tells the story with it and clears up.
    async fn given(backend: Backend, story: impl AsyncFnOnce(&Self));
}

impl Given for Database {
    async fn given(backend: Backend, story: impl AsyncFnOnce(&Self)) {
        story(&Self::migrated(backend)).await;
    }
}
