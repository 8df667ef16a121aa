//! The contract itself: that its examples are true, and that code and contract have the same routes.

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
