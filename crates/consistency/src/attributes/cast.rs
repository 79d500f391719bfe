//! How many of the people that should be there are, and who is who.

use bible::Slug;
use serde::{Deserialize, Serialize};

use super::{ABSENT, PartPresence, Place};
use crate::assignment::assignment;
use crate::measure::{Finding, Severity};
use crate::score::Score;

/// The most people that are told apart: the assignment is exact, and its cost doubles with each.
const MOST: usize = 12;
/// By how much (mean CIEDE2000 over the parts that people have in common) another assignment must fit better.
const CLEARLY: f64 = 3.0;

/// The people of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CastEvidence {
    /// How many should be seen.
    pub expected: u32,
    /// How many of them are there: most of the area of their parts has its colours. People that nobody ordered have no
    /// place in a layout and are not counted.
    pub found: u32,
    /// Who is not there.
    pub missing: Vec<Slug>,
    /// In whose place somebody else is seen, and who: the assignment of colours to places that fits best.
    pub exchanged: Vec<(Slug, Slug)>,
    /// Mean difference (CIEDE2000) of places and people as ordered, over the parts that all of them have; none when
    /// they cannot be told apart.
    pub as_ordered: Option<f64>,
    /// The same with the best assignment.
    pub best: Option<f64>,
}

/// Who of `people` is where.
pub(super) fn of(places: &[Place<'_>], people: &[Slug], parts: &[PartPresence]) -> CastEvidence {
    let seen: Vec<&Slug> = people.iter().filter(|who| places.iter().any(|place| place.owner == *who)).collect();
    let presence = |who: &Slug| {
        let own = || parts.iter().filter(|part| part.owner == *who);
        let area: f64 = own().map(|part| f64::from(part.pixels)).sum();
        own().map(|part| part.share * f64::from(part.pixels)).sum::<f64>() / area.max(1.0)
    };
    let missing: Vec<Slug> = seen.iter().filter(|who| presence(who) <= ABSENT).map(|who| (*who).clone()).collect();
    let mut cast = CastEvidence {
        expected: seen.len() as u32,
        found: (seen.len() - missing.len()) as u32,
        missing,
        exchanged: Vec::new(),
        as_ordered: None,
        best: None,
    };
    if (2..=MOST).contains(&seen.len())
        && let Some(costs) = costs(places, &seen)
    {
        let (best, order) = assignment(&costs);
        let count = seen.len() as f64;
        let as_ordered = (0..seen.len()).map(|place| costs[place][place]).sum::<f64>() / count;
        let best = best / count;
        if as_ordered - best >= CLEARLY {
            cast.exchanged = order
                .iter()
                .enumerate()
                .filter(|(place, who)| place != *who)
                .map(|(place, who)| (seen[place].clone(), seen[*who].clone()))
                .collect();
            // Somebody who stands in another's place is not missing.
            cast.missing.retain(|who| !cast.exchanged.iter().any(|(_, other)| other == who));
            cast.found = cast.expected - cast.missing.len() as u32;
        }
        (cast.as_ordered, cast.best) = (Some(as_ordered), Some(best));
    }
    cast
}

/// How badly each person's colours fit each place; none when they have no part in common.
fn costs(places: &[Place<'_>], people: &[&Slug]) -> Option<Vec<Vec<f64>>> {
    let of = |who: &Slug, part: &str| places.iter().find(|place| place.owner == who && place.entry.part == part);
    let mut common: Vec<&str> = places.iter().filter(|place| place.owner == people[0]).map(|place| place.entry.part.as_str()).collect();
    common.retain(|part| people.iter().all(|who| of(who, part).is_some()));
    if common.is_empty() {
        return None;
    }
    let cost = |place: &Slug, who: &Slug| {
        let differences = common.iter().filter_map(|part| Some(of(place, part)?.mean_difference(&of(who, part)?.target)));
        // One part that is far off must not outweigh all others.
        differences.map(|difference| difference.min(30.0)).sum::<f64>() / common.len() as f64
    };
    Some(people.iter().map(|place| people.iter().map(|who| cost(place, who)).collect()).collect())
}

impl CastEvidence {
    pub(super) fn score(&self) -> Score {
        if self.missing.is_empty() && self.exchanged.is_empty() { Score::FULL } else { Score::NONE }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |code: &str, message| Finding { severity: Severity::Note, code: code.to_owned(), message, at: None };
        let missing = self.missing.iter().map(|who| {
            finding("person-missing", format!("{who} is not there: {:.0} % or less of the place has the right colours", ABSENT * 100.0))
        });
        let exchanged =
            self.exchanged.iter().map(|(place, who)| finding("people-exchanged", format!("where {place} should be, {who} is seen")));
        missing.chain(exchanged).collect()
    }
}
