//! Changes what the shot list says of a scene.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::scene;
use crate::answer::Answer;
use crate::api::documents::{Patch, Scene};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

/// Changes what the shot list says of a scene
///
/// Its heading is the screenplay's.
#[utoipa::path(patch, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), On, IfMatchHeader, SignedHeader),
    request_body(content = Patch, content_type = "application/merge-patch+json", example = json!({ "time": "sunset", "weather": "rain" })),
    responses((status = 200, description = "The scene, as it is now", body = Scene)))]
pub(crate) async fn patch_scene(
    State(desk): State<Desk>,
    Path((project, at, number)): Path<(Uuid, StoryTime, u16)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    MergePatch(patch): MergePatch,
) -> Result<Answer, Problem> {
    resource::patch(&desk, project, &Resource::Scene(scene(at, number)?), &on, signed, &against, patch).await
}
