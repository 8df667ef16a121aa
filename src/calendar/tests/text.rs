use ical::{generator::Emitter, property::Property};
use proptest::prelude::*;

use super::super::{
    read::parse_own,
    text::{Wire, clean, raw, text, texts, unescape, with},
};

fn written(property: &Property) -> String {
    Wire(property).generate()
}

#[test]
fn a_text_is_escaped() {
    let check =
        |value: &str, expect: &str| assert_eq!(written(&text("SUMMARY", value)), format!("SUMMARY:{expect}\r\n"));
    check("Mock interviews", "Mock interviews");
    check("a;b,c\\d:e\"f", "a\\;b\\,c\\\\d:e\"f");
    check("one\ntwo\r\nthree\rfour\u{2028}five\u{85}six", "one\\ntwo\\nthree\\nfour\\nfive\\nsix");
    check("x\r\nATTENDEE:mailto:eve@example.edu", "x\\nATTENDEE:mailto:eve@example.edu");
    check("a\u{0}b\u{7}c\u{7f}d\u{9f}e\u{feff}f\tg", "abcdef\tg");
    check("  around \u{3000}", "around");
    check("", "");
    check("\\n is no line break", "\\\\n is no line break");
    check(":-)", ":-)");
}

#[test]
fn a_list_leaves_out_what_is_empty() {
    let check = |values: &[&str], expect: &str| {
        assert_eq!(texts("CATEGORIES", values.iter().copied()).value.as_deref(), Some(expect));
    };
    check(&["Job fair", "Fall, 2027"], "Job fair,Fall\\, 2027");
    check(&["", "a", " ", "b", ""], "a,b");
    check(&[], "");
}

#[test]
fn a_parameter_is_quoted_where_it_must_be() {
    let check = |value: &str, expect: &str| {
        let property = with(raw("ATTENDEE", "mailto:a@example.edu"), "CN", value);
        assert_eq!(written(&property), format!("ATTENDEE;CN={expect}:mailto:a@example.edu\r\n"));
    };
    check("Émile", "Émile");
    check("Office, Career", "\"Office, Career\"");
    check("a:b;c", "\"a:b;c\"");
    check("The \"Office\"", "The ^'Office^'");
    check("up^down", "up^^down");
    check("two\r\nlines", "two^nlines");
    check("back\\,slash", "\"back/,slash\"");
    check("", "\"\"");
    check("a\u{1}b", "ab");
}

#[test]
fn nothing_in_the_model_adds_a_line() {
    let bad = Property {
        name: "X-A\r\nX-B".to_owned(),
        params: Some(vec![("P\r\nX-C:1".to_owned(), vec!["v\r\nX-D:1".to_owned(), "w\"".to_owned()])]),
        value: Some("1\r\nX-E:2\u{2028}\u{85}\u{0}".to_owned()),
    };
    assert_eq!(written(&bad), "X-AX-B;PX-C1=\"v^nX-D:1\",w^':1X-E:2\r\n");
}

#[test]
fn a_long_line_is_folded_between_letters() {
    let check = |value: &str, expect: &[&str]| {
        let lines = written(&text("SUMMARY", value));
        assert_eq!(lines.trim_end_matches("\r\n").split("\r\n").collect::<Vec<_>>(), expect);
    };
    check(&"a".repeat(67), &[&format!("SUMMARY:{}", "a".repeat(67))]);
    check(&"a".repeat(68), &[&format!("SUMMARY:{}", "a".repeat(67)), " a"]);
    // The é has two octets and would begin at the last one.
    check(&format!("{}é", "a".repeat(66)), &[&format!("SUMMARY:{}", "a".repeat(66)), " é"]);
    // The blank would end the line.
    check(&format!("{} b", "a".repeat(66)), &[&format!("SUMMARY:{}", "a".repeat(66)), "  b"]);
    check(&format!("{}\u{3000}b", "a".repeat(64)), &[&format!("SUMMARY:{}", "a".repeat(64)), " \u{3000}b"]);
    // No line could hold so many blanks and a letter.
    check(&format!("{}{}b", "a".repeat(9), " ".repeat(500)), &["SUMMARY:aaaaaaaaa", &format!(" {}b", " ".repeat(60))]);
}

/// What [`clean`] promises, said the slow way.
fn promised(value: &str) -> String {
    let mut value = value.replace("\r\n", "\n");
    for line_end in ['\r', '\u{85}', '\u{2028}', '\u{2029}'] {
        value = value.replace(line_end, "\n");
    }
    value.retain(|letter| letter != '\u{feff}' && (letter == '\n' || letter == '\t' || !letter.is_control()));
    let mut cut = String::new();
    let mut run = String::new();
    for letter in value.trim().chars() {
        if letter.is_whitespace() && letter != '\n' {
            run.push(letter);
        } else {
            run.clear();
        }
        if run.len() <= 60 {
            cut.push(letter);
        }
    }
    cut
}

fn any_text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        4 => any::<char>(),
        2 => prop::sample::select("\r\n\t\\;,:\"^='n \u{a0}\u{3000}\u{2028}\u{85}\u{feff}\u{0}\u{200d}👩🏽‍🎓é汉שع".chars().collect::<Vec<_>>()),
        2 => prop::char::range(' ', '~'),
        1 => Just(' '),
    ];
    prop_oneof![
        4 => prop::collection::vec(letter, 0..120).prop_map(String::from_iter),
        1 => prop::collection::vec(any::<char>(), 500).prop_map(String::from_iter),
        1 => "[ \t\u{3000}]{0,200}[a\\\\]?[ \t\u{3000}]{0,200}b?\r?\n?",
        1 => "(BEGIN|END|SUMMARY|X-A)[:;]?(VEVENT|VCALENDAR)?\r\n(END:VEVENT\r\n)?",
    ]
}

/// The rules that hold for each physical line, whatever was written.
pub(super) fn check_lines(calendar: &str) {
    assert!(calendar.ends_with("\r\n"));
    for line in calendar.trim_end_matches("\r\n").split("\r\n") {
        assert!(!line.is_empty() && line.len() <= 75, "{} octets: {line:?}", line.len());
        assert!(!line.ends_with(char::is_whitespace), "{line:?} ends in white space");
        assert!(!line.chars().any(|letter| letter != '\t' && letter.is_control()), "{line:?} holds a control");
        assert!(!line.contains(['\u{2028}', '\u{2029}', '\u{feff}']), "{line:?}");
    }
}

proptest! {
    #[test]
    fn cleaning_keeps_its_promise(value in any_text()) {
        let cleaned = clean(&value);
        prop_assert_eq!(&*cleaned, &promised(&value));
        prop_assert_eq!(&*clean(&cleaned), &*cleaned, "cleaning twice");
    }

    #[test]
    fn every_text_comes_back(summary in any_text(), place in any_text(), categories in prop::collection::vec(any_text(), 0..4), name in any_text()) {
        let properties = vec![
            text("SUMMARY", &summary),
            with(text("LOCATION", &place), "X-NAME", &name),
            texts("CATEGORIES", categories.iter().map(String::as_str)),
        ];
        let event = ical::parser::ical::component::IcalEvent { properties, alarms: Vec::new() };
        let calendar = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", Wire(&event).generate());
        check_lines(&calendar);

        let read = parse_own(calendar.as_bytes()).unwrap();
        let [calendar] = &read[..] else { panic!("one calendar was written") };
        let [event] = &calendar.events[..] else { panic!("one event was written") };
        prop_assert!(calendar.properties.is_empty(), "an injected property");
        let [read_summary, read_place, read_categories] = &event.properties[..] else { panic!("{event:?}") };
        let value = |property: &Property| property.value.clone().unwrap_or_default();
        prop_assert_eq!(unescape(&value(read_summary)), promised(&summary));
        prop_assert_eq!(unescape(&value(read_place)), promised(&place));
        let read_name = read_place.params.as_ref().unwrap()[0].1[0].clone();
        prop_assert_eq!(read_name, promised(&name).replace('\\', "/"));
        let expect: Vec<_> = categories.iter().map(|one| promised(one)).filter(|one| !one.is_empty()).collect();
        prop_assert_eq!(split_list(&value(read_categories)), expect);
    }
}

/// The texts of a list, split at the commas that are not escaped.
fn split_list(list: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut escaped = false;
    for letter in list.chars() {
        if letter == ',' && !escaped {
            texts.push(String::new());
        } else {
            texts.last_mut().unwrap().push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    texts.iter().map(|text| unescape(text)).filter(|text| !text.is_empty()).collect()
}
