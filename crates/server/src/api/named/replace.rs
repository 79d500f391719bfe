//! One of the cast, of the places, of the things, said anew as a whole.

use axum::extract::State;
use bible::Slug;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Character, Location, Prop};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

macro_rules! replace {
    ($name:ident, $kind:ident, $document:ident, $slug:literal, $path:literal, $summary:literal) => {
        #[utoipa::path(put, path = $path, tag = "bible", summary = $summary,
            description = "Fields that are left out are taken away. Comments in the file stay where what they stand at stays.",
            params(("project" = Uuid, Path, description = "The project's id"), ($slug = String, Path, description = "The name that refers to it"), On, IfMatchHeader, SignedHeader),
            request_body(content = $document, content_type = "application/json"),
            responses((status = 200, description = "It, as it is now", body = $document)))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path((project, slug)): Path<(Uuid, Slug)>,
            Query(on): Query<On>,
            signed: Signed,
            against: IfMatch,
            $document(value): $document,
        ) -> Result<Answer, Problem> {
            resource::replace(&desk, project, &Resource::Named(DocumentKind::$kind, slug), &on, signed, &against, value).await
        }
    };
}

replace!(
    replace_character,
    Character,
    Character,
    "character",
    "/api/anime/projects/{project}/bible/characters/{character}",
    "Says anew who someone is"
);
replace!(
    replace_location,
    Location,
    Location,
    "location",
    "/api/anime/projects/{project}/bible/locations/{location}",
    "Says anew what a place is"
);
replace!(replace_prop, Prop, Prop, "prop", "/api/anime/projects/{project}/bible/props/{prop}", "Says anew what a thing is");
