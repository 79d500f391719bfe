//! One scene.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::scene;
use crate::answer::Answer;
use crate::api::documents::Scene;
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A scene
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), At, IfNoneMatchHeader),
    responses((status = 200, description = "Its heading, and what the shot list says of it", body = Scene)))]
pub(crate) async fn read_scene(
    State(desk): State<Desk>,
    Path((project, at, number)): Path<(Uuid, StoryTime, u16)>,
    Query(version): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    resource::read(&desk, project, &Resource::Scene(scene(at, number)?), &version, &seen).await
}
