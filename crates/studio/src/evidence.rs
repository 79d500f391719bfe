//! The evidence behind a verdict: where a picture is off, which references it is near to, what decided, what to do.

use bible::Slug;
use consistency::calibration::Calibrated;
use consistency::colour::ColourEvidence;
use consistency::measure::Role;
use consistency::{ColourModel, Finding, Gate, Outcome, Score, Status, Subject as Seen, agreement};
use editorial::evidence_card::{CardPart, EvidenceCard};
use engine::picture::{Making, PartMap, Raster};
use serde::Serialize;
use store::{Artifact, ArtifactFile, RecipeKind};
use uuid::Uuid;

use crate::attempts::Try;
use crate::gate::{GateReport, MeasuredPart, PictureVerdict, all_colours_of, by_construction};
use crate::picture_files::kept_part_map;
use crate::sheet::{CharacterSheet, Finding as Known};
use crate::suggestion::{Suggestion, suggestions};
use crate::{Studio, StudioError};

/// Parts that a card lists.
const LISTED: usize = 14;

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What was made.
    pub subject: String,
    /// The artifact.
    pub artifact: Uuid,
    /// The picture that decided: the worst of the artifact's.
    pub picture: String,
    /// The decision.
    pub status: Status,
    /// The lowest score; none when nothing was measured.
    pub score: Option<Score>,
    /// The gate that it was held against.
    #[serde(flatten)]
    pub gate: Gate,
    /// What decided, as a sentence.
    pub rule: String,
    /// Its parts, the worst first.
    pub parts: Vec<MeasuredPart>,
    /// Pictures of signed sheets that show the same characters, the one that agrees most first.
    pub references: Vec<Reference>,
    /// What would mend it.
    pub suggestions: Vec<Suggestion>,
    /// The attempts at it, where it was drawn more than once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// How it came about, where a node drew it: which, for how long, and with which model files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub making: Option<Making>,
    /// Whether it shows the characters that it should.
    pub identity: Known,
    /// Whether it is drawn as the show's accepted pictures are. It decides nothing.
    pub style: Known,
    /// What the measures say together, where a calibration was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<Calibrated>,
    /// What was not measured, with the reason.
    pub not_measured: Vec<String>,
}

/// A picture of a signed sheet beside the picture in question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    /// Whose: `mio/work`.
    pub sheet: String,
    /// Which picture of the sheet.
    pub slot: Slug,
    /// How far the colours agree.
    pub score: Score,
    /// Parts compared.
    pub parts: u32,
}

/// The evidence with the picture that it is about.
struct Weighed {
    evidence: Evidence,
    /// Why it cannot be read, otherwise.
    image: Result<Raster, String>,
    parts: Option<PartMap>,
    /// The colours that were found of it.
    colours: Option<ColourEvidence>,
}

impl Studio {
    /// The evidence behind the verdict that counts on an artifact.
    ///
    /// # Errors
    /// [`StudioError::Unknown`] when there is no such artifact, or it has no picture of its own.
    pub async fn evidence(&self, artifact: Uuid) -> Result<Evidence, StudioError> {
        Ok(self.weighed(artifact).await?.evidence)
    }

    /// The same together with a picture of it (PNG).
    ///
    /// # Errors
    /// As [`Studio::evidence`], and when the picture cannot be read.
    pub async fn evidence_card(&self, artifact: Uuid) -> Result<(Evidence, Vec<u8>), StudioError> {
        let Weighed { evidence, image, parts, colours } = self.weighed(artifact).await?;
        let unreadable =
            |reason| StudioError::Unknown { what: format!("readable picture of {} ({reason})", evidence.subject), nearest: None };
        let image = image.map_err(unreadable)?;
        let seen = Seen { parts: parts.as_ref(), ..Seen::new(&image) };
        let heat = match colours.filter(|colours| !colours.cut_out.is_by_masks()) {
            Some(segmented) => Ok(segmented.boxed(&image)),
            None => ColourModel::default().heat_map(&seen).map_err(|error| error.to_string()),
        };
        let status = evidence.status.word().replace('_', " ");
        let card = EvidenceCard {
            title: format!("{}, {}", evidence.subject, evidence.picture),
            verdict: match evidence.score {
                Some(score) => format!("{status}: {score}; {}", evidence.gate),
                None => format!("{status}: nothing was measured that has a score"),
            },
            rule: evidence.rule.clone(),
            picture: image,
            heat,
            parts: evidence.parts.iter().take(LISTED).map(card_part).collect(),
            notes: notes(&evidence),
        };
        let png = card.png().map_err(StudioError::editorial(format!("drawing the evidence on {}", evidence.subject)))?;
        Ok((evidence, png))
    }

    async fn weighed(&self, artifact: Uuid) -> Result<Weighed, StudioError> {
        let unknown = |what: String| StudioError::Unknown { what, nearest: None };
        let found = self.store.artifact(artifact).await?.ok_or_else(|| unknown(format!("artifact {artifact}")))?;
        let verdict = self.store.verdicts(artifact).await?.into_iter().next().ok_or_else(|| unknown(format!("verdict on {artifact}")))?;
        let report: GateReport = serde_json::from_value(verdict.report)
            .map_err(|source| StudioError::Damaged { what: format!("the verdict on artifact {artifact}"), source })?;
        let judged = report.pictures.into_iter().filter_map(|picture| Some((png_of(&found, &picture.picture)?, picture)));
        let worst = judged.min_by(|(_, one), (_, other)| weight(one).total_cmp(&weight(other)));
        let (file, worst) = worst.ok_or_else(|| unknown(format!("judged picture of {}", found.subject)))?;
        let stem = file.name.trim_end_matches(".png");
        let parts = kept_part_map(&self.blobs, &found, stem).await?;
        let colours = found_colours(&worst).cloned();
        let references = match &colours {
            Some(colours) => self.references(found.project, artifact, colours).await?,
            None => Vec::new(),
        };
        let image = match self.blobs.get(file.digest).await {
            Ok(png) => consistency::decode(&png).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let style = match &image {
            Ok(image) => self.style_of(&found, image).await?,
            Err(reason) => Known::NotMeasured(format!("the picture cannot be read: {reason}")),
        };
        let evidence = Evidence {
            subject: found.subject.clone(),
            artifact,
            picture: worst.picture.clone(),
            status: worst.verdict.status,
            score: worst.verdict.score,
            gate: worst.verdict.gate,
            rule: rule(&worst),
            references,
            suggestions: suggestions(&worst.verdict, parts.as_ref(), &format!("{stem}.parts.png")),
            tries: worst.tries.clone(),
            making: self.making(&found, stem).await?,
            identity: identity(&worst, &found),
            style,
            calibrated: worst.verdict.calibrated.clone(),
            not_measured: not_measured(&worst),
            parts: GateReport::of(report.gate, vec![worst]).measured_parts(),
        };
        Ok(Weighed { evidence, image, parts, colours })
    }

    /// How a picture came about, as it was written down beside it.
    async fn making(&self, artifact: &Artifact, stem: &str) -> Result<Option<Making>, StudioError> {
        let name = format!("{stem}.making.json");
        let Some(file) = artifact.files.iter().find(|file| file.name == name) else { return Ok(None) };
        let damaged = |source| StudioError::Damaged { what: format!("{name} of {}", artifact.subject), source };
        serde_json::from_slice(&self.blobs.get(file.digest).await?).map(Some).map_err(damaged)
    }

    /// The pictures of signed sheets, compared with the colours of a picture.
    async fn references(&self, project: Uuid, artifact: Uuid, colours: &ColourEvidence) -> Result<Vec<Reference>, StudioError> {
        let mut owners: Vec<&Slug> = colours.parts.iter().filter_map(|part| part.owner.as_ref()).collect();
        owners.sort_unstable();
        owners.dedup();
        let mut references = Vec::new();
        for owner in owners {
            for sheet in self.store.sheets_of(project, owner.as_str()).await? {
                let name = sheet.subject.clone();
                let damaged = |source| StudioError::Damaged { what: format!("the sheet of {name}"), source };
                let document: CharacterSheet = serde_json::from_value(sheet.document).map_err(damaged)?;
                let artifacts: Vec<Uuid> = document.slots.iter().map(|slot| slot.artifact).filter(|slot| *slot != artifact).collect();
                let verdicts = self.store.latest_verdicts(&artifacts).await?;
                for slot in &document.slots {
                    let Some(decision) = verdicts.get(&slot.artifact) else { continue };
                    let Ok(report) = serde_json::from_value::<GateReport>(decision.report.clone()) else { continue };
                    let Some(known) = report.pictures.iter().find_map(found_colours) else { continue };
                    if let Some(agreed) = agreement(colours, known, owner) {
                        references.push(Reference {
                            sheet: name.clone(),
                            slot: slot.slot.clone(),
                            score: agreed.score,
                            parts: agreed.parts,
                        });
                    }
                }
            }
        }
        references.sort_by(|one, other| other.score.value().total_cmp(&one.score.value()).then_with(|| other.parts.cmp(&one.parts)));
        Ok(references)
    }
}

fn png_of<'a>(artifact: &'a Artifact, picture: &str) -> Option<&'a ArtifactFile> {
    artifact.files.iter().find(|file| file.name == picture && file.media_type == "image/png")
}

/// The colours that were found in a picture: by masks, or else by segmentation.
fn found_colours(picture: &PictureVerdict) -> Option<&ColourEvidence> {
    picture.colours().or_else(|| all_colours_of(&picture.verdict).next())
}

/// Orders pictures: what was rejected first, then by score.
fn weight(picture: &PictureVerdict) -> f64 {
    let status = match picture.verdict.status {
        Status::Rejected => 0.0,
        Status::NeedsReview => 2.0,
        Status::Accepted => 4.0,
    };
    status + picture.verdict.score.map_or(1.0, Score::value)
}

/// What decided: the weightiest reason, or what the gate was passed with.
fn rule(picture: &PictureVerdict) -> String {
    let verdict = &picture.verdict;
    match verdict.reasons.iter().find(|reason| reason.leads_to.is_some()) {
        Some(reason) => format!("{}: {}", reason.measure, reason.message),
        None => match verdict.score {
            Some(score) => format!("every measure reaches the gate: the lowest score is {score}"),
            None => "there is nothing in the picture that could be off, and it is technically sound".to_owned(),
        },
    }
}

fn not_measured(picture: &PictureVerdict) -> Vec<String> {
    let missing = picture.verdict.measurements.iter().flat_map(|measurement| {
        let reasons: Vec<&str> = match &measurement.outcome {
            Outcome::NotMeasured { reason } => vec![reason],
            // Some could be told, and some not.
            Outcome::Measured { findings, .. } => findings.iter().filter_map(Finding::unmeasured).collect(),
            Outcome::NotApplicable { .. } => Vec::new(),
        };
        reasons.into_iter().map(|reason| format!("{}: {reason}", measurement.measure))
    });
    missing.collect()
}

/// Whether a picture shows the characters that it should, as far as its verdict knows.
fn identity(picture: &PictureVerdict, artifact: &Artifact) -> Known {
    if artifact.kind == RecipeKind::Film {
        return Known::NotMeasured("it was measured in the key pictures, and not in what was drawn between them".to_owned());
    }
    let measured = picture.verdict.measurements.iter().find(|measurement| measurement.role == Role::Identity);
    match measured.map(|measurement| &measurement.outcome) {
        None if by_construction(&artifact.engine) => Known::ByConstruction("it is drawn from the figures of the bible".to_owned()),
        None => Known::NotMeasured("nobody asked who is in it; produce again to have it judged anew".to_owned()),
        Some(Outcome::NotMeasured { reason }) => Known::NotMeasured(reason.clone()),
        Some(Outcome::NotApplicable { reason }) => Known::ByConstruction(reason.clone()),
        Some(Outcome::Measured { score, findings, .. }) => match findings.first() {
            None => Known::Passed(format!("scores {score}")),
            Some(finding) => Known::Failed(finding.message.clone()),
        },
    }
}

fn card_part(part: &MeasuredPart) -> CardPart {
    CardPart { name: part.part.clone(), expected: part.expected, found: part.found, difference: part.difference, tolerance: part.tolerance }
}

fn notes(evidence: &Evidence) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(nearest), Some(farthest)) = (evidence.references.first(), evidence.references.last()) {
        let told = |reference: &Reference| format!("{} {} ({})", reference.sheet, reference.slot, reference.score);
        notes.push(format!("nearest reference {}, farthest {}", told(nearest), told(farthest)));
    } else {
        notes.push("no signed sheet to compare with".to_owned());
    }
    notes.extend(
        evidence
            .suggestions
            .iter()
            .take(6)
            .map(|suggestion| format!("{} {}: {}", suggestion.action.word(), suggestion.what, suggestion.because)),
    );
    if let Some(making) = &evidence.making {
        notes.extend(making.references.iter().map(|used| format!("shown to the model: {}", used.words())));
        notes.extend(making.without_reference.iter().map(|who| format!("not shown to the model: {who}, for whom no reference was left")));
    }
    notes.extend(evidence.tries.iter().map(Try::words));
    notes.push(format!("identity {}: {}", evidence.identity.word().replace('_', " "), evidence.identity.detail()));
    notes.push(format!("style {}: {}", evidence.style.word().replace('_', " "), evidence.style.detail()));
    notes.extend(evidence.calibrated.as_ref().map(Calibrated::sentence));
    // Of who is in it, that was said already.
    let said = format!("identity: {}", evidence.identity.detail());
    let others = evidence.not_measured.iter().filter(|reason| **reason != said);
    notes.extend(others.map(|reason| format!("not measured, {reason}")));
    notes
}

#[cfg(test)]
mod tests {
    use consistency::measure::Evidence as Figures;
    use consistency::{Measurement, judge};

    use super::*;

    #[test]
    fn what_could_not_be_told_is_listed_also_where_the_rest_could() {
        let measured = |measure: &str, outcome| Measurement { measure: measure.to_owned(), version: 1, role: Role::Technical, outcome };
        let findings = vec![Finding::not_measured("kit: nothing of them is to be seen")];
        let evidence = Figures::Other { figures: serde_json::Value::Null };
        let some = measured("sameness", Outcome::Measured { score: Score::FULL, findings, evidence });
        let none = measured("technical", Outcome::NotMeasured { reason: "there is no picture".to_owned() });
        let picture = PictureVerdict::of("frame.png", judge(vec![some, none], Score::AT_TOLERANCE));
        assert_eq!(not_measured(&picture), ["sameness: kit: nothing of them is to be seen", "technical: there is no picture"]);
        assert_eq!(suggestions(&picture.verdict, None, ""), []);
    }
}
