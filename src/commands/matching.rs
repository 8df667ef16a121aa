//! `rostrum match`: the best plan for a season in a file, with its proof; and the checker of both.

mod core_file;
mod declines;
mod facts;
mod season;
mod usage;

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use self::season::Season;
use crate::domain::matching::solver::explain::{Because, Explanation, explain};
use crate::domain::matching::solver::{
    Effort, Go, Instance, Progress, Solution, TICKS, certificate, gap_percent, solve_with,
};

/// What is to be matched, and what is to be said about it.
#[derive(Args, Debug)]
pub struct Flags {
    /// The season: JSON facts (`career-match-1`) or what is left of them after the rules (`core1`).
    instance: PathBuf,
    /// With --check: the plan to read.
    #[arg(requires = "check")]
    plan: Option<PathBuf>,
    /// With --check: the prices that prove how good it is.
    #[arg(requires = "check")]
    proof: Option<PathBuf>,
    /// Read PLAN and PROOF against the rules instead of making a plan.
    #[arg(long, requires = "plan", requires = "proof")]
    check: bool,
    /// Write the plan here, one `volunteer need` a line.
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Write here the prices that prove how good the plan is.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Come to an end after about so many seconds.
    #[arg(long, value_name = "S")]
    time: Option<f64>,
    /// Threads; as many as the machine has cores unless told otherwise. The plan does not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Which of equally good ways is tried first.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Give a need all seats of its minimum or none at all.
    #[arg(long)]
    strict_min: bool,
    /// After planning, let these pairs of the plan decline one by one, each `volunteer need` on a line, and repair the plan
    /// after each; --out then writes what stands at the end.
    #[arg(long, value_name = "FILE", conflicts_with = "strict_min")]
    declined: Option<PathBuf>,
    /// Say why this volunteer does not have this need, and what it would cost at least to choose them all the same.
    #[arg(long, num_args = 2, value_names = ["VOLUNTEER", "NEED"])]
    why: Option<Vec<u32>>,
    /// What an engagement costs for each one its volunteer already has in the period: 0 to 10000.
    #[arg(long, value_name = "W", default_value_t = 0)]
    fairness: u16,
}

/// Why a command came to nothing.
#[derive(Debug)]
pub struct MatchFault(String);

impl std::fmt::Display for MatchFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MatchFault {}

/// What is printed about a plan, as one line of JSON.
#[derive(Serialize)]
struct Report {
    /// Seats the plan fills.
    seats: usize,
    /// No plan fills more seats.
    seats_provable: u64,
    /// Seats there are.
    seats_wanted: u64,
    /// Needs with some people, but fewer than their minimum.
    below_minimum: usize,
    value: i64,
    bound: i64,
    gap_percent: f64,
    proven_optimal: bool,
    pairs: usize,
    cpu_seconds: Option<f64>,
    wall_seconds: f64,
    peak_mib: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declines: Option<declines::Declines>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
}

/// Why a volunteer does not have a need.
#[derive(Serialize)]
struct Why {
    volunteer: u32,
    need: u32,
    /// `taken`, `rules`, `clash`, `cap` or `outbid`.
    because: &'static str,
    /// With a clash: the need that the volunteer has at the time.
    with_need: Option<u32>,
    /// Outbid: by how much.
    margin: Option<i64>,
    /// What somebody else would bring to a seat there.
    seat_price: i64,
    /// Every plan in which the volunteer has the need is worth at least so much less.
    costs_at_least: i64,
}

/// What is printed about a plan that was checked.
#[derive(Serialize)]
struct Verdict {
    seats: usize,
    value: i64,
    bound: i64,
    gap_percent: f64,
    proven_optimal: bool,
    wall_seconds: f64,
}

/// Matches, or checks.
///
/// # Errors
/// A file that cannot be read or written, an instance, plan or certificate that is none: with the line or the field.
pub fn run(flags: &Flags) -> Result<(), MatchFault> {
    let started = Instant::now();
    if let Some(time) = flags.time
        && !(0.0..=1e9).contains(&time)
    {
        return Err(MatchFault(format!("--time {time} is no number of seconds from 0 to 1000000000")));
    }
    if flags.fairness > 10_000 {
        return Err(MatchFault(format!("--fairness {} is above 10000", flags.fairness)));
    }
    let threads = flags.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    if !(1..=256).contains(&threads) {
        return Err(MatchFault(format!("--threads {threads} is not between 1 and 256")));
    }
    let mut season = Season::read(&flags.instance, threads)?;
    if let (true, Some(plan), Some(proof)) = (flags.check, &flags.plan, &flags.proof) {
        return check(&mut season, plan, proof, started);
    }
    season.instance.fairness = i64::from(flags.fairness);
    let effort = Effort { threads, seed: flags.seed, ..Effort::for_pairs(season.instance.pairs.len()) };
    let until = flags.time.map(|time| started + Duration::from_secs_f64(time));
    let solution = solve(&season, effort, until, flags.strict_min);
    let repaired = flags.declined.as_deref().map(|path| declines::repair(&season, &solution, path)).transpose()?;
    if let Some(path) = &flags.out {
        let taken = repaired.as_ref().map_or(&solution.taken, |(taken, _)| taken);
        write(path, &season.plan_text(taken))?;
    }
    if let Some(path) = &flags.certificate {
        write(path, &proof_text(&season.instance, &solution))?;
    }
    let why = match flags.why.as_deref() {
        Some(&[volunteer, need]) => Some(why(&season, &solution, volunteer, need)?),
        _ => None,
    };
    let report = Report {
        seats: solution.taken.len(),
        seats_provable: season.instance.most_seats(),
        seats_wanted: season.instance.jobs.iter().map(|job| u64::from(job.open)).sum(),
        below_minimum: season.short(&solution.taken).len(),
        value: solution.value,
        bound: solution.bound,
        gap_percent: solution.gap_percent(),
        proven_optimal: solution.value == solution.bound,
        pairs: season.instance.pairs.len(),
        cpu_seconds: usage::cpu_seconds(),
        wall_seconds: started.elapsed().as_secs_f64(),
        peak_mib: usage::peak_mib(),
        declines: repaired.map(|(_, declines)| declines),
        why,
    };
    print(&report)
}

fn why(season: &Season, solution: &Solution, volunteer: u32, need: u32) -> Result<Why, MatchFault> {
    let pair = season.find(volunteer, need).map_err(|what| MatchFault(format!("--why {volunteer} {need}: {what}")))?;
    let told = pair.and_then(|pair| explain(&season.instance, solution, pair));
    let Some(Explanation { because, seat_price, costs_at_least }) = told else {
        let (because, with_need, margin) = ("rules", None, None);
        return Ok(Why { volunteer, need, because, with_need, margin, seat_price: 0, costs_at_least: 0 });
    };
    let (because, with_need, margin) = match because {
        Because::Taken => ("taken", None, None),
        Because::NoPair => ("rules", None, None),
        Because::Clash(other) => ("clash", season.need_of(other), None),
        Because::Cap(_) => ("cap", None, None),
        Because::Outbid(by) => ("outbid", None, Some(by)),
    };
    Ok(Why { volunteer, need, because, with_need, margin, seat_price, costs_at_least })
}

/// A few passes, each without the needs that stayed below their minimum; the first where that is no matter.
fn solve(season: &Season, effort: Effort, until: Option<Instant>, strict: bool) -> Solution {
    let bar = bar(effort);
    let mut watch = |progress: Progress| {
        bar.set_position(u64::from(progress.step));
        if progress.bound < i64::MAX {
            bar.set_message(format!("within {:.4} % of the best", gap_percent(progress.value, progress.bound)));
        }
        if until.is_some_and(|until| Instant::now() >= until) { Go::Home } else { Go::On }
    };
    let first = solve_with(&season.instance, effort, &mut watch);
    let solution = if strict { strictly(season, first, effort, &mut watch) } else { first };
    bar.finish_and_clear();
    solution
}

/// Closes the needs that stay below their minimum until none does. The bound is that of the plan which may fall short:
/// no plan that may not is worth more.
fn strictly(season: &Season, first: Solution, effort: Effort, watch: &mut dyn FnMut(Progress) -> Go) -> Solution {
    let mut rest = season.instance.clone();
    let mut now = first.clone();
    loop {
        let short = season.short(&now.taken);
        if short.is_empty() {
            return Solution { bound: first.bound, prices: first.prices, ..now };
        }
        for job in short {
            if let Some(job) = rest.jobs.get_mut(job) {
                job.open = 0;
            }
        }
        now = solve_with(&rest, effort, watch);
    }
}

fn bar(effort: Effort) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::from(effort.turns + effort.rounds));
    let style = ProgressStyle::with_template("{elapsed} [{bar:30}] {pos}/{len} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn print<T: Serialize>(line: &T) -> Result<(), MatchFault> {
    let text = serde_json::to_string(line).map_err(|fault| MatchFault(fault.to_string()))?;
    writeln!(std::io::stdout(), "{text}").map_err(|fault| MatchFault(fault.to_string()))
}

fn write(path: &Path, text: &str) -> Result<(), MatchFault> {
    fs::write(path, text).map_err(|fault| MatchFault(format!("{}: {fault}", path.display())))
}

fn read(path: &Path) -> Result<String, MatchFault> {
    fs::read_to_string(path).map_err(|fault| MatchFault(format!("{}: {fault}", path.display())))
}

/// The first line says what the prices are for, each further one is a price.
fn proof_text(instance: &Instance, solution: &Solution) -> String {
    let head = format!("rostrum-prices 1 needs {} ticks {TICKS} fairness {}\n", instance.jobs.len(), instance.fairness);
    solution.prices.iter().fold(head, |text, price| text + &price.to_string() + "\n")
}

fn check(season: &mut Season, plan: &Path, proof: &Path, started: Instant) -> Result<(), MatchFault> {
    let taken = season.read_plan(&read(plan)?).map_err(|fault| MatchFault(format!("{}: {fault}", plan.display())))?;
    let fault = |fault: String| MatchFault(format!("{}: {fault}", proof.display()));
    let (prices, fairness) = read_proof(&read(proof)?).map_err(fault)?;
    season.instance.fairness = fairness;
    let checked = certificate::check(&season.instance, &taken, &prices)
        .map_err(|broken| MatchFault(format!("the plan does not hold: {}", season.in_words(&broken))))?;
    print(&Verdict {
        seats: taken.len(),
        value: checked.value,
        bound: checked.bound,
        gap_percent: gap_percent(checked.value, checked.bound),
        proven_optimal: checked.value == checked.bound,
        wall_seconds: started.elapsed().as_secs_f64(),
    })
}

fn read_proof(text: &str) -> Result<(Vec<i64>, i64), String> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let ["rostrum-prices", "1", "needs", needs, "ticks", ticks, "fairness", fairness] = head[..] else {
        return Err("line 1 is not `rostrum-prices 1 needs … ticks … fairness …`".to_owned());
    };
    if ticks != TICKS.to_string() {
        return Err(format!("line 1: prices are in ticks of 1/{TICKS}, not 1/{ticks}"));
    }
    let fairness = fairness.parse::<u16>().map_err(|_| format!("line 1: {fairness} is no fairness"))?;
    let price = |(at, line): (usize, &str)| line.parse().map_err(|_| format!("line {}: {line:?} is no price", at + 2));
    let prices: Vec<i64> = lines.enumerate().map(price).collect::<Result<_, _>>()?;
    if needs != prices.len().to_string() {
        return Err(format!("line 1 announces {needs} prices, {} follow", prices.len()));
    }
    Ok((prices, i64::from(fairness)))
}
