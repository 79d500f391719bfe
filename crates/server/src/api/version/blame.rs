//! Who gave a field its value, when, and why.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio::history::{Blame, BlamedChange};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::At;
use super::view::CommitView;
use crate::answer::Answer;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Changes that are told when nothing else is asked for, and at most.
const TOLD: (usize, usize) = (20, 200);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Which field.
    #[param(example = "characters.mei.colour_model.iris.left")]
    field: String,
    /// How many changes are told, the newest first; 20 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// A commit that changed a field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlamedView {
    commit: CommitView,
    /// What the field said before; null when nothing.
    #[schema(value_type = Value)]
    old: Option<Value>,
    /// What it said after; null when nothing.
    #[schema(value_type = Value)]
    new: Option<Value>,
}

impl From<BlamedChange> for BlamedView {
    fn from(change: BlamedChange) -> Self {
        Self { commit: CommitView::of(change.id, &change.commit), old: change.old, new: change.new }
    }
}

/// Who gave a field its value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "field": "characters.mei.colour_model.iris.left",
    "file": "bible/characters/mei.yaml",
    "value": "#3b6fb5",
    "changes": [{
        "commit": {
            "id": "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d",
            "parents": ["0c7d3c0b7f5b4f1fb4b7f5d8d9e2a3c1b0a99887766554433221100ffeeddccbb"],
            "tree": "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00",
            "author": { "name": "Mei Tanaka" },
            "at": "2026-05-04T09:30:00.123456Z",
            "message": "Her grandmother had blue eyes",
            "generation": 42,
            "summary": { "added": 0, "changed": 1, "removed": 0, "documents": ["characters/mei"] }
        },
        "old": "#4a7a5c",
        "new": "#3b6fb5"
    }]
}))]
pub(crate) struct BlameView {
    #[schema(example = "characters.mei.colour_model.iris.left")]
    field: String,
    /// In which file.
    #[schema(example = "bible/characters/mei.yaml")]
    file: String,
    /// What it says; null when it is not set.
    #[schema(value_type = Value, example = json!("#3b6fb5"))]
    value: Option<Value>,
    /// The commits that changed it. The first is the one to ask.
    changes: Vec<BlamedView>,
}

impl From<Blame> for BlameView {
    fn from(blame: Blame) -> Self {
        let changes = blame.changes.into_iter().map(BlamedView::from).collect();
        Self { field: blame.field, file: blame.file, value: blame.value, changes }
    }
}

/// Who gave a field its value, when, and why
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/blame", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), Asked, At, IfNoneMatchHeader),
    responses((status = 200, description = "The commits that changed it, the newest first", body = BlameView)))]
pub(crate) async fn blame(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(asked): Query<Asked>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let limit = asked.limit.unwrap_or(TOLD.0);
    if !(1..=TOLD.1).contains(&limit) {
        return Err(Problem::parameter("limit", format!("1 to {} changes are told, not {limit}", TOLD.1)));
    }
    let blame = desk.history(project).await?.blame(&at.reference()?, &asked.field, limit).await?;
    Ok(Answer::of(&BlameView::from(blame))?.unless(&seen))
}
