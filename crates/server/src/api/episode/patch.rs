//! Changes an episode's settings.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::episode;
use crate::answer::Answer;
use crate::api::documents::{Episode, Patch};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

/// Changes an episode's settings
#[utoipa::path(patch, path = "/api/anime/projects/{project}/episodes/{episode}", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), On, IfMatchHeader, SignedHeader),
    request_body(content = Patch, content_type = "application/merge-patch+json", example = json!({ "title": "The long night" })),
    responses((status = 200, description = "The episode, as it is now", body = Episode)))]
pub(crate) async fn patch_episode(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    MergePatch(patch): MergePatch,
) -> Result<Answer, Problem> {
    resource::patch(&desk, project, &Resource::Episode(episode(at)?), &on, signed, &against, patch).await
}
