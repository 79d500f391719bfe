//! Whether a history is whole.

use axum::extract::State;
use serde::Serialize;
use studio::history::{Fault, Fsck};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::Answer;
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// Something wrong with a history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "at": "9a1b2c3d…", "named_by": "characters/mei in tree 5f0f1c9a…", "reason": "this document is missing" }))]
pub(crate) struct FaultView {
    /// Which object, or which branch or tag.
    at: String,
    /// What names it.
    named_by: String,
    /// What is wrong.
    reason: String,
}

impl From<Fault> for FaultView {
    fn from(fault: Fault) -> Self {
        Self { at: fault.at, named_by: fault.named_by, reason: fault.reason }
    }
}

/// What a check of a history found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "commits": 42, "objects": 310, "unreferenced": 0, "faults": [] }))]
pub(crate) struct FsckView {
    /// Commits that were read.
    commits: usize,
    /// Objects that were read, commits among them.
    objects: usize,
    /// Commits that no branch or tag leads to. They are kept.
    unreferenced: usize,
    /// What is wrong; empty when the history is whole.
    faults: Vec<FaultView>,
}

impl From<Fsck> for FsckView {
    fn from(found: Fsck) -> Self {
        Self {
            commits: found.commits,
            objects: found.objects,
            unreferenced: found.unreferenced,
            faults: found.faults.into_iter().map(FaultView::from).collect(),
        }
    }
}

/// Reads every object of a history and says what is missing or damaged
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/fsck", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id")),
    responses((status = 200, description = "What was found", body = FsckView)))]
pub(crate) async fn fsck(State(desk): State<Desk>, Path(project): Path<Uuid>) -> Result<Answer, Problem> {
    Answer::of(&FsckView::from(desk.history(project).await?.fsck().await?))
}
