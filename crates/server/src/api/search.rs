//! Finding pictures by who is in them and how, and by what they are like.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use studio::progress::Progress;
use studio::search::{AskedFilter, Found, FoundPicture, Like, Lookup, LookupError, Sighting, USUAL, suggestion};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::picture::FileLink;
use crate::desk::Desk;
use crate::extract::{PictureBody, Query};
use crate::problem::{FieldProblem, Problem};

/// Which pictures. Who, look, pose, expression and direction are those of one and the same character in the picture.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchAsked {
    /// The project.
    project: Uuid,
    /// Somebody who is in the picture.
    #[param(example = "mio")]
    character: Option<String>,
    /// In which look.
    #[param(example = "work")]
    look: Option<String>,
    /// In which pose, or on which picture of a sheet.
    #[param(example = "sit")]
    pose: Option<String>,
    /// With which expression.
    #[param(example = "happy")]
    expression: Option<String>,
    /// Facing which way.
    #[param(example = "back")]
    facing: Option<String>,
    /// Only pictures of a kind: `sheet` or `shot`.
    #[param(example = "shot")]
    kind: Option<String>,
    /// Only in an episode, a scene or a shot.
    #[param(example = "S01E01.03")]
    within: Option<String>,
    /// How many pictures, 1 to 200; 20 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// What pictures should be like.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LikeAsked {
    /// An artifact of the project: those that are like its first picture come first.
    like: Option<Uuid>,
}

/// Somebody in a picture.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "character": "mio", "look": "work", "slot": null, "pose": "stand", "expression": "happy", "facing": "three-quarter-left" }))]
pub(crate) struct SightingView {
    character: String,
    look: String,
    /// Which picture of a sheet it is; null in a shot.
    slot: Option<String>,
    /// As it was asked for.
    pose: String,
    /// As it was asked for.
    expression: String,
    /// As it was asked for, seen from the camera.
    facing: String,
}

impl From<Sighting> for SightingView {
    fn from(seen: Sighting) -> Self {
        Self {
            character: seen.character.to_string(),
            look: seen.look.to_string(),
            slot: seen.slot.map(|slot| slot.to_string()),
            pose: seen.pose.to_string(),
            expression: seen.expression.word().to_owned(),
            facing: seen.facing.word().to_owned(),
        }
    }
}

/// A picture that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundPictureView {
    /// What it is of.
    subject: String,
    artifact: Uuid,
    /// accepted, needs_review or rejected.
    status: String,
    picture: FileLink,
    /// How like, 0 to 1, where 1 is the same picture; null when nothing was compared.
    similarity: Option<f64>,
    /// Who is in it.
    seen: Vec<SightingView>,
}

impl From<FoundPicture> for FoundPictureView {
    fn from(found: FoundPicture) -> Self {
        Self {
            subject: found.subject,
            artifact: found.artifact,
            status: found.status.word().to_owned(),
            picture: FileLink::from(&found.picture),
            similarity: found.similarity,
            seen: found.seen.into_iter().map(SightingView::from).collect(),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "model": "colours-and-layout@1",
    "finds": "pictures in the same colours and of the same layout; it cannot tell who somebody is",
    "matching": 61,
    "pictures": [{
        "subject": "shot S01E01.03.002", "artifact": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60", "status": "accepted",
        "picture": { "name": "frame-0000.png", "media_type": "image/png", "url": "/api/anime/media/9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00?type=image%2Fpng", "bytes": 48213 },
        "similarity": 0.934,
        "seen": [{ "character": "mio", "look": "work", "slot": null, "pose": "stand", "expression": "happy", "facing": "three-quarter-left" }]
    }]
}))]
pub(crate) struct FoundView {
    /// What compared the pictures: its name and version; null when nothing was compared.
    model: Option<String>,
    /// What that finds, and cannot tell.
    finds: Option<String>,
    /// Pictures that the filter allows.
    matching: usize,
    /// The pictures: those that are most like first, or in the order of subjects.
    pictures: Vec<FoundPictureView>,
}

impl From<Found> for FoundView {
    fn from(found: Found) -> Self {
        Self {
            model: found.model,
            finds: found.finds,
            matching: found.matching,
            pictures: found.pictures.into_iter().map(FoundPictureView::from).collect(),
        }
    }
}

/// Finds pictures that a project uses
///
/// Only pictures that the show would draw today as they were drawn: what an edit made stale, what was drawn again and what was
/// taken out are not found. With `like` the most like come first; a first search after pictures were drawn takes longer,
/// because they are described then. There is no next page: the first 200 are all that is given.
#[utoipa::path(get, path = "/api/anime/artifacts/search", tag = "artifacts", params(SearchAsked, LikeAsked), responses(
    (status = 200, description = "The pictures", body = FoundView),
    (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn search_artifacts(
    State(desk): State<Desk>,
    Query(asked): Query<SearchAsked>,
    Query(like): Query<LikeAsked>,
) -> Result<Json<FoundView>, Problem> {
    found(&desk, &asked, like.like.map(Like::Artifact)).await
}

/// Finds pictures that are like one that is sent
///
/// The body is the picture. The same otherwise.
#[utoipa::path(post, path = "/api/anime/artifacts/search", tag = "artifacts", params(SearchAsked),
    request_body(description = "A PNG or JPEG of at most 4 MiB", content(
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/jpeg"),
    )),
    responses(
        (status = 200, description = "The pictures, the most like first", body = FoundView),
        (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn search_like(
    State(desk): State<Desk>,
    Query(asked): Query<SearchAsked>,
    PictureBody(picture): PictureBody,
) -> Result<Json<FoundView>, Problem> {
    found(&desk, &asked, Some(Like::Picture(picture.into()))).await
}

async fn found(desk: &Desk, asked: &SearchAsked, like: Option<Like>) -> Result<Json<FoundView>, Problem> {
    let show = desk.show_to_search(asked.project).await?;
    let asked_filter = AskedFilter {
        character: asked.character.clone(),
        look: asked.look.clone(),
        pose: asked.pose.clone(),
        expression: asked.expression.clone(),
        facing: asked.facing.clone(),
        kind: asked.kind.clone(),
        within: asked.within.clone(),
    };
    let lookup = Lookup { filter: asked_filter.parse()?, like, limit: asked.limit.unwrap_or(USUAL) };
    let found = desk.studio.search(&show, &lookup, &desk.data, &Progress::default()).await?;
    if found.graph_due {
        let (studio, data, project) = (desk.studio.clone(), Arc::new(desk.data.clone()), asked.project);
        // Searches find the same without it, only slower, so nobody waits.
        tokio::spawn(async move {
            if let Err(error) = studio.extend_graph(project, &data).await {
                tracing::warn!(project.id = %project, error = &error as &dyn std::error::Error, "search.graph_not_built");
            }
        });
    }
    Ok(Json(found.into()))
}

impl From<LookupError> for Problem {
    fn from(error: LookupError) -> Self {
        let detail = error.to_string();
        match error {
            LookupError::Unknown { parameter, got, nearest, known } => {
                let fix = suggestion(nearest.as_deref(), &known);
                Self::invalid_request("").with([FieldProblem::in_parameter(
                    parameter,
                    format!("there is no {parameter} `{got}` here"),
                    fix,
                )])
            }
            LookupError::Form { parameter, got, needed } => {
                Self::invalid_request("").with([FieldProblem::in_parameter(parameter, format!("`{got}` is no {parameter}"), Some(needed))])
            }
            LookupError::Limit { .. } => Self::parameter("limit", detail),
            LookupError::NoPicture { .. } => Self::parameter("like", detail),
            LookupError::Unreadable(reason) => {
                Self::invalid_content("").with([FieldProblem::in_body("", format!("{detail}: {reason}"), None)])
            }
            LookupError::Nothing { .. } => Self::invalid_content("").with([FieldProblem::in_body("", detail, None)]),
            LookupError::Studio(error) => error.into(),
            error @ (LookupError::Model { .. } | LookupError::Index(_)) => Self::fault(&error, false),
        }
    }
}
