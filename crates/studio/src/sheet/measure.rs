//! The pictures of a sheet, read back and measured: each for itself, and every two against each other.

use bible::{Digest, Slug};
use consistency::expression::{self, LaidOut, Read};
use consistency::measure::Evidence;
use consistency::{Expressions, Fingerprint, Gate, Outcome, Status, Structure, Technical, Verdict, agreement, judge};
use engine::PictureBrief;
use engine::picture::{PartMap, Raster, Skeleton};
use rayon::prelude::*;
use store::{Artifact, ArtifactFile, BlobStore};
use vision_models::{Embedding, Reference};

use super::document::{CharacterSheet, Check, Finding, SheetName, SignedForm, SlotPair, SlotPicture, canonical, sign};
use crate::gate::{PaintedOver, by_construction, colours_of, judge_raster, measured_foreign};
use crate::networks::Networks;
use crate::picture_files::{kept_part_map, read_skeletons};
use crate::{StudioError, Subject};

/// A picture as it is kept, with what it should show.
pub(super) struct Kept {
    pub(super) slot: Slug,
    pub(super) subject: Subject,
    pub(super) artifact: Artifact,
    /// The recipe that it was drawn from: another picture may have it by now.
    pub(super) recipe: Digest,
    pub(super) status: Status,
    pub(super) brief: PictureBrief,
    file: ArtifactFile,
    png: bytes::Bytes,
    parts: Option<PartMap>,
    layout: Option<KeptLayout>,
}

/// The layout that a picture was painted over.
struct KeptLayout {
    image: Raster,
    skeletons: Vec<Skeleton>,
}

/// A picture with all that was measured of it.
struct Measured {
    picture: SlotPicture,
    fingerprint: Fingerprint,
    colours: Option<consistency::colour::ColourEvidence>,
    versions: Vec<String>,
}

impl Kept {
    /// Reads the picture and its part map.
    pub(super) async fn read(
        blobs: &BlobStore,
        slot: Slug,
        subject: Subject,
        artifact: Artifact,
        recipe: Digest,
        status: Status,
        brief: PictureBrief,
    ) -> Result<Self, StudioError> {
        let damaged =
            |what: &str| StudioError::Unknown { what: format!("{what} of {subject} in its artifact {}", artifact.id), nearest: None };
        let Some(file) = artifact.files.iter().find(|file| file.media_type == "image/png").cloned() else { return Err(damaged("picture")) };
        let png = blobs.get(file.digest).await?;
        let stem = file.name.trim_end_matches(".png");
        let parts = kept_part_map(blobs, &artifact, stem).await?;
        let layout = KeptLayout::read(blobs, &subject, &artifact, stem).await?;
        Ok(Self { slot, subject, artifact, recipe, status, brief, file, png, parts, layout })
    }

    /// Measures the picture; the sheet's others tell its face apart.
    fn measure(&self, gate: Gate, sheet: &[Self]) -> Result<Measured, StudioError> {
        let raster = consistency::decode(&self.png).map_err(|error| unreadable(&self.subject, &error))?;
        let mut pixels = Vec::with_capacity(raster.rgba.len() + 8);
        pixels.extend_from_slice(&raster.width.to_le_bytes());
        pixels.extend_from_slice(&raster.height.to_le_bytes());
        pixels.extend_from_slice(&raster.rgba);
        let verdict = if by_construction(&self.artifact.engine) {
            judge_raster(&raster, self.parts.as_ref(), &self.brief, &[], gate)
        } else {
            let (layout, parts) = (self.layout.as_ref(), self.parts.as_ref());
            let painted = layout.zip(parts).map(|(KeptLayout { image, skeletons }, parts)| PaintedOver { image, parts, skeletons });
            judge(measured_foreign(&raster, painted.as_ref(), &self.brief, &[]), gate)
        };
        let colours = colours_of(&verdict).cloned();
        let mut versions: Vec<String> =
            verdict.measurements.iter().map(|measurement| format!("{}@{}", measurement.measure, measurement.version)).collect();
        let face = self.face(&raster, sheet);
        if face.is_some() {
            versions.push(format!("{}@{}", expression::NAME, expression::VERSION));
        }
        let measured = match verdict.reasons.iter().find(|reason| reason.leads_to.is_some()) {
            None => Finding::Passed(verdict.score.map_or_else(|| "nothing of it is wrong".to_owned(), |score| format!("scores {score}"))),
            Some(reason) => Finding::Failed(format!("{}: {}", reason.measure, reason.message)),
        };
        // A person may accept what the gate did not: their word stands beside what was measured.
        let measured = match (self.status, measured) {
            (Status::Accepted, Finding::Failed(why)) => Finding::Passed(format!("a person accepted it; {why}")),
            (_, measured) => measured,
        };
        let checks = vec![
            Check { check: "verdict".to_owned(), finding: measured },
            Check { check: "pose".to_owned(), finding: self.pose(&verdict) },
            Check { check: "expression".to_owned(), finding: self.expression(face) },
        ];
        let picture = SlotPicture {
            slot: self.slot.clone(),
            artifact: self.artifact.id,
            recipe: self.recipe,
            file: self.file.digest,
            pixels: Digest::of(&pixels),
            status: self.status,
            score: verdict.score,
            checks,
        };
        Ok(Measured { picture, fingerprint: Fingerprint::of(&raster), colours, versions })
    }

    /// Whether the picture has the pose of its place: in a picture that was painted over the layout of that pose, whether the
    /// figure's outline is where the layout has it.
    fn pose(&self, verdict: &Verdict) -> Finding {
        let Some(actor) = self.brief.actors.first() else { return Finding::NotMeasured("nobody was asked for".to_owned()) };
        let pose = format!("the pose `{}`, facing {}", actor.pose, actor.facing.word());
        if by_construction(&self.artifact.engine) {
            return Finding::ByConstruction(format!("drawn from {pose}"));
        }
        let structure = verdict.measurements.iter().find_map(|measurement| match &measurement.outcome {
            Outcome::Measured { evidence: Evidence::Structure(structure), .. } => Some(structure),
            _ => None,
        });
        let figure = structure.and_then(|structure| structure.figures.iter().find(|figure| figure.owner == actor.figure.character));
        let Some(figure) = figure else {
            return Finding::NotMeasured(
                "it was not painted over a layout, and there is no measure that reads poses off pictures".to_owned(),
            );
        };
        let least = Structure::default().least_alignment;
        let told =
            format!("{:.2} of the outline that {pose} has in its layout is found beyond chance, {least:.2} needed", figure.alignment);
        if figure.alignment >= least { Finding::Passed(told) } else { Finding::Failed(told) }
    }

    fn expression(&self, face: Option<Read>) -> Finding {
        let Some(actor) = self.brief.actors.first() else { return Finding::NotMeasured("nobody was asked for".to_owned()) };
        let asked = actor.expression.word();
        if by_construction(&self.artifact.engine) {
            return Finding::ByConstruction(format!("drawn with the face `{asked}`"));
        }
        match face {
            Some(Read::AsAsked { before, lead }) => Finding::Passed(format!(
                "looks more like `{asked}` than like any other face of the sheet, than `{}` by {lead:.2}",
                before.word()
            )),
            Some(Read::Other { looks, lead }) => {
                Finding::Failed(format!("looks more like `{}` than like `{asked}`, by {lead:.2}", looks.word()))
            }
            Some(Read::Unread { reason }) => Finding::NotMeasured(reason),
            None if self.layout.is_none() => {
                Finding::NotMeasured("it was not painted over a layout, and there is no measure that reads faces off pictures".to_owned())
            }
            None => Finding::NotMeasured("no other picture of the sheet has a layout of the same head with another face".to_owned()),
        }
    }

    /// Which face the picture shows, by the layouts of the same head with other faces that the sheet has; none where there are
    /// none.
    fn face(&self, image: &Raster, sheet: &[Self]) -> Option<Read> {
        let own = self.brief.actors.first()?;
        let as_here = |other: &Self| {
            let mut brief = other.brief.clone();
            if let Some(actor) = brief.actors.first_mut() {
                actor.expression = own.expression;
            }
            brief == self.brief
        };
        let others = sheet.iter().filter(|other| as_here(other)).filter_map(Self::laid_out);
        let others: Vec<LaidOut<'_>> = others.filter(|other| other.expression != own.expression).collect();
        let asked = self.laid_out()?;
        (!others.is_empty()).then(|| Expressions::default().read(image, asked, &others))
    }

    /// The face that the picture's layout has; none where it was painted over none.
    fn laid_out(&self) -> Option<LaidOut<'_>> {
        Some(LaidOut { expression: self.brief.actors.first()?.expression, image: &self.layout.as_ref()?.image })
    }
}

impl KeptLayout {
    /// The layout that is kept beside the picture `stem`; none where it was painted over none.
    async fn read(blobs: &BlobStore, subject: &Subject, artifact: &Artifact, stem: &str) -> Result<Option<Self>, StudioError> {
        let named = |suffix: &str| artifact.files.iter().find(|file| file.name == format!("{stem}.{suffix}"));
        let Some(image) = named("layout.png") else { return Ok(None) };
        let image = consistency::decode(&blobs.get(image.digest).await?).map_err(|error| unreadable(subject, &error))?;
        let skeletons = match named("skeletons.json") {
            Some(file) => read_skeletons(&blobs.get(file.digest).await?)
                .map_err(|source| StudioError::Damaged { what: format!("the skeletons of {subject}"), source })?,
            None => Vec::new(),
        };
        Ok(Some(Self { image, skeletons }))
    }
}

fn unreadable(subject: &Subject, error: &consistency::Unreadable) -> StudioError {
    StudioError::Unknown { what: format!("readable picture of {subject} ({error})"), nearest: None }
}

/// Measures the pictures of a sheet and signs it. The order of threads changes nothing.
pub(super) fn measured(
    name: SheetName,
    kept: &[Kept],
    missing: Vec<Slug>,
    gate: Gate,
    networks: &Networks,
) -> Result<CharacterSheet, StudioError> {
    let mut measured: Vec<Measured> = kept.par_iter().map(|one| one.measure(gate, kept)).collect::<Result<_, _>>()?;
    let pairs = pairs(&name.character, &measured);
    for (index, Measured { picture, .. }) in measured.iter_mut().enumerate() {
        // Of two alike the later is the copy.
        let original = pairs.iter().find(|pair| pair.copy && pair.other == picture.slot).map(|pair| &pair.one);
        let finding = match (original, index) {
            (Some(original), _) => Finding::Failed(format!("looks the same as `{original}`")),
            (None, 0) => Finding::Passed("it is the first".to_owned()),
            (None, _) => Finding::Passed("differs from all before it".to_owned()),
        };
        picture.checks.push(Check { check: "copy".to_owned(), finding });
    }
    let mut measures: Vec<String> = measured.iter().flat_map(|one| one.versions.iter().cloned()).collect();
    measures.sort_unstable();
    measures.dedup();
    let slots: Vec<SlotPicture> = measured.into_iter().map(|one| one.picture).collect();
    let subject = kept.first().map(|kept| kept.subject.clone());
    let canonical = canonical(&slots, &pairs, gate.accept);
    let form = SignedForm::PicturesAndCanonical;
    let digest = sign(form, &name, &slots, &measures, &canonical)
        .map_err(|source| StudioError::Damaged { what: subject.map_or_else(|| name.to_string(), |subject| subject.to_string()), source })?;
    let identity = if kept.iter().all(|kept| by_construction(&kept.artifact.engine)) {
        Finding::ByConstruction("every picture is drawn from one figure of the bible".to_owned())
    } else {
        identity(&name.character, kept, networks).unwrap_or_else(Finding::NotMeasured)
    };
    Ok(CharacterSheet { name, form, slots, missing, pairs, canonical, identity, measures, digest })
}

/// Whether every picture shows the person whom the others show together; why nobody knows, otherwise.
fn identity(character: &Slug, kept: &[Kept], networks: &Networks) -> Result<Finding, String> {
    networks.identity()?;
    let (model, threshold) = networks.threshold().ok_or("the manifest of the identity model has no threshold")?;
    let mut embeddings = Vec::with_capacity(kept.len());
    for kept in kept {
        let embedding = networks.embed(kept.file.digest, &kept.png, kept.parts.as_ref(), character);
        embeddings.push(embedding.map_err(|reason| format!("`{}`: {reason}", kept.slot))?);
    }
    let mut farthest: Option<(f64, &Slug)> = None;
    for (index, (kept, embedding)) in kept.iter().zip(&embeddings).enumerate() {
        let others: Vec<Embedding> =
            embeddings.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, one)| one.clone()).collect();
        let reference = Reference::of(&others).ok_or("one picture alone can be compared with nothing")?;
        let difference = reference.difference(embedding);
        if farthest.is_none_or(|(most, _)| difference > most) {
            farthest = Some((difference, &kept.slot));
        }
    }
    let (difference, slot) = farthest.ok_or("there are no pictures")?;
    let told = format!("`{slot}` differs most from the others, by {difference:.3} ({model}; up to {threshold:.3} is the same)");
    Ok(if difference <= threshold { Finding::Passed(told) } else { Finding::Failed(told) })
}

fn pairs(character: &Slug, measured: &[Measured]) -> Vec<SlotPair> {
    let limits = Technical::default();
    let mut pairs = Vec::new();
    for (index, other) in measured.iter().enumerate() {
        for one in &measured[..index] {
            let agreed = one.colours.as_ref().zip(other.colours.as_ref()).and_then(|(one, other)| agreement(one, other, character));
            let copy = one.fingerprint.distance(other.fingerprint) <= limits.duplicate_bits
                && one.fingerprint.fine_distance(other.fingerprint) <= limits.duplicate_fine_bits;
            pairs.push(SlotPair {
                one: one.picture.slot.clone(),
                other: other.picture.slot.clone(),
                score: agreed.as_ref().map(|agreed| agreed.score),
                parts: agreed.as_ref().map_or(0, |agreed| agreed.parts),
                least: agreed.map(|agreed| agreed.least),
                copy,
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use consistency::Score;
    use engine::{Engine, Picture};
    use store::{RecipeKind, VerdictStatus};
    use uuid::Uuid;

    use super::*;
    use crate::Show;
    use crate::graph::{Graph, Work};
    use crate::picture_files::files_of;

    /// A picture that another engine painted over a layout, as it is kept.
    fn kept(brief: &PictureBrief, layout: Option<&Picture>, painted: &Picture) -> Kept {
        let png = files_of(painted, "picture").unwrap().swap_remove(0);
        let file = ArtifactFile { name: png.name, digest: Digest::of(&png.bytes), media_type: png.media_type.to_owned(), bytes: 0 };
        let artifact = Artifact {
            id: Uuid::nil(),
            project: Uuid::nil(),
            recipe: Digest::of(b""),
            kind: RecipeKind::Sheet,
            subject: "sheet aki/everyday/front".to_owned(),
            engine: "comfyui".to_owned(),
            engine_version: "1".to_owned(),
            seed: None,
            bible: Digest::of(b""),
            width: painted.image.width,
            height: painted.image.height,
            frames: 1,
            files: vec![file.clone()],
            seconds: 1.0,
            attempts: 1,
            status: VerdictStatus::Accepted,
            score: None,
            created_at: chrono::DateTime::UNIX_EPOCH,
        };
        Kept {
            slot: "front".parse().unwrap(),
            subject: artifact.subject.parse().unwrap(),
            recipe: artifact.recipe,
            artifact,
            status: Status::Accepted,
            brief: brief.clone(),
            file,
            png: png.bytes.into(),
            parts: layout.and_then(|layout| layout.parts.clone()),
            layout: layout.map(|layout| KeptLayout { image: (*layout.image).clone(), skeletons: layout.skeletons.clone() }),
        }
    }

    #[test]
    fn a_face_that_was_painted_as_another_is_found_out_by_the_layouts_of_the_sheet() {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let engine = show.engine();
        let graph = Graph::of(&show.project, &engine).unwrap();
        let face = |name: &str| {
            let node = graph.nodes.iter().find(|node| node.subject.to_string() == format!("sheet aki/everyday/{name}")).unwrap();
            let Work::Sheet(brief) = &node.work else { panic!("a sheet") };
            (brief.as_ref().clone(), engine.picture(brief).unwrap())
        };
        let (faces, front) = (["neutral", "happy", "sad", "angry", "surprised", "determined"].map(face), face("front"));
        let sheet: Vec<Kept> = faces.iter().chain([&front]).map(|(brief, drawn)| kept(brief, Some(drawn), drawn)).collect();
        let read = |kept: &Kept| {
            let measured = kept.measure(Score::AT_TOLERANCE.into(), &sheet).unwrap();
            (measured.picture.checks[2].finding.clone(), measured.versions.contains(&"expression@1".to_owned()))
        };
        for (place, (brief, drawn)) in faces.iter().enumerate() {
            for shown in [place, (place + 1) % faces.len()] {
                let (painted_brief, painted) = &faces[shown];
                let (said, is_signed) = read(&kept(brief, Some(drawn), painted));
                let looks = format!("looks more like `{}`", painted_brief.actors[0].expression.word());
                assert!(is_signed && said.detail().contains(&looks), "{said:?}");
                assert_eq!(said.word(), if shown == place { "passed" } else { "failed" });
            }
        }
        let (standing, _) = read(&kept(&front.0, Some(&front.1), &front.1));
        assert!(matches!(&standing, Finding::NotMeasured(why) if why.contains("same head")), "{standing:?}");
        let (alone, signed) = read(&kept(&faces[0].0, None, &faces[0].1));
        assert!(!signed && matches!(&alone, Finding::NotMeasured(why) if why.contains("not painted over a layout")), "{alone:?}");
    }

    #[test]
    fn a_picture_in_another_pose_than_that_of_its_place_is_found_out_where_there_is_a_layout() {
        let show = Show::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tiny")).unwrap();
        let engine = show.engine();
        let graph = Graph::of(&show.project, &engine).unwrap();
        let slot = |name: &str| {
            let node = graph.nodes.iter().find(|node| node.subject.to_string() == format!("sheet aki/everyday/{name}")).unwrap();
            let Work::Sheet(brief) = &node.work else { panic!("a sheet") };
            (brief.as_ref().clone(), engine.picture(brief).unwrap())
        };
        let ((standing, front), (sitting, sat)) = (slot("front"), slot("sitting"));
        let pose = |kept: &Kept| {
            let measured = kept.measure(Score::AT_TOLERANCE.into(), &[]).unwrap();
            (measured.picture.checks[1].finding.clone(), measured.versions)
        };
        let (own, versions) = pose(&kept(&sitting, Some(&sat), &sat));
        assert!(matches!(&own, Finding::Passed(told) if told.contains("the pose `sit`")), "{own:?}");
        assert!(versions.iter().any(|measure| measure.starts_with("structure@")), "what was measured is signed: {versions:?}");
        for (brief, layout, painted) in [(&sitting, &sat, &front), (&standing, &front, &sat)] {
            let other = pose(&kept(brief, Some(layout), painted)).0;
            assert!(matches!(&other, Finding::Failed(told) if told.contains("0.60 needed")), "{other:?}");
        }
        let alone = pose(&kept(&sitting, None, &sat)).0;
        assert!(matches!(alone, Finding::NotMeasured(_)), "{alone:?}");
    }
}
