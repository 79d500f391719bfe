//! What people do to a job.

use ::farm::JobId;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::now;
use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// What is done to a job.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobAction {
    /// It ends; one that is being drawn is ended by its worker.
    Cancel,
    /// It is held back.
    Hold,
    /// It goes on.
    Release,
    /// It is tried again after it failed or was cancelled.
    Retry,
}

/// Where a job stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmJobState, example = json!({ "state": "cancelled" }))]
pub(crate) struct StateView {
    /// Its state now: still `active` while its worker has to end it.
    state: String,
}

/// Cancels a job, holds it back, lets it go, or tries it again
///
/// What makes no sense for the job (holding one that has ended) changes nothing.
#[utoipa::path(post, path = "/api/anime/farm/jobs/{job}/{action}", tag = "farm", params(
    ("job" = Uuid, Path, description = "The job's id"),
    ("action" = String, Path, description = "cancel, hold, release or retry", example = "cancel"),
    IdempotencyHeader
), responses((status = 200, description = "Where it stands now", body = StateView)))]
pub(crate) async fn farm_job_action(
    State(desk): State<Desk>,
    Path((job, action)): Path<(Uuid, JobAction)>,
) -> Result<Json<StateView>, Problem> {
    let (store, id) = (&desk.studio.store, JobId(job));
    let state = match action {
        JobAction::Cancel => store.cancel_job(id, now()).await,
        JobAction::Hold => store.hold_job(id, true, now()).await,
        JobAction::Release => store.hold_job(id, false, now()).await,
        JobAction::Retry => store.retry_job(id, now()).await,
    };
    let state = state.map_err(store_fault)?.ok_or_else(|| Problem::not_found(format!("there is no job {job} in the farm")))?;
    Ok(Json(StateView { state: state.to_string() }))
}
