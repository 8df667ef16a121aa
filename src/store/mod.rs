//! What is kept: rows and queries, one file per plural noun, and the lanes they run in.
//!
//! Queries are free functions said by module: `store::slots::find(conn, id)`. `find` means exactly one, `list_…` many.
//! What is absent on purpose: decisions, which are the domain's, and rights, which are the services'.

pub mod accounts;
pub mod campuses;
pub mod columns;
pub mod db;
pub mod letters;
pub mod members;
pub mod migrate;
pub mod schema;
pub mod sessions;
