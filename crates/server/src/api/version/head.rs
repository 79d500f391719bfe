//! The current branch: the one that is read and edited when none is named.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use studio::history::Head;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{in_body, name, unchanged};
use crate::answer::Answer;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Json, Path};
use crate::problem::Problem;

/// The current branch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "branch": "main" }))]
pub(crate) struct HeadView {
    branch: String,
}

/// The branch that is to be the current one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "branch": "red-hair" }))]
pub(crate) struct Switch {
    branch: String,
}

fn shown(head: &Head) -> Result<Answer, Problem> {
    Ok(Answer::of(&HeadView { branch: head.branch.to_string() })?.at_commit(head.commit))
}

/// The current branch
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/head", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), IfNoneMatchHeader),
    responses((status = 200, description = "Its name; `Echo-Commit` says where it is", body = HeadView)))]
pub(crate) async fn head(State(desk): State<Desk>, Path(project): Path<Uuid>, seen: IfNoneMatch) -> Result<Answer, Problem> {
    let head = desk.history(project).await?.head().await?;
    Ok(shown(&head)?.unless(&seen))
}

/// Makes another branch the current one
#[utoipa::path(put, path = "/api/anime/projects/{project}/bible/head", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), IfMatchHeader, SignedHeader),
    request_body(content = Switch, content_type = "application/json"),
    responses((status = 200, description = "The current branch", body = HeadView)))]
pub(crate) async fn switch(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    signed: Signed,
    against: IfMatch,
    Json(Switch { branch }): Json<Switch>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let _turn = desk.queue.turn(project).await;
    let now = history.head().await?;
    let view = serde_json::json!({ "branch": now.branch.to_string() });
    unchanged(&against, "current branch", view)?;
    let name = name(&branch, in_body("/branch"))?;
    let head = history.switch(&name, &signed.author, (desk.studio.environment.now)()).await?;
    shown(&head)
}
