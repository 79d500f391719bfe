//! One of the cast, of the places, of the things, changed in some fields.

use axum::extract::State;
use bible::Slug;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Character, Location, Patch, Prop};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{MergePatch, Path, Query};
use crate::problem::Problem;

macro_rules! patch {
    ($name:ident, $kind:ident, $document:ident, $slug:literal, $path:literal, $summary:literal, $example:tt) => {
        #[utoipa::path(patch, path = $path, tag = "bible", summary = $summary,
            params(("project" = Uuid, Path, description = "The project's id"), ($slug = String, Path, description = "The name that refers to it"), On, IfMatchHeader, SignedHeader),
            request_body(content = Patch, content_type = "application/merge-patch+json", example = json!($example)),
            responses((status = 200, description = "It, as it is now", body = $document)))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path((project, slug)): Path<(Uuid, Slug)>,
            Query(on): Query<On>,
            signed: Signed,
            against: IfMatch,
            MergePatch(patch): MergePatch,
        ) -> Result<Answer, Problem> {
            resource::patch(&desk, project, &Resource::Named(DocumentKind::$kind, slug), &on, signed, &against, patch).await
        }
    };
}

patch!(
    patch_character,
    Character,
    Character,
    "character",
    "/api/anime/projects/{project}/bible/characters/{character}",
    "Changes someone of the cast",
    { "age": 16, "role": null, "colour_model": { "hair": { "base": "#7a2b3a" } } }
);
patch!(
    patch_location,
    Location,
    Location,
    "location",
    "/api/anime/projects/{project}/bible/locations/{location}",
    "Changes a place",
    { "description": "The bridge is closed since the flood." }
);
patch!(
    patch_prop,
    Prop,
    Prop,
    "prop",
    "/api/anime/projects/{project}/bible/props/{prop}",
    "Changes a thing",
    { "colours": { "main": "#c8102e" } }
);
