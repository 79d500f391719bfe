//! Agreement: whether two pictures of a character have the same colours, whatever the bible asks for.

use bible::Slug;
use serde::{Deserialize, Serialize};

use crate::colour::{ColourEvidence, PartColour};
use crate::light::{difference, lab};
use crate::score::Score;

/// How far two pictures of a character agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The score of the part that agrees least.
    pub score: Score,
    /// Parts that both show in the same tone.
    pub parts: u32,
    /// The part that agrees least, and how much it differs (CIEDE2000).
    pub least: (String, f64),
}

/// Compares the colours that were found in two pictures, part by part, each by its own tolerance. A part is compared
/// when both pictures show it and its most frequent colour is of the same tone in both: shadow against light says
/// nothing. `None` when no part can be compared.
#[must_use]
pub fn agreement(one: &ColourEvidence, other: &ColourEvidence, owner: &Slug) -> Option<Agreement> {
    let own = |part: &&PartColour| part.owner.as_ref() == Some(owner);
    let mut least: Option<(Score, &str, f64)> = None;
    let mut parts = 0;
    for part in one.parts.iter().filter(own) {
        let same = |known: &&PartColour| known.part == part.part && known.tone == part.tone;
        let Some(beside) = other.parts.iter().filter(own).find(same) else { continue };
        let [mine, theirs] = [part.found, beside.found].map(|colour| lab(colour.channels().map(f64::from)));
        let apart = difference(mine, theirs);
        let score = Score::of_difference(apart, part.tolerance.max(beside.tolerance));
        parts += 1;
        if least.is_none_or(|(lowest, ..)| score < lowest) {
            least = Some((score, &part.part, apart));
        }
    }
    least.map(|(score, part, apart)| Agreement { score, parts, least: (part.to_owned(), apart) })
}

#[cfg(test)]
mod tests {
    use bible::Colour;

    use super::*;
    use crate::colour::{CutOut, Tone};
    use crate::measure::Region;

    fn evidence(parts: &[(&str, Colour, Tone)]) -> ColourEvidence {
        let part = |(name, found, tone): &(&str, Colour, Tone)| PartColour {
            owner: "mei".parse().ok(),
            part: (*name).to_owned(),
            pixels: 100,
            difference: 0.0,
            median: 0.0,
            within: 1.0,
            tolerance: 6.0,
            score: Score::FULL,
            tone: *tone,
            expected: *found,
            found: *found,
            found_difference: 0.0,
            at: Region { left: 0, top: 0, width: 1, height: 1, centre: [0, 0] },
            as_a_whole: false,
        };
        ColourEvidence { parts: parts.iter().map(part).collect(), unmeasured: Vec::new(), mean: Score::FULL, cut_out: CutOut::Masks }
    }

    #[test]
    fn the_part_that_differs_most_decides() {
        let (red, green) = (Colour::new(200, 30, 40), Colour::new(30, 160, 60));
        let one = evidence(&[("hair", red, Tone::Base), ("skin", green, Tone::Base)]);
        let other = evidence(&[("hair", green, Tone::Base), ("skin", green, Tone::Base)]);
        let mei = "mei".parse().unwrap();
        let same = agreement(&one, &one, &mei).unwrap();
        assert_eq!((same.score, same.parts), (Score::FULL, 2));
        let apart = agreement(&one, &other, &mei).unwrap();
        assert!(apart.score.value() < 0.1 && apart.least.0 == "hair", "{apart:?}");
    }

    #[test]
    fn shadow_is_not_compared_with_light() {
        let grey = Colour::new(90, 90, 90);
        let (lit, shaded) = (evidence(&[("hair", grey, Tone::Base)]), evidence(&[("hair", grey, Tone::Shadow)]));
        assert_eq!(agreement(&lit, &shaded, &"mei".parse().unwrap()), None);
        assert_eq!(agreement(&lit, &lit, &"somebody".parse().unwrap()), None, "it is not their hair");
    }
}
