//! A project's settings, changed in some fields.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::{edited, with_history};
use crate::answer::Answer;
use crate::api::documents::{Patch, ProjectDocument};
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

/// Changes a project's settings
#[utoipa::path(patch, path = "/api/anime/projects/{project}", tag = "projects",
    params(("project" = Uuid, Path, description = "The project's id"), On, IfMatchHeader, SignedHeader),
    request_body(content = Patch, content_type = "application/merge-patch+json", example = json!({ "title": "Lantern Road: the second year", "gate": 0.9 })),
    responses((status = 200, description = "The project, as it is now", body = ProjectDocument)))]
pub(crate) async fn patch_project(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    MergePatch(patch): MergePatch,
) -> Result<Answer, Problem> {
    let project = desk.project(project).await?;
    with_history(&desk, &project).await?;
    let resource = Resource::Project(Box::new(project.clone()));
    let made = desk.editor(project.id).await?.patch(&on.intent(signed)?, &resource, against.precondition(), patch).await?;
    edited(&desk, &project, &made).await
}
