//! How the farm is, in short.

use ::farm::{JobState, Policy};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::now;
use crate::desk::{Desk, store_fault};
use crate::problem::Problem;

/// Jobs by where they stand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmCounts)]
pub(crate) struct Counts {
    /// They need jobs that are not done.
    blocked: u64,
    /// Somebody holds them back.
    held: u64,
    /// Any fitting node may take them.
    queued: u64,
    /// They failed and are tried again after a while.
    backoff: u64,
    /// They are being drawn.
    active: u64,
    /// They are drawn and stored.
    done: u64,
    /// They will not be tried again.
    failed: u64,
    /// Somebody cancelled them.
    cancelled: u64,
}

/// How the farm is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmStatus)]
pub(crate) struct StatusView {
    /// Jobs by where they stand.
    jobs: Counts,
    /// Nodes.
    nodes: usize,
    /// Nodes that may take something now.
    there: usize,
    /// Nodes that draw something.
    busy: usize,
    /// Whether everything is paused.
    paused: bool,
    /// Projects that are paused.
    #[schema(example = json!(["0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11"]))]
    paused_projects: Vec<Uuid>,
}

/// How the farm is, in short
///
/// Its changes are told by the event stream, under names that begin with `farm.`.
#[utoipa::path(get, path = "/api/anime/farm", tag = "farm", responses((status = 200, description = "How it is", body = StatusView)))]
pub(crate) async fn farm_status(State(desk): State<Desk>) -> Result<Json<StatusView>, Problem> {
    let store = &desk.studio.store;
    let counts = store.farm_counts(None).await.map_err(store_fault)?;
    let count = |state| counts.get(&state).copied().unwrap_or(0);
    let view = store.farm_view(&Policy::default(), now()).await.map_err(store_fault)?;
    let (paused_projects, paused) = store.farm_pauses().await.map_err(store_fault)?;
    let held = store.held_slots().await.map_err(store_fault)?;
    Ok(Json(StatusView {
        jobs: Counts {
            blocked: count(JobState::Blocked),
            held: count(JobState::Held),
            queued: count(JobState::Queued),
            backoff: count(JobState::Backoff),
            active: count(JobState::Active),
            done: count(JobState::Done),
            failed: count(JobState::Failed),
            cancelled: count(JobState::Cancelled),
        },
        nodes: view.nodes.len(),
        there: view.nodes.iter().filter(|node| node.away(now()).is_none()).count(),
        busy: held.len(),
        paused,
        paused_projects,
    }))
}
