//! What cannot be done or was not, in data and in sentences.
//!
//! All but [`Shortfall::Missed`] are proven by counting before anything is planned. Students, stations and rounds are
//! said by their place in the lists, counted from 0, as in the data. Absent on purpose: advice beyond the number of
//! interviewers that counting asks for.

use crate::domain::{
    time::{Window, Zone},
    wording,
};

/// Something that falls short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortfall {
    /// One student cannot reach the minimum, even with every station free.
    Student {
        /// Place in the list of students.
        student: usize,
        /// The most interviews that the student's times and stations leave, one after another.
        reach: usize,
        /// The minimum.
        needs: usize,
    },
    /// Some hours offer fewer places than the students need who can come then.
    Hours {
        /// The sessions in question: the rounds' times, those that touch or overlap made one.
        windows: Vec<Window>,
        /// Places in them.
        offered: usize,
        /// Places in them that the minima ask for, after all other rounds are used.
        wanted: usize,
        /// Who wants them.
        students: Vec<usize>,
        /// No fewer further interviewers, one to one and present throughout, can make up for it.
        more_stations: usize,
    },
    /// Some stations offer fewer places than the students need who can meet few others.
    Stations {
        /// Places in the list of stations.
        stations: Vec<usize>,
        /// Places at them.
        offered: usize,
        /// Places at them that the minima ask for, after all other stations are used.
        wanted: usize,
        /// Who wants them.
        students: Vec<usize>,
    },
    /// The plan leaves a student below the minimum, and counting alone does not say that it must.
    Missed {
        /// Place in the list of students.
        student: usize,
        /// Interviews in the plan.
        got: usize,
        /// The minimum.
        needs: usize,
    },
}

impl Shortfall {
    /// How many student-places are missing.
    #[must_use]
    pub const fn short_by(&self) -> usize {
        match self {
            Self::Student { reach: there, needs: wanted, .. }
            | Self::Hours { offered: there, wanted, .. }
            | Self::Stations { offered: there, wanted, .. }
            | Self::Missed { got: there, needs: wanted, .. } => wanted.saturating_sub(*there),
        }
    }

    /// Whether no plan at all can avoid it.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        match self {
            Self::Student { .. } | Self::Hours { .. } | Self::Stations { .. } => true,
            Self::Missed { .. } => false,
        }
    }

    /// A sentence for the coordinator, on the clocks of `zone`.
    #[must_use]
    pub fn sentence(&self, zone: Zone) -> String {
        let short = self.short_by();
        match self {
            Self::Student { student, reach, needs } => {
                format!("Student {student} can have {} one after another but needs {needs}.", interviews(*reach))
            }
            Self::Hours { windows, offered, wanted, students, more_stations } => {
                let said: Vec<String> = windows.iter().map(|&window| wording::window(window, zone)).collect();
                format!(
                    "Student-places short by {short}: {} there are {offered} places, {wanted} are wanted by {} students; \
                     at least {more_stations} more {} needed there.",
                    said.join(" and "),
                    students.len(),
                    if *more_stations == 1 { "interviewer is" } else { "interviewers are" },
                )
            }
            Self::Stations { stations, offered, wanted, students } => format!(
                "Student-places short by {short}: {} {} {offered} places, {wanted} are wanted by {} students who can meet \
                 few others.",
                listed(stations),
                if stations.len() == 1 { "offers" } else { "offer" },
                students.len(),
            ),
            Self::Missed { student, got, needs } => {
                format!("Student {student} has {} in this plan but needs {needs}; no way was found.", interviews(*got))
            }
        }
    }
}

fn interviews(count: usize) -> String {
    if count == 1 { "1 interview".to_owned() } else { format!("{count} interviews") }
}

/// "station 3", "stations 3, 7 and 12", "40 stations".
fn listed(stations: &[usize]) -> String {
    match stations {
        [one] => format!("station {one}"),
        [rest @ .., last] if rest.len() < 8 => {
            let rest: Vec<String> = rest.iter().map(usize::to_string).collect();
            format!("stations {} and {last}", rest.join(", "))
        }
        all => format!("{} stations", all.len()),
    }
}
