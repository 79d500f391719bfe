//! Bodies that are documents of the bible. What they may say is their schema's, which the bible publishes and the
//! description of the API takes over (see [`super::description`]).

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::extract::Json;
use crate::problem::Problem;

macro_rules! documents {
    ($($(#[$doc:meta])* $name:ident = $description:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) Value);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::Object).description(Some($description)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl<S: Send + Sync> FromRequest<S> for $name {
            type Rejection = Problem;

            async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
                Json::from_request(request, state).await.map(|Json(value)| Self(value))
            }
        }
    )+};
}

/// A merge patch, as the description of the API has it; [`crate::extract::MergePatch`] is what reads one.
#[derive(Debug, ToSchema)]
pub(crate) struct Patch {}

documents! {
    /// A project.
    ProjectDocument = "A project: its settings, and what the studio knows of it";
    /// What a project is made of.
    NewProject = "What a project is made of";
    /// The whole bible.
    Bible = "The whole bible: settings, style, world, narrative, characters, locations and props";
    /// A character.
    Character = "A character";
    /// A location.
    Location = "A location";
    /// A prop.
    Prop = "A prop";
    /// An episode.
    Episode = "An episode: its settings as written, and what follows from its screenplay";
    /// What an episode is made of.
    NewEpisode = "What an episode is made of";
    /// A shot list.
    ShotList = "The shot list of an episode";
    /// A scene.
    Scene = "What the shot list says of a scene";
    /// A shot.
    Shot = "What the shot list says of a shot";
}
