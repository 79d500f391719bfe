//! Every tag.

use axum::extract::State;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::paging::{Page, Paging};
use crate::api::version::view::TagView;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// Every tag
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/tags", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of tags, by name", body = Page<TagView>)))]
pub(crate) async fn tags(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let all = desk.history(project).await?.tags().await?;
    let page = paging.of(&all, |tag| tag.name.to_string())?;
    let items: Vec<TagView> = page.items.into_iter().map(TagView::from).collect();
    Ok(Answer::of(&Page { items, next_cursor: page.next_cursor })?.unless(&seen))
}
