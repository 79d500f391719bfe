//! Commits: a page of those that lead to a version, and one of them.

use axum::extract::State;
use serde::Deserialize;
use studio::history::{LogCursor, LogRequest, ParseCursorError};
use utoipa::IntoParams;
use uuid::Uuid;

use super::At;
use super::view::CommitView;
use crate::answer::Answer;
use crate::api::paging::{Page, Paging};
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::{Desk, reference};
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Touching {
    /// Only commits that changed this document, or one below it: `characters/mei`, `characters`, `episodes/S01E01`.
    #[param(example = "characters/mei")]
    document: Option<String>,
}

impl Touching {
    /// The document that was asked for.
    pub(super) fn document(&self) -> Option<&str> {
        self.document.as_deref()
    }
}

/// What a page of a log is asked for by.
pub(super) fn request(paging: &Paging, touching: Touching) -> Result<LogRequest, Problem> {
    let cursor = paging.cursor().map(str::parse::<LogCursor>).transpose();
    Ok(LogRequest {
        limit: paging.limit()?,
        paths: touching.document.into_iter().collect(),
        cursor: cursor.map_err(|error: ParseCursorError| Problem::parameter("cursor", error.to_string()))?,
    })
}

/// The commits that lead to a version, the newest first
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/commits", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), At, Touching, Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of commits; children come before their parents", body = Page<CommitView>)))]
pub(crate) async fn commits(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(at): Query<At>,
    Query(touching): Query<Touching>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let page = desk.history(project).await?.log(&at.reference()?, &request(&paging, touching)?).await?;
    let items: Vec<CommitView> = page.entries.into_iter().map(CommitView::from).collect();
    Ok(Answer::of(&Page { items, next_cursor: page.next.map(|next| next.to_string()) })?.unless(&seen))
}

/// A commit
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/commits/{commit}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("commit" = String, Path, description = "Its id or the beginning of it; a branch, a tag, or steps back from one", example = "main~2"), IfNoneMatchHeader),
    responses((status = 200, description = "The commit", body = CommitView)))]
pub(crate) async fn commit(
    State(desk): State<Desk>,
    Path((project, commit)): Path<(Uuid, String)>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let id = history.resolve(&reference("commit", &commit)?).await?;
    let commit = history.commit_of(id).await?;
    Ok(Answer::of(&CommitView::of(id, &commit))?.at_commit(Some(id)).unless(&seen))
}
