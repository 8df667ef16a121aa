//! How good the plans of the matching engine are, how good they are proven to be, and what that takes.
//!
//! `cargo bench --bench matching` makes seasons by a seed, from 50 volunteers and 40 needs to 20,000 and 30,000, matches each
//! with one thread, has the certificate checked, fills the same season first come, first served (each need in the order in
//! which it came takes the best who are free), and lets one in ten decline. Where `ROSTRUM_REFEREE` names a folder with
//! `gen.py` and `solve.py` (a generator of seasons in the format `core1`, and solvers by `HiGHS` and CP-SAT) their seasons
//! are taken too, each in four regimes, and beside each plan stands what the referees needed for the same file, in the same
//! run; `ROSTRUM_SIZES` (`S M L XL` unless set) and `ROSTRUM_SEEDS` (1 unless set) say which.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot run says why and ends"
)]

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use rostrum::domain::matching::solver::standing::{Prepared, Standing};
use rostrum::domain::matching::solver::{
    Effort, FREE, Go, Instance, Job, Pair, Room, Solution, Span, certificate, solve_with,
};
use rostrum::domain::matching::travel::Venue;
use rostrum::domain::people::place::Position;

/// Small numbers that look drawn by lot and are the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).expect("31 bits") % most
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }
}

const DAY: i64 = 86_400;

/// Needs of campuses along a coast, four in ten of them on one of five career days; volunteers near one campus, with one to
/// four engagements to give in each half of the year.
fn season(people: u32, jobs: u32, campuses: u32, seed: u64) -> Instance {
    let mut lot = Lot(seed);
    let places: Vec<Position> = (0..campuses)
        .map(|_| Position::new(31.0 + f64::from(lot.below(150)) / 10.0, -121.0 + f64::from(lot.below(60)) / 10.0))
        .map(|place| place.expect("on the globe"))
        .collect();
    let mut instance = Instance::default();
    let mut at_campus = Vec::new();
    for _ in 0..jobs {
        let campus = lot.below(campuses);
        let day = if lot.below(10) < 4 { 20 + 45 * i64::from(lot.below(5)) } else { i64::from(lot.below(250)) };
        let start = day * DAY + i64::from(9 + lot.below(8)) * 3600;
        let open = [1, 1, 2, 2, 3, 4, 8][lot.below(7) as usize];
        let worth = 10_000 * i64::from([1, 1, 1, 1, 1, 1, 1, 2, 2, 3][lot.below(10) as usize]);
        let venue = if lot.below(10) < 4 { Venue::Virtual } else { Venue::At(Some(places[campus as usize])) };
        let spans = vec![Span { start, end: start + i64::from(60 + 30 * lot.below(5)) * 60 }];
        instance.jobs.push(Job { open, urgent: open / 2, urgent_worth: worth, worth, spans, venue });
        at_campus.push((campus, lot.below(8)));
    }
    let mut by_campus = vec![Vec::new(); campuses as usize];
    for (job, &(campus, kind)) in (0..).zip(&at_campus) {
        by_campus[campus as usize].push((job, kind));
    }
    for person in 0..people {
        let most = |lot: &mut Lot| [1, 1, 2, 2, 3, 4][lot.below(6) as usize];
        instance.people.push(Room {
            caps: vec![most(&mut lot), most(&mut lot)],
            load: lot.below(4),
            ..Room::default()
        });
        let home = lot.below(campuses);
        let kinds = lot.below(256) | 1 << lot.below(8);
        for campus in [home, (home + 1) % campuses] {
            for &(job, kind) in &by_campus[campus as usize] {
                if kinds >> kind & 1 == 1 && lot.one_in(if campus == home { 3 } else { 12 }) {
                    let half = u16::from(instance.jobs[job as usize].spans[0].start > 125 * DAY);
                    instance.pairs.push(Pair { person, job, fit: 1 + lot.below(1000), caps: [half, FREE] });
                }
            }
        }
    }
    instance
}

/// What is measured of one season.
struct Measured {
    solution: Solution,
    cpu: Duration,
    first_come: i64,
    check: Duration,
    decline: Option<Duration>,
}

fn measure(instance: &Instance) -> Measured {
    let clock = ProcessTime::now();
    let solution = solve_with(instance, Effort::for_pairs(instance.pairs.len()), &mut |_| Go::On);
    let cpu = clock.elapsed();
    let clock = Instant::now();
    let checked = certificate::check(instance, &solution.taken, &solution.prices).expect("the plan keeps the rules");
    let check = clock.elapsed();
    assert_eq!((checked.value, checked.bound), (solution.value, solution.bound), "the checker agrees");
    let decline = declines(instance, &solution);
    Measured { first_come: first_come(instance), solution, cpu, check, decline }
}

/// One in ten of the plan declines, one after the other: how long the slowest but one in a hundred takes.
fn declines(instance: &Instance, solution: &Solution) -> Option<Duration> {
    let prepared = Prepared::new(instance);
    let mut standing = Standing::new(&prepared, solution, |_| false);
    let mut times: Vec<Duration> = Vec::new();
    for &pair in solution.taken.iter().step_by(10) {
        let clock = Instant::now();
        if let Some(change) = standing.decline(pair) {
            times.push(clock.elapsed());
            assert!(change.out.len() + change.put.len() <= 5, "more than five pairs changed");
        }
    }
    certificate::value(instance, &standing.taken()).expect("the mended plan keeps the rules");
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied()
}

/// What the plan is worth when each need in its order takes the best of those who are free.
fn first_come(instance: &Instance) -> i64 {
    let mut by_job = vec![Vec::new(); instance.jobs.len()];
    for (at, pair) in instance.pairs.iter().enumerate() {
        by_job[pair.job as usize].push(at);
    }
    let mut mine: Vec<Vec<usize>> = vec![Vec::new(); instance.people.len()];
    let mut taken = Vec::new();
    for (job, candidates) in by_job.iter_mut().enumerate() {
        candidates.sort_by_key(|&at| std::cmp::Reverse(instance.pairs[at].fit));
        let mut open = instance.jobs[job].open;
        for &at in candidates.iter() {
            let person = instance.pairs[at].person as usize;
            mine[person].push(at);
            if open > 0 && certificate::value(instance, &mine[person]).is_ok() {
                taken.push(at);
                open -= 1;
            } else {
                mine[person].pop();
            }
        }
    }
    certificate::value(instance, &taken).expect("each step kept the rules")
}

fn main() {
    println!("season                     pairs      gap      cpu    first come     check   decline p99   proven");
    for (name, people, jobs, campuses) in
        [("50 x 40", 50, 40, 2), ("500 x 600", 500, 600, 6), ("2,000 x 3,000", 2_000, 3_000, 15)]
    {
        for seed in 1..=3 {
            row(&format!("{name}, seed {seed}"), &season(people, jobs, campuses, seed));
        }
    }
    row("20,000 x 30,000, seed 1", &season(20_000, 30_000, 50, 1));
    match env::var("ROSTRUM_REFEREE") {
        Ok(folder) => referee(Path::new(&folder)),
        Err(_) => println!("set ROSTRUM_REFEREE to a folder with gen.py and solve.py to compare with HiGHS and CP-SAT"),
    }
}

fn row(name: &str, instance: &Instance) -> Measured {
    let measured = measure(instance);
    let Measured { solution, cpu, first_come, check, decline } = &measured;
    println!(
        "{name:24} {:>8} {:>8.5}% {:>7.1}ms {:>8.1}% less {:>7.1}ms {:>10.0}us   {}",
        instance.pairs.len(),
        solution.gap_percent(),
        cpu.as_secs_f64() * 1e3,
        (solution.value - first_come) as f64 / solution.value.max(1) as f64 * 100.0,
        check.as_secs_f64() * 1e3,
        decline.unwrap_or_default().as_secs_f64() * 1e6,
        if solution.value == solution.bound { "the best there is" } else { "" },
    );
    measured
}

/// The referee's seasons, and what its solvers need for them.
fn referee(folder: &Path) {
    let sizes = env::var("ROSTRUM_SIZES").unwrap_or_else(|_| "S M L XL".to_owned());
    let seeds: u32 = env::var("ROSTRUM_SEEDS").map_or(1, |seeds| seeds.parse().expect("a number of seeds"));
    let scratch = env::temp_dir().join(format!("rostrum-matching-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a folder for the seasons");
    println!(
        "\nThe referee's seasons: `rostrum match` with one thread, reading and writing included, and its solvers' own CPU"
    );
    for size in sizes.split_whitespace() {
        for regime in ["standard", "scarce", "overlap", "series"] {
            for seed in (1..=seeds).filter(|_| size != "XL" || regime == "standard") {
                let file = scratch.join(format!("{size}-{regime}-{seed}.core"));
                let seed = seed.to_string();
                let core = file.to_str().expect("a path in UTF-8");
                python(folder, "gen.py", &[size, "--seed", &seed, "--regime", regime, "--core", core]);
                one_of_the_referee(folder, core, size);
            }
        }
    }
    std::fs::remove_dir_all(&scratch).expect("the folder can go");
}

fn one_of_the_referee(folder: &Path, core: &str, size: &str) {
    let (out, proof) = (format!("{core}.plan"), format!("{core}.prices"));
    let match_once = Command::new(env!("CARGO_BIN_EXE_rostrum"))
        .args(["match", core, "--threads", "1", "--out", &out, "--certificate", &proof])
        .output()
        .expect("rostrum runs");
    assert!(match_once.status.success(), "{}", String::from_utf8_lossy(&match_once.stderr));
    println!("{} {}", core.rsplit('/').next().unwrap_or(core), String::from_utf8_lossy(&match_once.stdout).trim());
    let verdict = Command::new(env!("CARGO_BIN_EXE_rostrum"))
        .args(["match", core, "--check", &out, &proof])
        .output()
        .expect("rostrum runs");
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
    println!("  checked {}", String::from_utf8_lossy(&verdict.stdout).trim());
    println!("  {}", python(folder, "verify.py", &[core, &out]).trim());
    let methods: &[&[&str]] = match size {
        "XL" => &[&["lp"]],
        _ => &[&["lp"], &["mip"], &["cpsat", "--workers", "8"], &["fcfs"]],
    };
    for method in methods {
        let args: Vec<&str> = [core].into_iter().chain(method.iter().copied()).collect();
        let said = python(folder, "solve.py", &args);
        println!("  {}", said.lines().last().unwrap_or_default());
    }
}

fn python(folder: &Path, script: &str, args: &[&str]) -> String {
    let run = Command::new("python3").arg(folder.join(script)).args(args).output().expect("python3 runs");
    assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}
