//! The whole bible.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Bible;
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// The whole bible, as written
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), At, IfNoneMatchHeader),
    responses((status = 200, description = "The bible", body = Bible)))]
pub(crate) async fn bible(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    resource::read(&desk, project, &Resource::Bible, &at, &seen).await
}
