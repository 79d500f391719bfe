//! The bible of a project that has none yet.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Bible;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// Makes the bible of a project
///
/// In one commit. `settings` may be left out where the project has them.
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
    request_body(content = Bible, content_type = "application/json"),
    responses((status = 201, description = "The bible", body = Bible)))]
pub(crate) async fn create_bible(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    Bible(value): Bible,
) -> Result<Answer, Problem> {
    let location = format!("/api/anime/projects/{project}/bible");
    resource::create(&desk, project, &Resource::Bible, &on, signed, value, location).await
}
