//! Merges a branch, tag or commit into a branch.

use axum::extract::State;
use bible::version::Choice;
use serde::Deserialize;
use std::collections::BTreeMap;
use studio::history::Arriving;
use utoipa::ToSchema;
use uuid::Uuid;

use super::On;
use super::landing::{LandedView, Landing, landed, onto};
use crate::answer::Answer;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is to land, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "from": "red-hair", "resolutions": { "characters.mei.age": "theirs", "world.era": { "value": "Shōwa 39" } } }))]
pub(crate) struct Merge {
    /// What is merged: a branch, a tag or a commit.
    from: String,
    /// Makes a commit even where the branch could simply go ahead.
    #[serde(default)]
    #[schema(required = false)]
    always_commit: bool,
    /// Where the branch must be: its commit when it was looked at. Wherever it is, when left out.
    expected_head: Option<String>,
    /// How conflicts are resolved, by their `path`: `"ours"`, `"theirs"`, or `{"value": …}` with another value (null
    /// takes the place away).
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    resolutions: BTreeMap<String, Choice>,
}

/// Merges a branch, tag or commit into a branch
///
/// Field by field: only what both sides gave another value conflicts. Nothing is changed while there are conflicts.
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/merge", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
    request_body(content = Merge, content_type = "application/json"),
    responses(
        (status = 200, description = "What came of it", body = LandedView),
        (status = 409, description = "Places that cannot both be right, in `conflicts`: choose for each of them", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn merge(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    Json(asked): Json<Merge>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let landing = Landing { expected_head: asked.expected_head, resolutions: asked.resolutions };
    let onto = onto(&desk, &history, &on, signed, landing).await?;
    let branch = onto.branch.as_ref().map(ToString::to_string);
    let from = crate::api::version::view::reference_at("/from", &asked.from)?;
    let outcome = desk.editor(project).await?.arrive(&from, Arriving::Merge, onto, asked.always_commit).await?;
    landed(&history, branch.as_deref(), outcome).await
}
