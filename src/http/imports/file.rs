//! A file of many lines as it comes in: CSV or JSON, with its limits.

use std::future::Future;
use std::pin::Pin;

use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::lines::Read;
use crate::http::body::{self, MediaType};
use crate::http::problem::Problem;
use crate::http::sheet::columns::Table;
use crate::http::sheet::read::{MOST_LINES, read, too_many};
use crate::service::code::Code;

/// The most octets of a file.
pub const MOST_OCTETS: usize = 4 * 1024 * 1024;

/// A file that was sent.
#[derive(Debug)]
pub struct File {
    octets: Bytes,
    kind: MediaType,
    /// SHA-256 of the octets, for the Idempotency-Key.
    pub digest: String,
}

impl FromRequest for File {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, mut payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let octets = body::read(&req, &mut payload, MOST_OCTETS).await?.freeze();
            let kind = body::media_type_of(&req);
            let known = match kind.essence.as_str() {
                "text/csv" => true,
                "application/json" => kind.is_utf8(),
                _ => false,
            };
            if !known {
                let detail = format!("Content-Type says {:?}; send text/csv or application/json.", kind.essence);
                return Err(Problem::new(Code::UnsupportedMediaType, detail));
            }
            let digest = body::digest(&octets);
            Ok(Self { octets, kind, digest })
        })
    }
}

impl File {
    /// Its lines, by their numbers. Reading some megabytes takes a while, so it keeps no other request waiting.
    ///
    /// # Errors
    /// `invalid_json`, `invalid_fields` for JSON of another shape; `unreadable_table`; `too_many_lines`.
    pub async fn lines<L: Read>(self) -> Result<Vec<(u64, L)>, Problem> {
        let read = tokio::task::spawn_blocking(move || self.read::<L>()).await;
        read.unwrap_or_else(|_| {
            Err(Problem::new(Code::Internal, "Something went wrong on our side. Nothing was changed."))
        })
    }

    fn read<L: Read>(&self) -> Result<Vec<(u64, L)>, Problem> {
        if self.kind.essence == "application/json" {
            let items = body::parse::<Items<L>>(&self.octets)?.items;
            if items.len() > MOST_LINES {
                return Err(too_many(items.len()));
            }
            return Ok((1..).zip(items).collect());
        }
        let table = Table::of(read(&self.octets, self.kind.charset.as_deref())?, L::COLUMNS)?;
        Ok(table.lines().map(|cells| (cells.number(), L::of(cells))).collect())
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Items<L> {
    items: Vec<L>,
}
