//! What a verdict rests on.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::Answer;
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// What the verdict on an artifact rests on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "subject": "sheet mio/work/front", "artifact": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60", "picture": "picture.png",
    "status": "rejected", "score": 0.41, "gate": 0.85, "rule": "colour-model: hair of mio: expected #2b2f4a, found #7a2b3a",
    "parts": [], "references": [{ "sheet": "mio/work", "slot": "side", "score": 0.96, "parts": 7 }],
    "suggestions": [{
        "action": "repaint", "what": "hair of mio", "mask": { "file": "picture.parts.png", "index": 4 },
        "because": "#7a2b3a where the bible has #2b2f4a (ΔE 31.0, 6.0 allowed)"
    }],
    "identity": { "outcome": "by_construction", "detail": "it is drawn from the figures of the bible" },
    "style": { "outcome": "passed", "detail": "scores 0.912 beside 27 accepted pictures" },
    "not_measured": []
}))]
pub(crate) struct VerdictEvidence {
    /// The picture that decided, its parts, the references it is near to, what decided, and what would mend it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    evidence: Value,
}

/// What the verdict on an artifact rests on
#[utoipa::path(get, path = "/api/anime/artifacts/{artifact}/evidence", tag = "consistency",
    params(("artifact" = Uuid, Path, description = "The artifact's id")),
    responses(
        (status = 200, description = "Rule, parts, references and suggestions", body = VerdictEvidence),
        (status = 404, description = "There is no such artifact, or it has no picture of its own", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn evidence(State(desk): State<Desk>, Path(artifact): Path<Uuid>) -> Result<Answer, Problem> {
    let evidence = desk.studio.evidence(artifact).await?;
    Answer::of(&VerdictEvidence { evidence: serde_json::to_value(evidence).map_err(|error| Problem::fault(&error, false))? })
}

/// The same as a picture
#[utoipa::path(get, path = "/api/anime/artifacts/{artifact}/evidence.png", tag = "consistency",
    params(("artifact" = Uuid, Path, description = "The artifact's id")),
    responses(
        (status = 200, description = "The picture, where it is off, and both colours of every part", content_type = "image/png"),
        (status = 404, description = "There is no such artifact, or it has no picture of its own", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn evidence_picture(State(desk): State<Desk>, Path(artifact): Path<Uuid>) -> Result<Response, Problem> {
    let (_, png) = desk.studio.evidence_card(artifact).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}
