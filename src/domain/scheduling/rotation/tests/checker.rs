//! The rules of a rotation once more, written from their words alone, so that a plan is judged by something that shares
//! no line with the search.

use crate::domain::scheduling::rotation::{Meeting, Rotation};

/// Every rule that the meetings break, in words; none for a good plan.
pub fn faults(rotation: &Rotation, meetings: &[Meeting]) -> Vec<String> {
    let mut faults = Vec::new();
    let round = |m: &Meeting| rotation.stations[m.station].rounds[m.round];
    let told = |m: &Meeting| rotation.fixed.contains(m);
    for meeting in &rotation.fixed {
        if !meetings.contains(meeting) {
            faults.push(format!("{meeting:?} was told and is gone"));
        }
    }
    for (at, station) in rotation.stations.iter().enumerate() {
        for (number, round) in station.rounds.iter().enumerate() {
            let seated = meetings.iter().filter(|m| (m.station, m.round) == (at, number)).count();
            if seated > usize::try_from(round.capacity).unwrap() {
                faults.push(format!("{seated} sit in round {number} of station {at}"));
            }
        }
    }
    for (who, student) in rotation.students.iter().enumerate() {
        let mut day: Vec<&Meeting> = meetings.iter().filter(|m| m.student == who).collect();
        day.sort_by_key(|m| round(m).window.start());
        let new = day.iter().filter(|m| !told(m)).count();
        if new > 0 && day.len() > usize::try_from(student.max).unwrap() {
            faults.push(format!("student {who} has {} interviews", day.len()));
        }
        for m in day.iter().filter(|m| !told(m)) {
            let (window, station) = (round(m).window, &rotation.stations[m.station]);
            let minutes = window.start().unix()..window.end().unix();
            let there = |at: i64| student.available.iter().any(|w| w.start().unix() <= at && at < w.end().unix());
            if !minutes.step_by(60).all(there) {
                faults.push(format!("student {who} is away for {m:?}"));
            }
            if rotation.rules.forbidden.contains(&(who, m.station)) {
                faults.push(format!("{m:?} is forbidden"));
            }
            let served = station.majors.is_empty() || station.majors.iter().any(|s| student.majors.contains(s));
            if rotation.rules.only_majors_served && !served {
                faults.push(format!("{m:?} serves another major"));
            }
        }
        for (i, a) in day.iter().enumerate() {
            for b in &day[i + 1..] {
                let (from, to) = (&rotation.stations[a.station], &rotation.stations[b.station]);
                let way = rotation.rules.travel_minutes.get(from.site).map_or(0, |row| row[to.site]);
                let gap = i64::from(way.max(rotation.rules.rest_minutes)) * 60;
                let free = round(b).window.start().unix() - round(a).window.end().unix();
                if free < if told(a) && told(b) { 0 } else { gap } {
                    faults.push(format!("student {who} has {free} seconds between {a:?} and {b:?}"));
                }
                let same_employer = from.employer.is_some() && from.employer == to.employer;
                let twice = a.station == b.station || (rotation.rules.once_per_employer && same_employer);
                if twice && !(told(a) && told(b)) {
                    faults.push(format!("student {who} meets {a:?} and {b:?}"));
                }
            }
        }
        if let Some(run) = rotation.rules.run {
            let pause = i64::from(run.pause_minutes) * 60;
            let free = |a: &Meeting, b: &Meeting| round(b).window.start().unix() - round(a).window.end().unix();
            for block in day.chunk_by(|a, b| free(a, b) < pause) {
                if block.len() > usize::try_from(run.interviews).unwrap() && !block.iter().all(|m| told(m)) {
                    faults.push(format!("student {who} has {} in a run", block.len()));
                }
            }
        }
    }
    faults
}
