//! The story, step by step. Each step asks the API, says what it found, and checks that it is so.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::api::Caller;
use super::crowd::{self, Office, Person};
use super::programme::Programme;
use super::told::{Ink, Teller, pad};
use super::views::{CampusVolunteer, Candidate, Letter, Made, Need, Proposal, Session};
use super::{Told, held};

/// How many sign up at once, so that hashing their passwords keeps all cores busy.
const AT_ONCE: usize = 4;
/// How long letters may take from being written to lying in the folder.
const MAIL_PATIENCE: Duration = Duration::from_secs(30);
/// How many of the ranking are shown.
const SHOWN: usize = 12;

/// Everything the story knows.
pub struct Story {
    /// Who tells it.
    pub teller: Teller,
    /// What it is about.
    pub programme: Programme,
    /// When it takes place now.
    pub day: NaiveDate,
    /// Somebody who has not signed in.
    pub anybody: Caller,
    /// The career office.
    pub office: Caller,
    /// The student organisations.
    pub students: Caller,
    /// The campus.
    pub campus: String,
    /// Where letters lie.
    pub mail: PathBuf,
    /// The volunteers by the id of their profile.
    pub volunteers: BTreeMap<String, Volunteer>,
}

/// A volunteer who has signed up.
#[derive(Clone)]
pub struct Volunteer {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// As a caller.
    pub caller: Caller,
}

impl Story {
    /// The facts, where they are from, and what was chosen.
    pub fn programme(&mut self) {
        let Programme { published, chosen, .. } = &self.programme;
        self.teller.step("A published programme");
        let teller = &self.teller;
        teller.item("What", 9, &published.title);
        let whose = format!("{} ({}, {})", published.institution, published.city, published.state);
        teller.item("Where", 9, &whose);
        teller.item("Whose", 9, &published.unit);
        let when = format!(
            "{}, {} to {}: {} minutes of interview and {} of feedback each",
            published.date.format("%A %-d %B %Y"),
            published.from,
            published.until,
            published.interview_minutes,
            published.feedback_minutes,
        );
        teller.item("When", 9, &when);
        teller.item("Wanted", 9, &format!("{} {}", published.volunteers_needed, published.volunteers_background));
        teller.item("Source", 9, &published.source_url);
        let moved = format!(
            "to {}: like {} it is the last Thursday of February",
            self.day.format("%A %-d %B %Y"),
            published.date.format("%-d %B %Y"),
        );
        teller.item("Moved", 9, &moved);
        let words = format!(
            "one role of ten ({}), the skills asked for, the last day to decide. Not published, so chosen here.",
            chosen.role.to_lowercase()
        );
        teller.item("Chosen", 9, &words);
        teller.item("Made up", 9, "all people: names of syllables, addresses at example.edu.");
    }

    /// Accounts, sessions, profiles, applications; the office welcomes them.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn sign_up(&mut self) -> Told<()> {
        self.teller.step("Volunteers sign up, the career office welcomes them");
        let Programme { published, general_knowledge, .. } = &self.programme;
        let people = crowd::gather(self.day, general_knowledge.position, &published.time_zone);
        let count = people.len();
        let joining = people.iter().map(|person| join(&self.anybody, &self.campus, person));
        let mut joining = futures_util::stream::iter(joining).buffered(AT_ONCE);
        let mut joined = Vec::with_capacity(count);
        while let Some(volunteer) = joining.next().await {
            joined.push(volunteer?);
            self.teller.progress(joined.len(), count, "have signed up");
        }
        drop(joining);
        for ((id, volunteer), person) in joined.into_iter().zip(&people) {
            let path = format!("/v1/campuses/{}/volunteers/{id}", self.campus);
            let mut standing: CampusVolunteer = self.office.post(&format!("{path}/approve"), json!({})).await?;
            let mut expected = "approved";
            if person.office == Office::Paused {
                let reason = json!({ "reason": "On parental leave until summer." });
                standing = self.office.post(&format!("{path}/pause"), reason).await?;
                expected = "paused";
            }
            held(standing.state == expected, || format!("{} should be {expected}", person.name))?;
            if person.office == Office::Excludes {
                let body = json!({ "volunteer_id": id, "reason": "Interviewed here last term; wants other campuses." });
                let _: Made = self.office.post(&format!("/v1/campuses/{}/exclusions", self.campus), body).await?;
            }
            self.volunteers.insert(id, volunteer);
        }
        self.teller.took("signing up");
        self.teller.tell(&format!(
            "{count} people opened an account, wrote a profile (skills, credentials, hours, how far they travel) and \
             applied. The office approved all, paused one since, and keeps one from its events."
        ));
        Ok(())
    }

    /// The need: posted by students, approved by the office, seen by whoever subscribed.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn need(&mut self) -> Told<Need> {
        self.teller.step("The need: students post it, the office approves it");
        let path = format!("/v1/campuses/{}/campus-requests", self.campus);
        let draft: Need = self.students.post(&path, self.programme.need(self.day)).await?;
        let path = format!("/v1/campus-requests/{}", draft.id);
        let submitted: Need = self.students.post(&format!("{path}/submit"), json!({})).await?;
        held(submitted.state == "submitted", || format!("the need is {}", submitted.state))?;
        let need: Need = self.office.post(&format!("{path}/approve"), json!({})).await?;
        held(need.state == "approved" && need.fill == "unfilled", || format!("it is {}, {}", need.state, need.fill))?;
        held(need.event_id.is_some(), || "an approved need makes its event".to_owned())?;
        let feed = self.anybody.look(NEEDS_FEED).await?;
        held(feed.matches("BEGIN:VEVENT").count() == 1, || "the feed of open needs should hold it".to_owned())?;
        self.teller.tell(
            "draft -> submitted -> approved. It is on the campus's public calendar now, and in the calendar of every \
             resume writer who subscribed to open needs nearby:",
        );
        self.teller.tell_in(Ink::Faint, NEEDS_FEED);
        Ok(need)
    }

    /// Who fits, who does not, and why.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn ranking(&mut self, need: &Need) -> Told<Vec<Candidate>> {
        self.teller.step("Who fits: points with their reasons, refusals with their rules");
        let path = format!("/v1/campus-requests/{}/candidates?limit=100", need.id);
        let candidates: Vec<Candidate> = self.office.list(&path).await?;
        self.teller.took("ranking");
        held(candidates.len() == self.volunteers.len(), || format!("{} candidates", candidates.len()))?;
        let (fit, not): (Vec<&Candidate>, Vec<&Candidate>) = candidates.iter().partition(|one| one.eligible);
        held(!fit.is_empty() && fit.iter().all(|one| one.score.is_some()), || "no ranking".to_owned())?;
        show_ranking(&self.teller, &fit);
        self.teller.gap();
        self.teller.tell(&format!("Not asked, {} of {}:", not.len(), candidates.len()));
        for one in &not {
            held(!one.refusals.is_empty(), || format!("{} is refused without a rule", one.display_name))?;
            let why: Vec<&str> = one.refusals.iter().map(|refusal| refusal.detail.as_str()).collect();
            self.teller.item(&one.display_name, 18, &why.join(" "));
        }
        let rules: std::collections::BTreeSet<&str> =
            not.iter().flat_map(|one| &one.refusals).map(|refusal| refusal.rule.as_str()).collect();
        held(rules.len() >= 7, || format!("only these rules refuse anybody: {rules:?}"))?;
        Ok(candidates)
    }

    /// The plan for all seats.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn proposal(&mut self) -> Told<Proposal> {
        self.teller.step("One plan for all open seats");
        let path = format!("/v1/campuses/{}/proposals", self.campus);
        let plan: Proposal = self.office.post(&path, json!({})).await?;
        self.teller.took("planning");
        held(plan.seats_filled == plan.seats_wanted, || "the plan leaves seats open".to_owned())?;
        held(plan.value <= plan.bound, || format!("{} is more than any plan can reach", plan.value))?;
        let better = if plan.gap_percent < 0.005 {
            "proven: no other plan is better".to_owned()
        } else {
            format!("proven: no other plan is more than {:.2} % better", plan.gap_percent)
        };
        self.teller.tell(&format!(
            "The plan fills {} of {} seats; {better} ({:.0} points, of at most {:.0} that any plan could have).",
            plan.seats_filled, plan.seats_wanted, plan.value, plan.bound
        ));
        Ok(plan)
    }

    /// Waits until every letter that was written lies in the folder; answers them all.
    ///
    /// # Errors
    /// When one does not arrive.
    pub async fn letters_delivered(&self) -> Told<Vec<Letter>> {
        let path = format!("/v1/campuses/{}/letters?limit=100", self.campus);
        let until = std::time::Instant::now() + MAIL_PATIENCE;
        loop {
            let letters: Vec<Letter> = self.office.list(&path).await?;
            if letters.iter().all(|letter| letter.state == "sent") {
                return Ok(letters);
            }
            let waiting = letters.iter().filter(|letter| letter.state != "sent").count();
            held(std::time::Instant::now() < until, || format!("{waiting} letters were not delivered"))?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The feed that resume writers around the campus subscribe to.
pub const NEEDS_FEED: &str = "/feeds/needs.ics?skill=interviewing&near=39.95,-76.71&within_km=60";

async fn join(anybody: &Caller, campus: &str, person: &Person) -> Told<(String, Volunteer)> {
    let Person { name, email, password, profile, .. } = person;
    let account = json!({ "email": email, "name": name, "password": password });
    let _: Made = anybody.post("/v1/accounts", account).await?;
    let session: Session = anybody.post("/v1/sessions", json!({ "email": email, "password": password })).await?;
    let caller = anybody.signed_in(&session.access_token);
    let Made { id } = caller.post("/v1/volunteers", profile.clone()).await?;
    let note = json!({ "note": "Found you through a colleague." });
    let _: Value = caller.post(&format!("/v1/campuses/{campus}/volunteers"), note).await?;
    Ok((id, Volunteer { name: name.clone(), email: email.clone(), caller }))
}

fn show_ranking(teller: &Teller, fit: &[&Candidate]) {
    const COLUMNS: [(&str, &str); 5] = [
        ("required_skills", "skill"),
        ("preferred_skills", "wished"),
        ("distance", "way"),
        ("load", "time"),
        ("credentials", "papers"),
    ];
    let columns =
        |cell: &dyn Fn(&str, &str) -> String| COLUMNS.iter().map(|(name, head)| cell(name, head)).collect::<String>();
    let heads = columns(&|_, head| format!("{head:>8}"));
    teller.line(&teller.ink(Ink::Faint, &format!("    {}{:>7}{heads}", pad("", 20), "points")));
    for (number, one) in fit.iter().take(SHOWN).enumerate() {
        let Some(score) = &one.score else { continue };
        let points = columns(&|name, _| format!("{:>8.0}", score.part(name).map_or(0.0, |part| part.points)));
        let total = teller.ink(Ink::Bold, &format!("{:>7.0}", score.total));
        teller.line(&format!("{:>2}. {}{total}{points}", number + 1, pad(&one.display_name, 20)));
    }
    if let Some(score) = fit.first().and_then(|one| one.score.as_ref()) {
        let most = columns(&|name, _| format!("{:>8.0}", score.part(name).map_or(0.0, |part| part.max)));
        let rest = fit.len().saturating_sub(SHOWN);
        let rest = if rest > 0 { format!("and {rest} more; at most") } else { "at most".to_owned() };
        teller.line(&teller.ink(Ink::Faint, &format!("    {}{:>7}{most}", pad(&rest, 20), 1000)));
        teller.tell_in(
            Ink::Faint,
            "skill: what is required; wished: what is preferred; way: from home; time: room in the week and month; \
             papers: credentials",
        );
        teller.gap();
        let why: Vec<&str> = score.parts.iter().map(|part| part.detail.as_str()).collect();
        let first = fit.first().map_or("", |one| one.display_name.as_str());
        teller.tell(&format!("Why {first} comes first: {}", why.join(" ")));
    }
}
