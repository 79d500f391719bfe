//! The scenes of an episode.

use axum::extract::State;
use bible::StoryTime;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Scene;
use crate::api::episode::episode;
use crate::api::paging::{Page, Paging};
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// The scenes of an episode
///
/// With their headings, which the screenplay gives, and what the shot list says of them.
#[utoipa::path(get, path = "/api/anime/projects/{project}/episodes/{episode}/scenes", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), At, Paging, IfNoneMatchHeader),
    responses((status = 200, description = "A page of scenes, in the order of the story", body = Page<Scene>)))]
pub(crate) async fn scenes(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(version): Query<At>,
    paging: Paging,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let at = episode(at)?;
    let (commit, bible) = desk.bible(project, &version.reference()?).await?;
    drop(resource::state(&Resource::Episode(at), &bible)?.at_commit(Some(commit)));
    resource::list(&desk, project, &version, &paging, &seen, |bible| Resource::scenes(bible, at)).await
}
