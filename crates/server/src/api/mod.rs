//! The API: one endpoint per file, each with its document.

mod artifacts;
mod episodes;
mod events;
mod health;
mod media;
mod paging;
mod picture;
mod projects;
mod sheets;
mod shots;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(title = "Echo Studio", description = "Projects, episodes, shots, artifacts and verdicts of an anime studio. Reading only."),
    components(schemas(Problem))
)]
struct Document;

fn described() -> OpenApiRouter<Desk> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(projects::projects))
        .routes(routes!(projects::project))
        .routes(routes!(episodes::episodes))
        .routes(routes!(shots::shots))
        .routes(routes!(sheets::sheets))
        .routes(routes!(artifacts::artifacts))
        .routes(routes!(artifacts::artifact))
        .routes(routes!(artifacts::verdicts))
        .routes(routes!(media::media))
        .routes(routes!(events::events))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

pub(crate) fn router(desk: Desk) -> Router {
    let (router, document) = described().split_for_parts();
    router.route("/api/anime/openapi.json", get(move || async move { Json(document) })).with_state(desk)
}
