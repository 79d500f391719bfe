//! What a character sheet is, and its signature.

use std::fmt;

use bible::{Digest, Slug, StoryTime};
use consistency::{Score, Status};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which sheet: a character in a look, since a change of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    /// Whose.
    pub character: Slug,
    /// In which look.
    pub look: Slug,
    /// Since which change of their arc; none before the first.
    pub since: Option<StoryTime>,
}

impl fmt::Display for SheetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.character, self.look)?;
        self.since.map_or(Ok(()), |since| write!(f, "@{since}"))
    }
}

/// What a signature is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedForm {
    /// Name, places, recipes, pixels and measures: sheets that were signed before the canonical set was.
    #[default]
    Pictures,
    /// These, and which pictures are the canonical set.
    PicturesAndCanonical,
}

/// A sheet with all that was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CharacterSheet {
    /// Which.
    #[serde(flatten)]
    pub name: SheetName,
    /// What its signature is over.
    #[serde(default)]
    pub form: SignedForm,
    /// Its pictures, in the order of the sheet.
    pub slots: Vec<SlotPicture>,
    /// Places of the sheet that have no picture.
    pub missing: Vec<Slug>,
    /// Every two pictures against each other.
    pub pairs: Vec<SlotPair>,
    /// The pictures that stand for the character: accepted, no copies of each other, and in agreement two by two.
    pub canonical: Vec<Slug>,
    /// Whether the pictures show the same person, beyond their colours.
    pub identity: Finding,
    /// The measures with their versions: `colour-model@1`.
    pub measures: Vec<String>,
    /// BLAKE3 over the canonical JSON of name, places, recipes, pixels, measures and the canonical set.
    pub digest: Digest,
}

/// A picture of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotPicture {
    /// Its place: `front`, `happy`…
    pub slot: Slug,
    /// The artifact.
    pub artifact: Uuid,
    /// Its recipe.
    pub recipe: Digest,
    /// The file, by its bytes.
    pub file: Digest,
    /// BLAKE3 over width and height (32 bits each, little-endian) and the decoded RGBA.
    pub pixels: Digest,
    /// What stands: the gate's word, or a person's above it.
    pub status: Status,
    /// The lowest score of its measures; none when nothing was measured.
    pub score: Option<Score>,
    /// Its own checks.
    pub checks: Vec<Check>,
}

/// One check of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `verdict`, `pose`, `expression` or `copy`.
    pub check: String,
    /// What came of it.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Finding {
    /// Measured, and as it should be.
    Passed(String),
    /// Measured, and not as it should be.
    Failed(String),
    /// True because of how the picture was made; nothing was measured.
    ByConstruction(String),
    /// Nobody knows.
    NotMeasured(String),
}

impl Finding {
    /// The word on the wire.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "failed",
            Self::ByConstruction(_) => "by_construction",
            Self::NotMeasured(_) => "not_measured",
        }
    }

    /// The sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Passed(detail) | Self::Failed(detail) | Self::ByConstruction(detail) | Self::NotMeasured(detail) => detail,
        }
    }
}

/// Two pictures of a sheet against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotPair {
    /// The one.
    pub one: Slug,
    /// The other.
    pub other: Slug,
    /// How far their colours agree; none when no part is seen in both.
    pub score: Option<Score>,
    /// Parts compared.
    pub parts: u32,
    /// The part that agrees least, with its difference (CIEDE2000).
    pub least: Option<(String, f64)>,
    /// Whether one is a copy of the other.
    pub copy: bool,
}

#[derive(Serialize)]
struct Signed<'a> {
    name: &'a SheetName,
    slots: Vec<(&'a Slug, Digest, Digest)>,
    measures: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<&'a [Slug]>,
}

/// The signature of a sheet.
///
/// # Errors
/// Never: all of it has a JSON form.
pub(super) fn sign(
    form: SignedForm,
    name: &SheetName,
    slots: &[SlotPicture],
    measures: &[String],
    canonical: &[Slug],
) -> Result<Digest, serde_json::Error> {
    let slots = slots.iter().map(|picture| (&picture.slot, picture.recipe, picture.pixels)).collect();
    let canonical = (form == SignedForm::PicturesAndCanonical).then_some(canonical);
    Digest::of_json(&Signed { name, slots, measures, canonical })
}

impl CharacterSheet {
    /// Whether every place has a picture, and all of them are canonical.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.canonical.len() == self.slots.len()
    }

    /// Whether the signature is right for this sheet's own list of canonical pictures and for the pictures as they were read
    /// now.
    pub(super) fn signs(&self, now: &Self) -> bool {
        sign(self.form, &self.name, &now.slots, &now.measures, &self.canonical).is_ok_and(|digest| digest == self.digest)
    }
}

/// The pictures that can stand for the character: those that may, less the one that agrees least with the others until
/// every two that were compared reach the gate.
pub(super) fn canonical(slots: &[SlotPicture], pairs: &[SlotPair], gate: Score) -> Vec<Slug> {
    let sound = |picture: &&SlotPicture| {
        picture.status == Status::Accepted && !picture.checks.iter().any(|check| matches!(check.finding, Finding::Failed(_)))
    };
    let mut chosen: Vec<&Slug> = slots.iter().filter(sound).map(|picture| &picture.slot).collect();
    loop {
        let among = |pair: &&SlotPair| chosen.contains(&&pair.one) && chosen.contains(&&pair.other);
        let apart: Vec<&SlotPair> = pairs.iter().filter(among).filter(|pair| pair.score.is_some_and(|score| score < gate)).collect();
        let quarrels = |slot: &Slug| apart.iter().filter(|pair| pair.one == *slot || pair.other == *slot).count();
        // The last of equals: later places give way to the front view.
        let Some(worst) = chosen.iter().copied().filter(|slot| quarrels(slot) > 0).max_by_key(|slot| quarrels(slot)).cloned() else {
            return chosen.into_iter().cloned().collect();
        };
        chosen.retain(|slot| **slot != worst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(name: &str) -> Slug {
        name.parse().unwrap()
    }

    fn slot(name: &str, status: Status) -> SlotPicture {
        let digest = Digest::of(name.as_bytes());
        SlotPicture {
            slot: slug(name),
            artifact: Uuid::nil(),
            recipe: digest,
            file: digest,
            pixels: digest,
            status,
            score: None,
            checks: Vec::new(),
        }
    }

    fn pair(one: &str, other: &str, score: f64) -> SlotPair {
        SlotPair { one: slug(one), other: slug(other), score: Score::new(score).ok(), parts: 3, least: None, copy: false }
    }

    #[test]
    fn a_picture_that_quarrels_with_the_others_is_left_out() {
        let slots = ["front", "side", "happy"].map(|name| slot(name, Status::Accepted));
        let pairs = [pair("front", "side", 0.95), pair("front", "happy", 0.2), pair("side", "happy", 0.3)];
        assert_eq!(canonical(&slots, &pairs, Score::AT_TOLERANCE), [slug("front"), slug("side")]);
    }

    #[test]
    fn what_was_not_accepted_stands_for_nobody() {
        let slots = [slot("front", Status::Accepted), slot("side", Status::NeedsReview)];
        assert_eq!(canonical(&slots, &[], Score::AT_TOLERANCE), [slug("front")]);
    }

    #[test]
    fn the_signature_is_over_pixels_place_and_the_canonical_set() {
        let name = SheetName { character: slug("mei"), look: slug("school"), since: None };
        let measures = ["colour-model@1".to_owned()];
        let slots = vec![slot("front", Status::Accepted), slot("side", Status::Accepted)];
        let both = [slug("front"), slug("side")];
        let sign = |slots: &[SlotPicture], canonical: &[Slug]| {
            super::sign(SignedForm::PicturesAndCanonical, &name, slots, &measures, canonical).unwrap()
        };
        let signature = sign(&slots, &both);
        let mut other = slots.clone();
        other[1].pixels = Digest::of(b"something else");
        assert_ne!(sign(&other, &both), signature);
        assert_ne!(sign(&slots, &both[..1]), signature, "which pictures stand for the character is signed");
        let mut judged = slots.clone();
        judged[0].status = Status::Rejected;
        judged[0].score = Some(Score::AT_TOLERANCE);
        assert_eq!(sign(&judged, &both), signature, "what people and measures think of it is not what it is");
        let earlier = super::sign(SignedForm::Pictures, &name, &slots, &measures, &both).unwrap();
        let earlier_still = super::sign(SignedForm::Pictures, &name, &slots, &measures, &[]).unwrap();
        assert!(earlier == earlier_still && earlier != signature, "sheets that were signed before stay what they were");
    }
}
