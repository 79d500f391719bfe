//! Everyone, every place, every thing of a bible.

use axum::extract::State;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Character, Location, Prop};
use crate::api::paging::{Page, Paging};
use crate::api::resource;
use crate::api::version::At;
use crate::condition::{IfNoneMatch, IfNoneMatchHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::problem::Problem;

macro_rules! list {
    ($name:ident, $kind:ident, $document:ident, $path:literal, $summary:literal) => {
        #[utoipa::path(get, path = $path, tag = "bible", summary = $summary,
                                    params(("project" = Uuid, Path, description = "The project's id"), At, Paging, IfNoneMatchHeader),
                                    responses((status = 200, description = "A page of them, by name", body = Page<$document>)))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path(project): Path<Uuid>,
            Query(at): Query<At>,
            paging: Paging,
            seen: IfNoneMatch,
        ) -> Result<Answer, Problem> {
            resource::list(&desk, project, &at, &paging, &seen, |bible| Resource::all_named(DocumentKind::$kind, bible)).await
        }
    };
}

list!(list_characters, Character, Character, "/api/anime/projects/{project}/bible/characters", "The cast");
list!(list_locations, Location, Location, "/api/anime/projects/{project}/bible/locations", "The places");
list!(list_props, Prop, Prop, "/api/anime/projects/{project}/bible/props", "The things that matter");
