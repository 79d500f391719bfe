//! The whole bible, changed in some places.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Bible, Patch};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

/// Changes the bible in several places at once
///
/// In one commit: a character here, a rule of the world there.
#[utoipa::path(patch, path = "/api/anime/projects/{project}/bible", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), On, IfMatchHeader, SignedHeader),
    request_body(content = Patch, content_type = "application/merge-patch+json",
        example = json!({ "world": { "era": "Shōwa 38, late summer" }, "characters": { "mei": { "age": 16 } } })),
    responses((status = 200, description = "The bible, as it is now", body = Bible)))]
pub(crate) async fn patch_bible(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    MergePatch(patch): MergePatch,
) -> Result<Answer, Problem> {
    resource::patch(&desk, project, &Resource::Bible, &on, signed, &against, patch).await
}
