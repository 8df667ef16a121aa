//! The contract's descriptions, which are written in Markdown, as HTML.
//!
//! They are our own text, compiled in, so raw HTML in them is not refused; there is none.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

/// A heading of a description: its anchor and its words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Heading {
    /// The fragment that leads to it.
    pub anchor: String,
    /// Its words.
    pub text: String,
}

/// `markdown` as HTML. Its headings get anchors, and are answered for a table of contents.
pub fn with_headings(markdown: &str) -> (String, Vec<Heading>) {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let mut headings = Vec::new();
    let texts: Vec<String> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| matches!(event, Event::Start(Tag::Heading { .. })))
        .map(|(at, _)| words(events.get(at + 1..).unwrap_or_default()))
        .collect();
    let mut texts = texts.into_iter();
    for event in &mut events {
        if let Event::Start(Tag::Heading { id, .. }) = event {
            let text = texts.next().unwrap_or_default();
            let anchor = anchor(&text);
            *id = Some(CowStr::from(anchor.clone()));
            headings.push(Heading { anchor, text });
        }
    }
    let mut page = String::new();
    push_html(&mut page, events.into_iter());
    (page, headings)
}

/// `markdown` as HTML.
pub fn html(markdown: &str) -> String {
    with_headings(markdown).0
}

/// The words up to the end of the heading that `events` begin in.
fn words(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(_)));
    inside
        .filter_map(|event| if let Event::Text(text) | Event::Code(text) = event { Some(&**text) } else { None })
        .collect()
}

fn anchor(text: &str) -> String {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        let check = |given: &str, expect: &str| assert_eq!(html(given).trim(), expect);
        check("One `two` **three** <& four.", "<p>One <code>two</code> <strong>three</strong> &lt;&amp; four.</p>");
        check("## Signing in\n", "<h2 id=\"signing-in\">Signing in</h2>");
        check("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>");
        assert!(html("|a|b|\n|---|---|\n|`c`|d|").contains("<td><code>c</code></td><td>d</td>"));
    }
}
