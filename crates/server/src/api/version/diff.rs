//! What differs between two versions.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::ChangeView;
use crate::answer::Answer;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::{Desk, reference};
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// The version before.
    #[param(example = "delivery-1")]
    base: String,
    /// The version after; the current branch when left out.
    #[param(example = "main")]
    head: Option<String>,
}

/// What differs between two versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// The commit before.
    #[schema(example = "0c7d3c0b7f5b4f1fb4b7f5d8d9e2a3c1b0a99887766554433221100ffeeddccbb")]
    base: String,
    /// The commit after.
    #[schema(example = "5f0f1c9ad5b0b6f7f6d2ad2c1d3a2b6c4e8f90a1b2c3d4e5f60718293a4b5c6d")]
    head: String,
    changes: Vec<ChangeView>,
}

/// What differs between two versions, field by field
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/diff", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), Between, IfNoneMatchHeader),
    responses((status = 200, description = "Every place that differs", body = Difference)))]
pub(crate) async fn diff(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(between): Query<Between>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let base = history.resolve(&reference("base", &between.base)?).await?;
    let head = history.resolve(&reference("head", between.head.as_deref().unwrap_or("HEAD"))?).await?;
    let changes = history.compare(Some(base), head).await?.into_iter().map(ChangeView::from).collect();
    Ok(Answer::of(&Difference { base: base.to_string(), head: head.to_string(), changes })?.at_commit(Some(head)).unless(&seen))
}
