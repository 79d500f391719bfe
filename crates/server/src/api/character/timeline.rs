//! How a character changes over the story.

use axum::extract::State;
use bible::Slug;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::timeline;
use crate::answer::Answer;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A change as the arc has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "entry": 0, "note": "She dresses for the festival.", "changes": { "look": "festival" } }))]
pub(crate) struct TurnView {
    /// Its place in the arc, from 0.
    entry: usize,
    /// What happens to them.
    note: String,
    /// What is different from here on, as a merge patch over the character.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
}

/// A stretch of the story in which nothing about a character changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StretchView {
    /// From when; `S00E00` is the beginning.
    #[schema(example = "S01E02")]
    from: String,
    /// Until when; null for good.
    #[schema(example = "S01E05.03")]
    until: Option<String>,
    /// What changed at its beginning.
    turns: Vec<TurnView>,
    /// The look worn.
    #[schema(example = "festival")]
    look: Option<String>,
    /// Everything about them in it.
    #[schema(value_type = Object, example = json!({ "name": "Mei", "age": 15, "look": "festival" }))]
    state: Value,
}

/// How a character changes over the story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineView {
    #[schema(example = "mei")]
    character: String,
    stretches: Vec<StretchView>,
}

/// How a character changes over the story
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/characters/{character}/timeline", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), ("character" = String, Path, description = "The name that refers to them", example = "mei"), At, IfNoneMatchHeader),
    responses((status = 200, description = "Every stretch of the story, in its order", body = TimelineView)))]
pub(crate) async fn character_timeline(
    State(desk): State<Desk>,
    Path((project, slug)): Path<(Uuid, Slug)>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let shown = desk.shown(project, Some(&at.reference()?)).await?;
    let (character, timeline) = timeline(&shown, &slug)?;
    let segments = timeline.segments();
    let mut stretches = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let turns = character.arc.iter().enumerate().filter(|(_, entry)| entry.at == segment.from);
        stretches.push(StretchView {
            from: segment.from.to_string(),
            until: segments.get(index + 1).map(|next| next.from.to_string()),
            turns: turns.map(|(entry, turn)| TurnView { entry, note: turn.note.clone(), changes: turn.changes.clone() }).collect(),
            look: timeline.at(segment.from, None).ok().and_then(|then| then.look).map(|look| look.to_string()),
            state: serde_json::to_value(&*segment.character).map_err(|error| Problem::fault(&error, false))?,
        });
    }
    Ok(Answer::of(&TimelineView { character: slug.to_string(), stretches })?.from_commit(shown.commit).unless(&seen))
}
