//! What is asked of a rotation, in JSON.

use serde::{Deserialize, Serialize};

use super::skills::id;
use super::times::window;
use crate::domain::ids::StudentId;
use crate::domain::refusal::{Invalid, line};
use crate::domain::scheduling::rotation::{DEAREST, RunLimit};
use crate::domain::time::{Window, Zone};
use crate::service::rotations::{MOST_STUDENTS, OneStudent, TableFacts, Wanted, Who, WishFor};

/// The most interviews that one student is given.
const MOST_INTERVIEWS: u32 = 50;
/// The most entries of the lists about tables.
const MOST_TABLES: usize = 500;
/// The most entries of short lists.
const MOST_ENTRIES: usize = 50;

/// What is asked of a rotation, in and kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    students: WhoBody,
    wants: WantsBody,
    #[serde(default)]
    rest_minutes: u32,
    run: Option<RunBody>,
    #[serde(default)]
    only_majors_served: bool,
    #[serde(default)]
    tables: Vec<TableBody>,
    #[serde(default)]
    each: Vec<OneBody>,
    #[serde(default)]
    fixed: Vec<FixedBody>,
    #[serde(default)]
    seed: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum WhoBody {
    Listed {
        student_ids: Vec<String>,
    },
    Everybody {
        #[serde(default)]
        majors: Vec<String>,
        #[serde(default)]
        years: Vec<String>,
        #[serde(default)]
        groups: Vec<String>,
    },
    Waiting {},
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantsBody {
    least: u32,
    most: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunBody {
    interviews: u32,
    pause_minutes: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableBody {
    label: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    majors: Vec<String>,
    employer: Option<String>,
    most_rounds: Option<usize>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OneBody {
    student_id: String,
    wants: Option<WantsBody>,
    #[serde(default)]
    wishes: Vec<WishBody>,
    #[serde(default)]
    free: Vec<FreeBody>,
    #[serde(default)]
    only_tables: Vec<String>,
    #[serde(default)]
    never_tables: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WishBody {
    table: Option<String>,
    tag: Option<String>,
    #[serde(default = "dearest")]
    weight: u16,
}

const fn dearest() -> u16 {
    DEAREST
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeBody {
    starts_local: String,
    ends_local: String,
    fold: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FixedBody {
    student_id: String,
    slot_id: String,
}

/// Collects faults while the rest is read on.
#[derive(Default)]
struct Faults(Vec<Invalid>);

impl Faults {
    fn keep<T>(&mut self, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }

    fn at_most(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            let detail = format!("it has {count} entries, at most {most} are taken");
            self.0.push(Invalid::new(field, "too_many", detail));
        }
    }

    fn within(&mut self, field: &str, value: u32, least: u32, most: u32) {
        if !(least..=most).contains(&value) {
            let detail = format!("it is {value}, from {least} to {most} are taken");
            self.0.push(Invalid::new(field, "out_of_range", detail));
        }
    }

    fn texts(&mut self, field: &str, texts: &[String], most: usize) -> Vec<String> {
        self.at_most(field, texts.len(), most);
        let read = |(at, text): (usize, &String)| {
            self.keep(line("", text, 1, 100).map_err(|fault| fault.within(at).within(field)))
        };
        texts.iter().take(most).enumerate().filter_map(read).collect()
    }

    fn wants(&mut self, field: &str, wants: WantsBody) -> (u32, u32) {
        self.within(&format!("{field}/most"), wants.most, 1, MOST_INTERVIEWS);
        if wants.least > wants.most {
            let detail = format!("{} is more than the most, {}", wants.least, wants.most);
            self.0.push(Invalid::new(format!("{field}/least"), "reversed", detail));
        }
        (wants.least, wants.most)
    }
}

impl RotationBody {
    /// What is asked, on the clocks of `zone`.
    ///
    /// # Errors
    /// Every field that is wrong by itself.
    pub fn read(&self, zone: Option<Zone>) -> Result<Wanted, Vec<Invalid>> {
        let mut faults = Faults::default();
        let zone = zone.unwrap_or(Zone::UTC);
        let who = self.students.read(&mut faults);
        let wants = faults.wants("wants", self.wants);
        faults.within("rest_minutes", self.rest_minutes, 0, 24 * 60);
        if let Some(run) = self.run {
            faults.within("run/interviews", run.interviews, 1, MOST_INTERVIEWS);
            faults.within("run/pause_minutes", run.pause_minutes, 1, 24 * 60);
        }
        faults.at_most("tables", self.tables.len(), MOST_TABLES);
        let tables = self.tables.iter().take(MOST_TABLES).enumerate();
        let tables = tables.map(|(at, table)| table.read(at, &mut faults)).collect();
        faults.at_most("each", self.each.len(), MOST_STUDENTS);
        let each = self.each.iter().take(MOST_STUDENTS).enumerate();
        let each = each.filter_map(|(at, one)| one.read(at, zone, &mut faults)).collect();
        faults.at_most("fixed", self.fixed.len(), 5_000);
        let mut fixed = Vec::new();
        for (at, meeting) in self.fixed.iter().take(5_000).enumerate() {
            let student = faults.keep(id(&format!("fixed/{at}/student_id"), &meeting.student_id));
            let slot = faults.keep(id(&format!("fixed/{at}/slot_id"), &meeting.slot_id));
            fixed.extend(student.zip(slot));
        }
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        Ok(Wanted {
            who,
            wants,
            rest_minutes: self.rest_minutes,
            run: self.run.map(|run| RunLimit { interviews: run.interviews, pause_minutes: run.pause_minutes }),
            only_majors_served: self.only_majors_served,
            tables,
            each,
            fixed,
            seed: self.seed.into(),
        })
    }
}

impl WhoBody {
    fn read(&self, faults: &mut Faults) -> Who {
        match self {
            Self::Listed { student_ids } => {
                let field = "students/student_ids";
                if student_ids.is_empty() {
                    faults.0.push(Invalid::new(field, "too_few", "it has no entries, at least 1 is taken"));
                }
                faults.at_most(field, student_ids.len(), MOST_STUDENTS);
                let ids = student_ids.iter().take(MOST_STUDENTS).enumerate();
                Who::Students(ids.filter_map(|(at, text)| faults.keep(id(&format!("{field}/{at}"), text))).collect())
            }
            Self::Everybody { majors, years, groups } => Who::Everybody {
                majors: faults.texts("students/majors", majors, MOST_ENTRIES),
                years: faults.texts("students/years", years, MOST_ENTRIES),
                groups: faults.texts("students/groups", groups, MOST_ENTRIES),
            },
            Self::Waiting {} => Who::Waiting,
        }
    }
}

impl TableBody {
    fn read(&self, at: usize, faults: &mut Faults) -> TableFacts {
        let field = |name: &str| format!("tables/{at}/{name}");
        let employer = self.employer.as_deref();
        let employer =
            employer.and_then(|text| faults.keep(line("", text, 1, 200).map_err(|f| f.within(field("employer")))));
        if let Some(most) = self.most_rounds {
            faults.within(&field("most_rounds"), u32::try_from(most).unwrap_or(u32::MAX), 1, 200);
        }
        TableFacts {
            label: self.label.clone(),
            tags: faults.texts(&field("tags"), &self.tags, MOST_ENTRIES),
            majors: faults.texts(&field("majors"), &self.majors, MOST_ENTRIES),
            employer,
            most_rounds: self.most_rounds,
        }
    }
}

impl OneBody {
    fn read(&self, at: usize, zone: Zone, faults: &mut Faults) -> Option<OneStudent> {
        let field = |name: &str| format!("each/{at}/{name}");
        let student: Option<StudentId> = faults.keep(id(&field("student_id"), &self.student_id));
        let wants = self.wants.map(|wants| faults.wants(&field("wants"), wants));
        faults.at_most(&field("wishes"), self.wishes.len(), MOST_ENTRIES);
        let mut wishes = Vec::new();
        for (number, wish) in self.wishes.iter().take(MOST_ENTRIES).enumerate() {
            let here = field(&format!("wishes/{number}"));
            faults.within(&format!("{here}/weight"), wish.weight.into(), 1, DEAREST.into());
            let target = match (&wish.table, &wish.tag) {
                (Some(table), None) => Some(WishFor::Table(table.clone())),
                (None, Some(tag)) => Some(WishFor::Tag(tag.clone())),
                (Some(_), Some(_)) | (None, None) => {
                    faults.0.push(Invalid::new(here, "conflicting", "a wish is for a table or for a tag"));
                    None
                }
            };
            wishes.extend(target.map(|target| (target, wish.weight)));
        }
        faults.at_most(&field("free"), self.free.len(), MOST_ENTRIES);
        let mut free: Vec<Window> = Vec::new();
        for (number, time) in self.free.iter().take(MOST_ENTRIES).enumerate() {
            match window(&time.starts_local, &time.ends_local, zone.name(), time.fold.as_deref()) {
                Ok(when) => free.push(when.window()),
                Err(wrong) => {
                    let here = field(&format!("free/{number}"));
                    faults.0.extend(wrong.into_iter().map(|fault| fault.within(&here)));
                }
            }
        }
        faults.at_most(&field("only_tables"), self.only_tables.len(), MOST_TABLES);
        faults.at_most(&field("never_tables"), self.never_tables.len(), MOST_TABLES);
        let (only, never) = (self.only_tables.clone(), self.never_tables.clone());
        Some(OneStudent { student: student?, wants, wishes, free, only, never })
    }
}
