//! One job, and why it waits.

use ::farm::{JobId, Policy};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{JobView, ProgressView, now};
use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::problem::Problem;

/// One try at a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmAttempt, example = json!({
    "number": 1,
    "node": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "state": "failed",
    "started_at": "2026-05-04T09:30:00.123456Z",
    "ended_at": "2026-05-04T09:30:12.123456Z",
    "expected_seconds": 24.0,
    "cost": 0.01,
    "cause": "transient",
    "reason": "the connection broke",
    "progress": null
}))]
pub(crate) struct AttemptView {
    /// The how-manieth, from 1.
    number: u32,
    /// On which node.
    node: Uuid,
    /// leased, submitted, running, storing, done, failed, superseded or cancelled.
    state: String,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
    /// How long it was expected to take; 0 when that was not known.
    expected_seconds: f64,
    /// What it cost.
    cost: f64,
    /// transient, node, memory, validation, gate or suspect.
    cause: Option<String>,
    /// Why it failed.
    reason: Option<String>,
    /// How far it is, or was when it ended; null when nothing was noted.
    progress: Option<ProgressView>,
}

/// All of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmJobDetail)]
pub(crate) struct JobDetailView {
    #[serde(flatten)]
    job: JobView,
    /// Why it waits, or how it stands, in one sentence.
    #[schema(example = "All 3 nodes that fit are taken, 12 jobs of its own kind go before it.")]
    why: String,
    /// The jobs that it needs.
    #[schema(example = json!([]))]
    after: Vec<Uuid>,
    /// All tries, the oldest first.
    tries: Vec<AttemptView>,
}

/// A job of the farm, and why it waits
#[utoipa::path(get, path = "/api/anime/farm/jobs/{job}", tag = "farm", params(("job" = Uuid, Path, description = "The job's id")),
    responses((status = 200, description = "The job", body = JobDetailView)))]
pub(crate) async fn farm_job(State(desk): State<Desk>, Path(job): Path<Uuid>) -> Result<Json<JobDetailView>, Problem> {
    let store = &desk.studio.store;
    let detail = store.farm_job(JobId(job)).await.map_err(store_fault)?;
    let why = store.why_job_waits(JobId(job), &Policy::default(), now()).await.map_err(store_fault)?;
    let Some((detail, why)) = detail.zip(why) else { return Err(Problem::not_found(format!("there is no job {job} in the farm"))) };
    let under_way = detail.attempts.iter().find(|attempt| !attempt.state.ended()).and_then(|attempt| attempt.progress.clone());
    let tries = detail.attempts.into_iter().map(|attempt| AttemptView {
        number: attempt.number,
        node: attempt.node.0,
        state: attempt.state.to_string(),
        started_at: attempt.started_at,
        ended_at: attempt.ended_at,
        expected_seconds: attempt.expected,
        cost: attempt.cost.units(),
        cause: attempt.cause.map(|cause| cause.to_string()),
        reason: attempt.reason,
        progress: attempt.progress.map(ProgressView::from),
    });
    Ok(Json(JobDetailView {
        why: why.to_string(),
        after: detail.after.into_iter().map(|job| job.0).collect(),
        tries: tries.collect(),
        job: JobView::new(detail.job, under_way),
    }))
}
