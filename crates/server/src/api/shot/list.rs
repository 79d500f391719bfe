//! The shots of a scene, as written.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Shot;
use crate::api::paging::{Page, Paging};
use crate::api::resource;
use crate::api::scene::scene;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// The shots of a scene, as written
///
/// Every shot of the scene; of one that the director's rules make, only what the shot list changes about it.
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}/shots", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), At, Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of shots, in the order of the story", body = Page<Shot>)))]
pub(crate) async fn scene_shots(
    State(desk): State<Desk>,
    Path((project, at, number)): Path<(Uuid, StoryTime, u16)>,
    Query(version): Query<At>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let at = scene(at, number)?;
    let count = super::read::count(&desk, project, at, &version).await?;
    resource::list(&desk, project, &version, &paging, &seen, |_| (1..=count).map(|shot| Resource::Shot(at.at_shot(shot))).collect()).await
}
