//! Jobs of the farm.

use ::farm::JobState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use store::farm::JobFilter;
use utoipa::IntoParams;
use uuid::Uuid;

use super::JobView;
use crate::api::paging::Page;
use crate::desk::{Desk, store_fault};
use crate::extract::Query;
use crate::problem::Problem;

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Of this project.
    project: Option<Uuid>,
    /// In this state: blocked, held, queued, backoff, active, done, failed or cancelled.
    state: Option<String>,
    /// Of this person.
    user: Option<String>,
    /// Items on the page, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Jobs of the farm
#[utoipa::path(get, path = "/api/anime/farm/jobs", tag = "farm", params(Wanted),
    responses((status = 200, description = "A page of jobs, the oldest first", body = Page<JobView>)))]
pub(crate) async fn farm_jobs(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Result<Json<Page<JobView>>, Problem> {
    let state = wanted.state.as_deref().map(str::parse::<JobState>).transpose();
    let state = state.map_err(|error| Problem::parameter("state", error.to_string()))?;
    let page = store::PageRequest::new(wanted.limit.unwrap_or(50), wanted.cursor.as_deref()).map_err(|error| {
        let name = if matches!(error, store::PageError::Limit { .. }) { "limit" } else { "cursor" };
        Problem::parameter(name, error.to_string())
    })?;
    let filter = JobFilter { project: wanted.project, states: state.into_iter().collect(), user: wanted.user };
    let page = desk.studio.store.farm_jobs(&filter, page).await.map_err(store_fault)?;
    Ok(Json(Page::from(page.map(|view| JobView::new(view.job, view.progress)))))
}
