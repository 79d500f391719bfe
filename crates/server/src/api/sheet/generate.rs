//! Draws, measures and signs a character's sheet.

use axum::extract::State;

use super::{SheetRequest, SignedView};
use crate::answer::Answer;
use crate::desk::Desk;
use crate::extract::Json;
use crate::problem::Problem;

/// Draws what is missing of a character's sheet, measures all of it, and signs it
///
/// Eight poses and six expressions. Nothing is drawn twice, and the newest version is returned when nothing of it changed.
/// The gate accepts a sheet that is whole, without copies, and whose pictures agree; anything else waits for a person.
#[utoipa::path(post, path = "/api/anime/character-consistency/generate-sheet", tag = "consistency",
    request_body(content = SheetRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "The sheet", body = SignedView),
        (status = 404, description = "There is no such project, character or look", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The project is being produced: try again", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn generate_sheet(State(desk): State<Desk>, Json(request): Json<SheetRequest>) -> Result<Answer, Problem> {
    let show = desk.whole_show(request.project).await?;
    let signed = desk.studio.generate_sheet(&show, &request.asked(), &desk.data).await?;
    Answer::of(&SignedView::of(&signed)?)
}
