//! Puts a person's word on a signed sheet.

use axum::extract::State;
use bible::{Slug, StoryTime};
use serde::Deserialize;
use store::VerdictStatus;
use studio::Judgement;
use studio::sheet::SheetAsked;
use utoipa::ToSchema;
use uuid::Uuid;

use super::SignedView;
use crate::answer::Answer;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::Json;
use crate::problem::Problem;

/// What a person says of a sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "project": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60", "character": "mio", "look": "work", "status": "rejected", "note": "her eyes are too small"
}))]
pub(crate) struct SheetReview {
    /// The project.
    project: Uuid,
    /// The character.
    #[schema(value_type = String)]
    character: Slug,
    /// The look; the character's first when left out.
    #[schema(value_type = Option<String>)]
    look: Option<Slug>,
    /// Since which change of their arc, such as `S01E03`; before the first when left out.
    #[schema(value_type = Option<String>)]
    since: Option<StoryTime>,
    /// Whether it is the reference from now on.
    status: SheetWord,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Whether a sheet is to be used.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SheetWord {
    /// It is the reference.
    Accepted,
    /// It is not to be used.
    Rejected,
}

/// Puts a person's word on the newest version of a character's sheet
///
/// It stands above the gate's until the sheet is signed anew. Who says so is told in the header.
#[utoipa::path(post, path = "/api/anime/character-consistency/review-sheet", tag = "consistency",
    params(SignedHeader),
    request_body(content = SheetReview, content_type = "application/json"),
    responses(
        (status = 200, description = "The sheet with the word on it", body = SignedView),
        (status = 404, description = "There is no such project, character or look, or no sheet was signed yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn review_sheet(State(desk): State<Desk>, signed: Signed, Json(said): Json<SheetReview>) -> Result<Answer, Problem> {
    let show = desk.whole_show(said.project).await?;
    let asked = SheetAsked { character: said.character, look: said.look, since: said.since };
    let status = match said.status {
        SheetWord::Accepted => VerdictStatus::Accepted,
        SheetWord::Rejected => VerdictStatus::Rejected,
    };
    let judgement = Judgement { status, by: signed.author.name, note: said.note };
    Answer::of(&SignedView::of(&desk.studio.review_sheet(&show, &asked, &judgement).await?)?)
}
