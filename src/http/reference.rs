//! The contract as a page for people: `GET /docs`, made from the same `openapi.yaml` that is served.
//!
//! `contract` reads the file into what the page shows, `prose` turns its descriptions into HTML, the template under
//! `pages/` puts both on one page. It is made once, when it is first asked for, loads nothing from elsewhere and works
//! without a script. Absent on purpose: a form to try operations out, which would need one.

mod contract;
mod prose;
mod schema;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use self::contract::Reference;
use super::meta::OPENAPI;
use super::pages;

const STYLE: &str = include_str!("pages/reference.css");
const TEMPLATE: &str = include_str!("pages/reference.html");

/// The page, its entity tag and the policy it is served under.
struct Finished {
    page: String,
    etag: String,
    policy: String,
}

static FINISHED: LazyLock<Finished> = LazyLock::new(|| {
    let page = written(OPENAPI).unwrap_or_else(|fault| {
        tracing::error!(error = %fault, "the reference page could not be made");
        "<!doctype html><html lang=\"en\"><title>Rostrum</title><p>The contract is at /openapi.yaml.</p></html>"
            .to_owned()
    });
    let etag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, page.as_bytes())));
    Finished { page, etag, policy: pages::policy_for(STYLE) }
});

/// The page as an answer, or 304 where the caller's `If-None-Match` names the one it holds.
pub fn answer(if_none_match: Option<&str>) -> HttpResponse {
    let Finished { page, etag, policy } = &*FINISHED;
    let held = if_none_match.is_some_and(|held| {
        held.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    });
    let mut answer = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, etag.as_str())).insert_header((header::CACHE_CONTROL, "no-cache"));
    if held {
        return answer.finish();
    }
    answer
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy.as_str()))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(page.as_str())
}

fn written(contract: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let reference = Reference::read(contract)?;
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_global("style", Value::from_safe_string(STYLE.to_owned()));
    templates.add_template("reference.html", TEMPLATE)?;
    let page = templates.get_template("reference.html")?;
    Ok(page.render(context! { reference => Value::from(Serde(&reference)) })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_every_object_has_its_place() {
        let page = written(OPENAPI).unwrap();
        let contract: serde_yaml_ng::Value = serde_yaml_ng::from_str(OPENAPI).unwrap();
        let mut seen = 0;
        for (_, methods) in contract["paths"].as_mapping().unwrap() {
            for (_, operation) in methods.as_mapping().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.contains(&format!("<article id=\"{id}\"")), "{id}");
                seen += 1;
            }
        }
        assert!(seen > 60, "{seen} operations");
        for (at, _) in page.match_indices("href=\"#") {
            let target = page[at + 7..].split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
        }
    }

    #[test]
    fn it_loads_nothing_and_leaves_nothing_out() {
        let page = written(OPENAPI).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "the style is what its hash was taken of");
        for never in ["<script", "style=\"", "<img", "<link", "src=", "{{ ", "{% ", "&amp;lt;"] {
            assert!(
                !page.contains(never),
                "{never} at {:?}",
                page.find(never).map(|at| &page[at.saturating_sub(80)..at + 40])
            );
        }
        assert!(page.len() < 1_300_000, "{} bytes", page.len());
    }

    #[test]
    fn who_holds_the_page_is_not_sent_it_again() {
        let check = |held: Option<&str>, status: u16| assert_eq!(answer(held).status().as_u16(), status, "{held:?}");
        check(None, 200);
        check(Some("\"other\""), 200);
        check(Some(&FINISHED.etag), 304);
        check(Some(&format!("\"other\", W/{}", FINISHED.etag)), 304);
    }
}
