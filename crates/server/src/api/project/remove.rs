//! A project, deleted.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::answer::Answer;
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Force {
    /// Deletes it although pictures were drawn for it.
    #[serde(default)]
    #[param(required = false)]
    force: bool,
}

/// Deletes a project
///
/// With its whole history, its artifacts, verdicts and cuts. That cannot be taken back.
#[utoipa::path(delete, path = "/api/anime/projects/{project}", tag = "projects",
    params(("project" = Uuid, Path, description = "The project's id"), Force, IfMatchHeader),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete_project(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(Force { force }): Query<Force>,
    against: IfMatch,
) -> Result<Answer, Problem> {
    let project = desk.project(project).await?;
    let settings = desk.settings(&project).await?;
    desk.studio.delete_project(&desk.queue, &project, &settings, &against.precondition(), force).await?;
    Ok(Answer::done())
}
