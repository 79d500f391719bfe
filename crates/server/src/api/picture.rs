//! What the API says of something drawn: its pictures, its verdict, where it comes from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::{Artifact, ArtifactFile, Decision, VerdictStatus};
use studio::attempts::Try;
use studio::gate::{GateReport, PictureVerdict};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::desk::{Desk, store_fault};
use crate::problem::Problem;

/// A file that can be fetched.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FileLink {
    /// Its name within the artifact.
    pub(crate) name: String,
    /// Its media type.
    pub(crate) media_type: String,
    /// Where it is.
    pub(crate) url: String,
    /// Its size.
    pub(crate) bytes: u64,
}

impl From<&ArtifactFile> for FileLink {
    fn from(file: &ArtifactFile) -> Self {
        Self { name: file.name.clone(), media_type: file.media_type.clone(), url: media_url(file), bytes: file.bytes }
    }
}

/// Where a file is; the type is in the query because bytes by digest have none of their own.
pub(crate) fn media_url(file: &ArtifactFile) -> String {
    let subtype: String = file.media_type.replace('/', "%2F").replace('+', "%2B");
    format!("/api/anime/media/{}?type={subtype}", file.digest)
}

/// A part of a picture, measured.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PartLine {
    picture: String,
    part: String,
    /// The colour of the bible, `#rrggbb`.
    expected: String,
    /// The colour that was found, the declared light taken away.
    found: String,
    /// CIEDE2000 difference.
    difference: f64,
    /// The difference that is allowed.
    tolerance: f64,
}

/// One attempt at a picture that the gate rejected at first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AttemptLine {
    picture: String,
    /// 1 is the picture as it was first drawn.
    attempt: u32,
    seed: u64,
    /// The file of the artifact that this attempt is in.
    file: String,
    /// What was said more clearly than before: `hair of mei`.
    stressed: Vec<String>,
    /// What alone was drawn anew; nothing where the whole picture was.
    repainted: Vec<String>,
    /// accepted, needs_review or rejected, when it was drawn.
    status: String,
    score: Option<f64>,
    reasons: Vec<String>,
    /// Whether it is the one that is used.
    chosen: bool,
}

/// The attempts of all pictures, each picture's in order.
fn attempts(report: &GateReport) -> Vec<AttemptLine> {
    let lines = report.pictures.iter().flat_map(|picture| picture.tries.iter().map(move |tried| (picture, tried)));
    let line = |(picture, tried): (&PictureVerdict, &Try)| AttemptLine {
        picture: picture.picture.clone(),
        attempt: tried.attempt,
        seed: tried.seed,
        file: tried.file.clone(),
        stressed: tried.stressed.clone(),
        repainted: tried.repainted.clone(),
        status: tried.status.word().to_owned(),
        score: tried.score.map(|score| score.value()),
        reasons: tried.reasons.clone(),
        chosen: tried.chosen,
    };
    lines.map(line).collect()
}

/// The verdict that counts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "needs_review", "score": 0.81, "gate": 0.85, "person": 0.7, "gate_rule": "shots.close-up", "decided_by": "gate", "note": "",
    "decided_at": "2026-05-04T09:30:02.000000Z", "reasons": ["hair is too dark"],
    "parts": [{ "picture": "key.png", "part": "mio/hair", "expected": "#2b2f4a", "found": "#1f2238", "difference": 5.8, "tolerance": 3.0 }],
    "attempts": [{
        "picture": "key.png", "attempt": 2, "seed": 4821, "file": "key.png", "stressed": ["hair of mio"], "repainted": ["hair of mio"],
        "status": "needs_review", "score": 0.81, "reasons": ["hair is too dark"], "chosen": true
    }]
}))]
pub(crate) struct VerdictView {
    /// accepted, needs_review or rejected.
    #[schema(value_type = String, example = "accepted")]
    pub(crate) status: VerdictStatus,
    /// 0 to 1; null when nothing could be measured.
    score: Option<f64>,
    /// The score from which it is accepted.
    gate: f64,
    /// The score from which a person decides; null where everything below `gate` is rejected.
    person: Option<f64>,
    /// The part of the project's `gate` that decided: `project`, `sheets`, `shots.close-up`…
    gate_rule: String,
    /// `gate`, or a person.
    decided_by: String,
    /// A person's note.
    note: String,
    decided_at: DateTime<Utc>,
    reasons: Vec<String>,
    parts: Vec<PartLine>,
    /// The attempts at its pictures, where one was drawn more than once.
    attempts: Vec<AttemptLine>,
}

impl From<&Decision> for VerdictView {
    fn from(decision: &Decision) -> Self {
        let report: Option<GateReport> = serde_json::from_value(decision.report.clone()).ok();
        let parts = report.as_ref().map(GateReport::measured_parts).unwrap_or_default();
        Self {
            status: decision.status,
            score: report.as_ref().and_then(|report| report.score).map(|score| score.value()),
            gate: decision.gate,
            person: report.as_ref().and_then(|report| report.gate.person).map(|score| score.value()),
            gate_rule: report.as_ref().map(|report| report.gate.rule).unwrap_or_default().to_string(),
            decided_by: decision.decided_by.clone(),
            note: decision.note.clone(),
            decided_at: decision.decided_at,
            attempts: report.as_ref().map(attempts).unwrap_or_default(),
            reasons: report.map(|report| report.reasons().collect()).unwrap_or_default(),
            parts: parts
                .into_iter()
                .map(|part| PartLine {
                    picture: part.picture,
                    part: part.part,
                    expected: part.expected.to_string(),
                    found: part.found.to_string(),
                    difference: part.difference,
                    tolerance: part.tolerance,
                })
                .collect(),
        }
    }
}

/// Where something comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Provenance {
    engine: String,
    engine_version: String,
    /// BLAKE3 of the recipe.
    recipe: String,
    /// The version of the bible.
    bible: String,
    seed: Option<u64>,
    attempts: u32,
    drawn_at: DateTime<Utc>,
    seconds: f64,
}

/// Something drawn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Drawn {
    /// The artifact.
    artifact: Uuid,
    pub(crate) pictures: Vec<FileLink>,
    pub(crate) clip_url: Option<String>,
    /// Masks, layers, skeletons.
    maps: Vec<FileLink>,
    pub(crate) verdict: Option<VerdictView>,
    provenance: Provenance,
}

/// A key picture is `<stem>.png`; its maps and layers are `<stem>.<what>.png`.
fn is_picture(file: &ArtifactFile) -> bool {
    file.media_type.starts_with("image/") && file.name.matches('.').count() == 1
}

impl Drawn {
    fn new(artifact: &Artifact, verdict: Option<&Decision>) -> Self {
        let (pictures, others): (Vec<&ArtifactFile>, Vec<&ArtifactFile>) = artifact.files.iter().partition(|file| is_picture(file));
        Self {
            artifact: artifact.id,
            pictures: pictures.into_iter().map(FileLink::from).collect(),
            clip_url: others.iter().find(|file| file.media_type == "video/mp4").map(|file| media_url(file)),
            maps: others.into_iter().filter(|file| file.media_type != "video/mp4").map(FileLink::from).collect(),
            verdict: verdict.map(VerdictView::from),
            provenance: Provenance {
                engine: artifact.engine.clone(),
                engine_version: artifact.engine_version.clone(),
                recipe: artifact.recipe.to_string(),
                bible: artifact.bible.to_string(),
                seed: artifact.seed,
                attempts: artifact.attempts,
                drawn_at: artifact.created_at,
                seconds: artifact.seconds,
            },
        }
    }

    /// What a project uses for its subjects, by subject.
    pub(crate) async fn by_subject(desk: &Desk, project: Uuid, wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, Self>, Problem> {
        let mut placed = desk.studio.store.placed_artifacts(project).await.map_err(store_fault)?;
        placed.retain(|(subject, _)| wanted(subject));
        let ids: Vec<Uuid> = placed.iter().map(|(_, artifact)| artifact.id).collect();
        let verdicts = desk.studio.store.latest_verdicts(&ids).await.map_err(store_fault)?;
        Ok(placed.into_iter().map(|(subject, artifact)| (subject, Self::new(&artifact, verdicts.get(&artifact.id)))).collect())
    }

    /// One artifact.
    pub(crate) async fn of(desk: &Desk, artifact: &Artifact) -> Result<Self, Problem> {
        let verdicts = desk.studio.store.latest_verdicts(&[artifact.id]).await.map_err(store_fault)?;
        Ok(Self::new(artifact, verdicts.get(&artifact.id)))
    }
}
