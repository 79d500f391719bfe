//! A project's settings, said anew as a whole.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::{edited, with_history};
use crate::answer::Answer;
use crate::api::documents::ProjectDocument;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Says a project's settings anew
///
/// What follows (`id`, `slug`, `bible`, `updated_at`) may be sent as it was read, or left out.
#[utoipa::path(put, path = "/api/anime/projects/{project}", tag = "projects",
    params(("project" = Uuid, Path, description = "The project's id"), On, IfMatchHeader, SignedHeader),
    request_body(content = ProjectDocument, content_type = "application/json"),
    responses((status = 200, description = "The project, as it is now", body = ProjectDocument)))]
pub(crate) async fn replace_project(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    ProjectDocument(value): ProjectDocument,
) -> Result<Answer, Problem> {
    let project = desk.project(project).await?;
    with_history(&desk, &project).await?;
    let resource = Resource::Project(Box::new(project.clone()));
    let made = desk.editor(project.id).await?.replace(&on.intent(signed)?, &resource, against.precondition(), value).await?;
    edited(&desk, &project, &made).await
}
