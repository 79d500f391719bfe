//! The gate: every key picture is read back, measured against what the bible asks for, and judged.

use bible::story::TimeOfDay;
use bible::{Colour, Tones};
use consistency::calibration::Domain;
use consistency::colour::{ColourEvidence, PartColour};
use consistency::measure::{Evidence, Role};
use consistency::{
    Attributes, Calibration, ColourModel, ExpectedPart, Fingerprint, Gate, Layout, Linework, Measure, Measurement, Other, Outcome, Score,
    Status, Structure, Style, Subject, Technical, Verdict, judge, judge_calibrated,
};
use engine::PictureBrief;
use engine::brief::{Backdrop, FigureBrief, PropBrief, WornBrief};
use engine::picture::{PartMap, Raster, Skeleton};
use serde::{Deserialize, Serialize};
use vision_models::Sought;

use crate::attempts::Try;
use crate::copies::Copies;
use crate::networks::Networks;

/// The engine that draws from the bible alone: who is in its pictures is known from how they are made.
const LAYOUT_ENGINE: &str = "layout";

/// Whether who is in the pictures of an engine is known by construction.
#[must_use]
pub(crate) fn by_construction(engine: &str) -> bool {
    engine == LAYOUT_ENGINE
}

/// What the gate said of everything that belongs to one artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// The worst status of its pictures.
    pub status: Status,
    /// The lowest score of its pictures; none when none was measured.
    pub score: Option<Score>,
    /// The gate that they were held against.
    #[serde(flatten)]
    pub gate: Gate,
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
    /// The attempts at it, where it was drawn more than once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
}

impl GateReport {
    /// Sums up the verdicts of an artifact's pictures: the worst status and the lowest score stand for all.
    #[must_use]
    pub fn of(gate: Gate, pictures: Vec<PictureVerdict>) -> Self {
        let severity = |status: Status| match status {
            Status::Accepted => 0,
            Status::NeedsReview => 1,
            Status::Rejected => 2,
        };
        let status = pictures.iter().map(|picture| picture.verdict.status).max_by_key(|status| severity(*status));
        let score = pictures.iter().filter_map(|picture| picture.verdict.score).reduce(Score::min);
        Self { status: status.unwrap_or(Status::NeedsReview), score, gate, pictures }
    }

    /// The gate that a stored report was held against; none when it cannot be read.
    pub(crate) fn stored_gate(report: &serde_json::Value) -> Option<Gate> {
        Gate::deserialize(report).ok()
    }

    /// The same measurements held against another gate.
    #[must_use]
    pub fn held_against(self, gate: Gate) -> Self {
        if self.pictures.is_empty() {
            return Self { gate, ..self };
        }
        let judged = |picture: PictureVerdict| {
            let Verdict { measurements, calibrated, .. } = picture.verdict;
            PictureVerdict { verdict: judge_calibrated(measurements, calibrated, gate), ..picture }
        };
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
    /// `hair of mei`; `hair of mei, segmented` where no mask says where it is.
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
    /// The verdict on a picture that was drawn once.
    pub(crate) fn of(picture: &str, verdict: Verdict) -> Self {
        Self { picture: picture.to_owned(), verdict, tries: Vec::new() }
    }

    /// The colours that were found in the picture; none when they were not measured.
    pub(crate) fn colours(&self) -> Option<&ColourEvidence> {
        colours_of(&self.verdict)
    }
}

/// The colours that a verdict rests on, by masks; none when they were not measured.
pub(crate) fn colours_of(verdict: &Verdict) -> Option<&ColourEvidence> {
    all_colours_of(verdict).find(|colours| colours.cut_out.is_by_masks())
}

/// All colours that were measured of a picture, by masks or by segmentation.
pub(crate) fn all_colours_of(verdict: &Verdict) -> impl Iterator<Item = &ColourEvidence> {
    verdict.measurements.iter().filter_map(|measurement| match &measurement.outcome {
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
            for colours in all_colours_of(&picture.verdict) {
                let sign = if colours.cut_out.is_by_masks() { "" } else { ", segmented" };
                let name = |part: &PartColour| match &part.owner {
                    Some(owner) => format!("{} of {owner}{sign}", part.part),
                    None => format!("{}{sign}", part.part),
                };
                parts.extend(colours.parts.iter().map(|part| MeasuredPart {
                    picture: picture.picture.clone(),
                    part: name(part),
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
pub fn judge_picture(png: &[u8], parts: Option<&PartMap>, brief: &PictureBrief, others: &[Other], gate: impl Into<Gate>) -> Verdict {
    let gate = gate.into();
    match consistency::decode(png) {
        Ok(raster) => judge_raster(&raster, parts, brief, others, gate),
        Err(error) => judge(vec![consistency::undecodable(&error)], gate),
    }
}

/// The layout that a picture was painted over.
pub(crate) struct PaintedOver<'a> {
    pub(crate) image: &'a Raster,
    pub(crate) parts: &'a PartMap,
    pub(crate) skeletons: &'a [Skeleton],
}

/// What is needed to judge pictures that the layout engine did not draw.
pub(crate) struct Foreign<'a> {
    /// Tells who is in them.
    pub(crate) networks: &'a Networks,
    /// Who should be in them.
    pub(crate) people: &'a [Sought],
    /// Says what the measures mean together.
    pub(crate) calibration: &'a Calibration,
    /// Tells whether they are copies of what the model was shown; none where it was shown nobody.
    pub(crate) copies: Option<&'a Copies>,
    /// Tells whether they are drawn as the show's accepted pictures are; none where too few are.
    pub(crate) style: Option<&'a Style>,
}

/// Judges a picture that the layout engine did not draw. Who is in it has to be measured; over a layout the measures
/// against that layout are taken too, and feed the probability.
pub(crate) fn judge_foreign(
    png: &[u8],
    layout: Option<&PaintedOver<'_>>,
    brief: &PictureBrief,
    others: &[Other],
    gate: Gate,
    foreign: &Foreign<'_>,
) -> Verdict {
    let raster = match consistency::decode(png) {
        Ok(raster) => raster,
        Err(error) => return judge(vec![consistency::undecodable(&error)], gate),
    };
    let mut measurements = measured_foreign(&raster, layout, brief, others);
    let parts = layout.map(|layout| layout.parts);
    let seen = Subject { parts, ..Subject::new(&raster) };
    if parts.is_none() {
        let expected = expected_parts(brief);
        let coloured = Subject { expected: &expected, ..seen };
        measurements.push(foreign.networks.segmented_colours(&coloured, declared_light(&brief.backdrop)));
    }
    // What is drawn otherwise on purpose is not wrong: it tells only together with the others.
    measurements.extend(foreign.style.map(|style| Measurement { role: Role::Supporting, ..style.report(&seen) }));
    measurements.extend(foreign.copies.map(|copies| copies.measure(&seen, foreign.networks)));
    measurements.push(foreign.networks.measure(&seen, foreign.people));
    let domain = if layout.is_some() { Domain::DiffusedOverLayout } else { Domain::DiffusedWithoutLayout };
    together(measurements, domain, foreign.calibration, gate)
}

/// The light that a picture without a layout can be expected to have on its people: none but the day's. How a model paints
/// night, nobody declared.
pub(crate) fn declared_light(backdrop: &Backdrop) -> Result<[f32; 3], &'static str> {
    match backdrop {
        Backdrop::Plain { .. } | Backdrop::Set { time: TimeOfDay::Day, .. } => Ok([1.0; 3]),
        Backdrop::Set { .. } => Err("without a layout nobody knows how the light of this time of day was painted"),
    }
}

/// All that is measured of a picture that the layout engine did not draw, but for who is in it.
pub(crate) fn measured_foreign(
    raster: &Raster,
    layout: Option<&PaintedOver<'_>>,
    brief: &PictureBrief,
    others: &[Other],
) -> Vec<Measurement> {
    let expected = expected_parts(brief);
    let layout = layout.map(|layout| Layout { image: layout.image, parts: layout.parts, skeletons: layout.skeletons });
    let subject = Subject { expected: &expected, canvas: Some(brief.canvas), others, layout, ..Subject::new(raster) };
    // Without skeletons the length of hair is left open: before a set of its own colour it seems to go on into the set.
    let unposed = Subject { layout: layout.map(|layout| Layout { skeletons: &[], ..layout }), ..subject };
    let mut measurements =
        vec![Technical::default().report(&subject), ColourModel::default().report(&subject), Attributes::default().report(&unposed)];
    if layout.is_some() {
        // A model that draws its own lines is not wrong for that: these two tell only together with the others.
        for measurement in [Structure::default().report(&subject), Linework::default().report(&subject)] {
            measurements.push(Measurement { role: Role::Supporting, ..measurement });
        }
    }
    measurements
}

/// The verdict on measurements, with what a calibration says of them together.
fn together(measurements: Vec<Measurement>, domain: Domain, calibration: &Calibration, gate: Gate) -> Verdict {
    let calibrated = calibration.judge_measurements(&measurements, domain);
    // Without a probability there is nothing to tell.
    let calibrated = calibrated.probability.is_some().then_some(calibrated);
    judge_calibrated(measurements, calibrated, gate)
}

/// Judges a picture again after somebody has looked anew at who is in it; all else stays as it was measured.
pub(crate) fn judge_with_identity(verdict: Verdict, identity: Measurement, calibration: &Calibration, gate: Gate) -> Verdict {
    let structure = Structure::default();
    let over_layout = verdict.measurements.iter().any(|measurement| measurement.measure == structure.name());
    let domain = if over_layout { Domain::DiffusedOverLayout } else { Domain::DiffusedWithoutLayout };
    let mut measurements: Vec<Measurement> =
        verdict.measurements.into_iter().filter(|measurement| measurement.role != Role::Identity).collect();
    measurements.push(identity);
    together(measurements, domain, calibration, gate)
}

/// Whether somebody could learn more of who is in a picture than its verdict says: it was not asked, or not all could be
/// told.
pub(crate) fn identity_is_open(verdict: &Verdict) -> bool {
    let identity = verdict.measurements.iter().find(|measurement| measurement.role == Role::Identity);
    identity.is_none_or(|identity| match &identity.outcome {
        Outcome::NotMeasured { .. } => true,
        Outcome::NotApplicable { .. } => false,
        Outcome::Measured { findings, .. } => findings.iter().any(|finding| finding.unmeasured().is_some()),
    })
}

/// Judges a picture whose pixels were decoded already.
pub(crate) fn judge_raster(raster: &Raster, parts: Option<&PartMap>, brief: &PictureBrief, others: &[Other], gate: Gate) -> Verdict {
    let expected = expected_parts(brief);
    let subject = Subject { image: raster, parts, expected: &expected, canvas: Some(brief.canvas), others, layout: None };
    let measurements =
        vec![Technical::default().report(&subject), ColourModel::default().report(&subject), Attributes::default().report(&subject)];
    judge(measurements, gate)
}

/// Judges what moves by a technical measurement of it, as its frames went by: whether it keeps to the bible is judged by its key
/// pictures, each for itself.
#[must_use]
pub fn judge_moving(name: &str, measurement: Measurement, gate: Gate) -> PictureVerdict {
    let elsewhere = Measurement {
        measure: ColourModel::default().name().to_owned(),
        version: ColourModel::default().version(),
        role: Role::Consistency,
        outcome: Outcome::NotApplicable { reason: "the key pictures are measured by themselves".to_owned() },
    };
    PictureVerdict::of(name, judge(vec![measurement, elsewhere], gate))
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
        expected.extend(figure_parts(&actor.figure));
        expected.extend(actor.holds.iter().flat_map(prop_parts));
    }
    expected.extend(brief.props.iter().flat_map(|standing| prop_parts(&standing.prop)));
    expected
}

/// The colour model of somebody in what they wear.
pub(crate) fn figure_parts(figure: &FigureBrief) -> Vec<ExpectedPart> {
    let mut expected = Vec::new();
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
    expected
}

fn prop_parts(prop: &PropBrief) -> impl Iterator<Item = ExpectedPart> {
    prop.colours.iter().map(|(slot, tones)| ExpectedPart { owner: prop.prop.clone(), part: slot.to_string(), tones: *tones })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use consistency::style::{StyleFigures, StyleProfile};
    use engine::Engine;

    use super::*;
    use crate::Show;
    use crate::graph::Graph;
    use crate::picture_files::files_of;
    use crate::references::brief_of;
    use crate::suggestion::suggestions;

    fn verdict(status: Status, score: Option<f64>) -> PictureVerdict {
        let gate = Score::AT_TOLERANCE.into();
        let verdict = Verdict {
            status,
            score: score.map(|score| Score::new(score).unwrap()),
            gate,
            reasons: Vec::new(),
            measurements: Vec::new(),
            calibrated: None,
        };
        PictureVerdict::of("frame-0000.png", verdict)
    }

    #[test]
    fn one_bad_picture_decides_for_the_whole_shot() {
        let pictures =
            vec![verdict(Status::Accepted, Some(0.99)), verdict(Status::Rejected, Some(0.4)), verdict(Status::NeedsReview, None)];
        let report = GateReport::of(Score::AT_TOLERANCE.into(), pictures);
        assert_eq!((report.status, report.score.map(Score::value)), (Status::Rejected, Some(0.4)));
    }

    #[test]
    fn an_artifact_without_pictures_is_for_a_person() {
        let report = GateReport::of(Score::AT_TOLERANCE.into(), Vec::new());
        assert_eq!((report.status, report.score), (Status::NeedsReview, None));
    }

    #[test]
    fn a_picture_without_masks_tells_its_colours_and_waits_for_a_person_in_any_case() {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let engine = show.engine();
        let graph = Graph::of(&show.project, &engine).unwrap();
        let brief = graph.nodes.iter().find_map(|node| brief_of(&node.work)).unwrap();
        let mut red = brief.clone();
        let mut figure = FigureBrief::clone(&red.actors[0].figure);
        figure.colours.insert("hair".to_owned(), Tones::from_base(Colour::new(0xc0, 0x20, 0x20)));
        red.actors[0].figure = Arc::new(figure);
        let people = [Sought { character: brief.actors[0].figure.character.clone(), reference: Err("no sheet is accepted".to_owned()) }];
        let (networks, calibration) = (Networks::new(None), Calibration::built_in());
        let foreign = Foreign { networks: &networks, people: &people, calibration: &calibration, copies: None, style: None };
        for (painted, is_off) in [(brief, false), (&red, true)] {
            let png = files_of(&engine.picture(painted).unwrap(), "frame").unwrap().swap_remove(0).bytes;
            let verdict = judge_foreign(&png, None, brief, &[], Score::AT_TOLERANCE.into(), &foreign);
            assert_eq!((verdict.status, verdict.score), (Status::NeedsReview, None), "{:#?}", verdict.reasons);
            let hair = verdict.reasons.iter().find(|reason| reason.message.starts_with("hair of "));
            assert!(hair.is_some() == is_off && hair.is_none_or(|hair| hair.leads_to.is_none()), "{:#?}", verdict.reasons);
            let looks = suggestions(&verdict, None, "").iter().any(|suggestion| suggestion.because.contains("segmented, not masked"));
            assert_eq!(looks, is_off);
            let report = GateReport::of(Score::AT_TOLERANCE.into(), vec![PictureVerdict::of("frame.png", verdict)]);
            let parts = report.measured_parts();
            assert!(parts.len() > 2 && parts.iter().all(|part| part.part.ends_with(", segmented")), "{parts:#?}");
        }
    }

    #[test]
    fn a_picture_in_another_style_than_the_accepted_ones_says_so_and_nothing_is_decided_by_it() {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let engine = show.engine();
        let graph = Graph::of(&show.project, &engine).unwrap();
        let brief = graph.nodes.iter().find_map(|node| brief_of(&node.work)).unwrap();
        let drawn = engine.picture(brief).unwrap();
        let figures = StyleFigures::of(&drawn.image).unwrap();
        let (networks, calibration) = (Networks::new(None), Calibration::built_in());
        let style = Style::new(StyleProfile::of([figures; 8]));
        let foreign = Foreign { networks: &networks, people: &[], calibration: &calibration, copies: None, style: Some(&style) };
        let mut grainy = Raster::clone(&drawn.image);
        grainy
            .rgba
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| at % 4 != 3 && at % 3 == 0)
            .for_each(|(_, code)| *code = code.saturating_add(40));
        let judged = |image: Raster| {
            let picture = engine::Picture { image: Arc::new(image), ..drawn.clone() };
            let png = files_of(&picture, "frame").unwrap().swap_remove(0).bytes;
            judge_foreign(&png, None, brief, &[], Score::AT_TOLERANCE.into(), &foreign)
        };
        let said = |verdict: &Verdict| verdict.reasons.iter().find(|reason| reason.code == "style-off").cloned();
        let (same, other) = (judged(Raster::clone(&drawn.image)), judged(grainy));
        assert_eq!(said(&same), None);
        let reason = said(&other).unwrap();
        assert!(reason.leads_to.is_none() && reason.message.contains("the accepted pictures"), "{reason:?}");
    }
}
