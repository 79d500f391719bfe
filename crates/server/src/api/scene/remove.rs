//! Leaves a scene to the rules.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::scene;
use crate::answer::Answer;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Leaves a scene to the rules
///
/// What the shot list says of it is taken away. The scene itself is the screenplay's: edit that to take it out.
#[utoipa::path(delete, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), On, IfMatchHeader, SignedHeader),
    responses((status = 204, description = "The rules make its shots from this version on")))]
pub(crate) async fn remove_scene(
    State(desk): State<Desk>,
    Path((project, at, number)): Path<(Uuid, StoryTime, u16)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
) -> Result<Answer, Problem> {
    resource::remove(&desk, project, &Resource::Scene(scene(at, number)?), &on, signed, &against).await
}
