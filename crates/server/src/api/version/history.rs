//! What happened to the bible: each commit with what it changed, field by field.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::At;
use super::commits::{Touching, request};
use super::view::{ChangeView, CommitView};
use crate::answer::Answer;
use crate::api::paging::{Page, Paging};
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Changes that are told of one commit; `diff` has them all.
const TOLD: usize = 100;

/// A commit with what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Happening {
    commit: CommitView,
    /// What it changed against its first parent; the first 100.
    changes: Vec<ChangeView>,
    /// How many changes there are.
    #[schema(example = 1)]
    change_count: usize,
}

/// What happened to the bible, the newest first
///
/// Each commit with every field that it changed. With `document` only what happened to that.
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/history", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), At, Touching, Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of commits with what they changed", body = Page<Happening>)))]
pub(crate) async fn history(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    Query(touching): Query<Touching>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let prefix = touching.document().map(|document| document.replace('/', ".").to_lowercase());
    let page = history.log(&at.reference()?, &request(&paging, touching)?).await?;
    let mut items = Vec::with_capacity(page.entries.len());
    for entry in page.entries {
        let mut changes = history.compare(entry.commit.parents.first().copied(), entry.id).await?;
        changes.retain(|change| prefix.as_ref().is_none_or(|prefix| below(&change.path.to_lowercase(), prefix)));
        items.push(Happening {
            change_count: changes.len(),
            changes: changes.into_iter().take(TOLD).map(ChangeView::from).collect(),
            commit: entry.into(),
        });
    }
    Ok(Answer::of(&Page { items, next_cursor: page.next.map(|next| next.to_string()) })?.unless(&seen))
}

fn below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
}
