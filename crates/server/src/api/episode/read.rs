//! An episode, as written.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::episode;
use crate::answer::Answer;
use crate::api::documents::Episode;
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// An episode, as written
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), At, IfNoneMatchHeader),
    responses((status = 200, description = "The episode", body = Episode)))]
pub(crate) async fn read_episode(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(version): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    resource::read(&desk, project, &Resource::Episode(episode(at)?), &version, &seen).await
}
