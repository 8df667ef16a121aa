//! How many durable seat-taking writes a second the lanes give: group commit against one commit a request, in one run.
//!
//! `cargo bench --bench writes` prints a table. Figures are ratios within the run; the machine may be shared. The ceiling
//! is the bare database: one connection, one statement, one commit after another, without lanes.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run says why and ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rostrum::store::db::{self, Conn, Db, Lanes, Location, StoreError};

const SEATS: i64 = 64;
const SPAN: Duration = Duration::from_secs(4);

/// Takes one seat if there is one, and writes down who took it: what accepting and booking come down to.
fn take(conn: &mut Conn, seat: i64, taker: i64) -> Result<bool, StoreError> {
    let update = diesel::sql_query("update seats set taken = taken + 1 where id = ? and taken < capacity");
    let Conn::Sqlite(conn) = conn else { return Ok(false) };
    if update.bind::<BigInt, _>(seat).execute(conn)? == 0 {
        return Ok(false);
    }
    let insert = diesel::sql_query("insert into takings (seat, taker) values (?, ?)");
    insert.bind::<BigInt, _>(seat).bind::<BigInt, _>(taker).execute(conn)?;
    Ok(true)
}

async fn rate(location: &Location, group: usize, callers: u64) -> f64 {
    let db = Db::open(location, Lanes { group, ..Lanes::default() }).expect("the bench's own file opens");
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let since = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let (db, stop, done) = (db.clone(), stop.clone(), done.clone());
        tasks.push(tokio::task::spawn_local(async move {
            let mut turn = 0;
            while !stop.load(Ordering::Relaxed) {
                turn += 1;
                let seat = i64::try_from(caller.wrapping_mul(31).wrapping_add(turn)).unwrap_or(0) % SEATS;
                let taken = db.write(move |conn| take(conn, seat, 1)).await.expect("the write is answered");
                assert!(taken, "the bench's seats do not run out");
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    tokio::time::sleep(SPAN).await;
    let rate = ratio(done.load(Ordering::Relaxed), since.elapsed());
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("a caller ends by itself");
    }
    db.close();
    rate
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
fn ratio(count: u64, span: Duration) -> f64 {
    count as f64 / span.as_secs_f64()
}

fn bare(location: &Location) -> f64 {
    let mut conn = db::connect(location).expect("the bench's own file opens");
    let (since, mut count) = (Instant::now(), 0_u64);
    while since.elapsed() < SPAN {
        conn.batch_execute("begin immediate").expect("nobody else writes");
        take(&mut conn, 1, 1).expect("nobody else writes");
        conn.batch_execute("commit").expect("nobody else writes");
        count += 1;
    }
    ratio(count, since.elapsed())
}

#[actix_web::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("rostrum-bench-{}", std::process::id()));
    let location = Location::Sqlite(folder.join("seats.db"));
    let mut conn = db::connect(&location).expect("the temporary folder can be written to");
    conn.batch_execute(
        "create table seats (id integer primary key, capacity integer not null, taken integer not null) strict;
         create table takings (id integer primary key, seat integer not null references seats, taker integer not null) \
         strict;",
    )
    .expect("the file is new");
    for seat in 0..SEATS {
        let sql = format!("insert into seats values ({seat}, 1000000000, 0)");
        conn.batch_execute(&sql).expect("the table is new");
    }
    drop(conn);
    println!("bare connection, one caller, one commit each: {:.0}/s", bare(&location));
    println!("{:>8} {:>18} {:>18} {:>7}", "callers", "one commit each/s", "group commit/s", "ratio");
    for callers in [1, 64, 256] {
        let single = rate(&location, 1, callers).await;
        let grouped = rate(&location, 256, callers).await;
        println!("{callers:>8} {single:>18.0} {grouped:>18.0} {:>7.1}", grouped / single);
    }
    // The folder is of this run alone; what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(folder);
}
