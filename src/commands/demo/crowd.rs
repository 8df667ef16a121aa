//! Two dozen volunteers around the campus, made up: names of syllables that no language has, addresses at example.edu.
//!
//! The same on every run. Most of them fit the need; eight do not, each by another rule, so that the ranking has something
//! to say no to. What they can do comes from the words that careers professionals use: credentials that exist, services
//! that they offer.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::programme::Place;

/// Somebody who will sign up.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The password, good for the demo alone.
    pub password: String,
    /// The profile, as the API takes it.
    pub profile: Value,
    /// What the office makes of this person.
    pub office: Office,
}

/// What the office does about a volunteer beyond saying welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Office {
    /// Nothing.
    Welcomes,
    /// It has paused the volunteer.
    Paused,
    /// It keeps the volunteer from this need.
    Excludes,
}

/// Why somebody is not the right one for this need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    None,
    LivesFarAway,
    OtherHours,
    AwayThatDay,
    NoInterviews,
    OtherKinds,
    OnlineOnly,
    Paused,
    Excluded,
}

const TWISTS: [(usize, Twist); 8] = [
    (2, Twist::LivesFarAway),
    (5, Twist::OtherHours),
    (8, Twist::AwayThatDay),
    (11, Twist::NoInterviews),
    (14, Twist::OtherKinds),
    (17, Twist::OnlineOnly),
    (20, Twist::Paused),
    (23, Twist::Excluded),
];

/// How many there are.
pub const COUNT: usize = 24;

const GIVEN: [[&str; 8]; 2] =
    [["Ta", "Mi", "Lo", "Ve", "Ora", "Ny", "Ke", "Sa"], ["rin", "vela", "dro", "mira", "lenno", "sko", "thia", "bek"]];
const FAMILY: [[&str; 8]; 2] = [
    ["Quil", "Brask", "Tolv", "Hask", "Wend", "Orl", "Fenn", "Drim"],
    ["ovar", "umber", "estel", "akel", "ifold", "andry", "immo", "orrit"],
];
const WORK: [&str; 8] = [
    "HR generalist",
    "Recruiter in manufacturing",
    "Talent partner at a hospital",
    "HR manager, logistics",
    "Career coach",
    "Resume writer",
    "Training lead",
    "Hiring manager, retail",
];
/// Credentials whose issuing body is known.
const CREDENTIALS: [&str; 7] = ["CPRW", "NCRW", "CPCC", "GCDF", "CCSP", "JCTC", "CCM"];
const LEVELS: [&str; 3] = ["foundation", "practised", "expert"];

/// The volunteers, for a need on `day` around `campus`, by the clocks of `zone`.
pub fn gather(day: NaiveDate, campus: Place, zone: &str) -> Vec<Person> {
    let mut dice = Dice(0x005e_ed0f_2024_0229);
    (0..COUNT).map(|number| person(number, &mut dice, day, campus, zone)).collect()
}

fn person(number: usize, dice: &mut Dice, day: NaiveDate, campus: Place, zone: &str) -> Person {
    let twist = TWISTS.iter().find(|(at, _)| *at == number).map_or(Twist::None, |(_, twist)| *twist);
    let given = format!("{}{}", at(&GIVEN[0], number), at(&GIVEN[1], number * 3 + 1 + number / 8));
    let family = format!("{}{}", at(&FAMILY[0], number * 5 + 2), at(&FAMILY[1], number + number / 8));
    let travel_km = 25 + dice.below(4) * 10;
    let (far, bearing) = match twist {
        Twist::LivesFarAway => (118.0, 95.0),
        _ => (2.0 + f64::from(dice.below(8) * travel_km) / 10.0, f64::from(dice.below(36) * 10)),
    };
    let home = json!({ "home": away(campus, far, bearing), "travel_km": travel_km });
    Person {
        email: format!("{}.{}@example.edu", given.to_lowercase(), family.to_lowercase()),
        password: format!("demo-{}-{number}", given.to_lowercase()),
        profile: json!({
            "display_name": format!("{given} {family}"),
            "headline": at(&WORK, number * 3),
            "credentials": credentials(dice),
            "skills": skills(dice, twist),
            "kinds": if twist == Twist::OtherKinds { json!(["workshop", "podcast"]) }
                else { json!(["mock_interviews", "job_fair", "workshop"]) },
            "languages": if dice.below(4) == 0 { json!(["en", "es"]) } else { json!(["en"]) },
            "in_person": if twist == Twist::OnlineOnly { Value::Null } else { home },
            "virtual_ok": twist == Twist::OnlineOnly || dice.below(2) == 0,
            "time_zone": zone,
            "availability": availability(dice, twist, day),
        }),
        name: format!("{given} {family}"),
        office: match twist {
            Twist::Paused => Office::Paused,
            Twist::Excluded => Office::Excludes,
            _ => Office::Welcomes,
        },
    }
}

fn credentials(dice: &mut Dice) -> Vec<&'static str> {
    let (first, count) = (dice.below(7) as usize, dice.below(3) as usize);
    (0..count).map(|next| at(&CREDENTIALS, first + 2 * next)).collect()
}

fn skills(dice: &mut Dice, twist: Twist) -> Vec<Value> {
    let mut level = |least: u32| at(&LEVELS, (least + dice.below(3 - least)) as usize);
    let (interviewing, writing, human) = (level(1), level(0), level(1));
    let extra = ["networking", "negotiating", "cover letter writing"];
    let mut skills = vec![json!({ "name": at(&extra, dice.below(3) as usize), "level": "practised" })];
    if twist == Twist::NoInterviews {
        skills.push(json!({ "name": "interviewing", "level": "foundation" }));
    } else {
        skills.push(json!({ "name": "interviewing", "level": interviewing }));
    }
    if dice.below(3) > 0 {
        skills.push(json!({ "name": "resume writing", "level": writing }));
    }
    if dice.below(3) > 0 {
        skills.push(json!({ "name": "human resources", "level": human }));
    }
    skills
}

fn availability(dice: &mut Dice, twist: Twist, day: NaiveDate) -> Value {
    let thursdays = match (twist, dice.below(3)) {
        (Twist::OtherHours, _) => ("16:00", "20:00"),
        (_, 0) => ("08:00", "18:00"),
        (_, 1) => ("11:00", "15:00"),
        _ => ("09:30", "14:30"),
    };
    let weekly = json!([
        { "day": "tuesday", "from": "09:00", "until": "17:00" },
        { "day": "thursday", "from": thursdays.0, "until": thursdays.1 },
    ]);
    let exceptions = if twist == Twist::AwayThatDay {
        json!([{ "date": day.to_string(), "available": false, "from": "00:00", "until": "24:00" }])
    } else {
        json!([])
    };
    json!({ "weekly": weekly, "exceptions": exceptions })
}

/// The place so many kilometres from `from` in this direction, near enough for a demo.
fn away(from: Place, km: f64, bearing: f64) -> Value {
    let (east, north) = bearing.to_radians().sin_cos();
    let lat = from.lat + km * north / 111.2;
    let lon = from.lon + km * east / (111.2 * from.lat.to_radians().cos());
    let four = |degrees: f64| (degrees * 10_000.0).round() / 10_000.0;
    json!({ "lat": four(lat), "lon": four(lon) })
}

/// One of these, counted round and round.
fn at(of: &[&'static str], number: usize) -> &'static str {
    of.iter().cycle().nth(number).copied().unwrap_or_default()
}

/// Chance that is the same on every run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(many.max(1))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_somebody_else_and_nobody_is_real() {
        let place = Place { lat: 39.95, lon: -76.71 };
        let people = gather("2027-02-25".parse().unwrap(), place, "America/New_York");
        let mut emails: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
        emails.sort_unstable();
        emails.dedup();
        assert_eq!(emails.len(), COUNT);
        assert!(emails.iter().all(|email| email.ends_with("@example.edu")));
        assert_eq!(people.iter().filter(|person| person.office == Office::Welcomes).count(), COUNT - 2);
        println!("{:?}", people.iter().map(|person| &person.name).collect::<Vec<_>>());
    }
}
