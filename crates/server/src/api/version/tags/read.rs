//! One tag.

use axum::extract::State;
use uuid::Uuid;

use super::{known, shown};
use crate::answer::Answer;
use crate::api::version::view::TagView;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// A tag
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/tags/{tag}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("tag" = String, Path, description = "Its name", example = "delivery-1"), IfNoneMatchHeader),
    responses((status = 200, description = "The tag", body = TagView)))]
pub(crate) async fn read_tag(
    State(desk): State<Desk>,
    Path((project, tag)): Path<(Uuid, String)>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    Ok(shown(&known(&history, &tag).await?)?.unless(&seen))
}
