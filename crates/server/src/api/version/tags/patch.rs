//! A tag, put at another commit.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{known, shown};
use crate::answer::Answer;
use crate::api::version::view::{TagView, commit_at, in_body, unchanged};
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{PatchOf, Path};
use crate::problem::Problem;

/// Characters that a message may have.
const LONGEST_MESSAGE: usize = 10_000;

/// What a tag is to name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "commit": "main", "message": "Episode 1, with the mended title" }))]
pub(crate) struct TagMove {
    /// A branch, a tag or a commit; where it is when left out.
    commit: Option<String>,
    /// What is said with it; what was said before when left out.
    #[schema(max_length = 10000)]
    message: Option<String>,
}

/// Refuses a message that is too long.
pub(super) fn short(message: &str) -> Result<(), Problem> {
    let length = message.chars().count();
    if length <= LONGEST_MESSAGE {
        return Ok(());
    }
    Err(in_body("/message")(format!("`message` has {length} characters; {LONGEST_MESSAGE} is the most")))
}

/// Puts a tag at another commit
///
/// Who moved it, and from where, stays in the record.
#[utoipa::path(patch, path = "/api/anime/projects/{project}/bible/tags/{tag}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("tag" = String, Path, description = "Its name", example = "delivery-1"), IfMatchHeader, SignedHeader),
    request_body(content = TagMove, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The tag, as it is now", body = TagView)))]
pub(crate) async fn move_tag(
    State(desk): State<Desk>,
    Path((project, tag)): Path<(Uuid, String)>,
    signed: Signed,
    against: IfMatch,
    PatchOf(to): PatchOf<TagMove>,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let _turn = desk.queue.turn(project).await;
    let tag = known(&history, &tag).await?;
    unchanged(&against, "tag", TagView::from(&tag))?;
    let message = to.message.as_deref().unwrap_or(&tag.tag.message);
    short(message)?;
    let commit = match &to.commit {
        Some(text) => commit_at(&history, "/commit", text).await?,
        None => tag.target,
    };
    let moved = history.move_tag(&tag, commit, &signed.author, message, (desk.studio.environment.now)()).await?;
    shown(&moved)
}
