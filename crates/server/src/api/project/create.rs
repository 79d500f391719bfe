//! A new project.

use axum::extract::State;
use studio::bible_edit::Intent;

use super::shown;
use crate::answer::Answer;
use crate::api::documents::{NewProject, ProjectDocument};
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// Makes a project
///
/// With its settings and a first commit on `main`. It is referred to by its `slug`, or by one made of its `title`.
#[utoipa::path(post, path = "/api/anime/projects", tag = "projects", params(SignedHeader, IdempotencyHeader),
    request_body(content = NewProject, content_type = "application/json"),
    responses((status = 201, description = "The project", body = ProjectDocument)))]
pub(crate) async fn create_project(State(desk): State<Desk>, signed: Signed, NewProject(value): NewProject) -> Result<Answer, Problem> {
    let intent = Intent { message: signed.message, ..Intent::of(signed.author) };
    let made = desk.studio.create_project(&desk.queue, &intent, value).await?;
    let location = format!("/api/anime/projects/{}", made.project.id);
    Ok(shown(&made.project, &made.edited.snapshot)?.at_commit(made.edited.commit).created(location))
}
