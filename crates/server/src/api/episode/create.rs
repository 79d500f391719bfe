//! A new episode.

use axum::extract::State;
use bible::StoryTime;
use serde_json::Value;
use studio::bible_edit::Resource;
use uuid::Uuid;

use super::episode;
use crate::answer::Answer;
use crate::api::documents::{Episode, NewEpisode};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::{FieldProblem, Problem};

/// Adds an episode
///
/// Of its screenplay in Fountain, with a shot list where it needs one. Everyone who speaks and every place must be in
/// the bible.
#[utoipa::path(post, path = "/api/anime/projects/{project}/episodes", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
    request_body(content = NewEpisode, content_type = "application/json"),
    responses((status = 201, description = "The episode", body = Episode)))]
pub(crate) async fn create_episode(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    NewEpisode(value): NewEpisode,
) -> Result<Answer, Problem> {
    let at = value.get("at").and_then(Value::as_str).unwrap_or_default();
    let wrong = |detail: String| Problem::invalid_content("").with([FieldProblem::in_body("/at", detail, None)]);
    let at: StoryTime = at.parse().map_err(|_| wrong("an episode needs `at`, its season and number, such as \"S01E02\"".to_owned()))?;
    let at = episode(at).map_err(|_| wrong(format!("{at} is no episode")))?;
    let location = format!("/api/anime/projects/{project}/episodes/{at}");
    resource::create(&desk, project, &Resource::Episode(at), &on, signed, value, location).await
}
