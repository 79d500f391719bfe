//! Says anew what a shot is.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::shot;
use crate::answer::Answer;
use crate::api::documents::Shot;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Says anew what a shot is
///
/// Where the rules make the scene's shots, what is sent is what is different about this one (`refine`).
#[utoipa::path(put, path = "/api/anime/projects/{project}/episodes/{episode}/scenes/{scene}/shots/{shot}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), ("scene" = u16, Path, description = "Its place in the episode, from 1", example = 1), ("shot" = u16, Path, description = "Its place in the scene, from 1", example = 2), On, IfMatchHeader, SignedHeader),
    request_body(content = Shot, content_type = "application/json"),
    responses((status = 200, description = "The shot, as it is now", body = Shot)))]
pub(crate) async fn replace_shot(
    State(desk): State<Desk>,
    Path((project, at, number, place)): Path<(Uuid, StoryTime, u16, u16)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    Shot(value): Shot,
) -> Result<Answer, Problem> {
    resource::replace(&desk, project, &Resource::Shot(shot(at, number, place)?), &on, signed, &against, value).await
}
