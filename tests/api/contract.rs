//! The contract itself: that its examples are true, and that code and contract have the same routes.

use std::collections::BTreeSet;

use crate::support::contract::{TEXT, contract};
use crate::support::databases::Backend;
use crate::support::world::World;

#[test]
fn every_example_is_what_its_schema_says() {
    let seen = contract().check_examples();
    assert!(seen > 200, "only {seen} examples were found");
}

#[test]
fn every_problem_code_is_named_in_the_contract() {
    for code in rostrum::service::code::Code::ALL {
        let named = format!("`{}`", code.as_str());
        assert!(TEXT.contains(&named), "{named} is not in openapi.yaml");
    }
}

#[actix_web::test]
async fn the_contract_that_is_served_is_this_one() {
    let world = World::open(Backend::Sqlite).await;
    let served = world.nobody().get("/openapi.yaml").await.expect(200);
    assert_eq!(served.text(), TEXT);
    world.close().await;
}
#[test]
fn every_route_is_in_the_contract_and_the_other_way_round() {
    let bare = |path: &str| -> String {
        // actix lets a parameter carry a pattern: `{id:[0-9a-f-]+}`. Its name is our own matter.
        path.split('{')
            .enumerate()
            .map(|(part, text)| match text.split_once('}') {
                Some((_, rest)) if part > 0 => format!("{{}}{rest}"),
                _ => text.to_owned(),
            })
            .collect()
    };
    let documented: BTreeSet<(String, String)> =
        contract().operations().iter().map(|operation| (operation.method.clone(), bare(&operation.path))).collect();
    let served: BTreeSet<(String, String)> =
        rostrum::http::all_routes().iter().map(|(method, path)| (method.to_uppercase(), bare(path))).collect();
    let undocumented: Vec<_> = served.difference(&documented).collect();
    let missing: Vec<_> = documented.difference(&served).collect();
    assert!(
        undocumented.is_empty() && missing.is_empty(),
        "not documented: {undocumented:#?}, not served: {missing:#?}"
    );
}
