use std::time::{Duration, Instant};

use super::super::read::{LONGEST_INPUT, Unreadable, parse, unfold};

#[test]
fn octets_are_unfolded_before_they_are_read() {
    let folded = b"\xef\xbb\xbfSUMMARY:caf\xc3\r\n \xa9 au\n\t lait\r\n\r\nUID:1\x07\r\n";
    assert_eq!(unfold(folded).unwrap(), ["SUMMARY:café au lait", "UID:1"]);
    assert_eq!(unfold(b"A:1\nB:\xff\n"), Err(Unreadable::NotUtf8 { line: 2 }));
    assert_eq!(unfold(&vec![b'a'; LONGEST_INPUT + 1]), Err(Unreadable::TooLong { octets: LONGEST_INPUT + 1 }));
    assert!(unfold(&vec![b'a'; LONGEST_INPUT]).is_ok());
}

#[test]
fn the_parser_is_kept_from_its_faults() {
    let input = "begin:vcalendar\r\nX-A::-) \r\nbegin:vevent\r\nsummary;x-p=\"a^'b^^n^nc;:\":hi\r\n\
        BEGIN:PARTICIPANT\r\nUID:inner\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:PARTICIPANT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let calendars = parse(input.as_bytes()).unwrap();
    let calendar = &calendars[0];
    assert_eq!(calendar.properties[0].value.as_deref(), Some(":-) "));
    let summary = &calendar.events[0].properties[..];
    assert_eq!(summary.len(), 1, "what stands in a component unknown to us is skipped");
    assert_eq!((summary[0].name.as_str(), summary[0].value.as_deref()), ("SUMMARY", Some("hi")));
    assert_eq!(summary[0].params.as_ref().unwrap()[0], ("X-P".to_owned(), vec!["a\"b^n\nc;:".to_owned()]));
}

#[test]
fn what_is_no_calendar_is_refused() {
    let check = |input: &str, expect: Unreadable| assert_eq!(parse(input.as_bytes()).unwrap_err(), expect, "{input:?}");
    check("", Unreadable::Malformed("it is empty".to_owned()));
    check("BEGIN:VCALENDAR\nEND:VEVENT\n", Unreadable::Unbalanced { line: 2 });
    check("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", Unreadable::Unbalanced { line: 3 });
    check("BEGIN:VCALENDAR\n", Unreadable::Unbalanced { line: 1 });
    check("END:VCALENDAR\n", Unreadable::Unbalanced { line: 1 });
    let many = format!("BEGIN:VCALENDAR\nX{}:1\nEND:VCALENDAR\n", ";A=B".repeat(65));
    check(&many, Unreadable::TooManyParameters { line: 2 });
    for input in ["hello", "X:1\n", "BEGIN:VCALENDAR\nnothing\nEND:VCALENDAR\n", "BEGIN:VEVENT\nEND:VEVENT\n"] {
        assert!(matches!(parse(input.as_bytes()), Err(Unreadable::Malformed(_))), "{input:?}");
    }
}

#[test]
fn a_bomb_is_refused_at_once() {
    let fill = |head: &str, part: &str| {
        let count = (LONGEST_INPUT - 100 - head.len()) / part.len();
        format!("{head}{}\nEND:VCALENDAR\n", part.repeat(count))
    };
    let bombs = [
        fill("BEGIN:VCALENDAR\nX", ";A=B"),
        fill("BEGIN:VCALENDAR\nX", ";A=\""),
        fill("BEGIN:VCALENDAR\nX;A=", ","),
        fill("BEGIN:VCALENDAR\nX:", "\n "),
        fill("", "BEGIN:VCALENDAR\n"),
        fill("BEGIN:VCALENDAR\n", "BEGIN:VEVENT\n"),
        fill("BEGIN:VCALENDAR\n", "BEGIN:X\n"),
        fill("BEGIN:VCALENDAR\nX:", "^^"),
    ];
    for bomb in bombs {
        let began = Instant::now();
        let _ = parse(bomb.as_bytes());
        // Ten times what is promised, as this is built without optimisation and tests run side by side.
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}: {:.60}", began.elapsed(), bomb);
    }
}

proptest::proptest! {
    #[test]
    fn no_input_makes_it_panic(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = parse(&octets);
    }

    #[test]
    fn no_line_makes_it_panic(lines in "(BEGIN:VCALENDAR\n|BEGIN:VEVENT\n|END:VEVENT\n|X;[A=\";:,^]{0,12}:?.{0,9}\n){0,20}") {
        let whole = format!("BEGIN:VCALENDAR\n{lines}END:VCALENDAR\n");
        let _ = parse(whole.as_bytes());
    }
}
