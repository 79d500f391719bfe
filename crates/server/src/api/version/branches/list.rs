//! Every branch.

use axum::extract::State;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::paging::{Page, Paging};
use crate::api::version::view::BranchView;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// Every branch
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/branches", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of branches, by name", body = Page<BranchView>)))]
pub(crate) async fn branches(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let all = desk.history(project).await?.branches().await?;
    let page = paging.of(&all, |branch| branch.name.to_string())?;
    let items: Vec<BranchView> = page.items.into_iter().map(BranchView::from).collect();
    Ok(Answer::of(&Page { items, next_cursor: page.next_cursor })?.unless(&seen))
}
