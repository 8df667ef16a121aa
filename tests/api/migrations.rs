//! The twin migrations describe the same tables, and `schema.rs` describes them too.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Text;
use rostrum::store::db::Conn;
use rostrum::store::migrate;

use crate::support::databases::{Backend, Database};

const SCHEMA: &str = include_str!("../../src/store/schema.rs");

/// `table.column` and what it holds, in the words of `schema.rs`.
type Columns = BTreeMap<String, String>;

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    holds: String,
}

fn described(database: &Database) -> Columns {
    let rows: Vec<Described> = match &mut database.connect() {
        Conn::Sqlite(conn) => diesel::sql_query(
            "select t.name || '.' || c.name as name, c.type || iif(c.\"notnull\", '', '?') as holds \
             from sqlite_master t, pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite%' and t.name <> '__diesel_schema_migrations'",
        )
        .load(conn),
        Conn::Postgres(conn) => diesel::sql_query(
            "select table_name || '.' || column_name as name, \
             data_type || case is_nullable when 'YES' then '?' else '' end as holds \
             from information_schema.columns \
             where table_schema = 'public' and table_name <> '__diesel_schema_migrations'",
        )
        .load(conn),
    }
    .unwrap();
    rows.into_iter().map(|row| (row.name, row.holds)).collect()
}

/// The columns of `schema.rs`, read from its text.
fn written() -> Columns {
    let mut columns = Columns::new();
    let mut table = String::new();
    for line in SCHEMA.lines().map(str::trim) {
        if let Some((name, sql)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            columns.insert(format!("{table}.{name}"), sql.to_owned());
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            name.clone_into(&mut table);
        }
    }
    columns
}

/// How each type of `schema.rs` lies in the two databases.
const TYPES: &[(&str, &str, &str)] = &[
    ("Id", "TEXT", "uuid"),
    ("Moment", "INTEGER", "timestamp with time zone"),
    ("Document", "TEXT", "jsonb"),
    ("Text", "TEXT", "text"),
    ("Integer", "INTEGER", "integer"),
    ("BigInt", "INTEGER", "bigint"),
    ("Double", "REAL", "double precision"),
    ("Bool", "INTEGER", "boolean"),
    ("Binary", "BLOB", "bytea"),
];

fn expected(pick: impl Fn(&(&str, &str, &str)) -> String) -> Columns {
    let lies = |(column, sql): (String, String)| {
        let (bare, mark) = match sql.strip_prefix("Nullable<").and_then(|sql| sql.strip_suffix('>')) {
            Some(inner) => (inner.to_owned(), "?"),
            None => (sql, ""),
        };
        let row = TYPES.iter().find(|row| row.0 == bare).unwrap_or_else(|| panic!("{column} is a {bare}?"));
        (column, pick(row) + mark)
    };
    written().into_iter().map(lies).collect()
}

#[test]
fn sqlite_holds_what_the_schema_says() {
    let found: Columns = described(&Database::migrated(Backend::Sqlite))
        .into_iter()
        .map(|(column, holds)| (column, holds.to_uppercase()))
        .collect();
    assert!(found.len() > 100, "too few columns were found: {found:?}");
    same(&found, &expected(|row| row.1.to_owned()));
}

#[test]
fn postgres_holds_what_the_schema_says() {
    same(&described(&Database::migrated(Backend::Postgres)), &expected(|row| row.2.to_owned()));
}

fn same(found: &Columns, expected: &Columns) {
    let (found, expected): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), expected.iter().collect());
    let only = |one: &BTreeSet<_>, other: &BTreeSet<_>| format!("{:#?}", one.difference(other).collect::<Vec<_>>());
    assert!(
        found == expected,
        "the database alone has {}, schema.rs alone has {}",
        only(&found, &expected),
        only(&expected, &found)
    );
}

/// Every named constraint and index. What each says is the twins' own matter; that both say it is not.
fn names(database: &Database) -> BTreeSet<String> {
    let rows: Vec<Described> = match &mut database.connect() {
        Conn::Sqlite(conn) => diesel::sql_query(
            "select name, coalesce(sql, '') as holds from sqlite_master where name not like 'sqlite%'",
        )
        .load(conn),
        Conn::Postgres(conn) => diesel::sql_query(
            "select conname::text as name, '' as holds from pg_constraint where connamespace = 'public'::regnamespace \
             union select indexname::text, '' from pg_indexes where schemaname = 'public'",
        )
        .load(conn),
    }
    .unwrap();
    let mut names = BTreeSet::new();
    for row in rows {
        for word in row.holds.split("constraint ").skip(1) {
            names.insert(word.split_whitespace().next().unwrap_or_default().to_owned());
        }
        if row.holds.starts_with("CREATE INDEX") || row.holds.starts_with("CREATE UNIQUE INDEX") || row.holds.is_empty()
        {
            names.insert(row.name);
        }
    }
    names
}

#[test]
fn the_twins_name_the_same_constraints_and_indexes() {
    let (sqlite, postgres) = (Database::migrated(Backend::Sqlite), Database::migrated(Backend::Postgres));
    let (sqlite, mut postgres) = (names(&sqlite), names(&postgres));
    postgres.retain(|name| !name.starts_with("__diesel"));
    // These walls are built differently: a trigger and a check here, a constraint and a type there.
    let own = [
        "assignments_no_overlap",
        "bookings_as_no_show",
        "bookings_late",
        "bookings_moved_closer",
        "bookings_no_overlap",
        "bookings_walk_in",
        "volunteers_virtual_ok",
    ];
    let differ: Vec<_> = sqlite.symmetric_difference(&postgres).filter(|name| !own.contains(&name.as_str())).collect();
    assert!(differ.is_empty(), "only one of the databases has {differ:?}");
}

#[test]
fn the_twins_have_the_same_names() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
        let migrations = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        migrations
            .flat_map(|migration| {
                let name = migration.file_name().unwrap().to_string_lossy().into_owned();
                let files = std::fs::read_dir(migration).unwrap();
                files.map(move |file| format!("{name}/{}", file.unwrap().file_name().to_string_lossy()))
            })
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(names("sqlite").iter().any(|name| name.ends_with("up.sql")));
}

fn up_down_up(backend: Backend) {
    let database = Database::empty(backend);
    let mut conn = database.connect();
    let waiting = migrate::pending(&mut conn).unwrap().len();
    assert!(waiting > 0);
    assert_eq!(migrate::up(&mut conn).unwrap().len(), waiting);
    assert_eq!(migrate::pending(&mut conn).unwrap(), Vec::<String>::new());
    let first = described(&database);
    assert_eq!(migrate::down(&mut conn).unwrap().len(), waiting);
    assert_eq!(described(&database), Columns::new(), "down leaves nothing behind");
    assert_eq!(migrate::up(&mut conn).unwrap().len(), waiting);
    assert_eq!(described(&database), first);
    assert!(migrate::up(&mut conn).unwrap().is_empty(), "a second time there is nothing to do");
}

#[test]
fn sqlite_goes_up_and_down_and_up() {
    up_down_up(Backend::Sqlite);
}

#[test]
fn postgres_goes_up_and_down_and_up() {
    up_down_up(Backend::Postgres);
}

/// As many start at once, on one machine and one file, or on many machines and one server.
fn who_starts_at_once_migrates_once(backend: Backend) {
    let database = Database::empty(backend);
    let applied: usize = std::thread::scope(|scope| {
        let nodes: Vec<_> =
            (0..4).map(|_| scope.spawn(|| migrate::up(&mut database.connect()).unwrap().len())).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).sum()
    });
    assert_eq!(applied, migrate::down(&mut database.connect()).unwrap().len());
}

#[test]
fn programs_that_open_one_file_at_once_migrate_once() {
    who_starts_at_once_migrates_once(Backend::Sqlite);
}

#[test]
fn nodes_that_start_at_once_migrate_once() {
    who_starts_at_once_migrates_once(Backend::Postgres);
}
