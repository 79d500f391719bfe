//! Takes an episode away, with its screenplay and its shot list.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::episode;
use crate::answer::Answer;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Takes an episode away, with its screenplay and its shot list
#[utoipa::path(delete, path = "/api/anime/projects/{project}/episodes/{episode}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), On, IfMatchHeader, SignedHeader),
    responses((status = 204, description = "It is gone from this version on")))]
pub(crate) async fn remove_episode(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
) -> Result<Answer, Problem> {
    resource::remove(&desk, project, &Resource::Episode(episode(at)?), &on, signed, &against).await
}
