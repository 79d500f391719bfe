//! The farm's nodes.

use ::farm::Policy;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::now;
use crate::api::paging::{Page, Paging};
use crate::desk::{Desk, store_fault};
use crate::problem::Problem;

/// Who draws: one ComfyUI server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FarmNode, example = json!({
    "id": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f60",
    "name": "gpu-1",
    "groups": ["night"],
    "state": "ready",
    "away": null,
    "draws": "0197f3c2-7a10-7e31-8d55-1b2c3d4e5f61",
    "version": "0.33.0",
    "device": "cuda:0 NVIDIA GeForce RTX 4090",
    "vram": 25_757_220_864_u64,
    "models": ["checkpoints/anime.safetensors"],
    "pace": 1.4,
    "per_hour": 0.6,
    "hours": "20:00-08:00+02:00",
    "failing": 0,
    "last_seen": "2026-05-04T09:30:00.123456Z"
}))]
pub(crate) struct NodeView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Groups that it is in.
    groups: Vec<String>,
    /// ready, draining or aside.
    state: String,
    /// Why it takes nothing now; null when it may.
    away: Option<String>,
    /// The job that it draws.
    draws: Option<Uuid>,
    /// ComfyUI's version.
    version: String,
    /// The device, as the server names it.
    device: String,
    /// The GPU's memory in bytes.
    vram: u64,
    /// Model files that it has.
    models: Vec<String>,
    /// How much it draws, compared with a usual node; 1 until it was measured.
    pace: f64,
    /// What it costs per hour.
    per_hour: f64,
    /// When it is lent; always when null.
    hours: Option<String>,
    /// How many jobs failed on it since its last success.
    failing: usize,
    /// When it last answered a worker.
    last_seen: Option<DateTime<Utc>>,
}

/// Nodes of the farm
///
/// What they are and have, what they draw, and why they are away.
#[utoipa::path(get, path = "/api/anime/farm/nodes", tag = "farm", params(Paging),
    responses((status = 200, description = "A page of nodes, by name", body = Page<NodeView>)))]
pub(crate) async fn farm_nodes(State(desk): State<Desk>, paging: Paging) -> Result<Json<Page<NodeView>>, Problem> {
    let store = &desk.studio.store;
    let nodes = store.farm_nodes().await.map_err(store_fault)?;
    let view = store.farm_view(&Policy::default(), now()).await.map_err(store_fault)?;
    let held = store.held_slots().await.map_err(store_fault)?;
    let page = paging.of(&nodes, |node| node.name.clone())?;
    let items = page.items.into_iter().map(|node| NodeView {
        id: node.id.0,
        name: node.name.clone(),
        groups: node.groups.iter().cloned().collect(),
        state: node.state.to_string(),
        away: node.away(now()).map(str::to_owned),
        draws: held.iter().find(|slot| slot.attempt.node == node.id).map(|slot| slot.attempt.job.0),
        version: node.capabilities.version.clone(),
        device: node.capabilities.device.clone(),
        vram: node.capabilities.vram,
        models: node.capabilities.models.iter().cloned().collect(),
        pace: 1.0 / view.speeds.factor(node.id),
        per_hour: node.per_hour.units(),
        hours: node.hours.map(|hours| hours.to_string()),
        failing: node.health.failed.len(),
        last_seen: node.last_seen,
    });
    Ok(Json(Page { items: items.collect(), next_cursor: page.next_cursor }))
}
