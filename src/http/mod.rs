//! The door people and portals knock at: routes, and what they all have in common.
//!
//! Each plural noun has a file with its bodies, views and handlers of about ten lines; `ctx`, `body`, `page` and
//! `problem` are the mechanism they share. Absent on purpose: rules, and SQL, which http may not name.

pub mod accounts;
pub mod assignments;
pub mod attention;
pub mod body;
pub mod bookings;
pub mod campus_requests;
pub mod campus_volunteers;
pub mod campuses;
pub mod candidates;
pub mod ctx;
pub mod days;
pub mod door;
pub mod door_pages;
pub mod event_series;
pub mod events;
pub mod exclusions;
pub mod explanations;
pub mod exports;
pub mod feeds;
pub mod finish;
pub mod grids;
pub mod hours;
pub mod imports;
pub mod inbound;
pub mod letters;
pub mod matching_runs;
pub mod members;
pub mod meta;
pub mod offer_pages;
pub mod offers;
pub mod office_calendars;
pub mod page;
pub mod pages;
pub mod place_pages;
pub mod policies;
pub mod portals;
pub mod problem;
pub mod proposals;
pub mod reference;
pub mod reschedule;
pub mod rotations;
pub mod seating;
pub mod sessions;
pub mod sharing;
pub mod sheet;
pub mod slots;
pub mod students;
pub mod volunteers;
pub mod waitlist;
pub mod wire;

use actix_web::web;

/// Declares the routes of a file once, as `routes(cfg)` for actix and as `ROUTES` for the test that compares them with
/// the contract. Other methods of the same address are answered 405 with the list of those it takes.
macro_rules! route_table {
    ($($path:literal => { $($method:ident $handler:path),+ $(,)? })+) => {
        /// Method and path of each route here.
        pub const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $path),)+)+];

        /// Adds the routes to the application.
        pub fn routes(cfg: &mut actix_web::web::ServiceConfig) {
            $(
                cfg.service(
                    actix_web::web::resource($path)
                        $(.route(actix_web::web::$method().to($handler)))+
                        .default_service(actix_web::web::to(|| async {
                            $crate::http::wrong_method(&[$(stringify!($method)),+])
                        })),
                );
            )+
        }
    };
}
pub(crate) use route_table;

/// The answer to a method that an address does not take.
fn wrong_method(takes: &[&str]) -> ctx::Answer {
    let allow = takes.iter().map(|method| method.to_uppercase()).collect::<Vec<_>>().join(", ");
    let mut problem =
        problem::Problem::new(crate::service::code::Code::MethodNotAllowed, format!("This address takes {allow}."));
    problem.headers.push(("Allow", allow));
    Err(problem)
}

/// All routes, for actix.
pub fn routes(cfg: &mut web::ServiceConfig) {
    let files = [
        meta::routes,
        accounts::routes,
        sessions::routes,
        campuses::routes,
        members::routes,
        letters::routes,
        volunteers::routes,
        campus_volunteers::routes,
        exclusions::routes,
        campus_requests::routes,
        events::routes,
        event_series::routes,
        reschedule::routes,
        sharing::routes,
        slots::routes,
        grids::routes,
        seating::routes,
        office_calendars::routes,
        policies::routes,
        rotations::routes,
        days::routes,
        door::routes,
        door_pages::routes,
        portals::routes,
        students::routes,
        imports::routes,
        exports::routes,
        bookings::routes,
        waitlist::routes,
        feeds::routes,
        proposals::routes,
        matching_runs::routes,
        explanations::routes,
        candidates::routes,
        offers::routes,
        assignments::routes,
        hours::routes,
        attention::routes,
        inbound::routes,
        offer_pages::routes,
        place_pages::routes,
    ];
    for routes in files {
        cfg.configure(routes);
    }
    cfg.default_service(web::to(|| async { ctx::Answer::Err(problem::Problem::not_found()) }));
}

/// All routes, for the test that compares them with the contract: method and path.
pub fn all_routes() -> Vec<(&'static str, &'static str)> {
    let tables: &[&[(&str, &str)]] = &[
        meta::ROUTES,
        accounts::ROUTES,
        sessions::ROUTES,
        campuses::ROUTES,
        members::ROUTES,
        letters::ROUTES,
        volunteers::ROUTES,
        campus_volunteers::ROUTES,
        exclusions::ROUTES,
        campus_requests::ROUTES,
        events::ROUTES,
        event_series::ROUTES,
        reschedule::ROUTES,
        sharing::ROUTES,
        slots::ROUTES,
        grids::ROUTES,
        seating::ROUTES,
        office_calendars::ROUTES,
        policies::ROUTES,
        rotations::ROUTES,
        days::ROUTES,
        door::ROUTES,
        door_pages::ROUTES,
        portals::ROUTES,
        students::ROUTES,
        imports::ROUTES,
        exports::ROUTES,
        bookings::ROUTES,
        waitlist::ROUTES,
        feeds::ROUTES,
        proposals::ROUTES,
        matching_runs::ROUTES,
        explanations::ROUTES,
        candidates::ROUTES,
        offers::ROUTES,
        assignments::ROUTES,
        hours::ROUTES,
        attention::ROUTES,
        inbound::ROUTES,
        offer_pages::ROUTES,
        place_pages::ROUTES,
    ];
    tables.concat()
}
