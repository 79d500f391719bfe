//! Projects that were produced here.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::paging::{Page, Paging};
use crate::desk::{Desk, Shown, store_fault};
use crate::problem::Problem;

/// A project.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    id: Uuid,
    #[schema(example = "lantern-road")]
    slug: String,
    title: String,
    description: String,
    /// BCP 47.
    #[schema(example = "en")]
    language: String,
    /// The version of the bible that was produced last.
    bible: String,
    updated_at: DateTime<Utc>,
}

impl From<Shown> for ProjectView {
    fn from(Shown { project, show }: Shown) -> Self {
        Self {
            id: project.id,
            slug: project.slug.to_string(),
            title: project.title,
            description: project.description,
            language: show.settings.language.clone(),
            bible: project.bible.to_string(),
            updated_at: project.updated_at,
        }
    }
}

/// Projects that were produced here.
#[utoipa::path(get, path = "/api/anime/projects", params(Paging), responses(
    (status = 200, description = "A page of projects", body = Page<ProjectView>),
    (status = 400, description = "The page cannot be asked for so", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn projects(State(desk): State<Desk>, paging: Paging) -> Result<Json<Page<ProjectView>>, Problem> {
    let all = desk.studio.store.projects().await.map_err(store_fault)?;
    let page = paging.of(&all, |project| project.id.to_string())?;
    let mut items = Vec::with_capacity(page.items.len());
    for project in page.items {
        items.push(ProjectView::from(desk.shown(project.id).await?));
    }
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

/// One project.
#[utoipa::path(get, path = "/api/anime/projects/{project}", params(("project" = Uuid, Path, description = "The project's id")), responses(
    (status = 200, description = "The project", body = ProjectView),
    (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn project(State(desk): State<Desk>, Path(project): Path<Uuid>) -> Result<Json<ProjectView>, Problem> {
    Ok(Json(desk.shown(project).await?.into()))
}
