//! A tag, deleted.

use axum::extract::State;
use uuid::Uuid;

use super::known;
use crate::answer::Answer;
use crate::api::version::view::{TagView, unchanged};
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::Path;
use crate::problem::Problem;

/// Deletes a tag
#[utoipa::path(delete, path = "/api/anime/projects/{project}/bible/tags/{tag}", tag = "versions",
    params(("project" = Uuid, Path, description = "The project's id"), ("tag" = String, Path, description = "Its name", example = "delivery-1"), IfMatchHeader, SignedHeader),
    responses((status = 204, description = "It is gone; the commit that it named keeps its id")))]
pub(crate) async fn delete_tag(
    State(desk): State<Desk>,
    Path((project, tag)): Path<(Uuid, String)>,
    signed: Signed,
    against: IfMatch,
) -> Result<Answer, Problem> {
    let history = desk.history(project).await?;
    let _turn = desk.queue.turn(project).await;
    let tag = known(&history, &tag).await?;
    unchanged(&against, "tag", TagView::from(&tag))?;
    history.delete_tag(&tag.name, &signed.author, (desk.studio.environment.now)()).await?;
    Ok(Answer::done().at_commit(Some(tag.target)))
}
