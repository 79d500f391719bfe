//! Attributes: eye colours, hair length, outfit parts and accessories, how many people and who is who.
//!
//! *Where* each thing should be comes from the layout's part map, or the picture's own; *whether it is there* is asked
//! of the pixels. What a map cannot show (a sixth person that nobody ordered, a hat that the layout lacks) is not
//! measured here, and the evidence says which parts it is silent about.

mod cast;
mod eyes;
mod hair;

use bible::Slug;
use engine::picture::{PartEntry, PartMap};
use serde::{Deserialize, Serialize};

pub use cast::CastEvidence;
pub use eyes::{EyeState, EyesEvidence};
pub use hair::{HairEvidence, HairLength};

use crate::census::{self, PartColours};
use crate::colour::{ColourModel, Target, UnmeasuredPart, fits};
use crate::measure::{Evidence, Finding, Measure, Outcome, Region, Role, Severity, Subject};
use crate::score::Score;
use crate::structure;

/// How much further than the colour model's tolerance a colour may be off and still be that part's: a part in the
/// wrong shade is the colour model's business, a part that is not there is ours.
const SLACK: f64 = 2.0;
/// From this share of a part's pixels in its own colours on, the part is there.
const PRESENT: f64 = 0.5;
/// Below this share it is not.
const ABSENT: f64 = 0.2;

/// Measures whether the characters have what the bible gives them.
///
/// The score is the worst attribute's: 1 for what is there, 0 for what is missing or swapped, between them for parts of
/// which between a fifth and a half has its colours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Attributes {
    /// Tolerances and the least size of a part.
    pub colours: ColourModel,
}

/// What the characters have and lack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeEvidence {
    /// Parts that should be seen, the least present first.
    pub parts: Vec<PartPresence>,
    /// Parts that should be seen and could not be measured, each with the reason.
    pub unmeasured: Vec<UnmeasuredPart>,
    /// Eyes, by character.
    pub eyes: Vec<EyesEvidence>,
    /// Hair, by character.
    pub hair: Vec<HairEvidence>,
    /// How many people, and who is who.
    pub cast: CastEvidence,
}

impl AttributeEvidence {
    /// The parts, each with whose it is, that a finding of these figures is about, by its message; none where it is about
    /// people as a whole.
    #[must_use]
    pub fn parts_behind(&self, message: &str) -> Vec<(Slug, String)> {
        let says = |finding: Option<Finding>| finding.is_some_and(|finding| finding.message == message);
        let parts = self.parts.iter().filter(|part| says(part.finding())).map(|part| (part.owner.clone(), part.part.clone()));
        let eyes = self.eyes.iter().filter(|eyes| says(eyes.finding()));
        let eyes = eyes.flat_map(|eyes| ["iris.left", "iris.right"].map(|part| (eyes.owner.clone(), part.to_owned())));
        let hair = self.hair.iter().filter(|hair| says(hair.finding())).map(|hair| (hair.owner.clone(), "hair".to_owned()));
        parts.chain(eyes).chain(hair).collect()
    }
}

/// Whether a part is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartPresence {
    /// Whose.
    pub owner: Slug,
    /// Which part.
    pub part: String,
    /// Pixels looked at.
    pub pixels: u32,
    /// Share of them in one of the part's colours, 0 to 1.
    pub share: f64,
    /// Where.
    pub at: Region,
}

/// One part of the map with its colours and what they should be.
pub(crate) struct Place<'a> {
    pub(crate) index: usize,
    pub(crate) owner: &'a Slug,
    pub(crate) entry: &'a PartEntry,
    pub(crate) target: Target,
    pub(crate) colours: &'a PartColours,
}

impl Place<'_> {
    /// Share of the pixels within tolerance, with slack, of any of the target's tones.
    fn share_of(&self, target: &Target) -> f64 {
        let near = |cell: &&census::Cell| target.nearest(cell.mean()).2 <= target.tolerance * SLACK;
        let count: u32 = self.colours.cells.iter().filter(near).map(|cell| cell.count).sum();
        f64::from(count) / f64::from(self.colours.pixels.max(1))
    }

    /// Mean difference (CIEDE2000) of the pixels to the nearest tone of a target.
    fn mean_difference(&self, target: &Target) -> f64 {
        let sum: f64 = self.colours.cells.iter().map(|cell| f64::from(cell.count) * target.nearest(cell.mean()).2).sum();
        sum / f64::from(self.colours.pixels.max(1))
    }
}

impl PartPresence {
    fn score(&self) -> Score {
        Score::new(((self.share - ABSENT) / (PRESENT - ABSENT)).clamp(0.0, 1.0)).unwrap_or(Score::NONE)
    }

    fn finding(&self) -> Option<Finding> {
        (self.share < PRESENT).then(|| {
            let how = if self.share <= ABSENT { "is missing" } else { "is only partly there" };
            let message = format!("{} of {} {how}: {:.0} % of its place has its colours", self.part, self.owner, self.share * 100.0);
            Finding { severity: Severity::Note, code: "part-missing".to_owned(), message, at: Some(self.at) }
        })
    }
}

impl Measure for Attributes {
    fn name(&self) -> &'static str {
        "attributes"
    }

    fn version(&self) -> u32 {
        1
    }

    fn role(&self) -> Role {
        Role::Consistency
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        let Some(map) = subject.layout.map(|layout| layout.parts).or(subject.parts) else {
            return Outcome::NotMeasured { reason: "there is no part map, so nobody knows where to look for what".to_owned() };
        };
        if let Err(reason) = fits(subject, map) {
            return Outcome::NotMeasured { reason };
        }
        let census = census::count(subject.image, map, self.colours.least_pixels);
        let (places, unmeasured) = self.places(map, subject, &census);
        if places.is_empty() {
            let reason = "no part of a character that has colours in the bible is large enough to be seen".to_owned();
            return match unmeasured.is_empty() {
                true => Outcome::NotApplicable { reason },
                false => Outcome::NotMeasured { reason },
            };
        }
        let mut parts: Vec<PartPresence> = places
            .iter()
            .map(|place| PartPresence {
                owner: place.owner.clone(),
                part: place.entry.part.clone(),
                pixels: place.colours.pixels,
                share: place.share_of(&place.target),
                at: place.colours.region(),
            })
            .collect();
        parts.sort_by(|one, other| {
            one.share.total_cmp(&other.share).then_with(|| (&one.owner, &one.part).cmp(&(&other.owner, &other.part)))
        });
        let people = people(subject, map);
        let eyes = eyes::of(&places);
        let hair = subject.layout.map(|layout| hair::of(subject, &layout, &places)).unwrap_or_default();
        let cast = cast::of(&places, &people, &parts);
        let scores = parts
            .iter()
            .map(PartPresence::score)
            .chain(eyes.iter().map(EyesEvidence::score))
            .chain(hair.iter().filter_map(HairEvidence::score))
            .chain([cast.score()]);
        let score = scores.fold(Score::FULL, Score::min);
        let findings = (cast.findings().into_iter())
            .chain(eyes.iter().filter_map(EyesEvidence::finding))
            .chain(parts.iter().filter_map(PartPresence::finding))
            .chain(hair.iter().filter_map(HairEvidence::finding))
            .collect();
        Outcome::Measured { score, findings, evidence: Evidence::Attributes(AttributeEvidence { parts, unmeasured, eyes, hair, cast }) }
    }
}

impl Attributes {
    /// The parts of characters and props that are large enough, and those that are not.
    fn places<'a>(&self, map: &'a PartMap, subject: &Subject<'_>, census: &'a [PartColours]) -> (Vec<Place<'a>>, Vec<UnmeasuredPart>) {
        let (mut places, mut unmeasured) = (Vec::new(), Vec::new());
        let targets = self.colours.targets(&map.parts, subject.expected);
        for (index, ((entry, target), colours)) in map.parts.iter().zip(targets).zip(census).enumerate() {
            let (Some(owner), Some(target)) = (&entry.owner, target) else { continue };
            if colours.seen == 0 {
                continue;
            }
            let reason = match target {
                Ok(target) if colours.pixels >= self.colours.least_pixels => {
                    places.push(Place { index, owner, entry, target, colours });
                    continue;
                }
                Ok(_) => format!("it is too small: {} pixels inside its border, {} needed", colours.pixels, self.colours.least_pixels),
                Err(reason) => reason,
            };
            unmeasured.push(UnmeasuredPart { owner: Some(owner.clone()), part: entry.part.clone(), reason });
        }
        (places, unmeasured)
    }
}

/// Who is a person or animal rather than a thing: those with a skeleton, or with skin, hair or eyes.
fn people(subject: &Subject<'_>, map: &PartMap) -> Vec<Slug> {
    if let Some(layout) = subject.layout.filter(|layout| !layout.skeletons.is_empty()) {
        return structure::owners(&layout);
    }
    let bodily =
        |part: &str| ["skin", "hair", "iris", "fur", "coat"].iter().any(|name| part == *name || part.starts_with(&format!("{name}.")));
    let mut people: Vec<Slug> = map.parts.iter().filter(|entry| bodily(&entry.part)).filter_map(|entry| entry.owner.clone()).collect();
    people.sort();
    people.dedup();
    people
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Layout;
    use crate::testing::Face;
    use bible::Colour;

    fn measured(face: &Face) -> (Score, Vec<Finding>, AttributeEvidence) {
        let (layout, map) = Face::default().draw(640, 360);
        let (image, _) = face.draw(640, 360);
        let layout = Layout { image: &layout, parts: &map, skeletons: &[] };
        match Attributes::default().measure(&Subject { layout: Some(layout), ..Subject::new(&image) }) {
            Outcome::Measured { score, findings, evidence: Evidence::Attributes(evidence) } => (score, findings, evidence),
            other => panic!("{other:?}"),
        }
    }

    fn codes(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.code.as_str()).collect()
    }

    #[test]
    fn a_right_face_has_everything() {
        let (score, findings, evidence) = measured(&Face::default());
        assert_eq!((score, findings), (Score::FULL, Vec::new()));
        assert_eq!((evidence.cast.expected, evidence.cast.found), (1, 1));
    }

    #[test]
    fn swapped_eyes_are_called_that() {
        let right = Face::default();
        let (score, findings, evidence) = measured(&Face { left: right.right, right: right.left, ..right });
        assert_eq!((score, findings[0].code.as_str()), (Score::NONE, "eyes-swapped"));
        assert_eq!(evidence.eyes[0].state, EyeState::Swapped);
    }

    #[test]
    fn one_wrong_eye_is_not_a_swap() {
        let (score, findings, _) = measured(&Face { left: Colour::new(0x20, 0xa0, 0x30), ..Face::default() });
        assert!(score < Score::AT_TOLERANCE && findings[0].code == "eye-colour", "{findings:?}");
    }

    #[test]
    fn a_part_in_other_colours_is_missing() {
        let (_, findings, evidence) = measured(&Face { hair: Colour::new(0xe0, 0x30, 0x30), ..Face::default() });
        assert!(codes(&findings).contains(&"part-missing"), "{findings:?}");
        assert_eq!((evidence.parts[0].part.as_str(), evidence.parts[0].share), ("hair", 0.0));
    }

    #[test]
    fn the_same_picture_gives_the_same_evidence() {
        let json = || serde_json::to_string(&measured(&Face { left: Colour::new(0x20, 0xa0, 0x30), ..Face::default() }).2).unwrap();
        assert_eq!(json(), json());
    }
}
