//! A character at a point of the story.

use std::collections::BTreeMap;

use axum::extract::State;
use bible::{Slug, StoryTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{OriginView, timeline};
use crate::answer::Answer;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct When {
    /// Who.
    #[param(value_type = String, example = "mei")]
    character: Slug,
    /// When: an episode, a scene or a shot.
    #[param(value_type = String, example = "S01E02.05")]
    at: StoryTime,
    /// The look of a shot, when not the one that is worn then.
    #[param(value_type = Option<String>, example = "festival")]
    look: Option<Slug>,
}

/// A character at a point of the story.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "character": "mei",
    "at": "S01E02.05",
    "since": "S01E02",
    "look": "festival",
    "look_origin": { "from": "arc", "entry": 0, "at": "S01E02" },
    "state": {
        "name": "Mei",
        "age": 15,
        "visual_traits": { "build": "teen", "height_cm": 158.0 },
        "colour_model": { "hair": { "base": "#30264a", "shadow": "#1c1f35" } },
        "wardrobe": { "festival": { "garments": [] }, "school": { "garments": [] } },
        "look": "festival"
    },
    "origins": {
        "age": { "from": "base" },
        "colour_model.hair.base": { "from": "arc", "entry": 0, "at": "S01E02" },
        "colour_model.hair.shadow": { "from": "base" },
        "look": { "from": "arc", "entry": 0, "at": "S01E02" },
        "name": { "from": "base" }
    }
}))]
pub(crate) struct ResolvedView {
    character: String,
    at: String,
    /// Since when they are so.
    since: String,
    /// The look worn; null for someone without a wardrobe.
    look: Option<String>,
    look_origin: OriginView,
    /// Everything about them then.
    #[schema(value_type = Object)]
    state: Value,
    /// Where each value comes from, by its path.
    origins: BTreeMap<String, OriginView>,
}

/// A character at a point of the story, with each value's origin
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/resolve", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), When, At, IfNoneMatchHeader),
    responses((status = 200, description = "Who they are then", body = ResolvedView)))]
pub(crate) async fn resolve(
    State(desk): State<Desk>,
    Path(project): Path<Uuid>,
    Query(when): Query<When>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let shown = desk.shown(project, Some(&at.reference()?)).await?;
    let (character, timeline) = timeline(&shown, &when.character)?;
    let resolved = timeline.at(when.at, when.look.as_ref()).map_err(|error| Problem::parameter("look", error.to_string()))?;
    let view = ResolvedView {
        character: when.character.to_string(),
        at: when.at.to_string(),
        since: resolved.since.to_string(),
        look: resolved.look.as_ref().map(ToString::to_string),
        look_origin: OriginView::of(resolved.look_origin, &character.arc),
        state: serde_json::to_value(&*resolved.character).map_err(|error| Problem::fault(&error, false))?,
        origins: resolved.origins.iter().map(|(path, origin)| (path.clone(), OriginView::of(*origin, &character.arc))).collect(),
    };
    Ok(Answer::of(&view)?.at_commit(shown.commit).unless(&seen))
}
