//! Who wins when many want the same thing at once, on both databases. First the lanes themselves, then seats over HTTP.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use futures_util::FutureExt;
use futures_util::future::join_all;
use rostrum::domain::time::Instant;
use rostrum::store::db::{Conn, Db, Lanes, StoreError};
use rostrum::store::schema::feed_revisions;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::databases::{Backend, Database, on_both};

// A seat is a row of a table that has no rule about how many there may be, so that only the lanes decide the race.

fn seats_taken(conn: &mut Conn) -> Result<i64, DieselError> {
    feed_revisions::table.filter(feed_revisions::scope.like("seat of %")).count().get_result(conn)
}

fn take_seat(conn: &mut Conn, who: &str) -> Result<(), DieselError> {
    diesel::insert_into(feed_revisions::table)
        .values((
            feed_revisions::scope.eq(format!("seat of {who}")),
            feed_revisions::revision.eq(1_i64),
            feed_revisions::changed_at.eq(Instant::from_unix(0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Looks whether a seat is free and takes it if so, as two statements: wrong unless the job is as good as alone.
async fn race(db: &Db, who: String, seats: i64) -> Result<bool, StoreError> {
    db.write(move |conn| {
        if seats_taken(conn)? >= seats {
            return Ok(false);
        }
        take_seat(conn, &who)?;
        Ok(true)
    })
    .await
}

fn holders(database: &Database) -> Vec<String> {
    feed_revisions::table
        .filter(feed_revisions::scope.like("seat of %"))
        .select(feed_revisions::scope)
        .order(feed_revisions::scope)
        .load(&mut database.connect())
        .unwrap()
}

on_both!(Database:
    sixty_four_writers_want_the_last_seat,
    twenty_four_writers_want_three_seats,
    two_nodes_race_as_one,
    a_job_that_fails_or_panics_leaves_its_group_intact,
    what_was_answered_is_there_for_everybody,
    two_who_wait_for_each_other_both_get_through,
    what_a_fault_has_undone_is_never_answered_as_done,
    a_reader_cannot_write,
    a_full_lane_says_so_at_once,
    whoever_has_gone_away_changes_nothing,
    closing_finishes_what_waits,
);

async fn sixty_four_writers_want_the_last_seat(database: &Database) {
    let db = database.open_with(Lanes::default());
    let outcomes = join_all((0..64).map(|number| race(&db, format!("writer {number}"), 1))).await;
    let winners: Vec<_> = (0..64).filter(|number| *outcomes[*number].as_ref().unwrap()).collect();
    assert_eq!(winners.len(), 1, "exactly one has the seat: {winners:?}");
    assert_eq!(holders(database), [format!("seat of writer {}", winners[0])], "and it is the one who was told so");
    db.close();
}

async fn twenty_four_writers_want_three_seats(database: &Database) {
    let db = database.open_with(Lanes::default());
    let outcomes = join_all((0..24).map(|number| race(&db, format!("writer {number}"), 3))).await;
    assert_eq!(outcomes.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 3);
    assert_eq!(holders(database).len(), 3);
    db.close();
}

async fn two_nodes_race_as_one(database: &Database) {
    let nodes = [database.open(), database.open()];
    let outcomes = join_all((0..32).map(|number| race(&nodes[number % 2], format!("writer {number}"), 5))).await;
    assert_eq!(outcomes.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 5);
    assert_eq!(holders(database).len(), 5);
    nodes.iter().for_each(Db::close);
}

async fn a_job_that_fails_or_panics_leaves_its_group_intact(database: &Database) {
    let db = database.open();
    let gate = Gate::closed(&db).await;
    let good = join_all((0..8).map(|number| race(&db, format!("good {number}"), i64::MAX)));
    let failing = join_all((0..4).map(|number| failing(&db, number)));
    let panicking = join_all((0..4).map(|number| panicking(&db, number)));
    let leaking = join_all((0..4).map(|number| leaking(&db, number)));
    let open = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        gate.open();
    };
    let (good, failed, panicked, leaked, ()) = tokio::join!(good, failing, panicking, leaking, open);
    assert!(good.iter().all(|outcome| matches!(outcome, Ok(true))), "{good:?}");
    assert!(failed.iter().all(|outcome| matches!(outcome, Err(StoreError::Corrupt(_)))), "{failed:?}");
    assert!(panicked.iter().all(|outcome| matches!(outcome, Err(StoreError::Panicked(_)))), "{panicked:?}");
    assert!(leaked.iter().all(|outcome| matches!(outcome, Err(StoreError::Panicked(_)))), "{leaked:?}");
    let expected: Vec<_> = (0..8).map(|number| format!("seat of good {number}")).collect();
    assert_eq!(holders(database), expected, "the good are kept, of the others nothing");
    assert!(race(&db, "a late one".into(), i64::MAX).await.unwrap(), "and the lane still works");
    db.close();
}

async fn what_was_answered_is_there_for_everybody(database: &Database) {
    let db = database.open();
    let mut elsewhere = database.connect();
    for number in 0..20_i64 {
        race(&db, format!("writer {number}"), i64::MAX).await.unwrap();
        assert_eq!(seats_taken(&mut elsewhere).unwrap(), number + 1);
    }
    db.close();
}

/// Two jobs take two rows in opposite orders. One of them has to give way and to begin anew.
async fn two_who_wait_for_each_other_both_get_through(database: &Database) {
    let db = database.open_with(Lanes { writers: 2, ..Lanes::default() });
    for who in ["ann", "ben"] {
        race(&db, who.to_owned(), i64::MAX).await.unwrap();
    }
    let raise = |conn: &mut Conn, who: &str| {
        diesel::update(feed_revisions::table.find(format!("seat of {who}")))
            .set(feed_revisions::revision.eq(feed_revisions::revision + 1))
            .execute(conn)
    };
    let job = |first: &'static str, second: &'static str| {
        db.write(move |conn| {
            raise(conn, first)?;
            // Long enough for the other to have its first row as well.
            std::thread::sleep(Duration::from_millis(100));
            raise(conn, second)?;
            Ok::<_, StoreError>(())
        })
    };
    let (one, other) = tokio::join!(job("ann", "ben"), job("ben", "ann"));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let raised: Vec<i64> =
        feed_revisions::table.select(feed_revisions::revision).load(&mut database.connect()).unwrap();
    assert_eq!(raised, [3, 3]);
    db.close();
}

/// A job runs into a key that is there, and says that all went well. PostgreSQL has undone all of it by then.
async fn what_a_fault_has_undone_is_never_answered_as_done(database: &Database) {
    let db = database.open();
    race(&db, "ann".to_owned(), i64::MAX).await.unwrap();
    let answered = db
        .write(|conn| {
            take_seat(conn, "ben")?;
            let hit = take_seat(conn, "ann");
            assert!(hit.is_err(), "the key is there");
            Ok::<_, StoreError>(())
        })
        .await;
    let kept = holders(database).contains(&"seat of ben".to_owned());
    assert_eq!(answered.is_ok(), kept, "{answered:?}");
    assert!(race(&db, "a late one".into(), i64::MAX).await.unwrap(), "and the lane still works");
    db.close();
}

async fn a_reader_cannot_write(database: &Database) {
    let db = database.open();
    let refused = db.read(|conn| Ok::<_, StoreError>(take_seat(conn, "a reader")?)).await;
    assert!(matches!(refused, Err(StoreError::Diesel(_))), "{refused:?}");
    assert!(holders(database).is_empty());
    db.close();
}

async fn a_full_lane_says_so_at_once(database: &Database) {
    let db = database.open_with(Lanes { readers: 1, writers: 1, queue: 4, ..Lanes::default() });
    let gate = Gate::closed(&db).await;
    let wave = join_all((0..12).map(|number| race(&db, format!("writer {number}"), i64::MAX)));
    let open = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        gate.open();
    };
    let (outcomes, ()) = tokio::join!(wave, open);
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Busy))).count();
    assert_eq!(busy, 8, "four wait, the others are told to come back: {outcomes:?}");
    assert_eq!(holders(database).len(), 4);
    db.close();
}

async fn whoever_has_gone_away_changes_nothing(database: &Database) {
    let db = database.open_with(Lanes { readers: 1, writers: 1, ..Lanes::default() });
    let gate = Gate::closed(&db).await;
    let gone = tokio::time::timeout(Duration::from_millis(20), race(&db, "one who hung up".into(), 1)).await;
    assert!(gone.is_err());
    gate.open();
    assert!(race(&db, "the next".into(), 1).await.unwrap());
    assert_eq!(holders(database), ["seat of the next"]);
    db.close();
}

async fn closing_finishes_what_waits(database: &Database) {
    let db = database.open();
    let wave = join_all((0..16).map(|number| race(&db, format!("writer {number}"), i64::MAX)));
    let close = async {
        let db = db.clone();
        tokio::task::spawn_blocking(move || db.close()).await.unwrap();
    };
    let (outcomes, ()) = tokio::join!(wave, close);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(true))), "{outcomes:?}");
    assert_eq!(holders(database).len(), 16);
    assert!(matches!(race(&db, "too late".into(), 99).await, Err(StoreError::Busy)));
}

/// On `SQLite` the answers of a group come after its one commit, so nobody hears of a seat that a crash could still take.
#[actix_web::test]
async fn a_group_is_answered_after_its_commit() {
    let database = Database::migrated(Backend::Sqlite);
    let db = database.open();
    // While one gate holds the writer, a job and a second gate line up behind it: they will be one group.
    let gate = Gate::closed(&db).await;
    let mut first = Box::pin(race(&db, "the first".into(), i64::MAX));
    let (mut second_gate, behind) = Gate::new(&db);
    let mut behind = Box::pin(behind);
    assert!(first.as_mut().now_or_never().is_none());
    assert!(behind.as_mut().now_or_never().is_none());
    tokio::time::sleep(Duration::from_millis(30)).await;
    gate.open();
    second_gate.reached().await;
    let early = tokio::time::timeout(Duration::from_millis(100), first.as_mut()).await;
    assert!(early.is_err(), "the job has run, its group is not committed, and yet there is an answer: {early:?}");
    assert!(holders(&database).is_empty(), "nobody else sees it before the commit");
    second_gate.open();
    assert!(first.await.unwrap());
    behind.await.unwrap();
    assert_eq!(holders(&database), ["seat of the first"]);
    db.close();
}

async fn failing(db: &Db, number: u32) -> Result<(), StoreError> {
    db.write(move |conn| {
        take_seat(conn, &format!("failing {number}"))?;
        Err(StoreError::Corrupt("as the test wants it".into()))
    })
    .await
}

async fn panicking(db: &Db, number: u32) -> Result<(), StoreError> {
    db.write(move |conn| {
        take_seat(conn, &format!("panicking {number}"))?;
        panic!("as the test wants it");
    })
    .await
}

/// Panics two transactions deep.
async fn leaking(db: &Db, number: u32) -> Result<(), StoreError> {
    db.write(move |conn| {
        conn.transaction(|conn| {
            take_seat(conn, &format!("leaking {number}"))?;
            conn.transaction(|_| -> Result<(), StoreError> { panic!("as the test wants it") })
        })
    })
    .await
}

/// A job that keeps a writer busy until the test lets it go on.
struct Gate {
    held: UnboundedReceiver<()>,
    open: Sender<()>,
}

impl Gate {
    /// The gate and its job, which does nothing until it is polled.
    fn new(db: &Db) -> (Self, impl Future<Output = Result<(), StoreError>> + 'static) {
        let (says, held) = unbounded_channel();
        let (open, waits) = channel();
        let db = db.clone();
        let job = async move {
            db.write(move |_| {
                // Whoever waits may have gone away with its test.
                let _ = says.send(());
                let _ = waits.recv_timeout(Duration::from_secs(10));
                Ok(())
            })
            .await
        };
        (Self { held, open }, job)
    }

    /// A gate that a writer stands at already.
    async fn closed(db: &Db) -> Self {
        let (mut gate, job) = Self::new(db);
        actix_web::rt::spawn(job);
        gate.reached().await;
        gate
    }

    async fn reached(&mut self) {
        self.held.recv().await.expect("a writer takes the job");
    }

    fn open(&self) {
        let _ = self.open.send(());
    }
}
