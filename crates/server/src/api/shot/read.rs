//! One shot, as written.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::shot;
use crate::answer::Answer;
use crate::api::documents::Shot;
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A shot, as written
///
/// Of a shot that the director's rules make, only what the shot list changes about it: that may be nothing.
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}/shots/{shot}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), ("shot" = u16, Path, description = "Its place in the scene, from 1", example = 2), At, IfNoneMatchHeader),
    responses((status = 200, description = "What the shot list says of it", body = Shot)))]
pub(crate) async fn read_shot(
    State(desk): State<Desk>,
    Path((project, at, number, place)): Path<(Uuid, StoryTime, u16, u16)>,
    Query(version): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let at = shot(at, number, place)?;
    if at.shot > count(&desk, project, at, &version).await? {
        return Err(Problem::not_found(format!("there is no shot {at}")));
    }
    resource::read(&desk, project, &Resource::Shot(at), &version, &seen).await
}

/// How many shots a scene has: those that are listed, or those that the rules make.
pub(super) async fn count(desk: &Desk, project: Uuid, at: StoryTime, version: &At) -> Result<u16, Problem> {
    let reference = version.reference()?;
    let (_, bible) = desk.bible(project, &reference).await?;
    let scene = Resource::Scene(at.at_scene(at.scene));
    if scene.represent(&bible).is_none() {
        return Err(scene.unknown(&bible).into());
    }
    if let Some(listed) = Resource::listed_shots(&bible, at) {
        return Ok(u16::try_from(listed).unwrap_or(u16::MAX));
    }
    let shown = desk.shown(project, Some(&reference)).await?;
    let episode = shown.episode(&at.episode_start().to_string())?;
    let made = episode.scenes.iter().find(|scene| scene.at.scene == at.scene).map_or(0, |scene| scene.shots.len());
    Ok(u16::try_from(made).unwrap_or(u16::MAX))
}
