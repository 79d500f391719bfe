//! One of the cast, of the places, of the things.

use axum::extract::State;
use bible::Slug;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Character, Location, Prop};
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

macro_rules! read {
    ($name:ident, $kind:ident, $document:ident, $slug:literal, $path:literal, $summary:literal) => {
        #[utoipa::path(get, path = $path, tag = "bible", summary = $summary,
            params(("project" = Uuid, Path, description = "The project's id"), ($slug = String, Path, description = "The name that refers to it"), At, IfNoneMatchHeader),
            responses((status = 200, description = "It, as written", body = $document)))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path((project, slug)): Path<(Uuid, Slug)>,
            Query(at): Query<At>,
            seen: IfNoneMatch,
        ) -> Result<Answer, Problem> {
            resource::read(&desk, project, &Resource::Named(DocumentKind::$kind, slug), &at, &seen).await
        }
    };
}

read!(
    read_character,
    Character,
    Character,
    "character",
    "/api/anime/projects/{project}/bible/characters/{character}",
    "Someone of the cast"
);
read!(read_location, Location, Location, "location", "/api/anime/projects/{project}/bible/locations/{location}", "A place");
read!(read_prop, Prop, Prop, "prop", "/api/anime/projects/{project}/bible/props/{prop}", "A thing");
