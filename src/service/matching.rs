//! Who fits which need: the facts are gathered here, the domain is asked, nothing is changed.
//!
//! A volunteer is seen by one campus with what is held and asked at all of them, since nobody is in two places at once;
//! what another campus is about stays that campus's business. Absent on purpose: the rules and the scores, which are
//! `domain::matching`'s, and sending anything.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::TimeDelta;

use super::access::{self, Actor};
use super::app::Tx;
use super::error::ServiceError;
use crate::domain::ids::{AccountId, CampusId, CampusRequestId, VolunteerId};
use crate::domain::matching::campus_request::CampusRequest;
use crate::domain::matching::eligibility::{
    Commitment, Exclusion, Failed, Past, Prospect, Terrain, check, is_eligible,
};
use crate::domain::matching::score::{Score, fit, score};
use crate::domain::matching::waves::Answers;
use crate::domain::people::access::Action;
use crate::domain::people::campus::Campus;
use crate::domain::people::volunteer::Standing;
use crate::domain::time::Window;
use crate::store::db::StoreError;
use crate::store::engagements::{self, Whose};
use crate::store::volunteers::VolunteerRow;
use crate::store::{campus_requests, campus_volunteers, campuses, exclusions, volunteers};

/// How far from a need its week and month reach, at the most.
const NEAR: TimeDelta = TimeDelta::days(40);

/// Answers older than this say nothing any more.
const REMEMBERED: TimeDelta = TimeDelta::days(365);
/// So long after they made their profile volunteers count as newcomers.
const SETTLING: TimeDelta = TimeDelta::days(30);

/// A volunteer as one campus sees it, and whose profile it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What rules and scores ask.
    pub prospect: Prospect,
    /// The account.
    pub account: AccountId,
    /// What they answered when they were asked before; known where [`Counts::HeldAndAsked`] was asked for.
    pub answers: Answers,
}

/// What counts as taking a volunteer's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The seats they hold: for a person's own choice, and for a coordinator who asks one person.
    Held,
    /// Those that they are being asked for too: for plans and waves, which ask nobody for two things at one time.
    HeldAndAsked,
}

/// The campus of a need that was found; the two go together.
///
/// # Errors
/// The database's.
pub fn campus_of(tx: &mut Tx<'_>, id: CampusId) -> Result<Campus, ServiceError> {
    let campus = campuses::find(tx.conn, id)?;
    campus.ok_or_else(|| StoreError::Corrupt(format!("there is no campus {id}")).into())
}

/// The campus on the map.
#[must_use]
pub fn terrain(campus: &Campus) -> Terrain {
    Terrain { campus: campus.settings.position, ..Terrain::default() }
}

/// The volunteers as `campus` sees them, with all that bears on these needs.
///
/// # Errors
/// The database's.
pub fn people(
    tx: &mut Tx<'_>,
    campus: CampusId,
    whose: Whose<'_>,
    needs: &[&CampusRequest],
    counts: Counts,
) -> Result<Vec<Seen>, ServiceError> {
    let Some(span) = span(needs) else { return Ok(Vec::new()) };
    let rows = profiles(tx, campus, whose)?;
    let mut commitments: HashMap<VolunteerId, Vec<Commitment>> = HashMap::new();
    let held = engagements::list_held(tx.conn, whose, span)?;
    let (asked, answers) = match counts {
        Counts::Held => (Vec::new(), HashMap::new()),
        Counts::HeldAndAsked => (
            engagements::list_asked(tx.conn, whose, span, tx.now)?,
            engagements::list_answers(tx.conn, whose, tx.now.plus(-REMEMBERED), tx.now)?,
        ),
    };
    for row in held.into_iter().chain(asked) {
        let title = (row.campus == campus).then_some(row.title);
        let commitment = Commitment { need: row.need, title, window: row.window, venue: row.venue };
        commitments.entry(row.volunteer).or_default().push(commitment);
    }
    let ids: Vec<CampusRequestId> = needs.iter().map(|need| need.id).collect();
    let mut past: HashMap<VolunteerId, Vec<(CampusRequestId, Past)>> = HashMap::new();
    for (volunteer, need, what) in engagements::list_past(tx.conn, &ids, tx.now)? {
        past.entry(volunteer).or_default().push((need, what));
    }
    let mut kept_away: HashMap<VolunteerId, Vec<Exclusion>> = HashMap::new();
    for row in exclusions::list_all(tx.conn, campus)? {
        let exclusion = Exclusion { need: row.campus_request_id, reason: row.reason };
        kept_away.entry(row.volunteer_id).or_default().push(exclusion);
    }
    let seen = rows.into_iter().map(|(row, standing)| {
        let id = row.id();
        let mut prospect = Prospect {
            volunteer: row.volunteer,
            standing,
            commitments: commitments.remove(&id).unwrap_or_default(),
            past: past.remove(&id).unwrap_or_default(),
            exclusions: kept_away.remove(&id).unwrap_or_default(),
            newcomer: tx.now < row.created_at.plus(SETTLING),
        };
        prospect.commitments.sort_by_key(|held| (held.window.start(), held.need));
        prospect.past.sort_unstable();
        Seen { prospect, account: row.account_id, answers: answers.get(&id).copied().unwrap_or_default() }
    });
    Ok(seen.collect())
}

fn profiles(
    tx: &mut Tx<'_>,
    campus: CampusId,
    whose: Whose<'_>,
) -> Result<Vec<(VolunteerRow, Option<Standing>)>, ServiceError> {
    let mut rows = Vec::new();
    match whose {
        Whose::Campus(id) => {
            let all = volunteers::list_of_campus(tx.conn, id)?;
            rows.extend(all.into_iter().map(|(row, standing)| (row, Some(standing))));
        }
        Whose::People(ids) => {
            for &id in ids {
                let Some(row) = volunteers::find(tx.conn, id)? else { continue };
                let standing = campus_volunteers::find(tx.conn, campus, id)?;
                rows.push((row, standing.map(|listed| listed.row.state)));
            }
        }
    }
    Ok(rows)
}

fn span(needs: &[&CampusRequest]) -> Option<Window> {
    let windows = || needs.iter().map(|need| need.when.window());
    let (start, end) = (windows().map(Window::start).min()?, windows().map(Window::end).max()?);
    Window::new(start.plus(-NEAR), end.plus(NEAR)).ok()
}

/// A volunteer, seen from a need.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Where the volunteer stands in the list.
    pub rank: Rank,
    /// The name that others see.
    pub display_name: String,
    /// How well the two fit, or every rule in the way.
    pub fits: Result<Score, Vec<Failed>>,
}

/// The order of candidates: the eligible first, the best score first, then by the age of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    refused: bool,
    /// The points that are missing from the best score there is.
    missing: u16,
    /// Who.
    pub volunteer: VolunteerId,
}

impl Rank {
    /// The best score there is.
    const BEST: u16 = 1000;

    fn of(need: &CampusRequest, who: &Prospect, terrain: &Terrain) -> Self {
        let refused = !is_eligible(need, who, terrain);
        let missing = if refused { 0 } else { Self::BEST.saturating_sub(fit(need, who, terrain)) };
        Self { refused, missing, volunteer: who.volunteer.id() }
    }
}

impl std::fmt::Display for Rank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", u8::from(self.refused), self.missing, self.volunteer)
    }
}

/// A text that is no rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARank;

impl FromStr for Rank {
    type Err = NotARank;

    fn from_str(text: &str) -> Result<Self, NotARank> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(NotARank);
        let (refused, missing, volunteer) = (next()? == "1", next()?, next()?);
        let missing = missing.parse().map_err(|_| NotARank)?;
        Ok(Self { refused, missing, volunteer: volunteer.parse().map_err(|_| NotARank)? })
    }
}

/// The candidates of a need in their order, after the given one; at most `limit`, only the eligible or only the others
/// where that is asked for.
///
/// # Errors
/// `not_found` and `forbidden` as for all that staffs; the database's.
pub fn candidates(
    tx: &mut Tx<'_>,
    actor: &Actor,
    need: CampusRequestId,
    eligible: Option<bool>,
    after: Option<Rank>,
    limit: i64,
) -> Result<Vec<Candidate>, ServiceError> {
    let need = campus_requests::find(tx.conn, need)?.ok_or(ServiceError::NotFound)?;
    access::require(tx, actor, need.campus_id, Action::Staff)?;
    let campus = campus_of(tx, need.campus_id)?;
    let terrain = terrain(&campus);
    let people = people(tx, campus.id, Whose::Campus(campus.id), &[&need.need], Counts::Held)?;
    let mut ranked: Vec<(Rank, &Prospect)> =
        people.iter().map(|seen| (Rank::of(&need, &seen.prospect, &terrain), &seen.prospect)).collect();
    ranked.retain(|(rank, _)| eligible.is_none_or(|wanted| wanted != rank.refused) && after.is_none_or(|a| *rank > a));
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(usize::try_from(limit).unwrap_or_default());
    let candidates = ranked.into_iter().map(|(rank, who)| Candidate {
        rank,
        display_name: who.volunteer.display_name.clone(),
        fits: if rank.refused { Err(check(&need, who, &terrain)) } else { Ok(score(&need, who, &terrain)) },
    });
    Ok(candidates.collect())
}

/// The eligible among `people` for `need`, the best first.
#[must_use]
pub fn ranked<'a>(need: &CampusRequest, people: &'a [Seen], terrain: &Terrain) -> Vec<&'a Seen> {
    let mut ranked: Vec<(Rank, &Seen)> =
        people.iter().map(|seen| (Rank::of(need, &seen.prospect, terrain), seen)).collect();
    ranked.retain(|(rank, _)| !rank.refused);
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, seen)| seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_ordered_and_read_as_written() {
        let (old, young) = (VolunteerId::mint(), VolunteerId::mint());
        let rank = |refused, missing, volunteer| Rank { refused, missing, volunteer };
        let order = [
            rank(false, 10, young),
            rank(false, 20, old),
            rank(false, 20, young),
            rank(true, 0, old),
            rank(true, 0, young),
        ];
        assert!(order.is_sorted());
        for rank in order {
            assert_eq!(rank.to_string().parse(), Ok(rank));
        }
        for wrong in ["", "0", "0.1", "0.x.y", "0.1.1-2"] {
            assert_eq!(wrong.parse::<Rank>(), Err(NotARank), "{wrong}");
        }
    }
}
