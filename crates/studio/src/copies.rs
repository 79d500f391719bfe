//! Whether a picture is a copy of an accepted picture that the model was shown.
//!
//! A model that is shown who somebody is may paste that picture instead of drawing them. Each figure is held against the
//! reference that was used, and against the other accepted pictures of the same sheet.

use std::sync::Arc;

use bible::Slug;
use consistency::measure::{Evidence, Role};
use consistency::sameness::Named;
use consistency::{Finding, Measure, Measurement, Outcome, Region, Sameness, Score, Subject};
use vision_models::{BoxKind, FoundBox, character, figure_of};

use crate::graph::{Graph, Node};
use crate::networks::Networks;
use crate::picture_files::kept_part_map;
use crate::references::brief_of;
use crate::showing::AcceptedFile;
use crate::{Studio, StudioError};

/// A figure whose shorter side has fewer pixels is not compared: nothing of a paste would be left in it.
const SMALLEST: u32 = 32;

/// What the model was shown for a picture, to be held against it.
pub(crate) struct Copies {
    people: Vec<Referred>,
}

/// Somebody who was shown to the model.
struct Referred {
    character: Slug,
    /// The picture that was used; why it cannot be compared with, otherwise.
    used: Result<Named, String>,
    /// The other accepted pictures of the sheet.
    siblings: Vec<Named>,
}

impl Studio {
    /// What a node's pictures are held against as copies; none where the model is shown nobody.
    pub(crate) async fn copies_of(&self, graph: &Graph<'_>, node: &Node, networks: &Arc<Networks>) -> Result<Option<Copies>, StudioError> {
        let (Some(showing), Some(brief)) = (graph.showing(&node.subject), brief_of(&node.work)) else { return Ok(None) };
        let own = node.subject.to_string();
        let mut people = Vec::new();
        for (person, accepted) in showing.shown() {
            let who = &person.character;
            let used = self.named(networks, who, &person.picture, accepted).await?;
            let actor = brief.actors.iter().find(|actor| actor.figure.character == *who);
            let sheet = actor.map_or(&[][..], |actor| graph.sheet_of(&actor.figure));
            let mut siblings = Vec::new();
            for entry in sheet.iter().filter(|entry| entry.picture != own && entry.picture != person.picture) {
                let Some(sibling) = &entry.accepted else { continue };
                siblings.extend(self.named(networks, who, &entry.picture, sibling).await?.ok());
            }
            people.push(Referred { character: who.clone(), used, siblings });
        }
        Ok((!people.is_empty()).then_some(Copies { people }))
    }

    /// What somebody looks like in an accepted picture of their sheet; why that is not known, otherwise.
    async fn named(
        &self,
        networks: &Arc<Networks>,
        who: &Slug,
        picture: &str,
        accepted: &AcceptedFile,
    ) -> Result<Result<Named, String>, StudioError> {
        let likeness = match networks.known_likeness(accepted.file, who) {
            Some(known) => known,
            None => match self.store.artifact(accepted.artifact).await? {
                None => Err("it is gone from the store".to_owned()),
                Some(artifact) => {
                    let png = self.blobs.get(accepted.file).await?;
                    let kept = artifact.files.iter().find(|file| file.digest == accepted.file);
                    let stem = kept.map_or("", |file| file.name.trim_end_matches(".png"));
                    let parts = kept_part_map(&self.blobs, &artifact, stem).await?;
                    let (networks, file, own) = (Arc::clone(networks), accepted.file, who.clone());
                    let task = tokio::task::spawn_blocking(move || networks.likeness(file, &png, parts.as_ref(), &own));
                    task.await.unwrap_or_else(|error| Err(error.to_string()))
                }
            },
        };
        let name = picture.to_owned();
        Ok(likeness.map(|likeness| Named { name, likeness }).map_err(|reason| format!("{picture}: {reason}")))
    }
}

impl Copies {
    /// Holds a picture against what the model was shown. Where several people are and no masks say who is where, every figure
    /// is held against every reference: a paste is one wherever it is.
    pub(crate) fn measure(&self, subject: &Subject<'_>, networks: &Networks) -> Measurement {
        let masks = subject.parts.filter(|parts| (parts.width, parts.height) == (subject.image.width, subject.image.height));
        let found = if masks.is_some() { Ok(Vec::new()) } else { networks.find(subject.image).map(|found| figures(&found, subject)) };
        let places = |who: &Slug| match (masks, &found) {
            // Nobody is pasted where nothing of them is to be seen.
            (Some(parts), _) => Ok(figure_of(parts, who).into_iter().collect()),
            (None, Ok(found)) if found.len() < self.people.len() => {
                Err(format!("the finder sees {} of the people who were shown to the model ({})", found.len(), self.people.len()))
            }
            (None, Ok(found)) => Ok(found.clone()),
            (None, Err(reason)) => Err(reason.clone()),
        };
        let figure = Sameness::new(Vec::new(), Vec::new());
        Measurement {
            measure: figure.name().to_owned(),
            version: figure.version(),
            role: Role::Technical,
            outcome: self.outcome(subject, places),
        }
    }

    fn outcome(&self, subject: &Subject<'_>, places: impl Fn(&Slug) -> Result<Vec<Region>, String>) -> Outcome {
        let (mut findings, mut unknown) = (Vec::new(), Vec::new());
        let mut nearest: Option<(f64, Evidence)> = None;
        for person in &self.people {
            match person.held_against(subject, places(&person.character)) {
                Err(reason) => unknown.push(format!("{}: {reason}", person.character)),
                Ok(compared) => {
                    for (ssim, found, evidence) in compared {
                        findings.extend(found);
                        if nearest.as_ref().is_none_or(|(known, _)| ssim > *known) {
                            nearest = Some((ssim, evidence));
                        }
                    }
                }
            }
        }
        let Some((_, evidence)) = nearest else {
            return if unknown.is_empty() {
                Outcome::NotApplicable { reason: "nothing is to be seen of anybody who was shown to the model".to_owned() }
            } else {
                Outcome::NotMeasured { reason: unknown.join("; ") }
            };
        };
        findings.extend(unknown.iter().map(|reason| Finding::not_measured(reason)));
        Outcome::Measured { score: Score::FULL, findings, evidence }
    }
}

/// How near a figure is to a reference, what is to be said of that, and the figures behind it.
type Compared = (f64, Vec<Finding>, Evidence);

impl Referred {
    /// Holds the figures at these places against somebody's reference; why that cannot be done, otherwise.
    fn held_against(&self, subject: &Subject<'_>, places: Result<Vec<Region>, String>) -> Result<Vec<Compared>, String> {
        let used = self.used.as_ref().map_err(Clone::clone)?;
        let places = places?;
        let large: Vec<Region> = places.iter().copied().filter(|place| place.width.min(place.height) >= SMALLEST).collect();
        if large.is_empty()
            && let Some(Region { width, height, .. }) = places.first()
        {
            return Err(format!("{width}x{height} pixels are too few to be compared"));
        }
        let mut sameness = Sameness::new(vec![used.clone()], self.siblings.clone());
        let compared = large.into_iter().filter_map(|place| {
            sameness.figure = Some(place);
            match sameness.measure(subject) {
                Outcome::Measured { findings, evidence: Evidence::Sameness(evidence), .. } => {
                    let ssim = evidence.used.as_ref()?.1;
                    Some((ssim, findings, Evidence::Sameness(evidence)))
                }
                _ => None,
            }
        });
        Ok(compared.collect())
    }
}

/// Where people are whom a finder found: their figures, or heads alone where it found none.
fn figures(found: &[FoundBox], subject: &Subject<'_>) -> Vec<Region> {
    let of = |kind: BoxKind| found.iter().filter(move |found| found.kind == kind);
    let kind = if of(BoxKind::Figure).next().is_some() { BoxKind::Figure } else { BoxKind::Head };
    of(kind).filter_map(|one| character(std::slice::from_ref(one), subject.image)).collect()
}

#[cfg(test)]
mod tests {
    use consistency::{Likeness, Severity};
    use engine::picture::{PartEntry, PartMap, Raster};

    use super::*;

    /// A figure of stripes and blotches in a picture of its ground; another `kind` is another drawing.
    fn picture(kind: u32) -> (Raster, PartMap) {
        let (width, height) = (160, 160);
        let (mut rgba, mut indices) = (Vec::new(), Vec::new());
        for y in 0..height {
            for x in 0..width {
                let inside = (40..120).contains(&x) && (20..150).contains(&y);
                let grey = if inside { ((x * (3 + kind * 7)) ^ (y * (5 + kind * 4))) % 256 } else { 230 };
                rgba.extend([grey as u8, grey as u8, grey as u8, 255]);
                indices.push(u8::from(inside));
            }
        }
        let entry = |owner: Option<&str>| PartEntry {
            owner: owner.map(|owner| owner.parse().unwrap()),
            part: "hair".to_owned(),
            tones: None,
            light: [1.0; 3],
        };
        let parts = vec![entry(None), entry(Some("mei"))];
        (Raster { width, height, rgba }, PartMap { width, height, indices, parts })
    }

    fn named(name: &str, kind: u32) -> Named {
        let (image, parts) = picture(kind);
        let figure = figure_of(&parts, &"mei".parse().unwrap()).unwrap();
        Named { name: name.to_owned(), likeness: Likeness::of_region(&image, figure).unwrap() }
    }

    fn measured(people: Vec<Referred>, kind: u32) -> Measurement {
        let (image, parts) = picture(kind);
        let subject = Subject { parts: Some(&parts), ..Subject::new(&image) };
        Copies { people }.measure(&subject, &Networks::new(None))
    }

    fn mei(used: Result<Named, String>, siblings: Vec<Named>) -> Referred {
        Referred { character: "mei".parse().unwrap(), used, siblings }
    }

    #[test]
    fn a_figure_that_is_the_reference_again_is_a_doubt_and_one_that_was_drawn_is_none() {
        let people = || vec![mei(Ok(named("front", 0)), vec![named("side", 1)])];
        let pasted = measured(people(), 0);
        assert_eq!((pasted.measure.as_str(), pasted.role), ("sameness", Role::Technical));
        let Outcome::Measured { findings, evidence: Evidence::Sameness(evidence), .. } = &pasted.outcome else { panic!("{pasted:?}") };
        assert_eq!((findings[0].code.as_str(), findings[0].severity), ("copy-paste", Severity::Doubt));
        assert!(evidence.lead.unwrap() > 0.1 && evidence.sibling.as_ref().unwrap().0 == "side", "{evidence:?}");
        let Outcome::Measured { findings, .. } = measured(people(), 2).outcome else { panic!("it is measured") };
        assert_eq!(findings, Vec::new());
    }

    #[test]
    fn what_cannot_be_compared_is_not_measured_and_says_why() {
        let unreadable = measured(vec![mei(Err("sheet mei/everyday/front: the finder sees 2 people in it".to_owned()), Vec::new())], 0);
        let Outcome::NotMeasured { reason } = &unreadable.outcome else { panic!("{unreadable:?}") };
        assert_eq!(reason, "mei: sheet mei/everyday/front: the finder sees 2 people in it");
        let ren = Referred { character: "ren".parse().unwrap(), used: Ok(named("front", 0)), siblings: Vec::new() };
        let hidden = measured(vec![ren], 0);
        assert!(matches!(hidden.outcome, Outcome::NotApplicable { .. }), "nothing is to be seen of ren: {hidden:?}");
        let some = measured(vec![mei(Ok(named("front", 2)), Vec::new()), mei(Err("why".to_owned()), Vec::new())], 0);
        let Outcome::Measured { findings, .. } = &some.outcome else { panic!("{some:?}") };
        assert_eq!(findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), ["not measured: mei: why"]);
        // Without masks the finder looks; of nobody it says so.
        let grey = Raster { width: 64, height: 64, rgba: [128, 128, 128, 255].repeat(64 * 64) };
        let empty = Copies { people: vec![mei(Ok(named("front", 0)), Vec::new())] }.measure(&Subject::new(&grey), &Networks::new(None));
        let Outcome::NotMeasured { reason } = &empty.outcome else { panic!("{empty:?}") };
        assert_eq!(reason, "mei: the finder sees 0 of the people who were shown to the model (1)");
    }
}
