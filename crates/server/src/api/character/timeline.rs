//! How a character changes over the story.

use axum::extract::State;
use bible::resolve::turns;
use bible::{Slug, StoryTime};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::timeline;
use crate::answer::Answer;
use crate::api::version::At;
use crate::api::version::view::ChangeView;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A point of the story at which something about a character changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnView {
    /// When.
    #[schema(example = "S01E02")]
    at: String,
    /// What happens to them, as the arc says.
    #[schema(example = json!(["She dresses for the festival."]))]
    notes: Vec<String>,
    /// What is different from here on, by the path in the character.
    #[schema(example = json!([{ "path": "look", "kind": "changed", "old": "school", "new": "festival" }]))]
    changes: Vec<ChangeView>,
    /// The look worn from here on.
    #[schema(example = "festival")]
    look: Option<String>,
}

/// How a character changes over the story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineView {
    #[schema(example = "mei")]
    character: String,
    /// The look worn at the beginning.
    #[schema(example = "school")]
    look: Option<String>,
    /// In story order.
    turns: Vec<TurnView>,
}

/// How a character changes over the story
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/characters/{character}/timeline", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), ("character" = String, Path, description = "The name that refers to them", example = "mei"), At, IfNoneMatchHeader),
    responses((status = 200, description = "Every turn, in story order", body = TimelineView)))]
pub(crate) async fn character_timeline(
    State(desk): State<Desk>,
    Path((project, slug)): Path<(Uuid, Slug)>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let shown = desk.shown(project, Some(&at.reference()?)).await?;
    let (character, timeline) = timeline(&shown, &slug)?;
    let look = |at: StoryTime| timeline.at(at, None).ok().and_then(|then| then.look).map(|look| look.to_string());
    let turns = turns(&slug, character).map_err(|error| Problem::unsound_bible(error.to_string()))?;
    let view = TimelineView {
        character: slug.to_string(),
        look: look(StoryTime::BEGINNING),
        turns: turns
            .into_iter()
            .map(|turn| TurnView {
                at: turn.at.to_string(),
                notes: turn.notes,
                changes: turn.changes.into_iter().map(ChangeView::from).collect(),
                look: look(turn.at),
            })
            .collect(),
    };
    Ok(Answer::of(&view)?.at_commit(shown.commit).unless(&seen))
}
