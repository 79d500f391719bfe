//! What two characters are to each other over the story.

use axum::extract::State;
use bible::Slug;
use bible::character::{ArcEntry, Relationship};
use bible::resolve::{TieStretch, ties};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OriginView, timeline};
use crate::answer::Answer;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// What one is to another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "kind": "friend", "note": "since the flood" }))]
pub(crate) struct TieView {
    kind: String,
    note: String,
}

impl From<Relationship> for TieView {
    fn from(tie: Relationship) -> Self {
        Self { kind: tie.kind, note: tie.note }
    }
}

/// A stretch of the story in which that does not change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TieStretchView {
    /// From when; `S00E00` is the beginning.
    #[schema(example = "S01E02")]
    from: String,
    /// Until when; null for good.
    #[schema(example = "S01E05.03")]
    until: Option<String>,
    /// Empty where the other is nothing to them.
    ties: Vec<TieView>,
    /// Who said so.
    origin: OriginView,
}

/// What two characters are to each other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RelationshipView {
    #[schema(example = "mei")]
    character: String,
    #[schema(example = "kit")]
    other: String,
    /// What the other is to the character.
    to_other: Vec<TieStretchView>,
    /// What the character is to the other.
    from_other: Vec<TieStretchView>,
}

fn shown_ties(stretches: Vec<TieStretch>, arc: &[ArcEntry]) -> Vec<TieStretchView> {
    let view = |stretch: TieStretch| TieStretchView {
        from: stretch.from.to_string(),
        until: stretch.until.map(|until| until.to_string()),
        ties: stretch.ties.into_iter().map(TieView::from).collect(),
        origin: OriginView::of(stretch.origin, arc),
    };
    stretches.into_iter().map(view).collect()
}

/// What two characters are to each other over the story
#[utoipa::path(get, path = "/api/anime/projects/{project}/bible/characters/{character}/relationships/{other}", tag = "bible",
    params(("project" = Uuid, Path, description = "The project's id"), ("character" = String, Path, description = "One of the two", example = "mei"), ("other" = String, Path, description = "The other", example = "kit"), At, IfNoneMatchHeader),
    responses((status = 200, description = "Every stretch of the story, in both directions", body = RelationshipView)))]
pub(crate) async fn relationship(
    State(desk): State<Desk>,
    Path((project, slug, other)): Path<(Uuid, Slug, Slug)>,
    Query(at): Query<At>,
    seen: IfNoneMatch,
) -> Result<Answer, Problem> {
    let shown = desk.shown(project, Some(&at.reference()?)).await?;
    let (mine, my_timeline) = timeline(&shown, &slug)?;
    let (theirs, their_timeline) = timeline(&shown, &other)?;
    let view = RelationshipView {
        character: slug.to_string(),
        other: other.to_string(),
        to_other: shown_ties(ties(&my_timeline, &other), &mine.arc),
        from_other: shown_ties(ties(&their_timeline, &slug), &theirs.arc),
    };
    Ok(Answer::of(&view)?.from_commit(shown.commit).unless(&seen))
}
