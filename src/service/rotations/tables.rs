//! The tables of a grid as the stations of a rotation: their rounds, and who sits there by now.

use std::collections::{HashMap, HashSet};

use super::super::code::Code;
use super::super::error::ServiceError;
use super::asked::{OneStudent, Wanted, WishFor};
use super::day::Day;
use crate::domain::ids::{SlotId, StudentId};
use crate::domain::matching::travel::Venue;
use crate::domain::refusal::Invalid;
use crate::domain::scheduling::booking::{BookingRules, BookingState};
use crate::domain::scheduling::grid::Travel;
use crate::domain::scheduling::rotation::{MOST_IN_A_GROUP, Meeting, Round, Station, Target, Wish};
use crate::domain::scheduling::slot::SlotState;
use crate::domain::time::{Instant, Window, Zone};
use crate::store::bookings::BookingRow;

/// Labels are told apart as the grid tells them.
pub(super) fn same(label: &str) -> String {
    label.trim().to_lowercase()
}

/// The tables.
pub(super) struct Tables {
    pub zone: Zone,
    /// From the first start to the last end.
    pub all_day: Option<Window>,
    /// Where the event takes place.
    pub venue: Option<Venue>,
    pub stations: Vec<Station>,
    pub labels: Vec<String>,
    pub slots: Vec<Vec<SlotId>>,
    by_label: HashMap<String, usize>,
    most_rounds: Vec<usize>,
}

/// Fixed meetings, those of them that are booked, and when students are busy in the event otherwise.
pub(super) type Filled = (Vec<Meeting>, HashSet<Meeting>, HashMap<StudentId, Vec<Window>>);

impl Tables {
    /// The tables of the day, without their rounds.
    ///
    /// # Errors
    /// `wrong_state` where there are none; labels that no table has.
    pub fn new(day: &Day, travel: &Travel, wanted: &Wanted) -> Result<Self, ServiceError> {
        let windows = || day.slots.iter().map(|slot| slot.row.when.window());
        let span = windows().map(Window::start).min().zip(windows().map(Window::end).max());
        let Some((first, (start, end))) = day.slots.first().zip(span) else {
            let detail = "The event has no tables to rotate between; set its grid first.";
            return Err(ServiceError::refused(Code::WrongState, detail));
        };
        let mut tables = Self {
            zone: first.row.when.zone(),
            all_day: Window::new(start, end).ok(),
            venue: day.abouts.get(&first.row.id).map(|about| about.venue),
            stations: Vec::new(),
            labels: Vec::new(),
            slots: Vec::new(),
            by_label: HashMap::new(),
            most_rounds: Vec::new(),
        };
        for slot in &day.slots {
            let next = tables.stations.len();
            if *tables.by_label.entry(same(&slot.table)).or_insert(next) < next {
                continue;
            }
            let named = |name: &String| travel.buildings.iter().position(|building| building.trim() == name.trim());
            // A table whose building is not said is as near as can be to all others.
            let site = slot.building.as_ref().and_then(named).unwrap_or(travel.buildings.len());
            tables.stations.push(Station { site, ..Station::default() });
            tables.labels.push(slot.table.clone());
            tables.slots.push(Vec::new());
            tables.most_rounds.push(usize::MAX);
        }
        tables.describe(wanted)?;
        Ok(tables)
    }

    fn describe(&mut self, wanted: &Wanted) -> Result<(), ServiceError> {
        let (mut faults, mut seen) = (Vec::new(), HashSet::new());
        for (at, facts) in wanted.tables.iter().enumerate() {
            let field = || format!("tables/{at}/label");
            let Some(station) = self.find(&facts.label) else {
                let detail = format!("the grid has no table {:?}", facts.label);
                faults.push(Invalid::new(field(), "unknown_reference", detail));
                continue;
            };
            if !seen.insert(station) {
                let detail = format!("{:?} stands in the list before", facts.label);
                faults.push(Invalid::new(field(), "twice", detail));
            }
            let places = self.stations.get_mut(station).zip(self.most_rounds.get_mut(station));
            let Some((place, most)) = places else { continue };
            place.tags = facts.tags.iter().map(|tag| same(tag)).collect();
            place.majors = facts.majors.iter().map(|major| same(major)).collect();
            place.employer = facts.employer.as_deref().map(same);
            *most = facts.most_rounds.unwrap_or(usize::MAX);
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
    }

    /// The table with this label.
    pub fn find(&self, label: &str) -> Option<usize> {
        self.by_label.get(&same(label)).copied()
    }

    /// The minutes from building to building; the last row is nowhere in particular.
    #[allow(clippy::unused_self, reason = "it belongs to the sites that the tables were given")]
    pub fn travel_minutes(&self, travel: &Travel) -> Vec<Vec<u32>> {
        let sites = travel.buildings.len() + 1;
        let known = |site: usize| (site + 1 < sites).then_some(site);
        let way = |a: usize, b: usize| u32::try_from(travel.gap(known(a), known(b)).num_minutes()).unwrap_or(0);
        (0..sites).map(|a| (0..sites).map(|b| way(a, b)).collect()).collect()
    }

    /// Adds the rounds with the places that are left. A place that somebody of the rotation has is a fixed meeting; one
    /// that is held, or had by others, is gone.
    pub fn fill(
        &mut self,
        day: &Day,
        numbers: &HashMap<StudentId, usize>,
        rules: &BookingRules,
        now: Instant,
    ) -> Filled {
        let mut there: HashMap<SlotId, Vec<&BookingRow>> = HashMap::new();
        for booking in &day.live {
            there.entry(booking.slot_id).or_default().push(booking);
        }
        let (mut fixed, mut busy) = (Vec::new(), HashMap::<StudentId, Vec<Window>>::new());
        let mut met: HashSet<(usize, usize)> = HashSet::new();
        let mut fixed_at: HashMap<usize, Vec<Window>> = HashMap::new();
        let (mut placed, mut opened) = (HashSet::new(), vec![0_usize; self.stations.len()]);
        for slot in &day.slots {
            let Some(station) = self.find(&slot.table) else { continue };
            let (id, window) = (slot.row.id, slot.row.when.window());
            let live = there.get(&id).map(Vec::as_slice).unwrap_or_default();
            let mut stay = Vec::new();
            for booking in live {
                let Some(&student) = numbers.get(&booking.student_id) else { continue };
                let theirs = fixed_at.entry(student).or_default();
                let clear = !theirs.iter().any(|other| other.overlaps(window));
                let most = usize::try_from(MOST_IN_A_GROUP).unwrap_or(usize::MAX);
                if booking.state != BookingState::Held && stay.len() < most && clear && met.insert((student, station)) {
                    theirs.push(window);
                    placed.insert(booking.id);
                    stay.push(student);
                }
            }
            let rank = opened.get_mut(station).map_or(usize::MAX, |count| {
                *count += usize::from(slot.row.state != SlotState::Cancelled);
                *count
            });
            let most = self.most_rounds.get(station).copied().unwrap_or(usize::MAX);
            let seating = slot.row.seating;
            let staffed = !seating.is_deserted() && (!rules.staffed_only || seating.is_staffed());
            let usable = slot.row.state == SlotState::Open && window.start() > now && rank <= most && staffed;
            let there: u32 = live.iter().map(|booking| booking.places()).sum();
            let there = usize::try_from(there).unwrap_or(usize::MAX);
            let free = if usable { usize::from(slot.row.capacity).saturating_sub(there) } else { 0 };
            let capacity = u32::try_from(stay.len() + free).unwrap_or(MOST_IN_A_GROUP).min(MOST_IN_A_GROUP);
            let lists = self.stations.get_mut(station).zip(self.slots.get_mut(station));
            if let Some((place, slots)) = lists.filter(|_| capacity > 0) {
                let round = place.rounds.len();
                place.rounds.push(Round { window, capacity });
                slots.push(id);
                fixed.extend(stay.into_iter().map(|student| Meeting { student, station, round }));
            }
        }
        for booking in day.live.iter().filter(|booking| !placed.contains(&booking.id)) {
            let window = Window::new(booking.starts_at, booking.ends_at);
            busy.entry(booking.student_id).or_default().extend(window);
        }
        let booked = fixed.iter().copied().collect();
        (fixed, booked, busy)
    }

    /// The meetings that are fixed because they were asked for, beside those that are booked.
    ///
    /// # Errors
    /// Students and slots that are none of the rotation's; meetings that cannot be.
    pub fn also_fixed(
        &self,
        wanted: &Wanted,
        numbers: &HashMap<StudentId, usize>,
        mut fixed: Vec<Meeting>,
    ) -> Result<Vec<Meeting>, ServiceError> {
        let mut faults = Vec::new();
        for (at, (student, slot)) in wanted.fixed.iter().enumerate() {
            let field = |name: &str| format!("fixed/{at}/{name}");
            let Some(&number) = numbers.get(student) else {
                let detail = format!("{student} is none of those it is for");
                faults.push(Invalid::new(field("student_id"), "unknown_reference", detail));
                continue;
            };
            let find = |(station, slots): (usize, &Vec<SlotId>)| {
                let round = slots.iter().position(|known| known == slot)?;
                Some((station, round))
            };
            let Some((station, round)) = self.slots.iter().enumerate().find_map(find) else {
                let detail = format!("the grid has no slot {slot} with a free place");
                faults.push(Invalid::new(field("slot_id"), "unknown_reference", detail));
                continue;
            };
            let meeting = Meeting { student: number, station, round };
            if fixed.contains(&meeting) {
                continue;
            }
            let at_round = |other: &Meeting| self.stations.get(other.station)?.rounds.get(other.round).copied();
            let Some(here) = at_round(&meeting) else { continue };
            let mine = || fixed.iter().filter(|other| other.student == number);
            let there = fixed.iter().filter(|other| (other.station, other.round) == (station, round)).count();
            let fault = if mine().any(|other| other.station == station) {
                Some(("twice", "the student meets this table at another time"))
            } else if mine().filter_map(at_round).any(|other| other.window.overlaps(here.window)) {
                Some(("overlap", "the student is at another table at that time"))
            } else if there >= usize::try_from(here.capacity).unwrap_or(usize::MAX) {
                Some(("full", "no place is free in it"))
            } else {
                None
            };
            match fault {
                Some((code, detail)) => faults.push(Invalid::new(field("slot_id"), code, detail)),
                None => fixed.push(meeting),
            }
        }
        if faults.is_empty() { Ok(fixed) } else { Err(faults.into()) }
    }

    /// The tables that a student must not meet.
    pub fn forbidden(&self, one: &OneStudent) -> Vec<usize> {
        let named =
            |labels: &[String]| -> HashSet<usize> { labels.iter().filter_map(|label| self.find(label)).collect() };
        let (only, never) = (named(&one.only), named(&one.never));
        let barred = |station: &usize| never.contains(station) || (!only.is_empty() && !only.contains(station));
        (0..self.stations.len()).filter(barred).collect()
    }

    /// What a student would like, by number.
    pub fn wishes(&self, one: &OneStudent) -> Vec<Wish> {
        let target = |wish: &WishFor| match wish {
            WishFor::Table(label) => self.find(label).map(Target::Station),
            WishFor::Tag(tag) => Some(Target::Tag(same(tag))),
        };
        one.wishes.iter().filter_map(|(wish, weight)| Some(Wish { target: target(wish)?, weight: *weight })).collect()
    }
}
