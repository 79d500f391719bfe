//! One of the cast, of the places, of the things, taken away.

use axum::extract::State;
use bible::Slug;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::condition::{IfMatch, IfMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

macro_rules! remove {
    ($name:ident, $kind:ident, $slug:literal, $path:literal, $summary:literal) => {
        #[utoipa::path(delete, path = $path, tag = "bible", summary = $summary,
            description = "Refused while a script, a shot or somebody's relationship names it. Earlier versions keep it.",
            params(("project" = Uuid, Path, description = "The project's id"), ($slug = String, Path, description = "The name that refers to it"), On, IfMatchHeader, SignedHeader),
            responses((status = 204, description = "It is gone from this version on")))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path((project, slug)): Path<(Uuid, Slug)>,
            Query(on): Query<On>,
            signed: Signed,
            against: IfMatch,
        ) -> Result<Answer, Problem> {
            resource::remove(&desk, project, &Resource::Named(DocumentKind::$kind, slug), &on, signed, &against).await
        }
    };
}

remove!(
    remove_character,
    Character,
    "character",
    "/api/anime/projects/{project}/bible/characters/{character}",
    "Takes someone out of the cast"
);
remove!(remove_location, Location, "location", "/api/anime/projects/{project}/bible/locations/{location}", "Takes a place away");
remove!(remove_prop, Prop, "prop", "/api/anime/projects/{project}/bible/props/{prop}", "Takes a thing away");
