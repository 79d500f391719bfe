//! Does again on a branch what a commit did elsewhere.

use axum::extract::State;
use bible::version::Choice;
use serde::Deserialize;
use std::collections::BTreeMap;
use studio::history::Arriving;
use utoipa::ToSchema;
use uuid::Uuid;

use super::On;
use super::landing::{LandedView, Landing, replay};
use crate::answer::Answer;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is to land, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "commit": "red-hair~1" }))]
pub(crate) struct CherryPick {
    /// Which commit.
    commit: String,
    /// Of a merge: against which of its parents, from 1.
    #[schema(minimum = 1)]
    parent: Option<u32>,
    /// Where the branch must be: its commit when it was looked at. Wherever it is, when left out.
    expected_head: Option<String>,
    /// How conflicts are resolved, by their `path`: `"ours"`, `"theirs"`, or `{"value": …}` with another value (null
    /// takes the place away).
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    resolutions: BTreeMap<String, Choice>,
}

/// Does again on a branch what a commit did elsewhere
///
/// Its author stays who it was.
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/cherry-pick", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
    request_body(content = CherryPick, content_type = "application/json"),
    responses(
        (status = 200, description = "What came of it", body = LandedView),
        (status = 409, description = "Places that cannot both be right, in `conflicts`: choose for each of them", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn cherry_pick(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    Json(asked): Json<CherryPick>,
) -> Result<Answer, Problem> {
    let landing = Landing { expected_head: asked.expected_head, resolutions: asked.resolutions };
    replay(&desk, project, &on, signed, landing, &asked.commit, Arriving::Picked(asked.parent)).await
}
