//! Lists in pages: a limit, an opaque cursor, and the address of the next page.
//!
//! A cursor holds where the last page ended and a mark of the list it belongs to, filters included; one that was altered
//! or taken from another list is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::body::digest;
use super::problem::Problem;
use super::wire::times::instant;
use crate::domain::time::Instant;
use crate::service::code::Code;

/// Items of a page when the caller does not say.
const USUAL: u32 = 50;
/// The most items of a page.
const MOST: u32 = 100;

/// Where in a list to read on, and how far.
#[derive(Debug, Clone)]
pub struct Page {
    limit: u32,
    after: Option<String>,
    path: String,
    /// The query without cursor, in the caller's order.
    rest: String,
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// Its items.
    pub items: Vec<T>,
    /// The address of the next page; null on the last.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// The same page with each item as `view` shows it.
    pub fn map<V>(self, view: impl FnMut(T) -> V) -> List<V> {
        List { items: self.items.into_iter().map(view).collect(), next: self.next }
    }
}

impl Page {
    /// Reads the two parameters that every list takes.
    ///
    /// # Errors
    /// `invalid_parameter` for a limit outside 1 to 100, `invalid_cursor` for a cursor that is not of this list.
    pub fn new(path: &str, query: &str, limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Code::InvalidParameter, format!("limit is {limit}; it goes from 1 to {MOST}.")));
        }
        let rest: Vec<&str> =
            query.split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor=")).collect();
        let mut page = Self { limit, after: None, path: path.to_owned(), rest: rest.join("&") };
        if let Some(cursor) = cursor {
            let opened = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|octets| String::from_utf8(octets).ok());
            let after = opened.and_then(|opened| {
                let (mark, after) = opened.split_once(' ')?;
                (mark == page.mark(after)).then(|| after.to_owned())
            });
            page.after = Some(after.ok_or_else(|| {
                Problem::new(Code::InvalidCursor, format!("The cursor {cursor:?} does not belong to this list."))
            })?);
        }
        Ok(page)
    }

    /// How many rows to fetch: one more than are shown, to know whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where the last page ended, in the list's own terms.
    pub fn after<T: std::str::FromStr>(&self) -> Option<T> {
        self.after.as_deref().and_then(|after| after.parse().ok())
    }

    /// Makes the page from up to [`Page::fetch`] items; `key` says where an item stands in the order.
    pub fn list<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> List<T> {
        let limit = self.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| {
            let after = key(last);
            let cursor = URL_SAFE_NO_PAD.encode(format!("{} {after}", self.mark(&after)));
            let rest = if self.rest.is_empty() { String::new() } else { format!("{}&", self.rest) };
            format!("{}?{rest}cursor={cursor}", self.path)
        });
        List { items, next }
    }

    fn mark(&self, after: &str) -> String {
        // The limit may change from page to page; the list and its filters may not.
        let filters: Vec<&str> = self.rest.split('&').filter(|part| !part.starts_with("limit=")).collect();
        digest(format!("{}?{} {after}", self.path, filters.join("&")).as_bytes()).chars().take(12).collect()
    }
}

/// Reads a filter of a list that takes one of a few words, or a number.
///
/// # Errors
/// `invalid_parameter` with its name and value.
pub fn filter<T: std::str::FromStr>(name: &str, value: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(value) = value else { return Ok(None) };
    value.parse().map(Some).map_err(|_| {
        Problem::new(Code::InvalidParameter, format!("{name} is {value:?}, which is none of the values it takes."))
    })
}

/// Reads a filter of a list that takes an instant.
///
/// # Errors
/// `invalid_parameter` with its name and value.
pub fn moment(name: &str, value: Option<&str>) -> Result<Option<Instant>, Problem> {
    value
        .map(|value| instant(name, value))
        .transpose()
        .map_err(|invalid| Problem::new(Code::InvalidParameter, format!("{name} cannot be read: {}.", invalid.detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor_of(list: &List<u32>) -> String {
        list.next.as_deref().unwrap().split("cursor=").nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let first = Page::new("/v1/things", "state=open&limit=2", Some(2), None).unwrap();
        let list = first.list(vec![1, 2, 3], ToString::to_string);
        assert_eq!(list.items, [1, 2]);
        assert!(list.next.as_deref().unwrap().starts_with("/v1/things?state=open&limit=2&cursor="));
        let cursor = cursor_of(&list);
        let query = format!("state=open&limit=5&cursor={cursor}");
        let second = Page::new("/v1/things", &query, Some(5), Some(&cursor)).unwrap();
        assert_eq!(second.after::<u32>(), Some(2));
        assert!(second.list(vec![3], ToString::to_string).next.is_none());
        for (path, query) in [("/v1/others", "state=open"), ("/v1/things", "state=closed"), ("/v1/things", "")] {
            assert_eq!(Page::new(path, query, None, Some(&cursor)).unwrap_err().code, Code::InvalidCursor);
        }
        assert_eq!(Page::new("/v1/things", "", None, Some("%%%")).unwrap_err().code, Code::InvalidCursor);
        assert_eq!(Page::new("/v1/things", "", Some(101), None).unwrap_err().code, Code::InvalidParameter);
    }
}
