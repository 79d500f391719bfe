//! Reads a signed sheet again.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SheetRequest, SignedView};
use crate::answer::Answer;
use crate::desk::Desk;
use crate::extract::Json;
use crate::problem::Problem;

/// What came of reading a signed sheet again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidationView {
    /// The sheet as it was signed.
    signed: SignedView,
    /// Whether its pictures still are what was signed.
    #[schema(example = true)]
    intact: bool,
    /// What is not as it was signed, as sentences.
    #[schema(example = json!([]))]
    damage: Vec<String>,
    /// Places whose picture the bible would have drawn differently by now.
    #[schema(example = json!(["front"]))]
    stale: Vec<String>,
    /// Whether it can be the reference: intact, not stale, whole, and accepted.
    #[schema(example = false)]
    valid: bool,
}

/// Reads the newest signed sheet of a character again
///
/// Every picture is read from where it is kept, decoded, measured, and held against the signature. Nothing is changed.
#[utoipa::path(post, path = "/api/anime/character-consistency/validate", tag = "consistency",
    request_body(content = SheetRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Whether it can be the reference, and what is wrong otherwise", body = ValidationView),
        (status = 404, description = "There is no such project, character or look, or no sheet was signed yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn validate_sheet(State(desk): State<Desk>, Json(request): Json<SheetRequest>) -> Result<Answer, Problem> {
    let show = desk.whole_show(request.project).await?;
    let validation = desk.studio.validate_sheet(&show, &request.asked()).await?;
    Answer::of(&ValidationView {
        signed: SignedView::of(&validation.signed)?,
        intact: validation.intact,
        damage: validation.damage,
        stale: validation.stale.iter().map(ToString::to_string).collect(),
        valid: validation.valid,
    })
}
