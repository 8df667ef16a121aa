//! How many offers a second can be accepted, each with its assignment, its letter and its idempotency record, durably, on
//! `SQLite`: inside the process and over HTTP, in one run, with what HTTP alone costs beside it.
//!
//! `cargo bench --bench accept` prints a table. The load generator shares the machine's cores with the service.

#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    reason = "a bench that cannot run says why and ends"
)]

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use diesel::connection::SimpleConnection;
use rostrum::auth::token::Bearer;
use rostrum::config::Settings;
use rostrum::domain::ids::{AccountId, CampusId, CampusRequestId, OfferId, RoleId, SessionId, VolunteerId};
use rostrum::mail::transport::{Memory, Transport};
use rostrum::service::app::{App, Clock};
use rostrum::service::idempotency::{Keyed, Stored};
use rostrum::service::{access, answers};
use rostrum::startup;
use rostrum::store::db;

/// How many offers are accepted by each way of asking.
const OFFERS: usize = 6_000;
const WAYS: usize = 4;
/// How many seats a need has.
const SEATS: usize = 400;
const CALLERS: [usize; 2] = [64, 256];

/// One volunteer with an open offer.
struct Asked {
    bearer: Bearer,
    offer: OfferId,
    token: String,
}

/// Fills the database with volunteers, each with one open offer.
fn seed(app: &App, location: &db::Location) -> Vec<Asked> {
    let mut conn = db::connect(location).expect("the bench's own database opens");
    let now = app.clock.now();
    let (t, later) = (now.unix(), now.unix() + 60 * 86_400);
    let (campus, owner) = (CampusId::mint(), AccountId::mint());
    let mut sql = format!(
        "begin;
         insert into campuses values ('{campus}','bench','Bench','America/New_York','careers@example.edu',null,null,72,1,{t},{t});
         insert into accounts values ('{owner}','owner@example.edu','Owner',null,null,1,{t},{t});"
    );
    let mut asked = Vec::new();
    let (mut need, mut role) = (CampusRequestId::mint(), RoleId::mint());
    for number in 0..OFFERS * WAYS {
        if number % SEATS == 0 {
            (need, role) = (CampusRequestId::mint(), RoleId::mint());
            sql += &format!(
                "insert into campus_requests (id, campus_id, requested_by, kind, state, title, purpose, mode, place,
                    time_zone, starts_local, ends_local, starts_at, ends_at, required_skills, preferred_skills, language,
                    decide_by, priority, revision, created_at, updated_at)
                 values ('{need}','{campus}','{owner}','mock_interviews','approved','Mock interviews {number}','Practice.',
                    'in_person','Hall','UTC','2027-02-25T12:00:00','2027-02-25T14:00:00',{later},{later}+7200,'[]','[]',
                    'en',{later},3,1,{t},{t});
                 insert into campus_request_roles values ('{role}','{need}',0,'Interviewer',1,{SEATS});"
            );
        }
        let (account, session) = (AccountId::mint(), SessionId::mint());
        let (volunteer, offer) = (VolunteerId::mint(), OfferId::mint());
        sql += &format!(
            "insert into accounts values ('{account}','v{number}@example.edu','Volunteer {number}',null,null,1,{t},{t});
             insert into sessions values ('{session}','{account}',{t},{later},null);
             insert into volunteers (id, account_id, display_name, headline, credentials, skills, kinds, languages,
                virtual_ok, time_zone, availability, max_per_week, max_per_month, revision, created_at, updated_at)
             values ('{volunteer}','{account}','Volunteer {number}','','[]','[]','[\"mock_interviews\"]','[\"en\"]',1,'UTC',
                '{{\"weekly\":[],\"exceptions\":[]}}',3,9,1,{t},{t});
             insert into campus_volunteers values ('{campus}','{volunteer}','approved','',null,1,{t},{t});
             insert into offers values ('{offer}','{campus}','{need}','{role}','{volunteer}','sent',{later}-86400,1,500,'[]',
                'hash-{number}',null,null,1,{t},{t});"
        );
        let bearer = Bearer { account, session };
        let token = app.tokens.issue(bearer, now);
        asked.push(Asked { bearer, offer, token });
        if sql.len() > 1 << 20 {
            conn.batch_execute(&sql).expect("the seed fits the schema");
            sql.clear();
        }
    }
    conn.batch_execute(&(sql + "commit;")).expect("the seed fits the schema");
    asked
}

/// Lets `callers` work off `count` pieces of work together; answers how many a second.
async fn together<F, W>(callers: usize, count: usize, work: W) -> f64
where
    W: Fn(usize, usize) -> F + 'static,
    F: Future<Output = ()> + 'static,
{
    let (next, work) = (Arc::new(AtomicUsize::new(0)), Rc::new(work));
    let since = Stopwatch::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (next, work) = (next.clone(), work.clone());
            tokio::task::spawn_local(async move {
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= count {
                        return;
                    }
                    work(caller, piece).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a caller ends by itself");
    }
    #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = count as f64 / since.elapsed().as_secs_f64();
    rate
}

/// One connection for each caller, kept.
fn clients(callers: usize) -> Vec<awc::Client> {
    let client = || awc::Client::builder().timeout(Duration::from_secs(60)).disable_redirects().finish();
    (0..callers).map(|_| client()).collect()
}

#[actix_web::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("rostrum-bench-{}", std::process::id()));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = Settings::in_folder(&folder, listener.local_addr().expect("it is bound"));
    startup::migrate(&settings.database).expect("the folder is new");
    let app = startup::app(&settings, Clock::System, Transport::Memory(Memory::default())).expect("a house");
    let asked = Rc::new(seed(&app, &settings.database));
    println!("{} offers, {OFFERS} for each line below", asked.len());

    let mut way = 0;
    let mut inside = Vec::new();
    for callers in CALLERS {
        let (house, people, first) = (app.clone(), asked.clone(), way * OFFERS);
        let rate = together(callers, OFFERS, move |_, piece| {
            let (house, who) = (house.clone(), &people[first + piece]);
            let (bearer, offer) = (who.bearer, who.offer);
            let scope = format!("{} POST /v1/offers/{offer}/accept", bearer.account);
            let keyed = Keyed { scope, key: "bench".to_owned(), fingerprint: String::new() };
            async move {
                let done = house.act(Some(keyed), move |tx| {
                    let actor = access::enter(tx, bearer.account, bearer.session)?;
                    let accepted = answers::accept(tx, &actor, offer)?;
                    Ok(Stored { status: 200, headers: Vec::new(), body: accepted.offer.row.id.to_string().into() })
                });
                done.await.expect("the offer is open");
            }
        });
        inside.push(rate.await);
        way += 1;
    }
    let running = startup::serve(app.clone(), listener, 2, false).expect("the port is ours");
    let base = Rc::new(format!("http://{}", running.address));
    println!("{:>8} {:>14} {:>14} {:>7} {:>18}", "callers", "in process/s", "over HTTP/s", "ratio", "GET /healthz/s");
    for (callers, inside) in CALLERS.into_iter().zip(inside) {
        let (people, first, site, pool) = (asked.clone(), way * OFFERS, base.clone(), Rc::new(clients(callers)));
        let rate = together(callers, OFFERS, move |caller, piece| {
            let (client, who) = (pool[caller].clone(), &people[first + piece]);
            let request = client
                .post(format!("{site}/v1/offers/{}/accept", who.offer))
                .bearer_auth(&who.token)
                .insert_header(("Idempotency-Key", "bench"));
            async move {
                let mut answer = request.send().await.expect("an answer");
                let body = answer.body().await.expect("a whole answer");
                assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(&body));
            }
        });
        let over_http = rate.await;
        way += 1;
        let (site, pool) = (base.clone(), Rc::new(clients(callers)));
        let bare = together(callers, OFFERS * 4, move |caller, _| {
            let request = pool[caller].get(format!("{site}/healthz"));
            async move {
                let mut answer = request.send().await.expect("an answer");
                answer.body().await.expect("a whole answer");
            }
        });
        let bare = bare.await;
        println!("{callers:>8} {inside:>14.0} {over_http:>14.0} {:>7.2} {bare:>18.0}", over_http / inside);
    }
    running.stop().await;
    // The folder is of this run alone; what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(folder);
}
