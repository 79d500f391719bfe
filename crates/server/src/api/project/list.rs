//! Projects that were made or produced here.

use axum::extract::State;
use studio::bible_edit::Resource;

use crate::answer::Answer;
use crate::api::documents::ProjectDocument;
use crate::api::paging::{Page, Paging};
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::{Desk, store_fault};
use crate::problem::Problem;

/// Projects that were made or produced here.
#[utoipa::path(get, path = "/api/anime/projects", tag = "projects", params(Paging, IfNoneMatchHeader), responses(
    (status = 200, description = "A page of projects, by slug", body = Page<ProjectDocument>),
))]
pub(crate) async fn projects(State(desk): State<Desk>, paging: Paging, seen: IfNoneMatch) -> Result<Answer, Problem> {
    let all = desk.studio.store.projects().await.map_err(store_fault)?;
    let page = paging.of(&all, |project| project.id.to_string())?;
    let mut items = Vec::with_capacity(page.items.len());
    for project in page.items {
        // A project whose version cannot be read is still one of the list.
        let settings = desk.settings(project).await.unwrap_or_default();
        items.extend(Resource::Project(Box::new(project.clone())).represent(&settings));
    }
    Ok(Answer::of(&Page { items, next_cursor: page.next_cursor })?.unless(&seen))
}
