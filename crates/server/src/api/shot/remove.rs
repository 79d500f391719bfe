//! Takes a shot out.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::shot;
use crate::answer::Answer;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Takes a shot out
///
/// A listed shot is gone from the list; one that the rules make is again as they make it.
#[utoipa::path(delete, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}/shots/{shot}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), ("shot" = u16, Path, description = "Its place in the scene, from 1", example = 2), On, IfMatchHeader, SignedHeader),
    responses((status = 204, description = "It is gone from this version on")))]
pub(crate) async fn remove_shot(
    State(desk): State<Desk>,
    Path((project, at, number, place)): Path<(Uuid, StoryTime, u16, u16)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
) -> Result<Answer, Problem> {
    resource::remove(&desk, project, &Resource::Shot(shot(at, number, place)?), &on, signed, &against).await
}
