//! What two characters are to each other over the story.

use axum::extract::State;
use bible::Slug;
use bible::resolve::{Tie, between};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::member;
use crate::answer::Answer;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// What one is to the other.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "from": "mei", "to": "kit", "kind": "friend", "note": "since the flood" }))]
pub(crate) struct TieView {
    /// Whose tie.
    from: String,
    /// To whom.
    to: String,
    /// What `to` is to `from`.
    kind: String,
    note: String,
}

impl From<Tie> for TieView {
    fn from(tie: Tie) -> Self {
        Self { from: tie.from.to_string(), to: tie.to.to_string(), kind: tie.kind, note: tie.note }
    }
}

/// A stretch of the story in which nothing changes between the two.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TieStretchView {
    /// From when; `S00E00` is the beginning.
    #[schema(example = "S01E02")]
    from: String,
    /// Until when; null for good.
    #[schema(example = "S01E05.03")]
    until: Option<String>,
    /// In both directions; empty while they are nothing to each other.
    ties: Vec<TieView>,
}

/// What two characters are to each other over the story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RelationshipView {
    #[schema(example = "mei")]
    character: String,
    #[schema(example = "kit")]
    other: String,
    /// In story order; empty when they never are anything to each other.
    stretches: Vec<TieStretchView>,
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
    member(&shown, &slug)?;
    member(&shown, &other)?;
    let stretches = between(&shown.show, &slug, &other).map_err(|error| Problem::unsound_bible(error.to_string()))?;
    let ends: Vec<Option<String>> = stretches.iter().skip(1).map(|next| Some(next.from.to_string())).chain([None]).collect();
    let view = RelationshipView {
        character: slug.to_string(),
        other: other.to_string(),
        stretches: stretches
            .into_iter()
            .zip(ends)
            .map(|(stretch, until)| TieStretchView {
                from: stretch.from.to_string(),
                until,
                ties: stretch.ties.into_iter().map(TieView::from).collect(),
            })
            .collect(),
    };
    Ok(Answer::of(&view)?.at_commit(shown.commit).unless(&seen))
}
