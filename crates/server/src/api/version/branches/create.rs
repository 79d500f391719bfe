//! A new branch.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::shown;
use crate::answer::Answer;
use crate::api::version::view::{BranchView, commit_at, in_body, name};
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// A branch that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "red-hair", "at": "main" }))]
pub(crate) struct NewBranch {
    /// Letters, digits and `- _ . /`.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where it begins: a branch, a tag or a commit; the current branch when left out.
    at: Option<String>,
}

/// Makes a branch
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/branches", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), SignedHeader, IdempotencyHeader),
    request_body(content = NewBranch, content_type = "application/json"),
    responses((status = 201, description = "The branch", body = BranchView)))]
pub(crate) async fn create_branch(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    signed: Signed,
    Json(new): Json<NewBranch>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let name = name(&new.name, in_body("/name"))?;
    let at = commit_at(&history, "/at", new.at.as_deref().unwrap_or("HEAD")).await?;
    let branch = history.create_branch(&name, at, &signed.author, (desk.studio.environment.now)()).await?;
    let location = format!("/api/anime/projects/{project}/bible/branches/{}", name.as_str().replace('/', "%2F"));
    Ok(shown(&branch)?.created(location))
}
