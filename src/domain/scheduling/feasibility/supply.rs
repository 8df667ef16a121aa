//! What is known: sessions, their tables, and how many volunteers come.

use crate::domain::{
    scheduling::grid::{Expansion, Grid, PlannedSlot},
    time::LocalWindow,
};

/// Everything that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// The sessions, in order of time.
    pub sessions: Vec<SessionSupply>,
    /// How many different people come; `None` when each comes to one session.
    pub people: Option<u32>,
}

/// What is known of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSupply {
    /// What it is called.
    pub name: String,
    /// When.
    pub when: LocalWindow,
    /// Volunteers who are known to come.
    pub known: u32,
    /// Places that volunteers make.
    pub places: Places,
    /// Interviews that one student can have one after another; `None` when it is not known.
    pub rounds: Option<u32>,
}

/// How volunteers become places for students.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    /// There is a table for everybody: every `seats` volunteers make `places` places.
    AnyTable(TableSupply),
    /// These tables and no more.
    Tables(Vec<TableSupply>),
    /// So many places, whoever comes: a talk in a room.
    Room(u32),
}

/// What one table takes and gives in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSupply {
    /// Volunteers without whom nobody interviews: 1 to 50.
    pub seats: u16,
    /// Places for students in the whole session.
    pub places: u32,
}

impl Places {
    /// The most places that so many volunteers make.
    #[must_use]
    pub fn with(&self, volunteers: u32) -> u32 {
        match self {
            Self::AnyTable(table) => (volunteers / u32::from(table.seats.max(1))).saturating_mul(table.places),
            Self::Tables(tables) => {
                let curve = curve(tables);
                let at = usize::try_from(volunteers).unwrap_or(usize::MAX).min(curve.len().saturating_sub(1));
                curve.get(at).copied().unwrap_or_default()
            }
            Self::Room(places) => *places,
        }
    }

    /// The fewest volunteers who make so many places; `None` when no number does.
    #[must_use]
    pub fn volunteers_for(&self, places: u32) -> Option<u32> {
        if places == 0 {
            return Some(0);
        }
        match self {
            Self::AnyTable(table) if table.places == 0 => None,
            Self::AnyTable(table) => Some(places.div_ceil(table.places).saturating_mul(u32::from(table.seats.max(1)))),
            Self::Tables(tables) => {
                let at = curve(tables).iter().position(|made| *made >= places)?;
                u32::try_from(at).ok()
            }
            Self::Room(room) => (*room >= places).then_some(0),
        }
    }

    /// How many volunteers can sit; `None` without a limit.
    #[must_use]
    pub fn seats(&self) -> Option<u32> {
        match self {
            Self::AnyTable(_) | Self::Room(_) => None,
            Self::Tables(tables) => Some(tables.iter().map(|t| u32::from(t.seats)).sum()),
        }
    }
}

/// The most places for each number of volunteers, from none to all seats: the knapsack of whole tables.
fn curve(tables: &[TableSupply]) -> Vec<u32> {
    let seats: usize = tables.iter().map(|t| usize::from(t.seats)).sum();
    let mut best = vec![0_u32; seats + 1];
    for table in tables {
        for volunteers in (usize::from(table.seats)..=seats).rev() {
            let with = best.get(volunteers - usize::from(table.seats)).map_or(0, |n| n.saturating_add(table.places));
            if let Some(slot) = best.get_mut(volunteers) {
                *slot = with.max(*slot);
            }
        }
    }
    best
}

impl Supply {
    /// The supply of a grid with so many volunteers known for each session, in their order.
    #[must_use]
    pub fn of_grid(grid: &Grid, expansion: &Expansion, known: &[u32]) -> Self {
        let sessions = grid.sessions.iter().enumerate().map(|(i, session)| {
            let slots: Vec<_> = expansion.slots.iter().filter(|slot| slot.session == i).collect();
            let tables = grid.tables.iter().enumerate().map(|(t, table)| {
                let of = slots.iter().filter(|slot| slot.table == t);
                TableSupply { seats: table.seats, places: of.map(|slot| u32::from(slot.capacity)).sum() }
            });
            SessionSupply {
                name: session.name.clone(),
                when: session.when,
                known: known.get(i).copied().unwrap_or_default(),
                places: Places::Tables(tables.filter(|table| table.places > 0).collect()),
                rounds: Some(rounds(slots)),
            }
        });
        Self { sessions: sessions.collect(), people: None }
    }

    /// The most places that so many people make, each in one session.
    pub(super) fn places_of(&self, people: u32) -> u32 {
        self.filled(|_| 0, u32::MAX, people).1
    }

    /// The fewest people, each in one session, who make so many places; `None` when no number does.
    pub(super) fn least_for(&self, places: u32) -> Option<u32> {
        let (people, made) = self.filled(|_| 0, places, u32::MAX);
        (made >= places).then_some(people)
    }

    /// How many volunteers more than are known make so many places; `None` when no number does.
    pub(super) fn volunteers_for(&self, places: u32) -> Option<u32> {
        let (people, made) = self.filled(|session| session.known, places, u32::MAX);
        (made >= places).then_some(people)
    }

    /// Adds people table by table, where they make the most places each, until there are `wanted` places, nothing is
    /// gained or `most` people are added. Exact where the tables are alike; else no fewer than are needed. Answers
    /// people and places.
    fn filled(&self, known: impl Fn(&SessionSupply) -> u32, wanted: u32, most: u32) -> (u32, u32) {
        let mut steps: Vec<Steps> = self.sessions.iter().map(|session| Steps::of(session, known(session))).collect();
        let mut made = steps.iter().fold(0, |sum: u32, s| sum.saturating_add(s.made));
        let mut used = 0_u32;
        while made < wanted {
            let (missing, left) = (wanted - made, most - used);
            let offers = steps.iter_mut().filter_map(|s| s.next(missing, left).map(|step| (step, s)));
            let best = offers.max_by(|((a, x), _), ((b, y), _)| {
                (u64::from(*x) * u64::from(*b)).cmp(&(u64::from(*y) * u64::from(*a)))
            });
            let Some(((people, gained), session)) = best else { break };
            session.take(people, gained);
            (used, made) = (used.saturating_add(people), made.saturating_add(gained));
        }
        (used, made)
    }
}

/// A session that is being filled.
struct Steps {
    volunteers: u32,
    made: u32,
    curve: Curve,
}

enum Curve {
    Line(TableSupply),
    Points(Vec<u32>),
    Flat,
}

impl Steps {
    fn of(session: &SessionSupply, known: u32) -> Self {
        let shape = match &session.places {
            Places::AnyTable(table) if table.places == 0 => Curve::Flat,
            Places::AnyTable(table) => Curve::Line(*table),
            Places::Tables(tables) => Curve::Points(curve(tables)),
            Places::Room(_) => Curve::Flat,
        };
        Self { volunteers: known, made: session.places.with(known), curve: shape }
    }

    /// The next step that makes places, people and places more; as many tables at once as are alike.
    fn next(&self, missing: u32, left: u32) -> Option<(u32, u32)> {
        let (people, places) = match &self.curve {
            Curve::Flat => return None,
            Curve::Line(table) => {
                let seats = u32::from(table.seats.max(1));
                let begun = self.volunteers % seats;
                let tables = if begun == 0 { missing.div_ceil(table.places).min(left / seats).max(1) } else { 1 };
                (tables.saturating_mul(seats) - begun, tables.saturating_mul(table.places))
            }
            Curve::Points(points) => {
                let from = usize::try_from(self.volunteers).ok()?;
                let (at, places) = points.iter().enumerate().skip(from + 1).find(|(_, places)| **places > self.made)?;
                (u32::try_from(at - from).ok()?, places - self.made)
            }
        };
        (people <= left).then_some((people, places))
    }

    fn take(&mut self, people: u32, gained: u32) {
        self.volunteers = self.volunteers.saturating_add(people);
        self.made = self.made.saturating_add(gained);
    }
}

/// The most slots of a session that do not overlap: always the one that ends first (Kleinberg and Tardos, ch. 4).
fn rounds(mut slots: Vec<&PlannedSlot>) -> u32 {
    slots.sort_unstable_by_key(|slot| slot.when.window().end());
    let mut free = None;
    let mut count = 0;
    for slot in slots {
        if free.is_none_or(|free| free <= slot.when.window().start()) {
            count += 1;
            free = Some(slot.when.window().end());
        }
    }
    count
}
