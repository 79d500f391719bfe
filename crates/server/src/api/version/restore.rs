//! Documents and fields, put back to what they were.

use axum::extract::State;
use serde::Deserialize;
use studio::history::Outcome;
use utoipa::ToSchema;
use uuid::Uuid;

use super::On;
use super::landing::{LandedView, Landing, landed, onto, turn};
use super::view::{in_body, reference_at};
use crate::answer::Answer;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is put back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "names": ["characters.mei.age", "world"], "from": "delivery-1" }))]
pub(crate) struct Restore {
    /// Documents (`characters.mei`), fields (`characters.mei.age`) or several documents (`characters`).
    #[schema(min_items = 1)]
    names: Vec<String>,
    /// To what they were at this version: a branch, a tag or a commit.
    from: String,
    /// Where the branch must be: its commit when it was looked at. Wherever it is, when left out.
    expected_head: Option<String>,
}

/// Puts documents or fields back to what they were
///
/// With a commit that says so. What did not exist at that version goes.
#[utoipa::path(post, path = "/api/anime/projects/{project}/bible/restore", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
    request_body(content = Restore, content_type = "application/json"),
    responses((status = 200, description = "What came of it", body = LandedView)))]
pub(crate) async fn restore(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    Json(asked): Json<Restore>,
) -> Result<Answer, Problem> {
    if asked.names.is_empty() {
        return Err(in_body("/names")("nothing is named".to_owned()));
    }
    let history = desk.history(project).await?;
    let _turn = turn(&desk, project).await;
    let from = reference_at("/from", &asked.from)?;
    let landing = Landing { expected_head: asked.expected_head, ..Landing::default() };
    let onto = onto(&desk, &history, &on, signed, landing).await?;
    let branch = onto.branch.as_ref().map(ToString::to_string);
    let made = history.restore(&asked.names, &from, onto).await?;
    landed(&history, branch.as_deref(), Outcome::Committed(made)).await
}
