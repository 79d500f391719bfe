//! Someone, some place, some thing new.

use axum::extract::State;
use bible::version::DocumentKind;
use studio::bible_edit::Resource;
use uuid::Uuid;

use crate::answer::Answer;
use crate::api::documents::{Character, Location, Prop};
use crate::api::resource;
use crate::api::version::On;
use crate::author::{Signed, SignedHeader};
use crate::desk::Desk;
use crate::extract::{Path, Query};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

macro_rules! create {
    ($name:ident, $kind:ident, $document:ident, $folder:literal, $path:literal, $summary:literal) => {
        #[utoipa::path(post, path = $path, tag = "bible", summary = $summary,
                                    description = "Refers to it by its `slug`, or by one made of its `name` when none is given.",
                                    params(("project" = Uuid, Path, description = "The project's id"), On, SignedHeader, IdempotencyHeader),
                                    request_body(content = $document, content_type = "application/json"),
                                    responses((status = 201, description = "It is made", body = $document)))]
        pub(crate) async fn $name(
            State(desk): State<Desk>,
            Path(project): Path<Uuid>,
            Query(on): Query<On>,
            signed: Signed,
            $document(value): $document,
        ) -> Result<Answer, Problem> {
            let new = Resource::to_be_named(DocumentKind::$kind, &value)?;
            let Resource::Named(_, slug) = &new else { return Err(Problem::internal("the studio could not answer")) };
            let location = format!(concat!("/api/anime/projects/{}/bible/", $folder, "/{}"), project, slug);
            resource::create(&desk, project, &new, &on, signed, value, location).await
        }
    };
}

create!(create_character, Character, Character, "characters", "/api/anime/projects/{project}/bible/characters", "Adds someone to the cast");
create!(create_location, Location, Location, "locations", "/api/anime/projects/{project}/bible/locations", "Adds a place");
create!(create_prop, Prop, Prop, "props", "/api/anime/projects/{project}/bible/props", "Adds a thing");
