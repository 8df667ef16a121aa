//! The second half of the story: offers go out, people answer, seats pass on, and the proof that it all came true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::mailbox::{self, Delivered, calendar_lines, value_of};
use super::story::{NEEDS_FEED, Story};
use super::told::{Ink, shortened};
use super::views::{
    Accepted, Assignment, Attention, Candidate, Event, Feed, Letter, Need, Offer, Proposal, Role, Sent,
};
use super::{Told, held};
use crate::domain::time::{Instant, Zone};
use crate::domain::wording;

/// The reasons people give, in the order they are given.
const REASONS: [&str; 4] = [
    "My team has its quarterly review that day.",
    "I am travelling for work all week.",
    "Our new hires start that morning.",
    "I promised the day to another campus.",
];
/// Who of the first ten says no; then the first of those who were asked in their place.
const SAYING_NO: [usize; 3] = [2, 5, 8];

/// How somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// With a program, signed in.
    Api,
    /// By the link in the letter: opens the page, presses the button.
    Letter,
}

/// What there is to look at when the story is over.
pub struct Proof {
    /// A page behind a letter's link.
    pub offer_page: String,
    /// A private calendar.
    pub private_feed: String,
    /// Whose it is.
    pub owner: String,
}

impl Story {
    /// The plan goes out, one letter each.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn send(&mut self, plan: &Proposal) -> Told<Vec<Offer>> {
        self.teller.step("Offers go out");
        let sent: Sent = self.office.post(&format!("/v1/proposals/{}/send", plan.id), json!({})).await?;
        held(sent.skipped.is_empty(), || format!("seats were skipped: {:?}", sent.skipped))?;
        held(sent.offers.len() == plan.seats.len(), || format!("{} offers for the plan", sent.offers.len()))?;
        let planned: BTreeSet<&str> = plan.seats.iter().map(|seat| seat.volunteer_id.as_str()).collect();
        let asked: BTreeSet<&str> = sent.offers.iter().map(|offer| offer.volunteer_id.as_str()).collect();
        held(planned == asked, || "others were asked than planned".to_owned())?;
        self.letters_delivered().await?;
        self.teller.took("offers");
        let until = sent.offers.first().and_then(|offer| offer.deadline.parse::<Instant>().ok());
        let zone: Option<Zone> = self.programme.published.time_zone.parse().ok();
        let until = until.zip(zone).map(|(until, zone)| wording::instant(until, zone)).ok_or("no deadline")?;
        self.teller.tell(&format!(
            "{} letters, each with one link that shows the offer and two buttons. Each seat is held for one person until \
             {until}.",
            sent.offers.len()
        ));
        Ok(sent.offers)
    }

    /// People answer; a seat that comes free is offered to the next at once.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn answers(&mut self, need: &Need, candidates: &[Candidate], sent: Vec<Offer>) -> Told<()> {
        self.teller.step("People answer; a free seat passes on by itself");
        // In the order of the ranking, so that it is the same story each time.
        let rank: BTreeMap<&str, usize> =
            candidates.iter().enumerate().map(|(rank, one)| (one.volunteer_id.as_str(), rank)).collect();
        let in_order = |offers: &mut Vec<Offer>| {
            offers.sort_by_key(|offer| rank.get(offer.volunteer_id.as_str()).copied().unwrap_or(usize::MAX));
        };
        let path = format!("/v1/campus-requests/{}/offers?limit=100", need.id);
        let (mut open, mut known, mut refused) = (sent, BTreeSet::new(), 0);
        while !open.is_empty() {
            in_order(&mut open);
            self.letters_delivered().await?;
            let first_wave = open.iter().all(|offer| offer.wave == 1);
            known.extend(open.iter().map(|offer| offer.id.clone()));
            let mut passed_on = Vec::new();
            for (number, offer) in open.iter().enumerate() {
                let door = if number % 2 == 0 { Door::Api } else { Door::Letter };
                let no = if first_wave { SAYING_NO.contains(&number) } else { number == 0 && refused < REASONS.len() };
                if !no {
                    self.accept(offer, door).await?;
                    continue;
                }
                let reason = REASONS.get(refused).copied().unwrap_or_default();
                refused += 1;
                self.decline(offer, door, reason).await?;
                let offers: Vec<Offer> = self.office.list(&path).await?;
                let next = offers.into_iter().find(|offer| offer.state == "sent" && !known.contains(&offer.id));
                let next = next.ok_or_else(|| format!("the seat of {} was offered to nobody", offer.display_name))?;
                held(rank.contains_key(next.volunteer_id.as_str()), || "a stranger was asked".to_owned())?;
                self.teller.item("", 8, &format!("-> the seat is offered to {}", next.display_name));
                known.insert(next.id.clone());
                passed_on.push(next);
            }
            open = passed_on;
        }
        held(refused == REASONS.len(), || format!("{refused} said no"))?;
        self.teller.took("answers");
        Ok(())
    }

    async fn accept(&self, offer: &Offer, door: Door) -> Told<()> {
        let volunteer = self.volunteers.get(&offer.volunteer_id).ok_or("an offer to a stranger")?;
        let how = match door {
            Door::Api => {
                let path = format!("/v1/offers/{}/accept", offer.id);
                let Accepted { assignment } = volunteer.caller.post(&path, json!({})).await?;
                held(assignment.state == "confirmed", || format!("the seat is {}", assignment.state))?;
                "by API"
            }
            Door::Letter => {
                let link = offer_link(&self.mail, &volunteer.email)?;
                let page = self.anybody.look(&link).await?;
                held(page.contains("value=\"accept\""), || "the page has no button to accept".to_owned())?;
                self.anybody.submit(&link, &[("answer", "accept")]).await?;
                "by the letter's link"
            }
        };
        self.expect_state(offer, "accepted").await?;
        let yes = self.teller.ink(Ink::Good, "yes");
        self.teller.line(&format!("{yes}       {}, {how}", offer.display_name));
        Ok(())
    }

    async fn decline(&self, offer: &Offer, door: Door, reason: &str) -> Told<()> {
        let volunteer = self.volunteers.get(&offer.volunteer_id).ok_or("an offer to a stranger")?;
        match door {
            Door::Api => {
                let path = format!("/v1/offers/{}/decline", offer.id);
                let _: Offer = volunteer.caller.post(&path, json!({ "reason": reason })).await?;
            }
            Door::Letter => {
                let link = offer_link(&self.mail, &volunteer.email)?;
                self.anybody.submit(&link, &[("answer", "decline"), ("reason", reason)]).await?;
            }
        }
        self.expect_state(offer, "declined").await?;
        let no = self.teller.ink(Ink::Warn, "no");
        self.teller.line(&format!("{no}        {}: \"{reason}\"", offer.display_name));
        Ok(())
    }

    async fn expect_state(&self, offer: &Offer, state: &str) -> Told<()> {
        let now: Offer = self.office.get(&format!("/v1/offers/{}", offer.id)).await?;
        held(now.state == state, || format!("the offer to {} is {}, not {state}", offer.display_name, now.state))
    }

    /// The seats, counted.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn filled(&mut self, need: &Need) -> Told<Vec<Assignment>> {
        self.teller.step("The seats are filled");
        let need: Need = self.office.get(&format!("/v1/campus-requests/{}", need.id)).await?;
        let wanted = u32::from(self.programme.published.volunteers_needed);
        let Some(Role { name, max, filled, offered }) = need.roles.first() else { return Err("no role".into()) };
        held((*filled, *offered, *max) == (wanted, 0, wanted), || format!("{filled} of {max}, {offered} offered"))?;
        held(need.state == "fulfilled" && need.fill == "filled", || format!("it is {}, {}", need.state, need.fill))?;
        let path = format!("/v1/campus-requests/{}/assignments?state=confirmed&limit=100", need.id);
        let seats: Vec<Assignment> = self.office.list(&path).await?;
        let people: BTreeSet<&str> = seats.iter().map(|seat| seat.volunteer_id.as_str()).collect();
        held(people.len() == wanted as usize, || format!("{} people have a seat", people.len()))?;
        let waiting: Vec<Attention> =
            self.office.list(&format!("/v1/campuses/{}/attention?limit=100", self.campus)).await?;
        held(waiting.is_empty(), || {
            format!("this waits for the office: {:?}", waiting.iter().map(|item| &item.title).collect::<Vec<_>>())
        })?;
        let open = self.anybody.look(NEEDS_FEED).await?;
        held(!open.contains("BEGIN:VEVENT"), || "the need is filled and still in the feed of open needs".to_owned())?;
        let seated = self.teller.ink(Ink::Good, &format!("{filled} of {max}"));
        self.teller.line(&format!("{seated} \"{name}\"; the need is {}.", need.state));
        self.teller.tell("Nothing waits for the career office: its attention list is empty.");
        Ok(seats)
    }

    /// Letters and calendars, held against the seats.
    ///
    /// # Errors
    /// What did not come true.
    pub async fn proof(&mut self, need: &Need, seats: &[Assignment]) -> Told<Proof> {
        self.teller.step("Letters, each in the folder as a mail program would get it");
        let letters = self.letters_delivered().await?;
        let delivered = mailbox::letters(&self.mail)?;
        self.count_letters(&letters, &delivered)?;
        let mut confirmations = BTreeMap::new();
        for seat in seats {
            let volunteer = self.volunteers.get(&seat.volunteer_id).ok_or("a stranger has a seat")?;
            let invites: Vec<&Delivered> =
                delivered.iter().filter(|letter| letter.is_to(&volunteer.email) && letter.invite.is_some()).collect();
            let [letter] = invites.as_slice() else {
                return Err(format!("{} invites went to {}", invites.len(), volunteer.name).into());
            };
            held(letter.invited("UID") == Some(&seat.calendar_uid), || format!("{}: another entry", volunteer.name))?;
            held(letter.invited("METHOD").is_none() || letter.invited("STATUS") == Some("CONFIRMED"), || {
                format!("{}: the invite does not confirm", volunteer.name)
            })?;
            confirmations.insert(seat.volunteer_id.clone(), *letter);
        }
        let (shown, letter) = confirmations.first_key_value().ok_or("no confirmation")?;
        self.show_letter(letter);
        self.teller.took("letters");

        self.teller.step("Calendars show the same");
        let (event_feed, event) = self.public_feed(need).await?;
        let mut feeds = Vec::new();
        for seat in seats {
            feeds.push(self.private_feed(seat, &confirmations).await?);
        }
        self.teller.took("feeds");
        let owner = self.volunteers.get(shown).map_or("", |volunteer| volunteer.name.as_str()).to_owned();
        let feed = seats.iter().position(|seat| seat.volunteer_id == *shown).and_then(|at| feeds.into_iter().nth(at));
        let private_feed = feed.ok_or("no private calendar")?;
        self.teller.tell(&format!(
            "The public calendar holds the event, and each of the {} private calendars holds the entry of its owner's \
             letter: same UID, same time, same place.",
            seats.len()
        ));
        self.teller.item("event", 9, &format!("{} {}", value_of(&event, "DTSTART").unwrap_or("-"), event_feed));
        self.teller.item(
            "entry",
            9,
            &format!("{} {}", letter.invited("DTSTART").unwrap_or("-"), letter.invited("UID").unwrap_or("-")),
        );
        let email = self.volunteers.get(shown).map_or("", |volunteer| volunteer.email.as_str());
        Ok(Proof { offer_page: offer_link(&self.mail, email)?, private_feed, owner })
    }

    fn count_letters(&self, letters: &[Letter], delivered: &[Delivered]) -> Told<()> {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for letter in letters {
            *kinds.entry(letter.kind.as_str()).or_default() += 1;
            let id = format!("<{}>", letter.message_id.trim_matches(['<', '>']));
            held(delivered.iter().any(|file| file.header("message-id") == id), || {
                format!("{id} is not in the folder")
            })?;
        }
        let wanted = usize::from(self.programme.published.volunteers_needed);
        let offers = wanted + REASONS.len();
        held(kinds.get("offer") == Some(&offers), || format!("there should be {offers} offers: {kinds:?}"))?;
        held(kinds.get("confirmation") == Some(&wanted), || {
            format!("there should be {wanted} confirmations: {kinds:?}")
        })?;
        let counted: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {}", in_words(kind))).collect();
        self.teller.tell(&format!("{} letters: {}. One of them:", letters.len(), counted.join(", ")));
        Ok(())
    }

    fn show_letter(&self, letter: &Delivered) {
        let teller = &self.teller;
        let folder = letter.file.parent().unwrap_or(Path::new(".")).display();
        teller.line(&teller.ink(Ink::Faint, &format!("{folder}/")));
        teller.line(&teller.ink(Ink::Faint, &letter.file.file_name().unwrap_or_default().to_string_lossy()));
        teller.gap();
        let bar = teller.ink(Ink::Faint, "|");
        for name in ["To", "Subject"] {
            let value = shortened(letter.header(&name.to_lowercase()), 65);
            teller.line(&format!("{bar} {}: {value}", teller.ink(Ink::Bold, name)));
        }
        teller.line(&bar);
        let text = letter.text.lines().filter(|line| !line.trim().is_empty()).take(6);
        for line in text {
            teller.line(&format!("{bar} {}", shortened(line, 75)));
        }
        teller.line(&format!("{bar} ... and the invitation in it:"));
        for name in ["DTSTART", "DTEND", "SUMMARY", "STATUS", "SEQUENCE"] {
            let value = letter.invited(name).unwrap_or("-");
            teller.line(&format!("{bar}     {name}: {}", shortened(value, 60)));
        }
    }

    async fn public_feed(&self, need: &Need) -> Told<(String, Vec<String>)> {
        let id = need.event_id.as_deref().ok_or("the need has no event")?;
        let event: Event = self.anybody.get(&format!("/v1/events/{id}")).await?;
        held(event.state == "published", || format!("the event is {}", event.state))?;
        let path = format!("/feeds/campuses/{}/events.ics", self.campus);
        let lines = calendar_lines(&self.anybody.look(&path).await?);
        held(value_of(&lines, "UID") == Some(&event.calendar_uid), || "the event is not in the feed".to_owned())?;
        Ok((path, lines))
    }

    async fn private_feed(&self, seat: &Assignment, letters: &BTreeMap<String, &Delivered>) -> Told<String> {
        let volunteer = self.volunteers.get(&seat.volunteer_id).ok_or("a stranger has a seat")?;
        let path = format!("/v1/volunteers/{}/feed-token", seat.volunteer_id);
        let Feed { feed_url } = volunteer.caller.post(&path, Value::Object(serde_json::Map::new())).await?;
        let lines = calendar_lines(&self.anybody.look(&feed_url).await?);
        let letter = letters.get(&seat.volunteer_id).ok_or("a seat without a letter")?;
        for name in ["UID", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "SEQUENCE"] {
            held(value_of(&lines, name) == letter.invited(name), || {
                format!("{}: {name} is not the same in letter and calendar", volunteer.name)
            })?;
        }
        Ok(feed_url)
    }
}

/// What a kind of letter is, for several of them.
fn in_words(kind: &str) -> String {
    match kind {
        "confirmation" => "confirmations with an invitation".to_owned(),
        "offer" => "offers".to_owned(),
        "volunteer_approved" => "words of welcome to volunteers".to_owned(),
        "need_approved" => "approval to the students".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The link of the offer in the newest letter to this address that holds one.
fn offer_link(mail: &Path, email: &str) -> Told<String> {
    let letters = mailbox::letters(mail)?;
    let mut links = letters.iter().filter(|letter| letter.is_to(email)).filter_map(|letter| letter.link("http"));
    let link = links.rfind(|link| link.contains("/o/"));
    Ok(link.ok_or_else(|| format!("no letter to {email} holds an offer's link"))?.to_owned())
}
