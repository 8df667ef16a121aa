//! The core against brute force and against an independent reading of its rules.

use proptest::prelude::*;

use super::super::{
    solver::{Instance, Job, Pair, Room, Solution, solve},
    travel::Venue,
};
use super::seconds;
use crate::domain::{people::place::Position, time::Window};

const HOUR: i64 = 3600;

/// The rules once more, written from the text of the issue and not from the solver: `Err` says which is broken.
fn verify(instance: &Instance, taken: &[usize]) -> Result<i64, String> {
    let pairs: Vec<&Pair> = taken.iter().map(|&at| &instance.pairs[at]).collect();
    let mut value = 0;
    for (index, job) in instance.jobs.iter().enumerate() {
        let filled = u32::try_from(pairs.iter().filter(|p| p.job == index).count()).unwrap();
        if filled > job.open {
            return Err(format!("job {index} has {filled} people"));
        }
        let urgent = filled.min(job.urgent);
        value += job.urgent_worth * i64::from(urgent) + job.worth * i64::from(filled - urgent);
    }
    for (index, room) in instance.people.iter().enumerate() {
        let mine: Vec<&&Pair> = pairs.iter().filter(|p| p.person == index).collect();
        for (week, &left) in room.weeks.iter().enumerate() {
            if mine.iter().filter(|p| p.week == week).count() > left as usize {
                return Err(format!("person {index} has too much in week {week}"));
            }
        }
        for (month, &left) in room.months.iter().enumerate() {
            if mine.iter().filter(|p| p.month == month).count() > left as usize {
                return Err(format!("person {index} has too much in month {month}"));
            }
        }
        for (at, a) in mine.iter().enumerate() {
            value += i64::from(a.fit);
            for b in &mine[..at] {
                let (a, b) = (&instance.jobs[a.job], &instance.jobs[b.job]);
                let minutes = match (a.venue, b.venue) {
                    (Venue::Virtual, Venue::Virtual) => 0.0,
                    (Venue::At(_), Venue::At(_)) => match (a.venue, b.venue) {
                        (Venue::At(Some(a)), Venue::At(Some(b))) if a.km_to(b) < 0.5 => 0.0,
                        (Venue::At(Some(a)), Venue::At(Some(b))) => (15.0 + a.km_to(b) / 40.0 * 60.0).min(1440.0),
                        _ => 15.0,
                    },
                    _ => 30.0,
                };
                let apart = |first: Window, then: Window| {
                    let pause = i32::try_from((then.start().unix() - first.end().unix()).clamp(-9_999_999, 9_999_999));
                    f64::from(pause.unwrap()) >= minutes * 60.0
                };
                if !apart(a.window, b.window) && !apart(b.window, a.window) {
                    return Err(format!("person {index} is in two places"));
                }
            }
        }
    }
    Ok(value)
}

/// The best value of all plans, by trying every set of pairs that keeps the rules.
fn brute(instance: &Instance, from: usize, taken: &mut Vec<usize>) -> i64 {
    let Ok(mut best) = verify(instance, taken) else { return i64::MIN };
    for next in from..instance.pairs.len() {
        let pair = instance.pairs[next];
        if taken.iter().any(|&t| (instance.pairs[t].person, instance.pairs[t].job) == (pair.person, pair.job)) {
            continue;
        }
        taken.push(next);
        best = best.max(brute(instance, next + 1, taken));
        taken.pop();
    }
    best
}

fn venues() -> Vec<Venue> {
    let at = |lat: f64, lon: f64| Venue::At(Some(Position::new(lat, lon).unwrap()));
    vec![Venue::Virtual, Venue::At(None), at(40.0, -76.0), at(40.001, -76.0), at(40.2, -76.0), at(42.0, -76.0)]
}

fn any_job(days: i64) -> impl Strategy<Value = Job> {
    let seats = (1_u32..4, 0_u32..4, 1_i64..6);
    (0..days * 24, 1_i64..6, prop::sample::select(venues()), seats).prop_map(
        |(from, hours, venue, (open, urgent, priority))| Job {
            open,
            urgent: urgent.min(open),
            urgent_worth: 20_000 * priority,
            worth: 10_000 * priority,
            window: seconds(from * HOUR, (from + hours) * HOUR),
            venue,
        },
    )
}

/// People, jobs and pairs; weeks of two days and months of three, so that their borders cross.
fn any_instance(people: usize, jobs: usize, pairs: usize, in_order: bool) -> impl Strategy<Value = Instance> {
    let jobs = prop::collection::vec(any_job(6), 1..=jobs);
    let people =
        prop::collection::vec((prop::collection::vec(0_u32..4, 4), prop::collection::vec(1_u32..5, 3)), 1..=people);
    let pairs = prop::collection::vec((any::<usize>(), any::<usize>(), 0_u32..1001), 0..=pairs);
    (jobs, people, pairs).prop_map(move |(jobs, people, pairs)| {
        let people: Vec<Room> = people.into_iter().map(|(weeks, months)| Room { weeks, months }).collect();
        let pairs = pairs.into_iter().map(|(person, job, fit)| {
            let (person, job) = (person % people.len(), job % jobs.len());
            let day = usize::try_from(jobs[job].window.start().unix() / (24 * HOUR)).unwrap();
            // Out of order, but the same for all pairs of one job.
            let (week, month) = if in_order { (day / 2, day / 3) } else { (job % 4, job * 2 % 3) };
            Pair { person, job, fit, week, month }
        });
        let pairs = pairs.collect();
        Instance { jobs, people, pairs, ..Instance::default() }
    })
}

fn sound(instance: &Instance) -> Solution {
    let solution = solve(instance);
    assert_eq!(verify(instance, &solution.taken), Ok(solution.value));
    assert!(solution.value <= solution.bound, "{} > {}", solution.value, solution.bound);
    assert_eq!(solve(instance), solution);
    solution
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn small_plans_are_nearly_the_best(instance in any_instance(4, 5, 11, true)) {
        let solution = sound(&instance);
        let best = brute(&instance, 0, &mut Vec::new());
        prop_assert!(solution.value <= best && best <= solution.bound);
        prop_assert!(solution.value * 10 >= best * 9, "{} of {}", solution.value, best);
    }

    #[test]
    fn the_bound_holds_whatever_the_calendar(instance in any_instance(3, 6, 10, false)) {
        let solution = sound(&instance);
        prop_assert!(brute(&instance, 0, &mut Vec::new()) <= solution.bound);
    }

    /// One person, calls only, and seats of one worth: the bound is then the best schedule, so both must be exact.
    #[test]
    fn one_persons_schedule_is_exact(mut instance in any_instance(1, 9, 9, true)) {
        for job in &mut instance.jobs {
            let day = job.window.start().unix() / (24 * HOUR);
            let until = job.window.end().unix().min((day + 1) * 24 * HOUR);
            (job.venue, job.urgent) = (Venue::Virtual, 0);
            job.window = seconds(job.window.start().unix(), until);
        }
        let solution = sound(&instance);
        let best = brute(&instance, 0, &mut Vec::new());
        prop_assert_eq!((solution.value, solution.bound), (best, best));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn larger_plans_are_sound(instance in any_instance(30, 25, 300, true)) {
        let solution = sound(&instance);
        prop_assert!(solution.value * 10 >= solution.bound * 8, "{} of {}", solution.value, solution.bound);
    }
}

#[test]
fn odd_instances_have_correct_small_answers() {
    let empty = solve(&Instance::default());
    assert_eq!(empty, Solution { taken: vec![], value: 0, bound: 0 });
    let job = Job { open: 0, urgent: 3, urgent_worth: 20, worth: 10, window: seconds(0, 1), venue: Venue::Virtual };
    let pair = Pair { person: 0, job: 0, fit: 5, week: 0, month: 0 };
    let room = |left| Room { weeks: vec![left], months: vec![left] };
    let check = |jobs: Vec<Job>, people: Vec<Room>, pairs: Vec<Pair>, expect: (usize, i64)| {
        let solution = sound(&Instance { jobs, people, pairs, ..Instance::default() });
        assert_eq!((solution.taken.len(), solution.value), expect);
    };
    let open = Job { open: 2, ..job };
    check(vec![job], vec![room(1)], vec![pair], (0, 0));
    check(vec![open], vec![room(0)], vec![pair], (0, 0));
    check(vec![open], vec![room(9)], vec![pair, pair], (1, 25));
    // Indices that lead nowhere are passed over.
    check(vec![open], vec![room(9)], vec![Pair { job: 7, ..pair }, Pair { person: 7, ..pair }], (0, 0));
    check(vec![open], vec![room(9)], vec![Pair { week: 7, ..pair }, Pair { month: 7, ..pair }], (0, 0));
    check(vec![open; 3], vec![], vec![], (0, 0));
}

#[test]
fn one_is_moved_to_make_room_for_another() {
    // Person 0 can do both jobs, person 1 only the first, which person 0 fits better.
    let job = |from| Job {
        open: 1,
        urgent: 1,
        urgent_worth: 20_000,
        worth: 10_000,
        window: seconds(from, from + HOUR),
        venue: Venue::Virtual,
    };
    let pair = |person, job, fit| Pair { person, job, fit, week: 0, month: 0 };
    let room = Room { weeks: vec![1], months: vec![1] };
    let instance = Instance {
        jobs: vec![job(0), job(0)],
        people: vec![room.clone(), room],
        pairs: vec![pair(0, 0, 900), pair(0, 1, 100), pair(1, 0, 100)],
        ..Instance::default()
    };
    let solution = sound(&instance);
    assert_eq!((solution.taken, solution.value, solution.bound), (vec![1, 2], 40_200, 40_200));
}
