//! Says an episode's shot list anew.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::episode;
use crate::answer::Answer;
use crate::api::documents::ShotList;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Says an episode's shot list anew
#[utoipa::path(put, path = "/api/anime/projects/{project}/episodes/{episode}/shot-list", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), On, IfMatchHeader, SignedHeader),
    request_body(content = ShotList, content_type = "application/json"),
    responses((status = 200, description = "The shot list, as it is now", body = ShotList)))]
pub(crate) async fn replace_shot_list(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    ShotList(value): ShotList,
) -> Result<Answer, Problem> {
    resource::replace(&desk, project, &Resource::ShotList(episode(at)?), &on, signed, &against, value).await
}
