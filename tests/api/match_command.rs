//! `rostrum match`, run as a person runs it: a season from a file, the plan, its proof, and the checker of both.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder for one test's files, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("rostrum-match-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn rostrum(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rostrum")).arg("match").args(args).output().unwrap()
}

fn told(args: &[&str]) -> Value {
    let run = rostrum(args);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn fault(args: &[&str]) -> String {
    let run = rostrum(args);
    assert!(!run.status.success() && run.stdout.is_empty(), "{}", String::from_utf8_lossy(&run.stdout));
    String::from_utf8(run.stderr).unwrap()
}

/// Two needs at one place and time, one far from it an hour later, one without a time; three volunteers. Volunteer 0 is
/// best for all, but can do only one of the first three; the fourth wants two people or none.
const CORE: &str = "core1 4 3 7
1 1 1 0 0 1 40.0 -76.0 1 600 660
1 1 2 0 0 1 40.0 -76.0 1 600 660
1 1 1 0 0 1 40.2 -76.0 1 670 700
2 2 1 1 0 0 40.0 -76.0 0
0 2 3 1
0 2 3 1
3 2 1 0
0 0 900
0 1 800
0 2 700
0 3 500
1 0 100
1 2 100
2 1 50
";

#[test]
fn a_plan_comes_with_a_proof_that_the_checker_reads() {
    let folder = Folder::new();
    let (core, plan, proof) = (folder.file("season.core", CORE), folder.path("plan"), folder.path("proof"));
    let report = told(&[&core, "--out", &plan, "--certificate", &proof]);
    // Volunteer 2 takes need 1, so that 0 and 1 can take 0 and 2; and 0 the one without a time.
    let expect = json!({ "seats": 4, "seats_wanted": 5, "below_minimum": 1, "value": 51_550, "bound": 51_550,
        "gap_percent": 0.0, "proven_optimal": true, "pairs": 7 });
    for (name, value) in expect.as_object().unwrap() {
        assert_eq!(&report[name], value, "{name} in {report}");
    }
    assert!(report["seats_provable"].as_u64().unwrap() >= 4, "{report}");
    assert!(report["cpu_seconds"].is_number() && report["wall_seconds"].is_number(), "{report}");
    let mut lines: Vec<String> = fs::read_to_string(&plan).unwrap().lines().map(ToOwned::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["0 0", "0 3", "1 2", "2 1"]);

    let verdict = told(&["--check", &core, &plan, &proof]);
    assert_eq!((&verdict["value"], &verdict["bound"]), (&json!(51_550), &json!(51_550)));
    assert_eq!(verdict["proven_optimal"], true);

    // Each thing that is wrong is named.
    let check = |plan: &str, expect: &str| {
        let plan = folder.file("wrong", plan);
        let said = fault(&["--check", &core, &plan, &proof]);
        assert!(said.contains(expect), "{said}");
    };
    check("0 0\n0 1\n", "volunteer 0 cannot do both needs 0 and 1");
    check("0 0\n0 2\n", "volunteer 0 cannot do both needs 0 and 2");
    check("0 0\n1 0\n", "need 0 has more people than seats");
    check("2 3\n", "line 1: \"2 3\" is a pair that the rules do not allow");
    check("0\n", "line 1: \"0\" is not `volunteer need`");
    check("7 0\n", "names no volunteer of the season");
    let dear = fs::read_to_string(&proof).unwrap().replace('\n', "\n9");
    let said = fault(&["--check", &core, &plan, &folder.file("dear", &dear)]);
    assert!(said.contains("announces 4 prices"), "{said}");
    let other = folder.file("other", "rostrum-prices 1 needs 4 ticks 5040 fairness 0\n0\n0\n0\n-1\n");
    assert!(fault(&["--check", &core, &plan, &other]).contains("price of need 3 is below nothing"));
    let free = folder.file("free", "rostrum-prices 1 needs 4 ticks 5040 fairness 0\n0\n0\n0\n0\n");
    assert!(told(&["--check", &core, &plan, &free])["bound"].as_i64().unwrap() > 51_550);
}

#[test]
fn the_flags_do_what_they_say() {
    let folder = Folder::new();
    let core = folder.file("season.core", CORE);
    let plan = |name: &str, flags: &[&str]| {
        let path = folder.path(name);
        let args: Vec<&str> = [core.as_str(), "--out", &path].into_iter().chain(flags.iter().copied()).collect();
        (told(&args), fs::read_to_string(&path).unwrap())
    };
    let (_, one) = plan("one", &["--threads", "1"]);
    assert_eq!(plan("two", &["--threads", "2"]).1, one);
    let (strict, lines) = plan("strict", &["--strict-min"]);
    assert_eq!((&strict["below_minimum"], &strict["seats"], &strict["bound"]), (&json!(0), &json!(3), &json!(51_550)));
    assert!(!lines.contains("0 3"), "{lines}");
    let (hurried, lines) = plan("hurried", &["--time", "0"]);
    assert_eq!(lines.lines().count(), usize::try_from(hurried["seats"].as_u64().unwrap()).unwrap());
    assert!(hurried["value"].as_i64().unwrap() <= hurried["bound"].as_i64().unwrap(), "{hurried}");
    // Volunteer 2 has three engagements already; where each costs 10,000 the seat is not worth a fourth.
    let (fair, lines) = plan("fair", &["--fairness", "10000", "--certificate", &folder.path("fair-proof")]);
    assert!(!lines.contains("2 1"), "{fair} {lines}");
    let verdict = told(&["--check", &core, &folder.path("fair"), &folder.path("fair-proof")]);
    assert_eq!((&verdict["value"], &verdict["bound"]), (&fair["value"], &fair["bound"]));
    let why = |volunteer: &str, need: &str| told(&[&core, "--why", volunteer, need])["why"].clone();
    let clash = why("0", "1");
    assert_eq!((&clash["because"], &clash["with_need"]), (&json!("clash"), &json!(0)), "{clash}");
    assert!(clash["costs_at_least"].as_i64().unwrap() > 0, "{clash}");
    assert_eq!((&why("2", "0")["because"], &why("0", "0")["because"]), (&json!("rules"), &json!("taken")));
    assert!(fault(&[&core, "--why", "9", "0"]).contains("--why 9 0: there is no such volunteer"));
    for (flags, expect) in [
        (["--time", "-1"], "--time -1 is no number of seconds"),
        (["--time", "NaN"], "--time NaN is no number of seconds"),
        (["--threads", "0"], "--threads 0 is not between 1 and 256"),
        (["--fairness", "10001"], "--fairness 10001 is above 10000"),
    ] {
        let said = fault(&[&core, &format!("{}={}", flags[0], flags[1])]);
        assert!(said.contains(expect), "{said}");
    }
}

#[test]
fn a_plan_is_repaired_while_volunteers_decline() {
    let folder = Folder::new();
    let (core, plan, proof) = (folder.file("season.core", CORE), folder.path("plan"), folder.path("proof"));
    let declined = folder.file("declined", "0 0\n\n0 0\n");
    let report = told(&[&core, "--declined", &declined, "--out", &plan, "--certificate", &proof]);
    // Volunteer 1 comes from need 2 to need 0, and volunteer 0 goes where they leave: two pairs out, two in. The bound is
    // at the prices of the plan before.
    let expect = json!({ "declined": 1, "not_held": 1, "filled_again": 1, "most_changed": 4, "seats": 4,
        "value": 51_350, "bound": 51_549 });
    for (name, value) in expect.as_object().unwrap() {
        assert_eq!(&report["declines"][name], value, "{name} in {report}");
    }
    assert_eq!(report["value"], 51_550, "the report itself is of the plan before");
    let mut lines: Vec<String> = fs::read_to_string(&plan).unwrap().lines().map(ToOwned::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["0 2", "0 3", "1 0", "2 1"]);
    assert_eq!(told(&["--check", &core, &plan, &proof])["value"], 51_350);

    // Everybody declines everything they are given: nothing stays, and nothing breaks.
    let all: String = CORE.lines().skip(8).map(|pair| pair.rsplit_once(' ').unwrap().0.to_owned() + "\n").collect();
    let report = told(&[&core, "--declined", &folder.file("all", &all.repeat(3)), "--out", &plan]);
    assert_eq!((&report["declines"]["seats"], &report["declines"]["value"]), (&json!(0), &json!(0)), "{report}");
    assert_eq!(fs::read_to_string(&plan).unwrap(), "");
    assert!(report["declines"]["most_changed"].as_u64().unwrap() <= 5, "{report}");

    let said = fault(&[&core, "--declined", &folder.file("wrong", "0 0\n9 0\n")]);
    assert!(said.contains("line 2: \"9 0\" names no volunteer of the season"), "{said}");
    assert!(fault(&[&core, "--strict-min", "--declined", &declined]).contains("cannot be used with"));
}

/// A campus, a workshop there and one from afar, and a volunteer; changed by each test.
fn facts() -> Value {
    json!({
        "format": "career-match-1",
        "campuses": [{ "id": 4, "lat": 40.0, "lon": -76.0 }],
        "requests": [
            // Monday 24 August 2026, 14:00 to 15:00 UTC.
            { "id": 10, "kind": "workshop", "campus": 4, "prio": 1, "need": 1, "min": 1, "period": 0,
              "intervals": [[29_793_000, 29_793_060]], "required": [[7, 3]], "preferred": [7, 8], "mode": "in_person",
              "lat": 40.0, "lon": -76.0, "lang": "en" },
            { "id": 11, "kind": "workshop", "campus": 4, "prio": 1, "need": 1, "min": 1, "period": 0,
              "intervals": [[29_793_120, 29_793_180]], "required": [], "preferred": [], "mode": "virtual",
              "lat": 40.0, "lon": -76.0, "lang": "en" },
        ],
        "volunteers": [
            { "id": 20, "home": 4, "campuses": [4], "anywhere": false, "lat": 40.0, "lon": -76.0, "max_km": 10,
              "skills": [[7, 4]], "kinds": ["workshop"], "favourite": "workshop", "modes": ["in_person", "virtual"],
              "tz": -240, "weekly": [[0, 540, 1020]], "busy": [], "capacity": [2], "langs": ["en"], "exclude_campus": [],
              "past_load": 0 },
        ],
    })
}

#[test]
fn facts_are_read_by_their_rules() {
    let folder = Folder::new();
    let pairs = |change: &dyn Fn(&mut Value)| {
        let mut facts = facts();
        change(&mut facts);
        let (season, plan) = (folder.file("facts.json", &facts.to_string()), folder.path("plan"));
        let report = told(&[&season, "--out", &plan]);
        let mut lines: Vec<String> = fs::read_to_string(&plan).unwrap().lines().map(ToOwned::to_owned).collect();
        lines.sort();
        assert_eq!(report["proven_optimal"], true, "{report}");
        (lines.join(","), report["value"].as_i64().unwrap() - 10_000 * report["seats"].as_i64().unwrap())
    };
    // 400·4/10 + 180·(1/4) + 200 + 60 + 80 + 80 + 1, and 200 + 90 + 140 + 60 + 80 + 80 + 1.
    assert_eq!(pairs(&|_| ()), ("20 10,20 11".to_owned(), 626 + 651));
    let volunteer = |name: &'static str, value: Value| pairs(&move |f| f["volunteers"][0][name] = value.clone()).0;
    assert_eq!(volunteer("kinds", json!([])), "");
    assert_eq!(volunteer("modes", json!(["virtual"])), "20 11");
    assert_eq!(volunteer("skills", json!([[7, 2]])), "20 11");
    assert_eq!(volunteer("langs", json!(["es"])), "");
    assert_eq!(volunteer("exclude_campus", json!([4])), "");
    assert_eq!(volunteer("campuses", json!([])), "20 10");
    assert_eq!(volunteer("lat", json!(40.2)), "20 11");
    assert_eq!(volunteer("weekly", json!([[0, 540, 660]])), "20 10");
    assert_eq!(volunteer("weekly", json!([[1, 540, 1020]])), "");
    assert_eq!(volunteer("busy", json!([[29_793_059, 29_793_061], [29_790_000, 29_790_001]])), "20 11");
    assert_eq!(volunteer("busy", json!([[29_793_060, 29_793_120]])), "20 10,20 11");
    assert_eq!(volunteer("capacity", json!([1])), "20 11");
    // Half an hour is needed between a place and a call.
    assert_eq!(pairs(&|f| f["requests"][1]["intervals"] = json!([[29_793_089, 29_793_150]])).0, "20 11");
}

#[test]
fn what_cannot_be_read_is_said_with_its_line_or_its_field() {
    let folder = Folder::new();
    let core = |text: &str, expect: &str| {
        let said = fault(&[&folder.file("bad", text)]);
        assert!(said.contains(expect), "{said}");
    };
    core("", "the file ends where the first line should be");
    core("core2 1 1 1\n", "does not begin with `core1`");
    core("core1 1 1\n", "line 1: the number of pairs is missing");
    core("core1 1 0 0\n1 1 1 0 0 1 NaN 0 0\n", "line 2:");
    core("core1 1 0 0\n-1 1 1 0 0 1 0 0 0\n", "line 2: the number of seats is -1");
    core("core1 1 0 0\n1 1 1 0 0 1 0 0 1 60 60\n", "line 2: the interval from 60 to 60 does not end after it starts");
    core("core1 1 0 0\n1 1 1 0 0 1 0 0 2 0 60\n", "line 2: a start is missing");
    core("core1 0 0 0\n0 0 5\n", "line 2: 0 stands after the last pair");
    core(&CORE.replace("2 1 50", "2 1 x"), "line 15: the fit is x");
    core(&CORE.replace("2 1 50", "9 1 50"), "line 15: there is no volunteer 9");
    core(&CORE.replace("2 1 50", "2 9 50"), "line 15: there is no need 9");
    core(&CORE.replace("1 1 2 0 0 1", "1 1 2 5 0 1"), "says nothing of period 5");
    core(&CORE.replace("1 1 2 0 0 1", "1000000 1 1000000 0 0 1"), "too much to reckon with");
    let json = |change: &dyn Fn(&mut Value), expect: &str| {
        let mut facts = facts();
        change(&mut facts);
        let said = fault(&[&folder.file("bad.json", &facts.to_string())]);
        assert!(said.contains(expect), "{said}");
    };
    json(&|f| f["format"] = json!("career-match-2"), "format: \"career-match-2\" is not");
    json(&|f| f["requests"][0]["need"] = json!(-1), "requests[0].need");
    json(&|f| f["requests"][0]["need"] = Value::Null, "requests[0].need");
    json(&|f| f["requests"][0]["prio"] = json!(-1), "requests[0].prio: -1 is not between");
    json(&|f| f["requests"][1]["id"] = json!(10), "requests[1].id: 10 stands there twice");
    json(&|f| f["requests"][0]["campus"] = json!(9), "requests[0].campus: there is no campus 9");
    json(&|f| f["requests"][0]["intervals"] = json!([[5, 4]]), "requests[0].intervals[0]: 5 to 4 does not end");
    json(&|f| f["requests"][0]["required"] = json!([[1, 9]]), "requests[0].required");
    json(&|f| f["requests"][0]["lat"] = json!(91), "requests[0].lat");
    json(&|f| f["volunteers"][0]["weekly"] = json!([[7, 1, 2]]), "volunteers[0].weekly[0]");
    json(&|f| f["volunteers"][0]["busy"] = json!([[2, 1]]), "volunteers[0].busy[0]: 2 to 1 does not end");
    json(&|f| f["volunteers"][0]["max_km"] = json!(-1), "volunteers[0].max_km: -1 is not between");
    json(&|f| f["volunteers"][0]["capacity"] = json!([]), "says nothing of period 0");
    assert!(fault(&[&folder.file("bad.json", "{\"format\":")]).contains("EOF"));
    assert!(fault(&[&folder.path("nowhere")]).contains("nowhere"));
}

#[test]
fn empty_seasons_have_empty_plans() {
    let folder = Folder::new();
    let report = told(&[&folder.file("empty", "core1 0 0 0\n")]);
    assert_eq!((&report["seats"], &report["value"], &report["proven_optimal"]), (&json!(0), &json!(0), &json!(true)));
    // A hundred thousand needs that nobody can fill.
    let needs = "3 1 1 0 0 0 0 0 1 0 60\n".repeat(100_000);
    let report = told(&[&folder.file("alone", &format!("core1 100000 1 0\n{needs}0 1 5\n"))]);
    assert_eq!((&report["seats"], &report["seats_provable"], &report["bound"]), (&json!(0), &json!(0), &json!(0)));
    let mut nobody = facts();
    (nobody["volunteers"], nobody["requests"][0]["need"]) = (json!([]), json!(0));
    assert_eq!(told(&[&folder.file("nobody.json", &nobody.to_string())])["seats"], 0);
}
