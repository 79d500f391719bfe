//! A branch, put at another commit.

use axum::extract::State;
use serde::Deserialize;
use studio::history::Branch;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{known, shown};
use crate::answer::Answer;
use crate::api::version::view::{BranchView, commit_at, unchanged};
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{PatchOf, Path};
use crate::problem::Problem;

/// Where a branch is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "head": "delivery-1", "force": true }))]
pub(crate) struct BranchMove {
    /// A branch, a tag or a commit.
    head: String,
    /// Moves it although commits are then on no branch. They keep their ids.
    #[serde(default)]
    #[schema(required = false)]
    force: bool,
}

/// Puts a branch at another commit
///
/// Forward to a commit that follows from where it is; elsewhere only with `force`.
#[utoipa::path(patch, path = "/api/anime/projects/{project}/bible/branches/{branch}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("branch" = String, Path, description = "Its name", example = "red-hair"), IfMatchHeader, SignedHeader),
    request_body(content = BranchMove, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The branch, where it is now", body = BranchView)))]
pub(crate) async fn move_branch(
    State(desk): State<Desk>,
    Path((project, branch)): Path<(Uuid, String)>,
    signed: Signed,
    against: IfMatch,
    PatchOf(to): PatchOf<BranchMove>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let _turn = desk.queue.turn(project).await;
    let branch = known(&history, &branch).await?;
    unchanged(&against, "branch", BranchView::from(&branch))?;
    let head = commit_at(&history, "/head", &to.head).await?;
    if !to.force && !history.is_ancestor(branch.head, head).await? {
        let detail = format!("{} does not follow from where {} is; say that you mean it with `force`", head.short(), branch.name);
        return Err(Problem::needs_force(detail));
    }
    history.move_branch(&branch.name, branch.head, head, &signed.author, (desk.studio.environment.now)()).await?;
    shown(&Branch { head, ..branch })
}
