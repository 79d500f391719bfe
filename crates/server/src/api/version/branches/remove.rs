//! A branch, deleted.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::known;
use crate::answer::Answer;
use crate::api::version::view::{BranchView, unchanged};
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Force {
    /// Deletes it although it holds commits that are on no other branch or tag. They keep their ids.
    #[serde(default)]
    #[param(required = false)]
    force: bool,
}

/// Deletes a branch
///
/// Not the current one, and without `force` not one with commits that are nowhere else.
#[utoipa::path(delete, path = "/api/anime/projects/{project}/bible/branches/{branch}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("branch" = String, Path, description = "Its name", example = "red-hair"), Force, IfMatchHeader, SignedHeader),
    responses((status = 204, description = "It is gone; its commits keep their ids")))]
pub(crate) async fn delete_branch(
    State(desk): State<Desk>,
    Path((project, branch)): Path<(Uuid, String)>,
    Query(Force { force }): Query<Force>,
    signed: Signed,
    against: IfMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let _turn = desk.queue.turn(project).await;
    let branch = known(&history, &branch).await?;
    unchanged(&against, "branch", BranchView::from(&branch))?;
    let head = history.delete_branch(&branch.name, force, &signed.author, (desk.studio.environment.now)()).await?;
    Ok(Answer::done().at_commit(Some(head)))
}
