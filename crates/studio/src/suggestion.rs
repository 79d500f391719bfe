//! What would mend a picture, as far as its verdict tells: something that a director can act on.

use bible::Slug;
use consistency::measure::Evidence;
use consistency::{Outcome, Reason, Region, Verdict};
use engine::picture::PartMap;
use serde::Serialize;

use crate::gate::all_colours_of;

/// Something that a director can act on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// What is to be done.
    pub action: Act,
    /// What: `hair of mio`.
    pub what: String,
    /// The parts that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartOf>,
    /// The file of the artifact whose index `index` is the mask to repaint within.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// Why, as a sentence.
    pub because: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Region>,
}

/// What can be done about a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A part is drawn anew within its mask.
    Repaint,
    /// An attribute is said more clearly.
    Stress,
    /// A person looks.
    Look,
}

impl Act {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Repaint => "repaint",
            Self::Stress => "stress",
            Self::Look => "look",
        }
    }
}

/// A part of a picture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PartOf {
    /// Whose: a character or prop; none for the set.
    pub owner: Option<Slug>,
    /// Which part.
    pub part: String,
}

impl PartOf {
    /// For people: `hair of mio`.
    #[must_use]
    pub fn words(&self) -> String {
        self.owner.as_ref().map_or_else(|| self.part.clone(), |owner| format!("{} of {owner}", self.part))
    }

    /// Its place in a part map; none when it is not in it.
    pub(crate) fn index(&self, map: &PartMap) -> Option<u8> {
        let place = map.parts.iter().position(|entry| entry.owner == self.owner && entry.part == self.part)?;
        u8::try_from(place).ok()
    }
}

/// A part's pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mask {
    /// The picture of indices.
    pub file: String,
    /// The value of the part's pixels in it.
    pub index: u8,
}

/// What would mend a picture: every part that is off can be repainted inside of its mask in the picture of indices `file`,
/// what is missing stressed.
pub(crate) fn suggestions(verdict: &Verdict, map: Option<&PartMap>, file: &str) -> Vec<Suggestion> {
    let mut suggestions = Vec::new();
    for colours in all_colours_of(verdict) {
        // What was only segmented is for a person to look at: nobody knows its pixels for sure.
        let (action, sign) = if colours.cut_out.is_by_masks() { (Act::Repaint, "") } else { (Act::Look, "; segmented, not masked") };
        for part in colours.parts.iter().filter(|part| part.difference > part.tolerance) {
            let named = PartOf { owner: part.owner.clone(), part: part.part.clone() };
            suggestions.push(Suggestion {
                action,
                what: named.words(),
                because: format!(
                    "{} where the bible has {} (ΔE {:.1}, {:.1} allowed{sign})",
                    part.found, part.expected, part.difference, part.tolerance
                ),
                mask: map.and_then(|map| named.index(map)).map(|index| Mask { file: file.to_owned(), index }),
                parts: vec![named],
                at: Some(part.at),
            });
        }
    }
    let attributes = verdict.measurements.iter().find_map(|measurement| match &measurement.outcome {
        Outcome::Measured { evidence: Evidence::Attributes(attributes), .. } => Some(attributes),
        _ => None,
    });
    // What was not measured mends nothing, and is told by itself.
    let is_told = |reason: &&Reason| reason.code == "colour-off" || reason.is_not_measured();
    for reason in verdict.reasons.iter().filter(|reason| reason.leads_to.is_some() && !is_told(reason)) {
        let named = attributes.filter(|_| reason.measure == "attributes").map(|attributes| attributes.parts_behind(&reason.message));
        let named = named.unwrap_or_default().into_iter().map(|(owner, part)| PartOf { owner: Some(owner), part });
        suggestions.push(Suggestion {
            action: if reason.measure == "attributes" { Act::Stress } else { Act::Look },
            what: reason.code.replace('-', " "),
            parts: named.collect(),
            mask: None,
            because: reason.message.clone(),
            at: reason.at,
        });
    }
    suggestions
}
