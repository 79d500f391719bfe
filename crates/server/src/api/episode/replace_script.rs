//! Says an episode's screenplay anew.

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
use crate::extract::{Path, Query, Text};
use crate::problem::Problem;

/// Says an episode's screenplay anew
#[utoipa::path(put, path = "/api/anime/projects/{project}/episodes/{episode}/script", tag = "episodes",
    params(("project" = Uuid, Path, description = "The project's id"), ("episode" = String, Path, description = "Season and episode", example = "S01E01"), On, IfMatchHeader, SignedHeader),
    request_body(content = String, content_type = "text/plain", description = "A screenplay in Fountain", example = json!("EXT. LANTERN ROAD - NIGHT\n\nMei lifts a lantern.\n\nMEI\nReady?\n")),
    responses((status = 200, description = "The screenplay, byte for byte as it was sent", body = String, content_type = "text/plain", example = json!("EXT. LANTERN ROAD - NIGHT\n\nMei lifts a lantern.\n\nMEI\nReady?\n"))))]
pub(crate) async fn replace_script(
    State(desk): State<Desk>,
    Path((project, at)): Path<(Uuid, StoryTime)>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    Text(text): Text,
) -> Result<Answer, Problem> {
    resource::replace(&desk, project, &Resource::Script(episode(at)?), &on, signed, &against, text.into()).await
}
