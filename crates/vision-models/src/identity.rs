//! The identity measure: are these the characters of the references, by an embedder?

use std::sync::{Mutex, PoisonError};

use bible::Slug;
use consistency::measure::{Evidence, Finding, Measure, Outcome, Role, Severity, Subject};
use consistency::{BoxKind, FoundBox, Region, Score, assignment};
use engine::picture::{PartMap, Raster};
use serde::Serialize;

use crate::embedder::Embedder;
use crate::embedding::{Embedding, difference, merged};
use crate::finder::Finder;
use crate::manifest::Manifest;
use crate::network::NetworkError;

/// The difference of unrelated pictures, where the score ends: an angle of a right one.
const UNRELATED: f64 = 0.5;
/// A figure whose shorter side has fewer pixels is not measured: a convention, a twelfth of what CCIP takes.
const SMALLEST: u32 = 32;
/// The most people or figures that are assigned to each other.
const MOST: usize = 10;
/// Differences are kept in steps of this, so that the last bits of a network, which may differ between processors, are
/// not in verdicts.
const STEP: f64 = 1e-4;

/// Accepted pictures of a character, as one embedding.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    embedding: Embedding,
    pictures: usize,
}

impl Reference {
    /// The merged references; none without pictures, or where their embeddings cancel out.
    #[must_use]
    pub fn of(pictures: &[Embedding]) -> Option<Self> {
        Some(Self { embedding: merged(pictures)?, pictures: pictures.len() })
    }

    /// How far a picture's embedding is from it, 0 to 1, as [`difference`].
    #[must_use]
    pub fn difference(&self, picture: &Embedding) -> f64 {
        (difference(picture, &self.embedding) / STEP).round() * STEP
    }

    /// How many pictures it was merged from.
    #[must_use]
    pub const fn pictures(&self) -> usize {
        self.pictures
    }
}

/// Somebody who should be in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// Who.
    pub character: Slug,
    /// What they look like, or why nobody knows, as a sentence.
    pub reference: Result<Reference, String>,
}

/// Measures a picture against the merged references of everybody who should be in it.
///
/// Each character is cut out first: through the part masks where the subject has them, else by the finder.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The network that is asked.
    pub embedder: &'a Mutex<Embedder>,
    /// Finds people where there are no masks.
    pub finder: &'a Mutex<Finder>,
    /// Who should be there.
    pub people: &'a [Sought],
}

/// A person of the picture, measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Told {
    character: Slug,
    difference: f64,
    score: Score,
    references: usize,
    figure: Region,
}

/// Where somebody is (none for somebody who is hidden), or why that is not known.
type Place = Result<Option<Region>, String>;

/// Where everybody is who was asked for, and where somebody is who was not.
struct Places {
    people: Vec<Place>,
    others: Vec<Region>,
}

/// What a manifest's network says of a difference: 1 for none, 0.85 at the threshold, 0 for unrelated pictures, straight
/// lines between.
fn score(difference: f64, threshold: f64) -> Score {
    let gate = Score::AT_TOLERANCE.value();
    let value = if difference <= threshold {
        1.0 - (1.0 - gate) * difference / threshold.max(1e-9)
    } else {
        gate * (1.0 - (difference - threshold) / (UNRELATED - threshold).max(1e-9)).max(0.0)
    };
    Score::new(value.clamp(0.0, 1.0)).unwrap_or(Score::NONE)
}

/// The box around all parts of a character, with a margin of a twentieth; none for somebody who is hidden.
#[must_use]
pub fn figure_of(parts: &PartMap, character: &Slug) -> Option<Region> {
    let extent = parts.extent_of(character)?;
    let [from, to] = [extent.each_ref().map(|range| range.start), extent.map(|range| range.end)].map(|corner| corner.map(f64::from));
    let found = FoundBox::new(BoxKind::Figure, 1.0, from, to, [parts.width, parts.height])?;
    Some(with_margin(&found, [parts.width, parts.height]))
}

/// A box grown by a twentieth of its sides, cut to the picture.
pub(crate) fn with_margin(found: &FoundBox, size: [u32; 2]) -> Region {
    let Region { left, top, width, height, .. } = found.region;
    let margin = [width, height].map(|side| f64::from(side) / 20.0);
    let from = [f64::from(left) - margin[0], f64::from(top) - margin[1]];
    let to = [f64::from(left + width) + margin[0], f64::from(top + height) + margin[1]];
    FoundBox::new(found.kind, found.probability, from, to, size).map_or(found.region, |grown| grown.region)
}

/// Counted up whenever the same network could say something else of the same picture.
const REVISION: u32 = 2;

/// Changes with the network, and with how pictures go into it: what another one measured cannot be compared.
fn version_of(manifest: &Manifest) -> u32 {
    let digest = blake3::hash(format!("{REVISION} {}", manifest.to_toml()).as_bytes());
    digest.as_bytes()[..4].iter().fold(0, |version, byte| version << 8 | u32::from(*byte))
}

impl Identity<'_> {
    fn embedding(&self, image: &Raster, region: Region) -> Result<Embedding, NetworkError> {
        // A network that failed once is as good as before: it has no state between pictures.
        self.embedder.lock().unwrap_or_else(PoisonError::into_inner).embed(image, Some(region))
    }

    /// Everybody's place by the masks.
    fn by_masks(&self, parts: &PartMap) -> Places {
        let people = self.people.iter().map(|sought| Ok(figure_of(parts, &sought.character))).collect();
        Places { people, others: Vec::new() }
    }

    /// Everybody's place by the finder: the figures go to the people whom they resemble most, all together.
    fn by_finder(&self, image: &Raster, threshold: f64) -> Result<Places, NetworkError> {
        let found = self.finder.lock().unwrap_or_else(PoisonError::into_inner).find(image)?;
        let of = |kind: BoxKind| found.iter().filter(move |found| found.kind == kind).take(MOST);
        // A head alone is somebody too, where no figure was found.
        let kind = if of(BoxKind::Figure).next().is_some() { BoxKind::Figure } else { BoxKind::Head };
        let figures: Vec<Region> = of(kind).map(|found| with_margin(found, [image.width, image.height])).collect();
        let mut costs = Vec::new();
        for figure in figures.iter().filter(|_| self.people.len() > 1 || figures.len() > 1) {
            let seen = self.embedding(image, *figure)?;
            let cost = |sought: &Sought| sought.reference.as_ref().map_or(threshold, |reference| reference.difference(&seen));
            costs.push(self.people.iter().map(cost).collect::<Vec<f64>>());
        }
        let nobody = |sought: &Sought| {
            format!("{}: {} people were asked for, and the finder sees {}", sought.character, self.people.len(), figures.len())
        };
        let mut places: Vec<Place> = self.people.iter().map(|sought| Err(nobody(sought))).collect();
        if costs.is_empty() {
            if let (Some(figure), Some(place)) = (figures.first(), places.first_mut()) {
                *place = Ok(Some(*figure));
            }
            return Ok(Places { people: places, others: Vec::new() });
        }
        // Square, so that whoever is too many, figure or person, goes to nobody.
        let side = figures.len().max(self.people.len());
        costs.resize(side, vec![UNRELATED; self.people.len()]);
        costs.iter_mut().for_each(|row| row.resize(side, UNRELATED));
        let (_, order) = assignment(&costs);
        let mut others = Vec::new();
        for (figure, person) in figures.iter().zip(order) {
            match places.get_mut(person) {
                Some(place) => *place = Ok(Some(*figure)),
                None => others.push(*figure),
            }
        }
        Ok(Places { people: places, others })
    }

    fn tell(&self, image: &Raster, sought: &Sought, place: Place, threshold: f64) -> Result<Option<(Told, Embedding)>, String> {
        if place == Ok(None) {
            return Ok(None);
        }
        let reference = sought.reference.as_ref().map_err(Clone::clone)?;
        let Some(figure) = place? else { return Ok(None) };
        if figure.width.min(figure.height) < SMALLEST {
            return Err(format!("{} has {}x{} pixels, too few to tell anybody by", sought.character, figure.width, figure.height));
        }
        let seen = self.embedding(image, figure).map_err(|error| error.to_string())?;
        let difference = reference.difference(&seen);
        let told = Told {
            character: sought.character.clone(),
            difference,
            score: score(difference, threshold),
            references: reference.pictures,
            figure,
        };
        Ok(Some((told, seen)))
    }

    /// Somebody else of the picture whom this embedding is taken for.
    fn likeness(&self, seen: &Embedding, but: &Slug, threshold: f64) -> Option<&Slug> {
        let others = self.people.iter().filter(|sought| sought.character != *but);
        let far = others.filter_map(|sought| Some((sought.reference.as_ref().ok()?.difference(seen), &sought.character)));
        far.filter(|(difference, _)| *difference <= threshold).min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, who)| who)
    }
}

impl Measure for Identity<'_> {
    fn name(&self) -> &'static str {
        "identity"
    }

    /// Follows from the network and its manifest.
    fn version(&self) -> u32 {
        version_of(self.embedder.lock().unwrap_or_else(PoisonError::into_inner).manifest())
    }

    fn role(&self) -> Role {
        Role::Identity
    }

    fn measure(&self, subject: &Subject<'_>) -> Outcome {
        if self.people.is_empty() {
            return Outcome::NotApplicable { reason: "nobody is in the picture".to_owned() };
        }
        let manifest = self.embedder.lock().unwrap_or_else(PoisonError::into_inner).manifest().clone();
        let Some(threshold) = manifest.threshold else {
            return Outcome::NotMeasured { reason: format!("the manifest of {} has no threshold", manifest.name) };
        };
        if self.people.len() > MOST {
            return Outcome::NotMeasured { reason: format!("{} people are more than can be told apart ({MOST})", self.people.len()) };
        }
        let known = self.people.iter().any(|sought| sought.reference.is_ok());
        let masks = subject.parts.filter(|parts| (parts.width, parts.height) == (subject.image.width, subject.image.height));
        let places = match masks {
            Some(parts) => Ok(self.by_masks(parts)),
            // Nobody could be assigned to what the finder sees.
            None if !known => Ok(Places { people: vec![Err(String::new()); self.people.len()], others: Vec::new() }),
            None => self.by_finder(subject.image, threshold),
        };
        let Places { people: places, others } = match places {
            Ok(places) => places,
            Err(error) => return Outcome::NotMeasured { reason: error.to_string() },
        };
        let (mut told, mut findings, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for (sought, place) in self.people.iter().zip(places) {
            match self.tell(subject.image, sought, place, threshold) {
                Err(reason) => unknown.push(reason),
                Ok(None) => {}
                Ok(Some((person, seen))) => {
                    if person.difference > threshold {
                        let like = self.likeness(&seen, &person.character, threshold);
                        let like = like.map(|who| format!("; it looks like {who}")).unwrap_or_default();
                        let message = format!(
                            "{} may be somebody else: difference {:.3} by {}, up to {threshold:.3} is the same{like}",
                            person.character, person.difference, manifest.name
                        );
                        findings.push(Finding {
                            severity: Severity::Note,
                            code: "identity-off".to_owned(),
                            message,
                            at: Some(person.figure),
                        });
                    }
                    told.push(person);
                }
            }
        }
        let Some(lowest) = told.iter().map(|person| person.score).reduce(Score::min) else {
            return if unknown.is_empty() {
                Outcome::NotApplicable { reason: "nothing is to be seen of anybody".to_owned() }
            } else {
                Outcome::NotMeasured { reason: unknown.join("; ") }
            };
        };
        findings.extend(unknown.iter().map(|reason| Finding::not_measured(reason)));
        findings.extend(others.first().map(|first| Finding {
            severity: Severity::Doubt,
            code: "people-extra".to_owned(),
            message: format!("the finder sees {} people where {} should be", self.people.len() + others.len(), self.people.len()),
            at: Some(*first),
        }));
        let figures = serde_json::json!({
            "model": manifest.name,
            "blake3": manifest.blake3,
            "threshold": threshold,
            "cut_out_by": if masks.is_some() { "masks" } else { "finder" },
            "people": told,
            "not_measured": unknown,
        });
        Outcome::Measured { score: lowest, findings, evidence: Evidence::Other { figures } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::picture::PartEntry;

    #[test]
    fn a_difference_of_the_threshold_scores_the_default_gate() {
        assert_eq!(
            [0.0, 0.18, 0.5, 1.0].map(|difference| score(difference, 0.18)),
            [Score::FULL, Score::AT_TOLERANCE, Score::NONE, Score::NONE]
        );
    }

    #[test]
    fn a_figure_is_the_box_around_all_parts_of_a_character_and_nobody_elses() {
        let entry = |owner: Option<&str>| PartEntry {
            owner: owner.map(|owner| owner.parse().unwrap()),
            part: "hair".to_owned(),
            tones: None,
            light: [1.0; 3],
        };
        let parts = vec![entry(None), entry(Some("mei")), entry(Some("ren")), entry(Some("mei"))];
        let mut indices = vec![0; 200 * 100];
        for (x, y, part) in [(60, 20, 1), (99, 59, 3), (150, 90, 2)] {
            indices[y * 200 + x] = part;
        }
        let map = PartMap { width: 200, height: 100, indices, parts };
        let region = figure_of(&map, &"mei".parse().unwrap()).unwrap();
        assert_eq!((region.left, region.top, region.width, region.height), (58, 18, 44, 44));
        assert_eq!(figure_of(&map, &"kei".parse().unwrap()), None);
        // The margin stays in the picture.
        let mut map = PartMap { width: 100, height: 80, indices: vec![0; 8_000], parts: vec![entry(None), entry(Some("mei"))] };
        for y in 0..41 {
            map.indices[y * 100 + 30..=y * 100 + 70].fill(1);
        }
        let region = figure_of(&map, &"mei".parse().unwrap()).unwrap();
        assert_eq!((region.left, region.top, region.width, region.height), (28, 0, 45, 43));
    }

    #[test]
    fn another_network_is_another_version() {
        let manifest = Manifest::preset("ccip").unwrap();
        let other = Manifest { blake3: Some("0".repeat(64)), ..manifest.clone() };
        assert_ne!(version_of(&manifest), version_of(&other));
    }
}
