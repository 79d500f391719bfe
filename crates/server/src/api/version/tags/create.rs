//! A new tag.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::shown;
use crate::answer::Answer;
use crate::api::version::view::{TagView, commit_at, in_body, name};
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// A tag that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "delivery-1", "at": "main", "message": "Episode 1 as it went to the broadcaster" }))]
pub(crate) struct NewTag {
    /// Letters, digits and `- _ . /`.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it names: a branch, a tag or a commit; the current branch when left out.
    at: Option<String>,
    /// What is said with it.
    #[serde(default)]
    #[schema(required = false, max_length = 10000)]
    message: String,
}

/// Gives a commit a name that stays
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/tags", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), SignedHeader, IdempotencyHeader),
    request_body(content = NewTag, content_type = "application/json"),
    responses((status = 201, description = "The tag", body = TagView)))]
pub(crate) async fn create_tag(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    signed: Signed,
    Json(new): Json<NewTag>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let name = name(&new.name, in_body("/name"))?;
    super::patch::short(&new.message)?;
    let at = commit_at(&history, "/at", new.at.as_deref().unwrap_or("HEAD")).await?;
    let tag = history.create_tag(&name, at, &signed.author, &new.message, (desk.studio.environment.now)()).await?;
    let location = format!("/api/anime/projects/{project}/bible/tags/{}", name.as_str().replace('/', "%2F"));
    Ok(shown(&tag)?.created(location))
}
