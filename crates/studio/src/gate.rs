//! The gate: every key picture is read back, measured against what the bible asks for, and judged.

use bible::{Colour, Tones};
use consistency::colour::ColourEvidence;
use consistency::measure::{Evidence, Role};
use consistency::{
    Attributes, ClipReport, ColourModel, ExpectedPart, Fingerprint, Measure, Measurement, Other, Outcome, Score, Status, Subject,
    Technical, Verdict, judge,
};
use engine::PictureBrief;
use engine::brief::{PropBrief, WornBrief};
use engine::picture::{PartMap, Raster};
use serde::{Deserialize, Serialize};

/// What the gate said of everything that belongs to one artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// The worst status of its pictures.
    pub status: Status,
    /// The lowest score of its pictures; none when none was measured.
    pub score: Option<Score>,
    /// The score that was needed.
    pub gate: Score,
    /// The verdict on each picture, by file name.
    pub pictures: Vec<PictureVerdict>,
}

/// The verdict on one picture of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureVerdict {
    /// The picture's file name within the artifact.
    pub picture: String,
    /// What was decided, with measurements and reasons.
    pub verdict: Verdict,
}

impl GateReport {
    /// Sums up the verdicts of an artifact's pictures: the worst status and the lowest score stand for all.
    #[must_use]
    pub fn of(gate: Score, pictures: Vec<PictureVerdict>) -> Self {
        let severity = |status: Status| match status {
            Status::Accepted => 0,
            Status::NeedsReview => 1,
            Status::Rejected => 2,
        };
        let status = pictures.iter().map(|picture| picture.verdict.status).max_by_key(|status| severity(*status));
        let score = pictures.iter().filter_map(|picture| picture.verdict.score).reduce(Score::min);
        Self { status: status.unwrap_or(Status::NeedsReview), score, gate, pictures }
    }

    /// The same measurements held against another gate.
    #[must_use]
    pub fn held_against(self, gate: Score) -> Self {
        if self.pictures.is_empty() {
            return Self { gate, ..self };
        }
        let judged = |picture: PictureVerdict| PictureVerdict { verdict: judge(picture.verdict.measurements, gate), ..picture };
        Self::of(gate, self.pictures.into_iter().map(judged).collect())
    }

    /// Every reason, as sentences.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        self.pictures
            .iter()
            .flat_map(|picture| picture.verdict.reasons.iter().map(move |reason| format!("{}: {}", picture.picture, reason.message)))
    }
}

/// A part of a picture with the colours that were asked for and found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredPart {
    /// The picture's file name.
    pub picture: String,
    /// `hair of mei`.
    pub part: String,
    /// The colour that the bible gives it.
    pub expected: Colour,
    /// The colour that was found.
    pub found: Colour,
    /// CIEDE2000 difference.
    pub difference: f64,
    /// The difference that is allowed.
    pub tolerance: f64,
    /// The part's score.
    pub score: Score,
}

impl PictureVerdict {
    /// The colours that were found in the picture; none when they were not measured.
    pub(crate) fn colours(&self) -> Option<&ColourEvidence> {
        colours_of(&self.verdict)
    }
}

/// The colours that a verdict rests on; none when they were not measured.
pub(crate) fn colours_of(verdict: &Verdict) -> Option<&ColourEvidence> {
    verdict.measurements.iter().find_map(|measurement| match &measurement.outcome {
        Outcome::Measured { evidence: Evidence::Colour(colours), .. } => Some(colours),
        _ => None,
    })
}

impl GateReport {
    /// The measured parts of all pictures, worst first.
    #[must_use]
    pub fn measured_parts(&self) -> Vec<MeasuredPart> {
        let mut parts = Vec::new();
        for picture in &self.pictures {
            for measurement in &picture.verdict.measurements {
                let Outcome::Measured { evidence: Evidence::Colour(colours), .. } = &measurement.outcome else { continue };
                parts.extend(colours.parts.iter().map(|part| MeasuredPart {
                    picture: picture.picture.clone(),
                    part: part.owner.as_ref().map_or_else(|| part.part.clone(), |owner| format!("{} of {owner}", part.part)),
                    expected: part.expected,
                    found: part.found,
                    difference: part.difference,
                    tolerance: part.tolerance,
                    score: part.score,
                }));
            }
        }
        parts.sort_by(|one, other| one.score.value().total_cmp(&other.score.value()).then_with(|| one.part.cmp(&other.part)));
        parts
    }
}

/// Judges one picture as it was written: the bytes are decoded again, so what is measured is what is kept.
#[must_use]
pub fn judge_picture(png: &[u8], parts: Option<&PartMap>, brief: &PictureBrief, others: &[Other], gate: Score) -> Verdict {
    match consistency::decode(png) {
        Ok(raster) => judge_raster(&raster, parts, brief, others, gate),
        Err(error) => judge(vec![consistency::undecodable(&error)], gate),
    }
}

/// Judges a picture whose pixels were decoded already.
pub(crate) fn judge_raster(raster: &Raster, parts: Option<&PartMap>, brief: &PictureBrief, others: &[Other], gate: Score) -> Verdict {
    let expected = expected_parts(brief);
    let subject = Subject { image: raster, parts, expected: &expected, canvas: Some(brief.canvas), others, layout: None };
    let measurements =
        vec![Technical::default().report(&subject), ColourModel::default().report(&subject), Attributes::default().report(&subject)];
    judge(measurements, gate)
}

/// Judges a clip by what was measured as its frames went by. Whether it keeps to the bible is judged by its key
/// pictures, each for itself.
#[must_use]
pub fn judge_clip(name: &str, report: ClipReport, gate: Score) -> PictureVerdict {
    let elsewhere = Measurement {
        measure: ColourModel::default().name().to_owned(),
        version: ColourModel::default().version(),
        role: Role::Consistency,
        outcome: Outcome::NotApplicable { reason: "the key pictures are measured by themselves".to_owned() },
    };
    PictureVerdict { picture: name.to_owned(), verdict: judge(vec![report.measurement, elsewhere], gate) }
}

/// The fingerprint of a picture as it was written; `None` when it cannot be decoded.
#[must_use]
pub fn fingerprint(png: &[u8]) -> Option<Fingerprint> {
    consistency::decode(png).ok().map(|raster| Fingerprint::of(&raster))
}

/// The colour model that a brief asks for, part by part, straight from the resolved bible.
fn expected_parts(brief: &PictureBrief) -> Vec<ExpectedPart> {
    let mut expected = Vec::new();
    for actor in &brief.actors {
        let figure = &actor.figure;
        let mut add = |part: String, tones: &Tones| {
            expected.push(ExpectedPart { owner: figure.character.clone(), part, tones: *tones });
        };
        for (slot, tones) in &figure.colours {
            add(slot.clone(), tones);
        }
        for garment in &figure.garments {
            for (slot, tones) in &garment.colours {
                add(format!("{}.{slot}", garment.part), tones);
            }
        }
        for WornBrief { part, colours, .. } in figure.marks.iter().chain(&figure.accessories) {
            for (slot, tones) in colours {
                add(format!("{part}.{slot}"), tones);
            }
        }
        expected.extend(actor.holds.iter().flat_map(prop_parts));
    }
    expected.extend(brief.props.iter().flat_map(|standing| prop_parts(&standing.prop)));
    expected
}

fn prop_parts(prop: &PropBrief) -> impl Iterator<Item = ExpectedPart> {
    prop.colours.iter().map(|(slot, tones)| ExpectedPart { owner: prop.prop.clone(), part: slot.to_string(), tones: *tones })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: Status, score: Option<f64>) -> PictureVerdict {
        let gate = Score::new(0.85).unwrap();
        let verdict =
            Verdict { status, score: score.map(|score| Score::new(score).unwrap()), gate, reasons: Vec::new(), measurements: Vec::new() };
        PictureVerdict { picture: "frame-0000.png".to_owned(), verdict }
    }

    #[test]
    fn one_bad_picture_decides_for_the_whole_shot() {
        let gate = Score::new(0.85).unwrap();
        let pictures =
            vec![verdict(Status::Accepted, Some(0.99)), verdict(Status::Rejected, Some(0.4)), verdict(Status::NeedsReview, None)];
        let report = GateReport::of(gate, pictures);
        assert_eq!((report.status, report.score.map(Score::value)), (Status::Rejected, Some(0.4)));
    }

    #[test]
    fn an_artifact_without_pictures_is_for_a_person() {
        let report = GateReport::of(Score::new(0.85).unwrap(), Vec::new());
        assert_eq!((report.status, report.score), (Status::NeedsReview, None));
    }
}
