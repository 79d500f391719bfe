//! One more shot in a scene.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Shot;
use crate::api::scene::scene;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// Adds a shot at the end of a scene
///
/// Where the shot list lists the scene's shots. Where the director's rules make them, list them first.
#[utoipa::path(post, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}/shots", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), On, SignedHeader, IdempotencyHeader),
    request_body(content = Shot, content_type = "application/json"),
    responses((status = 201, description = "The shot", body = Shot)))]
pub(crate) async fn create_shot(
    State(desk): State<Desk>,
    Path((project, at, number)): Path<(Uuid, StoryTime, u16)>,
    Query(on): Query<On>,
    signed: Signed,
    Shot(value): Shot,
) -> Result<Answer, Problem> {
    let at = scene(at, number)?;
    let made = desk.editor(project).await?.append_shot(&on.intent(signed)?, at, value).await?;
    let last = Resource::listed_shots(&made.snapshot, at).and_then(|count| u16::try_from(count).ok()).unwrap_or(1);
    let location = format!("/api/anime/projects/{project}/episodes/{}/scenes/{number}/shots/{last}", at.episode_start());
    let state = crate::api::resource::state(&Resource::Shot(at.at_shot(last)), &made.snapshot)?;
    Ok(state.at_commit(made.commit).created(location))
}
