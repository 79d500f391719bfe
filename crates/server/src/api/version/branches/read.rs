//! One branch.

use axum::extract::State;
use uuid::Uuid;

use super::{known, shown};
use crate::answer::Answer;
use crate::api::version::view::BranchView;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// A branch
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/branches/{branch}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("branch" = String, Path, description = "Its name", example = "red-hair"), IfNoneMatchHeader),
    responses((status = 200, description = "The branch", body = BranchView)))]
pub(crate) async fn read_branch(
    State(desk): State<Desk>,
    Path((project, branch)): Path<(Uuid, String)>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    Ok(shown(&known(&history, &branch).await?)?.unless(&seen))
}
