//! The whole bible, said anew.

use axum::extract::State;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::Bible;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Says the whole bible anew
///
/// Characters, locations and props that it does not name are taken away. Any edit of any of it since it was read makes
/// this stale, so that nobody erases what they never saw.
#[utoipa::path(put, path = "/api/anime/projects/{project}/bible", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), On, IfMatchHeader, SignedHeader),
    request_body(content = Bible, content_type = "application/json"),
    responses((status = 200, description = "The bible, as it is now", body = Bible)))]
pub(crate) async fn replace_bible(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(on): Query<On>,
    signed: Signed,
    against: IfMatch,
    Bible(value): Bible,
) -> Result<Answer, Problem> {
    resource::replace(&desk, project, &Resource::Bible, &on, signed, &against, value).await
}
