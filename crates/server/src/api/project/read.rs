//! One project.

use axum::extract::State;
use uuid::Uuid;

use super::shown;
use crate::answer::Answer;
use crate::api::documents::ProjectDocument;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A project
#[utoipa::path(get, path = "/api/anime/projects/{project}", tag = "projects",
    params(("project" = Uuid, Path, description = "The project's id"), At, IfNoneMatchHeader),
    responses((status = 200, description = "The project", body = ProjectDocument)))]
pub(crate) async fn project(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let project = desk.project(project).await?;
    let (commit, settings) = match at.asked()? {
        Some(reference) => {
            let (commit, bible) = desk.bible(project.id, &reference).await?;
            (Some(commit), bible)
        }
        None => (None, desk.settings(&project).await?),
    };
    Ok(shown(&project, &settings)?.at_commit(commit).unless(&seen))
}
