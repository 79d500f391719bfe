//! The latest picture of what is being drawn.

use ::farm::{JobId, JobState};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::desk::{Desk, store_fault};
use crate::extract::Path;
use crate::problem::Problem;

/// A job's picture as it is so far
///
/// Small, as the node showed it last, and there only while the node works on it: servers make such pictures while they
/// sample, and drawings of a second or two have none. The event stream says under `farm.progress` when to ask again.
#[utoipa::path(get, path = "/api/anime/farm/jobs/{job}/preview", tag = "farm", params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The picture", content_type = "image/jpeg"),
        (status = 404, description = "There is no such job, or no picture of it now", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn farm_preview(State(desk): State<Desk>, Path(job): Path<Uuid>) -> Result<Response, Problem> {
    let store = &desk.studio.store;
    if let Some(preview) = store.farm_preview(JobId(job)).await.map_err(store_fault)? {
        let kind = HeaderValue::from_str(&preview.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        // The next one has the same address.
        let fields = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        return Ok((fields, preview.bytes).into_response());
    }
    let reason = match store.farm_job_state(JobId(job)).await.map_err(store_fault)? {
        None => format!("there is no job {job} in the farm"),
        Some(JobState::Active) => "its node has sent no picture of it so far".to_owned(),
        Some(state) => format!("the job is {state}: pictures are kept while a node works on them"),
    };
    Err(Problem::not_found(reason))
}
