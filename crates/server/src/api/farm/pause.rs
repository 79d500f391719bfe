//! Pausing the farm, or one project in it.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::now;
use crate::desk::{Desk, store_fault};
use crate::extract::Query;
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is paused.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only this project; everything when left out.
    project: Option<Uuid>,
}

async fn set(desk: &Desk, wanted: &Wanted, pause: bool) -> Result<StatusCode, Problem> {
    if let Some(project) = wanted.project {
        desk.project(project).await?;
    }
    desk.studio.store.pause_farm(wanted.project, pause, now()).await.map_err(store_fault)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets nothing new begin
///
/// What is being drawn is brought to its end.
#[utoipa::path(put, path = "/api/anime/farm/pause", tag = "farm", params(Wanted, IdempotencyHeader),
    responses((status = 204, description = "It is paused"), (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn pause_farm(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Result<StatusCode, Problem> {
    set(&desk, &wanted, true).await
}

/// Lets the farm go on
#[utoipa::path(delete, path = "/api/anime/farm/pause", tag = "farm", params(Wanted, IdempotencyHeader),
    responses((status = 204, description = "It goes on"), (status = 404, description = "There is no such project", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn resume_farm(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Result<StatusCode, Problem> {
    set(&desk, &wanted, false).await
}
